"""The one funnel from records to rows: live crawl, import and rebuild all enter here. Reads no clock; every order of records gives the same rows.

A page's drafts are kept once each with their sightings; an item is always written anew from all of its drafts (`identity.merge`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag

from rabat_crawler import identity, registry
from rabat_crawler.extract import parse_page
from rabat_crawler.extract.urls import decide, fold_key
from rabat_crawler.models import Capture, Draft, Item, Page, Problem, Record, Role, Site

CAPTURE_COLUMNS = (
    "record_id url url_key captured_at status media_type digest sha1 site run_id record_type source source_url warc_file offset length "
    "refers_to refers_url refers_at truncated verdict layout role badness problems held"
).split()
PLACED = CAPTURE_COLUMNS[: CAPTURE_COLUMNS.index("layout")]
INSERT_CAPTURE = f"INSERT OR IGNORE INTO captures ({', '.join(CAPTURE_COLUMNS)}) VALUES ({', '.join('?' * len(CAPTURE_COLUMNS))})"
INSERT_DRAFT = """
INSERT INTO drafts (draft_id, site, origin, item_key, base_key, id_key, url_key, text_key, complete, layout, content, page_url, first_seen, last_seen,
  first_capture, last_capture) VALUES (?,?,?,?,'',?,?,?,?,?,?,?,?,?,?,?)
"""
UPSERT_ITEM = """
INSERT INTO items (id, item_id, site, kind, language, language_method, title, summary, text, published, event_start, event_end, canonical_url,
  article_id, section, layout, first_seen, last_seen, gone, flags, current_version, html, item_key)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, language = excluded.language, language_method = excluded.language_method,
  title = excluded.title, summary = excluded.summary, text = excluded.text, published = excluded.published, event_start = excluded.event_start,
  event_end = excluded.event_end, canonical_url = excluded.canonical_url, article_id = excluded.article_id, section = excluded.section,
  layout = excluded.layout, first_seen = excluded.first_seen, last_seen = excluded.last_seen, gone = excluded.gone, flags = excluded.flags,
  current_version = excluded.current_version, html = excluded.html
"""
UPSERT_VERSION = """
INSERT INTO versions (version_id, item_id, text_digest, title, summary, text, html, layout, complete, first_capture, last_capture, first_seen, last_seen)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (version_id) DO UPDATE SET summary = excluded.summary, html = excluded.html, layout = excluded.layout, complete = excluded.complete,
  first_capture = excluded.first_capture, last_capture = excluded.last_capture, first_seen = excluded.first_seen, last_seen = excluded.last_seen
"""
LAST_READ = "SELECT r.url, max(r.last_seen) FROM drafts d JOIN readings r ON r.draft_id = d.draft_id WHERE d.item_key = ? GROUP BY r.url"
UPSERT_READING = """
INSERT INTO readings (url, draft_id, last_seen) VALUES (?,?,?)
ON CONFLICT (url, draft_id) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)
"""
AT_ADDRESS = """
SELECT item_key, site FROM items WHERE canonical_url = :url
UNION SELECT d.item_key, d.site FROM readings r JOIN drafts d ON d.draft_id = r.draft_id WHERE r.url = :url
"""
ENDED = "SELECT 1 FROM captures WHERE url = ? AND captured_at > ? AND role = 'gone' AND held = 0 LIMIT 1"
ABSENT = """
SELECT count(DISTINCT substr(captured_at, 1, 10)) FROM captures
WHERE url = ? AND captured_at > ? AND substr(captured_at, 1, 10) > substr(?, 1, 10) AND held = 0 AND truncated IS NULL
  AND (role = 'missing' OR (status IN (200, 304) AND role IN ('detail', 'listing', 'other') AND layout <> ''
    AND problems NOT LIKE '%"truncated"%' AND problems NOT LIKE '%"bad_coding"%' AND problems NOT LIKE '%"too_large"%'))
