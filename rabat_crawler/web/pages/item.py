"""An item's page, its permanent address, and its forms for programs: JSON, BibTeX, RIS, CSL-JSON, plain text."""

from __future__ import annotations

import json
from functools import partial

from datasette import Response
from datasette.utils.asgi import Request
from markupsafe import Markup

from rabat_crawler import citations, embedded
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import item_json
from rabat_crawler.citations import MEDIA_TYPES, Citation, sentence
from rabat_crawler.errors import NotFound, Withheld
from rabat_crawler.models import Item
from rabat_crawler.playback import memento_path
from rabat_crawler.web.cited import ARCHIVED, Cited, citation, read_cited
from rabat_crawler.web.item_view import ItemView, Wanted, read_item
from rabat_crawler.web.language import LANGUAGES
from rabat_crawler.web.room import Room

FORMS = ("bib", "ris", "csl.json", "txt")
_ID = r"(?P<item>[^/.]{1,80})"
MAX_PARAMETER = 60


async def item(room: Room, request: Request) -> Response:
    """The page. A former id, an article number or the beginning of an id leads to the item's own address."""
    language = room.language(request)
    wanted = Wanted(
        item=request.url_vars["item"],
        side=_parameter(request, "side"),
        old=_parameter(request, "from"),
        new=_parameter(request, "to"),
        all_captures=_parameter(request, "captures") == "all",
    )
    try:
        view = await room.ask(lambda archive: read_item(archive, wanted, language))
    except Withheld:
        raise
    except NotFound as error:
        return await _missing(room, request, wanted.item, error)
    if view.item.item_id != wanted.item:
        return Response.redirect(f"/{language}/item/{view.item.item_id}", 302)
    return await _shown(room, request, view)


async def _shown(room: Room, request: Request, view: ItemView) -> Response:
    language, here = room.language(request), room.absolute(request, "")
    cited = citation(view.cited, here, playable=view.playable)
    own = view.item.language if view.item.language in LANGUAGES else language
    twin = view.cited.twin
    linked = embedded.linked_data(
        cited, meeting=view.meeting, translation_url=f"{here}/item/{twin.item_id}" if twin and cited.permanent_url else None
    )
    return await room.render(
        request,
        "room_item.html",
        view=view,
        item=view.item,
        cited=cited,
        sentence=sentence(cited, language),
        forms=FORMS,
        metas=embedded.meta_tags(cited),
        vocabularies=embedded.DUBLIN_CORE,
        linked=Markup(embedded.data_block(linked)),  # noqa: S704 - it escapes what could end the element
        canonical=f"{here}/{own}/item/{view.item.item_id}",
        twin_address=f"{here}/{twin.language}/item/{twin.item_id}" if twin and twin.language in LANGUAGES else "",
        shown_at=partial(_shown_at, view),
        permanent=f"/item/{view.item.item_id}",
        to_json=f"/item/{view.item.item_id}.json",
        to_beside=f"?side={twin.item_id}#text" if twin else "",
        to_difference=lambda old, new: f"?from={old}&to={new}#difference",
        every_capture=_parameter(request, "captures") == "all",
    )


def _shown_at(view: ItemView, capture: object) -> str:
    """Where a capture (of `captured.Listed` or a `Capture`) is shown; "" if there are no WARC files here."""
    one = getattr(capture, "capture", capture)
    return ARCHIVED + memento_path(one.captured_at, one.url, modifier="") if view.playable else ""  # type: ignore[attr-defined]


async def _missing(room: Room, request: Request, wanted: str, error: NotFound) -> Response:
    """What may have been meant: a search for the words, other items whose id begins so."""
    return await room.render(
        request, "room_item_missing.html", 404, wanted=wanted, several="items fit" in str(error), versions="version" in str(error)
    )


async def permanent(room: Room, request: Request) -> Response:
    """`/item/<id>`: to the page in the visitor's language; whoever reads none of ours in particular gets the item's own."""
    response = Response.redirect(f"/{room.preferred(request)}/item/{request.url_vars['item']}", 302)
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


async def for_programs(room: Room, request: Request) -> Response:
    """The item as JSON, or its citation in a format that reference managers read."""
    form, wanted = request.url_vars["form"], request.url_vars["item"]
    if form == "json":
        found = await room.ask(lambda archive: archive.item(wanted))
        return _file(json.dumps(item_json(found), ensure_ascii=False, indent=1) + "\n", "application/json; charset=utf-8")
    cited, playable = await room.ask(lambda archive: _cited(archive, wanted))
    text = citations.write(form, [_citation(room, request, cited, playable)], room.language(request))
    return _file(text, MEDIA_TYPES[form], f"{cited.item.item_id}.{form}")


def _cited(archive: Archive, wanted: str) -> tuple[Cited, bool]:
    found: Item = archive.item(wanted)
    return read_cited(archive, found), archive.warc_dir.is_dir()


def _citation(room: Room, request: Request, cited: Cited, playable: bool) -> Citation:
    return citation(cited, room.absolute(request, ""), playable=playable)


def _file(text: str, media_type: str, name: str = "") -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if name and not name.endswith(".txt") else {}
    return Response(text, headers=headers, content_type=media_type)


def _parameter(request: Request, name: str) -> str:
    return (request.args.get(name) or "")[:MAX_PARAMETER]


_FORM = rf"\.(?P<form>json|{'|'.join(form.replace('.', '[.]') for form in FORMS)})"
ROUTES = [
    (rf"^/item/{_ID}$", permanent),
    (rf"^(?:/en|/fr)?/item/{_ID}{_FORM}$", for_programs),
    (rf"^/(?:en|fr)/item/{_ID}$", item),
]
