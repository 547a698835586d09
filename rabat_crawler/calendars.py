"""Meetings as iCalendar (RFC 5545): whole days, stable names, lines folded at 75 octets. Pure: the moment that stands in it is the archive's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from rabat_crawler.charts.words import Language, period
from rabat_crawler.health_page import moment_of
from rabat_crawler.names import coordinates, label

PRODUCT = "-//rabat_crawler//agenda//EN"
HOST = "rabat-crawler.invalid"
"""What the entries' UIDs end with: the same on every machine that shows the archive, so that one meeting is one entry in a calendar."""
LINE = 75
"""So many octets a line has at most; a longer one is folded."""
MOST_TEXT = 4_000

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_ADDRESS = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)

_SAID = {
    "announcement": ("announcement", "annonce"),
    "outcome": ("outcome", "compte rendu"),
    "unsure": ("The day is not known: {when}.", "Le jour n’est pas connu\u00a0: {when}."),
}


TYPES = {
    "conference": ("conference", "conférence"), "drafting committee": ("drafting committee", "comité de rédaction"),
    "expert meeting": ("expert meeting", "réunion d’experts"), "focal points' meeting": ("focal points’ meeting", "réunion des points focaux"),
    "label event": ("label event", "événement labellisé"), "ministerial conference": ("ministerial conference", "conférence ministérielle"),
    "roundtable": ("roundtable", "table ronde"), "seminar": ("seminar", "séminaire"),
    "senior officials' meeting": ("senior officials’ meeting", "réunion des hauts fonctionnaires"),
    "steering committee": ("steering committee", "comité de pilotage"), "study visit": ("study visit", "visite d’étude"),
    "thematic meeting": ("thematic meeting", "réunion thématique"), "training": ("training", "formation"), "webinar": ("webinar", "webinaire"),
    "workshop": ("workshop", "atelier"),
}  # fmt: skip
FORMATS = {"in person": ("in person", "en présentiel"), "online": ("online", "en ligne"), "hybrid": ("hybrid", "hybride")}


class Telling(Protocol):
    """An item that tells of a meeting, as the agenda has it."""

    @property
    def item_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def language(self) -> str | None: ...
    @property
    def published(self) -> str | None: ...
    @property
    def role(self) -> str: ...


