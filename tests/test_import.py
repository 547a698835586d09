"""What other archives hold comes in whole, and what is wrong with it is told: the shelf of odd files, killed imports, links, folders, the real capture."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.importing import Options, import_files, kind_of
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.store import dump
from rabat_crawler.errors import ConfigError
from tests.building import dump_of, rabat, small_archive
from tests.shelf import HOST, SHELF, packed, put, record, three

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def bring(folder: Path, *paths: Path, **options: object):  # type: ignore[no-untyped-def]
    with Archive.open(folder, write=True, create=True) as archive:
        archive.connection.execute("PRAGMA synchronous = OFF")
        return import_files(archive, paths, Options(**options), lambda what, done, total: None, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHELF)
def test_every_file_of_the_shelf_gives_what_it_holds_and_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    case, folder = SHELF[name], tmp_path / "archive"
    report = bring(folder, put(case, tmp_path / "from"))
    assert Counter(trouble.code for trouble in report.troubles) == Counter(case.codes), report.troubles
    assert report.after["captures"] == case.kept
    assert report.sound == (case.code == 0)
    for trouble in report.troubles:
        assert trouble.file and trouble.message, trouble
        assert trouble.place.startswith("byte ") or case.name.endswith(".wacz") or trouble.code == "empty", trouble
    rows = dump_of(folder)
    with Archive.open(folder, write=True) as archive:
        assert archive.notes == []  # nothing is left to be read
        assert archive.verify().faults == ()
        archive.rebuild()
        assert list(dump(archive.connection)) == rows
    again = bring(folder, tmp_path / "from" / case.name)
    assert again.after == again.before == report.after and not any(one.new for one in again.files)
    assert dump_of(folder) == rows


def test_the_shelf_is_long_enough() -> None:
    assert sum(case.code != 0 for case in SHELF.values()) >= 30 and len(SHELF) >= 60


@pytest.mark.parametrize("name", ["a wrong block digest", "the whole file in one gzip member", "empty", "packed"])
def test_the_exit_code_says_whether_something_was_lost(tmp_path: Path, name: str) -> None:
    case = SHELF[name]
    path = put(case, tmp_path)
    said = rabat("import", path, "--archive", tmp_path / "archive", code=case.code)
    assert all(f": {code}: " in said.stdout for code in case.codes)
    told = json.loads(rabat("import", path, "--json", "--archive", tmp_path / "json", code=case.code).stdout)
    assert told["sound"] == (case.code == 0) and [trouble["code"] for trouble in told["troubles"]] == list(case.codes)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\x28\xb5\x2f\xfd" + b"\0" * 40, "zstd"), (b"%PDF-1.4 hello", "nothing else can be imported"), (None, "there is no file")],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_made(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "thing"
    if content is not None:
        path.write_bytes(content)
    assert said in rabat("import", path, "--archive", tmp_path / "archive", code=2).stderr
    assert not (tmp_path / "archive").exists()
    (tmp_path / "empty folder").mkdir()
    with pytest.raises(ConfigError, match="none that wget"):
        kind_of(tmp_path / "empty folder")


def test_a_wrong_site_is_refused(tmp_path: Path) -> None:
    assert "rabat-process" in rabat("import", put(SHELF["packed"], tmp_path), "--site", "rabat-proces", "--archive", tmp_path / "a", code=2).stderr


def test_hosts_are_read_by_their_definition_unless_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    urls = (f"{HOST}/article-1", "https://www.rabat-process.org/fr/x", "http://processusderabat.net/web/index.php/fr/x")
    path.write_bytes(packed(*(record(n, WARC_Target_URI=url) for n, url in enumerate(urls, 1))))
    bring(tmp_path / "a", path)
    bring(tmp_path / "b", path, site="khartoum-process")

    def sites(folder: Path) -> set[str]:
        with Archive.open(folder) as archive:
            return {row[0] for row in archive.connection.execute("SELECT DISTINCT site FROM captures")}

    assert sites(tmp_path / "a") == {f"generic@{HOST}", "rabat-process"}
    assert sites(tmp_path / "b") == {
        f"khartoum-process@{origin}" for origin in (HOST, "https://www.rabat-process.org", "http://processusderabat.net")
    }
    rows = dump_of(tmp_path / "b")
    for path in warc_files(tmp_path / "b" / "warc"):
        path.rename(path.with_name("another-name.warc.gz"))
    with Archive.open(tmp_path / "b", write=True, recover=False) as archive:
        archive.rebuild()
    assert [re.sub(r'"warc_file": "[^"]*"', "", row) for row in dump_of(tmp_path / "b")] == [re.sub(r'"warc_file": "[^"]*"', "", row) for row in rows]


def test_a_file_of_our_own_keeps_its_site_and_run(tmp_path: Path) -> None:
    ours = small_archive(
        tmp_path / "ours", [("https://www.rabat-process.org/fr/1-a", "<html><body><main><h1>Un</h1><p>Texte.</p></main></body></html>")]
    )
    bring(tmp_path / "theirs", *warc_files(ours / "warc"), site="khartoum-process")
    with Archive.open(tmp_path / "theirs") as archive:
        assert archive.connection.execute("SELECT DISTINCT site, run_id FROM captures").fetchall() == [("rabat-process", "test-run")]


def test_with_reference_the_file_stays_where_it_is(tmp_path: Path) -> None:
    path = put(SHELF["packed"], tmp_path / "far away")
    bring(tmp_path / "a", path, reference=True)
    (linked,) = warc_files(tmp_path / "a" / "warc")
    assert linked.is_symlink() and linked.resolve() == path.resolve()
    with Archive.open(tmp_path / "a", write=True) as archive:
        assert archive.verify().faults == () and archive.counts()["captures"] == 3
        made = archive.backup(tmp_path / "backups")
        assert not made.faults and (made.path / "warc" / linked.name).read_bytes() == path.read_bytes()
        assert not (made.path / "warc" / linked.name).is_symlink()
    path.unlink()
    with Archive.open(tmp_path / "a") as archive:
        assert {fault.code for fault in archive.verify().faults} == {"no_file"}


def test_an_import_killed_at_any_step_is_finished_by_the_same_command(tmp_path: Path) -> None:
    """Cut off by an error where a kill could come: before the run, before the files' names, before the reading, before the end."""
    path = put(SHELF["a wrong block digest"], tmp_path / "from")
    wanted = dump_of_import(tmp_path / "whole", path)

    class Stop(BaseException):
        pass

    for step in ("begin_run", "replace", "ingest", "end_run"):
        folder = tmp_path / step
        with pytest.MonkeyPatch.context() as patch, Archive.open(folder, write=True, create=True) as archive:

            def stop(*ignored: object, **more: object) -> None:
                raise Stop

            target = {"begin_run": (Archive, "begin_run"), "end_run": (Archive, "end_run")}.get(step)
            if target:
                patch.setattr(*target, stop)
            elif step == "replace":
                patch.setattr("rabat_crawler.archive.importing.sync_directory", stop)
            else:
                patch.setattr("rabat_crawler.archive.rebuild.ingest_files", stop)
            with pytest.raises(Stop):
                import_files(archive, [path], Options(site="khartoum-process"), lambda what, done, total: None, now=NOW)
        report = bring(folder, path, site="khartoum-process")
        assert report.after["captures"] == 3, step
        assert [re.sub(r'"run_id": "[^"]*"', "", row) for row in dump_of(folder)] == wanted, step
        assert not list((folder / "warc").glob("*.part"))


