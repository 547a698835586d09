"""Dates as people write them, in French and English, as precise as they are known. Pure; the language is the reader's, never the machine's."""

from __future__ import annotations

import re
from datetime import date

MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
}
PREFIX = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
"""The beginning of an ISO date or time: a year, a month or a day."""


def parts_of(value: str | None) -> tuple[int, ...]:
    """(2017,), (2017, 7) or (2017, 7, 17) of an ISO date, a beginning of one, or a time; () of anything else, or of a day that there is not."""
    found = PREFIX.match(value or "")
    parts = tuple(int(part) for part in found.groups() if part) if found else ()
    try:
        date(*(*parts, 1, 1)[:3]) if parts else None
    except ValueError:
        return ()
    return parts


def in_words(value: str | None, language: str = "en") -> str:
    """`17 July 2017`, `July 2017`, `2017`; in French `17 juillet 2017`, `1er juillet 2017`. "" for what is no date."""
    parts = parts_of(value)
    if not parts:
        return ""
    year, month, day = (*map(str, parts[:1]), _month(parts, language), _day(parts, language))
    return " ".join(part for part in (day, month, year) if part)


def span_in_words(start: str | None, end: str | None, language: str = "en") -> str:
    """`8–9 November 2017`, `30 June – 2 July 2019`; one date if there is no other end. "" without a start."""
    first, last = parts_of(start), parts_of(end)
    if not first or not last or first == last:
        return in_words(start, language)
    if len(first) == len(last) == 3 and first[:2] == last[:2]:
        return f"{_day(first, language)}–{_day(last, language)} {_month(first, language)} {first[0]}"
    if len(first) == len(last) > 1 and first[0] == last[0]:
        return f"{in_words(start, language).rpartition(' ')[0]} – {in_words(end, language)}"
    return f"{in_words(start, language)} – {in_words(end, language)}"


def _month(parts: tuple[int, ...], language: str) -> str:
    return MONTHS.get(language, MONTHS["en"])[parts[1] - 1] if len(parts) > 1 else ""


def _day(parts: tuple[int, ...], language: str) -> str:
    if len(parts) < 3:
        return ""
    return "1er" if language == "fr" and parts[2] == 1 else str(parts[2])
