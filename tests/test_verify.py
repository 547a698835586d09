"""Whatever is changed on disk behind the program's back, verify names it; what is sound, it leaves alone."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.rebuild import warc_files
from tests.building import copy_of, rabat, records_of, sample_archive


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
            "INSERT INTO captures SELECT 'urn:uuid:x', url, url_key, captured_at, status, media_type, digest, site, run_id, record_type, source,"
            " source_url, warc_file, offset, length, refers_to, truncated, layout, role, problems, verdict, held FROM captures WHERE rowid = 5"
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
