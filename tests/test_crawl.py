"""Real crawls of loopback servers: what is asked, what is kept, how a run ends."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.warc import read_record
from rabat_crawler.errors import ConfigError, DiskFull, PutOff, RunBreached, SiteUnreachable
from rabat_crawler.extensions import progress_line, terminal_progress
from rabat_crawler.middlewares.guard import is_public
from rabat_crawler.middlewares.patience import retry_after
from rabat_crawler.models import Host, Site
from rabat_crawler.runner import crawl, user_agent
from rabat_crawler.session import Progress
from tests.crawling import FAST, Reply, Web, article, crawl_web, links, web

PDF = Reply(b"%PDF-1.4 nothing in it", headers={"Content-Type": "application/pdf"})


def small_site() -> dict[str, Reply | list[Reply]]:
    return {
        "/": links("/fr/1-rabat", "/fr/2-dakar", "/images/rapport.pdf", "/images/photo.jpg", "/style.css", "/fr/absent", "mailto:a@b.test"),
        "/fr/1-rabat": article("Réunion à Rabat", "/fr/2-dakar"),
        "/fr/2-dakar": article("Atelier à Dakar", "/"),
        "/images/rapport.pdf": PDF,
    }


@pytest.fixture
def server() -> Iterator[Web]:
    with web(small_site()) as running:
        yield running


def test_every_answer_is_kept_and_images_are_never_asked_for(server: Web, tmp_path: Path) -> None:
    crawled = crawl_web(server, tmp_path)
    assert crawled.error is None and crawled.run.status == "done"
    assert sorted(crawled.captures) == [
        ("/", 200, None),
        ("/fr/1-rabat", 200, None),
        ("/fr/2-dakar", 200, None),
        ("/fr/absent", 404, None),
        ("/images/rapport.pdf", 200, None),
        ("/robots.txt", 404, None),
    ]
    assert [asked.path for asked in server.log][:2] == ["/robots.txt", "/"]
    assert len(server.log) == 6
    assert sorted(item.title for item in crawled.items) == ["Atelier à Dakar", "Réunion à Rabat"]
    counts = crawled.run.counts
    assert (counts["requests"], counts["answers"], counts["items_new"], counts["items_total"]) == (6, {"2xx": 4, "4xx": 2}, 2, 2)
    assert crawled.skipped()["image, script or style"] == 2


def test_the_crawler_says_who_it_is_and_keeps_no_cookies(tmp_path: Path) -> None:
    home = links("/fr/1-rabat")._replace(headers={"Set-Cookie": "session=abc; path=/"})
    with web(small_site() | {"/": home}) as server:
        crawl_web(server, tmp_path, contact="archive@example.org")
        for asked in server.log:
            assert asked.headers["User-Agent"].startswith("rabat-crawler/") and "+archive@example.org" in asked.headers["User-Agent"]
            assert asked.headers["Accept-Encoding"] == "gzip, deflate, br"
            assert "Cookie" not in asked.headers and "Referer" not in asked.headers


def test_a_contact_cannot_add_a_header() -> None:
    assert "\n" not in user_agent("x\r\nCookie: a=b") and user_agent("é").isascii()


def test_a_second_crawl_adds_no_item_and_no_version(server: Web, tmp_path: Path) -> None:
    first = crawl_web(server, tmp_path)
    second = crawl_web(server, tmp_path, everything=True)
    assert first.run.counts["versions_new"] == 2
    assert (second.run.counts["items_new"], second.run.counts["versions_new"]) == (0, 0)
    assert second.run.counts["requests"] == first.run.counts["requests"]


def test_a_compressed_body_is_kept_as_it_was_received(tmp_path: Path) -> None:
    packed = gzip.compress(str(article("Réunion à Rabat").body).encode(), mtime=0)
    reply = Reply(packed, headers={"Content-Encoding": "gzip"})
    with web({"/": links("/fr/1-rabat"), "/fr/1-rabat": reply}) as server:
        crawled = crawl_web(server, tmp_path)
        assert [item.title for item in crawled.items] == ["Réunion à Rabat"]
        with Archive.open(tmp_path) as archive:
            capture = archive.last_capture(server.origin + "/fr/1-rabat")
            assert capture is not None
            record = read_record(archive.warc_dir, capture)
        assert record.body == packed and record.header("content-encoding") == "gzip"


@pytest.mark.parametrize("status", [429, 500, 501, 502, 503, 504])
def test_an_answer_that_means_not_now_is_kept_and_asked_again(status: int, tmp_path: Path) -> None:
    pages = small_site() | {"/fr/1-rabat": [Reply("later", status), article("Réunion à Rabat")]}
    with web(pages) as server:
        crawled = crawl_web(server, tmp_path)
    assert crawled.run.status == "done"
    assert sorted(found[1] for found in crawled.captures if found[0] == "/fr/1-rabat") == sorted([status, 200])


def test_a_page_that_stays_broken_is_a_failure_and_the_rest_is_crawled(tmp_path: Path) -> None:
    with web(small_site() | {"/fr/1-rabat": Reply("broken", 500)}) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths().count("/fr/1-rabat") == 3
    assert crawled.run.status == "done with failures" and crawled.failures() == {"fr/1-rabat": "HTTP 500"}
    assert [item.title for item in crawled.items] == ["Atelier à Dakar"]


def test_retry_after_holds_the_whole_site_not_one_request(tmp_path: Path) -> None:
    busy = Reply("later", 503, {"Retry-After": "1"})
    names = [f"/fr/{number}-atelier" for number in range(3, 9)]
    pages: dict[str, Reply | list[Reply]] = {name: article(f"Atelier {name}") for name in names}
    with web({"/": links(*names)} | pages | {names[0]: [busy, article("Atelier")]}) as server:
        crawled = crawl_web(server, tmp_path, concurrency=3)
        first = next(asked.time for asked in server.log if asked.path == names[0])
        later = [asked.time - first for asked in server.log if asked.time > first + 0.1]
    assert crawled.run.status == "done"
    assert later and min(later) >= 0.95


def test_a_long_retry_after_ends_the_run_as_put_off(tmp_path: Path) -> None:
    with web(small_site() | {"/fr/1-rabat": Reply("later", 429, {"Retry-After": "3600"})}) as server:
        crawled = crawl_web(server, tmp_path)
        assert server.paths() == ["/", "/fr/1-rabat"]
    assert isinstance(crawled.error, PutOff) and crawled.error.retry_after == 3600
    assert crawled.run.status == "put off" and ("/fr/1-rabat", 429, None) in crawled.captures


BROKEN = [
    pytest.param(Reply(mode="drop"), {}, "connection lost", None, id="connection lost"),
    pytest.param(article("Réunion à Rabat")._replace(mode="cut"), {}, "data loss", "disconnect", id="body cut"),
    pytest.param(Reply(b"x" * 40_000), {"DOWNLOAD_MAXSIZE": 20_000}, "larger than the size limit", None, id="too large"),
    pytest.param(Reply(mode="hang"), {"DOWNLOAD_TIMEOUT": 0.3}, "no answer in time", None, id="no answer"),
]


@pytest.mark.parametrize(("reply", "settings", "reason", "truncated"), BROKEN)
def test_a_page_that_cannot_be_had_is_counted_with_its_reason(
    reply: Reply, settings: dict[str, Any], reason: str, truncated: str | None, tmp_path: Path
) -> None:
    with web(small_site() | {"/fr/1-rabat": reply}) as server:
        crawled = crawl_web(server, tmp_path, settings=settings)
    assert crawled.run.status == "done with failures" and crawled.failures() == {"fr/1-rabat": reason}
    assert {found[2] for found in crawled.captures if found[0] == "/fr/1-rabat"} == ({truncated} if truncated else set())
    assert "Atelier à Dakar" in [item.title for item in crawled.items]


def test_a_site_that_stops_answering_ends_the_run_as_put_off(tmp_path: Path) -> None:
    names = [f"/fr/{number}-atelier" for number in range(30)]
    with web({"/": links(*names)} | {name: Reply(mode="drop") for name in names}) as server:
        crawled = crawl_web(server, tmp_path)
        assert len(set(server.paths())) < 10
    assert isinstance(crawled.error, PutOff) and crawled.run.status == "put off"


def test_a_host_that_refuses_connections_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        crawled = crawl_web(registry.generic_site(url), tmp_path)
    assert isinstance(crawled.error, SiteUnreachable) and "connection refused" in str(crawled.error)
    assert crawled.run.status == "put off" and crawled.captures == []


def test_a_private_address_is_refused_unless_it_was_named_by_hand(tmp_path: Path) -> None:
    hidden = Site(name="hidden", title="Hidden", hosts=(Host(name="localhost"),), languages=("fr",), starts=("http://localhost/",))
    crawled = crawl_web(hidden, tmp_path)
    assert isinstance(crawled.error, SiteUnreachable) and "not a public one" in str(crawled.error)


ADDRESSES = [
    ("127.0.0.1", False),
    ("0.0.0.0", False),
    ("10.1.2.3", False),
    ("172.16.0.1", False),
    ("192.168.1.1", False),
    ("169.254.169.254", False),
    ("100.64.0.1", False),
    ("224.0.0.1", False),
    ("::1", False),
    ("::", False),
    ("fe80::1%eth0", False),
    ("fc00::1", False),
    ("::ffff:127.0.0.1", False),
    ("::ffff:10.0.0.1", False),
    ("2002:7f00:1::", False),
    ("64:ff9b::7f00:1", False),
    ("not an address", False),
    ("93.184.215.14", True),
    ("::ffff:93.184.215.14", True),
    ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
]


@pytest.mark.parametrize(("address", "public"), ADDRESSES, ids=[address for address, _ in ADDRESSES])
def test_only_public_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


PAUSES = [
    ("120", 120.0),
    (" 0 ", 0.0),
    ("Wed, 01 Jan 2020 00:01:00 GMT", 60.0),
    ("Tue, 31 Dec 2019 23:00:00 GMT", 0.0),
    ("soon", None),
    ("-5", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("header", "seconds"), PAUSES)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=datetime(2020, 1, 1, tzinfo=UTC)) == seconds


def test_a_site_without_items_is_a_breach_and_its_captures_are_kept(tmp_path: Path) -> None:
    with web({"/": links("/fr/a"), "/fr/a": links("/")}) as server:
        crawled = crawl_web(server, tmp_path)
    assert isinstance(crawled.error, RunBreached) and crawled.error.run_id == crawled.run.run_id
    assert crawled.run.status == "breached" and len(crawled.captures) == 3


def test_the_page_limit_is_kept_and_what_is_left_is_counted(server: Web, tmp_path: Path) -> None:
    crawled = crawl_web(server, tmp_path, max_pages=2)
    assert crawled.run.status == "done" and crawled.run.counts["pages"] == 2
    assert len(server.paths()) == 2 and crawled.run.counts["carried_over"] == 3


def test_a_dry_run_asks_for_robots_and_the_start_only_and_stores_nothing(server: Web, tmp_path: Path) -> None:
    with Archive.open(tmp_path, write=True, create=True) as archive:
        run = crawl(archive, registry.generic_site(server.origin + "/"), delay=0, dry_run=True, settings=FAST)
        assert archive.counts()["captures"] == 0 and archive.runs() == [] and list(archive.warc_dir.iterdir()) == []
    assert [asked.path for asked in server.log] == ["/robots.txt", "/"]
    outcomes = {row["url"].removeprefix(server.origin): row["outcome"] for row in run.counts["plan"]}
    assert (outcomes["/"], outcomes["/fr/1-rabat"], outcomes["/images/photo.jpg"]) == ("queued", "queued", "skipped")


def test_the_delay_lies_between_any_two_requests(server: Web, tmp_path: Path) -> None:
    crawl_web(server, tmp_path, delay=0.2, max_pages=3)
    times = [asked.time for asked in server.log]
    assert min(later - sooner for sooner, later in zip(times, times[1:], strict=False)) >= 0.18


def test_one_request_at_a_time_is_the_rule(tmp_path: Path) -> None:
    names = [f"/fr/{number}-atelier" for number in range(12)]
    with web({"/": links(*names)} | {name: article(name) for name in names}) as server:
        crawled = crawl_web(server, tmp_path)
        assert sorted(server.paths()) == sorted(["/", *names])
    assert crawled.run.counts["items_total"] == 12


def test_ctrl_c_ends_the_run_after_the_page_in_flight(tmp_path: Path) -> None:
    names = [f"/fr/{number}-atelier" for number in range(60)]
    before = signal.getsignal(signal.SIGINT)
    with web({"/": links(*names)} | {name: article(name) for name in names}) as server:
        timer = threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        crawled = crawl_web(server, tmp_path, delay=0.1)
        timer.join()
        asked = len(server.log)
    assert crawled.run.status == "interrupted" and any("Ctrl-C" in message for message in crawled.run.messages)
    assert 0 < len(crawled.captures) == asked < 40
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_does_not_wait_for_a_pause_to_end(tmp_path: Path) -> None:
    with web(small_site() | {"/fr/1-rabat": Reply("later", 503, {"Retry-After": "200"})}) as server:
        timer = threading.Timer(0.8, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        crawled = crawl_web(server, tmp_path)
        timer.join()
    assert crawled.run.status == "interrupted" and crawled.run.counts["seconds"] < 5


def test_a_full_disk_is_said_before_anything_is_fetched(server: Web, tmp_path: Path) -> None:
    crawled_settings = {"RABAT_MIN_FREE": 10**18}
    with Archive.open(tmp_path, write=True, create=True) as archive, pytest.raises(DiskFull, match="free some space"):
        crawl(archive, registry.generic_site(server.origin + "/"), settings=FAST | crawled_settings)
    assert server.log == []


def test_a_mistake_in_our_own_code_is_a_counted_failure_not_a_lost_page(server: Web, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(progress: Progress) -> None:
        if progress.url.endswith("2-dakar") and not crashed:
            crashed.append(progress.url)
            raise ValueError("broken on purpose")

    crashed: list[str] = []
    crawled = crawl_web(server, tmp_path, progress=broken)
    assert "broken on purpose" in crawled.failures()["fr/2-dakar"]
    assert crawled.run.status == "done with failures" and len(crawled.items) == 2
    assert "broken on purpose" in (tmp_path / "state" / "crawl.log").read_text(encoding="utf-8")
    assert capfd.readouterr() == ("", "")


def test_a_start_outside_the_site_is_refused(tmp_path: Path) -> None:
    with Archive.open(tmp_path, write=True, create=True) as archive, pytest.raises(ConfigError, match="outside the site"):
        crawl(archive, registry.site("rabat-process"), starts=["https://elsewhere.test/"])


def test_progress_is_told_page_by_page_and_at_the_end(server: Web, tmp_path: Path) -> None:
    seen: list[Progress] = []
    crawl_web(server, tmp_path, progress=seen.append)
    assert [progress.pages for progress in seen if not progress.finished] == [1, 2, 3, 4, 5]
    assert seen[-1].finished and seen[-1].items == 2


def test_the_progress_line_shows_no_control_characters_and_is_silent_off_a_terminal() -> None:
    progress = Progress(pages=10, items=4, queued=5, seconds=20.0, left=130.0, url="https://www.example.org/\x1b[2Jfr")
    line = progress_line(progress)
    assert line == "10 pages, 4 items, 0.5/s, 5 waiting, about 2 min 10 s left  www.example.org/?[2Jfr"
    with open(os.devnull, "w", encoding="utf-8") as stream:
        assert terminal_progress(stream) is None
