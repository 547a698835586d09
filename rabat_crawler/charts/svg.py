"""Charts as SVG: no script, no style attribute; classes with a plain colour beside each, so that a style sheet can change them and none is needed.

Deterministic, and bounded: more periods than a chart has room for are drawn by coarser ones.
"""

from __future__ import annotations

import html
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rabat_crawler.charts import scale
from rabat_crawler.charts.chart import Chart, Series
from rabat_crawler.charts.style import LIGHT, STYLE
from rabat_crawler.charts.words import period, said

__all__ = ["STYLE", "draw"]

NARROWEST_BAR, WIDEST_BAR = 2.4, 56.0
"""A period has at least so many units (with less, periods are put together), its bar at most so many."""
MOST_SERIES = 18
FEWEST_DAYS = 5
"""A month or year of which no more of its positions are shown has no label, unless it is wide enough for it."""
FONT, SMALL = 12, 11

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NARROW = frozenset("ijltfrI.,:;'’|!()[] \u202f")
_WEAVES = (
    "",
    '<path class="chart-weave" d="M0 0V6" stroke="#fff" stroke-width="1.3"/>',
    '<circle class="chart-weave" cx="2" cy="2" r="1" fill="#fff" stroke="none"/>',
    '<path class="chart-weave" d="M0 3H6M3 0V6" stroke="#fff" stroke-width="0.9"/>',
    '<path class="chart-weave" d="M0 2H6" stroke="#fff" stroke-width="1.3"/>',
    '<path class="chart-weave" d="M0 0V6" stroke="#fff" stroke-width="3"/>',
)
_TURNED = (0, 45, 0, 45, 0, 135)


def escaped(text: str) -> str:
    """Text as it may stand in an SVG element or attribute."""
    return html.escape(_FORBIDDEN.sub("\ufffd", text))


