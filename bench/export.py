"""Every export format over made-up items: items per second and peak memory, each format in a process of its own.

    python bench/export.py [--items 100000] [--only NAME ...] [--keep FOLDER]

The items are those of bench/search.py (French-like words, around 110 a text) with what real ones have beside: a version, two dates, two addresses, names, a
capture, tags, documents, events, and every second one a translation. The database alone is made; formats that give out recorded bytes need WARC files and are
left out, which is said. Peak memory is the largest resident set of the process (VmHWM), interpreter and libraries included. Exits 1 if a format needs more than the
aim, or fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from search import fill, made_up, vocabulary

from rabat_crawler.archive import Archive, schema
from rabat_crawler.archive.rows import CAPTURE_COLUMNS, DRAFT_COLUMNS
from rabat_crawler.errors import RabatError
from rabat_crawler.exports import Options, export, formats
from rabat_crawler.identity import draft_json, text_digest
from rabat_crawler.models import Draft
from rabat_crawler.urls import url_key

AIM = 300.0
"""MB."""
NEED_WARC = frozenset({"wacz", "warc", "release"})
"""Formats that give out recorded bytes, or hold one that does."""
SEEN = "2019-05-01T06:00:00.000000Z"
RUN = "20190501T060000Z-bench"
NAMES = (("country", "SN"), ("country", "MA"), ("organisation", "ICMPD"), ("theme", "return"), ("town", "dakar"))


def table_rows(connection: sqlite3.Connection) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(table, row) of all that belongs to the items that are there."""
    chance = random.Random(13)
    before: tuple[str, str] | None = None
    for number, (name, language, published, title, text) in enumerate(
        connection.execute("SELECT item_id, language, published, title, text FROM items ORDER BY id").fetchall()
    ):
        url, record, draft = f"https://bench.example/{language}/{number}-{name}", f"urn:uuid:{name}", f"d{name}"
        capture: dict[str, Any] = dict.fromkeys(CAPTURE_COLUMNS) | {
            "record_id": record, "url": url, "url_key": f"example,bench)/{language}/{number}-{name}", "captured_at": SEEN, "status": 200, "media_type": "text/html",
            "digest": "sha256:" + f"{number:064x}", "site": "bench", "run_id": RUN, "record_type": "response", "source": "live", "warc_file": "a.warc.gz",
            "offset": 1000 * number, "length": 1000, "layout": "bench", "role": "detail", "badness": 0.0, "problems": "[]", "held": 0,
        }  # fmt: skip
        yield "captures", tuple(capture.values())
        said: dict[str, Any] = dict.fromkeys(DRAFT_COLUMNS, "") | {
            "draft_id": draft,
            "site": "bench",
            "item_key": name,
            "complete": 1,
            "content": draft_json(Draft(title=title, text=text, complete=True)),
        }
        yield "drafts", tuple(said.values())
        yield "sightings", (draft, record)
        digest = text_digest(title, text)
        yield "versions", (f"{name}-{digest[:12]}", name, digest, title, "", text, "", "bench", 1, record, record, SEEN, SEEN)
        yield "dates", (name, 0, "published", published, None, "day", published, "iso", "time", 1.0, "")
        yield "dates", (name, 1, "event", published[:7], None, "month", published[:7], "iso", "text", 0.8, "not taken")
        yield "addresses", (name, url, capture["url_key"])
        yield "links", (f"{url}?print=1", "bench", capture["url_key"], "print view")
        for kind, code in chance.sample(NAMES, 3):
            yield "mentions", (name, kind, code, code, 2, '[["text", 1, 8], ["text", 10, 18]]')
        if number % 3 == 0:
            yield "tags", (name, "bench")
            yield "events", (name, published, None, "dakar", "SN", "Dakar", "lead", "", "", "", "")
        if number % 10 == 0:
            document = f"https://bench.example/files/{number}.pdf"
            key = url_key(document)
            yield "attachments", (name, document, "PDF", "application/pdf", key)
            yield "documents", (
                f"doc{number}", document, key, f"sha256:{number:x}", "bench", "application/pdf", title, 1, language, "text", None, "[]", f"{number:x}",
                record, record, SEEN, SEEN, 1, 0, "[]",
            )  # fmt: skip
            yield "document_pages", (number + 1, f"doc{number}", 1, text, "", "")
        if before is None:
            before = (name, language)
            continue
        for one, other, side in ((before[0], name, language), (name, before[0], before[1])):
            yield "translations", (one, other, side, "content", 0.9, "bench", "")
        before = None


