"""The invariant of the archive: whatever came in, in whatever order (live crawl, backfill, import), a rebuild gives the same rows, with one process or two."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from rabat_crawler import registry
from rabat_crawler.archive import Archive
from rabat_crawler.archive.importing import Options, import_files
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.demo.web_archive import serve_archive
from rabat_crawler.runner import crawl
from tests.backfilling import SOME, bring
from tests.building import FAST, PORT, dump_of, without_places
from tests.servers import serve_sample
from tests.shelf import SHELF, put

WAYS = ("crawl", "backfill", "import")


def bring_in(way: str, folder: Path, work: Path) -> None:
    """One of the three ways into the archive, as its command does it."""
    if way == "crawl":
        with serve_sample(1, port=PORT) as serving, Archive.open(folder, write=True, create=True) as archive:
            site = registry.at_origin(registry.site("rabat-process"), serving.origin + "/")
            crawl(archive, site, delay=0.0, settings=FAST | {"RABAT_PROBE": False}, max_pages=25)
    elif way == "backfill":
        with serve_archive(SOME) as serving:
            bring(folder, serving.url("/web/"))
    else:
        paths = [
            put(SHELF[name], work / name) for name in ("packed", "a revisit before its original", "two records of one name", "ARC, packed", "WACZ")
        ]
        with Archive.open(folder, write=True, create=True) as archive:
            import_files(archive, paths, Options(), lambda what, done, total: None, now=datetime(2026, 3, 1, tzinfo=UTC))


@cache
def _folder(order: tuple[str, ...], root: Path) -> Path:
    folder = root / "-".join(order)
    for way in order:
        bring_in(way, folder, root / f"from-{'-'.join(order)}")
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("invariant")


@pytest.mark.parametrize("order", list(itertools.permutations(WAYS)), ids="-".join)
def test_a_rebuild_gives_the_rows_that_came_in_one_way_after_the_other(root: Path, order: tuple[str, ...]) -> None:
    folder = _folder(order, root)
    rows = dump_of(folder)
    assert sum('"table": "items"' in row for row in rows) > 30
    files = warc_files(folder / "warc")
    with Archive.open(folder, write=True) as archive:
        assert archive.verify().faults == ()
        archive.rebuild(workers=2)
        assert list(archive.dump()) == rows
        random.Random(len(order[0])).shuffle(files)
        for number, path in enumerate(files):
            path.rename(path.with_name(f"{number}-{path.name[-40:]}"))
        archive.rebuild(workers=1)
        # the same record lies in two of the files: which of them counts follows from their names
        assert without_places(archive.dump()) == without_places(rows)
