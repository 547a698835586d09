"""The word diff of two texts, whole and shortened for reading. Pure, and fast on long texts: unique words and lines are the fixed points."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

Op = Literal[" ", "-", "+"]
Piece = tuple[Op, str]
Key = tuple[str, ...] | str

# A word keeps its inner hyphens, points and apostrophes ("rendez-vous", "2,5", "aujourd'hui"); French elision is a word of its own ("l'", "qu'").
_TOKEN = re.compile(
    r"(\s*)((?:\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)|[\w\u0300-\u036f]+(?:[-.,'’][\w\u0300-\u036f]+)*|[^\w\s])|\Z)",
    re.IGNORECASE,
)
MAX_PAIRS = 20_000
"""So many pairs of equal words between two fixed points are compared with care; where there are more, the stretch counts as replaced."""

MAX_DEPTH = 24
ALIKE = 10
"""Where less than one word in ten is the same, the text was replaced; showing chance matches would help nobody."""

SHINGLES = (1, 4, 16)
AROUND = 6
LONGEST = 24
LEFT_OUT = "… {count} words …"
MARKS = {"-": ("[-", "-]"), "+": ("{+", "+}"), " ": ("", "")}


class Token(NamedTuple):
    """A word or a mark, and the space before it."""

    space: str
    word: str


class Same(NamedTuple):
    """A stretch of `length` equal keys that begins at `old` in one sequence, at `new` in the other."""

    old: int
    new: int
    length: int


def word_diff(old: str, new: str) -> list[Piece]:
    """The stretches of words that are the same (" "), removed ("-") and added ("+"), in order.

    Nothing is lost: " " and "+" joined give `new`, " " and "-" joined give `old`. A space that differs before an equal word is removed and added.
    """
    before, after = _tokens(old), _tokens(new)
    raw: list[Piece] = []
    at_old = at_new = 0
    for same in (*_matches_of_texts(before, after), Same(len(before), len(after), 0)):
        raw += (("-", _joined(before[at_old : same.old])), ("+", _joined(after[at_new : same.new])))
        for left, right in zip(before[same.old : same.old + same.length], after[same.new : same.new + same.length], strict=True):
            if left.space == right.space:
                raw.append((" ", left.space + left.word))
            else:
                raw += (("-", left.space), ("+", right.space), (" ", left.word))
        at_old, at_new = same.old + same.length, same.new + same.length
    return _tidy(raw)


def _tokens(text: str) -> list[Token]:
    tokens = [Token(*found) for found in _TOKEN.findall(text)]
    return [token for token in tokens if token.space or token.word]


def _joined(tokens: Sequence[Token]) -> str:
    return "".join(token.space + token.word for token in tokens)


def _tidy(raw: list[Piece]) -> list[Piece]:
    """Between two stretches that stay, one removed and one added piece at most."""
    pieces: list[Piece] = []
    for stays, group in groupby(raw, key=lambda piece: piece[0] == " "):
        members = list(group)
        ops: tuple[Op, ...] = (" ",) if stays else ("-", "+")
        for op in ops:
            words = "".join(text for own, text in members if own == op)
            if words:
                pieces.append((op, words))
    # Empty pieces may have stood between two stretches that stay.
    return [(op, "".join(text for _, text in group)) for op, group in groupby(pieces, key=lambda piece: piece[0])]


def diff_paragraphs(pieces: Iterable[Piece]) -> Iterable[tuple[Piece, ...]]:
    """The stretches of a word diff in paragraphs; a break that was removed keeps what it parted in one paragraph, with a line end between."""
    current: list[Piece] = []
    for op, text in pieces:
        if op == "-":
            current.append((op, text))
            continue
        first, *rest = text.split("\n\n")
        if first:
            current.append((op, first))
        for part in rest:
            if current:
                yield tuple(current)
            current = [(op, part)] if part else []
    if current:
        yield tuple(current)


# Matching: lines first, then words ---------------------------------------------------------------------------------------------


def _matches_of_texts(before: Sequence[Token], after: Sequence[Token]) -> list[Same]:
    """The equal words of two texts: those of equal lines, then those of the stretches between."""
    old_lines, new_lines = _lines(before), _lines(after)
    old_keys = [tuple(token.word for token in before[start:end]) for start, end in old_lines]
    new_keys = [tuple(token.word for token in after[start:end]) for start, end in new_lines]
    by_line = [
        Same(old_lines[same.old + n][0], new_lines[same.new + n][0], len(old_keys[same.old + n]))
        for same in _matches(old_keys, new_keys)
        for n in range(same.length)
    ]
    old_words, new_words = [token.word for token in before], [token.word for token in after]
    found: list[Same] = []
    at_old = at_new = 0
    for same in (*by_line, Same(len(before), len(after), 0)):
        between = _matches(old_words[at_old : same.old], new_words[at_new : same.new])
        found += (Same(at_old + one.old, at_new + one.new, one.length) for one in between)
        if same.length:
            found.append(same)
        at_old, at_new = same.old + same.length, same.new + same.length
    if ALIKE * sum(same.length for same in found) < min(len(before), len(after)):
        return []
    return _readable(_merged(found), len(before), len(after))


def _lines(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Where each line of the text begins and ends, in tokens."""
    starts = [number for number, token in enumerate(tokens) if number == 0 or "\n" in token.space]
    return list(pairwise([*starts, len(tokens)]))


