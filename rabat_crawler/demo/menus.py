"""The sample site's menus in its three epochs: the same pages in both languages, under other paths each time. Constants only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rabat_crawler.demo.labels import LANGUAGES

View = Literal["featured", "blog", "table", "archive", "single", "contact", "search", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One menu item in one language. `categories`: what a listing shows; `shows_date` off hides dates on it and on articles read below it.

    `below`: key of the menu item whose path the articles of this category have; "" for its own.
    """

    language: str
    key: str
    path: str
    title: str
    view: View
    number: int
    categories: tuple[str, ...] = ()
    parent: str = ""
    alias: bool = False
    shows_date: bool = True
    below: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the menu table: the same page in both languages."""

    key: str
    view: View
    fr: tuple[str, str]
    en: tuple[str, str]
    categories: tuple[str, ...] = ()
    parent: str = ""
    alias: bool = False
    shows_date: bool = True
    below: str = ""


class Menus:
    """The menu items of one epoch, in their order, by (language, key) and by path."""

    def __init__(self, rows: Sequence[Row], first_numbers: Mapping[str, int]) -> None:
        self.rows: Mapping[str, tuple[Menu, ...]] = {
            language: tuple(_menu(row, language, first_numbers[language] + index) for index, row in enumerate(rows)) for language in LANGUAGES
        }
        self.by_key = {(menu.language, menu.key): menu for menus in self.rows.values() for menu in menus}
        self.by_path = {menu.path.rstrip("/"): menu for menus in self.rows.values() for menu in menus}

    def over(self, language: str, category: str) -> Menu:
        """The menu item below which the articles of a category have their preferred addresses."""
        menu = self.by_key[language, category]
        return self.by_key[language, menu.below] if menu.below else menu


def _menu(row: Row, language: str, number: int) -> Menu:
    path, title = row.fr if language == "fr" else row.en
    return Menu(
        language=language,
        key=row.key,
        path=path,
        title=title,
        view=row.view,
        number=number,
        categories=row.categories,
        parent=row.parent,
        alias=row.alias,
        shows_date=row.shows_date,
        below=row.below,
    )


_SPREAD = ("news", "meetings", "upcoming")
_HOME = Row(key="home", view="featured", fr=("/fr/", "Accueil"), en=("/en/", "Home"), categories=_SPREAD)
_SEARCH = Row(key="search", view="search", fr=("/fr/recherche", "Recherche"), en=("/en/search", "Search"))

OLD_MENUS = Menus(
    (
        _HOME,
        Row(
            key="about",
            view="blog",
            fr=("/fr/a-propos-processus-de-rabat", "A propos du Processus de Rabat"),
            en=("/en/about-the-process", "About the process"),
            categories=("about",),
            shows_date=False,
        ),
        Row(
            key="projects",
            view="blog",
            fr=("/fr/a-propos-processus-de-rabat/projets", "Projets"),
            en=("/en/about-the-process/projects", "Projects"),
            categories=("projects",),
            parent="about",
            shows_date=False,
        ),
        Row(
            key="action", view="blog", fr=("/fr/vie-du-dialogue", "Vie du dialogue"), en=("/en/life-of-the-dialogue", "In action"), categories=_SPREAD
        ),
        Row(key="news", view="blog", fr=("/fr/actualites-du-dialogue", "Actualités"), en=("/en/latest-news", "Latest news"), categories=("news",)),
        Row(
            key="meetings",
            view="blog",
            fr=("/fr/vie-du-dialogue/reunions", "Réunions"),
            en=("/en/life-of-the-dialogue/meetings", "Meetings"),
            categories=("meetings",),
            parent="action",
        ),
        Row(
            key="upcoming",
            view="blog",
            fr=("/fr/vie-du-dialogue/a-venir", "A venir"),
            en=("/en/life-of-the-dialogue/next-events", "Next events"),
            categories=("upcoming",),
            parent="action",
        ),
        Row(
            key="publications",
            view="table",
            fr=("/fr/documentation/publications", "Publications"),
            en=("/en/documentation/publications", "Publications"),
            categories=("publications",),
        ),
        Row(
            key="chair",
            view="single",
            fr=("/fr/a-propos-processus-de-rabat/presidence", "Présidence"),
            en=("/en/about-the-process/chairmanship", "Chairmanship"),
            parent="about",
        ),
        Row(key="archives", view="archive", fr=("/fr/documentation/archives", "Archives"), en=("/en/documentation/archives", "Archives")),
        Row(key="contact", view="contact", fr=("/fr/nous-ecrire", "Nous écrire"), en=("/en/write-to-us", "Write to us")),
        _SEARCH,
        Row(
            key="all",
            view="blog",
            fr=("/fr/fil-d-actualite", "Fil d'actualité"),
            en=("/en/news-thread", "News thread"),
            categories=("news",),
            alias=True,
            shows_date=False,
        ),
    ),
    {"fr": 506, "en": 532},
)

MENUS = Menus(
    (
        _HOME,
        Row(key="about", view="blog", fr=("/fr/a-propos", "A propos"), en=("/en/about", "About"), categories=("about",), shows_date=False),
        Row(key="projects", view="blog", fr=("/fr/projets", "Projets"), en=("/en/projects", "Projects"), categories=("projects",), shows_date=False),
        Row(key="action", view="blog", fr=("/fr/en-action", "En action"), en=("/en/in-action", "In action"), categories=_SPREAD),
        Row(
            key="news",
            view="blog",
            fr=("/fr/en-action/actualites", "Actualités"),
            en=("/en/in-action/news", "News"),
            categories=("news",),
            parent="action",
        ),
        Row(
            key="meetings",
            view="blog",
            fr=("/fr/en-action/reunions-thematiques", "Réunions thématiques"),
            en=("/en/in-action/thematic-meetings", "Thematic meetings"),
            categories=("meetings",),
            parent="action",
        ),
        Row(key="upcoming", view="blog", fr=("/fr/a-venir", "A venir"), en=("/en/next-events", "Next events"), categories=("upcoming",)),
        Row(
            key="publications",
            view="table",
            fr=("/fr/publications", "Publications"),
            en=("/en/publications", "Publications"),
            categories=("publications",),
        ),
        Row(key="chair", view="single", fr=("/fr/presidence", "Présidence"), en=("/en/chairmanship", "Chairmanship")),
        Row(key="archives", view="archive", fr=("/fr/archives", "Archives"), en=("/en/archives", "Archives")),
        Row(key="contact", view="contact", fr=("/fr/contact", "Contact"), en=("/en/contact", "Contact")),
        _SEARCH,
        Row(
            key="all",
            view="blog",
            fr=("/fr/toute-l-actualite", "Toute l'actualité"),
            en=("/en/all-news", "All news"),
            categories=("news",),
            alias=True,
            shows_date=False,
        ),
    ),
    {"fr": 106, "en": 132},
)

NEW_MENUS = Menus(
    (
        _HOME,
        Row(
            key="about",
            view="blog",
            fr=("/fr/processus/a-propos", "A propos"),
            en=("/en/process/about", "About"),
            categories=("about",),
            shows_date=False,
        ),
        Row(
            key="projects",
            view="blog",
            fr=("/fr/processus/projets", "Projets"),
            en=("/en/process/projects", "Projects"),
            categories=("projects",),
            shows_date=False,
        ),
        Row(key="action", view="blog", fr=("/fr/activites", "Activités"), en=("/en/activities", "Activities"), categories=_SPREAD),
        Row(
            key="news",
            view="blog",
            fr=("/fr/activites/actualites", "Actualités"),
            en=("/en/activities/news", "News"),
            categories=("news",),
            parent="action",
            below="action",
        ),
        Row(
            key="meetings",
            view="blog",
            fr=("/fr/activites/reunions-techniques", "Réunions techniques"),
            en=("/en/activities/technical-meetings", "Technical meetings"),
            categories=("meetings",),
            parent="action",
        ),
        Row(
            key="upcoming",
            view="blog",
            fr=("/fr/activites/a-venir", "A venir"),
            en=("/en/activities/upcoming-meetings", "Upcoming meetings"),
            categories=("upcoming",),
            parent="action",
        ),
        Row(
            key="publications",
            view="table",
            fr=("/fr/ressources/publications", "Publications"),
            en=("/en/resources/publications", "Publications"),
            categories=("publications",),
        ),
        Row(key="chair", view="single", fr=("/fr/processus/presidence", "Présidence"), en=("/en/process/chairmanship", "Chairmanship")),
        Row(key="archives", view="archive", fr=("/fr/ressources/archives", "Archives"), en=("/en/resources/archives", "Archives")),
        Row(key="contact", view="contact", fr=("/fr/contact", "Contact"), en=("/en/contact", "Contact")),
        _SEARCH,
        Row(
            key="all",
            view="blog",
            fr=("/fr/toutes-les-activites", "Toutes les activités"),
            en=("/en/all-activities", "All activities"),
            categories=("news",),
            alias=True,
            shows_date=False,
        ),
    ),
    {"fr": 606, "en": 632},
)
