"""`history`, `captures` and `replay` as people and programs meet them: lines, JSON, files, a server for one page, errors with their exit codes."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import io
import json
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import CAPTURE_KEYS, history_json
from rabat_crawler.cli.exits import run_safely
from rabat_crawler.cli.main import group
from rabat_crawler.cli.replay import SUFFIXES
from rabat_crawler.playback import POLICY, memento_path
from tests.building import BASE, PORT, copy_of, environment, night, program, rabat, sample_archive
from tests.test_docs import README
from tests.test_past import GZIP, HTML, URL, A, B, Night, page, past_archive

PACKED = gzip.compress(A, mtime=0)
OTHER = f"{BASE}/fr/102-deux"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text, the same again, a 304, another text, the first one again under another title; a second article; a page that is gone."""
    again = page("Réunion \u202ednif\x1b[31m", "La réunion se tient à Rabat.")
    nights = [
        Night(days=0, body=PACKED, headers=(HTML, GZIP, ("X-Odd", "a\tb"))), Night(days=1, body=PACKED, headers=(HTML, GZIP)), Night(days=2, body=None),
        Night(days=40, body=B, source="arquivo"), Night(days=50, body=A), Night(days=60, body=again), Night(days=0, url=OTHER, body=page("Deux")),
        Night(days=70, url=OTHER, body=b"gone", status=404),
    ]  # fmt: skip
    return past_archive(tmp_path_factory.mktemp("past"), nights)


@pytest.fixture(scope="module")
def records(past: Path) -> list[str]:
    with Archive.open(past) as archive:
        return [one.capture.record_id.removeprefix("urn:uuid:") for one in archive.captures(URL)]


@dataclass(frozen=True)
class Ran:
    """What a command said; `output` is its standard output as bytes."""

    output: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.output.decode()


def ran(*arguments: str | Path, code: int = 0) -> Ran:
    """Run the command line within this process, from its entry to its exit code: a fresh interpreter each time would take minutes."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors), pytest.raises(SystemExit) as left:
        run_safely(lambda: group.main(args=[*map(str, arguments)], prog_name="rabat-crawler", standalone_mode=False))
    done = Ran(output.buffer.getvalue(), errors.buffer.getvalue().decode())  # type: ignore[attr-defined]
    assert "Traceback" not in done.stderr and "a defect of" not in done.stderr, done.stderr
    assert (left.value.code or 0) == code, (arguments, left.value.code, done)
    return done


# history -------------------------------------------------------------------------------------------------------------------------------


def test_history_tells_when_each_text_stood(past: Path, records: list[str]) -> None:
    shown = ran("history", "101", "--archive", past).stdout
    assert "3 versions in 6 captures" in shown and "order in time: 1, 2, 1, 3" in shown
    assert f"2019-05-01T06:00:00Z to 2019-05-03T06:00:00Z  3 captures ({records[0][:8]} … {records[2][:8]})  live" in shown
    assert f"2019-06-10T06:00:00Z  1 capture ({records[3][:8]})  arquivo" in shown
    assert f"2019-06-20T06:00:00Z  1 capture ({records[4][:8]})  live  (came back)" in shown
    assert "against 1: 1 word added, 1 removed" in shown and "à [-Rabat-] {+Dakar+}." in shown and URL in shown
    assert "title: Réunion {+dnif[31m+}\n     the text is that of 1\n" in shown, (
        "told against the text that had come back, not against the number before"
    )
    assert "\x1b" not in shown and ", the current one" in shown.split("\n3  ")[1].split("\n")[0]
    assert ran("history", URL, "--archive", past).stdout == shown


def test_history_as_json(past: Path) -> None:
    found = json.loads(ran("history", "101", "--json", "--archive", past).stdout)
    with Archive.open(past) as archive:
        assert found == json.loads(json.dumps(history_json(archive.history("101"))))
    assert found["order"] == [1, 2, 1, 3] and found["captures"] == 6
    first, second, third = found["versions"]
    assert [len(one["spans"]) for one in (first, second, third)] == [2, 1, 1] and first["captures"] == 4 and third["current"]
    assert (
        [one["against"] for one in found["versions"]] == [None, 1, 1]
        and first["diff"] is None
        and ["-", "Rabat"] in [[op, words.strip()] for op, words in second["diff"]]
    )
    assert (second["added"], second["removed"]) == (1, 1) and second["spans"][0]["sources"] == ["arquivo"]


def keys_of(value: object) -> Iterator[str]:
    """Every key of a JSON value."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            for key, below in one.items():
                yield key
                yield from keys_of(below)


