"""Metadata in a page's head: read back by an HTML parser and, the data block, by a real browser; nothing in it ends its element or runs."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from rabat_crawler.citations import Citation, cite
from rabat_crawler.embedded import Meeting, data_block, description, linked_data, meta_tags
from tests.browser import launched, needs_chromium
from tests.citing import TITLES, item, twin

PERMANENT = "https://archive.example.org/item/4t0507dr72"
ARCHIVED = "https://archive.example.org/archived/20190501060000id_/https://www.rabat-process.org/fr/en-action/166-reunion"
POLICY = "default-src 'none'; script-src 'self'"


def full(title: str = "Réunion thématique à Dakar", **more: Any) -> Citation:
    return cite(
        item(title, **more), twin=twin(), permanent_url=PERMANENT, archived_url=ARCHIVED, archived_at=datetime(2019, 5, 1, 6, 0, tzinfo=UTC)
    )  # fmt: skip


def values(cited: Citation) -> dict[str, str]:
    return {meta.name: meta.content for meta in meta_tags(cited)}


def page(block: str) -> str:
    return f'<!DOCTYPE html><html><head><script type="application/ld+json">{block}</script></head><body><p id="after">whole</p></body></html>'


def test_highwire_dublin_core_and_open_graph() -> None:
    found = values(full())
    assert found["citation_title"] == found["DC.title"] == found["og:title"] == "Réunion thématique à Dakar"
    assert found["citation_publisher"] == found["DC.publisher"] == found["og:site_name"] == "Processus de Rabat"
    assert (found["citation_publication_date"], found["DC.date"], found["article:published_time"]) == ("2017/07/17", "2017-07-17", "2017-07-17")
    assert found["citation_public_url"] == found["DC.source"] == "https://www.rabat-process.org/fr/en-action/166-reunion"
    assert found["DC.identifier"] == found["og:url"] == PERMANENT
    assert found["DCTERMS.hasVersion"] == ARCHIVED
    assert found["DCTERMS.alternative"] == "Thematic meeting in Dakar"
    assert found["og:locale"] == "fr_FR"
    assert found["citation_keywords"] == "Retour; Asile"


def test_an_organisation_is_one_name_and_a_page_no_journal_article() -> None:
    found = values(full())
    assert found["citation_author"] == "Processus de Rabat,"
    assert found["z:itemType"] == "webpage"


def test_properties_are_open_graph_s_alone_and_texts_have_their_language() -> None:
    for meta in meta_tags(full()):
        assert meta.attribute == ("property" if meta.name.startswith(("og:", "article:")) else "name")
    languages = {meta.name: meta.language for meta in meta_tags(full())}
    assert (languages["citation_title"], languages["DCTERMS.alternative"], languages["citation_publisher"]) == ("fr", "en", None)


def test_nothing_is_made_up() -> None:
    bare = cite(item(published=None, language=None, canonical_url=None, summary="", tags=()))
    found = values(bare)
    assert not {"citation_publication_date", "DC.date", "citation_language", "citation_public_url", "og:locale", "DC.source"} & set(found)
    assert all(found.values())
    assert set(linked_data(bare)) == {"@context", "@type", "headline", "name", "author", "publisher", "identifier"}


@pytest.mark.parametrize(
    ("kind", "expected"), [("news", "NewsArticle"), ("event", "Article"), ("publication", "Report"), ("project", "CreativeWork"), ("page", "WebPage")]
)
def test_schema_org_has_a_type_for_every_kind(kind: str, expected: str) -> None:
    assert linked_data(full(kind=kind))["@type"] == expected


def test_a_meeting_is_what_the_text_is_about() -> None:
    about = linked_data(full(), meeting=Meeting(start="2017-11-08", end="2017-11-09", place="Lomé", country="TG"))["about"]
    assert about["@type"] == "Event"
    assert (about["startDate"], about["endDate"]) == ("2017-11-08", "2017-11-09")
    assert about["location"] == {"@type": "Place", "name": "Lomé", "address": {"@type": "PostalAddress", "addressCountry": "TG"}}
    assert "location" not in linked_data(full(), meeting=Meeting(start="2017-11-08"))["about"]


def test_the_translation_and_the_archived_page() -> None:
    found = linked_data(full(), translation_url="https://archive.example.org/item/9t0507dr99")
    assert found["workTranslation"]["@id"] == "https://archive.example.org/item/9t0507dr99"
    assert found["archivedAt"] == ARCHIVED


def test_a_long_abstract_is_cut_at_a_word() -> None:
    cut = description(full(summary="parole " * 200))
    assert len(cut) <= 301
    assert cut.endswith("parole…")


@pytest.mark.parametrize(("title", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TITLES])
def test_a_parser_reads_back_the_title_and_nothing_else(title: str, expected: str) -> None:
    cited = full(title)
    tree = LexborHTMLParser(page(data_block(linked_data(cited))))
    assert len(tree.css("script")) == 1
    assert json.loads(tree.css_first("script").text()).get("headline", "") == expected
    assert tree.css_first("#after").text() == "whole"
    head = "".join(f'<meta {meta.attribute}="{meta.name}" content="{html.escape(meta.content)}">' for meta in meta_tags(cited))
    assert {node.attributes["content"] for node in LexborHTMLParser(head).css('meta[name="citation_title"]')} == ({expected} if expected else set())


@given(st.recursive(st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8))
def test_any_value_stays_within_its_element(value: Any) -> None:
    block = data_block(value)
    assert json.loads(block) == value
    assert not set("<>&\u2028\u2029") & set(block)


@needs_chromium
def test_a_browser_reads_the_data_block_under_our_policy_and_runs_nothing() -> None:
    title = "</script><script>window.attacked=1</script>\u2028<!--<script>"
    block = data_block(linked_data(full(title)) | {"hidden": title})
    with launched() as browser:
        opened = browser.new_page()
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.route("**/*", lambda route: route.fulfill(body=page(block), content_type="text/html", headers={"Content-Security-Policy": POLICY}))
        opened.goto("http://127.0.0.1/")
        assert json.loads(opened.locator("script").text_content())["hidden"] == title
        assert opened.locator("script").count() == 1
        assert opened.locator("#after").inner_text() == "whole"
        assert opened.evaluate("window.attacked") is None
        assert said == [], "a block of data needs no hash in the policy"
