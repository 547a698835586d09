"""The program as people meet it: exit codes, messages, interrupted and killed crawls, full disks; never a traceback, never a lost record."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import PROMISED
from rabat_crawler.cli.exits import CODES, MEANINGS, STATUS_CODES
from rabat_crawler.cli.main import COMMANDS
from rabat_crawler.demo import Serving
from rabat_crawler.errors import DiskFull, RabatError
from rabat_crawler.models import Item
from rabat_crawler.runner import crawl
from tests import warm
from tests.building import (
    BASE,
    FAST,
    PORT,
    article_archive,
    article_html,
    copy_of,
    dump_of,
    environment,
    program,
    rabat,
    sample_archive,
    small_archive,
)
from tests.servers import Page, answer, serve_pages, serve_sample


@contextmanager
def closed_port() -> Iterator[str]:
    """An origin on which nothing answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@dataclass(frozen=True)
class Patient:
    """A command that waits ten seconds before it gives up: begun before the other tests, looked at after them."""

    folder: Path
    running: subprocess.Popen[str]
    serving: Serving | None = None

    def ends(self, code: int) -> str:
        """What it said; its exit code must be `code`."""
        out, err = self.running.communicate(timeout=60)
        assert self.running.returncode == code and "Traceback" not in err, out + err
        return out + err


