"""The main job on the real capture: one crawl of the whole site, every requirement of the table asserted, then rebuild, verify, a second crawl."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.importing import Options, import_files
from rabat_crawler.demo import Serving, serve
from rabat_crawler.models import Item, Run
from rabat_crawler.runner import crawl
from tests import gold, real
from tests.editors import CapturedSite
from tests.gold import Asked, Evidence, Line

pytestmark = [pytest.mark.real, pytest.mark.skipif(not (gold.WARC.exists() and gold.GOLD.exists()), reason=gold.MISSING)]


class Crawled(NamedTuple):
    """One crawl of the real capture: the server that still answers, the archive's folder, the evidence."""

    server: Serving
    folder: Path
    seen: Evidence


def crawl_once(server: Serving, folder: Path) -> Run:
    site = registry.at_origin(registry.site("rabat-process"), server.url("/"))
    with Archive.open(folder, write=True, create=True) as archive:
        return crawl(archive, site, delay=0.0)


@pytest.fixture(scope="session")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("real") / "archive"
    captured = gold.read_capture()
    with serve(CapturedSite(captured)) as server:
        started = time.monotonic()
        run = crawl_once(server, folder)
        seconds = time.monotonic() - started
        asked = tuple(Asked(one.path, one.status, one.in_flight) for one in server.requests)
        with Archive.open(folder) as archive:
            items = tuple(archive.items())
        yield Crawled(server, folder, Evidence(gold.read_gold(), captured, server.origin, items, asked, run, seconds))


@pytest.fixture
def copy(crawled: Crawled, tmp_path: Path) -> Path:
    """The crawled archive in a folder that a test may change."""
    return Path(shutil.copytree(crawled.folder, tmp_path / "archive"))


def dump(folder: Path) -> list[str]:
    with Archive.open(folder) as archive:
        return list(archive.dump())


@pytest.mark.parametrize("requirement", gold.REQUIREMENTS, ids=lambda requirement: requirement.__name__)
def test_the_crawl_of_the_real_capture_meets(requirement: Callable[[Evidence], Line], crawled: Crawled) -> None:
    line = requirement(crawled.seen)
    assert line.ok, f"{line.name}: {line.measured}, demanded {line.demand}; {line.wrong}"


def test_the_rebuilt_database_equals_the_crawled_one(crawled: Crawled, copy: Path) -> None:
    with Archive.open(copy, write=True) as archive:
        rebuilt = archive.rebuild()
    assert (rebuilt.damaged, rebuilt.after) == ((), rebuilt.before)
    assert dump(copy) == dump(crawled.folder)


def test_a_second_crawl_adds_no_item_and_no_version(crawled: Crawled, copy: Path) -> None:
    run = crawl_once(crawled.server, copy)
    assert (run.status, run.counts["items_new"], run.counts["versions_new"], run.counts["items_total"]) == ("done", 0, 0, len(crawled.seen.items))
    with Archive.open(copy) as archive:
        assert {item.item_id: item.text for item in archive.items()} == {item.item_id: item.text for item in crawled.seen.items}
        assert archive.verify().faults == ()


def test_the_archive_verifies_clean(crawled: Crawled) -> None:
    with Archive.open(crawled.folder) as archive:
        report = archive.verify()
    assert report.faults == ()
    assert (report.items, report.captures) == (len(crawled.seen.items), len(crawled.seen.asked))


def test_warcio_finds_every_digest_right(crawled: Crawled) -> None:
    files = sorted(map(str, (crawled.folder / "warc").glob("*.warc.gz")))
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", "-v", *files], capture_output=True, text=True, check=False)
    verdicts = Counter(line.strip() for line in done.stdout.splitlines() if line.startswith("    "))
    records = 2 * len(files) + 2 * len(crawled.seen.asked)  # a warcinfo and a closing record each, between them requests and answers
    assert (done.returncode, dict(verdicts)) == (0, {"digest pass": records}), done.stderr


def test_a_taken_port_is_said_clearly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, crawled: Crawled) -> None:
    monkeypatch.setattr(real, "PORT", crawled.server.port)
    with pytest.raises(real.NotServed, match=f"port {crawled.server.port} of 127.0.0.1 is taken"), real.serving(tmp_path / "log"):
        pass


