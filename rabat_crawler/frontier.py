"""What is to be fetched, in which order, and what became of every other address: seen, folded, held, skipped, each with its reason.

`Frontier` keeps its state in memory and opens nothing; `FrontierScheduler` is its door to Scrapy. A frontier on disk needs only the
same `seed`, `offer`, `next`, `visited`, `skip`, `pending`.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlsplit

from scrapy.core.scheduler import BaseScheduler

from rabat_crawler.extract.urls import Decision, decide
from rabat_crawler.models import Link, Page, Site

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler

Outcome = Literal["queued", "held", "known", "folded", "skipped"]

START, LISTING, NEXT, ITEM, OTHER, DOCUMENT = range(6)
MAX_DEPTH = 15
MAX_REDIRECTS = 6
MAX_PAGES = 20_000
PATTERN_BUDGET = 60
EXAMPLES = 5

ALIAS = "second address of an article"
PART = "part of a longer article"
LISTING_ENDED = "listing has ended"
PAGE_LIMIT = "page limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An address to fetch: `order` is its class (START first), `depth` links from a start, `chain` redirects that led to it."""

    url: str
    key: str
    order: int = START
    depth: int = 0
    chain: int = 0
    referrer: str = ""


@dataclass(slots=True)
class Tally:
    """How many addresses, and the first few of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, url: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(url)


@dataclass(slots=True)
class _Listing:
    """What is known of one listing's pages: the items they gave, and the offset after which nothing is asked any more."""

    items: set[str] = field(default_factory=set)
    ended: int | None = None


class Frontier:
    """The addresses of one run. Every address offered gets exactly one outcome; `folded` and `skipped` count them by reason."""

    def __init__(self, site: Site, *, max_pages: int | None = None, starts_only: bool = False) -> None:
        self.site = site
        self.max_pages = min(max_pages or MAX_PAGES, MAX_PAGES)
        self.starts_only = starts_only
        self.folded: dict[str, Tally] = {}
        self.skipped: dict[str, Tally] = {}
        self.plan: list[dict[str, str]] | None = None
        self.taken = 0
        self._queue: list[tuple[int, int, Entry]] = []
        self._sequence = 0
        self._urls: set[str] = set()
        self._offered: dict[str, str] = {}
        self._articles: dict[str, bool | None] = {}
        self._held: dict[str, deque[Entry]] = {}
        self._patterns: dict[str, int] = {}
        self._listings: dict[str, _Listing] = {}

    @property
    def pending(self) -> int:
        """How many addresses wait to be fetched."""
        return len(self._queue)

    @property
    def ready(self) -> bool:
        """True if `next` may give an address."""
        return bool(self._queue) and self.taken < self.max_pages and not (self.starts_only and self._queue[0][0] != START)

    def seed(self, urls: Iterable[str]) -> int:
        """Queue the start addresses; how many of them may be fetched."""
        return sum(self._offer(Link(url=url), None) == "queued" for url in urls)

    def offer(self, links: Iterable[Link], *, parent: Entry) -> int:
        """Judge the links of a page, each address once in a run; how many were queued."""
        return sum(self._offer(link, parent) == "queued" for link in links)

    def next(self) -> Entry | None:
        """The next address to fetch, or None: nothing waits, or the page limit is reached."""
        while self.ready:
            entry = heapq.heappop(self._queue)[2]
            listing = self._listings.get(_path(entry.url)) if entry.order == NEXT else None
            if listing is not None and listing.ended is not None and _start(entry.url) > listing.ended:
                self.skip(entry, LISTING_ENDED)
                continue
            self.taken += 1
            return entry
        return None

    def visited(self, entry: Entry, page: Page) -> int:
        """Take in a page that was read: its links are offered, addresses held for it are freed or folded; how many were queued."""
        links = self._listing_links(entry, page) if _start(entry.url) or page.role == "listing" else page.links
        queued = self.offer(links, parent=entry)
        return queued + self.done(entry.key, page)

    def done(self, key: str, page: Page | None) -> int:
        """Settle what was held for `key`: another address of a dated article is a copy, another address of anything else is fetched."""
        self._articles[key] = page is not None and _is_article(page)
        held = self._held.get(key)
        if not held:
            return 0
        if self._articles[key]:
            for entry in self._held.pop(key):
                self._count(self.folded, ALIAS, entry.url)
            return 0
        self._articles[key] = None
        self._push(held.popleft())
        return 1

    def skip(self, entry: Entry, reason: str) -> None:
        """Give up an address that was queued, for a reason found later (robots.txt, the run's end)."""
        self._count(self.skipped, reason, entry.url)
        self.done(entry.key, None)

    def finish(self, reason: str = PAGE_LIMIT) -> int:
        """Count what still waits as skipped, by `reason`; how many these were."""
        left = [entry for _, _, entry in sorted(self._queue)] + [entry for held in self._held.values() for entry in held]
        for entry in left:
            self._count(self.skipped, reason, entry.url)
        self._queue.clear()
        self._held.clear()
        return len(left)

    def _offer(self, link: Link, parent: Entry | None) -> Outcome:
        redirect = link.rel == "redirect"
        if link.url in self._offered and not redirect:
            return "known"
        decision = decide(link.url, self.site)
        self._offered[link.url] = decision.key
        outcome, reason = self._judge(link, decision, parent, redirect)
        if self.plan is not None and outcome != "known":
            self.plan.append({"url": link.url, "outcome": outcome, "reason": reason, "fetch": decision.url if outcome == "queued" else ""})
        return outcome

    def _judge(self, link: Link, decision: Decision, parent: Entry | None, redirect: bool) -> tuple[Outcome, str]:
        refusal = self._refusal(link, decision, parent, redirect)
        if refusal:
            self._count(self.skipped, refusal, link.url)
            return "skipped", refusal
        url = decision.url
        if redirect and parent is not None and url in self._urls and link.url != url and link.url not in self._urls:
            url = link.url  # the address we fold to is one that the server sends elsewhere: only the literal target has the page
        elif url != link.url and decision.reason:
            self._count(self.folded, decision.reason, link.url)
        if url in self._urls:
            return ("folded", decision.reason) if url != link.url else ("known", "")
        if not self._within_budget(url):
            self._count(self.skipped, "too many addresses of one pattern", url)
            return "skipped", "too many addresses of one pattern"
        return self._admit(_entry(link, replace(decision, url=url), parent, self.site))

    def _refusal(self, link: Link, decision: Decision, parent: Entry | None, redirect: bool) -> str:
        if decision.action == "skip":
            return decision.reason
        if link.rel == "part":
            return PART
        if redirect and parent is not None and parent.chain >= MAX_REDIRECTS:
            return "too many redirects"
        if parent is not None and parent.depth >= MAX_DEPTH and link.rel not in ("next", "prev", "redirect"):
            return "too deep"
        return ""

    def _admit(self, entry: Entry) -> tuple[Outcome, str]:
        self._urls.add(entry.url)
        if entry.key not in self._articles:
            self._articles[entry.key] = None
            self._push(entry)
            return "queued", ""
        known = self._articles[entry.key]
        if known:
            self._count(self.folded, ALIAS, entry.url)
            return "folded", ALIAS
        if known is None:
            self._held.setdefault(entry.key, deque()).append(entry)
            return "held", ALIAS
        self._articles[entry.key] = None
        self._push(entry)
        return "queued", ""

    def _within_budget(self, url: str) -> bool:
        parts = urlsplit(url)
        if not parts.query or all(name == "start" for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            return True
        pattern = parts.netloc + parts.path
        self._patterns[pattern] = self._patterns.get(pattern, 0) + 1
        return self._patterns[pattern] <= PATTERN_BUDGET

    def _listing_links(self, entry: Entry, page: Page) -> tuple[Link, ...]:
        """The page's links, without further pages of its listing if it brought no item that the listing had not shown before."""
        path = _path(entry.url)
        listing = self._listings.setdefault(path, _Listing())
        own = [link for link in page.links if link.rel == "item"] or [link for link in page.links if link.rel == "" and _path(link.url) != path]
        found = {decide(link.url, self.site).key for link in own}
        fresh = found - listing.items
        listing.items |= found
        if fresh or not _start(entry.url):
            return page.links
        listing.ended = min(_start(entry.url), listing.ended if listing.ended is not None else _start(entry.url))
        kept, ended = [], listing.ended
        for link in page.links:
            if _path(link.url) == path and _start(link.url) > ended and link.url not in self._offered:
                self._offered[link.url] = entry.key
                self._count(self.skipped, LISTING_ENDED, link.url)
            else:
                kept.append(link)
        return tuple(kept)

    def _push(self, entry: Entry) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (entry.order, self._sequence, entry))

    @staticmethod
    def _count(tallies: dict[str, Tally], reason: str, url: str) -> None:
        tallies.setdefault(reason, Tally()).add(url)


