"""What the crawler writes replays in a real pywb, revisit records too: the bytes of the capture they refer to, at the time they were made."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.models import Record
from tests.building import article_html, records_of, sample_archive
from tests.replay import INSTALLED, Replay, replaying

pytestmark = pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")

FIRST = datetime(2026, 3, 14, 2, 30, 15, 123456, tzinfo=UTC)
PLAIN = "https://www.example.org/fr/actualites/12-reunion"
PACKED = "https://www.example.org/en/news/13-meeting?lang=en&page=2"
CHANGED = "https://www.example.org/fr/14-modifie"
HTML = ("Content-Type", "text/html; charset=utf-8")
PAGE = article_html("Réunion des points focaux", "La rencontre se tient à Rabat. " * 40).encode()
OTHER = article_html("Réunion des points focaux", "La rencontre est reportée. " * 40).encode()
BODIES = {PLAIN: PAGE, PACKED: gzip.compress(PAGE, mtime=0), CHANGED: PAGE}


def night(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def headers_of(url: str, number: int) -> tuple[tuple[str, str], ...]:
    packed = (("Content-Encoding", "gzip"),) if url == PACKED else ()
    return (HTML, ("ETag", '"a1"'), ("X-Night", str(number)), *packed)


def written(folder: Path) -> list[tuple[str, Record]]:
    """Four nights of each page: a response, the same payload again, a 304, the same again; one file a night. With the page's address."""
    records: list[tuple[str, Record]] = []
    latest: dict[str, Record] = {}
    for number in range(4):
        with WarcWriter(folder, run_id=f"night-{number}", site="rabat-process", fields={}) as writer:
            for offset, url in enumerate((PLAIN, PACKED, CHANGED)):
                not_modified = number == 2
                body = b"" if not_modified else OTHER if url == CHANGED and number == 3 else BODIES[url]
                latest[url] = writer.write(
                    url=url,
                    captured_at=night(number) + timedelta(minutes=offset),
                    status=304 if not_modified else 200,
                    response_headers=(("ETag", '"a1"'), ("X-Night", "2")) if not_modified else headers_of(url, number),
                    request_headers=(("User-Agent", "rabat-crawler"),),
                    body=body,
                    previous=latest[url].capture if url in latest else None,
                )
                records.append((url, latest[url]))
    return records


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Replay, list[tuple[str, Record]]]]:
    folder = tmp_path_factory.mktemp("replay")
    records = written(folder / "warc")
    with replaying(folder / "pywb", sorted((folder / "warc").iterdir())) as replay:
        yield replay, records


CASES = [(url, number) for url in BODIES for number in range(4)]


def test_the_records_are_what_this_is_about(nights: tuple[Replay, list[tuple[str, Record]]]) -> None:
    kinds = [[(r.capture.record_type, r.capture.status) for page, r in nights[1] if page == url] for url in BODIES]
    assert kinds[0] == kinds[1] == [("response", 200), ("revisit", 200), ("revisit", 304), ("revisit", 200)]
    assert kinds[2] == [("response", 200), ("revisit", 200), ("revisit", 304), ("response", 200)]
    assert nights[0].index().count("warc/revisit") == 8


@pytest.mark.parametrize(("url", "number"), CASES)
def test_each_night_replays_with_the_bytes_of_its_time(nights: tuple[Replay, list[tuple[str, Record]]], url: str, number: int) -> None:
    replay, records = nights
    captured = [record for page, record in records if page == url][number].capture.captured_at
    answer = replay.at(captured, url)
    expected = OTHER if (url, number) == (CHANGED, 3) else BODIES[url]
    assert (answer.status, answer.body) == (200, expected), replay.index()
    assert parsedate_to_datetime(answer.played) == captured.replace(microsecond=0)
    assert answer.headers["content-type"].replace(" ", "") == "text/html;charset=utf-8"


def test_an_address_that_was_never_captured_does_not_replay(nights: tuple[Replay, list[tuple[str, Record]]]) -> None:
    assert nights[0].at(FIRST, PLAIN + "-never").status == 404


def test_two_nights_of_the_sample_site_replay(tmp_path: Path) -> None:
    """A page crawled on two nights, as the crawler itself recorded them: the second, a revisit, gives the body of the first."""
    archive = sample_archive(2)
    records = {record.capture.record_id: record for record in records_of(archive)}
    revisits = [record.capture for record in records.values() if record.capture.record_type == "revisit" and record.capture.media_type == "text/html"]
    assert revisits
    with replaying(tmp_path / "pywb", warc_files(archive / "warc")) as replay:
        for revisit in revisits[:8]:
            original = records[revisit.refers_to or ""]
            for capture in (original.capture, revisit):
                answer = replay.at(capture.captured_at, capture.url)
                assert (answer.status, answer.body) == (original.capture.status, original.body), capture
                assert parsedate_to_datetime(answer.played) == capture.captured_at.replace(microsecond=0)
