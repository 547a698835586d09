"""The commands of the night: nightly (crawl, verify, back up, write the digests, report), urls, accept."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.backup import Backup
from rabat_crawler.archive.faults import Report
from rabat_crawler.cli import exits
from rabat_crawler.cli.alarm import check_webhook, post, run_command
from rabat_crawler.cli.crawl import Seconds, choose_site, limits
from rabat_crawler.cli.format import ProgressLine, json_line, plain, say, table
from rabat_crawler.cli.options import archive_option, json_option, spending_options
from rabat_crawler.errors import ConfigError, NotFound, RabatError
from rabat_crawler.health import Status
from rabat_crawler.models import Run, Site

WORST_FIRST = (exits.INTEGRITY, exits.DISK, exits.BREACHED)
"""These are said by the exit code whatever else there is to say."""


@dataclasses.dataclass(slots=True)
class Night:
    """What a night came to: the crawl's run and error, what verify found, the backup, the digests; codes in the order in which they came up."""

    run: Run | None = None
    report: Report | None = None
    backup: Backup | None = None
    digests: list[Path] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    codes: list[int] = dataclasses.field(default_factory=list)

    @property
    def code(self) -> int:
        """The one exit code: the gravest, else the first that is no success."""
        return next((code for code in WORST_FIRST if code in self.codes), next((code for code in self.codes if code), exits.DONE))

    def failed(self, error: RabatError) -> None:
        """A step that could not be done; the next ones are tried all the same."""
        self.errors.append(str(error))
        self.codes.append(exits.code_of(error))

    def as_json(self) -> dict[str, Any]:
        """The night as one object: `exit_code`, `run`, `faults`, `backup`, `digests`, `errors`."""
        from rabat_crawler.archive.as_json import run_json

        return {
            "exit_code": self.code,
            "run": run_json(self.run) if self.run else None,
            "faults": [dataclasses.asdict(fault) for fault in self.report.faults] if self.report else None,
            "backup": str(self.backup.path) if self.backup else None,
            "digests": [str(path) for path in self.digests],
            "errors": self.errors,
        }

    def lines(self, status: Status | None) -> list[str]:
        """The night in lines for people, fit for a mail: the verdict first, the health of the archive last."""
        from rabat_crawler.report import run_lines

        lines = [f"night: {exits.MEANINGS[self.code] if self.code else 'all is well'}", *(f"  {error}" for error in self.errors)]
        lines += run_lines(self.run) if self.run else []
        if self.report is not None:
            lines.append(f"verify: {f'{len(self.report.faults)} faults' if self.report.faults else 'sound'}, {self.report.captures} captures")
            lines += [f"  {fault.where} {fault.place}: {fault.code}: {fault.message}" for fault in self.report.faults[:20]]
        if self.backup is not None:
            lines.append(f"backup: {self.backup.path}, {self.backup.bytes_written / 1e6:,.1f} MB written")
        lines += [f"digest: {path}" for path in self.digests]
        return [*lines, "", *status.lines] if status else lines


