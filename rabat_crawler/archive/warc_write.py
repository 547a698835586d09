"""Writing WARC 1.1 files: one gzip member a record, appended whole or not at all.

Never overwrites captured bytes. A server's header or address can never break out of its own line.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from zlib_ng import zlib_ng

from rabat_crawler.archive.members import CLOSING_FIELD, RUN_FIELD
from rabat_crawler.archive.warc_read import (
    ERASED_FIELD,
    HEADERS_FIELD,
    NOTE_FIELD,
    OPEN_SUFFIX,
    RECORD_END,
    SITE_FIELD,
    SOURCE_FIELD,
    VERDICT_FIELD,
    Headers,
    Raw,
    clean_url,
    media_type,
    safe_key,
    sha1,
    sha256,
)
from rabat_crawler.errors import ConfigError, DiskFull, RecordError
from rabat_crawler.models import Capture, Record

WARC_SUFFIX = ".warc.gz"
LEVEL = 7
"""Of zlib-ng: as small as zlib at its level 9, in little more than half the time."""

SMALL = 4096
VERSION = "WARC/1.1"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
HTTP_RESPONSE = "application/http; msgtype=response"
HTTP_REQUEST = "application/http; msgtype=request"
ANNOUNCED = "a metadata record"
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")
_METHOD = re.compile(r"[A-Z]{1,20}")
NO_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

Fields = list[tuple[str, str]]


def new_record_id() -> str:
    """A fresh record id, "urn:uuid:..."."""
    return f"urn:uuid:{uuid.uuid4()}"


def _now() -> datetime:
    return datetime.now(UTC)


class WarcWriter:
    """Writes the captures of one run to `<run_id>-00000.warc.gz.open`, `-00001` and so on, each beginning with a warcinfo record.

    `fields` go into the warcinfo (software, robots, operator ...). A file is closed once it has `max_bytes`.
    Files of an earlier part of the same run are left alone: the next free number is taken.
    """

    def __init__(
        self,
        directory: Path,
        *,
        run_id: str,
        site: str,
        fields: Mapping[str, str],
        max_bytes: int = 100_000_000,
        new_id: Callable[[], str] = new_record_id,
        now: Callable[[], datetime] = _now,
    ) -> None:
        if not RUN_NAME.fullmatch(run_id):
            raise ConfigError(f"{run_id!r} cannot name a file; use letters, digits, dot, dash and underscore")
        if site != field_value(site):
            raise ConfigError(f"{site!r} is no name of a site")
        self._directory, self._run_id, self._site = directory, run_id, site
        self._fields, self._max_bytes, self._new_id, self._now = dict(fields), max_bytes, new_id, now
        self._fd: int | None = None
        self._disk: ThreadPoolExecutor | None = None
        self._syncing: Future[None] | None = None
        self._size = self._number = self._count = 0
        self._name = self._warcinfo_id = ""
        directory.mkdir(parents=True, exist_ok=True)
        self._open_next()

    @property
    def path(self) -> Path:
        """The file being written, with its `.open` suffix."""
        return self._directory / (self._name + OPEN_SUFFIX)

    def write(
        self,
        *,
        url: str,
        captured_at: datetime,
        status: int,
        response_headers: Headers,
        body: bytes,
        request_headers: Headers = (),
        method: str = "GET",
        previous: Capture | None = None,
        source: str = "live",
        source_url: str | None = None,
        truncated: str | None = None,
        verdict: str | None = None,
        ip: str | None = None,
        created_at: datetime | None = None,
        note: str | None = None,
        unfetched: bool = False,
    ) -> Record:
        """Appends a response (or revisit) record and its request record; returns what reading them back gives.

        `body` is the entity body, transfer-decoded, content-encoded. A revisit is written instead of a response when `previous` has
        the same payload digest, or when the answer is 304; the Record then has no body. `unfetched`: `previous` seen again, of which only another
        archive's index is known: the headers are those that go with the payload. `created_at` is when a capture of another archive was fetched
        there, `note` what its bytes lack. RecordError if the input is no HTTP answer, DiskFull if there is no room: the file ends as before.
        """
        url = clean_url(url)
        key = _checked_key(url, self._name)
        if captured_at.tzinfo is None or not 100 <= status <= 999 or not _METHOD.fullmatch(method):
            raise RecordError(
                f"{url}: no HTTP answer (status {status}, method {method!r}) or a time without zone", file=self._name, offset=self._size
            )
        self._rotate_if_full()
        captured_at = captured_at.astimezone(UTC)
        profile = IDENTICAL if unfetched and previous else _revisit_profile(status, body, previous, truncated or verdict)
        original = previous if profile else None
        headers = http_fields(response_headers, len(body), keep_length=method == "HEAD" or status == 304 or unfetched)
        requested = http_fields(request_headers, 0, keep_length=True)
        digest = original.digest if original else sha256(body)
        truncated, source = field_value(truncated or "") or None, field_value(source) or "live"
        verdict = field_value(verdict or "") or None
        source_url = clean_url(source_url) if source_url else None
        record_id = self._new_id()
        stored = b"" if profile else body
        apart = profile == NOT_MODIFIED
        block = b"" if apart else http_head("HTTP/1.1", f"{status} {_phrase(status)}", headers) + stored
        warc: Fields = [("WARC-Type", "revisit" if profile else "response"), *self._common(record_id, url, captured_at)]
        warc += _optional({"WARC-IP-Address": _address(ip), "WARC-Source-URI": source_url, "WARC-Truncated": truncated, VERDICT_FIELD: verdict})
        warc += [(SOURCE_FIELD, source)] if source != "live" else []
        warc += _optional({"WARC-Creation-Date": warc_date(created_at) if created_at else None, NOTE_FIELD: field_value(note or "")})
        warc += _reference_fields(original, profile)
        # pywb replays a 304 that stands in the block as a bare 304; without a block it replays what the record refers to.
        warc += [(HEADERS_FIELD, json.dumps(headers))] if apart else []
        warc += [("WARC-Payload-Digest", digest)] if digest else []
        first = pack(warc, block, HTTP_RESPONSE)
        second = self._request(url, captured_at, method, requested, record_id) if requested or method != "GET" else b""
        offset = self._append(first + second)
        self._count += 2 if second else 1
        capture = Capture(
            record_id=record_id,
            url=url,
            url_key=key,
            captured_at=captured_at,
            status=status,
            media_type=media_type(headers),
            digest=digest,
            site=self._site,
            run_id=self._run_id,
            record_type="revisit" if profile else "response",
            source=source,
            source_url=source_url,
            warc_file=self._name,
            offset=offset,
            length=len(first),
            refers_to=_original_id(original) if original else None,
            truncated=truncated,
            verdict=verdict,
            sha1=None if profile else sha1(body),
            refers_url=clean_url(original.url) if original else None,
            refers_at=original.captured_at if original and _original_id(original) == original.record_id else None,
        )
        return Record(capture=capture, response_headers=headers, body=stored, request_headers=requested)

    def sync(self) -> None:
        """Brings everything written to the disk; DiskFull if there is no room."""
        self.begin_sync()()

    def begin_sync(self) -> Callable[[], None]:
        """Begins to bring everything written to the disk; what comes back waits until it is there, and raises DiskFull if there is no room.

        Reading a page takes longer than the disk does, so that one need not wait for the other.
        """
        self._end_sync()  # the system tells of a failure once only
        if self._fd is not None:
            self._disk = self._disk or ThreadPoolExecutor(1, thread_name_prefix="warc-sync")
            self._syncing = self._disk.submit(os.fsync, self._fd)
        return self._end_sync

    def _end_sync(self) -> None:
        syncing, self._syncing = self._syncing, None
        if syncing is not None:
            with RoomFor(self.path):
                syncing.result()

    def close(self) -> None:
        """Ends the file with its closing record, brings it to the disk and gives it its final name. Harmless when repeated.

        DiskFull if there is no room: the file then ends with the record before and is still open.
        """
        if self._fd is None:
            return
        start = self._append(closing_record(self._warcinfo_id, self._count, "by the run", now=self._now(), record_id=self._new_id()))
        try:
            self.sync()
        except BaseException:
            os.ftruncate(self._fd, start)
            self._size = start
            raise
        self._let_go()
        self.path.rename(self._directory / self._name)
        sync_directory(self._directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        finally:
            self._let_go()  # a file that could not be closed keeps its suffix and is sealed later

    def _let_go(self) -> None:
        if self._disk is not None:
            self._disk.shutdown()
        self._disk = None
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def _rotate_if_full(self) -> None:
        if self._fd is not None and self._size >= self._max_bytes:
            self.close()
        if self._fd is None:
            self._open_next()

    def _open_next(self) -> None:
        while True:
            self._name = f"{self._run_id}-{self._number:05d}{WARC_SUFFIX}"
            self._number += 1
            if not self.path.exists() and not (self._directory / self._name).exists():
                break
        with RoomFor(self.path):
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._size, self._count = 0, 1
        try:
            self._append(self._warcinfo())
        except BaseException:
            self._let_go()
            self.path.unlink()
            raise
        sync_directory(self._directory)

    def _warcinfo(self) -> bytes:
        self._warcinfo_id = self._new_id()
        own = {RUN_FIELD: self._run_id, SITE_FIELD: self._site, CLOSING_FIELD: ANNOUNCED}
        stated = {name: value for name, value in self._fields.items() if name.lower() not in own}
        fields = {"isPartOf": self._run_id, **stated, **own}
        return warcinfo_record(self._warcinfo_id, self._name, fields, now=self._now())

    def _common(self, record_id: str, url: str, captured_at: datetime) -> Fields:
        return [
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Warcinfo-ID", f"<{self._warcinfo_id}>"),
            ("WARC-Target-URI", url),
            ("WARC-Date", warc_date(captured_at)),
        ]

    def _request(self, url: str, captured_at: datetime, method: str, headers: Headers, answer_id: str) -> bytes:
        parts = urlsplit(url)
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="%!$&'()*+,-./:;=?@_~[]|")
        warc = [("WARC-Type", "request"), *self._common(self._new_id(), url, captured_at), ("WARC-Concurrent-To", f"<{answer_id}>")]
        return pack(warc, http_head(method, f"{target} HTTP/1.1", headers), HTTP_REQUEST)

    def _append(self, packed: bytes) -> int:
        """Writes all of it or nothing; returns the offset at which it begins."""
        if self._fd is None:
            raise ConfigError(f"{self._name} is closed")
        start, rest = self._size, memoryview(packed)
        with RoomFor(self.path):
            try:
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
            except BaseException:
                os.ftruncate(self._fd, start)
                raise
        self._size = start + len(packed)
        return start


def warcinfo_record(record_id: str, file: str, fields: Mapping[str, str], *, now: datetime) -> bytes:
    """The record with which a file of ours begins."""
    stated = {"format": "WARC File Format 1.1", "conformsTo": CONFORMS_TO, **fields}
    block = "".join(f"{NO_TOKEN.sub('-', name)}: {field_value(value)}\r\n" for name, value in stated.items()).encode()
    warc = [("WARC-Type", "warcinfo"), ("WARC-Record-ID", f"<{record_id}>"), ("WARC-Date", warc_date(now))]
    return pack([*warc, ("WARC-Filename", file)], block, "application/warc-fields")


def closing_record(warcinfo_id: str, records: int, closed: str, *, now: datetime, record_id: str | None = None) -> bytes:
    """The record that ends a file of ours: so many records stand before it, and nothing was cut off. `closed`: by the run | after a kill."""
    block = f"records: {records}\r\n{CLOSING_FIELD}: {closed}\r\n".encode()
    fields = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", f"<{record_id or new_record_id()}>"),
        ("WARC-Warcinfo-ID", f"<{warcinfo_id}>"),
        ("WARC-Refers-To", f"<{warcinfo_id}>"),
        ("WARC-Target-URI", warcinfo_id),
        ("WARC-Date", warc_date(now)),
    ]
    return pack(fields, block, "application/warc-fields")


def tombstone(raw: Raw, *, at: str, reason: str, packed: bool) -> bytes:
    """What stands in the place of an erased record: its name, time and kind, digests of what it held, when it was erased and why; no address.

    `packed`: as a gzip member.
    """
    kept = {"WARC-Record-ID": "warc-record-id", "WARC-Warcinfo-ID": "warc-warcinfo-id", "WARC-Date": "warc-date"}
    fields: Fields = [("WARC-Type", "metadata"), *((name, raw.headers[lower]) for name, lower in kept.items() if lower in raw.headers)]
    said = {
        "erased": at,
        "reason": reason,
        "erased-type": raw.kind,
        "erased-block-digest": sha256(raw.block),
        "erased-payload-digest": raw.headers.get("warc-payload-digest", ""),
        "erased-length": str(len(raw.block)),
    }
    block = "".join(f"{name}: {field_value(value)}\r\n" for name, value in said.items() if value).encode()
    return record_bytes(_record([*fields, (ERASED_FIELD, at)], block, "application/warc-fields"), packed=packed)


def record_bytes(content: bytes, *, packed: bool) -> bytes:
    """A whole record as it lies in a file, as a gzip member if `packed`."""
    return _packed(content) if packed else content


class RoomFor:
    """Turns the system's "no space" into DiskFull with the path and what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise DiskFull(f"no space left to write {self._path}; free some space and run again, what is stored stays stored") from error


