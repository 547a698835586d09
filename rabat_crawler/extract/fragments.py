"""Fragments of pages as clean text and safe HTML, by BeautifulSoup. Pure; only `html.clean_fragment` calls it.

Everything a page contains is hostile; nothing here raises for bad markup.
"""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from rabat_crawler.extract.html import BLOCK_TAGS, INVISIBLE, SPACES, Fragment, absolute, normalise
from rabat_crawler.models import Attachment, Image, Link
from rabat_crawler.urls import DOCUMENT_SUFFIX

PARAGRAPH_TAGS = frozenset("p h1 h2 h3 h4 h5 h6 blockquote table ul ol dl pre figure".split())
DROPPED_TAGS = frozenset(
    "script style noscript template iframe object embed applet form input button select textarea svg canvas audio video map link meta base title head".split()
)
KEPT_TAGS = frozenset(
    "p br h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table caption thead tbody tfoot tr th td a img strong b em i u sup sub q cite "
    "abbr figure figcaption hr code".split()
)
VOID_TAGS = frozenset(("br", "hr", "img"))
KEPT_ATTRIBUTES = {"a": ("href",), "img": ("src", "alt"), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "abbr": ("title",)}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
FURNITURE = (
    ".article-index",
    ".pagenavcounter",
    ".pager",
    ".pagenav",
    ".pagination",
    ".icons",
    ".readmore",
    "[hidden]",
    ".visually-hidden",
    ".element-invisible",
)
_CLOAK_VARIABLE = re.compile(r"(addy[0-9a-f]*)\s*=\s*((?:(?:\1|'[^']*')\s*(?:\+\s*)?)+);")
_QUOTED = re.compile(r"'([^']*)'")
_ID_CLOAK = re.compile(r"^cloak")


def clean(html: str, *, base_url: str, drop: Iterable[str] = ()) -> Fragment:
    """Clean text (paragraphs apart by a blank line), sanitised HTML, attachments and images of a fragment; furniture and `drop` selectors removed."""
    soup = BeautifulSoup(html, "lxml")
    if "cloak" in html:
        _uncloak(soup)
    for selector in (*_present(FURNITURE, html), *drop):
        for tag in soup.select(selector):
            tag.decompose()
    return _Cleaner(base_url).clean(soup)


def _present(selectors: Iterable[str], html: str) -> Iterator[str]:
    """Only the selectors whose class or attribute name stands in the source: a selector costs more than a substring search."""
    for selector in selectors:
        if selector.strip(".[]") in html:
            yield selector


def _uncloak(soup: BeautifulSoup) -> None:
    """Write Joomla's cloaked e-mail addresses back: the reader of the page sees them, so the record has them."""
    for span in soup.find_all("span", id=_ID_CLOAK):
        script = span.find_next("script")
        address = _cloaked_address(script.string or "") if isinstance(script, Tag) else None
        if address:
            span.string = address


def _cloaked_address(script: str) -> str | None:
    value = ""
    for _name, expression in _CLOAK_VARIABLE.findall(script):
        parts = "".join(_QUOTED.findall(expression))
        value = value + parts if expression.lstrip().startswith("addy") else parts
    value = html_entities.unescape(html_entities.unescape(value))
    return normalise(value) if "@" in value else None


class _Cleaner:
    """One walk over a soup, without recursion (hostile pages nest deeply), that writes the text and the safe HTML and notes what is referred to."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.lines: list[str] = []
        self.line: list[str] = []
        self.gap = False
        self.html: list[str] = []
        self.attachments: dict[str, Attachment] = {}
        self.images: dict[str, Image] = {}
        self.links: dict[str, Link] = {}

    def clean(self, root: Tag) -> Fragment:
        """The cleaned fragment."""
        stack: list[tuple[str, Iterator[PageElement]]] = [("", iter(root.contents))]
        while stack:
            name, children = stack[-1]
            element = next(children, None)
            if element is None:
                stack.pop()
                self._close(name)
            elif isinstance(element, Tag):
                if element.name not in DROPPED_TAGS or element.name in ("head", "title"):
                    self._open(element)
                    stack.append((element.name, iter(element.contents)))
            elif isinstance(element, NavigableString) and not isinstance(element, PreformattedString):
                text = str(element)
                self.line.append(text)
                self.html.append(html_entities.escape(SPACES.sub(" ", INVISIBLE.sub("", text)), quote=False))
        self._end_line(False)
        return Fragment(
            text="\n".join(self.lines),
            html="".join(self.html).strip(),
            attachments=tuple(self.attachments.values()),
            images=tuple(self.images.values()),
            links=tuple(self.links.values()),
        )

    def _open(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            if not normalise("".join(self.line)):
                self.gap = bool(self.lines)
            self._end_line(False)
        elif name in ("td", "th"):
            self.line.append(" ")
        elif name in BLOCK_TAGS:
            self._end_line(name in PARAGRAPH_TAGS)
        if name in KEPT_TAGS:
            self.html.append(f"<{name}{self._attributes(tag, name)}{'/' if name in VOID_TAGS else ''}>")

    def _close(self, name: str) -> None:
        if name in BLOCK_TAGS:
            self._end_line(name in PARAGRAPH_TAGS)
        if name in KEPT_TAGS and name not in VOID_TAGS:
            self.html.append(f"</{name}>")

    def _end_line(self, paragraph: bool) -> None:
        if self.line:
            line = normalise("".join(self.line))
            self.line.clear()
            if line:
                if self.lines and self.gap:
                    self.lines.append("")
                self.lines.append(line)
                self.gap = False
        self.gap = self.gap or (paragraph and bool(self.lines))

    def _attributes(self, tag: Tag, name: str) -> str:
        written = ""
        for attribute in KEPT_ATTRIBUTES.get(name, ()):
            value = self._safe_value(attribute, str(tag.get(attribute) or ""))
            if value:
                written += f' {attribute}="{html_entities.escape(value)}"'
                if attribute == "href" and not value.startswith("mailto:"):
                    self._note_link(value, normalise(tag.get_text()))
                elif attribute == "src":
                    self.images.setdefault(value, Image(url=value, alt=normalise(str(tag.get("alt") or ""))))
        return written

    def _note_link(self, url: str, text: str) -> None:
        suffix = DOCUMENT_SUFFIX.search(urlsplit(url).path)
        if suffix:
            self.attachments.setdefault(url, Attachment(url=url, text=text, media_type=MEDIA_TYPES.get(suffix.group(1).lower())))
        self.links.setdefault(url, Link(url=url, text=text))

    def _safe_value(self, attribute: str, value: str) -> str | None:
        """Links and images absolute and http(s) (or mailto), spans of cells as small numbers, other text as it is."""
        if attribute in ("href", "src"):
            if attribute == "href" and value[:7].lower() == "mailto:":
                return "mailto:" + value[7:]
            return absolute(self.base_url, value)
        if attribute in ("colspan", "rowspan"):
            return value if value.isdigit() and len(value) < 4 else None
        return value or None
