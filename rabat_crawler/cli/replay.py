"""The command replay: one archived page as it was captured, into a file, to standard output, or into a browser from a server that serves nothing else."""

from __future__ import annotations

import contextlib
import mimetypes
import re
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive, past
from rabat_crawler.archive.as_of import last_moment
from rabat_crawler.cli.format import plain, say
from rabat_crawler.cli.options import archive_option
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.extract.decoding import decode_body
from rabat_crawler.models import Capture, Record

POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""No script, no form, no request to anywhere: an archived page is a stranger."""

IDLE_SECONDS = 600.0
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIXES = {"text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/plain": ".txt"}


@click.command()
@click.argument("wanted", metavar="ITEM|CAPTURE|URL")
@click.option("--date", metavar="DATE", help="As it stood at the end of that day, month or year (default: the latest).")
@click.option("-o", "--output", metavar="FILE", help="Write there; - is standard output (default: a new file here, named by time and address).")
@click.option("--raw", is_flag=True, help="The bytes as recorded, still packed as the server sent them.")
@click.option("--headers", is_flag=True, help="Print the recorded status line and header fields instead.")
@click.option("--open", "opened", is_flag=True, help="Show it in a browser, from a server on 127.0.0.1 that serves this page alone.")
@click.option("--no-browser", is_flag=True, help="With --open: only print the address.")
@archive_option
def replay(
    wanted: str, date: str | None, output: str | None, raw: bool, headers: bool, opened: bool, no_browser: bool, archive_dir: str | None
) -> None:
    """Write or open the archived page of an item, of a capture (a record id) or of a URL, as it was captured."""
    with Archive.open(config.archive_path(archive_dir)) as archive:
        record, original = archive.capture(_choose(archive, wanted, date))
    click.echo(plain(_said(record, original)), err=True)
    if headers:
        say(plain(f"HTTP {record.capture.status}\n" + "\n".join(f"{name}: {value}" for name, value in record.response_headers)))
        return
    body, problems = (record.body, ()) if raw else decode_body(record.body, record.response_headers)
    for problem in problems:
        click.echo(plain(f"not whole: {problem.message}"), err=True)
    if opened:
        _show(record, body, browser=not no_browser)
    elif output == "-":
        sys.stdout.buffer.write(body)
    else:
        click.echo(plain(f"written: {_write(record, body, output)}"), err=True)


def _choose(archive: Archive, wanted: str, date: str | None) -> str:
    """The record id of the capture that is meant; NotFound names what to do."""
    moment = last_moment(date) if date else "~"
    named = past.find_capture(archive.connection, wanted)
    if len(named) == 1:
        return named[0]
    if len(named) > 1:
        raise NotFound(f"{wanted!r}: {len(named)} captures begin so; give more of the record id")
    when = f" by {date}" if date else ""
    if "://" in wanted:
        found = past.latest_of_url(archive.connection, wanted, moment)
        if found is None:
            raise NotFound(f"nothing of {wanted} had been captured{when}; rabat-crawler captures URL* lists what begins so")
        return found
    found = past.latest_of_item(archive.connection, archive.item(wanted).item_id, moment)
    if found is None:
        raise NotFound(f"nothing of item {wanted} had been captured{when}; rabat-crawler history {wanted} says when it was")
    return found


def _said(record: Record, original: Capture | None) -> str:
    capture = record.capture
    lines = [
        capture.url,
        f"Memento-Datetime: {_memento(capture)}",
        f"source: {capture.source}" + (f", {capture.source_url}" if capture.source_url else ""),
        f"record: {capture.record_id}, {capture.warc_file} byte {capture.offset}, {(original or capture).digest}",
    ]
    if original is not None:
        lines.append(f"a revisit: the bytes are those of {original.captured_at:%Y-%m-%d %H:%M:%S} UTC, {original.record_id}")
    if capture.truncated:
        lines.append(f"the capture was cut short: {capture.truncated}")
    return "\n".join(lines)


def _memento(capture: Capture) -> str:
    return format_datetime(capture.captured_at, usegmt=True)


def _write(record: Record, body: bytes, output: str | None) -> Path:
    path = Path(output) if output else _free_name(record)
    try:
        with path.open("xb") as stream:
            stream.write(body)
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already and is not overwritten; give another -o FILE") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; give another -o FILE") from error
    return path


def _free_name(record: Record) -> Path:
    """A name in the current folder from the capture's time and the end of its address, that nothing has yet."""
    capture = record.capture
    last = urlsplit(capture.url).path.rstrip("/").rpartition("/")[2]
    stem = _NOT_IN_NAME.sub("-", last).strip("-.")[:60] or "page"
    kind = capture.media_type or next(
        (value.split(";")[0].strip().lower() for name, value in record.response_headers if name.lower() == "content-type"), ""
    )
    suffix = _SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    stem = stem.removesuffix(suffix)
    start = f"{capture.captured_at:%Y%m%dT%H%M%SZ}-{stem}"
    number = 1
    while (path := Path(f"{start}{f'-{number}' if number > 1 else ''}{suffix}")).exists():
        number += 1
    return path


# In a browser ------------------------------------------------------------------------------------------------------------------


def _show(record: Record, body: bytes, *, browser: bool) -> None:
    """Serve the page until Ctrl-C, or until nobody has asked for it for ten minutes."""
    with serving(record, body) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        say(f"{address} (Ctrl-C ends it)")
        sys.stdout.flush()
        if browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            while time.monotonic() - server.asked_at < IDLE_SECONDS:
                time.sleep(0.2)


class PageServer(ThreadingHTTPServer):
    """Serves one page, on loopback only. `asked_at`: when it was last asked, by the monotonic clock."""

    daemon_threads = True

    def __init__(self, record: Record, body: bytes) -> None:
        self.record, self.body, self.asked_at = record, body, time.monotonic()
        super().__init__(("127.0.0.1", 0), _Page)


class _Page(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        """The page at /; nothing else is there."""
        self.server.asked_at = time.monotonic()
        if self.path != "/":
            self.send_error(404)
            return
        stated = next((value for name, value in self.server.record.response_headers if name.lower() == "content-type"), "application/octet-stream")
        self.send_response(200)
        for name, value in (
            ("Content-Type", " ".join(stated.split())),
            ("Content-Length", str(len(self.server.body))),
            ("Memento-Datetime", _memento(self.server.record.capture)),
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed for a request."""


@contextlib.contextmanager
def serving(record: Record, body: bytes) -> Iterator[PageServer]:
    """A server of one page on a free port of 127.0.0.1, running."""
    with PageServer(record, body) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
