"""Where on the web an export's permanent links lead: the address that a user gave, checked. The one place that checks it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rabat_crawler.citations import address
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports._export import Options
from rabat_crawler.models import Item

_UNFIT = re.compile(r"""[\x00-\x20\x7f"'<>\\]""")


def base(options: Options) -> str | None:
    """`base_url` as `place` gives it."""
    return place(options.base_url)


def place(given: str | None) -> str | None:
    """The address in ASCII without a slash at its end; None if none was given. ConfigError if it is no http(s) address of a place."""
    if given is None:
        return None
    found = address(given.strip())
    try:
        parts = urlsplit(given.strip())
        sound = bool(parts.hostname) and str(parts.hostname).isascii() and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        sound = False
    if found is None or not sound or _UNFIT.search(given.strip()):
        raise ConfigError(f"--base-url {given!r} is no address of a place on the web; give one such as https://archive.example.org/")
    return found.rstrip("/")


def of_item(here: str | None, item: Item) -> str | None:
    """Where people read an item: its page at `here`, else its original address; None if it has neither."""
    return f"{here}/item/{item.item_id}" if here else address(item.canonical_url)
