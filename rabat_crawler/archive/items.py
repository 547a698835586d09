"""An item and all that belongs to it as rows, made anew from its drafts, and written. Making reads the database only; see `ingest` and `bulk` for when."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

from rabat_crawler import identity, registry
from rabat_crawler.archive.mentions import mention_rows
from rabat_crawler.events import Meeting, describe
from rabat_crawler.models import Draft, Item, Site, Version
from rabat_crawler.query.codes import item_codes
from rabat_crawler.query.stems import accented_spellings, stem_columns
from rabat_crawler.relations import traits_of
from rabat_crawler.urls import fold_key, path_language, url_key

ITEM_COLUMNS = (
    "id item_id site kind language language_method title summary text published event_start event_end canonical_url article_id section layout "
    "first_seen last_seen gone flags current_version html item_key language_confidence stems_fr stems_en codes"
).split()
VERSION_COLUMNS = ("version_id item_id text_digest title summary text html layout complete first_capture last_capture first_seen last_seen").split()
FIXED = {"ITEM": ("id", "item_id", "item_key"), "VERSION": ("version_id", "item_id", "text_digest", "title", "text")}


def _upsert(table: str, columns: Sequence[str], key: str, fixed: Sequence[str]) -> str:
    marks = ",".join("?" * len(columns))
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in fixed)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changes}"


UPSERT_ITEM = _upsert("items", ITEM_COLUMNS, "id", FIXED["ITEM"])
UPSERT_VERSION = _upsert("versions", VERSION_COLUMNS, "version_id", FIXED["VERSION"])
CHILDREN = {
    "dates": 11,
    "addresses": 3,
    "alternates": 4,
    "attachments": 5,
    "images": 3,
    "tags": 2,
    "identities": 3,
    "traits": 2,
    "projects": 7,
    "mentions": 6,
    "events": 11,
    "earlier_versions": 7,
}
"""The tables that belong to an item, with their number of columns; in `identities` and `earlier_versions` the item is the second one."""

OF_ITEM = """
SELECT draft_id, content, page_url, first_seen, last_seen, first_capture, last_capture, origin, base_key FROM drafts WHERE item_key = ?
"""
UPDATE_STATE = "UPDATE items SET first_seen = ?, last_seen = ?, gone = ? WHERE id = ?"
LAST_READ = "SELECT r.url, max(r.last_seen) FROM drafts d JOIN readings r ON r.draft_id = d.draft_id WHERE d.item_key = ? GROUP BY r.url"
ENDED = "SELECT 1 FROM captures WHERE url = ? AND captured_at > ? AND role = 'gone' AND held = 0 LIMIT 1"
ABSENT = """
SELECT count(DISTINCT substr(captured_at, 1, 10)) FROM captures
WHERE url = ? AND captured_at > ? AND substr(captured_at, 1, 10) > substr(?, 1, 10) AND held = 0 AND truncated IS NULL
  AND (role = 'missing' OR (status IN (200, 304) AND role IN ('detail', 'listing', 'other') AND layout <> ''
    AND problems NOT LIKE '%"truncated"%' AND problems NOT LIKE '%"bad_coding"%' AND problems NOT LIKE '%"too_large"%'))
"""
MAX_KNOWN = 1000
"""So many items are remembered as they were written."""
_lasting = attrgetter(*(field.name for field in fields(Item) if field.name not in ("first_seen", "last_seen", "gone")))
ABSENT_DAYS = 2
"""On so many later days a page must be there without its item before the item is taken to be gone; a 404 or 410 says it at once."""


@dataclass(frozen=True, slots=True)
class ItemRows:
    """All rows of one item."""

    item: tuple[Any, ...]
    versions: tuple[tuple[Any, ...], ...]
    children: dict[str, list[tuple[Any, ...]]]
    spellings: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the drafts of an item come to: the item without its rows, its site's definition, the names that its drafts have by themselves."""

    merged: identity.Merged
    site: Site
    bases: frozenset[str]


def build_item(connection: sqlite3.Connection, key: str) -> ItemRows | None:
    """The rows of the item with that key, from its drafts; None if nothing whole is known of it."""
    found = _find(connection, key)
    return None if found is None else _rows(key, found, gone=_is_gone(connection, key, found.merged.item))


def _find(connection: sqlite3.Connection, key: str) -> _Found | None:
    rows = connection.execute(OF_ITEM, (key,)).fetchall()
    seen = [
        identity.Seen(
            draft_id=row[0], draft=read_draft(row[1]), page_url=row[2], first_seen=row[3], last_seen=row[4], first_capture=row[5], last_capture=row[6]
        )
        for row in rows
    ]
    whole = [one for one in seen if not one.draft.truncated]
    if not whole:  # only cut captures say anything of it, if any: they are kept, but make no item
        return None
    definition = registry.resolve(max(row[7] for row in rows))
    merged = identity.merge(key, whole, definition, cut=len(whole) < len(seen))
    return _Found(merged, definition, frozenset(row[8] for row in rows))


