"""What is taken down is in no table, page, feed or export, and stays so; erased bytes are gone, and everything else is what it was."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import random
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.importing import Options, import_files
from rabat_crawler.archive.members import Member, walk
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.restore import restore
from rabat_crawler.archive.takedowns import LOG_NAME, Takedown, add_takedown, read_takedowns, standing
from rabat_crawler.archive.warc import WarcWriter, check_file
from rabat_crawler.errors import ArchiveCorrupt, ConfigError, NotFound, Withheld
from rabat_crawler.exports import Options as ExportOptions
from rabat_crawler.exports import Selection, export, formats
from rabat_crawler.models import Site
from rabat_crawler.runner import crawl
from tests.building import BASE, FAST, PORT, RABAT, article_html, copy_of, dump_of, rabat, sample_archive
from tests.document_shelf import docx
from tests.rooms import serving
from tests.servers import serve_sample

START = datetime(2019, 5, 1, 6, 0, tzinfo=UTC)
NIGHT = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
HTML = "text/html; charset=utf-8"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ARTICLE = f"{BASE}/fr/actualites/101-quetzword-conference"
ENGLISH, OTHER, LISTING = f"{BASE}/en/news/102-conference", f"{BASE}/fr/actualites/103-autre", f"{BASE}/fr/actualites"
OWN, COMMON = f"{BASE}/images/xylodoc.docx", f"{BASE}/images/commun.docx"
TITLE, TEXT, INTRO, DOCUMENT, LINK, CHANGED = "quetzword", "zyzzyword", "introword", "xylodoc", "linkword", "laterword"
MARKS = (TITLE, TEXT, INTRO, DOCUMENT, LINK, CHANGED)
REASON = "wish of a person whom it names"
Page = tuple[str, int, str, bytes]


def article(more: str = "") -> str:
    body = (
        f"Les participants ont parlé de {TEXT} pendant deux jours à Tunis, avec tous les partenaires du dialogue. {more}</p>"
        f"<p><a href='/images/xylodoc.docx'>Le {LINK}</a> et <a href='/images/commun.docx'>le programme</a>"
    )
    return article_html(f"{TITLE.title()} conférence de Tunis", body, head=f"<link rel='alternate' hreflang='en-GB' href='{ENGLISH}'>")


def listing() -> str:
    posts = "".join(
        f"<div class='item' itemprop='blogPost' itemscope itemtype='https://schema.org/BlogPosting'><div class='page-header'><h2 itemprop='name'>"
        f"<a href='{url}' itemprop='url'>{title}</a></h2></div><dl class='article-info'><dd class='published'>"
        f"<time datetime='{date}T10:00:00+00:00' itemprop='datePublished'>{date}</time></dd></dl><p>{intro}</p></div>"
        for url, title, date, intro in (
            (ARTICLE, f"{TITLE.title()} conférence de Tunis", "2017-07-17", f"Un {INTRO} sur la rencontre de Tunis."),
            (OTHER, "Une autre rencontre à Dakar", "2017-08-01", "Le dialogue s'est réuni à Dakar."),
        )
    )
    return f"<html lang='fr-fr'><body class='site com_content view-category layout-blog'><main id='content'><div class='blog'>{posts}</div></main></body></html>"


def pages() -> list[Page]:
    """The item, its translation, a list that shows it, another item, a document of its own and one that both link; then what came of it."""
    other = "Le dialogue s'est réuni à Dakar avec tous ses partenaires, et le <a href='/images/commun.docx'>programme</a> est public."
    twin = article_html("Conference in Tunis", "The partners of the dialogue met in Tunis for two days and talked.", language="en-gb",
                        head=f"<link rel='alternate' hreflang='fr-FR' href='{ARTICLE}'>")  # fmt: skip
    found = [
        (LISTING, 200, HTML, listing()),
        (ARTICLE, 200, HTML, article()),
        (ENGLISH, 200, HTML, twin),
        (OTHER, 200, HTML, article_html("Une autre rencontre à Dakar", other, date="2017-08-01")),
        (OWN, 200, WORD, docx(f"Le {DOCUMENT} de la rencontre", title=f"Rapport {DOCUMENT}")),
        (COMMON, 200, WORD, docx("Le programme que tous partagent", title="Programme")),
        (f"{ARTICLE}?tmpl=component&print=1", 200, HTML, article()),
        (ARTICLE, 200, HTML, article(f"Plus tard, {CHANGED}.")),
        (ARTICLE, 200, HTML, article(f"Plus tard, {CHANGED}.")),
        (OTHER, 404, HTML, "gone"),
    ]
    return [(url, status, kind, body if isinstance(body, bytes) else body.encode()) for url, status, kind, body in found]


def write(folder: Path, several: Sequence[Page], *, run: str = "first", first: datetime = START, site: Site = RABAT) -> None:
    """Record the pages an hour apart, each with its request; the same bytes again become a revisit."""
    known = {}
    with WarcWriter(folder / "warc", run_id=run, site=registry.reference(site), fields={}) as writer:
        for number, (url, status, kind, body) in enumerate(several):
            record = writer.write(
                url=url, captured_at=first + timedelta(hours=number), status=status, response_headers=(("Content-Type", kind),), body=body,
                request_headers=(("User-Agent", "test"),), previous=known.get(url),
            )  # fmt: skip
            known[url] = record.capture if record.capture.record_type == "response" else known[url]


@cache
def _blank(work: Path) -> Path:
    folder = work / "blank"
    write(folder, pages())
    Archive.open(folder, write=True).close()
    return folder


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """An archive with the pages, to be changed."""
    return Path(shutil.copytree(_blank(tmp_path_factory.getbasetemp()), tmp_path / "archive"))


def take_down(folder: Path, wanted: str = ARTICLE, *, erase: bool = False, listings: bool = False) -> str:
    with Archive.open(folder, write=True) as archive:
        return archive.take_down(wanted, reason=REASON, by="keeper", erase=erase, listings=listings).item_id


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The archive after the takedown, and the item's id; not to be changed."""
    folder = Path(shutil.copytree(_blank(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("taken") / "archive"))
    return folder, take_down(folder)


LINKED = b"/fr/actualites/101-quetzword-conference"


def files_with(folder: Path, words: Sequence[str], *, but: Sequence[str] = (), but_in: bytes = b"") -> dict[str, list[str]]:
    """Which files of a folder hold which of the words, whatever their case; WARC files are looked at unpacked."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        content = unpacked(path)
        held = [word for word in words if word.encode() in (content.replace(but_in, b"") if but_in else content).lower()]
        if held and not name.startswith(tuple(but)):
            found[name] = held
    return found


def unpacked(path: Path) -> bytes:
    """The bytes of a file, or of all that is packed in it, packed files within it included."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed, tempfile.TemporaryDirectory() as folder:
            packed.extractall(folder)
            return b"\n".join([*map(str.encode, packed.namelist()), *(unpacked(one) for one in sorted(Path(folder).rglob("*")) if one.is_file())])
    if path.name.endswith((".warc.gz", ".warc")):
        return b"".join(one.content for one in walk(path) if isinstance(one, Member))
    content = path.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def records(path: Path) -> list[tuple[str, str, bytes]]:
    """Name, type and bytes of each record as another program reads them."""
    with path.open("rb") as stream:
        return [
            (one.rec_headers.get_header("WARC-Record-ID"), one.rec_type, one.rec_headers.to_str().encode() + one.raw_stream.read())
            for one in ArchiveIterator(stream, no_record_parse=True)
        ]


def sound(folder: Path) -> bool:
    with Archive.open(folder) as archive:
        return archive.verify(now=NIGHT).faults == ()


# The words are nowhere -----------------------------------------------------------------------------------------------------------------


def test_the_words_are_there_before(folder: Path) -> None:
    """So that what is not found below was really taken away."""
    assert files_with(folder, MARKS)["rabat.db"] == list(MARKS)
    with Archive.open(folder) as archive:
        seen = archive.takedown_preview(ARTICLE)
    assert (len(seen.captures), seen.documents, seen.listed_at) == (5, (OWN,), (LISTING,))
    assert len(seen.translations) == 1


def test_no_byte_of_the_database_holds_a_word_of_it(taken: tuple[Path, str]) -> None:
    assert files_with(taken[0], MARKS, but=["warc/"]) == {}
    assert sound(taken[0])


def test_others_stay_as_they_were(folder: Path) -> None:
    with Archive.open(folder) as archive:
        before = {item.item_id: item for item in archive.items()}
    name = take_down(folder)
    with Archive.open(folder) as archive:
        after = {item.item_id: item for item in archive.items()}
        assert [document.url for document in archive.documents()] == [COMMON]
        assert [hit.document.url for hit in archive.search_documents("programme")] == [COMMON]
        assert archive.captures(LISTING)[0].closed and not archive.captures(LISTING)[0].full
        with pytest.raises(Withheld, match="says something of item .*, which is withheld"):
            archive.play(archive.captures(LISTING)[0])
    assert set(before) - set(after) == {name}
    for item_id, item in after.items():
        assert (item.title, item.text, item.published, item.addresses) == (
            before[item_id].title,
            before[item_id].text,
            item.published,
            item.addresses,
        )


@pytest.mark.parametrize("form", sorted(formats()))
def test_no_export_holds_a_word_of_it(folder: Path, tmp_path: Path, form: str) -> None:
    options = ExportOptions(base_url="https://archive.example.org/") if "base_url" in formats()[form].takes else ExportOptions()
    with Archive.open(folder) as archive:
        export(archive, form, tmp_path / "before" / "export", Selection(), options)
    take_down(folder)
    with Archive.open(folder) as archive:
        export(archive, form, tmp_path / "after" / "export", Selection(), options)
    found = files_with(tmp_path / "after", MARKS, but_in=LINKED if form in ("warc", "wacz") else b"")
    assert found == {}, "its translation links its address, and that page is recorded as it was; nothing else is left"


def test_no_page_of_the_reading_room_holds_a_word_of_it_and_its_own_says_why(taken: tuple[Path, str]) -> None:
    folder, name = taken
    with serving(folder) as room:
        addresses = ["/en/", "/fr/", "/en/search?q=Tunis", "/fr/search.json?q=Tunis", "/en/search.atom?q=", "/en/agenda", "/en/agenda.ics", "/en/places",
                     "/en/health", "/en/about", "/rabat", "/rabat/withheld"]  # fmt: skip
        tables = json.loads(room.ask("/rabat.json").body)["tables"]
        addresses += [f"/rabat/{table['name']}.json?_size=1000" for table in tables]
        assert len(addresses) > 40
        for address in addresses:
            answer = room.ask(address)
            assert answer.status == 200, (address, answer.text[:200])
            assert not [word for word in MARKS if word in answer.text.lower()], address
        for language, said in (("en", "withheld"), ("fr", "communiquée")):
            answer = room.ask(f"/{language}/item/{name}")
            assert answer.status == 410 and said in answer.text and REASON in answer.text
            assert room.ask(f"/{language}/item/101").status == 410
        for address in (f"/item/{name}.json", f"/item/{name}.bib", f"/archived/20190501070000/{ARTICLE}", f"/archived/20190501070000id_/{ARTICLE}",
                        f"/archived/timemap/link/{ARTICLE}", f"/archived/20190501100000/{OWN}"):  # fmt: skip
            assert room.ask(address).status == 410, address
        assert room.ask(f"/archived/20190501060000/{LISTING}").status == 410, "its intro stands in that list"


def test_whatever_it_is_asked_for_by_the_answer_is_that_it_is_withheld(tmp_path_factory: pytest.TempPathFactory, taken: tuple[Path, str]) -> None:
    with Archive.open(_blank(tmp_path_factory.getbasetemp())) as archive:
        record = archive.capture(ARTICLE).capture.record_id
    folder, name = taken
    with Archive.open(folder) as archive:
        for wanted in (
            name,
            name[:6],
            "101",
            ARTICLE,
            ARTICLE.replace("https", "http"),
            f"{ARTICLE}?tmpl=component&print=1",
            record,
            record[9:20],
            OWN,
        ):
            for ask in (archive.item, archive.capture, archive.history, archive.documents, lambda one: archive.captures(item=one)):
                with pytest.raises(Withheld, match=REASON):
                    ask(wanted)
    for command, wanted in (("show", name), ("history", "101"), ("replay", ARTICLE), ("captures", ARTICLE), ("replay", record), ("documents", OWN)):
        done = rabat(command, wanted, "--archive", folder, code=13)
        assert REASON in done.stderr and name in done.stderr and not done.stdout


def test_an_archive_of_a_day_before_does_not_show_it_either(taken: tuple[Path, str]) -> None:
    folder, _ = taken
    with Archive.open(folder) as archive, archive.as_of("2019-05-01") as past:
        assert not [word for word in MARKS if word in "\n".join(past.dump()).lower()]
        assert len(list(past.items(Filters()))) == 2
        with pytest.raises(Withheld):
            past.item(ARTICLE)


def test_listings_too_if_that_is_asked_for(folder: Path) -> None:
    take_down(folder, listings=True)
    with Archive.open(folder) as archive:
        assert archive.captures(LISTING) == []
        assert archive.item(OTHER).title
    take_down(folder, erase=True)
    assert files_with(folder, [TITLE, INTRO, TEXT]) == {"warc/first-00000.warc.gz": [TITLE]}, "its translation's page links its address"


def test_items_that_only_those_listings_show_are_named_before(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path)
    with Archive.open(folder) as archive:
        seen = archive.takedown_preview("165")
        before = {item.item_id for item in archive.items()}
    assert seen.only_there and seen.only_there[0] in rabat("takedown", "165", "--dry-run", "--listings", "--archive", folder).stdout
    take_down(folder, "165", listings=True)
    with Archive.open(folder) as archive:
        assert before - {item.item_id for item in archive.items()} == {seen.item_id, *seen.only_there}


def test_the_list_of_known_addresses_leaves_out_its_own(tmp_path: Path) -> None:
    folder = copy_of(sample_archive(1), tmp_path / "archive")
    with Archive.open(folder) as archive:
        item = next(one for one in archive.items() if "intro_only" not in one.flags and one.canonical_url)
    before = rabat("urls", "--json", "--archive", folder).stdout.splitlines()
    assert any(str(item.canonical_url) in line for line in before)
    take_down(folder, item.item_id)
    after = rabat("urls", "--json", "--archive", folder).stdout.splitlines()
    hidden = set(before) - set(after)
    assert hidden and all(f"/{item.article_id}-" in json.loads(line)["url"] for line in hidden)
    assert str(item.canonical_url) not in "".join(after)
    assert f"and {len(hidden)} of what is withheld" in rabat("urls", "--archive", folder).stdout


OLD = f"{BASE}/vieux-chemin"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_redirect_that_leads_to_it_is_one_of_its_captures(folder: Path, tmp_path: Path, when: str) -> None:
    """Its address holds words of its title, and a redirect says nothing else."""

    def redirect() -> None:
        with WarcWriter(folder / "warc", run_id="moved", site=registry.reference(RABAT), fields={}) as writer:
            for number, target in enumerate((ARTICLE, OTHER)):
                headers = (("Location", target), ("Content-Type", "text/html"))
                writer.write(url=f"{OLD}-{number}", captured_at=START + timedelta(days=9), status=301, response_headers=headers, body=b"")
        Archive.open(folder, write=True).close()

    if when == "before":
        redirect()
    name = take_down(folder)
    if when == "after":
        redirect()
    with Archive.open(folder, write=True) as archive:
        assert archive.captures(f"{OLD}-0") == [] and len(archive.captures(f"{OLD}-1")) == 1
        assert archive.withheld(name).captures == 6  # type: ignore[union-attr]
        rows = list(archive.dump())
        archive.rebuild(workers=1)
        assert list(archive.dump()) == rows
        export(archive, "wacz", tmp_path / "out.wacz")
    assert files_with(tmp_path, MARKS, but=["archive/"], but_in=LINKED) == {}
    given = unpacked(tmp_path / "out.wacz")
    assert f"{OLD}-1".encode() in given and f"{OLD}-0".encode() not in given
    assert sound(folder)


ALIASES = (
    "/fr/actualites/101-quetzword-autre", "/fr/actualites/101-quetzword-conference/amp", "/fr/actualites/101-quetzword-conference?start=1",
    "/fr/index.php?option=com_content&view=article&id=101:quetzword", "/fr/component/content/article/101-quetzword-conference",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_alias_that_it_had_once_is_in_no_link_and_no_capture(folder: Path, when: str) -> None:
    """What a menu links is in no item; the address would tell the title."""
    links = " ".join(f"<a href='{alias}'>lien</a>" for alias in ALIASES)
    third = article_html("Un tiers", "Le dialogue s'est réuni ailleurs, avec tous.", date="2019-01-01").replace(
        "</body>", f"<nav>{links}</nav></body>"
    )
    assert links in third
    several: list[Page] = [(f"{BASE}/fr/actualites/105-tiers", 200, HTML, third.encode()), (BASE + ALIASES[0], 404, HTML, b"gone"),
                           (f"{BASE}/fr/actualites/106-autre", 404, HTML, b"gone")]  # fmt: skip
    if when == "before":
        write(folder, several, run="third", first=START + timedelta(days=3))
        Archive.open(folder, write=True).close()
        assert "quetzword-autre" in "".join(dump_of(folder))
    name = take_down(folder)
    if when == "after":
        write(folder, several, run="third", first=START + timedelta(days=3))
        Archive.open(folder, write=True).close()
    assert files_with(folder, MARKS, but=["warc/"]) == {}
    with Archive.open(folder, write=True) as archive:
        assert archive.withheld(name).captures == 6  # type: ignore[union-attr]
        assert archive.item("105").title == "Un tiers" and len(archive.captures(several[2][0])) == 1
        rows = list(archive.dump())
        archive.rebuild(workers=1)
        assert list(archive.dump()) == rows
    assert sound(folder)


def test_decisions_about_it_are_not_given_out(folder: Path, tmp_path: Path) -> None:
    with Archive.open(folder, write=True) as archive:
        archive.decide("confirm", ARTICLE, ENGLISH, note=f"the {TITLE} of the two")
        archive.decide("reject", OTHER, ENGLISH, note="another meeting")
    name = take_down(folder)
    with Archive.open(folder) as archive:
        assert [one.note for one in archive.decisions()] == ["another meeting"]
        export(archive, "wacz", tmp_path / "out.wacz")
    with zipfile.ZipFile(tmp_path / "out.wacz") as packed:
        said = packed.read("rabat/decisions.jsonl").decode()
    assert "another meeting" in said and TITLE not in said and name not in said
    with Archive.open(folder, write=True) as archive:
        archive.undo_takedown(name)
        assert len(archive.decisions()) == 2


def test_revisits_of_revisits_of_it_are_withheld_whether_read_one_by_one_or_at_once(folder: Path) -> None:
    """Each shows the one before it again, at an address of its own."""
    name = take_down(folder)
    with WarcWriter(folder / "warc", run_id="chain", site=registry.reference(RABAT), fields={}) as writer:
        before = None
        for number, url in enumerate((ARTICLE, *(f"{OLD}-{number}" for number in range(4)))):
            record = writer.write(
                url=url, captured_at=START + timedelta(days=20 + number), status=200, response_headers=(("Content-Type", HTML),), body=article().encode(),
                previous=before,
            )  # fmt: skip
            before = dataclasses.replace(record.capture, refers_to=None)  # other programs write chains
    with Archive.open(folder, write=True) as archive:
        assert archive.captures(f"{OLD}-3") == [] and archive.withheld(name).captures == 10  # type: ignore[union-attr]
        rows = list(archive.dump())
        archive.rebuild(workers=1)
        assert list(archive.dump()) == rows


# It stays so ---------------------------------------------------------------------------------------------------------------------------


def test_it_survives_a_rebuild_a_lost_database_and_a_restore(folder: Path, tmp_path: Path) -> None:
    take_down(folder)
    rows = dump_of(folder)
    with Archive.open(folder, write=True) as archive:
        archive.rebuild(workers=2)
    assert dump_of(folder) == rows
    for path in folder.glob("rabat.db*"):
        path.unlink()
    Archive.open(folder, write=True).close()
    assert dump_of(folder) == rows
    with Archive.open(folder) as archive:
        archive.backup(tmp_path / "backups", now=NIGHT)
    assert restore(tmp_path / "backups", tmp_path / "again", now=NIGHT).report.faults == ()
    assert dump_of(tmp_path / "again") == rows


def test_the_same_page_imported_again_is_withheld(folder: Path, tmp_path: Path) -> None:
    name = take_down(folder)
    write(tmp_path / "other", [(url, status, kind, body) for url, status, kind, body in pages() if url != COMMON], run="other")
    with Archive.open(folder, write=True) as archive:
        import_files(archive, warc_files(tmp_path / "other" / "warc"), Options(), lambda what, done, total: None, now=NIGHT)
        assert archive.withheld(name).captures == 10  # type: ignore[union-attr]
        rows = list(archive.dump())
        archive.rebuild()
        assert list(archive.dump()) == rows
    assert files_with(folder, MARKS, but=["warc/"]) == {}
    assert sound(folder)


def test_a_crawl_does_not_bring_it_back(tmp_path: Path) -> None:
    folder, some = tmp_path / "archive", {"delay": 0.0, "settings": FAST | {"RABAT_PROBE": False}, "max_pages": 20}
    with serve_sample(1, port=PORT) as server:
        site = registry.at_origin(registry.site("sample"), server.origin + "/")
        with Archive.open(folder, write=True, create=True) as archive:
            crawl(archive, site, **some)  # type: ignore[arg-type]
            item = next(one for one in archive.items() if "intro_only" not in one.flags)
        name = take_down(folder, item.item_id)
        with Archive.open(folder, write=True) as archive:
            crawl(archive, site, everything=True, **some)  # type: ignore[arg-type]
    with Archive.open(folder, write=True) as archive:
        found = archive.withheld(name)
        assert found is not None and found.captures == 2
        rows = list(archive.dump())
        assert not [
            row
            for row in rows
            if str(item.canonical_url) in row or (name in row and '"table": "withheld' not in row and "closed_captures" not in row)
        ]
        archive.rebuild()
        assert list(archive.dump()) == rows


MOVED = "https://www.rabat-process.org/fr/nouvelles/quetzword-conference-de-tunis"


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 1, 0)], ids=str)
def test_under_a_new_address_it_is_known_again_in_every_order(folder: Path, order: tuple[int, ...]) -> None:
    """The site loses its numbers and moves: the same text stands elsewhere, is edited there, and a list links it."""
    moved = article().replace("view-article", "view-article moved").encode()
    edited = article(f"Plus tard, {CHANGED}. Et encore ceci.").encode()
    later = [(MOVED, 200, HTML, moved), (MOVED, 200, HTML, edited), (LISTING, 200, HTML, listing().replace(ARTICLE, MOVED).encode())]
    take_down(folder)
    for number in order:
        write(folder, [later[number]], run=f"later-{number}", first=START + timedelta(days=30 + number))
        Archive.open(folder, write=True).close()
    rows = dump_of(folder)
    assert files_with(folder, MARKS, but=["warc/"]) == {}
    assert {one.what for one in read_takedowns(folder)} == {"withhold", "also"}
    with Archive.open(folder, write=True) as archive:
        archive.rebuild(workers=1)
        assert list(archive.dump()) == rows
        with pytest.raises(Withheld):
            archive.item("101")
    assert sound(folder)


