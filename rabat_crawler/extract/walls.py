"""Pages that stand in the way of a page: challenges, logins, error pages with status 200, the front page instead of what was removed.

Pure. Each test wants evidence beyond a widget, for ordinary pages have login modules, captchas in forms and scripts of Cloudflare, too.
"""

from __future__ import annotations

import html as html_entities
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from rabat_crawler.extract.html import fold
from rabat_crawler.models import Site
from rabat_crawler.urls import in_scope, url_key

Wall = Literal["", "challenge", "login"]

MAX_SOURCE = 300_000
FEW_WORDS = 150
"""A page with more words than this shows its content, whatever else it holds."""
FEW_WORDS_BESIDE_LOGIN = 60
SHINGLE = 3
ALIKE = 0.9
"""From this similarity on two pages say the same; tokens, dates and the path that an error page repeats are less than the rest."""

_CHALLENGE_HEADERS = {"cf-mitigated": ("challenge",), "x-amzn-waf-action": ("challenge", "captcha")}
_CHALLENGE_TITLES = (
    "just a moment",
    "un instant",
    "attention required cloudflare",
    "access denied cloudflare",
    "ddos guard",
    "checking your browser",
    "verification de votre navigateur",
    "making sure you re not a bot",
    "verification que vous n etes pas un robot",
    "verification que vous etes bien humain",
    "sucuri website firewall",
    "bot verification",
    "human verification",
    "security verification",
    "robot check",
    "are you a robot",
    "please verify you are human",
)
_CHALLENGE_MARKS = ("window._cf_chl_opt", "_cf_chl_opt=", "sucuri_cloudproxy_js", 'id="anubis_challenge"', "/.within.website/x/cmd/anubis/")
"""These stand in challenge pages only."""
_WIDGET_MARKS = (
    "/cdn-cgi/challenge-platform/",
    "_incapsula_resource",
    "/.well-known/ddos-guard/",
    "captcha-delivery.com",
    "px-captcha",
    "awswafcookiedomainlist",
    "g-recaptcha",
    "h-captcha",
    "cf-turnstile",
    "hcaptcha.com",
    "recaptcha/api.js",
    "errors.edgesuite.net",
)
"""These stand in ordinary pages, too (forms, scripts that watch); they count only on a page that shows hardly anything else."""
_PHRASES = (
    "checking your browser",
    "enable javascript and cookies to continue",
    "verify you are human",
    "verifying you are human",
    "while we verify your browser",
    "verifiez que vous etes humain",
    "confirm you are not a robot",
    "je ne suis pas un robot",
    "request unsuccessful incapsula incident",
    "performance security by cloudflare",
    "ddos protection by",
    "your access to this site has been limited",
    "access denied sucuri",
    "please turn javascript on and reload the page",
    "please complete the security check",
    "unusual traffic from your",
    "completez la captcha",
)

_PASSWORD = re.compile(r"<input\b[^<>]{0,500}\btype\s{0,5}=\s{0,5}[\"']?password\b", re.I)
_BODY = re.compile(r"<body\b([^<>]{0,2000})", re.I)
_LOGIN_BODIES = (("com_users", "view-login"), ("login-action-login",), ("path-user-login",))
"""Words in the classes of the body element of Joomla's, WordPress's and Drupal's login page."""
_LOGIN_TITLE = re.compile(
    r"\b(?:log ?in|sign ?in|log ?on|connexion|se connecter|connectez vous|identification|identifiez vous|authentification|authentication"
    r"|acces (?:reserve|restreint)|espace (?:membres?|reserve)|members? area|restricted area|password protected|mot de passe)\b"
)
_TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{0,500})", re.I)
_TAG = re.compile(r"<[^<>]{0,5000}>?")
_HIDDEN = ("script", "style", "template", "svg", "head")
_DROPPED = (*_HIDDEN, "nav", "select")
_LOGIN_SEGMENTS = frozenset(
    "login log-in signin sign-in logon sign_in connexion se-connecter identification authentification wp-login signon sso".split()
)
_LOGIN_HOST = re.compile(r"^(?:login|signin|sso|auth|accounts?|idp|adfs|cas|passport)\.", re.I)
_HOME_SEGMENTS = frozenset("index home accueil".split())


