"""The one door to the HTML parsers: text to a `Document` (lexbor, the whole page), fragments to clean text (BeautifulSoup, in `fragments`).

Pure: no network, no disk, no clock. Everything a page contains is hostile; nothing here raises for bad markup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from urllib.parse import urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from rabat_crawler.extract.bounds import bounded
from rabat_crawler.extract.folding import fold as fold
from rabat_crawler.models import Alternate, Attachment, Image, Link, Site

MAX_DEPTH = 400
"""Markup nested deeper than this is nobody's article; the readers that walk the whole page leave it out."""

MAX_HREF = 8000

BLOCK_TAGS = frozenset(
    "address article aside blockquote body caption center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hgroup hr html li main menu nav ol p pre section summary table tbody tfoot thead tr ul".split()
)

SPACES = re.compile(r"[ \t\r\n\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
INVISIBLE = re.compile("[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_FEED_TYPE = re.compile(r"rss|atom", re.I)


def normalise(text: str) -> str:
    """One line of clean text: NFC, every kind of space as one plain space, no invisible or control characters, ends trimmed."""
    return _normalised(text) if len(text) < 2000 else _normalised.__wrapped__(text)  # what is long is hardly ever met again


@lru_cache(maxsize=16384)
def _normalised(text: str) -> str:
    text = INVISIBLE.sub("", text) if not text.isascii() or not text.isprintable() else text
    text = SPACES.sub(" ", text).strip(" ")
    return text if text.isascii() else unicodedata.normalize("NFC", _LONE_SURROGATE.sub("\ufffd", text))


def absolute(base: str, href: str) -> str | None:
    """The absolute http(s) address without fragment, None for anything else (mailto:, javascript:, broken, absurdly long)."""
    if len(href) > MAX_HREF:
        return None
    if href[:1] == "/" and href[1:2] not in ("/", "\\"):
        return _absolute(_origin(base), href)
    if href[:7] == "http://" or href[:8] == "https://":
        return _absolute("", href)
    return _absolute(base, href)


@lru_cache(maxsize=1024)
def _origin(base: str) -> str:
    """The part of a base that a link beginning with / needs; menus are the same on every page, so their links are resolved once."""
    return urljoin(base, "/")


@lru_cache(maxsize=16384)
def _absolute(base: str, href: str) -> str | None:
    href = SPACES.sub(" ", href).strip()
    if not href or href.startswith("#"):
        return None
    try:
        url = urldefrag(urljoin(base, href)).url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            return None
        _ = parts.port
    except ValueError:
        return None
    return url.replace(" ", "%20")


@lru_cache(maxsize=16384)
def _link(url: str, text: str, rel: str | None, hreflang: str | None) -> Link:
    """A link of a page; menus repeat the same ones on every page, so they are made once."""
    meaning = (rel or "").lower()
    return Link(url=url, text=normalise(text), rel=meaning if meaning in ("next", "prev") else "", hreflang=hreflang)


class Document:
    """A parsed page: lexbor's tree with the questions that layouts ask of it."""

    def __init__(self, text: str, *, url: str, site: Site, captured_at: datetime) -> None:
        self.url = url
        self.site = site
        self.captured_at = captured_at
        self.source = text
        self.tree = LexborHTMLParser(text)

    @cached_property
    def base_url(self) -> str:
        """What relative links resolve against: `<base href>` where there is one, else the page's own address."""
        node = self.css_first("base[href]") if "<base" in self.source or "<BASE" in self.source else None
        return (absolute(self.url, node.attributes.get("href") or "") if node else None) or self.url

    @cached_property
    def body_classes(self) -> frozenset[str]:
        """The classes of the body element, in lower case."""
        body = self.tree.body
        return frozenset((body.attributes.get("class") or "").lower().split()) if body is not None else frozenset()

    @cached_property
    def html_lang(self) -> str | None:
        """The two-letter code that `<html lang>` declares, lower case."""
        root = self.tree.root
        lang = (root.attributes.get("lang") or root.attributes.get("xml:lang") or "") if root is not None else ""
        return lang.lower().replace("_", "-").split("-")[0] or None

    @cached_property
    def generator(self) -> str:
        """The content of meta generator, lower case."""
        return (self.meta("generator") or "").lower()

    @cached_property
    def title(self) -> str:
        """The text of `<title>`."""
        node = self.tree.head.css_first("title") if self.tree.head is not None else None
        return inline_text(node)

    def meta(self, name: str) -> str | None:
        """The content of the first `<meta>` with that name or property, trimmed; None if absent or empty."""
        for node in self._metas:
            if name in (node.get("name", "").lower(), node.get("property", "").lower(), node.get("itemprop", "").lower()):
                return normalise(node.get("content", "")) or None
        return None

    @cached_property
    def _metas(self) -> list[dict[str, str]]:
        return [{k: v or "" for k, v in node.attributes.items()} for node in self.css("meta[content]")]

    def css(self, selector: str) -> list[LexborNode]:
        """All elements that match, in document order; a selector lexbor refuses is a mistake of ours and raises."""
        return self.tree.css(selector)

    def css_first(self, selector: str) -> LexborNode | None:
        """The first element that matches, or None."""
        return self.tree.css_first(selector)

    def absolute(self, href: str | None) -> str | None:
        """`href` as an absolute http(s) address without fragment, None for anything else."""
        return absolute(self.base_url, href) if href else None

    def link_url(self, node: LexborNode | None) -> str | None:
        """The absolute target of an `<a>`, or None."""
        return self.absolute(node.attributes.get("href")) if node is not None else None

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link of the page once, in document order: anchors, hreflang, next/prev, feeds."""
        found: dict[tuple[str, str], Link] = {}
        for link in self._links():
            found.setdefault((link.url, link.rel), link)
        return tuple(found.values())

    def _links(self) -> Iterator[Link]:
        base = self.base_url
        for node in self.css("link[href]"):
            attributes = node.attributes
            words, url = (attributes.get("rel") or "").lower().split(), absolute(base, attributes.get("href") or "")
            if not url:
                continue
            if "alternate" in words and _FEED_TYPE.search(attributes.get("type") or ""):
                yield Link(url=url, rel="feed", text=attributes.get("title") or "")
            elif "alternate" in words and attributes.get("hreflang"):
                yield Link(url=url, rel="alternate", hreflang=(attributes.get("hreflang") or "").lower())
            elif "next" in words or "prev" in words:
                yield Link(url=url, rel="next" if "next" in words else "prev")
        for node in self.css("a[href], area[href]"):
            attributes = node.attributes
            url = absolute(base, attributes.get("href") or "")
            if url:
                yield _link(url, node.text()[:400], attributes.get("rel"), attributes.get("hreflang"))

    @cached_property
    def alternates(self) -> tuple[Alternate, ...]:
        """hreflang declarations of the head, x-default left out."""
        return tuple(
            Alternate(hreflang=link.hreflang, url=link.url)
            for link in self.links
            if link.rel == "alternate" and link.hreflang and link.hreflang != "x-default"
        )


def parse_document(text: str, *, url: str, site: Site, captured_at: datetime) -> Document:
    """The page as a `Document`; what is nested absurdly deep loses its tags, a tag with hundreds of attributes loses these."""
    return Document(bounded(text), url=url, site=site, captured_at=captured_at)


def node_text(node: LexborNode | None) -> str:
    """The text of an element on one line, clean; "" for None. Words of adjacent blocks do not run together."""
    return normalise(node.text(separator=" ")) if node is not None else ""


def inline_text(node: LexborNode | None) -> str:
    """The text of an inline element (a title) on one line: no space is put between its parts."""
    return normalise(node.text()) if node is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """A cleaned piece of a page: paragraphs of text, safe HTML, the documents and images it links to."""

    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()


def clean_fragment(html: str, *, base_url: str, drop: Iterable[str] = ()) -> Fragment:
    """Clean text (paragraphs apart by a blank line), sanitised HTML, attachments and images of a fragment; furniture and `drop` selectors removed."""
    from rabat_crawler.extract.fragments import clean  # BeautifulSoup takes longer to import than many a command takes in all

    return clean(html, base_url=base_url, drop=drop)


__all__ = [
    "Document",
    "Fragment",
    "SelectolaxError",
    "absolute",
    "clean_fragment",
    "fold",
    "inline_text",
    "node_text",
    "normalise",
    "parse_document",
]
