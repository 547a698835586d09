"""Reading: bytes in, values out. Pure: no network, no disk, no clock."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rabat_crawler.extract.page import parse_page

__all__ = ["parse_page"]


def __getattr__(name: str) -> Any:
    """`parse_page`, imported when it is first asked for: many commands read no page."""
    if name == "parse_page":
        from rabat_crawler.extract.page import parse_page

        return parse_page
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
