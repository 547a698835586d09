"""How much a title and text say of the words of a search: bm25 over the texts themselves, for few of them. Pure.

FTS5's own bm25 goes through every item that holds one of the words before it ranks the first; where a word is frequent and few items are found, reading these
is faster. Title, text, exact word and other form count as they do there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rabat_crawler.query.excerpt import Marker
from rabat_crawler.query.stems import TITLE_TIMES, Vocabulary
from rabat_crawler.query.tree import Term

K1, B = 1.2, 0.75
IN_TITLE, IN_TEXT, OF_STEM = 8.0, 1.0, 0.5
"""The weights of the columns `title`, `text` and of the stems."""
LEAST_RARITY = 1e-6
LETTERS = 6.0
"""Of a word with the space behind it, about."""


class Weigher:
    """Weighs texts. `holding`: how many items hold each term, of `items` in all."""

    def __init__(self, terms: Sequence[Term], holding: Sequence[int], items: int, vocabulary: Vocabulary) -> None:
        self._markers = [Marker([term], vocabulary) for term in terms]
        self._rarities = [
            max(math.log((items - number + 0.5) / (number + 0.5)), LEAST_RARITY) if items > number else LEAST_RARITY for number in holding
        ]

    def weigh(self, title: str, text: str, language: str | None, average: float) -> float:
        """The rank, lower is better, 0 if nothing is held. `average`: words of an item."""
        share = 1 - B + B * (len(title) + len(text)) / LETTERS / max(average, 1.0)
        rank = 0.0
        for marker, rarity in zip(self._markers, self._rarities, strict=True):
            in_title, in_text = marker.count(title, language), marker.count(text, language)
            stems = 1 + TITLE_TIMES if any(in_title) else 1 if any(in_text) else 0  # as they stand in the column of stems
            times = IN_TITLE * in_title[0] + IN_TEXT * in_text[0] + OF_STEM * stems
            rank -= rarity * times * (K1 + 1) / (times + K1 * share)
        return rank


def words_in(title: str, text: str) -> float:
    """About how many words they have."""
    return (len(title) + len(text)) / LETTERS
