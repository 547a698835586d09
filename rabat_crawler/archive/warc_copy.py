"""Captures copied into WARC files of an export, one record in memory at a time: what each said before it still says, byte for byte where that can be.

A file of ours that is given out whole is copied unchanged. What other programs wrote is packed anew, and each record then says whose it is.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path
from typing import BinaryIO, Protocol

from rabat_crawler import __version__
from rabat_crawler.archive.given import Given
from rabat_crawler.archive.members import CLOSING_FIELD, GZIP_MAGIC, HEAD_END, RUN_FIELD, Member, read_member
from rabat_crawler.archive.moments import moment as as_text
from rabat_crawler.archive.warc_check import digest_fits
from rabat_crawler.archive.warc_read import (
    MENDED,
    RECORD_END,
    SITE_FIELD,
    SOURCE_FIELD,
    Raw,
    build_record,
    checked_record,
    entity_body,
    file_of,
    parse_head,
    parse_member,
    read_raw,
    read_request,
    split_http,
    warcinfo_fields,
)
from rabat_crawler.archive.warc_write import (
    ANNOUNCED,
    HTTP_REQUEST,
    WARC_SUFFIX,
    Fields,
    closing_record,
    field_value,
    pack,
    warc_date,
    warcinfo_record,
)
from rabat_crawler.errors import RecordError
from rabat_crawler.models import Capture

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"\.w?arc(?:\.gz)?$", re.I)
_ACRONYM = re.compile(r"\b(?:warc|id|uri|ip|http)\b", re.I)
WRITTEN_ANEW = frozenset(
    "warc-version warc-type warc-record-id warc-warcinfo-id warc-target-uri warc-date warc-block-digest warc-payload-digest content-type content-length".split()
) | {MENDED, SITE_FIELD, RUN_FIELD, SOURCE_FIELD.lower()}
MAX_FIELDS, MAX_FIELD = 100, 2000
"""So much is kept of another program's warcinfo, in fields and letters of each."""


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, piece: bytes, /) -> object:
        """Take the bytes."""


Create = Callable[[str], AbstractContextManager[Sink]]
"""Opens a new WARC file of that name in the export."""


def copy_captures(directory: Path, given: Iterable[Given], create: Create, *, moment: datetime) -> Generator[Given, None, None]:
    """Copy captures from the WARC files in `directory` to new ones, one for each file; gives each capture with its new place.

    `moment` is the time of records that are made here. RecordError names a file that is missing, or a record that is damaged. The caller closes the
    iterator: a file is open while its captures are given.
    """
    names: set[str] = set()
    for file, captures in groupby(given, key=lambda one: one.capture.warc_file):
        name = _free_name(file, names)
        names.add(name.lower())
        with create(name) as sink:
            yield from _Copy(directory, name, sink, moment).run(captures)


def _free_name(file: str, taken: set[str]) -> str:
    """A name like that of the file, of harmless letters, with the suffix of a packed WARC file; `taken` are in small letters, for some disks know no others."""
    stem = _NOT_IN_NAME.sub("-", _SUFFIX.sub("", file)).strip("-.") or "file"
    tried = (f"{stem}{f'-{number}' if number else ''}{WARC_SUFFIX}" for number in range(len(taken) + 1))
    return next(name for name in tried if name.lower() not in taken)


