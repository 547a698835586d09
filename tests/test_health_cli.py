"""`status` and `runs show` as people and monitoring programs meet them: the page, the exit codes, the word diffs, the JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.lock import WriteLock, lock_holder
from rabat_crawler.cli.health import STATE_CODES, read_status
from rabat_crawler.health import KEYS, STATES
from rabat_crawler.models import Run
from rabat_crawler.runner import crawl
from tests.building import BASE, FAST, PORT, article_archive, article_html, copy_of, environment, program, rabat, recorded, sample_archive
from tests.servers import serve_sample

FAULT = {"code": "pages_gone", "message": "25 of 100 pages are gone"}


def run_of(hours_ago: float, status: str = "done", **counts: Any) -> Run:
    began = datetime.now(UTC) - timedelta(hours=hours_ago)
    return Run(
        run_id=f"{began:%Y%m%dT%H%M%SZ}-rabat-process-{status[:4].strip()}",
        spider="dialogue",
        site="rabat-process",
        started_at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        finished_at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        status=status,
        counts={"changes": []} | counts,
    )


def archive_with(folder: Path, *runs: Run) -> Path:
    """A small archive of one article, with these runs."""
    article_archive(folder, un="Premier titre")
    with Archive.open(folder, write=True) as archive:
        for run in runs:
            archive.end_run(run)
    return folder


CODES = [
    ("healthy", [run_of(1)], 0, "healthy: last success"),
    ("never crawled", [], 1, "never crawled"),
    ("late", [run_of(50)], 1, "late: no run since"),
    ("interrupted", [run_of(1, "interrupted")], 1, "interrupted:"),
    ("disk full", [run_of(1, "disk full")], 3, "failing:"),
    ("put off", [run_of(1, "put off")], 5, "failing:"),
    ("failures", [run_of(1, "done with failures", failed=1, failures=[{"url": "https://x.org/", "reason": "500"}])], 6, "failing: 1 address failed"),
    ("another error", [run_of(1, "error")], 1, "failing:"),
    ("breached", [run_of(1, "breached", breach=[FAULT]), run_of(25)], 8, "BREACHED:"),
    ("accepted", [run_of(1, "breached", breach=[FAULT], accepted=True)], 0, "healthy:"),
]


@pytest.mark.parametrize(("runs", "code", "said"), [case[1:] for case in CODES], ids=[case[0] for case in CODES])
def test_a_monitoring_program_reads_the_exit_code(tmp_path: Path, runs: list[Run], code: int, said: str) -> None:
    archive_with(tmp_path, *runs)
    done = rabat("status", "--archive", tmp_path, code=code)
    assert done.stdout.startswith(said) and not done.stderr


def test_every_state_but_failing_has_one_code() -> None:
    assert {*STATE_CODES, "failing"} == set(STATES)


def test_the_status_as_json(tmp_path: Path) -> None:
    archive_with(tmp_path, run_of(1, changes=[{"change": "new"}]))
    values = json.loads(rabat("status", "--json", "--archive", tmp_path).stdout)
    assert tuple(values) == KEYS
    assert values["state"] == "healthy" and values["changes"] == {"new": 1} and values["items"]["now"] == 1
    assert values["disk"]["archive_bytes"] > 1000 and values["disk"]["free_bytes"] > 0


def test_the_age_and_the_site_are_options(tmp_path: Path) -> None:
    archive_with(tmp_path, run_of(50))
    rabat("status", "--max-age", "100", "--archive", tmp_path)
    assert "no run of prague-process" in rabat("status", "--site", "prague-process", "--archive", tmp_path, code=1).stdout
    rabat("status", "--max-age", "0", "--archive", tmp_path, code=2)
    rabat("status", "--max-age", "nan", "--archive", tmp_path, code=2)


def test_the_status_of_a_missing_archive(tmp_path: Path) -> None:
    assert "there is no archive" in rabat("status", "--archive", tmp_path / "none", code=12).stderr
    assert not (tmp_path / "none").exists()


def test_the_status_changes_nothing(tmp_path: Path) -> None:
    archive_with(tmp_path, run_of(1))
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if not path.name.endswith(("-shm", "-wal"))}
    rabat("status", "--archive", tmp_path)
    rabat("runs", "show", "last", "--archive", tmp_path)
    assert {
        path: (path.stat().st_size, path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if not path.name.endswith(("-shm", "-wal"))
    } == before


def test_a_crawl_that_is_going_on_is_no_fault(tmp_path: Path) -> None:
    archive_with(tmp_path, run_of(20))
    with Archive.open(tmp_path, write=True) as archive:
        archive.begin_run(dataclasses.replace(run_of(0, "running"), finished_at=None))
        done = rabat("status", "--archive", tmp_path)
        assert done.stdout.startswith("running: a run began") and f"process {os.getpid()}" in done.stdout
        assert lock_holder(archive.state_dir) == os.getpid()
    assert rabat("status", "--archive", tmp_path, code=1).stdout.startswith("interrupted: the run of"), "nobody holds the lock: the run is dead"


def test_the_holder_of_the_lock_is_known_and_never_disturbed(tmp_path: Path) -> None:
    assert lock_holder(tmp_path) is None, "there is no lock file"
    lock = WriteLock(tmp_path)
    assert lock_holder(tmp_path) == os.getpid()
    lock.release()
    assert lock_holder(tmp_path) is None
    (tmp_path / "lock").write_text("12345\n")
    assert lock_holder(tmp_path) is None, "what a killed process left holds nothing"
    WriteLock(tmp_path).release()


def test_a_program_may_give_the_clock_and_the_next_run(tmp_path: Path) -> None:
    archive_with(tmp_path, run_of(1))
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    found = read_status(tmp_path, now=now, next_run=now + timedelta(hours=2))
    assert found.state == "late" and any("(in 2 h)" in line for line in found.lines)


# runs show -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """An archive whose last run changed an article's text."""
    folder = tmp_path_factory.mktemp("changed")
    article_archive(folder, un="Premier titre")
    recorded(folder, [(f"{BASE}/fr/101-un", article_html("Premier titre", "Premier texte"))], run_id="second", at=datetime(2019, 6, 1, tzinfo=UTC))
    with Archive.open(folder, write=True) as archive:
        (item,) = archive.items()
        versions = [version.version_id for version in archive.versions(item.item_id)]
        change = {"change": "changed", "item_id": item.item_id, "title": "Premier\x1b[31m titre", "url": item.canonical_url, "language": "fr"}
        merged = {"change": "changed", "item_id": "nothing", "title": "T", "url": None, "kind": "news", "fields": {}, "versions": ["x", "y"]}
        changes = [change | {"kind": "news", "published": "2017-07-17", "fields": {"summary": ["a b", "a c"]}, "versions": versions}, merged]
        run = run_of(1, changes=changes)
        archive.end_run(run_of(30))
        archive.end_run(run)
    assert len(versions) == 2
    return folder, run


