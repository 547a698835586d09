"""Brings files of other archives in: WARC, ARC, WACZ, folders saved by wget or HTTrack. They are kept unchanged; all that is wrong with them is told.

The import's run names each file by its SHA-256 before the file is in its place, so whoever is interrupted loses and doubles nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from zlib_ng import zlib_ng

from rabat_crawler import __version__, registry
from rabat_crawler.archive import mirror
from rabat_crawler.archive.arc import LINE
from rabat_crawler.archive.brought import bring_decisions, bring_runs, decisions_in, runs_in
from rabat_crawler.archive.decisions import Decision
from rabat_crawler.archive.members import BROKEN, GZIP_MAGIC
from rabat_crawler.archive.origins import IMPORT, file_digest
from rabat_crawler.archive.wacz import Wacz, WaczFinding
from rabat_crawler.archive.warc_check import check_file
from rabat_crawler.archive.warc_write import RoomFor, sync_directory
from rabat_crawler.errors import ConfigError, RecordError
from rabat_crawler.models import Run

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive, Progress

PREFIX = "import-"
PART = ".part"
HARMLESS = frozenset({"several", "no-record-id", "unknown-digest", "no-pages", "no-index", "no-digest", "unlisted", "place", "known"})
"""What is odd, but cost nothing: it does not make the import end with a fault."""

ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18", b"\x50\x2a\x4d\x18")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = re.compile(r"\.(?:warc|arc)(?:\.gz)?$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something wrong in a file: `place` is "byte N" or an entry's name, "" for the whole file."""

    file: str
    place: str
    code: str
    message: str

    @property
    def harmless(self) -> bool:
        """True for an oddity that cost nothing."""
        return self.code in HARMLESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One file that was brought in, or was there already (`new` False): its name in `warc/` and where it came from."""

    source: str
    name: str
    sha256: str
    size: int
    new: bool


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What an import did. `runs` and `decisions`: how many an exported archive brought. Counts are of the whole archive, before and after."""

    run_id: str | None = None
    files: list[Imported] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    runs: int = 0
    decisions: int = 0
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """True if nothing was lost or proven wrong."""
        return all(trouble.harmless for trouble in self.troubles)

    def as_dict(self) -> dict[str, Any]:
        """The report for programs."""
        values = asdict(self)
        for trouble, one in zip(self.troubles, values["troubles"], strict=True):
            one["harmless"] = trouble.harmless
        return {**values, "sound": self.sound}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How files are brought in: read with the definition `site`, linked instead of copied, a folder's address."""

    site: str | None = None
    reference: bool = False
    base_url: str | None = None


def import_files(archive: Archive, paths: Iterable[str | os.PathLike[str]], options: Options, progress: Progress, *, now: datetime) -> ImportReport:
    """Bring these files and folders in and read them. ConfigError for what does not exist or is nothing that is read here; DiskFull."""
    if options.site is not None:
        registry.site(options.site)
    sources = [(Path(path), kind_of(Path(path))) for path in paths]
    job = _Job(archive, options, progress, now)
    for path, kind in sources:
        if kind == "folder":
            job.take_folder(path)
        elif kind == "wacz":
            job.take_wacz(path)
        else:
            job.take(str(path), path.name, kind, lambda path=path: path.open("rb"), path)  # type: ignore[misc]
    return job.finish()


def kind_of(path: Path) -> str:
    """What a path is, by its content: "warc", "warc.gz", "arc", "arc.gz", "wacz" or "folder"; ConfigError for anything else."""
    if path.is_dir():
        if not mirror.is_mirror(path):
            raise ConfigError(f"{path} is a folder, but none that wget -r or HTTrack saved: there is no page in it and no folder of a host")
        return "folder"
    try:
        with path.open("rb") as stream:
            start = stream.read(64 * 1024)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    return kind_of_content(start, path)