def test_every_key_is_in_the_readme(past: Path) -> None:
    keys = {
        *keys_of(json.loads(ran("history", "101", "--json", "--archive", past).stdout)),
        *keys_of(json.loads(ran("history", "101", "--json", "--diff", "1", "2", "--archive", past).stdout)),
        *keys_of(json.loads(ran("history", "101", "--json", "--as-of", "2019", "--archive", past).stdout)),
        *CAPTURE_KEYS,
    }
    assert len(keys) > 60
    assert not [key for key in sorted(keys) if f"`{key}`" not in README]


def test_the_whole_diff_of_two_versions(past: Path) -> None:
    shown = ran("history", "101", "--diff", "2019-05", "2019-06-15", "--archive", past).stdout
    assert "La réunion se tient à [-Rabat-] {+Dakar+}." in shown
    assert shown == ran("history", "101", "--diff", "1", "2", "--archive", past).stdout
    back = ran("history", "101", "--diff", "2", "1", "--archive", past).stdout
    assert "à [-Dakar-] {+Rabat+}." in back
    assert "both are the same version" in ran("history", "101", "--diff", "1", "2019-06-25", "--archive", past).stdout
    found = json.loads(ran("history", "101", "--diff", "1", "2", "--json", "--archive", past).stdout)
    assert found["from"] != found["to"] and "".join(words for op, words in found["diff"] if op != "-").endswith("à Dakar.")


def test_an_item_as_it_stood(past: Path) -> None:
    shown = ran("history", "101", "--as-of", "2019-06-15", "--archive", past).stdout
    assert shown.startswith("as it stood on 2019-06-15\n") and "à Dakar." in shown and "published: 2017-07-17" in shown
    found = json.loads(ran("history", "101", "--as-of", "2019-05", "--json", "--archive", past).stdout)
    assert found["text"].endswith("à Rabat.") and found["as_of"] == "2019-05" and found["last_seen"].startswith("2019-05-03")


ERRORS = [
    (("history", "nothing"), 1, "no item has this id"),
    (("history", "101", "--diff", "1", "9"), 1, "there is no version 9"),
    (("history", "101", "--diff", "2001", "1"), 1, "was not captured by 2001"),
    (("history", "101", "--as-of", "2001"), 1, "was not captured by 2001; its first capture is of 2019-05-01"),
    (("history", "101", "--as-of", "soon"), 2, "'soon' is no date"),
    (("history", "101", "--diff", "1", "2", "--as-of", "2019"), 2, "exclude each other"),
    (("captures", "nothing"), 1, "no item has this id"),
    (("captures", URL, "--from", "2019-13"), 2, "is no date"),
    (("captures", URL, "--json", "--cdxj"), 2, "exclude each other"),
    (("replay", "nothing"), 1, "8 letters or more"),
    (("replay", "00000000-0000-4000-8000-000000000000"), 1, "no item has this id"),
    (("replay", f"{BASE}/never"), 1, "was never captured"),
    (("replay", f"{BASE}/*"), 1, "was never captured"),
    (("replay", "101", "--date", "2001"), 1, "was not captured by 2001"),
    (("replay", "101", "--open", "--raw"), 2, "--open goes with none of"),
    (("replay", "101", "-o", "/no/such/folder/x"), 2, "there is no folder /no/such/folder"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), ERRORS)
def test_what_cannot_be_is_said(past: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = ran(*arguments, "--archive", past, code=code)
    assert said in done.stderr and not done.stdout


def test_on_a_terminal_the_words_have_colours(past: Path) -> None:
    main, side = pty.openpty()
    done = subprocess.run(program("history", "101", "--diff", "1", "2", "--archive", str(past)), stdout=side, env=environment(), timeout=60)
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):  # the other side is closed: all was read
        while piece := os.read(main, 65536):
            shown += piece
    os.close(main)
    assert done.returncode == 0 and "\x1b[31m[-Rabat-]\x1b[0m \x1b[32m{+Dakar+}\x1b[0m" in shown.decode()


def test_history_of_the_sample_site() -> None:
    """The third night's edits: a title, and the days of a meeting."""
    with Archive.open(sample_archive(3)) as archive:
        changed = [item.item_id for item in archive.items() if len(archive.versions(item.item_id)) > 1]
    shown = "".join(ran("history", item, "--archive", sample_archive(3)).stdout for item in changed)
    assert len(changed) == 2 and "title: [-Delegation-]{+Civil registrars+} from Togo" in shown and "[-12-] {+19+} et [-13-] {+20+}" in shown