@pytest.mark.parametrize("seed", [1, 2])
def test_takedowns_and_captures_in_any_order_give_the_same_rows(folder: Path, tmp_path: Path, seed: int) -> None:
    """The captures come file by file, the decision before them, between them, or after them."""
    take_down(folder)
    takedown = read_takedowns(folder)[0]
    several = [pages()[start : start + 3] for start in range(0, len(pages()), 3)]
    for number, group in enumerate(several):
        write(tmp_path / "source", group, run=f"part-{number}", first=START + timedelta(days=number))
    steps: list[Path | Takedown] = [*warc_files(tmp_path / "source" / "warc"), takedown]
    wanted = []
    for order in (steps, random.Random(seed).sample(steps, len(steps))):
        made = tmp_path / f"made-{len(wanted)}"
        (made / "warc").mkdir(parents=True)
        for step in order:
            if isinstance(step, Takedown):
                add_takedown(made, step)
            else:
                shutil.copy(step, made / "warc")
            Archive.open(made, write=True).close()
        wanted.append(dump_of(made))
    assert wanted[0] == wanted[1]
    assert sum('"table": "withheld_captures"' in row for row in wanted[0]) == 5


def test_another_article_with_the_same_title_and_day_stays(folder: Path) -> None:
    copy = f"{BASE}/fr/actualites/104-quetzword-conference-2"
    write(folder, [(copy, 200, HTML, article_html(f"{TITLE.title()} conférence de Tunis", "Tout autre chose fut dit ce jour-là dans la salle voisine."
                                                  ).encode())], run="copy")  # fmt: skip
    Archive.open(folder, write=True).close()
    take_down(folder)
    with Archive.open(folder) as archive:
        assert archive.item("104").canonical_url == copy


