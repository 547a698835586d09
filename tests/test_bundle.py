"""The exported reading room: what its database holds, and the room as somebody opens it in a fresh virtual environment, far from this checkout."""

from __future__ import annotations

import contextlib
import html
import json
import re
import shutil
import sqlite3
import subprocess
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.bundle import LEFT_OUT, kept_tables
from rabat_crawler.archive.queries import READY
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import Options, Selection, export
from rabat_crawler.exports._wheel import NEEDS
from rabat_crawler.query.stems import stem
from tests.browser import assert_fits, needs_chromium, visiting
from tests.building import article_archive, copy_of, rabat, sample_archive
from tests.bundles import COMMAND, clean_environment, new_environment, opened
from tests.rooms import Served
from tests.test_room_sql import COSTLY

ROOT = Path(__file__).resolve().parents[1]
SEARCHES = (
    ("fr", "réunion"), ("fr", "reunions"), ("fr", "REUNIONS"), ("fr", "mobilite"), ("fr", "ateliers"), ("fr", "projets"), ("fr", "dakar OU rabat"),
    ("en", "meetings"), ("en", "meeting"), ("en", "projects"), ("en", "dakar"), ("en", "\"steering committee\""), ("en", "country:SN"), ("en", ""),
)  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder; its name has what names of folders have."""
    folder = tmp_path_factory.mktemp("far") / "salle de lecture, été"
    with Archive.open(sample_archive(3)) as archive:
        export(archive, "datasette", folder)
    return folder


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_environment(tmp_path_factory.mktemp("venv") / "room")


@pytest.fixture(scope="module")
def room(bundle: Path, virtual: Path) -> Iterator[Served]:
    """The room as the README's one command opens it, which installs everything before."""
    with opened(bundle, virtual, COMMAND) as served:
        yield served


