"""A search through translations, through earlier versions, of many hits, and on the command line."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive, Filters, ranking, search
from rabat_crawler.spreadsheets import csv_text
from tests.building import BASE, article_html, environment, night, rabat, recorded, small_archive

FR, EN = f"{BASE}/fr/actualites/10-accueil", f"{BASE}/en/news/11-reception"
HEAD = f"<link rel='alternate' hreflang='fr-fr' href='{FR}'><link rel='alternate' hreflang='en-gb' href='{EN}'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("beyond") / "archive"
    first = [
        (FR, article_html("Accueil des réfugiés", "Les réfugiés sont logés. Le mot zibeline figure ici.", head=HEAD)),
        (EN, article_html("Reception of refugees", "Refugees are housed.", head=HEAD, language="en-gb")),
        (f"{BASE}/fr/actualites/12-autre", article_html("=Autre nouvelle", "Rien à voir, sauf un zibou.", date="2016-01-01")),
    ]
    recorded(path, first, run_id="a")
    recorded(path, [(FR, article_html("Accueil des réfugiés", "Les réfugiés sont logés en ville.", head=HEAD))], run_id="b", at=night(3))
    Archive.open(path, write=True, create=True).close()
    return path


@pytest.fixture(scope="module")
def archive(folder: Path) -> Iterator[Archive]:
    with Archive.open(folder) as opened:
        yield opened


def test_a_translation_is_found_through_its_twin_and_says_so(archive: Archive) -> None:
    assert [hit.item.language for hit in archive.search("réfugiés")] == ["fr"]
    results = archive.search("réfugiés", twin=True, facets=True)
    assert [(hit.item.language, hit.through) for hit in results] == [("fr", None), ("en", results[0].item.item_id)]
    assert results.total == 2 and {one.value: one.count for one in results.facets["language"]} == {"fr": 1, "en": 1}


def test_filters_hold_for_what_is_found_through_a_twin(archive: Archive) -> None:
    for narrowed in (archive.search("réfugiés", Filters(language="en"), twin=True), archive.search("réfugiés lang:en", twin=True)):
        assert [hit.item.title for hit in narrowed] == ["Reception of refugees"] and narrowed.total == 1
    assert archive.search("réfugiés lang:en until:2016", twin=True).total == 0
    assert archive.search("lang:fr", twin=True).total == 2  # no words: nothing to find through


def test_pages_together_are_what_one_long_page_is_also_with_what_is_found_otherwise(tmp_path: Path) -> None:
    """More hits than are ordered with the preference for dated ones: those behind come by their own rank."""
    french, english = f"{BASE}/fr/actualites/900-sommet", f"{BASE}/en/news/901-summit"
    pair = f"<link rel='alternate' hreflang='fr-fr' href='{french}'><link rel='alternate' hreflang='en-gb' href='{english}'>"
    pages = [
        (f"{BASE}/fr/actualites/{100 + number}-rencontre", article_html(f"Rencontre {number}", "Le sommet a eu lieu. " + f"Un mot de plus {number}. " * (number // 3),
         date="2017-07-17" if number % 3 else ""))
        for number in range(90)
    ]  # fmt: skip
    pages += [
        (french, article_html("Sommet", "Le sommet.", head=pair)),
        (english, article_html("Summit", "The summit.", head=pair, language="en-gb")),
    ]
    with Archive.open(small_archive(tmp_path / "archive", pages)) as archive:
        for sort in ("relevance", "newest"):
            long = [hit.item.item_id for hit in archive.search("sommet", twin=True, limit=200, sort=sort)]
            short = [
                hit.item.item_id for start in range(0, 100, 10) for hit in archive.search("sommet", twin=True, limit=10, offset=start, sort=sort)
            ]
            assert len(long) == 92 and short == long


def test_an_earlier_version_is_found_on_demand_only(archive: Archive) -> None:
    assert archive.search("zibeline").total == 0
    (hit,) = archive.search("zibeline", versions=True)
    assert hit.item.title == "Accueil des réfugiés" and "\x02zibeline\x03" in hit.snippet
    assert hit.version_id == archive.versions(hit.item.item_id)[0].version_id
    assert archive.search("ville", versions=True)[0].version_id is None


def test_earlier_versions_follow_an_item_that_goes_back(folder: Path, tmp_path: Path) -> None:
    recorded(tmp_path / "a", [(FR, article_html("Titre", "Texte premier zèbre."))], run_id="a")
    recorded(tmp_path / "a", [(FR, article_html("Titre", "Texte second yack."))], run_id="b", at=night(1))
    with Archive.open(tmp_path / "a", write=True, create=True) as archive:
        assert [archive.search(word, versions=True).total for word in ("zèbre", "yack")] == [1, 1]
        assert archive.search("zèbre", versions=True)[0].version_id is not None
    recorded(tmp_path / "a", [(FR, article_html("Titre", "Texte premier zèbre."))], run_id="c", at=night(2))
    with Archive.open(tmp_path / "a", write=True) as archive:
        assert archive.search("zèbre")[0].version_id is None and archive.search("yack", versions=True)[0].version_id is not None


@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
def test_what_is_found_in_many_items_is_ordered_and_counted_in_part(archive: Archive, monkeypatch: pytest.MonkeyPatch, sort: str, twin: bool) -> None:
    words = "réfugiés OR refugees OR nouvelle"
    whole = archive.search(words, sort=sort, twin=twin, facets=True)
    for name, value in (("FREQUENT", 1), ("COUNTED", 1), ("AT_ONCE", 0)):
        monkeypatch.setattr(ranking, name, value)
    monkeypatch.setattr(search, "COUNTED_FOR_FACETS", 1)
    part = archive.search(words, sort=sort, twin=twin, facets=True)
    assert not part.exact
    if sort != "relevance":
        assert [hit.item.item_id for hit in part] == [hit.item.item_id for hit in whole]
    assert {hit.item.item_id for hit in part} <= {hit.item.item_id for hit in whole} and len(part) >= 1


COSTLY = [(words, 2000) for words in ("camp fichier", "le camp", '"camp de fichiers"')] + [
    (words, 0) for words in ('"camp de fichiers"', '"camp de fichiers" OR "fichier du camp"')
]
"""Words, and up to how many hits are ranked at once."""


@pytest.fixture(scope="module")
def camps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items of which each says more of the words than the next; the last one but in another form."""
    pages = [
        ("Un camp de fichiers", "Le fichier du camp et les camps de fichiers."),
        ("Une lettre", "Un camp de fichiers, un autre camp de fichiers, et encore un fichier du camp."),
        ("Une autre lettre", "Un camp de fichiers et bien des mots qui n'en parlent pas du tout, ni de près ni de loin, comme on le voit ici."),
        ("Encore une lettre", "Des camps lointains, des fichiers oubliés, et bien des mots qui n'en parlent pas du tout, ni de près ni de loin."),
    ]
    folder = tmp_path_factory.mktemp("camps") / "archive"
    return small_archive(folder, [(f"{BASE}/fr/actualites/{number}-x", article_html(title, text)) for number, (title, text) in enumerate(pages, 1)])


