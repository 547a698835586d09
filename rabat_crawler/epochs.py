"""One article under the names of several epochs: which numbers and addresses mean the same, because they show the same. Pure.

A name ("base key") is an article number or an address. Numbers of one database are different articles for ever. Any other two names are one
article if what they show is the same (see `strength`); the answer depends on the set of names, never on the order in which they came.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rabat_crawler import identity
from rabat_crawler.extract.folding import fold
from rabat_crawler.models import Draft, Site

MIN_WORDS = 8
"""A shorter text is not known by itself: many pages say little more than "register here"."""

ALIKE = 0.85
"""So much of the shorter of two texts stands in the other, in runs of three words, if it was edited and not replaced. A meeting note of another
town in the same words is less alike."""

TOO_COMMON = 40
"""What more names than this have in common is no evidence for any two of them."""

SAME_TEXT, SAME_TITLE_AND_DAY, SAME_TITLE_TEXT_ALIKE = 3, 2, 1
MAX_TEXTS = 6
MAX_COMPARED = 100_000
"""Of a longer text only so many characters are compared, and its length."""

_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")


@dataclass(frozen=True, slots=True)
class Fact:
    """What one draft says, as far as it tells articles apart; `day` is a published date that names a day."""

    language: str | None
    title: str
    day: str | None
    content_key: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """All that was seen under one name; the times are those of its own pages, "" if none was read. `texts`: (language and title, text) of whole ones."""

    key: str
    facts: frozenset[Fact]
    first_seen: str = ""
    last_seen: str = ""
    texts: tuple[tuple[tuple[str | None, str], str], ...] = ()


def content_key(draft: Draft, site: Site) -> str | None:
    """Equal for equal texts of one language in one site, whatever their typography; None for a text that is not whole, or short."""
    if not draft.complete or draft.truncated:
        return None
    folded = fold(draft.text[:MAX_COMPARED])
    if folded.count(" ") < MIN_WORDS - 1:
        return None
    length = len(draft.text) if len(draft.text) > MAX_COMPARED else 0
    return hashlib.sha256(f"{identity.scope(site)}\n{draft.language}\n{length}\n{folded}".encode()).hexdigest()[:24]


def title_key(draft: Draft, site: Site) -> str | None:
    """Equal for equal titles of one language in one site, whatever their typography; None for a draft that is not whole, or says too little."""
    title = fold(draft.title)
    if not draft.complete or draft.truncated or not title or draft.text.count(" ", 0, MAX_COMPARED) < MIN_WORDS - 1:
        return None
    return hashlib.sha256(f"{identity.scope(site)}\n{draft.language}\n{title}".encode()).hexdigest()[:24]


def text_of(draft: Draft) -> tuple[tuple[str | None, str], str]:
    """Language and title, and the text, as `Group.texts` holds them."""
    return (draft.language, _folded(draft.title)), draft.text[:MAX_COMPARED]


def fact(draft: Draft, key: str | None) -> Fact:
    """What the draft with that content key says."""
    said = identity.first_date(draft.dates, ("published",))
    return Fact(draft.language, _folded(draft.title), said.value if said and said.precision == "day" else None, key)


@lru_cache(maxsize=4096)
def _folded(title: str) -> str:
    return fold(title)


def number_space(key: str) -> str:
    """The database whose numbers a name counts in; "" for a name that is no number."""
    return key.rpartition(":")[0] if key.startswith("id:") else ""


def _host(key: str) -> str:
    return key.partition(")")[0] if key.startswith("url:") else ""


def precedence(key: str) -> tuple[int, int, str]:
    """Which of several names the item is called by, the smallest first: a number of the main database, of an older one, an address."""
    kind = 0 if key.startswith("id:") else 1 if key.startswith("url:") else 2
    return (kind, key.count(":") if kind == 0 else 0, key)


def strength(one: Group, other: Group) -> int:
    """How surely two names mean one article; 0 if nothing says so.

    The same text counts if the title agrees and no day disagrees, the same title if the day agrees, or if no day disagrees and the text was only
    edited. Only if the one had gone out of use when the other came, the same text with the same day counts under another title, and two addresses
    without number at one host can be one article at all.
    """
    if number_space(one.key) and number_space(one.key) == number_space(other.key):
        return 0
    if _host(one.key) and _host(one.key) == _host(other.key) and _overlap(one, other):
        return 0
    texts = {(f.language, f.content_key, f.day) for f in one.facts if f.content_key and f.day}
    if not _overlap(one, other) and texts & {(f.language, f.content_key, f.day) for f in other.facts}:
        return SAME_TEXT  # retitled when it moved
    days, other_days = ({f.day for f in group.facts if f.day} for group in (one, other))
    agree = not days or not other_days or bool(days & other_days)
    if agree and {(f.language, f.content_key, f.title) for f in one.facts if f.content_key} & {
        (f.language, f.content_key, f.title) for f in other.facts if f.content_key
    }:
        return SAME_TEXT
    titles = {(f.language, f.title, f.day) for f in one.facts if f.day and f.title}
    if titles & {(f.language, f.title, f.day) for f in other.facts}:
        return SAME_TITLE_AND_DAY
    return SAME_TITLE_TEXT_ALIKE if agree and _texts_alike(one, other) else 0


def _texts_alike(one: Group, other: Group) -> bool:
    """True if a text of the one is an edited text of the other under the same title, with the same years in it: a yearly series has others."""
    return any(
        title == other_title and _years(text) == _years(other_text) and _share(text, other_text) >= ALIKE
        for title, text in one.texts[:MAX_TEXTS]
        for other_title, other_text in other.texts[:MAX_TEXTS]
    )


@lru_cache(maxsize=1024)
def _years(text: str) -> frozenset[str]:
    return frozenset(_YEAR.findall(text))


def _share(text: str, other: str) -> float:
    """The share of the shorter text's runs of three words that the other has as well."""
    first, second = _runs(text), _runs(other)
    return len(first & second) / max(1, min(len(first), len(second)))


@lru_cache(maxsize=1024)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = fold(text).split()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _overlap(one: Group, other: Group) -> bool:
    """True unless both were read, and the one for the last time long before the other for the first time: longer than a page waits for its next visit."""
    if not (one.first_seen and other.first_seen):
        return True
    earlier, later = (one, other) if one.last_seen < other.first_seen else (other, one)
    return earlier.last_seen >= identity.lately(later.first_seen)


def roots(keys: Iterable[str], edges: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """The name by which each name's article is called. `edges`: the strength between two names.

    The strongest links join first; what would put two numbers of one database together joins nothing.
    """
    clusters = {key: frozenset((key,)) for key in keys}
    for (one, other), _ in sorted(edges.items(), key=lambda edge: (-edge[1], sorted(map(precedence, edge[0])))):
        first, second = clusters[one], clusters[other]
        if first is not second and not _spaces(first) & _spaces(second):
            joined = first | second
            clusters.update(dict.fromkeys(joined, joined))
    return {key: min(cluster, key=precedence) for key, cluster in clusters.items()}


def _spaces(cluster: Iterable[str]) -> set[str]:
    return {space for key in cluster if (space := number_space(key))}
