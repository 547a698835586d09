"""What is to be fetched, in which order, and what became of every other address: each ends a run in a named state with a reason.

The frontier works in memory and writes each step to a `FrontierStore` if it has one, so that a killed crawl goes on where it was.
"""

from __future__ import annotations

import array
import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from rabat_crawler.archive.frontier_store import Address, FrontierStore
from rabat_crawler.archive.moments import moment
from rabat_crawler.identity import first_date
from rabat_crawler.models import Link, Page, Site
from rabat_crawler.registry import reference
from rabat_crawler.revisit import Policy
from rabat_crawler.urls import Decision, budget_of, decide

Outcome = Literal["queued", "held", "known", "folded", "skipped"]

START, LISTING, NEXT, ITEM, OTHER, DOCUMENT, PROBE = range(7)
MOVED = (301, 302, 303, 307, 308)
MAX_DEPTH = 15
MAX_REDIRECTS = 6
MAX_PAGES = 20_000
MAX_JUDGED = 200_000
"""So many addresses are remembered with what was decided of them; beyond that they are only counted."""
EXAMPLES = 5

ALIAS = "second address of an article"
COPY_LEFT = "the article's first address is gone"
PART = "part of a longer article"
LISTING_ENDED = "listing has ended"
BROUGHT_NOTHING = "brought no new item"
PAGE_LIMIT = "page limit"
TOO_MANY = "too many addresses of one pattern"
ROBOTS = "robots.txt"
ASKED = ("queued", "leased", "done", "failed", "gone", "put_off", "held")
JUDGED_ANEW = (LISTING_ENDED, TOO_MANY, ROBOTS)
"""Reasons to skip that may be over in a later round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An address to fetch: `order` is its class (START first), `depth` links from a start, `chain` redirects that led to it."""

    url: str
    key: str
    order: int = START
    depth: int = 0
    chain: int = 0
    referrer: str = ""
    etag: str = ""
    modified: str = ""


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


def _now() -> datetime:
    return datetime.now(UTC)