def _rows(key: str, found: _Found, *, gone: bool) -> ItemRows:
    merged, site, item = found.merged, found.site, found.merged.item
    name, number = item.item_id, identity.item_number(key)
    mentions = mention_rows(name, item.title, item.text, item.language)
    *stems, spellings = _searchable(item.title, item.text, item.language)
    mentioned = [f"{kind}:{code}" for _, kind, code, *_ in mentions if kind != "theme"]
    return ItemRows(
        item=(
            number, name, item.site, item.kind, item.language, item.language_method, item.title, item.summary, item.text, item.published,
            item.event_start, item.event_end, item.canonical_url, item.article_id, item.section, item.layout, item.first_seen, item.last_seen,
            int(gone), json.dumps(item.flags), item.current_version, item.html, key,
            item.language_confidence, *stems, _codes(item, mentions),
        ),
        versions=_version_rows(merged),
        children={
            "dates": [
                (name, n, d.role, d.value, d.end, d.precision, d.raw, d.rule, d.source, d.confidence, d.refused) for n, d in enumerate(item.dates)
            ],
            "addresses": [(name, url, fold_key(url, site)) for url in item.addresses],
            "alternates": [(name, a.hreflang, a.url, fold_key(a.url, site)) for a in merged.alternates],
            "attachments": [(name, a.url, a.text, a.media_type, url_key(a.url)) for a in item.attachments],
            "images": [(name, i.url, i.alt) for i in item.images],
            "tags": [(name, tag) for tag in item.tags],
            "traits": [(name, traits_of(item, side=path_language(item.canonical_url or "", site), names=mentioned).to_json())],
            "events": [(name, *_meeting(item))] if item.event_start or item.kind == "event" else [],
            "projects": [(name, p.countries, p.start, p.end, p.period, p.partners, p.funding) for p in (item.project,) if p],
            "identities": [(identity.item_id(identity.item_number(base)), name, base) for base in sorted(found.bases - {key})],
            "mentions": mentions,
            "earlier_versions": [_earlier(name, v, item.language) for v in merged.versions if v.version_id != item.current_version],
        },
        spellings=spellings,
    )  # fmt: skip


