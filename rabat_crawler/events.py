"""What a text says of its meeting: where it is held, in which format, of which type, each with the words that say so.

Pure. The place is the one that the text ties to the meeting (a field, the title, the lead, the sentence with the date), never just a town that
the text names; where nothing says it, the value is "".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from rabat_crawler.event_words import (
    ACRONYM_TYPES,
    ACRONYMS,
    BACKGROUND,
    BEFORE_PLACE,
    DATE,
    EARLIER,
    FIELD,
    HAPPENS,
    HYBRID,
    IN_PERSON,
    LABELLED,
    MONTHS,
    NOT_ITS_OWN,
    ONLINE,
    ONLINE_THINGS,
    SECTIONS,
    SENTENCE_END,
    TAKING_PART,
    TYPES,
)
from rabat_crawler.names import Mention, country_of, find_names
from rabat_crawler.names.folding import fold

Format = Literal["in person", "online", "hybrid", ""]

MAX_LEAD = 2500
"""So many characters of a text are looked at: further down stand other meetings."""
TYPE_SENTENCES, TYPE_LEAD = 2, 350
"""A text names its own type in so many sentences and characters, or not at all."""
MAX_ADDRESS = 800
FAR = 120
"""So many characters may lie between a date and its place within a sentence."""
LEAD_LINES = 6
OVERRULED_BY_LABEL = ("workshop", "thematic meeting", "conference", "seminar", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Where, how and what a meeting is; the `_raw` fields hold the words of the text (or address) that say it, "" where nothing does.

    `town`: a code of `names`; `country`: ISO 3166-1 alpha-2; `place_rule`: field, title, lead, sentence (with a date), verb (without one).
    """

    town: str = ""
    country: str = ""
    place_raw: str = ""
    place_rule: str = ""
    format: Format = ""
    format_raw: str = ""
    meeting_type: str = ""
    type_raw: str = ""


@dataclass(frozen=True, slots=True)
class _Where:
    town: str
    country: str
    raw: str
    rule: str


def describe(
    title: str,
    text: str,
    section: str,
    url: str | None,
    *,
    language: str | None,
    mentions: Sequence[Mention] | None = None,
    event_start: str | None = None,
) -> Meeting:
    """What is said of the meeting. `mentions` are those of `text` (found anew if None); `event_start`, an ISO date, tells its sentence from others.

    Text that is not in NFC is composed first; the words given as evidence are then those of the composed text.
    """
    if not unicodedata.is_normalized("NFC", title + text):
        title, text, mentions = unicodedata.normalize("NFC", title), unicodedata.normalize("NFC", text), None
    lead = text[:MAX_LEAD]
    of_text = [one for one in (find_names(lead, language=language) if mentions is None else mentions) if one.end <= len(lead)]
    of_title = find_names(title, language=language)
    where = (
        _by_field(lead, of_text)
        or _by_title(title, of_title)
        or _by_lead(lead, of_text)
        or _by_sentence(lead, of_text, event_start)
        or _Where("", "", "", "")
    )
    kind, type_raw = _type(title, lead, section, url or "")
    form, format_raw = _format(title, lead, kind, type_raw)
    return Meeting(
        town=where.town, country=where.country, place_raw=where.raw, place_rule=where.rule, format=form, format_raw=format_raw, meeting_type=kind, type_raw=type_raw
    )  # fmt: skip


# Place ------------------------------------------------------------------------------------------------------------------------


def _by_field(text: str, mentions: Sequence[Mention]) -> _Where | None:
    """`Place: Rabat, Morocco`, the value on the same line or the next."""
    for found in FIELD.finditer(text):
        inside = [one for one in mentions if found.start("value") <= one.start < found.end("value")]
        where = _where(text, inside, "field")
        if where:
            return where
    return None


