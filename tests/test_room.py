"""The reading room as browsers and programs get it: languages, addresses, headers, machine forms, who is answered, and what SQL may cost."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from rabat_crawler import atom
from rabat_crawler.archive import Archive
from rabat_crawler.archive.snapshot import copy_database
from rabat_crawler.web import language
from rabat_crawler.web.asked import Asked, read_asked
from rabat_crawler.web.pages.search import marked
from tests.building import environment, rabat, sample_archive
from tests.rooms import Served, hostile_archive, serving

ROOT = Path(__file__).resolve().parents[1]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(sample_archive(3)) as served:
        yield served


@pytest.fixture(scope="module")
def public() -> Iterator[Served]:
    with serving(sample_archive(1), "--public", "--host", "127.0.0.1") as served:
        yield served


# Languages -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "cookie", "found"),
    [
        ("fr-CA,en;q=0.5", "", "fr"),
        ("en-GB,fr;q=0.9", "", "en"),
        ("de,fr;q=0.7,en;q=0.3", "", "fr"),
        ("de", "", "en"),
        ("", "", "en"),
        ("fr;q=0", "", "en"),
        ("*", "", "en"),
        ("fr;q=9999999999999999999,;;;,=", "", "en"),
        ("en", "fr", "fr"),
        ("fr", "de", "fr"),
    ],
)
def test_the_first_address_leads_to_the_visitors_language(room: Served, accept: str, cookie: str, found: str) -> None:
    headers = {"Accept-Language": accept, **({"Cookie": f"rabat_language={cookie}"} if cookie else {})}
    answer = room.ask("/", headers=headers)
    assert (answer.status, answer.headers["location"]) == (302, f"/{found}/")
    assert "Accept-Language" in answer.headers["vary"]


def test_a_cookie_is_set_only_for_who_reads_another_language_than_the_browsers(room: Served) -> None:
    assert "set-cookie" not in room.ask("/fr/", headers={"Accept-Language": "fr"}).headers
    said = room.ask("/fr/", headers={"Accept-Language": "en"}).headers["set-cookie"]
    assert said.startswith("rabat_language=fr;")
    assert "HttpOnly" in said
    assert "SameSite=lax" in said


def test_the_other_language_is_the_same_address(room: Served) -> None:
    page = room.ask("/en/search", q='a"b <é> & c', kind="news").text
    assert 'href="/fr/search?q=a%22b+%3C%C3%A9%3E+%26+c&amp;kind=news" hreflang="fr"' in page


def test_every_phrase_stands_in_both_languages() -> None:
    assert len(language.words()) > 80
    for key, (english, french) in language.words().items():
        assert english.strip(), key
        assert french.strip(), key
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", french)), key
        assert not re.search(r"[^\u00a0\u202f\w][;:?!](?:\s|$)|\s[;:?!»]| »|« ", french.replace("\u00a0", "x")), key


@pytest.mark.parametrize(
    ("iso", "english", "french"),
    [
        ("2017-07-17", "17 July 2017", "17 juillet 2017"),
        ("2019-08-01", "1 August 2019", "1er août 2019"),
        ("2017-07", "July 2017", "juillet 2017"),
        ("2017", "2017", "2017"),
        ("2026-11-26T01:02:04.786048Z", "26 November 2026", "26 novembre 2026"),
        ("2017-13-01", "2017", "2017"),
        ("soon", "soon", "soon"),
        (None, "", ""),
    ],
)
def test_dates_in_words(iso: str | None, english: str, french: str) -> None:
    assert language.date_words(iso, "en").replace("\u00a0", " ") == english
    assert language.date_words(iso, "fr").replace("\u00a0", " ") == french


@pytest.mark.parametrize(
    ("start", "end", "english", "french"),
    [
        ("2017-11-08", "2017-11-09", "8 to 9 November 2017", "du 8 au 9 novembre 2017"),
        ("2015-04-28", "2015-05-01", "28 April to 1 May 2015", "du 28 avril au 1er mai 2015"),
        ("2015-12-30", "2016-01-02", "30 December 2015 to 2 January 2016", "du 30 décembre 2015 au 2 janvier 2016"),
        ("2015-12-30", None, "30 December 2015", "30 décembre 2015"),
        ("2015-12-30", "2015-12-30", "30 December 2015", "30 décembre 2015"),
        ("2015", "2017", "2015 to 2017", "de 2015 à 2017"),
    ],
)
def test_spans_in_words(start: str, end: str | None, english: str, french: str) -> None:
    assert language.span_words(start, end, "en").replace("\u00a0", " ") == english
    assert language.span_words(start, end, "fr").replace("\u00a0", " ") == french


# Addresses of a search -------------------------------------------------------------------------------------------------------


def test_a_search_is_read_from_its_address_and_written_back() -> None:
    asked = Asked(q="a b", kind="news", year="2017", twin=True, sort="oldest", page=3)
    assert read_asked(dict(asked.parameters(page=3))) == asked
    assert asked.address("/en/search", kind="") == "/en/search?q=a%20b&year=2017&sort=oldest&twin=1"


@pytest.mark.parametrize("page", ["0", "-1", "x", "9999999999", "٣", "1e3", ""])
def test_a_page_that_is_none_is_the_first_or_the_last(page: str) -> None:
    assert 1 <= read_asked({"page": page}).page <= 500


def test_marks_become_elements_and_everything_else_is_escaped() -> None:
    assert marked("a \x02b\x03 <c> \x02d & e") == "a <mark>b</mark> &lt;c&gt; d &amp; e"
    assert marked("\x03a\x02\x02b\x03\x03") == "a<mark>b</mark>"


# The search page -------------------------------------------------------------------------------------------------------------


def test_a_search_shows_hits_facets_and_their_links(room: Served) -> None:
    page = room.ask("/en/search", q="dakar").text
    assert "<mark>Dakar</mark>" in page
    assert 'href="/en/search?q=dakar&amp;language=fr"' in page
    assert "/en/search?q=dakar&amp;country=SN" in page
    assert "In documents" in page
    narrowed = room.ask("/en/search", q="dakar", language="fr").text
    assert 'href="/en/search?q=dakar" rel="nofollow" aria-current="true"' in narrowed
    assert 'class="chip" href="/en/search?q=dakar"' in narrowed


def test_a_search_without_words_lists_everything_newest_first(room: Served) -> None:
    answer = json.loads(room.ask("/en/search.json", limit=1000).body)
    with Archive.open(sample_archive(3)) as archive:
        assert answer["total"] == archive.counts()["items"] == len(answer["results"])
    dates = [item["published"] for item in answer["results"] if item["published"]]
    assert dates == sorted(dates, reverse=True)


def test_paging_is_linked(room: Served) -> None:
    first = room.ask("/en/search").text
    assert '<link rel="next" href="/en/search?page=2">' in first
    assert 'rel="prev"' not in first
    assert '<link rel="prev" href="/en/search">' in room.ask("/en/search", page=2).text
    assert room.ask("/en/search", page=400).status == 200


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"q": "voluntray"}, 200, "Did you mean"),
        ({"q": "dakar", "since": "yesterday"}, 400, "is no date"),
        ({"q": "dakar", "since": "2018-02-30"}, 400, "is no date"),
        ({"q": "dakar", "country": "Atlantis"}, 400, "Atlantis"),
        ({"q": "a " * 600}, 400, "fewer words"),
        ({"q": '"((" OR NEAR( * - AND'}, 200, "results-count"),
        ({"q": "dakar", "kind": "<b>"}, 200, "Nothing was found"),
        ({"q": "dakar", "sort": "x", "twin": "maybe"}, 200, "<mark>"),
    ],
)
def test_whatever_is_asked_is_answered(room: Served, query: dict[str, str], status: int, said: str) -> None:
    answer = room.ask("/en/search", **query)
    assert answer.status == status
    assert said in answer.text


def test_json_csv_and_feed_are_of_exactly_this_search(room: Served) -> None:
    query = {"q": "dakar", "language": "fr"}
    found = json.loads(room.ask("/fr/search.json", **query).body)
    assert found["filters"] == {"language": "fr"}
    names = [item["item_id"] for item in found["results"]]
    assert found["total"] == len(names) > 1
    rows = list(csv.DictReader(io.StringIO(room.ask("/fr/search.csv", **query).body.decode("utf-8-sig"))))
    assert [row["item_id"] for row in rows] == names
    feed = etree.fromstring(room.ask("/fr/search.atom", **query).body)
    entries = feed.findall(f"{ATOM}entry")
    assert sorted(entry.findtext(f"{ATOM}id") for entry in entries) == sorted(atom.tag(f"item/{name}") for name in names)
    assert feed.find(f"{ATOM}link[@rel='self']").get("href") == f"{room.address}fr/search.atom?q=dakar&language=fr"
    texts = {atom.tag(f"item/{item['item_id']}"): item["text"] for item in found["results"]}
    for entry in entries:
        shown = etree.HTML(entry.findtext(f"{ATOM}content"))
        assert "".join("".join(shown.itertext()).split()) == "".join(texts[entry.findtext(f"{ATOM}id")].split())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", entry.findtext(f"{ATOM}updated"))


def test_the_feed_of_a_hostile_archive_is_xml_and_its_table_runs_nothing(tmp_path: Path) -> None:
    with serving(hostile_archive(tmp_path / "archive")) as served:
        feed = etree.fromstring(served.ask("/en/search.atom", q="refugees").body)
        titles = [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]
        assert "Attack <script>window.attacked = 1</script>" in titles
        contents = [entry.findtext(f"{ATOM}content") for entry in feed.findall(f"{ATOM}entry")]
        assert not any(etree.HTML(content).xpath("//script|//img|//svg|//iframe") for content in contents)
        rows = list(csv.reader(io.StringIO(served.ask("/en/search.csv", q="refugees").body.decode("utf-8-sig"))))
        assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "@", "+", "-", "\t"))]
        assert any(cell.startswith("'=1+1") for row in rows for cell in row)


# Headers, and who is answered ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/en/", "/fr/search", "/en/search.json", "/en/search.atom", "/fr/nothing", "/rabat", "/rabat/items", "/rabat/items.json", "/nothing", "/x/y/z"]
)  # fmt: skip
def test_every_answer_has_the_headers(room: Served, path: str) -> None:
    headers = room.ask(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert "http" not in policy["script-src"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_our_own_pages_allow_no_inline_style_and_have_none(room: Served) -> None:
    for path in ("/en/", "/fr/search?q=dakar", "/en/nothing"):
        answer = room.ask(path)
        assert "style-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert "sha256" not in answer.headers["content-security-policy"]
        assert not re.search(r"<[^>]*\s(?:style|on\w+)\s*=|<style|<script(?![^>]*\ssrc=)|https?://(?!127\.0\.0\.1|www\.w3\.org)", answer.text)


def test_only_names_of_this_machine_are_answered(room: Served) -> None:
    assert room.ask("/en/", host=f"localhost:{room.port}").status == 200
    for host in ("evil.example", f"evil.example:{room.port}", "127.0.0.1", "127.0.0.1:1"):
        answer = room.ask("/en/", host=host)
        assert (answer.status, answer.text) == (403, "this server is for this machine only")
    assert "content-security-policy" in answer.headers


def test_only_reading_is_answered(room: Served) -> None:
    assert room.ask("/rabat", method="POST").status == 405
    assert room.ask("/-/logout", method="POST").status == 405
    answer = room.ask("/en/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/-/static-plugins/rabat-crawler/../plugin.py", "/-/static-plugins/rabat-crawler/..%2fplugin.py", "/en/%00", "/en/search?q=%ff%00"])  # fmt: skip
def test_no_address_gives_a_file_or_a_defect(room: Served, path: str) -> None:
    answer = room.ask(path)
    assert answer.status in (200, 302, 400, 404)
    assert b"hookimpl" not in answer.body
    assert b"root:" not in answer.body


def test_public_has_pages_tables_and_ready_queries_but_no_sql_no_download_and_nothing_of_the_server(public: Served) -> None:
    assert public.ask("/en/").status == public.ask("/rabat/items.json").status == public.ask("/rabat/items_per_month.json").status == 200
    assert public.ask("/rabat.json", sql="select 1").status == 403
    assert public.ask("/rabat/items.json", _where="1=1").status == 403
    assert public.ask("/rabat.db").status == 403
    for path in (
        "/-/databases",
        "/-/databases.json",
        "/-/versions.json",
        "/-/plugins",
        "/-/threads",
        "/-/metadata.json",
        "/-/permissions",
        "/-/patterns",
    ):
        assert public.ask(path).status == 404, path
    everything = b"".join(public.ask(path).body for path in ("/en/", "/rabat", "/rabat/runs.json", "/_memory", "/.json"))
    assert str(sample_archive(1)).encode() not in everything
    assert public.ask("/_memory.json", sql="select 1").status == 404


def test_a_public_room_answers_to_any_name_and_its_feed_says_it(public: Served) -> None:
    feed = public.ask("/en/search.atom", host="archive.example", headers={"X-Forwarded-Proto": "https"}, q="dakar").text
    assert 'rel="self" type="application/atom+xml" href="https://archive.example/en/search.atom?q=dakar"' in feed
    assert "evil" not in public.ask("/en/search.atom", host='evil"><x', q="dakar").text
    assert "Disallow: /en/search" in public.ask("/robots.txt").text


def test_a_room_for_this_machine_takes_sql(room: Served) -> None:
    assert json.loads(room.ask("/rabat.json", sql="select count(*) from items where kind = 'news'").body)["rows"][0][0] > 5
    assert room.ask("/_memory.json", sql="select 1").status == 404


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--host", "0.0.0.0", "--port", "0"), 2, "--public"),
        (("--host", "no such host", "--port", "0", "--public"), 2, "no host"),
        (("--port", "{taken}"), 2, "is in use; choose another with --port"),
        (("--archive", "{missing}"), 12, "there is no archive"),
    ],
)
def test_what_cannot_be_served_is_said(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        values = {"taken": taken.getsockname()[1], "missing": tmp_path / "nothing"}
        given = [one.format(**values) for one in arguments]
        archive = [] if "--archive" in given else ["--archive", str(sample_archive(1))]
        done = rabat("serve", *archive, "--no-browser", *given, code=code)
    assert said in done.stderr


def test_a_plain_datasette_with_our_plugin_shows_the_room_of_our_database_only(tmp_path: Path) -> None:
    ours, other = tmp_path / "ours.db", tmp_path / "other.db"
    copy_database(sample_archive(1) / "rabat.db", ours)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    script = """
import asyncio, sys
from datasette.app import Datasette
from datasette.plugins import pm
from rabat_crawler.web import plugin
if not pm.is_registered(plugin):
    pm.register(plugin, name="rabat-crawler")
async def main():
    for path in sys.argv[1:]:
        datasette = Datasette([path])
        await datasette.invoke_startup()
        for address in ("/en/search?q=dakar", "/-/static-plugins/rabat-crawler/room.css", "/"):
            answer = await datasette.client.get(address)
            print(answer.status_code, "content-security-policy" in answer.headers)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script, ours, other], capture_output=True, text=True, env=environment(), timeout=60, cwd=ROOT)
    assert done.stdout.splitlines() == ["200 True", "200 True", "302 True", "404 False", "404 False", "200 False"], done.stderr
