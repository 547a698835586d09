"""Items as entries of a feed: since when each text is what it is, and of a changed one what it was before. The same entry in every feed of an archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rabat_crawler.archive.reader import Reader
from rabat_crawler.atom import Entry, Former
from rabat_crawler.models import Item


def read_entries(archive: Reader, items: Sequence[Item], address: Callable[[Item], str | None]) -> list[Entry]:
    """The entries of these items, in their order; `address` is where people read one, None for nowhere."""
    standing = archive.standing(item.item_id for item in items)
    return [
        Entry(
            item=item,
            address=address(item),
            updated=standing[item.item_id].since,
            former=_former(archive, item.item_id, standing[item.item_id].before),
        )
        for item in items
    ]


def _former(archive: Reader, item_id: str, version_id: str | None) -> Former | None:
    if version_id is None:
        return None
    return next((Former(title=one.title, text=one.text) for one in archive.versions(item_id) if one.version_id == version_id), None)
