"""The rows of documents: one for each address (`url_key`) and distinct body, with its pages. Written only here; see `document_list` for reading them.

They follow from the captures with role "document" that count, and from the bytes alone; an address is always described anew from all of its captures.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from rabat_crawler import identity, registry
from rabat_crawler.archive.document_list import DOCUMENT_COLUMNS, PAGE_BREAK
from rabat_crawler.archive.document_reader import DocumentReader, failed
from rabat_crawler.archive.moments import parse_moment
from rabat_crawler.archive.revisits import Reader
from rabat_crawler.archive.rows import PLACED, capture_of, problems_json
from rabat_crawler.errors import RecordError
from rabat_crawler.extract import languages
from rabat_crawler.extract.dates import plausible
from rabat_crawler.extract.decoding import decode_body
from rabat_crawler.models import Capture, DocumentText, PartialDate, Problem, Record, Site
from rabat_crawler.query.stems import stem_columns

PAGE_BITS = 13
"""A page's row number is its document's number and so many bits for the page: equal in every copy of the archive."""
LANGUAGE_TEXT = 40_000
"""Characters that tell a document's language."""
UNREAD = "document_unread"
CUT = "document_cut"

COUNTING = "c.role = 'document' AND c.held = 0 AND c.status IN (200, 304) AND coalesce(o.held, 0) = 0 AND (c.record_type <> 'revisit' OR o.record_id IS NOT NULL)"
SHOWN = f"""
SELECT coalesce(o.digest, c.digest) AS digest, c.captured_at, c.record_id, c.url, c.site,
  coalesce(o.truncated, c.truncated) IS NOT NULL, coalesce(o.record_id, c.record_id)
FROM captures c LEFT JOIN captures o ON o.record_id = c.original
WHERE c.url_key = ? AND {COUNTING} ORDER BY c.captured_at, c.record_id
"""
HOLDERS = f"""
SELECT coalesce(o.digest, c.digest), min(coalesce(o.record_id, c.record_id)) FROM captures c LEFT JOIN captures o ON o.record_id = c.original
WHERE {COUNTING} GROUP BY 1 ORDER BY 2
"""
PLACES_OF_DIGEST = f"""
SELECT DISTINCT c.url_key FROM captures c LEFT JOIN captures o ON o.record_id = c.original WHERE {COUNTING} AND coalesce(o.digest, c.digest) = ?
"""
KEYS = "SELECT DISTINCT url_key FROM captures WHERE role = 'document' ORDER BY url_key"
WITHOUT_ROWS = """
SELECT DISTINCT url_key FROM captures c WHERE role = 'document' AND held = 0 AND status IN (200, 304)
  AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.url_key = c.url_key) ORDER BY url_key
"""
ENDED = "SELECT 1 FROM captures WHERE url = ? AND captured_at > ? AND role = 'gone' AND held = 0 LIMIT 1"
UPSERT = (
    f"INSERT INTO documents ({', '.join(DOCUMENT_COLUMNS)}) VALUES ({', '.join('?' * len(DOCUMENT_COLUMNS))}) "
    f"ON CONFLICT (document_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in DOCUMENT_COLUMNS[1:])}"
)
INSERT_PAGE = "INSERT INTO document_pages (id, document_id, page, text, stems_fr, stems_en) VALUES (?,?,?,?,?,?)"
TextOf = Callable[[str, str], DocumentText | None]
"""Gives the text of a body by its digest and the record that holds it; None if there is nothing to say of it."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One capture that shows a document."""

    digest: str
    captured_at: str
    record_id: str
    url: str
    site: str
    cut: bool
    holder: str


def document_number(url_key: str, digest: str) -> int:
    """The number of the document of that body at that address."""
    return identity.item_number(f"document {url_key} {digest}")


def write_documents(connection: sqlite3.Connection, url_key: str, text_of: TextOf) -> None:
    """The rows of an address, from its captures that count. What was read of a body is kept; what no capture shows any more goes."""
    shown = _shown(connection, url_key)
    there = dict(connection.execute("SELECT digest, document_id FROM documents WHERE url_key = ?", (url_key,)).fetchall())
    for digest, name in there.items():
        if digest not in shown:
            _delete(connection, name)
    if not shown:
        return
    latest = max(shown, key=lambda digest: _last_whole(shown[digest]))
    for digest, captures in shown.items():
        name = identity.item_id(document_number(url_key, digest))
        text = kept_text(connection, digest, name) if digest in there else None
        if text is None:
            text = text_of(digest, captures[-1].holder)
            if text is None:
                continue
            _write_pages(connection, url_key, digest, text, captures[-1].site)
        connection.execute(UPSERT, _row(connection, url_key, captures, text, current=digest == latest))


