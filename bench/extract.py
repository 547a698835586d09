"""Pages per second and quality of our reader beside trafilatura, htmldate, newspaper4k and a plain BeautifulSoup tree, in one run.

    python bench/extract.py [FOLDER] [--json] [--repeat N]

FOLDER holds *.html (UTF-8, or as their own meta says) and `gold.json`:
    {"file.html": {"title": "...", "text": "...", "published": "2017-07-17" or null, "language": "fr", "layout": "known" or "unknown", "url": "https://..."}}
Without FOLDER the pages come from tests/pages and, if ../shared/data is there, from the Joomla capture; "unknown" pages are the same articles in the
twelve page templates of bench/page_templates.py, plus the recorded pages that only the generic layout reads.
"""

from __future__ import annotations

import argparse
import collections
import gc
import html
import importlib
import json
import logging
import re
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from page_templates import TEMPLATES, Story  # noqa: E402

from rabat_crawler import registry  # noqa: E402
from rabat_crawler.extract import parse_page  # noqa: E402
from rabat_crawler.models import Capture, Record  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"
PEERS = {"trafilatura": "pip install trafilatura", "htmldate": "pip install htmldate", "newspaper": "pip install newspaper4k lxml_html_clean"}


@dataclass(frozen=True)
class Sample:
    """One page and what it says."""

    name: str
    url: str
    body: bytes
    content_type: str
    site: str
    title: str
    text: str
    published: str | None
    language: str
    known: bool


@dataclass(frozen=True)
class Answer:
    """What a reader makes of a page; None where it does not say."""

    title: str | None = None
    text: str | None = None
    published: str | None = None


Reader = Callable[[Sample], Answer]


def from_folder(folder: Path) -> Iterator[Sample]:
    """The pages of a folder with its gold file."""
    for name, gold in json.loads((folder / "gold.json").read_text("utf-8")).items():
        yield Sample(
            name,
            gold.get("url") or f"https://example.org/{name}",
            (folder / name).read_bytes(),
            "text/html",
            "generic",
            gold["title"],
            gold["text"],
            gold.get("published"),
            gold.get("language") or "en",
            gold.get("layout") == "known",
        )


def recorded() -> Iterator[Sample]:
    """The recorded detail pages under tests/pages, by their own expected JSON."""
    for path in sorted((ROOT / "tests" / "pages").glob("*/*/*.json")):
        entry = json.loads(path.read_text("utf-8"))
        page, meta = entry.get("page") or {}, entry["meta"]
        if page.get("role") != "detail" or not page.get("drafts"):
            continue
        draft = page["drafts"][0]
        published = next((date["value"] for date in draft.get("dates", ()) if date["role"] == "published"), None)
        yield Sample(
            path.stem,
            meta["url"],
            path.with_suffix(".html").read_bytes(),
            meta["content_type"],
            meta["site"],
            draft["title"],
            "\n".join(draft["text"]),
            published,
            meta["language"],
            page["layout"] != "generic",
        )


