"""Is the archive healthy? One page from the runs and the counts: "no news" and "broken" told apart in its first line. Pure: the clock is a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Literal, get_args

from rabat_crawler.changes import CODES
from rabat_crawler.health_page import HISTORY, moment_of, page_lines, plural, size_of, stamp, when
from rabat_crawler.models import Run
from rabat_crawler.wording import one_line

State = Literal["healthy", "running", "interrupted", "failing", "late", "breached", "no_runs"]
STATES: tuple[State, ...] = get_args(State)

MAX_AGE = timedelta(hours=26)
"""A nightly run that is older is missing: a day, and room for the random delay and a long night before."""

NOT_CRAWLS = ("import", "backfill", "rebuild")
DEMO = "sample"
ACCEPTED = "breached, then accepted"
FEWER = 0.02
"""A loss of more than this share of the items is said as a warning; a few that are gone are news."""

LOW_DISK = 500_000_000
FALL = 0.10
"""A share that is so much worse than its median is said as a warning."""


KEYS = (
    "state", "headline", "site", "last_run", "last_success", "last_news", "running", "next_run", "holder", "items", "by_kind", "by_language",
    "fill", "fallback_share", "coverage", "pages", "changes", "breach", "held", "carried_over", "skipped", "failed", "failures", "disk", "runs",
    "warnings", "other_sites",
)  # fmt: skip
"""The keys of the status as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What the archive takes and what is left on its disk, in bytes."""

    archive_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The health of an archive: a state for programs, the cause (the status of the run that decided), one line, one page, plain values for JSON."""

    state: State
    cause: str
    headline: str
    lines: tuple[str, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One site's runs, judged. `ended` are those that are over, the latest first."""

    site: str
    state: State
    cause: str
    headline: str
    ended: tuple[Run, ...] = ()
    running: Run | None = None


def build_status(
    runs: Sequence[Run],
    *,
    now: datetime,
    figures: Mapping[str, Mapping[str, Any]] | None = None,
    disk: Disk | None = None,
    next_run: datetime | None = None,
    holder: int | None = None,
    site: str | None = None,
    max_age: timedelta = MAX_AGE,
) -> Status:
    """Judge the runs (the latest first) at the moment `now` (aware).

    `figures` are what the archive holds of each site now (`Archive.health`), `holder` is the process that holds the write lock (0: not known which),
    None if nobody does. Of several sites the one in the worst state is shown, the others in a line each; the demo's site counts only where it is alone.
    """
    crawls = [run for run in runs if run.spider not in NOT_CRAWLS and site in (None, run.site)]
    names = list(dict.fromkeys(run.site for run in crawls))
    if site is None and len(names) > 1:
        names = [name for name in names if name != DEMO]
    judged = [_judge(name, [run for run in crawls if run.site == name], now, holder, max_age) for name in names]
    if not judged:
        said = f"never crawled{f': no run of {site}' if site else ''}; begin with rabat-crawler crawl"
        judged = [_Judged(site=site or "", state="no_runs", cause="", headline=said)]
    worst = max(judged, key=lambda one: STATES.index(one.state))
    others = [one for one in judged if one is not worst]
    values = _values(worst, others, now, (figures or {}).get(worst.site) or {}, disk, next_run, holder)
    return Status(state=worst.state, cause=worst.cause, headline=values["headline"], lines=tuple(page_lines(values, now)), values=values)


# Judging -----------------------------------------------------------------------------------------------------------------------


def _judge(site: str, runs: Sequence[Run], now: datetime, holder: int | None, max_age: timedelta) -> _Judged:
    """The state of one site; `runs` are its runs, the latest first, at least one."""
    going = runs[0] if runs[0].status == "running" and holder is not None else None
    ended = tuple(run for run in runs if run is not going)
    state, cause, said = _judge_ended(ended, now, max_age, going)
    if going is not None:
        began = moment_of(going.started_at)
        if began is not None and now - began > max_age:
            state, cause, said = "late", "running", f"late: the run that began {when(began, now)} has not ended yet"
        elif state not in ("breached", "failing"):
            state, cause, said = "running", "running", f"running: a run began {when(began, now)}; before: {said}"
    return _Judged(site=site, state=state, cause=cause, headline=one_line(said, 300), ended=ended, running=going)


def _judge_ended(ended: Sequence[Run], now: datetime, max_age: timedelta, going: Run | None) -> tuple[State, str, str]:
    """State, cause and headline from the runs that are over."""
    if not ended:
        return "no_runs", "", "no run has ended yet"
    last, status = ended[0], ended[0].status
    missing = going is None and now - _ended_at(last, now) > max_age
    since = f"; no run since {when(_ended_at(last, now), now)}" if missing else ""
    if status == "breached" and not _succeeded(last):
        return "breached", status, f"BREACHED: {_in_a_row(ended, now)}{_because(last)}{since}"
    if missing:
        hours = max_age.total_seconds() / 3600
        return "late", status, f"late: no run since {when(_ended_at(last, now), now)}; one is expected every {hours:g} h (that one ended: {status})"
    if status in ("interrupted", "running"):
        return "interrupted", "interrupted", f"interrupted: {_in_a_row(ended, now)}; the next run goes on where it stopped"
    if status == "done with failures":
        number = last.counts.get("failed") or len(last.counts.get("failures") or ())
        return "failing", status, f"failing: {plural(number, 'address')} failed in {_in_a_row(ended, now)}; the rest is up to date, {_news(last)}"
    if not _succeeded(last):
        return "failing", status, f"failing: {_in_a_row(ended, now)}{_because(last)}"
    return "healthy", status, f"healthy: last success {when(_ended_at(last, now), now)}, {_news(last)}"


def _succeeded(run: Run) -> bool:
    return run.status.startswith("done") or (run.status == "breached" and bool(run.counts.get("accepted")))


def _in_a_row(ended: Sequence[Run], now: datetime) -> str:
    """How many runs in a row ended like the last one, and since when."""
    number = next((n for n, run in enumerate(ended) if run.status != ended[0].status), len(ended))
    began = when(moment_of(ended[number - 1].started_at), now)
    verb = {"done with failures": "", "running": " ended without a word"}.get(
        ended[0].status, f" {'was' if number == 1 else 'were'} {ended[0].status}"
    )
    return f"the run of {began}{verb}" if number == 1 else f"the last {number} runs{verb}{',' if verb else ''} since {began}"


def _because(run: Run) -> str:
    found = run.counts.get("breach") or []
    said = f"{found[0].get('code')}: {found[0].get('message')}" if found else run.messages[-1] if run.messages else ""
    return f": {one_line(said, 160)}" if said else ""


def _news(run: Run) -> str:
    """What the run brought: "no news", or how many items of each change."""
    numbers = _changes(run)
    return ", ".join(f"{number:,} {code}" for code, number in numbers.items()) or "no news"


def _changes(run: Run) -> dict[str, int]:
    """How many items the run found new, changed, moved, gone, returned; runs of older programs kept two counts only."""
    if "changes" in run.counts:
        numbers = run.counts.get("change_counts") or Counter(str(change.get("change")) for change in run.counts["changes"] or ())
        return {one_line(code): numbers[code] for code in (*CODES, *sorted(set(numbers) - set(CODES))) if numbers.get(code)}
    new = run.counts.get("items_new") or 0
    changed = max(0, (run.counts.get("versions_new") or 0) - new)
    return {code: number for code, number in (("new", new), ("changed", changed)) if number}


def _ended_at(run: Run, now: datetime) -> datetime:
    return moment_of(run.finished_at) or moment_of(run.started_at) or now


# Values ------------------------------------------------------------------------------------------------------------------------


def _values(
    judged: _Judged,
    others: Sequence[_Judged],
    now: datetime,
    own: Mapping[str, Any],
    disk: Disk | None,
    next_run: datetime | None,
    holder: int | None,
) -> dict[str, Any]:
    """The status as plain values, in the order of KEYS."""
    ended = judged.ended
    last = ended[0] if ended else None
    counts = last.counts if last else {}
    successes = [run for run in ended if _succeeded(run)]
    news = next((run for run in successes if _changes(run)), None)
    figures = _figures(successes, own)
    values = {
        "state": judged.state,
        "headline": f"{judged.site} {judged.headline}" if others else judged.headline,
        "site": judged.site or None,
        "last_run": _run_values(last),
        "last_success": _run_values(successes[0] if successes else None),
        "last_news": _run_values(news),
        "running": _run_values(judged.running),
        "next_run": stamp(next_run),
        "holder": holder,
        **figures,
        "coverage": _health(last).get("coverage") if last else None,
        "pages": {name: counts[name] for name in ("asked", "unchanged", "changed", "new_pages", "gone_pages") if name in counts},
        "changes": _changes(last) if last else {},
        "breach": list(counts.get("breach") or ()),
        "held": bool(counts.get("held")) and not counts.get("accepted"),
        "carried_over": counts.get("carried_over") or 0,
        "skipped": dict(counts.get("skipped") or {}),
        "failed": counts.get("failed") or 0,
        "failures": list(counts.get("failures") or ()),
        "disk": {"archive_bytes": disk.archive_bytes, "free_bytes": disk.free_bytes, "growth_bytes": _growth(successes, disk)} if disk else None,
        "runs": [_run_values(run) for run in ended[:HISTORY]],
        "warnings": [],
        "other_sites": [{"site": one.site, "state": one.state, "headline": one.headline} for one in others],
    }
    values["warnings"] = _warnings(values, last, now)
    return values


def _run_values(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "run_id": run.run_id,
        "status": ACCEPTED if run.status == "breached" and _succeeded(run) else run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": run.counts.get("seconds"),
        "changes": _changes(run),
    }


def _figures(successes: Sequence[Run], own: Mapping[str, Any]) -> dict[str, Any]:
    """Items, fill rates and the fallback's share: now, the median of up to 14 runs before the last, the change, and each run's value for the trend."""
    now = own or (_run_figures(successes[0]) if successes else {})
    before = [_run_figures(run) for run in successes[1 : HISTORY + 1]]

    def against(*path: str) -> dict[str, Any]:
        own = _at(now, path)
        past = [value for figures in reversed(before) if (value := _at(figures, path)) is not None]
        middle = median(past) if past else None
        return {"now": own, "median": middle, "change": own - middle if own is not None and middle is not None else None, "trend": past}

    def each(group: str) -> dict[str, Any]:
        names = dict.fromkeys([*(now.get(group) or {}), *(name for figures in before for name in figures.get(group) or {})])
        return {one_line(name): _zero(against(group, name)) for name in names}

    return {
        "items": against("items"),
        "by_kind": each("by_kind"),
        "by_language": each("by_language"),
        "fill": {name: against("fill", name) for name in ("title", "published", "language")},
        "fallback_share": against("fallback_share"),
    }


def _zero(figure: dict[str, Any]) -> dict[str, Any]:
    """A kind or language that is not there any more counts 0."""
    now = figure["now"] or 0
    return figure | {"now": now, "change": now - figure["median"] if figure["median"] is not None else None}


def _run_figures(run: Run) -> Mapping[str, Any]:
    figures = _health(run)
    return {**figures, "items": figures.get("items", run.counts.get("items_total"))}


def _health(run: Run) -> Mapping[str, Any]:
    return run.counts.get("health") or {}


def _at(figures: Mapping[str, Any], path: Sequence[str]) -> float | None:
    """The number at the path; None where an older run has none."""
    found: Any = figures
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, int | float) else None


