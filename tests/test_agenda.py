"""`agenda`: each meeting once, with what announced it and what came of it; the rows behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.agenda import AgendaFilters, Event
from tests.building import rabat, sample_archive


def agenda(**wanted: str) -> list[Event]:
    with Archive.open(sample_archive(1)) as archive:
        return archive.agenda(AgendaFilters(**wanted))


def lines(*options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rabat("agenda", *options, "--json", "--archive", sample_archive(1)).stdout.splitlines()]


def test_a_meeting_is_listed_once_with_all_that_tells_of_it() -> None:
    (event,) = [one for one in agenda() if one.town == "lome" and one.start == "2017-11-08"]
    assert (event.end, event.country, event.meeting_type) == ("2017-11-09", "TG", "thematic meeting")
    assert sorted((one.role, one.language) for one in event.items) == [
        ("announcement", "en"),
        ("announcement", "fr"),
        ("outcome", "en"),
        ("outcome", "fr"),
    ]
    assert event.title.startswith("Lomé")


def test_copies_of_an_item_are_one_meeting() -> None:
    (event,) = agenda(town="Dakar")
    assert (event.start, event.end, len(event.items)) == ("2016-11-30", "2016-12-01", 3)


def test_a_day_on_which_nobody_meets_is_no_meeting() -> None:
    titles = {one.title for event in agenda() for one in event.items}
    assert "Secretariat moves to a new address" not in titles
    with Archive.open(sample_archive(1)) as archive:
        moved = next(item for item in archive.items() if item.title == "Secretariat moves to a new address")
        assert moved.event_start and archive.event(moved.item_id)


FILTERED = [
    ({"since": "2019"}, {"praia"}), ({"until": "2014-12-03", "since": "2014-12"}, {"lisbon"}), ({"country": "Togo"}, {"lome"}), ({"town": "Lomé"}, {"lome"}),
    ({"meeting_type": "study visit"}, {"lisbon"}), ({"since": "2016-12-01", "until": "2016-12-01"}, {"dakar"}), ({"country": "TG", "since": "2018"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "towns"), FILTERED)
def test_what_limits_the_agenda(wanted: dict[str, str], towns: set[str]) -> None:
    assert {event.town for event in agenda(**wanted)} == towns


def test_the_days_follow_each_other() -> None:
    starts = [event.start for event in agenda()]
    assert starts == sorted(starts) and len(starts) > 8


def test_the_command_lists_people_and_programs_the_same() -> None:
    shown = rabat("agenda", "--town", "lome", "--archive", sample_archive(1)).stdout
    assert "2017-11-08 to 2017-11-09  Lomé, Togo; thematic meeting" in shown and "announcement: Lomé" in shown and "outcome: Lomé" in shown
    (event,) = lines("--town", "lome")
    assert (event["start"], event["country"], len(event["items"])) == ("2017-11-08", "TG", 4)
    assert len(lines("--limit", "2")) == 2


def test_nothing_is_upcoming_on_an_old_site() -> None:
    assert "no meeting fits" in rabat("agenda", "--upcoming", "--archive", sample_archive(1)).stdout


def test_an_unknown_place_is_said_with_near_ones() -> None:
    assert "Dakkar" in rabat("agenda", "--town", "Dakkar", "--archive", sample_archive(1), code=2).stderr
    assert "no town ''" in rabat("agenda", "--town", "", "--archive", sample_archive(1), code=2).stderr
    assert "is no date" in rabat("agenda", "--since", "yesterday", "--archive", sample_archive(1), code=2).stderr


def test_an_item_shows_its_event_its_relations_and_its_names() -> None:
    shown = rabat("show", "166", "--archive", sample_archive(1)).stdout
    assert "Event: 2017-11-08 to 2017-11-09; place lome TG («Lomé»" in shown
    assert "This is the announcement of" in shown and "Names, town: Lomé" in shown and "Translation: " in shown
    item = json.loads(rabat("show", "166", "--json", "--archive", sample_archive(1)).stdout)
    assert (item["event"]["town"], item["related"][0]["relation"], item["translations"][0]["evidence"]) == ("lome", "announcement of", "hreflang")
    assert {one["kind"] for one in item["mentions"]} >= {"country", "town"} or {one["kind"] for one in item["mentions"]} >= {"town"}


def test_an_archive_without_meetings_says_so(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "empty", write=True, create=True):
        pass
    assert "no meeting fits" in rabat("agenda", "--archive", tmp_path / "empty").stdout
