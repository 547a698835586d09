"""What stands beside an item: the items published before and after it in its language. Reads only."""

from __future__ import annotations

import sqlite3

BEFORE = """
SELECT item_id FROM items WHERE published <= :published AND (published < :published OR item_id < :item) AND language IS :language AND kind <> 'page'
ORDER BY published DESC, item_id DESC LIMIT 1
"""
AFTER = """
SELECT item_id FROM items WHERE published >= :published AND (published > :published OR item_id > :item) AND language IS :language AND kind <> 'page'
ORDER BY published, item_id LIMIT 1
"""


def neighbours(connection: sqlite3.Connection, item_id: str) -> tuple[str | None, str | None]:
    """The ids of the item published last before this one and of the one published next after it; None where there is none, or it has no date."""
    row = connection.execute("SELECT published, language FROM items WHERE item_id = ?", (item_id,)).fetchone()
    if row is None or row[0] is None:
        return None, None
    values = {"published": row[0], "item": item_id, "language": row[1]}
    before, after = (connection.execute(question, values).fetchone() for question in (BEFORE, AFTER))
    return before and str(before[0]), after and str(after[0])
