"""The tree of errors. Each carries the data a program needs and, in its message, the remedy a person needs.

RabatError
|- ConfigError            an option, a setting or a site definition is wrong
|- PageError              a page could not be read at all
|- RecordError            a WARC record is damaged
|- ArchiveMissing         there is no archive at that path
|- ArchiveCorrupt         the database is damaged; the WARC files are not concerned
|- ArchiveLocked          another process writes to the archive
|- SchemaTooNew           the archive was written by a newer program
|- FixityError            bytes on disk differ from what was recorded
|- DiskFull               no space left
|- SiteUnreachable        no answer from the site
|- RobotsForbids          robots.txt forbids the crawl
|- PutOff                 the site asks to come back later
|  `- Blocked             it answers nothing any more, or asks for a long time
|- MementoUnavailable     a web archive does not give a capture that it lists
|- RunBreached            the crawl ended, but its result is not to be trusted
|- SearchSyntax           a search that cannot be understood
`- NotFound               no such item, capture or run
   `- Withheld            there is one, but it is withheld
Only `cli/` turns them into messages and exit codes.
"""

from __future__ import annotations


class RabatError(Exception):
    """Root of all errors of this package."""


class ConfigError(RabatError):
    """An option, a setting or a site definition is wrong."""


class PageError(RabatError):
    """A page could not be read: `url`, `layout`."""

    def __init__(self, message: str, *, url: str, layout: str = "") -> None:
        super().__init__(message)
        self.url = url
        self.layout = layout


class RecordError(RabatError):
    """A WARC record is damaged: `file`, `offset` in bytes."""

    def __init__(self, message: str, *, file: str, offset: int) -> None:
        super().__init__(message)
        self.file = file
        self.offset = offset


class ArchiveMissing(RabatError):
    """There is no archive at that path."""


class ArchiveCorrupt(RabatError):
    """The database is damaged; `rebuild` makes a new one from the WARC files."""


class ArchiveLocked(RabatError):
    """Another process writes to the archive: `pid`, None if it is not known."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class SchemaTooNew(RabatError):
    """The archive was written by a newer program: `found`, `known` schema versions."""

    def __init__(self, message: str, *, found: int, known: int) -> None:
        super().__init__(message)
        self.found = found
        self.known = known


class FixityError(RabatError):
    """Bytes on disk differ from what was recorded."""


class DiskFull(RabatError):
    """No space left on the archive's disk; what was stored before stays stored."""


class SiteUnreachable(RabatError):
    """The site gave no answer: `url`."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class RobotsForbids(RabatError):
    """robots.txt forbids the crawl: `url` of the robots.txt."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class PutOff(RabatError):
    """The site asks to come back later: `retry_after` in seconds, None if it did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Blocked(PutOff):
    """The site refuses everything for a long time: every further request makes it longer."""


class MementoUnavailable(RabatError):
    """A web archive does not give a capture that it lists: `reason`; `final` if it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class RunBreached(RabatError):
    """The crawl ended, but its result breaks what the site definition expects: `run_id`."""

    def __init__(self, message: str, *, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class SearchSyntax(RabatError):
    """A search that cannot be understood."""


class NotFound(RabatError):
    """No such item, capture or run."""


class Withheld(NotFound):
    """The item, or what was captured of it, is withheld: `item_id`, `at` (ISO 8601 UTC), `reason`."""

    def __init__(self, message: str, *, item_id: str, at: str, reason: str) -> None:
        super().__init__(message)
        self.item_id = item_id
        self.at = at
        self.reason = reason
