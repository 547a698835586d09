"""Reads documents back: lists with the items that link them, and the full text search over their pages. Reads only, and imports no reader of documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rabat_crawler.archive import store
from rabat_crawler.archive.filters import NAMED, Filters, storable
from rabat_crawler.archive.vocabulary import Words
from rabat_crawler.models import DocumentHit, DocumentVersion, PartialDate, Problem
from rabat_crawler.query import Query, express, parse_query
from rabat_crawler.query.excerpt import Marker
from rabat_crawler.query.expressions import PAGES as PAGE_COLUMNS
from rabat_crawler.urls import url_key

DOCUMENT_COLUMNS = (
    "document_id url url_key digest site media_type title pages language language_method dated dates text_digest first_capture last_capture "
    "first_seen last_seen current gone problems"
).split()
PAGE_BREAK = "\f"
"""Stands between pages where a document's text is one."""
CHUNK = 400
MAX_PAGES_FOUND = 20_000
"""So many pages that hold the words are looked at."""
SELECT = f"SELECT {', '.join('d.' + name for name in DOCUMENT_COLUMNS)} FROM documents d"
ORDER = "ORDER BY d.url_key, d.first_seen, d.document_id"
LINKS = "SELECT document_id, item_id, text FROM item_documents WHERE document_id IN ({marks}) ORDER BY document_id, item_id, url"
PAGES = """
SELECT d.document_id, d.text_digest, p.page, p.id, bm25(pages_fts, 1.0, 0.5, 0.5) AS rank
FROM pages_fts JOIN document_pages p ON p.id = pages_fts.rowid JOIN documents d ON d.document_id = p.document_id
WHERE pages_fts MATCH :query AND d.current {filters} ORDER BY rank, d.url_key, p.page LIMIT :most
"""
TEXT = "SELECT p.text, d.language FROM document_pages p JOIN documents d ON d.document_id = p.document_id WHERE p.id = ?"
LINKED = "AND EXISTS (SELECT 1 FROM item_documents x JOIN items i ON i.item_id = x.item_id WHERE x.document_id = d.document_id {conditions})"


@dataclass(frozen=True, slots=True)
class Found:
    """A document that holds the words: the same text at several addresses is found once, under all their ids."""

    documents: tuple[str, ...]
    page: int
    pages: tuple[int, ...]
    snippet: str
    rank: float


def search_pages(connection: sqlite3.Connection, words: str, filters: Filters, limit: int) -> list[Found]:
    """The documents of which a page holds all the words, the best page first; of each document the current version. [] where no word was given."""
    query = parse_query(storable(words))
    vocabulary = Words(connection)
    expression = express(query.node, (), PAGE_COLUMNS, vocabulary).words if query.node is not None else ""
    if not expression:
        return []
    conditions, values = _conditions(_narrowed(filters, query))
    marker = Marker(query.terms, vocabulary)
    rows = connection.execute(PAGES.format(filters=conditions), {"query": expression, "most": MAX_PAGES_FOUND, **values}).fetchall()
    by_text: dict[str, list[tuple[str, int, int, float]]] = {}
    for name, text_digest, page, number, rank in rows:
        by_text.setdefault(text_digest, []).append((name, page, number, rank))
    found = []
    for pages in list(by_text.values())[:limit]:
        _, page, number, rank = pages[0]
        snippet = marker.snippet(*connection.execute(TEXT, (number,)).fetchone())
        every = tuple(sorted({one[1] for one in pages}))
        found.append(Found(tuple(dict.fromkeys(one[0] for one in pages)), page, every, snippet, rank))
    return found


def find_documents(connection: sqlite3.Connection, words: str, filters: Filters, limit: int) -> list[DocumentHit]:
    """The hits of `search_pages` with their documents and all items that link one of them."""
    found = search_pages(connection, words, filters, limit)
    documents = {one.document_id: one for one in read_documents(connection, [name for hit in found for name in hit.documents])}
    hits = []
    for hit in found:
        here = [documents[name] for name in hit.documents if name in documents]
        if here:  # a crawl beside this may have taken it out between the two questions
            items = store.read_items_by_id(connection, list(dict.fromkeys(item for one in here for item in one.items)))
            hits.append(DocumentHit(document=here[0], page=hit.page, pages=hit.pages, snippet=hit.snippet, rank=hit.rank, items=tuple(items)))
    return hits