@pytest.fixture(scope="module", autouse=True)
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Patient]]:
    """Commands at work: a crawl of a closed port, of a site whose robots.txt fails, of a site with a failing page; a reader of a locked database."""
    folder = tmp_path_factory.mktemp("patient")

    def begin(name: str, *arguments: str, serving: Serving | None = None) -> Patient:
        command = program(*arguments, "--archive", str(folder / name))
        return Patient(
            folder / name, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()), serving
        )

    pages: dict[str, Page] = {"/robots.txt": answer("", status=500), "/": article_html("Titre", "Texte.")}
    article_archive(folder / "locked", un="Un")
    connection = sqlite3.connect(folder / "locked" / "rabat.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("BEGIN EXCLUSIVE")
    broken: dict[str, Page] = {"/": article_html("Titre", "Texte. <a href='/broken'>x</a>"), "/broken": answer("", status=500)}
    with closed_port() as start, serve_pages(pages) as serving, serve_pages(broken) as failing:
        begun = {
            "closed": begin("closed", "crawl", "--start", start, "--delay", "0"),
            "robots": begin("robots", "crawl", "--start", serving.origin, "--delay", "0", serving=serving),
            "broken": begin("broken", "crawl", "--start", failing.origin, "--delay", "0", serving=failing),
            "locked": begin("locked", "items"),
        }
        yield begun
        for one in begun.values():
            one.running.kill()
            one.running.communicate()
    connection.close()


# Help and options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=lambda command: command[0] if command else "program")
def test_help_names_usage_and_options(command: list[str]) -> None:
    done = rabat(*command, "--help")
    assert done.stdout.startswith("Usage: rabat-crawler") and "--help" in done.stdout and not done.stderr


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"rabat-crawler, version \d+\.\d+\S*\n", rabat("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["crawl", "--site", "rabat-proces"], "did you mean rabat-process"),
        (["crawl", "--site", "zzz"], "known: "),
        (["crawl", "--start", "ftp://x/"], "no http or https address"),
        (["crawl", "--start", "javascript:alert(1)"], "no http or https address"),
        (["crawl", "--start", ""], "no http or https address"),
        (["crawl", "--delay", "-1"], "--delay"),
        (["crawl", "--delay", "nan"], "no number of seconds"),
        (["crawl", "--delay", "inf"], "--delay"),
        (["crawl", "--max-pages", "0"], "--max-pages"),
        (["crawl", "--contact", "x\r\nHost: y"], "contact"),
        (["crawl", "extra"], "unexpected extra argument"),
        (["items", "--since", "12/2017"], "no date"),
        (["items", "--until", "2017-13"], "no date"),
        (["items", "--kind", "novel"], "'news'"),
        (["items", "--limit", "0"], "--limit"),
        (["search"], "Missing argument"),
        (["show"], "Missing argument"),
        (["serch", "x"], "No such command"),
        (["items", "--no-such"], "No such option"),
        ([], "Usage"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_named(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = rabat(*arguments, code=2, RABAT_ARCHIVE=str(tmp_path / "a"))
    assert said.lower() in (done.stderr + done.stdout).lower()
    assert not list((tmp_path / "a" / "warc").glob("*")) if (tmp_path / "a").exists() else True


def test_every_error_has_a_code_and_every_code_a_meaning() -> None:
    assert {code for _, code in CODES} | set(STATUS_CODES.values()) <= set(MEANINGS)
    kinds = [kind for kind, _ in CODES]
    without = {kind.__name__ for kind in RabatError.__subclasses__() if kind not in kinds}
    assert without == {"PageError", "NotFound"}


# Exit codes of a crawl -----------------------------------------------------------------------------------------------------


def test_a_robots_txt_that_forbids_all_is_obeyed(tmp_path: Path) -> None:
    with serve_pages({"/robots.txt": answer("User-agent: *\nDisallow: /", media_type="text/plain"), "/": article_html("Titre", "Texte.")}) as serving:
        assert "robots.txt forbids" in rabat("crawl", "--start", serving.origin, "--archive", tmp_path, "--delay", "0", code=10).stderr
        assert {request.path for request in serving.requests} == {"/robots.txt"}


def test_a_site_without_an_item_is_a_breach_and_its_captures_stay(tmp_path: Path) -> None:
    with serve_pages({"/": "<html><body></body></html>"}) as serving:
        assert "no item" in rabat("crawl", "--start", serving.origin, "--archive", tmp_path, "--delay", "0", code=8).stderr
    with Archive.open(tmp_path) as archive:
        assert archive.counts()["captures"] >= 1 and archive.verify().faults == ()


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    with serve_pages({"/": article_html("Titre", "Texte. <a href='/b'>x</a>")}) as serving:
        rabat("crawl", "--start", serving.origin, "--archive", tmp_path, "--dry-run", "--delay", "0")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_crawl_reports_and_its_run_is_listed(tmp_path: Path) -> None:
    with serve_pages({"/": article_html("Titre", "Texte. " * 30)}) as serving:
        run = json.loads(rabat("crawl", "--start", serving.origin, "--archive", tmp_path, "--delay", "0", "--json").stdout)
    assert run["status"] == "done" and run["counts"]["items_new"] == 1
    row = rabat("runs", "--archive", tmp_path).stdout.splitlines()[1].split()
    assert row[0] == run["run_id"] and [int(cell) for cell in row[-3:]] == [sum(run["counts"]["answers"].values()), 1, 0]


# Exit codes of an archive -----------------------------------------------------------------------------------------------------

READERS = [["items"], ["search", "x"], ["show", "abcd"], ["stats"], ["runs"], ["verify"]]


@pytest.mark.parametrize("command", [*READERS, ["rebuild"]], ids=lambda command: command[0])
def test_a_missing_archive_is_not_made(tmp_path: Path, command: list[str]) -> None:
    assert "there is no archive" in rabat(*command, "--archive", tmp_path / "none", code=12).stderr
    assert not (tmp_path / "none").exists()
    rabat(*command, "--archive", tmp_path, code=12)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["items"], ["crawl"]], ids=lambda command: command[0])
def test_a_file_instead_of_a_folder(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert "takes a folder" in rabat(*command, "--archive", tmp_path / "file", code=2).stderr


@pytest.mark.parametrize("command", [["items"], ["verify"], ["rebuild"], ["crawl", "--start", "http://127.0.0.1:9/"]], ids=lambda command: command[0])
def test_an_archive_of_a_newer_version_is_not_touched(tmp_path: Path, command: list[str]) -> None:
    article_archive(tmp_path, un="Un")
    connection = sqlite3.connect(tmp_path / "rabat.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / "rabat.db").read_bytes()
    assert "newer version" in rabat(*command, "--archive", tmp_path, code=9).stderr
    assert (tmp_path / "rabat.db").read_bytes() == before


HOLD = "import sys, time; from rabat_crawler.archive import Archive; a = Archive.open(sys.argv[1], write=True); print('held', flush=True); time.sleep(60)"


@pytest.mark.parametrize("command", [["rebuild"], ["crawl", "--start", "http://127.0.0.1:9/"]], ids=lambda command: command[0])
def test_a_second_writer_is_told_who_writes_and_readers_read(tmp_path: Path, command: list[str]) -> None:
    article_archive(tmp_path, un="Un")
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        try:
            assert f"pid {holder.pid}" in rabat(*command, "--archive", tmp_path, code=4).stderr
            assert "Un" in rabat("items", "--archive", tmp_path).stdout
        finally:
            holder.kill()
    rabat("rebuild", "--archive", tmp_path)


def harm_text(path: Path) -> None:
    path.write_text("this is no database, " * 500)


def harm_empty(path: Path) -> None:
    path.write_bytes(b"")


def harm_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3])


def harm_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 4096):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("harm", [harm_text, harm_empty, harm_cut, harm_middle], ids=lambda harm: harm.__name__)
def test_a_damaged_database_costs_nothing(tmp_path: Path, harm: object) -> None:
    folder = article_archive(tmp_path / "a", un="Un", deux="Deux")
    before = dump_of(folder)
    harm(folder / "rabat.db")  # type: ignore[operator]
    for command in READERS if harm is harm_text else (["items"], ["verify"]):
        done = rabat(*command, "--archive", folder, code=7)
        assert "rebuild" in done.stderr + done.stdout or command == ["verify"]
    assert "rebuilt from 1 WARC files" in rabat("rebuild", "--archive", folder).stdout
    assert dump_of(folder) == before
    assert "sound" in rabat("verify", "--archive", folder).stdout


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "rabat.db")
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = (tmp_path / "rabat.db").read_bytes()
    assert "not an archive of this program" in rabat("items", "--archive", tmp_path, code=7).stderr
    assert "not an archive of this program" in rabat("crawl", "--start", "http://127.0.0.1:9/", "--archive", tmp_path, code=7).stderr
    assert (tmp_path / "rabat.db").read_bytes() == before


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rabat.db").mkdir()
    assert "whether this is a file" in rabat("items", "--archive", tmp_path, code=1).stderr


