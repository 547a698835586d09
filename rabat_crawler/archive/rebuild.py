"""The database from the WARC files and runs alone: for `rebuild`, for a deleted database, and for records that a killed run left without a row."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rabat_crawler import registry
from rabat_crawler.archive import schema, store
from rabat_crawler.archive.bulk import Bulk, Damaged, read_all
from rabat_crawler.archive.compare import Difference, compare
from rabat_crawler.archive.decisions import now, read_decisions
from rabat_crawler.archive.ingest import Ingest
from rabat_crawler.archive.origins import Origins
from rabat_crawler.archive.relating import write_relations
from rabat_crawler.archive.takedowns import add_takedown, read_takedowns, standing
from rabat_crawler.archive.warc import Unread, iter_records, iter_unread, read_record
from rabat_crawler.archive.withholding import Withholding, note_obeyed, write_withheld
from rabat_crawler.archive.workers import Workers
from rabat_crawler.errors import ConfigError, RecordError
from rabat_crawler.models import Record, Run

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

BATCH = 200
ENDS = """
SELECT warc_file, max(until) FROM (
  SELECT warc_file, offset + length AS until FROM captures UNION ALL SELECT warc_file, offset + length FROM withheld_captures
  UNION ALL SELECT warc_file, read_to FROM files) GROUP BY warc_file
"""
READ_TO = "INSERT INTO files (warc_file, read_to) VALUES (?,?) ON CONFLICT (warc_file) DO UPDATE SET read_to = excluded.read_to"
SMALL = 4_000_000
"""So many bytes of WARC files are read before another process has started."""

WARC_SUFFIXES = (".warc.gz", ".warc", ".arc.gz", ".arc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild made, beside what the database held before."""

    before: dict[str, int]
    after: dict[str, int]
    files: int
    damaged: tuple[str, ...] = ()


def warc_files(folder: Path) -> list[Path]:
    """The closed WARC files of an archive, by name; a link that leads nowhere is none."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(WARC_SUFFIXES) and path.exists()) if folder.is_dir() else []


def files_behind(folder: Path, connection: sqlite3.Connection) -> list[Path]:
    """The files of which records lie behind the last one that has a row, or that was found to have one in another file."""
    ends = dict(connection.execute(ENDS))
    return [path for path in warc_files(folder) if _has_response_after(path, ends.get(path.name, 0))]


def _has_response_after(path: Path, end: int) -> bool:
    """True if a capture begins at or behind byte `end`; the request record that follows each answer is none."""
    return end < path.stat().st_size and any(True for _ in iter_records(path, directory=path.parent, start=end, on_damage=_ignore))


def _ignore(error: RecordError) -> None:
    """Damage is verify's to report; what is readable is read."""


def ingest_files(archive: Archive, files: Sequence[Path], progress: Progress) -> list[RecordError]:
    """Read these WARC files into the archive's database; rows that are there stay. Returns the damaged records, which were left out."""
    connection = archive.connection
    ingest = Ingest(connection, partial(read_record, archive.warc_dir))
    origins = Origins.of_runs(read_run_files(archive.runs_dir))
    damaged: list[RecordError] = []
    done = 0
    records = (record for path in files for record in _records(path, origins, damaged))
    while batch := list(islice(records, BATCH)):
        with _transaction(connection):
            for record in batch:
                ingest.add(record, registry.resolve(record.capture.site))
            ingest.settle()
            keep_lessons(archive.path, ingest.withholding)
        done += len(batch)
        progress("captures", done, None)
    with _transaction(connection):
        connection.executemany(READ_TO, [(path.name, path.stat().st_size) for path in files])
    return damaged


def keep_lessons(archive: Path, withholding: Withholding) -> bool:
    """Keep further names of withheld items that were learned; True if there were any: what was read before them is to be read again."""
    lessons = withholding.lessons()
    for lesson in lessons:
        add_takedown(archive, replace(lesson, at=now()))
    return bool(lessons)


def _records(path: Path, origins: Origins, damaged: list[RecordError]) -> Iterator[Record]:
    return iter_records(path, directory=path.parent, on_damage=damaged.append, origin=origins.of(path))


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def read_run_files(folder: Path) -> Iterator[Run]:
    """The runs that the archive's files remember; a file that is no run is passed over."""
    for path in sorted(folder.glob("*.json")):
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            yield Run(**{**values, "messages": tuple(values.get("messages", ()))})
        except (ValueError, TypeError, OSError):
            continue


