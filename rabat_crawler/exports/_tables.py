"""What the tabular formats share: the rows of each table with progress, and the Data Package that describes the files of a folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rabat_crawler.archive.tables import BY_NAME, TABLES, Column, Table
from rabat_crawler.exports._collection import LICENCE, Collection, collection
from rabat_crawler.exports._export import Options, Source

PACKAGE = "datapackage.json"
PARTIAL_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_TELL = 200
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_FRICTIONLESS: dict[str, dict[str, Any]] = {
    "partial_date": {"type": "string", "constraints": {"pattern": PARTIAL_DATE}},
    "strings": {"type": "array"},
    "json": {"type": "array"},
}


def rows(source: Source, table: Table) -> Iterator[tuple[Any, ...]]:
    """The rows of a table for the selected items, with progress; of pairs those of which both items are selected.

    Booleans are 0 and 1, lists JSON, times text, as SQLite has them.
    """
    selected = set(source.item_ids)
    other = table.names.index("other_id") if "other_id" in table.names else None
    done = 0
    source.tell(table.name, 0)
    for row in source.archive.rows(table.name, source.item_ids):
        if other is None or row[other] in selected:
            yield row
            done += 1
            if done % _TELL == 0:
                source.tell(table.name, done)


def objects(source: Source, table: str, item_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table as objects; lists and booleans as Python has them."""
    columns = BY_NAME[table].columns
    for row in source.archive.rows(table, item_ids):
        yield {column.name: plain(column, value) for column, value in zip(columns, row, strict=True)}


def of_items(source: Source, table: str, item_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of a table with an item's id, by that id, as objects without it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for values in objects(source, table, item_ids):
        found.setdefault(str(values.pop("item_id")), []).append(values)
    return found


def plain(column: Column, value: Any) -> Any:
    """The value of a cell as Python has it; times stay text."""
    if value is None:
        return None
    if column.type == "boolean":
        return bool(value)
    return json.loads(value) if column.type in ("strings", "json") else value


def write_package(
    source: Source, folder: Path, options: Options, counts: Mapping[str, int], described: Mapping[str, Any], *, typed: bool = False
) -> None:
    """The datapackage.json of the files `TABLE.FORMAT` in a folder; `described` is what all of them have in common, `format` among it.

    `typed`: the files themselves have types, so lists are none that a reader must parse; and such readers count no bytes, the digest is enough.
    """
    found = collection(source.archive, source.moment, options)
    resources = []
    for table in TABLES:
        path = folder / f"{table.name}.{described['format']}"
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        resources.append(
            {
                "name": table.name,
                "path": path.name,
                "description": table.description,
                **described,
                **({} if typed else {"bytes": path.stat().st_size}),
                "hash": f"sha256:{digest}",
                "rowCount": counts[table.name],
                "schema": schema(table, typed=typed),
            }
        )
    text = json.dumps({**_about(found), "resources": resources}, ensure_ascii=False, indent=2) + "\n"
    (folder / PACKAGE).write_text(text, encoding="utf-8", newline="\n")


def schema(table: Table, *, typed: bool = False) -> dict[str, Any]:
    """The Table Schema of a table. Missing values are empty cells."""
    described: dict[str, Any] = {
        "fields": [_field(column, typed=typed) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    if table.foreign:
        described["foreignKeys"] = [
            {"fields": list(key.columns), "reference": {"resource": key.table, "fields": list(key.refers_to)}} for key in table.foreign
        ]
    return described


def _field(column: Column, *, typed: bool) -> dict[str, Any]:
    described: dict[str, Any] = _FRICTIONLESS.get(column.type, {"type": column.type})
    if typed and column.type == "strings":
        described = {"type": "any"}
    if typed and column.type == "integer" and not column.required:
        described = {"type": "number"}  # readers that go through pandas have 12.0 there, and no number for null
    constraints = {**described.get("constraints", {}), **({"required": True} if column.required else {})}
    return {
        "name": column.name,
        "type": described["type"],
        "description": column.description,
        **({"constraints": constraints} if constraints else {}),
    }


def _about(found: Collection) -> dict[str, Any]:
    """Of the whole: version 1 of the specification, which readers in R and in Python know alike."""
    sources = [{"title": site.title, "path": site.starts[0]} for site in found.sites if site.starts]
    return {
        "profile": "data-package",
        "name": "-".join(site.name for site in found.sites) or "archive",
        "title": found.title,
        "description": f"{found.description} {found.citation}",
        "created": found.moment,
        "licenses": [_licence(found.licence)],
        **({"sources": sources} if sources else {}),
    }


def _licence(said: str) -> dict[str, str]:
    if said.startswith(("https://", "http://")):
        return {"path": said}
    return {"name": "other-closed" if said == LICENCE else _NAME.sub("-", said).strip("-")[:60] or "other", "title": said}


def listed(counts: Mapping[str, int], suffix: str) -> str:
    """The tables with their rows, as a table in Markdown."""
    lines = [f"| `{table.name}{suffix}` | {counts[table.name]:,} | {table.description} |" for table in TABLES]
    return "\n".join(("| Table | Rows | What |", "| --- | ---: | --- |", *lines))