def test_nothing_is_given_out_before_a_takedown_is_finished(folder: Path, tmp_path: Path) -> None:
    """It was decided, and its process killed: until another writes, the database still holds the words."""
    with Archive.open(folder) as archive:
        name, names = archive.item(ARTICLE).item_id, archive.takedown_preview(ARTICLE).names
    add_takedown(folder, Takedown(what="withhold", item_id=name, at="2026-03-01T02:30:00Z", reason=REASON, names=names))
    for command in (("export", "jsonl", "-o", tmp_path / "out.jsonl"), ("release", "-o", tmp_path / "out"), ("digest", "--lang", "fr"),
                    ("export", "jsonl", "--as-of", "2019", "-o", tmp_path / "out.jsonl")):  # fmt: skip
        done = rabat(*command, "--archive", folder, code=2)
        assert "is not finished yet, so nothing is given out" in done.stderr and not done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]
    Archive.open(folder, write=True).close()
    rabat("export", "jsonl", "-o", tmp_path / "out.jsonl", "--archive", folder)
    rabat("export", "jsonl", "-o", tmp_path / "past.jsonl", "--as-of", "2019", "--archive", folder)
    assert files_with(tmp_path, MARKS, but=["archive/"]) == {}


def test_what_was_learned_while_writing_is_obeyed_before_anything_is_given_out(folder: Path, tmp_path: Path) -> None:
    """As a night's work does: crawl, then write the digest, in one process. First an edit under a new address, then the text by which it is known."""
    take_down(folder)
    unknown = article_html("Un tout autre titre", f"Plus tard, {CHANGED} fut dit, et encore ceci.", date="2019-02-03")
    texts = (unknown.replace("view-article", "view-article moved"), article().replace("view-article", "view-article moved"))
    write(folder, [(MOVED, 200, HTML, text.encode()) for text in texts], run="later", first=START + timedelta(days=30))
    with Archive.open(folder, write=True) as archive:
        export(archive, "jsonl", tmp_path / "out.jsonl")
    assert {one.what for one in read_takedowns(folder)} == {"withhold", "also"}
    assert files_with(tmp_path, MARKS, but=["archive/warc/"]) == {}


