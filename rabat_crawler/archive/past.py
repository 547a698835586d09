"""What an item was, and when: its versions with every stretch of time in which captures showed them, and the item as it stood on a day.

Reads only. A text that came back has several spans; `versions` alone knows but its first and last day.
"""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from rabat_crawler import identity, registry
from rabat_crawler.archive import store
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.models import Draft, Item, Version

_DAY = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$", re.ASCII)
_TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$", re.ASCII)
_STAMP = re.compile(r"^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$", re.ASCII)
_NUMBER = re.compile(r"^[1-9]\d{0,2}$", re.ASCII)
_BEGINNING = 4

SHOWN = """
SELECT d.draft_id, d.content, d.origin, c.record_id, c.captured_at, c.url, c.source
FROM items i JOIN drafts d ON d.item_key = i.item_key JOIN sightings s ON s.draft_id = d.draft_id JOIN captures c ON c.record_id = s.record_id
WHERE i.item_id = ? ORDER BY c.captured_at, c.record_id, d.draft_id
"""

STANDING = """
SELECT i.item_id, i.current_version, coalesce(v.first_seen, i.first_seen), (SELECT count(*) FROM versions o WHERE o.item_id = i.item_id)
FROM items i LEFT JOIN versions v ON v.version_id = i.current_version WHERE i.item_id IN (SELECT value FROM json_each(?)) ORDER BY i.item_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Since when an item's present text stands (ISO 8601 UTC), and the id of the version that stood before it; None if it never changed."""

    since: str
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One draft of the item as one capture showed it. `captured_at` is ISO 8601 UTC with microseconds, as in the database."""

    draft_id: str
    draft: Draft
    origin: str
    record_id: str
    captured_at: str
    url: str
    source: str
    text_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in which captures showed one version, and none that counts showed another in its place.

    `first_*` and `last_*`: time, record id and source of the captures at its ends; `captures` their number; `addresses` and `sources` those of all.
    """

    version_id: str
    first_seen: str
    last_seen: str
    first_capture: str
    last_capture: str
    first_source: str
    last_source: str
    captures: int
    addresses: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An item with its versions, oldest first, their spans in order of time, and the number of captures that show the whole text."""

    item: Item
    versions: tuple[Version, ...]
    spans: tuple[Span, ...]
    captures: int

    def spans_of(self, version: Version) -> tuple[Span, ...]:
        """The spans of one version, in order."""
        return tuple(span for span in self.spans if span.version_id == version.version_id)

    def before(self, version: Version) -> Version | None:
        """The version that stood when this one was first seen: not the one with the number before it, where an older text had come back."""
        names = [span.version_id for span in self.spans]
        at = names.index(version.version_id) if version.version_id in names else 0
        return next((one for one in self.versions if at and one.version_id == names[at - 1]), None)

    def number(self, version_id: str) -> int:
        """Which version it is, from 1."""
        return next(number for number, version in enumerate(self.versions, 1) if version.version_id == version_id)

    def version(self, wanted: str) -> Version:
        """A version by its number (1 is the oldest), its id or the beginning of it, or a date: the one that stood then. NotFound says what there is."""
        if _NUMBER.match(wanted):
            if int(wanted) <= len(self.versions):
                return self.versions[int(wanted) - 1]
            raise NotFound(f"there is no version {wanted} of item {self.item.item_id}; it has {len(self.versions)}")
        if _DAY.match(wanted) or _TIME.match(wanted) or _STAMP.match(wanted):
            return self.version_at(wanted)
        found = [one for one in self.versions if _begins(one.version_id, wanted.lower())]
        if len(found) != 1:
            said = f"{len(found)} versions begin so" if found else "no version of this item has this id"
            raise NotFound(f"{wanted!r}: {said}; rabat-crawler history {self.item.item_id} lists them")
        return found[0]

    def version_at(self, date: str) -> Version:
        """The version that stood at the end of a year, month or day, or at a time. NotFound before the first capture."""
        moment = last_moment(date)
        standing = [span for span in self.spans if span.first_seen <= moment]
        if not standing:
            first = self.spans[0].first_seen if self.spans else "no time that is known"
            raise NotFound(f"item {self.item.item_id} was not captured by {date}; its first capture is of {first}")
        # Of two texts that stood at once, at two addresses, the later sighted counts.
        name = max(standing, key=lambda span: (min(span.last_seen, moment), span.first_seen, span.version_id)).version_id
        return next(one for one in self.versions if one.version_id == name)


def _begins(version_id: str, wanted: str) -> bool:
    """True if the version's id, or its part behind the item's, begins so."""
    return len(wanted) >= _BEGINNING and (version_id.partition("-")[2].startswith(wanted) or ("-" in wanted and version_id.startswith(wanted)))


def last_moment(date: str) -> str:
    """The last moment of a year, month or day, as captures' times are written; of 2017-07-20T10:00:00Z or 14 digits that second's. ConfigError otherwise."""
    _check(date)
    if found := _TIME.match(date):
        return f"{found[1]}T{found[2]}.{(found[3] or '').ljust(6, '9' if not found[3] else '0')}Z"
    if found := _STAMP.match(date):
        return "{}-{}-{}T{}:{}:{}.999999Z".format(*found.groups())
    return date + "9999-12-31T23:59:59.999999Z"[len(date) :]


def first_moment(date: str) -> str:
    """The first moment of what `last_moment` takes."""
    _check(date)
    if found := _TIME.match(date):
        return f"{found[1]}T{found[2]}.{(found[3] or '').ljust(6, '0')}Z"
    if found := _STAMP.match(date):
        return "{}-{}-{}T{}:{}:{}.000000Z".format(*found.groups())
    return date + "0000-01-01T00:00:00.000000Z"[len(date) :]


def _check(date: str) -> None:
    """ConfigError if it is no date, or names a month or day that there is not."""
    day, stamp = _DAY.match(date), _STAMP.match(date)
    try:
        if day:
            datetime.fromisoformat(date + "0000-01-01"[len(date) :])
        elif stamp:
            datetime.strptime(date, "%Y%m%d%H%M%S")
        elif _TIME.match(date):
            datetime.fromisoformat(date[:19])
        else:
            raise ValueError(date)
    except ValueError as error:
        example = "give a year, month or day such as 2017, 2017-05 or 2017-05-14, or a time such as 2017-05-14T10:00:00Z"
        raise ConfigError(f"{date!r} is no date; {example}") from error


def history(connection: sqlite3.Connection, item: Item) -> History:
    """The item's versions and spans."""
    seen = _counting(sightings(connection, item.item_id))
    captures = len({one.record_id for one in seen})
    return History(
        item=item, versions=tuple(store.read_versions(connection, item.item_id)), spans=tuple(_spans(item.item_id, seen)), captures=captures
    )


