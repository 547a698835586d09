"""Is a capture the page, or something that stood in its place? A score from independent evidence, each piece said in words.

Pure. A single weak sign never condemns: articles are about domain sales and error 404, real pages are short, partners write in their languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import prod
from urllib.parse import urlsplit

from rabat_crawler.extract.html import fold
from rabat_crawler.extract.resold import Sign, resold_signs
from rabat_crawler.extract.stock_phrases import ABSENT, DEFAULT, KINDS, MAINTENANCE, OF_HOST, PARKED, PARKING_HOSTS, PARKING_SCRIPTS, UNBUILT, Stock
from rabat_crawler.extract.walls import MAX_SOURCE, visible_text, wall_of
from rabat_crawler.models import Link, Problem, Site

BAD = 0.5
"""From this score on a capture gives no drafts and counts as nothing seen."""
STRONG, WEAK = 0.85, 0.4
IN_TITLE = 0.6
"""A phrase in the title counts so much of what it counts in the text, which mostly says it again."""
MOST = 2
"""So many phrases of one kind count: what is said three times is no three pieces of evidence."""
FURNISHED = 0.5
"""A page with the site's own menu, or that names the site, is the site's own page: its phrases count so much less."""
OWN_LINKS = 3
NOTICES = (MAINTENANCE, UNBUILT, DEFAULT)
WRITTEN = 0.8
"""What somebody wrote as an article can be a notice of these kinds; its phrases count so much."""
SHORT = 300
"""Characters of an item's text below which it is looked at like a page of unknown markup."""
LONG_TITLE = 12
_THIN = ((40, 1.0), (80, 0.8), (150, 0.35), (300, 0.15))
"""Up to so many words on the page a phrase in it counts so much; in a longer text it counts nothing."""
REASONS = {
    "empty_body": "empty page", "sent_away": "page that only leads to another site", "parked_domain": "page of a parked domain",
    "resold_domain": "page of another owner of the domain", "suspended": "notice that the site is suspended",
    "soft_error": "error message with status 200", "not_found": "\"not found\" with status 200", "maintenance": "notice of maintenance",
    "under_construction": "placeholder page", "default_page": "default page of a server", "archived_error": "message of a web archive",
}  # fmt: skip
"""The codes of pages that stand in the place of a page, each with what an address that answers so has failed for."""
_NAMED = frozenset((ABSENT.code, PARKED.code))
"""An error page or an article that names the site is the site's; a notice of maintenance or a failure that names it is one all the same."""

