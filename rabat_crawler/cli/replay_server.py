"""A server on loopback for one archived page, and for what else of the archive its links lead to. No page of it may run a script or reach the web."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from rabat_crawler.archive import Archive
from rabat_crawler.archive.captured import Played
from rabat_crawler.cdxj import timestamp
from rabat_crawler.errors import RabatError
from rabat_crawler.playback import clean, fields, guards, memento_path, moment_in, read_path, status_for
from rabat_crawler.urls import url_key


class ReplayServer(ThreadingHTTPServer):
    """Serves on a free port of 127.0.0.1; `address` is that of the page."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, archive: Path, played: Played, idle: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive, self.played, self.idle = archive, played, idle
        self.asked = time.monotonic()
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        self.address = f"http://127.0.0.1:{self.server_port}{memento_path(played.capture.captured_at, played.capture.url)}"

    def run(self) -> None:
        """Answer until nobody has asked for `idle` seconds."""
        while (left := self.asked + self.idle - time.monotonic()) > 0:
            self.timeout = left
            self.handle_request()


@contextlib.contextmanager
def serving(archive: Path, played: Played, idle: float) -> Iterator[ReplayServer]:
    """The server, closed at the end."""
    server = ReplayServer(archive, played, idle)
    try:
        yield server
    finally:
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The page itself, another capture by time and address, or a link within the page's site."""

    server: ReplayServer
    server_version, sys_version = "rabat-crawler", ""
    timeout = 30

    def do_GET(self) -> None:
        """Answer with a page."""
        self.server.asked = time.monotonic()
        if self.headers.get("Host", "") not in self.server.hosts:  # another site's name that was pointed here must not read the archive
            self._say(403, "this server is for this machine only")
            return
        try:
            self._answer()
        except RabatError as error:
            self._say(500, str(error))

    do_HEAD = do_GET

    def _answer(self) -> None:
        page = self.server.played.capture
        found = read_path(self.path)
        if found is None:  # a link such as /fr/actualites, which means the page's own site; "/" alone is the page
            self._redirect(memento_path(page.captured_at, page.url if self.path == "/" else urljoin(page.url, self.path)))
            return
        stamp, url = found
        if stamp == timestamp(page.captured_at) and url_key(url) == page.url_key:
            self._play(self.server.played)
        else:
            self._nearest(stamp, url)

    def _nearest(self, stamp: str, url: str) -> None:
        """The capture of the address nearest to that time; it is always served under its own time."""
        moment = moment_in(stamp)
        if moment is None:
            self._say(404, f"{stamp} is no time")
            return
        with Archive.open(self.server.archive) as archive:
            listed = archive.nearest(url, moment)
            if listed is None:
                self._say(404, f"not in the archive: {url}")
            elif stamp == timestamp(listed.capture.captured_at):
                self._play(archive.play(listed))
            else:
                self._redirect(memento_path(listed.capture.captured_at, listed.capture.url))

    def _play(self, played: Played) -> None:
        self._send(status_for(played.capture), played.body()[0], fields(played.capture, played.content_type))

    def _redirect(self, path: str) -> None:
        self._send(302, b"", [("Location", path), *guards()])

    def _say(self, status: int, message: str) -> None:
        self._send(status, message.encode("utf-8", "replace"), [("Content-Type", "text/plain; charset=utf-8"), *guards()])

    def _send(self, status: int, body: bytes, headers: Sequence[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, clean(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is said of requests."""
