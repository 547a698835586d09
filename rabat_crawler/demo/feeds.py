"""RSS and Atom of the sample site's listings, as Joomla 3 writes them: intros only; category feeds carry the date of creation."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

from rabat_crawler.demo import body
from rabat_crawler.demo.chrome import attribute, text
from rabat_crawler.demo.content import Story
from rabat_crawler.demo.labels import WORDS
from rabat_crawler.demo.menus import Menu
from rabat_crawler.demo.shelf import Shelf
from rabat_crawler.demo.template import ORIGIN

FEED_ITEMS = 7
CREATED_BEFORE = timedelta(days=2, hours=3)
GENERATOR = "Joomla! - Open Source Content Management"


def feed(shelf: Shelf, menu: Menu, form: str, start: int) -> str:
    """The feed of a listing, `form` "rss" or "atom", from the `start`-th item on. Text with holes."""
    found = shelf.listed(menu)[max(start, 0) :][:FEED_ITEMS]
    return _atom(shelf, menu, found) if form == "atom" else _rss(shelf, menu, found)


def feed_date(story: Story, menu: Menu) -> datetime:
    """What the feed gives as its date: of publication on the home page's feed, of creation elsewhere."""
    published = datetime.fromisoformat(story.published)
    return published if menu.view == "featured" else published - CREATED_BEFORE


def _rss(shelf: Shelf, menu: Menu, found: list[Story]) -> str:
    items = "".join(
        f"\t\t<item>\n\t\t\t<title>{body.title(story)}</title>\n\t\t\t<link>{ORIGIN}{shelf.path_under(story, menu)}</link>\n"
        f'\t\t\t<guid isPermaLink="true">{ORIGIN}{shelf.path_under(story, menu)}</guid>\n'
        f"\t\t\t<description><![CDATA[{body.paragraphs(story, story.body[:1])}]]></description>\n"
        f"\t\t\t<category>{text(shelf.epoch.menus.by_key[menu.language, story.category].title)}</category>\n"
        f"\t\t\t<pubDate>{format_datetime(feed_date(story, menu))}</pubDate>\n\t\t</item>\n"
        for story in found
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- generator="{GENERATOR}" -->\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">\n\t<channel>\n'
        f"\t\t<title>{text(menu.title)}</title>\n\t\t<description><![CDATA[{WORDS[menu.language]['description']}]]></description>\n"
        f"\t\t<link>{ORIGIN}{menu.path}</link>\n\t\t<lastBuildDate>{format_datetime(shelf.epoch.built)}</lastBuildDate>\n\t\t<generator>{GENERATOR}</generator>\n"
        f'\t\t<atom:link rel="self" type="application/rss+xml" href="{ORIGIN}{menu.path}?format=feed&amp;type=rss"/>\n'
        f"\t\t<language>{'fr-fr' if menu.language == 'fr' else 'en-gb'}</language>\n{items}\t</channel>\n</rss>\n"
    )


def _atom(shelf: Shelf, menu: Menu, found: list[Story]) -> str:
    entries = "".join(
        f"\t<entry>\n\t\t<title>{body.title(story)}</title>\n"
        f'\t\t<link rel="alternate" type="text/html" href="{ORIGIN}{shelf.path_under(story, menu)}"/>\n'
        f"\t\t<published>{feed_date(story, menu).isoformat()}</published>\n\t\t<updated>{feed_date(story, menu).isoformat()}</updated>\n"
        f"\t\t<id>{ORIGIN}{shelf.path_under(story, menu)}</id>\n"
        f'\t\t<summary type="html">{attribute(body.paragraphs(story, story.body[:1]))}</summary>\n\t</entry>\n'
        for story in found
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n\t<title type="text">{text(menu.title)}</title>\n'
        f"\t<id>{ORIGIN}{menu.path}</id>\n\t<updated>{shelf.epoch.built.isoformat()}</updated>\n{entries}</feed>\n"
    )
