"""What of a capture is withheld: judged draft by draft and capture by capture, by digests of names alone, so that no order and no other page counts.

`ingest` and `bulk` ask before anything is written: what is withheld never reaches a table with words in it. Captures of it have a row without words.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rabat_crawler import identity, registry
from rabat_crawler.archive.decisions import Decision
from rabat_crawler.archive.rows import CAPTURE_COLUMNS, Prepared, Said
from rabat_crawler.archive.takedowns import Standing, Takedown, digest_of, fingerprint
from rabat_crawler.models import Run, Site
from rabat_crawler.urls import url_key

WITHHELD_COLUMNS = "record_id item_id captured_at record_type digest run_id warc_file offset length".split()
PUT_AWAY = f"""
INSERT INTO withheld_captures ({", ".join(WITHHELD_COLUMNS)}) VALUES ({", ".join("?" * len(WITHHELD_COLUMNS))})
ON CONFLICT (record_id) DO UPDATE SET (warc_file, offset, length, run_id) = (excluded.warc_file, excluded.offset, excluded.length, excluded.run_id)
WHERE (excluded.warc_file, excluded.offset) < (withheld_captures.warc_file, withheld_captures.offset)
"""
TAKE_ALONG = "SELECT record_id FROM captures WHERE record_type = 'revisit' AND refers_to = ?"
CLOSE = "INSERT OR REPLACE INTO closed_captures (record_id, item_id) VALUES (?, ?)"
COUNT = "UPDATE withheld SET captures = (SELECT count(*) FROM withheld_captures c WHERE c.item_id = withheld.item_id)"
OBEYED = "INSERT OR REPLACE INTO derived (name, fresh, decisions, digest) VALUES ('takedowns', ?, ?, ?)"
NO_ADDRESS = "(withheld)"
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,2000}")
LEAST_WORDS = 3
"""A title of fewer words and a day are no name: many pages are called "News"."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A capture's rows without what is withheld; `owner` is the withheld item whose own capture it is, None if it may be kept.

    `named` is a withheld item of which it says something among others, such as a list does: it counts for the others, but its bytes are not given out.
    """

    prepared: Prepared
    owner: str | None
    named: str | None = None


class Withholding:
    """The names of a database's withheld items. `learned`: names by which an item was known again and that no takedown holds yet."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.names: dict[str, str] = dict(connection.execute("SELECT name, item_id FROM withheld_names"))
        self.learned: dict[str, set[str]] = {}

    def judge(self, prepared: Prepared) -> Judged:
        """What of a capture is kept."""
        if not self.names:
            return Judged(prepared, None)
        values = dict(zip(CAPTURE_COLUMNS, prepared.capture, strict=False))
        site = registry.resolve(values["site"])
        owner = self._owner_of_address(values, site, bare=not (prepared.said or prepared.again))
        named: str | None = None
        kept: list[Said] = []
        for said in prepared.said:
            found = self._owner_of(said)
            if found is None:
                kept.append(self._without_alternates(said, site))
                continue
            self._learn(found, said)
            named = min(named or found, found)
            if (said.complete and (said.id_key or said.url_key)) or digest_of(listings_name(found)) in self.names:
                owner = min(owner or found, found)
        leading = [self._led_to(link, site) for link in prepared.links]
        links = tuple(link for link, found in zip(prepared.links, leading, strict=True) if found is None)
        if values["role"] == "redirect":  # it says nothing but an address of the item
            owner = owner or min(filter(None, leading), default=None)
        return Judged(replace(prepared, said=tuple(kept), links=links), owner, named)

    def _owner_of_address(self, values: Mapping[str, Any], site: Site, *, bare: bool) -> str | None:
        """The withheld item at whose address this was captured, or whose document it is, or of which it shows an address again.

        `bare`: no item was read there, so that the number in the address (an alias that the article had once) is all that says which it is of.
        """
        names = [identity.address_key(url, site) for url in (values["url"], values["refers_url"]) if url]
        return self._first((*names, document_name(values["url_key"]), *(identity.numbered_keys(values["url"], site) if bare else ())))

    def _led_to(self, link: tuple[str, str, str, str], site: Site) -> str | None:
        """The withheld item to which a row of `links` leads, by its key or by a number in its address: any alias of it holds words of it."""
        return self._first((f"url:{identity.scope(site)}:{link[2]}", *identity.numbered_keys(link[0], site)))

    def _first(self, names: Iterable[str]) -> str | None:
        """The owner of the first of these names that is one."""
        return next((self.names[one] for one in map(digest_of, names) if one in self.names), None)

    def _owner_of(self, said: Said) -> str | None:
        """The withheld item that a draft speaks of. Numbers of one database are different articles for ever, whatever they say."""
        if said.id_key:
            if found := self.names.get(digest_of(said.id_key)):
                return found
            if digest_of(space_name(said.id_key)) in self.names:
                return None
        elif said.url_key and (found := self.names.get(digest_of(said.url_key))):
            return found
        return self._first(name for name in (said.content_key and content_name(said.content_key), said.text_key) if name)

    def _learn(self, owner: str, said: Said) -> None:
        """A number or address under which a withheld item was seen is a name of it from now on."""
        for name in (said.id_key, said.url_key):
            digest = digest_of(name) if name else ""
            if digest and digest not in self.names:
                self.names[digest] = owner
                self.learned.setdefault(owner, set()).add(digest)

    def _without_alternates(self, said: Said, site: Site) -> Said:
        """The draft without hreflang links to withheld items: their addresses hold words of them."""
        if '"alternates":[]' in said.content:
            return said
        values = json.loads(said.content)
        kept = [
            one
            for one in values["alternates"]
            if self._first((identity.address_key(one["url"], site), *identity.numbered_keys(one["url"], site))) is None
        ]
        if len(kept) == len(values["alternates"]):
            return said
        content = json.dumps({**values, "alternates": kept}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return replace(said, content=content, draft_id=identity.draft_id(f"{identity.scope(site)} {content}"))

    def lessons(self) -> list[Takedown]:
        """What was learned as lines to be kept; the moment stands beside what was decided, so none is made up here."""
        found, self.learned = self.learned, {}
        return [Takedown(what="also", item_id=item_id, at="", names=tuple(sorted(names))) for item_id, names in sorted(found.items())]


def content_name(content_key: str) -> str:
    """The name of a text."""
    return f"content:{content_key}"


def document_name(key: str) -> str:
    """The name of a document's address."""
    return f"document:{key}"


def space_name(id_key: str) -> str:
    """The name of the database that an article number is of."""
    return f"space:{id_key.rpartition(':')[0]}"


def listings_name(item_id: str) -> str:
    """Stands among an item's names if captures of other pages that name it are withheld as well."""
    return f"listings:{item_id}"


def lookup_names(item_id: str = "", url: str = "", number: int | None = None) -> list[str]:
    """The names by which people ask for an item: an id, an address in any spelling, an article number."""
    return [
        *([f"item:{item_id}"] if item_id else []),
        *([f"address:{url_key(url)}"] if url else []),
        *([f"number:{number}"] if number is not None else []),
    ]


def write_withheld(connection: sqlite3.Connection, standings: Iterable[Standing]) -> None:
    """The rows of withheld items and their names in a database that holds no capture yet."""
    for one in sorted(standings, key=lambda one: one.item_id):
        row = (one.item_id, one.at, one.by, one.reason, 0, len(one.records))
        connection.execute("INSERT INTO withheld (item_id, at, decided_by, reason, captures, erased) VALUES (?,?,?,?,?,?)", row)
        connection.executemany(
            "INSERT OR IGNORE INTO withheld_names (name, item_id) VALUES (?,?)", [(name, one.item_id) for name in sorted(one.names)]
        )


def put_away(connection: sqlite3.Connection, capture: Mapping[str, Any], owner: str) -> list[str]:
    """Keep a withheld capture's place; the record ids of revisits that show it again, which are to be put away as well."""
    values = {**capture, "item_id": owner}
    connection.execute(PUT_AWAY, tuple(values[name] for name in WITHHELD_COLUMNS))
    return [row[0] for row in connection.execute(TAKE_ALONG, (values["record_id"],))]


def close(connection: sqlite3.Connection, record_id: str, named: str | None) -> None:
    """Note that a capture that is kept says something of a withheld item, if it does."""
    if named:
        connection.execute(CLOSE, (record_id, named))


def owner_of_original(connection: sqlite3.Connection, refers_to: str | None) -> str | None:
    """The withheld item whose capture a revisit shows again; None if there is none."""
    row = connection.execute("SELECT item_id FROM withheld_captures WHERE record_id = ?", (refers_to,)).fetchone() if refers_to else None
    return str(row[0]) if row else None


def count_captures(connection: sqlite3.Connection) -> None:
    """Write how many captures of each withheld item there are."""
    connection.execute(COUNT)


def without_decisions(connection: sqlite3.Connection, decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that tell of no withheld item: an address and a note stand in each."""
    names = {row[0] for row in connection.execute("SELECT name FROM withheld_names")}
    return [one for one in decisions if not names & {digest_of(f"item:{name}") for name in one.pair}]


def address_test(connection: sqlite3.Connection) -> Callable[[str, str], bool]:
    """See `Reader.address_test`."""
    names = {row[0] for row in connection.execute("SELECT name FROM withheld_names")}
    return lambda url, site: bool(names) and _is_named(url, registry.resolve(site), names)


def is_obeyed(connection: sqlite3.Connection, takedowns: list[Takedown]) -> bool:
    """True if the database follows from these takedowns, and all that was to be erased is."""
    row = connection.execute("SELECT fresh, digest FROM derived WHERE name = 'takedowns'").fetchone()
    return row == (1, fingerprint(takedowns)) if row else not takedowns


def note_obeyed(connection: sqlite3.Connection, takedowns: list[Takedown], *, done: bool) -> None:
    """Write which takedowns the database follows from; `done` if nothing is left to be erased."""
    connection.execute(OBEYED, (int(done), len(takedowns), fingerprint(takedowns)))


def without_withheld(connection: sqlite3.Connection, run: Run) -> Run:
    """The run as it may be shown: what it tells of changes of a withheld item is only how many they are."""
    names = {row[0] for row in connection.execute("SELECT name FROM withheld_names")}
    return clean_run(run, names) if names else run


def clean_run(run: Run, names: Container[str]) -> Run:
    """The run without the changes of items with these names (digests), and without their addresses."""
    changes = run.counts.get("changes")
    listed = changes if isinstance(changes, list) else []
    kept = [one for one in listed if not (isinstance(one, dict) and digest_of(f"item:{one.get('item_id')}") in names)]
    counts = {**run.counts, "changes": kept, "withheld_changes": len(listed) - len(kept)} if len(kept) < len(listed) else dict(run.counts)
    site = registry.resolve(run.site)
    said = _without_addresses({"counts": counts, "messages": list(run.messages)}, site, names)
    cleaned = replace(run, counts=said["counts"], messages=tuple(said["messages"]))
    return run if cleaned == run else cleaned


def _without_addresses(value: Any, site: Site, names: Container[str]) -> Any:
    """The same with every address of a withheld item made unreadable, at any depth of a JSON value."""
    if isinstance(value, str):
        return _ADDRESS.sub(lambda found: NO_ADDRESS if _is_named(found[0], site, names) else found[0], value) if "://" in value else value
    if isinstance(value, Mapping):
        return {name: _without_addresses(one, site, names) for name, one in value.items()}
    return [_without_addresses(one, site, names) for one in value] if isinstance(value, list | tuple) else value


def _is_named(url: str, site: Site, names: Container[str]) -> bool:
    asked = (*lookup_names(url=url), document_name(url_key(url)), identity.address_key(url, site), *identity.numbered_keys(url, site))
    return any(digest_of(one) in names for one in asked)
