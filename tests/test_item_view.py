"""What an item's page is made of: a word diff in paragraphs, the summary where the text lacks it, versions told within bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.archive.captured import Listed
from rabat_crawler.archive.past import History, Span
from rabat_crawler.models import Capture, Version
from rabat_crawler.web.cited import Cited, citation
from rabat_crawler.web.item_view import MAX_TOLD, lead_of, told
from rabat_crawler.wording import diff_paragraphs, word_diff
from tests.building import START
from tests.citing import item

WORDS = st.lists(st.sampled_from(["un", "deux", "trois", "\n\n", ".", "\n"]), max_size=25).map(" ".join)


@given(WORDS, WORDS)
def test_paragraphs_of_a_diff_lose_nothing(old: str, new: str) -> None:
    paragraphs = list(diff_paragraphs(word_diff(old, new)))
    for text, other in ((old, "+"), (new, "-")):
        kept = "".join(piece for paragraph in paragraphs for op, piece in paragraph if op != other)
        assert "".join(kept.split()) == "".join(text.split())
    assert all(paragraphs)


def test_a_new_paragraph_begins_where_the_new_text_has_one() -> None:
    found = list(diff_paragraphs([(" ", "one\n\ntwo "), ("-", "gone\n\nold"), ("+", "new\n\nthree"), (" ", " end")]))
    assert found == [((" ", "one"),), ((" ", "two "), ("-", "gone\n\nold"), ("+", "new")), (("+", "three"), (" ", " end"))]


@pytest.mark.parametrize(
    ("summary", "text", "lead"),
    [
        ("The beginning.", "The beginning. And more.", ""),
        ("The  beginning…", "The beginning and more.", ""),
        ("Something else.", "The beginning.", "Something else."),
        ("", "The beginning.", ""),
        ("Only this.", "", "Only this."),
    ],
)
def test_the_summary_stands_before_a_text_that_does_not_begin_with_it(summary: str, text: str, lead: str) -> None:
    assert lead_of(item(summary=summary, text=text)) == lead


def history(count: int) -> History:
    """An item with so many versions, each a day after the other."""
    versions = tuple(
        Version(
            version_id=f"v-{number:04}", item_id="i", text_digest=str(number), title="t", summary="", text=f"text number {number}", html="", layout="l",
            complete=True, first_capture="c", last_capture="c", first_seen=f"2019-{number:04}", last_seen=f"2019-{number:04}",
        )
        for number in range(count)
    )  # fmt: skip
    spans = tuple(
        Span(
            version_id=one.version_id, first_seen=one.first_seen, last_seen=one.last_seen, first_capture="c", last_capture="c", first_source="live",
            last_source="live", captures=1, addresses=(), sources=(),
        )
        for one in versions
    )  # fmt: skip
    return History(item=item(current_version=versions[-1].version_id), versions=versions, spans=spans, captures=count)


def test_changes_are_counted_for_the_latest_versions_only() -> None:
    found = list(told(history(MAX_TOLD + 5)))
    assert [one.number for one in found] == list(range(1, MAX_TOLD + 6))
    assert [one.added is not None for one in found] == [False] * 5 + [True] * MAX_TOLD
    assert [one.current for one in found].count(True) == 1
    assert found[-1].against == found[-1].number - 1


def listed(moment: datetime = START, **more: str) -> Listed:
    """A capture of the item's page."""
    capture = Capture(
        record_id="r", url="https://www.rabat-process.org/fr/x", url_key="k", captured_at=moment, status=200, media_type="text/html", digest="d", site="s"
    )  # fmt: skip
    return Listed(capture=replace(capture, **more), role="detail", badness=0.0, held=False, original=None)


MEMENTO = "https://web.example.org/web/20190501060000id_/https://www.rabat-process.org/fr/x"
OURS = "https://archive.example.org/archived/20190501060000id_/https://www.rabat-process.org/fr/x"


@pytest.mark.parametrize(
    ("here", "playable", "source_url", "archived", "permanent"),
    [
        ("https://archive.example.org", True, "", OURS, "https://archive.example.org/item/4t0507dr72"),
        ("https://archive.example.org", False, "", None, "https://archive.example.org/item/4t0507dr72"),
        ("https://archive.example.org", True, MEMENTO, MEMENTO, "https://archive.example.org/item/4t0507dr72"),
        ("http://127.0.0.1:8001", True, "", None, None),
        ("http://localhost:8001", True, MEMENTO, MEMENTO, None),
        ("http://[::1]:8001", True, "http://127.0.0.1:8000/web/1/x", None, None),
    ],
)
def test_a_citation_names_addresses_that_others_can_open(
    here: str, playable: bool, source_url: str, archived: str | None, permanent: str | None
) -> None:
    found = citation(Cited(item=item(), twin=None, capture=listed(source_url=source_url)), here, playable=playable)
    assert (found.archived_url, found.permanent_url) == (archived, permanent)
    assert found.archived_at == START


def test_without_a_capture_nothing_is_said_of_one() -> None:
    found = citation(Cited(item=item(), twin=None, capture=None), "https://archive.example.org", playable=True)
    assert (found.archived_url, found.archived_at) == (None, None)
