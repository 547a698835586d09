"""`Reader`: every question that a database of ours answers, whatever file it stands in. It never writes, and holds no lock."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rabat_crawler.archive import document_list, schema, search, store
from rabat_crawler.archive.filters import Filters
from rabat_crawler.archive.results import Results, Sort
from rabat_crawler.errors import ConfigError, NotFound, RabatError
from rabat_crawler.errors import Withheld as WithheldError
from rabat_crawler.models import DocumentHit, DocumentVersion, Item, Run, Version

if TYPE_CHECKING:
    from rabat_crawler.archive.agenda import AgendaFilters, Event
    from rabat_crawler.archive.captured import Listed, Played
    from rabat_crawler.archive.decisions import Decision
    from rabat_crawler.archive.given import Given, Shown
    from rabat_crawler.archive.mentions import Mentioned
    from rabat_crawler.archive.past import History, Standing
    from rabat_crawler.archive.relating import Related, Translated
    from rabat_crawler.archive.statistics import Gaps, Lags, Split, Step, Timeline, Trend
    from rabat_crawler.archive.taking_down import Preview
    from rabat_crawler.archive.withheld import Withheld

T = TypeVar("T")


class Reader:
    """The questions. `database` is the file that answers, `warc_dir` where the recorded bytes lie."""

    path: Path
    database: Path
    warc_dir: Path
    until: str | None = None
    """The moment (ISO 8601 UTC) at whose end a past archive stands; None for what is known now."""
    _connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The SQLite connection (read-only unless opened for writing)."""
        if self._connection is None:
            raise RabatError(f"the archive {self.path} is closed")
        return self._connection

    def _read(self, question: Callable[[], T]) -> T:
        with schema.translated(self.database):
            return question()

    def search(
        self,
        words: str,
        filters: Filters | None = None,
        *,
        limit: int = 20,
        offset: int = 0,
        sort: Sort = "relevance",
        twin: bool = False,
        versions: bool = False,
        facets: bool = False,
    ) -> Results:
        """The items that hold the words, the best first, from the `offset`-th on (0 is the first). Any text is a safe search.

        `twin`: also items of which the translation holds them (`Hit.through`); `versions`: also items of which an earlier version does
        (`Hit.version_id`); `facets`: with counts by language, kind, year, site and names. SearchSyntax if it is far too long or says nonsense.
        """
        return self._read(
            lambda: search.find(
                self.connection, words, filters or Filters(), limit=limit, offset=offset, sort=sort, twin=twin, versions=versions, facets=facets
            )
        )

    def search_documents(self, words: str, filters: Filters | None = None, limit: int = 20) -> list[DocumentHit]:
        """The documents of which one page holds all the words, with the items that link them, the best page first. As `search` otherwise.

        `filters`: language and site of the document, kind and dates of an item that links it.
        """
        return self._read(lambda: document_list.find_documents(self.connection, words, filters or Filters(), limit))

    def documents(self, wanted: str | None = None, *, every: bool = False) -> list[DocumentVersion]:
        """All documents, or those of an item or of an address, by address; `every`: their earlier versions as well. NotFound as for `item`."""
        if wanted is None:
            return self._read(lambda: document_list.list_documents(self.connection, every=every))
        if "://" in wanted:
            found = self._read(lambda: document_list.list_documents(self.connection, address=wanted, every=every))
            if found:
                return found
        try:
            item = self.item(wanted)
        except WithheldError:
            raise
        except NotFound as error:
            raise NotFound(f"{error}; nor a document this address; rabat-crawler documents lists all" if "://" in wanted else str(error)) from error
        return self._read(lambda: document_list.list_documents(self.connection, item_id=item.item_id, every=every))

    def document_pages(self, document_id: str) -> tuple[str, ...]:
        """The texts of a document's pages, page 1 first; () for an unknown document."""
        return self._read(lambda: document_list.read_pages(self.connection, document_id))

    def document(self, document_id: str) -> DocumentVersion:
        """One document by its id, current or not. NotFound if there is none."""
        found = self._read(lambda: document_list.list_documents(self.connection, document_id=document_id, every=True))
        if not found:
            self.refuse_withheld(document_id)
            raise NotFound(f"{document_id!r}: no document has this id; rabat-crawler documents lists all")
        return found[0]

    def items(self, filters: Filters | None = None, *, limit: int | None = None) -> Iterator[Item]:
        """Items, the newest published first."""
        with schema.translated(self.database):
            yield from store.read_items(self.connection, filters or Filters(), limit=limit)

    def item_ids(self, words: str = "", filters: Filters | None = None) -> list[str]:
        """The ids of all items that hold the words (as for `search`) and pass the filters, the newest published first, those without a date last."""
        return self._read(lambda: search.find_ids(self.connection, words, filters or Filters()))

    @contextlib.contextmanager
    def consistent(self) -> Iterator[None]:
        """Until the block ends every answer is of one state of the database, whatever a crawl writes meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.rollback()

    def item(self, wanted: str) -> Item:
        """One item by id (or the beginning of it), address or article number. NotFound names what to do; several candidates are named."""
        names = self._read(lambda: store.find_item_id(self.connection, wanted))
        if len(names) != 1:
            if not names:
                self.refuse_withheld(wanted)
            hint = (
                f"{len(names)} items fit: {', '.join(names[:8])}"
                if names
                else "no item has this id, address or article number; rabat-crawler search WORDS finds items"
            )
            raise NotFound(f"{wanted!r}: {hint}")
        return self._read(lambda: store.read_items_by_id(self.connection, names))[0]

    def withheld(self, wanted: str) -> Withheld | None:
        """The withheld item of this id (or its beginning), former id, address, article number or record id; None if there is none."""
        from rabat_crawler.archive.withheld import find_withheld

        return self._read(lambda: find_withheld(self.connection, wanted))

    def withheld_items(self) -> list[Withheld]:
        """All items that are withheld, by when that was decided."""
        from rabat_crawler.archive.withheld import read_withheld

        return self._read(lambda: read_withheld(self.connection))

    def withheld_places(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Where records lie that must not be given out, by WARC file: offset and length in bytes. The request of each lies right behind it."""
        from rabat_crawler.archive.withheld import read_places

        return self._read(lambda: read_places(self.connection))

    def address_test(self) -> Callable[[str, str], bool]:
        """Tells of an address and its site whether it is one of a withheld item: for lists that stand outside the database, such as the frontier's."""
        from rabat_crawler.archive.withholding import address_test

        return self._read(lambda: address_test(self.connection))

    def refuse_withheld(self, wanted: str) -> None:
        """Raise `errors.Withheld` if what is asked for is withheld."""
        found = self.withheld(wanted)
        if found is not None:
            raise found.error(wanted)

    def refuse_unfinished_takedown(self) -> None:
        """ConfigError if a takedown was decided that this database does not follow from yet: nothing is to be given out of it."""
        from rabat_crawler.archive.takedowns import read_takedowns
        from rabat_crawler.archive.withholding import is_obeyed

        takedowns = read_takedowns(self.path)
        if takedowns and not self._read(lambda: is_obeyed(self.connection, takedowns)):
            raise ConfigError(
                f"a takedown in {self.path} is not finished yet, so nothing is given out; wait for the process that works on it, "
                "or give the same command again if it was stopped (rabat-crawler rebuild finishes it, too)"
            )

    def takedown_preview(self, wanted: str) -> Preview:
        """What a takedown of an item would withhold. NotFound as for `item`."""
        from rabat_crawler.archive.taking_down import preview

        return self._read(lambda: preview(self.connection, self.item(wanted)))

    def mentions(self, item_id: str) -> tuple[Mentioned, ...]:
        """The countries, organisations, themes and towns that an item names, and where; by kind, the most frequent first."""
        from rabat_crawler.archive.mentions import read_mentions

        return self._read(lambda: read_mentions(self.connection, item_id))

    def facets(self, filters: Filters | None = None) -> dict[str, list[tuple[str, int]]]:
        """For each kind of name (country, organisation, theme, town) the codes with the number of items that mention them, the most frequent first."""
        from rabat_crawler.archive.mentions import read_facets

        return self._read(lambda: read_facets(self.connection, filters or Filters()))

    def groups(self) -> Iterator[tuple[str, str, str]]:
        """(`language`, `kind` or `country`, its value, item id) of every item, in no order; one row for each country that it mentions."""
        from rabat_crawler.archive.mentions import read_groups

        with schema.translated(self.database):
            yield from read_groups(self.connection)

    def versions(self, item_id: str) -> list[Version]:
        """The distinct texts that the item has had, oldest first."""
        return self._read(lambda: store.read_versions(self.connection, item_id))

    def history(self, item_id: str) -> History:
        """An item with its versions, and the spans of time in which captures showed each. NotFound as for `item`."""
        from rabat_crawler.archive import past

        return self._read(lambda: past.history(self.connection, self.item(item_id)))

    def standing(self, names: Iterable[str]) -> dict[str, Standing]:
        """For each of these items since when its present text stands, and which version stood before it."""
        from rabat_crawler.archive import past

        return self._read(lambda: past.standing(self.connection, names))

    def item_as_of(self, item_id: str, date: str) -> Item:
        """The item as it stood at the end of a year, month or day (ISO 8601). NotFound if it was not captured by then."""
        from rabat_crawler.archive import past

        return self._read(lambda: past.item_as_of(self.connection, self.item(item_id), date))

    def captures(
        self, url: str | None = None, item: str | None = None, *, exact: bool = False, first: str | None = None, last: str | None = None
    ) -> list[Listed]:
        """The captures of an address (all spellings, or `exact`; with a `*` at its end of all that begin so) or of an item, in order of time.

        `first` and `last` are dates, both included whole. ConfigError if they are none, or unless one of address and item is given.
        """
        from rabat_crawler.archive import captured

        return self._read(lambda: captured.listed(self, url=url, item=item, exact=exact, first=first, last=last))

    def capture(self, wanted: str, date: str | None = None) -> Listed:
        """The capture of a record id (or its beginning), or the full one of an item or address that was in force at a date, the latest without one."""
        from rabat_crawler.archive import captured

        return self._read(lambda: captured.choose(self, wanted, date))

    def iter_captures(self, item_ids: Iterable[str] | None = None) -> Iterator[Given]:
        """The captures that may be given out, in the order in which they lie on disk: all, or those of some items.

        Those of an item are its pages (whatever its own addresses answered, and all that show its whole text), its documents, for an item without a
        page of its own the lists that first showed it, and the first list that gives its date where its page does not; with every revisit the capture that
        it shows again.
        """
        from rabat_crawler.archive.given import iter_given

        with schema.translated(self.database):
            yield from iter_given(self.connection, item_ids)

    def item_pages(self, item_ids: Sequence[str]) -> dict[str, Shown]:
        """By item id the address and time of the capture that shows the item best, among those of `iter_captures`; items without one are left out."""
        from rabat_crawler.archive.given import item_pages

        return self._read(lambda: item_pages(self.connection, item_ids))

    def document_captures(self, item_ids: Iterable[str] | None = None) -> list[Shown]:
        """The last capture of each current document, of all or of those that these items link, by address."""
        from rabat_crawler.archive.given import document_pages

        return self._read(lambda: document_pages(self.connection, item_ids))

    def listings(self) -> Iterator[Shown]:
        """The last sound capture of each list and start page, by address."""
        from rabat_crawler.archive.given import listing_pages

        with schema.translated(self.database):
            yield from listing_pages(self.connection)

    def shown(self, names: Iterable[str]) -> dict[str, Listed]:
        """For each of these items the capture that shows it best: the latest full one of its whole text, else the latest. Without one it is left out."""
        from rabat_crawler.archive import captured

        return self._read(lambda: captured.shown(self.connection, names))

    def nearest(self, url: str, moment: datetime) -> Listed | None:
        """The full capture of an address, in any spelling, that lies nearest to a time; None if there is none."""
        from rabat_crawler.archive import captured

        return self._read(lambda: captured.nearest(self.connection, url, moment))

    def play(self, listed: Listed) -> Played:
        """A capture's answer as recorded. RecordError if a WARC file is missing or damaged, NotFound if a revisit's original is not here."""
        from rabat_crawler.archive import captured

        return self._read(lambda: captured.play(self.connection, self.warc_dir, listed))

    def body(self, record_id: str) -> bytes:
        """The body that a capture shows, without content coding; a revisit's is that of its original. Errors as for `capture` and `play`."""
        return self.play(self.capture(record_id)).body()[0]

    def runs(self, limit: int | None = None, *, run_id: str | None = None) -> list[Run]:
        """All runs, or so many, the latest first; or the one of exactly that id, if there is one."""
        return self._read(lambda: store.read_runs(self.connection, limit, run_id))

    def iter_runs(self) -> Iterator[Run]:
        """All runs, the earliest first, one in memory at a time."""
        with schema.translated(self.database):
            yield from store.iter_runs(self.connection)

    def decisions(self) -> list[Decision]:
        """What people decided about translations, in order, but of withheld items; [] where the archive's folder is not beside the database.

        ArchiveCorrupt names a bad line.
        """
        from rabat_crawler.archive.decisions import read_decisions
        from rabat_crawler.archive.withholding import without_decisions

        return self._read(lambda: without_decisions(self.connection, read_decisions(self.path)))

    def stats(self) -> dict[str, Any]:
        """What the archive holds, in counts."""
        return self._read(lambda: store.statistics(self.connection))

    def timeline(self, step: Step = "month", split: Split = "language", filters: Filters | None = None) -> Timeline:
        """Items by month or year of publication, and by language or kind."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.timeline(self.connection, step, split, filters))

    def trend(self, words: str, step: Step = "year", filters: Filters | None = None) -> Trend:
        """How many items hold the words, by month or year of publication and by language, beside how many there are. Words as for `search`."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.trend(self.connection, words, step, filters))

    def lags(self) -> Lags:
        """How long after its publication each item was first captured, in classes of days."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.lags(self.connection))

    def coverage(self) -> dict[str, dict[str, int]]:
        """Items published and captures made, by year: `{"2017": {"published": 40, "captures": 512}}`."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.coverage(self.connection))

    def gaps(self) -> Gaps:
        """What is missing: items without date, language, translation or page of their own; bad and cut captures; runs by how they ended."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.gaps(self.connection))

    def latest(self) -> str | None:
        """The moment whose knowledge this is: when the last run ended (or began, if it goes on), ISO 8601 UTC; None before the first.

        Of an archive as it stood at some time it is never later than that.
        """
        from rabat_crawler.archive import statistics

        found = self._read(lambda: statistics.latest(self.connection))
        return min(found, self.until) if found and self.until else found

    def nights(self, since: str = "") -> dict[str, dict[str, int]]:
        """By day (ISO date, from `since` on): how many items the runs found new, changed, moved, gone, returned."""
        from rabat_crawler.archive import statistics

        return self._read(lambda: statistics.nights(self.connection, since))

    def counts(self) -> dict[str, int]:
        """How many rows the main tables hold (cheap)."""
        return self._read(lambda: store.count_rows(self.connection))

    def translations(self, item_id: str | None = None) -> list[Translated]:
        """The translations of one item, or every pair once, with the evidence."""
        from rabat_crawler.archive.relating import read_translations

        return self._read(lambda: read_translations(self.connection, item_id))

    def translation_conflicts(self) -> list[tuple[str, str, str]]:
        """(item, other, reason): pairs that something calls translations although one of them has another."""
        from rabat_crawler.archive.relating import read_conflicts

        return self._read(lambda: read_conflicts(self.connection))

    def agenda(self, filters: AgendaFilters | None = None) -> list[Event]:
        """The meetings that items tell of, each once, in the order of their days. ConfigError for a country or town that is not known."""
        from rabat_crawler.archive.agenda import AgendaFilters, read_agenda

        return self._read(lambda: read_agenda(self.connection, filters or AgendaFilters()))

    def event(self, item_id: str) -> dict[str, Any] | None:
        """The row of `events` of an item by column: when, where and in which form its meeting is, with the words that say so; None if it has none."""
        from rabat_crawler.archive.agenda import read_event

        return self._read(lambda: read_event(self.connection, item_id))

    def related(self, item_id: str) -> list[Related]:
        """Duplicates of an item, and the announcement or outcome of its event, with the reason."""
        from rabat_crawler.archive.relating import read_related

        return self._read(lambda: read_related(self.connection, item_id))

    def similar(self, item_id: str, limit: int = 5) -> list[Item]:
        """At most so many items of the same language that are about the same, the most alike first. NotFound as for `item`."""
        from rabat_crawler.archive.similar_items import similar

        item = self.item(item_id)
        names = self._read(lambda: similar(self.connection, item.item_id, item.title, item.language, limit))
        return self._read(lambda: store.read_items_by_id(self.connection, names))

    def neighbours(self, item_id: str) -> tuple[Item | None, Item | None]:
        """The items published last before and next after this one in its language; None where there is none, or it has no date."""
        from rabat_crawler.archive.beside import neighbours

        names = self._read(lambda: neighbours(self.connection, item_id))
        found = {one.item_id: one for one in self._read(lambda: store.read_items_by_id(self.connection, [name for name in names if name]))}
        return found.get(names[0] or ""), found.get(names[1] or "")

    def items_of(self, names: Iterable[str]) -> list[Item]:
        """The items of these ids, in this order; unknown ids are left out."""
        return self._read(lambda: store.read_items_by_id(self.connection, list(names)))

    def write_reduced(self, target: Path, item_ids: Sequence[str], progress: Callable[[str, int, int | None], None]) -> dict[str, int]:
        """A new file `target` with what the reading room asks of these items and all that belongs to them; the rows by table. DiskFull."""
        from rabat_crawler.archive.bundle import write_reduced

        return self._read(lambda: write_reduced(self.connection, target, item_ids, progress))

    def rows(self, table: str, item_ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The rows of a table of `archive.tables` that belong to these items, its columns in order; what several items share comes once."""
        from rabat_crawler.archive.table_rows import read_rows

        with schema.translated(self.database):
            yield from read_rows(self.connection, table, item_ids)
