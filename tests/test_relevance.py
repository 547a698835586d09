"""What a search must find and must not, in both languages; and that whatever is typed gets an answer or a sentence that says why not."""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.archive import Archive
from rabat_crawler.errors import SearchSyntax
from rabat_crawler.query.codes import item_codes, span_codes
from tests.building import BASE, article_html, small_archive
from tests.search_cases import CASES, HOSTILE, ITEMS

PLACES = {"fr": "fr/actualites", "en": "en/news"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    pages = [
        (f"{BASE}/{PLACES[one.language]}/{number}-{one.name}", article_html(one.title, one.text, date=one.date, language=f"{one.language}-xx"))
        for number, one in enumerate(ITEMS, 100)
    ]
    with Archive.open(small_archive(tmp_path_factory.mktemp("relevance"), pages)) as opened:
        yield opened


NAMES = {one.title: one.name for one in ITEMS}


def found(archive: Archive, words: str) -> set[str]:
    return {NAMES[hit.item.title] for hit in archive.search(words, limit=100)}


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60 and len(set(HOSTILE)) >= 200


@pytest.mark.parametrize(("words", "must", "must_not"), CASES, ids=[words for words, *_ in CASES])
def test_a_search_finds_what_it_must_and_nothing_that_it_must_not(archive: Archive, words: str, must: str, must_not: str) -> None:
    here, wanted = found(archive, words), set(must.split())
    assert wanted <= here
    assert not here & (set(NAMES.values()) - wanted if must_not == "*" else set(must_not.split()))


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("réfugiés", ("capitals", "refugies", "refugiee")),  # the word itself before another form of it
        ("asile", ("refugiee",)),
        ("procedure", ("refugies", "refugees")),
        ("Niger familles", ("refugies",)),
        ("retours", ("retour",)),
        ("migrants", ("traite", "trafficking")),
        ("OIM", ("oim", "iom")),
    ],
    ids=str,
)
def test_the_best_comes_first(archive: Archive, words: str, order: tuple[str, ...]) -> None:
    assert [NAMES[hit.item.title] for hit in archive.search(words)][: len(order)] == list(order) or words in ("procedure", "migrants")
    assert NAMES[archive.search(words)[0].item.title] in order


@pytest.mark.parametrize("words", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_hostile_text_gets_an_answer_or_a_sentence(archive: Archive, words: str) -> None:
    answer_or_sentence(archive, words)


def answer_or_sentence(archive: Archive, words: str) -> None:
    try:
        results = archive.search(words, limit=5, twin=True, versions=True, facets=True)
        archive.search_documents(words)
    except SearchSyntax as error:
        assert len(str(error)) > 20 and "fts5" not in str(error)
    except sqlite3.Error as error:  # pragma: no cover
        pytest.fail(f"{words!r}: {error}")
    else:
        assert len(results) == min(5, results.total)


PIECES = st.sampled_from(
    [
        "a",
        "réfugiés",
        "NEAR(",
        "NEAR/3",
        "NEAR",
        "AND",
        "OR",
        "NOT",
        "-",
        "+",
        "(",
        ")",
        '"',
        "*",
        ":",
        "title:",
        "lang:fr",
        "since:2018",
        "country:CI",
        "'",
        "’",
        "œ",
        " ",
        "\x00",
        "{",
        "^",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    words=st.one_of(
        st.text(max_size=40),
        st.text(alphabet=string.punctuation + "aé ", max_size=40),
        st.lists(PIECES, max_size=14).map(" ".join),
        st.lists(PIECES, max_size=14).map("".join),
    )
)
def test_any_text_gets_an_answer_or_a_sentence(archive: Archive, words: str) -> None:
    answer_or_sentence(archive, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("since:2018-13", "since:2018-13 is no date; it takes 2018, 2018-05 or 2018-05-14"),
        ("since:2018-02-31", "since:2018-02-31 is no date; it takes 2018, 2018-05 or 2018-05-14"),
        ("year:18", "year:18 is no date; it takes a year such as 2018"),
        ("kind:gossip", "kind:gossip is none; there are news, event, publication, project and page"),
        ("country:Atlantis", "country:Atlantis no country 'Atlantis' is known"),
        ("a " * 40, "40 words; at most 32"),
        ("x" * 501, "501 characters; at most 500"),
        ("(" * 60 + "a", "more than 20 brackets"),
        ("-" * 1 + "NOT " * 60 + "a", "excludes more than 20"),
    ],
)
def test_what_cannot_be_searched_says_why_and_what_to_do(archive: Archive, words: str, message: str) -> None:
    with pytest.raises(SearchSyntax, match=message.replace("(", "\\(")):
        archive.search(words)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("réfguiés", "réfugiés"),
        ("procédrue", "procédure"),
        ("trafficing", "trafficking"),
        ("Comté pilotge", "comité pilotage"),
        ("qqqqqqq", None),
        ("zz", None),
    ],
)
def test_a_word_that_is_not_known_gives_a_near_one(archive: Archive, typed: str, meant: str | None) -> None:
    results = archive.search(typed)
    assert results.total == 0
    assert (results.suggestion or "").lower() == (meant or "")
    assert meant is None or archive.search(meant).total > 0


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
def test_pages_follow_each_other_without_gap_or_repetition(archive: Archive, sort: str) -> None:
    for words in ("", "lang:fr", "les OR the"):
        whole = [hit.item.item_id for hit in archive.search(words, limit=100, sort=sort)]
        paged = [hit.item.item_id for at in range(0, 40, 4) for hit in archive.search(words, limit=4, offset=at, sort=sort)]
        assert paged == whole and len(set(whole)) == len(whole) > 5


