"""The French and English words by which a text tells of a meeting, as bounded patterns; used by `events` alone."""

from __future__ import annotations

import re

_I = re.IGNORECASE
_A = "['’`‘´]"

_MONTH_NAMES = (
    ("janvier|january", 1), ("février|fevrier|february", 2), ("mars|march", 3), ("avril|april", 4), ("mai|may", 5), ("juin|june", 6),
    ("juillet|july", 7), ("août|aout|august", 8), ("septembre|september|sept", 9), ("octobre|october|oct", 10), ("novembre|november|nov", 11),
    ("décembre|decembre|december|déc|dec", 12),
)  # fmt: skip
_MONTH = "(?:" + "|".join(sorted((name for names, _ in _MONTH_NAMES for name in names.split("|")), key=len, reverse=True)) + r")\b\.?"
MONTHS = {name[:4]: number for names, number in _MONTH_NAMES for name in names.translate(str.maketrans("éû", "eu")).split("|")}
MONTHS |= {"juil": 7, "july": 7, "juin": 6, "june": 6}


DATE = re.compile(
    rf"(?<![\w.])(?:(?P<from>\d{{1,2}})(?:er|st|nd|rd|th)?(?:\s{{0,2}}(?:-|–|,|/|&|et|and|au|to)\s{{0,2}}(?P<to>\d{{1,2}})(?:er|st|nd|rd|th)?)?"
    rf"\s{{1,2}}(?:of\s)?(?P<month>{_MONTH})|(?P<first>{_MONTH})\s(?:(?P<day>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?:\s?[-–]\s?(?P<last>\d{{1,2}}))?\b(?!\d)|\d{{4}}))",
    _I,
)
"""A day or days of a month, or a month of a year; enough to tell where a date stands. What it means is for `extract.dates` to say."""

SENTENCE_END = re.compile(r"(?:[.!?][»\"”]?[ \u00a0]+(?=[A-ZÀ-Ý«\"“])|\n)")

FIELD = re.compile(
    r"^[ \t\u00a0•●▸*-]{0,4}(?:place|location|venue|where|lieu|endroit|ville|city|où)[ \u00a0]{0,2}:[ \t\u00a0]{0,4}\n?(?P<value>[^\n]{1,120})",
    _I | re.MULTILINE,
)

BEFORE_PLACE = re.compile(
    rf"(?:\b(?:à|in|at|en|au|aux|near|(?:invited|travel(?:led|ed)|come|came|went|visits?|tour) to|près de|ville d[e{_A[1:-1]}]|city of|capitale,?)[ \u00a0]"
    rf"|[(\[][ \u00a0]?|[ \u00a0][-–—][ \u00a0]"
    rf"|(?:\d{{4}}|{_MONTH})[ \u00a0]?[,:][ \u00a0]|\b(?:à|in|at)[ \u00a0](?:the[ \u00a0])?(?:[\w{_A[1:-1]}-]{{1,20}}[ \u00a0]){{0,2}}of[ \u00a0])$",
    _I,
)
NOT_ITS_OWN = re.compile(
    rf"(?:\b(?:from|de|depuis|entre|between|et|and)[ \u00a0]|\bd{_A}|\b(?:ahead of|in preparation (?:of|for)|prior to|following|since|after"
    rf"|before|towards"
    rf"|en vue d[eu]|en prévision d[eu]|en préparation d[eu]|dans la perspective d[eu]|suite à|à la suite d[eu]|après|avant|depuis|vers"
    rf"|lors d[eu]|à l{_A}issue d[eu]"
    rf"|adopted (?:at|during)|adoptée?s? (?:à|lors d[eu]|au cours d[eu])|agreed at|of)[ \u00a0](?:(?:la|le|les|l{_A}|the|its|their|this|next"
    rf"|last|\w{{3,12}}(?:i[èe]me|th|rd|st)"
    rf"|première|prochaine?|dernière?|previous|first|second|third|fifth|sixth|\d(?:e|ème|th))[ \u00a0]?){{0,3}})$",
    _I,
)

