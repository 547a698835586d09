"""The one funnel from records to rows, capture by capture: live crawl, backfill and import enter here. Reads no clock; every order gives the same rows.

A page's drafts are kept once each with their sightings; an item is always written anew from all of its drafts. `bulk` does the same for a whole archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rabat_crawler.archive.documents import Texts, documents_without_rows, write_documents
from rabat_crawler.archive.items import ItemWriter
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.placing import EVIDENCE, Placing
from rabat_crawler.archive.relating import STALE
from rabat_crawler.archive.revisits import Reader, find_original, may_wait_for, read_elsewhere
from rabat_crawler.archive.rows import (
    AGAIN,
    CAPTURE_COLUMNS,
    DRAFT_COLUMNS,
    PLACED,
    Prepared,
    Preparer,
    Said,
    capture_of,
    problems_json,
    read_page,
    shows_again,
)
from rabat_crawler.archive.withholding import WITHHELD_COLUMNS, Withholding, close, count_captures, owner_of_original, put_away
from rabat_crawler.models import Capture, Page, Record, Site
from rabat_crawler.urls import url_key

__all__ = ["Ingest", "capture_of"]

INSERT_CAPTURE = f"INSERT OR IGNORE INTO captures ({', '.join(CAPTURE_COLUMNS)}) VALUES ({', '.join('?' * len(CAPTURE_COLUMNS))})"
INSERT_DRAFT = f"INSERT INTO drafts ({', '.join(DRAFT_COLUMNS)}) VALUES ({', '.join('?' * len(DRAFT_COLUMNS))})"
INSERT_LINK = "INSERT OR IGNORE INTO links (url, site, key, reason) VALUES (?,?,?,?)"
INSERT_SIGHTING = "INSERT OR IGNORE INTO sightings (draft_id, record_id) VALUES (?,?)"
UPSERT_READING = """
INSERT INTO readings (url, draft_id, last_seen) VALUES (?,?,?)
ON CONFLICT (url, draft_id) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)
"""
AT_ADDRESS = """
SELECT item_key FROM items WHERE canonical_url = :url
UNION SELECT d.item_key FROM readings r JOIN drafts d ON d.draft_id = r.draft_id WHERE r.url = :url
"""
SAYING, PLACE = ("captured_at", "url", "digest", "site"), ("warc_file", "offset")
MOVE = "UPDATE captures SET (warc_file, offset, length, run_id, source) = (?,?,?,?,?) WHERE record_id = ?"
HELD_RUNS = "SELECT run_id FROM runs WHERE json_extract(counts, '$.held')"
WITHOUT_ORIGINAL = problems_json(AGAIN.problems)
TAKE_BACK = """
UPDATE drafts SET (first_seen, first_capture, page_url, origin) =
  (SELECT c.captured_at, c.record_id, c.url, c.site FROM sightings s JOIN captures c ON c.record_id = s.record_id
   WHERE s.draft_id = drafts.draft_id ORDER BY c.captured_at, c.record_id LIMIT 1),
  (last_seen, last_capture) =
  (SELECT c.captured_at, c.record_id FROM sightings s JOIN captures c ON c.record_id = s.record_id
   WHERE s.draft_id = drafts.draft_id ORDER BY c.captured_at DESC, c.record_id DESC LIMIT 1)
WHERE draft_id = ?
"""
READ_AGAIN = """
INSERT INTO readings (url, draft_id, last_seen)
  SELECT c.url, d.draft_id, max(c.captured_at) FROM drafts d JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
  WHERE d.draft_id = ? AND d.complete GROUP BY c.url
