"""Writing WACZ 1.1.1 files: a ZIP with a manifest of SHA-256 digests, entry after entry, each streamed; the same entries give the same bytes.

Knows nothing of captures or items. The index is compressed in blocks with a table of contents (ZipNum), so that a player reads the block it needs.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from zlib_ng import zlib_ng

from rabat_crawler.archive.wacz import MANIFEST, MANIFEST_DIGEST

WACZ_VERSION = "1.1.1"
INDEX, CONTENTS = "indexes/index.cdx.gz", "indexes/index.idx"
LINES_A_BLOCK = 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TIME_FIELD = struct.pack("<HHBl", 0x5455, 5, 1, 315_532_800)
"""The same time as an extra field of each entry. Its header has another one, for 64-bit sizes; ReplayWeb.page looks for that only where the directory has any."""
_LEVEL = 6
_UNIX = 3


class Entry:
    """An entry being written; its size and digest grow with it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._digest = stream, hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes, /) -> int:
        """Take the bytes."""
        self._digest.update(piece)
        self.size += len(piece)
        return self._stream.write(piece)

    @property
    def sha256(self) -> str:
        """The digest of what was written so far, in hex."""
        return self._digest.hexdigest()


class WaczWriter:
    """A WACZ file at `path`, which must not exist. Use it as a context manager: the manifest, with `described`, is written when the block ends well.

    OSError as the system gives it; what is there then is no whole file, and the caller's to remove.
    """

    def __init__(self, path: Path, described: Mapping[str, Any]) -> None:
        self._described = dict(described)
        self._zip = zipfile.ZipFile(path, "x", allowZip64=True)
        self._resources: list[dict[str, Any]] = []

    @contextmanager
    def entry(self, name: str, *, packed: bool = False) -> Iterator[Entry]:
        """A new entry of any size, written piece by piece: stored, so that a player can read parts of it, or `packed`."""
        with self._open(name, packed=packed) as stream:
            entry = Entry(stream)
            yield entry
        self._resources.append({"name": name.rpartition("/")[2].lower(), "path": name, "hash": f"sha256:{entry.sha256}", "bytes": entry.size})

    def _open(self, name: str, *, packed: bool) -> IO[bytes]:
        told = zipfile.ZipInfo(name, _EPOCH)
        told.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        told._compresslevel = _LEVEL  # type: ignore[attr-defined]  # zipfile knows no other way for an entry that is streamed
        told.create_system, told.external_attr, told.extra = _UNIX, 0o644 << 16, _TIME_FIELD
        return self._zip.open(told, "w", force_zip64=True)

    def lines(self, name: str, values: Iterable[Mapping[str, Any]]) -> int:
        """An entry of JSON lines; how many."""
        count = 0
        with self.entry(name, packed=True) as entry:
            for value in values:
                entry.write(as_line(value))
                count += 1
        return count

    def index(self, lines: Iterable[bytes]) -> int:
        """The index from sorted CDXJ lines, each with its line end; how many."""
        contents = [f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': INDEX.rpartition('/')[2]})}\n".encode()]
        count = offset = 0
        with self.entry(INDEX) as entry:
            for block in _blocks(lines):
                packed = _gzipped(b"".join(block))
                entry.write(packed)
                contents.append(_content_line(block[0], offset, packed))
                offset, count = offset + len(packed), count + len(block)
        with self.entry(CONTENTS, packed=True) as entry:
            for line in contents:
                entry.write(line)
        return count

    def _finish(self) -> None:
        manifest = {"profile": "data-package", "wacz_version": WACZ_VERSION, **self._described, "resources": self._resources}
        raw = (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
        digest = {"path": MANIFEST, "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
        for name, content in ((MANIFEST, raw), (MANIFEST_DIGEST, (json.dumps(digest, indent=2) + "\n").encode())):
            with self._open(name, packed=True) as stream:
                stream.write(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._zip.close()


def as_line(value: Mapping[str, Any]) -> bytes:
    """A value as one JSON line; what no text can hold becomes a question mark."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _blocks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) >= LINES_A_BLOCK:
            yield block
            block = []
    if block:
        yield block


def _content_line(first: bytes, offset: int, packed: bytes) -> bytes:
    """Where a block begins: the key and time of its first line, then its place, length and digest."""
    key = b" ".join(first.split(b" ", 2)[:2])
    place = {"offset": offset, "length": len(packed), "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}", "filename": INDEX.rpartition("/")[2]}
    return key + b" " + json.dumps(place).encode() + b"\n"


def _gzipped(content: bytes) -> bytes:
    packer = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(content) + packer.flush()
