"""Which items of one language say the same again (duplicates), and which are the announcement and the outcome of one event. Pure."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rabat_crawler.extract.folding import fold
from rabat_crawler.relations.traits import Traits

ALIKE = 0.6
"""So much of the runs of three words of both texts together is in both of them, if one is the other re-posted."""
FACTS_ALIKE = 0.9
"""So many of the numbers, days and names of both are in both, where each has some of its own: a note made from another meeting's note has its words,
not its facts."""
SHARED = 4
"""Candidates share so many of the smallest hashes of their sketches, short texts all of them."""
COMMON = 40
"""A hash that more texts have is a stock phrase, and leads to no candidates."""
TITLE_ALIKE = 0.34
TITLE_CONTAINED = 0.8
MIN_TITLE_WORDS = 3
STOP = frozenset("a and au aux d dans de des du en et for in l la le les of on par pour sur the to un une with".split())
DUPLICATE, ANNOUNCEMENT = "duplicate of", "announcement of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """`item_id` is the `relation` ("duplicate of", "announcement of") `other_id`; `score` 0 to 1, `reason` a sentence."""

    item_id: str
    other_id: str
    relation: str
    score: float
    reason: str


def duplicates(group: Sequence[Traits], text_of: Callable[[str], str], twins: frozenset[tuple[str, str]]) -> list[Relation]:
    """The items of a site that repeat an earlier one's text; the earlier is the one published first, else seen first. `twins` are no duplicates."""
    found = []
    for one, other in _candidates(group):
        if (one.item_id, other.item_id) in twins or (other.item_id, one.item_id) in twins or not _may_repeat(one, other):
            continue
        if not _same_facts(one, other):
            continue
        share = _share(text_of(one.item_id), text_of(other.item_id))
        if share >= ALIKE:
            later, earlier = sorted(
                (one, other), key=lambda traits: (traits.published or traits.first_seen, traits.first_seen, traits.item_id), reverse=True
            )
            said = "the same text" if share == 1.0 else f"{share:.0%} of the runs of three words in common, no other numbers, days and names"
            found.append(Relation(item_id=later.item_id, other_id=earlier.item_id, relation=DUPLICATE, score=round(share, 3), reason=said))
    return sorted(found, key=lambda relation: (relation.item_id, relation.other_id))


def _same_facts(one: Traits, other: Traits) -> bool:
    """One has all the numbers, days and names of the other; or nearly so, under the same title."""
    first, second = set(one.facts), set(other.facts)
    return first <= second or second <= first or (_overlap(first, second) >= FACTS_ALIKE and one.title == other.title)


def _may_repeat(one: Traits, other: Traits) -> bool:
    """False where the facts of the event speak against it: other days make another event, or a new date of it."""
    return one.language == other.language and (not one.events or not other.events or one.events[0] == other.events[0])


def _candidates(group: Sequence[Traits]) -> Iterator[tuple[Traits, Traits]]:
    """Pairs whose sketches have enough in common; one item after the other, so that memory does not grow with the pairs."""
    common = Counter(value for one in group for value in one.sketch)
    index: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(group):
        shared: Counter[int] = Counter()
        for value in one.sketch:
            if 1 < common[value] <= COMMON:
                shared.update(index[value])
                index[value].append(number)
        for other in sorted(shared):
            if shared[other] >= min(SHARED, len(one.sketch), len(group[other].sketch)):
                yield group[other], one


def _share(text: str, other: str) -> float:
    first, second = _runs(text), _runs(other)
    return len(first & second) / max(1, len(first | second))


@lru_cache(maxsize=512)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = fold(text).split()
    return frozenset(zip(words, words[1:], words[2:], strict=False)) or frozenset((tuple(words),))


def _overlap(one: Iterable[int], other: Iterable[int]) -> float:
    first, second = set(one), set(other)
    return len(first & second) / len(first | second) if first | second else 1.0


