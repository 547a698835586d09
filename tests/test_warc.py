"""WARC files: what is written comes back, other tools can read it, and no cut, flip, kill or full disk passes unseen."""

from __future__ import annotations

import base64
import gc
import gzip as gzip_format
import hashlib
import io
import itertools
import os
import random
import re
import subprocess
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from rabat_crawler.archive import members
from rabat_crawler.archive.members import Damage, Member, walk
from rabat_crawler.archive.warc import WarcWriter, check_file, iter_records, read_record, seal_open_files
from rabat_crawler.errors import ConfigError, DiskFull, RecordError
from rabat_crawler.models import Capture, Record

NIGHT = datetime(2026, 3, 14, 2, 30, 15, 123456, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "joomla-site.warc.gz"
PAGE = b"<h1>R\xc3\xa9union des points focaux</h1><p>La rencontre se tient \xc3\xa0 Rabat.</p>"
URL = "https://www.example.org/fr/actualites/12-reunion"
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ids() -> Iterator[str]:
    return (f"urn:uuid:00000000-0000-4000-8000-{number:012d}" for number in itertools.count(1))


def writer(folder: Path, **changes: Any) -> WarcWriter:
    options: dict[str, Any] = {"run_id": "run-1", "site": "rabat-process", "fields": {"software": "rabat-crawler", "robots": "obey"}}
    return WarcWriter(folder, **{**options, "new_id": ids().__next__, "now": lambda: NIGHT, **changes})


def put(target: WarcWriter, **changes: Any) -> Record:
    answer: dict[str, Any] = {
        "url": URL,
        "captured_at": NIGHT,
        "status": 200,
        "body": PAGE,
        "response_headers": (("Content-Type", "text/html; charset=utf-8"),),
    }
    return target.write(**{"request_headers": (("User-Agent", "rabat-crawler"),), **answer, **changes})


def closed(folder: Path, *answers: dict[str, Any]) -> tuple[Path, list[Record]]:
    with writer(folder) as target:
        records = [put(target, **answer) for answer in answers]
    return folder / "run-1-00000.warc.gz", records


def read(path: Path, **options: Any) -> list[Record]:
    return list(iter_records(path, directory=path.parent, **options))


def warcio_accepts(path: Path) -> bool:
    return bool(Checker(SimpleNamespace(inputs=[str(path)], verbose=False)).process_all() == 0)


def codes(path: Path) -> list[str]:
    return [finding.code for finding in check_file(path)]


# --- what is written comes back ---------------------------------------------------------------------------------------------

ODD_TEXT = st.text(max_size=40)
LATIN = st.text(alphabet=st.characters(max_codepoint=255), max_size=40)
HEADER = st.tuples(
    st.one_of(st.sampled_from(["Content-Type", "content-length", "Transfer-Encoding", "Set-Cookie", "ETag"]), ODD_TEXT), st.one_of(LATIN, ODD_TEXT)
)
ANSWER = st.fixed_dictionaries(
    {
        "url": st.builds("{}example.org/{}".format, st.sampled_from(["http://", "https://www.", "HTTP://"]), ODD_TEXT),
        "captured_at": st.datetimes(min_value=datetime(1995, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))])),  # noqa: DTZ001
        "status": st.sampled_from([200, 204, 301, 304, 404, 429, 503, 299, 999]),
        "body": st.one_of(st.just(b""), st.binary(max_size=300), st.just(b"\r\n\r\nWARC/1.1\r\n" * 9000)),
        "response_headers": st.lists(HEADER, max_size=5).map(tuple),
        "request_headers": st.lists(HEADER, max_size=3).map(tuple),
        "source": st.sampled_from(["live", "wayback", "import"]),
        "source_url": st.one_of(st.none(), st.builds("https://web.archive.org/web/2011id_/{}".format, ODD_TEXT)),
        "truncated": st.sampled_from([None, "length", "time"]),
        "ip": st.sampled_from([None, "192.0.2.7", "not an address\r\nWARC-Type: x"]),
        "method": st.sampled_from(["GET", "HEAD"]),
    }
)


@SLOW
@given(answers=st.lists(ANSWER, min_size=1, max_size=4))
def test_every_record_read_back_equals_what_write_returned(tmp_path_factory: pytest.TempPathFactory, answers: list[dict[str, Any]]) -> None:
    path, records = closed(tmp_path_factory.mktemp("w"), *answers)
    assert read(path) == records
    assert [read_record(path.parent, record.capture) for record in records] == records
    assert check_file(path) == ()
    assert warcio_accepts(path)
    assert [record.body for record in records] == [answer["body"] for answer in answers]


