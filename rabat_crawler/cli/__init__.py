"""The command line: options in, one API call, lines out."""

from rabat_crawler.cli.main import main

__all__ = ["main"]
