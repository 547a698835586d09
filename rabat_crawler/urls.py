"""Addresses: canonical form, identity key, scope, and what a crawler does with each link (fetch, fold into another, skip) and why.

Pure. Nothing here opens an address; `decide` is the only judge of scope, so that links, redirects, feeds and sitemaps pass one gate.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit, urlunsplit

from rabat_crawler.models import Site

Action = Literal["fetch", "skip"]
Target = Literal["page", "document", "feed"]

MAX_URL = 800
REPEATED_SEGMENTS = 3
MAX_SEGMENTS = 20
FEW, DATED, PAGED, MANY = 60, 200, 500, 5000
"""How many addresses of one pattern are asked in a round: views and calendars, archives by date, pages of a listing, numbered content."""
DEFAULT_PORTS = {"http": 80, "https": 443}

ID_SEGMENT = re.compile(r"^(\d{1,9})-[^/]+$")
"""Joomla's `<id>-<alias>`: of an article or of a category, only the page can tell which."""

DOCUMENT_SUFFIX = re.compile(r"\.(pdf|docx?|pptx?|xlsx?|odt|ods|odp|rtf|zip)$", re.I)
ASSET_SUFFIX = re.compile(
    r"\.(?:jpe?g|png|gif|svgz?|webp|avif|ico|bmp|tiff?|css|js|mjs|json|map|woff2?|ttf|eot|mp3|mp4|m4v|avi|mov|wmv|webm|ogg|ogv|wav|exe|dmg|apk|iso)$",
    re.I,
)
_SAFE_PATH = "!$&'()*+,-./:;=@_~%"
_HEX_NAME = re.compile(r"^[0-9a-f]{32}$")
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?]*|/\([SF]\([A-Za-z0-9_-]{20,60}\)\)(?=/)", re.I)
_DOTS = re.compile(r"/{2,}")

COPY_PARAMETERS = {
    "tmpl": "print view",
    "print": "print view",
    "layout": "layout copy",
    "template": "template copy",
    "page_format": "print view",
    "limit": "page size copy",
    "itemid": "menu copy",
    "amp": "mobile copy",
    "replytocom": "comment form",
    "var_mode": "cache copy",
    "lang_switch": "language switch",
}
TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|_ga|pk_\w+|matomo_\w+|ref|share|cfid|cftoken|sid|\w{0,20}sess(?:ion)?_?id\w{0,20}|oscsid|zenid|_?csrf\w{0,20}|(?:_wp)?nonce)$",
    re.I,
)
FILTERS = re.compile(r"^(?:filter[\w\[\]-]*|limitstart)$", re.I)