def test_a_run_is_shown_by_id_beginning_or_as_the_last(changed: tuple[Path, Run]) -> None:
    folder, run = changed
    shown = [rabat("runs", "show", wanted, "--archive", folder).stdout for wanted in (run.run_id, run.run_id[:-2], "last")]
    assert shown[0].startswith(f"run {run.run_id}: done") and set(shown) == {shown[0]}
    assert rabat("runs", "--archive", folder, "show", "last").stdout == shown[0], "--archive may stand before show"
    assert "text: another version" in shown[0] and "summary: a [-b-] {+c+}" in shown[0] and "\x1b" not in shown[0]


def test_the_word_diff_of_a_run(changed: tuple[Path, Run]) -> None:
    shown = rabat("runs", "show", "last", "--diff", "--archive", changed[0]).stdout
    assert "Premier [-titre-] {+texte+}" in shown
    assert "no longer has both" in shown, "of an item that was merged"


def test_a_run_as_json_with_its_word_diffs(changed: tuple[Path, Run]) -> None:
    folder, run = changed
    plain = json.loads(rabat("runs", "show", "last", "--json", "--archive", folder).stdout)
    assert plain["run_id"] == run.run_id and "diff" not in plain["counts"]["changes"][0]
    assert json.loads(rabat("runs", "--json", "--archive", folder, "show", "last").stdout) == plain
    worded = json.loads(rabat("runs", "show", "last", "--json", "--diff", "--archive", folder).stdout)
    first, merged = worded["counts"]["changes"]
    assert first["diff"] == [[" ", "Premier"], ["-", " titre"], ["+", " texte"]] and "diff" not in merged


def test_an_unknown_or_ambiguous_run_is_named(changed: tuple[Path, Run]) -> None:
    assert "no run has this id" in rabat("runs", "show", "zzz", "--archive", changed[0], code=1).stderr
    assert "runs begin so" in rabat("runs", "show", "2", "--archive", changed[0], code=1).stderr
    rabat("runs", "no-such", "--archive", changed[0], code=2)


def test_on_a_terminal_the_words_have_colours_and_the_title_has_none(changed: tuple[Path, Run]) -> None:
    main, side = pty.openpty()
    command = program("runs", "show", "last", "--diff", "--archive", str(changed[0]))
    done = subprocess.run(command, stdout=side, stderr=subprocess.PIPE, env=environment(), timeout=60)
    os.close(side)
    shown = b""
    try:
        while piece := os.read(main, 65536):
            shown += piece
    except OSError:
        pass  # the other side is closed: all was read
    os.close(main)
    text = shown.decode()
    assert done.returncode == 0 and "\x1b[31m[-titre-]\x1b[0m \x1b[32m{+texte+}\x1b[0m" in text
    assert "Premier\ufffd[31m titre" in text


# A real second night -----------------------------------------------------------------------------------------------------------------


def test_the_nights_of_the_sample_site() -> None:
    with Archive.open(sample_archive(3)) as archive:
        second = next(run for run in archive.runs() if run.counts["changes"] and run.counts["change_counts"].get("new", 0) < 10)
    shown = rabat("runs", "show", second.run_id, "--diff", "--archive", sample_archive(3)).stdout
    assert "new items: 2" in shown and "[-12-] {+19+}" in shown and "gone from the site: 1" in shown
    found = read_status(sample_archive(2), now=datetime.now(UTC))
    assert found.state == "healthy" and found.values["coverage"]["listed"] > 0
    assert found.values["items"]["change"] == 0 and found.values["items"]["trend"] == [found.values["items"]["now"]]
    assert all(len(line) < 80 for line in found.lines)


def test_a_night_without_most_pages_is_not_taken_for_a_quiet_one(tmp_path: Path) -> None:
    path = copy_of(sample_archive(1), tmp_path)
    with Archive.open(path, write=True) as archive:
        last = archive.runs()[0]
        archive.end_run(dataclasses.replace(last, status="breached", counts={**last.counts, "changes": [], "breach": [FAULT]}))
    assert rabat("status", "--archive", path, code=8).stdout.startswith("BREACHED: the run of")
    with serve_sample(1, port=PORT) as serving, Archive.open(path, write=True) as archive:
        crawl(archive, registry.at_origin(registry.site("sample"), serving.origin + "/"), delay=0.0, settings=FAST)
    assert rabat("status", "--archive", path).stdout.startswith("healthy: last success")
