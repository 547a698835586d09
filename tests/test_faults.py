"""A server that does everything wrong: every fault has its documented outcome, the rest of the site is archived, nothing else is ever touched."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rabat_crawler import registry, settings
from rabat_crawler.archive import Archive
from rabat_crawler.cli import exits
from rabat_crawler.errors import PutOff, SiteUnreachable
from rabat_crawler.middlewares.robots import MAX_BYTES, PRODUCT, parse_robots
from rabat_crawler.urls import FEW
from tests import faults
from tests.crawling import Crawled, crawl_web
from tests.faults import BAD, CASES, FAULTY_TITLE, FORGED, GOOD, HOME, ROBOTS, Case, busy, good_site, menu, moved, page, title_of
from tests.servers import Fault, FaultyServing, cut, forbidden, huge, in_turn, reset, say, serve_faults, slow

ALL_GOOD = {title_of(path) for path in GOOD}
TEXT = ("Content-Type: text/plain",)
PEAK_MB = 400

_connected: list[tuple[str, int]] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connected is not None and arguments[0].family in (socket.AF_INET, socket.AF_INET6):
        _connected.append(tuple(arguments[1][:2]))


sys.addaudithook(_watch)


@contextmanager
def connections() -> Iterator[list[tuple[str, int]]]:
    """Every address that this process tries to connect to while the block runs, as the interpreter itself reports it."""
    global _connected
    _connected = []
    try:
        yield _connected
    finally:
        _connected = None


def crawl(server: FaultyServing, folder: Path, **options: Any) -> Crawled:
    return crawl_web(registry.generic_site(server.origin + "/"), folder, **options)


def exit_code(crawled: Crawled) -> int:
    return exits.code_of(crawled.error) if isinstance(crawled.error, Exception) else exits.STATUS_CODES[crawled.run.status]


def titles(crawled: Crawled) -> set[str]:
    return {item.title for item in crawled.items}


def whole(crawled: Crawled) -> set[str]:
    return {item.title for item in crawled.items if "truncated" not in item.flags}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_fault_has_its_outcome_and_the_rest_is_archived(case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serve_faults(good_site(*case.bad) | dict(case.pages), otherwise=case.otherwise) as server, connections() as connected:
        crawled = crawl(server, tmp_path, settings=case.settings, max_pages=case.most_pages)
        asked = server.asked
        assert set(connected) == {("127.0.0.1", server.port)}
        assert server.overlaps() == []
    assert whole(crawled) >= ALL_GOOD
    assert crawled.failures() == {path.lstrip("/"): reason for path, reason in case.failures.items()}
    assert exit_code(crawled) == case.exit_code
    for reason, least in case.skipped.items():
        assert crawled.skipped().get(reason, 0) >= least, reason
    for path, times in case.asked.items():
        assert asked.count(path) == times, path
    for beginning, most in case.at_most.items():
        assert sum(path.startswith(beginning) for path in asked) <= most, beginning
    if case.truncated is not None:
        assert {found[2] for found in crawled.captures if found[0] == BAD} == case.truncated
    assert set(case.items) <= whole(crawled)
    if case.failures:
        assert FAULTY_TITLE not in whole(crawled)
    assert all("\0" not in item.text + item.title for item in crawled.items)
    assert capfd.readouterr() == ("", "")


def test_six_oversized_files_in_a_row_do_not_end_the_run(tmp_path: Path) -> None:
    big = [f"/images/rapport-{number}.pdf" for number in range(6)]
    with serve_faults(good_site(*big, "/images/rapport-7.pdf") | dict.fromkeys(big, huge(30_000_000))) as server:
        crawled = crawl(server, tmp_path)
        assert "/images/rapport-7.pdf" in server.asked
    assert exit_code(crawled) == exits.FAILURES and len(crawled.failures()) == 6


def test_the_links_of_a_cut_page_are_followed(tmp_path: Path) -> None:
    home = menu(*GOOD).encode() + b" " * 2000
    with serve_faults(good_site() | {HOME: say(menu("/fr/plan")), "/fr/plan": cut(home[:-1000], promised=len(home))}) as server:
        crawled = crawl(server, tmp_path)
    assert titles(crawled) >= ALL_GOOD and crawled.failures() == {"fr/plan": "data loss"}


def test_a_calendar_that_names_its_next_month_ends(tmp_path: Path) -> None:
    months = faults.calendar("/fr/agenda/2031/{}", rel="rel='next'")
    with serve_faults(good_site("/fr/agenda/2031/1"), otherwise=months) as server:
        crawled = crawl(server, tmp_path, max_pages=150)
        assert sum(path.startswith("/fr/agenda") for path in server.asked) <= FEW
    assert titles(crawled) >= ALL_GOOD


def test_an_error_page_with_status_200_is_no_item(tmp_path: Path) -> None:
    def lost(client: socket.socket, path: str) -> None:
        say(page("Page introuvable", path))(client, path)  # in the markup of an article, with a date, as some templates do it

    with serve_faults(good_site("/fr/90-vieux", "/fr/91-ancien"), otherwise=lost) as server:
        crawled = crawl(server, tmp_path, settings={"RABAT_PROBE": True})
        assert {"/fr/90-vieux", "/fr/91-ancien"} <= set(server.asked)
    assert titles(crawled) == ALL_GOOD and exit_code(crawled) == exits.DONE


# Forged targets --------------------------------------------------------------------------------------------------------------


def test_no_request_reaches_a_forged_target(tmp_path: Path) -> None:
    with forbidden() as (port, callers), serve_faults({}) as server:
        own = server.origin.removeprefix("http://")
        targets = [target.format(port=port, own=own) for target in FORGED]
        redirects = {f"/fr/r{number}": moved(target) for number, target in enumerate(targets)}
        base = {
            f"/fr/b{number}": say(f"<html><head><base href='{target}'></head><body><a href='x'>x</a></body></html>")
            for number, target in enumerate(targets)
        }
        pages = good_site(*redirects, *base, *targets) | redirects | base
        pages["/fr/canonical"] = say(page("Canonique").replace("<title>", f"<link rel='canonical' href='{targets[1]}'><title>"))
        with serve_faults(pages) as site, connections() as connected:
            crawled = crawl(site, tmp_path)
            assert set(connected) == {("127.0.0.1", site.port)}
            assert set(redirects) | set(base) <= set(site.asked)
        assert callers == [] and server.asked == []
    assert titles(crawled) >= ALL_GOOD and exit_code(crawled) == exits.DONE
    assert crawled.skipped()["outside the site"] >= 8


def test_robots_txt_leads_to_no_forged_target(tmp_path: Path) -> None:
    with forbidden() as (port, callers), serve_faults(good_site() | {ROBOTS: moved(f"http://127.0.0.1:{port}/robots.txt")}) as server:
        crawled = crawl(server, tmp_path)
        assert callers == [] and set(server.asked) == {ROBOTS}
    assert exit_code(crawled) == exits.PUT_OFF


# Retry-After -----------------------------------------------------------------------------------------------------------------

PAUSES = [
    pytest.param(busy("429 Too Many Requests", "1"), id="429, seconds"),
    pytest.param(busy("503 Service Unavailable", "1"), id="503, seconds"),
    pytest.param(
        busy("503 Service Unavailable", "Wed, 01 Jan 2020 00:00:01 GMT", "Date: Wed, 01 Jan 2020 00:00:00 GMT"),
        id="503, a date by the server's clock",
    ),
]


@pytest.mark.parametrize("refusal", PAUSES)
def test_no_request_is_sent_inside_a_retry_after(refusal: Fault, tmp_path: Path) -> None:
    with serve_faults(good_site(BAD) | {BAD: in_turn(refusal, say(page(FAULTY_TITLE)))}) as server:
        crawled = crawl(server, tmp_path)
        refused = next(visit for visit in server.visits if visit.path == BAD)
        later = [visit.began - refused.ended for visit in server.visits if visit.began > refused.began]
    assert later and min(later) >= 0.95
    assert whole(crawled) >= ALL_GOOD | {FAULTY_TITLE}


def test_the_pause_is_owed_after_the_last_try_too(tmp_path: Path) -> None:
    with serve_faults(good_site(BAD) | {BAD: busy("429 Too Many Requests", "1")}) as server:
        crawled = crawl(server, tmp_path, settings={"RABAT_BACKOFF": [0.01]})
        refused = [visit for visit in server.visits if visit.path == BAD]
        gaps = [min(visit.began - one.ended for visit in server.visits if visit.began > one.began) for one in refused]
    assert len(gaps) == 2 and min(gaps) >= 0.95
    assert crawled.failures() == {BAD.lstrip("/"): "HTTP 429"} and titles(crawled) >= ALL_GOOD


def test_a_long_retry_after_puts_the_run_off_at_once(tmp_path: Path) -> None:
    with serve_faults(good_site(BAD) | {BAD: busy("503 Service Unavailable", "86400")}) as server:
        crawled = crawl(server, tmp_path)
        assert server.asked == [ROBOTS, HOME, BAD]
    assert isinstance(crawled.error, PutOff) and crawled.error.retry_after == 86400
    assert exit_code(crawled) == exits.PUT_OFF


def test_a_storm_that_does_not_pass_puts_the_run_off_and_the_next_run_has_all(tmp_path: Path) -> None:
    pages = good_site() | dict.fromkeys(GOOD, busy("503 Service Unavailable"))
    with serve_faults(pages) as server:
        crawled = crawl(server, tmp_path)
        assert exit_code(crawled) == exits.PUT_OFF and titles(crawled).isdisjoint(ALL_GOOD)
        pages.update(good_site())
        again = crawl(server, tmp_path)
    assert titles(again) >= ALL_GOOD and exit_code(again) == exits.DONE


# Two nights ------------------------------------------------------------------------------------------------------------------


def test_a_server_that_dies_puts_the_run_off_and_the_next_run_has_all(tmp_path: Path) -> None:
    dead = threading.Event()

    def mortal(then: Fault) -> Fault:
        def write(client: socket.socket, path: str) -> None:
            (reset if dead.is_set() else then)(client, path)
            if path == GOOD[2]:
                dead.set()

        return write

    with serve_faults({path: mortal(fault) for path, fault in good_site().items()}) as server:
        crawled = crawl(server, tmp_path)
        assert exit_code(crawled) in (exits.PUT_OFF, exits.FAILURES)
        assert {title_of(path) for path in GOOD[:3]} <= titles(crawled)
        dead.clear()
        kept = {path: say(page(title_of(path))) for path in GOOD}
    with serve_faults(good_site() | kept, port=server.port) as server:
        again = crawl(server, tmp_path)
    assert titles(again) >= ALL_GOOD and exit_code(again) == exits.DONE


def test_a_server_that_is_gone_is_a_status_of_its_own(tmp_path: Path) -> None:
    with serve_faults(good_site()) as server:
        crawl(server, tmp_path)
    gone = crawl(server, tmp_path)
    assert isinstance(gone.error, SiteUnreachable) and exit_code(gone) == exits.UNREACHABLE
    assert titles(gone) >= ALL_GOOD and not any(item.gone for item in gone.items)


def test_a_page_that_vanishes_is_kept_and_marked(tmp_path: Path) -> None:
    pages = good_site()
    with serve_faults(pages) as server:
        crawl(server, tmp_path)
        pages[GOOD[0]] = say("<h1>404</h1>", status="404 Not Found")
        again = crawl(server, tmp_path, everything=True)
    assert titles(again) >= ALL_GOOD
    assert {item.title for item in again.items if item.gone} == {title_of(GOOD[0])}


@pytest.mark.parametrize("trouble", [busy("500 Internal Server Error"), reset, busy("403 Forbidden")], ids=["500", "reset", "403"])
def test_trouble_is_no_evidence_that_a_page_is_gone(trouble: Fault, tmp_path: Path) -> None:
    pages = good_site()
    with serve_faults(pages) as server:
        crawl(server, tmp_path)
        pages[GOOD[0]] = trouble
        again = crawl(server, tmp_path, everything=True)
    assert titles(again) >= ALL_GOOD and not any(item.gone for item in again.items)


def test_a_token_that_changes_is_no_new_version(tmp_path: Path) -> None:
    count = itertools.count()

    def changing(client: socket.socket, path: str) -> None:
        token = f"<input type='hidden' name='{next(count):032x}' value='1'><p class='hits'>Affichages : {next(count)}</p>"
        say(page(title_of(path)).replace("</main>", f"</main><form>{token}</form>"))(client, path)

    with serve_faults(good_site() | dict.fromkeys(GOOD, changing)) as server:
        first, second = crawl(server, tmp_path), crawl(server, tmp_path)
    assert first.run.counts["versions_new"] >= len(GOOD)
    assert (second.run.counts["versions_new"], second.run.counts["items_new"]) == (0, 0)


# robots.txt ------------------------------------------------------------------------------------------------------------------


def test_a_huge_robots_txt_is_read_to_its_limit_and_no_further(tmp_path: Path) -> None:
    sent: list[bytes] = []
    pieces = [b"User-agent: *\nDisallow: /prive\n", *[b"# rien\n" * 10_000] * 600, b"User-agent: *\nDisallow: /\n"]

    def write(client: socket.socket, path: str) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {sum(map(len, pieces))}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        for piece in pieces:
            client.sendall(piece)
            sent.append(piece)

    with serve_faults(good_site("/prive/x") | {ROBOTS: write}) as server:
        crawled = crawl(server, tmp_path)
        assert "/prive/x" not in server.asked
        with Archive.open(tmp_path) as archive:
            record = archive.answer_since(server.origin + ROBOTS, datetime(2020, 1, 1, tzinfo=UTC))
    assert titles(crawled) >= ALL_GOOD and exit_code(crawled) == exits.DONE
    assert record is not None and (record.capture.status, record.capture.truncated) == (200, "length") and record.capture.length < MAX_BYTES
    assert len(sent) < len(pieces)  # the connection was ended before all 42 MB were sent


def test_a_rule_cut_by_the_limit_is_not_made_wider() -> None:
    head = b"User-agent: *\nAllow: /x\n"
    rules = head + b"#" * (MAX_BYTES - len(head) - 13) + b"\nDisallow: /prive\n"
    assert rules[:MAX_BYTES].endswith(b"\nDisallow: /p")
    assert parse_robots(rules).can_fetch("https://www.example.org/public", PRODUCT)


def test_half_a_robots_txt_closes_the_site(tmp_path: Path) -> None:
    import gzip

    rules = gzip.compress(b"".join(b"Disallow: /a%d\n" % number for number in range(500)), mtime=0)[:-40]
    with serve_faults(good_site() | {ROBOTS: say(rules, headers=(*TEXT, "Content-Encoding: gzip"))}) as server:
        crawled = crawl(server, tmp_path)
        assert set(server.asked) == {ROBOTS}
    assert exit_code(crawled) == exits.PUT_OFF


def test_an_old_robots_txt_is_asked_for_again_and_obeyed(tmp_path: Path) -> None:
    open_then_closed = in_turn(say("User-agent: *\nDisallow:\n", headers=TEXT), say("User-agent: *\nDisallow: /fr/\n", headers=TEXT))
    with serve_faults(good_site() | {ROBOTS: open_then_closed, HOME: slow(0.4, say(menu(*GOOD)))}) as server:
        crawled = crawl(server, tmp_path, settings={"RABAT_ROBOTS_MAX_AGE": 0.3})
        asked = server.asked
    assert asked[:3] == [ROBOTS, HOME, ROBOTS] and not any(path in GOOD for path in asked)
    assert crawled.skipped()["robots.txt"] == len(GOOD)


def test_retry_after_of_a_robots_txt_counts(tmp_path: Path) -> None:
    with serve_faults(good_site() | {ROBOTS: in_turn(busy("503 Service Unavailable", "1"), say("", status="404 Not Found"))}) as server:
        crawled = crawl(server, tmp_path)
        first, second = server.visits[:2]
    assert second.path == ROBOTS and second.began - first.ended >= 0.95
    assert titles(crawled) >= ALL_GOOD


# Politeness by the server's own log --------------------------------------------------------------------------------------------


def test_the_servers_log_shows_a_polite_guest_whatever_goes_wrong(tmp_path: Path) -> None:
    delay, rules = 0.15, "User-agent: *\nDisallow: /prive\nDisallow: /*.pdf$\n"
    trouble = {
        ROBOTS: in_turn(reset, slow(0.1, say(rules, headers=TEXT))),
        "/fr/reset": in_turn(reset, say(page("Après"))),
        "/fr/coupe": in_turn(cut(faults.HALF, promised=len(faults.FAULTY)), say(page("Entier"))),
        "/fr/lent": slow(0.3, say(page("Lent"))),
        "/fr/occupe": in_turn(busy("503 Service Unavailable"), say(page("Libre"))),
        "/fr/ailleurs": moved("/prive/cache"),
        "/fr/ici": moved("/fr/1-atelier"),
    }
    forbidden_paths = ("/prive/x", "/prive/cache", "/a/b.pdf")
    sound = {path: slow(0.1, fault) for path, fault in good_site(*(path for path in trouble if path != ROBOTS), *forbidden_paths).items()}
    with serve_faults(sound | trouble) as server:
        crawled = crawl(server, tmp_path, delay=delay)
        visits = list(server.visits)
    assert server.overlaps() == []
    assert [visit.path for visit in visits[:3]] == [ROBOTS, ROBOTS, HOME]
    gaps = [later.began - sooner.began for sooner, later in itertools.pairwise(visits)]
    assert min(gaps) >= delay * 0.9
    assert not any(visit.path.startswith("/prive") or visit.path.endswith(".pdf") for visit in visits)
    assert {"Après", "Entier", "Lent", "Libre"} | ALL_GOOD <= whole(crawled) and exit_code(crawled) == exits.DONE


# The command line in a process of its own ----------------------------------------------------------------------------------------

PROGRAM = """
import atexit, os, pathlib, sys
# what the system says of a process that has ended includes the memory of the one that started it
peak = lambda: pathlib.Path(os.environ["PEAK"]).write_text(pathlib.Path("/proc/self/status").read_text())
atexit.register(peak)
from rabat_crawler import settings
settings.RABAT_BACKOFF, settings.RABAT_MIN_FREE = [0.02, 0.02], 0
settings.DOWNLOAD_TIMEOUT = 5
from rabat_crawler.cli import main
main()
"""


class Ended(NamedTuple):
    """How a process ended, and the most memory it had, in MB."""

    code: int
    out: str
    err: str
    peak: float


def command_line(server: FaultyServing, folder: Path, *, started: list[int] | None = None) -> Ended:
    """`rabat-crawler crawl` as a user starts it, but with short pauses between its tries."""
    command = [sys.executable, "-c", PROGRAM, "crawl", "--start", server.origin + "/", "--archive", str(folder), "--delay", "0", "--json"]
    with open(folder.with_suffix(".out"), "w+b") as out, open(folder.with_suffix(".err"), "w+b") as err:
        noted = folder.with_suffix(".peak")
        environment = {**os.environ, "RABAT_CONTACT": "test@example.org", "PEAK": str(noted)}
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        if started is not None:
            started.append(process.pid)
        process.wait()
        out.seek(0)
        err.seek(0)
        peak = next(int(line.split()[1]) for line in noted.read_text().splitlines() if line.startswith("VmHWM:"))
        return Ended(process.returncode, out.read().decode(), err.read().decode(), peak / 1024)


def mixed(bad: list[str]) -> list[str]:
    """The faults with a good article after every second one."""
    pairs = [tuple(bad[at : at + 2]) for at in range(0, len(bad), 2)]
    return [path for pair, good in itertools.zip_longest(pairs, GOOD) for path in (*(pair or ()), good) if path]


def heavy() -> Mapping[str, Fault]:
    """The faults that cost memory, each at an address of its own."""
    many = "".join(f"<a href='/fr/x{number}.png'>y</a>" for number in range(200_000))
    deep = "<html><body>" + "<div class='a'>mot" * 100_000 + "</body></html>"
    weights = [case for case in CASES if case.name in ("gzip bomb", "deflate bomb", "br bomb", "30 MB page", "30 MB page, size not said")]
    return {f"/fr/lourd{number}": case.pages[BAD] for number, case in enumerate(weights)} | {
        "/fr/lourd-liens": say(f"<html><body>{many}</body></html>"),
        "/fr/lourd-nid": say(deep),
        "/fr/lourd-texte": say(b"<html><body><p>" + b"mot " * 3_900_000 + b"</p></body></html>"),
        "/fr/lourd-balises": say(b"<html><body>" + b"<p>x" * 3_900_000 + b"</body></html>"),
        ROBOTS: say(b"User-agent: *\nDisallow: /prive\n" + b"# rien\n" * 700_000, headers=TEXT),
    }


def test_the_heaviest_pages_together_stay_under_400_mb(tmp_path: Path) -> None:
    pages = heavy()
    bad = [path for path in pages if path != ROBOTS]
    with serve_faults(good_site() | {HOME: say(menu(*mixed(bad)))} | dict(pages)) as server:
        ended = command_line(server, tmp_path / "archive")
        assert set(bad) <= set(server.asked)
    assert (ended.code, ended.err) == (exits.FAILURES, "")
    assert json.loads(ended.out)["counts"]["failed"] >= 5
    assert ended.peak < PEAK_MB, f"{ended.peak:.0f} MB"
    with Archive.open(tmp_path / "archive") as archive:
        assert {item.title for item in archive.items()} >= ALL_GOOD


LIGHT = [
    "reset",
    "reset mid-body",
    "206",
    "cut gzip, right length",
    "wrong CRC",
    "no HTTP",
    "NUL bytes",
    "wrong charset",
    "redirect loop",
    "503 for ever",
]


def test_the_command_line_says_how_it_ended_and_prints_no_traceback(tmp_path: Path) -> None:
    chosen = {case.name: case for case in CASES}
    pages = {f"/fr/panne{number}": chosen[name].pages[BAD] for number, name in enumerate(LIGHT)}
    with serve_faults(good_site() | {HOME: say(menu(*mixed(list(pages))))} | pages) as server:
        ended = command_line(server, tmp_path / "archive")
    assert (ended.code, ended.err) == (exits.FAILURES, "")
    failures = {failure["url"].rsplit("/", 1)[-1] for failure in json.loads(ended.out)["counts"]["failures"]}
    assert failures == {f"panne{number}" for number in (0, 1, 2, 3, 4, 5, 9)}
    log = (tmp_path / "archive" / "state" / "crawl.log").read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_robots_500_ends_with_its_own_exit_code_and_a_sentence(tmp_path: Path) -> None:
    with serve_faults(good_site() | {ROBOTS: busy("500 Internal Server Error")}) as server:
        ended = command_line(server, tmp_path / "archive")
        assert set(server.asked) == {ROBOTS}
    assert ended.code == exits.PUT_OFF
    assert "robots.txt could not be read (HTTP 500)" in ended.err and "Traceback" not in ended.err


def listening(pid: int) -> list[str]:
    """The ports on which a process listens, as the kernel tells it."""
    inodes = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            inodes.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
        except OSError:
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in inodes:
                found.append(columns[1])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="no /proc here")
def test_a_crawl_opens_no_port(tmp_path: Path) -> None:
    started: list[int] = []
    seen: list[list[str]] = []

    def look(client: socket.socket, path: str) -> None:
        seen.append(listening(started[0]))
        say(menu(*GOOD))(client, path)

    with socket.create_server(("127.0.0.1", 0)), serve_faults(good_site() | {HOME: look}) as server:
        assert listening(os.getpid())  # the look at the kernel's table sees what there is
        ended = command_line(server, tmp_path / "archive", started=started)
    assert ended.code == exits.DONE and seen == [[]]
    assert (settings.TELNETCONSOLE_ENABLED, settings.REMOTE_CONTROL_ENABLED) == (False, False)


NASTY = """
import importlib, pkgutil, re
import rabat_crawler

