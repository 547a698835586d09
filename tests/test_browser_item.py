"""An item's page in a real browser: versions, translation, citation, archived page; by keyboard, on a phone, in the dark, on paper; attacks shown as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler.archive import Archive
from tests.browser import assert_accessible, assert_fits, needs_chromium, visiting
from tests.item_archives import ATTACK, attacking, three_epochs, titled
from tests.rooms import Served, serving

pytestmark = needs_chromium

CHAIRED = titled("La présidence du dialogue").item_id
LOME = titled("Lomé: civil registration")
PAGES = {
    "item": f"en/item/{LOME.item_id}",
    "versions": f"fr/item/{CHAIRED}?from=1&to=3",
    "side": f"fr/item/{LOME.item_id}?side={LOME.twin}",
    "gone": f"en/item/{titled('Bamako : envoyer').item_id}",
    "missing": "en/item/zzzzzzzz",
}


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(three_epochs()) as served:
        yield served


def sides(page: Any) -> list[dict[str, float]]:
    """Where the first paragraphs of a text and of its translation lie, at one moment."""
    page.locator(".pair").nth(1).wait_for()
    found: list[dict[str, float]] = page.locator(".pair:not(.pair-head)").first.evaluate(
        "pair => [...pair.children].map(one => one.getBoundingClientRect().toJSON())"
    )
    return found


def test_through_an_items_page(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/item/{LOME.item_id}", permissions=["clipboard-read", "clipboard-write"]) as page:
        assert page.locator("h1").inner_text() == LOME.title
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()").startswith(f"Rabat Process. “{LOME.title}”.")
        with page.expect_download() as saved:
            page.get_by_role("link", name="BibTeX").click()
        assert saved.value.suggested_filename == f"{LOME.item_id}.bib"
        assert f"rabat-process-{LOME.item_id}" in Path(saved.value.path()).read_text(encoding="utf-8")
        page.get_by_role("link", name="Beside its translation").click()
        ours, theirs = sides(page)
        assert ours["y"] == theirs["y"]
        assert ours["x"] < theirs["x"]
        page.get_by_role("link", name="Other side first").click()
        assert page.url.endswith(f"/en/item/{LOME.twin}?side={LOME.item_id}#text")
        page.get_by_role("link", name="Français").click()
        assert "/fr/item/" in page.url
        page.get_by_role("link", name="Portugal").first.click()
        assert page.url.endswith("/fr/search?country=PT")


def test_any_two_versions_are_compared(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}fr/item/{CHAIRED}") as page:
        assert page.locator("#difference h3").inner_text() == "De la version 2 à la version 3"
        page.locator("select[name=from]").select_option("1")
        page.get_by_role("button", name="Comparer").click()
        page.wait_for_load_state()
        assert page.url.endswith("?from=1&to=3#difference")
        assert "Depuis 2020, la passation se fait en ligne" in page.locator(".diff ins").last.inner_text()
        assert page.locator(".timeline.wide").is_visible()
        assert not page.locator(".timeline.narrow").is_visible()


def test_the_archived_page_opens_and_runs_nothing(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/item/{CHAIRED}") as page:
        archived = page.get_by_role("link", name="Archived page").get_attribute("href")
    context = browser.new_context()
    page = context.new_page()
    ended: list[str] = []
    stopped: list[str] = []
    page.on("requestfinished", lambda request: ended.append(request.url))
    page.on("requestfailed", lambda request: stopped.append(request.failure))
    page.goto(room.address.rstrip("/") + archived)
    assert "La présidence du dialogue" in page.locator("body").inner_text()
    assert [url for url in ended if not url.startswith(room.address)] == []
    assert set(stopped) == {"csp"}, "what the page would fetch is stopped by the policy, not by chance"
    assert page.evaluate("self.origin") == "null"
    page.locator("a[href^='/archived/']").filter(has_text="Lomé").first.click()
    assert "/archived/2022" in page.url
    assert "Lomé" in page.locator("body").inner_text()
    context.close()


def test_by_keyboard_and_without_scripts(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/item/{LOME.item_id}", java_script_enabled=False) as page:
        assert page.locator("button[data-copy]").count() == 1
        assert not page.locator("button[data-copy]").is_visible()
        assert page.locator("#citation").is_visible()
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("#evidence details").first.locator("table").is_visible()
    with visiting(browser, f"{room.address}en/item/{LOME.item_id}") as page:
        page.get_by_role("link", name="3 captures").focus()
        page.keyboard.press("Enter")
        page.locator("#captures table").wait_for()


@pytest.mark.parametrize(("name", "scheme"), [("item", "light"), ("versions", "dark"), ("side", "light"), ("gone", "dark"), ("missing", "light")])
def test_pages_are_accessible_and_fit_a_phone(room: Served, browser: Any, name: str, scheme: str) -> None:
    path = PAGES[name]
    with visiting(browser, f"{room.address}en/", width=390, height=844, color_scheme=scheme) as page:
        answer = page.request.get(room.address + path)
        page.set_content(answer.text()) if answer.status == 404 else page.goto(room.address + path)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert_fits(page)
        assert_accessible(page)
        small = page.locator(".actions a, button:visible, .cite-tools a, summary, .chips a").evaluate_all(
            "all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43).map(one => one.outerHTML)"
        )
        assert small == []


def test_on_a_phone_the_translation_falls_under_the_text(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}{PAGES['side']}", width=390, height=844) as page:
        ours, theirs = sides(page)
        assert theirs["y"] >= ours["y"] + ours["height"]
        assert ours["x"] < 60
        page.goto(f"{room.address}{PAGES['versions']}")
        assert page.locator(".timeline.narrow").is_visible()


def test_on_paper_changes_are_marked_in_words(room: Served, browser: Any) -> None:
    with visiting(browser, f"{room.address}en/item/{CHAIRED}?from=1&to=3") as page:
        page.emulate_media(media="print")
        assert "[added: " in page.locator(".diff").inner_text()
        assert page.locator(".actions").is_hidden()
        assert page.locator("#captures table").is_visible()


def test_attacks_are_shown_as_text(browser: Any, tmp_path: Path) -> None:
    folder = attacking(tmp_path / "archive")
    with Archive.open(folder) as archive:
        found = list(archive.items())
        documents = archive.documents()
    paths = [f"{language}/item/{item.item_id}" for item in found for language in ("en", "fr")]
    paths += [f"en/item/{item.item_id}?side={item.twin}" for item in found if item.twin]
    paths += [f"en/document/{one.document_id}" for one in documents]
    with serving(folder) as served, visiting(browser, f"{served.address}en/") as page:
        for path in paths:
            page.goto(served.address + path)
            page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            assert ATTACK in page.locator("h1").inner_text()
            assert page.evaluate("window.attacked") is None
            assert page.locator("main img, main script, main iframe").count() == 0
        dates = served.address + paths[0]
        page.goto(dates)
        page.locator("summary").first.click()
        assert ATTACK in page.locator("#evidence table").first.inner_text()
