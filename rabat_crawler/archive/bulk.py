"""All captures of an archive into an empty database: the same rows as `ingest` gives, but each item is written once, and several processes read.

First every capture with what it says, in any order; then, once all is there, when each draft was seen, whose it is, and the items.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from rabat_crawler import epochs, registry
from rabat_crawler.archive.documents import document_keys, holders, keep_text, kept_text, read_again, write_documents
from rabat_crawler.archive.ingest import (
    HELD_RUNS,
    INSERT_DRAFT,
    INSERT_LINK,
    INSERT_SIGHTING,
    insert_capture,
)
from rabat_crawler.archive.items import ItemRows, build_item, insert_items
from rabat_crawler.archive.placing import EVIDENCE, NUMBER_AT, OWNER_OF_TEXT, Placing
from rabat_crawler.archive.revisits import Reader, find_original, read_elsewhere
from rabat_crawler.archive.rows import CAPTURE_COLUMNS, PLACED, Prepared, Preparer, capture_of, prepare
from rabat_crawler.archive.warc_read import Unread
from rabat_crawler.archive.withholding import WITHHELD_COLUMNS, Withholding, close, count_captures, put_away
from rabat_crawler.archive.workers import Place, Workers
from rabat_crawler.errors import RecordError
from rabat_crawler.models import Capture, DocumentText

T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
DRAFT_LINE = INSERT_DRAFT.replace("INSERT INTO", "INSERT OR IGNORE INTO")
PAGES_AT_ONCE, BYTES_AT_ONCE = 50, 2_000_000
ITEMS_AT_ONCE = 50
DOCUMENTS_AT_ONCE = 4
COMMIT_EVERY = 2000
REVISITS = "SELECT record_id FROM captures WHERE record_type = 'revisit' AND status IN (200, 304) AND record_id > ? ORDER BY record_id LIMIT 5000"
SHOW_AGAIN = "INSERT OR IGNORE INTO sightings (draft_id, record_id) SELECT draft_id, ? FROM sightings WHERE record_id = ?"
OF_WITHHELD = """
SELECT c.record_id, w.item_id FROM captures c JOIN withheld_captures w ON w.record_id = c.refers_to WHERE c.record_type = 'revisit' ORDER BY 1
"""
UNSEEN = "DELETE FROM drafts WHERE draft_id NOT IN (SELECT draft_id FROM sightings)"
ENDS = """
WITH ends AS (
  SELECT s.draft_id, min(c.captured_at || c.record_id) AS low, max(c.captured_at || c.record_id) AS high
  FROM sightings s JOIN captures c ON c.record_id = s.record_id GROUP BY s.draft_id)
UPDATE drafts SET first_seen = substr(low, 1, 27), first_capture = substr(low, 28), last_seen = substr(high, 1, 27), last_capture = substr(high, 28)
FROM ends WHERE ends.draft_id = drafts.draft_id
"""
FIRST_PAGE = """
UPDATE drafts SET (page_url, origin) = (SELECT url, site FROM captures WHERE record_id = first_capture)
"""
READINGS = """
INSERT INTO readings (url, draft_id, last_seen)
  SELECT c.url, d.draft_id, max(c.captured_at) FROM drafts d JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
  WHERE d.complete GROUP BY c.url, d.draft_id
"""
NUMBERED = """
SELECT DISTINCT url_key FROM drafts d WHERE id_key IS NULL AND url_key IS NOT NULL
  AND EXISTS (SELECT 1 FROM drafts n WHERE n.url_key = d.url_key AND n.id_key IS NOT NULL)
"""
SHARED = """
SELECT DISTINCT base_key FROM drafts WHERE (id_key IS NOT NULL OR url_key IS NOT NULL) AND {0} IN (
  SELECT {0} FROM drafts WHERE {0} IS NOT NULL AND (id_key IS NOT NULL OR url_key IS NOT NULL)
  GROUP BY {0} HAVING count(DISTINCT base_key) BETWEEN 2 AND {1})
"""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that could not be read, as it comes from a worker."""

    message: str
    file: str
    offset: int

    def error(self) -> RecordError:
        """The error that it was."""
        return RecordError(self.message, file=self.file, offset=self.offset)


@dataclass(frozen=True, slots=True)
class ReadPages:
    """The task to read records and make their rows."""

    records: tuple[Unread, ...]

    def run(self, place: Place) -> list[Prepared | Damaged]:
        """One result a record, in order."""
        return [_prepared(unread, place.preparer) for unread in self.records]


@dataclass(frozen=True, slots=True)
class MakeItems:
    """The task to make the rows of items from a database's drafts."""

    database: str
    keys: tuple[str, ...]

    def run(self, place: Place) -> list[ItemRows]:
        """The items of which something whole is known."""
        connection = place.connection(self.database)
        return [rows for key in self.keys if (rows := build_item(connection, key)) is not None]


