"""The entries of a ZIP file by their own headers, also where its directory is gone or a checksum is wrong: whatever bytes are there are given."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_MAGIC = b"PK\x03\x04"
_WIDE = 0xFFFFFFFF
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Rest:
    """An entry as its local header describes it; its bytes begin at `start`."""

    entry: zipfile.ZipInfo
    start: int


def entries_left(file: BinaryIO) -> Iterator[Rest]:
    """The entries from the start of the file up to the first that does not say how long it is; the last may be cut."""
    offset = 0
    for _ in range(MAX_ENTRIES):
        file.seek(offset)
        head = file.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(_MAGIC):
            return
        _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(head)
        name, extra = file.read(name_length).decode("utf-8", "replace"), file.read(extra_length)
        if _WIDE in (packed, size):
            size, packed = _wide(extra)
        if flags & 8 and not packed:
            return
        entry = zipfile.ZipInfo(name)
        entry.header_offset, entry.flag_bits, entry.compress_type, entry.CRC = offset, flags, method, crc
        entry.compress_size, entry.file_size, entry.external_attr = packed, size, stat.S_IFREG << 16
        start = offset + _LOCAL.size + name_length + extra_length
        yield Rest(entry, start)
        offset = start + packed


def begin_of(file: BinaryIO, entry: zipfile.ZipInfo) -> Rest | None:
    """Where the bytes of an entry of the directory begin; None if its own header is not there."""
    file.seek(entry.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(_MAGIC):
        return None
    *_, name_length, extra_length = _LOCAL.unpack(head)
    return Rest(entry, entry.header_offset + _LOCAL.size + name_length + extra_length)


def _wide(extra: bytes) -> tuple[int, int]:
    """Size and packed size from the ZIP64 field, 0 if there is none."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1 and length >= 16 and at + 20 <= len(extra):
            size, packed = struct.unpack_from("<QQ", extra, at + 4)
            return int(size), int(packed)
        at += 4 + length
    return 0, 0


class RestStream:
    """The bytes of such an entry, up to its end, a break, or the file's end; `whole` tells if all of them were there."""

    def __init__(self, file: BinaryIO, rest: Rest) -> None:
        self._file, self._at, self._left = file, rest.start, rest.entry.compress_size
        self._room, self._sum, self._expected = rest.entry.file_size, 0, rest.entry.CRC
        self._decoder = zlib.decompressobj(-zlib.MAX_WBITS) if rest.entry.compress_type == zipfile.ZIP_DEFLATED else None
        self._waiting = b""
        self.ended = False

    @property
    def whole(self) -> bool:
        """True once every byte was given and the checksum is right."""
        return not self._room and self._sum == self._expected

    def read(self, size: int) -> bytes:
        """Some bytes, b"" at the end."""
        size = min(size, 1 << 16, self._room)
        piece = b""
        while size and not piece:
            if not self._waiting:
                self._file.seek(self._at)
                self._waiting = self._file.read(min(self._left, 1 << 16))
                self._at, self._left = self._at + len(self._waiting), self._left - len(self._waiting)
                if not self._waiting:
                    break
            try:
                piece, self._waiting = self._unpacked(size)
            except zlib.error:
                break
        self.ended = self.ended or not piece
        self._room -= len(piece)
        self._sum = zlib.crc32(piece, self._sum)
        return piece

    def _unpacked(self, size: int) -> tuple[bytes, bytes]:
        if self._decoder is None:
            return self._waiting[:size], self._waiting[size:]
        piece = self._decoder.decompress(self._waiting, size)
        return piece, self._decoder.unconsumed_tail
