"""Asks a web archive, one request at a time and no faster than it allows; holds, waits and gives up as it is told. Stores nothing.

Only the archive's own origin is ever connected to, and no private address unless a person gave it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urljoin

from rabat_crawler.cdx import Listing, Query, cdx_url, parse_cdx
from rabat_crawler.errors import Blocked, ConfigError, MementoUnavailable, PutOff, RabatError, SiteUnreachable
from rabat_crawler.memento import Playback, Source, candidates, http_date, memento_url, read_playback, retry_after
from rabat_crawler.urls import origin_of, url_key
from rabat_crawler.wire import Answer, NoAnswer, Wire

Pace = Literal["index", "playback"]

MAX_PAUSE = 300.0
"""A longer Retry-After is not waited for: the run ends, and says when to come back."""

MAX_HOLDS = 2
"""So often a 429 is waited out; the next one ends the run. Who goes on asking is shut out for an hour, then for two."""

LOST_IN_A_ROW = 3
"""So many connections in a row refused or reset, after others were answered, are a block."""

REFUSED_IN_A_ROW = 3
FAILED_IN_A_ROW = 5
JITTER = 0.2
RUNTIME_ERROR = "x-archive-wayback-runtime-error"
"""archive.org says here why it does not give a capture or an index out (the site's owner, its robots.txt): no word about us."""


class Stopped(Exception):
    """The person asked to stop while something was waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A capture as played back, when and at which address. If `said.moved` is set, the archive has another one in its place, which was not wanted."""

    said: Playback
    address: str
    fetched_at: datetime
    body: bytes = b""
    truncated: str | None = None


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Wayback:
    """The client of one archive. `stop` ends every wait.

    Raises PutOff, Blocked, SiteUnreachable, ConfigError; Stopped if `stop` is set.
    """

    source: Source
    wire: Wire
    stop: threading.Event = field(default_factory=threading.Event)
    now: Callable[[], datetime] = _utc
    _lost: int = 0
    _refused: int = 0
    _failed: int = 0
    _next: dict[Pace, float] = field(default_factory=dict)
    _held_until: float = 0.0

    # The index -----------------------------------------------------------------------------------------------------------------

    def find_dialect(self, query: Query) -> Source:
        """The archive with its dialect: where the address does not tell, its answers do. ConfigError if there is no index at all."""
        if self.source.dialect:
            return self.source
        tried = []
        for one in (replace(found, limits=self.source.limits) for found in candidates(self.source)):
            address = cdx_url(one, query, limit=1)
            answer = self._ask_index(address)
            if answer.status == 200 and not _is_page(answer):
                self.source = one
                return one
            tried.append(f"{one.index} answered {answer.status}")
        raise ConfigError(
            f"{self.source.root} is no web archive that can be asked ({'; '.join(tried)}); give the address of its collection or CDX server"
        )

    def list_captures(self, query: Query, *, resume_key: str | None = None, page: int | None = None, count_pages: bool = False) -> Listing:
        """One answer of the index. MementoUnavailable if the archive gives nothing of this host out."""
        address = cdx_url(self.source, query, resume_key=resume_key, page=page, count_pages=count_pages)
        answer = self._ask_index(address)
        said = answer.body[:200].decode("utf-8", "replace").strip()
        if answer.status in (403, 451) and (answer.header(RUNTIME_ERROR) or "AccessControl" in said):
            raise MementoUnavailable(f"the archive does not give out captures of {query.url}", final=True)
        if answer.status == 403:
            raise Blocked(f"{self.source.index} answers 403 (forbidden)")
        if answer.status != 200 or _is_page(answer):
            raise ConfigError(
                f"{self.source.index} gave no index, but {answer.status}: {' '.join(said.split())[:120]!r}; is this the CDX server's address?"
            )
        return parse_cdx(answer.body)

    def _ask_index(self, address: str) -> Answer:
        try:
            return self._ask(address, "index", self.source)
        except MementoUnavailable as error:
            raise PutOff(f"{address.split('?')[0]} gives no usable answer ({error.reason})") from error

    # Playback ------------------------------------------------------------------------------------------------------------------

    def fetch(self, timestamp: str, url: str, *, wanted: Callable[[str, str], bool] = lambda timestamp, url: True) -> Fetched:
        """The capture of `url` at `timestamp`, as it was.

        If the archive sends us to another capture, that one is asked once, if it is `wanted(timestamp, url)`. MementoUnavailable says why not.
        """
        address = memento_url(self.source, timestamp, url)
        answer = self._ask(address, "playback", self.source)
        said = read_playback(self.source, address, answer.status, answer.headers)
        if said.moved is not None:
            if url_key(said.moved[1]) != url_key(url):
                raise MementoUnavailable(f"the archive plays another address in its place: {said.moved[1][:200]}", final=True)
            if not wanted(*said.moved):
                return Fetched(said=said, address=address, fetched_at=self.now())
            address = memento_url(self.source, *said.moved)
            answer = self._ask(address, "playback", self.source)
            said = read_playback(self.source, address, answer.status, answer.headers)
        if said.moved is not None:
            raise MementoUnavailable("the archive redirects from capture to capture")
        if said.foreign is not None:
            raise MementoUnavailable(f"the archive redirects out of its playback, to {said.foreign[:200]}", final=True)
        if said.captured_at is None:
            raise self._not_given(answer)
        self._refused = 0
        return Fetched(said=said, address=address, fetched_at=self.now(), body=answer.body, truncated=answer.truncated)

    def _not_given(self, answer: Answer) -> RabatError:
        stated = (answer.header(RUNTIME_ERROR) or "").split(":")[0][:80]
        if answer.status == 451 or (answer.status == 403 and stated):
            return MementoUnavailable(f"the archive does not give it out ({answer.status}{' ' + stated if stated else ''})", final=True)
        if answer.status == 403:
            self._refused += 1
            if self._refused >= REFUSED_IN_A_ROW:
                return Blocked(f"{origin_of(self.source.root)} answered 403 (forbidden) {self._refused} times in a row")
            return MementoUnavailable("HTTP 403")
        return MementoUnavailable("listed, but not there (404)" if answer.status == 404 else f"HTTP {answer.status} without a capture")

    # Asking --------------------------------------------------------------------------------------------------------------------

    def _ask(self, address: str, pace: Pace, source: Source) -> Answer:
        """An answer worth reading: tries again after trouble, waits out a 429, follows one redirect of the index within its origin."""
        pauses, holds, redirects = list(source.limits.pauses), 0, 0
        while True:
            self._await_turn(pace, source)
            try:
                answer = self.wire.get(address, unpacked=pace == "index")
            except NoAnswer as error:
                self._after_failure(address, error, pauses)
                continue
            if answer.is_memento:
                self._lost = 0
                if answer.truncated in (None, "length") or not pauses or len(pauses) < len(source.limits.pauses):
                    self._failed = 0
                    return answer
                self._pause(pauses.pop(0))
            elif answer.status == 429 or (answer.status in (403, 503) and answer.header("retry-after")):
                holds = self._hold(address, answer, holds, source)
            elif answer.status in (408, *range(500, 600)) or answer.truncated:
                self._after_failure(address, NoAnswer(f"HTTP {answer.status}" if answer.status >= 400 else "answer cut short"), pauses)
            elif pace == "index" and 300 <= answer.status < 400:
                address, redirects = self._redirect(address, answer, redirects), redirects + 1
            else:
                self._lost = self._failed = 0
                return answer

    def _after_failure(self, address: str, error: NoAnswer, pauses: list[float]) -> None:
        """Pause before the next try. Without tries left: MementoUnavailable, PutOff after several in a row, SiteUnreachable if nothing ever came."""
        self._lost = self._lost + 1 if error.lost else 0
        if self.wire.answered and self._lost >= LOST_IN_A_ROW:
            raise Blocked(f"{origin_of(address)} answers no more ({error.reason}, {self._lost} times in a row)")
        if pauses:
            self._pause(pauses.pop(0))
            return
        if not self.wire.answered:
            raise SiteUnreachable(f"no answer from {origin_of(address)}: {error.reason}; check the address and the network", url=address)
        self._failed += 1
        if self._failed >= FAILED_IN_A_ROW:
            raise PutOff(f"{self._failed} requests in a row gave no usable answer (last: {error.reason})")
        raise MementoUnavailable(error.reason)

    def _hold(self, address: str, answer: Answer, holds: int, source: Source) -> int:
        """Wait as long as asked for; PutOff if that was done often enough, Blocked if it is too long."""
        clock = http_date(answer.header("date") or "") or self.now()
        asked = retry_after(answer.header("retry-after"), now=clock)
        if asked is not None and asked > MAX_PAUSE:
            raise Blocked(f"{origin_of(address)} answered {answer.status} and asks to come back in {asked:.0f} seconds", retry_after=asked)
        seconds = max(asked if asked is not None else source.limits.hold, 0.0)
        if holds >= MAX_HOLDS:
            raise PutOff(f"{origin_of(address)} answered {answer.status} {holds + 1} times in a row", retry_after=max(seconds, source.limits.hold))
        self._held_until = max(self._held_until, time.monotonic() + seconds)
        return holds + 1

    def _redirect(self, address: str, answer: Answer, redirects: int) -> str:
        target = urljoin(address, answer.header("location") or "")
        if redirects or origin_of(target) != origin_of(address):
            raise ConfigError(f"{address.split('?')[0]} redirects to {target.split('?')[0][:200]}; if that is the archive, give its address")
        return target

    def _pause(self, seconds: float) -> None:
        self._held_until = max(self._held_until, time.monotonic() + seconds * random.uniform(1.0, 1.0 + JITTER))

    def _await_turn(self, pace: Pace, source: Source) -> None:
        wait = max(self._next.get(pace, 0.0), self._held_until) - time.monotonic()
        if self.stop.wait(max(0.0, wait)):
            raise Stopped
        self._next[pace] = time.monotonic() + (source.limits.index if pace == "index" else source.limits.playback)


def _is_page(answer: Answer) -> bool:
    """True for a web page in an index's place."""
    kind = (answer.header("content-type") or "").lower()
    return "html" in kind or answer.body.lstrip()[:1] == b"<"
