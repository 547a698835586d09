"""`python -m tests.real`: crawl the real capture, served by `serve_capture.py`, with the command line; print what was demanded and measured.

Exit code 0: every requirement holds; 1: one does not; 2: the capture could not be served or crawled.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rabat_crawler.archive import Archive
from tests import gold, warm
from tests.gold import CAPTURED_ORIGIN, Asked, Evidence

PORT = urlsplit(CAPTURED_ORIGIN).port or 80
START_SECONDS = 60
SHOWN = 6


class NotServed(Exception):
    """The capture could not be served or crawled; the message says why and what to do."""


@contextmanager
def serving(log: Path) -> Iterator[None]:
    """The capture behind the server that came with it, in a process of its own, until the block ends; requests go to `log` as JSON lines."""
    missing = [path.name for path in (gold.WARC, gold.GOLD, gold.SERVER) if not path.exists()]
    if missing:
        raise NotServed(f"{gold.MISSING} ({', '.join(missing)})")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            raise NotServed(f"port {PORT} of 127.0.0.1 is taken; the capture's own links need it: end the program that listens there")
    command = [sys.executable, str(gold.SERVER), str(gold.WARC), "--port", str(PORT), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            _wait(server)
            yield
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None and server.stderr is not None
    if not server.stdout.readline():
        server.wait(START_SECONDS)
        raise NotServed(f"{gold.SERVER.name} did not start: {server.stderr.read()[-400:].strip()}")


def read_log(log: Path) -> tuple[Asked, ...]:
    """The requests in the order of their answers."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return tuple(Asked(line["path"], line["status"], line["busy"]) for line in lines)


def crawl(folder: Path) -> None:
    """The crawl as a user asks for it; what it says goes to the screen if it fails."""
    command = [sys.executable, "-m", "rabat_crawler", "crawl", "--site", "rabat-process", "--start", f"{CAPTURED_ORIGIN}/", "--delay", "0"]
    done = warm.run_program([*command, "--archive", str(folder)], 300)
    if done.returncode:
        raise NotServed(f"the crawl ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}")


def gather(work: Path) -> Evidence:
    """Serve, crawl, and read what came of it."""
    log, folder = work / "requests.jsonl", work / "archive"
    with serving(log):
        started = time.monotonic()
        crawl(folder)
        seconds = time.monotonic() - started
    with Archive.open(folder) as archive:
        items, run = tuple(archive.items()), archive.runs()[0]
    return Evidence(gold.read_gold(), gold.read_capture(), CAPTURED_ORIGIN, items, read_log(log), run, seconds)


def table(lines: list[gold.Line]) -> str:
    """The measurements as text, a line each, with the first things that are wrong below a line that fails."""
    verdicts = {True: "ok", False: "FAIL", None: ""}
    rows = [("requirement", "measured", "demand", "")] + [(line.name, line.measured, line.demand, verdicts[line.ok]) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    said = [shown[0], "-" * max(map(len, shown))]
    for text, line in zip(shown[1:], lines, strict=True):
        said.append(text)
        if line.ok is False:
            said += [f"    {one}" for one in line.wrong[:SHOWN]] + ([f"    and {len(line.wrong) - SHOWN} more"] if len(line.wrong) > SHOWN else [])
    return "\n".join(said)


def main() -> int:
    """Print the table; the exit code says whether all of it holds."""
    with tempfile.TemporaryDirectory(prefix="rabat-real-") as work:
        try:
            seen = gather(Path(work))
        except NotServed as error:
            print(error, file=sys.stderr)
            return 2
    lines = [check(seen) for check in (*gold.REQUIREMENTS, *gold.INFORMATION)]
    print(table(lines))
    failed = [line for line in lines if line.ok is False]
    print(f"\n{len(failed)} of {len(gold.REQUIREMENTS)} requirements FAIL" if failed else f"\nall {len(gold.REQUIREMENTS)} requirements hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
