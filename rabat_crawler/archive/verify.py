"""Is what lies on disk what was recorded? WARC digests and places, rows against records both ways, the database with itself, the fixity log.

Changes nothing but the log, which gets a line for each file read whole. A crawl may write beside it: rows are asked for before files where a row
needs its file, and after them where a record needs its row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rabat_crawler.archive import fixity
from rabat_crawler.archive.faults import Fault, Report
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.origins import Origins
from rabat_crawler.archive.rebuild import files_behind, read_run_files, warc_files
from rabat_crawler.archive.verify_rows import row_faults, sqlite_faults, text_index_faults
from rabat_crawler.archive.warc import check_file, iter_records
from rabat_crawler.archive.warc_read import OPEN_SUFFIX
from rabat_crawler.errors import ConfigError, RecordError

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

__all__ = ["CYCLE", "Fault", "Report", "verify", "verify_quick"]

CYCLE = 30
"""Each quick verification reads one of so many older files whole, so that all are read within so many nights."""

LINES_AT_ONCE = 50
KNOWN = "SELECT 1 FROM captures WHERE record_id = ? UNION ALL SELECT 1 FROM withheld_captures WHERE record_id = ?"
PLACES = """
SELECT warc_file, count(*), max(offset + length) FROM (
  SELECT warc_file, offset, length FROM captures UNION ALL SELECT warc_file, offset, length FROM withheld_captures) GROUP BY warc_file
