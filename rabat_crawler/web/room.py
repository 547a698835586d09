"""`Room`: the archive behind the reading room, the visitor's language, and the context that every page gets. Opens snapshots, never the live file."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import anyio.to_thread
from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.bounded import within
from rabat_crawler.archive.schema import APPLICATION_ID
from rabat_crawler.web.language import (
    COOKIE,
    LANGUAGES,
    Language,
    Translator,
    date_words,
    language_of_path,
    number_words,
    preferred,
    span_words,
    time_element,
)
from rabat_crawler.web.naming import main_site, name_of
from rabat_crawler.web.security import STRICT

__all__ = ["NAME", "PAGES", "Room", "View", "date_words", "pages", "room_of", "span_words"]

T = TypeVar("T")
View = Callable[["Room", Request], Awaitable[Response]]

NAME = "rabat-crawler"
STATIC = f"/-/static-plugins/{NAME}"
PAGES = ("home", "search", "agenda", "places", "health", "about")
"""What the navigation shows, as far as it is there."""

SECONDS = 5.0
"""How long one question to the archive may take."""

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?", re.ASCII)
_IN_PATH = "!$&'()*+,/:;=@~%?[]"
_ATTRIBUTE = "_rabat_room"


class Room:
    """What pages work with. `database`: the name under which Datasette has the snapshot; `lease`: gives its file, which stays while the block lasts."""

    def __init__(
        self, datasette: Any, *, database: str, lease: Callable[[], AbstractContextManager[Path]], archive: Path, public: bool = False
    ) -> None:
        self.datasette, self.database, self.lease, self.archive, self.public = datasette, database, lease, archive, public
        self._remembered: tuple[Path, dict[str, Any]] = (Path(), {})
        setattr(datasette, _ATTRIBUTE, self)

    @contextlib.contextmanager
    def reader(self) -> Iterator[Archive]:
        """The snapshot as an archive, to be used in one worker thread. A question that takes more than SECONDS is interrupted (TimeoutError)."""
        with self.lease() as snapshot, Archive.open_database(snapshot, self.archive) as archive, within(archive.connection, SECONDS):
            yield archive

    async def ask(self, question: Callable[[Archive], T]) -> T:
        """The answer to a question, asked in a worker thread."""

        def in_thread() -> T:
            with self.reader() as archive:
                return question(archive)

        return await anyio.to_thread.run_sync(in_thread)

    async def remember(self, key: str, question: Callable[[Archive], T]) -> T:
        """The answer to a question that is asked again and again, worked out once for each snapshot."""
        with self.lease() as snapshot:
            if self._remembered[0] == snapshot and key in self._remembered[1]:
                known: T = self._remembered[1][key]
                return known

        def in_thread() -> T:
            with self.reader() as archive:
                answer = question(archive)
                if self._remembered[0] != archive.database:
                    self._remembered = (archive.database, {})
                self._remembered[1][key] = answer
                return answer

        return await anyio.to_thread.run_sync(in_thread)

    async def name(self, language: Language) -> str:
        """What the archive is called, after the site of which it holds most."""
        return name_of(await self.remember("site", main_site), language)

    def language(self, request: Request) -> Language:
        """The language of the address, else the visitor's."""
        return language_of_path(request.path) or self.preferred(request)

    def preferred(self, request: Request) -> Language:
        """The visitor's language: the cookie, else the browser's choice."""
        return preferred(request.cookies.get(COOKIE), request.headers.get("accept-language"))

    async def render(
        self, request: Request, template: str, status: int = 200, *, headers: dict[str, str] | None = None, policy: str = STRICT, **context: Any
    ) -> Response:
        """A page from a template, with what every page gets besides `context`: `lang`, `t`, dates and numbers, addresses, the navigation."""
        language = self.language(request)
        shared = {**self.context(request, language), "name": await self.name(language)}
        shown = await self.datasette.render_template([template], {**shared, **context}, request=request)
        response = Response.html(shown, status=status, headers={"Content-Security-Policy": policy, "Content-Language": language, **(headers or {})})
        if language_of_path(request.path) and language != self.preferred(request):  # only who reads another language than the browser's gets a cookie
            response.set_cookie(COOKIE, language, max_age=365 * 86400, samesite="lax", httponly=True)
        return response

    def context(self, request: Request, language: Language) -> dict[str, Any]:
        """What every template gets."""
        return {
            "lang": language,
            "t": Translator(language),
            "room": self,
            "nav": [name for name in PAGES if name in pages()],
            "has_page": lambda page: page in pages(),
            "here": request.path,
            "switch": {other: self.switched(request, other) for other in LANGUAGES if other != language},
            "date_words": lambda iso: date_words(iso, language),
            "span_words": lambda start, end: span_words(start, end, language),
            "number": lambda value: number_words(value, language),
            "time": lambda iso: time_element(iso, language),
            "static": static,
            "layout": "room_base.html",
            "to_page": lambda page: f"/{language}/{'' if page == 'home' else page}",
            "to_item": lambda item_id: f"/{language}/item/{item_id}",
            "to_document": lambda document_id: f"/{language}/document/{document_id}",
            "to_facet": lambda facet, value: f"/{language}/search?{facet}={quote(value, safe='')}",
            "archived": archived,
            "database": self.database,
            "words": "",
        }

    def switched(self, request: Request, language: Language) -> str:
        """This very address in another language."""
        rest = request.path[3:] if language_of_path(request.path) else request.path
        query = f"?{request.query_string}" if request.query_string else ""
        return f"/{language}{quote(rest, safe='/%:~@!$&()*+,;=-._')}{query}"

    def absolute(self, request: Request, path: str) -> str:
        """The whole address of a path, at the host by which the visitor came."""
        host = request.headers.get("host", "")
        return f"{request.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}{path}"

    async def message(self, request: Request, key: str, status: int, detail: str = "", *, own_words: bool = False) -> Response:
        """A page that says one thing: `base.<key>.title` and `base.<key>.text`, with a detail; `own_words`: that one is in the page's language."""
        language = self.language(request) if own_words else "en"
        return await self.render(request, "room_message.html", status, key=f"base.{key}", detail=detail, detail_language=language)