def _version_rows(merged: identity.Merged) -> tuple[tuple[Any, ...], ...]:
    return tuple(
        (v.version_id, v.item_id, v.text_digest, v.title, v.summary, v.text, v.html, v.layout, int(v.complete), v.first_capture, v.last_capture,
         v.first_seen, v.last_seen) for v in merged.versions
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _searchable(title: str, text: str, language: str | None) -> tuple[str, str, frozenset[tuple[str, str]]]:
    """The columns of stems and the accented spellings of a text, remembered: listings write the same items anew page after page."""
    return *stem_columns(title, text, language), frozenset(accented_spellings(title, text))


def _codes(item: Item, mentions: Sequence[tuple[Any, ...]]) -> str:
    """What of the item is asked for beside its words."""
    return item_codes(
        language=item.language,
        kind=item.kind,
        site=item.site,
        published=item.published,
        whole="intro_only" not in item.flags,
        names=[(kind, code) for _, kind, code, *_ in mentions],
    )


def _earlier(name: str, version: Version, language: str | None) -> tuple[Any, ...]:
    """The row of a version that is not the current one."""
    stems = stem_columns(version.title, version.text, language)
    return identity.item_number(f"version {version.version_id}"), name, version.version_id, version.title, version.text, *stems


def _meeting(item: Item) -> tuple[Any, ...]:
    """The days of an item's event, and what its title, lead, section and address say of it."""
    said = _described(item.title, item.text, item.section, item.canonical_url, item.language, item.event_start)
    return (
        item.event_start, item.event_end, said.town, said.country, said.place_raw, said.place_rule, said.format, said.format_raw, said.meeting_type, said.type_raw,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _described(title: str, text: str, section: str, url: str | None, language: str | None, start: str | None) -> Meeting:
    """`describe`, remembered: listings write the same items anew page after page."""
    return describe(title, text, section, url, language=language, event_start=start)


def _is_gone(connection: sqlite3.Connection, key: str, item: Item) -> bool:
    """True if every address at which the item was read of late has ended; one that was never read at its own address ends with that address."""
    read = connection.execute(LAST_READ, (key,)).fetchall()
    if read:
        since = identity.lately(max(at for _, at in read))
        return all(_has_ended(connection, url, at, absence=True) for url, at in read if at >= since)
    return item.canonical_url is not None and _has_ended(connection, item.canonical_url, item.last_seen, absence="no_address" in item.flags)


def _has_ended(connection: sqlite3.Connection, url: str, after: str, *, absence: bool) -> bool:
    """True if the address answered 404 or 410 since, or (with `absence`) on two later days answered without what it had shown."""
    if connection.execute(ENDED, (url, after)).fetchone() is not None:
        return True
    return absence and int(connection.execute(ABSENT, (url, after, after)).fetchone()[0]) >= ABSENT_DAYS


class ItemWriter:
    """Writes items anew from their drafts, one by one; nothing else may write them meanwhile.

    It remembers what it wrote last: most captures show an item again as it was, and then only its times, and whether it is gone, are written.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, _Known] = {}

    def write(self, key: str) -> None:
        """Put the item's rows in the place of those that are there; an item of which nothing whole is known goes."""
        known = self._known.pop(key, None)
        found = _find(self._connection, key)
        if found is None:
            _remove(self._connection, key)
            return
        gone = _is_gone(self._connection, key, found.merged.item)
        content = _content(found)
        if known is not None and known.content == content:
            state = self._update(key, found.merged, known, gone=gone)
            known = _Known(content, state, known.children, _version_rows(found.merged))
        else:
            rows = _rows(key, found, gone=gone)
            _write(self._connection, rows, known.children if known else None)
            known = _Known(content, _state(found.merged.item, gone=gone), rows.children, rows.versions)
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def _update(self, key: str, merged: identity.Merged, known: _Known, *, gone: bool) -> tuple[Any, ...]:
        """Write what is not content, as far as it changed; the state that it has now."""
        state = _state(merged.item, gone=gone)
        if state != known.state:
            self._connection.execute(UPDATE_STATE, (*state, identity.item_number(key)))
        there = set(known.versions)
        self._connection.executemany(UPSERT_VERSION, [row for row in _version_rows(merged) if row not in there])
        return state


@dataclass(frozen=True, slots=True)
class _Known:
    """An item as it was written last: what all but its times follows from, its times, and its rows in the other tables."""

    content: tuple[Any, ...]
    state: tuple[Any, ...]
    children: dict[str, list[tuple[Any, ...]]]
    versions: tuple[tuple[Any, ...], ...]


def _content(found: _Found) -> tuple[Any, ...]:
    """All that the rows of an item follow from but its times (of which the day of the first counts) and those of its versions."""
    merged = found.merged
    versions = tuple((version.version_id, version.title, version.text) for version in merged.versions)
    return *_lasting(merged.item), merged.item.first_seen[:10], merged.alternates, versions, found.bases, found.site


def _state(item: Item, *, gone: bool) -> tuple[Any, ...]:
    return item.first_seen, item.last_seen, int(gone)


def _remove(connection: sqlite3.Connection, key: str) -> None:
    number = identity.item_number(key)
    name = identity.item_id(number)
    for table in (*CHILDREN, "versions"):
        connection.execute(f"DELETE FROM {table} WHERE item_id = ?", (name,))
    connection.execute("DELETE FROM items WHERE id = ?", (number,))


def _write(connection: sqlite3.Connection, rows: ItemRows, there: dict[str, list[tuple[Any, ...]]] | None) -> None:
    """Put rows in the place of those of the same item; `there`: what its other tables hold, if it is known."""
    number, name = rows.item[:2]
    if there is None and connection.execute("SELECT 1 FROM items WHERE id = ?", (number,)).fetchone() is None:
        insert_items(connection, (rows,))
        return
    changed = {table: children for table, children in rows.children.items() if there is None or children != there[table]}
    for table in changed:
        connection.execute(f"DELETE FROM {table} WHERE item_id = ?", (name,))
    connection.execute(UPSERT_ITEM, rows.item)
    wanted = [version[0] for version in rows.versions]
    connection.execute(f"DELETE FROM versions WHERE item_id = ? AND version_id NOT IN ({','.join('?' * len(wanted))})", (name, *wanted))
    connection.executemany(UPSERT_VERSION, rows.versions)
    _insert_children(connection, (replace(rows, children=changed),))


def insert_items(connection: sqlite3.Connection, items: Sequence[ItemRows]) -> None:
    """Write items that are not there yet."""
    connection.executemany(UPSERT_ITEM, [rows.item for rows in items])
    connection.executemany(UPSERT_VERSION, [version for rows in items for version in rows.versions])
    _insert_children(connection, items)


def _insert_children(connection: sqlite3.Connection, items: Iterable[ItemRows]) -> None:
    items = list(items)
    connection.executemany("INSERT OR IGNORE INTO spellings VALUES (?, ?)", sorted(frozenset().union(*(rows.spellings for rows in items))))
    for table, width in CHILDREN.items():
        children = [row for rows in items for row in rows.children.get(table, ())]
        if children:
            connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * width)})", children)


MAX_CACHED = 4000
MAX_CACHED_LENGTH = 20_000
_drafts: dict[str, Draft] = {}


def read_draft(content: str) -> Draft:
    """The draft of a stored row; the last few thousand are kept, because listings bring the same ones again and again."""
    found = _drafts.get(content)
    if found is None:
        found = identity.draft_from_json(content)
        if len(content) <= MAX_CACHED_LENGTH:
            if len(_drafts) >= MAX_CACHED:
                _drafts.clear()
            _drafts[content] = found
    return found
