"""Holding back what a breached run brought, and letting it in after all. Captures stay where they are; only what they say is taken out or put back.

The run's file says `held`, so that a rebuild comes to the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rabat_crawler.archive.ingest import Ingest

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

OF_RUN = "SELECT record_id FROM captures WHERE run_id = ?"
TAKE_BACK = """
UPDATE drafts SET (first_seen, first_capture, page_url, origin) =
  (SELECT c.captured_at, c.record_id, c.url, c.site FROM sightings s JOIN captures c ON c.record_id = s.record_id
   WHERE s.draft_id = drafts.draft_id ORDER BY c.captured_at, c.record_id LIMIT 1),
  (last_seen, last_capture) =
  (SELECT c.captured_at, c.record_id FROM sightings s JOIN captures c ON c.record_id = s.record_id
   WHERE s.draft_id = drafts.draft_id ORDER BY c.captured_at DESC, c.record_id DESC LIMIT 1)
WHERE draft_id = ?
"""
READ_AGAIN = """
INSERT INTO readings (url, draft_id, last_seen)
  SELECT c.url, d.draft_id, max(c.captured_at) FROM drafts d JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
  WHERE d.draft_id = ? AND d.complete GROUP BY c.url
"""


def hold_back(connection: sqlite3.Connection, runs: Sequence[str]) -> None:
    """Take back all that these runs' captures say: their sightings go, drafts that only they showed go, items are written anew. One transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        ingest = Ingest(connection)
        for run in runs:
            _take_back(connection, ingest, run)
        ingest.settle()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _take_back(connection: sqlite3.Connection, ingest: Ingest, run: str) -> None:
    shown = [row[0] for row in connection.execute(f"SELECT DISTINCT draft_id FROM sightings WHERE record_id IN ({OF_RUN}) ORDER BY draft_id", (run,))]
    urls = [row[0] for row in connection.execute("SELECT DISTINCT url FROM captures WHERE run_id = ?", (run,))]
    connection.execute(f"DELETE FROM sightings WHERE record_id IN ({OF_RUN})", (run,))
    connection.execute("UPDATE captures SET held = 1 WHERE run_id = ?", (run,))
    for name in shown:
        seen = connection.execute("SELECT 1 FROM sightings WHERE draft_id = ? LIMIT 1", (name,)).fetchone()
        if seen is None:
            ingest.forget(name)
        else:
            connection.execute(TAKE_BACK, (name,))
            connection.execute("DELETE FROM readings WHERE draft_id = ?", (name,))
            connection.execute(READ_AGAIN, (name,))
            ingest.look_again(name)
    for url in urls:
        ingest.touch(url)


def let_in(archive: Archive, runs: Sequence[str], progress: Progress) -> int:
    """Read the captures of these runs again, now that they are no longer held; how many there are."""
    from rabat_crawler.archive.rebuild import ingest_files, warc_files

    connection = archive.connection
    marks = ",".join("?" * len(runs))
    names = {row[0] for row in connection.execute(f"SELECT DISTINCT warc_file FROM captures WHERE run_id IN ({marks})", tuple(runs))}
    connection.execute("BEGIN IMMEDIATE")
    count = connection.execute(f"DELETE FROM captures WHERE held = 1 AND run_id IN ({marks})", tuple(runs)).rowcount
    connection.execute("COMMIT")
    ingest_files(archive, [path for path in warc_files(archive.warc_dir) if path.name in names], progress)
    return count
