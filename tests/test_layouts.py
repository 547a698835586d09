"""Every recorded page under tests/pages is read as a capture and compared with its expected JSON. New values are written by --write-expected only."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler import registry
from rabat_crawler.extract import parse_page
from rabat_crawler.models import Capture, Draft, Page, Record, Site
from rabat_crawler.urls import url_key

PAGES = Path(__file__).resolve().parent / "pages"
RECORDED = sorted(PAGES.glob("*/*/*.html"))
RELS = ("item", "next", "whole", "part")
LANGUAGES = ("fr", "en")
IDS = [path.relative_to(PAGES).with_suffix("").as_posix() for path in RECORDED]


def expected_of(path: Path) -> dict[str, Any]:
    """The JSON beside a recorded page: "meta" (written by hand) and "page"."""
    loaded: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return loaded


def site_of(meta: dict[str, Any]) -> Site:
    """The named definition, or the one for a site that nobody described."""
    return registry.generic_site(meta["url"]) if meta["site"] == registry.GENERIC else registry.site(meta["site"])


@lru_cache(maxsize=256)
def read(path: Path) -> Page:
    """The page as the whole reading path sees it."""
    meta = expected_of(path)["meta"]
    content_type = meta["content_type"]
    capture = Capture(
        record_id=f"urn:recorded:{path.stem}",
        url=meta["url"],
        url_key=url_key(meta["url"]),
        captured_at=datetime.fromisoformat(meta["captured_at"].replace("Z", "+00:00")),
        status=200,
        media_type=content_type.split(";")[0].strip(),
        digest="sha256:0",
        site=meta["site"],
    )
    return parse_page(Record(capture=capture, response_headers=(("Content-Type", content_type),), body=path.read_bytes()), site_of(meta))


def draft_form(draft: Draft) -> dict[str, Any]:
    """A draft as the expected JSON has it: empty values left out, except title and text."""
    form: dict[str, Any] = {
        "title": draft.title,
        "text": draft.text.split("\n") if draft.text else [],
        "complete": draft.complete,
        "url": draft.url,
        "article_id": draft.article_id,
        "cms": draft.cms,
        "kind": draft.kind,
        "section": draft.section,
        "language": draft.language,
        "layout": draft.layout,
        "dates": [
            {k: v for k in ("value", "end", "role", "source") if (v := getattr(date, k)) is not None} for date in draft.dates if not date.refused
        ],
        "tags": list(draft.tags),
        "attachments": [attachment.url for attachment in draft.attachments],
        "images": [image.url for image in draft.images],
        "alternates": {alternate.hreflang: alternate.url for alternate in draft.alternates},
        "parts": list(draft.parts),
        "project": {k: v for k in draft.project.__slots__ if (v := getattr(draft.project, k))} if draft.project else None,
    }
    return {key: value for key, value in form.items() if key in ("title", "text", "complete") or value not in (None, "", [], {})}


def page_form(page: Page) -> dict[str, Any]:
    """A page as the expected JSON has it."""
    links = {rel: [link.url for link in page.links if link.rel == rel] for rel in RELS}
    form: dict[str, Any] = {
        "role": page.role,
        "layout": page.layout,
        "drafts": [draft_form(draft) for draft in page.drafts],
        "links": {rel: urls for rel, urls in links.items() if urls},
        "problems": [problem.code for problem in page.problems],
    }
    return {key: value for key, value in form.items() if key in ("role", "layout", "drafts") or value}


@pytest.mark.parametrize("path", RECORDED, ids=IDS)
def test_a_recorded_page_is_read_as_expected(path: Path, request: pytest.FixtureRequest) -> None:
    expected, found = expected_of(path), page_form(read(path))
    if request.config.getoption("--write-expected"):
        text = json.dumps({"meta": expected["meta"], "page": found}, ensure_ascii=False, indent=2)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
        pytest.fail("the expected values were written; read the diff, then run again without --write-expected")
    assert found == expected.get("page")


@pytest.mark.parametrize("path", RECORDED, ids=IDS)
def test_the_folder_names_the_layout_that_reads_the_page(path: Path) -> None:
    assert read(path).layout == path.parent.name


@pytest.mark.parametrize("path", RECORDED, ids=IDS)
def test_every_draft_has_a_short_summary_taken_from_its_text(path: Path) -> None:
    for draft in read(path).drafts:
        assert len(draft.summary) <= 400
        assert bool(draft.summary) == bool(draft.text)
        assert draft.summary.rstrip("…") in draft.text.replace("\n", " ")


@pytest.mark.parametrize("path", RECORDED, ids=IDS)
def test_only_a_detail_page_gives_a_complete_draft(path: Path) -> None:
    page = read(path)
    whole = [draft for draft in page.drafts if draft.complete and draft.layout == page.layout]
    assert len(whole) <= (1 if page.role == "detail" else 0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", [layout.name for layout in registry.layouts() if not layout.block])
def test_every_layout_has_a_recorded_page_in_each_language(layout: str, language: str) -> None:
    seen = {expected_of(path)["meta"]["language"] for path in RECORDED if path.parent.name == layout}
    assert language in seen


@pytest.mark.parametrize("layout", [layout.name for layout in registry.layouts() if layout.block])
def test_every_block_layout_gives_a_draft_on_some_recorded_page(layout: str) -> None:
    assert any(draft.layout == layout for path in RECORDED for draft in read(path).drafts)


def test_no_module_text_enters_a_draft_of_the_page_itself() -> None:
    bait = ("ne doit jamais entrer", "must never enter")
    own = [(path.name, draft.text) for path in RECORDED for draft in read(path).drafts if draft.layout == path.parent.name]
    assert not [name for name, text in own if any(words in text for words in bait)]


def test_the_shelf_holds_at_least_forty_pages() -> None:
    assert len(RECORDED) >= 40