@click.command()
@click.option("--site", "site_name", metavar="NAME", help="Site definition (see rabat-crawler sites).")
@click.option("--start", metavar="URL", help="Start here, as for crawl.")
@click.option("--delay", type=Seconds(min=0, max=600), default=config.DEFAULT_DELAY, show_default=True, help="Seconds between two requests.")
@click.option("--contact", help="E-mail or page by which the site's keeper can reach you (default: RABAT_CONTACT).")
@spending_options
@click.option("--backup", "backup_dir", metavar="DIR", help="Back up into this folder after the crawl.")
@click.option("--keep", metavar="N", type=click.IntRange(min=1), help="Keep so many backups.")
@click.option("--digest", "digest_dir", metavar="DIR", help="Write what is new into this folder, in each language as HTML, text and mail.")
@click.option("--base-url", metavar="URL", help="With --digest: where the reading room stands on the web; its links lead there as well.")
@click.option("--on-alarm", metavar="COMMAND", help="Run this if the night does not end with 0; it gets the report on its standard input.")
@click.option("--webhook", metavar="URL", help="Post the night as JSON to this address if it does not end with 0.")
@json_option
@archive_option
def nightly(
    site_name: str | None,
    start: str | None,
    delay: float,
    contact: str | None,
    backup_dir: str | None,
    keep: int | None,
    digest_dir: str | None,
    base_url: str | None,
    on_alarm: str | None,
    webhook: str | None,
    as_json: bool,
    archive_dir: str | None,
    **spending: Any,
) -> None:
    """The night's work: crawl what is due, verify, back up, write the digests, report; one exit code. Quiet but for the report."""
    if keep is not None and backup_dir is None:
        raise ConfigError("--keep says how many backups stay; it needs --backup DIR")
    if webhook is not None:
        check_webhook(webhook)
    _check_digest(digest_dir, base_url)
    site, path = choose_site(site_name, start), config.archive_path(archive_dir)
    night = Night()
    progress = ProgressLine()
    with Archive.open(path, write=True, create=True, progress=progress) as archive:
        for note in archive.notes:
            click.echo(plain(note), err=True)
        _crawl(archive, night, site, delay=delay, contact=config.contact(contact), **limits(**spending))
        _verify(archive, night, progress)
        if backup_dir is not None:
            _back_up(archive, night, backup_dir, keep, progress)
        if digest_dir is not None:
            _write_digests(archive, night, Path(digest_dir), base_url)
    progress.end()
    text = plain("\n".join(night.lines(_status(path))))
    say(json_line(night.as_json()) if as_json else text)
    if night.code:
        _alarm(night, text, on_alarm, webhook)
        raise click.exceptions.Exit(night.code)


def _status(path: Path) -> Status | None:
    """The health of the archive, if it can be told."""
    from rabat_crawler.cli.health import next_run, read_status

    now = datetime.now(UTC)
    try:
        return read_status(path, now=now, next_run=next_run(path, now))
    except RabatError:
        return None  # the night's own errors say why


def _alarm(night: Night, text: str, command: str | None, webhook: str | None) -> None:
    from rabat_crawler.runner import user_agent

    said = [run_command(command, text, code=night.code, run_id=night.run.run_id if night.run else "")] if command else []
    said += [post(webhook, json_line(night.as_json() | {"text": text}), user_agent(config.contact(None)))] if webhook else []
    for line in said:
        if line:
            click.echo(plain(line), err=True)


def _crawl(archive: Archive, night: Night, site: Site, **options: Any) -> None:
    import sys

    from rabat_crawler.extensions import terminal_progress
    from rabat_crawler.runner import crawl

    latest = archive.runs()[:1]
    try:
        night.run = crawl(archive, site, progress=terminal_progress(sys.stderr), **options)
        night.codes.append(exits.STATUS_CODES.get(night.run.status, exits.ERROR))
    except RabatError as error:
        night.failed(error)
        now = archive.runs()[:1]
        night.run = now[0] if now and (not latest or now[0].run_id != latest[0].run_id) else None


def _verify(archive: Archive, night: Night, progress: ProgressLine) -> None:
    try:
        night.report = archive.verify(progress, quick=True, now=datetime.now(UTC))
    except RabatError as error:
        night.failed(error)
        return
    if night.report.faults:
        night.codes.append(exits.INTEGRITY)


def _back_up(archive: Archive, night: Night, directory: str, keep: int | None, progress: ProgressLine) -> None:
    try:
        night.backup = archive.backup(directory, keep=keep, now=datetime.now(UTC), progress=progress)
    except RabatError as error:
        night.failed(error)
        return
    if night.backup.faults:
        night.codes.append(exits.INTEGRITY)


