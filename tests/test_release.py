"""Releases: a bag that others validate, the same bytes twice, what changed since the one before, nothing after a breach."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.errors import ConfigError, FixityError, NotFound, RunBreached
from rabat_crawler.exports import Options
from rabat_crawler.exports.release import Terms, release
from tests import readers
from tests.building import copy_of, rabat, sample_archive
from tests.readers import needs_readers
from tests.test_exports import digest_of


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release of the sample after one night."""
    target = tmp_path_factory.mktemp("releases") / "first"
    with Archive.open(sample_archive(1)) as archive:
        release(
            archive,
            target,
            Options(licence="CC-BY-4.0"),
            Terms(version="1.0", authors=("Élise D'Ampère", "Centre « d'archives »"), doi="10.5281/zenodo.99"),
        )
    return target


@needs_readers
def test_a_name_of_rare_letters_is_the_same_in_the_citation(tmp_path: Path) -> None:
    names = ["𠮷田 “X: y” # \\u00e9", "É\\"]
    with Archive.open(sample_archive(1)) as archive:
        release(archive, tmp_path / "out", Options(title="Archive 𝔸"), Terms(authors=tuple(names)))
        with pytest.raises(ConfigError, match="--author .* give one line"):
            release(archive, tmp_path / "other", terms=Terms(authors=("A\nB: c",)))
    script = "from ruamel.yaml import YAML\nread = YAML(typ='safe').load(open(sys.argv[1], encoding='utf-8'))\n"
    read = readers.ask(script + "print(json.dumps([read['title'], [one['name'] for one in read['authors']]]))", tmp_path / "out" / "CITATION.cff")
    assert read == ["Archive 𝔸", names]


@needs_readers
def test_others_validate_the_bag_the_citation_and_what_is_in_it(first: Path) -> None:
    assert readers.ask("import bagit; print(json.dumps(bagit.Bag(sys.argv[1]).validate(processes=1)))", first) is True
    assert "valid" in readers.run("cffconvert", "--validate", "-i", first / "CITATION.cff").stdout
    cited = readers.run("cffconvert", "-f", "apalike", "-i", first / "CITATION.cff").stdout
    assert "Élise D'Ampère" in cited and "1.0" in cited and "10.5281/zenodo.99" in cited
    assert readers.run("wacz", "validate", "-f", first / "data" / "archive.wacz").returncode == 0
    valid = "from frictionless import Package, validate; print(json.dumps(validate(sys.argv[1]).valid))"
    assert readers.ask(valid, first / "data" / "tables" / "datapackage.json") is True


def test_all_of_it_says_the_same_as_the_archive(first: Path) -> None:
    with Archive.open(sample_archive(1)) as archive:
        ids = set(archive.item_ids())
        texts = {item.item_id: item.text for item in archive.items()}
        moment = archive.latest()
    listed = [json.loads(line) for line in (first / "data" / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {item["item_id"]: item["text"] for item in listed} == texts
    connection = sqlite3.connect(first / "data" / "archive.sqlite")
    assert {row[0] for row in connection.execute("SELECT item_id FROM items")} == ids
    connection.close()
    with open(first / "data" / "tables" / "items.csv", encoding="utf-8", newline="") as table:
        assert {row["item_id"] for row in csv.DictReader(table)} == ids
    said = (first / "README.md").read_text(encoding="utf-8")
    assert moment and moment in said and "## Gaps" in said and "## Method" in said and "## Scope" in said and f"{len(ids)} items" in said


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with Archive.open(sample_archive(3)) as archive:
            release(archive, tmp_path / name / "release")
    assert digest_of(tmp_path / "a" / "release") == digest_of(tmp_path / "b" / "release")


def test_what_changed_since_the_release_before(first: Path, tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive:
        before = {item.item_id: item for item in archive.items()}
    with Archive.open(sample_archive(3)) as archive:
        now = {item.item_id: item for item in archive.items()}
        written = release(archive, tmp_path / "second", previous=first)
    with open(tmp_path / "second" / "data" / "changes.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["item_id"] for row in rows if row["change"] == "new"} == now.keys() - before.keys() != set()
    changed = {name for name in now.keys() & before.keys() if now[name].current_version != before[name].current_version}
    assert {row["item_id"] for row in rows if row["change"] == "changed"} == changed != set()
    assert {row["item_id"] for row in rows if row["change"] == "gone"} == {
        name for name in now.keys() & before.keys() if now[name].gone and not before[name].gone
    }
    assert written.counts["changes"] == len(rows) and "since release 1.0: " in (tmp_path / "second" / "README.md").read_text(encoding="utf-8")


def test_a_release_before_that_is_none_or_is_damaged(first: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(first, damaged)
    listed = damaged / "data" / "items.jsonl"
    listed.write_bytes(listed.read_bytes()[:-20])
    with Archive.open(sample_archive(1)) as archive:
        for place, error, said in (
            (tmp_path / "nowhere", ConfigError, "there is no release at"),
            (tmp_path, ConfigError, "it is no whole backup|is no release"),
            (damaged, FixityError, "the release is damaged"),
        ):
            with pytest.raises(error, match=said):
                release(archive, tmp_path / "out", previous=place)
    assert not (tmp_path / "out").exists()


def test_a_breached_run_never_makes_a_release(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path / "archive")
    with Archive.open(folder, write=True) as archive:
        last = archive.runs(1)[0]
        later = dataclasses.replace(
            last, run_id="20990101T000000Z-x", started_at="2099-01-01T00:00:00Z", finished_at="2099-01-01T00:00:01Z", status="breached"
        )
        archive.begin_run(later)
        archive.end_run(later)
    done = rabat("release", "--archive", folder, "-o", tmp_path / "out", code=8)
    assert "was breached, so no release was made" in done.stderr and "accept" in done.stderr and not (tmp_path / "out").exists()
    with Archive.open(folder, write=True) as archive:
        for name, spider, more in (("20990102T000000Z-x", "import", {}), ("20990103T000000Z-x", "dialogue", {"origin": "https://other.example"})):
            other = dataclasses.replace(later, run_id=name, spider=spider, parameters=more, status="done", started_at=f"2099-01-0{name[7]}T00:00:00Z")
            archive.begin_run(other)
            archive.end_run(other)
    with Archive.open(folder) as archive, pytest.raises(RunBreached, match=later.run_id):
        release(archive, tmp_path / "out")  # what was brought in since, and a crawl of another place, are no sound crawl of it
    with Archive.open(folder, write=True) as archive:
        archive.end_run(dataclasses.replace(later, counts={"accepted": "2099-01-02T00:00:00Z"}))
    with Archive.open(folder) as archive:
        release(archive, tmp_path / "out")


def test_the_command_line(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path / "archive")
    done = rabat("release", "--archive", folder, "--author", "A. Nonymous", "--json")
    said = json.loads(done.stdout)
    assert Path(said["path"]).parent == folder / "exports" and (Path(said["path"]) / "bagit.txt").is_file()
    assert "is there already" in rabat("release", "--archive", folder, code=2).stderr
    assert "is no DOI" in rabat("release", "--archive", folder, "--doi", "x", code=2).stderr
    assert "is no version" in rabat("release", "--archive", folder, "--version", "../x", code=2).stderr
    assert "is no address" in rabat("release", "--archive", folder, "--url", "javascript:x", code=2).stderr


def test_an_empty_archive_makes_none(tmp_path: Path) -> None:
    Archive.open(tmp_path / "empty", write=True, create=True).close()
    with Archive.open(tmp_path / "empty") as archive, pytest.raises(NotFound, match="no release was made"):
        release(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
