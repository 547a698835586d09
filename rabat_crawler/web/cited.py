"""The citation of an item as this reading room gives it: which of its own addresses may stand in one, and the capture that it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rabat_crawler.archive.captured import Listed
from rabat_crawler.archive.reader import Reader
from rabat_crawler.citations import Citation, cite
from rabat_crawler.errors import NotFound
from rabat_crawler.extract.hosts import is_loopback
from rabat_crawler.models import Item
from rabat_crawler.playback import memento_path

ARCHIVED = "/archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """An item, its translation, and the capture to cite: the latest sound one that shows it; None if there is none."""

    item: Item
    twin: Item | None
    capture: Listed | None


def read_cited(archive: Reader, item: Item) -> Cited:
    """What is cited of an item. The capture is None where the archive has none of it."""
    try:
        capture: Listed | None = archive.capture(item.item_id)
    except NotFound:
        capture = None
    twin = next(iter(archive.items_of([item.twin])), None) if item.twin else None
    return Cited(item=item, twin=twin, capture=capture)


def citation(found: Cited, here: str, *, playable: bool) -> Citation:
    """The citation, read today; `here` is the address of this room.

    A copy in a public web archive is named before ours; an address of loopback leads nobody anywhere and is left out.
    """
    capture = found.capture.capture if found.capture else None
    public = None if is_loopback(here) else here
    archived = None
    if capture is not None:
        if capture.source_url and not is_loopback(capture.source_url):
            archived = capture.source_url
        elif public and playable:
            archived = public + ARCHIVED + memento_path(capture.captured_at, capture.url)
    return cite(
        found.item,
        twin=found.twin,
        archived_url=archived,
        archived_at=capture.captured_at if capture else None,
        permanent_url=f"{public}/item/{found.item.item_id}" if public else None,
        accessed=datetime.now(UTC).date(),
    )