def joomla() -> Iterator[Sample]:
    """The gold articles of the Joomla capture, if it lies beside the project."""
    if not (SHARED / "joomla-site.warc.gz").exists():
        return
    from warcio.archiveiterator import ArchiveIterator

    gold = {g["canonical_url"]: g for g in json.loads((SHARED / "joomla_gold_sample.json").read_text("utf-8"))["articles"] if g["canonical_url"]}
    with (SHARED / "joomla-site.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            url = record.rec_headers.get_header("WARC-Target-URI")
            wanted = gold.get(re.sub(r"^https?://[^/]+", "", url))
            if wanted is None or record.http_headers.get_statuscode() != "200":
                continue
            body = record.content_stream().read()
            if b"showall=1" in body:
                continue  # one part of a broken article: the gold text is the whole
            shown = wanted["published_date"] if wanted["published_date"] and wanted["published_date"].encode() in body else None
            yield Sample(
                f"joomla-{wanted['id']}",
                url,
                body,
                "text/html; charset=utf-8",
                "rabat-process",
                wanted["title"],
                wanted["body_text_served"] or wanted["body_text"],
                shown,
                "en" if url.split("/")[3:4] == ["en"] else "fr",
                True,
            )


def dressed(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Each known article once in a template, in turn."""
    for number, sample in enumerate(samples):
        story = Story(
            sample.title,
            "".join(f"<p>{html.escape(line)}</p>" for line in sample.text.split("\n") if line.strip()),
            sample.published,
            sample.language,
        )
        template = TEMPLATES[number % len(TEMPLATES)]
        yield Sample(
            f"{sample.name}-{template.__name__}",
            "https://dialogue.example.org/texte",
            template(story).encode(),
            "text/html; charset=utf-8",
            "generic",
            sample.title,
            sample.text,
            sample.published,
            sample.language,
            False,
        )


def default_samples() -> list[Sample]:
    """Recorded and captured pages, and their articles in markup that no layout knows."""
    plain = [*recorded(), *joomla()]
    return plain + list(dressed(sample for sample in plain if sample.known))


def ours(sample: Sample) -> Answer:
    """The whole reader: layout, title, text, dates, language, links."""
    capture = Capture(
        record_id="",
        url=sample.url,
        url_key="",
        captured_at=datetime(2026, 3, 1, tzinfo=UTC),
        status=200,
        media_type="text/html",
        digest="",
        site=sample.site,
    )
    site = registry.site(sample.site) if sample.site in registry.sites() else registry.generic_site(sample.url)
    page = parse_page(Record(capture=capture, response_headers=(("Content-Type", sample.content_type),), body=sample.body), site)
    draft = next((d for d in page.drafts if d.layout == page.layout), None) if page.role == "detail" else None
    if draft is None:
        return Answer()
    return Answer(draft.title, draft.text, next((d.value for d in draft.dates if d.role == "published"), None))


def trafilatura_reader() -> Reader:
    """trafilatura with metadata and dates."""
    trafilatura = importlib.import_module("trafilatura")

    def read(sample: Sample) -> Answer:
        found = trafilatura.bare_extraction(sample.body, url=sample.url, with_metadata=True)
        return Answer(found.title, found.text, found.date) if found is not None else Answer()

    return read


def htmldate_reader() -> Reader:
    """htmldate, the original date, extensive search."""
    htmldate = importlib.import_module("htmldate")
    return lambda sample: Answer(published=htmldate.find_date(sample.body.decode("utf-8", "replace"), extensive_search=True, original_date=True))


def newspaper_reader() -> Reader:
    """newspaper4k without downloading anything."""
    newspaper = importlib.import_module("newspaper")

    def read(sample: Sample) -> Answer:
        article = newspaper.Article(sample.url, language=sample.language, fetch_images=False)
        article.download(input_html=sample.body.decode("utf-8", "replace"))
        article.parse()
        return Answer(article.title, article.text, article.publish_date.date().isoformat() if article.publish_date else None)

    return read


def soup_reader() -> Reader:
    """A BeautifulSoup tree of the whole page and nothing else."""
    from bs4 import BeautifulSoup

    def read(sample: Sample) -> Answer:
        BeautifulSoup(sample.body, "lxml")
        return Answer()

    return read


def readers() -> Iterator[tuple[str, Reader]]:
    """Ours first, then every peer that is installed."""
    yield "rabat_crawler", ours
    makers = {"trafilatura": trafilatura_reader, "htmldate": htmldate_reader, "newspaper": newspaper_reader}
    for name, maker in makers.items():
        try:
            yield name, maker()
        except ImportError:
            print(f"{name}: not installed, left out; {PEERS[name]}", file=sys.stderr)
    yield "BeautifulSoup tree", soup_reader()


def tokens(text: str) -> collections.Counter[str]:
    """The words of a text, lower case, NFC."""
    return collections.Counter(re.findall(r"\w+", unicodedata.normalize("NFC", text).lower()))


def token_f1(one: str, other: str) -> float:
    """Harmonic mean of precision and recall over words; 1.0 for two empty texts."""
    a, b = tokens(one), tokens(other)
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 1.0


def squash(text: str) -> str:
    """A title for comparing: NFC, white space and kinds of apostrophe alike."""
    return " ".join(unicodedata.normalize("NFC", text).replace("’", "'").split())


def measure(read: Reader, samples: list[Sample], repeat: int) -> dict[str, Any]:
    """Speed (median of `repeat` passes after a warm-up) and quality on the given pages."""
    answers = [safe(read, sample) for sample in samples]
    rates = []
    for _ in range(repeat):
        gc.collect()
        start = time.perf_counter()
        for sample in samples:
            safe(read, sample)
        rates.append(len(samples) / (time.perf_counter() - start))
    pairs = list(zip(answers, samples, strict=True))
    return {
        "pages": len(samples),
        "pages_per_second": round(statistics.median(rates), 1),
        "text_f1": round(statistics.fmean(token_f1(a.text or "", s.text) for a, s in pairs), 4) if any(a.text for a in answers) else None,
        "title_exact": round(statistics.fmean(squash(a.title or "") == squash(s.title) for a, s in pairs), 4)
        if any(a.title for a in answers)
        else None,
        "published_exact": round(statistics.fmean(a.published == s.published for a, s in pairs), 4) if any(a.published for a in answers) else None,
        "published_wrong": sum(a.published is not None and a.published != s.published for a, s in pairs),
    }


def safe(read: Reader, sample: Sample) -> Answer:
    """A peer that fails on a page has no answer for it."""
    try:
        return read(sample)
    except Exception:  # a peer may raise anything; that page counts as not read
        return Answer()


def report(samples: list[Sample], repeat: int) -> list[dict[str, Any]]:
    """One row for each reader and each kind of page, with the ratio to trafilatura's speed."""
    rows = []
    for kind, chosen in (("known", [s for s in samples if s.known]), ("unknown", [s for s in samples if not s.known])):
        if not chosen:
            continue
        group = [{"reader": name, "layouts": kind, **measure(read, chosen, repeat)} for name, read in readers()]
        base = next((row["pages_per_second"] for row in group if row["reader"] == "trafilatura"), None)
        rows += [{**row, "times_trafilatura": round(row["pages_per_second"] / base, 2) if base else None} for row in group]
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as aligned text."""
    heads = list(rows[0])
    cells = [[("-" if row[head] is None else str(row[head])) for head in heads] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in cells)) for i, head in enumerate(heads)]
    return "\n".join("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip() for line in [heads, *cells])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="pages with a gold.json; default: recorded and captured pages")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--repeat", type=int, default=3, help="timed passes (default 3)")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.folder and not (options.folder / "gold.json").is_file():
        parser.error(f"{options.folder} has no gold.json; its form is in the head of {Path(__file__).name}")
    samples = list(from_folder(options.folder)) if options.folder else default_samples()
    if not samples:
        parser.error("there are no pages to read")
    rows = report(samples, max(1, options.repeat))
    print("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