"""
ABSENT_DAYS = 2
"""On so many later days a page must be there without its item before the item is taken to be gone; a 404 or 410 says it at once."""
HELD_RUNS = "SELECT run_id FROM runs WHERE json_extract(counts, '$.held')"
CHILD_TABLES = ("dates", "addresses", "alternates", "attachments", "images", "tags")


def moment(value: datetime) -> str:
    """ISO 8601 UTC with microseconds, always the same width, so that text order is time order."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_moment(text: str) -> datetime:
    """The aware UTC datetime of `moment`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def capture_of(values: dict[str, Any]) -> Capture:
    """The capture of a row, given by column."""
    times = {name: parse_moment(values[name]) if values[name] else None for name in ("captured_at", "refers_at")}
    return Capture(**{**values, **times})


def read_page(record: Record, site: Site) -> Page:
    """`parse_page`, but a defect of a reader costs one page's reading, never the capture: the problem is stored and a later rebuild mends it."""
    try:
        return parse_page(record, site)
    except Exception as error:  # any defect at all: what is on disk must stay reachable
        return Page(layout="", role="other", problems=(Problem(code="reader_failed", message=f"{type(error).__name__}: {error}"),))


def _shows_again(capture: Capture) -> bool:
    """True for a revisit that shows its original again; one that says 404 with the old bytes does not."""
    return capture.record_type == "revisit" and capture.status in (200, 304)


