"""The grammar of French and English dates: text to expressions (where, first day, last day, precision). No roles, no labels, no clock.

A scan finds numbers and month names; what lies between two of them is a joint ("au", "and", "-", ","); both together make a short
signature such as `d-dmy`, and the grammar is a regular expression over signatures.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rabat_crawler.extract import date_words
from rabat_crawler.extract.date_words import MONTH_NUMBER, SHORT_MONTHS, WEEKDAYS
from rabat_crawler.models import Precision

MAX_GAP = 32
"""Longer pieces of text between two numbers or months never join them."""

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
_GAP = re.compile(
    r"\s*(?:(?P<to>(?:jusqu['’]\s?)?(?:au|à|aux)|to|until|till|through)\b|(?P<dash>[-‐‑‒–—−/])|(?P<and>,?\s?(?:et|and|ou|or)\b|&)|(?P<comma>,))"
    rf"\s*(?:(?:le|les|the|on|en|in|du|au|from|(?:{WEEKDAYS})\b\.?,?)\s+|d['’]\s?){{0,4}}(?:of\s)?"
)
_ADJACENT = re.compile(r"\s?\.?\s{0,3}(?:(?:of|de|the)\s{1,3})?")
_GRAMMAR = re.compile(
    r"(?P<impossible>zm(?:,?y)?)"
    r"|(?P<day>d(?:[-~&,]d){0,9}m(?:,?y)?(?:[-~&,]d(?:[-~&,]d){0,9}m(?:,?y)?){0,9})"
    r"|(?P<monthfirst>md(?:[-~&,]d(?![-~&,]?m)){0,9}(?![-~&,]?d?m(?!d))(?:,?y)?(?:[-~&,]md(?:[-~&,]d){0,9}(?:,?y)?){0,4})"
    r"|(?P<month>m(?:[-~&,]m){0,5},?y(?:[-~&]m(?:[-~&,]m){0,5},?y){0,3})"
    r"|(?P<numeric>D(?:[-~]D)?|[dP][-~&]D)"
    r"|(?P<year>y(?:[-~]y|(?:[,&]y){0,5}))"
    r"|(?P<bare>m(?:[-~&]m){0,3})"
)
_ORDINAL = re.compile(r"[0-9]{1,2}\s?(?:er|re|st|nd|rd|th)(?!\w)")
_ANY_DIGIT = re.compile("[0-9]")


class Token(NamedTuple):
    """A number or month name: d, m, y, D whole date, P its day and month, z a day that no month has, n anything else; year, month, day; its place."""

    kind: str
    value: tuple[int, int, int]
    start: int
    end: int


class Point(NamedTuple):
    """One day, month or year; 0 stands for a part that is not said."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A date or range in a text: `first` and `last` (equal for a single date), the span of its characters, the rule that read it.

    `guessed`: its year is not written there.
    """

    start: int
    end: int
    first: Point
    last: Point
    precision: Precision
    rule: str
    guessed: bool = False


def expressions(text: str, *, year: int | None = None, written: Sequence[tuple[int, int]] = (), bare_years: bool = False) -> list[Expression]:
    """Every date expression of `text` in order. A missing year comes from a later part of the same list, from `written` (places in the text and
    years, in order: the last before the expression, else the first), or from `year`; else the expression is left out.

    Lone years count only after a word such as "en" or "year" (unless `bare_years`), months with `year` only after such a word; impossible days are left out.
    """
    if year is None and not _ANY_DIGIT.search(text):
        return []
    low = text.lower() if "İ" not in text else text.replace("İ", "i").lower()
    tokens = list(_tokens(low))
    return list(_read(low, text, tokens, _Years(year, written), bare_years)) if tokens else []


@dataclass(frozen=True, slots=True)
class _Years:
    """The year of an expression that names none."""

    default: int | None
    written: Sequence[tuple[int, int]]

    def at(self, place: int) -> int | None:
        """The year last written before the place, else the first one, else the default."""
        if not self.written:
            return self.default
        return self.written[max(0, bisect_left(self.written, (place, 0)) - 1)][1]


def _tokens(low: str) -> Iterator[Token]:
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
    sound = (day == 1 or not french) and not _glued(low, start, previous) and not date_words.ISSUE_BEFORE.search(low, max(0, start - 9), start)
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


@lru_cache(maxsize=4096)
def joint(gap: str) -> str:
    """What a piece of text between two tokens (lower case) says: "" they belong together, - ~ (to) & , or "x" for nothing."""
    if "\n" in gap:
        return "x"
    if _ADJACENT.fullmatch(gap):
        return ""
    found = _GAP.fullmatch(gap)
    if not found:
        return "x"
    return {"to": "~", "dash": "-", "and": "&", "comma": ","}[found.lastgroup or "comma"]


def _read(low: str, text: str, tokens: list[Token], years: _Years, bare_years: bool) -> Iterator[Expression]:
    signature, places = _signature(low, tokens)
    for found in _GRAMMAR.finditer(signature):
        rule = found.lastgroup or ""
        if rule == "impossible":
            continue
        span = [(signature[i], tokens[places[i]] if places[i] >= 0 else None) for i in range(found.start(), found.end())]
        year = years.at(tokens[places[found.start()]].start)
        if rule == "year" and not bare_years and not _year_allowed(low, span):
            continue
        if rule == "bare" and (year is None or not _month_allowed(low, span)):
            continue
        if rule == "monthfirst" and "y" not in found.group() and text[span[0][1].start : span[0][1].end] in ("may", "march"):  # type: ignore[union-attr]
            continue
        yield from _resolve(low, span, rule, year)


def _signature(low: str, tokens: list[Token]) -> tuple[str, list[int]]:
    marks: list[str] = []
    places: list[int] = []
    end = 0
    for index, token in enumerate(tokens):
        if index:
            mark = joint(low[end : token.start]) if token.start - end <= MAX_GAP else "x"
            if mark:
                marks.append(mark)
                places.append(-1)
        marks.append(token.kind)
        places.append(index)
        end = token.end
    return "".join(marks), places


def _year_allowed(low: str, span: list[tuple[str, Token | None]]) -> bool:
    start = span[0][1].start if span[0][1] else 0
    before = low[max(0, start - 12) : start]
    if date_words.YEAR_BEFORE.search(before) and (len(span) == 1 or span[1][0] in ",&"):
        return True
    return len(span) > 1 and span[1][0] != "-" and bool(date_words.PERIOD_BEFORE.search(before))


def _month_allowed(low: str, span: list[tuple[str, Token | None]]) -> bool:
    """Months without year: after a word that can only stand before a month, their names in full, not "last" nor "next"."""
    tokens = [token for _, token in span if token]
    start, end = tokens[0].start, tokens[-1].end
    if any(low[token.start : token.end].rstrip(".") in SHORT_MONTHS for token in tokens) or date_words.RELATIVE_AFTER.match(low, end):
        return False
    return bool(date_words.MONTH_BEFORE.search(low, max(0, start - 12), start))


@dataclass(slots=True)
class _Part:
    """A point being read: what is known so far, its tokens' span, the joint before it."""

    year: int
    month: int
    day: int
    start: int
    end: int
    joint: str
    given: bool = False
    guessed: bool = False


