"""A document's page: where it came from, what is known of it, and the text of its pages one after the other."""

from __future__ import annotations

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler.playback import memento_path
from rabat_crawler.web.cited import ARCHIVED
from rabat_crawler.web.document_view import read
from rabat_crawler.web.room import Room

MAX_NUMBER = 6


async def document(room: Room, request: Request) -> Response:
    """The page."""
    asked = request.args.get("page") or "1"
    first = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= MAX_NUMBER else 1
    shown = await room.ask(lambda archive: read(archive, request.url_vars["document"], max(1, first)))
    address = ARCHIVED + memento_path(shown.capture.capture.captured_at, shown.capture.capture.url) if shown.capture and shown.playable else ""
    return await room.render(request, "room_document.html", shown=shown, document=shown.document, file_address=address)


ROUTES = [(r"^/(?:en|fr)/document/(?P<document>[^/.]{1,80})$", document)]