def standing(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Standing]:
    """For each of these items since when its text is what it is: a text that came back stands since it came back. Unknown items are left out."""
    found = {}
    for name, current, first_seen, versions in connection.execute(STANDING, (json.dumps(list(names)),)).fetchall():
        stood = spans(connection, name) if versions > 1 else []
        at = max((number for number, span in enumerate(stood) if span.version_id == current), default=None)
        if at is None:
            found[name] = Standing(since=first_seen, before=None)
            continue
        before = next((span.version_id for span in reversed(stood[:at]) if span.version_id != current), None)
        found[name] = Standing(since=stood[at].first_seen, before=before)
    return found


def spans(connection: sqlite3.Connection, item_id: str) -> list[Span]:
    """When which version of the item stood, in order of time; [] for an unknown item."""
    return _spans(item_id, _counting(sightings(connection, item_id)))


def sightings(connection: sqlite3.Connection, item_id: str) -> list[Sighting]:
    """Every capture that shows the item, with what it says of it, in order of time."""
    drafts: dict[str, tuple[Draft, str]] = {}
    found = []
    for name, content, origin, record_id, captured_at, url, source in connection.execute(SHOWN, (item_id,)):
        if name not in drafts:
            drafts[name] = identity.sighted(content)
        draft, digest = drafts[name]
        found.append(
            Sighting(
                draft_id=name, draft=draft, origin=origin, record_id=record_id, captured_at=captured_at, url=url, source=source,
                text_digest=digest,
            )
        )  # fmt: skip
    return found


