"""What a web archive holds of the sample site: mementos of each epoch, made by following its links at given times. No socket, no clock."""

from __future__ import annotations

import gzip
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Literal
from urllib.parse import urljoin, urlsplit

from rabat_crawler.demo.epochs import EPOCHS, NEW
from rabat_crawler.demo.site import Response, SampleSite

HOST = "www.rabat-process.org"
MISSING_PAGE = "/fr/page-retiree"
"""An address that every epoch answers with 404, captured once in each."""

EPOCH_TIMES = {
    "old": (datetime(2016, 12, 20, 4, 10, 0, tzinfo=UTC),),
    "middle": (datetime(2019, 6, 10, 13, 0, 0, tzinfo=UTC), datetime(2019, 6, 18, 22, 45, 0, tzinfo=UTC)),
    "new": (datetime(2022, 3, 1, 8, 30, 0, tzinfo=UTC),),
}
"""When the ready collection visited the site; the second visit of the middle epoch saw nothing new."""

ASKED_AGAIN = {
    "old": (),
    "middle": (
        "/fr/actualites-du-dialogue/120-dossier-dix-ans-de-dialogue",
        "/fr/vie-du-dialogue/reunions/16-bamako-envoyer-de-l-argent-sans-perdre-le-fil",
    ),
    "new": (
        *NEW.moved,
        "/fr/en-action/actualites/138-presidence-belge-les-priorites-de-l-annee",
        "/en/publications/81-infographic-a-letter-s-journey",
    ),
}
"""Addresses of the epoch before that a visit asks again: the moved ones redirect; of two that are 404 one stands elsewhere, the other is gone."""

BETWEEN = timedelta(seconds=7)
_ADDRESS = re.compile(r"""<(a|link|img|script)\b[^>]*?\b(?:href|src)=["']([^"']*)["']""")
_COPY = re.compile(r"[?&](?:tmpl|print|searchword)=|[?&;]format=opensearch|/component/mailto")
_SCRIPTED = re.compile(r"\.(?:js|css|ico)(?:\?|$)")

