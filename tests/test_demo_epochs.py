"""The sample site at three points in time: each epoch is whole under its own addresses, and its truth is what its pages show."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections import deque
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from rabat_crawler.demo import MISSING_FILE, SampleArticle, SampleSite
from rabat_crawler.demo.epochs import EPOCHS, NEW
from rabat_crawler.demo.past import histories, stories_of

ORIGIN = "https://www.rabat-process.org"
NAMES = tuple(EPOCHS)
COPY = re.compile(r"[?&](?:tmpl|print|layout|start|showall|format)=")
MAIL = re.compile(r"\S+@[a-z.-]+[a-z]")
OWN_TO_EPOCH = {
    "old": ("/fr/actualites-du-dialogue", "/fr/a-propos-processus-de-rabat", "/en/latest-news"),
    "middle": ("/fr/en-action", "/fr/a-propos", "/en/in-action/news"),
    "new": ("/fr/activites", "/fr/processus/a-propos", "/en/activities/technical-meetings"),
}


@lru_cache
def site(epoch: str) -> SampleSite:
    return SampleSite(epoch=epoch)


@lru_cache
def walk(epoch: str) -> dict[str, tuple[int, str]]:
    """Every internal address reachable from "/": path -> (status, HTML or "")."""
    seen: dict[str, tuple[int, str]] = {}
    queue = deque(["/"])
    while queue:
        path = queue.popleft()
        if path in seen:
            continue
        response = site(epoch).page(path, origin=ORIGIN)
        html = response.body.decode() if "html" in (response.header("Content-Type") or "") else ""
        seen[path] = (response.status, html if response.status == 200 else "")
        found = [response.header("Location") or ""] if response.status == 301 else []
        if seen[path][1]:
            nodes = LexborHTMLParser(html).css("a[href], link[href], img[src], script[src]")
            found += [urljoin(ORIGIN + path, node.attributes.get("href") or node.attributes.get("src") or "") for node in nodes]
        for url in found:
            parts = urlsplit(url)
            if f"{parts.scheme}://{parts.netloc}" == ORIGIN:
                queue.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return seen


def article(epoch: str, number: int) -> SampleArticle:
    return next(found for found in site(epoch).articles if found.id == number)


def letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.mark.parametrize("epoch", NAMES)
def test_every_link_answers_but_the_missing_document(epoch: str) -> None:
    broken = {path for path, (status, _) in walk(epoch).items() if status not in (200, 301)}
    assert broken == (set() if epoch == "new" else {f"/fr{MISSING_FILE}"})


@pytest.mark.parametrize("epoch", NAMES)
def test_the_stated_addresses_are_exactly_the_linked_ones(epoch: str) -> None:
    titles: dict[str, str] = {}
    for path, (_, html) in walk(epoch).items():
        node = LexborHTMLParser(html).css_first("h2[itemprop=headline]") if html and not COPY.search(path) else None
        if node is not None and node.css_first("a") is None and "documents-internes" not in path:
            titles[path] = " ".join(unicodedata.normalize("NFC", node.text()).split())
    stated = {path: found.title for found in site(epoch).articles for path in found.addresses}
    assert titles == stated


@pytest.mark.parametrize("epoch", NAMES)
def test_pages_show_text_date_and_translation_of_the_truth(epoch: str) -> None:
    for found in site(epoch).articles:
        page = LexborHTMLParser(site(epoch).page(found.path + ("?showall=1" if found.id in (119, 120) else ""), origin=ORIGIN).body.decode())
        body = page.css_first(".item-page [itemprop=articleBody]")
        assert body is not None, found.path
        shown = letters(body.text())
        assert all(letters(piece) in shown for paragraph in found.paragraphs for piece in MAIL.split(paragraph)), found.path
        times = [(node.attributes["datetime"] or "")[:10] for node in page.css(".item-page time[itemprop=datePublished]")]
        assert times == ([found.published] if found.published else []), found.path
        alternates = {node.attributes["href"] for node in page.css("link[hreflang]")}
        assert alternates == ({ORIGIN + found.path, ORIGIN + article(epoch, found.twin).path} if found.twin else set())


@pytest.mark.parametrize("epoch", NAMES)
def test_addresses_of_other_epochs_are_gone(epoch: str) -> None:
    own = {path for found in site(epoch).articles for path in found.addresses}
    for other in NAMES:
        if other == epoch:
            continue
        for path in {path for found in site(other).articles for path in found.addresses} - own:
            if path in EPOCHS[epoch].moved or path.startswith(("/index.php", "/en/component/", "/fr/component/")):
                continue
            assert site(epoch).page(path, origin=ORIGIN).status == 404, path


@pytest.mark.parametrize("epoch", NAMES)
def test_each_epoch_has_menus_of_its_own(epoch: str) -> None:
    for name, paths in OWN_TO_EPOCH.items():
        for path in paths:
            assert site(epoch).page(path, origin=ORIGIN).status == (200 if name == epoch else 404), path


def test_the_old_epoch_reads_the_id_alone() -> None:
    path = article("old", 120).path
    assert path == "/fr/actualites-du-dialogue/120-dossier-dix-ans-de-dialogue"
    assert site("old").page("/fr/actualites-du-dialogue/120-another-alias", origin=ORIGIN).status == 200


def test_in_the_new_epoch_only_the_right_alias_answers() -> None:
    assert article("new", 120).path == "/fr/activites/dossier-dix-ans-de-dialogue"
    assert article("new", 174).path == "/fr/activites/reunions-techniques/lome-l-etat-civil-au-coeur-des-echanges"
    for path in (
        "/fr/activites/dossier-dix-ans",
        "/fr/activites/reunions-techniques/dossier-dix-ans-de-dialogue",
        "/fr/activites/120-dossier-dix-ans-de-dialogue",
        "/en/activities/dossier-dix-ans-de-dialogue",
        "/index.php?option=com_content&view=article&id=120&catid=10&lang=fr",
        "/fr/component/content/article/10-actualites/120-dossier-dix-ans-de-dialogue",
    ):
        assert site("new").page(path, origin=ORIGIN).status == 404, path


def test_no_page_of_the_new_epoch_carries_an_article_id() -> None:
    hidden = re.compile(r"dropdownMenuButton|catid=|[?&;]id=\d|/\d+-[a-z]")
    pages = [path for path, (_, html) in walk("new").items() if html and "/component/tags/" not in path]
    assert len(pages) > 100
    for path in pages:
        assert not hidden.search(walk("new")[path][1]) and not hidden.search(path), path
    button = re.compile(r"dropdownMenuButton-(\d+)")
    assert set(button.findall(walk("middle")[article("middle", 120).path][1])) == {"120"}
    for found in site("new").articles:
        attributes = re.findall(r'\b(?:id|class|href|name|value)="([^"]*)"', walk("new")[found.path][1])
        assert not [value for value in attributes if re.search(rf"(?<![0-9a-f-]){found.id}(?![0-9a-f])", value)], found.path


def test_a_handful_of_middle_addresses_redirect_in_the_new_epoch() -> None:
    assert len(NEW.moved) == 4
    for path, target in NEW.moved.items():
        assert site("middle").page(path, origin=ORIGIN).status == 200
        response = site("new").page(path, origin=ORIGIN)
        assert (response.status, response.header("Location")) == (301, ORIGIN + target)
        assert site("new").page(target, origin=ORIGIN).status == 200


def test_the_stories_change_between_the_epochs_as_documented() -> None:
    found = histories()
    assert {number for number, one in found.items() if one.epochs == ("old",)} == {16, 17, 121, 122}
    assert {number for number, one in found.items() if "new" not in one.epochs and "middle" in one.epochs} == {81}
    assert {number for number, one in found.items() if one.epochs == ("new",)} == {255, 262, 301, 302}
    assert {number for number, one in found.items() if len(one.epochs) == 3 and one.epochs == NAMES} == {
        *(9, 10, 11, 12, 27, 30, 37, 38, 44, 45, 62, 70, 95, 96, 119, 120, 123, 124, 127),
    }
    assert {number: len(one.texts) for number, one in found.items() if len(one.texts) > 1} == {9: 2, 37: 3, 38: 2, 96: 2, 151: 2, 174: 2, 241: 2}
    assert {number for number, one in found.items() if len(one.versions) > len(one.texts)} == {44, 62}
    assert "22nd June 2017" in found[151].texts[0] and "23rd June 2017" in found[151].texts[1]
    assert found[44].paths == (
        ("old", "/fr/documentation/publications/44-etude-sur-les-oeuvres-sociales-des-diasporas"),
        ("middle", "/fr/publications/44-etude-les-oeuvres-sociales-des-diasporas"),
        ("new", "/fr/ressources/publications/etude-les-oeuvres-sociales-des-diasporas"),
    )


def test_the_histories_are_what_the_sites_say() -> None:
    for number, one in histories().items():
        told = [(epoch, found) for epoch in NAMES for found in site(epoch).articles if found.id == number]
        assert one.epochs == tuple(epoch for epoch, _ in told)
        assert one.versions == tuple(dict.fromkeys((found.title, found.text) for _, found in told))
        assert one.paths == tuple((epoch, found.path) for epoch, found in told)
        assert {found.published for _, found in told} == {one.published}


def test_nothing_is_published_after_its_epoch_was_built() -> None:
    for name, epoch in EPOCHS.items():
        assert all(found.published is None or found.published <= epoch.built.date().isoformat() for found in site(name).articles)
        assert f"&copy; {epoch.built.year} " in walk(name)["/fr/"][1]


def test_the_middle_epoch_is_the_site_as_it_was() -> None:
    assert SampleSite(epoch="middle").articles == SampleSite().articles
    assert SampleSite().page("/fr/a-venir", origin=ORIGIN).body == SampleSite(epoch="middle").page("/fr/a-venir", origin=ORIGIN).body


@pytest.mark.parametrize(("epoch", "edition"), [("old", 2), ("new", 2), ("middle", 3), ("younger", 1)])
def test_an_epoch_that_does_not_exist_is_refused(epoch: str, edition: int) -> None:
    with pytest.raises(ValueError, match=r"edition|epochs old, middle, new"):
        stories_of(epoch, edition)


def test_the_demo_serves_an_epoch() -> None:
    """The program from its command line: it says where it listens, and a wrong epoch is a usage error."""
    words = [sys.executable, "-m", "rabat_crawler.demo", "--port", "0", "--quiet"]
    with subprocess.Popen([*words, "--epoch", "old"], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        line = serving.stdout.readline()
        serving.terminate()
    assert line.startswith("sample site (old) on http://127.0.0.1:")
    wrong = subprocess.run([*words, "--epoch", "older"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "--epoch" in wrong.stderr and "Traceback" not in wrong.stderr
    later = subprocess.run([*words, "--epoch", "old", "--edition", "2"], capture_output=True, text=True)
    assert later.returncode == 2 and "edition 2" in later.stderr and "Traceback" not in later.stderr
