"""A backup of an archive while others write to it: databases through SQLite, then WARC files, a manifest, one rename. Needs no write lock.

What happens to the archive cannot happen to a backup: files are shared (hard links) between backups only, never with the archive.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rabat_crawler import __version__
from rabat_crawler.archive import backup_set, decisions, fixity, schema, store, takedowns
from rabat_crawler.archive.backup_earlier import Earlier
from rabat_crawler.archive.backup_set import DESCRIPTION, FORMAT, MANIFEST, Made
from rabat_crawler.archive.faults import Fault
from rabat_crawler.archive.members import whole_length
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.verify_rows import sqlite_faults
from rabat_crawler.archive.warc_read import OPEN_SUFFIX
from rabat_crawler.errors import ArchiveCorrupt, ConfigError, DiskFull

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

DATABASE = "rabat.db"
FRONTIER = "state/frontier.db"
LASTING = ("warc/", "runs/", "fixity/", decisions.LOG_NAME, takedowns.LOG_NAME)
"""What is never deleted from an archive."""

_CHUNK = 1 << 20
UNTOUCHED = "nothing was backed up, earlier backups are untouched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made: its folder, what it holds, what it shares with the one before, backups deleted for it, faults met in the archive."""

    path: Path
    files: int
    bytes: int
    bytes_written: int
    linked: int
    counts: dict[str, int]
    removed: tuple[str, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def back_up(archive: Archive, directory: Path, *, keep: int | None, now: datetime, progress: Progress) -> Backup:
    """Make a backup in `directory`, which may hold others. With a fault in the archive it is made all the same, but none is deleted for it."""
    if keep is not None and keep < 1:
        raise ConfigError(f"{keep} backups cannot be kept; give 1 or more")
    _check_place(archive, directory)
    with backup_set.explained(directory, UNTOUCHED):
        directory.mkdir(parents=True, exist_ok=True)
        with backup_set.locked(directory):
            backup_set.remove_partials(directory)
            owner = str(archive.path.resolve())
            earlier = [made for made in backup_set.backups_in(directory) if made.archive == owner]
            name = backup_set.new_name(directory, now)
            copying = _write(archive, directory / name, Earlier(earlier, now), now, progress)
            removed = _remove_oldest(earlier, keep, copying) if keep is not None and not copying.faults else ()
    return Backup(
        path=directory / name,
        files=len(copying.digests),
        bytes=sum(copying.sizes.values()),
        bytes_written=sum(size for file, size in copying.sizes.items() if file not in copying.linked),
        linked=len(copying.linked),
        counts=copying.counts,
        removed=removed,
        faults=tuple(copying.faults),
        notes=tuple(copying.notes),
    )


def _check_place(archive: Archive, directory: Path) -> None:
    """A backup inside what it is a backup of would be lost with it, and the archive inside a folder of backups might be pruned with them."""
    if directory.exists() and not directory.is_dir():
        raise ConfigError(f"{directory} is a file; backup takes a folder")
    place, root = directory.resolve(), archive.path.resolve()
    if place.is_relative_to(root) or root.is_relative_to(place) or place.is_relative_to(archive.warc_dir.resolve()):
        raise ConfigError(f"{directory} and the archive {archive.path} lie within each other; give a folder elsewhere, at best on another disk")


def _write(archive: Archive, final: Path, earlier: Earlier, now: datetime, progress: Progress) -> _Copying:
    partial = final.with_name(backup_set.partial_name(final.name))
    partial.mkdir()
    try:
        copying = _Copying(archive, partial, earlier, now)
        copying.copy_all(progress)
        backup_set.sync_tree(partial)
        partial.rename(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)  # on a full disk it would take the room that is wanted
        raise
    backup_set.sync_path(final.parent)
    return copying


def _remove_oldest(earlier: list[Made], keep: int, copying: _Copying) -> tuple[str, ...]:
    """Delete all but the `keep` - 1 newest of the earlier backups; the new one, whole by now, is the last of the `keep`."""
    removed = []
    for made in earlier[: max(0, len(earlier) - keep + 1)]:
        try:
            backup_set.remove(made)
            removed.append(made.path.name)
        except OSError as error:
            copying.notes.append(f"the old backup {made.path} could not be deleted: {error.strerror or error}")
    return tuple(removed)


class _Copying:
    """One backup while it is written.

    The order is what makes it consistent while a crawl goes on. A crawl writes the WARC record first, then its row, then the frontier's; so here
    the databases are copied first and the WARC files after them: each row then has its record. Records that came in between have no
    row, and opening a restored archive reads them; a row without its record could not be mended. For the same reason the fixity log, which
    names WARC files, is copied before them, and the files of the runs after the rows of the runs.
    """

    def __init__(self, archive: Archive, folder: Path, earlier: Earlier, now: datetime) -> None:
        self.archive, self.folder, self.earlier, self.now = archive, folder, earlier, now
        self.known = fixity.histories(fixity.log_path(archive.path))
        self.digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.live: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.linked: set[str] = set()

    def copy_all(self, progress: Progress) -> None:
        """Everything, in the order that the class explains; at last the description and the manifest."""
        for name in ("warc", "runs", "state", "fixity"):
            (self.folder / name).mkdir()
        self._copy_database()
        self._copy_frontier()
        if fixity.log_path(self.archive.path).is_file():
            self._copy(fixity.log_path(self.archive.path), f"{fixity.FIXITY_DIR}/{fixity.LOG_NAME}")
        for name in (decisions.LOG_NAME, takedowns.LOG_NAME):
            if (self.archive.path / name).is_file():
                self._copy(self.archive.path / name, name)
        folder = self.archive.warc_dir
        paths = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
        for number, path in enumerate(paths, 1):
            self._copy_warc(path)
            progress("WARC files", number, len(paths))
        self._check_rows()
        for path in sorted(self.archive.runs_dir.glob("*.json")):
            self._copy(path, f"runs/{path.name}")
        self._carry_over()
        self.faults += self.earlier.faults
        self._describe()

    # Databases

    def _copy_database(self) -> None:
        self._vacuum(self.archive.database, DATABASE)
        with contextlib.closing(_read_only(self.folder / DATABASE)) as copy:
            faults = sqlite_faults(copy)
            if any(fault.code == "integrity" for fault in faults):
                raise ArchiveCorrupt(
                    f"the copy of {self.archive.database} is damaged ({faults[0].message}); {UNTOUCHED}: "
                    f"run rabat-crawler verify, then rabat-crawler rebuild --archive {self.archive.path}"
                )
            self.faults += faults
            self.counts = store.count_rows(copy)
            self.ends = dict(copy.execute("SELECT warc_file, max(offset + length) FROM captures GROUP BY warc_file"))

    def _copy_frontier(self) -> None:
        """The crawl's frontier, if there is one. It can be made anew by crawling, so a damaged one does not stop the backup."""
        source = self.archive.path / FRONTIER
        if not source.is_file():
            return
        try:
            self._vacuum(source, FRONTIER)
            with contextlib.closing(_read_only(self.folder / FRONTIER)) as copy:
                found = sqlite_faults(copy, where=FRONTIER)
        except ArchiveCorrupt as error:
            found = [Fault(where=FRONTIER, place="", code="integrity", message=f"the frontier is damaged and was left out ({error.__cause__})")]
        if any(fault.code == "integrity" for fault in found):
            self._forget(FRONTIER)
        self.faults += found

    def _vacuum(self, source: Path, name: str) -> None:
        """A consistent copy as one file without log, of one moment, while others write."""
        target = self.folder / name
        with schema.translated(source), contextlib.closing(_read_only(source)) as connection:
            try:
                connection.execute("VACUUM INTO ?", (str(target),))
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL or "disk is full" in str(error):
                    raise DiskFull(f"the disk of {self.folder.parent} is full; {UNTOUCHED}: free space and run the command again") from error
                raise
        self._keep_as_it_lies(name)

    # WARC files

    def _copy_warc(self, path: Path) -> None:
        if path.name.endswith(OPEN_SUFFIX):
            try:
                self._copy_open(path)
                return
            except FileNotFoundError:  # closed in the meantime
                path = path.with_name(path.name.removesuffix(OPEN_SUFFIX))
                if f"warc/{path.name}" in self.digests:
                    return
        self._copy_closed(path)

    def _copy_open(self, path: Path) -> None:
        """A file that a run is writing, up to its last whole record: cut in the copy, where nobody writes."""
        name = f"warc/{path.name}"
        self._copy(path, name)
        target = self.folder / name
        _, whole = whole_length(target)
        if not whole:
            self._forget(name)
        elif whole < self.sizes[name]:
            os.truncate(target, whole)
            self._keep_as_it_lies(name)

    def _copy_closed(self, path: Path) -> None:
        """A closed file never changes: what the backup before holds is shared if size and time are those it saw, and copied and compared if not."""
        name, found = f"warc/{path.name}", path.stat()
        seen = {"size": found.st_size, "mtime_ns": found.st_mtime_ns}
        expected, before = self.earlier.digests.get(name), self.earlier.saw(name)
        if before == {**seen, "sha256": expected} and self.earlier.is_sound(name) and self._link(name):
            self.live[name] = {**seen, "sha256": expected}
            return
        digest = self._copy(path, name)
        if fixity.was_erased(self.known.get(path.name), digest):
            self.live[name] = {**seen, "sha256": digest}
            return  # its bytes changed because something in it was erased: the earlier ones are not to be kept
        if expected is None:
            self._compare_with_log(path.name, digest)
        elif digest != expected:
            self._report_changed(path.name)
        if self.earlier.is_sound(name, whole=True) and not self._link(name) and digest != expected:
            self._forget(name)
            self._copy(self.earlier.copy_of(name), name)
        self.live[name] = {**seen, "sha256": self.digests[name]}

    def _compare_with_log(self, file: str, digest: str) -> None:
        known = fixity.differs(self.known.get(file), digest, faulty=False)
        if known is not None:
            said = f"its bytes are not those of {known.time} (fixity log), and no earlier backup here holds it; run verify"
            self.faults.append(Fault(where=file, place="", code="fixity", message=said))

    def _report_changed(self, file: str) -> None:
        said = (
            f"its bytes are not those in {self.earlier.path}, though a closed WARC file never changes; this backup keeps the earlier bytes. "
            "Run verify, and put the earlier file back (if the change was meant: back up to a new folder)"
        )
        self.faults.append(Fault(where=file, place="", code="fixity", message=said))

    def _link(self, name: str) -> bool:
        """Share the earlier backup's copy, in the place of one that may be there; False where the file system has no hard links."""
        beside = self.folder / f"{name}.link"
        try:
            os.link(self.earlier.copy_of(name), beside, follow_symlinks=False)
        except OSError:
            return False
        beside.replace(self.folder / name)
        self.digests[name], self.sizes[name] = self.earlier.digests[name], (self.folder / name).stat().st_size
        self.linked.add(name)
        return True

    def _check_rows(self) -> None:
        """Each file that a row of the copied database names is in the backup and reaches to its last row."""
        for file, end in self.ends.items():
            name, live = f"warc/{file}", self.archive.warc_dir / file
            if self._held(name) is None and live.is_file():
                self._copy_closed(live)  # closed while the folder was being listed
            size = self._held(name)
            if size is not None and size < end:
                said = f"the file ends at byte {size}, but rows reach to byte {end}; put it back from an earlier backup"
                self.faults.append(Fault(where=file, place=f"byte {size}", code="no_record", message=said))
            elif size is None and name not in self.earlier.digests:
                self.faults.append(Fault(where=file, place="", code="no_file", message="the file is missing, and in no earlier backup here"))

    def _held(self, name: str) -> int | None:
        return self.sizes.get(name, self.sizes.get(name + OPEN_SUFFIX))

    def _carry_over(self) -> None:
        """What the archive has lost stays in the backups: closed WARC files, runs, the fixity log. A file that was only renamed is there already."""
        held = set(self.digests.values())
        for name, digest in self.earlier.digests.items():
            if not name.startswith(LASTING) or name.endswith(OPEN_SUFFIX) or name in self.digests or digest in held:
                continue
            if self.earlier.is_sound(name, whole=True) and not self._link(name):
                self._copy(self.earlier.copy_of(name), name)
            if (seen := self.earlier.saw(name)) and name in self.digests:
                self.live[name] = seen
            said = f"the file is missing from the archive; put it back from {self.earlier.path}"
            self.faults.append(Fault(where=name.removeprefix("warc/"), place="", code="no_file", message=said))

    # Files

    def _copy(self, source: Path, name: str) -> str:
        """Copy a file; its SHA-256 is that of the bytes read, so that a copy that came to lie wrong on the disk is found."""
        digest, size = hashlib.sha256(), 0
        with source.open("rb", buffering=0) as reading, (self.folder / name).open("xb") as writing:
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                size += writing.write(chunk)
        self._keep(name, size, digest.hexdigest())
        return self.digests[name]

    def _keep_as_it_lies(self, name: str) -> None:
        self._keep(name, *fixity.file_digest(self.folder / name))

    def _keep(self, name: str, size: int, digest: str) -> None:
        """Take a file that lies in the backup into the manifest, flushed to the disk; it is not to be written again."""
        self.sizes[name], self.digests[name] = size, digest
        target = self.folder / name
        with contextlib.suppress(PermissionError):  # a file system without rights
            target.chmod(0o444)
        backup_set.sync_path(target)

    def _forget(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)
        self.sizes.pop(name, None)
        self.digests.pop(name, None)

    def _describe(self) -> None:
        values = {
            "format": FORMAT,
            "version": 1,
            "created": moment(self.now),
            "archive": str(self.archive.path.resolve()),
            "software": {"rabat_crawler": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
            "counts": self.counts,
            "files": len(self.digests),
            "bytes": sum(self.sizes.values()),
            "live": self.live,
            "faults": [f"{fault.where} {fault.place}: {fault.code}: {fault.message}" for fault in self.faults],
        }
        (self.folder / DESCRIPTION).write_text(json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        self._keep_as_it_lies(DESCRIPTION)
        (self.folder / MANIFEST).write_text(backup_set.manifest_text(self.digests), encoding="utf-8")
        backup_set.sync_path(self.folder / MANIFEST)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(schema.reading(path), uri=True, isolation_level=None, timeout=10.0)
