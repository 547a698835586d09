"""Thirty quiet nights, and nights with editors at work: what is asked, what is found, when, and that nothing else is told."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.demo import Response
from rabat_crawler.demo.content import Story, stories
from rabat_crawler.demo.server import Pages
from rabat_crawler.demo.site import SampleSite
from rabat_crawler.models import Site
from tests import gold
from tests.editors import CapturedSite, Editors
from tests.nights import BOUND, Edit, Nights, nights, settle, shown, told

MOST_OF_A_NIGHT = 0.12
QUIET = int(os.environ.get("RABAT_QUIET_NIGHTS", "8"))
"""Quiet nights of the captured site, and nights after its last edit; `make soak` has all thirty, in which every page is asked again."""
CALM = 3
"""So many nights more once every edit was found."""
Plan = dict[int, list[Callable[[], Edit]]]
"""By night: the edits made before it."""
needs_capture = pytest.mark.skipif(not (gold.WARC.exists() and gold.GOLD.exists()), reason=gold.MISSING)


def sample(origin: str) -> Site:
    return registry.at_origin(registry.site("sample"), origin)


def test_thirty_quiet_nights_of_the_sample_ask_little_and_tell_nothing(tmp_path: Path) -> None:
    with nights(SampleSite(), tmp_path, sample) as book:
        quiet(book)
        assert_every_page_was_asked(book)


def quiet(book: Nights, later: int = BOUND) -> None:
    """A full crawl and so many nights after it."""
    for _ in range(later + 1):
        book.night()
    for run in book.runs[1:]:
        assert (run.status, told(run), run.counts["items_new"], run.counts["versions_new"]) == ("done", [], 0, 0)
    assert book.share <= MOST_OF_A_NIGHT


def assert_every_page_was_asked(book: Nights) -> None:
    """All that answered in the first night was asked again in the thirty after it."""
    first, later = book.serving.requests[: book.asked[0]], book.serving.requests[book.asked[0] :]
    again = {one.path for one in later}
    assert [one.path for one in first if one.status in (200, 304) and one.path not in again] == []


# Editors at work -----------------------------------------------------------------------------------------------------------


class Newsroom:
    """The sample site and those who edit it: each method makes one edit and says what must be told of it."""

    def __init__(self) -> None:
        self.stories = {story.id: story for story in stories(1)}
        self.site = self.copy()
        self._ids = itertools.count(301)

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        return self.site.page(path_with_query, origin=origin, gzip_ok=gzip_ok)

    def copy(self) -> SampleSite:
        """The site as it is now, its counters at their start."""
        return SampleSite(stories=self.stories.values())

    def publish(self, now: Iterable[Story]) -> None:
        """Put the stories as they are now on the site."""
        self.stories = {story.id: story for story in now}
        self.site = self.copy()

    def written(self, language: str, category: str, published: str, title: str, **more: object) -> Story:
        """A new story in the markup of the others."""
        body = (f"{title} : les points focaux se sont réunis.", "Le compte rendu sera publié dans les deux langues du dialogue.")
        if language == "en":
            body = (f"{title}: the focal points met.", "The report will be published in both languages of the dialogue.")
        alias = title.lower().replace(" ", "-")
        story = Story(id=next(self._ids), language=language, category=category, kind="news", title=title, alias=alias, published=published, body=body)
        return replace(story, **more)  # type: ignore[arg-type]

    def new(self, language: str, category: str, published: str, title: str) -> Edit:
        story = self.written(language, category, published, title)
        self.publish([*self.stories.values(), story])
        return Edit(f"new {category} {language} of {published[:10]}", ("new", title))

    def translate(self, number: int, title: str) -> Edit:
        story = self.stories[number]
        other = {"fr": "en", "en": "fr"}[story.branch]
        twin = self.written(other, story.category, story.published, title, twin=number, kind=story.kind)
        self.publish([*(one for one in self.stories.values() if one.id != number), replace(story, twin=twin.id), twin])
        return Edit(f"translation of {number}", ("new", title))

    def _change(self, number: int, **fields: object) -> Story:
        story = replace(self.stories[number], **fields)  # type: ignore[arg-type]
        self.publish([*(one for one in self.stories.values() if one.id != number), story])
        return story

    def retitle(self, number: int, title: str) -> Edit:
        self._change(number, title=title)
        return Edit(f"title of {number}", ("changed", title), frozenset({"title"}))

    def rewrite(self, number: int, paragraph: int) -> Edit:
        story = self.stories[number]
        body = [*story.body]
        body[paragraph] = body[paragraph].rstrip(".") + ", a-t-on appris mardi."
        self._change(number, body=tuple(body))
        return Edit(f"paragraph {paragraph} of {number}", ("changed", story.title))

    def remove(self, number: int) -> Edit:
        story = self.stories[number]
        self.publish(one for one in self.stories.values() if one.id != number)
        return Edit(f"removal of {number}", ("gone", story.title))


def edits_of_the_sample(room: Newsroom) -> Plan:
    """By night: what is done to the sample, young and old, listed and archived, in both languages and in the one for all."""
    return {
        1: [lambda: room.new("fr", "news", "2026-01-05T10:00:00+01:00", "Le secrétariat se réunit à Tunis")],
        2: [lambda: room.retitle(62, "Togolese registrars in Lisbon"), lambda: room.rewrite(150, 2)],
        3: [lambda: room.remove(81)],
        4: [lambda: room.translate(221, "Appel à projets pour apprendre un métier")],
        5: [lambda: room.rewrite(204, 0), lambda: room.retitle(44, "Étude des œuvres sociales")],
        6: [lambda: room.remove(27), lambda: room.new("en", "publications", "2026-01-10T10:00:00+01:00", "Statistics of the year")],
        7: [lambda: room.rewrite(37, 1), lambda: room.retitle(70, "Rabat Process leaflet - Dépliant")],
        8: [lambda: room.translate(190, "Niamey and the monitoring of reintegration")],
        9: [lambda: room.new("en", "meetings", "2013-05-05T10:00:00+01:00", "A meeting of long ago"), lambda: room.rewrite(30, 1)],
        11: [lambda: room.remove(229), lambda: room.rewrite(12, 3)],
        12: [lambda: room.retitle(10, "Les membres du dialogue"), lambda: room.rewrite(120, 7)],
    }


class Newspaper(Protocol):
    """A site that its editors change: what it shows now stays as it is in the copy."""

    def copy(self) -> Pages: ...


def work_through(book: Nights, room: Newspaper, planned: Plan, nights_after: int = BOUND) -> tuple[list[Edit], list[object]]:
    """Crawl, edit as planned, crawl on; the book of edits, and what was told without cause."""
    edits: list[Edit] = []
    wrong: list[object] = []
    book.night()
    fronts = book.fronts()
    calm = 0
    for night in range(1, max(planned) + nights_after + 1):
        for make in planned.get(night, []):
            before = room.copy()
            edit = make()
            edit.night, edit.shown = night, shown(before, room.copy(), fronts)
            edits.append(edit)
        wrong += settle(edits, book.night(), night)
        calm += night > max(planned) and all(edit.found is not None for edit in edits)
        if calm > CALM:
            break
    return edits, wrong


def assert_found(book: Nights, edits: list[Edit], wrong: list[object], *, all_lists: bool) -> None:
    """Every edit is found within the bound; the same night if a page asked that night showed it, or (`all_lists`) any list, feed or box at all."""
    assert {bool(edit.shown) for edit in edits} == {True, False}
    last = len(book.runs) - 1
    late = [
        edit for edit in edits if (edit.found if edit.found is not None else last + 1) - edit.night > BOUND or (edit.found is None and last >= BOUND)
    ]
    missed = [edit for edit in edits if edit.found != edit.night and (edit.shown if all_lists else set(edit.shown) & set(book.paths(edit.night)))]
    assert (late, missed, wrong) == ([], [], [])
    assert {run.status for run in book.runs} == {"done"}


def test_every_edit_of_the_sample_is_found_in_time_and_nothing_else_is_told(tmp_path: Path) -> None:
    room = Newsroom()
    with nights(room, tmp_path, sample) as book:
        edits, wrong = work_through(book, room, edits_of_the_sample(room))
        assert_found(book, edits, wrong, all_lists=False)
    with Archive.open(tmp_path) as archive:
        kept = {item.article_id: item for item in archive.items()}
    for number, story in room.stories.items():
        assert (kept[number].title, kept[number].gone) == (" ".join(story.title.split()), False)


# The captured site ---------------------------------------------------------------------------------------------------------


def real(origin: str) -> Site:
    return registry.at_origin(registry.site("rabat-process"), origin)


@pytest.mark.real
@needs_capture
def test_quiet_nights_of_the_captured_site_ask_little_and_tell_nothing(tmp_path: Path) -> None:
    with nights(CapturedSite(gold.read_capture()), tmp_path, real) as book:
        quiet(book, QUIET)
        if QUIET >= BOUND:
            assert_every_page_was_asked(book)


def edits_of_the_capture(desk: Editors) -> Plan:
    """By night: what is done to the captured site: on first pages of lists and deep in them, in the text that lists show and in the rest."""
    return {
        1: [lambda: desk.new(285, "Les points focaux se rencontrent à Cotonou en décembre"), lambda: desk.rewrite(275, 4)],
        2: [
            lambda: desk.retitle(20, "A steering committee in the spring"),
            lambda: desk.rewrite(296, 0),
            lambda: desk.retitle(261, "Une rencontre à venir"),
        ],
        3: [lambda: desk.remove(65), lambda: desk.new(16, "Une réunion oubliée des années passées")],
        4: [lambda: desk.new(287, "A translation of last year's note", twin=262), lambda: desk.new(176, "A translation of an old note", twin=17)],
        5: [lambda: desk.remove(27), lambda: desk.remove(281), lambda: desk.rewrite(11, 1)],
        6: [
            lambda: desk.retitle(277, "Un atelier technique sous un autre nom"),
            lambda: desk.rewrite(190, 7),
            lambda: desk.retitle(35, "Une étude rebaptisée"),
        ],
    }


@pytest.mark.real
@needs_capture
@pytest.mark.skipif(QUIET < BOUND, reason="half a minute: in make soak; the sample's edits are in the suite")
def test_every_edit_of_the_captured_site_is_found_in_time_and_nothing_else_is_told(tmp_path: Path) -> None:
    desk = Editors(gold.read_capture())
    with nights(desk, tmp_path, real) as book:
        edits, wrong = work_through(book, desk, edits_of_the_capture(desk), QUIET)
        assert_found(book, edits, wrong, all_lists=True)
