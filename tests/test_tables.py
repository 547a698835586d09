"""The tables that leave the archive (csv, jsonl, parquet, sqlite), read back by pandas, DuckDB, frictionless and plain SQLite; cells that are out to do harm."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import sqlite3
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.archive.as_json import PROMISED, item_json
from rabat_crawler.archive.tables import BY_NAME, TABLES
from rabat_crawler.errors import ConfigError
from rabat_crawler.exports import Options, Selection, export
from rabat_crawler.spreadsheets import RUN, as_it_was, csv_lines, safe_cell
from tests.building import copy_of, rabat, sample_archive
from tests.readers import ask, needs_readers, run

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
WHOLE = Selection()
FRENCH = Selection(filters=Filters(language="fr"))
LONG = "Un long texte. " * 700_000
HOSTILE = {
    "title": [
        '=HYPERLINK("http://evil.example","x")', "+1+1", "-2-3", "@SUM(A1)", "\t=1", "|calc", "%x", "'=1", "''-2", "'quoted'", "NA", "null",
        'a "quoted", comma; semicolon\nand a line', "d\x00e", "\u202eright to left", "e\u0301 \u00a0 \u2028 \U0001f30d", "\\N", "1e5", "0012",
    ],
    "text": [LONG, "=cmd|' /C calc'!A0", "- a list\n- of two", '"', ",", "\n\nlines\n"],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after three nights in every tabular format, and its French part."""
    folder = tmp_path_factory.mktemp("tables")
    with Archive.open(sample_archive(3)) as archive:
        for name in ("csv", "parquet", "sqlite", "jsonl"):
            export(archive, name, folder / name)
            export(archive, name, folder / f"{name}-fr", FRENCH)
        export(archive, "csv", folder / "csv-excel", options=Options(excel=True, title="Title here", licence="CC BY 4.0"))
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose items have these titles and texts."""
    folder = copy_of(sample_archive(1), tmp_path_factory.mktemp("hostile"))
    with contextlib.closing(sqlite3.connect(folder / "rabat.db")) as database:
        names = [row[0] for row in database.execute("SELECT item_id FROM items ORDER BY item_id")]
        for column, values in HOSTILE.items():
            database.executemany(f"UPDATE items SET {column} = ? WHERE item_id = ?", zip(values, names, strict=False))
        database.execute("UPDATE tags SET tag = '=' || tag")
        database.commit()
    return folder


@cache
def kept(archive: Path, selection: Selection = WHOLE) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that the archive has of each table, pairs of the selected alone."""
    with Archive.open(archive) as opened:
        names = opened.item_ids(selection.words, selection.filters)
        found = {table.name: list(opened.rows(table.name, names)) for table in TABLES}
    for table in ("translations", "relations"):
        found[table] = [row for row in found[table] if row[1] in names]
    return found


def texts(rows: dict[str, list[tuple[Any, ...]]], table: str, column: str) -> dict[str, str]:
    """A column of a table by its first."""
    place = BY_NAME[table].names.index(column)
    return {str(row[0]): row[place] for row in rows[table]}


# What the tables are ------------------------------------------------------------------------------------------------------------------------


def test_the_promised_keys_of_an_item_are_columns() -> None:
    assert set(PROMISED) - set(BY_NAME["items"].names) == {"addresses"}
    assert {"item_id", "url"} <= set(BY_NAME["addresses"].names)


def test_keys_refer_to_keys_of_tables_before() -> None:
    before: set[str] = set()
    for table in TABLES:
        assert set(table.key) <= {column.name for column in table.columns if column.required}
        for key in table.foreign:
            assert key.table in before and key.refers_to == BY_NAME[key.table].key and set(key.columns) <= set(table.names)
        before.add(table.name)


def test_the_readme_names_every_table_and_column() -> None:
    section = README.split("\n### Tables\n")[1].split("\n## ")[0]
    for table in TABLES:
        line = next(line for line in section.splitlines() if line.startswith(f"| `{table.name}` |"))
        assert set(table.names) <= set(re.findall(r"`(\w+)`", line)), table.name


def test_rows_keep_what_the_description_promises() -> None:
    for table, rows in kept(sample_archive(3)).items():
        columns = BY_NAME[table].columns
        assert rows, table
        places = [BY_NAME[table].names.index(name) for name in BY_NAME[table].key]
        assert len({tuple(row[place] for place in places) for row in rows}) == len(rows), f"the key of {table}"
        for place, column in enumerate(columns):
            assert not column.required or all(row[place] not in (None, "") for row in rows), f"{table}.{column.name}"


