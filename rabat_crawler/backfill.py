"""Brings what a web archive holds of a site into the archive: reads its index, plans, fetches each distinct body once. Begins again where it was.

Captures enter by the same funnel as a live crawl's; each is on disk in a WARC file before its row, and its row before its state.
"""

from __future__ import annotations

import contextlib
import platform
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rabat_crawler import __version__, config
from rabat_crawler.archive.api import Progress, silent
from rabat_crawler.archive.backfill_store import BackfillStore, Block
from rabat_crawler.backfill_fetch import Fetching
from rabat_crawler.backfill_plan import Plan
from rabat_crawler.errors import Blocked, DiskFull, PutOff, RabatError, SiteUnreachable
from rabat_crawler.memento import Source, in_dialect, slowed
from rabat_crawler.models import Run, Site
from rabat_crawler.wayback import Stopped, Wayback
from rabat_crawler.wire import TOTAL_SECONDS, Wire

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive

LEAST_BLOCK = 3600.0
LONGEST_BLOCK = 7 * 86400.0
BLOCKS_REMEMBERED = timedelta(days=7)
MAX_FAILURES_KEPT = 1000
GO_ON = "everything fetched so far is stored; the same command goes on where it was"


def _utc() -> datetime:
    return datetime.now(UTC)


def backfill(
    archive: Archive,
    site: Site,
    source: Source,
    *,
    first: str = "",
    last: str = "",
    delay: float | None = None,
    contact: str | None = None,
    max_captures: int | None = None,
    dry_run: bool = False,
    relist: bool = False,
    given: bool = False,
    progress: Progress = silent,
    now: Callable[[], datetime] = _utc,
    run_id: str | None = None,
    total_seconds: float = TOTAL_SECONDS,
) -> Run:
    """Fetch what `source` holds of a site from timestamp `first` to `last` into an archive open for writing (a dry run stores nothing).

    `delay`: seconds between two requests, where that is slower than the archive's limits, or on this machine. `given`: the archive's address was
    given by hand and may be a private one. `relist`: read the index again. The Run is stored before this returns or raises; its status is "done",
    "done with failures", "put off" or "interrupted". Raises ConfigError, PutOff, SiteUnreachable, DiskFull; what was fetched is kept.
    """
    contact = config.contact(contact)
    with contextlib.ExitStack() as stack:
        store = BackfillStore.in_memory(archive.state_dir) if dry_run else BackfillStore.open(archive.state_dir, archive.notes)
        stack.callback(store.close)
        _stand_off(store, source, now())
        stop = stack.enter_context(_stopping())
        wire = Wire(user_agent=_user_agent(contact), private_allowed=given, total_seconds=total_seconds)
        stack.callback(wire.close)
        spoken = in_dialect(slowed(source, delay), store.dialect(source.name))
        plan = Plan(
            archive=archive,
            site=site,
            client=Wayback(source=spoken, wire=wire, stop=stop.event, now=now),
            store=store,
            first=first,
            last=last,
            relist=relist,
            progress=progress,
            now=now,
        )
        asked = {"from": first, "to": last, "max_captures": max_captures, "delay": delay, "contact": contact, "user_agent": wire.user_agent}
        job = Backfill(plan=plan, fetching=Fetching(plan=plan, run=_new_run(site, source, asked, now(), run_id)), stop=stop)
        return job.rehearse() if dry_run else job.carry_out(max_captures)


def _stand_off(store: BackfillStore, source: Source, now: datetime) -> None:
    """PutOff if the archive asked to be left alone until later than now."""
    block = store.last_block(source.name)
    if block is not None and now < block.until:
        left = (block.until - now).total_seconds()
        raise PutOff(f"{source.name} asked to be left alone until {_clock(block.until)}; run the same command again after that", retry_after=left)


def _new_run(site: Site, source: Source, asked: dict[str, Any], now: datetime, run_id: str | None) -> Run:
    from rabat_crawler.outcome import iso
    from rabat_crawler.runner import version

    return Run(
        # the fraction of the second first, so that the runs of one second sort as they came
        run_id=run_id or f"{now:%Y%m%dT%H%M%SZ}-{site.name}-{now.microsecond // 16:04x}{secrets.token_hex(1)}",
        spider="backfill",
        site=site.name,
        started_at=iso(now),
        parameters={"source": source.name, "archive": source.root, "origin": site.origin, **asked},
        software={"rabat-crawler": __version__, "urllib3": version("urllib3"), "warcio": version("warcio"), "python": platform.python_version()},
    )


def _user_agent(contact: str) -> str:
    from rabat_crawler.runner import user_agent

    return user_agent(contact)


