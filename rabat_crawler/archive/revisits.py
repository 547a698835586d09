"""Which capture a revisit shows again. A record may name its original by id, by address and time, or by its digest alone; the best of all that fit counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from rabat_crawler import registry
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.rows import PLACED, Prepared, Preparer, capture_of, read_page
from rabat_crawler.errors import RecordError
from rabat_crawler.models import Capture, Record

Reader = Callable[[Capture], Record]
"""Gives the record of a capture from its WARC file; RecordError if it cannot."""

ORIGINAL = """
SELECT o.record_id FROM captures r JOIN captures o ON o.record_id = r.refers_to
  WHERE r.record_id = :revisit AND o.record_type <> 'revisit'
UNION ALL
SELECT record_id FROM (
  SELECT o.record_id,
    CASE WHEN r.refers_at IS NOT NULL AND substr(o.captured_at, 1, 19) = substr(r.refers_at, 1, 19) THEN 0 ELSE 1 END AS by_digest
  FROM captures r JOIN captures o ON o.url = r.refers_url AND o.record_type <> 'revisit'
  WHERE r.record_id = :revisit
    AND ((r.refers_at IS NOT NULL AND substr(o.captured_at, 1, 19) = substr(r.refers_at, 1, 19))
      OR (r.sha1 IS NOT NULL AND o.sha1 = r.sha1) OR (r.digest <> '' AND o.digest = r.digest))
  ORDER BY by_digest, o.captured_at, o.record_id LIMIT 1)
LIMIT 1
"""
WAITING = """
SELECT record_id FROM captures WHERE refers_to = :name AND original IS NOT :name AND record_type = 'revisit' AND status IN (200, 304)
UNION
SELECT record_id FROM captures WHERE refers_url = :url AND (refers_to IS NULL OR original IS NULL OR original <> refers_to)
  AND status IN (200, 304) AND (substr(refers_at, 1, 19) = :at OR sha1 = :sha1 OR digest = :digest)
"""


def find_original(connection: sqlite3.Connection, revisit: str) -> str | None:
    """The capture that a revisit shows again, by its record id; None if none that fits is in the archive."""
    found = connection.execute(ORIGINAL, {"revisit": revisit}).fetchone()
    return str(found[0]) if found else None


def may_wait_for(connection: sqlite3.Connection, capture: Capture) -> list[str]:
    """The revisits of which this capture may be the original."""
    values = {
        "name": capture.record_id,
        "url": capture.url,
        "at": moment(capture.captured_at)[:19],
        "sha1": capture.sha1,
        "digest": capture.digest,
    }
    return [row[0] for row in connection.execute(WAITING, values)]


def read_elsewhere(connection: sqlite3.Connection, revisit: Capture, original: str, reader: Reader | None, preparer: Preparer) -> Prepared | None:
    """What the original's bytes say at the revisit's own address, if that is another one; None if it is not, or the bytes cannot be had."""
    row = connection.execute(f"SELECT {', '.join(PLACED)} FROM captures WHERE record_id = ? AND url <> ?", (original, revisit.url)).fetchone()
    if row is None or reader is None:
        return None
    try:
        record = reader(capture_of(dict(zip(PLACED, row, strict=True))))
    except RecordError:
        return None
    site = registry.resolve(revisit.site)
    capture = replace(revisit, record_type="response", status=200, media_type=revisit.media_type or record.capture.media_type)
    return preparer.prepare(capture, read_page(replace(record, capture=capture), site), site)
