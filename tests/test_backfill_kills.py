"""Backfills killed with SIGKILL and gone on with, from archive.org's dialect and from a real pywb: the same rows as undisturbed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rabat_crawler.demo import Serving
from rabat_crawler.demo.faults import slow
from rabat_crawler.demo.web_archive import serve_archive
from rabat_crawler.models import Run
from tests import past, warm
from tests.backfilling import DISTINCT, HELD, SOME, bring, brought, captures, command, essence, played
from tests.replay import INSTALLED

NEEDS_PYWB = pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Serving, Run]]:
    """The three epochs, brought in undisturbed."""
    with brought(tmp_path_factory.mktemp("whole") / "archive") as found:
        yield found


# Killed and stopped ------------------------------------------------------------------------------------------------------------------


def on_disk(folder: Path) -> int:
    """The bytes of all WARC files, the one being written included."""
    return sum(path.stat().st_size for path in (folder / "warc").glob("*")) if (folder / "warc").is_dir() else 0


def bring_with_kills(origin: str, folder: Path, sizes: Sequence[float]) -> int:
    """The command, killed with SIGKILL each time that so many bytes are on disk, then let to its end; how often it was killed."""
    kills = 0
    for size in sizes:
        with subprocess.Popen(command(origin, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 20
            while process.poll() is None and on_disk(folder) < size and time.monotonic() < deadline:
                time.sleep(0.002)
            kills += process.poll() is None
            process.kill()
    done = warm.run_program(command(origin, folder), 60)
    assert done.returncode == 0, done.stdout + done.stderr
    return kills


def test_killed_again_and_again_it_ends_with_the_same_rows(whole: tuple[Path, Serving, Run], tmp_path: Path) -> None:
    undisturbed, _, _ = whole
    dice, size = random.Random(11), on_disk(undisturbed)
    with serve_archive(HELD) as serving:
        kills = bring_with_kills(serving.url("/web/"), tmp_path / "a", sorted(dice.uniform(0.02, 0.9) * size for _ in range(3)))
        asked = Counter(played(serving))
    assert kills == 3
    assert essence(tmp_path / "a") == essence(undisturbed)
    assert sum(asked.values()) <= len(DISTINCT) + 3  # only what was in flight at a kill is asked again


def test_sigterm_ends_it_after_the_capture_in_flight(tmp_path: Path) -> None:
    with serve_archive(SOME[:12], faults=[slow("id_/", 0.1)]) as serving:
        with subprocess.Popen(command(serving.url("/web/"), tmp_path / "a"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            deadline = time.monotonic() + 10
            while len(played(serving)) < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            out, errors = process.communicate(timeout=10)
        assert process.returncode == 130, errors
        assert "stopped by SIGTERM" in out
        assert "the same command goes on" in out
        got = len(captures(tmp_path / "a"))
        assert 3 <= got == len(played(serving)) < len(SOME[:12])
        run = bring(tmp_path / "a", serving.url("/web/"))
        assert len(played(serving)) == len(SOME[:12])
    assert run.status == "done"


# A real pywb ---------------------------------------------------------------------------------------------------------------------------


@NEEDS_PYWB
@pytest.mark.skipif("RABAT_SOAK" not in os.environ, reason="a quarter of a minute: in make soak; the suite kills backfills from our own web archive")
def test_a_real_pywb_gives_the_same_past_killed_in_the_middle(whole: tuple[Path, Serving, Run], tmp_path: Path) -> None:
    undisturbed, _, _ = whole
    folder = tmp_path / "a"
    with past.pywb_of_three_epochs(tmp_path) as replay:
        root = f"{replay.origin}/{past.COLLECTION}/"
        assert bring_with_kills(root, folder, [on_disk(undisturbed) / 2]) == 1
        again = bring(folder, root)
    assert again.counts["requests"] == 0
    assert {row["source"] for row in captures(folder)} == {root.removeprefix("http://").rstrip("/")}
    assert essence(folder) == essence(undisturbed)
