"""Lines sorted by their bytes, however many: runs of them in nameless files, merged. For the indexes of exports."""

from __future__ import annotations

import contextlib
import heapq
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

AT_ONCE = 50_000
"""So many lines are in memory; a CDXJ line has some 400 bytes."""


class SortedLines:
    """`add` lines without line ends, then iterate once. What does not fit in memory lies in files without a name in `folder`, which vanish with the process."""

    def __init__(self, folder: Path, at_once: int = AT_ONCE) -> None:
        self._folder, self._at_once = folder, at_once
        self._lines: list[bytes] = []
        self._files = contextlib.ExitStack()
        self._runs: list[IO[bytes]] = []

    def add(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line.encode("utf-8", "replace") + b"\n")
        if len(self._lines) >= self._at_once:
            self._put()

    def _put(self) -> None:
        run = self._files.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
        run.writelines(sorted(self._lines))
        run.flush()
        run.seek(0)
        self._runs.append(run)
        self._lines.clear()

    def __iter__(self) -> Iterator[bytes]:
        """All lines in order, each with its line end."""
        return heapq.merge(*self._runs, sorted(self._lines))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._files.close()
