"""What the second edition of the sample site adds: a new story, and the translation of an older one."""

from __future__ import annotations

from rabat_crawler.demo.content import Story

NEW_STORY = Story(
    id=255,
    language="fr",
    category="news",
    kind="news",
    title="Passage de témoin à Paris",
    alias="passage-de-temoin-a-paris",
    published="2019-06-04T09:15:00+02:00",
    tags=("gouvernance",),
    event=("2019-06-03", "2019-06-03"),
    body=(
        "Le 3 juin 2019, la France a reçu la présidence du dialogue lors d'une courte cérémonie à Paris.",
        "Le comité de pilotage se réunira les 1er et 2 juillet 2019 pour adopter le calendrier du second semestre.",
    ),
)

TRANSLATION = Story(
    id=262,
    language="fr",
    category="news",
    kind="news",
    title="Appel à projets : apprendre un métier des deux côtés",
    alias="appel-a-projets-apprendre-un-metier-des-deux-cotes",
    published="2018-07-20T10:00:00+02:00",
    twin=221,
    tags=("diaspora",),
    body=(
        "Un appel à projets est ouvert aux centres de formation qui travaillent à deux, l'un en Afrique, l'autre en Europe.",
        "Les dossiers sont attendus pour le 24 octobre 2018. Une réunion d'information se tiendra à Lisbonne les 5 et 6 novembre 2018.",
    ),
)
