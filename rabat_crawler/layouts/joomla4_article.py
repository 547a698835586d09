"""Joomla 4 and 5 article pages (Cassiopeia): microdata in 4, none in 5; the number in the JSON-LD of 5. Never a listing."""

from __future__ import annotations

from rabat_crawler.extract.html import Document
from rabat_crawler.layouts import _joomla
from rabat_crawler.models import Layout, Reading

ROOT = ".com-content-article"


def matches(doc: Document) -> bool:
    """The article component's own class, which only Joomla 4 and later write."""
    return _joomla.view(doc) in ("", "article") and doc.css_first(ROOT) is not None


def parse(doc: Document) -> Reading:
    """The page's one article; role "other" should its box be missing after all."""
    root = doc.css_first(ROOT)
    return _joomla.read_article(doc, root) if root is not None else Reading(role="other")


LAYOUT = Layout(name="joomla4_article", rank=11, matches=matches, parse=parse)
