"""Where on the web an export's permanent links lead: the address that a user gave, checked."""

from __future__ import annotations

from urllib.parse import urlsplit

from rabat_crawler.citations import address
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports._export import Options
from rabat_crawler.models import Item


def base(options: Options) -> str | None:
    """`base_url` in ASCII without a slash at its end; None if none was given. ConfigError if it is no http(s) address of a place."""
    if options.base_url is None:
        return None
    given = address(options.base_url.strip())
    try:
        parts = urlsplit(given or "")
        sound = bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        sound = False
    if given is None or not sound:
        raise ConfigError(f"--base-url {options.base_url!r} is no address of a place on the web; give one such as https://archive.example.org/")
    return given.rstrip("/")


def of_item(here: str | None, item: Item) -> str | None:
    """Where people read an item: its page at `here`, else its original address; None if it has neither."""
    return f"{here}/item/{item.item_id}" if here else address(item.canonical_url)
