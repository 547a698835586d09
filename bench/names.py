"""How fast names are found: megabytes a second, beside a regular expression of all spellings, in one run over the sample site's texts."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rabat_crawler import names
from rabat_crawler.demo.content import paragraphs, stories
from rabat_crawler.names.tables import names as all_names

TIMES = 3


def sample(megabytes: float) -> str:
    """The sample site's texts again and again, about so many megabytes."""
    text = "\n".join("\n".join((story.title, *paragraphs(story))) for story in stories(1))
    return text * max(1, round(megabytes * 1e6 / len(text.encode())))


def seconds(work: Callable[[], object]) -> float:
    """The least time of a few runs."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def main() -> None:
    """Print what it takes."""
    started = time.perf_counter()
    names.find_names("")
    loaded = time.perf_counter() - started
    text = sample(1.0)
    size = len(text.encode()) / 1e6
    ours = seconds(lambda: names.find_names(text))
    found = len(names.find_names(text))
    spellings = sorted({spelling.text for name in all_names().values() for spelling in name.spellings}, key=len, reverse=True)
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, spellings)) + r")\b")
    short = text[: len(text) // 20]
    other = seconds(lambda: pattern.findall(short)) / (len(short.encode()) / 1e6)
    print(f"{len(all_names()):,} names in {len(spellings):,} spellings; tables read and tree made in {loaded * 1000:.0f} ms")
    print(f"{size:.1f} MB of text, {found:,} names found: {size / ours:.1f} MB/s")
    print(f"one regular expression of the spellings as they are (no folding): {1 / other:.2f} MB/s; ours is {other * size / ours:.0f} times as fast")


if __name__ == "__main__":
    main()