def _check_digest(directory: str | None, base_url: str | None) -> None:
    """Say before the crawl what would keep the digests from being written."""
    if directory is None:
        if base_url is not None:
            raise ConfigError("--base-url is for the links of the digests; it needs --digest DIR")
        return
    from rabat_crawler.exports._addresses import place
    from rabat_crawler.exports._placing import refuse_archive

    place(base_url)
    refuse_archive(Path(directory) / "digest")
    if Path(directory).exists() and not Path(directory).is_dir():
        raise ConfigError(f"--digest {directory} is a file; give a folder")


def _write_digests(archive: Archive, night: Night, folder: Path, base_url: str | None) -> None:
    """What was not told yet, in each language in all forms. A language that fails is told the next night."""
    from rabat_crawler.exports import _digest as making

    archive.relate()
    for language in making.LANGUAGES:
        name = f"{night.run.run_id if night.run else f'{datetime.now(UTC):%Y%m%dT%H%M%SZ}'}-{language}"
        targets = making.targets_in(folder, name)
        try:
            making.write_digest(archive, making.Asked(language=language, since_last=True, base_url=base_url), targets)
        except RabatError as error:
            night.failed(error)
        else:
            night.digests += targets.values()


@click.command()
@click.option("--run", "run_id", metavar="ID", help="As this run (its id, a beginning of it, or last) left them (default: as they stand now).")
@click.option("--state", metavar="STATE", help="Only this state: queued, done, failed, gone, put_off, held, folded, skipped.")
@json_option
@archive_option
def urls(run_id: str | None, state: str | None, as_json: bool, archive_dir: str | None) -> None:
    """List every address that is known, with its state and the reason for it."""
    from rabat_crawler.archive.frontier_store import STATES, known_runs, read_addresses

    path = config.archive_path(archive_dir)
    with Archive.open(path) as archive:  # says so if there is no archive
        is_withheld = archive.address_test()
    if state is not None and state not in STATES:
        raise ConfigError(f"--state {state!r}: there is no such state; known: {', '.join(STATES)}")
    known = known_runs(path / "state")
    if run_id is not None:
        run_id = _one_run(run_id, known)
    rows = []
    hidden = 0
    for one in read_addresses(path / "state", run=run_id, state=state):
        if is_withheld(one.url, one.site):
            hidden += 1
        elif as_json:
            names = ("url", "state", "status", "attempts", "reason", "site", "run_id", "asked_at", "due_at")
            say(json_line({name: getattr(one, name) for name in names}))
        else:
            rows.append((one.state, one.status, one.attempts, one.reason or "-", one.url))
    if not as_json:
        say(table(rows, ("state", "status", "attempts", "reason", "url")))
        say(f"\n{len(rows)} addresses" + (f", and {hidden} of what is withheld" if hidden else ""))


def _one_run(wanted: str, known: list[str]) -> str:
    """The run of that id, its only beginning, or "last", among those whose addresses are kept."""
    found = known[:1] if wanted == "last" else [name for name in known if name == wanted] or [name for name in known if name.startswith(wanted)]
    if len(found) != 1:
        said = f"{len(found)} runs begin so" if found else "left no list of addresses"
        raise NotFound(f"run {wanted!r}: {said}; kept are those of {', '.join(known[:5]) or 'no run'}")
    return found[0]


@click.command()
@click.argument("run")
@json_option
@archive_option
def accept(run: str, as_json: bool, archive_dir: str | None) -> None:
    """Let in what the breached RUN (an id, its beginning, or "last") held back, because it is true after all."""
    progress = ProgressLine()
    with Archive.open(Path(config.archive_path(archive_dir)), write=True, progress=progress) as archive:
        before = archive.counts()
        runs = archive.accept(run, progress)
        after = archive.counts()
    progress.end()
    if as_json:
        say(json_line({"runs": [one.run_id for one in runs], "before": before, "after": after}))
        return
    names = ", ".join(one.run_id for one in runs)
    say(plain(f"accepted {names}: items {before['items']:,} -> {after['items']:,}, versions {before['versions']:,} -> {after['versions']:,}"))