def _counting(seen: Sequence[Sighting]) -> list[Sighting]:
    """The sightings that make versions: whole texts, or intros where no whole text was ever had; never those of a cut capture."""
    sound = [one for one in seen if not one.draft.truncated]
    return [one for one in sound if one.draft.complete] or sound


def _spans(item_id: str, seen: Sequence[Sighting]) -> list[Span]:
    """The spans of all versions, in order of time."""
    by_version: dict[str, list[Sighting]] = {}
    for one in seen:
        by_version.setdefault(one.text_digest, []).append(one)
    found = []
    for digest, own in by_version.items():
        days = {one.captured_at[:10] for one in own}
        records = {one.record_id for one in own}
        others = [one for one in seen if one.record_id not in records]
        times = [one.captured_at for one in others]
        start = 0
        for number, (left, right) in enumerate(pairwise(own), 1):
            between = others[bisect_right(times, left.captured_at) : bisect_left(times, right.captured_at)]
            if _interrupted(left, right, between, days):
                found.append(_span(item_id, digest, own[start:number]))
                start = number
        found.append(_span(item_id, digest, own[start:]))
    return sorted(found, key=lambda span: (span.first_seen, span.last_seen, span.version_id))


def _interrupted(left: Sighting, right: Sighting, between: Iterable[Sighting], days: set[str]) -> bool:
    """True if between two sightings of a text one of their addresses showed another text, or the text was not to be seen for a whole day.

    An item at two addresses may show two texts at the same time, night after night: none of them comes back each night.
    """
    urls = {left.url, right.url}
    return any(one.url in urls or one.captured_at[:10] not in days for one in between)


def _span(item_id: str, digest: str, members: Sequence[Sighting]) -> Span:
    first, last = members[0], members[-1]
    return Span(
        version_id=f"{item_id}-{digest[:12]}",
        first_seen=first.captured_at,
        last_seen=last.captured_at,
        first_capture=first.record_id,
        last_capture=last.record_id,
        first_source=first.source,
        last_source=last.source,
        captures=len({one.record_id for one in members}),
        addresses=tuple(dict.fromkeys(one.url for one in members)),
        sources=tuple(dict.fromkeys(one.source for one in members)),
    )


def item_as_of(connection: sqlite3.Connection, item: Item, date: str) -> Item:
    """The item as it stood at the end of a year, month or day, or at a time: what the captures up to then say. NotFound before the first.

    Which captures belong to the item is what is known today; `gone` is not looked at and False.
    """
    moment = last_moment(date)
    seen = sightings(connection, item.item_id)
    known = [one for one in seen if one.captured_at <= moment]
    whole = [one for one in known if not one.draft.truncated]
    if not whole:
        first = next((one.captured_at for one in seen if not one.draft.truncated), item.first_seen)
        raise NotFound(f"item {item.item_id} was not captured by {date}; its first capture is of {first}")
    if any(one.text_digest != identity.text_digest(one.draft.title, one.draft.text) for one in whole):
        raise ConfigError("this database is a reduced copy, which says what an item was by its versions only; ask the archive that it was made of")
    (key,) = connection.execute("SELECT item_key FROM items WHERE item_id = ?", (item.item_id,)).fetchone()
    definition = registry.resolve(max(one.origin for one in whole))
    return _in_order(identity.merge(str(key), _merged_by_draft(whole), definition, cut=len(whole) < len(known)).item)


def _in_order(item: Item) -> Item:
    """The item with what it links in the order in which the database gives it."""
    return replace(
        item, attachments=tuple(sorted(item.attachments, key=lambda one: one.url)), images=tuple(sorted(item.images, key=lambda one: one.url))
    )


def _merged_by_draft(seen: Sequence[Sighting]) -> list[identity.Seen]:
    """Each draft with the first and last of these sightings of it."""
    by_draft: dict[str, list[Sighting]] = {}
    for one in seen:
        by_draft.setdefault(one.draft_id, []).append(one)
    return [
        identity.Seen(
            draft_id=name, draft=own[0].draft, page_url=own[0].url, first_seen=own[0].captured_at, last_seen=own[-1].captured_at,
            first_capture=own[0].record_id, last_capture=own[-1].record_id,
        )
        for name, own in by_draft.items()
    ]  # fmt: skip
