"""What the words around a name say of it: a treaty named after a town is not the town, "NICE" in a heading not the city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rabat_crawler.names.folding import GAPS

INSTRUMENTS_BEFORE = frozenset(
    "processus process declaration programme program strategie strategy plan accord accords agreement traite treaty convention conventions protocole "
    "protocol protocoles protocols statut statute reglement pacte charte charter engagements principes principles dialogue cadre feuille rue "
    "avenue boulevard".split()
)
INSTRUMENTS_AFTER = frozenset(
    "process processes declaration programme program strategy plan agreement agreements treaty convention conventions protocol protocols statute "
    "regulation compact pact charter roadmap principles commitments framework statement dialogue conclusions".split()
)
BETWEEN = frozenset(
    "politique politiques ministerielle ministeriel conjoint conjointe commun commune action d de des l la le route triennal pluriannuel cooperation "
    "strategique political ministerial joint multi annual year three action common strategic and of et".split()
)
OF = frozenset(("de", "d", "of"))
FAR = 4
"""So many words may stand between a town and the instrument named after it."""

PLACE_WORDS = frozenset("a in at from near to vers de d depuis pres chez ville city".split())
SHOUTED = frozenset("au ce un eu us who bad car mieux adept afford pam air ue".split())
"""Acronyms that are words, too: in a line of capitals they are taken for the word."""

_DASHES = ("-", "–", "—")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a name stands: the words `first` to `last` of a text, whose words have these spans."""

    seen: str
    folded: str
    spans: Sequence[tuple[int, int]]
    first: int
    last: int

    @property
    def written(self) -> str:
        """The name as the text writes it."""
        return self.seen[self.spans[self.first][0] : self.spans[self.last][1]]

    def word(self, number: int) -> str:
        """A folded word of the text; "" beyond its ends."""
        if not 0 <= number < len(self.spans):
            return ""
        start, end = self.spans[number]
        return self.folded[start:end]

    def original(self, number: int) -> str:
        """A word as the text writes it; "" beyond its ends."""
        if not 0 <= number < len(self.spans):
            return ""
        start, end = self.spans[number]
        return self.seen[start:end]

    def gap(self, number: int) -> str:
        """What stands before a word, or behind the last one."""
        start = self.spans[number - 1][1] if number > 0 else 0
        return self.seen[start : self.spans[number][0] if number < len(self.spans) else len(self.seen)]

    def joined(self, number: int) -> bool:
        """True if the word and the one before it belong together: nothing but a space, a hyphen or an apostrophe lies between."""
        return 0 < number < len(self.spans) and GAPS.get(self.gap(number)) == ""


def is_instrument(place: Place) -> bool:
    """True if a town's name is that of a process, declaration, treaty, plan or street: "Rome Declaration", "accord de Paris"."""
    return _instrument_before(place) or _instrument_after(place)


def _instrument_before(place: Place) -> bool:
    at = place.first
    if not place.joined(at) or place.word(at - 1) not in OF:
        return False
    for number in range(at - 2, max(-1, at - 2 - FAR), -1):
        if not place.joined(number + 1):
            return False
        word = place.word(number)
        if word in INSTRUMENTS_BEFORE:
            return True
        if word not in BETWEEN and not word.isdigit():
            return False
    return False


def _instrument_after(place: Place) -> bool:
    for number in range(place.last + 1, place.last + 2 + FAR):
        if not place.joined(number):
            return False
        word = place.word(number)
        if word in INSTRUMENTS_AFTER:
            return True
        if word not in BETWEEN and not word.isdigit():
            return False
    return False


def is_shouted(place: Place) -> bool:
    """True if an acronym that is a word as well stands among words that are all capitals."""
    if place.first != place.last or place.word(place.first) not in SHOUTED:
        return False
    beside = ((place.first - 1, place.first), (place.last + 1, place.last + 1))
    return any(place.joined(gap) and place.gap(gap).isspace() and _is_shouted_word(place.original(number)) for number, gap in beside)


def _is_shouted_word(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word.isupper() and word.lower() not in SHOUTED


def speaks_of_a_place(place: Place, names_a_country: Callable[[Sequence[str]], bool]) -> bool:
    """True if the words around a name that is a common word or a first name, too, speak of a place: "à Nice", "Nice, France", "(Nice)"."""
    after, before = place.gap(place.last + 1), place.gap(place.first)
    if after in (", ", " (") and names_a_country([place.word(place.last + 1 + n) for n in range(FAR)]):
        return True
    named = place.joined(place.last + 1) and place.original(place.last + 1)[:1].isupper()
    if place.joined(place.first) and place.word(place.first - 1) in PLACE_WORDS:
        return not named
    ends = after[:1] in ("\n", "", ")")
    if before[-1:] == "(" and after[:1] == ")":
        return True
    if before.strip() in _DASHES and before.strip() != before and ends:
        return True
    starts = not before or before.endswith("\n")
    return starts and after == ", " and place.word(place.last + 1).isdigit()
