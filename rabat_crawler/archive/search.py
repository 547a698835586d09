"""Full text search: any string a person types becomes a safe FTS5 query. Accents do not matter, nor does œ for oe.

Reads only. Words are ANDed; "..." is a phrase; a trailing * on three letters or more is a prefix.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from typing import Literal

from rabat_crawler.errors import SearchSyntax

MARK_START, MARK_END = "\x02", "\x03"
MAX_LENGTH = 500
MAX_TERMS = 32
SNIPPET_WORDS = 32
NAMED: tuple[Literal["country", "organisation", "theme", "town"], ...] = ("country", "organisation", "theme", "town")
TITLE_WEIGHT, TEXT_WEIGHT = 5.0, 1.0

_PIECE = re.compile(r'"([^"]*)"?|(\S+)')
_WORD = re.compile(r"[^\W_]+")

SEARCH = """
SELECT i.item_id, bm25(items_fts, {title}, {text}) AS rank,
  snippet(items_fts, 1, char(2), char(3), ' … ', {words}) AS snippet, highlight(items_fts, 0, char(2), char(3)) AS title_marked
FROM items_fts JOIN items i ON i.id = items_fts.rowid
WHERE items_fts MATCH :query {filters}
ORDER BY rank, i.published DESC, i.item_id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What limits a search or a list of items: language, kind, published dates (ISO prefixes, both included), and names that it must mention.

    A name is a code or any spelling ("SN", "Sénégal", "senegal"); a thematic domain takes in its themes.
    """

    language: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    site: str | None = None
    country: str | None = None
    organisation: str | None = None
    theme: str | None = None
    town: str | None = None

    def sql(self) -> tuple[str, dict[str, str]]:
        """The conditions on `items i` and their values. `until` takes in the whole of the year or month that it names.

        ConfigError for a name that is not known; the message lists near ones.
        """
        parts: list[str] = []
        values: dict[str, str] = {}
        for name, column in (("language", "i.language"), ("kind", "i.kind"), ("site", "i.site")):
            value = getattr(self, name)
            if value:
                parts.append(f"AND {column} = :{name}")
                values[name] = storable(value)
        if self.since:
            parts.append("AND i.published >= :since")
            values["since"] = self.since
        if self.until:
            parts.append("AND substr(i.published, 1, length(:until)) <= :until")
            values["until"] = self.until
        named = {kind: storable(value) for kind in NAMED if (value := getattr(self, kind))}
        if named:
            from rabat_crawler.archive.mentions import conditions  # the tables of names are read for those who ask for one

            more, codes = conditions(named)
            parts += more
            values |= codes
        return " ".join(parts), values


def storable(text: str) -> str:
    """The text as SQLite can take it: bytes of the command line that are no UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode()


def build_query(words: str) -> str:
    """The FTS5 query for what a person typed; "" if no word is in it. SearchSyntax if it is far too long."""
    text = unicodedata.normalize("NFC", "".join(c if c.isprintable() else " " for c in words)).translate(_QUOTES)
    if len(text) > MAX_LENGTH:
        raise SearchSyntax(f"the search has {len(text)} characters; at most {MAX_LENGTH} are taken: use fewer words")
    terms: list[str] = []
    for phrase, word in _PIECE.findall(text):
        if phrase:
            terms.append(_alternatives(_WORD.findall(phrase), prefix=False))
        elif word:
            parts = _WORD.findall(word)
            terms.append(_alternatives(parts, prefix=word.endswith("*") and bool(parts) and len(parts[-1]) >= 3))
    terms = [term for term in terms if term]
    if len(terms) > MAX_TERMS:
        raise SearchSyntax(f"the search has {len(terms)} words; at most {MAX_TERMS} are taken: use fewer words")
    return " AND ".join(terms)


_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": " ", "‘": " ", "'": " ", "\u00a0": " "})
_LIGATURES = (("œ", "oe"), ("æ", "ae"))


def _alternatives(parts: list[str], *, prefix: bool) -> str:
    """One phrase, or both of its spellings where a ligature is in play: the tokenizer folds accents but not œ and æ."""
    if not parts:
        return ""
    phrase = " ".join(part.lower() for part in parts)
    spellings = {phrase}
    for ligature, letters in _LIGATURES:
        spellings |= {spelling.replace(letters, ligature) for spelling in spellings} | {spelling.replace(ligature, letters) for spelling in spellings}
    quoted = [f'"{spelling}"{" *" if prefix else ""}' for spelling in sorted(spellings)]
    return quoted[0] if len(quoted) == 1 else f"({' OR '.join(quoted)})"


def run(connection: sqlite3.Connection, words: str, filters: Filters, limit: int) -> list[tuple[str, float, str, str]]:
    """(item_id, rank, snippet, marked title) of the hits, the best first; [] where no word was given."""
    query = build_query(words)
    if not query:
        return []
    conditions, values = filters.sql()
    sql = SEARCH.format(title=TITLE_WEIGHT, text=TEXT_WEIGHT, words=SNIPPET_WORDS, filters=conditions)
    return connection.execute(sql, {"query": query, "limit": limit, **values}).fetchall()
