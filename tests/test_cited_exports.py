"""Citations and calendar as exports: programs which are not ours read back what the archive says, item by item, whatever a title holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import rispy

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.agenda import Event
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.calendars import where
from rabat_crawler.citations import address, one_line
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import Options, Selection, export
from rabat_crawler.models import Item
from tests.building import BASE, RABAT, START, article_html, rabat, sample_archive, small_archive
from tests.citing import TITLES, bibtex_fields
from tests.item_archives import three_epochs
from tests.readers import ask, needs_readers

ROOM = "https://archive.example.org/room"
ROOM_OPTIONS = Options(base_url=ROOM + "/")

CSL_TEXTS = (
    "id", "type", "title", "publisher", "container-title", "language", "URL", "archive_location", "call-number", "abstract", "keyword", "note",
)  # fmt: skip
"""The fields of CSL-JSON 1.0.2 that we write and that the schema wants as text; `author`, `issued`, `accessed`, `custom` are the others."""


def exported(archive: Path, name: str, target: Path, options: Options = ROOM_OPTIONS, **filters: Any) -> bytes:
    """The file of a format."""
    with Archive.open(archive) as opened:
        export(opened, name, target / name, Selection(filters=Filters(**filters)), options, force=True)
    return (target / name).read_bytes()


def items_of(archive: Path, **filters: Any) -> list[Item]:
    """The items in the order of an export."""
    with Archive.open(archive) as opened:
        return list(opened.items_of(opened.item_ids("", Filters(**filters))))


def twin_titles(items: Sequence[Item]) -> dict[str, str]:
    titles = {item.item_id: one_line(item.title, 2000) for item in items}
    return {item.item_id: titles.get(item.twin or "", "") for item in items}


@pytest.fixture(scope="module", params=["sample", "three epochs"])
def archive(request: pytest.FixtureRequest) -> Path:
    return sample_archive(3) if request.param == "sample" else three_epochs()


# Citations -------------------------------------------------------------------------------------------------------------------


def test_bibtex_has_every_item_as_the_archive_has_it(archive: Path, tmp_path: Path) -> None:
    items = items_of(archive)
    read = bibtex_fields(exported(archive, "bibtex", tmp_path).decode())
    twins = twin_titles(items)
    assert len({entry["key"] for entry in read}) == len(read) == len(items) > 40
    for item, entry in zip(items, read, strict=True):
        assert entry["key"].endswith(item.item_id)
        assert entry.get("title", "") == one_line(item.title, 2000)
        assert entry.get("url") == address(item.canonical_url)
        assert entry.get("date", "") == (item.published or "")[:10]
        assert entry.get("language") == {"fr": "french", "en": "english"}.get(item.language or "")
        assert f"{ROOM}/archived/" in entry["note"]
        assert f"{ROOM}/item/{item.item_id}" in entry["note"]
        assert twins[item.item_id] in entry["note"]
    assert sum(bool(title) for title in twins.values()) > 10


def test_ris_has_every_item_as_the_archive_has_it(archive: Path, tmp_path: Path) -> None:
    items = items_of(archive)
    read = rispy.loads(exported(archive, "ris", tmp_path).decode())
    twins = twin_titles(items)
    assert len(read) == len(items)
    for item, record in zip(items, read, strict=True):
        assert record["accession_number"] == item.item_id
        assert record.get("title", "") == one_line(item.title, 2000)
        assert record.get("translated_title", "") == twins[item.item_id]
        assert record.get("urls", [None]) == [address(item.canonical_url)]
        assert record.get("language") == (item.language if item.language != "mixed" else None)
        assert any(f"at {ROOM}/archived/" in note for note in record["notes"])


def csl_faults(items: Any) -> Iterator[str]:
    """What in a file of CSL-JSON is not as its schema (1.0.2) has it."""
    for item in items if isinstance(items, list) else [{}]:
        yield from (f"{name}: not text" for name in CSL_TEXTS if not isinstance(item.get(name, ""), str))
        yield from (f"{name}: missing" for name in ("id", "type") if not item.get(name))
        yield from (f"{name}: not in the schema" for name in set(item) - {*CSL_TEXTS, "author", "issued", "accessed", "custom"})
        if item.get("type") != "webpage":
            yield "type"
        if not all(
            set(name) <= {"literal", "family", "given"} and all(isinstance(one, str) for one in name.values()) for name in item.get("author", [])
        ):
            yield "author"
        for name in ("issued", "accessed"):
            for parts in item.get(name, {}).get("date-parts", []):
                if not 1 <= len(parts) <= 3 or not all(type(part) is int for part in parts):
                    yield name


def test_csl_json_is_what_its_schema_wants_and_has_every_item(archive: Path, tmp_path: Path) -> None:
    items = items_of(archive)
    read = json.loads(exported(archive, "csl-json", tmp_path))
    assert list(csl_faults(read)) == []
    assert list(csl_faults([{"id": 1, "type": "web", "tags": "", "issued": {"date-parts": [["2017"]]}, "author": [{"name": "x"}]}])) != []
    twins = twin_titles(items)
    for item, entry in zip(items, read, strict=True):
        assert entry["custom"]["item_id"] == item.item_id
        assert entry.get("title", "") == one_line(item.title, 2000)
        assert entry["custom"].get("translated_title", "") == twins[item.item_id]
        assert "-".join(f"{part:02}" for part in entry.get("issued", {"date-parts": [[]]})["date-parts"][0]) == (item.published or "")[:10]
        assert entry["archive_location"].startswith(f"{ROOM}/archived/")


def test_an_item_was_accessed_when_the_archive_last_looked(tmp_path: Path) -> None:
    with Archive.open(sample_archive(3)) as opened:
        day = (opened.latest() or "")[:10]
    assert {entry["urldate"] for entry in bibtex_fields(exported(sample_archive(3), "bibtex", tmp_path).decode())} == {day}
    assert all("urldate" not in entry for entry in bibtex_fields(exported(three_epochs(), "bibtex", tmp_path).decode())), "a day from nowhere"


def test_a_public_copy_is_named_before_ours_and_ours_only_where_it_stands(tmp_path: Path) -> None:
    folder, public = tmp_path / "archive", "https://web.archive.example/web/20190501060000id_/" + BASE
    with WarcWriter(folder / "warc", run_id="r", site=registry.reference(RABAT), fields={}) as writer:
        headers = (("Content-Type", "text/html; charset=utf-8"),)
        for number, copy in ((1, public), (2, None)):
            body = article_html(f"Titre {number}", "Un texte de plusieurs mots. " * 9).encode()
            writer.write(
                url=f"{BASE}/fr/{number}-x", captured_at=START, status=200, response_headers=headers, body=body, source_url=copy,
                source="archive" if copy else "live",
            )  # fmt: skip
    Archive.open(folder, write=True).close()

    def copies(options: Options) -> dict[str, str | None]:
        return {one["title"]: one.get("archive_location") for one in json.loads(exported(folder, "csl-json", tmp_path, options))}

    assert copies(Options()) == {"Titre 1": public, "Titre 2": None}
    assert copies(ROOM_OPTIONS) == {"Titre 1": public, "Titre 2": f"{ROOM}/archived/20190501060000id_/{BASE}/fr/2-x"}


def test_titles_that_try_to_break_out_are_read_back(tmp_path: Path) -> None:
    titles = [
        title.replace("\r", "") for name, title, _ in TITLES if name in ("latex", "one brace", "closing brace", "quotes and at", "other scripts")
    ]
    titles.append("x}} @book{evil, title = {Evil}}")
    marked = [(f"{BASE}/fr/{number}-x", article_html(title.replace("&", "&amp;"), "Un texte. " * 30)) for number, title in enumerate(titles, 101)]
    folder = small_archive(tmp_path / "archive", marked)
    assert {item.title for item in items_of(folder)} == set(titles)
    assert {entry["title"] for entry in bibtex_fields(exported(folder, "bibtex", tmp_path).decode())} == set(titles)
    assert {record["title"] for record in rispy.loads(exported(folder, "ris", tmp_path).decode())} == set(titles)
    assert {entry["title"] for entry in json.loads(exported(folder, "csl-json", tmp_path))} == set(titles)


@needs_readers
def test_readers_of_another_environment_count_the_same(tmp_path: Path) -> None:
    for name in ("bibtex", "ris"):
        exported(sample_archive(3), name, tmp_path)
    script = (
        "import bibtexparser, rispy\n"
        "library = bibtexparser.parse_file(sys.argv[1])\n"
        "with open(sys.argv[2], encoding='utf-8') as file: records = rispy.load(file)\n"
        "print(json.dumps([len(library.entries), len(library.failed_blocks), len(records)]))"
    )
    count = len(items_of(sample_archive(3)))
    assert ask(script, tmp_path / "bibtex", tmp_path / "ris") == [count, 0, count]


@pytest.mark.parametrize(
    "given", ["", "ftp://x.example/", "archive.example.org", "https://", "https://x.example/?a=b", "http://[x/", "javascript:alert(1)"]
)
def test_a_base_address_that_is_none_is_refused(given: str, tmp_path: Path) -> None:
    for name in ("bibtex", "ics", "atom"):
        with pytest.raises(ConfigError, match="--base-url .* is no address of a place on the web"):
            exported(sample_archive(1), name, tmp_path, Options(base_url=given))
    assert list(tmp_path.iterdir()) == []


# The calendar ----------------------------------------------------------------------------------------------------------------


def entries_of(text: bytes) -> list[Any]:
    return icalendar.Calendar.from_ical(text.decode()).walk("VEVENT")


def meetings_of(archive: Path) -> list[Event]:
    with Archive.open(archive) as opened:
        return opened.agenda()


def test_every_meeting_is_in_the_calendar_with_its_days_and_place(archive: Path, tmp_path: Path) -> None:
    meetings, read = meetings_of(archive), entries_of(exported(archive, "ics", tmp_path))
    assert len(meetings) == len(read) > 5
    for meeting, entry in zip(meetings, read, strict=True):
        assert entry["DTSTART"].dt == date.fromisoformat(meeting.start)
        assert entry["DTEND"].dt == date.fromisoformat(meeting.end or meeting.start) + timedelta(days=1)
        assert str(entry["SUMMARY"]) in {one.title for one in meeting.items}
        assert str(entry.get("LOCATION", "")) == where(meeting, "en")
        assert ("GEO" in entry) == bool(meeting.town)
        assert str(entry["URL"]).removeprefix(f"{ROOM}/item/") in {one.item_id for one in meeting.items}
    assert len({str(entry["UID"]) for entry in read}) == len(read)


def test_names_of_meetings_are_the_same_on_another_night_in_a_part_and_in_another_language(tmp_path: Path) -> None:
    def uids(nights: int, options: Options = ROOM_OPTIONS, **filters: Any) -> set[str]:
        return {str(entry["UID"]) for entry in entries_of(exported(sample_archive(nights), "ics", tmp_path, options, **filters))}

    assert uids(1) == uids(2) <= uids(3)
    assert uids(3) == uids(3, Options(language="fr"))
    assert set() < uids(3, since="2017", until="2017") < uids(3)
    printed = rabat("agenda", "--ics", "--archive", sample_archive(3)).stdout
    assert {str(entry["UID"]) for entry in entries_of(printed.encode())} == uids(3), "the command agenda names them otherwise"


def test_a_selection_keeps_the_meetings_of_which_it_tells(tmp_path: Path) -> None:
    chosen = {item.item_id for item in items_of(sample_archive(3), language="en")}
    wanted = [meeting for meeting in meetings_of(sample_archive(3)) if chosen & {one.item_id for one in meeting.items}]
    read = entries_of(exported(sample_archive(3), "ics", tmp_path, language="en"))
    assert 0 < len(read) == len(wanted) < len(meetings_of(sample_archive(3)))
    assert all(any(one.title == str(entry["SUMMARY"]) for one in meeting.items) for meeting, entry in zip(wanted, read, strict=True))


def test_the_calendar_speaks_the_language_asked_for_or_that_of_the_selection(tmp_path: Path) -> None:
    french = exported(sample_archive(3), "ics", tmp_path, Options(language="fr")).decode()
    assert "NAME:Agenda des archives" in french and "atelier" in french
    assert "NAME:Agenda des archives" in exported(sample_archive(3), "ics", tmp_path, Options(), language="fr").decode()
    assert "NAME:Ours" in exported(sample_archive(3), "ics", tmp_path, Options(title="Ours")).decode()


def test_without_a_room_meetings_lead_to_the_original_addresses(tmp_path: Path) -> None:
    known = {address(item.canonical_url) for item in items_of(sample_archive(3))}
    read = entries_of(exported(sample_archive(3), "ics", tmp_path, Options()))
    assert {str(entry["URL"]) for entry in read if "URL" in entry} <= known and sum("URL" in entry for entry in read) > 5


def test_a_selection_without_meetings_gives_a_calendar_without_entries(tmp_path: Path) -> None:
    with Archive.open(sample_archive(3)) as opened:
        quiet = next(item for item in opened.items() if all(item.item_id not in {one.item_id for one in event.items} for event in opened.agenda()))
        written = export(opened, "ics", tmp_path / "a.ics", Selection(words=f'"{quiet.title}"'))
    assert written.counts == {"meetings": 0} and entries_of((tmp_path / "a.ics").read_bytes()) == []