def _entry(link: Link, decision: Decision, parent: Entry | None, site: Site) -> Entry:
    if parent is None:
        return Entry(url=decision.url, key=decision.key)
    if link.rel == "redirect":
        return Entry(url=decision.url, key=decision.key, order=parent.order, depth=parent.depth, chain=parent.chain + 1, referrer=parent.url)
    depth = parent.depth if link.rel in ("next", "prev") else parent.depth + 1
    return Entry(url=decision.url, key=decision.key, order=_order(link, decision, site), depth=depth, referrer=parent.url)


def _order(link: Link, decision: Decision, site: Site) -> int:
    if decision.target == "document" or link.rel == "document":
        return DOCUMENT
    if link.rel == "next" or _start(decision.url):
        return NEXT
    if link.rel in ("item", "whole"):
        return ITEM
    last = urlsplit(decision.url).path.rstrip("/").rsplit("/", 1)[-1].lower()
    return LISTING if any(word == last for word, _ in site.sections) else OTHER


def _is_article(page: Page) -> bool:
    """True if the page is one article that says when it was published: only then is another address of it surely a copy."""
    return page.role == "detail" and any(draft.complete and any(date.role == "published" for date in draft.dates) for draft in page.drafts)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/")


def _start(url: str) -> int:
    """The offset of a listing's page, 0 for its first."""
    if "start=" not in url:
        return 0
    value = dict(parse_qsl(urlsplit(url).query)).get("start", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


class FrontierScheduler(BaseScheduler):
    """Gives Scrapy the frontier's entries as requests, one at a time; requests that a middleware wants again go first."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._again: deque[Request] = deque()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        self._session = spider.session  # type: ignore[attr-defined]
        self._make = spider.make_request  # type: ignore[attr-defined]

    def has_pending_requests(self) -> bool:
        return bool(self._again) or bool(self._session.frontier.ready)

    def enqueue_request(self, request: Request) -> bool:
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        if self._again:
            return self._again.popleft()
        entry = None if self._session.stopping else self._session.frontier.next()
        request: Request | None = self._make(entry) if entry is not None else None
        return request
