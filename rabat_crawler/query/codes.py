"""What of an item can be asked for beside its words, as words of its own: language, kind, site, dates, the names in it. The column `codes` of `items`.

A date is several codes, so that any span of days is a handful of them: 2018-05-14 is c20, e201, y2018, m201805 and d20180514 (century,
decade, year, month, day); of a date that is known
to the month only the day is 00, so that "until" takes it in and "since" does not ask for more than is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from rabat_crawler.names import KINDS, known
from rabat_crawler.query.words import WORD, plain_fold

ALL = "all"
WHOLE = "whole"
"""The text is that of the item's own page, not a list's intro."""
DATED = "dated"
_PREFIX: dict[str, str] = {"country": "nc", "organisation": "no", "theme": "nh", "town": "nw"}
_KIND_OF = {prefix: kind for kind, prefix in _PREFIX.items()}
FIRST_YEAR, LAST_YEAR = 1900, 2099
"""Dates beyond are found by no span."""


_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)


def is_date(text: str) -> bool:
    """True for a year, month or day that there is: 2018, 2018-05, 2018-05-14, but not 2018-02-31."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def code_of(field: str, value: str) -> str:
    """The code of a language, kind, site, year or name."""
    return {"language": "l", "kind": "k", "site": "s", "year": "y", **_PREFIX}[field] + _bare(value)


def _bare(value: str) -> str:
    return "".join(WORD.findall(plain_fold(value)))


def item_codes(*, language: str | None, kind: str, site: str, published: str | None, whole: bool, names: Iterable[tuple[str, str]]) -> str:
    """The codes of an item, one space between; `names`: pairs of kind and code, `published`: an ISO prefix or None."""
    codes = [ALL, code_of("language", language or "0"), code_of("kind", kind), code_of("site", site)]
    codes += [WHOLE] * whole
    if published:
        year, month, day = (*published.split("-"), "00", "00")[:3]
        codes += [DATED, f"c{year[:2]}", f"e{year[:3]}", f"y{year}", f"m{year}{month}", f"d{year}{month}{day}"]
    codes += [code_of(kind, code) for kind, code in names]
    return " ".join(codes)


def span_codes(since: str | None, until: str | None) -> list[str]:
    """The codes of all days of a span (ISO prefixes, both included): an item is in it if it has one of them. [] if no day can be."""
    first = _parts(since) if since else (FIRST_YEAR, 0, 0)
    last = _parts(until) if until else (LAST_YEAR, 99, 99)
    if until:
        last = (last[0], last[1] if len(until) > 4 else 99, last[2] if len(until) > 7 else 99)
    if not FIRST_YEAR <= first[0] <= LAST_YEAR:
        first = (min(max(first[0], FIRST_YEAR), LAST_YEAR + 1), 0, 0)
    found: list[str] = []
    year, end = first[0], min(last[0], LAST_YEAR)
    while year <= end:
        low = first[1:] if year == first[0] else (0, 0)
        high = last[1:] if year == last[0] else (99, 99)
        if low != (0, 0) or high != (99, 99):
            found += _in_year(year, low, high)
            year += 1
        else:
            whole = last[0] if last[1:] == (99, 99) else last[0] - 1  # the last year that is whole
            width = next(size for size in (100, 10, 1) if year % size == 0 and year + size - 1 <= max(whole, year))
            found.append({100: f"c{year // 100:02}", 10: f"e{year // 10:03}", 1: f"y{year:04}"}[width])
            year += width
    return found


def _in_year(year: int, low: tuple[int, int], high: tuple[int, int]) -> list[str]:
    found = []
    for month in range(13):
        start = low[1] if month == low[0] else (0 if month > low[0] else 99)
        end = high[1] if month == high[0] else (99 if month < high[0] else -1)
        if start == 0 and end == 99:
            found.append(f"m{year:04}{month:02}")
        else:
            found += [f"d{year:04}{month:02}{day:02}" for day in range(start, min(end, 31) + 1)]
    return found


def _parts(date: str) -> tuple[int, int, int]:
    year, month, day = (*(int(part) for part in date.split("-")), 0, 0)[:3]
    return year, month, day


def counted(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """For each code that stands for a value of a facet: which facet, and the value's own name."""
    found: dict[str, tuple[str, str]] = {}
    names = _names()
    for code in codes:
        if code in names:
            found[code] = names[code]
        elif code[0] == "y" and code[1:].isdigit():
            found[code] = ("year", code[1:])
        elif code[0] == "l" and code != "l0":
            found[code] = ("language", code[1:])
        elif code[0] == "k":
            found[code] = ("kind", code[1:])
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, tuple[str, str]]:
    return {code_of(kind, name.code): (kind, name.code) for kind in KINDS for name in known(kind)}
