"""An archive from a backup: every byte against the manifest while it is copied beside, one rename, then opened and verified."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rabat_crawler.archive import backup_set
from rabat_crawler.archive.api import Archive, Progress, silent
from rabat_crawler.archive.backup_set import DESCRIPTION, MANIFEST, Made
from rabat_crawler.archive.faults import Report
from rabat_crawler.archive.lock import WriteLock
from rabat_crawler.archive.verify import verify
from rabat_crawler.errors import ConfigError, FixityError

PARTS = ("warc", "runs", "rabat.db", "state", "fixity", "decisions.jsonl", "takedowns.jsonl")
BYSTANDERS = ("README.md",)
"""What may lie in a folder that is to become the archive; it stays there."""

NAMED = 10
NOTHING = "nothing was restored"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put in place: the backup, the archive, files and bytes, rows, what opening did, and what verify then said."""

    backup: Path
    archive: Path
    files: int
    bytes: int
    counts: dict[str, int]
    notes: tuple[str, ...]
    report: Report


def restore(source: str | os.PathLike[str], target: str | os.PathLike[str], *, now: datetime | None = None, progress: Progress = silent) -> Restored:
    """Make the archive folder `target` from the backup `source`, or from the newest whole one in it; then open it for writing once, and verify.

    Raises FixityError (files of the backup are not what its manifest says: they are named, and nothing is put in place), ConfigError
    (no backup there, or the target holds something), DiskFull, ArchiveLocked (another restore to the same place).
    """
    made = choose(Path(source))
    place = Path(target)
    _check_target(place)
    if place.resolve().is_relative_to(made.path):
        raise ConfigError(f"{place} lies within the backup {made.path}; give a folder elsewhere with --archive NEW")
    with backup_set.explained(place, NOTHING):
        files, size = _put(made.path, place, progress)
    with Archive.open(place, write=True, progress=progress) as archive:
        report = verify(archive, progress, now=now, command="restore")
        return Restored(backup=made.path, archive=place, files=files, bytes=size, counts=archive.counts(), notes=tuple(archive.notes), report=report)


def choose(folder: Path) -> Made:
    """The backup meant: the folder itself, or the newest whole one in it. ConfigError says what the folder is instead."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} is {'a file' if folder.exists() else 'not there'}; restore takes a backup, or a folder of backups")
    path = folder.resolve()
    with backup_set.explained(folder, NOTHING):
        made = backup_set.read_made(path)
        if made is not None:
            return made
        if path.name.endswith(".partial"):
            raise ConfigError(f"{folder} is a backup that was never finished; give another one")
        if (path / DESCRIPTION).exists() or (path / MANIFEST).exists():
            return _renamed(folder, path)
        found = backup_set.backups_in(path)
    if not found:
        raise ConfigError(f"there is no whole backup in {folder}; rabat-crawler backup makes one")
    owners = sorted({made.archive for made in found})
    if len(owners) > 1:
        raise ConfigError(f"{folder} holds backups of several archives ({', '.join(owners)}); give the folder of one backup")
    return found[-1]


def _renamed(folder: Path, path: Path) -> Made:
    """A backup whose folder has another name by now."""
    description = backup_set.read_description(path)
    if not (path / MANIFEST).exists():
        raise ConfigError(f"{folder} has no {MANIFEST}: it is no whole backup; give another one")
    if description is None:
        raise FixityError(f"{folder} has no {DESCRIPTION} of this program; take another backup")
    return Made(path=path, description=description)


def _check_target(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise ConfigError(f"{place} is a file; --archive takes a folder")
    held = sorted(path.name for path in place.iterdir()) if place.exists() else []
    if any(name in PARTS for name in held):
        raise ConfigError(f"{place} holds an archive already; give a new folder with --archive NEW, or move the old archive away")
    if others := [name for name in held if name not in BYSTANDERS]:
        raise ConfigError(f"{place} is not empty ({', '.join(others[:5])}); give a new folder with --archive NEW")


def _put(backup: Path, place: Path, progress: Progress) -> tuple[int, int]:
    """Copy and check into a folder beside, then rename. Files and bytes copied."""
    place = place.resolve()
    beside = place.with_name(f".{place.name}.restoring")
    (beside / "state").mkdir(parents=True, exist_ok=True)
    with WriteLock(beside / "state") as lock:  # what a killed restore left is ours to clear
        _clear(beside, lock.path)
        try:
            size, files = _copy_checked(backup, beside, progress)
            for name in BYSTANDERS:
                if (place / name).is_file():
                    shutil.copy2(place / name, beside / name)
            backup_set.sync_tree(beside)
            _swap(beside, place)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    return files, size


def _clear(folder: Path, but: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and path != but.parent:
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()
    for path in but.parent.iterdir():
        if path != but:
            path.unlink()


def _swap(beside: Path, place: Path) -> None:
    """The rename also takes the place of an empty folder; bystanders were copied, and go at the last moment."""
    for name in BYSTANDERS:
        (place / name).unlink(missing_ok=True)
    beside.rename(place)
    backup_set.sync_path(place.parent)


def _copy_checked(backup: Path, beside: Path, progress: Progress) -> tuple[int, int]:
    """Copy what the manifest names, each byte hashed on its way. FixityError names all files that are missing, different or too many."""
    digests = backup_set.read_manifest(backup)
    wrong = [f"{name} is not in the manifest" for name in sorted(_names(backup) - set(digests) - {MANIFEST})]
    wrong += _count_misfits(backup, digests)
    total = 0
    for number, (name, digest) in enumerate(sorted(digests.items()), 1):
        size, found = _copy(backup / name, beside / name if name != DESCRIPTION else None)
        total += size
        if found != digest:
            wrong.append(f"{name} {'differs' if found else 'is missing'}")
        progress("files of the backup", number, len(digests))
    if wrong:
        said = "; ".join(wrong[:NAMED]) + (f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else "")
        raise FixityError(f"the backup {backup} is damaged: {said}. {NOTHING.capitalize()}; take another backup")
    return total, len(digests)


def _names(backup: Path) -> set[str]:
    return {path.relative_to(backup).as_posix() for path in backup.rglob("*") if not path.is_dir() or path.is_symlink()}


def _count_misfits(backup: Path, digests: Mapping[str, str]) -> Iterable[str]:
    """A manifest that lost lines together with their files is found by the number that the description states."""
    stated = (backup_set.read_description(backup) or {}).get("files")
    if DESCRIPTION not in digests or stated != len(digests) - 1:
        yield f"{MANIFEST} names {len(digests)} files, {DESCRIPTION} states {stated} beside itself"


def _copy(source: Path, target: Path | None) -> tuple[int, str]:
    """Size and SHA-256 of a file, copied and flushed to `target`, if there is one; "" for what is missing or no plain file."""
    if source.is_symlink() or not source.is_file():
        return 0, ""
    digest, size = hashlib.sha256(), 0
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb", buffering=0) as reading, open(target or os.devnull, "wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            size += writing.write(chunk)
        if target is not None:
            writing.flush()
            os.fsync(writing.fileno())
    return size, digest.hexdigest()
