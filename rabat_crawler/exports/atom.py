"""A folder of Atom feeds: all items, and those of each language, each kind, each country that they mention; the newest of each, a changed item with its change."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from heapq import nsmallest
from pathlib import Path
from xml.sax.saxutils import quoteattr

from rabat_crawler import atom
from rabat_crawler.archive.feed_entries import read_entries
from rabat_crawler.citations import one_line, organisation
from rabat_crawler.exports._addresses import base, of_item
from rabat_crawler.exports._collection import Collection, collection, readme
from rabat_crawler.exports._export import Export, Options, Selection, Source
from rabat_crawler.exports.ics import language_of
from rabat_crawler.names import label
from rabat_crawler.web.language import Language, Translator

MOST = 100
"""So many entries a feed has at most, the newest. Archived feeds (RFC 5005) would hold all of them, but their pages may never change, and a backfill adds
captures to the past."""
AT_ONCE = 10
FACETS = ("language", "kind", "country")
FOLDER = "feeds"
"""Where below the address of the reading room or the site the folder is to stand."""
OPML = "feeds.opml"

_CODE = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_SUBTITLE = {"en": "The newest {shown} of {all} items", "fr": "Les {shown} notices les plus récentes sur {all}"}
_CONTENTS = """Atom feeds (RFC 4287), each with the newest {most} items at most: first those whose text was new on the latest day, of one day those published last.
The entries hold the full text. Of an item whose text has changed the entry begins with what changed, keeps its id, and has a later `updated`, so
that a feed reader shows it again. The ids of feeds and entries never change, wherever the folder stands.

{placed}

| Feed | Holds | Entries | Of |
| --- | --- | ---: | ---: |
{rows}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: `path` below the folder without its ending, what it holds in words, the ids of its items (the newest first) and how many there are in all."""

    path: str
    title: str
    author: str
    language: Language
    ids: Sequence[str]
    total: int

    @property
    def file(self) -> str:
        """Its path in the folder."""
        return f"{self.path}.atom"


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder: feeds, README.md, and with `base_url` an OPML file to subscribe to all of them at once."""
    here = base(options)
    feeds = write_feeds(source, target, options)
    placed = (
        f"Put this folder at {here}/{FOLDER}/. `{OPML}` subscribes to all of them at once. The entries lead to {here}/item/ITEM_ID."
        if here
        else "The entries lead to the original addresses. With --base-url they lead to a reading room or the exported site, and the feeds know where they stand."
    )
    rows = "\n".join(f"| `{one.file}` | {_cell(one.title)} | {len(one.ids):,} | {one.total:,} |" for one in feeds)
    said = readme(source, options, _CONTENTS.format(most=MOST, placed=placed, rows=rows))
    (target / "README.md").write_text(said, encoding="utf-8", newline="\n")
    return {"items": len(source.item_ids), "feeds": len(feeds), "entries": sum(len(one.ids) for one in feeds)}


def write_feeds(source: Source, folder: Path, options: Options) -> list[Feed]:
    """The feeds alone (and the OPML file with `base_url`), for any folder that is to hold them; which ones they are."""
    here, found = base(options), collection(source.archive, source.moment, options)
    feeds = list(feeds_of(source, options, found))
    for done, one in enumerate(feeds, 1):
        path = folder / one.file
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as file:
            for piece in _pieces(source, one, here):
                file.write(piece)
        source.tell("feeds", done, len(feeds))
    if here:
        (folder / OPML).write_text(opml(feeds, here, found.title), encoding="utf-8", newline="\n")
    return feeds


