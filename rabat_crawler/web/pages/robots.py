"""`/robots.txt`: items may be read by search engines; searches, tables and archived pages, which have no end, may not."""

from __future__ import annotations

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler.web.language import LANGUAGES
from rabat_crawler.web.room import Room


async def robots(room: Room, request: Request) -> Response:
    """The rules for crawlers."""
    closed = [f"/{room.database}", "/-/", "/archived/", *(f"/{language}/search" for language in LANGUAGES)]
    return Response.text("User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in closed))


ROUTES = [(r"^/robots\.txt$", robots)]