def _parts(span: list[tuple[str, Token | None]], rule: str) -> list[_Part]:
    """Days, months or years in order; months and years said once are given to all parts before (or, month first, after) them."""
    parts: list[_Part] = []
    mark, month, start = "", 0, -1
    for sign, token in span:
        if token is None:
            mark = sign
            continue
        year, number, day = token.value
        if sign == "D" and parts:
            _give_whole(parts, year, number)
        if sign == "m" and rule == "monthfirst":
            month, start = number, token.start
            continue
        if sign == "m" and rule == "day":
            _give_month(parts, number, token.end)
        elif sign == "y" and rule != "year":
            _give_year(parts, year, token.end)
        else:
            parts.append(_Part(year, number or month, day, token.start if start < 0 else start, token.end, mark, bool(year)))
            start = -1
        mark = ""
    return parts


def _give_whole(parts: list[_Part], year: int, month: int) -> None:
    """`12-14.05.2017`, `29/05 - 02/06/2017`: the last date says what the first leaves out."""
    for part in parts:
        part.year, part.month = part.year or year, part.month or month


def _give_month(parts: list[_Part], month: int, end: int) -> None:
    for part in parts:
        part.month = part.month or month
    parts[-1].end = end


def _give_year(parts: list[_Part], year: int, end: int) -> None:
    later = None
    for part in reversed(parts):
        if part.year == 0 and (part.month or part.day):
            wraps = later is not None and part.month > later.month
            part.year = (later.year - 1 if wraps else later.year) if later is not None else year
        later = part
    parts[-1].end, parts[-1].given = end, True


