"""The folder of feeds, read back by feedparser and as strict XML: every item with its whole text, ids that stay, changes told, text that stays text."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.exports import Options, Selection, export
from rabat_crawler.exports.atom import MOST
from rabat_crawler.models import Item, Version
from rabat_crawler.names import label
from tests.building import BASE, RABAT, START, article_html, night, sample_archive
from tests.item_archives import ADDRESS, attacking, three_epochs
from tests.readers import ask, needs_readers
from tests.rooms import serving

ATOM = "{http://www.w3.org/2005/Atom}"
ROOM = "https://archive.example.org/room"
ROOM_OPTIONS = Options(base_url=ROOM)
MARKUP = re.compile(r"<[^>]*>")

PARSED = """
import feedparser, pathlib
folder = pathlib.Path(sys.argv[1])
found = {}
for path in sorted(folder.rglob("*.atom")):
    read = feedparser.parse(path.read_bytes())
    found[str(path.relative_to(folder))] = {
        "bozo": bool(read.bozo), "version": read.version, "id": read.feed.id, "updated": read.feed.updated, "title": read.feed.title,
        "links": {link.rel: link.href for link in read.feed.links},
        "entries": {entry.id: {"title": entry.title, "updated": entry.updated, "published": entry.get("published"), "link": entry.get("link"),
                               "terms": [tag.term for tag in entry.get("tags", [])], "content": entry.content[0].value} for entry in read.entries},
    }
