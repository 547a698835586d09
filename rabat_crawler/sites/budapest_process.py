"""The Budapest Process, the dialogue along the Silk Routes."""

from __future__ import annotations

from rabat_crawler.models import Expect, Host, Site

SITE = Site(
    name="budapest-process",
    title="Budapest Process",
    description="dialogue on migration along the Silk Routes, 1993 to today",
    hosts=(Host(name="www.budapestprocess.org", epoch="A", first=2013), Host(name="budapestprocess.org", epoch="A", first=2013)),
    languages=("en",),
    starts=("https://www.budapestprocess.org/",),
    sections=(
        ("meetings", "event"),
        ("events", "event"),
        ("publications", "publication"),
        ("resources", "publication"),
        ("projects", "project"),
        ("silk-routes-facility", "project"),
        ("news", "news"),
        ("about", "page"),
    ),
    block_headings=(("next events", "event"), ("upcoming events", "event"), ("latest news", "news")),
    skip_paths=("/search",),
    first_year=1993,
    expect=Expect(min_items=10, max_fallback_share=0.6),
)
