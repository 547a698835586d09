"""A web archive on loopback for demos and tests: it speaks archive.org's dialect and pywb's, and goes wrong as it is told to."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, urljoin

from rabat_crawler.demo.cdx import EARLIEST, WARC_FILE, BadQuery, Index, Query, pywb, surt, wayback
from rabat_crawler.demo.collection import Headers, Memento
from rabat_crawler.demo.faults import Fault, Faults
from rabat_crawler.demo.server import Request, Serving
from rabat_crawler.demo.site import HTML, Response

CDX_PATH = "/cdx/search/cdx"
COLLECTION = "sample"
BLOCKED = {
    "blocked": "AdministrativeAccessControlException: Blocked Site Error",
    "robots": "RobotAccessControlException: Blocked By Robots",
}
KEPT = ("content-type", "content-encoding")
"""Headers of the captured answer that a playback has under their own name too."""

_PLAYBACK = re.compile(r"^/([A-Za-z0-9_-]+)/(\d{1,14})([a-z]{2}_)?/(https?:.+)$", re.IGNORECASE)
_TIMEMAP = re.compile(r"^/([A-Za-z0-9_-]+)/timemap/link/(https?:.+)$", re.IGNORECASE)


class WebArchive:
    """The pages of a web archive that holds `mementos`.

    archive.org's dialect: `/cdx/search/cdx?url=...` and `/web/<time>id_/<url>`; pywb's: `/<collection>/cdx?url=...` and
    `/<collection>/<time>id_/<url>`. `block`: rows of a block of the index, the unit of `pageSize`. `zipnum` off: a pywb whose index has no pages.
    """

    def __init__(
        self, mementos: Iterable[Memento], *, faults: Sequence[Fault] = (), collection: str = COLLECTION, block: int = 50, zipnum: bool = True
    ) -> None:
        self.mementos = tuple(sorted(mementos, key=lambda one: one.captured_at))
        self.collection = collection
        self.zipnum = zipnum
        self.index = Index(self.mementos, block=block)
        self._faults = Faults(faults)
        self._by_key: dict[str, list[Memento]] = {}
        for memento in self.mementos:
            self._by_key.setdefault(surt(memento.url), []).append(memento)

    def page(self, path_with_query: str, *, origin: str, gzip_ok: bool = False) -> Response:
        """The answer to GET on a path; ConnectionDropped where the connection is to be reset."""
        wrong = self._faults.strike(path_with_query)
        if wrong is not None:
            return wrong
        path, _, query = path_with_query.partition("?")
        if path == CDX_PATH:
            return self._wayback_cdx(parse_qs(query))
        if path == f"/{self.collection}/cdx":
            return self._pywb_cdx(parse_qs(query))
        timemap, asked = _TIMEMAP.match(path_with_query), _PLAYBACK.match(path_with_query)
        if timemap and timemap[1] in ("web", self.collection):
            return self._timemap(f"{origin}/{timemap[1]}", timemap[2])
        if asked and asked[1] in ("web", self.collection):
            play = self._play if asked[1] == "web" else self._pywb_play
            return play(f"{origin}/{asked[1]}", asked[2], asked[3] or "", asked[4])
        return _say(404, "There is no such page.")

    def _wayback_cdx(self, query: Query) -> Response:
        try:
            media_type, text = wayback(self.index, query)
        except BadQuery as error:
            return Response(400, (("Content-Type", "text/plain"),), f"{error}\n".encode())
        return Response(200, (("Content-Type", media_type),), text.encode())

    def _pywb_cdx(self, query: Query) -> Response:
        try:
            media_type, text = pywb(self.index, query, zipnum=self.zipnum)
        except BadQuery as error:
            message = str(error).replace("\\", "\\\\").replace('"', '\\"')
            return Response(400, (("Content-Type", "application/json; charset=utf-8"),), f'{{"message": "{message}"}}'.encode())
        return Response(200, (("Content-Type", media_type),), text.encode())

    def _held(self, url: str) -> list[Memento]:
        """All captures of an address, the oldest first; none of what is no address."""
        try:
            return self._by_key.get(surt(url), [])
        except ValueError:
            return []

    def _nearest(self, timestamp: str, url: str) -> Memento | None:
        """The capture of an address that is nearest to a time; of several at one second, the one of exactly this address."""
        try:
            wanted = _moment(timestamp)
        except ValueError:
            return None
        return min(self._held(url), key=lambda one: (abs((_moment(one.timestamp) - wanted).total_seconds()), one.url != url), default=None)

    def _play(self, web: str, timestamp: str, modifier: str, url: str) -> Response:
        memento = self._nearest(timestamp, url)
        if memento is None or (memento.play == "missing" and memento.timestamp == timestamp):
            return _say(404, "The archive has no capture of this address.")
        if memento.timestamp != timestamp:
            location = f"{web}/{memento.timestamp}{modifier}/{memento.url}"
            return Response(
                302, (("Content-Type", HTML), ("Location", location), ("X-Archive-Redirect-Reason", f"found at {memento.timestamp}")), b""
            )
        if memento.play in BLOCKED:
            return _say(403, "This address is not available.", ("X-Archive-Wayback-Runtime-Error", BLOCKED[memento.play]))
        target = memento.header("Location")
        moved = (("Location", f"{web}/{timestamp}{modifier}/{urljoin(memento.url, target)}"),) if target else ()
        kept, body = _sent(memento)
        headers = (
            *kept,
            *moved,
            *((f"X-Archive-Orig-{name}", value) for name, value in memento.headers),
            *self._memento_headers(web, memento),
            ("X-Archive-Src", f"sample-{memento.timestamp[:8]}/{WARC_FILE}"),
        )
        return Response(memento.status, headers, body)

    def _pywb_play(self, web: str, timestamp: str, modifier: str, url: str) -> Response:
        """As pywb: the nearest capture at once, and redirects with the target that they had."""
        memento = self._nearest(timestamp, url)
        if memento is None or memento.play == "missing":
            return _say(404, "URL Not Found")
        if memento.play in BLOCKED:
            return _say(451, "Access to this address is restricted.")
        kept, body = _sent(memento, (*KEPT, "location"))
        renamed = ((f"X-Archive-Orig-{name}", value) for name, value in memento.headers if name.lower() not in (*KEPT, "location", "content-length"))
        place = ("Content-Location", f"{web}/{memento.timestamp}{modifier}/{memento.url}")
        return Response(memento.status, (*kept, *renamed, *self._memento_headers(web, memento), place), body)

    def _memento_headers(self, web: str, memento: Memento) -> Headers:
        when = _http_date(memento)
        link = ", ".join(
            (
                f'<{memento.url}>; rel="original"',
                f'<{web}/timemap/link/{memento.url}>; rel="timemap"; type="application/link-format"',
                f'<{web}/{memento.url}>; rel="timegate"',
                f'<{web}/{memento.timestamp}id_/{memento.url}>; rel="memento"; datetime="{when}"',
            )
        )
        return (("Memento-Datetime", when), ("Link", link))

    def _timemap(self, web: str, url: str) -> Response:
        held = self._held(url)
        if not held:
            return _say(404, "The archive has no capture of this address.")
        lines = [f'<{url}>; rel="original"', f'<{web}/timemap/link/{url}>; rel="self"; type="application/link-format"']
        lines += [f'<{web}/{one.timestamp}id_/{one.url}>; rel="memento"; datetime="{_http_date(one)}"' for one in held]
        return Response(200, (("Content-Type", "application/link-format"),), (",\n".join(lines) + "\n").encode())


def serve_archive(
    mementos: Iterable[Memento],
    *,
    faults: Sequence[Fault] = (),
    port: int = 0,
    collection: str = COLLECTION,
    block: int = 50,
    zipnum: bool = True,
    log: Callable[[Request], None] | None = None,
) -> Serving:
    """A web archive on 127.0.0.1 (use with `with`); what was asked, and when, is in its `requests`. OSError if the port is taken."""
    pages = WebArchive(mementos, faults=faults, collection=collection, block=block, zipnum=zipnum)
    return Serving(pages, port=port, log=log, cookies=False)


def _sent(memento: Memento, names: Sequence[str] = KEPT) -> tuple[Headers, bytes]:
    """Headers and body as they are played back: as archived, or packed otherwise where the memento says so."""
    kept = tuple((name, value) for name, value in memento.headers if name.lower() in names)
    if memento.play not in ("as identity", "as other gzip"):
        return kept, memento.body
    plain = gzip.decompress(memento.body)
    if memento.play == "as other gzip":
        return kept, gzip.compress(plain, 1, mtime=1)
    return tuple(pair for pair in kept if pair[0].lower() != "content-encoding"), plain


def _moment(timestamp: str) -> datetime:
    return datetime.strptime(timestamp + EARLIEST[len(timestamp) :], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _http_date(memento: Memento) -> str:
    return format_datetime(memento.captured_at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _say(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(
        status, (("Content-Type", HTML), *headers), f"<html><head><title>{text}</title></head><body><p>{text}</p></body></html>\n".encode()
    )
