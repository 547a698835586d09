"""The Prague Process, the migration dialogue with Eastern Europe, Central Asia and the Western Balkans."""

from __future__ import annotations

from rabat_crawler.models import Expect, Host, Site

SITE = Site(
    name="prague-process",
    title="Prague Process",
    description="migration dialogue with Eastern Europe, Central Asia and the Western Balkans, 2009 to today",
    hosts=(Host(name="www.pragueprocess.eu", epoch="A", first=2011), Host(name="pragueprocess.eu", epoch="A", first=2011)),
    languages=("en", "ru"),
    starts=("https://www.pragueprocess.eu/en/",),
    sections=(
        ("meetings", "event"),
        ("events", "event"),
        ("publications", "publication"),
        ("documents", "publication"),
        ("migration-observatory", "publication"),
        ("projects", "project"),
        ("news", "news"),
        ("news-events", "news"),
        ("about", "page"),
    ),
    block_headings=(("next events", "event"), ("upcoming events", "event"), ("latest news", "news")),
    boilerplate=("enhancing cooperation among the prague process states", "select your language"),
    skip_paths=("/en/search", "/search"),
    first_year=2009,
    expect=Expect(min_items=10, max_fallback_share=0.6),
)
