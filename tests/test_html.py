"""Bytes, character sets, fragments: what a page really holds, whatever its labels say; hostile markup costs no more than its length."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.extract import parse_page
from rabat_crawler.extract.decoding import MAX_BODY, decode_body, decode_text
from rabat_crawler.extract.html import absolute, clean_fragment, fold, normalise
from rabat_crawler.models import Capture, Record

BASE = "https://www.rabat-process.org/fr/x"
TEXT = "L’été à Dakar, c'est le cœur de l'année".encode()

CODINGS = [
    ("gzip", gzip.compress(TEXT, mtime=0)),
    ("x-gzip", gzip.compress(TEXT, mtime=0)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", zlib.compress(TEXT)[2:-4]),
    ("br", brotli.compress(TEXT)),
    ("identity", TEXT),
    ("gzip", gzip.compress(TEXT[:10], mtime=0) + gzip.compress(TEXT[10:], mtime=0)),
    ("gzip", gzip.compress(TEXT, mtime=0) + bytes(100)),
    ("gzip, br", brotli.compress(gzip.compress(TEXT, mtime=0))),
]
DAMAGED = [
    ("gzip", gzip.compress(TEXT * 100, mtime=0)[:-20], "truncated"),
    ("gzip", b"no gzip at all", "bad_coding"),
    ("gzip", gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:-9], "truncated"),
    ("gzip", gzip.compress(TEXT, mtime=0)[:-8] + bytes(8), "bad_coding"),
    ("gzip", gzip.compress(b"", mtime=0) * 200, "too_large"),
    ("gzip, gzip, gzip, gzip", TEXT, "unknown_coding"),
    ("br", brotli.compress(TEXT * 100)[:-5], "truncated"),
    ("deflate", b"\xff\xff\xff", "bad_coding"),
    ("zstd-of-the-future", TEXT, "unknown_coding"),
    ("gzip", gzip.compress(b"\0" * (MAX_BODY + 10), mtime=0), "too_large"),
]
CHARSETS = [
    ("Réunion à Genève".encode(), "text/html; charset=utf-8", "Réunion à Genève", ()),
    ("Réunion – l’été".encode("cp1252"), "text/html; charset=iso-8859-1", "Réunion – l’été", ()),
    ("Réunion – l’été à Abidjan".encode("cp1252"), "text/html; charset=utf-8", "Réunion – l’été à Abidjan", ("wrong_charset",)),
    ("Réunion".encode(), "text/html; charset=iso-8859-1", "Réunion", ("wrong_charset",)),
    ("Réunion".encode("cp1252"), "text/html", "Réunion", ()),
    (b"\xef\xbb\xbf" + "Réunion".encode(), "text/html; charset=iso-8859-1", "Réunion", ()),
    ("Réunion".encode("utf-16"), "text/html", "Réunion", ()),
    ('<meta charset="windows-1252">Réunion'.encode("cp1252"), "text/html", '<meta charset="windows-1252">Réunion', ()),
    (b"abc", "text/html; charset=klingon", "abc", ("unknown_charset",)),
    (b"+AGEAYg-", "text/html; charset=utf-7", "+AGEAYg-", ()),
]


@pytest.mark.parametrize(("coding", "body"), CODINGS)
def test_content_codings_are_undone(coding: str, body: bytes) -> None:
    assert decode_body(body, [("Content-Encoding", coding)]) == (TEXT, ())


@pytest.mark.parametrize(("coding", "body", "code"), DAMAGED, ids=[code for _, _, code in DAMAGED])
def test_a_damaged_body_is_named_and_what_can_be_read_is_kept(coding: str, body: bytes, code: str) -> None:
    out, problems = decode_body(body, [("content-encoding", coding)])
    assert [problem.code for problem in problems] == [code]
    assert len(out) <= MAX_BODY


@pytest.mark.parametrize(("body", "content_type", "text", "codes"), CHARSETS)
def test_the_character_set_is_what_the_bytes_say(body: bytes, content_type: str, text: str, codes: tuple[str, ...]) -> None:
    read, _, problems = decode_text(body, content_type)
    assert read == text
    assert tuple(problem.code for problem in problems) == codes


@given(st.binary(max_size=300), st.sampled_from(["text/html; charset=utf-8", "text/html; charset=latin1", "text/html", None, "x; charset=idna"]))
def test_any_bytes_are_text(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode_text(body, content_type)[0], str)


FRAGMENTS = [
    ("<p>Un</p><p>Deux<br>trois</p>", "Un\n\nDeux\ntrois"),
    ("Un<br /><br />Deux", "Un\n\nDeux"),
    ("<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc"),
    ("<p>a\u00a0:\u202fb\u200b  c</p>", "a : b c"),
    ("<p>e\u0301te\u0301</p>", "été"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ("<p>a<script>alert(1)</script><style>x</style>b</p>", "ab"),
    ("<div>a<div>&nbsp;</div></div><div>b</div>", "a\nb"),
    ("a<!-- comment -->b<?php x ?>", "ab"),
    ('<p>x</p><ul class="pager"><li>Suivant</li></ul>', "x"),
]


@pytest.mark.parametrize(("html", "text"), FRAGMENTS)
def test_text_keeps_paragraphs_and_drops_furniture(html: str, text: str) -> None:
    assert clean_fragment(html, base_url=BASE).text == text


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' JaVaScRiPt:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src='//evil.example'></iframe>",
    "<p style='x:expression(alert(1))' onclick=alert(1)>x</p>",
    "<form action='/x'><input name=a></form>",
    "<math><mtext><style><img src=x onerror=alert(1)></style>",
    "<a href='https://x.example/\" onmouseover=\"alert(1)'>x</a>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
]


@pytest.mark.parametrize("html", HOSTILE)
def test_kept_html_holds_nothing_that_runs(html: str) -> None:
    kept = clean_fragment(html, base_url=BASE).html.lower()
    for wrong in (
        "<script",
        "<svg",
        "<iframe",
        "<form",
        "<style",
        "javascript:",
        "data:",
        " onerror",
        " onclick",
        " onload",
        '" onmouseover',
        "<input",
    ):
        assert wrong not in kept


def test_references_are_absolute_and_documents_are_told_apart() -> None:
    fragment = clean_fragment('<p><a href="/images/a.PDF">Télécharger</a> <a href="b">b</a> <img src="c.png" alt=" d "></p>', base_url=BASE)
    assert [(a.url, a.text, a.media_type) for a in fragment.attachments] == [
        ("https://www.rabat-process.org/images/a.PDF", "Télécharger", "application/pdf")
    ]
    assert [link.url for link in fragment.links] == ["https://www.rabat-process.org/images/a.PDF", "https://www.rabat-process.org/fr/b"]
    assert [(image.url, image.alt) for image in fragment.images] == [("https://www.rabat-process.org/fr/c.png", "d")]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/a#b", "https://www.rabat-process.org/a"),
        ("a b", "https://www.rabat-process.org/fr/a%20b"),
        ("//x.example/y", "https://x.example/y"),
        ("/\\evil.example", None),
        ("mailto:a@b.c", None),
        ("#top", None),
        ("http://u:p@x.example/", None),
        ("http://x.example:99999/", None),
        ("\tjavascript:alert(1)", None),
    ],
)
def test_links_become_absolute_addresses_or_nothing(href: str, url: str | None) -> None:
    if href == "/\\evil.example":
        assert absolute(BASE, href) != "https://evil.example/"
    else:
        assert absolute(BASE, href) == url


@given(st.text(max_size=80))
def test_normalise_and_fold_are_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert fold(fold(text)) == fold(text)


BOMBS = {
    "deep divs": "<div>" * 60_000 + "x",
    "deep tables": "<table><tr><td>" * 8_000 + "x",
    "open tags": "<" * 200_000,
    "attributes": "<p " + "a=b " * 60_000 + ">x",
    "many attributes": "<p " + " ".join(f"a{number}=b" for number in range(150_000)) + ">x",
    "attributes without spaces": "<p " + "".join(f'a{number}="b"' for number in range(120_000)) + ">x",
    "attributes between slashes": "<p " + "/".join(f"a{number}" for number in range(150_000)) + ">x",
    "deep divs with words": "<div>mot" * 60_000,
    "deep lists": "<ul><li>a" * 30_000,
    "deep formatting": "<i>x<div>" * 30_000,
    "closing tags of nothing": "</b></x><div>" * 30_000 + "x",
    "cloak": "<span id='cloak1'></span><script>var addy1 = " + "'a'  " * 20_000 + "</script>",
    "entities": "&amp;" * 100_000,
    "dates": "12 mai 2017 " * 20_000,
    "date lines": "<p>x</p><p>12 mai 2017</p>" * 5_000,
    "links": "<a href='/x'>y</a>" * 20_000,
    "nul bytes": "\0<h1>t</h1>\0<p>x</p>" * 5_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_pages_are_read(name: str) -> None:
    page = f"<html lang=fr><body class='com_content view-article'><div class='item-page'><h2>Titre</h2><div itemprop='articleBody'>{BOMBS[name]}</div></div>"
    capture = Capture(
        record_id="urn:x",
        url=BASE,
        url_key="x",
        captured_at=datetime(2024, 1, 1, tzinfo=UTC),
        status=200,
        media_type="text/html",
        digest="",
        site="generic",
    )
    for body in (page, BOMBS[name]):
        read = parse_page(Record(capture=capture, response_headers=(), body=body.encode()), registry.site("rabat-process"))
        assert read.layout and len(read.drafts) <= 500  # were the work quadratic in the markup, this test would take minutes
