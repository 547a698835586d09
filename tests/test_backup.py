"""A backup gives the archive back, whatever happens while it is made and to the archive afterwards; a damaged one is never put in place."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive, backup_set
from rabat_crawler.archive.backup import Backup
from rabat_crawler.archive.backup_earlier import CYCLE
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.restore import restore
from rabat_crawler.errors import ConfigError, FixityError
from tests.building import BASE, PORT, article_archive, article_html, copy_of, dump_of, environment, program, rabat, recorded, sample_archive
from tests.servers import serve_sample

NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


def back_up(archive: Path, folder: Path, *, nights: int = 0, keep: int | None = None) -> Backup:
    """A backup made so many nights after the first."""
    with Archive.open(archive) as opened:
        return opened.backup(folder, keep=keep, now=NIGHT + timedelta(days=nights))


def names(folder: Path) -> list[str]:
    """What a folder of backups holds, the lock left out."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def flip(path: Path, *, keep_time: bool = False) -> None:
    """Change one byte in the middle, also of a read-only file."""
    before = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    with open(path, "r+b") as stream:
        stream.write(content)
    if keep_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def is_sound(archive: Path) -> bool:
    with Archive.open(archive) as opened:
        return opened.verify().faults == ()


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """The sample's archive after three nights, to be harmed."""
    return copy_of(sample_archive(3), tmp_path)


# The drill -------------------------------------------------------------------------------------------------------------------


def test_the_drill_what_is_restored_equals_what_was_backed_up(tmp_path: Path, three: Path) -> None:
    made = json.loads(rabat("backup", tmp_path / "kept", "--archive", three, "--json").stdout)
    assert made["faults"] == [] and made["linked"] == 0 and made["bytes_written"] == made["bytes"] and made["counts"]["items"] > 30
    shutil.rmtree(three)
    again = json.loads(rabat("restore", tmp_path / "kept", "--archive", tmp_path / "again", "--json").stdout)
    assert again["faults"] == [] and again["counts"] == made["counts"] and (again["files"], again["bytes"]) == (made["files"], made["bytes"])
    assert dump_of(tmp_path / "again") == dump_of(sample_archive(3))
    assert "sound: 3 WARC files" in rabat("verify", "--archive", tmp_path / "again").stdout
    found = rabat("search", "senegal", "--json", "--archive", tmp_path / "again").stdout
    assert found and found == rabat("search", "senegal", "--json", "--archive", sample_archive(3)).stdout
    with Archive.open(sample_archive(3)) as before, Archive.open(tmp_path / "again") as after:
        assert after.runs() == before.runs()
    assert not list(tmp_path.glob(".*"))


def test_the_manifest_is_one_that_sha256sum_reads(tmp_path: Path) -> None:
    made = back_up(sample_archive(1), tmp_path)
    lines = dict(reversed(line.split("  ", 1)) for line in (made.path / "manifest-sha256.txt").read_text().splitlines())
    there = {path.relative_to(made.path).as_posix() for path in made.path.rglob("*") if path.is_file()}
    assert set(lines) == there - {"manifest-sha256.txt"} and len(lines) == made.files
    assert all(sha256((made.path / name).read_bytes()).hexdigest() == digest for name, digest in lines.items())
    description = json.loads((made.path / "backup.json").read_text())
    assert description["archive"] == str(sample_archive(1)) and description["created"].startswith("2026-03-01T02:30:00")


def test_a_backup_can_be_read_as_it_is_and_is_not_changed_by_it(tmp_path: Path) -> None:
    made = back_up(sample_archive(1), tmp_path / "kept")
    assert rabat("search", "senegal", "--archive", made.path).stdout == rabat("search", "senegal", "--archive", sample_archive(1)).stdout
    restore(tmp_path / "kept", tmp_path / "again")


