"""Joomla pages that hold no item: search, contact, login, mailto form, wrapper, newsfeeds, error page. Their links still count."""

from __future__ import annotations

from rabat_crawler.extract.html import Document
from rabat_crawler.layouts import _joomla
from rabat_crawler.models import Layout, Reading

COMPONENTS = frozenset("search finder contact users user mailto wrapper newsfeeds weblinks banners ajax media privacy config".split())
VIEWS = frozenset("categories tags form login registration reset remind profile search".split())
FORMS = "#mailto-window, #searchForm, .com-finder, .login > form, .error-page, #errorboxbody, #error"


def matches(doc: Document) -> bool:
    """A component or view without items by the body's classes; in a bare window (print, mailto, error) the form itself."""
    component = next((name[4:] for name in doc.body_classes if name.startswith(("com_", "com-"))), "")
    if component:
        return component in COMPONENTS or (component in ("content", "tags") and _joomla.view(doc) in VIEWS)
    return _joomla.is_joomla(doc) and doc.css_first(FORMS) is not None and doc.css_first(".item-page") is None


def parse(doc: Document) -> Reading:
    """No drafts."""
    return Reading(role="other")


LAYOUT = Layout(name="joomla_other", rank=19, matches=matches, parse=parse)