def test_a_lost_list_of_takedowns_is_told_and_nothing_comes_back(folder: Path) -> None:
    take_down(folder)
    log = (folder / LOG_NAME).read_bytes()
    (folder / LOG_NAME).unlink()
    with pytest.raises(ArchiveCorrupt, match="backup"):
        Archive.open(folder, write=True)
    (folder / LOG_NAME).write_bytes(log + b'{"what": "withh')  # cut by a kill
    Archive.open(folder, write=True).close()
    (folder / LOG_NAME).write_bytes(log + b"[]\n")
    with pytest.raises(ArchiveCorrupt, match="line 2"):
        Archive.open(folder, write=True)


# Taken back ----------------------------------------------------------------------------------------------------------------------------


def test_undone_it_is_what_it_was(folder: Path) -> None:
    rows = dump_of(folder)
    name = take_down(folder)
    assert dump_of(folder) != rows
    rabat("takedown", name, "--undo", "--reason", "agreed", "--archive", folder)
    assert dump_of(folder) == rows
    assert [one.what for one in read_takedowns(folder)] == ["withhold", "undo"]
    assert standing(read_takedowns(folder)) == {}
    with Archive.open(folder, write=True) as archive, pytest.raises(NotFound, match="--list"):
        archive.undo_takedown(name)


