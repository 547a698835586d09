"""The archive on local disk: WARC files and runs are the truth, the database follows from them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rabat_crawler.archive.api import Archive
    from rabat_crawler.archive.filters import Filters

__all__ = ["Archive", "Filters"]


def __getattr__(name: str) -> Any:
    """`Archive` and `Filters` when they are first asked for: the process that reads documents needs neither."""
    if name == "Archive":
        from rabat_crawler.archive.api import Archive

        return Archive
    if name == "Filters":
        from rabat_crawler.archive.filters import Filters

        return Filters
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