def test_the_program_itself(past: Path, tmp_path: Path, records: list[str]) -> None:
    assert rabat("history", "101", "--archive", past).stdout == ran("history", "101", "--archive", past).stdout
    assert rabat("captures", "101", "--cdxj", "--archive", past).stdout == ran("captures", "101", "--cdxj", "--archive", past).stdout
    assert rabat("replay", records[3], "-o", "-", "--archive", past).stdout.encode() == B
    assert "exists" in rabat("replay", records[3], "-o", tmp_path, "--archive", past, code=2).stderr


def test_show_points_to_the_history(past: Path) -> None:
    shown = ran("show", "101", "--archive", past).stdout
    assert re.search(r"6 captures, 3 versions; rabat-crawler history \w{10} shows", shown)


# captures ------------------------------------------------------------------------------------------------------------------------------


def test_captures_as_a_table(past: Path, records: list[str]) -> None:
    shown = ran("captures", URL.replace("https://www.", ""), "--archive", past).stdout
    lines = shown.splitlines()
    assert lines[0] == URL and lines[-1] == "6 captures" and len(lines) == 11
    assert lines[3].split()[:5] == ["2019-05-01", "06:00:00", records[0][:8], "200", "response"] and "run-000-00000.warc.gz @ " in lines[3]
    assert " 304     revisit " in lines[5] and "  arquivo  " in lines[6]
    many = ran("captures", f"{BASE}/fr/*", "--from", "2019-05", "--to", "2019-05", "--archive", past).stdout
    assert many.endswith("4 captures\n") and OTHER in many
    assert "no captures" in ran("captures", f"{BASE}/never", "--archive", past).stdout


def test_captures_as_json(past: Path) -> None:
    found = [json.loads(line) for line in ran("captures", "102", "--json", "--archive", past).stdout.splitlines()]
    assert [(one["timestamp"], one["captured_at"], one["status"], one["role"]) for one in found] == [
        ("20190501060000", "2019-05-01T06:00:00Z", 200, "detail"),
        ("20190710060000", "2019-07-10T06:00:00Z", 404, "gone"),
    ]
    assert all(tuple(one) == CAPTURE_KEYS for one in found)
    assert len(ran("captures", URL, "--json", "--limit", "2", "--archive", past).stdout.splitlines()) == 2


def test_captures_as_an_index(past: Path) -> None:
    lines = ran("captures", "rabat-process.org/*", "--cdxj", "--archive", past).stdout.splitlines()
    assert len(lines) == 8 and lines == sorted(lines)
    key, stamp, values = lines[1].split(" ", 2)
    assert (key, stamp) == ("org,rabat-process)/fr/101-un", "20190502060000")
    found = json.loads(values)
    assert found["mime"] == "warc/revisit" and all(isinstance(value, str) for value in found.values())


# replay --------------------------------------------------------------------------------------------------------------------------------


def replayed(folder: Path, *arguments: str) -> tuple[bytes, str]:
    """Standard output as bytes, and what is said beside it, of a `replay` in that folder."""
    with contextlib.chdir(folder):
        done = ran("replay", *arguments)
    return done.output, done.stderr


def test_a_page_becomes_a_file_that_is_never_overwritten(past: Path, tmp_path: Path, records: list[str]) -> None:
    names = [replayed(tmp_path, "101", "--date", "2019-06-15", "--archive", str(past))[0].decode().strip() for _ in range(3)]
    assert names == [f"20190610T060000Z-101-un{again}.html" for again in ("", "-2", "-3")]
    assert [(tmp_path / name).read_bytes() for name in names] == [B, B, B]
    _, said = replayed(tmp_path, records[3][:8], "--archive", str(past))
    for line in (f"address: {URL}", "Memento-Datetime: Mon, 10 Jun 2019 06:00:00 GMT", "source: arquivo", f"record: urn:uuid:{records[3]}"):
        assert line in said.splitlines()
    assert re.search(r"^digest: sha256:[0-9a-f]{64}$", said, re.M) and re.search(r"^WARC file: run-003-00000.warc.gz @ \d+$", said, re.M)