SKIPPED_PATHS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"/component/mailto\b", re.I), "mailto form"),
    (re.compile(r"/component/(?:users|user)\b|/(?:wp-login\.php|wp-signup\.php|user/(?:login|register|password))", re.I), "login form"),
    (re.compile(r"/component/(?:search|finder)\b", re.I), "search page"),
    (re.compile(r"/component/(?:ajax|banners|newsfeeds|weblinks|wrapper)\b", re.I), "component without content"),
    (re.compile(r"/(?:administrator|wp-admin|wp-json|wp-includes|cgi-bin|ecrire)(?:/|$)", re.I), "administration"),
    (
        re.compile(
            r"/print(?:mail|pdf)?/(?:node/)?\d+$|/\d+/(?:print|imprimer|printable)$|/(?:tellafriend|email-?friend|envoyer-a-un-ami)(?:/|$)", re.I
        ),
        "print view",
    ),
    (re.compile(r"/(?:year|month|week|day|cat)\.(?:calendar|listevents|listeevents)(?:/|$)", re.I), "calendar view"),
    (re.compile(r"/(?:xmlrpc\.php|wp-trackback\.php|trackback)/?$", re.I), "trackback"),
)
SKIPPED_QUERY: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("option", re.compile(r"^com_mailto$", re.I), "mailto form"),
    ("option", re.compile(r"^com_users?$", re.I), "login form"),
    ("option", re.compile(r"^com_(?:search|finder)$", re.I), "search page"),
    ("view", re.compile(r"^(?:login|registration|remind|reset|profile)$", re.I), "login form"),
    ("format", re.compile(r"^(?:opensearch|raw|json|ajax|pdf|vcf)$", re.I), "machine form"),
    ("type", re.compile(r"^atom$", re.I), "second form of a feed"),
    ("searchword", re.compile(r""), "search page"),
    ("searchphrase", re.compile(r""), "search page"),
    ("s", re.compile(r""), "search page"),
    ("q", re.compile(r""), "search page"),
    ("recherche", re.compile(r""), "search page"),
    ("search", re.compile(r""), "search page"),
    ("query", re.compile(r""), "search page"),
    ("keywords", re.compile(r""), "search page"),
    ("search_api_fulltext", re.compile(r""), "search page"),
    ("tribe-bar-date", re.compile(r""), "calendar view"),
    ("ical", re.compile(r""), "machine form"),
    ("outlook-ical", re.compile(r""), "machine form"),
    ("task", re.compile(r""), "action link"),
    ("action", re.compile(r""), "action link"),
    ("return", re.compile(r""), "action link"),
    ("do", re.compile(r"^(?:login|register)$"), "login form"),
)
FEED_PATH = re.compile(r"/(?:feed|rss|atom)/?$|\.(?:rss|atom|feed)$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with a link: `url` is what to request, `key` its identity (equal for all copies), `reason` why it was folded or skipped."""

    action: Action
    url: str
    key: str
    reason: str = ""
    target: Target = "page"


@lru_cache(maxsize=32768)
def canonical(url: str) -> str | None:
    """The address in one spelling: lower-case scheme and host, no default port, no fragment, no dot segments, no needless escapes.

    Idempotent. None if it is no http(s) address, carries a user name, or has a broken host or port.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or parts.username is not None or re.search(r"[\s\\<>\"{}|^`\x00-\x20]", host):
        return None
    scheme = parts.scheme.lower()
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    host = host.rstrip(".").lower() or host
    name = f"[{host}]" if ":" in host else host
    netloc = name if port in (None, DEFAULT_PORTS[scheme]) else f"{name}:{port}"
    path = _clean_path(parts.path)
    return urlunsplit((scheme, netloc, path, _clean_query(parts.query), ""))


def _clean_path(path: str) -> str:
    path = _SESSION_PATH.sub("", path)
    path = (
        quote(unquote_to_bytes(path), safe=_SAFE_PATH.replace("%", ""))
        if "%" in path or not path.isascii() or " " in path
        else quote(path, safe=_SAFE_PATH)
    )
    segments: list[str] = []
    parts = _DOTS.sub("/", path or "/").split("/")
    for segment in parts:
        if segment == "..":
            if len(segments) > 1:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    cleaned = "/".join(segments)
    if parts[-1] in (".", "..") and not cleaned.endswith("/"):
        cleaned += "/"
    return cleaned if cleaned.startswith("/") else "/" + cleaned


def _clean_query(query: str) -> str:
    return quote(query, safe="!$&'()*+,-./:;=?@_~%[]") if query else ""


@lru_cache(maxsize=32768)
def url_key(url: str) -> str:
    """The address in the order archives sort by (SURT): host labels reversed, no scheme, no www, no trailing slash, parameters sorted.

    Letter case of the path is kept. An address that cannot be read is its own key.
    """
    clean = canonical(url)
    if clean is None:
        return url
    parts = urlsplit(clean)
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return _host_key(parts) + ")" + (parts.path.rstrip("/") or "/") + (f"?{query}" if query else "")


def _host_key(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if _address(host) is None:
        host = ",".join(reversed(host.removeprefix("www.").split(".")))
    return host if parts.port is None else f"{host}:{parts.port}"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def origin_of(url: str) -> str | None:
    """`scheme://host[:port]` of an address, None if it is no http(s) address."""
    clean = canonical(url)
    return None if clean is None else "{0.scheme}://{0.netloc}".format(urlsplit(clean))


@lru_cache(maxsize=32768)
def in_scope(url: str, site: Site) -> bool:
    """True if the crawler may ask for it: the mirror's one origin if there is one, else one of the site's hosts on a default port."""
    origin = origin_of(url)
    if origin is None:
        return False
    if site.origin is not None:
        return origin == site.origin
    parts = urlsplit(origin)
    return parts.port is None and any(host.name == parts.hostname and host.crawl for host in site.hosts)


def path_language(url: str, site: Site) -> str | None:
    """The language that the address names: its first path segment (or `lang=`), if it is one of the site's languages."""
    parts = urlsplit(url)
    path = parts.path.removeprefix("/index.php")
    first = path.lstrip("/").split("/", 1)[0].lower()
    if first in site.languages:
        return first
    lang = next((value.lower()[:2] for name, value in parse_qsl(parts.query) if name == "lang"), None) if "lang=" in parts.query else None
    return lang if lang in site.languages else None


@lru_cache(maxsize=65536)
def decide(url: str, site: Site) -> Decision:
    """What to do with a link found on the site. The one gate: scope, traps, copies; the same address gives the same answer always."""
    clean = canonical(url)
    if clean is None or len(url) > MAX_URL:
        return Decision(action="skip", url=url, key=url, reason="not a usable address" if clean is None else f"longer than {MAX_URL} characters")
    if not in_scope(clean, site):
        return Decision(action="skip", url=clean, key=url_key(clean), reason="outside the site")
    parts = urlsplit(clean)
    refused = _refusal(parts, site)
    folded, why = _folded(parts)
    key = _identity(folded, site)
    if refused:
        return Decision(action="skip", url=folded, key=key, reason=refused)
    return Decision(action="fetch", url=folded, key=key, reason=why, target=_target(urlsplit(folded)))


def _refusal(parts: SplitResult, site: Site) -> str:
    path = parts.path
    if ASSET_SUFFIX.search(path):
        return "image, script or style"
    for pattern, reason in SKIPPED_PATHS:
        if pattern.search(path):
            return reason
    if any(path.lower().startswith(skipped) for skipped in site.skip_paths):
        return "search page" if re.search(r"search|recherche", path, re.I) else "left out by the site definition"
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > MAX_SEGMENTS or any(segments.count(segment) >= REPEATED_SEGMENTS for segment in set(segments)):
        return "path repeats itself"
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {}
    return next((reason for name, pattern, reason in SKIPPED_QUERY if name in query and pattern.search(query[name])), "")


def _folded(parts: SplitResult) -> tuple[str, str]:
    path, reason = parts.path, ""
    if path == "/index.php" and not parts.query:
        path, reason = "/", "index.php copy"
    elif path.startswith("/index.php/"):
        path, reason = path.removeprefix("/index.php") or "/", "index.php copy"
    if not parts.query:
        return urlunsplit((parts.scheme, parts.netloc, path, "", "")), reason
    kept: list[tuple[str, str]] = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        said = _copy_reason(name, value)
        if name.lower() == "limitstart" and value.isdigit() and value != "0":
            kept.append(("start", value))
            reason = reason or "second spelling of start"
        elif said:
            reason = reason or said
        else:
            kept.append((name, value))
    if not reason:
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), ""
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(kept, safe=":/,"), "")), reason


