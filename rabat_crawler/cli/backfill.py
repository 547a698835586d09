"""The command backfill: what web archives hold of a site, brought into the archive."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import click

from rabat_crawler import config, registry
from rabat_crawler.cli import exits
from rabat_crawler.cli.crawl import DEFAULT_SITE, Seconds, show_run
from rabat_crawler.cli.format import ProgressLine, plain, say
from rabat_crawler.cli.options import PartialDateParam, archive_option, json_option
from rabat_crawler.models import Run

DEFAULT_SOURCE = "internet-archive"


@click.command()
@click.option(
    "--site", "site_name", metavar="NAME", default=DEFAULT_SITE, show_default=True, help="Site definition; all hosts it ever had are asked for."
)
@click.option("--from", "first", type=PartialDateParam(), help="Captures of then or later (2010, 2014-05, 2014-05-14).")
@click.option("--to", "last", type=PartialDateParam(), help="Captures of then or earlier, the whole year or month included.")
@click.option(
    "--archive-source",
    "wanted",
    metavar="NAME|URL",
    default=DEFAULT_SOURCE,
    show_default=True,
    help="internet-archive, arquivo, or an archive's address.",
)
@click.option(
    "--delay", type=Seconds(min=0, max=600), help="Seconds between two requests, if slower than the archive's limits (faster on loopback only)."
)
@click.option("--contact", help="E-mail or page by which the archive's keeper can reach you (default: RABAT_CONTACT).")
@click.option("--max-captures", type=click.IntRange(min=1), help="Stop after so many captures; the rest waits for the next run.")
@click.option("--relist", is_flag=True, help="Read the archive's index again, even if it was read within the last 30 days.")
@click.option("--dry-run", is_flag=True, help="Read the index only, store nothing, say how many captures, requests and hours it would take.")
@json_option
@archive_option
def backfill(
    site_name: str,
    first: str | None,
    last: str | None,
    wanted: str,
    delay: float | None,
    contact: str | None,
    max_captures: int | None,
    relist: bool,
    dry_run: bool,
    as_json: bool,
    archive_dir: str | None,
) -> None:
    """Fetch what a web archive holds of a site, each distinct body once; an interrupted backfill goes on where it was."""
    from rabat_crawler.memento import SOURCES, source_from, time_bounds

    low, high = time_bounds(first, last)
    if low and high and low > high:
        raise click.BadParameter(f"{first} lies after {last}", param_hint="--from")
    site, source = registry.site(site_name), source_from(wanted)
    options: dict[str, Any] = {"first": low, "last": high, "delay": delay, "contact": config.contact(contact), "max_captures": max_captures}
    run = _run(config.archive_path(archive_dir), site, source, dry_run=dry_run, relist=relist, given=wanted not in SOURCES, **options)
    if dry_run and not as_json:
        say(plain("\n".join(estimate_lines(run))))
    else:
        show_run(run, as_json=as_json)
    code = exits.STATUS_CODES.get(run.status, exits.ERROR)
    if code:
        raise click.exceptions.Exit(code)


def _run(path: Path, site: Any, source: Any, *, dry_run: bool, **options: Any) -> Run:
    from rabat_crawler.archive import Archive
    from rabat_crawler.backfill import backfill as run_backfill

    progress = ProgressLine()
    with contextlib.ExitStack() as stack:
        stack.callback(progress.end)
        if dry_run and not (path / "rabat.db").exists():
            path = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            archive = stack.enter_context(Archive.open(path, write=True, create=True))
        elif dry_run:
            archive = stack.enter_context(Archive.open(path))
        else:
            archive = stack.enter_context(Archive.open(path, write=True, create=True, progress=progress))
        for note in archive.notes:
            click.echo(note, err=True)
        return run_backfill(archive, site, source, dry_run=dry_run, progress=progress, **options)


def estimate_lines(run: Run) -> list[str]:
    """What a dry run found: captures, requests and hours, and what is left out and why."""
    counts = run.counts
    plan = counts["plan_estimate"]
    span = " ".join(f"{word} {run.parameters[name]}" for word, name in (("from", "from"), ("to", "to")) if run.parameters[name])
    lines = [
        f"{run.parameters['source']} {span}".rstrip() + f": {sum(counts['states'].values()):,} captures of {run.site} are listed",
        f"  to be fetched: {plan['requests']:,} requests, {plan['hours']:g} hours at {plan['seconds_a_request']:g} s a request",
        f"  to be recorded without a request, for their bytes are the same: {plan['revisits']:,}",
        f"  held already: {plan['held']:,}",
    ]
    for reason, group in counts["skipped"].items():
        lines.append(f"  left out: {group['count']:,} ({reason})")
    if counts["broken_rows"]:
        lines.append(f"  rows of the index that could not be read: {counts['broken_rows']:,}")
    return [*lines, f"dry run: {counts['requests']} requests to the index, nothing was stored"]
