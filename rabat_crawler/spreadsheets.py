"""Tables as CSV that a spreadsheet may open: no cell of it is run as a formula. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""A text that begins so may be run; it gets an apostrophe before it, which spreadsheets take for "this is text"."""


def csv_text(rows: Iterable[Mapping[str, Any]], head: Sequence[str] | None = None) -> str:
    """Rows as CSV (RFC 4180 but for the line's end, which is \\n), with a head from the first row or as given; "" without both."""
    rows = list(rows)
    names = list(head if head is not None else rows[0] if rows else ())
    if not names:
        return ""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([safe_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def safe_cell(value: Any) -> Any:
    """The value as a cell: text that a spreadsheet would run, and control characters, are made harmless; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in value)
    return f"'{text}" if text.startswith(RUN) else text
