"""Projects: which labels are theirs, what their periods say, which tables are none, and that an edited row stays the same item."""

from __future__ import annotations

import itertools
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters
from rabat_crawler.demo.content import projects as truth
from rabat_crawler.extract import parse_page
from rabat_crawler.extract.projects import field_of, parse_period
from rabat_crawler.models import Capture, Draft, Project, Record
from rabat_crawler.urls import url_key
from tests.building import BASE, RABAT, Shot, items_of, night, rabat, recorded, rows_of, sample_archive

LABELS = [
    ("Projet", "project"), ("Projets", "project"), ("Project", "project"), ("PROJECT TITLE", "project"), ("Nom du projet", "project"),
    ("Intitulé de l’initiative", "project"), ("Name of the project", "project"), ("Initiatives", "project"), ("Projects and initiatives", "project"),
    ("Pays", "countries"), ("Pays bénéficiaires", "countries"), ("Pays partenaires", "countries"), ("Countries", "countries"), ("Country", "countries"),
    ("Target countries", "countries"), ("Zone géographique", "countries"), ("Geographical scope", "countries"),
    ("Période", "period"), ("Durée", "period"), ("Durée (mois)", "period"), ("Duration", "period"), ("Implementation period", "period"), ("Period", "period"),
    ("Date de début", "start"), ("Start date", "start"), ("Fin", "end"), ("End date", "end"),
    ("Partenaires", "partners"), ("Partenaires de mise en œuvre", "partners"), ("Mis en œuvre par", "partners"), ("Implementing partners", "partners"),
    ("Implemented by", "partners"), ("Chef de file", "partners"), ("Partner", "partners"),
    ("Financement", "funding"), ("Budget (EUR)", "funding"), ("Bailleur de fonds", "funding"), ("Financé par", "funding"), ("Funded by", "funding"),
    ("Donor", "funding"), ("Donors", "funding"), ("Funding source", "funding"), ("Montant", "funding"), ("EU contribution", "funding"),
    ("Objectifs", "further"), ("Description", "further"), ("Nom", "title"), ("Programme", "title"),
    ("Heure", None), ("Speaker", None), ("Atelier", None), ("Organisation", None), ("Projets de loi sur les pays", None), ("", None), ("Pays " * 40, None),
]  # fmt: skip


@pytest.mark.parametrize(("label", "name"), LABELS, ids=[label[:30] or "empty" for label, _ in LABELS])
def test_labels_in_both_languages(label: str, name: str | None) -> None:
    assert field_of(label)[0] == name


PERIODS = [
    ("2016 – 2019", "fr", "2016", "2019"),
    ("2016-2019", "en", "2016", "2019"),
    ("de 2015 à 2018", "fr", "2015", "2018"),
    ("2015 to 2018", "en", "2015", "2018"),
    ("2017", "fr", "2017", None),
    ("mars 2018", "fr", "2018-03", None),
    ("janvier 2016 – décembre 2018", "fr", "2016-01", "2018-12"),
    ("January 2016 to March 2018", "en", "2016-01", "2018-03"),
    ("March – October 2017", "en", "2017-03", "2017-10"),
    ("1 March 2016 - 31 December 2018", "en", "2016-03-01", "2018-12-31"),
    ("01/2016 - 12/2018", "fr", "2016-01", "2018-12"),
    ("36 mois (janvier 2016 – décembre 2018)", "fr", "2016-01", "2018-12"),
    ("36 months, 2016-2018", "en", "2016", "2018"),
    ("depuis 2015", "fr", "2015", None),
    ("since 2015", "en", "2015", None),
    ("2014-present", "en", "2014", None),
    ("2014 – en cours", "fr", "2014", None),
    ("36 mois", "fr", None, None),
    ("18 months", "en", None, None),
    ("en cours", "fr", None, None),
    ("2019-2016", "en", None, None),
    ("1 200 000", "fr", None, None),
    ("", "fr", None, None),
]