"""


def insert_capture(connection: sqlite3.Connection, prepared: Prepared, *, held: bool, take_out: Callable[[str], None]) -> bool:
    """True if the capture is new. Of several records of one name the same one counts in every order, and of several places of it the first.

    `take_out` removes the capture that was there with all that it said.
    """
    row = (*prepared.capture, int(held))
    if connection.execute(INSERT_CAPTURE, row).rowcount == 1:
        return True
    found = connection.execute(f"SELECT {', '.join((*SAYING, *PLACE))} FROM captures WHERE record_id = ?", (prepared.record_id,)).fetchone()
    new = dict(zip(CAPTURE_COLUMNS, row, strict=True))
    saying, place = tuple(new[name] for name in SAYING), tuple(new[name] for name in PLACE)
    if saying == found[: len(SAYING)]:
        if place < found[len(SAYING) :]:
            connection.execute(MOVE, (*place, new["length"], new["run_id"], new["source"], prepared.record_id))
        return False
    if saying > found[: len(SAYING)]:
        return False
    take_out(prepared.record_id)
    return connection.execute(INSERT_CAPTURE, row).rowcount == 1


class Ingest:
    """Writes captures and what they say into the database; the caller owns the transaction and calls `settle` before it commits.

    `reader` is wanted for revisits that show the bytes of another address: these are read anew, for what a page says depends on its address. It is
    also wanted for documents whose record is not the one given to `add`.
    """

    def __init__(self, connection: sqlite3.Connection, reader: Reader | None = None) -> None:
        self.connection = connection
        self._reader = reader
        self._preparer = Preparer()
        self._dirty: set[str] = set()
        self._texts = Texts(connection, reader)
        self._documents: set[str] = set()
        self._placing = Placing(connection, self._dirty)
        self._items = ItemWriter(connection)
        self._held_runs = frozenset(row[0] for row in connection.execute(HELD_RUNS))
        self.withholding = Withholding(connection)
        self._put_away = False

    def add(self, record: Record, site: Site) -> Page:
        """Read the page of a capture and store both; returns the page."""
        page = AGAIN if shows_again(record.capture) and not record.body else read_page(record, site)
        if page.role == "document":
            self._texts.offer(record)
        self.store(record.capture, page, site)
        return page

    def store(self, capture: Capture, page: Page, site: Site) -> None:
        """Store the capture and all that its page says. A capture that is already there changes nothing; one of a run held back says nothing."""
        self.store_prepared(capture, self._preparer.prepare(capture, AGAIN if shows_again(capture) else page, site))

    def store_prepared(self, capture: Capture, prepared: Prepared) -> None:
        """Store a capture whose rows were made elsewhere, without what is withheld."""
        held = capture.run_id in self._held_runs
        judged = self.withholding.judge(prepared)
        prepared = judged.prepared
        self.connection.executemany(INSERT_LINK, prepared.links)
        owner = judged.owner or (owner_of_original(self.connection, capture.refers_to) if capture.record_type == "revisit" else None)
        if owner:
            self._withhold(dict(zip(CAPTURE_COLUMNS, prepared.capture, strict=False)), owner)
            return
        if insert_capture(self.connection, prepared, held=held, take_out=self._take_out):
            close(self.connection, capture.record_id, judged.named)
            if prepared.again:
                self._show_original(capture, held=held)
            else:
                for said in () if held else prepared.said:
                    self._add_draft(said, capture)
                self._serve_waiting(capture)
        if not held:
            self.touch(capture.url)

    # Captures ----------------------------------------------------------------------------------------------------------

    def _withhold(self, capture: Mapping[str, Any], owner: str) -> None:
        """Keep a withheld capture's place alone, and take out the revisits that show it again."""
        self._put_away = True
        for record_id in put_away(self.connection, capture, owner):
            self._withdraw(record_id, owner)

    def _withdraw(self, record_id: str, owner: str) -> None:
        """A stored capture is found to be withheld."""
        columns = [name for name in WITHHELD_COLUMNS if name != "item_id"]
        row = self.connection.execute(f"SELECT {', '.join(columns)} FROM captures WHERE record_id = ?", (record_id,)).fetchone()
        self._take_out(record_id)
        self._withhold(dict(zip(columns, row, strict=True)), owner)

    def _take_out(self, record_id: str) -> None:
        """Remove a capture with all that it says."""
        url = self.connection.execute("SELECT url FROM captures WHERE record_id = ?", (record_id,)).fetchone()[0]
        self.unsee((record_id,))
        self.connection.execute("DELETE FROM captures WHERE record_id = ?", (record_id,))
        self._serve_those_of(record_id)
        self.touch(url)

    def unsee(self, records: Sequence[str]) -> None:
        """Take back what these captures say: their sightings go, and the drafts that only they showed."""
        shown: set[str] = set()
        for record_id in records:
            shown.update(row[0] for row in self.connection.execute("SELECT draft_id FROM sightings WHERE record_id = ?", (record_id,)))
            self.connection.execute("DELETE FROM sightings WHERE record_id = ?", (record_id,))
        for name in sorted(shown):
            if self.connection.execute("SELECT 1 FROM sightings WHERE draft_id = ? LIMIT 1", (name,)).fetchone() is None:
                self._forget(name)
                continue
            self.connection.execute(TAKE_BACK, (name,))
            self.connection.execute("DELETE FROM readings WHERE draft_id = ?", (name,))
            self.connection.execute(READ_AGAIN, (name,))
            self._look_again(name)

    # Revisits ----------------------------------------------------------------------------------------------------------

    def _show_original(self, capture: Capture, *, held: bool) -> None:
        """A revisit shows the drafts of its original again, as far as that is known."""
        original = find_original(self.connection, capture.record_id)
        if original is None:
            return
        role = self.connection.execute("SELECT layout, role, badness, held FROM captures WHERE record_id = ?", (original,)).fetchone()
        self.connection.execute(
            "UPDATE captures SET (original, layout, role, badness, problems) = (?,?,?,?,'[]') WHERE record_id = ?",
            (original, *role[:3], capture.record_id),
        )
        if held or role[3]:
            return
        elsewhere = read_elsewhere(self.connection, capture, original, self._reader, self._preparer)
        if elsewhere is not None:
            judged = self.withholding.judge(elsewhere)
            self.connection.executemany(INSERT_LINK, judged.prepared.links)
            if judged.owner:
                self._withdraw(capture.record_id, judged.owner)
                return
            close(self.connection, capture.record_id, judged.named)
            for said in judged.prepared.said:
                self._add_draft(said, capture)
            return
        for (name,) in self.connection.execute("SELECT draft_id FROM sightings WHERE record_id = ?", (original,)).fetchall():
            self._see(name, capture)

    def _serve_waiting(self, capture: Capture) -> None:
        """Revisits for which the capture just stored may be the original, or a better one than they had, are shown anew."""
        for revisit in may_wait_for(self.connection, capture):
            self._show_anew(revisit)

    def _serve_those_of(self, record_id: str) -> None:
        """The revisits of a capture that is no longer there, or says nothing any more, look for what they show."""
        for (name,) in self.connection.execute("SELECT record_id FROM captures WHERE original = ?", (record_id,)).fetchall():
            self._show_anew(name, surely=True)

    def hold(self, records: Sequence[str]) -> None:
        """Take back what these captures, whose rows say `held`, had said, and what revisits show of them."""
        self.unsee(records)
        for record_id in records:
            self._serve_those_of(record_id)

    def _show_anew(self, record_id: str, *, surely: bool = False) -> None:
        columns = ", ".join(PLACED)
        held, original, *row = self.connection.execute(f"SELECT held, original, {columns} FROM captures WHERE record_id = ?", (record_id,)).fetchone()
        if not surely and original is not None and original == find_original(self.connection, record_id):
            return
        self.unsee((record_id,))
        self.connection.execute(
            "UPDATE captures SET (original, layout, role, badness, problems) = (NULL, '', 'other', 0.0, ?) WHERE record_id = ?",
            (WITHOUT_ORIGINAL, record_id),
        )
        capture = capture_of(dict(zip(PLACED, row, strict=True)))
        self._show_original(capture, held=bool(held))
        if not held:
            self.touch(capture.url)

    # Drafts ------------------------------------------------------------------------------------------------------------

    def _add_draft(self, said: Said, capture: Capture) -> None:
        if self._see(said.draft_id, capture):
            return
        at = moment(capture.captured_at)
        base = self._placing.base_of(said.id_key, said.url_key, said.text_key)
        self.connection.execute(INSERT_DRAFT, said.row(base, capture.site, capture.url, at, capture.record_id))
        self.connection.execute(INSERT_SIGHTING, (said.draft_id, capture.record_id))
        if said.complete:
            self.connection.execute(UPSERT_READING, (capture.url, said.draft_id, at))
        self._dirty.add(base)
        self._placing.loosen(base)
        if said.id_key and said.url_key:
            self._placing.replace_by_url(said.url_key)
        if said.text_key and (said.id_key or said.url_key):
            self._placing.replace_by_text((said.text_key,))

    def _see(self, name: str, capture: Capture) -> bool:
        """Note that a known draft was seen in this capture; False if it is not known."""
        found = self.connection.execute(
            "SELECT first_seen, first_capture, last_seen, last_capture, item_key, base_key, id_key, url_key, complete FROM drafts WHERE draft_id = ?",
            (name,),
        ).fetchone()
        if found is None:
            return False
        first_seen, first_capture, last_seen, last_capture, item_key, base_key, id_key, url_key, complete = found
        at = moment(capture.captured_at)
        self.connection.execute(INSERT_SIGHTING, (name, capture.record_id))
        if complete:
            self.connection.execute(UPSERT_READING, (capture.url, name, at))
        if (at, capture.record_id) < (first_seen, first_capture):
            self.connection.execute(
                "UPDATE drafts SET first_seen = ?, first_capture = ?, page_url = ?, origin = ? WHERE draft_id = ?",
                (at, capture.record_id, capture.url, capture.site, name),
            )
        elif (at, capture.record_id) > (last_seen, last_capture):
            self.connection.execute("UPDATE drafts SET last_seen = ?, last_capture = ? WHERE draft_id = ?", (at, capture.record_id, name))
        self._dirty.add(item_key)
        if complete:
            self._placing.loosen(base_key)  # when a name was in use is evidence
        if id_key and url_key:
            self._placing.replace_by_url(url_key)
        return True

    def _forget(self, name: str) -> None:
        """Take out a draft that no capture shows any more; drafts that had followed it are placed anew."""
        item_key, base_key, url_key, *evidence = self.connection.execute(
            f"DELETE FROM drafts WHERE draft_id = ? RETURNING item_key, base_key, url_key, {', '.join(EVIDENCE)}", (name,)
        ).fetchone()
        self._dirty.add(item_key)
        self._placing.loosen(base_key)
        for (mate,) in self.connection.execute("SELECT DISTINCT base_key FROM drafts WHERE item_key = ?", (item_key,)).fetchall():
            self._placing.loosen(mate)
        for column, shared in zip(EVIDENCE, evidence, strict=True):
            if shared:
                self._placing.loosen_sharers(column, shared)
        if url_key:
            self._placing.replace_by_url(url_key)
        if evidence[0]:
            self._placing.replace_by_text((evidence[0],))

    def _look_again(self, name: str) -> None:
        """A draft's sightings changed: write its item anew, and place anew what follows it by its address."""
        item_key, base_key, id_key, url_key = self.connection.execute(
            "SELECT item_key, base_key, id_key, url_key FROM drafts WHERE draft_id = ?", (name,)
        ).fetchone()
        self._dirty.add(item_key)
        self._placing.loosen(base_key)
        if id_key and url_key:
            self._placing.replace_by_url(url_key)

    # Items -------------------------------------------------------------------------------------------------------------

    def touch(self, url: str) -> None:
        """An address answered: its items and documents are looked at again, for it may no longer show them."""
        self._documents.add(url_key(url))
        self._dirty.update(row[0] for row in self.connection.execute(AT_ADDRESS, {"url": url}))

    def touch_new_documents(self) -> None:
        """Documents that have no row, in an archive that was written before there were any, are looked at."""
        self._documents.update(documents_without_rows(self.connection))

    def forget_items(self) -> None:
        """Something else may have written items: what is remembered of them is no longer sure."""
        self._items = ItemWriter(self.connection)

    def settle(self) -> None:
        """Write every item and document anew whose captures changed since the last call."""
        self._placing.settle()
        if self._dirty:
            self.connection.execute(STALE)
        while self._dirty:
            self._items.write(self._dirty.pop())
        while self._documents:
            write_documents(self.connection, self._documents.pop(), self._texts.of)
        self._texts.drop()
        if self._put_away:
            count_captures(self.connection)
            self._put_away = False
