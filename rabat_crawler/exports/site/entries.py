"""What the site keeps of each item in memory: a line in its lists, what lists it stands in. Values only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rabat_crawler.archive.statistics import Timeline
from rabat_crawler.web.language import LANGUAGES, Language

PER_PAGE = 200
"""So many items a page of a list shows."""
UNDATED = "undated"
NO_LANGUAGE = "other"
FACETS = ("year", "kind", "language", "country")

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An item in a list."""

    item_id: str
    kind: str
    language: str | None
    title: str
    published: str | None
    canonical_url: str | None
    twin: str | None
    countries: tuple[str, ...]

    @property
    def year(self) -> str:
        """The year of publication, or UNDATED."""
        return self.published[:4] if self.published else UNDATED

    def values(self, facet: str) -> tuple[str, ...]:
        """What the item is under in a facet."""
        if facet == "country":
            return self.countries
        if facet == "language":
            return (self.language if self.language in ("fr", "en", "mixed") else NO_LANGUAGE,)
        return (self.year if facet == "year" else self.kind,)


def own_language(language: str | None) -> Language:
    """The language of the interface on the page of something in that language; English for what is in neither."""
    return language if language in LANGUAGES else "en"


def counts(lines: Iterable[Line], facet: str) -> dict[str, int]:
    """The values of a facet with the number of items: years the latest first, other values the most frequent first."""
    found = Counter(value for line in lines for value in line.values(facet) if _SAFE.fullmatch(value))
    if facet == "year":
        return dict(sorted(found.items(), key=lambda pair: (pair[0] == UNDATED, -int(pair[0]) if pair[0].isdigit() else 0)))
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def timeline(lines: Sequence[Line]) -> Timeline:
    """The lines by month of publication and language."""
    found: dict[str, Counter[str]] = {}
    for line in lines:
        if line.published and len(line.published) >= 7:
            found.setdefault(line.published[:7], Counter())[line.language or "?"] += 1
    placed = sum(sum(months.values()) for months in found.values())
    return Timeline(step="month", split="language", counts=dict(sorted(found.items())), unplaced=len(lines) - placed)
