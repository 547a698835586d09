"""`Chart`: numbers with what they mean, once for the page, the terminal and the CSV file; and the four ways to make one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rabat_crawler.charts import scale
from rabat_crawler.charts.words import Language, number, period, said

Shape = Literal["stacked", "bars", "line", "histogram"]
MOST_ROWS = 6_000
"""So many periods a CSV file has; a longer time is counted by coarser ones."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is counted: its name for programs ("fr"), its name for people ("French")."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Numbers by position and series. `positions` are years, months, days or classes in order; a number that is missing is 0, in a line None is no value.

    `labels`: names of the positions where they are classes (empty for periods); `edges`: the borders of a histogram's classes, one more than
    classes; `table`: rows for the CSV file where they say more than the values.
    """

    shape: Shape
    title: str
    series: tuple[Series, ...]
    values: Mapping[str, Mapping[str, float | None]]
    positions: tuple[str, ...]
    step: scale.Step | None
    language: Language = "en"
    note: str = ""
    percent: bool = False
    labels: Mapping[str, str] | None = None
    edges: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()

    def value(self, position: str, series: Series) -> float | None:
        """The number at a position: 0 where nothing was counted, None where a line has no value."""
        return self.values.get(position, {}).get(series.key, None if self.shape == "line" else 0)

    def total(self, position: str) -> float:
        """What all series have together at a position."""
        return sum(self.value(position, one) or 0 for one in self.series)

    def label(self, position: str, *, short: bool = False) -> str:
        """The position's name for people, in the chart's language."""
        return self.labels[position] if self.labels is not None else period(position, self.language, short=short)

    def written(self, value: float | None) -> str:
        """A number as the chart's language writes it."""
        return said("unknown", self.language) if value is None else number(value, self.language, percent=self.percent)

    def bounded(self, most: int) -> Chart:
        """The same counts by coarser periods if there are more than `most`; a line keeps its positions (a share cannot be added up)."""
        if self.step is None or len(self.positions) <= most or self.shape == "line":
            return self
        keys = [key for key in self.positions if not key.endswith("x")]
        step = scale.fitting(keys, self.step, most) if keys else self.step
        if step == self.step:
            return self
        counts = {key: {name: value or 0 for name, value in there.items()} for key, there in self.values.items()}
        return replace(self, values=scale.summed(counts, step), positions=scale.without_holes(keys, step), step=step, note=self._grouped(step))

    def _grouped(self, step: scale.Step) -> str:
        return said("and", self.language).join(filter(None, (self.note, said(f"grouped-{step}", self.language))))

    @property
    def description(self) -> str:
        """What the chart shows, in a sentence or two: its span, its highest value, how much of it is empty, its note."""
        if not self.positions or not any(self.total(one) for one in self.positions):
            return " ".join(filter(None, (said("nothing", self.language), self.note)))
        measure = self._highest if self.shape in ("line", "bars") else self.total
        top = max(self.positions, key=measure)
        parts = [said("most", self.language, where=self.label(top), number=self.written(measure(top)))]
        if self.step and len(self.positions) > 1:
            parts.insert(0, said("from", self.language, first=self.label(self.positions[0]), last=self.label(self.positions[-1])))
            empty = sum(1 for one in self.positions if not self.total(one))
            if empty and self.shape != "line":
                parts.append(said("empty", self.language, empty=empty, all=len(self.positions)))
        names = ", ".join(one.label for one in self.series)
        return said("and", self.language).join(filter(None, (names, *parts, self.note.rstrip(".")))) + "."

    def _highest(self, position: str) -> float:
        return max((self.value(position, one) or 0 for one in self.series), default=0)

    def rows(self) -> list[tuple[str, ...]]:
        """The numbers as a table of text: a head, then one row a position, as a program reads them (no thousands' marks, "" for no value)."""
        if self.table:
            return list(self.table)
        chart = self.bounded(MOST_ROWS)
        rows = [(chart.step or "class", *(one.key for one in chart.series))]
        rows += [(position, *(_plain(chart.value(position, one)) for one in chart.series)) for position in chart.positions]
        return rows

    def csv(self) -> str:
        """The rows as CSV (RFC 4180)."""
        out = io.StringIO()
        csv.writer(out).writerows(self.rows())
        return out.getvalue()

    def svg(self, *, width: int = 720, standalone: bool = False, ident: str = "") -> str:
        """The chart as an SVG element `width` units wide (one unit is a pixel at full size).

        Inline it has classes for a style sheet and no style of its own; `standalone` makes a file: title shown, style within. `ident`: what its
        ids begin with (default: made from what it shows), to be given where the same chart stands twice on a page.
        """
        from rabat_crawler.charts.svg import draw

        return draw(self, width=width, standalone=standalone, ident=ident)

    def text(self, *, width: int = 80, ascii_only: bool = False) -> str:
        """The chart for a terminal, in lines of at most `width` columns; `ascii_only` for one that cannot show blocks."""
        from rabat_crawler.charts.terminal import draw

        return draw(self, width=width, ascii_only=ascii_only)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if value != int(value) else str(int(value))


