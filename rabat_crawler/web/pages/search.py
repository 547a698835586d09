"""The search page: words and filters in its address, results with facets; the same search as a feed, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasette import Response
from datasette.utils.asgi import Request
from markupsafe import Markup, escape

from rabat_crawler import atom, registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import document_hit_json, hit_json
from rabat_crawler.archive.feed_entries import read_entries
from rabat_crawler.archive.results import FacetValue, Results
from rabat_crawler.errors import ConfigError, SearchSyntax
from rabat_crawler.models import DocumentHit, Item
from rabat_crawler.names import KINDS as NAMED
from rabat_crawler.names import label
from rabat_crawler.spreadsheets import csv_text
from rabat_crawler.web.asked import FILTERS, MAX_PAGE, PAGE_SIZE, SORTS, Asked, read_asked
from rabat_crawler.web.language import Language, Translator
from rabat_crawler.web.room import Room

SHOWN_FACETS = ("language", "kind", "year", "country", "theme", "organisation", "town", "site")
FIRST_VALUES, ALL_VALUES = 6, 60
DOCUMENTS = 5
FEED = 30
MOST_ROWS = 1000
UTF_8 = "\ufeff"
"""Tells spreadsheets how the letters are written; what else reads CSV passes over it."""
COLUMNS = (
    "number", "item_id", "language", "kind", "published", "event_start", "event_end", "title", "snippet", "url", "site", "section", "twin",
    "first_seen", "last_seen", "gone", "through", "version_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search page shows."""

    results: Results
    documents: tuple[DocumentHit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value of a facet as a link: `address` adds the filter, or takes it away where it is set."""

    value: str
    words: str
    count: int
    chosen: bool
    address: str


def ask(archive: Archive, asked: Asked, *, limit: int = PAGE_SIZE, offset: int | None = None, facets: bool = True, documents: bool = True) -> Found:
    """The answer of the archive. Errors as for `Reader.search`."""
    start = asked.offset if offset is None else offset
    results = archive.search(
        asked.q, asked.filters, limit=limit, offset=start, sort=asked.order, twin=asked.twin, versions=asked.versions, facets=facets
    )  # fmt: skip
    found = archive.search_documents(asked.q, asked.filters, DOCUMENTS) if documents and asked.q and start == 0 else []
    return Found(results=results, documents=tuple(found))


async def search(room: Room, request: Request) -> Response:
    """The page."""
    asked = read_asked(_arguments(request))
    language = room.language(request)
    try:
        found, problem = await room.ask(lambda archive: ask(archive, asked)), ""
    except (SearchSyntax, ConfigError) as error:
        found, problem = Found(results=Results(words=asked.q, hits=(), total=0)), str(error)
    return await room.render(
        request,
        "room_search.html",
        400 if problem else 200,
        asked=asked,
        words=asked.q,
        found=found,
        problem=problem,
        sorts=[sort for sort in SORTS if asked.q or sort != "relevance"],
        facets=facet_choices(found.results, asked, language),
        chips=chips(asked, language),
        pager=pager(found.results, asked, f"/{language}/search"),
        path=f"/{language}/search",
        marked=marked,
        FIRST_VALUES=FIRST_VALUES,
    )


def facet_choices(results: Results, asked: Asked, language: Language) -> dict[str, list[Choice]]:
    """The facets that tell something, each with its values as links; years from the latest on."""
    shown: dict[str, list[Choice]] = {}
    for facet in SHOWN_FACETS:
        values = list(results.facets.get(facet, ()))[:ALL_VALUES]
        chosen = getattr(asked, facet)
        if chosen and chosen not in {value.value for value in values}:
            values.insert(0, FacetValue(chosen, 0))
        if facet == "site" and len(values) < 2 and not chosen:
            continue
        if facet == "year":
            values.sort(key=lambda one: one.value, reverse=True)
        if values:
            shown[facet] = [_choice(facet, value, asked, language) for value in values]
    return shown


def _choice(facet: str, one: FacetValue, asked: Asked, language: Language) -> Choice:
    chosen = getattr(asked, facet) == one.value
    address = asked.address(f"/{language}/search", **{facet: "" if chosen else one.value})
    return Choice(value=one.value, words=value_words(facet, one.value, language), count=one.count, chosen=chosen, address=address)


def value_words(facet: str, value: str, language: Language) -> str:
    """A filter's value for people: the name of a code, a date in words."""
    translate = Translator(language)
    if facet in ("language", "kind") and translate.has(f"base.{facet}_{value}"):
        return translate(f"base.{facet}_{value}")
    if facet in NAMED:
        return label(facet, value, language)
    if facet == "site":
        return registry.sites()[value].title if value in registry.sites() else value
    return value


def chips(asked: Asked, language: Language) -> list[tuple[str, str, str]]:
    """The filters that are set: name, value in words, the address without it."""
    path = f"/{language}/search"
    return [(name, value_words(name, value, language), asked.address(path, **{name: ""})) for name, value in asked.active]


def pager(results: Results, asked: Asked, path: str) -> dict[str, Any]:
    """The addresses of the pages before and behind ("" for none), and which page of how many this is."""
    last = max(1, min(-(-results.total // PAGE_SIZE), MAX_PAGE))
    return {
        "page": asked.page,
        "last": last,
        "previous": asked.address(path, page=min(asked.page - 1, last)) if asked.page > 1 else "",
        "next": asked.address(path, page=asked.page + 1) if asked.page < last else "",
    }


def marked(text: str) -> Markup:
    """A text with the words found in `<mark>`; everything else is escaped, marks that do not close are left out."""
    pieces = str(escape(text)).split("\x02")
    shown = [pieces[0].replace("\x03", "")]
    for piece in pieces[1:]:
        word, closed, rest = piece.partition("\x03")
        shown.append(f"<mark>{word}</mark>{rest}" if closed else word)
    return Markup("".join(shown).replace("\x03", ""))  # noqa: S704  # escaped above


async def search_json(room: Room, request: Request) -> Response:
    """The search for programs: `limit` (at most 1000) and `offset` choose the results."""
    arguments = _arguments(request)
    asked = read_asked(arguments)
    limit, offset = _number(arguments, "limit", PAGE_SIZE, MOST_ROWS), _number(arguments, "offset", asked.offset, MAX_PAGE * PAGE_SIZE)
    found = await room.ask(lambda archive: ask(archive, asked, limit=limit, offset=offset))
    return Response(json.dumps(found_json(found, asked), ensure_ascii=False, indent=1), content_type="application/json; charset=utf-8", headers=_OPEN)


def found_json(found: Found, asked: Asked) -> dict[str, Any]:
    """The results as the README promises them."""
    results = found.results
    return {
        "words": results.words,
        "filters": dict(asked.active),
        "sort": results.sort,
        "total": results.total,
        "exact": results.exact,
        "offset": results.offset,
        "limit": results.limit,
        "suggestion": results.suggestion,
        "notes": list(results.notes),
        "facets": {facet: {value.value: value.count for value in values} for facet, values in results.facets.items()},
        "results": [{**hit_json(hit), "through": hit.through, "version_id": hit.version_id} for hit in results],
        "documents": [document_hit_json(hit) for hit in found.documents],
    }


async def search_csv(room: Room, request: Request) -> Response:
    """The first 1000 results as a table."""
    asked = read_asked(_arguments(request))
    found = await room.ask(lambda archive: ask(archive, asked, limit=MOST_ROWS, offset=0, facets=False, documents=False))
    headers = {**_OPEN, "Content-Disposition": 'attachment; filename="search.csv"'}
    return Response(UTF_8 + csv_text(found.results.rows(), COLUMNS), content_type="text/csv; charset=utf-8", headers=headers)


async def search_atom(room: Room, request: Request) -> Response:
    """The search as a feed, the newest first."""
    asked = read_asked(_arguments(request))
    language = room.language(request)

    def address(item: Item) -> str:
        return room.absolute(request, f"/{language}/item/{item.item_id}")

    def question(archive: Archive) -> list[atom.Entry]:
        newest = archive.search(asked.q, asked.filters, limit=FEED, sort="newest", twin=asked.twin)
        return read_entries(archive, [hit.item for hit in newest], address)

    entries = await room.ask(question)
    name = await room.name(language)
    shown = atom.feed(
        entries,
        title=f"{name}: {asked.q}" if asked.q else name,
        subject=f"{language}/search/" + "/".join(f"{name}/{value.encode().hex()}" for name, value in asked.parameters()),
        author=name,
        self_address=room.absolute(request, asked.address(f"/{language}/search.atom")),
        address=room.absolute(request, asked.address(f"/{language}/search")),
        language=language,
    )
    return Response(shown, content_type=atom.MEDIA_TYPE, headers=_OPEN)


_OPEN = {"Cache-Control": "max-age=60"}


def _arguments(request: Request) -> dict[str, str]:
    """The first value of each parameter that a search knows."""
    known = ("q", *FILTERS, "sort", "twin", "versions", "page", "limit", "offset")
    return {name: value for name in known if (value := request.args.get(name))}


def _number(arguments: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = arguments.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else default


ROUTES = [
    (r"^/(?:en|fr)/search$", search),
    (r"^/(?:en|fr)/search\.json$", search_json),
    (r"^/(?:en|fr)/search\.csv$", search_csv),
    (r"^/(?:en|fr)/search\.atom$", search_atom),
]
