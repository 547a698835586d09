"""The migrations of `archive/rabat.db`: every table, view and trigger, kept for ever in the order in which they came. Only run by `schema`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import sqlite_utils
from sqlite_utils.migrations import Migrations

from rabat_crawler.urls import url_key

migrations = Migrations("rabat_crawler")

TOKENIZER = "unicode61 remove_diacritics 2"

M001 = f"""
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, spider TEXT NOT NULL, site TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, status TEXT NOT NULL,
  counts TEXT NOT NULL, parameters TEXT NOT NULL, software TEXT NOT NULL, messages TEXT NOT NULL
) STRICT;

CREATE TABLE captures (
  record_id TEXT PRIMARY KEY, url TEXT NOT NULL, url_key TEXT NOT NULL, captured_at TEXT NOT NULL, status INTEGER NOT NULL, media_type TEXT,
  digest TEXT NOT NULL, site TEXT NOT NULL, run_id TEXT, record_type TEXT NOT NULL CHECK (record_type IN ('response', 'revisit')),
  source TEXT NOT NULL, source_url TEXT, warc_file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, refers_to TEXT,
  truncated TEXT, layout TEXT NOT NULL, role TEXT NOT NULL, problems TEXT NOT NULL
) STRICT;
CREATE INDEX captures_by_key ON captures (url_key, captured_at);
CREATE INDEX captures_by_url ON captures (url, captured_at);
CREATE INDEX captures_by_place ON captures (warc_file, offset);
CREATE INDEX captures_by_original ON captures (refers_to) WHERE refers_to IS NOT NULL;

CREATE TABLE drafts (
  draft_id TEXT PRIMARY KEY, site TEXT NOT NULL, origin TEXT NOT NULL, item_key TEXT NOT NULL, id_key TEXT, url_key TEXT, text_key TEXT,
  complete INTEGER NOT NULL, layout TEXT NOT NULL, content TEXT NOT NULL, page_url TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
  first_capture TEXT NOT NULL, last_capture TEXT NOT NULL
) STRICT;
CREATE INDEX drafts_by_item ON drafts (item_key);
CREATE INDEX drafts_by_url ON drafts (url_key);
CREATE INDEX drafts_by_text ON drafts (text_key);

