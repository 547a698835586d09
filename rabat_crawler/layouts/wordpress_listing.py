"""WordPress lists of posts (blog, home, category, tag, date archive), of classic and block themes; search and error pages give links only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import Document, inline_text
from rabat_crawler.layouts import _wordpress
from rabat_crawler.layouts._common import classes, flow_text, images_in, summary_of
from rabat_crawler.models import Draft, Layout, Link, Reading

LISTS = frozenset("home blog archive category tag date author tax-category post-type-archive search search-results error404 attachment".split())
WITHOUT_ITEMS = frozenset("search search-results error404 attachment".split())
ITEMS = "article.post, article.hentry, article.type-post, article[id^=post-], li.wp-block-post, div.wp-block-post, div.hentry, div.type-post"
TITLES = (".entry-title, .wp-block-post-title, .post-title", "h2, h3", "h1, h4")
TEXTS = (".entry-summary, .wp-block-post-excerpt__excerpt, .post-excerpt", ".entry-content, .wp-block-post-content, .post-content")
NEXT_PAGES = ".nav-links a[href], .wp-block-query-pagination a[href], .pagination a[href], .navigation a[href], .wp-pagenavi a[href], a.page-numbers"
COLUMN = "main, #main, #primary, #content, .site-main"
NOT_TEXT = frozenset("more-link-container wp-block-post-excerpt__more-text sharedaddy".split())

_MORE = re.compile(r"\s*(?:\[…\]|\[\.\.\.\]|…|→|(?:Lire la suite|Continue reading|Read more)\b.{0,300})$", re.I | re.S)


def matches(doc: Document) -> bool:
    """A list, search, error or attachment page by the body's classes."""
    return not doc.body_classes.isdisjoint(LISTS) and _wordpress.is_wordpress(doc)


def parse(doc: Document) -> Reading:
    """The posts of the list with their introductions, and its further pages."""
    if doc.body_classes & WITHOUT_ITEMS:
        return Reading(role="other")
    column = doc.css_first(COLUMN) or doc.tree.body
    if column is None:
        return Reading(role="listing")
    drafts = tuple(_distinct(column.css(ITEMS), doc))
    links = [Link(url=draft.url, text=draft.title, rel="item") for draft in drafts if draft.url]
    for node in column.css(NEXT_PAGES):
        url = doc.link_url(node)
        if url is not None and url != doc.url:
            links.append(Link(url=url, text=inline_text(node), rel="next"))
    return Reading(role="listing", drafts=drafts, links=tuple(links))


def _distinct(nodes: Iterable[LexborNode], doc: Document) -> Iterator[Draft]:
    seen: set[str] = set()
    for node in nodes:
        draft = _item(node, doc)
        if draft is not None and (draft.url or draft.title) not in seen:
            seen.add(draft.url or draft.title)
            yield draft


def _item(node: LexborNode, doc: Document) -> Draft | None:
    heading = next((found for selector in TITLES if (found := node.css_first(selector)) is not None), None)
    if heading is None:
        return None
    link = heading.css_first("a[href]") or (heading.parent if heading.parent is not None and heading.parent.tag == "a" else None)
    box = next((found for selector in TEXTS if (found := node.css_first(selector)) is not None), None)
    text = _MORE.sub("", flow_text(child for child in box.iter(include_text=True) if not classes(child) & NOT_TEXT)) if box is not None else ""
    published = _wordpress.published(node, doc, source="listing")
    return Draft(
        title=inline_text(heading),
        text=text,
        summary=summary_of(text),
        url=doc.link_url(link),
        article_id=_wordpress.item_id(node),
        cms=_wordpress.CMS,
        section=next(iter(_wordpress.names(node.css(_wordpress.CATEGORIES))), ""),
        dates=(published,) if published is not None else (),
        images=images_in(node.css("img"), doc),
    )


LAYOUT = Layout(name="wordpress_listing", rank=21, matches=matches, parse=parse)
