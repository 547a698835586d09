"""Full text search over items: what was typed, made FTS5's by `query`, is counted, ranked, sorted, and given with snippets, facets and near words.

Reads only. A word that stands in more than FREQUENT items is not ranked over all of them (README, "How a search is answered").
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rabat_crawler.archive import store
from rabat_crawler.archive.filters import Filters, storable
from rabat_crawler.archive.results import FACETS, FacetValue, Results, Sort
from rabat_crawler.archive.vocabulary import Words
from rabat_crawler.models import Hit, Item
from rabat_crawler.query import Query, express, parse_query
from rabat_crawler.query.codes import ALL, DATED, WHOLE, code_of, counted
from rabat_crawler.query.excerpt import MARK_END, MARK_START, Marker
from rabat_crawler.query.expressions import ITEMS, VERSIONS, Expressions
from rabat_crawler.query.near import most_changes, nearest
from rabat_crawler.query.tree import Codes, Term
from rabat_crawler.query.words import plain_fold

__all__ = ["MARK_END", "MARK_START", "Filters", "find", "match_expression", "storable"]

FREQUENT = 20_000
"""A search that finds more items than this is ranked and counted in part."""
COUNTED = 200_000
"""So many items found are counted one by one; of more the number is estimated."""
COUNTED_FOR_FACETS = 10_000
WINDOW = 60
"""The first so many hits are ordered with the preference for whole and dated items; those behind by FTS5's rank alone."""
NOT_WHOLE, NOT_DATED = 0.8, 0.92
"""What the rank of an item is multiplied with of which only a list's intro, or no date, is known."""
THROUGH_TWIN, IN_EARLIER = 0.9, 0.7
"""The same for an item that is found through its translation, or in an earlier version only."""
ID_BITS = 50
"""Item numbers are below 2 ** ID_BITS and as good as random: a stretch of them is a fair sample."""
SHARES = (1, 4, 16, 64, 256)

AT_ONCE = 2_000
"""So few hits are ranked at once, and sorted here."""

EVERY_ID = """
SELECT i.item_id FROM items_fts CROSS JOIN items i ON i.id = items_fts.rowid WHERE items_fts MATCH ?
ORDER BY i.published IS NULL, i.published DESC, i.item_id
"""
COUNT = "SELECT count(*) FROM (SELECT 1 FROM items_fts WHERE items_fts MATCH ? LIMIT ?)"
RANKED = "SELECT rowid, bm25(items_fts, 8.0, 1.0, 0.5, 0.5, 0.2) AS r FROM items_fts WHERE items_fts MATCH ? ORDER BY r, rowid LIMIT ?"
EVERY_ONE = "SELECT rowid, bm25(items_fts, 8.0, 1.0, 0.5, 0.5, 0.2) FROM items_fts WHERE items_fts MATCH ? LIMIT ?"
RANKED_IN_PART = """
SELECT rowid, r FROM (SELECT rowid, bm25(items_fts, 8.0, 1.0, 0.5, 0.5, 0.2) AS r FROM items_fts WHERE items_fts MATCH ? LIMIT ?)
ORDER BY r, rowid LIMIT ?
"""
BY_DATE = """
SELECT i.id FROM items_fts CROSS JOIN items i INDEXED BY items_by_codes ON i.id = items_fts.rowid WHERE items_fts MATCH ?
ORDER BY {order} LIMIT ? OFFSET ?
"""
WALK = """
SELECT id FROM items i INDEXED BY items_by_published WHERE {dated}
  AND EXISTS (SELECT 1 FROM items_fts WHERE items_fts.rowid = i.id AND items_fts MATCH ?) ORDER BY {order} LIMIT ? OFFSET ?
"""
ORDERS: dict[Sort, str] = {"newest": "published DESC, id DESC", "oldest": "published IS NULL, published, id"}
CODES = """
SELECT i.codes FROM items_fts CROSS JOIN items i INDEXED BY items_by_codes ON i.id = items_fts.rowid
WHERE items_fts MATCH ? AND items_fts.rowid < ? LIMIT ?
"""
CODES_OF = "SELECT id, codes FROM items INDEXED BY items_by_codes WHERE id IN ({marks})"
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


