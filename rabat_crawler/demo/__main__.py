"""`python -m rabat_crawler.demo --port 8000`: serve the sample site until interrupted."""

from __future__ import annotations

import argparse
import sys

from rabat_crawler.demo.epochs import EPOCHS
from rabat_crawler.demo.server import Request, serve
from rabat_crawler.demo.site import SampleSite


def _log(request: Request) -> None:
    sys.stderr.write(f"{request.method} {request.path} {request.status}\n")


def main() -> int:
    """Exit code 0 after an interruption, 1 if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m rabat_crawler.demo", description="Serve the bundled sample site on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000, help="port, 0 for a free one (default: 8000)")
    parser.add_argument("--edition", type=int, choices=(1, 2), default=1, help="2: the same site one later night")
    parser.add_argument("--epoch", choices=tuple(EPOCHS), default="middle", help="the site under the addresses of another time (default: middle)")
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    options = parser.parse_args()
    try:
        site = SampleSite(edition=options.edition, epoch=options.epoch)
    except ValueError as error:
        parser.error(str(error))
    try:
        serving = serve(site, port=options.port, log=None if options.quiet else _log)
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"cannot listen on port {options.port}: {error}; choose another with --port\n")
        return 1
    epoch = "" if options.epoch == "middle" else f" ({options.epoch})"
    with serving:
        sys.stdout.write(f"sample site{epoch} on {serving.origin}/ (Ctrl-C stops it)\n")
        sys.stdout.flush()
        try:
            serving.wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