def test_addresses_and_captures_are_those_of_the_views() -> None:
    rows = kept(sample_archive(3))
    with Archive.open(sample_archive(3)) as archive:
        addresses = {tuple(row) for row in archive.connection.execute("SELECT item_id, url FROM item_addresses")}
        captures = {tuple(row) for row in archive.connection.execute("SELECT item_id, record_id FROM item_captures")}
        for item in archive.items():
            assert {row[1] for row in rows["addresses"] if row[0] == item.item_id} == set(item.addresses)
            assert [row[1] for row in rows["addresses"] if row[0] == item.item_id and row[3]] in ([item.canonical_url], [])
            assert texts(rows, "items", "twin")[item.item_id] == item.twin
    assert {row[:2] for row in rows["addresses"]} == addresses and {row[:2] for row in rows["item_captures"]} == captures


# Cells that are safe ------------------------------------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.one_of(st.sampled_from("=+-@\t|%'\" ,;aé\n"), st.characters())))
def test_no_cell_can_be_run_and_every_text_comes_back(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(RUN)
    assert as_it_was(cell) == re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)
    line = "".join(csv_lines(["a", "b"], [[text, 1]]))
    assert list(csv.reader(io.StringIO(line, newline=""))) == [["a", "b"], [cell, "1"]]
    line.encode("utf-8")


def test_numbers_stay_numbers() -> None:
    assert "".join(csv_lines(["a", "b", "c"], [[-1, -0.5, None]])) == "a,b,c\n-1,-0.5,\n"


READ_CSV = """
import re, pandas
folder = sys.argv[1]
package = json.load(open(folder + "/datapackage.json"))
found = {}
for resource in package["resources"]:
    table = pandas.read_csv(folder + "/" + resource["path"], keep_default_na=False, na_values=[""], dtype=str)
    assert list(table.columns) == [field["name"] for field in resource["schema"]["fields"]], list(table.columns)
    assert len(table) == resource["rowCount"], resource
    found[resource["name"]] = [
        [None if pandas.isna(cell) else re.sub(r"^'(?='*[=+\\-@\\t\\r\\n|%])", "", cell) for cell in row] for row in table.values.tolist()
    ]
"""


