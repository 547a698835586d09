"""Web archives as values: what may be given as one, how fast it is asked, and what an answer of playback says of the original."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.errors import ConfigError
from rabat_crawler.extract.hosts import is_loopback, is_public
from rabat_crawler.memento import (
    SOURCES,
    candidates,
    http_date,
    memento_url,
    moment_of,
    original_headers,
    parse_memento_url,
    read_playback,
    retry_after,
    slowed,
    source_from,
    timestamp_of,
    unwritten,
)

IA, ARQUIVO = SOURCES["internet-archive"], SOURCES["arquivo"]
PYWB = source_from("http://127.0.0.1:8080/past/cdx")
PAGE = "http://www.rabat-process.org/fr/a?b=c&d"
AT = "20170102030405"
DATE = "Mon, 02 Jan 2017 03:04:05 GMT"

SOURCES_GIVEN = [
    ("internet-archive", "internet-archive", "wayback"),
    ("arquivo", "arquivo", "pywb"),
    ("https://web.archive.org/", "internet-archive", "wayback"),
    ("https://arquivo.pt/wayback/cdx", "arquivo", "pywb"),
    ("http://127.0.0.1:8080/past/", "127.0.0.1:8080/past", ""),
    ("http://127.0.0.1:8080/past", "127.0.0.1:8080/past", ""),
    ("http://127.0.0.1:8080/past/cdx", "127.0.0.1:8080/past", "pywb"),
    ("http://archive.example/cdx/search/cdx?x=1", "archive.example", "wayback"),
    ("http://archive.example/web/", "archive.example", "wayback"),
    ("http://127.0.0.1:8081/idx,http://127.0.0.1:8080/past/{timestamp}id_/{url}", "127.0.0.1:8081/idx", "plain"),
]
SOURCES_REFUSED = ["arquivo.pt", "", "ftp://x/", "http://", "http://a/,http://b/{url}", "http://a/,http://b/{timestamp}/{url}x", "http://u:p@a/"]


@pytest.mark.parametrize(("wanted", "name", "dialect"), SOURCES_GIVEN, ids=[row[0] for row in SOURCES_GIVEN])
def test_a_source_is_a_name_or_an_address(wanted: str, name: str, dialect: str) -> None:
    source = source_from(wanted)
    assert (source.name, source.dialect) == (name, dialect)
    for one in candidates(source):
        assert one.index.startswith("http")
        assert one.playback.count("{timestamp}") == 1
        assert one.playback.endswith("{url}")


@pytest.mark.parametrize("wanted", SOURCES_REFUSED)
def test_what_is_no_source_is_refused_with_a_remedy(wanted: str) -> None:
    with pytest.raises(ConfigError, match="internet-archive|playback address"):
        source_from(wanted)


def test_an_unknown_root_may_be_of_two_kinds() -> None:
    assert [one.index for one in candidates(source_from("http://127.0.0.1:1/p"))] == [
        "http://127.0.0.1:1/p/cdx",
        "http://127.0.0.1:1/p/cdx/search/cdx",
    ]


def test_published_limits_are_kept() -> None:
    assert 60 / IA.limits.index <= 24
    assert 1 / IA.limits.index <= 0.4
    assert 1 / IA.limits.playback <= 8


SLOWED = [
    ("internet-archive", None, 2.6, 1.0),
    ("internet-archive", 0.0, 2.6, 1.0),
    ("internet-archive", 5.0, 5.0, 5.0),
    ("https://archive.example/web/", 0.1, 1.0, 1.0),
    ("http://127.0.0.1:1/p/", 0.01, 0.01, 0.01),
    ("http://127.0.0.1:1/p/", None, 1.0, 1.0),
]


@pytest.mark.parametrize(("wanted", "delay", "index", "playback"), SLOWED)
def test_a_delay_slows_down_and_hurries_only_on_loopback(wanted: str, delay: float | None, index: float, playback: float) -> None:
    limits = slowed(source_from(wanted), delay).limits
    assert (limits.index, limits.playback) == (index, playback)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://127.9.0.1:80/", True),
        ("http://[::1]/", True),
        ("http://localhost/", True),
        ("http://10.0.0.1/", False),
        ("http://a.example/", False),
        ("x", False),
    ],
)
def test_loopback_by_name(url: str, wanted: bool) -> None:
    assert is_loopback(url) is wanted


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.1.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1", "x"])
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


# Times and addresses


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(9999, 12, 31)))
def test_timestamps_come_back(moment: datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    assert moment_of(timestamp_of(aware)) == aware


@pytest.mark.parametrize(
    "text", ["", "2017", "20171301000000", "20170230000000", "2017010203040５", "-0170102030405", "19891231235959", "201701020304056"]
)
def test_what_is_no_timestamp(text: str) -> None:
    assert moment_of(text) is None


URLS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60).map(lambda rest: "http://www.rabat-process.org/" + rest)


@given(URLS, st.sampled_from([IA, ARQUIVO, PYWB]))
def test_an_address_of_playback_holds_timestamp_and_address(url: str, source: object) -> None:
    address = memento_url(source, AT, url)  # type: ignore[arg-type]
    assert address.isascii()
    assert not any(character in address for character in " \r\n#")
    assert parse_memento_url(source, address) == (AT, quote(url, safe="!$%&'()*+,/:;=?@[]~"))  # type: ignore[arg-type]


ADDRESSES = [
    ("https://web.archive.org/web/2017id_/http://a.example/", ("2017", "http://a.example/")),
    ("https://web.archive.org/web/20170102030405/http://a.example/", (AT, "http://a.example/")),
    ("https://web.archive.org/web/20170102030405im_/http:/a.example/", (AT, "http://a.example/")),
    ("https://web.archive.org/about/", None),
    ("https://web.archive.org/web/x/http://a.example/", None),
    ("https://web.archive.org.evil.example/web/2017id_/http://a.example/", None),
]


@pytest.mark.parametrize(("address", "found"), ADDRESSES)
def test_parts_of_a_playback_address(address: str, found: tuple[str, str] | None) -> None:
    assert parse_memento_url(IA, address) == found


# What an answer of playback says


def test_archive_org_gives_the_originals_headers_with_a_prefix() -> None:
    said = read_playback(
        IA,
        memento_url(IA, AT, PAGE),
        404,
        [
            ("Server", "nginx"), ("Date", "Wed, 25 Nov 2026 00:00:00 GMT"), ("Content-Type", "text/html"), ("Memento-Datetime", DATE), ("Link", "<x>; rel=original"),
            ("X-Archive-Orig-Server", "Apache"), ("x-archive-orig-date", DATE), ("x-archive-src", "a.warc.gz"), ("X-Archive-Orig-Link", "</n>; rel=next"),
        ],
    )  # fmt: skip
    assert (said.status, said.captured_at, said.note, said.url) == (404, moment_of(AT), "", PAGE)
    assert said.headers == (("Content-Type", "text/html"), ("Server", "Apache"), ("date", DATE), ("Link", "</n>; rel=next"))


def test_pywb_gives_them_with_and_without() -> None:
    said = read_playback(
        PYWB,
        memento_url(PYWB, AT, PAGE),
        200,
        [
            ("X-Archive-Orig-Server", "Apache"), ("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("X-Powered-By", "PHP"), ("Memento-Datetime", DATE),
            ("Link", "<x>; rel=original"), ("Content-Location", "http://127.0.0.1:8080/past/x"), ("Date", "today"),
        ],
    )  # fmt: skip
    assert said.headers == (("Server", "Apache"), ("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("X-Powered-By", "PHP"))
    assert said.note == ""


MEMENTO = ("Memento-Datetime", DATE)
ENCODINGS = [
    ("same", IA, [("X-Archive-Orig-Content-Encoding", "gzip"), ("Content-Encoding", "gzip")], "", ["gzip"]),
    ("unpacked", IA, [("X-Archive-Orig-Content-Encoding", "gzip")], "archived as gzip, received as identity", []),
    ("packed", IA, [("X-Archive-Orig-Server", "A"), ("Content-Encoding", "gzip")], "archived as identity, received as gzip", ["gzip"]),
    ("otherwise", IA, [("X-Archive-Orig-Content-Encoding", "gzip"), ("Content-Encoding", "br")], "archived as gzip, received as br", ["br"]),
    ("pywb as it was", PYWB, [("Content-Encoding", "gzip")], "", ["gzip"]),
    ("pywb unpacked", PYWB, [("X-Archive-Orig-Content-Encoding", "gzip")], "archived as gzip, received as identity", []),
]


@pytest.mark.parametrize(("source", "headers", "note", "coding"), [row[1:] for row in ENCODINGS], ids=[row[0] for row in ENCODINGS])
def test_a_body_packed_otherwise_is_said_and_its_headers_fit_it(source: object, headers: list[tuple[str, str]], note: str, coding: list[str]) -> None:
    said = read_playback(source, memento_url(source, AT, PAGE), 200, [MEMENTO, *headers])  # type: ignore[arg-type]
    assert note in said.note
    assert bool(note) == bool(said.note)
    assert [value for name, value in said.headers if name == "Content-Encoding"] == coding


TARGET = "http://www.rabat-process.org/fr/b"
REDIRECTS = [
    ("archived, rewritten", [MEMENTO, ("Location", f"/web/{AT}id_/{TARGET}")], TARGET, None, None),
    ("archived, absolute", [MEMENTO, ("Location", f"https://web.archive.org/web/{AT}id_/{TARGET}")], TARGET, None, None),
    ("archived, with the original's", [MEMENTO, ("X-Archive-Orig-Location", "/fr/b"), ("Location", f"/web/{AT}id_/{TARGET}")], "/fr/b", None, None),
    ("archived, to https", [MEMENTO, ("Location", f"/web/{AT}id_/{PAGE.replace('http:', 'https:')}")], PAGE.replace("http:", "https:"), None, None),
    ("to the nearest", [("Location", f"/web/20170303030303id_/{PAGE}")], None, ("20170303030303", PAGE), None),
    ("to the nearest, with a date", [MEMENTO, ("Location", f"/web/20170303030303id_/{PAGE}")], None, ("20170303030303", PAGE), None),
    ("with a reason", [MEMENTO, ("X-Archive-Redirect-Reason", "found"), ("Location", f"/web/2018id_/{PAGE}")], None, ("2018", PAGE), None),
    ("out of playback", [("Location", "https://web.archive.org/sorry")], None, None, "https://web.archive.org/sorry"),
    ("to another host", [("Location", "//evil.example/web/2018id_/http://a/")], None, None, "https://evil.example/web/2018id_/http://a/"),
]


@pytest.mark.parametrize(("headers", "location", "moved", "foreign"), [row[1:] for row in REDIRECTS], ids=[row[0] for row in REDIRECTS])
def test_redirects_of_the_archive_and_archived_ones_are_told_apart(
    headers: list[tuple[str, str]], location: str | None, moved: tuple[str, str] | None, foreign: str | None
) -> None:
    said = read_playback(IA, memento_url(IA, AT, PAGE), 302, headers)
    assert (said.location, said.moved, said.foreign) == (location, moved, foreign)
    assert (said.captured_at is None) == (location is None)


@pytest.mark.parametrize("status", [200, 403, 404, 429, 503])
def test_without_a_mementos_time_it_is_the_archives_own_word(status: int) -> None:
    assert read_playback(IA, memento_url(IA, AT, PAGE), status, [("Content-Type", "text/html"), ("Retry-After", "60")]).captured_at is None


def test_the_time_of_the_memento_counts_not_the_one_asked() -> None:
    said = read_playback(IA, memento_url(IA, "20170303030303", PAGE), 200, [MEMENTO])
    assert said.captured_at == moment_of(AT)


@pytest.mark.parametrize("date", ["Mon, 02 Jan 1950 03:04:05 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", ""])
def test_a_time_without_a_web_is_none(date: str) -> None:
    assert read_playback(IA, memento_url(IA, AT, PAGE), 200, [("Memento-Datetime", date)]).captured_at is None


def test_an_archive_without_mementos_but_with_originals_headers() -> None:
    assert read_playback(IA, memento_url(IA, AT, PAGE), 200, [("X-Archive-Orig-Server", "A")]).captured_at == moment_of(AT)


def test_a_location_that_is_not_rewritten_stays() -> None:
    assert unwritten(PYWB, "/fr/b") == "/fr/b"
    assert unwritten(PYWB, f"/past/{AT}id_/{TARGET}") == TARGET


HEADERS = st.lists(
    st.tuples(st.sampled_from(["Location", "Memento-Datetime", "X-Archive-Orig-", "X-Archive-Orig-Location", "Content-Encoding", "a"]), st.text())
)


@given(HEADERS, st.integers(100, 999))
def test_any_headers_are_read(headers: list[tuple[str, str]], status: int) -> None:
    said = read_playback(PYWB, memento_url(PYWB, AT, PAGE), status, headers)
    assert said.captured_at is None or said.moved is None
    assert all(name for name, _ in original_headers(PYWB, headers))


NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WAITS = [
    ("5", 5.0),
    (" 120 ", 120.0),
    ("Wed, 25 Nov 2026 12:00:30 GMT", 30.0),
    ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
    ("soon", None),
    ("-5", None),
    ("1.5", None),
    ("", None),
    (None, None),
    ("٥", None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=NOW) == seconds


@given(st.text())
def test_any_text_may_stand_in_retry_after(value: str) -> None:
    seconds = retry_after(value, now=NOW)
    assert seconds is None or seconds >= 0
    assert http_date(value) is None or http_date(value).tzinfo is not None  # type: ignore[union-attr]