def meetings(group: Sequence[Traits], repeated: frozenset[tuple[str, str]]) -> list[Relation]:
    """Announcement and outcome of one event, each outcome with its best announcement; `repeated` pairs are duplicates or twins."""
    best: dict[str, tuple[float, str, str]] = {}
    for one, other, same_days in _of_one_event(group):
        for ahead, behind in ((one, other), (other, one)):
            if (ahead.item_id, behind.item_id) in repeated or (behind.item_id, ahead.item_id) in repeated:
                continue
            if not (_announces(ahead, behind) and _reports(behind, ahead)):
                continue
            score, reason = _meeting_score(ahead, behind, same_days)
            if score and (score, ahead.item_id) > best.get(behind.item_id, (0.0, "", ""))[:2]:
                best[behind.item_id] = score, ahead.item_id, reason
    return sorted(
        (
            Relation(item_id=ahead, other_id=behind, relation=ANNOUNCEMENT, score=round(score, 3), reason=reason)
            for behind, (score, ahead, reason) in best.items()
        ),
        key=lambda relation: (relation.item_id, relation.other_id),
    )


def _of_one_event(group: Sequence[Traits]) -> Iterator[tuple[Traits, Traits, bool]]:
    """Pairs of one language whose days agree, or of which one's title is in the other's."""
    by_day: dict[tuple[str | None, str], list[Traits]] = defaultdict(list)
    by_word: dict[tuple[str | None, str], list[Traits]] = defaultdict(list)
    for one in group:
        for day, _ in one.events[:1]:
            by_day[one.side, day].append(one)
        for word in _title_words(one):
            by_word[one.side, word].append(one)
    seen: set[tuple[str, str]] = set()
    for members in by_day.values():
        for position, first in enumerate(members[:COMMON]):
            for second in members[position + 1 : COMMON]:
                seen.add((first.item_id, second.item_id))
                yield first, second, True
    for one in group:
        words = _title_words(one)
        if len(words) < MIN_TITLE_WORDS or one.cue == "outcome":
            continue
        rarest = min(words, key=lambda word: (len(by_word[one.side, word]), word))
        for other in by_word[one.side, rarest][:COMMON]:
            if other.item_id != one.item_id and not {(one.item_id, other.item_id), (other.item_id, one.item_id)} & seen:
                yield one, other, False


def _title_words(one: Traits) -> frozenset[str]:
    return frozenset(word for word in one.title.split() if word not in STOP and len(word) > 2)


def _announces(one: Traits, other: Traits) -> bool:
    """It came before the event: by its own day, or by its words."""
    first = (one.events or other.events or (("", ""),))[0][0]
    came = one.published or (one.first_seen if first and one.first_seen < first else "")
    if first and came:
        return came < first
    return one.cue == "announcement" or (one.kind == "event" and one.cue != "outcome")


def _reports(one: Traits, other: Traits) -> bool:
    """It came when the event had begun, and its words do not announce it."""
    first = (one.events or other.events or (("", ""),))[0][0]
    if one.published and first:
        return one.published >= first and one.cue != "announcement"
    return one.cue == "outcome"


def _of_days(one: Traits) -> set[int]:
    """The facts that follow from the event's days alone."""
    days = [day for span in one.events for day in span]
    names = [f"d:{day}" for day in days] + [f"#{part}" for day in days for part in (day[:4], day[8:], day[8:].lstrip("0"))]
    return {zlib.crc32(name.encode()) for name in names}


def _meeting_score(ahead: Traits, behind: Traits, same_days: bool) -> tuple[float, str]:
    """How surely the two are of one event; 0 if the titles have too little in common, or the days disagree."""
    announced, told = _title_words(ahead), _title_words(behind)
    shared = announced & told
    alike = len(shared) / max(1, len(announced | told))
    contained = len(shared) / max(1, len(announced))
    days = _of_days(ahead) | _of_days(behind)
    facts = _overlap(set(ahead.facts) - days, set(behind.facts) - days) if set(ahead.facts) & set(behind.facts) - days else 0.0
    if same_days and (alike >= TITLE_ALIKE or len(shared) >= 2 or facts >= TITLE_ALIKE):
        return 0.7 + 0.3 * max(alike, facts), f"the same event days, {len(shared)} words of the titles in common"
    if not same_days and not (ahead.events and behind.events) and contained >= TITLE_CONTAINED and behind.cue == "outcome":
        return 0.5 + 0.3 * contained, "its title stands in that of the outcome"
    return 0.0, ""
