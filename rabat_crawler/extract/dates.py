"""What a written date means for an item: labels, roles, plausibility; over `date_grammar`, with dateparser behind it (`date_evidence` weighs what was read).

Pure: a part that is not written is never filled from the clock. The only place dateparser is imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from rabat_crawler.extract.date_evidence import candidates, event_dates, partial, span_of, weighed
from rabat_crawler.extract.date_grammar import expressions, expressions_in_context
from rabat_crawler.extract.date_tokens import exists
from rabat_crawler.extract.date_words import MONTH_NUMBER, WEEKDAYS
from rabat_crawler.models import DateRole, PartialDate, Precision

MAX_RAW = 200
"""Longer strings are no date."""
MAX_LINE = 80
MAX_FALLBACK = 60
GRAMMAR_LANGUAGES = ("fr", "en")
"""What the grammar finds in these is all there is."""

_CLOCK = r"[0-9]{1,2}\s?(?:[:h.]\s?[0-9]{2}(?::[0-9]{2})?|h|(?=[ap]\.?m))(?:\s?[ap]\.?m\.?)?"
_ZONE = r"\(?(?:cest|cet|gmt|utc|wet|west|z|heures?|hrs?)\)?(?:\s?[+-][0-9]{1,2})?|[+-][0-9]{2}:?[0-9]{2}"
# The forms nearly every page uses, read in one match; the grammar reads the same dates, ten microseconds later.
_PLAIN = re.compile(
    r"(?P<label>(?:publication|publiée? le|published(?: on)?)(?: ?:)? )?"
    rf"(?:le )?(?:(?:{WEEKDAYS}),? )?(?P<d>[0-9]{{1,2}}) (?P<m>{'|'.join(sorted(MONTH_NUMBER, key=len, reverse=True))}) (?P<y>(?:19|20)[0-9]{{2}})"
    r"(?: [0-9]{1,2}:[0-9]{2})?"
)
_SUFFIX = re.compile(
    rf"[\s,.;:)]*(?:(?:[-–|,à@]|at|from|de)?\s?{_CLOCK}(?:\s?(?:[-–]|à|to)\s?{_CLOCK})?(?:\s?(?:{_ZONE}))?)?"
    r"[\s.,;:)]*(?:(?:by|par)\s.{1,80})?",
    re.S,
)
_FILLERS = re.compile(rf"(?:(?:le|les|du|de|on|from|the|entre|between|en|in|d['’]|(?:{WEEKDAYS})\b\.?,?)\s*){{0,5}}[\s(:]*")
_ISO = re.compile(r"\s*([0-9]{4})(?:-?([0-9]{2})(?:-?([0-9]{2})(?![0-9])(?:[T ][0-9:.,]{2,16}\s?(?:Z|UTC|GMT|[+-][0-9:]{2,6})?)?)?)?\s*", re.I)
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("modified", re.compile(r"(?:dernière\s|derniere\s|last\s)?(?:mise?s?\sà\sjour|mise?s?\sa\sjour|modifi|updated?|revis|révis|actualis|changed)")),
    ("created", re.compile(r"cr[ée]ation|cr[ée]{1,2}e?s?\b|created|rédig|written")),
    ("deadline", re.compile(r"limite|deadline|clôture|closing|expir|jusqu|until|avant\b|before\b|valable|au plus tard")),
    ("published", re.compile(r"publi|posted|mise?s?\sen\sligne|paru|issued|released")),
)
_PUBLISHED = re.compile(
    r"(?:date\s(?:de|of)\s)?(?:publication(?:\sdate)?|publié?e?s?|published|posted|mise?s?\sen\sligne|parue?s?|issued|released)\b\s?(?:on|le)?\s?[:–-]?\s*"
)
_MODIFIED = re.compile(
    r"(?:dernière\s|last\s|date\sde\s)?(?:mise?s?\sà\sjour|modifi(?:é|ée|és|ed|cation)|updated?|revised|révisée?)\b\s?(?:on|le)?\s?[:–-]?\s*"
)
_NEUTRAL = re.compile(r"(?:dates?|quand|when)\s?[:–-]\s*")
_PLACE = re.compile(r"(?:à\s|in\s)?[^\W\d_][^\d,:;.!?]{0,39}(?:,\s?[^\W\d_][^\d,:;.!?]{0,29})?,\s*")
_MAYBE_DATE = re.compile(
    rf"(?<!\w)(?:{'|'.join(sorted(MONTH_NUMBER, key=len, reverse=True))})(?!\w)|[0-9]{{1,2}}\s?[-/. ]\s?[0-9]{{1,2}}\s?[-/. ]\s?[0-9]{{2}}"
)
"""A whole date in French or English has a month's name or three numbers; dateparser, which is slow, need not look at anything else."""
# Numbers with a whole year that the grammar refused (day 31 of April, month 13) are wrong in every order.
_NUMERIC = re.compile(r"[0-9]{4}[-/.][0-9]|[0-9][-/.][0-9]{4}")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date expression in a text: `start` and `end` are positions of its characters in that text."""

    start: int
    end: int
    date: PartialDate


def parse_date(raw: str, *, language: str | None, role: DateRole = "published", source: str = "text") -> PartialDate | None:
    """The date that `raw` is: a date or range, perhaps with a label, a place, a weekday before it and a clock time after it.

    None where `raw` is anything else, where its label says another role, or where the year is missing. Year and month alone are read as such.
    """
    text = " ".join(raw.split()) if len(raw) <= MAX_RAW else ""
    if not text or not any(map(text.__contains__, "0123456789")):
        return None
    plain = _plain(text, role, source)
    if plain is not None:
        return plain
    found = expressions(text, bare_years=True)
    end = 0
    for expression in found:
        label = _label(text[end : expression.start].lower(), text[end : expression.start])
        if label in (role, "") and _ends_well(text, expression.end):
            return None if expression.rule == "year range" else partial(expression, text, role, source)
        end = expression.end
    if any(expression.precision == "day" for expression in found) or _refused(text.lower(), role):
        return None
    return _by_dateparser(text, language, role, source)


def _plain(text: str, role: DateRole, source: str) -> PartialDate | None:
    """A single day in one of the plainest forms; None means that the grammar has to look."""
    found = _PLAIN.fullmatch(text.lower())
    if found is None or (found["label"] and role != "published"):
        return None
    year, month, day = int(found["y"]), MONTH_NUMBER[found["m"]], int(found["d"])
    if not exists(year, month, day):
        return None
    raw = text[found.start("d") : found.end("y")]
    return weighed(PartialDate(value=f"{year}-{month:02d}-{day:02d}", precision="day", raw=raw, rule="day month year", role=role, source=source))


def _label(prefix: str, written: str) -> str | None:
    """The role that the words before a date name: "" for none, None for words that make it another thing."""
    prefix = prefix.lstrip(" .,;:|)(-–")
    if _FILLERS.fullmatch(prefix):
        return ""
    for role, label in (("published", _PUBLISHED), ("modified", _MODIFIED), ("", _NEUTRAL)):
        known = label.match(prefix)
        if known:
            rest = prefix[known.end() :]
            return role if _FILLERS.fullmatch(rest) or _placed(rest, written[-len(rest) :]) else None
    return "" if _placed(prefix, written.lstrip(" .,;:|)(-–")) else None


def _placed(prefix: str, written: str) -> bool:
    """`Rabat, le`: a name with a capital and a comma, no word that tells another role."""
    place = _PLACE.match(prefix)
    if not place or not written[:1].isupper() or any(label.search(prefix) for _, label in _LABELS):
        return False
    return bool(_FILLERS.fullmatch(prefix, place.end()))


def _ends_well(text: str, end: int) -> bool:
    rest = text[end:].lower()
    if not rest or _SUFFIX.fullmatch(rest):
        return True
    clock = _SUFFIX.match(rest)
    rest = rest[clock.end() if clock else 0 :].lstrip(" .,;:|)(-–")
    return any(label.match(rest) for _, label in _LABELS)


def _refused(low: str, role: DateRole) -> bool:
    return any(name != role and label.search(low) for name, label in _LABELS)


def parse_iso(raw: str, *, role: DateRole, source: str) -> PartialDate | None:
    """The local date of an ISO 8601 text (`2018-01-16T12:15:34+01:00`, `2018-01`, `20180116`), the offset not applied; None for anything else."""
    found = _ISO.fullmatch(raw) if len(raw) <= MAX_RAW else None
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or not 1900 <= year < 2100 or (month is not None and not exists(year, month, day if day is not None else 1)):
        return None
    value = "-".join(part for part in found.groups() if part)
    precision: Any = "year" if month is None else "month" if day is None else "day"
    return weighed(PartialDate(value=value, precision=precision, raw=raw.strip(), rule="iso", role=role, source=source))


def date_line(line: str, *, language: str | None) -> PartialDate | None:
    """The date of a line that is nothing but a date or a range (month precision at least), perhaps with "Publié le"; no place, no name."""
    if len(line) > MAX_LINE:
        return None
    text = " ".join(line.split())
    plain = _plain(text, "published", "text")
    if plain is not None:
        return plain
    found = expressions(text)
    if len(found) != 1 or found[0].precision == "year" or not _SUFFIX.fullmatch(text[found[0].end :].lower()):
        return None
    prefix = text[: found[0].start].lower()
    label = _PUBLISHED.match(prefix) or _NEUTRAL.match(prefix)
    if not _FILLERS.fullmatch(prefix, label.end() if label else 0) or " by " in text or " par " in text:
        return None
    return partial(found[0], text, "published", "text")


def find_dates(text: str, *, language: str | None, year: int | None = None, role: DateRole = "event", source: str = "text") -> tuple[FoundDate, ...]:
    """Every date and range that a text states, in order. A missing year is `year` or that of a later part of the same list, else no date."""
    return tuple(FoundDate(found.start, found.end, partial(found, text, role, source)) for found in expressions(text, year=year))


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date that a text states: `start` and `end` are ISO days, months or years (`end` None for a single one), `raw` its words."""

    start: str
    end: str | None
    precision: Precision
    raw: str
    rule: str


