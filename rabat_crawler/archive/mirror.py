"""A folder saved by `wget -r` or HTTrack as one WARC file of resource records: what was saved, under its address, at the time that can be told.

Such a folder keeps no answers of a server: no status, no header fields. The same folder gives the same bytes. Follows no link out of the folder.
"""

from __future__ import annotations

import mimetypes
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote, unquote

from rabat_crawler.archive.arc import derived_id
from rabat_crawler.archive.warc_read import clean_url, sha256
from rabat_crawler.archive.warc_write import pack, warc_date

MAX_FILE = 64 * 1024 * 1024
TIME_FIELD = "X-Rabat-Time-Source"
_MIRRORED = re.compile(rb"<!-- Mirrored from ([^ <>\r\n]{3,2000}) by HTTrack Website Copier/[^<>\r\n]{0,80}?, ([A-Z][a-z]{2}, [^<>\r\n]{10,60}?) -->")
_HOST = re.compile(r"^(?=.{4,253}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[:+]\d{1,5})?$|^localhost(?:[:+]\d{1,5})?$")
_QUERY_MARK = re.compile(r"@(?=[A-Za-z_\[\]%]{1,60}=)")
"""What --restrict-file-names=windows writes for the question mark before a query."""

_ADDED_SUFFIX = re.compile(r"(\?[^/]*|\.(?:php|asp|aspx|jsp|cgi))\.html$")
"""`wget -E` adds .html to what is a page by another name."""

LEFT_OUT = re.compile(r"(?:^|/)(?:hts-cache|hts-log\.txt|hts-in_progress\.lock|cookies\.txt|backblue\.gif|fade\.gif)(?:/|$)|\.(?:orig|tmp|delayed)$")
PAGES = {".html", ".htm", ".php", ".asp", ".aspx", ".jsp", ""}


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved file: its address, when it was captured and how that is known, and its bytes."""

    url: str
    at: datetime
    time_source: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not taken, and why."""

    name: str
    reason: str


def is_mirror(folder: Path) -> bool:
    """True if the folder looks like one saved by wget or HTTrack: it holds a folder named like a host, HTTrack's notes, or pages."""
    names = [entry.name for entry in os.scandir(folder)]
    return any(_HOST.match(name) for name in names) or "hts-cache" in names or any(name.lower().endswith((".html", ".htm")) for name in names)


def iter_mirror(folder: Path, base_url: str | None) -> Iterator[Saved | LeftOut]:
    """Every file of the folder in the order of its names. `base_url`: the address of the folder itself, where it has no folder for its host."""
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if LEFT_OUT.search(name):
            continue
        if path.is_symlink() or not path.is_file():
            yield LeftOut(name, "a link or no ordinary file")
            continue
        if path.stat().st_size > MAX_FILE:
            yield LeftOut(name, f"larger than {MAX_FILE} bytes")
            continue
        body = path.read_bytes()
        url, at, source = _where_and_when(path, name, body, base_url)
        if url is None:
            yield LeftOut(name, "its address cannot be told: it lies in no folder of a host; give --base-url")
            continue
        yield Saved(clean_url(url), at, source, _media_type(path.name, body), body)


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)


def _where_and_when(path: Path, name: str, body: bytes, base_url: str | None) -> tuple[str | None, datetime, str]:
    saved = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    noted = _MIRRORED.search(body[-20_000:]) or _MIRRORED.search(body[:20_000])
    if noted:
        url = noted[1].decode("utf-8", "replace")
        try:
            return _with_scheme(url), parsedate_to_datetime(noted[2].decode("ascii")).astimezone(UTC), "HTTrack's note in the page"
        except (ValueError, TypeError):
            return _with_scheme(url), saved, "modification time of the file"
    return _address(name, base_url), saved, "modification time of the file"


def _with_scheme(url: str) -> str:
    return url if url.startswith(("http://", "https://")) else f"http://{url}"


def _address(name: str, base_url: str | None) -> str | None:
    """The address of a file by its path in the folder."""
    first, _, rest = name.partition("/")
    if base_url is not None:
        root, rest = base_url.rstrip("/") + "/", name
    elif _HOST.match(first) and rest:
        root = f"http://{first.replace('+', ':')}/"
    else:
        return None
    rest = _QUERY_MARK.sub("?", unquote(rest), count=1)
    rest = _ADDED_SUFFIX.sub(r"\1", rest)
    path, mark, query = rest.partition("?")
    path = re.sub(r"(^|/)index\.html?$", r"\1", path)
    return root + quote(path, safe="/!$&'()*+,;=:@~-._") + (f"{mark}{query}" if mark else "")


def _media_type(name: str, body: bytes) -> str:
    start = body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "text/html"
    if body.startswith(b"%PDF-"):
        return "application/pdf"
    guessed = mimetypes.guess_type(name.split("?")[0])[0]
    return guessed or ("text/html" if Path(name).suffix.lower() in PAGES and b"<" in start else "application/octet-stream")


def write_mirror(folder: Path, target: Path, base_url: str | None) -> tuple[int, list[LeftOut]]:
    """Write the folder as a WARC file; how many records, and what was left out. Nothing of it depends on when it is done."""
    count, left = 0, []
    note = f"software: rabat-crawler\r\ndescription: a saved copy of a site, from files; no answers of a server\r\nsource: {folder.name}\r\n".encode()
    with target.open("wb") as stream:
        stream.write(
            pack([("WARC-Type", "warcinfo"), ("WARC-Record-ID", _name(note)), ("WARC-Date", "1970-01-01T00:00:00Z")], note, "application/warc-fields")
        )
        for one in iter_mirror(folder, base_url):
            if isinstance(one, LeftOut):
                left.append(one)
                continue
            stream.write(_record(one))
            count += 1
        stream.flush()
        os.fsync(stream.fileno())
    return count, left


def _name(block: bytes) -> str:
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, sha256(block))}>"


def _record(saved: Saved) -> bytes:
    date = warc_date(saved.at)
    fields = [
        ("WARC-Type", "resource"),
        ("WARC-Record-ID", f"<{derived_id(saved.url, date, saved.body)}>"),
        ("WARC-Target-URI", saved.url),
        ("WARC-Date", date),
        (TIME_FIELD, saved.time_source),
        ("WARC-Payload-Digest", sha256(saved.body)),
    ]
    return pack(fields, saved.body, saved.media_type)
