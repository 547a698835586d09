"""The Datasette plugin: hooks only. On databases that are not ours it does nothing."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from datasette.utils.asgi import Request, asgi_static
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from pluggy import HookimplMarker

from rabat_crawler.web.database import bound
from rabat_crawler.web.errors import answer_for, answered
from rabat_crawler.web.language import Translator
from rabat_crawler.web.room import NAME, STATIC, pages, room_of, static
from rabat_crawler.web.security import App, guarded

FOLDER = files("rabat_crawler.web")
hookimpl = HookimplMarker("datasette")


CLOSED = ("execute-sql", "view-database-download")
"""What a public room does not allow, wherever it is opened."""


@hookimpl
def startup(datasette: Any) -> None:
    """A database of ours in a plain Datasette gets the bounds that `serve` has."""
    room = room_of(datasette)
    if room is not None:
        bound(datasette, room.database)


@hookimpl
def permission_allowed(datasette: Any, action: str) -> bool | None:
    """A public room takes no SQL of visitors and gives no file out; else Datasette's own rules hold."""
    room = room_of(datasette) if action in CLOSED else None
    return False if room is not None and room.public else None


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The addresses of every page, and the files in `static/`."""
    room = room_of(datasette)
    if room is None:
        return []
    routes: list[tuple[str, Any]] = [(path, answered(room, view)) for found in pages().values() for path, view in found]
    return [*routes, (rf"{STATIC}/(?P<path>.*)$", asgi_static(str(FOLDER / "static")))]


@hookimpl
def prepare_jinja2_environment(env: Environment, datasette: Any) -> None:
    """Our templates beside Datasette's."""
    env.loader = ChoiceLoader([*([env.loader] if env.loader else []), FileSystemLoader(str(FOLDER / "templates"))])


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    """Our headers on everything; `serve` adds its own rules around it. `hosts` and `public` of the plugin's settings are rules for a plain Datasette."""

    def wrap(app: App) -> App:
        room = room_of(datasette)
        hosts = (datasette.plugin_config(NAME) or {}).get("hosts")
        return app if room is None else guarded(app, hosts=hosts, public=room.public, only_reading=False)

    return wrap


@hookimpl
def extra_css_urls(database: str | None, datasette: Any) -> list[str]:
    """Datasette's pages of our database get a sheet that makes the long lists of columns short."""
    room = room_of(datasette)
    return [] if room is None or database != room.database else [static("tables.css")]


@hookimpl
def menu_links(datasette: Any, actor: Any, request: Request | None) -> list[dict[str, str]]:
    """The way back from Datasette's pages."""
    room = room_of(datasette)
    if room is None or request is None:
        return []
    language = room.preferred(request)
    return [{"href": f"/{language}/", "label": Translator(language)("base.room")}]


@hookimpl(tryfirst=True)
def handle_exception(datasette: Any, request: Request, exception: Exception) -> Any:
    """What goes wrong at an address of ours is said in our own page."""
    room = room_of(datasette)
    return None if room is None else answer_for(room, request, exception)
