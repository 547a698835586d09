"""The places: a map of where meetings are held or which towns and countries items name, with the tables that say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from datasette import Response
from datasette.utils.asgi import Request
from markupsafe import Markup

from rabat_crawler.archive import Archive
from rabat_crawler.errors import ConfigError
from rabat_crawler.names import coordinates, country_of, label
from rabat_crawler.places_map import places_map
from rabat_crawler.places_map.projection import within
from rabat_crawler.web.language import Language, Translator
from rabat_crawler.web.room import Room

COUNTS = ("items", "meetings")
FIRST_ROWS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Numbers by country and by town: of items that name them, of meetings held there."""

    items: tuple[Mapping[str, int], Mapping[str, int]]
    meetings: tuple[Mapping[str, int], Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A country or town of a table; `on_map`: whether the map shows it."""

    name: str
    country: str
    items: int
    meetings: int
    search: str
    agenda: str
    on_map: bool


def places(archive: Archive) -> Places:
    """The numbers."""
    named = archive.facets()
    events = archive.agenda()
    return Places(
        items=(dict(named["country"]), dict(named["town"])),
        meetings=(Counter(event.country for event in events if event.country), Counter(event.town for event in events if event.town)),
    )


def country_rows(found: Places, language: Language) -> list[Row]:
    """The countries, those with the most first."""
    items, meetings = found.items[0], found.meetings[0]
    return _sorted(
        Row(
            name=label("country", code, language), country="", items=items.get(code, 0), meetings=meetings.get(code, 0),
            search=_search(language, "country", code), agenda=f"/{language}/agenda?country={quote(code)}", on_map=True,
        )
        for code in items.keys() | meetings.keys()
    )  # fmt: skip


def town_rows(found: Places, language: Language) -> list[Row]:
    """The towns, those with the most first."""
    items, meetings = found.items[1], found.meetings[1]
    return _sorted(
        Row(
            name=label("town", code, language), country=label("country", country_of(code), language) if country_of(code) else "",
            items=items.get(code, 0), meetings=meetings.get(code, 0), search=_search(language, "town", code),
            agenda=f"/{language}/agenda?country={quote(country_of(code))}" if country_of(code) else "",
            on_map=(point := coordinates(code)) is not None and within(*point),
        )
        for code in items.keys() | meetings.keys()
    )  # fmt: skip


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.items, -row.meetings, row.name))


def _search(language: Language, kind: str, code: str) -> str:
    return f"/{language}/search?{kind}={quote(code)}"


async def page(room: Room, request: Request) -> Response:
    """The page; `?count=meetings` counts the meetings held instead of the items that name a place."""
    count = request.args.get("count") or "items"
    if count not in COUNTS:
        raise ConfigError(f"count={count!r}: give items or meetings")
    language = room.language(request)
    found = await room.remember("places", places)
    countries, towns = found.items if count == "items" else found.meetings
    t = Translator(language)
    drawn = places_map(
        countries,
        towns,
        title=t(f"places.map_{count}"),
        unit=t(f"places.unit_{count}"),
        language=language,
        country_link=lambda code: _search(language, "country", code) if count == "items" else f"/{language}/agenda?country={quote(code)}",
        town_link=lambda code: _search(language, "town", code),
        for_phones=True,
    )
    return await room.render(
        request,
        "room_places.html",
        count=count,
        drawn=Markup(drawn),  # noqa: S704  # the map escapes what it is given
        countries=country_rows(found, language),
        towns=town_rows(found, language),
        first=FIRST_ROWS,
    )


ROUTES = [(r"^/(?:en|fr)/places$", page)]
