"""The fixity log: lines are only added, none is lost, and bytes that change under a sound gzip are found."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive, fixity
from rabat_crawler.archive.fixity import Entry, History
from rabat_crawler.archive.members import Member, walk
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.verify import CYCLE
from tests.building import BASE, article_html, copy_of, environment, rabat, recorded, sample_archive
from tests.test_backup import flip, mounted

NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


def entry(file: str = "a.warc.gz", sha256: str = "aa", *faults: str, time: str = "2026-03-01T02:30:00.000000Z") -> Entry:
    return Entry(time=time, file=file, size=1, sha256=sha256, faults=faults, command="verify")


def faults_of(archive: Path, *, quick: bool = False, night: int = 0) -> set[tuple[str, str]]:
    """(file, code) of what a verification finds, which is logged."""
    with Archive.open(archive) as opened:
        return {(fault.where, fault.code) for fault in opened.verify(quick=quick, now=NIGHT + timedelta(days=night)).faults}


def lines(archive: Path) -> list[Entry]:
    return list(fixity.read_entries(fixity.log_path(archive)))


# The log itself --------------------------------------------------------------------------------------------------------------


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    log = fixity.log_path(tmp_path)
    fixity.append(log, [entry("a\n\u2028b"), entry("c", "cc", "cut", "fixity")])
    fixity.append(log, [])
    fixity.append(log, [entry("d")])
    assert [(found.file, found.faults) for found in fixity.read_entries(log)] == [("a\n\u2028b", ()), ("c", ("cut", "fixity")), ("d", ())]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_was_cut_costs_no_other_line(tmp_path: Path, cut: int) -> None:
    log = fixity.log_path(tmp_path)
    fixity.append(log, [entry("a"), entry("b")])
    os.truncate(log, log.stat().st_size - cut)
    fixity.append(log, [entry("c")])
    assert [found.file for found in fixity.read_entries(log)] == (["a", "b", "c"] if cut == 1 else ["a", "c"])


@pytest.mark.parametrize(
    "line", ["", "null", "[]", '{"file": 1}', "\xff\xfe", '{"time": "x", "file": "a", "size": 1, "sha256": "aa", "faults": 3, "command": ""}']
)
def test_a_line_that_is_none_is_passed_over(tmp_path: Path, line: str) -> None:
    log = fixity.log_path(tmp_path)
    log.parent.mkdir()
    log.write_bytes(line.encode("latin-1") + b"\n")
    fixity.append(log, [entry("a")])
    assert [found.file for found in fixity.read_entries(log)] == ["a"]


def test_a_full_disk_leaves_no_part_of_a_line(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=16k") as disk:
        log = fixity.log_path(disk)
        fixity.append(log, [entry("a")])
        before = log.read_bytes()
        with pytest.raises(OSError, match="No space"):
            fixity.append(log, [entry(f"{number}") for number in range(1000)])
        assert log.read_bytes() == before


WRITER = """
import sys
from pathlib import Path
from rabat_crawler.archive.fixity import Entry, append
for number in range(100):
    append(Path(sys.argv[1]), [Entry(time="", file=f"{sys.argv[2]}-{number}-{part}", size=1, sha256="", faults=(), command="") for part in range(3)])
