"""Whether the site could be read in a period: from its runs, by the same judgement as `status`. Pure; the moment is the archive's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rabat_crawler.digest.values import Condition
from rabat_crawler.health import DEMO, NOT_CRAWLS, build_status
from rabat_crawler.health_page import moment_of
from rabat_crawler.models import Run


def crawls_of(runs: Sequence[Run]) -> list[Run]:
    """The crawls among the runs, in their order; the demo's site counts only where it is alone."""
    crawls = [run for run in runs if run.spider not in NOT_CRAWLS]
    return [run for run in crawls if run.site != DEMO] or crawls


def is_tellable(run: Run) -> bool:
    """False while a run goes on, and while what it found is held back (see `accept`)."""
    return run.status != "running" and not run.counts.get("held")


def condition(crawls: Sequence[Run], within: Sequence[Run], *, moment: str, holder: int | None = None) -> Condition:
    """Judge the crawls (the latest first) at the archive's moment, and count those `within` the period.

    `holder` is the process that writes to the archive now, None if nobody does.
    """
    running = bool(crawls) and crawls[0].status == "running" and holder is not None
    ended = [run for run in crawls if not (running and run is crawls[0])]
    status = build_status(ended, now=moment_of(moment) or datetime(1970, 1, 1, tzinfo=UTC))
    values = status.values
    period = [run for run in within if run in ended]
    return Condition(
        state=status.state,
        cause=status.cause,
        last=_day(values["last_run"]),
        success=_day(values["last_success"]),
        breaches=tuple(str(one.get("code")) for one in values["breach"]),
        failed=values["failed"] or len(values["failures"]),
        held=tuple(dict.fromkeys(run.started_at[:10] for run in reversed(period) if run.counts.get("held"))),
        crawls=len(period),
        unsuccessful=sum(not (run.status.startswith("done") or run.counts.get("accepted")) for run in period),
        running=running,
    )


def _day(run: dict[str, Any] | None) -> str | None:
    return str(run["started_at"])[:10] if run else None
