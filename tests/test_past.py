"""The commands that look at the past: history, captures, replay, and the index that a real pywb reads."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_of import last_moment
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.cli.replay import POLICY
from rabat_crawler.surt import surt
from tests.building import BASE, article_html, copy_of, environment, program, rabat, sample_archive
from tests.past import HOST, write_epochs
from tests.replay import INSTALLED, PROXYLESS, replaying

FIRST = datetime(2017, 7, 17, 10, 30, tzinfo=UTC)
URL = f"{BASE}/fr/actualites/166-reunion"
TEXTS = ("La réunion aura lieu à Dakar les 2 et 3 mai.", "La réunion aura lieu à Rabat les 2 et 3 mai.")


def written(folder: Path, *bodies: str | None, url: str = URL, headers: tuple[tuple[str, str], ...] = ()) -> Path:
    """An archive of one address, a capture a month: a text, or None for the one before again (a revisit)."""
    (folder / "warc").mkdir(parents=True)
    last = None
    with WarcWriter(folder / "warc", run_id="past", site="rabat-process", fields={}) as writer:
        for number, text in enumerate(bodies):
            again = text is None
            assert last is not None or not again
            body = last[0] if again else article_html("Réunion", str(text)).encode()  # type: ignore[index]
            record = writer.write(
                url=url, captured_at=FIRST + timedelta(days=30 * number), status=200, body=body, previous=last[1] if again else None,  # type: ignore[index]
                response_headers=(("Content-Type", "text/html; charset=utf-8"), *headers),
            )  # fmt: skip
            last = (body, record.capture if last is None or not again else last[1])
    Archive.open(folder, write=True, create=True).close()
    return folder


@pytest.fixture(scope="module")
def there_and_back(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text A, B, A and A again by a revisit."""
    return written(tmp_path_factory.mktemp("past") / "a", TEXTS[0], TEXTS[1], TEXTS[0], None)


# history -------------------------------------------------------------------------------------------------------------------------


def test_a_text_that_came_back_is_one_version_in_two_spans(there_and_back: Path) -> None:
    with Archive.open(there_and_back) as archive:
        (item,) = archive.items()
        past = archive.history(item.item_id)
    assert [version.text for version in past.versions] == [*TEXTS]
    assert [(span.version_id == past.versions[0].version_id, span.captures, span.first_seen[:10]) for span in past.spans] == [
        (True, 1, "2017-07-17"), (False, 1, "2017-08-16"), (True, 2, "2017-09-15"),
    ]  # fmt: skip
    for date, text in (("2017-07-20", TEXTS[0]), ("2017-08-16", TEXTS[1]), ("2017-09", TEXTS[0]), ("2030", TEXTS[0])):
        version = past.at(last_moment(date))
        assert version is not None and version.text == text, date
    assert past.at(last_moment("2017-07-16")) is None


def test_history_says_what_changed_when(there_and_back: Path) -> None:
    said = rabat("history", "166", "--archive", there_and_back).stdout
    assert "2 versions, 4 captures" in said and said.count("[-Dakar-] {+Rabat+}") == said.count("[-Rabat-] {+Dakar+}") == 1
    assert "version 1" in said and " again: 2017-09-15" in said and "2 captures from live" in said
    told = json.loads(rabat("history", "166", "--json", "--archive", there_and_back).stdout)
    assert list(told) == ["item_id", "title", "versions", "spans"] and [span["captures"] for span in told["spans"]] == [1, 1, 2]


@pytest.mark.parametrize(("old", "new"), [("1", "2"), ("2017-07-20", "2017-08-20")])
def test_any_two_versions_are_compared_word_by_word(there_and_back: Path, old: str, new: str) -> None:
    said = rabat("history", "166", "--diff", old, new, "--archive", there_and_back).stdout
    assert "La réunion aura lieu à [-Dakar-] {+Rabat+} les 2 et 3 mai." in said
    told = json.loads(rabat("history", "166", "--diff", old, new, "--json", "--archive", there_and_back).stdout)
    assert "".join(words for op, words in told["text"] if op in " +") == TEXTS[1]


def test_the_version_of_a_day_is_shown(there_and_back: Path) -> None:
    assert TEXTS[1] in rabat("history", "166", "--as-of", "2017-08-20", "--archive", there_and_back).stdout
    assert "nothing of this item had been captured by 2016" in rabat("history", "166", "--as-of", "2016", "--archive", there_and_back, code=1).stderr
    assert "is no version of this item: give 1 to 2" in rabat("history", "166", "--diff", "1", "9", "--archive", there_and_back, code=1).stderr
    assert "no item has this id" in rabat("history", "999", "--archive", there_and_back, code=1).stderr


