"""The exported site in a real browser, from `python -m http.server`, below a sub-path: it is searched, read, used by keyboard, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.exports import Options, export
from tests.browser import assert_accessible, assert_fits, needs_chromium, visiting
from tests.building import BASE, article_html, small_archive
from tests.item_archives import items, three_epochs, titled
from tests.rooms import ATTACKS
from tests.sites import http_server

pytestmark = needs_chromium

SAME_AS_THE_ARCHIVE = (
    "dialogue", "présidence", "PRESIDENCES", "réunion", "réunir", "refugees", "l'asile", "l’Afrique", "Dakar", "Sénégal", "Ivory Coast", "OIM", "migra*",
    '"comité de pilotage"', "formation OU retour", "dialogue -réunion", "co-développement", "coeur", "xyzzyplugh",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("host")
    with Archive.open(three_epochs()) as archive:
        export(archive, "site", folder / "kept" / "rabat", options=Options())
    with http_server(folder) as address:
        yield f"{address}kept/rabat/"


def search(page: Any, site: str, language: str = "fr", **asked: str) -> int:
    """Ask the search page; how many it says it found."""
    page.goto(f"{site}{language}/search/?{urlencode(asked)}")
    return said(page)


def said(page: Any, turn: int = 1) -> int:
    page.locator(f"body[data-shown='{turn}']").wait_for()
    words = page.locator("#search-status").inner_text().replace("\u202f", "").split()
    return int(words[0]) if words[0].isdigit() else 0


def test_the_search_finds_what_the_archive_finds(site: str, browser: Any) -> None:
    with Archive.open(three_epochs()) as archive, visiting(browser, f"{site}fr/") as page:
        expected = {words: archive.search(words).total + len(archive.search_documents(words, limit=100)) for words in SAME_AS_THE_ARCHIVE}
        assert {words: search(page, site, q=words) for words in SAME_AS_THE_ARCHIVE} == expected
        assert sum(map(bool, expected.values())) > 12
        best = [hit.item.title for hit in archive.search("présidence dialogue", limit=3)]
        search(page, site, q="présidence dialogue")
        assert page.locator(".hit h3").first.inner_text() in best


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose texts hold certain forms only, and attacks."""
    texts = {
        ("fr", "1-un"): ("Accueil", "Les réfugiés sénégalais ont été accueillis au cœur de l’Afrique, selon l'Organisation internationale pour les migrations."),
        ("fr", "2-deux"): ("Un refuge", "Le refuge est fermé. Les mobilités étudiantes."),
        ("en", "3-three"): ("Families", "The families of refugees were received in shelters; a country’s duty."),
    }  # fmt: skip
    for number, attack in enumerate(ATTACKS, 11):
        escaped = attack.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        texts["en", f"{number}-x"] = (f"Attack {escaped}", f"{escaped} hostile " * 3)
    folder = tmp_path_factory.mktemp("forms")
    pages = [
        (f"{BASE}/{language}/a/{path}", article_html(title, text, language={"fr": "fr-fr", "en": "en-gb"}[language]))
        for (language, path), (title, text) in texts.items()
    ]
    with Archive.open(small_archive(folder / "archive", pages)) as archive:
        export(archive, "site", folder / "site")
    with http_server(folder / "site") as address:
        yield address


FORMS_SEEN = {
    "Accueil": ("réfugiée", "refugies", "REFUGIE", "accueillir", "accueillies", "coeur", "l'Afrique", "OIM", "IOM"),
    "Un refuge": ("refuges", "mobilite", "étudiant"),
    "Families": ("family", "countries", "receiving", "shelter"),
}
"""What is typed, under the title of the item that is to be found; most of these forms stand in no text."""


def test_a_form_that_stands_nowhere_finds_the_others(forms: str, browser: Any) -> None:
    with visiting(browser, f"{forms}en/") as page:
        for title, typed in FORMS_SEEN.items():
            for words in typed:
                assert search(page, forms, "en", q=words) >= 1, words
                titles = page.locator(".hit h3").all_inner_texts()
                assert title in titles, words
                if title == "Accueil":
                    assert "Un refuge" not in titles, f"{words}: refuge is no form of réfugié"
                if words not in ("OIM", "IOM"):
                    assert page.locator(".hit", has_text=title).locator("mark").count() > 0, words


