"""Where the words found stand in a title and text, and the piece of the text that shows them best. Pure; marks are \\x02 and \\x03."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from rabat_crawler.query.stems import LANGUAGES, SHORTEST, NoVocabulary, Vocabulary, stem, stems_of_query
from rabat_crawler.query.tree import Term
from rabat_crawler.query.words import WORD, content_words, fold, plain_fold

MARK_START, MARK_END = "\x02", "\x03"
MAX_CHARACTERS = 200_000
"""So much of a text is looked through for the words."""
SNIPPET_WORDS = 32
LEAD_WORDS = 5
ELLIPSIS = "…"
MAX_SHOWN = 600
"""Characters of a snippet at most, whatever its words are like."""
NEAR_START, REACH, MAX_TRIED = 80, 190, 200
BEGINNING = 4
"""Words that begin with so many letters of a word or stem are looked at."""
_SENTENCE_END = re.compile(r"(?:[.!?…:]\s+|\n\s*)")
_NO_LETTER_BEFORE = r"(?<![^\W_])"


class Marker:
    """Finds the words of a search in texts: as typed, in their other forms, as phrases."""

    def __init__(self, terms: Sequence[Term], vocabulary: Vocabulary | None = None) -> None:
        self._exact: set[str] = set()
        self._stems: dict[str, set[str]] = {language: set() for language in LANGUAGES}
        self._phrases: list[str] = []
        self._known: dict[tuple[str, str | None], bool] = {}
        self._names: dict[str, re.Pattern[str]] = {}
        for term in terms:
            self._add(term, vocabulary or NoVocabulary())
        beginnings = {word[:BEGINNING] for word in self._exact} | {stem[:BEGINNING] for stems in self._stems.values() for stem in stems}
        self._words = re.compile(f"(?:{_any_of(beginnings)})[^\\W_]*") if beginnings else None  # a look behind would be tried at every letter
        self._rows = re.compile("|".join(self._phrases)) if self._phrases else None

    def _add(self, term: Term, vocabulary: Vocabulary) -> None:
        if term.loose or (len(term.words) == 1 and not term.quoted and not term.prefix):
            for word in content_words(term.words):
                self._add_word(word, vocabulary)
        else:
            self._phrases.append(_phrase(term.words, prefix=term.prefix))
            if not term.quoted and not term.prefix:
                self._add_word("".join(term.words), vocabulary)

    def _add_word(self, word: str, vocabulary: Vocabulary) -> None:
        self._exact.add(plain_fold(word))
        if len(word) >= SHORTEST:
            for language, stems in stems_of_query(word, vocabulary).items():
                self._stems[language].update(stems)

    def spans(self, text: str, language: str | None, names: Iterable[str] = ()) -> list[tuple[int, int]]:
        """Where the words stand, in order, none over another. `names`: further spellings that were found."""
        folded = fold(text[:MAX_CHARACTERS])
        spans = []
        if self._words is not None:
            found = (one.span() for one in self._words.finditer(folded))
            spans = [(a, b) for a, b in found if not (a and folded[a - 1].isalnum()) and self._is_hit(text[a:b], language)]
        if self._rows is not None:
            spans += [one.span() for one in self._rows.finditer(folded)]
        for name in names:
            spans += [one.span() for one in self._name(name).finditer(folded)]
        return _apart(spans)

    def _name(self, name: str) -> re.Pattern[str]:
        if name not in self._names:
            self._names[name] = re.compile(_phrase(WORD.findall(name), prefix=False))
        return self._names[name]

    def _is_hit(self, word: str, language: str | None) -> bool:
        known = self._known.get((word, language))
        if known is None:
            known = plain_fold(word) in self._exact or any(
                stem(word, one) in self._stems[one] for one in LANGUAGES if self._stems[one] and (language == one or language not in LANGUAGES)
            )
            self._known[word, language] = known
        return known

    def count(self, text: str, language: str | None) -> tuple[int, int]:
        """How often the words stand there as typed (accents apart), and in other forms."""
        spans = self.spans(text, language)
        exact = len(spans) if self._rows is not None else sum(plain_fold(text[a:b]) in self._exact for a, b in spans)
        return exact, len(spans) - exact

    def mark(self, text: str, language: str | None, names: Iterable[str] = ()) -> str:
        """The whole text with the words between marks."""
        return _marked(text, self.spans(text, language, names), 0, len(text))

    def snippet(self, text: str, language: str | None, names: Iterable[str] = ()) -> str:
        """About SNIPPET_WORDS words of the text, those with most of the words found; the text's beginning if none stands in it."""
        spans = self.spans(text, language, names)
        start = _start(text, _best(text, spans)) if spans else 0
        words = list(islice(WORD.finditer(text, start), SNIPPET_WORDS + 1))
        end = words[SNIPPET_WORDS - 1].end() if len(words) > SNIPPET_WORDS else len(text)
        end = min(end, start + MAX_SHOWN)
        end += end < len(text) and text[end] in ".!?»)"
        shown = _marked(text, spans, start, end)
        return (f"{ELLIPSIS} " if start else "") + shown + (f" {ELLIPSIS}" if end < len(text) else "")


def _any_of(beginnings: Iterable[str]) -> str:
    return "|".join(_spelt(one) for one in sorted(beginnings))


def _spelt(folded: str) -> str:
    """A pattern for a folded word in a text of which ligatures are left as they are."""
    return re.escape(folded).replace("oe", "(?:oe|œ)").replace("ae", "(?:ae|æ)")


def _phrase(words: Sequence[str], *, prefix: bool) -> str:
    """A pattern for words in a row; `prefix`: the last one is a beginning."""
    row = r"[\W_]{1,20}".join(_spelt(plain_fold(word)) for word in words) or "(?!)"
    return f"{_NO_LETTER_BEFORE}{row}" + (r"[^\W_]*" if prefix else r"(?![^\W_])")


def _best(text: str, spans: Sequence[tuple[int, int]]) -> int:
    """Where the piece with most different words found, then most of all, begins; the earliest of equal ones."""
    best, chosen = (-1, -1), 0
    for at, (start, _) in enumerate(spans[:MAX_TRIED]):
        inside = [span for span in spans[at : at + SNIPPET_WORDS] if span[1] <= start + REACH]
        score = (len({plain_fold(text[a:b]) for a, b in inside}), len(inside))
        if score > best:
            best, chosen = score, start
    return chosen


def _start(text: str, at: int) -> int:
    """A little before a word found: the beginning of its sentence if that is near, else a few words before."""
    if at <= NEAR_START:
        return 0
    before = text[at - NEAR_START : at]
    ends = [one.end() for one in _SENTENCE_END.finditer(before)]
    if ends:
        return at - NEAR_START + ends[-1]
    words = [one.start() for one in WORD.finditer(before)]
    return at - NEAR_START + words[max(1, len(words) - LEAD_WORDS)] if len(words) > 1 else at


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _marked(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> str:
    pieces = []
    at = start
    for low, high in spans:
        if low >= start and high <= end:
            pieces += [_without_marks(text[at:low]), MARK_START, text[low:high], MARK_END]
            at = high
    return "".join(pieces) + _without_marks(text[at:end])


def _without_marks(text: str) -> str:
    return text.replace(MARK_START, " ").replace(MARK_END, " ")