"""


def test_two_processes_lose_none_of_each_others_lines(tmp_path: Path) -> None:
    log = fixity.log_path(tmp_path)
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(log), name], env=environment()) for name in "xy"]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    found = [entry.file for entry in fixity.read_entries(log)]
    assert len(found) == 600
    assert [name for name in found if name[0] == "x"] == [f"x-{number}-{part}" for number in range(100) for part in range(3)]


SOUND, CUT = entry("a", "aa"), entry("a", "cc", "cut")
DIFFERS = {
    "nothing known": (None, "bb", False, None),
    "the same bytes": (History(first=SOUND, sound=SOUND, last=SOUND), "aa", False, None),
    "other bytes, each record sound": (History(first=SOUND, sound=SOUND, last=SOUND), "bb", False, SOUND),
    "damaged since": (History(first=SOUND, sound=SOUND, last=CUT), "cc", True, SOUND),
    "damaged once, put back": (History(first=SOUND, sound=SOUND, last=CUT), "aa", False, None),
    "damaged from the beginning, repaired": (History(first=CUT, sound=None, last=CUT), "aa", False, None),
    "damaged from the beginning, as it was": (History(first=CUT, sound=None, last=CUT), "cc", True, None),
    "damaged from the beginning, and again": (History(first=CUT, sound=None, last=CUT), "dd", True, CUT),
}


@pytest.mark.parametrize("name", DIFFERS)
def test_which_earlier_line_counts(name: str) -> None:
    history, sha256, faulty, expected = DIFFERS[name]
    assert fixity.differs(history, sha256, faulty=faulty) is expected


# What verify writes into it --------------------------------------------------------------------------------------------------


def test_verify_writes_a_line_for_each_file_and_the_command_does_so_with_the_time(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(2), tmp_path)
    with Archive.open(archive) as opened:
        opened.verify()
    assert lines(archive) == []
    rabat("verify", "--archive", archive)
    rabat("verify", "--quick", "--archive", archive)
    found = lines(archive)
    assert [line.command for line in found] == ["verify", "verify", "verify --quick", "verify --quick"]
    for line in found:
        assert (line.size, line.sha256) == fixity.file_digest(archive / "warc" / line.file) and line.faults == ()
        assert datetime.strptime(line.time, "%Y-%m-%dT%H:%M:%S.%f%z").tzinfo is not None
    assert set(json.loads(fixity.log_path(archive).read_text().splitlines()[0])) == {"time", "file", "size", "sha256", "faults", "command"}


def pack_anew(path: Path) -> None:
    """The same records, packed with less effort: every digest and the database's order of them still fit, the bytes do not."""
    found = [member for member in walk(path) if isinstance(member, Member)]
    path.write_bytes(b"".join(gzip.compress(member.content, 1, mtime=0) for member in found))


