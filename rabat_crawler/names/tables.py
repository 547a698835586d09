"""The tables of names (`*.tsv` beside this file) as values: codes, labels, spellings, coordinates; any spelling back to its code.

In the tables a spelling may carry marks: `(s)` may be left out, `!` only in exactly these letters, `~` only where the words around it
speak of a place, `@fr` never in a text of another language.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from rabat_crawler.errors import ConfigError
from rabat_crawler.names.folding import WORD, fold

NameKind = Literal["country", "organisation", "theme", "town"]
KINDS: tuple[NameKind, ...] = ("country", "organisation", "theme", "town")
Case = Literal["any", "capital", "exact"]

_OPTIONAL = re.compile(r"(?<=\w)\((\w{1,2})\)|(?<=\))\((\w{1,2})\)")
_MARKED = re.compile(r"^(?P<text>.*?)(?P<exact>!)?(?P<weak>~)?(?:@(?P<language>fr|en))?$")
MAX_NEAR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way to write a name. `case`: "any", "capital" (a capital letter somewhere in it), "exact" (these very letters).

    `weak`: only where the words around it speak of a place; `language`: never in a text of another one ("" for all).
    """

    text: str
    case: Case
    weak: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A country, organisation, theme or town. `group`: a country's role (partner, observer, other), a theme's family (domain, pillar, theme).

    `within`: a country's region, a theme's domain, a town's country. `place`: latitude and longitude of a town, in degrees to two decimals.
    """

    kind: NameKind
    code: str
    english: str
    french: str
    spellings: tuple[Spelling, ...]
    group: str = ""
    within: str = ""
    place: tuple[float, float] | None = None


def slug(text: str) -> str:
    """The folded words of a text with hyphens between them: a town's code."""
    return "-".join(WORD.findall(fold(text)))


@lru_cache(maxsize=1)
def names() -> dict[tuple[NameKind, str], Name]:
    """Every name by kind and code, in the order of the tables."""
    read = (_countries(), _organisations(), _themes(), _towns())
    return {(name.kind, name.code): name for name in itertools.chain.from_iterable(read)}


def not_names() -> tuple[str, ...]:
    """Phrases that hold a name but mean something else, such as "Gulf of Guinea"."""
    return tuple(line for line in _read("not_names.txt").splitlines() if line)


def known(kind: NameKind) -> tuple[Name, ...]:
    """All names of a kind."""
    return tuple(name for name in names().values() if name.kind == kind)


def label(kind: NameKind, code: str, language: str = "en") -> str:
    """The canonical name in English, or in French with `language="fr"`; the code itself if it is not known."""
    name = names().get((kind, code))
    if name is None:
        return code
    return name.french if language == "fr" else name.english


def coordinates(code: str) -> tuple[float, float] | None:
    """Latitude and longitude of a town in degrees; None if the code is not known."""
    town = names().get(("town", code))
    return town.place if town else None


def country_of(code: str) -> str:
    """The country code of a town; "" if the town is not known."""
    town = names().get(("town", code))
    return town.within if town else ""


def resolve(kind: NameKind, wanted: str) -> tuple[str, ...]:
    """The codes that a code, label or spelling means, case and accents apart; a domain brings its themes. ConfigError names near ones."""
    ways = _ways(kind)
    code = ways.get(slug(wanted))
    if code is None:
        near = difflib.get_close_matches(slug(wanted)[:100], ways, n=2 * MAX_NEAR, cutoff=0.7)
        codes = list(dict.fromkeys(ways[one] for one in near))[:MAX_NEAR]
        hint = ", ".join(f"{one} ({label(kind, one)})" for one in codes) or f"for instance {', '.join(n.code for n in known(kind)[:MAX_NEAR])}"
        said = "did you mean " + hint + "?" if codes else f"{hint};"
        raise ConfigError(f"no {kind} {wanted!r} is known; {said} rabat-crawler names --kind {kind} lists those that the archive names")
    return (code, *(name.code for name in known(kind) if kind == "theme" and name.within == code))


@lru_cache(maxsize=len(KINDS))
def _ways(kind: NameKind) -> dict[str, str]:
    """Every folded way to write a name of the kind, with its code; codes and labels before other spellings."""
    ways: dict[str, str] = {}
    for name in known(kind):
        for text in (name.code, name.english, name.french):
            ways.setdefault(slug(text), name.code)
    for name in known(kind):
        for spelling in name.spellings:
            ways.setdefault(slug(spelling.text), name.code)
    return ways


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _rows(name: str) -> Iterator[list[str]]:
    """The rows of a table, its head left out."""
    for line in _read(name).splitlines()[1:]:
        yield line.split("\t")


def _countries() -> Iterator[Name]:
    for code, role, region, english, french, more, adjectives in _rows("countries.tsv"):
        spellings = (*_spellings(f"{english}|{french}|{more}", "capital"), *_spellings(adjectives, "any"))
        yield Name(kind="country", code=code, english=_bare(english), french=_bare(french), spellings=spellings, group=role, within=region)


def _organisations() -> Iterator[Name]:
    for code, english, french, acronyms, more in _rows("organisations.tsv"):
        spellings = (*_spellings(f"{english}|{french}|{more}", "capital"), *_spellings(acronyms, "exact"))
        yield Name(kind="organisation", code=code, english=_bare(english), french=_bare(french), spellings=spellings)


def _themes() -> Iterator[Name]:
    for code, family, domain, english, french, phrases in _rows("themes.tsv"):
        yield Name(kind="theme", code=code, english=english, french=french, spellings=_spellings(phrases, "any"), group=family, within=domain)


def _towns() -> Iterator[Name]:
    for country, latitude, longitude, english, french, more in _rows("towns.tsv"):
        place = (float(latitude), float(longitude))
        code, spellings = slug(_bare(english)), _spellings(f"{english}|{french}|{more}", "capital")
        yield Name(kind="town", code=code, english=_bare(english), french=_bare(french), spellings=spellings, within=country, place=place)


def _bare(label: str) -> str:
    """A label without the marks of a spelling."""
    found = _MARKED.match(label)
    return found["text"] if found else label


def _spellings(cell: str, case: Case) -> tuple[Spelling, ...]:
    """The spellings of a cell, those with parts that may be left out both ways, a ligature in both ways, acronyms with and without dots."""
    found: dict[Spelling, None] = {}
    for written in filter(None, cell.split("|")):
        parts = _MARKED.match(written)
        assert parts is not None
        exact = bool(parts["exact"]) or case == "exact"
        for text in _variants(parts["text"]):
            for way in {text, ".".join(text)} if exact and text.isalpha() and text.isupper() and len(text) <= 5 else {text}:
                found[Spelling(text=way, case="exact" if exact else case, weak=bool(parts["weak"]), language=parts["language"] or "")] = None
    return tuple(sorted(found, key=lambda spelling: spelling.text))


def _variants(text: str) -> set[str]:
    pieces = [piece or "" for piece in _OPTIONAL.split(text)]
    fixed, optional = pieces[::3], [one or other for one, other in zip(pieces[1::3], pieces[2::3], strict=True)]
    ways = {fixed[0]}
    for part, rest in zip(optional, fixed[1:], strict=True):
        ways = {way + chosen + rest for way in ways for chosen in ("", part)}
    return ways | {way.replace("œ", "oe") for way in ways}
