"""Editors of the captured site: titles, texts, removals, new articles and translations, made in every captured page that shows them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rabat_crawler.demo import Response
from tests import gold
from tests.gold import CAPTURED_ORIGIN, Answer
from tests.nights import Edit

SERVERS_OWN = {"date", "server", "x-content-type-options", "set-cookie"}
ENTRY_CLASSES = ("items-row", "leading-0", "row0", "row1")
TEXT = ("text/html", "application/rss+xml", "application/atom+xml")


class CapturedSite:
    """The capture as a site on any port: its absolute links are moved to the origin asked on."""

    def __init__(self, captured: Mapping[str, Answer]) -> None:
        self.captured = dict(captured)

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        """The captured answer; a path that was not captured is a 404, as in `serve_capture.py`."""
        found = self.captured.get(path_with_query)
        if found is None:
            return Response(404, (("Content-Type", "text/html"),), b"<h1>404</h1>")
        headers = tuple((name, value.replace(CAPTURED_ORIGIN, origin)) for name, value in found.headers if name.lower() not in SERVERS_OWN)
        return Response(found.status, headers, found.body.replace(CAPTURED_ORIGIN.encode(), origin.encode()))


class Editors(CapturedSite):
    """The captured site and those who edit it: each method makes one edit and says what must be told of it."""

    def __init__(self, captured: Mapping[str, Answer]) -> None:
        super().__init__(captured)
        articles = [article for article in gold.read_gold()["articles"] if article["visible"]]
        self.by_id: dict[int, Mapping[str, Any]] = {article["id"]: article for article in articles}
        self.words = "\n".join(f"{article['title']}\n{article['body_text']}" for article in articles)
        self._next_id = 901

    def copy(self) -> CapturedSite:
        """The site as it is now."""
        return CapturedSite(self.captured)

    def once(self, text: str) -> bool:
        """True if no second article has this title or this line."""
        return self.words.count(text) == 1

    @staticmethod
    def _plain_words(line: str) -> str:
        """The longest piece of a line in which nothing is written as an entity or marked up."""
        return max((piece.strip() for piece in re.split(r"['\"&<>\u2019\xa0\u202f]", line)), key=len)

    def _rewrite(self, change: Callable[[str, str], str]) -> None:
        """Change the text of every captured page, given its path."""
        for path, answer in list(self.captured.items()):
            if answer.status == 200 and _media_type(answer) in TEXT:
                before = answer.body.decode()
                after = change(path, before)
                if after != before:
                    self.captured[path] = answer._replace(body=after.encode())

    def retitle(self, number: int, title: str) -> Edit:
        old = self.by_id[number]["title"]
        forms = {quote(old): quote(title) for quote in (str, html.escape, lambda text: html.escape(text, quote=False), _entities)}

        def change(path: str, text: str) -> str:
            for before, after in forms.items():
                text = text.replace(before, after)
            return text

        self._rewrite(change)
        return Edit(f"title of {number}", ("changed", title), frozenset({"title"}))

    def rewrite(self, number: int, line: int) -> Edit:
        words = self._plain_words(self.by_id[number]["body_text"].split("\n")[line])
        assert self.once(words), words
        self._rewrite(lambda path, text: text.replace(words, f"{words} (corrected)"))
        return Edit(f"line {line} of {number}", ("changed", self.by_id[number]["title"]))

    def remove(self, number: int) -> Edit:
        slug = self._slug(number)
        for path, answer in list(self.captured.items()):
            if path.partition("?")[0].rpartition("/")[2].startswith(f"{number}-"):
                self.captured[path] = Answer(404, answer.headers, b"<html><head><title>404</title></head><body><h1>404</h1></body></html>")
        self._rewrite(lambda path, text: _each_entry(text, slug, lambda entry: "") if slug in text else text)
        return Edit(f"removal of {number}", ("gone", self.by_id[number]["title"]))

    def _slug(self, number: int) -> str:
        return f"{number}-{self.by_id[number]['alias']}"

    def new(self, like: int, title: str, twin: int | None = None) -> Edit:
        """A new article that stands, in every list, before the one that it is made after; with `twin` both name each other as translations."""
        old, number = self.by_id[like], self._next_id
        self._next_id += 1
        alias = re.sub(r"[^a-z0-9]+", "-", title.lower())
        slug, now = self._slug(like), f"{number}-{alias}"

        def renamed(text: str) -> str:
            text = text.replace(slug, now).replace(f"&amp;id={like}&amp;", f"&amp;id={number}&amp;").replace(f"Button-{like}", f"Button-{number}")
            for quote in (str, html.escape, _entities):
                text = text.replace(quote(old["title"]), quote(title))
            return re.sub(r"<link[^>]*hreflang=[^>]*>", "", text)

        copies = {
            path.replace(slug, now): answer._replace(body=renamed(answer.body.decode()).encode())
            for path, answer in self.captured.items()
            if slug in path and answer.status == 200
        }
        words = self._plain_words(old["body_text"].split("\n")[-1])
        copies = {path: answer._replace(body=answer.body.replace(words.encode(), f"{words} ({title})".encode())) for path, answer in copies.items()}
        self._rewrite(lambda path, text: text if slug in path or slug not in text else _each_entry(text, slug, lambda entry: renamed(entry) + entry))
        self.captured |= copies
        if twin is not None:
            self._pair(old["canonical_url"].replace(slug, now), self.by_id[twin]["canonical_url"])
        return Edit(f"{'translation of ' + str(twin) if twin else 'new article'} before {like}", ("new", title))

    def _pair(self, *paths: str) -> None:
        tags = "".join(
            f'<link href="{CAPTURED_ORIGIN}{path}" rel="alternate" hreflang="{"fr-FR" if path.startswith("/fr/") else "en-GB"}" />' for path in paths
        )
        for path in paths:
            answer = self.captured[path]
            self.captured[path] = answer._replace(body=answer.body.replace(b"</head>", tags.encode() + b"</head>", 1))


def _media_type(answer: Answer) -> str:
    return next((value for name, value in answer.headers if name.lower() == "content-type"), "").partition(";")[0].strip()


def _entities(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#039;")


def _each_entry(text: str, slug: str, change: Callable[[str], str]) -> str:
    """The page with every entry of a list that links to the article put through `change`."""
    if text.lstrip().startswith("<?xml"):
        return re.sub(r"<(item|entry)>.*?</\1>", lambda entry: change(entry[0]) if slug in entry[0] else entry[0], text, flags=re.S)
    tree = LexborHTMLParser(text)
    pieces: dict[str, str] = {}
    entries = {entry.mem_id: entry for anchor in tree.css(f'a[href*="{slug}"]') if (entry := _entry(anchor)) is not None}
    for number, entry in enumerate(entries.values()):
        mark = f"@@{number}@@"
        pieces[mark] = change(entry.html or "")
        entry.insert_before(mark)
        entry.decompose()
    if not pieces:
        return text
    changed = tree.html or ""
    for mark, piece in pieces.items():
        changed = changed.replace(mark, piece)
    return changed


def _entry(anchor: LexborNode) -> LexborNode | None:
    """The outermost entry of a list around a link."""
    node, found = anchor.parent, None
    while node is not None and node.tag not in ("body", "main"):
        names = (node.attributes.get("class") or "").split()
        if node.tag in ("li", "tr") or any(name in ENTRY_CLASSES for name in names):
            found = node
        node = node.parent
    return found
