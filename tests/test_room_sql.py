"""What SQL of visitors may cost, which functions it has, and what Datasette says of the database."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from rabat_crawler.archive import schema
from rabat_crawler.archive.queries import READY
from rabat_crawler.web.metadata import HIDDEN, columns_of, descriptions
from tests.building import sample_archive
from tests.rooms import Served, serving


@pytest.fixture(scope="module")
def room() -> Iterator[Served]:
    with serving(sample_archive(3)) as served:
        yield served


NUMBERS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT "
COSTLY = {
    "a long value": "SELECT hex(zeroblob(1000000000))",
    "a growing value": f"{NUMBERS} group_concat(x || 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') FROM c",
    "a wide number": "SELECT printf('%.*c', 1000000000, 'x')",
    "a wide format": "SELECT format('%1000000000d', 1)",
    "many long rows": f"{NUMBERS} hex(zeroblob(500000)) FROM c LIMIT 1000",
    "many long columns": "SELECT " + ", ".join(f"hex(zeroblob(500000)) || {n}" for n in range(99)),
    "too many columns": "SELECT " + ", ".join("1" for _ in range(101)),
    "a JSON array": f"{NUMBERS} json_group_array(x) FROM c",
    "a product of tables": "SELECT a.text, b.text FROM items a, items b, items c, items d ORDER BY 1, 2",
    "common tables in each other": "WITH a(x) AS (SELECT 1), "
    + ", ".join(f"{chr(98 + n)}(x) AS (SELECT 1 FROM {', '.join([chr(97 + n)] * 8)})" for n in range(6))
    + " SELECT count(*) FROM g",
    "a slow instr": f"{NUMBERS} sum(instr(hex(zeroblob(500000)), hex(zeroblob(250000)) || '1')) FROM c",
    "a slow replace": f"{NUMBERS} sum(length(replace(hex(zeroblob(500000)), hex(zeroblob(250000)) || '1', '2'))) FROM c",
    "a growing replace": "SELECT length(replace(hex(zeroblob(400000)), '0', '1234567890'))",
    "a slow trim": "SELECT length(trim(hex(zeroblob(500000)), replace(hex(zeroblob(300000)), '0', '1') || '0'))",
    "a slow glob": f"{NUMBERS} sum(hex(zeroblob(500000)) GLOB '{'*0' * 48}1') FROM c",
    "a slow JSON patch": "SELECT json_patch('{}', '{}')",
    "another file": "SELECT * FROM pragma_database_list() WHERE load_extension('x')",
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_query_takes_long_or_much(room: Served, name: str) -> None:
    started = time.monotonic()
    answer = room.ask("/rabat.json", sql=COSTLY[name])
    assert answer.status == 400, answer.text[:300]
    assert time.monotonic() - started < 6
    assert room.memory() < 300  # MiB; the program alone takes 65


def test_rows_of_one_answer_are_bounded(room: Served) -> None:
    answer = json.loads(room.ask("/rabat.json", sql=f"{NUMBERS} x FROM c LIMIT 5000").body)
    assert (len(answer["rows"]), answer["truncated"]) == (1000, True)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT instr('abcabc', 'ca') || instr(x'010203', x'03') || coalesce(instr(NULL, 'a'), '-') || instr('a', '')", "33-1"),
        ("SELECT replace('aXbX', 'X', '--') || replace('a', '', 'b') || coalesce(replace('a', NULL, 'b'), '-') || replace(12, 1, 3)", "a--b--a-32"),
        ("SELECT trim('xxaxx', 'x') || ltrim('xxa', 'x') || rtrim('axx', 'x') || trim('  b ')", "aaab"),
        ("SELECT round(avg(x), 1) || max(x) || date('2020-02-28') FROM (SELECT 1 AS x UNION SELECT 2)", "1.522020-02-28"),
        ("SELECT json_extract('[1,{\"a\":2}]', '$[1].a')", 2),
    ],
)
def test_functions_that_are_replaced_or_given_out_work(room: Served, sql: str, value: object) -> None:
    assert json.loads(room.ask("/rabat.json", sql=sql).body)["rows"] == [[value]]


def test_every_table_and_column_is_described() -> None:
    found = {name: columns for name, columns in schema.columns_by_table().items() if not name.startswith(("_", "sqlite_"))}
    assert len(found) > 25
    for table, columns in found.items():
        assert descriptions().get(table, {}).get(""), table
        assert not set(columns) - set(columns_of(table)), table
    named = {(table, column) for table, columns in descriptions().items() if table != "*" for column in columns if column}
    assert not {(table, column) for table, column in named if column not in found[table]}
    assert set(HIDDEN) <= {*found, "_sqlite_migrations"}


@pytest.mark.parametrize("query", READY, ids=lambda query: query.name)
def test_ready_queries_answer(room: Served, query: object) -> None:
    answer = json.loads(room.ask(f"/rabat/{query.name}.json", **dict.fromkeys(query.parameters, "SN")).body)  # type: ignore[attr-defined]
    assert answer["ok"], answer
    assert answer["columns"]


def test_tables_show_titles_facets_and_the_latest_first(room: Served) -> None:
    page = room.ask("/rabat/items").text
    assert "An item as all its captures together describe it" in page
    assert "sorted by published descending" in page
    assert "items_fts_data" not in room.ask("/rabat").text.split("hidden table")[0]
    assert (
        "Voluntary" in room.ask("/rabat/items", _search="voluntary return").text or "voluntary" in room.ask("/rabat/items", _search="voluntary").text
    )
