"""The names of items in the archive: rows that follow from title and text, facets, filters, the command line, an archive made before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rabat_crawler import Archive, Filters, names
from rabat_crawler.archive import schema
from rabat_crawler.archive.mentions import MAX_SPANS, mention_rows
from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Draft
from tests.building import BASE, Shot, article_html, copy_of, dump_of, rabat, rows_of, sample_archive, small_archive, stored

PAGES = {
    "1-atelier": ("Atelier sur l'asile - Dakar", "Un atelier s'est tenu à Dakar, au Sénégal, avec l'OIM. Le Sénégal accueille."),
    "2-reunion": ("Réunion thématique sur les transferts de fonds", "La réunion a eu lieu à Praia (Cabo Verde) ; le HCR et l'OIM étaient là."),
    "3-rien": ("Bulletin", "Rien de particulier."),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pages = [(f"{BASE}/fr/{name}", article_html(title, text)) for name, (title, text) in PAGES.items()]
    return small_archive(tmp_path_factory.mktemp("mentions"), pages)


@pytest.fixture
def archive(folder: Path) -> Iterator[Archive]:
    with Archive.open(folder) as opened:
        yield opened


def titles(archive: Archive, **wanted: str) -> set[str]:
    return {item.title for item in archive.items(Filters(**wanted))}


def test_an_item_has_its_names_with_their_places(archive: Archive) -> None:
    item = next(item for item in archive.items() if item.title.startswith("Atelier"))
    found = {(one.kind, one.code): one for one in archive.mentions(item.item_id)}
    assert set(found) == {("country", "SN"), ("organisation", "IOM"), ("theme", "asylum"), ("town", "dakar")}
    assert (found["country", "SN"].count, found["country", "SN"].matched) == (2, "Sénégal")
    assert [field for field, _, _ in found["town", "dakar"].spans] == ["title", "text"]
    for one in found.values():
        written = {getattr(item, field)[start:end] for field, start, end in one.spans}
        assert one.matched in written


def test_facets_count_items(archive: Archive) -> None:
    facets = archive.facets()
    assert facets["organisation"] == [("IOM", 2), ("UNHCR", 1)]
    assert facets["country"] == [("CV", 1), ("SN", 1)]
    assert archive.facets(Filters(country="CV"))["town"] == [("praia", 1)]
    assert set(archive.facets(Filters(language="xx"))) == set(names.KINDS)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [({"country": "SN"}, 1), ({"country": "sénégal"}, 1), ({"country": "Cap-Vert"}, 1), ({"organisation": "OIM"}, 2), ({"town": "DAKAR"}, 1),
     ({"theme": "asile"}, 1), ({"theme": "protection and asylum"}, 1), ({"theme": "remittances", "organisation": "UNHCR"}, 1),
     ({"country": "SN", "organisation": "HCR"}, 0), ({"country": "Mali"}, 0)],
)  # fmt: skip
def test_items_are_found_by_any_spelling(archive: Archive, wanted: dict[str, str], count: int) -> None:
    assert len(titles(archive, **wanted)) == count


def test_a_search_takes_names_as_well(archive: Archive) -> None:
    assert [hit.item.title for hit in archive.search("atelier", Filters(town="Dakar"))] == [PAGES["1-atelier"][0]]
    assert archive.search("atelier", Filters(town="Praia")).hits == ()


@pytest.mark.parametrize("kind", names.KINDS)
def test_an_unknown_name_is_an_error(archive: Archive, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"no {kind} 'Nowhereland'"):
        titles(archive, **{kind: "Nowhereland"})


def test_places_are_bounded_and_the_count_is_not() -> None:
    row = mention_rows("x", "", "Mali, " * 500, "fr")[0]
    assert row[4] == 500
    assert len(json.loads(row[5])) == MAX_SPANS


def test_names_follow_the_item_when_its_text_changes_and_when_it_goes() -> None:
    def shot(name: str, days: float, text: str) -> Shot:
        return Shot(name=name, url=f"{BASE}/fr/a/1-a", days=days, drafts=(Draft(title="Titre", text=text, complete=True, url=f"{BASE}/fr/a/1-a"),))

    shots = [shot("a", 0, "Une réunion au Mali."), shot("b", 1, "Une réunion au Togo.")]
    connection = stored(shots)
    assert connection.execute("SELECT kind, code FROM mentions").fetchall() == [("country", "TG")]
    connection.close()
    assert rows_of(shots) == rows_of(shots[::-1]) == rows_of(shots, batch=2)


def test_the_rebuilt_archive_has_the_same_names(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(3), tmp_path)
    rows = dump_of(folder)
    assert sum('"table": "mentions"' in row for row in rows) > 50
    with Archive.open(folder, write=True) as archive:
        archive.rebuild(workers=2)
        assert list(archive.dump()) == rows
        assert archive.verify().faults == ()


def test_an_archive_made_before_gets_its_names_when_it_is_opened_for_writing(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    rows = dump_of(folder)
    connection = sqlite3.connect(folder / "rabat.db")
    connection.execute("DROP TABLE mentions")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm006_names'")
    connection.execute(f"PRAGMA user_version = {schema.VERSION - 1}")
    connection.commit()
    connection.close()
    Archive.open(folder, write=True).close()
    assert dump_of(folder) == rows


def test_the_commands(folder: Path) -> None:
    said = rabat("names", "--archive", folder).stdout
    assert "Sénégal" in said and "International Organization for Migration" in said
    lines = [json.loads(line) for line in rabat("names", "--archive", folder, "--kind", "town", "--json").stdout.splitlines()]
    assert lines[0] == {
        "kind": "town", "code": "dakar", "items": 1, "name_en": "Dakar", "name_fr": "Dakar", "country": "SN", "latitude": 14.69, "longitude": -17.45,
    }  # fmt: skip
    assert (
        "1 of 3 items"
        in rabat("items", "--country", "Sénégal", "--theme", "asylum", "--organisation", "IOM", "--town", "Dakar", "--archive", folder).stdout
    )
    assert "1 item" in rabat("search", "atelier", "--country", "SN", "--archive", folder).stdout
    error = rabat("search", "atelier", "--country", "Senegl", "--archive", folder, code=2).stderr
    assert "did you mean SN (Senegal)" in error


def test_an_archive_without_names_says_so(tmp_path: Path) -> None:
    folder = small_archive(tmp_path, [(f"{BASE}/fr/3-rien", article_html(*PAGES["3-rien"]))])
    assert "no item mentions any name" in rabat("names", "--archive", folder).stdout
