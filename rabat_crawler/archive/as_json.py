"""An item as the plain JSON object that other programs rely on: keys are only ever added."""

from __future__ import annotations

import dataclasses
from typing import Any

from rabat_crawler.models import Hit, Item, Run

PROMISED = (
    "item_id", "site", "kind", "language", "title", "summary", "text", "published", "event_start", "event_end", "canonical_url", "addresses",
    "article_id", "twin", "first_seen", "last_seen", "gone", "flags",
)  # fmt: skip
"""The keys that will never go away or change their meaning."""

FURTHER = ("language_method", "section", "tags", "attachments", "images", "dates", "layout", "current_version")


def item_json(item: Item) -> dict[str, Any]:
    """The item's promised keys first, then further ones; tuples as lists, nothing left out."""
    values = dataclasses.asdict(item)
    return {name: _plain(values[name]) for name in (*PROMISED, *FURTHER)}


def hit_json(hit: Hit) -> dict[str, Any]:
    """The item of a hit with `rank` (lower is better) and `snippet`, where \\u0002 and \\u0003 stand around the words found."""
    return {**item_json(hit.item), "rank": hit.rank, "snippet": hit.snippet}


def run_json(run: Run) -> dict[str, Any]:
    """A run as its file holds it."""
    return {name: _plain(value) for name, value in dataclasses.asdict(run).items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
