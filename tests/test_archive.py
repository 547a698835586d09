"""The core promise: what the archive holds depends on what was captured, never on the order in which it came."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters, store
from rabat_crawler.archive.ingest import Ingest
from rabat_crawler.errors import NotFound
from rabat_crawler.models import Alternate, Attachment, Draft, Link, Page
from tests.building import (
    BASE,
    RABAT,
    Shot,
    added,
    article_archive,
    article_html,
    day,
    dump_of,
    items_of,
    memory,
    recorded,
    records_of,
    rows_of,
    sample_archive,
    small_archive,
    stored,
)

U = f"{BASE}/fr/actualites/12-reunion"
LISTING = f"{BASE}/fr/actualites"
WHOLE = Draft(title="Réunion", text="Le texte entier de la réunion.", complete=True, url=U, article_id=12, cms="joomla", dates=(day("2017-07-17"),))
INTRO = Draft(title="Réunion", text="Le texte entier", url=U, dates=(day("2017-07-17", "listing"),))
BLOCK = Draft(title="Réunion", text="", dates=(day("2017-07-17", "block"),), kind="event")


def whole(number: int | None, url: str, title: str, date: str | None = "2017-07-17", text: str = "Texte.") -> Draft:
    return Draft(
        title=title, text=text, complete=True, url=url, article_id=number, cms="joomla" if number else "", dates=(day(date),) if date else ()
    )


def shot(name: str, url: str, days: float, *drafts: Draft, **more: object) -> Shot:
    return Shot(name=name, url=url, days=days, drafts=drafts, **more)  # type: ignore[arg-type]


A = f"{BASE}/fr/a"
B = f"{BASE}/fr/b"
MIRROR = registry.at_origin(RABAT, "http://127.0.0.1:8001/")
OTHER_MIRROR = registry.at_origin(RABAT, "http://127.0.0.1:8002/")

SETS: dict[str, list[Shot]] = {
    "listing and detail": [shot("l", LISTING, 0, INTRO), shot("d", U, 1, WHOLE)],
    "listing seen after detail": [shot("l", LISTING, 2, INTRO), shot("d", U, 1, WHOLE)],
    "listing without number, number in JSON-LD": [
        shot("l", LISTING, 0, Draft(title="Bilan", text="Le", url=A)),
        shot("d", A, 1, whole(7, A, "Bilan")),
        shot("m", LISTING, 2, Draft(title="Bilan", text="Le bi", url=A)),
    ],
    "block without address": [shot("h", f"{BASE}/fr/", 0, BLOCK), shot("d", U, 1, WHOLE), shot("l", LISTING, 2, INTRO)],
    "block, then only an address, then a number": [
        shot("h", f"{BASE}/fr/", 0, Draft(title="Bilan", dates=(day("2017-01-02", "block"),))),
        shot("l", LISTING, 1, Draft(title="Bilan", text="Le", url=A, dates=(day("2017-01-02", "listing"),))),
        shot("d", A, 2, whole(7, A, "Bilan", "2017-01-02")),
    ],
    "one title in two years": [
        shot("h1", f"{BASE}/fr/", 0, Draft(title="Comité", dates=(day("2016-03-01"),)), Draft(title="Comité", dates=(day("2017-03-01"),))),
        shot("d1", A, 1, whole(1, A, "Comité", "2016-03-01")),
        shot("d2", B, 2, whole(2, B, "Comité", "2017-03-01")),
    ],
    "one title and date, two articles, and a block": [
        shot("h", f"{BASE}/fr/", 0, Draft(title="Bilan", dates=(day("2017-01-02"),))),
        shot("d1", A, 1, whole(1, A, "Bilan", "2017-01-02")),
        shot("d2", B, 2, whole(2, B, "Bilan", "2017-01-02")),
    ],
    "(2) copies": [
        shot("d1", f"{BASE}/fr/31-bilan", 0, whole(31, f"{BASE}/fr/31-bilan", "Bilan")),
        shot("d2", f"{BASE}/fr/32-bilan-2", 0, whole(32, f"{BASE}/fr/32-bilan-2", "Bilan (2)")),
        shot("l", LISTING, 1, Draft(title="Bilan", url=f"{BASE}/fr/31-bilan"), Draft(title="Bilan (2)", url=f"{BASE}/fr/32-bilan-2")),
    ],
    "an address that changes its article": [
        shot("d1", A, 0, whole(5, A, "Ancien", "2016-01-01")),
        shot("d2", A, 2, whole(9, A, "Nouveau", "2018-01-01")),
        shot("l", LISTING, 1, Draft(title="Nouveau", url=A, dates=(day("2018-01-01", "listing"),))),
        shot("d3", A, 3, whole(5, A, "Ancien", "2016-01-01")),
    ],
    "gone and back": [shot("d", U, 0, WHOLE), shot("x", U, 1, status=404), shot("e", U, 2, WHOLE), shot("y", U, 3, status=410)],
    "two captures at one moment": [shot("p", U, 0, WHOLE), shot("q", U, 0, WHOLE), shot("r", f"{U}?x=1", 0, INTRO)],
    "texts that go and come back": [shot("a", U, 0, WHOLE), shot("b", U, 1, whole(12, U, "Réunion", text="Autre.")), shot("c", U, 2, WHOLE)],
    "revisits": [shot("d", U, 0, WHOLE), shot("r", U, 1, again="d"), shot("x", U, 2, status=404), shot("s", U, 3, again="d", status=304)],
    "a 404 with the old bytes": [shot("d", U, 0, WHOLE), shot("r", U, 1, again="d", status=404)],
    "a page whose items have no address is gone": [shot("h", f"{BASE}/fr/x", 0, BLOCK), shot("x", f"{BASE}/fr/x", 1, status=404)],
    "two mirrors show one block": [
        shot("h1", "http://127.0.0.1:8001/", 0, BLOCK, site=MIRROR),
        shot("h2", "http://127.0.0.1:8002/", 1, BLOCK, site=OTHER_MIRROR),
    ],
    "two unknown sites": [
        shot("a", "https://one.example/", 0, BLOCK, whole(3, "https://one.example/3", "Un"), site=registry.generic_site("https://one.example/")),
        shot("b", "https://two.example/", 1, BLOCK, whole(3, "https://two.example/3", "Deux"), site=registry.generic_site("https://two.example/")),
    ],
}


@pytest.mark.parametrize("name", SETS)
def test_every_order_and_batch_gives_the_same_rows(name: str) -> None:
    shots = SETS[name]
    expected = rows_of(shots, batch=len(shots))
    for order in itertools.permutations(shots):
        for batch in (1, 2, len(shots)):
            assert rows_of(order, batch=batch) == expected, f"{[one.name for one in order]} by {batch}"


def seen(name: str) -> list[tuple[object, ...]]:
    return [(item.title, item.published, item.article_id, item.text, "intro_only" in item.flags) for item in items_of(SETS[name])]


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("listing and detail", [("Réunion", "2017-07-17", 12, WHOLE.text, False)]),
        ("listing seen after detail", [("Réunion", "2017-07-17", 12, WHOLE.text, False)]),
        ("listing without number, number in JSON-LD", [("Bilan", "2017-07-17", 7, "Texte.", False)]),
        ("block without address", [("Réunion", "2017-07-17", 12, WHOLE.text, False)]),
        ("block, then only an address, then a number", [("Bilan", "2017-01-02", 7, "Texte.", False)]),
        ("one title in two years", [("Comité", "2016-03-01", 1, "Texte.", False), ("Comité", "2017-03-01", 2, "Texte.", False)]),
        ("(2) copies", [("Bilan", "2017-07-17", 31, "Texte.", False), ("Bilan (2)", "2017-07-17", 32, "Texte.", False)]),
        ("an address that changes its article", [("Ancien", "2016-01-01", 5, "Texte.", False), ("Nouveau", "2018-01-01", 9, "Texte.", False)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sightings_of_one_thing_are_one_item(name: str, items: list[tuple[object, ...]]) -> None:
    assert seen(name) == items


@pytest.mark.parametrize(
    ("name", "shots", "gone"),
    [
        ("gone and back", 1, False),
        ("gone and back", 2, True),
        ("gone and back", 3, False),
        ("gone and back", 4, True),
        ("revisits", 2, False),
        ("revisits", 3, True),
        ("revisits", 4, False),
        ("a 404 with the old bytes", 2, True),
        ("a page whose items have no address is gone", 2, True),
    ],
)
def test_an_item_is_gone_if_its_address_answered_so_last(name: str, shots: int, gone: bool) -> None:
    assert [item.gone for item in items_of(SETS[name][:shots])] == [gone]


def test_articles_of_two_unknown_sites_are_never_one() -> None:
    assert sorted(item.title for item in items_of(SETS["two unknown sites"])) == ["Deux", "Réunion", "Réunion", "Un"]


def test_a_partial_draft_changes_neither_text_nor_version_of_a_complete_one() -> None:
    longer = Draft(
        title="Réunion : le compte rendu",
        text="Bien plus long que le texte entier de la réunion. " * 9,
        url=U,
        article_id=12,
        cms="joomla",
        tags=("x",),
    )
    connection = stored([shot("d", U, 0, WHOLE), shot("l", LISTING, 9, longer)])
    item = next(store.read_items(connection, Filters()))
    versions = store.read_versions(connection, item.item_id)
    connection.close()
    assert (item.title, item.text, item.tags, len(versions)) == (WHOLE.title, WHOLE.text, (), 1)


def test_an_intro_gives_way_to_the_article_that_comes_later() -> None:
    connection = stored([shot("l", LISTING, 0, INTRO), shot("d", U, 1, WHOLE)])
    item = next(store.read_items(connection, Filters()))
    assert [(version.text, version.complete) for version in store.read_versions(connection, item.item_id)] == [(WHOLE.text, True)]
    connection.close()


def test_a_listing_does_not_give_its_items_date_to_its_own_page() -> None:
    page = Draft(title="Actualités", text="Toutes les actualités du dialogue.", complete=True, url=LISTING)
    dates = {item.title: item.published for item in items_of([shot("l", LISTING, 0, page, INTRO, BLOCK)])}
    assert dates == {"Actualités": None, "Réunion": "2017-07-17"}


def test_links_count_for_the_mirror_in_which_they_lie() -> None:
    link = Page(layout="test", role="other", links=(Link(url="http://127.0.0.1:8002/fr/9-a?tmpl=component"),))
    found = []
    for order in ((MIRROR, OTHER_MIRROR), (OTHER_MIRROR, MIRROR)):
        connection = memory()
        ingest = Ingest(connection)
        for number, site in enumerate(order):
            ingest.store(shot(f"c{number}", f"{site.origin}/", 0, site=site).capture(), link, site)
        found.append(connection.execute("SELECT url, reason FROM links").fetchall())
        connection.close()
    assert found[0] == found[1] == [("http://127.0.0.1:8002/fr/9-a?tmpl=component", "print view")]


def test_translations_are_found_from_either_side() -> None:
    french = Draft(title="Oui", text="Oui.", complete=True, url=A, alternates=(Alternate(hreflang="en-GB", url=f"{BASE}/en/a"),))
    english = Draft(title="Yes", text="Yes.", complete=True, url=f"{BASE}/en/a")
    items = {item.title: item for item in items_of([shot("f", A, 0, french), shot("e", f"{BASE}/en/a", 1, english)])}
    assert (items["Oui"].twin, items["Yes"].twin) == (items["Yes"].item_id, items["Oui"].item_id)


URLS = [None, A, B, f"{BASE}/fr/3-c", f"{BASE}/fr/x/3-c", f"{BASE}/en/3-c"]
DRAFTS = st.builds(
    Draft,
    title=st.sampled_from(["Bilan", "bilan", "Comité"]),
    text=st.sampled_from(["", "Un.", "Un. Deux."]),
    complete=st.booleans(),
    url=st.sampled_from(URLS),
    article_id=st.sampled_from([None, 3, 4]),
    cms=st.just("joomla"),
    dates=st.sampled_from([(), (day("2017-01-02"),), (day("2017-01-02", "listing"),), (day("2018"), day("2018-01-02", "block"))]),
    section=st.sampled_from(["", "Actualités"]),
    alternates=st.sampled_from([(), (Alternate(hreflang="fr", url=A),), (Alternate(hreflang="en", url=B),)]),
    attachments=st.sampled_from([(), (Attachment(url=f"{BASE}/un.pdf"),)]),
    tags=st.sampled_from([(), ("Atelier",)]),
    language=st.sampled_from([None, "fr"]),
)
SHOTS = st.lists(
    st.tuples(
        st.sampled_from(URLS[1:]),
        st.integers(0, 3),
        st.lists(DRAFTS, max_size=2),
        st.sampled_from([200, 200, 200, 404]),
        st.none() | st.integers(0, 5),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(SHOTS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_captures_in_any_order_give_the_same_rows(
    drawn: list[tuple[str, int, list[Draft], int, int | None]], dice: random.Random, batch: int
) -> None:
    shots = [
        shot(
            f"c{number}",
            url,
            days,
            *(drafts if status == 200 else ()),
            status=status,
            again=f"c{again}" if again is not None and again < number else None,
        )
        for number, (url, days, drafts, status, again) in enumerate(drawn)
    ]
    originals = {one.name for one in shots if not one.again}
    shots = [one for one in shots if not one.again or one.again in originals]
    shuffled = dice.sample(shots, len(shots))
    assert rows_of(shuffled, batch=batch) == rows_of(shots, batch=len(shots))


@pytest.mark.parametrize(("seed", "batch"), [(1, 3), (2, 10_000)])
def test_the_sample_site_in_any_order_gives_the_same_rows(tmp_path: Path, seed: int, batch: int) -> None:
    records = records_of(sample_archive(3))
    assert {record.capture.record_type for record in records} == {"response", "revisit"}
    random.Random(seed).shuffle(records)
    assert added(records, tmp_path / "new", batch=batch) == dump_of(sample_archive(3))


def test_a_record_given_twice_changes_nothing(tmp_path: Path) -> None:
    records = recorded(tmp_path, [(U, article_html("Réunion", "Texte."))])
    assert added(records * 3, tmp_path / "thrice", batch=1) == added(records, tmp_path / "once", batch=1)


def test_rows_that_something_else_wrote_meanwhile_are_not_taken_for_those_written_last(tmp_path: Path) -> None:
    one, other = (f"Texte. <a href='/{name}.pdf'>Rapport</a>" for name in ("un", "deux"))
    records = recorded(tmp_path, [(U, article_html("Réunion", text)) for text in (one, other, one)])
    with Archive.open(tmp_path / "mixed", write=True, create=True) as archive:
        archive.add_capture(records[0], RABAT)
        ingest = Ingest(archive.connection)
        archive.connection.execute("BEGIN")
        ingest.add(records[1], RABAT)
        ingest.settle()
        archive.connection.execute("COMMIT")
        assert [item.attachments[0].url for item in archive.items()] == [f"{BASE}/deux.pdf"]
        archive.add_capture(records[2], RABAT)
        assert [item.attachments[0].url for item in archive.items()] == [f"{BASE}/un.pdf"]
        assert list(archive.dump()) == added(records, tmp_path / "one", batch=3)


def test_an_item_that_is_shown_again_as_it_was_gets_its_times_and_no_other_row(tmp_path: Path) -> None:
    pages = [(LISTING, article_html("Liste", "Texte.")), (U, article_html("Réunion", "Texte.")), (U, article_html("Réunion", "Texte.") + "<!-- -->")]
    records = recorded(tmp_path, pages)
    with Archive.open(tmp_path / "new", write=True, create=True) as archive:
        archive.add_captures([(record, RABAT) for record in records[:2]])
        before = next(item for item in archive.items() if item.title == "Réunion")
        written: list[str] = []
        archive.connection.set_trace_callback(written.append)
        archive.add_capture(records[2], RABAT)
        archive.connection.set_trace_callback(None)
        after = next(item for item in archive.items() if item.title == "Réunion")
        number = archive.connection.execute("SELECT id FROM items WHERE item_id = ?", (after.item_id,)).fetchone()[0]
        assert (after.first_seen, after.text) == (before.first_seen, before.text) and after.last_seen > before.last_seen
        assert [line for line in written if line.startswith(("UPDATE items", "DELETE FROM", "INSERT INTO items"))] == [
            f"UPDATE items SET first_seen = '{after.first_seen}', last_seen = '{after.last_seen}', gone = 0 WHERE id = {number}"
        ]


def test_a_second_crawl_of_the_unchanged_site_adds_no_item_and_no_version() -> None:
    with Archive.open(sample_archive(1)) as first, Archive.open(sample_archive(2)) as second:
        before, after = first.counts(), second.counts()
        assert (after["items"], after["versions"]) == (before["items"], before["versions"]) and before["items"] > 20
        assert after["captures"] > before["captures"]
        assert second.runs()[0].counts["items_new"] == second.runs()[0].counts["versions_new"] == 0
        assert [(item.item_id, item.text) for item in first.items()] == [(item.item_id, item.text) for item in second.items()]


def test_the_second_edition_brings_items_and_versions() -> None:
    with Archive.open(sample_archive(2)) as before, Archive.open(sample_archive(3)) as after:
        assert after.counts()["items"] > before.counts()["items"]
        several = [item for item in after.items() if len(after.versions(item.item_id)) > 1]
        assert several and all(after.versions(item.item_id)[-1].version_id == item.current_version for item in several)


LD, HUGE = '<script type="application/ld+json">', "9" * 23
HOSTILE = {
    "lone surrogates in JSON-LD": LD + '{"@type":"NewsArticle","headline":"\\ud800 x","articleSection":"\\udfff","keywords":["\\ud801"],'
    '"datePublished":"2017-01-01","url":"https://x/\\ud800","articleBody":"\\ud800 texte"}</script><h1>Titre</h1><p>Un texte assez long pour compter.</p>',
    "NUL in JSON-LD": LD + '{"@type":"NewsArticle","headline":"a\\u0000b","datePublished":"2017-01-01"}</script><h1>T</h1><p>Texte.</p>',
    "huge number as Joomla id": LD
    + '{"@id":"https://www.rabat-process.org/#/schema/com_content/article/'
    + HUGE
    + '"}</script>'
    + article_html("Titre", "Texte."),
    "huge number as WordPress id": f"<html><head><meta name=generator content='WordPress 6'></head><body class='single single-post postid-{HUGE}'>"
    f"<article id='post-{HUGE}' class='post type-post'><h1 class='entry-title'>Titre</h1><div class='entry-content'><p>Texte.</p></div></article>",
    "huge number as Drupal id": f"<html><body class='page-node-{HUGE} node-type-news'><article data-history-node-id='{HUGE}' class='node'>"
    "<h1>Titre</h1><div class='field--name-body'><p>Texte.</p></div></article></body></html>",
    "control and direction characters": article_html("a\x1b[31m\x07\u202e\u2028z", "Texte\x00.\x9b31m"),
    "broken links": article_html("Titre", "Texte.", head="<base href='http://[::1'>")
    + "<a href='http://[x'>a</a><a href='//\ud7ff'>b</a><a href='http://x:99999/'>c</a>",
    "a thousand blocks": article_html("Titre", "<h3>Événements</h3>" + "<p>12 mai 2017</p><p>Réunion</p>" * 1000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_stored_and_rebuilt(tmp_path: Path, name: str) -> None:
    small_archive(tmp_path, [(f"{BASE}/fr/{HUGE}-titre", HOSTILE[name]), (U, article_html("Réunion", "Texte."))])
    with Archive.open(tmp_path, write=True) as archive:
        before = list(archive.dump())
        assert archive.counts()["captures"] == 2
        assert "Réunion" in {item.title for item in archive.items()}
        assert all(item.title.isprintable() for item in archive.items())
        assert "reader_failed" not in "".join(row for row in before if '"captures"' in row)
        archive.rebuild()
        assert list(archive.dump()) == before


def test_any_bytes_are_stored(tmp_path: Path) -> None:
    dice = random.Random(7)
    seed = article_html("Réunion", "Texte <b>gras</b>").encode()
    pages = []
    for number in range(60):
        body = bytearray(seed)
        for _ in range(dice.randrange(1, 40)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        pages.append((f"{BASE}/fr/{number}-x", bytes(body)))
    small_archive(tmp_path, pages)
    with Archive.open(tmp_path) as archive:
        assert archive.counts()["captures"] == 60 and archive.verify().faults == ()
        assert not archive.connection.execute("SELECT 1 FROM captures WHERE problems LIKE '%reader_failed%'").fetchall()


@pytest.mark.parametrize(
    "wanted", ["", "²", "0", "999999999", "abcd", "http://", "http://\udcff", "\x00", "%", "a' OR 1=1 --", "٣٣", "-1", "é" * 5000, "://"]
)
def test_no_item_is_found_under_nonsense(tmp_path: Path, wanted: str) -> None:
    article_archive(tmp_path, un="Un")
    with Archive.open(tmp_path) as archive, pytest.raises(NotFound, match="search WORDS"):
        archive.item(wanted)


def test_an_item_is_found_by_id_beginning_address_copy_and_number(tmp_path: Path) -> None:
    article_archive(tmp_path, un="Un", deux="Deux")
    with Archive.open(tmp_path) as archive:
        item = next(item for item in archive.items() if item.title == "Un")
        for wanted in (item.item_id, item.item_id.upper(), item.item_id[:6], f"{BASE}/fr/101-un", f"{BASE}/fr/101-un/", "101"):
            assert archive.item(wanted).item_id == item.item_id, wanted


def test_many_items_are_read_in_statements_that_sqlite_takes(tmp_path: Path) -> None:
    with Archive.open(sample_archive(1)) as archive:
        archive.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, store.CHUNK)
        names = [item.item_id for item in archive.items()]
        assert [item.item_id for item in store.read_items_by_id(archive.connection, names * 20)] == names * 20


def test_a_reader_changes_no_byte_of_the_database(tmp_path: Path) -> None:
    article_archive(tmp_path, un="Un")
    before = (tmp_path / "rabat.db").read_bytes()
    with Archive.open(tmp_path) as archive:
        list(archive.items()), archive.search("un"), archive.stats(), archive.verify()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            archive.connection.execute("DELETE FROM runs")
    assert (tmp_path / "rabat.db").read_bytes() == before


def test_a_run_that_never_ended_is_called_interrupted(tmp_path: Path) -> None:
    article_archive(tmp_path, un="Un")
    run = {"run_id": "r1", "spider": "dialogue", "site": "sample", "started_at": "2019-05-01T06:00:00Z", "status": "running"}
    (tmp_path / "runs" / "r1.json").write_text(json.dumps(run))
    with Archive.open(tmp_path, write=True) as archive:
        assert [run.status for run in archive.runs()] == ["interrupted"]
        assert archive.verify().faults == ()
