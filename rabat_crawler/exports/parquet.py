"""One Parquet file per table with real types, and a Data Package that describes them. pyarrow is an extra, and only loaded here when a file is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rabat_crawler.archive.tables import TABLES, Column, Table
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import _tables
from rabat_crawler.exports._collection import readme
from rabat_crawler.exports._export import Export, Options, Source

GROUP_ROWS = 20_000
GROUP_CHARACTERS = 8_000_000
"""A row group ends at so many rows or so much text: what is in memory at once."""
_TYPES: dict[str, tuple[str, ...]] = {"integer": ("int64",), "number": ("float64",), "boolean": ("bool_",), "datetime": ("timestamp", "us", "UTC")}
_CONVERTED: dict[str, Callable[[Any], Any]] = {"boolean": bool, "datetime": datetime.fromisoformat, "strings": json.loads, "number": float}
_CONTENTS = """One Parquet file per table; `{package}` describes every column with its type, the keys of the tables and the digest of each file. The
descriptions also stand in the files, as metadata of the fields.

{tables}

Times are timestamps in UTC. Dates are as precise as their evidence (`2017`, `2017-07`, `2017-07-17`), so they are text. `flags` is a list, `spans` JSON.

    pandas.read_parquet("items.parquet")                                   # Python, with pyarrow
    arrow::read_parquet("items.parquet")                                   # R
    SELECT year(first_seen), count(*) FROM 'items.parquet' GROUP BY 1      -- DuckDB
"""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of tables. ConfigError without pyarrow."""
    _library()
    counts = {table.name: _write(source, table, target / f"{table.name}.parquet") for table in TABLES}
    _tables.write_package(source, target, options, counts, {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}, typed=True)
    said = _CONTENTS.format(package=_tables.PACKAGE, tables=_tables.listed(counts, ".parquet"))
    (target / "README.md").write_text(readme(source, options, said), encoding="utf-8", newline="\n")
    return counts


def _library() -> tuple[Any, Any]:
    """pyarrow and pyarrow.parquet. ConfigError names the remedy where they are missing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(f'the format parquet needs pyarrow ({error}): pip install "rabat_crawler[parquet]"') from error
    return pyarrow, pyarrow.parquet


def _write(source: Source, table: Table, path: Path) -> int:
    arrow, parquet = _library()
    schema = arrow.schema(
        [arrow.field(column.name, _type(arrow, column), not column.required, {"description": column.description}) for column in table.columns],
        {"description": table.description, "primary_key": json.dumps(table.key)},
    )
    convert = [_CONVERTED.get(column.type) for column in table.columns]
    count = 0
    with open(path, "wb") as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        columns: list[list[Any]] = [[] for _ in table.columns]
        size = 0

        def end_group() -> None:
            arrays = [arrow.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP_ROWS)
            for values in columns:
                values.clear()

        for row in _tables.rows(source, table):
            for values, value, as_python in zip(columns, row, convert, strict=True):
                values.append(value if value is None or as_python is None else as_python(value))
                size += len(value) if isinstance(value, str) else 8
            count += 1
            if len(columns[0]) >= GROUP_ROWS or size >= GROUP_CHARACTERS:
                end_group()
                size = 0
        end_group()
    return count


def _type(arrow: Any, column: Column) -> Any:
    if column.type == "strings":
        return arrow.list_(arrow.string())
    name, *arguments = _TYPES.get(column.type, ("string",))
    return getattr(arrow, name)(*arguments)


EXPORTS = (
    Export(
        name="parquet",
        title="One Parquet file per table with real types, with a Frictionless Data Package.",
        suffix="",
        folder=True,
        write=write,
        takes=frozenset({"title", "licence"}),
    ),
)
