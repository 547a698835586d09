"""Text as it is compared, whatever its case, accents and marks. Pure, and without the HTML parsers: who only compares texts does not need them."""

from __future__ import annotations

import re
import unicodedata

_MAYBE_MARK = re.compile("[^\x00-\u02ff]")
"""Unicode has no combining mark below U+0300, so nearly all characters need no look."""


def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, œ as oe, every apostrophe, quote, dash and space alike."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = _MAYBE_MARK.sub(_without_mark, text).replace("œ", "oe").replace("æ", "ae")
    text = text.lower()
    return " ".join(re.findall(r"[^\W_]+", text))


def _without_mark(found: re.Match[str]) -> str:
    return "" if unicodedata.combining(found[0]) else found[0]
