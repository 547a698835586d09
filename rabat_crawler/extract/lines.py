"""A page as the reader's eye has it: lines of text in order, each with its element, links, weight of type and place on the page.

Owns the linear view that the block and generic layouts read; decides nothing about articles. Pure, one pass, no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import BLOCK_TAGS, MAX_DEPTH, Document, normalise

BREAKING_TAGS = BLOCK_TAGS | {"td", "th"}
HEADING_TAGS = {f"h{n}": n for n in range(1, 7)}
UNREAD_TAGS = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "applet",
        "input",
        "button",
        "select",
        "textarea",
        "svg",
        "canvas",
        "audio",
        "video",
        "map",
        "link",
        "meta",
        "title",
        "head",
        "label",
    ]
)
FURNITURE_TAGS = frozenset(("nav", "footer", "aside", "form", "menu"))
ALWAYS_FURNITURE = frozenset(("nav", "footer", "aside"))
FURNITURE_ROLES = frozenset(("navigation", "search", "contentinfo", "complementary", "dialog", "alert", "banner", "menu", "menubar"))
FURNITURE_WORDS = frozenset(
    [
        "nav",
        "navbar",
        "navigation",
        "menu",
        "menus",
        "submenu",
        "topmenu",
        "mainmenu",
        "leftmenu",
        "breadcrumb",
        "breadcrumbs",
        "ariane",
        "fil",
        "filariane",
        "footer",
        "bottom",
        "pied",
        "piedpage",
        "colophon",
        "sidebar",
        "sidebars",
        "aside",
        "widget",
        "widgets",
        "colonne",
        "extra",
        "cookie",
        "cookies",
        "rgpd",
        "gdpr",
        "consent",
        "banner",
        "banniere",
        "login",
        "search",
        "recherche",
        "newsletter",
        "share",
        "sharing",
        "partage",
        "social",
        "reseaux",
        "addthis",
        "pager",
        "pagination",
        "pagenav",
        "paginator",
        "related",
        "similar",
        "voisins",
        "connexes",
        "toc",
        "sommaire",
        "tags",
        "keywords",
        "motscles",
        "skip",
        "modal",
        "popup",
        "print",
        "imprimer",
        "lang",
        "langs",
        "langues",
        "language",
        "switcher",
        "advert",
        "ads",
        "promo",
        "outils",
        "tools",
        "icons",
        "legal",
        "copyright",
    ]
)
COMMENT_WORDS = frozenset(
    [
        "comment",
        "comments",
        "commentaire",
        "commentaires",
        "comm",
        "forum",
        "forums",
        "reply",
        "replies",
        "respond",
        "reponses",
        "disqus",
        "avis",
        "message",
        "messages",
    ]
)
CONTENT_WORDS = frozenset(["article", "content", "contenu", "texte", "body", "post", "entry", "node", "main", "principal", "story"])
INLINE_KEPT = frozenset(("span", "font", "a", "time"))
BOLD_TAGS = frozenset(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th", "big"))
NEVER_FURNITURE = frozenset(("html", "body", "main", "article"))
BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
HIDDEN_CLASSES = frozenset(("visually-hidden", "element-invisible", "sr-only", "screen-reader-text", "hidden"))
WORD = re.compile(r"[a-z]+")
MAX_LINES = 20_000
MIN_FREE = 40


@dataclass(slots=True, eq=False)
class Element:
    """An element of the page: lines `start` to `end` (exclusive) stand in it. `words` are the lower-case words of its class, id and role."""

    node: LexborNode
    tag: str
    parent: Element | None
    depth: int
    start: int
    end: int = 0
    name: str = ""
    words: frozenset[str] = frozenset()
    furniture: bool = False
    comment: bool = False

    def ancestors(self) -> Iterator[Element]:
        """The element itself and everything around it, inside out."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent


