"""In which order what a search finds is given: the best first by FTS5's bm25, or by date; and how many there are. Reads only.

A word that stands in more than FREQUENT items is not ranked over all of them (README, "How a search is answered").
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rabat_crawler.archive.results import Sort
from rabat_crawler.archive.store import CHUNK
from rabat_crawler.archive.vocabulary import Words
from rabat_crawler.query import Query, express
from rabat_crawler.query.codes import DATED, WHOLE
from rabat_crawler.query.expressions import ITEMS, Expressions
from rabat_crawler.query.tree import Codes, Term
from rabat_crawler.query.weighing import Weigher, words_in

FREQUENT = 20_000
"""A search that finds more items than this is ranked and counted in part."""
COUNTED = 50_000
"""So many items found are counted one by one; of more the number is estimated."""
WINDOW = 60
"""The first so many hits are ordered with the preference for whole and dated items; those behind by FTS5's rank alone."""
NOT_WHOLE, NOT_DATED = 0.8, 0.92
"""What the rank of an item is multiplied with of which only a list's intro, or no date, is known."""
ID_BITS = 50
"""Item numbers are below 2 ** ID_BITS and as good as random: a stretch of them is a fair sample."""
AT_ONCE = 2_000
"""So few hits are ranked at once, and sorted here."""
READ = 600
"""So few hits are ranked by reading them where FTS5 would go through all items that hold a frequent word."""

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
STRETCHES = 64
STRETCH = "SELECT count(*) FROM items WHERE id < ?"
TEXTS = "SELECT id, title, text, language FROM items WHERE id IN ({marks})"
NUMBERS = "SELECT rowid FROM items_fts WHERE items_fts MATCH ? LIMIT ?"
CODES_OF = "SELECT id, codes FROM items INDEXED BY items_by_codes WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Found:
    """An item found: its number, its rank (lower is better), through which translation, in which earlier version."""

    number: int
    rank: float
    through: str | None = None
    version_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search, ready to be asked."""

    connection: sqlite3.Connection
    query: Query
    narrowed: tuple[Codes, ...]
    expressions: Expressions
    vocabulary: Words

    @property
    def full(self) -> str:
        return self.expressions.full

    @cached_property
    def holding(self) -> list[int]:
        """How many items hold each term (of a phrase its most frequent word), counted until it is frequent."""
        return [max(self._count_word(word) for word in term.words) for term in self.query.terms]

    @property
    def costly(self) -> bool:
        """True if FTS5's bm25 would go through the many items that hold a word which is frequent, to rank fewer that are found."""
        alone = len(self.query.terms) == 1 and len(self.query.terms[0].words) == 1  # what holds it is what is found
        return not alone and max(self.holding, default=0) > FREQUENT

    @property
    def has_phrase(self) -> bool:
        """True if words are asked for that stand together."""
        return any(len(term.words) > 1 and not term.loose for term in self.query.terms)

    def count(self, expression: str, most: int) -> int:
        """How many items an expression finds, `most` if there are more."""
        return int(self.connection.execute(COUNT, (expression, most)).fetchone()[0])

    def numbers(self, expression: str, most: int) -> list[int]:
        """The numbers of the items that an expression finds, `most` if there are more: as good as a draw, for numbers are hashes."""
        return [row[0] for row in self.connection.execute(NUMBERS, (expression, most))]

    def _count_word(self, word: str) -> int:
        expression = express(Term((word,)), (), ITEMS, self.vocabulary).words
        return self.count(expression, FREQUENT + 1) if expression else 0


def all_if_few(asked: Asked) -> list[Found] | None:
    """All items found, the best first, if they are few; None if they are not."""
    numbers = asked.numbers(asked.full, AT_ONCE + 1)
    if len(numbers) > AT_ONCE:
        return None
    if len(numbers) <= READ and asked.costly:
        return _weighed(asked, numbers)
    rows = asked.connection.execute(EVERY_ONE, (asked.full, AT_ONCE)).fetchall()
    return [Found(number, rank) for number, rank in sorted(rows, key=lambda row: (row[1], row[0]))]