def _copy_reason(name: str, value: str) -> str:
    lower = name.lower()
    if lower in COPY_PARAMETERS:
        return COPY_PARAMETERS[lower]
    if TRACKING.match(lower) or _HEX_NAME.match(lower):
        return "tracking or session parameter"
    if FILTERS.match(lower):
        return "filter of a listing"
    if lower == "page" and value in ("0", ""):
        return "print view"
    if lower == "start" and value in ("0", ""):
        return "first page of a listing"
    return ""


def _identity(url: str, site: Site) -> str:
    """url_key, but with Joomla's `<id>-<alias>` the path before it does not count: only the language and that segment do."""
    key = url_key(url)
    head, _, query = key.partition("?")
    host, _, path = head.partition(")")
    last = path.rsplit("/", 1)[-1]
    if ID_SEGMENT.match(last) and not DOCUMENT_SUFFIX.search(last):
        language = path_language(url, site)
        path = f"/{language}/~/{last.removesuffix('.html')}" if language else f"/~/{last.removesuffix('.html')}"
        return f"{host}){path}" + (f"?{query}" if query else "")
    return key


def _target(parts: SplitResult) -> Target:
    if DOCUMENT_SUFFIX.search(parts.path):
        return "document"
    if "format=feed" in parts.query or FEED_PATH.search(parts.path) or "page=backend" in parts.query:
        return "feed"
    return "page"


def fold_key(url: str, site: Site) -> str:
    """The identity of an address within a site: equal for an article's page, its print view and its other menu paths."""
    return decide(url, site).key


_DATE_LIKE = re.compile(r"^(?:\d{1,8}(?:[-._]\d{1,4}){0,3}|(?:\d{1,2}-)?[a-zéèûä]{3,9}[-_]\d{4,})(?:\.html?)?$", re.I)
_DATED = re.compile(r"/(?:19|2\d)\d\d/\d{1,2}(?:/|$)|/\d{4,}[-._]\d{1,2}|/(?:\d{1,2}-)?[a-zéèûä]{3,9}[-_]\d{4,}(?:/|\.|$)", re.I)
_CALENDAR = re.compile(r"^(?:calendar|calendrier|kalender|calendario|agenda|events?|evenements?)$", re.I)
_CONTENT_NAME = re.compile(r"^(?:option|view|id|catid|lang|start|limitstart|p|page_id|cat|paged|(?:article|rubrique|breve|mot|auteur)\d{1,9})$")


@lru_cache(maxsize=32768)
def budget_of(url: str) -> tuple[str, int]:
    """The pattern that an address belongs to and how many addresses of it may be asked in a round; ("", 0) if it is bound by nothing.

    Endless calendars, archives by date, and views that only differ by parameters are few patterns with very many addresses.
    """
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    shape = parts.netloc + "/" + "/".join("0" if _DATE_LIKE.match(segment) else segment for segment in segments)
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)] if parts.query else []
    if names and not all(name == "start" for name in names):
        return (shape + "?", MANY) if all(_CONTENT_NAME.match(name) for name in names) else (shape + "?", FEW)
    if not segments or not _DATE_LIKE.match(segments[-1]):
        return "", 0
    if any(_CALENDAR.match(segment) for segment in segments):
        return shape, FEW
    if _DATED.search(parts.path):
        return shape + "#", DATED
    return (shape, PAGED) if len(segments) > 1 and segments[-2].lower() in ("page", "seite") else (shape, MANY)
