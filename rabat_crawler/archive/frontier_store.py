"""`state/frontier.db`: every address of a site with its state, on disk after each step, so that a killed crawl goes on where it was.

It is no truth: if it is lost, the next crawl asks everything again. Decides nothing; `rabat_crawler.frontier` does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

from rabat_crawler.archive import schema
from rabat_crawler.archive.schema import translated
from rabat_crawler.errors import ArchiveCorrupt

DATABASE = "frontier.db"
VERSION = 1
APPLICATION_ID = 0x52424146
STATES = ("queued", "leased", "done", "failed", "gone", "put_off", "held", "folded", "skipped")
"""Waiting; being asked; answered; no usable answer; not there; to be asked later; waiting for another address of the same article; the same
as another address; not to be asked."""

RUNS_KEPT = 90
SCHEMA = """
CREATE TABLE address (
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, url TEXT NOT NULL, key TEXT NOT NULL, state TEXT NOT NULL, kind INTEGER NOT NULL,
  depth INTEGER NOT NULL, chain INTEGER NOT NULL, referrer TEXT NOT NULL, sequence INTEGER NOT NULL, status INTEGER, attempts INTEGER NOT NULL,
  reason TEXT NOT NULL, run_id TEXT NOT NULL, round TEXT NOT NULL, found_in TEXT NOT NULL, outcome TEXT NOT NULL, role TEXT NOT NULL,
  asked_at TEXT, leased_at TEXT, due_at TEXT, not_before TEXT, news_at TEXT, times INTEGER NOT NULL, article INTEGER, etag TEXT NOT NULL,
  modified TEXT NOT NULL, digest TEXT NOT NULL, links BLOB NOT NULL, teasers TEXT NOT NULL, prior TEXT NOT NULL, UNIQUE (site, url)
) STRICT;
CREATE TABLE round (
  site TEXT PRIMARY KEY, round_id TEXT NOT NULL, number INTEGER NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, not_before TEXT,
  probe TEXT NOT NULL
) STRICT;
CREATE TABLE before (site TEXT NOT NULL, item_id TEXT NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (site, item_id)) STRICT, WITHOUT ROWID;
CREATE TABLE outcome (
  run_id TEXT NOT NULL, site TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL, status INTEGER, attempts INTEGER NOT NULL, reason TEXT NOT NULL,
  asked_at TEXT, due_at TEXT, PRIMARY KEY (run_id, site, url)
) STRICT, WITHOUT ROWID;
"""


@dataclass(slots=True, kw_only=True)
class Address:
    """One address of a site as it stands: times are ISO 8601 UTC (None: never), `links` and `teasers` what its page last linked to and listed.

    `kind` is its class in the queue; `round` the round in which it was last settled, `found_in` the one in which it was found; `outcome` what that
    was: new, unchanged, changed, gone, absent, failed. `times`: answers of that kind in a row. `prior` is what a breached round must give back.
    """

    id: int
    site: str
    url: str
    key: str
    state: str
    kind: int = 0
    depth: int = 0
    chain: int = 0
    referrer: str = ""
    sequence: int = 0
    status: int | None = None
    attempts: int = 0
    reason: str = ""
    run_id: str = ""
    round: str = ""
    found_in: str = ""
    outcome: str = ""
    role: str = ""
    asked_at: str | None = None
    leased_at: str | None = None
    due_at: str | None = None
    not_before: str | None = None
    news_at: str | None = None
    times: int = 0
    article: int | None = None
    etag: str = ""
    modified: str = ""
    digest: str = ""
    links: bytes = b""
    teasers: str = ""
    prior: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One visit to a site, in as many runs as it takes. `number` counts them; `probe` is what a random path showed ("" if nothing)."""

    site: str
    round_id: str
    number: int
    started_at: str
    finished_at: str | None = None
    not_before: str | None = None
    probe: str = ""


TAKEN_BACK = "taken_back"
"""The key in `Address.prior` of what a breached round had found there."""
COLUMNS = tuple(field.name for field in fields(Address))
_values = attrgetter(*COLUMNS)
ROUND_COLUMNS = tuple(field.name for field in fields(Round))
_SAVE = f"INSERT OR REPLACE INTO address ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
_OUTCOME = "INSERT OR REPLACE INTO outcome (run_id, site, url, state, status, attempts, reason, asked_at, due_at) VALUES (?,?,?,?,?,?,?,?,?)"
_LEFT = """
INSERT OR REPLACE INTO outcome (run_id, site, url, state, status, attempts, reason, asked_at, due_at)
  SELECT ?, site, url, state, status, attempts, ?, asked_at, due_at FROM address WHERE site = ? AND state IN ('queued', 'held')
"""


