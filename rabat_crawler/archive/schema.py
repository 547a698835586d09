"""Opening `archive/rabat.db`: its pragmas, its version, SQLite's errors as ours; the README documents each table and column.

Opening applies what is pending and refuses a file from a newer program. Only `archive/` writes SQL.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from rabat_crawler.errors import ArchiveCorrupt, ArchiveLocked, ArchiveMissing, ConfigError, DiskFull, RabatError, SchemaTooNew

APPLICATION_ID = 0x52424154
"""`RBAT`: tells our file from any other SQLite file."""
VERSION = 12
"""How many migrations this program knows. They and their library are only loaded where one is to be applied."""


def columns_by_table() -> dict[str, tuple[str, ...]]:
    """The tables and views that the present schema has, with their columns; those of FTS5 itself are left out."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _migrate(db)
        named = db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE '%\\_fts\\_%' ESCAPE '\\'").fetchall()
        return {name: tuple(row[1] for row in db.execute(f"PRAGMA table_info([{name}])")) for (name,) in named}


def connect(path: Path, *, write: bool = False, create: bool = False) -> sqlite3.Connection:
    """The database at `path`, migrated when opened for writing.

    Raises ArchiveMissing, ArchiveCorrupt, SchemaTooNew, DiskFull. A reader never changes the file.
    """
    if not path.exists() and not create:
        raise ArchiveMissing(
            f"there is no archive database at {path}; crawl first (rabat-crawler crawl, or rabat-crawler demo), or give --archive DIR"
        )
    with translated(path):
        place = f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}" if create or write else reading(path)
        connection = sqlite3.connect(place, uri=True, isolation_level=None, timeout=10.0)
        try:
            _check_version(connection, path, write=write)
            _configure(connection, write=write)
            if write:
                _migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def reading(path: Path) -> str:
    """The URI by which SQLite opens a file that is read only, wherever it lies."""
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if _is_frozen(path) else ''}"


def _is_frozen(path: Path) -> bool:
    """True if the file lies on a disk that is mounted for reading, and holds all: SQLite would want to make a journal's index beside it."""
    journal = path.with_name(f"{path.name}-wal")
    return path.exists() and bool(os.statvfs(path).f_flag & os.ST_RDONLY) and not (journal.exists() and journal.stat().st_size)


def _configure(connection: sqlite3.Connection, *, write: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        # After a power cut the last commits may be missing, never half there; opening reads them again from the WARC files, which are fsynced first.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
        # 16 MB: captures of one crawl change the same pages again and again, and each checkpoint writes them once and waits for the disk.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
    else:
        connection.execute("PRAGMA trusted_schema = OFF")  # a writer needs it on: its triggers write to the FTS5 table
        connection.execute("PRAGMA query_only = ON")


def _check_version(connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if tables and owner != APPLICATION_ID:
        raise ArchiveCorrupt(f"{path} is an SQLite file, but not an archive of this program; give another --archive DIR")
    if found > VERSION:
        raise SchemaTooNew(
            f"{path} has schema {found}, this program knows {VERSION}: it was written by a newer version; upgrade rabat-crawler to open it",
            found=found,
            known=VERSION,
        )
    if found < VERSION and not write:
        said = f"{path} has schema {found}, this program needs {VERSION}" if tables else f"{path} is empty"
        raise ArchiveCorrupt(f"{said}; the WARC files are not concerned: rabat-crawler rebuild --archive {path.parent} makes a new database")


def _migrate(connection: sqlite3.Connection) -> None:
    if int(connection.execute("PRAGMA user_version").fetchone()[0]) >= VERSION:
        return
    import sqlite_utils

    from rabat_crawler.archive.migrations import migrations

    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")  # first, so that a kill in between leaves no file without owner
    migrations.apply(sqlite_utils.Database(connection))
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours: full disk, held, not to be opened, damaged; the message names the file and the remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text, code = str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF
        if "disk is full" in text or code == sqlite3.SQLITE_FULL:
            raise DiskFull(f"the disk of {path.parent} is full; what was stored before is kept: free space and run the command again") from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise ArchiveLocked(f"another process holds the database {path}; wait until it ends and run the command again") from error
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY):
            raise ConfigError(
                f"the database {path} cannot be opened ({text}); give another --archive DIR, or the rights to read and write it"
            ) from error
        if code == sqlite3.SQLITE_IOERR:
            raise RabatError(f"the system cannot read or write the database {path} ({text}); look at the disk, and whether this is a file") from error
        if "not a database" in text or "malformed" in text or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise ArchiveCorrupt(
                f"the database {path} is damaged ({text}); the WARC files are not concerned: rabat-crawler rebuild --archive {path.parent} makes a new one"
            ) from error
        raise
