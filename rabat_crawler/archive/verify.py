"""Is what lies on disk what was recorded? WARC digests and places, rows against records both ways, the database with itself. Changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rabat_crawler import identity, registry
from rabat_crawler.archive.ingest import moment
from rabat_crawler.archive.rebuild import read_run_files, warc_files
from rabat_crawler.archive.warc import check_file, iter_records
from rabat_crawler.archive.warc_read import OPEN_SUFFIX
from rabat_crawler.errors import RecordError

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it should be: where (file, table), at which byte or row, and what."""

    where: str
    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a verification: what was looked at, and every fault found (none means sound)."""

    files: int
    records: int
    captures: int
    items: int
    faults: tuple[Fault, ...]


ROW_QUESTIONS = (
    (
        "changed",
        "the item's title or text is not that of its current version",
        """SELECT i.item_id FROM items i LEFT JOIN versions v ON v.version_id = i.current_version AND v.title = i.title AND v.text = i.text
        WHERE v.version_id IS NULL""",
    ),
    ("no_draft", "no draft says this of the item", "SELECT item_id FROM items WHERE item_key NOT IN (SELECT item_key FROM drafts)"),
    ("no_item", "a draft's item is missing", "SELECT DISTINCT item_key FROM drafts WHERE item_key NOT IN (SELECT item_key FROM items)"),
    ("no_sighting", "no capture shows this draft", "SELECT draft_id FROM drafts WHERE draft_id NOT IN (SELECT draft_id FROM sightings)"),
)


def verify(archive: Archive, progress: Progress) -> Report:
    """All checks, in order of cost. A fault never stops the next check, but a database that cannot be read is rebuilt before anything else."""
    faults = list(_database_faults(archive.connection))
    if any(fault.code == "integrity" for fault in faults):
        return Report(files=0, records=0, captures=0, items=0, faults=tuple(faults))
    faults += _content_faults(archive.connection)
    files = warc_files(archive.warc_dir)
    records = 0
    for number, path in enumerate(files):
        faults += [Fault(where=path.name, place=f"byte {found.offset}", code=found.code, message=found.message) for found in check_file(path)]
        seen, more = _compare(archive.connection, path)
        records += seen
        faults += more
        progress("WARC files", number + 1, len(files))
    faults += _missing_files(archive.connection, files, archive.warc_dir)
    faults += _run_faults(archive)
    counts = {table: archive.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("captures", "items")}
    return Report(files=len(files), records=records, captures=counts["captures"], items=counts["items"], faults=tuple(faults))


def _database_faults(connection: sqlite3.Connection) -> list[Fault]:
    try:
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    faults = [Fault(where="rabat.db", place="", code="integrity", message=message) for message in said if message != "ok"]
    if faults:
        return faults
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        faults.append(Fault(where="rabat.db", place=f"{table} row {row}", code="foreign_key", message=f"refers to a missing row of {parent}"))
    faults += _text_index_faults(connection)
    for table in ("versions", "dates", "addresses", "attachments", "images", "tags", "alternates"):
        orphans = connection.execute(f"SELECT count(*) FROM {table} WHERE item_id NOT IN (SELECT item_id FROM items)").fetchone()[0]
        if orphans:
            faults.append(Fault(where="rabat.db", place=table, code="orphans", message=f"{orphans} rows belong to no item"))
    return faults


def _content_faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Rows that do not say what their names were made from: drafts, versions, items."""
    for name, origin, content in connection.execute("SELECT draft_id, origin, content FROM drafts"):
        if name != identity.draft_id(f"{identity.scope(registry.resolve(origin))} {content}"):
            yield Fault(where="rabat.db", place=f"drafts {name}", code="changed", message="its content was changed; rebuild")
    for name, digest, title, text in connection.execute("SELECT version_id, text_digest, title, text FROM versions"):
        if digest != identity.text_digest(title, text):
            yield Fault(where="rabat.db", place=f"versions {name}", code="changed", message="its title or text was changed; rebuild")
    for name, number, key in connection.execute("SELECT item_id, id, item_key FROM items"):
        if number != identity.item_number(key) or name != identity.item_id(number):
            yield Fault(where="rabat.db", place=f"items {name}", code="changed", message="its id does not follow from its key; rebuild")
    for code, message, question in ROW_QUESTIONS:
        for (name,) in connection.execute(question):
            yield Fault(where="rabat.db", place=str(name), code=code, message=f"{message}; rebuild")


def _text_index_faults(connection: sqlite3.Connection) -> list[Fault]:
    """The search index holds one row an item and is kept by its three triggers. (FTS5's own integrity check writes; a reader may not.)"""
    items = connection.execute("SELECT count(*) FROM items").fetchone()[0]
    indexed = connection.execute("SELECT count(*) FROM items_fts_docsize").fetchone()[0]
    triggers = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'items_fts_%'").fetchone()[0]
    faults = []
    if items != indexed:
        faults.append(Fault(where="rabat.db", place="items_fts", code="text_index", message=f"{items} items but {indexed} in the search index"))
    if triggers != 3:
        faults.append(
            Fault(where="rabat.db", place="items_fts", code="text_index", message=f"{triggers} of 3 triggers are there; rebuild makes them anew")
        )
    return faults


def _compare(connection: sqlite3.Connection, path: Path) -> tuple[int, list[Fault]]:
    """Every record of a file has its row and every row its record, at the same place, with the same digest."""
    rows = {
        row[0]: row[1:]
        for row in connection.execute("SELECT record_id, offset, length, digest, url, captured_at FROM captures WHERE warc_file = ?", (path.name,))
    }
    faults: list[Fault] = []
    seen = 0

    def damaged(error: RecordError) -> None:
        faults.append(Fault(where=path.name, place=f"byte {error.offset}", code="unreadable", message=str(error)))

    for record in iter_records(path, directory=path.parent, on_damage=damaged):
        seen += 1
        capture = record.capture
        row = rows.pop(capture.record_id, None)
        stored = (capture.offset, capture.length, capture.digest, capture.url, moment(capture.captured_at))
        if row is None:
            faults.append(Fault(where=path.name, place=f"byte {capture.offset}", code="no_row", message=f"{capture.url} has no row; rebuild"))
        elif row != stored:
            faults.append(
                Fault(
                    where=path.name, place=f"byte {capture.offset}", code="differs", message=f"{capture.url}: the row says {row}, the record {stored}"
                )
            )
    faults += [
        Fault(where=path.name, place=f"byte {row[0]}", code="no_record", message=f"{row[3]} ({name}) has a row but no record")
        for name, row in rows.items()
    ]
    return seen, faults


def _missing_files(connection: sqlite3.Connection, files: list[Path], folder: Path) -> list[Fault]:
    held = {path.name for path in files}
    held |= {
        path.name.removesuffix(OPEN_SUFFIX) for path in folder.glob("*" + OPEN_SUFFIX)
    }  # being written, or sealed by the next command that writes
    named = connection.execute("SELECT warc_file, count(*) FROM captures GROUP BY warc_file")
    return [
        Fault(where=name, place="", code="no_file", message=f"the file is missing; {count} captures lie in it")
        for name, count in named
        if name not in held
    ]


def _run_faults(archive: Archive) -> list[Fault]:
    written = {run.run_id for run in read_run_files(archive.runs_dir)}
    rows = {row[0] for row in archive.connection.execute("SELECT run_id FROM runs")}
    return [
        Fault(where="runs", place=name, code="run", message="a run has a file but no row, or a row but no file") for name in sorted(written ^ rows)
    ]
