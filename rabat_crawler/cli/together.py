"""Commands on how items belong together: translations, confirm, reject."""

from __future__ import annotations

import dataclasses

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.decisions import What
from rabat_crawler.cli.format import json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, as_of_option, json_option, opened
from rabat_crawler.models import Item


@click.command()
@click.argument("item", required=False)
@click.option("--conflicts", is_flag=True, help="Only the pairs that something calls translations although one of them has another.")
@click.option("--missing", is_flag=True, help="Only the items without a translation.")
@as_of_option
@json_option
@archive_option
def translations(item: str | None, conflicts: bool, missing: bool, archive_dir: str | None, as_of: str | None, as_json: bool) -> None:
    """List the pairs of translations with their evidence; of one ITEM if it is given."""
    if conflicts + missing + (item is not None) > 1:
        raise click.UsageError("give one of ITEM, --conflicts and --missing")
    with opened(archive_dir, as_of) as archive:
        items = {one.item_id: one for one in archive.items()}
        if missing:
            _say_missing(items, as_json)
        elif conflicts:
            _say_conflicts(archive, items, as_json)
        else:
            _say_pairs(archive, items, archive.item(item).item_id if item else None, as_json)


def _say_missing(items: dict[str, Item], as_json: bool) -> None:
    found = [one for one in items.values() if one.twin is None]
    if as_json:
        for one in found:
            say(json_line({"item_id": one.item_id, "language": one.language, "title": one.title, "canonical_url": one.canonical_url}))
        return
    say(table([(one.item_id, one.published or "-", one.language or "?", one.title) for one in found], ("item", "published", "lang", "title")))
    say(f"\n{len(found)} of {len(items)} items have no translation")


def _say_conflicts(archive: Archive, items: dict[str, Item], as_json: bool) -> None:
    found = archive.translation_conflicts()
    if as_json:
        for one, other, reason in found:
            say(json_line({"item_id": one, "other_id": other, "reason": reason}))
        return
    for one, other, reason in found:
        say(f"{one}  {plain(items[one].title)}\n{other}  {plain(items[other].title)}\n    {plain(reason)}\n")
    say(f"{len(found)} conflict{'s' * (len(found) != 1)}; rabat-crawler confirm ITEM OTHER and reject ITEM OTHER settle them")


def _say_pairs(archive: Archive, items: dict[str, Item], item_id: str | None, as_json: bool) -> None:
    found = archive.translations(item_id)
    if as_json:
        for one in found:
            say(json_line(dataclasses.asdict(one)))
        return
    for one in found:
        differs = f"; they differ: {one.differs}" if one.differs else ""
        say(f"{one.item_id}  {items[one.item_id].language or '?'}  {plain(items[one.item_id].title)}")
        say(f"{one.other_id}  {items[one.other_id].language or '?'}  {plain(items[one.other_id].title)}")
        say(f"    {one.evidence} ({one.score:.2f}): {plain(one.reason)}{plain(differs)}\n")
    say(f"{len(found)} pair{'s' * (len(found) != 1)}")


def _decided(what: What, item: str, other: str, note: str, archive_dir: str | None) -> tuple[Item, Item]:
    with Archive.open(config.archive_path(archive_dir), write=True) as archive:
        return archive.decide(what, item, other, note=note)


note_option = click.option("--note", default="", help="Why, for those who read it later.")


@click.command()
@click.argument("item")
@click.argument("other")
@note_option
@archive_option
def confirm(item: str, other: str, note: str, archive_dir: str | None) -> None:
    """Keep for ever that ITEM and OTHER (ids, addresses or article numbers) are translations of each other."""
    one, two = _decided("confirm", item, other, note, archive_dir)
    say(f"{one.item_id}  {plain(one.title)}\n{two.item_id}  {plain(two.title)}\n    are translations of each other: confirmed")


@click.command()
@click.argument("item")
@click.argument("other")
@click.option("--undo", is_flag=True, help="Take back what was decided about the two.")
@note_option
@archive_option
def reject(item: str, other: str, undo: bool, note: str, archive_dir: str | None) -> None:
    """Keep for ever that ITEM and OTHER are no translations of each other; with --undo take back what was decided about them."""
    one, two = _decided("undo" if undo else "reject", item, other, note, archive_dir)
    together = two.item_id == one.twin
    said = "is taken back" if undo else "are no translations of each other: rejected"
    say(f"{one.item_id}  {plain(one.title)}\n{two.item_id}  {plain(two.title)}\n    {'what was decided ' if undo else ''}{said}")
    if undo:
        say(f"    they are {'' if together else 'not '}taken for translations now")
