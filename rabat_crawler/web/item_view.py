"""What an item's page shows, asked of the archive in one go. Values only; the template decides how they look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rabat_crawler import registry
from rabat_crawler.alignment import Pair, align, paragraphs
from rabat_crawler.archive.captured import Listed
from rabat_crawler.archive.mentions import Mentioned
from rabat_crawler.archive.past import History, Span
from rabat_crawler.archive.reader import Reader
from rabat_crawler.archive.relating import Related, Translated
from rabat_crawler.citations import organisation
from rabat_crawler.embedded import Meeting
from rabat_crawler.models import DocumentVersion, Item, PartialDate, Version
from rabat_crawler.names import label
from rabat_crawler.timeline import Timeline, draw
from rabat_crawler.web.cited import Cited, read_cited
from rabat_crawler.wording import Piece, diff_paragraphs, word_diff

MAX_CHARACTERS = 200_000
"""So much of a text is shown on a page; the rest is in the JSON."""
MAX_CAPTURES = 20
MAX_CAPTURES_ASKED = 2_000
MAX_TOLD = 40
"""Of so many versions, the latest, the changed words are counted; any two can be compared."""
SIMILAR = 5
WIDTHS = {"wide": 640, "narrow": 290}
NAME_KINDS = ("country", "organisation", "theme", "town")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name that the item mentions: its label in the page's language, how often, and what a search for it asks."""

    kind: str
    code: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherText:
    """The translation beside the item, paragraph by paragraph."""

    item: Item
    pair: Translated
    rows: tuple[Pair, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A version in the list of versions: when it stood, and how many words came and went against what stood before."""

    number: int
    version: Version
    spans: tuple[Span, ...]
    current: bool
    words: int
    added: int | None
    removed: int | None
    against: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two versions compared: paragraphs of stretches that stayed, went and came. `cut` if the texts were too long to be shown whole."""

    old: int
    new: int
    title: tuple[Piece, ...]
    paragraphs: tuple[tuple[Piece, ...], ...]
    same: bool
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """Everything that the page shows."""

    item: Item
    organisation: str
    cited: Cited
    lead: str
    text: tuple[str, ...]
    cut: bool
    taken: tuple[PartialDate, ...]
    refused: tuple[PartialDate, ...]
    event: dict[str, Any] | None
    place: str
    country: str
    names: dict[str, tuple[Name, ...]]
    translation: Translated | None
    side: OtherText | None
    related: tuple[tuple[Related, Item], ...]
    history: History
    versions: tuple[Told, ...]
    timelines: dict[str, Timeline]
    difference: Difference | None
    captures: tuple[Listed, ...]
    capture_count: int
    documents: tuple[DocumentVersion, ...]
    similar: tuple[Item, ...]
    before: Item | None
    after: Item | None
    playable: bool

    @property
    def meeting(self) -> Meeting | None:
        """The item's event as schema.org wants it."""
        if not self.event or not self.event.get("start"):
            return None
        return Meeting(
            start=self.event["start"], end=self.event["end"], place=self.place, country=self.event["country"], online=self.event["format"] == "online"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an address of an item's page asks besides the item; "" for what it does not."""

    item: str
    side: str = ""
    old: str = ""
    new: str = ""
    all_captures: bool = False


def read_item(archive: Reader, wanted: Wanted, language: str) -> ItemView:
    """The item and all that belongs to it; names are in the page's language. NotFound for an unknown item or version."""
    item = archive.item(wanted.item)
    history = archive.history(item.item_id)
    captures = archive.captures(item=item.item_id)
    event = archive.event(item.item_id)
    translations = archive.translations(item.item_id)
    before, after = archive.neighbours(item.item_id)
    shown = captures[-(MAX_CAPTURES_ASKED if wanted.all_captures else MAX_CAPTURES) :][::-1]
    return ItemView(
        item=item,
        organisation=organisation(registry.resolve(item.site).title, language),
        cited=read_cited(archive, item),
        lead=lead_of(item),
        text=paragraphs(item.text[:MAX_CHARACTERS]),
        cut=len(item.text) > MAX_CHARACTERS,
        taken=tuple(one for one in item.dates if not one.refused),
        refused=tuple(one for one in item.dates if one.refused),
        event=event,
        place=place_of(event, language),
        country=label("country", event["country"], language) if event and event["country"] else "",
        names=names_of(archive.mentions(item.item_id), language),
        translation=translations[0] if translations else None,
        side=beside(archive, item, translations, wanted.side),
        related=related_of(archive, item.item_id),
        history=history,
        versions=tuple(told(history)),
        timelines=timelines_of(history),
        difference=difference_of(history, wanted),
        captures=tuple(shown),
        capture_count=len(captures),
        documents=tuple(archive.documents(item.item_id)),
        similar=tuple(archive.similar(item.item_id, limit=SIMILAR)),
        before=before,
        after=after,
        playable=archive.warc_dir.is_dir(),
    )


def lead_of(item: Item) -> str:
    """The summary, unless the text begins with it."""
    summary = " ".join(item.summary.split())
    return "" if not summary or " ".join(item.text[: 2 * len(item.summary) + 50].split()).startswith(summary.rstrip("…. ")) else summary


def place_of(event: dict[str, Any] | None, language: str) -> str:
    """The town in the page's language, else the words that name the place."""
    if not event:
        return ""
    return label("town", event["town"], language) if event["town"] else str(event["place"])


def names_of(mentioned: Iterable[Mentioned], language: str) -> dict[str, tuple[Name, ...]]:
    """The names by kind, those that there are."""
    found = [Name(kind=one.kind, code=one.code, label=label(one.kind, one.code, language), count=one.count) for one in mentioned]
    by_kind = {kind: tuple(name for name in found if name.kind == kind) for kind in NAME_KINDS}
    return {kind: names for kind, names in by_kind.items() if names}


def related_of(archive: Reader, item_id: str) -> tuple[tuple[Related, Item], ...]:
    """The items in a relation to it, each with the relation."""
    related = archive.related(item_id)
    items = {one.item_id: one for one in archive.items_of(one.other_id for one in related)}
    return tuple((one, items[one.other_id]) for one in related if one.other_id in items)


def beside(archive: Reader, item: Item, translations: list[Translated], side: str) -> OtherText | None:
    """The translation that the address asks for beside the item; None if it is none of its translations."""
    pair = next((one for one in translations if side and one.other_id == side), None)
    other = next(iter(archive.items_of([pair.other_id])), None) if pair else None
    if pair is None or other is None:
        return None
    cut = max(len(item.text), len(other.text)) > MAX_CHARACTERS
    rows = align(paragraphs(item.text[:MAX_CHARACTERS]), paragraphs(other.text[:MAX_CHARACTERS]))
    return OtherText(item=other, pair=pair, rows=tuple(rows), cut=cut)


def told(history: History) -> Iterable[Told]:
    """The versions, the oldest first."""
    for left, version in zip(range(len(history.versions), 0, -1), history.versions, strict=True):
        before = history.before(version)
        added = removed = None
        if before is not None and left <= MAX_TOLD:
            pieces = word_diff(before.text[:MAX_CHARACTERS], version.text[:MAX_CHARACTERS])
            added, removed = (sum(len(text.split()) for op, text in pieces if op == sign) for sign in "+-")
        yield Told(
            number=history.number(version.version_id),
            version=version,
            spans=history.spans_of(version),
            current=version.version_id == history.item.current_version,
            words=len(version.text.split()),
            added=added,
            removed=removed,
            against=history.number(before.version_id) if before else None,
        )


def timelines_of(history: History) -> dict[str, Timeline]:
    """The drawing of the versions' spans for a wide and for a narrow screen; {} without any."""
    spans = [(history.number(span.version_id), span.first_seen, span.last_seen, span.captures) for span in history.spans]
    drawn = {name: draw(spans, width) for name, width in WIDTHS.items()}
    return {name: one for name, one in drawn.items() if one}


def difference_of(history: History, wanted: Wanted) -> Difference | None:
    """The two versions asked for, else the current one against what stood before it; None if there is but one. NotFound for unknown ones."""
    if len(history.versions) < 2 and not (wanted.old or wanted.new):
        return None
    current = next((one for one in history.versions if one.version_id == history.item.current_version), history.versions[-1])
    new = history.version(wanted.new) if wanted.new else current
    old = history.version(wanted.old) if wanted.old else history.before(new) or history.versions[0]
    return compared(history, old, new)


def compared(history: History, old: Version, new: Version) -> Difference:
    """One version against another."""
    texts = old.text[:MAX_CHARACTERS], new.text[:MAX_CHARACTERS]
    return Difference(
        old=history.number(old.version_id),
        new=history.number(new.version_id),
        title=tuple(word_diff(old.title, new.title)),
        paragraphs=tuple(diff_paragraphs(word_diff(*texts))),
        same=old.text == new.text and old.title == new.title,
        cut=max(len(old.text), len(new.text)) > MAX_CHARACTERS,
    )
