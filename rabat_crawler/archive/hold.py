"""Holding back what a breached run brought, and letting it in after all. Captures stay where they are; only what they say is taken out or put back.

The run's file says `held`, so that a rebuild comes to the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rabat_crawler.archive.ingest import Ingest
from rabat_crawler.archive.revisits import Reader

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress


def hold_back(connection: sqlite3.Connection, runs: Sequence[str], reader: Reader | None = None) -> None:
    """Take back all that these runs' captures say: their sightings go, drafts that only they showed go, items are written anew. One transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        ingest = Ingest(connection, reader)
        for run in runs:
            _take_back(connection, ingest, run)
        ingest.settle()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _take_back(connection: sqlite3.Connection, ingest: Ingest, run: str) -> None:
    rows = connection.execute("SELECT record_id, url FROM captures WHERE run_id = ? ORDER BY record_id", (run,)).fetchall()
    connection.execute("UPDATE captures SET held = 1 WHERE run_id = ?", (run,))
    ingest.hold([row[0] for row in rows])
    for url in {row[1] for row in rows}:
        ingest.touch(url)


def let_in(archive: Archive, runs: Sequence[str], progress: Progress) -> int:
    """Read the captures of these runs again, now that they are no longer held; how many there are."""
    from rabat_crawler.archive.rebuild import ingest_files, warc_files

    connection = archive.connection
    marks = ",".join("?" * len(runs))
    # What is withheld of them stays where it is: it says nothing, held back or not.
    names = {row[0] for row in connection.execute(f"SELECT DISTINCT warc_file FROM captures WHERE run_id IN ({marks})", tuple(runs))}
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        f"UPDATE captures SET original = NULL WHERE original IN (SELECT record_id FROM captures WHERE held = 1 AND run_id IN ({marks}))", tuple(runs)
    )
    count = connection.execute(f"DELETE FROM captures WHERE held = 1 AND run_id IN ({marks})", tuple(runs)).rowcount
    connection.execute("COMMIT")
    ingest_files(archive, [path for path in warc_files(archive.warc_dir) if path.name in names], progress)
    return count
