"""A visit with a real browser: first page, search, facets, paging, the other language; by keyboard, on a phone, in the dark; pages that attack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.browser import assert_accessible, assert_fits, needs_chromium, visiting
from tests.building import sample_archive
from tests.rooms import ATTACKS, Served, hostile_archive, serving

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(sample_archive(3)) as served:
        yield served


def test_from_the_first_page_to_a_narrowed_search_and_back(room: Served, browser: Any) -> None:
    with visiting(browser, room.address) as page:
        assert page.url.endswith("/en/")
        page.get_by_role("searchbox").fill("dialogue")
        page.get_by_role("button", name="Search").click()
        found = int(page.locator("#results").inner_text().split()[0])
        assert found > 3
        assert page.locator(".hit mark").count() > 0
        facet = page.locator("nav.facets")
        facet.get_by_role("link", name="French").click()
        narrowed = int(page.locator("#results").inner_text().split()[0])
        assert 0 < narrowed < found
        assert "language=fr" in page.url
        assert "q=dialogue" in page.url
        assert all(one == "fr" for one in page.locator(".hit h3").evaluate_all("all => all.map(one => one.lang)"))
        page.locator(".chip").click()
        assert int(page.locator("#results").inner_text().split()[0]) == found
        assert page.locator(".chip").count() == 0


def test_pages_follow_each_other_without_gap_or_double(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/search") as page:
        total = int(page.locator("#results").inner_text().split()[0])
        seen: list[str] = page.locator(".hit h3 a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert total > 20
        while (following := page.get_by_role("link", name="Next", exact=True)).count():
            following.click()
            seen += page.locator(".hit h3 a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert len(seen) == len(set(seen)) == total
        page.get_by_role("link", name="Previous", exact=True).click()
        assert page.get_by_role("link", name="Next", exact=True).count() == 1


def test_the_other_language_keeps_the_search_and_is_remembered(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/search?q=dakar&kind=event") as page:
        page.get_by_role("link", name="Français").click()
        assert page.url == f"{room.address}fr/search?q=dakar&kind=event"
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.get_by_role("button", name="Chercher").count() == 1
        page.goto(room.address)
        assert page.url.endswith("/fr/")
        assert [cookie["name"] for cookie in page.context.cookies()] == ["rabat_language"]


def test_by_keyboard_alone(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "q"
        page.keyboard.type("dakar")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=dakar*")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('.hit') !== null"):
                break
        assert page.evaluate("document.activeElement.getAttribute('href')").startswith("/en/item/")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("en/", "light"),
        ("fr/search?q=dialogue&kind=news", "light"),
        ("en/search?q=dialogue", "dark"),
        ("en/search?q=xyzzyx", "light"),
    ],
)
def test_pages_are_accessible_and_fit_a_phone(room: Served, browser: Any, path: str, scheme: str) -> None:
    with visiting(browser, room.address + path, width=390, height=844, color_scheme=scheme) as page:
        assert_fits(page)
        assert_accessible(page)
        small = page.locator(".main-nav a, .switch a, button, .facet a, .pager a").evaluate_all(
            "all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43).map(one => one.outerHTML)"
        )
        assert small == []


def test_dark_is_dark_and_print_hides_what_cannot_be_clicked(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/search?q=dakar", color_scheme="dark") as page:
        assert sum(map(int, page.evaluate("getComputedStyle(document.body).backgroundColor").strip("rgb()").split(","))) < 150
        page.emulate_media(media="print", color_scheme="light")
        assert not page.locator(".search-form").is_visible()
        assert not page.locator("nav.facets").is_visible()
        assert page.locator(".hit").first.is_visible()


def test_pages_of_datasette_work_under_our_policy(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}rabat") as page:
        page.locator(".CodeMirror").wait_for()
        for path in ("rabat?sql=select+1", "rabat/items_per_month", "rabat/runs?_facet=status", "-/metadata"):
            page.goto(room.address + path)
        page.goto(f"{room.address}rabat/items")
        page.locator("th.col-kind svg").click()
        page.locator(".dropdown-menu").get_by_text("Sort ascending").wait_for()
        page.locator("h1").click()
        page.locator("details.nav-menu summary").click()
        page.get_by_role("link", name="Reading room", exact=True).click()
        assert page.url.endswith("/en/")


def test_what_pages_say_is_shown_and_never_run(browser: Any, tmp_path: Path) -> None:
    with serving(hostile_archive(tmp_path / "archive")) as served, visiting(browser, f"{served.address}en/search?q=refugees") as page:
        shown = page.locator(".hits").inner_text()
        assert all(attack in shown for attack in ATTACKS[:3])
        assert "1337" not in shown
        for path in ("en/", "en/search", "rabat/items"):
            page.goto(served.address + path)
            assert page.evaluate("window.attacked") is None
            assert page.locator("main img, main iframe, main script, .content img, .content iframe").count() == 0
        for attack in ATTACKS:
            page.goto(f"{served.address}en/search?{urlencode({'q': attack, 'kind': attack})}", wait_until="commit")
            assert page.get_by_role("searchbox").input_value() == attack
            assert page.evaluate("window.attacked") is None
