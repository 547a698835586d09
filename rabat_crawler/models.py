"""Every noun of the project as a frozen value; no behaviour beyond construction, no input or output.

The names follow the standards (WARC 1.1, CDX, RFC 7089): capture, digest, media type, url_key, revisit, memento.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["news", "event", "publication", "project", "page"]
Role = Literal["detail", "listing", "gone", "missing", "wall", "bad", "redirect", "document", "feed", "other"]
Precision = Literal["year", "month", "day"]
DateRole = Literal["published", "event", "modified"]
RecordType = Literal["response", "revisit", "resource"]

KINDS: tuple[Kind, ...] = ("news", "event", "publication", "project", "page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One answer of a server at one moment, and where its bytes lie. `captured_at` is aware UTC, `offset`/`length` are bytes.

    `verdict` is what only the crawl could tell and the record therefore remembers: "soft-404" (it looks like the answer to a random path).
    `digest` is "sha256:" and hex over the body, `sha1` the same body's SHA-1 in base 32 as CDX indexes have it (of a revisit only if its record
    says it). A revisit names its original by record id (`refers_to`), by address and time (`refers_url`, `refers_at`), or by digest alone.
    """

    record_id: str
    url: str
    url_key: str
    captured_at: datetime
    status: int
    media_type: str | None
    digest: str
    site: str
    run_id: str | None = None
    record_type: RecordType = "response"
    source: str = "live"
    source_url: str | None = None
    warc_file: str = ""
    offset: int = 0
    length: int = 0
    refers_to: str | None = None
    truncated: str | None = None
    verdict: str | None = None
    sha1: str | None = None
    refers_url: str | None = None
    refers_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A capture with its headers and its body as received (still compressed); the body never enters the database."""

    capture: Capture
    response_headers: tuple[tuple[str, str], ...]
    body: bytes
    request_headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """The first response header of that name, case ignored; None if there is none."""
        wanted = name.lower()
        return next((value for key, value in self.response_headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as a page gives it, absolute, without fragment. `rel`: "" | item | next | prev | part | whole | alternate | feed | document | redirect."""

    url: str
    text: str = ""
    rel: str = ""
    hreflang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialDate:
    """A date as precise as its evidence: `value` is an ISO prefix ("2018", "2018-05", "2018-05-14"), `end` too, or None.

    `raw` is the text that was read, `rule` the name of the rule that read it, `source` where it stood
    (time[datePublished], dd.published, listing, block, json-ld, meta, text, title, url ...). `confidence` (0 to 1) is how surely place and rule
    give that date for that role (the table is in `extract.date_evidence`); `refused` is why it is kept as a candidate only ("deadline",
    "implausible" ...), "" for a date that is taken.
    """

    value: str
    end: str | None = None
    precision: Precision
    raw: str
    rule: str
    role: DateRole
    source: str = "text"
    confidence: float = 1.0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that an item links to."""

    url: str
    text: str = ""
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image shown in an item."""

    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate:
    """The same content in another language, as the page declares it (hreflang)."""

    hreflang: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a page prints of a technical-assistance project, as it prints it; `start` and `end` are ISO prefixes ("2018", "2018-05") or None."""

    countries: str = ""
    period: str = ""
    start: str | None = None
    end: str | None = None
    partners: str = ""
    funding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one page says of one item. `complete` is False for a listing's intro or a part, `truncated` True if the capture was cut.

    `url` is None where the item has no address of its own.
    `article_id` is the CMS's number, `cms` the name space of that number ("joomla", "wordpress" ...).
    """

    title: str
    text: str = ""
    summary: str = ""
    html: str = ""
    complete: bool = False
    truncated: bool = False
    url: str | None = None
    article_id: int | None = None
    cms: str = ""
    kind: Kind | None = None
    section: str = ""
    language: str | None = None
    language_method: str = ""
    language_confidence: float = 0.0
    dates: tuple[PartialDate, ...] = ()
    tags: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    images: tuple[Image, ...] = ()
    alternates: tuple[Alternate, ...] = ()
    parts: tuple[str, ...] = ()
    layout: str = ""
    project: Project | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a reader could not do, said in a code for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What reading one capture gave: any number of drafts, links to follow, problems met.

    `badness` (0 to 1) says how surely it is not the page at all; from `extract.badness.BAD` on the role is "wall" (challenge, login) or "bad",
    there are no drafts and no links, and the capture says nothing of its address.
    """

    layout: str
    role: Role
    drafts: tuple[Draft, ...] = ()
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()
    badness: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a layout makes of a page; `parse_page` adds languages, links and problems and makes it a `Page`."""

    role: Role
    drafts: tuple[Draft, ...] = ()
    links: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One distinct cleaned text of an item, with the captures that first and last showed it."""

    version_id: str
    item_id: str
    text_digest: str
    title: str
    summary: str
    text: str
    html: str
    layout: str
    complete: bool
    first_capture: str
    last_capture: str
    first_seen: str
    last_seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A news item, event, publication, project or page, as its captures together describe it. Times are ISO 8601 UTC strings."""

    item_id: str
    site: str
    kind: Kind
    language: str | None
    language_method: str
    language_confidence: float
    title: str
    summary: str
    text: str
    published: str | None
    event_start: str | None
    event_end: str | None
    canonical_url: str | None
    article_id: int | None
    section: str
    layout: str
    first_seen: str
    last_seen: str
    gone: bool
    current_version: str
    flags: tuple[str, ...] = ()
    html: str = ""
    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dates: tuple[PartialDate, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    images: tuple[Image, ...] = ()
    twin: str | None = None
    project: Project | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One search result: the item, a snippet of its text with the words between \\x02 and \\x03, and its rank (lower is better).

    `through`: the id of the translation that holds the words, where the item itself does not; `version_id`: the earlier version that does.
    """

    item: Item
    snippet: str
    title_marked: str
    rank: float
    through: str | None = None
    version_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentText:
    """What reading a document's bytes gave. `pages` are clean texts, page 1 first ("" for one without text); of slides each is a page.

    `media_type` is what the bytes are, None if that is unknown. `dates`: printed on the first page, then those of the file's metadata.
    """

    media_type: str | None = None
    title: str = ""
    pages: tuple[str, ...] = ()
    dates: tuple[PartialDate, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """One distinct body of a document at an address; `current` is the one last captured there. Times are ISO 8601 UTC strings, `pages` a number.

    `items` are the ids of the items that link to the address, `names` the words with which they do.
    """

    document_id: str
    url: str
    url_key: str
    digest: str
    site: str
    media_type: str | None
    title: str
    pages: int
    language: str | None
    language_method: str
    dated: str | None
    dates: tuple[PartialDate, ...]
    text_digest: str
    first_capture: str
    last_capture: str
    first_seen: str
    last_seen: str
    current: bool
    gone: bool
    problems: tuple[Problem, ...] = ()
    items: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHit:
    """One document found: its best page (from 1), all pages that hold the words, a snippet of the best one marked as in `Hit`, the items that link it."""

    document: DocumentVersion
    page: int
    pages: tuple[int, ...]
    snippet: str
    rank: float
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One crawl, import or rebuild: what was asked, what came of it. Kept as `archive/runs/<run_id>.json`."""

    run_id: str
    spider: str
    site: str
    started_at: str
    finished_at: str | None = None
    status: str = "running"
    counts: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host name of a site in one epoch (`first`..`last` are years). Ids of different `ids` name spaces are never compared."""

    name: str
    epoch: str = ""
    first: int | None = None
    last: int | None = None
    ids: str = ""
    crawl: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What a healthy site shows; anything else is a breach. Shares are between 0 and 1.

    `min_items`: items in the archive that are not gone; `max_fallback_share`: items read by the generic layout; `min_fill`: pairs of field
    (title, published, language) and least share of items that have it; the other two: of the known pages asked in one round.
    """

    min_items: int = 1
    max_fallback_share: float = 1.0
    min_fill: tuple[tuple[str, float], ...] = ()
    max_gone_share: float = 0.2
    max_changed_share: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """A dialogue's site; equal only to itself, so that it is a cheap key.

    `sections` maps a path or section word to a kind (the first that fits); `origin` is set when a mirror is crawled instead.
    """

    name: str
    title: str
    hosts: tuple[Host, ...]
    languages: tuple[str, ...]
    starts: tuple[str, ...]
    sections: tuple[tuple[str, Kind], ...] = ()
    boilerplate: tuple[str, ...] = ()
    block_headings: tuple[tuple[str, Kind], ...] = ()
    skip_paths: tuple[str, ...] = ()
    first_year: int = 1995
    expect: Expect = field(default_factory=Expect)
    origin: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way a page can be marked up; both functions take an `extract.html.Document`. `matches` must be cheap.

    A lower `rank` is asked first; a `block` layout is read besides the main one.
    """

    name: str
    rank: int
    matches: Callable[[Any], bool]
    parse: Callable[[Any], Reading]
    block: bool = False
