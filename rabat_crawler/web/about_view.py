"""What the page about the archive shows, from the archive's own numbers: scope, gaps, years. Values only; no page, no Datasette."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from rabat_crawler import registry
from rabat_crawler.archive.reader import Reader
from rabat_crawler.archive.statistics import Gaps
from rabat_crawler.charts import Chart
from rabat_crawler.models import Site

WIDE, NARROW = 1040, 340


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the page shows: counts, gaps, years, the sites with their numbers of items, links that robots.txt closed in the last run."""

    stats: Mapping[str, Any]
    gaps: Gaps
    coverage: Mapping[str, Mapping[str, int]]
    sites: tuple[tuple[str, Site | None, int], ...]
    refused_by_robots: int
    put_off: int
    latest: str | None

    @property
    def years_without_captures(self) -> tuple[str, ...]:
        """Years in which items were published, or that lie between captures, and nothing was captured."""
        return self._without("captures")

    @property
    def years_without_items(self) -> tuple[str, ...]:
        """Years between the first and last publication from which no item is known."""
        published = [year for year, counts in self.coverage.items() if counts["published"]]
        span = range(int(published[0]), int(published[-1]) + 1) if published else range(0)
        return tuple(f"{year:04d}" for year in span if not self.coverage.get(f"{year:04d}", {}).get("published")) if len(span) < 200 else ()

    def _without(self, name: str) -> tuple[str, ...]:
        years = [int(year) for year in self.coverage]
        if not years or max(years) - min(years) > 200:
            return ()
        return tuple(f"{year:04d}" for year in range(min(years), max(years) + 1) if not self.coverage.get(f"{year:04d}", {}).get(name))


def about_of(archive: Reader) -> About:
    """The numbers of the page."""
    stats = archive.stats()
    gaps = archive.gaps()
    last = next(iter(archive.runs(1)), None)
    skipped = (last.counts.get("skipped") or {}) if last else {}
    known = registry.sites()
    return About(
        stats=stats,
        gaps=gaps,
        coverage=archive.coverage(),
        sites=tuple((name, known.get(name), count) for name, count in stats["by_site"].items()),
        refused_by_robots=sum(_count(group) for reason, group in skipped.items() if "robots" in reason),
        put_off=gaps.runs.get("put off", 0),
        latest=archive.latest(),
    )


def _count(group: Any) -> int:
    found = group.get("count") if isinstance(group, Mapping) else group
    return found if isinstance(found, int) else 0


def years_said(years: tuple[str, ...]) -> str:
    """Years as spans: "2012–2014, 2018"."""
    spans: list[list[int]] = []
    for year in map(int, years):
        if spans and spans[-1][1] == year - 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{first:04d}" if first == last else f"{first:04d}–{last:04d}" for first, last in spans)


def drawn(chart: Chart) -> Markup:
    """A chart twice, of which the style sheet shows the one that fits the screen."""
    wide, narrow = chart.svg(width=WIDE, ident="coverage-wide"), chart.svg(width=NARROW, ident="coverage-narrow")
    return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')  # noqa: S704  # the charts escape what they are given