def short(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0").replace("-0", "0") if -0.05 < value < 0 else f"{value:.1f}".removesuffix(".0")


def extent(text: str, size: float = FONT) -> float:
    """About how wide a text is in units, rather too wide than too narrow."""
    return sum(0.34 if c in _NARROW else 0.86 if c in "mwMWŒœ%" else 0.66 if c.isupper() else 0.56 for c in text) * size


@dataclass(frozen=True, slots=True)
class _Area:
    """Where the bars or lines stand: left and right edge, top and bottom, in units."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    def height_of(self, value: float, top: float) -> float:
        return (self.bottom - self.top) * value / top if top else 0


def draw(chart: Chart, *, width: int, standalone: bool, ident: str) -> str:
    """The chart as an SVG element, or as a file that stands alone."""
    width = max(240, min(width, 4000))
    shown = chart.bounded(int((width - 60) / NARROWEST_BAR))
    name = ident or f"chart-{zlib.crc32(repr((chart.title, chart.shape, chart.series, chart.language, width)).encode('utf-8', 'replace')):08x}"
    pen = _Pen(shown, width, name, standalone)
    body = "".join(pen.parts())
    space = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    size = f' width="{width}" height="{short(pen.height)}"'
    head = (
        f'<svg{space} class="chart chart-{shown.shape}" viewBox="0 0 {width} {short(pen.height)}"{size} role="img" '
        f'aria-labelledby="{name}-t {name}-d" lang="{shown.language}" font-size="{FONT}">'
    )
    style = f"<style>{STYLE}</style>" if standalone else ""
    titles = f'<title id="{name}-t">{escaped(shown.title)}</title><desc id="{name}-d">{escaped(shown.description)}</desc>'
    return f"{head}{titles}{style}{pen.weaves()}{body}</svg>" + ("\n" if standalone else "")


class _Pen:
    """Draws one chart from the top down; `height` is known once `parts` is used up."""

    def __init__(self, chart: Chart, width: int, name: str, standalone: bool) -> None:
        self.chart, self.width, self.name, self.standalone = chart, width, name, standalone
        self.series = chart.series[:MOST_SERIES]
        self.height = 0.0

    def parts(self) -> Iterator[str]:
        chart = self.chart
        y = 4.0
        if self.standalone:
            yield f'<text class="chart-title" x="4" y="{short(y + 14)}" font-size="16" fill="#1d2430">{escaped(chart.title)}</text>'
            y += 28
        if not chart.positions:
            yield self._words(4, y + 16, said("nothing", chart.language), "soft")
            self.height = y + 28
            return
        if chart.shape in ("stacked", "line") and (len(self.series) > 1 or self.series[0].label):
            parts, y = self._legend(y)
            yield from parts
        if chart.shape == "histogram" and not chart.edges:
            yield from self._lying(y)
        elif chart.shape == "bars":
            yield from self._strips(y)
        elif chart.shape == "line":
            yield from self._lines(y)
        else:
            yield from self._columns(y)

    # -- textures, words, legend

    def weaves(self) -> str:
        """A texture for each series but the first, so that colour is not the only sign."""
        if self.chart.shape != "stacked" or len(self.series) < 2:
            return ""
        found = []
        for number in range(1, len(self.series)):
            kind = (number + number // len(LIGHT)) % len(_WEAVES)
            size, turn = (4, "") if _TURNED[kind] == 0 else (6, f' patternTransform="rotate({_TURNED[kind]})"')
            found.append(
                f'<pattern id="{self.name}-p{number}" width="{size}" height="{size}" patternUnits="userSpaceOnUse"{turn}>'
                f'<rect {_colour(number)} width="{size}" height="{size}"/>{_WEAVES[kind]}</pattern>'
            )
        return f"<defs>{''.join(found)}</defs>"

    def _paint(self, number: int) -> str:
        """What fills the bars of a series."""
        return f'fill="url(#{self.name}-p{number})"' if number and self.chart.shape == "stacked" else _colour(number)

    def _words(self, x: float, y: float, text: str, kind: str = "text", anchor: str = "", size: int = 0) -> str:
        colour = "#1d2430" if kind == "text" else "#565f6d"
        more = (f' text-anchor="{anchor}"' if anchor else "") + (f' font-size="{size}"' if size else "")
        return f'<text class="chart-{kind}" x="{short(x)}" y="{short(y)}" fill="{colour}"{more}>{escaped(text)}</text>'

    def _legend(self, y: float) -> tuple[list[str], float]:
        parts, x = [], 4.0
        for number, one in enumerate(self.series):
            wide = 20 + extent(one.label) + 16
            if x > 4 and x + wide > self.width:
                x, y = 4.0, y + 20
            if self.chart.shape == "line":
                parts.append(f'<path d="M{short(x)} {short(y + 7)}h16" {_stroke(number)}/>{_mark(x + 8, y + 7, number)}')
            else:
                parts.append(f'<rect x="{short(x)}" y="{short(y + 1)}" width="13" height="13" {self._paint(number)}/>')
            parts.append(self._words(x + 20, y + 11.5, one.label))
            x += wide
        return parts, y + 26

    # -- axes

    def _value_axis(self, area: _Area, marks: tuple[float, ...]) -> Iterator[str]:
        """Fine lines across, the numbers at the left."""
        for mark in marks:
            y = area.bottom - area.height_of(mark, marks[-1])
            kind, colour = ("axis", "#565f6d") if mark == 0 else ("rule", "#dcdfe4")
            yield f'<path class="chart-{kind}" d="M{short(area.left)} {short(y)}H{short(area.right)}" stroke="{colour}" stroke-width="1"/>'
            yield self._words(area.left - 6, y + 4, self.chart.written(mark), "soft", "end", SMALL)

    def _margin(self, marks: tuple[float, ...]) -> float:
        return max(extent(self.chart.written(mark), SMALL) for mark in marks) + 10

    def _time_axis(self, area: _Area) -> Iterator[str]:
        """Labels below: years where there are years, months only where a year is all there is."""
        chart, band = self.chart, area.width / len(self.chart.positions)
        for at, wide, text in _time_labels(chart, band):
            x = area.left + at
            if chart.step in ("month", "day") and wide > band:
                yield f'<path class="chart-axis" d="M{short(x)} {short(area.bottom)}v5" stroke="#565f6d" stroke-width="1"/>'
            centre = min(max(x + wide / 2, area.left + extent(text, SMALL) / 2 - 8), area.right - extent(text, SMALL) / 2 + 6)
            yield self._words(centre, area.bottom + 17, text, "soft", "middle", SMALL)

    # -- the four shapes

    def _columns(self, y: float) -> Iterator[str]:
        """Stacked bars, or a histogram with edges."""
        chart = self.chart
        marks = scale.ticks(max(chart.total(one) for one in chart.positions), whole=True)
        area = _Area(self._margin(marks), self.width - 8, y + 8, y + 8 + self._tall())
        yield from self._value_axis(area, marks)
        band = area.width / len(chart.positions)
        room = band * 0.18 if band > 5 else 0.6
        room = 1 if chart.edges else max(room, band - WIDEST_BAR)
        for index, position in enumerate(chart.positions):
            x, floor, rects = area.left + index * band + room / 2, area.bottom, []
            for number, one in enumerate(self.series):
                tall = area.height_of(chart.value(position, one) or 0, marks[-1])
                if tall > 0:
                    floor -= tall
                    rects.append(_rect(x, floor, band - room, tall - (0.7 if tall > 2 else 0), self._paint(number)))
            if rects:
                yield self._bar(position, self.series, "".join(rects))
        if chart.edges:
            yield from self._edges(area, band)
        else:
            yield from self._time_axis(area)
        self.height = area.bottom + 26

    def _strips(self, y: float) -> Iterator[str]:
        """One strip of bars a series, over one axis of time."""
        chart = self.chart
        tops = [scale.ticks(max(chart.value(one, series) or 0 for one in chart.positions), most=3) for series in self.series]
        left = max(self._margin(marks) for marks in tops)
        tall = self._tall() * (0.55 if len(self.series) > 1 else 0.8)
        for number, (series, marks) in enumerate(zip(self.series, tops, strict=True)):
            area = _Area(left, self.width - 8, y + 26, y + 26 + tall)
            yield f'<rect x="4" y="{short(y + 2)}" width="10" height="10" {_colour(number)}/>' + self._words(20, y + 11.5, series.label)
            yield from self._value_axis(area, marks)
            band = area.width / len(chart.positions)
            room = max(band * 0.3 if band > 5 else 0.6, band - WIDEST_BAR)
            for index, position in enumerate(chart.positions):
                height = area.height_of(chart.value(position, series) or 0, marks[-1])
                if height > 0:
                    rect = _rect(area.left + index * band + room / 2, area.bottom - height, band - room, height, _colour(number))
                    yield self._bar(position, (series,), rect)
            y = area.bottom + 16
        yield from self._time_axis(area)
        self.height = area.bottom + 26

    def _lines(self, y: float) -> Iterator[str]:
        chart = self.chart
        marks = scale.ticks(max((chart.value(p, s) or 0 for p in chart.positions for s in self.series), default=0), whole=not chart.percent)
        area = _Area(self._margin(marks), self.width - 8, y + 8, y + 8 + self._tall())
        yield from self._value_axis(area, marks)
        band = area.width / len(chart.positions)
        for number, one in enumerate(self.series):
            yield from self._line(area, band, marks[-1], number, one)
        yield from self._time_axis(area)
        self.height = area.bottom + 26

    def _line(self, area: _Area, band: float, top: float, number: int, series: Series) -> Iterator[str]:
        path, dots, going = [], [], False
        for index, position in enumerate(self.chart.positions):
            value = self.chart.value(position, series)
            if value is None:
                going = False
                continue
            x, y = area.left + (index + 0.5) * band, area.bottom - area.height_of(value, top)
            path.append(f"{'L' if going else 'M'}{short(x)} {short(y)}")
            going = True
            if band >= 7:
                dots.append(self._bar(position, (series,), _mark(x, y, number)))
        yield f'<path d="{"".join(path)}" {_stroke(number)}/>' + "".join(dots)

    def _lying(self, y: float) -> Iterator[str]:
        """Lying bars for classes that are no stretches of a measure, the label before and the number behind each."""
        chart, series = self.chart, self.series[0]
        left = min(max(extent(chart.label(one)) for one in chart.positions) + 12, self.width * 0.42)
        most = max(chart.total(one) for one in chart.positions)
        room = self.width - left - 14 - extent(chart.written(most))
        top = y
        for position in chart.positions:
            value = chart.value(position, series) or 0
            wide = room * value / most if most else 0
            yield self._words(left - 8, y + 14, _cut(chart.label(position), left - 10), "text", "end")
            yield self._bar(position, self.series, _rect(left, y + 3, max(wide, 0.8 if value else 0), 15, _colour(0)))
            yield self._words(left + wide + 6, y + 14.5, chart.written(value), "soft", size=SMALL)
            y += 24
        yield f'<path class="chart-axis" d="M{short(left)} {short(top)}V{short(y)}" stroke="#565f6d" stroke-width="1"/>'
        self.height = y + 6

    def _edges(self, area: _Area, band: float) -> Iterator[str]:
        """The borders' names below a histogram; those that would touch the one before are left out."""
        free = -1e9
        for index, text in enumerate(self.chart.edges):
            x, wide = area.left + index * band, extent(text, SMALL)
            yield f'<path class="chart-axis" d="M{short(x)} {short(area.bottom)}v4" stroke="#565f6d" stroke-width="1"/>'
            if text and x - wide / 2 > free:
                anchor = "end" if x + wide / 2 > self.width else "middle"
                yield self._words(x, area.bottom + 17, text, "soft", anchor, SMALL)
                free = x + wide / 2 + 3

    def _bar(self, position: str, series: tuple[Series, ...], drawn: str) -> str:
        """What is drawn for a position, with what it stands for as a tooltip."""
        chart = self.chart
        counts = ", ".join(
            filter(None, (f"{one.label} {chart.written(chart.value(position, one))}".strip() for one in series if chart.value(position, one)))
        )
        tip = f"{chart.label(position)}{said('is', chart.language)}{counts or 0}"
        return f'<g class="chart-bar"><title>{escaped(tip)}</title>{drawn}</g>'

    def _tall(self) -> float:
        """How high the area is: flatter on a wide chart."""
        return min(230.0, max(150.0, self.width * 0.3))


def _time_labels(chart: Chart, band: float) -> Iterator[tuple[float, float, str]]:
    """(offset, width of what it stands for, text) of the labels below an axis of time, as many as there is room for."""
    positions = chart.positions
    if chart.step == "month" and len(positions) > 18:
        yield from _grouped_labels(positions, band, 4, {one[:4]: one[:4] for one in positions})
        return
    if chart.step == "day" and len(positions) > 45:
        days = Counter(one[:7] for one in positions)
        first = next((one for one, count in days.items() if count > FEWEST_DAYS), "")
        yield from _grouped_labels(positions, band, 7, {one: _with_year(chart, one, one == first) for one in days})
        return
    texts = [_with_year(chart, one, not index) for index, one in enumerate(positions)]
    every = _every(band, max(extent(text, SMALL) for text in texts) + 8)
    for index in range(0, len(positions), every):
        yield index * band, band, texts[index]


def _grouped_labels(positions: tuple[str, ...], band: float, letters: int, texts: dict[str, str]) -> Iterator[tuple[float, float, str]]:
    """One label for all positions that begin alike (a year, a month)."""
    groups: dict[str, list[int]] = {}
    for index, position in enumerate(positions):
        groups.setdefault(position[:letters], []).append(index)
    widest = max(extent(text, SMALL) for text in texts.values())
    every = _every(band * max(len(indexes) for indexes in groups.values()), widest + 10)
    for number, (key, indexes) in enumerate(groups.items()):
        counted = int(key) if letters == 4 else number
        if counted % every == 0 and (len(indexes) > FEWEST_DAYS or len(indexes) * band > extent(texts[key], SMALL) + 6):
            yield indexes[0] * band, len(indexes) * band, texts[key]


def _with_year(chart: Chart, position: str, first: bool) -> str:
    """A short label, with the year where a new one begins."""
    text = period(position, chart.language, short=True)
    new = position.endswith("-01") and (len(position) == 7 or position[5:] == "01-01")
    return f"{text} {position[:4]}" if len(position) > 4 and (first or new) and not position.endswith("x") else text


def _every(band: float, needed: float) -> int:
    """Only each n-th label has room: 1, 2, 5, 10, 20 ..."""
    return next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 10_000) if band * step >= needed or step == 10_000)


