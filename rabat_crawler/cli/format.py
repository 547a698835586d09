"""Lines for people: tables, highlighted snippets, progress on a terminal. Control characters from pages never reach the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from rabat_crawler.errors import ConfigError
from rabat_crawler.models import DocumentHit, DocumentVersion, Hit, Item, Project
from rabat_crawler.query.excerpt import MARK_END, MARK_START

if TYPE_CHECKING:
    from rabat_crawler.exports import Written

_DIFF_MARKS = re.compile(r"\[-.{0,4000}?-\]|\{\+.{0,4000}?\+\}", re.DOTALL)
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def output_bytes() -> BinaryIO:
    """Standard output for bytes; ConfigError if the caller closed it, so that nobody takes what is lost for written."""
    if sys.stdout.name == os.devnull:
        raise ConfigError("standard output is closed; open it, or give a file with -o PATH")
    return sys.stdout.buffer


def plain(text: object) -> str:
    """The text without control characters; a page must not steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in str(text))


def json_line(value: object) -> str:
    """The value as one line of JSON; what could steer a terminal or break the line is escaped, letters are not."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def coloured(text: str) -> str:
    """On a terminal what was removed in red, what was added in green; the marks stay, for those who see no colours."""
    if not sys.stdout.isatty():
        return text
    return _DIFF_MARKS.sub(lambda found: f"\x1b[{31 if found[0][0] == '[' else 32}m{found[0]}\x1b[0m", text)


def marked(text: str) -> str:
    """The text with the words found in bold (terminal) or between [ ] (anything else)."""
    on, off = ("\x1b[1;33m", "\x1b[0m") if sys.stdout.isatty() else ("[", "]")
    flat = " ".join(text.split())
    pieces = re.split(f"({MARK_START}|{MARK_END})", flat)
    return "".join({MARK_START: on, MARK_END: off}.get(piece) or plain(piece) for piece in pieces if piece)


def width() -> int:
    """How wide lines may be: the terminal's width, 100 where there is none."""
    return min(shutil.get_terminal_size((100, 24)).columns, 140)


def table(rows: Iterable[Sequence[Any]], head: Sequence[str], *, cut: bool = True) -> str:
    """Rows in columns; the last column takes what is left of the line, or without `cut` what it needs."""
    cells = [[plain(cell if cell is not None else "-").replace("\n", " ") for cell in row] for row in rows]
    sizes = [max(len(head[n]), *(len(row[n]) for row in cells)) if cells else len(head[n]) for n in range(len(head))]
    room = max(20, width() - sum(sizes[:-1]) - 2 * (len(sizes) - 1))
    lines = ["  ".join(name.ljust(size) for name, size in zip(head, sizes, strict=True)).rstrip()]
    for row in cells:
        last = row[-1] if len(row[-1]) <= room or not cut else row[-1][: room - 1] + "…"
        lines.append("  ".join([*(cell.ljust(size) for cell, size in zip(row[:-1], sizes[:-1], strict=True)), last]).rstrip())
    return "\n".join(lines)


def hit_lines(hit: Hit) -> str:
    """A search result: id, date, kind, language, title; then the snippet, indented; then the address."""
    item = hit.item
    first = f"{item.item_id}  {item.published or item.event_start or 'undated':10}  {item.kind}, {item.language or '?'}  {marked(hit.title_marked)}"
    snippet = textwrap.fill(marked(hit.snippet), width(), initial_indent="    ", subsequent_indent="    ")
    how = f"    found through its translation {hit.through}\n" if hit.through else ""
    how = how or (f"    found in an earlier version, {hit.version_id}\n" if hit.version_id else "")
    return f"{first}\n{snippet}\n{how}    {plain(item.canonical_url or '')}"


def _project_line(project: Project) -> str:
    """What is printed of a project, on one line."""
    named = {"countries": project.countries, "period": project.period, "partners": project.partners, "funding": project.funding}
    return "project: " + "; ".join(f"{name} {plain(value)}" for name, value in named.items() if value)


def _how_sure(item: Item) -> str:
    """How the item's language was found, and how surely."""
    return f"{item.language_method}, {item.language_confidence:.2f}" if item.language_method else "no evidence"


MOST_PAGES, MOST_ITEMS = 8, 3


def document_name(document: DocumentVersion) -> str:
    """What to call a document: its title, else the words with which an item links it, else the end of its address."""
    return document.title or next(iter(document.names), "") or document.url.rpartition("/")[2] or document.url


def document_hit_lines(hit: DocumentHit) -> str:
    """A document found: id, date, language, page, title; the snippet of that page; the address; the items that link it."""
    document = hit.document
    other = [str(page) for page in hit.pages if page != hit.page]
    also = f" (also {', '.join(other[:MOST_PAGES])}{' ...' if len(other) > MOST_PAGES else ''})" if other else ""
    first = f"{document.document_id}  {document.dated or 'undated':10}  document, {document.language or '?'}"
    lines = [
        f"{first}  page {hit.page} of {document.pages}{also}  {plain(document_name(document))}",
        textwrap.fill(marked(hit.snippet), width(), initial_indent="    ", subsequent_indent="    "),
        f"    {plain(document.url)}",
        *(f"    linked by {item.item_id}  {plain(item.title)}" for item in hit.items[:MOST_ITEMS]),
        *([f"    and by {len(hit.items) - MOST_ITEMS} more items"] if len(hit.items) > MOST_ITEMS else []),
    ]
    return "\n".join(lines)