def warc_date(moment: datetime) -> str:
    """A time as WARC 1.1 writes it, in UTC with microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _checked_key(url: str, file: str) -> str:
    try:
        urlsplit(url)
        return safe_key(url)
    except ValueError as error:
        raise RecordError(f"this address cannot be recorded: {error}", file=file, offset=0) from error


def field_value(value: str) -> str:
    """A value that stays on its line: control characters become spaces, lone surrogates question marks."""
    return _CONTROL.sub(" ", value).encode("utf-8", "replace").decode().strip(" \t")


def _http_value(value: str) -> str:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        value = value.encode("utf-8", "surrogatepass").decode("latin-1")
    return _CONTROL.sub(" ", value).strip(" \t")


def http_fields(headers: Headers, length: int, *, keep_length: bool) -> Headers:
    """Headers as they are stored: each on one line, latin-1; Transfer-Encoding renamed and Content-Length made true to `length`.

    What the server said stays, as X-Archive-Transfer-Encoding and X-Archive-Content-Length.
    """
    stored: Fields = []
    for raw_name, raw_value in headers:
        name, value = NO_TOKEN.sub("_", raw_name), _http_value(raw_value)
        lower = name.lower()
        if lower == "transfer-encoding":
            name = "X-Archive-Transfer-Encoding"
        elif lower == "content-length" and not keep_length and value != str(length):
            stored.append((name, str(length)))
            name = "X-Archive-Content-Length"
        if name:
            stored.append((name, value))
    return tuple(stored)


def http_head(protocol: str, line: str, headers: Headers) -> bytes:
    """The head of an HTTP message with its empty line."""
    return _lines(f"{protocol} {line}", headers).encode("latin-1")


def _lines(first: str, fields: Iterable[tuple[str, str]]) -> str:
    return "".join((first, "\r\n", *(f"{name}: {value}\r\n" for name, value in fields), "\r\n"))


def pack(fields: Fields, block: bytes, content_type: str) -> bytes:
    """A whole WARC record as one gzip member."""
    return _packed(*_parts(fields, block, content_type))


def _record(fields: Fields, block: bytes, content_type: str) -> bytes:
    return b"".join(_parts(fields, block, content_type))


def _parts(fields: Fields, block: bytes, content_type: str) -> tuple[bytes, bytes, bytes]:
    typed = [("Content-Type", content_type)] if content_type else []
    closing = [("WARC-Block-Digest", sha256(block)), *typed, ("Content-Length", str(len(block)))]
    return _lines(VERSION, fields + closing).encode("utf-8"), block, RECORD_END


def _packed(*parts: bytes) -> bytes:
    # Setting up the full window costs more than packing a small record.
    window, memory = (zlib_ng.MAX_WBITS, zlib_ng.DEF_MEM_LEVEL) if sum(map(len, parts)) > SMALL else (12, 5)
    packer = zlib_ng.compressobj(LEVEL, zlib_ng.DEFLATED, window + 16, memory)
    return b"".join((*(packer.compress(part) for part in parts), packer.flush()))


def _optional(fields: Mapping[str, str | None]) -> Fields:
    return [(name, value) for name, value in fields.items() if value]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _address(ip: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(ip)) if ip else None
    except ValueError:
        return None


def _revisit_profile(status: int, body: bytes, previous: Capture | None, truncated: str | None) -> str:
    """The profile of the revisit record to write, "" for a response record."""
    if previous is None or truncated or previous.truncated:
        return ""
    if status == 304 and not body:
        return NOT_MODIFIED
    return IDENTICAL if body and previous.digest == sha256(body) else ""


def _original_id(previous: Capture) -> str:
    """The record that holds the payload: of a revisit, the one it refers to."""
    return (previous.refers_to if previous.record_type == "revisit" else None) or previous.record_id


def _reference_fields(original: Capture | None, profile: str) -> Fields:
    if original is None:
        return []
    target = _original_id(original)
    fields = [("WARC-Profile", profile), ("WARC-Refers-To", f"<{field_value(target)}>"), ("WARC-Refers-To-Target-URI", clean_url(original.url))]
    # The date of the record that a revisit refers to is not known here, and a wrong date is worse than none.
    return [*fields, ("WARC-Refers-To-Date", warc_date(original.captured_at))] if target == original.record_id else fields


def sync_directory(directory: Path) -> None:
    """Brings new names in a folder to the disk."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