def _cut(text: str, room: float) -> str:
    if extent(text) <= room:
        return text
    while text and extent(text + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _rect(x: float, y: float, width: float, height: float, paint: str) -> str:
    return f'<rect x="{short(x)}" y="{short(y)}" width="{width:.2f}" height="{height:.2f}" {paint}/>'


def _colour(number: int) -> str:
    return f'class="chart-{number % len(LIGHT) + 1}" fill="{LIGHT[number % len(LIGHT)]}"'


_DASHES = ("", ' stroke-dasharray="7 3"', ' stroke-dasharray="2 3"', ' stroke-dasharray="9 3 2 3"')


def _stroke(number: int) -> str:
    colour = number % len(LIGHT)
    dashes = _DASHES[number % len(_DASHES)]
    return f'class="chart-line-{colour + 1}" fill="none" stroke="{LIGHT[colour]}" stroke-width="2" stroke-linejoin="round"{dashes}'


def _mark(x: float, y: float, number: int) -> str:
    """A series' own shape of point: disc, square, diamond, triangle."""
    paint = _colour(number)
    if number % 4 == 0:
        return f'<circle cx="{short(x)}" cy="{short(y)}" r="3.4" {paint}/>'
    path = ("", "m-3-3h6v6h-6z", "m0-4.4 4.4 4.4-4.4 4.4-4.4-4.4z", "m0-4 4 7h-8z")[number % 4]
    return f'<path d="M{short(x)} {short(y)}{path}" {paint}/>'
