"""Agenda, places, health and about in a real browser: desktop and phone, light and dark, by keyboard; nothing serious for axe, no other host asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import assert_accessible, assert_fits, needs_chromium, visiting
from tests.building import sample_archive
from tests.rooms import Served, serving

pytestmark = needs_chromium

PAGES = ("agenda", "agenda?view=month&month=2016-11", "places", "health", "about")


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(sample_archive(3)) as served:
        yield served


WAYS = ((1280, "light", "en"), (390, "dark", "fr"), (390, "light", "en"), (1280, "dark", "fr"))


@pytest.mark.parametrize(("page_name", "width", "scheme", "language"), [(name, *WAYS[number % len(WAYS)]) for number, name in enumerate(PAGES)])
def test_pages_are_accessible_and_fit(room: Served, browser: Any, page_name: str, width: int, scheme: str, language: str) -> None:
    with visiting(browser, f"{room.address}{language}/{page_name}", width=width, color_scheme=scheme) as page:
        assert_accessible(page)
        assert_fits(page)
        small = page.evaluate(
            """() => [...document.querySelectorAll('main button, main select, main nav a')]
                 .filter(one => one.getClientRects().length && one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML.slice(0, 120))"""
        )
        assert width > 400 or small == []


def test_from_the_list_over_a_filter_to_the_month_and_an_item(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/agenda") as page:
        every = page.locator(".meeting").count()
        page.get_by_label("Country").select_option(label="Togo")
        page.get_by_role("button", name="Show").click()
        assert 0 < page.locator(".meeting").count() < every
        page.get_by_role("link", name="By month").click()
        assert page.get_by_role("heading", name="November 2017").is_visible()
        bar = page.locator(".bar").first
        assert bar.bounding_box()["width"] > 1.8 * page.locator(".month-table .days td").first.bounding_box()["width"]
        page.get_by_role("link", name="Français").click()
        assert page.get_by_role("heading", name="novembre 2017").is_visible()
        assert "country=TG" in page.url
        with page.expect_download() as download:
            page.get_by_role("link", name="iCalendar").click()
        assert download.value.suggested_filename == "agenda.ics"


def test_the_map_leads_to_a_search_by_mouse_and_by_keyboard(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/places") as page:
        town = page.locator(".map a:has(.map-town)").first
        name = town.get_attribute("aria-label").split(":")[0]
        town.focus()
        assert page.evaluate("getComputedStyle(document.activeElement.querySelector('.map-town')).strokeWidth") == "2.5px"
        page.keyboard.press("Enter")
        page.wait_for_url("**/en/search?town=*")
        assert name in page.locator(".chips").inner_text()
        page.go_back()
        page.get_by_role("link", name="Meetings held there").click()
        assert page.locator(".map-town").count() > 3


def test_charts_and_map_follow_the_scheme(room: Served, browser: Any) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        with visiting(browser, f"{room.address}en/places", color_scheme=scheme) as page:
            land = page.evaluate("getComputedStyle(document.querySelector('.map-land')).fill")
        with visiting(browser, f"{room.address}en/health", color_scheme=scheme) as page:
            bar = page.evaluate("getComputedStyle(document.querySelector('.chart-bar rect')).fill")
        colours[scheme] = (land, bar)
    assert all(one != other for one, other in zip(colours["light"], colours["dark"], strict=True))


def test_on_a_phone_the_narrow_chart_is_shown_and_names_on_the_map_are_legible(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/health", width=390) as page:
        assert page.locator(".chart-figure .narrow svg").first.is_visible()
        assert not page.locator(".chart-figure .wide svg").first.is_visible()
    with visiting(browser, f"{room.address}en/places", width=390) as page:
        sizes = page.evaluate(
            """() => { const map = document.querySelector('.map'); const scale = map.getBoundingClientRect().width / map.viewBox.baseVal.width;
                 return [...map.querySelectorAll('.map-label')].filter(one => one.getClientRects().length)
                   .map(one => parseFloat(getComputedStyle(one).fontSize) * scale); }"""
        )
        assert sizes
        assert min(sizes) > 10


def test_from_health_to_a_run_and_to_an_item_it_brought(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/health") as page:
        page.locator(".health-runs a").last.click()
        assert page.get_by_role("heading", name="New items").is_visible()
        assert_accessible(page)
        assert page.locator(".changes a").first.get_attribute("href").startswith("/en/item/")
