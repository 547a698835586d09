"""Snapshots: consistent while somebody writes, named after the state, kept while read, removed when left."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.bounded import Bounds, connect, within
from rabat_crawler.archive.snapshot import Snapshots, copy_database, state_of
from rabat_crawler.errors import ArchiveMissing, RabatError
from tests.building import article_archive, copy_of, environment, sample_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return copy_of(sample_archive(1), tmp_path)


def change(archive: Path, title: str) -> None:
    with Archive.open(archive, write=True) as writing:
        writing.connection.execute("UPDATE runs SET spider = ?", (title,))


def spider(path: Path) -> str:
    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return str(connection.execute("SELECT spider FROM runs").fetchone()[0])
    finally:
        connection.close()


def files(archive: Path) -> list[str]:
    return sorted(path.name for path in (archive / "state" / "room").iterdir())


def test_a_snapshot_is_the_archive_as_one_file(archive: Path) -> None:
    snapshots = Snapshots(archive)
    with snapshots.lease() as path, Archive.open_database(path, archive) as shown, Archive.open(archive) as live:
        assert list(shown.dump()) == list(live.dump())
        assert [hit.item.item_id for hit in shown.search("dakar")] == [hit.item.item_id for hit in live.search("dakar")]
        assert shown.connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert shown.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    snapshots.close()
    assert files(archive) == [f"rabat-{state_of(archive)}.db"]


def test_an_unchanged_archive_is_not_copied_again(archive: Path) -> None:
    first = Snapshots(archive)
    made = first.current.path.stat().st_ino
    assert not first.renew()
    first.close()
    again = Snapshots(archive)
    assert again.current.path.stat().st_ino == made
    again.close()


def test_a_change_gives_a_new_snapshot_and_the_old_one_stays_while_it_is_read(archive: Path) -> None:
    snapshots = Snapshots(archive)
    with snapshots.lease() as before:
        change(archive, "other")
        assert snapshots.renew()
        with snapshots.lease() as after:
            assert (spider(after), before.exists()) == ("other", True)
            assert spider(before) != "other"
    assert not before.exists()
    assert files(archive) == [after.name]
    snapshots.close()


def test_nothing_is_renewed_while_somebody_writes_but_a_first_snapshot_is_made(archive: Path) -> None:
    snapshots = Snapshots(archive)
    with Archive.open(archive, write=True) as writing:
        writing.connection.execute("UPDATE runs SET spider = 'half'")
        assert not snapshots.renew()
        writing.connection.execute("BEGIN IMMEDIATE")
        writing.connection.execute("UPDATE runs SET spider = 'not committed'")
        beside = Snapshots(archive)
        assert spider(beside.current.path) == "half"
        beside.close()
        writing.connection.execute("COMMIT")
    assert snapshots.renew()
    assert spider(snapshots.current.path) == "not committed"
    snapshots.close()


def test_a_rebuilt_database_is_noticed(archive: Path) -> None:
    snapshots = Snapshots(archive)
    with Archive.open(archive, write=True) as writing:
        writing.rebuild(workers=1)
    assert snapshots.renew()
    snapshots.close()


def test_each_snapshot_is_of_one_moment(archive: Path, tmp_path: Path) -> None:
    """A writer changes two rows in each transaction; no copy shows one without the other."""
    done = threading.Event()

    def write() -> None:
        connection = sqlite3.connect(archive / "rabat.db", isolation_level=None, timeout=30)
        number = 0
        while not done.is_set():
            number += 1
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE runs SET spider = ?", (str(number),))
            connection.execute("UPDATE captures SET media_type = ?", (str(number),))
            connection.execute("COMMIT")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        for number in range(12):
            target = tmp_path / f"copy-{number}.db"
            copy_database(archive / "rabat.db", target)
            connection = sqlite3.connect(target)
            pairs = connection.execute("SELECT DISTINCT r.spider, c.media_type FROM runs r, captures c").fetchall()
            connection.close()
            if pairs[0][0].isdigit():  # the writer has begun
                assert [one == other for one, other in pairs] == [True]
                seen.add(pairs[0])
    finally:
        done.set()
        writer.join()
    assert len(seen) > 1


def test_two_servers_keep_their_files_and_what_dead_ones_left_is_cleared(archive: Path) -> None:
    one = Snapshots(archive)
    change(archive, "second")
    two = Snapshots(archive)
    assert one.current.path.exists()
    assert len(files(archive)) == 2
    one.close()
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, env=environment(), check=True)
    (archive / "state" / "room" / f"rabat-0123456789abcdef.db.{dead.stdout.strip()}.partial").write_bytes(b"half")
    (archive / "state" / "room" / "rabat-0123456789abcdef.db").write_bytes(b"left")
    (archive / "state" / "room" / "note.txt").write_bytes(b"somebody's own")
    change(archive, "third")
    assert two.renew()
    assert files(archive) == ["note.txt", two.current.path.name]
    two.close()


def test_an_archive_that_cannot_be_written_to_is_shown_from_a_temporary_file(archive: Path) -> None:
    shutil.rmtree(archive / "state")
    (archive / "state").write_bytes(b"in the way")
    snapshots = Snapshots(archive)
    path = snapshots.current.path
    assert not path.is_relative_to(archive)
    snapshots.close()
    assert not path.exists()


def test_a_missing_archive_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissing, match="there is no archive"):
        Snapshots(tmp_path)
    assert not (tmp_path / "state").exists()


def test_a_copy_that_cannot_be_written_leaves_nothing_behind_and_the_old_one_stays(archive: Path) -> None:
    snapshots = Snapshots(archive)
    change(archive, "x" * 100)
    before = files(archive)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(RabatError, match=r"rabat\.db"):
            snapshots.renew()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(archive) == before
    with snapshots.lease() as path:
        assert spider(path) != "x" * 100
    assert snapshots.renew()
    snapshots.close()


# Bounded connections ---------------------------------------------------------------------------------------------------------


def test_an_answer_ends_where_it_grows_too_large(tmp_path: Path) -> None:
    path = article_archive(tmp_path / "archive", a="One") / "rabat.db"
    copy_database(path, tmp_path / "copy.db")
    connection = connect(tmp_path / "copy.db", Bounds(value=1000, answer=5000))
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 50) "
    assert len(connection.execute(f"{numbers} SELECT x FROM c").fetchall()) == 50
    with pytest.raises(sqlite3.OperationalError, match="too large"):
        connection.execute(f"{numbers} SELECT hex(zeroblob(400)) FROM c").fetchall()
    with pytest.raises(sqlite3.OperationalError, match="too large"):
        list(connection.execute(f"{numbers} SELECT hex(zeroblob(400)) FROM c"))
    with pytest.raises(sqlite3.DataError, match="too big"):
        connection.execute("SELECT zeroblob(1001)").fetchall()
    for statement in ("DELETE FROM items", "CREATE TABLE x (y)", "ATTACH ':memory:' AS other"):
        with pytest.raises(sqlite3.Error):
            connection.execute(statement)
    connection.close()


def test_a_question_of_ours_ends_after_its_time(archive: Path) -> None:
    with Archive.open(archive) as opened:
        with pytest.raises(TimeoutError), within(opened.connection, 0.05):
            opened.connection.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c").fetchone()
        assert opened.search("dakar").total > 0
