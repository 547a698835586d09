"""`python -m rabat_crawler.demo --port 8000`: serve the sample site, or a web archive of it, until interrupted."""

from __future__ import annotations

import argparse
import sys

from rabat_crawler.demo.collection import HOST, ready_collection
from rabat_crawler.demo.epochs import EPOCHS
from rabat_crawler.demo.server import Request, Serving, serve
from rabat_crawler.demo.site import SampleSite
from rabat_crawler.demo.web_archive import CDX_PATH, COLLECTION, serve_archive


def _log(request: Request) -> None:
    sys.stderr.write(f"{request.method} {request.path} {request.status}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rabat_crawler.demo", description="Serve the bundled sample site on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="port, 0 for a free one (default: 8000)")
    parser.add_argument("--edition", type=int, choices=(1, 2), default=1, help="2: the same site one later night")
    parser.add_argument("--epoch", choices=tuple(EPOCHS), default="middle", help="the site under the addresses of another time (default: middle)")
    parser.add_argument("--web-archive", action="store_true", help="serve a web archive that holds all three epochs instead")
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    return parser


def _archive_told(origin: str) -> str:
    held = len(ready_collection())
    return (
        f"web archive of {HOST}, {held} captures of 2016 to 2024 (Ctrl-C stops it)\n"
        f"  archive.org's dialect  {origin}{CDX_PATH}?url={HOST}&matchType=host&output=json\n"
        f"                         {origin}/web/20190610id_/https://{HOST}/fr/\n"
        f"  pywb's dialect         {origin}/{COLLECTION}/cdx?url={HOST}&matchType=host&output=json\n"
        f"                         {origin}/{COLLECTION}/20190610id_/https://{HOST}/fr/\n"
    )


def _site_told(origin: str, epoch: str) -> str:
    return f"sample site{'' if epoch == 'middle' else f' ({epoch})'} on {origin}/ (Ctrl-C stops it)\n"


def main() -> int:
    """Exit code 0 after an interruption, 1 if the port is taken, 2 for options that do not go together."""
    parser = _parser()
    options = parser.parse_args()
    log = None if options.quiet else _log
    if options.web_archive and (options.edition, options.epoch) != (1, "middle"):
        parser.error("the web archive holds all epochs; leave out --epoch and --edition")
    try:
        site = SampleSite(edition=options.edition, epoch=options.epoch)
    except ValueError as error:
        parser.error(str(error))
    try:
        serving: Serving = (
            serve_archive(ready_collection(), port=options.port, log=log) if options.web_archive else serve(site, port=options.port, log=log)
        )
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"cannot listen on port {options.port}: {error}; choose another with --port\n")
        return 1
    with serving:
        sys.stdout.write(_archive_told(serving.origin) if options.web_archive else _site_told(serving.origin, options.epoch))
        sys.stdout.flush()
        try:
            serving.wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
