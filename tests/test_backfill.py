"""The past brought in: from a web archive that speaks archive.org's dialect and misbehaves, and from a real pywb; killed in the middle and gone on with."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.archive import Archive
from rabat_crawler.archive.backfill_store import DATABASE
from rabat_crawler.archive.warc import WarcWriter, check_file
from rabat_crawler.archive.warc_read import sha1
from rabat_crawler.backfill_plan import MAX_ATTEMPTS
from rabat_crawler.demo import Serving
from rabat_crawler.demo.collection import HOST, Memento, bad_captures, packed
from rabat_crawler.demo.content import projects
from rabat_crawler.demo.epochs import EPOCHS
from rabat_crawler.demo.faults import Fault, block, slow, too_many
from rabat_crawler.demo.labels import PRIVATE_PATH
from rabat_crawler.demo.past import histories, stories_of
from rabat_crawler.demo.web_archive import serve_archive
from rabat_crawler.errors import Blocked, ConfigError, PutOff
from rabat_crawler.memento import time_bounds
from rabat_crawler.models import Run
from rabat_crawler.urls import canonical
from tests.backfilling import DISTINCT, HELD, SITE, SOME, WANTED, bring, brought, captures, essence, played
from tests.servers import FaultyServing, say, serve_faults


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Serving, Run]]:
    """The three epochs, brought in undisturbed."""
    with brought(tmp_path_factory.mktemp("whole") / "archive") as found:
        yield found


# What comes in ---------------------------------------------------------------------------------------------------------------------


def test_every_capture_is_had_once_with_its_own_time_bytes_and_source(whole: tuple[Path, Serving, Run]) -> None:
    folder, serving, run = whole
    found = {(row["url"], row["captured_at"]): row for row in captures(folder)}
    assert run.status == "done"
    assert len(found) == len(captures(folder)) == len(WANTED)
    for one in WANTED:
        row = found[canonical(one.url), one.captured_at.strftime("%Y-%m-%dT%H:%M:%S.000000Z")]
        assert (row["status"], row["site"], row["run_id"]) == (one.status, "rabat-process", run.run_id)
        assert row["digest"] == "sha256:" + hashlib.sha256(one.body).hexdigest()
        assert row["source"] == serving.origin.removeprefix("http://")
        assert row["source_url"] == f"{serving.origin}/web/{one.timestamp}id_/{one.url}"


def test_equal_bytes_are_asked_once_and_recorded_as_revisits(whole: tuple[Path, Serving, Run]) -> None:
    folder, serving, run = whole
    asked = played(serving)
    assert len(asked) == len(set(asked)) == len(DISTINCT)
    rows = captures(folder)
    kinds = Counter(row["record_type"] for row in rows)
    assert kinds["revisit"] >= len(WANTED) - len(DISTINCT) > 50
    assert (run.counts["fetched"], run.counts["revisits"]) == (len(DISTINCT), len(WANTED) - len(DISTINCT))
    by_id = {row["record_id"]: row for row in rows}
    for row in rows:
        if row["record_type"] == "revisit":
            original = by_id[row["refers_to"]]
            assert (original["url"], original["digest"], original["record_type"]) == (row["url"], row["digest"], "response")
            assert original["captured_at"] < row["captured_at"]
            assert (row["refers_url"], row["refers_at"]) == (original["url"], original["captured_at"])


def test_the_records_are_sound_and_say_when_they_were_fetched(whole: tuple[Path, Serving, Run]) -> None:
    folder, _, _ = whole
    (file,) = sorted((folder / "warc").iterdir())
    assert check_file(file) == ()
    text = gzip.decompress(file.read_bytes())
    year = f"WARC-Creation-Date: {datetime.now(UTC):%Y-}".encode()
    assert text.count(year) == len(WANTED)
    assert text.count(b"WARC-Date: 2016-12-20T") > 50
    assert text.count(b"X-Rabat-Note: not fetched") == len(WANTED) - len(DISTINCT)
    assert b"X-Archive-Orig" not in text
    assert b"Memento-Datetime" not in text


def test_items_at_their_addresses_have_the_texts_languages_and_dates_of_the_time(whole: tuple[Path, Serving, Run]) -> None:
    folder, _, _ = whole
    checked = 0
    with Archive.open(folder) as archive:
        items = list(archive.items())
        languages = {story.id: story.language for epoch in EPOCHS for story in stories_of(epoch)}
        for history in histories().values():
            texts: list[str] = []
            for _, path in history.paths:
                there = [item for item in items if f"https://{HOST}{path}" in item.addresses]
                assert [item for item in there if item.published == history.published and item.language in (languages[history.id], "mixed")], path
                texts += [" ".join(version.text.split()) for item in there for version in archive.versions(item.item_id)]
                checked += 1
            for _, text in history.versions:
                # links and quotes are rendered, so the words are compared by their beginning
                assert any(" ".join(text.split())[:60].rstrip(".") in said for said in texts), (history.id, text[:60])
    assert checked > 100


def test_versions_of_an_item_follow_each_other_in_time(whole: tuple[Path, Serving, Run]) -> None:
    folder, _, _ = whole
    several = 0
    with Archive.open(folder) as archive:
        for item in archive.items():
            versions = archive.versions(item.item_id)
            assert [one.first_seen for one in versions] == sorted(one.first_seen for one in versions)
            several += len(versions) > 1
    assert several >= 3


def test_each_article_is_one_item_through_all_epochs(whole: tuple[Path, Serving, Run]) -> None:
    folder, _, _ = whole
    with Archive.open(folder) as archive:
        items = [item for item in archive.items() if not item.canonical_url or not item.canonical_url.rstrip("/").endswith(PRIVATE_PATH)]
    owners = {
        number: {i.item_id for i in items for _, path in one.paths if f"https://{HOST}{path}" in i.addresses} for number, one in histories().items()
    }
    assert {number: len(found) for number, found in owners.items()} == dict.fromkeys(histories(), 1)
    assert len(set.union(*owners.values())) == len(histories())
    others = sorted(
        (item.language, item.title, item.project and item.project.countries) for item in items if item.item_id not in set.union(*owners.values())
    )
    assert others == sorted(projects(1))  # rows of a table have no page of their own, and are one item through all epochs as well


def test_a_second_run_asks_nothing_and_writes_nothing(whole: tuple[Path, Serving, Run]) -> None:
    folder, serving, _ = whole
    before, files = len(serving.requests), sorted((folder / "warc").iterdir())
    run = bring(folder, serving.url("/web/"))
    assert (run.status, run.counts["requests"], run.counts["planned"]) == ("done", 0, 0)
    assert len(serving.requests) == before
    assert sorted((folder / "warc").iterdir()) == files


def test_a_rebuild_comes_to_the_same_rows(whole: tuple[Path, Serving, Run]) -> None:
    folder, _, _ = whole
    with Archive.open(folder, write=True) as archive:
        before = Counter(archive.dump())
        archive.rebuild()
        assert Counter(archive.dump()) == before


def test_only_the_index_is_read_again_when_asked(whole: tuple[Path, Serving, Run]) -> None:
    folder, serving, _ = whole
    before = len(played(serving))
    run = bring(folder, serving.url("/web/"), relist=True)
    assert run.counts["listed"] == len(HELD)
    assert run.counts["requests"] > 0
    assert len(played(serving)) == before


def test_a_lost_list_costs_the_index_only(whole: tuple[Path, Serving, Run], tmp_path: Path) -> None:
    folder, serving, _ = whole
    before, rows = len(played(serving)), essence(folder)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (folder / "state" / name).unlink(missing_ok=True)
    (folder / "state" / DATABASE).write_bytes(b"no database at all" * 100)
    run = bring(folder, serving.url("/web/"))
    assert run.counts["held_already"] == len(WANTED)
    assert len(played(serving)) == before
    assert essence(folder) == rows
    assert list((folder / "state").glob(f"{DATABASE}.damaged-*"))


# Trouble ---------------------------------------------------------------------------------------------------------------------------


@contextmanager
def troubled(mementos: Sequence[Memento], *faults: Fault) -> Iterator[Serving]:
    with serve_archive(mementos, faults=faults) as serving:
        yield serving


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Counter[tuple[Any, ...]]:
    folder = tmp_path_factory.mktemp("some") / "archive"
    with troubled(SOME) as serving:
        bring(folder, serving.url("/web/"))
    return essence(folder)


TROUBLE = {
    "a 429 that says when": [too_many(8, retry_after=1)],
    "a 429 with a date": [too_many(8, retry_after=1, as_date=True)],
    "a 429 of the index": [too_many(1, path="cdx", retry_after=1)],
    "a reset now and then": [Fault(answer="reset", first=9, last=9), Fault(answer="reset", first=15, last=16)],
    "server errors": [Fault(answer=503, first=7, last=8), Fault(answer=500, first=12, last=12)],
    "a slow page": [slow(SOME[5].url, 0.6)],
}


@pytest.mark.parametrize("kind", TROUBLE)
def test_passing_trouble_costs_time_only(kind: str, some: Counter[tuple[Any, ...]], tmp_path: Path) -> None:
    with troubled(SOME, *TROUBLE[kind]) as serving:
        run = bring(tmp_path / "a", serving.url("/web/"))
    assert (run.status, run.counts["failed"]) == ("done", 0)
    assert essence(tmp_path / "a") == some


def test_a_block_ends_the_run_and_is_remembered_and_doubles(some: Counter[tuple[Any, ...]], tmp_path: Path) -> None:
    folder, start = tmp_path / "a", datetime.now(UTC)
    with troubled(SOME, block(12)) as serving:
        with pytest.raises(PutOff, match="come back after") as raised:
            bring(folder, serving.url("/web/"))
        assert raised.value.retry_after == 3600
        asked = len(serving.requests)
        with pytest.raises(PutOff, match="left alone until"):
            bring(folder, serving.url("/web/"))
        assert len(serving.requests) == asked
        later = start + timedelta(seconds=3700)
        with pytest.raises(PutOff, match="no answer") as raised:  # still shut out
            bring(folder, serving.url("/web/"), now=lambda: later)
        assert raised.value.retry_after == 7200
        port = serving.port
    kept = len(captures(folder))
    assert 0 < kept < len(SOME)
    with serve_archive(SOME, faults=[block(3, answer=429, retry_after=4000)], port=port) as serving:
        with pytest.raises(PutOff) as raised:
            bring(folder, serving.url("/web/"), now=lambda: later + timedelta(seconds=7201))
        assert raised.value.retry_after == 14400
    with Archive.open(folder) as archive:
        assert {run.status for run in archive.runs()} == {"put off"}
    much_later = later + timedelta(days=1)
    with serve_archive(SOME, port=port) as serving:
        run = bring(folder, serving.url("/web/"), now=lambda: much_later)
    assert run.status == "done"
    assert essence(folder) == some


def test_too_many_429_put_it_off_with_a_time(tmp_path: Path) -> None:
    with troubled(SOME, too_many(10, count=3, retry_after=0)) as serving:
        with pytest.raises(PutOff) as raised:
            bring(tmp_path / "a", serving.url("/web/"))
        assert not isinstance(raised.value, Blocked)
        run = bring(tmp_path / "a", serving.url("/web/"), now=lambda: datetime.now(UTC) + timedelta(minutes=2))
    assert run.status == "done"
    assert len(captures(tmp_path / "a")) == len(SOME)


def test_bad_captures_are_kept_or_named_and_none_is_lost(tmp_path: Path) -> None:
    bad = bad_captures()
    altered = [packed(SOME[6], "as identity"), packed(SOME[7], "as other gzip")]
    listed = [replace(SOME[8], listed="twice"), replace(SOME[9], listed="broken"), replace(SOME[10], listed="not")]
    with troubled([*SOME[:6], *altered, *listed, *SOME[11:], *bad.values()]) as serving:
        run = bring(tmp_path / "a", serving.url("/web/"))
        reasons = {failure["url"].split("/web/")[1][:6]: failure["reason"] for failure in run.counts["failures"]}
    assert run.status == "done with failures"
    assert run.counts["broken_rows"] == 1
    assert reasons == {
        "201909": "the archive does not give it out (403 AdministrativeAccessControlException)",
        "201910": "the archive does not give it out (403 RobotAccessControlException)",
        "201911": "listed, but not there (404)",
    }
    rows = {(row["url"], row["captured_at"][:7]): row for row in captures(tmp_path / "a")}
    for name in ("404", "429", "503", "challenge", "empty", "soft error", "parked", "parked article"):
        one = bad[name]
        row = rows[canonical(one.url), one.captured_at.strftime("%Y-%m")]
        assert (row["status"], row["digest"]) == (one.status, "sha256:" + hashlib.sha256(one.body).hexdigest()), name
        assert (row["badness"] >= 0.5) == (name != "404"), name
    assert run.counts["bad"] >= 7


def test_a_body_packed_otherwise_says_so_in_its_record_and_is_not_taken_for_the_original(tmp_path: Path) -> None:
    plain, again = packed(SOME[6], "as identity"), packed(SOME[7], "as other gzip")
    with troubled([plain, again]) as serving:
        run = bring(tmp_path / "a", serving.url("/web/"))
    assert run.counts["altered"] == 2
    (file,) = (tmp_path / "a" / "warc").iterdir()
    text = gzip.decompress(file.read_bytes())
    assert b"X-Rabat-Note: body re-encoded in playback: archived as gzip, received as identity" in text
    assert f"X-Rabat-Note: the body does not have the digest that the archive's index gives: {sha1(again.body)}".encode() in text
    one, other = (row for url in (plain.url, again.url) for row in captures(tmp_path / "a") if row["url"] == canonical(url))
    assert one["digest"] == "sha256:" + hashlib.sha256(gzip.decompress(plain.body)).hexdigest()
    assert other["sha1"] != sha1(again.body)
    with Archive.open(tmp_path / "a") as archive:
        assert archive.verify().faults == ()


def test_what_is_not_there_is_let_alone_after_some_runs(tmp_path: Path) -> None:
    missing = replace(SOME[0], play="missing")
    with troubled([missing, SOME[1]]) as serving:
        for _ in range(MAX_ATTEMPTS):
            run = bring(tmp_path / "a", serving.url("/web/"))
        assert (run.status, run.counts["planned"]) == ("done", 0)
        assert sum(missing.url in path for path in played(serving)) == MAX_ATTEMPTS


# A capture in another's place; copies; what is held already -----------------------------------------------------------------------------

PAGE = f"http://{HOST}/fr/a"


def cdx(*rows: tuple[str, str, int, str]) -> bytes:
    return b"".join(f"org,rabat-process)/x {at} {url} text/html {status} {digest} 500\n".encode() for at, url, status, digest in rows)


@contextmanager
def small_archive(index: bytes, answers: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, FaultyServing]]:
    """A web archive of a few captures: bodies by timestamp, or the timestamp of another capture that is played in its place."""
    faults = {}
    for key, (kind, value) in answers.items():
        timestamp, _, url = key.partition(" ")
        path = f"/web/{timestamp}id_/{url or PAGE}"
        when = datetime.strptime(timestamp, "%Y%m%d%H%M%S").strftime("%a, %d %b %Y %H:%M:%S GMT")
        if kind == "moved":
            faults[path] = say(b"", status="302 Found", headers=(f"Location: /web/{value}id_/{url or PAGE}",))
        else:
            faults[path] = say(value, headers=("Content-Type: text/html", f"Memento-Datetime: {when}", "X-Archive-Orig-Server: Apache"))
    with serve_faults(faults, otherwise=say(index, headers=("Content-Type: text/plain",))) as serving:
        yield serving.url("/web/"), serving


ONE, TWO, THREE = "20170101000000", "20170202000000", "20170303000000"


def asked(serving: FaultyServing) -> list[str]:
    return [path for path in serving.asked if "id_/" in path]


def test_a_capture_played_in_anothers_place_is_stored_once(tmp_path: Path) -> None:
    index = cdx((ONE, PAGE, 200, sha1(b"1")), (TWO, PAGE, 200, sha1(b"2")))
    with small_archive(index, {ONE: ("moved", TWO), TWO: ("body", "2")}) as (root, serving):
        run = bring(tmp_path / "a", root)
        assert len(asked(serving)) == 2
    assert [row["captured_at"][:10] for row in captures(tmp_path / "a")] == ["2017-02-02"]
    assert (run.counts["fetched"], run.counts["held_already"]) == (1, 1)


def test_a_capture_that_the_index_does_not_list_counts_with_its_own_time(tmp_path: Path) -> None:
    with small_archive(cdx((ONE, PAGE, 200, sha1(b"1"))), {ONE: ("moved", THREE), THREE: ("body", "3")}) as (root, serving):
        bring(tmp_path / "a", root)
        bring(tmp_path / "a", root, relist=True)
        assert len(asked(serving)) == 2
    (row,) = captures(tmp_path / "a")
    assert (row["captured_at"][:10], row["source_url"]) == ("2017-03-03", f"{root}{THREE}id_/{PAGE}")


def test_a_text_that_comes_back_is_seen_at_all_its_times(tmp_path: Path) -> None:
    index = cdx((ONE, PAGE, 200, sha1(b"1")), (TWO, PAGE, 200, sha1(b"2")), (THREE, PAGE, 200, sha1(b"1")))
    with small_archive(index, {ONE: ("body", "1"), TWO: ("body", "2")}) as (root, serving):
        bring(tmp_path / "a", root)
        assert len(asked(serving)) == 2
    rows = captures(tmp_path / "a")
    assert [(row["captured_at"][:10], row["record_type"]) for row in rows] == [
        ("2017-01-01", "response"),
        ("2017-02-02", "response"),
        ("2017-03-03", "revisit"),
    ]
    assert rows[2]["refers_to"] == rows[0]["record_id"]


def test_a_redirect_without_a_body_is_asked_each_time(tmp_path: Path) -> None:
    index = cdx((ONE, PAGE, 301, sha1(b"")), (TWO, PAGE, 301, sha1(b"")))
    with small_archive(index, {ONE: ("body", ""), TWO: ("body", "")}) as (root, serving):
        bring(tmp_path / "a", root)
        assert len(asked(serving)) == 2


def test_copies_are_fetched_only_where_the_page_is_not(tmp_path: Path) -> None:
    other = f"http://{HOST}/fr/b"
    index = cdx(
        (ONE, PAGE, 200, sha1(b"1")),
        (TWO, f"{PAGE}?tmpl=component&print=1", 200, sha1(b"2")),
        (ONE, f"{other}?tmpl=component", 200, sha1(b"3")),
        (TWO, f"{other}?tmpl=component", 200, sha1(b"4")),
        (TWO, f"{other}?print=1", 200, sha1(b"5")),
    )
    answers = {ONE: ("body", "1"), f"{ONE} {other}?tmpl=component": ("body", "3"), f"{TWO} {other}?tmpl=component": ("body", "4")}
    with small_archive(index, answers) as (root, serving):
        run = bring(tmp_path / "a", root)
        assert len(asked(serving)) == 3
    assert {row["url"] for row in captures(tmp_path / "a")} == {PAGE, f"{other}?tmpl=component"}
    assert {reason: group["count"] for reason, group in run.counts["skipped"].items()} == {"print view": 2}


def test_bytes_held_from_elsewhere_are_not_asked(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with (
        Archive.open(folder, write=True, create=True) as archive,
        WarcWriter(archive.warc_dir, run_id="live", site="rabat-process", fields={}) as writer,
    ):
        for at, body in ((datetime(2026, 1, 1, tzinfo=UTC), b"1"), (datetime(2017, 2, 2, 0, 0, 0, 5000, tzinfo=UTC), b"other")):
            record = writer.write(url=PAGE, captured_at=at, status=200, response_headers=(("Content-Type", "text/html"),), body=body)
            writer.sync()
            archive.add_capture(record, SITE)
    index = cdx((ONE, PAGE, 200, sha1(b"1")), (TWO, PAGE, 200, sha1(b"2")))
    with small_archive(index, {ONE: ("body", "1"), TWO: ("body", "2")}) as (root, serving):
        run = bring(folder, root)
        assert asked(serving) == []
    assert (run.counts["revisits"], run.counts["held_already"], run.counts["fetched"]) == (1, 1, 0)
    assert [row["captured_at"][:4] for row in captures(folder)] == ["2017", "2017", "2026"]


def test_the_times_asked_for_are_kept_to(tmp_path: Path) -> None:
    index = cdx((ONE, PAGE, 200, sha1(b"1")), (TWO, PAGE, 200, sha1(b"2")), (THREE, PAGE, 200, sha1(b"3")))
    with small_archive(index, {TWO: ("body", "2")}) as (root, serving):
        first, last = time_bounds("2017-02", "2017-02")
        run = bring(tmp_path / "a", root, first=first, last=last)
        assert len(asked(serving)) == 1
    assert run.counts["states"] == {"fetched": 1}


def test_what_is_not_yet_is_not_asked(tmp_path: Path) -> None:
    with small_archive(cdx(("29990101000000", PAGE, 200, sha1(b"1"))), {}) as (root, serving):
        run = bring(tmp_path / "a", root)
        assert asked(serving) == []
    assert run.counts["skipped"]["captured in the future"]["count"] == 1


@pytest.mark.parametrize(
    ("first", "last", "bounds"),
    [("2010", "2018", ("20100101000000", "20181231235959")), ("2014-05", "2014-05-14", ("20140501000000", "20140514235959")), (None, None, ("", ""))],
)
def test_bounds_include_whole_years_and_months(first: str | None, last: str | None, bounds: tuple[str, str]) -> None:
    assert time_bounds(first, last) == bounds


@settings(max_examples=12, deadline=None)
@given(st.binary(max_size=300), st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=3))
def test_any_index_ends_in_a_run(tmp_path_factory: pytest.TempPathFactory, junk: bytes, times: list[str]) -> None:
    index = cdx(*((at, PAGE, 200, sha1(at.encode())) for at in times)) + junk
    with small_archive(index, {at: ("body", at) for at in times}) as (root, _):
        folder = tmp_path_factory.mktemp("any") / "a"
        try:
            run = bring(folder, root)
        except ConfigError:  # junk that looks like a web page
            return
    assert len(captures(folder)) >= len(set(times)) or run.counts["broken_rows"]


def test_an_index_of_pywb_with_pages_gives_the_same_past(tmp_path: Path, some: Counter[tuple[Any, ...]]) -> None:
    for zipnum in (True, False):
        folder = tmp_path / str(zipnum)
        with serve_archive(SOME, collection="past", block=5, zipnum=zipnum) as serving:
            run = bring(folder, serving.url("/past/"))
        assert run.counts["listed"] == len(SOME)
        assert essence(folder) == some
