"""What a capture and its page are as rows, and the values back from rows; made without the database, so that several processes can make them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urldefrag

from rabat_crawler import epochs, identity
from rabat_crawler.archive.moments import moment, parse_moment
from rabat_crawler.models import Capture, Draft, Page, Problem, Record, Site
from rabat_crawler.urls import decide

PLACED = (
    "record_id url url_key captured_at status media_type digest sha1 site run_id record_type source source_url warc_file offset length "
    "refers_to refers_url refers_at truncated verdict"
).split()
"""The columns of `captures` that make a `Capture`."""

CAPTURE_COLUMNS = (*PLACED, "original", "layout", "role", "badness", "problems", "held")
DRAFT_COLUMNS = (
    "draft_id site origin item_key base_key id_key url_key text_key content_key title_key complete layout content page_url first_seen last_seen "
    "first_capture last_capture"
).split()
AGAIN = Page(layout="", role="other", problems=(Problem(code="no_original", message="the capture that it shows again is not in the archive"),))
"""What is known of a revisit as long as its original is not there."""

MAX_KNOWN = 50_000
"""So many addresses that pages link to are remembered, so that menus are not judged again with every page."""


def capture_of(values: dict[str, Any]) -> Capture:
    """The capture of a row, given by column."""
    times = {name: parse_moment(values[name]) if values[name] else None for name in ("captured_at", "refers_at")}
    return Capture(**{**values, **times})


def read_page(record: Record, site: Site) -> Page:
    """`parse_page`, but a defect of a reader costs one page's reading, never the capture: the problem is stored and a later rebuild mends it."""
    from rabat_crawler.extract import parse_page  # the readers of pages are imported where a page is read

    try:
        return parse_page(record, site)
    except Exception as error:  # any defect at all: what is on disk must stay reachable
        return Page(layout="", role="other", problems=(Problem(code="reader_failed", message=f"{type(error).__name__}: {error}"),))


def shows_again(capture: Capture) -> bool:
    """True for a revisit that shows its original again; one that says 404 with the old bytes does not."""
    return capture.record_type == "revisit" and capture.status in (200, 304)


@dataclass(frozen=True, slots=True)
class Said:
    """A draft as a row without its place: which item it belongs to and when it was seen is known only beside others."""

    draft_id: str
    site: str
    id_key: str | None
    url_key: str | None
    text_key: str | None
    content_key: str | None
    title_key: str | None
    complete: bool
    layout: str
    content: str

    def row(self, key: str, origin: str, url: str, at: str, record_id: str) -> tuple[Any, ...]:
        """The row of `drafts` at its first sighting."""
        return (
            self.draft_id, self.site, origin, key, key, self.id_key, self.url_key, self.text_key, self.content_key, self.title_key, int(self.complete), self.layout,
            self.content, url, at, at, record_id, record_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """A capture and what its page says, as rows: `capture` in the order of CAPTURE_COLUMNS but for `held`, links as rows of `links`."""

    capture: tuple[Any, ...]
    said: tuple[Said, ...]
    links: tuple[tuple[str, str, str, str], ...]
    again: bool

    @property
    def record_id(self) -> str:
        """The capture's name."""
        return str(self.capture[0])


class Preparer:
    """Makes rows; remembers which links it has judged, so that a menu's are given once."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()

    def prepare(self, capture: Capture, page: Page, site: Site) -> Prepared:
        """The rows of a capture and its page."""
        again = shows_again(capture)
        return Prepared(
            capture=capture_row(capture, page),
            said=() if again else tuple(said(draft, site) for draft in page.drafts),
            links=() if again else self._links(page, site),
            again=again,
        )

    def _links(self, page: Page, site: Site) -> tuple[tuple[str, str, str, str], ...]:
        """Every address within the site that a page links to, with the key of what it leads to."""
        rows = []
        name = identity.scope(site) + (site.origin or "")
        for link in page.links:
            if (link.url, name) in self._known and page.role != "redirect":  # where a redirect leads is all that it says
                continue
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known.add((link.url, name))
            decision = decide(link.url, site)
            if decision.action == "fetch" and decision.target == "page":
                rows.append((urldefrag(link.url).url, site.name, decision.key, decision.reason))
        return tuple(rows)


def problems_json(problems: tuple[Problem, ...]) -> str:
    """Problems as the database holds them."""
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False) if problems else "[]"


def prepare(record: Record, site: Site, preparer: Preparer) -> Prepared:
    """The rows of a record, read now; nothing is read of a revisit."""
    page = AGAIN if shows_again(record.capture) else read_page(record, site)
    return preparer.prepare(record.capture, page, site)


def capture_row(capture: Capture, page: Page) -> tuple[Any, ...]:
    """The row of a capture in the order of CAPTURE_COLUMNS, without `held`; the original of a revisit is not known yet."""
    target = (capture.refers_url or capture.url) if capture.record_type == "revisit" else None
    return (
        capture.record_id, capture.url, capture.url_key, moment(capture.captured_at), capture.status, capture.media_type, capture.digest,
        capture.sha1, capture.site, capture.run_id, capture.record_type, capture.source, capture.source_url, capture.warc_file, capture.offset,
        capture.length, capture.refers_to, target, capture.refers_at and moment(capture.refers_at), capture.truncated, capture.verdict,
        None, page.layout, page.role, page.badness, problems_json(page.problems),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def said(draft: Draft, site: Site) -> Said:
    """The draft as a row with its keys; remembered, for lists and boxes show the same drafts page after page."""
    content = identity.draft_json(draft)
    keys = identity.keys_of(draft, site)
    return Said(
        draft_id=identity.draft_id(f"{identity.scope(site)} {content}"),
        site=site.name,
        id_key=keys.id_key,
        url_key=keys.url_key,
        text_key=keys.text_key,
        content_key=epochs.content_key(draft, site),
        title_key=epochs.title_key(draft, site),
        complete=draft.complete,
        layout=draft.layout,
        content=content,
    )
