"""Which items are translations of each other: as people decided, as the pages declare it, else by what they say. One to one, and why. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from rabat_crawler.relations.similar import Similarity, by_site
from rabat_crawler.relations.traits import Traits

SURE = 0.30
"""Items this similar are translations of each other, if nothing speaks against it."""
POSSIBLE, FAINT = 0.20, 0.15
"""Items this similar are, if one more thing agrees (the day of publication, the event's days, the sections), or two more."""
MARGIN = 1.15
"""So many times more similar than to the next one, unless that one is a copy of it."""
COPY = 0.75
MAX_GAP, NEAR_GAP = 60, 7
"""Days between the publications of translations: no more than the first, unless they are very similar; up to the second speaks for it."""
VERY = 0.6
SECTION_BONUS, DAY_BONUS = 0.04, 0.02
HREFLANG, CONFIRMED, CONTENT = "hreflang", "confirmed", "content"

Names = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`item_id` and `other_id` are translations of each other. `evidence` is how that is known, `score` 0 to 1 how surely, `reason` a sentence."""

    item_id: str
    other_id: str
    evidence: str
    score: float
    reason: str
    differs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two items that something calls translations of each other, although one of them is another's."""

    item_id: str
    other_id: str
    reason: str


class _Book:
    """Who is taken: each item has one translation in each language."""

    def __init__(self, items: Mapping[str, Traits]) -> None:
        self.items = items
        self.taken: dict[tuple[str, str | None], str] = {}
        self.pairs: list[Pair] = []
        self.conflicts: list[Conflict] = []

    def free(self, one: str, other: str) -> bool:
        return (one, self.items[other].side) not in self.taken and (other, self.items[one].side) not in self.taken

    def add(self, one: str, other: str, evidence: str, score: float, reason: str) -> None:
        self.taken[one, self.items[other].side] = other
        self.taken[other, self.items[one].side] = one
        differs = _differs(self.items[one], self.items[other])
        self.pairs.append(Pair(item_id=one, other_id=other, evidence=evidence, score=round(score, 3), reason=reason, differs=differs))

    def refuse(self, one: str, other: str, reason: str) -> None:
        self.conflicts.append(Conflict(item_id=one, other_id=other, reason=reason))


def _differs(one: Traits, other: Traits) -> str:
    """What twins say differently of the event: the days; "" if they agree or one of them says nothing."""
    if not one.events or not other.events or one.events[0] == other.events[0]:
        return ""
    return f"event {_span(one.events[0])} / {_span(other.events[0])}"


def _span(days: tuple[str, str]) -> str:
    return days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"


def pair(
    items: Mapping[str, Traits], declared: Collection[Names], *, confirmed: Sequence[Names] = (), rejected: Collection[Names] = ()
) -> tuple[list[Pair], list[Conflict]]:
    """Every pair of translations and every conflict, in the order of item ids.

    `declared`: (item, other) as the item's pages say; `confirmed` and `rejected`: as people decided, the later confirmation counts.
    """
    book = _Book(items)
    refused = {_sorted(names) for names in rejected}
    for one, other in reversed(confirmed):
        if book.free(one, other):
            book.add(one, other, CONFIRMED, 1.0, "confirmed by hand")
        elif _sorted((one, other)) not in {_sorted((p.item_id, p.other_id)) for p in book.pairs}:
            book.refuse(one, other, "an older confirmation; a later one gives the item another translation")
    models = {site: Similarity(group) for site, group in by_site(items).items()}
    _pair_declared(book, models, declared, refused)
    for site, group in by_site(items).items():
        _pair_by_content(book, models[site], group, refused)
    return sorted(book.pairs, key=lambda p: (p.item_id, p.other_id)), sorted(set(book.conflicts), key=lambda c: (c.item_id, c.other_id, c.reason))


def _sorted(names: Names) -> Names:
    return names if names[0] < names[1] else (names[1], names[0])


def _pair_declared(book: _Book, models: Mapping[str, Similarity], declared: Collection[Names], refused: set[Names]) -> None:
    """The pages' own word: that of both before that of one, the more similar before the less."""
    said = {(one, other) for one, other in declared if one != other and one in book.items and other in book.items}
    edges = sorted({_sorted(names) for names in said})
    ranked = []
    for one, other in edges:
        first, second = book.items[one], book.items[other]
        mutual = (one, other) in said and (other, one) in said
        score = models[first.site].score(first, second) if first.site == second.site else 0.0
        ranked.append((not mutual, -round(score, 6), _gap(first, second) or 0, one, other))
    for alone, _, _, one, other in sorted(ranked):
        if (one, other) in refused:
            continue
        if book.items[one].side == book.items[other].side and book.items[one].side is not None:
            book.refuse(one, other, "declared a translation, but both are of one language")
        elif book.free(one, other):
            source, target = (one, other) if (one, other) in said else (other, one)
            book.add(source, target, HREFLANG, 1.0, "the page names the other" if alone else "each page names the other")
        elif book.taken.get((one, book.items[other].side)) != other:
            book.refuse(one, other, "declared a translation, but one of the two has another already")


def _pair_by_content(book: _Book, model: Similarity, group: Sequence[Traits], refused: set[Names]) -> None:
    sides = sorted({one.side for one in group if one.side and one.side != "mixed"})
    for left, right in combinations(sides, 2):
        ones = [one for one in group if one.side == left and (one.item_id, right) not in book.taken]
        others = [one for one in group if one.side == right and (one.item_id, left) not in book.taken]
        if ones and others:
            _match(book, model, ones, others, refused)


def _match(book: _Book, model: Similarity, ones: Sequence[Traits], others: Sequence[Traits], refused: set[Names]) -> None:
    near = {
        one.item_id: [(score, other) for score, other in found if score >= FAINT and _sorted((one.item_id, other.item_id)) not in refused]
        for one, found in model.near(ones, others)
    }
    back: dict[str, list[tuple[float, Traits]]] = defaultdict(list)
    for name, found in near.items():
        for score, other in found:
            back[other.item_id].append((score, book.items[name]))
    sections = _sections(book, near)
    edges = []
    for name, found in near.items():
        one = book.items[name]
        for score, other in found:
            support = _support(one, other, sections)
            if _good_enough(score, one, other, support):
                bonus = SECTION_BONUS * sections.get((one.section, other.section), 0.0) + (
                    DAY_BONUS if one.published and one.published == other.published else 0.0
                )
                edges.append((-(score + bonus), -score, name, other.item_id, support))
    for _, minus, name, other_name, support in sorted(edges):
        if not book.free(name, other_name):
            continue
        one, other, score = book.items[name], book.items[other_name], -minus
        rival = _rival(book, model, one, other, score, near[name]) or _rival(book, model, other, one, score, back[other_name])
        if rival is not None:
            book.refuse(name, other_name, f"similar ({score:.2f}), but hardly less so to {rival.item_id}")
            continue
        book.add(name, other_name, CONTENT, min(score + 0.2 * len(support) * (1 - score), 1.0), _reason(score, one, other, support))


def _sections(book: _Book, near: Mapping[str, Sequence[tuple[float, Traits]]]) -> dict[Names, float]:
    """How often items of one section have their likeliest translation in the other's: what a site calls its sections in two languages."""
    seen: Counter[Names] = Counter()
    of_one: Counter[str] = Counter()
    known = [(book.items[p.item_id], book.items[p.other_id]) for p in book.pairs if p.evidence != CONTENT]
    likely = [(book.items[name], found[0][1]) for name, found in near.items() if found and found[0][0] >= SURE]
    for one, other in (*known, *likely):
        for first, second in ((one, other), (other, one)):
            if first.section and second.section:
                seen[first.section, second.section] += 1
                of_one[first.section] += 1
    return {names: count / of_one[names[0]] for names, count in seen.items() if count > 1}


def _gap(one: Traits, other: Traits) -> int | None:
    """Days between the publications, None if one is not known."""
    if not one.published or not other.published:
        return None
    return abs((date.fromisoformat(one.published) - date.fromisoformat(other.published)).days)


def _support(one: Traits, other: Traits, sections: Mapping[Names, float]) -> tuple[str, ...]:
    """What agrees beside the text."""
    gap = _gap(one, other)
    found = []
    if gap is not None and gap <= NEAR_GAP:
        found.append("published on the same day" if gap == 0 else f"published {gap} days apart")
    if one.events and other.events and one.events[0] == other.events[0]:
        found.append("the same event days")
    if sections.get((one.section, other.section), 0.0) >= 0.5:
        found.append("sections that go together")
    return tuple(found)


def _good_enough(score: float, one: Traits, other: Traits, support: Sequence[str]) -> bool:
    gap = _gap(one, other)
    if score < VERY and ((gap is not None and gap > MAX_GAP) or _differs(one, other)):
        return False
    return score >= SURE or (score >= POSSIBLE and bool(support)) or (score >= FAINT and len(support) > 1)


def _rival(book: _Book, model: Similarity, one: Traits, other: Traits, score: float, found: Iterable[tuple[float, Traits]]) -> Traits | None:
    """Another item that is nearly as similar to `one`, still free, and no copy of `other`."""
    for rival_score, rival in found:
        if rival.item_id == other.item_id or rival_score * MARGIN < score or not book.free(one.item_id, rival.item_id):
            continue
        if model.score(other, rival) < COPY:
            return rival
    return None


def _reason(score: float, one: Traits, other: Traits, support: Sequence[str]) -> str:
    shared = len(set(one.facts) & set(other.facts))
    return ", ".join((f"similar ({score:.2f})", f"{shared} numbers, days and names in common", *support))