class FrontierStore:
    """The open file; each method that writes is one transaction. The archive's write lock must be held."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / DATABASE
        with translated(self.path):
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=10.0)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    @classmethod
    def open(cls, state_dir: Path, notes: list[str]) -> FrontierStore:
        """The store; a damaged file, or one of another version, is set aside with a note, and everything will be asked again."""
        try:
            return cls(state_dir)
        except ArchiveCorrupt as error:
            path = state_dir / DATABASE
            number = 1
            while (aside := path.with_name(f"{DATABASE}.damaged-{number}")).exists():
                number += 1
            path.rename(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            notes.append(f"{path} could not be used ({error.__cause__ or error}); it was set aside as {aside.name}: every address is asked again")
            return cls(state_dir)

    def _prepare(self) -> None:
        execute = self._connection.execute
        tables = execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and (execute("PRAGMA user_version").fetchone()[0], execute("PRAGMA application_id").fetchone()[0]) != (VERSION, APPLICATION_ID):
            raise ArchiveCorrupt("it is not the frontier of this version of the program")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        if not tables:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def load(self, site: str) -> list[Address]:
        """All addresses of a site, in the order in which they were found."""
        with translated(self.path):
            rows = self._connection.execute(f"SELECT {', '.join(COLUMNS)} FROM address WHERE site = ? ORDER BY id", (site,))
            return [Address(**dict(zip(COLUMNS, row, strict=True))) for row in rows]

    def next_id(self) -> int:
        """An id that no address has, and none after it."""
        return int(self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM address").fetchone()[0])

    def save(self, addresses: Iterable[Address], *, run_id: str) -> None:
        """Write these addresses as they are now, and their states as outcomes of the run."""
        rows, outcomes = [], []
        for one in addresses:
            rows.append(_values(one))
            if one.run_id == run_id and one.state not in ("queued", "leased"):
                outcomes.append((run_id, one.site, one.url, one.state, one.status, one.attempts, one.reason, one.asked_at, one.due_at))
        if rows:
            with self._transaction():
                self._connection.executemany(_SAVE, rows)
                self._connection.executemany(_OUTCOME, outcomes)

    def round(self, site: str) -> Round | None:
        """The site's latest round, or None."""
        row = self._connection.execute(f"SELECT {', '.join(ROUND_COLUMNS)} FROM round WHERE site = ?", (site,)).fetchone()
        return Round(**dict(zip(ROUND_COLUMNS, row, strict=True))) if row else None

    def save_round(self, now: Round) -> None:
        """Write the site's round."""
        with translated(self.path):
            values = [getattr(now, name) for name in ROUND_COLUMNS]
            self._connection.execute(f"INSERT OR REPLACE INTO round ({', '.join(ROUND_COLUMNS)}) VALUES ({','.join('?' * len(values))})", values)

    def begin_round(self, now: Round, before: Mapping[str, str]) -> None:
        """Write a new round with what its items were before, by item id."""
        with self._transaction():
            self.save_round(now)
            self._connection.execute("DELETE FROM before WHERE site = ?", (now.site,))
            self._connection.executemany("INSERT INTO before VALUES (?,?,?)", [(now.site, name, text) for name, text in before.items()])

    def before(self, site: str) -> dict[str, str]:
        """What the site's items were when the round began, by item id."""
        return dict(self._connection.execute("SELECT item_id, snapshot FROM before WHERE site = ?", (site,)))

    def let_in(self, runs: Collection[str]) -> int:
        """What breached runs found at their addresses, and had to give back, counts after all; at how many addresses."""
        marks = ",".join("?" * len(runs))
        with self._transaction():
            found = self._connection.execute(f"SELECT id, prior FROM address WHERE run_id IN ({marks}) AND prior <> ''", tuple(runs)).fetchall()
            taken = [(json.loads(prior).get(TAKEN_BACK), number) for number, prior in found]
            for values, number in ((values, number) for values, number in taken if values):
                names = [name for name in values if name in COLUMNS]
                assigned = ", ".join(f"{name} = ?" for name in names)
                self._connection.execute(f"UPDATE address SET {assigned}, prior = '' WHERE id = ?", (*(values[name] for name in names), number))
        return sum(1 for values, _ in taken if values)

    def end_run(self, site: str, run_id: str, reason: str) -> None:
        """Note what the run leaves waiting, and forget the outcomes of the oldest runs."""
        with self._transaction():
            self._connection.execute(_LEFT, (run_id, reason, site))
            known = [row[0] for row in self._connection.execute("SELECT DISTINCT run_id FROM outcome ORDER BY run_id DESC")]
            self._connection.executemany("DELETE FROM outcome WHERE run_id = ?", [(name,) for name in known[RUNS_KEPT:]])

    def _transaction(self) -> Transaction:
        return Transaction(self._connection, self.path)


class Transaction:
    """All that is written within it or nothing; SQLite's errors as ours."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._translated = connection, translated(path)

    def __enter__(self) -> None:
        self._translated.__enter__()
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._connection.execute("COMMIT" if error is None else "ROLLBACK")
        except sqlite3.Error as failed:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if error is None:
                self._translated.__exit__(type(failed), failed, failed.__traceback__)
                raise
        self._translated.__exit__(kind, error, None)


def read_addresses(state_dir: Path, *, run: str | None = None, state: str | None = None, site: str | None = None) -> Iterator[Address]:
    """Addresses as they stand, or as a run left those that it met; by site and address. Nothing if there is no frontier yet."""
    path = state_dir / DATABASE
    if not path.exists():
        return
    with translated(path):
        connection = sqlite3.connect(schema.reading(path), uri=True, isolation_level=None, timeout=10.0)
        try:
            columns = "site, url, state, status, attempts, reason, run_id, asked_at, due_at"
            table = "outcome" if run else "address"
            wanted = {"run_id": run, "state": state, "site": site}
            asked = " AND ".join(f"{name} = :{name}" for name, value in wanted.items() if value)
            where = f"WHERE {asked}" if asked else ""
            for row in connection.execute(f"SELECT {columns} FROM {table} {where} ORDER BY site, url", wanted):
                values = dict(zip(columns.split(", "), row, strict=True))
                yield Address(id=0, key="", **values)
        finally:
            connection.close()


def known_runs(state_dir: Path) -> list[str]:
    """The runs whose outcomes are kept, the latest first."""
    path = state_dir / DATABASE
    if not path.exists():
        return []
    connection = sqlite3.connect(schema.reading(path), uri=True, isolation_level=None, timeout=10.0)
    try:
        return [row[0] for row in connection.execute("SELECT DISTINCT run_id FROM outcome ORDER BY run_id DESC")]
    finally:
        connection.close()
