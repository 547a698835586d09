"""The tombstones of withheld items, read back: found by whatever people ask for them by. Reads only, and knows no word of theirs."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from rabat_crawler import errors
from rabat_crawler.archive.filters import storable
from rabat_crawler.archive.takedowns import digest_of
from rabat_crawler.archive.withholding import lookup_names

SELECT = "SELECT item_id, at, decided_by, reason, captures, erased FROM withheld"
OF_RECORD = "SELECT DISTINCT item_id FROM withheld_captures WHERE record_id >= ? AND record_id < ?"
SHORTEST_ID, SHORTEST_RECORD = 4, 8
_RECORD = re.compile(r"^[0-9a-f-]{8,36}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """An item that is withheld: since when (ISO 8601 UTC), by whom, why; how many captures of it are kept, and how many records were erased."""

    item_id: str
    at: str
    by: str
    reason: str
    captures: int
    erased: int

    def error(self, wanted: str) -> errors.Withheld:
        """What is said to somebody who asks for it by this name."""
        said = f"{wanted[:200]!r}: item {self.item_id} is withheld since {self.at[:10]}" + (f" because: {self.reason}" if self.reason else "")
        return errors.Withheld(said, item_id=self.item_id, at=self.at, reason=self.reason)


def read_withheld(connection: sqlite3.Connection) -> list[Withheld]:
    """All of them, by when that was decided."""
    return [_from_row(row) for row in connection.execute(f"{SELECT} ORDER BY at, item_id")]


def read_places(connection: sqlite3.Connection) -> dict[str, tuple[tuple[int, int], ...]]:
    """The places of withheld captures by WARC file."""
    found: dict[str, list[tuple[int, int]]] = {}
    for file, offset, length in connection.execute("SELECT warc_file, offset, length FROM withheld_captures ORDER BY 1, 2"):
        found.setdefault(file, []).append((offset, length))
    return {file: tuple(places) for file, places in found.items()}


def find_withheld(connection: sqlite3.Connection, wanted: str) -> Withheld | None:
    """The one that is meant by an id, the beginning of one, an address, an article number or a record id; None if there is none, or several."""
    if connection.execute("SELECT 1 FROM withheld LIMIT 1").fetchone() is None:
        return None
    wanted = storable(wanted).strip("<>")
    found = _by_name(connection, wanted) or _by_beginning(connection, wanted) or _by_record(connection, wanted)
    row = connection.execute(f"{SELECT} WHERE item_id = ?", (next(iter(found)),)).fetchone() if len(found) == 1 else None
    return _from_row(row) if row else None


def closed_error(connection: sqlite3.Connection, record_id: str, item_id: str) -> errors.Withheld:
    """What is said to somebody who asks for a capture that says something of a withheld item among others."""
    row = connection.execute(f"{SELECT} WHERE item_id = ?", (item_id,)).fetchone()
    at = str(row[1]) if row else ""
    said = f"{record_id}: this capture says something of item {item_id}, which is withheld since {at[:10]}; it is kept, and not given out"
    return errors.Withheld(said, item_id=item_id, at=at, reason=str(row[3]) if row else "")


def _by_name(connection: sqlite3.Connection, wanted: str) -> set[str]:
    if "://" in wanted:
        names = lookup_names(url=wanted)
    elif wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        names = lookup_names(wanted, number=int(wanted))
    else:
        names = lookup_names(wanted.lower())
    marks = ",".join("?" * len(names))
    return {row[0] for row in connection.execute(f"SELECT item_id FROM withheld_names WHERE name IN ({marks})", [digest_of(one) for one in names])}


def _by_beginning(connection: sqlite3.Connection, wanted: str) -> set[str]:
    if len(wanted) < SHORTEST_ID or not wanted.isalnum():
        return set()
    low = wanted.lower()
    return {row[0] for row in connection.execute("SELECT item_id FROM withheld WHERE item_id >= ? AND item_id < ?", (low, low + "~"))}


def _by_record(connection: sqlite3.Connection, wanted: str) -> set[str]:
    exact = {row[0] for row in connection.execute("SELECT item_id FROM withheld_captures WHERE record_id = ?", (wanted,))}
    bare = wanted.lower().removeprefix("urn:uuid:")
    if exact or not _RECORD.match(bare):
        return exact
    return {row[0] for row in connection.execute(OF_RECORD, (f"urn:uuid:{bare}", f"urn:uuid:{bare}~"))}


def _from_row(row: tuple[str, str, str, str, int, int]) -> Withheld:
    item_id, at, by, reason, captures, erased = row
    return Withheld(item_id=item_id, at=at, by=by, reason=reason, captures=captures, erased=erased)
