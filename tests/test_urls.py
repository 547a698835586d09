"""Addresses: canonical form, keys, scope, folding and skipping, as Joomla and its like really link them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.urls import DATED, FEW, MANY, PAGED, budget_of, canonical, decide, fold_key, in_scope, path_language, url_key

ORIGIN = "http://127.0.0.1:8765"
MIRROR = registry.at_origin(registry.site("rabat-process"), ORIGIN + "/")
LIVE = registry.site("rabat-process")

CANONICAL = [
    ("HTTP://WWW.Example.ORG:80/a/../b/./c#top", "http://www.example.org/b/c"),
    ("https://example.org:443", "https://example.org/"),
    ("https://example.org:8443/x", "https://example.org:8443/x"),
    ("http://example.org/a%7Eb%c3%a9", "http://example.org/a~b%C3%A9"),
    ("http://example.org/é", "http://example.org/%C3%A9"),
    ("http://example.org//a///b", "http://example.org/a/b"),
    ("http://example.org/x;jsessionid=AB12?y=1", "http://example.org/x?y=1"),
    ("http://example.org/(S(lit3py55t21z5v55vlm25s55))/page.aspx", "http://example.org/page.aspx"),
    ("http://example.org./a", "http://example.org/a"),
    ("http://bücher.example/x", "http://xn--bcher-kva.example/x"),
    ("http://example.org/../../etc/passwd", "http://example.org/etc/passwd"),
]
NO_ADDRESS = [
    "mailto:a@b.c",
    "javascript:alert(1)",
    "ftp://example.org/",
    "http://",
    "http://[::1",
    "http://a:99999/",
    "http://user@example.org/",
    "file:///etc/passwd",
    "",
]
KEYS = [
    ("https://www.rabat-process.org/fr/a-propos/", "org,rabat-process)/fr/a-propos"),
    ("http://rabat-process.org/fr/a-propos", "org,rabat-process)/fr/a-propos"),
    ("https://rabat-process.org/", "org,rabat-process)/"),
    ("https://www.rabat-process.org/x?b=2&a=1", "org,rabat-process)/x?a=1&b=2"),
    ("http://127.0.0.1:8765/fr", "127.0.0.1:8765)/fr"),
]
FOLDED = [
    ("/fr/en-action/actualites/12-x?tmpl=component&print=1&layout=default", "/fr/en-action/actualites/12-x", "print view"),
    ("/fr/en-action/actualites/12-x?layout=default", "/fr/en-action/actualites/12-x", "layout copy"),
    ("/fr/?template=beez3", "/fr/", "template copy"),
    ("/fr/x/12-y?tmpl=component&print=1&page=", "/fr/x/12-y", "print view"),
    ("/fr/en-action?limitstart=7", "/fr/en-action?start=7", "second spelling of start"),
    ("/fr/en-action?start=0", "/fr/en-action", "first page of a listing"),
    ("/fr/agenda?limit=5", "/fr/agenda", "page size copy"),
    ("/index.php/fr/en-action", "/fr/en-action", "index.php copy"),
    ("/index.php", "/", "index.php copy"),
    ("/fr/x?utm_source=mail&utm_medium=x", "/fr/x", "tracking or session parameter"),
    ("/fr/x?my_session_id=1&nonce=2", "/fr/x", "tracking or session parameter"),
    ("/fr/x?0123456789abcdef0123456789abcdef=t07gimls", "/fr/x", "tracking or session parameter"),
]
KEPT = [
    "/fr/en-action?start=7",
    "/en/about/partners?view=article&id=467&catid=84",
    "/index.php?option=com_content&view=article&id=1&catid=13&lang=en",
    "/fr/a-propos/chronologie?showall=1",
    "/fr/component/tags/tag/gouvernance",
    "/images/documents/2018/x.pdf",
]
SKIPPED = [
    ("/fr/component/mailto/?tmpl=component&template=protostar&link=24db3db45e", "mailto form"),
    ("/index.php?option=com_mailto&link=1", "mailto form"),
    ("/fr/component/users/?view=registration", "login form"),
    ("/en/members-area?view=remind", "login form"),
    ("/fr/recherche?searchword=diaspora&searchphrase=all", "search page"),
    ("/en/search?catid=13&id=1&format=opensearch", "search page"),
    ("/fr/?search=diaspora", "search page"),
    ("/node/12/print", "print view"),
    ("/printmail/12", "print view"),
    ("/fr/agenda/month.calendar/2031/05/12/-", "calendar view"),
    ("/fr/en-action?format=feed&type=atom", "second form of a feed"),
    ("/administrator/index.php", "administration"),
    ("/images/logo.PNG", "image, script or style"),
    ("/media/system/js/core.js?438", "image, script or style"),
    ("/fr/a/b/a/b/a/b", "path repeats itself"),
    ("/x" * 500, "longer than 800 characters"),
]
ONE_KEY = [
    ("/fr/en-action/actualites/143-appel", "/fr/toute-l-actualite/143-appel"),
    ("/fr/en-action/actualites/143-appel", "/fr/component/content/article/10-actualites/143-appel"),
    ("/fr/en-action/actualites/143-appel", "/fr/en-action/actualites/143-appel.html"),
    ("/fr/en-action/actualites/143-appel", "/fr/x/143-appel?tmpl=component&print=1"),
    ("/en/about", "/en/about/?tmpl=component&print=1"),
]
TWO_KEYS = [
    ("/fr/x/143-appel", "/en/x/143-appel"),
    ("/fr/x/143-appel", "/fr/x/144-appel"),
    ("/fr/26-a-propos", "/fr/26-autre"),
    ("/fr/en-action?start=7", "/fr/en-action?start=14"),
    ("/images/2018-x.pdf", "/files/2018-x.pdf"),
]


@pytest.mark.parametrize(("url", "expected"), CANONICAL)
def test_canonical_form(url: str, expected: str) -> None:
    assert canonical(url) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_no_web_address_has_no_canonical_form(url: str) -> None:
    assert canonical(url) is None
    assert decide(url, LIVE).action == "skip"


@pytest.mark.parametrize(("url", "expected"), KEYS)
def test_url_key_is_the_order_of_archives(url: str, expected: str) -> None:
    assert url_key(url) == expected


@pytest.mark.parametrize(("link", "target", "reason"), FOLDED, ids=[link for link, _, _ in FOLDED])
def test_copies_are_folded_with_their_reason(link: str, target: str, reason: str) -> None:
    decision = decide(ORIGIN + link, MIRROR)
    assert (decision.action, decision.url, decision.reason) == ("fetch", ORIGIN + target, reason)
    assert decision.key == fold_key(ORIGIN + target, MIRROR)


@pytest.mark.parametrize("link", KEPT)
def test_what_carries_identity_is_left_alone(link: str) -> None:
    decision = decide(ORIGIN + link, MIRROR)
    assert (decision.action, decision.url, decision.reason) == ("fetch", ORIGIN + link, "")


@pytest.mark.parametrize(("link", "reason"), SKIPPED, ids=[link[:40] for link, _ in SKIPPED])
def test_what_is_no_content_is_skipped_with_its_reason(link: str, reason: str) -> None:
    decision = decide(ORIGIN + link, MIRROR)
    assert (decision.action, decision.reason) == ("skip", reason)


@pytest.mark.parametrize(("one", "other"), ONE_KEY)
def test_copies_of_one_article_have_one_key(one: str, other: str) -> None:
    assert fold_key(ORIGIN + one, MIRROR) == fold_key(ORIGIN + other, MIRROR)


@pytest.mark.parametrize(("one", "other"), TWO_KEYS)
def test_different_things_keep_different_keys(one: str, other: str) -> None:
    assert fold_key(ORIGIN + one, MIRROR) != fold_key(ORIGIN + other, MIRROR)


@pytest.mark.parametrize(
    ("url", "live", "mirror"),
    [
        ("https://www.rabat-process.org/fr/", True, False),
        ("http://rabat-process.org/fr/", True, False),
        ("https://www.rabat-process.org:8443/", False, False),
        ("https://evil.example/www.rabat-process.org", False, False),
        ("https://www.rabat-process.org.evil.example/", False, False),
        ("http://www.processusderabat.net/web/", False, False),
        ("http://127.0.0.1:8765/x", False, True),
        ("https://127.0.0.1:8765/x", False, False),
        ("http://127.0.0.1:8766/x", False, False),
        ("http://localhost:8765/x", False, False),
        ("http://2130706433:8765/x", False, False),
    ],
)
def test_scope_is_the_hosts_or_exactly_the_mirrors_origin(url: str, live: bool, mirror: bool) -> None:
    assert (in_scope(url, LIVE), in_scope(url, MIRROR)) == (live, mirror)


@pytest.mark.parametrize(
    ("url", "language"),
    [
        ("/fr/x", "fr"),
        ("/en", "en"),
        ("/index.php/fr/x", "fr"),
        ("/index.php?option=com_content&lang=en", "en"),
        ("/french/x", None),
        ("/de/x", None),
        ("/", None),
    ],
)
def test_language_that_the_address_names(url: str, language: str | None) -> None:
    assert path_language(ORIGIN + url, LIVE) == language


URLS = st.builds(
    lambda scheme, host, path, query: f"{scheme}://{host}/{path}" + (f"?{query}" if query else ""),
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["www.rabat-process.org", "127.0.0.1:8765", "Example.org", "exämple.org"]),
    st.text(max_size=40),
    st.text(max_size=30),
)


@given(URLS)
def test_canonical_is_idempotent(url: str) -> None:
    once = canonical(url)
    assert once is None or canonical(once) == once


@given(st.one_of(URLS, st.text(max_size=60)))
def test_any_text_gets_a_decision_and_folding_is_stable(url: str) -> None:
    decision = decide(url, MIRROR)
    assert decision.action in ("fetch", "skip")
    if decision.action == "fetch":
        again = decide(decision.url, MIRROR)
        assert (again.url, again.key) == (decision.url, decision.key)
        assert in_scope(decision.url, MIRROR)


BUDGETS = [
    ("/fr/en-action/actualites/143-appel", 0),
    ("/2017/05/12/reunion-a-rabat", 0),
    ("/fr/en-action?start=70", 0),
    ("/fr/", 0),
    ("/fr/agenda?jour=12", FEW),
    ("/fr/agenda/2031/05/12", FEW),
    ("/fr/calendrier/mai-2031", FEW),
    ("/2017/05", DATED),
    ("/fr/archives/2031-05", DATED),
    ("/category/news/page/14", PAGED),
    ("/node/1234", MANY),
    ("/index.php?option=com_content&view=article&id=7&catid=3&lang=fr", MANY),
    ("/?p=123", MANY),
]


@pytest.mark.parametrize(("path", "limit"), BUDGETS)
def test_what_can_be_endless_has_a_budget_and_articles_have_none(path: str, limit: int) -> None:
    assert budget_of(ORIGIN + path)[1] == limit


def test_the_pages_of_a_calendar_are_one_pattern() -> None:
    patterns = {budget_of(f"{ORIGIN}/fr/agenda/{year}/{month:02}")[0] for year in range(2000, 2100) for month in range(1, 13)}
    assert len(patterns) == 1
