"""Commands that say how the crawls went: status, runs. They change nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import run_json
from rabat_crawler.archive.disk import disk_use
from rabat_crawler.archive.lock import lock_holder
from rabat_crawler.cli import exits
from rabat_crawler.cli.format import coloured, json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, json_option
from rabat_crawler.errors import RabatError
from rabat_crawler.health import MAX_AGE, Status, build_status
from rabat_crawler.report import run_lines, shown_changes
from rabat_crawler.wording import word_diff

STATE_CODES = {
    "healthy": exits.DONE,
    "running": exits.DONE,
    "interrupted": exits.ERROR,
    "late": exits.ERROR,
    "no_runs": exits.ERROR,
    "breached": exits.BREACHED,
}
CAUSE_CODES = {"done with failures": exits.FAILURES, "put off": exits.PUT_OFF, "disk full": exits.DISK}


# status ------------------------------------------------------------------------------------------------------------------------


@click.command()
@click.option("--site", "site_name", metavar="NAME", help="Only the runs of this site definition.")
@click.option(
    "--max-age",
    type=click.IntRange(min=1, max=24 * 366),
    default=int(MAX_AGE.total_seconds()) // 3600,
    show_default=True,
    help="Hours after which a run is missing.",
)
@json_option
@archive_option
def status(site_name: str | None, max_age: int, as_json: bool, archive_dir: str | None) -> None:
    """Say in one page whether the archive is healthy, and by the exit code: 0 healthy or running, 8 breached, others as in the README."""
    path, now = config.archive_path(archive_dir), datetime.now(UTC)
    found = read_status(path, now=now, next_run=next_run(path, now), site=site_name, max_age=timedelta(hours=max_age))
    say(json_line(found.values) if as_json else plain("\n".join(found.lines)))
    code = status_code(found)
    if code:
        raise click.exceptions.Exit(code)


def read_status(path: Path, *, now: datetime, next_run: datetime | None = None, site: str | None = None, max_age: timedelta = MAX_AGE) -> Status:
    """The health of the archive in that folder. `next_run` is known to whoever knows the schedule."""
    with Archive.open(path) as archive:
        runs = archive.runs()
        holder = lock_holder(archive.state_dir)
        figures = {name: archive.health(name) for name in {run.site for run in runs}}
    return build_status(runs, now=now, figures=figures, disk=disk_use(path), next_run=next_run, holder=holder, site=site, max_age=max_age)


def next_run(path: Path, now: datetime) -> datetime | None:
    """When this machine's scheduler starts the nightly crawl of that archive; None if nothing does, or it cannot be asked."""
    from rabat_crawler.cli import host_schedule

    try:
        moments = [one.next_run(now) for one in host_schedule.installed(os.path.normpath(Path.cwd() / path))]
    except (RabatError, OSError):
        return None
    return min((moment for moment in moments if moment is not None), default=None)


def status_code(found: Status) -> int:
    """The exit code of a status: that of the last run where it decided, 1 for a run that is missing or was cut off."""
    return STATE_CODES.get(found.state, CAUSE_CODES.get(found.cause, exits.ERROR))


# runs --------------------------------------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@json_option
@archive_option
@click.pass_context
def runs(ctx: click.Context, archive_dir: str | None, as_json: bool) -> None:
    """List the runs, the latest first."""
    if ctx.invoked_subcommand is not None:
        return
    with Archive.open(config.archive_path(archive_dir)) as archive:
        found = archive.runs()
    if as_json:
        for run in found:
            say(json_line(run_json(run)))
        return
    rows = [
        (
            run.run_id,
            run.site,
            run.started_at[:19],
            run.status,
            sum((run.counts.get("answers") or {}).values()),
            run.counts.get("items_new", 0),
            run.counts.get("failed", 0),
        )
        for run in found
    ]
    say(table(rows, ("run", "site", "started (UTC)", "status", "captures", "new items", "failed")))


@runs.command("show")
@click.argument("run")
@click.option("--diff", is_flag=True, help="What changed in the texts, word by word; with --json as [operation, words] of every changed item.")
@json_option
@archive_option
@click.pass_context
def show_run(ctx: click.Context, run: str, diff: bool, as_json: bool, archive_dir: str | None) -> None:
    """Show one RUN with what it changed: its id, the beginning of it, or "last"."""
    path, as_json = run_options(ctx, archive_dir, as_json)
    with Archive.open(path) as archive:
        found = archive.run(run)
        if as_json:
            values = run_json(found)
            say(json_line(_with_diffs(archive, values) if diff else values))
            return
        changed = shown_changes(found).get("changed", [])
        texts = {name: text for change in changed for name, text in _texts(archive, change).items()} if diff else None
    say(coloured(plain("\n".join(run_lines(found, texts)))))


def run_options(ctx: click.Context, archive_dir: str | None, as_json: bool) -> tuple[Path, bool]:
    """--archive and --json, wherever they stand: `runs --archive DIR show last` is as good as `runs show last --archive DIR`."""
    above = ctx.parent.params if ctx.parent else {}
    return config.archive_path(archive_dir or above.get("archive_dir")), as_json or bool(above.get("as_json"))


def _texts(archive: Archive, change: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the changed item's two versions, by version id; one that is no longer its version is missing."""
    wanted = set(change.get("versions") or ())
    return {version.version_id: version.text for version in archive.versions(change["item_id"]) if version.version_id in wanted}


def _with_diffs(archive: Archive, values: dict[str, Any]) -> dict[str, Any]:
    """The run with a word diff in each change of a text whose two versions are at hand."""
    changes = []
    for change in values["counts"].get("changes") or []:
        texts = _texts(archive, change) if change["change"] == "changed" else {}
        old, new = (texts.get(str(name)) for name in change.get("versions") or (None, None))
        changes.append(change if old is None or new is None or old == new else {**change, "diff": word_diff(old, new)})
    return {**values, "counts": {**values["counts"], "changes": changes}}
