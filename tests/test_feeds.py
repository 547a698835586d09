"""What a feed lists: the entries with their words, the channel apart, nothing that changes by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.extract.feeds import feed_links

URL = "https://www.example.org/fr/publications?format=feed&type=rss"


def rss(title: str, *, date: str = "Sun, 27 May 2018 07:00:00 +0200") -> str:
    return f"""<?xml version="1.0"?><rss><channel><title>Publications</title><link>https://www.example.org/fr/publications</link>
<lastBuildDate>{date}</lastBuildDate><item><title>{title}</title><link>https://www.example.org/fr/publications/1-a?x=1&amp;y=2</link>
<description><![CDATA[<p class="a">Un <b>bulletin</b>.</p>]]></description><pubDate>{date}</pubDate></item>
<item><title>Autre</title><link><![CDATA[https://www.example.org/fr/publications/2-b]]></link></item></channel></rss>"""


def read(text: str) -> list[tuple[str, str, str]]:
    return [(link.rel or "", link.url.removeprefix("https://www.example.org"), link.text) for link in feed_links(text, URL)]


def test_entries_come_with_their_words_and_the_channel_is_no_entry() -> None:
    assert read(rss("Le bulletin")) == [
        ("", "/fr/publications", ""),
        ("item", "/fr/publications/1-a?x=1&y=2", "Le bulletin https://www.example.org/fr/publications/1-a?x=1&y=2 Un bulletin ."),
        ("item", "/fr/publications/2-b", "Autre https://www.example.org/fr/publications/2-b"),
    ]


def test_dates_are_not_among_the_words() -> None:
    assert read(rss("Le bulletin")) == read(rss("Le bulletin", date="Mon, 28 May 2018 07:00:00 +0200"))
    assert read(rss("Le bulletin")) != read(rss("Le bulletin du printemps"))


def test_atom() -> None:
    text = '<feed><link rel="alternate" href="/fr/"/><entry><title type="html">A</title><link rel="alternate" href="/fr/1-a"/><updated>2018</updated></entry></feed>'
    assert [(rel, url) for rel, url, _ in read(text)] == [("", "/fr/"), ("item", "/fr/1-a")]


@given(st.text(alphabet="<>itemlnkhref=\"'/:.&;[]CDATA! \n", max_size=300))
def test_anything_is_read_without_an_error(text: str) -> None:
    assert all(link.url.startswith("http") for link in feed_links(text, URL))


@pytest.mark.parametrize("piece", ["<link ", "<item", "<link>", "<pubDate>", "<![CDATA[", "<item><link href='", "&lt;", "<title>"])
def test_hostile_feeds_take_linear_time(piece: str) -> None:
    found = list(feed_links(piece * (1_000_000 // len(piece)), URL))  # were the work quadratic, this would take minutes
    assert len(found) < 2
