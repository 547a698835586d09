"""The database is derived: deleted, damaged or shuffled, the WARC files give every row back."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.errors import ArchiveMissing, ConfigError
from tests.building import BASE, article_archive, article_html, copy_of, dump_of, recorded, records_of, sample_archive, without_places


@pytest.mark.parametrize("nights", [1, 3])
def test_rebuilt_equals_crawled(tmp_path: Path, nights: int) -> None:
    folder = copy_of(sample_archive(nights), tmp_path)
    with Archive.open(folder, write=True) as archive:
        rebuilt = archive.rebuild()
        assert rebuilt.before == rebuilt.after and rebuilt.files == nights and not rebuilt.damaged
        assert archive.verify().faults == ()
    assert dump_of(folder) == dump_of(sample_archive(nights))
    with Archive.open(sample_archive(nights)) as crawled, Archive.open(folder) as again:
        assert again.runs() == crawled.runs()
    assert not list((folder / "state").glob("rebuild.db*"))


@pytest.mark.parametrize("seed", range(3))
def test_the_names_of_the_files_do_not_matter(tmp_path: Path, seed: int) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    files = warc_files(folder / "warc")
    random.Random(seed).shuffle(files)
    for number, path in enumerate(files):
        path.rename(path.with_name(f"{number}-renamed.warc.gz"))
    with Archive.open(folder, write=True, recover=False) as archive:
        archive.rebuild()
        assert archive.verify().faults == ()
    assert without_places(dump_of(folder)) == without_places(dump_of(sample_archive(3)))


def test_a_deleted_database_comes_back_with_the_next_writer(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(2), tmp_path)
    (folder / "rabat.db").unlink()
    with pytest.raises(ArchiveMissing):
        Archive.open(folder)
    with Archive.open(folder, write=True) as archive:
        assert any("captures without a row" in note for note in archive.notes)
        assert archive.verify().faults == ()
        assert len(archive.runs()) == 2
    assert dump_of(folder) == dump_of(sample_archive(2))


def test_rows_behind_the_last_one_are_read_at_the_next_opening(tmp_path: Path) -> None:
    article_archive(tmp_path, un="Un")
    recorded(tmp_path, [(f"{BASE}/fr/102-deux", article_html("Deux", "Deux"))], run_id="later")
    with Archive.open(tmp_path) as reader:
        assert reader.counts()["items"] == 1
    with Archive.open(tmp_path, write=True) as archive:
        assert {item.title for item in archive.items()} == {"Un", "Deux"}
    with Archive.open(tmp_path, write=True) as archive:
        assert archive.notes == []


def test_a_rebuild_that_fails_leaves_the_old_database(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    before = dump_of(folder)

    def stop(what: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with Archive.open(folder, write=True) as archive, pytest.raises(KeyboardInterrupt):
        archive.rebuild(stop)
    assert dump_of(folder) == before
    assert not list((folder / "state").glob("rebuild.db*"))


def test_a_reader_keeps_what_it_has_open_while_another_process_rebuilds(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    with Archive.open(folder) as reader:
        before = list(reader.dump())
        with Archive.open(folder, write=True) as archive:
            archive.rebuild()
        assert list(reader.dump()) == before


def test_a_reader_may_not_rebuild(tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive, pytest.raises(ConfigError, match="write=True"):
        archive.rebuild()


def test_damaged_records_are_named_and_the_others_read(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    victim = records_of(folder)[7].capture
    with open(folder / "warc" / victim.warc_file, "r+b") as stream:
        stream.seek(victim.offset + victim.length // 2)
        stream.write(os.urandom(8))
    with Archive.open(folder, write=True) as archive:
        captures = archive.counts()["captures"]
        rebuilt = archive.rebuild()
        assert rebuilt.damaged and victim.warc_file in rebuilt.damaged[0]
        assert archive.counts()["captures"] == captures - 1


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_archive_is_not_made_one(tmp_path: Path, folder: str) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ArchiveMissing):
        Archive.open(tmp_path / folder, write=True)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_database_begun_but_not_finished_is_finished_by_the_next_writer(tmp_path: Path) -> None:
    """What a kill between two statements of the very first opening leaves."""
    for step in range(3):
        folder = tmp_path / str(step)
        (folder / "warc").mkdir(parents=True)
        connection = sqlite3.connect(folder / "rabat.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        if step:
            connection.execute(f"PRAGMA application_id = {0x52424154}")
        if step > 1:
            connection.execute("CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT, PRIMARY KEY (migration_set, name))")
        connection.close()
        with Archive.open(folder, write=True) as archive:
            assert archive.counts()["items"] == 0
        Archive.open(folder).close()
