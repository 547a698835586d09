"""The index that the site's search reads in the browser: words with the places where they stand, in shards of a few kilobytes. No disk, no page.

A word is kept as it is written, without accents; the words of one stem (Snowball's, in one language) know of each other, so that the browser
needs no stemmer. README, "How the site is searched", says what a shard looks like.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rabat_crawler.query.named import ways
from rabat_crawler.query.stems import LANGUAGES, stem
from rabat_crawler.query.words import STOP_WORDS, WORD, compounds, plain_fold

SHARD_BYTES = 12_000
"""About so large is a shard; a word that stands in many entries has one to itself."""
TITLE_TIMES = 8
"""A word of the title counts as much as so many in the text."""
USUAL_WORDS, K1, B = 250, 1.2, 0.75
"""BM25: the length of a text with which others are compared (a fixed one, so that entries do not depend on each other), and its two constants."""
STEPS = 100
"""A weight of 1 in the byte that stands in a posting; BM25's weights are below 2.2."""
LONGEST = 60
LONGEST_ENDING = 10
NAME = ":"
"""Stands before the code of a name, so that no word is taken for one."""
SAME = "~"
"""Stands for the stem in a list of its words."""
PLAIN = frozenset((*STOP_WORDS, *"l d j m t s n c qu".split()))
"""Words that are not kept: small ones and elided ones."""
ENDINGS = {
    "fr": (
        "e es s ee ees er ez ent ant ante ants antes ait ais aient ions iez ons ai as a era erai eras erons erez eront erait eraient erent "
        "ir i is it ie ies irent issent issait issant issons issez ement ements ite ites ence>ent ences>ent"
    ).split(),
    "en": "s es e ed ing ings ly".split(),
}
"""Endings that the stemmers take off any word, without accents; behind `>` what they write in their place."""
_LANGUAGE_BITS = {"fr": 1, "en": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A stretch of the index: its first word, and the bytes of its file."""

    first: str
    content: bytes


class Postings:
    """Collects words entry by entry (numbers from 0 on, rising), then gives shards."""

    def __init__(self) -> None:
        self._places: dict[str, bytearray] = {}
        self._last: dict[str, int] = {}
        self._seen: dict[str, int] = {}
        self._folded: dict[str, str] = {}

    def add(self, number: int, title: str, text: str, language: str | None, names: Iterable[str] = ()) -> None:
        """The words of an entry; `names`: codes of what it names (`query.codes`)."""
        counts = self._counted(text, language)
        length = sum(counts.values())
        for word, times in self._counted(title, language).items():
            counts[word] += TITLE_TIMES * times
        slower = K1 * (1 - B + B * length / USUAL_WORDS)
        for word, times in counts.items():
            self._put(word, number, round(STEPS * times * (K1 + 1) / (times + slower)))
        for name in names:
            self._put(NAME + name, number, STEPS)

    def _counted(self, text: str, language: str | None) -> Counter[str]:
        lower = text.lower()
        bits = _LANGUAGE_BITS.get(language or "", 3)
        counts: Counter[str] = Counter()
        for word, times in Counter((*WORD.findall(lower), *compounds(lower))).items():
            if word in PLAIN or len(word) > LONGEST:
                continue
            folded = word if word.isascii() else self._folded.get(word)
            if folded is None:
                folded = self._folded[word] = plain_fold(word)
            self._seen[word] = self._seen.get(word, 0) | bits
            counts[folded] += times
        return counts

    def _put(self, word: str, number: int, weight: int) -> None:
        places = self._places.get(word)
        if places is None:
            places = self._places[word] = bytearray()
        gap = number - self._last.get(word, -1)
        self._last[word] = number
        while gap > 127:
            places.append(gap & 127 | 128)
            gap >>= 7
        places.append(gap)
        places.append(max(1, min(weight, 255)))

    def stems(self) -> dict[str, dict[str, list[str]]]:
        """For each language the words of each stem, without accents, in order.

        A word that is also written with accents has the stems of those spellings only: "refugies" is "réfugiés", not a form of "refuge".
        """
        found: dict[str, dict[str, list[str]]] = {}
        for language in LANGUAGES:
            spellings: dict[str, list[str]] = {}
            for word in sorted(word for word, bits in self._seen.items() if bits & _LANGUAGE_BITS[language]):
                spellings.setdefault(self._folded.get(word, word), []).append(word)
            groups: dict[str, list[str]] = {}
            for folded, written in spellings.items():
                accented = [word for word in written if not word.isascii()] if language == "fr" else []
                for one in {stem(word, language) for word in accented or written} - {""}:
                    groups.setdefault(one, []).append(folded)
            found[language] = {one: sorted(words) for one, words in groups.items()}
        return found

    def endings(self, stems: Mapping[str, Mapping[str, list[str]]]) -> dict[str, list[str]]:
        """For each language what may stand behind a stem, ENDINGS and what its words show: a form that stands nowhere is led to its stem by them."""
        found = {}
        for language, groups in stems.items():
            behind = Counter(_ending(word, one) for one, words in groups.items() for word in words)
            shown = {ending for ending, times in behind.items() if times > 1 and 0 < len(ending) <= LONGEST_ENDING}
            found[language] = sorted(shown.union(ENDINGS[language]))
        return found

    def shards(self, stems: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Shard]:
        """The shards, in the order of their words."""
        of_word: dict[str, list[tuple[str, str]]] = {}
        for language, groups in stems.items():
            for one, words in groups.items():
                for word in words:
                    of_word.setdefault(word, []).append((language, one))
        named = _named(self._places)
        waiting: list[str] = []
        size = 0
        for word in sorted(self._places.keys() | named.keys()):
            more = len(self._places.get(word, b"")) + 2 * len(word) + 24
            if waiting and size + more > SHARD_BYTES:
                yield self._shard(waiting, stems, of_word, named)
                waiting, size = [], 0
            waiting.append(word)
            size += more
        if waiting:
            yield self._shard(waiting, stems, of_word, named)

    def _shard(
        self,
        words: list[str],
        stems: Mapping[str, Mapping[str, list[str]]],
        of_word: Mapping[str, list[tuple[str, str]]],
        named: Mapping[str, list[tuple[str, list[str]]]],
    ) -> Shard:
        groups: dict[tuple[str, str], int] = {}
        listed = []
        for word in words:
            numbers = [groups.setdefault(key, len(groups)) for key in of_word.get(word, ())]
            listed.append([word, len(self._places.get(word, b"")), *numbers])
        said = {
            "words": listed,
            "stems": [[language, one, *(_short(word, one) for word in stems[language][one])] for language, one in groups],
            "names": {word: named[word] for word in words if word in named},
        }
        head = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        return Shard(first=words[0], content=struct.pack("<I", len(head)) + head + b"".join(self._places.get(word, b"") for word in words))


def _ending(word: str, stem_of_it: str) -> str:
    """What a stemmer did to a word: the ending that it took off, or `ending>what stands in its place`; "" where the two have too little in common."""
    same = 0
    while same < min(len(word), len(stem_of_it)) and word[same] == stem_of_it[same]:
        same += 1
    if same == len(stem_of_it):
        return word[same:]
    return f"{word[same:]}>{stem_of_it[same:]}" if same > 2 else ""


def _short(word: str, stem_of_it: str) -> str:
    return SAME + word[len(stem_of_it) :] if word.startswith(stem_of_it) else word


def _named(places: Mapping[str, bytearray]) -> dict[str, list[tuple[str, list[str]]]]:
    """By first word the spellings (words with hyphens between) of the names that entries have, with their codes."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for way, codes in sorted(ways().items()):
        there = [NAME + code for code in codes if NAME + code in places]
        if there:
            found.setdefault(way.split("-")[0], []).append((way, there))
    return found