def _resolve(low: str, span: list[tuple[str, Token | None]], rule: str, year: int | None) -> Iterator[Expression]:
    parts = _parts(span, rule)
    if not parts or not _fill(parts, year):
        parts = [part for part in parts if part.year]
    if rule in ("day", "numeric"):
        parts = _without_counted(low, parts)
    if parts and date_words.STREET_BEFORE.search(low, max(0, parts[0].start - 20), parts[0].start):
        return
    if rule not in ("month", "year", "bare") and not all(exists(part.year, part.month, part.day) for part in parts):
        return
    between = bool(parts) and bool(date_words.BETWEEN.search(low[max(0, parts[0].start - 24) : parts[0].start]))
    yield from _spans(parts, rule, between)


def _fill(parts: list[_Part], year: int | None) -> bool:
    """Give the page's year to parts without one; False (and nothing given) where that would turn a range round."""
    missing = [part for part in parts if not part.year]
    if missing and year is not None:
        if any((a.month, a.day) > (b.month, b.day) for a, b in pairwise(missing)):
            return False
        for part in missing:
            part.year, part.guessed = year, True
    return not missing or year is not None


def _without_counted(low: str, parts: list[_Part]) -> list[_Part]:
    """`Committee 1 - 9th June`: the number before a spaced dash or a comma counts the committee, it is no day."""
    if len(parts) < 2 or parts[0].end - parts[0].start > 2:
        return parts
    first, second = parts[0], parts[1]
    gap = low[first.end : second.start]
    if not (second.joint == "-" and gap.strip() != gap) and not (second.joint == "," and len(parts) == 2):
        return parts
    before = low[max(0, first.start - 16) : first.start]
    ordinal = _ORDINAL.match(low, second.start) is not None
    gathering = second.joint == "-" and (ordinal or second.day - first.day >= date_words.LONG_GATHERING)
    if date_words.COUNTED_BEFORE.search(before) or (gathering and date_words.GATHERING_BEFORE.search(before)):
        return parts[1:]
    return parts


def _spans(parts: list[_Part], rule: str, between: bool) -> Iterator[Expression]:
    precision: Precision = "month" if rule in ("month", "bare") else "year" if rule == "year" else "day"
    run: list[_Part] = []
    for part in parts:
        if run and not _continues(run, part, between, precision):
            if part.joint == "~" and not _earlier(run[-1], part):
                run = []  # a range that runs backwards is a slip of the pen: neither end can be trusted
                continue
            if not (part.joint == "-" and not run[-1].given and precision == "day"):
                yield _expression(run, rule, precision)
            run = []
        run.append(part)
    if run:
        yield _expression(run, rule, precision)


def _earlier(first: _Part, second: _Part) -> bool:
    return (first.year, first.month, first.day) <= (second.year, second.month, second.day)


def _continues(run: list[_Part], part: _Part, between: bool, precision: Precision) -> bool:
    last = run[-1]
    if not _earlier(last, part):
        return False
    if part.joint in ("-", "~"):
        return len(run) == 1 or _next_day(last, part)
    if between and part.joint == "&":
        return True
    return precision == "day" and _next_day(last, part)


def _next_day(first: _Part, second: _Part) -> bool:
    if (first.year, first.month) == (second.year, second.month):
        return second.day == first.day + 1
    following = (first.year, first.month + 1) if first.month < 12 else (first.year + 1, 1)
    return second.day == 1 and (second.year, second.month) == following and not exists(first.year, first.month, first.day + 1)


def _expression(run: list[_Part], rule: str, precision: Precision) -> Expression:
    first, last = run[0], run[-1]
    name = {"day": "day month year", "monthfirst": "month day year", "month": "month year", "bare": "month"}.get(rule, rule)
    guessed = any(part.guessed for part in run)
    if guessed:
        name = name.removesuffix(" year")
    from_point, to_point = Point(first.year, first.month, first.day), Point(last.year, last.month, last.day)
    rule = name if from_point == to_point else f"{name} range"
    return Expression(first.start, last.end, from_point, to_point, precision, rule, guessed)
