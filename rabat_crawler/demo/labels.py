"""The sample site's categories, tags and words in both languages. Constants only; the menus are in `menus`."""

from __future__ import annotations

LANGUAGES = ("fr", "en")
OTHER = {"fr": "en", "en": "fr"}
LOCALES = {"fr": "fr-FR", "en": "en-GB"}
FLAGS = {"fr": ("fr_fr.gif", "Français"), "en": ("en_gb.gif", "English")}
ASSET_VERSION = "5e2d8c0b7a4f4c1f9b36d1c7e0a9f214"

PARTNER = ("https://www.icmpd.org/", "ICMPD")

CATEGORY_NUMBERS = {"news": 10, "meetings": 14, "upcoming": 18, "publications": 24, "about": 26, "projects": 28}
"""Of the French category; the English one has the next number."""

TAGS = {
    "gouvernance": (7, "Gouvernance"),
    "diaspora": (4, "Diaspora"),
    "retour": (5, "Retour et réintégration"),
    "etat-civil": (6, "Etat civil"),
}
PRIVATE_PATH = "/fr/documents-internes"

MONTHS = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}

WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "site": "Processus de Rabat",
        "description": "Dialogue euro-africain sur la migration et le développement (site d'exemple)",
        "search_for": "Rechercher",
        "search_hint": "Recherche...",
        "search_title": "Valider Processus de Rabat",
        "most_read": "Les plus lus",
        "latest": "En action",
        "upcoming": "A venir",
        "shortcuts": "Raccourcis",
        "tools": "Outils utilisateur",
        "print": "Imprimer",
        "print_title": "Imprimer l'article < {} >",
        "email": "E-mail",
        "email_title": "Envoyer ce lien à un ami",
        "details": "Détails",
        "by": "Écrit par",
        "category": "Catégorie : ",
        "published": "Publication : ",
        "hits": "Affichages : ",
        "table_hits": "Clics : ",
        "more": "Lire la suite&nbsp;: ",
        "more_short": "Lire la suite...",
        "previous": "Précédent",
        "next": "Suivant",
        "previous_article": "Article précédent&nbsp;: ",
        "next_article": "Article suivant&nbsp;: ",
        "first": "Début",
        "last": "Fin",
        "goto": "Aller à la page ",
        "page_of": "Page {} sur {}",
        "all_pages": "Toutes les pages",
        "index": "Index de l'article",
        "here": "Vous êtes ici : ",
        "home": "Accueil",
        "top": "Haut de page",
        "table_title": "Titre",
        "table_date": "Date de publication",
        "created": "Créé le ",
        "results": 'Total : <span class="badge badge-info">{}</span> résultats trouvés.',
        "filter": "Filtre",
        "month": "Mois",
        "year": "Année",
        "cloak": "Cette adresse e-mail est protégée contre les robots spammeurs. Vous devez activer le JavaScript pour la visualiser.",
        "error": "Erreur",
        "not_shown": "La page recherchée ne peut être affichée.",
        "not_found": "Article introuvable",
        "error_why": "Vous ne pouvez pas visiter cette page car :",
        "error_reason": "une adresse <strong>erronée</strong>",
        "error_home": "Page d'accueil",
        "mailto": "Envoyer ce lien par e-mail à un ami.",
        "mailto_close": "Fermer la fenêtre",
        "mailto_to": "Destinataire",
        "contact": "Secrétariat",
        "contact_form": "Formulaire de Contact",
        "contact_send": "Envoyer un e-mail",
        "name": "Nom",
        "note": "Édition d'exemple : textes inventés.",
    },
    "en": {
        "site": "Rabat Process",
        "description": "Euro-African Dialogue on Migration and Development (sample site)",
        "search_for": "Search ...",
        "search_hint": "Search ...",
        "search_title": "Search Rabat Process",
        "most_read": "Most read",
        "latest": "In action",
        "upcoming": "Next events",
        "shortcuts": "Shortcuts",
        "tools": "User tools",
        "print": "Print",
        "print_title": "Print article < {} >",
        "email": "Email",
        "email_title": "Email this link to a friend",
        "details": "Details",
        "by": "Written by",
        "category": "Category: ",
        "published": "Published: ",
        "hits": "Hits: ",
        "table_hits": "Hits: ",
        "more": "Read more: ",
        "more_short": "Read more ...",
        "previous": "Prev",
        "next": "Next",
        "previous_article": "Previous article: ",
        "next_article": "Next article: ",
        "first": "Start",
        "last": "End",
        "goto": "Go to page ",
        "page_of": "Page {} of {}",
        "all_pages": "All Pages",
        "index": "Article Index",
        "here": "You are here: ",
        "home": "Home",
        "top": "Back to Top",
        "table_title": "Title",
        "table_date": "Published Date",
        "created": "Created on ",
        "results": 'Total: <span class="badge badge-info">{}</span> results found.',
        "filter": "Filter",
        "month": "Month",
        "year": "Year",
        "cloak": "This email address is being protected from spambots. You need JavaScript enabled to view it.",
        "error": "Error",
        "not_shown": "The requested page can't be found.",
        "not_found": "Article not found",
        "error_why": "You may not be able to visit this page because of:",
        "error_reason": "a <strong>mistyped address</strong>",
        "error_home": "Home Page",
        "mailto": "Email this link to a friend.",
        "mailto_close": "Close Window",
        "mailto_to": "Email to",
        "contact": "Secretariat",
        "contact_form": "Contact Form",
        "contact_send": "Send an Email",
        "name": "Name",
        "note": "Sample edition: invented texts.",
    },
}


def day(iso: str, language: str) -> str:
    """The date of an ISO time as Joomla prints it: "1 décembre 2018", "03 October 2017"."""
    year, month, number = iso[:10].split("-")
    shown = number if language == "en" else str(int(number))
    return f"{shown} {MONTHS[language][int(month) - 1]} {year}"
