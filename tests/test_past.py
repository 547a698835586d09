"""The past as values: spans of versions, the item as it stood, captures in all spellings, keys and index lines as a real pywb has them."""

from __future__ import annotations

import dataclasses
import gzip
import json
import random
import subprocess
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.past import first_moment, last_moment, spans
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.cdxj import cdxj_lines, surt, timestamp
from rabat_crawler.errors import ConfigError, NotFound, RecordError
from rabat_crawler.models import Capture, Draft
from tests.building import BASE, PORT, RABAT, START, Shot, article_html, copy_of, day, night, sample_archive, stored
from tests.replay import BIN, INSTALLED, replaying

NEEDS_PYWB = pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")
URL = f"{BASE}/fr/101-un"
HTML = ("Content-Type", "text/html; charset=utf-8")
GZIP = ("Content-Encoding", "gzip")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Night:
    """One answer: so many days after the first; `body` None is a 304."""

    days: float
    body: bytes | None
    url: str = URL
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (HTML,)
    truncated: str | None = None
    source: str = "live"


def page(title: str, text: str | None = None) -> bytes:
    return article_html(title, text or title).encode()


def past_archive(folder: Path, nights: Sequence[Night]) -> Path:
    """An archive with these answers, one WARC file a run; what an address answered again becomes a revisit."""
    latest: dict[str, Capture] = {}
    for number, one in enumerate(nights):
        with WarcWriter(folder / "warc", run_id=f"run-{number:03}", site=registry.reference(RABAT), fields={}) as writer:
            record = writer.write(
                url=one.url, captured_at=night(one.days), status=304 if one.body is None else one.status, response_headers=one.headers,
                body=one.body or b"", previous=latest.get(one.url), truncated=one.truncated, source=one.source,
            )  # fmt: skip
            latest[one.url] = record.capture
    Archive.open(folder, write=True).close()
    return folder


A, B = page("Réunion", "La réunion se tient à Rabat."), page("Réunion", "La réunion se tient à Dakar.")


# Spans -----------------------------------------------------------------------------------------------------------------------------

SPANS: list[tuple[str, list[tuple[float, str, str]], str]] = [
    ("one text", [(0, URL, "A"), (1, URL, "A")], "A2"),
    ("a change", [(0, URL, "A"), (1, URL, "B"), (2, URL, "B")], "A1 B2"),
    ("came back", [(0, URL, "A"), (1, URL, "B"), (2, URL, "A")], "A1 B1 A1"),
    ("came back on the same day", [(0, URL, "A"), (0.1, URL, "B"), (0.2, URL, "A")], "A1 B1 A1"),
    ("came back twice", [(0, URL, "A"), (1, URL, "B"), (2, URL, "A"), (3, URL, "A"), (4, URL, "B"), (5, URL, "A")], "A1 B1 A2 B1 A1"),
    ("two addresses, two texts, every night", [(n / 2, URL + "x" * (n % 2), "AB"[n % 2]) for n in range(6)], "A3 B3"),
    ("another address in between", [(0, URL, "A"), (3, URL + "x", "B"), (6, URL + "y", "A")], "A1 B1 A1"),
    ("three texts", [(0, URL, "A"), (1, URL, "B"), (2, URL, "C"), (3, URL, "B")], "A1 B1 C1 B1"),
]


@pytest.mark.parametrize(("seen", "expected"), [case[1:] for case in SPANS], ids=[case[0] for case in SPANS])
def test_the_spans_of_an_item(seen: list[tuple[float, str, str]], expected: str) -> None:
    shots = [
        Shot(name=f"r{n}", url=url, days=days, drafts=(Draft(title="T", text=text, complete=True, url=url, article_id=7, cms="joomla"),))
        for n, (days, url, text) in enumerate(seen)
    ]
    connection = stored(shots)
    try:
        (item_id,) = connection.execute("SELECT item_id FROM items").fetchone()
        texts = dict(connection.execute("SELECT version_id, text FROM versions"))
        found = spans(connection, item_id)
    finally:
        connection.close()
    assert " ".join(f"{texts[span.version_id]}{span.captures}" for span in found) == expected
    assert sum(span.captures for span in found) == len(seen)
    assert found[0].first_capture == "r0" and {found[-1].last_capture, found[0].last_capture} & {f"r{len(seen) - 1}"}


