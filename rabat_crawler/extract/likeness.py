"""Do two texts say the same? For telling the page that a site shows for any address from a real one. Pure."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w{1,40}")
SHINGLE = 3
ALIKE = 0.8


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of three words in the text, case ignored."""
    words = _WORD.findall(text.lower())[:5000]
    return frozenset(tuple(words[place : place + SHINGLE]) for place in range(max(1, len(words) - SHINGLE + 1))) if words else frozenset()


def likeness(one: str, other: str) -> float:
    """The share of word runs that both have: 0 (nothing in common, or one is empty) to 1."""
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b) if a and b else 0.0


def alike(one: str, other: str) -> bool:
    """True if the texts are the same but for a few words."""
    return likeness(one, other) >= ALIKE
