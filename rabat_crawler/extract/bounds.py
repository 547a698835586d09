"""Markup on which a parser's time grows with the square, taken out before a parser sees it: absurd nesting, tags with hundreds of attributes."""

from __future__ import annotations

import re
from collections import Counter

MANY_TAGS = 10_000
LONG_PAGE = 300_000
"""Only pages with more tags or characters are looked through for markup on which a parser's time grows with the square."""
MAX_OPEN = 300
MAX_ATTRIBUTES = 500
_TAG = re.compile(r"""<(/?)([A-Za-z][^\s/>]*+)((?:[^>"'=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?|["'])*+)>?""")
_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"?|'[^']*+'?)""")
_SEPARATOR = re.compile(r"[\s/]++")
_UNNESTED = frozenset("area base br col dd dt embed hr img input li link meta option p param source tbody td tfoot th thead tr track wbr".split())
"""Void elements, and those that the next of their kind closes: they do not nest by themselves."""


def bounded(text: str) -> str:
    """The markup of an enormous page with at most MAX_OPEN elements open at once and MAX_ATTRIBUTES attributes a tag; any other page as it is. One pass."""
    if len(text) <= LONG_PAGE and text.count("<") <= MANY_TAGS:
        return text
    kept: list[str] = []
    opened: list[str] = []
    count: Counter[str] = Counter()
    done = 0
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        deep = len(opened) > MAX_OPEN
        if tag[1] and count[name]:
            while (last := opened.pop()) != name:
                count[last] -= 1
            count[name] -= 1
        elif not tag[1] and name not in _UNNESTED:
            opened.append(name)
            count[name] += 1
            deep = len(opened) > MAX_OPEN
        crowded = len(tag[3]) > 2 * MAX_ATTRIBUTES and len(_SEPARATOR.findall(_VALUE.sub(" ", tag[3]))) > MAX_ATTRIBUTES
        if deep or crowded:
            kept += (text[done : tag.start()], "" if deep else f"<{tag[1]}{tag[2]}>")
            done = tag.end()
    return "".join((*kept, text[done:]))
