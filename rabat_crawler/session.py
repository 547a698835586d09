"""One run's state, shared by spider, middlewares and extensions: what is stored, counted, allowed, and why the run ends.

Knows the archive and the frontier, not Scrapy's parts; `stop` calls back whoever drives the crawl.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rabat_crawler.archive.moments import parse_moment
from rabat_crawler.errors import DiskFull, PutOff, RabatError, SiteUnreachable
from rabat_crawler.extract.badness import REASONS
from rabat_crawler.extract.html import absolute
from rabat_crawler.extract.page import SOFT_404, parse_page, shown_text
from rabat_crawler.extract.walls import ALIKE, similar
from rabat_crawler.frontier import entry_of
from rabat_crawler.models import Capture, Link, Page, Record, Site
from rabat_crawler.urls import canonical, origin_of, url_key

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive
    from rabat_crawler.archive.warc import WarcWriter
    from rabat_crawler.frontier import Entry, Frontier
    from rabat_crawler.rounds import Visit

logger = logging.getLogger("rabat_crawler.crawl")

MAX_FAILED_IN_A_ROW = 5
"""So many addresses in a row without a usable answer, each with its retries, mean that the site is down."""

UNSETTLED = frozenset({408, 429, *range(500, 600)})
MAX_FAILURES_KEPT = 1000
SPACE_CHECK_EVERY = 50
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a crawl stands: pages fetched, items read in them, addresses waiting, seconds so far, seconds left (None if not known)."""

    pages: int
    items: int
    queued: int
    seconds: float
    left: float | None
    url: str
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may spend, None: as much as it needs. What is left over waits for the next run."""

    requests: int | None = None
    bytes: int | None = None
    minutes: float | None = None

    def used_up(self, *, requests: int, received: int, seconds: float) -> str:
        """Which limit is reached, in words; "" if none is."""
        if self.requests is not None and requests >= self.requests:
            return f"budget of {self.requests} requests used up"
        if self.bytes is not None and received >= self.bytes:
            return f"budget of {self.bytes} bytes used up"
        if self.minutes is not None and seconds >= self.minutes * 60:
            return f"budget of {self.minutes:g} minutes used up"
        return ""


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Session:
    """The state of one run. `writer` is None in a dry run: then nothing is stored."""

    archive: Archive
    site: Site
    frontier: Frontier
    writer: WarcWriter | None
    run_id: str
    user_agent: str
    delay: float = 2.0
    starts: tuple[str, ...] = ()
    min_free: int = 100_000_000
    progress: Callable[[Progress], None] | None = None
    private_origins: frozenset[str] = frozenset()
    visit: Visit | None = None
    budget: Budget = field(default_factory=Budget)
    now: Callable[[], datetime] = _utc
    probe_url: str = ""

    floor: float = 0.0
    stopping: bool = False
    status: str = ""
    error: RabatError | None = None
    on_stop: Callable[[], None] = lambda: None
    requests: int = 0
    pages: int = 0
    received: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    failed: int = 0
    items: set[object] = field(default_factory=set)
    in_a_row: int = 0
    answered: bool = False
    messages: list[str] = field(default_factory=list)
    refused_addresses: dict[str, str] = field(default_factory=dict)
    signal: int | None = None
    challenges: list[str] = field(default_factory=list)
    strange: list[tuple[str, str]] = field(default_factory=list)
    breaches: list[dict[str, str]] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    clock_start: float = field(default_factory=time.monotonic)

    @property
    def origins(self) -> frozenset[str]:
        """Every origin (scheme, host, port) that may be asked for anything at all."""
        if self.site.origin is not None:
            return frozenset({self.site.origin})
        return frozenset(f"{scheme}://{host.name}" for host in self.site.hosts if host.crawl for scheme in ("http", "https"))

    def is_start_origin(self, origin: str) -> bool:
        """True if a start address lies there: without it there is no crawl."""
        return any(origin_of(url) == origin for url in self.starts)

    # What was received -------------------------------------------------------------------------------------------------

    def record(
        self, *, url: str, status: int, headers: Headers, request_headers: Headers, body: bytes, ip: str | None, truncated: str | None
    ) -> Page | None:
        """Store an answer (WARC on disk first, then the database) and read it; None if it could not be kept or read (counted as a failure)."""
        now = self.now()
        self.answered = True
        self.answers[f"{status // 100}xx"] += 1
        self.received += len(body)
        try:
            if self.writer is None:
                return parse_page(_unstored(self, url, now, status, headers, request_headers, body, truncated), self.site)
            verdict = self._verdict(url, now, status, headers, request_headers, body) if status == 200 and not truncated else None
            record = self.writer.write(
                url=url,
                captured_at=now,
                status=status,
                response_headers=headers,
                body=body,
                request_headers=request_headers,
                previous=self.archive.last_capture(url),
                truncated=truncated,
                verdict=verdict,
                ip=ip,
            )
            on_disk = self.writer.begin_sync()
            if record.capture.record_type == "revisit":
                record = replace(record, body=body)  # on disk it has none; its links are wanted all the same
            page = self.archive.add_capture(record, self.site, on_disk)
            if sum(self.answers.values()) % SPACE_CHECK_EVERY == 0:
                self.check_space()
        except DiskFull as error:
            self.stop("disk full", error)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self.stop("disk full", DiskFull(f"no space left for {self.archive.warc_dir}; free some and run the crawl again: what is stored is sound"))
        else:
            return page
        return None

    def _verdict(self, url: str, now: datetime, status: int, headers: Headers, request_headers: Headers, body: bytes) -> str | None:
        """What only the crawl can tell of an answer: it looks like the answer to a random path."""
        is_probe = url == self.probe_url
        if self.visit is None or not (is_probe or self.visit.round.probe):
            return None
        page = parse_page(_unstored(self, url, now, status, headers, request_headers, body, None), self.site)
        said = next((f"{draft.title} {draft.text}" for draft in page.drafts if draft.complete), "")
        if page.role == "bad" and any(problem.code == "not_found" for problem in page.problems):
            said = shown_text(body, headers)
        if is_probe:
            self.visit.remember_probe(said)
            return SOFT_404
        return SOFT_404 if said and similar(said, self.visit.round.probe) >= ALIKE else None

    def kept_answer(self, url: str) -> Record | None:
        """What the interrupted part of this round recorded at the address, or None."""
        if self.visit is None or not self.visit.resumed:
            return None
        return self.archive.answer_since(url, self.visit.began)

    def take_up(self) -> None:
        """Settle the addresses that a run was asking when it died: what it recorded is read, what it did not is asked again."""
        if self.visit is None:
            return
        for row in self.visit.orphans:
            record = self.archive.answer_since(row.url, parse_moment(row.leased_at)) if row.leased_at else None
            if record is None or record.capture.truncated or record.capture.status in UNSETTLED:
                self.frontier.requeue(row)
                continue
            page = parse_page(record, self.site)
            location = record.header("location")
            self.answered_with(
                entry_of(row),
                page,
                location=absolute(row.url, location) if location else None,
                status=record.capture.status,
                etag=record.header("etag") or "",
                modified=record.header("last-modified") or "",
            )
        self.frontier.flush()

    def check_space(self) -> None:
        """DiskFull if the archive's disk has less than `min_free` bytes left."""
        free = shutil.disk_usage(Path(self.archive.warc_dir)).free
        if free < self.min_free:
            raise DiskFull(
                f"only {free // 1_000_000} MB are left on the disk of {self.archive.warc_dir}, {self.min_free // 1_000_000} MB are needed; "
                "free some space and run the crawl again"
            )

    def answered_with(self, entry: Entry, page: Page, *, location: str | None, status: int = 200, etag: str = "", modified: str = "") -> None:
        """Take in what an address answered. A site may have a login of its own; a challenge or a page that is not the page is a failure.

        Nothing is known then of the page itself: its item stays as it was, and the address is asked again another night.
        """
        codes = [problem.code for problem in page.problems]
        if page.role == "wall" and "challenge" in codes:
            self.challenges.append(entry.url)
            self.lost(entry, "challenge page")
        elif page.role == "wall":
            self.visited(entry, page, location=None)
        elif page.role == "bad" and status == 200:
            code = next((code for code in codes if code in REASONS), "soft_error")
            self.strange.append((entry.url, code))
            self.lost(entry, REASONS[code])
        else:
            self.visited(entry, page, location=location, status=status, etag=etag, modified=modified)

    def visited(self, entry: Entry, page: Page, *, location: str | None, status: int = 200, etag: str = "", modified: str = "") -> None:
        """A page was read: count its items, give its links to the frontier. `location` is a redirect's absolute target."""
        self.pages += 1
        for draft in page.drafts:
            if draft.complete or draft.title:
                self.items.add((draft.cms, draft.article_id) if draft.article_id is not None else url_key(draft.url) if draft.url else draft.title)
        if page.role == "redirect" and location is not None:
            self.frontier.offer((Link(url=location, rel="redirect"),), parent=entry)
            self._note_foreign_start(entry, location)
            page = Page(layout=page.layout, role="redirect")
        if self.visit is None:
            self.frontier.visited(entry, page)
        else:
            self.visit.visited(entry, page, status=status, etag=etag, modified=modified)
        if not self.frontier.closed:
            spent = time.monotonic() - self.clock_start
            self.frontier.closed = self.budget.used_up(requests=self.requests, received=self.received, seconds=spent)
        self.report(entry.url)

    def lost(self, entry: Entry, reason: str, *, unanswered: bool = False) -> None:
        """An address gave nothing usable: counted, and to be asked again another night; as soon as may be if the site said when."""
        self.fail(entry.url, reason, unanswered=unanswered)
        if self.visit is None:
            self.frontier.done(entry.key, None)
            return
        later = getattr(self.error, "retry_after", None) if isinstance(self.error, PutOff) else None
        self.visit.failed(entry, reason, later=later)
        if later is not None:
            self.visit.come_back(later)

    def _note_foreign_start(self, entry: Entry, location: str) -> None:
        target = origin_of(location)
        if entry.order == 0 and target is not None and target not in self.origins:
            said = f"{entry.url} redirects to {canonical(location)}, which lies outside the site"
            self.messages.append(f"{said}; if that is the site, start there: --start {target}/")

    # What went wrong ---------------------------------------------------------------------------------------------------

    def fail(self, url: str, reason: str, *, unanswered: bool = False) -> None:
        """Count an address that could not be had or read; after several unanswered ones in a row the run is put off."""
        self.failed += 1
        if len(self.failures) < MAX_FAILURES_KEPT:
            self.failures.append({"url": url, "reason": reason})
        logger.warning("failed", extra={"url": url, "reason": reason})
        self.in_a_row = self.in_a_row + 1 if unanswered else 0
        if self.in_a_row >= MAX_FAILED_IN_A_ROW and not self.stopping:
            said = f"{self.in_a_row} addresses in a row gave no usable answer (last: {url}: {reason})"
            self.stop("put off", PutOff(f"{said}; the crawl stops here, what was fetched is kept: run it again later"))
        self.report(url)

    def unreachable(self, url: str, reason: str) -> None:
        """A start host gave no answer at all: nothing to crawl."""
        self.stop("put off", SiteUnreachable(f"no answer from {origin_of(url) or url}: {reason}; check the address and the network", url=url))

    def stop(self, status: str, error: RabatError | None = None) -> None:
        """End the run after what is in flight; the first reason stands."""
        if self.stopping:
            return
        self.stopping, self.status, self.error = True, status, error
        self.on_stop()

    # What is shown -----------------------------------------------------------------------------------------------------

    def report(self, url: str, *, finished: bool = False) -> None:
        """Tell `progress` where the crawl stands."""
        if self.progress is None:
            return
        seconds = time.monotonic() - self.clock_start
        waiting = min(self.frontier.pending, self.frontier.max_pages - self.frontier.taken)
        left = waiting * seconds / self.pages if self.pages else None
        self.progress(Progress(pages=self.pages, items=len(self.items), queued=waiting, seconds=seconds, left=left, url=url, finished=finished))

    def counts(self) -> dict[str, Any]:
        """The run's figures, for the run report."""
        frontier = self.frontier
        return ({"signal": self.signal} if self.signal is not None else {}) | {
            "requests": self.requests,
            "pages": self.pages,
            "answers": dict(sorted(self.answers.items())),
            "bytes": self.received,
            "items_read": len(self.items),
            "folded": _tallies(frontier.folded),
            "skipped": _tallies(frontier.skipped),
            "failed": self.failed,
            "failures": self.failures,
            "seconds": round(time.monotonic() - self.clock_start, 3),
        }


def _tallies(tallies: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    ordered = sorted(tallies.items(), key=lambda pair: (-pair[1].count, pair[0]))
    return {reason: {"count": tally.count, "examples": list(tally.examples)} for reason, tally in ordered}


def _unstored(
    session: Session, url: str, now: datetime, status: int, headers: Headers, request_headers: Headers, body: bytes, truncated: str | None
) -> Record:
    media_type = next((value.split(";")[0].strip().lower() for name, value in headers if name.lower() == "content-type"), None)
    capture = Capture(
        record_id=f"urn:uuid:{uuid.uuid4()}",
        url=url,
        url_key=url_key(url),
        captured_at=now,
        status=status,
        media_type=media_type,
        digest="sha256:" + hashlib.sha256(body).hexdigest(),
        site=session.site.name,
        run_id=session.run_id,
        truncated=truncated,
    )
    return Record(capture=capture, response_headers=headers, body=body, request_headers=request_headers)
