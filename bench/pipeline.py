"""HTML to searchable SQLite, items a second: ours beside trafilatura and newspaper4k (with langdetect and sqlite-utils), on the same pages.

    python bench/pipeline.py [--rounds N] [--json]

Pages: one page of each article of the Joomla capture in ../shared/data if it is there, else the article pages of the bundled sample site.
Every measurement is a process of its own, so that nothing is remembered from the round before; it warms up on other pages first. The clock
covers opening a new database, reading, language, storing in batches and the full-text index; a search at its end shows that it works (its hits
differ where a reader takes a sidebar's news for the article's text). Exit code 1 if the aim is missed on the capture; the sample site's few
pages say little, because opening a database counts most there.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "joomla-site.warc.gz"
AIM = 8.0
BATCH = 100
SLOW_PAGES = 60
ARTICLE_PATH = re.compile(r"/(\d+)-[^/?]+$")
ARTICLE_PAGE = re.compile(rb"<body[^>]*\bview-article\b")
TOKENIZER = "unicode61 remove_diacritics 2"
ASKED_WORD = "dialogue"

sys.path.insert(0, str(ROOT))


class Source(NamedTuple):
    """One article page as a server sent it, content coding removed."""

    url: str
    content_type: str
    body: bytes


class Figures(NamedTuple):
    """One measurement: pages given, rows that the full text knows, hits of a word, seconds."""

    pages: int
    items: int
    hits: int
    seconds: float


Stack = Callable[[list[Source], Path], tuple[int, int]]
"""Reads the pages into a new database in a folder; returns items stored and hits of a search."""


def captured_pages() -> list[Source]:
    """One page of every article in the capture, by its plainest address."""
    from warcio.archiveiterator import ArchiveIterator

    found: dict[str, Source] = {}
    with SHARED.open("rb") as stream:
        for record in ArchiveIterator(stream):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            number = ARTICLE_PATH.search(url)
            if record.rec_type != "response" or number is None or "/component/" in url or record.http_headers.get_statuscode() != "200":
                continue
            body = record.content_stream().read()
            if ARTICLE_PAGE.search(body):
                found.setdefault(number[1], Source(url, record.http_headers.get_header("Content-Type") or "text/html", body))
    return list(found.values())


def sample_pages() -> list[Source]:
    """The article pages of the bundled site, one for each article."""
    from rabat_crawler.demo import SampleSite

    site, origin = SampleSite(), "http://127.0.0.1:8765"
    found: list[Source] = []
    for article in site.articles:
        answer = site.page(article.path, origin=origin)
        if answer.status == 200 and ARTICLE_PAGE.search(answer.body):
            found.append(Source(origin + article.path, answer.header("Content-Type") or "text/html", answer.body))
    return found


def ours(pages: list[Source], folder: Path) -> tuple[int, int]:
    """Record, reading, dates, language, links, identity, versions, addresses, full text, with the settings that a crawl has."""
    from rabat_crawler import registry
    from rabat_crawler.archive import Archive

    site = registry.at_origin(registry.site("rabat-process"), pages[0].url[: pages[0].url.index("/", 8) + 1])
    with Archive.open(folder, write=True, create=True) as archive:
        for start in range(0, len(pages), BATCH):
            archive.add_captures([(_record(page, site.name), site) for page in pages[start : start + BATCH]])
        return archive.counts()["items"], len(archive.search(ASKED_WORD, limit=len(pages)))


def _record(page: Source, site: str) -> Any:
    import hashlib

    from rabat_crawler.models import Capture, Record
    from rabat_crawler.urls import url_key

    capture = Capture(
        record_id=f"<urn:uuid:{uuid.uuid4()}>",
        url=page.url,
        url_key=url_key(page.url),
        captured_at=datetime.now(UTC),
        status=200,
        media_type="text/html",
        digest=f"sha256:{hashlib.sha256(page.body).hexdigest()}",
        site=site,
    )
    return Record(capture=capture, response_headers=(("Content-Type", page.content_type),), body=page.body)


def trafilatura(pages: list[Source], folder: Path) -> tuple[int, int]:
    """trafilatura with metadata and date, langdetect, sqlite-utils."""
    import trafilatura as peer

    def read(page: Source) -> dict[str, Any] | None:
        found = peer.bare_extraction(page.body, url=page.url, with_metadata=True)
        return {"title": found.title, "text": found.text, "published": found.date} if found is not None else None

    return _stored(pages, folder, read)


def newspaper4k(pages: list[Source], folder: Path) -> tuple[int, int]:
    """newspaper4k without downloading, langdetect, sqlite-utils."""
    import newspaper

    def read(page: Source) -> dict[str, Any] | None:
        article = newspaper.Article(page.url, fetch_images=False)
        article.download(input_html=page.body.decode("utf-8", "replace"))
        article.parse()
        return {"title": article.title, "text": article.text, "published": article.publish_date.date().isoformat() if article.publish_date else None}

    return _stored(pages, folder, read)


def _stored(pages: list[Source], folder: Path, read: Callable[[Source], dict[str, Any] | None]) -> tuple[int, int]:
    """What a peer reads, with its language, in a table with a full-text index like ours."""
    import sqlite_utils

    columns = {"url": str, "title": str, "text": str, "published": str, "language": str}
    with closing(sqlite_utils.Database(folder / "peer.db")) as db:
        db.enable_wal()
        items: Any = db["items"]
        items.create(columns, pk="url")
        items.enable_fts(["title", "text"], create_triggers=True, tokenize=TOKENIZER)
        items.upsert_all(_rows(pages, read), pk="url", batch_size=BATCH)
        return items.count, sum(1 for _ in items.search(ASKED_WORD))


def _rows(pages: list[Source], read: Callable[[Source], dict[str, Any] | None]) -> Iterator[dict[str, Any]]:
    from langdetect import DetectorFactory, detect

    DetectorFactory.seed = 0
    for page in pages:
        found = read(page)
        if found is not None and found["text"]:
            yield {"url": page.url, **found, "language": detect(f"{found['title']}\n{found['text']}")}


STACKS: dict[str, tuple[Stack, str]] = {
    "ours": (ours, "selectolax"),
    "trafilatura": (trafilatura, "trafilatura"),
    "newspaper4k": (newspaper4k, "newspaper"),
}
"""The stacks by name, with the module without which each is left out."""


def measure(name: str) -> Figures:
    """One measurement in this process."""
    stack, _ = STACKS[name]
    warm = sample_pages()[:8]
    pages = captured_pages() if SHARED.exists() else sample_pages()
    if name == "newspaper4k":
        pages = pages[:: max(1, len(pages) // SLOW_PAGES)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        stack(warm, Path(first))
        started = time.perf_counter()
        items, hits = stack(pages, Path(second))
        return Figures(len(pages), items, hits, time.perf_counter() - started)


def in_a_process(name: str) -> Figures:
    """One measurement in a fresh process."""
    done = subprocess.run([sys.executable, __file__, "--only", name], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    return Figures(**json.loads(done.stdout))


def compare(rounds: int) -> dict[str, dict[str, float]]:
    """All stacks in turn, `rounds` times; the median of each."""
    here = [name for name, (_, module) in STACKS.items() if importlib.util.find_spec(module)]
    for name in STACKS.keys() - here:
        print(f"{name}: not installed, left out; pip install {name}", file=sys.stderr)
    found: dict[str, list[Figures]] = {name: [] for name in here}
    for _ in range(rounds):
        for name, figures in found.items():
            figures.append(in_a_process(name))
    rates = {name: statistics.median(one.items / one.seconds for one in figures) for name, figures in found.items()}
    return {
        name: {
            "pages": figures[0].pages,
            "items": figures[0].items,
            "hits": figures[0].hits,
            "items_per_second": rates[name],
            "ratio": rates["ours"] / rates[name],
        }
        for name, figures in found.items()
    }


def main() -> int:
    """Measure and print; the exit code says whether the aim is met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--only", choices=list(STACKS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only)._asdict()))
        return 0
    results = compare(options.rounds)
    if options.json:
        print(json.dumps(results))
    else:
        print(f"{'stack':<12} {'pages':>6} {'items':>6} {f'{ASKED_WORD!r} hits':>17} {'items/s':>9} {'ours is':>8}")
        for name, row in results.items():
            print(f"{name:<12} {row['pages']:>6} {row['items']:>6} {row['hits']:>17} {row['items_per_second']:>9.1f} {row['ratio']:>7.1f}x")
    ratio = results.get("trafilatura", {}).get("ratio")
    if ratio is None:
        return 0
    judged = SHARED.exists()
    aim = f"aim: {AIM:g} or more" + ("" if judged else ", on the pages of ../shared/data, which is not there")
    print(f"ours / trafilatura + langdetect + sqlite-utils: {ratio:.1f} ({aim})", file=sys.stderr)
    return 1 if judged and ratio < AIM else 0


if __name__ == "__main__":
    sys.exit(main())
