"""The schedulers of this machine: the user's crontab and the user's systemd, read and changed through their own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from rabat_crawler.errors import ConfigError
from rabat_crawler.schedule import (
    LOCAL,
    Schedule,
    block_of,
    next_run,
    service_text,
    timer_text,
    times_of_block,
    times_of_timer,
    unit_name,
    with_block,
    without_block,
)

PATIENCE = 60
LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A schedule found on this machine; `at` is None if somebody rewrote it."""

    scheduler: str
    at: time | None
    timezone: str
    text: str
    active: bool = True

    def next_run(self, now: datetime) -> datetime | None:
        """The next start in UTC; None if it is not known."""
        return next_run(self.at, zone(self.timezone), now) if self.at and self.active else None


def installed(archive: str) -> list[Installed]:
    """What starts the archive's nightly crawl here: nothing, a timer, a crontab line, or both."""
    found = []
    timer = _unit_folder() / f"{unit_name(archive)}.timer"
    if timer.is_file():
        times = times_of_timer(timer.read_text(encoding="utf-8", errors="replace"))
        text = "".join(
            f"# {path}\n{path.read_text(encoding='utf-8', errors='replace')}" for path in (timer.with_suffix(".service"), timer) if path.is_file()
        )
        active = _run("systemctl", "--user", "is-active", "--quiet", timer.name).returncode == 0
        found.append(Installed(scheduler="systemd", at=times and times[0], timezone=times[1] if times else LOCAL, text=text, active=active))
    block = block_of(read_crontab(), archive) if _has("crontab") else None
    if block is not None:
        found.append(Installed(scheduler="cron", at=times_of_block(block), timezone=LOCAL, text=block))
    return found


def zone(name: str) -> tzinfo:
    """The time zone of that name; "local" is the machine's, whatever TZ says here, for neither cron nor systemd sees that."""
    if name != LOCAL:
        return _named_zone(name)
    try:
        with LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key=local_zone_name())
    except (OSError, ValueError):
        return UTC


def local_zone_name() -> str:
    """The machine's time zone as people call it."""
    _, _, name = str(LOCALTIME.resolve()).partition("zoneinfo/")
    return name.removeprefix("posix/") or ("the machine's time zone" if LOCALTIME.exists() else "UTC")


def _named_zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ConfigError(f"{name!r} is no time zone; give a name such as Europe/Paris or UTC, or local") from None


# cron ---------------------------------------------------------------------------------------------------------------------------


def read_crontab() -> str:
    """The user's crontab, "" if there is none; its bytes survive `write_crontab`."""
    listed = _run("crontab", "-l")
    if listed.returncode:
        if "no crontab for" in listed.stderr:
            return ""
        raise ConfigError(f"crontab -l failed ({_last_line(listed.stderr)}); nothing was changed")
    return listed.stdout


def write_crontab(text: str) -> None:
    """Make this the user's crontab. ConfigError with cron's own words if it refuses; the old one stays then."""
    written = _run("crontab", "-", stdin=text) if text else _run("crontab", "-r")
    if written.returncode:
        raise ConfigError(f"crontab refused the new crontab ({_last_line(written.stderr)}); the old one stays")


def install_cron(schedule: Schedule) -> None:
    """Put the schedule into the user's crontab, in the place of an earlier one."""
    if not _has("crontab"):
        raise ConfigError("this machine has no crontab program; install cron, or use --systemd")
    write_crontab(with_block(read_crontab(), schedule))


def remove_cron(archive: str) -> bool:
    """Take the archive's lines out of the crontab; whether there were any."""
    if not _has("crontab"):
        return False
    before = read_crontab()
    after = without_block(before, archive)
    if after == before:
        return False
    write_crontab(after)
    return True


# systemd ------------------------------------------------------------------------------------------------------------------------


def user_systemd() -> str | None:
    """None if the user's systemd answers, else why it does not."""
    if not _has("systemctl"):
        return "there is no systemctl"
    asked = _run("systemctl", "--user", "show-environment")
    return None if asked.returncode == 0 else _last_line(asked.stderr)


def lingers() -> bool:
    """Whether the user's systemd runs without anybody logged in."""
    return _has("loginctl") and _run("loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value").stdout.strip() == "yes"


def install_systemd(schedule: Schedule) -> None:
    """Write the units and start the timer. ConfigError if systemd refuses; the units are as before then."""
    trouble = user_systemd()
    if trouble is not None:
        raise ConfigError(
            f"no systemd answers for this user ({trouble}), so nothing was installed; use --cron, or run "
            "loginctl enable-linger, log in anew and try again"
        )
    name = unit_name(schedule.archive)
    units = {_unit_folder() / f"{name}.service": service_text(schedule), _unit_folder() / f"{name}.timer": timer_text(schedule)}
    before = {path: path.read_bytes() if path.exists() else None for path in units}
    try:
        _put({path: text.encode() for path, text in units.items()})
        for words in (("daemon-reload",), ("enable", f"{name}.timer"), ("restart", f"{name}.timer")):
            done = _run("systemctl", "--user", *words)
            if done.returncode:
                raise ConfigError(f"systemctl --user {' '.join(words)} failed ({_last_line(done.stderr)}); the units are as they were before")
    except BaseException:
        if not any(before.values()):
            _run("systemctl", "--user", "disable", "--now", f"{name}.timer")
        _put(before)
        _run("systemctl", "--user", "daemon-reload")
        raise


def remove_systemd(archive: str) -> bool:
    """Stop the timer and delete the units, also where no systemd answers; whether there were any."""
    name = unit_name(archive)
    timer = _unit_folder() / f"{name}.timer"
    units = [
        path
        for path in (timer, timer.with_suffix(".service"), _unit_folder() / "timers.target.wants" / timer.name)
        if path.is_symlink() or path.exists()
    ]
    if not units:
        return False
    answers = user_systemd() is None
    if answers:
        _run("systemctl", "--user", "disable", "--now", timer.name)
    for path in units:
        path.unlink(missing_ok=True)
    if answers:
        _run("systemctl", "--user", "daemon-reload")
    return True


def _unit_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _put(contents: Mapping[Path, bytes | None]) -> None:
    """Write each file whole, or delete it."""
    for path, content in contents.items():
        if content is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_bytes(content)
        fresh.replace(path)


def _has(program: str) -> bool:
    return shutil.which(program) is not None


def _run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of the system; bytes that are no UTF-8 pass through unchanged, and so do its line breaks."""
    try:
        done = subprocess.run(
            words, input=stdin.encode("utf-8", "surrogateescape"), capture_output=True, timeout=PATIENCE, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(words, 127, "", str(error))
    out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(words, done.returncode, out, err)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it did not say why"])[-1]