HAPPENS = re.compile(
    rf"\b(?:(?:will be|was|were|is|are|is being|has been|to be|being) (?:held|hosted|organi[sz]ed|convened)|held|(?:takes?|took|taking"
    rf"|take) place|hosts?|hosted by"
    rf"|gather(?:s|ed|ing)?|convene[sd]?|met|meets?|brought together|se tien(?:t|nent|dra|dront)|s{_A}est tenue?|se sont tenue?s|(?:aura|auront"
    rf"|a eu|ont eu) lieu"
    rf"|(?:sera|seront|est|sont|a été|ont été) (?:organisée?s?|accueillie?s?)|organisée?s? (?:à|par|les?|du)|accueillie?s? par|se réuni(?:t"
    rf"|ssent|ra|ront)"
    rf"|se sont réunis|s{_A}est réunie?|réuni(?:ssant|t|ra)?|accueille(?:ra)?|tenue? (?:à|les?|du))\b",
    _I,
)
BACKGROUND = re.compile(
    r"\b(?:following (?:the|up)|since (?:the|its)|adopted|signed|launched (?:in|at|on)|established|created in|founded|previous(?:ly)?|earlier"
    r"|last year|builds? on"
    r"|back in|as a follow-up|in the wake of|history|suite (?:à|au)|à la suite d|depuis (?:la|le|sa|son)|adoptée?s?|signée?s?|lancée? (?:à|en|lors)"
    r"|créée?s?|établie? (?:à|en)|née? (?:à|en)|précédent(?:e|s|es)?|faisant suite|dans le prolongement|fait suite|fait(?:e)?s? à)\b",
    _I,
)
EARLIER = re.compile(
    r"[ \u00a0]{0,3}(?:following|after|since|building on|as a follow-up|in the wake of|suite|faisant suite|à la suite|après|depuis"
    r"|dans le prolongement)\b"
    r"[^.\n]{0,200}?\d{4}[ \u00a0]?\)?,[ \u00a0]",
    _I,
)
"""A clause on an earlier meeting, with which a sentence on this one may begin."""

HYBRID = re.compile(
    r"\b(?:hybrid(?:e|es)?|(?:both )?in[- ]person (?:and|as well as) (?:online|virtual(?:ly)?|remote(?:ly)?)|(?:online|virtually) and in[- ]person"
    r"|(?:en )?présentiel et (?:en ligne|à distance|en distanciel|virtuel)|(?:en ligne|à distance|en distanciel) et en présentiel)\b",
    _I,
)
ONLINE = re.compile(
    r"\b(?:online|virtual(?:ly)?|virtuel(?:le|les|lement|s)?|en ligne|à distance|en distanciel|vid[ée]o[- ]?conf[ée]rences?"
    r"|visio[- ]?conf[ée]rences?|webinars?|webinaires?"
    r"|(?:via|on|sur|par) (?:zoom|webex|teams|interactio)|remotely)\b",
    _I,
)
TAKING_PART = re.compile(r"\b(?:particip\w+|attend\w*|join\w*|speak\w*|format|assist\w+|rejoin\w+|suiv\w+|connect\w+)\b", _I)
ONLINE_THINGS = re.compile(
    r"(?:available|register|registration|published|consult\w*|find|read|download|platform|library|catalogue|database|portal|tool|course"
    r"|campaign|survey|questionnaire|harm|abuse"
    r"|disponible|inscri\w+|publi\w+|télécharg\w+|plateforme|bibliothèque|portail|outil|enquête|sondage|cours|campagne"
    r"|formulaire)s? (?:\w{2,12} ){0,2}"
    r"(?:online|en ligne|virtual|virtuel)|\b(?:online|virtual) (?:platform|librar|catalogue|database|portal|tool|survey|questionnaire|form"
    r"|course|campaign|registration|version|harm"
    r"|abuse|training tool|resource)|(?:à distance|virtuelle?) (?:de la|des|plateforme|bibliothèque)|\bonline (?:at|here)\b|\ben ligne (?:ici|sur)\b",
    _I,
)
IN_PERSON = re.compile(r"\b(?:in[- ]person|face[- ]to[- ]face|en présentiel|en personne|présentielle?s?)\b", _I)


