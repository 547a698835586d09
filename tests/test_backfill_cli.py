"""The command backfill: dry runs, parts, exit codes, wrong input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rabat_crawler.archive.backfill_store import DATABASE
from rabat_crawler.demo import Serving
from rabat_crawler.demo.faults import block
from rabat_crawler.demo.web_archive import serve_archive
from rabat_crawler.models import Run
from tests import warm
from tests.backfilling import DISTINCT, HELD, SOME, WANTED, brought, captures, command, played


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Serving, Run]]:
    """The three epochs, brought in undisturbed."""
    with brought(tmp_path_factory.mktemp("whole") / "archive") as found:
        yield found


# The command -------------------------------------------------------------------------------------------------------------------------


def run_command(*words: str) -> subprocess.CompletedProcess[str]:
    return warm.run_program(words, 60)


def test_a_dry_run_says_what_it_would_take_and_leaves_nothing(tmp_path: Path) -> None:
    with serve_archive(HELD) as serving:
        done = run_command(*command(serving.url("/"), tmp_path / "a", "--dry-run"))
        assert done.returncode == 0, done.stderr
        assert f"{len(HELD):,} captures of rabat-process are listed" in done.stdout
        assert f"to be fetched: {len(DISTINCT):,} requests" in done.stdout
        assert f"bytes are the same: {len(WANTED) - len(DISTINCT):,}" in done.stdout
        assert "image, script or style" in done.stdout
        assert not (tmp_path / "a").exists()
        assert played(serving) == []
        told = json.loads(run_command(*command(serving.url("/"), tmp_path / "a", "--dry-run", "--json", "--from", "2019", "--to", "2019")).stdout)
    assert 0 < told["counts"]["plan_estimate"]["requests"] < len(DISTINCT)
    assert told["parameters"]["from"] == "20190101000000"


def test_a_dry_run_beside_an_archive_counts_what_is_left(whole: tuple[Path, Serving, Run]) -> None:
    folder, serving, _ = whole
    before = (folder / "state" / DATABASE).read_bytes()
    done = run_command(*command(serving.url("/web/"), folder, "--dry-run"))
    assert "to be fetched: 0 requests" in done.stdout, done.stdout + done.stderr
    assert (folder / "state" / DATABASE).read_bytes() == before


def test_a_part_now_and_the_rest_later(tmp_path: Path) -> None:
    with serve_archive(SOME) as serving:
        words = command(serving.url("/web/"), tmp_path / "a", "--json")
        first = json.loads(run_command(*words, "--max-captures", "5").stdout)
        assert (first["status"], first["counts"]["fetched"] + first["counts"]["revisits"]) == ("done", 5)
        second = json.loads(run_command(*words).stdout)
    assert second["counts"]["planned"] == len(SOME) - 5
    assert len(captures(tmp_path / "a")) == len(SOME)


COMMANDS = [
    ("an unknown archive", ["--archive-source", "nowhere"], 2, "internet-archive"),
    ("an unknown site", ["--site", "rabat"], 2, "rabat-process"),
    ("years the wrong way round", ["--from", "2018", "--to", "2010"], 2, "lies after"),
    ("no date", ["--from", "yesterday"], 2, "2017-05-14"),
    ("nobody there", ["--archive-source", "http://127.0.0.1:9/web/"], 11, "connection refused"),
]


@pytest.mark.parametrize(("options", "code", "said"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_wrong_input_is_named_with_its_remedy(options: list[str], code: int, said: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rabat_crawler", "backfill", "--delay", "0", "--archive", str(tmp_path / "a"), *options]
    done = run_command(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_put_off_and_failures_have_their_exit_codes(tmp_path: Path) -> None:
    with serve_archive(SOME, faults=[block(6, answer=403, retry_after=7200)]) as serving:
        done = run_command(*command(serving.url("/web/"), tmp_path / "a"))
    assert done.returncode == 5, done.stderr
    assert "come back after" in done.stderr
    with serve_archive([*SOME[:3], replace(SOME[3], play="blocked")]) as serving:
        done = run_command(*command(serving.url("/web/"), tmp_path / "b"))
    assert done.returncode == 6, done.stderr
    assert "does not give it out" in done.stdout
