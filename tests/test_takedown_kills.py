"""A takedown that erases, killed with SIGKILL at every step of its way: the same command finishes it, and all is as if nothing had happened."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.api import silent
from rabat_crawler.archive.erasing import erase
from rabat_crawler.archive.takedowns import Takedown, read_takedowns, standing
from rabat_crawler.errors import DiskFull
from tests.building import dump_of, rabat, without_places
from tests.test_takedown import ARTICLE, CHANGED, DOCUMENT, LINK, REASON, TEXT, _blank, files_with, sound, take_down

POINTS = {
    "the first decision is kept": ("rabat_crawler.archive.taking_down.obey", 1),
    "before the first rename of the database": ("rabat_crawler.archive.rebuild._swap", 0),
    "the second decision is kept": ("rabat_crawler.archive.erasing.erase", 0),
    "before the file is written anew": ("rabat_crawler.archive.erasing._forget", 0),
    "in the middle of the file": ("rabat_crawler.archive.erasing.tombstone", 3),
    "before the fixity log": ("rabat_crawler.archive.fixity.append", 0),
    "before the rename of the file": ("rabat_crawler.archive.erasing.os.replace", 1),
    "after the rename of the file": ("rabat_crawler.archive.erasing.sync_directory", 0),
    "before the second rename of the database": ("rabat_crawler.archive.rebuild._swap", 1),
}
"""Where the process dies, and how often it has passed there before."""


def run_until(folder: Path, point: str, passes: int) -> int:
    """The takedown in a process of its own, which kills itself at that point; the signal that ended it, 0 if it came to its end."""
    child = os.fork()
    if not child:
        try:
            _kill_at(point, passes)
            take_down(folder, erase=True)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def _kill_at(point: str, passes: int) -> None:
    module, _, name = point.rpartition(".")
    owner: Any = os if module.endswith(".os") else importlib.import_module(module)
    real, left = getattr(owner, name), [passes]

    def killing(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    setattr(owner, name, killing)


@cache
def undisturbed(work: Path) -> list[str]:
    folder = Path(shutil.copytree(_blank(work), work / "undisturbed"))
    take_down(folder, erase=True)
    return essence(folder)


def essence(folder: Path) -> list[str]:
    """The rows without when it was decided, and without places: a tombstone names that moment, and is packed."""
    rows = without_places(dump_of(folder))
    return sorted(json.dumps({name: value for name, value in json.loads(row).items() if name != "at"}) for row in rows)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_moment_the_same_command_finishes_it(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, point: str) -> None:
    base = tmp_path_factory.getbasetemp()
    wanted = undisturbed(base)
    folder = Path(shutil.copytree(_blank(base), tmp_path / "archive"))
    assert run_until(folder, *POINTS[point]) == signal.SIGKILL, "it never came to that point"
    rabat("takedown", ARTICLE, "--reason", REASON, "--by", "keeper", "--erase", "--archive", folder)
    assert essence(folder) == wanted
    assert files_with(folder, [TEXT, DOCUMENT, CHANGED, LINK]) == {}
    assert sound(folder)
    assert not list((folder / "warc").glob("*.erasing"))
    assert (folder / "takedowns.jsonl").read_text().count("\n") == 2


def test_without_room_the_file_is_what_it_was_and_the_same_command_finishes_it(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    base = tmp_path_factory.getbasetemp()
    wanted = undisturbed(base)
    folder = Path(shutil.copytree(_blank(base), tmp_path / "archive"))
    take_down(folder)
    path = next((folder / "warc").iterdir())
    before = path.read_bytes()
    child = os.fork()
    if not child:
        archive, decided = Archive.open(folder), list(standing(_decided(folder)).values())
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        try:
            erase(archive, decided, silent)
        except DiskFull:
            os._exit(3)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert path.read_bytes() == before and len(before) > 3000
    assert [one.name for one in (folder / "warc").iterdir()] == [path.name]
    take_down(folder, erase=True)
    assert essence(folder) == wanted


def _decided(folder: Path) -> list[Takedown]:
    """The takedown of the archive with the decision to erase, which is not kept."""
    with Archive.open(folder) as archive:
        records = tuple(row[0] for row in archive.connection.execute("SELECT record_id FROM withheld_captures"))
    found = read_takedowns(folder)
    return [*found, replace(found[0], what="erase", records=records, names=())]


def test_killed_before_the_erasure_any_command_that_writes_goes_on_with_it(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    base = tmp_path_factory.getbasetemp()
    wanted = undisturbed(base)
    folder = Path(shutil.copytree(_blank(base), tmp_path / "archive"))
    assert run_until(folder, *POINTS["the second decision is kept"]) == signal.SIGKILL
    Archive.open(folder, write=True).close()
    assert files_with(folder, [TEXT, DOCUMENT, CHANGED, LINK], but=["warc/"]) == {}
    rabat("takedown", ARTICLE, "--reason", REASON, "--by", "keeper", "--erase", "--archive", folder)
    assert essence(folder) == wanted
