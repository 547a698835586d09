"""When which text of an item stood, as places on a line: the figures of a drawing, without colours or words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

WIDTH = 640
LEAST = 6
"""A span of a single capture is still to be seen."""
ROW, BAR, LEFT, TOP = 26, 12, 34, 6
ROOM_OF_MARK = 60
"""So many units of width a year's number needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A span of time of one version; `number` counts versions from 1."""

    number: int
    x: float
    y: float
    width: float
    first: str
    last: str
    captures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A date on the axis: an ISO prefix and where it stands. `anchor` is how its words lie to it (start, middle, end)."""

    x: float
    value: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A drawing of `width` by `height` units: bars in rows, one a version, and marks below them at `axis`."""

    width: int
    height: int
    axis: int
    rows: tuple[tuple[int, float], ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


def draw(spans: Sequence[tuple[int, str, str, int]], width: int = WIDTH) -> Timeline | None:
    """The timeline of spans (version's number, first and last time in ISO 8601, captures), so many units wide; None without any."""
    if not spans:
        return None
    times = [(number, _moment(first), _moment(last), captures, first, last) for number, first, last, captures in spans]
    start, end = min(one[1] for one in times), max(one[2] for one in times)
    numbers = sorted({one[0] for one in times})
    rows = {number: TOP + at * ROW for at, number in enumerate(numbers)}
    place = partial(_x, start, end, width)
    axis = TOP + len(numbers) * ROW + 2
    bars = tuple(
        Bar(number=number, x=place(first), y=rows[number], width=_width(place(first), place(last)), first=raw, last=other, captures=captures)
        for number, first, last, captures, raw, other in times
    )
    named = tuple((number, y + BAR - 2.0) for number, y in rows.items())
    return Timeline(width=LEFT + width, height=axis + 20, axis=axis, rows=named, bars=bars, marks=tuple(_marks(start, end, width)))


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone(UTC)


def _x(start: datetime, end: datetime, width: int, moment: datetime) -> float:
    whole = (end - start).total_seconds()
    return round(LEFT + (width - LEAST) * ((moment - start).total_seconds() / whole if whole else 0.0), 1)


def _width(first: float, last: float) -> float:
    return round(max(LEAST, last - first + LEAST), 1)


def _marks(start: datetime, end: datetime, width: int) -> list[Mark]:
    """Both ends if they are near each other, else the years between them, not more than can be read."""
    years = list(range(start.year + 1, end.year + 1))
    if end - start < timedelta(days=2):
        return [Mark(x=LEFT, value=start.date().isoformat(), anchor="start")]
    if len(years) < 2:
        return [
            Mark(x=LEFT, value=start.date().isoformat(), anchor="start"),
            Mark(x=LEFT + width, value=end.date().isoformat(), anchor="end"),
        ]
    step = -(-len(years) // max(2, width // ROOM_OF_MARK))
    return [Mark(x=_x(start, end, width, datetime(year, 1, 1, tzinfo=UTC)), value=str(year)) for year in years[::step]]
