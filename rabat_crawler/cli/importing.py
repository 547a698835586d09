"""The command import."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.importing import ImportReport, Options, import_files, kind_of
from rabat_crawler.cli import exits
from rabat_crawler.cli.format import json_line, plain, progress_line, say
from rabat_crawler.cli.options import archive_option, json_option


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--site", metavar="NAME", help="Read everything with this site definition (default: the one that knows the host, else the generic one)."
)
@click.option("--reference", is_flag=True, help="Do not copy: keep a link to where the file lies.")
@click.option("--base-url", metavar="URL", help="The address of a saved folder that has no folder for its host.")
@json_option
@archive_option
def import_(files: tuple[str, ...], site: str | None, reference: bool, base_url: str | None, as_json: bool, archive_dir: str | None) -> None:
    """Bring in what other archives hold: WARC, ARC and WACZ files, and folders saved by wget -r or HTTrack."""
    from pathlib import Path

    for name in files:
        kind_of(Path(name))  # before an archive is made
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir), write=True, create=True, progress=progress) as archive:
        notes = archive.notes
        options = Options(site=site, reference=reference, base_url=base_url)
        report = import_files(archive, files, options, progress, now=datetime.now(UTC))
    for note in notes:
        click.echo(plain(note), err=True)
    if as_json:
        say(json_line(report.as_dict()))
    else:
        _say_report(report)
    if not report.sound:
        raise click.exceptions.Exit(exits.INTEGRITY)


def _say_report(report: ImportReport) -> None:
    for trouble in report.troubles:
        say(plain(f"{' '.join(part for part in (trouble.file, trouble.place) if part)}: {trouble.code}: {trouble.message}"))
    for one in report.files:
        if one.new:
            say(plain(f"{one.source} -> {one.name} ({one.size:,} bytes)"))
    new = sum(one.new for one in report.files)
    changes = ", ".join(f"{name} {report.before[name]:,} -> {report.after[name]:,}" for name in ("captures", "items", "versions"))
    more = "".join(f", {name} brought {count:,}" for name, count in (("runs", report.runs), ("decisions", report.decisions)) if count)
    say(f"{new} file{'s' * (new != 1)} brought in, {len(report.files) - new} known already, {len(report.troubles)} remarks: {changes}{more}")