def test_a_capture_holds_what_was_given(tmp_path: Path) -> None:
    path, [record] = closed(tmp_path, {"truncated": "length", "source": "wayback", "source_url": "https://web.archive.org/web/2011id_/x"})
    capture = record.capture
    assert (capture.url, capture.captured_at, capture.status, capture.media_type) == (URL, NIGHT, 200, "text/html")
    assert (capture.site, capture.run_id, capture.warc_file) == ("rabat-process", "run-1", path.name)
    assert capture.digest == "sha256:" + hashlib.sha256(PAGE).hexdigest()
    assert (capture.truncated, capture.source, capture.source_url) == ("length", "wayback", "https://web.archive.org/web/2011id_/x")
    assert path.read_bytes()[capture.offset : capture.offset + 3] == members.GZIP_MAGIC


def test_the_file_is_warc_11_with_a_warcinfo_that_names_run_and_site(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, {"captured_at": NIGHT.astimezone(timezone(timedelta(hours=2)))})
    with path.open("rb") as stream:
        warc = [(record.rec_headers, record.content_stream().read()) for record in ArchiveIterator(stream)]
    assert [head.get_header("WARC-Type") for head, _ in warc] == ["warcinfo", "response", "request", "metadata"]
    assert {head.protocol for head, _ in warc} == {"WARC/1.1"}
    assert b"software: rabat-crawler\r\n" in warc[0][1] and b"x-rabat-run: run-1\r\nx-rabat-site: rabat-process\r\n" in warc[0][1]
    assert warc[1][0].get_header("WARC-Date") == "2026-03-14T02:30:15.123456Z"
    assert warc[2][0].get_header("WARC-Concurrent-To") == warc[1][0].get_header("WARC-Record-ID")
    assert warc[1][0].get_header("WARC-Payload-Digest") == "sha256:" + hashlib.sha256(PAGE).hexdigest()


def test_transfer_encoding_and_a_wrong_length_are_kept_under_other_names(tmp_path: Path) -> None:
    _, [record] = closed(tmp_path, {"response_headers": (("Transfer-Encoding", "chunked"), ("Content-Length", "7"), ("Content-Encoding", "gzip"))})
    assert record.response_headers == (
        ("X-Archive-Transfer-Encoding", "chunked"),
        ("Content-Length", str(len(PAGE))),
        ("X-Archive-Content-Length", "7"),
        ("Content-Encoding", "gzip"),
    )


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"method": "HEAD", "body": b""}, (("Content-Length", "900"),)),
        ({"status": 304, "body": b""}, (("Content-Length", "900"),)),
        ({"body": b""}, (("Content-Length", "0"), ("X-Archive-Content-Length", "900"))),
    ],
    ids=["head", "not modified", "empty"],
)
def test_content_length_is_corrected_only_where_it_speaks_of_the_body(tmp_path: Path, changes: dict[str, Any], kept: Any) -> None:
    _, [record] = closed(tmp_path, {"response_headers": (("Content-Length", "900"),), **changes})
    assert record.response_headers == kept


@pytest.mark.parametrize("poison", ["\r\n", "\n", "\r", "\0", "\r\n\r\n", "\u2028", "\x85", "\ud800"], ids=ascii)
def test_nothing_a_server_sends_breaks_a_record(tmp_path: Path, poison: str) -> None:
    forged = f"x{poison}WARC-Type: resource{poison}Set-Cookie: a"
    path, records = closed(
        tmp_path,
        {"url": f"https://example.org/{forged}", "response_headers": ((forged, "1"), ("Location", forged)), "source": forged, "source_url": forged},
        {"truncated": forged, "ip": forged, "request_headers": (("Cookie", forged),)},
    )
    assert read(path) == records
    assert warcio_accepts(path) and check_file(path) == ()
    assert [name for name, _ in records[0].response_headers][1:] == ["Location"]


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ftp://example.org/a"},
        {"url": ""},
        {"url": "http://[::1"},
        {"status": 0},
        {"status": 1000},
        {"captured_at": NIGHT.replace(tzinfo=None)},
        {"method": "GET /\r\n"},
    ],
    ids=["ftp", "empty", "bad host", "status 0", "status 1000", "no zone", "method"],
)
def test_what_is_no_http_answer_is_refused_and_the_file_goes_on(tmp_path: Path, changes: dict[str, Any]) -> None:
    with writer(tmp_path) as target:
        with pytest.raises(RecordError):
            put(target, **changes)
        kept = put(target)
    assert read(tmp_path / "run-1-00000.warc.gz") == [kept]


@pytest.mark.parametrize("name", ["", "../run", "a/b", "a b", ".hidden", "run\n"], ids=ascii)
def test_a_run_id_that_cannot_name_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        writer(tmp_path, run_id=name)
    assert list(tmp_path.iterdir()) == []


# --- revisits ---------------------------------------------------------------------------------------------------------------


