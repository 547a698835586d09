"""The archive as it stood on a day: a database of its own that holds what had been captured by then, and only what follows from that.

It is what a crawl that had stopped on that day would have left, but for addresses that were only linked. The archive itself is not changed.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from rabat_crawler.archive import schema
from rabat_crawler.archive.bulk import Bulk
from rabat_crawler.archive.decisions import Decision
from rabat_crawler.archive.documents import document_keys, kept_text, write_documents
from rabat_crawler.archive.relating import write_relations
from rabat_crawler.archive.rows import CAPTURE_COLUMNS, DRAFT_COLUMNS
from rabat_crawler.archive.workers import Workers

Progress = Callable[[str, int, int | None], None]
CAPTURES = f"INSERT INTO captures ({', '.join(CAPTURE_COLUMNS)}) SELECT {', '.join(CAPTURE_COLUMNS)} FROM now.captures WHERE captured_at <= ?"
CLOSED = "INSERT INTO closed_captures SELECT * FROM now.closed_captures WHERE record_id IN (SELECT record_id FROM main.captures)"
DRAFTS = f"""
INSERT INTO drafts ({", ".join(DRAFT_COLUMNS)})
  SELECT {", ".join("coalesce(id_key, url_key, text_key)" if name in ("item_key", "base_key") else name for name in DRAFT_COLUMNS)}
  FROM now.drafts WHERE first_seen <= ?
"""
SIGHTINGS = """
INSERT INTO sightings (draft_id, record_id)
  SELECT s.draft_id, s.record_id FROM now.sightings s JOIN captures c ON c.record_id = s.record_id
"""


def build_as_of(source: Path, beside: Path, moment: str, progress: Progress, decisions: list[Decision]) -> sqlite3.Connection:
    """A reading connection to a new database `beside`, made from the archive's database `source` as it was at `moment` (see `past.last_moment`);
    `decisions` are today's."""
    with contextlib.closing(schema.connect(beside, write=True, create=True)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("ATTACH ? AS now", (schema.reading(source.resolve()),))
        connection.execute("INSERT INTO runs SELECT * FROM now.runs")
        for table in ("withheld", "withheld_names", "withheld_captures"):  # today's: what is withheld now was never there
            connection.execute(f"INSERT INTO {table} SELECT * FROM now.{table}")
        connection.execute("INSERT INTO derived SELECT * FROM now.derived WHERE name = 'takedowns'")
        bulk = Bulk(connection)
        connection.execute(CAPTURES, (moment,))
        connection.execute(CLOSED)
        connection.execute(DRAFTS, (moment,))
        connection.execute(SIGHTINGS)
        with Workers(1) as workers:
            bulk.finish_known(workers, str(beside), progress)
        write_relations(connection, decisions)
        connection.execute("BEGIN")
        for key in document_keys(connection):
            write_documents(connection, key, lambda digest, holder: kept_text(connection, digest, schema="now", unread=True))
        connection.execute("COMMIT")
    return schema.connect(beside)
