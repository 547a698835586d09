"""Where the words found stand in a title and text, and the piece of the text that shows them best. Pure; marks are \\x02 and \\x03."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rabat_crawler.query.stems import LANGUAGES, SHORTEST, NoVocabulary, Vocabulary, stem, stems_of_query
from rabat_crawler.query.tree import Term
from rabat_crawler.query.words import STOP_WORDS, WORD, plain_fold

MARK_START, MARK_END = "\x02", "\x03"
MAX_CHARACTERS = 200_000
"""So much of a text is looked through for the words."""
SNIPPET_WORDS = 32
LEAD_WORDS = 5
ELLIPSIS = "…"
_MARKS = str.maketrans({MARK_START: " ", MARK_END: " "})
_SENTENCE_END = re.compile(r"[.!?…:]\s*$|\n\s*$")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Folded words in a row; `prefix`: the last one is a beginning."""

    words: tuple[str, ...]
    prefix: bool = False

    def stands_at(self, folded: Sequence[str], at: int) -> bool:
        end = at + len(self.words)
        if end > len(folded):
            return False
        last = folded[end - 1]
        fits = last.startswith(self.words[-1]) if self.prefix else last == self.words[-1]
        return fits and all(one == other for one, other in zip(self.words[:-1], folded[at : end - 1], strict=True))


class Marker:
    """Finds the words of a search in texts: as typed, in their other forms, as phrases."""

    def __init__(self, terms: Sequence[Term], vocabulary: Vocabulary | None = None) -> None:
        self._exact: set[str] = set()
        self._stems: dict[str, set[str]] = {language: set() for language in LANGUAGES}
        self._phrases: list[_Phrase] = []
        self._known: dict[tuple[str, str | None], bool] = {}
        for term in terms:
            self._add(term, vocabulary or NoVocabulary())

    def _add(self, term: Term, vocabulary: Vocabulary) -> None:
        if term.loose or (len(term.words) == 1 and not term.quoted and not term.prefix):
            content = [word for word in term.words if word.lower() not in STOP_WORDS] or term.words
            for word in content:
                self._add_word(word, vocabulary)
        else:
            self._phrases.append(_Phrase(tuple(plain_fold(word) for word in term.words), term.prefix))
            if not term.quoted and not term.prefix:
                self._add_word("".join(term.words), vocabulary)

    def _add_word(self, word: str, vocabulary: Vocabulary) -> None:
        self._exact.add(plain_fold(word))
        if len(word) >= SHORTEST:
            for language, stems in stems_of_query(word, vocabulary).items():
                self._stems[language].update(stems)

    def spans(self, text: str, language: str | None, names: Iterable[str] = ()) -> list[tuple[int, int]]:
        """Where the words stand, in order, none over another. `names`: further spellings that were found."""
        text = text[:MAX_CHARACTERS]
        phrases = self._phrases + [_Phrase(tuple(plain_fold(word) for word in WORD.findall(name))) for name in names]
        phrases = [phrase for phrase in phrases if phrase.words]
        found = [(one.start(), one.end(), one[0]) for one in WORD.finditer(text)]
        spans = [(start, end) for start, end, word in found if self._is_hit(word, language)]
        if phrases:
            folded = [plain_fold(word) for *_, word in found]
            firsts: dict[str, list[_Phrase]] = {}
            for phrase in phrases:
                firsts.setdefault("" if phrase.prefix and len(phrase.words) == 1 else phrase.words[0], []).append(phrase)
            for at, word in enumerate(folded):
                for phrase in (*firsts.get(word, ()), *firsts.get("", ())):
                    if phrase.stands_at(folded, at):
                        spans.append((found[at][0], found[at + len(phrase.words) - 1][1]))
        return _apart(spans)

    def _is_hit(self, word: str, language: str | None) -> bool:
        known = self._known.get((word, language))
        if known is None:
            known = plain_fold(word) in self._exact or any(
                stem(word, one) in self._stems[one] for one in LANGUAGES if self._stems[one] and (language == one or language not in LANGUAGES)
            )
            self._known[word, language] = known
        return known

    def mark(self, text: str, language: str | None, names: Iterable[str] = ()) -> str:
        """The whole text with the words between marks."""
        return _marked(text, self.spans(text, language, names), 0, len(text))

    def snippet(self, text: str, language: str | None, names: Iterable[str] = ()) -> str:
        """About SNIPPET_WORDS words of the text, those with most of the words found; the text's beginning if none stands in it."""
        spans = self.spans(text, language, names)
        words = [one.span() for one in WORD.finditer(text[:MAX_CHARACTERS])]
        if not words:
            return text[:200].translate(_MARKS)
        first = _best_window(text, spans, words)
        last = min(first + SNIPPET_WORDS, len(words)) - 1
        start = words[first][0] if first else 0
        end = words[last][1] if last + 1 < len(words) or len(text) > MAX_CHARACTERS else len(text)
        if first == 0 and end < len(text) and text[end] in ".!?»)":
            end += 1
        shown = _marked(text, spans, start, end)
        return (f"{ELLIPSIS} " if first else "") + shown + (f" {ELLIPSIS}" if end < len(text) else "")


def _best_window(text: str, spans: Sequence[tuple[int, int]], words: Sequence[tuple[int, int]]) -> int:
    """The number of the word with which the piece begins: most different words found, then most of all, then the earliest."""
    if not spans:
        return 0
    starts = [start for start, _ in words]
    best, chosen = (-1, -1), 0
    for at, (start, _) in enumerate(spans[:200]):
        first = bisect_left(starts, start)
        edge = words[min(first + SNIPPET_WORDS - LEAD_WORDS, len(words)) - 1][1]
        inside = [span for span in spans[at : at + SNIPPET_WORDS] if span[1] <= edge]
        score = (len({plain_fold(text[a:b]) for a, b in inside}), len(inside))
        if score > best:
            best, chosen = score, first
    return _sentence_start(text, words, chosen)


def _sentence_start(text: str, words: Sequence[tuple[int, int]], at: int) -> int:
    """A little before the word, at a sentence's beginning if there is one near."""
    for back in range(min(at, 2 * LEAD_WORDS) + 1):
        first = at - back
        if first == 0 or _SENTENCE_END.search(text, words[first - 1][1], words[first][0]):
            return first
    return max(0, at - LEAD_WORDS)


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
            pieces += [text[at:low].translate(_MARKS), MARK_START, text[low:high], MARK_END]
            at = high
    return "".join(pieces) + text[at:end].translate(_MARKS)
