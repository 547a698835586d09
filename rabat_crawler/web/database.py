"""The snapshot as a Datasette database: read-only, exchanged for a newer one under the same name, and bounded in time, rows and memory."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from datasette.database import Database

from rabat_crawler.archive.bounded import Bounds, connect

T = TypeVar("T")
SETTINGS = {
    "sql_time_limit_ms": 1000,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "facet_time_limit_ms": 500,
    "max_csv_mb": 32,
    "num_sql_threads": 3,
    "suggest_facets": False,
}
PUBLIC_SETTINGS = {"default_allow_sql": False, "allow_download": False, "allow_csv_stream": False}
BOUNDS = Bounds()
COUNT_MS = 60_000


_threads = threading.local()


class SnapshotDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """One snapshot. Each thread has a connection of its own to it, and closes it itself: another thread could do so in the middle of a query."""

    def __init__(self, datasette: Any, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=False)
        self.cached_hash = hashlib.sha256(path.name.encode()).hexdigest()  # Datasette would read the whole file for it, for a colour
        self.left = False

    def connect(self, write: bool = False) -> Any:
        """A connection within our bounds."""
        connection = connect(Path(self.path), BOUNDS)
        self._all_file_connections.append(connection)
        return connection

    async def execute_fn(self, fn: Callable[[Any], T]) -> T:
        """Run a function with a thread's connection to this very file."""
        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, lambda: fn(self._of_this_thread()))

    def _of_this_thread(self) -> Any:
        own: dict[SnapshotDatabase, Any] = _threads.__dict__.setdefault("own", {})
        for database in [one for one in own if one.left]:
            own.pop(database).close()
        if self not in own:
            connection = self.connect()
            self.ds._prepare_connection(connection, self.name)
            own[self] = connection
        return own[self]

    async def execute(self, sql: str, params: Any = None, **more: Any) -> Any:
        """As Datasette's, without a word on standard error where the SQL of a visitor is wrong."""
        return await super().execute(sql, params, **{**more, "log_sql_errors": False})


def bound(datasette: Any, name: str) -> None:
    """Put the database of that name within our bounds, where Datasette has opened it as a file that nobody changes."""
    opened = datasette.databases.get(name)
    if opened is None or opened.is_mutable or isinstance(opened, SnapshotDatabase):
        return
    bounded = SnapshotDatabase(datasette, Path(opened.path))
    bounded.name = bounded.route = name
    datasette.databases = {**datasette.databases, name: bounded}


class Shown:
    """Which snapshot Datasette shows; `exchange` puts another in its place while requests go on.

    A request takes the database when it needs it, so one that is replaced is kept until every request that had begun by then has ended.
    """

    def __init__(self, datasette: Any, name: str, lease: Callable[[], AbstractContextManager[Path]]) -> None:
        self.datasette, self.name = datasette, name
        self._lease = lease
        self._held: dict[SnapshotDatabase, contextlib.ExitStack] = {}
        self._replaced: list[tuple[int, SnapshotDatabase]] = []
        self._begun = 0
        self._active: set[int] = set()

    async def exchange(self) -> None:
        """Show the snapshot that is current now; its rows are counted before."""
        stack = contextlib.ExitStack()
        fresh = SnapshotDatabase(self.datasette, stack.enter_context(self._lease()))
        fresh.name = fresh.route = self.name
        self._held[fresh] = stack
        await fresh.table_counts(limit=COUNT_MS)
        before = self.datasette.databases.get(self.name)
        self.datasette.databases = {**self.datasette.databases, self.name: fresh}
        if before is not None:
            self._replaced.append((self._begun, before))
            self._leave()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """While a request is answered, whatever database it takes stays."""
        number = self._begun
        self._begun += 1
        self._active.add(number)
        try:
            yield
        finally:
            self._active.discard(number)
            self._leave()

    def _leave(self) -> None:
        oldest = min(self._active, default=self._begun)
        for begun, database in [one for one in self._replaced if one[0] <= oldest]:
            self._replaced.remove((begun, database))
            database.left = True
            self._held.pop(database).close()

    def close(self) -> None:
        """Wait for what still runs, close every connection and let every snapshot go."""
        self.datasette.executor.shutdown()
        for database, stack in self._held.items():
            database.close()
            stack.close()
