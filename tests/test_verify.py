"""Whatever is changed on disk behind the program's back, verify names it; what is sound, it leaves alone."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive, fixity
from rabat_crawler.archive.members import walk
from rabat_crawler.archive.moments import moment
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.warc import check_file
from tests.building import copy_of, rabat, records_of, sample_archive

NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


def codes(folder: Path) -> set[str]:
    with Archive.open(folder) as archive:
        return {fault.code for fault in archive.verify().faults}


@pytest.mark.parametrize("nights", [1, 2, 3])
def test_a_crawled_archive_is_sound(nights: int) -> None:
    with Archive.open(sample_archive(nights)) as archive:
        report = archive.verify()
        assert report.faults == ()
        assert (report.files, report.records, report.captures) == (nights, archive.counts()["captures"], archive.counts()["captures"])


def execute(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "rabat.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


ROWS = {
    "a capture deleted": ("DELETE FROM captures WHERE rowid = 5", "no_row"),
    "a capture's digest changed": ("UPDATE captures SET digest = 'sha256:00' WHERE rowid = 5", "differs"),
    "a capture's time changed": ("UPDATE captures SET captured_at = '2001-01-01T00:00:00.000000Z' WHERE rowid = 5", "differs"),
    "a capture's place changed": ("UPDATE captures SET offset = offset + 1 WHERE rowid = 5", "differs"),
    "a capture invented": (
        (
            "INSERT INTO captures (record_id, url, url_key, captured_at, status, media_type, digest, site, run_id, record_type, source, source_url, warc_file,"
            " offset, length, refers_to, truncated, layout, role, problems, verdict, held, badness)"
            " SELECT 'urn:uuid:x', url, url_key, captured_at, status, media_type, digest, site, run_id, record_type, source,"
            " source_url, warc_file, offset, length, refers_to, truncated, layout, role, problems, verdict, held, badness FROM captures WHERE rowid = 5"
        ),
        "no_record",
    ),
    "an item's title changed": ("UPDATE items SET title = 'Faux' WHERE rowid IN (SELECT rowid FROM items LIMIT 1)", "changed"),
    "an item's text changed": ("UPDATE items SET text = text || '.' WHERE rowid IN (SELECT rowid FROM items LIMIT 1)", "changed"),
    "an item deleted": ("DELETE FROM items WHERE rowid IN (SELECT rowid FROM items LIMIT 1)", "no_item"),
    "a version's text changed": ("UPDATE versions SET text = text || '.' WHERE rowid IN (SELECT rowid FROM versions LIMIT 1)", "changed"),
    "a version deleted": ("DELETE FROM versions WHERE rowid IN (SELECT rowid FROM versions LIMIT 1)", "changed"),
    "a draft changed": ("UPDATE drafts SET content = replace(content, 'a', 'b') WHERE rowid = 3", "changed"),
    "a draft deleted": ("DELETE FROM drafts WHERE rowid = 3", "foreign_key"),
    "a run deleted": ("DELETE FROM runs", "run"),
    "a trigger missing": ("DROP TRIGGER items_fts_update", "text_index"),
    "the index without a word": (
        "INSERT INTO items_fts (items_fts, rowid, title, text) SELECT 'delete', id, title, '' FROM items LIMIT 1",
        "text_index",
    ),
    "the index with another word": ("UPDATE items_fts_data SET block = zeroblob(length(block)) WHERE id > 10", "text_index"),
    "the index emptied": ("INSERT INTO items_fts (items_fts) VALUES ('delete-all')", "text_index"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_changed_behind_our_back_is_found(tmp_path: Path, name: str) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    statement, code = ROWS[name]
    execute(folder, statement)
    assert code in codes(folder)


def test_a_rebuild_mends_all_of_them(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    execute(folder, *(statement for statement, _ in ROWS.values()))
    assert len(codes(folder)) > 4
    with Archive.open(folder, write=True) as archive:
        archive.rebuild()
    assert codes(folder) == set()


def flip(path: Path, offset: int) -> None:
    with open(path, "r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)
        stream.seek(offset)
        stream.write(bytes([byte[0] ^ 0x10]))


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_in_a_warc_is_found(tmp_path: Path, seed: int) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    capture = random.Random(seed).choice(records_of(folder)).capture
    flip(folder / "warc" / capture.warc_file, capture.offset + random.Random(seed).randrange(12, capture.length))
    with Archive.open(folder) as archive:
        faults = archive.verify().faults
    assert faults and {fault.where for fault in faults} == {capture.warc_file}


def remove(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x" * 40)


@pytest.mark.parametrize("harm", [remove, shorten, lengthen], ids=lambda harm: harm.__name__)
def test_a_warc_file_gone_cut_or_grown_is_found(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    folder = copy_of(sample_archive(2), tmp_path)
    victim = warc_files(folder / "warc")[0]
    harm(victim)
    with Archive.open(folder) as archive:
        assert victim.name in {fault.where for fault in archive.verify().faults}


def clean_cut(path: Path, *, keep: int) -> int:
    """Cut the file exactly between two records; where."""
    offset = [member.offset for member in walk(path)][keep]
    os.truncate(path, offset)
    return offset


@pytest.mark.parametrize("keep", [1, 30])
@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
def test_a_cut_exactly_between_two_records_is_found(tmp_path: Path, keep: int, quick: bool) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    victim = warc_files(folder / "warc")[0]
    clean_cut(victim, keep=keep)
    assert [finding.code for finding in check_file(victim)] == ["cut"]  # the closing record is gone
    with Archive.open(folder) as archive:
        faults = archive.verify(quick=quick).faults
    assert {(fault.where, fault.code) for fault in faults} == {(victim.name, "no_record"), (victim.name, "cut")}


# The quick verification ------------------------------------------------------------------------------------------------------


def quick_codes(folder: Path) -> set[str]:
    with Archive.open(folder) as archive:
        return {fault.code for fault in archive.verify(quick=True, now=NIGHT).faults}


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """An archive of three nights whose first file was read whole last night, so that it is not due for long."""
    folder = copy_of(sample_archive(3), tmp_path)
    for days in (3, 2):
        with Archive.open(folder) as archive:
            assert archive.verify(now=NIGHT - timedelta(days=days)).faults == ()
    log = fixity.log_path(folder)
    first = warc_files(folder / "warc")[0].name
    later = [replace(entry, time=moment(NIGHT - timedelta(hours=1))) for entry in fixity.read_entries(log) if entry.file == first]
    fixity.append(log, later[-1:])
    return folder


def test_the_quick_one_reads_the_latest_run_and_a_sample_and_finds_a_sound_archive_sound(known: Path) -> None:
    with Archive.open(known) as archive:
        report = archive.verify(quick=True, now=NIGHT)
    assert (report.files, report.checked, report.faults, report.notes) == (3, 2, (), ())
    assert warc_files(known / "warc")[0].name not in {entry.file for entry in list(fixity.read_entries(fixity.log_path(known)))[-2:]}


def behind(folder: Path) -> None:
    end = "SELECT max(offset) FROM captures WHERE warc_file = (SELECT min(warc_file) FROM captures)"
    execute(
        folder,
        f"DELETE FROM sightings WHERE record_id IN (SELECT record_id FROM captures WHERE offset = ({end}))",
        f"DELETE FROM captures WHERE offset = ({end}) AND warc_file = (SELECT min(warc_file) FROM captures)",
    )


QUICK: dict[str, tuple[Callable[[Path], object], str]] = {
    "an older file gone": (lambda folder: warc_files(folder / "warc")[0].unlink(), "no_file"),
    "an older file cut anywhere": (lambda folder: os.truncate(warc_files(folder / "warc")[0], 5000), "no_record"),
    "an older file cut between two records": (lambda folder: clean_cut(warc_files(folder / "warc")[0], keep=4), "no_record"),
    "a record at an older file's end without its row": (behind, "no_row"),
    "a bit of the latest run's file": (lambda folder: flip(warc_files(folder / "warc")[-1], 3000), "fixity"),
    "a row that refers to nothing": (lambda folder: execute(folder, "DELETE FROM drafts WHERE rowid = 3"), "foreign_key"),
    "an index entry missing": (lambda folder: execute(folder, "DELETE FROM items_fts_docsize WHERE id = (SELECT min(id) FROM items)"), "text_index"),
    "a run's file gone": (lambda folder: next((folder / "runs").iterdir()).unlink(), "run"),
}


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_one_finds(known: Path, name: str) -> None:
    assert quick_codes(known) == set()
    harm, code = QUICK[name]
    harm(known)
    assert code in quick_codes(known) and code in codes(known)


def test_verification_changes_nothing_but_the_log(known: Path) -> None:
    def held() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in known.rglob("*") if path.is_file() and path.suffix not in (".db-shm", ".db-wal")}

    before = held()
    for options in ([], ["--quick"]):
        rabat("verify", *options, "--archive", known)
    assert {path for path, content in held().items() if content != before.get(path)} == {str(fixity.log_path(known))}


def test_a_file_that_the_system_cannot_read_is_a_fault_of_its_own(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(2), tmp_path)
    victim = warc_files(folder / "warc")[0]
    victim.unlink()
    victim.mkdir()
    with Archive.open(folder) as archive:
        report = archive.verify()
    assert {(fault.where, fault.code) for fault in report.faults} == {(victim.name, "unreadable")} and report.checked == 1


def test_a_file_that_a_crawl_is_writing_is_no_fault(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    path = warc_files(folder / "warc")[0]
    path.rename(path.with_name(path.name + ".open"))
    assert codes(folder) == set()


def test_the_command_says_what_is_wrong_and_exits_with_7(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    assert rabat("verify", "--archive", folder).stdout.startswith("sound: 1 WARC files")
    capture = records_of(folder)[3].capture
    flip(folder / "warc" / capture.warc_file, capture.offset + capture.length // 2)
    assert f"{capture.warc_file} byte {capture.offset}" in rabat("verify", "--archive", folder, code=7).stdout
    lines = [json.loads(line) for line in rabat("verify", "--json", "--archive", folder, code=7).stdout.splitlines()]
    assert all(set(line) == {"where", "place", "code", "message"} for line in lines)


def test_a_database_damaged_in_the_middle_is_reported_and_rebuilt(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    database = folder / "rabat.db"
    size = database.stat().st_size
    for place in range(4096, size, size // 20):
        with open(database, "r+b") as stream:
            stream.seek(place)
            stream.write(b"\xff" * 600)
    done = rabat("verify", "--archive", folder, code=7)
    assert "rebuild" in done.stdout + done.stderr or "integrity" in done.stdout
    assert "set aside as rabat.db.damaged" in rabat("rebuild", "--archive", folder).stderr
    assert codes(folder) == set()
    with Archive.open(folder) as archive, Archive.open(sample_archive(1)) as sound:
        assert list(archive.dump()) == list(sound.dump())
