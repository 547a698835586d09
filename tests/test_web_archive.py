"""The demo's web archive: both dialects, playback, what goes wrong as told; and that a real pywb says the same of the same captures."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

import pytest

from rabat_crawler.demo import Request, Serving
from rabat_crawler.demo.cdx import FIELDS, surt
from rabat_crawler.demo.collection import ASKED_AGAIN, HOST, MISSING_PAGE, Memento, bad_captures, of_epoch, packed, ready_collection, three_epochs
from rabat_crawler.demo.epochs import EPOCHS
from rabat_crawler.demo.faults import Fault, block, slow, too_many
from rabat_crawler.demo.web_archive import CDX_PATH, serve_archive
from tests import past
from tests.replay import INSTALLED, Replay

ORIGIN = f"https://{HOST}"
HELD = three_epochs()
YEARS = {"old": "2016", "middle": "2019", "new": "2022"}
NEEDS_PYWB = pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")


@dataclass(frozen=True)
class Said:
    """An answer with the names of its headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def get(origin: str, path: str) -> Said:
    client = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=10)
    try:
        client.request("GET", path, headers={"Accept-Encoding": "gzip", "User-Agent": "tester"})
        response = client.getresponse()
        return Said(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        client.close()


def logged(serving: Serving, count: int) -> list[Request]:
    """The log once it has so many requests: an answer is logged just after it was sent."""
    deadline = time.monotonic() + 5
    while len(serving.requests) < count and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(serving.requests) == count
    return serving.requests


def asked(serving: Serving, **query: str | int | list[str]) -> Said:
    return get(serving.origin, f"{CDX_PATH}?{urlencode({name.rstrip('_'): value for name, value in query.items()}, doseq=True)}")


def rows(serving: Serving, **query: str | int | list[str]) -> list[list[str]]:
    """The rows of archive.org's dialect without the header row."""
    said = asked(serving, output="json", **query)
    assert said.status == 200, said.body
    return json.loads(said.body)[1:]


@pytest.fixture(scope="module")
def archive() -> Iterator[Serving]:
    with serve_archive(HELD) as serving:
        yield serving


def test_the_index_has_a_row_for_each_capture_sorted_by_key_and_time(archive: Serving) -> None:
    said = asked(archive, url=HOST, matchType="host", output="json")
    table = json.loads(said.body)
    assert said.headers["content-type"] == "application/json" and table[0] == list(FIELDS)
    assert sorted((row[2], row[1]) for row in table[1:]) == sorted((one.url, one.timestamp) for one in HELD)
    assert [row[:2] for row in table[1:]] == sorted(row[:2] for row in table[1:])


def test_digests_are_those_of_the_bodies_and_revisits_say_what_they_are(archive: Serving) -> None:
    told = {(row[2], row[1]): row for row in rows(archive, url=HOST, matchType="host")}
    kinds = set()
    for one in HELD:
        row = told[one.url, one.timestamp]
        assert row[5] == base64.b32encode(hashlib.sha1(one.body).digest()).decode()
        assert row[3:5] == (["warc/revisit", "-"] if one.revisit else [one.media_type, str(one.status)])
        assert int(row[6]) > 0
        kinds.add((one.media_type, one.status, one.revisit))
    assert {("text/html", 200, True), ("application/pdf", 200, False), ("text/html", 301, False), ("text/html", 404, False)} <= kinds
    assert {("text/plain", 200, False), ("application/rss+xml", 200, False), ("application/pdf", 200, True)} <= kinds


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"url": f"{ORIGIN}/fr/activites"}, {"/fr/activites"}, id="exact"),
        pytest.param({"url": "rabat-process.org/fr/ACTIVITES/"}, {"/fr/activites"}, id="canonical"),
        pytest.param({"url": f"http://{HOST}:80/fr/?start=5"}, {"/fr/?start=5"}, id="query"),
        pytest.param({"url": f"{ORIGIN}/fr/presid", "matchType": "prefix"}, {"/fr/presidence"}, id="prefix"),
        pytest.param({"url": f"{ORIGIN}/fr/presid*"}, {"/fr/presidence"}, id="star"),
        pytest.param({"url": "rabat-process.org/robots.txt", "matchType": "exact"}, {"/robots.txt"}, id="bare host"),
        pytest.param({"url": f"{ORIGIN}/nothing"}, set(), id="nothing"),
    ],
)
def test_a_query_matches_what_it_names(archive: Serving, query: dict[str, str], expected: set[str]) -> None:
    found = {row[2].removeprefix(ORIGIN) for row in rows(archive, **query)}
    assert found == expected


