"""What a search page's address asks: read from its parameters, and written back with one thing changed. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import quote, urlencode

from rabat_crawler.archive import Filters
from rabat_crawler.archive.results import Sort
from rabat_crawler.errors import ConfigError
from rabat_crawler.query.codes import is_date

FILTERS = ("language", "kind", "year", "since", "until", "country", "organisation", "theme", "town", "site")
SORTS: tuple[Sort, ...] = ("relevance", "newest", "oldest")
PAGE_SIZE = 20
MAX_PAGE = 500
MAX_VALUE = 200

_NUMBER = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as an address asks it. `year` is both `since` and `until`; "" is what is not asked."""

    q: str = ""
    language: str = ""
    kind: str = ""
    year: str = ""
    since: str = ""
    until: str = ""
    country: str = ""
    organisation: str = ""
    theme: str = ""
    town: str = ""
    site: str = ""
    sort: str = ""
    twin: bool = False
    versions: bool = False
    page: int = 1

    @property
    def filters(self) -> Filters:
        """The filters. ConfigError for a date that is none."""
        for name in ("year", "since", "until"):
            value = getattr(self, name)
            if value and not is_date(value):
                raise ConfigError(f"{value!r} is no date; give a year, month or day such as 2017, 2017-05 or 2017-05-14")
        named = {name: getattr(self, name) or None for name in FILTERS if name not in ("year", "since", "until")}
        return Filters(since=self.since or self.year or None, until=self.until or self.year or None, **named)

    @property
    def order(self) -> Sort:
        """How the results are sorted: as asked, else the best first where there are words, the newest first where there are none."""
        if self.sort in SORTS and (self.q or self.sort != "relevance"):
            return self.sort
        return "relevance" if self.q else "newest"

    @property
    def offset(self) -> int:
        """The first result of the page, from 0."""
        return (self.page - 1) * PAGE_SIZE

    @property
    def active(self) -> tuple[tuple[str, str], ...]:
        """The filters that are set, with their values."""
        return tuple((name, value) for name in FILTERS if (value := getattr(self, name)))

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """The parameters of an address, without what is not asked; without the page unless it is changed to one."""
        changed = replace(self, **{"page": 1, **changes})
        found = [(one.name, getattr(changed, one.name)) for one in fields(changed)]
        return [(name, "1" if value is True else str(value)) for name, value in found if value and (name, value) != ("page", 1)]

    def address(self, path: str, **changes: Any) -> str:
        """An address with this search, some of it changed."""
        query = urlencode(self.parameters(**changes), quote_via=quote)
        return f"{path}?{query}" if query else path


def read_asked(arguments: Mapping[str, str]) -> Asked:
    """The search of an address's parameters; what cannot be read is not asked."""
    texts = {name: _text(arguments, name, MAX_VALUE) for name in (*FILTERS, "sort")}
    page = _text(arguments, "page", 6)
    switches = {name: _text(arguments, name, 5) in ("1", "on", "true") for name in ("twin", "versions")}
    number = int(page) if _NUMBER.fullmatch(page) else 1
    return Asked(q=_text(arguments, "q", 2000), page=min(max(number, 1), MAX_PAGE), **texts, **switches)  # type: ignore[arg-type]


def _text(arguments: Mapping[str, str], name: str, length: int) -> str:
    value = arguments.get(name) or ""
    return " ".join("".join(character if character.isprintable() else " " for character in value[:length]).split())
