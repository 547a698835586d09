"""Finds names in one pass over a text: a tree of folded words, the longest name first, checked against letters and words around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rabat_crawler.names.context import Place, is_instrument, is_shouted, speaks_of_a_place
from rabat_crawler.names.folding import GAPS, WORD, fold, is_unseen, steps, visible
from rabat_crawler.names.tables import Name, NameKind, Spelling, label, names, not_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name in a text: `text[start:end] == matched`. `code` is ISO 3166-1 alpha-2 of a country, an acronym, or a slug."""

    kind: NameKind
    code: str
    start: int
    end: int
    matched: str

    @property
    def name(self) -> str:
        """The canonical name in English; `label` gives the French one."""
        return label(self.kind, self.code)


@dataclass(slots=True)
class _Node:
    """What may follow the words so far, and what they mean if the name ends here: names, or nothing (`blocks`)."""

    children: dict[str, _Node] = field(default_factory=dict)
    senses: list[tuple[Spelling, Name]] = field(default_factory=list)
    blocks: bool = False


@lru_cache(maxsize=1)
def _tree() -> dict[str, _Node]:
    root: dict[str, _Node] = {}
    for name in names().values():
        for spelling in name.spellings:
            _put(root, spelling.text).senses.append((spelling, name))
    for phrase in not_names():
        _put(root, phrase).blocks = True
    return root


def _put(root: dict[str, _Node], text: str) -> _Node:
    keys = steps(text)
    if keys is None:
        raise ValueError(f"the tables of names hold {text!r}, which has a gap that no text is searched for")
    children = root
    for key in keys:
        node = children.setdefault(key, _Node())
        children = node.children
    return node


@lru_cache(maxsize=256)
def find_names(text: str, *, language: str | None = None) -> tuple[Mention, ...]:
    """The names in a text in their order; `language` ("fr", "en") decides on acronyms that are words of the other one.

    Of two names that begin at one word the longer one counts, and no two overlap, but a phrase that names several themes.
    """
    seen, places = visible(text)
    folded = fold(seen)
    root = _tree()
    spans = [found.span() for found in WORD.finditer(folded)]
    mentions: list[Mention] = []
    after = 0
    for number, (start, end) in enumerate(spans):
        node = root.get(folded[start:end])
        if node is None or number < after:
            continue
        found = _longest(node, seen, folded, spans, number, language)
        if found is None:
            continue
        last, senses = found
        after = last + 1
        mentions += [_mention(text, name, start, spans[last][1], places) for name in senses]
    return tuple(mentions)


def _longest(
    node: _Node, seen: str, folded: str, spans: Sequence[tuple[int, int]], number: int, language: str | None
) -> tuple[int, list[Name]] | None:
    """The last word of the longest name that begins at this word, with what it means (nothing, if it is none after all)."""
    ends: list[tuple[int, _Node]] = []
    last = number
    while True:
        if node.senses or node.blocks:
            ends.append((last, node))
        if not node.children or last + 1 >= len(spans):
            break
        gap = GAPS.get(folded[spans[last][1] : spans[last + 1][0]])
        if gap is None:
            break
        following = node.children.get(gap + folded[spans[last + 1][0] : spans[last + 1][1]])
        if following is None:
            break
        node, last = following, last + 1
    for last, ending in reversed(ends):
        if ending.blocks:
            return last, []
        place = Place(seen=seen, folded=folded, spans=spans, first=number, last=last)
        senses = list({name.code: name for spelling, name in ending.senses if _holds(spelling, name, place, language)}.values())
        if senses:
            return last, senses
    return None


def _holds(spelling: Spelling, name: Name, place: Place, language: str | None) -> bool:
    """True if the text at the place is the name indeed: its letters are written so, and the words around it do not speak against it."""
    if spelling.language and language in ("fr", "en") and spelling.language != language:
        return False
    written = place.written
    if spelling.case == "exact" and (_letters(written) != _letters(spelling.text) or is_shouted(place)):
        return False
    if spelling.case == "capital" and written == written.lower():
        return False
    if name.kind == "town" and is_instrument(place):
        return False
    return not spelling.weak or speaks_of_a_place(place, _names_a_country)


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _names_a_country(words: Sequence[str]) -> bool:
    """True if these folded words begin with a country's name."""
    children = _tree()
    for word in words:
        node = children.get(word)
        if node is None:
            return False
        if any(name.kind == "country" for _, name in node.senses):
            return True
        children = node.children
    return False


def _mention(text: str, name: Name, start: int, end: int, places: list[int] | None) -> Mention:
    if places is not None:
        start, end = places[start], places[end - 1] + 1
        while end < len(text) and is_unseen(text[end]):
            end += 1
    if text.count("(", start, end) > text.count(")", start, end) and text[end : end + 1] == ")":
        end += 1
    return Mention(kind=name.kind, code=name.code, start=start, end=end, matched=text[start:end])
