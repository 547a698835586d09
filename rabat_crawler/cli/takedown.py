"""The command takedown: withhold an item, erase its bytes, take that back, list what is withheld."""

from __future__ import annotations

import dataclasses
import getpass

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.taking_down import Preview
from rabat_crawler.archive.withheld import Withheld
from rabat_crawler.cli.format import json_line, plain, progress_line, say, table
from rabat_crawler.cli.options import archive_option, json_option

NAMED = 8


@click.command()
@click.argument("item", required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept for ever and shown to whoever asks for the item.")
@click.option("--by", metavar="NAME", help="Who decided it (default: who is logged in).")
@click.option("--erase", is_flag=True, help="Replace the recorded bytes in the WARC files by tombstones, too. Cannot be undone.")
@click.option("--undo", is_flag=True, help="Withhold ITEM no more.")
@click.option("--dry-run", is_flag=True, help="Say what would be withheld; change nothing.")
@click.option("--list", "list_all", is_flag=True, help="List what is withheld.")
@json_option
@archive_option
def takedown(
    item: str | None,
    reason: str,
    by: str | None,
    erase: bool,
    undo: bool,
    dry_run: bool,
    list_all: bool,
    as_json: bool,
    archive_dir: str | None,
) -> None:
    """Withhold ITEM (id, address or article number) from every search, page, feed and export, with a tombstone in its place."""
    if list_all + undo + dry_run > 1 or ((undo or list_all) and erase):
        raise click.UsageError("give one of --list, --undo and --dry-run; --erase goes with none but --dry-run")
    if list_all != (item is None):
        raise click.UsageError("give an ITEM, or --list")
    if item is None:
        _list(archive_dir, as_json)
    elif dry_run:
        with Archive.open(config.archive_path(archive_dir)) as archive:
            _say_preview(archive.takedown_preview(item), as_json, erase=erase)
    elif undo:
        with progress_line() as progress, Archive.open(config.archive_path(archive_dir), write=True, progress=progress) as archive:
            name = archive.undo_takedown(item, reason=reason, by=by or _user(), progress=progress)
        say(json_line({"item_id": name, "withheld": False}) if as_json else f"item {name} is withheld no more; it was read again from the WARC files")
    elif not reason.strip():
        raise click.UsageError("give the reason: --reason TEXT is kept, and shown to whoever asks for the item")
    else:
        _take_down(archive_dir, item, reason, by or _user(), erase=erase, as_json=as_json)


def _take_down(archive_dir: str | None, item: str, reason: str, by: str, *, erase: bool, as_json: bool) -> None:
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir), write=True, progress=progress) as archive:
        before = archive.withheld(item)
        seen = None if before else archive.takedown_preview(item)
        done = archive.take_down(item, reason=reason, by=by, erase=erase, progress=progress)
        copies = sorted(path.name for path in archive.exports_dir.iterdir()) if archive.exports_dir.is_dir() else []
    if as_json:
        stays = (
            {"listed": len(seen.listed), "listed_at": seen.listed_at, "translations": seen.translations, "duplicates": seen.duplicates}
            if seen
            else {}
        )
        say(json_line({**dataclasses.asdict(done), **stays, "exports": copies}))
        return
    if before:
        say(f"item {done.item_id} was withheld already, since {before.at[:10]} because: {plain(before.reason)}")
    else:
        say(f"item {done.item_id} is withheld: {done.captures + done.erased} captures of its own pages and documents are played and listed no more")
    if done.erased:
        say(f"the bytes of {done.erased} captures were erased; tombstones stand in their places. The next crawl asks the whole site again")
    if seen:
        _say_rest(seen)
    say(
        "backups made before still hold all of it, and so do exports"
        + (f" ({', '.join(map(plain, copies[:NAMED]))} in the archive)" if copies else "")
    )


def _say_rest(seen: Preview) -> None:
    """What a takedown leaves in view, so that whoever takes down knows."""
    if seen.listed:
        shown = ", ".join(plain(url) for url in seen.listed_at[:NAMED]) + (" ..." if len(seen.listed_at) > NAMED else "")
        say(f"{len(seen.listed)} captures of other pages name it in a list or box and are still played: {shown}")
    if seen.translations:
        say(f"its translation is another item and stays: {', '.join(seen.translations)}")
    if seen.duplicates:
        say(f"items that say the same stay: {', '.join(seen.duplicates)}")


def _say_preview(seen: Preview, as_json: bool, *, erase: bool) -> None:
    if as_json:
        say(json_line({name: value for name, value in dataclasses.asdict(seen).items() if name != "names"}))
        return
    say(f"item {seen.item_id}: {len(seen.captures)} captures of its own pages and documents would be withheld{' and erased' if erase else ''}")
    for url in seen.documents:
        say(f"    {plain(url)}, a document that only it links")
    _say_rest(seen)


def _list(archive_dir: str | None, as_json: bool) -> None:
    with Archive.open(config.archive_path(archive_dir)) as archive:
        found: list[Withheld] = archive.withheld_items()
    if as_json:
        for one in found:
            say(json_line(dataclasses.asdict(one)))
        return
    if found:
        rows = [(one.item_id, one.at[:10], one.by, one.captures, one.erased, one.reason) for one in found]
        say(table(rows, ("item", "since", "by", "captures", "erased", "reason")))
    say(f"{len(found)} item{'s' * (len(found) != 1)} withheld")


def _user() -> str:
    """The name of whoever runs the program, "" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