"""
ROW_ONLY = "no_row"
"""The one fault of a file's comparison that is not the file's own: its bytes are sound, a row is missing."""


def verify(archive: Archive, progress: Progress, *, now: datetime | None = None, command: str = "verify") -> Report:
    """All checks, in order of cost. A fault never stops the next check, but a database that cannot be read is rebuilt before anything else.

    `now` stands in the log's lines; without it the log is read, not written.
    """
    faults = sqlite_faults(archive.connection)
    if _unreadable(faults):
        return _unread(archive, faults)
    faults += text_index_faults(archive.connection)
    faults += row_faults(archive.connection)
    reading = _Reading(archive, now, command)  # the log before the folder: what it knows by now is there
    files = warc_files(archive.warc_dir)
    reading.read(files, progress)
    faults += reading.faults
    faults += _place_faults(archive, skip={path.name for path in files})
    faults += _run_faults(archive)
    return _report(archive, files, reading, faults)


def verify_quick(archive: Archive, progress: Progress, *, now: datetime | None = None, command: str = "verify --quick") -> Report:
    """The checks of a night: SQLite's quick ones, sizes and places of all files, and some files read whole.

    Read whole are the files of the latest run, those that the fixity log does not know yet, and of the others one in `CYCLE`, those first whose
    last check is the longest ago. Without `now` the log is not written, so only the latest run and the sample are read.
    """
    faults = sqlite_faults(archive.connection, quick=True)
    if _unreadable(faults):
        return _unread(archive, faults)
    faults += text_index_faults(archive.connection)
    reading = _Reading(archive, now, command)  # the log before the folder: what it knows by now is there
    files = warc_files(archive.warc_dir)
    due = _due(files, _latest_files(archive.connection), reading.known, logged=now is not None)
    reading.read(due, progress)
    faults += reading.faults
    faults += _place_faults(archive, skip={path.name for path in due})
    faults += _behind_faults(archive, set(files) - set(due))
    faults += _run_faults(archive)
    return _report(archive, files, reading, faults)


def _due(files: Sequence[Path], latest: Collection[str], known: dict[str, fixity.History], *, logged: bool) -> list[Path]:
    """The files to be read whole tonight, by name."""
    due = {path for path in files if path.name in latest or (logged and path.name not in known)}
    rest = sorted((path for path in files if path not in due), key=lambda path: (known[path.name].last.time if path.name in known else "", path))
    return sorted(due | set(rest[: -(-len(rest) // CYCLE)]))


def _latest_files(connection: sqlite3.Connection) -> set[str]:
    """The WARC files of the run that began last."""
    question = "SELECT DISTINCT warc_file FROM captures WHERE run_id = (SELECT run_id FROM runs ORDER BY started_at DESC, run_id DESC LIMIT 1)"
    return {row[0] for row in connection.execute(question)}


class _Reading:
    """Files read whole, against their own digests, their rows and the log; a line for each goes into the log."""

    def __init__(self, archive: Archive, now: datetime | None, command: str) -> None:
        self.connection, self.log, self.now, self.command = archive.connection, fixity.log_path(archive.path), now, command
        self.known = fixity.histories(self.log)
        self.origins = Origins.of_runs(read_run_files(archive.runs_dir))
        self.digests: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.notes: list[str] = []
        self.records = 0
        self._lines: list[fixity.Entry] = []

    def read(self, paths: Sequence[Path], progress: Progress) -> None:
        """Read these files; what was read is logged even if the rest is interrupted."""
        try:
            for number, path in enumerate(paths):
                self._read(path)
                if len(self._lines) >= LINES_AT_ONCE:
                    self._write_log()
                progress("WARC files", number + 1, len(paths))
        finally:
            self._write_log()

    def _read(self, path: Path) -> None:
        try:
            size, sha256 = fixity.file_digest(path)
            known = self.origins.known.get(sha256, frozenset())
            bad = [one for one in check_file(path) if (one.offset, one.code) not in known]
            found = [Fault(where=path.name, place=f"byte {one.offset}", code=one.code, message=one.message) for one in bad]
            seen, more = _compare(self.connection, path, known)
            if known:
                self.notes.append(f"{path.name}: {len(known)} faults that it had when it was imported are not told again")
        except OSError as error:
            said = f"the system cannot read {path}: {error.strerror}; look at the disk, and restore the file from a backup"
            self.faults.append(Fault(where=path.name, place="", code="unreadable", message=said))
            return
        self.records += seen
        self.digests[path.name] = sha256
        found += more
        earlier = fixity.differs(self.known.get(path.name), sha256, faulty=any(fault.code != ROW_ONLY for fault in found))
        if earlier is not None:
            found.append(_changed(path.name, earlier, size))
        self.faults += found
        if self.now is not None:
            codes = tuple(sorted({fault.code for fault in found} - {ROW_ONLY}))
            self._lines.append(fixity.Entry(time=moment(self.now), file=path.name, size=size, sha256=sha256, faults=codes, command=self.command))

    def _write_log(self) -> None:
        lines, self._lines = self._lines, []
        try:
            fixity.append(self.log, lines)
        except (OSError, ConfigError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            self.notes.append(f"the fixity log {self.log} was not written: {said}; the verification goes on without it")
            self.now = None


def _changed(name: str, earlier: fixity.Entry, size: int) -> Fault:
    grown = "" if size == earlier.size else f", {earlier.size} bytes then, {size} now"
    said = (
        f"the bytes are not those of {earlier.time} (fixity log{grown}): a closed WARC file never changes; restore it from a backup "
        f"(if the change was meant, take the file's lines out of {fixity.FIXITY_DIR}/{fixity.LOG_NAME})"
    )
    return Fault(where=name, place="", code="fixity", message=said)


def _compare(connection: sqlite3.Connection, path: Path, known: Collection[tuple[int, str]]) -> tuple[int, list[Fault]]:
    """Every record of a file has its row and every row its record, at the same place, with the same digest."""
    rows = {
        row[0]: row[1:]
        for row in connection.execute("SELECT record_id, offset, length, digest, url, captured_at FROM captures WHERE warc_file = ?", (path.name,))
    }
    question = "SELECT record_id, offset, length, digest FROM withheld_captures WHERE warc_file = ?"
    withheld = {row[0]: row[1:] for row in connection.execute(question, (path.name,))}
    faults: list[Fault] = []
    seen = 0

    def damaged(error: RecordError) -> None:
        if any(offset == error.offset for offset, _ in known):
            return
        faults.append(Fault(where=path.name, place=f"byte {error.offset}", code="unreadable", message=str(error)))

    for record in iter_records(path, directory=path.parent, on_damage=damaged):
        seen += 1
        capture = record.capture
        row = rows.pop(capture.record_id, None)
        stored = (capture.offset, capture.length, capture.digest, capture.url, moment(capture.captured_at))
        if row is None and capture.record_id in withheld:
            place = withheld.pop(capture.record_id)
            if place != (capture.offset, capture.length, capture.digest):
                said = f"the row of the withheld capture {capture.record_id} says {place}, the record {stored[:3]}"
                faults.append(Fault(where=path.name, place=f"byte {capture.offset}", code="differs", message=said))
            continue
        if row is None and connection.execute(KNOWN, (capture.record_id, capture.record_id)).fetchone():
            continue  # the same record lies in another file as well, or another record has its name: one of them counts
        if row is None:
            faults.append(Fault(where=path.name, place=f"byte {capture.offset}", code=ROW_ONLY, message=f"{capture.url} has no row; rebuild"))
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
    faults += [
        Fault(where=path.name, place=f"byte {row[0]}", code="no_record", message=f"a withheld capture ({name}) has a row but no record")
        for name, row in withheld.items()
    ]
    return seen, faults


def _place_faults(archive: Archive, *, skip: Collection[str]) -> Iterator[Fault]:
    """Files that rows name: each is there and reaches to the end of its last row. Those in `skip` were read whole."""
    named = archive.connection.execute(PLACES).fetchall()
    for name, count, end in named:
        if name in skip:
            continue
        size = held_size(archive.warc_dir, name)
        if size is None:
            yield Fault(where=name, place="", code="no_file", message=f"the file is missing; {count} captures lie in it; restore it from a backup")
        elif size < end:
            said = f"the file ends at byte {size}, but rows reach to byte {end}; restore it from a backup"
            yield Fault(where=name, place=f"byte {size}", code="no_record", message=said)


def held_size(folder: Path, name: str) -> int | None:
    """The size of a WARC file, closed or still being written; None if it is missing. A rename goes from open to closed, so open is asked first."""
    for path in (folder / (name + OPEN_SUFFIX), folder / name):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            continue
    return None


def _behind_faults(archive: Archive, files: Collection[Path]) -> Iterator[Fault]:
    """Closed files whose last records have no row. The rows are asked for after the files were listed: a closed file has all of its rows."""
    for path in files_behind(archive.warc_dir, archive.connection):
        if path in files:
            said = "captures at its end have no row; the next command that writes reads them"
            yield Fault(where=path.name, place="", code=ROW_ONLY, message=said)


def _run_faults(archive: Archive) -> list[Fault]:
    """Runs with a file but no row, or a row but no file. The file is written first: rows are asked for before and after."""
    question = "SELECT run_id FROM runs"
    before = {row[0] for row in archive.connection.execute(question)}
    written = {run.run_id for run in read_run_files(archive.runs_dir)}
    after = {row[0] for row in archive.connection.execute(question)}
    odd = (before - written) | (written - after)
    return [Fault(where="runs", place=name, code="run", message="a run has a file but no row, or a row but no file") for name in sorted(odd)]


def _forgotten(files: Sequence[Path], reading: _Reading) -> Iterator[Fault]:
    """Files that the log knows and the folder lacks. Rows may not know them any more: a rebuild does not miss what is not there."""
    present = {path.name: reading.digests.get(path.name, "") for path in files}
    for name, history in reading.known.items():
        if name in present and not present[name]:
            present[name] = (history.sound or history.last).sha256
    for entry in fixity.missing(reading.known, present):
        said = f"the file is missing; it was there on {entry.time} (fixity log); restore it from a backup"
        yield Fault(where=entry.file, place="", code="no_file", message=said)


def _unreadable(faults: Sequence[Fault]) -> bool:
    return any(fault.code == "integrity" for fault in faults)


def _unread(archive: Archive, faults: Sequence[Fault]) -> Report:
    """The report of an archive whose database cannot be trusted to answer anything further."""
    return Report(files=len(warc_files(archive.warc_dir)), checked=0, records=0, captures=0, items=0, faults=tuple(faults))


def _report(archive: Archive, files: Sequence[Path], reading: _Reading, faults: list[Fault]) -> Report:
    told = {(fault.where, fault.code) for fault in faults}
    faults += [fault for fault in _forgotten(files, reading) if (fault.where, fault.code) not in told]
    captures, items = (archive.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("captures", "items"))
    return Report(
        files=len(files),
        checked=len(reading.digests),
        records=reading.records,
        captures=captures,
        items=items,
        faults=tuple(faults),
        notes=tuple(reading.notes),
    )
