"""What the first page shows: what the archive holds, what is new, when it was published, how the last run ended. Values only; no page, no Datasette."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from rabat_crawler.archive.reader import Reader
from rabat_crawler.archive.statistics import Timeline
from rabat_crawler.charts import Chart, gallery
from rabat_crawler.models import Item, Run
from rabat_crawler.web.language import Language

NEWEST = 8
WIDE, NARROW = 1088, 340
"""Widths of a chart in pixels, one for a screen and one for a phone, so that letters are legible on both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the page shows of the archive."""

    stats: Mapping[str, Any]
    newest: tuple[Item, ...]
    last_run: Run | None
    timeline: Timeline
    coverage: Mapping[str, Mapping[str, int]]


def held(archive: Reader) -> Held:
    """What the archive holds, its newest items, its last run."""
    return Held(
        stats=archive.stats(),
        newest=tuple(archive.items(limit=NEWEST)),
        last_run=next(iter(archive.runs()), None),
        timeline=archive.timeline("month", "language"),
        coverage=archive.coverage(),
    )


def charts_of(shown: Held, language: Language) -> list[Chart]:
    """Items by month and language, and items and captures by year; none of an empty archive."""
    if not shown.timeline.counts:
        return []
    by_month = gallery.items_over_time(shown.timeline.counts, step="month", split="language", unplaced=shown.timeline.unplaced, language=language)
    return [by_month, gallery.coverage(shown.coverage, language=language)]


def drawn(chart: Chart, number: int) -> Markup:
    """A chart twice, of which the style sheet shows the one that fits the screen."""
    wide, narrow = chart.svg(width=WIDE, ident=f"chart-{number}-wide"), chart.svg(width=NARROW, ident=f"chart-{number}-narrow")
    return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')  # noqa: S704  # the charts escape what they are given


def run_key(run: Run | None) -> str:
    """How the last run ended, as a key of the words."""
    if run is None:
        return "home.no_run"
    return {"done": "home.run_done", "done with failures": "home.run_failures", "running": "home.run_running"}.get(run.status, "home.run_other")