def test_attacks_are_shown_as_text(forms: str, browser: Any) -> None:
    with visiting(browser, f"{forms}en/search/?{urlencode({'q': 'hostile'})}") as page:
        assert said(page) == len(ATTACKS)
        shown = page.locator("#hits").inner_text()
        assert all(" ".join(attack.split()) in shown for attack in ATTACKS[:3])
        for link in page.locator(".hit h3 a").evaluate_all("all => all.map(one => one.href)"):
            page.goto(link)
        for attack in ATTACKS:
            search(page, forms, "en", q=attack)
        assert page.evaluate("window.attacked") is None


def test_from_the_first_page_to_an_item_its_versions_and_its_translation(site: str, browser: Any) -> None:
    item = titled("La présidence du dialogue")
    with visiting(browser, site) as page:
        page.get_by_role("link", name="Entrer en français").click()
        page.get_by_role("searchbox").fill("la présidence du dialogue")
        page.get_by_role("button", name="Chercher").click()
        assert said(page) > 0
        assert page.locator("#q").input_value() == "la présidence du dialogue"
        page.locator(".hit").get_by_role("link", name=item.title, exact=True).click()
        assert page.url == f"{site}item/{item.item_id}/"
        assert page.locator("html").get_attribute("lang") == "fr"
        page.get_by_role("link", name="par rapport à la version 1").click()
        assert page.locator("#difference-1-2 ins").first.is_visible()
        page.get_by_role("link", name="À côté de sa traduction").click()
        assert page.locator("#beside .pair").nth(1).is_visible()
        page.locator(".switch").get_by_role("link", name="English").click()
        assert page.url == f"{site}item/{item.twin}/"
        assert page.locator("html").get_attribute("lang") == "en"
        page.get_by_text("BibTeX", exact=True).first.click()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Save the file BibTeX").click()
        assert saved.value.suggested_filename == f"{item.twin}.bib"
        assert Path(saved.value.path()).read_text(encoding="utf-8").startswith("@misc{")


def test_filters_narrow_and_the_address_keeps_the_search(site: str, browser: Any) -> None:
    with visiting(browser, f"{site}en/search/?q=dialogue") as page:
        found = said(page)
        page.locator("#facets").get_by_role("link", name="French").click()
        narrowed = said(page, 2)
        assert 0 < narrowed < found
        assert "language=fr" in page.url
        assert set(page.locator(".hit h3").evaluate_all("all => all.map(one => one.lang)")) == {"fr"}
        page.get_by_role("link", name="Newest").click()
        said(page, 3)
        assert "sort=newest" in page.url
        page.locator(".switch").get_by_role("link", name="Français").click()
        assert said(page) == narrowed
        assert page.url.startswith(f"{site}fr/search/?")
        page.locator(".chip").click()
        assert said(page, 2) == found
        page.go_back()
        assert said(page, 3) == narrowed


def test_pages_of_results_follow_each_other_without_gap_or_double(site: str, browser: Any) -> None:
    with Archive.open(three_epochs()) as archive, visiting(browser, f"{site}en/search/") as page:
        total = said(page)
        assert total == len(items()) + len(archive.documents())
        seen, turn = page.locator(".hit h3 a").evaluate_all("all => all.map(one => one.href)"), 1
        while (following := page.locator("#pager a[rel=next]")).count():
            following.click()
            turn += 1
            said(page, turn)
            seen += page.locator(".hit h3 a").evaluate_all("all => all.map(one => one.href)")
        assert len(seen) == len(set(seen)) == total


def test_by_keyboard_alone(site: str, browser: Any) -> None:
    with visiting(browser, f"{site}en/") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "q"
        page.keyboard.type("dakar")
        page.keyboard.press("Enter")
        page.locator("body[data-shown]").wait_for()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('.hit') !== null"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**/item/*/")
        assert page.locator("#item-title").is_visible()


@pytest.mark.parametrize("path", ["", "fr/", "en/browse/", "fr/search/?q=dialogue", "en/agenda/", "fr/about/", "en/items/", "item"])
def test_on_a_phone_and_for_everybody(site: str, browser: Any, path: str) -> None:
    address = site + (f"item/{titled('La présidence du dialogue').item_id}/" if path == "item" else path)
    with visiting(browser, address, width=360, height=720, color_scheme="dark") as page:
        if "search" in path:
            said(page)
        assert_fits(page)
        assert_accessible(page)


def test_without_javascript_all_but_the_search_can_be_read(site: str, browser: Any) -> None:
    with visiting(browser, f"{site}en/search/", java_script_enabled=False) as page:
        page.get_by_role("link", name="Browse the archive").click()
        page.get_by_role("link", name="All items, the newest first").click()
        assert page.locator(".item-line").count() == len(items())
        page.locator(".item-line a").first.click()
        assert page.locator(".item-text").is_visible()