def test_an_unchanged_payload_becomes_a_revisit_that_names_its_original(tmp_path: Path) -> None:
    with writer(tmp_path) as target:
        first = put(target)
        second = put(target, captured_at=NIGHT + timedelta(days=1), previous=first.capture)
        third = put(target, captured_at=NIGHT + timedelta(days=2), previous=second.capture)
    path = tmp_path / first.capture.warc_file
    assert read(path) == [first, second, third]
    assert (second.capture.record_type, second.body, second.capture.digest) == ("revisit", b"", first.capture.digest)
    assert second.capture.refers_to == third.capture.refers_to == first.capture.record_id
    head = _revisit_heads(path)[0]
    assert head.get_header("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert head.get_header("WARC-Refers-To") == f"<{first.capture.record_id}>"
    assert head.get_header("WARC-Refers-To-Target-URI") == URL
    assert head.get_header("WARC-Refers-To-Date") == "2026-03-14T02:30:15.123456Z"
    assert head.get_header("WARC-Payload-Digest") == first.capture.digest
    assert warcio_accepts(path) and check_file(path) == ()


def _revisit_heads(path: Path) -> list[StatusAndHeaders]:
    with path.open("rb") as stream:
        return [record.rec_headers for record in ArchiveIterator(stream) if record.rec_type == "revisit"]


def test_a_304_becomes_a_server_not_modified_revisit_with_the_digest_of_the_original(tmp_path: Path) -> None:
    with writer(tmp_path) as target:
        first = put(target)
        second = put(target, status=304, body=b"", previous=first.capture, response_headers=(("ETag", '"a"'),))
    assert (second.capture.status, second.capture.record_type, second.capture.digest) == (304, "revisit", first.capture.digest)
    assert second.response_headers == (("ETag", '"a"'),)
    assert _revisit_heads(tmp_path / "run-1-00000.warc.gz")[0].get_header("WARC-Profile").endswith("/server-not-modified")
    assert read(tmp_path / "run-1-00000.warc.gz") == [first, second]


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {"body": b"other"}), ({"body": b""}, {"body": b""}), ({"truncated": "time"}, {}), ({}, {"truncated": "time"})],
    ids=["other payload", "empty payload", "original cut", "answer cut"],
)
def test_no_revisit_where_the_original_does_not_hold_the_payload(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    with writer(tmp_path) as target:
        record = put(target, previous=put(target, **first).capture, **second)
    assert (record.capture.record_type, record.capture.refers_to) == ("response", None)


def test_the_headers_of_a_304_stand_apart_so_that_it_replays(tmp_path: Path) -> None:
    """pywb shows a 304 that stands in the block as a bare 304; see test_replay.py."""
    said = (("ETag", '"a"'), ("X-Note", 'é "q" \\'), ("Set-Cookie", "a"), ("Set-Cookie", "b"))
    with writer(tmp_path) as target:
        first = put(target)
        second = put(target, status=304, body=b"", previous=first.capture, response_headers=said)
    path = tmp_path / "run-1-00000.warc.gz"
    assert second.response_headers == said
    assert read(path)[-1] == second == read_record(tmp_path, second.capture)
    assert b"\r\nContent-Length: 0\r\n\r\n\r\n\r\n" in gzip_format.decompress(path.read_bytes())
    assert codes(path) == [] and warcio_accepts(path)


@pytest.mark.parametrize("stated", ["{}", "[1]", '[["a"]]', '[["a", 1]]', "[", "[" * 100_000])
def test_headers_apart_that_cannot_be_read_are_damage(tmp_path: Path, stated: str) -> None:
    with writer(tmp_path) as target:
        put(target, status=304, body=b"", previous=put(target).capture)
    path = tmp_path / "run-1-00000.warc.gz"
    plain = re.sub(rb"X-Rabat-HTTP-Headers: [^\r]*", b"X-Rabat-HTTP-Headers: " + stated.encode(), gzip_format.decompress(path.read_bytes()))
    path.write_bytes(b"".join(gzip_format.compress(record) for record in re.split(rb"(?<=\r\n\r\n)(?=WARC/1.1)", plain)))
    with pytest.raises(RecordError, match="cannot be read"):
        read(path)


def test_a_304_of_another_tool_reads_alike_with_a_block_or_without(tmp_path: Path) -> None:
    with writer(tmp_path) as target:
        put(target, status=304, body=b"", previous=put(target).capture, response_headers=(("ETag", '"ours"'),))
    ours = gzip_format.decompress((tmp_path / "run-1-00000.warc.gz").read_bytes())
    bare = re.sub(rb"X-Rabat-HTTP-Headers: [^\r]*\r\n", b"", ours)
    block = b'HTTP/1.1 304 Not Modified\r\nETag: "theirs"\r\n\r\n'
    full = re.sub(
        rb"WARC-Block-Digest: [^\r]*\r\n(Content-Type: [^\r]*\r\n)Content-Length: 0\r\n\r\n",
        rb"\1Content-Length: %d\r\n\r\n" % len(block) + block,
        bare,
    )
    for text, headers in ((bare, ()), (full, (("ETag", '"theirs"'),))):
        path = tmp_path / "other.warc.gz"
        path.write_bytes(b"".join(gzip_format.compress(record) for record in re.split(rb"(?<=\r\n\r\n)(?=WARC/1.1)", text)))
        record = read(path)[-1]
        assert (record.capture.status, record.capture.record_type, record.response_headers, record.body) == (304, "revisit", headers, b"")
        assert codes(path) == []


def test_a_304_without_an_original_is_kept_as_it_came(tmp_path: Path) -> None:
    path, [record] = closed(tmp_path, {"status": 304, "body": b""})
    assert (record.capture.record_type, record.capture.status) == ("response", 304)
    assert read(path) == [record]


# --- files ------------------------------------------------------------------------------------------------------------------


def test_files_rotate_and_carry_open_while_written(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=1500) as target:
        records = [put(target, url=f"{URL}-{number}", body=random.Random(number).randbytes(900)) for number in range(4)]
        assert len([path for path in tmp_path.iterdir() if path.name.endswith(".open")]) == 1
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["run-1-00000.warc.gz", "run-1-00001.warc.gz", "run-1-00002.warc.gz", "run-1-00003.warc.gz"][: len(names)]
    assert len(names) > 1
    assert [record for name in names for record in read(tmp_path / name)] == records


def test_a_second_part_of_a_run_takes_the_next_number(tmp_path: Path) -> None:
    closed(tmp_path, {})
    before = (tmp_path / "run-1-00000.warc.gz").read_bytes()
    closed(tmp_path, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run-1-00000.warc.gz", "run-1-00001.warc.gz"]
    assert (tmp_path / "run-1-00000.warc.gz").read_bytes() == before


def test_a_record_can_be_read_while_its_file_is_still_open(tmp_path: Path) -> None:
    with writer(tmp_path) as target:
        record = put(target)
        target.sync()
        assert read_record(tmp_path, record.capture) == record
        assert read(target.path) == [record]


def test_reading_can_start_behind_records_already_known(tmp_path: Path) -> None:
    path, records = closed(tmp_path, {}, {"body": b"b"}, {"body": b"c"})
    behind = records[0].capture.offset + records[0].capture.length
    assert read(path, start=behind) == records[1:]
    assert read(path, start=path.stat().st_size) == []


def test_a_site_given_by_the_caller_overrides(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, {})
    assert [record.capture.site for record in read(path, site="khartoum")] == ["khartoum"]


def test_read_record_refuses_what_is_not_the_recorded_capture(tmp_path: Path) -> None:
    path, [first, second] = closed(tmp_path, {}, {"body": b"b"})
    as_dict = {name: getattr(first.capture, name) for name in Capture.__slots__}
    for changes in (
        {"offset": second.capture.offset},
        {"digest": "sha256:00"},
        {"warc_file": "../x"},
        {"warc_file": "gone.warc.gz"},
        {"length": 5},
        {"offset": 10**9},
    ):
        with pytest.raises(RecordError):
            read_record(path.parent, Capture(**{**as_dict, **changes}))


# --- full disk and kill -----------------------------------------------------------------------------------------------------

FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from rabat_crawler.archive.warc import WarcWriter, iter_records, check_file
from rabat_crawler.errors import DiskFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
folder, written = Path(sys.argv[1]), 0
block = Path("/dev/urandom").open("rb").read(9_000)
answer = dict(url="https://example.org/", captured_at=datetime.now(UTC), status=200, response_headers=())
with WarcWriter(folder, run_id="full", site="s", fields={}) as target:
    try:
        while True:
            target.write(body=block, **answer)
            written += 1
    except DiskFull as error:
        assert "full-00000.warc.gz.open" in str(error) and "free some space" in str(error), error
    target.write(body=b"small", **answer)
path = folder / "full-00000.warc.gz"
bodies = [len(record.body) for record in iter_records(path, directory=folder)]
assert bodies == [9_000] * written + [5] and written >= 3 and check_file(path) == (), bodies
"""


def test_a_full_disk_leaves_the_file_sound_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False).returncode == 0
    )
    if not mounted:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_file_system_without_space_cuts_back_to_the_last_whole_record(small_disk: Path) -> None:
    records = []
    with writer(small_disk) as target, pytest.raises(DiskFull, match="free some space"):
        for number in range(100):
            records.append(put(target, body=random.Random(number).randbytes(20_000)))
    assert 8 < len(records) < 14
    assert read(small_disk / "run-1-00000.warc.gz") == records
    assert check_file(small_disk / "run-1-00000.warc.gz") == ()


CLOSING = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from rabat_crawler.archive.warc import WarcWriter, check_file, iter_records, seal_open_files
from rabat_crawler.errors import DiskFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder, room = Path(sys.argv[1]), int(sys.argv[2])
def told(act):
    try:
        act()
    except DiskFull as error:
        assert "free some space" in str(error), error
        return
    raise AssertionError(f"{act}: there was room")
target = WarcWriter(folder, run_id="full", site="s", fields={})
record = target.write(url="https://example.org/", captured_at=datetime.now(UTC), status=200, response_headers=(), body=b"page")
left = target.path
whole = left.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (whole + room, resource.RLIM_INFINITY))
for act in (target.close, lambda: seal_open_files(folder), lambda: seal_open_files(folder)):
    told(act)
    assert left.stat().st_size == whole and check_file(left) == (), act
    assert list(folder.iterdir()) == [left]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if sys.argv[3] == "run":
    target.close()
else:
    [sealed] = seal_open_files(folder)
    assert (sealed.kept, sealed.cut_bytes) == (2, 0), sealed
path = folder / "full-00000.warc.gz"
assert list(iter_records(path, directory=folder)) == [record] and check_file(path) == () and list(folder.iterdir()) == [path]
"""


@pytest.mark.parametrize("room", [0, 1, 100])
@pytest.mark.parametrize("closes", ["run", "seal"])
def test_a_disk_full_at_the_closing_record_leaves_a_file_to_be_closed_later(tmp_path: Path, room: int, closes: str) -> None:
    command = [sys.executable, "-c", CLOSING, tmp_path, str(room), closes]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == 0, done.stderr


def test_a_disk_full_from_the_start_leaves_no_file_behind(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * 256 * 1024)
    with pytest.raises(DiskFull):
        writer(small_disk)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_sealing_keeps_every_whole_record_wherever_the_kill_came(tmp_path: Path) -> None:
    path, _ = closed(tmp_path / "whole", {}, {"body": b"two"}, {"body": b"three", "request_headers": ()})
    content = path.read_bytes()
    borders = [found.offset for found in walk(path)] + [len(content)]
    for number, cut in enumerate(sorted({*range(borders[-3], len(content) + 1, 3), *borders[-3:]})):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "run-1-00000.warc.gz.open").write_bytes(content[:cut])
        [sealed] = seal_open_files(folder)
        whole = max(border for border in borders if border <= cut)
        assert (sealed.file, sealed.kept, sealed.cut_bytes) == (path.name, borders.index(whole), cut - whole)
        assert (folder / path.name).read_bytes().startswith(content[:whole]) and check_file(folder / path.name) == ()
        tail = folder / (path.name + ".tail")
        assert (tail.read_bytes() if tail.exists() else b"") == content[whole:cut]
        assert check_file(folder / path.name) == ()


def test_sealing_never_overwrites(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, {})
    tail = path.with_name(path.name + ".tail")
    tail.write_bytes(b"an older tail")
    content = path.read_bytes()
    (tmp_path / (path.name + ".open")).write_bytes(content)
    with pytest.raises(RecordError, match="move one"):
        seal_open_files(tmp_path)
    path.unlink()
    (tmp_path / (path.name + ".open")).write_bytes(content + b"\x1f\x8b")
    assert seal_open_files(tmp_path)[0].cut_bytes == 2
    assert tail.read_bytes() == b"an older tail"
    assert path.with_name(path.name + ".tail.1").read_bytes() == b"\x1f\x8b"
    assert seal_open_files(tmp_path) == ()


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from rabat_crawler.archive.warc import WarcWriter
target = WarcWriter(Path(sys.argv[1]), run_id="killed", site="s", fields={})
for number in range(10_000):
    moment, url, body = datetime.now(UTC), f"https://example.org/{number}", os.urandom(50_000)
    record = target.write(url=url, captured_at=moment, status=200, response_headers=(), body=body)
    print(record.capture.record_id, flush=True)
"""


def test_every_record_that_was_announced_before_kill_9_is_there(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as child:
        assert child.stdout
        announced = [child.stdout.readline().strip() for _ in range(20)]
        child.kill()
        announced += [line.strip() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    [sealed] = seal_open_files(tmp_path)
    found = [record.capture.record_id for record in read(tmp_path / sealed.file)]
    assert found[: len(announced)] == announced and len(found) <= len(announced) + 1


# --- damage -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    text = "".join(f"<p>Réunion numéro {number} des pays partenaires.</p>" for number in range(40)).encode()
    path, _ = closed(tmp_path_factory.mktemp("sound"), *({"url": f"{URL}-{n}", "body": text + bytes(str(n), "ascii")} for n in range(12)))
    return path.read_bytes()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Small files with every kind of record of ours: warcinfo, response and request, two revisits, closing records."""
    folder = tmp_path_factory.mktemp("small")
    path, [page] = closed(folder / "page", {})
    paths = [path]
    for number, (status, body) in enumerate([(200, PAGE), (304, b"")]):
        factory = (f"urn:uuid:{number}2222222-0000-4000-8000-{count:012d}" for count in itertools.count(1))
        with writer(folder / str(status), new_id=factory.__next__) as target:
            put(target, previous=page.capture, status=status, body=body, request_headers=())
            paths.append(target.path.with_suffix(""))
    return [path.read_bytes() for path in paths]


FLIPS = 10_000


def test_every_flipped_bit_that_changes_a_record_is_reported_at_its_record_alone(tmp_path: Path, small: list[bytes]) -> None:
    """Ten thousand flips that change what gzip itself unpacks; the others sit in its time and system bytes."""
    choose, records = random.Random(20260314), []
    for number, content in enumerate(small):
        path = tmp_path / f"{number}.warc.gz"
        path.write_bytes(content)
        records += [(path, content, found) for found in walk(path) if isinstance(found, Member)]
    changed: Counter[str] = Counter()
    tried = 0
    while changed.total() < FLIPS:
        path, content, record = choose.choices(records, [found.length for _, _, found in records])[0]
        at, bit, tried = choose.randrange(record.length), choose.randrange(8), tried + 1
        sound_bytes = content[record.offset : record.offset + record.length]
        flipped = sound_bytes[:at] + bytes([sound_bytes[at] ^ 1 << bit]) + sound_bytes[at + 1 :]
        if _unpacked(flipped) == record.content:
            continue
        with path.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), flipped, record.offset)
            assert [(found.offset, found.file) for found in check_file(path)] == [(record.offset, path.name)], (at, bit)
            os.pwrite(file.fileno(), sound_bytes, record.offset)
        changed[re.findall(rb"WARC-Type: (\w+)", record.content)[0].decode()] += 1
    assert tried < 1.1 * FLIPS
    assert set(changed) == {"warcinfo", "response", "request", "revisit", "metadata"} and min(changed.values()) > FLIPS / 20


