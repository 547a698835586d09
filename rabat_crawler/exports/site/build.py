"""Writes the site in one pass over the items: pages, index, lines; then the lists, feeds and what search engines read."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from pathlib import Path
from sys import intern
from xml.sax.saxutils import escape

from rabat_crawler import atom
from rabat_crawler.archive.agenda import Event
from rabat_crawler.archive.feed_entries import read_entries
from rabat_crawler.exports._addresses import base
from rabat_crawler.exports._collection import readme
from rabat_crawler.exports._export import Options, Source
from rabat_crawler.exports.atom import subject
from rabat_crawler.exports.site.entries import UNDATED, Line, counts, timeline
from rabat_crawler.exports.site.item_pages import ItemPages, document_path, item_path
from rabat_crawler.exports.site.lists import Lists, feed_address
from rabat_crawler.exports.site.pages import Pages
from rabat_crawler.exports.site.search_files import SearchFiles, folder_name
from rabat_crawler.models import DocumentVersion, Item
from rabat_crawler.query.codes import code_of
from rabat_crawler.web.about_view import about_of
from rabat_crawler.web.home_view import Held
from rabat_crawler.web.language import LANGUAGES
from rabat_crawler.web.naming import main_site, name_of

IN_FEED = 40
MAX_IN_SITEMAP = 45_000
PARTIAL = "intro_only"
_CONTENTS = """A static site in French and English: put this folder onto any web server, at its root or below any path. To look at it here:

    python -m http.server --bind 127.0.0.1 8000      # in this folder; then open http://127.0.0.1:8000/

- `fr/`, `en/`: first page, search, lists, agenda (also as iCalendar), about page, feed
- `item/ID/`: the page of an item, its permanent address; in the language of the item, with its evidence, versions, translation and citation
- `document/ID/`: the text of a document that items link
- `search/`: what the search reads in the browser; nothing runs on the server, and nothing is asked of another host
- `404.html`, `robots.txt`{sitemap}

{items:,} items, {documents:,} documents, {pages:,} pages.
"""


def build(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of the site."""
    archive, here = source.archive, base(options)
    base_url = f"{here}/" if here else ""
    names = {language: options.title or name_of(main_site(archive), language) for language in LANGUAGES}
    pages = Pages(target, names=names, base_url=base_url)
    selected = set(source.item_ids)
    documents = [one for one in _newest_first(archive.documents()) if source.selection.whole or selected.intersection(one.items)]
    index = f"search/{folder_name(source.moment, [*source.item_ids, *(one.document_id for one in documents)])}/"
    writer = _Items(source, pages, SearchFiles(target / index), selected)
    writer.write(documents)
    shards = writer.search.finish()  # its memory is free again before the meetings are read
    lists = Lists(pages, writer.lines)
    held = _held(source, writer, len(documents))
    lists.home(held, writer.lines)
    lists.write(documents)
    lists.agenda([kept for event in archive.agenda() if (kept := _kept(event, selected))], source.moment)
    lists.about(about_of(archive))
    lists.search(index)
    _feeds(source, pages, writer.lines)
    for name, missing in (("index.html", False), ("404.html", True)):
        root = base_url if missing else ""
        pages.file(name, "site_root.html", "en", root=root, here="", missing=missing, phrase=lambda language, key: pages.translate[language](key))
    _for_machines(pages)
    contents = _CONTENTS.format(
        items=len(writer.lines), documents=len(documents), pages=len(pages.addresses), sitemap=", `sitemap.xml`" if base_url else ""
    )
    pages.text("README.md", readme(source, options, contents))
    return {"items": len(writer.lines), "documents": len(documents), "pages": len(pages.addresses), "shards": shards}


class _Items:
    """The pass over items and documents: the newest first, so that the numbers of the index follow time."""

    def __init__(self, source: Source, pages: Pages, search: SearchFiles, selected: set[str]) -> None:
        self._source, self.search = source, search
        self.lines: list[Line] = []
        self.captures = 0
        countries = set(dict(source.archive.facets(source.selection.filters)["country"])) if selected else set()
        self._pages = ItemPages(
            pages,
            source.archive,
            selected=selected,
            to_facet=lambda language, facet, value: f"{language}/{facet}/{value}/" if facet == "country" and value in countries else "",
        )

    def write(self, documents: list[DocumentVersion]) -> None:
        """Their pages, their words into the index."""
        left = ((_order(one.dated), 1, number, one) for number, one in enumerate(documents))
        items: Iterator[tuple[tuple[int, ...], int, int, Item | DocumentVersion]] = (
            (_order(item.published), 0, number, item) for number, item in enumerate(self._source.items("pages"))
        )
        for _, _, _, one in heapq.merge(items, left, key=lambda entry: entry[:3]):
            if isinstance(one, Item):
                self._item(one)
            else:
                self._document(one)

    def _item(self, item: Item) -> None:
        view = self._pages.write(item)
        named = [(kind, name.code) for kind, found in view.names.items() for name in found]
        self.captures += view.capture_count
        self.lines.append(
            Line(
                item_id=item.item_id, kind=item.kind, language=intern(item.language) if item.language else None, title=item.title, published=item.published,
                canonical_url=item.canonical_url if not item.title else None, twin=view.cited.twin.item_id if view.cited.twin else None,
                countries=tuple(intern(code) for kind, code in named if kind == "country"),
            )
        )  # fmt: skip
        self.search.add(
            name=item.item_id,
            address=item_path(item.item_id),
            kind=item.kind,
            language=item.language,
            title=item.title,
            text=item.text or item.summary,
            dated=item.published,
            whole=PARTIAL not in item.flags,
            names=[code_of(kind, code) for kind, code in named],
        )

    def _document(self, document: DocumentVersion) -> None:
        text = self._pages.write_document(document)
        title = document.title or (document.names[0] if document.names else document.url)
        self.search.add(
            name=document.document_id,
            address=document_path(document.document_id),
            kind="document",
            language=document.language,
            title=title,
            text=text,
            dated=document.dated,
        )


