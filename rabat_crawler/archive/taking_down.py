"""Takes an item down, after looking what that means; takes it back; and lets the database follow from `takedowns.jsonl` whenever it does not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rabat_crawler import identity, registry
from rabat_crawler.archive.decisions import now
from rabat_crawler.archive.items import read_draft
from rabat_crawler.archive.takedowns import Takedown, What, add_takedown, digest_of, log_path, read_takedowns, standing
from rabat_crawler.archive.warc_read import OPEN_SUFFIX
from rabat_crawler.archive.withheld import Withheld, find_withheld, read_withheld
from rabat_crawler.archive.withholding import LEAST_WORDS, content_name, document_name, is_obeyed, listings_name, lookup_names, space_name
from rabat_crawler.errors import ArchiveCorrupt, ConfigError, NotFound
from rabat_crawler.errors import Withheld as WithheldError
from rabat_crawler.models import Item

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

DRAFTS = "SELECT draft_id, id_key, url_key, text_key, content_key, complete, content, origin FROM drafts WHERE item_key = ?"
SEEN = "SELECT record_id FROM sightings WHERE draft_id = ?"
ONLY_ITS_DOCUMENTS = """
SELECT DISTINCT a.url_key FROM attachments a WHERE a.item_id = :item
  AND EXISTS (SELECT 1 FROM captures c WHERE c.url_key = a.url_key AND c.role = 'document')
  AND NOT EXISTS (SELECT 1 FROM attachments o WHERE o.url_key = a.url_key AND o.item_id <> :item) ORDER BY 1