def item_lines(item: Item) -> str:
    """One item in full, with the evidence of its values."""
    dates = [
        f"  {d.role}: {d.value}{f' to {d.end}' if d.end else ''}  («{d.raw}», {d.rule}, {d.source}, {d.confidence:.2f})"
        + (f", refused: {d.refused}" if d.refused else "")
        for d in item.dates
    ]
    lines = [
        plain(item.title),
        "=" * min(len(item.title), width()),
        f"item {item.item_id}, {item.kind}, site {item.site}, read by {item.layout}",
        f"published: {item.published or 'no date found'}"
        + (f"; event: {item.event_start}{f' to {item.event_end}' if item.event_end else ''}" if item.event_start else ""),
        f"language: {item.language or 'unknown'} ({_how_sure(item)}); section: {item.section or '-'}; tags: {', '.join(item.tags) or '-'}",
        *([_project_line(item.project)] if item.project else []),
        f"seen from {item.first_seen} to {item.last_seen}" + ("; gone from the site" if item.gone else ""),
        f"translation: {item.twin or 'none known'}; flags: {', '.join(item.flags) or 'none'}",
        "",
        item.text or "(no text)",
        "",
        "Addresses:",
        *(f"  {url}" for url in item.addresses or (item.canonical_url,)),
        *(["Dates read:", *dates] if dates else []),
        *(["Documents:", *(f"  {a.url}  {a.text}" for a in item.attachments)] if item.attachments else []),
    ]
    return plain("\n".join(str(line) for line in lines))


def evidence_lines(more: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """What an item has beside its own page, each with its evidence: event, translation, relations, names. "" if it has none of them."""
    lines = []
    if event := more["event"]:
        days = (event["start"] or "no day known") + (f" to {event['end']}" if event["end"] else "")
        said = [
            f"{name} {value} («{raw}»)"
            for name, value, raw in (
                ("place", " ".join(filter(None, (event["town"], event["country"]))), event["place"]),
                ("format", event["format"], event["format_raw"]),
                ("type", event["meeting_type"], event["type_raw"]),
            )
            if value
        ]
        lines.append("Event: " + "; ".join((days, *said)))
    for one in more["translations"]:
        lines.append(f"Translation: {one['other_id']}  {titles.get(one['other_id'], '')}  ({one['evidence']}, {one['score']:.2f}: {one['reason']})")
    for one in more["related"]:
        lines.append(f"This is the {one['relation']} {one['other_id']}  {titles.get(one['other_id'], '')}  ({one['score']:.2f}: {one['reason']})")
    kinds: dict[str, list[str]] = {}
    for one in more["mentions"]:
        kinds.setdefault(one["kind"], []).append(f"{one['matched']} ({one['code']}, {one['count']})")
    lines += [f"Names, {kind}: {', '.join(found)}" for kind, found in kinds.items()]
    return plain("\n".join(lines))


class ProgressLine:
    """One line on a terminal, rewritten at most ten times a second: what, how many, rate, time left. Silent where there is no terminal."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.started = self.last = time.monotonic()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show progress; the signature of `archive.Progress`."""
        now = time.monotonic()
        if not self.shown or (now - self.last < 0.1 and done != total):
            return
        self.last = now
        rate = done / max(now - self.started, 1e-6)
        left = f", {(total - done) / rate:,.0f} s left" if total and rate else ""
        of = f" of {total:,}" if total else ""
        sys.stderr.write(f"\r\x1b[K{what}: {done:,}{of}, {rate:,.1f}/s{left}")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextlib.contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A progress line that is cleared however the work ends, so that a message stands on a line of its own."""
    progress = ProgressLine()
    try:
        yield progress
    finally:
        progress.end()


def say(text: str = "") -> None:
    """A line on standard output."""
    click.echo(text)


def _size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def _singular(name: str) -> str:
    """What one of them is called: a meeting, an entry, an address."""
    return f"{name[:-3]}y" if name.endswith("ries") else name.removesuffix("es" if name.endswith("sses") else "s")


def say_written(written: Written, *, as_json: bool) -> None:
    """What an export or a release left: its place, counts and size."""
    if as_json:
        say(json_line({"format": written.format, "path": os.fspath(written.path), "bytes": written.bytes, "counts": dict(written.counts)}))
        return
    counted = "".join(f"{count:,} {_singular(name) if count == 1 else name}, " for name, count in written.counts.items())
    say(f"{plain(written.path)}: {counted}{_size(written.bytes)}")
