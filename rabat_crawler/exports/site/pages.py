"""Writes pages: templates of the reading room and of the site, links that are relative to the page, files that pages use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from rabat_crawler.web.language import LANGUAGES, Language, Translator, date_words, number_words, read_words, span_words, time_element, words
from rabat_crawler.web.templating import renderer

NAV = ("home", "search", "browse", "agenda", "about")
STATIC = ("room.css", "home.css", "item.css", "search.css", "agenda.css", "about.css", "item.js", "mark.svg", "site.css", "search.js")
POLICY = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
"""No inline script or style, no other host; what only a header can say (`frame-ancestors`) is the host's to say."""


class Pages:
    """The site that is being written. `base_url` ends with a slash, or is "" where nobody said where the site will stand."""

    def __init__(self, target: Path, *, names: dict[Language, str], base_url: str) -> None:
        self.target, self.names, self.base_url = target, names, base_url
        self.addresses: list[str] = []
        phrases = {**words(), **read_words(files(__package__) / "words")}
        self.translate = {language: Translator(language, phrases) for language in LANGUAGES}
        self._folders = (files(__package__), files("rabat_crawler.web"))
        self._render = renderer(folder / "templates" for folder in self._folders)
        self._static = {name: self._copied(name) for name in STATIC}

    def _copied(self, name: str) -> str:
        """The address of a file that pages use, from the root, after it was written there; it changes with the file."""
        content = next(folder / "static" / name for folder in self._folders if (folder / "static" / name).is_file()).read_bytes()
        (self.target / "static").mkdir(exist_ok=True)
        (self.target / "static" / name).write_bytes(content)
        return f"static/{name}?{hashlib.sha256(content).hexdigest()[:8]}"

    def page(self, path: str, template: str, language: Language, *, switch: dict[Language, str] | None = None, **context: Any) -> None:
        """Write the page at `path` (from the root, "" or ending with a slash). `switch`: the address of the other language, if it is not the same page."""
        self.addresses.append(path)
        self.file(f"{path}index.html", template, language, root="../" * path.count("/"), here=path, switch=switch, **context)

    def file(
        self, name: str, template: str, language: Language, *, root: str, here: str, switch: dict[Language, str] | None = None, **context: Any
    ) -> None:
        """Write one page to a file; `root` leads from it to the root."""
        other: Language = "fr" if language == "en" else "en"
        turned = switch or {other: f"{other}{here[2:]}" if here.startswith((f"{language}/",)) else f"{other}/"}
        shown = self._render(
            template,
            {
                "layout": "site_base.html",
                "policy": POLICY,
                "lang": language,
                "t": self.translate[language],
                "name": self.names[language],
                "names": self.names,
                "nav": NAV,
                "root": root,
                "here": root + here,
                "switch": {one: root + address for one, address in turned.items()},
                "to_page": lambda page: f"{root}{language}/" + ("" if page == "home" else f"{page}/"),
                "static": lambda one: root + self._static[one],
                "date_words": lambda iso: date_words(iso, language),
                "span_words": lambda start, end: span_words(start, end, language),
                "number": lambda value: number_words(value, language),
                "time": lambda iso: time_element(iso, language),
                "words": "",
                "absolute": self.base_url + here if self.base_url else "",
                "canonical": "",
                **context,
            },
        )
        path = self.target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8", newline="\n")

    def text(self, name: str, text: str) -> None:
        """Write a file as it is."""
        self.pieces(name, (text,))

    def pieces(self, name: str, pieces: Iterable[str]) -> None:
        """The same, piece by piece."""
        path = self.target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(pieces)