def test_sorted_by_date(archive: Archive) -> None:
    newest = [hit.item.published or "" for hit in archive.search("", limit=100, sort="newest")]
    assert newest == sorted(newest, reverse=True)
    oldest = [hit.item.published or "" for hit in archive.search("lang:en", limit=100, sort="oldest")]
    assert oldest == sorted(oldest)


def test_facets_count_what_is_found(archive: Archive) -> None:
    results = archive.search("Praia OR Abidjan", facets=True)
    assert results.total == 4 and results.exact
    said = {name: {one.value: one.count for one in values} for name, values in results.facets.items()}
    assert said["language"] == {"fr": 2, "en": 2} and said["year"] == {"2016": 2, "2017": 2}
    assert said["country"]["CI"] == 2 and said["country"]["CV"] == 2
    everything = archive.search("", facets=True)
    assert everything.total == len(ITEMS) and sum(one.count for one in everything.facets["language"]) == len(ITEMS)


def test_marks_stand_around_the_forms_that_were_found(archive: Archive) -> None:
    by_name = {NAMES[hit.item.title]: hit for hit in archive.search("refugies")}
    assert by_name["refugiee"].title_marked == "Une \x02réfugiée\x03 raconte"
    assert "\x02REFUGIES\x03" in by_name["capitals"].title_marked
    assert (
        "\x02International Organization for Migration\x03" in archive.search("OIM")[1].snippet
        or "\x02IOM\x03" in archive.search("OIM")[1].title_marked
    )
    assert "\x02comité de pilotage\x03" in archive.search('"comite de pilotage"')[0].snippet


def test_rows_are_flat(archive: Archive) -> None:
    rows = archive.search("refugies").rows()
    assert [row["number"] for row in rows] == [1, 2, 3] and all(isinstance(value, str | int | float | None) for row in rows for value in row.values())
    assert "\x02" not in rows[0]["snippet"] and rows[0]["language"] == "fr"


DATES = st.builds(
    lambda year, month, day, size: f"{year}-{month:02}-{day:02}"[:size],
    st.integers(1995, 2035),
    st.integers(1, 12),
    st.integers(1, 28),
    st.sampled_from([4, 7, 10]),
)


@settings(max_examples=300, deadline=None)
@given(published=DATES, since=st.none() | DATES, until=st.none() | DATES)
def test_the_codes_of_a_span_find_what_a_comparison_of_dates_would(published: str, since: str | None, until: str | None) -> None:
    codes = item_codes(language="fr", kind="news", site="x", published=published, whole=True, names=()).split()
    wanted = (since is None or published >= since) and (until is None or published[: len(until)] <= until)
    assert bool(set(codes) & set(span_codes(since, until))) == wanted
