"""A file of JSON lines that people's decisions are kept in, only ever added to: one object a line, whole or not at all. Knows no meaning."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from rabat_crawler.errors import ArchiveCorrupt, DiskFull

MAX_LINE = 65536
"""Bytes of a line; a longer one is not written, for what a kill left of it could not be told from whole lines."""


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, empty ones left out; none if there is no file. ArchiveCorrupt if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveCorrupt(f"{path} cannot be read ({error}); restore it from a backup") from error
    lines = text.split("\n")
    if lines and lines[-1]:
        lines.pop()  # what a full disk or a kill left half written was never said to be kept
    yield from ((number, line) for number, line in enumerate(lines, 1) if line)


def append_line(path: Path, values: Mapping[str, Any], noun: str) -> None:
    """Write an object at the end, flushed to disk. DiskFull if there is no room; then nothing is added. `noun`: what it is, for the message."""
    line = (json.dumps(values, ensure_ascii=False, sort_keys=True) + "\n").encode()
    if len(line) > MAX_LINE:
        raise ValueError(f"{len(line)} bytes are too many for a line of {path.name}")
    try:
        with path.open("ab+") as file:
            end = _cut_half_line(file, file.seek(0, os.SEEK_END))
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {path.parent} is full; the {noun} was not kept: free space and run the command again") from error
        raise


def _cut_half_line(file: BinaryIO, end: int) -> int:
    """Take away a line without its end, so that the next one stands by itself; where the file ends then."""
    start = max(0, end - MAX_LINE)
    file.seek(start)
    tail = file.read(end - start)
    kept = start + tail.rfind(b"\n") + 1
    if kept != end:
        file.truncate(kept)
    return kept
