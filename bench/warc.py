"""Writing WARC files: responses and their requests, megabytes a second, ours beside warcio's writer with its own defaults (gzip level 9, SHA-1).

    python bench/warc.py [--rounds N]

Records: all answers of the Joomla capture in ../shared/data if it is there, else the sample site's pages. Both write the same records in turn, each
into a file of its own, ours with fsync at the end; the median of the rounds counts. Sizes are told beside: ours hold a SHA-256 of block and
payload of each record, warcio's a SHA-1 of the payload and block. Exit code 1 if ours is less than 1.3 times as fast.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "joomla-site.warc.gz"
AIM = 1.3
REQUEST = (
    ("Host", "www.example.org"),
    ("User-Agent", "rabat-crawler/0.1 (+you@example.org)"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate, br"),
)
Answer = tuple[str, int, tuple[tuple[str, str], ...], bytes]

sys.path.insert(0, str(ROOT))


def answers() -> list[Answer]:
    """Address, status, headers and body of each record."""
    if not SHARED.exists():
        from rabat_crawler.demo.collection import of_epoch

        return [(one.url, one.status, one.headers, one.body) for one in of_epoch("middle")]
    from warcio.archiveiterator import ArchiveIterator

    found = []
    with SHARED.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                body = record.raw_stream.read()
                url = record.rec_headers.get_header("WARC-Target-URI")
                found.append((url, int(record.http_headers.get_statuscode()), tuple(record.http_headers.headers), body))
    return found


def ours(records: list[Answer], folder: Path) -> None:
    """Our writer."""
    from rabat_crawler.archive.warc import WarcWriter

    now = datetime.now(UTC)
    with WarcWriter(folder, run_id="bench", site="sample", fields={}) as writer:
        for url, status, headers, body in records:
            writer.write(url=url, captured_at=now, status=status, response_headers=headers, body=body, request_headers=REQUEST)


def warcio(records: list[Answer], folder: Path) -> None:
    """warcio's writer, as its documentation uses it."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with (folder / "bench.warc.gz").open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        for url, status, headers, body in records:
            head = StatusAndHeaders(f"{status} OK", list(headers), protocol="HTTP/1.1")
            asked = StatusAndHeaders("GET / HTTP/1.1", list(REQUEST), is_http_request=True)
            response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head)
            writer.write_request_response_pair(writer.create_warc_record(url, "request", http_headers=asked), response)


def measure(write: Callable[[list[Answer], Path], None], records: list[Answer]) -> tuple[float, int]:
    """Seconds and bytes of one round."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write(records, Path(folder))
        return time.perf_counter() - started, sum(path.stat().st_size for path in Path(folder).iterdir())


def main() -> int:
    """Print the table; 1 if the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    records = answers()
    mass = sum(len(body) for *_, body in records) / 1e6
    found: dict[str, list[tuple[float, int]]] = {"ours": [], "warcio": []}
    for _ in range(rounds):
        found["ours"].append(measure(ours, records))
        found["warcio"].append(measure(warcio, records))
    seconds = {name: statistics.median(second for second, _ in figures) for name, figures in found.items()}
    print(f"{len(records)} answers, {mass:.1f} MB of bodies, median of {rounds} rounds")
    print(f"{'writer':<8} {'records/s':>10} {'MB/s':>8} {'size':>12}")
    for name, figures in found.items():
        print(f"{name:<8} {2 * len(records) / seconds[name]:>10.0f} {mass / seconds[name]:>8.1f} {figures[0][1]:>12,}")
    ratio = seconds["warcio"] / seconds["ours"]
    print(f"ours / warcio: {ratio:.2f} (aim {AIM}), size {found['ours'][0][1] / found['warcio'][0][1]:.3f}")
    return 0 if ratio >= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
