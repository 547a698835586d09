"""The agenda: the meetings that items tell of, as a list or month by month, narrowed by year, type, country and time; the same as iCalendar."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import quote, urlencode

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler import calendars
from rabat_crawler.archive import Archive
from rabat_crawler.archive.agenda import Event
from rabat_crawler.charts.words import SHORT_WEEKDAYS, WEEKDAYS
from rabat_crawler.date_text import MONTHS
from rabat_crawler.errors import ConfigError
from rabat_crawler.event_words import MEETING_TYPES
from rabat_crawler.names import label, resolve
from rabat_crawler.web.language import Language, Translator
from rabat_crawler.web.month import Month, month_of, months_around
from rabat_crawler.web.room import Room

MOST_EVENTS = 400
"""So many meetings a page shows; the year narrows them."""

_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_MONTH = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])", re.ASCII)
TIMES = ("coming", "past")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks of the agenda; "" is what is not asked."""

    year: str = ""
    type: str = ""
    country: str = ""
    time: str = ""
    view: str = ""
    month: str = ""

    def address(self, path: str, **changes: str) -> str:
        """An address with this question, some of it changed."""
        changed = replace(self, **changes)
        given = [(one.name, getattr(changed, one.name)) for one in fields(changed) if getattr(changed, one.name)]
        return path + (f"?{urlencode(given, quote_via=quote)}" if given else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The meetings asked for, what there is to choose from, and the day up to which the archive knows."""

    events: tuple[Event, ...]
    years: tuple[str, ...]
    types: tuple[str, ...]
    countries: tuple[str, ...]
    known_on: str
    latest: str | None


def read_asked(given: Mapping[str, str]) -> Asked:
    """The question of an address. ConfigError names what is wrong in it."""
    found = {one.name: (given.get(one.name) or "").strip()[:100] for one in fields(Asked)}
    if found["year"] and not _YEAR.fullmatch(found["year"]):
        raise ConfigError(f"{found['year']!r} is no year; give one such as 2017")
    if found["month"] and not _MONTH.fullmatch(found["month"]):
        raise ConfigError(f"{found['month']!r} is no month; give one such as 2017-05")
    if found["type"] and found["type"] not in MEETING_TYPES:
        raise ConfigError(f"{found['type']!r} is no type of meeting; known: {', '.join(MEETING_TYPES)}")
    if found["time"] and found["time"] not in TIMES:
        raise ConfigError(f"time={found['time']!r}: give coming or past")
    if found["country"]:
        found["country"] = resolve("country", found["country"])[0]
    return Asked(**found)


def known(archive: Archive) -> tuple[list[Event], str | None]:
    """Every meeting, and when the archive's last run ended."""
    return archive.agenda(), archive.latest()


def shown(every: Sequence[Event], latest: str | None, asked: Asked) -> Shown:
    """The meetings that fit. What is coming and what is past is told by the day of the archive's last run, not by a clock."""
    known_on = (latest or "")[:10]
    return Shown(
        events=tuple(event for event in every if fits(event, asked, known_on)),
        years=tuple(sorted({year for event in every for year in (event.start[:4], (event.end or event.start)[:4])}, reverse=True)),
        types=tuple(sorted({event.meeting_type for event in every if event.meeting_type})),
        countries=tuple(sorted({event.country for event in every if event.country})),
        known_on=known_on,
        latest=latest,
    )


def fits(event: Event, asked: Asked, known_on: str) -> bool:
    """Whether a meeting is asked for: it touches the year, and is not over (coming) or over (past) on the day of the last run."""
    last = event.end or event.start
    if asked.year and not event.start[:4] <= asked.year <= last[:4]:
        return False
    if asked.type and event.meeting_type != asked.type:
        return False
    if asked.country and event.country != asked.country:
        return False
    coming = last >= known_on[: len(last)]
    return not asked.time or coming == (asked.time == "coming")


def by_year(events: Sequence[Event], *, ascending: bool) -> list[tuple[str, list[Event]]]:
    """The meetings under their years, the latest first unless only coming ones are asked for."""
    groups: dict[str, list[Event]] = {}
    for event in events if ascending else reversed(events):
        groups.setdefault(event.start[:4], []).append(event)
    return list(groups.items())


async def agenda(room: Room, request: Request) -> Response:
    """The page: list or month."""
    asked = read_asked(_given(request))
    language = room.language(request)
    found = shown(*await room.remember("agenda", known), asked)
    path = f"/{language}/agenda"
    events = found.events[-MOST_EVENTS:] if asked.time != "coming" else found.events[:MOST_EVENTS]
    month, around = None, {}
    if asked.view == "month":
        name = asked.month or _first_month(found, asked)
        month, around = month_of(name, found.events), months_around(name, found.events)
    return await room.render(
        request,
        "room_agenda.html",
        asked=asked,
        path=path,
        found=found,
        hidden=len(found.events) - len(events),
        groups=by_year(events, ascending=asked.time == "coming"),
        month=month,
        around=around,
        month_name=_month_words(month, language) if month else "",
        weekdays=list(zip(WEEKDAYS[language], SHORT_WEEKDAYS[language], strict=True)),
        feed=replace(asked, view="", month="").address(f"{path}.ics"),
        countries=sorted(((label("country", code, language), code) for code in found.countries), key=lambda pair: _folded(pair[0])),
        types=[(calendars.named(calendars.TYPES, name, language), name) for name in found.types],
        type_words=lambda name: calendars.named(calendars.TYPES, name, language),
        format_words=lambda name: calendars.named(calendars.FORMATS, name, language),
        place_words=lambda event: calendars.where(event, language),
        month_words=lambda iso: MONTHS[language][int(iso[5:7]) - 1],
        best=lambda event: next((one for one in event.items if one.language == language), event.items[0]),
    )


async def feed(room: Room, request: Request) -> Response:
    """The same meetings as iCalendar."""
    asked = read_asked(_given(request))
    language = room.language(request)
    found = shown(*await room.remember("agenda", known), asked)
    own = room.absolute(request, "")
    text = calendars.calendar(
        found.events,
        stamp=found.latest,
        name=Translator(language)("agenda.calendar_name"),
        language=language,
        link=lambda one: f"{own}/item/{one.item_id}",
    )
    return Response(text, headers={"Content-Disposition": 'inline; filename="agenda.ics"'}, content_type="text/calendar; charset=utf-8")


def _given(request: Request) -> dict[str, str]:
    return {name: request.args.get(name) or "" for name in (one.name for one in fields(Asked))}


def _first_month(found: Shown, asked: Asked) -> str:
    """The month to begin with: of the year asked for, else that of the last meeting that had begun on the day of the last run."""
    begun = [event.start[:7] for event in found.events if len(event.start) >= 7 and (asked.year or event.start <= found.known_on)]
    if begun:
        return begun[-1]
    dated = [event.start[:7] for event in found.events if len(event.start) >= 7]
    return dated[0] if dated else f"{asked.year}-01" if asked.year else found.known_on[:7] or "2006-07"


def _month_words(month: Month, language: Language) -> str:
    return f"{MONTHS[language][month.number - 1]} {month.year}"


def _folded(text: str) -> str:
    from rabat_crawler.names import slug

    return slug(text)


ROUTES = [(r"^/(?:en|fr)/agenda$", agenda), (r"^/(?:en|fr)/agenda\.ics$", feed)]