def _matches(old: Sequence[Key], new: Sequence[Key]) -> list[Same]:
    """Equal stretches in order: common head and tail, then elements that occur once on each side, then the rest with care if it is small."""
    found: list[Same] = []
    waiting = [(0, len(old), 0, len(new), 0)]
    while waiting:
        low, high, left, right, depth = waiting.pop()
        start = (low, left)
        while low < high and left < right and old[low] == new[left]:
            low, left = low + 1, left + 1
        if low > start[0]:
            found.append(Same(*start, low - start[0]))
        end = high
        while low < high and left < right and old[high - 1] == new[right - 1]:
            high, right = high - 1, right - 1
        if end > high:
            found.append(Same(high, right, end - high))
        if low == high or left == right:
            continue
        fixed = _fixed_points(old[low:high], new[left:right]) if depth < MAX_DEPTH else []
        if not fixed:
            found += (Same(low + a, left + b, size) for a, b, size in _with_care(old[low:high], new[left:right]))
            continue
        found += (Same(low + a, left + b, 1) for a, b in fixed)
        edges = [(-1, -1), *fixed, (high - low, right - left)]
        waiting += ((low + a + 1, low + c, left + b + 1, left + d, depth + 1) for (a, b), (c, d) in pairwise(edges) if c > a + 1 and d > b + 1)
    return _merged(sorted(found))


def _fixed_points(old: Sequence[Key], new: Sequence[Key]) -> list[tuple[int, int]]:
    """Pairs of places of elements that occur once on each side, as long an increasing chain of them as there is (patience diff).

    Where no element occurs once, groups of a few elements are tried.
    """
    for width in SHINGLES:
        groups = (list(zip(*(keys[n:] for n in range(width)), strict=False)) for keys in (old, new))
        chain = _chain(*groups)
        if chain:
            return chain
    return []


def _chain(old: Sequence[object], new: Sequence[object]) -> list[tuple[int, int]]:
    once_old, once_new = ({key for key, number in Counter(keys).items() if number == 1} for keys in (old, new))
    common = once_old & once_new
    place = {key: number for number, key in enumerate(old) if key in common}
    pairs = [(place[key], number) for number, key in enumerate(new) if key in common]
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for number, (at, _) in enumerate(pairs):
        length = bisect_left(tails, at)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [at]
        ends[length : length + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = previous[number]
    return chain[::-1]


def _with_care(old: Sequence[Key], new: Sequence[Key]) -> Iterator[Same]:
    counts = Counter(new)
    if sum(counts[key] for key in old) <= MAX_PAIRS:
        yield from (Same(*block) for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks() if block.size)


def _merged(found: Sequence[Same]) -> list[Same]:
    """Stretches that touch on both sides become one."""
    merged: list[Same] = []
    for same in found:
        last = merged[-1] if merged else None
        if last and last.old + last.length == same.old and last.new + last.length == same.new:
            merged[-1] = Same(last.old, last.new, last.length + same.length)
        else:
            merged.append(same)
    return merged


def _readable(found: Sequence[Same], old_length: int, new_length: int) -> list[Same]:
    """Without the few equal words that only by chance stand between two longer stretches of other words."""
    kept = [Same(0, 0, 0)]
    for same in (*found, Same(old_length, new_length, 0)):
        while len(kept) > 1 and 2 * kept[-1].length <= min(_gap(kept[-2], kept[-1]), _gap(kept[-1], same)):
            kept.pop()
        kept.append(same)
    return [same for same in kept if same.length]


def _gap(left: Same, right: Same) -> int:
    return max(right.old - left.old - left.length, right.new - left.new - left.length)


# Shortened for reading ---------------------------------------------------------------------------------------------------------


def one_line(text: object, limit: int = 0) -> str:
    """The text in one line without control characters, at most `limit` characters long (0: any length): a title cannot forge a line of a report."""
    flat = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(str(text).split()))
    return flat if not limit or len(flat) <= limit else flat[: limit - 1] + "…"


