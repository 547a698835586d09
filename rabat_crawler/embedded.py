"""The metadata that an item's page carries for reference managers and search engines: Highwire, Dublin Core, Open Graph, schema.org.

Pure: values out; whoever writes the page escapes them as attributes. Only `data_block` is ready for HTML as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rabat_crawler.citations import Citation
from rabat_crawler.date_text import parts_of

SCHEMA_TYPES = {"news": "NewsArticle", "event": "Article", "publication": "Report", "project": "CreativeWork", "page": "WebPage"}
LOCALES = {"fr": "fr_FR", "en": "en_GB"}
DUBLIN_CORE = {"DC": "http://purl.org/dc/elements/1.1/", "DCTERMS": "http://purl.org/dc/terms/"}
"""The vocabularies that `<link rel="schema.DC">` names."""
MAX_DESCRIPTION = 300
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A `<meta>` element: `attribute` is "name" or "property"; `language` that of the content, where it is a text."""

    attribute: str
    name: str
    content: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """The event that an item tells of: ISO days, the place as it is called, the country's code; what is not known is "" or None."""

    start: str | None = None
    end: str | None = None
    place: str = ""
    country: str = ""
    online: bool = False


def meta_tags(cited: Citation) -> tuple[Meta, ...]:
    """The `<meta>` elements of an item's page, in a fixed order; none is empty."""
    return tuple(meta for meta in (*_highwire(cited), *_dublin_core(cited), *_open_graph(cited)) if meta.content)


def _highwire(cited: Citation) -> Iterator[Meta]:
    language, parts = cited.language, parts_of(cited.published)
    # Without it Zotero takes whatever has a citation_title for an article in a journal.
    yield Meta(attribute="name", name="z:itemType", content="webpage")
    yield Meta(attribute="name", name="citation_title", content=cited.title, language=language)
    # The comma makes it one name: without it readers take the last word for a family name.
    yield Meta(attribute="name", name="citation_author", content=cited.organisation.replace(",", "") + ",")
    yield Meta(attribute="name", name="citation_publisher", content=cited.organisation)
    yield Meta(attribute="name", name="citation_publication_date", content="/".join(f"{part:02}" for part in parts))
    yield Meta(attribute="name", name="citation_language", content=language or "")
    yield Meta(attribute="name", name="citation_public_url", content=cited.url or cited.archived_url or "")
    yield Meta(attribute="name", name="citation_fulltext_html_url", content=cited.permanent_url or "")
    yield Meta(attribute="name", name="citation_abstract", content=cited.abstract, language=language)
    yield Meta(attribute="name", name="citation_keywords", content="; ".join(word.replace(";", ",") for word in cited.keywords), language=language)


def _dublin_core(cited: Citation) -> Iterator[Meta]:
    language = cited.language
    yield Meta(attribute="name", name="DC.title", content=cited.title, language=language)
    yield Meta(attribute="name", name="DCTERMS.alternative", content=cited.translated_title, language=cited.translated_language)
    yield Meta(attribute="name", name="DC.creator", content=cited.organisation)
    yield Meta(attribute="name", name="DC.publisher", content=cited.organisation)
    yield Meta(attribute="name", name="DC.date", content="-".join(f"{part:02}" for part in parts_of(cited.published)))
    yield Meta(attribute="name", name="DC.language", content=language or "")
    yield Meta(attribute="name", name="DC.type", content="Text")
    yield Meta(attribute="name", name="DC.identifier", content=cited.permanent_url or cited.item_id)
    yield Meta(attribute="name", name="DC.source", content=cited.url or "")
    yield Meta(attribute="name", name="DCTERMS.hasVersion", content=cited.archived_url or "")
    yield Meta(attribute="name", name="DC.description", content=cited.abstract, language=language)


def _open_graph(cited: Citation) -> Iterator[Meta]:
    yield Meta(attribute="property", name="og:type", content="article")
    yield Meta(attribute="property", name="og:title", content=cited.title)
    yield Meta(attribute="property", name="og:url", content=cited.permanent_url or "")
    yield Meta(attribute="property", name="og:site_name", content=cited.organisation)
    yield Meta(attribute="property", name="og:locale", content=LOCALES.get(cited.language or "", ""))
    yield Meta(attribute="property", name="og:description", content=description(cited))
    yield Meta(attribute="property", name="article:published_time", content="-".join(f"{part:02}" for part in parts_of(cited.published)))


def description(cited: Citation) -> str:
    """The abstract, cut at a word where it is long."""
    text = cited.abstract
    return text if len(text) <= MAX_DESCRIPTION else text[:MAX_DESCRIPTION].rpartition(" ")[0].rstrip(",;:–- ") + "…"


def linked_data(cited: Citation, *, meeting: Meeting | None = None, translation_url: str | None = None) -> dict[str, Any]:
    """The item in schema.org's words; a meeting is what the text is about. Keys without a value are left out."""
    organisation = {"@type": "Organization", "name": cited.organisation}
    return _full(
        {
            "@context": "https://schema.org",
            "@type": SCHEMA_TYPES[cited.kind],
            "@id": cited.permanent_url,
            "headline": cited.title,
            "name": cited.title,
            "inLanguage": cited.language,
            "author": organisation,
            "publisher": organisation,
            "datePublished": "-".join(f"{part:02}" for part in parts_of(cited.published)),
            "identifier": {"@type": "PropertyValue", "propertyID": "item_id", "value": cited.item_id},
            "url": cited.url,
            "archivedAt": cited.archived_url,
            "abstract": cited.abstract,
            "keywords": list(cited.keywords),
            "workTranslation": _translation(cited, translation_url),
            "about": _event(cited, meeting) if meeting else None,
        }
    )


def _translation(cited: Citation, url: str | None) -> dict[str, Any] | None:
    if not cited.translated_title:
        return None
    return _full({"@type": SCHEMA_TYPES[cited.kind], "@id": url, "name": cited.translated_title, "inLanguage": cited.translated_language})


def _event(cited: Citation, meeting: Meeting) -> dict[str, Any]:
    place = _full({"@type": "Place", "name": meeting.place, "address": _full({"@type": "PostalAddress", "addressCountry": meeting.country})})
    return _full(
        {
            "@type": "Event",
            "name": cited.title,
            "startDate": meeting.start,
            "endDate": meeting.end,
            "location": place if meeting.place else None,
            "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode" if meeting.online else None,
        }
    )


def _full(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys that say nothing, a bare type among them."""
    kept = {name: value for name, value in values.items() if value}
    return {name: value for name, value in kept.items() if not (isinstance(value, dict) and set(value) == {"@type"})}


def data_block(value: Any) -> str:
    """JSON that may stand between `<script type="application/ld+json">` and its end tag: nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False)
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text
