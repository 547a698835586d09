"""One HTTP connection to one server at a time: bytes as they came, bounded in size and time, to checked addresses only. No retries, no redirects."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from urllib3 import exceptions as http_errors
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from rabat_crawler.errors import ConfigError
from rabat_crawler.extract.hosts import is_public
from rabat_crawler.memento import ORIGINAL, Headers

MAX_BODY = 16 * 1024 * 1024
MAX_INDEX = 64 * 1024 * 1024
CHUNK = 65536
CONNECT_SECONDS = 20.0
TOTAL_SECONDS = 90.0
_FAILURES = (OSError, http_errors.HTTPError, http.client.HTTPException, ValueError)


class NoAnswer(Exception):
    """Nothing usable came back. `lost`: the connection was refused or reset."""

    def __init__(self, reason: str, *, lost: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lost = reason, lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came: the body still content-encoded, `truncated` in WARC's words if it is not whole."""

    status: int
    headers: Headers
    body: bytes
    truncated: str | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, case ignored."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def is_memento(self) -> bool:
        """True if it is a capture, whatever its status: an archived 429 says nothing about us."""
        return any(name.lower() == "memento-datetime" or name.lower().startswith(ORIGINAL) for name, _ in self.headers)


@dataclass(slots=True, kw_only=True)
class Wire:
    """Keeps one connection open. `private_allowed`: the server's address was given by hand, so it may be a private one."""

    user_agent: str
    private_allowed: bool = False
    total_seconds: float = TOTAL_SECONDS
    max_body: int = MAX_BODY
    requests: int = 0
    received: int = 0
    answered: bool = False
    _connection: HTTPConnection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, address: str, *, unpacked: bool = False) -> Answer:
        """The answer to one request; `unpacked`: with its content coding undone, and up to `MAX_INDEX` bytes. NoAnswer if there is none.

        A connection that was kept and turns out closed is opened anew at once.
        """
        self.requests += 1
        kept = self._connection is not None
        try:
            return self._exchange(address, unpacked)
        except NoAnswer as error:
            if not (kept and error.lost):
                raise
        return self._exchange(address, unpacked)

    def _exchange(self, address: str, unpacked: bool) -> Answer:
        parts = urlsplit(address)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"User-Agent": self.user_agent, "Accept": "*/*", "Accept-Encoding": "gzip" if unpacked else "gzip, deflate, br"}
        connection = self._open(parts.scheme, parts.hostname or "", parts.port)
        with _Deadline(connection, self.total_seconds) as deadline:
            try:
                connection.request("GET", target, headers=headers, preload_content=False, decode_content=False)
                deadline.connected()
                response = connection.getresponse()
            except _FAILURES as error:
                self.close()
                raise _no_answer(error, late=deadline.over) from error
            self.answered = True
            answer = self._read(response, deadline, unpacked)
        if answer.truncated or (answer.header("connection") or "").lower() == "close":
            self.close()
        return answer

    def _read(self, response: HTTPResponse, deadline: _Deadline, unpacked: bool) -> Answer:
        body, truncated = bytearray(), None
        limit = MAX_INDEX if unpacked else self.max_body
        try:
            while chunk := response.read1(CHUNK, decode_content=unpacked):
                body += chunk
                if len(body) > limit:
                    del body[limit:]
                    truncated = "length"
                    break
        except _FAILURES:
            truncated = "time" if deadline.over else "disconnect"
        if deadline.over and truncated is None:
            truncated = "time"
        self.received += len(body)
        headers = tuple((str(name), str(value)) for name, value in response.headers.items())
        return Answer(status=response.status, headers=headers, body=bytes(body), truncated=truncated)

    def _open(self, scheme: str, host: str, port: int | None) -> HTTPConnection:
        """The kept connection if it still stands; else a new one, not yet connected."""
        if self._connection is not None and self._connection.sock is not None and self._connection.is_connected:
            return self._connection
        self.close()
        seconds = min(CONNECT_SECONDS, self.total_seconds)
        if scheme == "https":
            secure = _SecureConnection(host, port, timeout=seconds, ssl_context=ssl.create_default_context())
            secure.private_allowed = self.private_allowed
            self._connection = secure
        else:
            plain = _PlainConnection(host, port, timeout=seconds)
            plain.private_allowed = self.private_allowed
            self._connection = plain
        return self._connection


class _PlainConnection(HTTPConnection):
    private_allowed = False

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port, float(CONNECT_SECONDS), private_allowed=self.private_allowed)


class _SecureConnection(HTTPSConnection):
    private_allowed = False

    def _new_conn(self) -> socket.socket:
        return _connect(self.host, self.port, float(CONNECT_SECONDS), private_allowed=self.private_allowed)


def _connect(host: str, port: int, seconds: float, *, private_allowed: bool) -> socket.socket:
    """A socket to one of the host's addresses: what was checked is what is connected to."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    allowed = [one for one in found if private_allowed or is_public(str(one[4][0]))]
    if not allowed:
        raise ConfigError(f"{host} leads to {found[0][4][0]}, which is no public address; give the archive's own address with --archive-source URL")
    error: OSError | None = None
    for family, kind, protocol, _, place in allowed:
        one = socket.socket(family, kind, protocol)
        try:
            one.settimeout(seconds)
            one.connect(place)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as raised:
            one.close()
            error = raised
        else:
            return one
    raise error or OSError("no address")


class _Deadline:
    """Cuts the connection when the time for the whole exchange is over, however busily the server trickles. `over` is True then."""

    def __init__(self, connection: HTTPConnection, seconds: float) -> None:
        self.over = False
        self._connection = connection
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def connected(self) -> None:
        """Remember the socket: the connection lets go of it when the server says that it will close."""
        self._socket = self._connection.sock
        if self._socket is not None and hasattr(socket, "TCP_QUICKACK"):
            # A server that writes head and body apart (pywb) waits for this ACK, which would come 40 ms late on a kept connection.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _cut(self) -> None:
        self.over = True
        wire = self._socket or self._connection.sock
        if wire is None:
            return
        try:
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
        except OSError:
            return

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        self._timer.join()


def _no_answer(error: Exception, *, late: bool) -> NoAnswer:
    """The failure in words."""
    text = f"{error} {error.__cause__ or ''}"
    if late or isinstance(error, TimeoutError | http_errors.TimeoutError):
        return NoAnswer("no answer in time")
    if "certificate verify failed" in text.lower():
        return NoAnswer("certificate not trusted")
    if isinstance(error, socket.gaierror) or "name resolution" in text.lower():
        return NoAnswer("host name not found")
    if isinstance(error, ConnectionRefusedError):
        return NoAnswer("connection refused", lost=True)
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return NoAnswer("no HTTP")
    return NoAnswer("connection lost", lost=True)