@pytest.mark.parametrize(("text", "language", "start", "end"), PERIODS, ids=[case[0] or "empty" for case in PERIODS])
def test_periods(text: str, language: str, start: str | None, end: str | None) -> None:
    assert parse_period(text, language) == (start, end)


def drafts_of(markup: str, *, path: str = "/en/about/page", title: str = "A page of the dialogue") -> list[Draft]:
    """The project drafts of a page with this content."""
    url = BASE + path
    html = f"<html lang='en'><head><title>{title}</title></head><body><h1>{title}</h1>{markup}</body></html>"
    at = datetime(2018, 3, 1, tzinfo=UTC)
    capture = Capture(
        record_id="r", url=url, url_key=url_key(url), captured_at=at, status=200, media_type="text/html", digest="sha256:0", site="rabat-process"
    )
    page = parse_page(Record(capture=capture, response_headers=(("Content-Type", "text/html; charset=utf-8"),), body=html.encode()), RABAT)
    return [draft for draft in page.drafts if draft.project is not None]


def table(*rows: str) -> str:
    return "<table>" + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row.split("|")) + "</tr>" for row in rows) + "</table>"


COLUMNS = {"Project": "River Radio", "Countries": "Mali", "Period": "2015-2016", "Partners": "Radio Club", "Funding": "Malta"}


@pytest.mark.parametrize("order", list(itertools.permutations(COLUMNS))[::11], ids="-".join)
@pytest.mark.parametrize("across", [False, True], ids=["header row", "first column"])
def test_columns_in_any_order_in_a_header_row_or_a_first_column(order: tuple[str, ...], across: bool) -> None:
    lines = [f"{name}|{COLUMNS[name]}|{'Second Start' if name == 'Project' else 'x'}" for name in order]
    rows = lines if across else ["|".join(column) for column in zip(*(line.split("|") for line in lines), strict=True)]
    first, second = drafts_of(table(*rows))
    assert (first.title, second.title) == ("River Radio", "Second Start")
    assert first.project == Project(countries="Mali", period="2015-2016", start="2015", end="2016", partners="Radio Club", funding="Malta")
    assert first.complete and first.url is None and first.kind == "project" and first.language == "en"


NONE = {
    "agenda": table("Time|Programme|Speaker|Country|Duration", "09.00|Opening|The chair|Ghana|20 minutes"),
    "agenda with projects": table("Time|Session|Countries|Duration", "09.00|Projects|Ghana|20 minutes"),
    "participants": table("Name|Country|Organisation", "A. Mensah|Ghana|Ministry"),
    "participants with partners": table("Name|Partner|Telephone", "A. Mensah|Ghana|12"),
    "budget lines": table("Action|Budget|Period", "Translation|12 000|2016-2017"),
    "budget by year": table("Programme|Budget 2016|Budget 2017", "Training|1|2"),
    "meetings": table("Meeting|Country|Date", "Workshop|Togo|June 2017"),
    "chairs": table("Country|Period", "Mali|2018"),
    "countries only": table("Partner countries|Period", "Mali|2018"),
    "page layout": f"<table><tr><td>Project</td><td>{table('Country|Period', 'Mali|2018')}</td></tr></table>",
    "meeting note": "<p>Date: 4 May 2016</p><p>Place: Accra</p><p>Partners: Ghana and Spain</p>",
    "address": "<h2>Contact</h2><p>Country: Austria<br>Telephone: 1</p>",
    "glossary": "<h2>Words</h2><dl><dt>Diaspora</dt><dd>People abroad</dd><dt>Country</dt><dd>A state</dd></dl>",
    "two labels under a heading": "<h2>Next meeting</h2><p>Countries: Mali</p><p>Partners: all</p>",
    "prose": "<p>The project covers these countries: Mali and Niger. Its partners: a school. Funding: none yet.</p>",
    "header alone": table("Project|Countries|Funding"),
    "empty rows": table("Project|Countries|Funding", "||", "Total||12", "1|Mali|2"),
}


