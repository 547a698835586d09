"""One JSON object per item and line, with all that belongs to the item in it; one file, so that it can go through a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rabat_crawler.archive.as_json import item_json
from rabat_crawler.archive.tables import BY_NAME
from rabat_crawler.exports import _tables
from rabat_crawler.exports._export import Export, Options, Source
from rabat_crawler.models import Item

_NESTED = {
    "versions": "versions", "translations": "translations", "related": "relations", "mentions": "mentions", "documents": "item_documents",
    "captures": "item_captures",
}  # fmt: skip
"""Key of an item's object to the table whose rows of the item it holds."""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The file."""
    count = 0
    shared = {key: _by_key(source, table, key) for table, key in (("documents", "document_id"),)}
    with open(target, "w", encoding="utf-8", newline="\n") as file:
        for part in source.parts():
            for one in _objects(source, part, shared["documents"]):
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
                count += 1
            source.tell("items", count, len(source.item_ids))
    return {"items": count}


def _objects(source: Source, part: list[Item], documents: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    names = [item.item_id for item in part]
    found = {key: _tables.of_items(source, table, names) for key, table in _NESTED.items()}
    events = _tables.of_items(source, "events", names)
    for item in part:
        more: dict[str, Any] = {key: found[key].get(item.item_id, []) for key in _NESTED}
        more["documents"] = [{**documents[link["document_id"]], "url": link["url"], "text": link["text"]} for link in more["documents"]]
        yield {**item_json(item), "event": next(iter(events.get(item.item_id, [])), None), **more}


def _by_key(source: Source, table: str, key: str) -> dict[str, dict[str, Any]]:
    described = BY_NAME[table]
    place = described.names.index(key)
    return {
        row[place]: {column.name: _tables.plain(column, value) for column, value in zip(described.columns, row, strict=True)}
        for row in source.archive.rows(table, source.item_ids)
    }


EXPORTS = (Export(name="jsonl", title="One JSON object per item and line, with all that belongs to it.", suffix=".jsonl", write=write),)
