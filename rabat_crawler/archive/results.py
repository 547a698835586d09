"""What a search gives back: one page of hits, how many there are in all, facets, and what was meant. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

from rabat_crawler.models import Hit

Sort = Literal["relevance", "newest", "oldest"]
FACETS = ("language", "kind", "year", "site", "country", "organisation", "theme", "town")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet ("fr", "news", "2018", "SN") and how many of the items found have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results(Sequence[Hit]):
    """One page of a search: a sequence of hits. `total` is the number of all, `exact` whether it and the facets' counts are counted or estimated.

    `facets`: for each of FACETS its values, the most frequent first (empty unless asked for); `suggestion`: a search that finds something, where
    this one finds nothing or little; `notes`: how the words were understood, in sentences, where that is not plain.
    """

    words: str
    hits: tuple[Hit, ...]
    total: int
    offset: int = 0
    limit: int = 20
    sort: Sort = "relevance"
    exact: bool = True
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    suggestion: str | None = None
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...

    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def rows(self) -> list[dict[str, Any]]:
        """The hits as flat dictionaries of strings and numbers: `pandas.DataFrame(results.rows())`."""
        return [_row(number, hit) for number, hit in enumerate(self.hits, self.offset + 1)]


def _row(number: int, hit: Hit) -> dict[str, Any]:
    item = hit.item
    return {
        "number": number,
        "item_id": item.item_id,
        "language": item.language,
        "kind": item.kind,
        "published": item.published,
        "event_start": item.event_start,
        "event_end": item.event_end,
        "title": item.title,
        "snippet": hit.snippet.replace("\x02", "").replace("\x03", ""),
        "url": item.canonical_url,
        "site": item.site,
        "section": item.section,
        "twin": item.twin,
        "first_seen": item.first_seen,
        "last_seen": item.last_seen,
        "gone": item.gone,
        "rank": hit.rank,
        "through": hit.through,
        "version_id": hit.version_id,
    }
