"""An item's page over HTTP: what it shows, its forms for programs, its translation and versions, archived pages, documents, and what is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import rispy
from selectolax.lexbor import LexborHTMLParser

from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import item_json
from rabat_crawler.models import Item
from rabat_crawler.playback import POLICY, memento_path
from tests.item_archives import ATTACK, attacking, former_id, items, three_epochs, titled
from tests.rooms import Served, serving

CHAIRED = "La présidence du dialogue"
"""A page of which the text was changed twice."""


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(three_epochs()) as served:
        yield served


def page(room: Served, item: Item, language: str = "en", **query: str) -> LexborHTMLParser:
    answer = room.ask(f"/{language}/item/{item.item_id}", **query)
    assert answer.status == 200, answer.text[:2000]
    return LexborHTMLParser(answer.text)


def words_of(tree: LexborHTMLParser, selector: str) -> str:
    return " ".join(" ".join(node.text() for node in tree.css(selector)).split())


# The page --------------------------------------------------------------------------------------------------------------------


def test_text_title_and_dates_of_every_item(room: Served) -> None:
    for item in items():
        tree = page(room, item)
        assert words_of(tree, "h1") == " ".join(item.title.split())
        shown = words_of(tree, "#text .text")
        assert " ".join(item.text.split()) in shown
        assert tree.css_first("#text .text").attributes.get("lang") == (item.language if item.language == "fr" else None)
        rows = tree.css("#dates tbody tr")
        assert len(rows) == len(item.dates)
        assert len(tree.css("tr.refused")) == sum(1 for one in item.dates if one.refused)


def test_what_a_reader_wants_to_know_first(room: Served) -> None:
    item = titled("Lomé: civil registration")
    tree = page(room, item)
    assert words_of(tree, ".dateline") == "Published 14 November 2017 · Event: 8 to 9 November 2017, Lomé (Togo)"
    assert words_of(page(room, item, "fr"), ".dateline") == "Publié le 14 novembre 2017 · Événement : du 8 au 9 novembre 2017, Lomé (Togo)"
    assert tree.css_first(".dateline time").attributes["datetime"] == "2017-11-14"
    links = {node.text(): node.attributes["href"] for node in tree.css(".chips a")}
    assert links["Portugal"] == "/en/search?country=PT"
    assert links["Lomé"] == "/en/search?town=lome"
    original = next(node for node in tree.css(".actions a") if node.text() == "On the original site")
    assert original.attributes["href"] == item.canonical_url
    assert set(original.attributes["rel"].split()) >= {"noopener", "noreferrer", "nofollow"}


def test_every_capture_stands_there_with_time_digest_and_a_way_to_see_it(room: Served) -> None:
    item = titled(CHAIRED)
    with Archive.open(three_epochs()) as archive:
        captures = archive.captures(item=item.item_id)
    rows = page(room, item).css("#captures tbody tr")
    assert len(rows) == len(captures) > 3
    for row, listed in zip(rows, reversed(captures), strict=True):
        assert row.css_first("code").text() == listed.capture.digest
        assert row.css_first("a").attributes["href"] == "/archived" + memento_path(listed.capture.captured_at, listed.capture.url, modifier="")
        assert listed.capture.captured_at.strftime("%H:%M UTC") in row.text()


def test_a_gone_item_says_so_and_why(room: Served) -> None:
    item = next(one for one in items() if one.gone)
    tree = page(room, item)
    assert "No longer on the site." in words_of(tree, ".notice-gone")
    assert tree.css_first(".notice-gone a").attributes["href"] == "#captures"
    assert "gone" in words_of(tree, "#captures .badge-bad")
    other = page(room, titled(CHAIRED))
    assert other.css(".notice-gone") == []


def test_canonical_address_and_the_twin_in_the_head(room: Served) -> None:
    item = titled("Lomé: civil registration")
    for language in ("en", "fr"):
        tree = page(room, item, language)
        assert tree.css_first("link[rel=canonical]").attributes["href"] == f"{room.address}en/item/{item.item_id}"
        assert [(node.attributes["hreflang"], node.attributes["href"]) for node in tree.css("link[rel=alternate][hreflang]")] == [
            ("fr", f"{room.address}fr/item/{item.twin}")
        ]


def test_reference_managers_find_the_item_in_the_head(room: Served) -> None:
    item = titled("Lomé: civil registration")
    tree = page(room, item)
    metas = {node.attributes["name"]: node.attributes["content"] for node in tree.css("meta[name]")}
    assert metas["citation_title"] == metas["DC.title"] == item.title
    assert metas["citation_publication_date"] == "2017/11/14"
    assert metas["citation_public_url"] == item.canonical_url
    linked = json.loads(tree.css_first('script[type="application/ld+json"]').text())
    assert linked["about"]["startDate"] == "2017-11-08"
    assert linked["about"]["location"]["name"] == "Lomé"
    assert linked["workTranslation"]["inLanguage"] == "fr"


# Addresses -------------------------------------------------------------------------------------------------------------------


def test_the_permanent_link_leads_to_the_readers_language(room: Served) -> None:
    item = titled(CHAIRED)
    answer = room.ask(f"/item/{item.item_id}", headers={"Accept-Language": "fr-CA, en;q=0.5"})
    assert (answer.status, answer.headers["location"]) == (302, f"/fr/item/{item.item_id}")
    assert "Accept-Language" in answer.headers["vary"]
    assert room.ask(f"/item/{item.item_id}").headers["location"] == f"/en/item/{item.item_id}"


def test_former_ids_and_beginnings_lead_to_the_present_one(room: Served) -> None:
    alias, name = former_id()
    assert alias != name
    assert room.ask(f"/en/item/{alias}").headers["location"] == f"/en/item/{name}"
    assert room.ask(f"/en/item/{name[:8]}").headers["location"] == f"/en/item/{name}"
    assert json.loads(room.ask(f"/item/{alias}.json").text)["item_id"] == name


@pytest.mark.parametrize("path", ["/en/item/zzzzzzzzzz", "/fr/item/zzzzzzzzzz", "/en/item/%3Cscript%3E", "/en/item/' OR 1=1"])
def test_what_is_not_there_is_said_with_a_way_on(room: Served, path: str) -> None:
    answer = room.ask(path)
    assert answer.status == 404
    tree = LexborHTMLParser(answer.text)
    assert words_of(tree, "h1") == ("Cette notice n’existe pas" if path.startswith("/fr/") else "There is no such item")
    assert tree.css_first("main a.button").attributes["href"].endswith("/search")
    assert "<script>" not in answer.text


def test_an_unknown_version_is_said(room: Served) -> None:
    answer = room.ask(f"/en/item/{titled(CHAIRED).item_id}", **{"from": "1", "to": "99"})
    assert answer.status == 404
    assert "It has no version like that" in answer.text


# For programs ----------------------------------------------------------------------------------------------------------------


def test_json_is_that_of_the_command_line(room: Served) -> None:
    item = titled(CHAIRED)
    for path in (f"/item/{item.item_id}.json", f"/fr/item/{item.item_id}.json"):
        answer = room.ask(path)
        assert json.loads(answer.text) == json.loads(json.dumps(item_json(item)))
        assert answer.headers["content-type"].startswith("application/json")
        assert "access-control-allow-origin" not in answer.headers, "no other site may read an archive through its reader's browser"


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("bib", "application/x-bibtex"),
        ("ris", "application/x-research-info-systems"),
        ("csl.json", "application/vnd.citationstyles.csl+json"),
        ("txt", "text/plain"),
    ],
)
def test_citations_as_files(room: Served, form: str, media_type: str) -> None:
    item = titled(CHAIRED)
    answer = room.ask(f"/item/{item.item_id}.{form}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert item.title in answer.text
    assert "127.0.0.1" not in answer.text, "an address that leads nobody anywhere"
    assert f"{datetime.now(UTC).year}" in answer.text
    assert room.ask(f"/item/zzzzzzzz.{form}").status == 404


def test_on_the_open_web_a_citation_holds_the_archived_page_and_the_permanent_link() -> None:
    item = titled(CHAIRED)
    with serving(three_epochs(), "--host", "0.0.0.0", "--public") as served:
        (read,) = rispy.loads(served.ask(f"/item/{item.item_id}.ris", host="archive.example.org").text)
        cited = served.ask(f"/fr/item/{item.item_id}", host="archive.example.org").text
        odd = served.ask(f"/item/{item.item_id}.ris", host='a"b<c').text
    archived = read["archive_location"] if "archive_location" in read else read["notes"][0].rpartition(" at ")[2]
    assert re.match(r"http://archive\.example\.org/archived/20220301\d{6}id_/https://www\.rabat-process\.org/", archived)
    assert f"http://archive.example.org/item/{item.item_id}" in read["notes"][1]
    assert f'<meta name="DC.identifier" content="http://archive.example.org/item/{item.item_id}">' in cited
    assert 'a"b' not in odd


# Translation and versions ----------------------------------------------------------------------------------------------------


def test_translation_side_by_side(room: Served) -> None:
    item = titled("Lomé: civil registration")
    assert item.twin is not None
    tree = page(room, item, side=item.twin)
    pairs = tree.css(".pair:not(.pair-head)")
    assert len(pairs) == 3
    for pair in pairs:
        ours, theirs = (node for node in pair.iter() if node.tag == "div")
        assert "lang" not in ours.attributes
        assert theirs.attributes["lang"] == "fr"
        assert ours.text().strip()
        assert theirs.text().strip()
    assert "this page declares it" in words_of(tree, "#text")
    assert page(room, item, side="nonsense").css(".pair") == []


def test_versions_with_a_word_diff_of_any_two(room: Served) -> None:
    item = titled(CHAIRED)
    tree = page(room, item, **{"from": "1", "to": "3"})
    assert words_of(tree, "#difference h3") == "From version 1 to version 3"
    assert "Depuis 2020, la passation se fait en ligne" in words_of(tree, ".diff ins")
    assert "[removed:" in words_of(tree, ".diff del .mark-text")
    back = page(room, item, **{"from": "3", "to": "1"})
    assert "Depuis 2020, la passation se fait en ligne" in words_of(back, ".diff del")
    same = page(room, item, **{"from": "2", "to": "2"})
    assert "These two texts are the same." in words_of(same, "#difference")
    assert len(tree.css("#versions tbody tr")) == 3
    assert len(tree.css(".timeline.wide rect")) == len(tree.css(".timeline.narrow rect")) == 3


def test_nothing_is_lost_in_a_diff(room: Served) -> None:
    item = titled(CHAIRED)
    with Archive.open(three_epochs()) as archive:
        old, _, new = archive.versions(item.item_id)
    for without, text in (("ins", old.text), ("del", new.text)):
        tree = page(room, item, **{"from": "1", "to": "3"})
        for node in tree.css(f".mark-text, .diff-title, .diff {without}"):
            node.decompose()
        assert "".join(words_of(tree, ".diff p").split()) == "".join(text.split())


def test_an_item_that_never_changed_says_so(room: Served) -> None:
    tree = page(room, titled("Lomé: civil registration"))
    assert "One text, the same in 3 captures" in words_of(tree, "#versions")
    assert tree.css("#difference") == []


def test_what_belongs_together(room: Served) -> None:
    tree = page(room, titled("Lomé: civil registration"))
    assert "Reports on what was announced in" in words_of(tree, "#others")
    assert "Lomé to host a thematic meeting on civil registration" in words_of(tree, "#others")
    similar = [node.attributes["href"] for node in tree.css("#others ul:last-of-type a")]
    assert similar
    assert [node.attributes["rel"] for node in tree.css(".beside a")] == ["prev", "next"]


# Archived pages and documents ------------------------------------------------------------------------------------------------


def archived_path(item: Item) -> str:
    with Archive.open(three_epochs()) as archive:
        capture = archive.capture(item.item_id).capture
    return "/archived" + memento_path(capture.captured_at, capture.url)


def test_an_archived_page_is_what_was_captured_and_can_do_nothing(room: Served) -> None:
    item = titled(CHAIRED)
    with Archive.open(three_epochs()) as archive:
        listed = archive.capture(item.item_id)
        body = archive.play(listed).body()[0]
    answer = room.ask(archived_path(item))
    assert answer.status == 200
    assert answer.body == body
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["memento-datetime"] == listed.capture.captured_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert f'<{listed.capture.url}>; rel="original"' in answer.headers["link"]
    timemap = re.search(r'<([^>]+)>; rel="timemap"', answer.headers["link"])
    assert timemap is not None
    listing = room.ask(urlsplit(timemap[1]).path)
    assert listing.headers["content-type"].startswith("application/link-format")
    assert archived_path(item) in listing.text


def test_links_of_an_archived_page_lead_on_within_the_archive(room: Served) -> None:
    path = archived_path(titled(CHAIRED)).replace("id_/", "/")
    tree = LexborHTMLParser(room.ask(path).text)
    links = [node.attributes["href"] or "" for node in tree.css("a[href]")]
    inner = [link for link in links if not link.startswith(("#", "mailto:"))]
    assert len(inner) > 5
    assert all(re.match(r"/archived/\d{14}/https?://", link) for link in inner), inner
    for link in inner[:12]:
        answer = room.ask(link)
        assert answer.status in (200, 302, 404)
        assert answer.headers["content-security-policy"] == POLICY or answer.status == 404
    followed = room.ask(next(link for link in inner if room.ask(link).status == 302)).headers["location"]
    assert re.match(r"/archived/\d{14}/https?://", followed)


def test_an_archived_redirect_leads_to_its_target_within_the_archive(room: Served) -> None:
    with Archive.open(three_epochs()) as archive:
        moved = next(one.capture for one in archive.captures("https://www.rabat-process.org/*") if one.capture.status == 301)
    path = "/archived" + memento_path(moved.captured_at, moved.url, modifier="")
    answer = room.ask(path)
    assert answer.status == 302
    assert re.match(r"/archived/\d{14}/https?://", answer.headers["location"])
    assert room.ask(path.replace("/http", "id_/http", 1)).status == 200


def test_another_time_leads_to_the_nearest_capture(room: Served) -> None:
    path = archived_path(titled(CHAIRED))
    other = re.sub(r"/\d{14}", "/20250101000000", path)
    assert room.ask(other).headers["location"] == path
    assert room.ask("/archived/20250101000000id_/https://never.example/").status == 404
    assert room.ask("/archived/20259999000000id_/https://never.example/").status == 404
    assert room.ask("/archived/timemap/link/https://never.example/*").status == 404


def test_without_warc_files_there_is_no_link_to_archived_pages(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "rabat.db").write_bytes((three_epochs() / "rabat.db").read_bytes())
    item = titled(CHAIRED)
    with serving(tmp_path / "archive") as served:
        text = served.ask(f"/en/item/{item.item_id}").text
        assert "/archived/" not in text
        assert "sha256:" in text
        assert served.ask(archived_path(item)).status == 404


def test_a_document_page_by_page(room: Served) -> None:
    with Archive.open(three_epochs()) as archive:
        long = max(archive.documents(), key=lambda one: one.pages)
        texts = archive.document_pages(long.document_id)
    answer = room.ask(f"/en/document/{long.document_id}")
    tree = LexborHTMLParser(answer.text)
    assert len(tree.css(".leaf")) == long.pages > 50
    assert " ".join(texts[40].split()) in words_of(tree, "#page-41 .text")
    assert len(LexborHTMLParser(room.ask(f"/fr/document/{long.document_id}", page=51).text).css(".leaf")) == long.pages - 50
    download = room.ask(tree.css_first(".actions a").attributes["href"])
    assert download.headers["content-disposition"] == "attachment"
    assert download.body.startswith(b"%PDF")
    assert room.ask("/en/document/zzzz").status == 404
    linking = page(room, next(one for one in items() if one.item_id in long.items))
    assert f"/en/document/{long.document_id}" in [node.attributes["href"] for node in linking.css("#documents a")]


# Attacks ---------------------------------------------------------------------------------------------------------------------


def test_what_an_archive_says_never_becomes_markup(tmp_path: Path) -> None:
    folder = attacking(tmp_path / "archive")
    with Archive.open(folder) as archive:
        names = [item.item_id for item in archive.items()]
        paths = [f"/{language}/item/{name}" for name in names for language in ("en", "fr")]
        paths += [f"/en/item/{item.item_id}?side={item.twin}" for item in archive.items() if item.twin]
        paths += [f"/en/document/{one.document_id}" for one in archive.documents()]
    assert len(paths) >= 7
    with serving(folder) as served:
        for path in paths:
            where, _, query = path.partition("?")
            answer = served.ask(where, **dict([query.split("=")] if query else []))
            assert answer.status == 200, path
            tree = LexborHTMLParser(answer.text)
            scripts = [node.attributes.get("src") or node.attributes.get("type") for node in tree.css("script")]
            assert all(one == "application/ld+json" or one.startswith("/-/static-plugins/") for one in scripts if one), path
            assert tree.css("img, iframe, object, [onerror], [onload], [style]") == []
            assert not [node for node in tree.css("[href], [src], [action]") if (node.attributes.get("href") or "").lower().startswith("javascript")]
            assert ATTACK in tree.css_first("h1").text()
            assert "49" not in words_of(tree, "h1")
        (csl,) = json.loads(served.ask(f"/item/{names[0]}.csl.json").text)
        assert csl["title"] == ATTACK
        assert "URL" not in csl