def test_an_intro_makes_versions_only_while_nothing_else_is_known() -> None:
    intro = Draft(title="T", text="intro", url=URL, dates=(day("2017"),))
    connection = stored([Shot(name="list", url=BASE, days=0, drafts=(intro,), role="listing")])
    (item_id,) = connection.execute("SELECT item_id FROM items").fetchone()
    assert [span.captures for span in spans(connection, item_id)] == [1]
    connection.close()
    whole = dataclasses.replace(intro, text="whole", complete=True)
    connection = stored([Shot(name="list", url=BASE, days=0, drafts=(intro,), role="listing"), Shot(name="page", url=URL, days=1, drafts=(whole,))])
    assert [span.first_capture for span in spans(connection, item_id)] == ["page"]
    assert spans(connection, "nothing") == []
    connection.close()


def test_revisits_show_their_original_again(tmp_path: Path) -> None:
    nights = [
        Night(days=0, body=A),
        Night(days=1, body=A),
        Night(days=2, body=None),
        Night(days=3, body=B),
        Night(days=4, body=B),
        Night(days=5, body=A),
    ]
    with Archive.open(past_archive(tmp_path, nights)) as archive:
        history = archive.history("101")
        kinds = [one.capture.record_type for one in archive.captures(item="101")]
    assert kinds == ["response", "revisit", "revisit", "response", "revisit", "response"]
    assert [(history.number(span.version_id), span.captures) for span in history.spans] == [(1, 3), (2, 2), (1, 1)]
    assert history.captures == 6 and [version.text.split()[-1] for version in history.versions] == ["Rabat.", "Dakar."]
    assert [span.first_seen[:10] for span in history.spans_of(history.versions[0])] == ["2019-05-01", "2019-05-06"]


def test_a_version_is_chosen_by_number_id_or_date(tmp_path: Path) -> None:
    path = past_archive(tmp_path, [Night(days=0, body=A), Night(days=40, body=B), Night(days=80, body=A)])
    with Archive.open(path) as archive:
        history = archive.history("101")
    first, second = history.versions
    digest = second.version_id.partition("-")[2]
    for wanted in (
        "2",
        second.version_id,
        second.version_id[:-2],
        digest,
        digest[:5].upper(),
        "2019-06",
        "2019-07-19",
        "2019-06-10T06:00:00Z",
        "20190610060000",
    ):
        assert history.version(wanted) is second, wanted
    for wanted in ("1", "2019-05", "2019-05-01", "2019-06-09", "2019-06-10T05:59:59Z", "2019", "2024"):
        assert history.version(wanted) is first, wanted
    for wanted in ("3", "zzzz", "999", "2018", "2019-04-30", first.item_id):
        with pytest.raises(NotFound):
            history.version(wanted)


MOMENTS = [
    ("2017", "2017-01-01T00:00:00.000000Z", "2017-12-31T23:59:59.999999Z"),
    ("2017-02", "2017-02-01T00:00:00.000000Z", "2017-02-31T23:59:59.999999Z"),
    ("2017-02-03", "2017-02-03T00:00:00.000000Z", "2017-02-03T23:59:59.999999Z"),
    ("2017-02-03T04:05:06Z", "2017-02-03T04:05:06.000000Z", "2017-02-03T04:05:06.999999Z"),
    ("2017-02-03T04:05:06.5Z", "2017-02-03T04:05:06.500000Z", "2017-02-03T04:05:06.500000Z"),
    ("20170203040506", "2017-02-03T04:05:06.000000Z", "2017-02-03T04:05:06.999999Z"),
]


@pytest.mark.parametrize(("date", "first", "last"), MOMENTS)
def test_what_a_date_takes_in(date: str, first: str, last: str) -> None:
    assert (first_moment(date), last_moment(date)) == (first, last)


@pytest.mark.parametrize(
    "date", ["", "17", "2017-13", "2017-02-30", "2017-00", "0000", "20171301000000", "2017-02-03T25:00:00Z", "2017-2-3", "yesterday", "２０１７"]
)
def test_what_is_no_date(date: str) -> None:
    with pytest.raises(ConfigError, match="is no date; give a year"):
        last_moment(date)


# As it stood -----------------------------------------------------------------------------------------------------------------------

NOT_OF_CAPTURES = {"gone", "twin", "addresses"}
"""What also depends on other pages than those that show the item."""


