"""The exported site as a folder: every page well formed, every link leads somewhere, citation metadata there, attacks are text, the index says what it should."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import Options, Selection, export
from rabat_crawler.exports._addresses import place
from rabat_crawler.exports.site import postings
from rabat_crawler.exports.site.postings import Postings
from rabat_crawler.models import Item
from tests.item_archives import ATTACK, attacking, items, three_epochs, titled
from tests.sites import Read, broken_links, read_pages

BASE_URL = "https://museum.example.org/kept/"
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    with Archive.open(three_epochs()) as archive:
        counts = export(archive, "site", folder, options=Options(base_url=BASE_URL.rstrip("/"))).counts
        assert counts["items"] == archive.counts()["items"] == len(items())
        assert counts["documents"] == len(archive.documents())
    assert counts["pages"] == len(list(folder.rglob("index.html"))) - 1  # the first one, in both languages, is not counted
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Read]:
    return read_pages(site)


def item_page(pages: dict[Path, Read], site: Path, item: Item) -> Read:
    return pages[site / "item" / item.item_id / "index.html"]


def test_every_page_is_well_formed_and_every_link_leads_somewhere(site: Path, pages: dict[Path, Read]) -> None:
    assert len(pages) > 100
    assert {str(path): page.faults for path, page in pages.items() if page.faults} == {}
    without_404 = {path: page for path, page in pages.items() if path.name != "404.html"}
    assert broken_links(site, without_404) == []


def test_pages_load_nothing_from_elsewhere_and_allow_no_script_of_others(pages: dict[Path, Read]) -> None:
    for path, page in pages.items():
        policy = next(meta["content"] for meta in page.metas if meta.get("http-equiv") == "Content-Security-Policy")
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe" not in policy, path
        for tag, name, link in page.links:
            if tag in ("script", "link", "img", "iframe", "form") and name in ("src", "action") and path.name != "404.html":
                assert not link.startswith(("http", "//", "data:")), (path, link)
        assert all(script.get("type") in ("application/ld+json", "application/json") or "/static/" in script["src"] for script in page.scripts), path


def test_an_item_page_holds_the_text_as_read_its_evidence_and_both_languages(site: Path, pages: dict[Path, Read]) -> None:
    for item in items():
        page = item_page(pages, site, item)
        text = "\n".join(page.text)
        assert all(paragraph.strip() in text for paragraph in item.text.split("\n\n")), item.item_id
        assert all(date.raw[:100] in text for date in item.dates)
        assert all(url in text for url in item.addresses)
    item = titled("La présidence du dialogue")
    page = item_page(pages, site, item)
    assert {"text", "cite", "versions", "difference-2-3", "difference-1-2", "beside", "dates", "addresses", "captures"} <= set(page.ids)
    said = " ".join(" ".join(page.text).split())
    with Archive.open(three_epochs()) as archive:
        assert all(one.capture.digest in said for one in archive.captures(item=item.item_id))
        assert item.twin and archive.item(item.twin).text.split("\n\n")[0] in said
    assert "@misc{" in said and "TY - " in said and '"type": "webpage"' in said
    files = [link for tag, name, link in page.links if link.startswith("data:")]
    assert [link.split(";")[0] for link in files] == [
        "data:application/x-bibtex", "data:application/x-research-info-systems", "data:application/vnd.citationstyles.csl+json",
    ]  # fmt: skip


def test_citation_metadata_stands_in_the_head_with_permanent_addresses(site: Path, pages: dict[Path, Read]) -> None:
    item = titled("La présidence du dialogue")
    page = item_page(pages, site, item)
    own = f"{BASE_URL}item/{item.item_id}/"
    said = {meta["name"]: meta["content"] for meta in page.metas if "name" in meta}
    assert said["citation_title"] == said["DC.title"] == item.title
    assert said["citation_publication_date"] == (item.published or "").replace("-", "/")
    assert said["citation_fulltext_html_url"] == said["DC.identifier"] == own
    assert ("link", "href", own) in page.links  # canonical
    assert ("link", "href", f"{BASE_URL}item/{item.twin}/") in page.links
    html = (site / "item" / item.item_id / "index.html").read_text(encoding="utf-8")
    linked = json.loads(html.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert linked["@id"] == own and linked["headline"] == item.title and linked["workTranslation"]["@id"] == f"{BASE_URL}item/{item.twin}/"


def test_lists_feeds_sitemap_and_calendar_name_every_item(site: Path, pages: dict[Path, Read]) -> None:
    every = {item.item_id for item in items()}
    for language in ("fr", "en"):
        for facet in ("items", "kind", "language", "year"):
            found = pages[site / language / "items" / "index.html"] if facet == "items" else None
            listed = [found] if found else [page for path, page in pages.items() if path.is_relative_to(site / language / facet)]
            linked = {link.split("/")[-2] for page in listed for tag, _, link in page.links if tag == "a" and "item/" in link}
            assert linked == every, (language, facet)
        feed = ElementTree.parse(site / language / "feed.atom").getroot()
        entries = feed.findall(f"{ATOM}entry")
        assert entries and all(
            entry.find(f"{ATOM}link[@rel='alternate']").attrib["href"].startswith(f"{BASE_URL}item/")
            for entry in entries  # type: ignore[union-attr]
        )
        assert (site / language / "agenda.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    listed = {one.text for one in ElementTree.parse(site / "sitemap.xml").iter(f"{SITEMAP}loc")}
    there = {path.parent.relative_to(site).as_posix() for path in pages if path.name == "index.html"} - {".", "fr/search", "en/search"}
    assert listed == {f"{BASE_URL}{path}/" for path in there}
    assert (site / "robots.txt").read_text().endswith(f"Sitemap: {BASE_URL}sitemap.xml\n")


def test_what_was_not_selected_is_neither_linked_nor_found(tmp_path: Path) -> None:
    with Archive.open(three_epochs()) as archive:
        counts = export(archive, "site", tmp_path / "site", Selection(filters=Filters(language="fr"))).counts
    french = [item for item in items() if item.language == "fr"]
    assert counts["items"] == len(french)
    pages = read_pages(tmp_path / "site")
    assert broken_links(tmp_path / "site", pages) == []
    assert {path.parent.name for path in pages if path.parent.parent.name == "item"} == {item.item_id for item in french}
    english = next(item for item in items() if item.language == "en" and item.twin)
    everything = b"".join(path.read_bytes() for path in (tmp_path / "site").rglob("*") if path.is_file())
    assert english.item_id.encode() not in everything
    assert not (tmp_path / "site" / "sitemap.xml").exists()


def test_attacks_are_text(tmp_path: Path) -> None:
    with Archive.open(attacking(tmp_path / "archive")) as archive:
        export(archive, "site", tmp_path / "site", options=Options(base_url=BASE_URL, title=ATTACK))
    pages = read_pages(tmp_path / "site")
    assert {str(path): page.faults for path, page in pages.items() if page.faults} == {}
    assert sum("window.attacked" in " ".join(page.text) for page in pages.values()) > 5
    for path, page in pages.items():
        assert all("attacked" not in str(script) for script in page.scripts)
        assert [link for _, _, link in page.links if link.lower().startswith(("javascript:", "vbscript:", "data:text"))] == [], path


def test_an_entry_of_its_feeds_is_that_of_every_feed_of_the_archive(site: Path, tmp_path: Path) -> None:
    def entries(path: Path) -> dict[str, tuple[str, str]]:
        found = ElementTree.parse(path).getroot().findall(f"{ATOM}entry")
        return {one.findtext(f"{ATOM}id", ""): (one.findtext(f"{ATOM}updated", ""), one.findtext(f"{ATOM}content", "")) for one in found}

    with Archive.open(three_epochs()) as archive:
        export(archive, "atom", tmp_path / "feeds", options=Options(base_url=BASE_URL))
    everywhere = entries(tmp_path / "feeds" / "all.atom")
    shown = entries(site / "fr" / "feed.atom") | entries(site / "en" / "feed.atom")
    assert any("<ins>" in content for _, content in shown.values()), "a changed item shows what changed"
    assert {name: entry for name, entry in shown.items() if everywhere.get(name, entry) != entry} == {}


@pytest.mark.parametrize(
    "address", ["museum.example.org", "ftp://museum.example.org/", "https://", "https://x.org/?a=b", "https://x.org/#a", 'https://x.org/"><script>', "https://[::1", "", "javascript:alert(1)", "https://a b/", "https://x.org/\nfoo", "https://x.org:0/", "https://é.org/"]
)  # fmt: skip
def test_a_base_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="is no address of a place on the web"):
        place(address)


def test_a_base_address_tells_no_password() -> None:
    with pytest.raises(ConfigError, match="names a user"):
        place("https://me:secret@x.org/")
    assert place("https://x.org:8443/gardé/") == "https://x.org:8443/gard%C3%A9"


# The index ------------------------------------------------------------------------------------------------------------------


def places(content: bytes) -> dict[str, list[tuple[int, int]]]:
    """A shard as a reader of its description sees it: each word with (entry, weight)."""
    (length,) = struct.unpack_from("<I", content)
    found, at = {}, 4 + length
    for word, size, *_ in json.loads(content[4 : 4 + length])["words"]:
        found[word] = list(_decoded(content[at : at + size]))
        at += size
    assert at == len(content)
    return found


def _decoded(content: bytes) -> Iterator[tuple[int, int]]:
    number, at = -1, 0
    while at < len(content):
        gap, shift = 0, 0
        while content[at] & 128:
            gap |= (content[at] & 127) << shift
            shift, at = shift + 7, at + 1
        number += gap | content[at] << shift
        yield number, content[at + 1]
        at += 2


def test_the_index_gives_each_word_with_its_places_and_its_other_forms() -> None:
    index = Postings()
    index.add(0, "Les réfugiés", "L'accueil des réfugiées au cœur du co-développement. Un refuge.", "fr")
    index.add(1, "", "REFUGIES au refuge", "fr")
    index.add(300, "Refugees", "a refugee's shelter", "en", names=["ncsn"])
    stems = index.stems()
    assert stems["fr"]["refugi"] == ["refugiees", "refugies"]
    assert stems["fr"]["refug"] == ["refuge"]
    assert {"refugee", "refugees"} <= set(stems["en"]["refuge"])
    found = {word: there for shard in index.shards(stems) for word, there in places(shard.content).items()}
    assert [number for number, _ in found["refugies"]] == [0, 1]
    assert [number for number, _ in found["coeur"]] == [number for number, _ in found["codeveloppement"]] == [0]
    assert [number for number, _ in found[":ncsn"]] == [number for number, _ in found["refugee"]] == [300]
    assert found["refugies"][0][1] > found["refugies"][1][1] > 0, "a word of the title counts more"
    assert "l" not in found and "des" not in found


def test_shards_are_small_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postings, "SHARD_BYTES", 400)
    index = Postings()
    for number in range(200):
        index.add(number, "", " ".join(f"mot{letter}{number % 7}x" for letter in "abcdefgh") + " partout", "fr")
    shards = list(index.shards(index.stems()))
    assert [shard.first for shard in shards] == sorted(shard.first for shard in shards) and len(shards) > 5
    assert sum(len(places(shard.content)) for shard in shards) == 57
    assert all(len(there) * 2 > 400 for shard in shards if len(shard.content) > 1500 for there in places(shard.content).values())
