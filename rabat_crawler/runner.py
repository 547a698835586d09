"""Runs one crawl in this process and says how it ended. Crawls may follow one another in a process: the event loop is kept, never restarted.

The only module of the network layer that others call.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import platform
import re
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rabat_crawler import __version__, config
from rabat_crawler.errors import ConfigError, DiskFull, RabatError, RobotsForbids, RunBreached, SiteUnreachable
from rabat_crawler.extensions import run_log
from rabat_crawler.extract.urls import DEFAULT_PORTS, decide, origin_of
from rabat_crawler.frontier import Frontier
from rabat_crawler.models import Run, Site
from rabat_crawler.registry import reference
from rabat_crawler.session import Progress, Session

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from rabat_crawler.archive import Archive
    from rabat_crawler.archive.warc import WarcWriter

SOFTWARE = ("rabat-crawler", "scrapy", "twisted", "protego", "warcio")
GO_ON = "everything fetched so far is stored; run the same command again to go on (unchanged pages cost a few bytes each)"
_NOT_IN_HEADER = re.compile(r"[^\x20-\x7e]+|[()]")


def crawl(
    archive: Archive,
    site: Site,
    *,
    starts: Iterable[str] | None = None,
    max_pages: int | None = None,
    delay: float = 2.0,
    concurrency: int = 1,
    contact: str | None = None,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
    run_id: str | None = None,
    log_level: str = "WARNING",
    settings: Mapping[str, Any] | None = None,
) -> Run:
    """Crawl a site into an archive open for writing; `delay` in seconds, `starts` default to the site's, `settings` override Scrapy's.

    The Run is stored before this returns or raises; its status is "done", "done with failures", "put off", "breached" or "interrupted".
    A dry run asks for robots.txt and the start pages only, stores nothing, and puts the judged links into `counts["plan"]`.
    Raises ConfigError, SiteUnreachable, RobotsForbids, PutOff, RunBreached, DiskFull; what was fetched before is kept.
    """
    session, run = _prepare(archive, site, tuple(starts or ()), max_pages, delay, concurrency, contact, dry_run, progress, run_id, settings)
    if not dry_run:
        session.check_space()
        archive.begin_run(run)
    before = _totals(archive)
    error: BaseException | None = None
    try:
        with _writer(archive, session, run, dry_run), run_log(None if dry_run else Path(archive.state_dir), run.run_id, log_level):
            _drive(session, delay, concurrency, settings)
    except BaseException as raised:
        error = raised
    finished = _finish(session, run, before, _totals(archive), error, dry_run)
    if not dry_run:
        try:
            archive.end_run(finished)
        except DiskFull as full:
            session.error = session.error or full
    session.report("", finished=True)
    raised_error = error or session.error
    if raised_error is not None:
        raise raised_error
    return finished


def _prepare(
    archive: Archive,
    site: Site,
    starts: tuple[str, ...],
    max_pages: int | None,
    delay: float,
    concurrency: int,
    contact: str | None,
    dry_run: bool,
    progress: Callable[[Progress], None] | None,
    run_id: str | None,
    settings: Mapping[str, Any] | None,
) -> tuple[Session, Run]:
    named = frozenset(origin for url in starts if (origin := origin_of(url)))
    frontier = Frontier(site, max_pages=max_pages, starts_only=dry_run)
    if dry_run:
        frontier.plan = []
    now = datetime.now(UTC)
    urls = starts or site.starts
    contact = config.contact(contact)
    agent = user_agent(contact)
    run = Run(
        run_id=run_id or f"{now:%Y%m%dT%H%M%SZ}-{site.name}-{secrets.token_hex(2)}",
        spider="dialogue",
        site=site.name,
        started_at=_iso(now),
        parameters={
            "starts": list(urls),
            "origin": site.origin,
            "max_pages": max_pages,
            "delay": delay,
            "concurrency": concurrency,
            "user_agent": agent,
            "contact": contact,
        },
        software={name: _version(name) for name in SOFTWARE} | {"python": platform.python_version()},
    )
    session = Session(
        archive=archive,
        site=site,
        frontier=frontier,
        writer=None,
        run_id=run.run_id,
        user_agent=agent,
        delay=delay,
        starts=urls,
        progress=progress,
        private_origins=named | ({site.origin} if site.origin else frozenset()),
        min_free=int((settings or {}).get("RABAT_MIN_FREE", _default_settings()["RABAT_MIN_FREE"])),
    )
    if not frontier.seed(urls):
        said = "; ".join(f"{url}: {decide(url, site).reason}" for url in urls) or "there is none"
        raise ConfigError(f"no start address may be fetched ({said}); give one with --start")
    return session, run


def user_agent(contact: str) -> str:
    """The User-Agent header: our name, our version, whom to write to."""
    return f"rabat-crawler/{_version('rabat-crawler')} (+{_NOT_IN_HEADER.sub(' ', contact).strip()[:200]})"


@functools.cache
def _version(name: str) -> str:
    if name == "rabat-crawler":
        return __version__
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "0"


def _default_settings() -> dict[str, Any]:
    from rabat_crawler import settings as module

    return {name: value for name, value in vars(module).items() if name.isupper()}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _writer(archive: Archive, session: Session, run: Run, dry_run: bool) -> Iterator[None]:
    """The run's WARC file, open while the crawl runs."""
    if dry_run:
        yield
        return
    from rabat_crawler.archive.warc import WarcWriter

    fields = {
        "software": ", ".join(f"{name}/{version}" for name, version in run.software.items()),
        "format": "WARC File Format 1.1",
        "robots": "obeyed (RFC 9309)",
        "operator": str(run.parameters["contact"]),
        "http-header-user-agent": session.user_agent,
        "description": f"crawl of {session.site.title}",
    }
    if session.site.origin:
        fields["origin"] = session.site.origin
    writer: AbstractContextManager[WarcWriter] = WarcWriter(archive.warc_dir, run_id=run.run_id, site=reference(session.site), fields=fields)
    with writer as opened:
        session.writer = opened
        yield


