"""When is an address due again, which pages are watched every night, and did a page change? Pure: times come in, times go out.

A page's digest is made from what the reader made of it, so that tokens, counters and the boxes beside it change nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rabat_crawler.models import Draft, Page, PartialDate

SLACK = timedelta(hours=6)
"""A night is due a little early: timers have a random delay, and a night must not slip by an hour every day."""

Ladder = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How often what is asked again; all in days.

    `ladder`: pairs (its last news is younger than, ask again after); beyond the last rung everything is asked after `max_days`, for the
    first time after a part of it that follows from the address, so that the load is even. `list_ladder`: the same for listings and feeds that
    are not watched (what they show, a watched page shows too, as far as the share allows). `watch_share`: pages watched every night, as a
    share of the known addresses, less `watch_less`, never fewer than `watch_least`.
    """

    max_days: float = 30.0
    ladder: Ladder = ((7.0, 1.0), (30.0, 3.0), (90.0, 7.0), (365.0, 15.0))
    list_ladder: Ladder = ((30.0, 7.0),)
    gone_ladder: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
    failed_ladder: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    watch_share: float = 0.08
    watch_less: int = 2
    watch_least: int = 4

    def watch_limit(self, known: int) -> int:
        """How many pages may be watched every night when so many addresses are known."""
        return max(self.watch_least, int(known * self.watch_share) - self.watch_less)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is known of an address that was asked: `news` is the latest of its publication, its last change and its discovery after the first crawl.

    `lists`: it is a listing or a feed.
    `state`: done, gone (it was there once), absent (it never was) or failed; `times`: how many answers in a row were of that kind, this one included.
    """

    url: str
    asked_at: datetime
    state: str = "done"
    times: int = 1
    news: datetime | None = None
    lists: bool = False


def due(answered: Answered, policy: Policy) -> datetime:
    """When the address is to be asked again, at the latest `max_days` after it was asked."""
    return answered.asked_at + timedelta(days=_days(answered, policy)) - SLACK


def _days(answered: Answered, policy: Policy) -> float:
    if answered.state == "gone":
        return min(_rung(policy.gone_ladder, answered.times, policy.max_days), policy.max_days)
    if answered.state == "failed":
        return min(_rung(policy.failed_ladder, answered.times, policy.max_days), policy.max_days)
    if answered.news is not None:
        age = (answered.asked_at - answered.news) / timedelta(days=1)
        for younger, days in policy.list_ladder if answered.lists else policy.ladder:
            if age < younger:
                return min(days, policy.max_days)
    if answered.times > 1:
        return policy.max_days
    return min(policy.max_days, 1.0 + spread(answered.url) * (policy.max_days - 1.0))


def _rung(ladder: Sequence[float], times: int, last: float) -> float:
    return ladder[times - 1] if times <= len(ladder) else last


def spread(url: str) -> float:
    """A number from 0 to 1 that follows from path and query of the address: addresses asked on one day fall due on different ones."""
    path = url.split("://", 1)[-1].partition("/")[2]
    return int.from_bytes(hashlib.sha256(path.encode("utf-8", "surrogatepass")).digest()[:4], "big") / 0xFFFFFFFF


# What is watched every night -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A page on which news appears first: a start page, the first page of a listing, a feed; `items` are those that it shows."""

    url: str
    start: bool = False
    feed: bool = False
    items: frozenset[str] = frozenset()


def watched(fronts: Iterable[Front], limit: int) -> frozenset[str]:
    """The pages to ask every night, at most `limit` besides the start pages.

    First those that together show all that any of them shows, the one that adds most first; then further listings, the longest first, but
    none that shows the very same as another; feeds last.
    """
    ordered = sorted(fronts, key=lambda front: (not front.start, front.feed, -len(front.items), len(front.url), front.url))
    chosen = [front for front in ordered if front.start]
    limit = max(limit, len(chosen))
    left = [front for front in ordered if not front.start and front.items]
    shown: set[str] = set().union(*(front.items for front in chosen))
    while left and len(chosen) < limit:
        best = max(left, key=lambda front: len(front.items - shown))
        if not best.items - shown:
            break
        chosen.append(best)
        left.remove(best)
        shown |= best.items
    kept = {front.items for front in chosen}
    for front in left:
        if len(chosen) < limit and front.items not in kept:
            chosen.append(front)
            kept.add(front.items)
    return frozenset(front.url for front in chosen)


# Did it change? --------------------------------------------------------------------------------------------------------------


def page_digest(page: Page) -> str:
    """The digest of the cleaned page: what it says of its own subject, or what it lists. Equal digests: nothing that matters changed."""
    own = [draft for draft in page.drafts if draft.complete]
    if own:
        return _digest([_whole(draft) for draft in own])
    if page.role in ("listing", "feed"):
        return _digest(
            [*((draft.url, teaser_of(draft)) for draft in page.drafts), *(link.url for link in page.links if link.rel in ("item", "next"))]
        )
    return _digest([page.role, page.layout, *sorted(link.url for link in page.links if link.rel == "document")])


def _whole(draft: Draft) -> list[object]:
    return [
        draft.title,
        draft.summary,
        draft.text,
        sorted((date.role, date.value, date.end or "") for date in draft.dates if _shown(date)),
        sorted(one.url for one in draft.attachments),
        sorted((one.hreflang, one.url) for one in draft.alternates),
    ]


def teaser_of(draft: Draft) -> str:
    """The digest of what a listing says of an item."""
    return _digest([draft.title, draft.summary, draft.text, sorted((date.role, date.value) for date in draft.dates if _shown(date))])


def _shown(date: PartialDate) -> bool:
    """A candidate that was refused, and what the address says, follow from the text and the address: they are no change of their own."""
    return not date.refused and date.source != "url"


def words_digest(words: Iterable[str]) -> str:
    """The digest of what a box calls an item."""
    return _digest(sorted(set(words)))


def teasers(page: Page) -> dict[str, str]:
    """The items that a page lists, in its order, each with the digest of what it says of them."""
    inline = {draft.url: teaser_of(draft) for draft in page.drafts if draft.url and not draft.complete}
    listed = {link.url: inline.get(link.url) or _digest(link.text) for link in page.links if link.rel == "item"}
    return listed | {url: digest for url, digest in inline.items() if url not in listed}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def vanished(before: Sequence[str], now: Sequence[str], *, whole: bool) -> list[str]:
    """Items that a listing showed and shows no more, though it shows an older one of then (at its end they may just have moved on).

    `whole`: the listing was read to its end, so that nothing can have moved on.
    """
    shown = set(now)
    last = max((place for place, url in enumerate(before) if url in shown), default=-1)
    return [url for place, url in enumerate(before) if url not in shown and (whole or place < last)]
