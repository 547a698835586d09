"""Reads rows back as values: items with their evidence, captures, runs, counts, and the dump by which two archives are compared."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from rabat_crawler.archive.filters import Filters, storable
from rabat_crawler.archive.withholding import without_withheld
from rabat_crawler.changes import FIELDS, Snapshot
from rabat_crawler.models import Attachment, Image, Item, PartialDate, Project, Run, Version

ITEM_COLUMNS = (
    "item_id site kind language language_method language_confidence title summary text html published event_start event_end canonical_url article_id section layout "
    "first_seen last_seen gone flags current_version"
).split()
_ITEM_VALUES = ", ".join(f"i.{name}" for name in ITEM_COLUMNS)
_SELECT_ITEM = f"SELECT {_ITEM_VALUES} FROM items i "
RUN_COLUMNS = "run_id spider site started_at finished_at status counts parameters software messages".split()
CHUNK = 400
ADDRESSES = """
SELECT item_id, url FROM (
  SELECT a.item_id, a.url, 0 AS linked FROM addresses a WHERE a.item_id IN ({marks})
  UNION
  SELECT a.item_id, l.url, 1 FROM addresses a JOIN links l ON l.key = a.key WHERE a.item_id IN ({marks})
    AND NOT EXISTS (SELECT 1 FROM addresses own WHERE own.item_id = a.item_id AND own.url = l.url)
) ORDER BY item_id, linked, url
"""
"""The rows of the view `item_addresses` of some items; asked of the view, SQLite would work it out for every item each time."""
NOT_DUMPED = ("runs", "files", "derived", "spellings", "_sqlite_migrations")
"""Run bookkeeping and the library's own notes: they say when work was done, not what the archive holds.
Spellings are never taken out before a rebuild."""


def read_items(connection: sqlite3.Connection, filters: Filters, *, limit: int | None = None) -> Iterator[Item]:
    """Items, the newest published first, those without a date last."""
    names = read_item_ids(connection, filters, limit=limit)
    for start in range(0, len(names), CHUNK):
        yield from read_items_by_id(connection, names[start : start + CHUNK])


def read_item_ids(connection: sqlite3.Connection, filters: Filters, *, limit: int | None = None) -> list[str]:
    """Their ids, in the same order."""
    conditions, values = filters.sql()
    sql = f"SELECT i.item_id FROM items i WHERE 1 {conditions} ORDER BY i.published IS NULL, i.published DESC, i.item_id LIMIT :limit"
    return [row[0] for row in connection.execute(sql, {**values, "limit": -1 if limit is None else limit})]


def read_items_by_id(connection: sqlite3.Connection, names: Sequence[str]) -> list[Item]:
    """The items of these ids, in this order; unknown ids are left out."""
    return [item for start in range(0, len(names), CHUNK) for item in _read_chunk(connection, names[start : start + CHUNK])]


def read_items_by_number(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Item]:
    """The items of at most CHUNK of these numbers (`items.id`); unknown numbers are left out."""
    sql = f"SELECT i.id, {_ITEM_VALUES} FROM items i WHERE i.id IN ({','.join('?' * len(numbers))})"
    rows = {row[0]: row[1:] for row in connection.execute(sql, numbers)}
    parts = _parts(connection, [row[0] for row in rows.values()])
    return {number: _item(row, parts) for number, row in rows.items()}


def _read_chunk(connection: sqlite3.Connection, names: Sequence[str]) -> list[Item]:
    """At most CHUNK items: SQLite takes a limited number of values in one statement."""
    rows = {row[0]: row for row in connection.execute(f"{_SELECT_ITEM} WHERE i.item_id IN ({','.join('?' * len(names))})", names)}
    parts = _parts(connection, names)
    return [_item(rows[name], parts) for name in names if name in rows]


def _parts(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """The rows that belong to items, by table and item id."""
    marks = ",".join(f"?{number}" for number in range(1, len(names) + 1))
    addresses = _grouped(connection.execute(ADDRESSES.format(marks=marks), names)) if names else {}
    return {"addresses": addresses} | {
        table: _grouped(connection.execute(f"SELECT {columns} FROM {table} WHERE item_id IN ({marks}) ORDER BY {order}", names))
        for table, columns, order in (
            ("tags", "item_id, tag", "item_id, tag"),
            ("attachments", "item_id, url, text, media_type", "item_id, url"),
            ("images", "item_id, url, alt", "item_id, url"),
            ("dates", 'item_id, value, "end", precision, raw, rule, role, source, confidence, refused', "item_id, ordinal"),
            ("projects", 'item_id, countries, start, "end", period, partners, funding', "item_id"),
            ("translations", "item_id, other_id", "item_id, other_id"),
        )
    }


def _grouped(rows: sqlite3.Cursor) -> dict[str, list[tuple[Any, ...]]]:
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row[1:])
    return groups


def _item(row: tuple[Any, ...], parts: dict[str, dict[str, list[tuple[Any, ...]]]]) -> Item:
    values = dict(zip(ITEM_COLUMNS, row, strict=True))
    name = values["item_id"]
    addresses = [url for (url,) in parts["addresses"].get(name, [])]
    twins = [other for (other,) in parts["translations"].get(name, [])]
    return Item(
        **{**values, "gone": bool(values["gone"]), "flags": tuple(json.loads(values["flags"]))},
        addresses=tuple(sorted(addresses, key=lambda url: (url != values["canonical_url"], url))),
        tags=tuple(tag for (tag,) in parts["tags"].get(name, [])),
        attachments=tuple(Attachment(url=url, text=text, media_type=kind) for url, text, kind in parts["attachments"].get(name, [])),
        images=tuple(Image(url=url, alt=alt) for url, alt in parts["images"].get(name, [])),
        dates=tuple(
            PartialDate(
                value=value, end=end, precision=precision, raw=raw, rule=rule, role=role, source=source, confidence=confidence, refused=refused
            )
            for value, end, precision, raw, rule, role, source, confidence, refused in parts["dates"].get(name, [])
        ),
        twin=twins[0] if twins else None,
        project=next((_project(values) for values in parts["projects"].get(name, [])), None),
    )


def _project(values: tuple[Any, ...]) -> Project:
    return Project(**dict(zip(("countries", "start", "end", "period", "partners", "funding"), values, strict=True)))


def find_item_id(connection: sqlite3.Connection, wanted: str) -> list[str]:
    """The ids that `wanted` may mean: an item id or the beginning of one (4 letters or more), an address, or an article number."""
    wanted = storable(wanted)
    if "://" in wanted:
        rows = connection.execute("SELECT DISTINCT item_id FROM item_addresses WHERE url = ? OR url = ?", (wanted, wanted.rstrip("/")))
    elif wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        rows = connection.execute("SELECT item_id FROM items WHERE article_id = ? OR item_id = ? ORDER BY item_id", (int(wanted), wanted))
    elif len(wanted) >= 4 and wanted.isalnum():
        rows = connection.execute(
            "SELECT item_id FROM items WHERE item_id >= ? AND item_id < ? ORDER BY item_id", (wanted.lower(), wanted.lower() + "~")
        )
    else:
        return []
    found = [row[0] for row in rows]
    return found or _by_former_name(connection, wanted)


def _by_former_name(connection: sqlite3.Connection, wanted: str) -> list[str]:
    """The item that was once known by this id: that of one of its older addresses or numbers."""
    rows = connection.execute("SELECT DISTINCT item_id FROM identities WHERE alias >= ? AND alias < ?", (wanted.lower(), wanted.lower() + "~"))
    return [row[0] for row in rows] if len(wanted) >= 4 and wanted.isalnum() else []


def read_versions(connection: sqlite3.Connection, name: str) -> list[Version]:
    """The item's versions, oldest first."""
    columns = "version_id item_id text_digest title summary text html layout complete first_capture last_capture first_seen last_seen".split()
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM versions WHERE item_id = ? ORDER BY first_seen, version_id", (name,))
    return [Version(**{**dict(zip(columns, row, strict=True)), "complete": bool(row[8])}) for row in rows]


