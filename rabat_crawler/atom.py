"""Atom feeds (RFC 4287) of items with their full text, of a changed item with the change. Pure: items in, XML out; ids are tag: URIs (RFC 4151) that never
change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from rabat_crawler.charts.words import Language, number
from rabat_crawler.date_text import in_words
from rabat_crawler.models import Item
from rabat_crawler.wording import Piece, diff_paragraphs, word_diff

AUTHORITY = "rabat-crawler,2026"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n\s*\n")
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$", re.ASCII)
_DATE = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


MARKS = {"-": ("<del>", "</del>"), "+": ("<ins>", "</ins>"), " ": ("", "")}
MOST_COMPARED = 200_000
"""So many characters of each of two texts are compared."""
_SAID = {
    "changed": (
        "Changed, seen so since {day}. What went is struck out, what came is underlined.",
        "Modifié, vu ainsi depuis le {day}. Ce qui a disparu est barré, ce qui est venu est souligné.",
    ),
    "title": ("Title: ", "Titre\u00a0: "),
    "spacing": ("Only the spacing differs.", "Seuls les espaces diffèrent."),
    "cut": ("Only the first {number} characters were compared.", "Seuls les {number} premiers caractères ont été comparés."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What an item was before it became what it is."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item in a feed: where people read it (None: nowhere), when its text became what it is (ISO 8601 UTC), and what it was before if it changed."""

    item: Item
    address: str | None
    updated: str
    former: Former | None = None


def feed(entries: Iterable[Entry], *, title: str, subject: str, author: str, self_address: str | None, address: str | None, language: str) -> str:
    """The feed as text. `subject` tells this feed from others of the archive for ever; `updated` is the latest of its entries'."""
    listed = list(entries)
    updated = max((one.updated for one in listed), key=_moment, default="")
    return "".join(
        iter_feed(listed, title=title, subject=subject, author=author, self_address=self_address, address=address, language=language, updated=updated)
    )


def iter_feed(
    entries: Iterable[Entry],
    *,
    title: str,
    subject: str,
    author: str,
    self_address: str | None,
    address: str | None,
    language: str,
    updated: str,
    subtitle: str = "",
) -> Iterator[str]:
    """The same in pieces: its head, its entries one by one, its end. Addresses are left out where they are None: the feed's own, and that of a page."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={_quoted(language)}>',
        f"<id>{_text(tag('feed/' + subject))}</id>",
        f"<title>{_text(title)}</title>",
        f"<subtitle>{_text(subtitle)}</subtitle>" if subtitle else "",
        f"<updated>{_moment(updated)}</updated>",
        f"<author><name>{_text(author)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={_quoted(self_address)}/>' if self_address else "",
        f'<link rel="alternate" type="text/html" href={_quoted(address)}/>' if address else "",
        "<generator>rabat_crawler</generator>",
    ]
    yield "".join(f"{line}\n" for line in lines if line)
    for entry in entries:
        yield _entry(entry) + "\n"
    yield "</feed>\n"


def tag(name: str) -> str:
    """A tag: URI; characters that may not stand in one are left out."""
    return f"tag:{AUTHORITY}:{re.sub(r'[^A-Za-z0-9._~/-]', '', name)}"


def _entry(entry: Entry) -> str:
    item = entry.item
    language = f" xml:lang={_quoted(item.language)}" if item.language in ("fr", "en") else ""
    published = f"<published>{_moment(item.published)}</published>\n" if item.published else ""
    alternate = f'<link rel="alternate" type="text/html" href={_quoted(entry.address)}/>\n' if entry.address else ""
    original = item.canonical_url if item.canonical_url != entry.address else None
    via = f'<link rel="via" href={_quoted(original)}/>\n' if original and _WEB.match(original) else ""
    terms = (item.kind, *item.tags)
    categories = "".join(f"<category term={_quoted(term)}/>\n" for term in dict.fromkeys(terms) if term)
    summary = f"<summary>{_text(item.summary)}</summary>\n" if item.summary else ""
    return (
        f"<entry{language}>\n<id>{tag('item/' + item.item_id)}</id>\n<title>{_text(item.title)}</title>\n"
        f"<updated>{_moment(entry.updated)}</updated>\n{published}"
        f"{alternate}{via}{categories}{summary}"
        f'<content type="html">{_text(_change(entry) + _paragraphs(item.text))}</content>\n</entry>'
    )


def _change(entry: Entry) -> str:
    """What changed as HTML: the title and the paragraphs that are not what they were, in `<del>` and `<ins>`; "" for an item that never changed."""
    former, item = entry.former, entry.item
    if former is None:
        return ""
    language: Language = "fr" if item.language == "fr" else "en"
    said = {name: phrases[language == "fr"] for name, phrases in _SAID.items()}
    found = _changed_paragraphs(former.text[:MOST_COMPARED], item.text[:MOST_COMPARED])
    if former.title != item.title:
        found.insert(0, escape(said["title"]) + _marked(word_diff(former.title, item.title)))
    if max(len(former.text), len(item.text)) > MOST_COMPARED:
        found.append(said["cut"].format(number=number(MOST_COMPARED, language)))
    head = said["changed"].format(day=in_words(entry.updated[:10], language))
    body = "".join(f"<p>{one}</p>" for one in found or [said["spacing"]])
    return f"<p><strong>{head}</strong></p>{body}<hr>"


def _changed_paragraphs(old: str, new: str) -> list[str]:
    """The paragraphs in which words came or went, "…" for those before, between and behind; [] if there are none."""
    found = [_marked(one) if any(op != " " and text.strip() for op, text in one) else "…" for one in diff_paragraphs(word_diff(old, new))]
    return [one for one, _ in groupby(found)] if any(one != "…" for one in found) else []


def _marked(pieces: Iterable[Piece]) -> str:
    return "".join(f"{MARKS[op][0]}{escape(text)}{MARKS[op][1]}" for op, text in pieces)


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
