"""CDXJ lines as pywb writes and reads them: the index by which other programs replay our WARC files. Pure.

Its keys are the web archives' common ones, which fold letter case; our own `url_key`, by which captures are found here, keeps it.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes, unquote_to_bytes

from rabat_crawler.models import Capture

REVISIT = "warc/revisit"
_PARTS = re.compile(r"^(?:https?://)*(?:[^/?#]*@)?(\[[^/?#\]]*\]|[^/?#:]*)(?::([^/?#]*))?([^?#]*)(?:\?([^#]*))?", re.I | re.S)
_DROPPED = re.compile(r"[\t\r\n]")
_WWW = re.compile(rb"^www\d*\.")
_NUMBER = re.compile(rb"^(?:0x[0-9a-f]+|\d+)$")
_ASPX_SESSION = re.compile(rb"/(?:\((?:[a-z]\([0-9a-z]{24}\))+\)|\([0-9a-z]{24}\))(?=/[^?]+\.aspx)")
_SESSIONS = tuple(
    re.compile(rb"(?:%b)(?:&|$)" % kind)
    for kind in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
)
_KEPT = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_DEFAULT_PORTS = {"http": "80", "https": "443"}
MAX_ROUNDS = 50
"""So often is an address unescaped at most: one that was escaped more often was made to waste time."""


def timestamp(moment: datetime) -> str:
    """A time as web archives write it: 14 digits, UTC."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S").rjust(14, "0")


def surt(url: str) -> str:
    """The key by which web archives sort an address: host reversed without "www", no scheme, all in lower case, parameters in order.

    It equals what pywb computes, so that an index of ours is found by it. What is no address at all is its own key.
    """
    text = _DROPPED.sub("", url.strip())
    found = _PARTS.match(text)
    host = _host(found[1]) if found else ""
    if not found or not host or not text.lower().startswith(("http://", "https://")):
        return url
    scheme = text.partition(":")[0].lower()
    port = found[2] if found[2] and found[2] != _DEFAULT_PORTS.get(scheme) else ""
    query = _query(found[4] or "")
    return host + (f":{port}" if port else "") + ")" + _path(found[3]) + (f"?{query}" if query else "")


def _host(host: str) -> str:
    """The labels of a host from the last to the first; an IPv4 address as well, as those who invented these keys did."""
    if host.startswith("["):
        return host[1:-1].lower()
    bare = _unescaped(host)
    if not bare.isascii():
        try:
            bare = bare.decode("utf-8", "ignore").encode("idna")
        except UnicodeError:
            pass
    bare = re.sub(rb"\.{2}", b".", bare).strip(b".").lower()
    bare = _WWW.sub(b"", _ipv4(bare) or bare)
    return ",".join(reversed(_escaped(bare).split(".")))


def _ipv4(host: bytes) -> bytes | None:
    """The usual form of an IPv4 address that is written as one number, with fewer than four, or in octal; None for any other host."""
    numbers = host.split(b".")
    if len(numbers) > 4 or not all(_NUMBER.match(number) for number in numbers) or host.startswith(b"0x"):
        return None
    try:
        values = [int(number, 8 if number.startswith(b"0") and len(number) > 1 and number.isdigit() else 0) for number in numbers]
        last = 256 ** (5 - len(values))
        if len(values) == 1:
            values = [values[0] & 0xFFFFFFFF]
        if any(value > 255 for value in values[:-1]) or values[-1] >= last:
            return None
        whole = sum(value << (8 * (3 - place)) for place, value in enumerate(values[:-1])) + values[-1]
        return str(ipaddress.IPv4Address(whole)).encode()
    except ValueError:
        return None


def _path(path: str) -> str:
    """The path without dot segments, empty segments, escapes that need not be, session ids, and the slash at its end."""
    segments: list[bytes] = []
    parts = _unescaped(path).split(b"/")[1:]
    for part in parts:
        if part == b"..":
            # With nothing before it, it stays: so the key of such an address is not that of another one.
            segments = segments[:-1] if segments else [part]
        elif part != b".":
            segments.append(part)
    kept = [segment for segment in segments[:-1] if segment] + segments[-1:]
    whole = _escaped(b"/" + b"/".join(kept)).lower().encode("ascii")
    whole = _ASPX_SESSION.sub(b"", whole)
    return (whole[:-1] if whole.endswith(b"/") and len(whole) > 1 else whole).decode("ascii")


def _query(query: str) -> str:
    whole = _escaped(_unescaped(query)).lower().encode("ascii")
    for pattern in _SESSIONS:  # of each kind the last one only, as the others do
        for last in list(pattern.finditer(whole))[-1:]:
            whole = whole[: last.start()] + whole[last.end() :]
    if len(whole) <= 1:
        return whole.decode("ascii")
    return "&".join(sorted(whole.decode("ascii").split("&"), key=lambda pair: tuple(pair.split("=", 1))))


def _unescaped(text: str) -> bytes:
    """The bytes without percent-escapes, also those of an address that was escaped several times over."""
    found = text.encode("utf-8", "replace")
    for _ in range(MAX_ROUNDS):
        plain = unquote_to_bytes(found)
        if plain == found:
            break
        found = plain
    return found


def _escaped(raw: bytes) -> str:
    return quote_from_bytes(raw, safe=_KEPT)


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