def as_csv(table: str, row: tuple[Any, ...]) -> list[str | None]:
    """A row as a reader of the CSV has it."""
    cells = [("true" if value else "false") if column.type == "boolean" else value for value, column in zip(row, BY_NAME[table].columns, strict=True)]
    return [None if cell in (None, "") else re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", str(cell)) for cell in cells]


@needs_readers
@pytest.mark.parametrize("name", ["csv-excel", "csv-fr"])
def test_pandas_reads_every_row_of_the_csv_files(name: str, folder: Path) -> None:
    found = ask(READ_CSV + "print(json.dumps(found))", folder / name)
    expected = kept(sample_archive(3), FRENCH if name == "csv-fr" else WHOLE)
    assert found == {table: [as_csv(table, row) for row in rows] for table, rows in expected.items()}


@needs_readers
def test_pandas_reads_hostile_cells_as_they_were(hostile: Path, tmp_path: Path) -> None:
    with Archive.open(hostile) as archive:
        export(archive, "csv", tmp_path / "csv")
    assert not [cell for row in csv.reader(io.StringIO((tmp_path / "csv" / "tags.csv").read_text())) for cell in row if cell.startswith(RUN)]
    found = ask(
        READ_CSV
        + """
for row in found["items"]:
    row[6] = [len(row[6] or ""), (row[6] or "")[-40:]]
print(json.dumps({"items": found["items"], "tags": found["tags"]}))
""",
        tmp_path / "csv",
    )
    expected = kept(hostile)
    assert found["tags"] == [as_csv("tags", row) for row in expected["tags"]]
    items = [as_csv("items", row) for row in expected["items"]]
    assert found["items"] == [[*row[:6], [len(row[6] or ""), (row[6] or "")[-40:]], *row[7:]] for row in items]
    assert [len(LONG), LONG[-40:]] in [row[6] for row in found["items"]]


def test_excel_gets_a_byte_order_mark_when_asked(folder: Path) -> None:
    for path in (folder / "csv-excel").glob("*.csv"):
        assert path.read_bytes() == b"\xef\xbb\xbf" + (folder / "csv" / path.name).read_bytes()
    package = json.loads((folder / "csv-excel" / "datapackage.json").read_text())
    assert package["title"] == "Title here" and package["licenses"] == [{"name": "CC-BY-4.0", "title": "CC BY 4.0"}]


# The Data Package ---------------------------------------------------------------------------------------------------------------------------

VALIDATE = """
import frictionless
for folder in sys.argv[1:]:
    report = frictionless.validate(folder + "/datapackage.json")
    errors = {error.type for task in report.tasks for error in task.errors} | {error.type for error in report.errors}
    print(json.dumps([report.valid, len(report.tasks), sorted(errors)]))
"""


@needs_readers
def test_frictionless_finds_every_package_valid_with_all_its_keys(folder: Path) -> None:
    folders = [folder / name for name in ("csv-excel", "csv-fr", "parquet")]
    done = run("python", "-W", "ignore", "-c", f"import json, sys\n{VALIDATE}", *folders)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [[True, len(TABLES), []]] * len(folders)


@needs_readers
def test_frictionless_takes_hostile_cells_and_would_find_a_row_missing(hostile: Path, tmp_path: Path) -> None:
    with Archive.open(hostile) as archive:
        export(archive, "csv", tmp_path / "csv")
    path = tmp_path / "csv" / "documents.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert ask(VALIDATE, tmp_path / "csv")[2] == ["byte-count", "foreign-key", "hash-count"], "and no other fault"


# Parquet ------------------------------------------------------------------------------------------------------------------------------------


@needs_readers
def test_duckdb_reads_parquet_with_real_types(folder: Path) -> None:
    found = ask(
        """
import duckdb, glob, os
types = {row[0]: row[1] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{sys.argv[1]}/items.parquet'").fetchall()}
counts = {os.path.basename(path)[:-8]: duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0][0] for path in glob.glob(sys.argv[1] + "/*.parquet")}
texts = duckdb.sql(f"SELECT item_id, text, flags, gone, strftime(first_seen AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') FROM '{sys.argv[1]}/items.parquet'").fetchall()
joined = duckdb.sql(f"SELECT count(*) FROM '{sys.argv[1]}/mentions.parquet' m JOIN '{sys.argv[1]}/names.parquet' n USING (kind, code) JOIN '{sys.argv[1]}/items.parquet' USING (item_id)").fetchall()[0][0]
print(json.dumps({"types": types, "counts": counts, "texts": texts, "joined": joined}))
""",
        folder / "parquet",
    )
    assert {name: found["types"][name] for name in ("text", "article_id", "gone", "flags", "language_confidence", "first_seen", "published")} == {
        "text": "VARCHAR", "article_id": "BIGINT", "gone": "BOOLEAN", "flags": "VARCHAR[]", "language_confidence": "DOUBLE",
        "first_seen": "TIMESTAMP WITH TIME ZONE", "published": "VARCHAR",
    }  # fmt: skip
    expected = kept(sample_archive(3))
    assert found["counts"] == {table: len(rows) for table, rows in expected.items()} and found["joined"] == len(expected["mentions"])
    with Archive.open(sample_archive(3)) as archive:
        assert found["texts"] == [[item.item_id, item.text, list(item.flags), item.gone, item.first_seen] for item in archive.items()]


@needs_readers
def test_pyarrow_reads_every_value_and_what_it_means(hostile: Path, tmp_path: Path) -> None:
    with Archive.open(hostile) as archive:
        export(archive, "parquet", tmp_path / "parquet")
    found = ask(
        """
import pyarrow.parquet as parquet
file = parquet.ParquetFile(sys.argv[1] + "/items.parquet")
rows = file.read().to_pylist()
print(json.dumps({
    "meaning": {field.name: field.metadata[b"description"].decode() for field in file.schema_arrow},
    "nullable": [field.name for field in file.schema_arrow if field.nullable],
    "titles": [row["title"] for row in rows],
    "longest": max(len(row["text"]) for row in rows), "groups": file.metadata.num_row_groups,
}))
""",
        tmp_path / "parquet",
    )
    assert found["meaning"] == {column.name: column.description for column in BY_NAME["items"].columns}
    assert found["nullable"] == [column.name for column in BY_NAME["items"].columns if not column.required]
    assert found["titles"] == list(texts(kept(hostile), "items", "title").values())
    assert found["longest"] == len(LONG) and found["groups"] == 2, "a row group ends where there is much text"


def test_without_pyarrow_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with Archive.open(sample_archive(1)) as archive, pytest.raises(ConfigError, match=r'pip install "rabat_crawler\[parquet\]"'):
        export(archive, "parquet", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


# SQLite -------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sqlite", "sqlite-fr"])
def test_plain_sqlite_reads_every_row_and_every_foreign_key_holds(name: str, folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True)) as database:
        for table, rows in kept(sample_archive(3), FRENCH if name == "sqlite-fr" else WHOLE).items():
            columns = ", ".join(f'"{column}"' for column in BY_NAME[table].names)
            order = "ORDER BY id" if table == "items" else ""
            found = database.execute(f'SELECT {columns} FROM "{table}" {order}').fetchall()
            assert sorted(found, key=repr) == sorted(rows, key=repr), table
            assert table != "items" or found == rows
            keys = {row[2] for row in database.execute(f"PRAGMA foreign_key_list({table})")}
            assert keys == {key.table for key in BY_NAME[table].foreign}
            described = database.execute("SELECT column_name, description FROM columns WHERE table_name = ? ORDER BY ordinal", (table,)).fetchall()
            assert [row[0] for row in described] == [row[1] for row in database.execute(f"PRAGMA table_info({table})")] and all(
                row[1] for row in described
            )
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_its_full_text_finds_words_without_their_accents(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "sqlite")) as database, Archive.open(sample_archive(3)) as archive:
        found = database.execute("SELECT i.item_id FROM items_fts JOIN items i ON i.id = items_fts.rowid WHERE items_fts MATCH 'senegal'").fetchall()
        expected = {item.item_id for item in archive.items() if "Sénégal" in item.text}
        assert expected and expected <= {row[0] for row in found}
        database.execute("INSERT INTO items_fts (items_fts, rank) VALUES ('integrity-check', 1)")
        about = dict(database.execute("SELECT name, value FROM about"))
        assert about["state"] == archive.latest() and about["title"] and about["licence"]


