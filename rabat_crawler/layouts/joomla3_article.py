"""Joomla 3 article pages (protostar, beez3 and overrides): also print views, non-SEF addresses, page-broken articles. Never a listing."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from rabat_crawler.extract.html import Document
from rabat_crawler.layouts import _joomla
from rabat_crawler.layouts._common import classes
from rabat_crawler.models import Layout, Reading

ROOT = ".item-page"
OVERRIDDEN_ROOT = ".uk-article, main article, #content article, #component article"


def article_root(doc: Document) -> LexborNode | None:
    """The article's box, also where a template overrides it; None if the page has none."""
    root = doc.css_first(ROOT)
    if root is None and _joomla.view(doc) == "article":
        return doc.css_first(OVERRIDDEN_ROOT)
    return root


def matches(doc: Document) -> bool:
    """An article's box on a page whose body class names no other view."""
    if _joomla.view(doc) not in ("", "article"):
        return False
    root = article_root(doc)
    return root is not None and _joomla.MODERN_ARTICLE not in classes(root) and _joomla.is_joomla(doc)


def parse(doc: Document) -> Reading:
    """The page's one article; role "other" should its box be missing after all."""
    root = article_root(doc)
    return _joomla.read_article(doc, root) if root is not None else Reading(role="other")


LAYOUT = Layout(name="joomla3_article", rank=10, matches=matches, parse=parse)