def read_runs(connection: sqlite3.Connection, limit: int | None = None, run_id: str | None = None) -> list[Run]:
    """All runs, or at most `limit`, or the one of that id, the latest first."""
    bound = -1 if limit is None else limit
    only, values = ("", (bound,)) if run_id is None else ("WHERE run_id = ?", (run_id, bound))
    rows = connection.execute(f"SELECT {', '.join(RUN_COLUMNS)} FROM runs {only} ORDER BY started_at DESC, run_id DESC LIMIT ?", values)
    return [_run(dict(zip(RUN_COLUMNS, row, strict=True))) for row in rows]


def iter_runs(connection: sqlite3.Connection) -> Iterator[Run]:
    """All runs, the earliest first, one in memory at a time."""
    for (name,) in connection.execute("SELECT run_id FROM runs ORDER BY started_at, run_id"):
        yield from read_runs(connection, run_id=name)


def read_snapshots(connection: sqlite3.Connection, site: str) -> dict[str, Snapshot]:
    """The items of a site as changes are told from: no text, only which version it is."""
    columns = ["item_id", *FIELDS, "gone", "current_version"]
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM items WHERE site = ?", (site,))
    return {row[0]: Snapshot(**{**dict(zip(columns, row, strict=True)), "gone": bool(row[-2])}) for row in rows}


