"""The one spider: gives the frontier's addresses to Scrapy and what was read back to the frontier. Reads no page itself."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from rabat_crawler.errors import ConfigError
from rabat_crawler.extract.html import absolute
from rabat_crawler.frontier import Entry
from rabat_crawler.middlewares.guard import Refused, Stopped
from rabat_crawler.middlewares.patience import ANSWERED, SLOT, describe

if TYPE_CHECKING:
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from rabat_crawler.session import Session

logger = logging.getLogger("rabat_crawler.crawl")


class DialogueSpider(Spider):
    """Crawls one dialogue's site; everything it needs is in the run's `session`."""

    name = "dialogue"

    def __init__(self, session: Session | None = None, **kwargs: Any) -> None:
        super().__init__(self.name, **kwargs)
        if session is None:
            raise ConfigError("this spider needs an open archive: start it with `rabat-crawler crawl` or rabat_crawler.runner.crawl()")
        self.session = session

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the frontier holds the start addresses."""
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def make_request(self, entry: Entry) -> Request:
        """The request for a frontier entry."""
        validators = {"If-None-Match": entry.etag, "If-Modified-Since": entry.modified}
        headers = {name: value for name, value in validators.items() if value}
        meta = {"entry": entry, "download_slot": SLOT}
        return Request(entry.url, callback=self.visited, errback=self.failed, meta=meta, headers=headers, dont_filter=True)

    def visited(self, response: Response) -> None:
        """An answer was recorded: count it, follow it."""
        entry: Entry = response.meta["entry"]
        session, page = self.session, response.meta.get("page")
        if response.meta.get("gave_up"):
            if page is not None:  # what was received of a cut page still names its neighbours
                session.frontier.offer(page.links, parent=entry)
            self._lost(entry, response.meta["gave_up"], unanswered=response.meta["gave_up"] not in ANSWERED)
            return
        if page is None:
            if session.stopping:
                session.frontier.give_back(entry)
            else:
                session.frontier.done(entry.key, None)
            return
        session.in_a_row = 0
        location = absolute(response.url, (response.headers.get(b"Location") or b"").decode("utf-8", "replace"))
        try:
            session.answered_with(
                entry,
                page,
                location=location,
                status=response.status,
                etag=(response.headers.get(b"ETag") or b"").decode("latin-1"),
                modified=(response.headers.get(b"Last-Modified") or b"").decode("latin-1"),
            )
        except Exception as error:
            logger.exception("could not follow a page", extra={"url": entry.url})
            self._lost(entry, f"could not be followed: {type(error).__name__}: {str(error)[:300]}")

    def failed(self, failure: Failure) -> None:
        """A request that got no answer: refused by a gate, stopped with the run, or lost on the way."""
        entry: Entry = failure.request.meta["entry"]  # type: ignore[attr-defined]
        error: Any = failure.value
        if isinstance(error, Refused):
            if error.reason == "robots.txt" and entry.order == 0:
                self.session.forbidden.append(entry.url)
            self.session.frontier.skip(entry, error.reason)
        elif isinstance(error, Stopped):
            self.session.frontier.give_back(entry)
        else:
            reason = describe(error)[0]
            self._lost(entry, reason, unanswered=reason not in ANSWERED)

    def _lost(self, entry: Entry, reason: str, *, unanswered: bool = False) -> None:
        self.session.lost(entry, reason, unanswered=unanswered)
