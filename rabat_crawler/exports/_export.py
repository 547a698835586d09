"""What a format is, what it is given, and the one way in which all of them are made: one consistent reading, written beside, then renamed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from rabat_crawler import registry
from rabat_crawler.archive.api import Progress, silent
from rabat_crawler.archive.filters import Filters
from rabat_crawler.archive.past import last_moment
from rabat_crawler.archive.reader import Reader
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.exports._placing import placed, size_of
from rabat_crawler.models import Item

CHUNK = 200
"""So many items are read at once."""
LONGEST_LINE = 1000
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which items are given out: those that hold the words and pass the filters; of the archive as it stood `as_of` (said only, see `Archive.as_of`)."""

    words: str = ""
    filters: Filters = field(default_factory=Filters)
    as_of: str | None = None

    @property
    def whole(self) -> bool:
        """True if nothing is left out."""
        return not self.words.strip() and self.filters == Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may ask of a format beyond the selection; a format names those that it takes.

    `base_url`: where a reading room or the exported site stands on the web, for permanent links. `language`: of the words around the items.
    `excel`: a byte order mark, for Excel. `lite`: also what Datasette Lite needs. `title`, `licence`: of the collection, for its description.
    """

    base_url: str | None = None
    language: str | None = None
    excel: bool = False
    lite: bool = False
    title: str | None = None
    licence: str | None = None


class Source:
    """The items that were selected, newest published first, and the archive for all else; asked within one consistent reading."""

    def __init__(self, archive: Reader, selection: Selection, progress: Progress = silent) -> None:
        self.archive, self.selection, self._progress = archive, selection, progress

    @cached_property
    def item_ids(self) -> list[str]:
        """Their ids, in order."""
        return self.archive.item_ids(self.selection.words, self.selection.filters)

    @cached_property
    def moment(self) -> str:
        """The moment whose knowledge this is (ISO 8601 UTC): what an export calls "now", so that the same archive gives the same bytes."""
        latest = self.archive.latest() or "1970-01-01T00:00:00Z"
        return min(latest, last_moment(self.selection.as_of)[:19] + "Z") if self.selection.as_of else latest

    def items(self, what: str = "items") -> Iterator[Item]:
        """The items, a few at a time in memory, with progress under that name."""
        done = 0
        for part in self.parts():
            for item in part:
                yield item
                done += 1
                self._progress(what, done, len(self.item_ids))

    def parts(self) -> Iterator[list[Item]]:
        """The same in lists of at most CHUNK, for who asks more about many at once."""
        for start in range(0, len(self.item_ids), CHUNK):
            yield self.archive.items_of(self.item_ids[start : start + CHUNK])

    def tell(self, what: str, done: int, total: int | None = None) -> None:
        """Progress of other work."""
        self._progress(what, done, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A format. `write(source, target, options)` fills the file `target`, or the empty folder of a `folder` format, and says what it counted.

    `suffix` ends a file's name (".csv"); `takes` are the fields of `Options` that the format knows. `empty`: it may be made without any item.
    """

    name: str
    title: str
    suffix: str
    write: Callable[[Source, Path, Options], Mapping[str, int]]
    folder: bool = False
    takes: frozenset[str] = frozenset()
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an export left: a file or folder, its bytes, and counts such as `items`."""

    format: str
    path: Path
    bytes: int
    counts: Mapping[str, int]


@lru_cache(maxsize=1)
def formats() -> dict[str, Export]:
    """Every format by name, in alphabetical order."""
    found = [one for module in registry.modules(__package__) for one in getattr(module, "EXPORTS", ())]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def find(name: str) -> Export:
    """The format of that name; ConfigError names the nearest ones otherwise."""
    known = formats()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name.lower(), known, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    raise ConfigError(f"there is no export format {name!r}; {hint}")


def export(
    archive: Reader,
    name: str,
    target: Path,
    selection: Selection | None = None,
    options: Options | None = None,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Written:
    """Write the selected items in a format to `target`, whole or not at all.

    ConfigError for an unknown format, an option that the format does not take, a target that is there already (unless `force`), or a takedown
    that is not finished; NotFound if no item is selected; DiskFull. Nothing half written is left.
    """
    form, selection, options = find(name), selection or Selection(), options or Options()
    check_options(form, options)
    archive.refuse_unfinished_takedown()
    with archive.consistent(), placed(target, folder=form.folder, force=force) as beside:
        source = Source(archive, selection, progress)
        if not form.empty and not source.item_ids:
            raise NotFound(_nothing(selection))
        counts = form.write(source, beside, options)
    return Written(format=name, path=target, bytes=size_of(target), counts=counts)


def check_options(form: Export, options: Options) -> None:
    """ConfigError for an option that the format does not take, and for a title or licence that is no line of text."""
    check_lines(options)
    default = Options()
    for option in Options.__dataclass_fields__:
        if getattr(options, option) != getattr(default, option) and option not in form.takes:
            takers = [one.name for one in formats().values() if option in one.takes]
            raise ConfigError(f"the format {form.name} takes no --{option.replace('_', '-')}; it is an option of {', '.join(takers) or 'no format'}")


def check_lines(options: Options) -> None:
    """ConfigError for a title or licence that is empty or more than one line: it stands in heads of files, and in lines that a line end would end."""
    for name, text in (("--title", options.title), ("--licence", options.licence)):
        if text is not None:
            check_line(name, text)


def check_line(option: str, text: str) -> None:
    """ConfigError if a text is empty, long, or more than one line."""
    if not text.strip() or len(text) > LONGEST_LINE or _CONTROLS.search(text):
        raise ConfigError(f"{option} {text[:60]!r} cannot stand in an export; give one line of at most {LONGEST_LINE} characters")


def _nothing(selection: Selection) -> str:
    if selection.whole and selection.as_of is not None:
        return f"the archive held no items at {selection.as_of}; nothing was written: give a later --as-of (rabat-crawler runs lists the crawls)"
    if selection.whole:
        return "the archive holds no items; nothing was written: crawl first, or choose another --archive DIR"
    return "no item fits what was selected; nothing was written: ask for less with --query, --lang, --kind, --since, --until or the names"
