"""The frontier's door to Scrapy: gives its addresses as requests, one at a time. Decides nothing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from scrapy.core.scheduler import BaseScheduler

from rabat_crawler.errors import DiskFull, RabatError

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler


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
        try:
            entry = None if self._session.stopping else self._session.frontier.next()
        except RabatError as error:  # Scrapy would log it and ask again for ever
            self._session.stop("disk full" if isinstance(error, DiskFull) else "interrupted", error)
            return None
        request: Request | None = self._make(entry) if entry is not None else None
        return request
