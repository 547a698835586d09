"""Dates as evidence: how surely each is right, which of those in an item's text, title and address are its event's, and why the others are not. Pure.

Nothing that was read is thrown away: a candidate that is not taken says why in `refused`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from rabat_crawler.extract.date_grammar import Expression, Point, expressions
from rabat_crawler.extract.date_tokens import exists
from rabat_crawler.models import DateRole, PartialDate, Precision

LEAD_PARAGRAPHS = 2
LEAD_PARAGRAPH = 60
"""A line with fewer characters (photo credit, heading) is read but is no paragraph of its own."""
LEAD_CHARACTERS = 1500
MAX_CHARACTERS = 8000
"""So much of a text is looked at for candidates."""
MAX_REFUSED = 12
"""So many refused candidates are kept of one draft: enough to see why, too few to swell the archive."""
FAR_PAST = 400
"""Days before publication beyond which a date in the lead is history, not the event the item is about."""
FAR_FUTURE = 800
GUESSED_YEAR = 183
"""A day and month without year are this near to the publication (days), or they are not read."""

STRUCTURED = 0.98
CONFIDENCE = (
    ("json-ld", STRUCTURED), ("meta", STRUCTURED), ("time", 0.95), ("dd.published", 0.92), ("dd.modified", 0.92), ("dd.create", 0.4),
    ("listing (creation)", 0.4), ("listing", 0.9), ("date line", 0.9), ("entry-date", 0.9), ("block", 0.85), ("text", 0.8), ("title", 0.7), ("url", 0.3),
)  # fmt: skip
"""How surely a day is right by where it stood; the first name that fits the source's beginning counts. Microdata (`span[datePublished]`) is STRUCTURED."""
OTHER_SOURCE = 0.7
LESS = {"month": 0.8, "year": 0.6, "guessed": 0.7, "dateparser": 0.8}
"""Factors: only a month or a year is known; the year is not written beside the day; the grammar did not know the form."""

NO_DAY = "month or year only"
BEYOND_LEAD = "beyond the lead"
FAR = "far from the publication"
DOUBTFUL_YEAR = "its year is doubtful"
DEADLINE = "deadline"
BEGINNING = "a beginning"
ANOTHER = "another meeting"
CHRONOLOGY = "a chronology"
IMPLAUSIBLE = "implausible"
STALE = "stale alias"
NOT_AN_EVENT = "the item is no event"
PAGE_SAYS_OTHERWISE = "the page names another day"

_SENTENCE_END = re.compile(r"[.!?…]\s+(?=[A-ZÀ-Ý«\"“])|\n")
_NOT_THE_EVENT: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        DEADLINE,
        re.compile(
            r"date limite|deadline|avant\s(?:le|les|du)?\s?$|\bbefore\s(?:the\s)?$|\bby\s(?:the\s)?$|au plus tard|no later than|clôture|closing date"
            r"|jusqu['’]au\s?$|\buntil\s(?:the\s)?$",
            re.I,
        ),
    ),
    (
        BEGINNING,
        re.compile(
            r"à (?:compter|partir) du\s?$|\bas of\s?$|starting\s(?:on\s|from\s)?$|(?<=\s)depuis\s(?:le\s)?$|(?<=\s)since\s(?:the\s)?$"
            r"|\brouvr(?:e|ent|ira|iront)\b|\breopen|\b(?:ouvre|ferme)(?:nt|ra|ront)? (?:ses|leurs) portes\b|\bopens? (?:its|their) doors\b",
            re.I,
        ),
    ),
    (
        ANOTHER,
        re.compile(
            r"av(?:ait|aient) eu lieu|had taken place|(?:s['’]étai(?:t|ent)) (?:tenu|réuni|déroulé)|had (?:met|been held)|avai(?:t|ent) été (?:organis|tenu)"
            r"|building on|dans le prolongement|à la suite d|suite à|faisant suite|following (?:the|on|up|a)\b|follow-up (?:to|of) the"
            r"|previous|précédent|last (?:meeting|year)|follows on|since its|depuis sa"
            r"|(?:adopt|lanc|launch|sign|cré|establish|ratifi)[a-zé]{1,6}\s(?:by [^.,;]{1,40}\s|par [^.,;]{1,40}\s)?"
            r"(?:à|in|at)?\s?(?:(?-i:[A-ZÀ-Ý])[\w’'-]{1,20}\s?,?\s?)?(?:le|les|on|du|from)?\s?$",
            re.I,
        ),
    ),
)
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])")
_DAY_PATH = re.compile(r"/((?:19|20)[0-9]{2})/([0-9]{1,2})(?:/([0-9]{1,2}))?(?=/[^/]{0,40}[^\W\d_])")
_ALIAS_DASH = re.compile(r"(?<![0-9])-|-(?=[0-9]{4}(?![0-9]))|-(?![0-9]{1,2}(?![0-9]))")
_ALIAS_ISO = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?![0-9])")
MAX_ALIAS = 300