@pytest.mark.parametrize(("words", "at_once"), COSTLY)
def test_what_holds_frequent_words_is_ranked_by_reading_it(camps: Path, monkeypatch: pytest.MonkeyPatch, words: str, at_once: int) -> None:
    with Archive.open(camps) as archive:
        whole = [hit.item.item_id for hit in archive.search(words)]
        assert len(whole) >= 2
        monkeypatch.setattr(ranking, "FREQUENT", 0)
        monkeypatch.setattr(ranking, "AT_ONCE", at_once)
        read = archive.search(words)
        assert [hit.item.item_id for hit in read] == whole
        assert [hit.item.item_id for offset in range(len(whole)) for hit in archive.search(words, limit=1, offset=offset)] == whole


def test_the_file_is_searched_by_plain_sqlite_without_regard_to_accents(folder: Path) -> None:
    connection = sqlite3.connect(folder / "rabat.db")
    question = "SELECT i.title FROM items_fts JOIN items i ON i.id = items_fts.rowid WHERE items_fts MATCH ? ORDER BY rank"
    assert connection.execute(question, ("refugies",)).fetchall() == [("Accueil des réfugiés",)]
    connection.close()


def test_a_table_for_spreadsheets_runs_no_formula(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(rabat("search", "zibou", "--csv", "--archive", folder).stdout)))
    assert rows[0]["title"] == "'=Autre nouvelle" and rows[0]["language"] == "fr" and rows[0]["number"] == "1"
    assert csv_text([]) == "" and csv_text([], ["a"]) == "a\n"
    assert csv_text([{"a": "+1", "b": -1, "c": "x\x00y", "d": None}]) == "a,b,c,d\n'+1,-1,x\ufffdy,\n"


def test_the_command_line_pages_sorts_and_says_what_was_found(folder: Path) -> None:
    assert rabat("search", "lang:fr", "--urls", "--sort", "oldest", "--archive", folder).stdout.split() == [f"{BASE}/fr/actualites/12-autre", FR]
    said = rabat("search", "lang:fr", "--limit", "1", "--archive", folder).stdout
    assert "2 items (1 to 1; --offset 1 goes on)" in said
    assert "2 items (2 to 2)" in rabat("search", "lang:fr", "--offset", "1", "--archive", folder).stdout
    assert "--offset 9 is behind the last one" in rabat("search", "lang:fr", "--offset", "9", "--archive", folder).stdout
    assert "did you mean: logés" in rabat("search", "logfs", "--archive", folder).stdout
    assert "found through its translation" in rabat("search", "réfugiés", "--twin", "--archive", folder).stdout
    assert "found in an earlier version" in rabat("search", "zibeline", "--versions", "--archive", folder).stdout
    lines = [json.loads(line) for line in rabat("search", "lang:fr", "--json", "--facets", "--archive", folder).stdout.splitlines()]
    assert lines[-1]["search"]["facets"]["year"][0] == {"value": "2016", "count": 1} and lines[-1]["search"]["total"] == 2
    assert "since:x is no date" in rabat("search", "since:x", "--archive", folder, code=2).stderr
    assert "exclude each other" in rabat("search", "a", "--json", "--csv", "--archive", folder, code=2).stderr


def test_plain_datasette_without_our_plugin_searches_without_regard_to_accents(folder: Path) -> None:
    question = "/rabat/items.json?_search=refugies&_shape=array&_col=title"
    command = [sys.executable, "-m", "datasette", str(folder / "rabat.db"), "--get", question]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(DATASETTE_LOAD_PLUGINS=""))
    assert [row["title"] for row in json.loads(done.stdout)] == ["Accueil des réfugiés"], done.stderr
