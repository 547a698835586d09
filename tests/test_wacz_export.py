"""The exports wacz and warc: sound in every part, read and replayed by others, and taken back by import as an equal archive."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.importing import ImportReport, Options, import_files
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.sorted_lines import SortedLines
from rabat_crawler.archive.wacz import Wacz
from rabat_crawler.archive.warc import WarcWriter, check_file
from rabat_crawler.cdxj import cdxj_lines
from rabat_crawler.errors import RecordError
from rabat_crawler.exports import Selection, export
from rabat_crawler.models import Capture, Item, Run
from tests.building import BASE, START, article_html, copy_of, dump_of, rabat, records_of, sample_archive, small_archive, without_places
from tests.readers import needs_readers, run
from tests.replay import INSTALLED, replaying
from tests.shelf import SHELF, put
from tests.wacz_strict import pages_of, strict

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
TEXT = "Un texte de plusieurs mots sur le dialogue. " * 8
OF_OTHERS = (
    "not packed", "SHA-1 digests", "angle brackets around addresses", "chunked bodies", "a record split over gzip members", "two records in one gzip member",
    "a record without a name", "a wrong payload digest", "a length that is too long", "a revisit that names its original by address and time",
    "resource records", "ARC, packed", "ARC, cut", "WACZ without its directory",
)  # fmt: skip


def bring(folder: Path, *paths: Path) -> ImportReport:
    """Import into a folder, with a check that nothing is left to be read."""
    with Archive.open(folder, write=True, create=True) as archive:
        archive.connection.execute("PRAGMA synchronous = OFF")
        return import_files(archive, paths, Options(), lambda what, done, total: None, now=NOW)


def written(archive: Path, target: Path, selection: Selection | None = None, *, name: str = "wacz") -> Path:
    with Archive.open(archive) as opened:
        export(opened, name, target, selection)
    return target


def rows_of(folder: Path) -> list[str]:
    return without_places(dump_of(folder))


def digests(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in warc_files(folder)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site's three nights as a WACZ file."""
    return written(sample_archive(3), tmp_path_factory.mktemp("whole") / "x.wacz")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WACZ file of one page."""
    folder = tmp_path_factory.mktemp("small")
    return written(small_archive(folder / "a", [(f"{BASE}/fr/a/1-x", article_html("Un titre", TEXT))]), folder / "x.wacz")


def nights_of_one_page(folder: Path) -> list[tuple[Capture, bytes]]:
    """An archive of a page that stays, changes and is confirmed; each capture with the body that it shows."""
    first, second = (article_html("Un titre", text * 20).encode() for text in ("Le premier jour. ", "Le quatrième jour. "))
    url, shown = f"{BASE}/fr/a/1-x", []
    with WarcWriter(folder / "warc", run_id="nights", site="rabat-process", fields={"operator": "tests"}) as writer:
        latest: Capture | None = None
        for number, (status, body, shows) in enumerate(
            ((200, first, first), (200, first, first), (304, b"", first), (200, second, second), (304, b"", second))
        ):
            record = writer.write(
                url=url, captured_at=START + timedelta(days=number), status=status, response_headers=HTML if body else (("ETag", '"x"'),),
                body=body, previous=latest, request_headers=(("Host", "x"),),
            )  # fmt: skip
            latest = record.capture if record.capture.record_type == "response" else latest
            shown.append((record.capture, shows))
    Archive.open(folder, write=True).close()
    return shown


# Sound, and the same to others --------------------------------------------------------------------------------------------------


def test_the_whole_archive_is_sound_in_every_part(whole: Path) -> None:
    lines = strict(whole)
    with Archive.open(sample_archive(3)) as archive:
        items = {item.item_id: item for item in archive.items()}
        assert len(lines) == archive.counts()["captures"]
        assert any(line.values["mime"] == "warc/revisit" for line in lines)
    pages = pages_of(whole)
    assert {name: (one["title"], one["text"]) for name, one in pages.items()} == {name: (item.title, item.text) for name, item in items.items()}
    with zipfile.ZipFile(whole) as bundle:
        extra = [json.loads(line) for line in bundle.read("pages/extraPages.jsonl").decode().splitlines()[1:]]
    assert any(one["url"].endswith(".pdf") and one.get("text") for one in extra)


@needs_readers
def test_wacz_validate_and_warcio_check_find_nothing(whole: Path, tmp_path: Path) -> None:
    assert "valid" in run("wacz", "validate", "-f", whole).stdout
    folder = written(sample_archive(3), tmp_path / "warc", name="warc")
    for path in warc_files(folder):
        assert run("warcio", "check", path).stdout == ""
        assert check_file(path) == ()


def test_files_of_which_nothing_is_left_out_are_copied_byte_for_byte(tmp_path: Path) -> None:
    folder = written(sample_archive(3), tmp_path / "warc", name="warc")
    assert digests(folder) == digests(sample_archive(3) / "warc")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(path.name for path in warc_files(sample_archive(3) / "warc")), "README.md", "index.cdxj"]
    )
    assert (folder / "index.cdxj").read_text().splitlines() == cdxj_lines(record.capture for record in records_of(sample_archive(3)))


@pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")
def test_pywb_replays_each_night_from_the_one_file(tmp_path: Path) -> None:
    shown = nights_of_one_page(tmp_path / "a")
    assert [capture.record_type for capture, _ in shown] == ["response", "revisit", "revisit", "response", "revisit"]
    strict(written(tmp_path / "a", tmp_path / "x.wacz"))
    with replaying(tmp_path / "pywb", [tmp_path / "x.wacz"]) as replay:
        for capture, body in shown:
            answer = replay.at(capture.captured_at, capture.url)
            assert (answer.status, answer.body) == (200, body), replay.index()


@pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")
def test_pywb_replays_a_selection_and_nothing_else(tmp_path: Path) -> None:
    with Archive.open(sample_archive(3)) as archive:
        chosen = [item for item in archive.items() if item.language == "fr" and item.kind == "news"]
        other = next(item for item in archive.items() if item.language == "en")
    path = written(sample_archive(3), tmp_path / "x.wacz", Selection(filters=Filters(language="fr", kind="news")))
    strict(path)
    pages = pages_of(path)
    assert set(pages) == {item.item_id for item in chosen}
    with replaying(tmp_path / "pywb", [path]) as replay:
        for page in list(pages.values())[:5]:
            answer = replay.at(datetime.fromisoformat(page["ts"]), page["url"])
            assert answer.status == 200 and len(answer.body) > 500
        assert replay.at(START, str(other.canonical_url)).status == 404


# Round trip -----------------------------------------------------------------------------------------------------------------------


def test_three_nights_imported_into_an_empty_archive_give_an_equal_one(whole: Path, tmp_path: Path) -> None:
    report = bring(tmp_path / "b", whole)
    assert rows_of(tmp_path / "b") == rows_of(sample_archive(3)) and report.sound and report.runs == 3
    assert digests(tmp_path / "b" / "warc") == digests(sample_archive(3) / "warc")
    with Archive.open(sample_archive(3)) as old, Archive.open(tmp_path / "b") as new:
        assert {run.run_id for run in old.runs()} | {report.run_id} == {run.run_id for run in new.runs()}


def test_the_equal_archive_is_sound_and_stays_equal(tmp_path: Path) -> None:
    path, rows = written(sample_archive(1), tmp_path / "x.wacz"), rows_of(sample_archive(1))
    assert bring(tmp_path / "b", path).runs == 1 and rows_of(tmp_path / "b") == rows
    again = bring(tmp_path / "b", path)
    assert not any(one.new for one in again.files) and again.runs == 0
    with Archive.open(tmp_path / "b", write=True) as archive:
        assert archive.notes == [] and archive.verify().faults == ()
        archive.rebuild()
    assert rows_of(tmp_path / "b") == rows


def test_an_archive_knows_what_it_has_given_out(whole: Path, tmp_path: Path) -> None:
    archive = copy_of(sample_archive(3), tmp_path)
    report = bring(archive, whole)
    assert {trouble.code for trouble in report.troubles} == {"known"} and report.before == report.after


@pytest.mark.parametrize("name", OF_OTHERS)
def test_what_other_programs_wrote_says_the_same_afterwards(name: str, tmp_path: Path) -> None:
    archive = small_archive(tmp_path / "a", [(f"{BASE}/fr/a/1-x", article_html("Un titre", TEXT))])
    bring(archive, put(SHELF[name], tmp_path / "from"))
    path = written(archive, tmp_path / "x.wacz")
    if name != "chunked bodies":  # digests are over the body without its chunks there
        strict(path)
    report = bring(tmp_path / "b", path)
    assert rows_of(tmp_path / "b") == rows_of(archive)
    assert report.sound and report.after["captures"] == 1 + SHELF[name].kept
    assert written(tmp_path / "b", tmp_path / "y.wacz").stat().st_size


def test_a_revisit_that_names_no_time_is_completed(tmp_path: Path) -> None:
    archive = small_archive(tmp_path / "a", [(f"{BASE}/fr/a/1-x", article_html("Un titre", TEXT))])
    bring(archive, put(SHELF["a revisit before its original"], tmp_path / "from"))
    strict(written(archive, tmp_path / "x.wacz"))


def test_a_run_that_was_held_back_stays_so(tmp_path: Path) -> None:
    pages = [(f"{BASE}/fr/a/1-x", article_html("Un titre", TEXT)), (f"{BASE}/fr/a/2-y", article_html("Un autre", TEXT))]
    archive = small_archive(tmp_path / "a", pages[:1])
    nothing_said = small_archive(tmp_path / "held", pages)
    shutil.copy(warc_files(nothing_said / "warc")[0], archive / "warc" / "held.warc.gz")
    run = Run(run_id="test-run", spider="crawl", site="rabat-process", started_at="2019-05-01T06:00:00Z", status="breached", counts={"held": True})
    with Archive.open(archive, write=True) as opened:
        opened.begin_run(run)
        opened.rebuild()
        assert opened.counts()["items"] == 0 and opened.counts()["captures"] == 3
        opened.begin_run(replace(run, counts={"held": False}))
        opened.rebuild()
        opened.begin_run(run)
        export(opened, "wacz", tmp_path / "x.wacz")
        opened.rebuild()
    assert bring(tmp_path / "b", tmp_path / "x.wacz").runs == 1
    assert rows_of(tmp_path / "b") == rows_of(archive)


def test_decisions_come_along_and_those_of_the_archive_stay(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    with Archive.open(archive, write=True) as opened:
        pairs = [(one.item_id, one.other_id) for one in opened.translations()][:2]
        for item, other in pairs:
            opened.decide("reject", item, other, note="by hand")
    path = written(archive, tmp_path / "x.wacz")
    assert bring(tmp_path / "b", path).decisions == 2
    assert rows_of(tmp_path / "b") == rows_of(archive) != rows_of(sample_archive(1))
    with Archive.open(tmp_path / "b", write=True) as opened:
        opened.decide("confirm", *pairs[0])
    shutil.rmtree(tmp_path / "b" / "warc")
    assert bring(tmp_path / "b", path).decisions == 0
    with Archive.open(tmp_path / "b") as opened:
        assert pairs[0] in {(one.item_id, one.other_id) for one in opened.translations()}


def _said(item: Item) -> tuple[object, ...]:
    return (item.title, item.text, item.kind, item.language, item.published, item.event_start, item.event_end, item.attachments)


def test_a_selection_has_the_same_items_with_their_versions_and_dates(tmp_path: Path) -> None:
    selection = Selection(words="retour OR return")
    strict(written(sample_archive(3), tmp_path / "x.wacz", selection))
    bring(tmp_path / "b", tmp_path / "x.wacz")
    with Archive.open(sample_archive(3)) as old, Archive.open(tmp_path / "b") as new:
        names = old.item_ids(selection.words)
        assert 3 < len(names) < 20
        for before, after in zip(old.items_of(names), new.items_of(names), strict=True):
            assert _said(after) == _said(before)
            assert [one.text_digest for one in new.versions(after.item_id)] == [one.text_digest for one in old.versions(before.item_id)]
        assert new.counts()["captures"] < old.counts()["captures"] / 4


# Bad input --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wacz", "warc"])
def test_a_damaged_file_is_named_and_nothing_is_left(name: str, tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    (path,) = warc_files(archive / "warc")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    (tmp_path / "out").mkdir()
    said = rabat("export", name, "--archive", archive, "-o", tmp_path / "out" / "x", code=7).stderr
    assert path.name in said and "restore it from a backup" in said
    path.unlink()
    with Archive.open(archive) as opened, pytest.raises(RecordError, match="is missing; restore it from a backup"):
        export(opened, name, tmp_path / "out" / "x")
    assert list((tmp_path / "out").iterdir()) == []


def test_hostile_addresses_stay_on_their_line(tmp_path: Path) -> None:
    paths = ['/a b"c', "/x\n{}", "/%0a%0d", "/../../etc/passwd", "/é\u2028<script>", "/'}{", "/" + "a" * 4000, "/?q=%ff&\\", "/#!{}", "/\ud800"]
    archive = small_archive(tmp_path / "a", [(f"{BASE}/fr{path}", article_html(f"Titre {number}", TEXT)) for number, path in enumerate(paths)])
    lines = strict(written(archive, tmp_path / "x.wacz"))
    assert len(lines) == len(paths)
    report = bring(tmp_path / "b", tmp_path / "x.wacz")
    assert report.sound and rows_of(tmp_path / "b") == rows_of(archive)


def _with(source: Path, target: Path, **entries: bytes) -> Path:
    """A copy of a WACZ file with other runs or decisions."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name not in ("rabat/runs.jsonl", "rabat/decisions.jsonl"):
                new.writestr(name, old.read(name))
        for name, content in entries.items():
            new.writestr(f"rabat/{name}.jsonl", content)
    return target


