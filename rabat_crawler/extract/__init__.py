"""Pure reading: bytes in, values out. No network, no disk, no database, no clock."""

from rabat_crawler.extract.page import parse_page

__all__ = ["parse_page"]