def _unpacked(member: bytes) -> bytes | None:
    """The one record that these bytes hold as a gzip member, None if they are none."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    try:
        content = unpacker.decompress(member)
    except zlib.error:
        return None
    return content if unpacker.eof and not unpacker.unused_data else None


def test_a_flipped_bit_costs_no_other_record(tmp_path: Path, sound: bytes) -> None:
    path, choose = tmp_path / "flipped.warc.gz", random.Random(20260315)
    path.write_bytes(sound)
    records = read(path)
    for lost in records:
        at = lost.capture.offset + choose.randrange(20, lost.capture.length)
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << choose.randrange(8)]) + sound[at + 1 :])
        assert read(path, on_damage=lambda error: None) == [record for record in records if record != lost]


def test_every_cut_is_reported_and_every_whole_record_before_it_read(tmp_path: Path, small: list[bytes]) -> None:
    path = tmp_path / "cut.warc.gz"
    for content in small:
        path.write_bytes(content)
        ends = [found.offset + found.length for found in walk(path)]
        captures = [record.capture for record in read(path)]
        assert len(captures) == 1
        for cut in reversed(range(len(content))):
            os.truncate(path, cut)
            assert codes(path) == ["cut" if cut else "empty"], cut
            damaged: list[RecordError] = []
            kept = [record.capture for record in read(path, on_damage=damaged.append)]
            assert kept == [capture for capture in captures if capture.offset + capture.length <= cut], cut
            assert bool(damaged) == (cut not in (0, *ends)), cut


def test_a_damaged_record_is_told_and_the_others_are_read(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "damaged.warc.gz"
    path.write_bytes(sound)
    third = read(path)[2].capture
    path.write_bytes(sound[: third.offset + 60] + b"\x00" * 8 + sound[third.offset + 68 :])
    told: list[RecordError] = []
    left = read(path, on_damage=told.append)
    assert [record.capture.url for record in left] == [f"{URL}-{n}" for n in range(12) if n != 2]
    assert [(error.file, error.offset) for error in told] == [(path.name, third.offset)]
    with pytest.raises(RecordError):
        read(path)


def test_a_page_cannot_smuggle_records_in_through_damage(tmp_path: Path) -> None:
    forged, _ = closed(tmp_path / "forged", {"url": "https://evil.example/"})
    evil = random.Random(1).randbytes(40_000) + forged.read_bytes() + random.Random(2).randbytes(100)
    factory = (f"urn:uuid:11111111-0000-4000-8000-{number:012d}" for number in itertools.count(1))
    with writer(tmp_path, new_id=factory.__next__) as target:
        victim = put(target, body=evil).capture
        last = put(target)
    path = tmp_path / victim.warc_file
    content = path.read_bytes()
    path.write_bytes(content[: victim.offset + 20] + b"\xff" * 8 + content[victim.offset + 28 :])
    assert read(path, on_damage=lambda error: None) == [last]
    path.rename(path.with_name(path.name + ".open"))
    assert seal_open_files(tmp_path)[0].kept == 1


def test_a_record_over_the_limit_is_told_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, records = closed(tmp_path, {}, {"body": b"\0" * 3_000_000}, {"body": b"after"})
    monkeypatch.setattr(members, "MAX_MEMBER", 2_500_000)
    told: list[RecordError] = []
    assert read(path, on_damage=told.append) == [records[0], records[2]]
    assert [error.offset for error in told] == [records[1].capture.offset]
    assert codes(path) == ["too-large"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"alpha", b"alphA", ["block-digest", "payload-digest"]),
        (b"X-Own: yes", b"X-Own: yeS", ["block-digest"]),
        (b"WARC-Payload-Digest: sha1:", b"WARC-Payload-Digest: what:", ["unknown-digest"]),
        (b"WARC-Date: 2", b"WARC-Date: x", ["unreadable"]),
        (b"HTTP/1.1 200", b"HTTP/1.1 2x0", ["block-digest", "unreadable"]),
        (b"WARC/1.0", b"WARC/1,0", ["unreadable"]),
    ],
    ids=["payload", "http header", "unknown digest", "date", "status line", "version"],
)
def test_check_names_what_is_wrong_in_a_plain_file(tmp_path: Path, old: bytes, new: bytes, expected: list[str]) -> None:
    path = foreign(tmp_path / "plain.warc", gzip=False)
    content = path.read_bytes()
    assert old in content and check_file(path) == ()
    path.write_bytes(content.replace(old, new, 1))
    assert sorted(set(codes(path))) == expected


# --- files of other tools ---------------------------------------------------------------------------------------------------


def foreign(path: Path, *, gzip: bool = True, version: str = "1.0", body: bytes = b"alpha", headers: tuple[tuple[str, str], ...] = ()) -> Path:
    """What warcio itself writes: response, request, revisit and a DNS record, with SHA-1 digests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # warcio leaves its spool files to the collector
        _write_foreign(path, gzip, version, body, headers)
        gc.collect()
    return path


