"""The captures themselves: found by address, item or record id, chosen for a time, and played back from their WARC files. Reads only.

What reads WARC files is imported where a capture is played: a database alone can be asked without those libraries.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rabat_crawler.archive import past, store
from rabat_crawler.archive.filters import storable
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.rows import capture_of
from rabat_crawler.errors import ConfigError, NotFound, RecordError, Withheld
from rabat_crawler.models import Capture, Item, Problem
from rabat_crawler.urls import url_key

if TYPE_CHECKING:
    from rabat_crawler.archive.reader import Reader

SOUND = 0.5
"""A capture of this badness or more is surely, or likely, not the page."""

NO_PAGE = ("gone", "missing", "wall", "redirect")
SHORTEST = 8
IS_CLOSED = "(SELECT min(k.item_id) FROM closed_captures k WHERE k.record_id IN (c.record_id, c.original, c.refers_to))"
"""Which withheld item a capture, or the one that it shows again, says something of; NULL if none."""
_CAPTURE = tuple(field.name for field in fields(Capture))
_SELECT = (
    f"SELECT {', '.join('c.' + name for name in _CAPTURE)}, c.role, c.badness, c.held, coalesce(c.original, c.refers_to), {IS_CLOSED} FROM captures c"
)
SHOWN = f"""
SELECT i.item_id, d.complete, {_SELECT.removeprefix("SELECT ").removesuffix(" FROM captures c")} FROM json_each(?) j CROSS JOIN items i ON i.item_id = j.value
JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
ORDER BY i.item_id, d.complete DESC, c.captured_at DESC, c.record_id DESC
"""
_BARE_ADDRESS = re.compile(r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?(?:[/?*].*)?$|^localhost(?::\d{1,5})?/.*$", re.I | re.S)
_OWN = """
c.url_key IN (SELECT value FROM json_each(:keys)) OR c.record_id IN (SELECT record_id FROM item_captures WHERE item_id = :item AND complete)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A capture with what the archive makes of it. `original`: record id of the capture that a revisit shows again; `held`: its run was breached.

    `closed`: the withheld item of which it says something among others; its bytes are not given out.
    """

    capture: Capture
    role: str
    badness: float
    held: bool
    original: str | None
    closed: str | None = None

    @property
    def full(self) -> bool:
        """True for a sound capture of a whole page: what can be shown to somebody who asks for the page."""
        shows = self.capture.status == 200 or (self.capture.status == 304 and self.capture.record_type == "revisit")
        return shows and self.capture.truncated is None and self.badness < SOUND and not self.held and not self.closed and self.role not in NO_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A capture's answer as recorded. `original` is the capture whose bytes these are, None if they are its own.

    `head` is the status line and the header fields as bytes (a 304 of ours, which keeps its fields elsewhere, has its line made up); `raw` the body
    as received; `headers` the fields by which it is to be decoded.
    """

    capture: Capture
    original: Capture | None
    head: bytes
    headers: tuple[tuple[str, str], ...]
    raw: bytes

    def body(self) -> tuple[bytes, tuple[Problem, ...]]:
        """The body without its content coding, and what could not be decoded."""
        from rabat_crawler.extract.decoding import decode_body

        return decode_body(self.raw, self.headers)

    @property
    def content_type(self) -> str | None:
        """The Content-Type as recorded, None if none was."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), None)


def listed(archive: Reader, *, url: str | None, item: str | None, exact: bool, first: str | None, last: str | None) -> list[Listed]:
    """See `Reader.captures`."""
    if (url is None) == (item is None):
        raise ConfigError("captures are those of an address or of an item: give one of the two")
    low, high = first and past.first_moment(first), last and past.last_moment(last)
    if url is not None:
        archive.refuse_withheld(url)
        if url.endswith("*"):
            return list(of_beginning(archive.connection, url[:-1], exact=exact, first=low, last=high))
        return list(of_url(archive.connection, url, exact=exact, first=low, last=high))
    return list(of_item(archive.connection, archive.item(item or "").item_id, first=low, last=high))


def choose(archive: Reader, wanted: str, date: str | None) -> Listed:
    """See `Reader.capture`. NotFound says what there is instead."""
    last = date and past.last_moment(date)
    address = as_address(wanted)
    if address:
        archive.refuse_withheld(address)
    found = None if address else by_id(archive.connection, wanted)
    if found is not None:
        return found
    if address:
        every = list(of_url(archive.connection, address)) or _of_item_at(archive, address)
        named = f"the address {address}"
    else:
        item = _item(archive, wanted)
        every, named = showing(archive.connection, item.item_id), f"item {item.item_id}"
    if not every:
        raise NotFound(f"{wanted!r}: {named} was never captured; rabat-crawler captures ADDRESS* lists what begins so")
    chosen = at_time(every, last)
    if chosen is None:
        raise NotFound(f"{named} was not captured by {date}; its first capture is of {moment(every[0].capture.captured_at)}")
    return chosen


def _of_item_at(archive: Reader, address: str) -> list[Listed]:
    """The captures of the item that a folded address leads to."""
    names = store.find_item_id(archive.connection, address)
    return showing(archive.connection, names[0]) if len(names) == 1 else []


def _item(archive: Reader, wanted: str) -> Item:
    try:
        return archive.item(wanted)
    except Withheld:
        raise
    except NotFound as error:
        raise NotFound(f"{error}; a capture is named by its record id, or 8 letters or more of its beginning") from error


def as_address(wanted: str) -> str | None:
    """The web address that a person means, with "http://" put before a bare one; None if it looks like none."""
    if re.match(r"^https?://", wanted, re.I):
        return wanted
    return f"http://{wanted}" if _BARE_ADDRESS.match(wanted) else None


def of_url(connection: sqlite3.Connection, url: str, *, exact: bool = False, first: str | None = None, last: str | None = None) -> Iterator[Listed]:
    """The captures of an address in order of time, of all its spellings unless `exact`; a `*` is a letter like any other.

    `first` and `last`: moments, both included (see `past.first_moment`).
    """
    url, column = storable(url), "c.url" if exact else "c.url_key"
    return _listed(connection, f"{column} = :name", {"name": url if exact else url_key(url)}, first, last)


def of_beginning(
    connection: sqlite3.Connection, beginning: str, *, exact: bool = False, first: str | None = None, last: str | None = None
) -> Iterator[Listed]:
    """The captures of all addresses that begin so, in order of time; else as `of_url`."""
    beginning, column = storable(beginning), "c.url" if exact else "c.url_key"
    low = beginning if exact else _prefix(beginning)
    return _listed(connection, f"{column} >= :low AND {column} < :high", {"low": low, "high": low + "\U0010ffff"}, first, last)


def _prefix(url: str) -> str:
    """The beginning of keys of all addresses that begin so; a slash or question mark at its end counts."""
    key = url_key(url)
    return key + url[-1] if url[-1:] in ("/", "?") and not key.endswith(url[-1]) else key


def of_item(connection: sqlite3.Connection, item_id: str, *, first: str | None = None, last: str | None = None) -> Iterator[Listed]:
    """The captures of an item in order of time: all of its own addresses, whatever they answered, and all that show it whole.

    Of an item that has no address of its own, those that show it.
    """
    urls = [row[0] for row in connection.execute("SELECT url FROM addresses WHERE item_id = ?", (item_id,))]
    found = _listed(connection, _OWN, {"keys": json.dumps([url_key(url) for url in urls]), "item": item_id}, first, last)
    one = next(found, None)
    if one is None and not urls:
        condition = "c.record_id IN (SELECT record_id FROM item_captures WHERE item_id = :item)"
        found = _listed(connection, condition, {"item": item_id}, first, last)
        one = next(found, None)
    if one is not None:
        yield one
        yield from found


def showing(connection: sqlite3.Connection, item_id: str) -> list[Listed]:
    """The captures from which the item's text comes, in order of time: of its whole text, or of its intro where no more was ever had."""
    condition = "c.record_id IN (SELECT record_id FROM item_captures WHERE item_id = :item AND complete = :complete)"
    whole = list(_listed(connection, condition, {"item": item_id, "complete": 1}, None, None))
    return whole or list(_listed(connection, condition, {"item": item_id, "complete": 0}, None, None))


