"""Words as the search knows them: the letters of FTS5's `unicode61`, elided articles and possessives apart, small words that say nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rabat_crawler.names.folding import WORD, fold

__all__ = ["APOSTROPHES", "HYPHENS", "STOP_WORDS", "WORD", "compounds", "content_words", "fold", "plain_fold", "split_word"]

APOSTROPHES = "'’‘ʼ`´′"
HYPHENS = "-‐‑"
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "OE", "Æ": "AE", "ﬁ": "fi", "ﬂ": "fl"})
_ELIDED = frozenset("l d j m t s n c qu jusqu lorsqu puisqu quoiqu presqu".split())
_POSSESSIVE = frozenset(("s",))
_COMPOUND = re.compile(rf"[^\W_]{{2,40}}(?:[{HYPHENS}][^\W_]{{2,40}}){{1,3}}")
_AT_APOSTROPHES = re.compile(f"[{APOSTROPHES}]")

STOP_WORDS = frozenset(
    (
        "a à au aux avec ce ces cette dans de des du elle en et il ils la le les leur leurs lors ne ou où par pas pour qu que qui sa se ses son sur un une "
        "an and are as at be by for from in is it its of on or that the their this to was were which will with"
    ).split()
)
"""Articles, prepositions and the like of both languages: beside other words they are not asked for."""


def ligatures_apart(text: str) -> str:
    """œ as oe, æ as ae."""
    return text if text.isascii() else text.translate(_LIGATURES)


def plain_fold(text: str) -> str:
    """Lower case, no accents, no ligatures: equal for all spellings that the search takes for one word."""
    return text.lower() if text.isascii() else fold(ligatures_apart(text))


def split_word(word: str) -> list[str]:
    """The words in what stands between two spaces: "l’asile" is asile, "Africa's" is Africa, "co-development" is two. Letters stay as they are."""
    pieces = _AT_APOSTROPHES.split(word)
    while len(pieces) > 1 and fold(pieces[0]).strip('("«[ ') in _ELIDED:
        pieces = pieces[1:]
    if len(pieces) > 1 and fold(pieces[-1]).rstrip('.,;:!?)"»]') in _POSSESSIVE:
        pieces = pieces[:-1]
    return [part for piece in pieces for part in WORD.findall(piece)]


def compounds(text: str) -> list[str]:
    """The words with hyphens of a lower-case text, in one: "co-développement" gives "codéveloppement"."""
    if not any(mark in text for mark in HYPHENS):
        return []
    return [re.sub(f"[{HYPHENS}]", "", found) for found in _COMPOUND.findall(text)]


def content_words(words: Sequence[str]) -> list[str]:
    """The words without the small ones; all of them if there are no others."""
    return [word for word in words if word.lower() not in STOP_WORDS] or list(words)