def _growth(successes: Sequence[Run], disk: Disk) -> int | None:
    """By how many bytes the archive grew from run to run, at the median."""
    sizes = [size for run in successes[: HISTORY + 1] if isinstance(size := _health(run).get("archive_bytes"), int)]
    return int(median(new - old for new, old in pairwise(sizes))) if len(sizes) > 1 else None


def _warnings(values: Mapping[str, Any], last: Run | None, now: datetime) -> list[str]:
    """What does not make the archive unhealthy tonight, and yet should be looked at."""
    said = []
    disk = values["disk"]
    if disk and disk["free_bytes"] < LOW_DISK:
        said.append(f"only {size_of(disk['free_bytes'])} are free on the archive's disk")
    if values["held"] and last:
        said.append(f"changes are held back; look at them (rabat-crawler runs show {last.run_id}), then rabat-crawler accept {last.run_id}")
    change = values["items"]["change"]
    if change is not None and -change > FEWER * values["items"]["median"]:
        said.append(f"there are {-change:,g} items fewer than in the runs before")
    for name, figure in values["fill"].items():
        if figure["change"] is not None and figure["change"] < -FALL:
            said.append(f"fewer items have a {name}: {figure['now']:.0%}, before {figure['median']:.0%}")
    share = values["fallback_share"]
    if share["change"] is not None and share["change"] > FALL:
        said.append(f"the fallback reads {share['now']:.0%} of the pages, before {share['median']:.0%}: the site's markup may have changed")
    if values["carried_over"]:
        said.append(f"left for the next run: {plural(values['carried_over'], 'address')} (the budget was used up)")
    if last and (ended := moment_of(last.finished_at)) and ended - now > timedelta(minutes=5):
        said.append("the clock of this machine is behind the last run")
    return said
