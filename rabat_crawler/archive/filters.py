"""What limits a search or a list of items, as conditions of SQL and as codes of the search index. Reads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rabat_crawler.query.codes import code_of
from rabat_crawler.query.grammar import named_codes, span
from rabat_crawler.query.tree import Codes

NAMED: tuple[Literal["country", "organisation", "theme", "town"], ...] = ("country", "organisation", "theme", "town")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What limits a search or a list of items: language, kind, published dates (ISO prefixes, both included), and names that it must mention.

    A name is a code or any spelling ("SN", "Sénégal", "senegal"); a thematic domain takes in its themes.
    """

    language: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    site: str | None = None
    country: str | None = None
    organisation: str | None = None
    theme: str | None = None
    town: str | None = None

    def sql(self) -> tuple[str, dict[str, str]]:
        """The conditions on `items i` and their values. `until` takes in the whole of the year or month that it names.

        ConfigError for a name that is not known; the message lists near ones.
        """
        parts: list[str] = []
        values: dict[str, str] = {}
        for name, column in (("language", "i.language"), ("kind", "i.kind"), ("site", "i.site")):
            value = getattr(self, name)
            if value:
                parts.append(f"AND {column} = :{name}")
                values[name] = storable(value)
        if self.since:
            parts.append("AND i.published >= :since")
            values["since"] = self.since
        if self.until:
            parts.append("AND substr(i.published, 1, length(:until)) <= :until")
            values["until"] = self.until
        named = {kind: storable(value) for kind in NAMED if (value := getattr(self, kind))}
        if named:
            from rabat_crawler.archive.mentions import conditions  # the tables of names are read for those who ask for one

            more, codes = conditions(named)
            parts += more
            values |= codes
        return " ".join(parts), values

    def codes(self) -> tuple[Codes, ...]:
        """The same as codes of the search index. SearchSyntax for a date that is none, ConfigError for a name that is not known."""
        found = [Codes((code_of(name, value),), name, value) for name in ("language", "kind", "site") if (value := getattr(self, name))]
        if self.since or self.until:
            found.append(Codes(tuple(span(self.since, self.until)), "since" if self.since else "until", self.since or self.until or ""))
        return (*found, *(named_codes(kind, storable(value)) for kind in NAMED if (value := getattr(self, kind))))


def storable(text: str) -> str:
    """The text as SQLite can take it: bytes of the command line that are no UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode()
