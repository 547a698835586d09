"""Items that are about the same as another: by the rarer words of its title in the full text, and the names that both mention. Reads only."""

from __future__ import annotations

import json
import re
import sqlite3

MAX_WORDS = 6
"""So many words of a title are looked for, the rarest first."""
FREQUENT = 2_000
"""A word in more items than this tells nothing, and takes long."""
CANDIDATES = 60
NAME_WEIGHT = 1.0
MIN_SCORE = 2.0
_WORD = re.compile(r"[^\W\d_]{4,40}")

HOLDS = "SELECT count(*) FROM (SELECT 1 FROM items_fts WHERE items_fts MATCH ? LIMIT ?)"
CANDIDATE = """
SELECT i.item_id, f.rank FROM items_fts f JOIN items i ON i.id = f.rowid
WHERE f.items_fts MATCH :query AND i.item_id <> :item AND i.language IS :language ORDER BY f.rank LIMIT :most
"""
SHARED = """
SELECT o.item_id, sum(1.0 / (1 + (SELECT count(*) FROM (SELECT 1 FROM mentions n WHERE n.kind = o.kind AND n.code = o.code LIMIT 200)) / 20))
FROM mentions m JOIN mentions o ON o.kind = m.kind AND o.code = m.code
WHERE m.item_id = ? AND o.item_id IN (SELECT value FROM json_each(?)) GROUP BY o.item_id
"""
KNOWN_OTHERWISE = "SELECT other_id FROM translations WHERE item_id = :item UNION SELECT other_id FROM relations WHERE item_id = :item"


def similar(connection: sqlite3.Connection, item_id: str, title: str, language: str | None, limit: int) -> list[str]:
    """The ids of at most `limit` items of the same language, the most alike first; those that stand in a relation to it are left out."""
    words = _rare_words(connection, title)
    if not words:
        return []
    query = "{title text} : (" + " OR ".join(words) + ")"
    found = {
        name: len(words) * rank
        for name, rank in connection.execute(CANDIDATE, {"query": query, "item": item_id, "language": language, "most": CANDIDATES})
    }
    for (name,) in connection.execute(KNOWN_OTHERWISE, {"item": item_id}):
        found.pop(name, None)
    return _ranked(connection, item_id, found, limit)


def _rare_words(connection: sqlite3.Connection, title: str) -> list[str]:
    counted = []
    for word in dict.fromkeys(f'"{word.lower()}"' for word in _WORD.findall(title[:500])):
        (count,) = connection.execute(HOLDS, (word, FREQUENT)).fetchone()
        if 1 < count < FREQUENT:
            counted.append((count, word))
    return [word for _, word in sorted(counted)[:MAX_WORDS]]


def _ranked(connection: sqlite3.Connection, item_id: str, found: dict[str, float], limit: int) -> list[str]:
    """The candidates by bm25, half as much again for the best of them by names in common."""
    if not found:
        return []
    shared = dict(connection.execute(SHARED, (item_id, json.dumps(sorted(found)))))
    best = min(found.values()) or -1.0
    scores = {name: 3.0 * rank / best + NAME_WEIGHT * min(3.0, shared.get(name, 0.0)) for name, rank in found.items()}
    return [name for name in sorted(scores, key=lambda name: (-scores[name], name)) if scores[name] >= MIN_SCORE][:limit]
