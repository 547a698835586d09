"""Writes the tables of `tables` into a plain SQLite file with keys, full text and a description; anything with SQLite reads it without this program."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rabat_crawler.archive import schema
from rabat_crawler.archive.tables import Column, Table

TOKENIZER = "unicode61 remove_diacritics 2"
AFFINITY = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL"}
FULL_TEXT = f"""
CREATE VIRTUAL TABLE items_fts USING fts5 (title, text, content="items", content_rowid="id", tokenize="{TOKENIZER}");
INSERT INTO items_fts (items_fts) VALUES ('rebuild');
INSERT INTO items_fts (items_fts) VALUES ('optimize');
"""
DESCRIPTION = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, ordinal INTEGER NOT NULL, type TEXT NOT NULL, description TEXT NOT NULL,
  PRIMARY KEY (table_name, column_name)
) WITHOUT ROWID;
"""
ID = Column(name="id", type="integer", description="Number of the row in this file: the rowid of items_fts.", required=True)


class TablesFile:
    """A new SQLite file that is being filled: `fill` each table, a table after those that it refers to, then `finish`. DiskFull."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)

    @classmethod
    @contextlib.contextmanager
    def create(cls, path: Path) -> Iterator[TablesFile]:
        """The file at a path where there is none."""
        with schema.translated(path):
            file = cls(path)
            try:
                for pragma in ("page_size = 4096", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
                    file._connection.execute(f"PRAGMA {pragma}")  # nobody sees the file before it is whole, and the caller flushes it
                file._connection.execute("BEGIN")
                yield file
            finally:
                file._connection.close()

    def fill(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> int:
        """Make a table and fill it; how many rows there are. Rows of items are numbered."""
        self._connection.execute(create_statement(table))
        numbered = "NULL, " if table.name == "items" else ""
        marks = ", ".join("?" * len(table.columns))
        self._connection.executemany(f'INSERT INTO "{table.name}" VALUES ({numbered}{marks})', rows)
        for key in table.foreign:
            if key.columns != table.key[: len(key.columns)]:  # those are found by the key's own index
                name, columns = f"{table.name}_by_{'_'.join(key.columns)}", ", ".join(f'"{column}"' for column in key.columns)
                self._connection.execute(f'CREATE INDEX "{name}" ON "{table.name}" ({columns})')
        return int(self._connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])

    def finish(self, tables: Iterable[Table], about: Mapping[str, str]) -> None:
        """The full text, what each column means, what the whole is."""
        _run(self._connection, FULL_TEXT)
        _run(self._connection, DESCRIPTION)
        self._connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        for table in tables:
            rows = [(table.name, column.name, place, column.type, column.description) for place, column in enumerate(columns_of(table))]
            self._connection.executemany("INSERT INTO columns VALUES (?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")


def columns_of(table: Table) -> tuple[Column, ...]:
    """The columns as they stand in the file: items are numbered, for the full text needs a number that stays."""
    return (ID, *table.columns) if table.name == "items" else table.columns


def create_statement(table: Table) -> str:
    """The statement that makes a table, with its keys; without STRICT, so that older SQLite reads it."""
    lines = [_column(column) for column in columns_of(table)]
    numbered = table.name == "items"
    lines.append(f"{'UNIQUE' if numbered else 'PRIMARY KEY'} ({_listed(table.key)})")
    lines += [f'FOREIGN KEY ({_listed(key.columns)}) REFERENCES "{key.table}" ({_listed(key.refers_to)})' for key in table.foreign]
    return f'CREATE TABLE "{table.name}" (\n  ' + ",\n  ".join(lines) + f"\n){' WITHOUT ROWID' if _thin(table) else ''}"


def _thin(table: Table) -> bool:
    """True if its rows are little more than their key, so that they are best kept in the key's own index."""
    return len(table.key) > 1 and table.name != "document_pages"


def _column(column: Column) -> str:
    if column is ID:
        return "id INTEGER PRIMARY KEY"
    return f'"{column.name}" {AFFINITY.get(column.type, "TEXT")}{" NOT NULL" if column.required else ""}'


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _run(connection: sqlite3.Connection, script: str) -> None:
    """The statements of a script one by one: executescript() would commit."""
    for statement in script.strip().split(";\n"):
        connection.execute(statement)
