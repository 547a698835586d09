"""Place, format and type of meetings: every case of the table, evidence that stands in the text, the event's date as a hint, hostile texts."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import names
from rabat_crawler.events import Meeting, describe
from tests import gold
from tests.event_cases import CASES

VALUES = ("town", "country", "format", "meeting_type")


def of(title: str, text: str, address: str, **more: Any) -> Meeting:
    section, _, _ = address.rpartition("/")
    return describe(title, text, section, f"https://www.example.org/{address}" if address else None, language=None, **more)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(("title", "text", "address", "wanted"), CASES, ids=[f"{number}-{ascii(case[0])[1:30]}" for number, case in enumerate(CASES)])
def test_a_meeting_is_read(title: str, text: str, address: str, wanted: dict[str, Any]) -> None:
    found = of(title, text, address)
    assert {name: getattr(found, name) for name in (*VALUES, *wanted)} == dict.fromkeys(VALUES, "") | wanted
    assert of(title, text, address, mentions=names.find_names(text)) == found
    for raw in (found.place_raw, found.type_raw, *found.format_raw.split(" … ")):
        assert raw in f"{title}\n{text}\n{address}"
    assert bool(found.town or found.country) == bool(found.place_raw) == bool(found.place_rule)
    assert bool(found.format) == bool(found.format_raw)
    assert bool(found.meeting_type) == bool(found.type_raw)


@pytest.mark.parametrize(
    ("date", "town"),
    [("2019-03-03", "accra"), ("2019-03-04", "accra"), ("2019-06-12", "lome"), ("2019-06", "lome"), ("2020-01-01", "accra"), (None, "accra")],
)
def test_the_day_of_the_event_tells_its_sentence_from_others(date: str | None, town: str) -> None:
    text = "A meeting was held in Accra on 3-4 March 2019. Another one was held in Lomé on 12 June 2019."
    assert of("Two meetings", text, "", event_start=date).town == town


@given(st.text(max_size=60), st.text(max_size=400), st.text(max_size=60))
def test_any_text_is_read(title: str, text: str, url: str) -> None:
    found = describe(title, text, "", url, language="fr")
    assert found.place_raw in unicodedata.normalize("NFC", f"{title}\n{text}")


@pytest.mark.parametrize("piece", ["à Dakar, le 3 mai 2019 ", "Lieu : ", "de la ", "1 et 2 ", "- ", "SOM ", "\n", "label "])
def test_long_texts_take_no_long_time(piece: str) -> None:
    started = time.perf_counter()
    of(piece * 20, piece * 20_000, "x-" * 400)
    assert time.perf_counter() - started < 1.0


def event_of(article: dict[str, Any]) -> str | None:
    """The first day of the article's event, as the gold sample has it."""
    return next((date["start"] for date in article["dates_in_text"] if date["role"] == "event"), None)


@pytest.mark.real
@pytest.mark.skipif(not gold.GOLD.exists(), reason=gold.MISSING)
def test_two_languages_tell_of_one_meeting() -> None:
    articles = {article["id"]: article for article in gold.read_gold()["articles"]}
    read = {
        number: describe(
            article["title"], article["body_text"], "", article["canonical_url"], language=article["lang"], event_start=event_of(article)
        )
        for number, article in articles.items()
        if event_of(article)
    }
    pairs = [(number, articles[number]["translation_id"]) for number in read if articles[number]["translation_id"] in read]
    assert len(pairs) > 60
    for one, other in pairs:
        told = [(found.town, found.country, found.format) for found in (read[one], read[other])]
        assert told[0] == told[1], (articles[one]["title"], articles[other]["title"])
    assert sum(bool(found.town) for found in read.values()) >= 0.9 * len(read)
