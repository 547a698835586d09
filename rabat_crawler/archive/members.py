"""Where the records of a WARC file begin and end: gzip members walked by zlib, or the plain records of an uncompressed file.

Knows nothing of captures. Never trusts a length, never keeps more than `MAX_MEMBER` bytes of a record, and always tells what it had to leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from zlib_ng import zlib_ng

from rabat_crawler.archive.arc import LINE, START

MAX_MEMBER = 64 * 1024 * 1024
MAX_HEAD = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b\x08"
BROKEN = cast(type[Exception], zlib_ng.error)
RUN_FIELD = "x-rabat-run"
CLOSING_FIELD = "x-rabat-closing"
"""In a warcinfo: the file ends with a closing record (metadata), which says how many records stand before it. In that record: who closed it."""

HEAD_END = re.compile(rb"\r?\n\r?\n")

_FIRST = 12 * 1024
_CHUNK = 64 * 1024
_STEP = 1024 * 1024
_LOOK_BACK = 4096
_STARTS = re.compile(rb"\x1f\x8b\x08|\n(?=WARC/[01]\.[0-9]{1,2}\r?\n(?:WARC-|Content-|content-|warc-))|" + START.pattern)
_PLAIN_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r?\n", re.IGNORECASE)
_OWN_ID = re.compile(rb"\nWARC-Record-ID: <([^>\r\n]{1,200})>")


@dataclass(frozen=True, slots=True)
class Member:
    """One record as it lies in the file: `offset` and `length` in bytes of the file, `content` the record itself, decompressed.

    `split`: a writer spread it over several gzip members.
    """

    offset: int
    length: int
    content: bytes
    split: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no whole record. `code`: cut | damaged | too-large; `length` 0 when the end is not known."""

    offset: int
    length: int
    code: str
    message: str


def read_member(file: BinaryIO, offset: int, *, limit: int | None = None) -> Member | Damage | None:
    """The record that starts at `offset`; None at the end of the file. `limit` is the largest record kept, in bytes (default `MAX_MEMBER`)."""
    file.seek(offset)
    start = file.read(_FIRST)
    if not start:
        return None
    limit = MAX_MEMBER if limit is None else limit
    if start.startswith(b"WARC/"):
        return _read_plain(file, offset, start, limit)
    if LINE.match(start):
        return _read_arc(file, offset, start, limit)
    found = _read_gzip(file, offset, start, limit)
    return _with_rest(file, found, limit) if isinstance(found, Member) else found


def _with_rest(file: BinaryIO, found: Member, limit: int) -> Member:
    """The record with what the next gzip members hold of it, where a writer split it; as it is, if the next one begins a record or is none."""
    while not _is_whole(found.content) and len(found.content) < limit:
        end = found.offset + found.length
        file.seek(end)
        start = file.read(_FIRST)
        if not start.startswith(GZIP_MAGIC):
            break
        more = _read_gzip(file, end, start, limit - len(found.content))
        if isinstance(more, Damage) or more.content.startswith(b"WARC/") or LINE.match(more.content):
            break
        found = Member(found.offset, found.length + more.length, found.content + more.content, split=True)
    return found


def _is_whole(content: bytes) -> bool:
    """False for a record that by its own length, or for want of the end of its header, goes on behind its gzip member."""
    if not content.startswith(b"WARC/"):
        return True
    end = HEAD_END.search(content, 0, MAX_HEAD)
    stated = _PLAIN_LENGTH.search(content, 0, end.end()) if end else None
    return len(content) >= MAX_HEAD if end is None else stated is None or end.end() + int(stated[1]) <= len(content)


def _read_gzip(file: BinaryIO, offset: int, start: bytes, limit: int) -> Member | Damage:
    decoder = zlib_ng.decompressobj(zlib_ng.MAX_WBITS + 16)
    parts: list[bytes] = []
    size, piece, compressed = 0, b"", start
    while not decoder.eof:
        if not compressed and len(piece) < _STEP:
            return Damage(offset, 0, "cut", f"the file ends inside a record that starts at byte {offset}")
        try:
            piece = decoder.decompress(compressed, _STEP)
        except BROKEN as error:
            return Damage(offset, 0, "damaged", f"the gzip member at byte {offset} cannot be unpacked: {error}")
        size += len(piece)
        if size <= limit:
            parts.append(piece)
        else:
            parts.clear()
        if not decoder.eof:
            compressed = decoder.unconsumed_tail or file.read(_CHUNK)
    length = file.tell() - offset - len(decoder.unused_data)
    if size > limit:
        return _too_large(offset, length, size, limit)
    return Member(offset, length, b"".join(parts))


