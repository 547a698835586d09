"""What a newsletter says, in English and in French, and how French sets its marks. Pure."""

from __future__ import annotations

import re
from typing import Literal

from rabat_crawler.charts.words import number
from rabat_crawler.citations import one_line
from rabat_crawler.date_text import in_words

Language = Literal["en", "fr"]
NO_BREAK, THIN = "\u00a0", "\u202f"

_BEFORE_COLON = re.compile(r"(?<=\S) (?=[:»])")
_BEFORE_MARK = re.compile(r"(?<=\S) (?=[;!?](?!\w))")
_AFTER_QUOTE = re.compile(r"« (?=\S)")

_SAID = {
    "title": ("What is new", "Quoi de neuf"),
    "kicker": ("Newsletter", "Lettre d’information"),
    "until": ("until {day}", "jusqu’au {day}"),
    # sections
    "section.coming": ("Coming up", "À venir"),
    "section.new": ("New", "Nouveautés"),
    "section.changed": ("Changed", "Modifications"),
    "section.returned": ("Back on the site", "De retour sur le site"),
    "section.gone": ("Gone from the site", "Retirés du site"),
    "section.moved": ("At another address", "À une autre adresse"),
    # numbers
    "count.new.one": ("{count} new item", "{count} nouveauté"),
    "count.new.many": ("{count} new items", "{count} nouveautés"),
    "count.changed.one": ("{count} changed", "{count} modification"),
    "count.changed.many": ("{count} changed", "{count} modifications"),
    "count.returned.one": ("{count} back", "{count} retour"),
    "count.returned.many": ("{count} back", "{count} retours"),
    "count.gone.one": ("{count} gone", "{count} retrait"),
    "count.gone.many": ("{count} gone", "{count} retraits"),
    "count.moved.one": ("{count} at another address", "{count} changement d’adresse"),
    "count.moved.many": ("{count} at other addresses", "{count} changements d’adresse"),
    "count.coming.one": ("{count} meeting coming up", "{count} rencontre à venir"),
    "count.coming.many": ("{count} meetings coming up", "{count} rencontres à venir"),
    "more.one": ("… and {count} more, not shown here", "… et {count} autre, non repris ici"),
    "more.many": ("… and {count} more, not shown here", "… et {count} autres, non repris ici"),
    "more_places.one": ("… and {count} more place in the text", "… et {count} autre passage du texte"),
    "more_places.many": ("… and {count} more places in the text", "… et {count} autres passages du texte"),
    "left_out": ("… {count} words …", "… {count} mots …"),
    # an item
    "kind.news": ("News", "Actualité"),
    "kind.event": ("Event", "Événement"),
    "kind.publication": ("Publication", "Publication"),
    "kind.project": ("Project", "Projet"),
    "kind.page": ("Page", "Page"),
    "published": ("published on {day}", "publié le {day}"),
    "published.in": ("published in {day}", "publié en {day}"),
    "undated": ("undated", "sans date"),
    "held_on": ("event: {days}", "événement : {days}"),
    "in.en": ("in\u00a0English", "en\u00a0anglais"),
    "in.fr": ("in\u00a0French", "en\u00a0français"),
    "in.mixed": ("in both languages", "bilingue"),
    "in.other": ("in another language ({code})", "dans une autre langue ({code})"),
    "in.unknown": ("language unknown", "langue inconnue"),
    "also": ("Also {how}: ", "Aussi {how} : "),
    "translates": ("Translates: ", "Traduit : "),
    "original": ("On the site", "Sur le site"),
    "room": ("In the archive", "Dans les archives"),
    "compare": ("The whole comparison", "Toute la comparaison"),
    "gone_since": ("no longer on the site", "n’est plus sur le site"),
    # what changed
    "field.title": ("Title", "Titre"),
    "field.summary": ("Summary", "Résumé"),
    "field.text": ("Text", "Texte"),
    "field.published": ("Published", "Publication"),
    "field.days": ("Event", "Événement"),
    "field.kind": ("Kind", "Rubrique"),
    "field.language": ("Language", "Langue"),
    "field.address": ("Before", "Avant"),
    "nothing": ("not given", "non indiqué"),
    "text.spacing": ("only the spacing differs", "seuls les espaces diffèrent"),
    "text.long": ("another version, too long to compare here", "une autre version, trop longue pour être comparée ici"),
    "text.lost": ("another version, which cannot be compared any more", "une autre version, qui ne peut plus être comparée"),
    "text.same": ("the same words", "les mêmes mots"),
    "put_back": ("It was changed in between, and reads now as it did before.", "Modifié entre-temps, puis rétabli tel quel."),
    "legend": ("[-taken out-] {{+added+}}", "[-retiré-] {{+ajouté+}}"),
    "separator": (": ", "\u00a0: "),
    # meetings
    "under_way": ("under way", "en cours"),
    "fresh": ("new", "nouvelle"),
    "no_coming": ("No meeting that comes up is known.", "Aucune rencontre à venir n’est connue."),
    "calendar": ("All of them for your calendar (iCalendar)", "Toutes les rencontres pour votre agenda (iCalendar)"),
    # whether the site could be read
    "no_news": ("Nothing new: the site was read, and nothing has changed.", "Rien de nouveau : le site a été relu, et rien n’a changé."),
    "no_crawl": (
        "The site was not read in this period: whether there is news is not known.",
        "Le site n’a pas été lu pendant cette période : on ne sait pas s’il y a du nouveau.",
    ),
    "state.healthy": ("The site was last read on {last}, without trouble.", "Le site a été lu pour la dernière fois le {last}, sans incident."),
    "state.no_runs": ("The site was never read.", "Le site n’a encore jamais été lu."),
    "state.late": ("The site has not been read since {last}.", "Le site n’a pas été relu depuis le {last}."),
    "state.interrupted": (
        "The reading of {last} was cut short; the rest comes with the next one. This issue may be incomplete.",
        "La collecte du {last} a été interrompue ; la suite viendra avec la prochaine. Ce numéro peut être incomplet.",
    ),
    "state.failures.one": (
        "On {last} one page could not be read; what is new there comes with a later issue.",
        "Le {last}, une page n’a pas pu être lue ; ses nouveautés viendront dans un prochain numéro.",
    ),
    "state.failures.many": (
        "On {last} {count} pages could not be read; what is new there comes with a later issue.",
        "Le {last}, {count} pages n’ont pas pu être lues ; leurs nouveautés viendront dans un prochain numéro.",
    ),
    "state.put_off": (
        "The site could not be read on {last}: it asked to come back later, or gave no answer.",
        "Le site n’a pas pu être lu le {last} : il a demandé de revenir plus tard, ou n’a pas répondu.",
    ),
    "state.failing": ("The reading of {last} failed.", "La collecte du {last} a échoué."),
    "state.breached": (
        "The reading of {last} is not trusted: {reason}. What it brought is held back until somebody has looked at it.",
        "La collecte du {last} n’est pas jugée fiable : {reason}. Ce qu’elle a apporté est retenu jusqu’à vérification.",
    ),
    "state.doubted": (
        "The reading of {last} is not trusted: {reason}. Take what follows with care.",
        "La collecte du {last} n’est pas jugée fiable : {reason}. Ce qui suit est à prendre avec prudence.",
    ),
    "since_success": ("What has happened on the site since {success} is not known.", "On ignore ce qui s’est passé sur le site depuis le {success}."),
    "no_success": ("It was never read without trouble.", "Il n’a encore jamais été lu sans incident."),
    "running": (
        "It is being read now; what is found comes with the next issue.",
        "Une collecte est en cours ; son résultat viendra dans le prochain numéro.",
    ),
    "unsuccessful": (
        "{count} of the {all} readings in this period did not go through.",
        "{count} des {all} collectes de cette période n’ont pas abouti.",
    ),
    "unsuccessful.one": ("One of the {all} readings in this period did not go through.", "Une des {all} collectes de cette période n’a pas abouti."),
    "held": (
        "Held back until somebody has looked at it: what the readings of {days} brought.",
        "Retenu jusqu’à vérification : ce qu’ont apporté les collectes du {days}.",
    ),
    "held.one": (
        "Held back until somebody has looked at it: what the reading of {days} brought.",
        "Retenu jusqu’à vérification : ce qu’a apporté la collecte du {days}.",
    ),
    "late": (
        "With what was found before this period and accepted since: {days}.",
        "Avec ce qui avait été trouvé avant cette période et accepté depuis : {days}.",
    ),
    "brought.one": (
        "One older item came in from imports or web archives.",
        "Un article plus ancien a été apporté par un import ou des archives du Web.",
    ),
    "brought.many": (
        "{count} older items came in from imports or web archives.",
        "{count} articles plus anciens ont été apportés par des imports ou des archives du Web.",
    ),
    "cut": (
        "A reading found so much that only its first changes are told here.",
        "Une collecte a trouvé tant de changements que seuls les premiers figurent ici.",
    ),
    "reason.pages_gone": ("too many pages were gone at once", "trop de pages avaient disparu à la fois"),
    "reason.pages_changed": ("too many pages had changed at once", "trop de pages avaient changé à la fois"),
    "reason.start_gone": ("a start page was gone", "une page d’accueil avait disparu"),
    "reason.one_text": ("one and the same text stood at many addresses", "un même texte figurait à de nombreuses adresses"),
    "reason.challenge": ("the site showed a check for robots", "le site affichait un contrôle anti-robots"),
    "reason.bad_pages": ("the site showed something else than its pages", "le site affichait autre chose que ses pages"),
    "reason.min_items": ("too few items were found", "trop peu d’articles ont été trouvés"),
    "reason.fallback_share": ("the pages were built otherwise than before", "les pages étaient construites autrement qu’avant"),
    "reason.fill_rate": ("too many items lacked a title, a date or a language", "trop d’articles étaient sans titre, sans date ou sans langue"),
    "reason.other": ("it found what was not expected", "elle a trouvé autre chose que prévu"),
    # the end
    "as_of": (
        "State of the archive: {moment}. What comes up is counted from that day.",
        "État des archives : {moment}. Les rencontres à venir sont comptées à partir de ce jour.",
    ),
    "rights": (
        "Made by rabat_crawler from public pages. The texts belong to those who published them.",
        "Produit par rabat_crawler à partir de pages publiques. Les textes appartiennent à ceux qui les ont publiés.",
    ),
    "at": ("{day}, {hour}:{minute} UTC", "{day}, {hour} h {minute} UTC"),
    "reading_room": ("The reading room", "La salle de lecture"),
    # the subject of a mail
    "subject.more.one": ("{site}: {title} (and {count} more)", "{site} : {title} (et {count} autre)"),
    "subject.more.many": ("{site}: {title} (and {count} more)", "{site} : {title} (et {count} autres)"),
    "subject.alone": ("{site}: {title}", "{site} : {title}"),
    "subject.no_news": ("{site}: nothing new", "{site} : rien de nouveau"),
    "subject.unknown": ("{site}: whether there is news is not known", "{site} : nouveautés inconnues"),
}  # fmt: skip