@pytest.mark.parametrize("nights", [1, 2])
def test_each_item_of_the_sample_stood_then_as_an_archive_of_then_has_it(nights: int) -> None:
    with Archive.open(sample_archive(nights)) as then, Archive.open(sample_archive(3)) as now:
        moment = then.connection.execute("SELECT max(captured_at) FROM captures").fetchone()[0]
        items = list(then.items())
        changed = 0
        for item in items:
            found = now.item_as_of(item.item_id, moment)
            left, right = ({f.name: getattr(one, f.name) for f in dataclasses.fields(one) if f.name not in NOT_OF_CAPTURES} for one in (item, found))
            assert left == right
            changed += now.item(item.item_id).current_version != found.current_version
        assert len(items) > 30 and changed == 2
        new = next(item for item in now.items() if item.first_seen > moment)
        with pytest.raises(NotFound, match="its first capture is of"):
            now.item_as_of(new.item_id, moment)


# Captures --------------------------------------------------------------------------------------------------------------------------

SPELLINGS = (
    "http://www.rabat-process.org/fr/news?b=2&a=1",
    "https://rabat-process.org/fr/news/?a=1&b=2",
    "https://www.rabat-process.org:443/fr/news?a=1&b=2",
)
OTHERS = ("https://www.rabat-process.org/fr/news?a=1", "https://www.rabat-process.org/fr/newsletter", "https://www.rabat-process.org/fr", "https://example.org/fr/news?a=1&b=2")  # fmt: skip


@pytest.fixture(scope="module")
def spelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    nights = [Night(days=number, url=url, body=page(f"Page {number}")) for number, url in enumerate((*SPELLINGS, *OTHERS))]
    return past_archive(tmp_path_factory.mktemp("spelled"), nights)


@pytest.mark.parametrize("url", SPELLINGS)
def test_all_spellings_of_an_address_are_one(spelled: Path, url: str) -> None:
    with Archive.open(spelled) as archive:
        assert [one.capture.url for one in archive.captures(url)] == list(SPELLINGS)
        assert [one.capture.url for one in archive.captures(url, exact=True)] == [url]


PREFIXES = [
    ("https://www.rabat-process.org/fr/news*", False, 5),
    ("https://www.rabat-process.org/fr/news?*", False, 4),
    ("http://rabat-process.org/fr/*", False, 5),
    ("http://rabat-process.org/fr*", False, 6),
    ("http://rabat-process.org/*", False, 6),
    ("http://www.rabat-process.org/*", True, 1),
    ("https://nobody.example/*", False, 0),
]


@pytest.mark.parametrize(("url", "exact", "number"), PREFIXES)
def test_addresses_that_begin_so(spelled: Path, url: str, exact: bool, number: int) -> None:
    with Archive.open(spelled) as archive:
        assert len(archive.captures(url, exact=exact)) == number


def test_a_star_stands_for_others_only_where_captures_are_listed(tmp_path: Path) -> None:
    """To show a page is to show the one asked for: a `*` in an address, or in a link of a page, is a letter there."""
    starred = URL + "*"
    with Archive.open(
        past_archive(tmp_path, [Night(days=0, body=A), Night(days=1, body=B, url=starred), Night(days=2, body=A, url=URL + "-2")])
    ) as archive:
        assert len(archive.captures(starred)) == 3
        assert archive.capture(starred).capture.url == starred
        for wanted in (BASE + "/*", BASE + "/fr/*", URL + "-*"):
            assert archive.captures(wanted) and archive.nearest(wanted, night(0)) is None
            with pytest.raises(NotFound, match="was never captured"):
                archive.capture(wanted)
        near = archive.nearest(starred, night(0))
        assert near is not None and near.capture.url == starred


def test_captures_of_a_time(spelled: Path) -> None:
    with Archive.open(spelled) as archive:
        every = "http://rabat-process.org/*"
        assert len(archive.captures(every, first="2019-05-02", last="2019-05-03")) == 2
        assert len(archive.captures(every, first="2019-05")) == 6 and not archive.captures(every, last="2018")
        for arguments in ({}, {"url": every, "item": "1"}):
            with pytest.raises(ConfigError):
                archive.captures(**arguments)  # type: ignore[arg-type]


def test_the_captures_of_an_item_are_those_of_its_addresses_whatever_they_answered(tmp_path: Path) -> None:
    nights = [
        Night(days=0, body=A),
        Night(days=1, body=A, url=URL + "?tmpl=component"),
        Night(days=2, body=b"gone", status=404),
        Night(days=3, body=B, url=BASE + "/fr/102-x"),
    ]
    with Archive.open(past_archive(tmp_path, nights)) as archive:
        found = archive.captures(item="101")
        assert [(one.capture.status, one.role) for one in found] == [(200, "detail"), (200, "detail"), (404, "gone")]


