"""The room shows a run that has ended, and answers every visitor while snapshots are exchanged."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from datasette.app import Datasette

from rabat_crawler.archive import Archive
from rabat_crawler.archive.snapshot import Snapshots
from rabat_crawler.web.database import Shown
from tests.building import copy_of, sample_archive
from tests.rooms import Served, serving


def test_the_room_shows_a_run_that_has_ended_and_answers_all_the_while(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    with serving(archive, "--watch", "0.2") as served:
        before = json.loads(served.ask("/en/search.json").body)["total"]
        sql = "select max(started_at) from runs"
        first = json.loads(served.ask("/rabat.json", sql=sql).body)["rows"]
        with Archive.open(archive, write=True) as writing:
            writing.connection.execute("UPDATE runs SET started_at = '2999-01-01T00:00:00Z'")
            time.sleep(0.7)
            assert json.loads(served.ask("/rabat.json", sql=sql).body)["rows"] == first  # somebody is still writing
        answers, deadline = [], time.monotonic() + 8
        while not answers or (answers[-1][1] == first and time.monotonic() < deadline):
            answer = served.ask("/rabat.json", sql=sql)
            answers.append((answer.status, json.loads(answer.body)["rows"]))
            time.sleep(0.02)
        assert {status for status, _ in answers} == {200}
        assert answers[-1][1] == [["2999-01-01T00:00:00Z"]]
        assert json.loads(served.ask("/en/search.json").body)["total"] == before
        while len(list((archive / "state" / "room").iterdir())) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(list((archive / "state" / "room").iterdir())) == 1
    assert len(list((archive / "state" / "room").iterdir())) == 1


def test_a_request_keeps_each_database_that_it_takes_though_it_is_replaced_twice(tmp_path: Path) -> None:
    """A request may take the database only after an exchange; it must not be pulled away by the next one, nor by the end of another request."""
    archive = copy_of(sample_archive(1), tmp_path)
    snapshots = Snapshots(archive)
    count = "SELECT count(*) FROM items"

    def change() -> None:
        with Archive.open(archive, write=True) as writing:
            writing.connection.execute("UPDATE runs SET spider = spider || 'x'")
        assert snapshots.renew()

    async def visit() -> None:
        datasette = Datasette([])
        shown = Shown(datasette, "rabat", snapshots.lease)
        await shown.exchange()
        with shown.reading():
            with shown.reading():
                change()
                await shown.exchange()
            taken = datasette.get_database("rabat")
            change()
            await shown.exchange()
            assert Path(taken.path).exists()
            rows = await asyncio.gather(*(taken.execute(count) for _ in range(9)))
            assert len({row.single_value() for row in rows}) == 1
        assert not Path(taken.path).exists()
        assert len(list((archive / "state" / "room").iterdir())) == 1
        await datasette.get_database("rabat").execute(count)
        shown.close()

    asyncio.run(visit())
    snapshots.close()


def test_many_visitors_are_answered_while_snapshots_are_exchanged(tmp_path: Path) -> None:
    archive = copy_of(sample_archive(1), tmp_path)
    addresses = ("/en/", "/en/search?q=dakar", "/rabat", "/rabat/items?_facet=kind", "/rabat.json?sql=select+count(*)+from+items+a,items+b,items+c")
    with serving(archive, "--watch", "0.1") as served, ThreadPoolExecutor(4) as visitors:
        until = time.monotonic() + 2.5
        answers = [visitors.submit(_visit, served, addresses, until) for _ in range(4)]
        while time.monotonic() < until:
            connection = sqlite3.connect(archive / "rabat.db", timeout=10)
            with connection:
                connection.execute("UPDATE runs SET spider = spider || 'x'")
            connection.close()
            time.sleep(0.15)
        assert {status for answer in answers for status in answer.result()} == {200}
        assert served.process.poll() is None


def _visit(served: Served, addresses: tuple[str, ...], until: float) -> list[int]:
    statuses = []
    while time.monotonic() < until:
        statuses += [served.ask(address).status for address in addresses]
    return statuses
