"""robots.txt by RFC 9309: fetched once per origin before anything else, recorded like any answer, obeyed.

2xx is parsed, 4xx (not 429) allows all; 5xx, 429, no answer or a redirect off the site forbids all and ends the run politely.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.exceptions import StopDownload

from rabat_crawler.errors import PutOff
from rabat_crawler.extract.decoding import decode_body, lacking
from rabat_crawler.extract.html import absolute
from rabat_crawler.middlewares.guard import Refused, Stopped
from rabat_crawler.middlewares.patience import SLOT, describe
from rabat_crawler.middlewares.recorder import header_pairs
from rabat_crawler.urls import origin_of

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from rabat_crawler.session import Session

logger = logging.getLogger("rabat_crawler.crawl")

PRODUCT = "rabat-crawler"
"""The product token that robots.txt files name us by."""
_OUR_VERSION = re.compile(rf"(?im)^([ \t]*user-agent[ \t]*:[ \t]*{PRODUCT})/\S*")
"""A group may name us with a version; the parser compares whole names."""
MAX_BYTES = 500 * 1024
MAX_REDIRECTS = 5
MAX_CRAWL_DELAY = 30.0
STOP_AFTER = MAX_BYTES + 12 * 1024
"""Bytes of an answer after which the rest is not received: enough to see that there is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an origin allows: `parser` None means everything, unless `closed` says why nothing is allowed."""

    parser: Protego | None = None
    closed: str = ""
    read_at: float = field(default_factory=time.monotonic)

    def allows(self, url: str) -> bool:
        return not self.closed and (self.parser is None or bool(self.parser.can_fetch(url, PRODUCT)))

    @property
    def crawl_delay(self) -> float | None:
        return self.parser.crawl_delay(PRODUCT) if self.parser is not None else None


def parse_robots(body: bytes) -> Protego:
    """The rules in a decoded robots.txt: its first 500 KiB, any bytes."""
    if len(body) > MAX_BYTES:  # the line that the limit cuts must not become a wider rule than it is
        body = body[: max(body.rfind(b"\n", 0, MAX_BYTES), body.rfind(b"\r", 0, MAX_BYTES)) + 1]
    text = body.decode("utf-8", "replace").removeprefix("\ufeff").replace("\x00", "")
    return Protego.parse(_OUR_VERSION.sub(r"\1", text))


class RobotsGate:
    """Holds every request until its origin's robots.txt is known, then lets it pass or refuses it."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler: Any = crawler
        spider: Any = crawler.spider
        self.session: Session = spider.session
        self._rules: dict[str, asyncio.Task[Rules]] = {}
        self._max_age: float = crawler.settings.getfloat("RABAT_ROBOTS_MAX_AGE")
        crawler.signals.connect(self.received, signal=signals.bytes_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("robots"):
            request.meta["received"] = 0
            return
        origin = origin_of(request.url) or ""
        rules = await self._known(origin)
        if self.session.stopping:
            raise Stopped("the run ends")
        if rules.closed:
            raise Refused(f"robots.txt of {origin} could not be read: {rules.closed}")
        if not rules.allows(request.url):
            raise Refused("robots.txt")

    def received(self, data: bytes, request: Request, spider: Spider) -> None:
        """Stop the download of a robots.txt that is larger than what is read of it."""
        if request.meta.get("robots"):
            request.meta["received"] = request.meta.get("received", 0) + len(data)
            if request.meta["received"] > STOP_AFTER:
                raise StopDownload(fail=False)

    async def _known(self, origin: str) -> Rules:
        task = self._rules.get(origin)
        if task is None or (task.done() and time.monotonic() - task.result().read_at > self._max_age):
            task = self._rules[origin] = asyncio.ensure_future(self._learn(origin))
        return await task

    async def _learn(self, origin: str) -> Rules:
        rules, retry_later = await self._fetch(origin)
        if rules.closed and self.session.is_start_origin(origin) and not self.session.stopping:
            if not self.session.answered:
                self.session.unreachable(f"{origin}/robots.txt", rules.closed)
            elif retry_later:
                said = f"{origin}/robots.txt could not be read ({rules.closed}), so nothing may be fetched now"
                self.session.stop("put off", PutOff(f"{said}; run the crawl again later"))
        self._slow_down(origin, rules.crawl_delay)
        return rules

    def _slow_down(self, origin: str, delay: float | None) -> None:
        if delay is None or delay <= 0:
            return
        if delay > MAX_CRAWL_DELAY:
            said = f"{origin}/robots.txt asks for {delay:g} seconds between requests, more than the {MAX_CRAWL_DELAY:g} this program waits"
            self.session.stop("put off", PutOff(f"{said}; ask the site's operator, or crawl from an archive instead"))
            return
        downloader: Any = self.crawler.engine.downloader
        self.session.floor = max(self.session.floor, delay)
        downloader._delay = max(downloader._delay, delay)
        for slot in downloader.slots.values():
            slot.delay = max(slot.delay, delay)

    async def _fetch(self, origin: str) -> tuple[Rules, bool]:
        """The rules, and whether a later run may find better ones."""
        url = f"{origin}/robots.txt"
        kept = self.session.kept_answer(url)
        if kept is not None and not kept.capture.truncated and (200 <= kept.capture.status < 300 or kept.capture.status in (404, 410)):
            return _parsed(kept.capture.status, kept.body, kept.response_headers)  # a round that was interrupted goes on with the rules it has
        for _ in range(MAX_REDIRECTS + 1):
            request = Request(url, meta={"robots": True, "download_slot": SLOT, "download_maxsize": 0}, dont_filter=True)
            try:
                response = await self.crawler.engine.download_async(request)
            except Exception as error:
                return Rules(closed=self._reason(url, error)), True
            if not 300 <= response.status < 400:
                return _rules(response)
            target = absolute(url, (response.headers.get(b"Location") or b"").decode("latin-1"))
            if target is None or origin_of(target) not in self.session.origins:
                return Rules(closed=f"it redirects to {target or 'nowhere'}"), True
            url = target
        return Rules(), False  # RFC 9309 2.3.1.2: more than five redirects may be taken as "there is none"

    def _reason(self, url: str, error: Exception) -> str:
        address = self.session.refused_addresses.get(urlsplit(url).hostname or "")
        reason = f"its address {address} is not a public one" if address else describe(error)[0]
        if not isinstance(error, (Stopped, Refused)):
            self.session.fail(url, reason)
        return reason


def _rules(response: Response) -> tuple[Rules, bool]:
    status = response.status
    if status == 429 or status >= 500:
        return Rules(closed=f"HTTP {status}"), True
    if "dataloss" in response.flags:
        return Rules(closed="the connection was lost while it was read"), True
    return _parsed(status, response.body, header_pairs(response.headers))


def _parsed(status: int, raw: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[Rules, bool]:
    if not 200 <= status < 300:
        return Rules(), False
    body, problems = decode_body(raw, headers)
    enough = len(body) > MAX_BYTES
    if problems and not enough:
        return Rules(closed=problems[0].message), True
    if (reason := lacking(status, headers, ())[0]) and not enough:
        return Rules(closed=reason), True
    return Rules(parser=parse_robots(body)), False
