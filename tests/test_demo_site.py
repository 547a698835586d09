"""The sample site: every link answers, its truth is what its pages show, and two nights differ as documented."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import threading
import unicodedata
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from selectolax.lexbor import LexborHTMLParser

from rabat_crawler.demo import MISSING_FILE, SampleArticle, SampleSite, serve
from rabat_crawler.demo.labels import PRIVATE_PATH
from rabat_crawler.demo.pdf import make_pdf
from rabat_crawler.extract.documents import read_document
from tests import servers

ORIGIN = "http://127.0.0.1:4321"
COPY = re.compile(r"[?&](?:tmpl|print|layout|start|showall|format)=")
MAIL = re.compile(r"\S+@[a-z.-]+[a-z]")
ARTICLE_ID = re.compile(r"/(\d+)-[^/?]*$|[?&]id=(\d+)\b")


class Links(HTMLParser):
    """All addresses of a page, made absolute with its base."""

    def __init__(self, page_url: str, html: str) -> None:
        super().__init__()
        self.base = page_url
        self.anchors: list[str] = []
        self.assets: list[str] = []
        self.alternates: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "base":
            self.base = found["href"]
        elif tag == "a" and found.get("href") and not found["href"].startswith(("javascript:", "#")):
            self.anchors.append(urljoin(self.base, found["href"]))
        elif tag in ("img", "script") and found.get("src"):
            self.assets.append(urljoin(self.base, found["src"]))
        elif tag == "link" and found.get("hreflang"):
            self.alternates[found["hreflang"]] = found["href"]
        elif tag == "link":
            self.assets.append(urljoin(self.base, found["href"]))


@lru_cache
def walk(edition: int) -> dict[str, tuple[int, str, Links | None]]:
    """Every internal address reachable from "/" by links of any kind: path -> (status, content type, links)."""
    site = SampleSite(edition=edition)
    seen: dict[str, tuple[int, str, Links | None]] = {}
    queue = deque(["/", "/robots.txt"])
    while queue:
        path = queue.popleft()
        if path in seen:
            continue
        response = site.page(path, origin=ORIGIN)
        kind = response.header("Content-Type") or ""
        links = Links(ORIGIN + path, response.body.decode()) if "html" in kind and response.status == 200 else None
        seen[path] = (response.status, kind, links)
        targets = [response.header("Location") or ""] if response.status == 301 else []
        if links is not None:
            targets += [*links.anchors, *links.assets, *links.alternates.values()]
        queue.extend(inside(targets))
    return seen


def inside(urls: list[str]) -> Iterator[str]:
    for url in urls:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" == ORIGIN:
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def tree(site: SampleSite, path: str) -> LexborHTMLParser:
    response = site.page(path, origin=ORIGIN)
    assert response.status == 200, path
    return LexborHTMLParser(response.body.decode())


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.fixture(scope="module")
def site() -> SampleSite:
    return SampleSite()


def article(site: SampleSite, number: int) -> SampleArticle:
    return next(found for found in site.articles if found.id == number)


@pytest.mark.parametrize("edition", [1, 2])
def test_every_internal_link_answers_but_the_missing_document(edition: int) -> None:
    broken = {path for path, (status, _, _) in walk(edition).items() if status not in (200, 301)}
    assert broken == ({f"/fr{MISSING_FILE}"} if edition == 1 else set())


@pytest.mark.parametrize("edition", [1, 2])
def test_every_article_is_reachable_from_the_front_page(edition: int) -> None:
    site, seen = SampleSite(edition=edition), walk(edition)
    assert {found.path for found in site.articles} <= {path for path, (status, _, _) in seen.items() if status == 200}


@pytest.mark.parametrize("edition", [1, 2])
def test_the_stated_addresses_are_exactly_the_linked_ones(edition: int) -> None:
    site = SampleSite(edition=edition)
    linked: dict[int, set[str]] = {found.id: set() for found in site.articles}
    single = {found.path: found.id for found in site.articles if not ARTICLE_ID.search(found.path)}
    for path, (status, _, _) in walk(edition).items():
        match = ARTICLE_ID.search(path)
        number = single.get(path) or (int(match[1] or match[2]) if match else 0)
        if status == 200 and number in linked and not COPY.search(path):
            linked[number].add(path)
    assert linked == {found.id: set(found.addresses) for found in site.articles}


def test_the_site_has_the_promised_variety(site: SampleSite) -> None:
    by_language = {language: [found for found in site.articles if found.language == language] for language in ("fr", "en", "*")}
    assert {language: len(found) for language, found in by_language.items()} == {"fr": 18, "en": 18, "*": 1}
    assert sum(1 for found in site.articles if found.twin) == 28
    assert {found.kind for found in site.articles} == {"news", "event", "publication", "page"}
    assert len({found.id for found in site.articles}) == len(site.articles)
    years = sorted(found.published[:4] for found in site.articles if found.published)
    assert (years[0], years[-1]) == ("2013", "2019")


@pytest.mark.parametrize("edition", [1, 2])
def test_translations_point_to_each_other(edition: int) -> None:
    by_id = {found.id: found for found in SampleSite(edition=edition).articles}
    for found in by_id.values():
        if found.twin:
            assert by_id[found.twin].twin == found.id


def test_hreflang_of_a_page_and_of_its_twin_agree(site: SampleSite) -> None:
    seen = walk(1)
    for found in site.articles:
        links = seen[found.path][2]
        assert links is not None
        if found.twin is None:
            assert links.alternates == {}, found.path
            continue
        other = seen[article(site, found.twin).path][2]
        assert other is not None
        assert links.alternates == other.alternates
        assert ORIGIN + found.path in links.alternates.values()
        assert links.alternates["x-default"] == links.alternates["fr-FR"]


def test_the_whole_text_of_every_article_is_on_its_page(site: SampleSite) -> None:
    for found in site.articles:
        whole = found.path + ("?showall=1" if found.id in (119, 120) else "")
        page = tree(site, whole)
        body = page.css_first(".item-page [itemprop=articleBody]")
        assert body is not None
        text = letters(body.text())
        for paragraph in found.paragraphs:
            assert all(letters(piece) in text for piece in MAIL.split(paragraph)), paragraph
        headline = page.css_first("h2[itemprop=headline]")
        assert headline is not None
        assert plain(headline.text()) == found.title


def test_a_page_shows_its_published_date_unless_the_article_is_undated(site: SampleSite) -> None:
    for found in site.articles:
        times = [node.attributes["datetime"] or "" for node in tree(site, found.path).css(".item-page time[itemprop=datePublished]")]
        assert [value[:10] for value in times] == ([found.published] if found.published else []), found.path


def test_below_the_second_news_menu_no_date_is_shown(site: SampleSite) -> None:
    page = tree(site, "/fr/toute-l-actualite/138-presidence-belge-les-priorites-de-l-annee")
    assert page.css_first("h2[itemprop=headline]") is not None
    assert page.css("time") == []


def test_the_undated_page_carries_dated_blocks_of_others(site: SampleSite) -> None:
    page = tree(site, article(site, 12).path)
    dates = [plain(node.text()) for node in page.css("#content .newsflash-date")]
    assert dates == ["6 février 2018", "6 juin 2017", "28 avril 2017", "14 novembre 2016"]
    assert "8 et 9 novembre 2017" in plain(page.css("#aside .well")[0].text(separator=" "))
    assert page.css(".item-page time, .item-page .newsflash-date") == []


@pytest.mark.parametrize(
    ("path", "count", "counter"),
    [
        ("/fr/en-action", 5, "Page 1 sur 2"),
        ("/fr/en-action?start=10", 0, "Page 2 sur 2"),
        ("/fr/en-action?start=500", 0, "Page 2 sur 2"),
        ("/en/in-action?start=10", 1, "Page 3 of 3"),
        ("/en/in-action?start=5", 5, "Page 2 of 3"),
        ("/en/in-action/news?start=5", 2, "Page 2 of 2"),
    ],
)
def test_a_listing_pages_through_its_items(site: SampleSite, path: str, count: int, counter: str) -> None:
    page = tree(site, path)
    assert len(page.css("[itemprop=blogPost]")) == count
    shown = page.css_first(".pagination .counter")
    assert shown is not None and plain(shown.text()) == counter


def test_parts_of_a_long_article_differ_and_end_in_a_404(site: SampleSite) -> None:
    path = article(site, 120).path
    first, second = tree(site, path), tree(site, f"{path}?start=1")
    assert [plain(node.text()) for node in first.css(".pagenavcounter")] == ["Page 1 sur 3"]
    headline = second.css_first("h2[itemprop=headline]")
    assert headline is not None and plain(headline.text()) == "Dossier : dix ans de dialogue - Les années d’apprentissage"
    assert first.css_first("[itemprop=articleBody]").text() != second.css_first("[itemprop=articleBody]").text()  # type: ignore[union-attr]
    assert site.page(f"{path}?start=3", origin=ORIGIN).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/fr/en-action/actualites/138-wrong-alias",
        "/fr/en-action/138",
        "/fr/component/content/article/10-actualites/138-x",
        "/index.php?option=com_content&view=article&id=138&catid=10&lang=fr",
    ],
)
def test_an_article_answers_under_any_address_with_its_id(site: SampleSite, path: str) -> None:
    headline = tree(site, path).css_first("h2[itemprop=headline]")
    assert headline is not None and plain(headline.text()) == article(site, 138).title


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/", 301, "/fr/"),
        ("/index.php", 301, "/fr/"),
        ("/nothing", 301, "/fr/nothing"),
        (MISSING_FILE, 301, f"/fr{MISSING_FILE}"),
        ("/fr/nothing", 404, None),
        ("/fr/en-action/actualites/99999-x", 404, None),
        ("/en/in-action/news/138-french-article", 404, None),
        ("/fr/archives?format=feed&type=rss", 404, None),
        ("/fr//", 200, None),
        ("//evil/", 301, "/fr//evil/"),
    ],
)
def test_other_addresses_redirect_or_are_missing(site: SampleSite, path: str, status: int, location: str | None) -> None:
    response = site.page(path, origin=ORIGIN)
    assert (response.status, response.header("Location")) == (status, ORIGIN + location if location else None)


def test_only_token_counters_and_mail_ids_change_between_two_answers(site: SampleSite) -> None:
    for path in ("/fr/", "/fr/contact", article(site, 221).path):
        first, second = (site.page(path, origin=ORIGIN).body.decode() for _ in range(2))
        assert first != second
        hidden = re.compile(r"[0-9a-f]{32}|UserPageVisits:\d+|(?:Affichages : |Hits: )\d+")
        assert hidden.sub("", first) == hidden.sub("", second)


def test_pages_carry_the_origin_they_are_asked_on(site: SampleSite) -> None:
    body = site.page("/en/", origin="https://mirror.example:8443").body.decode()
    assert '<base href="https://mirror.example:8443/en/" />' in body
    assert "\x01" not in body and ORIGIN not in body


def test_one_text_has_decomposed_accents_and_one_is_french_below_an_english_address(site: SampleSite) -> None:
    raw = site.page(article(site, 190).path, origin=ORIGIN).body.decode()
    assert "re\u0301inte\u0301gration" in raw
    assert article(site, 229).language == "fr" and article(site, 229).path.startswith("/en/")


def test_feeds_are_xml_with_the_date_of_creation_but_for_the_front_page(site: SampleSite) -> None:
    days = {}
    for path in ("/fr/", "/fr/en-action"):
        feed = ElementTree.fromstring(site.page(f"{path}?format=feed&type=rss", origin=ORIGIN).body)
        days[path] = {item.findtext("link"): item.findtext("pubDate") for item in feed.iter("item")}
        assert len(days[path]) == 7
    url = ORIGIN + article(site, 241).path
    assert days["/fr/"][url] == "Tue, 08 Jan 2019 10:40:00 +0100"
    assert days["/fr/en-action"][url] == "Sun, 06 Jan 2019 07:40:00 +0100"
    atom = ElementTree.fromstring(site.page("/en/in-action?format=feed&type=atom", origin=ORIGIN).body)
    assert len(atom.findall("{http://www.w3.org/2005/Atom}entry")) == 7


def test_documents_are_well_formed_pdf_files(site: SampleSite) -> None:
    assert len(site.files) == 5
    for path, content in site.files.items():
        assert content.startswith(b"%PDF-1.4") and content.rstrip().endswith(b"%%EOF"), path
        start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
        assert content[start:].startswith(b"xref\n")
        for number, line in enumerate(re.findall(rb"(\d{10}) 00000 n ", content), start=1):
            assert content[int(line) :].startswith(b"%d 0 obj" % number)
        assert site.page(path, origin=ORIGIN).header("Content-Type") == "application/pdf"


def test_documents_open_in_a_reader(site: SampleSite) -> None:
    for content in site.files.values():
        text = read_document(content)
        assert text.title and text.problems == () and all(len(page) > 10 for page in text.pages)


def test_a_pdf_escapes_what_its_syntax_needs() -> None:
    assert b"(\\(a\\) \\\\ oe) Tj" in make_pdf("(a) \\ œ", [])


def test_robots_forbids_a_path_that_is_linked(site: SampleSite) -> None:
    robots = site.page("/robots.txt", origin=ORIGIN).body.decode()
    assert f"Disallow: {PRIVATE_PATH}/" in robots and "Disallow: /administrator/" in robots
    assert f"{PRIVATE_PATH}/" in walk(1)


def test_search_finds_without_accents_and_tags_mix_languages(site: SampleSite) -> None:
    found = tree(site, "/fr/recherche?searchword=reintegration").css(".search-results .result-title a")
    assert [node.attributes["href"] for node in found] == [article(site, 190).path]
    tagged = {(node.attributes["href"] or "")[:3] for node in tree(site, "/fr/component/tags/tag/diaspora").css(".tag-category h3 a")}
    assert tagged == {"/fr", "/en"}


def test_the_second_edition_is_the_same_site_one_night_later() -> None:
    before, after = ({found.id: found for found in SampleSite(edition=edition).articles} for edition in (1, 2))
    assert set(after) - set(before) == {255, 262}
    assert set(before) - set(after) == {81}
    changed = {number for number in set(before) & set(after) if before[number] != after[number]}
    assert changed == {62, 221, 241}
    assert before[62].title != after[62].title and before[62].text == after[62].text
    assert before[241].title == after[241].title and before[241].text != after[241].text
    assert (before[221].twin, after[221].twin) == (None, 262)
    assert SampleSite(edition=2).page(before[81].path, origin=ORIGIN).status == 404


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(ValueError, match="editions 1 and 2"):
        SampleSite(edition=3)


def ask(client: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    client.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = client.getresponse()
    return response, response.read()


@pytest.fixture
def client() -> Iterator[http.client.HTTPConnection]:
    with servers.serve_sample() as serving:
        connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)
        yield connection
        connection.close()


def test_one_connection_serves_many_requests(client: http.client.HTTPConnection) -> None:
    first, body = ask(client, "/fr/")
    used = client.sock
    second, _ = ask(client, "/en/", method="HEAD")
    third, _ = ask(client, "/fr/", method="POST")
    assert (first.status, second.status, third.status) == (200, 200, 303)
    assert client.sock is used and int(first.headers["Content-Length"]) == len(body)
    assert int(second.headers["Content-Length"]) > 1000


def test_html_is_compressed_when_the_client_accepts_it(client: http.client.HTTPConnection) -> None:
    plain_answer, body = ask(client, "/fr/contact")
    packed_answer, packed = ask(client, "/fr/contact", Accept_Encoding="gzip, deflate")
    assert plain_answer.headers["Content-Encoding"] is None and packed_answer.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(packed)) == len(body) > len(packed)


def test_a_session_cookie_is_set_once(client: http.client.HTTPConnection) -> None:
    first, _ = ask(client, "/fr/")
    cookie = first.headers["Set-Cookie"]
    second, _ = ask(client, "/fr/", Cookie=cookie.split(";")[0])
    assert "HttpOnly" in cookie and second.headers["Set-Cookie"] is None


def test_files_have_validators_and_pages_do_not(client: http.client.HTTPConnection) -> None:
    path = "/images/documents/2014/oeuvres-sociales-diasporas.pdf"
    first, body = ask(client, path)
    second, empty = ask(client, path, If_None_Match=first.headers["ETag"])
    assert (first.status, second.status, empty) == (200, 304, b"") and body.startswith(b"%PDF")
    assert ask(client, "/fr/")[0].headers["ETag"] is None


def test_a_strange_host_header_is_not_written_into_the_page(client: http.client.HTTPConnection) -> None:
    _, body = ask(client, "/fr/", Host='evil"><b>.example')
    assert b"evil" not in body and b'<base href="http://127.0.0.1:' in body


def test_the_log_tells_what_was_asked_and_how_many_were_at_work() -> None:
    logged: list[str] = []
    with serve(log=lambda request: logged.append(request.path)) as serving:
        threads = [threading.Thread(target=_get, args=(serving.port, f"/fr/?{number}")) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(request.path for request in serving.requests) == sorted(logged) == [f"/fr/?{number}" for number in range(4)]
    assert all(request.status == 200 and 1 <= request.in_flight <= 4 for request in serving.requests)


def _get(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    ask(connection, path)
    connection.close()


def test_after_leaving_the_port_is_free_again() -> None:
    with servers.serve_sample() as serving:
        port = serving.port
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_dict_of_pages_is_served_as_told() -> None:
    pages: dict[str, servers.Page] = {
        "/": "<a href='{origin}/x?y=1'>x</a>",
        "/x?y=1": b"raw",
        "/gone": servers.answer("late", status=503, Retry_After="7"),
        "/r": servers.redirect("/"),
    }
    with servers.serve_pages(pages) as serving:
        connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)
        assert ask(connection, "/")[1].decode() == f"<a href='{serving.origin}/x?y=1'>x</a>"
        assert ask(connection, "/x?y=1")[1] == b"raw"
        assert ask(connection, "/gone")[0].headers["Retry-After"] == "7"
        assert ask(connection, "/r")[0].headers["Location"] == "/"
        assert ask(connection, "/nothing")[0].status == 404
        connection.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(servers.reset, ConnectionResetError, id="reset"),
        pytest.param(servers.hang_up, http.client.RemoteDisconnected, id="hang up"),
        pytest.param(servers.garbage, http.client.BadStatusLine, id="garbage"),
        pytest.param(servers.cut(b"abc", promised=10), http.client.IncompleteRead, id="cut"),
    ],
)
def test_a_faulty_server_fails_as_told(fault: servers.Fault, error: type[Exception]) -> None:
    with servers.serve_faults({"/": fault}) as serving:
        connection = http.client.HTTPConnection("127.0.0.1", int(serving.origin.rsplit(":", 1)[1]), timeout=5)
        with pytest.raises(error):
            ask(connection, "/")
        connection.close()
    assert serving.asked == ["/"]


def test_faults_take_turns() -> None:
    turns = servers.in_turn(servers.say(status="503 Service Unavailable"), servers.slow(0.01, servers.say("fine")))
    with servers.serve_faults({"/": turns, "/big": servers.huge(200_000), "/slow": servers.trickle(b"abc", pause=0.001)}) as serving:
        port = int(serving.origin.rsplit(":", 1)[1])
        answers = []
        for path in ("/", "/", "/", "/big", "/slow", "/else"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            response, body = ask(connection, path)
            answers.append((response.status, len(body)))
            connection.close()
    assert answers == [(503, 0), (200, 4), (200, 4), (200, 200_000), (200, 3), (404, 12)]
