"""The agenda: what the archive's items say of meetings, each meeting once, with all the items that tell of it and which announced it. Reads only."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rabat_crawler.names import country_of, resolve

EVENTS = """
SELECT e.item_id, e.start, e."end", e.town, e.country, e.place, e.format, e.meeting_type, i.language, i.title, i.published, i.canonical_url, i.kind
FROM events e JOIN items i ON i.item_id = e.item_id WHERE e.start IS NOT NULL
"""
OTHERS = "SELECT item_id, language, title, published, canonical_url FROM items WHERE item_id = ?"
TOGETHER = """
SELECT item_id, other_id, 'translation' FROM translations UNION ALL
SELECT item_id, other_id, relation FROM relations WHERE relation IN ('duplicate of', 'announcement of')
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An item that tells of a meeting; `role`: "announcement", "outcome" or "" if nothing says which."""

    item_id: str
    language: str | None
    title: str
    published: str | None
    canonical_url: str | None
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A meeting: first and last day (ISO dates, `end` None if it is one day), where, in which form, of which type; "" where no item says it."""

    start: str
    end: str | None
    town: str
    country: str
    place: str
    format: str
    meeting_type: str
    items: tuple[Telling, ...]

    @property
    def title(self) -> str:
        """The title of the item that announced it, else of the first that tells of it."""
        return self.items[0].title


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaFilters:
    """What limits the agenda: days (ISO prefixes; a meeting that touches the span counts), language of an item, type, country and town (any spelling)."""

    since: str | None = None
    until: str | None = None
    language: str | None = None
    meeting_type: str | None = None
    country: str | None = None
    town: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    telling: Telling
    start: str
    end: str | None
    where: tuple[str, str, str]
    format: str
    meeting_type: str
    kind: str

    @property
    def is_meeting(self) -> bool:
        """False for a day on which something else happens (an office moves, a call ends): nothing says that people meet, or where."""
        return self.kind == "event" or bool(self.meeting_type or self.where[0] or self.where[1])


def read_event(connection: sqlite3.Connection, item_id: str) -> dict[str, str | None] | None:
    """The event of an item as the table `events` has it, without the id; None if it has none."""
    cursor = connection.execute("SELECT * FROM events WHERE item_id = ?", (item_id,))
    row = cursor.fetchone()
    return dict(zip([column[0] for column in cursor.description][1:], row[1:], strict=True)) if row else None


def read_agenda(connection: sqlite3.Connection, filters: AgendaFilters) -> list[Event]:
    """The meetings in the order of their days. ConfigError for a country or town that is not known."""
    countries = set(resolve("country", filters.country)) if filters.country is not None else None
    towns = set(resolve("town", filters.town)) if filters.town is not None else None
    rows = {row[0]: _row(row) for row in connection.execute(EVENTS)}
    together = connection.execute(TOGETHER).fetchall()
    begun_by: dict[str, list[tuple[str, str, str]]] = {}
    for pair in together:
        begun_by.setdefault(pair[0], []).append(pair)
    events = []
    for group in _groups(rows, together):
        if not any(name in rows and rows[name].is_meeting for name in group):
            continue
        tellings = _tellings(connection, group, rows, [pair for name in sorted(group) for pair in begun_by.get(name, ())])
        event = _event([rows[name] for name in sorted(group) if name in rows], tellings)
        if _fits(event, filters, countries, towns):
            events.append(event)
    return sorted(events, key=lambda event: (event.start, event.end or event.start, event.items[0].item_id))


def _row(row: Sequence[str]) -> _Row:
    name, start, end, town, country, place, form, meeting_type, language, title, published, url, kind = row
    telling = Telling(item_id=name, language=language, title=title, published=published, canonical_url=url)
    return _Row(telling, start, end, (town, country, place), form, meeting_type, kind)


def _groups(rows: Iterable[str], together: Sequence[tuple[str, str, str]]) -> list[set[str]]:
    """The items of one meeting: translations, duplicates, announcement and outcome belong together, whichever of them has the days."""
    group_of = {name: {name} for name in rows}
    for one, other, _ in together:
        if one in group_of or other in group_of:
            first, second = group_of.setdefault(one, {one}), group_of.setdefault(other, {other})
            if first is not second:
                first |= second
                for name in second:
                    group_of[name] = first
    unique = {id(group): group for group in group_of.values()}
    return sorted(unique.values(), key=min)


def _tellings(
    connection: sqlite3.Connection, group: set[str], rows: dict[str, _Row], together: Sequence[tuple[str, str, str]]
) -> tuple[Telling, ...]:
    """The items of a meeting in the order of what they tell; `together` are the pairs that begin with one of them."""
    roles: dict[str, str] = {}
    twins: dict[str, str] = {}
    for one, other, relation in together:
        if relation == "announcement of":
            roles[one], roles[other] = "announcement", "outcome"
        elif relation == "translation":
            twins[one] = other
    found = []
    for name in sorted(group):
        role = roles.get(name) or roles.get(twins.get(name, ""), "")
        telling = rows[name].telling if name in rows else _other(connection, name)
        found.append(
            Telling(
                item_id=name,
                language=telling.language,
                title=telling.title,
                published=telling.published,
                canonical_url=telling.canonical_url,
                role=role,
            )
        )
    order = {"announcement": 0, "": 1, "outcome": 2}
    return tuple(sorted(found, key=lambda one: (order[one.role], one.published or "9", one.language or "", one.item_id)))


def _other(connection: sqlite3.Connection, name: str) -> Telling:
    row = connection.execute(OTHERS, (name,)).fetchone()
    return Telling(item_id=name, language=row[1], title=row[2], published=row[3], canonical_url=row[4])


def _event(rows: Sequence[_Row], items: tuple[Telling, ...]) -> Event:
    """What most of the items say; of values said equally often the first in the order of the alphabet."""
    start, end = _most((row.start, row.end) for row in rows) or ("", None)
    where = _most(row.where for row in rows if row.where[0] or row.where[1]) or _most(row.where for row in rows) or ("", "", "")
    town, country, place = where
    return Event(
        start=start,
        end=end if end != start else None,
        town=town,
        country=country or (country_of(town) if town else "") or "",
        place=place,
        format=_most(row.format for row in rows if row.format) or "",
        meeting_type=_most(row.meeting_type for row in rows if row.meeting_type) or "",
        items=items,
    )


def _most(values: Iterable[T]) -> T | None:
    counted: Counter[T] = Counter(values)
    return min(counted, key=lambda value: (-counted[value], str(value))) if counted else None


def _fits(event: Event, filters: AgendaFilters, countries: set[str] | None, towns: set[str] | None) -> bool:
    last = event.end or event.start
    if filters.since and last[: len(filters.since)] < filters.since:
        return False
    if filters.until and event.start[: len(filters.until)] > filters.until:
        return False
    if filters.language and all(one.language != filters.language for one in event.items):
        return False
    if filters.meeting_type and event.meeting_type != filters.meeting_type:
        return False
    return (countries is None or event.country in countries) and (towns is None or event.town in towns)
