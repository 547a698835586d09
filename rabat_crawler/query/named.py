"""Names within a search: words in a row that are a country, organisation or town, in whatever spelling, get its code. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rabat_crawler.names import NameKind, known
from rabat_crawler.query.codes import code_of
from rabat_crawler.query.tree import Group, Near, Node, Not, Term
from rabat_crawler.query.words import STOP_WORDS, plain_fold, split_word

KINDS: tuple[NameKind, ...] = ("country", "organisation", "town")
MOST_WORDS = 9
_SHORT = 4
"""An acronym of so few letters that is also a small word must be typed in capitals: WHO, AU, UN."""


@lru_cache(maxsize=1)
def ways() -> dict[str, tuple[str, ...]]:
    """Every spelling as folded words with hyphens between, and the codes that it means. Adjectives are none: a Malian is not Mali."""
    ways: dict[str, set[str]] = {}
    for kind in KINDS:
        for name in known(kind):
            texts = [spelling.text for spelling in name.spellings if spelling.case != "any"] + [name.english, name.french]
            for text in texts:
                ways.setdefault(_key(text), set()).add(code_of(kind, name.code))
    return {way: tuple(sorted(codes)) for way, codes in ways.items() if way}


def _key(text: str) -> str:
    """The folded words of a name as a search splits it, elided articles left out."""
    return "-".join(plain_fold(word) for piece in text.split() for word in split_word(piece))


def codes_of(words: Sequence[str]) -> tuple[str, ...]:
    """The codes of the name that these words are; () if they are none."""
    if len(words) == 1 and words[0].lower() in STOP_WORDS | {"who"} and not (words[0].isupper() and len(words[0]) <= _SHORT):
        return ()
    return ways().get("-".join(plain_fold(word) for word in words), ())


def with_names(node: Node) -> Node:
    """The tree in which names have their codes: the longest run of plain words in a row counts."""
    if isinstance(node, Term):
        found = () if node.prefix or node.title else codes_of(node.words)
        return Term(node.words, quoted=node.quoted, prefix=node.prefix, title=node.title, names=found) if found else node
    if isinstance(node, Not):
        return Not(with_names(node.node))
    if isinstance(node, Near):
        return node
    if isinstance(node, Group):
        if node.how == "or":
            return Group("or", tuple(with_names(one) for one in node.nodes))
        return Group("and", tuple(_rows(node.nodes)))
    return node


def _rows(nodes: Sequence[Node]) -> list[Node]:
    found: list[Node] = []
    at = 0
    while at < len(nodes):
        end = at
        while end < len(nodes) and end - at < MOST_WORDS and _is_plain(nodes[end]):
            end += 1
        for last in range(end, at + 1, -1):
            row = [one for one in nodes[at:last] if isinstance(one, Term)]
            codes = codes_of([word for one in row for word in one.words])
            if codes:
                found.append(Term(tuple(word for one in row for word in one.words), loose=True, names=codes))
                at = last
                break
        else:
            found.append(with_names(nodes[at]))
            at += 1
    return found


def _is_plain(node: Node) -> bool:
    return isinstance(node, Term) and not node.quoted and not node.prefix and not node.title
