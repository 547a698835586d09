"""The fixity log `fixity/log.jsonl`: which closed WARC file had which SHA-256 when, and what was found. Lines are only ever appended.

A WARC file never changes once closed, so a file whose bytes are not those of an earlier line is damaged even if every gzip member is sound.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rabat_crawler.errors import ConfigError

FIXITY_DIR = "fixity"
LOG_NAME = "log.jsonl"
ERASED = "takedown --erase"
"""The command of a line that says which bytes a file has since a record in it was erased: what came before counts no more."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: `time` of the check (ISO 8601 UTC), `file` in `warc/`, its `size` and `sha256`, codes of the `faults` found, and the command."""

    time: str
    file: str
    size: int
    sha256: str
    faults: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the log says of one file: its first line, its first line without a fault (None if there is none), its last line."""

    first: Entry
    sound: Entry | None
    last: Entry


def log_path(archive: Path) -> Path:
    """Where the log of an archive lies. Not in `state/`, which may be deleted: nothing else remembers these digests."""
    return archive / FIXITY_DIR / LOG_NAME


def file_digest(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 (hex) of a file, as read now."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def read_entries(path: Path) -> Iterator[Entry]:
    """The lines of a log in their order, none if there is no log. A line that a kill or a full disk cut is passed over."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    for line in text.split("\n"):
        try:
            values = json.loads(line)
            yield Entry(**{**values, "faults": tuple(values["faults"])})
        except (ValueError, TypeError, KeyError):
            continue


def histories(path: Path) -> dict[str, History]:
    """What the log says of each file that it knows."""
    known: dict[str, History] = {}
    for entry in read_entries(path):
        earlier = known.get(entry.file) if entry.command != ERASED else None
        first = earlier.first if earlier else entry
        sound = (earlier.sound if earlier else None) or (None if entry.faults else entry)
        known[entry.file] = History(first=first, sound=sound, last=entry)
    return known


def was_erased(history: History | None, sha256: str) -> bool:
    """True if these are the bytes that the file has since a record in it was erased."""
    return history is not None and history.first.command == ERASED and history.first.sha256 == sha256


def differs(history: History | None, sha256: str, *, faulty: bool) -> Entry | None:
    """The earlier line that these bytes contradict, or None.

    That is the first line without a fault. Where every line has one, sound bytes are a repair, and faulty ones must be those of the first line.
    """
    if history is None:
        return None
    expected = history.sound or (history.first if faulty else None)
    return expected if expected is not None and expected.sha256 != sha256 else None


def missing(known: Mapping[str, History], present: Mapping[str, str]) -> Iterator[Entry]:
    """The last lines of files that the log knows and the folder lacks; `present` is name to SHA-256. A renamed file is not missing."""
    digests = set(present.values())
    for name, history in sorted(known.items()):
        if name not in present and (history.sound or history.last).sha256 not in digests:
            yield history.last


def append(path: Path, entries: Sequence[Entry]) -> None:
    """Add lines, flushed to the disk, all or none: one append under a lock of its own, so that the archive's write lock is not needed.

    OSError if the log cannot be written (no rights, no room); ConfigError if `fixity` is no folder.
    """
    if not entries:
        return
    try:
        path.parent.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise ConfigError(f"{path.parent} is a file, the fixity log needs a folder of that name; move the file away") from error
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _append_whole(handle, _lines(entries))
    finally:
        os.close(handle)


def _lines(entries: Iterable[Entry]) -> bytes:
    return "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries).encode()


def _append_whole(handle: int, lines: bytes) -> None:
    before = os.fstat(handle).st_size
    if before and os.pread(handle, 1, before - 1) != b"\n":
        lines = b"\n" + lines  # a line that was cut stays what it is, a line of its own
    try:
        written = os.write(handle, lines)
        if written < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise
