"""Writes how the items belong together, from the traits of all of them at once: translations, duplicates, announcements and their outcomes.

Done when work ends (a run, an import, a rebuild, the closing of the archive), not with each capture: a relation follows from all items together.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rabat_crawler.archive.decisions import Decision, settled

if TYPE_CHECKING:
    from rabat_crawler.relations import Relations, Traits

STALE = "INSERT INTO derived (name, fresh, decisions) VALUES ('relations', 0, 0) ON CONFLICT (name) DO UPDATE SET fresh = 0"
FRESH = "INSERT OR REPLACE INTO derived (name, fresh, decisions, digest) VALUES ('relations', 1, ?, ?)"
DECLARED = """
SELECT DISTINCT t.item_id, o.item_id FROM alternates t JOIN addresses o ON o.key = t.key JOIN items a ON a.item_id = t.item_id
JOIN items b ON b.item_id = o.item_id WHERE o.item_id <> t.item_id AND a.site = b.site
"""
EACH_ONCE = """
(evidence IN ('confirmed', 'content') AND item_id < other_id) OR (evidence = 'hreflang' AND (item_id < other_id OR NOT EXISTS (
  SELECT 1 FROM translations b WHERE b.item_id = t.other_id AND b.other_id = t.item_id AND b.evidence = 'hreflang')))
