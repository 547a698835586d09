"""Archived pages, without scripts and without asking anybody: at `/archived/<14 digits>id_/<address>` byte for byte as they were captured, at
`/archived/<14 digits>/<address>` with links that lead on within the archive. And the list of an address's captures.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from datasette import Response
from datasette.utils.asgi import Request

from rabat_crawler import playback
from rabat_crawler.archive import Archive
from rabat_crawler.archive.captured import Listed, Played, of_url
from rabat_crawler.archive.past import first_moment, last_moment
from rabat_crawler.errors import RecordError
from rabat_crawler.models import Capture
from rabat_crawler.web.cited import ARCHIVED
from rabat_crawler.web.room import Room

TIMEMAP = f"{ARCHIVED}/timemap/link/"
MAX_LISTED = 10_000
_IN_PATH = "!$&'()*+,/:;=@~%?[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The capture nearest to a time, and what it plays if that is its very time."""

    listed: Listed
    played: Played | None = None
    body: bytes = b""


async def archived(room: Room, request: Request) -> Response:
    """The capture of that time; from any other time a redirect to the nearest one."""
    path = _raw(request).removeprefix(ARCHIVED)
    read = playback.read_path(path)
    moment = playback.moment_in(read[0]) if read else None
    if read is None or moment is None:
        return await room.message(request, "missing", 404)
    stamp, url = read
    try:
        found = await room.ask(lambda archive: _find(archive, stamp, url))
    except RecordError:
        return await room.message(request, "broken", 500)
    if found is None:
        return await room.message(request, "missing", 404, url[:500])
    raw = playback.is_raw(path)
    if found.played is None:
        target = _address(found.listed.capture, raw=raw)
        return Response("", status=302, headers={"Location": target, **dict(playback.guards())})
    timemap = room.absolute(request, TIMEMAP + quote(found.listed.capture.url, safe=_IN_PATH))
    return _page(found, raw, timemap)


def _find(archive: Archive, stamp: str, url: str) -> _Found | None:
    """The capture of that second, whatever it is; else the full one nearest to it; None if there are no WARC files or nothing was captured."""
    moment = playback.moment_in(stamp)
    if moment is None or not archive.warc_dir.is_dir():
        return None
    archive.refuse_withheld(url)
    own = list(of_url(archive.connection, url, first=first_moment(stamp), last=last_moment(stamp)))
    if own:
        played = archive.play(own[-1])
        return _Found(listed=own[-1], played=played, body=played.body()[0])
    nearest = archive.nearest(url, moment)
    return _Found(listed=nearest) if nearest else None


def _address(capture: Capture, *, raw: bool) -> str:
    return ARCHIVED + playback.memento_path(capture.captured_at, capture.url, modifier="id_" if raw else "")


def _redirect_of(played: Played) -> str | None:
    """Where an archived redirect leads, within the archive; None for any other answer."""
    location = next((value for name, value in played.headers if name.lower() == "location"), None)
    if location is None or not 300 <= played.capture.status < 400 or played.capture.status == 304:
        return None
    target = playback.joined(played.capture.url, location.encode("utf-8", "surrogateescape"))
    return target and ARCHIVED + playback.memento_path(played.capture.captured_at, target, modifier="")


def _page(found: _Found, raw: bool, timemap: str) -> Response:
    """The answer as recorded, with the headers that keep it quiet; unless the very bytes are asked for, links of a page stay within the archive."""
    assert found.played is not None
    capture = found.played.capture
    if not raw and (target := _redirect_of(found.played)):
        return Response("", status=302, headers={"Location": target, **dict(playback.guards())})
    more = f', <{timemap}>; rel="timemap"; type="{playback.LINK_FORMAT}"'
    fields = dict(playback.fields(capture, found.played.content_type, more_links=more))
    kind = fields.pop("Content-Type")
    body = found.body
    if not raw and "html" in kind.lower():
        body = playback.keep_links(body, capture.url, lambda url: ARCHIVED + playback.memento_path(capture.captured_at, url, modifier=""))
    return Response(body, status=playback.status_for(capture), headers=fields, content_type=kind)


async def timemap(room: Room, request: Request) -> Response:
    """Every capture of an address in link format (RFC 7089), the latest MAX_LISTED of them."""
    url = _raw(request).removeprefix(TIMEMAP)
    here = room.absolute(request, ARCHIVED)
    listed = await room.ask(lambda archive: _listed(archive, url))
    if not listed:
        return await room.message(request, "missing", 404, url[:500])
    times = [(one.capture.captured_at, here + playback.memento_path(one.capture.captured_at, one.capture.url)) for one in listed]
    text = playback.link_format(url, times, room.absolute(request, TIMEMAP + quote(url, safe=_IN_PATH)))
    return Response(text, content_type=playback.LINK_FORMAT)


def _listed(archive: Archive, url: str) -> list[Listed]:
    archive.refuse_withheld(url)
    return [one for one in of_url(archive.connection, url) if one.full][-MAX_LISTED:] if archive.warc_dir.is_dir() else []


def _raw(request: Request) -> str:
    """Path and query as they were sent: an archived address may hold both."""
    sent: bytes = request.scope.get("raw_path") or request.path.encode()
    path = sent.decode("latin-1").partition("?")[0]
    return path + (f"?{request.query_string}" if request.query_string else "")


ROUTES = [(rf"^{TIMEMAP}.+", timemap), (rf"^{ARCHIVED}/(?P<memento>\d.*)$", archived)]
