"""What a check of an archive or of a backup gives: faults, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it should be: where (file, table), at which byte or row, and what."""

    where: str
    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a verification: what was looked at, and every fault found (none means sound).

    `files` WARC files are there, `checked` of them were read whole, with `records` captures in them; `notes` are no faults.
    """

    files: int
    checked: int
    records: int
    captures: int
    items: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
