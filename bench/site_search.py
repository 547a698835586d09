"""The search of the exported site beside Pagefind and SQLite's FTS5 over the same made-up items: time and size of the index, bytes of a search.

    python bench/site_search.py [--items 20000] [--searches 20] [--pagefind PATH] [--chromium PATH]

Items as in bench/search.py (French-like inflected words by a Zipf-Mandelbrot law, half of them called English). Each index is made twice, and
its files compared. A search is made in Chromium over `python -m http.server`, in a new visit each (nothing cached): the page's own files are not
counted, all that is asked for one search with ten results shown is. `--pagefind` names Pagefind's program (pip install pagefind_bin, apart);
without it only ours is measured. Of SQLite the size of an FTS5 index is given (title and text, detail full): http.server knows no ranges, so that
all of it would have to be loaded first.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import html
import itertools
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from search import Row, made_up, vocabulary

from rabat_crawler.exports.site.lists import Lists
from rabat_crawler.exports.site.pages import Pages
from rabat_crawler.exports.site.search_files import SearchFiles

FIND = """async query => {
  const pagefind = await import("/pagefind/pagefind.js");
  const found = await pagefind.search(query);
  await Promise.all(found.results.slice(0, 10).map(one => one.data()));
  return found.results.length;
}"""
PAGE = '<!DOCTYPE html><html lang="{language}"><head><title>{title}</title></head><body><main data-pagefind-body><h1>{title}</h1><p>{text}</p></main></body></html>'


def main() -> None:
    """Measure, and print a table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--items", type=int, default=20_000)
    asked.add_argument("--searches", type=int, default=20)
    asked.add_argument("--pagefind")
    asked.add_argument("--chromium", default=shutil.which("chromium"))
    given = asked.parse_args()
    chance = random.Random(20_26)
    words = vocabulary(chance)
    rows = list(made_up(given.items, words, chance))
    ranks = [int(10 ** chance.uniform(1.2, 4.3)) for _ in range(given.searches)]
    queries = [words[rank] for rank in ranks[::2]] + [f"{words[rank]} {words[rank // 3]}" for rank in ranks[1::2]]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        print(f"{len(rows):,} items, {sum(len(row[5]) for row in rows) / 1e6:.1f} MB of text")
        print(f"{'':12}{'index s':>10}{'MB':>8}{'files':>8}{'same':>6}{'bytes of a search: median':>28}{'most':>12}{'ms':>8}")
        told("ours", work, lambda target: ours(rows, target), given.chromium, queries, our_search)
        if given.pagefind:
            program = str(Path(given.pagefind).resolve())
            told("pagefind", work, lambda target: pagefind(rows, target, program), given.chromium, queries, pagefind_search)
        started = time.perf_counter()
        size = fts5(rows, work / "items.db")
        print(
            f"{'sqlite fts5':12}{time.perf_counter() - started:10.1f}{size / 1e6:8.1f}{1:8}{'yes':>6}{size:28,}{size:12,}{'':>8}   and the program itself"
        )


def told(
    name: str, work: Path, make: Callable[[Path], float], chromium: str | None, queries: Sequence[str], search: Callable[[Any, str, str], int]
) -> None:
    """One line of the table."""
    seconds = make(work / name)
    again = work / f"{name}-again"
    make(again)
    same = digest(work / name) == digest(again)
    shutil.rmtree(again)
    index = [
        file
        for file in (work / name).rglob("*")
        if file.is_file() and any(part in ("search", "pagefind") for part in file.relative_to(work / name).parts)
    ]
    size, most, middle, milliseconds = sum(file.stat().st_size for file in index), 0, 0, 0.0
    if chromium:
        asked = list(searched(work / name, chromium, queries, search))
        middle, most = int(statistics.median(one[0] for one in asked)), max(one[0] for one in asked)
        milliseconds = statistics.median(one[1] for one in asked)
    print(
        f"{name:12}{seconds:10.1f}{size / 1e6:8.1f}{len(index):8,}{'yes' if same else 'NO':>6}{middle:28,}{most:12,}{milliseconds:8.0f}", flush=True
    )


def ours(rows: Sequence[Row], target: Path) -> float:
    """Our index with its search page; the seconds that the index took."""
    target.mkdir()
    pages = Pages(target, names={"en": "bench", "fr": "bench"}, base_url="")
    Lists(pages, []).search("search/x/")
    started = time.perf_counter()
    files = SearchFiles(target / "search" / "x")
    for number, (_, language, kind, date, title, text) in enumerate(sorted(rows, key=lambda row: row[3], reverse=True)):
        files.add(name=str(number), address=f"item/{number}/", kind=kind, language=language, title=title, text=text, dated=date)
    files.finish()
    return time.perf_counter() - started


def pagefind(rows: Sequence[Row], target: Path, program: str) -> float:
    """Pagefind's index over a page for each item; the seconds that Pagefind took."""
    target.mkdir()
    (target / "index.html").write_text("<!DOCTYPE html><html lang=fr><title>x</title><p>x")
    for number, (_, language, _, _, title, text) in enumerate(rows):
        page = PAGE.format(language=language, title=html.escape(title), text=html.escape(text))
        (target / "item" / f"{number}").mkdir(parents=True)
        (target / "item" / f"{number}" / "index.html").write_text(page)
    started = time.perf_counter()
    subprocess.run([program, "--site", str(target), "--quiet"], check=True)
    return time.perf_counter() - started


def fts5(rows: Sequence[Row], path: Path) -> int:
    """Bytes of an FTS5 index with the texts."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIRTUAL TABLE items USING fts5 (title, text, tokenize = 'unicode61 remove_diacritics 2')")
    connection.executemany("INSERT INTO items VALUES (?, ?)", ((row[4], row[5]) for row in rows))
    connection.execute("INSERT INTO items (items) VALUES ('optimize')")
    connection.commit()
    connection.execute("VACUUM")
    connection.close()
    return path.stat().st_size


def digest(folder: Path) -> str:
    """One digest of all files of an index."""
    found = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        found.update(str(file.relative_to(folder)).encode() + file.read_bytes())
    return found.hexdigest()


def our_search(page: Any, address: str, query: str) -> int:
    """A search on our page; what it found is not needed."""
    page.goto(f"{address}fr/search/?q={quote(query)}")
    page.locator("body[data-shown]").wait_for(timeout=60_000)
    return 0


def pagefind_search(page: Any, address: str, query: str) -> int:
    """The same with Pagefind, in the French index."""
    page.goto(address)
    return int(page.evaluate(FIND, query))


def searched(folder: Path, chromium: str, queries: Sequence[str], search: Callable[[Any, str, str], int]) -> Iterator[tuple[int, float]]:
    """(bytes, milliseconds) of each search, the page itself and its styles not counted."""
    from playwright.sync_api import sync_playwright

    with serving(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for query in queries:
            context = browser.new_context()
            page = context.new_page()
            answers: list[Any] = []
            page.on("response", lambda answer, answers=answers: answers.append(answer))
            started = time.perf_counter()
            search(page, address, query)
            spent = (time.perf_counter() - started) * 1000
            counted = [one for one in answers if one.status == 200 and any(part in one.url for part in ("/search/x/", "search.js", "/pagefind/"))]
            yield sum(len(one.body()) for one in counted), spent
            context.close()
        browser.close()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder over http.server on a free port."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "-d", str(folder), "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    said = server.stdout.readline()
    try:
        yield next(itertools.islice((part for part in said.replace("(", " ").replace(")", " ").split() if part.startswith("http://")), 1))
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    main()
