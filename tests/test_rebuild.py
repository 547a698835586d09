"""The database is derived: deleted, damaged or shuffled, the WARC files give every row back."""

from __future__ import annotations

import os
import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlite_utils

from rabat_crawler.archive import Archive, migrations, schema
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.errors import ArchiveCorrupt, ArchiveMissing, ConfigError
from tests.building import (
    BASE,
    added,
    article_archive,
    article_html,
    copy_of,
    dump_of,
    night,
    rabat,
    recorded,
    records_of,
    sample_archive,
    without_places,
)


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


@pytest.mark.parametrize("nights", [1, 2])
def test_the_archive_as_of_a_night_is_the_archive_of_that_night(tmp_path: Path, nights: int) -> None:
    """All rows but links, which have no time: as if the crawls after it had not been."""
    with Archive.open(sample_archive(nights)) as then:
        last = then.stats()["last_capture"]
        wanted = [row for row in then.dump() if '"table": "links"' not in row]
        text = {item.item_id: item.text for item in then.items()}
    with Archive.open(sample_archive(3)) as now, now.as_of(last) as past:
        assert [row for row in past.dump() if '"table": "links"' not in row] == wanted
        assert {item.item_id: item.text for item in past.items()} == text
        assert {item.title for item in now.items()} != {item.title for item in past.items()}
        assert past.search("senegal") and now.search("passage de témoin") and not past.search("passage de témoin")


def test_before_the_first_capture_there_is_nothing(tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as now, now.as_of("2001") as past:
        assert past.counts()["items"] == 0 and list(past.items()) == []


@pytest.mark.parametrize("date", ["2017-02-30", "2017-13", "yesterday", "17", ""])
def test_what_is_no_date_is_refused(date: str) -> None:
    with Archive.open(sample_archive(1)) as now, pytest.raises(ConfigError, match="no date"):
        now.as_of(date)


def test_two_processes_make_the_same_rows_as_one(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    with Archive.open(folder, write=True) as archive:
        archive.rebuild(workers=2)
    assert dump_of(folder) == dump_of(sample_archive(3))


def test_diff_tells_what_a_rebuild_would_change_and_changes_nothing(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    with Archive.open(folder, write=True) as archive:
        assert archive.rebuild_diff().counts == {}
        archive.connection.execute("UPDATE items SET title = 'Faux' WHERE article_id = 166")
        archive.connection.execute("DELETE FROM tags WHERE item_id = (SELECT item_id FROM items WHERE article_id = 166)")
        before = list(archive.dump())
        found = archive.rebuild_diff()
        assert found.counts == {"title": 1, "tags": 1} and found.examples["title"][0].before == "Faux"
        assert list(archive.dump()) == before
    assert [path.name for path in (folder / "state").glob("diff*")] == []
    said = rabat("rebuild", "--diff", "--archive", folder)
    assert "title: 1" in said.stdout and "Faux ->" in said.stdout and "rabat-crawler rebuild accepts this" in said.stdout
    assert "nothing would change" in rabat("rebuild", "--diff", "--archive", sample_archive(1)).stdout


@pytest.mark.parametrize("name", ["0-copy.warc.gz", "z-copy.warc.gz"])
def test_a_record_that_lies_in_two_files_counts_once_in_every_order(tmp_path: Path, name: str) -> None:
    folder = article_archive(tmp_path / "a", un="Un", deux="Deux")
    (original,) = warc_files(folder / "warc")
    original.with_name(name).write_bytes(original.read_bytes())
    with Archive.open(folder, write=True) as archive:
        assert archive.notes  # the copy was read
        rows = list(archive.dump())
    with Archive.open(folder, write=True) as archive:
        assert archive.notes == [] and archive.verify().faults == ()
        assert {place for (place,) in archive.connection.execute("SELECT DISTINCT warc_file FROM captures")} == {min(name, original.name)}
        archive.rebuild()
        assert list(archive.dump()) == rows


def test_two_records_of_one_name_give_the_same_rows_in_every_order(tmp_path: Path) -> None:
    """Whoever writes so breaks the standard; still nothing may depend on which comes first."""
    first = recorded(tmp_path / "a", [(f"{BASE}/fr/101-un", article_html("Un", "Un"))], run_id="one")[0]
    second = recorded(tmp_path / "a", [(f"{BASE}/fr/102-deux", article_html("Deux", "Deux"))], run_id="two", at=night(1))[0]
    second = replace(second, capture=replace(second.capture, record_id=first.capture.record_id))
    found = [added(order, tmp_path / str(number), batch=1) for number, order in enumerate(((first, second), (second, first)))]
    assert found[0] == found[1] and sum('"table": "items"' in row for row in found[0]) == 1


DERIVED = """
BEGIN;
INSERT INTO items (id, item_id, site, kind, language_method, title, summary, text, section, layout, first_seen, last_seen, gone, flags, current_version,
  html, item_key) VALUES (1, 'old', 'sample', 'news', '', 'Old', '', '', '', '', '', '', 0, '[]', '', '', 'url:old');
INSERT INTO tags VALUES ('old', 'visas');
INSERT INTO links VALUES ('http://x.example/', 'sample', 'x', '');
INSERT INTO files VALUES ('warc/x.warc.gz', 10);
COMMIT;
"""


@pytest.mark.parametrize(
    "migration", ["m004_date_evidence", "m005_documents", "m006_names", "m007_languages", "m008_projects", "m009_relations", "m010_events"]
)
def test_an_archive_of_an_earlier_schema_is_emptied_and_read_anew(tmp_path: Path, migration: str) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    (folder / "rabat.db").unlink()
    connection = sqlite3.connect(folder / "rabat.db", isolation_level=None)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA foreign_keys = ON")
    migrations.migrations.apply(sqlite_utils.Database(connection), stop_before=migration)
    connection.executescript(DERIVED)
    connection.execute(f"PRAGMA user_version = {len(migrations.migrations.applied(sqlite_utils.Database(connection)))}")
    connection.close()
    with Archive.open(folder, write=True) as archive:
        assert archive.verify().faults == ()
    assert dump_of(folder) == dump_of(sample_archive(1))


def test_an_archive_of_the_schema_before_is_read_anew_from_its_warc_files(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(2), tmp_path)
    (folder / "rabat.db").unlink()
    connection = sqlite3.connect(folder / "rabat.db", isolation_level=None)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 2")
    connection.execute(
        "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT, UNIQUE (migration_set, name))"
    )
    for number, (script, name) in enumerate(((migrations.M001, "m001_first_tables"), (migrations.M002, "m002_verdicts")), 1):
        connection.executescript(script)
        connection.execute("INSERT INTO _sqlite_migrations VALUES (?, 'rabat_crawler', ?, '2026-01-01')", (number, name))
    connection.execute("INSERT INTO links VALUES ('http://x.example/', 'rabat-process', 'x', '')")
    connection.close()
    with pytest.raises(ArchiveCorrupt, match="has schema 2"):
        Archive.open(folder)
    with Archive.open(folder, write=True) as archive:
        assert any("captures without a row" in note for note in archive.notes)
        assert archive.verify().faults == ()
    assert dump_of(folder) == dump_of(sample_archive(2))