"""
CAPTURES = "SELECT record_id, url, url_key, site FROM captures"
SAY_THE_SAME = "SELECT DISTINCT other_id FROM relations WHERE item_id = ? AND relation IN ('duplicate of', 'repeated by') ORDER BY 1"
TRANSLATIONS = "SELECT DISTINCT other_id FROM translations WHERE item_id = ? ORDER BY 1"
NOT_ERASED = (".arc", ".arc.gz")


ONLY_THERE = """
WITH given AS (SELECT value AS record_id FROM json_each(:records))
SELECT item_id FROM item_captures WHERE item_id IN (SELECT item_id FROM item_captures WHERE record_id IN given) AND item_id != :item
GROUP BY item_id HAVING min(record_id IN given) ORDER BY item_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a takedown of an item withholds: captures of its own (record ids), documents that only it links (addresses), and what stays:

    captures of other pages that show its title or intro (`listed`, with their addresses), its translations, and items that say the same (ids).
    `only_there`: other items that no capture but these shows, so that they go as well if `listed` is withheld.
    """

    item_id: str
    captures: tuple[str, ...]
    documents: tuple[str, ...]
    listed: tuple[str, ...]
    listed_at: tuple[str, ...]
    translations: tuple[str, ...]
    duplicates: tuple[str, ...]
    only_there: tuple[str, ...]
    names: tuple[str, ...]


def preview(connection: sqlite3.Connection, item: Item) -> Preview:
    """What a takedown would withhold, as the archive stands now."""
    key = connection.execute("SELECT item_key FROM items WHERE item_id = ?", (item.item_id,)).fetchone()[0]
    drafts = connection.execute(DRAFTS, (key,)).fetchall()
    documents = [row[0] for row in connection.execute(ONLY_ITS_DOCUMENTS, {"item": item.item_id})]
    names = _names(connection, item, drafts, documents)
    own = {record for row in drafts if row[5] and (row[1] or row[2]) for (record,) in connection.execute(SEEN, (row[0],))}
    addresses: dict[str, str] = {}
    digests, held = set(names), set(documents)
    for record_id, url, url_key, site in connection.execute(CAPTURES):
        addresses[record_id] = url
        if url_key in held or digest_of(identity.address_key(url, registry.resolve(site))) in digests:
            own.add(record_id)
    listed = {record for row in drafts for (record,) in connection.execute(SEEN, (row[0],))} - own
    return Preview(
        item_id=item.item_id,
        captures=tuple(sorted(own)),
        documents=tuple(sorted({addresses[one] for one in own if _is_document(connection, one)})),
        listed=tuple(sorted(listed)),
        listed_at=tuple(sorted({addresses[one] for one in listed})),
        translations=_ids(connection, TRANSLATIONS, item.item_id),
        duplicates=_ids(connection, SAY_THE_SAME, item.item_id),
        only_there=tuple(row[0] for row in connection.execute(ONLY_THERE, {"item": item.item_id, "records": json.dumps(sorted(own | listed))})),
        names=names,
    )


def _is_document(connection: sqlite3.Connection, record_id: str) -> bool:
    return connection.execute("SELECT 1 FROM captures WHERE record_id = ? AND role = 'document'", (record_id,)).fetchone() is not None


def _ids(connection: sqlite3.Connection, question: str, item_id: str) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(question, (item_id,)))


def _names(connection: sqlite3.Connection, item: Item, drafts: Iterable[sqlite3.Row], documents: Iterable[str]) -> tuple[str, ...]:
    """Digests of everything by which the item is known again, or asked for."""
    names: set[str] = set(lookup_names(item.item_id, number=item.article_id))
    for name, id_key, url_key, text_key, content_key, _, content, origin in drafts:
        del name
        names |= {one for one in (id_key, url_key) if one}
        if id_key:
            names.add(space_name(id_key))
        if content_key:
            names.add(content_name(content_key))
        if text_key and (not (id_key or url_key) or len(read_draft(content).title.split()) >= LEAST_WORDS):
            names.add(text_key)
        names |= {identity.address_key(url, registry.resolve(origin)) for url in item.addresses}
    for url in item.addresses:
        names.update(lookup_names(url=url))
    for alias in connection.execute("SELECT alias FROM identities WHERE item_id = ?", (item.item_id,)):
        names.update(lookup_names(alias[0]))
    for key in documents:
        names.add(document_name(key))
        for digest in connection.execute("SELECT document_id, url FROM documents WHERE url_key = ?", (key,)):
            names.update(lookup_names(digest[0], digest[1]))
    return tuple(sorted(map(digest_of, names)))


def take_down(archive: Archive, wanted: str, *, reason: str, by: str, erase: bool, listings: bool, progress: Progress) -> Withheld:
    """See `Archive.take_down`. The decision is on disk before anything is changed, so that whatever happens, opening the archive finishes it."""
    if archive.lock is None:
        raise ConfigError("a takedown needs the archive opened for writing: Archive.open(path, write=True)")
    if not reason.strip():
        raise ConfigError("a takedown needs a reason; it is kept and shown: --reason TEXT")
    try:
        item = archive.item(wanted)
    except WithheldError as error:
        found = _of(archive, error.item_id)
        if listings:
            _add(archive, "also", found.item_id, reason, by, progress, names=(digest_of(listings_name(found.item_id)),))
    else:
        seen = preview(archive.connection, item)
        if erase:
            _check_erasable(archive, (*seen.captures, *(seen.listed if listings else ())))
        names = (*seen.names, digest_of(listings_name(item.item_id))) if listings else seen.names
        _add(archive, "withhold", item.item_id, reason, by, progress, names=names)
        found = _of(archive, item.item_id)
    if erase:
        found = _erase(archive, found.item_id, reason, by, progress)
    return found


def _erase(archive: Archive, item_id: str, reason: str, by: str, progress: Progress) -> Withheld:
    question = "SELECT record_id FROM withheld_captures WHERE item_id = ? ORDER BY record_id"
    records = tuple(row[0] for row in archive.connection.execute(question, (item_id,)))
    if records:
        _check_erasable(archive, records)
        _add(archive, "erase", item_id, reason, by, progress, records=records)
    return _of(archive, item_id)


def _add(
    archive: Archive,
    what: What,
    item_id: str,
    reason: str,
    by: str,
    progress: Progress,
    *,
    names: tuple[str, ...] = (),
    records: tuple[str, ...] = (),
) -> None:
    """Keep a decision, then let the archive follow from it."""
    add_takedown(archive.path, Takedown(what=what, item_id=item_id, at=now(), by=by, reason=reason.strip(), names=names, records=records))
    obey(archive, progress)


def _of(archive: Archive, item_id: str) -> Withheld:
    return next(one for one in read_withheld(archive.connection) if one.item_id == item_id)


def _check_erasable(archive: Archive, records: Iterable[str]) -> None:
    """ConfigError if a record lies in a file that is not to be written anew."""
    question = "SELECT warc_file FROM captures WHERE record_id = ?1 UNION SELECT warc_file FROM withheld_captures WHERE record_id = ?1"
    for name in sorted({row[0] for record in records for row in archive.connection.execute(question, (record,))}):
        path = archive.warc_dir / name
        if path.is_symlink():
            raise ConfigError(f"{name} was imported with --reference: nothing is erased in a file that lies elsewhere; put a copy in its place first")
        if name.endswith(NOT_ERASED):
            raise ConfigError(
                f"{name} is an ARC file, in which no tombstone can stand; convert it to WARC (warcio recompress) and import that instead"
            )
        if not path.is_file():
            raise ConfigError(f"{name} is {'still being written' if path.with_name(name + OPEN_SUFFIX).is_file() else 'missing'}; nothing was erased")


def undo(archive: Archive, wanted: str, *, reason: str, by: str, progress: Progress) -> str:
    """See `Archive.undo_takedown`."""
    if archive.lock is None:
        raise ConfigError("to undo a takedown needs the archive opened for writing: Archive.open(path, write=True)")
    found = find_withheld(archive.connection, wanted)
    if found is None:
        raise NotFound(f"{wanted!r}: nothing is withheld under this name; rabat-crawler takedown --list names what is")
    if found.erased:
        raise ConfigError(
            f"item {found.item_id}: the bytes of {found.erased} of its records were erased, which cannot be undone; only a backup made before holds them"
        )
    _add(archive, "undo", found.item_id, reason, by, progress)
    return found.item_id


def obey(archive: Archive, progress: Progress, *, rebuild: bool = True) -> bool:
    """Erase what is to be erased and make the database anew, if it does not follow from the takedowns yet; True if that was done.

    Without `rebuild` the caller is about to make the database anew. While a file is being written nothing is done: the next opening does it.
    """
    from rabat_crawler.archive.erasing import erase
    from rabat_crawler.archive.rebuild import rebuild as make_anew

    takedowns = read_takedowns(archive.path)
    if is_obeyed(archive.connection, takedowns):
        return False
    if not takedowns:
        raise ArchiveCorrupt(f"{log_path(archive.path)} is missing, though items are withheld; put it back from a backup")
    if any(archive.warc_dir.glob("*" + OPEN_SUFFIX)):
        return False
    standings = standing(takedowns)
    erase(archive, [one for one in standings.values() if one.records], progress)
    if rebuild:
        make_anew(archive, progress)
        _clear_snapshots(archive)
    return True


def _clear_snapshots(archive: Archive) -> None:
    """Copies of the database as it was are not left lying; a running reading room takes a new one by itself."""
    from rabat_crawler.archive.snapshot import FOLDER, remove_unused

    remove_unused(archive.state_dir / FOLDER)
