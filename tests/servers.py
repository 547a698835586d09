"""Servers for tests, all on an ephemeral port of 127.0.0.1, all context managers: the sample site, a dict of pages, a server with faults."""

from __future__ import annotations

import gzip
import itertools
import math
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from rabat_crawler.demo import Response, SampleSite, Serving, serve

HTML = "text/html; charset=utf-8"
NOT_FOUND = Response(404, (("Content-Type", HTML),), b"<html><head><title>404</title></head><body><h1>404</h1></body></html>")

Page = str | bytes | Response
"""A page of a `PageSet`: HTML text, HTML bytes, or a whole answer."""


@dataclass
class PageSet:
    """Pages by path with query; the path alone if the query is not listed. `{origin}` in HTML text becomes the origin asked on."""

    pages: Mapping[str, Page]
    fallback: Response = NOT_FOUND

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        """The listed page, or the fallback."""
        found = self.pages.get(path_with_query)
        if found is None:
            return self.fallback
        if isinstance(found, Response):
            return found
        body = found.replace("{origin}", origin).encode() if isinstance(found, str) else found
        return Response(200, (("Content-Type", HTML),), body)


def answer(body: str | bytes = b"", *, status: int = 200, media_type: str = HTML, gzipped: bool = False, **headers: str) -> Response:
    """A whole answer for a `PageSet`; header names are written with "_" for "-" (`Retry_After="5"`)."""
    raw = body.encode() if isinstance(body, str) else body
    pairs = [("Content-Type", media_type), *((name.replace("_", "-"), value) for name, value in headers.items())]
    if gzipped:
        raw = gzip.compress(raw, mtime=0)
        pairs.append(("Content-Encoding", "gzip"))
    return Response(status, tuple(pairs), raw)


def redirect(location: str, *, status: int = 301) -> Response:
    """A redirect; a relative location is sent as it is."""
    return answer(status=status, Location=location)


def serve_pages(pages: Mapping[str, Page], *, port: int = 0) -> Serving:
    """Serve a dict of pages."""
    return serve(PageSet(pages), port=port)


def serve_sample(edition: int = 1, *, port: int = 0) -> Serving:
    """Serve the bundled sample site."""
    return serve(SampleSite(edition=edition), port=port)


Fault = Callable[[socket.socket, str], None]
"""Writes raw bytes to a client that has asked for a path, or does not. The connection is closed after it."""


@dataclass
class Visit:
    """One request: its path, when it was read and when it was dealt with (by the monotonic clock)."""

    path: str
    began: float
    ended: float = 0.0


@dataclass
class FaultyServing:
    """A running server with faults. `visits`: the requests in their order."""

    origin: str
    visits: list[Visit] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The paths in the order of their requests."""
        return [visit.path for visit in self.visits]

    def overlaps(self, *, tolerance: float = 0.03) -> list[tuple[str, str]]:
        """Pairs of requests of which the second came while the first was being answered, by more than the time that a thread takes to end."""
        pairs = itertools.combinations(self.visits, 2)
        return [(one.path, other.path) for one, other in pairs if other.began < (one.ended or math.inf) - tolerance]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.origin.rpartition(":")[2])

    def url(self, path: str = "/") -> str:
        """The absolute address of a path."""
        return self.origin + path


def say(body: str | bytes = b"", *, status: str = "200 OK", headers: Sequence[str] = ("Content-Type: text/html; charset=utf-8",)) -> Fault:
    """No fault: a whole answer."""
    raw = body.encode() if isinstance(body, str) else body

    def write(client: socket.socket, path: str) -> None:
        client.sendall(_head(status, [*headers, f"Content-Length: {len(raw)}"]) + raw)

    return write


def cut(body: bytes, *, promised: int, headers: Sequence[str] = ("Content-Type: text/html; charset=utf-8",)) -> Fault:
    """Fewer bytes than Content-Length promises."""

    def write(client: socket.socket, path: str) -> None:
        client.sendall(_head("200 OK", [*headers, f"Content-Length: {promised}"]) + body)

    return write


def reset(client: socket.socket, path: str) -> None:
    """A TCP reset instead of an answer."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_in_body(body: bytes, *, promised: int) -> Fault:
    """A TCP reset in the middle of the body."""

    def write(client: socket.socket, path: str) -> None:
        client.sendall(_head("200 OK", ["Content-Type: text/html; charset=utf-8", f"Content-Length: {promised}"]) + body)
        time.sleep(0.05)
        reset(client, path)

    return write