def test_the_command_says_what_it_does_and_lists_what_it_did(folder: Path) -> None:
    assert "0 items withheld" in rabat("takedown", "--list", "--archive", folder).stdout
    before = dump_of(folder)
    said = rabat("takedown", "101", "--dry-run", "--archive", folder).stdout
    assert "5 captures" in said and OWN in said and LISTING in said and not (folder / LOG_NAME).exists()
    assert json.loads(rabat("takedown", "101", "--dry-run", "--json", "--archive", folder).stdout)["listed_at"] == [LISTING]
    assert dump_of(folder) == before
    for wrong in (("101",), (), ("101", "--list"), ("101", "--undo", "--erase"), ("101", "--undo", "--dry-run"), ("101", "--reason", " ")):
        rabat("takedown", *wrong, "--archive", folder, code=2)
    rabat("takedown", "999", "--reason", REASON, "--archive", folder, code=1)
    (folder / "exports" / "texts").mkdir()
    said = rabat("takedown", "101", "--reason", REASON, "--by", "keeper", "--archive", folder).stdout
    assert "5 captures" in said and LISTING in said and "backups" in said and "texts" in said
    assert "already" in rabat("takedown", "101", "--reason", "again", "--archive", folder).stdout
    one = json.loads(rabat("takedown", "--list", "--json", "--archive", folder).stdout)
    assert (one["by"], one["reason"], one["captures"], one["erased"]) == ("keeper", REASON, 5, 0)
    assert json.loads(rabat("takedown", "101", "--reason", REASON, "--erase", "--json", "--archive", folder).stdout)["erased"] == 5
    assert REASON in rabat("takedown", "--list", "--archive", folder).stdout
    assert "backup" in rabat("takedown", "101", "--undo", "--archive", folder, code=2).stderr


