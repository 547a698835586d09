"""What people decided to withhold: `archive/takedowns.jsonl`, one line a decision, only ever added to. Data like the WARC files; a rebuild obeys it.

Names of an item stand there as digests only: enough to know it again, too little to read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from rabat_crawler.archive.line_log import append_line, read_lines
from rabat_crawler.errors import ArchiveCorrupt

LOG_NAME = "takedowns.jsonl"
What = Literal["withhold", "also", "erase", "undo"]
"""Withheld from then on; further names by which it was known again; its records' bytes are to be erased; withheld no more."""

AT_ONCE = 500
"""So many names or records stand in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """`what` was decided `at` (ISO 8601 UTC) `by` whom of an item. `names` are digests (`digest_of`), `records` the record ids to be erased."""

    what: What
    item_id: str
    at: str
    by: str = ""
    reason: str = ""
    names: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds of an item that is withheld now, by all that was decided; `erased_at` is None as long as no bytes were to be erased."""

    item_id: str
    at: str
    by: str
    reason: str
    names: frozenset[str]
    records: frozenset[str]
    erased_at: str | None


def log_path(archive: Path) -> Path:
    """Where an archive keeps its takedowns."""
    return archive / LOG_NAME


def digest_of(name: str) -> str:
    """What stands for a name: the first 32 digits of its SHA-256."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_takedowns(archive: Path) -> list[Takedown]:
    """All lines in the order in which they came; [] if there are none. ArchiveCorrupt names a line that cannot be read."""
    path, found = log_path(archive), []
    for number, line in read_lines(path):
        try:
            found.append(_from_json(line))
        except (ValueError, TypeError, KeyError) as error:
            raise ArchiveCorrupt(f"{path} line {number} is no takedown; mend that line, or restore the file from a backup") from error
    return found


def _from_json(line: str) -> Takedown:
    values = json.loads(line)
    found = Takedown(**{**values, "names": tuple(values.get("names", ())), "records": tuple(values.get("records", ()))})
    said = (found.item_id, found.at, found.by, found.reason, *found.names, *found.records)
    if found.what not in get_args(What) or not all(isinstance(one, str) for one in said):
        raise ValueError("no takedown")
    return found


def add_takedown(archive: Path, takedown: Takedown) -> None:
    """Write it at the end, flushed to disk, in several lines if its lists are long. DiskFull if there is no room."""
    for start in range(0, max(len(takedown.names), len(takedown.records), 1), AT_ONCE):
        part = {"names": takedown.names[start : start + AT_ONCE], "records": takedown.records[start : start + AT_ONCE]}
        append_line(log_path(archive), {**asdict(takedown), **part}, "takedown")


def standing(takedowns: Iterable[Takedown]) -> dict[str, Standing]:
    """The items that are withheld now, by id: what was decided first counts, with every name and record that was added since."""
    found: dict[str, Standing] = {}
    for one in takedowns:
        before = found.get(one.item_id)
        if one.what == "undo":
            found.pop(one.item_id, None)
        elif before is not None:
            found[one.item_id] = _grown(before, one)
        elif one.what == "withhold":
            found[one.item_id] = Standing(
                item_id=one.item_id, at=one.at, by=one.by, reason=one.reason, names=frozenset(one.names), records=frozenset(), erased_at=None
            )
    return found


def _grown(before: Standing, one: Takedown) -> Standing:
    return Standing(
        item_id=before.item_id,
        at=before.at,
        by=before.by,
        reason=before.reason,
        names=before.names | set(one.names),
        records=before.records | set(one.records),
        erased_at=before.erased_at or (one.at if one.what == "erase" else None),
    )


def fingerprint(takedowns: Sequence[Takedown]) -> str:
    """A digest of all that was decided; "" if nothing was."""
    return digest_of(json.dumps([asdict(one) for one in takedowns])) if takedowns else ""
