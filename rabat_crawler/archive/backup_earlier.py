"""The backup before: what it holds of each file, and whether that may be shared with the next one. Only reads."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rabat_crawler.archive import backup_set, fixity
from rabat_crawler.archive.backup_set import DESCRIPTION, Made
from rabat_crawler.archive.faults import Fault
from rabat_crawler.errors import ConfigError, FixityError

CYCLE = 30
"""Of the copies shared between backups, one in so many is read again on each day, so that all are within so many days."""


class Earlier:
    """The newest earlier backup whose manifest can be believed; without one, a backup that holds nothing.

    A shared copy is not read each time: its digest was taken when it was copied, and the archive's file is the same by size and time. Neither is
    proof for ever, so a part of the copies is read again each day (`CYCLE`), and restore reads every byte.
    """

    def __init__(self, backups: Sequence[Made], now: datetime) -> None:
        self.path: Path | None = None
        self.digests: Mapping[str, str] = {}
        self.faults: list[Fault] = []
        self._live: dict[str, Any] = {}
        self._day = now.toordinal()
        self._unsound: set[str] = set()
        for made in reversed(backups):
            try:
                self.digests = _believed(made)
            except (ConfigError, FixityError) as error:
                self.faults.append(Fault(where=str(made.path), place="", code="fixity", message=f"this earlier backup is damaged: {error}"))
                continue
            self.path, self._live = made.path, dict(made.description.get("live", {}))
            break

    def saw(self, name: str) -> dict[str, Any] | None:
        """Size, time and SHA-256 of the archive's file when it was backed up; None if the file or its digest is not known for sure."""
        seen = self._live.get(name)
        return seen if isinstance(seen, dict) and seen.get("sha256") == self.digests.get(name) else None

    def copy_of(self, name: str) -> Path:
        """Where the copy lies."""
        return (self.path or Path()) / name

    def is_sound(self, name: str, *, whole: bool = False) -> bool:
        """Is the copy there, of the right size, and (`whole`, or when it is its turn) of the right bytes? If not, a fault is kept."""
        if name not in self.digests or name in self._unsound:
            return False
        copy, turn = self.copy_of(name), zlib.crc32(name.encode()) % CYCLE == self._day % CYCLE
        try:
            found = copy.lstat()
            sound = stat.S_ISREG(found.st_mode) and found.st_size == (self.saw(name) or {"size": found.st_size})["size"]
            if sound and (whole or turn):
                sound = fixity.file_digest(copy)[1] == self.digests[name]
        except OSError:
            sound = False
        if not sound:
            self._unsound.add(name)
            said = f"its {name} is missing or damaged; the new backup does not use it"
            self.faults.append(Fault(where=str(self.path), place="", code="fixity", message=said))
        return sound


def _believed(made: Made) -> dict[str, str]:
    """The manifest, if the description is the one that it names; the description in turn names the digest of each WARC file."""
    digests = backup_set.read_manifest(made.path)
    try:
        _, found = fixity.file_digest(made.path / DESCRIPTION)
    except OSError as error:
        raise FixityError(f"{DESCRIPTION} cannot be read: {error.strerror}") from error
    if digests.get(DESCRIPTION) != found:
        raise FixityError(f"{DESCRIPTION} is not the one that its manifest names")
    return digests