def _newest_first(documents: list[DocumentVersion]) -> list[DocumentVersion]:
    return sorted(documents, key=lambda one: (_order(one.dated), one.document_id))


def _order(published: str | None) -> tuple[int, ...]:
    """Sorts the newest first, what has no date last; of one year the days before what is known to the year only, as `item_ids` does."""
    if not published:
        return (1,)
    return (0, *(-ord(letter) for letter in published), 1)


def _held(source: Source, writer: _Items, documents: int) -> Held:
    """What the first page says the site holds: numbers of what was selected."""
    archive, lines = source.archive, writer.lines
    years = {year: count for year, count in counts(lines, "year").items() if year != UNDATED}
    stats = {
        **archive.stats(),
        "items": len(lines),
        "with_twin": sum(line.twin is not None for line in lines),
        "documents": documents,
        "by_kind": counts(lines, "kind"),
        "by_language": counts(lines, "language"),
        "by_year": years,
    }
    if not source.selection.whole:
        stats["captures"] = writer.captures
    published = {year: {"published": count, "captures": 0} for year, count in sorted(years.items())}
    coverage = archive.coverage() if source.selection.whole else published
    return Held(stats=stats, newest=(), last_run=next(iter(archive.runs(1)), None), timeline=timeline(lines), coverage=coverage)


def _kept(event: Event, selected: set[str]) -> Event | None:
    """A meeting with those items that were selected; None if no one of them was."""
    items = tuple(one for one in event.items if one.item_id in selected)
    if not items:
        return None
    return Event(
        start=event.start, end=event.end, town=event.town, country=event.country, place=event.place, format=event.format,
        meeting_type=event.meeting_type, items=items,
    )  # fmt: skip


def _feeds(source: Source, pages: Pages, lines: list[Line]) -> None:
    """The newest items of each language with their full text."""
    for language in LANGUAGES:
        newest = [line.item_id for line in lines if line.language == language][:IN_FEED] or [line.item_id for line in lines[:IN_FEED]]
        items = source.archive.items_of(newest)
        entries = read_entries(source.archive, items, lambda item: feed_address(item.item_id, pages.base_url))
        here = f"{pages.base_url}{language}/" if pages.base_url else ""
        shown = atom.feed(
            entries, title=pages.names[language], subject=subject(source.selection, f"{language}/newest"), author=pages.names[language],
            self_address=f"{here}feed.atom", address=here or "./", language=language,
        )  # fmt: skip
        pages.text(f"{language}/feed.atom", shown)


def _for_machines(pages: Pages) -> None:
    """robots.txt, and with a base address the sitemap: one file, or an index of several."""
    allowed = "User-agent: *\nAllow: /\n"
    if not pages.base_url:
        pages.text("robots.txt", allowed)
        return
    addresses = [escape(pages.base_url + path) for path in sorted(pages.addresses) if "/search/" not in path]
    parts = [addresses[start : start + MAX_IN_SITEMAP] for start in range(0, len(addresses), MAX_IN_SITEMAP)] or [[]]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    for number, part in enumerate(parts, 1):
        name = "sitemap.xml" if len(parts) == 1 else f"sitemap-{number}.xml"
        listed = "".join(f"<url><loc>{address}</loc></url>\n" for address in part)
        pages.text(name, f"{head}<urlset {space}>\n{listed}</urlset>\n")
    if len(parts) > 1:
        listed = "".join(f"<sitemap><loc>{escape(pages.base_url)}sitemap-{number}.xml</loc></sitemap>\n" for number in range(1, len(parts) + 1))
        pages.text("sitemap.xml", f"{head}<sitemapindex {space}>\n{listed}</sitemapindex>\n")
    pages.text("robots.txt", f"{allowed}Sitemap: {pages.base_url}sitemap.xml\n")