@needs_readers
def test_pandas_reads_hostile_texts_from_sqlite(hostile: Path, tmp_path: Path) -> None:
    with Archive.open(hostile) as archive:
        export(archive, "sqlite", tmp_path / "x.sqlite")
    script = "import pandas, sqlite3\ntable = pandas.read_sql('SELECT title, length(CAST(text AS BLOB)) AS n FROM items ORDER BY id', sqlite3.connect(sys.argv[1]))\n"
    found = ask(script + "print(json.dumps([table.title.tolist(), int(table.n.max())]))", tmp_path / "x.sqlite")
    assert found == [list(texts(kept(hostile), "items", "title").values()), len(LONG.encode())]


# JSON lines ---------------------------------------------------------------------------------------------------------------------------------


def test_a_line_is_an_item_with_all_that_belongs_to_it(folder: Path) -> None:
    lines = [json.loads(line) for line in (folder / "jsonl").read_text(encoding="utf-8").splitlines()]
    rows = kept(sample_archive(3))
    with Archive.open(sample_archive(3)) as archive:
        assert [line["item_id"] for line in lines] == archive.item_ids()
        for line, item in zip(lines, archive.items(), strict=True):
            assert item_json(item).items() <= line.items()
            assert [version["version_id"] for version in line["versions"]] == [version.version_id for version in archive.versions(item.item_id)]
            assert line["event"] == archive.event(item.item_id)
            assert [document["document_id"] for document in line["documents"]] == sorted(
                one.document_id for one in archive.documents(item.item_id, every=True)
            )
    for key, table in (("versions", "versions"), ("related", "relations"), ("mentions", "mentions"), ("translations", "translations")):
        assert sum(len(line[key]) for line in lines) == len(rows[table]) > 0
    assert sum(len(line["captures"]) for line in lines) == len(rows["item_captures"])


def test_lines_go_through_a_pipe_and_are_those_of_show(folder: Path) -> None:
    archive = str(sample_archive(3))
    piped = rabat("export", "jsonl", "--archive", archive, "--lang", "fr", "-o", "-").stdout
    assert piped == (folder / "jsonl-fr").read_text(encoding="utf-8")
    for line in map(json.loads, piped.splitlines()[:2]):
        shown = json.loads(rabat("show", line["item_id"], "--archive", archive, "--json").stdout.splitlines()[0])
        assert shown.items() <= line.items()


# Selections ---------------------------------------------------------------------------------------------------------------------------------


def test_a_selection_narrows_every_table() -> None:
    with Archive.open(sample_archive(3)) as archive:
        names = archive.item_ids(filters=Filters(language="fr"))
        whole = kept(sample_archive(3))
        part = kept(sample_archive(3), FRENCH)
        linked = {document.document_id for name in names for document in archive.documents(name, every=True)}
    assert 0 < len(part["items"]) < len(whole["items"])
    for table, rows in part.items():
        assert set(rows) < set(whole[table]) or table in ("documents", "document_pages", "names"), table
        for place, column in enumerate(BY_NAME[table].names):
            assert column not in ("item_id", "other_id") or {row[place] for row in rows} <= set(names), table
    assert {row[0] for row in part["documents"]} == {row[0] for row in part["document_pages"]} == linked
    assert {row[:2] for row in part["names"]} == {row[1:3] for row in part["mentions"]}
