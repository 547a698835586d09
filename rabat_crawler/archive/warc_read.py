"""Reading WARC files, ours and other tools': records with their captures, in file order or by offset.

Read only. Damage is told as RecordError, with file and offset, never skipped in silence.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

from warcio.bufferedreaders import ChunkedDataReader

from rabat_crawler.archive.arc import ARC, derived_id, parse_arc
from rabat_crawler.archive.members import HEAD_END, RUN_FIELD, Damage, Member, read_member, walk
from rabat_crawler.errors import RecordError
from rabat_crawler.models import Capture, Record, RecordType
from rabat_crawler.urls import url_key

OPEN_SUFFIX = ".open"
SITE_FIELD = "x-rabat-site"
SOURCE_FIELD = "X-Rabat-Source"
VERDICT_FIELD = "X-Rabat-Verdict"
HEADERS_FIELD = "X-Rabat-HTTP-Headers"
ERASED_FIELD = "X-Rabat-Erased"
"""In a tombstone: when the record that it stands for was erased."""
NOTE_FIELD = "X-Rabat-Note"
"""The header fields of a 304 in a revisit record, as JSON: such a record of ours has no block."""
RECORD_END = b"\r\n\r\n"
MENDED = "x-rabat-stated-length"
"""Among the fields of a record that was read although its length is wrong or missing: what it says."""


_VERSION = re.compile(r"^WARC/[0-9]\.[0-9]{1,2}$")
_NEWLINES = re.compile(rb"[\r\n]*")
_LENGTH = re.compile(r"^[0-9]{1,15}$")
_NOT_MODIFIED = re.compile(r"/revisit/server-not-modified$")
_STATUS_LINE = re.compile(r"^HTTP/[0-9](?:\.[0-9])? +([0-9]{3})(?: |$)")
_DATE = re.compile(
    r"^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?Z)?)?)?$",
)
_ALGORITHMS = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}

_NOT_IN_URL = re.compile(r"[\x00-\x20<>\x7f-\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u3000\ud800-\udfff\ufeff]")
_SCHEME = re.compile(r"^https?(?=://)", re.IGNORECASE)

OnDamage = Callable[[RecordError], None]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of a file that another program wrote: `site` gives the site reference of an address, `run_id` the import that brought it."""

    site: Callable[[str], str]
    run_id: str | None = None
    source: str = "import"


@dataclass(frozen=True, slots=True)
class Raw:
    """A WARC record taken apart: `headers` by lower-case name (the first of each), its block, and what follows the block."""

    offset: int
    length: int
    headers: dict[str, str]
    block: bytes
    ending: bytes

    @property
    def kind(self) -> str:
        """The WARC-Type, lower case."""
        return self.headers.get("warc-type", "").lower()

    @property
    def of_arc(self) -> bool:
        """True for a record of an ARC file."""
        return self.headers.get("warc-version") == ARC

    def reference(self, name: str) -> str:
        """A record id without its angle brackets, "" if there is none."""
        return bare(self.headers.get(name, ""))


def sha256(payload: bytes) -> str:
    """The digest of a capture: "sha256:" and lower hex over the entity body, still content-encoded."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()


def sha1(payload: bytes) -> str:
    """The digest by which CDX indexes know a body: SHA-1 in base 32."""
    return base64.b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode("ascii")


def media_type(headers: Headers) -> str | None:
    """The lower-case media type of the first Content-Type, without parameters; None if none is stated."""
    stated = next((value for name, value in headers if name.lower() == "content-type"), "")
    return stated.split(";")[0].split(",")[0].strip(" \t").lower() or None


def bare(reference: str) -> str:
    """A record id or address without surrounding angle brackets (wget puts them around addresses too)."""
    return reference[1:-1] if reference.startswith("<") and reference.endswith(">") else reference


def clean_url(url: str) -> str:
    """The address with everything percent-encoded that could break a WARC header line; nothing else is changed."""
    clean = _NOT_IN_URL.sub(lambda found: quote(found[0].encode("utf-8", "surrogatepass")), url)
    return _SCHEME.sub(lambda found: found[0].lower(), clean)


def safe_key(url: str) -> str:
    """`url_key`, or ValueError for what is no web address."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"no web address: {url[:200]!r}")
    return url_key(url)


