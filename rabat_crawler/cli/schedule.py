"""The command schedule: install, show, remove; `claim` is what a schedule itself calls, so that a night runs once."""

from __future__ import annotations

import fcntl
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from rabat_crawler import config
from rabat_crawler import schedule as texts
from rabat_crawler.cli import host_schedule as host
from rabat_crawler.cli.format import json_line, plain, say
from rabat_crawler.cli.options import archive_option, json_option
from rabat_crawler.errors import ConfigError, NotFound


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def schedule() -> None:
    """Let this machine start `nightly` every night: install, show, remove."""


@schedule.command()
@click.option("--at", default="02:30", show_default=True, metavar="HH:MM", help="When the night's crawl starts.")
@click.option("--systemd", "by_systemd", is_flag=True, help="By a systemd timer of this user (default where systemd runs for the user).")
@click.option("--cron", "by_cron", is_flag=True, help="By a line in this user's crontab (default elsewhere).")
@click.option(
    "--timezone", default=texts.LOCAL, show_default=True, metavar="ZONE", help="Zone of --at, such as UTC or Europe/Paris; local is the machine's."
)
@click.option("--dry-run", is_flag=True, help="Print what would be installed, change nothing.")
@archive_option
@click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS OF NIGHTLY]")
def install(archive_dir: str | None, at: str, by_systemd: bool, by_cron: bool, timezone: str, dry_run: bool, extra: tuple[str, ...]) -> None:
    """Start `nightly` every night at the same time; an earlier schedule of the archive is replaced. What follows -- goes to nightly."""
    wanted = texts.Schedule(
        archive=_absolute(archive_dir),
        at=texts.parse_at(at),
        program=_program(),
        timezone=timezone,
        extra=extra,
        contact=config.contact() if os.environ.get("RABAT_CONTACT") else None,
    )
    host.zone(timezone)
    if by_systemd and by_cron:
        raise ConfigError("--systemd and --cron together would start every night twice; give one of them")
    scheduler = "systemd" if by_systemd or (not by_cron and host.user_systemd() is None) else "cron"
    if scheduler == "cron":
        _refuse_foreign_zone(timezone)
    if dry_run:
        say(plain(texts.crontab_block(wanted) if scheduler == "cron" else f"{texts.service_text(wanted)}\n{texts.timer_text(wanted)}").rstrip("\n"))
        return
    replaced = _replace(wanted, scheduler)
    _say_installed(wanted, scheduler, replaced)


@schedule.command()
@json_option
@archive_option
def show(archive_dir: str | None, as_json: bool) -> None:
    """Show what starts the archive's nightly crawl on this machine, and when next."""
    archive, now = _absolute(archive_dir), datetime.now(UTC)
    found = host.installed(archive)
    if as_json:
        for one in found:
            say(json_line({"archive": archive, **_as_json(one, now)}))
        return
    if not found:
        say(plain(f"nothing starts the nightly crawl of {archive} here; rabat-crawler schedule install --at 02:30 does"))
    for one in found:
        say(plain(f"{one.scheduler}: {_when(one, now)}"))
        say(plain(one.text.rstrip("\n")))


@schedule.command()
@archive_option
def remove(archive_dir: str | None) -> None:
    """Take the archive's schedule away; the archive stays as it is. An error if there is none."""
    archive = _absolute(archive_dir)
    gone = [name for name, take in (("systemd timer", host.remove_systemd), ("crontab line", host.remove_cron)) if take(archive)]
    if not gone:
        raise NotFound(f"nothing starts the nightly crawl of {archive} here, so nothing was removed; --archive names the archive")
    say(plain(f"removed the {' and the '.join(gone)} of {archive}; its nightly crawl starts no more"))


@schedule.command()
@archive_option
def claim(archive_dir: str | None) -> None:
    """For schedules: end with 0 and note it if no night began in the last four hours, else with 1. Prints nothing."""
    if not _claimed(config.archive_path(archive_dir), datetime.now(UTC)):
        raise click.exceptions.Exit(1)