def _by_title(title: str, mentions: Sequence[Mention]) -> _Where | None:
    """A town in brackets, behind a dash or a comma, or after a preposition; any other if it is the only one."""
    towns = [one for one in mentions if one.kind == "town"]
    tied = [one for one in towns if _is_tied(title, one)]
    if tied:
        return _where(title, [one for one in mentions if one.start >= tied[-1].start], "title")
    if len(towns) == 1 and not _comes_from(title, towns[0]):
        return _where(title, [one for one in mentions if one.start >= towns[0].start], "title")
    countries = [one for one in mentions if one.kind == "country" and title[: one.start].rstrip().endswith(("(", " -", " –", " —"))]
    return _where(title, countries[-1:], "title")


def _by_lead(text: str, mentions: Sequence[Mention]) -> _Where | None:
    """`Luxor, 8-9 November 2017, hosted by ...`: one of the first lines begins with a place, and a date follows at once."""
    start = 0
    for number, line in enumerate(text.split("\n")):
        if number >= LEAD_LINES:
            return None
        begin = start + len(line) - len(line.lstrip(" \t\u00a0•●▸-–"))
        here = [one for one in mentions if one.kind in ("town", "country") and begin <= one.start < start + len(line)]
        if here and here[0].start == begin and _opens_a_lead(text[here[0].end : start + len(line)]):
            return _where(text, here, "lead")
        start += len(line) + 1
    return None


def _opens_a_lead(rest: str) -> bool:
    found = DATE.search(rest[:80])
    return found is not None and rest[:1] in ",:;( " and not HAPPENS.search(rest[: found.start()])


def _by_sentence(text: str, mentions: Sequence[Mention], event_start: str | None) -> _Where | None:
    """The place beside a date in the sentence that most looks like the meeting's own; without one, the place where something "takes place"."""
    best: tuple[float, _Where] | None = None
    for number, (start, end) in enumerate(_sentences(text)):
        if earlier := EARLIER.match(text, start, end):
            start = earlier.end()
        sentence = text[start:end]
        score = _score(sentence, event_start) - number / 100
        inside = [one for one in mentions if start <= one.start and one.end <= end]
        where = _beside_date(text, sentence, start, inside)
        if where is None and HAPPENS.search(sentence):
            tied = [one for one in inside if one.kind == "town" and _is_tied(text, one)]
            where, score = _where(text, inside[inside.index(tied[0]) :] if tied else [], "verb"), score - 2
        if where and score > -1 and (best is None or score > best[0]):
            best = score, where
    return best[1] if best else None


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in SENTENCE_END.finditer(text):
        yield start, found.start() + 1
        start = found.end()
    yield start, len(text)


def _score(sentence: str, event_start: str | None) -> float:
    """How much a sentence looks like that of the meeting itself and not of an earlier or another one."""
    score = 1.0
    if HAPPENS.search(sentence):
        score += 1
    if BACKGROUND.search(sentence):
        score -= 3
    if event_start and any(_is_on(date, event_start) for date in DATE.finditer(sentence)):
        score += 4
    return score


def _is_on(date: re.Match[str], event_start: str) -> bool:
    """True if the date expression takes in the day (or, where it has none, the month)."""
    month = MONTHS.get(fold(date["month"] or date["first"])[:4].rstrip("."), 0)
    if event_start[5:7] and int(event_start[5:7]) != month:
        return False
    days = [int(day) for day in (date["from"], date["to"], date["day"], date["last"]) if day]
    return not days or not event_start[8:10] or min(days) <= int(event_start[8:10]) <= max(days)


def _beside_date(text: str, sentence: str, start: int, mentions: Sequence[Mention]) -> _Where | None:
    dates = [(start + found.start(), start + found.end()) for found in DATE.finditer(sentence)]
    if not dates:
        return None
    for kind in ("town", "country"):
        tied = [one for one in mentions if one.kind == kind and _is_tied(text, one)]
        near = [(min(_distance(one, date) for date in dates), one.start, number) for number, one in enumerate(tied)]
        if near and min(near)[0] <= FAR:
            chosen = tied[min(near)[2]]
            return _where(text, [one for one in mentions if one.start >= chosen.start], "sentence")
    return None


