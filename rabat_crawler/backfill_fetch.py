"""Gives each planned capture of a web archive its end: held, recorded as a revisit, fetched, refused or failed. WARC record, row, state: in this order."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rabat_crawler.archive.backfill_store import Memento, capture_with
from rabat_crawler.backfill_plan import Plan, may_repeat
from rabat_crawler.errors import DiskFull, MementoUnavailable
from rabat_crawler.extract.badness import BAD
from rabat_crawler.memento import Headers, memento_url, moment_of, timestamp_of
from rabat_crawler.models import Capture, Page, Run
from rabat_crawler.registry import reference
from rabat_crawler.urls import canonical
from rabat_crawler.wayback import Fetched, Stopped

if TYPE_CHECKING:
    from rabat_crawler.archive.warc import WarcWriter

SPACE_CHECK_EVERY = 50
MIN_FREE = 100_000_000
PAYLOAD_HEADERS = frozenset({"content-type", "content-encoding", "content-language", "location"})
"""Headers that go with a body: they are written into the record of a revisit that was not fetched."""


@dataclass(slots=True, kw_only=True)
class Fetching:
    """The captures of one run as they come; its figures grow. `failures`: why, by the memento's address."""

    plan: Plan
    run: Run
    planned: int = 0
    done: int = 0
    fetched: int = 0
    revisits: int = 0
    held: int = 0
    bad: int = 0
    altered: int = 0
    truncated: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    _writer: WarcWriter | None = None

    def close(self) -> None:
        """Close the WARC file, if there is one."""
        if self._writer is not None:
            self._writer.close()

    # The captures --------------------------------------------------------------------------------------------------------------

    def fetch_all(self, max_captures: int | None) -> None:
        """Everything that is due, in the order of time; then once more what failed in this run, for slow mementos come on a second pass."""
        for failed_in in (None, self.run.run_id):
            for memento in self.plan.due(failed_in=failed_in):
                if max_captures is not None and self.fetched + self.revisits >= max_captures:
                    return
                self.settle(memento)
                self.done += not failed_in
                self.plan.progress("captures", self.done, self.planned)
                if self.plan.client.stop.is_set():
                    raise Stopped

    def settle(self, memento: Memento) -> None:
        """Give one capture its end: held, recorded as a revisit, fetched, refused or failed."""
        held = self.plan.held_at(memento)
        if held is not None:
            own = held.source_url == memento_url(self.plan.client.source, memento.timestamp, memento.listed_url)
            self.held += 1
            self._mark(memento, "fetched" if own else "held", record=held.record_id, tries=0)
            return
        original = self.plan.original(memento) if may_repeat(memento) else None
        if original is not None:
            self._record_revisit(memento, original)
            return
        try:
            found = self.plan.client.fetch(memento.timestamp, memento.listed_url, wanted=self.plan.wanted)
        except MementoUnavailable as error:
            self.failures[memento_url(self.plan.client.source, memento.timestamp, memento.listed_url)] = error.reason
            self._mark(memento, "refused" if error.final else "failed", error.reason)
            return
        self.failures.pop(memento_url(self.plan.client.source, memento.timestamp, memento.listed_url), None)
        self._keep(memento, found)

    def _keep(self, memento: Memento, found: Fetched) -> None:
        said = found.said
        played = said.moved[0] if said.moved else timestamp_of(said.captured_at) if said.captured_at else memento.timestamp
        url = canonical(said.moved[1] if said.moved else said.url) or memento.url
        if said.captured_at is None or ((played, url) != (memento.timestamp, memento.url) and not self.plan.wanted(played, url)):
            self.held += 1
            self._mark(memento, "held", f"the archive plays the capture of {played} in its place")
            return
        elsewhere = (played, url) != (memento.timestamp, memento.url)
        note = _note(memento, found, elsewhere)
        record, page = self._store(
            url=url,
            captured_at=said.captured_at,
            status=said.status,
            headers=said.headers,
            body=found.body,
            previous=capture_with(self.plan.archive.connection, url, f"sha256:{hashlib.sha256(found.body).hexdigest()}", status=said.status),
            address=found.address,
            truncated=found.truncated,
            fetched_at=found.fetched_at,
            note=note,
        )
        self.fetched += 1
        self.answers[f"{said.status // 100}xx"] += 1
        self.bad += _is_bad(page)
        self.altered += bool(note)
        reason = f"played as the capture of {played}" if elsewhere else ""
        if found.truncated:
            self.truncated += 1
            reason = f"cut short ({found.truncated})"
            self.failures[found.address] = reason
        self._mark(memento, "fetched", reason, record=record.record_id)
        if self.fetched % SPACE_CHECK_EVERY == 0:
            self.check_space()

    def _record_revisit(self, memento: Memento, original: Capture) -> None:
        """A capture with a body that is held: its time and address count, its bytes need no request."""
        from rabat_crawler.archive.warc import read_record

        headers = tuple(pair for pair in read_record(self.plan.archive.warc_dir, original).response_headers if pair[0].lower() in PAYLOAD_HEADERS)
        at = moment_of(memento.timestamp)
        assert at is not None, memento
        record, _ = self._store(
            url=memento.url,
            captured_at=at,
            status=original.status,
            headers=headers,
            body=b"",
            previous=original,
            address=memento_url(self.plan.client.source, memento.timestamp, memento.listed_url),
            truncated=None,
            fetched_at=self.plan.now(),
            note=f"not fetched: the archive's index gives it the digest of {timestamp_of(original.captured_at)}",
            unfetched=True,
        )
        self.revisits += 1
        self._mark(memento, "revisit", record=record.record_id, tries=0)

    def _store(
        self,
        *,
        url: str,
        captured_at: datetime,
        status: int,
        headers: Headers,
        body: bytes,
        previous: Capture | None,
        address: str,
        truncated: str | None,
        fetched_at: datetime,
        note: str,
        unfetched: bool = False,
    ) -> tuple[Capture, Page]:
        """WARC record on disk first, then the rows; the state comes last."""
        writer = self._open_writer()
        record = writer.write(
            url=url,
            captured_at=captured_at,
            status=status,
            response_headers=headers,
            body=body,
            previous=previous,
            source=self.plan.client.source.name,
            source_url=address,
            truncated=truncated,
            created_at=fetched_at,
            note=note,
            unfetched=unfetched,
        )
        return record.capture, self.plan.archive.add_capture(record, self.plan.site, writer.begin_sync())

    def _open_writer(self) -> WarcWriter:
        """The run's WARC file, begun with its first capture: a run that finds everything held leaves none."""
        from rabat_crawler.archive.warc import WarcWriter

        if self._writer is None:
            fields = {
                "software": ", ".join(f"{name}/{version}" for name, version in self.run.software.items()),
                "operator": str(self.run.parameters["contact"]),
                "http-header-user-agent": self.plan.client.wire.user_agent,
                "description": f"captures of {self.plan.site.title} from {self.plan.client.source.name} ({self.plan.client.source.root})",
            }
            self._writer = WarcWriter(self.plan.archive.warc_dir, run_id=self.run.run_id, site=reference(self.plan.site), fields=fields)
        return self._writer

    def _mark(self, memento: Memento, state: str, reason: str = "", *, record: str | None = None, tries: int = 1) -> None:
        changed = replace(memento, state=state, reason=reason, record_id=record, attempts=memento.attempts + tries, run_id=self.run.run_id)
        self.plan.store.mark([changed])

    def check_space(self) -> None:
        """DiskFull if the archive's disk is nearly full."""
        free = shutil.disk_usage(self.plan.archive.warc_dir).free
        if free < MIN_FREE:
            raise DiskFull(
                f"only {free // 1_000_000} MB are left on the disk of {self.plan.archive.warc_dir}; free some space and run the same command again"
            )


def _note(memento: Memento, found: Fetched, elsewhere: bool) -> str:
    """Why the bytes are not those of the original, as far as can be told; "" if they are, or nothing tells."""
    if elsewhere or found.truncated or not memento.digest:
        return found.said.note
    if _digest_like(memento.digest, found.body) == memento.digest:
        return ""
    return found.said.note or f"the body does not have the digest that the archive's index gives: {memento.digest}"


def _digest_like(stated: str, body: bytes) -> str:
    from rabat_crawler.archive.warc_read import sha1, sha256

    return sha256(body) if stated.startswith("sha256:") else sha1(body)


def _is_bad(page: Page) -> bool:
    """True for a challenge, a login, or what the reader scores as surely not the page."""
    return page.role == "wall" or page.badness >= BAD
