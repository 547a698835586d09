"""The block of dated items, in markup nobody has seen: what is found, and the bait that must not be."""

# ruff: noqa: E501 (markup reads better on its long lines)

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rabat_crawler.extract.blocks import find_blocks
from rabat_crawler.extract.decoding import decode_text
from rabat_crawler.extract.html import Document, parse_document
from rabat_crawler.extract.lines import page_lines
from rabat_crawler.layouts import news_block
from rabat_crawler.models import Draft, Site
from rabat_crawler.sites.rabat_process import SITE

FIRST = ("Visite d'étude à Lisbonne", "3 octobre 2017", "Huit agents consulaires découvrent à Lisbonne un guichet ouvert aux étudiants étrangers.")
SECOND = ("Le lexique commun est traduit", "21 septembre 2017", "Deux cents termes sont désormais disponibles dans les trois langues du dialogue.")
THIRD = ("Appel à contributions", "5 septembre 2017", "Les points focaux peuvent proposer un thème jusqu'à la fin du mois.")
ITEMS = (FIRST, SECOND, THIRD)
OWN = "<h1>Le Secrétariat</h1><p>Le Secrétariat prépare les réunions et tient les archives du dialogue depuis dix ans.</p>"


def doc(body: str, *, title: str = "Le Secrétariat", lang: str = "fr", site: Site = SITE) -> Document:
    text = f'<html lang="{lang}"><head><title>{title}</title></head><body>{body}</body></html>'
    return parse_document(text, url="https://www.rabat-process.org/fr/secretariat", site=site, captured_at=datetime(2017, 11, 1, tzinfo=UTC))


def drafts(body: str, **options: str) -> tuple[Draft, ...]:
    page = doc(body, **options)  # type: ignore[arg-type]
    return news_block.parse(page).drafts if news_block.matches(page) else ()


def headings(items: tuple[tuple[str, str, str], ...] = ITEMS) -> str:
    return "".join(f"<h4>{title}</h4><p>{day}</p><p>{intro}</p>" for title, day, intro in items)


def fonts(items: tuple[tuple[str, str, str], ...] = ITEMS) -> str:
    return "<table><tr><td>" + "".join(f"<b>{t}</b><br><font size=1>{d}</font><br>{i}<br><br>" for t, d, i in items) + "</td></tr></table>"


def divs(items: tuple[tuple[str, str, str], ...] = ITEMS) -> str:
    return (
        "<div class=k>"
        + "".join(f"<div class=q><div class=a>{t}</div><div class=b>{d}</div><div class=c>{i}</div></div>" for t, d, i in items)
        + "</div>"
    )


def plain(items: tuple[tuple[str, str, str], ...] = ITEMS) -> str:
    return "<div>" + "".join(f"<p>{t}</p><p>{d}</p><p>{i}</p>" for t, d, i in items) + "</div>"


def cells(items: tuple[tuple[str, str, str], ...] = ITEMS) -> str:
    return "<table>" + "".join(f"<tr><td><strong>{t}</strong></td></tr><tr><td>{d}</td></tr><tr><td>{i}</td></tr>" for t, d, i in items) + "</table>"


MARKUPS = [headings, fonts, divs, plain, cells]
DAYS = ["2017-10-03", "2017-09-21", "2017-09-05"]


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("heading", ["<h3>En action</h3>", "<b>En action</b><br>", "<div class=z>EN ACTION :</div>"], ids=["h3", "bold", "div"])
def test_items_under_the_heading_are_found_in_any_markup(markup, heading) -> None:  # type: ignore[no-untyped-def]
    found = drafts(OWN + heading + markup())
    assert [(d.title, d.text, d.kind, [x.value for x in d.dates], d.complete) for d in found] == [
        (title, intro, "news", [day], False) for (title, _, intro), day in zip(ITEMS, DAYS, strict=True)
    ]
    assert {d.dates[0].role for d in found} == {"published"}


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.__name__)
def test_repeats_without_a_heading_are_found_but_no_kind_is_claimed(markup) -> None:  # type: ignore[no-untyped-def]
    found = drafts(OWN + markup())
    assert [(d.title, d.kind) for d in found] == [(title, None) for title, _, _ in ITEMS]


@pytest.mark.parametrize("markup", MARKUPS, ids=lambda m: m.__name__)
def test_windows_1252_bytes_give_the_same_items(markup) -> None:  # type: ignore[no-untyped-def]
    raw = f"<html lang=fr><title>Le Secrétariat</title><body>{OWN}<h3>En action</h3>{markup()}</body></html>".encode("cp1252")
    text, used, _ = decode_text(raw, "text/html")
    page = parse_document(text, url="https://www.rabat-process.org/fr/x", site=SITE, captured_at=datetime(2017, 11, 1, tzinfo=UTC))
    assert used == "windows-1252"
    assert [d.title for d in news_block.parse(page).drafts] == [title for title, _, _ in ITEMS]


@pytest.mark.parametrize("heading", ["A venir", "À venir", "Next events"])
def test_a_date_in_an_upcoming_box_is_the_events(heading: str) -> None:
    (found,) = drafts(
        f"{OWN}<div><h3>{heading}</h3><p><b>Atelier sur les profils (Accra)</b></p><p>1 décembre 2017</p></div><div><p>Recherche</p></div>"
    )
    assert (found.title, found.kind, found.text) == ("Atelier sur les profils (Accra)", "event", "")
    assert [(d.value, d.role) for d in found.dates] == [("2017-12-01", "event")]