def test_bodies_as_recorded_and_decoded(past: Path, tmp_path: Path, records: list[str]) -> None:
    archive = ("--archive", str(past))
    assert replayed(tmp_path, records[0], "-o", "-", *archive)[0] == A
    assert replayed(tmp_path, records[0], "-o", "-", "--raw", *archive)[0] == PACKED
    (name,) = replayed(tmp_path, records[0], "--raw", *archive)[0].decode().split()
    assert name == "20190501T060000Z-101-un.html.gz" and gzip.decompress((tmp_path / name).read_bytes()) == A
    body, said = replayed(tmp_path, records[2], "-o", "-", *archive)
    assert body == A and f"a revisit: the body is that of urn:uuid:{records[0]}, captured Wed, 01 May 2019 06:00:00 GMT" in said


def test_recorded_headers(past: Path, tmp_path: Path, records: list[str]) -> None:
    shown, _ = replayed(tmp_path, records[0], "--headers", "--archive", str(past))
    lines = shown.decode().splitlines()
    assert lines[0] == "HTTP/1.1 200 OK" and "Content-Encoding: gzip" in lines and "X-Odd: a\tb" in lines and not list(tmp_path.iterdir())
    both, _ = replayed(tmp_path, records[3], "--headers", "-o", "-", "--archive", str(past))
    assert both.partition(b"\n\n")[2] == B
    assert replayed(tmp_path, records[2], "--headers", "--archive", str(past))[0].startswith(b"HTTP/1.1 304 Not Modified")


