"""An archive of a small site in two languages, night by night: its pages through the real WARC writer and funnel, its runs with the changes they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.changes import compare
from rabat_crawler.models import Run
from tests.building import BASE, RABAT

FIRST = datetime(2019, 3, 4, 2, 30, tzinfo=UTC)
FILLER = {
    "fr": "Les points focaux ont échangé leurs expériences, puis ont préparé ensemble la feuille de route du dialogue pour les mois à venir. ",
    "en": "The focal points shared what they had learnt, and then prepared the road map of the dialogue for the months ahead together. ",
}
GONE = ""
"""Stands for a page that is gone."""
Pages = Mapping[str, str]


def story(title: str, lead: str, *, language: str = "fr", date: str = "2019-03-01", twin: str = "") -> str:
    """An article in the markup of Joomla 3; `twin` is the path of its translation."""
    own, other = ("fr-fr", "en-gb") if language == "fr" else ("en-gb", "fr-fr")
    head = f"<link rel='alternate' hreflang='{other}' href='{BASE}{twin}'>" if twin else ""
    return (
        f"<!DOCTYPE html><html lang='{own}'><head><title>{title}</title>{head}</head><body class='site com_content view-article itemid-101'>"
        f"<main id='content'><div class='item-page' itemscope itemtype='https://schema.org/Article'><div class='page-header'>"
        f"<h2 itemprop='headline'>{title}</h2></div><dl class='article-info muted'><dd class='published'>"
        f"<time datetime='{date}T10:00:00+00:00' itemprop='datePublished'>{date}</time></dd></dl>"
        f"<div itemprop='articleBody'><p>{lead}</p><p>{FILLER[language] * 2}</p></div></div></main></body></html>"
    )


OLD: Pages = {
    "/fr/actualites/11-bourses": story("Bourses pour jeunes chercheurs", "Douze bourses seront offertes à de jeunes chercheurs.", date="2018-11-05"),
    "/en/news/12-grants": story("Grants for young researchers", "Twelve grants will be offered to young people.", language="en", date="2018-11-05"),
    "/fr/actualites/17-cours": story("Cours du soir", "Des cours du soir ont ouvert dans trois villes.", date="2018-03-08"),
    "/en/news/16-boats": story("Wooden boats again", "A shipyard builds wooden boats again.", language="en", date="2018-04-11"),
}
DAKAR, DAKAR_EN = "/fr/a-venir/21-dakar", "/en/next-events/22-dakar"
SECOND: Pages = {
    DAKAR: story(
        "Dakar accueillera un atelier : les apprentis", "Un atelier sur les apprentis se tiendra à Dakar les 19 et 20 mars 2019.", twin=DAKAR_EN
    ),
    DAKAR_EN: story(
        "Dakar to host a workshop on apprentices",
        "A workshop on apprentices will be held in Dakar on 19 and 20 March 2019.",
        language="en",
        twin=DAKAR,
    ),
    "/en/news/23-lisbon": story("Letters from Lisbon", "Nine nurses wrote home from Lisbon; now it is a book.", language="en", date="2019-03-04"),
}
THIRD: Pages = {
    "/en/news/12-grants": story(
        "Fifteen grants for young researchers", "Fifteen grants will be offered to young people.", language="en", date="2018-11-05"
    ),
    "/fr/actualites/17-cours": GONE,
}


@dataclass
class Letters:
    """The archive in `folder`, and how many nights there were."""

    folder: Path
    nights: int = 0

    @property
    def moment(self) -> datetime:
        """When the next night begins."""
        return FIRST + timedelta(days=self.nights)

    def night(self, pages: Pages, status: str = "done", **counts: Any) -> Run:
        """Capture these pages one night later than the last time, as a run that ended so."""
        began, run_id = self.moment, f"{self.moment:%Y%m%dT%H%M%SZ}-rabat-process"
        self.nights += 1
        run = Run(run_id=run_id, spider="dialogue", site="rabat-process", started_at=f"{began:%Y-%m-%dT%H:%M:%SZ}")
        with Archive.open(self.folder, write=True, create=True) as archive:
            before = archive.snapshots("rabat-process")
            archive.begin_run(run)
            with WarcWriter(archive.warc_dir, run_id=run_id, site=registry.reference(RABAT), fields={}) as writer:
                for number, (path, html) in enumerate(pages.items()):
                    record = writer.write(
                        url=BASE + path,
                        captured_at=began + timedelta(seconds=number),
                        status=200 if html else 404,
                        response_headers=(("Content-Type", "text/html; charset=utf-8"),),
                        body=html.encode(),
                    )
                    archive.add_capture(record, RABAT)
            changes = compare(before, archive.snapshots("rabat-process"))
            counted = {"changes": [one.as_json() for one in changes], "change_counts": dict(Counter(one.change for one in changes)), **counts}
            ended = Run(
                run_id=run_id,
                spider=run.spider,
                site=run.site,
                started_at=run.started_at,
                finished_at=f"{began + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
                status=status,
                counts=counted,
            )
            archive.end_run(ended)
            if counted.get("held"):
                archive.hold_back([ended])
        return ended

    def breached(self, pages: Pages) -> Run:
        """A night whose changes are held back."""
        return self.night(pages, "breached", held=True, breach=[{"code": "pages_changed", "message": "2 of 4 known articles changed at once"}])

    def accept(self, run: Run) -> None:
        """Let in what a night held back."""
        with Archive.open(self.folder, write=True) as archive:
            archive.accept(run.run_id)


def eventful(folder: Path) -> Letters:
    """An archive after three nights in which there is something to tell of every sort."""
    told = Letters(folder=folder)
    for pages in (OLD, SECOND, THIRD):
        told.night(pages)
    return told
