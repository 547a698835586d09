"""Commands that only read items: search, items, show, stats."""

from __future__ import annotations

from typing import Any

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import hit_json, item_json
from rabat_crawler.cli.format import hit_lines, item_lines, json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, as_of_option, filter_options, filters, json_option, opened


@click.command()
@click.argument("words", nargs=-1, required=True)
@filter_options
@as_of_option
@json_option
@archive_option
def search(words: tuple[str, ...], archive_dir: str | None, as_of: str | None, as_json: bool, limit: int, **wanted: Any) -> None:
    """Search titles and texts for all the WORDS. "..." is a phrase, a trailing * a beginning; accents do not matter."""
    with opened(archive_dir, as_of) as archive:
        hits = archive.search(" ".join(words), filters(**wanted), limit=limit)
    for hit in hits:
        say(json_line(hit_json(hit)) if as_json else hit_lines(hit) + "\n")
    if not as_json:
        say(
            f"{len(hits)} item{'s' * (len(hits) != 1)}{' (the first; --limit shows more)' if len(hits) == limit else ''}"
            if hits
            else "nothing found; fewer words, or a beginning with *, find more"
        )


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
    if past is None:
        say(json_line(item_json(found)))
        return
    say(item_lines(found))
    say(
        "Versions:\n"
        + "\n".join(f"  {v.version_id}  {v.first_seen} to {v.last_seen}  {len(v.text)} characters  {plain(v.title)}" for v in past.versions)
    )
    captures, versions = (f"{number} {word}{'s' * (number != 1)}" for number, word in ((past.captures, "capture"), (len(past.versions), "version")))
    say(f"{captures}, {versions}; rabat-crawler history {found.item_id} shows when each stood and what changed")


@click.command()
@json_option
@archive_option
def stats(archive_dir: str | None, as_json: bool) -> None:
    """Say what the archive holds, in counts."""
    with Archive.open(config.archive_path(archive_dir)) as archive:
        held = archive.stats()
    if as_json:
        say(json_line(held))
        return
    for name, value in held.items():
        shown = ", ".join(f"{plain(key)} {number:,}" for key, number in value.items()) if isinstance(value, dict) else value
        say(f"{name.replace('_', ' '):14}  {shown if shown not in ('', None) else '-'}")
