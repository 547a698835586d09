"""Pages of unknown markup: which line is the title, which date is the article's, what is text, and what is no article at all."""

# ruff: noqa: E501 (markup reads better on its long lines)

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rabat_crawler.extract.html import Document, parse_document
from rabat_crawler.layouts import generic
from rabat_crawler.models import Reading, Site

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from page_templates import TEMPLATES, Story  # noqa: E402

GENERIC_SITE = Site(name="generic", title="dialogue.example.org", hosts=(), languages=("fr", "en"), starts=())
PARAGRAPHS = (
    "Les services d'état civil de six pays ont comparé leurs registres pendant deux jours, exemples à l'appui.",
    "Ils proposent une fiche commune, que les communes pourront remplir sur papier ou à l'écran.",
    "Un essai commencera au printemps dans trois villes volontaires ; les résultats seront publiés un an plus tard.",
)
BODY = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
TITLE = "Une fiche commune pour l'état civil"
LINKS = "".join(f'<li><a href="/{n}">Entrée {n} du menu</a></li>' for n in range(5))


def doc(
    body: str, *, head: str = "", title: str = f"{TITLE} - Dialogue Sud-Nord", url: str = "https://dialogue.example.org/a/texte", lang: str = "fr"
) -> Document:
    text = f'<html lang="{lang}"><head><title>{title}</title>{head}</head><body>{body}</body></html>'
    return parse_document(text, url=url, site=GENERIC_SITE, captured_at=datetime(2024, 1, 1, tzinfo=UTC))


def read(body: str, **options: str) -> Reading:
    return generic.parse(doc(body, **options))


def dates(reading: Reading) -> list[tuple[str, str, str]]:
    return [(d.role, d.value, d.source) for d in reading.drafts[0].dates]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: t.__name__)