# What is shown ----------------------------------------------------------------------------------------------------------------

TYPES = {
    "item_id": str, "site": str, "kind": str, "language": (str, type(None)), "title": str, "summary": str, "text": str, "published": (str, type(None)),
    "event_start": (str, type(None)), "event_end": (str, type(None)), "canonical_url": str, "addresses": list, "article_id": (int, type(None)),
    "twin": (str, type(None)), "first_seen": str, "last_seen": str, "gone": bool, "flags": list,
}  # fmt: skip


@pytest.mark.parametrize("command", [["items"], ["search", "dialogue"], ["show"]], ids=lambda command: command[0])
def test_json_keeps_its_promise(command: list[str]) -> None:
    assert set(TYPES) == set(PROMISED)
    with Archive.open(sample_archive(1)) as archive:
        ids = [item.item_id for item in archive.items()]
    extra = [ids[0]] if command == ["show"] else []
    lines = [json.loads(line) for line in rabat(*command, *extra, "--json", "--archive", sample_archive(1)).stdout.splitlines()]
    assert lines and (command != ["items"] or [line["item_id"] for line in lines] == ids)
    for line in lines:
        for name, kind in TYPES.items():
            assert isinstance(line[name], kind), (name, line[name])  # type: ignore[arg-type]
        assert list(line)[: len(PROMISED)] == list(PROMISED)
        assert ("rank" in line and "snippet" in line) == (command[0] == "search")


@pytest.mark.parametrize("command", [["stats"], ["runs"], ["sites"]], ids=lambda command: command[0])
def test_other_json_is_one_object_a_line(command: list[str]) -> None:
    lines = rabat(*command, "--json", RABAT_ARCHIVE=str(sample_archive(1))).stdout.splitlines()
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)


