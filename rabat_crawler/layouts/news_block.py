"""The site-wide block of dated items ("En action", "A venir / Next events") within any page, whatever its markup.

Makes drafts of what `extract.blocks` finds; asked on every page, so `matches` looks only for date lines in the source.
"""

from __future__ import annotations

import html as html_entities
import re
from dataclasses import replace

from rabat_crawler.extract.blocks import MAX_DATE, READ_MORE_TAIL, Block, BlockItem, find_blocks, read_date_line
from rabat_crawler.extract.html import Document, clean_fragment, normalise
from rabat_crawler.extract.lines import Lines, page_lines
from rabat_crawler.extract.pick import lines_html
from rabat_crawler.layouts._common import summary_of
from rabat_crawler.models import Draft, Layout, Link, Reading

DATE_RUN = re.compile(r">([^<>]{1,80}[0-9])(?:\s|&nbsp;|&#160;){0,40}<")
MARKING = re.compile(r"<(?:strong|b|em|i|u|a|span|mark|font|abbr)\b", re.I)
MAX_RUN = 80


def matches(doc: Document) -> bool:
    """The source holds a run of text that is nothing but a date."""
    source = doc.source
    for match in DATE_RUN.finditer(source):
        if not _within_a_line(source, match.start()):
            run = normalise(html_entities.unescape(match[1]))
            if 6 <= len(run) <= MAX_DATE and read_date_line(run, doc.html_lang):
                return True
    return False


def _within_a_line(source: str, end: int) -> bool:
    """True if the tag that ends there only marks words (`met in Rome <strong>on 28 ...`): what follows is no line of its own."""
    start = source.rfind("<", max(0, end - MAX_RUN), end)
    return start > 0 and MARKING.match(source, start) is not None and source[max(0, start - MAX_RUN) : start].rstrip()[-1:] not in ("", ">")


def parse(doc: Document) -> Reading:
    """One draft for each item of each block; never complete, for a block gives an intro. Role "other": a block says nothing of its page."""
    page = page_lines(doc)
    drafts = tuple(_draft(doc, page, block, item) for block in find_blocks(doc) for item in block.items)
    links = tuple(Link(url=draft.url, text=draft.title, rel="item") for draft in drafts if draft.url)
    return Reading(role="other", drafts=drafts, links=links)


def _draft(doc: Document, page: Lines, block: Block, item: BlockItem) -> Draft:
    fragment = clean_fragment(lines_html(page, item.intro), base_url=doc.base_url)
    text = READ_MORE_TAIL.sub("", fragment.text) if item.url else fragment.text
    date = replace(item.date, role="event") if block.kind == "event" else item.date
    return Draft(
        title=item.title,
        text=text,
        summary=summary_of(text),
        html=fragment.html,
        complete=False,
        url=item.url,
        kind=block.kind,
        dates=(date,),
        attachments=fragment.attachments,
        images=fragment.images,
    )


LAYOUT = Layout(name="news_block", rank=60, matches=matches, parse=parse, block=True)