class Frontier:
    """The addresses of one site. Every address offered gets exactly one outcome; `folded` and `skipped` count this run's by reason."""

    def __init__(
        self,
        site: Site,
        *,
        max_pages: int | None = None,
        starts_only: bool = False,
        store: FrontierStore | None = None,
        policy: Policy | None = None,
        run_id: str = "",
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.site, self.name, self.store, self.run_id, self.now = site, reference(site), store, run_id, now
        self.policy = policy or Policy()
        self.max_pages = min(max_pages or MAX_PAGES, MAX_PAGES)
        self.starts_only = starts_only
        self.folded: dict[str, Tally] = {}
        self.skipped: dict[str, Tally] = {}
        self.plan: list[dict[str, str]] | None = None
        self.taken = 0
        self.closed = ""
        self.round = run_id
        self.rows: dict[str, Address] = {}
        self.by_key: dict[str, list[Address]] = {}
        self._by_id: dict[int, Address] = {}
        self._queue: list[tuple[int, int, Address]] = []
        self._next_id = store.next_id() if store is not None else 1
        self._sequence = 0
        self._articles: dict[str, bool | None] = {}
        self._held: dict[str, deque[Address]] = {}
        self._patterns: dict[str, int] = {}
        self._listings: dict[str, _Listing] = {}
        self._unsaved: dict[int, Address] = {}
        for row in store.load(self.name) if store is not None else ():
            self._take_in(row)

    # What waits ----------------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many addresses wait to be fetched."""
        return len(self._queue)

    @property
    def ready(self) -> bool:
        """True if `next` may give an address."""
        return (
            bool(self._queue)
            and not self.closed
            and self.taken < self.max_pages
            and not (self.starts_only and self._queue[0][0] not in (START, PROBE))
        )

    def seed(self, urls: Iterable[str]) -> int:
        """Queue the start addresses; how many of them may be fetched."""
        queued, entrance = 0, any(row.kind == START and row.role for row in self.rows.values())
        at = moment(self.now())
        for url in urls:
            known = self.rows.get(url)
            if entrance and known is not None and known.state == "done" and known.status in MOVED and (known.due_at or "") > at:
                queued += 1  # it only sends to a start page that is asked anyway
                continue
            if known is not None and known.state in ASKED:
                known.kind = START
                self._unsaved[known.id] = known
                queued += 1
                if known.round != self.round and known.state not in ("queued", "leased"):
                    self.requeue(known)
            else:
                queued += self._offer(Link(url=url), None) == "queued"
        self.flush()
        return queued

    def seed_probe(self, url: str) -> None:
        """Queue the address that is not there, once a round, right after the start pages."""
        known = self.rows.get(url)
        if known is None and self._offer(Link(url=url), None) == "queued":
            known = self.rows[url]
        elif known is not None and known.round != self.round and known.state not in ("queued", "leased"):
            self.requeue(known)
        if known is not None:
            known.kind = PROBE
        self.flush()

    def offer(self, links: Iterable[Link], *, parent: Entry) -> int:
        """Judge the links of a page, each address once; how many were queued."""
        return sum(self._offer(link, parent) == "queued" for link in links)

    def next(self) -> Entry | None:
        """The next address to fetch, or None: nothing waits, or the page limit is reached."""
        while self.ready:
            row = heapq.heappop(self._queue)[2]
            if row.state != "queued":
                continue
            listing = self._listings.get(_path(row.url)) if row.kind == NEXT else None
            if listing is not None and listing.ended is not None and _start(row.url) > listing.ended:
                self.skip(entry_of(row), LISTING_ENDED)
                continue
            self.taken += 1
            row.state, row.leased_at, row.run_id, row.attempts = "leased", moment(self.now()), self.run_id, row.attempts + 1
            self._unsaved[row.id] = row
            self.flush()
            return entry_of(row)
        return None

    def requeue(self, row: Address, reason: str = "") -> None:
        """Let a known address wait for its turn again."""
        row.state, row.reason, row.attempts = "queued", reason, 0
        self._push(row)

    def give_back(self, entry: Entry) -> None:
        """The address was taken but not asked, because the run ends: it waits for the next one."""
        row = self.rows[entry.url]
        self.requeue(row, "the run ended before")
        self.flush()

    def request(self, key: str, reason: str) -> int:
        """Ask the addresses of an item again in this round, for the reason given; how many were queued."""
        found = [row for row in self.by_key.get(key, ()) if row.state in ("done", "gone", "failed") and row.round != self.round]
        for row in found:
            self.requeue(row, reason)
        return len(found)

    # What became of an address -------------------------------------------------------------------------------------------

    def visited(self, entry: Entry, page: Page) -> int:
        """Take in a page that was read: its links are offered, addresses held for it are freed or folded; how many were queued."""
        links = self._listing_links(entry, page) if _start(entry.url) or page.role == "listing" else page.links
        queued = self.offer(links, parent=entry)
        row = self.rows.get(entry.url)
        if row is not None:
            if page.role != "redirect":
                row.links = self._ids(page.links)
            if row.state == "leased":
                row.state = "done"
            self._unsaved[row.id] = row
        return queued + self.done(entry.key, page)

    def done(self, key: str, page: Page | None) -> int:
        """Settle what was held for `key`: another address of a dated article is a copy, another address of anything else is fetched."""
        self._articles[key] = article = page is not None and _is_article(page)
        for row in self.by_key.get(key, ()):
            if row.article != article and row.state not in ("held", "queued"):
                row.article = article
                self._unsaved[row.id] = row
        held = self._held.get(key)
        if not held:
            return 0
        if article:
            for row in self._held.pop(key):
                self._fold(row, ALIAS)
            return 0
        self._articles[key] = None
        self._queue_row(held.popleft())
        return 1

    def free_copies(self, key: str) -> int:
        """The address of an article is no more: its other addresses, which were taken for copies, are asked; how many these are."""
        copies = [row for row in self.by_key.get(key, ()) if row.state == "folded" and row.reason == ALIAS]
        for row in copies:
            self.requeue(row, COPY_LEFT)
        return len(copies)

    def skip(self, entry: Entry, reason: str) -> None:
        """Give up an address that was queued, for a reason found later (robots.txt, the end of its listing)."""
        self._count(self.skipped, reason, entry.url)
        row = self.rows.get(entry.url)
        if row is not None:
            row.state, row.reason, row.run_id, row.round = "skipped", reason, self.run_id, self.round
            self._unsaved[row.id] = row
        self.done(entry.key, None)
        self.flush()

    def finish(self, reason: str = PAGE_LIMIT) -> int:
        """How many addresses still wait. Without a store they are counted as skipped, by `reason`; with one they stay for the next run."""
        left = [row for _, _, row in sorted(self._queue, key=lambda one: one[:2]) if row.state == "queued"]
        left += [row for held in self._held.values() for row in held]
        if self.store is None:
            for row in left:
                self._count(self.skipped, reason, row.url)
            self._queue.clear()
            self._held.clear()
        else:
            self.flush()
            self.store.end_run(self.name, self.run_id, reason)
        return len(left)

    def settle(self) -> None:
        """Let what has changed be written with the next lease; at once if nothing waits. Killed in between, the answer is found in the WARC file."""
        if not self.ready:
            self.flush()

    def flush(self) -> None:
        """Write what has changed since the last time, in one transaction."""
        if self.store is not None and self._unsaved:
            self.store.save(self._unsaved.values(), run_id=self.run_id)
        self._unsaved.clear()

    # Judging -------------------------------------------------------------------------------------------------------------

    def _offer(self, link: Link, parent: Entry | None) -> Outcome:
        redirect = link.rel == "redirect"
        known = self.rows.get(link.url)
        settled = known is not None and (known.state != "skipped" or known.round == self.round or known.reason not in JUDGED_ANEW)
        if settled and not redirect:
            return "known"
        decision = decide(link.url, self.site)
        outcome, reason = self._judge(link, decision, parent, redirect)
        if outcome in ("skipped", "folded"):
            self._note(link.url, decision.key, outcome, reason, parent)
        if self.plan is not None and outcome != "known":
            self.plan.append({"url": link.url, "outcome": outcome, "reason": reason, "fetch": decision.url if outcome == "queued" else ""})
        return outcome

    def _judge(self, link: Link, decision: Decision, parent: Entry | None, redirect: bool) -> tuple[Outcome, str]:
        refusal = self._refusal(link, decision, parent, redirect)
        if refusal:
            self._count(self.skipped, refusal, link.url)
            return "skipped", refusal
        url = decision.url
        if redirect and parent is not None and self._is_asked(url) and link.url != url and not self._is_asked(link.url):
            url = link.url  # the address we fold to is one that the server sends elsewhere: only the literal target has the page
        elif url != link.url and decision.reason:
            self._count(self.folded, decision.reason, link.url)
            self._note(link.url, decision.key, "folded", decision.reason, parent)
        if self._is_asked(url):
            return ("folded", decision.reason) if url != link.url else ("known", "")
        if not self._within_budget(url):
            self._count(self.skipped, TOO_MANY, url)
            return "skipped", TOO_MANY
        outcome, reason = self._admit(link, replace(decision, url=url), parent)
        return outcome, decision.reason or reason if outcome == "folded" and url != link.url else reason

    def _is_asked(self, url: str) -> bool:
        row = self.rows.get(url)
        return row is not None and row.state in ASKED

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

    def _admit(self, link: Link, decision: Decision, parent: Entry | None) -> tuple[Outcome, str]:
        row = self._row(link, decision, parent)
        known = self._articles.get(row.key, False)
        if known:
            self._fold(row, ALIAS)
            return "folded", ALIAS
        if known is None:
            row.state = "held"
            row.reason = ALIAS
            self._held.setdefault(row.key, deque()).append(row)
            return "held", ALIAS
        self._articles[row.key] = None
        self._queue_row(row)
        return "queued", ""

    def _row(self, link: Link, decision: Decision, parent: Entry | None) -> Address:
        """The address to be asked; one that was only judged before becomes one."""
        row = self.rows.get(decision.url) or self._new(decision.url, decision.key)
        row.kind, row.depth, row.chain, row.referrer = _place(link, decision, parent, self.site)
        row.reason = ""
        self._unsaved[row.id] = row
        return row

    def _new(self, url: str, key: str) -> Address:
        row = Address(id=self._next_id, site=self.name, url=url, key=key, state="queued", kind=OTHER, run_id=self.run_id, found_in=self.round)
        self._next_id += 1
        self._index(row)
        return row

    def _note(self, url: str, key: str, state: str, reason: str, parent: Entry | None) -> None:
        """Remember an address that is not asked, and why."""
        row = self.rows.get(url)
        if row is not None and row.state in ASKED:
            return
        if row is None:
            if len(self.rows) >= MAX_JUDGED:
                return
            row = self._new(url, key)
        row.state, row.reason, row.run_id, row.round = state, reason, self.run_id, self.round
        row.referrer = row.referrer or (parent.url if parent else "")
        self._unsaved[row.id] = row

    def _fold(self, row: Address, reason: str) -> None:
        self._count(self.folded, reason, row.url)
        row.state, row.reason, row.run_id, row.round = "folded", reason, self.run_id, self.round
        self._unsaved[row.id] = row

    def _within_budget(self, url: str) -> bool:
        pattern, limit = budget_of(url)
        if not pattern:
            return True
        self._patterns[pattern] = self._patterns.get(pattern, 0) + 1
        return self._patterns[pattern] <= limit

    def _listing_links(self, entry: Entry, page: Page) -> tuple[Link, ...]:
        """The page's links, without further pages of its listing if it brought no item that the listing had not shown before."""
        path = _path(entry.url)
        listing = self._listings.setdefault(path, _Listing())
        found = {decide(link.url, self.site).key for link in _own_links(page, path)}
        fresh = found - listing.items
        listing.items |= found
        if fresh or not _start(entry.url):
            return page.links
        listing.ended = min(_start(entry.url), listing.ended if listing.ended is not None else _start(entry.url))
        if entry.url in self.rows:
            self.rows[entry.url].reason = BROUGHT_NOTHING
        kept, ended = [], listing.ended
        for link in page.links:
            if _path(link.url) == path and _start(link.url) > ended and link.url not in self.rows:
                self._note(link.url, entry.key, "skipped", LISTING_ENDED, entry)
                self._count(self.skipped, LISTING_ENDED, link.url)
            else:
                kept.append(link)
        return tuple(kept)

    # Rows ----------------------------------------------------------------------------------------------------------------

    def _take_in(self, row: Address) -> None:
        """An address that an earlier run left."""
        self._index(row)
        self._sequence = max(self._sequence, row.sequence)
        if row.state in ASKED and (pattern := budget_of(row.url)[0]):
            self._patterns[pattern] = self._patterns.get(pattern, 0) + 1
        if row.state == "held":
            self._held.setdefault(row.key, deque()).append(row)
        elif row.state in ("queued", "leased", "put_off"):
            self._articles[row.key] = None
        elif row.state in ("done", "failed", "gone") and self._articles.get(row.key, False) is False:
            self._articles[row.key] = bool(row.article)
        if row.state == "queued":
            heapq.heappush(self._queue, (_rank(row.kind), row.sequence, row))

    def restore_listings(self) -> None:
        """What this round knew of listings before it was interrupted."""
        for row in self.rows.values():
            if row.round == self.round and row.state == "done" and (_start(row.url) or row.role == "listing"):
                listing = self._listings.setdefault(_path(row.url), _Listing())
                listing.items |= {one.key for one in self.linked(row)}
                if row.reason == BROUGHT_NOTHING:
                    listing.ended = min(_start(row.url), listing.ended if listing.ended is not None else _start(row.url))

    def linked(self, row: Address) -> list[Address]:
        """The addresses that the page's own links lead to: its items, or whatever it links to besides its own listing."""
        ids = array.array("I", row.links)
        items = [self._by_id[value >> 1] for value in ids if value & 1 and value >> 1 in self._by_id]
        return items or [
            self._by_id[value >> 1] for value in ids if value >> 1 in self._by_id and _path(self._by_id[value >> 1].url) != _path(row.url)
        ]

    def _ids(self, links: Iterable[Link]) -> bytes:
        return array.array("I", [self.rows[link.url].id << 1 | (link.rel == "item") for link in links if link.url in self.rows]).tobytes()

    def changed(self, row: Address) -> None:
        """A row was changed from outside: it is written with the next `flush`."""
        self._unsaved[row.id] = row

    def _index(self, row: Address) -> None:
        self.rows[row.url] = row
        self._by_id[row.id] = row
        self.by_key.setdefault(row.key, []).append(row)

    def _queue_row(self, row: Address) -> None:
        row.state, row.reason = "queued", ""
        self._push(row)

    def _push(self, row: Address) -> None:
        self._sequence += 1
        row.sequence = self._sequence
        self._unsaved[row.id] = row
        heapq.heappush(self._queue, (_rank(row.kind), row.sequence, row))

    @staticmethod
    def _count(tallies: dict[str, Tally], reason: str, url: str) -> None:
        tallies.setdefault(reason, Tally()).add(url)


def entry_of(row: Address) -> Entry:
    """What a request needs to know of an address."""
    return Entry(
        url=row.url,
        key=row.key,
        order=row.kind,
        depth=row.depth,
        chain=row.chain,
        referrer=row.referrer,
        etag=row.etag,
        modified=row.modified,
    )


def _rank(kind: int) -> int:
    """The probe goes right after the start pages."""
    return START if kind == PROBE else kind


def _place(link: Link, decision: Decision, parent: Entry | None, site: Site) -> tuple[int, int, int, str]:
    """Class, depth, redirects so far and referrer of an address."""
    if parent is None:
        return START, 0, 0, ""
    if link.rel == "redirect":
        return parent.order, parent.depth, parent.chain + 1, parent.url
    return _order(link, decision, site), parent.depth if link.rel in ("next", "prev") else parent.depth + 1, 0, parent.url


def _order(link: Link, decision: Decision, site: Site) -> int:
    if decision.target == "document" or link.rel == "document":
        return DOCUMENT
    if link.rel == "next" or _start(decision.url):
        return NEXT
    if link.rel in ("item", "whole"):
        return ITEM
    last = urlsplit(decision.url).path.rstrip("/").rsplit("/", 1)[-1].lower()
    return LISTING if any(word == last for word, _ in site.sections) else OTHER


def _own_links(page: Page, path: str) -> list[Link]:
    return [link for link in page.links if link.rel == "item"] or [link for link in page.links if link.rel == "" and _path(link.url) != path]


def _is_article(page: Page) -> bool:
    """True if the page is one article that says when it was published: only then is another address of it surely a copy."""
    return page.role == "detail" and any(draft.complete and first_date(draft.dates, ("published",)) for draft in page.drafts)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc + parts.path.rstrip("/")


def _start(url: str) -> int:
    """The offset of a listing's page, 0 for its first."""
    if "start=" not in url:
        return 0
    value = dict(parse_qsl(urlsplit(url).query)).get("start", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


listing_path, listing_start = _path, _start
