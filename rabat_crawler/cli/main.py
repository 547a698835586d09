"""The command group; each command's module is imported when it is asked for, so that `search` starts fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from rabat_crawler import __version__
from rabat_crawler.cli.exits import nobody_reads, run_safely

COMMANDS = {
    "crawl": ("crawl", "Crawl a dialogue's site into the archive."),
    "nightly": ("night", "The night's work: crawl what is due, verify, back up, report."),
    "import": ("importing", "Bring in WARC, ARC and WACZ files and saved folders."),
    "backfill": ("backfill", "Fetch what a web archive holds of a site."),
    "sites": ("crawl", "List the site definitions."),
    "demo": ("demo", "Serve the sample site on loopback, crawl it, search it."),
    "search": ("search", "Search the archive."),
    "items": ("read", "List items, the newest first."),
    "documents": ("read", "List PDF and office files, with the items that link them."),
    "show": ("read", "Show one item in full."),
    "explain": ("explain", "Read one page, and say what was read and why."),
    "history": ("past", "Show the versions of an item, and what changed."),
    "captures": ("past", "List the captures of an address or item."),
    "serve": ("serve", "Open the reading room: search and read in a browser."),
    "replay": ("replay", "Write or open an archived page as captured."),
    "export": ("export", "Write the archive in a format that other programs read."),
    "digest": ("digest", "Write a newsletter of what is new, changed and coming up."),
    "release": ("release", "Make a frozen, citable release of the whole archive."),
    "agenda": ("agenda", "List the meetings that items tell of."),
    "translations": ("together", "List the pairs of translations and why they are."),
    "confirm": ("together", "Keep for ever that two items are translations."),
    "reject": ("together", "Keep for ever that two items are no translations."),
    "names": ("named", "Count the items that mention each country, organisation, theme and town."),
    "stats": ("figures", "Say what the archive holds, in counts and charts."),
    "status": ("health", "Say in one page whether the archive is healthy."),
    "runs": ("health", "List the runs; show one with what changed."),
    "schedule": ("schedule", "Let this machine start nightly every night."),
    "urls": ("night", "List every known address with its state and the reason for it."),
    "accept": ("night", "Let in what a breached run held back."),
    "verify": ("keep", "Check digests, places and the database."),
    "backup": ("keep", "Copy the archive into a new folder, while a crawl may go on."),
    "restore": ("keep", "Make the archive anew from a backup, every byte checked."),
    "takedown": ("takedown", "Withhold an item from everything, or list what is withheld."),
    "rebuild": ("keep", "Make the database anew from the WARC files."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and first lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"rabat_crawler.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")  # `import` is a word of Python's
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. A reader of the output that went away gives the shell's code for it; click would make it an error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(nobody_reads()) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in --help, from the table: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rabat-crawler")
def group() -> None:
    """Archive of the Rabat Process and of dialogues like it: crawl, read, keep, search.

    Every command takes --archive DIR (default: archive, or RABAT_ARCHIVE). Exit codes are listed in the README.
    """


def main() -> None:
    """Entry point of `rabat-crawler`."""
    run_safely(lambda: group.main(args=sys.argv[1:], prog_name="rabat-crawler", standalone_mode=False))
