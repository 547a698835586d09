"""What charts and calendars say, in English and in French: months, weekdays, numbers, short sentences about a chart."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "fr"]

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
}
SHORT_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}
WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
SHORT_WEEKDAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")}

_SAID = {
    "nothing": ("Nothing to show.", "Rien à montrer."),
    "from": ("from {first} to {last}", "de {first} à {last}"),
    "most": ("highest: {where}, {number}", "maximum : {where}, {number}"),
    "empty": ("{empty} of {all} have none", "{empty} sur {all} n’en ont pas"),
    "grouped-year": ("grouped by year", "regroupé par année"),
    "grouped-decade": ("grouped by ten years", "regroupé par dix ans"),
    "grouped-century": ("grouped by a hundred years", "regroupé par cent ans"),
    "period-month": ("month", "mois"),
    "period-year": ("year", "année"),
    "period-decade": ("decade", "décennie"),
    "period-century": ("century", "siècle"),
    "period-class": ("class", "classe"),
    "total": ("total", "total"),
    "unknown": ("no value", "sans valeur"),
}


def said(key: str, language: Language, **values: object) -> str:
    """A short phrase in the language, its places filled."""
    return _SAID[key][language == "fr"].format(**values)


def number(value: float, language: Language, *, percent: bool = False) -> str:
    """A number as the language writes it: 1,234.5 or 1 234,5 (with a narrow no-break space), 12% or 12 %."""
    text = f"{value:,.1f}".removesuffix(".0") if percent or value != int(value) else f"{int(value):,}"
    if language == "fr":
        text = text.replace(",", "\u202f").replace(".", ",")
    if not percent:
        return text
    return text + ("\u00a0%" if language == "fr" else "%")


def period(key: str, language: Language, *, short: bool = False) -> str:
    """A period for people: "2017", "May 2017", "mai 2017"; short: "May", "mai"; "2010s" and "années 2010" come as keys "201x", centuries as "20xx"."""
    if key.endswith("xx"):
        return f"{key[:2]}00–{key[:2]}99"
    if key.endswith("x"):
        return f"{key[:3]}0–{key[:3]}9"
    if len(key) < 7:
        return key
    name = (SHORT_MONTHS if short else MONTHS)[language][int(key[5:7]) - 1]
    return name if short else f"{name} {key[:4]}"
