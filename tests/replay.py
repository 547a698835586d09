"""A real pywb on loopback, from an environment of its own (`make .venv-pywb/.installed`, or RABAT_PYWB, its bin folder)."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request

BIN = Path(os.environ.get("RABAT_PYWB") or Path(__file__).resolve().parents[1] / ".venv-pywb" / "bin").absolute()
INSTALLED = (BIN / "wayback").is_file()
PATIENCE = 60
PROXYLESS = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What pywb answers: the status, the captured time that it says to play, the headers (names in lower case) and the body."""

    status: int
    played: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Replay:
    """A running pywb with the collection `nights`."""

    origin: str
    folder: Path

    def at(self, moment: datetime, url: str) -> Answer:
        """The capture of `url` at that time, as it was (`id_`: nothing rewritten) and packed as it was."""
        stamp = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
        try:
            with PROXYLESS.open(Request(f"{self.origin}/nights/{stamp}id_/{url}", headers={"Accept-Encoding": "gzip, br"}), timeout=PATIENCE) as said:
                status, headers, body = said.status, said.headers, said.read()
        except urllib.error.HTTPError as error:
            with error:
                status, headers, body = error.code, error.headers, error.read()
        return Answer(status, headers.get("Memento-Datetime", ""), {name.lower(): value for name, value in headers.items()}, body)

    def index(self) -> str:
        """The CDXJ that pywb made."""
        return "".join(path.read_text() for path in sorted((self.folder / "collections" / "nights" / "indexes").glob("*.cdxj")))


@contextmanager
def replaying(folder: Path, warcs: Sequence[Path], *, index: str | None = None) -> Iterator[Replay]:
    """pywb over copies of these WARC files, or of those in these WACZ files with their indexes. It is ended by its own process at the end.

    With `index`, these lines stand in the place of the CDXJ that pywb made, which is then `folder / "pywb.cdxj"`.
    """
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    unpack = ["--unpack-wacz"] if any(path.suffix == ".wacz" for path in warcs) else []
    for words in (("init", "nights"), ("add", *unpack, "nights", *map(str, warcs))):
        done = subprocess.run([BIN / "wb-manager", *words], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    if index is not None:
        own = folder / "collections" / "nights" / "indexes" / "index.cdxj"
        own.rename(folder / "pywb.cdxj")
        own.write_text(index)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "log"
    with log.open("wb") as output:
        serving = subprocess.Popen(
            [BIN / "wayback", "--bind", "127.0.0.1", "--port", str(port)], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _await(serving, port, log)
        yield Replay(f"http://127.0.0.1:{port}", folder)
    finally:
        serving.terminate()
        try:
            serving.wait(timeout=10)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.wait()


def _await(serving: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert serving.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
