"""The EU-Horn of Africa Migration Route Initiative (Khartoum Process)."""

from __future__ import annotations

from rabat_crawler.models import Expect, Host, Site

SITE = Site(
    name="khartoum-process",
    title="Khartoum Process",
    description="EU-Horn of Africa Migration Route Initiative, 2014 to today",
    hosts=(Host(name="www.khartoumprocess.net", epoch="A", first=2015), Host(name="khartoumprocess.net", epoch="A", first=2015)),
    languages=("en", "fr"),
    starts=("https://www.khartoumprocess.net/",),
    sections=(
        ("meetings", "event"),
        ("events", "event"),
        ("thematic-meetings", "event"),
        ("publications", "publication"),
        ("library", "publication"),
        ("resources", "publication"),
        ("projects", "project"),
        ("news", "news"),
        ("newsroom", "news"),
        ("about", "page"),
    ),
    block_headings=(("next events", "event"), ("upcoming events", "event"), ("latest news", "news")),
    skip_paths=("/search",),
    first_year=2014,
    expect=Expect(min_items=10, max_fallback_share=0.6),
)