class _Copy:
    """One file of the export."""

    def __init__(self, directory: Path, name: str, sink: Sink, moment: datetime) -> None:
        self._directory, self._name, self._sink, self._moment = directory, name, sink, moment
        self._offset = self._count = self._source_end = 0
        self._own = self._announced = False
        self._warcinfo_id = self._site = self._run = ""

    def run(self, captures: Iterator[Given]) -> Iterator[Given]:
        """Copy these captures, all of one file, in order."""
        first = next(captures)
        with file_of(self._directory, first.capture).open("rb", buffering=0) as source:
            self._begin(source, first.capture)
            for one in chain((first,), captures):
                yield self._copy(source, one)
            self._end(source)

    def _write(self, packed: bytes) -> None:
        self._sink.write(packed)
        self._offset += len(packed)
        self._count += 1

    def _new_id(self, purpose: str) -> str:
        """A name that follows from the file and its first record."""
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{purpose} {self._name} {as_text(self._moment)}')}"

    # The file's own records ------------------------------------------------------------------------------------------------------

    def _begin(self, source: BinaryIO, first: Capture) -> None:
        """The warcinfo: that of a file of ours as it is, else one that says what the file's own says and whose it is."""
        found = read_member(source, 0)
        raw = _parsed(found, first.warc_file) if isinstance(found, Member) else None
        stated = warcinfo_fields(raw.block) if raw is not None and raw.kind == "warcinfo" else {}
        if isinstance(found, Member) and raw is not None and stated.get(SITE_FIELD) and (packed := _packed(source, found, raw)):
            self._own, self._announced, self._warcinfo_id = True, CLOSING_FIELD in stated, raw.reference("warc-record-id")
            self._site, self._run, self._source_end = stated[SITE_FIELD], stated.get(RUN_FIELD, ""), found.length
            self._write(packed)
            return
        kept = [(name, value[:MAX_FIELD]) for name, value in stated.items() if not name.lower().startswith("x-rabat-")]
        own = {SITE_FIELD: first.site, CLOSING_FIELD: ANNOUNCED} | ({RUN_FIELD: first.run_id} if first.run_id else {})
        self._announced, self._warcinfo_id = True, self._new_id("warcinfo")
        fields = {**dict(kept[:MAX_FIELDS]), "packedAnewBy": f"rabat_crawler {__version__}", **own}
        self._write(warcinfo_record(self._warcinfo_id, self._name, fields, now=self._moment))

    def _end(self, source: BinaryIO) -> None:
        """The closing record, where the warcinfo announces one: the file's own if nothing was left out of the file."""
        if not self._announced:
            return
        found = read_member(source, self._source_end) if self._own else None
        raw = _parsed(found, self._name) if isinstance(found, Member) else None
        if isinstance(found, Member) and raw is not None and self._closes(raw) and (packed := _packed(source, found, raw)):
            self._write(packed)
            return
        self._write(closing_record(self._warcinfo_id, self._count, "by an export", now=self._moment, record_id=self._new_id("closing")))

    def _closes(self, raw: Raw) -> bool:
        return (
            raw.kind == "metadata"
            and raw.reference("warc-refers-to") == self._warcinfo_id
            and warcinfo_fields(raw.block).get("records") == str(self._count)
        )

    # Captures --------------------------------------------------------------------------------------------------------------------

    def _copy(self, source: BinaryIO, one: Given) -> Given:
        capture = one.capture
        member, raw = read_raw(source, capture)
        found = checked_record(raw, capture).capture
        request = read_request(source, capture, raw)
        self._source_end = capture.offset + capture.length + (request[0].length if request else 0)
        wanted = _resolved(one)
        packed = _packed(source, member, raw) if self._own and found == wanted and self._is_of(raw, capture) else b""
        second = _packed(source, *request) if packed and request else b""
        start = self._offset
        self._write(packed or self._anew(raw, wanted))
        length = self._offset - start
        if request:
            self._write(second or self._request_anew(request[1], capture))
        return replace(one, capture=replace(wanted, warc_file=self._name, offset=start, length=length))

    def _is_of(self, raw: Raw, capture: Capture) -> bool:
        """True if the record is read as of the capture's site and run in the new file too."""
        return (raw.headers.get(SITE_FIELD) or self._site, raw.headers.get(RUN_FIELD) or self._run or None) == (capture.site, capture.run_id)

    def _common(self, kind: str, record_id: str, capture: Capture) -> Fields:
        return [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<{field_value(record_id)}>"),
            ("WARC-Warcinfo-ID", f"<{self._warcinfo_id}>"),
            ("WARC-Target-URI", capture.url),
            ("WARC-Date", warc_date(capture.captured_at)),
        ]

    def _anew(self, raw: Raw, capture: Capture) -> bytes:
        """The record packed anew so that reading it gives this capture; RecordError if that cannot be."""
        fields = [*self._common(raw.kind, capture.record_id, capture), *_own_fields(capture), *_payload_digest(raw)]
        left_out = WRITTEN_ANEW | ({"warc-refers-to-target-uri", "warc-refers-to-date"} if capture.record_type == "revisit" else set())
        fields += [(_spelled(name), field_value(value)) for name, value in reversed(raw.headers.items()) if name not in left_out]
        if capture.truncated and not {"warc-truncated", "warc-segment-number"} & raw.headers.keys():
            fields.append(("WARC-Truncated", field_value(capture.truncated)))
        content_type = field_value(raw.headers.get("content-type", ""))
        self._prove(raw, fields, content_type, capture)
        return pack(fields, raw.block, content_type)

    def _prove(self, raw: Raw, fields: Fields, content_type: str, capture: Capture) -> None:
        headers = {name.lower(): value for name, value in reversed(fields)} | ({"content-type": content_type} if content_type else {})
        again = build_record(
            Raw(capture.offset, capture.length, headers, raw.block, RECORD_END), warc_file=capture.warc_file, site=capture.site, run_id=capture.run_id
        ).capture
        if again != capture:
            said = f"{capture.warc_file}: the record at byte {capture.offset} cannot be copied so that it says the same"
            raise RecordError(said, file=capture.warc_file, offset=capture.offset)

    def _request_anew(self, raw: Raw, capture: Capture) -> bytes:
        record_id = raw.reference("warc-record-id") or self._new_id(f"request {capture.record_id}")
        fields = [*self._common("request", record_id, capture), ("WARC-Concurrent-To", f"<{field_value(capture.record_id)}>")]
        return pack(fields, raw.block, HTTP_REQUEST)