CREATE TABLE sightings (
  draft_id TEXT NOT NULL REFERENCES drafts (draft_id), record_id TEXT NOT NULL REFERENCES captures (record_id),
  PRIMARY KEY (draft_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_record ON sightings (record_id);

CREATE TABLE links (
  url TEXT NOT NULL, site TEXT NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (url, site)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_key ON links (key);

CREATE TABLE items (
  id INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, site TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('news', 'event', 'publication', 'project', 'page')),
  language TEXT, language_method TEXT NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL, text TEXT NOT NULL, published TEXT,
  event_start TEXT, event_end TEXT, canonical_url TEXT, article_id INTEGER, section TEXT NOT NULL, layout TEXT NOT NULL,
  first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, gone INTEGER NOT NULL, flags TEXT NOT NULL, current_version TEXT NOT NULL,
  html TEXT NOT NULL, item_key TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX items_by_published ON items (published);
CREATE INDEX items_by_address ON items (canonical_url);

CREATE TABLE versions (
  version_id TEXT PRIMARY KEY, item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, text_digest TEXT NOT NULL,
  title TEXT NOT NULL, summary TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, layout TEXT NOT NULL, complete INTEGER NOT NULL,
  first_capture TEXT NOT NULL, last_capture TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
  UNIQUE (item_id, text_digest)
) STRICT;

CREATE TABLE dates (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, ordinal INTEGER NOT NULL, role TEXT NOT NULL, value TEXT NOT NULL,
  "end" TEXT, precision TEXT NOT NULL, raw TEXT NOT NULL, rule TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (item_id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE addresses (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, url TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (item_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX addresses_by_key ON addresses (key);
CREATE INDEX addresses_by_url ON addresses (url);

CREATE TABLE alternates (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, hreflang TEXT NOT NULL, url TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (item_id, hreflang, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX alternates_by_key ON alternates (key);

CREATE TABLE attachments (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, url TEXT NOT NULL, text TEXT NOT NULL, media_type TEXT,
  PRIMARY KEY (item_id, url)
) STRICT, WITHOUT ROWID;
CREATE TABLE images (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, url TEXT NOT NULL, alt TEXT NOT NULL, PRIMARY KEY (item_id, url)
) STRICT, WITHOUT ROWID;
CREATE TABLE tags (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, tag TEXT NOT NULL, PRIMARY KEY (item_id, tag)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE items_fts USING fts5 (title, text, content="items", content_rowid="id", tokenize="{TOKENIZER}");
CREATE TRIGGER items_fts_insert AFTER INSERT ON items BEGIN
  INSERT INTO items_fts (rowid, title, text) VALUES (new.id, new.title, new.text);
END;
CREATE TRIGGER items_fts_delete AFTER DELETE ON items BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
END;
CREATE TRIGGER items_fts_update AFTER UPDATE OF title, text ON items WHEN old.title <> new.title OR old.text <> new.text BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
  INSERT INTO items_fts (rowid, title, text) VALUES (new.id, new.title, new.text);
END;

CREATE VIEW item_addresses AS
  SELECT a.item_id, a.url, 'read' AS how FROM addresses a
  UNION
  SELECT a.item_id, l.url, CASE WHEN l.reason = '' THEN 'linked' ELSE l.reason END FROM addresses a JOIN links l ON l.key = a.key
  WHERE NOT EXISTS (SELECT 1 FROM addresses own WHERE own.item_id = a.item_id AND own.url = l.url);

CREATE VIEW translations AS
  SELECT t.item_id, o.item_id AS other_id, t.hreflang, 'hreflang' AS evidence
  FROM alternates t JOIN addresses o ON o.key = t.key WHERE o.item_id <> t.item_id
  UNION
  SELECT o.item_id, t.item_id, i.language, 'hreflang of the other'
  FROM alternates t JOIN addresses o ON o.key = t.key JOIN items i ON i.item_id = t.item_id
  WHERE o.item_id <> t.item_id AND NOT EXISTS (
    SELECT 1 FROM alternates b JOIN addresses ba ON ba.key = b.key WHERE b.item_id = o.item_id AND ba.item_id = t.item_id);

CREATE VIEW item_captures AS
  SELECT DISTINCT i.item_id, c.record_id, c.url, c.captured_at, c.status, c.digest, c.warc_file, c.offset, c.length, d.complete
  FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id;

CREATE VIEW news AS
  SELECT item_id, kind, language, published, title, summary, canonical_url, event_start, event_end, section, first_seen, last_seen, gone
  FROM items ORDER BY published DESC;
"""


@migrations()
def m001_first_tables(db: sqlite_utils.Database) -> None:
    """Runs, captures, drafts and their sightings, items and what belongs to them, full text."""
    for statement in _statements(M001):
        db.execute(statement)


M002 = """
ALTER TABLE captures ADD COLUMN verdict TEXT;
ALTER TABLE captures ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX captures_by_run ON captures (run_id);
CREATE TABLE readings (
  url TEXT NOT NULL, draft_id TEXT NOT NULL REFERENCES drafts (draft_id) ON DELETE CASCADE, last_seen TEXT NOT NULL, PRIMARY KEY (url, draft_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX readings_by_draft ON readings (draft_id);
INSERT INTO readings (url, draft_id, last_seen)
  SELECT c.url, d.draft_id, max(c.captured_at) FROM drafts d JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
  WHERE d.complete GROUP BY c.url, d.draft_id;
CREATE INDEX captures_by_end ON captures (url, captured_at) WHERE role IN ('gone', 'missing');
"""


@migrations()
def m002_verdicts(db: sqlite_utils.Database) -> None:
    """What the crawl alone could tell of a capture, and captures of breached runs, which are held back."""
    for statement in _statements(M002):
        db.execute(statement)


M003 = """
DROP VIEW item_captures;
DELETE FROM dates;
DELETE FROM addresses;
DELETE FROM alternates;
DELETE FROM attachments;
DELETE FROM images;
DELETE FROM tags;
DELETE FROM versions;
DELETE FROM items;
DELETE FROM links;
DROP TABLE readings;
DROP TABLE sightings;
DROP TABLE drafts;
DROP TABLE captures;

CREATE TABLE captures (
  record_id TEXT PRIMARY KEY, url TEXT NOT NULL, url_key TEXT NOT NULL, captured_at TEXT NOT NULL, status INTEGER NOT NULL, media_type TEXT,
  digest TEXT NOT NULL, sha1 TEXT, site TEXT NOT NULL, run_id TEXT,
  record_type TEXT NOT NULL CHECK (record_type IN ('response', 'revisit', 'resource')), source TEXT NOT NULL, source_url TEXT,
  warc_file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, refers_to TEXT, refers_url TEXT, refers_at TEXT, original TEXT,
  truncated TEXT, verdict TEXT, layout TEXT NOT NULL, role TEXT NOT NULL, badness REAL NOT NULL, problems TEXT NOT NULL, held INTEGER NOT NULL
) STRICT;
CREATE INDEX captures_by_key ON captures (url_key, captured_at);
CREATE INDEX captures_by_url ON captures (url, captured_at);
CREATE INDEX captures_by_place ON captures (warc_file, offset);
CREATE INDEX captures_by_run ON captures (run_id);
CREATE INDEX captures_by_end ON captures (url, captured_at) WHERE role IN ('gone', 'missing');
CREATE INDEX revisits_by_original ON captures (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX revisits_by_target ON captures (refers_url) WHERE refers_url IS NOT NULL;

CREATE TABLE drafts (
  draft_id TEXT PRIMARY KEY, site TEXT NOT NULL, origin TEXT NOT NULL, item_key TEXT NOT NULL, base_key TEXT NOT NULL, id_key TEXT, url_key TEXT,
  text_key TEXT, content_key TEXT, title_key TEXT, complete INTEGER NOT NULL, layout TEXT NOT NULL, content TEXT NOT NULL, page_url TEXT NOT NULL,
  first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, first_capture TEXT NOT NULL, last_capture TEXT NOT NULL
) STRICT;
CREATE INDEX drafts_by_item ON drafts (item_key);
CREATE INDEX drafts_by_base ON drafts (base_key);
CREATE INDEX drafts_by_url ON drafts (url_key);
CREATE INDEX drafts_by_text ON drafts (text_key);
CREATE INDEX drafts_by_content ON drafts (content_key) WHERE content_key IS NOT NULL;
CREATE INDEX drafts_by_title ON drafts (title_key) WHERE title_key IS NOT NULL;

CREATE TABLE sightings (
  draft_id TEXT NOT NULL REFERENCES drafts (draft_id), record_id TEXT NOT NULL REFERENCES captures (record_id),
  PRIMARY KEY (draft_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_record ON sightings (record_id);

CREATE TABLE readings (
  url TEXT NOT NULL, draft_id TEXT NOT NULL REFERENCES drafts (draft_id) ON DELETE CASCADE, last_seen TEXT NOT NULL, PRIMARY KEY (url, draft_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX readings_by_draft ON readings (draft_id);

CREATE TABLE identities (
  alias TEXT NOT NULL, item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, key TEXT NOT NULL, PRIMARY KEY (alias, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_item ON identities (item_id);

CREATE TABLE files (warc_file TEXT PRIMARY KEY, read_to INTEGER NOT NULL) STRICT;

CREATE VIEW item_captures AS
  SELECT DISTINCT i.item_id, c.record_id, c.url, c.captured_at, c.status, c.digest, c.warc_file, c.offset, c.length, d.complete
  FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id;
"""


@migrations()
def m003_the_past(db: sqlite_utils.Database) -> None:
    """Captures of other archives, what makes addresses of several epochs one item. What was derived before is left out: it is read from the WARC files again."""
    for statement in _statements(M003):
        db.execute(statement)


M004 = """
ALTER TABLE dates ADD COLUMN confidence REAL NOT NULL DEFAULT 1.0;
ALTER TABLE dates ADD COLUMN refused TEXT NOT NULL DEFAULT '';
"""


@migrations()
def m004_date_evidence(db: sqlite_utils.Database) -> None:
    """How surely each date was read, and candidates that are not taken, with the reason; read from the WARC files again."""
    _forget_derived(db)
    for statement in _statements(M004):
        db.execute(statement)


M005 = f"""
ALTER TABLE attachments ADD COLUMN url_key TEXT NOT NULL DEFAULT '';
UPDATE attachments SET url_key = url_key_of(url);
CREATE INDEX attachments_by_key ON attachments (url_key);
CREATE INDEX captures_of_documents ON captures (url_key) WHERE role = 'document';

CREATE TABLE documents (
  document_id TEXT PRIMARY KEY, url TEXT NOT NULL, url_key TEXT NOT NULL, digest TEXT NOT NULL, site TEXT NOT NULL, media_type TEXT,
  title TEXT NOT NULL, pages INTEGER NOT NULL, language TEXT, language_method TEXT NOT NULL, dated TEXT, dates TEXT NOT NULL,
  text_digest TEXT NOT NULL, first_capture TEXT NOT NULL, last_capture TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
  current INTEGER NOT NULL, gone INTEGER NOT NULL, problems TEXT NOT NULL, UNIQUE (url_key, digest)
) STRICT;
CREATE INDEX documents_by_digest ON documents (digest);

CREATE TABLE document_pages (
  id INTEGER PRIMARY KEY, document_id TEXT NOT NULL REFERENCES documents (document_id) DEFERRABLE INITIALLY DEFERRED, page INTEGER NOT NULL,
  text TEXT NOT NULL, UNIQUE (document_id, page)
) STRICT;

CREATE VIRTUAL TABLE pages_fts USING fts5 (text, content="document_pages", content_rowid="id", tokenize="{TOKENIZER}");
CREATE TRIGGER pages_fts_insert AFTER INSERT ON document_pages BEGIN
  INSERT INTO pages_fts (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER pages_fts_delete AFTER DELETE ON document_pages BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER pages_fts_update AFTER UPDATE OF text ON document_pages WHEN old.text <> new.text BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text) VALUES ('delete', old.id, old.text);
  INSERT INTO pages_fts (rowid, text) VALUES (new.id, new.text);
END;

CREATE VIEW item_documents AS
  SELECT DISTINCT a.item_id, d.document_id, a.url, a.text, d.current FROM attachments a JOIN documents d ON d.url_key = a.url_key;
"""


@migrations()
def m005_documents(db: sqlite_utils.Database) -> None:
    """What PDF and office files say, page by page. Those that an older archive holds are read when it is next opened for writing."""
    db.conn.create_function("url_key_of", 1, url_key, deterministic=True)
    for statement in _statements(M005):
        db.execute(statement)


M006 = """
CREATE TABLE mentions (
  item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED,
  kind TEXT NOT NULL CHECK (kind IN ('country', 'organisation', 'theme', 'town')), code TEXT NOT NULL, matched TEXT NOT NULL, count INTEGER NOT NULL,
  spans TEXT NOT NULL, PRIMARY KEY (item_id, kind, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_name ON mentions (kind, code);
"""


@migrations()
def m006_names(db: sqlite_utils.Database) -> None:
    """The names that items mention; those of the items that are there are found at once, for they follow from title and text."""
    from rabat_crawler.archive.mentions import mention_rows

    for statement in _statements(M006):
        db.execute(statement)
    for item in db.execute("SELECT item_id, title, text, language FROM items").fetchall():
        db.conn.executemany("INSERT INTO mentions (item_id, kind, code, matched, count, spans) VALUES (?, ?, ?, ?, ?, ?)", mention_rows(*item))


@migrations()
def m007_languages(db: sqlite_utils.Database) -> None:
    """How sure an item's language is. What was derived before does not say it: it is read from the WARC files again."""
    _forget_derived(db)
    db.execute("ALTER TABLE items ADD COLUMN language_confidence REAL NOT NULL DEFAULT 0.0")


M008 = """
CREATE TABLE projects (
  item_id TEXT PRIMARY KEY REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, countries TEXT NOT NULL, start TEXT, "end" TEXT,
  period TEXT NOT NULL, partners TEXT NOT NULL, funding TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m008_projects(db: sqlite_utils.Database) -> None:
    """What pages print of projects. What was derived before knows nothing of them: it is read from the WARC files again."""
    _forget_derived(db)
    for statement in _statements(M008):
        db.execute(statement)


M009 = """
DROP VIEW translations;
CREATE TABLE traits (
  item_id TEXT PRIMARY KEY REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE translations (
  item_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  other_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  hreflang TEXT, evidence TEXT NOT NULL, score REAL NOT NULL, reason TEXT NOT NULL, differs TEXT NOT NULL, PRIMARY KEY (item_id, other_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX translations_by_other ON translations (other_id);
CREATE TABLE translation_conflicts (
  item_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  other_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  reason TEXT NOT NULL, PRIMARY KEY (item_id, other_id, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX translation_conflicts_by_other ON translation_conflicts (other_id);
CREATE TABLE relations (
  item_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  other_id TEXT NOT NULL REFERENCES items (item_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  relation TEXT NOT NULL, score REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (item_id, other_id, relation)
) STRICT, WITHOUT ROWID;
CREATE INDEX relations_by_other ON relations (other_id);
CREATE TABLE derived (name TEXT PRIMARY KEY, fresh INTEGER NOT NULL, decisions INTEGER NOT NULL, digest TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
"""


@migrations()
def m009_relations(db: sqlite_utils.Database) -> None:
    """How items belong together, with the reason; what of each item is compared for it."""
    _forget_derived(db)
    for statement in _statements(M009):
        db.execute(statement)


M010 = """
CREATE TABLE events (
  item_id TEXT PRIMARY KEY REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, start TEXT, "end" TEXT, town TEXT NOT NULL, country TEXT NOT NULL,
  place TEXT NOT NULL, place_rule TEXT NOT NULL, format TEXT NOT NULL, format_raw TEXT NOT NULL, meeting_type TEXT NOT NULL, type_raw TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_start ON events (start);
"""


@migrations()
def m010_events(db: sqlite_utils.Database) -> None:
    """When, where and in which form the meetings are that items tell of; read from the WARC files again."""
    _forget_derived(db)
    for statement in _statements(M010):
        db.execute(statement)


WEIGHTS = (8.0, 1.0, 0.5, 0.5, 0.2)
"""Of the columns of `items_fts` in the rank: title, text, stems of either language, codes."""
M011 = f"""
DROP TRIGGER items_fts_insert;
DROP TRIGGER items_fts_delete;
DROP TRIGGER items_fts_update;
DROP TABLE items_fts;
ALTER TABLE items ADD COLUMN stems_fr TEXT NOT NULL DEFAULT '';
ALTER TABLE items ADD COLUMN stems_en TEXT NOT NULL DEFAULT '';
ALTER TABLE items ADD COLUMN codes TEXT NOT NULL DEFAULT '';
CREATE INDEX items_by_codes ON items (id, published, codes);
CREATE VIRTUAL TABLE items_fts USING fts5 (
  title, text, stems_fr, stems_en, codes, content="items", content_rowid="id", tokenize="{TOKENIZER}");
INSERT INTO items_fts (items_fts, rank) VALUES ('rank', 'bm25({", ".join(map(str, WEIGHTS))})');
CREATE TRIGGER items_fts_insert AFTER INSERT ON items BEGIN
  INSERT INTO items_fts (rowid, title, text, stems_fr, stems_en, codes) VALUES (new.id, new.title, new.text, new.stems_fr, new.stems_en, new.codes);
END;
CREATE TRIGGER items_fts_delete AFTER DELETE ON items BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, text, stems_fr, stems_en, codes)
    VALUES ('delete', old.id, old.title, old.text, old.stems_fr, old.stems_en, old.codes);
END;
CREATE TRIGGER items_fts_update AFTER UPDATE OF title, text, stems_fr, stems_en, codes ON items
WHEN old.title <> new.title OR old.text <> new.text OR old.stems_fr <> new.stems_fr OR old.stems_en <> new.stems_en OR old.codes <> new.codes BEGIN
  INSERT INTO items_fts (items_fts, rowid, title, text, stems_fr, stems_en, codes)
    VALUES ('delete', old.id, old.title, old.text, old.stems_fr, old.stems_en, old.codes);
  INSERT INTO items_fts (rowid, title, text, stems_fr, stems_en, codes) VALUES (new.id, new.title, new.text, new.stems_fr, new.stems_en, new.codes);
END;

DROP TRIGGER pages_fts_insert;
DROP TRIGGER pages_fts_delete;
DROP TRIGGER pages_fts_update;
DROP TABLE pages_fts;
ALTER TABLE document_pages ADD COLUMN stems_fr TEXT NOT NULL DEFAULT '';
ALTER TABLE document_pages ADD COLUMN stems_en TEXT NOT NULL DEFAULT '';
CREATE VIRTUAL TABLE pages_fts USING fts5 (text, stems_fr, stems_en, content="document_pages", content_rowid="id", tokenize="{TOKENIZER}");
INSERT INTO pages_fts (pages_fts, rank) VALUES ('rank', 'bm25(1.0, 0.5, 0.5)');
CREATE TRIGGER pages_fts_insert AFTER INSERT ON document_pages BEGIN
  INSERT INTO pages_fts (rowid, text, stems_fr, stems_en) VALUES (new.id, new.text, new.stems_fr, new.stems_en);
END;
CREATE TRIGGER pages_fts_delete AFTER DELETE ON document_pages BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text, stems_fr, stems_en) VALUES ('delete', old.id, old.text, old.stems_fr, old.stems_en);
END;
CREATE TRIGGER pages_fts_update AFTER UPDATE OF text, stems_fr, stems_en ON document_pages
WHEN old.text <> new.text OR old.stems_fr <> new.stems_fr OR old.stems_en <> new.stems_en BEGIN
  INSERT INTO pages_fts (pages_fts, rowid, text, stems_fr, stems_en) VALUES ('delete', old.id, old.text, old.stems_fr, old.stems_en);
  INSERT INTO pages_fts (rowid, text, stems_fr, stems_en) VALUES (new.id, new.text, new.stems_fr, new.stems_en);
END;

CREATE TABLE earlier_versions (
  id INTEGER PRIMARY KEY, item_id TEXT NOT NULL REFERENCES items (item_id) DEFERRABLE INITIALLY DEFERRED, version_id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL, text TEXT NOT NULL, stems_fr TEXT NOT NULL, stems_en TEXT NOT NULL
) STRICT;
CREATE INDEX earlier_versions_by_item ON earlier_versions (item_id);
CREATE VIRTUAL TABLE versions_fts USING fts5 (
  title, text, stems_fr, stems_en, content="earlier_versions", content_rowid="id", tokenize="{TOKENIZER}");
INSERT INTO versions_fts (versions_fts, rank) VALUES ('rank', 'bm25(8.0, 1.0, 0.5, 0.5)');
CREATE TRIGGER versions_fts_insert AFTER INSERT ON earlier_versions BEGIN
  INSERT INTO versions_fts (rowid, title, text, stems_fr, stems_en) VALUES (new.id, new.title, new.text, new.stems_fr, new.stems_en);
END;
CREATE TRIGGER versions_fts_delete AFTER DELETE ON earlier_versions BEGIN
  INSERT INTO versions_fts (versions_fts, rowid, title, text, stems_fr, stems_en) VALUES ('delete', old.id, old.title, old.text, old.stems_fr, old.stems_en);
END;
CREATE TRIGGER versions_fts_update AFTER UPDATE OF title, text, stems_fr, stems_en ON earlier_versions BEGIN
  INSERT INTO versions_fts (versions_fts, rowid, title, text, stems_fr, stems_en) VALUES ('delete', old.id, old.title, old.text, old.stems_fr, old.stems_en);
  INSERT INTO versions_fts (rowid, title, text, stems_fr, stems_en) VALUES (new.id, new.title, new.text, new.stems_fr, new.stems_en);
END;

CREATE TABLE spellings (folded TEXT NOT NULL, spelling TEXT NOT NULL, PRIMARY KEY (folded, spelling)) STRICT, WITHOUT ROWID;
"""


@migrations()
def m011_search(db: sqlite_utils.Database) -> None:
    """Stems and codes in the full text, earlier versions searchable, the accented spellings of words; read from the WARC files again."""
    _forget_derived(db)
    for statement in _statements(M011):
        db.execute(statement)


M012 = """
CREATE TABLE withheld (
  item_id TEXT PRIMARY KEY, at TEXT NOT NULL, decided_by TEXT NOT NULL, reason TEXT NOT NULL, captures INTEGER NOT NULL, erased INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE withheld_names (name TEXT PRIMARY KEY, item_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE withheld_captures (
  record_id TEXT PRIMARY KEY, item_id TEXT NOT NULL, captured_at TEXT NOT NULL, record_type TEXT NOT NULL, digest TEXT NOT NULL, run_id TEXT,
  warc_file TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL
) STRICT;
CREATE INDEX withheld_captures_by_place ON withheld_captures (warc_file, offset);
CREATE TABLE closed_captures (
  record_id TEXT PRIMARY KEY REFERENCES captures (record_id) ON DELETE CASCADE, item_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m012_takedowns(db: sqlite_utils.Database) -> None:
    """Items that are withheld: why, the digests of their names, and where their captures lie, without an address or a word of them."""
    for statement in _statements(M012):
        db.execute(statement)


ROOTS = frozenset(("items", "captures", "withheld_captures", "documents", "drafts", "links", "files"))


def _forget_derived(db: sqlite_utils.Database) -> None:
    """Empty the tables that follow from the WARC files, and all that refer to them, whatever migration made these; what is left is read anew.

    Run records stay. Works within the migration's transaction.
    """
    there = ROOTS.intersection(row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall())
    if not any(db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in there):
        return  # a new database: what refers to nothing is empty as well
    db.execute("PRAGMA defer_foreign_keys = ON")
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'").fetchall()]
    parents = {table: {row[2] for row in db.execute(f"PRAGMA foreign_key_list({table})").fetchall()} for table in tables}
    derived = {table for table in tables if table in ROOTS}
    while grown := {table for table in tables if parents[table] & derived} - derived:
        derived |= grown
    for table in sorted(derived):
        db.execute(f"DELETE FROM {table}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: executescript() would commit and end the migration's transaction."""
    buffer = ""
    for line in script.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            yield buffer
            buffer = ""
