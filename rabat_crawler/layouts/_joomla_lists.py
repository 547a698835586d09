"""What the Joomla listing layouts share: blog items, table rows, archive and tag lists, next pages. An intro's text is read without a soup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborNode

from rabat_crawler.extract import dates
from rabat_crawler.extract.html import Document, fold, inline_text, node_text
from rabat_crawler.layouts import _joomla
from rabat_crawler.layouts._common import block_text, classes, flow_text, fragment_of, images_in, inside, is_code, summary_of
from rabat_crawler.models import DateRole, Draft, Image, Link, PartialDate, Reading

VIEWS = frozenset("category featured archive tag".split())
ROOTS = ".blog-featured, .blog, .category-list, .com-content-category, .archive, #archive-items, .tag-category, .com-tags-tag"
MAIN = "main#content, #component, main, #main, #content, [role=main]"
BLOG_ITEMS = "[itemprop=blogPost], .blog-item, .items-leading > div, .items-leading > article, .items-row .item, .items-row article"
ARCHIVE_ITEMS = "#archive-items > div, #archive-items > li, .com-content-archive__items > div"
TABLE_ROWS = "table.category tbody tr"
LIST_ROWS = "ul.category > li, .com-tags__items li, ul.list-striped > li"
OTHER_ITEMS = "article"
TITLE_LINKS = ("h2 a[href]", ".item-title a[href], .article-title a[href], .contentheading a[href]", "h3 a[href], h1 a[href], h4 a[href]")
ROW_LINKS = (".list-title a[href]", "h3 a[href], h2 a[href]", "td a[href], th a[href], a[href]")
READMORE = ".readmore a[href], a.readmore"
NEXT_PAGES = ".pagination a[href], .pagination__wrapper a[href], .pagenav a[href]"
INTRO_BOX = (".item-content", ".intro", ".tag-body", ".com-tags__item-body")
INTRO_FURNITURE = _joomla.FURNITURE | {"createdby", "list-date", "list-hits", "list-author"}
SYSTEM_PICTURES = "/media/system/images/"
LOGIN = re.compile(r"/component/users\b|com_users|[?&]return=|/mailto/")
MODIFIED_COLUMN = re.compile(r"\b(?:modif|mis a jour|mise a jour|updated)")
CREATED_COLUMN = re.compile(r"\b(?:creat|creation|cree)")


def list_root(doc: Document) -> LexborNode | None:
    """The element that holds the listing, never a module: the component's own box, else the page's main column."""
    return doc.css_first(ROOTS) or doc.css_first(MAIN)


def read_listing(doc: Document) -> Reading:
    """Drafts, item links and next pages of a category blog, featured home, category table, archive or tag view."""
    root = list_root(doc)
    if root is None:
        return Reading(role="listing")
    drafts = tuple(_with_sure_ids(doc, tuple(_distinct(_drafts(doc, root)))))
    links = [Link(url=draft.url, text=draft.title, rel="item") for draft in drafts if draft.url]
    links += _links(doc, root.css(".items-more a[href]"), "item")
    links += _links(doc, root.css(NEXT_PAGES), "next")
    return Reading(role="listing", drafts=drafts, links=tuple(links))


def _with_sure_ids(doc: Document, drafts: tuple[Draft, ...]) -> Iterator[Draft]:
    """On Joomla 4 and later a number in an address is an article's only if every item of the listing has one; else it begins an alias."""
    unsure = _joomla.is_modern(doc) and any(draft.url and _joomla.id_in_url(draft.url) is None for draft in drafts)
    for draft in drafts:
        yield replace(draft, article_id=None) if unsure and "id=" not in (draft.url or "") else draft


def _links(doc: Document, nodes: Iterable[LexborNode], rel: str) -> Iterator[Link]:
    for node in nodes:
        url = doc.link_url(node)
        if url is not None and url != doc.url:
            yield Link(url=url, text=inline_text(node), rel=rel)


