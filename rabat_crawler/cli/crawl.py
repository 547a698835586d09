"""The commands crawl and sites."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from rabat_crawler import config, registry
from rabat_crawler.cli import exits
from rabat_crawler.cli.format import ProgressLine, json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, json_option, spending_options
from rabat_crawler.models import Run, Site

DEFAULT_SITE = "rabat-process"


class Seconds(click.FloatRange):
    """A number of seconds; "nan" passes every comparison, so it is refused by name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error."""
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return number


def choose_site(name: str | None, start: str | None) -> Site:
    """The definition asked for; with `start` a mirror of it, a start of its own, or any site at all."""
    from rabat_crawler.urls import in_scope

    if start is None:
        return registry.site(name or DEFAULT_SITE)
    if name is None:
        return registry.generic_site(start)
    definition = registry.site(name)
    if in_scope(start, definition):
        return dataclasses.replace(definition, starts=(start,))
    return registry.at_origin(definition, start)


@click.command()
@click.option("--site", "site_name", metavar="NAME", help=f"Site definition (default: {DEFAULT_SITE}; see rabat-crawler sites).")
@click.option("--start", metavar="URL", help="Start here. With --site: a mirror of it, exactly this origin is opened. Alone: any site.")
@click.option("--all", "everything", is_flag=True, help="Ask everything again, not only what is due.")
@click.option("--max-pages", type=click.IntRange(min=1), help="Stop after so many pages; the rest waits for the next crawl.")
@spending_options
@click.option("--delay", type=Seconds(min=0, max=600), default=config.DEFAULT_DELAY, show_default=True, help="Seconds between two requests.")
@click.option("--contact", help="E-mail or page by which the site's keeper can reach you (default: RABAT_CONTACT).")
@click.option("--dry-run", is_flag=True, help="Ask only for robots.txt and the start pages, store nothing, say what would be fetched.")
@json_option
@archive_option
def crawl(
    site_name: str | None,
    start: str | None,
    everything: bool,
    max_pages: int | None,
    delay: float,
    contact: str | None,
    dry_run: bool,
    as_json: bool,
    archive_dir: str | None,
    **spending: Any,
) -> None:
    """Crawl a dialogue's site in its languages into the archive: WARC records, items, full text."""
    site = choose_site(site_name, start)
    with contextlib.ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) if dry_run else config.archive_path(archive_dir)
        run = crawl_into(
            path,
            site,
            max_pages=max_pages,
            delay=delay,
            contact=config.contact(contact),
            dry_run=dry_run,
            everything=everything,
            **limits(**spending),
        )
    show_run(run, as_json=as_json)
    code = exits.STATUS_CODES.get(run.status, exits.ERROR)
    if code:
        raise click.exceptions.Exit(code)


def limits(*, every: float, max_requests: int | None, max_mb: float | None, max_minutes: float | None) -> dict[str, Any]:
    """The revisit policy and the budget that the options gave, as `runner.crawl` takes them."""
    from rabat_crawler.revisit import Policy
    from rabat_crawler.session import Budget

    size = int(max_mb * 1_000_000) if max_mb is not None else None
    return {"policy": Policy(max_days=every), "budget": Budget(requests=max_requests, bytes=size, minutes=max_minutes)}


def crawl_into(path: Path, site: Site, *, max_pages: int | None, delay: float, contact: str, dry_run: bool = False, **options: Any) -> Run:
    """Crawl with a progress line on a terminal; what a killed run had left is said first."""
    from rabat_crawler.archive import Archive
    from rabat_crawler.extensions import terminal_progress
    from rabat_crawler.runner import crawl as run_crawl

    progress = ProgressLine()
    try:
        with Archive.open(path, write=True, create=True, progress=progress) as archive:
            for note in archive.notes:
                click.echo(note, err=True)
            return run_crawl(
                archive,
                site,
                max_pages=max_pages,
                delay=delay,
                contact=contact,
                dry_run=dry_run,
                progress=terminal_progress(sys.stderr),
                **options,
            )
    finally:
        progress.end()


def show_run(run: Run, *, as_json: bool) -> None:
    """The run report, or the run as JSON."""
    from rabat_crawler.archive.as_json import run_json
    from rabat_crawler.report import run_lines

    say(json_line(run_json(run)) if as_json else plain("\n".join(run_lines(run))))


@click.command()
@json_option
def sites(as_json: bool) -> None:
    """List the site definitions; any other site is crawled with --start URL alone."""
    known = registry.sites().values()
    if as_json:
        for site in known:
            say(
                json.dumps(
                    {
                        "name": site.name,
                        "title": site.title,
                        "hosts": [h.name for h in site.hosts],
                        "languages": site.languages,
                        "starts": site.starts,
                    }
                )
            )
        return
    say(
        table([(s.name, ", ".join(s.languages), ", ".join(h.name for h in s.hosts), s.title) for s in known], ("site", "languages", "hosts", "title"))
    )
