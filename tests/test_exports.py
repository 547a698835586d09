"""What holds for every export format: whole or not at all, the same bytes from the same archive, hostile items harmless, clear outcomes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.errors import ConfigError, DiskFull, NotFound
from rabat_crawler.exports import Options, Selection, export, formats
from rabat_crawler.exports.release import release
from tests.building import BASE, article_html, copy_of, environment, rabat, sample_archive, small_archive

FORMATS = sorted(formats())
HOSTILE = {
    "/fr/a/1-x": "../../../etc/passwd",
    "/fr/a/2-x": '=HYPERLINK("http://evil.example","x")',
    "/fr/a/3-x": "<script>alert(1)</script> & ]]> \"quoted\" 'it' {\\bf x}",
    "/fr/a/4-x": "CON: aux.txt / nul\\..\\x",
    "/fr/a/5-x": "é" * 300,
}


def digest_of(path: Path) -> dict[str, str]:
    """Names below a path with the digests of their bytes."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "archive"
    pages = [(f"{BASE}{path}", article_html(title, "Un texte de plusieurs mots sur le dialogue. " * 8)) for path, title in HOSTILE.items()]
    return small_archive(folder, pages)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_archive_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    first, second = (tmp_path / one / "export" for one in ("a", "b"))
    with Archive.open(sample_archive(1)) as archive:
        written = export(archive, name, first, options=_needed(name))
    with Archive.open(sample_archive(1)) as archive:
        export(archive, name, second, options=_needed(name))
    found = digest_of(first)
    assert found and found == digest_of(second)
    assert written.bytes == sum(file.stat().st_size for file in ([first] if first.is_file() else first.rglob("*")) if file.is_file())
    assert sorted(path.name for path in first.parent.iterdir()) == ["export"], "something was left beside"


EVERY_FORMAT = """
import pathlib, sys
from rabat_crawler.archive import Archive
from rabat_crawler.exports import Options, export, formats
from rabat_crawler.exports.release import release
archive, target = map(pathlib.Path, sys.argv[1:])
with Archive.open(archive) as opened:
    for name, form in formats().items():
        export(opened, name, target / name, options=Options(base_url="https://archive.example.org/") if "base_url" in form.takes else Options())
    release(opened, target / "release")
"""


