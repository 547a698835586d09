"""The words of French and English dates, and the words beside a number or a year that tell what it is. Patterns look at lower-case text. Pure."""

from __future__ import annotations

import re

MONTHS = {
    1: "janvier janv january jan",
    2: "février fevrier févr fevr fév february feb",
    3: "mars march mar",
    4: "avril avr april apr",
    5: "mai may",
    6: "juin june jun",
    7: "juillet juil july jul",
    8: "août aout august aug",
    9: "septembre september sept sep",
    10: "octobre october oct",
    11: "novembre november nov",
    12: "décembre decembre december déc dec",
}
WHOLE_NAMES = frozenset(["mars", "mai", "may", "juin", "june", "août", "aout", "july"])
WEEKDAYS = (
    "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    "|lun|mar|mer|jeu|ven|sam|dim|mon|tues?|wed|thurs?|thu|fri|sat|sun"
)
MONTH_NUMBER = {name: number for number, names in MONTHS.items() for name in names.split()}
SHORT_MONTHS = frozenset(name for name in MONTH_NUMBER if len(name) < 5) - WHOLE_NAMES

COUNTED = (
    "committees?|comités?|comites?|sessions?|séances?|groupes?|groups?|panels?|phases?|parts?|parties?|days?|jours?|journées?|rounds?|lots?|modules?"
    "|tables?|domaines?|domains?|areas?|pillars?|piliers?|volumes?|vol|issues?|numéros?|no|n|articles?|art|points?|items?|pages?|pp?"
    "|annexe?s?|chapters?|chapitres?|editions?|éditions?|stages?|steps?|étapes?|objectives?|objectifs?|axes?|themes?|thèmes?|topics?|actions?|goals?|wp"
)
GATHERINGS = "ateliers?|workshops?|meetings?|réunions?|roundtables?|rondes?|conférences?|conferences?|webinars?|webinaires?"
COUNTED_BEFORE = re.compile(rf"(?:^|[^\w])(?:{COUNTED})\.?\s$")
"""`Committee 1 - 9th June`: the number counts the committee."""
GATHERING_BEFORE = re.compile(rf"(?:^|[^\w])(?:{GATHERINGS})\s$")
"""`Workshop 8 - 9 November` is two days, `Workshop 1 - 9 June` and `Workshop 1 - 2nd June` the first of a series."""
LONG_GATHERING = 6
ISSUE_BEFORE = re.compile(r"(?:(?:^|[^\w])(?:n[°ºo]\.?|no\.|nr\.?|numéros?|issues?|vol(?:umes?|\.)?|pp?\.)|[#°])\s?$")
"""`Bulletin n° 12 mai 2018`: the number is that of the issue."""
STREET_BEFORE = re.compile(r"(?:^|[^\w])(?:rue|place|avenue|av\.|boulevard|bd|square|quai|pont|stade|esplanade|allée)\s(?:du|des|de la)\s$")
"""`place du 8 mai 1945` is an address."""
YEAR_BEFORE = re.compile(r"(?:^|[^\w])(?:(?:en|in|année|annee|year|fin|début|end|of|early|late|mid|courant|during)\s|(?:mi|mid|early|late)[-‐‑])$")
PERIOD_BEFORE = re.compile(r"(?:^|[^\w])(?:entre|between|de|from|d['’])\s?$")
BETWEEN = re.compile(r"(?:entre|between)\s(?:(?:le|les|the|fin|mi|early|late|mid)[\s-])?(?:(?:\w{3,9})\s)?$")
MONTH_BEFORE = re.compile(
    r"(?:^|[^\w])(?:(?:en|in|de|of|since|depuis|fin|début|debut|early|late|mid|mi|from|between|entre|during|until|till|by|courant|dès)[\s-]|d['’]\s?"
    r"|jusqu['’]en\s)$"
)
"""A month without year is one only after such a word: "we may", "the march"."""
RELATIVE_AFTER = re.compile(
    r"\s(?:derniers?|dernières?|prochaine?s?|last|next|(?:de\sl['’]an(?:née)?|of\sthe|of)\s(?:dernière|précédente|passée|prochaine|suivante|last|next"
    r"|previous|following)\b)"
)
"""`en décembre dernier` cannot be told without knowing when it was written."""