SIZE = 12_000
PIECES = ["a", "1", "<", "<a ", "=", "'a' ", "<p>", "1 mai ", "/a", "- ", "é", "&amp;", "; ", "a=", "le 1er ", "1/1/", "mars-", "<script>", "<!--",
          "<title>", "addy1 = 'a'+", '"', "- 12", "du 1 au ", "http://", "(", "[", "a-", "12-12-", "<meta ", "<link ", "<body class='", "a.", "(S("]
SPACES = [" ", "\\n", "\\u00a0", "\\t"]  # only what reads the source itself meets runs of spaces; the rest reads normalised text
SOURCES = ("decoding", "html", "fragments", "urls", "walls", "page", "robots", "patience")

def patterns(value, depth=0):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list, frozenset)) and depth < 3:
        for one in value:
            yield from patterns(one, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        yield from patterns((*value.keys(), *value.values()), depth + 1)

seen = set()
for found in pkgutil.walk_packages(rabat_crawler.__path__, "rabat_crawler."):
    if found.name.endswith("__main__"):
        continue
    for value in list(vars(importlib.import_module(found.name)).values()):
        for pattern in patterns(value):
            if pattern in seen:
                continue  # another module uses it too
            seen.add(pattern)
            for piece in PIECES + (SPACES if found.name.rsplit(".", 1)[-1] in SOURCES else []):
                text = piece * (SIZE // len(piece))
                for _ in pattern.finditer(text if isinstance(pattern.pattern, str) else text.encode()):
                    pass
print(len(seen))
"""


def test_no_pattern_of_ours_takes_more_than_its_text_is_long() -> None:
    done = subprocess.run([sys.executable, "-c", NASTY], capture_output=True, text=True, timeout=120, check=True)  # a square alone takes minutes
    assert int(done.stdout) > 100
