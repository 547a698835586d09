"""The command release: one frozen, citable folder of the whole archive."""

from __future__ import annotations

from pathlib import Path

import click

from rabat_crawler.cli.exits import stoppable
from rabat_crawler.cli.format import progress_line, say_written
from rabat_crawler.cli.options import archive_option, json_option, opened


@click.command()
@click.option("-o", "output", metavar="DIR", help="The folder to make. Default: exports/ of the archive, named after the version.")
@click.option("--since", "previous", metavar="PREVIOUS", help="The folder of the release before: a list of what changed since is added.")
@click.option("--version", "version", metavar="TEXT", help="Version of the release. Default: the day of the archive's state, such as 2026.11.26.")
@click.option("--author", "authors", multiple=True, metavar="NAME", help="Who is cited for it; may be given several times.")
@click.option("--doi", metavar="DOI", help="The DOI that was reserved for it.")
@click.option("--url", metavar="URL", help="Where it is published.")
@click.option("--title", metavar="TEXT", help="Title of the collection.")
@click.option("--licence", metavar="TEXT", help="Licence; an SPDX identifier such as CC-BY-4.0 also stands in CITATION.cff.")
@click.option("--force", is_flag=True, help="Put the new release in the place of an older one at DIR.")
@json_option
@archive_option
def release(
    output: str | None,
    previous: str | None,
    version: str | None,
    authors: tuple[str, ...],
    doi: str | None,
    url: str | None,
    title: str | None,
    licence: str | None,
    force: bool,
    as_json: bool,
    archive_dir: str | None,
) -> None:
    """Make a release: SQLite, WACZ, tables and a list of items as a BagIt bag with CITATION.cff and a README; the same archive gives the same bytes.

    After a breached run no release is made.
    """
    from rabat_crawler.exports import Options
    from rabat_crawler.exports.release import Terms, version_of
    from rabat_crawler.exports.release import release as write

    terms = Terms(version=version, authors=authors, doi=doi, url=url)
    with stoppable(), opened(archive_dir) as archive, progress_line() as progress:
        name = f"{archive.path.resolve().name or 'archive'}-release-{version_of(archive, terms)}"
        target = Path(output) if output is not None else archive.exports_dir / name
        written = write(
            archive,
            target,
            Options(title=title, licence=licence),
            terms,
            previous=Path(previous) if previous is not None else None,
            force=force,
            progress=progress,
        )
    say_written(written, as_json=as_json)