def test_places_that_exports_of_warc_files_must_leave_out(taken: tuple[Path, str]) -> None:
    with Archive.open(taken[0]) as archive:
        places = archive.withheld_places()
        shown = {(one.capture.warc_file, one.capture.offset) for one in archive.captures(f"{BASE}/*")}
    assert sum(map(len, places.values())) == 5
    assert not {(file, offset) for file, found in places.items() for offset, _ in found} & shown


# Erased --------------------------------------------------------------------------------------------------------------------------------


def test_erased_bytes_are_gone_and_every_other_record_is_what_it_was(folder: Path) -> None:
    path = warc_files(folder / "warc")[0]
    before = records(path)
    take_down(folder, erase=True)
    after = records(path)
    assert [name for name, *_ in before] == [name for name, *_ in after]
    erased = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [old[1] for old, _ in erased].count("response") == 4 and [old[1] for old, _ in erased].count("revisit") == 1
    assert [old[1] for old, _ in erased].count("request") == 5
    assert {new[1] for _, new in erased} == {"metadata"}
    assert all(REASON.encode() in new[2] and b"erased-block-digest: sha256:" in new[2] for _, new in erased)
    assert files_with(folder, [TEXT, DOCUMENT, CHANGED, LINK]) == {}
    assert sound(folder) and check_file(path) == ()


