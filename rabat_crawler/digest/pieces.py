"""The pieces of a word diff, cleaned for showing: spaces stand outside the marks, control characters nowhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rabat_crawler.citations import one_line
from rabat_crawler.wording import MARKS, Op, Piece

LONGEST = 2_000


def shown_pieces(pieces: Sequence[Piece]) -> Iterator[tuple[Op, str, str, str]]:
    """For each piece its operation, the space before it, its words, the space after it.

    A space that already stands there is not doubled; what was removed and what stands in its place are kept apart.
    """
    spaced, last = True, " "
    for op, text in pieces:
        words = one_line(text, LONGEST)
        before = " " if (text[:1].isspace() or (last, op) == ("-", "+")) and not spaced else ""
        last = op
        after = " " if words and text[-1:].isspace() else ""
        if before or words:
            yield op, before, words, after
            spaced = bool(after) or (not words and bool(before))


def marked(pieces: Sequence[Piece]) -> str:
    """The pieces in one line of plain text: `[-removed-]`, `{+added+}`."""
    return "".join(
        f"{before}{MARKS[op][0]}{words}{MARKS[op][1]}{after}" if words else before for op, before, words, after in shown_pieces(pieces)
    ).strip()
