"""What a page of unknown markup says of itself in machine form: JSON-LD, meta, microdata; nothing from its prose. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from rabat_crawler.extract.dates import parse_iso
from rabat_crawler.extract.html import Document, inline_text, normalise
from rabat_crawler.layouts._common import json_ld
from rabat_crawler.models import DateRole, PartialDate

ARTICLE_TYPES = frozenset(
    [
        "article",
        "newsarticle",
        "blogposting",
        "reportagenewsarticle",
        "analysisnewsarticle",
        "advertisercontentarticle",
        "report",
        "scholarlyarticle",
        "techarticle",
        "pressrelease",
        "backgroundnewsarticle",
        "opinionnewsarticle",
    ]
)
LISTING_TYPES = frozenset(["blog", "collectionpage", "searchresultspage", "itemlist"])
OTHER_TYPES = frozenset(["searchresultspage", "contactpage", "checkoutpage"])
PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.date",
    "dc.date",
    "dcterms.created",
    "dc.date.created",
    "date.created",
    "pubdate",
    "publishdate",
    "publish-date",
    "date",
    "sailthru.date",
    "citation_publication_date",
)
MODIFIED_META = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "dc.date.modified", "last-modified", "lastmod")


@dataclass(frozen=True, slots=True)
class Evidence:
    """`types` are lower-case schema.org or og types; `published`, `modified`, `event` the machine dates, best first."""

    types: frozenset[str] = frozenset()
    headline: str = ""
    published: tuple[PartialDate, ...] = ()
    modified: tuple[PartialDate, ...] = ()
    event: tuple[PartialDate, ...] = ()
    tags: tuple[str, ...] = ()
    section: str = ""

    @property
    def article(self) -> bool:
        """The page declares itself an article."""
        return not self.types.isdisjoint(ARTICLE_TYPES)


@lru_cache(maxsize=2)
def read_evidence(doc: Document) -> Evidence:
    """The page's declarations; broken JSON-LD counts as none."""
    nodes = tuple(_json_nodes(doc))
    chosen = [node for node in nodes if not _types(node).isdisjoint(ARTICLE_TYPES)]
    events = [node for node in nodes if any(kind.endswith("event") for kind in _types(node))]
    main = chosen or events
    micro = _microdata(doc)
    types = micro.types.union(*(_types(node) for node in nodes), [(doc.meta("og:type") or "").lower()])
    return Evidence(
        types=types,
        headline=next((normalise(str(node.get("headline") or node.get("name") or "")) for node in main), "") or micro.headline,
        published=(*_dates(main, ("datePublished",)), *_meta_dates(doc, PUBLISHED_META, "published"), *micro.published),
        modified=(*_dates(main, ("dateModified",), role="modified"), *_meta_dates(doc, MODIFIED_META, "modified"), *micro.modified),
        event=tuple(date for node in events for date in _event(node))[:3] or micro.event,
        tags=tuple(
            dict.fromkeys(tag for node in doc.css('meta[property="article:tag"]') if (tag := normalise(node.attributes.get("content") or "")))
        ),
        section=doc.meta("article:section") or "",
    )


def _json_nodes(doc: Document) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD and what they name as their main entity."""
    for node in json_ld(doc):
        yield node
        yield from (node[key] for key in ("mainEntity", "mainEntityOfPage") if isinstance(node.get(key), dict))


def _types(node: dict[str, Any]) -> frozenset[str]:
    kinds = node.get("@type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return frozenset(str(kind).lower().rsplit("/", 1)[-1] for kind in listed if isinstance(kind, str))


def _dates(nodes: list[dict[str, Any]], keys: tuple[str, ...], role: DateRole = "published") -> Iterator[PartialDate]:
    for node in nodes:
        for key in keys:
            value = node.get(key)
            found = parse_iso(value, role=role, source="json-ld") if isinstance(value, str) else None
            if found:
                yield found


def _event(node: dict[str, Any]) -> Iterator[PartialDate]:
    start, end = node.get("startDate"), node.get("endDate")
    found = parse_iso(start, role="event", source="json-ld") if isinstance(start, str) else None
    if found is None:
        return
    last = parse_iso(end, role="event", source="json-ld") if isinstance(end, str) else None
    yield with_end(found, last)


def with_end(start: PartialDate, end: PartialDate | None) -> PartialDate:
    """The date with the end of its range, if the end is later and as precise."""
    return replace(start, end=end.value) if end is not None and end.precision == start.precision and end.value > start.value else start


def _meta_dates(doc: Document, names: tuple[str, ...], role: DateRole) -> Iterator[PartialDate]:
    for name in names:
        value = doc.meta(name)
        found = parse_iso(value, role=role, source="meta") if value else None
        if found:
            yield found


def _microdata(doc: Document) -> Evidence:
    """Types and properties of the one article or event that the markup declares; of several (a listing) only the type."""
    types: set[str] = set()
    scopes = []
    for node in doc.css("[itemscope][itemtype], [typeof]") if "itemtype" in doc.source or "typeof" in doc.source else ():
        raw = (node.attributes.get("itemtype") or node.attributes.get("typeof") or "").lower()
        kinds = {part.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for part in raw.split()}
        types |= kinds & (LISTING_TYPES | OTHER_TYPES)
        if kinds & ARTICLE_TYPES or any(kind.endswith("event") for kind in kinds):
            scopes.append((node, kinds))
    if len(scopes) != 1:
        return Evidence(types=frozenset(types))
    node, kinds = scopes[0]
    return Evidence(
        types=frozenset(types | kinds),
        headline=inline_text(node.css_first('[itemprop="headline"], [property="headline"]')),
        published=tuple(_properties(node, "datePublished", "published")),
        modified=tuple(_properties(node, "dateModified", "modified")),
        event=tuple(with_end(s, next(iter(_properties(node, "endDate", "event")), None)) for s in _properties(node, "startDate", "event")),
    )


def _properties(scope: Any, name: str, role: DateRole) -> Iterator[PartialDate]:
    for node in scope.css(f'[itemprop~="{name}"], [property~="{name}"], [property~="schema:{name}"]'):
        attributes = node.attributes
        value = attributes.get("datetime") or attributes.get("content") or ""
        found = parse_iso(value, role=role, source=f"{node.tag}[{name}]") if value else None
        if found:
            yield found