def test_other_programs_find_nothing_wrong(folder: Path) -> None:
    take_down(folder, erase=True)

    class Asked:
        inputs = [str(path) for path in warc_files(folder / "warc")]
        verbose = True

    checker = Checker(Asked)
    with contextlib.redirect_stdout(None):
        for one in Asked.inputs:
            checker.process_one(one)
    assert checker.exit_value == 0


def test_what_was_erased_is_verified_backed_up_and_rebuilt(folder: Path, tmp_path: Path) -> None:
    assert sound(folder)
    with Archive.open(folder) as archive:
        archive.backup(tmp_path / "backups", now=NIGHT)
    name = take_down(folder, erase=True)
    rows = dump_of(folder)
    with Archive.open(folder) as archive:
        assert archive.verify(now=NIGHT).faults == ()
        made = archive.backup(tmp_path / "backups", now=NIGHT + timedelta(days=1))
        assert (made.faults, made.linked) == ((), 0)
        found = archive.withheld(name)
    assert found is not None and (found.captures, found.erased) == (0, 5)
    assert files_with(made.path, [TEXT, DOCUMENT]) == {}
    with Archive.open(folder) as archive:
        assert archive.backup(tmp_path / "backups", now=NIGHT + timedelta(days=2)).linked == 1
    with Archive.open(folder, write=True) as archive:
        archive.rebuild()
        assert list(archive.dump()) == rows
        with pytest.raises(ConfigError, match="backup"):
            archive.undo_takedown(name)
    assert restore(made.path, tmp_path / "again", now=NIGHT).report.faults == ()
    assert dump_of(tmp_path / "again") == rows
    damaged = warc_files(folder / "warc")[0]
    content = bytearray(damaged.read_bytes())
    content[-40] ^= 1
    damaged.write_bytes(content)
    assert not sound(folder), "damage after the erasure is still damage"


