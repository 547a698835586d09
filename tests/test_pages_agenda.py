"""Agenda, places, health and about pages over real HTTP: they say what the archive says, in both languages; wrong addresses and hostile items do no harm."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import icalendar
import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.agenda import AgendaFilters
from rabat_crawler.web.language import words
from rabat_crawler.web.month import month_of, months_around
from tests.building import BASE, article_html, rabat, sample_archive, small_archive
from tests.rooms import ATTACKS, Served, serving

PAGES = ("agenda", "agenda?view=month", "places", "places?count=meetings", "health", "about")


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(sample_archive(3)) as served:
        yield served


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    with Archive.open(sample_archive(3)) as opened:
        yield opened


def words_of(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_is_there_in_both_languages_without_inline_code(room: Served, page: str, language: str) -> None:
    answer = room.ask(f"/{language}/{page}")
    assert answer.status == 200
    assert f'<html lang="{language}">' in answer.text
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    assert "<style" not in answer.text
    assert not re.search(r"<script(?![^>]*\ssrc=)", answer.text)
    assert answer.text.count("<h1") == 1
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))


def test_the_agenda_lists_each_meeting_once_with_all_that_tells_of_it(room: Served, archive: Archive) -> None:
    events = archive.agenda()
    page = room.ask("/en/agenda").text
    assert page.count('class="meeting"') == len(events)
    for event in events:
        for one in event.items:
            assert f"/en/item/{one.item_id}" in page
            assert html.escape(one.title, quote=False).split("'")[0] in page.replace("&#39;", "'")
    lome = next(part for part in page.split("<article") if "Lomé, Togo" in part)
    assert "8 to 9 November 2017" in words_of(lome).replace("\xa0", " ")
    assert "thematic meeting" in lome
    assert "outcome" in lome


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("year=2016", AgendaFilters(since="2016", until="2016")),
        ("country=Togo", AgendaFilters(country="TG")),
        ("type=thematic%20meeting", AgendaFilters(meeting_type="thematic meeting")),
        ("year=2017&country=TG", AgendaFilters(since="2017", until="2017", country="TG")),
    ],
)
def test_filters_narrow_page_and_calendar_alike(room: Served, archive: Archive, query: str, filters: AgendaFilters) -> None:
    wanted = archive.agenda(filters)
    assert wanted
    assert room.ask(f"/fr/agenda?{query}").text.count('class="meeting"') == len(wanted)
    answer = room.ask(f"/fr/agenda.ics?{query}")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    entries = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert [str(entry["DTSTART"].dt) for entry in entries] == [event.start for event in wanted]
    assert all(str(entry["URL"]).startswith(f"{room.address}item/") for entry in entries)


def test_coming_and_past_part_the_meetings_by_the_last_run(room: Served, archive: Archive) -> None:
    latest = archive.latest()
    assert latest is not None
    counts = [room.ask(f"/en/agenda?time={name}").text.count('class="meeting"') for name in ("coming", "past")]
    events = archive.agenda()
    assert counts == [sum((e.end or e.start) >= latest[:10] for e in events), sum((e.end or e.start) < latest[:10] for e in events)]
    assert latest[:10] in room.ask("/en/agenda").text


def test_the_month_is_a_table_with_every_day_and_meetings_over_their_days(room: Served) -> None:
    page = room.ask("/fr/agenda?view=month&month=2016-11").text
    table = re.search(r'<table class="month-table">.*?</table>', page, re.S)
    assert table is not None
    assert [html.unescape(one) for one in re.findall(r'<abbr title="(\w+)">', table[0])][:2] == ["lundi", "mardi"]
    assert [f"2016-11-{day:02d}" in table[0] for day in range(1, 31)] == [True] * 30
    assert '<td colspan="2"><a class="bar"' in table[0]
    assert "novembre 2016" in page
    for week in re.findall(r"<tr class=\"lane\">(.*?)</tr>", table[0], re.S):
        assert sum(int(days) for days in re.findall(r'colspan="(\d)"', week)) == 7


def test_a_month_has_lanes_for_meetings_that_overlap(archive: Archive) -> None:
    events = archive.agenda()
    month = month_of("2016-12", events)
    assert [event.start for event in month.events] == ["2016-11-30"]
    assert month.weeks[0].lanes[0][1].event == month.events[0]
    crowded = month_of("2016-11", [event for event in events if event.start == "2016-11-30"] * 3)
    assert len(crowded.weeks[-1].lanes) == 3
    assert months_around("2016-01", events)["previous"] == "2015-12"
    assert months_around("2016-12", events)["next"] == "2017-01"
    assert month_of("0001-01", events).events == month_of("9999-12", events).events == ()


@pytest.mark.parametrize(
    "path",
    [
        "agenda?year=x",
        "agenda?month=2017-13",
        "agenda?type=party",
        "agenda?time=now",
        "agenda?country=Atlantis",
        "places?count=x",
        "agenda.ics?year=20177",
    ],
)
def test_wrong_questions_are_told_and_what_is_right(room: Served, path: str) -> None:
    answer = room.ask(f"/en/{path}")
    assert answer.status == 400
    assert "cannot be understood" in answer.text


@pytest.mark.parametrize("path", ["health/nonsense", "health/..", "health/last"])
def test_a_run_that_is_not_there_is_not_found(room: Served, path: str) -> None:
    assert room.ask(f"/en/{path}").status == 404


def test_the_places_page_has_the_numbers_of_the_archive(room: Served, archive: Archive) -> None:
    named = archive.facets()
    page = room.ask("/fr/places").text
    for code, count in named["country"][:5]:
        assert re.search(rf'<a href="/fr/search\?country={code}"[^>]*>{count}</a>', page)
    for code, count in named["town"][:5]:
        assert re.search(rf'<a href="/fr/search\?town={code}"[^>]*>{count}</a>', page)
    assert page.count('class="map-town"') >= len(named["town"])
    assert "Natural Earth" in page


def test_the_health_page_says_what_status_says(room: Served, archive: Archive) -> None:
    status = json.loads(rabat("status", "--json", "--archive", sample_archive(3), "--max-age", "8000").stdout)
    page = room.ask("/en/health").text
    said = words_of(page)
    for name, figure in status["by_kind"].items():
        assert re.search(rf"{name} {figure['now']} ", said, re.I), name
    for run in archive.runs():
        assert f"/en/health/{run.run_id}" in page
        for code, number in run.counts["change_counts"].items():
            assert f"{number} {code}" in said
    assert all(reason in said for reason in status["skipped"])
    assert "Changes per night" in said


def test_a_run_in_full_has_its_changes_reasons_and_examples(room: Served, archive: Archive) -> None:
    for run in archive.runs():
        page = room.ask(f"/fr/health/{run.run_id}").text
        assert all(f"/fr/item/{one['item_id']}" in page for one in run.counts["changes"])
        for reason, group in run.counts["skipped"].items():
            shown = words()[f"health.reason_{reason}"][1]
            assert shown != reason
            assert html.escape(shown) in page
            assert html.escape(group["examples"][0]) in page


def test_the_about_page_counts_what_is_missing(room: Served, archive: Archive) -> None:
    gaps, said = archive.gaps(), words_of(room.ask("/en/about").text)
    assert f"Items without a date of publication {gaps.undated} " in said
    assert f"Items without a page of their own {gaps.without_address} " in said
    assert f"{gaps.items} items" in said
    assert f"{gaps.captures} captures" in said
    assert "Years without a capture" in said
    assert room.address in said


def test_what_attacking_pages_say_is_text(tmp_path: Path) -> None:
    pages = [
        (
            f"{BASE}/fr/reunions/{n}-x",
            article_html(html.escape(f"Atelier {attack}"), f"Dakar, 8-9 novembre 2017. {html.escape(attack)} L’atelier aura lieu à Dakar."),
        )
        for n, attack in enumerate(ATTACKS, 11)
    ]
    with serving(small_archive(tmp_path / "a", pages)) as served:
        for path in ("agenda", "agenda?view=month&month=2017-11", "places", "health", "about"):
            page = served.ask(f"/en/{path}").text
            assert "<script>window" not in page
            assert "<img src=x" not in page
            assert "onload=window" not in page.replace("&lt;svg onload=window", "")
        assert "1337" not in served.ask("/en/agenda").text
        text = served.ask("/en/agenda.ics").text
        assert len(icalendar.Calendar.from_ical(text).walk("VEVENT")) == served.ask("/en/agenda").text.count('class="meeting"') > 0


def test_an_empty_archive_has_its_pages(tmp_path: Path) -> None:
    with serving(small_archive(tmp_path / "a", [(f"{BASE}/fr/", "<html><title>x</title><body><p>x</p></body></html>")])) as served:
        for path in PAGES:
            assert served.ask(f"/en/{path}").status == 200, path
        assert icalendar.Calendar.from_ical(served.ask("/en/agenda.ics").text).walk("VEVENT") == []
