"""The sample site as a function from an address to an answer. No socket, no clock: two answers to one address differ by a counter only."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from rabat_crawler.demo.chrome import error_page
from rabat_crawler.demo.content import SampleArticle, Story, paragraphs
from rabat_crawler.demo.country_sheets import SHEETS_EN, SHEETS_FR, sheets_pdf
from rabat_crawler.demo.epochs import epoch_named
from rabat_crawler.demo.feeds import feed
from rabat_crawler.demo.labels import LANGUAGES, PRIVATE_PATH, TAGS, WORDS
from rabat_crawler.demo.listings import Lists
from rabat_crawler.demo.menus import Menu
from rabat_crawler.demo.past import stories_of
from rabat_crawler.demo.pdf import make_pdf
from rabat_crawler.demo.render import Desk
from rabat_crawler.demo.shelf import Shelf
from rabat_crawler.demo.template import ORIGIN, Template

MISSING_FILE = "/images/documents/2015/a-letters-journey.pdf"
"""Linked by an article, but not there."""

HTML = "text/html; charset=utf-8"
CACHED_ANSWERS = 4096
GZIP = 31
_LAST_SEGMENT_ID = re.compile(r"^(\d{1,9})(?:-|$)")
_COMPONENT_ARTICLE = re.compile(r"^/(?:fr|en)/component/content/article/")
_TAG = re.compile(r"^/(fr|en)/component/tags/tag/([a-z-]+)$")

EXPIRES = ("Expires", "Wed, 17 Aug 2005 00:00:00 GMT")
NO_CACHE = (
    ("Cache-Control", "no-store, no-cache, must-revalidate, post-check=0, pre-check=0"),
    ("Pragma", "no-cache"),
)

ROBOTS = "User-agent: *\n" + "".join(
    f"Disallow: {path}/\n"
    for path in (
        *(f"/{name}" for name in ("administrator", "bin", "cache", "cli", "components", "includes", "installation", "language", "layouts")),
        *(f"/{name}" for name in ("libraries", "logs", "modules", "plugins", "tmp")),
        PRIVATE_PATH,
    )
)
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:72em;margin:auto;color:#222}a{color:#08c}.nav{list-style:none;padding:0}"
    ".nav-pills>li{display:inline-block;margin-right:1em}.row-fluid{display:flex;gap:2em}.span3{flex:0 0 14em}.span6{flex:1}"
    ".icons,.element-invisible{display:none}.muted{color:#777}"
)
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
ASSETS: Mapping[str, tuple[str, bytes]] = {
    ".css": ("text/css", STYLE.encode()),
    ".js": ("application/javascript", b"/* sample */\n"),
    ".gif": ("image/gif", PIXEL),
    ".png": ("image/gif", PIXEL),
    ".jpg": ("image/gif", PIXEL),
    ".ico": ("image/gif", PIXEL),
}


class Response(NamedTuple):
    """An answer: status, headers without Content-Length and Date, body as it goes over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, case ignored."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class _Answer(NamedTuple):
    """An answer before it is filled in: the same for every request."""

    status: int
    template: Template | bytes
    headers: tuple[tuple[str, str], ...]
    location: str = ""


