"""The French texts of the sample site, invented for it, in the typography of real pages: both apostrophes, NBSP, œ, decomposed accents."""

from __future__ import annotations

from rabat_crawler.demo.content import Story
from rabat_crawler.demo.country_sheets import SHEETS_FR

NBSP = "\u00a0"
STUDY_FILE = "/images/documents/2014/oeuvres-sociales-diasporas.pdf"

_DAKAR = (
    "Un atelier sur le retour volontaire s’est tenu à Dakar du 30 novembre au 1er décembre 2016, à l'invitation du Sénégal et de l'Autriche.",
    (
        "Quarante-six agents de dix-neuf pays ont comparé leurs méthodes d'accueil. Les premiers jours qui suivent l'arrivée décident "
        "souvent de la suite "
        f"{NBSP}: un lit, un téléphone, une adresse où revenir."
    ),
    "Trois pistes ont été retenues :",
    "- un numéro d'appel unique dans chaque pays de retour ;",
    "- une fiche de suivi commune, remplie au départ ;",
    "- un fonds de petits équipements pour les artisans.",
    "Le prochain rendez-vous est prévu en Avril 2017.",
)

FRENCH: tuple[Story, ...] = (
    Story(
        id=138,
        language="fr",
        category="news",
        kind="news",
        title="Présidence belge : les priorités de l'année",
        alias="presidence-belge-les-priorites-de-l-annee",
        published="2017-04-28T11:52:31+02:00",
        twin=139,
        tags=("gouvernance",),
        image="bruxelles-presidence.jpg",
        links=(("page consacrée à la présidence", "/fr/presidence"), ("Centre international", "https://www.icmpd.org/")),
        body=(
            (
                "La Belgique assure la présidence du dialogue depuis le 21 mars 2017. Son équipe a présenté à Bruxelles un calendrier de "
                "travail en quatre étapes."
            ),
            (
                "Les consultations ont commencé le 26 avril et se poursuivront les 2 et 3 mai 2017 avec les points focaux nationaux. "
                f"«{NBSP}Nous voulons un texte court, que chacun puisse relire en une soirée{NBSP}», a résumé la coordinatrice."
            ),
            "Un premier canevas circulera entre juin et juillet 2017. La conférence ministérielle est attendue au début de l’année 2018.",
            ("Les documents de travail sont réunis sur la page consacrée à la présidence ; leur traduction est assurée par le Centre international."),
        ),
    ),
    Story(
        id=166,
        language="fr",
        category="upcoming",
        kind="event",
        title="Lomé accueillera une réunion thématique sur l'état civil",
        alias="lome-accueillera-une-reunion-thematique-sur-l-etat-civil",
        published="2017-10-03T09:30:00+02:00",
        twin=165,
        tags=("etat-civil",),
        event=("2017-11-08", "2017-11-09"),
        event_text="8 et 9 novembre 2017",
        body=(
            (
                "Les 8 et 9 novembre 2017, une réunion thématique sur l'état civil se tiendra à Lomé, accueillie par le Togo et coprésidée "
                "par le Portugal."
            ),
            (
                "La première séance, de 14h00 à 15h00, sera consacrée aux actes de naissance tardifs. Les délégations présenteront ensuite "
                "leurs registres numériques."
            ),
            "Les inscriptions sont ouvertes jusqu’au 20 octobre.",
        ),
    ),
    Story(
        id=174,
        language="fr",
        category="meetings",
        kind="event",
        title="Lomé : l'état civil au cœur des échanges",
        alias="lome-l-etat-civil-au-coeur-des-echanges",
        published="2017-11-14T16:12:15+01:00",
        twin=173,
        tags=("etat-civil",),
        image="lome-salle.jpg",
        event=("2017-11-08", "2017-11-09"),
        links=(("l'annonce de la réunion", "/fr/a-venir/166-lome-accueillera-une-reunion-thematique-sur-l-etat-civil"),),
        body=(
            (
                "Lomé, les 8 et 9 novembre 2017. Réunis par le Togo et le Portugal, 64 participants de 27 pays ont mis l'état civil au cœur "
                "de leurs échanges."
            ),
            (
                "Sans acte de naissance, pas d'école, pas d’examen, pas de voyage sûr. Plusieurs communes enregistrent désormais les enfants "
                "à la maternité, "
                "et des équipes mobiles visitent les marchés une fois par mois."
            ),
            (
                "Les participants avaient pris connaissance des questions par l'annonce de la réunion. Leur réponse tient en une œuvre commune : "
                "un guide des registres numériques, attendu au printemps."
            ),
        ),
    ),
    Story(
        id=95,
        language="fr",
        category="publications",
        kind="publication",
        title="Bulletin d'information du Processus de Rabat",
        alias="bulletin-d-information-du-processus-de-rabat",
        published="2016-05-23T11:15:00+02:00",
        twin=96,
        files=(("/images/documents/2016/bulletin-1-2016-fr.pdf", "Télécharger le bulletin #1/2016 (PDF)"), (SHEETS_FR, "Fiches pays 2016 (PDF)")),
        body=(
            "Le bulletin #1/2016 revient sur six mois de travail, de l'atelier de Tunis aux visites d'étude d’avril à juin 2015.",
            "Il donne la parole à trois points focaux et présente une carte des projets en cours.",
        ),
    ),
    Story(
        id=214,
        language="fr",
        category="publications",
        kind="publication",
        title="Bulletin d'information du Processus de Rabat",
        alias="bulletin-d-information-du-processus-de-rabat-2018",
        published="2018-05-29T10:00:00+02:00",
        twin=216,
        body=(
            "Le numéro du printemps 2018 paraît après la conférence de Marrakech. Il explique, domaine par domaine, le programme 2018-2020.",
            "Un entretien avec la nouvelle présidence et un agenda de l'été complètent ce numéro, diffusé par courriel uniquement.",
        ),
    ),
    Story(
        id=120,
        language="fr",
        category="news",
        kind="news",
        title="Dossier : dix ans de dialogue",
        alias="dossier-dix-ans-de-dialogue",
        published="2016-11-14T11:00:00+01:00",
        twin=119,
        tags=("gouvernance",),
        body=(
            (
                "En juillet 2006, des ministres de deux continents se retrouvaient à Rabat. Dix ans plus tard, que reste-t-il de cette "
                "première photographie ?"
            ),
            "Ce dossier en trois parties relit les archives du secrétariat et donne la parole à celles et ceux qui ont tenu la plume.",
            "~~ Les années d’apprentissage",
            "## Les années d’apprentissage",
            (
                "Il fallut d’abord apprendre à se lire. Les comptes rendus des premières réunions, tapés la nuit, portent encore des "
                "corrections à la main."
            ),
            (
                "Entre 2012 et 2015, le rythme s’installe : deux réunions thématiques par semestre, une lettre, une liste d’adresses que l’on "
                "met à jour."
            ),
            "~~ Et maintenant ?",
            "## Et maintenant ?",
            "Les archives montrent une chose simple : une rencontre préparée six mois à l'avance laisse plus de traces qu'une déclaration.",
            "Reste à transmettre cette mémoire. Le secrétariat numérise ses classeurs et publiera les premiers en 2017.",
        ),
    ),
    Story(
        id=44,
        language="fr",
        category="publications",
        kind="publication",
        title="Étude : les œuvres sociales des diasporas",
        alias="etude-les-oeuvres-sociales-des-diasporas",
        published="2014-06-17T14:20:00+02:00",
        twin=45,
        tags=("diaspora",),
        files=((STUDY_FILE, "Télécharger l'étude"),),
        body=(
            (
                "Cette étude, menée dans neuf villes, décrit les œuvres sociales que les associations de migrants financent dans leurs "
                "communes d'origine."
            ),
            "Puits, salles de classe, pharmacies de village : les enquêteurs ont visité 112 réalisations et interrogé ceux qui les font vivre.",
            "Le texte existe en un seul fichier, en français et en anglais.",
        ),
    ),
    Story(
        id=37,
        language="fr",
        category="about",
        kind="page",
        title="La présidence du dialogue",
        alias="la-presidence-du-dialogue",
        published="2016-02-01T08:45:00+01:00",
        twin=38,
        single="/fr/presidence",
        body=(
            (
                "Chaque année, un pays partenaire préside le dialogue. Il réunit le comité de pilotage, accueille les hauts fonctionnaires et "
                "parle au nom de tous."
            ),
            "La présidence change le plus souvent au printemps. Le pays sortant reste une année encore dans la troïka, pour passer les dossiers.",
        ),
    ),
    Story(
        id=12,
        language="fr",
        category="projects",
        kind="page",
        title="Projets d'assistance technique et initiatives",
        alias="projets-d-assistance-technique-et-initiatives",
        published="2013-05-06T10:00:00+02:00",
        twin=11,
        undated=True,
        image="formation-rabat.jpg",
        body=(
            "Le dialogue ne se résume pas à ses réunions : des projets nationaux et régionaux en prolongent les conclusions sur le terrain.",
            "Le secrétariat en tient un inventaire, qui n'est pas complet. Il compte une soixantaine de projets lancés entre 2012 et 2015.",
            "## Trois exemples",
            (
                "Une école de douaniers partagée par deux pays voisins. Un fonds de garantie pour les commerçantes de retour. "
                "Une ligne téléphonique en cinq langues pour les pêcheurs saisonniers."
            ),
            "## Projets en cours",
            "| Projet | Pays | Période | Partenaires | Financement",
            "| Douanes voisines | Bénin, Togo | 2012 - 2015 | École des douanes de Cotonou | 850 000 euros",
            "| Retour des commerçantes | Cameroun | mars 2013 – décembre 2014 | Caisse de garantie de Douala | Fonds suédois pour l’emploi",
            "| Allô Pêche | Mauritanie, Sénégal, Espagne | depuis 2012 | Port de Nouadhibou, mairie de Vigo | 120 000 euros",
            "| Archives de l'état civil | Guinée-Bissau | 2014 | Archives de Lisbonne | Coopération portugaise",
            "| Cartes de métier | Ghana, Italie | janvier 2013 – juin 2015 | Chambre de commerce de Bari | 400 000 euros",
        ),
    ),
    Story(
        id=10,
        language="fr",
        category="about",
        kind="page",
        title="Qui participe au dialogue ?",
        alias="qui-participe-au-dialogue",
        published="2013-05-02T10:00:00+02:00",
        twin=9,
        undated=True,
        links=(("liste des correspondants", "/fr/documents-internes/"),),
        body=(
            "Près de soixante pays d'Afrique et d'Europe prennent part au dialogue, avec la Commission européenne et la CEDEAO.",
            "Chaque pays désigne un point focal. La liste des correspondants n'est pas publique.",
        ),
    ),
    Story(
        id=123,
        language="fr",
        category="meetings",
        kind="event",
        title="Atelier sur le retour volontaire - Dakar",
        alias="atelier-sur-le-retour-volontaire-dakar",
        published="2016-12-05T17:05:00+01:00",
        twin=124,
        tags=("retour",),
        event=("2016-11-30", "2016-12-01"),
        image="dakar-atelier.jpg",
        body=_DAKAR,
    ),
    Story(
        id=150,
        language="fr",
        category="news",
        kind="news",
        title="Tables rondes de Bruxelles : préparer la suite",
        alias="tables-rondes-de-bruxelles-preparer-la-suite",
        published="2017-06-06T12:00:00+02:00",
        twin=151,
        markup="br",
        event=("2017-06-09", "2017-06-22"),
        links=(("programme précédent", "/index.php?option=com_content&view=article&id=120&catid=10&lang=fr"),),
        body=(
            "Quatre tables rondes se réuniront à Bruxelles en juin 2017 pour préparer le programme qui suivra celui de Rome.",
            ("La première est fixée au 9 juin 2017, la dernière au 22 juin 2017. Chacune compte douze personnes au plus et siège de 10h00 à 12h30."),
            "Le bilan du programme précédent servira de point de départ. Le futur texte couvrira les années 2018-2020.",
        ),
    ),
    Story(
        id=241,
        language="fr",
        category="upcoming",
        kind="event",
        title="Praia accueillera les hauts fonctionnaires du dialogue",
        alias="praia-accueillera-les-hauts-fonctionnaires-du-dialogue",
        published="2019-01-08T10:40:00+01:00",
        twin=240,
        tags=("gouvernance",),
        event=("2019-02-12", "2019-02-13"),
        event_text="12 et 13 février 2019",
        body=(
            "Les 12 et 13 février 2019, les hauts fonctionnaires du dialogue se réuniront à Praia, à l'invitation du Cap-Vert.",
            "Ils feront le point sur les deux premières années du programme 2018-2020 et désigneront la prochaine présidence.",
        ),
    ),
    Story(
        id=205,
        language="fr",
        category="news",
        kind="news",
        title="Trois questions à Mme Awa Sarr-Lindqvist",
        alias="trois-questions-a-mme-awa-sarr-lindqvist",
        published="2018-02-06T15:25:00+01:00",
        twin=204,
        markup="mso",
        tags=("diaspora",),
        body=(
            (
                "Mme Awa Sarr-Lindqvist dirige une coopérative de teinturières entre Thiès et Malmö. De passage à Rabat, elle répond à trois "
                "questions."
            ),
            "## Comment tout a-t-il commencé ?",
            "« Avec une cuve prêtée et deux commandes. Mes premières clientes habitaient mon immeuble. »",
            "## Qu’est-ce qui a manqué ?",
            "« Un compte en banque ouvert dans les deux pays. Nous avons perdu une saison à cause d’un tampon. »",
            "## Et demain ?",
            "« Former vingt jeunes avant l’été, dans les locaux que la commune nous prête depuis les années 90. »",
        ),
    ),
    Story(
        id=27,
        language="fr",
        category="news",
        kind="news",
        title="Appel à candidatures : experts associés",
        alias="appel-a-candidatures-experts-associes",
        published="2013-09-12T09:00:00+02:00",
        archived=True,
        body=(
            "Le secrétariat recherche deux experts associés pour une mission de six mois à Bruxelles.",
            "Les candidatures sont à envoyer avant le 15 octobre 2013. Les entretiens auront lieu les 20 et 21 octobre.",
        ),
    ),
    Story(
        id=127,
        language="fr",
        category="meetings",
        kind="event",
        title="Atelier sur le retour volontaire - Dakar (2)",
        alias="atelier-sur-le-retour-volontaire-dakar-2",
        published="2016-12-09T08:10:00+01:00",
        tags=("retour",),
        event=("2016-11-30", "2016-12-01"),
        body=_DAKAR,
    ),
    Story(
        id=190,
        language="fr",
        category="meetings",
        kind="event",
        title="Niamey : le suivi de la réintégration à l’épreuve",
        alias="niamey-le-suivi-de-la-reintegration-a-l-epreuve",
        published="2018-01-01T00:20:00+01:00",
        decomposed=True,
        tags=("retour",),
        event=("2017-12-13", "2017-12-14"),
        body=(
            "Réunis à Niamey les 13 et 14 décembre 2017, des élus, des médecins et des artisans ont évalué le suivi de la réintégration.",
            (
                "À six mois, huit personnes sur dix répondent encore au téléphone ; à deux ans, il n’en reste que trois. "
                "Les équipes proposent d’associer les mairies dès l’arrivée."
            ),
            "La réunion s'est achevée par la visite d’un atelier de menuiserie, créé grâce à un prêt d’honneur.",
        ),
    ),
    Story(
        id=229,
        language="fr",
        menu="en",
        category="news",
        kind="news",
        title="Ouagadougou : remise des prix du concours de reportage",
        alias="ouagadougou-reporting-award",
        published="2018-10-11T18:30:00+02:00",
        event=("2018-10-05", "2018-10-05"),
        body=(
            "Le jury du concours de reportage a remis ses prix à Ouagadougou le 5 octobre 2018, devant une salle comble.",
            (
                "Le premier prix revient à une radio locale pour son portrait d'un facteur qui lit les lettres venues de l'étranger à ceux "
                "qui les attendent."
            ),
            "Les trois reportages primés seront diffusés dans les pays partenaires avant la fin de l’année.",
        ),
    ),
)
