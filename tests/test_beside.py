"""Paragraphs of translations beside each other; the figures of a timeline; what stands beside an item: neighbours by date, items about the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.alignment import MAX_CELLS, align, paragraphs
from rabat_crawler.archive import Archive
from rabat_crawler.errors import NotFound
from rabat_crawler.timeline import LEAST, LEFT, draw
from tests.building import BASE, article_html, small_archive
from tests.item_archives import items, three_epochs, titled

LONG = "Les participants ont parlé longuement des registres de l’état civil et de ceux qui y figurent."
ALIGNED = [
    pytest.param(["a b", "c d"], ["A B", "C D"], [(1, 1), (1, 1)], id="as many on both sides"),
    pytest.param([LONG, "Suite.", LONG], [LONG + " Suite.", LONG], [(2, 1), (1, 1)], id="two are one in the translation"),
    pytest.param([LONG, LONG + " 2017"], [LONG, LONG * 3, LONG + " 2017"], [(1, 1), (0, 1), (1, 1)], id="added"),
    pytest.param([], [LONG], [(0, 1)], id="nothing on one side"),
    pytest.param([], [], [], id="nothing"),
]


@pytest.mark.parametrize(("ours", "theirs", "expected"), ALIGNED)
def test_paragraphs_that_say_the_same_stand_beside_each_other(ours: list[str], theirs: list[str], expected: list[tuple[int, int]]) -> None:
    assert [(len(one), len(other)) for one, other in align(ours, theirs)] == expected


@given(st.lists(st.text(max_size=30), max_size=12), st.lists(st.text(max_size=30), max_size=12))
def test_no_paragraph_is_lost_or_moved(ours: list[str], theirs: list[str]) -> None:
    pairs = align(ours, theirs)
    assert [text for one, _ in pairs for text in one] == ours
    assert [text for _, other in pairs for text in other] == theirs
    assert all(one or other for one, other in pairs)


def test_texts_of_any_length_are_bounded() -> None:
    ours = ["x"] * (MAX_CELLS // 10)
    pairs = align(ours, ["y"] * 11)
    assert len(pairs) == len(ours)


@pytest.mark.parametrize(("text", "expected"), [("a\n\nb", ("a", "b")), ("a\nb\n \n\n c", ("a\nb", "c")), ("", ()), ("\n\n", ()), ("one", ("one",))])
def test_paragraphs_are_apart_by_blank_lines(text: str, expected: tuple[str, ...]) -> None:
    assert paragraphs(text) == expected


def test_a_timeline_has_a_row_for_each_version_and_a_bar_for_each_span() -> None:
    first, last = "2016-12-20T04:10:00.000000Z", "2022-03-01T08:31:00.000000Z"
    drawn = draw(
        [(1, first, "2017-01-01T00:00:00.000000Z", 2), (2, "2019-06-10T00:00:00.000000Z", "2019-06-10T00:00:00.000000Z", 1), (1, last, last, 1)]
    )
    assert drawn is not None
    assert [number for number, _ in drawn.rows] == [1, 2]
    assert [bar.number for bar in drawn.bars] == [1, 2, 1]
    assert drawn.bars[0].x == LEFT
    assert drawn.bars[1].width == LEAST
    assert drawn.bars[2].x + drawn.bars[2].width == drawn.width
    assert drawn.bars[0].y == drawn.bars[2].y != drawn.bars[1].y
    assert [mark.value for mark in drawn.marks] == ["2017", "2018", "2019", "2020", "2021", "2022"]
    assert len(draw([(1, first, last, 2)], 290).marks) <= 4  # type: ignore[union-attr]


def test_a_timeline_of_one_moment_and_of_none() -> None:
    moment = "2019-05-01T06:00:00.000000Z"
    drawn = draw([(1, moment, moment, 1)])
    assert drawn is not None
    assert [(mark.value, mark.anchor) for mark in drawn.marks] == [("2019-05-01", "start")]
    assert draw([]) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.datetimes(), st.datetimes()), min_size=1, max_size=8))
def test_every_bar_lies_within_the_drawing(spans: list[tuple[int, object, object]]) -> None:
    times = [(number, *sorted(f"{moment.isoformat()}Z" for moment in (one, other)), 1) for number, one, other in spans]  # type: ignore[attr-defined]
    drawn = draw(times)  # type: ignore[arg-type]
    assert drawn is not None
    assert all(drawn.width + 0.2 >= bar.x + bar.width and bar.x >= LEFT and bar.y < drawn.axis for bar in drawn.bars)


def test_neighbours_lead_through_all_dated_items_of_a_language_and_back() -> None:
    dated = [item for item in items() if item.language == "fr" and item.published and item.kind != "page"]
    with Archive.open(three_epochs()) as archive:
        first = min(dated, key=lambda item: (item.published or "", item.item_id))
        walked = [first]
        while (after := archive.neighbours(walked[-1].item_id)[1]) is not None:
            before = archive.neighbours(after.item_id)[0]
            assert before is not None
            assert before.item_id == walked[-1].item_id
            walked.append(after)
        assert archive.neighbours(first.item_id)[0] is None
        assert archive.neighbours("zzzz") == (None, None)
    assert {item.item_id for item in walked} == {item.item_id for item in dated}


def test_similar_items_share_what_is_rare_and_are_of_one_language(tmp_path: Path) -> None:
    said = [
        "Return of fishermen to Nouadhibou", "Fishermen of Nouadhibou learn a trade", "Visas for students", "Students and visas in Lisbon",
        "The return of the swallows", "Rain in the hills", "Bridges of the north", "Markets at night", "Songs of the harbour", "Letters from home",
    ]  # fmt: skip
    pages = [(f"{BASE}/en/news/{number}-x", article_html(title, f"{title}. More of it.", language="en-gb")) for number, title in enumerate(said, 101)]
    pages.append(
        (f"{BASE}/fr/actualites/120-x", article_html("Fishermen Nouadhibou", "Les pêcheurs de Nouadhibou sont revenus chez eux pour les fêtes."))
    )
    with Archive.open(small_archive(tmp_path, pages)) as archive:
        assert [item.title for item in archive.similar("101", limit=1)] == ["Fishermen of Nouadhibou learn a trade"]
        assert [item.title for item in archive.similar("103")][:1] == ["Students and visas in Lisbon"]
        assert "120" not in [str(item.article_id) for item in archive.similar("101")]
        with pytest.raises(NotFound):
            archive.similar("999")


def test_translations_and_relations_are_not_called_similar() -> None:
    item = titled("Lomé: civil registration")
    with Archive.open(three_epochs()) as archive:
        known = {one.other_id for one in archive.related(item.item_id)} | {item.twin}
        assert known.isdisjoint(one.item_id for one in archive.similar(item.item_id, limit=50))
        documents = archive.documents()
        assert archive.document(documents[0].document_id) == documents[0]
        with pytest.raises(NotFound, match="no document has this id"):
            archive.document("zzzz")
