"""Connections for SQL that strangers write: read-only, and bounded in what an answer, a value and a program may take of memory and time.

SQLite looks at a time limit between steps only, so functions whose one call may take minutes are replaced or not given out.
"""

from __future__ import annotations

import contextlib
import ctypes
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

MIB = 1 << 20
STEPS_OF_OURS = 10_000
STEPS = 200
"""How many of SQLite's steps pass at most until a time limit is looked at; a step on a large value may take milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """In bytes: `value`, the longest text or blob; `answer`, all values of one answer together; `heap`, what SQLite takes in the whole process."""

    value: int = 1 * MIB
    answer: int = 16 * MIB
    heap: int = 96 * MIB


_LIMITS = (
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 20_000),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_COLUMN, 100),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 25_000),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)

FUNCTIONS = frozenset(
    """abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling char coalesce cos cosh count cume_dist current_date current_time
    current_timestamp date datetime degrees dense_rank escape_fts exp first_value floor glob group_concat hex highlight ifnull iif instr json json_array
    json_array_length json_error_position json_extract json_group_array json_group_object json_insert json_object json_quote json_remove json_replace
    json_set json_type json_valid julianday lag last_value lead length like likelihood likely ln log log10 log2 lower ltrim match max min mod
    nth_value ntile nullif octet_length percent_rank pi pow power quote radians random randomblob rank replace round row_number rtrim sign sin sinh
    snippet sqlite_version sqrt strftime subtype substr substring sum tan tanh time timediff total trim trunc typeof unicode unixepoch unlikely upper
    zeroblob -> ->>""".split()
)
"""What a query may call. Not among them: `printf` and `format` (a width of a thousand million), `json_patch` (the square of its length)."""
_TOO_LONG = " " * (MIB + 1)
"""What a function gives back that refuses: SQLite makes an error of it, "string or blob too big"."""
MOST_TRIMMED = 100
"""So many letters `trim(text, letters)` takes; its time is their number times that of the text."""


def connect(path: Path, bounds: Bounds) -> BoundedConnection:
    """A read-only connection to a file that nobody changes, to be used in any one thread at a time."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True, check_same_thread=False, factory=BoundedConnection)
    connection.bounds = bounds
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, bounds.value)
    for limit, value in _LIMITS:
        connection.setlimit(limit, value)
    _replace_functions(connection)
    connection.execute(f"PRAGMA hard_heap_limit = {bounds.heap}")
    connection.execute("PRAGMA mmap_size = 0")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(_authorize)
    return connection


@contextlib.contextmanager
def within(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Whatever is asked of the connection in the block is interrupted when the time is over. TimeoutError says so."""
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_OF_OURS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise TimeoutError(f"the question took more than {seconds:.0f} seconds") from error
    finally:
        connection.set_progress_handler(None, 0)


def _authorize(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _replace_functions(connection: sqlite3.Connection) -> None:
    """SQLite's own search for a text by trying it at each place, which takes the product of both lengths; Python's takes their sum."""
    connection.create_function("instr", 2, _instr, deterministic=True)
    connection.create_function("replace", 3, _replace, deterministic=True)
    for name, strip in (("trim", str.strip), ("ltrim", str.lstrip), ("rtrim", str.rstrip)):
        connection.create_function(name, 2, partial(_trim, strip), deterministic=True)


def _instr(whole: Any, part: Any) -> int | None:
    if whole is None or part is None:
        return None
    if isinstance(whole, bytes) and isinstance(part, bytes):
        return whole.find(part) + 1
    return _as_text(whole).find(_as_text(part)) + 1


def _replace(whole: Any, old: Any, new: Any) -> str | None:
    if whole is None or old is None or new is None:
        return None
    text, part, put = _as_text(whole), _as_text(old), _as_text(new)
    if not part:
        return text
    if len(text) + text.count(part) * (len(put) - len(part)) > MIB:
        return _TOO_LONG
    return text.replace(part, put)


def _trim(strip: Callable[[str, str], str], whole: Any, letters: Any) -> str | None:
    if whole is None or letters is None:
        return None
    taken = _as_text(letters)
    if len(taken) > MOST_TRIMMED:
        return _TOO_LONG
    return strip(_as_text(whole), taken)


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


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
            raise _no_memory() from None
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
            raise _no_memory() from None
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
    _give_back()
    return sqlite3.OperationalError("the answer is too large: ask for fewer rows or columns, or for parts of long values")


def _no_memory() -> sqlite3.OperationalError:
    _give_back()
    return sqlite3.OperationalError("the query takes too much memory: make it smaller")


def _give_back() -> None:
    """Let the C library give freed memory back to the system; it would keep what a costly query took, once for each thread."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
