"""A newsletter opened in a real browser, as a file: on a phone and on paper, in the light and in the dark; it asks for nothing and runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.exports._digest import Asked, write_digest
from tests.browser import assert_accessible, assert_fits, needs_chromium, visiting
from tests.letters import Letters, eventful, story
from tests.rooms import ATTACKS

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    letters: Letters = eventful(tmp_path_factory.mktemp("letters") / "archive")
    letters.night({f"/en/news/{number}-x": story("Attack", "Nine nurses wrote home.", language="en") for number in range(31, 31 + len(ATTACKS))})
    with Archive.open(letters.folder, write=True) as archive:
        for number, attack in enumerate(ATTACKS, 31):
            archive.connection.execute("UPDATE items SET title = ?, summary = ? WHERE article_id = ?", (attack, attack * 3, number))
    letters.breached({"/en/news/16-boats": story("Boats of steel", "A shipyard builds boats of steel.", language="en")})
    return letters.folder


@pytest.mark.parametrize(("language", "scheme"), [("fr", "light"), ("en", "dark")])
def test_it_opens_on_a_phone_and_asks_for_nothing(browser: Any, folder: Path, tmp_path: Path, language: Any, scheme: str) -> None:
    target = tmp_path / "letter.html"
    with Archive.open(folder) as archive:
        write_digest(archive, Asked(language=language, since="2019-03-05", base_url="https://archive.example.org"), {"html": target})
    asked: list[str] = []
    with visiting(browser, target.as_uri(), width=390, height=844, color_scheme=scheme) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        assert asked == [target.as_uri()]
        assert page.evaluate("window.attacked") is None
        assert page.locator("h3").filter(has_text=ATTACKS[0]).is_visible()
        assert page.locator("h2").all_inner_texts()[0] == {"fr": "Nouveautés", "en": "New"}[language]
        assert page.locator("[role=note]").is_visible()
        assert_fits(page)
        assert_accessible(page)
        small = page.locator(".links a").evaluate_all("all => all.filter(one => one.getBoundingClientRect().height < 34).map(one => one.outerHTML)")
        assert small == []
        page.emulate_media(media="print")
        assert page.locator(".sheet").evaluate("one => getComputedStyle(one).borderTopWidth") == "0px"
