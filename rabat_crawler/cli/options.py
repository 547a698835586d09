"""Options that several commands share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.filters import Filters
from rabat_crawler.cli.format import progress_line
from rabat_crawler.models import KINDS
from rabat_crawler.query.codes import is_date

F = TypeVar("F", bound=Callable[..., Any])


class PartialDateParam(click.ParamType[str]):
    """A year, month or day: 2017, 2017-05, 2017-05-14."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is, if it is an ISO prefix; a usage error otherwise."""
        if not is_date(str(value)):
            self.fail(f"{value!r} is no date; give a year, month or day such as 2017, 2017-05 or 2017-05-14", param, ctx)
        return str(value)


archive_option = click.option("--archive", "archive_dir", metavar="DIR", help="Archive folder (default: archive, or RABAT_ARCHIVE).")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")


as_of_option = click.option(
    "--as-of", metavar="DATE", help="The archive as it stood at the end of that day, month or year (2017-07-20, 2017-07, 2017), or at a time."
)


@contextlib.contextmanager
def opened(archive_dir: str | None, as_of: str | None = None) -> Iterator[Archive]:
    """The archive for reading, or what it was at a date."""
    with Archive.open(config.archive_path(archive_dir)) as archive:
        if as_of is None:
            yield archive
            return
        with progress_line() as progress:
            past = archive.as_of(as_of, progress)
        with past:
            yield past


LIMIT = click.option("--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="At most so many.")


def filter_options(command: F) -> F:
    """--lang, --kind, --since, --until, --country, --organisation, --theme, --town, --limit."""
    return selection_options(LIMIT(command))


def selection_options(command: F) -> F:
    """The same without --limit."""
    for option in reversed(
        (
            click.option("--lang", metavar="CODE", help="Only items in this language (fr, en, mixed ...)."),
            click.option("--kind", type=click.Choice(KINDS), help="Only items of this kind."),
            click.option("--since", type=PartialDateParam(), help="Published then or later (2017, 2017-05, 2017-05-14)."),
            click.option("--until", type=PartialDateParam(), help="Published then or earlier, the whole year or month included."),
            click.option("--country", metavar="NAME", help="Only items that name this country: a code or any spelling (SN, Sénégal)."),
            click.option("--organisation", metavar="NAME", help="Only items that name this organisation (IOM, OIM, African Union)."),
            click.option("--theme", metavar="NAME", help="Only items on this theme or thematic domain (asylum, transferts de fonds)."),
            click.option("--town", metavar="NAME", help="Only items that name this town (Dakar, Marrakesh)."),
        )
    ):
        command = option(command)
    return command


def filters(lang: str | None, kind: str | None, since: str | None, until: str | None, **named: str | None) -> Filters:
    """The filters that the options gave."""
    return Filters(language=lang.lower() if lang else None, kind=kind, since=since, until=until, **named)


def spending_options(command: F) -> F:
    """--every, --max-requests, --max-mb, --max-minutes."""
    for option in reversed(
        (
            click.option(
                "--every", type=click.FloatRange(1, 3650), default=30.0, show_default=True, help="Ask everything at least once in so many days."
            ),
            click.option("--max-requests", type=click.IntRange(min=1), help="Budget of this run; the rest waits for the next one."),
            click.option("--max-mb", type=click.FloatRange(min=0.001), help="Budget of this run in megabytes received."),
            click.option("--max-minutes", type=click.FloatRange(min=0.001), help="Budget of this run in minutes."),
        )
    ):
        command = option(command)
    return command
