"""What a feed (RSS, Atom) lists: each entry's address with what it says of it. A hint only; its dates are often those of creation."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from rabat_crawler.extract.html import absolute
from rabat_crawler.models import Link

_ENTRY = re.compile(r"<(?:item|entry)\b[^<>]{0,300}>?")
_LINK = re.compile(r"<link>\s*(?:<!\[CDATA\[)?\s*([^<\s\]]{1,800})|<link\b[^>]{0,300}?\bhref=[\"']([^\"'<>]{1,800})[\"']")
_DATE = re.compile(r"<(pubDate|lastBuildDate|updated|published|dc:date)\b[^<]{0,200}</\1>")
_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>|&lt;[^<>&]*&gt;")
_BLANK = re.compile(r"\s+")


def feed_links(text: str, url: str) -> Iterator[Link]:
    """The addresses in a feed, each once: the channel's own with rel "", the entries' with rel "item" and the entry's words as their text.

    Dates and markup are left out of the words: they change though the entry does not. Never raises; what is no feed gives what looks like its links.
    """
    seen: set[str] = set()
    channel, *entries = _ENTRY.split(text)
    for rel, part in (("", channel), *(("item", entry) for entry in entries)):
        words = _words(part) if rel else ""
        for rss, atom in _LINK.findall(part):
            target = absolute(url, html.unescape(rss or atom))
            if target and target not in seen:
                seen.add(target)
                yield Link(url=target, rel=rel, text=words)


def _words(entry: str) -> str:
    return _BLANK.sub(" ", html.unescape(_MARKUP.sub(" ", _DATE.sub(" ", entry)))).strip()