def partial(found: Expression, text: str, role: DateRole, source: str) -> PartialDate:
    """The expression as a date of that role, with its confidence; `text` is what it was found in."""
    value, end = span_of(found)
    raw = text[found.start : found.end]
    sure = confidence(source, found.precision, found.rule)
    return PartialDate(value=value, end=end, precision=found.precision, raw=raw, rule=found.rule, role=role, source=source, confidence=sure)


def span_of(found: Expression) -> tuple[str, str | None]:
    """Its first day, month or year in ISO form, and its last; None for a single one."""
    end = _iso(found.last, found.precision) if found.last is not found.first and found.last != found.first else None
    return _iso(found.first, found.precision), end


def _iso(point: Point, precision: str) -> str:
    if precision == "day":
        return f"{point.year:04d}-{point.month:02d}-{point.day:02d}"
    return f"{point.year:04d}-{point.month:02d}" if precision == "month" else f"{point.year:04d}"


def weighed(date: PartialDate) -> PartialDate:
    """The date with the confidence that its source, precision and rule give it (between 0 and 1)."""
    found = confidence(date.source, date.precision, date.rule)
    return date if date.confidence == found else replace(date, confidence=found)


@lru_cache(maxsize=1024)
def confidence(source: str, precision: str, rule: str) -> float:
    """How surely a date is right, by the tables above; two digits."""
    base = STRUCTURED if source.endswith("]") else next((value for name, value in CONFIDENCE if source.startswith(name)), OTHER_SOURCE)
    guessed = rule.startswith(("day month", "month")) and " year" not in rule
    return round(base * LESS.get(precision, 1.0) * (LESS["guessed"] if guessed else 1.0) * LESS.get(rule, 1.0), 2)


def event_dates(title: str, text: str, *, language: str | None, published: str | None) -> tuple[PartialDate, ...]:
    """The days of the event as title or lead state them, best first; () where they state none. `published` is the item's ISO date or prefix.

    Deadlines, other meetings, chronologies and days far from the publication are left out; `candidates` has them.
    """
    return tuple(date for date in candidates(title, text, language=language, published=published) if not date.refused)


def candidates(title: str, text: str, *, language: str | None, published: str | None) -> tuple[PartialDate, ...]:
    """Every date that the title and the first MAX_CHARACTERS of the text state, each once, with role event: those taken, best first, then the refused.

    `refused` says why one is not taken; at most MAX_REFUSED of those are kept, in order of the text. `published` as in `event_dates`.
    """
    year = int(published[:4]) if published and published[:4].isdecimal() else None
    day = _day(published)
    text = text[:MAX_CHARACTERS]
    lead = len(_lead(text))
    in_text = expressions(text, year=year)
    chronology = _is_chronology(in_text, lead)
    found = [replace(partial(e, title, "event", "title"), refused=_unfit(e, day)) for e in expressions(title, year=year)]
    for e in in_text:
        refused = _unfit(e, day) or (BEYOND_LEAD if e.end > lead else CHRONOLOGY if chronology else _of_another(text, e.start))
        found.append(replace(partial(e, text, "event", "text"), refused=refused))
    taken: dict[tuple[str, str | None], PartialDate] = {}
    for date in found:
        if not date.refused:
            taken.setdefault((date.value, date.end), date)
    return (*taken.values(), *kept_refused(date for date in found if (date.value, date.end) not in taken))


def kept_refused(dates: Iterable[PartialDate]) -> tuple[PartialDate, ...]:
    """The first MAX_REFUSED of them, each role and value once."""
    unique: dict[tuple[str, str, str | None], PartialDate] = {}
    for date in dates:
        if len(unique) < MAX_REFUSED:
            unique.setdefault((date.role, date.value, date.end), date)
    return tuple(unique.values())


def _lead(text: str) -> str:
    lines: list[str] = []
    paragraphs = 0
    for line in text[:LEAD_CHARACTERS].split("\n"):
        lines.append(line)
        paragraphs += len(line) >= LEAD_PARAGRAPH
        if paragraphs == LEAD_PARAGRAPHS:
            break
    return "\n".join(lines)