def _read_plain(file: BinaryIO, offset: int, start: bytes, limit: int) -> Member | Damage:
    head = start + file.read(MAX_HEAD - len(start))
    end = HEAD_END.search(head)
    stated = _PLAIN_LENGTH.search(head, 0, end.end()) if end else None
    if end is None or stated is None:
        code = "cut" if end is None and len(head) < MAX_HEAD else "damaged"
        return Damage(offset, 0, code, f"the record at byte {offset} has no whole WARC header with a length")
    found = _take(file, offset, end.end() + int(stated[1]), limit)
    return found if isinstance(found, Member) or found.code == "too-large" else _up_to_next(file, found, limit)


def _up_to_next(file: BinaryIO, damage: Damage, limit: int) -> Member | Damage:
    """A record whose length is wrong, up to where the next one begins: how much of it is missing or too much is for its reader to tell."""
    end = _next_record(file, damage.offset + 1, b"")
    if end - damage.offset > limit or not _at_record(file, end):
        return damage
    file.seek(damage.offset)
    return Member(damage.offset, end - damage.offset, file.read(end - damage.offset))


def _at_record(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    return file.read(5) == b"WARC/"


def _read_arc(file: BinaryIO, offset: int, start: bytes, limit: int) -> Member | Damage:
    found = LINE.match(start)
    assert found is not None
    if not found["length"].isdigit():
        return Damage(offset, 0, "damaged", f"the ARC record at byte {offset} does not say its length")
    return _take(file, offset, found.end() + int(found["length"]), limit)


def _take(file: BinaryIO, offset: int, size: int, limit: int) -> Member | Damage:
    """So many bytes and the line ends after them, if the next record or the file's end follows."""
    newlines = _newlines(file, offset + size)
    if size > limit:
        return _too_large(offset, size + newlines, size, limit)
    file.seek(offset)
    content = file.read(size)
    if len(content) < size:
        return Damage(offset, 0, "cut", f"the file ends inside a record that starts at byte {offset}")
    following = file.read(newlines + _CHUNK // 4)
    behind = following[newlines:]
    if behind and b"\n" in behind[:_LOOK_BACK] and not (behind.startswith((b"WARC/", GZIP_MAGIC)) or LINE.match(behind)):
        return Damage(offset, 0, "damaged", f"the length of the record at byte {offset} does not lead to the next one")
    return Member(offset, size + newlines, content + following[:newlines])


def _newlines(file: BinaryIO, offset: int) -> int:
    file.seek(offset)
    following = file.read(16)
    return len(following) - len(following.lstrip(b"\r\n"))


def _too_large(offset: int, length: int, size: int, limit: int) -> Damage:
    return Damage(offset, length, "too-large", f"the record at byte {offset} holds {size} bytes; more than {limit} are not read")


def walk(path: Path, *, start: int = 0) -> Iterator[Member | Damage]:
    """Every record of the file in order, and every stretch that is none; after a damaged gzip member goes on at the next true one.

    With `start`, a byte at which a record begins: the first record (the warcinfo), then those from there on.
    """
    with path.open("rb", buffering=0) as file:
        offset, mark = 0, b""
        while (found := read_member(file, offset)) is not None:
            if isinstance(found, Member):
                if offset == 0:
                    mark = _own_mark(found.content)
                yield found
                offset = max(offset + found.length, start)
                continue
            end = offset + found.length if found.length else _next_record(file, offset + 1, mark)
            yield Damage(offset, end - offset, found.code, found.message)
            offset = max(end, start)


def whole_length(path: Path) -> tuple[int, int]:
    """`(records, bytes)` up to the first place that is no whole record: what a writer that was killed has safely left."""
    count = length = 0
    for found in walk(path):
        if isinstance(found, Damage) and found.code != "too-large":
            break
        count, length = count + 1, found.offset + found.length
    return count, length


def _own_mark(content: bytes) -> bytes:
    """The id of our own warcinfo record, which each of our records names; empty for other tools' files."""
    own = f"\n{RUN_FIELD}: ".encode() in content and _OWN_ID.search(content)
    return own[1] if own else b""


def _next_record(file: BinaryIO, offset: int, mark: bytes) -> int:
    """Where the next record begins, packed or not, or the file's end.

    A page may hold gzip members of its own making, so in our files only a record that names our warcinfo counts.
    """
    file.seek(offset - 1)
    window = b""
    while chunk := file.read(_CHUNK):
        window += chunk
        base = file.tell() - len(window)
        for found in _STARTS.finditer(window):
            at = base + found.start()
            if found[0] == GZIP_MAGIC:
                if at >= offset and _starts_record(file, at, mark):
                    return at
            elif not mark and at + 1 >= offset:
                return at + 1
        file.seek(base + len(window))
        window = window[-_LOOK_BACK:]
    return file.tell()


def _starts_record(file: BinaryIO, offset: int, mark: bytes) -> bool:
    file.seek(offset)
    try:
        head = zlib_ng.decompressobj(zlib_ng.MAX_WBITS + 16).decompress(file.read(4096), 4096)
    except BROKEN:
        return False
    end = HEAD_END.search(head)
    if LINE.match(head):
        return not mark
    return head.startswith(b"WARC/") and mark in head[: end.start() if end else None]
