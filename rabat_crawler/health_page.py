"""The status page: the values of a status as lines of at most 79 columns, fit for a terminal and for mail. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rabat_crawler.wording import one_line

HISTORY = 14
"""So many runs are looked back at."""

SHOWN = 8
WIDTH = 79
LABEL = 14
_STEPS = "_.-=^"
_MARKS = {"done": ".", "done with failures": "f", "breached": "B", "breached, then accepted": ".", "put off": "p", "interrupted": "i", "running": "i"}


def page_lines(values: Mapping[str, Any], now: datetime) -> list[str]:
    """The one page, at most 79 columns wide but for addresses; only what the first line says begins in its first column without a label."""
    lines = textwrap.wrap(values["headline"], WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    for warning in values["warnings"]:
        lines += _labelled("warning", warning)
    lines.append("")
    lines += _run_lines(values, now)
    lines += ["", *_item_lines(values), ""]
    lines += _share_lines(values)
    lines += _address_lines(values)
    disk = values["disk"]
    if disk:
        grows = f", {size_of(disk['growth_bytes'])} more a run" if disk["growth_bytes"] is not None else ""
        lines += _labelled("disk", f"archive {size_of(disk['archive_bytes'])}{grows}; {size_of(disk['free_bytes'])} free")
    for other in values["other_sites"]:
        lines += _labelled("also", f"{other['site']} {other['headline']}")
    return lines


def _labelled(label: str, text: object) -> list[str]:
    """A label and its text, wrapped."""
    first = f"{label:{LABEL}}"
    return textwrap.wrap(
        one_line(text), WIDTH, initial_indent=first, subsequent_indent=" " * LABEL, break_long_words=False, break_on_hyphens=False
    ) or [first.rstrip()]


def _run_lines(values: Mapping[str, Any], now: datetime) -> list[str]:
    lines = []
    running = values["running"]
    if running is not None:
        lines += _labelled("running", f"{running['run_id']}, began {when(moment_of(running['started_at']), now)}, process {values['holder']}")
    elif values["holder"] is not None:
        lines += _labelled("writing", f"process {values['holder']} writes to the archive now")
    for label, name in (("last run", "last_run"), ("last success", "last_success"), ("last news", "last_news")):
        same = name != "last_run" and values[name] is not None and values[name] == values["last_run"]
        lines += _labelled(label, "the same run" if same else _run_said(values[name], now))
    lines += _labelled("next run", when(moment_of(values["next_run"]), now) if values["next_run"] else "none is known to be scheduled")
    if values["runs"]:
        marks = [(_MARKS.get(run["status"], "?"), run["status"]) for run in reversed(values["runs"])]
        legend = ", ".join(f"{mark} {status}" for mark, status in sorted(set(marks)))
        lines += _labelled(f"last {len(marks)} runs" if len(marks) > 1 else "the only run", f"{''.join(mark for mark, _ in marks)} ({legend})")
    if values["pages"]:
        lines += _labelled("pages", ", ".join(f"{number:,} {name.removesuffix('_pages')}" for name, number in values["pages"].items()))
    for breach in values["breach"]:
        lines += _labelled("breach", f"{breach.get('code')}: {breach.get('message')}")
    return lines


def _run_said(run: Mapping[str, Any] | None, now: datetime) -> str:
    if run is None:
        return "none"
    brought = ", ".join(f"{number:,} {code}" for code, number in run["changes"].items()) or "no news"
    return f"{when(moment_of(run['finished_at'] or run['started_at']), now)}, {run['status']}, {brought}"


def _item_lines(values: Mapping[str, Any]) -> list[str]:
    """The table of items: now, the median of the runs before, the change, the trend."""
    rows = [("items", values["items"])]
    for group in ("by_kind", "by_language"):
        ordered = sorted(values[group].items(), key=lambda pair: (-(pair[1]["now"] or 0), pair[0]))
        rows += [(f"  {name[: LABEL - 3]}", figure) for name, figure in ordered[:SHOWN]]
    before = len(values["items"]["trend"])
    trend = f"trend ({plural(before, 'run')} before, now)" if before else ""
    head = f"{'':{LABEL}}{'now':>9}{'median':>10}{'change':>9}  {trend}"
    return [head.rstrip(), *(_row(name, figure) for name, figure in rows)]


def _row(name: str, figure: Mapping[str, Any]) -> str:
    trend = _trend([*figure["trend"], figure["now"]]) if figure["trend"] and figure["now"] is not None else ""
    return f"{name:{LABEL}}{_cell(figure['now']):>9}{_cell(figure['median']):>10}{_cell(figure['change'], sign='+'):>9}  {trend}".rstrip()


def _cell(value: float | None, sign: str = "") -> str:
    return "-" if value is None else "0" if not value else f"{value:{sign},.1f}".removesuffix(".0")


def _trend(numbers: Sequence[float]) -> str:
    """One character a number, from the lowest `_` to the highest `^`; equal ones give a flat line."""
    low, high = min(numbers), max(numbers)
    return "".join(_STEPS[round((number - low) / (high - low) * (len(_STEPS) - 1))] if high > low else "-" for number in numbers)


def _share_lines(values: Mapping[str, Any]) -> list[str]:
    shares = [f"{name} {_share(figure)}" for name, figure in values["fill"].items()]
    lines = _labelled("filled", "; ".join(shares))
    lines += _labelled("fallback", f"pages read by the fallback: {_share(values['fallback_share'])}")
    coverage = values["coverage"]
    if coverage:
        said = ", ".join(f"{name} {_cell(coverage.get(name))}" for name in ("listed", "fetched", "stored"))
        lines += _labelled("coverage", said)
    return lines


def _share(figure: Mapping[str, Any]) -> str:
    if figure["now"] is None:
        return "not known"
    before = f" (median {_percent(figure['median'])})" if figure["median"] is not None else ""
    return _percent(figure["now"]) + before


def _percent(share: float) -> str:
    """Rounded, but never to a whole 100 or 0 that it is not."""
    return f"{100 * share:.1f} %" if 0.99 < share < 1 or 0 < share < 0.01 else f"{100 * share:.0f} %"


def _address_lines(values: Mapping[str, Any]) -> list[str]:
    lines = []
    skipped = {reason: group["count"] if isinstance(group, Mapping) else group for reason, group in values["skipped"].items()}
    if skipped:
        ordered = sorted(skipped.items(), key=lambda pair: (-pair[1], pair[0]))
        more = f", {len(ordered) - SHOWN} more reasons" if len(ordered) > SHOWN else ""
        lines += _labelled("skipped", ", ".join(f"{reason} {number:,}" for reason, number in ordered[:SHOWN]) + more)
    lines += _labelled("failed", f"{values['failed']:,} addresses" if values["failed"] else "none")
    for failure in values["failures"][:SHOWN]:
        lines += _labelled("", f"{failure.get('url')}: {one_line(failure.get('reason'), 200)}")
    if values["failed"] > SHOWN:
        lines += _labelled("", f"and {values['failed'] - SHOWN:,} more: rabat-crawler urls --state failed")
    return lines


# Times and sizes ---------------------------------------------------------------------------------------------------------------


def moment_of(text: str | None) -> datetime | None:
    """The moment, aware UTC; None if there is none or it cannot be read."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return None if found is None else found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def stamp(moment: datetime | None) -> str | None:
    """The moment as ISO 8601 UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def when(moment: datetime | None, now: datetime) -> str:
    """The moment, and how long ago or in how long: "2026-01-05 02:31 UTC (8 h ago)"."""
    if moment is None:
        return "at a time not known"
    distance = abs((now - moment).total_seconds())
    for seconds, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if distance >= (2 if unit == "days" else 1) * seconds:
            said = f"{int(distance // seconds)} {unit}"
            break
    else:
        said = "less than a minute"
    return f"{moment:%Y-%m-%d %H:%M} UTC ({f'in {said}' if moment > now else f'{said} ago'})"


def size_of(number: float) -> str:
    """A number of bytes for people: "1.2 GB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(number) < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" or abs(number) >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def plural(number: int, word: str) -> str:
    """The number and the word, in the plural unless it is one."""
    return f"{number:,} {word}{'' if number == 1 else 'es' if word.endswith('s') else 's'}"
