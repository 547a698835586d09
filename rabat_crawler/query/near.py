"""Words near a misspelt one: how many letters must be changed, and which of the known words come first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MAX_WORDS = 100_000
"""So many known words are looked at."""


def most_changes(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 0 if len(word) < 4 else 1 if len(word) < 6 else 2


def changes(one: str, other: str, most: int) -> int:
    """How many letters must be put in, left out, changed or swapped with the next to make one word the other; `most` + 1 if more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        former, before, row = before, row, [i] + [0] * len(other)
        for j, wanted in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], former[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


def nearest(word: str, known: Iterable[tuple[str, int]], limit: int = 5) -> list[str]:
    """The known words (with the number of items that hold them) nearest to a word: fewest changes, then the most frequent."""
    most = most_changes(word)
    if not most:
        return []
    found = []
    for number, (other, count) in enumerate(known):
        if number >= MAX_WORDS:
            break
        if other != word and (needed := changes(word, other, most)) <= most:
            found.append((needed, -count, other))
    return [other for *_, other in sorted(found)[:limit]]
