"""The archive as it stood on a day: a database of its own that holds what had been captured by then, and only what follows from that.

It is what a crawl that had stopped on that day would have left, but for addresses that were only linked. The archive itself is not changed.
"""

from __future__ import annotations

import calendar
import contextlib
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from rabat_crawler.archive import schema
from rabat_crawler.archive.bulk import Bulk
from rabat_crawler.archive.rows import CAPTURE_COLUMNS, DRAFT_COLUMNS
from rabat_crawler.archive.workers import Workers
from rabat_crawler.errors import ConfigError

Progress = Callable[[str, int, int | None], None]
_DAY = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$")
CAPTURES = f"INSERT INTO captures ({', '.join(CAPTURE_COLUMNS)}) SELECT {', '.join(CAPTURE_COLUMNS)} FROM now.captures WHERE captured_at <= ?"
DRAFTS = f"""
INSERT INTO drafts ({", ".join(DRAFT_COLUMNS)})
  SELECT {", ".join("coalesce(id_key, url_key, text_key)" if name in ("item_key", "base_key") else name for name in DRAFT_COLUMNS)}
  FROM now.drafts WHERE first_seen <= ?
"""
SIGHTINGS = """
INSERT INTO sightings (draft_id, record_id)
  SELECT s.draft_id, s.record_id FROM now.sightings s JOIN captures c ON c.record_id = s.record_id
"""


def last_moment(date: str) -> str:
    """The last moment of a year, month or day, as captures' times are written; a time of the form 2017-07-20T10:00:00Z is its own. ConfigError otherwise."""
    if found := _TIME.match(date):
        return f"{found[1]}T{found[2]}.{(found[3] or '0').ljust(6, '0')}Z"
    found = _DAY.match(date)
    if found is None:
        raise ConfigError(f"{date!r} is no date; give a year, month or day such as 2017, 2017-05 or 2017-05-14")
    year, month = int(found[1]), int(found[2] or 12)
    try:
        last = calendar.monthrange(year, month)[1]
    except (calendar.IllegalMonthError, ValueError):
        last = 0
    day = int(found[3] or last)
    if not 1 <= year <= 9999 or not 1 <= day <= last:
        raise ConfigError(f"{date!r} is no date: there is no such month or day")
    return f"{year:04d}-{month:02d}-{day:02d}T23:59:59.999999Z"


def build_as_of(source: Path, beside: Path, moment: str, progress: Progress) -> sqlite3.Connection:
    """A reading connection to a new database `beside`, made from the archive's database `source` as it was at `moment` (see `last_moment`)."""
    db = schema.connect(beside, write=True, create=True)
    with contextlib.closing(db.conn) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("ATTACH ? AS now", (f"file:{quote(str(source.resolve()))}?mode=ro",))
        connection.execute("INSERT INTO runs SELECT * FROM now.runs")
        bulk = Bulk(connection)
        connection.execute(CAPTURES, (moment,))
        connection.execute(DRAFTS, (moment,))
        connection.execute(SIGHTINGS)
        with Workers(1) as workers:
            bulk.finish_known(workers, str(beside), progress)
    return schema.connect(beside).conn
