"""Sealing what a killed run left open: whole records stay where they are, a cut tail is set aside. Never deletes captured bytes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rabat_crawler.archive.members import whole_length
from rabat_crawler.archive.warc_check import closing_state
from rabat_crawler.archive.warc_read import OPEN_SUFFIX
from rabat_crawler.archive.warc_write import WARC_SUFFIX, RoomFor, closing_record, sync_directory
from rabat_crawler.errors import RecordError

TAIL_SUFFIX = ".tail"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that a killed run had left open: its final name, the records kept, the bytes set aside in `<file>.tail`."""

    file: str
    kept: int
    cut_bytes: int


def seal_open_files(directory: Path) -> tuple[Sealed, ...]:
    """Closes the files that a killed run left open: whole records stay, a cut tail is moved to `<name>.tail`, the file gets its final name.

    To be called by the only writer, before it writes. A file without a whole record is set aside altogether.
    """
    return tuple(_seal(path) for path in sorted(directory.glob("*" + WARC_SUFFIX + OPEN_SUFFIX)))


def _seal(path: Path) -> Sealed:
    final = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
    if final.exists():
        raise RecordError(f"both {path} and {final.name} exist; move one of them away", file=final.name, offset=0)
    kept, whole = whole_length(path)
    cut = path.stat().st_size - whole
    with RoomFor(path):
        if cut:
            _set_aside(path, whole, final)
        _finish(path, whole, kept)
    if whole:
        path.rename(final)
    else:
        path.unlink()
    sync_directory(path.parent)
    return Sealed(final.name, kept, cut)


def _set_aside(path: Path, whole: int, final: Path) -> None:
    """Copies the tail to a file of its own, safely on disk before anything is cut."""
    number = 0
    while (tail := final.with_name(f"{final.name}{TAIL_SUFFIX}{f'.{number}' if number else ''}")).exists():
        number += 1
    try:
        with path.open("rb") as source, tail.open("xb") as target:
            source.seek(whole)
            while chunk := source.read(1 << 20):
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except OSError:
        tail.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def _finish(path: Path, whole: int, kept: int) -> None:
    """Cuts the file to its whole records and closes it; without room for the closing record it is left for another time."""
    closing = memoryview(_closing(path, whole, kept) if whole else b"")
    fd = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, whole)
        try:
            done = 0
            while done < len(closing):  # cut short by another kill, it is set aside by the next sealing
                done += os.pwrite(fd, closing[done:], whole + done)
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, whole)
            raise
    finally:
        os.close(fd)


def _closing(path: Path, whole: int, kept: int) -> bytes:
    """The closing record that the file announces; none if it announces none, or has it already."""
    announced, closed = closing_state(path, whole)
    return closing_record(announced, kept, "after a kill", now=datetime.now(UTC)) if announced and not closed else b""
