"""The command export: the archive, or what was selected of it, in a format that other programs read."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from rabat_crawler.archive import Archive
from rabat_crawler.cli.exits import stoppable
from rabat_crawler.cli.format import json_line, output_bytes, progress_line, say, say_written, table
from rabat_crawler.cli.options import archive_option, as_of_option, filters, json_option, opened, selection_options
from rabat_crawler.errors import ConfigError

STANDARD_OUTPUT = "-"


@click.command()
@click.argument("format_name", metavar="FORMAT", required=False)
@click.option("--list", "listing", is_flag=True, help="List the formats.")
@click.option(
    "-o", "output", metavar="PATH", help="The file or folder to write; - is standard output (files only). Default: exports/ of the archive."
)
@click.option("--force", is_flag=True, help="Put the new export in the place of an older one at PATH.")
@click.option("--query", "words", default="", metavar="WORDS", help="Only items that a search for these words finds.")
@selection_options
@as_of_option
@click.option("--base-url", metavar="URL", help="Where the reading room or the site stands on the web, for permanent links.")
@click.option("--language", type=click.Choice(["en", "fr"]), help="Language of the words around the items.")
@click.option("--title", metavar="TEXT", help="Title of the collection.")
@click.option("--licence", metavar="TEXT", help="Licence of the collection, as its description says it.")
@click.option("--excel", is_flag=True, help="A byte order mark before tables, so that Excel reads their letters right.")
@click.option("--lite", is_flag=True, help="Also what Datasette Lite needs to open the file in a browser.")
@json_option
@archive_option
def export(
    format_name: str | None,
    listing: bool,
    output: str | None,
    force: bool,
    words: str,
    archive_dir: str | None,
    as_of: str | None,
    as_json: bool,
    base_url: str | None,
    language: str | None,
    title: str | None,
    licence: str | None,
    excel: bool,
    lite: bool,
    **wanted: Any,
) -> None:
    """Write the archive, or the items selected, in a FORMAT that other programs read. --list names the formats.

    The same archive gives the same bytes. The file or folder appears whole or not at all, and never replaces another without --force.
    """
    from rabat_crawler.exports import Options, Selection, formats
    from rabat_crawler.exports import export as write

    if listing or format_name is None:
        if not listing:
            raise click.UsageError("which format? rabat-crawler export --list names them")
        _list(as_json=as_json)
        return
    selection = Selection(words=words, filters=filters(**wanted), as_of=as_of)
    options = Options(base_url=base_url, language=language, excel=excel, lite=lite, title=title, licence=licence)
    with stoppable(), opened(archive_dir, as_of) as archive, progress_line() as progress, tempfile.TemporaryDirectory() as passing:
        form = formats().get(format_name)
        if output == STANDARD_OUTPUT:
            if form is not None and form.folder:
                raise ConfigError(f"the format {format_name} makes a folder, which standard output cannot take; give -o PATH")
            output_bytes()
            target = Path(passing) / "output"
        else:
            target = Path(output) if output is not None else _default(archive, format_name, form.suffix if form else "")
        written = write(archive, format_name, target, selection, options, force=force, progress=progress)
        if output == STANDARD_OUTPUT:
            with open(target, "rb") as stream:
                shutil.copyfileobj(stream, output_bytes())
            return
    say_written(written, as_json=as_json)


def _default(archive: Archive, name: str, suffix: str) -> Path:
    """Where an export goes that was given no place."""
    return archive.exports_dir / f"{archive.path.resolve().name or 'archive'}-{name}{suffix}"


def _list(*, as_json: bool) -> None:
    from rabat_crawler.exports import formats

    for one in formats().values() if as_json else ():
        say(json_line({"format": one.name, "title": one.title, "suffix": one.suffix, "folder": one.folder, "options": sorted(one.takes)}))
    if not as_json:
        say(
            table(
                [(one.name, "folder" if one.folder else one.suffix, one.title) for one in formats().values()], ["format", "makes", "what"], cut=False
            )
        )
