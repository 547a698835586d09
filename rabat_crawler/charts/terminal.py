"""Charts as text for a terminal: bars of blocks, months as a table of years; plain letters where blocks cannot be shown."""

from __future__ import annotations

import unicodedata

from rabat_crawler.charts.chart import Chart
from rabat_crawler.charts.words import SHORT_MONTHS, said

MOST_LINES = 60
"""So many lines a chart has at most; more periods are put together."""
_BLOCKS, _LETTERS = "█▒░▓▞▚", "#=-+o:"
_PARTS = " ▏▎▍▌▋▊▉"
_LEVELS, _PLAIN_LEVELS = "▁▂▃▄▅▆▇█", "123456789"
_SPACES = str.maketrans({"\u202f": " ", "\u00a0": " "})
_SIGNS = str.maketrans({"…": "...", "–": "-", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "œ": "oe", "æ": "ae"})


def draw(chart: Chart, *, width: int, ascii_only: bool) -> str:
    """The chart in lines of at most `width` columns (at least 40)."""
    width = max(40, width)
    shown = chart if chart.step == "month" and chart.shape == "stacked" else chart.bounded(MOST_LINES)
    lines = [shown.title]
    if not shown.positions:
        lines.append(said("nothing", shown.language))
    elif shown.step == "month" and shown.shape == "stacked" and len({one[:4] for one in shown.positions}) <= MOST_LINES:
        lines += _years(shown, width, ascii_only)
    else:
        shown = shown.bounded(MOST_LINES)
        lines += _bars(shown, width, ascii_only)
    if shown.note:
        lines.append(shown.note)
    text = "\n".join(line.rstrip() for line in lines).translate(_SPACES)
    return _ascii(text) if ascii_only else text


def _ascii(text: str) -> str:
    """The text in ASCII: accents left out, signs by near ones, anything else a question mark."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text.translate(_SIGNS)) if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode()


def _legend(chart: Chart, ascii_only: bool) -> list[str]:
    signs = _LETTERS if ascii_only else _BLOCKS
    if chart.shape != "stacked" or len(chart.series) < 2:
        return []
    return ["  ".join(f"{signs[number % len(signs)]} {one.label}" for number, one in enumerate(chart.series))]


def _bars(chart: Chart, width: int, ascii_only: bool) -> list[str]:
    """A line a position: label, number, bar; series beside each other where each has its own scale."""
    labels = {one: chart.label(one) for one in chart.positions}
    wide = min(max(len(label) for label in labels.values()), width // 2)
    if chart.shape == "stacked":
        return [*_legend(chart, ascii_only), *_stacked_lines(chart, labels, wide, width, ascii_only)]
    columns = []
    for series in chart.series:
        values = [chart.value(one, series) for one in chart.positions]
        texts = ["-" if value is None else chart.written(value) for value in values]
        columns.append((series.label, values, texts, max(len(text) for text in texts)))
    room = max(4, (width - wide - sum(column[3] + 3 for column in columns)) // len(columns) - 1)
    top = max((value or 0 for column in columns for value in column[1]), default=0)
    lines = []
    if len(columns) > 1 or columns[0][0]:
        lines.append(" " * wide + "".join("  " + column[0][: column[3] + 1 + room].ljust(column[3] + 1 + room) for column in columns))
    for index, position in enumerate(chart.positions):
        line = labels[position][:wide].ljust(wide)
        for _, values, texts, digits in columns:
            own = max((value or 0 for value in values), default=0) if chart.shape == "bars" else top
            line += f"  {texts[index].rjust(digits)} {_bar(values[index] or 0, own, room, ascii_only)}"
        lines.append(line)
    return lines


def _stacked_lines(chart: Chart, labels: dict[str, str], wide: int, width: int, ascii_only: bool) -> list[str]:
    most = max(chart.total(one) for one in chart.positions)
    digits = max(len(chart.written(chart.total(one))) for one in chart.positions)
    room = width - wide - digits - 4
    return [
        f"{labels[one][:wide].ljust(wide)}  {chart.written(chart.total(one)).rjust(digits)}  {_stacked_bar(chart, one, most, room, ascii_only)}"
        for one in chart.positions
    ]


def _years(chart: Chart, width: int, ascii_only: bool) -> list[str]:
    """A line a year: a step for each month, the year's total, and its bar by series."""
    years = sorted({one[:4] for one in chart.positions})
    most = max(chart.total(one) for one in chart.positions)
    yearly = chart.bounded(1) if len(years) == 1 else _by_year(chart)
    top = max(yearly.total(year) for year in years)
    digits = max(len(chart.written(top)), len(said("total", chart.language)))
    head = "      " + " ".join(name[0].upper() for name in SHORT_MONTHS[chart.language]) + "  " + said("total", chart.language).rjust(digits)
    lines = [*_legend(chart, ascii_only), head]
    room = width - len(head) - 2
    there = set(chart.positions)
    for year in years:
        cells = [_level(chart, f"{year}-{month:02d}", there, most, ascii_only) for month in range(1, 13)]
        bar = _stacked_bar(yearly, year, top, room, ascii_only) if room >= 8 else ""
        lines.append(f"{year}  {' '.join(cells)}  {chart.written(yearly.total(year)).rjust(digits)}  {bar}")
    return lines


def _by_year(chart: Chart) -> Chart:
    years = len({one[:4] for one in chart.positions})
    return chart.bounded(years)


def _level(chart: Chart, month: str, there: set[str], most: float, ascii_only: bool) -> str:
    """One month as a step of eight (or a digit up to 9); a point for none, a blank outside the span."""
    if month not in there:
        return " "
    value = chart.total(month)
    if not value:
        return "." if ascii_only else "·"
    levels = _PLAIN_LEVELS if ascii_only else _LEVELS
    return levels[min(len(levels) - 1, int(len(levels) * (value - 1e-9) / most))]


def _bar(value: float, most: float, room: int, ascii_only: bool) -> str:
    if not most or value <= 0:
        return " " * room
    eighths = max(1, round(room * 8 * value / most))
    if ascii_only:
        return ("#" * max(1, round(eighths / 8))).ljust(room)
    return ("█" * (eighths // 8) + (_PARTS[eighths % 8] if eighths % 8 else "")).ljust(room)


def _stacked_bar(chart: Chart, position: str, most: float, room: int, ascii_only: bool) -> str:
    signs = _LETTERS if ascii_only else _BLOCKS
    bar, sum_so_far = "", 0.0
    for number, series in enumerate(chart.series):
        sum_so_far += chart.value(position, series) or 0
        bar += signs[number % len(signs)] * (round(room * sum_so_far / most) - len(bar) if most else 0)
    return bar