def _claimed(archive: Path, now: datetime) -> bool:
    """Note the start, unless the night began before. A note that cannot be kept is no reason to leave a night out."""
    if not archive.is_dir():
        return True
    try:
        (archive / "state").mkdir(exist_ok=True)
        with (archive / "state" / "night").open("a+", encoding="ascii", errors="replace") as note:
            fcntl.flock(note, fcntl.LOCK_EX)
            note.seek(0)
            if not texts.due(_moment(note.read(64)), now):
                return False
            note.truncate(0)
            note.write(f"{now.isoformat(timespec='seconds')}\n")
    except OSError as error:
        click.echo(f"rabat-crawler: the start could not be noted ({error.strerror}); the night begins nevertheless", err=True)
    return True


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _absolute(option: str | None) -> str:
    """The archive's path from the root, as it is called: a link stays a link. ConfigError if no archive can be there."""
    path = Path.cwd() / config.archive_path(option)
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path} is a file, not an archive folder; --archive names the folder")
    return os.path.normpath(path)


def _program() -> tuple[str, ...]:
    """How a scheduler starts this very installation, whatever its PATH and folder."""
    script = Path(sys.executable).with_name("rabat-crawler")
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "rabat_crawler")


def _refuse_foreign_zone(timezone: str) -> None:
    """cron knows one clock, the machine's."""
    own = host.local_zone_name()
    universal = {"UTC", "Etc/UTC", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu"}
    if timezone not in (texts.LOCAL, own) and not {timezone, own} <= universal:
        raise ConfigError(f"cron starts by the machine's own clock ({own}), not by that of {timezone}; leave --timezone out, or use --systemd")


def _replace(wanted: texts.Schedule, scheduler: str) -> bool:
    """Install with one scheduler, then take it away from the other; whether there was a schedule before."""
    before = bool(host.installed(wanted.archive))
    if scheduler == "systemd":
        host.install_systemd(wanted)
        host.remove_cron(wanted.archive)
    else:
        host.install_cron(wanted)
        host.remove_systemd(wanted.archive)
    return before


def _say_installed(wanted: texts.Schedule, scheduler: str, replaced: bool) -> None:
    zone = host.zone(wanted.timezone)
    moment = texts.next_run(wanted.at, zone, datetime.now(UTC))
    named = host.local_zone_name() if wanted.timezone == texts.LOCAL else wanted.timezone
    what = f"systemd timer {texts.unit_name(wanted.archive)}.timer" if scheduler == "systemd" else "crontab line"
    say(plain(f"{'replaced' if replaced else 'installed'}: {what}, every night at {wanted.at:%H:%M} ({named}), once also when the clocks change"))
    say(plain(f"next: nightly --archive {wanted.archive} on {moment.astimezone(zone):%Y-%m-%d at %H:%M} ({moment:%Y-%m-%dT%H:%MZ})"))
    if not wanted.contact:
        click.echo("RABAT_CONTACT is not set: set it and install again, so that the site's keeper can reach you", err=True)
    if scheduler == "systemd" and not host.lingers():
        click.echo("the timer runs only while you are logged in; loginctl enable-linger lets it run always", err=True)


def _when(one: host.Installed, now: datetime) -> str:
    if one.at is None:
        return "changed by hand; when it starts is not known"
    named = host.local_zone_name() if one.timezone == texts.LOCAL else one.timezone
    moment = one.next_run(now)
    state = f"next {moment:%Y-%m-%dT%H:%MZ}" if moment else "NOT ACTIVE: install it again, or look at systemctl --user status"
    return f"every night at {one.at:%H:%M} ({named}), {state}"


def _as_json(one: host.Installed, now: datetime) -> dict[str, object]:
    moment = one.next_run(now)
    return {
        "scheduler": one.scheduler,
        "at": f"{one.at:%H:%M}" if one.at else None,
        "timezone": host.local_zone_name() if one.timezone == texts.LOCAL else one.timezone,
        "active": one.active,
        "next_run": f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None,
        "text": one.text,
    }
