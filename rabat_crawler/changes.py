"""What changed between two nights: items compared field by field, texts word by word. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from rabat_crawler.models import Item

Code = Literal["new", "changed", "moved", "gone", "returned"]
CODES: tuple[Code, ...] = get_args(Code)

FIELDS = ("title", "published", "event_start", "event_end", "kind", "language", "canonical_url", "summary")
"""The short fields whose old and new values a change carries; texts are found by their version ids."""

Values = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is compared of an item: its short fields, whether it is gone, and which version is the current one (None if it has no text)."""

    item_id: str
    title: str
    kind: str
    published: str | None = None
    event_start: str | None = None
    event_end: str | None = None
    language: str | None = None
    canonical_url: str | None = None
    summary: str = ""
    gone: bool = False
    current_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that happened to one item. `fields` are (old, new), `versions` too; None stands for "there was none"."""

    change: Code
    item_id: str
    title: str
    kind: str
    url: str | None = None
    language: str | None = None
    published: str | None = None
    fields: Mapping[str, Values] = field(default_factory=dict)
    versions: Values = (None, None)

    def as_json(self) -> dict[str, Any]:
        """The plain form that `counts["changes"]` of a run holds."""
        return {
            "change": self.change,
            "item_id": self.item_id,
            "title": self.title,
            "url": self.url,
            "language": self.language,
            "kind": self.kind,
            "published": self.published,
            "fields": {name: list(values) for name, values in self.fields.items()},
            "versions": list(self.versions),
        }


def snapshot(item: Item) -> Snapshot:
    """The item as it is compared."""
    return Snapshot(
        gone=item.gone, item_id=item.item_id, current_version=item.current_version or None, **{name: getattr(item, name) for name in FIELDS}
    )


def compare(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> list[Change]:
    """What happened to each item, by code (new, changed, moved, gone, returned), then the newest published first, then by title.

    One item may have several changes. An item that is no longer there was merged into another one, whose change is listed: it is not "gone".
    """
    found = [change for item_id, now in after.items() for change in _changes(before.get(item_id), now)]
    found.sort(key=lambda change: (change.title, change.item_id))
    found.sort(key=lambda change: change.published or "", reverse=True)
    found.sort(key=lambda change: CODES.index(change.change))
    return found


def _changes(old: Snapshot | None, now: Snapshot) -> Iterator[Change]:
    if old is None:
        yield _change("new", now, {}, (None, now.current_version))
    elif old == now:
        return
    else:
        different: dict[str, Values] = {name: (getattr(old, name), getattr(now, name)) for name in FIELDS if getattr(old, name) != getattr(now, name)}
        address = different.pop("canonical_url", None)
        versions = (old.current_version, now.current_version)
        if different or versions[0] != versions[1]:
            yield _change("changed", now, different, versions)
        if address is not None:
            yield _change("moved", now, {"canonical_url": address}, versions)
    was_gone = old is not None and old.gone
    if now.gone != was_gone:
        yield _change("gone" if now.gone else "returned", now, {}, (old.current_version if old else None, now.current_version))


def _change(code: Code, now: Snapshot, fields: Mapping[str, Values], versions: Values) -> Change:
    return Change(
        change=code,
        item_id=now.item_id,
        title=now.title,
        kind=now.kind,
        url=now.canonical_url,
        language=now.language,
        published=now.published,
        fields=fields,
        versions=versions,
    )
