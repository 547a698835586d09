"""Why a page was read as it was: which layouts were asked, every draft, every date with why it is taken or not, every vote on the language. Pure.

For whoever writes a layout. Reads with `parse_page` itself, so that what is explained is what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from rabat_crawler import registry
from rabat_crawler.events import Meeting, describe
from rabat_crawler.extract.decoding import decode_body, decode_text
from rabat_crawler.extract.html import Document, parse_document
from rabat_crawler.extract.languages import Vote, language_votes
from rabat_crawler.extract.page import declared_languages, parse_page
from rabat_crawler.models import Draft, Page, Record, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A layout, and whether it says that the page is one of its own; `chosen` is the one that read it, `drafts` how many items it gave."""

    name: str
    rank: int
    block: bool
    matches: bool
    chosen: bool
    drafts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDraft:
    """A draft with the evidence of its language, and what its text says of a meeting (None where it tells of none)."""

    draft: Draft
    votes: tuple[Vote, ...]
    meeting: Meeting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A page as read, with the layouts that were asked and the evidence of each draft; no layouts for what is no HTML page."""

    page: Page
    site: Site
    layouts: tuple[Asked, ...]
    drafts: tuple[ExplainedDraft, ...]


def explain_page(record: Record, site: Site) -> Explanation:
    """What `parse_page` makes of a record, and why. Any bytes give an Explanation."""
    page = parse_page(record, site)
    if page.layout in ("", "feed") and page.role not in ("wall", "bad"):
        return Explanation(page=page, site=site, layouts=(), drafts=())
    body, _ = decode_body(record.body, record.response_headers)
    text, _, _ = decode_text(body, record.header("content-type") or record.capture.media_type)
    doc = parse_document(text, url=record.capture.url, site=site, captured_at=record.capture.captured_at)
    return Explanation(page=page, site=site, layouts=_asked(doc, page), drafts=tuple(_explained(draft, doc) for draft in page.drafts))


def _asked(doc: Document, page: Page) -> tuple[Asked, ...]:
    """All layouts in the order of asking; after the one that was chosen only those of blocks are asked."""
    found = []
    for layout in registry.layouts():
        chosen = layout.name == page.layout
        drafts = sum(draft.layout == layout.name for draft in page.drafts)
        found.append(Asked(name=layout.name, rank=layout.rank, block=layout.block, matches=layout.matches(doc), chosen=chosen, drafts=drafts))
    return tuple(found)


def _explained(draft: Draft, doc: Document) -> ExplainedDraft:
    votes = language_votes(draft.title, draft.text, declared_languages(draft, doc), doc.site.languages)
    event = next((date for date in draft.dates if date.role == "event" and not date.refused), None)
    meeting = None
    if event is not None or draft.kind == "event":
        start = event.value if event else None
        meeting = describe(draft.title, draft.text, draft.section, draft.url, language=draft.language, event_start=start)
    return ExplainedDraft(draft=draft, votes=votes, meeting=meeting)
