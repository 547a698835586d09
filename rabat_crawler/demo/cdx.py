"""The index of the demo's web archive: its rows, what a query selects of them, and their two spellings (archive.org's and pywb's). No socket."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus, urlsplit

from rabat_crawler.demo.collection import Memento

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
PYWB_NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
PYWB_FIELDS = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length", "offset", "filename")
MATCH_TYPES = ("exact", "prefix", "host", "domain")
REVISIT = "warc/revisit"
WARC_FILE = "sample-00000.warc.gz"
EARLIEST, LATEST = "00000101000000", "99991231235959"
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_WWW = re.compile(r"^www\d*\.")

Query = Mapping[str, Sequence[str]]
Row = Mapping[str, str]


class BadQuery(Exception):
    """A query that the server cannot answer; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The answer to a query. `resume`: the key to go on with, "" at the end; `pages`, `size`, `blocks`: how the match is cut into pages."""

    rows: tuple[Row, ...]
    resume: str = ""
    pages: int = 0
    size: int = 1
    blocks: int = 0


def surt(url: str) -> str:
    """The sort key of an address, scheme optional: host labels reversed, no www, no trailing slash, lower case, parameters sorted."""
    parts = urlsplit(url if _SCHEME.match(url) else f"http://{url}")
    host = _WWW.sub("", (parts.hostname or "").lower())
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return ",".join(reversed(host.split("."))) + port + ")" + (parts.path.lower().rstrip("/") or "/") + (f"?{query}" if query else "")


def digest(body: bytes) -> str:
    """SHA-1 in base 32, as web archives write it."""
    return base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


class Index:
    """The rows of a collection, sorted by key and time. `block`: rows that one block of the index holds, the unit of `pageSize`."""

    def __init__(self, mementos: Iterable[Memento], *, block: int = 50) -> None:
        self.block = block
        offset, rows = 0, []
        for memento in mementos:
            row = _row(memento, offset)
            offset += int(row["length"])
            rows += [row] * {"not": 0, "twice": 2}.get(memento.listed, 1)
        self.rows: tuple[Row, ...] = tuple(sorted(rows, key=_place))

    def matching(self, query: Query) -> list[Row]:
        """All rows that `url` and `matchType` of a query name; BadQuery if they name nothing."""
        url, kind = _one(query, "url"), _one(query, "matchType")
        if not url:
            raise BadQuery('The "url" param is required')
        if not kind:
            kind, url = ("domain", url[2:]) if url.startswith("*.") else ("prefix", url[:-1]) if url.endswith("*") else ("exact", url)
        if kind not in MATCH_TYPES:
            raise BadQuery(f"Invalid match_type: {kind}")
        try:
            wanted = _matcher(url, kind)
        except ValueError as error:
            raise BadQuery(f"Invalid Url: {url}") from error
        return [row for row in self.rows if wanted(row["urlkey"])]

    def paged(self, query: Query, rows: Sequence[Row]) -> Page:
        """The rows of the page that the query asks for (all without `page`), and how many pages there are; BadQuery for a page that is none."""
        size = max(1, _number(query, "pageSize", 1))
        blocks = -(-len(rows) // self.block)
        pages = -(-blocks // size)
        if not _one(query, "page"):
            return Page(rows=tuple(rows), pages=pages, size=size, blocks=blocks)
        page, length = _number(query, "page", 0), size * self.block
        if page and not 0 <= page < pages:
            raise BadQuery(f"Page {page} invalid: First Page is 0, Last Page is {pages - 1}")
        return Page(rows=tuple(rows[page * length : (page + 1) * length]), pages=pages, size=size, blocks=blocks)


def _row(memento: Memento, offset: int) -> Row:
    head = "".join(f"{name}: {value}\r\n" for name, value in memento.headers).encode()
    stored = b"" if memento.revisit else memento.body
    return {
        "urlkey": surt(memento.url),
        "timestamp": memento.timestamp,
        "original": memento.url,
        "mimetype": REVISIT if memento.revisit else memento.media_type,
        "statuscode": "-" if memento.revisit else str(memento.status),
        "digest": digest(memento.body),
        "length": str(len(zlib.compress(head + stored, 1)) + 300),
        "offset": str(offset),
        "filename": WARC_FILE,
        "broken": "yes" if memento.listed == "broken" else "",
    }


def _place(row: Row) -> tuple[str, str]:
    return row["urlkey"], row["timestamp"]


def _matcher(url: str, kind: str) -> Callable[[str], bool]:
    key = surt(url)
    host = key.partition(")")[0]
    if kind == "exact":
        return lambda other: other == key
    if kind == "prefix":
        start = key if not url.endswith("/") or key.endswith("/") else f"{key}/"
        return lambda other: other.startswith(start)
    if kind == "host":
        return lambda other: other.startswith(f"{host})")
    return lambda other: other.startswith((f"{host})", f"{host},"))


def _one(query: Query, name: str) -> str:
    return (query.get(name) or ("",))[-1]


def _number(query: Query, name: str, default: int) -> int:
    value = _one(query, name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise BadQuery(f"Invalid value for {name}= param: {value}") from error


def _between(query: Query, rows: Iterable[Row]) -> Iterator[Row]:
    first, last = _one(query, "from"), _one(query, "to")
    low, high = first + EARLIEST[len(first) :], last + LATEST[len(last) :]
    return (row for row in rows if low <= row["timestamp"] <= high)


# archive.org's dialect -----------------------------------------------------------------------------------------------------------------------


def wayback(index: Index, query: Query) -> tuple[str, str]:
    """(media type, text) of an answer of `/cdx/search/cdx`; BadQuery if it cannot be answered."""
    matching = index.matching(query)
    if _one(query, "showNumPages") == "true":
        return "text/plain", f"{index.paged(query, matching).pages}\n"
    page = _limited(query, list(_collapsed(query, _filtered(query, _between(query, index.paged(query, matching).rows)))))
    fields = [name for name in (_one(query, "fl") or ",".join(FIELDS)).split(",") if name in (*FIELDS, "offset", "filename")]
    rows = [[row[name] for name in fields][: 3 if row["broken"] else None] for row in page.rows]
    shown = page.resume if _one(query, "showResumeKey") == "true" else ""
    if _one(query, "output") == "json":
        table = [fields, *rows] if rows else []
        lines = [json.dumps(row, separators=(",", ":")) for row in ([*table, [], [shown]] if shown else table)]
        return "application/json", "[" + ",\n".join(lines) + "]\n"
    return "text/plain", "".join(" ".join(row) + "\n" for row in rows) + (f"\n{shown}\n" if shown else "")


def _filtered(query: Query, rows: Iterable[Row]) -> list[Row]:
    """`[!]field:regex`, the regex for the whole value."""
    found = list(rows)
    for one in query.get("filter", ()):
        name, colon, pattern = one.removeprefix("!").partition(":")
        if not colon or name not in (*FIELDS, "offset", "filename"):
            raise BadQuery(f"Invalid filter: {one}")
        try:
            regex = re.compile(pattern)
        except re.error as error:
            raise BadQuery(f"Invalid filter: {one}") from error
        found = [row for row in found if (regex.fullmatch(row[name]) is None) == one.startswith("!")]
    return found


def _collapsed(query: Query, rows: Iterable[Row]) -> Iterator[Row]:
    """`field` or `field:N`: of neighbours with the same value (the same first N characters) the first one."""
    field, _, length = _one(query, "collapse").partition(":")
    if field and field not in FIELDS:
        raise BadQuery(f"Invalid collapse: {field}")
    before = None
    for row in rows:
        value = row[field][: int(length) if length.isdigit() else None] if field else None
        if value is None or value != before:
            yield row
        before = value


def _limited(query: Query, rows: list[Row]) -> Page:
    if key := _one(query, "resumeKey"):
        key = key if " " in key else unquote_plus(key)
        urlkey, _, timestamp = key.rpartition(" ")
        rows = [row for row in rows if _place(row) > (urlkey, timestamp)]
    rows = rows[max(0, _number(query, "offset", 0)) :]
    limit = _number(query, "limit", 0)
    if limit < 0:
        return Page(rows=tuple(rows[limit:]))
    if not limit or len(rows) <= limit:
        return Page(rows=tuple(rows))
    return Page(rows=tuple(rows[:limit]), resume=quote_plus(" ".join(_place(rows[limit - 1]))))


# pywb's dialect ------------------------------------------------------------------------------------------------------------------------------


def pywb(index: Index, query: Query, *, zipnum: bool) -> tuple[str, str]:
    """(media type, text) of an answer of `/<collection>/cdx`; BadQuery if it cannot be answered.

    With `zipnum` its index is compressed in blocks and has pages; a plain one ignores `page`, and answers `showNumPages` with all rows.
    """
    kind = _one(query, "output") or "cdxj"
    if kind not in ("cdxj", "json", "text"):
        raise BadQuery(f"output={kind} not supported")
    matching = index.matching(query)
    asked = _one(query, "showNumPages") == "true"
    page = index.paged(query, matching) if zipnum else Page(rows=tuple(matching))
    if asked and zipnum:
        return "text/x-ndjson", json.dumps({"pages": page.pages, "pageSize": page.size, "blocks": page.blocks}) + "\n"
    rows = [_as_pywb(row) for row in page.rows]
    if not asked:
        rows = _pywb_filtered(query, rows)
        rows = list(_between(query, rows))
        if _one(query, "sort") == "reverse":
            rows.reverse()
        rows = rows[: max(0, _number(query, "limit", 100000))]
    wanted = _one(query, "fl") or _one(query, "fields")
    fields = wanted.split(",") if wanted else None
    media_type = {"cdxj": "text/x-cdxj", "json": "text/x-ndjson", "text": "text/plain"}[kind]
    return media_type, "".join(_pywb_line(row, kind, fields) + "\n" for row in rows)


def _as_pywb(row: Row) -> Row:
    """The row under pywb's names; a revisit has no status there."""
    named = {PYWB_NAMES.get(name, name): value for name, value in row.items()}
    if named["status"] == "-":
        del named["status"]
    return named