def marked_diff(old: str, new: str) -> str:
    """Both short texts in one line: `[-removed-]`, `{+added+}`."""
    return one_line(_show(word_diff(old, new)))


def diff_lines(old: str, new: str, *, width: int = 76, most: int = 12) -> list[str]:
    """The surroundings of each change, "…" for what is left out; about so many lines, then one that counts the other places. Empty if nothing differs."""
    pieces = word_diff(old, new)
    if all(op == " " for op, _ in pieces):
        return []
    if not any(op != " " and text.strip() for op, text in pieces):
        return ["(only the spacing differs)"]
    places = _places([(op, text) for op, text in pieces if op == " " or text.strip()], LEFT_OUT)
    lines: list[str] = []
    for number, place in enumerate(places):
        if len(lines) >= most:
            return [*lines, f"and {len(places) - number:,} more places"]
        wrapped = textwrap.wrap(one_line(_show(place)), width, break_long_words=False, break_on_hyphens=False)
        lines += wrapped if len(wrapped) <= most else [*wrapped[:most], "…"]
    return lines


def diff_places(old: str, new: str, *, left_out: str = LEFT_OUT) -> list[tuple[Piece, ...]]:
    """The same as values, each place the pieces around one change; spacing does not count. `left_out` says in whose words what a long piece lacks."""
    pieces = word_diff(old, new)
    if not any(op != " " and text.strip() for op, text in pieces):
        return []
    return [tuple(place) for place in _places([(op, text) for op, text in pieces if op == " " or text.strip()], left_out)]


def _places(pieces: Sequence[Piece], left_out: str) -> list[list[Piece]]:
    """The changes with some words around each; two that lie close together are one place."""
    places: list[list[Piece]] = [[]]
    for number, (op, text) in enumerate(pieces):
        if op != " ":
            places[-1].append((op, _middle(text, left_out)))
            continue
        words = text.split()
        if number == 0:
            places[-1].append((op, _around("… " * (len(words) > AROUND), words[-AROUND:], "", text)))
        elif number == len(pieces) - 1:
            places[-1].append((op, _around("", words[:AROUND], " …" * (len(words) > AROUND), text)))
        elif len(words) <= 2 * AROUND:
            places[-1].append((op, text))
        else:
            places[-1].append((op, _around("", words[:AROUND], " …", text)))
            places.append([(op, _around("… ", words[-AROUND:], "", text))])
    return places


def _around(before: str, words: Sequence[str], after: str, text: str) -> str:
    """Some words of the text, with its own space at the side of the change."""
    lead = " " if not before and text[:1].isspace() else ""
    trail = " " if not after and text[-1:].isspace() else ""
    return lead + before + " ".join(words) + after + trail


def _middle(text: str, said: str) -> str:
    """A long removed or added stretch without its middle."""
    words = text.split()
    if len(words) <= LONGEST:
        return text
    left_out = len(words) - LONGEST
    half = LONGEST // 2
    short = " ".join((*words[:half], said.format(count=left_out), *words[-half:]))
    return (" " if text[:1].isspace() else "") + short + (" " if text[-1:].isspace() else "")


def _show(pieces: Sequence[Piece]) -> str:
    """One line; spaces stand outside the marks."""
    shown = []
    for op, text in pieces:
        on, off = MARKS[op]
        flat = " ".join(text.split())
        shown.append((" " if text[:1].isspace() else "") + (f"{on}{flat}{off}" if flat else "") + (" " if text[-1:].isspace() and flat else ""))
    return re.sub(" {2,}", " ", "".join(shown)).strip()
