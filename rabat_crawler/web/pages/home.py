"""The first page: the search box, what the archive holds, what is new; and `/`, which leads to it in the visitor's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler.archive import Archive
from rabat_crawler.models import Item, Run
from rabat_crawler.web.room import Room

NEWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the page shows of the archive."""

    stats: dict[str, Any]
    newest: tuple[Item, ...]
    last_run: Run | None


def held(archive: Archive) -> Held:
    """What the archive holds, its newest items, its last run."""
    return Held(stats=archive.stats(), newest=tuple(archive.items(limit=NEWEST)), last_run=next(iter(archive.runs()), None))


async def home(room: Room, request: Request) -> Response:
    """The first page."""
    return await room.render(request, "room_home.html", held=await room.ask(held))


async def choose(room: Room, request: Request) -> Response:
    """`/` and `/en`: to the first page in the visitor's language, or in that of the address."""
    response = Response.redirect(f"/{room.language(request)}/")
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


ROUTES = [(r"^/$", choose), (r"^/(?:en|fr)$", choose), (r"^/(?:en|fr)/$", home)]
