"""CDXJ lines as pywb writes and reads them: the index by which other programs replay our WARC files. Pure.

Its keys are the web archives' common ones, which fold letter case; our own `url_key`, by which captures are found here, keeps it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes, urlsplit

from rabat_crawler.models import Capture
from rabat_crawler.urls import canonical

REVISIT = "warc/revisit"
_WWW = re.compile(r"^www\d*\.")
_SESSION_PATH = re.compile(r";jsessionid=[0-9a-z]{32}(?=/|$|\?)|;cfid=.*$", re.I)
_SESSION_QUERY = re.compile(r"^(?:jsessionid|phpsessid|sid|aspsessionid[a-z]{8}|cfid|cftoken)=", re.I)
_KEPT = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
MAX_ROUNDS = 5
"""So often is an address unescaped at most: one that was escaped more often was made to waste time."""


def timestamp(moment: datetime) -> str:
    """A time as web archives write it: 14 digits, UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S").rjust(14, "0")


def surt(url: str) -> str:
    """`org,example)/path?a=1&b=2`: labels reversed, no scheme, no www, lower case, parameters sorted. An address that cannot be read is its own key.

    Equal to what pywb computes, as far as its answers for the addresses of such sites show; not for user names in addresses, IPv4 in short, stray
    per cents, several session numbers, or a path that climbs above its root.
    """
    clean = canonical(url)
    if clean is None:
        return url.replace(" ", "%20")
    parts = urlsplit(clean)
    host = _WWW.sub("", parts.hostname or "")
    key = host if ":" in host else ",".join(reversed(host.split(".")))  # also of an IPv4 address, as pywb has it
    port = f":{parts.port}" if parts.port is not None else ""
    path = _escaped(_SESSION_PATH.sub("", parts.path)).lower()
    path = path.rstrip("/") or "/"
    kept = (_escaped(part).lower() for part in parts.query.split("&") if not _SESSION_QUERY.match(part))
    query = "&".join(sorted(kept, key=lambda pair: tuple(pair.split("=", 1))))
    return f"{key}{port}){path}" + (f"?{query}" if query else "")


def _escaped(text: str) -> str:
    """Escaped where it must be, and nowhere else, however often it was escaped before."""
    raw = text.encode("utf-8", "surrogatepass")
    for _ in range(MAX_ROUNDS):
        plain = unquote_to_bytes(raw)
        if plain == raw:
            break
        raw = plain
    return quote(raw, safe=_KEPT)


def cdxj_line(capture: Capture) -> str:
    """One capture as a line of CDXJ, without its line end. All values are text, what is not known is left out; a revisit has no status and its own media type."""
    revisit = capture.record_type == "revisit"
    values = {
        "url": capture.url,
        "mime": REVISIT if revisit else capture.media_type or "unk",
        "status": str(capture.status) if capture.record_type == "response" else "-",
        "digest": _digest(capture),
        "length": str(capture.length),
        "offset": str(capture.offset),
        "filename": capture.warc_file,
    }
    return f"{surt(capture.url)} {timestamp(capture.captured_at)} {json.dumps({name: value for name, value in values.items() if value != '-'})}"


def _digest(capture: Capture) -> str:
    """The digest that the record itself states: SHA-256 in ours, SHA-1 without its label in most others'."""
    stated = capture.sha1 if capture.source == "import" and capture.sha1 else capture.digest
    return stated.removeprefix("sha1:") or "-"


def cdxj_lines(captures: Iterable[Capture]) -> list[str]:
    """The lines of an index, sorted by bytes as those who search it expect."""
    return sorted((cdxj_line(capture) for capture in captures), key=str.encode)
