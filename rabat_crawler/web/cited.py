"""The citation of an item as this reading room gives it: which of its own addresses may stand in one, and the capture that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from datasette.utils.asgi import Request

from rabat_crawler.archive import Archive
from rabat_crawler.archive.captured import Listed
from rabat_crawler.citations import Citation, cite
from rabat_crawler.extract.hosts import is_loopback
from rabat_crawler.models import Item
from rabat_crawler.playback import memento_path

ARCHIVED = "/archived"
_HOST = re.compile(r"^[a-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-f:.]{2,45}\](?::\d{1,5})?$", re.I | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """An item, its translation, and the capture to cite: the latest sound one that shows it; None if there is none."""

    item: Item
    twin: Item | None
    capture: Listed | None


def read_cited(archive: Archive, item: Item) -> Cited:
    """What is cited of an item. The capture is None where the archive has none of it."""
    from rabat_crawler.errors import NotFound

    try:
        capture: Listed | None = archive.capture(item.item_id)
    except NotFound:
        capture = None
    twin = next(iter(archive.items_of([item.twin])), None) if item.twin else None
    return Cited(item=item, twin=twin, capture=capture)


def origin(datasette: Any, request: Request) -> str:
    """Where this room is, as the visitor's browser sees it: scheme and host."""
    host = request.host if _HOST.match(request.host or "") else "localhost"
    scheme = "https" if datasette.setting("force_https_urls") else request.scheme
    return f"{scheme}://{host}"


def citation(found: Cited, here: str, *, playable: bool) -> Citation:
    """The citation, read today. A copy in a public web archive is named before ours; an address of loopback leads nobody anywhere and is left out."""
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
