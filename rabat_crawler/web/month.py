"""A month of meetings as a table: weeks with their days, below them one line of cells for each meeting that does not fit beside another. Values only."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rabat_crawler.archive.agenda import Event
from rabat_crawler.calendars import span

MOST_LANES = 12
"""So many meetings of one week stand one below the other; the list below the table has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Some days of a week: those of a meeting, or empty ones (`event` is None). `begins`, `ends`: whether the meeting does so within this week."""

    days: int
    event: Event | None = None
    begins: bool = True
    ends: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Seven days from Monday on, with the lines of cells below them."""

    days: tuple[date, ...]
    lanes: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month with its weeks; `events`: its meetings with known days; `undated`: those of which only the month or year is known."""

    year: int
    number: int
    weeks: tuple[Week, ...]
    events: tuple[Event, ...]
    undated: tuple[Event, ...]

    @property
    def name(self) -> str:
        """The month as ISO 8601: "2017-05"."""
        return f"{self.year:04d}-{self.number:02d}"


def month_of(name: str, events: Sequence[Event]) -> Month:
    """The month ("2017-05") with the meetings that touch it."""
    year, number = int(name[:4]), int(name[5:7])
    first = date(year, number, 1)
    after = (first + timedelta(days=31)).replace(day=1) if (year, number) != (9999, 12) else date.max
    touching = [(event, days) for event in events if (days := span(event.start, event.end)) and days.first < after and days.after > first]
    sure = [(event, days.first, days.after - timedelta(days=1)) for event, days in touching if days.sure]
    weeks = _weeks(year, number)
    return Month(
        year=year,
        number=number,
        weeks=tuple(Week(days=week, lanes=_lanes(week, sure)) for week in weeks),
        events=tuple(event for event, _, _ in sure),
        undated=tuple(event for event, days in touching if not days.sure),
    )


def _weeks(year: int, number: int) -> list[tuple[date, ...]]:
    try:
        return [tuple(week) for week in Calendar().monthdatescalendar(year, number)]
    except (OverflowError, ValueError):  # the first and the last month that there are
        return []


def _lanes(week: tuple[date, ...], events: Sequence[tuple[Event, date, date]]) -> tuple[tuple[Cell, ...], ...]:
    """The meetings of a week in as few lines as there must be, longer and earlier ones above."""
    lanes: list[list[tuple[int, int, Event, bool, bool]]] = []
    there = [(event, first, last) for event, first, last in events if first <= week[-1] and last >= week[0]]
    for event, first, last in sorted(there, key=lambda one: (one[1], -(one[2] - one[1]).days)):
        start, end = max(0, (first - week[0]).days), min(6, (last - week[0]).days)
        lane = next((lane for lane in lanes if lane[-1][1] < start), None)
        if lane is None:
            if len(lanes) == MOST_LANES:
                continue
            lane = []
            lanes.append(lane)
        lane.append((start, end, event, first >= week[0], last <= week[-1]))
    return tuple(_cells(lane) for lane in lanes)


def _cells(lane: list[tuple[int, int, Event, bool, bool]]) -> tuple[Cell, ...]:
    cells, at = [], 0
    for start, end, event, begins, ends in lane:
        if start > at:
            cells.append(Cell(days=start - at))
        cells.append(Cell(days=end - start + 1, event=event, begins=begins, ends=ends))
        at = end + 1
    return (*cells, Cell(days=7 - at)) if at < 7 else tuple(cells)


def months_around(name: str, events: Sequence[Event]) -> dict[str, str]:
    """The months beside ("previous", "next") and the nearest ones with meetings ("earlier", "later"), as far as there are any."""
    year, number = int(name[:4]), int(name[5:7])
    found = {}
    if (year, number) > (1, 1):
        found["previous"] = f"{year - (number == 1):04d}-{(number + 10) % 12 + 1:02d}"
    if (year, number) < (9999, 12):
        found["next"] = f"{year + (number == 12):04d}-{number % 12 + 1:02d}"
    starts = sorted({event.start[:7] for event in events if len(event.start) >= 7})
    earlier, later = [one for one in starts if one < name], [one for one in starts if one > name]
    return {**found, **({"earlier": earlier[-1]} if earlier else {}), **({"later": later[0]} if later else {})}
