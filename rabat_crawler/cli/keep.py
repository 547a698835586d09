"""Commands that keep the archive: verify, backup, restore, rebuild."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.backup import Backup
from rabat_crawler.archive.compare import Example
from rabat_crawler.archive.faults import Fault, Report
from rabat_crawler.archive.rebuild import Rebuilt
from rabat_crawler.cli import exits
from rabat_crawler.cli.format import json_line, plain, progress_line, say
from rabat_crawler.cli.options import archive_option, json_option
from rabat_crawler.wording import diff_lines, one_line

SHORT = 120


@click.command()
@click.option("--quick", is_flag=True, help="A night's check: sizes and places of all files, the latest run's files and some others read whole.")
@json_option
@archive_option
def verify(quick: bool, archive_dir: str | None, as_json: bool) -> None:
    """Check WARC digests, every row's place in the WARC files, the database with itself. Changes nothing but the fixity log."""
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir)) as archive:
        report = archive.verify(progress, quick=quick, now=datetime.now(UTC))
    _say_notes(report.notes)
    for fault in report.faults:
        say(json_line(dataclasses.asdict(fault)) if as_json else plain(_fault_line(fault)))
    if not as_json:
        say(_outcome(report))
    if report.faults:
        raise click.exceptions.Exit(exits.INTEGRITY)


@click.command()
@click.argument("directory", metavar="DIR")
@click.option(
    "--keep", metavar="N", type=click.IntRange(min=1), help="Delete all but the N newest backups of this archive once the new one is whole."
)
@json_option
@archive_option
def backup(directory: str, keep: int | None, archive_dir: str | None, as_json: bool) -> None:
    """Copy all that counts into a new folder in DIR, while a crawl may go on; files that did not change are shared with the backup before."""
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir)) as archive:
        made = archive.backup(directory, keep=keep, now=datetime.now(UTC), progress=progress)
    _say_notes(made.notes)
    if as_json:
        say(json_line({**dataclasses.asdict(made), "path": str(made.path)}))
    else:
        _say_backup(made)
    if made.faults:
        raise click.exceptions.Exit(exits.INTEGRITY)


def _say_backup(made: Backup) -> None:
    for fault in made.faults:
        say(plain(_fault_line(fault)))
    say(plain(f"{made.path}: {made.files} files, {made.bytes / 1e6:,.1f} MB, of which {made.bytes_written / 1e6:,.1f} MB written"))
    if made.removed:
        say(plain(f"deleted: {', '.join(made.removed)}"))
    if made.faults:
        say("the backup is whole, but the archive or an earlier backup is damaged (above); so no earlier backup was deleted")


@click.command()
@click.argument("directory", metavar="DIR")
@json_option
@archive_option
def restore(directory: str, archive_dir: str | None, as_json: bool) -> None:
    """Make the archive folder anew from the backup DIR, or from the newest one in it; every byte is checked first."""
    from rabat_crawler.archive.restore import restore as restore_backup

    with progress_line() as progress:
        restored = restore_backup(directory, config.archive_path(archive_dir), now=datetime.now(UTC), progress=progress)
    _say_notes((*restored.notes, *restored.report.notes))
    report = restored.report
    if as_json:
        values = {"backup": str(restored.backup), "archive": str(restored.archive), "files": restored.files, "bytes": restored.bytes}
        say(json_line({**values, "counts": restored.counts, "faults": [dataclasses.asdict(fault) for fault in report.faults]}))
    else:
        for fault in report.faults:
            say(plain(_fault_line(fault)))
        say(plain(f"{restored.archive} restored from {restored.backup}: {restored.files} files, {restored.bytes / 1e6:,.1f} MB"))
        say(_outcome(report))
    if report.faults:
        raise click.exceptions.Exit(exits.INTEGRITY)


