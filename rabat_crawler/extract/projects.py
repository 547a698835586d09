"""Technical-assistance projects as pages print them: which label means which field, what a period says, when labelled values are a project.

Pure; knows words, no markup (see `layouts.project_list`). A list of meetings, participants or budget lines is no list of projects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rabat_crawler.extract.dates import parse_date
from rabat_crawler.extract.html import fold
from rabat_crawler.models import Project

FieldName = Literal["project", "title", "countries", "period", "start", "end", "partners", "funding", "further"]

MAX_LABEL = 60
MAX_VALUE = 2000
"""A longer value of a field is cut: it is prose that slipped into a cell."""

_THING = "(?:projets?|projects?|initiatives?)"
_OF = "(?: (?:du|de la|de l|des|of|of the))?"
LABELS: tuple[tuple[FieldName, re.Pattern[str]], ...] = (
    (
        "project",
        re.compile(rf"{_THING}|{_THING} (?:name|title)s?|(?:nom|titre|intitule|name|title)s?{_OF} {_THING}|{_THING} (?:et|and|ou|or) {_THING}"),
    ),
    ("title", re.compile(r"noms?|titres?|intitules?|names?|titles?|actions?|programmes?|programs?")),
    (
        "countries",
        re.compile(
            r"(?:(?:pays|zones?|regions?)(?: (?:ou regions?|concerne(?:e?s)?|beneficiaires?|partenaires?|participants?|cibles?|couverts?|"
            r"d intervention|d action|de mise en oeuvre|geographiques?))?|(?:(?:target|beneficiary|partner|participating|concerned|geographical|project) )?"
            r"(?:countr(?:y|ies)|regions?|area)(?: (?:concerned|covered|involved|or region))?|geographic(?:al)? (?:scope|coverage|area)|"
            r"(?:couverture|zone) geographique)"
        ),
    ),
    (
        "start",
        re.compile(r"(?:date de )?(?:debut|demarrage)|start(?:ing)?(?: date)?|from"),
    ),
    ("end", re.compile(r"(?:date de )?(?:fin|cloture)|end(?:ing)?(?: date)?|until")),
    (
        "period",
        re.compile(
            r"(?:(?:project|implementation) )?(?:periods?|duration|timeframe|time frame|timeline)(?: of implementation)?|"
            r"(?:periodes?|duree)(?: (?:du projet|de mise en oeuvre|d execution))?|calendrier|annees?|years?"
        ),
    ),
    (
        "partners",
        re.compile(
            r"(?:(?:implementing|lead|main|project|technical) )?(?:partners?|agenc(?:y|ies))|implement(?:ed by|ation|er|ers)|"
            r"implementing organi[sz]ations?|partenaires?(?: (?:de mise en oeuvre|du projet|techniques?|principa(?:l|ux)|d execution))?|"
            r"(?:organisme de )?mise en oeuvre(?: par)?|mis en oeuvre par|chefs? de file|operateurs?|agences?(?: d execution)?"
        ),
    ),
    (
        "funding",
        re.compile(
            r"(?:source of |sources of |project |total )?(?:funding|budgets?|finance)(?: source)?|(?:sources? de )?financements?|"
            r"finance(?:e)? par|funded by|financed by|donors?|bailleurs?(?: de fonds)?|montants?(?: total)?|amount|"
            r"(?:budget|cout|montant) total|total (?:budget|cost)|(?:eu|european union) contribution|contribution de l (?:ue|union europeenne)|costs?|couts?"
        ),
    ),
    (
        "further",
        re.compile(
            r"descriptions?|(?:general |specific |main )?objectives?|objectifs?(?: (?:general|generaux|specifiques?|principa(?:l|ux)))?|"
            r"(?:thematic )?(?:pillars?|areas?|themes?|domains?)|(?:piliers?|themes?|domaines?)(?: thematiques?)?|thematiques?|activities|activites|"
            r"beneficiar(?:y|ies)|beneficiaires?|statut|status|results?|resultats?|contact|website|site internet|more information|pour en savoir plus|"
            r"references?|n|no|summary|resume"
        ),
    ),
)
WEAK: tuple[tuple[FieldName, re.Pattern[str]], ...] = (
    ("period", re.compile(r"dates?")),
    ("countries", re.compile(r"place|lieu|lieux|location|localisation")),
)
"""What a meeting's note says of itself as well: these count only on a page that stands among the projects."""

