"""`translations`, `confirm`, `reject`: what people decide about two items holds against every rebuild, and is lost with no backup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.decisions import LOG_NAME, Decision, add_decision, read_decisions, settled
from tests.building import copy_of, rabat, sample_archive

ENGLISH, FRENCH, OTHER = "165", "166", "174"
"""Article numbers of the sample site: a pair of translations, and another French item."""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return copy_of(sample_archive(1), tmp_path)


def twin_of(folder: Path, wanted: str) -> int | None:
    with Archive.open(folder) as archive:
        twin = archive.item(wanted).twin
        return archive.item(twin).article_id if twin else None


def decide(folder: Path, *arguments: str, code: int = 0) -> str:
    done = rabat(*arguments, "--archive", folder, code=code)
    return done.stdout + done.stderr


def test_a_rejected_pair_stays_apart_after_a_rebuild_and_may_be_taken_back(archive: Path) -> None:
    assert twin_of(archive, ENGLISH) == int(FRENCH)
    assert "no translations of each other" in decide(archive, "reject", ENGLISH, FRENCH, "--note", "read side by side")
    assert (twin_of(archive, ENGLISH), twin_of(archive, FRENCH)) == (None, None)
    decide(archive, "rebuild")
    assert twin_of(archive, ENGLISH) is None
    assert "are taken for translations now" in decide(archive, "reject", ENGLISH, FRENCH, "--undo")
    assert twin_of(archive, ENGLISH) == int(FRENCH)
    assert [one.note for one in read_decisions(archive)] == ["read side by side", ""]


def test_a_confirmed_pair_comes_before_what_the_pages_say_and_the_conflict_is_listed(archive: Path) -> None:
    decide(archive, "confirm", ENGLISH, OTHER)
    assert (twin_of(archive, ENGLISH), twin_of(archive, OTHER)) == (int(OTHER), int(ENGLISH))
    assert twin_of(archive, FRENCH) != int(ENGLISH)
    decide(archive, "rebuild")
    assert twin_of(archive, OTHER) == int(ENGLISH)
    conflicts = decide(archive, "translations", "--conflicts")
    assert "another already" in conflicts and "rabat-crawler confirm" in conflicts
    found = [json.loads(line) for line in decide(archive, "translations", ENGLISH, "--json").splitlines()]
    assert [(one["evidence"], one["score"]) for one in found] == [("confirmed", 1.0)]


def test_what_is_no_translation_cannot_be_confirmed(archive: Path) -> None:
    assert "is one item; give two" in decide(archive, "confirm", ENGLISH, ENGLISH, code=2)
    assert "both in 'fr'" in decide(archive, "confirm", FRENCH, OTHER, code=2)
    assert "no item has this id" in decide(archive, "reject", ENGLISH, "999999", code=1)
    assert read_decisions(archive) == []


def test_pairs_and_items_without_one_are_listed(archive: Path) -> None:
    pairs = [json.loads(line) for line in decide(archive, "translations", "--json").splitlines()]
    missing = [json.loads(line) for line in decide(archive, "translations", "--missing", "--json").splitlines()]
    with Archive.open(archive) as opened:
        assert len(pairs) * 2 + len(missing) == opened.counts()["items"]
    assert "give one of" in decide(archive, "translations", "--missing", "--conflicts", code=2)


def test_decisions_are_in_a_backup_and_back_after_a_restore(archive: Path, tmp_path: Path) -> None:
    decide(archive, "reject", ENGLISH, FRENCH)
    rabat("backup", tmp_path / "backups", "--archive", archive)
    rabat("restore", tmp_path / "backups", "--archive", tmp_path / "again")
    assert (tmp_path / "again" / LOG_NAME).read_bytes() == (archive / LOG_NAME).read_bytes()
    decide(tmp_path / "again", "rebuild")
    assert twin_of(tmp_path / "again", ENGLISH) is None


def test_a_line_that_is_no_decision_is_named(archive: Path) -> None:
    decide(archive, "reject", ENGLISH, FRENCH)
    path = archive / LOG_NAME
    path.write_text(path.read_text() + "{}\n")
    said = decide(archive, "confirm", ENGLISH, FRENCH, code=7)
    assert f"{path} line 2" in said and "restore" in said


def test_a_line_left_half_written_is_no_decision_and_the_next_one_stands_by_itself(tmp_path: Path) -> None:
    one = Decision(what="confirm", item_id="a", other_id="b", at="2026-03-01T00:00:00Z")
    other = Decision(what="reject", item_id="b", other_id="a", at="2026-03-02T00:00:00Z")
    add_decision(tmp_path, one)
    with (tmp_path / LOG_NAME).open("a") as file:
        file.write('{"what": "conf')
    assert read_decisions(tmp_path) == [one]
    add_decision(tmp_path, other)
    assert read_decisions(tmp_path) == [one, other]
    assert settled([one, other]) == ([], {("a", "b")})
