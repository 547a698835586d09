"""The names that items mention as rows: made from title and text, read back for one item, counted over many, and as a condition of a search."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rabat_crawler.names import KINDS, NameKind, find_names, resolve

if TYPE_CHECKING:
    from rabat_crawler.archive.filters import Filters

MAX_SPANS = 20
"""So many places of one name in an item are kept; `count` says how many there are."""
MAX_CHARACTERS = 300_000
"""So much of a text is searched for names, so that a page of any size takes less than a tenth of a second."""

OF_ITEM = "SELECT kind, code, matched, count, spans FROM mentions WHERE item_id = ? ORDER BY kind, count DESC, code"
FACETS = """
SELECT m.kind, m.code, count(*) FROM mentions m JOIN items i ON i.item_id = m.item_id WHERE 1 {conditions}
GROUP BY m.kind, m.code ORDER BY m.kind, count(*) DESC, m.code
"""
GROUPS = """
SELECT 'language', language, item_id FROM items WHERE language IS NOT NULL UNION ALL SELECT 'kind', kind, item_id FROM items
UNION ALL SELECT m.kind, m.code, m.item_id FROM mentions m WHERE m.kind = 'country'
"""
HAS = "AND EXISTS (SELECT 1 FROM mentions m WHERE m.item_id = i.item_id AND m.kind = '{kind}' AND m.code IN ({marks}))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentioned:
    """A name in an item: how it is written first, how often it stands there, and where: (title or text, start, end), at most MAX_SPANS."""

    kind: NameKind
    code: str
    matched: str
    count: int
    spans: tuple[tuple[str, int, int], ...]


def mention_rows(item_id: str, title: str, text: str, language: str | None) -> list[tuple[Any, ...]]:
    """The rows of `mentions` of an item: one for each name in its title or text."""
    return [(item_id, *row) for row in _mentioned(title, text[:MAX_CHARACTERS], language)]


@lru_cache(maxsize=1024)
def _mentioned(title: str, text: str, language: str | None) -> tuple[tuple[Any, ...], ...]:
    """The rows without the item; remembered, for listings write the same items anew page after page."""
    found: dict[tuple[str, str], tuple[str, list[tuple[str, int, int]]]] = {}
    for field, value in (("title", title), ("text", text)):
        for one in find_names(value, language=language):
            found.setdefault((one.kind, one.code), (one.matched, []))[1].append((field, one.start, one.end))
    return tuple((*name, matched, len(spans), json.dumps(spans[:MAX_SPANS])) for name, (matched, spans) in found.items())


def read_mentions(connection: sqlite3.Connection, item_id: str) -> tuple[Mentioned, ...]:
    """The names in an item, by kind, the most frequent first."""
    return tuple(
        Mentioned(kind=kind, code=code, matched=matched, count=count, spans=tuple((field, start, end) for field, start, end in json.loads(spans)))
        for kind, code, matched, count, spans in connection.execute(OF_ITEM, (item_id,))
    )


def read_facets(connection: sqlite3.Connection, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    """For each kind of name the codes with the number of items that mention them, the most frequent first."""
    conditions, values = filters.sql()
    facets: dict[str, list[tuple[str, int]]] = {kind: [] for kind in KINDS}
    for kind, code, count in connection.execute(FACETS.format(conditions=conditions), values):
        facets[kind].append((code, count))
    return facets


def read_groups(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str]]:
    """(facet, value, item id) of every item: its language, its kind, each country that it mentions."""
    yield from connection.execute(GROUPS)


def conditions(wanted: Mapping[NameKind, str]) -> tuple[list[str], dict[str, str]]:
    """The conditions on `items i` that it mentions all these names, and their values. ConfigError for a name that is not known."""
    parts: list[str] = []
    values: dict[str, str] = {}
    for kind, name in wanted.items():
        codes = resolve(kind, name)
        marks = [f"{kind}_{number}" for number in range(len(codes))]
        parts.append(HAS.format(kind=kind, marks=", ".join(f":{mark}" for mark in marks)))
        values.update(zip(marks, codes, strict=True))
    return parts, values
