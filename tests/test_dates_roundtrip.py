"""The way back: any day, range, month or year, rendered in any known form in either language, is read as what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rabat_crawler.extract.dates import explain_text

FR = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
EN = "January February March April May June July August September October November December".split()
FR_DAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()
EN_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
FR_SHORT = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()

Form = Callable[[date], str]
RangeForm = Callable[[date, date], str]


def fr(day: date) -> str:
    return FR[day.month - 1]


def en(day: date) -> str:
    return EN[day.month - 1]


def first(day: date) -> str:
    """The day's number as French writes it."""
    return "1er" if day.day == 1 else str(day.day)


def nth(day: date) -> str:
    """The day's number as English says it."""
    suffix = "th" if 10 < day.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return f"{day.day}{suffix}"


DAY_FORMS: dict[str, Form] = {
    "17 juillet 2017": lambda d: f"{d.day} {fr(d)} {d.year}",
    "le 1er mai 2018": lambda d: f"le {first(d)} {fr(d)} {d.year}",
    "1ER MAI 2018": lambda d: f"{first(d)} {fr(d)} {d.year}".upper(),
    "mardi 6 juin 2017": lambda d: f"{FR_DAYS[d.weekday()]} {d.day} {fr(d)} {d.year}",
    "12 févr. 2016": lambda d: f"{d.day} {FR_SHORT[d.month - 1]} {d.year}",
    "Réunis le 6 juin 2017 à Dakar": lambda d: f"Réunis le {first(d)} {fr(d)} {d.year} à Dakar, 90 participants",
    "03 April 2022": lambda d: f"{d.day:02d} {en(d)} {d.year}",
    "the 24th October 2019": lambda d: f"the {nth(d)} {en(d)} {d.year}",
    "2nd of May 2018": lambda d: f"{nth(d)} of {en(d)} {d.year}",
    "20 October, 2022": lambda d: f"{d.day} {en(d)}, {d.year}",
    "November 5, 2019": lambda d: f"{en(d)} {d.day}, {d.year}",
    "November 5th, 2019": lambda d: f"{en(d)} {nth(d)}, {d.year}",
    "Nov. 5, 2019": lambda d: f"{en(d)[:3]}. {d.day}, {d.year}",
    "Tuesday, May 5, 2020": lambda d: f"{EN_DAYS[d.weekday()]}, {en(d)} {d.day}, {d.year}",
    "12 May 2019, 14.00-15.45": lambda d: f"{d.day} {en(d)} {d.year}, 14.00-15.45",
    "2018-04-03": lambda d: d.isoformat(),
    "03/04/2018": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    "3.4.2018": lambda d: f"{d.day}.{d.month}.{d.year}",
}
WITHIN_MONTH: dict[str, RangeForm] = {
    "du 2 au 3 mai 2017": lambda a, b: f"du {first(a)} au {b.day} {fr(b)} {b.year}",
    "2-3 mai 2017": lambda a, b: f"{first(a)}-{b.day} {fr(b)} {b.year}",
    "2 – 3 mai 2017": lambda a, b: f"{first(a)} – {b.day} {fr(b)} {b.year}",
    "entre le 2 et le 3 mai 2017": lambda a, b: f"entre le {first(a)} et le {b.day} {fr(b)} {b.year}",
    "du lundi 3 au vendredi 7 mai 2018": lambda a, b: f"du {FR_DAYS[a.weekday()]} {first(a)} au {FR_DAYS[b.weekday()]} {b.day} {fr(b)} {b.year}",
    "du 12 au 14/05/2017": lambda a, b: f"du {a.day:02d} au {b:%d/%m}/{b.year}",
    "8-9 November 2017": lambda a, b: f"{a.day}-{b.day} {en(b)} {b.year}",
    "12th-13th May 2022": lambda a, b: f"{nth(a)}-{nth(b)} {en(b)} {b.year}",
    "between 13 and 16 December 2022": lambda a, b: f"between {a.day} and {b.day} {en(b)} {b.year}",
    "from the 2nd to the 3rd of May 2017": lambda a, b: f"from the {nth(a)} to the {nth(b)} of {en(b)} {b.year}",
    "November 5-6, 2019": lambda a, b: f"{en(b)} {a.day}-{b.day}, {b.year}",
}
WITHIN_YEAR: dict[str, RangeForm] = {
    "du 28 avril au 1er mai 2015": lambda a, b: f"du {first(a)} {fr(a)} au {first(b)} {fr(b)} {b.year}",
    "30 November - 1 December 2016": lambda a, b: f"{a.day} {en(a)} - {b.day} {en(b)} {b.year}",
    "June 28 to July 2, 2016": lambda a, b: f"{en(a)} {a.day} to {en(b)} {b.day}, {b.year}",
    "29/05 - 02/06/2017": lambda a, b: f"{a:%d/%m} - {b:%d/%m}/{b.year}",
}
ANYWHERE: dict[str, RangeForm] = {
    "du 30 décembre 2012 au 2 janvier 2013": lambda a, b: f"du {first(a)} {fr(a)} {a.year} au {first(b)} {fr(b)} {b.year}",
    "from 30 December 2012 to 2 January 2013": lambda a, b: f"from {a.day} {en(a)} {a.year} to {b.day} {en(b)} {b.year}",
    "Dec 30, 2012 – Jan 2, 2013": lambda a, b: f"{en(a)[:3]} {a.day}, {a.year} – {en(b)[:3]} {b.day}, {b.year}",
    "03/04/2018 - 05/04/2018": lambda a, b: f"{a:%d/%m}/{a.year} - {b:%d/%m}/{b.year}",
    "2018-04-03 to 2018-04-05": lambda a, b: f"{a} to {b}",
}
MONTH_FORMS: dict[str, Form] = {
    "en avril 2017": lambda d: f"en {fr(d)} {d.year}",
    "début décembre 2020": lambda d: f"début {fr(d)} {d.year}",
    "early December 2020": lambda d: f"early {en(d)} {d.year}",
    "December 2020": lambda d: f"{en(d)} {d.year}",
    "COVID-19, mai 2020": lambda d: f"COVID-19, {fr(d)} {d.year}",
}
MONTHS_FORMS: dict[str, RangeForm] = {
    "d’avril à juin 2015": lambda a, b: f"de {fr(a)} à {fr(b)} {b.year}" if a.year == b.year else f"de {fr(a)} {a.year} à {fr(b)} {b.year}",
    "January 2024 - January 2025": lambda a, b: f"{en(a)} {a.year} - {en(b)} {b.year}",
    "between November 2016 and February 2017": lambda a, b: f"between {en(a)} {a.year} and {en(b)} {b.year}",
}
YEAR_FORMS: dict[str, Form] = {
    "au début de l’année 2018": lambda d: f"au début de l’année {d.year}",
    "in 2018": lambda d: f"in {d.year}",
    "programme 2018-2020, en 2018": lambda d: f"programme 2018-2020, en {d.year}",
}
YEARLESS: dict[str, Form] = {
    "le 3 juin": lambda d: f"le {first(d)} {fr(d)}",
    "on 3 June": lambda d: f"on {d.day} {en(d)}",
}
EVERY = (DAY_FORMS, WITHIN_MONTH, WITHIN_YEAR, ANYWHERE, MONTH_FORMS, MONTHS_FORMS, YEAR_FORMS, YEARLESS)

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 1))
FEW = settings(max_examples=80, deadline=None)