def rebuild(archive: Archive, progress: Progress, *, workers: int | None = None) -> Rebuilt:
    """A new database beside the old one, then in its place in one rename; until then the old one is untouched.

    `workers`: how many processes read (default: one a core, fewer for a small archive).
    """
    if archive.lock is None:
        raise ConfigError("a rebuild needs the archive opened for writing: Archive.open(path, write=True)")
    beside = archive.state_dir / "rebuild.db"
    before = store.count_rows(archive.connection)
    made = make_beside(archive, beside, progress, workers=workers)
    _swap(archive, beside)
    damaged = tuple(f"{error.file} byte {error.offset}: {error}" for error in made.damaged)
    return Rebuilt(before=before, after=made.counts, files=made.files, damaged=damaged)


def rebuild_diff(archive: Archive, progress: Progress, *, workers: int | None = None) -> Difference:
    """What a rebuild would change, by field; the archive's database stays as it is."""
    if archive.lock is None:
        raise ConfigError("a rebuild needs the archive opened for writing: Archive.open(path, write=True)")
    beside = archive.state_dir / "diff.db"
    make_beside(archive, beside, progress, workers=workers)
    try:
        with contextlib.closing(schema.connect(beside)) as after:
            return compare(archive.connection, after)
    finally:
        remove_database(beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A database made anew: how many rows it has, from how many files, and the records that could not be read."""

    counts: dict[str, int]
    files: int
    damaged: tuple[RecordError, ...]


def make_beside(archive: Archive, beside: Path, progress: Progress, *, workers: int | None = None) -> Made:
    """A whole database in the file `beside`, closed. If that fails, nothing is left there: on a full disk it would take the room that is wanted."""
    remove_database(beside)
    files = warc_files(archive.warc_dir)
    try:
        with schema.translated(beside):
            while (made := _make(beside, archive, files, progress, workers or sensible_workers(files))) is None:
                remove_database(beside)  # a name was learned by the way, so that what came before is to be judged again
            return made
    except BaseException:
        remove_database(beside)
        raise


def sensible_workers(files: Sequence[Path]) -> int:
    """One process a core, but none for an archive that is read before it has started."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, sum(path.stat().st_size for path in files) // SMALL))


def _make(beside: Path, archive: Archive, files: Sequence[Path], progress: Progress, workers: int) -> Made | None:
    """None if further names of withheld items were learned, and kept."""
    takedowns = read_takedowns(archive.path)
    damaged: list[RecordError] = []
    db = schema.connect(beside, write=True, create=True)
    try:
        db.execute("PRAGMA synchronous = OFF")
        write_withheld(db, standing(takedowns).values())  # first: what they withhold is never written
        for run in read_run_files(archive.runs_dir):  # first: captures of a run held back say nothing
            store.write_run(db, run)
        with Workers(workers) as processes:
            bulk = Bulk(db, partial(read_record, archive.warc_dir))
            unread = _unread(files, Origins.of_runs(read_run_files(archive.runs_dir)), damaged)
            for done, prepared in enumerate(read_all(unread, processes), 1):
                if isinstance(prepared, Damaged):
                    damaged.append(prepared.error())
                else:
                    bulk.take(prepared)
                if done % BATCH == 0:
                    progress("captures", done, None)
            bulk.finish(processes, str(beside), progress)
            if keep_lessons(archive.path, bulk.withholding):
                return None
        note_obeyed(db, takedowns, done=True)
        write_relations(db, read_decisions(archive.path))
        db.executemany(READ_TO, [(path.name, path.stat().st_size) for path in files])
        counts = store.count_rows(db)
        for index in ("items_fts", "pages_fts", "versions_fts"):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
        db.execute("PRAGMA journal_mode = DELETE")
    finally:
        db.close()
    return Made(counts=counts, files=len(files), damaged=tuple(sorted(damaged, key=lambda error: (error.file, error.offset))))


def _unread(files: Sequence[Path], origins: Origins, damaged: list[RecordError]) -> Iterator[Unread]:
    """The captures of all files, not read yet."""
    for path in files:
        for unread in iter_unread(path, directory=path.parent, on_damage=damaged.append, origin=origins.of(path)):
            if unread.raw.kind != "request":
                yield unread


def remove_database(database: Path) -> None:
    """Delete a database that nobody has open, with what belongs to it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _swap(archive: Archive, beside: Path) -> None:
    handle = os.open(beside, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    archive.replace_database(beside)
