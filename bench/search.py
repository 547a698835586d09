"""Searches over made-up items with a real word distribution, beside raw FTS5 over the same items in the same run; and how fast the index is made.

    python bench/search.py [--items 200000] [--rounds 5] [--only search|index]

Words follow a Zipf-Mandelbrot law over French-like inflected forms; a text has a log-normal number of words around 110. "raw" is what one would
write without us: FTS5 over title and text, all forms of a word with OR between, ORDER BY bm25 (or rank, whichever is faster), LIMIT 20, FTS5's
snippet; it gives a number, a title and a snippet, ours whole items with addresses, dates and twins. Prints p50 and p95 in
milliseconds and our time divided by raw FTS5's; exits 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlite_utils

from rabat_crawler.archive import schema
from rabat_crawler.archive.filters import Filters
from rabat_crawler.archive.items import ITEM_COLUMNS, UPSERT_ITEM
from rabat_crawler.archive.search import find
from rabat_crawler.query.codes import item_codes
from rabat_crawler.query.stems import stem as stem_of
from rabat_crawler.query.stems import stem_columns

VOCABULARY = 120_000
ENDINGS = ("", "s", "e", "es", "é", "ée", "és", "ées", "er", "ement", "tion", "tions", "ité", "ités", "ique", "iques", "ait", "ent", "eur", "euse")
STARTS = "b c d f g l m n p r s t v br cr dr fr gr pr tr ch pl".split()
VOWELS = "a e i o u é è ou on an en in".split()
COUNTRIES = ("CI", "SN", "ML", "NE", "MA", "FR", "ES", "IT")
KINDS = ("news", "event", "page", "publication")
AIM_RATIO, AIM_P95, AIM_INDEX = 2.0, 150.0, 1.5

Row = tuple[int, str, str, str, str, str]


def vocabulary(chance: random.Random) -> list[str]:
    """Words in several forms each, the most frequent first."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        root = "".join(chance.choice(STARTS) + chance.choice(VOWELS) for _ in range(chance.randint(1, 3))) + chance.choice(STARTS)[0]
        found.update(dict.fromkeys(root + ending for ending in chance.sample(ENDINGS, 4)))
    return list(found)


def made_up(count: int, words: Sequence[str], chance: random.Random) -> Iterator[Row]:
    """(number, language, kind, published, title, text) of items."""
    weights = list(itertools.accumulate(1 / (rank + 2.7) ** 1.07 for rank in range(len(words))))
    for _ in range(count):
        title, text = (" ".join(chance.choices(words, cum_weights=weights, k=size)) for size in (9, int(chance.lognormvariate(4.7, 0.7)) + 5))
        date = f"{chance.randint(2006, 2026)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        yield chance.getrandbits(50), chance.choice(("fr", "en")), chance.choice(KINDS), date, title, text


