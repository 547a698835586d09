"""What is to be fetched of a site from a web archive: reads its index from where that was left, judges each capture, knows what is held already."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rabat_crawler.archive.api import Progress
from rabat_crawler.archive.backfill_store import BackfillStore, Memento, capture_at, capture_of_record, capture_with, has_page
from rabat_crawler.archive.backfill_store import Progress as Reading
from rabat_crawler.cdx import PLAIN_LIMIT, CdxRow, Listing, Query, queries_of
from rabat_crawler.errors import MementoUnavailable
from rabat_crawler.memento import moment_of
from rabat_crawler.models import Capture, Site
from rabat_crawler.urls import canonical, decide
from rabat_crawler.wayback import Wayback

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive

WANTED_STATUS = frozenset({200, *range(300, 600)})
"""Archived errors, too: they are kept, scored as bad captures, and give no item."""

UNWANTED_MEDIA = ("image/", "video/", "audio/", "font/", "text/css", "text/javascript", "application/javascript", "application/x-javascript")
MAX_ATTEMPTS = 6
"""A capture that could not be had so often, in whatever runs, is let alone."""

LISTED_FOR = timedelta(days=30)
"""An index that was read to its end is not read again for so long: the past grows slowly."""

EMPTY = frozenset({"3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", "sha256:" + hashlib.sha256(b"").hexdigest()})
"""The digests of an empty body."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """The captures of a site in one archive from timestamp `first` to `last`. `closed`: hosts of which the archive gives nothing out, and why."""

    archive: Archive
    site: Site
    client: Wayback
    store: BackfillStore
    first: str
    last: str
    relist: bool
    progress: Progress
    now: Callable[[], datetime]
    listed: int = 0
    closed: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    _wide: Site = field(init=False)

    def __post_init__(self) -> None:
        # a crawl asks the hosts of today only
        self._wide = replace(self.site, hosts=tuple(replace(host, crawl=True) for host in self.site.hosts))

    @property
    def names(self) -> tuple[str, str]:
        """Source and site, by which the store tells plans apart."""
        return self.client.source.name, self.site.name

    def make(self) -> None:
        """Read the index as far as it was not, and judge what it lists."""
        self._list_all()
        self._judge_copies()

    def due(self, *, failed_in: str | None = None) -> Iterator[Memento]:
        """What is to be fetched, in the order of time; with `failed_in` only what failed in that run."""
        return self.store.due(*self.names, self.first, self.last, most=MAX_ATTEMPTS, failed_in=failed_in)

    def count_due(self) -> int:
        """How many captures `due` gives."""
        return self.store.count_due(*self.names, self.first, self.last, most=MAX_ATTEMPTS)

    # The index -----------------------------------------------------------------------------------------------------------------

    def _list_all(self) -> None:
        """Read the index for every host, from where it was left; one that was read to its end lately is not asked."""
        for query in queries_of(self.site, self.first, self.last):
            reading = self.store.progress(*self.names, query.key)
            if reading.done_at is not None and (self.relist or datetime.fromisoformat(reading.done_at) < self.now() - LISTED_FOR):
                reading = replace(reading, position="", pages=None, rows=0, broken=0, done_at=None)
            if reading.done_at is None:
                try:
                    self._list(query, reading)
                except MementoUnavailable as error:
                    self.closed[query.url] = error.reason

    def _list(self, query: Query, reading: Reading) -> None:
        dialect = self.client.find_dialect(query).dialect
        reading = replace(reading, dialect=dialect)
        while reading.done_at is None:
            if dialect == "pywb":
                listing, reading = self._pywb_page(query, reading)
            else:
                listing = self.client.list_captures(query, resume_key=reading.position or None)
                more = listing.resume_key if listing.resume_key != reading.position else None
                reading = replace(reading, position=more or "", done_at=None if more else self._done())
            reading = replace(reading, rows=reading.rows + len(listing.rows), broken=reading.broken + listing.broken)
            self.store.add([self.judged(row) for row in self._within(listing)], reading)
            self.listed += len(listing.rows)
            self.progress("captures listed", self.listed, None)
            if len(listing.rows) >= PLAIN_LIMIT and reading.done_at is not None:
                self.messages.append(
                    f"the index gave {len(listing.rows):,} captures of {query.url} and perhaps not all; ask for less with --from and --to"
                )

    def _pywb_page(self, query: Query, reading: Reading) -> tuple[Listing, Reading]:
        """One page; the first question is how many there are. An index without pages answers it with all its rows."""
        if reading.pages is None:
            listing = self.client.list_captures(query, count_pages=True)
            pages = listing.pages or 0
            return listing, replace(reading, pages=pages, position="0", done_at=None if pages else self._done())
        page = int(reading.position or 0)
        listing = self.client.list_captures(query, page=page)
        return listing, replace(reading, position=str(page + 1), done_at=self._done() if page + 1 >= reading.pages else None)

    def _within(self, listing: Listing) -> Iterator[CdxRow]:
        return (row for row in listing.rows if (self.first or "0") <= row.timestamp <= (self.last or "9"))

    def _done(self) -> str:
        return self.now().astimezone(UTC).isoformat()

    # The plan ------------------------------------------------------------------------------------------------------------------

    def judged(self, row: CdxRow) -> Memento:
        """A listed capture with what to do about it: fetched where a crawl would fetch the address; copies wait until all are listed."""
        decision = decide(canonical(row.url) or row.url, self._wide)
        state, reason = "planned", ""
        if row.captured_at > self.now() + timedelta(days=1):
            state, reason = "skipped", "captured in the future"
        elif decision.action == "skip":
            state, reason = "skipped", decision.reason
        elif row.media_type.startswith(UNWANTED_MEDIA):
            state, reason = "skipped", "image, script or style"
        elif row.status is not None and row.status not in WANTED_STATUS:
            state, reason = "skipped", f"archived answer {row.status}"
        elif decision.reason:
            state, reason = "copy", decision.reason
        return Memento(
            source=self.names[0],
            site=self.names[1],
            timestamp=row.timestamp,
            url=canonical(row.url) or row.url,
            listed_url=row.url,
            key=decision.key,
            media_type=row.media_type,
            status=row.status,
            digest=row.digest,
            state=state,
            reason=reason,
        )

    def _judge_copies(self) -> None:
        """Copies of a page are fetched only where the page itself was never captured, and then at one address: the most captured one."""
        for key, group in groupby(self.store.copies(*self.names), key=lambda one: one.key):
            copies = list(group)
            chosen = None if self._has_page_itself(key, copies[0]) else _most_captured(copies)
            self.store.mark([replace(one, state="planned", reason="") if one.url == chosen else replace(one, state="skipped") for one in copies])

    def _has_page_itself(self, key: str, copy: Memento) -> bool:
        page = decide(copy.url, self._wide).url
        spellings = {page, page.replace("http://", "https://", 1), page.replace("https://", "http://", 1)}
        return self.store.lists_page(*self.names, key) or any(has_page(self.archive.connection, url) for url in spellings)

    def estimate(self) -> dict[str, Any]:
        """What a run would do, from the index alone: captures, requests, hours at the archive's rate."""
        seen: set[tuple[str, str, int | None]] = set()
        fetch = revisits = held = 0
        for memento in self.due():
            key = (memento.url, memento.digest, memento.status)
            if self.held_at(memento) is not None:
                held += 1
            elif may_repeat(memento) and (key in seen or self.original(memento) is not None):
                revisits += 1
            else:
                fetch += 1
            seen |= {key, (memento.url, memento.digest, None)}
            if memento.media_type == "warc/revisit":
                seen.add((memento.url, memento.digest, 200))
        limits = self.client.source.limits
        hours = round(fetch * limits.playback / 3600, 2)
        return {
            "captures": fetch + revisits,
            "requests": fetch,
            "revisits": revisits,
            "held": held,
            "hours": hours,
            "seconds_a_request": limits.playback,
        }

    # What is known already -----------------------------------------------------------------------------------------------------

    def held_at(self, memento: Memento) -> Capture | None:
        """A capture of the same address and second that the archive holds, from wherever it came."""
        at = moment_of(memento.timestamp)
        return capture_at(self.archive.connection, memento.url, at) if at else None

    def original(self, memento: Memento) -> Capture | None:
        """A whole capture of the same address with the digest that the index gives, fetched before or come from elsewhere."""
        connection = self.archive.connection
        record_id = self.store.same(memento)
        if record_id is not None:
            return capture_of_record(connection, record_id)
        status = memento.status if memento.status is not None else 200
        return capture_with(connection, memento.url, memento.digest, status=status)

    def wanted(self, timestamp: str, url: str) -> bool:
        """True if a capture that the archive plays in another's place is neither planned for itself nor held."""
        clean, at = canonical(url) or url, moment_of(timestamp)
        return not self.store.has(*self.names, timestamp, clean) and not (at and capture_at(self.archive.connection, clean, at))


def may_repeat(memento: Memento) -> bool:
    """True if the digest tells the whole answer: of a redirect without a body it does not tell where to."""
    return bool(memento.digest) and (memento.status is None or not 300 <= memento.status < 400 or memento.digest not in EMPTY)


def _most_captured(copies: list[Memento]) -> str | None:
    """The address with the most captures that have a body; None if there is none."""
    counts = Counter(one.url for one in copies if one.status in (None, 200))
    return min(counts, key=lambda url: (-counts[url], len(url), url), default=None)
