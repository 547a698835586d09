"""The grammar of French and English dates: text to expressions (where, first day, last day, precision). No roles, no labels, no clock.

A scan finds numbers and month names; what lies between two of them is a joint ("au", "and", "-", ","); both together make a short
signature such as `d-dmy`, and the grammar is a regular expression over signatures.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rabat_crawler.extract import date_words
from rabat_crawler.extract.date_tokens import Token, exists, tokens_of
from rabat_crawler.extract.date_words import SHORT_MONTHS, WEEKDAYS
from rabat_crawler.models import Precision

MAX_GAP = 32
"""Longer pieces of text between two numbers or months never join them."""

_GAP = re.compile(
    r"\s*(?:(?P<to>(?:jusqu['’]\s?)?(?:au|à|aux)|to|until|till|through)\b|(?P<dash>[-‐‑‒–—−/])|(?P<and>,?\s?(?:et|and|ou|or)\b|&)|(?P<comma>,))"
    rf"\s*(?:(?:le|les|la|the|on|en|in|du|au|from|early|late|mi|mid|fin|début|(?:{WEEKDAYS})\b\.?,?)\s+|d['’]\s?|mid?-){{0,4}}(?:of\s)?"
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


def expressions(text: str, *, year: int | None = None, bare_years: bool = False) -> list[Expression]:
    """Every date expression of `text` in order. A missing year comes from `year` or a later part of the same list, else the expression is left out.

    Lone years count only after a word such as "en" or "year" (unless `bare_years`), months with `year` only after such a word; impossible days are left out.
    """
    if year is None and not _ANY_DIGIT.search(text):
        return []
    low = _lower(text)
    tokens = list(tokens_of(low))
    return list(_read(low, text, tokens, _signature(low, tokens), _Years(year, ()), bare_years)) if tokens else []


def expressions_in_context(text: str, *, year: int | None = None) -> list[Expression]:
    """Every date expression of `text` in order; a missing year is the one last written before it, else the first one after, else `year`."""
    low = _lower(text)
    tokens = list(tokens_of(low))
    if not tokens:
        return []
    signature = _signature(low, tokens)
    found = list(_read(low, text, tokens, signature, _Years(None, ()), False))
    written = [(e.start, e.last.year) for e in found if e.precision != "year" or e.first == e.last]
    if (year is None and not written) or _all_read(tokens, found):
        return found
    return list(_read(low, text, tokens, signature, _Years(year, written), False))


def _lower(text: str) -> str:
    """The text in small letters, each where it stood."""
    return text.lower() if "İ" not in text else text.replace("İ", "i").lower()


def _all_read(tokens: list[Token], found: list[Expression]) -> bool:
    """Whether every month belongs to an expression: then none lacks its year."""
    months = (token.start for token in tokens if token.kind == "m")
    spans = iter(found)
    span = next(spans, None)
    for month in months:
        while span is not None and span.end <= month:
            span = next(spans, None)
        if span is None or month < span.start:
            return False
    return True


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


def _read(low: str, text: str, tokens: list[Token], signed: tuple[str, list[int]], years: _Years, bare_years: bool) -> Iterator[Expression]:
    signature, places = signed
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
