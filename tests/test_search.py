"""Whatever a person types is a search or a sentence that says why not; what is found does not depend on accents, ligatures or apostrophes."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.archive import Archive, Filters, schema
from rabat_crawler.errors import SearchSyntax
from rabat_crawler.query.excerpt import MARK_END, MARK_START
from rabat_crawler.query.grammar import MAX_LENGTH, MAX_TERMS
from tests.building import BASE, article_html, copy_of, environment, night, recorded, sample_archive, small_archive

ARTICLES = (
    ("1-comite", "Comité de pilotage à Sénégal", "Le comité de pilotage s’est réuni à Dakar.", "2017-12-31", "fr"),
    ("2-coeur", "Au cœur du dialogue", "L’œuvre commune des États, curriculum vitæ compris.", "2018-01-01", "fr"),
    ("3-steering", "Steering committee", "The committee of pilotage met in Dakar; co-development is at its heart.", "2017-05-14", "en"),
    ("4-oeuvre", "Manoeuvres d'ensemble", "Ecrit sans ligature, l'oeuvre, avec une apostrophe droite.", "2016-02-29", "fr"),
    ("5-arab", "حوار الهجرة", "اجتماع في الرباط حول الهجرة.", "2015-03-03", "fr"),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("search")
    pages = [
        (f"{BASE}/{language}/actualites/{name}", article_html(title, text * 3, date=date, language=f"{language}-xx"))
        for name, title, text, date, language in ARTICLES
    ]
    with Archive.open(small_archive(folder, pages)) as opened:
        yield opened


def titles(archive: Archive, words: str, **filters: str) -> set[str]:
    return {hit.item.title for hit in archive.search(words, Filters(**filters))}


SENEGAL, HEART, STEERING, WORK, ARAB = (title for _, title, *_ in ARTICLES)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("senegal", {SENEGAL}),
        ("SÉNÉGAL", {SENEGAL}),
        ("Se\u0301ne\u0301gal", {SENEGAL}),
        ("coeur", {HEART}),
        ("cœur", {HEART}),
        ("CŒUR", {HEART}),
        ("oeuvre", {HEART, WORK}),
        ("œuvre", {HEART, WORK}),
        ("manœuvres", {WORK}),
        ("vitae", {HEART}),
        ("l'oeuvre", {HEART, WORK}),
        ("l’œuvre", {HEART, WORK}),
        ("comite dakar", {SENEGAL}),
        ("dakar", {SENEGAL, STEERING}),
        ('"comite de pilotage"', {SENEGAL}),
        ("« comité de pilotage »", {SENEGAL}),
        ("“comite de pilotage”", {SENEGAL}),
        ('"pilotage comite"', set()),
        ('"comite de', {SENEGAL}),
        ("commi*", {STEERING}),
        ("comit*", {SENEGAL}),
        ("comm*", {STEERING, HEART}),
        ("oeuv*", {HEART, WORK}),
        ("manœ*", {WORK}),
        ("co*", {STEERING}),
        ("co-development", {STEERING}),
        ("الهجرة", {ARAB}),
        ("dakar AND", {SENEGAL, STEERING}),
        ("dakar OR oeuvre", {SENEGAL, STEERING, HEART, WORK}),
        ("title:comite", {SENEGAL}),
        ("title:oeuvre", set()),
        ("", {SENEGAL, HEART, STEERING, WORK, ARAB}),
        (" \t\n", {SENEGAL, HEART, STEERING, WORK, ARAB}),
        ("***", set()),
        ('""', set()),
        ("’", set()),
    ],
)
def test_words_find_what_a_reader_would_expect(archive: Archive, words: str, found: set[str]) -> None:
    assert titles(archive, words) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"language": "en"}, {STEERING}),
        ({"language": "fr"}, {SENEGAL}),
        ({"kind": "news"}, {SENEGAL, STEERING}),
        ({"kind": "publication"}, set()),
        ({"until": "2017"}, {SENEGAL, STEERING}),
        ({"until": "2017-12"}, {SENEGAL, STEERING}),
        ({"until": "2017-12-30"}, {STEERING}),
        ({"since": "2017-12-31", "until": "2017-12-31"}, {SENEGAL}),
        ({"since": "2018"}, set()),
        ({"site": "rabat-process"}, {SENEGAL, STEERING}),
        ({"site": "x' OR 1=1 --"}, set()),
        ({"language": "\udcff"}, set()),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),
)
def test_filters_narrow_a_search(archive: Archive, filters: dict[str, str], found: set[str]) -> None:
    assert titles(archive, "dakar", **filters) == found
    assert {item.title for item in archive.items(Filters(**filters))} & {SENEGAL, STEERING} == found


def test_since_and_until_take_in_whole_years_of_a_list(archive: Archive) -> None:
    assert {item.title for item in archive.items(Filters(since="2017", until="2017"))} == {SENEGAL, STEERING}


def test_the_limit_cuts_after_the_best(archive: Archive) -> None:
    every = archive.search("dakar")
    assert [hit.item.item_id for hit in archive.search("dakar", limit=1)] == [every[0].item.item_id]
    assert [hit.rank for hit in every] == sorted(hit.rank for hit in every)


def test_a_word_of_the_title_ranks_before_one_of_the_text(archive: Archive) -> None:
    assert archive.search("pilotage")[0].item.title == SENEGAL


def test_snippet_and_title_mark_the_words_found(archive: Archive) -> None:
    hit = archive.search("comite")[0]
    assert hit.title_marked == f"{MARK_START}Comité{MARK_END} de pilotage à Sénégal"
    assert f"{MARK_START}comité{MARK_END}" in hit.snippet


PIECES = (
    '" * ( ) { } [ ] ^ + - : , . ; \' % _ \\ / AND OR NOT NEAR NEAR( title: text: dakar* "dakar '
    "\x00 \n \t \x1b[31m 🙂 👩‍👩‍👧 \u202e הגירה ߊ ﷽ İ ß œ ½ ² \ud800 \udcff ﬁ ٣ \uffff \U0010ffff e\u0301"
).split(" ")
INJECTIONS = [
    "'; DROP TABLE items; --",
    "1 OR 1=1",
    "x') UNION SELECT 1,2,3,4 --",
    ":query",
    "?1",
    "$query",
    "@x",
    "char(0)",
    "items_fts MATCH 'x'",
    "rank",
    "{title}: x",
    "NEAR(a b, 3)",
]


def hostile() -> list[str]:
    dice = random.Random(11)
    made = [" ".join(dice.choices(PIECES, k=dice.randrange(1, 12))) for _ in range(110)]
    made += ["".join(dice.choices(PIECES, k=dice.randrange(1, 12))) for _ in range(70)]
    return [*made, *PIECES, *INJECTIONS, "x" * 10_000, "a " * 5_000, '"' * 499, "*" * 500, "œ" * 500, "a " * MAX_TERMS, "-" * 500]


def test_two_hundred_hostile_searches_are_answered(archive: Archive) -> None:
    assert len(hostile()) >= 200
    for words in hostile():
        try:
            hits = archive.search(words)
        except SearchSyntax as error:
            assert "use fewer words" in str(error) and (len(words) > MAX_LENGTH or len(words.split()) > MAX_TERMS)
        else:
            assert len(hits) <= len(ARTICLES)
    assert archive.counts()["items"] == len(ARTICLES)


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=600) | st.lists(st.sampled_from([*PIECES, "dakar", "comite"]), max_size=40).map(" ".join))
def test_any_text_at_all_is_answered(archive: Archive, words: str) -> None:
    try:
        archive.search(words, limit=5)
    except SearchSyntax:
        assert len(words) > 2 * MAX_TERMS


@pytest.mark.parametrize("words", ["x" * (MAX_LENGTH + 1), "a " * (MAX_TERMS + 1)], ids=["characters", "words"])
def test_too_long_a_search_says_so(archive: Archive, words: str) -> None:
    with pytest.raises(SearchSyntax, match="at most"):
        archive.search(words)


def test_every_word_of_a_title_finds_it(archive: Archive) -> None:
    with Archive.open(sample_archive(1)) as sample:
        for item in list(sample.items())[::4]:
            for word in item.title.split():
                if any(letter.isalnum() for letter in word):
                    assert item.item_id in {hit.item.item_id for hit in sample.search(word, limit=1000)}, (item.title, word)


def test_the_file_answers_plain_sqlite() -> None:
    connection = sqlite3.connect(f"file:{sample_archive(1) / 'rabat.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT i.title FROM items_fts JOIN items i ON i.id = items_fts.rowid WHERE items_fts MATCH 'senegal' ORDER BY rank"
    ).fetchall()
    with Archive.open(sample_archive(1)) as archive:
        assert sorted(title for (title,) in rows) == sorted(hit.item.title for hit in archive.search("senegal", limit=1000)) and rows
    connection.close()


def integrity(database: Path) -> None:
    """FTS5's own check, against the content of items; it raises if they differ."""
    copy = shutil.copy(database, database.with_name("checked.db"))
    connection = sqlite3.connect(copy)
    connection.execute("INSERT INTO items_fts (items_fts, rank) VALUES ('integrity-check', 1)")
    connection.close()


