"""Candidates: every date read stays, with its confidence and, where it is not taken, the reason; what an address says comes last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from rabat_crawler import registry
from rabat_crawler.extract import date_evidence
from rabat_crawler.extract.dates import candidates, event_dates
from rabat_crawler.extract.page import parse_page
from rabat_crawler.identity import merge
from rabat_crawler.models import Capture, PartialDate, Record
from tests.building import BASE, article_html
from tests.date_cases import EVENTS
from tests.test_identity import seen

LONG = "A first paragraph that is long enough to be one, and that says nothing of any day."


def said(dates: tuple[PartialDate, ...]) -> list[tuple[str, str]]:
    return [(f"{date.value}/{date.end}" if date.end else date.value, date.refused) for date in dates]


# name, title, text, published, every candidate with the reason why it is not taken
CANDIDATES: list[tuple[str, str, str, str | None, list[tuple[str, str]]]] = [
    ("taken", "Dakar", "Le comité s'est réuni les 2 et 3 mai 2017.", "2017-05-10", [("2017-05-02/2017-05-03", "")]),
    ("month only", "Tables rondes", "Elles ont eu lieu en avril 2017.", "2017-06-06", [("2017-04", "month or year only")]),
    ("history", "The dialogue", "The dialogue met on 10 July 2006.", "2017-03-17", [("2006-07-10", "far from the publication")]),
    ("guessed year", "Madrid", "It will be held 12-13 January in Madrid.", "2022-12-20", [("2022-01-12/2022-01-13", "its year is doubtful")]),
    ("deadline", "Appel", "Un appel vient de paraître. Date limite : 13 mai 2017.", "2017-03-17", [("2017-05-13", "deadline")]),
    ("deadline, until", "Call", "Registration is open until 30 August 2014.", "2014-08-12", [("2014-08-30", "deadline")]),
    ("other meeting", "Rabat", "Building on the meeting of 5 March 2013, experts met.", "2013-05-10", [("2013-03-05", "another meeting")]),
    ("an office opens", "Bureau", "Le bureau rouvre lundi 2 septembre 2019.", "2019-09-01", [("2019-09-02", "a beginning")]),
    ("doors", "Office", "The office opens its doors on 2 September 2019.", "2019-09-01", [("2019-09-02", "a beginning")]),
    ("a stay", "Stage", "Un stage de six mois à compter du 1er avril 2018.", "2018-03-01", [("2018-04-01", "a beginning")]),
    ("below", "News", f"{LONG}\n{LONG}\nOn 5 May 2017 it met.", "2017-05-10", [("2017-05-05", "beyond the lead")]),
    (
        "chronology",
        "Milestones",
        "Met on 1 May 2006. Met on 2 May 2008. Met on 3 May 2011. Met on 4 May 2014." + f"\n{LONG}\n{LONG}\nMet on 5 May 2018. Met on 6 May 2019.",
        None,
        [("2006-05-01", "a chronology"), ("2008-05-02", "a chronology"), ("2011-05-03", "a chronology"), ("2014-05-04", "a chronology"),
         ("2018-05-05", "beyond the lead"), ("2019-05-06", "beyond the lead")],
    ),
    ("the title's day first", "Workshop, 4 June 2018", "A first day was held on 3 May 2018.", "2018-05-10", [("2018-06-04", ""), ("2018-05-03", "")]),
    ("twice", "Workshop, 4 June 2018", "Until 4 June 2018 all is open.", "2018-05-10", [("2018-06-04", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("title", "text", "published", "expected"), [case[1:] for case in CANDIDATES], ids=[case[0] for case in CANDIDATES])
def test_every_date_is_a_candidate_and_says_why_it_is_not_taken(
    title: str, text: str, published: str | None, expected: list[tuple[str, str]]
) -> None:
    found = candidates(title, text, language=None, published=published)
    assert said(found) == expected
    assert {date.role for date in found} == {"event"}
    assert all(date.raw in title + text and 0 < date.confidence <= 1 for date in found)


@pytest.mark.parametrize(("title", "text", "published"), [case[1:4] for case in EVENTS + CANDIDATES], ids=[case[0] for case in EVENTS + CANDIDATES])
def test_event_dates_are_the_candidates_that_are_taken(title: str, text: str, published: str | None) -> None:
    found = candidates(title, text, language=None, published=published)
    assert event_dates(title, text, language=None, published=published) == tuple(date for date in found if not date.refused)


def test_refused_candidates_are_bounded() -> None:
    text = "\n".join([LONG, LONG, *(f"On {day} May 2017 it met." for day in range(1, 30))])
    found = candidates("On 4 June 2017", text, language=None, published=None)
    assert said(found[:1]) == [("2017-06-04", "")]
    assert [date.value for date in found[1:]] == [f"2017-05-{day:02d}" for day in range(1, 13)]


def test_a_hostile_text_has_few_candidates() -> None:
    assert len(candidates("x", "1 mai 2017, " * 50_000, language=None, published="2030-01-01")) <= date_evidence.MAX_REFUSED


def test_confidence_falls_with_the_evidence() -> None:
    sources = ("json-ld", "time", "dd.published", "listing", "block", "text", "title", "dd.create", "url")
    by_source = [date_evidence.confidence(source, "day", "day month year") for source in sources]
    assert all(better > worse for better, worse in pairwise(by_source)), by_source
    assert date_evidence.confidence("span[datePublished]", "day", "iso") == date_evidence.confidence("json-ld", "day", "iso")
    by_rule = [
        date_evidence.confidence("text", "day", "day month year range"),
        date_evidence.confidence("text", "month", "month year"),
        date_evidence.confidence("text", "day", "day month range"),
        date_evidence.confidence("text", "year", "year"),
    ]
    assert all(better > worse for better, worse in pairwise(by_rule)), by_rule


# address, the dates that it says
ADDRESSES: list[tuple[str, list[tuple[str, str, str | None]]]] = [
    ("/2017/07/17/une-reunion/", [("published", "2017-07-17", None)]),
    ("/fr/2017/07/une-reunion/", [("published", "2017-07", None)]),
    ("/en/meetings/label-workshop-paris-19-october-2020", [("event", "2020-10-19", None)]),
    ("/news/technical-meeting-november-14-15-2019", [("event", "2019-11-14", "2019-11-15")]),
    ("/news/83-senior-officials-meeting-asmara-7-march-2019", [("event", "2019-03-07", None)]),
    ("/fr/reunion-dakar-du-2-au-3-mai-2017", [("event", "2017-05-02", "2017-05-03")]),
    ("/en/meetings/410-12-13-may-2022.html", [("event", "2022-05-12", "2022-05-13")]),
    ("/en/2019-03-07-outcome", [("event", "2019-03-07", None)]),
    ("/2017/13/01/une-reunion/", []),
    ("/2017/02/30/une-reunion/", []),
    ("/2017/07/17/", []),
    ("/en/programme-2018-2020", []),
    ("/en/west-africa-in-2031", []),
    ("/en/meetings/december-2020", []),
    ("/en/committee-1-may-you-live", []),
    ("/images/2017/07", []),
    ("/" + "1-" * 100_000, []),
    ("/" + "%31-mai-" * 10_000 + "2017", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "expected"), ADDRESSES, ids=[case[0][:50] for case in ADDRESSES])
def test_an_address_says_a_date_with_little_confidence(path: str, expected: list[tuple[str, str, str | None]]) -> None:
    found = date_evidence.url_dates(f"https://dialogue.example.org{path}")
    assert [(date.role, date.value, date.end) for date in found] == expected
    assert all(date.source == "url" and date.confidence <= 0.3 for date in found)


def one(value: str, role: Any = "event", **further: Any) -> PartialDate:
    return PartialDate(**{"value": value, "precision": "day", "raw": value, "rule": "iso", "role": role, "source": "text", **further})


@pytest.mark.parametrize(
    ("dates", "path", "eventful", "expected"),
    [
        ((), "paris-19-october-2020", True, [("2020-10-19", "")]),
        ((one("2020-10-19"),), "paris-19-october-2020", True, [("2020-10-19", "")]),
        ((one("2020-10-18", end="2020-10-20"),), "paris-19-october-2020", True, [("2020-10-19", "")]),
        ((one("2021-04-12"),), "paris-19-october-2020", True, [("2020-10-19", "stale alias")]),
        ((one("2021-04-12", refused="another meeting"),), "paris-19-october-2020", True, [("2020-10-19", "stale alias")]),
        ((one("2030-04-12", "published"),), "paris-19-october-2020", True, [("2020-10-19", "far from the publication")]),
        ((), "paris-19-october-2020", False, [("2020-10-19", "the item is no event")]),
        ((), "2017/07/17/x", True, [("2017-07-17", "")]),
        ((one("2017-07-17", "published"),), "2017/07/17/x", True, [("2017-07-17", "")]),
        ((one("2017-07-18", "published"),), "2017/07/17/x", True, [("2017-07-17", "the page names another day")]),
        ((one("2017-07-18", "published"),), "2017/07/x", True, [("2017-07", "")]),
        ((one("1970-01-01", "published", refused="implausible"),), "2017/07/17/x", True, [("2017-07-17", "")]),
    ],
)  # fmt: skip
def test_an_address_never_wins_over_what_the_page_says(
    dates: tuple[PartialDate, ...], path: str, eventful: bool, expected: list[tuple[str, str]]
) -> None:
    found = date_evidence.with_url(dates, f"https://dialogue.example.org/{path}", eventful=eventful)
    assert found[: len(dates)] == dates
    assert said(found[len(dates) :]) == expected


def test_an_item_s_event_is_what_was_taken_and_the_address_comes_last() -> None:
    capture = Capture(
        record_id="r", url=f"{BASE}/fr/en-action/actualites/101-paris-19-october-2020", url_key="", captured_at=datetime(2026, 3, 1, tzinfo=UTC), status=200,
        media_type="text/html", digest="", site="rabat-process",
    )  # fmt: skip
    html = article_html("Paris", "Les membres se sont réunis les 2 et 3 mai 2017.")
    (draft,) = parse_page(Record(capture=capture, response_headers=(), body=html.encode()), registry.site("rabat-process")).drafts
    events = [date for date in draft.dates if date.role == "event"]
    assert said(tuple(events)) == [("2017-05-02/2017-05-03", ""), ("2020-10-19", "stale alias")]
    item = merge("k", [seen(draft)], registry.site("rabat-process")).item
    assert (item.event_start, item.event_end) == ("2017-05-02", "2017-05-03")
    assert [date.refused for date in item.dates if date.role == "event"] == ["", "stale alias"]
    alone = replace(draft, dates=(one("2017-05-02", refused="deadline"), one("2020-10-19", source="url")))
    assert merge("k", [seen(alone)], registry.site("rabat-process")).item.event_start == "2020-10-19"
    none = replace(draft, dates=(one("2017-05-02", refused="deadline"),))
    assert merge("k", [seen(none)], registry.site("rabat-process")).item.event_start is None
