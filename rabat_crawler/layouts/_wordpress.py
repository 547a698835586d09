"""What the WordPress layouts share: the signs of WordPress, dates of its `time` elements, terms. Classic themes and block themes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from rabat_crawler.extract import dates
from rabat_crawler.extract.html import Document, inline_text, node_text
from rabat_crawler.models import DateRole, PartialDate

CMS = "wordpress"
TRACES = ("/wp-content/", "/wp-includes/", "wp-block-", "wp-json")
PUBLISHED = (
    "time.entry-date.published, time.published, .wp-block-post-date:not(.wp-block-post-date__modified-date) time, time.entry-date, .posted-on time"
)
DATE_TEXT = ".entry-date, .posted-on, .post-date, .entry-meta .date"
CATEGORIES = ".cat-links a, .taxonomy-category a, a[rel~=category], .entry-categories a, .post-categories a"
TAGS = ".tags-links a, .tag-links a, .taxonomy-post_tag a, .post-tags a, .entry-tags a, a[rel=tag]"

_ID_CLASS = re.compile(r"^(?:postid|page-id)-(\d{1,9})$")
_ID_POST = re.compile(r"^post-(\d{1,9})$")


def is_wordpress(doc: Document) -> bool:
    """True if the page shows signs of WordPress: its generator or its paths."""
    return doc.generator.startswith("wordpress") or any(trace in doc.source for trace in TRACES)


def post_id(doc: Document, root: LexborNode | None) -> int | None:
    """The number of the post or page: of the body's class, else of the article's own id or class."""
    found = next((match for name in sorted(doc.body_classes) if (match := _ID_CLASS.match(name))), None)
    return int(found.group(1)) if found else (item_id(root) if root is not None else None)


def item_id(node: LexborNode) -> int | None:
    """The number in `id="post-N"` or in the class `post-N`."""
    names = [node.attributes.get("id") or "", *(node.attributes.get("class") or "").split()]
    found = next((match for name in names if (match := _ID_POST.match(name))), None)
    return int(found.group(1)) if found else None


def published(root: LexborNode, doc: Document, *, source: str = "") -> PartialDate | None:
    """The date shown as the post's own: its published `time`, else the text of the date line."""
    time = root.css_first(PUBLISHED)
    if time is not None:
        name = source or "time.published"
        found = dates.parse_iso(time.attributes.get("datetime") or "", role="published", source=name)
        return found or dates.parse_date(node_text(time), language=doc.html_lang, role="published", source=name)
    node = root.css_first(DATE_TEXT)
    return dates.parse_date(node_text(node), language=doc.html_lang, role="published", source=source or "entry-date") if node is not None else None


def stamp(value: object, *, role: DateRole, source: str) -> PartialDate | None:
    """A date of a meta element or of JSON-LD; None for anything that is no text."""
    return dates.parse_iso(value, role=role, source=source) if isinstance(value, str) and value else None


def names(nodes: Iterable[LexborNode]) -> tuple[str, ...]:
    """The texts of the given links, each once."""
    return tuple(dict.fromkeys(text for node in nodes if (text := inline_text(node))))
