"""Pages of markup that no other layout knows: article, listing or neither, by what they declare, their headings, dates and density of prose.

Says "other" rather than guess: a page without an article must not become an item.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from rabat_crawler.extract.blocks import CLOCK, find_blocks, is_read_more
from rabat_crawler.extract.dates import date_line, parse_date, parse_iso
from rabat_crawler.extract.density import is_prose, main_lines
from rabat_crawler.extract.html import Document, clean_fragment, fold
from rabat_crawler.extract.lines import Line, Lines, page_lines
from rabat_crawler.extract.pick import lines_html
from rabat_crawler.layouts._common import summary_of
from rabat_crawler.layouts._evidence import OTHER_TYPES, read_evidence
from rabat_crawler.layouts._headline import date_lines, find_dates, find_title, site_names, without_site
from rabat_crawler.models import Draft, Layout, Link, PartialDate, Reading
from rabat_crawler.urls import DOCUMENT_SUFFIX

OTHER_PATH = re.compile(
    r"(?:^|/)(?:search|recherche|rechercher|login|connexion|log-?in|sign-?in|register|inscription|contact(?:ez-nous|-us|s)?|"
    r"nous-contacter|sitemap|plan-du-site|plan|user|users?/\w+|"
    r"password|mot-de-passe|404|erreur|error|mailto|cart|admin|newsletter/subscribe|subscribe|abonnement)(?:\.\w{2,5})?/?$",
    re.I,
)
OTHER_QUERY = re.compile(r"(?:^|&)(?:s|q|search|searchword|recherche|page=recherche|view=search)=", re.I)
OTHER_TITLE = re.compile(
    r"^(?:(?:erreur|error)? ?40[34](?: .*)?|(?:page|document|article) (?:introuvable|non trouvee?|not found)|not found|page "
    r"not found|acces (?:refuse|interdit)|access denied|forbidden|"
    r"recherche(?:r)?|search|resultats? (?:de (?:la |votre )?)?recherche.*|search results?.*|connexion|login|log in|sign in|"
    r"se connecter|identification|contact|contacts|contact us|"
    r"contactez nous|nous contacter|plan du site|site map|sitemap|mot de passe oublie|inscription|register|user account|"
    r"compte utilisateur|under construction|en construction|"
    r"site en maintenance|maintenance)$"
)
MIN_TEXT = 140
MIN_DECLARED = 30
MIN_ITEMS = 2
MIN_UNDATED = 3
ITEM_SHARE = 0.5
ALONE_REACH = 20
DATE_REACH = 9
"""Lines below an item's title in which its date may stand; more is text."""


@dataclass(slots=True)
class _Entry:
    """An item of a listing: its title line, url, date and the lines up to the next item."""

    head: int
    title: str
    url: str
    date: PartialDate | None
    intro: tuple[int, ...] = ()
    start: int = 0
    end: int = 0


def matches(doc: Document) -> bool:
    """Every page."""
    return True


def parse(doc: Document) -> Reading:
    """The page's article as one complete draft, or a listing's items, or nothing."""
    page = page_lines(doc)
    blocks = find_blocks(doc)
    left_out = {index for block in blocks for index in range(block.start, block.end)}
    if _declared_other(doc):
        return Reading(role="other")
    evidence = read_evidence(doc)
    title, at = find_title(doc, page, evidence, left_out)
    entries = _entries(doc, page, left_out, at)
    if entries and _follow_an_article(doc, page, entries, at):
        left_out |= {index for entry in entries for index in range(entry.start, entry.end)}
        entries = []
    text = main_lines(page, title=at, left_out=left_out)
    head = date_lines(doc, page, at, text, left_out)
    text = tuple(i for i in text if i not in head)
    if _is_listing(page, entries, text, evidence.article):
        return _listing(doc, page, entries)
    dates = find_dates(doc, page, evidence, at, text, left_out)
    if not _is_article(page, title, at, text, declared=evidence.article or any(date.role != "modified" for date in dates)):
        items = tuple(Link(url=item.url, text=item.title, rel="item") for block in blocks for item in block.items if item.url)
        return Reading(role="listing" if items and not text else "other", links=items)
    draft = replace(_article(doc, page, title, text), dates=dates, tags=evidence.tags, section=evidence.section)
    return Reading(role="detail", drafts=(draft,))