def _unfit(expression: Expression, published: datetime | None) -> str:
    """Why the expression cannot be this item's event by its precision and its distance from the publication; without a publication day every day can."""
    if expression.precision != "day":
        return NO_DAY
    if published is None:
        return ""
    distance = (datetime(*expression.first) - published).days
    if expression.guessed:
        return "" if abs(distance) <= GUESSED_YEAR else DOUBTFUL_YEAR
    return "" if -FAR_PAST <= distance <= FAR_FUTURE else FAR


def _day(value: str | None) -> datetime | None:
    found = _ISO_DAY.match(value or "")
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    return datetime(year, month, day) if year and exists(year, month, day) else None


def _of_another(text: str, start: int) -> str:
    """Why the sentence up to the expression makes it another thing than the event; "" if it does not."""
    before = _before(text, start)
    return next((reason for reason, pattern in _NOT_THE_EVENT if pattern.search(before)), "")


def _before(text: str, start: int) -> str:
    """The sentence up to the expression."""
    begin = max(0, start - 300)
    end = begin
    for stop in _SENTENCE_END.finditer(text, begin, start):
        end = stop.end()
    return text[end:start]


def _is_chronology(found: Iterable[Expression], lead: int) -> bool:
    """A page that recalls the stages of many years is no event: four days of four years, and its lead no nearer to one than another."""
    days = [e for e in found if e.precision == "day" and not e.guessed]
    in_lead = sum(1 for e in days if e.start < lead)
    return len(days) >= 4 and len({e.first.year for e in days}) >= 4 and in_lead < len(days) - 1


# The address ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def url_dates(url: str) -> tuple[PartialDate, ...]:
    """What an item's own address says: a published date of its path (`/2017/07/17/…`), event dates of its last part (`…-19-october-2020`)."""
    path = unquote(urlsplit(url).path[: 4 * MAX_ALIAS])[:MAX_ALIAS]
    return (*_path_date(path), *_alias_dates(path))


def _path_date(path: str) -> Iterator[PartialDate]:
    found = _DAY_PATH.search(path)
    if not found:
        return
    year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
    if exists(year, month, day):
        precision: Precision = "day" if found[3] else "month"
        value = _iso(Point(year, month, day), precision)
        yield weighed(PartialDate(value=value, precision=precision, raw=found.group(), rule="path", role="published", source="url"))


def _alias_dates(path: str) -> Iterator[PartialDate]:
    """An alias has hyphens for spaces: only one between two days means a range."""
    alias = path.rstrip("/").rsplit("/", 1)[-1]
    iso = _ALIAS_ISO.search(alias)
    words = alias if iso else _ALIAS_DASH.sub(" ", alias)
    for found in expressions(words[iso.start() : iso.end()] if iso else words):
        if found.precision == "day":
            yield partial(found, words, "event", "url")


def with_url(dates: tuple[PartialDate, ...], url: str | None, *, eventful: bool) -> tuple[PartialDate, ...]:
    """The dates, then those of the item's address, which count only where no other evidence has a date of that role.

    One that contradicts a day in title or text, or a date shown on the page, is refused. `eventful`: the item may be an event.
    """
    if not url:
        return dates
    published = next((date.value for date in dates if date.role == "published" and not date.refused), None)
    return (*dates, *(replace(date, refused=_stale(date, dates, published, eventful=eventful)) for date in url_dates(url)))


def _stale(date: PartialDate, dates: tuple[PartialDate, ...], published: str | None, *, eventful: bool) -> str:
    if date.role == "published":
        return "" if published is None or published.startswith(date.value) else PAGE_SAYS_OTHERWISE
    if not eventful:
        return NOT_AN_EVENT
    days = [other for other in dates if other.role == "event" and other.precision == "day"]
    if any(not other.refused and _overlap(date, other) for other in days):
        return ""
    if days:
        return STALE
    day, start = _day(published), _day(date.value)
    return FAR if day is not None and start is not None and not -FAR_PAST <= (start - day).days <= FAR_FUTURE else ""


def _overlap(one: PartialDate, other: PartialDate) -> bool:
    return one.value <= (other.end or other.value) and other.value <= (one.end or one.value)


__all__ = ["candidates", "confidence", "event_dates", "kept_refused", "partial", "span_of", "url_dates", "weighed", "with_url"]
