"""The bundled sample site, an invented edition of the dialogue's site served on loopback by `rabat-crawler demo`."""

from __future__ import annotations

from dataclasses import replace

from rabat_crawler.models import Expect, Host
from rabat_crawler.sites.rabat_process import SITE as RABAT_PROCESS

SITE = replace(
    RABAT_PROCESS,
    name="sample",
    title="Sample site (invented texts)",
    description="the bundled sample, never a real site",
    hosts=(Host(name="127.0.0.1"),),
    starts=("http://127.0.0.1:8177/fr/", "http://127.0.0.1:8177/en/"),
    expect=Expect(min_items=20, max_fallback_share=0.5),
)
