"""Commands that only read items and documents: items, documents, show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import document_json, item_json
from rabat_crawler.cli.format import document_name, evidence_lines, item_lines, json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, as_of_option, filter_options, filters, json_option, opened
from rabat_crawler.models import Item


@click.command()
@click.argument("wanted", metavar="[ITEM|ADDRESS]", required=False)
@click.option("--versions", "every", is_flag=True, help="Earlier versions of each document as well.")
@as_of_option
@json_option
@archive_option
def documents(wanted: str | None, archive_dir: str | None, as_of: str | None, as_json: bool, every: bool) -> None:
    """List documents (PDF, Word, PowerPoint): all, those an ITEM links, or that of an ADDRESS."""
    with opened(archive_dir, as_of) as archive:
        found = archive.documents(wanted, every=every)
    if as_json:
        for document in found:
            say(json_line(document_json(document)))
        return
    for document in found:
        said = f"{document.pages} page{'s' * (document.pages != 1)}, {document.language or 'language unknown'}, {document.dated or 'undated'}"
        state = ("" if document.current else "; an earlier version") + ("; gone from the site" if document.gone else "")
        say(
            f"{document.document_id}  {plain(document_name(document))}\n    {said}{state}, seen {document.first_seen[:10]} to {document.last_seen[:10]}"
        )
        say(f"    {plain(document.url)}" + (f"\n    linked by {', '.join(document.items)}" if document.items else ""))
        for problem in document.problems:
            say(f"    {problem.code}: {plain(problem.message)}")
    say(f"{len(found)} document{'s' * (len(found) != 1)}")


@click.command()
@filter_options
@as_of_option
@json_option
@archive_option
def items(archive_dir: str | None, as_of: str | None, as_json: bool, limit: int, **wanted: Any) -> None:
    """List items, the newest published first. With --json all items are given, unless --limit is."""
    everything = as_json and click.get_current_context().get_parameter_source("limit") != click.core.ParameterSource.COMMANDLINE
    with opened(archive_dir, as_of) as archive:
        found = archive.items(filters(**wanted), limit=None if everything else limit)
        if as_json:
            for item in found:
                say(json_line(item_json(item)))
            return
        rows = [(item.item_id, item.published or "-", item.kind, item.language or "?", item.twin or "-", item.title) for item in found]
        say(table(rows, ("item", "published", "kind", "lang", "twin", "title")))
        say(f"\n{len(rows)} of {archive.counts()['items']} items")


@click.command()
@click.argument("item")
@as_of_option
@json_option
@archive_option
def show(item: str, archive_dir: str | None, as_of: str | None, as_json: bool) -> None:
    """Show one ITEM in full: an item id (or its beginning), an address, or an article number."""
    with opened(archive_dir, as_of) as archive:
        found = archive.item(item)
        past = None if as_json else archive.history(found.item_id)
        more = _more(archive, found)
        titles = {} if as_json else {name: archive.item(name).title for name in _others(more)}
    if past is None:
        say(json_line({**item_json(found), **more}))
        return
    say(item_lines(found))
    say(evidence_lines(more, titles))
    say(
        "Versions:\n"
        + "\n".join(f"  {v.version_id}  {v.first_seen} to {v.last_seen}  {len(v.text)} characters  {plain(v.title)}" for v in past.versions)
    )
    captures, versions = (f"{number} {word}{'s' * (number != 1)}" for number, word in ((past.captures, "capture"), (len(past.versions), "version")))
    say(f"{captures}, {versions}; rabat-crawler history {found.item_id} shows when each stood and what changed")


def _more(archive: Archive, item: Item) -> dict[str, Any]:
    """What is known of an item beside its own page: its event, its translation, what it belongs to, the names in it, its documents."""
    return {
        "event": archive.event(item.item_id),
        "translations": [asdict(one) for one in archive.translations(item.item_id)],
        "related": [asdict(one) for one in archive.related(item.item_id)],
        "mentions": [asdict(one) for one in archive.mentions(item.item_id)],
    }


def _others(more: dict[str, Any]) -> list[str]:
    return [one["other_id"] for one in (*more["translations"], *more["related"])]
