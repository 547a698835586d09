"""What people decided about translations: `archive/decisions.jsonl`, one line a decision, only ever added to. Data like the WARC files; a rebuild obeys it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from rabat_crawler.archive.line_log import append_line, read_lines
from rabat_crawler.errors import ArchiveCorrupt

LOG_NAME = "decisions.jsonl"
CONFIRM, REJECT, UNDO = "confirm", "reject", "undo"
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
    for number, line in read_lines(path):
        try:
            decision = Decision(**json.loads(line))
            if decision.what not in (CONFIRM, REJECT, UNDO) or not all(isinstance(value, str) for value in asdict(decision).values()):
                raise ValueError(decision.what)
        except (ValueError, TypeError) as error:
            raise ArchiveCorrupt(f"{path} line {number} is no decision; mend or delete that line, or restore the file from a backup") from error
        yield decision


def add_decision(archive: Path, decision: Decision) -> None:
    """Write a decision at the end, flushed to disk. DiskFull if there is no room; then nothing is added."""
    append_line(log_path(archive), asdict(decision), "decision")


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
