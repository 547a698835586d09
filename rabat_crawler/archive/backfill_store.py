"""`state/backfill.db`: every capture that web archives list of a site with its state, how far their indexes were read, and their blocks.

One transaction a step. It is no truth: if it is lost, the indexes are read again, and what the archive holds is not asked again. Decides nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path

from rabat_crawler.archive.frontier_store import Transaction
from rabat_crawler.archive.ingest import capture_of
from rabat_crawler.archive.moments import moment, parse_moment
from rabat_crawler.archive.schema import translated
from rabat_crawler.errors import ArchiveCorrupt
from rabat_crawler.models import Capture

DATABASE = "backfill.db"
VERSION = 1
APPLICATION_ID = 0x52424242
STATES = ("planned", "copy", "fetched", "revisit", "held", "refused", "failed", "skipped")
"""To be fetched; a copy of a page, not yet judged; fetched; recorded as a revisit without asking; held by the archive already; never given out;
not had so far; not wanted."""

CHUNK = 500
SCHEMA = """
CREATE TABLE memento (
  source TEXT NOT NULL, site TEXT NOT NULL, timestamp TEXT NOT NULL, url TEXT NOT NULL, listed_url TEXT NOT NULL, key TEXT NOT NULL,
  media_type TEXT NOT NULL, status INTEGER, digest TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, record_id TEXT, attempts INTEGER NOT NULL,
  run_id TEXT NOT NULL, PRIMARY KEY (source, site, timestamp, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX memento_by_digest ON memento (source, site, url, digest);
CREATE INDEX memento_by_key ON memento (source, site, key);
CREATE TABLE listing (
  source TEXT NOT NULL, site TEXT NOT NULL, query TEXT NOT NULL, dialect TEXT NOT NULL, position TEXT NOT NULL, pages INTEGER,
  rows INTEGER NOT NULL, broken INTEGER NOT NULL, done_at TEXT, PRIMARY KEY (source, site, query)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (source TEXT NOT NULL, at TEXT NOT NULL, until TEXT NOT NULL, seconds REAL NOT NULL, blocked INTEGER NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """A listed capture as it stands. `url` is the address in our spelling, `listed_url` in the index's; `key` is equal for all copies of a page.

    `record_id` is the record that holds it, `attempts` how often it was asked for, `run_id` who settled it last.
    """

    source: str
    site: str
    timestamp: str
    url: str
    listed_url: str
    key: str
    media_type: str = ""
    status: int | None = None
    digest: str = ""
    state: str = "planned"
    reason: str = ""
    record_id: str | None = None
    attempts: int = 0
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an index was read for one question: `position` is what to go on with, `pages` how many there are (None if it has none)."""

    source: str
    site: str
    query: str
    dialect: str = ""
    position: str = ""
    pages: int | None = None
    rows: int = 0
    broken: int = 0
    done_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An archive asked to be left alone, for so many seconds; `blocked` if it had shut us out."""

    source: str
    at: datetime
    until: datetime
    seconds: float
    blocked: bool


COLUMNS = tuple(field.name for field in fields(Memento))
PROGRESS_COLUMNS = tuple(field.name for field in fields(Progress))
_values = attrgetter(*COLUMNS)
_progress = attrgetter(*PROGRESS_COLUMNS)
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM memento WHERE source = ? AND site = ?"
_ADD = f"INSERT OR IGNORE INTO memento ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_SAVE_PROGRESS = f"INSERT OR REPLACE INTO listing ({', '.join(PROGRESS_COLUMNS)}) VALUES ({', '.join('?' * len(PROGRESS_COLUMNS))})"
_DUE = f"{_SELECT} AND timestamp BETWEEN ? AND ? AND (timestamp, url) > (?, ?) AND (state = 'planned' OR (state = 'failed' AND attempts < ?))"
_COPIES = f"{_SELECT} AND state = 'copy' ORDER BY key, url, timestamp"
_PAGE_ITSELF = (
    "SELECT 1 FROM memento WHERE source = ? AND site = ? AND key = ? AND state NOT IN ('copy', 'skipped') AND coalesce(status, 200) = 200 LIMIT 1"
)
_MARK = (
    "UPDATE memento SET state = ?, reason = ?, record_id = ?, attempts = ?, run_id = ? WHERE source = ? AND site = ? AND timestamp = ? AND url = ?"
)
_SAME = (
    "SELECT record_id FROM memento WHERE source = ? AND site = ? AND url = ? AND digest = ? AND state = 'fetched' AND reason = '' "
    "AND record_id IS NOT NULL AND (? IS NULL OR status IS NULL OR status = ?) ORDER BY timestamp LIMIT 1"
)
_CAPTURE_COLUMNS = [field.name for field in fields(Capture)]
_CAPTURE = f"SELECT {', '.join(_CAPTURE_COLUMNS)} FROM captures"


class BackfillStore:
    """The open file; each method that writes is one transaction. The archive's write lock must be held, unless it is a copy in memory."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self._connection = path, connection
        try:
            with translated(path):
                self._prepare()
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open(cls, state_dir: Path, notes: list[str]) -> BackfillStore:
        """The store; a damaged file, or one of another version, is set aside with a note, and the indexes are read again."""
        path = state_dir / DATABASE
        try:
            return cls(path, _connect(path))
        except ArchiveCorrupt as error:
            number = 1
            while (aside := path.with_name(f"{DATABASE}.damaged-{number}")).exists():
                number += 1
            path.rename(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            notes.append(f"{path} could not be used ({error.__cause__ or error}); it was set aside as {aside.name}: the indexes are read again")
            return cls(path, _connect(path))

    @classmethod
    def in_memory(cls, state_dir: Path) -> BackfillStore:
        """A copy that may be written to without a trace, empty if there is nothing to copy."""
        path, connection = state_dir / DATABASE, sqlite3.connect(":memory:", isolation_level=None)
        if path.exists():
            with translated(path):
                stored = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10.0)
                try:
                    stored.backup(connection)
                finally:
                    stored.close()
        return cls(path, connection)

    def _prepare(self) -> None:
        execute = self._connection.execute
        tables = execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and (execute("PRAGMA user_version").fetchone()[0], execute("PRAGMA application_id").fetchone()[0]) != (VERSION, APPLICATION_ID):
            raise ArchiveCorrupt("it is not the backfill list of this version of the program")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        if not tables:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # The indexes ---------------------------------------------------------------------------------------------------------------

    def progress(self, source: str, site: str, query: str) -> Progress:
        """How far the index was read for this question."""
        row = self._connection.execute(
            f"SELECT {', '.join(PROGRESS_COLUMNS)} FROM listing WHERE source = ? AND site = ? AND query = ?", (source, site, query)
        ).fetchone()
        return Progress(**dict(zip(PROGRESS_COLUMNS, row, strict=True))) if row else Progress(source=source, site=site, query=query)

    def dialect(self, source: str) -> str:
        """The dialect in which the archive's index was read, "" if it never was."""
        row = self._connection.execute("SELECT dialect FROM listing WHERE source = ? LIMIT 1", (source,)).fetchone()
        return str(row[0]) if row else ""

    def add(self, mementos: Iterable[Memento], progress: Progress) -> None:
        """Keep what a page of an index listed, and how to go on. A capture that is known stays as it is."""
        with self._transaction():
            self._connection.executemany(_ADD, [_values(one) for one in mementos])
            self._connection.execute(_SAVE_PROGRESS, _progress(progress))

    def broken_rows(self, source: str, site: str) -> int:
        """How many rows of the indexes could not be read."""
        return int(
            self._connection.execute("SELECT coalesce(sum(broken), 0) FROM listing WHERE source = ? AND site = ?", (source, site)).fetchone()[0]
        )

    # Captures ------------------------------------------------------------------------------------------------------------------

    def copies(self, source: str, site: str) -> list[Memento]:
        """The captures of copies that wait to be judged, by page."""
        return [_memento(row) for row in self._connection.execute(_COPIES, (source, site))]

    def lists_page(self, source: str, site: str, key: str) -> bool:
        """True if some capture of the page itself, not of a copy, is listed with a body."""
        return self._connection.execute(_PAGE_ITSELF, (source, site, key)).fetchone() is not None

    def due(self, source: str, site: str, first: str, last: str, *, most: int, failed_in: str | None = None) -> Iterator[Memento]:
        """What is to be fetched, in the order of time: planned ones, and those that failed less than `most` times.

        With `failed_in` only those that failed in that run; without, none that this iteration has already given.
        """
        after, sql = ("", ""), _DUE + (" AND state = 'failed' AND run_id = ?" if failed_in else "") + f" ORDER BY timestamp, url LIMIT {CHUNK}"
        more = (failed_in,) if failed_in else ()
        while True:
            rows = self._connection.execute(sql, (source, site, first or "0", last or "9", *after, most, *more)).fetchall()
            if not rows:
                return
            for row in rows:
                yield _memento(row)
            after = (rows[-1][COLUMNS.index("timestamp")], rows[-1][COLUMNS.index("url")])

    def count_due(self, source: str, site: str, first: str, last: str, *, most: int) -> int:
        """How many captures `due` gives."""
        sql = _DUE.replace(", ".join(COLUMNS), "count(*)", 1)
        return int(self._connection.execute(sql, (source, site, first or "0", last or "9", "", "", most)).fetchone()[0])

    def has(self, source: str, site: str, timestamp: str, url: str) -> bool:
        """True if this capture is listed and wanted, whatever became of it."""
        sql = "SELECT 1 FROM memento WHERE source = ? AND site = ? AND timestamp = ? AND url = ? AND state NOT IN ('skipped', 'copy', 'refused')"
        return self._connection.execute(sql, (source, site, timestamp, url)).fetchone() is not None

    def same(self, memento: Memento) -> str | None:
        """The record of an earlier fetched capture of the same address, digest and status; None if there is none."""
        values = (memento.source, memento.site, memento.url, memento.digest, memento.status, memento.status)
        row = self._connection.execute(_SAME, values).fetchone()
        return str(row[0]) if row else None

    def mark(self, changed: Sequence[Memento]) -> None:
        """Write the states of these captures as they are now."""
        with self._transaction():
            rows = [(m.state, m.reason, m.record_id, m.attempts, m.run_id, m.source, m.site, m.timestamp, m.url) for m in changed]
            self._connection.executemany(_MARK, rows)

    def states(self, source: str, site: str) -> dict[str, int]:
        """How many captures are in each state."""
        return dict(self._connection.execute("SELECT state, count(*) FROM memento WHERE source = ? AND site = ? GROUP BY state", (source, site)))

    def skipped(self, source: str, site: str) -> dict[str, dict[str, object]]:
        """Why captures are not wanted: for each reason how many, and some addresses."""
        sql = "SELECT reason, count(*), min(url), max(url) FROM memento WHERE source = ? AND site = ? AND state = 'skipped' GROUP BY reason ORDER BY 2 DESC, 1"
        return {
            reason: {"count": count, "examples": list(dict.fromkeys((one, other)))}
            for reason, count, one, other in self._connection.execute(sql, (source, site))
        }

    # Blocks --------------------------------------------------------------------------------------------------------------------

    def last_block(self, source: str, *, blocked: bool = False) -> Block | None:
        """The last time the archive asked to be left alone; with `blocked` only real blocks count."""
        more = "AND blocked" if blocked else ""
        row = self._connection.execute(
            f"SELECT source, at, until, seconds, blocked FROM block WHERE source = ? {more} ORDER BY at DESC LIMIT 1", (source,)
        ).fetchone()
        return Block(source=row[0], at=parse_moment(row[1]), until=parse_moment(row[2]), seconds=row[3], blocked=bool(row[4])) if row else None

    def add_block(self, block: Block) -> None:
        """Remember a block."""
        with self._transaction():
            values = (block.source, moment(block.at), moment(block.until), block.seconds, int(block.blocked))
            self._connection.execute("INSERT INTO block VALUES (?,?,?,?,?)", values)

    def _transaction(self) -> Transaction:
        return Transaction(self._connection, self.path)


def _connect(path: Path) -> sqlite3.Connection:
    with translated(path):
        return sqlite3.connect(path, isolation_level=None, timeout=10.0)


def _memento(row: tuple[object, ...]) -> Memento:
    return Memento(**dict(zip(COLUMNS, row, strict=True)))  # type: ignore[arg-type]


# What the archive holds already ------------------------------------------------------------------------------------------------


def capture_at(connection: sqlite3.Connection, url: str, second: datetime) -> Capture | None:
    """A capture of the address in that second, from wherever it came; None if there is none."""
    sql = f"{_CAPTURE} WHERE url = ? AND captured_at >= ? AND captured_at < ? ORDER BY captured_at, record_id LIMIT 1"
    return _capture(connection.execute(sql, (url, moment(second), moment(second + timedelta(seconds=1)))).fetchone())


def capture_with(connection: sqlite3.Connection, url: str, digest: str, *, status: int | None = None) -> Capture | None:
    """The earliest whole response of the address with that digest (SHA-1 in base 32, or "sha256:" and hex); None if there is none."""
    column = "digest" if digest.startswith("sha256:") else "sha1"
    sql = (
        f"{_CAPTURE} WHERE url = ? AND {column} = ? AND (? IS NULL OR status = ?) AND record_type = 'response' AND truncated IS NULL AND verdict IS NULL "
        "AND held = 0 ORDER BY captured_at, record_id LIMIT 1"
    )
    return _capture(connection.execute(sql, (url, digest, status, status)).fetchone())


def capture_of_record(connection: sqlite3.Connection, record_id: str) -> Capture | None:
    """The capture of that record id; None if there is none."""
    return _capture(connection.execute(f"{_CAPTURE} WHERE record_id = ?", (record_id,)).fetchone())


def has_page(connection: sqlite3.Connection, url: str) -> bool:
    """True if the archive holds a whole answer of the address."""
    return connection.execute("SELECT 1 FROM captures WHERE url = ? AND status = 200 AND truncated IS NULL LIMIT 1", (url,)).fetchone() is not None


def _capture(row: tuple[object, ...] | None) -> Capture | None:
    return None if row is None else capture_of(dict(zip(_CAPTURE_COLUMNS, row, strict=True)))
