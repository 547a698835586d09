"""What an archive's files take on its disk, and what is left beside them. Reads only names and sizes."""

from __future__ import annotations

import shutil
from pathlib import Path

from rabat_crawler.health import Disk


def disk_use(folder: Path) -> Disk:
    """The sizes, in bytes. A crawl may rename files meanwhile; those are passed over."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.lstat().st_size if file.is_file() else 0
        except OSError:
            continue
    return Disk(archive_bytes=total, free_bytes=shutil.disk_usage(folder).free)
