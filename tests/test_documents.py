"""Documents in the archive: found by a word with the page in the hit, linked to items, versioned; the rows follow from the captures alone."""

from __future__ import annotations

import dataclasses
import gzip
import json
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters, schema
from rabat_crawler.archive.document_reader import DocumentReader
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.demo.country_sheets import sheets
from rabat_crawler.demo.pdf import make_long_pdf
from rabat_crawler.extract.office import SLIDES as OFFICE_SLIDES
from rabat_crawler.models import Capture, DocumentVersion, Record, Run
from rabat_crawler.query.excerpt import MARK_START
from tests.building import BASE, RABAT, added, article_html, copy_of, dump_of, night, rabat, records_of, sample_archive, without_places
from tests.document_shelf import SHELF, docx, pptx

PDF, OCTETS, HTML = "application/pdf", "application/octet-stream", "text/html; charset=utf-8"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
REPORT, COPY, PLAN, SLIDES = (f"{BASE}/images/{name}" for name in ("rapport.pdf", "copie.pdf", "plan.docx", "exposé.pptx"))
ARTICLE = f"{BASE}/fr/actualites/101-rapport"


def report(edition: int) -> bytes:
    """A PDF of three pages in French; the second page says which edition it is."""
    text = f"Le comité de pilotage a adopté la version numéro {edition} du rapport sur les diasporas et les transferts de fonds."
    return make_long_pdf(
        "Rapport annuel", [["Rapport annuel", "Dakar, le 12 mars 2019"], [text], ["Annexe : la liste des participants à la réunion"]]
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, so many days after the first; `body` None is a 304."""

    days: float
    url: str
    body: bytes | None = b""
    kind: str = PDF
    status: int = 200
    truncated: str | None = None
    coded: bool = False


def article(*urls: str) -> bytes:
    return article_html(
        "Le rapport est paru", "Le texte. " + " ".join(f"<a href='{url}'>Télécharger {number}</a>" for number, url in enumerate(urls))
    ).encode()


PAST = (
    Answer(days=0, url=ARTICLE, body=article(REPORT, PLAN.replace("https://www.", "http://"), SLIDES, f"{BASE}/images/secret.pdf"), kind=HTML),
    Answer(days=0.1, url=REPORT, body=report(1)),
    Answer(days=0.2, url=PLAN, body=docx("Plan d'action pour les années à venir, adopté par le comité", title="Plan"), kind=WORD),
    Answer(days=0.3, url=f"{BASE}/images/secret.pdf", body=SHELF["PDF, locked"].body()),
    Answer(days=1, url=REPORT, body=report(1)),
    Answer(days=1.1, url=PLAN.replace("https://www.", "http://"), body=docx("Plan d'action pour les années à venir, adopté par le comité", title="Plan"), kind=WORD),
    Answer(days=1.2, url=COPY, body=report(1)),
    Answer(days=2, url=REPORT, body=report(2)),
    Answer(days=2.1, url=SLIDES, body=pptx("Un exposé sur les diasporas", "Merci"), kind=OCTETS, coded=True),
    Answer(days=3, url=REPORT, body=None),
    Answer(days=3.1, url=COPY, body=b"", status=404, kind=HTML),
    Answer(days=4, url=REPORT, body=report(3)[:900], truncated="length"),
    Answer(days=5, url=REPORT, body=report(1)),
    Answer(days=5.1, url=f"{BASE}/images/page.pdf", body=b"<html><body><h1>Absent</h1></body></html>", kind=HTML),
    Answer(days=6, url=SLIDES, body=b"", status=404, kind=HTML),
)  # fmt: skip


def brought(folder: Path, answers: Sequence[Answer]) -> Path:
    """The WARC folder of an archive with these answers, a run and a file each; what an address answered again becomes a revisit."""
    latest: dict[str, Capture] = {}
    for number, one in enumerate(answers):
        with WarcWriter(folder / "warc", run_id=f"run-{number:03}", site=registry.reference(RABAT), fields={}) as writer:
            headers = [("Content-Type", one.kind), *([("Content-Encoding", "gzip")] if one.coded else [])]
            body = gzip.compress(one.body or b"", mtime=0) if one.coded else one.body or b""
            record = writer.write(
                url=one.url, captured_at=night(one.days), status=304 if one.body is None else one.status, response_headers=tuple(headers), body=body,
                previous=latest.get(one.url), truncated=one.truncated,
            )  # fmt: skip
            if record.capture.record_type == "response" and record.capture.status == 200:
                latest[one.url] = record.capture
    return folder


@cache
def _past(root: Path) -> Path:
    Archive.open(brought(root / "past", PAST), write=True).close()
    return root / "past"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture
def past(root: Path) -> Path:
    """An archive with PAST, not to be changed."""
    return _past(root)


@pytest.fixture
def archive(past: Path) -> Iterator[Archive]:
    with Archive.open(past) as opened:
        yield opened


def of_documents(rows: Sequence[str]) -> list[str]:
    return [row for row in rows if '"table": "document' in row]


def named(archive: Archive, url: str) -> list[DocumentVersion]:
    return archive.documents(url, every=True)


# Found ------------------------------------------------------------------------------------------------------------------------


def test_a_word_on_page_57_of_a_crawled_pdf_is_found_with_its_page() -> None:
    title, pages = sheets("fr")
    assert len(pages) == 60 and [n for n, lines in enumerate(pages, 1) if "Djamena" in " ".join(lines)] == [57]
    said = rabat("search", "djamena", "--lang", "fr", "--archive", sample_archive(1)).stdout
    assert re.search(rf"^\w{{10}}  2016-04-04  document, fr  page 57 of 60  {re.escape(title)}$", said, re.M), said
    assert "[Djamena]" in said and "/images/documents/2016/fiches-pays-2016.pdf" in said
    assert re.search(r"linked by \w{10}  Bulletin d'information du Processus de Rabat", said)
    assert said.rstrip().endswith("1 document")


def test_the_json_of_a_search_holds_documents_in_a_line_of_their_own() -> None:
    lines = rabat("search", "djamena", "--json", "--archive", sample_archive(1)).stdout.splitlines()
    (found,) = (json.loads(line) for line in lines)
    assert {(hit["language"], hit["page"], hit["pages"]) for hit in found["documents"]} == {("fr", 57, 60), ("en", 57, 60)}
    for hit in found["documents"]:
        assert hit["found_on"] == [57] and "\x02Djamena\x03" in hit["snippet"] and len(hit["items"]) == 1


def test_a_search_that_finds_no_document_prints_items_alone(past: Path) -> None:
    (line,) = rabat("search", "paru", "--json", "--archive", past).stdout.splitlines()
    assert json.loads(line)["title"] == "Le rapport est paru"


def test_a_hit_names_all_pages_and_the_best_one(archive: Archive) -> None:
    (hit,) = archive.search_documents("rapport")
    assert hit.pages == (1, 2) and hit.page in hit.pages and MARK_START in hit.snippet
    assert [item.title for item in hit.items] == ["Le rapport est paru"]


def test_all_words_must_stand_on_one_page(archive: Archive) -> None:
    assert archive.search_documents("annuel participants") == []
    assert [hit.page for hit in archive.search_documents("liste participants")] == [3]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 1),
        ({"language": "fr"}, 1),
        ({"language": "en"}, 0),
        ({"kind": "news"}, 1),
        ({"kind": "publication"}, 0),
        ({"since": "2017-07", "until": "2017"}, 1),
        ({"since": "2018"}, 0),
        ({"until": "2016"}, 0),
        ({"site": "rabat-process"}, 1),
        ({"site": "sample"}, 0),
        ({"language": "fr", "kind": "news", "since": "2017", "site": "rabat-process"}, 1),
    ],
    ids=str,
)
def test_filters_narrow_a_search_of_documents(archive: Archive, filters: dict[str, str], count: int) -> None:
    assert len(archive.search_documents("participants", Filters(**filters))) == count


def test_any_text_is_a_safe_search_of_documents(archive: Archive) -> None:
    for words in ("", '"', "zz* OR", "page:2", "\x00", "NEAR(", "é" * 400, "-", "{text}: x"):
        assert archive.search_documents(words) == []


def test_the_limit_counts_documents_and_equal_texts_once(archive: Archive) -> None:
    assert len(archive.search_documents("comite")) == 2
    assert len(archive.search_documents("comite", limit=1)) == 1
    with Archive.open(sample_archive(1)) as sample:
        assert len(sample.search_documents("guichet unique")) == 1


# Listed -----------------------------------------------------------------------------------------------------------------------


def test_versions_of_a_document(archive: Archive) -> None:
    first, second, cut = sorted(named(archive, REPORT), key=lambda one: one.first_seen)
    assert (first.first_seen[:10], first.last_seen[:10], first.current) == ("2019-05-01", "2019-05-06", True)
    assert (second.first_seen[:10], second.last_seen[:10], second.current) == ("2019-05-03", "2019-05-04", False)
    assert (cut.current, "document_cut" in [problem.code for problem in cut.problems]) == (False, True)
    assert (first.title, first.pages, first.language, first.dated) == ("Rapport annuel", 3, "fr", "2019-03-12")
    assert "numéro 1" in archive.document_pages(first.document_id)[1] and "numéro 2" in archive.document_pages(second.document_id)[1]
    assert archive.documents(REPORT) == [first]


def test_a_document_in_two_spellings_is_one_and_linked(archive: Archive) -> None:
    (plan,) = named(archive, PLAN)
    assert archive.documents(PLAN.replace("https://www.", "http://")) == [plan]
    assert plan.url.startswith("http://rabat-process.org/") and (plan.first_seen[:10], plan.last_seen[:10]) == ("2019-05-01", "2019-05-02")
    assert plan.names == ("Télécharger 1",) and [archive.item(name).title for name in plan.items] == ["Le rapport est paru"]
    assert {one.url for one in archive.documents("101")} == {REPORT, plan.url, f"{BASE}/images/exposé.pptx", f"{BASE}/images/secret.pdf"}


def test_what_left_the_site_is_gone_and_still_found(archive: Archive) -> None:
    assert {one.url: one.gone for one in archive.documents() if one.gone} == {COPY: True, f"{BASE}/images/exposé.pptx": True}
    assert [hit.document.media_type for hit in archive.search_documents("merci")] == [OFFICE_SLIDES]


def test_a_page_under_the_address_of_a_document_is_none(archive: Archive) -> None:
    assert f"{BASE}/images/page.pdf" not in {one.url for one in archive.documents(every=True)}


def test_the_list_says_pages_language_date_items_and_problems(past: Path) -> None:
    said = rabat("documents", "--archive", past).stdout
    assert re.search(
        r"^\w{10}  Rapport annuel\n    3 pages, fr, 2019-03-12, seen 2019-05-01 to 2019-05-06\n    \S+rapport.pdf\n    linked by \w{10}$", said, re.M
    )
    assert "document_encrypted: the file can be opened with a password only" in said and "Télécharger 3" in said
    assert said.rstrip().endswith("5 documents")
    assert rabat("documents", "--versions", "--archive", past).stdout.rstrip().endswith("7 documents")
    assert "an earlier version" in rabat("documents", REPORT, "--versions", "--archive", past).stdout
    assert rabat("documents", "101", "--archive", past).stdout.rstrip().endswith("4 documents")
    rows = [json.loads(line) for line in rabat("documents", "--json", "--archive", past).stdout.splitlines()]
    assert {row["url"].rpartition("/")[2]: row["pages"] for row in rows} == {
        "rapport.pdf": 3,
        "copie.pdf": 3,
        "plan.docx": 1,
        "exposé.pptx": 2,
        "secret.pdf": 0,
    }


def test_an_unknown_document_is_an_error_with_a_remedy(past: Path) -> None:
    done = rabat("documents", f"{BASE}/images/nichts.pdf", "--archive", past, code=1)
    assert "nor a document this address; rabat-crawler documents lists all" in done.stderr


# Kept -------------------------------------------------------------------------------------------------------------------------


def test_a_rebuild_gives_the_same_rows_with_one_process_or_two(past: Path, tmp_path: Path) -> None:
    folder = copy_of(past, tmp_path)
    rows = dump_of(folder)
    assert sum('"table": "documents"' in row for row in rows) == 7 and sum('"table": "document_pages"' in row for row in rows) == 12
    with Archive.open(folder, write=True) as archive:
        assert archive.verify().faults == ()
        for workers in (1, 2):
            archive.rebuild(workers=workers)
            assert list(archive.dump()) == rows
        assert archive.rebuild_diff().counts == {}
        assert archive.verify().faults == ()


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_captures_does_not_matter(past: Path, tmp_path: Path, seed: int) -> None:
    records = records_of(past)
    random.Random(seed).shuffle(records)
    assert added(records, tmp_path / "again", batch=1 + seed * 4) == dump_of(past)


def test_a_capture_given_twice_or_taken_out_leaves_what_the_others_say(past: Path, tmp_path: Path) -> None:
    records = records_of(past)
    other = [one for one in records if one.capture.url == REPORT and one.capture.record_type == "response"][-1]
    earlier = dataclasses.replace(other.capture, captured_at=night(-1), digest="sha256:0", warc_file="a.warc.gz")
    replaced = Record(capture=earlier, response_headers=other.response_headers, body=report(4))
    expected = [replaced if one is other else one for one in records]
    assert added([*records, replaced, other], tmp_path / "one", batch=4) == added(expected, tmp_path / "two", batch=99)


@pytest.mark.parametrize("day", [0, 2, 3, 4, 6])
def test_the_documents_of_a_day_are_those_captured_by_then(past: Path, tmp_path: Path, day: int) -> None:
    Archive.open(brought(tmp_path / "stopped", [one for one in PAST if one.days < day + 1]), write=True).close()
    names = {
        (one["url"], one["captured_at"]): one["record_id"] for one in map(json.loads, dump_of(tmp_path / "stopped")) if one["table"] == "captures"
    }
    then = f"2019-05-{day + 1:02}"
    with Archive.open(past) as now, now.as_of(then) as as_of:
        known = {(one["url"], one["captured_at"]): one["record_id"] for one in map(json.loads, as_of.dump()) if one["table"] == "captures"}
        renamed = {known[place]: names[place] for place in names}
        rows = [re.sub(r"urn:uuid:[0-9a-f-]{36}", lambda found: renamed[found[0]], row) for row in of_documents(list(as_of.dump()))]
        assert sorted(rows) == sorted(of_documents(dump_of(tmp_path / "stopped")))
        assert bool(as_of.search_documents("merci")) == (day >= 2)


def test_a_day_is_searched_by_the_command(past: Path) -> None:
    assert "numéro [2]" in rabat("search", "diasporas 2", "--as-of", "2019-05-03", "--archive", past).stdout.replace("\n    ", " ")
    assert "nothing found" in rabat("search", "merci", "--as-of", "2019-05-02", "--archive", past).stdout
    assert rabat("documents", "--as-of", "2019-05-01", "--archive", past).stdout.rstrip().endswith("3 documents")


def test_held_captures_say_nothing_until_they_are_let_in(past: Path, tmp_path: Path) -> None:
    folder = copy_of(past, tmp_path)
    rows = dump_of(folder)
    run = Run(run_id="run-001", spider="dialogue", site="rabat-process", started_at="2019-05-01T08:00:00.000000Z", finished_at="x", status="finished")
    held = dataclasses.replace(run, counts={"held": True})
    with Archive.open(folder, write=True) as archive:
        archive.end_run(held)
        archive.hold_back([held])
        (second, cut) = sorted(named(archive, REPORT), key=lambda one: one.first_seen)[:2]
        assert "numéro 1" not in " ".join(archive.document_pages(second.document_id)), cut
        kept = list(archive.dump())
        archive.rebuild(workers=1)
        assert list(archive.dump()) == kept
        archive.accept("run-001")
        assert list(archive.dump()) == rows


def test_documents_that_have_no_rows_are_read_when_an_archive_is_opened(past: Path, tmp_path: Path) -> None:
    folder = copy_of(past, tmp_path)
    rows = dump_of(folder)
    connection = schema.connect(folder / "rabat.db", write=True)
    for statement in ("PRAGMA foreign_keys = OFF", "DELETE FROM document_pages", "DELETE FROM documents"):
        connection.execute(statement)
    connection.close()
    with Archive.open(folder, write=True) as archive:
        assert archive.notes == ["7 documents were read that the archive held unread"]
        assert list(archive.dump()) == rows
    with Archive.open(folder, write=True) as archive:
        assert archive.notes == []


def test_a_document_whose_record_is_lost_has_a_problem_that_says_so(past: Path, tmp_path: Path) -> None:
    records = records_of(past)
    with Archive.open(tmp_path / "again", write=True, create=True) as archive:
        archive.add_captures([(record, registry.resolve(record.capture.site)) for record in records])
        archive.connection.execute("DELETE FROM document_pages")
        archive.connection.execute("DELETE FROM documents")
    with Archive.open(tmp_path / "again", write=True) as archive:
        assert {problem.code for one in archive.documents(REPORT) for problem in one.problems} == {"document_unread"}
        assert archive.search_documents("diasporas") == []


def test_an_unchanged_document_is_read_once(past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy_of(past, tmp_path)
    asked: list[int] = []
    read = DocumentReader.read

    def counted(self: DocumentReader, body: bytes) -> object:
        asked.append(len(body))
        return read(self, body)

    monkeypatch.setattr(DocumentReader, "read", counted)
    with Archive.open(folder, write=True) as archive:
        archive.rebuild(workers=1)
    assert len(asked) == 6  # rapport in two editions and a cut one, plan, exposé, secret; the copy and all revisits have the same bytes


def test_what_verify_and_diff_say_of_changed_documents(past: Path, tmp_path: Path) -> None:
    folder = copy_of(past, tmp_path)
    with Archive.open(folder, write=True) as archive:
        archive.connection.execute("UPDATE document_pages SET text = 'autre' WHERE page = 2")
        archive.connection.execute("UPDATE documents SET language = 'en' WHERE media_type IS NOT NULL")
        assert {(fault.code, fault.place.split()[0]) for fault in archive.verify().faults} == {("changed", "documents")}
        changed = archive.rebuild_diff()
        assert changed.counts["document language"] >= 5 and "lost documents" not in changed.counts
        archive.connection.execute("DROP TRIGGER pages_fts_delete")
        archive.connection.execute("DELETE FROM document_pages WHERE page = 3")
        codes = {fault.code for fault in archive.verify().faults}
        assert {"no_pages", "text_index", "changed"} <= codes
        archive.rebuild()
        assert archive.verify().faults == ()


def test_a_backup_holds_documents(past: Path, tmp_path: Path) -> None:
    with Archive.open(past) as archive:
        made = archive.backup(tmp_path / "backups")
    with Archive.open(made.path) as backup:
        assert len(backup.search_documents("participants")) == 1
    shutil.rmtree(tmp_path / "backups")


def test_places_do_not_matter(past: Path, tmp_path: Path) -> None:
    folder = copy_of(past, tmp_path)
    rows = without_places(dump_of(folder))
    for number, path in enumerate(sorted((folder / "warc").glob("*.gz"), reverse=True)):
        path.rename(path.with_name(f"{number:02}-{path.name}"))
    with Archive.open(folder, write=True, recover=False) as archive:
        archive.rebuild(workers=1)
        assert without_places(list(archive.dump())) == rows
