"""Web archives: where their index and their playback lie, how politely they must be asked, and what an answer of playback says of the original.

Pure. Nothing is asked here; `wayback` asks, `cdx` reads the index.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

from rabat_crawler.errors import ConfigError
from rabat_crawler.extract.hosts import is_loopback
from rabat_crawler.urls import canonical, url_key

Dialect = Literal["wayback", "pywb", "plain", ""]
"""How an index is asked: archive.org's CDX server, pywb's, a plain one such as OutbackCDX; "" while nobody has asked it yet."""

Headers = tuple[tuple[str, str], ...]

ORIGINAL = "x-archive-orig-"
"""What archives put before the names of the original's headers."""

ADDED = frozenset(
    "memento-datetime link content-location date preference-applied connection keep-alive transfer-encoding server via age server-timing "
    "x-cache x-served-by content-security-policy strict-transport-security".split()
)
"""Headers that pywb, or a server before it, adds to an answer; those of the original carry `ORIGINAL` where the names are the same."""

KEPT_BARE = frozenset({"content-type", "content-encoding", "content-length", "content-language", "content-disposition", "location"})
"""Headers that archive.org gives without `ORIGINAL`, if it did not give them with it."""

TIMESTAMP = re.compile(r"\d{14}")
IN_PLAYBACK = re.compile(r"(\d{4,14})(?:[a-z]{2}_)?/(https?:/{1,2}.+)", re.I | re.S)
_SPLIT_SCHEME = re.compile(r"^(https?):/{1,2}", re.I)
_TIMESTAMP_FORMAT = "%Y%m%d%H%M%S"
FIRST_YEAR = 1990
"""Nothing on the web was captured before; a time that says so is none."""