def _distinct(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Each item once: templates mark an item and its wrapper alike."""
    seen: set[tuple[str | None, str]] = set()
    for draft in drafts:
        key = (draft.url, "" if draft.url else draft.title)
        if draft.title and key not in seen:
            seen.add(key)
            yield draft


def _drafts(doc: Document, root: LexborNode) -> Iterator[Draft]:
    for selector in (BLOG_ITEMS, ARCHIVE_ITEMS):
        items = root.css(selector)
        if items:
            yield from _items(doc, items)
            return
    rows = root.css(TABLE_ROWS)
    if rows:
        role, source = _date_column(root)
        yield from (draft for row in rows if (draft := _row(doc, row, role, source)) is not None)
        return
    rows = root.css(LIST_ROWS)
    if rows:
        yield from (draft for row in rows if (draft := _row(doc, row, "published", "listing")) is not None)
        return
    yield from _items(doc, [node for node in root.css(OTHER_ITEMS) if not node.css_first("article")])


def _items(doc: Document, nodes: list[LexborNode]) -> Iterator[Draft]:
    for node in nodes:
        draft = _item(doc, node)
        if draft is not None:
            yield draft


def _first(node: LexborNode, selectors: Iterable[str]) -> LexborNode | None:
    return next((found for selector in selectors if (found := node.css_first(selector)) is not None), None)


def _target(doc: Document, node: LexborNode | None) -> str | None:
    url = doc.link_url(node)
    return None if url is None or LOGIN.search(url) else url


def _item(doc: Document, node: LexborNode) -> Draft | None:
    """One blog or archive item; None for a box that holds no title or several items."""
    link = _first(node, TITLE_LINKS)
    heading = link if link is not None else node.css_first("h2, h3")
    if heading is None or (len(node.css(".article-info")) > 1 and node.css_first("[itemprop=blogPost], .blog-item") is not None):
        return None
    url = _target(doc, link) or _target(doc, node.css_first(READMORE))
    text = _intro(doc, node, heading)
    fact = node.css_first(".published, [itemprop=datePublished]")
    published = _joomla.date_in(fact, doc, role="published", source="listing") or _date_line(doc, node)
    return Draft(
        title=inline_text(heading),
        text=text,
        summary=summary_of(text),
        url=url,
        article_id=_article_id(doc, node, url),
        cms=_joomla.CMS,
        section=_joomla.section_of(node),
        dates=(published,) if published is not None else (),
        tags=_joomla.tags_of(node),
        images=_pictures(node, doc),
    )


def _pictures(node: LexborNode, doc: Document) -> tuple[Image, ...]:
    """The item's pictures; beez3 shows its print and mail buttons as pictures too."""
    return tuple(image for image in images_in(node.css("img"), doc) if SYSTEM_PICTURES not in image.url)


def _article_id(doc: Document, node: LexborNode, url: str | None) -> int | None:
    """The item's number: of its address where that is one, else of its tools button."""
    button = _joomla.button_id(node)
    own = _joomla.id_in_url(url) if url else None
    if own is None or button is not None or "id=" in (url or ""):
        return button or own
    return own if _joomla.ids_in_addresses(doc, own, strict=_joomla.is_modern(doc)) else None


def _date_line(doc: Document, node: LexborNode) -> PartialDate | None:
    """A date that an override prints as a line of its own among the item's first children."""
    for child in node.iter():
        line = block_text(child) if not is_code(child) else ""
        if 5 < len(line) < 60 and any(c.isdigit() for c in line):
            found = dates.date_line(line, language=doc.html_lang)
            if found is not None and found.end is None:
                return replace(found, role="published", source="listing")
    return None


def _intro(doc: Document, node: LexborNode, heading: LexborNode) -> str:
    """The introduction: what stands between the item's facts and its "read more", which has no wrapper of its own."""
    box = _first(node, INTRO_BOX) or node
    kept: list[LexborNode] = []
    for child in box.iter(include_text=True):
        if child.tag != "-text":
            if "readmore" in classes(child):
                break
            if classes(child) & INTRO_FURNITURE or inside(heading, child) or _holds_facts(child):
                continue
        kept.append(child)
    if any(child.tag != "-text" and (child.tag == "script" or child.css_first("script") is not None) for child in kept):
        return fragment_of("".join(child.html or "" for child in kept), doc).text
    return flow_text(kept)


def _holds_facts(node: LexborNode) -> bool:
    return node.css_first(".article-info, .readmore, .icons") is not None


def _row(doc: Document, row: LexborNode, role: DateRole, source: str) -> Draft | None:
    """One row of a category table or of a tag's list."""
    link = _first(row, ROW_LINKS)
    url = _target(doc, link)
    if link is None or url is None:
        return None
    cell = row.css_first(".list-date, .published, time[datetime]")
    found = _joomla.date_in(cell, doc, role=role, source=source)
    box = _first(row, (".tag-body", ".com-tags__item-body", ".intro"))
    text = flow_text([box]) if box is not None else ""
    return Draft(
        title=inline_text(link),
        text=text,
        summary=summary_of(text),
        url=url,
        article_id=_article_id(doc, row, url),
        cms=_joomla.CMS,
        dates=(found,) if found is not None else (),
        images=_pictures(row, doc),
    )


def _date_column(root: LexborNode) -> tuple[DateRole, str]:
    """What the table's date column means, by its heading: publication unless it says creation or modification."""
    heading = root.css_first("#categorylist_header_date, th.list-date")
    words = fold(node_text(heading)) if heading is not None else ""
    if MODIFIED_COLUMN.search(words):
        return "modified", "listing"
    return "published", "listing (creation)" if CREATED_COLUMN.search(words) else "listing"