def _is_article(page: Lines, title: str, at: int | None, text: Sequence[int], *, declared: bool) -> bool:
    """It has a title and enough text; little is enough where the page declares an article or prints a date by a title it shows."""
    size = sum(len(page.lines[i].text) - page.lines[i].linked for i in text)
    return bool(title) and size >= (MIN_DECLARED if at is not None and declared else MIN_TEXT) and not OTHER_TITLE.match(fold(title))


def _follow_an_article(doc: Document, page: Lines, entries: Sequence[_Entry], title: int | None) -> bool:
    """Between the page's title and the first of the repeated items stand a date and text of the page's own: the items are its neighbours."""
    if title is None or entries[0].start <= title + 2:
        return False
    between = page.lines[title + 1 : entries[0].start]
    dated = any(_line_date(doc, page, line.index) is not None for line in between[:6])
    return dated and any(len(line.text) - line.linked >= MIN_DECLARED and is_prose(line) for line in between)


def _declared_other(doc: Document) -> bool:
    """Search, contact, login and error pages say so in their address, title or type."""
    parts = urlsplit(doc.url)
    if OTHER_PATH.search(parts.path) or OTHER_QUERY.search(parts.query):
        return True
    pieces = {fold(doc.title), fold(without_site(doc.title, site_names(doc)))}
    return any(OTHER_TITLE.match(piece) for piece in pieces) or not read_evidence(doc).types.isdisjoint(OTHER_TYPES)


def _article(doc: Document, page: Lines, title: str, text: Sequence[int]) -> Draft:
    fragment = clean_fragment(lines_html(page, text), base_url=doc.base_url)
    return Draft(
        title=title,
        text=fragment.text,
        summary=summary_of(fragment.text),
        html=fragment.html,
        complete=True,
        url=doc.url,
        attachments=fragment.attachments,
        images=fragment.images,
        alternates=doc.alternates,
    )


def _entries(doc: Document, page: Lines, left_out: Container[int], title: int | None) -> list[_Entry]:
    """Repeated linked headings (or linked lines that begin or end with a date), each with its date and intro; the fullest group of the page."""
    groups: dict[object, list[_Entry]] = {}
    for line in page:
        if line.furniture or line.index in left_out or line.index == title or not line.links:
            continue
        entry = _entry(doc, line)
        if entry is not None:
            groups.setdefault((line.element.tag, line.element.name, bool(entry.date)), []).append(entry)
    whole = [list(_completed(doc, page, group, left_out)) for group in groups.values()]
    full = [group for group in whole if len(group) >= MIN_ITEMS or _leads_on(doc, page, group[0], title)]
    return max(full, key=lambda group: _fullness(page, group), default=[])


def _fullness(page: Lines, group: Sequence[_Entry]) -> tuple[int, int, int]:
    """Dated items before items with an intro before mere links."""
    return (
        sum(e.date is not None for e in group),
        sum(any(is_prose(page.lines[i]) for i in e.intro) for e in group),
        sum(e.end - e.start for e in group),
    )


def _leads_on(doc: Document, page: Lines, entry: _Entry, title: int | None) -> bool:
    """A listing's only item: dated, and a heading right under the page's own, or a read-more link leads where its title leads."""
    if entry.date is not None and entry.head - 1 == title and page.lines[entry.head].heading:
        return True
    more = (line for line in page.lines[entry.head + 1 : entry.end] if is_read_more(line))
    return entry.date is not None and any(doc.absolute(line.links[-1][0]) == entry.url for line in more)


def _entry(doc: Document, line: Line) -> _Entry | None:
    href, linked = max(line.links, key=lambda link: len(link[1]))
    url = doc.absolute(href)
    if url is None or url == doc.url or DOCUMENT_SUFFIX.search(urlsplit(url).path) or is_read_more(line) or len(linked) < 8:
        return None
    rest = line.text.replace(linked, " ").strip(" \t-–—:|·•,()[]")
    if not rest:
        bold = line.heading or line.strong or line.time
        return _Entry(line.index, linked, url, parse_iso(line.time, role="published", source="listing") if line.time else None) if bold else None
    found = date_line(rest, language=doc.html_lang) if len(rest) < 40 and not CLOCK.search(rest) else None
    return _Entry(line.index, linked, url, found) if found else None


