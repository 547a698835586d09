"""The key by which CDX indexes sort addresses (SURT), and the lines of a CDXJ index. Pure; written after what pywb's index holds for the same addresses."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, unquote_to_bytes, urlsplit

from rabat_crawler.extract.urls import canonical
from rabat_crawler.models import Capture

_WWW = re.compile(r"^www\d*\.")
_SESSION_PATH = re.compile(r";jsessionid=[0-9a-z]{32}(?=/|$|\?)|;cfid=.*$", re.I)
_SESSION_QUERY = re.compile(r"^(?:jsessionid|phpsessid|sid|aspsessionid[a-z]{8}|cfid|cftoken)=", re.I)
_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"


def surt(url: str) -> str:
    """`org,example)/path?a=1&b=2`: labels reversed, no scheme, no www, lower case, parameters sorted. An address that cannot be read is its own key."""
    clean = canonical(url)
    if clean is None:
        return url.replace(" ", "%20")
    parts = urlsplit(clean)
    host = _WWW.sub("", parts.hostname or "")
    numeric = bool(re.fullmatch(r"[\d.]+", host)) or ":" in host
    key = host if numeric else ",".join(reversed(host.split(".")))
    port = f":{parts.port}" if parts.port is not None else ""
    path = _escaped(_SESSION_PATH.sub("", parts.path)).lower()
    path = path.rstrip("/") or "/"
    query = "&".join(sorted(_escaped(part).lower() for part in parts.query.split("&") if part and not _SESSION_QUERY.match(part)))
    return f"{key}{port}){path}" + (f"?{query}" if query else "")


def _escaped(text: str) -> str:
    """Escaped where it must be, and nowhere else, however often it was escaped before."""
    raw = text.encode("utf-8", "surrogatepass")
    for _ in range(5):
        plain = unquote_to_bytes(raw)
        if plain == raw:
            break
        raw = plain
    return quote(raw, safe=_SAFE)


def cdxj_line(capture: Capture, filename: str) -> str:
    """The line of a capture in a CDXJ index, as pywb writes it: the values are strings, a revisit has its own media type and no status."""
    fields = {"url": capture.url, "mime": capture.media_type or "unk", "status": str(capture.status)}
    if capture.record_type == "revisit":
        fields["mime"] = "warc/revisit"
    if capture.digest:
        fields["digest"] = capture.digest if ":" in capture.digest else f"sha1:{capture.digest}"
    fields |= {"length": str(capture.length), "offset": str(capture.offset), "filename": filename}
    return f"{surt(capture.url)} {capture.captured_at:%Y%m%d%H%M%S} {json.dumps(fields, ensure_ascii=False)}"
