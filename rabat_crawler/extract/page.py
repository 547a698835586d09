"""One record in, one `Page` out: decodes, picks the layout, adds what every layout needs (language, kind, links). Pure.

Bad input gives a `Page` with problems, never an exception.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from rabat_crawler import registry
from rabat_crawler.extract import date_evidence, languages
from rabat_crawler.extract.badness import Badness, judge, judge_status
from rabat_crawler.extract.dates import plausible
from rabat_crawler.extract.decoding import decode_body, decode_text
from rabat_crawler.extract.feeds import feed_links
from rabat_crawler.extract.html import Document, absolute, fold, normalise, parse_document
from rabat_crawler.extract.walls import is_front_page, visible_text
from rabat_crawler.models import Draft, Kind, Layout, Link, Page, PartialDate, Problem, Reading, Record, Role, Site
from rabat_crawler.urls import DOCUMENT_SUFFIX, path_language

HTML_TYPES = ("text/html", "application/xhtml+xml", "")
FEED_TYPES = ("application/rss+xml", "application/atom+xml", "text/xml", "application/xml")
DOCUMENT_TYPES = re.compile(r"^application/(?:pdf|msword|rtf|zip|vnd\.(?:ms-|openxmlformats|oasis))")
OPAQUE_TYPES = (
    "", "application/octet-stream", "binary/octet-stream", "application/x-pdf", "application/force-download", "application/download",
    "application/x-download",
)  # fmt: skip
"""Media types under which servers send documents for want of a better word."""
DOCUMENT_STARTS = (b"PK", b"\xd0\xcf\x11\xe0")
MAX_DRAFTS = 500
MAX_LINKS = 5000
GENERIC_RANK = 90
SOFT_404 = "soft-404"
WALLS = ("challenge", "login")
JUDGED = 10
"""So many items of a list are looked at to judge it."""
MAX_REASONS = 6
_NUMBERED = re.compile(r"/[0-9]+-[^/]*$|[?&]id=[0-9]+")
"""An article's address: a redirect from there to a front page says that it is not there."""
CUT = ("truncated", "bad_coding", "too_large")


def parse_page(record: Record, site: Site) -> Page:
    """What the capture says: role, drafts, links, problems. Any bytes give a Page."""
    capture = record.capture
    if capture.verdict == SOFT_404:
        return Page(layout="", role="missing", problems=(Problem(code="soft_404", message="it looks like the answer to a random path"),))
    if 300 <= capture.status < 400 and capture.status != 304:
        target = absolute(capture.url, record.header("location") or "")
        if target and _NUMBERED.search(capture.url) and is_front_page(target, site):
            return Page(layout="", role="missing", problems=(Problem(code="to_front_page", message=f"it redirects to a front page, {target}"),))
        return Page(layout="", role="redirect", links=(Link(url=target, rel="redirect"),) if target else ())
    if capture.status in (304, 404, 410):
        return Page(layout="", role="other" if capture.status == 304 else "gone")
    if capture.status != 200:
        return _bad("", judge_status(capture.status), ())
    media_type = (capture.media_type or "").lower()
    if DOCUMENT_TYPES.match(media_type):
        return Page(layout="", role="document")
    body, problems = decode_body(record.body, record.response_headers)
    if media_type in OPAQUE_TYPES and _is_document(body, capture.url):
        return Page(layout="", role="document", problems=problems)
    if capture.truncated:
        problems = (*problems, Problem(code="truncated", message=f"the capture was cut short: {capture.truncated}"))
    if media_type in FEED_TYPES:
        return _feed(capture.url, body, record, problems)
    if media_type not in HTML_TYPES:
        return Page(layout="", role="other", problems=problems)
    return _html(record, site, body, problems)


def _is_document(body: bytes, url: str) -> bool:
    """True for a document that the server sent without saying so: a PDF by its bytes, any other by its address, unless it is markup."""
    return body.startswith(b"%PDF-") or (bool(DOCUMENT_SUFFIX.search(urlsplit(url).path)) and body.startswith(DOCUMENT_STARTS))


def shown_text(body: bytes, headers: tuple[tuple[str, str], ...]) -> str:
    """Roughly what an HTML answer shows, for comparing pages that hold no article."""
    decoded, _ = decode_body(body, headers)
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    return visible_text(decode_text(decoded, content_type)[0])


def _feed(url: str, body: bytes, record: Record, problems: tuple[Problem, ...]) -> Page:
    """A feed is a hint: its item links, nothing else (its dates are often those of creation)."""
    text, _, more = decode_text(body, record.header("content-type"))
    links = tuple(itertools.islice(feed_links(text, url), MAX_LINKS))
    return Page(layout="feed", role="feed", links=links, problems=(*problems, *more))


