"""The reading room's two languages: its words (`words/<page>.tsv`), which language a visitor gets, dates and numbers for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, cast

from markupsafe import Markup

from rabat_crawler.date_text import in_words

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")
COOKIE = "rabat_language"

_PATH = re.compile(r"^/(en|fr)(?:/|$)")
_PREFERENCE = re.compile(r"^([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]{1,30})?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?$")
MAX_PREFERENCES = 20

NO_BREAK, THIN = "\u00a0", "\u202f"


def language_of_path(path: str) -> Language | None:
    """The language that an address begins with, or None."""
    found = _PATH.match(path)
    return cast(Language, found[1]) if found else None


def preferred(cookie: str | None, accept: str | None) -> Language:
    """The language for a visitor: what the cookie says, else the first of `Accept-Language` that the room speaks, else English."""
    if cookie in LANGUAGES:
        return cookie
    best: tuple[float, Language] = (0.0, "en")
    for part in (accept or "")[:1000].split(",")[:MAX_PREFERENCES]:
        found = _PREFERENCE.match(part.strip())
        if found and found[1].lower() in LANGUAGES and (weight := float(found[2] or 1)) > best[0]:
            best = (weight, cast(Language, found[1].lower()))
    return best[1]


@lru_cache(maxsize=1)
def words() -> dict[str, tuple[str, str]]:
    """Every phrase of the reading room by `<file>.<key>`, in English and in French."""
    return read_words(files(__package__) / "words")


def read_words(folder: Traversable) -> dict[str, tuple[str, str]]:
    """The phrases of a folder's tables by `<file>.<key>`, in English and in French. ValueError names a line that is none."""
    found: dict[str, tuple[str, str]] = {}
    for table in sorted(folder.iterdir(), key=lambda path: path.name):
        if not table.name.endswith(".tsv"):
            continue
        for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            parts = line.split("\t")
            if len(parts) != 3 or f"{table.name[:-4]}.{parts[0]}" in found:
                raise ValueError(f"words/{table.name}, line {number}: a key of its own, English and French belong there, with tabs between")
            found[f"{table.name[:-4]}.{parts[0]}"] = (parts[1], parts[2])
    return found


class Translator:
    """`t(key, **values)`: the phrase of that key in one language. A `count` chooses between `<key>.one` and `<key>.many`, and is written for people.

    `phrases`: the tables to look into; without, the reading room's.
    """

    def __init__(self, language: Language, phrases: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.language = language
        self._phrases = words() if phrases is None else phrases

    def __call__(self, key: str, **values: object) -> str:
        """The phrase as plain text, not escaped. KeyError for a key that no table has."""
        count = values.get("count")
        if isinstance(count, int):
            singular = count == 1 or (count == 0 and self.language == "fr")
            key = f"{key}.{'one' if singular else 'many'}"
            values["count"] = number_words(count, self.language)
        phrase = self._phrases[key][LANGUAGES.index(self.language)]
        return phrase.format(**values) if values else phrase

    def has(self, key: str) -> bool:
        """Whether a table has the key."""
        return key in self._phrases


def number_words(number: int, language: Language) -> str:
    """12345 as 12,345 or 12 345."""
    return f"{number:,}" if language == "en" else f"{number:,}".replace(",", THIN)


def date_words(iso: str | None, language: Language) -> str:
    """A year, month, day or time in ISO 8601 as people write it ("17 July 2017", "1er juillet 2019"); "" for none, the text itself if it is no date."""
    shown = in_words(iso, language) or in_words((iso or "")[:4], language)  # of a day that there is not, the year
    if not shown:
        return iso or ""
    return shown.replace(" ", NO_BREAK, 1) if shown.count(" ") == 2 else shown  # a day stays with its month


def span_words(start: str | None, end: str | None, language: Language) -> str:
    """A span of days, months or years: what both ends share is written once ("8 to 9 November 2017", "du 8 au 9 novembre 2017")."""
    if not start or not end or end == start:
        return date_words(start or end, language)
    first, last = date_words(start, language), date_words(end, language)
    if len(start) >= 10 and len(end) >= 10:
        if start[:7] == end[:7]:
            first = first.split(NO_BREAK)[0]
        elif start[:4] == end[:4]:
            first = first.removesuffix(f" {start[:4]}")
        return f"{first} to {last}" if language == "en" else f"du {first} au {last}"
    return f"{first} to {last}" if language == "en" else f"de {first} à {last}"


def time_element(iso: str | None, language: Language) -> Markup:
    """A date for people that programs can read: `<time datetime>`; nothing for none."""
    return Markup('<time datetime="{}">{}</time>').format(iso, date_words(iso, language)) if iso else Markup("")
