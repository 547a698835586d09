"""Redirects on real crawls: recorded, judged like any link, and never a way out of the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.errors import RunBreached
from rabat_crawler.frontier import MAX_REDIRECTS
from tests.crawling import Reply, article, crawl_web, links, web


def moved(target: str, status: int = 301) -> Reply:
    return Reply("", status, {"Location": target})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_kept_and_its_target_crawled(status: int, tmp_path: Path) -> None:
    with web({"/": links("/fr/old"), "/fr/old": moved("/fr/1-rabat", status), "/fr/1-rabat": article("Réunion à Rabat")}) as server:
        crawled = crawl_web(server, tmp_path)
    assert [found[:2] for found in crawled.captures] == [("/robots.txt", 404), ("/", 200), ("/fr/old", status), ("/fr/1-rabat", 200)]
    assert [item.title for item in crawled.items] == ["Réunion à Rabat"]


def test_a_start_that_redirects_to_the_language_home_is_followed(tmp_path: Path) -> None:
    with web({"/": moved("/fr/"), "/fr/": links("/fr/1-rabat"), "/fr/1-rabat": article("Réunion à Rabat")}) as server:
        crawled = crawl_web(server, tmp_path)
    assert crawled.run.status == "done" and len(crawled.items) == 1


@pytest.mark.parametrize(("asked", "answered"), [("/fr", "/fr/"), ("/fr/", "/fr")])
def test_a_redirect_that_only_adds_or_drops_a_slash_is_followed(asked: str, answered: str, tmp_path: Path) -> None:
    with web({"/": links(asked), asked: moved(answered), answered: article("Réunion à Rabat")}) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == ["/", asked, answered]
    assert len(crawled.items) == 1


FOREIGN = [
    pytest.param("http://127.0.0.1:{port}/secret", id="another port of loopback"),
    pytest.param("//127.0.0.1:{port}/secret", id="without scheme"),
    pytest.param("http://localhost:{port}/secret", id="loopback by name"),
    pytest.param("http://2130706433:{port}/secret", id="loopback as one number"),
    pytest.param("http://0x7f.1:{port}/secret", id="loopback in hexadecimal"),
    pytest.param("http://[::ffff:127.0.0.1]:{port}/secret", id="loopback in IPv6"),
    pytest.param("http://0.0.0.0:{port}/secret", id="all addresses"),
    pytest.param("http://{own}@127.0.0.1:{port}/secret", id="the site as user name"),
    pytest.param("http:\\\\127.0.0.1:{port}\\secret", id="backslashes"),
    pytest.param("https://{own}/secret", id="another scheme"),
    pytest.param("file:///etc/hostname", id="file"),
    pytest.param("ftp://127.0.0.1:{port}/secret", id="ftp"),
    pytest.param("data:text/html,<h1>secret</h1>", id="data"),
    pytest.param("javascript:alert(1)", id="script"),
]


@pytest.mark.parametrize("target", FOREIGN)
def test_no_redirect_leaves_the_site(target: str, tmp_path: Path) -> None:
    with web({"/secret": article("Secret")}) as other, web() as server:
        own = server.origin.removeprefix("http://")
        target = target.format(port=other.origin.rpartition(":")[2], own=own)
        server.pages = {"/": links("/fr/old", "/fr/1-rabat", target), "/fr/old": moved(target), "/fr/1-rabat": article("Réunion à Rabat")}
        crawled = crawl_web(server, tmp_path)
        assert other.log == []
    assert ("/fr/old", 301, None) in crawled.captures
    assert [item.title for item in crawled.items] == ["Réunion à Rabat"] and crawled.run.status == "done"


def test_a_start_that_leaves_the_site_is_explained(tmp_path: Path) -> None:
    with web({"/": article("Ailleurs")}) as other, web({"/": moved(other.origin + "/")}) as server:
        crawled = crawl_web(server, tmp_path)
        assert other.log == []
        assert isinstance(crawled.error, RunBreached)
        assert any(f"--start {other.origin}/" in message for message in crawled.run.messages)


def test_a_loop_ends(tmp_path: Path) -> None:
    pages = {"/": links("/fr/a", "/fr/1-rabat"), "/fr/a": moved("/fr/b"), "/fr/b": moved("/fr/a"), "/fr/1-rabat": article("Réunion à Rabat")}
    with web(pages) as server:
        crawled = crawl_web(server, tmp_path)
        assert sorted(server.paths()) == ["/", "/fr/1-rabat", "/fr/a", "/fr/b"]
    assert crawled.run.status == "done"


def test_a_chain_is_followed_so_far_and_no_further(tmp_path: Path) -> None:
    chain = {f"/fr/r{number}": moved(f"/fr/r{number + 1}") for number in range(20)}
    with web({"/": links("/fr/r0", "/fr/1-rabat"), "/fr/1-rabat": article("Réunion à Rabat")} | chain) as server:
        crawled = crawl_web(server, tmp_path)
        assert sum(path.startswith("/fr/r") for path in server.paths()) == MAX_REDIRECTS + 1
    assert crawled.skipped()["too many redirects"] == 1


def test_the_target_of_a_redirect_must_obey_robots_txt(tmp_path: Path) -> None:
    rules = Reply("User-agent: *\nDisallow: /prive/\n", 200, {"Content-Type": "text/plain"})
    with web({"/robots.txt": rules, "/": links("/fr/old", "/fr/1-rabat"), "/fr/old": moved("/prive/x"), "/fr/1-rabat": article("Réunion")}) as server:
        crawled = crawl_web(server, tmp_path)
        assert "/prive/x" not in server.paths()
    assert crawled.skipped()["robots.txt"] == 1


def test_a_meta_refresh_is_not_followed_by_the_way(tmp_path: Path) -> None:
    home = links("/fr/1-rabat")
    body = str(home.body).replace("<title>", '<meta http-equiv="refresh" content="0;url=/piege"><title>')
    with web({"/": home._replace(body=body), "/fr/1-rabat": article("Réunion à Rabat")}) as server:
        crawl_web(server, tmp_path)
        assert "/piege" not in server.paths()


def test_a_base_address_elsewhere_leads_nowhere(tmp_path: Path) -> None:
    with web({"/fr/2-dakar": article("Ailleurs")}) as other, web({"/fr/1-rabat": article("Réunion à Rabat")}) as server:
        body = str(links("2-dakar", server.origin + "/fr/1-rabat").body).replace("<title>", f'<base href="{other.origin}/fr/"><title>')
        server.pages["/"] = Reply(body)
        crawled = crawl_web(server, tmp_path)
        assert other.log == []
    assert crawled.skipped()["outside the site"] == 1


def test_a_mirror_opens_exactly_its_own_origin(tmp_path: Path) -> None:
    real = "https://www.rabat-process.org/fr/2-dakar"
    with web({"/": links("/fr/1-rabat", real), "/fr/1-rabat": article("Réunion à Rabat")}) as server:
        mirror = registry.at_origin(registry.site("rabat-process"), server.origin + "/")
        crawled = crawl_web(mirror, tmp_path)
        assert set(server.paths()) == {"/", "/fr/", "/en/", "/fr/1-rabat"}
    assert crawled.run.counts["skipped"]["outside the site"]["examples"] == [real]
    assert isinstance(crawled.error, RunBreached) and "at least 20" in str(crawled.error)