def _html(record: Record, site: Site, body: bytes, problems: tuple[Problem, ...]) -> Page:
    capture = record.capture
    text, _, more = decode_text(body, record.header("content-type") or capture.media_type)
    problems = (*problems, *more)
    doc = parse_document(text, url=capture.url, site=site, captured_at=capture.captured_at)
    layout, reading = _read(doc)
    badness = _judged(record, doc, text, layout, reading)
    if badness.is_bad:
        return _bad(layout.name, badness, problems)
    drafts = [_finished(draft, doc, layout.name) for draft in reading.drafts]
    if not (reading.role == "listing" and layout.rank < GENERIC_RANK):  # a CMS listing is itself the block of dated items
        blocks = list(_block_drafts(doc))
        drafts = [_of_project(draft, [block for _, block in blocks]) for draft in drafts]
        drafts += [_finished(draft, doc, block.name) for block, draft in _unknown(blocks, drafts)]
    if any(problem.code in CUT for problem in problems):
        drafts = [replace(draft, complete=False, truncated=True) for draft in drafts]
    return Page(
        layout=layout.name,
        role=reading.role,
        drafts=tuple(draft for draft in drafts if draft.title)[:MAX_DRAFTS],
        links=_links(reading.links, doc.links, doc.url),
        problems=(*problems, *reading.problems),
        badness=badness.score,
    )


def _is_period(date: PartialDate, periods: Sequence[str]) -> bool:
    """True for a date that was read from text, but says when a project runs, not when the page was published or an event takes place."""
    printed = fold(date.raw)
    return date.role != "modified" and date.source in ("text", "date line") and any(printed in period or period in printed for period in periods)


def _judged(record: Record, doc: Document, source: str, layout: Layout, reading: Reading) -> Badness:
    """How surely the answer is not the page; what a CMS's own layout read as article or list gets a quick look only."""
    known = layout.rank < GENERIC_RANK and reading.role != "other"
    return judge(
        status=200,
        headers=record.response_headers,
        url=doc.url,
        source=source,
        title=reading.drafts[0].title if known and len(reading.drafts) == 1 else doc.title,
        text=" ".join(itertools.chain.from_iterable((draft.title, draft.text) for draft in reading.drafts[:JUDGED])) if known else "",
        declared=doc.html_lang or "",
        links=() if known else doc.links,
        site=doc.site,
        captured_at=doc.captured_at,
        known=known,
        as_article=reading.role == "detail",
    )


def _bad(layout: str, badness: Badness, problems: tuple[Problem, ...]) -> Page:
    """A page that says nothing: neither items nor links, only why."""
    role: Role = "wall" if badness.reasons[0].code in WALLS else "bad"
    return Page(layout=layout, role=role, problems=(*problems, *badness.reasons[:MAX_REASONS]), badness=badness.score)


def _read(doc: Document) -> tuple[Layout, Reading]:
    main = [layout for layout in registry.layouts() if not layout.block]
    chosen = next((layout for layout in main if layout.matches(doc)), main[-1])
    return chosen, chosen.parse(doc)


def _block_drafts(doc: Document) -> Iterator[tuple[Layout, Draft]]:
    """Items that stand in blocks beside the page's own."""
    for layout in registry.layouts():
        if layout.block and layout.matches(doc):
            for draft in layout.parse(doc).drafts:
                yield layout, draft


def _unknown(blocks: Iterable[tuple[Layout, Draft]], own: list[Draft]) -> Iterator[tuple[Layout, Draft]]:
    """What the page's layout has read already is not read twice."""
    known = {(fold(draft.title), draft.url) for draft in own}
    titles = {title for title, _ in known}
    for layout, draft in blocks:
        folded = fold(draft.title)
        if (folded, draft.url) not in known and not (draft.url is None and folded in titles):
            yield layout, draft


def _of_project(draft: Draft, blocks: list[Draft]) -> Draft:
    """The page's own draft with the fields of the project that it is about; a page that lists others is itself no project."""
    listed = [block for block in blocks if block.project is not None]
    if not listed:
        return draft
    periods = [fold(block.project.period) for block in listed if block.project is not None and block.project.period]
    draft = replace(draft, dates=tuple(date for date in draft.dates if not _is_period(date, periods)))
    own = next((block for block in listed if fold(block.title) == fold(draft.title)), None)
    if own is not None:
        return replace(draft, project=own.project, kind="project")
    return replace(draft, kind="page") if draft.kind == "project" and draft.complete else draft