def item_row(row: Row, names: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
    """The row of `items` of a made-up item, stems and codes found as the program finds them."""
    number, language, kind, published, title, text = row
    stems = stem_columns(title, text, language)
    codes = item_codes(language=language, kind=kind, site="bench", published=published, whole=True, names=names)
    name = f"{number:013}"
    values: dict[str, Any] = dict.fromkeys(ITEM_COLUMNS, "") | {
        "id": number, "item_id": name, "site": "bench", "kind": kind, "language": language, "title": title, "text": text, "published": published,
        "event_start": None, "event_end": None, "canonical_url": None, "article_id": None, "gone": 0, "flags": "[]", "item_key": name,
        "language_confidence": 1.0, "stems_fr": stems[0], "stems_en": stems[1], "codes": codes,
    }  # fmt: skip
    return tuple(values[column] for column in ITEM_COLUMNS)


def timed(work: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fill(path: Path, rows: Sequence[Row]) -> tuple[float, float]:
    """Our database of the items, as a rebuild makes it: rows first, then the index at once; seconds for that, and for finding the stems before."""
    connection = schema.connect(path, write=True, create=True)
    chance = random.Random(3)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'items_fts%'").fetchall()

    finding = 0.0

    def work() -> None:
        nonlocal finding
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for start in range(0, len(rows), 10_000):
            before = time.perf_counter()
            prepared = [item_row(row, [("country", chance.choice(COUNTRIES))]) for row in rows[start : start + 10_000]]
            finding += time.perf_counter() - before
            connection.executemany(UPSERT_ITEM, prepared)
        connection.execute("INSERT INTO items_fts (items_fts, rank) VALUES ('hashsize', 33554432)")
        connection.execute("INSERT INTO items_fts (items_fts) VALUES ('rebuild')")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")

    seconds = timed(work)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return seconds - finding, finding


def fill_raw(path: Path, rows: Sequence[Row]) -> None:
    """The same items with a plain FTS5 index over title and text."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, language TEXT, kind TEXT, published TEXT, title TEXT, text TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT OR IGNORE INTO items VALUES (?,?,?,?,?,?)", rows)
    connection.execute(
        "CREATE VIRTUAL TABLE f USING fts5 (title, text, content='items', content_rowid='id', tokenize='unicode61 remove_diacritics 2')"
    )
    connection.execute("INSERT INTO f (f, rank) VALUES ('hashsize', 33554432)")
    connection.execute("INSERT INTO f (f) VALUES ('rebuild')")
    connection.execute("COMMIT")
    connection.close()


def fill_sqlite_utils(path: Path, rows: Sequence[Row]) -> float:
    """The same items and stem columns by sqlite-utils: upsert_all, then enable_fts over all of them; seconds, the stems' own time left out."""
    prepared = [dict(zip(ITEM_COLUMNS, item_row(row, [("country", "CI")]), strict=True)) for row in rows]
    database = sqlite_utils.Database(path)
    database.execute("PRAGMA synchronous = OFF")

    def work() -> None:
        table = database["items"]
        table.upsert_all(prepared, pk="id")  # type: ignore[union-attr]
        table.enable_fts(["title", "text", "stems_fr", "stems_en", "codes"], create_triggers=True, tokenize="unicode61 remove_diacritics 2")  # type: ignore[union-attr]

    seconds = timed(work)
    database.close()
    return seconds


RAW = (
    "SELECT i.id, i.title, snippet(f, 1, '[', ']', '...', 32) FROM f JOIN items i ON i.id = f.rowid WHERE f MATCH ? ORDER BY {order} LIMIT 20",
    "SELECT language, count(*) FROM f JOIN items i ON i.id = f.rowid WHERE f MATCH ? GROUP BY 1",
    "SELECT kind, count(*) FROM f JOIN items i ON i.id = f.rowid WHERE f MATCH ? GROUP BY 1",
    "SELECT substr(published, 1, 4), count(*) FROM f JOIN items i ON i.id = f.rowid WHERE f MATCH ? GROUP BY 1",
)


def ask_raw(connection: sqlite3.Connection, expression: str, *, facets: bool, order: str) -> None:
    """One page, and the facets."""
    connection.execute(RAW[0].format(order=order), (expression,)).fetchall()
    for question in RAW[1:] if facets else ():
        connection.execute(question, (expression,)).fetchall()


def forms_of(words: Sequence[str]) -> Callable[[str], str]:
    """Gives raw FTS5's expression for a word and all its other forms, so that both sides find the same items."""
    groups: dict[str, list[str]] = {}
    for word in words:
        for stem in dict.fromkeys((stem_of(word, "fr"), stem_of(word, "en"))):
            groups.setdefault(stem, []).append(word)

    def expression(word: str) -> str:
        found = dict.fromkeys((word, *groups.get(stem_of(word, "fr"), ()), *groups.get(stem_of(word, "en"), ())))
        return "(" + " OR ".join(f'"{one}"' for one in found) + ")"

    return expression


def questions(words: Sequence[str], chance: random.Random) -> dict[str, list[tuple[str, str, bool]]]:
    """By class: (what is typed, raw FTS5's expression that finds the same, with facets)."""
    forms = forms_of(words)
    rare, middle, frequent = words[20_000:60_000], words[300:3000], words[:40]

    def some(pool: Sequence[str], count: int = 12) -> list[str]:
        return chance.sample(list(pool), count)

    def one(pool: Sequence[str], *, facets: bool = False) -> list[tuple[str, str, bool]]:
        return [(word, forms(word), facets) for word in some(pool)]

    def two(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str, bool]]:
        return [(f"{a} {b}", f"{forms(a)} AND {forms(b)}", False) for a, b in zip(some(first), some(second), strict=True)]

    return {
        "one rare word": one(rare),
        "one middling word": one(middle),
        "one frequent word": one(frequent),
        "two words, rare and frequent": two(rare, frequent),
        "two middling words": two(middle, middle),
        "two frequent words": two(frequent, frequent),
        "a phrase": [(f'"{a} {b}"', f'"{a} {b}"', False) for a, b in zip(some(frequent), some(frequent), strict=True)],
        "a beginning": [(f"{word[:6]}*", f'"{word[:6]}" *', False) for word in some(words[1000:20_000])],
        "facets, middling word": one(middle, facets=True),
        "facets, frequent word": one(frequent, facets=True),
    }


def measure(ours: sqlite3.Connection, raw: sqlite3.Connection, words: Sequence[str], rounds: int) -> int:
    """The table; how many aims are missed."""
    missed = 0
    everything: list[float] = []
    print(f"{'search':30} {'ours p50':>9} {'p95':>8} {'raw p50':>9} {'p95':>8} {'ours/raw':>9}")
    for name, asked in questions(words, random.Random(11)).items():
        mine: list[float] = []
        theirs: list[float] = []
        for typed, expression, facets in asked:
            find(ours, typed, Filters(), limit=20, facets=facets)  # once, so that neither reads the disk for the first time
            ask_raw(raw, expression, facets=facets, order="bm25(f)")
            mine.append(1000 * min(timed(lambda t=typed, f=facets: find(ours, t, Filters(), limit=20, facets=f)) for _ in range(rounds)))  # type: ignore[misc]
            theirs.append(
                1000
                * min(
                    timed(lambda e=expression, f=facets, o=order: ask_raw(raw, e, facets=f, order=o))  # type: ignore[misc]
                    for _ in range(max(1, rounds // 2))
                    for order in ("bm25(f)", "rank")
                )
            )
        everything += mine
        ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
        aim = 1.0 if "frequent" in name and "rare" not in name else AIM_RATIO if name in ("one rare word", "one middling word") else None
        fails = aim is not None and ratio > aim
        missed += fails
        said = f"  aim {aim:g}{' MISSED' if fails else ''}" if aim else ""
        print(f"{name:30} {p(mine, 50):9.2f} {p(mine, 95):8.2f} {p(theirs, 50):9.2f} {p(theirs, 95):8.2f} {ratio:9.2f}{said}")
    late = p(everything, 95)
    missed += late > AIM_P95
    print(f"all searches: p50 {p(everything, 50):.2f} ms, p95 {late:.1f} ms (aim {AIM_P95:g}){' MISSED' if late > AIM_P95 else ''}")
    return missed


def p(values: Sequence[float], percent: int) -> float:
    """A percentile, the nearest rank."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def main() -> int:
    """Make the items, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", choices=["search", "index"])
    parser.add_argument("--keep", type=Path, help="a folder for the databases, used again by the next run")
    options = parser.parse_args()
    words = vocabulary(random.Random(5))
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        ours, raw = folder / f"ours-{options.items}.db", folder / f"raw-{options.items}.db"
        if options.only != "index":
            if not (ours.exists() and raw.exists()):
                rows = list(made_up(options.items, words, random.Random(7)))
                seconds = sum(fill(ours, rows))
                print(
                    f"{options.items:,} items stored and indexed in {seconds:.0f} s, stems included; {ours.stat().st_size / 1e6:,.0f} MB", flush=True
                )
                fill_raw(raw, rows)
                del rows
            mine = schema.connect(ours)
            plain = sqlite3.connect(f"file:{raw}?mode=ro", uri=True)
            for connection in (mine, plain):
                connection.execute("PRAGMA cache_size = -200000")
            missed += measure(mine, plain, words, options.rounds)
        if options.only != "search":
            rows = list(made_up(min(options.items, 50_000), words, random.Random(9)))
            for row in rows[:5000]:
                item_row(row, ())  # stems of frequent words are remembered by then, as they are in a long run
            mine_seconds, finding = fill(folder / "index-ours.db", rows)
            their_seconds = fill_sqlite_utils(folder / "index-theirs.db", rows)
            for name in ("index-ours.db", "index-theirs.db"):
                os.unlink(folder / name)
            ratio = their_seconds / mine_seconds
            missed += ratio < AIM_INDEX
            print(
                f"{len(rows):,} items with their stem columns stored and indexed: ours {mine_seconds:.1f} s, sqlite-utils {their_seconds:.1f} s: "
                f"{ratio:.2f} times as fast (aim {AIM_INDEX:g}){' MISSED' if ratio < AIM_INDEX else ''}; "
                f"with finding the stems ({finding:.1f} s) on our side alone {their_seconds / (mine_seconds + finding):.2f} times"
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