@contextlib.contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def words_of(page: str) -> str:
    """A page without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


# The folder ------------------------------------------------------------------------------------------------------------------


def test_every_table_is_kept_or_left_out_by_name() -> None:
    with Archive.open(sample_archive(3)) as archive:
        every = {row[0] for row in archive.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
        kept = {name for name, _ in kept_tables(archive.connection)}
    shadows = {name for name in every if re.search(r"_fts(_|$)", name)}
    assert every - shadows - kept == LEFT_OUT, "a new table: say in archive/bundle.py which of its rows a reader needs"


def test_what_readers_ask_is_the_archives_own(bundle: Path) -> None:
    with Archive.open(sample_archive(3)) as whole, Archive.open_database(bundle / "rabat.db") as copy:
        assert list(copy.items()) == list(whole.items())
        stats = {name: value for name, value in whole.stats().items() if name != "links"}
        assert {name: copy.stats()[name] for name in stats} == stats
        assert (copy.gaps(), copy.latest(), copy.coverage(), copy.timeline()) == (whole.gaps(), whole.latest(), whole.coverage(), whole.timeline())
        assert (copy.agenda(), copy.facets(), copy.documents(every=True)) == (whole.agenda(), whole.facets(), whole.documents(every=True))
        for item in whole.items():
            name = item.item_id
            assert copy.history(name) == whole.history(name)
            assert copy.captures(item=name) == whole.captures(item=name)
            assert (copy.versions(name), copy.mentions(name), copy.event(name)) == (whole.versions(name), whole.mentions(name), whole.event(name))
            assert (copy.translations(name), copy.related(name), copy.similar(name)) == (
                whole.translations(name),
                whole.related(name),
                whole.similar(name),
            )
        for _, words in SEARCHES:
            assert copy.search(words, facets=True, twin=True, versions=True) == whole.search(words, facets=True, twin=True, versions=True)
            assert copy.search_documents(words) == whole.search_documents(words)


def test_an_incremental_archive_and_a_rebuilt_one_give_the_same_file(bundle: Path, tmp_path: Path) -> None:
    again = copy_of(sample_archive(3), tmp_path)
    rabat("rebuild", "--archive", again)
    with Archive.open(again) as archive:
        export(archive, "datasette", tmp_path / "export")
    assert (tmp_path / "export" / "rabat.db").read_bytes() == (bundle / "rabat.db").read_bytes()


def test_the_file_is_sound_and_small(bundle: Path) -> None:
    with reading(bundle / "rabat.db") as db, reading(sample_archive(3) / "rabat.db") as whole:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)
        for index in ("items_fts", "pages_fts", "versions_fts"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                db.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
        pages = whole.execute("PRAGMA page_count").fetchone()[0], whole.execute("PRAGMA page_size").fetchone()[0]
        assert (bundle / "rabat.db").stat().st_size < 0.8 * pages[0] * pages[1]
    assert {path.name for path in bundle.iterdir()} == {
        "README.md", "inspect-data.json", "metadata.json", "rabat.db", "rabat_crawler-0.1.0-py3-none-any.whl", "requirements.txt", "settings.json",
    }  # fmt: skip


def test_nothing_tells_of_this_machine(bundle: Path) -> None:
    with zipfile.ZipFile(next(bundle.glob("*.whl"))) as wheel:
        texts = {name: wheel.read(name) for name in wheel.namelist()}
    texts |= {path.name: path.read_bytes() for path in bundle.iterdir()}
    own = [str(path).encode() for path in (ROOT, bundle, sample_archive(3), Path.home()) if len(str(path)) > 1]
    for name, content in texts.items():
        assert not [one for one in own if one in content], name
        assert b"--index-url" not in content and b"--find-links" not in content or name.endswith(".py"), name
    lines = (bundle / "requirements.txt").read_text().splitlines()
    assert lines[0] == "./rabat_crawler-0.1.0-py3-none-any.whl"
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", line) for line in lines[1:])
    assert "datasette==0.65.5" in lines and not {"scrapy", "lxml", "warcio", "twisted"} & {line.split("==")[0] for line in lines}


def test_the_readme_has_one_command(bundle: Path) -> None:
    said = (bundle / "README.md").read_text()
    assert [line.strip() for line in said.splitlines() if line.startswith("    ")] == [COMMAND]
    assert said.count("pip install") == said.count("datasette serve") == 1


def test_the_wheel_asks_for_what_this_program_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = dict(re.fullmatch(r"([A-Za-z0-9_-]+)(.*)", one).groups() for one in project["dependencies"])  # type: ignore[union-attr]
    assert {name: asked[name] for name in NEEDS} == NEEDS


def test_a_selection_holds_what_belongs_to_it_and_nothing_else(tmp_path: Path) -> None:
    with Archive.open(sample_archive(3)) as archive:
        counts = export(archive, "datasette", tmp_path / "export", Selection(filters=Filters(language="fr"))).counts
        expected = list(archive.items(Filters(language="fr")))
        spans = {item.item_id: archive.history(item.item_id).spans for item in expected}
        others = [item for item in archive.items() if item.language != "fr"]
    file = tmp_path / "export" / "rabat.db"
    with Archive.open_database(file) as copy, reading(file) as db:
        items = {item.item_id: item for item in copy.items()}
        assert list(items) == [item.item_id for item in expected] and counts["items"] == len(items) > 10
        assert all(items[one.item_id].text == one.text for one in expected)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == [] and db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert set(copy.stats()["by_language"]) == {"fr"}
        assert copy.search("meetings").total == 0 and copy.search("réunions", facets=True).total > 0
        assert {one.value for one in copy.search("", facets=True).facets["language"]} == {"fr"}
        assert {item.item_id: copy.history(item.item_id).spans for item in expected} == spans
        assert all(copy.captures(item=item.item_id) for item in expected)
        documents = copy.documents(every=True)
        assert documents and all(set(document.items) <= set(items) for document in documents)
    content = file.read_bytes()
    mine = {one.title for one in (*expected, *documents)}
    elsewhere = [item.title for item in others if item.title not in mine]
    assert len(elsewhere) > 10 and not [title for title in elsewhere if title.encode() in content]
    metadata = json.loads((tmp_path / "export" / "inspect-data.json").read_text())["rabat"]
    assert metadata["tables"]["items"]["count"] == len(expected)


def test_a_copy_does_not_pretend_to_know_the_past(bundle: Path) -> None:
    with Archive.open_database(bundle / "rabat.db") as copy, pytest.raises(ConfigError, match="reduced copy"):
        copy.item_as_of(next(item.item_id for item in copy.items()), "2100")


def test_datasette_lite_gets_addresses_that_lead_to_the_files(tmp_path: Path) -> None:
    archive_path = article_archive(tmp_path / "archive", a="Un article")
    with Archive.open(archive_path) as archive:
        export(archive, "datasette", tmp_path / "out", options=Options(lite=True, base_url="https://archive.example.org/room", title="Une salle"))
        with pytest.raises(ConfigError, match="--base-url"):
            export(archive, "datasette", tmp_path / "none", options=Options(lite=True))
        for wrong in ("room", "ftp://example.org/", "https://example.org/a b", "https://example.org/?x", "javascript:alert(1)", "https://[x/"):
            with pytest.raises(ConfigError, match="no address of a place on the web"):
                export(archive, "datasette", tmp_path / "none", options=Options(lite=True, base_url=wrong))
    said = (tmp_path / "out" / "README.md").read_text()
    found = re.search(r"^https://lite\.datasette\.io/\S+$", said, re.M)
    assert found is not None
    asked = parse_qs(urlsplit(found[0]).query)
    for name in (asked["url"][0], asked["metadata"][0]):
        assert name.startswith("https://archive.example.org/room/")
        assert (tmp_path / "out" / name.rpartition("/")[2]).is_file()
    lite = json.loads((tmp_path / "out" / "metadata-lite.json").read_text())
    assert lite["title"] == "Une salle" and "plugins" not in lite and "about_url" not in lite
    assert not (tmp_path / "none").exists()


# The room in an environment of its own -----------------------------------------------------------------------------------------


def test_nothing_of_this_checkout_is_used(room: Served, virtual: Path, bundle: Path) -> None:
    script = """