def test_runs_and_decisions_of_strangers_are_looked_at(small: Path, tmp_path: Path) -> None:
    good = {"run_id": "r1", "spider": "crawl", "site": "sample", "started_at": "2019-05-01T06:00:00Z", "status": "running"}
    counts = {"held": True, "asked": "many", "failed": 3, "answers": {"200": 7, "<b>": 1, "x": None}, "changes": "?", "skipped": 5}
    bad = [{**good, "run_id": "../../x"}, {**good, "started_at": "yesterday"}, {**good, "site": 5}, {**good, "finished_at": "later"}, [], 7]
    lines = [json.dumps(one) for one in ({**good, "counts": counts, "parameters": {"files": [{"sha256": "0" * 64}]}}, good, *bad)]
    decided = {"what": "confirm", "item_id": "aaaa1", "other_id": "bbbb2", "at": "2019-05-01T06:00:00Z", "item_url": "", "other_url": "", "note": ""}
    wrong = [{**decided, "what": "drop"}, {**decided, "item_id": "../x"}, {**decided, "note": "x" * 3000}, {**decided, "more": ""}, {}]
    path = _with(
        small,
        tmp_path / "x.wacz",
        runs="\n".join([*lines, "{broken", "[" * 100_000]).encode(),
        decisions="\n".join(map(json.dumps, [decided, *wrong])).encode(),
    )
    report = bring(tmp_path / "b", path)
    codes = [trouble.code for trouble in report.troubles if trouble.code in ("run", "decision")]
    assert (codes.count("run"), codes.count("decision"), report.runs, report.decisions) == (len(bad) + 2, len(wrong), 1, 1)
    with Archive.open(tmp_path / "b") as archive:
        run = archive.run("r1")
    assert run.status == "interrupted" and set(run.parameters) == {"brought_by"}
    assert run.counts in ({}, {"held": True, "failed": 3, "answers": {"200": 7}})
    assert sorted(path.name for path in (tmp_path / "b" / "runs").iterdir()) == sorted(["r1.json", f"{report.run_id}.json"])
    rabat("runs", "show", "r1", "--archive", tmp_path / "b")
    rabat("status", "--json", "--archive", tmp_path / "b", code=1)


