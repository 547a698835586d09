"""The command stats: what the archive holds, in counts and in charts: on the terminal, as SVG and CSV files, as data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from rabat_crawler.archive import Archive
from rabat_crawler.archive.api import write_atomically
from rabat_crawler.charts import Chart, gallery
from rabat_crawler.charts.words import Language
from rabat_crawler.cli.format import json_line, plain, say, width
from rabat_crawler.cli.options import archive_option, as_of_option, json_option, opened
from rabat_crawler.errors import ConfigError

Maker = Callable[[Archive, Language], Chart]


def _over_time(step: Any, split: Any) -> Maker:
    def make(archive: Archive, language: Language) -> Chart:
        found = archive.timeline(step, split)
        return gallery.items_over_time(found.counts, step=step, split=split, unplaced=found.unplaced, language=language)

    return make


def _lag(archive: Archive, language: Language) -> Chart:
    found = archive.lags()
    return gallery.lag(found.counts, median=found.median, unplaced=found.unplaced, language=language)


CHARTS: Mapping[str, Maker] = {
    "month": _over_time("month", "language"),
    "month-by-kind": _over_time("month", "kind"),
    "year": _over_time("year", "language"),
    "year-by-kind": _over_time("year", "kind"),
    "kind": lambda archive, language: gallery.by_kind(archive.stats()["by_kind"], language=language),
    "language": lambda archive, language: gallery.by_language(archive.stats()["by_language"], language=language),
    "lag": _lag,
    "coverage": lambda archive, language: gallery.coverage(archive.coverage(), language=language),
    "nights": lambda archive, language: gallery.nights(archive.nights(), language=language),
}
DEFAULT = "month"


@click.command()
@click.option("--chart", "name", type=click.Choice(tuple(CHARTS)), help="Show this chart alone; with --word its step: month or year.")
@click.option("--word", "words", metavar="WORDS", help="How many items hold the words, by year (with --chart month by month); words as for search.")
@click.option("--svg", "folder", metavar="DIR", help="Write the charts into this folder, each as an SVG file and its numbers as a CSV file.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the numbers of the chart as CSV (default: items per month by language).")
@click.option("--force", is_flag=True, help="With --svg: overwrite files that are there.")
@click.option("--labels", "language", type=click.Choice(("en", "fr")), default="en", show_default=True, help="The language of titles and labels.")
@as_of_option
@json_option
@archive_option
def stats(
    name: str | None, words: str | None, folder: str | None, as_csv: bool, force: bool, language: Language, archive_dir: str | None, as_of: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what the archive holds, in counts and charts. With --chart or --word that chart alone; --svg writes files, --csv and --json print numbers."""
    if as_csv and (as_json or folder):
        raise click.UsageError("--csv prints one chart's numbers; it goes with neither --json nor --svg (which writes CSV files too)")
    if force and not folder:
        raise click.UsageError("--force goes with --svg DIR: it lets files there be overwritten")
    if words is not None and name not in (None, "month", "year"):
        raise click.UsageError("--word goes with --chart month or --chart year")
    with opened(archive_dir, as_of) as archive:
        held = archive.stats() if not (name or words or as_csv or folder) else None
        made = _charts(archive, name, words, language, every=folder is not None)
    if folder is not None:
        _write_all(Path(folder), made, force=force, as_json=as_json)
        return
    chart = next(iter(made.values()))
    if as_csv:
        sys.stdout.write(chart.csv())
    elif as_json:
        say(json_line(held if held is not None else _as_json(next(iter(made)), chart)))
    else:
        say("\n".join((*(_lines(held) if held else ()), *([""] if held else []), "\n\n".join(_shown(one) for one in made.values()))))


def _charts(archive: Archive, name: str | None, words: str | None, language: Language, *, every: bool) -> dict[str, Chart]:
    """The charts asked for by name: that of a word, the named one, else the first or `every` one. A word with nothing to count is still a chart."""
    if words is not None:
        step: Any = name or "year"
        found = archive.trend(words, step)
        values = {"step": step, "unplaced": found.unplaced, "language": language}
        share = gallery.word_trend(words, found.holding, found.items, **values)
        number = gallery.word_trend(words, found.holding, found.items, share=False, **values)
        return {"word": share, "word-number": number}
    names = [name] if name else list(CHARTS) if every else [DEFAULT]
    return {one: CHARTS[one](archive, language) for one in names}


def _lines(held: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, value in held.items():
        shown = ", ".join(f"{key} {number:,}" for key, number in value.items()) if isinstance(value, dict) else value
        lines.append(plain(f"{name.replace('_', ' '):14}  {shown if shown not in ('', None) else '-'}"))
    return lines


def _shown(chart: Chart) -> str:
    return plain(chart.text(width=width(), ascii_only=not _shows_blocks()))


def _shows_blocks() -> bool:
    """Whether standard output can write block characters at all."""
    try:
        "█▏▁·".encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def _as_json(name: str, chart: Chart) -> dict[str, Any]:
    """A chart as one object: what it shows, and its rows by the names of the CSV file's columns; numbers are numbers, no value is null."""
    head, *rows = chart.rows()
    return {
        "chart": name,
        "title": chart.title,
        "description": chart.description,
        "rows": [{head[0]: row[0], **{key: _number(cell) for key, cell in zip(head[1:], row[1:], strict=True)}} for row in rows],
    }


def _number(cell: str) -> float | int | None:
    return None if not cell else float(cell) if "." in cell or "e" in cell else int(cell)


def _write_all(folder: Path, made: Mapping[str, Chart], *, force: bool, as_json: bool) -> None:
    """Write each chart's two files. ConfigError if the folder is none, or if a file is there and `force` is not given; then nothing is written."""
    files = {
        folder / f"{name}{suffix}": text
        for name, chart in made.items()
        for suffix, text in ((".svg", chart.svg(standalone=True)), (".csv", chart.csv()))
    }
    there = [str(path) for path in files if path.exists() or path.is_symlink()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise ConfigError(f"{there[0]}{more} would be overwritten; give another --svg DIR, or --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            write_atomically(path, text)
    except OSError as error:
        raise ConfigError(f"{folder} is no folder that can be written to ({error.strerror}); give another --svg DIR") from error
    if as_json:
        for name, chart in made.items():
            say(json_line({**_as_json(name, chart), "svg": str(folder / f"{name}.svg"), "csv": str(folder / f"{name}.csv")}))
        return
    for path in files:
        say(plain(path))