def test_a_capture_by_its_record_id(spelled: Path) -> None:
    with Archive.open(spelled) as archive:
        one = archive.captures(SPELLINGS[0])[0]
        name = one.capture.record_id
        for wanted in (name, f"<{name}>", name.removeprefix("urn:uuid:"), name.removeprefix("urn:uuid:")[:8].upper(), name[: len("urn:uuid:") + 10]):
            assert archive.capture(wanted) == one
        for wanted in ("00000000", name[-7:], "urn:uuid:", "../../x", "\udcff" * 9, ""):
            with pytest.raises(NotFound, match="8 letters or more"):
                archive.capture(wanted)


def test_which_capture_is_shown(tmp_path: Path) -> None:
    """The latest sound one by that time: no error page, no cut one, none that is surely bad; if there is no other, the latest at all."""
    path = past_archive(
        tmp_path,
        [
            Night(days=0, body=b"not yet", status=404), Night(days=1, body=A), Night(days=2, body=B), Night(days=3, body=B[:200], truncated="disconnect"),
            Night(days=4, body=page("Check", "Are you a robot?")), Night(days=5, body=b"", status=404),
        ],
    )  # fmt: skip
    with Archive.open(path, write=True) as archive:
        archive.connection.execute("UPDATE captures SET badness = 0.9 WHERE captured_at LIKE '2019-05-05%'")
        for wanted in (URL, URL.removeprefix("https://"), "101"):
            assert archive.capture(wanted).capture.captured_at == night(2)
            assert archive.capture(wanted, "2019-05-02").capture.captured_at == night(1)
        assert archive.capture(URL, "2019-05-01").capture.status == 404, "there was no other yet"
        for wanted, date in ((URL, "2018"), ("101", "2019-04"), (URL + "-never", None)):
            with pytest.raises(NotFound):
                archive.capture(wanted, date)
        near = archive.nearest(URL, night(1.4))
        assert near is not None and near.capture.captured_at == night(1)


def test_a_body_is_that_of_the_capture_or_of_what_a_revisit_shows_again(tmp_path: Path) -> None:
    packed = gzip.compress(A, mtime=0)
    nights = [
        Night(days=0, body=packed, headers=(HTML, GZIP)),
        Night(days=1, body=packed, headers=(HTML, GZIP)),
        Night(days=2, body=None),
        Night(days=3, body=B),
    ]
    with Archive.open(past_archive(tmp_path, nights)) as archive:
        found = archive.captures(URL)
        assert [archive.body(one.capture.record_id) for one in found] == [A, A, A, B]
        played = [archive.play(one) for one in found]
        assert [one.raw for one in played] == [packed, packed, packed, B]
        assert [one.original and one.original.record_id for one in played] == [None, *[found[0].capture.record_id] * 2, None]
        assert [one.head.partition(b"\r\n")[0] for one in played] == [
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 304 Not Modified",
            b"HTTP/1.1 200 OK",
        ]
        (archive.warc_dir / found[0].capture.warc_file).unlink()
        for one in found[:3]:
            with pytest.raises(RecordError, match="run-000-00000.warc.gz is missing"):
                archive.body(one.capture.record_id)


def test_a_revisit_without_its_original_says_so(tmp_path: Path) -> None:
    path = past_archive(tmp_path / "whole", [Night(days=0, body=A), Night(days=1, body=A)])
    alone = tmp_path / "alone"
    (alone / "warc").mkdir(parents=True)
    (path / "warc" / "run-001-00000.warc.gz").rename(alone / "warc" / "run-001-00000.warc.gz")
    Archive.open(alone, write=True).close()
    with Archive.open(alone) as archive:
        (one,) = archive.captures(URL)
        with pytest.raises(NotFound, match="not in this archive"):
            archive.play(one)


# Keys and index lines, as pywb has them ----------------------------------------------------------------------------------------------

KEYS = [
    ("http://www.example.org", "org,example)/"),
    ("HTTPS://WWW2.Example.org:443/A/B/", "org,example)/a/b"),
    ("https://example.org:80/", "org,example:80)/"),
    ("http://127.0.0.1:8177/fr/", "1,0,0,127:8177)/fr"),
    ("http://[::1]:8080/x", "::1:8080)/x"),
    ("http://example.org/a/../b/./c//d/?", "org,example)/b/c/d"),
    ("http://example.org/%7Eu/%41%2f%2520", "org,example)/~u/a/%20"),
    ("http://exämple.org/é?Q=É&a", "org,xn--exmple-cua)/%c3%a9?a&q=%c3%89"),
    ("http://example.org/index.php?PHPSESSID=0123456789abcdef0123456789abcdef&x=1#top", "org,example)/index.php?x=1"),
    ("http://example.org/a?x=1&x=0&y", "org,example)/a?x=0&x=1&y"),
    ("urn:uuid:1", "urn:uuid:1"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "key"), KEYS)
