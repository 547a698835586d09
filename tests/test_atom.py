"""Feeds: whatever an item says, the feed is XML that says the same; ids and order do not depend on the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from rabat_crawler import atom
from rabat_crawler.models import Item

ATOM = "{http://www.w3.org/2005/Atom}"
ITEM = Item(
    item_id="4t0507dr72", site="sample", kind="news", language="fr", language_method="address", language_confidence=1.0, title="Comité", summary="Un comité.",
    text="Premier.\n\nSecond <b>.", published="2017-07", event_start=None, event_end=None, canonical_url="https://x.example/fr/1?a=1&b=2", article_id=1,
    section="", layout="", first_seen="2026-01-01T00:00:00Z", last_seen="2026-01-02T00:00:00Z", gone=False, current_version="v", tags=("retour", "retour"),
)  # fmt: skip


def made(*items: Item, updated: str = "2026-01-01T00:00:00.5Z", **more: str) -> etree._Element:
    entries = [atom.Entry(item=item, address=f"https://room.example/fr/item/{item.item_id}", updated=updated) for item in items]
    values = {
        "title": "Titre",
        "subject": "fr/search",
        "author": "A",
        "self_address": "https://room.example/a?b&c",
        "address": "https://room.example/",
        "language": "fr",
    }
    return etree.fromstring(atom.feed(entries, **{**values, **more}).encode())


def test_an_entry_says_what_the_item_says() -> None:
    feed = made(ITEM)
    assert feed.findtext(f"{ATOM}id") == "tag:rabat-crawler,2026:feed/fr/search"
    assert feed.findtext(f"{ATOM}updated") == "2026-01-01T00:00:00.5Z"
    assert feed.find(f"{ATOM}link[@rel='self']").get("href") == "https://room.example/a?b&c"
    entry = feed.find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == "tag:rabat-crawler,2026:item/4t0507dr72"
    assert entry.findtext(f"{ATOM}published") == "2017-07-01T00:00:00Z"
    assert entry.find(f"{ATOM}link[@rel='via']").get("href") == "https://x.example/fr/1?a=1&b=2"
    assert entry.findtext(f"{ATOM}content") == "<p>Premier.</p><p>Second &lt;b&gt;.</p>"
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["news", "retour"]
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"


def test_a_feed_without_entries_is_one_too() -> None:
    assert made().findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("published", "said"),
    [("2017", "2017-01-01T00:00:00Z"), ("2017-07-17", "2017-07-17T00:00:00Z"), ("soon", "1970-01-01T00:00:00Z"), (None, None)],
)
def test_dates_are_times(published: str | None, said: str | None) -> None:
    assert made(replace(ITEM, published=published)).find(f"{ATOM}entry").findtext(f"{ATOM}published") == said


@settings(max_examples=150, deadline=None)
@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_gives_a_feed(title: str, text: str, tag: str, address: str) -> None:
    feed = made(replace(ITEM, title=title, text=text, summary=text, tags=(tag,), canonical_url=address), title=title, subject=tag, author=tag)
    entry = feed.find(f"{ATOM}entry")
    assert not etree.HTML(f"<div>{entry.findtext(f'{ATOM}content') or ''}</div>").xpath("//*[not(self::p or self::div or self::html or self::body)]")
    kept = "".join(
        letter for letter in title if letter in "\t\n\r" or " " <= letter <= "\ud7ff" or "\ue000" <= letter <= "\ufffd" or letter >= "\U00010000"
    )
    assert (entry.findtext(f"{ATOM}title") or "") == kept.replace("\r\n", "\n").replace("\r", "\n")  # as every XML parser reads them