def _narrowed(filters: Filters, query: Query) -> Filters:
    """The filters with the fields that were typed; an option counts before a field."""
    typed = {one.field: one.value for one in query.narrowed if one.field}
    if year := typed.pop("year", None):
        typed = {"since": year, "until": year, **typed}
    return replace(filters, **{name: value for name, value in typed.items() if not getattr(filters, name)})


def _conditions(filters: Filters) -> tuple[str, dict[str, str]]:
    """Language and site are the document's; kind and dates those of an item that links it."""
    parts: list[str] = []
    values: dict[str, str] = {}
    for name in ("language", "site"):
        if value := getattr(filters, name):
            parts.append(f"AND d.{name} = :{name}")
            values[name] = storable(value)
    if filters.kind or filters.since or filters.until or any(getattr(filters, name) for name in NAMED):
        conditions, more = replace(filters, language=None, site=None).sql()
        parts.append(LINKED.format(conditions=conditions))
        values |= more
    return " ".join(parts), values


def read_documents(connection: sqlite3.Connection, names: Sequence[str]) -> list[DocumentVersion]:
    """The documents of these ids, in this order; unknown ids are left out."""
    found: dict[str, DocumentVersion] = {}
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        rows = connection.execute(f"{SELECT} WHERE d.document_id IN ({','.join('?' * len(chunk))})", chunk).fetchall()
        found |= {one.document_id: one for one in _with_links(connection, rows)}
    return [found[name] for name in names if name in found]


def list_documents(
    connection: sqlite3.Connection, *, item_id: str | None = None, address: str | None = None, every: bool = False
) -> list[DocumentVersion]:
    """All documents, those that an item links, or those of an address in any spelling, by address; `every`: earlier versions as well."""
    conditions, values = ["1"], []
    if item_id is not None:
        conditions.append("d.document_id IN (SELECT document_id FROM item_documents WHERE item_id = ?)")
        values.append(item_id)
    if address is not None:
        conditions.append("d.url_key = ?")
        values.append(url_key(storable(address)))
    if not every:
        conditions.append("d.current")
    return _with_links(connection, connection.execute(f"{SELECT} WHERE {' AND '.join(conditions)} {ORDER}", values).fetchall())


def read_pages(connection: sqlite3.Connection, document_id: str) -> tuple[str, ...]:
    """The texts of a document's pages, page 1 first; () for an unknown one."""
    return tuple(text for (text,) in connection.execute("SELECT text FROM document_pages WHERE document_id = ? ORDER BY page", (document_id,)))


def _with_links(connection: sqlite3.Connection, rows: Sequence[Sequence[object]]) -> list[DocumentVersion]:
    links: dict[str, list[tuple[str, str]]] = {}
    names = [str(row[0]) for row in rows]
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        for name, item, text in connection.execute(LINKS.format(marks=",".join("?" * len(chunk))), chunk):
            links.setdefault(name, []).append((item, text))
    return [_version(row, links.get(str(row[0]), [])) for row in rows]


def _version(row: Sequence[object], links: Iterable[tuple[str, str]]) -> DocumentVersion:
    values = dict(zip(DOCUMENT_COLUMNS, row, strict=True))
    values |= {"current": bool(values["current"]), "gone": bool(values["gone"])}
    values["dates"] = tuple(PartialDate(**one) for one in json.loads(str(values["dates"])))
    values["problems"] = tuple(Problem(**one) for one in json.loads(str(values["problems"])))
    links = list(links)
    return DocumentVersion(
        **values,  # type: ignore[arg-type]
        items=tuple(dict.fromkeys(item for item, _ in links)),
        names=tuple(dict.fromkeys(text for _, text in links if text)),
    )