def _write_foreign(path: Path, gzip: bool, version: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    with path.open("wb") as stream:
        tool = WARCWriter(stream, gzip=gzip, warc_version=version)
        head = StatusAndHeaders("200 OK", [("Content-Type", "Text/HTML"), ("X-Own", "yes"), *headers], protocol="HTTP/1.1")
        answer = tool.create_warc_record(
            URL, "response", payload=io.BytesIO(body), http_headers=head, warc_headers_dict={"WARC-Date": "2019-05-06T07:08:09Z"}
        )
        asked = tool.create_warc_record(
            URL, "request", http_headers=StatusAndHeaders("GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True)
        )
        tool.write_request_response_pair(asked, answer)
        again = tool.create_revisit_record(
            URL, "sha1:" + "A" * 32, URL, "2019-05-06T07:08:09Z", http_headers=StatusAndHeaders("200 OK", [], protocol="HTTP/1.1")
        )
        tool.write_record(again)
        tool.write_record(tool.create_warc_record("dns:example.org", "response", payload=io.BytesIO(b"192.0.2.1"), warc_content_type="text/dns"))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("gzip", [True, False], ids=["gzip", "plain"])
def test_files_that_warcio_wrote_are_read(tmp_path: Path, gzip: bool, version: str) -> None:
    path = foreign(tmp_path / "other.warc", gzip=gzip, version=version)
    assert check_file(path) == ()
    first, again = read(path)
    assert (first.body, first.capture.digest) == (b"alpha", "sha256:" + hashlib.sha256(b"alpha").hexdigest())
    assert (first.capture.site, first.capture.run_id, first.capture.media_type) == ("", None, "text/html")
    assert first.capture.captured_at == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert first.request_headers == (("Host", "example.org"),)
    assert (again.capture.record_type, again.body, again.capture.digest) == ("revisit", b"", "sha1:" + "A" * 32)
    assert [read_record(tmp_path, record.capture) for record in (first, again)] == [first, again]


def test_chunked_bodies_come_out_as_the_entity_body(tmp_path: Path) -> None:
    path = foreign(tmp_path / "chunked.warc.gz", body=b"5\r\nalpha\r\n6; x=y\r\n omega\r\n0\r\n\r\n", headers=(("Transfer-Encoding", "chunked"),))
    assert read(path)[0].body == b"alpha omega"
    assert check_file(path) == ()


@pytest.mark.parametrize(
    "encode",
    [
        bytes.hex,
        lambda d: base64.b32encode(d).decode(),
        lambda d: base64.b64encode(d).decode(),
        lambda d: base64.urlsafe_b64encode(d).decode().rstrip("="),
    ],
    ids=["hex", "base32", "base64", "url-safe"],
)
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha-256", "SHA512"])
def test_digests_of_any_algorithm_and_encoding_are_checked(tmp_path: Path, algorithm: str, encode: Any) -> None:
    block = b"HTTP/1.1 200 OK\r\n\r\nalpha"
    name = algorithm.lower().replace("-", "")
    for body, expected in ((b"alpha", []), (b"alphA", ["payload-digest"])):
        stated = f"{algorithm}:{encode(hashlib.new(name, body).digest())}"
        path = tmp_path / "one.warc"
        fields = f"WARC-Type: response\r\nWARC-Record-ID: <urn:x>\r\nWARC-Target-URI: <{URL}>\r\nWARC-Date: 2006-07\r\n"
        fields += f"WARC-Payload-Digest: {stated}\r\nContent-Length: {len(block)}"
        path.write_bytes(f"WARC/1.1\r\n{fields}\r\n\r\n".encode() + block + b"\r\n\r\n")
        assert codes(path) == expected
        assert (read(path)[0].capture.url, read(path)[0].capture.captured_at) == (URL, datetime(2006, 7, 1, tzinfo=UTC))


def test_a_request_that_comes_before_its_response_is_joined_too(tmp_path: Path) -> None:
    source, records = closed(tmp_path / "ours", {})
    info, answer, request, _ = [source.read_bytes()[found.offset : found.offset + found.length] for found in walk(source)]
    path = tmp_path / "turned.warc.gz"
    path.write_bytes(info + request + answer)
    assert read(path)[0].request_headers == records[0].request_headers


def test_several_records_in_one_gzip_member_are_all_read_and_told_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "one-member.warc.gz"
    plain = foreign(tmp_path / "plain.warc", gzip=False)
    path.write_bytes(gzip_format.compress(plain.read_bytes()))
    records = read(path)
    assert [record.capture.record_id for record in records] == [record.capture.record_id for record in read(plain)] and records
    assert [read_record(tmp_path, record.capture).body for record in records] == [record.body for record in records]
    findings = check_file(path)
    assert {finding.code for finding in findings} == {"several"} and "recompress" in findings[0].message


def test_very_many_records_in_one_gzip_member_are_read_in_a_time_that_grows_with_their_number(tmp_path: Path) -> None:
    """Four thousand, which would take minutes if each were cut out of all that follows it."""
    plain = foreign(tmp_path / "plain.warc", gzip=False)
    one = [found for found in walk(plain) if isinstance(found, Member) and b"WARC-Type: response" in found.content][0]
    path = tmp_path / "many.warc.gz"
    many = b"".join(re.sub(rb"urn:uuid:[0-9a-f]{8}", b"urn:uuid:%08x" % number, one.content, count=1) for number in range(4000))
    path.write_bytes(gzip_format.compress(many))
    assert len({record.capture.record_id for record in read(path)}) == 4000


@pytest.mark.parametrize(
    "content",
    [b"hello", b"\x1f\x8b\x08", b"WARC/1.1\r\n", b"WARC/1.1\r\nContent-Length: 99\r\n\r\nx", b"\0" * 9000, b"WARC/1.1\r\nContent-Length: -1\r\n\r\n"],
    ids=range(6),
)
def test_what_is_no_warc_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.warc.gz"
    path.write_bytes(content)
    assert len(codes(path)) == 1
    with pytest.raises(RecordError):
        read(path)


@SLOW
@given(content=st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda tail: b"WARC/1.1\r\nContent-Length: 9\r\n" + tail)))
def test_reading_rubbish_never_raises_anything_but_record_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("r") / "x.warc"
    path.write_bytes(content)
    check_file(path)
    assert read(path, on_damage=lambda error: None) == []
    assert all(isinstance(found, Member | Damage) for found in walk(path))


@pytest.mark.real
def test_the_real_capture_is_read_to_its_end() -> None:
    if not REAL.exists():
        pytest.skip("the real capture is not here")
    bodies = {}
    with REAL.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                head = record.http_headers
                chunked = (head.get_header("transfer-encoding") or "").endswith("chunked")
                raw = record.content_stream().read() if chunked and not head.get_header("content-encoding") else record.raw_stream.read()
                bodies[record.rec_headers.get_header("WARC-Record-ID").strip("<>")] = raw
    records = read(REAL)
    assert len(records) == 1389
    assert sum(bool(record.request_headers) for record in records) == 1389
    assert all(record.body == bodies[record.capture.record_id] for record in records)
    assert len(list(walk(REAL))) == 2778
    assert check_file(REAL) == ()
