"""Items to cite, made up, titles that try to break out of a field, and BibTeX as another program reads it."""

from __future__ import annotations

from typing import Any

import bibtexparser
from bibtexparser.middlewares import LatexDecodingMiddleware, RemoveEnclosingMiddleware
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from rabat_crawler.models import Item

TITLES = (
    ("plain", "Réunion thématique à Dakar", "Réunion thématique à Dakar"),
    ("latex", r"100 % of $5 & a_b #1 ^2 ~3 \input{/etc/passwd}", r"100 % of $5 & a_b #1 ^2 ~3 \input{/etc/passwd}"),
    ("one brace", "Beginning { of a set", "Beginning { of a set"),
    ("closing brace", "End } of an entry}, year = {1999", "End } of an entry}, year = {1999"),
    ("an entry of its own", "x}}\n\n@book{evil, title = {Evil}}", "x}} @book{evil, title = {Evil}}"),
    ("quotes and at", 'He said "no" @ noon, = and #', 'He said "no" @ noon, = and #'),
    ("a line of RIS", "Title\r\nER  - \r\nTY  - BOOK\r\nTI  - Evil", "Title ER - TY - BOOK TI - Evil"),
    ("separators", "One\u2028two\u2029three\u0085four\x0bfive\x0csix\x1cseven", "One two three four five six seven"),
    ("control characters", "A\x00B\x07C\x1bD\x7fE\x9fF", "ABCDEF"),
    ("turned", "abc\u202egnp.exe\u202c \u2066x\u2069", "abcgnp.exe x"),
    ("markup", "</script><script>alert(1)</script> <!-- & ]]>", "</script><script>alert(1)</script> <!-- & ]]>"),
    ("spaces", "  much \t\t space \u00a0 here  ", "much space here"),
    ("other scripts", "Ελλάδα, المغرب, 日本, 😀", "Ελλάδα, المغرب, 日本, 😀"),
    ("half a letter", "a\ud800b", "ab"),
    ("nothing", "", ""),
)
"""Name, the title as a page gives it, the title as it is cited."""


def item(title: str = "Réunion thématique à Dakar", **more: Any) -> Item:
    """An item of the Rabat Process, published one summer's day."""
    values: dict[str, Any] = {
        "item_id": "4t0507dr72",
        "site": "rabat-process",
        "kind": "news",
        "language": "fr",
        "language_method": "path",
        "language_confidence": 0.99,
        "title": title,
        "summary": "Les points focaux se sont réunis.",
        "text": "Les points focaux se sont réunis.\n\nIls ont parlé de tout.",
        "published": "2017-07-17",
        "event_start": None,
        "event_end": None,
        "canonical_url": "https://www.rabat-process.org/fr/en-action/166-reunion",
        "article_id": 166,
        "section": "Actualités",
        "layout": "joomla3_article",
        "first_seen": "2019-05-01T06:00:00.000000Z",
        "last_seen": "2019-05-03T06:00:00.000000Z",
        "gone": False,
        "current_version": "4t0507dr72-0123456789ab",
        "tags": ("Retour", "Asile"),
    }
    return Item(**{**values, **more})


def twin(title: str = "Thematic meeting in Dakar") -> Item:
    """Its translation."""
    return item(title, item_id="9t0507dr99", language="en", canonical_url="https://www.rabat-process.org/en/in-action/167-meeting")


def latex_as_text() -> LatexNodes2Text:
    """pylatexenc's reader with three marks of LaTeX that it does not know, or takes for accents."""
    known = get_default_latex_context_db()
    marks = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    known.add_context_category("marks", macros=[MacroTextSpec(name, mark) for name, mark in marks.items()], prepend=True)
    return LatexNodes2Text(latex_context=known, keep_braced_groups=False, math_mode="verbatim", strict_latex_spaces=True)


LATEX = latex_as_text()


def bibtex_fields(text: str) -> list[dict[str, str]]:
    """The entries of a file as bibtexparser reads them, LaTeX as text (but addresses as they stand); it must have nothing to complain of."""
    verbatim = bibtexparser.parse_string(text, parse_stack=[RemoveEnclosingMiddleware()])
    library = bibtexparser.parse_string(text, parse_stack=[RemoveEnclosingMiddleware(), LatexDecodingMiddleware(decoder=LATEX)])
    assert library.failed_blocks == []
    assert [type(block).__name__ for block in library.blocks] == ["Entry"] * len(library.entries)
    return [
        {
            "key": entry.key,
            "type": entry.entry_type,
            **{field.key: raw.value if field.key == "url" else field.value for field, raw in zip(entry.fields, as_it_is.fields, strict=True)},
        }
        for entry, as_it_is in zip(library.entries, verbatim.entries, strict=True)
    ]
