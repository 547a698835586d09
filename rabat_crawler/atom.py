"""Atom feeds (RFC 4287) of items with their full text. Pure: items in, XML out; ids are tag: URIs (RFC 4151) that never change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from rabat_crawler.models import Item

AUTHORITY = "rabat-crawler,2026"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PARAGRAPH = re.compile(r"\n\s*\n")
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$", re.ASCII)
_DATE = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item in a feed: where people read it, and when its text became what it is (ISO 8601 UTC)."""

    item: Item
    address: str
    updated: str


def feed(entries: Iterable[Entry], *, title: str, subject: str, author: str, self_address: str, address: str, language: str) -> str:
    """The feed as text. `subject` tells this feed from others of the archive for ever; `updated` is the latest of its entries'."""
    listed = list(entries)
    updated = max((_moment(entry.updated) for entry in listed), default="1970-01-01T00:00:00Z")
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={_quoted(language)}>',
        f"<id>{_text(tag('feed/' + subject))}</id>",
        f"<title>{_text(title)}</title>",
        f"<updated>{updated}</updated>",
        f"<author><name>{_text(author)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={_quoted(self_address)}/>',
        f'<link rel="alternate" type="text/html" href={_quoted(address)}/>',
        "<generator>rabat_crawler</generator>",
        *(_entry(entry) for entry in listed),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def tag(name: str) -> str:
    """A tag: URI; characters that may not stand in one are left out."""
    return f"tag:{AUTHORITY}:{re.sub(r'[^A-Za-z0-9._~/-]', '', name)}"


def _entry(entry: Entry) -> str:
    item = entry.item
    language = f" xml:lang={_quoted(item.language)}" if item.language in ("fr", "en") else ""
    published = f"<published>{_moment(item.published)}</published>\n" if item.published else ""
    via = f'<link rel="via" href={_quoted(item.canonical_url)}/>\n' if item.canonical_url else ""
    terms = (item.kind, *item.tags)
    categories = "".join(f"<category term={_quoted(term)}/>\n" for term in dict.fromkeys(terms) if term)
    summary = f"<summary>{_text(item.summary)}</summary>\n" if item.summary else ""
    return (
        f"<entry{language}>\n<id>{tag('item/' + item.item_id)}</id>\n<title>{_text(item.title)}</title>\n"
        f"<updated>{_moment(entry.updated)}</updated>\n{published}"
        f'<link rel="alternate" type="text/html" href={_quoted(entry.address)}/>\n{via}{categories}{summary}'
        f'<content type="html">{_text(_paragraphs(item.text))}</content>\n</entry>'
    )


def _paragraphs(text: str) -> str:
    """The text as HTML that holds nothing but paragraphs."""
    return "".join(f"<p>{escape(paragraph.strip())}</p>" for paragraph in _PARAGRAPH.split(text) if paragraph.strip())


def _moment(iso: str | None) -> str:
    """A time as RFC 3339 wants it; of a year, month or day its beginning."""
    if iso and _TIME.match(iso):
        return iso
    found = _DATE.match(iso or "")
    if not found:
        return "1970-01-01T00:00:00Z"
    return f"{found[1]}-{found[2] or '01'}-{found[3] or '01'}T00:00:00Z"


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _quoted(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", text))