def _pywb_filtered(query: Query, rows: list[Row]) -> list[Row]:
    """`[!][=|~]field:text`: contains the text, is equal to it, begins with a match of the regex."""
    for one in query.get("filter", ()):
        text = one.removeprefix("!")
        name, _, value = text.lstrip("=~").partition(":")
        name = PYWB_NAMES.get(name, name)
        rows = [row for row in rows if _holds(text[:1], row.get(name, ""), value) != one.startswith("!")]
    return rows


def _holds(mode: str, value: str, wanted: str) -> bool:
    if mode == "=":
        return value == wanted
    if mode != "~":
        return wanted in value
    try:
        return re.match(wanted, value) is not None
    except re.error as error:
        raise BadQuery(f"Invalid filter: {wanted}") from error


def _pywb_line(row: Row, kind: str, fields: Sequence[str] | None) -> str:
    shown = {name: row[name] for name in (fields or PYWB_FIELDS) if name in row}
    if kind == "text":
        line = " ".join(row.get(name, "-") for name in (fields or [name for name in PYWB_FIELDS if name in row]))
    elif kind == "json":
        line = json.dumps(shown)
    else:
        line = f"{row['urlkey']} {row['timestamp']} " + json.dumps({name: value for name, value in shown.items() if name not in PYWB_FIELDS[:2]})
    return line[: len(line) // 2] if row["broken"] else line
