"""Right answers and µs of our dates beside dateparser's `search_dates` and htmldate, on the same strings and the same pages, in one run.

    python bench/dates.py [FOLDER] [--json] [--repeat N]

The strings are the tables of tests/date_cases.py and tests/date_texts.py; the pages are those of bench/extract.py (FOLDER as there). A peer that has
no ranges is right on one if it gives both its ends; on a month or year if it gives any day of it. Exit code 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from extract import Answer, Sample, default_samples, from_folder, htmldate_reader, ours, safe, table  # noqa: E402

from rabat_crawler import registry  # noqa: E402
from rabat_crawler.extract.dates import explain_text  # noqa: E402
from rabat_crawler.extract.decoding import decode_body, decode_text  # noqa: E402
from rabat_crawler.extract.html import parse_document  # noqa: E402
from rabat_crawler.layouts import _joomla, joomla3_article  # noqa: E402
from rabat_crawler.layouts._evidence import read_evidence  # noqa: E402
from rabat_crawler.models import PartialDate  # noqa: E402
from tests.date_cases import IN_TEXT, RANGES  # noqa: E402
from tests.date_texts import TEXTS  # noqa: E402

FASTER_THAN_SEARCH = 50
FASTER_THAN_HTMLDATE = 2
WARMING = 12
"""The first pages load what the readers load only when they need it; they count for right answers, not for time."""
DATE_ALONE, WHOLE, HTMLDATE = "rabat_crawler, date alone", "rabat_crawler, whole page", "htmldate, extensive"
BOTH = ("fr", "en")
STRICT = {"STRICT_PARSING": True, "REQUIRE_PARTS": ["day", "month", "year"], "DATE_ORDER": "DMY"}


@dataclass(frozen=True)
class Phrase:
    """A string, its languages, the page's year, and the dates it states: first and last (None: a single one), ISO prefixes."""

    text: str
    languages: tuple[str, ...]
    year: int | None
    dates: tuple[tuple[str, str | None], ...]

    @property
    def kind(self) -> str:
        """What the phrase tries."""
        return "nothing" if not self.dates else "ranges" if any(last for _, last in self.dates) else "single"


def phrases() -> list[Phrase]:
    """Every phrase of the tables once."""
    found = [Phrase(text, BOTH, None, ((first, last),)) for text, first, last in RANGES]
    found += [Phrase(text, BOTH, year, tuple(dates)) for text, year, dates in IN_TEXT]
    for text, language, year, said in TEXTS:
        pairs = (one.partition("/") for one in said)
        found.append(Phrase(text, (language,), year, tuple((first, last or None) for first, _, last in pairs)))
    return list({(one.text, one.year): one for one in found}.values())


Found = Sequence[tuple[str, str | None]]
Searcher = Callable[[Phrase], Found]


def our_search(phrase: Phrase) -> Found:
    """Our grammar."""
    return [(one.start, one.end) for one in explain_text(phrase.text, language=phrase.languages[0], year=phrase.year)]


def search_dates(settings: dict[str, Any]) -> Searcher:
    """dateparser's `search_dates` with the language given; the page's year is told as the time of writing."""
    search = importlib.import_module("dateparser.search").search_dates

    def read(phrase: Phrase) -> Found:
        base = {"RELATIVE_BASE": datetime(phrase.year, 7, 1)} if phrase.year else {}
        found = search(phrase.text, languages=list(phrase.languages), settings={**settings, **base}) or []
        return [(moment.date().isoformat(), None) for _, moment in found]

    return read


def htmldate_search() -> Searcher:
    """htmldate on the string as a page's only paragraph: one date or none."""
    find = importlib.import_module("htmldate").find_date

    def read(phrase: Phrase) -> Found:
        found = find(f"<html><body><p>{phrase.text}</p></body></html>", extensive_search=True, original_date=True)
        return [(found, None)] if found else []

    return read


def is_right(found: Found, phrase: Phrase) -> bool:
    """The same dates in the same order; both ends as two dates will do for a range, any day of it for a month or year."""
    if list(found) == list(phrase.dates):
        return True
    wanted = [point for pair in phrase.dates for point in pair if point]
    given = [point for pair in found for point in pair if point]
    return len(given) == len(wanted) and all(one.startswith(other) for one, other in zip(given, wanted, strict=True))


def measure_strings(read: Searcher, chosen: list[Phrase], repeat: int) -> dict[str, Any]:
    """Right answers by kind, and µs a string (median of the passes, after a warm-up)."""
    right: dict[str, list[bool]] = {"single": [], "ranges": [], "nothing": []}
    for phrase in chosen:
        right[phrase.kind].append(is_right(_answer(read, phrase), phrase))
    passes = []
    for _ in range(repeat):
        gc.collect()
        start = time.perf_counter()
        for phrase in chosen:
            _answer(read, phrase)
        passes.append((time.perf_counter() - start) / len(chosen) * 1e6)
    shown = {kind: f"{sum(answers)} of {len(answers)}" for kind, answers in right.items()}
    return {"right": sum(map(sum, right.values())), "of": len(chosen), **shown, "us_a_string": round(statistics.median(passes), 1)}


def _answer(read: Searcher, phrase: Phrase) -> Found:
    try:
        return read(phrase)
    except Exception:  # a peer may raise anything; that string counts as not read
        return [("error", None)]