@pytest.mark.parametrize("published", ["2019-04-11", None], ids=["dated", "undated"])
def test_the_article_is_read_from_every_template(template, published) -> None:  # type: ignore[no-untyped-def]
    page = parse_document(
        template(Story(TITLE, BODY, published, "fr")),
        url="https://dialogue.example.org/t",
        site=GENERIC_SITE,
        captured_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    (draft,) = generic.parse(page).drafts
    assert draft.title == TITLE
    assert [line for line in draft.text.split("\n") if line] == list(PARAGRAPHS)
    assert [d.value for d in draft.dates if d.role == "published"] == ([published] if published else [])
    assert draft.complete


JSON_LD = '<script type="application/ld+json">{"@type":"NewsArticle","headline":"T","datePublished":"2019-04-11T23:30:00+02:00"}</script>'
DATED = {
    "json-ld before all": (
        JSON_LD + '<meta property="article:published_time" content="2019-04-12T10:00:00Z">',
        f"<h1>{TITLE}</h1><p>13 avril 2019</p>{BODY}",
        [("published", "2019-04-11", "json-ld")],
    ),
    "meta before print": (
        '<meta property="article:published_time" content="2019-04-12T10:00:00Z">',
        f"<h1>{TITLE}</h1><p>13 avril 2019</p>{BODY}",
        [("published", "2019-04-12", "meta")],
    ),
    "time by the title": ("", f'<h1>{TITLE}</h1><p><time datetime="2019-04-13">hier</time></p>{BODY}', [("published", "2019-04-13", "time")]),
    "printed under the title": ("", f"<h1>{TITLE}</h1><p>Publié le 13 avril 2019</p>{BODY}", [("published", "2019-04-13", "text")]),
    "printed over the title": ("", f"<p>13 avril 2019</p><h1>{TITLE}</h1>{BODY}", [("published", "2019-04-13", "text")]),
    "place before the date": ("", f"<h1>{TITLE}</h1><p>Rabat, le 13 avril 2019</p>{BODY}", [("published", "2019-04-13", "text")]),
    "byline": ("", f"<h1>{TITLE}</h1><p>Soumis par admin le 13/04/2019</p>{BODY}", [("published", "2019-04-13", "text")]),
    "modified is not published": ("", f"<h1>{TITLE}</h1><p>Mis à jour le 13 avril 2019</p>{BODY}", [("modified", "2019-04-13", "text")]),
    "copyright is no date": ("", f"<h1>{TITLE}</h1>{BODY}<p>© 13 avril 2019 Secrétariat</p>", []),
    "a date in the text is none": (
        "",
        f"<h1>{TITLE}</h1>{BODY}<p>La première rencontre avait eu lieu le 3 mars 2018, la seconde le 4 mai 2018 à Dakar.</p>",
        [],
    ),
    "a related item's date is none": (
        "",
        f"<h1>{TITLE}</h1>{BODY}<div class=related><h4><a href=/x>Autre nouvelle</a></h4><p>3 mars 2018</p></div>",
        [],
    ),
    "a range beside a place is the event's": (
        "",
        f"<h1>{TITLE}</h1><p>Date : 3 et 4 mars 2018</p><p>Lieu : Dakar</p>{BODY}",
        [("event", "2018-03-03", "text")],
    ),
    "broken json-ld is passed over": (
        '<script type="application/ld+json">{"@type":</script>',
        f"<h1>{TITLE}</h1><p>13 avril 2019</p>{BODY}",
        [("published", "2019-04-13", "text")],
    ),
}


@pytest.mark.parametrize(("head", "body", "wanted"), DATED.values(), ids=DATED.keys())
def test_dates_follow_the_order_of_their_evidence(head: str, body: str, wanted: list[tuple[str, str, str]]) -> None:
    assert dates(read(f"<ul>{LINKS}</ul><div>{body}</div>", head=head)) == wanted


TITLES = {
    "site name behind": (f"{TITLE} - Dialogue Sud-Nord", f"<h1>{TITLE}</h1>"),
    "site name in front": (f"Dialogue Sud-Nord | {TITLE}", f"<h1>Dialogue Sud-Nord</h1><h2>{TITLE}</h2>"),
    "bold font": (f"{TITLE} - Dialogue Sud-Nord", f"<font size=5><b>{TITLE}</b></font><br>"),
    "title of the site alone": ("Dialogue Sud-Nord", f"<h2>{TITLE}</h2>"),
    "two lines in a heading": (TITLE, "<h1>Une fiche commune<br>pour l'état civil</h1>"),
}


@pytest.mark.parametrize(("title", "heading"), TITLES.values(), ids=TITLES.keys())
def test_the_title_is_the_pages_own(title: str, heading: str) -> None:
    assert (
        read(f"<ul>{LINKS}</ul><div>{heading}{BODY}</div>", title=title, head='<meta property="og:site_name" content="Dialogue Sud-Nord">')
        .drafts[0]
        .title
        == TITLE
    )


LONG = "<p>Écrivez au Secrétariat, qui répond sous cinq jours ouvrés en français, en anglais ou en portugais à toute question sur le dialogue et ses réunions.</p>"
OTHERS = {
    "contact": {"title": "Contact - Dialogue", "body": f"<h1>Contact</h1>{LONG}{LONG}"},
    "contact by address": {"url": "https://dialogue.example.org/fr/contact", "body": f"<h1>Nous écrire</h1>{LONG}{LONG}", "title": "Nous écrire"},
    "search": {"title": "Recherche", "body": f"<h1>Recherche</h1>{LONG}<h3><a href=/a>Un résultat</a></h3>{LONG}"},
    "search by query": {"url": "https://dialogue.example.org/?s=visa", "body": f"<h1>visa</h1>{LONG}", "title": "visa"},
    "login": {"title": "Se connecter | Dialogue", "body": f"<h1>Se connecter</h1>{LONG}<form><input></form>"},
    "error page with status 200": {"title": "Page introuvable", "body": f"<h1>Page introuvable</h1>{LONG}"},
    "links only": {"title": "Liens", "body": f"<h1>Liens</h1><ul>{LINKS}{LINKS}</ul>"},
    "empty": {"title": "", "body": ""},
    "a menu and one sentence": {"title": "Dialogue", "body": f"<ul>{LINKS}</ul><p>Bienvenue sur notre site.</p>"},
}


@pytest.mark.parametrize("page", OTHERS.values(), ids=OTHERS.keys())
def test_a_page_without_an_article_gives_no_item(page: dict[str, str]) -> None:
    reading = read(**page)
    assert (reading.role, reading.drafts) == ("other", ())


ENTRIES = (
    ("n1", "Une visite d'étude à Lisbonne", "3 octobre 2017"),
    ("n2", "Le lexique commun est traduit", "21 septembre 2017"),
    ("n3", "Un guichet ouvre à Sfax", "5 septembre 2017"),
)
SAYING = "Huit agents découvrent un guichet ouvert à tous les étudiants étrangers."
LISTINGS = {
    "cards": "".join(f"<div><h2><a href=/{k}>{t}</a></h2><span>{d}</span><p>{SAYING}</p><a href=/{k}>Lire la suite</a></div>" for k, t, d in ENTRIES),
    "time above the title": "".join(f"<article><p>{d}</p><h2><a href=/{k}>{t}</a></h2><p>{SAYING}</p></article>" for k, t, d in ENTRIES),
    "date and link on one line": "<ul>" + "".join(f"<li>{d} - <a href=/{k}>{t}</a></li>" for k, t, d in ENTRIES) + "</ul>",
    "bold in a table": "<table>"
    + "".join(f"<tr><td><b><a href=/{k}>{t}</a></b></td></tr><tr><td>Publié le {d}</td></tr><tr><td>{SAYING}</td></tr>" for k, t, d in ENTRIES)
    + "</table>",
}


@pytest.mark.parametrize("body", LISTINGS.values(), ids=LISTINGS.keys())
def test_a_listing_gives_its_items_with_address_and_date(body: str) -> None:
    page = doc(f"<ul>{LINKS}</ul><h1>Actualités</h1><div>{body}</div><p>© 2017</p>", title="Actualités - Dialogue Sud-Nord")
    reading = generic.parse(page)
    assert reading.role == "listing"
    found = [(draft.url, draft.title, draft.dates[0].value, draft.complete) for draft in reading.drafts]
    if found:
        assert found == [
            (f"https://dialogue.example.org/{key}", title, day, False)
            for (key, title, _), day in zip(ENTRIES, ("2017-10-03", "2017-09-21", "2017-09-05"), strict=True)
        ]
    assert [link.url for link in reading.links if link.rel == "item"] == [f"https://dialogue.example.org/{key}" for key, _, _ in ENTRIES]


def test_a_block_of_items_gives_the_article_around_it_neither_text_nor_dates() -> None:
    block = "<h3>En action</h3>" + "".join(f"<h4>{t}</h4><p>{d}</p><p>{SAYING}</p>" for _, t, d in ENTRIES)
    (draft,) = read(f"<div><h1>{TITLE}</h1>{BODY}{block}</div>").drafts
    assert draft.dates == ()
    assert [line for line in draft.text.split("\n") if line] == list(PARAGRAPHS)


def test_documents_and_pictures_of_the_text_are_kept() -> None:
    (draft,) = read(
        f'<div><h1>{TITLE}</h1>{BODY}<p><img src="/i.jpg" alt="carte">Voici la fiche, en deux pages : <a href="/fiche.pdf">la fiche</a>.</p></div>'
    ).drafts
    assert [a.url for a in draft.attachments] == ["https://dialogue.example.org/fiche.pdf"]
    assert [i.alt for i in draft.images] == ["carte"]


@pytest.mark.parametrize(
    "body",
    ["<div>" * 3000 + BODY, "<p>" * 3000, "<table><tr><td>" * 500 + BODY, "\x00<b>\ud800", "<h1>" + "mot " * 50_000],
    ids=["deep", "empty", "tables", "junk", "long"],
)
def test_hostile_markup_gives_a_reading(body: str) -> None:
    assert read(body).role in ("detail", "other", "listing")
