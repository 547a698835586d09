"""All relations of a set of items at once. Pure: the same set gives the same relations, whoever came first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rabat_crawler.relations.likeness import ANNOUNCEMENT, Relation, duplicates, meetings
from rabat_crawler.relations.similar import by_site
from rabat_crawler.relations.traits import Traits
from rabat_crawler.relations.translations import Conflict, Names, Pair, pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Translations with their conflicts, duplicates, announcements with their outcomes."""

    pairs: tuple[Pair, ...]
    conflicts: tuple[Conflict, ...]
    relations: tuple[Relation, ...]


def relate(
    items: Mapping[str, Traits],
    declared: Collection[Names],
    text_of: Callable[[str], str],
    *,
    confirmed: Sequence[Names] = (),
    rejected: Collection[Names] = (),
) -> Relations:
    """How the items belong together. `declared`: translations as pages name them (item, other); `confirmed`, `rejected`: as people decided."""
    known = [names for names in confirmed if names[0] in items and names[1] in items]
    pairs, conflicts = pair(items, declared, confirmed=known, rejected=rejected)
    twins = frozenset((one.item_id, one.other_id) for one in pairs)
    found: list[Relation] = []
    for group in by_site(items).values():
        repeated = duplicates(group, text_of, twins)
        apart = twins | {(one.item_id, one.other_id) for one in repeated}
        found += [*repeated, *meetings(group, frozenset(apart))]
    found += _of_translations(found, pairs)
    return Relations(pairs=tuple(pairs), conflicts=tuple(conflicts), relations=tuple(found))


def _of_translations(found: Sequence[Relation], pairs: Sequence[Pair]) -> list[Relation]:
    """What announces what in the one language does so in the other, where both were translated."""
    twins: dict[str, list[str]] = {}
    for pair_ in pairs:
        twins.setdefault(pair_.item_id, []).append(pair_.other_id)
        twins.setdefault(pair_.other_id, []).append(pair_.item_id)
    linked = {name for one in found if one.relation == ANNOUNCEMENT for name in (one.item_id, one.other_id)}
    added = []
    for one in found:
        if one.relation == ANNOUNCEMENT:
            for ahead, behind in zip(sorted(twins.get(one.item_id, ())), sorted(twins.get(one.other_id, ())), strict=False):
                if ahead != behind and not {ahead, behind} & linked:
                    added.append(replace(one, item_id=ahead, other_id=behind, reason="so are their translations"))
    return added
