"""A database from WARC files: pages a second and core, one process and two, and the memory that it takes; beside trafilatura with metadata on the same pages.

    python bench/rebuild.py [--copies N] [--rounds N] [--captures N]

Pages: the HTML answers of the Joomla capture in ../shared/data if it is there, else the sample site's, written N times over, each time with article
numbers of its own, so that N copies are N times as many items. Every measurement is a process of its own, and they take turns. trafilatura only
reads (text, title, date, no storage); ours reads, tells items apart and stores. `--captures` measures memory instead: so many small invented
captures in one archive. Exit code 1 if an aim is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "joomla-site.warc.gz"
AIM, SPEED_UP, MEMORY = 8.0, 1.7, 400
PEER_PAGES = 300
NUMBER = re.compile(r"(?<=/)[0-9]{1,5}(?=-)")
START = datetime(2019, 5, 1, tzinfo=UTC)
WORDS = (
    "les pays du dialogue et de la migration se sont réunis à Dakar pour la feuille de route avec des partenaires dans une réunion qui est sur le retour "
    "et les visas des étudiants ; le comité a adopté un programme pour la diaspora"
).split()

sys.path.insert(0, str(ROOT))


def pages() -> list[tuple[str, bytes]]:
    """Address and body of each HTML page, content coding removed; all of one origin."""
    from rabat_crawler.archive.warc import iter_records
    from rabat_crawler.extract.decoding import decode_body

    if SHARED.exists():
        records = iter_records(SHARED, directory=SHARED.parent)
        found = [(r.capture.url, r.body, r.response_headers) for r in records if r.capture.status == 200 and r.capture.media_type == "text/html"]
    else:
        from rabat_crawler.demo.collection import of_epoch

        found = [(m.url, m.body, m.headers) for m in of_epoch("middle") if m.status == 200 and m.media_type == "text/html"]
    return [(url, decode_body(body, headers)[0]) for url, body, headers in found]


def write_archive(folder: Path, copies: int) -> int:
    """An archive folder with the pages under so many hosts; how many there are."""
    from rabat_crawler.archive.warc import WarcWriter

    count = 0
    (folder / "warc").mkdir(parents=True)
    found = pages()
    origin = found[0][0][: found[0][0].index("/", 8)]
    for number in range(copies):
        with WarcWriter(folder / "warc", run_id=f"bench-{number}", site=f"rabat-process@{origin}", fields={}) as writer:
            for url, body in found:
                address, text = (_copied(one, number) for one in (url, body.decode("utf-8", "replace")))
                writer.write(
                    url=address, captured_at=START + timedelta(seconds=count), status=200, body=text.encode(),
                    response_headers=(("Content-Type", "text/html; charset=utf-8"),),
                )  # fmt: skip
                count += 1
    return count


def _copied(text: str, copy: int) -> str:
    """With the article numbers in its addresses made those of another site's articles."""
    return NUMBER.sub(lambda found: str(int(found[0]) + 100_000 * copy), text)


def write_captures(folder: Path, count: int) -> None:
    """So many captures of articles that change now and then, three of each."""
    from rabat_crawler.archive.warc import WarcWriter

    (folder / "warc").mkdir(parents=True)
    with WarcWriter(folder / "warc", run_id="bench", site="rabat-process", fields={}) as writer:
        for number in range(count):
            article = number % (count // 3 + 1)
            dice = random.Random(article if number % 5 else number)
            text = " ".join(dice.choice(WORDS) for _ in range(150))
            html = (
                f"<html lang='fr-fr'><body class='site com_content view-article'><div class='item-page'><h2 itemprop='headline'>Réunion {article}</h2>"
                f"<div itemprop='articleBody'><p>{text}</p></div></div></body></html>"
            )
            writer.write(
                url=f"https://www.rabat-process.org/fr/actualites/{article}-reunion", captured_at=START + timedelta(minutes=number), status=200,
                response_headers=(("Content-Type", "text/html; charset=utf-8"),), body=html.encode(),
            )  # fmt: skip


def rebuild(folder: Path, workers: int) -> dict[str, Any]:
    """One rebuild in this process: seconds, counts, the most memory of this process and of a worker, in MB."""
    from rabat_crawler.archive import Archive

    with Archive.open(folder, write=True, recover=False, create=True) as archive:
        started = time.perf_counter()
        made = archive.rebuild(workers=workers)
        seconds = time.perf_counter() - started
    peak = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"seconds": seconds, "captures": made.after["captures"], "items": made.after["items"], "main": peak[0], "worker": peak[1]}


