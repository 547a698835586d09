"""Stems of French and English words, without accents: what an item's stem columns hold, and which stems a word that was typed may have.

Snowball's stemmers (snowballstemmer) need accents: "refugies" alone gives another stem than "réfugiés". So a word without accents is
looked up among the archive's own accented spellings, and where none is known it is tried with the accents that endings have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Protocol

from rabat_crawler.query.words import STOP_WORDS, WORD, compounds, ligatures_apart, plain_fold

LANGUAGES = ("fr", "en")
SHORTEST = 4
"""Shorter words have no stem of their own: they are found as they are."""
LONGEST = 60
IN_TITLE = "0"
"""Stands before the stem of a word of the title; no stem has a digit."""
TITLE_TIMES = 2
"""So often the stem of a title's word stands in the column beside that: it counts so much more."""
MAX_STEMS = 20_000
"""So many different words of one text have stems; the rest is found as it is written."""

_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), accented)
    for pattern, accented in (
        (r"e(e?s?)$", r"é\1"),  # refugies, refugie, refugiee, refugiees; mobilite
        (r"i?ere(s?)$", r"ière\1"),  # frontieres
        (r"erent$", r"èrent"),  # arriverent
        (r"ement(s?)$", r"ément\1"),  # enormement
    )
)
_DIGIT = re.compile(r"\d")


@lru_cache(maxsize=len(LANGUAGES))
def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer({"fr": "french", "en": "english"}[language]).stemWord
    return stem


class _Stems(dict[str, str]):
    """The stem of each lower-case word, "" if it has none, worked out when it is first met."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stem = _stemmer(language)

    def __missing__(self, word: str) -> str:
        found = ""
        if SHORTEST <= len(word) <= LONGEST and word not in STOP_WORDS and _DIGIT.search(word) is None:
            found = plain_fold(self._stem(ligatures_apart(word)))
        if len(self) < 1_000_000:  # a bound for what is remembered
            self[word] = found
        return found


@lru_cache(maxsize=len(LANGUAGES))
def _stems(language: str) -> _Stems:
    return _Stems(language)


def stem(word: str, language: str) -> str:
    """The stem of a word in one language, lower case and without accents; "" for a small, short or long word, or one with digits."""
    return _stems(language)[word.lower()]


def stem_columns(title: str, text: str, language: str | None) -> tuple[str, str]:
    """What the columns `stems_fr` and `stems_en` hold of a title and text: stems of the item's own language, of both where it has no known one.

    Each stem once; those of the title a few times, and once with IN_TITLE before.
    """
    mine = LANGUAGES if language not in LANGUAGES else (language,)
    french, english = (_column(title, text, name) if name in mine else "" for name in LANGUAGES)
    return french, english


def _column(title: str, text: str, language: str) -> str:
    known = _stems(language)
    in_title = _distinct(title, language, known)
    in_text = _distinct(text, language, known)
    in_title.discard("")
    in_text.discard("")
    return " ".join(
        chain(
            sorted(in_text | in_title)[:MAX_STEMS],
            *(sorted(in_title)[:MAX_STEMS] for _ in range(TITLE_TIMES)),
            sorted(IN_TITLE + one for one in in_title),
        )
    )


def _distinct(text: str, language: str, known: _Stems) -> set[str]:
    lower = text.lower()
    found = {known[word] for word in {*WORD.findall(lower), *compounds(lower)}}
    if language == "fr" and not text.islower():
        found.update(known[way] for word in set(WORD.findall(text)) if word.isupper() and len(word) >= SHORTEST for way in accented(word.lower()))
    return found


def accented(word: str) -> list[str]:
    """A lower-case word with the accents that French endings may have had: capitals are often written without; [] for one that has accents."""
    if not word.isascii():
        return []
    ways = [pattern.sub(way, word) for pattern, way in _ENDINGS]
    return [way for way in dict.fromkeys(ways) if way != word]


class Vocabulary(Protocol):
    """What the archive knows of words; all are in lower case."""

    def spellings(self, folded: str) -> Sequence[str]:
        """The accented ways in which a word without accents is written."""

    def occurs(self, word: str, language: str) -> bool:
        """True if a text of that language holds the word, accents apart."""

    def has_stem(self, stem: str, language: str) -> bool:
        """True if a text of that language holds a word of that stem."""


class NoVocabulary:
    """Knows no word at all."""

    def spellings(self, folded: str) -> Sequence[str]:
        """None."""
        return ()

    def occurs(self, word: str, language: str) -> bool:
        """Never."""
        return False

    def has_stem(self, stem: str, language: str) -> bool:
        """Always: then nothing is left out."""
        return True


def stems_of_query(word: str, vocabulary: Vocabulary) -> dict[str, list[str]]:
    """For each language the stems that a typed word may have, the likeliest first.

    A word that only texts of one language hold is one of that language. One that no text holds as it was typed may lack accents.
    """
    lower = word.lower()
    where = [language for language in LANGUAGES if vocabulary.occurs(lower, language)]
    found: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for language in where or LANGUAGES:
        ways = _french_ways(lower, vocabulary, known="fr" in where) if language == "fr" else [lower]
        found[language] = [one for one in dict.fromkeys(stem(way, language) for way in ways) if one]
    return found


def _french_ways(lower: str, vocabulary: Vocabulary, *, known: bool) -> list[str]:
    """The word as it may be written with its accents."""
    if not lower.isascii():
        return [lower]
    spelt = list(vocabulary.spellings(plain_fold(lower)))
    if spelt or known:
        return spelt or [lower]
    ways = [way for way in accented(lower) if stem(way, "fr") and vocabulary.has_stem(stem(way, "fr"), "fr")]
    return ways or [lower]


def accented_spellings(title: str, text: str) -> set[tuple[str, str]]:
    """(word without accents, as it is written) of every word of a title and text that has an accent or a ligature, in lower case."""
    return {
        (plain_fold(word), word)
        for word in {*WORD.findall(title.lower()), *WORD.findall(text.lower())}
        if not word.isascii() and len(word) <= LONGEST
    }
