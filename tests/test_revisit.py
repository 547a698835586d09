"""When is what due again, which pages are watched, what vanished from a list: tables and properties. No clock, no disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.models import Draft, Link, Page
from rabat_crawler.revisit import Answered, Front, Policy, due, page_digest, spread, teasers, vanished, watched

NIGHT = datetime(2026, 1, 5, 2, 30, tzinfo=UTC)
POLICY = Policy()


def nights(*, state: str = "done", times: int = 2, age: float | None = None, policy: Policy = POLICY, lists: bool = False) -> int:
    """After how many nights an address is asked again."""
    news = NIGHT - timedelta(days=age) if age is not None else None
    at = due(Answered(url="https://www.example.org/fr/1-a", asked_at=NIGHT, state=state, times=times, news=news, lists=lists), policy)
    return next(n for n in range(1, 400) if NIGHT + timedelta(days=n) >= at)


DUE = [
    pytest.param({"age": 0.0}, 1, id="news of today"),
    pytest.param({"age": 6.9}, 1, id="news of this week"),
    pytest.param({"age": 8.0}, 3, id="a week old"),
    pytest.param({"age": 31.0}, 7, id="a month old"),
    pytest.param({"age": 100.0}, 15, id="three months old"),
    pytest.param({"age": 400.0}, 30, id="a year old"),
    pytest.param({}, 30, id="undated"),
    pytest.param({"state": "gone", "times": 1}, 1, id="gone: looked at again the next night"),
    pytest.param({"state": "gone", "times": 2}, 2, id="still gone"),
    pytest.param({"state": "gone", "times": 9}, 30, id="gone for long"),
    pytest.param({"state": "failed", "times": 1}, 1, id="failed"),
    pytest.param({"state": "failed", "times": 4}, 4, id="failed four times"),
    pytest.param({"state": "absent", "times": 2}, 30, id="never was there"),
    pytest.param({"age": 0.0, "lists": True}, 7, id="a list that changed today and is not watched"),
    pytest.param({"age": 31.0, "lists": True}, 30, id="a list without news"),
    pytest.param({"age": 100.0, "policy": Policy(max_days=10)}, 10, id="a shorter bound"),
]


@pytest.mark.parametrize(("known", "after"), DUE)
def test_what_is_due_when(known: dict[str, object], after: int) -> None:
    assert nights(**known) == after  # type: ignore[arg-type]


@given(
    st.sampled_from(["done", "gone", "absent", "failed"]),
    st.integers(1, 50),
    st.none() | st.floats(0, 5000),
    st.floats(1, 90),
    st.text(max_size=40),
)
def test_nothing_is_ever_put_off_beyond_the_bound(state: str, times: int, age: float | None, bound: float, url: str) -> None:
    news = NIGHT - timedelta(days=age) if age is not None else None
    at = due(Answered(url=url, asked_at=NIGHT, state=state, times=times, news=news), Policy(max_days=bound))
    assert at <= NIGHT + timedelta(days=bound)


def test_the_first_return_is_spread_over_the_nights() -> None:
    urls = [f"https://www.example.org/fr/{number}-a" for number in range(300)]
    days = [(due(Answered(url=url, asked_at=NIGHT), POLICY) - NIGHT).days for url in urls]
    assert all(0 <= spread(url) <= 1 for url in urls)
    assert max(days.count(day) for day in range(31)) < 25 and max(days) < 30


def front(url: str, items: str, *, start: bool = False, feed: bool = False) -> Front:
    return Front(url=url, start=start, feed=feed, items=frozenset(items))


WATCHED = [
    pytest.param([front("/", "ab", start=True), front("/n", "abc")], 5, {"/", "/n"}, id="it shows more than the start page"),
    pytest.param([front("/", "", start=True), front("/n", "abc"), front("/all", "abc")], 5, {"/", "/n"}, id="the very same list at two addresses"),
    pytest.param([front("/", "", start=True), front("/n", "abc"), front("/n?f", "abc", feed=True)], 5, {"/", "/n"}, id="a feed beside its listing"),
    pytest.param([front("/", "", start=True), front("/n?f", "abc", feed=True)], 5, {"/", "/n?f"}, id="a feed alone"),
    pytest.param(
        [front("/", "a", start=True), front("/x", "bc"), front("/y", "bcd"), front("/z", "e")], 2, {"/", "/y"}, id="the limit: what adds most"
    ),
    pytest.param([front("/fr", "", start=True), front("/en", "", start=True)], 1, {"/fr", "/en"}, id="start pages always"),
    pytest.param([front("/", "abc", start=True), front("/t", "ab")], 5, {"/", "/t"}, id="room left: it may show other things tomorrow"),
    pytest.param([front("/", "abc", start=True), front("/empty", "")], 5, {"/"}, id="an empty listing"),
]


@pytest.mark.parametrize(("fronts", "limit", "chosen"), WATCHED)
def test_what_is_watched_every_night(fronts: list[Front], limit: int, chosen: set[str]) -> None:
    assert watched(fronts, limit) == chosen


VANISHED = [
    pytest.param("abcd", "nabc", False, "", id="one came, the last moved on"),
    pytest.param("abcd", "acde", False, "b", id="one went, one came up from the next page"),
    pytest.param("abcd", "nacd", False, "b", id="one came and one went"),
    pytest.param("abcd", "abc", False, "", id="the last went or moved on"),
    pytest.param("abcd", "abc", True, "d", id="the last of the whole list went"),
    pytest.param("abcd", "xyz", False, "", id="everything is new"),
    pytest.param("", "abc", False, "", id="nothing was there"),
]


@pytest.mark.parametrize(("before", "now", "whole", "gone"), VANISHED)
def test_what_vanished_from_a_list(before: str, now: str, whole: bool, gone: str) -> None:
    assert vanished(list(before), list(now), whole=whole) == list(gone)


def article(text: str, *links: str) -> Page:
    return Page(layout="x", role="detail", drafts=(Draft(title="Un", text=text, complete=True),), links=tuple(Link(url=url) for url in links))


def test_links_and_boxes_beside_an_article_do_not_change_it() -> None:
    box = Draft(title="Autre", url="https://www.example.org/fr/2-b")
    same = article("Texte.", "https://www.example.org/fr/2-b")
    assert page_digest(article("Texte.")) == page_digest(same) == page_digest(Page(layout="x", role="detail", drafts=(*same.drafts, box)))
    assert page_digest(article("Texte.")) != page_digest(article("Texte changé."))


def test_a_list_says_of_each_item_what_its_intro_says() -> None:
    url = "https://www.example.org/fr/2-b"

    def listing(title: str) -> Page:
        return Page(layout="x", role="listing", drafts=(Draft(title=title, url=url),), links=(Link(url=url, text=title, rel="item"),))

    assert list(teasers(listing("Un"))) == [url]
    assert teasers(listing("Un")) != teasers(listing("Deux"))
    assert page_digest(listing("Un")) != page_digest(listing("Deux"))