@pytest.mark.parametrize("markup", NONE.values(), ids=list(NONE))
def test_tables_of_anything_else_are_no_projects(markup: str) -> None:
    assert drafts_of(markup) == []


def test_rows_of_one_title_are_one_project() -> None:
    (draft,) = drafts_of(table("Project|Countries|Funding", "River Radio|Mali|Malta", "River  radio|Niger|Malta"))
    assert draft.project is not None and draft.project.countries == "Mali; Niger"


def test_a_linked_title_is_the_item_of_that_page() -> None:
    markup = table(
        "Project|Countries|Funding",
        '<a href="/en/projects/31-river-radio">River Radio</a>|Mali|Malta',
        '<a href="https://x.example/">Abroad</a>|Togo|Spain',
    )
    first, second = drafts_of(markup)
    assert (first.url, first.complete) == (f"{BASE}/en/projects/31-river-radio", False)
    assert (second.url, second.complete) == (None, True)


HOSTILE = {
    "wide": "<table>" + "<tr>" + "<td colspan='9999'>Project</td>" * 3000 + "</tr></table>",
    "tall": "<table><tr><td rowspan='999999'>Project</td><td rowspan='-1'>Countries</td><td>Funding</td></tr>"
    + "<tr><td>x</td></tr>" * 5000
    + "</table>",
    "nested": "<table><tr><td>Project" * 3000,
    "labels": "<h2>River Radio</h2>" + "<p>Countries: Mali</p>" * 5000 + "<p>Period: 2015</p><p>Funding: Malta</p>",
    "colons": "<p>" + "Countries: " * 20_000 + "</p>",
    "headings": "<h2>Countries: x</h2>" * 5000 + "<p>Period: 2015</p><p>Funding: x</p>",
    "long cell": table("Project|Countries|Funding", "River Radio|" + "Mali, " * 50_000 + "|Malta"),
}