@dataclass(frozen=True, slots=True)
class ReadDocuments:
    """The task to read documents: their captures by the digests of their bodies."""

    reader: Reader
    captures: tuple[tuple[str, Capture], ...]

    def run(self, place: Place) -> list[tuple[str, DocumentText]]:
        """The digests with their texts."""
        return [(digest, read_again(capture, self.reader, place.documents)) for digest, capture in self.captures]


def _prepared(unread: Unread, preparer: Preparer) -> Prepared | Damaged:
    try:
        record = unread.record()
    except RecordError as error:
        return Damaged(str(error), error.file, error.offset)
    return prepare(record, registry.resolve(record.capture.site), preparer)


def read_all(records: Iterable[Unread], workers: Workers) -> Iterator[Prepared | Damaged]:
    """The rows of all records in their order, read by the workers."""
    for results in workers.map(ReadPages(chunk) for chunk in _chunks(records)):
        yield from results


def _chunks(records: Iterable[Unread]) -> Iterator[tuple[Unread, ...]]:
    chunk: list[Unread] = []
    size = 0
    for unread in records:
        chunk.append(unread)
        size += len(unread.raw.block)
        if len(chunk) >= PAGES_AT_ONCE or size >= BYTES_AT_ONCE:
            yield tuple(chunk)
            chunk, size = [], 0
    if chunk:
        yield tuple(chunk)