def parse_head(head: bytes, *, encoding: str = "latin-1") -> tuple[str, Headers]:
    """First line and header fields of an HTTP message; folded lines are joined, lines without a colon left out."""
    first, *lines = head.decode(encoding).replace("\r\n", "\n").split("\n")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            fields[-1] = (fields[-1][0], (fields[-1][1] + " " + line.strip(" \t")).strip(" \t"))
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(" \t"), value.strip(" \t")))
    return first, tuple(fields)


def parse_member(member: Member, file: str) -> Raw:
    """Takes a record apart; RecordError if its header or its length is wrong. What follows it in the same gzip member is its `ending`."""
    raw, stop = _parse_at(member, 0, file)
    return replace(raw, ending=member.content[stop:])


def _parse_at(member: Member, start: int, file: str) -> tuple[Raw, int]:
    """The record that begins at `start` in a member's content, without its ending, and where its block ends."""
    content, offset = member.content, member.offset
    if not content.startswith(b"WARC/", start):
        arc = parse_arc(content[start:], file=file, offset=offset)
        return Raw(offset, member.length, arc.headers, arc.block, b""), len(content) - len(arc.ending)
    end = HEAD_END.search(content, start)
    if end is None:
        raise RecordError(f"{file}: no WARC header at byte {offset}", file=file, offset=offset)
    head = content[start : end.start()]
    try:
        version, fields = parse_head(head, encoding="utf-8")
    except UnicodeDecodeError:
        version, fields = parse_head(head)
    headers = {name.lower(): value for name, value in reversed(fields)}
    stated = headers.get("content-length", "")
    if not _VERSION.match(version.rstrip(" ")):
        raise RecordError(f"{file}: the WARC header at byte {offset} has no valid version", file=file, offset=offset)
    stop = end.end() + int(stated) if _LENGTH.match(stated) else len(content) + 1
    if stop > len(content):
        if start or not content.endswith(RECORD_END) or b"\nWARC/" in content[end.end() :]:
            raise RecordError(f"{file}: the record at byte {offset} is shorter than it says, or does not say its length", file=file, offset=offset)
        stop = len(content) - len(RECORD_END)  # alone in its gzip member, it ends where that ends
        headers["content-length"], headers[MENDED] = str(stop - end.end()), stated
    return Raw(offset, member.length, headers, content[end.end() : stop], b""), stop


def parse_all(member: Member, file: str) -> Iterator[Raw]:
    """The records of a gzip member: one, as the standard wants it, or all that some writers put into it; each has the place of the member.

    RecordError where one cannot be read; those before it have been given.
    """
    raw, stop = _parse_at(member, 0, file)
    while (following := _after_newlines(member.content, stop)) < len(member.content):
        try:
            another, another_stop = _parse_at(member, following, file)
        except RecordError:
            yield replace(raw, ending=member.content[stop:])  # with what follows it: it may be longer than it says
            raise
        yield replace(raw, ending=RECORD_END)
        raw, stop = another, another_stop
    yield replace(raw, ending=member.content[stop:])


def cut_apart(member: Member, file: str) -> Iterator[tuple[Raw, bytes]]:
    """The records of a gzip member, each with its own bytes of the content up to where the next one begins. RecordError as for `parse_all`."""
    start = 0
    while start < len(member.content):
        raw, stop = _parse_at(member, start, file)
        end = _after_newlines(member.content, stop)
        yield raw, member.content[start:end]
        start = end


def _after_newlines(content: bytes, place: int) -> int:
    found = _NEWLINES.match(content, place)
    return found.end() if found else place


def parse_date(raw: str) -> datetime:
    """A WARC-Date of any precision that WARC 1.0 and 1.1 allow, as aware UTC; ValueError if it is none."""
    found = _DATE.match(raw)
    if not found:
        raise ValueError(f"no WARC-Date: {raw[:40]!r}")
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    micro = int((found[7] or "0").ljust(6, "0")[:6])
    return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, second or 0, micro, tzinfo=UTC)


def split_http(block: bytes) -> tuple[bytes, bytes]:
    """Head and payload of an HTTP message."""
    end = HEAD_END.search(block)
    return (block[: end.start()], block[end.end() :]) if end else (block.rstrip(b"\r\n"), b"")


def entity_body(headers: Headers, payload: bytes) -> bytes:
    """The payload without its chunk lines, if it has any; the content coding stays."""
    coding = next((value for name, value in headers if name.lower() == "transfer-encoding"), "")
    if not payload or not coding.lower().endswith("chunked"):
        return payload
    reader = ChunkedDataReader(BytesIO(payload))
    return b"".join(iter(lambda: reader.read(1 << 20), b""))


