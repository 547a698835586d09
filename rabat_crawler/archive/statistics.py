"""Figures over time: items by month and year, a word's trend, the lag before a capture, coverage, what each run changed. Reads only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rabat_crawler.archive.search import Filters, match_expression
from rabat_crawler.changes import CODES

Step = Literal["month", "year"]
Split = Literal["language", "kind"]
LETTERS: Mapping[Step, int] = {"month": 7, "year": 4}

"""Stands for an item's language where there is none."""

OVER_TIME = """
SELECT substr(i.published, 1, {letters}), coalesce(i.{column}, 'unknown'), count(*) FROM items i
WHERE length(i.published) >= {letters} {conditions} GROUP BY 1, 2
"""
UNPLACED = "SELECT count(*) FROM items i WHERE (i.published IS NULL OR length(i.published) < {letters}) {conditions}"
HOLDING = "AND i.id IN (SELECT rowid FROM items_fts WHERE items_fts MATCH :matching)"

LAGS = """
SELECT CAST(julianday(substr(first_seen, 1, 10)) - julianday(published) AS INTEGER), count(*) FROM items
WHERE length(published) = 10 GROUP BY 1 HAVING julianday(published) IS NOT NULL
"""
CAPTURED = "SELECT substr(captured_at, 1, 4), count(*) FROM captures GROUP BY 1"
PUBLISHED = "SELECT substr(published, 1, 4), count(*) FROM items WHERE published IS NOT NULL GROUP BY 1"
NIGHTS = """
SELECT substr(started_at, 1, 10), json_extract(counts, '$.change_counts') FROM runs WHERE started_at >= :since AND json_valid(counts) ORDER BY 1
"""

LAG_CLASSES: tuple[tuple[str, int | None], ...] = (
    ("before", -1), ("same-day", 0), ("week", 7), ("month", 31), ("quarter", 92), ("year", 366), ("two-years", 731), ("five-years", 1827),
    ("ten-years", 3653), ("longer", None),
)  # fmt: skip
"""The classes of a lag with the last day that belongs to each; "before": a capture older than the day of publication."""

