"""The command agenda: the meetings that the archive's items tell of."""

from __future__ import annotations

import dataclasses
import sys
from datetime import UTC, datetime

import click

from rabat_crawler import calendars
from rabat_crawler.archive.agenda import AgendaFilters, Event, Telling
from rabat_crawler.calendars import calendar
from rabat_crawler.cli.format import json_line, plain, say
from rabat_crawler.cli.options import PartialDateParam, archive_option, as_of_option, json_option, opened
from rabat_crawler.event_words import MEETING_TYPES
from rabat_crawler.names import label


@click.command()
@click.option("--upcoming", is_flag=True, help="Only what is not over today.")
@click.option("--since", type=PartialDateParam(), help="Held then or later (2017, 2017-05, 2017-05-14).")
@click.option("--until", type=PartialDateParam(), help="Held then or earlier, the whole year or month included.")
@click.option("--lang", metavar="CODE", help="Only what an item in this language tells of.")
@click.option("--type", "meeting_type", type=click.Choice(MEETING_TYPES), help="Only meetings of this type.")
@click.option("--country", metavar="NAME", help="Only meetings held in this country: a code or any spelling.")
@click.option("--town", metavar="NAME", help="Only meetings held in this town.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), help="At most so many: the next ones with --upcoming, else the latest.")
@click.option("--ics", "as_calendar", is_flag=True, help="As iCalendar, for a calendar program.")
@as_of_option
@json_option
@archive_option
def agenda(
    archive_dir: str | None, as_of: str | None, as_json: bool, as_calendar: bool, upcoming: bool, since: str | None, until: str | None, lang: str | None,
    meeting_type: str | None, country: str | None, town: str | None, limit: int | None,
) -> None:  # fmt: skip
    """List the meetings in the order of their days, each once, with the items that announce it, tell of it, and report its outcome."""
    if as_calendar and as_json:
        raise click.UsageError("give --ics or --json, not both")
    if upcoming:
        today = datetime.now(UTC).date().isoformat()
        since = max(since or "", today)
    wanted = AgendaFilters(since=since, until=until, language=lang, meeting_type=meeting_type, country=country, town=town)
    with opened(archive_dir, as_of) as archive:
        events, latest = archive.agenda(wanted), archive.latest() if as_calendar else None
    if limit is not None:
        events = events[:limit] if upcoming else events[-limit:]
    if as_calendar:
        sys.stdout.write(calendar(events, stamp=latest, name="Agenda", language="fr" if lang == "fr" else "en", link=_address))
        return
    for event in events:
        say(json_line({**dataclasses.asdict(event), "title": event.title}) if as_json else _lines(event))
    if not as_json:
        say(f"{len(events)} meeting{'s' * (len(events) != 1)}" if events else "no meeting fits; without options agenda lists all of them")


def _address(one: calendars.Telling) -> str | None:
    return one.canonical_url if isinstance(one, Telling) else None


def _lines(event: Event) -> str:
    """When, where, what; then each item that tells of it."""
    days = event.start + (f" to {event.end}" if event.end else "")
    where = ", ".join(
        name for name in (label("town", event.town) if event.town else "", label("country", event.country) if event.country else "") if name
    )
    said = "; ".join(part for part in (where or event.place, event.meeting_type, event.format) if part)
    lines = [f"{days}  {plain(said) or 'place and type not said'}"]
    for one in event.items:
        role = f"{one.role}: " if one.role else ""
        lines.append(f"    {one.item_id}  {one.language or '?'}  {role}{plain(one.title)}")
    return "\n".join(lines) + "\n"