class Ingest:
    """Writes captures and what they say into the database; the caller owns the transaction and calls `settle` before it commits."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._dirty: dict[str, str] = {}
        self._known_links: set[tuple[str, Site]] = set()
        self._held_runs = frozenset(row[0] for row in connection.execute(HELD_RUNS))

    def add(self, record: Record, site: Site) -> Page:
        """Read the page of a capture and store both; returns the page."""
        page = Page(layout="", role="other") if _shows_again(record.capture) and not record.body else read_page(record, site)
        self.store(record.capture, page, site)
        return page

    def store(self, capture: Capture, page: Page, site: Site) -> None:
        """Store the capture and all that its page says. A capture that is already there changes nothing; one of a run held back says nothing."""
        held = capture.run_id in self._held_runs
        if _shows_again(capture):
            self._add_revisit(capture, held=held)
        elif self._insert_capture(capture, page, held=held):
            self._add_links(page, site)
            for draft in () if held else page.drafts:
                self._add_draft(draft, capture, site)
            self._see_waiting(capture.record_id)
        if not held:
            self.touch(capture.url)

    def forget(self, name: str) -> None:
        """Take out a draft that no capture shows any more; drafts that had followed it are placed anew."""
        item_key, site, url_key, text_key = self.connection.execute(
            "DELETE FROM drafts WHERE draft_id = ? RETURNING item_key, site, url_key, text_key", (name,)
        ).fetchone()
        self._dirty[item_key] = site
        if url_key:
            self._replace_by_url(url_key)
        if text_key:
            self._replace_by_text((text_key,))

    def look_again(self, name: str) -> None:
        """A draft's sightings changed: write its item anew, and place anew what follows it by its address."""
        item_key, site, id_key, url_key = self.connection.execute(
            "SELECT item_key, site, id_key, url_key FROM drafts WHERE draft_id = ?", (name,)
        ).fetchone()
        self._dirty[item_key] = site
        if id_key and url_key:
            self._replace_by_url(url_key)

    def settle(self) -> None:
        """Write every item anew whose drafts changed since the last call."""
        while self._dirty:
            key, site = self._dirty.popitem()
            self._write_item(key, site)

    def _insert_capture(self, capture: Capture, page: Page, *, held: bool) -> bool:
        problems = json.dumps([asdict(problem) for problem in page.problems], ensure_ascii=False)
        row = (
            capture.record_id, capture.url, capture.url_key, moment(capture.captured_at), capture.status, capture.media_type, capture.digest,
            capture.sha1, capture.site, capture.run_id, capture.record_type, capture.source, capture.source_url, capture.warc_file, capture.offset,
            capture.length, capture.refers_to, capture.refers_url, capture.refers_at and moment(capture.refers_at), capture.truncated, capture.verdict,
            page.layout, page.role, 0.0, problems, int(held),
        )  # fmt: skip
        return self.connection.execute(INSERT_CAPTURE, row).rowcount == 1

    def _add_revisit(self, capture: Capture, *, held: bool) -> None:
        """The original's drafts were seen again; nothing is read twice, and a rebuild, which has no body here, gives the same rows."""
        original = self.connection.execute("SELECT layout, role FROM captures WHERE record_id = ?", (capture.refers_to,)).fetchone()
        layout: str = original[0] if original else ""
        role: Role = original[1] if original else "other"
        problems = () if original else (Problem(code="no_original", message=f"the capture it refers to, {capture.refers_to}, is not in the archive"),)
        if self._insert_capture(capture, Page(layout=layout, role=role, problems=problems), held=held) and not held:
            self._see_all_of(capture)

    def _see_all_of(self, capture: Capture) -> None:
        """The drafts of the capture that this revisit refers to were seen again."""
        for (name,) in self.connection.execute("SELECT draft_id FROM sightings WHERE record_id = ?", (capture.refers_to,)).fetchall():
            self._see(name, capture)

    def _see_waiting(self, record_id: str) -> None:
        """Revisits that came before their original, which has just been stored, are made good."""
        waiting = self.connection.execute(
            f"SELECT held, {', '.join(PLACED)} FROM captures WHERE refers_to = ? AND record_type = 'revisit' AND status IN (200, 304)", (record_id,)
        ).fetchall()
        for held, *row in waiting:
            values = dict(zip(PLACED, row, strict=True))
            self.connection.execute(
                "UPDATE captures SET (layout, role, problems) = (SELECT layout, role, '[]' FROM captures WHERE record_id = ?) WHERE record_id = ?",
                (record_id, values["record_id"]),
            )
            if not held:
                capture = capture_of(values)
                self._see_all_of(capture)
                self.touch(capture.url)

    def _add_links(self, page: Page, site: Site) -> None:
        """Every address within the site that a page links to, once, with the key of what it leads to."""
        rows = []
        for link in page.links:
            if (link.url, site) in self._known_links:
                continue
            self._known_links.add((link.url, site))
            decision = decide(link.url, site)
            if decision.action == "fetch" and decision.target == "page":
                rows.append((urldefrag(link.url).url, site.name, decision.key, decision.reason))
        if rows:
            self.connection.executemany("INSERT OR IGNORE INTO links (url, site, key, reason) VALUES (?,?,?,?)", rows)

    def _add_draft(self, draft: Draft, capture: Capture, site: Site) -> None:
        content = identity.draft_json(draft)
        name = identity.draft_id(f"{identity.scope(site)} {content}")
        if self._see(name, capture):
            return
        keys = identity.keys_of(draft, site)
        at = moment(capture.captured_at)
        row = (
            name, site.name, capture.site, "", keys.id_key, keys.url_key, keys.text_key, int(draft.complete), draft.layout, content,
            capture.url, at, at, capture.record_id, capture.record_id,
        )  # fmt: skip
        self.connection.execute(INSERT_DRAFT, row)
        self.connection.execute("INSERT INTO sightings (draft_id, record_id) VALUES (?,?)", (name, capture.record_id))
        if draft.complete:
            self.connection.execute(UPSERT_READING, (capture.url, name, at))
        self._place(name, keys.id_key, keys.url_key, keys.text_key, site.name)

    def _see(self, name: str, capture: Capture) -> bool:
        """Note that a known draft was seen in this capture; False if it is not known."""
        found = self.connection.execute(
            "SELECT first_seen, first_capture, last_seen, last_capture, item_key, id_key, url_key, site, complete FROM drafts WHERE draft_id = ?",
            (name,),
        ).fetchone()
        if found is None:
            return False
        first_seen, first_capture, last_seen, last_capture, item_key, id_key, url_key, site, complete = found
        at = moment(capture.captured_at)
        self.connection.execute("INSERT OR IGNORE INTO sightings (draft_id, record_id) VALUES (?,?)", (name, capture.record_id))
        if complete:
            self.connection.execute(UPSERT_READING, (capture.url, name, at))
        if (at, capture.record_id) < (first_seen, first_capture):
            self.connection.execute(
                "UPDATE drafts SET first_seen = ?, first_capture = ?, page_url = ?, origin = ? WHERE draft_id = ?",
                (at, capture.record_id, capture.url, capture.site, name),
            )
        elif (at, capture.record_id) > (last_seen, last_capture):
            self.connection.execute("UPDATE drafts SET last_seen = ?, last_capture = ? WHERE draft_id = ?", (at, capture.record_id, name))
        self._dirty[item_key] = site
        if id_key and url_key:
            self._replace_by_url(url_key)
        return True

    def _place(self, name: str, id_key: str | None, url_key: str | None, text_key: str | None, site: str) -> None:
        """Give a new draft its item, and draw in the drafts that wait for it: those with its address but no number, those with neither."""
        key = self._resolve(id_key, url_key, text_key)
        self.connection.execute("UPDATE drafts SET item_key = ? WHERE draft_id = ?", (key, name))
        self._dirty[key] = site
        if id_key and url_key:
            self._replace_by_url(url_key)
        if text_key and (id_key or url_key):
            self._replace_by_text((text_key,))

    def _resolve(self, id_key: str | None, url_key: str | None, text_key: str | None) -> str:
        if id_key:
            return id_key
        if url_key:
            numbered = self.connection.execute(
                "SELECT id_key FROM drafts WHERE url_key = ? AND id_key IS NOT NULL GROUP BY id_key ORDER BY max(complete) DESC, max(last_seen) DESC, id_key",
                (url_key,),
            ).fetchone()
            return str(numbered[0]) if numbered else url_key
        owner = self.connection.execute(
            "SELECT min(item_key) FROM drafts WHERE text_key = ? AND (id_key IS NOT NULL OR url_key IS NOT NULL)", (text_key,)
        ).fetchone()
        return str(owner[0]) if owner and owner[0] else str(text_key)

    def _replace_by_url(self, url_key: str) -> None:
        waiting = self.connection.execute(
            "SELECT draft_id, item_key, url_key, text_key, site FROM drafts WHERE url_key = ? AND id_key IS NULL", (url_key,)
        ).fetchall()
        moved = self._replace(waiting)
        if moved:
            self._replace_by_text(moved)

    def _replace_by_text(self, text_keys: Iterable[str]) -> None:
        for text_key in sorted(set(text_keys)):
            waiting = self.connection.execute(
                "SELECT draft_id, item_key, url_key, text_key, site FROM drafts WHERE text_key = ? AND id_key IS NULL AND url_key IS NULL",
                (text_key,),
            ).fetchall()
            self._replace(waiting)

    def _replace(self, waiting: list[tuple[str, str, str | None, str | None, str]]) -> list[str]:
        moved = []
        for name, old, url_key, text_key, site in waiting:
            new = self._resolve(None, url_key, text_key)
            if new != old:
                self.connection.execute("UPDATE drafts SET item_key = ? WHERE draft_id = ?", (new, name))
                self._dirty[old] = self._dirty[new] = site
                if text_key:
                    moved.append(text_key)
        return moved

    def touch(self, url: str) -> None:
        """An address answered: its items are looked at again, for it may no longer show them."""
        self._dirty.update(self.connection.execute(AT_ADDRESS, {"url": url}).fetchall())

    def _write_item(self, key: str, site: str) -> None:
        rows = self.connection.execute(
            "SELECT draft_id, content, page_url, first_seen, last_seen, first_capture, last_capture, origin FROM drafts WHERE item_key = ?", (key,)
        ).fetchall()
        number = identity.item_number(key)
        name = identity.item_id(number)
        for table in CHILD_TABLES:
            self.connection.execute(f"DELETE FROM {table} WHERE item_id = ?", (name,))
        if not rows:
            self._remove_item(number, name)
            return
        seen = [
            identity.Seen(
                draft_id=row[0], draft=_draft(row[1]), page_url=row[2], first_seen=row[3], last_seen=row[4], first_capture=row[5], last_capture=row[6]
            )
            for row in rows
        ]
        definition = registry.resolve(max(row[7] for row in rows))
        whole = [one for one in seen if not one.draft.truncated]
        if not whole:  # only cut captures say anything of it: they are kept, but make no item
            self._remove_item(number, name)
            return
        merged = identity.merge(key, whole, definition, cut=len(whole) < len(seen))
        self._write_merged(number, key, merged, definition)

    def _remove_item(self, number: int, name: str) -> None:
        self.connection.execute("DELETE FROM versions WHERE item_id = ?", (name,))
        self.connection.execute("DELETE FROM items WHERE id = ?", (number,))

    def _write_merged(self, number: int, key: str, merged: identity.Merged, site: Site) -> None:
        item, execute, many = merged.item, self.connection.execute, self.connection.executemany
        execute(
            UPSERT_ITEM,
            (
                number, item.item_id, item.site, item.kind, item.language, item.language_method, item.title, item.summary, item.text, item.published,
                item.event_start, item.event_end, item.canonical_url, item.article_id, item.section, item.layout, item.first_seen, item.last_seen,
                int(self._is_gone(key, item)), json.dumps(item.flags), item.current_version, item.html, key,
            ),
        )  # fmt: skip
        name = item.item_id
        wanted = [version.version_id for version in merged.versions]
        execute(f"DELETE FROM versions WHERE item_id = ? AND version_id NOT IN ({','.join('?' * len(wanted))})", (name, *wanted))
        many(
            UPSERT_VERSION,
            [
                (v.version_id, name, v.text_digest, v.title, v.summary, v.text, v.html, v.layout, int(v.complete), v.first_capture, v.last_capture,
                 v.first_seen, v.last_seen) for v in merged.versions
            ],
        )  # fmt: skip
        many(
            "INSERT INTO dates VALUES (?,?,?,?,?,?,?,?,?)",
            [(name, n, d.role, d.value, d.end, d.precision, d.raw, d.rule, d.source) for n, d in enumerate(item.dates)],
        )
        many("INSERT INTO addresses VALUES (?,?,?)", [(name, url, fold_key(url, site)) for url in item.addresses])
        many("INSERT INTO alternates VALUES (?,?,?,?)", [(name, a.hreflang, a.url, fold_key(a.url, site)) for a in merged.alternates])
        many("INSERT OR IGNORE INTO attachments VALUES (?,?,?,?)", [(name, a.url, a.text, a.media_type) for a in item.attachments])
        many("INSERT OR IGNORE INTO images VALUES (?,?,?)", [(name, i.url, i.alt) for i in item.images])
        many("INSERT INTO tags VALUES (?,?)", [(name, tag) for tag in item.tags])

    def _is_gone(self, key: str, item: Item) -> bool:
        """True if every address at which the item was read has ended; one that was never read at its own address ends with that address."""
        read = self.connection.execute(LAST_READ, (key,)).fetchall()
        if read:
            return all(self._has_ended(url, at, absence=True) for url, at in read)
        return item.canonical_url is not None and self._has_ended(item.canonical_url, item.last_seen, absence="no_address" in item.flags)

    def _has_ended(self, url: str, after: str, *, absence: bool) -> bool:
        """True if the address answered 404 or 410 since, or (with `absence`) on two later days answered without what it had shown."""
        if self.connection.execute(ENDED, (url, after)).fetchone() is not None:
            return True
        return absence and int(self.connection.execute(ABSENT, (url, after, after)).fetchone()[0]) >= ABSENT_DAYS


_draft_cache: dict[str, Draft] = {}


def _draft(content: str) -> Draft:
    """The draft of a stored row; the last few thousand are kept, because listings bring the same ones again and again."""
    found = _draft_cache.get(content)
    if found is None:
        if len(_draft_cache) > 4000:
            _draft_cache.clear()
        found = _draft_cache[content] = identity.draft_from_json(content)
    return found