def complete(path: Path) -> None:
    """Put beside the items what belongs to them."""
    connection = schema.connect(path, write=True)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    run = (RUN, "dialogue", "bench", "2019-05-01T06:00:00Z", "2019-05-01T07:00:00Z", "finished", "{}", "{}", "{}", "[]")
    connection.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(run))})", run)
    columns = {"captures": CAPTURE_COLUMNS, "drafts": DRAFT_COLUMNS}
    for table, row in table_rows(connection):
        named = f"({', '.join(columns[table])})" if table in columns else ""
        connection.execute(f"INSERT INTO {table} {named} VALUES ({','.join('?' * len(row))})", row)
    connection.execute(
        "UPDATE items SET first_seen = :seen, last_seen = :seen, current_version = item_id || '-v', section = 'News', layout = 'bench', language_method = 'path', "
        "canonical_url = (SELECT url FROM addresses a WHERE a.item_id = items.item_id)",
        {"seen": SEEN},
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def made(folder: Path, count: int) -> Path:
    """An archive folder whose database holds so many items; one that is there already is used again."""
    archive = folder / f"archive-{count}"
    if not (archive / "rabat.db").exists():
        archive.mkdir(parents=True, exist_ok=True)
        working = archive / "making.db"
        working.unlink(missing_ok=True)
        started = time.perf_counter()
        fill(working, list(made_up(count, vocabulary(random.Random(5)), random.Random(7))))
        complete(working)
        working.rename(archive / "rabat.db")
        size = (archive / "rabat.db").stat().st_size / 1e6
        print(f"{count:,} items made in {time.perf_counter() - started:.0f} s, {size:,.0f} MB of database", flush=True)
    return archive


def peak() -> float:
    """MB of the largest resident set of this process so far."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(archive_folder: Path, name: str, target: Path) -> dict[str, Any]:
    """In the child: one export; what it took."""
    takes = formats()[name].takes
    options = Options(base_url="https://archive.example.org/" if "base_url" in takes else None)
    with Archive.open(archive_folder) as archive:
        archive.counts()
        before, started, busy = peak(), time.perf_counter(), time.process_time()
        written = export(archive, name, target, options=options)
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - busy, "before": before, "peak": peak(), "bytes": written.bytes}


def child(archive: Path, name: str) -> dict[str, Any] | str:
    """Measured in a new process; what went wrong if it did."""
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        command = [sys.executable, __file__, "--child", name, str(archive), str(Path(folder) / "export")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
    return dict(json.loads(done.stdout))


def table(archive: Path, count: int, names: Iterable[str]) -> int:
    """The table; how many formats failed or needed more than the aim."""
    missed = 0
    print(f"{'format':12} {'items/s':>10} {'seconds':>8} {'of CPU':>7} {'MB written':>11} {'peak MB':>8} {'of them before':>15}")
    for name in names:
        if name in NEED_WARC:
            print(f"{name:12} left out: it gives out recorded bytes, and there are no WARC files here")
            continue
        found = child(archive, name)
        if isinstance(found, str):
            missed += 1
            print(f"{name:12} failed: {found}")
            continue
        fails = found["peak"] > AIM
        missed += fails
        figures = (count / found["seconds"], found["seconds"], found["cpu"], found["bytes"] / 1e6, found["peak"], found["before"])
        said = "{:10,.0f} {:8.1f} {:7.1f} {:11,.0f} {:8.0f} {:15.0f}".format(*figures)
        print(f"{name:12} {said}" + (f"  MISSED (aim {AIM:g})" if fails else ""), flush=True)
    return missed


def main(arguments: Sequence[str]) -> int:
    """Make the items, measure each format, print."""
    if arguments[:1] == ["--child"]:
        name, archive, target = arguments[1:]
        try:
            print(json.dumps(measure(Path(archive), name, Path(target))))
        except RabatError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--only", action="append", choices=sorted(formats()), help="this format alone; may be given again")
    parser.add_argument("--keep", type=Path, help="a folder for the archive, used again by the next run")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return int(table(made(folder, options.items), options.items, options.only or formats()) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