def _finished(draft: Draft, doc: Document, layout: str) -> Draft:
    site = doc.site
    text = _without_boilerplate(draft.text, site.boilerplate)
    address = draft.url or doc.url
    language, method, confidence = _language(text, declared_languages(draft, doc), site.languages)
    kind: Kind = draft.kind or kind_of(address, draft.section, site) or ("news" if any(d.role == "published" for d in draft.dates) else "page")
    return replace(
        draft,
        title=normalise(draft.title),
        text=text,
        section=draft.section,
        language=language,
        language_method=method,
        language_confidence=confidence,
        kind=kind,
        dates=_dates(draft, doc, text, kind, language),
        layout=layout,
    )


def _dates(draft: Draft, doc: Document, text: str, kind: Kind, language: str | None) -> tuple[PartialDate, ...]:
    """All dates of the draft with their confidence, those taken first: the layout's, those of title and text, that of its address."""
    shown = tuple(_believable(date_evidence.weighed(date), doc) for date in draft.dates)
    eventful = kind in ("news", "event") and bool(text)
    published = next((date.value for date in shown if date.role == "published" and not date.refused), None)
    known = {date.value for date in shown if date.role == "event"}
    reason = date_evidence.NOT_AN_EVENT if not eventful else date_evidence.PAGE_SAYS_OTHERWISE if known else ""
    read = (date for date in _candidates(draft.title, text, language, published) if date.value not in known)
    stated = (*shown, *(replace(date, refused=date.refused or reason) for date in read))
    every = [_believable(date, doc) for date in date_evidence.with_url(stated, draft.url, eventful=eventful)]
    return (*(date for date in every if not date.refused), *date_evidence.kept_refused(date for date in every if date.refused))


def declared_languages(draft: Draft, doc: Document) -> tuple[tuple[str, str], ...]:
    """What page and address declare of a draft's language, as (source, language of the site), strongest first.

    An item that the page only lists is not spoken of by the page's own declarations, if its address names a language.
    """
    own = draft.url is None or draft.url == doc.url
    path = path_language(draft.url or doc.url, doc.site)
    found = [("path", path)]
    if own or not path:
        found.append(("html lang", doc.html_lang))
    if own:
        found.append(("alternate", next((one.hreflang.split("-")[0].lower() for one in doc.alternates if one.url == doc.url), None)))
    return tuple((source, language) for source, language in found if language in doc.site.languages and language is not None)


@lru_cache(maxsize=2048)
def _candidates(title: str, text: str, language: str | None, published: str | None) -> tuple[PartialDate, ...]:
    """`candidates`, remembered: listings and boxes repeat the same intros page after page."""
    return date_evidence.candidates(title, text, language=language, published=published)


@lru_cache(maxsize=2048)
def _language(text: str, declared: tuple[tuple[str, str], ...], allowed: tuple[str, ...]) -> languages.Spoken:
    """`languages.identify`, remembered for the same reason; the title never decides."""
    return languages.identify("", text, declared=declared, allowed=allowed)


def _believable(date: PartialDate, doc: Document) -> PartialDate:
    """The date, refused if it cannot be true: before the dialogue began, or (what was published or changed) after the capture."""
    if date.refused:
        return date
    if date.role == "event":
        possible = int(date.value[:4]) >= doc.site.first_year
    else:
        possible = plausible(date.value, first_year=doc.site.first_year, captured_at=doc.captured_at)
    return date if possible else replace(date, refused=date_evidence.IMPLAUSIBLE)


def _without_boilerplate(text: str, boilerplate: tuple[str, ...]) -> str:
    if not boilerplate or not text:
        return text
    lines = [line for line in text.split("\n") if not line or _folded_line(line) not in boilerplate]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@lru_cache(maxsize=4096)
def _folded_line(line: str) -> str:
    return fold(line) if len(line) < 200 else line


@lru_cache(maxsize=4096)
def kind_of(url: str, section: str, site: Site) -> Kind | None:
    """The kind that the site definition gives to the address's path or to the section's name; the first entry that fits wins. None if none does."""
    words = {segment.lower() for segment in urlsplit(url).path.split("/") if segment}
    words |= {segment.split("-", 1)[-1] for segment in words if segment[:1].isdigit()}
    words.add(fold(section).replace(" ", "-"))
    return next((kind for word, kind in site.sections if word in words), None)


def _links(own: Iterable[Link], common: Iterable[Link], page_url: str) -> tuple[Link, ...]:
    """Each address once, a link's own meaning (item, next, whole, part) before its plain occurrence."""
    links: dict[str, Link] = {}
    for link in (*own, *common):
        if link.url != page_url and (link.url not in links or (link.rel and not links[link.url].rel)):
            links[link.url] = link
    return tuple(links.values())[:MAX_LINKS]
