"""A document's page: where it came from, what is known of it, and the text of its pages one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler.alignment import paragraphs
from rabat_crawler.archive import Archive
from rabat_crawler.archive.captured import Listed
from rabat_crawler.errors import NotFound
from rabat_crawler.models import DocumentVersion, Item
from rabat_crawler.playback import memento_path
from rabat_crawler.web.cited import ARCHIVED
from rabat_crawler.web.room import Room

MAX_CHARACTERS = 400_000
"""So much of a document's text stands on one address; the next pages follow at `?page=`."""
MAX_NUMBER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A document with its pages from `first` on; `following` is the number of the page after the last one shown, None at the end."""

    document: DocumentVersion
    items: tuple[Item, ...]
    pages: tuple[tuple[int, tuple[str, ...]], ...]
    first: int
    following: int | None
    versions: tuple[DocumentVersion, ...]
    capture: Listed | None
    playable: bool


def read(archive: Archive, document_id: str, first: int) -> Shown:
    """What the page shows. NotFound for an unknown document."""
    document = archive.document(document_id)
    texts = archive.document_pages(document_id)
    shown: list[tuple[int, tuple[str, ...]]] = []
    length = 0
    for number in range(first, len(texts) + 1):
        length += len(texts[number - 1])
        if shown and length > MAX_CHARACTERS:
            break
        shown.append((number, paragraphs(texts[number - 1][:MAX_CHARACTERS])))
    last = shown[-1][0] if shown else first
    try:
        capture: Listed | None = archive.capture(document.last_capture)
    except NotFound:
        capture = None
    return Shown(
        document=document,
        items=tuple(archive.items_of(document.items)),
        pages=tuple(shown),
        first=first,
        following=last + 1 if last < len(texts) else None,
        versions=tuple(one for one in archive.documents(document.url, every=True) if one.document_id != document_id),
        capture=capture,
        playable=archive.warc_dir.is_dir(),
    )


async def document(room: Room, request: Request) -> Response:
    """The page."""
    asked = request.args.get("page") or "1"
    first = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= MAX_NUMBER else 1
    shown = await room.ask(lambda archive: read(archive, request.url_vars["document"], max(1, first)))
    address = ARCHIVED + memento_path(shown.capture.capture.captured_at, shown.capture.capture.url) if shown.capture and shown.playable else ""
    return await room.render(request, "room_document.html", shown=shown, document=shown.document, file_address=address)


ROUTES = [(r"^/(?:en|fr)/document/(?P<document>[^/.]{1,80})$", document)]