def test_hosts_and_domains_differ() -> None:
    other = replace(HELD[0], url="https://old.rabat-process.org/robots.txt")
    far = replace(HELD[0], url="https://norabat-process.org/robots.txt")
    with serve_archive([*HELD[:3], other, far]) as serving:
        counts = [len(rows(serving, url="rabat-process.org", matchType=kind)) for kind in ("exact", "host", "domain")]
        assert counts == [1, 3, 4]
        assert len(rows(serving, url="*.rabat-process.org")) == 4


def test_nothing_found_is_an_empty_list_or_an_empty_text(archive: Serving) -> None:
    assert json.loads(asked(archive, url=f"{ORIGIN}/nothing", output="json").body) == []
    assert asked(archive, url=f"{ORIGIN}/nothing").body == b""


def test_text_has_the_same_rows_as_json(archive: Serving) -> None:
    text = asked(archive, url=f"{ORIGIN}/fr/").body.decode()
    assert [line.split(" ") for line in text.splitlines()] == rows(archive, url=f"{ORIGIN}/fr/")
    assert asked(archive, url=f"{ORIGIN}/fr/", fl="timestamp,statuscode").body.decode().splitlines()[0] == f"{HELD[2].timestamp} 200"


def test_filters_are_regular_expressions_over_the_whole_value(archive: Serving) -> None:
    def found(*filters: str) -> set[tuple[str, str]]:
        return {(row[3], row[4]) for row in rows(archive, url=HOST, matchType="host", filter=list(filters))}

    assert found("statuscode:4..") == {("text/html", "404")}
    assert found("statuscode:4") == set()
    assert {kind for kind, _ in found("!mimetype:text/html|warc/revisit", "statuscode:200")} >= {"application/pdf", "image/gif"}
    assert not {kind for kind, _ in found("!mimetype:text/html|warc/revisit")} & {"text/html", "warc/revisit"}
    assert found("mimetype:warc/revisit") == {("warc/revisit", "-")}


@pytest.mark.parametrize(("first", "last", "years"), [("2019", "2019", {"2019"}), ("201612", "2019", {"2016", "2019"}), ("", "2018", {"2016"})])
def test_times_are_bounds_that_include_their_whole_year(archive: Serving, first: str, last: str, years: set[str]) -> None:
    assert {row[1][:4] for row in rows(archive, url=HOST, matchType="host", from_=first, to=last)} == years


def test_neighbours_collapse(archive: Serving) -> None:
    every = rows(archive, url=HOST, matchType="host")
    assert len(rows(archive, url=HOST, matchType="host", collapse="urlkey")) == len({row[0] for row in every})
    front = rows(archive, url=f"{ORIGIN}/fr/", collapse="timestamp:4")
    assert [row[1][:4] for row in front] == ["2016", "2019", "2022"]


@pytest.mark.parametrize("collapse", ["", "urlkey"])
def test_resuming_gives_every_row_once(archive: Serving, collapse: str) -> None:
    query: dict[str, str | int] = {
        "url": HOST,
        "matchType": "host",
        "limit": 70,
        "showResumeKey": "true",
        "collapse": collapse,
        "filter": "statuscode:200",
    }
    found: list[list[str]] = []
    key, turns = "", 0
    while True:
        table = json.loads(asked(archive, output="json", resumeKey=key, **query).body)
        turns += 1
        ends = table[-2:] if table[-2] == [] else []
        found += table[1 : len(table) - len(ends)]
        if not ends:
            break
        key = ends[1][0]
        assert quote(key, safe="%+") == key
    assert turns > 3
    assert found == rows(archive, url=HOST, matchType="host", collapse=collapse, filter="statuscode:200")


