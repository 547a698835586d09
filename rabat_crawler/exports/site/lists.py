"""The pages that lead to items: home, lists by year, kind, language and country, agenda, about, search; in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from rabat_crawler import __version__, calendars
from rabat_crawler.archive.agenda import Event, Telling
from rabat_crawler.charts import gallery
from rabat_crawler.embedded import data_block
from rabat_crawler.exports.site.entries import FACETS, PER_PAGE, UNDATED, Line, counts
from rabat_crawler.exports.site.item_pages import document_path, item_path
from rabat_crawler.exports.site.pages import Pages
from rabat_crawler.models import DocumentVersion
from rabat_crawler.names import label, slug
from rabat_crawler.web import about_view, home_view
from rabat_crawler.web.about_view import About
from rabat_crawler.web.home_view import Held
from rabat_crawler.web.language import LANGUAGES, Language, Translator
from rabat_crawler.web.templating import trusted

NEWEST_MEETINGS = 200
SEARCH_WORDS = (
    "title title_words none sort_relevance sort_newest sort_oldest remove facet_language facet_kind facet_year previous next page"
).split()
SITE_WORDS = "failed small checked items total.one total.many".split()


class Lists:
    """Writes them. `facets`: for each facet its values with the number of items."""

    def __init__(self, pages: Pages, lines: Sequence[Line]) -> None:
        self._pages, self._lines = pages, lines
        self.facets = {facet: counts(lines, facet) for facet in FACETS}

    def to_facet(self, language: Language, facet: str, value: str) -> str:
        """The address of a list from the root; "" if there is none."""
        return f"{language}/{facet}/{value}/" if value in self.facets.get(facet, ()) else ""

    def _links(self, language: Language, root: str) -> dict[str, Any]:
        return {
            "to_item": lambda item_id: root + item_path(item_id),
            "to_document": lambda document_id: root + document_path(document_id),
            "to_facet": lambda facet, value: root + path if (path := self.to_facet(language, facet, value)) else "",
        }

    def _page(self, path: str, template: str, language: Language, **context: Any) -> None:
        root = "../" * path.count("/")
        self._pages.page(path, template, language, **{**self._links(language, root), **context})

    def home(self, held: Held, newest: Sequence[Line]) -> None:
        """The first page in each language; its newest items are those in it, where there are any."""
        for language in LANGUAGES:
            mine = [line for line in newest if line.language == language] or list(newest)
            self._page(
                f"{language}/",
                "site_home.html",
                language,
                held=_with_newest(held, mine[: home_view.NEWEST]),
                charts=home_view.charts_of(held, language),
                drawn=home_view.drawn,
                run_key=home_view.run_key(held.last_run),
                feed=f"../{language}/feed.atom",
                to_all=f"../{language}/items/",
            )

    def write(self, documents: Sequence[DocumentVersion]) -> None:
        """The overview and every list."""
        for language in LANGUAGES:
            facets = {
                facet: [(value, self._words(facet, value, language), count) for value, count in values.items()]
                for facet, values in self.facets.items()
            }
            facets["country"].sort(key=lambda row: slug(row[1]))
            self._page(f"{language}/browse/", "site_browse.html", language, facets=facets, total=len(self._lines), documents=len(documents))
            self._list(f"{language}/items/", language, self._pages.translate[language]("search.all"), "", self._lines)
            if documents:
                self._list(f"{language}/documents/", language, self._pages.translate[language]("item.documents"), "documents", documents)
        under: dict[tuple[str, str], list[Line]] = {}
        for line in self._lines:
            for facet in FACETS:
                for value in line.values(facet):
                    if value in self.facets[facet]:
                        under.setdefault((facet, value), []).append(line)
        for (facet, value), lines in under.items():
            for language in LANGUAGES:
                self._list(f"{language}/{facet}/{value}/", language, self._words(facet, value, language), facet, lines)

    def _list(self, path: str, language: Language, heading: str, facet: str, lines: Sequence[Line] | Sequence[DocumentVersion]) -> None:
        last = max(1, -(-len(lines) // PER_PAGE))
        for number in range(1, last + 1):
            here = path if number == 1 else f"{path}{number}/"
            root = "../" * here.count("/")
            self._page(
                here,
                "site_list.html",
                language,
                heading=heading,
                facet=facet,
                lines=lines[(number - 1) * PER_PAGE : number * PER_PAGE],
                total=len(lines),
                page=number,
                last=last,
                to_number=lambda wanted, root=root: f"{root}{path}{f'{wanted}/' if wanted > 1 else ''}",
            )

    def _words(self, facet: str, value: str, language: Language) -> str:
        translate = self._pages.translate[language]
        if facet == "country":
            return label("country", value, language)
        key = {"kind": f"base.kind_{value}", "language": f"base.language_{value}", "year": f"base.{UNDATED}"}[facet]
        if facet == "year" and value != UNDATED:
            return value
        return translate(key) if translate.has(key) else translate("site.other") if facet == "language" else value

    def agenda(self, events: Sequence[Event], stamp: str) -> None:
        """The meetings, the latest first: the newest of them, all of each year, and a calendar file."""
        by_year: dict[str, list[Event]] = {}
        for event in reversed(events):
            by_year.setdefault(event.start[:4], []).append(event)
        newest: dict[str, list[Event]] = {}
        for event in events[-NEWEST_MEETINGS:][::-1]:
            newest.setdefault(event.start[:4], []).append(event)
        base = self._pages.base_url
        for language in LANGUAGES:
            self._agenda_page(f"{language}/agenda/", language, newest, "", list(by_year), len(events))
            for year, found in by_year.items():
                self._agenda_page(f"{language}/agenda/{year}/", language, {year: found}, year, list(by_year), len(found))
            calendar = calendars.iter_calendar(
                events,
                stamp=stamp,
                name=self._pages.translate[language]("agenda.calendar_name"),
                language=language,
                link=(lambda one: base + item_path(one.item_id)) if base else None,
            )
            self._pages.pieces(f"{language}/agenda.ics", calendar)

    def _agenda_page(self, path: str, language: Language, groups: dict[str, list[Event]], year: str, years: list[str], total: int) -> None:
        self._page(
            path,
            "site_agenda.html",
            language,
            groups=[(one, [(event, *_best(event.items, language)) for event in events]) for one, events in groups.items()],
            year=year,
            years=years,
            total=total,
            type_words=lambda name: calendars.named(calendars.TYPES, name, language),
            format_words=lambda name: calendars.named(calendars.FORMATS, name, language),
            place_words=lambda event: calendars.where(event, language),
        )

    def about(self, found: About) -> None:
        """What the collection is."""
        for language in LANGUAGES:
            path = f"{language}/about/"
            self._page(
                path,
                "site_about.html",
                language,
                found=found,
                gaps=found.gaps,
                years_said=about_view.years_said,
                chart=gallery.coverage(found.coverage, language=language) if found.coverage else None,
                drawn=about_view.drawn,
                version=__version__,
                own=f"{self._pages.base_url}{language}/" if self._pages.base_url else "",
            )

    def search(self, index: str) -> None:
        """The search page; `index`: where the files lie that it reads, from the root."""
        for language in LANGUAGES:
            phrases = _phrases(self._pages.translate[language])
            self._page(f"{language}/search/", "site_search.html", language, index=index, phrases=trusted(data_block(phrases)))


def _with_newest(held: Held, newest: Iterable[Line]) -> Any:
    """What the first page shows, with lines in the place of items."""
    return {"stats": held.stats, "newest": list(newest), "last_run": held.last_run}


def _best(items: Sequence[Telling], language: Language) -> tuple[Telling, list[Telling]]:
    head = next((one for one in items if one.language == language), items[0])
    return head, [one for one in items if one.item_id != head.item_id]


def _phrases(translate: Translator) -> dict[str, str]:
    """What the script of the search page says, in the page's language."""
    found = {key: translate(f"search.{key}") for key in SEARCH_WORDS} | {key: translate(f"site.{key}") for key in SITE_WORDS}
    found |= {f"kind_{kind}": translate(f"base.kind_{kind}") for kind in ("news", "event", "publication", "project", "page")}
    found |= {f"language_{code}": translate(f"base.language_{code}") for code in ("fr", "en", "mixed")}
    return found | {"kind_document": translate("site.kind_document"), "undated": translate("base.undated")}


def feed_address(item_id: str, base_url: str) -> str:
    """Where a feed in a language's folder leads for an item."""
    return f"{base_url or '../'}{quote(item_path(item_id))}"
