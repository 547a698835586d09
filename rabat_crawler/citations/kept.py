"""The citation of an item that an archive keeps: which address of its archived copy it names. Pure: this place's address and the reader's day are given."""

from __future__ import annotations

from datetime import date

from rabat_crawler.citations.citation import Citation, cite
from rabat_crawler.extract.hosts import is_loopback
from rabat_crawler.models import Capture, Item
from rabat_crawler.playback import memento_path

ARCHIVED = "/archived"
"""Below it a reading room plays captures back."""


def cite_kept(item: Item, *, twin: Item | None, capture: Capture | None, here: str | None, playable: bool, accessed: date | None) -> Citation:
    """The citation, naming `capture`, the one that shows the item (None if there is none).

    A copy in a public web archive is named before the one in the reading room at `here` (without a slash at its end; None: nowhere on the web),
    which is only named if it has the WARC files (`playable`).
    """
    archived = None
    if capture is not None:
        if capture.source_url and not is_loopback(capture.source_url):
            archived = capture.source_url
        elif here and playable:
            archived = here + ARCHIVED + memento_path(capture.captured_at, capture.url)
    return cite(
        item,
        twin=twin,
        archived_url=archived,
        archived_at=capture.captured_at if capture else None,
        permanent_url=f"{here}/item/{item.item_id}" if here else None,
        accessed=accessed,
    )
