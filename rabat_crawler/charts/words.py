"""What charts and calendars say, in English and in French: months, weekdays, numbers, short sentences about a chart."""

from __future__ import annotations

from typing import Literal

from rabat_crawler.date_text import MONTHS

Language = Literal["en", "fr"]

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
    "from": ("{first} – {last}", "{first} – {last}"),
    "most": ("highest: {where}, {number}", "maximum\u00a0: {where}, {number}"),
    "and": ("; ", "\u00a0; "),
    "is": (": ", "\u00a0: "),
    "empty": ("{empty} of {all} have none", "{empty} sur {all} n’en ont pas"),
    "grouped-month": ("grouped by month", "regroupé par mois"),
    "grouped-year": ("grouped by year", "regroupé par année"),
    "grouped-decade": ("grouped by ten years", "regroupé par dix ans"),
    "grouped-century": ("grouped by a hundred years", "regroupé par cent ans"),
    "period-day": ("day", "jour"),
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
    """A period for people: "2017", "May 2017", "14 May 2017"; short: "May", "14 May". A decade's key is "201x", a century's "20xx"."""
    if key.endswith("xx"):
        return f"{key[:2]}00–{key[:2]}99"
    if key.endswith("x"):
        return f"{key[:3]}0–{key[:3]}9"
    if len(key) < 7:
        return key
    name = (SHORT_MONTHS if short else MONTHS)[language][int(key[5:7]) - 1]
    if len(key) == 10:
        name = f"{day(int(key[8:10]), language)} {name}"
    return name if short else f"{name} {key[:4]}"


def day(of_month: int, language: Language) -> str:
    """The number of a day as it stands in a date: 1, 2 ... or 1er, 2 ..."""
    return "1er" if of_month == 1 and language == "fr" else str(of_month)
