"""The command takedown: withhold an item, erase its bytes, take that back, list what is withheld."""

from __future__ import annotations

import dataclasses
import getpass
from collections.abc import Sequence

import click

from rabat_crawler import config, errors
from rabat_crawler.archive import Archive
from rabat_crawler.archive.taking_down import Preview
from rabat_crawler.archive.withheld import Withheld
from rabat_crawler.cli.format import json_line, plain, progress_line, say, table
from rabat_crawler.cli.options import archive_option, json_option

NAMED = 8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    """What was asked beside the item."""

    reason: str
    by: str
    erase: bool
    listings: bool
    as_json: bool


@click.command()
@click.argument("item", required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why; it is kept for ever and shown to whoever asks for the item.")
@click.option("--by", metavar="NAME", help="Who decided it (default: who is logged in).")
@click.option("--erase", is_flag=True, help="Replace the recorded bytes in the WARC files by tombstones, too. Cannot be undone.")
@click.option("--listings", is_flag=True, help="Treat captures of other pages that name ITEM in a list or box as its own.")
@click.option("--undo", is_flag=True, help="Withhold ITEM no more.")
@click.option("--dry-run", is_flag=True, help="Say what would be withheld; change nothing.")
@click.option("--list", "list_all", is_flag=True, help="List what is withheld.")
@json_option
@archive_option
def takedown(item: str | None, undo: bool, dry_run: bool, list_all: bool, archive_dir: str | None, by: str | None, **said: bool | str) -> None:
    """Withhold ITEM (id, address or article number) from every search, page, feed and export, with a tombstone in its place."""
    how = _How(by=by or _user(), **said)  # type: ignore[arg-type]
    if list_all + undo + dry_run > 1 or ((undo or list_all) and (how.erase or how.listings)):
        raise click.UsageError("give one of --list, --undo and --dry-run; --erase and --listings go with none but --dry-run")
    if list_all != (item is None):
        raise click.UsageError("give an ITEM, or --list")
    if item is None:
        _list(archive_dir, how.as_json)
    elif dry_run:
        with Archive.open(config.archive_path(archive_dir)) as archive:
            _say_preview(archive.takedown_preview(item), how)
    elif undo:
        _undo(archive_dir, item, how)
    elif not how.reason.strip():
        raise click.UsageError("give the reason: --reason TEXT is kept, and shown to whoever asks for the item")
    else:
        _take_down(archive_dir, item, how)


def _undo(archive_dir: str | None, item: str, how: _How) -> None:
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir), write=True, progress=progress) as archive:
        name = archive.undo_takedown(item, reason=how.reason, by=how.by, progress=progress)
    say(json_line({"item_id": name, "withheld": False}) if how.as_json else f"item {name} is withheld no more; it was read again from the WARC files")


def _take_down(archive_dir: str | None, item: str, how: _How) -> None:
    with progress_line() as progress, Archive.open(config.archive_path(archive_dir), write=True, progress=progress) as archive:
        before, seen = _as_it_is(archive, item)
        done = archive.take_down(item, reason=how.reason, by=how.by, erase=how.erase, listings=how.listings, progress=progress)
        copies = sorted(path.name for path in archive.exports_dir.iterdir())
    if how.as_json:
        stays = {name: getattr(seen, name) for name in ("listed", "listed_at", "translations", "duplicates")} if seen else {}
        say(json_line({**dataclasses.asdict(done), **stays, "exports": copies}))
        return
    if before:
        say(f"item {done.item_id} was withheld already, since {before.at[:10]} because: {plain(before.reason)}")
    else:
        say(
            f"item {done.item_id} is withheld: {_captures(done.captures + done.erased)} of it and its documents will not be played or listed any more"
        )
    if done.erased:
        say(f"the bytes of {_captures(done.erased)} were erased; tombstones stand in their places. The next crawl asks the whole site again")
    if seen:
        _say_rest(seen, how)
    named = f" ({_names(copies)} in the archive)" if copies else ""
    say(f"backups made before still hold all of it, and so do exports{named}")


def _as_it_is(archive: Archive, item: str) -> tuple[Withheld | None, Preview | None]:
    """The tombstone of an item that is withheld already, else what a takedown would withhold."""
    try:
        return None, archive.takedown_preview(item)
    except errors.Withheld as error:
        return archive.withheld(error.item_id), None


def _say_rest(seen: Preview, how: _How) -> None:
    """What a takedown leaves in view, so that whoever takes down knows."""
    if seen.listed and not how.listings:
        said = (
            f"{_captures(len(seen.listed))} of other pages that name it in a list or box are kept for what they say of others, and not given out "
            "(--listings withholds them)"
        )
        say(f"{said}: {_names(seen.listed_at)}")
    if seen.translations:
        say(f"its translation is another item and stays: {_names(seen.translations)}")
    if seen.duplicates:
        say(f"items that say the same stay: {_names(seen.duplicates)}")


def _say_preview(seen: Preview, how: _How) -> None:
    if how.as_json:
        say(json_line({name: value for name, value in dataclasses.asdict(seen).items() if name != "names"}))
        return
    number = len(seen.captures) + (len(seen.listed) if how.listings else 0)
    say(f"item {seen.item_id}: {_captures(number)} of it and its documents would be withheld{' and erased' if how.erase else ''}")
    for url in seen.documents:
        say(f"    {plain(url)}, a document that only it links")
    _say_rest(seen, how)


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


def _captures(number: int) -> str:
    return f"{number} capture{'s' * (number != 1)}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(plain, names[:NAMED])) + (" ..." if len(names) > NAMED else "")


def _user() -> str:
    """The name of whoever runs the program, "" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
