"""Whose is a WARC file that another program wrote? The imports say so, by the file's SHA-256: a new name changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rabat_crawler import registry
from rabat_crawler.archive.warc_read import Origin
from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Run

_NAMED = re.compile(r"import-([0-9a-f]{64})-")
IMPORT = "import"
"""The `spider` of a run that brought files; its `parameters["files"]` names each by `sha256`, with the `site` that was chosen, or null."""


@dataclass(slots=True)
class Origins:
    """What the runs say of imported files. A file that no import names is read by the hosts of its records.

    `known`: what was wrong in a file when it came, by its SHA-256, as (byte, code).
    """

    files: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    known: Mapping[str, frozenset[tuple[int, str]]] = field(default_factory=dict)
    _known: dict[tuple[str, int, int], Origin] = field(default_factory=dict)

    @classmethod
    def of_runs(cls, runs: Iterable[Run]) -> Origins:
        """The files of all imports; of two imports of one file the first counts."""
        found: dict[str, tuple[str, str | None]] = {}
        known: dict[str, frozenset[tuple[int, str]]] = {}
        for run in sorted((run for run in runs if run.spider == IMPORT), key=lambda run: run.run_id):
            for one in run.parameters.get("files", ()):
                found.setdefault(str(one.get("sha256")), (run.run_id, one.get("site")))
                known.setdefault(str(one.get("sha256")), frozenset((int(at), str(code)) for at, code in one.get("known", ())))
        return cls(found, known)

    def of(self, path: Path) -> Origin:
        """The origin of a file on disk; it is read once for its digest, if there were imports at all."""
        state = path.stat()
        key = (path.name, state.st_size, state.st_mtime_ns)
        if key not in self._known:
            self._known[key] = self._find(path)
        return self._known[key]

    def _find(self, path: Path) -> Origin:
        digest = file_digest(path) if self.files else ""
        if digest not in self.files and (named := _NAMED.match(path.name)):
            digest = named[1]  # a record in it was erased since, so that its bytes are others than those that came
        run_id, name = self.files.get(digest, (None, None))
        return Origin(site=partial(site_reference, name), run_id=run_id)


def site_reference(name: str | None, url: str) -> str:
    """The site reference of an address, with the definition of that name if one was chosen and is still known."""
    try:
        chosen = registry.site(name) if name else None
    except ConfigError:
        chosen = None
    return registry.reference(registry.site_of(url, chosen))


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