def kind_of_content(start: bytes, path: Path) -> str:
    """The kind of a file by its first bytes; ConfigError names the path if it is nothing that is read here."""
    if start.startswith(ZSTD_MAGIC):
        raise ConfigError(f"{path} is packed with zstd, which is not read here; unpack it (zstd -d) and import the .warc")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "wacz"
    if start.startswith(b"WARC/"):
        return "warc"
    if LINE.match(start):
        return "arc"
    named = _SUFFIX.search(path.name)
    if start.startswith(GZIP_MAGIC):
        inner = _unpacked(start)
        if inner.startswith(b"WARC/") or (named and ".warc" in named[0].lower()):
            return "warc.gz"
        if LINE.match(inner) or named:
            return "arc.gz"
    if named:
        return named[0].lower().removeprefix(".")
    raise ConfigError(f"{path} is no WARC, ARC or WACZ file and no saved folder; nothing else can be imported")


def _unpacked(start: bytes) -> bytes:
    try:
        return zlib_ng.decompressobj(zlib_ng.MAX_WBITS + 16).decompress(start, 4096)
    except BROKEN:
        return b""


class _Job:
    """One import."""

    def __init__(self, archive: Archive, options: Options, progress: Progress, now: datetime) -> None:
        self._archive, self._options, self._progress, self._now = archive, options, progress, now
        self._report = ImportReport(before=archive.counts())
        self._held = _digests(archive.warc_dir, progress)
        self._placed: list[Path] = []
        self._parts: list[tuple[Path, str]] = []
        self._entries: list[dict[str, Any]] = []
        self._runs: list[Run] = []
        self._decisions: list[Decision] = []
        for left in archive.warc_dir.glob(f"{PREFIX}*{PART}"):  # of an import that was killed
            left.unlink()

    @contextmanager
    def _part(self) -> Iterator[Path]:
        """A new name beside the places of WARC files; what could not be written whole is put away."""
        part = self._archive.warc_dir / f"{PREFIX}{secrets.token_hex(8)}{PART}"
        try:
            with RoomFor(part):
                yield part
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def tell(self, file: str, place: str, code: str, message: str) -> None:
        """Add a trouble to the report."""
        self._report.troubles.append(Trouble(file=file, place=place, code=code, message=message))

    def take_wacz(self, path: Path) -> None:
        """The WARC files in a WACZ file, each as a file of its own."""
        try:
            wacz = Wacz(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self.tell(path.name, "", "unreadable", f"{path.name}: it cannot be read as a ZIP file: {error}")
            return
        with wacz:
            wacz.check_manifest()
            wacz.pages()
            for name in wacz.warcs():
                try:
                    with wacz.open(name) as stream:
                        start = stream.read(64 * 1024)
                    kind = kind_of_content(start, Path(name))
                    self.take(f"{path}#{name}", Path(name).name, kind, lambda name=name: wacz.open(name), None)  # type: ignore[misc]
                except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, ConfigError, zlib.error) as error:
                    wacz.findings.append(WaczFinding(name, "unreadable", f"{path.name}, entry {name!r}: it cannot be read: {error}"))
            self._runs += runs_in(wacz)
            self._decisions += decisions_in(wacz)
            for finding in wacz.findings:
                self.tell(path.name, finding.place, finding.code, finding.message)

    def take_folder(self, folder: Path) -> None:
        """A saved folder as one WARC file."""
        with self._part() as part:
            count, left = mirror.write_mirror(folder, part, self._options.base_url)
        for one in left:
            self.tell(str(folder), one.name, "left-out", f"{folder}/{one.name}: {one.reason}")
        if count:
            self.place(str(folder), folder.name, "warc.gz", part, file_digest(part))
        else:
            part.unlink()

    def take(self, source: str, stem: str, kind: str, opened: Callable[[], Any], original: Path | None) -> None:
        """A WARC or ARC file: copied beside its place, or linked."""
        with self._part() as part:
            if self._options.reference and original is not None:
                part.symlink_to(original.resolve())
                digest = file_digest(original)
            else:
                with opened() as stream:
                    digest = _copy(stream, part)
        self.place(source, stem, kind, part, digest)

    def place(self, source: str, stem: str, kind: str, part: Path, digest: str) -> None:
        """Note a file that lies ready; one that is held already is put away."""
        size = part.stat().st_size
        held = self._held.get(digest)
        if size == 0 or held is not None:
            part.unlink()
            if size == 0:
                self.tell(stem, "", "empty", f"{source} is empty")
                return
            self.tell(stem, "", "known", f"{source}: the archive has these bytes already, as {held}")
            self._report.files.append(Imported(source=source, name=str(held), sha256=digest, size=size, new=False))
            return
        name = f"{PREFIX}{digest[:12]}-{_clean_stem(stem)}.{kind}"
        self._held[digest] = name
        self._parts.append((part, name))
        self._entries.append({"name": name, "sha256": digest, "size": size, "site": self._options.site, "source": source})
        self._report.files.append(Imported(source=source, name=name, sha256=digest, size=size, new=True))

    def finish(self) -> ImportReport:
        """Write the run, put the files in their places, read and check them, write the run again."""
        from rabat_crawler.archive.rebuild import ingest_files

        if not self._parts:
            self._report.after = self._report.before
            return self._report
        run = self._run()
        self._archive.begin_run(run)
        self._report.runs = bring_runs(self._archive, self._runs, run.run_id)  # before the captures: those of a run held back say nothing
        self._report.decisions = bring_decisions(self._archive, self._decisions)
        for part, name in self._parts:
            target = self._archive.warc_dir / name
            os.replace(part, target)
            self._placed.append(target)
        sync_directory(self._archive.warc_dir)
        damaged = ingest_files(self._archive, self._placed, self._progress)
        known = self._check(damaged)
        self._report.after = self._archive.counts()
        self._report.run_id = run.run_id
        files = [{**entry, "known": known.get(entry["name"], [])} for entry in self._entries]
        counts = {
            "files": len(files),
            "troubles": len(self._report.troubles),
            "captures_new": self._report.after["captures"] - self._report.before["captures"],
            "items_new": self._report.after["items"] - self._report.before["items"],
            "items_total": self._report.after["items"],
            "versions_new": self._report.after["versions"] - self._report.before["versions"],
        }
        status = "done" if self._report.sound else "done with failures"
        parameters = {**run.parameters, "files": files}
        ended = replace(run, status=status, parameters=parameters, counts=counts, finished_at=_iso(datetime.now(UTC)))
        self._archive.end_run(ended)
        return self._report

    def _run(self) -> Run:
        run_id = f"{self._now:%Y%m%dT%H%M%SZ}-import-{self._now.microsecond // 16:04x}{secrets.token_hex(1)}"
        return Run(
            run_id=run_id,
            spider=IMPORT,
            site=self._options.site or "",
            started_at=_iso(self._now),
            parameters={"files": self._entries, "site": self._options.site, "reference": self._options.reference, "base_url": self._options.base_url},
            software={"rabat-crawler": __version__},
        )

    def _check(self, damaged: Iterable[RecordError]) -> dict[str, list[list[Any]]]:
        """All that is wrong in the files now in place, told once each; the same by file, so that `verify` knows it."""
        known: dict[str, list[list[Any]]] = {}
        told: set[tuple[str, int]] = set()
        for number, path in enumerate(self._placed):
            for finding in check_file(path):
                told.add((path.name, finding.offset))
                known.setdefault(path.name, []).append([finding.offset, finding.code])
                self.tell(path.name, f"byte {finding.offset}", finding.code, finding.message)
            self._progress("files checked", number + 1, len(self._placed))
        for error in damaged:
            if (error.file, error.offset) not in told:
                known.setdefault(error.file, []).append([error.offset, "unreadable"])
                self.tell(error.file, f"byte {error.offset}", "unreadable", str(error))
        return known


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digests(folder: Path, progress: Progress) -> dict[str, str]:
    """The SHA-256 of every WARC file that an import could repeat: foreign ones by the name that an import gave them, others by reading."""
    from rabat_crawler.archive.rebuild import warc_files

    files = warc_files(folder)
    found = {}
    for number, path in enumerate(files):
        found[file_digest(path)] = path.name
        progress("files known", number + 1, len(files))
    return found


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _copy(stream: _Readable, target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _clean_stem(name: str) -> str:
    """A file's name as it may stand in ours: no suffix, no separators, not long, never empty."""
    return _NOT_IN_NAME.sub("-", _SUFFIX.sub("", name)).strip("-.")[:60] or "file"
