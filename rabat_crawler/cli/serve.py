"""The command serve: the reading room, on this machine or, on request, beyond it."""

from __future__ import annotations

import os
import sys
import webbrowser

import click

from rabat_crawler import config
from rabat_crawler.cli.format import say
from rabat_crawler.cli.options import archive_option

PORT = 8001


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="HOST", help="The address to listen on; beyond this machine only with --public."
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="The port; 0 takes a free one.")
@click.option("--public", is_flag=True, help="For a host on the open web: no SQL of visitors, no downloads of the database.")
@click.option("--trust-network", is_flag=True, help="Listen beyond this machine without --public: all who reach it may read, query and download.")
@click.option(
    "--watch", type=click.FloatRange(0.1, 3600), default=5.0, show_default=True, metavar="S", help="Look so often whether a run has ended (seconds)."
)
@click.option("--open/--no-browser", "browser", default=None, help="Start the browser, or do not; default: if the command runs in a terminal.")
@archive_option
def serve(archive_dir: str | None, host: str, port: int, public: bool, trust_network: bool, watch: float, browser: bool | None) -> None:
    """Serve the reading room: search, items, agenda, and all of Datasette beneath, over a snapshot renewed after each run. Ends with Ctrl-C."""
    from rabat_crawler.web.server import Offer, serve  # Datasette takes its time to start; no other command waits for it

    wanted = browser if browser is not None else sys.stdout.isatty() and _has_screen()

    def ready(address: str) -> None:
        say(f"The reading room is open at {address} (Ctrl-C closes it)")
        sys.stdout.flush()
        if wanted:
            webbrowser.open(address)

    serve(Offer(archive=config.archive_path(archive_dir), host=host, port=port, public=public, trusting=trust_network, watch=watch), ready)


def _has_screen() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