def peer() -> dict[str, Any]:
    """trafilatura with metadata over some of the pages: pages a second."""
    import trafilatura

    chosen = pages()[:: max(1, len(pages()) // PEER_PAGES)]
    for url, body in chosen[:5]:
        trafilatura.bare_extraction(body.decode("utf-8", "replace"), url=url, with_metadata=True)
    started = time.perf_counter()
    for url, body in chosen:
        trafilatura.bare_extraction(body.decode("utf-8", "replace"), url=url, with_metadata=True)
    return {"pages": len(chosen), "rate": len(chosen) / (time.perf_counter() - started)}


def in_a_process(*words: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def memory(count: int) -> int:
    """Peak memory at a tenth, a half and all of so many captures."""
    worst = 0.0
    print(f"{'captures':>9} {'seconds':>8} {'main MB':>8} {'worker MB':>10}")
    for part in sorted({count // 10, count // 2, count}):
        with tempfile.TemporaryDirectory() as work:
            write_captures(Path(work) / "a", part)
            found = in_a_process("--rebuild", str(Path(work) / "a"), "--workers", "2")
        worst = max(worst, found["main"], found["worker"])
        print(f"{found['captures']:>9,} {found['seconds']:>8.1f} {found['main']:>8.0f} {found['worker']:>10.0f}", flush=True)
    print(f"most memory of a process: {worst:.0f} MB (aim: under {MEMORY})")
    return 0 if worst < MEMORY else 1


def speed(copies: int, rounds: int) -> int:
    """The table of rates, medians of so many rounds in which all take turns."""
    found: dict[str, list[dict[str, Any]]] = {"1": [], "2": []}
    beside: list[float] = []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "a"
        count = write_archive(folder, copies)
        for _ in range(rounds):
            for workers, ran in found.items():
                ran.append(in_a_process("--rebuild", str(folder), "--workers", workers))
            if importlib.util.find_spec("trafilatura"):
                beside.append(in_a_process("--peer")["rate"])
    rate = {workers: statistics.median(one["captures"] / one["seconds"] for one in ran) for workers, ran in found.items()}
    print(f"{count:,} pages, {found['1'][0]['items']:,} items, median of {rounds} rounds")
    print(f"{'':<26} {'pages/s':>8} {'a core':>7} {'main MB':>8} {'worker MB':>10}")
    for workers, ran in found.items():
        name, peak = f"rebuild --workers {workers}", [max(one[part] for one in ran) for part in ("main", "worker")]
        print(f"{name:<26} {rate[workers]:>8.0f} {rate[workers] / int(workers):>7.0f} {peak[0]:>8.0f} {peak[1]:>10.0f}")
    speed_up = statistics.median(one["seconds"] / two["seconds"] for one, two in zip(found["1"], found["2"], strict=True))
    if not beside:
        print(f"speed-up with two: {speed_up:.2f} (aim {SPEED_UP}); trafilatura is not installed here, left out (make bench)")
        return 0 if speed_up >= SPEED_UP else 1
    peer_rate = statistics.median(beside)
    print(f"{'trafilatura with metadata':<26} {peer_rate:>8.1f} {peer_rate:>7.1f}")
    print(f"ours a core: {rate['1'] / peer_rate:.1f} times trafilatura (aim {AIM:g}); speed-up with two: {speed_up:.2f} (aim {SPEED_UP})")
    return 0 if rate["1"] / peer_rate >= AIM and speed_up >= SPEED_UP else 1


def main() -> int:
    """Print a table; 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--captures", type=int)
    parser.add_argument("--rebuild", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer or options.rebuild:
        print(json.dumps(peer() if options.peer else rebuild(Path(options.rebuild), options.workers)))
        return 0
    return memory(options.captures) if options.captures else speed(options.copies, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
