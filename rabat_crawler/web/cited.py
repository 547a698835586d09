"""The citation of an item as this reading room gives it: which of its own addresses may stand in one, and the capture that it names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rabat_crawler.archive.captured import Listed
from rabat_crawler.archive.reader import Reader
from rabat_crawler.citations import ARCHIVED, Citation, cite_kept
from rabat_crawler.extract.hosts import is_loopback
from rabat_crawler.models import Item

__all__ = ["ARCHIVED", "Cited", "citation", "read_cited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """An item, its translation, and the capture to cite: the latest sound one that shows it; None if there is none."""

    item: Item
    twin: Item | None
    capture: Listed | None


def read_cited(archive: Reader, item: Item) -> Cited:
    """What is cited of an item. The capture is None where the archive has none of it."""
    twin = next(iter(archive.items_of([item.twin])), None) if item.twin else None
    return Cited(item=item, twin=twin, capture=archive.shown([item.item_id]).get(item.item_id))


def citation(found: Cited, here: str, *, playable: bool) -> Citation:
    """The citation, read today; `here` is the address of this room. An address of loopback leads nobody anywhere and is left out."""
    return cite_kept(
        found.item,
        twin=found.twin,
        capture=found.capture.capture if found.capture else None,
        here=None if is_loopback(here) else here,
        playable=playable,
        accessed=datetime.now(UTC).date(),
    )