def _parsed(member: Member, file: str) -> Raw | None:
    try:
        return parse_member(member, file)
    except RecordError:
        return None


def _packed(source: BinaryIO, member: Member, raw: Raw) -> bytes:
    """The bytes of a record that fills its one gzip member and is in form; else b"" """
    head = HEAD_END.search(member.content)
    alone = head is not None and head.end() + len(raw.block) + len(RECORD_END) == len(member.content) and raw.ending == RECORD_END
    if not alone or member.split or MENDED in raw.headers:
        return b""
    source.seek(member.offset)
    packed = source.read(member.length)
    return packed if packed.startswith(GZIP_MAGIC) else b""


def _resolved(one: Given) -> Capture:
    """The capture; a revisit names by address and time what it shows again, for by these it is found in replay."""
    capture = one.capture
    if one.shows is None or (capture.refers_url, capture.refers_at and capture.refers_at.replace(microsecond=0)) == (
        one.shows[0],
        one.shows[1].replace(microsecond=0),
    ):
        return capture
    return replace(capture, refers_url=one.shows[0], refers_at=one.shows[1])


def _own_fields(capture: Capture) -> Fields:
    """Whose a record of another program is, and what it shows again."""
    fields: Fields = [("X-Rabat-Site", field_value(capture.site))]
    fields += [("X-Rabat-Run", field_value(capture.run_id))] if capture.run_id else []
    fields += [(SOURCE_FIELD, field_value(capture.source))] if capture.source != "live" else []
    fields += [("WARC-Refers-To-Target-URI", field_value(capture.refers_url))] if capture.refers_url else []
    return fields + ([("WARC-Refers-To-Date", warc_date(capture.refers_at))] if capture.refers_at else [])


def _payload_digest(raw: Raw) -> Fields:
    """The digest that a record states; one that its bytes refute is left out."""
    stated = raw.headers.get("warc-payload-digest", "")
    if not stated:
        return []
    head, payload = split_http(raw.block) if raw.kind != "resource" else (b"", raw.block)
    proven = raw.kind == "revisit" or digest_fits(stated, payload, entity_body(parse_head(head)[1], payload))
    return [("WARC-Payload-Digest", field_value(stated))] if proven else []


def _spelled(name: str) -> str:
    """A field's name as the standard writes it."""
    return _ACRONYM.sub(lambda found: found[0].upper(), "-".join(part.capitalize() for part in name.split("-")))