print(json.dumps(found))
"""


def feeds(archive: Path, target: Path, options: Options = ROOM_OPTIONS, words: str = "", **filters: Any) -> Path:
    """The folder of feeds."""
    with Archive.open(archive) as opened:
        export(opened, "atom", target, Selection(words=words, filters=Filters(**filters)), options)
    return target


def read(path: Path) -> dict[str, etree._Element]:
    """The entries of a feed by their ids, in order."""
    root = etree.parse(path).getroot()
    return {str(one.findtext(f"{ATOM}id")): one for one in root.findall(f"{ATOM}entry")}


def feed_id(path: Path) -> str:
    return str(etree.parse(path).getroot().findtext(f"{ATOM}id"))


def content(entry: etree._Element) -> str:
    return str(entry.findtext(f"{ATOM}content"))


def updated(entry: etree._Element) -> str:
    return str(entry.findtext(f"{ATOM}updated"))


def name(item: Item) -> str:
    return f"tag:rabat-crawler,2026:item/{item.item_id}"


def words_of(text: str) -> list[str]:
    """The words of a text, or of HTML that shows one."""
    return text.split()


def shown(markup: str) -> str:
    """The text that HTML of an entry shows, without what it says of changes."""
    return html.unescape(MARKUP.sub(" ", markup.rpartition("<hr>")[2]))


def said_of(version: Version, said: str, dropped: str) -> bool:
    """Whether the changed paragraphs, without what came or went, are all of that version."""
    paragraphs = [one for one in re.findall("<p>(.*?)</p>", said, re.S) if "<ins>" in one or "<del>" in one]
    texts = [html.unescape(MARKUP.sub("", re.sub(rf"<{dropped}>.*?</{dropped}>", "", one, flags=re.S))).strip() for one in paragraphs]
    return bool(texts) and all(text in version.text or text in (f"Title: {version.title}", f"Titre\u00a0: {version.title}") for text in texts)


def visits(folder: Path, nights: Iterable[Iterable[tuple[str, str]]]) -> Path:
    """An archive of so many nights, each of pages (address, HTML)."""
    for number, pages in enumerate(nights):
        with WarcWriter(folder / "warc", run_id=f"night-{number}", site=registry.reference(RABAT), fields={}) as writer:
            for minute, (url, page) in enumerate(pages):
                headers = (("Content-Type", "text/html; charset=utf-8"),)
                writer.write(url=url, captured_at=night(number) + timedelta(seconds=minute), status=200, response_headers=headers, body=page.encode())
    Archive.open(folder, write=True).close()
    return folder


# What the feeds hold ---------------------------------------------------------------------------------------------------------


@needs_readers
def test_feedparser_reads_every_item_with_its_whole_text(tmp_path: Path) -> None:
    folder = feeds(sample_archive(3), tmp_path / "feeds")
    found = ask(PARSED, folder)
    with Archive.open(sample_archive(3)) as archive:
        items, names = list(archive.items()), dict(archive.facets()["country"])
    assert not any(one["bozo"] for one in found.values())
    assert {one["version"] for one in found.values()} == {"atom10"}
    assert len({one["id"] for one in found.values()}) == len(found)
    assert all(one["links"]["self"] == f"{ROOM}/feeds/{path}" for path, one in found.items())
    entries = found["all.atom"]["entries"]
    assert set(entries) == {name(item) for item in items} and len(items) > 40
    for item in items:
        entry = entries[name(item)]
        assert " ".join(entry["title"].split()) == " ".join(item.title.split())
        assert words_of(shown(entry["content"].replace("<hr />", "<hr>"))) == words_of(item.text)
        assert entry["link"] == f"{ROOM}/item/{item.item_id}"
        assert (entry["published"] or "")[: len(item.published or "")] == (item.published or "")
        assert item.kind in entry["terms"]
    counted = {path: len(one["entries"]) for path, one in found.items() if path != "all.atom"}
    expected = {f"country/{code}.atom": count for code, count in names.items()}
    for item in items:
        for path in (f"language/{item.language}.atom", f"kind/{item.kind}.atom"):
            expected[path] = expected.get(path, 0) + 1
    expected.pop("language/None.atom", None)
    assert counted == expected
    assert found["country/TG.atom"]["title"].endswith(label("country", "TG"))


def test_the_index_names_every_feed(tmp_path: Path) -> None:
    folder = feeds(sample_archive(3), tmp_path / "feeds")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.atom"))
    outlines = etree.parse(folder / "feeds.opml").getroot().findall("body/outline")
    assert sorted(one.get("xmlUrl", "") for one in outlines) == [f"{ROOM}/feeds/{file}" for file in files]
    readme = (folder / "README.md").read_text()
    assert all(f"| `{file}` |" in readme for file in files) and f"Put this folder at {ROOM}/feeds/" in readme


def test_without_a_room_entries_lead_to_the_original_addresses(tmp_path: Path) -> None:
    folder = feeds(sample_archive(3), tmp_path / "feeds", Options())
    with Archive.open(sample_archive(3)) as archive:
        addresses = {name(item): item.canonical_url for item in archive.items()}
    for one, entry in read(folder / "all.atom").items():
        links = {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}
        assert links == ({"alternate": addresses[one]} if addresses[one] else {})
    assert not (folder / "feeds.opml").exists()
    assert etree.parse(folder / "all.atom").getroot().find(f"{ATOM}link") is None


def test_a_selection_has_feeds_with_ids_of_their_own(tmp_path: Path) -> None:
    whole, part, again, other = (
        feeds(sample_archive(3), tmp_path / str(number), **asked)
        for number, asked in enumerate(({}, {"language": "fr"}, {"language": "fr"}, {"language": "fr", "words": "dialogue"}))
    )
    assert {path.name for path in (part / "language").iterdir()} == {"fr.atom"}
    assert set(read(other / "all.atom")) < set(read(part / "all.atom")) < set(read(whole / "all.atom"))
    assert len({feed_id(folder / "all.atom") for folder in (whole, part, other)}) == 3
    assert feed_id(part / "all.atom") == feed_id(again / "all.atom")


def test_a_feed_holds_the_newest_and_what_changed(tmp_path: Path) -> None:
    pages = [
        (
            f"{BASE}/fr/{number}-x",
            article_html(f"Titre {number}", f"Le texte numéro {number} parle du dialogue. " * 9, date=f"20{number % 15 + 3:02}-03-04"),
        )
        for number in range(101, 101 + MOST + 8)
    ]
    oldest = next(page for page in pages if "2003-03-04" in page[1])
    folder = visits(tmp_path / "archive", [pages, [(oldest[0], oldest[1].replace("parle du dialogue", "parle du retour"))]])
    target = feeds(folder, tmp_path / "feeds")
    with Archive.open(folder) as archive:
        items = list(archive.items())
        changed = archive.item(oldest[0])
    found = list(read(target / "all.atom"))
    assert len(items) == MOST + 8 and len(found) == MOST
    assert found[0] == name(changed), "what changed last stands first"
    assert found[1:] == [name(item) for item in items[: MOST - 1]], "then those published last"
    assert f"The newest {MOST} of {MOST + 8} items" in (target / "all.atom").read_text()


# Ids and changes -------------------------------------------------------------------------------------------------------------


def test_ids_stay_from_night_to_night_and_a_changed_item_comes_again(tmp_path: Path) -> None:
    before, same, after = (feeds(sample_archive(nights), tmp_path / str(nights)) for nights in (1, 2, 3))
    for path in before.rglob("*.atom"):
        there = path.relative_to(before)
        assert feed_id(path) == feed_id(same / there) == feed_id(after / there)
        assert (same / there).read_bytes() == path.read_bytes(), "a night without news changes no feed"
    old, new = read(before / "all.atom"), read(after / "all.atom")
    with Archive.open(sample_archive(3)) as archive:
        changed = {name(item): archive.history(item.item_id) for item in archive.items() if len(archive.versions(item.item_id)) > 1}
    assert set(old) < set(new) and len(changed) == 2
    for one in set(old) - set(changed):
        assert (updated(new[one]), content(new[one])) == (updated(old[one]), content(old[one]))
    for one, history in changed.items():
        former, present = history.versions
        said = content(new[one]).partition("<hr>")[0]
        assert updated(new[one]) == present.first_seen > updated(old[one])
        assert "<ins>" in said and "<del>" in said and "<ins>" not in content(old[one])
        assert {said_of(former, said, "ins"), said_of(present, said, "del")} == {True}
    texts = [content(new[one]) for one in changed]
    assert sum("<p>Title: " in text for text in texts) == 1
    assert any(text.startswith("<p><strong>Modifié, vu ainsi depuis le ") for text in texts)


def test_a_text_that_comes_back_is_news(tmp_path: Path) -> None:
    url = f"{BASE}/fr/101-retour"
    first, second = (article_html("Le retour", f"La réunion aura lieu à {town}. " * 9) for town in ("Dakar", "Rabat"))
    two = feeds(visits(tmp_path / "two", [[(url, first)], [(url, second)]]), tmp_path / "a")
    three = feeds(visits(tmp_path / "three", [[(url, first)], [(url, second)], [(url, first)]]), tmp_path / "b")
    once = feeds(visits(tmp_path / "once", [[(url, first)], [(url, first)]]), tmp_path / "c")
    (at_two,), (at_three,), (at_once,) = (list(read(folder / "all.atom").values()) for folder in (two, three, once))
    assert updated(at_once).startswith(START.strftime("%Y-%m-%dT%H:%M:%S")) and "<hr>" not in content(at_once)
    assert updated(at_once) < updated(at_two) < updated(at_three)
    assert "<del>Dakar</del><ins>Rabat</ins>" in content(at_two).replace("<del> ", "<del>").replace("<ins> ", "<ins>")
    assert "<del>Rabat</del><ins>Dakar</ins>" in content(at_three).replace("<del> ", "<del>").replace("<ins> ", "<ins>")


def test_only_the_paragraphs_that_changed_are_told(tmp_path: Path) -> None:
    texts = [f"Paragraphe {number} qui parle du dialogue et de rien d'autre." for number in range(9)]
    later = [*texts[:4], texts[4].replace("rien", "tout"), *texts[5:]]
    pages = [article_html("Le titre", "</p><p>".join(one)) for one in (texts, later)]
    folder = visits(tmp_path / "archive", [[(f"{BASE}/fr/101-x", page)] for page in pages])
    (entry,) = read(feeds(folder, tmp_path / "feeds") / "all.atom").values()
    paragraphs = re.findall("<p>(.*?)</p>", content(entry).partition("<hr>")[0])
    assert [MARKUP.sub("", one)[:12] for one in paragraphs[1:]] == ["…", "Paragraphe 4", "…"]


def test_the_reading_rooms_feeds_have_the_same_entries(tmp_path: Path) -> None:
    exported = read(feeds(three_epochs(), tmp_path / "feeds") / "all.atom")
    with serving(three_epochs()) as room:
        root = etree.fromstring(room.ask("/en/search.atom", language="fr").body)
    entries = {str(one.findtext(f"{ATOM}id")): one for one in root.findall(f"{ATOM}entry")}
    assert len(entries) > 10 and any("<ins>" in content(entry) for entry in entries.values())
    for one, entry in entries.items():
        assert (updated(entry), content(entry)) == (updated(exported[one]), content(exported[one]))


# Hostile and huge ------------------------------------------------------------------------------------------------------------


def test_a_page_that_attacks_becomes_text(tmp_path: Path) -> None:
    folder = feeds(attacking(tmp_path / "archive"), tmp_path / "feeds")
    for path in folder.rglob("*.atom"):
        for entry in read(path).values():
            markup = etree.HTML(f"<div>{content(entry)}</div>")
            assert {one.tag for one in markup.iter() if isinstance(one.tag, str)} <= {"html", "body", "div", "p", "strong", "del", "ins", "hr"}
            assert not any(one.attrib for one in markup.iter())
            assert all((link.get("href") or "").startswith("https://") for link in entry.findall(f"{ATOM}link"))
    with Archive.open(tmp_path / "archive") as archive:
        item = archive.item(ADDRESS)
    entry = read(folder / "all.atom")[name(item)]
    assert words_of(html.unescape(MARKUP.sub(" ", content(entry).rpartition("<hr>")[2]))) == words_of(_as_xml(item.text))


def _as_xml(text: str) -> str:
    """A text without what no XML file can hold."""
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def test_an_item_of_ten_megabytes_is_given_out_whole(tmp_path: Path) -> None:
    url = f"{BASE}/fr/101-grand"
    folder = visits(tmp_path / "archive", [[(url, article_html("Grand", f"Un texte du {day}. " * 9))] for day in ("lundi", "mardi")])
    paragraph = "Une phrase & une autre <b> de plus, qui ne finit jamais. " * 20
    text = "\n\n".join(f"{number} {paragraph}" for number in range(10_000_000 // len(paragraph)))
    with sqlite3.connect(folder / "rabat.db") as connection:
        connection.execute("UPDATE versions SET text = ?", (text,))
        connection.execute("UPDATE versions SET text = replace(text, '3 Une', '3 La') WHERE version_id NOT IN (SELECT current_version FROM items)")
        connection.execute("UPDATE items SET text = ?", (text,))
    connection.close()
    (entry,) = etree.parse(feeds(folder, tmp_path / "feeds") / "all.atom", etree.XMLParser(huge_tree=True)).getroot().findall(f"{ATOM}entry")
    change, _, whole = content(entry).partition("<hr>")
    assert whole == "".join(f"<p>{html.escape(one.strip(), quote=False)}</p>" for one in text.split("\n\n")) and len(whole) > 10_000_000
    assert "Only the first" in change or "Seuls les 200" in change
    assert change.count("<ins>") == change.count("<del>") > 10


@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_around_the_items_are_in_the_language_asked_for(language: str, tmp_path: Path) -> None:
    folder = feeds(three_epochs(), tmp_path / "feeds", Options(base_url=ROOM, language=language))
    root = etree.parse(folder / "kind" / "news.atom").getroot()
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert str(root.findtext(f"{ATOM}title")).endswith({"en": "News", "fr": "Actualité"}[language])
