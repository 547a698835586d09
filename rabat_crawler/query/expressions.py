"""A tree as expressions of FTS5's query language, every word between quotes: nothing that was typed is ever read as an operator or as SQL."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rabat_crawler.query.codes import ALL
from rabat_crawler.query.stems import IN_TITLE, LANGUAGES, SHORTEST, Vocabulary, stems_of_query
from rabat_crawler.query.tree import Codes, Group, Near, Node, Not, Term
from rabat_crawler.query.words import content_words

_LIGATURES = (("œ", "oe"), ("æ", "ae"))
MAX_WAYS = 8
MAX_STEMS = 3
"""So many stems a language are asked for one word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of an index: those with words, the title among them ("" if there is none), and whether it has codes."""

    words: tuple[str, ...]
    title: str = ""
    codes: bool = False


ITEMS = Columns(words=("title", "text"), title="title", codes=True)
PAGES = Columns(words=("text",))
VERSIONS = Columns(words=("title", "text"), title="title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """What FTS5 is asked: `words` (the tree alone), `full` (with what narrows it), `title` (the words in titles only, with what narrows it).

    `title` asks for stems alone where a word has some: far fewer rows stand behind a title's stem than behind a word.
    """

    words: str
    full: str
    title: str
    narrowed: str


def express(node: Node | None, narrowed: Sequence[Codes], columns: Columns, vocabulary: Vocabulary) -> Expressions:
    """The expressions of a tree for an index; "" for one that would ask for nothing."""
    writer = _Writer(columns, vocabulary)
    words = writer.write(node) if node is not None else ""
    narrow = " AND ".join(writer.codes(one) for one in narrowed) if columns.codes else ""
    title = _Writer(columns, vocabulary, in_title=True).write(node) if node is not None and columns.title else ""
    return Expressions(words=words, full=_both(words, narrow), title=_both(title, narrow) if title else "", narrowed=narrow)


def _both(words: str, narrow: str) -> str:
    return f"({words}) AND {narrow}" if words and narrow else words or narrow


class _Writer:
    """Writes one tree for one index; `in_title`: where words of the text do not count, and stems of titles stand for words."""

    def __init__(self, columns: Columns, vocabulary: Vocabulary, *, in_title: bool = False) -> None:
        self._columns, self._vocabulary, self._in_title = columns, vocabulary, in_title

    def write(self, node: Node) -> str:
        """The expression of a node; "" if this index knows nothing of it."""
        if isinstance(node, Term):
            return self.term(node)
        if isinstance(node, Codes):
            return self.codes(node) if self._columns.codes else ""
        if isinstance(node, Near):
            return self._near(node)
        if isinstance(node, Not):
            inner = _Writer(self._columns, self._vocabulary).write(node.node)
            return f"({self._everything()} NOT {inner})" if inner and self._columns.codes else ""
        return self._group(node)

    def _everything(self) -> str:
        return f'codes : "{ALL}"'

    def _group(self, node: Group) -> str:
        if node.how == "or":
            return _joined("OR", [self.write(one) for one in node.nodes])
        wanted = _joined("AND", [self.write(one) for one in node.nodes if not isinstance(one, Not)])
        plain = _Writer(self._columns, self._vocabulary)  # what is excluded is excluded from the text too
        excluded = _joined("OR", [plain.write(one.node) for one in node.nodes if isinstance(one, Not)])
        if not excluded:
            return wanted
        if not wanted:
            return f"({self._everything()} NOT {excluded})" if self._columns.codes else ""
        return f"({wanted} NOT {excluded})"

    def codes(self, node: Codes) -> str:
        """The items that have one of the codes."""
        return _joined("OR", [f'codes : "{code}"' for code in node.codes])

    def term(self, node: Term) -> str:
        """Words in all their ways: spellings, stems, and as a name."""
        if node.loose:
            ways = [_joined("AND", [self._word(word, title=node.title) for word in content_words(node.words)])]
        elif len(node.words) == 1 and not node.quoted and not node.prefix:
            ways = [self._word(node.words[0], title=node.title)]
        else:
            ways = [self._phrase(node.words, prefix=node.prefix, title=node.title)]
            if not node.quoted and not node.prefix:
                ways.append(self._word("".join(node.words), title=node.title))
        if node.names and self._columns.codes and not self._in_title:
            ways += [f'codes : "{code}"' for code in node.names]
        return _joined("OR", ways)

    def _where(self, title: bool) -> str:
        if self._columns.title and (title or self._in_title):
            return self._columns.title
        return "{" + " ".join(self._columns.words) + "}" if len(self._columns.words) > 1 else self._columns.words[0]

    def _phrase(self, words: Sequence[str], *, prefix: bool, title: bool) -> str:
        where = self._where(title)
        return _joined("OR", [f'{where} : "{way}"{" *" if prefix else ""}' for way in ways_of(" ".join(words))])

    def _word(self, word: str, *, title: bool) -> str:
        """The word as it is, and the stems that it may have."""
        ways = [self._phrase([word], prefix=False, title=title)]
        if len(word) >= SHORTEST:
            mark = IN_TITLE if self._columns.title and (title or self._in_title) else ""
            stems = stems_of_query(word, self._vocabulary)
            found = [f'stems_{language} : "{mark}{stem}"' for language in LANGUAGES for stem in stems[language][:MAX_STEMS]]
            ways = found if self._in_title and mark and found else ways + found
        return _joined("OR", ways)

    def _near(self, node: Near) -> str:
        """FTS5's NEAR, once for each combination of spellings."""
        where = self._where(any(term.title for term in node.terms))
        choices = [[f'"{way}"{" *" if term.prefix else ""}' for way in ways_of(" ".join(term.words))] for term in node.terms]
        found = itertools.islice(itertools.product(*choices), MAX_WAYS)
        return _joined("OR", [f"{where} : NEAR({' '.join(one)}, {node.distance})" for one in found])


def ways_of(phrase: str) -> list[str]:
    """A phrase in lower case with and without ligatures: the tokenizer folds accents, but not œ and æ."""
    ways = {phrase.lower()}
    for ligature, letters in _LIGATURES:
        ways |= {way.replace(letters, ligature) for way in ways} | {way.replace(ligature, letters) for way in ways}
    return sorted(ways)[:MAX_WAYS]


def _joined(how: str, parts: list[str]) -> str:
    parts = [part for part in dict.fromkeys(parts) if part]
    if len(parts) < 2:
        return parts[0] if parts else ""
    return f"({f' {how} '.join(parts)})"
