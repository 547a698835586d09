"""The snapshot as a Datasette database: read-only, exchanged for a newer one under the same name, and bounded in time, rows and memory."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Callable
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


class SnapshotDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """One snapshot. Its connections are its own, so that none is used for another file of the same name."""

    def __init__(self, datasette: Any, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=False)
        self.cached_hash = hashlib.sha256(path.name.encode()).hexdigest()  # Datasette would read the whole file for it, for a colour
        self._local = threading.local()

    def connect(self, write: bool = False) -> Any:
        """A connection within our bounds."""
        connection = connect(Path(self.path), BOUNDS)
        self._all_file_connections.append(connection)
        return connection

    async def execute_fn(self, fn: Callable[[Any], T]) -> T:
        """Run a function with this thread's connection to this very file."""

        def in_thread() -> T:
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self.connect()
                self.ds._prepare_connection(connection, self.name)
                self._local.connection = connection
            return fn(connection)

        return await asyncio.get_running_loop().run_in_executor(self.ds.executor, in_thread)

    async def execute(self, sql: str, params: Any = None, **more: Any) -> Any:
        """As Datasette's, without a word on standard error where the SQL of a visitor is wrong."""
        return await super().execute(sql, params, **{**more, "log_sql_errors": False})


class Shown:
    """Which snapshot Datasette shows; `exchange` puts another in its place while requests for the one before go on."""

    def __init__(self, datasette: Any, name: str, lease: Callable[[], AbstractContextManager[Path]]) -> None:
        self.datasette, self.name = datasette, name
        self._lease = lease
        self._held = contextlib.ExitStack()
        self.shown: SnapshotDatabase | None = None
        self._readers: dict[SnapshotDatabase, int] = {}
        self._stacks: dict[SnapshotDatabase, contextlib.ExitStack] = {}

    async def exchange(self, *, counted: bool = True) -> None:
        """Show the snapshot that is current now; its rows are counted before."""
        stack = contextlib.ExitStack()
        fresh = SnapshotDatabase(self.datasette, stack.enter_context(self._lease()))
        fresh.name = fresh.route = self.name
        if counted:
            await fresh.table_counts(limit=60_000)
        before, self.shown = self.shown, fresh
        self._readers[fresh], self._stacks[fresh] = 0, stack
        self.datasette.databases = {**self.datasette.databases, self.name: fresh}
        if before is not None:
            self._leave(before)

    @contextlib.contextmanager
    def reading(self) -> Any:
        """While a request is answered, the database that it may have begun with stays."""
        held = self.shown
        if held is None:
            yield
            return
        self._readers[held] += 1
        try:
            yield
        finally:
            self._readers[held] -= 1
            self._leave(held)

    def _leave(self, database: SnapshotDatabase) -> None:
        if database is not self.shown and self._readers[database] == 0:
            database.close()
            self._stacks.pop(database).close()
            del self._readers[database]

    def close(self) -> None:
        """Close every connection and let every snapshot go."""
        for database in list(self._stacks):
            database.close()
            self._stacks.pop(database).close()