def shown(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Listed]:
    """For each item the capture to show of it: of those in `showing` the latest full one, else the latest. Items without one are left out."""
    found: dict[str, Listed] = {}
    for name, rows in groupby(connection.execute(SHOWN, (json.dumps(list(names)),)), key=itemgetter(0)):
        whole = None
        for _, complete, *row in rows:
            one = _from_row(row)
            if one.closed:
                continue
            if whole is None:
                whole, found[name] = complete, one
            if complete != whole:
                break
            if one.full:
                found[name] = one
                break
    return found


def _listed(connection: sqlite3.Connection, condition: str, values: Mapping[str, Any], first: str | None, last: str | None) -> Iterator[Listed]:
    span = (" AND c.captured_at >= :first" if first else "") + (" AND c.captured_at <= :last" if last else "")
    cursor = connection.execute(f"{_SELECT} WHERE ({condition}){span} ORDER BY c.captured_at, c.record_id", {**values, "first": first, "last": last})
    return (_from_row(row) for row in cursor)


def _from_row(row: Sequence[Any]) -> Listed:
    capture = capture_of(dict(zip(_CAPTURE, row, strict=False)))
    role, badness, held, original, closed = row[len(_CAPTURE) :]
    shows = original if capture.record_type == "revisit" else None
    return Listed(capture=capture, role=role, badness=badness, held=bool(held), original=shows, closed=closed)


