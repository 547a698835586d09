"""Crawls that are killed with SIGKILL at random moments and gone on with; what of two archives must be equal. Also `python -m tests.kills N` (make soak)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rabat_crawler.archive import Archive
from tests.servers import serve_sample

VOLATILE = frozenset(
    "first_seen last_seen first_capture last_capture record_id refers_to refers_at original captured_at warc_file offset length run_id digest sha1 "
    "draft_id content page_url".split()
)
"""What depends on the moment: times, places, tokens in bodies, and which of several pages showed a draft first."""
SKIPPED_TABLES = ("sightings", "drafts", "readings")
MAX_PARTS = 200


def essence(folder: Path) -> Counter[str]:
    """An archive's rows without what depends on the moment of the crawl, as a multiset; captures included, each with its address and status."""
    found: Counter[str] = Counter()
    with Archive.open(folder) as archive:
        for line in archive.dump():
            row = json.loads(line)
            if row["table"] not in SKIPPED_TABLES:
                found[json.dumps({name: value for name, value in row.items() if name not in VOLATILE}, sort_keys=True)] += 1
        faults = archive.verify().faults
    assert faults == (), faults
    return found


def command(origin: str, folder: Path) -> list[str]:
    """The crawl as a user starts it."""
    return [sys.executable, "-m", "rabat_crawler", "crawl", "--site", "sample", "--start", origin + "/", "--delay", "0", "--archive", str(folder)]


def crawl_with_kills(origin: str, folder: Path, dice: random.Random, *, longest: float) -> int:
    """Crawl until a run ends by itself; every run before that is killed after a random time. How many were killed."""
    for kills in range(MAX_PARTS):
        limit = longest if kills else longest * 0.6  # so that each crawl is killed at least once
        with subprocess.Popen(command(origin, folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                _, errors = process.communicate(timeout=dice.uniform(0.3, limit))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                if _has_ended(folder):
                    return kills + 1
                continue
        assert process.returncode == 0, errors.decode()
        return kills
    raise AssertionError("the crawl does not come to its end")


def _has_ended(folder: Path) -> bool:
    """True if the kill came after the run had been written as ended."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "runs").glob("*.json")] if (folder / "runs").is_dir() else []
    return any(run["status"] == "done" for run in runs)


def undisturbed(origin: str, folder: Path) -> tuple[Counter[str], float]:
    """A crawl that nothing disturbs: its essence, and how many seconds it took."""
    started = time.monotonic()
    subprocess.run(command(origin, folder), check=True, capture_output=True)  # from the beginning, as those that are killed
    return essence(folder), time.monotonic() - started


def main() -> int:
    """So many crawls (default 40), each killed until done; the exit code says whether all ended equal to the undisturbed one."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    print(f"seed {seed}")
    dice, wrong, kills = random.Random(seed), 0, 0
    with serve_sample() as server, tempfile.TemporaryDirectory(prefix="rabat-soak-") as work:
        wanted, seconds = undisturbed(server.origin, Path(work) / "undisturbed")
        for number in range(rounds):
            folder = Path(work) / str(number)
            killed = crawl_with_kills(server.origin, folder, dice, longest=max(1.0, seconds * 0.9))
            found = essence(folder)
            kills += killed
            wrong += found != wanted
            print(f"{number + 1:3} of {rounds}: {killed} kills, {'equal' if found == wanted else 'DIFFERENT'}", flush=True)
            for line in [*((wanted - found) or ()), *((found - wanted) or ())][:4]:
                print("    " + line[:300])
    print(f"{rounds} crawls, {kills} kills, {wrong} archives differ from the undisturbed one")
    return 1 if wrong or kills < rounds else 0


if __name__ == "__main__":
    sys.exit(main())
