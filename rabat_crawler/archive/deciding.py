"""Takes down what a person decides about two items, after looking whether it can be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rabat_crawler.archive.decisions import CONFIRM, Decision, What, add_decision, now
from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Item

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive


def decide(archive: Archive, what: What, item: Item, other: Item, note: str) -> tuple[Item, Item]:
    """Keep the decision and find the relations anew; the items as they are then. ConfigError if the two cannot be translations."""
    if archive.lock is None:
        raise ConfigError("a decision needs the archive opened for writing: Archive.open(path, write=True)")
    if item.item_id == other.item_id:
        raise ConfigError(f"{item.item_id} is one item; give two")
    if what == CONFIRM and item.site != other.site:
        raise ConfigError(f"{item.item_id} is of {item.site}, {other.item_id} of {other.site}; translations are of one site")
    if what == CONFIRM and item.language == other.language and item.language not in (None, "mixed") and not _sides_differ(archive, item, other):
        raise ConfigError(f"{item.item_id} and {other.item_id} are both in {item.language!r}; a translation is in another language")
    decision = Decision(
        what=what,
        item_id=item.item_id,
        other_id=other.item_id,
        at=now(),
        item_url=item.canonical_url or "",
        other_url=other.canonical_url or "",
        note=note,
    )
    add_decision(archive.path, decision)
    archive.relate()
    return archive.item(item.item_id), archive.item(other.item_id)


def _sides_differ(archive: Archive, item: Item, other: Item) -> bool:
    """True if the addresses name different languages, whatever the texts are in."""
    sql = "SELECT count(DISTINCT json_extract(content, '$[2]')) FROM traits WHERE item_id IN (?, ?)"
    return int(archive.connection.execute(sql, (item.item_id, other.item_id)).fetchone()[0]) > 1
