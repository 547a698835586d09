"""Commands that keep the archive sound: verify, rebuild."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.rebuild import Rebuilt
from rabat_crawler.cli import exits
from rabat_crawler.cli.format import ProgressLine, json_line, plain, say
from rabat_crawler.cli.options import archive_option, json_option


@click.command()
@json_option
@archive_option
def verify(archive_dir: str | None, as_json: bool) -> None:
    """Check every WARC digest, every row's place in the WARC files, and the database with itself. Changes nothing."""
    progress = ProgressLine()
    with Archive.open(config.archive_path(archive_dir)) as archive:
        report = archive.verify(progress)
    progress.end()
    for fault in report.faults:
        say(json_line(dataclasses.asdict(fault)) if as_json else plain(f"{fault.where} {fault.place}: {fault.code}: {fault.message}"))
    if not as_json:
        state = f"{len(report.faults)} faults" if report.faults else "sound"
        say(f"{state}: {report.files} WARC files, {report.records} records, {report.captures} captures, {report.items} items")
    if report.faults:
        raise click.exceptions.Exit(exits.INTEGRITY)


@click.command()
@json_option
@archive_option
def rebuild(archive_dir: str | None, as_json: bool) -> None:
    """Make the database anew from the WARC files and runs alone; the old one stays until the new one is whole."""
    progress = ProgressLine()
    path = config.archive_path(archive_dir)
    _set_damaged_aside(path / "rabat.db")
    with Archive.open(path, write=True, recover=False, progress=progress) as archive:
        rebuilt = archive.rebuild(progress)
        notes = archive.notes
    progress.end()
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
        with contextlib.closing(schema.connect(database).conn) as connection, schema.translated(database):
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
