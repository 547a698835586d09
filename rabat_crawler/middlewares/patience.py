"""Trying again, politely: answers that mean "not now" and broken connections hold the site's whole slot, not the one request.

Retry-After is obeyed; a pause longer than MAX_PAUSE ends the run as put off.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.utils.asyncio import call_later
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure

from rabat_crawler.errors import PutOff
from rabat_crawler.extract.decoding import DEFECTS
from rabat_crawler.memento import http_date, retry_after
from rabat_crawler.middlewares.guard import Stopped

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger("rabat_crawler.crawl")

SLOT = "site"
"""All hosts of a site share one slot: they are one server more often than not, and delays and pauses are owed to it as a whole."""
MAX_PAUSE = 300.0
NOT_NOW = frozenset({429, 503})
"""These speak for the whole site; the others may be one page's own trouble and are tried less often."""
BROKEN = frozenset({408, *range(500, 600)} - {503})
BROKEN_RETRIES = 2
ROBOTS_RETRIES = 2
LACKING_RETRIES = 1
TOO_LARGE = DEFECTS["too_large"]
ANSWERED = frozenset({*DEFECTS.values(), "only a part was sent (206)"})
"""Reasons for giving an address up that are its own: the site did answer, so that several of them in a row do not mean that it is down."""
JITTER = 0.1

FAILURES: tuple[tuple[type[BaseException], str, int], ...] = (
    (CannotResolveHostError, "host name not found", 1),
    (DownloadConnectionRefusedError, "connection refused", 4),
    (DownloadTimeoutError, "no answer in time", 4),
    (DownloadCancelledError, TOO_LARGE, 0),
    (ResponseDataLossError, "data loss", 1),
    (DownloadFailedError, "connection lost", 4),
    (ConnectionClosed, "connection lost", 4),
    (ConnectError, "connection failed", 4),
    (OSError, "connection failed", 4),
)
"""Exception, reason in words, how often it is worth another try."""


def describe(exception: BaseException) -> tuple[str, int]:
    """The reason in words, and how many more tries it is worth; (the error's own words, 0) for what is no network failure."""
    text = f"{exception} {exception.__cause__ or ''}"
    if "certificate verify failed" in text:
        return "certificate not trusted", 0
    for kind, reason, tries in FAILURES:
        if isinstance(exception, kind):
            return reason, tries
    return f"{type(exception).__name__}: {str(exception)[:300]}", 0


def server_time(value: bytes | None) -> datetime | None:
    """The server's clock, from its Date header: a date in Retry-After is meant by that clock, not by ours."""
    return http_date(value.decode("latin-1")) if value else None


class Patience:
    """Retries with the slot held; says why an answer was given up in `request.meta["gave_up"]`."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.session = crawler.spider.session  # type: ignore[union-attr]
        self.backoff: list[float] = [float(value) for value in crawler.settings.getlist("RABAT_BACKOFF")]
        self._held: dict[str, float] = {}
        crawler.signals.connect(self.answered, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def answered(self, response: Response, request: Request, spider: Spider) -> None:
        """Hold the slot before Scrapy takes the next request of it."""
        if response.status not in NOT_NOW and response.status not in BROKEN:
            return
        header = response.headers.get(b"Retry-After")
        asked = retry_after(header.decode("latin-1") if header else None, now=server_time(response.headers.get(b"Date")) or datetime.now(UTC))
        if asked is not None and asked > MAX_PAUSE:
            said = f"{request.url} answered {response.status} and asks to come back in {asked:.0f} seconds"
            self.session.stop("put off", PutOff(f"{said}; run the crawl again after that, what was fetched is kept", retry_after=asked))
            return
        pause = self._pause(request) if self._may_retry(request, self._limit(response.status)) else 0.0
        if asked or pause:
            self.hold(request, max(asked or 0.0, pause))  # also after the last try: the pause is owed by every request

    def process_response(self, request: Request, response: Response) -> Response | Request:
        if response.status in NOT_NOW or response.status in BROKEN:
            if self._may_retry(request, self._limit(response.status)):
                return self._again(request)
            request.meta["gave_up"] = f"HTTP {response.status}"
        elif request.meta.get("lacking"):
            if request.meta["lacking"] != TOO_LARGE and self._may_retry(request, LACKING_RETRIES):
                self.hold(request, self._pause(request))
                return self._again(request)
            request.meta["gave_up"] = request.meta["lacking"]
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if isinstance(exception, IgnoreRequest):
            return None
        _, tries = describe(exception)
        if self._refused(request) or not self._may_retry(request, tries):
            return None
        self.hold(request, self._pause(request))
        return self._again(request)

    def hold(self, request: Request, seconds: float) -> None:
        """Nothing more is asked of the request's host for so many seconds; a longer pause that stands already is kept."""
        engine: Any = self.crawler.engine
        key = request.meta.get("download_slot") or engine.downloader.get_slot_key(request)
        slot = engine.downloader.slots.get(key)
        until = time.monotonic() + seconds
        if slot is None or self.session.stopping or (slot.latercall is not None and self._held.get(key, 0.0) >= until):
            return
        logger.info("hold", extra={"url": request.url, "seconds": round(seconds, 1)})
        self._held[key] = until
        if slot.latercall is not None:
            slot.latercall.cancel()
        slot.latercall = call_later(seconds, engine.downloader._latercall, slot)

    def _limit(self, status: int) -> int:
        return len(self.backoff) if status in NOT_NOW else min(BROKEN_RETRIES, len(self.backoff))

    def _may_retry(self, request: Request, tries: int) -> bool:
        limit = min(tries, len(self.backoff), ROBOTS_RETRIES if request.meta.get("robots") else tries)
        return not self.session.stopping and int(request.meta.get("attempt", 0)) < limit

    def _pause(self, request: Request) -> float:
        return self.backoff[int(request.meta.get("attempt", 0))] * random.uniform(1.0, 1.0 + JITTER)

    def _refused(self, request: Request) -> bool:
        return (urlsplit(request.url).hostname or "") in self.session.refused_addresses

    @staticmethod
    def _again(request: Request) -> Request:
        return request.replace(meta={**request.meta, "attempt": int(request.meta.get("attempt", 0)) + 1})


def release(crawler: Crawler) -> None:
    """Drop what waits in Scrapy's slots, so that a run that ends does not sit out a pause first."""
    engine: Any = crawler.engine
    for slot in list(engine.downloader.slots.values()):
        slot.close()
        while slot.queue:
            slot.queue.popleft()[1].errback(Failure(Stopped("the run ends")))  # type: ignore[no-untyped-call]
