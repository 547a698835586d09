"""When the nightly crawl starts, as text: a systemd user service and timer, a crontab block between markers. Pure.

A night that changes the clock still runs once: each schedule has a second chance an hour later, and `due` lets one start of the two through.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from rabat_crawler.errors import ConfigError

LOCAL = "local"
ONCE_WITHIN = timedelta(hours=4)
"""More than lies between the first 02:30 of an autumn night and the second chance at 03:30, delays included; less than between two nights."""
RANDOM_DELAY = "15min"
MAX_CRON_COMMAND = 990
"""Vixie cron, which Debian, BSD and macOS use, reads commands of less than 1000 bytes."""

_AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_CRON_TIMES = re.compile(r"(?P<minute>\d+) (?P<hour>\d+),\d+ \* \* \* ")
_ON_CALENDAR = re.compile(r"^OnCalendar=\*-\*-\* (?P<at>\d\d:\d\d):00(?: (?P<zone>\S+))?$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One archive's nightly crawl: `archive` an absolute path, `program` the words that start rabat-crawler, `extra` more words for `nightly`.

    `timezone` is an IANA name or "local", the machine's own. ConfigError if a word cannot stand in a unit or a crontab.
    """

    archive: str
    at: time
    program: tuple[str, ...]
    timezone: str = LOCAL
    extra: tuple[str, ...] = ()
    contact: str | None = None

    def __post_init__(self) -> None:
        for word in (self.archive, *self.program, *self.extra, self.contact or ""):
            _refuse_unwritable(word)
        for what, path in (("archive", self.archive), ("program", self.program[0])):
            if not posixpath.isabs(path):
                raise ConfigError(f"the {what} {path!r} must be an absolute path: a scheduler starts in another folder")
        if any(word == "--archive" or word.startswith("--archive=") for word in self.extra):
            raise ConfigError("--archive stands before the --, not behind it; one schedule is one archive")

    @property
    def claim(self) -> tuple[str, ...]:
        """The command that lets only the first start of a night through."""
        return (*self.program, "schedule", "claim", "--archive", self.archive)

    @property
    def nightly(self) -> tuple[str, ...]:
        """The command that does the night's work."""
        return (*self.program, "nightly", "--archive", self.archive, *self.extra)


def parse_at(text: str) -> time:
    """The time of day "HH:MM"; ConfigError for anything else."""
    found = _AT.fullmatch(text)
    if not found:
        raise ConfigError(f"{text!r} is no time of day; give hours and minutes such as 02:30 or 23:05")
    return time(int(found[1]), int(found[2]))


def second_chance(at: time) -> time:
    """An hour later, past midnight if need be."""
    return at.replace(hour=(at.hour + 1) % 24)


def due(last: datetime | None, now: datetime) -> bool:
    """Whether a start at `now` is the first of its night. A `last` start in the future is a clock that was wrong, and counts for nothing."""
    return last is None or not timedelta(0) <= now - last < ONCE_WITHIN


def next_run(at: time, zone: tzinfo, after: datetime) -> datetime:
    """The next start after an aware moment, in UTC: the first of two equal times; where the clock jumps over `at`, its second chance."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        for chance in (datetime.combine(day, at), datetime.combine(day, at) + timedelta(hours=1)):
            moment = chance.replace(tzinfo=zone).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == chance:
                if moment > after:
                    return moment
                break
        day += timedelta(days=1)


# systemd ------------------------------------------------------------------------------------------------------------------------


def unit_name(archive: str) -> str:
    """The name of the archive's units without suffix; no two archives share one."""
    slug = re.sub(r"[^a-z0-9]+", "-", posixpath.basename(archive).lower()).strip("-")[:40]
    digest = hashlib.sha256(archive.encode()).hexdigest()[:8]
    return "-".join(part for part in ("rabat-crawler", slug, digest) if part)


def systemd_word(word: str) -> str:
    """A word of a command line in a unit file. For lines that begin with ":", where $ means nothing."""
    escaped = word.replace("%", "%%")
    return escaped if _PLAIN_WORD.fullmatch(word) else '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


def systemd_command(words: Sequence[str]) -> str:
    """A command line as a unit file takes it, without any substitution. ConfigError for a program that systemd refuses by its name."""
    if any(character in words[0] for character in "\"'\\"):
        raise ConfigError(f"systemd starts no program whose path has a quote or a backslash, such as {words[0]}; use --cron")
    return ":" + " ".join(systemd_word(word) for word in words)