def build_record(raw: Raw, *, warc_file: str, site: str, run_id: str | None, request_headers: Headers = (), source: str = "live") -> Record:
    """A response, revisit or resource as Record; RecordError with the reason if it cannot be read as one.

    A resource has no HTTP message: its block is the body, its media type the record's own.
    """
    resource = raw.kind == "resource"
    head, payload = (b"HTTP/1.1 200 OK", raw.block) if resource else split_http(raw.block)
    first, headers = parse_head(head)
    if resource:
        headers = (("Content-Type", raw.headers["content-type"]),) if raw.headers.get("content-type") else ()
    if not raw.block and raw.kind == "revisit" and _NOT_MODIFIED.search(raw.headers.get("warc-profile", "")):
        first = "HTTP/1.1 304 Not Modified"
    status = _STATUS_LINE.match(first)
    url = clean_url(bare(raw.headers.get("warc-target-uri", "")))
    record_id = raw.reference("warc-record-id") or derived_id(url, raw.headers.get("warc-date", ""), raw.block)
    try:
        key, captured_at = safe_key(url), parse_date(raw.headers.get("warc-date", ""))
        headers = headers or _headers_apart(raw)
    except ValueError as error:
        raise RecordError(f"{warc_file}: the record at byte {raw.offset} cannot be read: {error}", file=warc_file, offset=raw.offset) from error
    if not status:
        raise RecordError(f"{warc_file}: the record at byte {raw.offset} has no HTTP status", file=warc_file, offset=raw.offset)
    revisit = raw.kind == "revisit"
    kind: RecordType = "revisit" if revisit else "resource" if resource else "response"
    body = b"" if revisit else entity_body(headers, payload)
    capture = Capture(
        record_id=record_id,
        url=url,
        url_key=key,
        captured_at=captured_at,
        status=int(status[1]),
        media_type=media_type(headers),
        digest=_stated_digest(raw) if revisit else sha256(body),
        sha1=_stated_sha1(raw) if revisit else sha1(body),
        refers_url=bare(raw.headers["warc-refers-to-target-uri"]) if revisit and raw.headers.get("warc-refers-to-target-uri") else None,
        refers_at=_refers_at(raw) if revisit else None,
        site=site,
        run_id=run_id,
        record_type=kind,
        source=raw.headers.get(SOURCE_FIELD.lower()) or source,
        source_url=raw.headers.get("warc-source-uri"),
        warc_file=warc_file,
        offset=raw.offset,
        length=raw.length,
        refers_to=raw.reference("warc-refers-to") or None,
        truncated=raw.headers.get("warc-truncated") or _truncated(raw),
        verdict=raw.headers.get(VERDICT_FIELD.lower()),
    )
    return Record(capture=capture, response_headers=headers, body=body, request_headers=request_headers)


def _truncated(raw: Raw) -> str | None:
    """Why a record does not hold the whole answer although it does not say so: it is a segment, or its length leads into its middle."""
    if "warc-segment-number" in raw.headers:
        return "segmented"
    return "unspecified" if raw.ending.strip(b"\r\n") else None


def _headers_apart(raw: Raw) -> Headers:
    """The header fields that stand in the WARC header, () if none do; ValueError if they cannot be read."""
    try:
        stated = json.loads(raw.headers.get(HEADERS_FIELD.lower()) or "[]")
    except RecursionError:
        stated = None
    if not isinstance(stated, list) or not all(isinstance(field, list) and [type(part) for part in field] == [str, str] for field in stated):
        raise ValueError(f"{HEADERS_FIELD} holds no header fields")
    return tuple((name, value) for name, value in stated)


def _stated_digest(raw: Raw) -> str:
    """A revisit's payload digest: SHA-256 in our form, others as the file writes them, "" if there is none."""
    stated = raw.headers.get("warc-payload-digest", "")
    try:
        algorithm, value = parse_digest(stated)
    except ValueError:
        return stated
    return f"sha256:{value.hex()}" if algorithm == "sha256" else stated


def _stated_sha1(raw: Raw) -> str | None:
    """A revisit's payload digest if it is a SHA-1, in base 32; else None."""
    try:
        algorithm, value = parse_digest(raw.headers.get("warc-payload-digest", ""))
    except ValueError:
        return None
    return base64.b32encode(value).decode("ascii") if algorithm == "sha1" else None


