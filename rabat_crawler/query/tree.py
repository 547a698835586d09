"""The tree of a search: what `grammar` makes of what was typed, and `expressions` turns into FTS5's language. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other (`loose`: anywhere); a word that is not quoted is found in its other forms too.

    `prefix`: the last one is a beginning; `names`: the codes of the names that the words are.
    """

    words: tuple[str, ...]
    quoted: bool = False
    prefix: bool = False
    title: bool = False
    loose: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Codes:
    """Items that have one of these codes."""

    codes: tuple[str, ...]
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """Words with at most `distance` others between them, in any order."""

    terms: tuple[Term, ...]
    distance: int


@dataclass(frozen=True, slots=True)
class Not:
    """Items that are not found by what it holds."""

    node: Node


@dataclass(frozen=True, slots=True)
class Group:
    """All (`and`) or any (`or`) of several."""

    how: Literal["and", "or"]
    nodes: tuple[Node, ...]


Node = Term | Codes | Near | Not | Group


def group(how: Literal["and", "or"], nodes: Sequence[Node]) -> Node | None:
    """Several as one, groups of the same sort put together; None of none."""
    if not nodes:
        return None
    if len(nodes) == 1:
        return nodes[0]
    flat = [part for node in nodes for part in (node.nodes if isinstance(node, Group) and node.how == how else (node,))]
    return Group(how, tuple(flat))


def wanted_terms(node: Node | None) -> Iterator[Term]:
    """The terms that are asked for, in their order; not those that are excluded."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Near):
        yield from node.terms
    elif isinstance(node, Group):
        for one in node.nodes:
            yield from wanted_terms(one)
