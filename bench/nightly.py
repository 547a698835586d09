"""What a night costs: `rabat-crawler nightly` on a site of 250 pages, delay 0: CPU seconds and peak memory of the command, night by night.

    python bench/nightly.py [--pages N] [--nights N]

Serves the sample site, filled up with invented articles, on loopback from a process of its own, and runs the command as cron would, each night
in a fresh process, with a backup. The last night has lost its frontier and asks everything again: the dearest quiet night there is.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CPU_AIM, MEMORY_AIM = 60.0, 250.0
PAGES_PER_STORY = 1.3
"""Pages that an article adds to the crawl, lists and feeds included."""


class Cost(NamedTuple):
    """One night: requests, new items and versions, CPU seconds (user and system), wall seconds, peak memory in MB (of one process)."""

    name: str
    asked: int
    items: int
    versions: int
    cpu: float
    wall: float
    memory: float


def serve_site(pages: int, pipe: Connection) -> None:
    """Answer until the process is ended; the origin goes through the pipe."""
    from rabat_crawler.demo.content import stories
    from rabat_crawler.demo.server import serve
    from rabat_crawler.demo.site import SampleSite

    known = stories(1)
    models = [
        story for story in known if story.category in ("news", "meetings", "publications") and not (story.single or story.undated or story.menu)
    ]
    more = []
    for number in range(max(0, int((pages - 104) / PAGES_PER_STORY) + 1)):
        model = models[number % len(models)]
        title, at = f"{model.title} ({number + 1})", f"{2010 + number % 9}-{number % 12 + 1:02}-{number % 28 + 1:02}T10:00:00+01:00"
        body = tuple(f"{line} [{number + 1}]" if not line.startswith("~~ ") else line for line in model.body)
        more.append(replace(model, id=1000 + number, title=title, alias=f"{model.alias}-{number + 1}", published=at, body=body, twin=None))
    with serve(SampleSite(stories=[*known, *more])) as serving:
        pipe.send(serving.url("/"))
        serving.wait()


def night(name: str, folder: Path, start: str) -> Cost:
    """Run the command once; RuntimeError if it does not end well."""
    words = [sys.executable, "-m", "rabat_crawler", "nightly", "--site", "sample", "--start", start, "--delay", "0"]
    words += ["--archive", str(folder / "archive"), "--backup", str(folder / "backups"), "--keep", "2", "--json"]
    environment = {**os.environ, "RABAT_CONTACT": "bench@example.org", "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with open(folder / "said", "w+b") as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise RuntimeError(f"nightly ended with {process.returncode}:\n{text}")
    counts = json.loads(text)["run"]["counts"]
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return Cost(name, counts["asked"], counts["items_new"], counts["versions_new"], used.ru_utime + used.ru_stime, wall, used.ru_maxrss / scale)


def main() -> int:
    """Print the nights; exit code 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=250, help="pages of the site, at the least (default 250)")
    parser.add_argument("--nights", type=int, default=3, help="quiet nights (default 3)")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve_site, args=(options.pages, there), daemon=True)
    server.start()
    costs = []
    try:
        start = here.recv()
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work)
            costs.append(night("first night", folder, start))
            costs += [night(f"quiet night {number + 1}", folder, start) for number in range(options.nights)]
            shutil.rmtree(folder / "archive" / "state")
            costs.append(night("quiet, all asked", folder, start))
    finally:
        server.terminate()
        server.join()
    print(f"{'':18}{'requests':>9}{'items':>7}{'versions':>10}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}")
    for cost in costs:
        print(f"{cost.name:18}{cost.asked:9}{cost.items:+7}{cost.versions:+10}{cost.cpu:8.1f}{cost.wall:8.1f}{cost.memory:9.0f}")
    quiet = costs[1:]
    cpu, memory = max(cost.cpu for cost in quiet), max(cost.memory for cost in quiet)
    held = costs[0].asked >= options.pages and cpu < CPU_AIM and memory < MEMORY_AIM and not any(cost.items or cost.versions for cost in quiet)
    print(f"dearest quiet night: {cpu:.1f} s of CPU (aim < {CPU_AIM:.0f}), {memory:.0f} MB (aim < {MEMORY_AIM:.0f}): {'held' if held else 'MISSED'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
