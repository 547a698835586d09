"""The word diff: nothing lost, words as people see them, long and hostile texts, shortened for reading."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.wording import LONGEST, diff_lines, marked_diff, one_line, word_diff

MARKED = [
    ("", "", ""),
    ("un mot", "un mot", "un mot"),
    ("", "un mot", "{+un mot+}"),
    ("un mot", "", "[-un mot-]"),
    ("Réunion de Dakar", "Conférence de Dakar", "[-Réunion-]{+Conférence+} de Dakar"),
    ("l'Union africaine", "d'Union africaine", "[-l'-]{+d'+}Union africaine"),
    ("qu'il vienne", "qu’il vienne", "[-qu'-]{+qu’+}il vienne"),
    ("aujourd'hui ici", "hier ici", "[-aujourd'hui-]{+hier+} ici"),
    ("un rendez-vous pris", "un compte-rendu pris", "un [-rendez-vous-] {+compte-rendu+} pris"),
    ("Fin.", "Fin !", "Fin[-.-] {+!+}"),
    ("Il vient.", "Il vient, enfin.", "Il vient{+, enfin+}."),
    ("2,5 millions", "3,5 millions", "[-2,5-]{+3,5+} millions"),
    ("le 12 mai", "le 13 mai", "le [-12-] {+13+} mai"),
    ("A b. E f.", "A b. C d. E f.", "A b. {+C d.+} E f."),
]


@pytest.mark.parametrize(("old", "new", "shown"), MARKED)
def test_the_diff_is_on_words(old: str, new: str, shown: str) -> None:
    assert marked_diff(old, new) == shown


def check_nothing_is_lost(old: str, new: str) -> list[tuple[str, str]]:
    pieces = word_diff(old, new)
    assert "".join(text for op, text in pieces if op != "-") == new
    assert "".join(text for op, text in pieces if op != "+") == old
    assert all(text for _, text in pieces)
    assert all(left[0] != right[0] for left, right in zip(pieces, pieces[1:])), "neighbours differ"
    return list(pieces)


WORDS = st.lists(st.sampled_from(["de", "la", "l'", "Union", "été", ".", ",", "\n\n", " ", "  ", "\u00a0", "e\u0301", "2,5", "x"]), max_size=40).map(
    "".join
)


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_two_texts_give_both_back(old: str, new: str) -> None:
    check_nothing_is_lost(old, new)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_texts_of_few_words_give_both_back(old: str, new: str) -> None:
    check_nothing_is_lost(old, new)
    assert word_diff(old, old) == ([(" ", old)] if old else [])


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=30, max_size=60), st.integers(0, 29))
def test_one_exchanged_word_is_all_that_differs(words: list[str], place: int) -> None:
    other = [*words[:place], "NEUF", *words[place + 1 :]]
    pieces = check_nothing_is_lost(" ".join(words), " ".join(other))
    assert [text.split() for op, text in pieces if op != " "] == [[words[place]], ["NEUF"]]


def test_a_space_that_differs_costs_no_word() -> None:
    assert word_diff("un  mot", "un mot") == [(" ", "un"), ("-", "  "), ("+", " "), (" ", "mot")]
    assert diff_lines("un  mot\n\nfin", "un mot fin") == ["(only the spacing differs)"]


def test_a_paragraph_that_changed_place_leaves_the_others_alone() -> None:
    paragraphs = [f"Paragraphe {n} avec des mots de la réunion numéro {n}." for n in range(40)]
    pieces = check_nothing_is_lost("\n\n".join(paragraphs), "\n\n".join([*paragraphs[1:20], paragraphs[0], *paragraphs[20:]]))
    assert [" ".join(text.split()) for op, text in pieces if op != " "] == [paragraphs[0], paragraphs[0]]


def test_a_text_that_has_little_in_common_counts_as_replaced() -> None:
    old = " ".join(f"ancien{n} de" for n in range(100))
    new = " ".join(f"nouveau{n} la" for n in range(50)) + " de " + " ".join(f"nouveau{n} la" for n in range(50, 100))
    assert [op for op, _ in check_nothing_is_lost(old, new)] == ["-", "+"]


def long_text(seed: int, words: int, vocabulary: int, line: int = 80) -> list[str]:
    chooser = random.Random(seed)
    return [f"{chooser.randrange(vocabulary)}{chr(10) * 2 if n % line == line - 1 else ' '}" for n in range(words)]


@pytest.mark.parametrize("vocabulary", [3, 50, 5000])
def test_edits_of_a_very_long_text_are_found(vocabulary: int) -> None:
    words = long_text(1, 100_000, vocabulary)
    chooser = random.Random(2)
    places = set(chooser.sample(range(100_000), 200))
    pieces = check_nothing_is_lost("".join(words), "".join("edit " if n in places else word for n, word in enumerate(words)))
    assert sum(text.count("edit") for op, text in pieces if op == "+") == 200
    assert sum(len(text.split()) for op, text in pieces if op == "-") < 3000, "the edits and little beside them"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 100_000, "a " * 99_000 + "b " + "a " * 300),
        ("a\n" * 60_000, "b\n" * 30_000 + "a\n" * 30_001),
        ("-." * 60_000, ".-" * 60_000),
        (" " * 300_000 + "a", " " * 299_999 + "b"),
        ("x" * 300_000, "x" * 299_999 + "y"),
        ("".join(long_text(3, 60_000, 900)), "".join(reversed(long_text(3, 60_000, 900)))),
    ],
    ids=["one word", "one line", "marks", "spaces", "one long word", "reversed"],
)
def test_texts_made_to_be_slow_come_to_an_end(old: str, new: str) -> None:
    check_nothing_is_lost(old, new)
    assert len(diff_lines(old, new)) < 40


# Shortened -----------------------------------------------------------------------------------------------------------------------

TEXT = [f"mot{n}" for n in range(300)]


def test_only_the_surroundings_of_a_change_are_shown() -> None:
    other = [*TEXT[:100], "NEUF", *TEXT[101:200], *TEXT[203:]]
    shown = " ".join(diff_lines(" ".join(TEXT), " ".join(other)))
    assert "[-mot100-] {+NEUF+}" in shown and "[-mot200 mot201 mot202-]" in shown and "mot94 " in shown and "mot106" in shown
    assert "mot93" not in shown and "mot107" not in shown and shown.count("…") == 4


def test_a_change_at_the_very_beginning_or_end_has_no_dots_there() -> None:
    lines = diff_lines(" ".join(TEXT), " ".join(["NEUF", *TEXT[1:-1], "DERNIER"]))
    assert lines[0].startswith("[-mot0-]{+NEUF+} mot1") and lines[-1].endswith("[-mot299-] {+DERNIER+}")


def test_long_stretches_and_many_places_are_cut() -> None:
    shown = " ".join(diff_lines("un deux", "un " + " ".join(TEXT) + " deux"))
    assert f"… {300 - LONGEST} words …" in shown and "mot0" in shown and "mot299" in shown and "mot150" not in shown
    words = [f"mot{n}" for n in range(3000)]
    many = diff_lines(" ".join(words), " ".join("X" if n % 40 == 0 else word for n, word in enumerate(words)), most=5)
    assert re.fullmatch(r"and \d+ more places", many[-1]) and len(many) <= 8


def test_equal_texts_have_no_lines() -> None:
    assert diff_lines("Texte.\n\nFin.", "Texte.\n\nFin.") == []


@settings(deadline=None)
@given(st.text(), st.text())
def test_lines_for_reading_are_safe_for_any_text(old: str, new: str) -> None:
    assert all(line.isprintable() for line in [*diff_lines(old, new), marked_diff(old, new), one_line(old, 20)])
    assert len(one_line(old, 20)) <= 20
