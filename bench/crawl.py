"""Our whole crawl (WARC, reading, database) against a bare Scrapy spider that only follows the same links: pages a second, in one run.

    python bench/crawl.py [--warc FILE.warc.gz | --sample] [--pages N] [--rounds R]   (N: stop after so many pages; the whole site is less)

Serves FILE (default: the Joomla capture in ../shared/data if it is there, else the bundled sample site) on loopback from a process of its
own, crawls it with both at delay 0 and one request at a time, alternately, each crawl in a fresh process, and prints the medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "joomla-site.warc.gz"
CAPTURED_ORIGIN = b"http://127.0.0.1:8765"
DROPPED = {"transfer-encoding", "connection", "content-length", "keep-alive"}
AIM = 0.5

sys.path.insert(0, str(ROOT))

Answer = tuple[int, list[tuple[str, str]], bytes]


def load_warc(path: Path) -> dict[str, Answer]:
    """Status, headers and body of every response in a WARC file, by path and query."""
    from warcio.archiveiterator import ArchiveIterator

    answers: dict[str, Answer] = {}
    with open(path, "rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                parts = urlsplit(record.rec_headers.get_header("WARC-Target-URI"))
                headers = [(name, value) for name, value in record.http_headers.headers if name.lower() not in DROPPED | {"content-encoding"}]
                answers[(parts.path or "/") + (f"?{parts.query}" if parts.query else "")] = (
                    int(record.http_headers.get_statuscode()),
                    headers,
                    record.content_stream().read(),
                )
    return answers


def serve_warc(path: Path, pipe: Connection) -> None:
    """Answer as the capture did at once (no delayed acknowledgements), until the process is ended; the port goes through the pipe."""
    answers = load_warc(path)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 20

        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, (404, [("Content-Type", "text/html")], b"<h1>404</h1>"))
            body = body.replace(CAPTURED_ORIGIN, own)
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value.replace(CAPTURED_ORIGIN.decode(), own.decode()))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own = f"http://127.0.0.1:{server.server_port}".encode()
    pipe.send(server.server_port)
    server.serve_forever()


def serve_sample(pipe: Connection) -> None:
    """The bundled sample site, until the process is ended."""
    from rabat_crawler.demo import serve

    with serve() as site:
        pipe.send(site.port)
        time.sleep(3600)


def crawl_ours(port: int, pages: int) -> None:
    """One crawl of ours into a folder that is thrown away; prints its figures as JSON."""
    from rabat_crawler import registry
    from rabat_crawler.archive import Archive
    from rabat_crawler.errors import RunBreached
    from rabat_crawler.runner import crawl

    site = registry.at_origin(registry.site("rabat-process"), f"http://127.0.0.1:{port}/")
    with tempfile.TemporaryDirectory() as folder, Archive.open(folder, write=True, create=True) as archive:
        started = time.perf_counter()
        try:
            crawl(archive, site, delay=0, max_pages=pages)
        except RunBreached as breach:
            sys.stderr.write(f"{breach}\n")
        seconds = time.perf_counter() - started
        run = archive.runs()[0]
        sys.stdout.write(json.dumps({"pages": run.counts["pages"], "seconds": seconds}))


def crawl_bare(port: int, pages: int) -> None:
    """A spider that follows the links that ours would, and does nothing else; prints its figures as JSON."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from rabat_crawler import registry
    from rabat_crawler.urls import decide

    site = registry.at_origin(registry.site("rabat-process"), f"http://127.0.0.1:{port}/")
    seen: set[str] = set()
    fetched = 0

    class Bare(scrapy.Spider):
        name = "bare"
        start_urls = list(site.starts)
        custom_settings = {"LOG_ENABLED": False, "CONCURRENT_REQUESTS": 1, "TELNETCONSOLE_ENABLED": False, "CLOSESPIDER_PAGECOUNT": pages}

        def parse(self, response: Any) -> Any:
            nonlocal fetched
            fetched += 1
            if isinstance(response, scrapy.http.TextResponse):
                for link in response.css("a::attr(href)").getall():
                    decision = decide(response.urljoin(link).partition("#")[0], site)
                    if decision.action == "fetch" and decision.key not in seen:
                        seen.add(decision.key)
                        yield scrapy.Request(decision.url, self.parse)

    process = CrawlerProcess()
    process.crawl(Bare)
    started = time.perf_counter()
    process.start()
    sys.stdout.write(json.dumps({"pages": fetched, "seconds": time.perf_counter() - started}))


def measure(what: str, port: int, pages: int) -> tuple[float, int]:
    """Pages a second and pages of one crawl in a fresh process."""
    command = [sys.executable, __file__, "--only", what, "--port", str(port), "--pages", str(pages)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr[-2000:]}")
    figures = json.loads(done.stdout)
    return figures["pages"] / figures["seconds"], figures["pages"]


def main() -> None:
    """Serve, crawl alternately, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--warc", type=Path, default=SHARED if SHARED.exists() else None)
    parser.add_argument("--sample", action="store_true", help="serve the bundled sample site")
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["ours", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        (crawl_ours if options.only == "ours" else crawl_bare)(options.port, options.pages)
        return
    here, there = multiprocessing.Pipe()
    target, arguments = (serve_warc, (options.warc, there)) if options.warc and not options.sample else (serve_sample, (there,))
    server = multiprocessing.Process(target=target, args=arguments, daemon=True)
    server.start()
    there.close()
    port = here.recv()
    speeds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(options.rounds):
        for what, found in speeds.items():
            speed, pages = measure(what, port, options.pages)
            found.append(speed)
            sys.stdout.write(f"{what:5} {speed:7.1f} pages/s ({pages} pages)\n")
            sys.stdout.flush()
    server.terminate()
    ratio = statistics.median(speeds["ours"]) / statistics.median(speeds["bare"])
    sys.stdout.write(f"ours / bare Scrapy spider: {ratio:.2f} (aim: {AIM} or more)\n")


if __name__ == "__main__":
    main()
