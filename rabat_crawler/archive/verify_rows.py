"""The database with itself: SQLite's own checks, foreign keys, the search index, rows that must follow from each other. Changes nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from rabat_crawler import identity, registry
from rabat_crawler.archive.document_list import PAGE_BREAK
from rabat_crawler.archive.faults import Fault
from rabat_crawler.errors import DiskFull

ROW_QUESTIONS = (
    (
        "changed",
        "the item's title or text is not that of its current version",
        """SELECT i.item_id FROM items i LEFT JOIN versions v ON v.version_id = i.current_version AND v.title = i.title AND v.text = i.text
        WHERE v.version_id IS NULL""",
    ),
    ("no_draft", "no draft says this of the item", "SELECT item_id FROM items WHERE item_key NOT IN (SELECT item_key FROM drafts)"),
    (
        "no_item",
        "a draft's item is missing",
        "SELECT DISTINCT item_key FROM drafts WHERE NOT json_extract(content, '$.truncated') AND item_key NOT IN (SELECT item_key FROM items)",
    ),
    (
        "no_capture",
        "no capture shows this document",
        """SELECT document_id FROM documents d WHERE NOT EXISTS (SELECT 1 FROM captures c WHERE c.record_id = d.last_capture AND c.role = 'document'
        AND c.url_key = d.url_key AND NOT c.held)""",
    ),
    (
        "no_pages",
        "the document's pages are not all there",
        "SELECT document_id FROM documents d WHERE pages <> (SELECT count(*) FROM document_pages p WHERE p.document_id = d.document_id)",
    ),
    ("no_sighting", "no capture shows this draft", "SELECT draft_id FROM drafts WHERE draft_id NOT IN (SELECT draft_id FROM sightings)"),
)
INDEXES = (("items_fts", "items"), ("pages_fts", "document_pages"), ("versions_fts", "earlier_versions"))
ITEM_TABLES = (
    "versions",
    "dates",
    "addresses",
    "attachments",
    "images",
    "tags",
    "alternates",
    "identities",
    "traits",
    "projects",
    "mentions",
    "events",
)


def sqlite_faults(connection: sqlite3.Connection, *, quick: bool = False, where: str = "rabat.db") -> list[Fault]:
    """What SQLite itself finds: pages and indexes (`quick`: without comparing the indexes with their tables), then foreign keys."""
    try:
        said = [str(row[0]) for row in connection.execute(f"PRAGMA {'quick' if quick else 'integrity'}_check(20)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    faults = [Fault(where=where, place="", code="integrity", message=message) for message in said if message != "ok"]
    if faults:
        return faults
    return [
        Fault(where=where, place=f"{table} row {row}", code="foreign_key", message=f"refers to a missing row of {parent}; rebuild")
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]


def row_faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Rows that belong to no item, or do not say what their names were made from: drafts, versions, items; and the words of the search index."""
    for table in ITEM_TABLES:
        orphans = connection.execute(f"SELECT count(*) FROM {table} WHERE item_id NOT IN (SELECT item_id FROM items)").fetchone()[0]
        if orphans:
            yield Fault(where="rabat.db", place=table, code="orphans", message=f"{orphans} rows belong to no item; rebuild")
    for name, origin, content in connection.execute("SELECT draft_id, origin, content FROM drafts"):
        if name != identity.draft_id(f"{identity.scope(registry.resolve(origin))} {content}"):
            yield Fault(where="rabat.db", place=f"drafts {name}", code="changed", message="its content was changed; rebuild")
    for name, digest, title, text in connection.execute("SELECT version_id, text_digest, title, text FROM versions"):
        if digest != identity.text_digest(title, text):
            yield Fault(where="rabat.db", place=f"versions {name}", code="changed", message="its title or text was changed; rebuild")
    yield from _document_faults(connection)
    for name, number, key in connection.execute("SELECT item_id, id, item_key FROM items"):
        if number != identity.item_number(key) or name != identity.item_id(number):
            yield Fault(where="rabat.db", place=f"items {name}", code="changed", message="its id does not follow from its key; rebuild")
    for code, message, question in ROW_QUESTIONS:
        for (name,) in connection.execute(question):
            yield Fault(where="rabat.db", place=str(name), code=code, message=f"{message}; rebuild")
    yield from _text_index_words(connection)


def _document_faults(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Documents whose title or pages are not those that were read."""
    for name, title, digest in connection.execute("SELECT document_id, title, text_digest FROM documents"):
        pages = connection.execute("SELECT text FROM document_pages WHERE document_id = ? ORDER BY page", (name,))
        if digest != identity.text_digest(title, PAGE_BREAK.join(text for (text,) in pages)):
            yield Fault(where="rabat.db", place=f"documents {name}", code="changed", message="its title or a page was changed; rebuild")


def text_index_faults(connection: sqlite3.Connection) -> list[Fault]:
    """Each search index holds one row an item, or a page, and is kept by its three triggers."""
    return [
        Fault(where="rabat.db", place=index, code="text_index", message=message)
        for index, table in INDEXES
        for message in _index_faults(connection, index, table)
    ]


def _index_faults(connection: sqlite3.Connection, index: str, table: str) -> Iterator[str]:
    rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    indexed = connection.execute(f"SELECT count(*) FROM {index}_docsize").fetchone()[0]
    triggers = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?", (f"{index}_%",)).fetchone()[0]
    if rows != indexed:
        yield f"{rows} rows of {table} but {indexed} in the search index; rebuild"
    if triggers != 3:
        yield f"{triggers} of 3 triggers are there; rebuild makes them anew"


def _text_index_words(connection: sqlite3.Connection) -> Iterator[Fault]:
    """Every word of every item and page against its index. FTS5 wants to write for that check, so it gets a copy that vanishes with its connection."""
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as copy:
        try:
            connection.backup(copy)
        except sqlite3.DatabaseError as error:
            _check_room(error)
            yield Fault(where="rabat.db", place="", code="integrity", message=f"the database cannot be copied ({error}); rebuild")
            return
        for index, table in INDEXES:
            try:
                copy.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
            except sqlite3.DatabaseError as error:
                _check_room(error)
                said = f"the search index does not fit the words of {table} ({error}); rebuild"
                yield Fault(where="rabat.db", place=index, code="text_index", message=said)


def _check_room(error: sqlite3.DatabaseError) -> None:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        raise DiskFull("no room for a temporary copy of the database: free some space in TMPDIR (/tmp) and run the command again") from error
