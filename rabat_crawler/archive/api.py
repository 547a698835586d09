"""`Archive`: the one way in for the command line, Python users, the crawler and the exports."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rabat_crawler.archive import schema, store
from rabat_crawler.archive.frontier_store import FrontierStore
from rabat_crawler.archive.lock import WriteLock
from rabat_crawler.archive.reader import Reader
from rabat_crawler.errors import ArchiveMissing, ConfigError, DiskFull, NotFound
from rabat_crawler.models import Capture, Item, Page, Record, Run, Site

if TYPE_CHECKING:
    from rabat_crawler.archive.backup import Backup
    from rabat_crawler.archive.compare import Difference
    from rabat_crawler.archive.decisions import What
    from rabat_crawler.archive.faults import Report
    from rabat_crawler.archive.ingest import Ingest
    from rabat_crawler.archive.rebuild import Rebuilt
    from rabat_crawler.archive.withheld import Withheld
    from rabat_crawler.changes import Snapshot

DATABASE = "rabat.db"
HELD_IN_PART = (
    "SELECT run_id FROM runs r WHERE json_extract(counts, '$.held') AND EXISTS (SELECT 1 FROM captures c WHERE c.run_id = r.run_id AND NOT held)"
)
Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how many are done, and of how many (None if not known)."""


def silent(what: str, done: int, total: int | None) -> None:
    """The progress of a cron job: none."""


def on_disk_already() -> None:
    """There is nothing to wait for."""


