"""Drives Scrapy in this process: one event loop, started once, on which crawl after crawl runs; Ctrl-C and SIGTERM end a crawl after the page in flight."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rabat_crawler.errors import ConfigError
from rabat_crawler.session import Session
from rabat_crawler.urls import DEFAULT_PORTS

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

GO_ON = "everything fetched so far is stored; run the same command again to go on (unchanged pages cost a few bytes each)"


def default_settings() -> dict[str, Any]:
    from rabat_crawler import settings as module

    return {name: value for name, value in vars(module).items() if name.isupper()}


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop that Twisted's reactor runs on, started once in a process and then used crawl by crawl."""
    from twisted.internet import asyncioreactor

    if "twisted.internet.reactor" in sys.modules:
        raise ConfigError("this process runs a Twisted reactor already; crawl in a process of its own")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]
    from twisted.internet import reactor
    from twisted.python.log import PythonLoggingObserver

    from rabat_crawler.middlewares.guard import PublicResolver

    running: Any = reactor
    running.startRunning(installSignalHandlers=False)
    running.getThreadPool().threadFactory = functools.partial(threading.Thread, daemon=True)
    running.installNameResolver(PublicResolver(running.nameResolver))
    PythonLoggingObserver("twisted").start()  # type: ignore[no-untyped-call]
    atexit.register(_close, running, loop)
    return loop


def _close(reactor: Any, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(Exception):
        reactor.fireSystemEvent("shutdown")
        reactor.removeAll()
        loop.close()


def drive(session: Session, delay: float, concurrency: int, settings: Mapping[str, Any] | None) -> None:
    loop = _loop()
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.settings import Settings
    from twisted.internet import reactor

    resolver: Any = reactor.nameResolver
    private = {_endpoint(origin) for origin in session.private_origins}
    resolver.exempt = lambda host, port: (host.lower(), port) in private
    resolver.refused = session.refused_addresses.__setitem__
    values = default_settings() | {
        "USER_AGENT": session.user_agent,
        "DOWNLOAD_DELAY": delay,
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(concurrency),
        "AUTOTHROTTLE_START_DELAY": delay,
    }
    from rabat_crawler.spiders.dialogue import DialogueSpider

    runner = AsyncCrawlerRunner(Settings(values | dict(settings or {})))
    crawler = runner.create_crawler(DialogueSpider)
    session.on_stop = lambda: _stop(crawler)

    async def run() -> None:
        await runner.crawl(crawler, session=session)

    with _signals(loop, session), _rare_collection():
        loop.run_until_complete(run())
    if crawler.stats is not None and crawler.stats.get_value("finish_reason") == "memusage_exceeded" and not session.status:
        session.status = "interrupted"
        session.messages.append(f"the crawl used more memory than allowed and stopped; {GO_ON}")


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Fewer passes of Python's cycle collector: reference counting frees nearly all a page makes (measured: 12 % more pages a second)."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _endpoint(origin: str) -> tuple[str, int]:
    parts = urlsplit(origin)
    return parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]


def _stop(crawler: Crawler) -> None:
    """Close the spider from outside any callback, and let nothing wait for a pause to end."""
    from rabat_crawler.middlewares.patience import release

    if crawler.engine is not None:
        release(crawler)

    async def close() -> None:
        if crawler.engine is not None and crawler.engine.spider is not None:
            await crawler.engine.close_spider_async(reason="stopped")

    task = asyncio.ensure_future(close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


_closing: set[asyncio.Future[None]] = set()


@contextmanager
def _signals(loop: asyncio.AbstractEventLoop, session: Session) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run after the page in flight; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def asked(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.default_int_handler)
        session.messages.append(f"stopped by {'Ctrl-C' if number == signal.SIGINT else 'SIGTERM'}; {GO_ON}")
        session.signal = int(number)
        session.stop("interrupted")

    for number in before:
        loop.add_signal_handler(number, asked, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