def test_what_a_page_says_never_steers_the_terminal(tmp_path: Path) -> None:
    nasty = "Titre\x1b]0;x\x07\x1b[31m rouge\x9b31m\u202egnp\u2066 &#155;31m &#x202e; &#27;[2J fin"
    body = article_html(nasty, f"{nasty} <a href='/x.pdf'>{nasty}</a>").replace("<p>", f"<p>{nasty}<img src='/i.png' alt='{nasty}'>")
    json_ld = (
        '<script type="application/ld+json">{"@type":"NewsArticle","articleSection":"\\u001b[31m\\u009b","keywords":["\\u202e","\\u2028x"]}</script>'
    )
    small_archive(tmp_path, [(f"{BASE}/fr/1-titre", body.replace("<title>", json_ld + "<title>"))])
    with Archive.open(tmp_path) as archive:
        name = next(archive.items()).item_id
    for command in (
        ["items"],
        ["items", "--json"],
        ["show", name],
        ["show", name, "--json"],
        ["search", "titre"],
        ["search", "titre", "--json"],
        ["stats"],
    ):
        shown = rabat(*command, "--archive", tmp_path).stdout
        steering = {character for character in shown if not character.isprintable() and character != "\n"} - (
            {"\x02", "\x03"} if "search" in command else set()
        )
        assert "Titre" in shown or "titre" in shown or command == ["stats"]
        assert not steering, (command, steering)


@pytest.mark.parametrize("wanted", ["nonsense", "²", "\udcff", "http://\udcff"], ids=ascii)
def test_what_is_not_there_is_said(wanted: str) -> None:
    assert "search WORDS" in rabat("show", wanted, "--archive", sample_archive(1), code=1).stderr


def test_a_search_without_hit_is_no_error_and_too_long_a_one_is() -> None:
    assert "nothing found" in rabat("search", "zzzz", "--archive", sample_archive(1)).stdout
    assert rabat("search", "zzzz", "--json", "--archive", sample_archive(1)).stdout == ""
    assert "at most" in rabat("search", "z" * 600, "--archive", sample_archive(1), code=2).stderr


