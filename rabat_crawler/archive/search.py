"""Full text search over items: what was typed, made FTS5's by `query`, is counted, ranked, sorted, and given with snippets, facets and near words.

Reads only. A word that stands in more than FREQUENT items is not ranked over all of them (README, "How a search is answered").
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter

from rabat_crawler.archive import store
from rabat_crawler.archive.filters import Filters, storable
from rabat_crawler.archive.ranking import FREQUENT, ID_BITS, ORDERS, RANKED, Asked, Found, all_if_few, codes_of, how_many, one_page
from rabat_crawler.archive.results import FACETS, FacetValue, Results, Sort
from rabat_crawler.archive.vocabulary import Words
from rabat_crawler.models import Hit, Item
from rabat_crawler.query import express, parse_query
from rabat_crawler.query.codes import ALL, code_of, counted
from rabat_crawler.query.excerpt import MARK_END, MARK_START, Marker
from rabat_crawler.query.expressions import ITEMS, VERSIONS
from rabat_crawler.query.near import most_changes, nearest
from rabat_crawler.query.tree import Codes, Term
from rabat_crawler.query.words import plain_fold

__all__ = ["MARK_END", "MARK_START", "Filters", "find", "match_expression", "storable"]

COUNTED_FOR_FACETS = 10_000
THROUGH_TWIN, IN_EARLIER = 0.9, 0.7
"""The same for an item that is found through its translation, or in an earlier version only."""
SHARES = (1, 4, 16, 64, 256)

EVERY_ID = """
SELECT i.item_id FROM items_fts CROSS JOIN items i ON i.id = items_fts.rowid WHERE items_fts MATCH ?
ORDER BY i.published IS NULL, i.published DESC, i.item_id
"""
CODES = """
SELECT i.codes FROM items_fts CROSS JOIN items i INDEXED BY items_by_codes ON i.id = items_fts.rowid
WHERE items_fts MATCH ? AND items_fts.rowid < ? LIMIT ?
"""

TWINS = """
SELECT o.id, i.item_id, h.r FROM ({ranked}) h JOIN items i ON i.id = h.rowid JOIN translations t ON t.item_id = i.item_id
JOIN items o ON o.item_id = t.other_id ORDER BY h.r, o.id
"""
EARLIER = """
SELECT i.id, e.version_id, bm25(versions_fts, 8.0, 1.0, 0.5, 0.5) AS r FROM versions_fts JOIN earlier_versions e ON e.id = versions_fts.rowid
JOIN items i ON i.item_id = e.item_id WHERE versions_fts MATCH ? ORDER BY r, e.id LIMIT ?
"""
IS_FOUND = "SELECT 1 FROM items_fts WHERE items_fts MATCH ? AND rowid = ?"
MATCHED = "SELECT kind, code, matched FROM mentions WHERE item_id = ?"
EARLIER_TEXT = "SELECT title, text FROM earlier_versions WHERE version_id = ?"


def find(
    connection: sqlite3.Connection,
    words: str,
    filters: Filters,
    *,
    limit: int,
    offset: int = 0,
    sort: Sort = "relevance",
    twin: bool = False,
    versions: bool = False,
    facets: bool = False,
) -> Results:
    """See `Reader.search`."""
    asked = _asked(connection, words, filters)
    if asked is None or not asked.full:
        return Results(words=words, hits=(), total=0, offset=offset, limit=limit, sort=sort, facets=dict.fromkeys(FACETS, ()) if facets else {})
    few = all_if_few(asked) if sort == "relevance" and asked.query.node is not None else None
    direct, exact = (len(few), True) if few is not None else how_many(asked)
    more = [*(_through_twins(asked) if twin else ()), *(_in_earlier(asked) if versions else ())] if asked.query.node is not None else []
    others = {one.number: one for one in reversed(more)}
    if others:
        found = _with_more(asked, others, direct, limit, offset, sort, few)
    else:
        found = one_page(asked, direct, limit, offset, sort, few)
    total = direct + len(others)
    return Results(
        words=words,
        hits=tuple(_hits(asked, found)),
        total=total,
        offset=offset,
        limit=limit,
        sort=sort,
        exact=exact,
        facets=_facets(asked, direct, others) if facets else {},
        suggestion=_suggestion(asked, words) if total == 0 else None,
        notes=asked.query.notes,
    )


def find_ids(connection: sqlite3.Connection, words: str, filters: Filters) -> list[str]:
    """See `Reader.item_ids`."""
    if not words.strip():
        return store.read_item_ids(connection, filters)
    expression = match_expression(connection, words, filters)
    return [row[0] for row in connection.execute(EVERY_ID, (expression,))] if expression else []


def match_expression(connection: sqlite3.Connection, words: str, filters: Filters | None = None) -> str:
    """What FTS5 is asked of `items_fts` for what was typed; "" if that asks for nothing. SearchSyntax as for a search."""
    asked = _asked(connection, words, filters or Filters())
    return asked.full if asked is not None else ""


def _asked(connection: sqlite3.Connection, words: str, filters: Filters) -> Asked | None:
    query = parse_query(storable(words))
    narrowed = (*query.narrowed, *filters.codes())
    if query.node is None and not narrowed and words.strip():
        return None  # something was typed, but no word is in it
    vocabulary = Words(connection)
    if query.node is None and not narrowed:
        narrowed = (Codes((ALL,)),)
    return Asked(
        connection=connection, query=query, narrowed=narrowed, expressions=express(query.node, narrowed, ITEMS, vocabulary), vocabulary=vocabulary
    )


# Through translations and earlier versions ----------------------------------------------------------------------------------


def _through_twins(asked: Asked) -> list[Found]:
    """The items that are not found themselves, but of which a translation holds the words."""
    words = asked.expressions.words
    rows = asked.connection.execute(TWINS.format(ranked=RANKED), (words, FREQUENT)).fetchall()
    return [Found(number, rank * THROUGH_TWIN, through=through) for number, through, rank in rows if _is_other(asked, number)]


def _in_earlier(asked: Asked) -> list[Found]:
    """The items that are not found now, but of which an earlier version holds the words."""
    expression = express(asked.query.node, (), VERSIONS, asked.vocabulary).words
    if not expression:
        return []
    rows = asked.connection.execute(EARLIER, (expression, FREQUENT)).fetchall()
    return [Found(number, rank * IN_EARLIER, version_id=version) for number, version, rank in rows if _is_other(asked, number)]


def _is_other(asked: Asked, number: int) -> bool:
    """True if the item is not found itself, but is within what narrows the search."""
    execute = asked.connection.execute
    if execute(IS_FOUND, (asked.full, number)).fetchone():
        return False
    narrowed = asked.expressions.narrowed
    return not narrowed or execute(IS_FOUND, (narrowed, number)).fetchone() is not None


def _with_more(asked: Asked, others: dict[int, Found], direct: int, limit: int, offset: int, sort: Sort, few: list[Found] | None) -> list[Found]:
    """A page of what is found directly and otherwise, in one order."""
    first = one_page(asked, direct, offset + limit, 0, sort, few)
    found = _merged(first, others.values()) if sort == "relevance" else _by_date(asked, [*first, *others.values()], sort)
    return found[offset : offset + limit]


def _merged(direct: Sequence[Found], others: Iterable[Found]) -> list[Found]:
    """Both by rank; those found directly stay in the order in which they were given, so that a page more of them changes no page before it."""
    placed = zip(accumulate((one.rank for one in direct), max), direct, strict=True)
    more = ((one.rank, one) for one in sorted(others, key=lambda one: (one.rank, one.number)))
    return [one for _, one in heapq.merge(placed, more, key=itemgetter(0))]


def _by_date(asked: Asked, found: Sequence[Found], sort: Sort) -> list[Found]:
    by_number = {one.number: one for one in found}
    question = f"SELECT id FROM items WHERE id IN (SELECT value FROM json_each(?)) ORDER BY {ORDERS[sort]}"
    rows = asked.connection.execute(question, (json.dumps(list(by_number)),)).fetchall()
    return [by_number[row[0]] for row in rows]


# What is shown of them -------------------------------------------------------------------------------------------------------


def _hits(asked: Asked, found: Sequence[Found]) -> Iterable[Hit]:
    numbers = [one.number for one in found]
    items: dict[int, Item] = {}
    for start in range(0, len(numbers), store.CHUNK):
        items |= store.read_items_by_number(asked.connection, numbers[start : start + store.CHUNK])
    marker = Marker(asked.query.terms, asked.vocabulary)
    codes = {code for term in asked.query.terms for code in term.names}
    for one in found:
        item = items.get(one.number)
        if item is not None:  # a crawl beside this may have merged an item into another between the two questions
            yield _hit(asked, one, item, marker, codes)


def _hit(asked: Asked, found: Found, item: Item, marker: Marker, codes: set[str]) -> Hit:
    spelt = _spelt(asked.connection, item.item_id, codes) if codes else ()
    title, text = item.title, item.text
    if found.version_id is not None:
        title, text = asked.connection.execute(EARLIER_TEXT, (found.version_id,)).fetchone()
    return Hit(
        item=item,
        rank=found.rank,
        snippet=marker.snippet(text, item.language, spelt),
        title_marked=marker.mark(title if found.version_id is None else item.title, item.language, spelt),
        through=found.through,
        version_id=found.version_id,
    )


def _spelt(connection: sqlite3.Connection, item_id: str, codes: set[str]) -> list[str]:
    """How an item writes the names that were asked for."""
    return [matched for kind, code, matched in connection.execute(MATCHED, (item_id,)) if code_of(kind, code) in codes]


def _facets(asked: Asked, direct: int, others: Iterable[int]) -> dict[str, tuple[FacetValue, ...]]:
    """The values of each facet with their counts; of many hits those of a sample, multiplied."""
    share = next((one for one in SHARES if direct / one <= COUNTED_FOR_FACETS), SHARES[-1])
    rows = asked.connection.execute(CODES, (asked.full, (1 << ID_BITS) // share, 4 * COUNTED_FOR_FACETS))
    counts = Counter({code: number * share for code, number in Counter(code for (codes,) in rows for code in codes.split(" ")).items()})
    for codes in codes_of(asked, others).values():
        counts.update(codes.split(" "))
    found: dict[str, list[FacetValue]] = {name: [] for name in FACETS}
    for code, (facet, value) in counted(counts).items():
        found[facet].append(FacetValue(value, counts[code]))
    return {name: tuple(sorted(values, key=lambda one: (-one.count, one.value))) for name, values in found.items()}


# Near words --------------------------------------------------------------------------------------------------------------------


def _suggestion(asked: Asked, typed: str) -> str | None:
    """What was typed with words that the archive does not know in the place of near ones that it does; None if there are none."""
    changed = typed
    for term in asked.query.terms:
        for word in term.words:
            if not term.prefix and not _is_known(asked, word):
                near = _near_word(asked, plain_fold(word))
                if near is None:
                    return None
                changed = changed.replace(word, near, 1)
    if changed == typed:
        return None
    again = _asked(asked.connection, changed, Filters())
    return changed if again is not None and again.full and again.count(again.full, 1) else None


def _is_known(asked: Asked, word: str) -> bool:
    return bool(asked.count(express(Term((word,)), (), ITEMS, asked.vocabulary).words, 1))


def _near_word(asked: Asked, folded: str) -> str | None:
    """The known word nearest to one that is not known, with its accents."""
    if not most_changes(folded):
        return None
    words: dict[str, int] = {}
    for first in dict.fromkeys((folded[:2], folded[0] + folded[2:3], folded[1] + folded[0])):
        words |= dict(asked.vocabulary.beginning(first))
    for near in nearest(folded, words.items()):
        if asked.count(f'{{title text}} : "{near}"', 1):
            spellings = asked.vocabulary.spellings(near)
            return spellings[0] if spellings else near
    return None