@dataclass(slots=True, eq=False)
class Line:
    """One line of the page. `linked` and `bold` count characters; `links` are (href as written, text); `time` is a `<time datetime>` in it."""

    index: int
    text: str
    element: Element
    linked: int = 0
    bold: int = 0
    links: tuple[tuple[str, str], ...] = ()
    time: str = ""

    @property
    def heading(self) -> int:
        """1 to 6 inside h1 to h6, else 0."""
        return next((HEADING_TAGS[e.tag] for e in self.element.ancestors() if e.tag in HEADING_TAGS), 0)

    @property
    def strong(self) -> bool:
        """The whole line is set in bold type (headings are)."""
        return self.bold * 10 >= len(self.text) * 9

    @property
    def furniture(self) -> bool:
        """It stands in a menu, a footer, a form or the like, going by tag, role and class names."""
        return self.element.furniture

    @property
    def signature(self) -> tuple[str, str, bool, bool]:
        """What the line looks like: tag and class of its element, bold or not, a link or not. Repeated items share it."""
        return (self.element.tag, self.element.name, self.strong, self.linked * 10 >= len(self.text) * 8)


@dataclass(slots=True)
class Lines:
    """The page's lines and its elements that hold any; `leaves` maps a text node's id to its line."""

    lines: list[Line] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    leaves: dict[int, int] = field(default_factory=dict)
    by_id: dict[int, Element] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)


class _Builder:
    """Collects text until a line breaks."""

    def __init__(self) -> None:
        self.out = Lines()
        self.parts: list[str] = []
        self.ids: list[int] = []
        self.linked = self.bold = 0
        self.links: list[tuple[str, str]] = []
        self.time = ""

    def text(self, node: LexborNode, *, linked: bool, bold: bool, href: str) -> None:
        raw = node.text_content or ""
        self.ids.append(node.mem_id)
        self.parts.append(raw)
        if not raw or raw.isspace():
            return
        size = len(raw) if raw.isprintable() else len(normalise(raw))
        if linked:
            self.linked += size
            if href:
                self.links.append((href, normalise(raw)))
        if bold:
            self.bold += size

    def flush(self, element: Element) -> None:
        """End the line; white space alone is none."""
        if not self.ids:
            return
        text = "".join(self.parts)
        text = "" if text.isspace() else normalise(text)
        if text and len(self.out.lines) < MAX_LINES:
            index = len(self.out.lines)
            for mem_id in self.ids:
                self.out.leaves[mem_id] = index
            links = _joined(self.links) if self.links else ()
            self.out.lines.append(Line(index, text, element, min(self.linked, len(text)), min(self.bold, len(text)), links, self.time))
            self.time = ""
        self.parts, self.ids, self.links = [], [], []
        self.linked = self.bold = 0


