"""A folder of backups: their names, manifests and descriptions, which of them are whole and ours, the lock of the one being written.

A backup is `<UTC time>/` with `backup.json` and `manifest-sha256.txt`; while it is written its name is `.<UTC time>.partial`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from rabat_crawler.errors import ArchiveLocked, ConfigError, DiskFull, FixityError, RabatError

FORMAT = "rabat-crawler backup"
MANIFEST = "manifest-sha256.txt"
DESCRIPTION = "backup.json"
LOCK = ".lock"
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNSUITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}

_NAME = re.compile(r"(\d{8}T\d{6}Z)(?:-(\d{1,6}))?")
_PARTIAL = re.compile(r"\.\d{8}T\d{6}Z(?:-\d{1,6})?\.partial")
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A whole backup: its folder and what its `backup.json` says."""

    path: Path
    description: Mapping[str, Any]

    @property
    def archive(self) -> str:
        """The archive folder it was made of."""
        return str(self.description.get("archive", ""))

    @property
    def order(self) -> tuple[str, int]:
        """Sorts by time of making, several of one second by their number."""
        return _order(self.path.name)


def _order(name: str) -> tuple[str, int]:
    found = _NAME.fullmatch(name)
    return (found[1], int(found[2] or 1)) if found else ("", 0)


def read_made(path: Path) -> Made | None:
    """The backup in this folder; None if it is not one of ours or not whole."""
    if not _NAME.fullmatch(path.name) or path.is_symlink() or not (path / MANIFEST).is_file():
        return None
    description = read_description(path)
    return Made(path=path, description=description) if description is not None else None


def read_description(path: Path) -> dict[str, Any] | None:
    """What `backup.json` in this folder says; None if it is no description of ours."""
    try:
        found = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def backups_in(folder: Path) -> list[Made]:
    """The whole backups in a folder, oldest first; whatever else lies there is passed over."""
    found = (read_made(path) for path in folder.iterdir())
    return sorted((made for made in found if made is not None), key=lambda made: made.order)


def new_name(folder: Path, now: datetime) -> str:
    """A name that is free: the UTC time, with a number if there is a backup of this second already."""
    stamp, number = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"), 1
    name = stamp
    while (folder / name).exists():
        number += 1
        name = f"{stamp}-{number}"
    return name


def partial_name(name: str) -> str:
    """The name of a backup that is being written or deleted; nothing takes such a folder for a backup."""
    return f".{name}.partial"


def remove_partials(folder: Path) -> None:
    """Delete what killed backups and deletions left; to be called by the holder of the lock."""
    for path in folder.iterdir():
        if _PARTIAL.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


def remove(made: Made) -> None:
    """Delete a backup. It loses its name first: a kill in between leaves no half one under a whole one's name."""
    doomed = made.path.with_name(partial_name(made.path.name))
    made.path.rename(doomed)
    shutil.rmtree(doomed)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one backup; ArchiveLocked if another one holds it. The kernel frees it when its holder dies."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveLocked(f"another backup is being written to {folder}; wait until it ends and run the command again") from None
        yield
    finally:
        os.close(handle)


# Manifests -------------------------------------------------------------------------------------------------------------------


def manifest_text(digests: Mapping[str, str]) -> str:
    """BagIt's lines, "<sha256>  <path>", by path; `sha256sum -c` reads them."""
    return "".join(f"{digest}  {_escaped(name)}\n" for name, digest in sorted(digests.items()))


def read_manifest(backup: Path, kind: str = "backup") -> dict[str, str]:
    """Path to SHA-256 of a backup, or of another folder of that `kind`.

    ConfigError if there is no manifest, FixityError if a line of it is none of ours or leads out of the folder.
    """
    path = backup / MANIFEST
    try:
        lines = path.read_bytes().decode().removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise ConfigError(f"{backup} has no {MANIFEST}: it is no whole {kind}; give another one") from None
    except ValueError as error:
        raise FixityError(f"{path} is damaged ({error}); take another {kind}") from error
    digests: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        found = _LINE.fullmatch(line)
        name = _unescaped(found[2]) if found else ""
        if found is None or PurePosixPath(name).is_absolute() or {"..", "."} & set(name.split("/")) or "\0" in name:
            raise FixityError(f"{path} is damaged: line {number} is no digest and path within the {kind}; take another {kind}")
        digests[name] = found[1]
    return digests


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _unescaped(name: str) -> str:
    return name.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


# What can go wrong with a disk -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def explained(folder: Path, remedy: str) -> Iterator[None]:
    """The system's errors as ours: no room, or a folder that cannot be read or written. The message ends with the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise DiskFull(f"the disk of {folder} is full; {remedy}: free space and run the command again") from error
        said = f"{error.filename or folder}: {error.strerror or error}; {remedy}"
        if error.errno in UNSUITABLE:
            raise ConfigError(f"{said}: give another folder, or the rights to it") from error
        raise RabatError(f"{said}: look at the disk and run the command again") from error


def sync_path(path: Path) -> None:
    """Bring a file's bytes or a folder's names to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Bring the names of all folders below and of this one to the disk."""
    for path, _, _ in os.walk(folder, topdown=False):
        sync_path(Path(path))
