"""Finding translations, duplicates and outcomes among many items without comparing all pairs: time, memory, and how many are right.

The items are made up: words drawn as texts draw them (few are frequent), a translation keeps its numbers, days, names and some stems.
    python bench/relations.py [--items 100000]
"""

from __future__ import annotations

import argparse
import random
import resource
import time
import zlib
from array import array

from rabat_crawler.relations import Traits, relate

WORDS, NAMES, NUMBERS = 60_000, 4_000, 9_000


def hashes(names: set[str]) -> array[int]:
    return array("I", sorted(zlib.crc32(name.encode()) for name in names))


def zipf(dice: random.Random, size: int) -> int:
    """A rank: the first ones far more often."""
    return int(size ** dice.random()) - 1


def make(count: int, dice: random.Random) -> tuple[dict[str, Traits], dict[str, str], set[tuple[str, str]], set[tuple[str, str]]]:
    """Items, texts, the pairs of translations, the pairs of duplicates: 45 % pairs, 8 % without a translation, 2 % re-posted."""
    items: dict[str, Traits] = {}
    texts: dict[str, str] = {}
    pairs: set[tuple[str, str]] = set()
    repeated: set[tuple[str, str]] = set()

    def add(side: str, facts: set[str], stems: set[str], words: list[str], day: str, title: str) -> str:
        name = f"{len(items):010d}"
        text = " ".join(words)
        runs = {" ".join(run) for run in zip(words, words[1:], words[2:], strict=False)}
        items[name] = Traits(
            item_id=name, site="bench", side=side, language=side, kind="news", title=title, section="news" if side == "en" else "actualites",
            published=day, first_seen=day, events=(), features=hashes(facts | stems), facts=hashes(facts), sketch=hashes(runs)[:48], length=len(text),
        )  # fmt: skip
        texts[name] = text
        return name

    while len(items) < count:
        facts = {f"n:{zipf(dice, NAMES)}" for _ in range(6)} | {f"#{zipf(dice, NUMBERS)}" for _ in range(7)}
        shared = {f"w:{zipf(dice, WORDS)}" for _ in range(90)}
        day = f"{dice.randrange(2006, 2027)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
        made = []
        for side in ("en", "fr") if dice.random() < 0.92 else ("fr",):
            words = [f"{side}{zipf(dice, WORDS)}" for _ in range(160)]
            kept = {fact for fact in facts if dice.random() < 0.85}
            stems = {stem for stem in shared if dice.random() < 0.6} | {f"w:{side}{zipf(dice, WORDS)}" for _ in range(70)}
            title = " ".join(words[:5])
            made.append(add(side, kept, stems, words, day, title))
            if dice.random() < 0.02:
                repeated.add((add(side, kept, stems, [*words[:-4], "again"], day, title), made[-1]))
        if len(made) == 2:
            pairs.add((made[0], made[1]))
    return items, texts, pairs, repeated


def main() -> None:
    """Print what one run took and how much of it was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    count = parser.parse_args().items
    for size in (count // 10, count):
        items, texts, pairs, repeated = make(size, random.Random(7))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        found = relate(items, (), texts.__getitem__)
        seconds = time.perf_counter() - start
        got = {tuple(sorted((one.item_id, one.other_id))) for one in found.pairs}
        wanted = {tuple(sorted(pair)) for pair in pairs}
        copies = {(one.item_id, one.other_id) for one in found.relations if one.relation == "duplicate of"}
        swapped = {(other, one) for one, other in repeated}
        alike = {name for pair in repeated for name in pair}
        wrong = [pair for pair in got - wanted if not alike & set(pair)]
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        hits = len((copies & repeated) | (copies & swapped))
        print(f"{len(items):,} items: {seconds:.1f} s, {len(items) / seconds:,.0f} items/s, {memory:,.0f} MB more")
        print(f"  translations: {len(got & wanted) / len(wanted):.4f} of {len(wanted):,} found, {len(wrong)} wrong; {len(found.conflicts)} left open")
        print(f"  duplicates: {hits / max(1, len(repeated)):.4f} of {len(repeated):,} found, {len(copies - repeated - swapped)} wrong")


if __name__ == "__main__":
    main()
