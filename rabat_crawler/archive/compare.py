"""What today's readers would change: two databases of one archive, item by item and field by field. Reads only, and never more than one item at a time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rabat_crawler.archive import items

FIELDS = (
    "kind language language_method language_confidence title summary text published event_start event_end canonical_url article_id section layout gone flags html"
).split()
CAPTURE_FIELDS = ("layout", "role", "badness", "problems")
CHILDREN = tuple(table for table in items.CHILDREN if table not in ("traits", "earlier_versions"))
"""The tables whose rows are compared; traits are no reading, only what relations are found by, and versions are compared by themselves."""
DOCUMENT_FIELDS = ("media_type", "title", "pages", "language", "dated", "dates", "text_digest", "problems")
EXAMPLES = 3
NEW, LOST = "new", "lost"
_CHILD_KEY = {
    table: f"(SELECT group_concat(row, char(10)) FROM (SELECT {{0}} AS row FROM {table} c WHERE c.item_id = i.item_id ORDER BY 1))"
    for table in CHILDREN
}
_CHILD_VALUES = {
    "dates": (
        "role || ' ' || value || coalesce(' to ' || \"end\", '') || ' (' || raw || ', ' || rule || ', ' || source || ', ' || confidence || ')'"
        " || CASE refused WHEN '' THEN '' ELSE ' refused: ' || refused END"
    ),
    "addresses": "url",
    "alternates": "hreflang || ' ' || url",
    "attachments": "url || ' ' || text",
    "images": "url || ' ' || alt",
    "tags": "tag",
    "identities": "key",
    "events": "coalesce(start, '') || ' ' || country || ' ' || town || ' (' || place || '), ' || format || ', ' || meeting_type",
    "projects": "countries || '; ' || period || '; ' || partners || '; ' || funding",
    "mentions": "kind || ' ' || code || ' ' || count || ' (' || matched || ')'",
}


Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One value that would change: of which item or capture, from what, to what."""

    name: str
    title: str
    before: str | None
    after: str | None


@dataclass(slots=True, kw_only=True)
class Difference:
    """What would change: how many, and the first few of each, by field of an item, by `capture FIELD` and `document FIELD`, and under NEW and LOST
    whole items, versions and documents.
    """

    items_before: int = 0
    items_after: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def note(self, name: str, example: Example) -> None:
        """Count a change of the field `name`, and keep the first few."""
        self.counts[name] += 1
        kept = self.examples.setdefault(name, [])
        if len(kept) < EXAMPLES:
            kept.append(example)


def compare(before: sqlite3.Connection, after: sqlite3.Connection) -> Difference:
    """What the database `after` says otherwise than `before`."""
    found = Difference()
    for old, new in _pairs(_items(before), _items(after)):
        found.items_before += old is not None
        found.items_after += new is not None
        if old is None or new is None:
            present = old or new
            assert present is not None
            title = str(present["title"])
            kind = NEW if old is None else LOST
            found.note(
                f"{kind} items",
                Example(name=str(present["item_id"]), title=title, before=title if new is None else None, after=title if new else None),
            )
            continue
        for name in (*FIELDS, *CHILDREN):
            if old[name] != new[name]:
                found.note(name, Example(name=str(old["item_id"]), title=str(new["title"]), before=_text(old[name]), after=_text(new[name])))
    for old, new in _pairs(_captures(before), _captures(after)):
        if old is not None and new is not None:
            _note_fields(found, "capture", CAPTURE_FIELDS, old, new)
    for old, new in _pairs(_documents(before), _documents(after)):
        if old is not None and new is not None:
            _note_fields(found, "document", DOCUMENT_FIELDS, old, new)
            continue
        present = old or new or {}
        found.note(
            f"{NEW if old is None else LOST} documents",
            Example(name=str(present["item_id"]), title=str(present["url"]), before=None, after=None),
        )
    for old, new in _pairs(_versions(before), _versions(after)):
        if old is None or new is None:
            name = str((old or new or {})["item_id"])
            found.note(f"{NEW if old is None else LOST} versions", Example(name=name, title="", before=None, after=None))
    return found


def _note_fields(found: Difference, what: str, fields: Sequence[str], old: Row, new: Row) -> None:
    for name in fields:
        if old[name] != new[name]:
            example = Example(name=str(old["item_id"]), title=str(new["url"]), before=_text(old[name]), after=_text(new[name]))
            found.note(f"{what} {name}", example)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _items(connection: sqlite3.Connection) -> Iterator[Row]:
    children = ", ".join(f"{_CHILD_KEY[table].format(_CHILD_VALUES[table])} AS {table}" for table in CHILDREN)
    columns = ("item_id", *FIELDS, *CHILDREN)
    return _rows(connection, columns, f"SELECT i.item_id, {', '.join('i.' + name for name in FIELDS)}, {children} FROM items i ORDER BY i.item_id")


def _captures(connection: sqlite3.Connection) -> Iterator[Row]:
    columns = ("item_id", "url", *CAPTURE_FIELDS)
    return _rows(connection, columns, f"SELECT record_id, url, {', '.join(CAPTURE_FIELDS)} FROM captures ORDER BY record_id")


def _documents(connection: sqlite3.Connection) -> Iterator[Row]:
    columns = ("item_id", "url", *DOCUMENT_FIELDS)
    return _rows(connection, columns, f"SELECT document_id, url, {', '.join(DOCUMENT_FIELDS)} FROM documents ORDER BY document_id")


def _versions(connection: sqlite3.Connection) -> Iterator[Row]:
    return _rows(connection, ("item_id",), "SELECT version_id FROM versions ORDER BY version_id")


def _rows(connection: sqlite3.Connection, columns: Sequence[str], sql: str) -> Iterator[Row]:
    for row in connection.execute(sql):
        yield dict(zip(columns, row, strict=True))


def _pairs(before: Iterator[Row], after: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of equal `item_id` beside each other; both come in its order."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old["item_id"] < new["item_id"]):
            yield old, None
            old = next(before, None)
        elif old is None or new["item_id"] < old["item_id"]:
            yield None, new
            new = next(after, None)
        else:
            yield old, new
            old, new = next(before, None), next(after, None)
