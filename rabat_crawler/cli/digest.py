"""The command digest: a newsletter of what is new, changed and coming up, as HTML, plain text or a mail that is ready to be sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rabat_crawler.cli.format import output_bytes, plain, say
from rabat_crawler.cli.options import PartialDateParam, archive_option, opened
from rabat_crawler.errors import ConfigError

if TYPE_CHECKING:
    from rabat_crawler.exports._digest import Form, Gathered

STANDARD_OUTPUT = "-"


@click.command()
@click.option("--lang", "language", type=click.Choice(["fr", "en"]), required=True, help="The reader's language.")
@click.option(
    "--since", type=PartialDateParam(), help="What the crawls of then or later found (2017, 2017-05, 2017-05-14). Default: of the last 7 days."
)
@click.option("--since-last", is_flag=True, help="What no digest with --since-last in this language has told yet.")
@click.option(
    "-o", "output", metavar="FILE", help="The file to write; its ending says the form (.html, .txt, .eml). Default, or with -: standard output."
)
@click.option("--eml", "form", flag_value="eml", help="As a mail that is ready to be sent, with text and HTML; it is not sent.")
@click.option("--html", "form", flag_value="html", help="As HTML, one file.")
@click.option("--text", "form", flag_value="text", help="As plain text (default on standard output).")
@click.option("--from", "sender", metavar="ADDRESS", help="With --eml: who sends it.")
@click.option("--to", multiple=True, metavar="ADDRESS", help="With --eml: who gets it; may be given several times (default: nobody is named).")
@click.option("--subject", metavar="TEXT", help="With --eml: its subject (default: the first piece of news).")
@click.option("--base-url", metavar="URL", help="Where the reading room stands on the web: links lead there as well.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Show at most so many items and meetings in each section."
)
@click.option("--force", is_flag=True, help="Put the new digest in the place of an older file.")
@archive_option
def digest(
    archive_dir: str | None, language: str, since: str | None, since_last: bool, output: str | None, form: str | None, sender: str | None,
    to: tuple[str, ...], subject: str | None, base_url: str | None, limit: int, force: bool,
) -> None:  # fmt: skip
    """Write a newsletter of what is new, changed and coming up, in the reader's language.

    "Now" is the moment of the archive's last crawl: the same archive gives the same bytes.
    """
    from rabat_crawler.digest import Envelope
    from rabat_crawler.exports import _digest as making

    target = None if output in (None, STANDARD_OUTPUT) else Path(str(output))
    chosen = _form(form, target)
    envelope = Envelope(sender=sender, to=to, subject=subject)
    if chosen != "eml" and envelope != Envelope():
        raise ConfigError("--from, --to and --subject are those of a mail; give them with --eml")
    envelope.check()
    asked = making.Asked(language="fr" if language == "fr" else "en", since=since, since_last=since_last, base_url=base_url, limit=limit)
    with opened(archive_dir) as archive:
        if target is None:
            out = output_bytes()
            found = making.gather(archive, asked)
            out.write(making.rendered(found.digest, chosen, envelope))
            out.flush()
            if since_last:
                making.keep(archive, found)
            return
        found = making.write_digest(archive, asked, {chosen: target}, envelope, force=force)
    say(plain(f"{target}: {summary(found)}"))


def summary(found: Gathered) -> str:
    """A digest in one line for the terminal: how much it tells, and of which period."""
    from rabat_crawler.digest import CODES

    totals = found.digest.totals
    told = ", ".join(f"{totals[name]:,} {name}" for name in (*CODES, "coming") if totals.get(name)) or "no news"
    return f"{told}; {found.digest.since[:10]} to {found.digest.moment[:10]}, {found.digest.condition.state}"


def _form(form: str | None, target: Path | None) -> Form:
    """The form that was asked for, else that of the file's ending, else HTML in a file and text on standard output."""
    from rabat_crawler.exports._digest import FORMS

    if form is None:
        endings: dict[str, Form] = {".eml": "eml", ".txt": "text"}
        return "text" if target is None else endings.get(target.suffix.lower(), "html")
    return next(one for one in FORMS if one == form)
