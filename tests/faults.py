"""The fault table: what a server can do wrong, and what must come of it. Each case is served among good articles, linked before them."""

from __future__ import annotations

import gzip
import re
import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brotli

from tests.crawling import article as article_reply
from tests.crawling import links as links_reply
from tests.servers import (
    Fault,
    cut,
    cut_chunk,
    garbage,
    hang_up,
    huge,
    in_turn,
    reset,
    reset_in_body,
    say,
    slow,
    trickle,
)

ROBOTS, HOME, BAD = "/robots.txt", "/", "/fr/panne"
GOOD = tuple(f"/fr/{number}-atelier" for number in range(1, 7))
FAULTY_TITLE = "Page en panne"
HTML = "Content-Type: text/html; charset=utf-8"
DONE, FAILURES, PUT_OFF, BREACHED, UNREACHABLE = 0, 6, 5, 8, 11


def page(title: str, *links: str) -> str:
    """An article in the markup of Joomla 3."""
    return str(article_reply(title, *links).body)


def menu(*paths: str) -> str:
    """A page of links."""
    return str(links_reply(*paths).body)


def good_site(*bad: str) -> dict[str, Fault]:
    """The sound part: a home that links to the faults first, then to six articles, each linking on to a fault, too."""
    pages = {path: say(page(f"Atelier {number}", *bad)) for number, path in enumerate(GOOD, 1)}
    return {ROBOTS: say("", status="404 Not Found"), HOME: say(menu(*bad, *GOOD)), **pages}


def title_of(path: str) -> str:
    """The title of a good article."""
    return f"Atelier {GOOD.index(path) + 1}"


