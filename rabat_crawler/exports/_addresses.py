"""Where on the web an export's permanent links lead: the address that a user gave, checked. The one place that checks it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rabat_crawler.citations import address
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports._export import Options
from rabat_crawler.models import Item

_NOT_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f<>\"'\\]")


def base(options: Options) -> str | None:
    """`base_url` as `place` gives it."""
    return place(options.base_url)


def place(base_url: str | None) -> str | None:
    """The address in ASCII without a slash at its end; None if none was given.

    ConfigError if it is no http(s) address of a place, or tells a password to all readers.
    """
    if base_url is None:
        return None
    given = address(base_url.strip()) or ""
    try:
        parts = urlsplit(given)
        sound = bool(parts.hostname) and not parts.query and not parts.fragment and parts.port != 0
    except ValueError:
        sound = False
    if not sound or _NOT_IN_ADDRESS.search(base_url.strip()) or "%" in parts.netloc:
        raise ConfigError(f"--base-url {base_url!r} is no address of a place on the web; give one such as https://archive.example.org/")
    if "@" in parts.netloc:
        raise ConfigError(
            f"--base-url {base_url!r} names a user, and all readers would see it; give the address that they open, without user and password"
        )
    return given.rstrip("/")


def of_item(here: str | None, item: Item) -> str | None:
    """Where people read an item: its page at `here`, else its original address; None if it has neither."""
    return f"{here}/item/{item.item_id}" if here else address(item.canonical_url)