def test_no_byte_depends_on_the_process_its_time_zone_or_its_locale(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path / "archive")
    surroundings = (
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    running = [
        subprocess.Popen([sys.executable, "-c", EVERY_FORMAT, str(archive), str(tmp_path / more["TZ"].replace("/", "-"))], env=environment(**more))
        for more in surroundings
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    first, second = digest_of(tmp_path / "UTC"), digest_of(tmp_path / "Asia-Tokyo")
    assert {name.split("/")[0] for name in first} == {*FORMATS, "release"}
    assert [name for name in first | second if first.get(name) != second.get(name)] == []


def _needed(name: str) -> Options:
    return Options(base_url="https://archive.example.org/") if "base_url" in formats()[name].takes else Options()


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_replaced_unasked_and_all_of_it_when_asked(name: str, tmp_path: Path) -> None:
    target = tmp_path / "export"
    with Archive.open(sample_archive(1)) as archive:
        export(archive, name, target, options=_needed(name))
        whole = digest_of(target)
        with pytest.raises(ConfigError, match="is there already.*--force"):
            export(archive, name, target, options=_needed(name))
        assert digest_of(target) == whole
        if not formats()[name].empty:
            part = Selection(filters=Filters(language="fr"))
            export(archive, name, target, part, _needed(name), force=True)
            assert digest_of(target) != whole
        export(archive, name, target, options=_needed(name), force=True)
    assert digest_of(target) == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export"]


@pytest.mark.parametrize("name", FORMATS)
def test_titles_that_are_paths_formulas_or_markup_do_no_harm(name: str, hostile: Path, tmp_path: Path) -> None:
    with Archive.open(hostile) as archive:
        counts = export(archive, name, tmp_path / "out" / "export", options=_needed(name)).counts
        assert counts.get("items", len(HOSTILE)) == len(HOSTILE)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["export"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert not [path for path in (tmp_path / "out").rglob("*") if "passwd" in path.name or path.is_symlink()]


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of one item of ten megabytes."""
    folder = tmp_path_factory.mktemp("huge") / "archive"
    small_archive(folder, [(f"{BASE}/fr/101-grand", article_html("Grand", "Un texte de plusieurs mots sur le dialogue. " * 8))])
    paragraph = "Une phrase & une autre <b> de plus, qui ne finit jamais. " * 20
    text = "\n\n".join(f"{number} {paragraph}" for number in range(10_000_000 // len(paragraph))) + "\n\nverslafin"
    connection = sqlite3.connect(folder / "rabat.db")
    with connection:
        connection.execute("UPDATE versions SET text = ?", (text,))
        connection.execute("UPDATE items SET text = ?", (text,))
    connection.close()
    return folder


WITHOUT_TEXT = {"bibtex", "ris", "csl-json", "ics", "warc", "wacz"}
"""Citations and calendars carry a beginning at most; of recorded pages the bytes are given, which this item's text was not read from."""


@pytest.mark.parametrize("name", FORMATS)
def test_an_item_of_ten_megabytes_is_given_out_whole(name: str, huge: Path, tmp_path: Path) -> None:
    with Archive.open(huge) as archive:
        export(archive, name, tmp_path / "export", options=_needed(name))
    files = [tmp_path / "export"] if not formats()[name].folder else [file for file in (tmp_path / "export").rglob("*") if file.is_file()]
    if name == "parquet":
        assert parquet.read_table(tmp_path / "export" / "items.parquet")["text"][0].as_py().endswith("verslafin")
    elif name not in WITHOUT_TEXT:
        assert any(b"verslafin" in file.read_bytes() for file in files)
        assert sum(file.stat().st_size for file in files) > 10_000_000


@pytest.mark.parametrize("name", [name for name in FORMATS if not formats()[name].empty])
def test_nothing_to_give_out_is_said_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive, pytest.raises(NotFound, match="no item fits what was selected; nothing was written"):
        export(archive, name, tmp_path / "out", Selection(words="xyzzyplugh"), _needed(name))
    Archive.open(tmp_path / "empty", write=True, create=True).close()
    with Archive.open(tmp_path / "empty") as archive, pytest.raises(NotFound, match="the archive holds no items; nothing was written"):
        export(archive, name, tmp_path / "out", options=_needed(name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty"]


DISK = {"ics": 4}
"""Kilobytes of the disk that is too small for a format, where 24 are enough for it."""


@pytest.fixture
def small_disk(tmp_path: Path, name: str) -> Iterator[Path]:
    """A file system of a few kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK.get(name, 24)}k", "tmpfs", str(folder)], capture_output=True).returncode
    ):
        pytest.skip("no right to mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("name", FORMATS)
def test_a_disk_that_fills_leaves_nothing_half_written(name: str, small_disk: Path) -> None:
    with Archive.open(sample_archive(3)) as archive, pytest.raises(DiskFull, match="free space"):
        export(archive, name, small_disk / "export", options=_needed(name))
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_that_is_stopped_leaves_nothing(name: str, tmp_path: Path) -> None:
    def stop(what: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with Archive.open(sample_archive(1)) as archive, pytest.raises(KeyboardInterrupt):
        export(archive, name, tmp_path / "export", options=_needed(name), progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_out_of_the_past_says_which_moment_it_is(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path / "archive")
    with Archive.open(folder, write=True) as archive:
        first = archive.runs(1)[0]
        later = dataclasses.replace(first, run_id="20990101T000000Z-x", started_at="2099-01-01T00:00:00Z", finished_at="2099-01-01T00:00:01Z")
        archive.begin_run(later)
        archive.end_run(later)
    with Archive.open(folder) as archive:
        for as_of, moment in ((None, "2099-01-01T00:00:01Z"), (first.finished_at, first.finished_at)):
            with archive.as_of(as_of) if as_of else Archive.open(folder) as past:
                export(past, "text", tmp_path / "out", Selection(as_of=as_of), force=True)
            assert f"State of the archive: {moment}." in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_folder_that_is_no_export_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "mine.txt").write_text("keep")
    with Archive.open(sample_archive(1)) as archive, pytest.raises(ConfigError, match="was not made by an export"):
        export(archive, "text", tmp_path / "export", force=True)
    assert (tmp_path / "export" / "mine.txt").read_text() == "keep"


def test_partials_of_the_dead_are_cleared_and_those_of_the_living_kept(tmp_path: Path) -> None:
    dead, living, other = tmp_path / ".export.999999999.partial", tmp_path / f".export.{os.getppid()}.partial", tmp_path / ".other.999999999.partial"
    for path in (dead, living, other):
        path.mkdir()
    with Archive.open(sample_archive(1)) as archive:
        export(archive, "text", tmp_path / "export")
    assert not dead.exists() and living.exists() and other.exists()


def test_what_a_process_of_the_same_number_left_is_in_no_ones_way(tmp_path: Path) -> None:
    """In a container the program has the same process id each time."""
    folder, file = (tmp_path / f".{name}.{os.getpid()}.partial" for name in ("text", "sqlite"))
    folder.mkdir()
    (folder / "left.txt").write_text("left")
    file.write_bytes(b"half of a file")
    with Archive.open(sample_archive(1)) as archive:
        export(archive, "text", tmp_path / "text")
        export(archive, "sqlite", tmp_path / "sqlite")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sqlite", "text"] and not (tmp_path / "text" / "left.txt").exists()


def test_a_folder_set_aside_by_a_process_killed_before_the_new_one_stood_there_is_put_back(tmp_path: Path) -> None:
    target, aside = tmp_path / "export", tmp_path / ".export.999999999.old.partial"
    with Archive.open(sample_archive(1)) as archive:
        export(archive, "text", target)
        whole = digest_of(target)
        target.rename(aside)
        with pytest.raises(ConfigError, match="is there already"):
            export(archive, "text", target)
        assert digest_of(target) == whole and not aside.exists()
        target.rename(aside)
        export(archive, "text", target, Selection(filters=Filters(language="fr")), force=True)
        assert digest_of(target) != whole
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_came_there_meanwhile_is_not_replaced_unasked(tmp_path: Path) -> None:
    target = tmp_path / "export"

    def another(what: str, done: int, total: int | None) -> None:
        target.mkdir(exist_ok=True)
        (target / "README.md").write_text("another's")

    with Archive.open(sample_archive(1)) as archive, pytest.raises(ConfigError, match="is there already"):
        export(archive, "text", target, progress=another)
    assert (target / "README.md").read_text() == "another's" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("wrong", ["", " ", "A title\n# Another", "A title\u2028x", "x" * 2000], ids=["empty", "blank", "lines", "separator", "long"])
def test_a_title_or_licence_is_one_line(wrong: str, tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive:
        for options in (Options(title=wrong), Options(licence=wrong)):
            with pytest.raises(ConfigError, match="give one line"):
                export(archive, "csv", tmp_path / "csv", options=options)
            with pytest.raises(ConfigError, match="give one line"):
                release(archive, tmp_path / "release", options)
    assert list(tmp_path.iterdir()) == []


def test_an_export_of_the_past_says_so_and_tells_no_later_day(tmp_path: Path) -> None:
    archive, last = copy_of(sample_archive(1), tmp_path / "archive"), "2099-01-01"
    with Archive.open(archive, write=True) as opened:
        first = str(opened.stats()["last_capture"])[:10]
        later = dataclasses.replace(opened.runs(1)[0], run_id="later", started_at=f"{last}T00:00:00Z", finished_at=f"{last}T00:00:01Z")
        opened.begin_run(later)
        opened.end_run(later)
        assert opened.latest() == later.finished_at
    for form, name in (("csv", "tables"), ("bibtex", "cited.bib"), ("ics", "agenda.ics")):
        rabat("export", form, "--archive", archive, "--as-of", first, "-o", tmp_path / name)
    said = (tmp_path / "tables" / "README.md").read_text(encoding="utf-8")
    assert f"State of the archive: {first}T" in said and f", as the archive stood at the end of {first}" in said
    described = json.loads((tmp_path / "tables" / "datapackage.json").read_text(encoding="utf-8"))
    assert described["created"][:10] == first and last not in described["description"]
    assert f"urldate = {{{first}}}" in (tmp_path / "cited.bib").read_text(encoding="utf-8")
    assert f"DTSTAMP:{first.replace('-', '')}T" in (tmp_path / "agenda.ics").read_text(encoding="utf-8")


def test_the_command_line(tmp_path: Path) -> None:
    archive = str(sample_archive(1))
    assert {line.split()[0] for line in rabat("export", "--list").stdout.splitlines()[1:]} == set(FORMATS)
    assert [json.loads(line)["format"] for line in rabat("export", "--list", "--json").stdout.splitlines()] == FORMATS
    done = rabat("export", "text", "--archive", archive, "-o", tmp_path / "a", "--lang", "fr", "--json")
    said = json.loads(done.stdout)
    assert said["path"] == str(tmp_path / "a") and said["counts"]["items"] > 0 and not (tmp_path / "a" / "en").exists()
    assert "is there already" in rabat("export", "text", "--archive", archive, "-o", tmp_path / "a", code=2).stderr
    assert "did you mean text" in rabat("export", "txt", "--archive", archive, code=2).stderr
    assert "which format" in rabat("export", "--archive", archive, code=2).stderr
    assert "makes a folder" in rabat("export", "text", "--archive", archive, "-o", "-", code=2).stderr
    assert "takes no --excel" in rabat("export", "text", "--archive", archive, "--excel", code=2).stderr
    past = rabat("export", "text", "--archive", archive, "-o", tmp_path / "past", "--as-of", "1999", code=1)
    assert "held no items at 1999" in past.stderr and not (tmp_path / "past").exists()