def wall_of(status: int, headers: Sequence[tuple[str, str]], title: str, source: str, shown: str | None = None) -> Wall:
    """What an answer shows instead of a page: "challenge" (a check for robots), "login", or "". `source` is its decoded HTML, `title` may be "".

    `shown` is its `visible_text`, for those who have it already.
    """
    for name, value in headers:
        if value.strip().lower() in _CHALLENGE_HEADERS.get(name.lower(), ()):
            return "challenge"
    source = source[:MAX_SOURCE]
    if "<" not in source:
        return "login" if status == 401 else ""
    if not title and (found := _TITLE.search(source)):
        title = html_entities.unescape(found[1])
    if _is_challenge(fold(title), source, shown):
        return "challenge"
    return "login" if status == 401 or _is_login(fold(title), source, shown) else ""


def _is_challenge(title: str, source: str, shown: str | None) -> bool:
    lower = source.lower()
    if any(mark in lower for mark in _CHALLENGE_MARKS):
        return True
    titled = any(title == known or title.startswith(known + " ") for known in _CHALLENGE_TITLES)
    widget = any(mark in lower for mark in _WIDGET_MARKS)
    if not titled and not widget and len(source) > 50_000:
        return False
    text = visible_text(source) if shown is None else shown
    if len(text.split()) > FEW_WORDS:
        return False
    folded = fold(text)
    said = any(phrase in folded for phrase in _PHRASES)
    return titled or said or (widget and not _PASSWORD.search(source) and len(folded.split()) <= 25)


def _is_login(title: str, source: str, shown: str | None) -> bool:
    if _PASSWORD.search(source) is None:
        return False
    body = _BODY.search(source)
    if body is not None and any(all(word in body[1] for word in words) for words in _LOGIN_BODIES):
        return True
    words = len((visible_text(source) if shown is None else shown).split())
    return words <= FEW_WORDS_BESIDE_LOGIN or (words <= FEW_WORDS and _LOGIN_TITLE.search(title) is not None)


def visible_text(source: str, *, menus: bool = False) -> str:
    """Roughly what a reader sees, on one line: no scripts, styles, comments, without `menus` no menus; cheaper than a parser, and linear."""
    text = _TAG.sub(" ", "".join(_shown(source, _HIDDEN if menus else _DROPPED)))
    return " ".join(html_entities.unescape(text).split())


def _shown(source: str, dropped: Sequence[str]) -> Iterator[str]:
    """The source without the elements that show no text of the page."""
    lower = source.lower()
    if len(lower) != len(source):  # a letter whose small form is two characters
        source = lower
    closed_from = {name: lower.rfind(f"</{name}") for name in dropped} | {"!--": lower.rfind("-->")}
    place = 0
    for found in re.finditer(rf"<(!--|(?:{'|'.join(dropped)})\b)", lower):
        name, start = found[1], found.start()
        if start < place or closed_from[name] < start:
            continue
        yield source[place:start]
        place = lower.find("-->" if name == "!--" else f"</{name}", start)
        place = len(lower) if place < 0 else place + (3 if name == "!--" else 0)
    yield source[place:]


def is_login_address(url: str) -> bool:
    """True if the address is that of a login, to which a page that wants one redirects."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    segments = [segment.lower() for segment in parts.path.split("/") if segment]
    last = segments[-1].rsplit(".", 1)[0] if segments else ""
    query = {name.lower(): value.lower() for name, value in parse_qsl(parts.query)} if parts.query else {}
    return (
        last in _LOGIN_SEGMENTS
        or any(
            pair in (("user", "login"), ("users", "login"), ("account", "login"), ("oauth2", "authorize")) for pair in itertools.pairwise(segments)
        )
        or segments[:2] in (["component", "users"], ["component", "user"])
        or (query.get("option") in ("com_users", "com_user") and query.get("view", "login") == "login")
        or (query.get("action") == "login" or query.get("do") == "login")
        or _LOGIN_HOST.match(host) is not None
    )


def similar(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1: the share of their runs of three words that both have. Numbers count as equal."""
    first, second = _shingles(one), _shingles(other)
    if not first or not second:
        return float(first == second)
    return len(first & second) / len(first | second)


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = ["0" if any(c.isdigit() for c in word) else word for word in fold(text).split()]
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))) if words else frozenset()


def is_front_page(url: str, site: Site) -> bool:
    """True if the address is a front page of the site: its root, the root of a language, or a start address."""
    if not in_scope(url, site):
        return False
    key = url_key(url)
    if any(url_key(start) == key for start in site.starts):
        return True
    parts = urlsplit(url)
    if any(name.lower() != "lang" for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return False
    segments = [segment.lower() for segment in parts.path.split("/") if segment and segment.lower() != "index.php"]
    if segments and segments[0] in site.languages:
        segments = segments[1:]
    return not segments or (len(segments) == 1 and segments[0].rsplit(".", 1)[0] in _HOME_SEGMENTS)
