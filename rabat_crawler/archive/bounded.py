"""Connections for SQL that strangers write: read-only, and bounded in what one answer, one value and one program may take of memory and time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

MIB = 1 << 20
STEPS = 200
"""How many of SQLite's steps pass at most until a time limit is looked at; a step on a large value may take milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """In bytes: `value`, the longest text or blob; `answer`, all values of one answer together; `heap`, what SQLite takes in the whole process."""

    value: int = 4 * MIB
    answer: int = 16 * MIB
    heap: int = 256 * MIB


_LIMITS = (
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_COLUMN, 500),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 100_000),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)


def connect(path: Path, bounds: Bounds) -> BoundedConnection:
    """A read-only connection to a file that nobody changes, to be used in any one thread at a time."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True, check_same_thread=False, factory=BoundedConnection)
    connection.bounds = bounds
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, bounds.value)
    for limit, value in _LIMITS:
        connection.setlimit(limit, value)
    connection.execute(f"PRAGMA hard_heap_limit = {bounds.heap}")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    return connection


class BoundedConnection(sqlite3.Connection):
    """Its cursors count what they give out; its time limit is looked at often."""

    bounds = Bounds()

    def cursor(self, factory: Any = None) -> Any:
        """A cursor that ends an answer which grows too large."""
        return super().cursor(factory or BoundedCursor)

    def execute(self, *arguments: Any) -> Any:
        """As the standard one, through such a cursor."""
        return self.cursor().execute(*arguments)

    def set_progress_handler(self, handler: Callable[[], int | None] | None, n: int) -> None:
        """As the standard one, but not rarer than every STEPS."""
        super().set_progress_handler(handler, min(n, STEPS))


class BoundedCursor(sqlite3.Cursor):
    """Ends an answer whose values take more bytes than the bounds allow. sqlite3.OperationalError says so."""

    _taken = 0

    def execute(self, *arguments: Any) -> BoundedCursor:
        """As the standard one; SQLite's want of memory is an error of the query."""
        self._taken = 0
        try:
            super().execute(*arguments)
        except MemoryError:
            raise _too_much() from None
        return self

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def fetchone(self) -> Any:
        """The next row, counted; None after the last."""
        try:
            row = super().fetchone()
        except MemoryError:
            raise _too_much() from None
        if row is not None:
            self._taken += 64 + sum(_size(value) for value in row)
            assert isinstance(self.connection, BoundedConnection)
            if self._taken > self.connection.bounds.answer:
                self.close()
                raise _too_much()
        return row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """At most so many rows, counted."""
        wanted = self.arraysize if size is None else size
        rows: list[Any] = []
        while len(rows) < wanted and (row := self.fetchone()) is not None:
            rows.append(row)
        return rows

    def fetchall(self) -> list[Any]:
        """All rows, counted."""
        return list(iter(self.fetchone, None))


def _size(value: Any) -> int:
    return 16 + len(value) if isinstance(value, (str, bytes)) else 16


def _too_much() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("the answer is too large: ask for fewer rows or columns, or for parts of long values")
