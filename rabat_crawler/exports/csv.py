"""One CSV file per table, made safe for spreadsheets, with a Frictionless Data Package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rabat_crawler.archive.tables import TABLES, Table
from rabat_crawler.exports import _tables
from rabat_crawler.exports._collection import readme
from rabat_crawler.exports._export import Export, Options, Source
from rabat_crawler.spreadsheets import BYTE_ORDER_MARK, MADE_SAFE, csv_lines

_DIALECT = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\n", "header": True}
_CONTENTS = """One CSV file (UTF-8{mark}, comma, a head) per table; `{package}` describes every column with its type, the keys of the tables and
the digest of each file, as a Frictionless Data Package: `frictionless validate {package}` checks all of it.

{tables}

An empty cell is a value that is not known, or an empty text. Dates are as precise as their evidence (`2017`, `2017-07`, `2017-07-17`), so they are text.
`NA` is a value (Namibia): read with `pandas.read_csv("items.csv", keep_default_na=False, na_values=[""])`, in R with `read_csv("items.csv", na = "")`.

A text that a spreadsheet would run as a formula has an apostrophe before it. To have every text as it was, take one apostrophe away where a cell fits
`^{safe}`: in Python `re.sub(r"^'(?='*[=+\\-@\\t\\r\\n|%])", "", cell)`, in R `sub("^'(?='*[=+\\\\-@\\t\\r\\n|%])", "", cell, perl = TRUE)`.
Control characters are U+FFFD. Excel cuts a text at 32,767 characters; programs read it whole.
"""


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of tables."""
    counts = {table.name: _write(source, table, target / f"{table.name}.csv", options) for table in TABLES}
    described = {
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": _DIALECT,
    }
    _tables.write_package(source, target, options, counts, described)
    mark = " with a byte order mark" if options.excel else ""
    said = _CONTENTS.format(mark=mark, package=_tables.PACKAGE, tables=_tables.listed(counts, ".csv"), safe=MADE_SAFE)
    (target / "README.md").write_text(readme(source, options, said), encoding="utf-8", newline="\n")
    return counts


def _write(source: Source, table: Table, path: Path, options: Options) -> int:
    with open(path, "w", encoding="utf-8", newline="") as file:
        if options.excel:
            file.write(BYTE_ORDER_MARK)
        count = -1  # the head is no row
        for line in csv_lines(table.names, _cells(source, table)):
            file.write(line)
            count += 1
    return count


def _cells(source: Source, table: Table) -> Iterator[list[Any]]:
    """The rows with booleans as words; lists stay JSON, nulls become empty cells."""
    flags = [column.type == "boolean" for column in table.columns]
    for row in _tables.rows(source, table):
        yield [("true" if value else "false") if flag else value for value, flag in zip(row, flags, strict=True)]


EXPORTS = (
    Export(
        name="csv",
        title="One CSV file per table, safe for spreadsheets, with a Frictionless Data Package.",
        suffix="",
        folder=True,
        write=write,
        takes=frozenset({"excel", "title", "licence"}),
    ),
)
