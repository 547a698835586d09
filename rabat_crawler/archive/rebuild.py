"""The database from the WARC files and runs alone: for `rebuild`, for a deleted database, and for records that a killed run left without a row."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rabat_crawler import registry
from rabat_crawler.archive import schema, store
from rabat_crawler.archive.ingest import Ingest
from rabat_crawler.archive.warc import iter_records
from rabat_crawler.errors import ConfigError, RecordError
from rabat_crawler.models import Record, Run, Site

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

BATCH = 200
WARC_SUFFIXES = (".warc.gz", ".warc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild made, beside what the database held before."""

    before: dict[str, int]
    after: dict[str, int]
    files: int
    damaged: tuple[str, ...] = ()


def warc_files(folder: Path) -> list[Path]:
    """The closed WARC files of an archive, by name."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(WARC_SUFFIXES)) if folder.is_dir() else []


def files_behind(folder: Path, connection: sqlite3.Connection) -> list[Path]:
    """The files of which records lie behind the last one that has a row."""
    ends = dict(connection.execute("SELECT warc_file, max(offset + length) FROM captures GROUP BY warc_file"))
    return [path for path in warc_files(folder) if _has_response_after(path, ends.get(path.name, 0))]


def _has_response_after(path: Path, end: int) -> bool:
    """True if a response or revisit begins at or behind byte `end`; the request record that follows each answer is none."""
    return end < path.stat().st_size and any(True for _ in iter_records(path, directory=path.parent, start=end, on_damage=_ignore))


def _ignore(error: RecordError) -> None:
    """Damage is verify's to report; what is readable is read."""


def ingest_files(archive: Archive, files: Sequence[Path], progress: Progress) -> list[RecordError]:
    """Read these WARC files into the archive's database; rows that are there stay. Returns the damaged records, which were left out."""
    return _ingest(archive.connection, files, progress)


def _ingest(connection: sqlite3.Connection, files: Sequence[Path], progress: Progress) -> list[RecordError]:
    """All records of the files in batches of one transaction each; the order of files and records does not matter."""
    ingest = Ingest(connection)
    damaged: list[RecordError] = []
    done = 0
    for batch in _batches(files, damaged):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for record, site in batch:
                ingest.add(record, site)
            ingest.settle()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        done += len(batch)
        progress("captures", done, None)
    return damaged


def _batches(files: Sequence[Path], damaged: list[RecordError]) -> Iterator[list[tuple[Record, Site]]]:
    batch: list[tuple[Record, Site]] = []
    for path in files:
        for record in iter_records(path, directory=path.parent, on_damage=damaged.append):
            batch.append((record, registry.resolve(record.capture.site)))
            if len(batch) >= BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def read_run_files(folder: Path) -> Iterator[Run]:
    """The runs that the archive's files remember; a file that is no run is passed over."""
    for path in sorted(folder.glob("*.json")):
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            yield Run(**{**values, "messages": tuple(values.get("messages", ()))})
        except (ValueError, TypeError, OSError):
            continue


def rebuild(archive: Archive, progress: Progress) -> Rebuilt:
    """A new database beside the old one, then in its place in one rename; until then the old one is untouched."""
    if archive.lock is None:
        raise ConfigError("a rebuild needs the archive opened for writing: Archive.open(path, write=True)")
    beside = archive.state_dir / "rebuild.db"
    _remove(beside)
    files = warc_files(archive.warc_dir)
    before = store.count_rows(archive.connection)
    try:
        damaged, after = _make(beside, archive, files, progress)
    except BaseException:
        _remove(beside)  # on a full disk it would take the room that is wanted
        raise
    _swap(archive, beside)
    return Rebuilt(before=before, after=after, files=len(files), damaged=tuple(f"{error.file} byte {error.offset}: {error}" for error in damaged))


def _make(beside: Path, archive: Archive, files: Sequence[Path], progress: Progress) -> tuple[list[RecordError], dict[str, int]]:
    """A whole database in the file `beside`, closed; the damaged records and how many rows it has."""
    with schema.translated(beside):
        db = schema.connect(beside, write=True, create=True)
        try:
            db.conn.execute("PRAGMA synchronous = OFF")
            for run in read_run_files(archive.runs_dir):  # first: captures of a run held back say nothing
                store.write_run(db.conn, run)
            damaged = _ingest(db.conn, files, progress)
            after = store.count_rows(db.conn)
            db.conn.execute("INSERT INTO items_fts (items_fts) VALUES ('optimize')")
            db.conn.execute("PRAGMA journal_mode = DELETE")
        finally:
            db.conn.close()
    return damaged, after


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _swap(archive: Archive, beside: Path) -> None:
    handle = os.open(beside, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    archive.replace_database(beside)
