"""Files and folders that appear whole or not at all: written beside under another name, flushed to disk, renamed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from rabat_crawler.archive.backup_set import explained, sync_path, sync_tree
from rabat_crawler.archive.lock import alive
from rabat_crawler.errors import ConfigError

_OLD = ".old"
_PARTIAL = re.compile(r"\.(.+)\.(\d{1,10})(\.old)?\.partial", re.DOTALL)


@contextlib.contextmanager
def placed(target: Path, *, folder: bool, force: bool = False) -> Iterator[Path]:
    """A path to write to, or an empty folder to fill, that becomes `target` when the block ends well; otherwise nothing is left of it.

    ConfigError if something is there already and not `force`, or of another sort, or if the place cannot be written to; DiskFull.
    """
    with explained(target.parent, f"{target.name} was not written"):
        put_back(target)
    check(target, folder=folder, force=force)
    beside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with explained(target.parent, f"{target.name} was not written"):
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_partials(target)
        if folder:
            beside.mkdir()
        try:
            yield beside
            _sync(beside)
            _exchange(beside, target, force=force)
        finally:
            remove(beside)


def check(target: Path, *, folder: bool, force: bool) -> None:
    """ConfigError if `target` may not be written to."""
    if target.is_symlink():
        raise ConfigError(f"{target} is a link; give the place itself with -o")
    if not target.exists():
        if not target.name or target.name in (".", ".."):
            raise ConfigError(f"{target} is no name for an export; give one with -o PATH")
        return
    if folder != target.is_dir():
        raise ConfigError(
            f"{target} is a {'file' if folder else 'folder'}, and this format makes a {'folder' if folder else 'file'}; give another -o PATH"
        )
    if not force:
        raise ConfigError(f"{target} is there already; give another -o PATH, or --force to put the new one in its place")
    if folder and any(target.iterdir()) and not (target / MARK).is_file():
        raise ConfigError(f"{target} was not made by an export (it holds no {MARK}); --force replaces exports only: give another -o PATH")


MARK = "README.md"
"""Every folder that is exported holds one: a folder without it is never replaced."""


MANY = 200
"""Of more files than this the whole system is brought to the disk in one call, which is far cheaper than a call for each."""


def _sync(beside: Path) -> None:
    if not beside.is_dir():
        sync_path(beside)
        return
    files = [path for path in beside.rglob("*") if path.is_file()]
    if len(files) > MANY:
        os.sync()
        return
    for path in files:
        sync_path(path)
    sync_tree(beside)


def _exchange(beside: Path, target: Path, *, force: bool) -> None:
    if not beside.is_dir():
        if not force:
            os.link(beside, target)  # unlike a rename, it fails if something came there meanwhile
            return
        os.replace(beside, target)
        return
    old = None
    if target.exists():
        check(target, folder=True, force=force)  # it may have come there meanwhile
        old = target.with_name(f".{target.name}.{os.getpid()}{_OLD}.partial")
        target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        if old is not None:
            old.rename(target)
        raise
    if old is not None:
        remove(old)


def put_back(target: Path) -> None:
    """An older folder that was set aside by a process killed just before the new one stood in its place is there again."""
    if os.path.lexists(target):
        return
    for path, old in _left(target):
        if old:
            path.rename(target)
            return


def clear_partials(target: Path) -> None:
    """Remove what processes that are gone left of exports to this place."""
    for path, _ in _left(target):
        remove(path)


def _left(target: Path) -> list[tuple[Path, bool]]:
    """What processes that are gone left beside `target`, each with whether it is a folder that stood there before.

    What bears the number of this process is of one before it too: where few run, numbers come again.
    """
    found = [(path, _PARTIAL.fullmatch(path.name)) for path in sorted(target.parent.glob(".*.partial"))]
    return [
        (path, bool(name[3])) for path, name in found if name and name[1] == target.name and (int(name[2]) == os.getpid() or not alive(int(name[2])))
    ]


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
