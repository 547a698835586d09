"""What an export says of the collection that it comes from: title, scope, method, gaps, counts, how to cite; from the archive's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rabat_crawler import __version__, registry
from rabat_crawler.archive.reader import Reader
from rabat_crawler.archive.statistics import Gaps
from rabat_crawler.exports._export import Options, Selection, Source
from rabat_crawler.models import Site

LICENCE = "The texts belong to those who published them. Cite each with its address and date."
DESCRIPTION = (
    "What was captured of the public web site of the dialogue: items in French and English with their dates, addresses, versions, translations and documents, "
    "each value with its evidence."
)
_README = """# {title}

{description}

State of the archive: {moment}. {items:,} items{selected}, {languages}. Written by rabat_crawler {version}.

{contents}
## Scope

{scope}

## Method

Every answer of the server is kept byte for byte in WARC files with its time and its SHA-256 digest; all else follows from those files and can be made anew from
them. A page whose text changed gives its item a new version, and the earlier ones stay. A date is only given where a page gives one, and only as precisely. Two
items are called translations where the site says so or where their content shows it beyond doubt.

## Gaps

{gaps}

What was never linked, or vanished before it was captured, cannot be counted.

## Rights

{licence}

## How to cite

{citation}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The collection: `moment` (ISO 8601 UTC) is the state that is described, `sites` the definitions of the sites in it, `gaps` and `stats` of all of it."""

    title: str
    description: str
    licence: str
    moment: str
    stats: Mapping[str, Any]
    gaps: Gaps
    sites: tuple[Site, ...]
    hosts: tuple[str, ...]

    @property
    def day(self) -> str:
        """The day of its state, ISO 8601."""
        return self.moment[:10]

    @property
    def citation(self) -> str:
        """The sentence with which the whole of it is cited."""
        return f"{self.title}. Public web pages kept with rabat_crawler {__version__}; state of {self.moment}."


def _one_line(text: str | None) -> str:
    """What somebody typed, without what would break a heading or steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text or "").split())


def collection(archive: Reader, moment: str, options: Options) -> Collection:
    """What is known of an archive; `options` may give title and licence."""
    stats = archive.stats()
    known = registry.sites()
    sites = tuple(known[name] for name in stats["by_site"] if name in known)
    return Collection(
        title=_one_line(options.title) or " · ".join(site.title for site in sites) or "Archive of a dialogue's web site",
        description=DESCRIPTION,
        licence=_one_line(options.licence) or LICENCE,
        moment=moment,
        stats=stats,
        gaps=archive.gaps(),
        sites=sites,
        hosts=tuple(dict.fromkeys(host.name for site in sites for host in site.hosts)),
    )


def readme(source: Source, options: Options, contents: str) -> str:
    """The README.md of a folder: what it holds (`contents`, Markdown), then what the collection is."""
    found = collection(source.archive, source.moment, options)
    languages = ", ".join(f"{count:,} {name}" for name, count in found.stats["by_language"].items())
    first, last = (str(found.stats[name] or "")[:10] for name in ("first_capture", "last_capture"))
    hosts = f" ({', '.join(found.hosts)})" if found.hosts else ""
    scope = (
        f"The public web pages of the dialogue{hosts}: news, meetings, publications and projects, with the documents that they link; "
        f"{found.gaps.captures:,} captures made between {first} and {last}. Closed areas, social media and videos are not covered."
    )
    return _README.format(
        title=found.title,
        description=found.description,
        moment=found.moment,
        items=len(source.item_ids),
        selected=_selected(source.selection, found.gaps.items),
        languages=f"in the whole archive {languages}",
        version=__version__,
        contents=contents.strip() + "\n",
        scope=scope,
        gaps=gap_lines(found.gaps),
        licence=found.licence,
        citation=found.citation,
    )


def gap_lines(gaps: Gaps) -> str:
    """What is missing, as a list in Markdown."""
    counted = (
        (gaps.undated, "items without a date of publication"),
        (gaps.from_lists_only, "items known from a list only, without their whole text"),
        (gaps.gone, "items gone from the site, kept here"),
        (gaps.without_address, "items without a page of their own"),
        (gaps.without_translation, "items without a known translation"),
        (gaps.without_language, "items of unknown language"),
        (gaps.bad_captures, "captures that are not the page (errors, checks for robots)"),
        (gaps.cut_captures, "captures that were cut short"),
        (gaps.unread_documents, "documents that could not be read whole"),
        (gaps.runs.get("put off", 0), "runs that the site put off"),
    )
    return "\n".join(f"- {count:,} {what}" for count, what in counted)


def _selected(selection: Selection, whole: int) -> str:
    stood = f", as the archive stood at the end of {selection.as_of}" if selection.as_of else ""
    if selection.whole:
        return stood
    words = [f"the words {selection.words!r}"] if selection.words.strip() else []
    filters = selection.filters
    words += [f"{name} {getattr(filters, name)}" for name in filters.__dataclass_fields__ if getattr(filters, name)]
    return f" of {whole:,} (selected by {', '.join(words)}){stood}"
