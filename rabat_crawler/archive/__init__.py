"""The archive on local disk: WARC files and runs are the truth, the database follows from them."""

from rabat_crawler.archive.api import Archive
from rabat_crawler.archive.filters import Filters

__all__ = ["Archive", "Filters"]