def explain_text(text: str, *, language: str | None, year: int | None = None) -> list[ReadDate]:
    """The dates of a text in its order. A missing year is the one last written before it, else the first one after, else `year`, else no date.

    A text in another language than French and English is read only if all of it is one date.
    """
    found = [ReadDate(*span_of(e), precision=e.precision, raw=text[e.start : e.end], rule=e.rule) for e in expressions_in_context(text, year=year)]
    if found or not language or language.lower().split("-")[0] in GRAMMAR_LANGUAGES or len(text) > MAX_RAW:
        return found
    other = _by_dateparser(" ".join(text.split()), language, "event", "text")
    return [ReadDate(other.value, other.end, precision=other.precision, raw=other.raw, rule=other.rule)] if other else []


def plausible(value: str, *, first_year: int, captured_at: datetime) -> bool:
    """Whether an ISO date or prefix can be a publication date: not before `first_year`, not after the capture's day in any time zone."""
    if not value[:4].isdecimal() or int(value[:4]) < first_year:
        return False
    return value[:10] <= (captured_at + timedelta(hours=14)).date().isoformat()[: len(value[:10])]


def _by_dateparser(text: str, language: str | None, role: DateRole, source: str) -> PartialDate | None:
    """A complete date in a form (or language) the grammar does not know, by dateparser; ISO day only."""
    if not language or len(text) > MAX_FALLBACK or _NUMERIC.search(text):
        return None
    language = language.lower().split("-")[0]
    if language in GRAMMAR_LANGUAGES and not _MAYBE_DATE.search(text.lower()):
        return None
    reader = _reader(language)
    try:
        moment = reader.get_date_data(text).date_obj if reader is not None else None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None  # a hostile string may end anywhere in that library; it is no date then
    if moment is None or not 1900 <= moment.year < 2100:
        return None
    return weighed(PartialDate(value=moment.date().isoformat(), precision="day", raw=text, rule="dateparser", role=role, source=source))


@lru_cache(maxsize=16)
def _reader(language: str) -> Any:
    from dateparser.date import DateDataParser

    settings = {
        "DATE_ORDER": "DMY",
        "PREFER_LOCALE_DATE_ORDER": False,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "STRICT_PARSING": True,
        "PARSERS": ["absolute-time"],
    }
    try:
        reader = DateDataParser(languages=[language], settings=settings)
        reader.get_date_data("1")
    except ValueError:
        return None
    return reader


__all__ = ["FoundDate", "ReadDate", "candidates", "date_line", "event_dates", "explain_text", "find_dates", "parse_date", "parse_iso", "plausible"]