def test_the_capture_imported_gives_the_same_items_as_crawling_it(crawled: Crawled, tmp_path: Path) -> None:
    """The file holds 1,389 answers, print views and the like included, the crawl asks 591: more addresses and evidence, but the same items."""
    with Archive.open(tmp_path / "imported", write=True, create=True) as archive:
        report = import_files(
            archive, [gold.WARC], Options(site="rabat-process"), lambda what, done, total: None, now=datetime(2026, 3, 1, tzinfo=UTC)
        )
        assert report.sound and report.troubles == [] and archive.verify().faults == ()
        imported = {item.item_id: item for item in archive.items()}
    items = {item.item_id: item for item in crawled.seen.items}
    assert imported.keys() == items.keys() and len(items) == 286
    for name, item in items.items():
        other = imported[name]
        for field in ("title", "text", "html", "language", "kind", "published", "event_start", "event_end", "article_id", "twin", "tags", "gone"):
            mine, theirs = (
                str(getattr(one, field)).replace(origin, "") for one, origin in ((item, crawled.seen.origin), (other, gold.CAPTURED_ORIGIN))
            )
            assert mine == theirs, (name, field)
        known = {url.removeprefix(gold.CAPTURED_ORIGIN) for url in other.addresses}
        assert {url.removeprefix(crawled.seen.origin) for url in item.addresses} <= known, name
    moved = [
        item.article_id
        for name, item in items.items()
        if (item.canonical_url or "").removeprefix(crawled.seen.origin) != (imported[name].canonical_url or "").removeprefix(gold.CAPTURED_ORIGIN)
    ]
    assert set(moved) <= {13, 14}, "the two legal notices alone lie behind five menu paths of which no listing prefers one"


HREFLANG_LINK = re.compile(rb"<link[^>]*\bhreflang=[^>]*>")


def without_hreflang(folder: Path) -> Path:
    """The capture with the pages' own word on their translations taken out."""
    target = folder / "no-hreflang.warc.gz"
    with gold.WARC.open("rb") as source, target.open("wb") as output:
        writer = WARCWriter(output, gzip=True)
        for record in ArchiveIterator(source, no_record_parse=False):
            body = record.content_stream().read()
            if record.rec_type == "response" and b"hreflang" in body:
                body = HREFLANG_LINK.sub(b"", body)
                record.rec_headers.remove_header("WARC-Payload-Digest")
                record.rec_headers.remove_header("WARC-Block-Digest")
                for name in ("Content-Length", "Content-Encoding", "Transfer-Encoding"):
                    record.http_headers.remove_header(name)
            record.raw_stream, record.payload_length, record.length = io.BytesIO(body), len(body), None
            record.rec_headers.remove_header("Content-Length")
            writer.write_record(record)
    return target


def imported(folder: Path, *files: Path) -> Archive:
    with Archive.open(folder, write=True, create=True) as archive:
        import_files(archive, list(files), Options(site="rabat-process"), lambda what, done, total: None, now=datetime(2026, 3, 1, tzinfo=UTC))
    return Archive.open(folder)


def gold_pairs(items: Mapping[int | None, Item]) -> set[frozenset[int]]:
    """The translations among the articles of the sample that a visitor can read."""
    found = ((article["id"], article["translation_id"]) for article in gold.read_gold()["articles"])
    return {frozenset((one, other)) for one, other in found if other and one in items and other in items}


def test_translations_are_found_without_the_pages_word(tmp_path: Path) -> None:
    with imported(tmp_path / "archive", without_hreflang(tmp_path)) as archive:
        assert archive.connection.execute("SELECT count(*) FROM alternates").fetchone()[0] == 0
        items = {item.article_id: item for item in archive.items()}
        numbers = {item.item_id: item.article_id for item in items.values()}
        pairs = {frozenset((numbers[one.item_id], numbers[one.other_id])) for one in archive.translations()}
    wanted, sample = gold_pairs(items), {article["id"] for article in gold.read_gold()["articles"]}
    assert len(wanted) > 90
    assert len(pairs & wanted) / len(wanted) >= 0.98
    assert [pair for pair in pairs - wanted if pair & sample] == []


def test_translations_are_all_found_with_the_pages_word(crawled: Crawled) -> None:
    with Archive.open(crawled.folder) as archive:
        items = {item.article_id: item for item in archive.items()}
        numbers = {item.item_id: item.article_id for item in items.values()}
        pairs = {frozenset((numbers[one.item_id], numbers[one.other_id])) for one in archive.translations()}
        assert archive.translation_conflicts() == []
    sample = {article["id"] for article in gold.read_gold()["articles"]}
    assert gold_pairs(items) <= pairs
    assert [pair for pair in pairs - gold_pairs(items) if pair & sample] == []


def test_copies_are_duplicates_and_look_alikes_are_not(crawled: Crawled) -> None:
    articles = [article for article in gold.read_gold()["articles"] if article["duplicate_of"]]
    with Archive.open(crawled.folder) as archive:
        items = {item.article_id: item.item_id for item in archive.items()}
        related = {(one.item_id, one.other_id): one.relation for name in items.values() for one in archive.related(name)}
    for article in articles:
        copy, original = items[article["id"]], items[article["duplicate_of"]]
        wanted = {"exact": "duplicate of", "near": "duplicate of", "near_other_date": None, "related_not_duplicate": "outcome of"}
        assert related.get((copy, original)) == wanted[article["duplicate_kind"]], article["id"]
    copies = {(items[a["id"]], items[a["duplicate_of"]]) for a in articles if a["duplicate_kind"] in ("exact", "near")}
    sample = {items[article["id"]] for article in gold.read_gold()["articles"] if article["id"] in items}
    found = {pair for pair, relation in related.items() if relation == "duplicate of" and set(pair) <= sample}
    assert found == {pair for pair in copies if set(pair) <= sample}
