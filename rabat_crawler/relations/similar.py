"""How alike two items are by what a translation would keep: the cosine of their features, rare ones counting more. Pure.

Candidates come from an index of rare features, so that nothing compares all items with all.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rabat_crawler.relations.traits import Traits

FACT_WEIGHT = 2.0
"""Numbers, days and names count so much more than shared stems."""
RARE = 40
"""A feature of more items than this leads to no candidates."""
MAX_RARE = 48
"""So many of an item's rarest features are looked up."""
MAX_CANDIDATES = 12
"""So many of those that share most of them are compared in full."""


class Similarity:
    """The weights of features over one site's items, and the items that are near each other. Memory grows with the features, not with the pairs."""

    def __init__(self, items: Iterable[Traits]) -> None:
        self._items = {one.item_id: one for one in items}
        self._count: Counter[int] = Counter()
        for one in self._items.values():
            self._count.update(one.features)
        self._facts = {fact for one in self._items.values() for fact in one.facts}
        self._norms: dict[str, float] = {}

    def weight(self, feature: int) -> float:
        """How much a feature tells: less the more items have it."""
        plain = math.log(1 + len(self._items) / self._count[feature])
        return plain * FACT_WEIGHT if feature in self._facts else plain

    def _norm(self, one: Traits) -> float:
        found = self._norms.get(one.item_id)
        if found is None:
            found = self._norms[one.item_id] = math.sqrt(sum(self.weight(feature) ** 2 for feature in one.features))
        return found

    def score(self, one: Traits, other: Traits) -> float:
        """0 (nothing in common) to 1 (the same features)."""
        norm = self._norm(one) * self._norm(other)
        if not norm:
            return 0.0
        return sum(self.weight(feature) ** 2 for feature in set(one.features).intersection(other.features)) / norm

    def near(self, ones: Sequence[Traits], others: Sequence[Traits]) -> Iterable[tuple[Traits, list[tuple[float, Traits]]]]:
        """For each of `ones` the most similar of `others`, the best first; equal scores by item id."""
        index: dict[int, list[str]] = defaultdict(list)
        for other in others:
            for feature in other.features:
                if self._count[feature] <= RARE:
                    index[feature].append(other.item_id)
        for one in ones:
            shared: dict[str, float] = defaultdict(float)
            rare = sorted((feature for feature in one.features if feature in index), key=lambda feature: (self._count[feature], feature))
            for feature in rare[:MAX_RARE]:
                weight = self.weight(feature) ** 2
                for name in index[feature]:
                    shared[name] += weight
            chosen = sorted(shared, key=lambda name: (-shared[name], name))[:MAX_CANDIDATES]
            scored = [(self.score(one, self._items[name]), self._items[name]) for name in chosen if name != one.item_id]
            yield one, sorted(scored, key=lambda pair: (-pair[0], pair[1].item_id))


def by_site(items: Mapping[str, Traits]) -> dict[str, list[Traits]]:
    """The items of each site, by item id."""
    groups: dict[str, list[Traits]] = defaultdict(list)
    for name in sorted(items):
        groups[items[name].site].append(items[name])
    return dict(groups)
