"""What people decided about translations: `archive/decisions.jsonl`, one line a decision, only ever added to. Data like the WARC files; a rebuild obeys it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from rabat_crawler.errors import ArchiveCorrupt, DiskFull

LOG_NAME = "decisions.jsonl"
CONFIRM, REJECT, UNDO = "confirm", "reject", "undo"
MAX_LINE = 65536
What = Literal["confirm", "reject", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`what` was decided `at` (ISO 8601 UTC) of two items; their addresses stand beside their ids for people. The last one about a pair counts."""

    what: What
    item_id: str
    other_id: str
    at: str
    item_url: str = ""
    other_url: str = ""
    note: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """The two ids in their order."""
        return (self.item_id, self.other_id) if self.item_id < self.other_id else (self.other_id, self.item_id)


def log_path(archive: Path) -> Path:
    """Where an archive keeps its decisions."""
    return archive / LOG_NAME


def read_decisions(archive: Path) -> list[Decision]:
    """All decisions in the order in which they were made; [] if none was. ArchiveCorrupt names a line that cannot be read."""
    return list(_lines(log_path(archive)))


def _lines(path: Path) -> Iterator[Decision]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveCorrupt(f"{path} cannot be read ({error}); restore it from a backup") from error
    lines = text.split("\n")
    if lines and lines[-1]:
        lines.pop()  # what a full disk or a kill left half written was never said to be kept
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            decision = Decision(**json.loads(line))
            if decision.what not in (CONFIRM, REJECT, UNDO) or not all(isinstance(value, str) for value in asdict(decision).values()):
                raise ValueError(decision.what)
        except (ValueError, TypeError) as error:
            raise ArchiveCorrupt(f"{path} line {number} is no decision; mend or delete that line, or restore the file from a backup") from error
        yield decision


def add_decision(archive: Path, decision: Decision) -> None:
    """Write a decision at the end, flushed to disk. DiskFull if there is no room; then nothing is added."""
    path = log_path(archive)
    line = json.dumps(asdict(decision), ensure_ascii=False, sort_keys=True) + "\n"
    try:
        with path.open("ab+") as file:
            end = _cut_half_line(file, file.seek(0, os.SEEK_END))
            try:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {archive} is full; the decision was not kept: free space and run the command again") from error
        raise


def _cut_half_line(file: BinaryIO, end: int) -> int:
    """Take away a line without its end, so that the next one stands by itself; where the file ends then."""
    start = max(0, end - MAX_LINE)
    file.seek(start)
    tail = file.read(end - start)
    kept = start + tail.rfind(b"\n") + 1
    if kept != end:
        file.truncate(kept)
    return kept


def settled(decisions: list[Decision]) -> tuple[list[tuple[str, str]], set[tuple[str, str]]]:
    """Confirmed pairs in order, and rejected ones: what the last decision about each pair says."""
    last: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        last.pop(decision.pair, None)
        last[decision.pair] = decision
    confirmed = [pair for pair, decision in last.items() if decision.what == CONFIRM]
    return confirmed, {pair for pair, decision in last.items() if decision.what == REJECT}


def now() -> str:
    """The present moment as decisions write it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
