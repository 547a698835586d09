"""The agenda as iCalendar, read back by another program (icalendar): days, names, places; folding, escapes, doubtful days."""

from __future__ import annotations

from datetime import date
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.archive import Archive
from rabat_crawler.archive.agenda import Event, Telling
from rabat_crawler.calendars import TYPES, calendar, escaped, folded, span
from rabat_crawler.event_words import MEETING_TYPES
from tests.building import rabat, sample_archive

STAMP = "2026-01-05T02:31:00.5Z"


def telling(name: str = "aaaaaaaaaa", title: str = "Réunion", **more: Any) -> Telling:
    return Telling(**{"item_id": name, "language": "fr", "title": title, "published": "2017-01-01", "canonical_url": None, **more})


def meeting(start: str = "2017-11-08", end: str | None = None, *items: Telling, **more: Any) -> Event:
    given = {"town": "", "country": "", "place": "", "format": "", "meeting_type": "", **more}
    return Event(start=start, end=end, items=items or (telling(),), **given)


def text_of(*meetings: Event, **more: Any) -> str:
    return calendar(meetings, **{"stamp": STAMP, "name": "Agenda", "host": "archive.example", **more})


def entries(*meetings: Event, **more: Any) -> list[Any]:
    return icalendar.Calendar.from_ical(text_of(*meetings, **more)).walk("VEVENT")


def test_the_agenda_of_the_sample_is_read_back() -> None:
    with Archive.open(sample_archive(1)) as archive:
        events = archive.agenda()
        found = entries(*events, stamp=archive.latest(), link=lambda one: f"https://archive.example/item/{one.item_id}")
    assert len(found) == len(events) > 5
    for event, entry in zip(events, found, strict=True):
        assert entry["DTSTART"].dt == date.fromisoformat(event.start)
        assert (entry["DTEND"].dt - date.fromisoformat(event.end or event.start)).days == 1
        assert str(entry["SUMMARY"]) in {one.title for one in event.items}
        assert all(one.item_id in str(entry["DESCRIPTION"]) for one in event.items)
        assert str(entry["URL"]).startswith("https://archive.example/item/")
    assert len({str(entry["UID"]) for entry in found}) == len(found)
    (lome,) = [entry for entry in found if str(entry.get("LOCATION")) == "Lomé, Togo"]
    assert lome["GEO"].to_ical() == "6.13;1.22"


def test_names_stay_when_more_is_told_of_a_meeting() -> None:
    first = telling("mmmmmmmmmm", published="2017-01-01")
    later = telling("aaaaaaaaaa", "Compte rendu", published="2017-12-01", role="outcome")
    uids = {str(entries(meeting("2017-11-08", None, *items))[0]["UID"]) for items in ((first,), (first, later), (later, first))}
    assert uids == {"mmmmmmmmmm@archive.example"}


def test_the_stamp_is_the_archives_and_the_same_each_time() -> None:
    (entry,) = entries(meeting())
    assert entry["DTSTAMP"].dt.isoformat() == "2026-01-05T02:31:00+00:00"
    assert text_of(meeting()) == text_of(meeting())
    assert entries(meeting(), stamp=None)[0]["DTSTAMP"].dt.year == 1970


@pytest.mark.parametrize(
    ("start", "end", "first", "after", "sure"),
    [
        ("2017-11-08", "2017-11-09", date(2017, 11, 8), date(2017, 11, 10), True),
        ("2016-12-31", None, date(2016, 12, 31), date(2017, 1, 1), True),
        ("2017-02", None, date(2017, 2, 1), date(2017, 3, 1), False),
        ("2017", None, date(2017, 1, 1), date(2018, 1, 1), False),
        ("2017-05-30", "2017-06", date(2017, 5, 30), date(2017, 7, 1), False),
        ("2017-05-30", "2017-05-01", date(2017, 5, 30), date(2017, 5, 31), True),
    ],
)
def test_days_that_are_not_known_are_not_made_up(start: str, end: str | None, first: date, after: date, sure: bool) -> None:
    found = span(start, end)
    assert found is not None
    assert (found.first, found.after, found.sure) == (first, after, sure)
    (entry,) = entries(meeting(start, end))
    assert (entry["DTSTART"].dt, entry["DTEND"].dt) == (first, after)
    assert ("STATUS" in entry, "not known" in str(entry["DESCRIPTION"])) == (not sure, not sure)


@pytest.mark.parametrize("start", ["", "x", "2017-02-30", "9999-12-31", "2017-13"])
def test_days_that_there_are_not_give_no_entry(start: str) -> None:
    assert span(start, None) is None
    assert entries(meeting(start)) == []


@given(st.text(max_size=300))
def test_any_title_comes_back_and_every_line_fits(title: str) -> None:
    text = text_of(meeting("2017-11-08", None, telling(title=title)), name=title)
    assert all(len(one.encode()) <= 75 for one in text.split("\r\n"))
    assert not any(one in text.replace("\r\n", "") for one in "\r\n\x00\x0b")
    (entry,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    wanted = "".join(one for one in title.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ") if one == "\n" or ord(one) > 31)
    wanted = "".join(one for one in wanted if one not in "\x7f\u2028\u2029")
    assert str(entry["SUMMARY"]) == wanted


def test_lines_are_folded_between_letters() -> None:
    parts = list(folded("DESCRIPTION:" + "é" * 100))
    assert [len(one.encode()) for one in parts] == [74, 75, 65]
    assert parts[0] + "".join(one[1:] for one in parts[1:]) == "DESCRIPTION:" + "é" * 100
    assert escaped("a,b;c\\d\r\ne") == "a\\,b\\;c\\\\d\\ne"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://x.example/a b", "https://x.example/\r\nX-EVIL:1", "https://x.example/é"])
def test_an_address_that_is_none_is_left_out(address: str) -> None:
    text = text_of(meeting(), link=lambda _: address)
    assert "URL:" not in text
    assert "\r\nX-EVIL" not in text


def test_every_type_has_a_name_in_both_languages() -> None:
    assert set(TYPES) == set(MEETING_TYPES)
    (entry,) = entries(meeting(meeting_type="webinar", format="online"), language="fr")
    assert entry["CATEGORIES"].to_ical() == b"webinaire"
    assert "en ligne" in str(entry["DESCRIPTION"])


def test_the_command_prints_the_meetings_as_icalendar() -> None:
    said = rabat("agenda", "--country", "TG", "--ics", "--archive", sample_archive(1)).stdout
    (entry,) = icalendar.Calendar.from_ical(said).walk("VEVENT")
    assert entry["DTSTART"].dt == date(2017, 11, 8)
    assert str(entry["URL"]).startswith("http://127.0.0.1")
    assert "not both" in rabat("agenda", "--ics", "--json", "--archive", sample_archive(1), code=2).stderr
