"""The sample site over HTTP/1.1 on loopback: keep-alive, gzip, HEAD, validators for files, and a log of what was asked."""

from __future__ import annotations

import itertools
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from rabat_crawler.demo.faults import ConnectionDropped
from rabat_crawler.demo.site import Response, SampleSite

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 30
COOKIE = "3f0c1a7be5d9420c8a6e1b94d7f25c08"
MAX_FORM = 1_000_000
_HOST = re.compile(r"^[A-Za-z0-9.\[\]:-]{1,255}$")


class Pages(Protocol):
    """Anything that answers like `SampleSite.page`."""

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        """The answer to GET on a path; ConnectionDropped if the connection is to be reset instead."""


class Request(NamedTuple):
    """One request as it was answered. `time`: seconds since the epoch at its arrival; `status` 0: reset; `in_flight`: requests at work then, this one included;
    `agent`: its User-Agent.
    """

    time: float
    method: str
    path: str
    status: int
    in_flight: int
    agent: str = ""


class Serving:
    """A running server (context manager; leaving it stops the server and drops open connections)."""

    def __init__(self, pages: Pages, *, port: int = 0, log: Callable[[Request], None] | None = None, cookies: bool = True) -> None:
        self.pages = pages
        self.cookies = cookies
        self.requests: list[Request] = []
        self.log = log
        self.active = 0
        self.lock = threading.Lock()
        self._cookies = itertools.count(1)
        self._server = _Server((LOOPBACK, port), _Handler, serving=self)
        self.port: int = self._server.server_address[1]
        self.origin = f"http://{LOOPBACK}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.drop_connections()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until interrupted (KeyboardInterrupt passes through)."""
        while self._thread.is_alive():
            self._thread.join(1)

    def url(self, path: str = "/") -> str:
        """The absolute address of a path."""
        return self.origin + path

    def arrive(self) -> int:
        """Count a request that starts; how many are at work now."""
        with self.lock:
            self.active += 1
            return self.active

    def leave(self, request: Request) -> None:
        """Count a request that ends, and log it."""
        with self.lock:
            self.active -= 1
            self.requests.append(request)
        if self.log is not None:
            self.log(request)

    def session(self) -> str:
        """A new session cookie, as the first answer of a session carries."""
        return f"{COOKIE}={next(self._cookies):026x}; path=/; HttpOnly"


def serve(site: Pages | None = None, *, port: int = 0, log: Callable[[Request], None] | None = None) -> Serving:
    """A server on 127.0.0.1 for a site (default: the sample site), on a free port unless one is given. Use with `with`.

    OSError if the port is taken. `log` is called for each request, from the thread that answered it.
    """
    return Serving(site if site is not None else SampleSite(), port=port, log=log)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], *, serving: Serving) -> None:
        self.serving = serving
        self._open: set[Any] = set()
        self._reset: set[Any] = set()
        self._guard = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
            dropped = request in self._reset
            self._reset.discard(request)
        if dropped:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def drop(self, request: Any) -> None:
        """Reset a connection when its request is over: it lingers for no time, and an orderly shutdown would undo that."""
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._guard:
            self._reset.add(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error here."""

    def drop_connections(self) -> None:
        """Close what keep-alive left open."""
        with self._guard:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        """A form: its content is dropped, the page itself is asked again, as Joomla does after a form."""
        length = self.headers.get("Content-Length", "0")
        if length.isdigit() and int(length) <= MAX_FORM:
            self.rfile.read(int(length))
        else:
            self.close_connection = True
        self._answer(see_other=True)

    def _answer(self, *, see_other: bool = False) -> None:
        assert isinstance(self.server, _Server)
        serving = self.server.serving
        started, in_flight = time.time(), serving.arrive()
        status = 0
        try:
            response = self._respond(serving, see_other)
            status = response.status
            self._send(response, serving)
        except ConnectionDropped:
            self.close_connection = True
            self.server.drop(self.connection)
        finally:
            serving.leave(Request(started, self.command, self.path, status, in_flight, self.headers.get("User-Agent", "")))

    def _respond(self, serving: Serving, see_other: bool) -> Response:
        host = self.headers.get("Host", "")
        origin = f"http://{host}" if _HOST.match(host) else serving.origin
        if see_other:
            return Response(303, (("Location", origin + self.path.split("?")[0]), ("Content-Type", "text/html; charset=utf-8")), b"")
        response = serving.pages.page(self.path, origin=origin, gzip_ok="gzip" in self.headers.get("Accept-Encoding", ""))
        tag = response.header("ETag")
        if tag and tag in self.headers.get("If-None-Match", ""):
            return Response(304, (("ETag", tag),), b"")
        return response

    def _send(self, response: Response, serving: Serving) -> None:
        status = response.status
        phrase = HTTPStatus(status).phrase
        lines = [f"HTTP/1.1 {status} {phrase}", f"Date: {formatdate(usegmt=True)}", "Server: Apache", "X-Content-Type-Options: nosniff"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        if serving.cookies and "Cookie" not in self.headers and (response.header("Content-Type") or "").startswith("text/html"):
            lines.append(f"Set-Cookie: {serving.session()}")
        if status != 304:
            lines.append(f"Content-Length: {len(response.body)}")
        lines.append("Connection: close" if self.close_connection else "Connection: Keep-Alive")
        self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        if self.command != "HEAD" and status != 304:
            self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
