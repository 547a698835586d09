"""Everything that is wrong in a WARC file: cuts, damaged records, digests that do not fit, a closing record that is missing. Read only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rabat_crawler.archive.members import CLOSING_FIELD, Damage, walk
from rabat_crawler.archive.warc_read import (
    MENDED,
    OPEN_SUFFIX,
    RECORD_END,
    Raw,
    build_record,
    entity_body,
    is_capture,
    parse_all,
    parse_digest,
    parse_head,
    split_http,
    warcinfo_fields,
)
from rabat_crawler.errors import RecordError

CUT = "it ends without the closing record that it announces: what stood behind byte {} was cut off"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a WARC file, at `offset` bytes.

    `code`: empty | cut | damaged | too-large | unreadable | record-end | several | segmented | no-record-id | block-digest | payload-digest |
    unknown-digest.
    """

    file: str
    offset: int
    code: str
    message: str


def check_file(path: Path) -> tuple[Finding, ...]:
    """Everything wrong in a WARC file: cuts, damaged members, records out of form, digests that do not fit; () if it is sound.

    A cut exactly between two records is told by the closing record of our files; of other programs' only the database or a manifest can tell.
    """
    name = path.name
    findings: list[Finding] = []
    if path.stat().st_size == 0:
        return (Finding(name, 0, "empty", f"{name} is empty"),)
    closing = _Closing()
    for found in walk(path):
        if isinstance(found, Damage):
            findings.append(Finding(name, found.offset, found.code, f"{name}: {found.message}"))
            closing.lose()
            continue
        try:
            for number, raw in enumerate(parse_all(found, name)):
                closing.see(raw)
                findings += _check_record(raw, name, again=number > 0)
        except RecordError as error:
            findings.append(Finding(name, error.offset, "unreadable", str(error)))
            closing.lose()
    if path.suffix != OPEN_SUFFIX:
        closing.end(path.stat().st_size)
    return (*findings, *(Finding(name, offset, "cut", f"{name}: {CUT.format(offset)}") for offset in closing.cuts))


@dataclass(slots=True)
class _Closing:
    """Whether each warcinfo that announces a closing record has got it. Files of ours put one after the other are each closed."""

    open: str = ""
    count: int = 0
    damaged: bool = False
    lost: bool = False
    cuts: list[int] = field(default_factory=list)

    def see(self, raw: Raw) -> None:
        """The next record."""
        if raw.kind == "warcinfo":
            self.end(raw.offset)
            self.open = raw.reference("warc-record-id") if CLOSING_FIELD in warcinfo_fields(raw.block) else ""
            self.count, self.damaged = 0, False
        elif raw.kind == "metadata" and raw.reference("warc-refers-to") == self.open and self._counts(raw):
            self.open = ""
        self.count += 1
        self.lost = False

    def lose(self) -> None:
        """Something that cannot be read is next; told by itself, it is not called a cut as well where it may be the closing record."""
        self.damaged = self.lost = True

    def end(self, offset: int) -> None:
        """The file, or what one warcinfo speaks of, ends here."""
        if self.open and not self.lost:
            self.cuts.append(offset)

    def _counts(self, closing: Raw) -> bool:
        """True if the closing record says as many records as were seen; not to be told where some could not be read."""
        return self.damaged or warcinfo_fields(closing.block).get("records") == str(self.count)


def closing_state(path: Path, end: int) -> tuple[str, bool]:
    """The warcinfo of ours that announces a closing record ("" if none does), and whether that record stands at the end of the first `end` bytes."""
    closing = _Closing()
    announced = ""
    for found in walk(path):
        if isinstance(found, Damage) or found.offset >= end:
            break
        for raw in parse_all(found, path.name):
            closing.see(raw)
            announced = closing.open or announced
    return announced, bool(announced) and not closing.open


def _check_record(raw: Raw, name: str, *, again: bool) -> Iterator[Finding]:
    """What is wrong in one record; `again`: it is not the first of its gzip member."""
    if again:
        said = f"{name}: more than one record in the gzip member at byte {raw.offset}; all are read, `warcio recompress` sets that right"
        yield Finding(name, raw.offset, "several", said)
    if raw.ending != RECORD_END and not (raw.of_arc and not raw.ending.strip(b"\r\n")):
        yield Finding(name, raw.offset, "record-end", f"{name}: the record at byte {raw.offset} does not end as its length says")
    if MENDED in raw.headers:
        said = f"{name}: the record at byte {raw.offset} says the length {raw.headers[MENDED][:20]!r}; it is read to the end of its gzip member"
        yield Finding(name, raw.offset, "length", said)
    yield from _check_digest(raw, name, "block-digest", (raw.block,))
    if "warc-segment-number" in raw.headers:
        yield Finding(name, raw.offset, "segmented", f"{name}: the record at byte {raw.offset} is a segment of a longer one; segments are not joined")
    if not is_capture(raw):
        return
    if not raw.headers.get("warc-record-id"):
        yield Finding(name, raw.offset, "no-record-id", f"{name}: the record at byte {raw.offset} has no name; it gets one from what it holds")
    build_record(raw, warc_file=name, site="", run_id=None)
    if raw.kind == "response" and "warc-segment-number" not in raw.headers:
        head, payload = split_http(raw.block)
        # Some writers digest the chunked bytes, the standard means the entity body: either one proves the bytes.
        yield from _check_digest(raw, name, "payload-digest", (payload, entity_body(parse_head(head)[1], payload)))


def _check_digest(raw: Raw, name: str, code: str, candidates: tuple[bytes, ...]) -> Iterator[Finding]:
    stated = raw.headers.get(f"warc-{code}")
    if stated is None:
        return
    try:
        algorithm, value = parse_digest(stated)
    except ValueError as error:
        yield Finding(name, raw.offset, "unknown-digest", f"{name}: the {code} at byte {raw.offset} cannot be checked: {error}")
        return
    if not _fits(algorithm, value, candidates):
        yield Finding(name, raw.offset, code, f"{name}: the {code} of the record at byte {raw.offset} does not fit its bytes")


def _fits(algorithm: str, value: bytes, candidates: tuple[bytes, ...]) -> bool:
    return any(hashlib.new(algorithm, payload, usedforsecurity=False).digest() == value for payload in candidates)


def digest_fits(stated: str, *candidates: bytes) -> bool:
    """True if a digest is known here and one of these has it."""
    try:
        return _fits(*parse_digest(stated), candidates)
    except ValueError:
        return False