def test_the_index_follows_items_that_change_and_go(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    integrity(folder / "rabat.db")
    address = f"{BASE}/fr/9-premier"
    recorded(folder, [(address, article_html("Premier titre", "Premier texte zébu."))], run_id="a")
    Archive.open(folder, write=True).close()
    recorded(folder, [(address, article_html("Second titre", "Second texte yack."))], run_id="b", at=night(1))
    with Archive.open(folder, write=True) as archive:
        assert archive.search("zebu").hits == () and [hit.item.title for hit in archive.search("yack")] == ["Second titre"]
        archive.connection.execute("PRAGMA foreign_keys = OFF")
        archive.connection.execute("DELETE FROM items WHERE title = 'Second titre'")
        archive.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert archive.search("yack").hits == ()
    integrity(folder / "rabat.db")


def test_the_check_itself_can_fail(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    connection = schema.connect(folder / "rabat.db", write=True)
    connection.execute("DROP TRIGGER items_fts_update")
    connection.execute("UPDATE items SET title = 'Faux'")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        integrity(folder / "rabat.db")


HEAVY = ("scrapy", "twisted", "datasette", "bs4", "selectolax", "dateparser", "langdetect", "lxml", "warcio", "pypdfium2")


@pytest.mark.parametrize(
    "command", [["search", "senegal"], ["items"], ["documents"], ["stats"], ["runs"], ["--help"]], ids=lambda command: command[0]
)
def test_reading_commands_load_no_crawler_and_no_parser(command: list[str]) -> None:
    script = (
        f"import sys; sys.argv = ['rabat-crawler', *{command!r}]\n"
        "from rabat_crawler.cli import main\n"
        "try:\n    main()\nexcept SystemExit as out:\n    assert not out.code, out.code\n"
        f"found = sorted(set({HEAVY!r}) & set(sys.modules))\nassert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment(RABAT_ARCHIVE=str(sample_archive(1))))
    assert done.returncode == 0, done.stderr