LATEST = "SELECT max(coalesce(finished_at, started_at)) FROM runs"
GAPS = """
SELECT count(*), sum(published IS NULL), sum(gone), sum(language IS NULL),
  sum(EXISTS (SELECT 1 FROM json_each(items.flags) j WHERE j.value = 'intro_only')),
  sum(EXISTS (SELECT 1 FROM json_each(items.flags) j WHERE j.value = 'no_address')),
  sum(NOT EXISTS (SELECT 1 FROM translations t WHERE t.item_id = items.item_id))
FROM items
"""
BAD_CAPTURES = "SELECT count(*), sum(badness >= 0.5), sum(truncated IS NOT NULL), sum(held) FROM captures"
UNREAD_DOCUMENTS = "SELECT count(*), sum(problems <> '[]'), sum(gone) FROM documents WHERE current"
RUNS_BY_STATUS = "SELECT status, count(*) FROM runs GROUP BY 1 ORDER BY 2 DESC, 1"
SOURCES = "SELECT source, count(*), min(captured_at), max(captured_at) FROM captures GROUP BY 1 ORDER BY 2 DESC, 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What is missing, in numbers of `items`: without a day of publication, known from a list only, and so on; bad, cut and held captures; documents
    that could not be read; runs by how they ended; where the captures come from: (source, captures, first, last).
    """

    items: int
    undated: int
    gone: int
    without_language: int
    from_lists_only: int
    without_address: int
    without_translation: int
    captures: int
    bad_captures: int
    cut_captures: int
    held_captures: int
    documents: int
    unread_documents: int
    gone_documents: int
    runs: Mapping[str, int]
    sources: tuple[tuple[str, int, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Items by period of publication and by language or kind: `counts["2017-05"]["fr"]`. `unplaced`: without a date as precise as that."""

    step: Step
    split: Split
    counts: Mapping[str, Mapping[str, int]]
    unplaced: int

    @property
    def names(self) -> tuple[str, ...]:
        """The languages or kinds that occur, the most frequent first."""
        sums: dict[str, int] = {}
        for values in self.counts.values():
            for name, number in values.items():
                sums[name] = sums.get(name, 0) + number
        return tuple(sorted(sums, key=lambda name: (-sums[name], name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How many items hold the words by period and language, and how many there are: `holding["2017"]["fr"]`, `items["2017"]["fr"]`."""

    words: str
    step: Step
    holding: Mapping[str, Mapping[str, int]]
    items: Mapping[str, Mapping[str, int]]
    unplaced: int

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which the words occur, the most frequent first."""
        return Timeline(step=self.step, split="language", counts=self.holding, unplaced=0).names

    def share(self, period: str, language: str) -> float | None:
        """Which share (0 to 100) of a period's items in a language hold the words; None if there is none."""
        there = self.items.get(period, {}).get(language, 0)
        return 100 * self.holding.get(period, {}).get(language, 0) / there if there else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lags:
    """Days between an item's publication and its first capture, counted by LAG_CLASSES; `unplaced`: items of which no day of publication is known."""

    counts: Mapping[str, int]
    median: int | None
    unplaced: int


def timeline(connection: sqlite3.Connection, step: Step, split: Split, filters: Filters | None = None) -> Timeline:
    """Items by period of publication and by language or kind."""
    conditions, values = (filters or Filters()).sql()
    return Timeline(
        step=step, split=split, counts=_grouped(connection, step, split, conditions, values), unplaced=_unplaced(connection, step, conditions, values)
    )


def trend(connection: sqlite3.Connection, words: str, step: Step, filters: Filters | None = None) -> Trend:
    """How often items hold the words, by the rules of the search. SearchSyntax as there; nothing is counted where no word is given."""
    conditions, values = (filters or Filters()).sql()
    items = _grouped(connection, step, "language", conditions, values)
    matching = match_expression(connection, words)
    if not matching:
        return Trend(words=words, step=step, holding={}, items=items, unplaced=0)
    values = {**values, "matching": matching}
    conditions = f"{conditions} {HOLDING}"
    holding = _grouped(connection, step, "language", conditions, values)
    return Trend(words=words, step=step, holding=holding, items=items, unplaced=_unplaced(connection, step, conditions, values))


def lags(connection: sqlite3.Connection) -> Lags:
    """How long after its publication each item was first captured."""
    counts = {name: 0 for name, _ in LAG_CLASSES}
    days: list[tuple[int, int]] = sorted(connection.execute(LAGS))
    for lag, number in days:
        counts[next(name for name, last in LAG_CLASSES if last is None or lag <= last)] += number
    placed = sum(number for _, number in days)
    every = int(connection.execute("SELECT count(*) FROM items").fetchone()[0])
    return Lags(counts=counts, median=_median(days), unplaced=every - placed)


def coverage(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Items published and captures made, by year: `{"2017": {"published": 40, "captures": 512}}`."""
    found: dict[str, dict[str, int]] = {}
    for name, sql in (("published", PUBLISHED), ("captures", CAPTURED)):
        for year, number in connection.execute(sql):
            found.setdefault(year, {"published": 0, "captures": 0})[name] = number
    return dict(sorted(found.items()))


def nights(connection: sqlite3.Connection, since: str = "") -> dict[str, dict[str, int]]:
    """What the runs of each day changed: items new, changed, moved, gone, returned; a day on which nothing changed has none of them."""
    found: dict[str, dict[str, int]] = {}
    for day, changes in connection.execute(NIGHTS, {"since": since}):
        there = found.setdefault(day, {})
        for code, number in (json.loads(changes) if changes else {}).items():
            if code in CODES and isinstance(number, int):
                there[code] = there.get(code, 0) + number
    return found


def gaps(connection: sqlite3.Connection) -> Gaps:
    """What is missing, in numbers."""
    items, undated, gone, language, lists, address, alone = (number or 0 for number in connection.execute(GAPS).fetchone())
    captures, bad, cut, held = (number or 0 for number in connection.execute(BAD_CAPTURES).fetchone())
    documents, unread, gone_documents = (number or 0 for number in connection.execute(UNREAD_DOCUMENTS).fetchone())
    return Gaps(
        items=items, undated=undated, gone=gone, without_language=language, from_lists_only=lists, without_address=address, without_translation=alone,
        captures=captures, bad_captures=bad, cut_captures=cut, held_captures=held, documents=documents, unread_documents=unread,
        gone_documents=gone_documents, runs=dict(connection.execute(RUNS_BY_STATUS)), sources=tuple(connection.execute(SOURCES)),
    )  # fmt: skip


def latest(connection: sqlite3.Connection) -> str | None:
    """When the last run ended (or began, if it goes on), ISO 8601 UTC; None before the first."""
    found: str | None = connection.execute(LATEST).fetchone()[0]
    return found


def _grouped(connection: sqlite3.Connection, step: Step, split: Split, conditions: str, values: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for period, name, number in connection.execute(OVER_TIME.format(letters=LETTERS[step], column=split, conditions=conditions), values):
        found.setdefault(period, {})[name] = number
    return found


def _unplaced(connection: sqlite3.Connection, step: Step, conditions: str, values: Mapping[str, str]) -> int:
    return int(connection.execute(UNPLACED.format(letters=LETTERS[step], conditions=conditions), values).fetchone()[0])


def _median(days: list[tuple[int, int]]) -> int | None:
    """The middle lag in days (the lower one of two)."""
    half, seen = (sum(number for _, number in days) + 1) // 2, 0
    for lag, number in days:
        seen += number
        if seen >= half:
            return lag
    return None