def test_keys_of_indexes(url: str, key: str) -> None:
    assert surt(url) == key


def addresses(number: int) -> list[str]:
    """Addresses of every sort that a site of today has, and odder ones, the same in each run."""
    dice = random.Random(20)
    hosts = ("www.example.org", "example.org:8080", "WWW3.example.ORG", "10.0.0.1", "localhost:8177", "exämple.org", "ex.org.")
    pieces = (
        "/",
        "//",
        "aB",
        "é",
        "%C3%A9",
        "%2F",
        "a.b",
        "index.php",
        ";x",
        "x.aspx",
        "~",
        '"',
        "+",
        "12-alias",
    )
    words = (
        "a=1",
        "b",
        "B=2",
        "=",
        "",
        "é=ü",
        "x=1=2",
        "?",
        "lang=fr",
    )
    made = []
    for _ in range(number):
        path = "".join(dice.choice(pieces) for _ in range(dice.randint(0, 6)))
        query = "?" + "&".join(dice.choice(words) for _ in range(dice.randint(0, 4))) if dice.random() < 0.6 else ""
        made.append(dice.choice(("http://", "https://")) + dice.choice(hosts) + "/" + path + query + dice.choice(("", "", "#x")))
    return made


@NEEDS_PYWB
def test_keys_equal_those_of_pywb() -> None:
    urls = [url for url, _ in KEYS if url.lower().startswith("http")] + addresses(1500)
    script = (
        "import json, sys; from pywb.utils.canonicalize import canonicalize; print(json.dumps([canonicalize(url) for url in json.load(sys.stdin)]))"
    )
    done = subprocess.run([BIN / "python", "-c", script], input=json.dumps(urls), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    different = [(url, theirs, surt(url)) for url, theirs in zip(urls, json.loads(done.stdout), strict=True) if surt(url) != theirs]
    assert not different


def test_any_text_has_a_key_and_none_takes_long() -> None:
    for url in (
        "",
        "http://",
        "http:///x",
        "\x00",
        "http://\udcff/\udcff",
        "http://x/" + "%25" * 3000 + "41",
        "http://x/?" + "cfid=" * 2000,
        "http://" + "1." * 500,
    ):
        assert isinstance(surt(url), str)


def parsed(lines: Sequence[str]) -> list[tuple[str, str, dict[str, str]]]:
    return [(key, stamp, json.loads(values)) for key, stamp, values in (line.split(" ", 2) for line in lines)]


@NEEDS_PYWB
def test_pywb_replays_from_our_index_and_makes_the_same(tmp_path: Path) -> None:
    """Three nights of the sample site: pywb's own index of the same files says the same, line by line; ours in its place replays every page."""
    path = copy_of(sample_archive(3), tmp_path)
    with Archive.open(path) as archive:
        listed = archive.captures(f"http://127.0.0.1:{PORT}/*")
        lines = cdxj_lines(one.capture for one in listed)
        full = [one for one in listed if one.full and one.capture.media_type == "text/html"]
        bodies = {one.capture.record_id: archive.play(one).raw for one in full}
    # The nights follow each other so fast that an address may have been asked twice in a second, which 14 digits cannot tell apart.
    seconds = Counter((surt(one.capture.url), timestamp(one.capture.captured_at)) for one in listed)
    alone = [one for one in full if seconds[surt(one.capture.url), timestamp(one.capture.captured_at)] == 1]
    assert len(lines) > 100 and len(alone) > 40
    with replaying(tmp_path / "pywb", warc_files(path / "warc"), index="\n".join(lines) + "\n") as replay:
        made = (tmp_path / "pywb" / "pywb.cdxj").read_text().splitlines()
        assert parsed(sorted(lines)) == parsed(sorted(made))
        for one in alone[:: len(alone) // 20]:
            answer = replay.at(one.capture.captured_at, one.capture.url)
            assert (answer.status, answer.body) == (200, bodies[one.capture.record_id]), one.capture
            assert parsedate_to_datetime(answer.played) == one.capture.captured_at.replace(microsecond=0)


@NEEDS_PYWB
def test_nights_replay_from_our_index(tmp_path: Path) -> None:
    """Unchanged payloads, 304s, an edit, a text that came back, at two spellings of an address: each at its own time."""
    packed = gzip.compress(A, mtime=0)
    other = "http://rabat-process.org/fr/101-un/"
    nights = [
        Night(days=0, body=packed, headers=(HTML, GZIP)), Night(days=1, body=packed, headers=(HTML, GZIP)), Night(days=2, body=None), Night(days=3, body=B),
        Night(days=4, body=B), Night(days=5, body=A), Night(days=6, body=B, url=other), Night(days=7, body=B, url=other),
    ]  # fmt: skip
    path = past_archive(tmp_path / "archive", nights)
    expected = [packed, packed, packed, B, B, A, B, B]
    with Archive.open(path) as archive:
        listed = archive.captures(URL)
        lines = cdxj_lines(one.capture for one in listed)
    assert len(listed) == 8
    with replaying(tmp_path / "pywb", warc_files(path / "warc"), index="\n".join(lines) + "\n") as replay:
        assert parsed(sorted(lines)) == parsed(sorted((tmp_path / "pywb" / "pywb.cdxj").read_text().splitlines()))
        for one, body in zip(listed, expected, strict=True):
            answer = replay.at(one.capture.captured_at, one.capture.url)
            assert (answer.status, answer.body) == (200, body), one.capture
            assert parsedate_to_datetime(answer.played) == one.capture.captured_at


def test_an_index_line_is_text_and_sorted_by_bytes() -> None:
    base = Shot(name="r", url=URL, days=0).capture()
    imported = dataclasses.replace(
        base, source="import", sha1="A" * 32, media_type=None, record_type="resource", warc_file="a b.warc", offset=7, length=9
    )
    revisit = dataclasses.replace(
        base, record_type="revisit", url=URL + "é", digest="sha1:" + "B" * 32, captured_at=datetime(1999, 12, 31, tzinfo=UTC)
    )
    lines = cdxj_lines([revisit, imported, dataclasses.replace(base, captured_at=START + timedelta(seconds=1))])
    assert lines == sorted(lines) and all(line.isascii() for line in lines)
    found = parsed(lines)
    assert [values["mime"] for *_, values in found] == ["unk", "text/html", "warc/revisit"]
    assert [values.get("status") for *_, values in found] == [None, "200", None]
    assert found[0][2] == {"url": URL, "mime": "unk", "digest": "A" * 32, "length": "9", "offset": "7", "filename": "a b.warc"}
    assert found[2][1:] == ("19991231000000", {**found[2][2], "digest": "B" * 32})


# Many items in one question ----------------------------------------------------------------------------------------------------


def test_the_captures_to_show_of_many_items_are_those_of_each(tmp_path: Path) -> None:
    nights = (
        Night(days=0, body=page("Un")),
        Night(days=1, body=page("Un", "Un autre texte.")),
        Night(days=2, body=page("Un", "Coupé"), truncated="length"),
        Night(days=3, body=b"gone", status=404),
        Night(days=0, body=page("Deux"), url=f"{BASE}/fr/102-deux"),
    )
    for folder in (past_archive(tmp_path / "archive", nights), sample_archive(3)):
        with Archive.open(folder) as archive:
            names = archive.item_ids()
            assert archive.shown(names) == {name: archive.capture(name) for name in names}
            assert archive.shown(["unknown"]) == archive.standing(["unknown"]) == {}


def test_since_when_many_items_stand_is_what_their_histories_say() -> None:
    with Archive.open(sample_archive(3)) as archive:
        found = archive.standing(archive.item_ids())
        for name, standing in found.items():
            history = archive.history(name)
            last = [span for span in history.spans if span.version_id == history.item.current_version][-1]
            assert standing.since == last.first_seen
            assert (standing.before is None) == (len(history.versions) == 1)


def test_groups_count_what_the_facets_count() -> None:
    with Archive.open(sample_archive(3)) as archive:
        counted = Counter((facet, value) for facet, value, _ in archive.groups())
        expected = {("country", code): count for code, count in archive.facets()["country"]}
        expected |= {("kind", kind): count for kind, count in archive.stats()["by_kind"].items()}
        expected |= {("language", code): count for code, count in archive.stats()["by_language"].items() if code != "unknown"}
    assert counted == expected