def test_a_name_with_line_breaks_and_percent_signs_survives(tmp_path: Path) -> None:
    archive = article_archive(tmp_path / "a", un="Un")
    odd = archive / "warc" / "50%0A\n of it.warc.gz.tail"
    odd.write_bytes(b"cut")
    back_up(archive, tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again")
    assert (tmp_path / "again" / "warc" / odd.name).read_bytes() == b"cut"


def test_the_newest_backup_is_taken_and_an_older_one_if_it_is_named(tmp_path: Path) -> None:
    archive = article_archive(tmp_path / "a", un="Un")
    old = back_up(archive, tmp_path / "kept")
    recorded(archive, [(f"{BASE}/fr/102-deux", article_html("Deux", "Deux"))], run_id="later")
    Archive.open(archive, write=True).close()
    new = back_up(archive, tmp_path / "kept", nights=1)
    assert restore(tmp_path / "kept", tmp_path / "new").backup == new.path
    restored = restore(old.path, tmp_path / "old")
    assert restored.counts["items"] == 1 and dump_of(tmp_path / "new") == dump_of(archive)


def test_several_backups_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    for _ in range(11):
        back_up(sample_archive(1), tmp_path / "kept")
    assert len(names(tmp_path / "kept")) == 11
    assert backup_set.backups_in(tmp_path / "kept")[-1].path.name == "20260301T023000Z-11"


# Shared copies ---------------------------------------------------------------------------------------------------------------


def inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (folder / "warc").iterdir()}


def test_unchanged_files_are_shared_between_backups_and_never_with_the_archive(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(2), tmp_path)
    first = back_up(archive, tmp_path / "kept")
    recorded(archive, [(f"{BASE}/fr/102-deux", article_html("Deux", "Deux"))], run_id="later")
    Archive.open(archive, write=True).close()
    second = back_up(archive, tmp_path / "kept", nights=1)
    assert (first.linked, second.linked, second.faults) == (0, 2, ())
    shared = set(inodes(first.path).items()) & set(inodes(second.path).items())
    assert {name for name, _ in shared} == {path.name for path in warc_files(sample_archive(2) / "warc")}
    assert not set(inodes(archive).values()) & set(inodes(second.path).values())
    assert second.bytes_written < second.bytes - sum(path.stat().st_size for path in warc_files(sample_archive(2) / "warc")) + 1


