"""What the newsletters have told so far: for each language the runs whose changes stand in one, in `state/digest-<language>.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rabat_crawler.archive.api import write_atomically
from rabat_crawler.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`moment`: the archive's when the last newsletter was written (ISO 8601 UTC); `runs`: the ids of all runs that were told by then."""

    moment: str
    runs: frozenset[str]


def told_path(state_dir: Path, language: str) -> Path:
    """Where it is kept."""
    return state_dir / f"digest-{language}.json"


def read_told(state_dir: Path, language: str) -> Told | None:
    """What was told in a language; None if nothing was. ConfigError if the file cannot be read."""
    path = told_path(state_dir, language)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Told(moment=str(found["moment"]), runs=frozenset(map(str, found["runs"])))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} cannot be read ({type(error).__name__}), so it is not known what was told; remove it, and --since-last begins anew"
        ) from error


def write_told(state_dir: Path, language: str, told: Told) -> None:
    """Keep it, whole or not at all. ConfigError if it cannot be kept, DiskFull."""
    path = told_path(state_dir, language)
    try:
        state_dir.mkdir(exist_ok=True)
        write_atomically(path, json.dumps({"moment": told.moment, "runs": sorted(told.runs)}, indent=1) + "\n")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}); the digest is there, but the next --since-last tells the same again"
        ) from error
