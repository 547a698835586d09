"""One JSON object per item and line, with all that belongs to the item in it; one file, so that it can go through a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rabat_crawler.archive.as_json import item_json
from rabat_crawler.exports import _tables
from rabat_crawler.exports._export import Export, Options, Source
from rabat_crawler.models import Item

_OWN = {"versions": "versions", "translations": "translations", "related": "relations", "mentions": "mentions"}
"""Key of an item's object to the table whose rows of the item it holds."""
_PAIRS = ("translations", "related")
"""Of these both ids are given, as by `show --json`."""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The file."""
    count = 0
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        for part in source.parts():
            for one in _objects(source, part):
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
                count += 1
            source.tell("items", count, len(source.item_ids))
    return {"items": count}


def _objects(source: Source, part: Sequence[Item]) -> Iterator[dict[str, Any]]:
    """The objects of some items: `show --json` with versions, documents and captures."""
    names = [item.item_id for item in part]
    found = {key: _tables.of_items(source, table, names) for key, table in _OWN.items()}
    found["documents"] = _linked(source, "documents", "document_id", names, {"url": "link_url", "text": "link_text"})
    found["captures"] = _linked(source, "captures", "record_id", names, {})
    events = _tables.of_items(source, "events", names)
    for item in part:
        more = {key: rows.get(item.item_id, []) for key, rows in found.items()}
        more |= {key: [{"item_id": item.item_id, **row} for row in more[key]] for key in _PAIRS}
        yield {**item_json(item), "event": next(iter(events.get(item.item_id, [])), None), **more}


def _linked(source: Source, table: str, key: str, item_ids: Sequence[str], renamed: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of a table that items share, by item, with what the link says, some of that under another name."""
    shared = {one[key]: one for one in _tables.objects(source, table, item_ids)}
    return {
        item_id: [{**shared[link[key]], **{renamed.get(name, name): value for name, value in link.items()}} for link in links]
        for item_id, links in _tables.of_items(source, f"item_{table}", item_ids).items()
    }


EXPORTS = (Export(name="jsonl", title="One JSON object per item and line, with all that belongs to it.", suffix=".jsonl", write=write),)