def test_a_file_that_was_only_touched_is_shared_again(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    first = back_up(archive, tmp_path / "kept")
    os.utime(warc_files(archive / "warc")[0])
    second = back_up(archive, tmp_path / "kept", nights=1)
    assert second.linked == 1 and second.faults == () and inodes(first.path) == inodes(second.path)
    restore(tmp_path / "kept", tmp_path / "again")


def test_without_hard_links_files_are_copied(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    first = back_up(archive, tmp_path / "kept")
    copies = {path.name: path.read_bytes() for path in (first.path / "warc").iterdir()}
    with mounted(first.path / "warc", "size=2m") as elsewhere:  # no hard link leads from one file system to another
        for name, content in copies.items():
            (elsewhere / name).write_bytes(content)
        second = back_up(archive, tmp_path / "kept", nights=1)
        flip(warc_files(archive / "warc")[0])
        third = back_up(archive, tmp_path / "kept", nights=2)
    assert (second.linked, second.faults) == (0, ())
    assert [fault.code for fault in third.faults] == ["fixity"]
    for number, made in enumerate((second, third)):
        assert restore(made.path, tmp_path / f"again-{number}").report.faults == ()


def night_of(name: str, after: int) -> int:
    """The first night, `after` or later, in which the shared copy of this file is read again."""
    return next(night for night in range(after, after + CYCLE) if (NIGHT.toordinal() + night) % CYCLE == zlib.crc32(f"warc/{name}".encode()) % CYCLE)


def test_a_shared_copy_that_rots_is_found_when_its_turn_comes_and_taken_anew(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    name = warc_files(archive / "warc")[0].name
    first = back_up(archive, tmp_path / "kept")
    flip(first.path / "warc" / name)
    night = night_of(name, 1)
    mended = back_up(archive, tmp_path / "kept", nights=night, keep=1)
    assert [(fault.code, fault.where) for fault in mended.faults] == [("fixity", str(first.path))]
    assert mended.removed == () and mended.linked == 0
    restore(mended.path, tmp_path / "again")
    after = back_up(archive, tmp_path / "kept", nights=night + 1, keep=1)
    assert after.faults == () and after.linked == 1 and names(tmp_path / "kept") == [after.path.name]


def test_an_earlier_backup_whose_manifest_is_damaged_is_passed_over(tmp_path: Path) -> None:
    first = back_up(sample_archive(1), tmp_path / "kept")
    manifest = back_up(sample_archive(1), tmp_path / "kept", nights=1).path / "manifest-sha256.txt"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(("1" if text[0] == "0" else "0") + text[1:], encoding="utf-8")  # a digit of a digest, never of a name
    third = back_up(sample_archive(1), tmp_path / "kept", nights=2)
    assert [fault.code for fault in third.faults] == ["fixity"] and third.linked == 1 and inodes(third.path) == inodes(first.path)
    restore(third.path, tmp_path / "again")


# An archive that is damaged --------------------------------------------------------------------------------------------------


def test_a_file_that_changed_in_the_archive_keeps_its_earlier_bytes_in_the_backup(tmp_path: Path, three: Path) -> None:
    kept, victim = tmp_path / "kept", warc_files(three / "warc")[1]
    back_up(three, kept)
    flip(victim)
    done = rabat("backup", kept, "--keep", 1, "--archive", three, code=7)
    assert victim.name in done.stdout and "no earlier backup was deleted" in done.stdout and len(names(kept)) == 2
    assert restore(kept, tmp_path / "again").report.faults == ()
    assert dump_of(tmp_path / "again") == dump_of(sample_archive(3))


def test_damage_that_leaves_size_and_time_alone_does_not_reach_the_backup(tmp_path: Path, three: Path) -> None:
    back_up(three, tmp_path / "kept")
    flip(warc_files(three / "warc")[0], keep_time=True)
    back_up(three, tmp_path / "kept", nights=1)
    assert not is_sound(three)
    assert restore(tmp_path / "kept", tmp_path / "again").report.faults == ()


@pytest.mark.parametrize("part", ["warc", "runs", "fixity"])
def test_what_the_archive_lost_stays_in_every_later_backup(tmp_path: Path, three: Path, part: str) -> None:
    rabat("verify", "--archive", three)
    back_up(three, tmp_path / "kept")
    victim = next((three / part).iterdir())
    victim.unlink()
    for night in (1, 2):
        made = back_up(three, tmp_path / "kept", nights=night, keep=1)
        assert [fault.code for fault in made.faults] == ["no_file"] and victim.name in made.faults[0].where
    assert restore(tmp_path / "kept", tmp_path / "again").report.faults == ()
    assert (tmp_path / "again" / part / victim.name).exists()


def test_a_renamed_file_is_no_lost_one(tmp_path: Path, three: Path) -> None:
    back_up(three, tmp_path / "kept")
    for path in warc_files(three / "warc"):
        path.rename(path.with_name(f"renamed-{path.name}"))
    rabat("rebuild", "--archive", three)
    assert back_up(three, tmp_path / "kept", nights=1).faults == ()
    assert restore(tmp_path / "kept", tmp_path / "again").report.faults == ()


def test_rows_without_their_records_are_named_at_the_first_backup_too(tmp_path: Path, three: Path) -> None:
    first, second, _ = warc_files(three / "warc")
    first.unlink()
    os.truncate(second, second.stat().st_size // 2)
    assert {(fault.where, fault.code) for fault in back_up(three, tmp_path / "kept").faults} == {(first.name, "no_file"), (second.name, "no_record")}


def test_a_file_that_is_not_what_the_fixity_log_says_is_named_at_its_first_backup(tmp_path: Path, three: Path) -> None:
    rabat("verify", "--archive", three)
    flip(warc_files(three / "warc")[0])
    assert [fault.code for fault in back_up(three, tmp_path / "kept").faults] == ["fixity"]


def test_a_damaged_database_is_not_backed_up(tmp_path: Path, three: Path) -> None:
    back_up(three, tmp_path / "kept")
    with open(three / "rabat.db", "r+b") as stream:
        for place in range(8192, stream.seek(0, os.SEEK_END), 4096 * 5):
            stream.seek(place)
            stream.write(b"\xff" * 600)
    done = rabat("backup", tmp_path / "kept", "--archive", three, code=7)
    assert "rebuild" in done.stderr and names(tmp_path / "kept") == ["20260301T023000Z"]


# A crawl beside it -----------------------------------------------------------------------------------------------------------


def test_backups_and_quick_checks_while_another_process_crawls(tmp_path: Path) -> None:
    archive, kept = tmp_path / "a", tmp_path / "kept"
    with serve_sample(1, port=PORT):
        command = program("crawl", "--site", "sample", "--start", f"http://127.0.0.1:{PORT}/", "--delay", "0.02", "--archive", str(archive))
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        while not (archive / "rabat.db").exists() or not list((archive / "warc").glob("*.open")):
            assert running.poll() is None, running.communicate()
            time.sleep(0.01)
        beside = 0
        while running.poll() is None:
            with Archive.open(archive) as reader:
                assert reader.verify(quick=True).faults == ()
                assert reader.backup(kept, now=datetime.now(UTC)).faults == ()
            beside += running.poll() is None
        _, err = running.communicate(timeout=20)
    assert running.returncode in (0, 6) and beside > 3, err
    counts = []
    made_beside = backup_set.backups_in(kept)
    for number, made in enumerate(made_beside[:: max(1, len(made_beside) // 8)]):
        restored = restore(made.path, tmp_path / f"again-{number}")
        assert restored.report.faults == () and not list((tmp_path / f"again-{number}" / "warc").glob("*.open"))
        counts.append(restored.counts["captures"])
        assert counts[-1] >= made.description["counts"]["captures"]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_a_file_being_written_is_taken_up_to_its_last_whole_record(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    path = warc_files(archive / "warc")[0]
    whole = path.stat().st_size
    with open(path, "ab") as stream:
        stream.write(path.read_bytes()[:300])
    being_written = path.rename(path.with_name(path.name + ".open"))
    made = back_up(archive, tmp_path / "kept")
    assert (made.path / "warc" / being_written.name).stat().st_size == whole
    assert restore(tmp_path / "kept", tmp_path / "again").report.faults == ()
    assert [path.name for path in (tmp_path / "again" / "warc").iterdir()] == [path.name]
    assert dump_of(tmp_path / "again") == dump_of(sample_archive(1))


def test_a_file_begun_without_a_whole_record_is_left_out(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    (archive / "warc" / "begun-00000.warc.gz.open").write_bytes(b"\x1f\x8b\x08")
    made = back_up(archive, tmp_path / "kept")
    assert made.faults == () and set(inodes(made.path)) == {path.name for path in warc_files(archive / "warc")}


def test_the_frontier_is_copied_while_it_is_written(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    with closing(sqlite3.connect(archive / "state" / "frontier.db")) as frontier:
        frontier.executescript("PRAGMA journal_mode = WAL; CREATE TABLE url (name TEXT); INSERT INTO url VALUES ('a');")
        frontier.execute("BEGIN IMMEDIATE")
        frontier.execute("INSERT INTO url VALUES ('not committed')")
        back_up(archive, tmp_path / "kept")
        frontier.rollback()
    restore(tmp_path / "kept", tmp_path / "again")
    with closing(sqlite3.connect(tmp_path / "again" / "state" / "frontier.db")) as copy:
        assert copy.execute("SELECT name FROM url").fetchall() == [("a",)]


def test_a_damaged_frontier_does_not_stop_the_backup(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    (archive / "state" / "frontier.db").write_bytes(b"no database at all" * 500)
    made = back_up(archive, tmp_path / "kept")
    assert [(fault.where, fault.code) for fault in made.faults] == [("state/frontier.db", "integrity")]
    assert restore(tmp_path / "kept", tmp_path / "again").report.faults == ()


def test_two_backups_to_one_folder_at_once(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with backup_set.locked(tmp_path / "kept"):
        assert "another backup" in rabat("backup", tmp_path / "kept", "--archive", sample_archive(1), code=4).stderr
    rabat("backup", tmp_path / "kept", "--archive", sample_archive(1))


# Killed, no room, no rights --------------------------------------------------------------------------------------------------


def interrupted(archive: Path, kept: Path) -> None:
    """A backup that Ctrl-C meets when the first WARC file was copied."""

    def stop(done: str, number: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with Archive.open(archive) as opened, pytest.raises(KeyboardInterrupt):
        opened.backup(kept, now=NIGHT, progress=stop)


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    interrupted(sample_archive(1), tmp_path / "kept")
    assert names(tmp_path / "kept") == []


def test_kill_9_leaves_the_earlier_backups_and_nothing_that_restore_would_take(tmp_path: Path, three: Path) -> None:
    kept = tmp_path / "kept"
    first = back_up(three, kept)
    killed = 0
    for attempt in range(60):
        shutil.copy(warc_files(three / "warc")[0], three / "warc" / f"more-{attempt}.warc.gz.tail")  # something new to copy each time
        running = subprocess.Popen(program("backup", str(kept), "--archive", str(three)), stderr=subprocess.DEVNULL, env=environment())
        while running.poll() is None and not list(kept.glob(".*.partial/warc/*")):
            time.sleep(0.0005)
        time.sleep(0.002 * (attempt % 6))
        running.kill()
        running.wait(timeout=20)
        if running.returncode == -signal.SIGKILL and list(kept.glob(".*.partial")):
            killed += 1
        if killed == 3:
            break
    assert killed == 3
    half = next(iter(kept.glob(".*.partial")))
    with pytest.raises(ConfigError):
        restore(half, tmp_path / "half")
    for made in backup_set.backups_in(kept):
        restore(made.path, tmp_path / "again" / made.path.name)
    assert first.path in [made.path for made in backup_set.backups_in(kept)]
    rabat("backup", kept, "--archive", three)
    assert not list(kept.glob(".*.partial"))


def test_a_killed_restore_leaves_nothing_in_place_and_the_next_one_clears_up(tmp_path: Path) -> None:
    back_up(sample_archive(3), tmp_path / "kept")
    for pause in (0.0, 0.001, 0.003):
        place = tmp_path / f"again-{pause}"
        running = subprocess.Popen(program("restore", str(tmp_path / "kept"), "--archive", str(place)), stdout=subprocess.PIPE, env=environment())
        while running.poll() is None and not place.with_name(f".{place.name}.restoring").exists():
            time.sleep(0.0005)
        time.sleep(pause)
        running.kill()
        running.communicate(timeout=20)
        if not place.exists():
            rabat("restore", tmp_path / "kept", "--archive", place)
        else:
            Archive.open(place, write=True).close()
        assert is_sound(place) and dump_of(place) == dump_of(sample_archive(3))
        assert not place.with_name(f".{place.name}.restoring").exists()


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small file system of its own."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("no right to mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_leaves_the_earlier_backups_as_they_are(tmp_path: Path) -> None:
    archive = article_archive(tmp_path / "a", un="Un")
    with mounted(tmp_path / "disk", "size=1m") as disk:
        first = back_up(archive, disk)
        for path in warc_files(sample_archive(3) / "warc"):
            shutil.copy(path, archive / "warc" / path.name)
        Archive.open(archive, write=True).close()
        assert "earlier backups are untouched" in rabat("backup", disk, "--keep", "1", "--archive", archive, code=3).stderr
        assert names(disk) == [first.path.name]
        assert restore(disk, tmp_path / "again").report.faults == ()


@pytest.mark.parametrize("nights", [1, 3])
def test_a_restore_on_a_full_disk_leaves_nothing_there(tmp_path: Path, nights: int) -> None:
    back_up(sample_archive(nights), tmp_path / "kept")
    with mounted(tmp_path / "disk", "size=1m") as disk:
        assert "free space" in rabat("restore", tmp_path / "kept", "--archive", disk / "again", code=3).stderr
        assert not list(disk.iterdir())


def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path) -> None:
    back_up(sample_archive(1), tmp_path / "kept")
    with mounted(tmp_path / "disk", "size=1m,ro") as disk:
        for command in (("backup", disk, "--archive", sample_archive(1)), ("restore", tmp_path / "kept", "--archive", disk / "again")):
            done = rabat(*command, code=2)
            assert str(disk) in done.stderr and "give another folder" in done.stderr


# Keep ------------------------------------------------------------------------------------------------------------------------


def test_keep_deletes_the_oldest_of_this_archive_and_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    other = article_archive(tmp_path / "other", un="Un")
    foreign = back_up(other, kept, nights=-5).path.name
    (kept / "20200101T000000Z").mkdir()
    (kept / "20200101T000000Z" / "letter.txt").write_text("mine")
    (kept / "20200102T000000Z").write_text("a file")
    (kept / "20200103T000000Z").symlink_to(other)
    strangers = [foreign, "20200101T000000Z", "20200102T000000Z", "20200103T000000Z"]
    for night in range(4):
        made = back_up(sample_archive(1), kept, nights=night, keep=2)
    assert made.removed == ("20260302T023000Z",)
    assert names(kept) == sorted([*strangers, "20260303T023000Z", "20260304T023000Z"])
    back_up(sample_archive(1), kept, nights=-9, keep=1)  # the clock went back: the new one stays all the same
    assert names(kept) == sorted([*strangers, "20260220T023000Z"])


def test_a_backup_that_fails_deletes_nothing(tmp_path: Path) -> None:
    for night in range(3):
        back_up(sample_archive(1), tmp_path / "kept", nights=night)
    before = names(tmp_path / "kept")
    with Archive.open(sample_archive(1)) as archive, pytest.raises(ConfigError):
        archive.backup(tmp_path / "kept", keep=0, now=NIGHT)
    interrupted(sample_archive(1), tmp_path / "kept")
    assert names(tmp_path / "kept") == before


# A backup that is damaged ----------------------------------------------------------------------------------------------------


def first_of(pattern: str) -> Callable[[Path], None]:
    return lambda backup: flip(next(iter(sorted(backup.glob(pattern)))))


def remove_file(backup: Path) -> None:
    next(backup.glob("warc/*")).unlink()


def add_file(backup: Path) -> None:
    (backup / "warc" / "stranger.warc.gz").write_bytes(b"")


def link_out(backup: Path) -> None:
    path = next(backup.glob("warc/*"))
    path.unlink()
    path.symlink_to(sample_archive(1) / "warc" / path.name)


def change_line(backup: Path) -> None:
    manifest = backup / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text().replace("a", "b", 1))


def drop_file_and_line(backup: Path) -> None:
    path = next(backup.glob("warc/*"))
    path.unlink()
    manifest = backup / "manifest-sha256.txt"
    manifest.write_text("".join(line for line in manifest.read_text().splitlines(True) if path.name not in line))


def climb_out(backup: Path) -> None:
    with open(backup / "manifest-sha256.txt", "a") as stream:
        stream.write("0" * 64 + "  warc/../../../out\n")


HARMS: dict[str, Callable[[Path], None]] = {
    "a bit of a WARC file": first_of("warc/*"),
    "a bit of the database": first_of("rabat.db"),
    "a bit of a run": first_of("runs/*"),
    "a bit of the description": first_of("backup.json"),
    "a file gone": remove_file,
    "a file too many": add_file,
    "a link in the place of a file": link_out,
    "a changed line of the manifest": change_line,
    "a file gone with its line": drop_file_and_line,
    "a line that leads out": climb_out,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_backup_is_never_put_in_place(tmp_path: Path, harm: str) -> None:
    sound = back_up(sample_archive(1), tmp_path / "kept")
    shutil.copytree(sound.path, tmp_path / "kept" / "20270101T000000Z", symlinks=True)
    HARMS[harm](tmp_path / "kept" / "20270101T000000Z")
    done = rabat("restore", tmp_path / "kept" / "20270101T000000Z", "--archive", tmp_path / "again", code=7)
    assert "take another backup" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]
    restore(sound.path, tmp_path / "again")


def test_all_damaged_files_are_named(tmp_path: Path) -> None:
    made = back_up(sample_archive(2), tmp_path / "kept")
    victims = [next(made.path.glob("runs/*")), *made.path.glob("warc/*")]
    for path in victims:
        flip(path)
    with pytest.raises(FixityError) as raised:
        restore(made.path, tmp_path / "again")
    assert all(f"{path.relative_to(made.path)} differs" in str(raised.value) for path in victims)


# Stupid inputs ---------------------------------------------------------------------------------------------------------------


def test_where_a_backup_may_not_go(tmp_path: Path) -> None:
    archive = Path(shutil.copytree(sample_archive(1), tmp_path / "under" / "copy"))
    (tmp_path / "file").write_text("mine")
    for folder, said in (
        (archive, "within each other"),
        (archive / "backups", "within each other"),
        (archive / "warc", "within each other"),
        (archive.parent, "within each other"),
        (tmp_path, "within each other"),
        (archive / ".." / archive.name / "x", "within each other"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "below", "file"),
    ):
        with Archive.open(archive) as opened, pytest.raises(ConfigError, match=said):
            opened.backup(folder)
    assert "within each other" in rabat("backup", archive / "b", "--archive", archive, code=2).stderr
    rabat("backup", tmp_path / "b", "--keep", "0", "--archive", archive, code=2)
    rabat("backup", tmp_path / "b", "--archive", tmp_path / "nowhere", code=12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "under"] and is_sound(archive)


def test_a_link_into_the_archive_is_no_way_in(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    (tmp_path / "kept").symlink_to(archive / "state")
    assert "within each other" in rabat("backup", tmp_path / "kept", "--archive", archive, code=2).stderr


def test_what_restore_does_not_take(tmp_path: Path) -> None:
    made = back_up(sample_archive(1), tmp_path / "kept")
    bare = Path(shutil.copytree(made.path, tmp_path / "bare" / made.path.name))
    (bare / "manifest-sha256.txt").unlink()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for folder, said in (
        (tmp_path / "file", "is a file"),
        (tmp_path / "nowhere", "is not there"),
        (tmp_path / "empty", "no whole backup"),
        (bare, "has no manifest-sha256.txt"),
        (bare.parent, "no whole backup"),
    ):
        with pytest.raises(ConfigError, match=said):
            restore(folder, tmp_path / "again")
    assert "is a file" in rabat("restore", tmp_path / "file", "--archive", tmp_path / "again", code=2).stderr
    back_up(article_archive(tmp_path / "other", un="Un"), tmp_path / "kept", nights=1)
    assert "several archives" in rabat("restore", tmp_path / "kept", "--archive", tmp_path / "again", code=2).stderr
    assert not (tmp_path / "again").exists()


def test_where_restore_does_not_write(tmp_path: Path, three: Path) -> None:
    made = back_up(three, tmp_path / "kept")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for place, said in (
        (three, "holds an archive already"),
        (tmp_path / "full", "not empty (letter.txt)"),
        (tmp_path / "file", "is a file"),
        (made.path, "holds an archive already"),
        (made.path / "below", "within the backup"),
    ):
        with pytest.raises(ConfigError) as refused:
            restore(tmp_path / "kept", place)
        assert said in str(refused.value) and "--archive" in str(refused.value)
    assert "is a file" in rabat("restore", tmp_path / "kept", "--archive", tmp_path / "file", code=2).stderr
    assert dump_of(three) == dump_of(sample_archive(3))


def test_an_empty_folder_and_the_page_that_explains_it_may_become_the_archive(tmp_path: Path) -> None:
    made = back_up(sample_archive(1), tmp_path / "kept")
    renamed = made.path.rename(tmp_path / "carried home")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "README.md").write_text("what is what")
    restore(renamed, tmp_path / "archive")
    assert (tmp_path / "archive" / "README.md").read_text() == "what is what" and is_sound(tmp_path / "archive")