def dump_of_import(folder: Path, path: Path) -> list[str]:
    bring(folder, path, site="khartoum-process")
    return [re.sub(r'"run_id": "[^"]*"', "", row) for row in dump_of(folder)]


@pytest.mark.parametrize("gz", [True, False], ids=["packed", "not packed"])
def test_a_file_cut_at_any_byte_keeps_every_whole_record_and_tells_the_cut(tmp_path: Path, gz: bool) -> None:
    """A cut between two records leaves a sound file of another program: nobody can see it. Any other cut is told, and nothing whole is lost."""
    from rabat_crawler.archive.warc import check_file, iter_records
    from rabat_crawler.archive.warc_read import Origin

    records = [gzip.compress(one, mtime=0) if gz else one for one in three()]
    whole, ends, at = b"".join(records), [], 0
    for one in records:
        at += len(one)
        ends.append(at)
    path = tmp_path / ("x.warc.gz" if gz else "x.warc")
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        damaged: list[Exception] = []
        read = list(iter_records(path, directory=tmp_path, on_damage=damaged.append, origin=Origin(site=lambda url: "generic@http://x.example")))
        done = sum(end <= cut or (not gz and end - 4 <= cut) for end in ends)
        assert len(read) == max(0, done - 1), cut
        if cut not in ends and not (not gz and any(end - 4 <= cut <= end for end in ends)):
            assert check_file(path), cut