Headers = tuple[tuple[str, str], ...]
Play = Literal["", "missing", "blocked", "robots", "as identity", "as other gzip"]
Listed = Literal["", "twice", "broken", "not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memento:
    """One capture that a web archive holds. `body`: as archived, content-encoded. `captured_at`: UTC, whole seconds count.

    `revisit`: the body was the one of an earlier memento, and the index says so. `play`: what goes wrong when it is played back:
    "missing" (404 for a listed row), "blocked" and "robots" (403 by the archive), or a gzip body played "as identity" or "as other gzip".
    `listed`: what goes wrong in the index: "twice", "broken" (half a line), "not" (left out).
    """

    url: str
    captured_at: datetime
    status: int
    headers: Headers
    body: bytes
    revisit: bool = False
    play: Play = ""
    listed: Listed = ""

    @property
    def timestamp(self) -> str:
        """The captured time as 14 digits."""
        return self.captured_at.astimezone(UTC).strftime("%Y%m%d%H%M%S")

    def header(self, name: str) -> str:
        """The first header of that name, case ignored; "" if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def media_type(self) -> str:
        """The media type without parameters; "unk" if the answer named none."""
        return self.header("Content-Type").split(";")[0].strip().lower() or "unk"


def visit(
    site: SampleSite, first: datetime, *, host: str = HOST, scheme: str = "https", copies: bool = False, also: Sequence[str] = ()
) -> list[Memento]:
    """Every page of a site by following its links from the front page, one each seven seconds from `first` on, with robots.txt and a 404.

    Listings with their further pages, articles with their parts and whole texts, feeds, documents, redirects, pictures. `copies`: print views
    and mail forms too; `also`: paths to ask besides.
    """
    origin = f"{scheme}://{host}"
    found: list[Memento] = []
    for path in (*_paths(site, origin, copies=copies), *also):
        response = site.page(path, origin=origin, gzip_ok=len(found) % 2 == 1)
        at = first + BETWEEN * len(found)
        found.append(Memento(url=origin + path, captured_at=at, status=response.status, headers=_sent(response, at), body=response.body))
    return found


def revisits(mementos: Sequence[Memento], first: datetime) -> list[Memento]:
    """The same answers once more, as a later visit that saw nothing new records them."""
    return [replace(one, captured_at=first + BETWEEN * index, revisit=True) for index, one in enumerate(mementos)]


def of_epoch(epoch: str, *, host: str = HOST, scheme: str = "https", times: Sequence[datetime] = ()) -> list[Memento]:
    """An epoch of the sample site as visited at `times` (default: those of `EPOCH_TIMES`).

    At the second and later visits every other page is a revisit; the others are answered anew, so that their bytes differ and their text does not.
    """
    site = SampleSite(epoch=epoch)
    first, *later = times or EPOCH_TIMES[epoch]
    found = visit(site, first, host=host, scheme=scheme, also=ASKED_AGAIN[epoch])
    mementos = list(found)
    for moment in later:
        anew = visit(site, moment, host=host, scheme=scheme, also=ASKED_AGAIN[epoch])
        again = revisits(found, moment)
        mementos += [old if index % 2 and old.status == 200 else new for index, (old, new) in enumerate(zip(again, anew, strict=True))]
    return mementos


def three_epochs(*, host: str = HOST) -> list[Memento]:
    """The ready collection: all three epochs under one host, the oldest first."""
    return [memento for epoch in EPOCHS for memento in of_epoch(epoch, host=host)]


def ready_collection(*, host: str = HOST) -> list[Memento]:
    """The collection for trials by hand: three epochs, the bad captures, two bodies packed otherwise, a broken row and a doubled one."""
    changes: dict[str, Callable[[Memento], Memento]] = {
        "/fr/activites": lambda one: packed(one, "as identity"),
        "/en/activities": lambda one: packed(one, "as other gzip"),
        "/fr/processus/projets": lambda one: replace(one, listed="twice"),
        "/en/process/projects": lambda one: replace(one, listed="broken"),
    }
    by_url = {f"https://{host}{path}": change for path, change in changes.items()}
    held = [by_url[one.url](one) if one.url in by_url else one for one in three_epochs(host=host)]
    return [*held, *bad_captures(host=host).values()]


def _paths(site: SampleSite, origin: str, *, copies: bool) -> list[str]:
    seen: dict[str, None] = dict.fromkeys(("/robots.txt", "/"))
    queue = deque(seen)
    while queue:
        path = queue.popleft()
        for target in _targets(site.page(path, origin=origin), origin, path):
            if target not in seen and not _SCRIPTED.search(target) and (copies or not _COPY.search(target)):
                seen[target] = None
                queue.append(target)
    return [*seen, MISSING_PAGE]


def _targets(response: Response, origin: str, path: str) -> Iterator[str]:
    if location := response.header("Location"):
        yield from _inside((location,), origin, path)
    if response.status == 200 and (response.header("Content-Type") or "").startswith("text/html"):
        yield from _inside((unescape(address) for _, address in _ADDRESS.findall(response.body.decode())), origin, path)


def _inside(addresses: Iterable[str], origin: str, path: str) -> Iterator[str]:
    for address in addresses:
        parts = urlsplit(urljoin(origin + path, address))
        if f"{parts.scheme}://{parts.netloc}" == origin:
            yield (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _sent(response: Response, at: datetime) -> Headers:
    date = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return (("Date", date), ("Server", "Apache"), *response.headers, ("Content-Length", str(len(response.body))))


HTML = ("Content-Type", "text/html; charset=utf-8")


def _page(title: str, inner: str) -> bytes:
    return f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n{inner}\n</body></html>\n'.encode()


def _bad(status: int, body: bytes, *headers: tuple[str, str]) -> Callable[[str, datetime], Memento]:
    def make(url: str, captured_at: datetime) -> Memento:
        return Memento(url=url, captured_at=captured_at, status=status, headers=(HTML, *headers), body=body)

    return make


archived_404 = _bad(404, _page("Not Found", "<h1>Not Found</h1><p>There is nothing at this address.</p>"))
archived_429 = _bad(429, _page("Too Many Requests", "<h1>Too many requests</h1><p>Please slow down.</p>"), ("Retry-After", "60"))
archived_503 = _bad(503, _page("Maintenance", "<h1>Back soon</h1><p>The site is being repaired.</p>"), ("Retry-After", "3600"))
challenge = _bad(
    403,
    _page(
        "Just a moment...",
        '<h1>Checking your browser before you go on</h1><noscript>Please turn JavaScript on.</noscript><form id="challenge-form" action="/cdn-cgi/'
        'l/chk_captcha" method="get"></form><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/jsch/v1"></script>',
    ),
    ("Server", "cloudflare"),
    ("CF-Mitigated", "challenge"),
)
empty = _bad(200, b"")
soft_error = _bad(200, _page("Error", "<h1>Error displaying the error page: Application Instantiation Error</h1><p>Could not connect to MySQL.</p>"))
parked = _bad(
    200,
    _page(
        "rabat-process.org - this domain is for sale",
        "<h1>This domain is for sale!</h1><p>Buy it now, or have a look at related searches.</p>"
        '<ul><li><a href="https://ads.example/1">Cheap flights</a></li><li><a href="https://ads.example/2">Car insurance</a></li></ul>',
    ),
)
"""Bad captures as an archive keeps them: functions of (url, captured_at)."""


def packed(memento: Memento, play: Play) -> Memento:
    """The memento with its body archived as gzip and played back `as identity` or `as other gzip`, so that the bytes differ from its digest."""
    if memento.header("Content-Encoding") == "gzip":
        return replace(memento, play=play)
    headers = tuple(pair for pair in memento.headers if pair[0].lower() != "content-length")
    return replace(memento, headers=(*headers, ("Content-Encoding", "gzip")), body=gzip.compress(memento.body, 9, mtime=0), play=play)


def bad_captures(*, host: str = HOST, scheme: str = "https") -> dict[str, Memento]:
    """One bad capture of each kind by its name, between and after the epochs; none of them is an item, none says that an item is gone."""
    origin = f"{scheme}://{host}"

    def at(year: int, month: int) -> datetime:
        return datetime(year, month, 15, 12, 0, 0, tzinfo=UTC)

    well = SampleSite().page("/fr/archives", origin=origin)
    fine = Memento(url=f"{origin}/fr/archives", captured_at=at(2019, 9), status=200, headers=_sent(well, at(2019, 9)), body=well.body)
    return {
        "404": archived_404(f"{origin}/fr/projets/12-projets-d-assistance-technique-et-initiatives", at(2017, 2)),
        "429": archived_429(f"{origin}/fr/actualites-du-dialogue/120-dossier-dix-ans-de-dialogue", at(2017, 3)),
        "503": archived_503(f"{origin}/fr/publications", at(2019, 8)),
        "challenge": challenge(f"{origin}/fr/", at(2017, 4)),
        "empty": empty(f"{origin}/en/", at(2017, 5)),
        "soft error": soft_error(f"{origin}/en/in-action/news", at(2019, 7)),
        "parked": parked(f"{origin}/", at(2024, 5)),
        "parked article": parked(f"{origin}/fr/activites/dossier-dix-ans-de-dialogue", at(2024, 6)),
        "blocked": replace(fine, play="blocked"),
        "robots": replace(fine, captured_at=at(2019, 10), play="robots"),
        "missing": replace(fine, captured_at=at(2019, 11), play="missing"),
    }