_MEDIA = re.compile(r"<(?:img|i?frame|object|embed|video|audio|canvas|area|svg|form)\b", re.I)
_SCRIPT = re.compile(r"<script\b", re.I)
_FRAME = re.compile(r"<(i?frame)\b[^<>]{0,500}?\bsrc\s{0,5}=\s{0,5}[\"']?([^\"'\s<>]{1,500})", re.I)
_REFRESH = re.compile(
    r"<meta\b[^<>]{0,200}\bhttp-equiv\s{0,5}=\s{0,5}[\"']?refresh\b[^<>]{0,200}?\burl\s{0,5}=\s{0,5}[\"']?([^\"'\s<>]{1,500})", re.I
)
_JUMP = re.compile(
    r"\blocation(?:\.href)?\s{0,5}=\s{0,5}[\"']([^\"'\s<>]{1,500})[\"']|\blocation\.(?:replace|assign)\(\s{0,5}[\"']([^\"'\s<>]{1,500})[\"']", re.I
)
_LOADED = re.compile(
    r"<(?:script|i?frame|img|form|link)\b[^<>]{0,300}?\b(?:src|href|action)\s{0,5}=\s{0,5}[\"']?(?:https?:)?//([^\"'\s<>/]{1,250})", re.I
)
_HOST = re.compile(r"//([a-z0-9.-]{4,250})")
_LINKED = re.compile(r"<a\b[^<>]{0,300}?\bhref\s{0,5}=\s{0,5}[\"']?(?:https?:)?//([^\"'\s<>/]{1,250})", re.I)
_WARNING = re.compile(r"\b(?:fatal|parse) error\b.{0,600}\bon line [0-9]")
_STATUS_PAGE = re.compile(r"(?:error |erreur )?[45][0-9][0-9](?: [a-z]+){0,4}")
_OUT_OF_THE_WAY = frozenset(("", "index.html", "index.htm", "index.php"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Badness:
    """How surely a capture is not the page, from 0 to 1, and what was seen, the strongest first."""

    score: float
    reasons: tuple[Problem, ...] = ()

    @property
    def is_bad(self) -> bool:
        """True from BAD on."""
        return self.score >= BAD


GOOD = Badness(score=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the judge looks at: the source, its visible text as it is and folded, and whose page it seems to be."""

    source: str
    text: str
    folded: str
    words: int
    title: str
    said: frozenset[str]
    said_in_title: frozenset[str]
    host: str
    own_links: int
    names_site: bool
    site: Site

    def thin(self) -> float:
        """How much a phrase says on a page of so many words."""
        return next((weight for words, weight in _THIN if self.words <= words), 0.0)


def judge(
    *,
    status: int,
    headers: Sequence[tuple[str, str]] = (),
    url: str,
    source: str,
    title: str,
    text: str = "",
    declared: str = "",
    links: Iterable[Link] = (),
    site: Site,
    captured_at: datetime,
    known: bool = False,
    as_article: bool = False,
) -> Badness:
    """The badness of one answer with an HTML body.

    `source` is the decoded HTML, `title` its title, `declared` the two letters of `<html lang>`, `links` what it links to, absolute. `text` is
    what the layout read as its items; `known`: that was the layout of a known CMS, and a quick look at title and text is enough; `as_article`: the
    page was taken for an article.
    """
    if status != 200:
        return judge_status(status)
    source = source[:MAX_SOURCE]
    if known:
        return _quick(url, source, title, text, declared, site, captured_at)
    shown = _look(url, source, title, links, site)
    signs = [*_walls(headers, shown), *_parking(shown), *_phrases(shown, as_article), *_empty(shown), *_away(shown)]
    signs += resold_signs(url=url, title=title, text=shown.text, source=source, declared=declared, site=site, captured_at=captured_at)
    return _added_up(signs)


def judge_status(status: int) -> Badness:
    """The badness of an answer by its status alone: 404 and 410 are answers, redirects and 304 too; other errors are nothing of the page."""
    if status in (200, 404, 410) or 300 <= status < 400:
        return GOOD
    return Badness(score=1.0, reasons=(Problem(code="archived_error", message=f"the server answered {status} instead of the page"),))


def _added_up(signs: Iterable[Sign]) -> Badness:
    ordered = sorted(signs, key=lambda sign: -sign.weight)
    score = round(1.0 - prod(1.0 - sign.weight for sign in ordered), 3)
    return Badness(score=score, reasons=tuple(Problem(code=sign.code, message=sign.message) for sign in ordered)) if ordered else GOOD


def _quick(url: str, source: str, title: str, text: str, declared: str, site: Site, captured_at: datetime) -> Badness:
    """What a known layout read needs no look at its source; but a re-sold domain runs a CMS, too, and a notice can be an article."""
    signs = list(resold_signs(url=url, title=title, text=text, source=source, declared=declared, site=site, captured_at=captured_at))
    if text and len(text) < SHORT and _stock(f" {fold(text)} "):
        shown = _look(url, f"{title} {text}", title, (), site)
        signs += [sign for kind in NOTICES for sign in _said(kind, shown, WRITTEN)]
    return _added_up(signs) if signs else GOOD


def _look(url: str, source: str, title: str, links: Iterable[Link], site: Site) -> _Shown:
    text = visible_text(source)
    words = text.count(" ") + 1 if text else 0
    few = words <= _THIN[-1][0]
    host = _host(url)
    folded_title = fold(title[:500])
    folded = f" {fold(text)} " if few else ""
    if words > _THIN[0][0] and folded_title:  # its headline says the title again, which is no further evidence
        folded = folded.replace(f" {folded_title} ", " ")
    return _Shown(
        source=source,
        text=text,
        folded=folded,
        words=words,
        title=f" {folded_title} ",
        said=_stock(folded),
        said_in_title=_stock(f" {folded_title} "),
        host=host,
        own_links=_own_links(url, links, site) if few else 0,
        names_site=_is_named(f" {folded_title} {folded}", host, site),
        site=site,
    )


@lru_cache(maxsize=64)
def _names(site: Site) -> frozenset[str]:
    """The names under which the site speaks of itself; a name of one word says too little (a domain's own parking page repeats its host)."""
    return frozenset(name for part in site.title.split("/") if " " in (name := fold(part)))


def _is_named(folded: str, host: str, site: Site) -> bool:
    """True if the text names the site, not just its host, as a page that sells the domain does."""
    without = folded.replace(f" {fold(host)} ", " ") if host else folded
    return any(f" {name} " in without for name in _names(site))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def _is_own(host: str, own: str, site: Site) -> bool:
    host = host.lower().rsplit("@", 1)[-1].split(":", 1)[0].removeprefix("www.").rstrip(".")
    return not host or host == own or any(known.name.removeprefix("www.") == host for known in site.hosts)


def _own_links(url: str, links: Iterable[Link], site: Site) -> int:
    """How many other paths of the site the page links to (OWN_LINKS at most): a menu of the site's own."""
    own, seen = _host(url), {urlsplit(url).path} if _host(url) else set()
    count = 0
    for link in links:
        path = urlsplit(link.url).path
        if path not in seen and path.strip("/") not in _OUT_OF_THE_WAY and _is_own(_host(link.url), own, site):
            seen.add(path)
            count += 1
            if count >= OWN_LINKS:
                break
    return count


# The signs ----------------------------------------------------------------------------------------------------------------------


def _walls(headers: Sequence[tuple[str, str]], shown: _Shown) -> Iterator[Sign]:
    wall = wall_of(200, headers, shown.title, shown.source, shown.text)
    if wall == "login" and _weight(MAINTENANCE, shown) >= BAD:
        return  # a closed site leaves its editors a door
    if wall:
        yield Sign(wall, 0.95 if wall == "challenge" else 0.9, f"a {wall} page stands before the page")


def _empty(shown: _Shown) -> Iterator[Sign]:
    """Nothing to be seen, and nothing that a reader could follow or load."""
    if shown.words > 2 or shown.own_links or _MEDIA.search(shown.source) or "<a " in shown.source.lower() or _REFRESH.search(shown.source):
        return
    if shown.words:
        yield Sign("empty_body", 0.4, f"the page shows nothing but {shown.text[:40]!r}")
        if not shown.title.strip():
            yield Sign("empty_body", 0.1, "it has no title")
        if "<" not in shown.source:
            yield Sign("empty_body", 0.2, "it has no markup")
    elif _SCRIPT.search(shown.source):
        yield Sign("empty_body", 0.7, "the page shows nothing without its scripts")
    else:
        yield Sign("empty_body", 0.95, "the page shows nothing at all")


def _away(shown: _Shown) -> Iterator[Sign]:
    """A page that does nothing but send the reader to another site, or show another site in a frame."""
    if shown.words > 25 or shown.own_links:
        return
    alone = 0.75 if shown.words <= 10 else 0.55
    refresh = _REFRESH.search(shown.source)
    jump = _JUMP.search(shown.source)
    target = _foreign(refresh[1] if refresh else "", shown) or _foreign((jump[1] or jump[2]) if jump else "", shown)
    if target:
        yield Sign("sent_away", alone, f"the page does nothing but send its reader to {target}")
    frames = _FRAME.findall(shown.source)
    framed = [_foreign(address, shown) for _, address in frames]
    if framed and all(framed):
        whole = shown.words <= 2 or frames[0][0].lower() == "frame"  # under a title and a line of text it is a film or a map
        yield Sign("sent_away", alone if whole else 0.35, f"the page does nothing but show {framed[0]} in a frame")


def _foreign(target: str, shown: _Shown) -> str:
    """The host of an absolute address that is none of the site's, "" otherwise."""
    if not target.lower().startswith(("http://", "https://", "//")):
        return ""
    host = _host("http:" + target if target.startswith("//") else target)
    return "" if _is_own(host, shown.host, shown.site) else host[:100]


def _phrases(shown: _Shown, as_article: bool) -> Iterator[Sign]:
    if not shown.folded:
        yield from _titled(PARKED, shown, 0.35)
        return
    for kind in KINDS:
        signs = list(_said(kind, shown))
        yield from signs
        if as_article and kind is ABSENT and len(signs) > 1:
            yield Sign(kind.code, 0.3, "it was taken for an article, of which it says that it is not there")
    name = fold(shown.host)
    if name and any(f" {name} {said} " in f"{shown.title}{shown.folded}" for said in OF_HOST):
        yield Sign(PARKED.code, STRONG * shown.thin(), f"it says that {shown.host} is for sale or has expired")
    yield from _broken_off(shown)
    if _STATUS_PAGE.fullmatch(shown.folded.strip()):
        code = ABSENT.code if shown.folded.strip().removeprefix("error ").removeprefix("erreur ")[:3] in ("404", "410") else "soft_error"
        yield Sign(code, 0.75, f"the page is nothing but the status of an error: {shown.text[:60]!r}")


def _said(kind: Stock, shown: _Shown, factor: float = 1.0) -> Iterator[Sign]:
    """The phrases of one kind in text and title, the strongest MOST of them, each for what it says on a page of this length."""
    factor *= shown.thin() * (FURNISHED if shown.own_links >= OWN_LINKS or (kind.code in _NAMED and shown.names_site) else 1.0)
    if factor <= 0 or not (shown.said or shown.said_in_title):
        return
    found = _distinct(kind.strong, shown.said)[:MOST]
    for phrase in found:
        yield Sign(kind.code, STRONG * factor, f"it says {phrase!r}, as {kind.meaning} does")
    for phrase in [one for one in _distinct(kind.weak, shown.said) if not any(one in strong for strong in found)][: MOST - len(found)]:
        yield Sign(kind.code, WEAK * factor**2, f"it says {phrase!r}, as {kind.meaning} does")
    yield from _titled(kind, shown, factor)


def _titled(kind: Stock, shown: _Shown, factor: float) -> Iterator[Sign]:
    if not shown.said_in_title or shown.title.count(" ") - 1 > LONG_TITLE:
        return
    strong = next((phrase for phrase in kind.strong if phrase in shown.said_in_title), None)
    weak = next((phrase for phrase in kind.weak if phrase in shown.said_in_title), None) if strong is None else None
    if strong or weak:
        yield Sign(
            kind.code, (STRONG * factor if strong else WEAK * factor**2) * IN_TITLE, f"its title says {strong or weak!r}, as {kind.meaning} does"
        )


@lru_cache(maxsize=1)
def _index() -> dict[str, tuple[str, ...]]:
    """Every phrase under its longest word: a text is asked only for those whose longest word it has."""
    index: dict[str, tuple[str, ...]] = {}
    for phrase in dict.fromkeys(phrase for kind in KINDS for phrase in (*kind.strong, *kind.weak)):
        longest = max(phrase.split(), key=len)
        index[longest] = (*index.get(longest, ()), phrase)
    return index


def _stock(folded: str) -> frozenset[str]:
    """The stock phrases that a folded text (with a space at both ends) holds."""
    index = _index()
    return frozenset(phrase for word in index.keys() & folded.split() for phrase in index[word] if f" {phrase} " in folded)


def _distinct(phrases: Sequence[str], said: frozenset[str]) -> list[str]:
    """Those of the phrases that are said, none that is a part of another."""
    found = [phrase for phrase in phrases if phrase in said]
    return [one for one in found if not any(one != other and f" {one} " in f" {other} " for other in found)]


def _weight(kind: Stock, shown: _Shown) -> float:
    return _added_up(_said(kind, shown)).score


def _broken_off(shown: _Shown) -> Iterator[Sign]:
    """PHP's own words, with hardly anything else."""
    found = _WARNING.search(shown.folded)
    if found:
        yield Sign("soft_error", STRONG * shown.thin(), "it shows a fatal error of PHP")


def _parking(shown: _Shown) -> Iterator[Sign]:
    """What parked pages load, and where they lead; a long page must say it in its title as well."""
    if not shown.folded and not any(True for _ in _titled(PARKED, shown, 1.0)):
        return
    lower = shown.source.lower()
    mark = next((mark for mark in PARKING_SCRIPTS if mark in lower and mark not in shown.text.lower()), None)
    if mark is None and not any(map(_parks, set(_HOST.findall(lower)))):
        return
    loaded = mark or next((host for host in _hosts(_LOADED, shown) if _parks(host)), None)
    if loaded:
        yield Sign(PARKED.code, 0.75 if shown.words <= 150 else 0.5, f"it loads {loaded}, as parked domains do")
    elif linked := next((host for host in _hosts(_LINKED, shown) if _parks(host)), None):
        yield Sign(PARKED.code, 0.4 * shown.thin(), f"it leads to {linked}, which trades in domains")


def _hosts(pattern: re.Pattern[str], shown: _Shown) -> Iterator[str]:
    return (found[1].lower() for found in pattern.finditer(shown.source))


@lru_cache(maxsize=4096)
def _parks(host: str) -> bool:
    return any(host == known or host.endswith("." + known) for known in PARKING_HOSTS)


__all__ = ["BAD", "REASONS", "Badness", "judge", "judge_status"]
