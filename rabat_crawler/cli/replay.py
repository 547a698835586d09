"""The command replay: an archived page as captured, into a file, onto standard output, or before a browser. The archive is not changed."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import webbrowser
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.captured import Played
from rabat_crawler.cli.format import plain, say
from rabat_crawler.cli.options import archive_option
from rabat_crawler.cli.replay_server import serving
from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Capture

IDLE = 600
MAX_NAME = 80
SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/css": ".css",
    "text/csv": ".csv",
    "text/xml": ".xml",
    "application/xml": ".xml",
    "application/rss+xml": ".rss",
    "application/atom+xml": ".atom",
    "application/json": ".json",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/svg+xml": ".svg",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
}
"""By media type; a page cannot choose the suffix of the file that it becomes. Any other type is `.bin`."""

_CODED = {"gzip": ".gz", "x-gzip": ".gz", "br": ".br", "deflate": ".deflate"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@click.command()
@click.argument("wanted", metavar="ITEM|CAPTURE|URL")
@click.option("--date", metavar="DATE", help="The capture in force at the end of that day, month or year, or at a time; default: the latest.")
@click.option("-o", "--output", metavar="FILE", help="Write here (- is standard output); default: a new file here, named from time and address.")
@click.option("--raw", is_flag=True, help="The body as recorded, still in its content coding (gzip, br).")
@click.option("--headers", is_flag=True, help="Print the recorded status line and header fields; the body is then written only with -o.")
@click.option("--open", "in_browser", is_flag=True, help="Show the page in the browser, from a server on this machine that runs no script of it.")
@click.option("--no-browser", is_flag=True, help="With --open: serve, print the address, start no browser.")
@click.option(
    "--idle", type=click.IntRange(1, 86400), default=IDLE, show_default=True, help="With --open: end after so many seconds without a request."
)
@archive_option
def replay(
    wanted: str,
    date: str | None,
    output: str | None,
    raw: bool,
    headers: bool,
    in_browser: bool,
    no_browser: bool,
    idle: int,
    archive_dir: str | None,
) -> None:
    """Write the archived page as captured: a CAPTURE (record id, or 8 letters of it), or the latest sound one of an ITEM or URL."""
    if in_browser and (output or raw or headers):
        raise click.UsageError("--open goes with none of -o, --raw and --headers")
    path = config.archive_path(archive_dir)
    with Archive.open(path) as archive:
        played = archive.play(archive.capture(wanted, date))
    body, problems = (played.raw, ()) if raw else played.body()
    for line in (*_about(played), *(f"problem: {problem.message}" for problem in problems)):
        click.echo(plain(line), err=True)
    if in_browser:
        _open(path, played, idle, browser=not no_browser)
        return
    if headers:
        _print_head(played.head)
    if output == "-":
        _to_stdout(body)
    elif output or not headers:
        say(plain(_write(Path(output), body) if output else _write_new(Path(), *file_name(played, raw=raw), body)))


def _about(played: Played) -> Iterator[str]:
    """What is played: address, Memento-Datetime, where it comes from, where it lies."""
    one = played.capture
    yield f"address: {one.url}"
    yield f"Memento-Datetime: {memento_datetime(one)}"
    yield f"status: {one.status}" + (f"; the capture was cut ({one.truncated})" if one.truncated else "")
    yield f"source: {one.source}" + (f" ({one.source_url})" if one.source_url else "")
    yield f"digest: {one.digest}"
    yield f"record: {one.record_id}"
    yield f"WARC file: {one.warc_file} @ {one.offset}"
    original = played.original
    if original is not None:
        place = f"{original.warc_file} @ {original.offset}"
        yield f"a revisit: the body is that of {original.record_id}, captured {memento_datetime(original)}, {place}"


def memento_datetime(capture: Capture) -> str:
    """The capture's time as RFC 7089 has it in a header (RFC 1123, GMT)."""
    return format_datetime(capture.captured_at.replace(microsecond=0), usegmt=True)


def _print_head(head: bytes) -> None:
    lines = head.decode("latin-1").replace("\r\n", "\n").rstrip("\r\n").split("\n")
    say("\n".join(plain(line.rstrip("\r")) for line in lines) + "\n")


def _to_stdout(body: bytes) -> None:
    sys.stdout.flush()
    stream: BinaryIO = sys.stdout.buffer
    stream.write(body)
    stream.flush()


def file_name(played: Played, *, raw: bool) -> tuple[str, str]:
    """A file name from time and address, and its suffix: nothing of a page can climb out of the folder, hide the file or choose what opens it."""
    one = played.capture
    try:
        segments = [segment for segment in unquote(urlsplit(one.url).path).split("/") if segment.strip(". ")]
        last = segments[-1] if segments else urlsplit(one.url).hostname or ""
    except ValueError:
        last = ""
    kind = (played.content_type or "").split(";")[0].strip().lower()
    suffix = SUFFIXES.get(kind, ".bin")
    cleaned = _UNSAFE.sub("-", last).strip("-.")
    if cleaned.lower().endswith(suffix):
        cleaned = cleaned[: -len(suffix)].rstrip("-.")
    coding = next((value.strip().lower() for name, value in played.headers if name.lower() == "content-encoding"), "") if raw else ""
    return f"{one.captured_at:%Y%m%dT%H%M%SZ}-{cleaned[:MAX_NAME].strip('-.') or 'page'}", suffix + _CODED.get(coding, "")


def _write_new(folder: Path, stem: str, suffix: str, body: bytes) -> Path:
    """Write under that name, or with a counter where files of that name exist."""
    for number in range(1, 10_000):
        try:
            return _write(folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"), body)
        except ConfigError:
            continue
    raise ConfigError(f"there are files {stem}{suffix} without end in this folder; give -o FILE")


def _write(path: Path, body: bytes) -> Path:
    """Write a new file, whole or not at all; ConfigError if there is one already, or anything else of that name, or no such folder."""
    try:
        stream = path.open("xb")
    except FileExistsError as error:
        raise ConfigError(f"{path} exists and is not overwritten; give another -o FILE") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(f"{path} cannot be written: there is no folder {path.parent}; make it, or give another -o FILE") from error
    try:
        with stream:
            stream.write(body)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _open(archive: Path, played: Played, idle: int, *, browser: bool) -> None:
    """Serve the page until Ctrl-C, or until nobody has asked for long."""
    with contextlib.suppress(KeyboardInterrupt), serving(archive, played, idle) as server:
        say(f"{server.address}\nends with Ctrl-C, or after {idle} s without a request")
        sys.stdout.flush()
        if browser and (sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(server.address)
        server.run()