class Archive(Reader):
    """An archive folder: `warc/` and `runs/` (the truth), `rabat.db` (derived), `state/`, `exports/`.

    `Archive.open(path)` reads; `Archive.open(path, write=True, create=True)` holds the write lock, seals what a killed run left
    open, and reads records that have no row yet. Use it as a context manager.
    """

    def __init__(self, path: Path, *, lock: WriteLock | None = None) -> None:
        self.path = path
        self.database = path / DATABASE
        self.warc_dir, self.runs_dir, self.state_dir, self.exports_dir = path / "warc", path / "runs", path / "state", path / "exports"
        self.lock = lock
        self.notes: list[str] = []
        self._ingest: Ingest | None = None
        self._changes = 0
        self._cleanup: Callable[[], None] = lambda: None

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, write: bool = False, create: bool = False, recover: bool = True, progress: Progress = silent
    ) -> Archive:
        """Open the archive folder `path`. Without `recover`, records that have no row wait for the rebuild that the caller is about to do.

        Raises ArchiveMissing (no database there and not `create`), ArchiveLocked (another writer), ArchiveCorrupt, SchemaTooNew, DiskFull.
        """
        folder = Path(path)
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is a file; --archive takes a folder")
        if not write:
            archive = cls(folder)
            archive._connect(write=False, create=False)
            return archive
        if not create and not (folder / "warc").is_dir() and not (folder / DATABASE).exists():
            raise ArchiveMissing(f"there is no archive in {folder}; crawl first, or give --archive DIR")
        _make_folders(folder)
        archive = cls(folder, lock=WriteLock(folder / "state"))
        try:
            archive._seal()
            archive._connect(write=True, create=create or not (folder / DATABASE).exists())
            archive._recover_runs()
            archive._obey(progress, rebuild=recover)
            if recover:
                archive._recover(progress)
                archive.relate()
        except BaseException:
            archive.close()
            raise
        return archive

    @classmethod
    def open_database(cls, database: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None) -> Archive:
        """Read a database file by itself, such as a snapshot or an export; `folder`: the archive whose WARC files hold the recorded bytes.

        Raises ArchiveMissing, ArchiveCorrupt, SchemaTooNew.
        """
        file = Path(database)
        archive = cls(Path(folder) if folder is not None else file.parent)
        archive.database = file
        archive._connect(write=False, create=False)
        return archive

    def _connect(self, *, write: bool, create: bool) -> None:
        self._connection = schema.connect(self.database, write=write, create=create)

    def close(self) -> None:
        """Close the database and give the lock free."""
        if self._connection is not None:
            if self._connection.in_transaction:
                self._connection.rollback()
            self._connection.close()
            self._connection = None
        self._cleanup()
        if self.lock is not None:
            self.lock.release()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None and self.lock is not None:
                self._obey(silent)
                self.relate()
        finally:
            self.close()

    # Writing

    def add_capture(self, record: Record, site: Site, on_disk: Callable[[], None] = on_disk_already) -> Page:
        """Store one capture and what its page says, in one transaction; returns the page. `on_disk` waits until its WARC record is on disk."""
        return self.add_captures([(record, site)], on_disk)[0]

    def add_captures(self, records: list[tuple[Record, Site]], on_disk: Callable[[], None] = on_disk_already) -> list[Page]:
        """Store several captures in one transaction: all or none. `on_disk` is called before they count; what it raises, undoes them."""
        ingest = self._ingest_now()
        with self._transaction():
            pages = [ingest.add(record, site) for record, site in records]
            ingest.settle()
            on_disk()
            if ingest.withholding.learned:
                from rabat_crawler.archive.rebuild import keep_lessons

                keep_lessons(self.path, ingest.withholding)
        return pages

    def _ingest_now(self) -> Ingest:
        if self._ingest is None:
            from rabat_crawler.archive.ingest import Ingest
            from rabat_crawler.archive.warc import read_record

            self._ingest = Ingest(self.connection, partial(read_record, self.warc_dir))
        elif self.connection.total_changes != self._changes:
            self._ingest.forget_items()  # something else has written since
        return self._ingest

    def _obey(self, progress: Progress, *, rebuild: bool = True) -> None:
        """Let the database follow from the takedowns, if it does not yet: one was kept and its command killed, or a name was learned."""
        from rabat_crawler.archive.taking_down import obey

        obey(self, progress, rebuild=rebuild)

    def refuse_unfinished_takedown(self) -> None:
        """As for any reader; whoever writes finishes it first."""
        if self.lock is not None:
            self._obey(silent)
        super().refuse_unfinished_takedown()

    def take_down(
        self, wanted: str, *, reason: str, by: str = "", erase: bool = False, listings: bool = False, progress: Progress = silent
    ) -> Withheld:
        """Withhold an item from everything, for ever; with `erase` its records' bytes are replaced as well. Needs `write=True`.

        `listings`: captures of other pages that name it in a list or box count as its own.

        The same call finishes what a killed one began. NotFound, or ConfigError if its bytes lie where they cannot be erased.
        """
        from rabat_crawler.archive.taking_down import take_down

        return take_down(self, wanted, reason=reason, by=by, erase=erase, listings=listings, progress=progress)

    def undo_takedown(self, wanted: str, *, reason: str = "", by: str = "", progress: Progress = silent) -> str:
        """Withhold an item no more; its id. NotFound if it is not withheld, ConfigError if its bytes were erased."""
        from rabat_crawler.archive.taking_down import undo

        return undo(self, wanted, reason=reason, by=by, progress=progress)

    def relate(self) -> bool:
        """Find anew how the items belong together, if any was written since that was done; True if so. Work that ends does it by itself."""
        from rabat_crawler.archive.decisions import read_decisions
        from rabat_crawler.archive.relating import is_stale, write_relations

        decisions = read_decisions(self.path)
        with schema.translated(self.database):
            if not is_stale(self.connection, decisions):
                return False
            write_relations(self.connection, decisions)
        return True

    def decide(self, what: What, wanted: str, other: str, *, note: str = "") -> tuple[Item, Item]:
        """Keep that two items are translations of each other (confirm), are not (reject), or that this is left open again (undo); the items.

        Survives a rebuild. NotFound, or ConfigError if the two cannot be translations.
        """
        from rabat_crawler.archive.deciding import decide

        return decide(self, what, self.item(wanted), self.item(other), note)

    def last_capture(self, url: str) -> Capture | None:
        """The latest capture of the address that holds a whole body and counts (a response, not a revisit, not held back), or None."""
        columns = [field.name for field in dataclasses.fields(Capture)]
        row = self.connection.execute(
            f"SELECT {', '.join(columns)} FROM captures WHERE url = ? AND record_type = 'response' AND status = 200 AND held = 0 AND truncated IS NULL "
            "AND verdict IS NULL ORDER BY captured_at DESC LIMIT 1",
            (url,),
        ).fetchone()
        return self._capture(columns, row)

    def answer_since(self, url: str, moment: datetime) -> Record | None:
        """The latest answer of the address recorded at `moment` or later, with its body (a revisit's from the record it refers to), or None."""
        from rabat_crawler.archive.moments import moment as as_text
        from rabat_crawler.archive.warc import read_record

        columns = [field.name for field in dataclasses.fields(Capture)]
        select = f"SELECT {', '.join(columns)} FROM captures"
        found = self._capture(
            columns,
            self.connection.execute(
                f"{select} WHERE url = ? AND captured_at >= ? ORDER BY captured_at DESC LIMIT 1", (url, as_text(moment))
            ).fetchone(),
        )
        if found is None:
            return None
        record = read_record(self.warc_dir, found)
        if found.record_type == "revisit" and found.status == 200:
            original = self._capture(columns, self.connection.execute(f"{select} WHERE record_id = ?", (found.refers_to,)).fetchone())
            if original is not None:
                record = dataclasses.replace(record, body=read_record(self.warc_dir, original).body)
        return record

    @staticmethod
    def _capture(columns: list[str], row: tuple[Any, ...] | None) -> Capture | None:
        from rabat_crawler.archive.ingest import capture_of

        return None if row is None else capture_of(dict(zip(columns, row, strict=True)))

    def hold_back(self, runs: Sequence[Run]) -> None:
        """Keep these runs' captures, but take back what they said; their files and rows must say `held` (see `end_run`)."""
        from rabat_crawler.archive.hold import hold_back
        from rabat_crawler.archive.warc import read_record

        with schema.translated(self.database):
            hold_back(self.connection, [run.run_id for run in runs], partial(read_record, self.warc_dir))
        self._ingest = None

    def accept(self, wanted: str, progress: Progress = silent) -> tuple[Run, ...]:
        """Let in what a breached run held back, with the runs of its round; the runs. NotFound, or ConfigError if nothing was held back."""
        from rabat_crawler.archive.hold import let_in

        chosen = self.run(wanted)
        if not chosen.counts.get("held"):
            raise ConfigError(f"run {chosen.run_id} holds nothing back; rabat-crawler runs lists the breached ones")
        runs = tuple(run for run in self.runs() if run.counts.get("held") and _round_of(run) == _round_of(chosen))
        for run in runs:
            counts = {**run.counts, "held": False, "accepted": True}
            self._keep_run(dataclasses.replace(run, counts=counts))
        let_in(self, [run.run_id for run in runs], progress)
        with contextlib.closing(FrontierStore.open(self.state_dir, self.notes)) as frontier:
            frontier.let_in([run.run_id for run in runs])
        self._ingest = None
        return runs

    def snapshots(self, site: str) -> dict[str, Snapshot]:
        """What the items of a site are now, by item id, as far as changes are reported."""
        return self._read(lambda: store.read_snapshots(self.connection, site))

    def captured(self, site: str) -> set[str]:
        """The addresses of a site that some capture holds."""
        return self._read(lambda: {row[0] for row in self.connection.execute("SELECT DISTINCT url FROM captures WHERE site = ?", (site,))})

    def health(self, site: str) -> dict[str, Any]:
        """Items of a site that are not gone, by kind and language, and how well their fields are filled."""
        return self._read(lambda: store.read_health(self.connection, site))

    def run(self, wanted: str) -> Run:
        """One run by id, its unique beginning, or "last". NotFound names what to do."""
        runs = self.runs()
        found = runs[:1] if wanted == "last" else [run for run in runs if run.run_id == wanted] or [r for r in runs if r.run_id.startswith(wanted)]
        if len(found) != 1:
            said = f"{len(found)} runs begin so" if found else "no run has this id"
            raise NotFound(f"{wanted!r}: {said}; rabat-crawler runs lists them")
        return found[0]

    def begin_run(self, run: Run) -> None:
        """Write the run's file and row as begun."""
        self._keep_run(run)

    def end_run(self, run: Run) -> None:
        """Write the run's file and row as ended; how the items belong together now is found anew."""
        self._keep_run(run)
        self.relate()

    def _keep_run(self, run: Run) -> None:
        write_atomically(
            self.runs_dir / f"{run.run_id}.json", json.dumps(dataclasses.asdict(run), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        )
        with schema.translated(self.database):
            store.write_run(self.connection, run)

    def _seal(self) -> None:
        from rabat_crawler.archive.warc import seal_open_files

        for sealed in seal_open_files(self.warc_dir):
            cut = f", a cut tail of {sealed.cut_bytes} bytes was set aside" if sealed.cut_bytes else ""
            self.notes.append(f"{sealed.file}: a run ended without closing it; {sealed.kept} records kept{cut}")

    def _recover(self, progress: Progress) -> None:
        """Read again the WARC records that have no row: a run was killed between the record and the commit, or the database was deleted."""
        from rabat_crawler.archive.rebuild import files_behind, ingest_files

        behind = files_behind(self.warc_dir, self.connection)
        if behind:
            before = store.count_rows(self.connection)["captures"]
            ingest_files(self, behind, progress)
            self.notes.append(
                f"{store.count_rows(self.connection)['captures'] - before} captures without a row were read from {len(behind)} WARC files"
            )
        self._recover_documents()

    def _recover_documents(self) -> None:
        """Read the documents of an archive that was written before documents were read."""
        from rabat_crawler.archive.documents import documents_without_rows

        if not documents_without_rows(self.connection):
            return
        before = store.count_rows(self.connection)["documents"]
        ingest = self._ingest_now()
        with self._transaction():
            ingest.touch_new_documents()
            ingest.settle()
        self.notes.append(f"{store.count_rows(self.connection)['documents'] - before} documents were read that the archive held unread")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with schema.translated(self.database):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
                self._changes = self.connection.total_changes
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                self._ingest = None
                raise

    def _recover_runs(self) -> None:
        """Runs whose row is missing or older than their file; a run still called running is none, for its process would hold the lock."""
        from rabat_crawler.archive.rebuild import read_run_files

        rows = {run.run_id: run for run in self.runs()}
        for run in read_run_files(self.runs_dir):
            if run.status == "running":
                self._keep_run(dataclasses.replace(run, status="interrupted", messages=(*run.messages, "the process ended without a word")))
            elif run.run_id not in rows or rows[run.run_id].status != run.status:
                store.write_run(self.connection, run)
        let_go = self.connection.execute(HELD_IN_PART).fetchall()
        if let_go:
            from rabat_crawler.archive.hold import hold_back
            from rabat_crawler.archive.warc import read_record

            hold_back(self.connection, [row[0] for row in let_go], partial(read_record, self.warc_dir))

    def dump(self) -> Iterator[str]:
        """Every row but run bookkeeping as JSON lines, in an order that does not depend on how they came; equal archives give equal dumps."""
        if self.lock is not None:
            self._obey(silent)
            self.relate()
        return store.dump(self.connection)

    def verify(self, progress: Progress = silent, *, quick: bool = False, now: datetime | None = None) -> Report:
        """Compare every WARC record's digests, every row's place in the WARC files, and the database with itself.

        `quick`: SQLite's quick check, all places, the latest run's files and a sample of the others. With `now` each file read gets a line in
        the fixity log; without, nothing is written.
        """
        from rabat_crawler.archive.verify import verify, verify_quick

        return self._read(lambda: (verify_quick if quick else verify)(self, progress, now=now))

    def backup(
        self, directory: str | os.PathLike[str], *, keep: int | None = None, now: datetime | None = None, progress: Progress = silent
    ) -> Backup:
        """Copy all that counts into a new folder in `directory`, while others may write; delete all but the `keep` newest whole backups of this archive.

        Raises ConfigError (a folder that will not do), DiskFull, ArchiveLocked (another backup to that folder), ArchiveCorrupt.
        """
        from rabat_crawler.archive.backup import back_up

        return back_up(self, Path(directory), keep=keep, now=now or datetime.now(UTC), progress=progress)

    def rebuild(self, progress: Progress = silent, *, workers: int | None = None) -> Rebuilt:
        """Make the database anew from the WARC files and runs, then put it in the old one's place. Needs `write=True`.

        `workers`: how many processes read the pages (default: one a core, none for a small archive).
        """
        from rabat_crawler.archive.rebuild import rebuild

        return rebuild(self, progress, workers=workers)

    def rebuild_diff(self, progress: Progress = silent, *, workers: int | None = None) -> Difference:
        """Read everything with today's readers and say what a rebuild would change; nothing is changed. Needs `write=True`."""
        from rabat_crawler.archive.rebuild import rebuild_diff

        return rebuild_diff(self, progress, workers=workers)

    def as_of(self, date: str, progress: Progress = silent) -> Archive:
        """The archive as it stood at the end of a year, month or day (ISO 8601), for reading; to be closed like any other."""
        from rabat_crawler.archive.as_of import build_as_of
        from rabat_crawler.archive.decisions import read_decisions
        from rabat_crawler.archive.past import last_moment

        moment = last_moment(date)
        folder = tempfile.TemporaryDirectory(prefix="rabat-as-of-")
        past = Archive(self.path)
        past._cleanup = folder.cleanup
        past.until = moment[:19] + "Z"
        try:
            past.database = Path(folder.name) / DATABASE
            with schema.translated(past.database):
                past._connection = build_as_of(self.database, past.database, moment, progress, read_decisions(self.path))
        except BaseException:
            past.close()
            raise
        return past

    def replace_database(self, beside: Path) -> None:
        """Put the closed database file `beside` in the place of the present one, in one rename."""
        self._ingest = None
        if self._connection is not None:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
            self._connection = None
        for suffix in ("-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)
        os.replace(beside, self.database)
        self._connect(write=True, create=False)


def _round_of(run: Run) -> str:
    """The first run of the round that a run belongs to: a round that was interrupted goes on in another run."""
    return str(run.parameters.get("round") or run.run_id)


def _make_folders(folder: Path) -> None:
    try:
        for name in ("warc", "runs", "state", "exports"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {folder} is full: free space and run the command again") from error
        raise ConfigError(f"the archive folder {folder} cannot be made: {error.strerror}; give another --archive DIR") from error


def write_atomically(path: Path, text: str) -> None:
    """Write beside, flush to disk, rename: a reader sees the old file or the new one, never half of one. DiskFull if there is no space."""
    beside = path.with_name(path.name + ".new")
    try:
        with open(beside, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"the disk of {path.parent} is full; {path.name} was not written: free space and run the command again") from error
        raise