def test_the_nights_of_the_sample_are_told() -> None:
    with Archive.open(sample_archive(3)) as archive:
        for item in archive.items():
            past = archive.history(item.item_id)
            assert {span.version_id for span in past.spans} == {version.version_id for version in past.versions}, item.title
            for version in past.versions:
                own = [span for span in past.spans if span.version_id == version.version_id]
                assert (own[0].first_seen, own[-1].last_seen) == (version.first_seen, version.last_seen)
    assert "7 captures show it" not in rabat("show", "166", "--archive", sample_archive(1)).stdout
    assert "captures show it; rabat-crawler history" in rabat("show", "166", "--archive", sample_archive(1)).stdout


# captures ------------------------------------------------------------------------------------------------------------------------


def test_captures_of_an_address_in_any_spelling(there_and_back: Path) -> None:
    said = rabat("captures", URL.replace("https://www.", "http://") + "/", "--archive", there_and_back).stdout
    assert "4 captures of " + URL in said and said.count("revisit") == 1 and "20170717103000" in said
    assert "nothing of" in rabat("captures", URL.replace("www.", ""), "--exact", "--archive", there_and_back, code=1).stderr
    told = [
        json.loads(line)
        for line in rabat("captures", "166", "--json", "--from", "2017-08", "--to", "2017-09", "--archive", there_and_back).stdout.splitlines()
    ]
    assert [(one["timestamp"], one["record_type"]) for one in told] == [("20170816103000", "response"), ("20170915103000", "response")]
    assert rabat("captures", f"{BASE}/fr/*", "--limit", "2", "--cdxj", "--archive", there_and_back).stdout.count("\n") == 2
    assert "no date" in rabat("captures", URL, "--from", "2017-13", "--archive", there_and_back, code=2).stderr


SURTS = [
    ("http://www.Example.org:80/A/b.html?b=2&a=1#x", "org,example)/a/b.html?a=1&b=2"),
    ("https://www2.example.org/", "org,example)/"),
    ("http://example.org/a/", "org,example)/a"),
    ("http://127.0.0.1:8765/fr/", "127.0.0.1:8765)/fr"),
    ("http://example.org/%C3%A9t%C3%A9", "org,example)/%c3%a9t%c3%a9"),
    ("http://example.org/a%2Fb", "org,example)/a/b"),
    ("http://example.org/?", "org,example)/"),
    ("not an address", "not%20an%20address"),
]


@pytest.mark.parametrize(("url", "key"), SURTS)
def test_the_key_of_an_address(url: str, key: str) -> None:
    assert surt(url) == key


@pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")
def test_pywb_replays_with_our_lines_as_its_only_index(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    (folder / "warc").mkdir(parents=True)
    files = write_epochs(folder / "warc")
    Archive.open(folder, write=True, create=True).close()
    lines = rabat("captures", f"https://{HOST}/*", "--cdxj", "--archive", folder).stdout.splitlines()
    with Archive.open(folder) as archive:
        captures = archive.captures(f"https://{HOST}/", prefix=True)
    with replaying(tmp_path / "pywb", files) as replay:
        theirs = sorted(replay.index().splitlines())
        ours = {line.split(" ", 2)[0] + " " + line.split(" ", 2)[1] for line in lines}
        assert ours == {" ".join(line.split(" ", 2)[:2]) for line in theirs}
        assert len(lines) == len(theirs) == len(captures)
        index = next((tmp_path / "pywb" / "collections" / "nights" / "indexes").glob("*.cdxj"))
        index.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with Archive.open(folder) as archive:
            revisits = [one for one in captures if one.capture.record_type == "revisit"][:4]
            plain = [one for one in captures if one.capture.status in (200, 404)]  # a replayed redirect would be followed
            for one in [*plain[:: len(plain) // 12], *revisits]:
                answer = replay.at(one.capture.captured_at, one.capture.url)
                record, _ = archive.capture(one.capture.record_id)
                assert (answer.status, answer.body) == (one.capture.status, record.body), one.capture
        assert revisits


# replay --------------------------------------------------------------------------------------------------------------------------


def test_the_page_as_captured_goes_into_a_file_of_its_own(there_and_back: Path, tmp_path: Path) -> None:
    command = program("replay", "166", "--archive", str(there_and_back))
    for name in ("20171015T103000Z-166-reunion.html", "20171015T103000Z-166-reunion-2.html"):
        done = subprocess.run(command, cwd=tmp_path, env=environment(PYTHONPATH=str(Path(__file__).parents[1])), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).read_bytes() == article_html("Réunion", TEXTS[0]).encode()
    assert "Memento-Datetime: Sun, 15 Oct 2017 10:30:00 GMT" in done.stderr
    assert "a revisit: the bytes are those of 2017-09-15 10:30:00 UTC" in done.stderr


def test_a_date_a_record_and_an_address_name_a_capture(there_and_back: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    rabat("replay", "166", "--date", "2017-08-20", "-o", out, "--archive", there_and_back)
    assert TEXTS[1] in out.read_text()
    assert "is not overwritten" in rabat("replay", "166", "-o", out, "--archive", there_and_back, code=2).stderr
    assert "cannot be written" in rabat("replay", "166", "-o", tmp_path / "no" / "x", "--archive", there_and_back, code=2).stderr
    with Archive.open(there_and_back) as archive:
        second = archive.captures(URL)[1].capture.record_id
    assert TEXTS[1] in rabat("replay", second.removeprefix("urn:uuid:")[:12], "-o", "-", "--archive", there_and_back).stdout
    assert TEXTS[0] in rabat("replay", URL, "-o", "-", "--archive", there_and_back).stdout
    assert "Content-Type: text/html" in rabat("replay", URL, "--headers", "--archive", there_and_back).stdout
    for wanted in (f"{BASE}/fr/nothing", "00000000-0000", "999"):
        rabat("replay", wanted, "--archive", there_and_back, code=1)
    assert "had been captured by 2016" in rabat("replay", "166", "--date", "2016", "--archive", there_and_back, code=1).stderr


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    (file,) = warc_files(folder / "warc")
    content = bytearray(file.read_bytes())
    for at in range(4000, len(content), 500):
        content[at] ^= 0xFF
    file.write_bytes(content)
    assert file.name in rabat("replay", "166", "-o", "-", "--archive", folder, code=7).stderr
    file.unlink()
    assert f"{file.name} is missing" in rabat("replay", "166", "-o", "-", "--archive", folder, code=7).stderr


def test_hostile_names_stay_in_the_folder(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", TEXTS[0], url=f"{BASE}/fr/..%2F..%2F%00evil;rm -rf")
    done = subprocess.run(
        program("replay", f"{BASE}/fr/..%2F..%2F%00evil;rm -rf", "--archive", str(folder)), cwd=tmp_path,
        env=environment(PYTHONPATH=str(Path(__file__).parents[1])), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("2017*")
    assert file.suffix == ".html" and set(file.name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_packed_bodies_are_unpacked_unless_raw_is_asked(tmp_path: Path) -> None:
    import gzip

    folder = tmp_path / "a"
    (folder / "warc").mkdir(parents=True)
    body = gzip.compress(article_html("Réunion", TEXTS[0]).encode())
    with WarcWriter(folder / "warc", run_id="past", site="rabat-process", fields={}) as writer:
        writer.write(
            url=URL, captured_at=FIRST, status=200, response_headers=(("Content-Type", "text/html"), ("Content-Encoding", "gzip")), body=body
        )
    Archive.open(folder, write=True, create=True).close()
    rabat("replay", URL, "-o", tmp_path / "plain", "--archive", folder)
    rabat("replay", URL, "--raw", "-o", tmp_path / "raw", "--archive", folder)
    assert (tmp_path / "raw").read_bytes() == body and (tmp_path / "plain").read_bytes() == gzip.decompress(body)


def test_open_serves_this_page_alone_and_no_script_can_run(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", "<script>alert(1)</script>" + TEXTS[0])
    command = program("replay", "166", "--open", "--no-browser", "--archive", str(folder))
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0]
            assert address.startswith("http://127.0.0.1:")
            with PROXYLESS.open(address, timeout=10) as answer:
                assert answer.headers["Memento-Datetime"] == "Mon, 17 Jul 2017 10:30:00 GMT"
                assert answer.headers["Content-Security-Policy"] == POLICY and POLICY.startswith("sandbox; default-src 'none'")
                assert TEXTS[0] in answer.read().decode()
            with pytest.raises(urllib.error.HTTPError):
                PROXYLESS.open(address + "other", timeout=10)
        finally:
            process.send_signal(2)
            process.wait(timeout=20)
        assert process.returncode == 0, process.stderr.read() if process.stderr else ""
