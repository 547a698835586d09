"""The indexes of web archives (CDX): how each dialect is asked, and its rows, whatever their form.

Pure. Any bytes give rows or problems, never an exception.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from rabat_crawler.memento import Source, moment_of
from rabat_crawler.models import Problem, Site
from rabat_crawler.urls import canonical, url_key

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
PYWB_FIELDS = ("urlkey", "timestamp", "url", "mime", "status", "digest", "length")
SYNONYMS = {"original": "url", "mimetype": "mime", "statuscode": "status"}
ROWS_A_PAGE = 5000
"""So many rows are asked for at once where an index gives a key to go on with."""

PLAIN_LIMIT = 100_000
"""An index without paging is asked for so many rows at most; pywb gives no more by itself."""

REVISIT = "warc/revisit"
MAX_LINE = 20_000
MAX_PROBLEMS = 50
SHOWN = 120
_BASE32 = re.compile(r"[A-Z2-7]{32}")
_HEX = re.compile(r"sha-?256:([0-9a-f]{64})", re.I)
_STATUS = re.compile(r"[1-9]\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_SPACES = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxRow:
    """One capture as an index lists it. `timestamp`: 14 digits; `status` and `length` None where it does not say.

    `digest` is SHA-1 in base 32, or "sha256:" and hex, "" if there is none: it is about the archived bytes, not about what is played back.
    """

    url_key: str
    timestamp: str
    url: str
    media_type: str = ""
    status: int | None = None
    digest: str = ""
    length: int | None = None

    @property
    def is_revisit(self) -> bool:
        """True if the index says that the body was that of an earlier capture."""
        return self.media_type == REVISIT

    @property
    def captured_at(self) -> datetime:
        """The captured time, aware UTC."""
        moment = moment_of(self.timestamp)
        assert moment is not None, self.timestamp
        return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one answer of an index holds: rows, problems (the first ones) and how many lines were broken, how to go on, how many pages there are."""

    rows: tuple[CdxRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    broken: int = 0
    resume_key: str | None = None
    pages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to an index: all captures of a host (`match` "host", "domain") or below an address ("prefix"), from one timestamp to another."""

    url: str
    match: str = "host"
    first: str = ""
    last: str = ""

    @property
    def key(self) -> str:
        """The question in one line."""
        return f"{self.match} {self.url} {self.first}-{self.last}"


def queries_of(site: Site, first: str, last: str) -> tuple[Query, ...]:
    """One question for each host that the site ever had, those that are not crawled any more too; indexes take www. and the bare name for one host."""
    if site.origin is not None:
        hosts = [site.origin.partition("://")[2]]
    else:
        hosts = [host.name for host in site.hosts]
    single = {host.removeprefix("www."): host for host in reversed(hosts)}
    return tuple(Query(url=single[name], first=first, last=last) for name in dict.fromkeys(host.removeprefix("www.") for host in hosts))


def cdx_url(
    source: Source, query: Query, *, resume_key: str | None = None, page: int | None = None, count_pages: bool = False, limit: int | None = None
) -> str:
    """The address that asks an index, in its dialect; `limit` for a few rows only."""
    asked: list[tuple[str, Any]] = [("url", query.url), ("matchType", query.match)]
    if source.dialect == "wayback":
        asked += [("output", "json"), ("fl", ",".join(FIELDS))]
        if page is None and not count_pages:
            asked += [("limit", limit or ROWS_A_PAGE), ("showResumeKey", "true")]
    elif source.dialect == "pywb":
        asked += [("output", "json"), ("fl", ",".join(PYWB_FIELDS)), *([("limit", limit)] if limit else [])]
    else:
        asked += [("limit", limit or PLAIN_LIMIT)]
    asked += [
        (name, value) for name, value in (("from", query.first), ("to", query.last), ("resumeKey", resume_key), ("page", page)) if value or value == 0
    ]
    if count_pages:
        asked.append(("showNumPages", "true"))
    return f"{source.index}?{urlencode(asked)}"


def parse_cdx(answer: bytes) -> Listing:
    """The rows of an answer: JSON array (archive.org), JSON lines and CDXJ (pywb), classic lines (OutbackCDX), or a number of pages."""
    text = answer.decode("utf-8", "replace").lstrip("\ufeff")
    pages = _page_count(text)
    if pages is not None:
        return Listing(pages=pages)
    return _collected(_array_lines(text) if text.lstrip().startswith("[") else _lines(text))


class _Broken(ValueError):
    """A line that is no row, and why."""


_Line = tuple[str, Any]
"""A kind ("row", "key", "broken", "none") and what it holds."""


def _collected(lines: Iterable[_Line]) -> Listing:
    rows: dict[tuple[str, str], CdxRow] = {}
    problems: list[Problem] = []
    broken, resume_key = 0, None
    for kind, found in lines:
        if kind == "row":
            key = (found.timestamp, found.url)
            if key not in rows or (rows[key].is_revisit and not found.is_revisit):
                rows[key] = found
        elif kind == "key":
            resume_key = found
        elif kind == "broken":
            broken += 1
            if len(problems) < MAX_PROBLEMS:
                problems.append(Problem(code="broken_row", message=found))
    return Listing(rows=tuple(rows.values()), problems=tuple(problems), broken=broken, resume_key=resume_key)


def _page_count(text: str) -> int | None:
    """The number that an index gives when asked how many pages there are; None if the answer is something else."""
    short = text.strip()
    if len(short) > 1000:
        return None
    if _NUMBER.fullmatch(short):
        return int(short)
    found = _json(short)
    if isinstance(found, dict) and "timestamp" not in found and isinstance(found.get("pages"), int):
        return max(0, int(found["pages"]))
    return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _array_lines(text: str) -> Iterator[_Line]:
    """archive.org's form: a list of lists, names first; before the end perhaps an empty list and one with the key to go on."""
    found = _json(text)
    parts: Sequence[Any] = found if isinstance(found, list) else [_json(line.strip().strip(",")) or line for line in _rows_apart(text)]
    names: Sequence[str] = FIELDS
    after_empty = False
    for number, part in enumerate(parts):
        if part == []:
            after_empty = True
        elif isinstance(part, list) and len(part) == 1 and after_empty and isinstance(part[0], str):
            yield "key", part[0]
        elif isinstance(part, list) and number == 0 and "timestamp" in part and all(isinstance(name, str) for name in part):
            names = part
        elif isinstance(part, list) and len(part) == len(names):
            yield _row(dict(zip(names, part, strict=True)), part)
        elif isinstance(part, dict):
            yield _row(part, part)
        else:
            yield "broken", f"not a row: {_shown(part)}"


def _rows_apart(text: str) -> Iterator[str]:
    """The lines of a damaged array, without the brackets around the whole."""
    for line in text.strip().splitlines():
        line = line.strip().rstrip(",")
        if line.startswith("[["):
            line = line[1:]
        if line.endswith("]]"):
            line = line[:-1]
        if line and line != "]":
            yield line


def _lines(text: str) -> Iterator[_Line]:
    """One row a line; archive.org's plain form ends with an empty line and a key."""
    after_empty = False
    for line in text.split("\n"):
        line = line.strip("\r")
        if not line.strip():
            after_empty = True
            continue
        yield _line(line, after_empty)
        after_empty = False


def _line(line: str, after_empty: bool) -> _Line:
    if len(line) > MAX_LINE:
        return "broken", f"a line of {len(line)} characters: {_shown(line)}"
    bare = line.strip()
    if bare.startswith("{"):
        found = _json(bare)
        return _row(found, bare) if isinstance(found, dict) else ("broken", f"no JSON: {_shown(bare)}")
    if bare.startswith(("CDX ", "!")):
        return "none", None
    key, _, rest = bare.partition(" ")
    timestamp, _, block = rest.partition(" ")
    if block.lstrip().startswith("{"):
        found = _json(block)
        return _row({"urlkey": key, "timestamp": timestamp, **found}, bare) if isinstance(found, dict) else ("broken", f"no JSON: {_shown(bare)}")
    parts = _SPACES.split(bare)
    if len(parts) == 1 and after_empty:
        return "key", bare
    if len(parts) < 6:
        return "broken", f"not a row: {_shown(bare)}"
    length = parts[6] if len(parts) == 7 else parts[8] if len(parts) >= 11 else None
    return _row(dict(zip(FIELDS, [*parts[:6], length], strict=True)), bare)


def _row(values: Mapping[str, Any], raw: object) -> _Line:
    named = {SYNONYMS.get(name, name): value for name, value in values.items()}
    try:
        return "row", _build(named)
    except _Broken as error:
        return "broken", f"{error}: {_shown(raw)}"


def _build(named: Mapping[str, Any]) -> CdxRow:
    url, timestamp = _text(named, "url"), _text(named, "timestamp")
    if moment_of(timestamp) is None:
        raise _Broken(f"{_shown(timestamp)} is no time")
    if len(url) > MAX_LINE or canonical(url) is None:
        raise _Broken("no web address")
    status, length = _text(named, "status"), _text(named, "length")
    return CdxRow(
        url_key=_text(named, "urlkey") or url_key(url),
        timestamp=timestamp,
        url=url,
        media_type=_text(named, "mime").split(";")[0].strip().lower(),
        status=int(status) if _STATUS.fullmatch(status) else None,
        digest=plain_digest(_text(named, "digest")),
        length=int(length) if _NUMBER.fullmatch(length) else None,
    )


def _text(named: Mapping[str, Any], name: str) -> str:
    """A field's text, "" where it is missing or a dash. Lone surrogates, which JSON can carry and nothing can store, are replaced."""
    value = named.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else ""
    if not isinstance(value, str) or value == "-":
        return ""
    return value.encode("utf-8", "replace").decode()


def plain_digest(stated: str) -> str:
    """A digest as we compare it: SHA-1 in base 32 without label, or "sha256:" and lower hex; "" for any other."""
    bare = stated.strip()
    label, colon, value = bare.partition(":")
    if not colon or label.lower().replace("-", "") == "sha1":
        plain = (value if colon else bare).upper()
        return plain if _BASE32.fullmatch(plain) else ""
    found = _HEX.fullmatch(bare)
    return f"sha256:{found[1].lower()}" if found else ""


def _shown(raw: object) -> str:
    text = raw if isinstance(raw, str) else repr(raw)
    return repr(text[:SHOWN] + ("…" if len(text) > SHOWN else ""))