class SampleSite:
    """The bundled bilingual sample site, `edition` 1 or 2 (the same site one later night), or with any `stories` of yours.

    `epoch`: "middle", or "old" or "new", the same site under the addresses of another time (`edition` is 1 then). ValueError if there is no such site.
    """

    def __init__(self, *, edition: int = 1, stories: Iterable[Story] | None = None, epoch: str = "middle") -> None:
        self.edition = edition
        self.epoch = epoch_named(epoch)
        self._menus = self.epoch.menus
        self._shelf = Shelf(stories_of(epoch, edition) if stories is None else stories, self.epoch)
        self._desk = Desk(self._shelf)
        self._lists = Lists(self._desk)
        self._cache: dict[str, _Answer] = {}
        self._serial = itertools.count(1)
        self._by_path = {} if self.epoch.numbered else self._article_paths()
        self._page_headers = (EXPIRES, ("Last-Modified", self.epoch.page_date), *NO_CACHE)
        self._file_headers = (("Last-Modified", self.epoch.file_date), ("Accept-Ranges", "none"))
        self.files: Mapping[str, bytes] = _files(self._shelf)
        self.articles: tuple[SampleArticle, ...] = self._shelf.truth()

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        """The answer to GET on a path; `origin` is scheme://host[:port] as asked, written into all absolute links.

        Never raises: an unknown path is a 404 page. Only the form token, the ids of hidden mail addresses and the hit counters differ
        between two calls.
        """
        answer = self._cache.get(path_with_query)
        if answer is None:
            answer = self._route(path_with_query)
            if len(self._cache) >= CACHED_ANSWERS:
                self._cache.clear()
            self._cache[path_with_query] = answer
        body = answer.template if isinstance(answer.template, bytes) else answer.template.fill(origin, next(self._serial))
        headers = answer.headers
        if answer.location:
            headers = (*headers, ("Location", answer.location.replace(ORIGIN, origin)))
        if gzip_ok and isinstance(answer.template, Template):
            packer = zlib.compressobj(1, zlib.DEFLATED, GZIP)
            body = packer.compress(body) + packer.flush()
            headers = (*headers, ("Content-Encoding", "gzip"))
        return Response(answer.status, headers, body)

    def _route(self, path_with_query: str) -> _Answer:
        parts = urlsplit("http://x" + path_with_query) if path_with_query.startswith("/") else urlsplit("http://x/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path
        first = path.split("/")[1]
        if path == "/robots.txt":
            return self._file(ROBOTS.encode(), "text/plain")
        if first in ("images", "media", "templates"):
            return self._static(path)
        if path == "/index.php":
            return self._plain_address(query)
        if first not in LANGUAGES:
            return self._redirect("/fr/" if path == "/" else f"/fr{path}" + (f"?{parts.query}" if parts.query else ""))
        return self._in_language(first, path.rstrip("/"), query)

    def _static(self, path: str) -> _Answer:
        if path in self.files:
            return self._file(self.files[path], "application/pdf")
        kind = ASSETS.get(path[path.rfind(".") :]) if "." in path else None
        return self._file(kind[1], kind[0]) if kind else self._redirect(f"/fr{path}")

    def _plain_address(self, query: Mapping[str, str]) -> _Answer:
        language = query.get("lang", "")
        if language not in LANGUAGES:
            return self._redirect("/fr/")
        if query.get("view") != "article" and not self.epoch.numbered:
            return self._redirect(f"/{language}/")
        story = self._shelf.by_id.get(_number(query.get("id", ""))) if self.epoch.numbered else None
        if story is None or query.get("view") != "article" or story.branch not in (language, "*"):
            return self._missing(language)
        return self._article(story, self._menus.by_key[language, "home"], f"/{language}/", query)

    def _in_language(self, language: str, path: str, query: Mapping[str, str]) -> _Answer:
        if query.get("format") == "opensearch":
            return self._file(_opensearch(language).encode(), "application/opensearchdescription+xml")
        if path == f"/{language}/component/mailto":
            return self._html(self._desk.mail_form(language))
        tag = _TAG.match(path)
        if tag and tag[2] in TAGS:
            return self._html(self._lists.tag(tag[2], language))
        if path == PRIVATE_PATH:
            return self._html(self._lists.private())
        menu = self._menus.by_path.get(path if path != f"/{language}/{'accueil' if language == 'fr' else 'home'}" else f"/{language}")
        if menu is not None:
            return self._menu_page(menu, query)
        if path in self.epoch.moved:
            return self._redirect(self.epoch.moved[path])
        return self._by_id(language, path, query) if self.epoch.numbered else self._by_alias(language, path, query)

    def _menu_page(self, menu: Menu, query: Mapping[str, str]) -> _Answer:
        start = _number(query.get("start", ""))
        if menu.view == "single":
            return self._article(self._shelf.by_single[menu.path], menu, menu.path, query)
        if query.get("format") == "feed":
            form = query.get("type", "rss")
            if not (menu.view in ("blog", "featured", "table") and menu.shows_date and form in ("rss", "atom")):
                return self._missing(menu.language)
            return self._html(feed(self._shelf, menu, form, start), media_type=f"application/{form}+xml; charset=utf-8")
        return self._html(self._lists.listing(menu, start, query.get("searchword", "")))

    def _article_paths(self) -> dict[str, tuple[Story, Menu]]:
        """Every address of an article, for an epoch in which no id leads to it."""
        return {
            self._shelf.path(story, language): (story, self._menus.over(language, story.category))
            for language in LANGUAGES
            for story in self._shelf.branch(language)
            if not story.single
        }

    def _by_alias(self, language: str, path: str, query: Mapping[str, str]) -> _Answer:
        found = self._by_path.get(path)
        return self._article(*found, path, query) if found else self._missing(language)

    def _by_id(self, language: str, path: str, query: Mapping[str, str]) -> _Answer:
        above, _, last = path.rpartition("/")
        found = _LAST_SEGMENT_ID.match(last)
        story = self._shelf.by_id.get(int(found[1])) if found else None
        menu = self._menus.by_path.get(above)
        if menu is None and _COMPONENT_ARTICLE.match(path):
            menu = self._menus.by_key[language, "home"]
        if story is None or menu is None or story.branch not in (language, "*"):
            return self._missing(language)
        return self._article(story, menu, path, query)

    def _article(self, story: Story, menu: Menu, address: str, query: Mapping[str, str]) -> _Answer:
        if query.get("format") == "feed":
            return self._missing(menu.language)
        if query.get("tmpl") == "component":
            return self._html(self._desk.print_view(story, menu, address))
        shown = self._desk.article(story, menu, address, start=_number(query.get("start", "")), whole=query.get("showall") == "1")
        return self._html(shown) if shown is not None else self._missing(menu.language)

    def _missing(self, language: str) -> _Answer:
        return self._html(error_page(self.epoch, language, WORDS[language]["not_found"]), status=404)

    def _html(self, text: str, *, status: int = 200, media_type: str = HTML) -> _Answer:
        return _Answer(status, Template(text), (("Content-Type", media_type), ("Vary", "Accept-Encoding"), *self._page_headers))

    def _file(self, body: bytes, media_type: str) -> _Answer:
        return _Answer(200, body, (("Content-Type", media_type), ("ETag", f'"{len(body):x}-{zlib.crc32(body):08x}"'), *self._file_headers))

    def _redirect(self, path: str) -> _Answer:
        return _Answer(301, b"", (("Content-Type", HTML), *self._page_headers), ORIGIN + path)


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _opensearch(language: str) -> str:
    name = WORDS[language]["site"]
    return f'<?xml version="1.0" encoding="utf-8"?>\n<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"><ShortName>{name}</ShortName></OpenSearchDescription>\n'


def _files(shelf: Shelf) -> dict[str, bytes]:
    """The documents the articles link to, but for the missing one. A document of two articles carries the text of the first; two are long ones."""
    found: dict[str, bytes] = {}
    for story in shelf.stories:
        for path, _ in story.files:
            if path != MISSING_FILE and path not in found:
                found[path] = sheets_pdf(path) if path in (SHEETS_FR, SHEETS_EN) else make_pdf(story.title, paragraphs(story))
    return found