class Meeting(Protocol):
    """A meeting, as the agenda has it: ISO days (or a month or year only), place, form, type, the items that tell of it."""

    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str | None: ...
    @property
    def town(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def meeting_type(self) -> str: ...
    @property
    def items(self) -> Sequence[Telling]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days of a calendar entry, the last one not included; `sure` is False where only a month or year is known, and the entry spans all of it."""

    first: date
    after: date
    sure: bool


def calendar(
    meetings: Iterable[Meeting],
    *,
    stamp: str | None,
    name: str,
    host: str = HOST,
    language: Language = "en",
    link: Callable[[Telling], str | None] | None = None,
) -> str:
    """The meetings as one iCalendar object with CRLF line ends.

    `stamp`: ISO 8601, the moment whose knowledge this is (the archive's last capture), for DTSTAMP; `host`: what the entries' UIDs end with;
    `link`: the address of an item. A meeting whose days cannot be read is left out.
    """
    return "".join(iter_calendar(meetings, stamp=stamp, name=name, host=host, language=language, link=link))


def iter_calendar(
    meetings: Iterable[Meeting],
    *,
    stamp: str | None,
    name: str,
    host: str = HOST,
    language: Language = "en",
    link: Callable[[Telling], str | None] | None = None,
) -> Iterator[str]:
    """The same in pieces: its head, an entry for each meeting ("" for one that is left out), its end."""
    moment = moment_of(stamp) or datetime(1970, 1, 1)
    yield _lines(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            f"PRODID:{PRODUCT}",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            f"NAME:{escaped(name)}",
            f"X-WR-CALNAME:{escaped(name)}",
        )
    )
    for meeting in meetings:
        days = span(meeting.start, meeting.end) if meeting.items else None
        yield _lines(_entry(meeting, days, f"{moment:%Y%m%dT%H%M%SZ}", host, language, link)) if days else ""
    yield _lines(["END:VCALENDAR"])


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def span(start: str, end: str | None) -> Span | None:
    """The days from `start` to `end` (ISO dates, or a year or month for all of it); None if they cannot be read. An end before the start is none."""
    first, last = _days(start), _days(end or start)
    if first is None:
        return None
    if last is None or last[1] <= first[0]:
        last = first
    return Span(first=first[0], after=last[1], sure=len(start) == 10 and (not end or len(end) == 10))


def _days(text: str) -> tuple[date, date] | None:
    """The first day of an ISO prefix, and the day after its last."""
    try:
        if len(text) == 10:
            first = date.fromisoformat(text)
            return first, first + timedelta(days=1)
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            return first, (first + timedelta(days=31)).replace(day=1)
        first = date(int(text), 1, 1)
        return first, date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


def identifier(meeting: Meeting, host: str) -> str:
    """The UID: the id of the item that was published first, so that later news of a meeting does not make it another entry."""
    first = min(meeting.items, key=lambda one: (one.published or "9", one.item_id))
    return f"{first.item_id}@{host}"


def where(meeting: Meeting, language: Language) -> str:
    """The place for people: town and country by their names, else the words of the text; "" if it is not known."""
    town = label("town", meeting.town, language) if meeting.town else ""
    country = label("country", meeting.country, language) if meeting.country else ""
    return ", ".join(filter(None, (town, country))) or meeting.place


def named(names: Mapping[str, tuple[str, str]], key: str, language: Language) -> str:
    """A type or format in a language; an unknown one is its own name."""
    return names[key][language == "fr"] if key in names else key


def _entry(meeting: Meeting, days: Span, stamp: str, host: str, language: Language, link: Callable[[Telling], str | None] | None) -> Iterator[str]:
    best = next((one for one in meeting.items if one.language == language), meeting.items[0])
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(identifier(meeting, host))}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{_compact(days.first)}"
    yield f"DTEND;VALUE=DATE:{_compact(days.after)}"
    yield f"SUMMARY{_tagged(best.language)}:{escaped(best.title)}"
    place = where(meeting, language)
    if place:
        yield f"LOCATION:{escaped(place)}"
    point = coordinates(meeting.town) if meeting.town else None
    if point is not None:
        yield f"GEO:{point[0]:.2f};{point[1]:.2f}"
    if meeting.meeting_type:
        yield f"CATEGORIES:{escaped(named(TYPES, meeting.meeting_type, language))}"
    address = link(best) if link else None
    if address and _ADDRESS.fullmatch(address):
        yield f"URL:{address}"
    yield f"DESCRIPTION:{escaped(_description(meeting, days, language, link))}"
    if not days.sure:
        yield "STATUS:TENTATIVE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _description(meeting: Meeting, days: Span, language: Language, link: Callable[[Telling], str | None] | None) -> str:
    """What is known beside days and place: the doubt about the day, form, and every item that tells of the meeting with its address."""
    french = language == "fr"
    lines = []
    if not days.sure:
        said = " – ".join(dict.fromkeys(period(one, language) for one in (meeting.start, meeting.end or meeting.start)))
        lines.append(_SAID["unsure"][french].format(when=said))
    if meeting.format:
        lines.append(named(FORMATS, meeting.format, language))
    for one in meeting.items:
        role = f" ({_SAID[one.role][french]})" if one.role in _SAID else ""
        address = link(one) if link else None
        lines.append(f"{one.title}{role}" + (f"\n{address}" if address else ""))
    return "\n".join(lines)


def escaped(text: str) -> str:
    """A text value: control characters left out, backslash, comma, semicolon and line ends written as RFC 5545 has them."""
    clean = _CONTROLS.sub("", _LINE_END.sub("\n", text))[:MOST_TEXT]
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n").replace("\t", " ")


def folded(line: str) -> Iterator[str]:
    """The line in parts of at most 75 octets, no character torn; each part but the first begins with a space."""
    part, octets = "", 0
    for letter in line:
        size = len(letter.encode("utf-8"))
        if octets + size > LINE:
            yield part
            part, octets = " ", 1
        part += letter
        octets += size
    yield part


def _compact(day: date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _tagged(language: str | None) -> str:
    return f";LANGUAGE={language}" if language in ("fr", "en") else ""
