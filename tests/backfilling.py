"""Backfills of the sample site's three epochs from a web archive on loopback, and what two archives of the same past have in common."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.backfill import backfill
from rabat_crawler.demo import Serving
from rabat_crawler.demo.collection import three_epochs
from rabat_crawler.demo.web_archive import serve_archive
from rabat_crawler.memento import source_from
from rabat_crawler.models import Run
from rabat_crawler.urls import decide

SITE = registry.site("rabat-process")
HELD = three_epochs()
WANTED = [one for one in HELD if decide(one.url, SITE).action == "fetch" and not one.media_type.startswith("image/")]
DISTINCT = {(one.url, one.body, one.status) if one.body or one.status == 200 else (one.url, one.timestamp) for one in WANTED}
SOME = [one for one in WANTED if one.timestamp < "2017"][:24]


def bring(folder: Path, origin: str, **options: Any) -> Run:
    """A backfill in this process, as fast as the archive answers."""
    with Archive.open(folder, write=True, create=True) as archive:
        return backfill(archive, SITE, source_from(origin), given=True, **{"delay": 0.0, "total_seconds": 10.0, **options})


def command(origin: str, folder: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "rabat_crawler", "backfill", "--site", "rabat-process", "--archive-source", origin, "--delay", "0", "--archive", str(folder), *more
    ]  # fmt: skip


def captures(folder: Path) -> list[dict[str, Any]]:
    with Archive.open(folder) as archive:
        cursor = archive.connection.execute("SELECT * FROM captures ORDER BY url, captured_at")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


SAME = {
    "captures": "url captured_at status media_type digest sha1 record_type refers_url refers_at truncated layout role",
    "items": "item_id kind language title text published event_start canonical_url first_seen last_seen gone flags",
    "versions": "version_id item_id text_digest title text first_seen last_seen",
    "dates": "item_id role value raw rule",
    "addresses": "item_id url",
}
"""What two archives of the same past have in common, whatever the order in which they came by it."""


def essence(folder: Path) -> Counter[tuple[Any, ...]]:
    with Archive.open(folder) as archive:
        assert archive.verify().faults == ()
        found: Counter[tuple[Any, ...]] = Counter()
        for table, columns in SAME.items():
            found.update((table, *row) for row in archive.connection.execute(f"SELECT {', '.join(columns.split())} FROM {table}"))
        return found


def played(serving: Serving) -> list[str]:
    return [request.path for request in serving.requests if "id_/" in request.path]


@contextmanager
def brought(folder: Path) -> Iterator[tuple[Path, Serving, Run]]:
    """The three epochs, brought in undisturbed; the archive that they came from goes on serving."""
    with serve_archive(HELD) as serving:
        yield folder, serving, bring(folder, serving.url("/web/"))