def _weighed(asked: Asked, numbers: Sequence[int]) -> list[Found]:
    """The items with ranks from their own texts, the best first. They are few."""
    rows = []
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        rows += asked.connection.execute(TEXTS.format(marks=",".join("?" * len(part))), part).fetchall()
    items = asked.connection.execute(STRETCH, ((1 << ID_BITS) // STRETCHES,)).fetchone()[0] * STRETCHES
    weigher = Weigher(asked.query.terms, asked.holding, items, asked.vocabulary)
    average = sum(words_in(title, text) for _, title, text, _ in rows) / max(len(rows), 1)
    found = (Found(number, weigher.weigh(title, text, language, average)) for number, title, text, language in rows)
    return sorted(found, key=lambda one: (one.rank, one.number))


def how_many(asked: Asked) -> tuple[int, bool]:
    """How many items are found, and whether that is counted."""
    if asked.costly and asked.has_phrase:
        return _estimate(asked), False
    counted = asked.count(asked.full, COUNTED + 1)
    return (counted, True) if counted <= COUNTED else (_estimate(asked), False)


def _estimate(asked: Asked) -> int:
    """How many there are, from a stretch of the item numbers, to two digits."""
    share = 16
    sample = "SELECT count(*) FROM items_fts WHERE items_fts MATCH ? AND rowid < ?"
    number = int(asked.connection.execute(sample, (asked.full, (1 << ID_BITS) // share)).fetchone()[0]) * share
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return round(number / step) * step


def one_page(asked: Asked, total: int, limit: int, offset: int, sort: Sort, few: list[Found] | None) -> list[Found]:
    """The items of a page. `total` and `few` are what `how_many` and `all_if_few` gave."""
    if few is not None:
        return _with_preference(asked, few)[offset : offset + limit]
    if sort == "relevance" and asked.query.node is not None:
        return _relevant(asked, total, offset + limit)[offset : offset + limit]
    order: Sort = "newest" if sort == "relevance" else sort
    if total <= FREQUENT:
        rows = asked.connection.execute(BY_DATE.format(order=ORDERS[order]), (asked.full, limit, offset))
        return [Found(row[0], 0.0) for row in rows]
    return _walk(asked, limit, offset, order)


def _walk(asked: Asked, limit: int, offset: int, order: Sort) -> list[Found]:
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


def _relevant(asked: Asked, total: int, wanted: int) -> list[Found]:
    """The best `wanted` and more."""
    if asked.costly and asked.has_phrase:
        return _read_in_part(asked, wanted)
    most = max(wanted, WINDOW)
    execute = asked.connection.execute
    if total <= FREQUENT:
        return _with_preference(asked, [Found(*row) for row in execute(RANKED, (asked.full, most))])
    title = asked.expressions.title
    rows = execute(RANKED_IN_PART, (title, FREQUENT, most)).fetchall() if title else []
    first = _preferred(asked, _weighed(asked, [row[0] for row in rows[:WINDOW]]))
    if len(rows) < wanted:
        rest = f"({asked.full}) NOT ({title})" if title else asked.full
        rows += execute(RANKED_IN_PART, (rest, FREQUENT, most - len(rows))).fetchall()
    return [*first, *(Found(*row) for row in rows[len(first) :])]


def _read_in_part(asked: Asked, wanted: int) -> list[Found]:
    """Those with the words in their title, and others, READ in all, the best first; behind them the rest as it comes."""
    title = asked.expressions.title
    numbers = dict.fromkeys(asked.numbers(title, READ) if title else ())
    numbers |= dict.fromkeys(asked.numbers(asked.full, wanted + READ))
    known = list(numbers)
    return [*_with_preference(asked, _weighed(asked, known[:READ])), *(Found(number, 0.0) for number in known[READ:])]


def _with_preference(asked: Asked, found: Sequence[Found]) -> list[Found]:
    return [*_preferred(asked, found[:WINDOW]), *found[WINDOW:]]


def _preferred(asked: Asked, found: Sequence[Found]) -> list[Found]:
    """The same with items that are whole and dated a little before others."""
    codes = codes_of(asked, (one.number for one in found))
    changed = []
    for one in found:
        said = f" {codes.get(one.number, '')} "
        factor = (1.0 if f" {WHOLE} " in said else NOT_WHOLE) * (1.0 if f" {DATED} " in said else NOT_DATED)
        changed.append(Found(one.number, one.rank * factor, one.through, one.version_id))
    return sorted(changed, key=lambda one: (one.rank, one.number))


def codes_of(asked: Asked, numbers: Iterable[int]) -> dict[int, str]:
    """The codes of items by number, with spaces between."""
    return dict(asked.connection.execute(CODES_OF, (json.dumps(list(numbers)),)).fetchall())