def test_a_file_that_exists_stays(past: Path, tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for path in (there, link, tmp_path):
        assert "exists and is not overwritten" in ran("replay", "101", "-o", path, "--archive", past, code=2).stderr
    assert there.read_text() == "mine" and not (tmp_path / "nowhere").exists()


HOSTILE = [
    ("/fr/..%2f..%2fetc%2fpasswd", "text/html", "passwd.html"),
    ("/fr/%2e%2e", "text/html", "fr.html"),
    ("/", "text/html", "www.rabat-process.org.html"),
    ("/a/.bashrc", "text/plain", "bashrc.txt"),
    ("/a/-rf%20*%0a", "text/html", "rf.html"),
    ("/x.exe", "text/html; charset=utf-8", "x.exe.html"),
    ("/x.PDF", "application/pdf", "x.pdf"),
    ("/x.html", "application/x-msdownload", "x.html.bin"),
    ("/%1b%5b31mred%00%e2%80%aegnp.exe", "image/png", "31mred-gnp.exe.png"),
    ("/" + "a" * 300, "text/html", "a" * 80 + ".html"),
    ("/%ff%fe%c3%a9", "text/html", "page.html"),
    ("/a%5cb%5cc.html", "text/html", "a-b-c.html"),
]


def test_hostile_names_are_cleaned(tmp_path: Path) -> None:
    folder, nights = tmp_path / "out", []
    folder.mkdir()
    for number, (path, kind, _) in enumerate(HOSTILE):
        nights.append(Night(days=number, url=f"{BASE}{path}", body=b"%d" % number, headers=(("Content-Type", kind),)))
    archive = past_archive(tmp_path / "archive", nights)
    with Archive.open(archive) as opened:
        records = {one.capture.captured_at: one.capture.record_id for one in opened.captures("http://rabat-process.org/*")}
    for number, (path, _, expected) in enumerate(HOSTILE):
        (name,) = replayed(folder, records[night(number)], "--archive", str(archive))[0].decode().splitlines()
        assert name == f"{night(number):%Y%m%dT%H%M%SZ}-{expected}", path
        assert (folder / name).read_bytes() == b"%d" % number
    assert len(list(folder.iterdir())) == len(HOSTILE) and all(re.fullmatch(r"\.[a-z]+", suffix) for suffix in SUFFIXES.values())


def test_a_missing_or_damaged_file_is_named(past: Path, tmp_path: Path, records: list[str]) -> None:
    path = copy_of(past, tmp_path)
    warc = path / "warc" / "run-000-00000.warc.gz"
    with Archive.open(path) as archive:
        place = archive.capture(records[0]).capture
    content = bytearray(warc.read_bytes())
    content[place.offset + place.length // 2] ^= 0xFF
    warc.write_bytes(content)
    for wanted in (records[0], records[2]):
        assert "run-000-00000.warc.gz" in ran("replay", wanted, "-o", tmp_path / "x", "--archive", path, code=7).stderr
    warc.unlink()
    assert "run-000-00000.warc.gz is missing; restore it" in ran("replay", records[0], "-o", tmp_path / "x", "--archive", path, code=7).stderr
    assert not (tmp_path / "x").exists()


# replay --open -------------------------------------------------------------------------------------------------------------------------


@dataclass
class Served:
    """A page that is being served."""

    process: subprocess.Popen[str]
    port: int
    path: str

    def get(self, path: str, *, host: str | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, headers={"Host": host or f"127.0.0.1:{self.port}"})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


@contextlib.contextmanager
def served(archive: Path, *arguments: str) -> Iterator[Served]:
    command = program("replay", *arguments, "--open", "--no-browser", "--archive", str(archive))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None and process.stderr is not None
    try:
        address = process.stdout.readline().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/.*)", address)
        assert found, process.stderr.read()
        yield Served(process, int(found[1]), found[2])
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture(scope="module")
def open_page(past: Path, records: list[str]) -> Iterator[Served]:
    with served(past, records[3]) as one:
        yield one


def test_the_page_is_served_without_its_scripts(open_page: Served) -> None:
    assert open_page.path == f"/20190610060000id_/{URL}"
    for method in ("GET", "HEAD"):
        status, headers, body = open_page.get(open_page.path, method=method)
        assert (status, body) == (200, B if method == "GET" else b"")
        assert parsedate_to_datetime(headers["memento-datetime"]) == night(40)
        assert (
            headers["content-security-policy"] == POLICY == "sandbox; default-src 'none'; base-uri 'none'; style-src 'unsafe-inline'; img-src data:"
        )
        assert headers["x-content-type-options"] == "nosniff" and headers["content-type"] == "text/html; charset=utf-8"
        assert headers["content-length"] == str(len(B)) and headers["link"] == f'<{URL}>; rel="original"'


FOLLOWED = [
    ("/", 302, f"/20190610060000id_/{URL}"),
    ("/fr/102-deux", 302, f"/20190610060000id_/{OTHER}"),
    (f"/20190610060000id_/{OTHER}", 302, f"/20190501060000id_/{OTHER}"),
    ("/20190501060000id_/http://rabat-process.org/fr/102-deux/", 200, None),
    ("/20190501060000/https:/www.rabat-process.org/fr/102-deux", 200, None),
    (f"/20190610060000id_/{BASE}/never", 404, None),
    (f"/20190610060000id_/{BASE}/*", 404, None),
    (f"/20191340000000id_/{URL}", 404, None),
]


@pytest.mark.parametrize(("path", "status", "location"), FOLLOWED)
def test_links_lead_to_captures_of_about_the_same_time(open_page: Served, path: str, status: int, location: str | None) -> None:
    found, headers, body = open_page.get(path)
    assert (found, headers.get("location")) == (status, location)
    assert headers["content-security-policy"] == POLICY
    if status == 200:
        assert b"Deux" in body and parsedate_to_datetime(headers["memento-datetime"]) == night(0)


def test_no_other_name_reads_the_archive(open_page: Served) -> None:
    status, _, body = open_page.get(open_page.path, host="rebound.example")
    assert status == 403 and b"Dakar" not in body


def test_serving_ends_when_nobody_asks(past: Path) -> None:
    began = time.monotonic()
    with served(past, URL, "--idle", "1") as one:
        assert one.get(one.path)[0] == 200
        assert one.process.wait(timeout=20) == 0
    assert time.monotonic() - began < 15


def test_ctrl_c_ends_serving_without_a_word(past: Path) -> None:
    with served(past, "101") as one:
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait(timeout=20) == 0
        assert one.process.stderr is not None and "stopped" not in one.process.stderr.read()


def test_an_address_of_any_letters_has_a_path_that_leads_to_it(tmp_path: Path) -> None:
    urls = [f"{BASE}/fr/r%C3%A9union?a=1&b=%26", f"{BASE}/a/(b)'c'", f"{BASE}/index.php?x[]=1", f"{BASE}/a//b"]
    path = past_archive(tmp_path, [Night(days=number, url=url, body=page(f"Page {number}")) for number, url in enumerate(urls)])
    with served(path, urls[0]) as one:
        for number, url in enumerate(urls):
            status, _, body = one.get(memento_path(night(number), url))
            assert status == 200 and f"Page {number}".encode() in body, url


def test_the_sample_replays_as_it_was_sent(tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive:
        item = next(item for item in archive.items() if item.canonical_url and not item.flags)
        body = archive.body(archive.captures(item=item.item_id)[0].capture.record_id)
    assert item.title.split()[0].encode() in body and f"127.0.0.1:{PORT}" in (item.canonical_url or "")
    assert replayed(tmp_path, item.item_id, "-o", "-", "--archive", str(sample_archive(1)))[0] == body
