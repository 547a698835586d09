"""The run report: what a crawl did and what changed, in lines for people and for mail. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rabat_crawler.changes import CODES
from rabat_crawler.health import Status
from rabat_crawler.models import Run
from rabat_crawler.wording import diff_lines, marked_diff, one_line

_COUNTED = (
    ("requests", "requests"),
    ("captures", "captures recorded"),
    ("planned", "captures planned"),
    ("fetched", "captures fetched"),
    ("revisits", "captures recorded without a request, for their bytes were held"),
    ("held_already", "captures held already"),
    ("bytes", "bytes received"),
    ("items_new", "new items"),
    ("versions_new", "new versions"),
    ("items_total", "items in the archive"),
    ("seconds", "seconds"),
)
_IF_ANY = (
    ("bad", "captures of something else than the page (kept, not read as items)"),
    ("altered", "bodies that are not the original's byte for byte"),
    ("truncated", "captures cut short"),
    ("broken_rows", "rows of the index that could not be read"),
)
_PAGES = (
    ("asked", "pages asked"),
    ("unchanged", "unchanged"),
    ("changed", "changed"),
    ("gone_pages", "gone"),
    ("new_pages", "new"),
)
_HEADINGS = {"changed": "changed items", "moved": "moved to another address", "gone": "gone from the site", "returned": "back on the site"}
_WORDED = ("title", "summary")
"""Fields shown as a word diff; of the others the old and the new value are shown."""

SHOWN = 12
PLANNED = 40
TITLE = 300
VALUE = 200
WIDTH = 78
MAX_TEXT = 1_000_000
"""Two texts of more characters than this are not compared: the report must not wait for it."""

Texts = Mapping[str, str]
"""Texts by version id, for the word diffs of a report."""


def run_lines(run: Run, texts: Texts | None = None) -> list[str]:
    """The report of one run: state, counts, breaches, changes (with `texts` their word diffs), what was folded or skipped and why, failures, messages."""
    counts = run.counts
    lines = [f"run {run.run_id}: {run.status}", f"  site {run.site}, {run.started_at} to {run.finished_at or 'now'}"]
    if counts.get("resumes"):
        lines.append(f"  goes on with the interrupted run {one_line(counts['resumes'])}")
    lines += [f"  {label}: {_number(counts[name])}" for name, label in _COUNTED if name in counts]
    lines += [f"  {label}: {_number(counts[name])}" for name, label in _IF_ANY if counts.get(name)]
    if counts.get("answers"):
        lines.append("  answers: " + ", ".join(f"{status} {number}" for status, number in sorted(counts["answers"].items())))
    lines += _page_lines(counts)
    lines += _breach_lines(run)
    left_out = "captures left out" if run.spider == "backfill" else "links skipped"
    for name, label in (("folded", "links folded into others"), ("skipped", left_out)):
        lines += _reasons(label, counts.get(name) or {})
    lines += _failure_lines(run)
    lines += _plan_lines(counts.get("plan") or [])
    lines += [f"  {one_line(message)}" for message in run.messages]
    return [*lines, *(f"  {line}".rstrip() for line in change_lines(run, texts))]


def mail_body(run: Run | None, status: Status, texts: Texts | None = None) -> str:
    """The nightly mail as plain text: a first line fit for a subject, what broke or changed, then the health of the archive. `run` is None before the first."""
    lines = [status.headline]
    if run is not None:
        lines += ["", f"Run {run.run_id}: {run.status}", *_breach_lines(run), *_failure_lines(run), "", *change_lines(run, texts)]
    return "\n".join([*lines, "", "Health", "", *status.lines, ""])


# Pages, breaches, failures -----------------------------------------------------------------------------------------------------


def _page_lines(counts: Mapping[str, Any]) -> list[str]:
    lines = []
    pages = ", ".join(f"{_number(counts[name])} {label}" for name, label in _PAGES if name in counts)
    if pages:
        lines.append(f"  pages: {pages}")
    states = ", ".join(f"{one_line(name).replace('_', ' ')} {_number(number)}" for name, number in sorted((counts.get("states") or {}).items()))
    if states:
        lines.append(f"  {'listed captures' if 'listed' in counts else 'addresses'}: {states}")
    if counts.get("carried_over"):
        lines.append(f"  left for the next run: {_number(counts['carried_over'])} addresses (the night's budget was used up)")
    return lines


def _breach_lines(run: Run) -> list[str]:
    found = run.counts.get("breach") or []
    lines = [f"  BREACH {one_line(one.get('code'), 40)}: {one_line(one.get('message'), 500)}" for one in found]
    if run.counts.get("held"):
        lines.append(f"  its changes are held back; look at them, then let them in: rabat-crawler accept {run.run_id}")
    return lines


def _failure_lines(run: Run) -> list[str]:
    failures = run.counts.get("failures") or []
    if not failures:
        return []
    number = max(len(failures), run.counts.get("failed", 0))
    lines = [f"  failed: {_number(number)}", *(f"    {one_line(failure['url'])}: {one_line(failure['reason'], 500)}" for failure in failures[:SHOWN])]
    return [*lines, f"    and {_number(number - SHOWN)} more ({_all_of(run)} lists all)"] if number > SHOWN else lines


def _all_of(run: Run) -> str:
    return f"rabat-crawler runs show {run.run_id} --json"


# Changes -----------------------------------------------------------------------------------------------------------------------


def shown_changes(run: Run) -> dict[str, list[Mapping[str, Any]]]:
    """The changes that a report shows: the first of each code, in the order of the codes."""
    shown: dict[str, list[Mapping[str, Any]]] = {code: [] for code in CODES}
    for change in run.counts.get("changes") or []:
        found = shown.setdefault(change["change"], [])
        if len(found) < SHOWN:
            found.append(change)
    return {code: changes for code, changes in shown.items() if changes}


def change_lines(run: Run, texts: Texts | None = None) -> list[str]:
    """What changed: a line of numbers, then the first of each code with title and address; changed ones with their fields and, with `texts`, a word diff."""
    if "changes" not in run.counts:
        return []
    numbers = Counter(run.counts.get("change_counts") or Counter(change["change"] for change in run.counts["changes"]))
    if not numbers:
        return ["no item is new, changed, moved or gone"]
    lines = ["changes: " + ", ".join(f"{_number(numbers[code])} {code}" for code in (*CODES, *sorted(set(numbers) - set(CODES))) if numbers[code])]
    for code, changes in shown_changes(run).items():
        lines += ["", f"{_HEADINGS.get(code, f'{one_line(code)} items')}: {_number(numbers[code])}"]
        for change in changes:
            lines += _entry(change, texts)
        if numbers[code] > SHOWN:
            lines.append(f"  and {_number(numbers[code] - SHOWN)} more ({_all_of(run)} lists all)")
    return lines


def _entry(change: Mapping[str, Any], texts: Texts | None) -> list[str]:
    """One changed item: date, kind, language, title; address; what differs."""
    head = f"{change.get('published') or 'undated'}, {change.get('kind')}, {change.get('language') or '?'}: {one_line(change.get('title'), TITLE)}"
    lines = textwrap.wrap(one_line(head), WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    lines.append(f"    {one_line(change.get('url') or 'without an address of its own')}  ({one_line(change.get('item_id'))})")
    for name, (old, new) in (change.get("fields") or {}).items():
        lines += [f"    {line}" for line in _field_lines(name, old, new)]
    if change["change"] == "changed":
        lines += [f"    {line}" for line in _text_lines(change, texts)]
    return lines


def _field_lines(name: str, old: str | None, new: str | None) -> list[str]:
    label = one_line(name.replace("_", " "))
    if label == "canonical url":
        return [f"from {one_line(old or 'none')}", f"to   {one_line(new or 'none')}"]
    if name not in _WORDED or not old or not new:
        return [f"{label}: {one_line(old or 'none', VALUE)} -> {one_line(new or 'none', VALUE)}"]
    if len(old) + len(new) < VALUE:
        return [f"{label}: {marked_diff(old, new)}"]
    return [f"{label}:", *(f"  {line}" for line in diff_lines(old, new, most=4))]


def _text_lines(change: Mapping[str, Any], texts: Texts | None) -> Iterator[str]:
    """The word diff of the two versions, as far as their texts are at hand."""
    old, new = (str(version) for version in change.get("versions") or (None, None))
    if old == new:
        return
    if texts is None:
        yield "text: another version"
    elif old not in texts or new not in texts:
        yield "text: another version (the archive no longer has both as versions of this item)"
    elif len(texts[old]) + len(texts[new]) > MAX_TEXT:
        yield "text: another version, too long to compare here"
    else:
        lines = diff_lines(texts[old], texts[new])
        yield from ("text:", *(f"  {line}" for line in lines)) if lines else ("text: the same words",)


# Links and plans ---------------------------------------------------------------------------------------------------------------


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
