"""Errors as messages and exit codes: the only place that knows both. No traceback reaches a user."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from rabat_crawler import errors

DONE, ERROR, USAGE, DISK, LOCKED, PUT_OFF, FAILURES, INTEGRITY, BREACHED, TOO_NEW, ROBOTS, UNREACHABLE, NO_ARCHIVE, WITHHELD = range(14)
INTERRUPTED = 130

MEANINGS = {
    DONE: "done",
    ERROR: "any other error, such as an item that does not exist",
    USAGE: "wrong option, setting or site definition",
    DISK: "the disk is full; what was stored before is sound",
    LOCKED: "another process writes to the archive, or to the folder of backups",
    PUT_OFF: "the site asks to come back later (503, 429, robots.txt not to be had)",
    FAILURES: "done, but some addresses failed; the report names them",
    INTEGRITY: "the database or a WARC file is damaged, or verify found a fault",
    BREACHED: "the crawl ended, but is not to be trusted: too few items, too much gone or changed, one text everywhere, a check for robots; captures are kept",
    TOO_NEW: "the archive was written by a newer version of this program",
    ROBOTS: "robots.txt forbids the crawl",
    UNREACHABLE: "the site gave no answer",
    NO_ARCHIVE: "there is no archive in that folder",
    WITHHELD: "the item is withheld; the message says since when and why",
    INTERRUPTED: "stopped by Ctrl-C or a signal; the same command goes on",
}

CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.ConfigError, USAGE),
    (errors.SearchSyntax, USAGE),
    (errors.DiskFull, DISK),
    (errors.ArchiveLocked, LOCKED),
    (errors.PutOff, PUT_OFF),
    (errors.MementoUnavailable, FAILURES),
    (errors.ArchiveCorrupt, INTEGRITY),
    (errors.FixityError, INTEGRITY),
    (errors.RecordError, INTEGRITY),
    (errors.RunBreached, BREACHED),
    (errors.SchemaTooNew, TOO_NEW),
    (errors.RobotsForbids, ROBOTS),
    (errors.SiteUnreachable, UNREACHABLE),
    (errors.ArchiveMissing, NO_ARCHIVE),
    (errors.Withheld, WITHHELD),
)
STATUS_CODES = {"done": DONE, "done with failures": FAILURES, "put off": PUT_OFF, "breached": BREACHED, "interrupted": INTERRUPTED}


def code_of(error: Exception) -> int:
    """The exit code of an error."""
    return next((code for kind, code in CODES if isinstance(error, kind)), ERROR)


def run_safely(command: Callable[[], Any]) -> None:
    """Run the command line (it returns its exit code, None for success); every way out is a message on standard error and an exit code."""
    _open_streams()
    try:
        code = command()
        sys.stdout.flush()
        sys.exit(code)
    except click.exceptions.Exit as out:
        sys.exit(out.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say("stopped; nothing stored so far is lost, and the same command goes on")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.exit(nobody_reads())
    except errors.RabatError as error:
        _say(str(error))
        sys.exit(code_of(error))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        discard_output()
        _say(
            f"the disk is full ({error.filename or 'standard output'}): free space and run the command again"
            if full
            else f"{error.filename or 'system'}: {error.strerror or error}{_remedy(error)}"
        )
        sys.exit(DISK if full else ERROR)
    except Exception as error:  # the last door: a defect of ours is reported, never shown as a traceback
        if os.environ.get("RABAT_DEBUG"):
            raise
        _say(f"unexpected {type(error).__name__}: {error}; this is a defect of rabat-crawler, please report it (RABAT_DEBUG=1 shows where)")
        sys.exit(ERROR)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP end the program as Ctrl-C does, so that nothing half written is left."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_streams() -> None:
    """A stream that the caller closed reads and writes nothing; left closed, the next file opened would take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives


def _remedy(error: OSError) -> str:
    return "; give the rights to it, or another place" if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else ""


def nobody_reads() -> int:
    """Let the rest of the output go nowhere; the exit code that the shell gives a program in a broken pipe."""
    discard_output()
    return 128 + signal.SIGPIPE


def discard_output() -> None:
    """What is still buffered for a full or closed output goes nowhere; Python would try it again at the end, and fail aloud."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    from rabat_crawler.cli.format import plain  # what --help does not need

    click.echo(f"rabat-crawler: {plain(message)}", err=True)