"""
FOLLOW_FROM = (
    "SELECT t.item_id, t.content, i.current_version FROM traits t JOIN items i ON i.item_id = t.item_id ORDER BY t.item_id",
    "SELECT item_id, key FROM alternates ORDER BY 1, 2",
    "SELECT item_id, key FROM addresses ORDER BY 1, 2",
    "SELECT alias, item_id FROM identities ORDER BY 1, 2",
    "SELECT (SELECT count(*) FROM translations), (SELECT count(*) FROM translation_conflicts), (SELECT count(*) FROM relations)",
)
DIFFERS_FLAG = "date_differs_from_twin"
INVERSE = {"duplicate of": "repeated by", "announcement of": "outcome of"}


def is_stale(connection: sqlite3.Connection, decisions: list[Decision]) -> bool:
    """True if items were written, or decisions made, since the relations were."""
    row = connection.execute("SELECT fresh, decisions FROM derived WHERE name = 'relations'").fetchone()
    return row != (1, len(decisions)) if row else bool(decisions)


def write_relations(connection: sqlite3.Connection, decisions: list[Decision]) -> None:
    """Put today's relations in the place of those that are there, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        before = connection.execute("SELECT digest FROM derived WHERE name = 'relations' AND digest <> ''").fetchone()
        if before and before[0] == _digest(connection, decisions):
            _flag(connection, {row[0] for row in connection.execute("SELECT item_id FROM translations WHERE differs <> ''")})
            connection.execute(FRESH, (len(decisions), before[0]))
            connection.execute("COMMIT")
            return
        found, items = _found(connection, decisions)
        for table in ("translations", "translation_conflicts", "relations"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany("INSERT INTO translations VALUES (?,?,?,?,?,?,?)", _translation_rows(connection, found, items))
        conflicts = [(c.item_id, c.other_id, c.reason) for c in found.conflicts]
        connection.executemany("INSERT OR IGNORE INTO translation_conflicts VALUES (?,?,?)", conflicts)
        connection.executemany("INSERT INTO relations VALUES (?,?,?,?,?)", _relation_rows(found))
        _flag(connection, {name for pair in found.pairs if pair.differs for name in (pair.item_id, pair.other_id)})
        connection.execute(FRESH, (len(decisions), _digest(connection, decisions)))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _digest(connection: sqlite3.Connection, decisions: list[Decision]) -> str:
    """Of all that the relations follow from, and of how many there are: if it is the same, so are they."""
    digest = hashlib.sha256(repr([(decision.what, decision.pair) for decision in decisions]).encode())
    for question in FOLLOW_FROM:
        for row in connection.execute(question):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def _found(connection: sqlite3.Connection, decisions: list[Decision]) -> tuple[Relations, dict[str, Traits]]:
    from rabat_crawler.relations import Traits, relate

    items = {name: Traits.from_json(content) for name, content in connection.execute("SELECT item_id, content FROM traits")}
    declared = {(one, other) for one, other in connection.execute(DECLARED)}
    confirmed, rejected = settled(decisions)
    known = _Known(connection)
    return relate(
        items,
        declared,
        lambda name: str(connection.execute("SELECT text FROM items WHERE item_id = ?", (name,)).fetchone()[0]),
        confirmed=[(known.name(one), known.name(other)) for one, other in confirmed],
        rejected={(known.name(one), known.name(other)) for one, other in rejected},
    ), items


class _Known:
    """Today's id of an item that a decision named: its id may have changed since."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._former = dict(connection.execute("SELECT alias, min(item_id) FROM identities GROUP BY alias"))

    def name(self, item_id: str) -> str:
        return str(self._former.get(item_id, item_id))


def _translation_rows(connection: sqlite3.Connection, found: Relations, items: dict[str, Traits]) -> Iterable[tuple[Any, ...]]:
    declared = {(one, other) for one, other in connection.execute(DECLARED)}
    for pair in found.pairs:
        for one, other in ((pair.item_id, pair.other_id), (pair.other_id, pair.item_id)):
            evidence = pair.evidence
            if evidence == "hreflang" and (one, other) not in declared:
                evidence = "hreflang of the other"
            yield one, other, items[other].side, evidence, pair.score, pair.reason, pair.differs


def _relation_rows(found: Relations) -> Iterable[tuple[Any, ...]]:
    for one in found.relations:
        yield one.item_id, one.other_id, one.relation, one.score, one.reason
        yield one.other_id, one.item_id, INVERSE[one.relation], one.score, one.reason


def _flag(connection: sqlite3.Connection, wanted: set[str]) -> None:
    """The flag of items whose twin gives other days of the event, and of no others."""
    flagged = connection.execute("SELECT item_id FROM items, json_each(items.flags) f WHERE f.value = ?", (DIFFERS_FLAG,)).fetchall()
    for name in sorted(wanted | {row[0] for row in flagged}):
        row = connection.execute("SELECT flags FROM items WHERE item_id = ?", (name,)).fetchone()
        flags = [flag for flag in json.loads(row[0]) if flag != DIFFERS_FLAG] + [DIFFERS_FLAG] * (name in wanted)
        connection.execute("UPDATE items SET flags = ? WHERE item_id = ?", (json.dumps(flags), name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A pair of translations as it is kept, from the side of `item_id`; `evidence`: confirmed, hreflang, hreflang of the other, content."""

    item_id: str
    other_id: str
    hreflang: str | None
    evidence: str
    score: float
    reason: str
    differs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another item to which `item_id` stands in a relation: duplicate of, repeated by, announcement of, outcome of."""

    item_id: str
    other_id: str
    relation: str
    score: float
    reason: str


def read_translations(connection: sqlite3.Connection, item_id: str | None = None) -> list[Translated]:
    """The translations of an item, or each pair once: the side whose page names the other, else the smaller id."""
    columns = Translated.__slots__
    where = "item_id = ?" if item_id else EACH_ONCE
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM translations t WHERE {where} ORDER BY item_id, other_id", (item_id,) if item_id else ()
    )
    return [Translated(**dict(zip(columns, row, strict=True))) for row in rows]


def read_conflicts(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """(item, other, reason) of every pair that something calls translations although one of them has another."""
    return connection.execute("SELECT item_id, other_id, reason FROM translation_conflicts ORDER BY 1, 2, 3").fetchall()


def read_related(connection: sqlite3.Connection, item_id: str) -> list[Related]:
    """The items to which an item stands in a relation other than translation."""
    columns = Related.__slots__
    rows = connection.execute(f"SELECT {', '.join(columns)} FROM relations WHERE item_id = ? ORDER BY relation, other_id", (item_id,))
    return [Related(**dict(zip(columns, row, strict=True))) for row in rows]