@pytest.mark.parametrize("shape", ["not packed", "packed as a whole"])
def test_imported_files_of_other_shapes_are_erased_as_well(tmp_path: Path, shape: str) -> None:
    write(tmp_path / "other", pages(), run="other")
    content = unpacked(warc_files(tmp_path / "other" / "warc")[0])
    plain = tmp_path / ("saved.warc" if shape == "not packed" else "saved.warc.gz")
    plain.write_bytes(content if shape == "not packed" else gzip.compress(content, mtime=0))
    fresh = tmp_path / "fresh"
    with Archive.open(fresh, write=True, create=True) as archive:
        import_files(archive, [plain], Options(), lambda what, done, total: None, now=NIGHT)
    with Archive.open(fresh, write=True) as archive:
        run = archive.capture(OTHER).capture.run_id
        archive.take_down(ARTICLE, reason=REASON, erase=True)
        assert archive.capture(OTHER).capture.run_id == run
    assert files_with(fresh, [TEXT, DOCUMENT, CHANGED]) == {}
    with Archive.open(fresh) as archive:
        assert b"Dakar" in archive.play(archive.capture(OTHER)).body()[0]
        assert archive.verify(now=NIGHT).faults == ()
    with Archive.open(fresh, write=True) as archive:
        rows = list(archive.dump())
        archive.rebuild()
        assert list(archive.dump()) == rows


def test_nothing_is_erased_in_a_file_that_lies_elsewhere(folder: Path, tmp_path: Path) -> None:
    path = warc_files(folder / "warc")[0]
    elsewhere = tmp_path / path.name
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with Archive.open(folder, write=True) as archive, pytest.raises(ConfigError, match="--reference"):
        archive.take_down(ARTICLE, reason=REASON, erase=True)
    assert elsewhere.read_bytes() == before and not (folder / LOG_NAME).exists()
