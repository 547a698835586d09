"""Runs one crawl in this process and says how it ended. Crawls may follow one another in a process: the event loop is kept, never restarted.

The only module of the network layer that others call.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import hashlib
import json
import platform
import re
import secrets
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from rabat_crawler import __version__, config
from rabat_crawler.archive.frontier_store import FrontierStore
from rabat_crawler.changes import Snapshot, compare
from rabat_crawler.errors import ConfigError, DiskFull, RabatError, RobotsForbids, RunBreached, SiteUnreachable
from rabat_crawler.extensions import run_log
from rabat_crawler.extract.urls import DEFAULT_PORTS, decide, origin_of
from rabat_crawler.frontier import Frontier
from rabat_crawler.models import Run, Site
from rabat_crawler.registry import reference
from rabat_crawler.revisit import Policy
from rabat_crawler.rounds import Visit
from rabat_crawler.session import Budget, Progress, Session

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from rabat_crawler.archive import Archive
    from rabat_crawler.archive.warc import WarcWriter

SOFTWARE = ("rabat-crawler", "scrapy", "twisted", "protego", "warcio")
GO_ON = "everything fetched so far is stored; run the same command again to go on (unchanged pages cost a few bytes each)"
MAX_CHANGES = 2000
MANY_CHALLENGES = 3
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
    everything: bool = False,
    budget: Budget | None = None,
    policy: Policy | None = None,
    now: Callable[[], datetime] | None = None,
    progress: Callable[[Progress], None] | None = None,
    run_id: str | None = None,
    log_level: str = "WARNING",
    settings: Mapping[str, Any] | None = None,
) -> Run:
    """Crawl what is due of a site (or `everything`) into an archive open for writing; an interrupted crawl goes on where it was.

    `delay` in seconds, `starts` default to the site's, `budget` limits this run, `policy` says how often what is asked again, `now` is the clock
    (aware UTC), `settings` override Scrapy's.
    The Run is stored before this returns or raises; its status is "done", "done with failures", "put off", "breached" or "interrupted".
    A dry run asks for robots.txt and the start pages only, stores nothing, and puts the judged links into `counts["plan"]`.
    Raises ConfigError, SiteUnreachable, RobotsForbids, PutOff, RunBreached, DiskFull; what was fetched before is kept.
    """
    with contextlib.ExitStack() as stack:
        store = None
        if not dry_run:
            store = FrontierStore.open(archive.state_dir, archive.notes)
            stack.callback(store.close)
        session, run = _prepare(
            archive, site, tuple(starts or ()), max_pages, delay, concurrency, contact, progress, run_id, settings, store, policy, now or _now
        )
        session.budget = budget or Budget()
        if store is not None:
            session.check_space()
            run = _begin(session, run, store, everything=everything, probe=_setting(settings, "RABAT_PROBE"))
        return _crawl(session, run, delay, concurrency, settings, log_level)


def _crawl(session: Session, run: Run, delay: float, concurrency: int, settings: Mapping[str, Any] | None, log_level: str) -> Run:
    archive, dry_run = session.archive, session.visit is None
    if not dry_run:
        archive.begin_run(run)
    before = _totals(archive)
    error: BaseException | None = None
    try:
        session.take_up()
        with _writer(archive, session, run, dry_run), run_log(None if dry_run else Path(archive.state_dir), run.run_id, log_level):
            _drive(session, delay, concurrency, settings)
    except BaseException as raised:
        error = raised
    finished = _finish(session, run, before, _totals(archive), error, dry_run)
    if not dry_run:
        try:
            archive.end_run(finished)
            if finished.counts.get("held"):
                _hold_back(session, finished)
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
    progress: Callable[[Progress], None] | None,
    run_id: str | None,
    settings: Mapping[str, Any] | None,
    store: FrontierStore | None,
    policy: Policy | None,
    clock: Callable[[], datetime],
) -> tuple[Session, Run]:
    named = frozenset(origin for url in starts if (origin := origin_of(url)))
    now = clock()
    # the fraction of the second first, so that the runs of one second sort as they came
    run_id = run_id or f"{now:%Y%m%dT%H%M%SZ}-{site.name}-{now.microsecond // 16:04x}{secrets.token_hex(1)}"
    frontier = Frontier(site, max_pages=max_pages, starts_only=store is None, store=store, policy=policy, run_id=run_id, now=clock)
    if store is None:
        frontier.plan = []
    urls = starts or site.starts
    contact = config.contact(contact)
    agent = user_agent(contact)
    run = Run(
        run_id=run_id,
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
        min_free=int(_setting(settings, "RABAT_MIN_FREE")),
        now=clock,
    )
    if store is None and not frontier.seed(urls):
        raise _no_start(urls, site)
    return session, run


def _no_start(urls: Iterable[str], site: Site) -> ConfigError:
    said = "; ".join(f"{url}: {decide(url, site).reason}" for url in urls) or "there is none"
    return ConfigError(f"no start address may be fetched ({said}); give one with --start")


def _setting(settings: Mapping[str, Any] | None, name: str) -> Any:
    return (settings or {}).get(name, _default_settings()[name])


def _begin(session: Session, run: Run, store: FrontierStore, *, everything: bool, probe: bool) -> Run:
    """Begin a round, or go on with the one that was interrupted."""
    frontier, archive = session.frontier, session.archive

    def before() -> dict[str, str]:
        return {name: json.dumps(asdict(one), ensure_ascii=False) for name, one in archive.snapshots(session.site.name).items()}

    session.visit = visit = Visit.begin(frontier, store, everything=everything, before=before)
    if not frontier.seed(session.starts):
        raise _no_start(session.starts, session.site)
    if probe:
        session.probe_url = probe_address(session.starts[0])
        frontier.seed_probe(session.probe_url)
    parameters = {**run.parameters, "everything": everything, "round": visit.round.round_id, "policy": asdict(frontier.policy)}
    return replace(run, parameters=parameters, counts={"resumes": visit.round.round_id} if visit.resumed else {})


def probe_address(start: str) -> str:
    """An address that does not exist, always the same one beside a start page: what does the site answer there?"""
    return urljoin(start, f"rabat-crawler-{hashlib.sha256(start.encode()).hexdigest()[:12]}")


def _now() -> datetime:
    return datetime.now(UTC)


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
    frontier, visit = session.frontier, session.visit
    complete = not frontier.closed and frontier.taken < frontier.max_pages and not session.stopping and error is None
    left = frontier.finish(frontier.closed or _left_over(session))
    if not session.status:
        session.status = "done with failures" if session.failed else "done"
    if error is None and session.error is None and not session.stopping:
        session.error = _verdict(session, run.run_id, complete and not dry_run)
        if visit is not None:
            visit.end()
    if error is not None:
        session.status = "interrupted"
        session.messages.append(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    elif session.error is not None:
        session.messages.append(str(session.error))
    counts = session.counts() | {"items_new": after[0] - before[0], "items_total": after[0], "versions_new": after[1] - before[1]}
    if frontier.plan is not None:
        counts["plan"] = frontier.plan
    if visit is not None:
        counts |= _round_counts(session, visit, left) | dict(run.counts)
        if session.status == "breached":
            counts |= {"breach": session.breaches, "held": bool(visit.store.before(frontier.name))}
    return replace(run, finished_at=_iso(session.now()), status=session.status, counts=counts, messages=tuple(session.messages))


def _verdict(session: Session, run_id: str, complete: bool) -> RabatError | None:
    """What is wrong with a crawl that ran to its end; sets the status that goes with it."""
    if session.pages == 0 and session.forbidden:
        session.status = "put off"
        url = f"{origin_of(session.forbidden[0])}/robots.txt"
        return RobotsForbids(f"{url} forbids every start address; ask the site's operator for permission", url=url)
    if session.pages == 0 and session.failed and not session.challenges:
        session.status = "put off"
        first = session.failures[0]
        return SiteUnreachable(f"no usable answer from {first['url']}: {first['reason']}", url=first["url"])
    breaches = _breaches(session, complete)
    if breaches:
        session.status, session.breaches = "breached", breaches
        said = "; ".join(breach["message"] for breach in breaches)
        said += f" ({session.failed} addresses failed, the first: {session.failures[0]['reason']})" if session.failed else ""
        return RunBreached(f"{said}: the site may have changed, or the start address is wrong; the captures are kept (run {run_id})", run_id=run_id)
    return None


def _breaches(session: Session, complete: bool) -> list[dict[str, str]]:
    """What the site definition does not expect, after a crawl that ran to its end or to its budget."""
    site, expect = session.site, session.site.expect
    found = session.visit.alarms(expect) if session.visit is not None else []
    if session.challenges:
        said = f"{len(session.challenges)} pages showed a check for robots instead of themselves, the first: {session.challenges[0]}"
        if len(session.challenges) >= MANY_CHALLENGES or session.challenges[0] in session.starts:
            found.append({"code": "challenge", "message": said})
    if not complete:
        return found
    health: dict[str, Any] = session.archive.health(site.name) if session.visit is not None else {"items": len(session.items)}
    held, least = health["items"], max(1, expect.min_items)
    if held < least:
        said = f"only {held} items are there where at least {least} are expected" if held else "no item was found on the site"
        found.append({"code": "min_items", "message": said})
    if health.get("fallback_share", 0.0) > expect.max_fallback_share:
        found.append({"code": "fallback_share", "message": f"{health['fallback_share']:.0%} of the items were read by the generic layout"})
    for name, least_share in expect.min_fill:
        if health.get("fill", {}).get(name, 1.0) < least_share:
            found.append({"code": "fill_rate", "message": f"only {health['fill'][name]:.0%} of the items have a {name}"})
    return found


def _round_counts(session: Session, visit: Visit, left: int) -> dict[str, Any]:
    """The round in figures: addresses by state, what the answers were, what changed, how healthy the archive is."""
    frontier, archive = session.frontier, session.archive
    before = {name: Snapshot(**json.loads(text)) for name, text in visit.store.before(frontier.name).items()}
    changes = compare(before, archive.snapshots(session.site.name))
    outcomes = visit.outcomes()
    states = Counter(row.state for row in frontier.rows.values())
    known = {row.url for row in frontier.rows.values() if row.state not in ("folded", "skipped")}
    fetched = sum(row.digest != "" or row.status is not None for row in frontier.rows.values())
    usage = shutil.disk_usage(archive.path)
    return {
        "states": dict(sorted(states.items())),
        "asked": sum(outcomes.values()),
        "unchanged": outcomes["unchanged"],
        "changed": outcomes["changed"],
        "new_pages": outcomes["new"],
        "gone_pages": outcomes["gone"],
        "carried_over": left,
        "changes": [change.as_json() for change in changes[:MAX_CHANGES]],
        "change_counts": dict(sorted(Counter(change.change for change in changes).items())),
        "health": archive.health(session.site.name)
        | {
            "coverage": {"listed": len(known), "fetched": fetched, "stored": len(archive.captured(session.site.name) & known)},
            "free_bytes": usage.free,
        },
    }


def _hold_back(session: Session, run: Run) -> None:
    """Take back what the round of a breached run said, in all its runs, and let its addresses be asked again."""
    archive, visit = session.archive, session.visit
    if visit is None:
        return
    runs = [one for one in archive.runs() if one.run_id == run.run_id or one.parameters.get("round") == visit.round.round_id]
    for one in runs:
        if not one.counts.get("held"):
            archive.end_run(replace(one, counts={**one.counts, "held": True}))
    archive.hold_back(runs)
    visit.take_back()