def _refers_at(raw: Raw) -> datetime | None:
    """When the original of a revisit was captured, None if its record does not say."""
    try:
        return parse_date(raw.headers["warc-refers-to-date"])
    except (KeyError, ValueError):
        return None


def final_name(path: Path, directory: Path) -> str:
    """The name a capture keeps for its file: relative to the WARC folder, without the suffix of a file still being written."""
    # The folder is resolved, the file is not: a link counts by its own name.
    return (path.parent.resolve() / path.name).relative_to(directory.resolve()).as_posix().removesuffix(OPEN_SUFFIX)


@dataclass(frozen=True, slots=True)
class Unread:
    """A record taken from its file but not read yet, with what only the file can tell of it."""

    raw: Raw
    warc_file: str
    site: str
    run_id: str | None
    source: str

    def record(self, request_headers: Headers = ()) -> Record:
        """The record; RecordError if it cannot be read as a capture."""
        return build_record(
            self.raw, warc_file=self.warc_file, site=self.site, run_id=self.run_id, request_headers=request_headers, source=self.source
        )


def iter_unread(
    path: Path, *, directory: Path, site: str | None = None, start: int = 0, on_damage: OnDamage | None = None, origin: Origin | None = None
) -> Iterator[Unread]:
    """Requests, responses, revisits and resources in file order, not read yet; see `iter_records`."""
    name = final_name(path, directory)
    own: dict[str, str] = {}
    for raw in _raw_records(path, name, start, on_damage):
        if raw.kind == "warcinfo":
            own = warcinfo_fields(raw.block)
        elif raw.kind == "request" or is_capture(raw):
            yield _owned(raw, name, site, own, origin)


def _owned(raw: Raw, name: str, site: str | None, own: dict[str, str], origin: Origin | None) -> Unread:
    """The record with the site and run that our warcinfo names (or, in a file that we wrote, the record), or else those of its file's origin."""
    if own.get(SITE_FIELD) or origin is None:
        stated = {field: raw.headers.get(field) or own.get(field, "") for field in (SITE_FIELD, RUN_FIELD)}
        return Unread(raw, name, site or stated[SITE_FIELD], stated[RUN_FIELD] or None, "live")
    return Unread(raw, name, site or origin.site(bare(raw.headers.get("warc-target-uri", ""))), origin.run_id, origin.source)


def iter_records(
    path: Path, *, directory: Path, site: str | None = None, start: int = 0, on_damage: OnDamage | None = None, origin: Origin | None = None
) -> Iterator[Record]:
    """Responses, revisits and resources in file order; one record in memory at a time.

    Site and run id come from our warcinfo record; for other tools' files from `origin` (without it they are "" and None). `site` overrides.
    `start`, a byte at which a record begins, leaves out what lies before.
    A damaged record raises RecordError, or is handed to `on_damage` and left out, and reading goes on.
    """
    pending: tuple[Raw, Record] | None = None
    request: Raw | None = None
    for unread in iter_unread(path, directory=directory, site=site, start=start, on_damage=on_damage, origin=origin):
        raw = unread.raw
        if raw.kind == "request":
            if pending and _belong(raw, pending[0]):
                yield replace(pending[1], request_headers=_http_fields(raw))
                pending = None
            else:
                request = raw
            continue
        if pending:
            yield pending[1]
        pending = None
        try:
            record = unread.record()
        except RecordError as error:
            _tell(error, on_damage)
            continue
        if request and _belong(request, raw):
            yield replace(record, request_headers=_http_fields(request))
        else:
            pending = (raw, record)
        request = None
    if pending:
        yield pending[1]


def warcinfo_fields(block: bytes) -> dict[str, str]:
    """The fields of a warcinfo record by name."""
    text = "\n" + block.decode("utf-8", "replace")
    return dict(parse_head(text.encode(), encoding="utf-8")[1])


def _raw_records(path: Path, name: str, start: int, on_damage: OnDamage | None) -> Iterator[Raw]:
    for found in walk(path, start=start):
        try:
            if isinstance(found, Damage):
                raise RecordError(f"{name}: {found.message}", file=name, offset=found.offset)
            for raw in parse_all(found, name):
                if raw.offset >= start or raw.kind == "warcinfo":
                    yield raw
        except RecordError as error:
            _tell(error, on_damage)


