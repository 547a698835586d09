"""About the archive: what it covers, how it is made, what is missing (from the archive's own numbers), how to cite it."""

from __future__ import annotations

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler import __version__
from rabat_crawler.charts import gallery
from rabat_crawler.web.about_view import about_of, drawn, years_said
from rabat_crawler.web.room import Room


async def about(room: Room, request: Request) -> Response:
    """The page."""
    language = room.language(request)
    found = await room.remember("about", about_of)
    return await room.render(
        request,
        "room_about.html",
        found=found,
        gaps=found.gaps,
        years_said=years_said,
        chart=gallery.coverage(found.coverage, language=language) if found.coverage else None,
        drawn=drawn,
        version=__version__,
        own=room.absolute(request, f"/{language}/"),
    )


ROUTES = [(r"^/(?:en|fr)/about$", about)]
