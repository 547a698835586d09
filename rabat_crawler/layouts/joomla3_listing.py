"""Joomla 3 listings: category blog, featured home, category table, archive, tag view; also in beez3, which gives the body no classes."""

from __future__ import annotations

from rabat_crawler.extract.html import Document
from rabat_crawler.layouts import _joomla, _joomla_lists
from rabat_crawler.models import Layout

UNNAMED = ".blog-featured, .blog .items-leading, .blog .items-row, .category-list table.category, #archive-items, .tag-category"


def matches(doc: Document) -> bool:
    """A listing view by the body's class; where the template writes none, a listing's own box and no article's."""
    if _joomla.is_modern(doc):
        return False
    named = _joomla.view(doc)
    if named:
        return named in _joomla_lists.VIEWS and _joomla.is_content(doc)
    return _joomla.is_joomla(doc) and doc.css_first(UNNAMED) is not None and doc.css_first(".item-page") is None


LAYOUT = Layout(name="joomla3_listing", rank=14, matches=matches, parse=_joomla_lists.read_listing)
