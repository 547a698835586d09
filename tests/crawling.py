"""A loopback server whose every answer a test chooses, and one call that crawls it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.errors import RabatError
from rabat_crawler.models import Item, Run, Site
from rabat_crawler.runner import crawl

FAST = {"RABAT_BACKOFF": [0.01, 0.02, 0.03, 0.04], "RABAT_MIN_FREE": 0, "RABAT_PROBE": False}
Mode = Literal["", "drop", "cut", "hang"]


class Reply(NamedTuple):
    """One answer. `mode`: drop the connection, cut the body in half, or hang until the server stops."""

    body: str | bytes = b""
    status: int = 200
    headers: Mapping[str, str] = {}
    mode: Mode = ""


class Asked(NamedTuple):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    time: float


@dataclass
class Web:
    """The pages of a site by path; a list is used up answer by answer, its last one stays. Anything else is a 404."""

    origin: str = ""
    pages: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        """The paths asked for, robots.txt left out."""
        return [asked.path for asked in self.log if asked.path != "/robots.txt"]

    def answer(self, path: str) -> Reply:
        reply = self.pages.get(path, Reply("<h1>404</h1>", 404))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        return reply


@contextmanager
def web(pages: Mapping[str, Reply | list[Reply]] | None = None) -> Iterator[Web]:
    """A running server on a free loopback port."""
    site = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            site.log.append(Asked(self.path, dict(self.headers.items()), time.monotonic()))
            reply = site.answer(self.path)
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            if reply.mode == "hang":
                site.over.wait(20)
            if reply.mode in ("hang", "drop"):
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in ({"Content-Type": "text/html; charset=utf-8"} | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if reply.mode == "cut" else body)
            self.close_connection = reply.mode == "cut" or self.close_connection

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is no error here."""

    server = Server(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_port}"
    site.pages = dict(pages or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def article(title: str, *links: str, date: str = "2017-07-17") -> Reply:
    """An article in the markup of Joomla 3, with links below its text."""
    text = "<p>Les points focaux se sont réunis pour préparer la feuille de route du dialogue et pour échanger leurs expériences.</p>" * 3
    more = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
    return Reply(
        f"<!DOCTYPE html><html lang='fr-fr'><head><title>{title}</title></head><body class='site com_content view-article itemid-101'>"
        f"<main id='content'><div class='item-page' itemscope itemtype='https://schema.org/Article'><div class='page-header'>"
        f"<h2 itemprop='headline'>{title}</h2></div><dl class='article-info muted'><dd class='published'>"
        f"<time datetime='{date}T10:00:00+00:00' itemprop='datePublished'>Publication : 17 juillet 2017</time></dd></dl>"
        f"<div itemprop='articleBody'>{text}</div></div>{more}</main></body></html>"
    )


def links(*hrefs: str) -> Reply:
    """A page that is nothing but links."""
    return Reply("<html><head><title>Accueil</title></head><body>" + "".join(f'<a href="{href}">{href}</a> ' for href in hrefs) + "</body></html>")


class Crawled(NamedTuple):
    """How a crawl ended: the stored run, the error it raised (None if none), the captures as (path, status, truncated), the items."""

    run: Run
    error: BaseException | None
    captures: list[tuple[str, int, str | None]]
    items: list[Item]

    def skipped(self) -> dict[str, int]:
        return {reason: tally["count"] for reason, tally in self.run.counts["skipped"].items()}

    def failures(self) -> dict[str, str]:
        return {failure["url"].split("/", 3)[3]: failure["reason"] for failure in self.run.counts["failures"]}


def crawl_web(site: Web | Site, folder: Path, *, settings: Mapping[str, Any] | None = None, **options: Any) -> Crawled:
    """Crawl a server (with the generic definition) or a site; errors of ours are returned, not raised."""
    definition = registry.generic_site(site.origin + "/") if isinstance(site, Web) else site
    delay = options.pop("delay", 0.0)
    error: BaseException | None = None
    with Archive.open(folder, write=True, create=True) as archive:
        try:
            run = crawl(archive, definition, delay=delay, settings=FAST | dict(settings or {}), **options)
        except RabatError as raised:
            error = raised
            run = archive.runs()[0]
        rows = archive.connection.execute("SELECT url, status, truncated FROM captures ORDER BY captured_at").fetchall()
        return Crawled(run, error, [("/" + row[0].split("/", 3)[3], row[1], row[2]) for row in rows], list(archive.items()))