_ADDRESS_SAFE = "!$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds from one request to the next to the index and to playback, seconds to hold after a 429 that does not say how long, pauses between tries."""

    index: float = 1.0
    playback: float = 1.0
    hold: float = 60.0
    pauses: tuple[float, ...] = (2.0, 8.0, 32.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A web archive. `index` is the address of its CDX server, `playback` the template of a memento's address with {timestamp} and {url}.

    `root` is what a person gave, `known` True for an archive whose published limits stand here.
    """

    name: str
    index: str
    playback: str
    dialect: Dialect
    root: str
    limits: Limits = field(default_factory=Limits)
    known: bool = False


SOURCES = {
    "internet-archive": Source(
        name="internet-archive",
        index="https://web.archive.org/cdx/search/cdx",
        playback="https://web.archive.org/web/{timestamp}id_/{url}",
        dialect="wayback",
        root="https://web.archive.org/",
        limits=Limits(index=2.6),  # 24 a minute are allowed, shared with timemaps; 0.4 a second
        known=True,
    ),
    "arquivo": Source(
        name="arquivo",
        index="https://arquivo.pt/wayback/cdx",
        playback="https://arquivo.pt/wayback/{timestamp}id_/{url}",
        dialect="pywb",
        root="https://arquivo.pt/wayback/",
        known=True,
    ),
}
"""The archives known by name, with limits at or below those that they publish."""


def source_from(wanted: str) -> Source:
    """The archive of a name or address; ConfigError says what may be given.

    An address is that of a collection (pywb), of a CDX server, of an archive like archive.org, or two with a comma between: a CDX server and
    a playback template with {timestamp} and {url}.
    """
    if wanted in SOURCES:
        return SOURCES[wanted]
    index, _, playback = wanted.partition(",")
    root = canonical(index)
    if root is None:
        raise ConfigError(f"{wanted!r} is no web archive: give {', '.join(SOURCES)}, or the http(s) address of a collection or of a CDX server")
    if playback:
        return _two_addresses(wanted, root, playback)
    host = urlsplit(root).hostname
    named = next((one for one in SOURCES.values() if urlsplit(one.root).hostname == host), None)
    if named is not None:
        return named
    root = root.split("?")[0]
    if root.endswith("/cdx/search/cdx"):
        return _like_wayback(root.removesuffix("cdx/search/cdx"))
    if root.endswith("/web/"):
        return _like_wayback(root.removesuffix("web/"))
    if root.endswith("/cdx"):
        return _like_pywb(root.removesuffix("cdx"))
    root = root if root.endswith("/") else root + "/"
    return Source(name=_name(root), index="", playback="", dialect="", root=root)


def candidates(source: Source) -> tuple[Source, ...]:
    """What an archive of unknown dialect may be, the likeliest first; itself if its dialect is known."""
    if source.dialect:
        return (source,)
    return _like_pywb(source.root), _like_wayback(source.root)


def in_dialect(source: Source, dialect: str) -> Source:
    """The archive with the dialect that it was found to speak; as it is if that is not known."""
    return next((replace(one, limits=source.limits) for one in candidates(source) if dialect and one.dialect == dialect), source)


def _like_wayback(root: str) -> Source:
    return Source(
        name=_name(root), index=f"{root}cdx/search/cdx", playback=f"{_template(root)}web/{{timestamp}}id_/{{url}}", dialect="wayback", root=root
    )


def _like_pywb(root: str) -> Source:
    return Source(name=_name(root), index=f"{root}cdx", playback=f"{_template(root)}{{timestamp}}id_/{{url}}", dialect="pywb", root=root)


def _two_addresses(wanted: str, index: str, playback: str) -> Source:
    if not playback.startswith(("http://", "https://")) or playback.count("{timestamp}") != 1 or not playback.endswith("{url}"):
        raise ConfigError(
            f"{wanted!r}: behind the comma stands a playback address such as http://127.0.0.1:8080/past/{{timestamp}}id_/{{url}}, ending in {{url}}"
        )
    return Source(name=_name(index), index=index, playback=playback, dialect="plain", root=playback.partition("{timestamp}")[0])


def _template(root: str) -> str:
    return root.replace("{", "%7B").replace("}", "%7D")


def _name(root: str) -> str:
    """A name that can stand in a record's header: host and path of the address."""
    return root.partition("://")[2].strip("/")[:200]


def slowed(source: Source, delay: float | None) -> Source:
    """The archive, asked no faster than once in `delay` seconds; faster than its limits only on this machine, where pauses shrink as well."""
    if delay is None:
        return source
    limits = source.limits
    if not is_loopback(source.root):
        return replace(source, limits=replace(limits, index=max(limits.index, delay), playback=max(limits.playback, delay)))
    share = min(1.0, delay)
    pauses = tuple(pause * share for pause in limits.pauses)
    return replace(source, limits=Limits(index=delay, playback=delay, hold=limits.hold * share, pauses=pauses))


def timestamp_of(moment: datetime) -> str:
    """A time as archives write it: 14 digits, UTC."""
    return moment.astimezone(UTC).strftime(_TIMESTAMP_FORMAT).rjust(14, "0")


def moment_of(timestamp: str) -> datetime | None:
    """The aware UTC time of 14 digits; None if they are none, or no time at which there was a web."""
    if not TIMESTAMP.fullmatch(timestamp) or not timestamp.isascii() or int(timestamp[:4]) < FIRST_YEAR:
        return None
    try:
        return datetime.strptime(timestamp, _TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def memento_url(source: Source, timestamp: str, url: str) -> str:
    """The address at which an archive plays a capture back as it was (`id_`); what could not stand in a request is percent-encoded."""
    return source.playback.replace("{timestamp}", timestamp).replace("{url}", quote(url, safe=_ADDRESS_SAFE))


def parse_memento_url(source: Source, address: str) -> tuple[str, str] | None:
    """Timestamp and original address of a playback address of this archive, whatever its modifier; None for any other address."""
    before = source.playback.partition("{timestamp}")[0]
    if not address.startswith(before):
        return None
    found = IN_PLAYBACK.fullmatch(address[len(before) :])
    # Servers that squeeze double slashes out of a path give `http:/www...`.
    return (found[1], _SPLIT_SCHEME.sub(r"\1://", found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """What an answer of playback says. `captured_at` None: it is no memento, but the archive's own word.

    `headers` are the original's, made consistent with the body as received; `location` is the original's redirect target. `moved`: timestamp and
    address of the capture that the archive sends us to; `foreign`: a redirect that leads out of its playback. `note` says why the body is not the
    original's byte for byte.
    """

    url: str
    status: int
    captured_at: datetime | None = None
    headers: Headers = ()
    location: str | None = None
    moved: tuple[str, str] | None = None
    foreign: str | None = None
    note: str = ""


def read_playback(source: Source, address: str, status: int, headers: Sequence[tuple[str, str]]) -> Playback:
    """Tell the original's answer from the archive's own; `address` is what was asked."""
    asked = parse_memento_url(source, address)
    url = asked[1] if asked else address
    given = {name.lower(): value for name, value in reversed(headers)}
    if _own_redirect(source, address, status, given):
        return _redirected(source, address, url, status, given)
    captured_at = http_date(given.get("memento-datetime", ""))
    if captured_at is None and any(name.startswith(ORIGINAL) for name in given) and asked:
        captured_at = moment_of(asked[0])
    if captured_at is None or not FIRST_YEAR < captured_at.year < 9999:
        return Playback(url=url, status=status)
    kept, note = _consistent(original_headers(source, headers), given, source)
    location = next((value for name, value in kept if name.lower() == "location"), None)
    return Playback(
        url=url, status=status, captured_at=captured_at.astimezone(UTC).replace(microsecond=0), headers=kept, location=location, note=note
    )


def _own_redirect(source: Source, address: str, status: int, given: dict[str, str]) -> bool:
    """True if the archive itself redirects: to another capture of the address, or somewhere that is none."""
    location = given.get("location")
    if not 300 <= status < 400 or status == 304 or location is None or ORIGINAL + "location" in given:
        return False
    if "memento-datetime" not in given or "x-archive-redirect-reason" in given:
        return True
    asked, target = parse_memento_url(source, address), parse_memento_url(source, urljoin(address, location))
    # An archived redirect from http to https has one key, too, but keeps the time.
    return asked is not None and target is not None and url_key(asked[1]) == url_key(target[1]) and asked[0] != target[0]


def _redirected(source: Source, address: str, url: str, status: int, given: dict[str, str]) -> Playback:
    target = urljoin(address, given["location"])
    moved = parse_memento_url(source, target)
    return Playback(url=url, status=status, moved=moved, foreign=None if moved else target)


def original_headers(source: Source, headers: Sequence[tuple[str, str]]) -> Headers:
    """The headers that the original carried, as far as the archive gives them; redirect targets are the original's own."""
    prefixed = {name.lower().removeprefix(ORIGINAL) for name, _ in headers if name.lower().startswith(ORIGINAL)}
    found: list[tuple[str, str]] = []
    for name, value in headers:
        lower = name.lower()
        if lower.startswith(ORIGINAL):
            found.append((name[len(ORIGINAL) :], value))
        elif lower not in prefixed and (lower in KEPT_BARE if source.dialect == "wayback" else lower not in ADDED):
            found.append((name, unwritten(source, value) if lower == "location" else value))
    return tuple((name, value) for name, value in found if name)


def unwritten(source: Source, location: str) -> str:
    """A redirect target without the archive's own address before it."""
    inside = parse_memento_url(source, urljoin(source.root, location))
    return inside[1] if inside else location


def _consistent(original: Headers, given: dict[str, str], source: Source) -> tuple[Headers, str]:
    """The headers with the coding that the body has as received, and a note if that is not the coding of the original."""
    received = _coding(given.get("content-encoding"))
    stated = given.get(ORIGINAL + "content-encoding")
    # archive.org gives every header of the original with its prefix, so a bare one is the archive's own; with pywb it is the original's.
    archived = _coding(stated) if stated is not None else "identity" if source.dialect == "wayback" else received
    if archived == received:
        return original, ""
    kept = [("X-Archive-Orig-Content-Encoding" if name.lower() == "content-encoding" else name, value) for name, value in original]
    if stated is None:
        kept = [(name, value) for name, value in kept if name.lower() != "x-archive-orig-content-encoding"]
    if received != "identity":
        kept.append(("Content-Encoding", received))
    return tuple(kept), f"body re-encoded in playback: archived as {archived}, received as {received}"


def _coding(value: str | None) -> str:
    return (value or "").strip().lower() or "identity"


def http_date(value: str) -> datetime | None:
    """The aware time of an HTTP date, None if it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds from a Retry-After header (seconds or a date); None if there is none or it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment = http_date(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def time_bounds(first: str | None, last: str | None) -> tuple[str, str]:
    """Years, months or days ("2010", "2014-05") as first and last timestamp, the last one included whole; "" where there is no bound."""
    low = (first or "").replace("-", "")
    high = (last or "").replace("-", "")
    return low and low + "00000101000000"[len(low) :], high and high + "99991231235959"[len(high) :]