def said(key: str, language: Language, **values: object) -> str:
    """The phrase in the language with its places filled; a number `count` chooses between `<key>.one` and `<key>.many` and is written for people."""
    count = values.get("count")
    if isinstance(count, int):
        singular = count == 1 or (count == 0 and language == "fr")
        key = f"{key}.one" if singular and f"{key}.one" in _SAID else f"{key}.many" if f"{key}.many" in _SAID else key
    written = {name: number(value, language) if isinstance(value, int) else value for name, value in values.items()}
    phrase = _SAID[key][language == "fr"]
    return (typographic(phrase, language) if language == "fr" else phrase).format(**written)


def known(key: str) -> bool:
    """Whether there is such a phrase."""
    return key in _SAID


def typographic(text: str, language: str | None) -> str:
    """A French text with the spaces that may not break before : ; ! ? » and after «; any other text as it is."""
    if language != "fr":
        return text
    text = _BEFORE_MARK.sub(THIN, _BEFORE_COLON.sub(NO_BREAK, text))
    return _AFTER_QUOTE.sub("«" + NO_BREAK, text)


def clean(text: str, language: str | None, most: int) -> str:
    """A text of a page in one line: no control characters, at most so many letters, set as its language wants."""
    return typographic(one_line(text, most), language)


def day_in_words(day: str | None, language: Language) -> str:
    """A day in a sentence; "" if there is none."""
    return in_words(day, language).replace("1er ", "1er" + NO_BREAK)


def listed(days: tuple[str, ...], language: Language) -> str:
    """Several days in a sentence."""
    named = [day_in_words(day, language) for day in days]
    comma, joint = (", du ", " et du ") if language == "fr" else (", ", " and ")
    return joint.join([comma.join(named[:-1]), named[-1]] if len(named) > 1 else named)
