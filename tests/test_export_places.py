"""Where an export, a release or a digest may be written: never over what is not an export, and least of all over an archive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import export, formats
from rabat_crawler.exports.release import release
from tests.building import copy_of, program, rabat, sample_archive
from tests.test_backup import mounted
from tests.test_exports import digest_of


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive that somebody described in a README.md, as the one of this repository's own folder is."""
    folder = copy_of(sample_archive(1), tmp_path)
    (folder / "README.md").write_text("# What is in this folder\n")
    return folder


def own(folder: Path) -> dict[str, str]:
    return {name: digest for name, digest in digest_of(folder).items() if not name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize(
    ("name", "place"),
    [("text", ""), ("site", "warc"), ("csv", "warc/tables"), ("text", "exports"), ("sqlite", "rabat.db"), ("jsonl", "warc/items.warc.gz"), ("jsonl", "x"), ("text", "state/../runs/x")],
)  # fmt: skip
def test_nothing_is_written_into_an_archive_but_below_its_exports(name: str, place: str, archive: Path, tmp_path: Path) -> None:
    before = own(archive)
    other = tmp_path / "elsewhere"
    other.symlink_to(archive)
    for target in (archive / place, other / place):
        for force in (False, True):
            with Archive.open(archive) as opened, pytest.raises(ConfigError, match="within the archive .* give a place elsewhere|is a link"):
                export(opened, name, target, force=force)
    with Archive.open(archive) as opened, pytest.raises(ConfigError, match="within the archive"):
        release(opened, archive / place, force=True)
    assert own(archive) == before
    assert "within the archive" in rabat("digest", "--lang", "fr", "--archive", archive, "-o", archive / "rabat.db", "--force", code=2).stderr
    rabat("export", name, "--archive", archive)
    assert [path.name for path in (archive / "exports").iterdir()] == [f"{archive.name}-{name}{formats()[name].suffix}"]


def test_an_archive_whose_database_is_lost_is_still_one(archive: Path) -> None:
    (archive / "rabat.db").unlink()
    with Archive.open(sample_archive(2)) as opened, pytest.raises(ConfigError, match="within the archive"):
        export(opened, "text", archive, force=True)


def test_a_backup_stays_as_it_is(archive: Path, tmp_path: Path) -> None:
    rabat("backup", tmp_path / "backups", "--archive", archive)
    (backup,) = (tmp_path / "backups").glob("*Z")
    for command in (("export", "jsonl"), ("release",), ("digest", "--lang", "fr", "-o", backup / "exports" / "a.html")):
        assert "is within the backup" in rabat(*command, "--archive", backup, code=2).stderr
    rabat("export", "jsonl", "--archive", backup, "-o", tmp_path / "items.jsonl")
    rabat("restore", backup, "--archive", tmp_path / "again")


def test_a_folder_with_a_readme_of_somebody_is_no_export(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("# My project")
    with Archive.open(sample_archive(1)) as opened, pytest.raises(ConfigError, match="was not made by an export"):
        export(opened, "text", mine, force=True)
    assert (mine / "README.md").read_text() == "# My project"


@pytest.mark.parametrize("kept", [".git", "en/archive"])
def test_what_else_lies_in_an_exported_folder_is_not_removed(kept: str, tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as opened:
        export(opened, "text", tmp_path / "out")
        (tmp_path / "out" / kept / "warc").mkdir(parents=True)
        (tmp_path / "out" / kept / "runs").mkdir()
        with pytest.raises(ConfigError, match=f"holds {kept} as well"):
            export(opened, "text", tmp_path / "out", force=True)
    assert (tmp_path / "out" / kept / "warc").is_dir()


def test_a_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Archive.open(sample_archive(1)) as opened, pytest.raises(ConfigError, match="neither a file nor a folder.*standard output"):
        export(opened, "jsonl", tmp_path / "pipe", force=True)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("place", ["", ".", "..", "x/..", "a" * 300])
def test_a_name_that_is_none_is_said(place: str) -> None:
    for command in (("export", "jsonl"), ("export", "text", "--force"), ("release",), ("digest", "--lang", "fr")):
        said = rabat(*command, "--archive", sample_archive(1), "-o", place, code=2).stderr
        assert "is no name for an export; give one with -o PATH" in said or "too long" in said and "give another folder" in said, said


@pytest.mark.parametrize("name", sorted(formats()))
def test_a_place_that_cannot_be_written_to_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Archive.open(sample_archive(1)) as opened, pytest.raises(ConfigError, match="file.*give another folder, or the rights to it") as caught:
        export(opened, name, tmp_path / "file" / "x")
    assert "--archive" not in str(caught.value)


def test_a_release_does_not_take_the_place_of_the_one_that_it_is_compared_with(tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as opened:
        release(opened, tmp_path / "r")
        with pytest.raises(ConfigError, match="is the release before"):
            release(opened, tmp_path / "r", previous=tmp_path / "." / "r", force=True)
        with pytest.raises(ConfigError, match="is no release .*manifest"):
            release(opened, tmp_path / "next", previous=tmp_path)
    assert (tmp_path / "r" / "data" / "items.jsonl").is_file() and not (tmp_path / "next").exists()


def test_an_archive_on_a_disk_for_reading_is_exported(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=8m") as disk:
        folder = copy_of(sample_archive(1), disk)
        with Archive.open(folder, write=True):
            pass  # whoever writes last takes the journal away
        assert not (folder / "rabat.db-shm").exists()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        rabat("export", "jsonl", "--archive", folder, "-o", tmp_path / "a")
        rabat("export", "jsonl", "--archive", folder, "-o", tmp_path / "b", "--as-of", "2100")
        rabat("backup", tmp_path / "backups", "--archive", folder)
        assert "give another folder" in rabat("export", "jsonl", "--archive", folder, code=2).stderr
    assert (tmp_path / "a").read_text().count("\n") == (tmp_path / "b").read_text().count("\n") > 5


def test_streams_that_the_caller_closed(tmp_path: Path) -> None:
    def closed(*words: str, streams: str) -> subprocess.CompletedProcess[str]:
        command = program(*words, "--archive", str(sample_archive(1)))
        return subprocess.run(["sh", "-c", f'exec "$@" {streams}', "sh", *command], capture_output=True, text=True)

    for words in (("export", "jsonl", "-o", "-"), ("digest", "--lang", "fr", "--since-last")):
        lost = closed(*words, streams=">&-")
        assert lost.returncode == 2 and "standard output is closed; open it" in lost.stderr
    assert closed("export", "jsonl", "-o", str(tmp_path / "a"), streams="<&- >&- 2>&-").returncode == 0
    assert (tmp_path / "a").read_text().startswith('{"item_id"')


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rabat_crawler", "export", "site", "--archive", str(sample_archive(3)), "-o", str(tmp_path / "out" / "site")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("out/.site.*.partial/*")) and time.monotonic() < deadline:
            time.sleep(0.002)
        running.send_signal(number)
        _, said = running.communicate()
    assert running.returncode == 130 and "stopped" in said and "Traceback" not in said
    assert list((tmp_path / "out").iterdir()) == []


def test_what_somebody_typed_stands_on_one_line(tmp_path: Path) -> None:
    done = rabat("export", "csv", "--archive", sample_archive(1), "-o", tmp_path / "a", "--title", "a\n# b\x1b[31m", code=2)
    assert "give one line" in done.stderr and "\x1b" not in done.stderr and not (tmp_path / "a").exists()
    assert "an author has no name" in rabat("release", "--archive", sample_archive(1), "-o", tmp_path / "r", "--author", " ", code=2).stderr
