"""Runs one crawl in this process and says how it ended. Crawls may follow one another in a process: the event loop is kept, never restarted.

The only module of the network layer that others call.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import platform
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from rabat_crawler import __version__, config
from rabat_crawler.archive.frontier_store import FrontierStore
from rabat_crawler.errors import ConfigError, DiskFull
from rabat_crawler.extensions import run_log
from rabat_crawler.frontier import Frontier
from rabat_crawler.models import Run, Site
from rabat_crawler.outcome import finish, hold_back, iso, totals
from rabat_crawler.reactor import default_settings, drive
from rabat_crawler.registry import reference
from rabat_crawler.revisit import Policy
from rabat_crawler.rounds import Visit
from rabat_crawler.session import Budget, Progress, Session
from rabat_crawler.urls import decide, origin_of

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive
    from rabat_crawler.archive.warc import WarcWriter

SOFTWARE = ("rabat-crawler", "scrapy", "twisted", "protego", "warcio")
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
    before = totals(archive)
    error: BaseException | None = None
    try:
        session.take_up()
        with _writer(archive, session, run, dry_run), run_log(None if dry_run else Path(archive.state_dir), run.run_id, log_level):
            drive(session, delay, concurrency, settings)
    except BaseException as raised:
        error = raised
    finished = finish(session, run, before, totals(archive), error, dry_run)
    if not dry_run:
        try:
            archive.end_run(finished)
            if finished.counts.get("held"):
                hold_back(session, finished)
            if session.visit is not None and session.visit.over:
                session.visit.end()  # last of all: killed before this, the next crawl goes on with a round that has nothing left to ask
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
        started_at=iso(now),
        parameters={
            "starts": list(urls),
            "origin": site.origin,
            "max_pages": max_pages,
            "delay": delay,
            "concurrency": concurrency,
            "user_agent": agent,
            "contact": contact,
        },
        software={name: version(name) for name in SOFTWARE} | {"python": platform.python_version()},
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
    return (settings or {}).get(name, default_settings()[name])


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
    return f"rabat-crawler/{version('rabat-crawler')} (+{_NOT_IN_HEADER.sub(' ', contact).strip()[:200]})"


@functools.cache
def version(name: str) -> str:
    """The installed version of a distribution, ours too; "0" if it is not installed."""
    if name == "rabat-crawler":
        return __version__
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "0"


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
