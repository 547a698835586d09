"""The only door to WARC files: writing captures, sealing what a killed run left, reading, checking.

The work is done in `warc_write`, `warc_read`, `warc_check`, `warc_seal` and `members`; everybody else imports from here.
"""

from __future__ import annotations

from rabat_crawler.archive.warc_check import Finding, check_file
from rabat_crawler.archive.warc_read import Origin, Unread, iter_records, iter_unread, read_record
from rabat_crawler.archive.warc_seal import Sealed, seal_open_files
from rabat_crawler.archive.warc_write import WarcWriter, new_record_id

__all__ = [
    "Finding",
    "Origin",
    "Sealed",
    "Unread",
    "WarcWriter",
    "check_file",
    "iter_records",
    "iter_unread",
    "new_record_id",
    "read_record",
    "seal_open_files",
]
