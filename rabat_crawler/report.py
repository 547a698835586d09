"""The run report: what a crawl did, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rabat_crawler.models import Run

_COUNTED = (
    ("requests", "requests"),
    ("captures", "captures recorded"),
    ("bytes", "bytes received"),
    ("items_new", "new items"),
    ("versions_new", "new versions"),
    ("items_total", "items in the archive"),
    ("seconds", "seconds"),
)
SHOWN = 12
PLANNED = 40


def run_lines(run: Run) -> list[str]:
    """The report of one run: state, counts, what was folded or skipped and why, failures, messages."""
    counts = run.counts
    lines = [f"run {run.run_id}: {run.status}", f"  site {run.site}, {run.started_at} to {run.finished_at or 'now'}"]
    lines += [f"  {label}: {_number(counts[name])}" for name, label in _COUNTED if name in counts]
    if counts.get("answers"):
        lines.append("  answers: " + ", ".join(f"{status} {number}" for status, number in sorted(counts["answers"].items())))
    for name, label in (("folded", "links folded into others"), ("skipped", "links skipped")):
        lines += _reasons(label, counts.get(name) or {})
    failures = counts.get("failures") or []
    if failures:
        lines.append(f"  failed: {len(failures)}")
        lines += [f"    {failure['url']}: {failure['reason']}" for failure in failures[:SHOWN]]
        if len(failures) > SHOWN:
            lines.append(f"    and {len(failures) - SHOWN} more (rabat-crawler runs --json lists all)")
    return [*lines, *_plan_lines(counts.get("plan") or []), *(f"  {message}" for message in run.messages)]


def _plan_lines(plan: Sequence[Mapping[str, str]]) -> list[str]:
    """What a dry run would fetch first, in order, and how many links the start pages hold in all."""
    wanted = [entry["fetch"] for entry in plan if entry.get("fetch")]
    if not plan:
        return []
    more = [f"    and {len(wanted) - PLANNED} more"] if len(wanted) > PLANNED else []
    return [f"  dry run: of {len(plan)} links on the start pages {len(wanted)} would be fetched:", *(f"    {url}" for url in wanted[:PLANNED]), *more]


def _reasons(label: str, groups: Mapping[str, Any]) -> list[str]:
    if not groups:
        return []
    numbers = {reason: group["count"] if isinstance(group, Mapping) else group for reason, group in groups.items()}
    said = ", ".join(f"{reason} {number}" for reason, number in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])))
    return [f"  {label}: {said}"]


def _number(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
