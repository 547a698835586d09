"""The rows of the tables of `tables`, for the items that are asked for. Reads only; the columns come in the order in which `tables` names them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rabat_crawler.archive.tables import BY_NAME
from rabat_crawler.names import label
from rabat_crawler.names.tables import names

Rows = Iterator[tuple[Any, ...]]

CHUNK = 200
"""So many items are asked for at once: what SQLite sorts stays small."""

_WANTED = "(SELECT value FROM json_each(:wanted))"
_OF_ITEM = "SELECT {columns} FROM {source} WHERE t.item_id IN " + _WANTED + " ORDER BY t.item_id, {order}"
ITEMS = """
SELECT {columns} FROM (SELECT key, value FROM json_each(:wanted)) w CROSS JOIN (
  SELECT i.*, (SELECT min(other_id) FROM translations x WHERE x.item_id = i.item_id) AS twin FROM items i) t ON t.item_id = w.value
ORDER BY w.key
"""
VERSIONS = "(SELECT v.*, v.version_id = i.current_version AS current FROM versions v JOIN items i ON i.item_id = v.item_id) t"
ADDRESSES = f"""
SELECT a.item_id, a.url, min(a.how), a.url IS i.canonical_url FROM (
  SELECT item_id, url, 'read' AS how FROM addresses WHERE item_id IN {_WANTED}
  UNION ALL
  SELECT b.item_id, l.url, CASE WHEN l.reason = '' THEN 'linked' ELSE l.reason END FROM addresses b JOIN links l ON l.key = b.key
  WHERE b.item_id IN {_WANTED} AND NOT EXISTS (SELECT 1 FROM addresses own WHERE own.item_id = b.item_id AND own.url = l.url)
) a JOIN items i ON i.item_id = a.item_id GROUP BY a.item_id, a.url ORDER BY a.item_id, a.url
"""
ITEM_DOCUMENTS = f"""
SELECT a.item_id, d.document_id, a.url, a.text FROM attachments a JOIN documents d ON d.url_key = a.url_key
WHERE a.item_id IN {_WANTED} ORDER BY a.item_id, d.document_id, a.url
"""
ITEM_CAPTURES = f"""
SELECT i.item_id, s.record_id, max(d.complete) FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id
WHERE i.item_id IN {_WANTED} GROUP BY i.item_id, s.record_id ORDER BY i.item_id, s.record_id
"""
_DOCUMENTS = f"SELECT d.document_id FROM attachments a JOIN documents d ON d.url_key = a.url_key WHERE a.item_id IN {_WANTED}"
DOCUMENTS = f"SELECT {{columns}} FROM documents t WHERE t.document_id IN ({_DOCUMENTS}) ORDER BY t.document_id"
DOCUMENT_PAGES = "SELECT {columns} FROM document_pages t WHERE t.document_id = :document ORDER BY t.page"
CAPTURES = f"""
SELECT {{columns}} FROM captures t WHERE t.record_id IN (
  SELECT s.record_id FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id WHERE i.item_id IN {_WANTED}
  UNION
  SELECT first_capture FROM documents WHERE document_id IN ({_DOCUMENTS})
  UNION
  SELECT last_capture FROM documents WHERE document_id IN ({_DOCUMENTS})
) ORDER BY t.captured_at, t.record_id
"""
NAMES = f"SELECT DISTINCT kind, code FROM mentions WHERE item_id IN {_WANTED} ORDER BY kind, code"


def read_rows(connection: sqlite3.Connection, table: str, item_ids: Sequence[str]) -> Rows:
    """The rows of a table that belong to these items; booleans as 0 and 1, lists as JSON, times as text.

    A row of `translations` or `relations` may name an item that is not among them. What several items share comes once.
    """
    special = _SPECIAL.get(table)
    if special is not None:
        yield from special(connection, table, item_ids)
        return
    for start in range(0, len(item_ids), CHUNK):
        yield from connection.execute(_question(table), {"wanted": json.dumps(item_ids[start : start + CHUNK])})


def _question(table: str) -> str:
    if table in _OWN:
        return _OWN[table].format(columns=_columns(table))
    order = ", ".join(f't."{name}"' for name in _ORDER.get(table, BY_NAME[table].key))
    return _OF_ITEM.format(columns=_columns(table), source=_SOURCES.get(table, f"{table} t"), order=order)


def _columns(table: str) -> str:
    return ", ".join(f't."{name}"' for name in BY_NAME[table].names)


def _all_at_once(connection: sqlite3.Connection, table: str, item_ids: Sequence[str]) -> Rows:
    """What several items share, once: all ids go into one question."""
    question = {"captures": CAPTURES, "documents": DOCUMENTS}[table].format(columns=_columns(table))
    yield from connection.execute(question, {"wanted": json.dumps(list(item_ids))})


def _pages(connection: sqlite3.Connection, table: str, item_ids: Sequence[str]) -> Rows:
    """Document by document: texts are long."""
    question = f"SELECT document_id FROM documents WHERE document_id IN ({_DOCUMENTS}) ORDER BY document_id"
    for (name,) in connection.execute(question, {"wanted": json.dumps(list(item_ids))}).fetchall():
        yield from connection.execute(DOCUMENT_PAGES.format(columns=_columns(table)), {"document": name})


def _names(connection: sqlite3.Connection, table: str, item_ids: Sequence[str]) -> Rows:
    """The names that are mentioned, as the program's own tables have them."""
    for kind, code in connection.execute(NAMES, {"wanted": json.dumps(list(item_ids))}):
        name = names().get((kind, code))
        latitude, longitude = (name.place if name else None) or (None, None)
        yield kind, code, label(kind, code), label(kind, code, "fr"), name.within if name else "", latitude, longitude


_SPECIAL: dict[str, Callable[[sqlite3.Connection, str, Sequence[str]], Rows]] = {
    "captures": _all_at_once, "documents": _all_at_once, "document_pages": _pages, "names": _names,
}  # fmt: skip
_OWN = {"items": ITEMS, "addresses": ADDRESSES, "item_documents": ITEM_DOCUMENTS, "item_captures": ITEM_CAPTURES}
_SOURCES = {"versions": VERSIONS}
_ORDER = {"versions": ("first_seen", "version_id")}