# The event loop ------------------------------------------------------------------------------------------------------------


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


def _drive(session: Session, delay: float, concurrency: int, settings: Mapping[str, Any] | None) -> None:
    loop = _loop()
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.settings import Settings
    from twisted.internet import reactor

    resolver: Any = reactor.nameResolver
    private = {_endpoint(origin) for origin in session.private_origins}
    resolver.exempt = lambda host, port: (host.lower(), port) in private
    resolver.refused = session.refused_addresses.__setitem__
    values = _default_settings() | {
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


# The end of a run ----------------------------------------------------------------------------------------------------------


def _totals(archive: Archive) -> tuple[int, int]:
    """Items and versions in the archive."""
    counts = archive.counts()
    return counts["items"], counts["versions"]


def _left_over(session: Session) -> str:
    """Why addresses are still waiting at the end."""
    if session.stopping:
        return "the run ended before"
    return "page limit" if session.frontier.plan is None else "a dry run asks for the start pages only"


def _finish(session: Session, run: Run, before: tuple[int, int], after: tuple[int, int], error: BaseException | None, dry_run: bool) -> Run:
    complete = session.frontier.taken < session.frontier.max_pages and not session.stopping
    session.frontier.finish(_left_over(session))
    if not session.status:
        session.status = "done with failures" if session.failed else "done"
    if error is None and session.error is None and not session.stopping:
        session.error = _verdict(session, run.run_id, complete and not dry_run)
    if error is not None:
        session.status = "interrupted"
        session.messages.append(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    elif session.error is not None:
        session.messages.append(str(session.error))
    counts = session.counts() | {"items_new": after[0] - before[0], "items_total": after[0], "versions_new": after[1] - before[1]}
    if session.frontier.plan is not None:
        counts["plan"] = session.frontier.plan
    return replace(run, finished_at=_iso(datetime.now(UTC)), status=session.status, counts=counts, messages=tuple(session.messages))


def _verdict(session: Session, run_id: str, complete: bool) -> RabatError | None:
    """What is wrong with a crawl that ran to its end; sets the status that goes with it."""
    if session.pages == 0 and session.forbidden:
        session.status = "put off"
        url = f"{origin_of(session.forbidden[0])}/robots.txt"
        return RobotsForbids(f"{url} forbids every start address; ask the site's operator for permission", url=url)
    if session.pages == 0 and session.failed:
        session.status = "put off"
        first = session.failures[0]
        return SiteUnreachable(f"no usable answer from {first['url']}: {first['reason']}", url=first["url"])
    found, least = len(session.items), max(1, session.site.expect.min_items)
    if complete and found < least:
        session.status = "breached"
        said = f"only {found} items were read where at least {least} are expected" if found else "no item was found on the site"
        said += f" ({session.failed} addresses failed, the first: {session.failures[0]['reason']})" if session.failed else ""
        return RunBreached(f"{said}: the site may have changed, or the start address is wrong; the captures are kept (run {run_id})", run_id=run_id)
    return None