@dataclass(slots=True, kw_only=True)
class Backfill:
    """One run from its beginning to its end."""

    plan: Plan
    fetching: Fetching
    stop: _Stop
    began: float = field(default_factory=time.monotonic)

    def rehearse(self) -> Run:
        """Read the index and count; nothing is stored."""
        try:
            self.plan.make()
        except Stopped:
            return self._finished("interrupted", (f"stopped by {self.stop.name}",))
        return self._finished("done", (), {"plan_estimate": self.plan.estimate()})

    def carry_out(self, max_captures: int | None) -> Run:
        """List, plan, fetch, and write the run whatever happens."""
        from rabat_crawler.outcome import totals

        archive, fetching = self.plan.archive, self.fetching
        archive.begin_run(fetching.run)
        before = totals(archive)
        error: BaseException | None = None
        try:
            fetching.check_space()
            self.plan.make()
            fetching.planned = self.plan.count_due()
            fetching.fetch_all(max_captures)
        except Stopped:
            error = None
        except BaseException as raised:
            error = raised
        finally:
            fetching.close()
        return self._ended(error, before, totals(archive))

    def _ended(self, error: BaseException | None, before: tuple[int, int], after: tuple[int, int]) -> Run:
        """Write the run as ended; raise what ended it."""
        if isinstance(error, SiteUnreachable) and self._blocked_before() is not None:
            error = Blocked(str(error))
        if isinstance(error, PutOff):
            error = self._put_off(error)
        messages = tuple(self.plan.messages)
        if error is not None:
            status = "put off" if isinstance(error, PutOff | SiteUnreachable) else "disk full" if isinstance(error, DiskFull) else "interrupted"
            messages += (str(error) if isinstance(error, RabatError) else f"{type(error).__name__}: {error}",)
        elif self.stop.signal is not None:
            status, messages = "interrupted", (*messages, f"stopped by {self.stop.name}; {GO_ON}")
        else:
            status = "done with failures" if self.failures() else "done"
        more: dict[str, Any] = {"items_new": after[0] - before[0], "items_total": after[0], "versions_new": after[1] - before[1]}
        finished = self._finished(status, messages, more)
        self.plan.archive.end_run(finished)
        if error is not None:
            raise error
        return finished

    def _put_off(self, error: PutOff) -> PutOff:
        """The same with the time to come back, which is remembered: who comes back too early is shut out for twice as long."""
        now, blocked, seconds = self.plan.now(), isinstance(error, Blocked), error.retry_after
        if blocked:
            seconds = max(LEAST_BLOCK, seconds or 0.0)
            earlier = self._blocked_before()
            if earlier is not None:
                seconds = min(max(seconds, 2 * earlier.seconds), LONGEST_BLOCK)
        if seconds is None:
            return PutOff(f"{error}; {GO_ON}, some hours later")
        until = now + timedelta(seconds=seconds)
        self.plan.store.add_block(Block(source=self.plan.names[0], at=now, until=until, seconds=seconds, blocked=blocked))
        return PutOff(f"{error}; come back after {_clock(until)}: {GO_ON}", retry_after=seconds)

    def _blocked_before(self) -> Block | None:
        """The last block by this archive, if it is not long ago."""
        earlier = self.plan.store.last_block(self.plan.names[0], blocked=True)
        return earlier if earlier is not None and self.plan.now() - earlier.until < BLOCKS_REMEMBERED else None

    def _finished(self, status: str, messages: tuple[str, ...], more: dict[str, Any] | None = None) -> Run:
        from rabat_crawler.outcome import iso

        return replace(self.fetching.run, finished_at=iso(self.plan.now()), status=status, counts=self.counts() | (more or {}), messages=messages)

    def failures(self) -> dict[str, str]:
        """What could not be had, and why."""
        return self.plan.closed | self.fetching.failures

    def counts(self) -> dict[str, Any]:
        """The run's figures."""
        plan, fetching, failures = self.plan, self.fetching, self.failures()
        return ({"signal": self.stop.signal} if self.stop.signal is not None else {}) | {
            "requests": plan.client.wire.requests,
            "bytes": plan.client.wire.received,
            "listed": plan.listed,
            "planned": fetching.planned,
            "fetched": fetching.fetched,
            "revisits": fetching.revisits,
            "held_already": fetching.held,
            "bad": fetching.bad,
            "altered": fetching.altered,
            "truncated": fetching.truncated,
            "answers": dict(sorted(fetching.answers.items())),
            "states": plan.store.states(*plan.names),
            "skipped": plan.store.skipped(*plan.names),
            "broken_rows": plan.store.broken_rows(*plan.names),
            "failed": len(failures),
            "failures": [{"url": url, "reason": reason} for url, reason in list(failures.items())[:MAX_FAILURES_KEPT]],
            "seconds": round(time.monotonic() - self.began, 3),
        }


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# Ctrl-C ------------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Stop:
    """What a signal asks for."""

    event: threading.Event
    signal: int | None = None

    @property
    def name(self) -> str:
        """The signal in words."""
        return "Ctrl-C" if self.signal == signal.SIGINT else "SIGTERM"


@contextlib.contextmanager
def _stopping() -> Iterator[_Stop]:
    """Ctrl-C and SIGTERM end the run after the capture in flight; a second one ends it at once."""
    stop = _Stop(threading.Event())
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def asked(number: int, frame: object) -> None:
        if stop.signal is not None:
            raise KeyboardInterrupt
        stop.signal = number
        stop.event.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