def report_strings(repeat: int) -> list[dict[str, Any]]:
    """A row for each reader; `times`: how many times as long as ours it takes."""
    chosen = phrases()
    makers: list[tuple[str, Callable[[], Searcher]]] = [
        ("rabat_crawler", lambda: our_search),
        ("search_dates", lambda: search_dates({})),
        ("search_dates, strict", lambda: search_dates(STRICT)),
        ("htmldate", htmldate_search),
    ]
    rows = []
    for name, maker in makers:
        try:
            read = maker()
        except ImportError:
            print(f"{name}: not installed, left out (make bench installs it)", file=sys.stderr)
            continue
        rows.append({"strings": name, **measure_strings(read, chosen, repeat if name == "rabat_crawler" else 1)})
    return [{**row, "times": round(row["us_a_string"] / rows[0]["us_a_string"], 1)} for row in rows]


def date_alone(sample: Sample) -> Answer:
    """The published date without title and text: an article page of Joomla 3 by its facts, any other by what it declares, else by reading all of it."""
    headers = (("Content-Type", sample.content_type),)
    text, _, _ = decode_text(decode_body(sample.body, headers)[0], sample.content_type)
    site = registry.site(sample.site) if sample.site in registry.sites() else registry.generic_site(sample.url)
    doc = parse_document(text, url=sample.url, site=site, captured_at=datetime(2026, 3, 1, tzinfo=UTC))
    layout = next(one for one in registry.layouts() if not one.block and one.matches(doc))
    found: Sequence[PartialDate] = ()
    if layout.name == joomla3_article.LAYOUT.name:
        root = joomla3_article.article_root(doc)
        found = _joomla.article_dates(doc, root, root.css_first(_joomla.BODY)) if root is not None else ()
    elif layout.name == "generic":
        found = read_evidence(doc).published
    published = next((date.value for date in found if date.role == "published"), None)
    return Answer(published=published) if published else ours(sample)


def report_pages(samples: list[Sample]) -> list[dict[str, Any]]:
    """A row for each reader and kind of page, ours for the date alone and as the crawl reads a page: text, language, links and all.

    Each page is read once by each reader in turn, after a few others for warming up: both keep what they have read in caches, as no crawl meets it.
    """
    makers: list[tuple[str, Callable[[], Callable[[Sample], Any]]]] = [
        (DATE_ALONE, lambda: date_alone), (WHOLE, lambda: ours), (HTMLDATE, htmldate_reader),
    ]  # fmt: skip
    readers: dict[str, Callable[[Sample], Any]] = {}
    for name, maker in makers:
        try:
            readers[name] = maker()
        except ImportError:
            print(f"{name}: not installed, left out (make bench installs it)", file=sys.stderr)
    rows = []
    for kind, chosen in (("known", [s for s in samples if s.known]), ("unknown", [s for s in samples if not s.known])):
        spent, right = dict.fromkeys(readers, 0.0), dict.fromkeys(readers, 0)
        for number, sample in enumerate(chosen):
            for name, read in readers.items():
                start = time.perf_counter()
                published = safe(read, sample).published
                spent[name] += time.perf_counter() - start if number >= WARMING else 0.0
                right[name] += published == sample.published
        timed = max(1, len(chosen) - WARMING)
        for name in readers if chosen else ():
            row = {"pages": name, "layouts": kind, "right": right[name], "of": len(chosen), "us_a_page": round(spent[name] / timed * 1e6)}
            rows.append({**row, "times": round(spent[name] / max(spent[DATE_ALONE], 1e-9), 1)})
    return rows


def missed(strings: list[dict[str, Any]], pages: list[dict[str, Any]]) -> list[str]:
    """The aims that this run did not reach."""
    found = [f"strings: {strings[0]['right']} of {strings[0]['of']} right"] if strings[0]["right"] < strings[0]["of"] else []
    found += [
        f"{row['strings']}: only {row['times']} times as long as ours (aim {FASTER_THAN_SEARCH})"
        for row in strings
        if row["strings"].startswith("search_dates") and row["times"] < FASTER_THAN_SEARCH
    ]
    for kind in dict.fromkeys(row["layouts"] for row in pages):
        by_name = {row["pages"]: row for row in pages if row["layouts"] == kind}
        own, peer = by_name[DATE_ALONE], by_name.get(HTMLDATE)
        if peer and own["right"] < peer["right"]:
            found.append(f"pages, {kind}: {own['right']} right, htmldate {peer['right']}")
        if peer and peer["times"] < FASTER_THAN_HTMLDATE:
            found.append(f"pages, {kind}: htmldate takes {peer['times']} times as long as ours (aim {FASTER_THAN_HTMLDATE})")
    return found


def main() -> int:
    """Print both tables; 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="pages with a gold.json as for bench/extract.py; default: recorded and captured pages")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--repeat", type=int, default=3, help="timed passes (default 3)")
    options = parser.parse_args()
    if options.folder and not (options.folder / "gold.json").is_file():
        parser.error(f"{options.folder} has no gold.json; its form is in the head of bench/extract.py")
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    strings = report_strings(max(1, options.repeat))
    samples = list(from_folder(options.folder)) if options.folder else default_samples()
    pages = report_pages(samples)
    if options.json:
        print("\n".join(json.dumps(row, ensure_ascii=False) for row in (*strings, *pages)))
    else:
        print(table(strings), table(pages) if pages else "", sep="\n\n")
    wrong = missed(strings, pages)
    print("\n".join(wrong) or "all aims are reached", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
