"""The command names: which countries, organisations, themes and towns the archive's items mention."""

from __future__ import annotations

from typing import Any

import click

from rabat_crawler.cli.format import json_line, say, table
from rabat_crawler.cli.options import archive_option, json_option, opened
from rabat_crawler.names import KINDS, coordinates, country_of, label

Rows = list[tuple[str, str, int]]


@click.command()
@click.option("--kind", type=click.Choice(KINDS), help="Only names of this kind.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="At most so many of each kind.")
@json_option
@archive_option
def names(archive_dir: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """Count the items that mention each country, organisation, theme and town. With --json all are given, unless --limit is."""
    everything = as_json and click.get_current_context().get_parameter_source("limit") != click.core.ParameterSource.COMMANDLINE
    with opened(archive_dir) as archive:
        facets = archive.facets()
    rows = [(one, code, count) for one in KINDS if kind in (None, one) for code, count in facets[one][: None if everything else limit]]
    if as_json:
        for one, code, count in rows:
            say(json_line(_name_json(one, code, count)))
        return
    if not rows:
        say("no item mentions any name that is known; rabat-crawler stats says what the archive holds")
        return
    say(
        table(
            [(one, code, count, label(one, code), label(one, code, "fr")) for one, code, count in rows],
            ("kind", "code", "items", "English", "French"),
        )
    )


def _name_json(kind: Any, code: str, count: int) -> dict[str, Any]:
    """A name with the number of items that mention it; a town with its country, latitude and longitude."""
    values = {"kind": kind, "code": code, "items": count, "name_en": label(kind, code), "name_fr": label(kind, code, "fr")}
    place = coordinates(code) if kind == "town" else None
    if place is None:
        return values
    return {**values, "country": country_of(code), "latitude": place[0], "longitude": place[1]}