def by_id(connection: sqlite3.Connection, wanted: str) -> Listed | None:
    """The capture of a record id, with or without "urn:uuid:", or of its beginning (8 characters or more); None if there is none. NotFound if several."""
    wanted = storable(wanted).strip("<>")
    exact = next(_listed(connection, "c.record_id = :name", {"name": wanted}, None, None), None)
    bare = wanted.lower().removeprefix("urn:uuid:")
    if exact is not None or len(bare) < SHORTEST:
        return exact
    low = f"urn:uuid:{bare}"
    found = list(_listed(connection, "c.record_id >= :low AND c.record_id < :high", {"low": low, "high": low + "~"}, None, None))
    if len(found) > 1:
        names = ", ".join(one.capture.record_id.removeprefix("urn:uuid:") for one in found[:4])
        raise NotFound(f"{wanted!r}: {len(found)} captures begin so ({names} ...); give more of the record id")
    return found[0] if found else None


def at_time(found: Sequence[Listed], last: str | None) -> Listed | None:
    """Of captures in order of time the one to show: the latest full one by that moment, else the latest of any kind; None if none is so old."""
    known = [one for one in found if last is None or moment(one.capture.captured_at) <= last]
    return next((one for one in reversed(known) if one.full), known[-1] if known else None)


def nearest(connection: sqlite3.Connection, url: str, aim: datetime) -> Listed | None:
    """The full capture of an address (any spelling) that lies nearest to a time; None if there is none."""
    full = [one for one in of_url(connection, url) if one.full]
    return min(full, key=lambda one: (abs((one.capture.captured_at - aim).total_seconds()), one.capture.record_id), default=None)


def play(connection: sqlite3.Connection, directory: Path, listed: Listed) -> Played:
    """What a capture recorded, read from its WARC file; a revisit's body from the record that it shows again.

    RecordError if a file is missing or damaged, NotFound if a revisit's original is not in the archive, Withheld if it says something of a withheld item.
    """
    if listed.closed:
        from rabat_crawler.archive.withheld import closed_error

        raise closed_error(connection, listed.capture.record_id, listed.closed)
    from rabat_crawler.archive.warc import read_record

    record = read_record(directory, listed.capture)
    head = _head(directory, listed.capture, record.response_headers)
    if listed.capture.record_type != "revisit":
        return Played(capture=record.capture, original=None, head=head, headers=record.response_headers, raw=record.body)
    source = next(_listed(connection, "c.record_id = :name", {"name": listed.original}, None, None), None) if listed.original else None
    if source is None or source.capture.record_type == "revisit":
        raise NotFound(f"{listed.capture.record_id} is a revisit: it shows the capture {listed.original} again, which is not in this archive")
    original = read_record(directory, source.capture)
    return Played(capture=record.capture, original=source.capture, head=head, headers=original.response_headers, raw=original.body)


def _head(directory: Path, capture: Capture, headers: Sequence[tuple[str, str]]) -> bytes:
    """Status line and header fields, byte for byte where the record's block has them."""
    from rabat_crawler.archive.members import Member, read_member
    from rabat_crawler.archive.warc_read import OPEN_SUFFIX, parse_member, split_http

    path = next((path for path in (directory / capture.warc_file, directory / (capture.warc_file + OPEN_SUFFIX)) if path.is_file()), None)
    if path is not None and capture.record_type != "resource":
        with path.open("rb", buffering=0) as file:
            found = read_member(file, capture.offset)
        try:
            raw = parse_member(found, capture.warc_file) if isinstance(found, Member) else None
        except RecordError:
            raw = None
        if raw is not None and raw.block and raw.reference("warc-record-id") == capture.record_id:
            return split_http(raw.block)[0]
    try:
        phrase = HTTPStatus(capture.status).phrase
    except ValueError:
        phrase = ""
    first = [] if capture.record_type == "resource" else [f"HTTP/1.1 {capture.status} {phrase}".rstrip()]
    return "\r\n".join([*first, *(f"{name}: {value}" for name, value in headers)]).encode("latin-1", "replace")
