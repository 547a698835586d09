"""What the sample site said in its old and its new epoch alone: stories of the time, and the words in which a story differs from the middle one."""

from __future__ import annotations

from rabat_crawler.demo.content import Story

OLD_STORIES: tuple[Story, ...] = (
    Story(
        id=16,
        language="fr",
        category="meetings",
        kind="event",
        title="Bamako : envoyer de l'argent sans perdre le fil",
        alias="bamako-envoyer-de-l-argent-sans-perdre-le-fil",
        published="2014-10-07T15:00:00+02:00",
        twin=17,
        tags=("diaspora",),
        event=("2014-10-01", "2014-10-02"),
        body=(
            "Une réunion sur les transferts d'argent s'est tenue à Bamako les 1er et 2 octobre 2014, à l'invitation du Mali et de l'Espagne.",
            "Banques, caisses villageoises et associations ont comparé leurs tarifs, affichés sur un mur de la salle pendant deux jours.",
        ),
    ),
    Story(
        id=17,
        language="en",
        category="meetings",
        kind="event",
        title="Bamako: sending money and keeping in touch",
        alias="bamako-sending-money-and-keeping-in-touch",
        published="2014-10-07T15:30:00+02:00",
        twin=16,
        tags=("diaspora",),
        event=("2014-10-01", "2014-10-02"),
        body=(
            "A meeting on money transfers took place in Bamako, 1 - 2 October 2014, at the invitation of Mali and Spain.",
            "Banks, village savings clubs and associations compared their prices, which hung on a wall of the room for two days.",
        ),
    ),
    Story(
        id=121,
        language="en",
        category="upcoming",
        kind="event",
        title="Dakar to host a workshop on voluntary return",
        alias="dakar-to-host-a-workshop-on-voluntary-return",
        published="2016-10-20T09:45:00+02:00",
        twin=122,
        tags=("retour",),
        event=("2016-11-30", "2016-12-01"),
        event_text="30 November - 1 December 2016",
        body=(
            "30 November - 1 December 2016 - Dakar. Senegal and Austria invite officers of nineteen countries to a workshop on voluntary return.",
            "Each delegation brings one form that it uses today. Registration closes on 10 November.",
        ),
    ),
    Story(
        id=122,
        language="fr",
        category="upcoming",
        kind="event",
        title="Dakar accueillera un atelier sur le retour volontaire",
        alias="dakar-accueillera-un-atelier-sur-le-retour-volontaire",
        published="2016-10-20T09:30:00+02:00",
        twin=121,
        tags=("retour",),
        event=("2016-11-30", "2016-12-01"),
        event_text="30 novembre et 1er décembre 2016",
        body=(
            "Un atelier sur le retour volontaire se tiendra à Dakar du 30 novembre au 1er décembre 2016. Dix-neuf pays y sont attendus.",
            "Chaque délégation apportera un formulaire qu'elle utilise aujourd'hui. Les inscriptions sont ouvertes jusqu'au 10 novembre.",
        ),
    ),
)

NEW_STORIES: tuple[Story, ...] = (
    Story(
        id=301,
        language="fr",
        category="meetings",
        kind="event",
        title="Cotonou : des routes commerciales aux routes du savoir",
        alias="cotonou-des-routes-commerciales-aux-routes-du-savoir",
        published="2021-11-26T10:00:00+01:00",
        twin=302,
        tags=("diaspora",),
        event=("2021-11-23", "2021-11-24"),
        body=(
            "La réunion technique de Cotonou a rassemblé, les 23 et 24 novembre 2021, des professeurs, des transporteurs et des étudiants.",
            "Ils proposent une carte d'étudiant valable dans douze universités, imprimée sur le modèle d'un titre de transport.",
        ),
    ),
    Story(
        id=302,
        language="en",
        category="meetings",
        kind="event",
        title="Cotonou: from trade routes to routes of learning",
        alias="cotonou-from-trade-routes-to-routes-of-learning",
        published="2021-11-26T10:30:00+01:00",
        twin=301,
        tags=("diaspora",),
        event=("2021-11-23", "2021-11-24"),
        body=(
            "The technical meeting of Cotonou brought together lecturers, hauliers and students on 23 and 24 November 2021.",
            "They propose a student card that is valid in twelve universities, printed like a ticket.",
        ),
    ),
)

Edits = dict[int, tuple[tuple[str, str], ...]]
"""By story: (words of its middle text, the words that stood there); the words occur once."""

OLD_WORDS: Edits = {
    37: ((", accueille les hauts fonctionnaires et parle au nom de tous.", " et accueille les hauts fonctionnaires."),),
    38: ((", hosts the senior officials and speaks for all.", " and hosts the senior officials."),),
    96: ((", and a map shows the projects under way.", "."),),
}
OLD_TITLES: dict[int, tuple[str, str]] = {
    44: ("Étude sur les œuvres sociales des diasporas", "etude-sur-les-oeuvres-sociales-des-diasporas"),
}
"""By story: title and alias."""

NEW_WORDS: Edits = {
    9: (("Almost sixty countries", "Fifty-eight countries"),),
    37: ((", pour passer les dossiers.", ", pour passer les dossiers. Depuis 2020, la passation se fait en ligne."),),
    151: (("Committee 4 - 22nd June 2017", "Committee 4 - 23rd June 2017"),),
    174: ((", attendu au printemps.", ", attendu au printemps. Il a paru en avril 2018."),),
}
NEW_EVENTS: dict[int, tuple[str, str]] = {151: ("2017-06-09", "2017-06-23")}