def read(text: str, year: int | None = None) -> list[tuple[str, str | None, str]]:
    return [(one.start, one.end, one.precision) for one in explain_text(text, language=None, year=year)]


def forms_of(a: date, b: date) -> Iterator[tuple[str, RangeForm]]:
    yield from ANYWHERE.items()
    if a.year == b.year and (a.month < b.month):
        yield from WITHIN_YEAR.items()
    if (a.year, a.month) == (b.year, b.month):
        yield from WITHIN_MONTH.items()


def test_there_are_many_forms() -> None:
    assert sum(map(len, EVERY)) >= 40


@given(DAYS)
@example(date(2016, 2, 29))
@example(date(2018, 5, 1))
@FEW
def test_any_day_is_read_back(day: date) -> None:
    for name, form in DAY_FORMS.items():
        assert read(form(day)) == [(day.isoformat(), None, "day")], (name, form(day))
    for name, form in YEARLESS.items():
        assert read(form(day), day.year) == [(day.isoformat(), None, "day")], (name, form(day))
        assert read(form(day)) == [], (name, form(day))


@given(DAYS, st.integers(min_value=1, max_value=27))
@example(date(2016, 2, 28), 1)
@example(date(2019, 12, 31), 1)
@example(date(2019, 5, 1), 26)
@FEW
def test_any_range_is_read_back(a: date, length: int) -> None:
    b = a + timedelta(days=length)
    for name, form in forms_of(a, b):
        assert read(form(a, b)) == [(a.isoformat(), b.isoformat(), "day")], (name, form(a, b))


@given(DAYS, st.integers(min_value=0, max_value=10))
@FEW
def test_any_months_are_read_back(a: date, more: int) -> None:
    b = date(a.year + (a.month + more) // 12, (a.month + more) % 12 + 1, 1)
    for name, form in MONTH_FORMS.items():
        assert read(form(a)) == [(f"{a:%Y-%m}", None, "month")], (name, form(a))
    for name, span in MONTHS_FORMS.items():
        assert read(span(a, b)) == [(f"{a:%Y-%m}", f"{b:%Y-%m}", "month")], (name, span(a, b))
    for name, form in YEAR_FORMS.items():
        assert read(form(a)) == [(str(a.year), None, "year")], (name, form(a))