class Bulk:
    """Fills a database that holds runs and nothing else. `take` every capture, then `finish`."""

    def __init__(self, connection: sqlite3.Connection, reader: Reader | None = None) -> None:
        self._connection = connection
        self._reader = reader
        self._held_runs = frozenset(row[0] for row in connection.execute(HELD_RUNS))
        self.withholding = Withholding(connection)
        self._preparer = Preparer()
        self._pending = 0
        connection.execute("BEGIN")

    def take(self, prepared: Prepared) -> None:
        """Store a capture and what it says, without what is withheld; places and times come at the end."""
        judged = self.withholding.judge(prepared)
        prepared = judged.prepared
        values = dict(zip(CAPTURE_COLUMNS, prepared.capture, strict=False))
        held = values["run_id"] in self._held_runs
        self._connection.executemany(INSERT_LINK, prepared.links)
        if judged.owner:
            put_away(self._connection, values, judged.owner)
        elif insert_capture(self._connection, prepared, held=held, take_out=self._take_out):
            close(self._connection, values["record_id"], judged.named)
            if not held:
                self._add_said(prepared, values)
        self._pending += 1
        if self._pending >= COMMIT_EVERY:
            self._commit()

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")
        self._pending = 0

    def _add_said(self, prepared: Prepared, values: dict[str, Any]) -> None:
        at, record_id = values["captured_at"], values["record_id"]
        self._connection.executemany(
            DRAFT_LINE,
            [one.row(one.id_key or one.url_key or str(one.text_key), values["site"], values["url"], at, record_id) for one in prepared.said],
        )
        self._connection.executemany(INSERT_SIGHTING, [(one.draft_id, record_id) for one in prepared.said])

    def _take_out(self, record_id: str) -> None:
        self._connection.execute("DELETE FROM sightings WHERE record_id = ?", (record_id,))
        self._connection.execute("DELETE FROM captures WHERE record_id = ?", (record_id,))

    def _withdraw(self, record_id: str, owner: str) -> None:
        """A revisit is found to show what is withheld."""
        columns = [name for name in WITHHELD_COLUMNS if name != "item_id"]
        row = self._connection.execute(f"SELECT {', '.join(columns)} FROM captures WHERE record_id = ?", (record_id,)).fetchone()
        self._take_out(record_id)
        put_away(self._connection, dict(zip(columns, row, strict=True)), owner)

    def finish(self, workers: Workers, database: str, progress: Progress) -> None:
        """Everything that follows from the captures together."""
        while found := self._connection.execute(OF_WITHHELD).fetchall():  # again: others may show these again
            for name, owner in found:
                self._withdraw(name, owner)
        self._show_revisits()
        count_captures(self._connection)
        self.finish_known(workers, database, progress)
        self._write_documents(workers, progress)

    def finish_known(self, workers: Workers, database: str, progress: Progress) -> None:
        """The same, where all sightings are there already."""
        self._date_drafts()
        self._place_drafts()
        self._connection.execute("COMMIT")
        self._write_items(workers, database, progress)

    def _show_revisits(self) -> None:
        last = ""
        while names := [row[0] for row in self._connection.execute(REVISITS, (last,))]:
            for name in names:
                self._show_original(name)
            last = names[-1]

    def _show_original(self, name: str) -> None:
        original = find_original(self._connection, name)
        if original is None:
            return
        self._connection.execute(
            "UPDATE captures SET (original, layout, role, badness, problems) = (SELECT record_id, layout, role, badness, '[]' FROM captures "
            "WHERE record_id = ?) WHERE record_id = ?",
            (original, name),
        )
        held, same = self._connection.execute(
            "SELECT r.held OR o.held, r.url = o.url FROM captures r JOIN captures o ON o.record_id = r.original WHERE r.record_id = ?", (name,)
        ).fetchone()
        if held:
            return
        if same:
            self._connection.execute(SHOW_AGAIN, (name, original))
            return
        revisit = self._connection.execute(f"SELECT {', '.join(PLACED)} FROM captures WHERE record_id = ?", (name,)).fetchone()
        capture = capture_of(dict(zip(PLACED, revisit, strict=True)))
        elsewhere = read_elsewhere(self._connection, capture, original, self._reader, self._preparer)
        if elsewhere is None:
            self._connection.execute(SHOW_AGAIN, (name, original))
            return
        judged = self.withholding.judge(elsewhere)
        self._connection.executemany(INSERT_LINK, judged.prepared.links)
        if judged.owner:
            self._withdraw(name, judged.owner)
            return
        close(self._connection, name, judged.named)
        self._add_said(judged.prepared, dict(zip(CAPTURE_COLUMNS, elsewhere.capture, strict=False)))

    def _date_drafts(self) -> None:
        for statement in (UNSEEN, ENDS, FIRST_PAGE, READINGS):
            self._connection.execute(statement)

    def _place_drafts(self) -> None:
        execute = self._connection.execute
        for (url_key,) in execute(NUMBERED).fetchall():
            number = execute(NUMBER_AT, (url_key,)).fetchone()[0]
            execute("UPDATE drafts SET base_key = ? WHERE url_key = ? AND id_key IS NULL", (number, url_key))
        for (text_key,) in execute("SELECT DISTINCT text_key FROM drafts WHERE id_key IS NULL AND url_key IS NULL").fetchall():
            owner = execute(OWNER_OF_TEXT, (text_key,)).fetchone()[0]
            if owner:
                execute("UPDATE drafts SET base_key = ? WHERE text_key = ? AND id_key IS NULL AND url_key IS NULL", (owner, text_key))
        execute("UPDATE drafts SET item_key = base_key WHERE item_key <> base_key")
        placing = Placing(self._connection, set())
        for column in EVIDENCE:
            for (base,) in execute(SHARED.format(column, epochs.TOO_COMMON)).fetchall():
                placing.loosen(base)
        placing.settle()

    def _write_items(self, workers: Workers, database: str, progress: Progress) -> None:
        execute = self._connection.execute
        triggers = execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'items_fts%'").fetchall()
        total = int(execute("SELECT count(DISTINCT item_key) FROM drafts").fetchone()[0])
        done = 0
        execute("BEGIN")
        for name, _ in triggers:
            execute(f"DROP TRIGGER {name}")
        for rows in workers.map(MakeItems(database, keys) for keys in _in_groups(_item_keys(database), ITEMS_AT_ONCE)):
            insert_items(self._connection, rows)
            done = min(done + ITEMS_AT_ONCE, total)
            progress("items", done, total)
        execute("INSERT INTO items_fts (items_fts, rank) VALUES ('hashsize', 33554432)")
        execute("INSERT INTO items_fts (items_fts) VALUES ('rebuild')")
        for _, sql in triggers:
            execute(sql)
        execute("COMMIT")

    def _write_documents(self, workers: Workers, progress: Progress) -> None:
        """Each distinct body is read once; then, with all of them there, each address is described."""
        if self._reader is None:
            return
        every = holders(self._connection)
        tasks = (ReadDocuments(self._reader, group) for group in _in_groups(every, DOCUMENTS_AT_ONCE))
        done = 0
        for texts in workers.map(tasks):
            self._connection.execute("BEGIN")
            for digest, text in texts:
                keep_text(self._connection, digest, text)
            self._connection.execute("COMMIT")
            done += len(texts)
            progress("documents", done, len(every))
        self._connection.execute("BEGIN")
        for key in document_keys(self._connection):
            write_documents(self._connection, key, lambda digest, holder: kept_text(self._connection, digest, unread=True))
        self._connection.execute("COMMIT")


def _item_keys(database: str) -> Iterator[str]:
    """Every item's key, in order, by a connection of its own."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        for row in connection.execute("SELECT DISTINCT item_key FROM drafts ORDER BY item_key"):
            yield row[0]
    finally:
        connection.close()


def _in_groups(keys: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    each = iter(keys)
    while group := tuple(islice(each, size)):
        yield group
