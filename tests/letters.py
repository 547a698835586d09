"""An archive of a small site in two languages, crawled night by night under a simulated clock while its editors write, change and remove."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.errors import RabatError
from rabat_crawler.models import Run
from rabat_crawler.runner import crawl
from tests.crawling import FAST, Reply, Web, web

FIRST = datetime(2019, 3, 4, 2, 30, tzinfo=UTC)
FILLER = {
    "fr": "Les points focaux ont échangé leurs expériences, puis ont préparé ensemble la feuille de route du dialogue pour les mois à venir. ",
    "en": "The focal points shared what they had learnt, and then prepared the road map of the dialogue for the months ahead together. ",
}


def story(title: str, lead: str, *, language: str = "fr", date: str = "2019-03-01", twin: str = "", section: str = "") -> Reply:
    """An article in the markup of Joomla 3; `twin` is the path of its translation."""
    other = "en-gb" if language == "fr" else "fr-fr"
    head = f"<link rel='alternate' hreflang='{other}' href='{twin}'>" if twin else ""
    own = "fr-fr" if language == "fr" else "en-gb"
    return Reply(
        f"<!DOCTYPE html><html lang='{own}'><head><title>{title}</title>{head}</head><body class='site com_content view-article itemid-101'>"
        f"<main id='content'><div class='item-page' itemscope itemtype='https://schema.org/Article'><div class='page-header'>"
        f"<h2 itemprop='headline'>{title}</h2></div><dl class='article-info muted'><dd class='published'>"
        f"<time datetime='{date}T10:00:00+00:00' itemprop='datePublished'>{date}</time></dd></dl>"
        f"<div itemprop='articleBody'><p>{lead}</p><p>{FILLER[language] * 2}</p></div></div></main></body></html>"
    )


OLD = {
    "/fr/actualites/11-bourses": story("Bourses pour jeunes chercheurs", "Douze bourses seront offertes à de jeunes chercheurs.", date="2018-11-05"),
    "/en/news/12-grants": story(
        "Grants for young researchers", "Twelve grants will be offered to young researchers.", language="en", date="2018-11-05"
    ),
    "/fr/actualites/13-carte": story("Une carte des guichets", "La carte montre quarante guichets dans onze pays.", date="2018-09-17"),
    "/en/news/14-radio": story(
        "Radio plays on the air", "Six radio plays about leaving and coming home are on the air.", language="en", date="2018-06-20"
    ),
    "/fr/actualites/15-ruches": story("Des ruches à Kayes", "Une coopérative de Kayes élève des abeilles.", date="2018-05-02"),
    "/en/news/16-boats": story("Wooden boats again", "A shipyard builds wooden boats again.", language="en", date="2018-04-11"),
    "/fr/actualites/17-cours": story("Cours du soir", "Des cours du soir ont ouvert dans trois villes.", date="2018-03-08"),
}


@dataclass
class Letters:
    """The site and the archive of it."""

    site: Web
    folder: Path
    nights: int = 0

    def night(self, **options: object) -> Run:
        """Crawl one night later than the last time, everything anew; the run as it was stored, however it ended."""
        clock = [FIRST + timedelta(days=self.nights)]

        def now() -> datetime:
            clock[0] += timedelta(milliseconds=10)
            return clock[0]

        self.nights += 1
        self.site.pages["/"] = Reply(
            "<html><body>" + "".join(f'<a href="{path}">{path}</a> ' for path in self.site.pages if path != "/") + "</body></html>"
        )
        definition = registry.generic_site(self.site.origin + "/")
        with Archive.open(self.folder, write=True, create=True) as archive:
            with contextlib.suppress(RabatError):
                crawl(archive, definition, delay=0.0, settings=FAST, now=now, everything=True, **options)  # type: ignore[arg-type]
            return archive.runs()[0]

    def write(self, path: str, page: Reply) -> None:
        """Put a page on the site, or another in its place."""
        self.site.pages[path] = page


@contextlib.contextmanager
def letters(folder: Path) -> Iterator[Letters]:
    """The site with the pages of OLD, before its first night."""
    with web(OLD) as site:
        yield Letters(site=site, folder=folder)


def eventful(folder: Path) -> Path:
    """An archive after four nights in which everything happened that a newsletter tells of."""
    with letters(folder) as told:
        told.night()
        told.write(
            "/fr/a-venir/21-dakar",
            story(
                "Dakar accueillera un atelier : les apprentis",
                "Un atelier sur les apprentis se tiendra à Dakar les 19 et 20 mars 2019.",
                twin="/en/next-events/22-dakar",
            ),
        )
        told.write(
            "/en/next-events/22-dakar",
            story(
                "Dakar to host a workshop on apprentices",
                "A workshop on apprentices will be held in Dakar on 19 and 20 March 2019.",
                language="en",
                twin="/fr/a-venir/21-dakar",
            ),
        )
        told.write(
            "/en/news/23-lisbon",
            story("Letters from Lisbon", "Nine nurses wrote home from Lisbon; their letters are now a book.", language="en", date="2019-03-04"),
        )
        told.night()
        told.write(
            "/en/news/12-grants",
            story(
                "Fifteen grants for young researchers",
                "Fifteen grants will be offered to young researchers from nine countries.",
                language="en",
                date="2018-11-05",
            ),
        )
        del told.site.pages["/fr/actualites/17-cours"]
        told.night()
        told.write(
            "/fr/a-venir/21-dakar",
            story(
                "Dakar accueillera un atelier : les apprentis",
                "Un atelier sur les apprentis se tiendra à Dakar les 26 et 27 mars 2019.",
                twin="/en/next-events/22-dakar",
            ),
        )
        told.night()
    return folder
