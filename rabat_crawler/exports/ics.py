"""The meetings that the selected items tell of, as one iCalendar file; each keeps its name (UID) whatever is selected, and is the reading room's entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rabat_crawler import calendars
from rabat_crawler.archive.agenda import Event, Telling
from rabat_crawler.charts.words import Language
from rabat_crawler.citations import address
from rabat_crawler.exports._addresses import base
from rabat_crawler.exports._export import Export, Options, Source

NAMES: dict[Language, str] = {"en": "Agenda of the archive", "fr": "Agenda des archives"}


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The file. A selection without meetings gives a calendar without entries."""
    here, language = base(options), language_of(source, options)
    meetings = 0

    def link(one: calendars.Telling) -> str | None:
        return f"{here}/item/{one.item_id}" if here else address(one.canonical_url) if isinstance(one, Telling) else None

    pieces = calendars.iter_calendar(
        told(source), stamp=source.archive.latest(), name=options.title or NAMES[language], language=language, link=link
    )  # fmt: skip
    with open(target, "w", encoding="utf-8", newline="") as file:
        for piece in pieces:
            file.write(piece)
            meetings += piece.startswith("BEGIN:VEVENT")
    return {"meetings": meetings}


def told(source: Source) -> Iterator[Event]:
    """The meetings of which at least one item is selected, in the order of their days, each with all the items that tell of it."""
    selected, every = set(source.item_ids), source.archive.agenda()
    source.tell("meetings", 0, len(every))
    for done, meeting in enumerate(every, 1):
        if any(one.item_id in selected for one in meeting.items):
            yield meeting
        source.tell("meetings", done, len(every))


def language_of(source: Source, options: Options, own: str | None = None) -> Language:
    """The language of an export's words: as asked, else that of what they name (`own`), else that of the items where one was selected, else English."""
    spoken = (one for one in (options.language, own, source.selection.filters.language) if one in ("en", "fr"))
    return "fr" if next(spoken, "en") == "fr" else "en"


EXPORTS = (
    Export(
        name="ics",
        title="The meetings that items tell of, as iCalendar, for calendar programs.",
        suffix=".ics",
        write=write,
        takes=frozenset({"base_url", "language", "title"}),
    ),
)
