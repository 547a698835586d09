"""An item as the plain JSON object that other programs rely on: keys are only ever added."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rabat_crawler import cdxj
from rabat_crawler.models import DocumentHit, DocumentVersion, Hit, Item, Run, Version
from rabat_crawler.wording import Piece, word_diff

if TYPE_CHECKING:
    from rabat_crawler.archive.captured import Listed
    from rabat_crawler.archive.past import History
    from rabat_crawler.archive.results import Results

PROMISED = (
    "item_id", "site", "kind", "language", "title", "summary", "text", "published", "event_start", "event_end", "canonical_url", "addresses",
    "article_id", "twin", "first_seen", "last_seen", "gone", "flags",
)  # fmt: skip
"""The keys that will never go away or change their meaning."""

FURTHER = ("language_method", "language_confidence", "section", "tags", "attachments", "images", "dates", "layout", "current_version", "project")


def item_json(item: Item) -> dict[str, Any]:
    """The item's promised keys first, then further ones; tuples as lists, nothing left out."""
    values = dataclasses.asdict(item)
    return {name: _plain(values[name]) for name in (*PROMISED, *FURTHER)}


def hit_json(hit: Hit) -> dict[str, Any]:
    """The item of a hit with `rank` (lower is better) and `snippet`, where \\u0002 and \\u0003 stand around the words found.

    `through`: the translation, `version_id`: the earlier version that holds the words where the item itself does not; else null.
    """
    return {**item_json(hit.item), "rank": hit.rank, "snippet": hit.snippet, "through": hit.through, "version_id": hit.version_id}


def results_json(results: Results) -> dict[str, Any]:
    """What a search gave beside its hits."""
    facets = {name: [{"value": one.value, "count": one.count} for one in values] for name, values in results.facets.items()}
    return {
        "words": results.words,
        "total": results.total,
        "exact": results.exact,
        "offset": results.offset,
        "limit": results.limit,
        "sort": results.sort,
        "suggestion": results.suggestion,
        "notes": list(results.notes),
        "facets": facets,
    }


DOCUMENT_KEYS = (
    "document_id", "url", "site", "media_type", "title", "pages", "language", "language_method", "dated", "dates", "digest", "first_seen", "last_seen",
    "first_capture", "last_capture", "current", "gone", "problems", "items", "names",
)  # fmt: skip


def document_json(document: DocumentVersion) -> dict[str, Any]:
    """A document: `pages` is their number, `items` the ids of the items that link it, `names` the words with which they do."""
    values = dataclasses.asdict(document)
    return {name: _plain(values[name]) for name in DOCUMENT_KEYS}


def document_hit_json(hit: DocumentHit) -> dict[str, Any]:
    """The document of a hit with its best `page`, `found_on` (all pages that hold the words), `rank` and `snippet` as in `hit_json`."""
    items = [item.item_id for item in hit.items]
    return {**document_json(hit.document), "items": items, "page": hit.page, "found_on": list(hit.pages), "rank": hit.rank, "snippet": hit.snippet}


def history_json(history: History) -> dict[str, Any]:
    """The item's versions, oldest first, with the spans in which captures showed them and the word diffs to what stood before (null for the first)."""
    item = history.item
    order = [history.number(span.version_id) for span in history.spans]
    named = {"item_id": item.item_id, "title": item.title, "canonical_url": item.canonical_url, "gone": item.gone}
    return {**named, "captures": history.captures, "order": order, "versions": [_version_json(history, version) for version in history.versions]}


def _version_json(history: History, version: Version) -> dict[str, Any]:
    spans, before = history.spans_of(version), history.before(version)
    return {
        "number": history.number(version.version_id),
        "version_id": version.version_id,
        "current": version.version_id == history.item.current_version,
        "title": version.title,
        "complete": version.complete,
        "words": len(version.text.split()),
        "captures": sum(span.captures for span in spans),
        "spans": [{name: _plain(value) for name, value in dataclasses.asdict(span).items() if name != "version_id"} for span in spans],
        "against": history.number(before.version_id) if before else None,
        **(diff_json(before, version) if before else dict.fromkeys(("title_diff", "diff", "added", "removed"))),
    }


def diff_json(old: Version, new: Version) -> dict[str, Any]:
    """The word diffs of titles and texts, as [operation, words], and how many words of the text were added and removed."""
    pieces = word_diff(old.text, new.text)
    added, removed = changed_words(pieces)
    return {"title_diff": word_diff(old.title, new.title), "diff": pieces, "added": added, "removed": removed}


def changed_words(pieces: Sequence[Piece]) -> tuple[int, int]:
    """How many words were added and removed."""
    added, removed = (sum(len(text.split()) for op, text in pieces if op == wanted) for wanted in "+-")
    return added, removed


CAPTURE_KEYS = (
    "record_id", "url", "url_key", "captured_at", "timestamp", "status", "media_type", "digest", "sha1", "length", "record_type", "original", "source",
    "source_url", "role", "badness", "held", "truncated", "run_id", "warc_file", "offset",
)  # fmt: skip


def capture_json(listed: Listed) -> dict[str, Any]:
    """A capture with what the archive makes of it. Its time stands twice: ISO 8601 UTC, and as 14 digits."""
    capture = listed.capture
    values = {name: getattr(capture, name) for name in capture.__slots__}
    values |= {"captured_at": capture.captured_at.isoformat().replace("+00:00", "Z"), "timestamp": cdxj.timestamp(capture.captured_at)}
    values |= {"original": listed.original, "role": listed.role, "badness": listed.badness, "held": listed.held}
    return {name: values[name] for name in CAPTURE_KEYS}


def run_json(run: Run) -> dict[str, Any]:
    """A run as its file holds it."""
    return {name: _plain(value) for name, value in dataclasses.asdict(run).items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
