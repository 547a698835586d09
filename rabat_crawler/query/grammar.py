"""What a person types, as a tree: words, "phrases", AND OR NOT, (groups), beginnings*, NEAR, fields with a colon. Any text has a tree; none is an error
but one that is far too long, or a date or name after a colon that does not exist.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from rabat_crawler.errors import ConfigError, SearchSyntax
from rabat_crawler.names import resolve
from rabat_crawler.query.codes import code_of, is_date, span_codes
from rabat_crawler.query.named import with_names
from rabat_crawler.query.tree import Codes, Group, Near, Node, Not, Term, group, wanted_terms
from rabat_crawler.query.words import APOSTROPHES, STOP_WORDS, split_word

MAX_LENGTH = 500
MAX_TERMS = 32
MAX_DEPTH = 20
MAX_DISTANCE = 100
SHORTEST_PREFIX = 3
NEAR_DISTANCE = 10

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\u00a0": " ", "\u202f": " ", "（": "(", "）": ")", "：": ":", "＊": "*"})
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<near>NEAR\s*\()
    |(?P<open>\()|(?P<close>\))
    |(?P<minus>[-+])(?=[\w"(])
    |(?P<field>[^\W\d_]{2,20})\s?:(?=\s?["\w])\s?
    |"(?P<phrase>[^"]*)"?(?P<star>\*)?
    |(?P<word>[^\s()"]+)""",
    re.VERBOSE,
)
_OPERATORS = {"AND": "and", "ET": "and", "&&": "and", "OR": "or", "OU": "or", "||": "or", "NOT": "not", "SAUF": "not"}
_NEAR = re.compile(r"^NEAR(?:/(\d{1,3}))?$")
_DISTANCE = re.compile(r",\s*(\d{1,3})\s*$")
_IN_FIELD = re.compile(rf"[^\s()\"]*[^\s()\".,;{APOSTROPHES}]")
FIELDS = {
    "title": "title", "titre": "title",
    "lang": "language", "language": "language", "langue": "language",
    "kind": "kind", "type": "kind",
    "since": "since", "depuis": "since",
    "until": "until", "avant": "until",
    "year": "year", "annee": "year", "année": "year",
    "site": "site",
    "country": "country", "pays": "country",
    "theme": "theme", "thème": "theme",
    "organisation": "organisation", "organization": "organisation",
    "town": "town", "ville": "town",
}  # fmt: skip
"""The fields in both languages; any other word before a colon is a word."""
KIND_WORDS = {
    "actualité": "news", "actualités": "news", "actualite": "news", "evenement": "event", "événement": "event", "événements": "event", "events": "event",
    "publications": "publication", "projet": "project", "projets": "project", "projects": "project", "pages": "page",
}  # fmt: skip
LANGUAGE_WORDS = {"french": "fr", "français": "fr", "francais": "fr", "english": "en", "anglais": "en"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search: the tree of what was typed without the fields that narrow it as a whole (None if there is nothing else), those, and what to say of it."""

    node: Node | None
    narrowed: tuple[Codes, ...] = ()
    notes: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    """All words asked for, in their order; not those that are excluded."""


@dataclass(slots=True)
class _Reading:
    """The tokens and what was noticed while they were read."""

    tokens: list[tuple[str, str, bool]]
    at: int = 0
    notes: list[str] = field(default_factory=list)
    count: int = 0

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str, bool]:
        self.at += 1
        return self.tokens[self.at - 1]


def parse_query(typed: str) -> Query:
    """The tree of what was typed. SearchSyntax if it is far too long, deep, or names a date, kind or name that does not exist."""
    text = unicodedata.normalize("NFC", "".join(c if c.isprintable() else " " for c in typed)).translate(_QUOTES)
    if len(text) > MAX_LENGTH:
        raise SearchSyntax(f"the search has {len(text)} characters; at most {MAX_LENGTH} are taken: use fewer words")
    reading = _Reading(list(_tokens(text)))
    node = _any(reading, 0)
    while reading.at < len(reading.tokens):  # a bracket that was never opened
        reading.at += 1
        more = _any(reading, 0)
        node = group("and", [one for one in (node, more) if one is not None])
    if reading.count > MAX_TERMS:
        raise SearchSyntax(f"the search has {reading.count} words; at most {MAX_TERMS} are taken: use fewer words")
    node, narrowed = _apart(_without_small_words(None if node is None else with_names(node)))
    return Query(node=node, narrowed=narrowed, notes=tuple(dict.fromkeys(reading.notes)), terms=tuple(wanted_terms(node)))


def _tokens(text: str) -> Iterator[tuple[str, str, bool]]:
    """(sort, text, followed by a star) of every token; a minus counts only where a word could begin."""
    fresh, at = True, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None
        sort = str(found.lastgroup if found.lastgroup != "star" else "phrase")
        if sort == "minus" and not fresh:
            sort = "space"
        fresh = sort in ("space", "open", "near")
        at = found.end()
        if sort == "near":
            inner, at = _until_bracket(text, at)
            yield "near", inner, False
        elif sort == "field":
            name = FIELDS.get(found["field"].lower())
            value, end = _value(text, at)
            if name is None or (name != "title" and not value):
                yield "word", found["field"], False
            elif name == "title":
                yield "title", "", False
            else:
                at = end
                yield name, value, False
        elif sort == "phrase":
            yield "phrase", found["phrase"], bool(found["star"])
        elif sort == "minus":
            yield ("not" if found["minus"] == "-" else "space"), found["minus"], False
        elif sort == "word":
            yield _word_token(found["word"])
        elif sort != "space":
            yield sort, found[0], False


def _word_token(word: str) -> tuple[str, str, bool]:
    near = _NEAR.match(word)
    if near:
        return "between", near[1] or str(NEAR_DISTANCE), False
    return _OPERATORS.get(word, "word"), word, word.endswith("*")


def _until_bracket(text: str, at: int) -> tuple[str, int]:
    end = text.find(")", at)
    return (text[at:], len(text)) if end < 0 else (text[at:end], end + 1)


def _value(text: str, at: int) -> tuple[str, int]:
    """What stands behind a field's colon: a quoted text or what reaches to the next space."""
    if text[at : at + 1] == '"':
        end = text.find('"', at + 1)
        end = len(text) if end < 0 else end
        return text[at + 1 : end].strip(), end + 1
    found = _IN_FIELD.match(text, at)
    return (found[0], found.end()) if found else ("", at)


# The tree ----------------------------------------------------------------------------------------------------------------


def _any(reading: _Reading, depth: int) -> Node | None:
    """Alternatives, to the end or the bracket that closes."""
    if depth > MAX_DEPTH:
        raise SearchSyntax(f"the search has more than {MAX_DEPTH} brackets within each other; use fewer")
    nodes = [_all(reading, depth)]
    while reading.peek() == "or":
        reading.take()
        nodes.append(_all(reading, depth))
    return group("or", [node for node in nodes if node is not None])


def _all(reading: _Reading, depth: int) -> Node | None:
    nodes: list[Node] = []
    while reading.peek() not in ("", "or", "close"):
        if reading.peek() in ("and", "space"):
            reading.take()
        elif reading.peek() == "between":
            _join_near(reading, nodes, depth)
        elif (node := _one(reading, depth)) is not None:
            nodes.append(node)
    return group("and", nodes)


def _join_near(reading: _Reading, nodes: list[Node], depth: int) -> None:
    """`one NEAR/5 other`: the two terms around it become one."""
    distance = min(int(reading.take()[1]), MAX_DISTANCE)
    if not nodes or reading.peek() not in ("word", "phrase", "title"):
        return
    left, right = nodes[-1], _one(reading, depth)
    if isinstance(left, Term) and isinstance(right, Term):
        nodes[-1] = Near((left, right), distance)
    elif isinstance(left, Near) and isinstance(right, Term):
        nodes[-1] = Near((*left.terms, right), max(distance, left.distance))
    elif right is not None:
        nodes.append(right)


def _one(reading: _Reading, depth: int) -> Node | None:
    """A word, a phrase, a field, a group, or one of them excluded; None for a token without a word."""
    sort, text, star = reading.take()
    if sort == "not":
        if depth > MAX_DEPTH:
            raise SearchSyntax(f"the search excludes more than {MAX_DEPTH} times within each other; use fewer")
        while reading.peek() == "space":
            reading.take()
        node = _one(reading, depth + 1) if reading.peek() not in ("", "and", "or", "close", "between") else None
        return None if node is None else Not(node)
    if sort == "open":
        node = _any(reading, depth + 1)
        if reading.peek() == "close":
            reading.take()
        return node
    if sort == "title":
        return _titled(_one(reading, depth)) if reading.peek() in ("word", "phrase", "open") else None
    if sort == "near":
        return _near(reading, text)
    if sort in ("word", "phrase"):
        return _term(reading, text, quoted=sort == "phrase", star=star)
    return _field(sort, text)


def _term(reading: _Reading, text: str, *, quoted: bool, star: bool) -> Term | None:
    words = [part for piece in text.split() for part in split_word(piece)] if not quoted else split_word(text.replace("'", " ").replace("’", " "))
    if not words:
        return None
    reading.count += len(words)
    prefix = star and len(words[-1]) >= SHORTEST_PREFIX
    if star and not prefix:
        reading.notes.append(f"{text}: a beginning needs at least {SHORTEST_PREFIX} letters before the *")
    return Term(tuple(words), quoted=quoted, prefix=prefix)


def _titled(node: Node | None) -> Node | None:
    """The same, in titles only."""
    if isinstance(node, Term):
        return Term(node.words, quoted=node.quoted, prefix=node.prefix, title=True)
    if isinstance(node, Group):
        return Group(node.how, tuple(one for one in (_titled(part) for part in node.nodes) if one is not None))
    if isinstance(node, Not):
        inner = _titled(node.node)
        return None if inner is None else Not(inner)
    return node


def _near(reading: _Reading, inner: str) -> Node | None:
    found = _DISTANCE.search(inner)
    distance = min(int(found[1]), MAX_DISTANCE) if found else NEAR_DISTANCE
    inside = inner[: found.start()] if found else inner
    terms = []
    for sort, text, star in _tokens(inside):
        if sort in ("word", "phrase") and (term := _term(reading, text, quoted=sort == "phrase", star=star)):
            terms.append(term)
    if len(terms) < 2:
        return terms[0] if terms else None
    return Near(tuple(terms), distance)


def _field(name: str, value: str) -> Codes:
    """What a field asks for, as codes. SearchSyntax if there is no such value."""
    plain = value.lower()
    if name in ("since", "until", "year"):
        return _dated(name, value)
    if name == "kind":
        plain = KIND_WORDS.get(plain, plain)
        if plain not in ("news", "event", "publication", "project", "page"):
            raise SearchSyntax(f"kind:{value} is none; there are news, event, publication, project and page")
    elif name == "language":
        plain = LANGUAGE_WORDS.get(plain, plain)
    elif name in ("country", "theme", "organisation", "town"):
        return named_codes(name, value)
    return Codes((code_of(name, plain),), name, plain)


def named_codes(name: str, value: str) -> Codes:
    """The codes of a country, theme, organisation or town in any spelling. SearchSyntax lists near ones."""
    try:
        codes = resolve(name, value)  # type: ignore[arg-type]
    except ConfigError as error:
        raise SearchSyntax(f"{name}:{value} {error}") from error
    return Codes(tuple(code_of(name, code) for code in codes), name, codes[0])


def _dated(name: str, value: str) -> Codes:
    if not is_date(value) or (name == "year" and len(value) != 4):
        form = "a year such as 2018" if name == "year" else "2018, 2018-05 or 2018-05-14"
        raise SearchSyntax(f"{name}:{value} is no date; it takes {form}")
    return Codes(tuple(span(since=value if name != "until" else None, until=value if name != "since" else None)), name, value)


def span(since: str | None, until: str | None) -> list[str]:
    """The codes of a span of days; one that no item has where it is empty."""
    return span_codes(since, until) or ["never"]


# What is understood of it --------------------------------------------------------------------------------------------------


def _is_small(node: Node) -> bool:
    return (
        isinstance(node, Term)
        and not node.quoted
        and not node.prefix
        and not node.names
        and all(word.lower() in STOP_WORDS and not _is_acronym(word) for word in node.words)
    )


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _without_small_words(node: Node | None) -> Node | None:
    """Small words are not asked for where there are others; names that they are part of are found first."""
    if not isinstance(node, Group):
        return node
    nodes = [one for one in (_without_small_words(part) for part in node.nodes) if one is not None]
    if node.how == "and":
        others = [one for one in nodes if not _is_small(one) and not isinstance(one, (Codes, Not))]
        nodes = [one for one in nodes if not (others and _is_small(one))]
    return group(node.how, nodes)


def _apart(node: Node | None) -> tuple[Node | None, tuple[Codes, ...]]:
    """The tree without the fields that narrow the whole of it, and those."""
    if isinstance(node, Codes):
        return None, (node,)
    if not isinstance(node, Group) or node.how != "and":
        return node, ()
    narrowed = tuple(one for one in node.nodes if isinstance(one, Codes))
    return group("and", [one for one in node.nodes if not isinstance(one, Codes)]), narrowed