@pytest.mark.parametrize("command", [["items", "--json"], ["items", "--limit", "1000"]], ids=["json", "table"])
def test_a_reader_that_goes_away_is_no_error(command: list[str]) -> None:
    with subprocess.Popen(
        program(*command, "--archive", str(sample_archive(3))), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        said = running.stderr.read().decode()
    assert running.returncode in (0, 141) and said == ""


def test_output_that_cannot_be_written_is_said() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            program("items", "--archive", str(sample_archive(1))), stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert done.returncode == 3 and "Traceback" not in done.stderr and "full" in done.stderr


# A crawl that does not end by itself ------------------------------------------------------------------------------------------


def values(folder: Path) -> list[tuple[object, ...]]:
    """What an archive says, whenever it was captured."""

    def row(item: Item) -> tuple[object, ...]:
        return (
            item.item_id,
            item.title,
            item.text,
            item.published,
            item.event_start,
            item.kind,
            item.language,
            item.canonical_url,
            item.twin,
            item.flags,
        )

    with Archive.open(folder) as archive:
        items = list(archive.items())
        return sorted((*row(item), tuple((v.version_id, v.title, v.text) for v in archive.versions(item.item_id))) for item in items)


def crawl_command(folder: Path, delay: str) -> list[str]:
    return program("crawl", "--site", "sample", "--start", f"http://127.0.0.1:{PORT}/", "--delay", delay, "--archive", str(folder))


def begin(folder: Path, serving: Serving, requests: int, delay: str) -> subprocess.Popen[str]:
    """A crawl that has made so many requests."""
    before = len(serving.requests)
    running = subprocess.Popen(crawl_command(folder, delay), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    end = time.monotonic() + 30
    while len(serving.requests) - before < requests and running.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    return running


def finished_crawl_is_whole(folder: Path) -> None:
    done = warm.run_program(crawl_command(folder, "0"), 60, environment())
    assert done.returncode in (0, 6) and "Traceback" not in done.stderr, done.stderr
    assert values(folder) == values(sample_archive(1))
    with Archive.open(folder) as archive:
        assert archive.verify().faults == ()


def test_ctrl_c_keeps_everything_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with serve_sample(1, port=PORT) as serving:
        running = begin(tmp_path, serving, 6, "0.15")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
        assert running.returncode == 130 and "Traceback" not in err and "run the same command again" in out + err
        with Archive.open(tmp_path) as archive:
            assert archive.counts()["captures"] >= 4 and archive.verify().faults == ()
            assert archive.runs()[0].status == "interrupted" and not list(archive.warc_dir.glob("*.open"))
        finished_crawl_is_whole(tmp_path)


@pytest.mark.parametrize("requests", [2, 27])
def test_kill_9_loses_at_most_the_page_in_flight(tmp_path: Path, requests: int) -> None:
    with serve_sample(1, port=PORT) as serving:
        running = begin(tmp_path, serving, requests, "0.01")
        running.kill()
        running.communicate(timeout=20)
        assert running.returncode == -signal.SIGKILL
        with Archive.open(tmp_path, write=True) as archive:
            assert archive.verify().faults == () and not list(archive.warc_dir.glob("*.open"))
            assert archive.counts()["captures"] >= requests - 3
            assert {run.status for run in archive.runs()} == {"interrupted"}
        finished_crawl_is_whole(tmp_path)


def test_ctrl_c_of_a_rebuild_leaves_the_archive_as_it_was(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    before = dump_of(folder)
    for pause in (0.2, 0.4):
        running = subprocess.Popen(
            program("rebuild", "--archive", str(folder)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )
        time.sleep(pause)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
        assert running.returncode in (0, 130, -signal.SIGINT) and (running.returncode == -signal.SIGINT or "Traceback" not in err or pause < 0.3), err
    assert dump_of(folder) == before


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of one megabyte, or of so many kilobytes as the test asks for."""
    size = getattr(request, "param", 1024)
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_without_room_stops_the_crawl_before_it_begins(small_disk: Path) -> None:
    with serve_sample(1, port=PORT) as serving:
        done = warm.run_program(crawl_command(small_disk / "a", "0"), 60, environment())
        assert done.returncode == 3 and "free some space" in done.stderr and not serving.requests


@pytest.mark.parametrize("small_disk", [1600], indirect=True)
def test_a_disk_that_fills_during_a_crawl_keeps_what_was_stored(small_disk: Path, tmp_path: Path) -> None:
    sample_archive(1)  # it is served at the same port
    with serve_sample(1, port=PORT) as serving:
        site = registry.at_origin(registry.site("sample"), serving.origin + "/")
        with pytest.raises(DiskFull, match="free"), Archive.open(small_disk / "a", write=True, create=True) as archive:
            crawl(archive, site, delay=0.0, settings=FAST)
        roomy = Path(shutil.copytree(small_disk / "a", tmp_path / "roomy"))
        with Archive.open(roomy, write=True) as archive:
            assert archive.counts()["captures"] > 3 and archive.verify().faults == ()
        finished_crawl_is_whole(roomy)


def test_a_rebuild_on_a_full_disk_says_so_and_gives_the_room_back(small_disk: Path) -> None:
    archive = small_disk / "a"
    (archive / "state").mkdir(parents=True)
    shutil.copytree(sample_archive(1) / "runs", archive / "runs")
    (archive / "warc").symlink_to(sample_archive(1) / "warc")
    assert "free" in rabat("rebuild", "--archive", archive, code=3).stderr
    assert not list((archive / "state").glob("rebuild.db*"))


# Those that wait ------------------------------------------------------------------------------------------------------------


def test_a_closed_port_is_unreachable(patient: dict[str, Patient]) -> None:
    assert "no answer from" in patient["closed"].ends(11)
    assert "sound" in rabat("verify", "--archive", patient["closed"].folder).stdout


def test_a_robots_txt_with_a_server_error_puts_the_crawl_off(patient: dict[str, Patient]) -> None:
    assert "robots.txt" in patient["robots"].ends(5)
    assert patient["robots"].serving is not None and {request.path for request in patient["robots"].serving.requests} == {"/robots.txt"}
    assert "sound" in rabat("verify", "--archive", patient["robots"].folder).stdout


def test_a_crawl_whose_address_fails_names_it(patient: dict[str, Patient]) -> None:
    assert "/broken: " in patient["broken"].ends(6)
    with Archive.open(patient["broken"].folder) as archive:
        assert archive.counts()["items"] == 1 and archive.runs()[0].status == "done with failures"


def test_a_database_locked_by_another_program_is_named(patient: dict[str, Patient]) -> None:
    assert "another process" in patient["locked"].ends(4)
