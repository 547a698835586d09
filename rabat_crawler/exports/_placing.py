"""Files and folders that appear whole or not at all: written beside under another name, flushed to disk, renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from itertools import islice
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
        try:
            beside.mkdir()  # also says, before any work, if nothing can be written there
            if not folder:
                beside.rmdir()
            yield beside
            _sync(beside)
            _exchange(beside, target, force=force)
        finally:
            remove(beside)


def check(target: Path, *, folder: bool, force: bool) -> None:
    """ConfigError if `target` may not be written to: it has no name, is within an archive, is there already and not `force`, or is no export."""
    if target.name in ("", ".."):
        raise ConfigError(f"-o {str(target)!r} is no name for an export; give one with -o PATH")
    with explained(target.parent, f"{target.name} was not written"):
        refuse_archive(target)
        if target.is_symlink():
            raise ConfigError(f"{target} is a link; give the place itself with -o")
        if target.exists():
            _check_present(target, folder=folder, force=force)


def _check_present(target: Path, *, folder: bool, force: bool) -> None:
    if not target.is_dir() and not target.is_file():
        raise ConfigError(f"{target} is neither a file nor a folder; give another -o PATH (-o - is standard output)")
    if folder != target.is_dir():
        raise ConfigError(
            f"{target} is a {'file' if folder else 'folder'}, and this format makes a {'folder' if folder else 'file'}; give another -o PATH"
        )
    if not force:
        raise ConfigError(f"{target} is there already; give another -o PATH, or --force to put the new one in its place")
    if folder and any(target.iterdir()):
        _refuse_other(target)


def refuse_archive(target: Path) -> None:
    """ConfigError if the place is an archive, or within one and not below its folder for exports: all else there is the archive's own."""
    place = Path(os.path.realpath(target))
    for folder in (place, *place.parents):
        if is_archive(folder) and (folder / "backup.json").is_file():
            raise ConfigError(f"{target} is within the backup {folder}, which must stay as it is to be restored; give a place elsewhere with -o PATH")
        if is_archive(folder) and not (place.is_relative_to(folder / EXPORTS_FOLDER) and place != folder / EXPORTS_FOLDER):
            raise ConfigError(
                f"{target} is within the archive {folder}, where all is the archive's own; give a place elsewhere, or below its {EXPORTS_FOLDER}/"
            )


def _refuse_other(target: Path) -> None:
    """ConfigError if a folder is not an export alone: with --force it would be gone, and all that is in it."""
    with contextlib.suppress(OSError):
        if WRITTEN_BY in (target / MARK).read_bytes()[:MARK_BYTES]:
            kept = next((Path(path) for path, _, _ in os.walk(target) if is_archive(Path(path)) or Path(path).name in REPOSITORIES), None)
            if kept is None:
                return
            raise ConfigError(f"{target} holds {kept.relative_to(target)} as well, which is no export; --force would remove it: give another -o PATH")
    raise ConfigError(f"{target} was not made by an export (it holds no {MARK} that says so); --force replaces exports only: give another -o PATH")


def is_archive(folder: Path) -> bool:
    """True if a folder is an archive of this program, or a backup of one; also one whose database is lost."""
    try:
        return (folder / "warc").is_dir() and ((folder / "rabat.db").is_file() or (folder / "runs").is_dir())
    except PermissionError:  # nobody who may not even look into it can write there
        return False


MARK = "README.md"
WRITTEN_BY = b"Written by rabat_crawler"
MARK_BYTES = 1 << 16
"""Every folder that is exported holds such a file, which says so near its beginning: a folder without it is never replaced."""

EXPORTS_FOLDER = "exports"
REPOSITORIES = (".git", ".hg", ".svn")
"""What somebody may keep in an exported folder, and would miss."""


MANY = 200
"""Of more files than this the whole system is brought to the disk in one call, which is far cheaper than a call for each."""


def _files(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder):
        yield from (Path(path, name) for name in names)


def _sync(beside: Path) -> None:
    if not beside.is_dir():
        sync_path(beside)
        return
    files = list(islice(_files(beside), MANY + 1))  # a site has hundreds of thousands
    if len(files) > MANY:
        os.sync()
        return
    for path in files:
        sync_path(path)
    sync_tree(beside)


def _exchange(beside: Path, target: Path, *, force: bool) -> None:
    if not beside.is_dir():
        if not force:
            _link(beside, target)
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


def _link(beside: Path, target: Path) -> None:
    """Give the file its name; unlike a rename, a link fails if something came there meanwhile. FAT and some network disks know no links."""
    try:
        os.link(beside, target)
    except OSError as error:
        if error.errno not in NO_LINKS or target.exists():
            raise
        beside.rename(target)


NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


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
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in _files(path))
