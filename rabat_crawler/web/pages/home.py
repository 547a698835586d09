"""The first page: the search box, what the archive holds, what is new, when it was published; and `/`, which leads to it in the visitor's language."""

from __future__ import annotations

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler.web.home_view import charts_of, drawn, held, run_key
from rabat_crawler.web.room import Room


async def home(room: Room, request: Request) -> Response:
    """The first page."""
    shown = await room.remember("home", held)
    language = room.language(request)
    return await room.render(
        request,
        "room_home.html",
        held=shown,
        charts=charts_of(shown, language),
        drawn=drawn,
        run_key=run_key(shown.last_run),
        feed=f"/{language}/search.atom",
        to_all=f"/{language}/search",
    )


async def choose(room: Room, request: Request) -> Response:
    """`/` and `/en`: to the first page in the visitor's language, or in that of the address."""
    response = Response.redirect(f"/{room.language(request)}/")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


ROUTES = [(r"^/$", choose), (r"^/(?:en|fr)$", choose), (r"^/(?:en|fr)/$", home)]
