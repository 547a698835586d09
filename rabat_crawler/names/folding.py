"""Text as names are compared: lower case, without accents, word by word; every position leads back to the original text."""

from __future__ import annotations

import contextlib
import itertools
import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
_UNSEEN = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\ufeff]+")
"""Combining accents (of a text that is not composed), soft hyphens and characters without width: they part no word."""
_WITHOUT_ACCENT = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d"}


class _Folds(dict[int, int]):
    """The folded character of each character, worked out when it is first met; always one for one, so that positions stay."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        first = unicodedata.normalize("NFD", letter)[0].lower()[:1]
        folded = ord(_WITHOUT_ACCENT.get(first, first)) if letter.isalpha() else code
        if code < 0x3000:  # a bound for what is remembered
            self[code] = folded
        return folded


_FOLDS = _Folds()

_SPACES = (" ", "\t", "\u00a0", "\u202f", "  ", " \u00a0", "\u00a0 ")
_MARKS = ("'", "’", "‘", "`", "´", "ʼ", "′", "-", "‐", "‑", "\u2013")
GAPS = {
    **dict.fromkeys((*_SPACES, *_MARKS), ""),
    **{f"{mark} ": "" for mark in _MARKS if mark not in "-‐‑\u2013"},
    ".": ".",
    ". ": ".",
    ", ": ",",
    ",\u00a0": ",",
    " (": "(",
    "\u00a0(": "(",
    " & ": "&",
}
"""What may stand between two words of a name, and which sort of gap that is. A line's end or a dash between spaces parts names."""


_WINDOWS = "cp1252"
"""The code page that holds all letters of French and English: texts in it are folded seven times as fast."""


def _folded_bytes() -> bytes:
    table = bytearray(range(256))
    for code in range(256):
        with contextlib.suppress(UnicodeDecodeError):
            table[code] = bytes([code]).decode(_WINDOWS).translate(_FOLDS).encode(_WINDOWS)[0]
    return bytes(table)


_FOLDED_BYTES = _folded_bytes()


def fold(text: str) -> str:
    """The text folded character by character; as long as the text."""
    if text.isascii():
        return text.lower()
    try:
        return text.encode(_WINDOWS).translate(_FOLDED_BYTES).decode(_WINDOWS)
    except UnicodeError:
        return text.translate(_FOLDS)


def visible(text: str) -> tuple[str, list[int] | None]:
    """The text without its unseen characters, and where each of its characters stood; None if there are no unseen ones."""
    if text.isascii() or _UNSEEN.search(text) is None:
        return text, None
    kept: list[str] = []
    places: list[int] = []
    at = 0
    for found in (*_UNSEEN.finditer(text), None):
        end = found.start() if found else len(text)
        kept.append(text[at:end])
        places.extend(range(at, end))
        at = found.end() if found else end
    return "".join(kept), places


def is_unseen(letter: str) -> bool:
    """True for a character that parts no word and is not seen by itself."""
    return _UNSEEN.match(letter) is not None


def steps(text: str) -> tuple[str, ...] | None:
    """The folded words of a name, each but the first led by the sort of the gap before it; None where a gap is of no known sort."""
    folded = fold(text)
    words = list(WORD.finditer(folded))
    if not words:
        return None
    keys = [words[0][0]]
    for before, word in itertools.pairwise(words):
        gap = GAPS.get(folded[before.end() : word.start()])
        if gap is None:
            return None
        keys.append(gap + word[0])
    return tuple(keys)