def keep_text(connection: sqlite3.Connection, digest: str, text: DocumentText) -> None:
    """Rows for a body at all its addresses, of which `write_documents` makes whole ones when all bodies are there."""
    for (url_key,) in connection.execute(PLACES_OF_DIGEST, (digest,)).fetchall():
        captures = _shown(connection, url_key)[digest]
        _write_pages(connection, url_key, digest, text, captures[-1].site)
        connection.execute(UPSERT, _row(connection, url_key, captures, text, current=False))


def _shown(connection: sqlite3.Connection, url_key: str) -> dict[str, list[_Shown]]:
    """The captures of an address that show a document, by digest of the body, in order of time."""
    shown: dict[str, list[_Shown]] = {}
    for row in connection.execute(SHOWN, (url_key,)).fetchall():
        one = _Shown(*row)
        shown.setdefault(one.digest, []).append(one)
    return shown


def _last_whole(captures: Sequence[_Shown]) -> tuple[bool, str, str]:
    """What makes a body the current one: it was captured whole, and last."""
    return not all(one.cut for one in captures), captures[-1].captured_at, captures[-1].record_id


def _delete(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM document_pages WHERE document_id = ?", (name,))
    connection.execute("DELETE FROM documents WHERE document_id = ?", (name,))


def _write_pages(connection: sqlite3.Connection, url_key: str, digest: str, text: DocumentText, site: str) -> None:
    number = document_number(url_key, digest)
    name = identity.item_id(number)
    connection.execute("DELETE FROM document_pages WHERE document_id = ?", (name,))
    language, _ = _language(text, registry.resolve(site))
    rows = [((number << PAGE_BITS) + page, name, page, content, *stem_columns("", content, language)) for page, content in enumerate(text.pages, 1)]
    connection.executemany(INSERT_PAGE, rows)


def _language(text: DocumentText, site: Site) -> tuple[str | None, str]:
    """The language of a document and how it was found."""
    body = "\n".join(text.pages)
    return languages.identify(text.title, body[:LANGUAGE_TEXT], declared=(), allowed=site.languages)[:2] if body else (None, "")


def _row(connection: sqlite3.Connection, url_key: str, captures: Sequence[_Shown], text: DocumentText, *, current: bool) -> tuple[object, ...]:
    first, last = captures[0], captures[-1]
    site = registry.resolve(last.site)
    language, method = _language(text, site)
    captured = parse_moment(first.captured_at)
    dates = [date if plausible(date.value, first_year=site.first_year, captured_at=captured) else _doubted(date) for date in text.dates]
    problems = text.problems + ((Problem(code=CUT, message="every capture of it was cut short"),) if all(one.cut for one in captures) else ())
    gone = current and connection.execute(ENDED, (last.url, last.captured_at)).fetchone() is not None
    values = {
        "document_id": identity.item_id(document_number(url_key, first.digest)),
        "url": last.url,
        "url_key": url_key,
        "digest": first.digest,
        "site": site.name,
        "media_type": text.media_type,
        "title": text.title,
        "pages": len(text.pages),
        "language": language,
        "language_method": method,
        "dated": _dated(dates),
        "dates": json.dumps([asdict(date) for date in dates], ensure_ascii=False),
        "text_digest": identity.text_digest(text.title, PAGE_BREAK.join(text.pages)),
        "first_capture": first.record_id,
        "last_capture": last.record_id,
        "first_seen": first.captured_at,
        "last_seen": last.captured_at,
        "current": int(current),
        "gone": int(gone),
        "problems": problems_json(problems),
    }
    return tuple(values[name] for name in DOCUMENT_COLUMNS)


DOUBT = "implausible:"


def _doubted(date: PartialDate) -> PartialDate:
    """The date as one that cannot be true; an event may lie in the future."""
    return date if date.role == "event" or date.rule.startswith(DOUBT) else replace(date, rule=f"{DOUBT}{date.rule}")


def _dated(dates: Iterable[PartialDate]) -> str | None:
    """The best date: of publication, as printed before as stamped, else of the event on the cover, else of the last change."""
    sound = [date for date in dates if not date.rule.startswith(DOUBT)]
    return next((date.value for role in ("published", "event", "modified") for date in sound if date.role == role), None)


def kept_text(
    connection: sqlite3.Connection, digest: str, name: str | None = None, *, schema: str = "main", unread: bool = False
) -> DocumentText | None:
    """What was read of a body before, at the document `name` or at any address; None if nothing was. `unread`: also that nothing could be read."""
    row = connection.execute(
        f"SELECT document_id, media_type, title, dates, problems FROM {schema}.documents WHERE digest = ? AND (document_id = ? OR ? IS NULL) "
        "ORDER BY document_id LIMIT 1",
        (digest, name, name),
    ).fetchone()
    if row is None:
        return None
    problems = tuple(Problem(**one) for one in json.loads(row[4]))
    if not unread and any(problem.code == UNREAD for problem in problems):
        return None
    dates = (PartialDate(**one) for one in json.loads(row[3]))
    pages = connection.execute(f"SELECT text FROM {schema}.document_pages WHERE document_id = ? ORDER BY page", (row[0],))
    return DocumentText(
        media_type=row[1],
        title=row[2],
        pages=tuple(text for (text,) in pages),
        dates=tuple(replace(date, rule=date.rule.removeprefix(DOUBT)) for date in dates),
        problems=tuple(problem for problem in problems if problem.code != CUT),
    )


class Texts:
    """Gives texts by digest: of rows that are there, else of a record in hand, else of one read from its WARC file."""

    def __init__(self, connection: sqlite3.Connection, reader: Reader | None) -> None:
        self._connection = connection
        self._reader = reader
        self._documents = DocumentReader()
        self._in_hand: dict[str, Record] = {}

    def offer(self, record: Record) -> None:
        """Keep a record in hand until `drop`."""
        self._in_hand[record.capture.record_id] = record

    def drop(self) -> None:
        """Forget the records in hand."""
        self._in_hand.clear()

    def of(self, digest: str, holder: str) -> DocumentText:
        """The text of a body; one that cannot be had has a problem that says so."""
        known = kept_text(self._connection, digest)
        if known is not None:
            return known
        record = self._in_hand.get(holder)
        if record is not None:
            return read_body(record, self._documents)
        if self._reader is None:
            return failed(UNREAD, "its bytes are not at hand; rabat-crawler rebuild reads them from the WARC files")
        return read_again(capture_named(self._connection, holder), self._reader, self._documents)


def capture_named(connection: sqlite3.Connection, record_id: str) -> Capture:
    """The capture of that name, which must be there."""
    row = connection.execute(f"SELECT {', '.join(PLACED)} FROM captures WHERE record_id = ?", (record_id,)).fetchone()
    return capture_of(dict(zip(PLACED, row, strict=True)))


def read_again(capture: Capture, reader: Reader, documents: DocumentReader) -> DocumentText:
    """The text of a document read from its WARC file; if its bytes cannot be had, a problem that says so."""
    try:
        return read_body(reader(capture), documents)
    except RecordError as error:
        return failed(UNREAD, f"its bytes cannot be had: {error}")


def read_body(record: Record, documents: DocumentReader) -> DocumentText:
    """The text of a recorded document, its content coding undone; a defect of the coding is a problem as well."""
    body, problems = decode_body(record.body, record.response_headers)
    text = documents.read(body)
    return replace(text, problems=(*problems, *text.problems))


def documents_without_rows(connection: sqlite3.Connection) -> list[str]:
    """The keys of addresses whose captures show a document that has no row: an archive of the schema before had none."""
    return [row[0] for row in connection.execute(WITHOUT_ROWS)]


def document_keys(connection: sqlite3.Connection) -> list[str]:
    """The keys of all addresses that were ever captured as documents."""
    return [row[0] for row in connection.execute(KEYS)]


def holders(connection: sqlite3.Connection) -> list[tuple[str, Capture]]:
    """Each distinct body of a document by its digest, with a capture that holds it."""
    return [(digest, capture_named(connection, name)) for digest, name in connection.execute(HOLDERS).fetchall()]