_BRACKETS = re.compile(r"\([^()]{0,40}\)")
_TOTAL = re.compile(r"(?:sous )?total(?: .{0,20})?|(?:grand|sub) total|source.{0,80}|note.{0,80}")
_NAME = re.compile(r"[^\W\d_]{2}")
_YEAR = r"(?:19|20)[0-9]{2}"
_TO = r"(?:\s{0,3}[-‐-―/]\s{0,3}|\s{1,3}(?:à|au|to|until|till|jusqu['’]en|jusqu['’]à|et|and)\s{1,3})"
_YEARS = re.compile(rf"(?<![0-9/.])({_YEAR}){_TO}({_YEAR})(?![0-9/])", re.I)
_MONTHS = re.compile(rf"(?<![0-9/.])(0?[1-9]|1[0-2])[/.]({_YEAR}){_TO}(0?[1-9]|1[0-2])[/.]({_YEAR})(?![0-9/])", re.I)
_SINCE = re.compile(
    rf"(?:(?:depuis|since|from|à partir de|dès)\s{{1,3}}({_YEAR})|"
    rf"({_YEAR})\s{{0,3}}[-‐-―]\s{{0,3}}(?:présent|present|today|aujourd['’]hui|en cours|ongoing|\.\.\.|…)?)$",
    re.I,
)
_EDGES = re.compile(r"[()\[\];,]")
_FROM = re.compile(r"^(?:de|du|from)\s{1,3}", re.I)
MAX_PERIOD = 200


@dataclass(frozen=True, slots=True)
class Labelled:
    """A printed label with the field that it names (None: none that we know), whether weakly, and its value."""

    label: str
    value: str
    field: FieldName | None
    weak: bool = False


@lru_cache(maxsize=4096)
def field_of(label: str) -> tuple[FieldName | None, bool]:
    """The field that a label names, and whether only weakly; (None, False) for any other text."""
    if not label or len(label) > MAX_LABEL:
        return None, False
    folded = fold(_BRACKETS.sub(" ", label))
    strong = next((name for name, pattern in LABELS if pattern.fullmatch(folded)), None)
    if strong:
        return strong, False
    weak = next((name for name, pattern in WEAK if pattern.fullmatch(folded)), None)
    return weak, weak is not None


def labelled(label: str, value: str) -> Labelled:
    """The pair, its label understood."""
    name, weak = field_of(label)
    return Labelled(label.strip(" :"), value[:MAX_VALUE], name, weak)


def is_project(fields: Sequence[Labelled], *, among_projects: bool, titled: bool) -> bool:
    """Whether these labels are those of a project. `titled`: a heading names it, no label does. `among_projects`: its page stands in such a section.

    A label "Project" or "Initiative" needs its countries or two further fields; a mere "Title", "Name" or "Programme", which agendas and
    lists of participants have, needs partners or funding among two or more; what only a heading names, three, or two of them strong ones.
    """
    found = {one.field for one in fields if one.field and (among_projects or not one.weak)}
    has_period = bool(found & {"period", "start", "end"})
    count = has_period + len(found & {"countries", "partners", "funding"})
    if "project" in found:
        return count >= 2 or "countries" in found
    if "title" in found:
        return count >= 2 and "countries" in found and (among_projects or bool(found & {"partners", "funding"}))
    if not titled:
        return False
    return count >= 2 if among_projects else count >= 3


def is_name(text: str) -> bool:
    """Whether a title cell names something: no number, no total, no second header."""
    return bool(_NAME.search(text)) and not _TOTAL.fullmatch(fold(text)) and field_of(text)[0] is None


def project_of(fields: Sequence[Labelled], language: str | None) -> Project:
    """The project's fields; several values of one field are joined by a semicolon."""
    values: dict[str, list[str]] = {}
    for one in fields:
        if one.field and one.value:
            values.setdefault(one.field, []).append(one.value)
    text = {name: "; ".join(dict.fromkeys(found))[:MAX_VALUE] for name, found in values.items()}
    ends = [text[name] for name in ("start", "end") if name in text]
    period = text.get("period") or " – ".join(ends)
    start, end = parse_period(period, language)
    if "start" in text and "period" not in text:
        start, end = parse_period(text["start"], language)[0], parse_period(text.get("end", ""), language)[0]
    return Project(
        countries=text.get("countries", ""), period=period, start=start, end=end, partners=text.get("partners", ""), funding=text.get("funding", "")
    )


def fields_text(fields: Sequence[Labelled]) -> str:
    """The fields as lines of text, with the labels that the page prints; the title is none of them."""
    return "\n".join(f"{one.label}: {one.value}" if one.label else one.value for one in fields if one.value and one.field not in ("project", "title"))


def parse_period(text: str, language: str | None) -> tuple[str | None, str | None]:
    """First and last day, month or year (ISO prefixes) of a printed period; the end None if it is open or a single one, both None for "36 months"."""
    text = text[:MAX_PERIOD].strip()
    if not any(character.isdigit() for character in text):
        return None, None
    months = _MONTHS.search(text)
    if months:
        return f"{months[2]}-{int(months[1]):02d}", f"{months[4]}-{int(months[3]):02d}"
    years = _YEARS.search(text)
    if years:
        return (years[1], years[2]) if years[1] <= years[2] else (None, None)
    for piece in (text, *(part.strip() for part in _EDGES.split(text))):
        plain = _FROM.sub("", piece)
        found = parse_date(plain, language=language) if plain else None
        if found is not None:
            return found.value, found.end
        since = _SINCE.fullmatch(piece)
        if since:
            return since[1] or since[2], None
    return None, None


__all__ = ["Labelled", "field_of", "fields_text", "is_name", "is_project", "labelled", "parse_period", "project_of"]
