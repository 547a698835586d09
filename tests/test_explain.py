"""`explain`: what a page, a document or a text gives, and why; every wrong input is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.demo.pdf import make_pdf
from tests.building import rabat, sample_archive

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Une réunion à Kayes</title></head><body><main><article>
<h1>Une réunion à Kayes</h1><time datetime="2016-05-02">2 mai 2016</time>
<p>La réunion sur les transferts de fonds s'est tenue à Kayes du 27 au 29 avril 2016. Les inscriptions étaient ouvertes jusqu'au 12 avril 2016 auprès du Secrétariat.</p>
<p>Une quarantaine de participants venus de douze pays ont échangé sur les coûts et sur les délais des envois, avec le soutien de plusieurs banques.</p>
</article></main></body></html>"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


TEXTS = [
    (("le 19 juillet 2017, à Dakar", "fr"), [("2017-07-19", None, "day", "19 juillet 2017")]),
    (("du 1er au 2 juillet 2019", "fr"), [("2019-07-01", "2019-07-02", "day", "1er au 2 juillet 2019")]),
    (("Committee 1 - 9th June 2017", "en"), [("2017-06-09", None, "day", "9th June 2017")]),
    (("held 12-13 May in Madrid", "en", "--year", "2022"), [("2022-05-12", "2022-05-13", "day", "12-13 May")]),
    (("held 12-13 May in Madrid", "en"), []),
    (("the programme 2018-2020", "en"), []),
    (("en avril 2017", "fr"), [("2017-04", None, "month", "avril 2017")]),
]


@pytest.mark.parametrize(("given", "wanted"), TEXTS, ids=[case[0][0] for case in TEXTS])
def test_the_dates_in_a_text(given: tuple[str, ...], wanted: list[tuple[str, str | None, str, str]]) -> None:
    text, lang, *options = given
    found = json.loads(rabat("explain", "--text", text, "--lang", lang, *options, "--json").stdout)
    assert [(one["start"], one["end"], one["precision"], one["raw"]) for one in found] == wanted
    assert all(set(one) == {"start", "end", "precision", "raw", "rule"} and one["rule"] for one in found)


def test_a_saved_page_is_explained_with_every_date_and_vote(page: Path) -> None:
    shown = rabat("explain", page).stdout
    assert "layout generic (page, rank 90): chosen, gave 1 items" in shown
    assert "+ published 2016-05-02" in shown and "+ event 2016-04-27 to 2016-04-29" in shown
    assert "- event 2016-04-12" in shown and "refused: deadline" in shown
    assert "language: fr" in shown and "html lang: en" in shown
    assert "meeting: place kayes ML" in shown
    found = json.loads(rabat("explain", page, "--json").stdout)
    assert [one["title"] for one in found["items"]] == ["Une réunion à Kayes"]
    assert found["items"][0]["meeting"]["country"] == "ML" and found["items"][0]["language_votes"]


def test_a_page_may_be_read_as_of_a_site_and_an_address(page: Path) -> None:
    found = json.loads(
        rabat("explain", page, "--site", "rabat-process", "--url", "https://www.rabat-process.org/fr/activites/kayes", "--json").stdout
    )
    assert (found["site"], found["items"][0]["url"]) == ("rabat-process", "https://www.rabat-process.org/fr/activites/kayes")


def test_an_address_is_read_from_its_latest_capture() -> None:
    with Archive.open(sample_archive(3)) as archive:
        item = archive.item("166")
    found = json.loads(rabat("explain", str(item.canonical_url), "--archive", sample_archive(3), "--json").stdout)
    assert (found["layout"], found["items"][0]["title"]) == (item.layout, item.title)
    assert [one["name"] for one in found["layouts"] if one["chosen"]] == [item.layout]


def test_a_document_is_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "note.pdf"
    path.write_bytes(make_pdf("Note", ["Dakar, le 12 mai 2016", "Une note sur les registres."]))
    shown = rabat("explain", path).stdout
    assert "application/pdf, 1 pages" in shown and "2016-05-12" in shown and "registres" in shown
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")
    assert "problem document_broken" in rabat("explain", broken).stdout


WRONG = [
    ((), "give a page"), (("--text", "x"), "needs its language"), (("no-such-file.html",), "there is no file no-such-file.html"), (("/",), "is a folder"),
    (("page.html", "--lang", "fr"), "belong to --text"), (("http://x.example/a", "--site", "sample"), "belong to a FILE"),
    (("page.html", "--text", "x"), "give a page"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "said"), WRONG, ids=lambda case: " ".join(case) if isinstance(case, tuple) else None)
def test_what_cannot_be_explained_is_told(given: tuple[str, ...], said: str) -> None:
    assert said in rabat("explain", *given, code=2).stderr


def test_an_address_without_capture_and_a_site_without_definition_are_told(page: Path) -> None:
    assert "was never captured" in rabat("explain", "http://x.example/a", "--archive", sample_archive(1), code=1).stderr
    assert "there is no site definition 'rabat'" in rabat("explain", page, "--site", "rabat", code=2).stderr
    assert "is no http or https address" in rabat("explain", page, "--url", "ftp://x", code=2).stderr


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"<" * 100_000, b"<html>" + b"<div>" * 20_000, "\ufffe".encode("utf-16")])
def test_any_bytes_are_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.html"
    path.write_bytes(content)
    assert "layout" in rabat("explain", path).stdout
