"""robots.txt by RFC 9309, on real crawls: fetched first, kept, obeyed, and when in doubt nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from rabat_crawler.errors import PutOff, RobotsForbids, SiteUnreachable
from rabat_crawler.middlewares.robots import MAX_BYTES, PRODUCT, parse_robots
from tests.crawling import Reply, article, crawl_web, links, web

TEXT = {"Content-Type": "text/plain"}


def pages(robots: Reply | list[Reply]) -> dict[str, Reply | list[Reply]]:
    return {
        "/robots.txt": robots,
        "/": links("/fr/1-rabat", "/prive/2-dakar"),
        "/fr/1-rabat": article("Réunion à Rabat"),
        "/prive/2-dakar": article("Atelier à Dakar"),
    }


ALLOWING = [
    pytest.param(Reply("", 404), id="404"),
    pytest.param(Reply("", 410), id="410"),
    pytest.param(Reply("", 401), id="401"),
    pytest.param(Reply("", 403), id="403"),
    pytest.param(Reply("", 200, TEXT), id="empty"),
    pytest.param(Reply("<html><body>Accueil</body></html>"), id="a web page instead"),
    pytest.param(Reply("User-agent: *\nDisallow:\n", 200, TEXT), id="nothing disallowed"),
    pytest.param(Reply("User-agent: otherbot\nDisallow: /\n", 200, TEXT), id="another crawler is meant"),
    pytest.param([Reply("later", 503), Reply("", 404)], id="503 once"),
    pytest.param([Reply(mode="drop"), Reply("", 404)], id="lost once"),
]


@pytest.mark.parametrize("robots", ALLOWING)
def test_what_allows_the_crawl(robots: Reply | list[Reply], tmp_path: Path) -> None:
    with web(pages(robots)) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.log[0].path == "/robots.txt"
    assert crawled.error is None and len(crawled.items) == 2


CLOSING = [
    pytest.param(Reply("", 500), PutOff, "HTTP 500", id="500"),
    pytest.param(Reply("", 503), PutOff, "HTTP 503", id="503"),
    pytest.param(Reply("", 429), PutOff, "HTTP 429", id="429"),
    pytest.param(Reply("", 302, {"Location": "https://elsewhere.test/robots.txt"}), PutOff, "https://elsewhere.test", id="foreign redirect"),
    pytest.param(Reply("", 302), PutOff, "redirects to nowhere", id="redirect without a target"),
    pytest.param(Reply("User-agent: *\nDisallow: /prive\n" * 50, 200, TEXT, "cut"), PutOff, "connection was lost", id="cut"),
    pytest.param(Reply(b"not gzip", 200, TEXT | {"Content-Encoding": "gzip"}), PutOff, "damaged", id="broken coding"),
    pytest.param(Reply(mode="drop"), SiteUnreachable, "connection lost", id="connection lost"),
    pytest.param(Reply(mode="hang"), SiteUnreachable, "no answer in time", id="no answer"),
]


@pytest.mark.parametrize(("robots", "error", "said"), CLOSING)
def test_what_puts_the_crawl_off(robots: Reply, error: type[Exception], said: str, tmp_path: Path) -> None:
    with web(pages(robots)) as server:
        crawled = crawl_web(server, tmp_path, settings={"DOWNLOAD_TIMEOUT": 0.3})
        assert server.paths() == []
    assert isinstance(crawled.error, error) and said in str(crawled.error)
    assert crawled.run.status == "put off" and crawled.items == []


def test_a_redirect_inside_the_site_is_followed_to_the_rules(tmp_path: Path) -> None:
    rules = Reply("User-agent: *\nDisallow: /prive/\n", 200, TEXT)
    with web(pages(Reply("", 301, {"Location": "/rules.txt"})) | {"/rules.txt": rules}) as server:
        crawled = crawl_web(server, tmp_path)
    assert crawled.skipped()["robots.txt"] == 1
    assert crawled.captures[:2] == [("/robots.txt", 301, None), ("/rules.txt", 200, None)]


def test_a_robots_txt_that_redirects_for_ever_is_no_robots_txt(tmp_path: Path) -> None:
    with web(pages(Reply("", 302, {"Location": "/robots.txt"}))) as server:
        crawled = crawl_web(server, tmp_path)
        assert [asked.path for asked in server.log].count("/robots.txt") == 6
    assert len(crawled.items) == 2


def test_a_forbidden_page_is_never_asked_for_and_counted(tmp_path: Path) -> None:
    with web(pages(Reply("User-agent: *\nDisallow: /prive/\n", 200, TEXT))) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == ["/", "/fr/1-rabat"]
        assert crawled.run.counts["skipped"]["robots.txt"]["examples"] == [server.origin + "/prive/2-dakar"]
    assert crawled.run.status == "done" and [item.title for item in crawled.items] == ["Réunion à Rabat"]


def test_the_group_that_names_us_counts_not_the_general_one(tmp_path: Path) -> None:
    rules = f"User-agent: *\nDisallow: /\n\nUser-agent: {PRODUCT}\nDisallow: /prive\n"
    with web(pages(Reply(rules, 200, TEXT))) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == ["/", "/fr/1-rabat"]
    assert crawled.error is None


def test_a_site_that_forbids_everything_is_left_alone(tmp_path: Path) -> None:
    with web(pages(Reply("User-agent: *\nDisallow: /\n", 200, TEXT))) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == []
        assert isinstance(crawled.error, RobotsForbids) and crawled.error.url == server.origin + "/robots.txt"
    assert crawled.run.status == "put off" and crawled.captures == [("/robots.txt", 200, None)]


def test_crawl_delay_slows_the_crawl_down(tmp_path: Path) -> None:
    with web(pages(Reply("User-agent: *\nCrawl-delay: 0.3\n", 200, TEXT))) as server:
        crawl_web(server, tmp_path)
        times = [asked.time for asked in server.log]
    assert len(times) == 4
    assert min(later - sooner for sooner, later in zip(times[1:], times[2:], strict=False)) >= 0.28


def test_a_crawl_delay_of_more_than_thirty_seconds_puts_the_crawl_off(tmp_path: Path) -> None:
    with web(pages(Reply("User-agent: *\nCrawl-delay: 31\n", 200, TEXT))) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == []
    assert isinstance(crawled.error, PutOff) and "31 seconds" in str(crawled.error)


def test_robots_txt_is_asked_for_once_a_run_also_by_several_requests_at_once(tmp_path: Path) -> None:
    names = [f"/fr/{number}-atelier" for number in range(10)]
    with web({"/robots.txt": Reply("", 404), "/": links(*names)} | {name: article(name) for name in names}) as server:
        crawl_web(server, tmp_path, starts=[server.origin + "/", server.origin + names[0]], concurrency=4)
        assert [asked.path for asked in server.log].count("/robots.txt") == 1


RULES = [
    pytest.param("User-agent: *\nDisallow: /fr\nAllow: /fr/actu", "/fr/actu/1", True, id="the longest rule wins"),
    pytest.param("User-agent: *\nAllow: /fr\nDisallow: /fr/actu", "/fr/actu/1", False, id="the longest rule wins, forbidding"),
    pytest.param("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False, id="wildcard and end"),
    pytest.param("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x=1", True, id="not at the end"),
    pytest.param("User-Agent: RABAT-CRAWLER\nDisallow: /", "/a", False, id="our name in capitals"),
    pytest.param("User-agent: rabat-crawler/1.0\nDisallow: /", "/a", False, id="our name with a version"),
    pytest.param("\ufeffUser-agent: *\nDisallow: /", "/a", False, id="byte order mark"),
    pytest.param("User-agent: *\r\nDisallow: /a\r\n", "/a", False, id="CRLF"),
    pytest.param("Disallow: /", "/a", True, id="a rule without a group"),
    pytest.param("# " + "x" * MAX_BYTES + "\nUser-agent: *\nDisallow: /", "/a", True, id="beyond the first 500 KiB"),
    pytest.param("User-agent: *\nDisallow: /*a*a*a*a*a*a*a*a*a*b", "/" + "a" * 5000, True, id="a pattern made to hang"),
]


@pytest.mark.parametrize(("text", "path", "allowed"), RULES)
def test_rules_are_read_as_the_standard_says(text: str, path: str, allowed: bool) -> None:
    assert parse_robots(text.encode()).can_fetch("https://www.example.org" + path, PRODUCT) is allowed


def test_any_bytes_are_a_robots_txt() -> None:
    assert parse_robots(bytes(range(256)) * 40).can_fetch("https://www.example.org/", PRODUCT)
