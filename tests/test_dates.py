"""Dates: every form the dialogue's sites write, every trap they set, and the way back from a rendered date."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler.extract.dates import date_line, event_dates, find_dates, parse_date, parse_iso, plausible
from tests.date_cases import DATES_REFUSED, DATES_SEEN, EVENTS, IN_TEXT, LINES, RANGES

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


FRENCH = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
ENGLISH = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 1))


def _forms(day: date) -> list[str]:
    fr, en, d, y = FRENCH[day.month - 1], ENGLISH[day.month - 1], day.day, day.year
    ordinal = "th" if 10 < d < 14 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    return [
        f"{d} {fr} {y}",
        f"{'1er' if d == 1 else d} {fr.upper()} {y}",
        f"Publication : {d} {fr} {y}",
        f"{d:02d} {en} {y}",
        f"{en} {d}, {y}",
        f"{en[:3]} {d}, {y}",
        f"{d}{ordinal} {en} {y}",
        f"{d:02d}/{day.month:02d}/{y}",
        day.isoformat(),
    ]


@given(DAYS)
@settings(max_examples=60, deadline=None)
def test_any_day_rendered_in_any_known_form_is_read_back(day: date) -> None:
    for form in _forms(day):
        found = parse_date(form, language="fr")
        assert found is not None, form
        assert (found.value, found.end) == (day.isoformat(), None), form


@given(DAYS, st.integers(min_value=1, max_value=20))
@settings(max_examples=60, deadline=None)
def test_any_range_rendered_in_either_language_is_read_back(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    fr, en = FRENCH[last.month - 1], ENGLISH[last.month - 1]
    forms = [f"du {first.day} {FRENCH[first.month - 1]} {first.year} au {last.day} {fr} {last.year}"]
    forms.append(f"du {first.day} {FRENCH[first.month - 1]} au {last.day} {fr} {last.year}")
    forms.append(f"from {first.day} {ENGLISH[first.month - 1]} to {last.day} {en} {last.year}")
    if first.month == last.month:
        forms += [
            f"{first.day}-{last.day} {en} {last.year}",
            f"{en} {first.day}-{last.day}, {last.year}",
            f"du {first.day} au {last.day} {fr} {last.year}",
        ]
    for form in forms:
        assert [(f.date.value, f.date.end) for f in find_dates(form, language=None)] == [(first.isoformat(), last.isoformat())], form


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