def _joined(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Neighbouring pieces of one link as one."""
    out: list[tuple[str, list[str]]] = []
    for href, text in pairs:
        if out and out[-1][0] == href:
            out[-1][1].append(text)
        else:
            out.append((href, [text]))
    return tuple((href, normalise(" ".join(texts))) for href, texts in out)


@lru_cache(maxsize=2)
def page_lines(doc: Document) -> Lines:
    """The lines of a page, hidden ones left out. Kept for the last two pages: the block and the generic layout read the same ones."""
    builder = _Builder()
    if doc.tree.body is not None:
        _Walker(doc.tree.body, builder).run()
    _settle(builder.out)
    return builder.out


@dataclass(slots=True)
class _Open:
    """What to restore when an element closes; `around` is None where the element was too deep or too plain to be kept."""

    node: LexborNode
    breaking: bool
    around: Element | None
    linked: bool
    bold: bool
    href: str


class _Walker:
    """Goes through the tree without recursion and tells the builder of text, breaks, links and bold type."""

    def __init__(self, body: LexborNode, builder: _Builder) -> None:
        self.builder = builder
        self.current = self.root = Element(body, "body", None, 0, 0)
        builder.out.elements.append(self.root)
        builder.out.by_id[body.mem_id] = self.root
        self.linked = self.bold = False
        self.href = ""
        self.stack: list[_Open] = []

    def run(self) -> None:
        node = self.root.node.first_child
        while node is not None or self.stack:
            node = self._leave() if node is None else self._visit(node)
        self.builder.flush(self.root)
        self.root.end = len(self.builder.out.lines)

    def _visit(self, node: LexborNode) -> LexborNode | None:
        """The node to go on with: the first child of an element that is read, else the next one."""
        tag = node.tag or ""
        if tag == "-text":
            self.builder.text(node, linked=self.linked, bold=self.bold, href=self.href)
        elif tag == "br":
            self.builder.flush(self.current)
        elif tag not in UNREAD_TAGS and tag[:1] not in "-!":
            child, attributes = node.first_child, node.attributes
            if (child is not None or tag in BREAKING_TAGS) and not is_hidden(attributes):
                self._enter(node, tag, attributes)
                return child
        return node.next

    def _enter(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> None:
        breaking = tag in BREAKING_TAGS
        frame = _Open(node, breaking, None, self.linked, self.bold, self.href)
        if breaking:
            self.builder.flush(self.current)
        if (breaking or (tag in INLINE_KEPT and ("class" in attributes or "id" in attributes))) and self.current.depth < MAX_DEPTH:
            frame.around = self.current
            self.current = _element(node, tag, attributes, self.current, self.builder)
        if tag == "a" and attributes.get("href"):
            self.linked, self.href = True, (attributes.get("href") or "").strip()
        elif not self.builder.time and tag in ("time", "abbr", "span"):
            self.builder.time = _dated(tag, attributes)
        self.bold = self.bold or tag in BOLD_TAGS or _set_bold(tag, attributes)
        self.stack.append(frame)

    def _leave(self) -> LexborNode | None:
        frame = self.stack.pop()
        if frame.breaking:
            self.builder.flush(self.current)
        if frame.around is not None:
            self.current.end = len(self.builder.out.lines) + bool(self.builder.ids)
            self.current = frame.around
        self.linked, self.bold, self.href = frame.linked, frame.bold, frame.href
        return frame.node.next


def _dated(tag: str, attributes: dict[str, str | None]) -> str:
    """The machine date of a `time`, an `abbr` (hAtom, SPIP) or a `span` (RDFa, Drupal 7)."""
    if tag == "time":
        return (attributes.get("datetime") or "").strip()
    if "published" in (attributes.get("class") or "").split():
        return (attributes.get("title") or "").strip()
    return (attributes.get("content") or "").strip() if "xsd:dateTime" in (attributes.get("datatype") or "") else ""


def _set_bold(tag: str, attributes: dict[str, str | None]) -> bool:
    return (tag == "font" and _big(attributes)) or ("style" in attributes and bool(BOLD_STYLE.search(attributes["style"] or "")))


def _big(attributes: dict[str, str | None]) -> bool:
    size = (attributes.get("size") or "").strip()
    return size.startswith("+") or (size.isdigit() and int(size) > 3)


def is_hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or HIDDEN_STYLE.search(attributes.get("style") or ""):
        return True
    return not HIDDEN_CLASSES.isdisjoint((attributes.get("class") or "").split())


def _element(node: LexborNode, tag: str, attributes: dict[str, str | None], parent: Element, builder: _Builder) -> Element:
    name = (attributes.get("class") or "").strip()
    element = Element(node, tag, parent, parent.depth + 1, len(builder.out.lines), name=name)
    element.comment, element.furniture = parent.comment, tag in FURNITURE_TAGS
    if name or "id" in attributes or "role" in attributes:
        marks = f"{name} {attributes.get('id') or ''}".lower()
        element.words = frozenset(WORD.findall(marks))
        role = (attributes.get("role") or "").lower()
        element.comment = element.comment or (tag not in ("html", "body") and not COMMENT_WORDS.isdisjoint(element.words))
        element.furniture = element.furniture or role in FURNITURE_ROLES or _furniture_by_name(tag, element)
    builder.out.elements.append(element)
    builder.out.by_id[node.mem_id] = element
    return element


def _furniture_by_name(tag: str, element: Element) -> bool:
    if tag in NEVER_FURNITURE:
        return False
    return not FURNITURE_WORDS.isdisjoint(element.words) and CONTENT_WORDS.isdisjoint(element.words - {"node", "post"})


def _settle(out: Lines) -> None:
    """An element that holds all of the page's prose is no furniture, whatever its name (a page inside one form, a text column named `extra`)."""
    sums = [0]
    for line in out.lines:
        free = len(line.text) - line.linked
        sums.append(sums[-1] + (free if free >= MIN_FREE else 0))
    for element in out.elements:
        outside = sums[-1] - sums[element.end] + sums[element.start]
        own = element.comment or (element.furniture and (outside >= MIN_FREE or not sums[-1] or element.tag in ALWAYS_FURNITURE))
        element.furniture = own or (element.parent is not None and element.parent.furniture)


def common(one: Element, other: Element) -> Element:
    """The deepest element around both."""
    around = set(map(id, one.ancestors()))
    return next(element for element in other.ancestors() if id(element) in around)