import importlib.util, json, pkgutil, sys, importlib
import rabat_crawler
names = [one.name for one in pkgutil.walk_packages(rabat_crawler.__path__, "rabat_crawler.")]
for name in names:
    importlib.import_module(name)
from rabat_crawler.query.stems import stem
words = json.load(sys.stdin)
print(json.dumps({
    "file": rabat_crawler.__file__, "modules": len(names),
    "there": [one for one in ("scrapy", "twisted", "lxml", "warcio", "selectolax", "Stemmer", "sqlite_utils") if importlib.util.find_spec(one)],
    "stems": [[stem(word, language) for language in ("fr", "en")] for word in words],
}))
"""
    with reading(bundle / "rabat.db") as db:
        texts = " ".join(" ".join(row) for row in db.execute("SELECT title, text FROM items"))
    words = sorted(set(re.findall(r"[^\W\d_]+", texts.lower())))
    assert len(words) > 900
    done = subprocess.run(
        [virtual / "bin" / "python", "-W", "error", "-c", script], input=json.dumps(words), capture_output=True, text=True, env=clean_environment(virtual),
        cwd=bundle, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert Path(found["file"]).is_relative_to(virtual) and found["modules"] > 80 and found["there"] == []
    assert found["stems"] == [[stem(word, language) for language in ("fr", "en")] for word in words], "a library in pure Python stems otherwise"


@pytest.mark.parametrize(("language", "words"), SEARCHES)
def test_searches_find_what_the_archive_finds(room: Served, language: str, words: str) -> None:
    with Archive.open(sample_archive(3)) as archive:
        expected = archive.search(words, limit=50)
    assert expected.total > 0
    answer = json.loads(room.ask(f"/{language}/search.json", q=words, limit=50).body)
    assert [one["item_id"] for one in answer["results"]] == [hit.item.item_id for hit in expected]
    page = room.ask(f"/{language}/search", q=words)
    assert page.status == 200 and expected[0].item.title in words_of(page.text)


def test_every_item_has_its_page_and_its_text(room: Served) -> None:
    with Archive.open(sample_archive(3)) as archive:
        items = list(archive.items())
        told = {item.item_id: len(archive.versions(item.item_id)) for item in items}
    rows = json.loads(room.ask("/rabat/items.json", _shape="array", _size="max").body)
    assert {row["item_id"]: (row["title"], row["text"]) for row in rows} == {item.item_id: (item.title, item.text) for item in items}
    assert max(told.values()) > 1
    for item in items:
        answer = room.ask(f"/{item.language if item.language in ('fr', 'en') else 'en'}/item/{item.item_id}")
        assert answer.status == 200 and item.title in words_of(answer.text)
        assert "/archived/" not in answer.text
        assert json.loads(room.ask(f"/item/{item.item_id}.json").body)["text"] == item.text
        assert room.ask(f"/item/{item.item_id}.bib").status == 200


def test_the_other_pages(room: Served) -> None:
    with Archive.open(sample_archive(3)) as archive:
        stats, meetings, documents = archive.stats(), archive.agenda(), archive.documents()
    first = room.ask("/", headers={"Accept-Language": "fr"})
    assert (first.status, first.headers["location"]) == (302, "/fr/")
    home = room.ask("/en/")
    assert home.status == 200 and str(stats["items"]) in home.text
    agenda = room.ask("/fr/agenda", time="past").text + room.ask("/fr/agenda").text
    assert meetings and all(one.title in words_of(agenda) for one in meetings)
    assert room.ask("/en/agenda.ics").text.count("BEGIN:VEVENT") == len(meetings)
    for document in documents:
        assert room.ask(f"/en/document/{document.document_id}").status == 200
    for address in (
        "/en/about",
        "/fr/about",
        "/en/places",
        "/fr/search.atom?q=dakar",
        "/en/search.csv?q=dakar",
        "/robots.txt",
        "/rabat",
        "/-/versions.json",
    ):
        assert room.ask(address).status == 200, address
    for address in ("/en/health", "/archived/20190101000000/http://127.0.0.1/x", "/en/item/none", "/en/nothing"):
        assert room.ask(address).status == 404, address
    assert "/health" not in home.text and "/health" not in room.ask("/en/about").text


def test_tables_are_described_and_those_of_the_program_hidden(room: Served, bundle: Path) -> None:
    said = json.loads(room.ask("/rabat.json").body)
    hidden = {table["name"]: table["hidden"] for table in said["tables"]}
    assert hidden["drafts"] and not hidden["items"] and "traits" not in hidden
    with Archive.open(sample_archive(3)) as archive:
        assert {table["name"]: table["count"] for table in said["tables"]}["versions"] == archive.stats()["versions"]
    page = room.ask("/rabat/items").text
    assert "cite them" in page or "Cite each" in page
    facets = json.loads(room.ask("/rabat/items.json", _facet="kind").body)["facet_results"]
    assert (
        sum(one["count"] for one in facets["kind"]["results"])
        == json.loads((bundle / "inspect-data.json").read_text())["rabat"]["tables"]["items"]["count"]
    )


@pytest.mark.parametrize("query", READY, ids=lambda query: query.name)
def test_ready_queries_answer_as_in_the_archive(room: Served, query: Any) -> None:
    given = dict.fromkeys(query.parameters, "1")
    answer = json.loads(room.ask(f"/rabat/{query.name}.json", _shape="arrays", **given).body)
    with reading(sample_archive(3) / "rabat.db") as db:
        assert answer["rows"] == [list(row) for row in db.execute(query.sql, given).fetchmany(1000)]


@pytest.mark.parametrize(
    "path", ["/en/", "/rabat/items", "/rabat.json?sql=select+1", "/en/none", "/rabat.db", "/-/static-plugins/rabat-crawler/room.css"]
)
def test_every_answer_says_what_browsers_may_do(room: Served, path: str) -> None:
    headers = room.ask(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; img-src 'self' data:;")
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_no_query_takes_long_or_much(room: Served) -> None:
    for name in ("a long value", "a wide number", "a product of tables", "a slow instr", "another file"):
        started = time.monotonic()
        answer = room.ask("/rabat.json", sql=COSTLY[name])
        assert answer.status == 400, (name, answer.text[:300])
        assert time.monotonic() - started < 6, name


def test_a_room_on_the_open_web_can_be_closed(room: Served, virtual: Path, bundle: Path, tmp_path: Path) -> None:
    closed = Path(shutil.copytree(bundle, tmp_path / "closed"))
    metadata = json.loads((closed / "metadata.json").read_text())
    assert metadata["plugins"] == {"rabat-crawler": {"public": False}}
    metadata["plugins"]["rabat-crawler"] = {"public": True, "hosts": ["archive.example.org"]}
    (closed / "metadata.json").write_text(json.dumps(metadata))
    with opened(closed, virtual) as served:
        ours = "archive.example.org"
        assert served.ask("/en/").status == 403
        assert served.ask("/en/", host=ours).status == 200
        assert served.ask("/en/search", host=ours, q="dakar").status == 200
        assert served.ask("/rabat/items.json", host=ours).status == 200
        assert served.ask("/rabat/items_per_month.json", host=ours).status == 200
        for address in ("/rabat?sql=select+1", "/rabat.json?sql=select+1", "/rabat.db"):
            assert served.ask(address, host=ours).status == 403, address
        for address in ("/-/versions.json", "/-/databases.json", "/-/plugins"):
            assert served.ask(address, host=ours).status == 404, address


@needs_chromium
def test_a_visit_on_a_phone(room: Served, browser: Any) -> None:
    with visiting(browser, room.address, width=390, height=844, locale="fr-FR") as page:
        assert page.url.endswith("/fr/")
        assert_fits(page)
        page.get_by_role("searchbox").fill("reunions")
        page.get_by_role("button", name="Chercher").click()
        assert page.locator(".hit mark").count() > 0
        assert_fits(page)
        title = page.locator(".hit h3 a").first.inner_text()
        page.locator(".hit h3 a").first.click()
        assert page.locator("h1").inner_text() == title
        assert_fits(page)
        page.goto(f"{room.address}rabat/items")  # Datasette's own page, under the policy that names its scripts
        assert page.locator("table.rows-and-columns tbody tr").count() > 10
