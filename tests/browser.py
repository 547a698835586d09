"""Debian's Chromium for tests: one browser a module; a visit fails on errors in the console or the page, and on any request to another host."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")


@contextlib.contextmanager
def launched() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visiting(browser: Any, address: str, *, width: int = 1280, height: int = 900, **context: Any) -> Iterator[Any]:
    """A page of a new visitor, at the address. `context`: options of Playwright's, such as `color_scheme="dark"`, `locale="fr-FR"`."""
    opened = browser.new_context(viewport={"width": width, "height": height}, **{"locale": "en-GB", **context})
    troubles: list[str] = []
    page = opened.new_page()
    page.set_default_timeout(8_000)
    page.on("console", lambda message: troubles.append(f"console: {message.text}") if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(f"page: {error}"))
    page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: _same_host(request.url, address, troubles))
    try:
        page.goto(address)
        yield page
        assert troubles == []
    finally:
        opened.close()


def _same_host(asked: str, address: str, troubles: list[str]) -> None:
    if urlsplit(asked).netloc != urlsplit(address).netloc and not asked.startswith(("data:", "blob:")):
        troubles.append(f"asked another host: {asked}")


def assert_accessible(page: Any) -> None:
    """axe-core finds nothing serious on the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []


def assert_fits(page: Any) -> None:
    """Nothing makes the page wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
