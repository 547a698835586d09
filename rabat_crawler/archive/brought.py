"""What a WACZ file of ours says beside its captures: the runs that made them and what people decided. Nothing of it is believed before it is looked at.

A run or decision that the archive has already stays as it is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from rabat_crawler.archive.decisions import CONFIRM, REJECT, UNDO, Decision, add_decision, read_decisions
from rabat_crawler.archive.wacz import Wacz
from rabat_crawler.archive.warc_write import RUN_NAME
from rabat_crawler.models import Run

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive

T = TypeVar("T", Run, Decision)

RUNS, DECISIONS = "rabat/runs.jsonl", "rabat/decisions.jsonl"
MAX_RUNS, MAX_DECISIONS = 50_000, 50_000
MAX_LINE = 1024 * 1024
MAX_TEXT = 2000
NUMBERS = tuple(
    "asked unchanged changed new_pages gone_pages carried_over pages requests failed captures_new items_new items_total versions_new".split()
)
TABLES = ("answers", "states", "change_counts")
VERDICTS = ("held", "accepted")
"""What is kept of a run's counts, in this order: that it was held back or let in decides what its captures say, the rest is told to people."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_WORDS = re.compile(r"[a-z][a-z -]{0,40}")
_KEY = re.compile(r"[a-z0-9_]{1,40}")
_SITE = re.compile(r"[!-~]{0,300}")
_ITEM = re.compile(r"[0-9a-z]{4,40}")


def runs_in(wacz: Wacz) -> Iterator[Run]:
    """The runs that the file tells of; what is no run is told as a finding of the file, and left out."""
    return _sound(wacz, RUNS, MAX_RUNS, "run", _run)


def decisions_in(wacz: Wacz) -> Iterator[Decision]:
    """The decisions that the file tells of; likewise."""
    return _sound(wacz, DECISIONS, MAX_DECISIONS, "decision", _decision)


def _sound(wacz: Wacz, name: str, most: int, what: str, read: Callable[[Any], T | None]) -> Iterator[T]:
    for number, value in enumerate(_values(wacz, name, most), 1):
        found = read(value)
        if found is None:
            wacz.tell(name, what, f"line {number} is no {what}; it is left out")
        else:
            yield found


def carried(run: Run) -> dict[str, Any]:
    """A run as an exported archive tells of it: what `runs_in` keeps, and nothing of this machine's folders."""
    return {**asdict(run), "counts": _counts(dict(run.counts)), "parameters": _parameters(dict(run.parameters)), "messages": ()}


def bring_runs(archive: Archive, runs: list[Run], import_id: str) -> int:
    """Keep the runs that the archive does not know, each with the import that brought it; how many."""
    known = {run.run_id for run in archive.iter_runs()}
    new = {run.run_id: run for run in runs if run.run_id not in known}
    for run in new.values():
        archive.begin_run(replace(run, parameters={**run.parameters, "brought_by": import_id}))
    return len(new)


def bring_decisions(archive: Archive, decisions: list[Decision]) -> int:
    """Keep the decisions about pairs of which nothing was decided here; how many."""
    decided = {one.pair for one in read_decisions(archive.path)}
    new = [one for one in decisions if one.pair not in decided]
    for one in new:
        add_decision(archive.path, one)
    return len(new)


def _values(wacz: Wacz, name: str, most: int) -> Iterator[Any]:
    """The values of an entry of JSON lines; None for a line that holds none."""
    for number, line in enumerate(wacz.lines(name, MAX_LINE)):
        if number >= most:
            wacz.tell(name, "too-many", f"it has more than {most} lines; the rest is left out")
            return
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield None


def _run(value: Any) -> Run | None:
    """The run, of harmless parts; None if it is none."""
    if not isinstance(value, dict):
        return None
    texts = {name: value.get(name) for name in ("run_id", "spider", "site", "started_at", "status")}
    patterns = {"run_id": RUN_NAME, "spider": _WORDS, "site": _SITE, "started_at": _MOMENT, "status": _WORDS}
    if not all(isinstance(text, str) and patterns[name].fullmatch(text) for name, text in texts.items()):
        return None
    finished, software = value.get("finished_at"), value.get("software")
    if finished is not None and not (isinstance(finished, str) and _MOMENT.fullmatch(finished)):
        return None
    return Run(
        **{**texts, "status": "interrupted" if texts["status"] == "running" else texts["status"]},  # type: ignore[arg-type]
        finished_at=finished,
        counts=_counts(value.get("counts")),
        parameters=_parameters(value.get("parameters")),
        software={str(name)[:MAX_TEXT]: text[:MAX_TEXT] for name, text in software.items() if isinstance(text, str)}
        if isinstance(software, dict) and len(software) < 50
        else {},
    )


def _parameters(value: Any) -> dict[str, str]:
    """The round that a run belongs to: `accept` lets a round in as one."""
    name = value.get("round") if isinstance(value, dict) else None
    return {"round": name} if isinstance(name, str) and RUN_NAME.fullmatch(name) else {}


def _counts(value: Any) -> dict[str, Any]:
    """The counts that are kept, of the kind that they must be."""
    if not isinstance(value, dict):
        return {}
    kept: dict[str, Any] = {name: value[name] for name in VERDICTS if isinstance(value.get(name), bool)}
    kept |= {name: value[name] for name in NUMBERS if _is_number(value.get(name))}
    for name in TABLES:
        table = value.get(name)
        if isinstance(table, dict):
            kept[name] = {key: number for key, number in table.items() if _KEY.fullmatch(key) and _is_number(number)}
    return kept


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _decision(value: Any) -> Decision | None:
    names = {one.name for one in fields(Decision)}
    if not isinstance(value, dict) or set(value) != names or not all(isinstance(text, str) and len(text) <= MAX_TEXT for text in value.values()):
        return None
    pair = _ITEM.fullmatch(value["item_id"]) and _ITEM.fullmatch(value["other_id"]) and value["item_id"] != value["other_id"]
    sound = pair and value["what"] in (CONFIRM, REJECT, UNDO) and _MOMENT.fullmatch(value["at"])
    return Decision(**value) if sound else None
