"""How an archived page is shown to a browser: its address here, the headers that keep it from running anything or asking anybody. Pure.

Used by `replay --open` and by the reading room. What was captured is given as it is, unless `keep_links` is asked to turn its links into the archive.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urldefrag, urljoin

from rabat_crawler.cdxj import timestamp
from rabat_crawler.models import Capture

POLICY = "sandbox; default-src 'none'; base-uri 'none'; style-src 'unsafe-inline'; img-src data:"
"""No script, no form, no frame, nothing from anywhere: the page is text with its own inline styles, and of no origin. Its `<base>` does not count,
so that relative links stay here."""

SHOWN_IN_PLACE = ("text/", "image/", "application/xhtml", "application/xml", "application/json")
"""What a browser shows by itself; everything else is offered as a file."""
LINK_FORMAT = "application/link-format"
_MEMENTO = re.compile(r"^/(\d{14})(?:[a-z]{2}_)?/(https?:/{1,2}.+)$", re.I | re.S | re.ASCII)
_SLASHES = re.compile(r"^(https?):/{1,2}", re.I)
_RAW = re.compile(r"^/\d{14}id_/", re.ASCII)
_LINK = re.compile(rb"""(<(?:a|area)\b[^<>]{0,2000}?\shref\s{0,9}=\s{0,9})(?:"([^"<>]{0,4000})"|'([^'<>]{0,4000})')""", re.I)
_BASE = re.compile(rb"""<base\b[^<>]{0,500}?\shref\s{0,9}=\s{0,9}["']([^"'<>]{1,2000})["']""", re.I)
_IN_PATH = "!$&'()*+,/:;=@~%?[]"
_IN_HEADER = re.compile(r"[^\t -~\xa0-\xff]")


def memento_path(moment: datetime, url: str, *, modifier: str = "id_") -> str:
    """Where a capture is served: so that relative links of its page lead to captures of about the same time."""
    return f"/{timestamp(moment)}{modifier}/{quote(url, safe=_IN_PATH)}"


def read_path(path: str) -> tuple[str, str] | None:
    """The 14 digits and the address of such a path; None for any other. Servers that squeeze slashes out of a path give `http:/www...`."""
    found = _MEMENTO.match(path)
    return (found[1], _SLASHES.sub(r"\1://", found[2])) if found else None


def is_raw(path: str) -> bool:
    """Whether such a path asks for the very bytes (`id_`)."""
    return bool(_RAW.match(path))


def keep_links(body: bytes, url: str, address: Callable[[str], str]) -> bytes:
    """An HTML page with its links to other pages turned by `address`; links within the page, mail addresses and the like stay as they are.

    Only the values of `href` in `<a>` and `<area>` change; a page in UTF-16 stays as it is.
    """
    found = _BASE.search(body[:20_000])
    base = joined(url, found[1]) if found else None

    def turned(link: re.Match[bytes]) -> bytes:
        value = link[2] if link[2] is not None else link[3]
        target = None if value.lstrip().startswith(b"#") else joined(base or url, value)
        return link[0] if target is None else link[1] + b'"' + html.escape(address(target)).encode("ascii", "replace") + b'"'

    return _LINK.sub(turned, body)


def joined(base: str, value: bytes) -> str | None:
    """The http(s) address that a link means, without its fragment; None for any other."""
    try:
        target = urldefrag(urljoin(base, html.unescape(value.decode("utf-8", "replace")).strip())).url
    except ValueError:
        return None
    return target if target.startswith(("http://", "https://")) else None


def moment_in(stamp: str) -> datetime | None:
    """The aware UTC time of 14 digits; None if they are no time."""
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def status_for(capture: Capture) -> int:
    """The status of the answer: a page that is shown is 200, also where its server said 304; an archived error stays one."""
    return 200 if capture.status < 400 else capture.status


def fields(capture: Capture, content_type: str | None, *, more_links: str = "") -> list[tuple[str, str]]:
    """The headers of an archived answer, each fit for a header."""
    kind = content_type or "application/octet-stream"
    found = [
        ("Content-Type", kind),
        ("Memento-Datetime", format_datetime(capture.captured_at.replace(microsecond=0), usegmt=True)),
        ("Link", f'<{quote(capture.url, safe=_IN_PATH)}>; rel="original"{more_links}'),
    ]
    if not kind.strip().lower().startswith(SHOWN_IN_PLACE):
        found.append(("Content-Disposition", "attachment"))
    return [(name, clean(value)) for name, value in (*found, *guards())]


def guards() -> tuple[tuple[str, str], ...]:
    """The headers that every answer of archived matter has, an error's too."""
    return (("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))


def clean(value: str) -> str:
    """The value without what cannot stand in a header."""
    return _IN_HEADER.sub("?", value)


def link_format(url: str, times: list[tuple[datetime, str]], timemap: str) -> str:
    """The TimeMap (RFC 7089) of an address: every capture's time and where it is served, the oldest first."""
    lines = [f'<{quote(url, safe=_IN_PATH)}>; rel="original"', f'<{timemap}>; rel="self"; type="{LINK_FORMAT}"']
    for number, (moment, address) in enumerate(times):
        which = "".join((" first" * (number == 0), " last" * (number == len(times) - 1)))
        lines.append(f'<{address}>; rel="{(which + " memento").strip()}"; datetime="{format_datetime(moment.replace(microsecond=0), usegmt=True)}"')
    return ",\n".join(lines) + "\n"
