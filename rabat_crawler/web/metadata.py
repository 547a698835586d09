"""What Datasette says of the database: titles, descriptions of tables and columns, ready queries. Values only, for `serve` and for exports."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from rabat_crawler.archive.queries import READY, ReadyQuery

DESCRIPTION = (
    "What was captured of the dialogue's public web site: items in French and English with all their dates, addresses, versions, translations and "
    "documents, each value with its evidence. Every row follows from the WARC files. — Ce qui a été capturé du site public du dialogue."
)
LICENCE = "The texts belong to those who published them; cite them with their address and date"
SOURCE = "The captures themselves (WARC files)"

HIDDEN = ("_sqlite_migrations", "derived", "traits", "files", "readings", "spellings", "earlier_versions", "withheld_names")
"""Tables that the program works with and that tell a reader nothing."""

LABELS = {"items": "title", "versions": "title", "documents": "title", "captures": "url", "runs": "started_at", "news": "title"}
SORTS = {
    "items": "published", "versions": "first_seen", "captures": "captured_at", "runs": "started_at", "documents": "last_seen", "events": "start",
    "news": "published",
}  # fmt: skip
"""By which column a table is sorted, the latest first."""
FACETS = {
    "items": ("kind", "language", "gone"),
    "news": ("kind", "language", "section"),
    "captures": ("status", "role", "source"),
    "dates": ("role", "source", "refused"),
    "documents": ("media_type", "language", "gone"),
    "events": ("meeting_type", "country", "format"),
    "mentions": ("kind", "code"),
    "relations": ("relation",),
    "runs": ("status", "spider"),
    "translations": ("evidence", "hreflang"),
    "item_addresses": ("how",),
}
SMALL_PAGES = ("items", "versions", "drafts", "document_pages", "runs")
"""Tables with long texts: few rows a page."""


def metadata(database: str, title: str, *, room: bool = True) -> dict[str, Any]:
    """Datasette's metadata for a database of that name; `room`: with links to the reading room's own pages."""
    about = {"about": "The reading room / La salle de lecture", "about_url": "/"} if room else {}
    described = {"title": title, "description": DESCRIPTION, "source": SOURCE, "license": LICENCE, **about}
    tables = {name: _table(name) for name in descriptions() if name != "*"}
    tables |= {name: {**tables.get(name, {}), "hidden": True} for name in HIDDEN}
    queries = {query.name: _query(query) for query in READY}
    return {**described, "databases": {database: {**described, "tables": tables, "queries": queries}}}


@lru_cache(maxsize=1)
def descriptions() -> dict[str, dict[str, str]]:
    """For each table and view its columns with what they hold; "" is the table itself, the table "*" what a column means in all of them."""
    found: dict[str, dict[str, str]] = {"*": {}}
    for line in (files(__package__) / "tables.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        table, column, description = line.split("\t")
        found.setdefault(table, {})[column] = description
    return found


def columns_of(table: str) -> dict[str, str]:
    """What every column of a table may mean: its own words before those for all tables."""
    known = descriptions()
    return {**known["*"], **{column: text for column, text in known[table].items() if column}}


def _table(name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": descriptions()[name].get("", ""), "columns": _listed(name)}
    if name in LABELS:
        shown["label_column"] = LABELS[name]
    if name in SORTS:
        shown["sort_desc"] = SORTS[name]
    if name in FACETS:
        shown["facets"] = list(FACETS[name])
    if name in SMALL_PAGES:
        shown["size"] = 20
    return shown


def _listed(name: str) -> dict[str, str]:
    """The columns that a table has, by the schema; Datasette shows every column that is named."""
    return {column: columns_of(name)[column] for column in _schema().get(name, ()) if column in columns_of(name)}


@lru_cache(maxsize=1)
def _schema() -> dict[str, tuple[str, ...]]:
    from rabat_crawler.archive.schema import columns_by_table

    return columns_by_table()


def _query(query: ReadyQuery) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "sql": query.sql,
        "title": f"{query.title} / {query.titre}",
        "description": f"{query.description} — {query.explication}",
        "hide_sql": True,
    }
    return {**shown, "params": list(query.parameters)} if query.parameters else shown
