"""Snapshots of an archive's database under `state/room/`: consistent, never changed, made while a crawl may write; the live file is never served.

A snapshot is named after the state that it shows. Whoever reads one holds a shared lock on it, so that another process never removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from rabat_crawler.archive import schema
from rabat_crawler.archive.api import DATABASE, Archive
from rabat_crawler.archive.lock import alive, lock_holder
from rabat_crawler.errors import RabatError

FOLDER = "room"


class Snapshot:
    """A database file that is held while somebody reads it."""

    def __init__(self, path: Path, state: str) -> None:
        self.path, self.state = path, state
        self.readers = 0
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let the file be removed by whoever clears the folder; a second call does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Snapshots:
    """The snapshot of an archive that is in use, and those that readers have not left yet. Safe to use from several threads."""

    def __init__(self, archive: Path) -> None:
        """Take the first snapshot, or the one that is there if it shows the present state. ArchiveMissing, ArchiveCorrupt, DiskFull as for `Archive`."""
        self.archive = archive
        Archive.open(archive).close()  # says what is wrong with it
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.folder = self._writable_folder()
        self._lock = threading.Lock()
        self._left: list[Snapshot] = []
        self.current = self._take(state_of(archive))
        self._clear()

    def renew(self) -> bool:
        """Take a new snapshot if the archive has changed and nobody is writing to it; True if there is a new one."""
        if lock_holder(self.archive / "state") is not None:
            return False
        state = state_of(self.archive)  # after the look at the lock, so that what was written last is part of it
        if state == self.current.state:
            return False
        fresh = self._take(state)
        with self._lock:
            self._left.append(self.current)
            self.current = fresh
        self._clear()
        return True

    @contextlib.contextmanager
    def lease(self) -> Iterator[Path]:
        """The snapshot in use, which stays where it is until the block ends."""
        with self._lock:
            held = self.current
            held.readers += 1
        try:
            yield held.path
        finally:
            with self._lock:
                held.readers -= 1
                idle = held.readers == 0 and held is not self.current
            if idle:
                self._clear()

    def close(self) -> None:
        """Release every file; the last snapshot stays for the next start."""
        with self._lock:
            for held in (*self._left, self.current):
                held.release()
            self._left = []
        if self._temporary is not None:
            self._temporary.cleanup()

    def _writable_folder(self) -> Path:
        """`state/room/`, or a temporary folder where the archive cannot be written to, such as a backup on a disk for reading."""
        folder = self.archive / "state" / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            self._temporary = tempfile.TemporaryDirectory(prefix="rabat-room-")
            return Path(self._temporary.name)

    def _take(self, state: str) -> Snapshot:
        path = self.folder / f"rabat-{state}.db"
        with contextlib.suppress(OSError):  # there is none, or another process cleared it away just now
            held = Snapshot(path, state)
            if path.exists():
                return held
            held.release()
        partial = self.folder / f"{path.name}.{os.getpid()}.partial"
        partial.unlink(missing_ok=True)
        try:
            copy_database(self.archive / DATABASE, partial)
            held = Snapshot(partial, state)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        held.path = path
        return held

    def _clear(self) -> None:
        """Remove what nobody reads any more: snapshots that were left, and those of servers that are gone."""
        with self._lock:
            for held in [one for one in self._left if one.readers == 0]:
                held.release()
                self._left.remove(held)
            kept = {self.current.path, *(held.path for held in self._left)}
        for path in self.folder.glob("rabat-*"):
            if path not in kept:
                _remove_unless_held(path)


def remove_unused(folder: Path) -> None:
    """Remove the snapshots that nobody reads."""
    for path in folder.glob("rabat-*"):
        _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    """Partial files are held by nobody while they are made: those of living processes are left alone."""
    parts = path.name.rsplit(".", 2)
    if parts[-1] == "partial" and parts[-2].isdigit() and alive(int(parts[-2])):
        return
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(handle)


def state_of(archive: Path) -> str:
    """A short name of the database's present state, from its files' identities, sizes and times: another one after every change. No file is read."""
    marks: list[int] = []
    for name in (DATABASE, f"{DATABASE}-wal"):
        try:
            found = (archive / name).stat()
        except OSError:
            continue
        if found.st_size:  # an empty log says nothing, and readers make one
            marks += [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns]
    return hashlib.sha256(repr((schema.VERSION, marks)).encode()).hexdigest()[:16]


def copy_database(database: Path, target: Path) -> None:
    """A consistent copy of a database with a rollback journal, made in one read while others may write. ArchiveCorrupt, DiskFull, ArchiveLocked."""
    with schema.translated(database):
        connection = sqlite3.connect(schema.reading(database), uri=True, isolation_level=None, timeout=10.0)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.OperationalError as error:
            if "output file already exists" in str(error):
                raise RabatError(f"{target} exists already; remove it and try again") from error
            raise
        finally:
            connection.close()