def cut_chunk(body: bytes) -> Fault:
    """A chunked body that ends in the middle of a chunk."""

    def write(client: socket.socket, path: str) -> None:
        head = _head("200 OK", ["Content-Type: text/html; charset=utf-8", "Transfer-Encoding: chunked"])
        client.sendall(head + f"{len(body) * 2:x}\r\n".encode() + body)

    return write


def hang_up(client: socket.socket, path: str) -> None:
    """The connection closed without a byte."""


def garbage(client: socket.socket, path: str) -> None:
    """Bytes that are no HTTP."""
    client.sendall(b"\x00\xff this is not http\r\n\r\n")


def slow(seconds: float, then: Fault) -> Fault:
    """Another answer after a pause, unless the client goes away before."""

    def write(client: socket.socket, path: str) -> None:
        client.settimeout(seconds)
        with suppress(TimeoutError):
            client.recv(1)
            return
        client.settimeout(None)
        then(client, path)

    return write


def trickle(body: bytes, *, pause: float) -> Fault:
    """The body one byte at a time."""

    def write(client: socket.socket, path: str) -> None:
        client.sendall(_head("200 OK", ["Content-Type: text/html", f"Content-Length: {len(body)}"]))
        for index in range(len(body)):
            client.sendall(body[index : index + 1])
            time.sleep(pause)

    return write


def bad_gzip(body: bytes = b"\x1f\x8b\x08\x00 not a gzip stream") -> Fault:
    """A body that is not the gzip it is announced as."""
    return say(body, headers=("Content-Type: text/html", "Content-Encoding: gzip"))


def huge(size: int, *, said: bool = True) -> Fault:
    """A page of `size` bytes, sent in pieces; without `said` nobody knows its size before its end."""

    def write(client: socket.socket, path: str) -> None:
        client.sendall(_head("200 OK", ["Content-Type: text/html", *([f"Content-Length: {size}"] if said else [])]))
        for start in range(0, size, 65536):
            client.sendall(b"x" * min(65536, size - start))

    return write


def in_turn(*faults: Fault) -> Fault:
    """The first fault for the first request, and so on; the last one for all others."""
    left = list(faults)
    guard = threading.Lock()

    def write(client: socket.socket, path: str) -> None:
        with guard:
            now = left.pop(0) if len(left) > 1 else left[0]
        now(client, path)

    return write


@contextmanager
def serve_faults(faults: Mapping[str, Fault], *, otherwise: Fault | None = None, port: int = 0) -> Iterator[FaultyServing]:
    """A server whose paths misbehave as told; a path not named gets `otherwise` (default: a 404). `faults` may change while it runs."""
    fallback = otherwise or say("<h1>404</h1>", status="404 Not Found")
    serving = FaultyServing("")

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            path = _asked(self.request)
            if path is None:
                return
            visit = Visit(path, time.monotonic())
            serving.visits.append(visit)
            try:
                faults.get(path, fallback)(self.request, path)
            except OSError:
                return
            finally:
                visit.ended = time.monotonic()

    with _FaultServer(("127.0.0.1", port), Handler) as server:
        serving.origin = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield serving
        finally:
            server.shutdown()
            thread.join()


class _FaultServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close at once: an orderly shutdown first would undo a reset."""
        self.close_request(request)


def _head(status: str, headers: Sequence[str]) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode("latin-1")


def _asked(client: socket.socket) -> str | None:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = client.recv(65536)
        if not chunk or len(received) > 65536:
            return None
        received += chunk
    parts = received.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return parts[1] if len(parts) > 1 else None


@contextmanager
def forbidden() -> Iterator[tuple[int, list[object]]]:
    """A port that really listens and that nobody may connect to: the port, and who did."""
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    client, caller = listener.accept()
                    callers.append(caller)
                    client.close()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], callers
        finally:
            over.set()
            thread.join()
