"""Which paragraphs of two translations stand beside each other: by their lengths and the numbers in them, in order. Pure; bounded for texts of any size."""

from __future__ import annotations

import re
from collections.abc import Sequence

Pair = tuple[tuple[str, ...], tuple[str, ...]]
"""Paragraphs of the one text and those of the other that say the same; one side may be empty."""

MAX_CELLS = 40_000
"""So many pairs of paragraphs are weighed; longer texts are put side by side as they come."""

MOVES = ((1, 1, 0.0), (1, 0, 3.0), (0, 1, 3.0), (2, 1, 1.5), (1, 2, 1.5))
"""How many paragraphs of either text go together, and what it costs that they are not one and one."""

_NUMBER = re.compile(r"\d+")


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a clean text: what stands apart by blank lines."""
    return tuple(part for part in (piece.strip("\n") for piece in re.split(r"\n[ \t]*\n\s*", text)) if part.strip())


def align(ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    """All paragraphs of both texts in order, in pairs."""
    if len(ours) == len(theirs):
        return [((one,), (other,)) for one, other in zip(ours, theirs, strict=True)]
    if len(ours) * len(theirs) > MAX_CELLS:
        longest = max(len(ours), len(theirs))
        return [(tuple(ours[n : n + 1]), tuple(theirs[n : n + 1])) for n in range(longest)]
    return _cheapest(ours, theirs)


def _cheapest(ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    """The way through both texts that costs least."""
    share = min(1.25, max(0.8, sum(map(len, theirs)) / max(1, sum(map(len, ours)))))  # beyond that one of them says more
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for at in ((n, m) for n in range(len(ours) + 1) for m in range(len(theirs) + 1)):
        for down, right, price in MOVES:
            start = (at[0] - down, at[1] - right)
            if start not in best:
                continue
            cost = best[start][0] + price + _apart(ours[start[0] : at[0]], theirs[start[1] : at[1]], share)
            if at not in best or cost < best[at][0]:
                best[at] = (cost, start)
    return _path(best, ours, theirs)


def _path(best: dict[tuple[int, int], tuple[float, tuple[int, int]]], ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    found: list[Pair] = []
    at = (len(ours), len(theirs))
    while at != (0, 0):
        start = best[at][1]
        found.append((tuple(ours[start[0] : at[0]]), tuple(theirs[start[1] : at[1]])))
        at = start
    return found[::-1]


def _apart(ours: Sequence[str], theirs: Sequence[str], share: float) -> float:
    """How unlike two stretches are: 0 for lengths in the texts' own proportion and the same numbers."""
    if not ours or not theirs:
        return 0.0
    long, other = sum(map(len, ours)) * share, sum(map(len, theirs))
    numbers, others = ({number for text in texts for number in _NUMBER.findall(text[:2000])} for texts in (ours, theirs))
    unlike = len(numbers ^ others) / max(1, len(numbers | others))
    return 4.0 * abs(long - other) / max(1.0, long + other) + unlike
