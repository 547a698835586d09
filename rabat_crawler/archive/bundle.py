"""A reduced copy of a database for readers elsewhere: what the reading room asks for, and of that the items chosen and what belongs to them.

Rows are written in the order of their keys and the search indexes made anew, so that the same content gives the same file, however it came about.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rabat_crawler import identity
from rabat_crawler.archive import schema
from rabat_crawler.query.stems import accented_spellings
from rabat_crawler.urls import url_key

Progress = Callable[[str, int, int | None], None]

LEFT_OUT = frozenset(("_sqlite_migrations", "derived", "traits", "files", "readings"))
"""Tables that only who writes an archive needs."""
INDEXES_LEFT_OUT = frozenset(
    """drafts_by_base drafts_by_url drafts_by_text drafts_by_content drafts_by_title captures_by_place captures_by_end revisits_by_target""".split()
)
"""Indexes by which nobody reads."""

_CHOSEN = "(SELECT value FROM json_each(:items))"
_DRAFTS = f"item_key IN (SELECT item_key FROM items WHERE item_id IN {_CHOSEN})"
_DOCUMENTS = f":whole OR url_key IN (SELECT url_key FROM attachments WHERE item_id IN {_CHOSEN})"
_SEEN = f"""SELECT record_id, original, refers_to FROM captures WHERE url_key IN (SELECT value FROM json_each(:keys))
  OR record_id IN (SELECT record_id FROM sightings WHERE draft_id IN (SELECT draft_id FROM drafts WHERE {_DRAFTS}))"""
RULES = {
    "runs": "TRUE",
    "spellings": ":whole",
    "drafts": _DRAFTS,
    "sightings": f"draft_id IN (SELECT draft_id FROM drafts WHERE {_DRAFTS})",
    "links": f"key IN (SELECT key FROM addresses WHERE item_id IN {_CHOSEN})",
    "documents": _DOCUMENTS,
    "document_pages": f"document_id IN (SELECT document_id FROM documents WHERE {_DOCUMENTS})",
    "captures": f""":whole OR record_id IN (
  WITH seen AS ({_SEEN}) SELECT record_id FROM seen UNION SELECT original FROM seen UNION SELECT refers_to FROM seen)""",
}
"""Which rows of a table are kept. Every other table has a column `item_id` (and `other_id`), which must be chosen."""


def _without_lists(value: Any) -> Any:
    return {name: _without_lists(one) for name, one in value.items() if not isinstance(one, list)} if isinstance(value, dict) else value


_BRIEF: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("drafts", "content"): identity.brief_json,
    ("runs", "counts"): lambda text: json.dumps(_without_lists(json.loads(text)), ensure_ascii=False, sort_keys=True),
    ("runs", "parameters"): lambda _: "{}",
    ("runs", "messages"): lambda _: "[]",
}
"""Columns of which less is given out. The texts of drafts stand in `versions`; what a run was told may name files of the machine, and its lists (items that
changed, failures, examples) any item."""


def write_reduced(connection: sqlite3.Connection, target: Path, item_ids: Sequence[str], progress: Progress) -> dict[str, int]:
    """Write the copy to the new file `target`; `item_ids` are the items chosen. Rows by table. DiskFull; another file beside is used meanwhile."""
    (count,) = connection.execute("SELECT count(*) FROM items").fetchone()
    names = {"items": json.dumps(list(item_ids)), "whole": count == len(item_ids)}
    names["keys"] = json.dumps([] if names["whole"] else sorted(_keys(connection, names)))
    beside = target.with_name(f"{target.name}.loose")
    with schema.translated(target), contextlib.closing(sqlite3.connect(beside, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        copy.execute("BEGIN")
        counts = _fill(connection, copy, names, progress)
        _index(connection, copy)
        copy.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        copy.execute(f"PRAGMA user_version = {schema.VERSION}")
        copy.execute("COMMIT")
        copy.execute("VACUUM INTO ?", (str(target),))
    beside.unlink()
    return counts


def _keys(connection: sqlite3.Connection, names: dict[str, Any]) -> Iterator[str]:
    """The keys of all addresses of which captures are kept: of the items and their documents, in any spelling."""
    for (url,) in connection.execute(f"SELECT url FROM addresses WHERE item_id IN {_CHOSEN}", names):
        yield url_key(url)
    for (key,) in connection.execute(f"SELECT url_key FROM documents WHERE {_DOCUMENTS}", names):
        yield key


def _fill(source: sqlite3.Connection, copy: sqlite3.Connection, names: dict[str, Any], progress: Progress) -> dict[str, int]:
    """Make and fill every table that is kept; the rows by table."""
    tables = kept_tables(source)
    for done, (table, sql) in enumerate(tables):
        progress("tables", done, len(tables))
        copy.execute(sql)
        columns = source.execute(f"PRAGMA table_info([{table}])").fetchall()
        order = ", ".join(f'"{row[1]}"' for row in sorted(columns, key=lambda row: row[5]) if row[5])
        rows = source.execute(f"SELECT * FROM [{table}] WHERE {_rule(table, [row[1] for row in columns])} ORDER BY {order}", names)
        copy.executemany(f"INSERT INTO [{table}] VALUES ({', '.join('?' * len(columns))})", _shortened(table, [row[1] for row in columns], rows))
    if not names["whole"]:
        copy.executemany("INSERT INTO spellings VALUES (?, ?)", _spellings(copy))
    progress("tables", len(tables), len(tables))
    return {table: copy.execute(f"SELECT count(*) FROM [{table}]").fetchone()[0] for table, _ in tables}


def kept_tables(source: sqlite3.Connection) -> list[tuple[str, str]]:
    """(name, SQL) of the tables that a copy has, by name; search indexes are not among them."""
    found = source.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    ).fetchall()
    virtual = [name for name, sql in found if sql.startswith("CREATE VIRTUAL")]
    hidden = LEFT_OUT | {name for name, _ in found for index in virtual if name.startswith(index)}
    return [
        (name, sql) for name, sql in found if name not in hidden and _rule(name, [row[1] for row in source.execute(f"PRAGMA table_info([{name}])")])
    ]


def _rule(table: str, columns: Sequence[str]) -> str:
    """Which rows of a table are kept, as a condition; "" for a table of which nothing is known."""
    if table in RULES:
        return RULES[table]
    # The + keeps SQLite from looking up every pair of two lists in the table's key.
    return " AND ".join(f"{sign}{column} IN {_CHOSEN}" for sign, column in (("", "item_id"), ("+", "other_id")) if column in columns)


def _shortened(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    brief = [(number, _BRIEF[table, column]) for number, column in enumerate(columns) if (table, column) in _BRIEF]
    if not brief:
        return rows

    def each() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            values = list(row)
            for number, shorten in brief:
                values[number] = shorten(values[number])
            yield tuple(values)

    return each()


def _spellings(copy: sqlite3.Connection) -> list[tuple[str, str]]:
    """The accented spellings of the words that the chosen items hold, or held."""
    found: set[tuple[str, str]] = set()
    for title, text in copy.execute("SELECT title, text FROM items UNION ALL SELECT title, text FROM earlier_versions"):
        found |= accented_spellings(title, text)
    return sorted(found)


def _index(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Indexes, search indexes and views. A search index is made from its table at once and merged to one piece."""
    made = source.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    tables = {name for name, _ in kept_tables(source)}
    for kind, name, table, sql in made:
        if kind == "index" and table in tables and name not in INDEXES_LEFT_OUT:
            copy.execute(sql)
    for kind, name, _, sql in made:
        if kind == "table" and sql.startswith("CREATE VIRTUAL"):
            copy.execute(sql)
            for (rank,) in source.execute(f"SELECT v FROM [{name}_config] WHERE k = 'rank'").fetchall():
                copy.execute(f"INSERT INTO [{name}] ([{name}], rank) VALUES ('rank', ?)", (rank,))
            for command in ("rebuild", "optimize"):
                copy.execute(f"INSERT INTO [{name}] ([{name}]) VALUES (?)", (command,))
    for kind, _, _, sql in made:
        if kind == "view":
            copy.execute(sql)