Named = Sequence[tuple[str, str]]


def stacked_bars(counts: Mapping[str, Mapping[str, float]], series: Named, *, title: str, language: Language = "en", note: str = "") -> Chart:
    """Counts by year, month or day, one bar a period, its parts one above the other: `counts["2017-05"]["fr"]`; `series`: (key, label) from the bottom.

    Periods without counts are shown as 0. `note` is a sentence for what the numbers leave out. ValueError for keys that are neither.
    """
    return _over_time("stacked", counts, series, title, language, note)


def bars(counts: Mapping[str, Mapping[str, float]], series: Named, *, title: str, language: Language = "en", note: str = "") -> Chart:
    """Counts by year, month or day, each series in a strip of its own with its own scale, one below the other over the same time. Otherwise as `stacked_bars`."""
    return _over_time("bars", counts, series, title, language, note)


def line(
    values: Mapping[str, Mapping[str, float | None]], series: Named, *, title: str, language: Language = "en", note: str = "", percent: bool = False
) -> Chart:
    """A line a series over years, months or days; a period without a value interrupts it. `percent`: the values are shares from 0 to 100."""
    return _over_time("line", values, series, title, language, note, percent)


def _over_time(
    shape: Shape, values: Mapping[str, Mapping[str, float | None]], series: Named, title: str, language: Language, note: str, percent: bool = False
) -> Chart:
    step = scale.step_of(values)
    named = tuple(Series(key, label) for key, label in series)
    chart = Chart(
        shape=shape, title=title, series=named, values=values, positions=(), step=step, language=language, note=note, percent=percent,
    )  # fmt: skip
    if not values:
        return chart
    fits = scale.fitting(values, step, MOST_ROWS)
    if fits == step:
        return replace(chart, positions=scale.without_holes(values, step))
    if shape == "line":
        return replace(chart, positions=tuple(sorted(values))[-MOST_ROWS:])
    counts = {key: {name: value or 0 for name, value in there.items()} for key, there in values.items()}
    return replace(chart, values=scale.summed(counts, fits), positions=scale.without_holes(values, fits), step=fits, note=chart._grouped(fits))


def histogram(
    classes: Sequence[tuple[str, str, float]], *, title: str, edges: Sequence[str] = (), language: Language = "en", note: str = "", label: str = ""
) -> Chart:
    """How many fall into each class: (key, label, number) in order. `edges`: short names of the classes' borders (one more than classes).

    Without edges the classes are no stretches of one measure (kinds, languages), and are drawn as lying bars. `label` is what is counted.
    """
    return Chart(
        shape="histogram", title=title, series=(Series("number", label),), values={key: {"number": value} for key, _, value in classes},
        positions=tuple(key for key, _, _ in classes), step=None, language=language, note=note, labels={key: name for key, name, _ in classes},
        edges=tuple(edges),
    )  # fmt: skip
