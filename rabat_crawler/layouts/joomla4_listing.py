"""Joomla 4 and 5 listings (Cassiopeia): category blog, featured home, category table, archive, tag view."""

from __future__ import annotations

from rabat_crawler.extract.html import Document
from rabat_crawler.layouts import _joomla, _joomla_lists
from rabat_crawler.models import Layout

UNNAMED = ".com-content-category-blog, .com-content-category, .com-content-archive, .com-tags-tag, .blog-featured"


def matches(doc: Document) -> bool:
    """A listing view by the body's class, or a listing's box in a view without classes, on a page of Joomla 4 or later."""
    if not _joomla.is_modern(doc):
        return False
    named = _joomla.view(doc)
    if named:
        return named in _joomla_lists.VIEWS and _joomla.is_content(doc)
    return doc.css_first(UNNAMED) is not None and doc.css_first(".com-content-article") is None


LAYOUT = Layout(name="joomla4_listing", rank=15, matches=matches, parse=_joomla_lists.read_listing)
