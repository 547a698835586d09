"""Reading WACZ files (web archive collections, a ZIP with a manifest), on guard: nothing in one is believed, and nothing is unpacked by its own name.

Gives the WARC files inside as streams and says what is wrong with the rest. Writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rabat_crawler.archive.zip_rest import RestStream, begin_of, entries_left

MAX_ENTRIES = 20_000
MAX_RATIO = 100
FREE_SIZE = 64 * 1024 * 1024
"""What is smaller than this may be packed as tightly as it likes."""

MAX_JSON = 32 * 1024 * 1024
CHUNK = 1 << 20
MANIFEST, MANIFEST_DIGEST = "datapackage.json", "datapackage-digest.json"
_WARC_NAME = re.compile(r"\.w?arc(?:\.gz)?$", re.I)
_CLIMBS = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\x00")


@dataclass(frozen=True, slots=True)
class WaczFinding:
    """Something wrong in a WACZ file: `place` is the entry it is about, "" for the whole."""

    place: str
    code: str
    message: str


class Wacz:
    """An open WACZ file. `findings` grows while it is read; entries that may not be read are in it, and left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.findings: list[WaczFinding] = []
        self._broken: set[str] = set()
        self._file = path.open("rb")
        try:
            self._entries = self._allowed(self._listed())
        except BaseException:
            self._file.close()
            raise

    def _listed(self) -> list[zipfile.ZipInfo]:
        """The entries of the directory; where it is gone, those that can still be found. BadZipFile if there are none."""
        try:
            with zipfile.ZipFile(self.path) as bundle:
                return bundle.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            found = [rest.entry for rest in entries_left(self._file)]
            if not found:
                raise
            self.tell("", "cut", "its directory is gone, as in a file that was cut; what is still in it is read")
            return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Wacz:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()

    def tell(self, place: str, code: str, message: str) -> None:
        """Note something wrong with an entry, or with the whole file ("")."""
        said = f"{self.path.name}{f', entry {place!r}' if place else ''}: {message}"
        self.findings.append(WaczFinding(place, code, said))

    def _allowed(self, listed: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        """The entries that may be read, by name."""
        found: dict[str, zipfile.ZipInfo] = {}
        if len(listed) > MAX_ENTRIES:
            self.tell("", "too-many", f"it has {len(listed)} entries; the first {MAX_ENTRIES} are read")
        end = -1
        overlapping = set()
        for entry in sorted(listed[:MAX_ENTRIES], key=lambda entry: entry.header_offset):
            if entry.header_offset < end:
                overlapping.add(entry.filename)
            end = max(end, entry.header_offset + entry.compress_size)
        for entry in listed[:MAX_ENTRIES]:
            trouble = self._trouble(entry, entry.filename in found, entry.filename in overlapping)
            if trouble:
                self.tell(entry.filename[:200], *trouble)
            elif not entry.is_dir():
                found[entry.filename] = entry
        return found

    @staticmethod
    def _trouble(entry: zipfile.ZipInfo, again: bool, overlaps: bool) -> tuple[str, str] | None:
        if _CLIMBS.search(entry.filename):
            return "climbing", "its name leads out of the file; it is not read"
        if stat.S_ISLNK(entry.external_attr >> 16):
            return "link", "it is a link; it is not read"
        if entry.flag_bits & 1:
            return "encrypted", "it is encrypted; it is not read"
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "method", "it is packed in a way that is not read here"
        if again:
            return "twice", "another entry has this name; the first one is read"
        if overlaps:
            return "overlap", "it lies on another entry; it is not read"
        if entry.file_size > FREE_SIZE and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
            return "bomb", f"{entry.compress_size} bytes claim to hold {entry.file_size}; it is not read"
        return None

    def warcs(self) -> list[str]:
        """The names of the WARC (or ARC) files inside, in order; those outside the folder `archive/` are told."""
        names = sorted(name for name in self._entries if _WARC_NAME.search(name))
        for name in names:
            if not name.startswith("archive/"):
                self.tell(name, "place", "a WARC file outside the folder archive/; it is read all the same")
        for name in sorted(self._entries):
            if name.lower().endswith(".wacz"):
                self.tell(name, "nested", "a WACZ file in a WACZ file is not read; unpack it and import it by itself")
        if not names:
            self.tell("", "no-warc", "there is no WARC file in it")
        return names

    def pages(self) -> int:
        """How many pages its list names; it is only counted."""
        name = next((name for name in self._entries if re.fullmatch(r"pages/pages\.jsonl", name)), None)
        if name is None:
            self.tell("", "no-pages", "it has no list of pages (pages/pages.jsonl)")
            return 0
        return sum(1 for line in self.lines(name, MAX_JSON) if b'"url"' in line)

    def check_manifest(self) -> None:
        """Compare every entry with the manifest and the manifest with its digest; what is missing or differs is told."""
        if not any(name.startswith("indexes/") for name in self._entries):
            self.tell("", "no-index", "it has no index (indexes/); its records are read without one")
        if MANIFEST not in self._entries:
            self.tell("", "no-manifest", f"it has no {MANIFEST}, so nothing proves its contents")
            return
        try:
            raw = self._read(MANIFEST)
            manifest: Any = json.loads(raw)
            resources = [one for one in manifest["resources"] if isinstance(one, dict)]
        except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, RecursionError, EOFError) as error:
            self.tell(MANIFEST, "manifest", f"it cannot be read: {error}")
            return
        self._check_digest_of_manifest(raw)
        named = set()
        for one in resources:
            name = str(one.get("path", ""))
            named.add(name)
            self._check_resource(name, one)
        for name in sorted(set(self._entries) - named - {MANIFEST, MANIFEST_DIGEST}):
            self.tell(name, "unlisted", "the manifest does not name it")

    def _check_digest_of_manifest(self, raw: bytes) -> None:
        if MANIFEST_DIGEST not in self._entries:
            self.tell("", "no-digest", f"it has no {MANIFEST_DIGEST}")
            return
        try:
            stated = str(json.loads(self._read(MANIFEST_DIGEST))["hash"])
        except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, RecursionError, EOFError) as error:
            self.tell(MANIFEST_DIGEST, "manifest", f"it cannot be read: {error}")
            return
        if stated.lower() != "sha256:" + hashlib.sha256(raw).hexdigest():
            self.tell(MANIFEST, "hash", f"its SHA-256 is not the one in {MANIFEST_DIGEST}")

    def _check_resource(self, name: str, stated: dict[str, Any]) -> None:
        entry = self._entries.get(name)
        if entry is None:
            self.tell(name[:200], "missing", "the manifest names it, but it is not there, or may not be read")
            return
        if isinstance(stated.get("bytes"), int) and stated["bytes"] != entry.file_size:
            self.tell(name, "size", f"it has {entry.file_size} bytes, the manifest says {stated['bytes']}")
        algorithm, _, value = str(stated.get("hash", "")).partition(":")
        if algorithm.lower() not in ("sha256", "md5", "sha512"):
            self.tell(name, "no-hash", "the manifest gives it no hash that is known here")
            return
        digest = hashlib.new(algorithm.lower(), usedforsecurity=False)
        try:
            with self.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            self.tell(name, "unreadable", f"it cannot be read: {error}")
            return
        if digest.hexdigest() != value.lower():
            self.tell(name, "hash", "its bytes do not have the hash that the manifest gives")

    @contextmanager
    def open(self, name: str) -> Iterator[RestStream]:
        """An entry's bytes as far as they are there; read to its end, what is missing or has a wrong checksum is told. EOFError if it is not there."""
        rest = begin_of(self._file, self._entries[name])
        if rest is None:
            raise EOFError("nothing begins where the directory says")
        stream = RestStream(self._file, rest)
        yield stream
        if stream.ended and not stream.whole and name not in self._broken:
            self._broken.add(name)
            self.tell(name, "damaged", "its bytes are not all there, or do not have the checksum that its header gives; what there is is read")

    def lines(self, name: str, longest: int) -> Iterator[bytes]:
        """The lines of an entry, if it is there; what cannot be read, and what follows a line of more than `longest` bytes, is told and left out."""
        if name not in self._entries:
            return
        begun: list[bytes] = []  # of the line being read
        size = 0
        try:
            with self.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    *ended, rest = chunk.split(b"\n")
                    for piece in ended:
                        yield b"".join((*begun, piece))
                        begun, size = [], 0
                    begun.append(rest)
                    size += len(rest)
                    if size > longest:
                        raise ValueError(f"it has a line of more than {longest} bytes")
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            self.tell(name, "unreadable", f"it cannot be read: {error}")
            return
        if size:
            yield b"".join(begun)

    def _read(self, name: str) -> bytes:
        """A small entry whole; ValueError if it is not small."""
        if self._entries[name].file_size > MAX_JSON:
            raise ValueError(f"it has {self._entries[name].file_size} bytes, more than {MAX_JSON} are not read")
        with self.open(name) as stream:
            return b"".join(iter(lambda: stream.read(CHUNK), b""))
