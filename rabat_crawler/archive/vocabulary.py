"""What the search index knows of words: spellings, in which language they occur, which begin alike. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rabat_crawler.query.codes import code_of

SPELLINGS = "SELECT spelling FROM spellings WHERE folded = ? LIMIT 20"
FOUND = "SELECT 1 FROM items_fts WHERE items_fts MATCH ? LIMIT 1"
BEGINNING = "SELECT term, doc FROM temp.index_words WHERE term >= ? AND term < ?"


class Words:
    """The words of one database; every answer is remembered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._spellings: dict[str, list[str]] = {}
        self._found: dict[str, bool] = {}

    def spellings(self, folded: str) -> Sequence[str]:
        """The accented ways in which a word without accents is written."""
        if folded not in self._spellings:
            self._spellings[folded] = [row[0] for row in self._connection.execute(SPELLINGS, (folded,))]
        return self._spellings[folded]

    def occurs(self, word: str, language: str) -> bool:
        """True if a text of that language holds the word, accents apart."""
        return self._is_found(f'{{title text}} : "{word}" AND codes : "{code_of("language", language)}"')

    def has_stem(self, stem: str, language: str) -> bool:
        """True if a text of that language holds a word of that stem."""
        return self._is_found(f'stems_{language} : "{stem}"')

    def _is_found(self, expression: str) -> bool:
        if expression not in self._found:
            self._found[expression] = self._connection.execute(FOUND, (expression,)).fetchone() is not None
        return self._found[expression]

    def beginning(self, letters: str) -> list[tuple[str, int]]:
        """The words and stems of the index that begin so, with the number of items that hold them."""
        present = self._connection.execute("SELECT 1 FROM temp.sqlite_master WHERE name = 'index_words'").fetchone()
        if not present:
            before = self._connection.execute("PRAGMA query_only").fetchone()[0]
            self._connection.execute("PRAGMA query_only = OFF")  # the table is one of this connection's own, in memory
            self._connection.execute("CREATE VIRTUAL TABLE temp.index_words USING fts5vocab (main, items_fts, row)")
            self._connection.execute(f"PRAGMA query_only = {before}")
        rows: list[tuple[str, int]] = self._connection.execute(BEGINNING, (letters, letters + "\U0010ffff")).fetchall()
        return rows
