"""The tables in one plain SQLite file, with their keys and a full text index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rabat_crawler.archive.tables import TABLES
from rabat_crawler.archive.tables_file import TablesFile
from rabat_crawler.exports import _tables
from rabat_crawler.exports._collection import collection
from rabat_crawler.exports._export import Export, Options, Source


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The file."""
    found = collection(source.archive, source.moment, options)
    about = {
        "title": found.title,
        "description": found.description,
        "state": found.moment,
        "licence": found.licence,
        "citation": found.citation,
    }
    with TablesFile.create(target) as file:
        counts = {table.name: file.fill(table, _tables.rows(source, table)) for table in TABLES}
        source.tell("full text", 0)
        file.finish(TABLES, about)
    return counts


EXPORTS = (
    Export(
        name="sqlite",
        title="The tables in one plain SQLite file, with keys, descriptions and full text.",
        suffix=".sqlite",
        write=write,
        takes=frozenset({"title", "licence"}),
    ),
)