# Folders -------------------------------------------------------------------------------------------------------------------------

HTTRACK = "<!-- Mirrored from www.example.org/fr/actualites.html by HTTrack Website Copier/3.x [XR&CO'2014], Fri, 21 Jul 2017 10:00:00 GMT -->"
TEXT = "<html><head><title>{0}</title></head><body><main><article><h1>{0}</h1><p>Un texte assez long pour être lu comme un article de la rencontre.</p></article></main>{1}</body></html>"


def saved(folder: Path) -> Path:
    """A folder as wget -r leaves it, one page with HTTrack's note, one link out."""
    pages = {
        "www.example.org/index.html": TEXT.format("Accueil", ""),
        "www.example.org/fr/actualites?start=10.html": TEXT.format("Suite", ""),
        "www.example.org/fr/page@start=20": TEXT.format("Suite deux", ""),
        "www.example.org/fr/news1a2b.html": TEXT.format("Actualités", HTTRACK),
        "www.example.org/images/doc.pdf": "%PDF-1.4 x",
        "www.example.org/fr/old.html.orig": "left out",
    }
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1_400_000_000, 1_400_000_000))
    (folder / "www.example.org" / "fr" / "secret").symlink_to("/etc/hostname")
    return folder


def test_a_saved_folder_becomes_resource_records_at_their_addresses_and_times(tmp_path: Path) -> None:
    folder = saved(tmp_path / "saved")
    report = bring(tmp_path / "a", folder)
    assert [(trouble.code, trouble.place) for trouble in report.troubles] == [("left-out", "www.example.org/fr/secret")]
    with Archive.open(tmp_path / "a", write=True) as archive:
        rows = {row[0]: row[1:] for row in archive.connection.execute("SELECT url, captured_at, media_type, record_type, status FROM captures")}
        assert archive.verify().faults == ()
    assert rows == {
        "http://www.example.org/": ("2014-05-13T16:53:20.000000Z", "text/html", "resource", 200),
        "http://www.example.org/fr/actualites?start=10": ("2014-05-13T16:53:20.000000Z", "text/html", "resource", 200),
        "http://www.example.org/fr/page?start=20": ("2014-05-13T16:53:20.000000Z", "text/html", "resource", 200),
        "http://www.example.org/fr/actualites.html": ("2017-07-21T10:00:00.000000Z", "text/html", "resource", 200),
        "http://www.example.org/images/doc.pdf": ("2014-05-13T16:53:20.000000Z", "application/pdf", "resource", 200),
    }
    again = bring(tmp_path / "a", folder)
    assert again.after == again.before
    assert b"X-Rabat-Time-Source: HTTrack's note in the page" in gzip.decompress(warc_files(tmp_path / "a" / "warc")[0].read_bytes())


def test_a_folder_without_its_host_needs_its_address(tmp_path: Path) -> None:
    folder = saved(tmp_path / "saved") / "www.example.org"
    refused = bring(tmp_path / "a", folder)
    assert any("--base-url" in trouble.message for trouble in refused.troubles)
    bring(tmp_path / "b", folder, base_url="https://www.example.org/")
    with Archive.open(tmp_path / "b") as archive:
        assert "https://www.example.org/fr/page?start=20" in {row[0] for row in archive.connection.execute("SELECT url FROM captures")}