def _distance(mention: Mention, date: tuple[int, int]) -> int:
    return max(date[0] - mention.end, mention.start - date[1], 0)


def _is_tied(text: str, mention: Mention) -> bool:
    """True if the words before a place say that something is there: a preposition, a bracket, a dash, a comma after a date."""
    return BEFORE_PLACE.search(text[max(0, mention.start - 40) : mention.start]) is not None


def _comes_from(text: str, mention: Mention) -> bool:
    return _is_another(text[: mention.start])


def _where(text: str, mentions: Sequence[Mention], rule: str) -> _Where | None:
    """The first town with its country, or the first country, as a place; the words are those of both, where they stand together."""
    towns = [one for one in mentions if one.kind == "town"]
    if towns:
        town = towns[0]
        after = next((one for one in mentions if one.kind == "country" and 0 < one.start - town.end <= 3), None)
        return _Where(town.code, country_of(town.code), text[town.start : after.end if after else town.end], rule)
    country = next((one for one in mentions if one.kind == "country"), None)
    return _Where("", country.code, country.matched, rule) if country else None


# Type and format -----------------------------------------------------------------------------------------------------------------


def _type(title: str, text: str, section: str, url: str) -> tuple[str, str]:
    """The meeting type: as the title names it, else the beginning of the text, else the address and its section."""
    kind, raw = _named(title) if title else ("", "")
    if not kind:
        ends = [end for _, end in islice(_sentences(text[:TYPE_LEAD]), TYPE_SENTENCES)]
        kind, raw = _named(text[: ends[-1]])
    folder, _, alias = url[:MAX_ADDRESS].rstrip("/").rpartition("/")
    place = f"{section} {folder}"
    if not kind:
        kind, raw = _named(alias.replace("-", " ").upper())
        raw = alias if kind else ""
    if kind in OVERRULED_BY_LABEL and (label := LABELLED.search(place)):
        return "label event", label[0]
    if not kind:
        for pattern, of_section in SECTIONS:
            if found := pattern.search(place):
                return of_section, found[0]
    return kind, raw


def _named(text: str) -> tuple[str, str]:
    """The type that is named first (of two at one place the longer), and not as another meeting ("ahead of the ministerial conference")."""
    folded = fold(text)
    matches = [(kind, match) for kind, pattern in TYPES for match in pattern.finditer(folded)]
    matches += [(ACRONYM_TYPES[match[0]], match) for match in ACRONYMS.finditer(text)]
    others = [match.span() for _, match in matches if _is_another(text[: match.start()])]
    found = [
        (match.start(), match.start() - match.end(), kind)
        for kind, match in matches
        if not any(start < match.end() and match.start() < end for start, end in others)
    ]
    if not found:
        return "", ""
    start, length, kind = min(found)
    return kind, text[start : start - length]


def _is_another(before: str) -> bool:
    return NOT_ITS_OWN.search(before[-40:]) is not None


def _may_say_format(number: int, sentence: str) -> bool:
    """True for the title and the first two sentences, and for those in which something takes place or people take part."""
    return number <= TYPE_SENTENCES or any(pattern.search(sentence) for pattern in (HAPPENS, DATE, TAKING_PART))


def _format(title: str, text: str, kind: str, type_raw: str) -> tuple[Format, str]:
    """The format as far as it is said of the meeting; that a place is named does not say it."""
    whole = f"{title}\n{text}"
    whole = "\n".join(whole[start:end] for number, (start, end) in enumerate(_sentences(whole)) if _may_say_format(number, whole[start:end]))
    if found := HYBRID.search(whole):
        return "hybrid", found[0]
    online = next((one for one in ONLINE.finditer(whole) if not ONLINE_THINGS.search(whole[max(0, one.start() - 30) : one.end() + 25])), None)
    person = IN_PERSON.search(whole)
    if online and person:
        return "hybrid", f"{online[0]} … {person[0]}"
    if online:
        return "online", online[0]
    if person:
        return "in person", person[0]
    return ("online", type_raw) if kind == "webinar" else ("", "")
