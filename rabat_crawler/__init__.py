"""Archive of the Rabat Process and of dialogues like it: crawl, read, deduplicate, keep, search.

`Archive` opens an archive folder; everything else is reached from it or from the command line (`rabat-crawler --help`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rabat_crawler.archive import Archive, Filters
    from rabat_crawler.models import Capture, Draft, Hit, Item, Page, PartialDate, Record, Run, Site, Version

__version__ = "0.1.0"

__all__ = ["Archive", "Capture", "Draft", "Filters", "Hit", "Item", "Page", "PartialDate", "Record", "Run", "Site", "Version", "__version__"]


def __getattr__(name: str) -> Any:
    """The public names, imported when first asked for, so that a command starts fast."""
    if name in ("Archive", "Filters"):
        from rabat_crawler import archive

        return getattr(archive, name)
    if name in __all__:
        from rabat_crawler import models

        return getattr(models, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
