"""BibTeX entries, for LaTeX and for every program that reads it. Whole titles stand in braces of their own, so that no style changes their letters."""

from __future__ import annotations

import re

from rabat_crawler.citations.citation import Citation
from rabat_crawler.date_text import parts_of

ESCAPES: dict[str, str] = {
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{letter: "\\" + letter for letter in "{}$&%#_"},
}
UNPAIRED: dict[str, str] = {"{": r"{\textbraceleft}", "}": r"{\textbraceright}"}
"""BibTeX counts braces behind a backslash too: one without its other half would swallow the rest of the file."""
_PAIRED, _UNPAIRED = str.maketrans(ESCAPES), str.maketrans(ESCAPES | UNPAIRED)
LIGATURES = re.compile(r"([-'`<>,])(?=\1)|([?!])(?=`)")
"""Pairs that TeX sets as one other sign: two hyphens as a dash, and the like."""
_BRACE = re.compile(r"[{}]")
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
LANGUAGES = {"fr": "french", "en": "english", "ar": "arabic", "es": "spanish", "pt": "portuguese", "de": "german", "it": "italian"}


def escaped(text: str) -> str:
    """The text as LaTeX prints it."""
    plain = text.translate(_PAIRED if _paired(text) else _UNPAIRED)
    return LIGATURES.sub(r"\g<0>{}", plain)


def _paired(text: str) -> bool:
    """True if every brace has its other half behind or before it."""
    depth = 0
    for letter in _BRACE.findall(text):
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return depth == 0


def entry(cited: Citation) -> str:
    """One `@misc` entry, ending with a line end. `year` and `month` are BibTeX's, `date` (as precise as known) biblatex's."""
    lines = [f"  {name} = {value}," for name, value in _fields(cited) if value]
    return "\n".join((f"@misc{{{cited.key},", *lines, "}")) + "\n"


def _fields(cited: Citation) -> list[tuple[str, str]]:
    parts = parts_of(cited.published)
    return [
        ("author", _braced(escaped(cited.organisation), "{")),
        ("title", _braced(escaped(cited.title), "{")),
        ("year", _braced(str(parts[0]) if parts else "")),
        ("month", MONTHS[parts[1] - 1] if len(parts) > 1 else ""),
        ("date", _braced("-".join(f"{part:02}" for part in parts))),
        ("publisher", _braced(escaped(cited.organisation), "{")),
        ("language", _braced(LANGUAGES.get(cited.language or "", escaped(cited.language or "")))),
        ("url", _braced(cited.url or "")),
        ("urldate", _braced(cited.accessed.isoformat() if cited.accessed else "")),
        ("note", _braced("; ".join(_notes(cited)))),
        ("abstract", _braced(escaped(cited.abstract))),
        ("keywords", _braced(escaped(", ".join(word.replace(",", " ") for word in cited.keywords)))),
    ]


def _notes(cited: Citation) -> list[str]:
    """What has no field of its own: the archived copy, the title in the other language, the item's name.

    Addresses are plain text here: within a style's macro a `\\url` would take its per cents for comments.
    """
    when = f" on {cited.archived_at.date().isoformat()}" if cited.archived_at else ""
    return [
        *([f"Archived{when} at {escaped(cited.archived_url)}"] if cited.archived_url else [f"Archived{when}"] if when else []),
        *([f"Title of the translation: {{{escaped(cited.translated_title)}}}"] if cited.translated_title else []),
        f"Item {cited.item_id}" + (f", {escaped(cited.permanent_url)}" if cited.permanent_url else ""),
    ]


def _braced(text: str, more: str = "") -> str:
    return f"{{{more}{text}{'}' * len(more)}}}" if text else ""
