"""Settings: defaults, then the environment, then options."""

from __future__ import annotations

import os
from pathlib import Path

from rabat_crawler.errors import ConfigError

DEFAULT_ARCHIVE = "archive"
DEFAULT_DELAY = 2.0
DEFAULT_CONTACT = "archive of the dialogue; operator not named"

ENVIRONMENT = {
    "RABAT_ARCHIVE": "the archive folder, where --archive is not given",
    "RABAT_CONTACT": "an e-mail address or page by which a site's keeper can reach you; stands in the user agent",
}


def archive_path(option: str | None) -> Path:
    """The archive folder: the option, else RABAT_ARCHIVE, else `archive`."""
    return Path(option or os.environ.get("RABAT_ARCHIVE") or DEFAULT_ARCHIVE)


def contact(option: str | None = None) -> str:
    """Who crawls: the option, else RABAT_CONTACT, else a sentence that says nobody said. ConfigError if it would break a header."""
    value = option or os.environ.get("RABAT_CONTACT") or DEFAULT_CONTACT
    if not value.isprintable() or any(character in value for character in "()<>") or len(value) > 200:
        raise ConfigError(f"the contact {value!r} cannot stand in a header: one line of at most 200 characters, without brackets")
    return value