def read_health(connection: sqlite3.Connection, site: str) -> dict[str, Any]:
    """What tells a healthy archive of a site from a sick one: items that are not gone by kind and language, fill rates, share of the generic reader."""

    def grouped(column: str) -> dict[str, int]:
        return dict(connection.execute(f"SELECT coalesce({column}, 'unknown'), count(*) FROM items WHERE site = ? AND NOT gone GROUP BY 1", (site,)))

    count, title, published, language, generic = connection.execute(
        "SELECT count(*), sum(title <> ''), sum(published IS NOT NULL), sum(language IS NOT NULL), sum(layout = 'generic') FROM items "
        "WHERE site = ? AND NOT gone",
        (site,),
    ).fetchone()
    share = {
        name: round((value or 0) / count, 4) if count else 0.0 for name, value in (("title", title), ("published", published), ("language", language))
    }
    return {
        "items": count,
        "by_kind": grouped("kind"),
        "by_language": grouped("language"),
        "fill": share,
        "fallback_share": round((generic or 0) / count, 4) if count else 0.0,
    }


def _run(values: dict[str, Any]) -> Run:
    decoded = {name: json.loads(values[name]) for name in ("counts", "parameters", "software", "messages")}
    return Run(**{**values, **decoded, "messages": tuple(decoded["messages"])})


def write_run(connection: sqlite3.Connection, run: Run) -> None:
    """Insert or replace the row of a run, without what it tells of withheld items."""
    run = without_withheld(connection, run)
    row = (
        run.run_id, run.spider, run.site, run.started_at, run.finished_at, run.status, _json(run.counts), _json(run.parameters),
        _json(run.software), json.dumps(run.messages, ensure_ascii=False),
    )  # fmt: skip
    connection.execute(f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * len(row))})", row)


def _json(mapping: Any) -> str:
    return json.dumps(dict(mapping), ensure_ascii=False, sort_keys=True)


def dump(connection: sqlite3.Connection) -> Iterator[str]:
    """Every row of every table but run bookkeeping and search indexes, one JSON line each, in an order that does not depend on how it was written."""
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'items_fts%' AND name NOT LIKE 'pages_fts%' "
            "AND name NOT LIKE 'versions_fts%' "
            "ORDER BY name"
        )
    ]
    for table in tables:
        if table not in NOT_DUMPED:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            yield from sorted(
                json.dumps({"table": table, **dict(zip(names, row, strict=True))}, ensure_ascii=False, sort_keys=True) for row in cursor
            )


def count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows the main tables hold."""
    return {
        table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for table in ("items", "versions", "captures", "drafts", "links", "attachments", "documents")
    }


def statistics(connection: sqlite3.Connection) -> dict[str, Any]:
    """What the archive holds: counts by kind, language, year, layout, site, flag; the span of its captures."""

    def grouped(sql: str) -> dict[str, int]:
        return {str(key): int(count) for key, count in connection.execute(sql)}

    first, last = connection.execute("SELECT min(captured_at), max(captured_at) FROM captures").fetchone()
    return {
        **count_rows(connection),
        "first_capture": first,
        "last_capture": last,
        "by_kind": grouped("SELECT kind, count(*) FROM items GROUP BY 1 ORDER BY 2 DESC, 1"),
        "by_language": grouped("SELECT coalesce(language, 'unknown'), count(*) FROM items GROUP BY 1 ORDER BY 2 DESC, 1"),
        "by_year": grouped("SELECT coalesce(substr(published, 1, 4), 'undated'), count(*) FROM items GROUP BY 1 ORDER BY 1"),
        "by_layout": grouped("SELECT layout, count(*) FROM items GROUP BY 1 ORDER BY 2 DESC, 1"),
        "by_site": grouped("SELECT site, count(*) FROM items GROUP BY 1 ORDER BY 2 DESC, 1"),
        "by_flag": grouped("SELECT j.value, count(*) FROM items, json_each(items.flags) j GROUP BY 1 ORDER BY 2 DESC, 1"),
        "by_status": grouped("SELECT status, count(*) FROM captures GROUP BY 1 ORDER BY 1"),
        "with_twin": int(connection.execute("SELECT count(DISTINCT item_id) FROM translations").fetchone()[0]),
        "gone": int(connection.execute("SELECT count(*) FROM items WHERE gone").fetchone()[0]),
    }