def test_other_bytes_under_a_sound_gzip_are_a_fault(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    rabat("verify", "--archive", archive)
    victim = warc_files(archive / "warc")[0]
    pack_anew(victim)
    rabat("rebuild", "--archive", archive)
    with Archive.open(archive) as opened:
        assert [fault.code for fault in opened.verify().faults] == ["fixity"]
    assert "fixity log" in rabat("verify", "--archive", archive, code=7).stdout
    assert "fixity log" in rabat("verify", "--quick", "--archive", archive, code=7).stdout
    log = fixity.log_path(archive)
    log.write_text("".join(line for line in log.read_text().splitlines(True) if victim.name not in line))
    assert "sound" in rabat("verify", "--archive", archive).stdout  # the way out that the message names


def test_a_cut_of_the_last_request_alone_is_found_by_the_log_and_the_closing_record(tmp_path: Path) -> None:
    """No row and no digest knows of the request record at the end of a file."""
    archive = copy_of(sample_archive(1), tmp_path)
    victim = warc_files(archive / "warc")[0]
    last = max(
        member.offset for member in walk(victim) if isinstance(member, Member) and b"\nWARC-Type: request" in member.content[:200].replace(b"\r", b"")
    )
    with Archive.open(archive) as opened:
        end = opened.connection.execute("SELECT max(offset + length) FROM captures").fetchone()[0]
    assert last == end
    assert faults_of(archive) == set()
    os.truncate(victim, last)
    assert faults_of(archive) == {(victim.name, "fixity"), (victim.name, "cut")}


def test_a_file_put_back_is_sound_again(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    victim = warc_files(archive / "warc")[0]
    assert faults_of(archive) == set()
    sound = victim.read_bytes()
    flip(victim)
    assert (victim.name, "fixity") in faults_of(archive)
    assert "fixity" in lines(archive)[-1].faults and len(lines(archive)[-1].faults) > 1
    victim.write_bytes(sound)
    assert faults_of(archive) == set()


def test_a_file_first_seen_cut_between_two_records_is_not_the_measure_of_the_whole_one(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    victim = warc_files(archive / "warc")[0]
    whole = victim.read_bytes()
    os.truncate(victim, [member.offset for member in walk(victim)][20])
    assert faults_of(archive) == {(victim.name, "no_record"), (victim.name, "cut")}
    victim.write_bytes(whole)
    assert faults_of(archive) == set()


def test_a_file_that_vanishes_with_its_rows_is_missed_by_the_log(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(3), tmp_path)
    assert faults_of(archive) == set()
    victim = warc_files(archive / "warc")[1]
    victim.unlink()
    assert faults_of(archive) == faults_of(archive, quick=True) == {(victim.name, "no_file")}
    rabat("rebuild", "--archive", archive)
    assert (victim.name, "no_file") in faults_of(archive) & faults_of(archive, quick=True)


def test_a_renamed_file_is_not_missing(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    assert faults_of(archive) == set()
    victim = warc_files(archive / "warc")[0]
    victim.rename(victim.with_name("other.warc.gz"))
    rabat("rebuild", "--archive", archive)
    assert faults_of(archive, quick=True) == faults_of(archive) == set()


def test_where_the_log_cannot_be_written_verification_goes_on(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    (archive / "fixity").write_text("a file in its place")
    done = rabat("verify", "--archive", archive)
    assert done.stdout.startswith("sound: 1 WARC files") and "was not written" in done.stderr
    flip(warc_files(archive / "warc")[0])
    assert "was not written" in rabat("verify", "--quick", "--archive", archive, code=7).stderr


def test_an_archive_on_a_file_system_that_is_read_only_is_verified(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=8m") as disk:
        archive = copy_of(sample_archive(1), disk)
        Archive.open(archive, write=True).close()
        rabat("verify", "--archive", archive)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = rabat("verify", "--quick", "--archive", archive)
        assert "sound" in done.stdout and "Read-only" in done.stderr and len(lines(archive)) == 1


# The nights ------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 70 small WARC files."""
    folder = tmp_path_factory.mktemp("many") / "a"
    for number in range(70):
        recorded(folder, [(f"{BASE}/fr/{number}-x", article_html(f"Titre {number}", f"Texte {number}"))], run_id=f"run-{number:03}")
    Archive.open(folder, write=True).close()
    return folder


def test_each_file_is_read_whole_within_the_cycle(tmp_path: Path, many: Path) -> None:
    archive = copy_of(many, tmp_path)
    assert faults_of(archive, quick=True) == set() and len(lines(archive)) == 70  # never checked before: all of them once
    for night in range(1, CYCLE + 1):
        before = len(lines(archive))
        assert faults_of(archive, quick=True, night=night) == set()
        assert len(lines(archive)) - before == 3
    assert {line.file for line in lines(archive)[70:]} == {path.name for path in warc_files(many / "warc")}
    recorded(archive, [(f"{BASE}/fr/99-neu", article_html("Neu", "Neu"))], run_id="aaa-new")
    Archive.open(archive, write=True).close()
    faults_of(archive, quick=True, night=CYCLE + 1)
    assert "aaa-new-00000.warc.gz" in {line.file for line in lines(archive)[-4:]}


def test_damage_in_an_old_file_is_found_within_the_cycle(tmp_path: Path, many: Path) -> None:
    archive = copy_of(many, tmp_path)
    faults_of(archive)
    victim = warc_files(archive / "warc")[60]
    flip(victim, keep_time=True)
    nights = [night for night in range(1, CYCLE + 1) if (victim.name, "fixity") in faults_of(archive, quick=True, night=night)]
    assert nights and nights[0] > 1