def service_text(schedule: Schedule) -> str:
    """The service. Its hardening needs no privilege, so that it holds in a user's unit.

    No address is denied: name servers live on loopback and private addresses, and the crawler itself refuses those that pages lead to.
    """
    contact = f"Environment={systemd_word(f'RABAT_CONTACT={schedule.contact}')}\n" if schedule.contact else ""
    return f"""\
# Written by 'rabat-crawler schedule install'; 'rabat-crawler schedule remove' takes it away.
[Unit]
Description=Nightly crawl of {schedule.archive.replace("%", "%%")} by rabat-crawler

[Service]
Type=oneshot
{contact}ExecCondition={systemd_command(schedule.claim)}
ExecStart={systemd_command(schedule.nightly)}
SuccessExitStatus=6
TimeoutStartSec=23h
TimeoutStopSec=5min
KillMode=mixed
Nice=10
IOSchedulingClass=idle
MemoryMax=1G
UMask=0027
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""


def timer_text(schedule: Schedule) -> str:
    """The timer. systemd leaves out a time that the clock jumps over; the second line is there for that night."""
    zone = "" if schedule.timezone == LOCAL else f" {schedule.timezone}"
    return f"""\
# Written by 'rabat-crawler schedule install'; 'rabat-crawler schedule remove' takes it away.
[Unit]
Description=When the nightly crawl of {schedule.archive.replace("%", "%%")} starts

[Timer]
OnCalendar=*-*-* {schedule.at:%H:%M}:00{zone}
OnCalendar=*-*-* {second_chance(schedule.at):%H:%M}:00{zone}
Persistent=true
RandomizedDelaySec={RANDOM_DELAY}

[Install]
WantedBy=timers.target
"""


def times_of_timer(text: str) -> tuple[time, str] | None:
    """Time and time zone of a timer of ours; None if the text is none."""
    found = _ON_CALENDAR.search(text)
    return (parse_at(found["at"]), found["zone"] or LOCAL) if found else None


# cron ---------------------------------------------------------------------------------------------------------------------------


def cron_word(word: str) -> str:
    """A word for sh in a crontab. cron reads it first: % must be escaped, and some crons make one of two backslashes; quotes keep them apart."""
    if _PLAIN_WORD.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\"'\"'").replace("\\", "\\''").replace("%", r"'\%'") + "'"


def cron_command(words: Sequence[str]) -> str:
    """A command line as a crontab takes it."""
    return " ".join(cron_word(word) for word in words)


def crontab_block(schedule: Schedule) -> str:
    """The marked lines of a crontab. ConfigError if the command is longer than cron reads."""
    contact = f"RABAT_CONTACT={cron_word(schedule.contact)} " if schedule.contact else ""
    command = f"umask 027; {cron_command(schedule.claim)} && {contact}{cron_command(schedule.nightly)}"
    if len(command.encode()) > MAX_CRON_COMMAND:
        raise ConfigError(f"cron reads commands of up to {MAX_CRON_COMMAND} bytes, and this one has {len(command.encode())}; shorten the paths")
    begin, end = _markers(schedule.archive)
    line = f"{schedule.at.minute} {schedule.at.hour},{second_chance(schedule.at).hour} * * * {command}\n"
    return begin + line + end


def block_of(crontab: str, archive: str) -> str | None:
    """The archive's marked lines, None if there are none. ConfigError if only one marker is left, or a marker stands twice."""
    begin, end = _markers(archive)
    starts, ends = _lines_like(crontab, begin), _lines_like(crontab, end)
    if not starts and not ends:
        return None
    if len(starts) != 1 or len(ends) != 1 or ends[0] < starts[0]:
        raise ConfigError(f"the crontab's markers for {archive} are not in order; mend it with crontab -e: {begin.strip()} ... {end.strip()}")
    return crontab[starts[0] : ends[0] + len(end)]


def with_block(crontab: str, schedule: Schedule) -> str:
    """The crontab with the schedule: in the place of an earlier one, else at the end, so that MAILTO and the like hold for it.

    Every other byte stays; a last line that has no line break keeps none, and the block stands at the beginning then.
    """
    block, old = crontab_block(schedule), block_of(crontab, schedule.archive)
    if old is not None:
        return crontab.replace(old, block)
    return crontab + block if not crontab or crontab.endswith("\n") else block + crontab


def without_block(crontab: str, archive: str) -> str:
    """The crontab without the archive's schedule; the same if there is none."""
    old = block_of(crontab, archive)
    return crontab if old is None else crontab.replace(old, "")


def times_of_block(block: str) -> time | None:
    """The time of day of marked lines; None if somebody rewrote them."""
    found = _CRON_TIMES.search(block)
    return time(int(found["hour"]) % 24, int(found["minute"]) % 60) if found else None


def _markers(archive: str) -> tuple[str, str]:
    return f"# >>> rabat-crawler {archive} >>>\n", f"# <<< rabat-crawler {archive} <<<\n"


def _lines_like(text: str, line: str) -> list[int]:
    """Where the line stands as a whole line."""
    return [found.start() for found in re.finditer(f"^{re.escape(line)}", text, re.MULTILINE)]


def _refuse_unwritable(word: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in word):
        raise ConfigError(f"{word!r} holds a line break, a control character or broken text, which no schedule can carry; rename it")
