"""Tables as CSV that a spreadsheet may open: no cell of it is run as a formula, and a program gets every text back. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""A text that begins so may be run; it gets an apostrophe before it, which spreadsheets take for "this is text"."""
BYTE_ORDER_MARK = "\ufeff"
"""Before everything else it tells Excel that the letters are UTF-8."""
MADE_SAFE = r"'+[=+\-@\t\r\n|%]"
"""How a cell begins that got an apostrophe, as a regular expression: without the first apostrophe it is the text again."""
# A text that begins so already gets one more, so that none is ambiguous.
_IN_NEED = re.compile(r"'*[=+\-@\t\r\n|%]")
_MADE_SAFE = re.compile(MADE_SAFE)
_NO_LETTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for tab and line feed, and halves of surrogate pairs: no table can hold them."""


def csv_text(rows: Iterable[Mapping[str, Any]], head: Sequence[str] | None = None) -> str:
    """Rows as CSV (RFC 4180 but for the line's end, which is \\n), with a head from the first row or as given; "" without both."""
    rows = list(rows)
    names = list(head if head is not None else rows[0] if rows else ())
    return "".join(csv_lines(names, ([row.get(name) for name in names] for row in rows))) if names else ""


def csv_lines(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The same row by row, for tables of any length: first the head, then each row with its line's end."""
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow(head)  # what `write` gives, so the text
    for row in rows:
        yield writer.writerow([safe_cell(value) for value in row])


class _Line:
    """A file for the csv module that gives back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def safe_cell(value: Any) -> Any:
    """The value as a cell: text that a spreadsheet would run, and control characters, are made harmless; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = _NO_LETTERS.sub("\ufffd", value)
    return f"'{text}" if _IN_NEED.match(text) else text


def as_it_was(cell: str) -> str:
    """The text that `safe_cell` made this cell of; only what control characters it had is lost."""
    return cell[1:] if _MADE_SAFE.match(cell) else cell
