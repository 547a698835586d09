"""The client of web archives against servers on loopback that behave and misbehave: rates, holds, blocks, redirects, cuts. No archive is asked."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rabat_crawler.cdx import Query
from rabat_crawler.errors import Blocked, ConfigError, MementoUnavailable, PutOff, SiteUnreachable
from rabat_crawler.memento import Limits, Source, moment_of, slowed, source_from
from rabat_crawler.wayback import MAX_PAUSE, Stopped, Wayback
from rabat_crawler.wire import Wire
from tests.servers import (
    Fault,
    FaultyServing,
    cut,
    cut_chunk,
    garbage,
    hang_up,
    huge,
    in_turn,
    reset,
    reset_in_body,
    say,
    serve_faults,
    slow,
    trickle,
)

AT, DATE = "20170102030405", "Mon, 02 Jan 2017 03:04:05 GMT"
LATER, LATER_DATE = "20170303030303", "Fri, 03 Mar 2017 03:03:03 GMT"
URL = "http://www.rabat-process.org/fr/"
PLAY, PLAY_LATER = f"/web/{AT}id_/{URL}", f"/web/{LATER}id_/{URL}"
HTML = "Content-Type: text/html"
MEMENTO = (HTML, f"Memento-Datetime: {DATE}", "X-Archive-Orig-Server: Apache")
QUICK = Limits(index=0.0, playback=0.0, hold=0.0, pauses=(0.0, 0.0))
QUERY = Query(url="www.rabat-process.org")
ROWS = b"org,rabat-process)/fr 20170102030405 http://www.rabat-process.org/fr/ text/html 200 ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 1\n"


def played(body: bytes = b"<p>then</p>", *more: str, status: str = "200 OK", date: str = DATE) -> Fault:
    return say(body, status=status, headers=(HTML, f"Memento-Datetime: {date}", *more))


def refusal(status: str, *headers: str) -> Fault:
    return say(b"<p>no</p>", status=status, headers=(HTML, *headers))


@contextmanager
def archive(
    faults: Mapping[str, Fault],
    *,
    otherwise: Fault | None = None,
    limits: Limits = QUICK,
    dialect: str = "wayback",
    private: bool = True,
    total: float = 5.0,
) -> Iterator[tuple[Wayback, FaultyServing]]:
    with serve_faults(faults, otherwise=otherwise) as serving:
        root = serving.url("/web/") if dialect == "wayback" else serving.url("/past/")
        given = source_from(root)
        source = Source(name=given.name, index=given.index, playback=given.playback, dialect=given.dialect, root=given.root, limits=limits)
        client = Wayback(source=source, wire=Wire(user_agent="test (+nobody)", private_allowed=private, total_seconds=total))
        try:
            yield client, serving
        finally:
            client.wire.close()


def test_a_capture_comes_with_its_time_and_the_bytes_as_they_were() -> None:
    packed = gzip.compress(b"<p>then</p>")
    with archive({PLAY: played(packed, "Content-Encoding: gzip", "X-Archive-Orig-Content-Encoding: gzip")}) as (client, serving):
        found = client.fetch(AT, URL)
    assert (found.body, found.truncated, found.said.note) == (packed, None, "")
    assert found.said.captured_at == moment_of(AT)
    assert found.address == serving.url(PLAY)
    assert (client.wire.requests, client.wire.received) == (1, len(packed))


def test_a_body_packed_by_the_archive_is_kept_as_received_and_said() -> None:
    packed = gzip.compress(b"<p>then</p>")
    with archive({PLAY: played(packed, "Content-Encoding: gzip", "X-Archive-Orig-Server: Apache")}) as (client, _):
        found = client.fetch(AT, URL)
    assert found.body == packed
    assert "received as gzip" in found.said.note


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many", "503 Busy", "403 No", "301 Moved"])
def test_an_archived_status_is_a_capture_and_no_word_about_us(status: str) -> None:
    with archive({PLAY: played(b"x", "Retry-After: 4000", "X-Archive-Orig-Location: /", status=status)}) as (client, _):
        assert client.fetch(AT, URL).said.status == int(status[:3])
    assert client.wire.requests == 1


def test_the_rates_are_kept_each_by_itself() -> None:
    limits = Limits(index=0.15, playback=0.1, pauses=())
    index = say(ROWS, headers=("Content-Type: text/plain",))
    with archive({PLAY: played()}, otherwise=index, limits=limits) as (client, serving):
        for _ in range(3):
            client.fetch(AT, URL)
        for _ in range(2):
            client.list_captures(QUERY)
        began = [visit.began for visit in serving.visits]
        assert serving.overlaps() == []
    gaps = [after - before for before, after in zip(began, began[1:], strict=False)]
    assert min(gaps[0], gaps[1]) >= 0.09
    assert gaps[3] >= 0.14


def test_trouble_is_tried_again_with_pauses() -> None:
    limits = Limits(index=0.0, playback=0.0, pauses=(0.1, 0.2))
    with archive({PLAY: in_turn(refusal("502 Bad"), reset, played())}, limits=limits) as (client, serving):
        began = time.monotonic()
        assert client.fetch(AT, URL).body
        assert 0.3 <= time.monotonic() - began < 3
        assert len(serving.visits) == 3


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_holds_everything(as_date: bool) -> None:
    def hold(client: object, path: str) -> None:
        # a server whose clock is wrong by a year means its own date
        clock = datetime.now(UTC) - timedelta(days=365)
        value = format_datetime((clock + timedelta(seconds=1)).replace(microsecond=0), usegmt=True) if as_date else "1"
        refusal("429 Too Many", f"Date: {format_datetime(clock.replace(microsecond=0), usegmt=True)}", f"Retry-After: {value}")(client, path)  # type: ignore[arg-type]

    with archive({PLAY: in_turn(hold, played())}) as (client, _):
        began = time.monotonic()
        client.fetch(AT, URL)
        assert time.monotonic() - began >= 0.99


def test_a_429_without_a_word_is_held_and_the_third_ends_it() -> None:
    limits = Limits(index=0.0, playback=0.0, hold=0.1)
    with archive({PLAY: refusal("429 Too Many")}, limits=limits) as (client, serving):
        began = time.monotonic()
        with pytest.raises(PutOff, match="429 3 times") as raised:
            client.fetch(AT, URL)
        assert time.monotonic() - began >= 0.2
    assert not isinstance(raised.value, Blocked)
    assert raised.value.retry_after == 0.1
    assert len(serving.visits) == 3


@pytest.mark.parametrize("status", ["429 Too Many", "503 Busy", "403 Forbidden"])
def test_a_long_retry_after_is_a_block_and_ends_it_at_once(status: str) -> None:
    with archive({PLAY: refusal(status, f"Retry-After: {MAX_PAUSE + 1:.0f}")}) as (client, serving):
        with pytest.raises(Blocked) as raised:
            client.fetch(AT, URL)
        assert raised.value.retry_after == MAX_PAUSE + 1
        assert len(serving.visits) == 1


def test_connections_reset_after_others_worked_are_a_block() -> None:
    limits = Limits(index=0.0, playback=0.0, pauses=(0.0,) * 9)
    with archive({PLAY: in_turn(played(), reset)}, limits=limits) as (client, serving):
        client.fetch(AT, URL)
        with pytest.raises(Blocked, match="3 times in a row"):
            client.fetch(AT, URL)
        assert len(serving.visits) <= 5


def test_nobody_there_is_said_as_such() -> None:
    with archive({}) as (client, serving):
        pass
    with pytest.raises(SiteUnreachable, match="connection refused"):
        client.fetch(AT, URL)


def test_forbidden_again_and_again_is_a_block_but_a_barred_capture_is_not() -> None:
    barred = refusal("403 Forbidden", "X-Archive-Wayback-Runtime-Error: RobotAccessControlException: Blocked By Robots")
    with archive({PLAY: barred}) as (client, _):
        for _ in range(6):
            with pytest.raises(MementoUnavailable) as raised:
                client.fetch(AT, URL)
            assert raised.value.final
            assert "RobotAccessControlException" in str(raised.value)
    with archive({PLAY: refusal("403 Forbidden")}) as (client, _):
        for _ in range(2):
            with pytest.raises(MementoUnavailable):
                client.fetch(AT, URL)
        with pytest.raises(Blocked):
            client.fetch(AT, URL)


UNUSABLE = [
    ("server trouble", refusal("500 Oops"), "HTTP 500"),
    ("no HTTP", garbage, "no HTTP"),
    ("no memento", refusal("200 OK"), "without a capture"),
    ("not there", refusal("404 Not Found"), "listed, but not there"),
]


@pytest.mark.parametrize(("fault", "reason"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
def test_one_capture_that_cannot_be_had(fault: Fault, reason: str) -> None:
    with archive({PLAY: in_turn(played(), fault)}) as (client, _):
        client.fetch(AT, URL)
        with pytest.raises(MementoUnavailable, match=reason) as raised:
            client.fetch(AT, URL)
        assert not raised.value.final


def test_five_in_a_row_end_it() -> None:
    with archive({PLAY: in_turn(played(), refusal("500 Oops"))}) as (client, _):
        client.fetch(AT, URL)
        for _ in range(4):
            with pytest.raises(MementoUnavailable):
                client.fetch(AT, URL)
        with pytest.raises(PutOff, match="5 requests in a row"):
            client.fetch(AT, URL)


SLOWNESS = [("slow to begin", slow(5, played())), ("trickling", trickle(b"x" * 500, pause=0.05)), ("slow headers", slow(5, hang_up))]


@pytest.mark.parametrize("fault", [row[1] for row in SLOWNESS], ids=[row[0] for row in SLOWNESS])
def test_no_exchange_takes_longer_than_allowed(fault: Fault) -> None:
    limits = Limits(index=0.0, playback=0.0, pauses=())
    with archive({PLAY: in_turn(played(), fault)}, limits=limits, total=0.4) as (client, _):
        client.fetch(AT, URL)
        began = time.monotonic()
        with pytest.raises(MementoUnavailable):
            client.fetch(AT, URL)
        assert time.monotonic() - began < 2


def memento_trickle(client: object, path: str) -> None:
    client.sendall(f"HTTP/1.1 200 OK\r\n{HTML}\r\nMemento-Datetime: {DATE}\r\nContent-Length: 500\r\n\r\n".encode())  # type: ignore[attr-defined]
    for _ in range(500):
        client.sendall(b"x")  # type: ignore[attr-defined]
        time.sleep(0.05)


CUTS = [
    ("fewer bytes than promised", cut(b"<p>the", promised=100, headers=MEMENTO), "disconnect", b"<p>the"),
    ("in time only a part", memento_trickle, "time", b"xxx"),
    ("too large", huge(1000), "length", b"x" * 100),
]


@pytest.mark.parametrize(("fault", "truncated", "body"), [row[1:] for row in CUTS], ids=[row[0] for row in CUTS])
def test_a_cut_capture_is_tried_once_more_and_marked(fault: Fault, truncated: str, body: bytes) -> None:
    if truncated == "length":
        fault = say(b"x" * 1000, headers=MEMENTO)
    with archive({PLAY: fault}, total=0.5) as (client, serving):
        client.wire.max_body = 100
        found = client.fetch(AT, URL)
        assert found.truncated == truncated
        assert found.body.startswith(body)
        assert len(serving.visits) == (1 if truncated == "length" else 2)


def test_a_cut_capture_may_be_whole_the_second_time() -> None:
    with archive({PLAY: in_turn(cut(b"<p>the", promised=100, headers=MEMENTO), played(b"<p>whole</p>"))}) as (client, _):
        found = client.fetch(AT, URL)
    assert (found.body, found.truncated) == (b"<p>whole</p>", None)


# Redirects


def moved(location: str) -> Fault:
    return say(b"", status="302 Found", headers=(f"Location: {location}",))


def test_the_nearest_capture_is_asked_once_and_its_own_time_counts() -> None:
    with archive({PLAY: moved(PLAY_LATER), PLAY_LATER: played(date=LATER_DATE)}) as (client, serving):
        found = client.fetch(AT, URL)
        assert (found.said.captured_at, found.address) == (moment_of(LATER), serving.url(PLAY_LATER))


def test_a_capture_that_will_be_asked_anyway_is_not_asked_for_another() -> None:
    asked: list[tuple[str, str]] = []

    def wanted(timestamp: str, url: str) -> bool:
        asked.append((timestamp, url))
        return False

    with archive({PLAY: moved(PLAY_LATER), PLAY_LATER: played(date=LATER_DATE)}) as (client, _):
        found = client.fetch(AT, URL, wanted=wanted)
    assert found.said.moved == (LATER, URL)
    assert asked == [(LATER, URL)]
    assert client.wire.requests == 1


def test_an_archived_redirect_is_a_capture_and_not_followed() -> None:
    location = f"Location: /web/{AT}id_/http://www.rabat-process.org/en/"
    with archive({PLAY: played(b"", location, status="301 Moved")}) as (client, serving):
        found = client.fetch(AT, URL)
        assert (found.said.status, found.said.location) == (301, "http://www.rabat-process.org/en/")
        assert len(serving.visits) == 1


def test_a_redirect_elsewhere_is_refused_and_nobody_else_is_asked() -> None:
    with serve_faults({}) as other, archive({PLAY: moved(other.url("/evil")), "/web/x": played()}) as (client, _):
        with pytest.raises(MementoUnavailable, match="out of its playback") as raised:
            client.fetch(AT, URL)
        assert raised.value.final
        assert other.asked == []


def test_another_address_is_not_taken_in_a_captures_place() -> None:
    with archive({PLAY: moved(f"/web/{LATER}id_/http://evil.example/")}) as (client, _):
        with pytest.raises(MementoUnavailable, match=r"another address in its place: http://evil\.example/"):
            client.fetch(AT, URL)
        assert client.wire.requests == 1


def test_redirects_without_end_are_given_up() -> None:
    with archive({PLAY: moved(PLAY_LATER), PLAY_LATER: moved(PLAY)}) as (client, _):
        with pytest.raises(MementoUnavailable, match="from capture to capture"):
            client.fetch(AT, URL)
        assert client.wire.requests == 2


# The index


def test_the_index_may_redirect_within_its_origin_only() -> None:
    rows = say(ROWS, headers=("Content-Type: text/plain",))
    with archive({"/other?x=1": rows}, otherwise=moved("/other?x=1")) as (client, _):
        assert len(client.list_captures(QUERY).rows) == 1
    with serve_faults({}, otherwise=rows) as other, archive({}, otherwise=moved(other.url("/"))) as (client, _):
        with pytest.raises(ConfigError, match="redirects to"):
            client.list_captures(QUERY)
        assert other.asked == []


def test_a_packed_index_is_unpacked() -> None:
    fault = say(gzip.compress(ROWS * 3), headers=("Content-Type: text/plain", "Content-Encoding: gzip"))
    with archive({}, otherwise=fault) as (client, _):
        assert len(client.list_captures(QUERY).rows) == 1


BAD_INDEX = [
    ("a page", say(b"<html>Welcome</html>"), ConfigError, "gave no index"),
    ("a bad request", say(b"Bad query", status="400 Bad", headers=("Content-Type: text/plain",)), ConfigError, "Bad query"),
    ("forbidden", say(b"no", status="403 Forbidden", headers=("Content-Type: text/plain",)), Blocked, "403"),
    ("a barred site", say(b"org.x.AdministrativeAccessControlException: Blocked Site Error", status="403 Forbidden"), MementoUnavailable, "give out"),
    ("always broken", refusal("500 Oops"), PutOff, "no usable answer"),
    ("cut every time", cut_chunk(ROWS), PutOff, "no usable answer"),
    ("reset in the body", reset_in_body(ROWS, promised=5000), PutOff, "no usable answer"),
]


@pytest.mark.parametrize(("fault", "error", "said"), [row[1:] for row in BAD_INDEX], ids=[row[0] for row in BAD_INDEX])
def test_an_index_that_is_none(fault: Fault, error: type[Exception], said: str) -> None:
    with archive({}, otherwise=fault) as (client, _), pytest.raises(error, match=said):
        client.list_captures(QUERY)


def test_the_dialect_is_told_by_the_answer() -> None:
    lines = say(b"", headers=("Content-Type: text/x-ndjson",))

    class Paths(dict[str, Fault]):
        def get(self, path: str, default: Fault | None = None) -> Fault | None:  # type: ignore[override]
            return next((fault for beginning, fault in self.items() if path.startswith(beginning)), default)

    for dialect, beginning in (("pywb", "/past/cdx?"), ("wayback", "/past/cdx/search/cdx?")):
        with archive(Paths({beginning: lines}), dialect="") as (client, _):
            assert client.find_dialect(QUERY).dialect == dialect
    with archive({}, dialect="") as (client, _), pytest.raises(ConfigError, match="answered 404"):
        client.find_dialect(QUERY)


# Manners


def test_who_asks_is_said_and_no_cookie_comes_back() -> None:
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as wire:
                for _ in range(2):
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        head += wire.recv(1)
                    heads.append(head)
                    wire.sendall(f"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nMemento-Datetime: {DATE}\r\nContent-Length: 1\r\n\r\nx".encode())

        thread = threading.Thread(target=serve)
        thread.start()
        root = f"http://127.0.0.1:{listening.getsockname()[1]}/web/"
        client = Wayback(source=slowed(source_from(root), 0.0), wire=Wire(user_agent="test (+nobody)", private_allowed=True))
        assert [client.fetch(AT, URL).body for _ in range(2)] == [b"x", b"x"]
        client.wire.close()
        thread.join()
    assert len(heads) == 2  # over one connection
    for head in heads:
        assert b"User-Agent: test (+nobody)" in head
        assert b"cookie" not in head.lower()


def test_a_private_address_is_refused_unless_given_by_hand() -> None:
    with archive({PLAY: played()}, private=False) as (client, serving):
        with pytest.raises(ConfigError, match=r"127\.0\.0\.1, which is no public address"):
            client.fetch(AT, URL)
        assert serving.asked == []


def test_stopping_ends_a_wait_at_once() -> None:
    limits = Limits(index=60.0, playback=60.0)
    with archive({PLAY: played()}, limits=limits) as (client, _):
        client.fetch(AT, URL)
        timer = threading.Timer(0.1, client.stop.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            client.fetch(AT, URL)
        assert time.monotonic() - began < 2
        timer.join()