def feeds_of(source: Source, options: Options, found: Collection) -> Iterator[Feed]:
    """The feeds that have entries: all, by language, by kind, by country mentioned in the order of the codes."""
    newest, language = by_age(source), language_of(source, options)
    place = {name: number for number, name in enumerate(newest)}
    groups: dict[tuple[str, str], list[int]] = {}
    for facet, code, name in source.archive.groups():
        if name in place and _CODE.fullmatch(code):
            groups.setdefault((facet, code), []).append(place[name])

    def feed(path: str, words: str, members: Sequence[int], language: Language) -> Feed:
        author = organisation(found.title, language)
        title = author + (": " if language == "en" else "\u00a0: ") * bool(words) + words
        ids = tuple(newest[number] for number in nsmallest(MOST, members))
        return Feed(path=path, title=title, author=author, language=language, ids=ids, total=len(members))

    yield feed("all", "", range(len(newest)), language)
    for facet in FACETS:
        for code in sorted(code for one, code in groups if one == facet):
            own = language_of(source, options, code if facet == "language" else None)
            yield feed(f"{facet}/{code}", _words(own, facet, code), groups[facet, code], own)


def by_age(source: Source) -> list[str]:
    """The ids of the items, those first whose text became what it is on the latest day; of one day the latest published first."""
    day: dict[str, str] = {}
    for start in range(0, len(source.item_ids), 1000):
        for name, standing in source.archive.standing(source.item_ids[start : start + 1000]).items():
            day[name] = standing.since[:10]
        source.tell("texts", len(day), len(source.item_ids))
    return sorted(source.item_ids, key=lambda name: day.get(name, ""), reverse=True)


def subject(selection: Selection, path: str) -> str:
    """What tells a feed from all others of an archive for ever: its path, and what was selected if it is not all."""
    if selection.whole:
        return path
    filters = {name: value for name, value in asdict(selection.filters).items() if value}
    asked = json.dumps([selection.words.split(), filters], sort_keys=True)
    return f"selection/{hashlib.sha256(asked.encode()).hexdigest()[:16]}/{path}"


def opml(feeds: Sequence[Feed], here: str, title: str) -> str:
    """The feeds as an OPML 2.0 list of subscriptions."""
    outlines = "".join(
        f'<outline type="rss" text={_quoted(one.title)} title={_quoted(one.title)} xmlUrl={_quoted(f"{here}/{FOLDER}/{one.file}")} htmlUrl={_quoted(here + "/")}/>\n'
        for one in feeds
    )
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<opml version="2.0">\n<head><title>{_quoted(title)[1:-1]}</title></head>\n<body>\n'
    return f"{head}{outlines}</body>\n</opml>\n"


def _pieces(source: Source, one: Feed, here: str | None) -> Iterator[str]:
    return atom.iter_feed(
        _entries(source, one.ids, here),
        title=one.title,
        subtitle=_SUBTITLE[one.language].format(shown=len(one.ids), all=one.total) if one.total > len(one.ids) else "",
        subject=subject(source.selection, one.path),
        author=one.author,
        self_address=f"{here}/{FOLDER}/{one.file}" if here else None,
        address=f"{here}/" if here else None,
        language=one.language,
        updated=max(found.since for found in source.archive.standing(one.ids).values()),
    )


def _entries(source: Source, ids: Sequence[str], here: str | None) -> Iterator[atom.Entry]:
    """The entries, few items at a time in memory."""
    for start in range(0, len(ids), AT_ONCE):
        items = source.archive.items_of(ids[start : start + AT_ONCE])
        yield from read_entries(source.archive, items, partial(of_item, here))


def _words(language: Language, facet: str, code: str) -> str:
    if facet == "country":
        return label("country", code, language)
    translated = Translator(language)
    return translated(f"base.{facet}_{code}") if translated.has(f"base.{facet}_{code}") else code


def _cell(text: str) -> str:
    return one_line(text, 200).replace("|", "\\|")


def _quoted(text: str) -> str:
    return quoteattr(one_line(text, 1000), {"'": "&#39;"})


EXPORTS = (
    Export(
        name="atom",
        title="A folder of Atom feeds (all, by language, kind and country) with full texts and changes.",
        suffix="",
        folder=True,
        write=write,
        takes=frozenset({"base_url", "language", "title", "licence"}),
    ),
)
