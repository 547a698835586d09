"""The health page: is the archive well, what each night changed, its runs; and one run in full. The values are those of the command `status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from datasette import Response
from datasette.utils.asgi import Request
from markupsafe import Markup

from rabat_crawler.archive import Archive
from rabat_crawler.archive.disk import disk_use
from rabat_crawler.archive.lock import lock_holder
from rabat_crawler.archive.statistics import Gaps
from rabat_crawler.changes import CODES
from rabat_crawler.charts import Chart, gallery
from rabat_crawler.errors import NotFound
from rabat_crawler.health import ACCEPTED, build_status
from rabat_crawler.health_page import size_of
from rabat_crawler.models import Run
from rabat_crawler.web.language import Language
from rabat_crawler.web.room import Room

RUNS_READ, RUNS_SHOWN = 60, 40
NIGHTS = timedelta(days=100)
"""So many nights are shown: they fit a phone."""
MOST_CHANGES, MOST_REASONS, MOST_FAILURES, MOST_MESSAGES = 300, 40, 100, 40
WIDE, NARROW = 1040, 340
STATUS_KEYS = {
    "done": "done", "done with failures": "failures", "breached": "breached", ACCEPTED: "accepted", "put off": "put_off", "interrupted": "interrupted",
    "running": "running", "disk full": "disk",
}  # fmt: skip
GOOD = ("healthy", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the page shows: the values of `status`, the runs, each day's changes, what is held back."""

    values: Mapping[str, Any]
    runs: tuple[Run, ...]
    nights: Mapping[str, Mapping[str, int]]
    gaps: Gaps


def health_of(archive: Archive, now: datetime) -> Health:
    """The health of the archive. Whether a run goes on is seen in the archive's folder, all else in the snapshot."""
    runs = archive.runs(RUNS_READ)
    figures = {name: archive.health(name) for name in {run.site for run in runs}}
    status = build_status(runs, now=now, figures=figures, disk=disk_use(archive.path), holder=lock_holder(archive.state_dir))
    since = (datetime.fromisoformat(runs[0].started_at) - NIGHTS).date().isoformat() if runs else ""
    return Health(values=status.values, runs=tuple(runs[:RUNS_SHOWN]), nights=archive.nights(since), gaps=archive.gaps())


def one_run(archive: Archive, wanted: str) -> Run:
    """The run of that id. NotFound if there is none."""
    found = archive.runs(run_id=wanted)
    if not found:
        raise NotFound(f"{wanted[:100]!r}: no run has this id")
    return found[0]


async def health(room: Room, request: Request) -> Response:
    """The page."""
    now = datetime.now(UTC)
    found = await room.ask(lambda archive: health_of(archive, now))
    language = room.language(request)
    chart = gallery.nights(found.nights, language=language) if found.nights else None
    return await room.render(
        request,
        "room_health.html",
        found=found,
        values=found.values,
        good=found.values["state"] in GOOD,
        chart=chart,
        drawn=drawn,
        size_of=lambda size: size_words(size, room.language(request)),
        status_key=status_key,
        changes_of=changes_of,
        reasons=reasons(found.values["skipped"]),
    )


async def run_page(room: Room, request: Request) -> Response:
    """One run in full."""
    wanted = request.url_vars["run"]
    run = await room.ask(lambda archive: one_run(archive, wanted))
    counts = run.counts
    changes = {code: [one for one in counts.get("changes") or () if one.get("change") == code] for code in CODES}
    return await room.render(
        request,
        "room_run.html",
        run=run,
        counts=counts,
        status_key=status_key,
        changes={code: found for code, found in changes.items() if found},
        most=MOST_CHANGES,
        skipped=reasons(counts.get("skipped") or {}),
        folded=reasons(counts.get("folded") or {}),
        failures=list(counts.get("failures") or ())[:MOST_FAILURES],
        breaches=list(counts.get("breach") or ()),
        messages=run.messages[:MOST_MESSAGES],
        size_of=lambda size: size_words(size, room.language(request)),
    )


def size_words(size: float, language: Language) -> str:
    """A number of bytes as the language writes it: "13.6 MB", "13,6 Mo"."""
    said = size_of(size)
    if language == "en":
        return said
    number, unit = said.split(" ")
    return f"{number.replace('.', ',')}\u00a0{'octets' if unit == 'bytes' else unit.replace('B', 'o')}"


def status_key(run: Run | Mapping[str, Any] | None) -> str:
    """How a run ended, as a key of the words."""
    if run is None:
        return "none"
    status = run.status if isinstance(run, Run) else run["status"]
    if isinstance(run, Run) and status == "breached" and run.counts.get("accepted"):
        status = ACCEPTED
    return STATUS_KEYS.get(status, "other")


def changes_of(run: Run) -> dict[str, int]:
    """How many items a run found new, changed, moved, gone, returned; without those that are none."""
    found = run.counts.get("change_counts") or {}
    return {code: found[code] for code in CODES if isinstance(found.get(code), int) and found[code]}


def reasons(groups: Mapping[str, Any]) -> list[tuple[str, int, list[str]]]:
    """(reason, how many, examples) of addresses left out, the most frequent reason first."""
    found = [
        (reason, group.get("count") or 0, list(group.get("examples") or ())[:3]) if isinstance(group, Mapping) else (reason, group, [])
        for reason, group in groups.items()
    ]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:MOST_REASONS]


def drawn(chart: Chart) -> Markup:
    """A chart twice, of which the style sheet shows the one that fits the screen."""
    wide, narrow = chart.svg(width=WIDE, ident="nights-wide"), chart.svg(width=NARROW, ident="nights-narrow")
    return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')  # noqa: S704  # the charts escape what they are given


ROUTES = [(r"^/(?:en|fr)/health$", health), (r"^/(?:en|fr)/health/(?P<run>[A-Za-z0-9._:-]{1,200})$", run_page)]
