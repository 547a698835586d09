"""The command search: what the words find, for people, programs and spreadsheets."""

from __future__ import annotations

from typing import Any

import click

from rabat_crawler.archive.as_json import document_hit_json, hit_json, results_json
from rabat_crawler.archive.results import Results
from rabat_crawler.cli.format import document_hit_lines, hit_lines, json_line, plain, say
from rabat_crawler.cli.options import archive_option, as_of_option, filter_options, filters, json_option, opened
from rabat_crawler.models import DocumentHit
from rabat_crawler.spreadsheets import csv_text

SHOWN_VALUES = 8


@click.command()
@click.argument("words", nargs=-1, required=True)
@filter_options
@click.option("--sort", type=click.Choice(["relevance", "newest", "oldest"]), default="relevance", show_default=True, help="Order of the items.")
@click.option("--offset", type=click.IntRange(0, 1_000_000), default=0, help="Leave out so many: with --limit, page by page.")
@click.option("--twin", is_flag=True, help="Also items whose translation holds the words.")
@click.option("--versions", is_flag=True, help="Also items of which an earlier version holds the words.")
@click.option("--facets", is_flag=True, help="Count the items found by language, kind, year and names.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets; cells that one would run as formulas are made safe.")
@click.option("--urls", is_flag=True, help="Only the items' addresses, one a line.")
@as_of_option
@json_option
@archive_option
def search(
    words: tuple[str, ...],
    archive_dir: str | None,
    as_of: str | None,
    as_json: bool,
    limit: int,
    sort: Any,
    offset: int,
    twin: bool,
    versions: bool,
    facets: bool,
    as_csv: bool,
    urls: bool,
    **wanted: Any,
) -> None:
    """Search items, and documents page by page, for all the WORDS, in any form and with or without accents.

    "..." is a phrase, word* a beginning, -word or NOT word excludes, OR and brackets give alternatives, one NEAR/5 other, title:word;
    lang: kind: year: since: until: country: organisation: theme: town: site: narrow the search.
    """
    if as_json + as_csv + urls > 1:
        raise click.UsageError("--json, --csv and --urls exclude each other")
    typed = " ".join(words)
    with opened(archive_dir, as_of) as archive:
        results = archive.search(typed, filters(**wanted), limit=limit, offset=offset, sort=sort, twin=twin, versions=versions, facets=facets)
        documents = [] if as_csv or urls or offset else archive.search_documents(typed, filters(**wanted), limit=limit)
    if as_json:
        _say_json(results, documents, facets=facets)
    elif as_csv:
        say(csv_text(results.rows()).rstrip("\n"))
    elif urls:
        for hit in results:
            if hit.item.canonical_url:
                say(plain(hit.item.canonical_url))
    else:
        _say_lines(results, documents)


def _say_json(results: Results, documents: list[DocumentHit], *, facets: bool) -> None:
    for hit in results:
        say(json_line(hit_json(hit)))
    if documents:
        say(json_line({"documents": [document_hit_json(hit) for hit in documents]}))
    if facets or results.suggestion or results.notes:
        say(json_line({"search": results_json(results)}))


def _say_lines(results: Results, documents: list[DocumentHit]) -> None:
    for hit in results:
        say(hit_lines(hit) + "\n")
    for found in documents:
        say(document_hit_lines(found) + "\n")
    for name, values in results.facets.items():
        if values:
            more = f", {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
            say(f"{name:13} " + ", ".join(f"{plain(one.value)} {one.count:,}" for one in values[:SHOWN_VALUES]) + more)
    for note in results.notes:
        say(f"note: {plain(note)}")
    say(_summary(results, len(documents)))


def _summary(results: Results, documents: int) -> str:
    if not results.total and not documents:
        if results.suggestion:
            return f"nothing found; did you mean: {plain(results.suggestion)}"
        return "nothing found; fewer words, or a beginning with *, find more"
    parts = []
    if results.total:
        about = "" if results.exact else "about "
        said = f"{about}{results.total:,} item{'s' * (results.total != 1)}"
        last = results.offset + len(results)
        if not results:
            said += f"; --offset {results.offset} is behind the last one"
        elif results.offset or last < results.total:
            said += f" ({results.offset + 1} to {last}" + (f"; --offset {last} goes on)" if last < results.total else ")")
        parts.append(said)
    if documents:
        parts.append(f"{documents} document{'s' * (documents != 1)}" + (" (the first; --limit shows more)" if documents == results.limit else ""))
    return ", ".join(parts)
