"""What of an item tells it from others in any language: numbers, dates, names, stems that French and English share; and a sketch of its wording."""

from __future__ import annotations

import json
import re
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

from rabat_crawler.extract.dates import find_dates
from rabat_crawler.extract.folding import fold
from rabat_crawler.models import Item
from rabat_crawler.relations import cues

MAX_TEXT = 40_000
"""So many characters of a text are looked at."""
STEM = 5
"""French and English words of one root mostly share their first letters: `migra-`, `devel-`, `minis-`."""
SKETCH = 48
"""So many runs of three words stand for a text's wording: those with the smallest hashes, the same ones in every copy of it."""
MAX_FEATURES, MAX_FILES = 1400, 100

_NUMBER = re.compile(r"[0-9]{1,12}(?:[ \u00a0\u202f,.'’][0-9]{3}(?![0-9])){0,4}")
_WORD = re.compile(r"[a-z]{4,40}")
_NAME = re.compile(r"(?<=[a-zà-ÿ,;:’'] )[A-ZÀ-Ý][^\W\d_]{2,30}")
_LANGUAGE_MARK = re.compile(r"[-_.](?:fr|en|fra|eng|french|english|francais|anglais)(?=[-_.]|$)", re.I)

Hashes: TypeAlias = "array[int]"
"""Sorted 32-bit hashes, four bytes each: those of all items are in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """An item without its text. `side` is the language of its address, else of its text; days are ISO dates or None, `events` first and last days.

    `features`: sorted 32-bit hashes of what any translation would keep; `facts` of what no copy may change (numbers, days, names); `sketch`: the
    smallest hashes of its runs of three words; `length` in characters; `cue`: "announcement", "outcome" or "".
    """

    item_id: str
    site: str
    side: str | None
    language: str | None
    kind: str
    title: str
    section: str
    published: str | None
    first_seen: str
    events: tuple[tuple[str, str], ...]
    features: Hashes
    facts: Hashes
    sketch: Hashes
    length: int
    cue: str = ""

    def to_json(self) -> str:
        """The traits as canonical JSON."""
        values = (getattr(self, name) for name in self.__slots__)
        return json.dumps([list(value) if isinstance(value, array) else value for value in values], ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Traits:
        """The traits back from `to_json`."""
        values = dict(zip(cls.__slots__, json.loads(text), strict=True))
        for name in ("features", "facts", "sketch"):
            values[name] = array("I", values[name])
        values["events"] = tuple((first, last) for first, last in values["events"])
        return cls(**values)


def traits_of(item: Item, *, side: str | None, names: Iterable[str] = ()) -> Traits:
    """The traits of an item; `side` is the language that its address names, `names` are codes of countries, organisations and towns in it."""
    features, facts, sketch, cue = _worded(item.title, item.text[:MAX_TEXT], item.language, item.published, tuple(names))
    files = _hashes([*(f"f:{_file(one.url)}" for one in item.attachments), *(f"i:{urlsplit(image.url).path}" for image in item.images)])
    return Traits(
        item_id=item.item_id,
        site=item.site,
        side=side or item.language,
        language=item.language,
        kind=item.kind,
        title=fold(item.title),
        section=fold(item.section),
        published=item.published if item.published and len(item.published) == 10 else None,
        first_seen=item.first_seen[:10],
        events=_events(item),
        features=array("I", sorted({*features, *files[:MAX_FILES]})),
        facts=facts,
        sketch=sketch,
        length=len(item.text),
        cue=cue,
    )


@lru_cache(maxsize=1024)
def _worded(title: str, text: str, language: str | None, published: str | None, names: tuple[str, ...]) -> tuple[Hashes, Hashes, Hashes, str]:
    """Features, facts, sketch and cue of a text; remembered, for listings write the same items anew page after page."""
    whole = f"{title}\n{text}"
    folded = fold(text)
    numbers = {number for found in _NUMBER.finditer(whole) if len(number := re.sub(r"[^0-9]", "", found[0])) > 1}
    exact = {f"#{number}" for number in numbers} | {f"d:{day}" for day in _days(whole, language, published)} | {f"n:{name}" for name in names}
    stems = {f"w:{word[:STEM]}" for word in _WORD.findall(f"{fold(title)} {folded}")}
    features = _hashes(sorted(exact | stems)[:MAX_FEATURES])
    facts = _hashes(exact | {f"N:{fold(name)}" for name in _NAME.findall(text)})
    return features, facts, _hashes(_runs(folded))[:SKETCH], cues.cue_of(title, text)


def _days(text: str, language: str | None, published: str | None) -> set[str]:
    year = int(published[:4]) if published and published[:4].isdecimal() else None
    found = find_dates(text, language=language, year=year)
    return {day for one in found if one.date.precision == "day" for day in (one.date.value, one.date.end) if day}


def _events(item: Item) -> tuple[tuple[str, str], ...]:
    """The item's own event first, then the others that its title or lead may mean; days only."""
    found = [(item.event_start, item.event_end or item.event_start)] if item.event_start else []
    return tuple((first, last or first) for first, last in found if first and len(first) == 10)


def _file(url: str) -> str:
    """The name of a document without the mark of its language."""
    name = urlsplit(url).path.rsplit("/", 1)[-1].lower()
    return _LANGUAGE_MARK.sub("", name.rsplit(".", 1)[0])


def _runs(folded: str) -> Iterable[str]:
    words = folded.split()
    return {" ".join(run) for run in zip(words, words[1:], words[2:], strict=False)} or ({folded} if folded else ())


def _hashes(names: Iterable[str]) -> Hashes:
    return array("I", sorted({zlib.crc32(name.encode()) for name in names}))
