"""Words that announce a meeting and words that tell of one that has taken place, in French and English. Pure."""

from __future__ import annotations

import re

from rabat_crawler.extract.folding import fold

LEAD = 900
"""So many characters of a text are looked at, after its title."""

_AHEAD = re.compile(
    r"\b(?:a venir|upcoming|prochaine?s?|next (?:meeting|event)|save the date|invitation|register|registration|inscri(?:vez|ptions?)|appel a"
    r"|se (?:tiendra|tiendront|reunira|reuniront|deroulera|derouleront)|aura lieu|auront lieu|will (?:be|take|meet|host|gather|bring|hold|discuss|focus|open)"
    r"|(?:accueillera|accueilleront|organisera|organiseront|reunira|reuniront|portera|rassemblera|debutera|participeront)"
    r"|(?:sont|est) (?:invite|convie)e?s?|are invited|is invited|to host|to be held|sera (?:consacree?|organisee?|accueillie?|transmis)|seront)\b"
)
_BEHIND = re.compile(
    r"\b(?:outcomes?|results? of|resultats?|retour sur|looking back|bilan|compte rendu|conclusions?|summary of the|report of the meeting"
    r"|s est (?:tenue?|reunie?|deroulee?|achevee?|conclue?)|se sont (?:tenus|tenues|reunis|reunies|deroules|deroulees|retrouves|retrouvees)"
    r"|(?:a|ont) (?:eu lieu|reuni|rassemble|accueilli|permis|porte|tenu|debattu|participe|pris part|adopte|ete)|ended (?:on|with)"
    r"|was held|were held|took place|met in|met on|has met|brought together|gathered|was attended|took part|hosted the|held (?:a|its|their|the)"
    r"|was organised|was organized|adopted|concluded|participants (?:discussed|agreed|exchanged)|a pris fin)\b"
)
_TITLE_BEHIND = re.compile(
    r"^(?:outcomes?|results?|resultats?|retour sur|looking back|bilan|compte rendu|conclusions?|summary|follow up|suites?)\b|\b(?:outcomes?|resultats)$"
)
_TITLE_AHEAD = re.compile(r"^(?:a venir|upcoming|save the date|invitation|prochaine?s?|next)\b|\b(?:a venir|upcoming)$|\baccueillera\b|\bto host\b")


def cue_of(title: str, text: str) -> str:
    """ "announcement" or "outcome" if the words say so, the title's before the lead's; "" if they say nothing or both alike."""
    folded = fold(title)
    if _TITLE_BEHIND.search(folded):
        return "outcome"
    if _TITLE_AHEAD.search(folded):
        return "announcement"
    lead = fold(text[:LEAD])
    ahead, behind = len(_AHEAD.findall(lead)), len(_BEHIND.findall(lead))
    if ahead == behind:
        return ""
    return "announcement" if ahead > behind else "outcome"
