"""The command demo: the bundled sample site on loopback, crawled, searched."""

from __future__ import annotations

import errno
import shlex

import click

from rabat_crawler import config, registry
from rabat_crawler.archive import Archive
from rabat_crawler.cli.crawl import crawl_into, show_run
from rabat_crawler.cli.format import hit_lines, say
from rabat_crawler.cli.options import archive_option
from rabat_crawler.errors import ConfigError

PORT = 8177
"""Always the same, so that a second demo meets the same addresses."""

SEARCHES = ("senegal", "coeur", '"comite de pilotage"')


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Loopback port of the sample site.")
@archive_option
def demo(port: int, archive_dir: str | None) -> None:
    """Serve the bundled sample site on loopback, crawl it into the archive, search it three times."""
    from rabat_crawler.demo import serve

    path = config.archive_path(archive_dir)
    try:
        serving = serve(port=port)
        with serving as sample:
            say(f"The sample site (invented texts, French and English) is served on {sample.origin}/ and crawled into {path}/ ...")
            site = registry.at_origin(registry.site("sample"), sample.origin + "/")
            run = crawl_into(path, site, max_pages=None, delay=0.0, contact=config.contact())
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} of 127.0.0.1 is in use; choose another with --port") from error
        raise
    show_run(run, as_json=False)
    with Archive.open(path) as archive:
        for words in SEARCHES:
            say(f"\n$ rabat-crawler search {shlex.quote(words)} --limit 2\n")
            for hit in archive.search(words, limit=2):
                say(hit_lines(hit) + "\n")
    where = "" if archive_dir is None else f" --archive {shlex.quote(str(path))}"
    program = ".venv/bin/rabat-crawler"
    say(
        f"""What to do next:
  {program} items{where}                     the items, the newest first
  {program} show 166{where}                  one item with the evidence of its values
  {program} search WORDS --lang fr{where}    search; {program} --help lists all commands
  {program} verify{where}                    are the bytes what was recorded?
  {program} crawl --archive rabat --max-pages 50      the real site, politely (2 s a page), into a folder of its own"""
    )