def test_two_boxes_on_one_page_keep_their_items_apart() -> None:
    found = drafts(f"{OWN}<h3>A venir</h3><p><b>Table ronde à Praia</b></p><p>1 décembre 2017</p><h3>En action</h3>{headings()}")
    assert [(d.title, d.kind) for d in found] == [("Table ronde à Praia", "event"), *((title, "news") for title, _, _ in ITEMS)]


@pytest.mark.parametrize(
    ("item", "url"),
    [
        (
            '<h4><a href="/fr/12-visite">Visite à Lisbonne</a></h4><p>3 octobre 2017</p><p>Huit agents partent.</p>',
            "https://www.rabat-process.org/fr/12-visite",
        ),
        (
            '<h4>Visite à Lisbonne</h4><p>3 octobre 2017</p><p>Huit agents partent.</p><p><a href="/fr/12">Lire la suite...</a></p>',
            "https://www.rabat-process.org/fr/12",
        ),
        (
            '<h4>Visite à Lisbonne</h4><p>3 octobre 2017</p><p>Huit agents partent. <a href="/fr/12">Lire la suite</a></p>',
            "https://www.rabat-process.org/fr/12",
        ),
        ("<h4>Visite à Lisbonne</h4><p>3 octobre 2017</p><p>Huit agents partent.</p>", None),
    ],
    ids=["title link", "read-more line", "read-more in the intro", "no address"],
)
def test_the_title_or_the_read_more_link_gives_the_address(item: str, url: str | None) -> None:
    (found,) = drafts(f"{OWN}<h3>En action</h3>{item}")
    assert (found.url, found.text) == (url, "Huit agents partent.")


def test_a_date_before_its_title_belongs_to_the_title_below() -> None:
    items = "".join(f"<p>{day}</p><h4>{title}</h4><p>{intro}</p>" for title, day, intro in ITEMS)
    assert [(d.title, d.dates[0].value) for d in drafts(f"{OWN}<h3>En action</h3>{items}")] == [
        (t, d) for (t, _, _), d in zip(ITEMS, DAYS, strict=True)
    ]


def test_what_follows_the_block_is_not_in_the_last_intro() -> None:
    found = drafts(
        f"{OWN}<div><h3>En action</h3>{headings()}<h3>Recherche</h3><p>Entrez un mot pour chercher dans les archives.</p></div><p>© 2017 Secrétariat</p>"
    )
    assert found[-1].text == THIRD[2]


def test_the_line_where_the_first_block_begins_is_its_heading() -> None:
    page = doc(f"{OWN}<h3>En action</h3>{headings()}")
    start = find_blocks(page)[0].start
    assert start is not None
    assert page_lines(page).lines[start].text == "En action"
    assert find_blocks(doc(OWN)) == ()


def comment(name: str, day: str) -> str:
    return f"<div><b>{name}</b><p>{day}</p><p>Merci pour ces précisions, elles sont utiles à notre association.</p></div>"


BAIT = {
    "own title and date": "<h1>Le Secrétariat</h1><p>3 octobre 2017</p><p>Le Secrétariat prépare les réunions du dialogue.</p>",
    "own title and date under a menu heading": "<h1>En action</h1><h2>Le Secrétariat</h2><p>3 octobre 2017</p><p>Le Secrétariat prépare les réunions.</p>",
    "table of contents": f"{OWN}<h3>En action</h3><ul><li><a href='#a'>Contexte</a></li><li><a href='#b'>Méthode</a></li></ul>",
    "menu entry of that name": f"<ul><li><a href='/fr/en-action'>En action</a></li><li><a href='/fr/contact'>Contact</a></li></ul>{OWN}<p>3 octobre 2017</p>",
    "calendar": f"{OWN}<table class='calendar'><tr><td>Lundi prochain matin</td></tr><tr><td>2 octobre 2017</td></tr><tr><td>Mardi prochain matin</td></tr>"
    "<tr><td>3 octobre 2017</td></tr></table>",
    "comments with a clock": OWN + comment("Awa Kane", "3 octobre 2017 à 10:20") + comment("Jean Mensah", "4 octobre 2017 à 08:05"),
    "comments under a heading": OWN
    + "<h3>2 commentaires</h3>"
    + comment("L'association des élus locaux", "3 octobre 2017")
    + comment("Le collectif des villes", "4 octobre 2017"),
    "signed comments": OWN + comment("Awa Kane", "3 octobre 2017") + comment("Jean Mensah", "4 octobre 2017"),
    "list of documents": OWN + "".join(f"<p><a href='/d{n}.pdf'>Rapport de la réunion n° {n}</a></p><p>{n} octobre 2017</p>" for n in (1, 2, 3)),
    "titles and dates without text": OWN + "".join(f"<p>Réunion du groupe n° {n} à Rabat</p><p>{n} octobre 2017</p>" for n in (1, 2, 3)),
    "breadcrumb": f"<p>Accueil > En action</p>{OWN}",
    "copyright year": f"{OWN}<h3>En action</h3><p>© Secrétariat du dialogue</p><p>2017</p>",
    "labelled facts of an article": OWN + "<dl><dt>Détails</dt><dd>Catégorie : Actualités</dd><dd>Publication : 3 octobre 2017</dd></dl>" * 2,
    "items without a date line": f"{OWN}<h3>En action</h3>"
    + "".join(f"<h4><a href='/n{n}'>{t}</a></h4><p>{i}</p>" for n, (t, _, i) in enumerate(ITEMS)),
}


@pytest.mark.parametrize("body", BAIT.values(), ids=BAIT.keys())
def test_bait_gives_no_item(body: str) -> None:
    assert drafts(body) == ()


def test_hostile_depth_and_length_are_survived() -> None:
    assert drafts("<div>" * 5000 + "<h3>En action</h3>" + headings()) != ()
    assert drafts("<p>1 mai 2017</p>" * 5000) == ()
