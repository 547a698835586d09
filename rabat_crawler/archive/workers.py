"""Processes of our own that read pages and make items, for work on whole archives. Each answers one task after the other and ends with its parent.

A worker is `python -m rabat_crawler.archive.workers`; tasks and results are pickles on its pipes, which nobody else can write to.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sqlite3
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from rabat_crawler.errors import RabatError

_LENGTH = struct.Struct(">Q")
PACKAGE_FOLDER = Path(__file__).resolve().parents[2]


class Task(Protocol):
    """Something that a worker can do: a value that can be pickled."""

    def run(self, place: Place) -> Any:
        """The result, a value that can be pickled."""


class Place:
    """What a worker keeps from one task to the next."""

    def __init__(self) -> None:
        from rabat_crawler.archive.document_reader import DocumentReader
        from rabat_crawler.archive.rows import Preparer

        self.preparer = Preparer()
        self.documents = DocumentReader()
        self._connections: dict[str, sqlite3.Connection] = {}

    def connection(self, database: str) -> sqlite3.Connection:
        """A reading connection to a database, kept open."""
        if database not in self._connections:
            self._connections[database] = sqlite3.connect(database, isolation_level=None)
            self._connections[database].execute("PRAGMA query_only = ON")
        return self._connections[database]

    def close(self) -> None:
        """Close what was opened."""
        self.documents.close()
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str


class Workers:
    """So many processes; with one, the work is done here. A context manager: leaving it ends them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: ThreadPoolExecutor | None = None
        self._here: Place | None = None

    def __enter__(self) -> Self:
        if self.count > 1:
            self._threads = ThreadPoolExecutor(self.count)
            for _ in range(self.count):
                process = _start()
                self._processes.append(process)
                self._idle.put(process)
        else:
            self._here = Place()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            for process in self._processes:
                process.kill()
        for process in self._processes:
            if process.stdin is not None:
                try:
                    process.stdin.close()
                except BrokenPipeError:
                    pass
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._here is not None:
            self._here.close()

    def map(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """The results in the order of the tasks; no more tasks than two a worker are taken in advance."""
        if self._threads is None:
            assert self._here is not None
            for task in tasks:
                yield task.run(self._here)
            return
        waiting: deque[Future[Any]] = deque()
        for task in tasks:
            waiting.append(self._threads.submit(self._ask, task))
            if len(waiting) >= 2 * self.count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _ask(self, task: Task) -> Any:
        process = self._idle.get()
        try:
            assert process.stdin is not None and process.stdout is not None
            _send(process.stdin, task)
            result = _receive(process.stdout)
        except (OSError, EOFError) as error:
            raise RabatError(
                f"a reading process ended unexpectedly ({process.poll()}), perhaps for want of memory; run again with --workers 1"
            ) from error
        finally:
            self._idle.put(process)
        if isinstance(result, _Failure):
            raise RabatError(f"a reading process failed: {result.message}")
        return result


def _start() -> subprocess.Popen[bytes]:
    """A worker that finds this very package, whatever the folder it is started in."""
    paths = [str(PACKAGE_FOLDER), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return subprocess.Popen(
        [sys.executable, "-m", "rabat_crawler.archive.workers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        bufsize=-1,
    )


def _send(stream: IO[bytes], value: Any) -> None:
    packed = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(packed)))
    stream.write(packed)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    packed = stream.read(_LENGTH.unpack(head)[0])
    return pickle.loads(packed)  # noqa: S301 - the pipe is between us and our own process


def main() -> None:
    """Answer tasks until the parent closes the pipe, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    tasks, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints may reach the results
    place = Place()
    while True:
        try:
            task = _receive(tasks)
        except EOFError:
            place.close()
            return
        try:
            result = task.run(place)
        except Exception as error:  # told to the parent, which ends the work
            result = _Failure(f"{type(error).__name__}: {error}")
        try:
            _send(results, result)
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
