"""Which captures an export gives out, and which of them show a page: of the whole archive or of some items. Reads rows only, never a WARC file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rabat_crawler.archive.moments import parse_moment
from rabat_crawler.archive.rows import PLACED, capture_of
from rabat_crawler.models import Capture
from rabat_crawler.urls import url_key

_COLUMNS = f"SELECT {', '.join('c.' + name for name in PLACED)}, o.url, o.captured_at FROM captures c "
_ORIGINAL = "LEFT JOIN captures o ON c.record_type = 'revisit' AND o.record_id = coalesce(c.original, c.refers_to) AND o.record_type <> 'revisit' "
_OPEN = "NOT EXISTS (SELECT 1 FROM closed_captures k WHERE k.record_id IN (c.record_id, c.original, c.refers_to)) "
"""Nothing that says something of a withheld item is given out."""
_ORDER = "ORDER BY c.warc_file, c.offset, c.record_id"
_WANTED = """
WITH chosen (item_key, published, item_id) AS (SELECT i.item_key, i.published, i.item_id FROM json_each(:items) h JOIN items i ON i.item_id = h.value),
wanted (record_id) AS (
  SELECT record_id FROM captures WHERE url_key IN (SELECT value FROM json_each(:keys))
  UNION SELECT s.record_id FROM chosen h JOIN drafts d ON d.item_key = h.item_key AND d.complete JOIN sightings s ON s.draft_id = d.draft_id
  UNION SELECT d.first_capture FROM chosen h JOIN drafts d ON d.item_key = h.item_key
    WHERE NOT EXISTS (SELECT 1 FROM drafts w WHERE w.item_key = h.item_key AND w.complete)
  UNION SELECT first_capture FROM (
    SELECT d.first_capture, min(d.first_seen || d.first_capture) FROM chosen h JOIN drafts d ON d.item_key = h.item_key AND NOT d.complete
    WHERE instr(d.content, h.published)
      AND NOT EXISTS (SELECT 1 FROM drafts w WHERE w.item_key = h.item_key AND w.complete AND instr(w.content, h.published))
    GROUP BY h.item_key)
  UNION SELECT record_id FROM captures WHERE role = 'document' AND url_key IN (
    SELECT a.url_key FROM chosen h JOIN attachments a ON a.item_id = h.item_id)),
given (record_id) AS (
  SELECT record_id FROM wanted
  UNION SELECT coalesce(c.original, c.refers_to) FROM wanted w JOIN captures c ON c.record_id = w.record_id WHERE c.record_type = 'revisit')
"""
_ADDRESSES = "SELECT DISTINCT a.url FROM json_each(?) h JOIN addresses a ON a.item_id = h.value"
_SHUT = "SELECT 1 FROM closed_captures k JOIN captures s ON s.record_id = k.record_id WHERE s.url = {url} AND s.captured_at = {at}"
_PAGES = f"""
SELECT h.value, r.url, r.last_seen FROM json_each(:items) h JOIN items i ON i.item_id = h.value
JOIN drafts d ON d.item_key = i.item_key JOIN readings r ON r.draft_id = d.draft_id
WHERE NOT EXISTS ({_SHUT.format(url="r.url", at="r.last_seen")})
ORDER BY h.value, r.url IS NOT i.canonical_url, r.last_seen DESC, r.url
"""
_LISTED = f"""
SELECT h.value, d.page_url, d.first_seen FROM json_each(:items) h JOIN items i ON i.item_id = h.value JOIN drafts d ON d.item_key = i.item_key
WHERE NOT EXISTS (SELECT 1 FROM drafts w WHERE w.item_key = i.item_key AND w.complete)
  AND NOT EXISTS ({_SHUT.format(url="d.page_url", at="d.first_seen")}) ORDER BY h.value, d.first_seen, d.page_url
"""
_DOCUMENTS = """
SELECT d.document_id, c.url, c.captured_at FROM documents d JOIN captures c ON c.record_id = d.last_capture
WHERE d.current AND (:items IS NULL OR d.url_key IN (
  SELECT a.url_key FROM json_each(:items) h JOIN attachments a ON a.item_id = h.value))
ORDER BY d.url_key, d.document_id
"""
_LISTINGS = """
SELECT c.url, max(c.captured_at) FROM captures c LEFT JOIN captures o ON o.record_id = c.original
WHERE c.role = 'listing' AND c.badness < 0.5 AND NOT c.held AND c.truncated IS NULL AND (c.record_type <> 'revisit' OR o.record_id IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM closed_captures k WHERE k.record_id IN (c.record_id, c.original, c.refers_to))
GROUP BY c.url ORDER BY c.url
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A capture that is given out. Of a revisit `shows` is the address and time of the capture that it shows again; None if that is not here."""

    capture: Capture
    shows: tuple[str, datetime] | None = None

    @property
    def playable(self) -> bool:
        """False for a revisit that nothing here can be shown for."""
        return self.capture.record_type != "revisit" or self.shows is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where something can be seen: a capture's address and time. `name` is the id of the item or document, "" for a list."""

    name: str
    url: str
    captured_at: datetime


def iter_given(connection: sqlite3.Connection, item_ids: Iterable[str] | None) -> Iterator[Given]:
    """See `Reader.iter_captures`."""
    if item_ids is None:
        rows = connection.execute(f"{_COLUMNS}{_ORIGINAL}WHERE {_OPEN}{_ORDER}")
    else:
        items = json.dumps(list(item_ids))
        keys = json.dumps(sorted({url_key(url) for (url,) in connection.execute(_ADDRESSES, (items,))}))
        sql = f"{_WANTED}{_COLUMNS}{_ORIGINAL}WHERE c.record_id IN (SELECT record_id FROM given) AND {_OPEN}{_ORDER}"
        rows = connection.execute(sql, {"items": items, "keys": keys})
    for row in rows:
        *values, url, captured_at = row
        shows = None if url is None else (url, parse_moment(captured_at))
        yield Given(capture=capture_of(dict(zip(PLACED, values, strict=True))), shows=shows)


def item_pages(connection: sqlite3.Connection, item_ids: Sequence[str]) -> dict[str, Shown]:
    """The capture that shows each item best: the last of its whole text, at its own address if any is; else the first list that showed it."""
    found: dict[str, Shown] = {}
    for sql in (_PAGES, _LISTED):
        for name, url, captured_at in connection.execute(sql, {"items": json.dumps(list(item_ids))}):
            if name not in found:
                found[name] = Shown(name=name, url=url, captured_at=parse_moment(captured_at))
    return found


def document_pages(connection: sqlite3.Connection, item_ids: Iterable[str] | None) -> list[Shown]:
    """The last capture of each current document, of all or of those that the items link, by address."""
    items = None if item_ids is None else json.dumps(list(item_ids))
    rows = connection.execute(_DOCUMENTS, {"items": items})
    return [Shown(name=name, url=url, captured_at=parse_moment(captured_at)) for name, url, captured_at in rows]


def listing_pages(connection: sqlite3.Connection) -> Iterator[Shown]:
    """The last sound capture of each list and start page, by address."""
    for url, captured_at in connection.execute(_LISTINGS):
        yield Shown(name="", url=url, captured_at=parse_moment(captured_at))