def _tell(error: RecordError, on_damage: OnDamage | None) -> None:
    if on_damage is None:
        raise error
    on_damage(error)


def is_capture(raw: Raw) -> bool:
    """A response, revisit or resource of the web; DNS and FTP answers are none."""
    return raw.kind in ("response", "revisit", "resource") and bare(raw.headers.get("warc-target-uri", ""))[:8].lower().startswith(
        ("http://", "https://")
    )


def _belong(request: Raw, response: Raw) -> bool:
    there = request.reference("warc-concurrent-to")
    back = response.reference("warc-concurrent-to")
    return bool(there and there == response.reference("warc-record-id")) or bool(back and back == request.reference("warc-record-id"))


def _http_fields(raw: Raw) -> Headers:
    return parse_head(split_http(raw.block)[0])[1]


def read_record(directory: Path, capture: Capture) -> Record:
    """The record of a capture, by its file, offset and length; RecordError if it is missing, damaged or another one."""
    with file_of(directory, capture).open("rb", buffering=0) as file:
        _, raw = read_raw(file, capture)
        request = read_request(file, capture, raw)
    return checked_record(raw, capture, request_headers=_http_fields(request[1]) if request else ())


def file_of(directory: Path, capture: Capture) -> Path:
    """The file in which a capture lies, also while it is being written; RecordError if it is not there."""
    name = capture.warc_file
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not name:
        raise RecordError(f"{name!r} is no file of this archive", file=name, offset=capture.offset)
    path = next((path for path in (directory / name, directory / (name + OPEN_SUFFIX)) if path.is_file()), None)
    if path is None:
        raise RecordError(f"{name} is missing; restore it from a backup", file=name, offset=capture.offset)
    return path


def read_raw(file: BinaryIO, capture: Capture) -> tuple[Member, Raw]:
    """What lies at a capture's place in its open file, and the record there; RecordError if it is damaged."""
    name = capture.warc_file
    found = read_member(file, capture.offset)
    if not isinstance(found, Member) or found.length != capture.length:
        told = found.message if isinstance(found, Damage) else "no record of the recorded length is there"
        raise RecordError(f"{name}: {told}; restore it from a backup", file=name, offset=capture.offset)
    return found, _named(found, capture.record_id, name)


def read_request(file: BinaryIO, capture: Capture, response: Raw) -> tuple[Member, Raw] | None:
    """The record of the request, if it follows the answer."""
    found = read_member(file, capture.offset + capture.length)
    if not isinstance(found, Member):
        return None
    try:
        raw = parse_member(found, capture.warc_file)
    except RecordError:
        return None
    return (found, raw) if raw.kind == "request" and _belong(raw, response) else None


def checked_record(raw: Raw, capture: Capture, *, request_headers: Headers = ()) -> Record:
    """The record at a capture's place; RecordError if it is another one."""
    name = capture.warc_file
    record = build_record(raw, warc_file=name, site=capture.site, run_id=capture.run_id, request_headers=request_headers)
    for field in ("record_id", "url", "digest"):
        if getattr(record.capture, field) != getattr(capture, field):
            raise RecordError(f"{name}: the record at byte {capture.offset} has another {field} than recorded", file=name, offset=capture.offset)
    return record


def _named(member: Member, record_id: str, file: str) -> Raw:
    """The record of that name, where several lie in one gzip member; else the first."""
    first = None
    try:
        for raw in parse_all(member, file):
            first = first or raw
            if raw.reference("warc-record-id") == record_id:
                return raw
    except RecordError:
        if first is None:
            raise
    assert first is not None
    return first


def parse_digest(stated: str) -> tuple[str, bytes]:
    """Algorithm and value of "sha1:BASE32", "sha256:hex" or base64 (also url-safe); ValueError if unknown."""
    label, _, value = stated.partition(":")
    algorithm = label.lower().replace("-", "")
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"unknown digest {stated[:80]!r}")
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    plain = value.strip().rstrip("=")
    try:
        if len(plain) == 2 * size:
            return algorithm, bytes.fromhex(plain)
        if len(plain) == (size * 8 + 4) // 5:
            return algorithm, base64.b32decode(plain.upper() + "=" * (-len(plain) % 8))
        return algorithm, base64.b64decode(plain.replace("-", "+").replace("_", "/") + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"unreadable digest {stated[:80]!r}") from error