def _words(*alternatives: str) -> re.Pattern[str]:
    """One of these, as whole words."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})(?!\w)")


TYPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "ministerial conference",
        _words(r"ministerial (?:conference|meeting|summit)s?", r"(?:conference|reunion)s? (?:[\w-]{1,24} )?ministerielles?"),
    ),
    (
        "senior officials' meeting",
        _words(
            rf"senior officials?(?:{_A}?s?{_A}?)? ?meetings?",
            r"meetings? of (?:the )?senior officials",
            r"reunions? de(?:s)? (?:hauts fonctionnaires|fonctionnaires de haut niveau)",
        ),
    ),
    ("steering committee", _words(r"steering committees?", r"comites? (?:de |du )?pilotage")),
    (
        "focal points' meeting",
        _words(
            rf"(?:national )?focal points?(?:{_A}?s?{_A}?)? ?meetings?",
            r"meetings? of (?:the )?(?:national )?focal points",
            r"nfp meetings?",
            r"(?:reunion|atelier)s? des points focaux(?: nationaux)?",
        ),
    ),
    ("drafting committee", _words(r"drafting committees?", r"comites? de redaction")),
    (
        "label event",
        _words(
            r"label(?:l?ed)? (?:events?|meetings?|workshops?|webinars?|activit(?:y|ies))",
            r"(?:evenement|reunion|atelier|activite)s? (?:labell?isee?s?|label)",
        ),
    ),
    ("webinar", _words(r"webinars?", r"webinaires?", r"seminaires? en ligne")),
    ("roundtable", _words(r"(?:thematic )?round[- ]?tables?", r"tables?[- ]rondes?(?: thematiques?)?")),
    (
        "thematic meeting",
        _words(r"(?:\w{1,12}lateral )?thematic (?:expert )?meetings?", r"reunions? (?:(?:trilaterale|regionale)s? )?thematiques?(?: trilaterales?)?"),
    ),
    ("study visit", _words(r"study (?:visit|tour)s?", rf"(?:visite|voyage)s? d{_A}?[ ]?etudes?")),
    (
        "training",
        _words(
            r"training (?:course|session|workshop|programme|seminar|module|week)s?",
            r"trainings? (?:on|for)",
            r"(?:session|atelier|cours|cycle|module|stage)s? de formation",
            r"formations? (?:sur|des|pour|a)",
            r"(?:formation|training)s?(?= ?:)",
        ),
    ),
    ("workshop", _words(r"workshops?", r"ateliers?")),
    ("seminar", _words(r"seminars?", r"seminaires?")),
    ("expert meeting", _words(rf"experts?(?:{_A}?s?{_A}?)? meetings?", r"meetings? of experts", rf"reunions? d{_A}experts")),
    ("conference", _words(r"(?<!press )(?<!video )conferences?(?! call| de presse)")),
)
"""Each type with what names it, in folded text. Where two begin at one place the longer match counts."""

ACRONYMS = re.compile(r"\b(?:SOM|RHN|TM|RT)\b(?!-)")
MEETING_TYPES = tuple(sorted({name for name, _ in TYPES} | {"label event"}))
ACRONYM_TYPES = {"SOM": "senior officials' meeting", "RHN": "senior officials' meeting", "TM": "thematic meeting", "RT": "thematic meeting"}

LABELLED = re.compile(r"label-meetings|reunions-labellisees|label-events|evenements-labellises", _I)
SECTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"senior-officials-meetings?|reunions?-(?:des-)?(?:hauts-)?fonctionnaires", _I), "senior officials' meeting"),
    (re.compile(r"steering-committees?|comites?-de-pilotage", _I), "steering committee"),
    (re.compile(r"ministerial-conferences?|conferences?-ministerielles?", _I), "ministerial conference"),
    (re.compile(r"thematic-meetings|reunions-thematiques", _I), "thematic meeting"),
    (re.compile(r"workshops|ateliers", _I), "workshop"),
)
