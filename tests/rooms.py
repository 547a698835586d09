"""The reading room for tests: `serve` as its own process on a free port, asked by real HTTP; and archives whose pages attack whoever shows them."""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from tests.building import BASE, article_html, environment, program, small_archive

ATTACKS = (
    "<script>window.attacked = 1</script>",
    '"><img src=x onerror="window.attacked = 2">',
    "'><svg onload=window.attacked=3>",
    "</title></textarea></style><iframe src=javascript:parent.attacked=4>",
    "{{ 7*191 }}{% raw %}",
    "javascript:window.attacked=5",
    '=HYPERLINK("http://evil.example/","x")',
)


@dataclass
class Answer:
    """What the room answered; names of headers in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Served:
    """A room that is open."""

    address: str
    process: subprocess.Popen[str]
    errors: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    def ask(self, path: str, *, method: str = "GET", host: str | None = None, headers: dict[str, str] | None = None, **query: str | int) -> Answer:
        """One request, no redirect followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            asked = quote(path, safe="/%?=&:~+") + (f"?{urlencode(query)}" if query else "")
            connection.request(method, asked, headers={**(headers or {}), **({"Host": host} if host else {})})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def memory(self) -> int:
        """The most that the process has held in memory, in MiB."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1]) // 1024


@contextlib.contextmanager
def serving(archive: Path, *options: str) -> Iterator[Served]:
    """The room over an archive; at the end it must go by a signal, without a word on standard error."""
    command = program("serve", "--archive", str(archive), "--port", "0", "--no-browser", *options)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        found = re.search(r"http://\S+/", said)
        if found is None:
            raise AssertionError(f"the room did not open: {said} {process.communicate(timeout=10)}")
        yield Served(found[0], process)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=15)
        assert (process.returncode, errors) == (0, "")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def hostile_archive(folder: Path) -> Path:
    """An archive of items whose titles, texts and tags would run in a browser, or in a spreadsheet."""
    pages = [
        (f"{BASE}/en/news/{number}-attack", article_html(f"Attack {html.escape(attack)}", html.escape(f"{attack} refugees " * 3), language="en-gb"))
        for number, attack in enumerate(ATTACKS, 101)
    ]
    pages.append((f"{BASE}/en/news/190-formula", article_html(html.escape("=1+1 refugees"), "Formula.", language="en-gb")))
    return small_archive(folder, pages)
