"""The scan below the grammar of dates: numbers, whole dates and month names of a text in small letters, as tokens with their places. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rabat_crawler.extract.date_words import ISSUE_BEFORE, MONTH_NUMBER, SHORT_MONTHS

_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _tails(letter: str) -> str:
    """What may follow a month's first letter; an accent may be a character of its own (NFD)."""
    names = sorted((name[1:] for name in MONTH_NUMBER if name[0] == letter), key=len, reverse=True)
    return f"(?<={letter})(?:{'|'.join(names)})".replace("é", "(?:é|e\u0301)").replace("û", "(?:û|u\u0302)")


_MONTH_TAILS = "|".join(map(_tails, sorted({name[0] for name in MONTH_NUMBER})))
_MONTH = f"(?:{'|'.join(sorted(MONTH_NUMBER, key=len, reverse=True))})" + r"(?!\w)"
# The first character is a set, so that the engine skips to it quickly; the look-behind then asks for the start of a word.
_TOKEN = re.compile(
    r"[0-9adfjmnops](?<![\w#°].)(?:"
    rf"(?P<m>{_MONTH_TAILS})(?!\w)\.?"
    r"|(?<=[0-9])(?:"
    r"(?P<iso>[0-9]{3}(?P<isomark>[-/.])[0-9]{1,2}(?P=isomark)[0-9]{1,2})(?:t[0-9:.]{4,15}(?:z|[+-][0-9:]{4,6})?)?"
    r"(?![\w]|[-.][0-9]|/(?![0-9]{4}-[0-9]{2}-)[0-9])"
    r"|(?P<dmy>[0-9]?(?P<mark>[-/.])[0-9]{1,2}(?P=mark)[0-9]{4}(?![\w]|[-/.][0-9]))"
    rf"|(?P<one>[0-9]?(?=(?:[,/][0-9]{{1,2}}){{1,4}}(?:\s(?:et|and|&)\s[0-9]{{1,2}})?\s{_MONTH}))"
    r"|(?P<dm>[0-9]?[/.][0-9]{1,2}(?!\w|[-/.,:]?[0-9]))"
    r"|(?P<other>[0-9]*(?:[.,:/][0-9]+)+|[0-9]?\s?(?:h(?:\s?[0-9][0-9])?|[ap]\.?m\b\.?)(?!\w))"
    r"|(?P<y>[0-9]{3}(?!\w))"
    r"|(?P<d>[0-9]?(?P<nth>\s?(?:er|ère|re|st|nd|rd|th|ᵉʳ|ᵗʰ))?(?!\w))"
    r"|(?P<odd>\w*))"
    rf"|(?P<first>(?<=p)remier(?=\s{_MONTH})|(?<=f)irst(?=\sof\s{_MONTH})))"
)


class Token(NamedTuple):
    """A number or month name: d, m, y, D whole date, P its day and month, z a day that no month has, n anything else; year, month, day; its place."""

    kind: str
    value: tuple[int, int, int]
    start: int
    end: int


def tokens_of(low: str) -> Iterator[Token]:
    """The tokens of a text in small letters, in order."""
    end = -1
    for found in _TOKEN.finditer(low):
        token = _token(found, low, end)
        end = token.end
        yield token


def _token(found: re.Match[str], low: str, previous: int) -> Token:
    start, end = found.span()
    if found["m"] is not None:
        name = low[start : found.end("m")]
        number = MONTH_NUMBER.get(name) or MONTH_NUMBER[unicodedata.normalize("NFC", name)]
        return Token("m", (0, number, 0), start, end if name in SHORT_MONTHS else found.end("m"))
    if found["first"] is not None:
        return Token("d", (0, 0, 1), start, end)
    if found["d"] is not None or found["one"] is not None:
        return _day(found, low, previous)
    if found["y"] is not None and low[start : start + 2] in ("19", "20"):
        return Token("y", (int(low[start:end]), 0, 0), start, end)
    if found["iso"] is not None:
        year, month, day = (int(part) for part in low[start : found.end("iso")].split(found["isomark"]))
        return _whole(year, month, day, start, end)
    if found["dmy"] is not None:
        day, month, year = (int(part) for part in low[start:end].split(found["mark"]))
        return _whole(year, month, day, start, end)
    if found["dm"] is not None:
        day, month = (int(part) for part in low[start:end].replace(".", "/").split("/"))
        return Token("P" if exists(2000, month, day) else "n", (0, month, day), start, end)
    return Token("n", (0, 0, 0), start, end)


def _day(found: re.Match[str], low: str, previous: int) -> Token:
    start, end = found.span()
    nth = found["nth"]
    day = int(low[start : start + 2] if low[start + 1 : start + 2].isdecimal() else low[start])
    french = nth is not None and nth.strip() in ("er", "ère", "re", "ᵉʳ")
    sound = (day == 1 or not french) and not _glued(low, start, previous) and not ISSUE_BEFORE.search(low, max(0, start - 9), start)
    return Token("n" if not sound else "d" if 1 <= day <= 31 else "z", (0, 0, day), start, end)


def _glued(low: str, start: int, previous: int) -> bool:
    """A number tied to a word by a hyphen is part of a name (COVID-19), unless the word before is itself part of a date (12th-13th)."""
    return start > 1 and low[start - 1] == "-" and low[start - 2].isalpha() and previous != start - 1


def _whole(year: int, month: int, day: int, start: int, end: int) -> Token:
    sound = 1900 <= year < 2100 and exists(year, month, day)
    return Token("D" if sound else "n", (year, month, day), start, end)


def exists(year: int, month: int, day: int) -> bool:
    """Whether the calendar has that day."""
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month]):
        return False
    return not (month == 2 and day == 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