@dataclass(frozen=True, slots=True)
class Found:
    """An item found: its number, its rank (lower is better), through which translation, in which earlier version."""

    number: int
    rank: float
    through: str | None = None
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A search, ready to be asked."""

    connection: sqlite3.Connection
    query: Query
    narrowed: tuple[Codes, ...]
    expressions: Expressions
    vocabulary: Words

    @property
    def full(self) -> str:
        return self.expressions.full

    def count(self, expression: str, most: int) -> int:
        return int(self.connection.execute(COUNT, (expression, most)).fetchone()[0])


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
    few = _few(asked) if sort == "relevance" and asked.query.node is not None else None
    direct, exact = (len(few), True) if few is not None else _total(asked)
    more = [*(_through_twins(asked) if twin else ()), *(_in_earlier(asked) if versions else ())] if asked.query.node is not None else []
    others = {one.number: one for one in reversed(more)}
    if others:
        found = _with_more(asked, others, direct, limit, offset, sort, few)
    else:
        found = _page(asked, direct, limit, offset, sort, few)
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


def _asked(connection: sqlite3.Connection, words: str, filters: Filters) -> _Asked | None:
    query = parse_query(storable(words))
    narrowed = (*query.narrowed, *filters.codes())
    if query.node is None and not narrowed and words.strip():
        return None  # something was typed, but no word is in it
    vocabulary = Words(connection)
    if query.node is None and not narrowed:
        narrowed = (Codes((ALL,)),)
    return _Asked(
        connection=connection, query=query, narrowed=narrowed, expressions=express(query.node, narrowed, ITEMS, vocabulary), vocabulary=vocabulary
    )


# Counting and ordering ---------------------------------------------------------------------------------------------------


def _few(asked: _Asked) -> list[Found] | None:
    """All items found, the best first, if they are few; None if they are not. bm25 looks at all of them before it ranks the first: count before."""
    if asked.count(asked.full, AT_ONCE + 1) > AT_ONCE:
        return None
    rows = asked.connection.execute(EVERY_ONE, (asked.full, AT_ONCE)).fetchall()
    return [Found(number, rank) for number, rank in sorted(rows, key=lambda row: (row[1], row[0]))]


def _total(asked: _Asked) -> tuple[int, bool]:
    """How many items are found, and whether that is counted."""
    total = asked.count(asked.full, COUNTED + 1)
    return (total, True) if total <= COUNTED else (_estimate(asked), False)


def _estimate(asked: _Asked) -> int:
    """How many there are, from a stretch of the item numbers, to two digits."""
    share = 16
    sample = "SELECT count(*) FROM items_fts WHERE items_fts MATCH ? AND rowid < ?"
    number = int(asked.connection.execute(sample, (asked.full, (1 << ID_BITS) // share)).fetchone()[0]) * share
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return round(number / step) * step


def _page(asked: _Asked, total: int, limit: int, offset: int, sort: Sort, few: list[Found] | None) -> list[Found]:
    if few is not None:
        return _with_preference(asked, few)[offset : offset + limit]
    if sort == "relevance" and asked.query.node is not None:
        return _relevant(asked, total, offset + limit)[offset : offset + limit]
    order: Sort = "newest" if sort == "relevance" else sort
    if total <= FREQUENT:
        rows = asked.connection.execute(BY_DATE.format(order=ORDERS[order]), (asked.full, limit, offset))
        return [Found(row[0], 0.0) for row in rows]
    return _walk(asked, limit, offset, order)


def _walk(asked: _Asked, limit: int, offset: int, order: Sort) -> list[Found]:
    """The dated items in their order, each asked whether it is found; then those without a date."""
    if order == "newest":
        parts = [("published IS NOT NULL", "published DESC, id DESC"), ("published IS NULL", "id DESC")]
    else:
        parts = [("published IS NOT NULL", "published, id"), ("published IS NULL", "id")]
    found: list[Found] = []
    for dated, by in parts:
        if len(found) < offset + limit:
            rows = asked.connection.execute(WALK.format(dated=dated, order=by), (asked.full, offset + limit - len(found), 0))
            found += [Found(row[0], 0.0) for row in rows]
    return found[offset:]


def _relevant(asked: _Asked, total: int, wanted: int) -> list[Found]:
    """The best `wanted` and more."""
    most = max(wanted, WINDOW)
    execute = asked.connection.execute
    if total <= FREQUENT:
        rows = execute(RANKED, (asked.full, most)).fetchall()
    else:
        title = asked.expressions.title
        rows = execute(RANKED_IN_PART, (title, FREQUENT, most)).fetchall() if title else []
        if len(rows) < wanted:
            rest = f"({asked.full}) NOT ({title})" if title else asked.full
            rows += execute(RANKED_IN_PART, (rest, FREQUENT, most - len(rows))).fetchall()
    return _with_preference(asked, [Found(number, rank) for number, rank in rows])


def _with_preference(asked: _Asked, found: Sequence[Found]) -> list[Found]:
    return [*_preferred(asked, found[:WINDOW]), *found[WINDOW:]]


def _preferred(asked: _Asked, found: Sequence[Found]) -> list[Found]:
    """The same with items that are whole and dated a little before others."""
    codes = _codes_of(asked, (one.number for one in found))
    changed = []
    for one in found:
        said = f" {codes.get(one.number, '')} "
        factor = (1.0 if f" {WHOLE} " in said else NOT_WHOLE) * (1.0 if f" {DATED} " in said else NOT_DATED)
        changed.append(Found(one.number, one.rank * factor, one.through, one.version_id))
    return sorted(changed, key=lambda one: (one.rank, one.number))


# Through translations and earlier versions ----------------------------------------------------------------------------------


def _through_twins(asked: _Asked) -> list[Found]:
    """The items that are not found themselves, but of which a translation holds the words."""
    words = asked.expressions.words
    rows = asked.connection.execute(TWINS.format(ranked=RANKED), (words, FREQUENT)).fetchall()
    return [Found(number, rank * THROUGH_TWIN, through=through) for number, through, rank in rows if _is_other(asked, number)]


def _in_earlier(asked: _Asked) -> list[Found]:
    """The items that are not found now, but of which an earlier version holds the words."""
    expression = express(asked.query.node, (), VERSIONS, asked.vocabulary).words
    if not expression:
        return []
    rows = asked.connection.execute(EARLIER, (expression, FREQUENT)).fetchall()
    return [Found(number, rank * IN_EARLIER, version_id=version) for number, version, rank in rows if _is_other(asked, number)]


def _is_other(asked: _Asked, number: int) -> bool:
    """True if the item is not found itself, but is within what narrows the search."""
    execute = asked.connection.execute
    if execute(IS_FOUND, (asked.full, number)).fetchone():
        return False
    narrowed = asked.expressions.narrowed
    return not narrowed or execute(IS_FOUND, (narrowed, number)).fetchone() is not None


def _with_more(asked: _Asked, others: dict[int, Found], direct: int, limit: int, offset: int, sort: Sort, few: list[Found] | None) -> list[Found]:
    """A page of what is found directly and otherwise, in one order."""
    found = [*_page(asked, direct, offset + limit, 0, sort, few), *others.values()]
    if sort == "relevance":
        found.sort(key=lambda one: (one.rank, one.number))
    else:
        found = _by_date(asked, found, sort)
    return found[offset : offset + limit]


def _by_date(asked: _Asked, found: Sequence[Found], sort: Sort) -> list[Found]:
    by_number = {one.number: one for one in found}
    marks = ",".join("?" * len(by_number))
    rows = asked.connection.execute(f"SELECT id FROM items WHERE id IN ({marks}) ORDER BY {ORDERS[sort]}", list(by_number)).fetchall()
    return [by_number[row[0]] for row in rows]


# What is shown of them -------------------------------------------------------------------------------------------------------


def _hits(asked: _Asked, found: Sequence[Found]) -> Iterable[Hit]:
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


def _hit(asked: _Asked, found: Found, item: Item, marker: Marker, codes: set[str]) -> Hit:
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


def _facets(asked: _Asked, direct: int, others: Iterable[int]) -> dict[str, tuple[FacetValue, ...]]:
    """The values of each facet with their counts; of many hits those of a sample, multiplied."""
    share = next((one for one in SHARES if direct / one <= COUNTED_FOR_FACETS), SHARES[-1])
    rows = asked.connection.execute(CODES, (asked.full, (1 << ID_BITS) // share, 4 * COUNTED_FOR_FACETS))
    counts = Counter({code: number * share for code, number in Counter(code for (codes,) in rows for code in codes.split(" ")).items()})
    for codes in _codes_of(asked, others).values():
        counts.update(codes.split(" "))
    found: dict[str, list[FacetValue]] = {name: [] for name in FACETS}
    for code, (facet, value) in counted(counts).items():
        found[facet].append(FacetValue(value, counts[code]))
    return {name: tuple(sorted(values, key=lambda one: (-one.count, one.value))) for name, values in found.items()}


def _codes_of(asked: _Asked, numbers: Iterable[int]) -> dict[int, str]:
    """The codes of items by number, with spaces between."""
    numbers = list(numbers)
    return dict(asked.connection.execute(CODES_OF.format(marks=",".join("?" * len(numbers))), numbers).fetchall())


# Near words --------------------------------------------------------------------------------------------------------------------


def _suggestion(asked: _Asked, typed: str) -> str | None:
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


def _is_known(asked: _Asked, word: str) -> bool:
    return bool(asked.count(express(Term((word,)), (), ITEMS, asked.vocabulary).words, 1))


def _near_word(asked: _Asked, folded: str) -> str | None:
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
