"""Dates: every form the dialogue's sites write, every trap they set, and the way back from a rendered date."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.extract.dates import date_line, event_dates, explain_text, find_dates, parse_date, parse_iso, plausible
from tests.date_cases import DATES_REFUSED, DATES_SEEN, EVENTS, IN_TEXT, LINES, RANGES
from tests.date_texts import RANGED, TEXTS, TRAPS

GOLD = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "joomla_gold_sample.json"


@pytest.mark.parametrize(("raw", "language", "value"), DATES_SEEN, ids=[case[0] for case in DATES_SEEN])
def test_a_written_date_is_read_with_the_precision_it_has(raw: str, language: str, value: str) -> None:
    found = parse_date(raw, language=language)
    assert found is not None
    assert (found.value, found.end, found.role) == (value, None, "published")
    assert found.precision == {10: "day", 7: "month", 4: "year"}[len(value)]


@pytest.mark.parametrize(("raw", "language"), DATES_REFUSED, ids=[case[0][:40] or "empty" for case in DATES_REFUSED])
def test_what_is_no_published_date_gives_none(raw: str, language: str) -> None:
    assert parse_date(raw, language=language) is None


@pytest.mark.parametrize(("text", "first", "last"), RANGES, ids=[case[0] for case in RANGES])
def test_a_range_is_found_with_both_ends(text: str, first: str, last: str) -> None:
    assert [(found.date.value, found.date.end) for found in find_dates(text, language=None)] == [(first, last)]


@pytest.mark.parametrize(("text", "year", "expected"), IN_TEXT, ids=[f"{case[0]}|{case[1]}" for case in IN_TEXT])
def test_a_text_gives_the_dates_it_states_and_no_other(text: str, year: int | None, expected: list[tuple[str, str | None]]) -> None:
    assert [(found.date.value, found.date.end) for found in find_dates(text, language=None, year=year)] == expected


@pytest.mark.parametrize(("text", "language", "year", "expected"), TEXTS, ids=[f"{case[0]}|{case[2]}" for case in TEXTS])
def test_a_text_is_explained(text: str, language: str, year: int | None, expected: list[str]) -> None:
    found = explain_text(text, language=language, year=year)
    assert [f"{one.start}/{one.end}" if one.end else one.start for one in found] == expected
    for one in found:
        assert one.precision == {10: "day", 7: "month", 4: "year"}[len(one.start)]
        assert one.raw in text and one.rule
    places = [text.index(one.raw) for one in found]
    assert places == sorted(places)


def test_the_tables_are_large_and_half_of_them_ranges_or_traps() -> None:
    none = (
        [case[0] for case in DATES_REFUSED]
        + [case[0] for case in (*IN_TEXT, *TEXTS) if not case[-1]]
        + [text for text, value in LINES if value is None]
    )
    hard = [case[0] for case in (*RANGES, *RANGED, *TRAPS, *IN_TEXT)] + none
    every = [case[0] for case in (*DATES_SEEN, *RANGES, *DATES_REFUSED, *IN_TEXT, *LINES, *TEXTS)]
    assert len(set(every)) >= 270
    assert len(set(hard)) >= len(set(every)) / 2
    assert len(set(none)) >= 45
    assert all(sum(case[1] == language for case in TEXTS) > 60 for language in ("fr", "en"))


def test_the_year_of_the_text_comes_before_that_of_the_page() -> None:
    text = "Réunis le 3 juin 2019, ils se reverront le 5 juillet. En 2021 il y eut deux jours, les 2 et 3 mai."
    found = explain_text(text, language="fr", year=2030)
    assert [one.start for one in found] == ["2019-06-03", "2019-07-05", "2021", "2021-05-02"]


def test_another_language_is_read_as_a_whole_or_not_at_all() -> None:
    assert [(one.start, one.rule) for one in explain_text("17 июля 2017", language="ru")] == [("2017-07-17", "dateparser")]
    assert explain_text("17/07/17", language="fr") == [] == explain_text("17 июля 2017", language=None)


@pytest.mark.parametrize(
    "piece", ["1", "1-", "du 1 au ", "1 mai ", "1,1 mai ", "12/05/", "mai - ", "en mai et ", "2017-", "premier ", "n° 1 ", "1 er "], ids=repr
)
def test_a_hostile_text_is_explained_in_no_time(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    started = time.process_time()
    for year in (None, 2017):
        explain_text(text, language="fr", year=year)
    assert time.process_time() - started < 5  # about half a second; were the work quadratic, it would be minutes


@pytest.mark.parametrize(("line", "value"), LINES, ids=[repr(case[0]) for case in LINES])
def test_a_date_line_holds_a_date_and_nothing_else(line: str, value: str | None) -> None:
    found = date_line(line, language="fr")
    assert (found.value if found else None) == value


@pytest.mark.parametrize(("title", "text", "published", "expected"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_the_event_date_is_the_items_own(title: str, text: str, published: str | None, expected: list[tuple[str, str | None]]) -> None:
    found = event_dates(title, text, language=None, published=published)
    assert [(date.value, date.end) for date in found] == expected
    assert all(date.role == "event" for date in found)


@pytest.mark.parametrize(
    ("raw", "role", "value"),
    [
        ("Mis à jour : 8 Mars 2021", "modified", "2021-03-08"),
        ("Last Updated: 16 May 2023", "modified", "2023-05-16"),
        ("Création : 29 Mars 2024", "modified", None),
        ("Publication : 29 mars 2024", "modified", None),
        ("Publication : 29 mars 2024", "event", None),
        ("Date: 15 June 2015", "event", "2015-06-15"),
    ],
)
def test_a_label_of_another_role_is_not_read(raw: str, role: Any, value: str | None) -> None:
    found = parse_date(raw, language="fr", role=role)
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2018-01-16T12:15:34+01:00", "2018-01-16"),
        ("2018-12-31T23:30:00Z", "2018-12-31"),
        ("2018-01-16 12:15:34", "2018-01-16"),
        ("2018-01-16", "2018-01-16"),
        ("20180116", "2018-01-16"),
        ("2018-01", "2018-01"),
        ("2018", "2018"),
        ("0000-00-00 00:00:00", None),
        ("2018-02-30", None),
        ("1018-02-20", None),
        ("16 janvier 2018", None),
        ("2017-2020", None),
        ("", None),
    ],
)
def test_iso_keeps_the_local_date_of_its_text(raw: str, value: str | None) -> None:
    found = parse_iso(raw, role="published", source="time")
    assert (found.value.replace("-", "") if found else None) == (value.replace("-", "") if value else None)
    if found and "-" in raw:
        assert found.value == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2017-07-17", True),
        ("2017", True),
        ("2018-03-01", True),
        ("2018-03-02", False),
        ("2018-04", False),
        ("1994-12-31", False),
        ("2031-05-04", False),
        ("", False),
    ],
)
def test_a_publication_is_neither_before_the_dialogue_nor_after_the_capture(value: str, expected: bool) -> None:
    assert plausible(value, first_year=1995, captured_at=datetime(2018, 3, 1, 8, 0, tzinfo=UTC)) is expected


def test_the_capture_s_day_is_taken_in_the_zone_that_is_furthest_ahead() -> None:
    assert plausible("2018-03-02", first_year=1995, captured_at=datetime(2018, 3, 1, 23, 0, tzinfo=UTC))


def test_positions_and_raw_are_those_of_the_text() -> None:
    text = "À Dakar du 6 au 8 février 2012, puis le 5 mai 2013."
    found = find_dates(text, language="fr")
    assert [text[f.start : f.end] for f in found] == [f.date.raw for f in found] == ["6 au 8 février 2012", "5 mai 2013"]


def test_dateparser_names_itself_and_needs_a_language() -> None:
    found = parse_date("17/07/17", language="fr")
    assert found is not None
    assert (found.value, found.rule) == ("2017-07-17", "dateparser")
    assert parse_date("17/07/17", language=None) is None
    assert parse_date("17/07/17", language="no-such-language") is None


@given(st.text(alphabet="0123456789 -/.,:#éà\u0301\n maijunetoadhrsI\u0130", max_size=120))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_reader_and_every_date_found_exists(text: str) -> None:
    parse_date(text, language="fr")
    for found in find_dates(text, language=None, year=2017):
        assert 0 <= found.start < found.end <= len(text)
        if found.date.precision == "day":
            date.fromisoformat(found.date.value)
            assert found.date.end is None or found.date.end > found.date.value


@pytest.mark.parametrize("piece", ["1,", "1 - ", "mai ", "mai - ", "1 et ", "2017-", "1/", "12.", "du ", " "], ids=repr)
def test_a_hostile_text_is_read_to_its_end(piece: str) -> None:
    found = find_dates(piece * 20_000 + " 2017", language=None)  # were the work quadratic, this would take minutes
    assert all(0 <= one.start < one.end for one in found)


def _articles() -> list[dict[str, Any]]:
    if not GOLD.exists():
        pytest.skip(f"real input missing: {GOLD.name}")
    articles: list[dict[str, Any]] = json.loads(GOLD.read_text(encoding="utf-8"))["articles"]
    return articles


@pytest.mark.real
def test_every_day_of_the_gold_articles_is_found_and_no_other() -> None:
    for article in _articles():
        found = find_dates(article["body_text"], language=article["lang"])
        days = {(f.date.value, f.date.end or f.date.value) for f in found if f.date.precision == "day"}
        assert days == {(d["start"], d["end"]) for d in article["dates_in_text"]}, article["id"]


@pytest.mark.real
def test_every_event_of_the_gold_articles_is_dated_and_no_other_item() -> None:
    captured_at = datetime(2026, 11, 23, tzinfo=UTC)
    false = []
    for article in _articles():
        published = article["published_date"]
        sound = plausible(published, first_year=1995, captured_at=captured_at)
        found = event_dates(article["title"], article["body_text"], language=article["lang"], published=published if sound else None)
        events = [(d["start"], d["end"]) for d in article["dates_in_text"] if d["role"] == "event"]
        if events:
            assert [(f.value, f.end or f.value) for f in found][:1] == events[:1], article["id"]
        elif found:
            false.append(article["id"])
    assert false == []