@pytest.mark.parametrize("markup", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_tables_are_read_in_time(markup: str) -> None:
    started = time.process_time()
    drafts = drafts_of(markup)
    assert time.process_time() - started < 4
    assert all(len(draft.text) < 20_000 for draft in drafts)


@given(st.text(max_size=120), st.sampled_from(["fr", "en", None]))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_label_or_none_and_a_period_or_none(text: str, language: str | None) -> None:
    assert field_of(text)[0] is None or len(text) <= 60
    start, end = parse_period(text, language)
    assert start is not None or end is None


# In the archive ------------------------------------------------------------------------------------------------------------

LIST = f"{BASE}/en/support-projects"
RADIO = Draft(
    title="River Radio",
    text="Countries: Mali",
    kind="project",
    language="en",
    complete=True,
    layout="project_list",
    project=Project(countries="Mali"),
)
EDITED = Draft(
    title="River radio", text="Countries: Mali, Niger", kind="project", language="en", complete=True, layout="project_list",
    project=Project(countries="Mali, Niger", start="2015", period="since 2015"),
)  # fmt: skip
OWN = Draft(
    title="River Radio",
    text="A radio for fishermen.",
    kind="project",
    language="en",
    complete=True,
    layout="generic",
    url=f"{BASE}/en/projects/31-river-radio",
)


def test_an_edited_row_is_a_new_version_of_the_same_item() -> None:
    (item,) = items_of([Shot(name="1", url=LIST, days=0, drafts=(RADIO,)), Shot(name="2", url=LIST, days=9, drafts=(EDITED,))])
    assert item.kind == "project" and item.title == "River radio" and item.canonical_url == LIST
    assert item.project == Project(countries="Mali, Niger", start="2015", period="since 2015")
    (before,) = items_of([Shot(name="1", url=LIST, days=0, drafts=(RADIO,))])
    assert before.item_id == item.item_id and before.current_version != item.current_version


def test_the_same_title_in_two_languages_is_two_items() -> None:
    french = Draft(title="River Radio", text="Pays : Mali", kind="project", language="fr", complete=True, project=Project(countries="Mali"))
    assert len(items_of([Shot(name="1", url=LIST, days=0, drafts=(RADIO,)), Shot(name="2", url=f"{BASE}/fr/projets", days=0, drafts=(french,))])) == 2


def test_a_row_and_the_page_of_its_project_that_prints_its_fields_are_one_item() -> None:
    page = Draft(
        title=OWN.title, text=OWN.text, kind="project", language="en", complete=True, url=OWN.url, project=Project(countries="Mali", funding="Malta")
    )
    shots = [Shot(name="1", url=LIST, days=9, drafts=(RADIO,)), Shot(name="2", url=str(OWN.url), days=0, drafts=(page,))]
    (item,) = items_of(shots)
    assert item.text == OWN.text and item.canonical_url == OWN.url and item.project is not None and item.project.funding == "Malta"
    assert len({tuple(rows_of(order)) for order in itertools.permutations(shots)}) == 1


def test_a_project_is_gone_when_its_row_is_gone() -> None:
    gone = [Shot(name=str(n), url=LIST, days=n, drafts=(EDITED,) if n < 2 else (), role="detail") for n in range(5)]
    assert [[item.gone for item in items_of(gone[:count])] for count in (2, 3, 5)] == [[False], [False], [True]]


def test_rows_do_not_depend_on_the_order_of_captures() -> None:
    shots = [
        Shot(name="1", url=LIST, days=0, drafts=(RADIO,)),
        Shot(name="2", url=LIST, days=9, drafts=(EDITED,)),
        Shot(name="3", url=str(OWN.url), days=3, drafts=(OWN,)),
    ]
    assert len({tuple(rows_of(order)) for order in itertools.permutations(shots)}) == 1


def test_a_recorded_table_that_is_edited_and_rebuilt(tmp_path: Path) -> None:
    body = "<html lang='en'><head><title>Projects</title></head><body><h1>Projects</h1><p>{}</p>{}</body></html>"
    prose = "What the partners of the dialogue do in the field between two meetings, as they told the Secretariat. " * 3
    old = body.format(prose, table("Project|Countries|Funding", "River Radio|Mali|Malta", "Second Start|Togo|Spain"))
    new = body.format(prose, table("Project|Period|Countries|Funding", "River Radio|2015|Mali, Niger|Malta"))
    recorded(tmp_path, [(LIST, old)])
    recorded(tmp_path, [(LIST, new)], run_id="later", at=night(3))
    with Archive.open(tmp_path, write=True) as archive:
        found = {item.title: item for item in archive.items(Filters(kind="project"))}
        assert set(found) == {"River Radio", "Second Start"}
        assert found["River Radio"].project == Project(countries="Mali, Niger", period="2015", start="2015", funding="Malta")
        assert len(archive.versions(found["River Radio"].item_id)) == 2
        assert archive.verify().faults == ()
        rows = list(archive.dump())
        archive.rebuild()
        assert list(archive.dump()) == rows


def test_the_sample_site_s_projects_are_listed_searched_and_shown() -> None:
    archive = sample_archive(1)
    wanted = sorted(truth(1))
    listed = [json.loads(line) for line in rabat("items", "--kind", "project", "--json", "--archive", archive).stdout.splitlines()]
    assert sorted((one["language"], one["title"], one["project"]["countries"]) for one in listed) == wanted and len(wanted) == 10
    assert all(one["project"]["start"] and one["project"]["funding"] and one["published"] is None for one in listed)
    assert "Traders Come Home" in rabat("search", "Douala", "--kind", "project", "--archive", archive).stdout
    customs = next(one for one in listed if one["title"] == "Neighbouring Customs")
    assert "project: countries Benin, Togo; period 2012 - 2015" in rabat("show", customs["item_id"], "--archive", archive).stdout


def test_every_site_with_projects_knows_their_section() -> None:
    assert all(any(kind == "project" for _, kind in site.sections) for site in registry.sites().values())
