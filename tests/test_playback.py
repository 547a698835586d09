"""How archived pages are shown: paths and times, headers, links that stay within the archive, whatever the page holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from rabat_crawler.models import Capture
from rabat_crawler.playback import POLICY, fields, is_raw, keep_links, link_format, memento_path, moment_in, read_path, status_for

URL = "https://www.rabat-process.org/fr/actualites/1-x?a=1&b=é"
WHEN = datetime(2019, 5, 1, 6, 0, tzinfo=UTC)


def capture(status: int = 200, url: str = URL) -> Capture:
    return Capture(
        record_id="r", url=url, url_key="k", captured_at=WHEN, status=status, media_type="text/html", digest="sha256:0", site="rabat-process"
    )


def archived(url: str) -> str:
    return "/archived" + memento_path(WHEN, url, modifier="")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/20190501060000id_/https://x.example/a?b", ("20190501060000", "https://x.example/a?b")),
        ("/20190501060000/https://x.example/a", ("20190501060000", "https://x.example/a")),
        ("/20190501060000mp_/http:/x.example/a", ("20190501060000", "http://x.example/a")),
        ("/2019/https://x.example/", None),
        ("/20190501060000id_/ftp://x.example/", None),
        ("/20190501060000id_/javascript:alert(1)", None),
        ("/", None),
    ],
)
def test_paths(path: str, expected: tuple[str, str] | None) -> None:
    assert read_path(path) == expected
    assert is_raw(path) == ("id_/" in path)


def test_paths_and_times_are_read_back() -> None:
    read = read_path(memento_path(WHEN, URL))
    assert read is not None
    assert read[0] == "20190501060000"
    assert moment_in(read[0]) == WHEN
    assert moment_in("20191301000000") is None


@pytest.mark.parametrize(("status", "shown"), [(200, 200), (304, 200), (301, 200), (404, 404), (503, 503)])
def test_what_is_shown_is_200_and_archived_errors_stay(status: int, shown: int) -> None:
    assert status_for(capture(status)) == shown


def test_headers_keep_an_archived_page_quiet() -> None:
    found = dict(fields(capture(), "text/html; charset=utf-8"))
    assert found["Content-Security-Policy"] == POLICY
    assert found["Memento-Datetime"] == "Wed, 01 May 2019 06:00:00 GMT"
    assert found["Link"] == '<https://www.rabat-process.org/fr/actualites/1-x?a=1&b=%C3%A9>; rel="original"'
    assert "Content-Disposition" not in found
    for directive in ("sandbox;", "default-src 'none'", "base-uri 'none'"):
        assert directive in POLICY


@pytest.mark.parametrize(
    ("content_type", "as_file"), [("application/pdf", True), (None, True), ("application/x-evil", True), ("image/png", False), (" TEXT/plain", False)]
)
def test_what_a_browser_does_not_show_is_a_file(content_type: str | None, as_file: bool) -> None:
    assert ("Content-Disposition" in dict(fields(capture(), content_type))) == as_file


def test_headers_hold_no_line_ends() -> None:
    found = fields(capture(url="https://x.example/\r\nSet-Cookie: a=1"), "text/html\r\nX-Evil: 1")
    assert not [value for _, value in found if "\r" in value or "\n" in value]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('<a href="/fr/b">', archived("https://www.rabat-process.org/fr/b")),
        ("<a class=x href='2-y'>", archived("https://www.rabat-process.org/fr/actualites/2-y")),
        ('<A HREF = "//other.example/x">', archived("https://other.example/x")),
        ('<area href="https://other.example/?a=1&amp;b=2">', archived("https://other.example/?a=1&b=2")),
        ('<a href="/fr/b#part">', archived("https://www.rabat-process.org/fr/b")),
        ('<a href="#part">', "#part"),
        ('<a href="mailto:a@b.example">', "mailto:a@b.example"),
        ('<a href="javascript:alert(1)">', "javascript:alert(1)"),
        ('<a href="http://[bad/">', "http://[bad/"),
    ],
)
def test_links_lead_on_within_the_archive(link: str, expected: str) -> None:
    page = keep_links(f"<p>before</p>{link}text</a><img src='/x.png'>".encode(), URL, archived).decode()
    assert LexborHTMLParser(page).css_first("a, area").attributes["href"] == expected
    assert page.startswith("<p>before</p>")
    assert page.endswith("text</a><img src='/x.png'>")


def test_the_base_of_a_page_counts() -> None:
    page = keep_links(b'<base href="https://other.example/dir/"><a href="x">', URL, archived).decode()
    assert LexborHTMLParser(page).css_first("a").attributes["href"] == archived("https://other.example/dir/x")


@given(st.binary(max_size=300))
def test_any_page_is_turned_without_an_error(body: bytes) -> None:
    keep_links(b'<a href="' + body + b'">' + body, URL, archived)


def test_a_page_of_broken_links_takes_no_time() -> None:
    assert keep_links(b"<a " * 300_000, URL, archived) == b"<a " * 300_000


def test_a_timemap_lists_every_time() -> None:
    text = link_format(URL, [(WHEN, "http://h/archived/1"), (WHEN, "http://h/archived/2"), (WHEN, "http://h/archived/3")], "http://h/timemap")
    assert [line.partition("rel=")[2].split('"')[1] for line in text.splitlines()] == ["original", "self", "first memento", "memento", "last memento"]
    assert text.count('datetime="Wed, 01 May 2019 06:00:00 GMT"') == 3