def test_pages_of_the_index_give_every_row_once(archive: Serving) -> None:
    count = int(asked(archive, url=HOST, matchType="host", showNumPages="true", pageSize=2).body)
    assert count == -(-len(HELD) // 100)
    pages = [rows(archive, url=HOST, matchType="host", pageSize=2, page=page) for page in range(count)]
    assert [row for page in pages for row in page] == rows(archive, url=HOST, matchType="host")
    late = [len(rows(archive, url=HOST, matchType="host", pageSize=2, page=page, from_="2022")) for page in range(count)]
    assert sum(late) == sum(1 for one in HELD if one.timestamp > "2022") and all(length < 100 for length in late)
    assert asked(archive, url=HOST, matchType="host", pageSize=2, page=count).status == 400


@pytest.mark.parametrize(
    "query",
    [
        {"matchType": "host"},
        {"url": HOST, "matchType": "nonsense"},
        {"url": HOST, "limit": "many"},
        {"url": HOST, "filter": "statuscode:("},
        {"url": HOST, "filter": "colour:red"},
        {"url": HOST, "collapse": "colour"},
        {"url": "http://[broken/"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(archive: Serving, query: dict[str, str]) -> None:
    said = asked(archive, **query)
    assert said.status == 400 and said.body.strip()


@pytest.mark.parametrize(
    "query", [{}, {"url": HOST, "filter": "~status:("}, {"url": HOST, "limit": "x"}, {"url": HOST, "output": "csv"}, {"url": "http://[x"}]
)
def test_pywbs_dialect_refuses_it_in_json(archive: Serving, query: dict[str, str]) -> None:
    said = get(archive.origin, f"/sample/cdx?{urlencode(query)}")
    assert said.status == 400 and json.loads(said.body)["message"]


# Playback -----------------------------------------------------------------------------------------------------------------------------------


def test_every_capture_plays_back_as_it_was(archive: Serving) -> None:
    for one in HELD[::9]:
        said = get(archive.origin, f"/web/{one.timestamp}id_/{one.url}")
        assert (said.status, said.body) == (one.status, one.body), one.url
        assert parsedate_to_datetime(said.headers["memento-datetime"]) == one.captured_at
        assert f'<{one.url}>; rel="original"' in said.headers["link"] and 'rel="timemap"' in said.headers["link"]
        assert said.headers["content-type"] == one.header("Content-Type") and said.headers["x-archive-src"]
        for name, value in one.headers:
            assert said.headers[f"x-archive-orig-{name.lower()}"] == value
        assert said.headers.get("content-encoding", "") == one.header("Content-Encoding")
        assert "set-cookie" not in said.headers


def test_a_time_without_capture_leads_to_the_nearest_one(archive: Serving) -> None:
    url = f"{ORIGIN}/fr/"
    times = [one.timestamp for one in HELD if one.url == url]
    for timestamp, nearest in (("2016", times[0]), ("20190611000000", times[1]), ("20190618", times[2]), ("20991231235959", times[3])):
        said = get(archive.origin, f"/web/{timestamp}id_/{url}")
        assert (said.status, said.headers["location"]) == (302, f"{archive.origin}/web/{nearest}id_/{url}")
    assert get(archive.origin, said.headers["location"].removeprefix(archive.origin)).status == 200


def test_a_captured_redirect_leads_within_the_archive(archive: Serving) -> None:
    one = next(one for one in HELD if one.url == f"{ORIGIN}/")
    said = get(archive.origin, f"/web/{one.timestamp}id_/{one.url}")
    assert (said.status, said.headers["location"]) == (301, f"{archive.origin}/web/{one.timestamp}id_/{ORIGIN}/fr/")
    assert said.headers["x-archive-orig-location"] == f"{ORIGIN}/fr/"


def test_a_captured_404_is_a_memento_and_an_address_never_captured_is_none(archive: Serving) -> None:
    one = next(one for one in HELD if one.url == ORIGIN + MISSING_PAGE)
    captured, never = (get(archive.origin, f"/web/{one.timestamp}id_/{url}") for url in (one.url, f"{ORIGIN}/never"))
    assert captured.status == never.status == 404
    assert "memento-datetime" in captured.headers and "memento-datetime" not in never.headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/web/",
        "/web/20190610id_/ftp://x/",
        "/web/20191399id_/https://x/",
        "/other/cdx?url=x",
        "/web/2019id_/http://[x/",
        "/web/timemap/link/http://[x/",
    ],
)
def test_other_paths_are_missing(archive: Serving, path: str) -> None:
    assert get(archive.origin, path).status == 404


def test_the_timemap_lists_every_capture(archive: Serving) -> None:
    said = get(archive.origin, f"/web/timemap/link/{ORIGIN}/fr/")
    assert said.body.decode().count('rel="memento"') == 4


# pywb's dialect ------------------------------------------------------------------------------------------------------------------------------

QUERIES = (
    {"url": f"{ORIGIN}/fr/"},
    {"url": f"{ORIGIN}/fr/", "output": "json", "limit": "2"},
    {"url": f"{ORIGIN}/fr/", "output": "json", "fl": "timestamp,url"},
    {"url": f"{ORIGIN}/fr/", "output": "json", "sort": "reverse"},
    {"url": f"{ORIGIN}/fr/", "output": "cdxj", "fl": "url,status"},
    {"url": "rabat-process.org", "matchType": "domain", "output": "json"},
    {"url": HOST, "matchType": "host", "output": "json", "from": "2019", "to": "20190615"},
    {"url": f"{ORIGIN}/fr/activites*", "output": "json"},
    {"url": f"{ORIGIN}/fr/activites", "matchType": "prefix", "output": "json", "limit": "3", "showNumPages": "true"},
    {"url": f"{ORIGIN}/fr/activites", "matchType": "prefix", "output": "json", "page": "1", "pageSize": "1"},
    {"url": HOST, "matchType": "host", "output": "json", "filter": "=mime:warc/revisit"},
    {"url": HOST, "matchType": "host", "output": "json", "filter": "!mime:html"},
    {"url": HOST, "matchType": "host", "output": "json", "filter": "~status:[34]"},
    {"url": f"{ORIGIN}/nothing", "output": "json"},
    {"output": "json"},
    {"url": f"{ORIGIN}/fr/", "output": "csv"},
    {"url": f"{ORIGIN}/fr/", "matchType": "nonsense", "output": "json"},
)
OWN = {"digest", "length", "offset", "filename", "source", "source-coll", "access"}
"""What depends on where and how the captures are stored."""


def told(said: Said) -> tuple[int, str, list[object]]:
    """An answer of a pywb without what is its own."""
    lines: list[object] = []
    for line in said.body.decode().splitlines():
        start, brace, fields = line.partition("{")
        shown = {name: value for name, value in json.loads(brace + fields).items() if name not in OWN} if brace else {}
        lines.append((start, shown))
    return said.status, said.headers["content-type"], lines


@pytest.fixture(scope="module")
def pywb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    with past.pywb_of_three_epochs(tmp_path_factory.mktemp("past")) as replay:
        yield replay


@pytest.fixture(scope="module")
def like_pywb() -> Iterator[Serving]:
    with serve_archive(HELD, collection=past.COLLECTION, zipnum=False) as serving:
        yield serving


@NEEDS_PYWB
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: urlencode({name: value for name, value in query.items() if name != "url"}) or "plain")
def test_the_index_says_what_a_real_pywb_says(pywb: Replay, like_pywb: Serving, query: dict[str, str]) -> None:
    path = f"/{past.COLLECTION}/cdx?{urlencode(query)}"
    assert told(get(like_pywb.origin, path)) == told(get(pywb.origin, path))


@NEEDS_PYWB
def test_the_text_form_has_the_columns_of_a_real_pywb(pywb: Replay, like_pywb: Serving) -> None:
    path = f"/{past.COLLECTION}/cdx?{urlencode({'url': f'{ORIGIN}/fr/', 'output': 'text'})}"
    ours, theirs = (get(origin, path).body.decode().splitlines() for origin in (like_pywb.origin, pywb.origin))
    assert [line.split(" ")[:5] for line in ours] == [line.split(" ")[:5] for line in theirs]


@NEEDS_PYWB
def test_captures_play_back_as_from_a_real_pywb(pywb: Replay, like_pywb: Serving) -> None:
    kept = ("content-type", "content-encoding", "memento-datetime", "location", "x-archive-orig-etag", "x-archive-orig-last-modified")
    paths = [f"{one.timestamp}id_/{one.url}" for one in HELD[1::25]] + [
        f"20220101000000id_/{ORIGIN}/fr/",
        f"2016id_/{ORIGIN}/",
        f"2019id_/{ORIGIN}/never",
    ]
    for path in paths:
        ours, theirs = (get(origin, f"/{past.COLLECTION}/{path}") for origin in (like_pywb.origin, pywb.origin))
        if theirs.status == 404 and "memento-datetime" not in theirs.headers:
            assert ours.status == 404 and "memento-datetime" not in ours.headers
            continue
        assert (ours.status, ours.body) == (theirs.status, theirs.body), path
        assert {name: ours.headers.get(name) for name in kept} == {name: theirs.headers.get(name) for name in kept}, path


@NEEDS_PYWB
def test_a_real_pywb_serves_the_three_epochs(pywb: Replay) -> None:
    counts = {}
    for epoch in EPOCHS:
        query = urlencode({"url": HOST, "matchType": "host", "output": "json", "from": YEARS[epoch], "to": YEARS[epoch]})
        counts[epoch] = len(get(pywb.origin, f"/{past.COLLECTION}/cdx?{query}").body.splitlines())
    assert counts == {epoch: len(past.captures(epoch)) for epoch in EPOCHS}
    assert all(count > 90 for count in counts.values())
    for epoch, path in (("old", "/fr/actualites-du-dialogue/120-dossier-dix-ans-de-dialogue"), ("new", "/fr/activites/dossier-dix-ans-de-dialogue")):
        url, captured_at, status, _, body = next(one for one in past.captures(epoch) if one[0] == ORIGIN + path)
        answer = pywb.at(captured_at, url)
        assert (answer.status, answer.body) == (status, body)
        assert parsedate_to_datetime(answer.played) == captured_at


def test_an_index_in_blocks_has_pages_in_pywbs_dialect_too() -> None:
    with serve_archive(HELD, collection="past", block=40) as serving:
        path = f"/past/cdx?url={HOST}&matchType=host&output=json"
        count = json.loads(get(serving.origin, f"{path}&showNumPages=true").body)
        assert count == {"pages": -(-len(HELD) // 40), "pageSize": 1, "blocks": -(-len(HELD) // 40)}
        pages = [get(serving.origin, f"{path}&page={page}").body for page in range(count["pages"])]
        assert b"".join(pages) == get(serving.origin, path).body
        beyond = get(serving.origin, f"{path}&page={count['pages']}")
        assert beyond.status == 400 and json.loads(beyond.body) == {
            "message": f"Page {count['pages']} invalid: First Page is 0, Last Page is {count['pages'] - 1}"
        }


# What goes wrong -----------------------------------------------------------------------------------------------------------------------------

FRONT = f"/web/{HELD[2].timestamp}id_/{HELD[2].url}"


def test_too_many_requests_with_a_time_to_come_back() -> None:
    faults = [too_many(2, retry_after=7), too_many(3, retry_after=90, as_date=True), too_many(4, retry_after=None)]
    with serve_archive(HELD, faults=faults) as serving:
        said = [get(serving.origin, FRONT) for _ in range(5)]
    assert [one.status for one in said] == [200, 429, 429, 429, 200]
    assert said[1].headers["retry-after"] == "7" and "retry-after" not in said[3].headers
    assert 80 < (parsedate_to_datetime(said[2].headers["retry-after"]) - datetime.now(UTC)).total_seconds() <= 90
    assert "memento-datetime" not in said[1].headers


def test_a_429_may_concern_one_half_of_the_archive() -> None:
    with serve_archive(HELD, faults=[too_many(1, count=1000, path="/cdx")]) as serving:
        assert [get(serving.origin, path).status for path in (FRONT, f"{CDX_PATH}?url=x", f"/sample/cdx?url={HOST}", FRONT)] == [200, 429, 429, 200]


@pytest.mark.parametrize("status", [403, 429])
def test_a_block_refuses_everything(status: int) -> None:
    with serve_archive(HELD, faults=[block(3, answer=status)]) as serving:
        assert [get(serving.origin, FRONT).status for _ in range(6)] == [200, 200, 200, status, status, status]


def test_a_block_may_reset_connections() -> None:
    with serve_archive(HELD, faults=[block(1)]) as serving:
        assert get(serving.origin, FRONT).status == 200
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                get(serving.origin, FRONT)
        assert sorted(request.status for request in logged(serving, 3)) == [0, 0, 200]  # noted by a thread each


def test_a_slow_page_is_slow_and_no_other() -> None:
    with serve_archive(HELD, faults=[slow("/robots.txt", 0.5)]) as serving:
        took = []
        for path in (FRONT, f"/web/{HELD[0].timestamp}id_/{HELD[0].url}"):
            began = time.monotonic()
            assert get(serving.origin, path).status == 200
            took.append(time.monotonic() - began)
    assert took[1] >= 0.5 > took[0]


def test_the_first_of_two_faults_counts() -> None:
    with serve_archive(HELD, faults=[Fault(answer=503, first=2, last=2), Fault(answer=404, first=2)]) as serving:
        assert [get(serving.origin, FRONT).status for _ in range(3)] == [200, 503, 404]


def test_the_log_tells_when_what_was_asked() -> None:
    with serve_archive(HELD) as serving:
        began = time.time()
        get(serving.origin, FRONT)
        time.sleep(0.05)
        asked(serving, url=HOST)
        first, second = logged(serving, 2)
    assert (first.path, first.status, first.agent) == (FRONT, 200, "tester") and second.path.startswith(CDX_PATH)
    assert began <= first.time and first.time + 0.05 <= second.time


BAD = bad_captures()


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("404", 404, b"Not Found"),
        ("429", 429, b"Too many requests"),
        ("503", 503, b"Back soon"),
        ("challenge", 403, b"challenge-platform"),
        ("empty", 200, b""),
        ("soft error", 200, b"Error displaying the error page"),
        ("parked", 200, b"for sale"),
    ],
)
def test_bad_captures_are_listed_and_played_as_they_are(name: str, status: int, words: bytes) -> None:
    one = BAD[name]
    with serve_archive(BAD.values()) as serving:
        (row,) = [row for row in rows(serving, url=one.url) if row[1] == one.timestamp]
        said = get(serving.origin, f"/web/{one.timestamp}id_/{one.url}")
    assert (row[4], said.status) == (str(status), status)
    assert words in said.body and bool(said.body) == (name != "empty")
    assert "memento-datetime" in said.headers and "retry-after" not in said.headers
    assert said.headers.get("x-archive-orig-retry-after") == (one.header("Retry-After") or None)


@pytest.mark.parametrize(
    ("name", "status", "pywb_status", "error"),
    [
        ("blocked", 403, 451, "AdministrativeAccessControlException"),
        ("robots", 403, 451, "RobotAccessControlException"),
        ("missing", 404, 404, ""),
    ],
)
def test_some_listed_captures_are_not_played(name: str, status: int, pywb_status: int, error: str) -> None:
    one = BAD[name]
    with serve_archive(BAD.values()) as serving:
        assert [row[4] for row in rows(serving, url=one.url) if row[1] == one.timestamp] == ["200"]
        said = get(serving.origin, f"/web/{one.timestamp}id_/{one.url}")
        other = get(serving.origin, f"/sample/{one.timestamp}id_/{one.url}")
    assert (said.status, other.status) == (status, pywb_status)
    assert said.headers.get("x-archive-wayback-runtime-error", "").startswith(error)
    assert "memento-datetime" not in said.headers and "memento-datetime" not in other.headers


def page_of(gzipped: bool) -> Memento:
    return next(one for one in HELD if one.status == 200 and one.media_type == "text/html" and bool(one.header("Content-Encoding")) == gzipped)


@pytest.mark.parametrize("gzipped", [True, False])
@pytest.mark.parametrize("collection", ["web", "sample"])
def test_a_body_that_is_packed_otherwise_than_archived(gzipped: bool, collection: str) -> None:
    source = page_of(gzipped)
    plain = gzip.decompress(source.body) if gzipped else source.body
    for play, encoding in (("as identity", None), ("as other gzip", "gzip")):
        one = packed(source, play)  # type: ignore[arg-type]
        with serve_archive([one]) as serving:
            (row,) = rows(serving, url=one.url)
            said = get(serving.origin, f"/{collection}/{one.timestamp}id_/{one.url}")
        assert said.headers.get("content-encoding") == encoding
        assert (gzip.decompress(said.body) if encoding else said.body) == plain
        assert row[5] != base64.b32encode(hashlib.sha1(said.body).digest()).decode()


@pytest.mark.parametrize("output", ["json", "text"])
def test_a_row_may_be_broken_or_doubled_or_left_out(output: str) -> None:
    held = [replace(HELD[2], listed="broken"), replace(HELD[3], listed="twice"), replace(HELD[4], listed="not"), HELD[5]]
    with serve_archive(held) as serving:
        path = f"/sample/cdx?url={HOST}&matchType=host&output={'json' if output == 'json' else 'cdxj'}"
        lines = get(serving.origin, path).body.decode().splitlines()
        text = asked(serving, url=HOST, matchType="host", output=output).body.decode()
    table = json.loads(text)[1:] if output == "json" else [line.split(" ") for line in text.splitlines()]
    assert sorted(len(row) for row in table) == [3, 7, 7, 7] and len(lines) == 4
    assert len({tuple(row) for row in table}) == len(set(lines)) == 3
    whole = 0
    for line in lines:
        with contextlib.suppress(json.JSONDecodeError):
            json.loads(line[line.index("{") :])
            whole += 1
    assert whole == 3


def test_the_sort_keys_are_those_of_archives() -> None:
    assert surt("https://www.example.org/FR/A/?b=2&a=1") == "org,example)/fr/a?a=1&b=2"
    assert surt("example.org") == surt("http://www2.example.org:80/") == "org,example)/"
    assert surt("http://example.org:8080/a") == "org,example:8080)/a"


def test_the_ready_collection_is_the_three_epochs_and_what_is_bad() -> None:
    ready = ready_collection()
    assert len(ready) == len(HELD) + len(BAD)
    assert {one.play for one in ready} == {"", "as identity", "as other gzip", "blocked", "robots", "missing"}
    assert {one.listed for one in ready} == {"", "twice", "broken"}
    assert all(one.captured_at.year == int(YEARS[epoch]) for epoch in EPOCHS for one in of_epoch(epoch))


def test_the_demo_serves_a_web_archive() -> None:
    words = [sys.executable, "-m", "rabat_crawler.demo", "--web-archive", "--port", "0", "--quiet"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        lines = [serving.stdout.readline() for _ in range(5)]
        try:
            for line, status in zip(lines[1:], (200, 302, 200, 200), strict=True):
                address = line.split()[-1]
                origin = address[: address.index("/", 7)]
                assert get(origin, address.removeprefix(origin)).status == status, address
        finally:
            serving.terminate()
    assert "web archive of www.rabat-process.org" in lines[0]
    wrong = subprocess.run([*words, "--epoch", "old"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "leave out --epoch" in wrong.stderr


def test_addresses_of_the_epoch_before_were_asked_again() -> None:
    for epoch, before in (("middle", "old"), ("new", "middle")):
        known = {one.url for one in HELD if one.timestamp.startswith(YEARS[before]) and one.status == 200}
        later = {one.url.removeprefix(ORIGIN): one for one in HELD if one.timestamp.startswith(YEARS[epoch]) and one.url in known}
        told = {path: (later[path].status, later[path].header("Location").removeprefix(ORIGIN)) for path in ASKED_AGAIN[epoch]}
        moved = EPOCHS[epoch].moved
        assert told == {path: (301, moved[path]) if path in moved else (404, "") for path in ASKED_AGAIN[epoch]}
    assert len(ASKED_AGAIN["new"]) == 6
