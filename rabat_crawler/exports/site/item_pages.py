"""The page of an item and of a document: permanent, in the language of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from rabat_crawler import citations, embedded
from rabat_crawler.archive.past import History
from rabat_crawler.archive.reader import Reader
from rabat_crawler.citations import Citation, cite_kept, sentence
from rabat_crawler.exports.site.entries import own_language
from rabat_crawler.exports.site.pages import Pages
from rabat_crawler.models import DocumentVersion, Item
from rabat_crawler.web.cited import Cited
from rabat_crawler.web.document_view import read as read_document
from rabat_crawler.web.item_view import Difference, ItemView, Wanted, beside, compared, read_item
from rabat_crawler.web.language import LANGUAGES, Language
from rabat_crawler.web.templating import trusted

FORMS = ("bib", "ris", "csl.json", "txt")
MAX_CAPTURES = 300
MAX_DIFFERENCES = 20
ToFacet = Callable[[Language, str, str], str]


def item_path(item_id: str) -> str:
    """Where an item's page stands, from the root of the site."""
    return f"item/{item_id}/"


def document_path(document_id: str) -> str:
    """Where a document's page stands, from the root of the site."""
    return f"document/{document_id}/"


class ItemPages:
    """Writes the pages of the items that were selected; what they lead to is linked only if it is among them."""

    def __init__(self, pages: Pages, archive: Reader, *, selected: Container[str], to_facet: ToFacet) -> None:
        self._pages, self._archive, self._selected, self._to_facet = pages, archive, selected, to_facet
        latest = archive.latest()
        self._accessed = datetime.fromisoformat(latest).astimezone(UTC).date() if latest else None

    def write(self, item: Item) -> ItemView:
        """The page of an item; what it shows."""
        language = own_language(item.language)
        view = self._only_selected(read_item(self._archive, Wanted(item=item.item_id, all_captures=True), language))
        cited, twin = self._citation(view.cited), view.cited.twin
        base = self._pages.base_url
        translation = base + item_path(twin.item_id) if twin and base else None
        linked = embedded.linked_data(cited, meeting=view.meeting, translation_url=translation)
        other = beside(self._archive, item, self._archive.translations(item.item_id), twin.item_id) if twin else None
        differences = _differences(view.history)
        self._pages.page(
            item_path(item.item_id),
            "site_item.html",
            language,
            switch={twin.language: item_path(twin.item_id)} if twin and twin.language in LANGUAGES and twin.language != language else None,
            view=view,
            item=item,
            cited=cited,
            sentence=sentence(cited, language),
            cite_files=[_file(form, cited, language) for form in FORMS if form != "txt"],
            metas=embedded.meta_tags(cited),
            vocabularies=embedded.DUBLIN_CORE,
            linked=trusted(embedded.data_block(linked)),
            twin_address=f"{base or '../../'}{item_path(twin.item_id)}" if twin and twin.language in LANGUAGES else "",
            shown_at=lambda _: "",
            permanent=f"../../{item_path(item.item_id)}",
            to_json="",
            to_beside="#beside" if other else "",
            other=other,
            differences=differences,
            to_difference=lambda old, new: (
                f"#difference-{old}-{new}" if any((one.old, one.new) == (old, new) for one in differences) else "#versions"
            ),
            every_capture=False,
            **self._links(language),
        )
        return view

    def write_document(self, document: DocumentVersion) -> str:
        """The page of a document; its whole text."""
        language = own_language(document.language)
        shown = read_document(self._archive, document.document_id, 1)
        items = tuple(one for one in shown.items if one.item_id in self._selected)
        self._pages.page(
            document_path(document.document_id),
            "site_document.html",
            language,
            shown=replace(shown, items=items, versions=()),
            document=document,
            file_address="",
            **self._links(language),
        )
        return "\n\n".join(self._archive.document_pages(document.document_id))

    def _links(self, language: Language) -> dict[str, Any]:
        """How a page two steps below the root leads to others."""
        return {
            "to_item": lambda item_id: f"../../{item_path(item_id)}" if item_id in self._selected else "",
            "to_document": lambda document_id: f"../../{document_path(document_id)}",
            "to_facet": lambda facet, value: f"../../{path}" if (path := self._to_facet(language, facet, value)) else "",
        }

    def _only_selected(self, view: ItemView) -> ItemView:
        selected, cited = self._selected, view.cited
        hidden = cited.twin is not None and cited.twin.item_id not in selected
        return replace(
            view,
            cited=replace(cited, twin=None) if hidden else cited,
            related=tuple(pair for pair in view.related if pair[1].item_id in selected),
            similar=tuple(one for one in view.similar if one.item_id in selected),
            before=view.before if view.before and view.before.item_id in selected else None,
            after=view.after if view.after and view.after.item_id in selected else None,
            captures=view.captures[:MAX_CAPTURES],
        )

    def _citation(self, found: Cited) -> Citation:
        """The citation as of the archive's state; a public web archive's copy is named where there is one."""
        capture = found.capture.capture if found.capture else None
        kept = cite_kept(found.item, twin=found.twin, capture=capture, here=None, playable=False, accessed=self._accessed)
        return replace(kept, permanent_url=self._pages.base_url + item_path(found.item.item_id) if self._pages.base_url else None)


def _file(form: str, cited: Citation, language: Language) -> tuple[str, str, str]:
    """(form, address that holds the file itself, its text)."""
    text = citations.write(form, [cited], language)
    media_type = citations.MEDIA_TYPES[form].split(";")[0]
    return form, f"data:{media_type};charset=utf-8,{quote(text)}", text


def _differences(history: History) -> list[Difference]:
    """Each of the latest versions against what stood before it, the current one first."""
    found = []
    for version in history.versions[::-1][:MAX_DIFFERENCES]:
        before = history.before(version)
        if before is not None:
            found.append(compared(history, before, version))
    return found