FAULTY = page(FAULTY_TITLE, *(f"/fr/{number}-atelier" for number in range(1, 7))).encode()
HALF = FAULTY[: len(FAULTY) // 2]
PACKED = gzip.compress(FAULTY * 3, mtime=0)
BOMB = b"\0" * (20 * 1024 * 1024)


def coded(body: bytes, coding: str, *, extra: tuple[str, ...] = ()) -> Fault:
    """A body with its coding named."""
    return say(body, headers=(HTML, f"Content-Encoding: {coding}", *extra))


def moved(location: str) -> Fault:
    """A redirect."""
    return say(status="302 Found", headers=(f"Location: {location}",))


def endless_redirect(client: socket.socket, path: str) -> None:
    """From /r0 to /r1 to /r2, for ever; anything else is not there."""
    found = re.fullmatch(r"/r(\d+)", path)
    (moved(f"/r{int(found[1]) + 1}") if found else say("", status="404 Not Found"))(client, path)


def busy(status: str, retry_after: str = "", *more: str) -> Fault:
    """An answer that means "not now"."""
    return say("later", status=status, headers=(HTML, *([f"Retry-After: {retry_after}"] if retry_after else []), *more))


def no_end(body: bytes) -> Fault:
    """Neither length nor chunks, and the connection closed in the middle: HTTP alone cannot tell."""

    def write(client: socket.socket, path: str) -> None:
        client.sendall(f"HTTP/1.1 200 OK\r\n{HTML}\r\nConnection: close\r\n\r\n".encode() + body)

    return write


def calendar(step: str, *, rel: str = "") -> Fault:
    """A calendar without end: each page links to the next month. `step` is a path with a number for `{}`."""

    def write(client: socket.socket, path: str) -> None:
        found = re.search(r"(\d+)\D*$", path)
        number = int(found[1]) + 1 if found else 1
        say(f"<html><body><h1>Mois {number}</h1><a {rel} href='{step.format(number)}'>mois suivant</a></body></html>")(client, path)

    return write


def new_session(targets: tuple[str, ...], title: str) -> Fault:
    """A page whose links carry a session id that nobody has seen before."""
    count = iter(range(10_000))

    def write(client: socket.socket, path: str) -> None:
        number = next(count)
        say(page(title, *(f"{target}?PHPSESSID={number:032x}" for target in targets)))(client, path)

    return write


def same_listing(path_of_page: str) -> Fault:
    """A listing that shows its first page again, whatever offset is asked, and always names a next one."""

    def write(client: socket.socket, path: str) -> None:
        start = int((re.search(r"start=(\d+)", path) or ["", "0"])[1]) + 5
        items = "".join(f"<h2 class='item-title'><a href='{good}'>{title_of(good)}</a></h2>" for good in GOOD[:3])
        say(f"<html><body class='com_content view-category'>{items}<a rel='next' href='{path_of_page}?start={start}'>Suivant</a></body></html>")(
            client, path
        )

    return write


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault and its outcome. `pages` are added to the good site; `bad` are the addresses that it links to.

    `failures`: the failed addresses with their reasons; `skipped`: reasons with their least number; `asked`: how often a path is asked, exactly;
    `at_most`: how many paths with such a beginning are asked; `truncated`: what the captures of BAD are flagged with.
    """

    name: str
    pages: Mapping[str, Fault]
    bad: tuple[str, ...] = (BAD,)
    otherwise: Fault | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)
    truncated: frozenset[str | None] | None = None
    items: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    most_pages: int | None = None

    @property
    def exit_code(self) -> int:
        """6 if an address failed, else 0."""
        return FAILURES if self.failures else DONE


def lost(name: str, fault: Fault, reason: str, tries: int, truncated: frozenset[str | None] = frozenset(), **more: Any) -> Case:
    """A fault that costs its own address and nothing else."""
    return Case(name=name, pages={BAD: fault}, failures={BAD: reason}, asked={BAD: tries}, truncated=truncated, **more)


def healed(name: str, first: Fault, **more: Any) -> Case:
    """A fault that is gone at the second try: nothing is lost."""
    return Case(name=name, pages={BAD: in_turn(first, say(FAULTY))}, asked={BAD: 2}, items=(FAULTY_TITLE,), **more)


CUT: frozenset[str | None] = frozenset({"disconnect"})
UNSPECIFIED: frozenset[str | None] = frozenset({"unspecified"})
QUICK = {"DOWNLOAD_TIMEOUT": 0.4, "RABAT_BACKOFF": [0.01]}
PART = say(HALF, status="206 Partial Content", headers=(HTML, f"Content-Range: bytes 0-{len(HALF) - 1}/{len(FAULTY)}"))

CONNECTION = [
    healed("slow", slow(0.3, say("", status="503 Service Unavailable"))),
    lost("too slow", slow(5, say(FAULTY)), "no answer in time", 2, settings=QUICK),
    lost("one byte at a time", trickle(FAULTY, pause=0.02), "no answer in time", 2, settings=QUICK),
    lost("reset", reset, "connection lost", 5),
    lost("hung up", hang_up, "connection lost", 5),
    lost("no HTTP", garbage, "connection lost", 5),
    healed("reset once", reset),
    lost("reset mid-body", reset_in_body(HALF, promised=len(FAULTY)), "data loss", 2, CUT),
    healed("reset mid-body once", reset_in_body(HALF, promised=len(FAULTY))),
    lost("less than promised", cut(HALF, promised=len(FAULTY)), "data loss", 2, CUT),
    lost("more than promised", cut(FAULTY, promised=len(HALF)), "body ends before its end", 2, UNSPECIFIED),
    lost("a chunk too short", cut_chunk(HALF), "data loss", 2, CUT),
    lost("no length and no end", no_end(HALF), "body ends before its end", 2, UNSPECIFIED),
    healed("no length and no end once", no_end(HALF)),
    lost("206", PART, "only a part was sent (206)", 2, UNSPECIFIED),
]
CODING = [
    lost("cut gzip, right length", coded(PACKED[:-60], "gzip"), "body ends before its end", 2, UNSPECIFIED),
    healed("cut gzip once", coded(PACKED[:-60], "gzip")),
    lost("cut deflate", coded(zlib.compress(FAULTY)[:-30], "deflate"), "body ends before its end", 2, UNSPECIFIED),
    lost("cut br", coded(brotli.compress(FAULTY)[:-30], "br"), "body ends before its end", 2, UNSPECIFIED),
    lost("wrong CRC", coded(PACKED[:-8] + bytes(8), "gzip"), "damaged body", 2, UNSPECIFIED),
    lost("no gzip at all", coded(FAULTY, "gzip"), "damaged body", 2, UNSPECIFIED),
    lost("unknown coding", coded(FAULTY, "zstd"), "coding that cannot be decoded", 2, UNSPECIFIED),
    lost("twenty codings", coded(FAULTY, ", ".join(["gzip"] * 20)), "coding that cannot be decoded", 2, UNSPECIFIED),
    lost("gzip bomb", coded(gzip.compress(BOMB, mtime=0), "gzip"), "larger than the size limit", 1, frozenset({"length"})),
    lost("deflate bomb", coded(zlib.compress(BOMB), "deflate"), "larger than the size limit", 1, frozenset({"length"})),
    lost("br bomb", coded(brotli.compress(BOMB, quality=1), "br"), "larger than the size limit", 1, frozenset({"length"})),
]
SIZE = [
    lost("30 MB page", huge(30_000_000), "larger than the size limit", 1),
    lost("30 MB page, size not said", huge(30_000_000, said=False), "larger than the size limit", 1),
    lost(
        "seven million characters", say(b"<html><body>" + b"mot " * 1_800_000 + b"</body></html>"), "larger than the size limit", 1, frozenset({None})
    ),
    lost("nested 100 000 deep", say(b"<html><body>" + b"<div>" * 100_000 + b"x</body></html>"), "larger than the size limit", 1, frozenset({None})),
    Case(
        name="nested 45 000 deep",
        pages={
            BAD: say(b"<html><body>" + b"<div>" * 45_000 + b"x" + b"</div>" * 45_000 + b"</body></html>"),
            "/fr/b": say(b"<html><body>" + b"<ul><li>mot" * 45_000 + b"</body></html>"),
        },
        bad=(BAD, "/fr/b"),
        asked={BAD: 1, "/fr/b": 1},
    ),
]
TEXT = [
    Case(
        name="wrong charset",
        pages={BAD: say(page("Réunion à Nouakchott : l’été").encode("cp1252"))},
        items=("Réunion à Nouakchott : l’été",),
    ),
    Case(name="NUL bytes", pages={BAD: say(page("Page \0en\0 panne").replace("<p>", "<p>\0").encode())}, items=("Page en panne",)),
]
NOT_NOW = [
    healed("429", busy("429 Too Many Requests", "0")),
    healed("503", busy("503 Service Unavailable")),
    lost("429 for ever", busy("429 Too Many Requests"), "HTTP 429", 5, frozenset({None})),
    lost("503 for ever", busy("503 Service Unavailable"), "HTTP 503", 5, frozenset({None})),
    lost("500 for ever", busy("500 Internal Server Error"), "HTTP 500", 3, frozenset({None})),
    Case(
        name="503 storm that passes",
        pages={path: in_turn(busy("503 Service Unavailable"), busy("503 Service Unavailable"), say(page(title_of(path)))) for path in GOOD},
        bad=(),
        asked=dict.fromkeys(GOOD, 3),
    ),
]
TRAPS = [
    Case(name="redirect loop", pages={BAD: moved("/fr/b"), "/fr/b": moved(BAD)}, asked={BAD: 1, "/fr/b": 1}),
    Case(name="redirect to itself", pages={BAD: moved(BAD)}, asked={BAD: 1}),
    Case(
        name="redirects without end",
        pages={},
        bad=("/r0",),
        otherwise=endless_redirect,
        skipped={"too many redirects": 1},
        at_most={"/r": 8},
    ),
    Case(name="calendar by query", pages={}, bad=("/fr/agenda?mois=1",), otherwise=calendar("/fr/agenda?mois={}"), at_most={"/fr/agenda": 62}),
    Case(name="calendar by path", pages={}, bad=("/fr/agenda/2031/1",), otherwise=calendar("/fr/agenda/2031/{}"), at_most={"/fr/agenda": 62}),
    Case(
        name="session ids",
        pages={path: new_session(GOOD, title_of(path)) for path in GOOD} | {HOME: new_session(GOOD, "Accueil")},
        bad=(),
        asked=dict.fromkeys(GOOD, 1),
    ),
    Case(
        name="path that repeats",
        pages={},
        bad=("/fr/x/y/",),
        otherwise=say("<html><body><a href='x/y/'>plus</a></body></html>"),
        skipped={"path repeats itself": 1},
        at_most={"/fr/x/": 4},
    ),
    Case(
        name="start beyond the end",
        pages={},
        bad=("/fr/toute-l-actualite",),
        otherwise=same_listing("/fr/toute-l-actualite"),
        skipped={"listing has ended": 1},
        at_most={"/fr/toute": 4},
    ),
    Case(
        name="print, mail, search and login",
        pages={},
        bad=(
            GOOD[0] + "?tmpl=component&print=1",
            GOOD[0] + "?format=pdf",
            "/fr/component/mailto/?link=1",
            "/fr/recherche?searchword=x",
            "/?s=x",
            "/fr/component/users/?view=login",
        ),
        skipped={"mailto form": 1, "search page": 2, "login form": 1, "machine form": 1},
        asked={GOOD[0]: 1},
        at_most={"/fr/component": 0, "/fr/recherche": 0, "/?": 0},
    ),
]
CASES = [*CONNECTION, *CODING, *SIZE, *TEXT, *NOT_NOW, *TRAPS]

FORGED: tuple[str, ...] = (
    "file:///etc/passwd",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "//127.0.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://127.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://{own}@127.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]/",
    "http://10.0.0.1/",
    "https://{own}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "data:text/html,<h1>x</h1>",
    "javascript:alert(1)",
)
"""Where a redirect, a link or a base address of the site would lead the crawler; `{port}` listens, `{own}` is the site."""