def test_an_endless_line_ends_the_reading(small: Path, tmp_path: Path) -> None:
    path = _with(small, tmp_path / "x.wacz", runs=b"x" * 3_000_000)
    report = bring(tmp_path / "b", path)
    assert "it has a line of more than" in " ".join(trouble.message for trouble in report.troubles) and report.runs == 0


@pytest.fixture
def many(tmp_path: Path) -> Iterator[SortedLines]:
    with SortedLines(tmp_path, at_once=7) as lines:
        yield lines


def test_lines_are_sorted_whether_they_fit_in_memory_or_not(many: SortedLines, tmp_path: Path) -> None:
    wanted = [f"{(number * 7919) % 1000:03d} é" for number in range(100)]
    for line in wanted:
        many.add(line)
    assert list(tmp_path.iterdir()) == [], "the files have no name"
    assert b"".join(many).decode().splitlines() == sorted(wanted)


def test_a_list_of_pages_may_be_longer_than_what_is_read_at_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rabat_crawler.archive.wacz.CHUNK", 7)
    with Wacz(small) as wacz:
        assert (wacz.pages(), wacz.findings) == (1, [])
        assert list(wacz.lines("pages/pages.jsonl", 10_000)) == zipfile.ZipFile(small).read("pages/pages.jsonl").splitlines()
    assert bring(tmp_path / "b", small).troubles == []