def _outcome(report: Report) -> str:
    state = f"{len(report.faults)} faults" if report.faults else "sound"
    some = f" ({report.checked} of them read whole)" if report.checked < report.files else ""
    return f"{state}: {report.files} WARC files{some}, {report.records} records, {report.captures} captures, {report.items} items"


def _fault_line(fault: Fault) -> str:
    return f"{' '.join(part for part in (fault.where, fault.place) if part)}: {fault.code}: {fault.message}"


def _say_notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(plain(note), err=True)


@click.command()
@click.option("--workers", metavar="N", type=click.IntRange(1, 64), help="Processes that read the pages (default: one a core).")
@click.option("--diff", is_flag=True, help="Change nothing: say, field by field, what today's readers would change.")
@json_option
@archive_option
def rebuild(workers: int | None, diff: bool, archive_dir: str | None, as_json: bool) -> None:
    """Make the database anew from the WARC files and runs alone; the old one stays until the new one is whole."""
    path = config.archive_path(archive_dir)
    if diff:
        _say_difference(path, workers, as_json=as_json)
        return
    _set_damaged_aside(path / "rabat.db")
    with progress_line() as progress, Archive.open(path, write=True, recover=False, progress=progress) as archive:
        rebuilt = archive.rebuild(progress, workers=workers)
        notes = archive.notes
    if as_json:
        say(json_line({"files": rebuilt.files, "before": rebuilt.before, "after": rebuilt.after, "damaged": rebuilt.damaged}))
    else:
        _say_rebuilt(rebuilt, notes)
    if rebuilt.damaged:
        raise click.exceptions.Exit(exits.INTEGRITY)


def _say_rebuilt(rebuilt: Rebuilt, notes: list[str]) -> None:
    for note in (*notes, *rebuilt.damaged):
        say(plain(note))
    say(
        f"rebuilt from {rebuilt.files} WARC files: "
        + ", ".join(f"{name} {rebuilt.before.get(name, 0):,} -> {number:,}" for name, number in rebuilt.after.items())
    )


def _set_damaged_aside(database: Path) -> None:
    """A database that cannot be opened is renamed, never deleted, so that a rebuild can begin."""
    from rabat_crawler.archive import schema
    from rabat_crawler.errors import ArchiveCorrupt, ArchiveMissing

    try:
        with contextlib.closing(schema.connect(database)) as connection, schema.translated(database):
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            raise ArchiveCorrupt(f"the database {database} is damaged ({said})")
    except ArchiveMissing:
        return
    except ArchiveCorrupt as error:
        aside = database.with_name(database.name + ".damaged")
        number = 1
        while aside.exists():
            number += 1
            aside = database.with_name(f"{database.name}.damaged-{number}")
        database.rename(aside)
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        click.echo(f"{error}\nthe damaged file was set aside as {aside.name}", err=True)


def _say_difference(path: Path, workers: int | None, *, as_json: bool) -> None:
    with progress_line() as progress, Archive.open(path, write=True, progress=progress) as archive:
        found = archive.rebuild_diff(progress, workers=workers)
    if as_json:
        say(json_line(dataclasses.asdict(found)))
        return
    for name, count in found.counts.most_common():
        say(f"{name}: {count:,}")
        for example in found.examples[name]:
            say(plain(f"    {example.name}  {one_line(example.title, 60)}"))
            for line in _change_lines(example):
                say(plain(f"        {line}"))
    verdict = "rabat-crawler rebuild accepts this" if found.counts else "nothing would change"
    say(f"items {found.items_before:,} -> {found.items_after:,}; {verdict}")


def _change_lines(example: Example) -> list[str]:
    """What changes in a value; of a long one only the words that differ."""
    before, after = example.before, example.after
    if before is None and after is None:
        return []
    if before is None or after is None or len(before) + len(after) < SHORT:
        return [f"{one_line(before if before is not None else 'none', SHORT)} -> {one_line(after if after is not None else 'none', SHORT)}"]
    return diff_lines(before, after, most=3)
