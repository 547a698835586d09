"""Night after night on a site that its editors change: a simulated clock, and the book of what was changed, when, and whether a list showed it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rabat_crawler.archive import Archive
from rabat_crawler.archive.frontier_store import FrontierStore, read_addresses
from rabat_crawler.demo.server import Pages, Serving, serve
from rabat_crawler.frontier import START, listing_start
from rabat_crawler.models import Run, Site
from rabat_crawler.runner import crawl

FIRST = datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
BOUND = 30
"""Nights within which the default policy asks everything again."""
ORIGIN = "http://compared.example"

Told = tuple[str, str]
"""What a run's list says of an item: the change, and the item's title after it."""


@dataclass
class Edit:
    """One edit: what the change list must say of it, the night before which it was made, whether a list, feed or box showed it, when it was found."""

    name: str
    told: Told
    fields: frozenset[str] = frozenset()
    night: int = 0
    shown: list[str] = field(default_factory=list)
    found: int | None = None


@dataclass
class Nights:
    """A site served on loopback and the archive of it; `asked`: requests of each night."""

    serving: Serving
    folder: Path
    site: Site
    asked: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def night(self, **options: Any) -> Run:
        """Crawl one night later than the last time."""
        began, clock = len(self.serving.requests), [FIRST + timedelta(days=len(self.asked))]

        def now() -> datetime:
            clock[0] += timedelta(milliseconds=10)
            return clock[0]

        with Archive.open(self.folder, write=True, create=True) as archive:
            run = crawl(archive, self.site, delay=0.0, now=now, **options)
        self.asked.append(len(self.serving.requests) - began)
        self.runs.append(run)
        return run

    @property
    def share(self) -> float:
        """Requests of a later night, on average, as a share of the first one's."""
        return sum(self.asked[1:]) / (len(self.asked) - 1) / self.asked[0]

    def paths(self, night: int) -> list[str]:
        """What was asked in a night."""
        start = sum(self.asked[:night])
        return [one.path for one in self.serving.requests[start : start + self.asked[night]]]

    def fronts(self) -> list[str]:
        """The paths of start pages, first pages of listings and feeds, as the crawls came to know them."""
        rows = list(read_addresses(self.folder / "state"))
        with contextlib.closing(FrontierStore(self.folder / "state")) as store:
            rows = store.load(rows[0].site)
        found = [row.url for row in rows if row.state == "done" and (row.kind == START or row.role in ("listing", "feed"))]
        return [path_of(url) for url in found if not listing_start(url)]


def path_of(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@contextlib.contextmanager
def nights(pages: Pages, folder: Path, site: Callable[[str], Site]) -> Iterator[Nights]:
    """Serve the pages; `site` makes the definition from the origin."""
    with serve(pages) as serving:
        yield Nights(serving, folder, site(serving.url("/")))


def shown(before: Pages, after: Pages, paths: list[str]) -> list[str]:
    """Those of these pages that differ. Both sites must be fresh: their counters start alike."""
    return [path for path in paths if before.page(path, origin=ORIGIN).body != after.page(path, origin=ORIGIN).body]


def told(run: Run) -> list[Told]:
    """The run's list of changes."""
    return [(change["change"], change["title"]) for change in run.counts["changes"]]


def settle(book: list[Edit], run: Run, night: int) -> list[object]:
    """Note in the book what a night's run found; what it told that nobody did, or told wrongly."""
    wrong: list[object] = []
    for change in run.counts["changes"]:
        one = next((edit for edit in book if edit.told == (change["change"], change["title"]) and edit.found is None and edit.night <= night), None)
        if one is None or (one.fields and set(change["fields"]) != one.fields):
            wrong.append((night, change))
        if one is not None:
            one.found = night
    return wrong