def room_of(datasette: Any) -> Room | None:
    """The room of a Datasette: the one that `serve` made, else one over the first database that is ours; None if there is none."""
    found: Room | None = getattr(datasette, _ATTRIBUTE, None)
    if found is not None:
        return found
    for name, database in datasette.databases.items():
        if database.path and is_ours(Path(database.path)):
            config = datasette.plugin_config(NAME) or {}
            path = Path(database.path)
            folder = Path(config.get("archive") or path.parent)
            return Room(datasette, database=name, lease=partial(_fixed, path), archive=folder, public=bool(config.get("public")))
    return None


@contextlib.contextmanager
def _fixed(path: Path) -> Iterator[Path]:
    yield path


def is_ours(path: Path) -> bool:
    """Whether a file is a database of this program, by the application id in its head."""
    try:
        with path.open("rb") as stream:
            return stream.read(72)[68:] == APPLICATION_ID.to_bytes(4, "big")
    except OSError:
        return False


@lru_cache(maxsize=1)
def pages() -> dict[str, list[tuple[str, View]]]:
    """The routes of every page by its name: every file in `web/pages/`."""
    return {module.__name__.rsplit(".", 1)[1]: list(module.ROUTES) for module in registry.modules("rabat_crawler.web.pages")}


def archived(moment: str, url: str) -> str:
    """Where the archive shows an address as it was at a time (ISO 8601)."""
    return f"/archived/{re.sub(r'[^0-9]', '', moment)[:14].ljust(14, '0')}id_/{quote(url, safe=_IN_PATH)}"


@lru_cache(maxsize=256)
def static(name: str) -> str:
    """The address of a file in `static/`; it changes with the file, so that browsers may keep it."""
    content = (files(__package__) / "static" / name).read_bytes()
    return f"{STATIC}/{name}?{hashlib.sha256(content).hexdigest()[:8]}"