def _completed(doc: Document, page: Lines, group: Sequence[_Entry], left_out: Container[int]) -> Iterator[_Entry]:
    """The group's entries with their dates and intros; a date may stand before or after its title, alike in the whole group."""
    heads = [entry.head for entry in group]
    before = sum(_line_date(doc, page, head - 1) is not None for head in heads if head)
    after = sum(any(_line_date(doc, page, i) is not None for i in range(head + 1, head + DATE_REACH)) for head in heads)
    date_first = before > after
    for position, entry in enumerate(group):
        entry.start = entry.head - (date_first and entry.head > 0)
        limit = heads[position + 1] - date_first if position + 1 < len(heads) else _last_end(page, group)
        entry.end = max(limit, entry.head + 1)
        places = (entry.head - 1,) if date_first else range(entry.head + 1, min(entry.head + DATE_REACH, entry.end))
        dated = next(((i, found) for i in places if (found := _line_date(doc, page, i)) is not None), None)
        entry.date = entry.date or (dated[1] if dated else None)
        skip = dated[0] if dated else -1
        entry.intro = tuple(i for i in range(entry.head + 1, entry.end) if i != skip and i not in left_out and _intro_line(page.lines[i]))
        yield entry


def _intro_line(line: Line) -> bool:
    return not is_read_more(line) and not line.furniture and line.linked * 10 < len(line.text) * 8


def _last_end(page: Lines, group: Sequence[_Entry]) -> int:
    """The last item ends where the element that holds it alone ends, or at the next heading or line of furniture."""
    last = page.lines[group[-1].head]
    if len(group) == 1:
        return next(
            (line.index for line in page.lines[last.index + 1 : last.index + ALONE_REACH] if line.heading), min(last.index + ALONE_REACH, len(page))
        )
    previous = page.lines[group[-2].head]
    around = set(map(id, previous.element.ancestors()))
    own = [element for element in last.element.ancestors() if id(element) not in around]
    shared = next(element for element in last.element.ancestors() if id(element) in around)
    if own and own[-1].end > last.index + 1:
        return own[-1].end
    return next((line.index for line in page.lines[last.index + 1 : shared.end] if line.heading or line.furniture), shared.end)


def _line_date(doc: Document, page: Lines, index: int) -> PartialDate | None:
    if not 0 <= index < len(page):
        return None
    line = page.lines[index]
    if line.time and len(line.text) < 120:
        found = parse_iso(line.time, role="published", source="listing")
        if found:
            return found
    if len(line.text) > 60 or not any(c.isdigit() for c in line.text):
        return None
    found = date_line(line.text, language=doc.html_lang) or parse_date(line.text, language=doc.html_lang, source="listing")
    return replace(found, source="listing", role="event" if found.end else "published") if found else None


def _is_listing(page: Lines, entries: Sequence[_Entry], text: Sequence[int], declared: bool) -> bool:
    """Enough items, and most of the page's main text stands in them."""
    dated = sum(entry.date is not None for entry in entries)
    told = sum(any(is_prose(page.lines[i]) for i in entry.intro) for entry in entries)
    alone = len(entries) == 1
    if declared or (dated < MIN_ITEMS and told < MIN_UNDATED and not alone):
        return False
    covered = {index for entry in entries for index in range(entry.start, entry.end)}
    whole = sum(len(page.lines[i].text) for i in text)
    inside = sum(len(page.lines[i].text) for i in text if i in covered)
    return inside >= whole * ITEM_SHARE or (dated >= MIN_ITEMS and whole < 3 * MIN_TEXT)


def _listing(doc: Document, page: Lines, entries: Sequence[_Entry]) -> Reading:
    links = tuple(Link(url=entry.url, text=entry.title, rel="item") for entry in entries)
    return Reading(role="listing", drafts=tuple(_listed(doc, page, entry) for entry in entries), links=links)


def _listed(doc: Document, page: Lines, entry: _Entry) -> Draft:
    fragment = clean_fragment(lines_html(page, entry.intro), base_url=doc.base_url)
    return Draft(
        title=entry.title,
        text=fragment.text,
        summary=summary_of(fragment.text),
        html=fragment.html,
        complete=False,
        url=entry.url,
        dates=(replace(entry.date, source="listing"),) if entry.date else (),
        attachments=fragment.attachments,
        images=fragment.images,
    )


LAYOUT = Layout(name="generic", rank=90, matches=matches, parse=parse)
