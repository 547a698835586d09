"""Erasing records: each WARC file that holds one is written anew beside, with a tombstone in its place and every other byte as it was, then renamed.

Whatever of it is done when the process dies, doing it again finishes it. What the archive keeps beside the WARC files forgets with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rabat_crawler.archive import fixity
from rabat_crawler.archive.members import GZIP_MAGIC, Damage, Member, walk
from rabat_crawler.archive.takedowns import Standing
from rabat_crawler.archive.warc_read import ERASED_FIELD, Raw, bare, cut_apart
from rabat_crawler.archive.warc_write import RoomFor, record_bytes, sync_directory, tombstone
from rabat_crawler.errors import RecordError

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

BESIDE = ".erasing"
POINTS = ("warc-record-id", "warc-concurrent-to", "warc-refers-to")
"""A record is erased if one of these names an erased one: the request that belongs to an answer, revisits of it, what a program noted about it."""
FORGOTTEN = ("frontier.db", "crawl.log", "room", "rebuild.db", "diff.db")
"""What lies in `state/`, holds addresses or words, and is made anew by whoever wants it."""
Reason = tuple[str, str]
"""When, and why."""


def erase(archive: Archive, standings: Sequence[Standing], progress: Progress) -> int:
    """Replace the records of these takedowns wherever they lie; how many were. DiskFull if there is no room for a file beside: it is as before then."""
    from rabat_crawler.archive.rebuild import warc_files

    wanted = {record: (one.erased_at or one.at, one.reason) for one in standings for record in one.records}
    if not wanted:
        return 0
    for left in archive.warc_dir.glob("*" + BESIDE):
        left.unlink()
    count = 0
    files = warc_files(archive.warc_dir)
    for number, path in enumerate(files, 1):
        if not path.is_symlink():
            count += _erase_in(archive, path, wanted, standings)
        progress("WARC files looked through", number, len(files))
    return count


def _erase_in(archive: Archive, path: Path, wanted: Mapping[str, Reason], standings: Sequence[Standing]) -> int:
    """Write one file anew if it holds what is wanted; how many records were replaced."""
    found = list(_erased_in(path, wanted))
    if not found:
        return 0
    _forget(archive, {bare(raw.headers.get("warc-target-uri", "")) for raw in found}, standings)
    beside = path.with_name(path.name + BESIDE)
    try:
        with RoomFor(beside), path.open("rb", buffering=0) as source, beside.open("xb") as target:
            for piece in walk(path):
                _copy(source, target, piece, path.name, wanted)
            target.flush()
            os.fsync(target.fileno())
        size, sha256 = fixity.file_digest(beside)
        entry = fixity.Entry(time=max(one[0] for one in wanted.values()), file=path.name, size=size, sha256=sha256, faults=(), command=fixity.ERASED)
        fixity.append(fixity.log_path(archive.path), [entry])  # first: done again after a kill, the same bytes come out
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)
    return len(found)


def _erased_in(path: Path, wanted: Mapping[str, Reason]) -> Iterator[Raw]:
    for piece in walk(path):
        if isinstance(piece, Member):
            with contextlib.suppress(RecordError):
                yield from (raw for raw, _ in cut_apart(piece, path.name) if _reason(raw, wanted))


def _reason(raw: Raw, wanted: Mapping[str, Reason]) -> Reason | None:
    """Why a record is to be replaced; None if it is not, or is a tombstone already."""
    if raw.of_arc or raw.kind == "warcinfo" or ERASED_FIELD.lower() in raw.headers:
        return None
    return next((wanted[raw.reference(name)] for name in POINTS if raw.reference(name) in wanted), None)


def _copy(source: BinaryIO, target: BinaryIO, piece: Member | Damage, name: str, wanted: Mapping[str, Reason]) -> None:
    """One member: byte for byte, or, if it holds what is wanted, its records one by one with tombstones among them."""
    source.seek(piece.offset)
    whole = source.read(piece.length)
    parts: list[tuple[Raw, bytes]] = []
    if isinstance(piece, Member):
        with contextlib.suppress(RecordError):
            parts = list(cut_apart(piece, name))
    if not any(_reason(raw, wanted) for raw, _ in parts):
        target.write(whole)
        return
    packed = whole.startswith(GZIP_MAGIC)
    for raw, content in parts:
        reason = _reason(raw, wanted)
        target.write(tombstone(raw, at=reason[0], reason=reason[1], packed=packed) if reason else record_bytes(content, packed=packed))


# What lies beside the WARC files -----------------------------------------------------------------------------------------------


def _forget(archive: Archive, urls: set[str], standings: Sequence[Standing]) -> None:
    """Take addresses and words out of what else the archive keeps, before the record that told them is gone."""
    for name in FORGOTTEN:
        for path in archive.state_dir.glob(name + "*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in archive.path.glob("rabat.db.damaged*"):
        path.unlink()
    _forget_mementos(archive.state_dir / "backfill.db", urls)
    _clean_runs(archive, {name for one in standings for name in one.names})
    _clean_decisions(archive.path, {one.item_id for one in standings})


def _forget_mementos(path: Path, urls: set[str]) -> None:
    if not path.is_file():
        return
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executemany("DELETE FROM memento WHERE url = ? OR listed_url = ?", [(url, url) for url in sorted(urls)])
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _clean_runs(archive: Archive, names: set[str]) -> None:
    """The files of the runs no longer tell what changed in the items."""
    from rabat_crawler.archive.api import write_atomically
    from rabat_crawler.archive.rebuild import read_run_files
    from rabat_crawler.archive.withholding import clean_run

    for run in read_run_files(archive.runs_dir):
        cleaned = clean_run(run, names)
        if cleaned is not run:
            text = json.dumps(dataclasses.asdict(cleaned), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            write_atomically(archive.runs_dir / f"{run.run_id}.json", text)


def _clean_decisions(archive: Path, items: set[str]) -> None:
    """Decisions about an erased item stay, without its address and without the note."""
    from rabat_crawler.archive.api import write_atomically
    from rabat_crawler.archive.decisions import Decision, log_path, read_decisions

    def cleaned(one: Decision) -> Decision:
        if not {one.item_id, one.other_id} & items:
            return one
        return dataclasses.replace(one, item_url="", other_url="", note="")

    before = read_decisions(archive)
    after = [cleaned(one) for one in before]
    if after != before:
        lines = (json.dumps(dataclasses.asdict(one), ensure_ascii=False, sort_keys=True) + "\n" for one in after)
        write_atomically(log_path(archive), "".join(lines))
