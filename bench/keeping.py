"""What it costs to keep captures one by one, as a crawl does: CPU, SQL statements and changed rows of a capture. Two numbers do not move with the machine.

    python bench/keeping.py ARCHIVE

Reads every record of the archive's WARC files, gives each by itself to a new archive in a folder that is thrown away (once for the time, once
counted), and leaves ARCHIVE as it is. Statements include those of triggers and of the full text.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rabat_crawler import registry  # noqa: E402
from rabat_crawler.archive import Archive  # noqa: E402
from rabat_crawler.archive.rebuild import warc_files  # noqa: E402
from rabat_crawler.archive.warc import iter_records  # noqa: E402
from rabat_crawler.models import Record  # noqa: E402


def keep(records: list[Record], *, counted: bool) -> tuple[float, int, int]:
    """Seconds of CPU of this thread, SQL statements (0 unless `counted`), changed rows, for all records."""
    statements = 0

    def count(statement: str) -> None:
        nonlocal statements
        statements += 1

    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, write=True, create=True) as archive:
        archive.connection.set_trace_callback(count if counted else None)
        before, started = archive.connection.total_changes, time.thread_time()
        for record in records:
            archive.add_capture(record, registry.resolve(record.capture.site))
        seconds = time.thread_time() - started
        archive.connection.set_trace_callback(None)
        return seconds, statements, archive.connection.total_changes - before


def main() -> None:
    """Keep the records twice, print three numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path)
    folder = parser.parse_args().archive / "warc"
    records = [record for path in warc_files(folder) for record in iter_records(path, directory=folder)]
    if not records:
        raise SystemExit(f"{folder} holds no captures; give an archive that was crawled")
    seconds, _, _ = keep(records, counted=False)
    _, statements, changes = keep(records, counted=True)
    each = len(records)
    sys.stdout.write(
        f"{each} captures: {1000 * seconds / each:.1f} ms CPU, {statements / each:.1f} statements, {changes / each:.1f} changed rows each\n"
    )


if __name__ == "__main__":
    main()
