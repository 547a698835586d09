"""What was where, and when: the spans of an item's versions, the captures of an address, the bytes of one capture. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from rabat_crawler import identity
from rabat_crawler.archive.items import read_draft
from rabat_crawler.archive.rows import PLACED, capture_of
from rabat_crawler.archive.warc import read_record
from rabat_crawler.errors import NotFound
from rabat_crawler.extract.urls import url_key
from rabat_crawler.models import Capture, Record, Version

SHOWN = """
SELECT c.captured_at, c.record_id, c.url, c.source, d.content, d.complete
FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
WHERE i.item_id = ? ORDER BY c.captured_at, c.record_id
"""
SOUND = "role = 'detail' AND badness < 0.5 AND truncated IS NULL AND held = 0 AND status IN (200, 304)"
LATEST_OF_ITEM = f"""
SELECT c.record_id FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id
  JOIN captures c ON c.record_id = s.record_id
WHERE i.item_id = ? AND c.captured_at <= ? ORDER BY d.complete DESC, ({SOUND}) DESC, c.captured_at DESC, c.record_id LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time through which an item showed one version without another between: its first and last capture, how many, at which addresses, from where."""

    version_id: str
    first_seen: str
    last_seen: str
    first_capture: str
    last_capture: str
    captures: int
    urls: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An item's versions, oldest first, and the spans in which they were seen, in the order of time."""

    versions: tuple[Version, ...]
    spans: tuple[Span, ...]

    def at(self, moment: str) -> Version | None:
        """The version as it stood at a time (see `as_of.last_moment`), None before the first capture."""
        seen = [span for span in self.spans if span.first_seen <= moment]
        return next((version for version in self.versions if seen and version.version_id == seen[-1].version_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A capture with what its page was taken for."""

    capture: Capture
    role: str
    layout: str
    badness: float
    held: bool
    original: str | None


def spans(connection: sqlite3.Connection, item_id: str) -> tuple[Span, ...]:
    """When which version of the item was seen; listings count only for an item of which nothing else is known."""
    rows = connection.execute(SHOWN, (item_id,)).fetchall()
    whole = [row for row in rows if row[5] and not read_draft(row[4]).truncated] or rows
    seen = [(_version_id(item_id, row[4]), row) for row in whole]
    found = []
    for version_id, group in groupby(seen, key=lambda one: one[0]):
        members = [row for _, row in group]
        found.append(
            Span(
                version_id=version_id,
                first_seen=members[0][0],
                last_seen=members[-1][0],
                first_capture=members[0][1],
                last_capture=members[-1][1],
                captures=len({row[1] for row in members}),
                urls=tuple(dict.fromkeys(row[2] for row in members)),
                sources=tuple(dict.fromkeys(row[3] for row in members)),
            )
        )
    return tuple(found)


def _version_id(item_id: str, content: str) -> str:
    draft = read_draft(content)
    return f"{item_id}-{identity.text_digest(draft.title, draft.text)[:12]}"


def captures_of(
    connection: sqlite3.Connection, urls: Sequence[str], *, exact: bool = False, prefix: bool = False, since: str = "", until: str = "~"
) -> Iterator[Captured]:
    """The captures of addresses in the order of time: all spellings of each unless `exact`; with `prefix` all addresses that begin so."""
    if exact:
        condition, values = f"url IN ({','.join('?' * len(urls))})", list(urls)
    elif prefix:
        key = url_key(urls[0])
        condition, values = "url_key >= ? AND url_key < ?", [key, key + "\U0010ffff"]
    else:
        keys = sorted({url_key(url) for url in urls})
        condition, values = f"url_key IN ({','.join('?' * len(keys))})", keys
    sql = (
        f"SELECT role, layout, badness, held, original, {', '.join(PLACED)} FROM captures WHERE {condition} AND captured_at >= ? AND captured_at <= ? "
        "ORDER BY captured_at, url, record_id"
    )
    for role, layout, badness, held, original, *row in connection.execute(sql, (*values, since, until)):
        capture = capture_of(dict(zip(PLACED, row, strict=True)))
        yield Captured(capture=capture, role=role, layout=layout, badness=badness, held=bool(held), original=original)


def find_capture(connection: sqlite3.Connection, wanted: str) -> list[str]:
    """The captures whose record id is `wanted` or begins so (without "urn:uuid:", 8 letters or more), at most nine."""
    if len(wanted.removeprefix("urn:uuid:")) < 8 or "://" in wanted:
        return []
    rows = connection.execute(
        "SELECT record_id FROM captures WHERE record_id = ?1 OR (record_id >= 'urn:uuid:' || ?1 AND record_id < 'urn:uuid:' || ?1 || '~') LIMIT 9",
        (wanted,),
    )
    return [row[0] for row in rows]


def latest_of_item(connection: sqlite3.Connection, item_id: str, moment: str = "~") -> str | None:
    """The capture that best shows an item at a time: its own page before a listing, the latest."""
    found = connection.execute(LATEST_OF_ITEM, (item_id, moment)).fetchone()
    return str(found[0]) if found else None


def latest_of_url(connection: sqlite3.Connection, url: str, moment: str = "~") -> str | None:
    """The latest capture of an address at a time, in any spelling, a good one before a bad one."""
    found = connection.execute(
        "SELECT record_id FROM captures WHERE url_key = ? AND captured_at <= ? "
        "ORDER BY (status IN (200, 304) AND badness < 0.5 AND truncated IS NULL) DESC, captured_at DESC, record_id LIMIT 1",
        (url_key(url), moment),
    ).fetchone()
    return str(found[0]) if found else None


def read_capture(connection: sqlite3.Connection, folder: Path, record_id: str) -> tuple[Record, Capture | None]:
    """A capture with its body; of a revisit with its original's, and the original. NotFound, or RecordError if the bytes cannot be had."""
    row = connection.execute(f"SELECT original, {', '.join(PLACED)} FROM captures WHERE record_id = ?", (record_id,)).fetchone()
    if row is None:
        raise NotFound(f"there is no capture {record_id!r}; rabat-crawler captures URL lists them")
    original, *placed = row
    record = read_record(folder, capture_of(dict(zip(PLACED, placed, strict=True))))
    if record.capture.record_type != "revisit" or original is None:
        return record, None
    again = connection.execute(f"SELECT {', '.join(PLACED)} FROM captures WHERE record_id = ?", (original,)).fetchone()
    first = read_record(folder, capture_of(dict(zip(PLACED, again, strict=True))))
    headers = record.response_headers if any(name.lower() == "content-type" for name, _ in record.response_headers) else first.response_headers
    return replace(record, body=first.body, response_headers=headers), first.capture
