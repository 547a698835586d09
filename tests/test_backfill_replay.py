"""What a backfill wrote, played by a real pywb: pages, packed bodies, and revisits of which nothing but the index was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from rabat_crawler.archive.moments import parse_moment
from rabat_crawler.demo.web_archive import serve_archive
from tests.backfilling import WANTED, bring, captures
from tests.replay import INSTALLED, replaying

MIDDLE = [one for one in WANTED if one.timestamp.startswith("2019") and one.status == 200]
CHOSEN = {one.url for one in MIDDLE if one.revisit or one.header("Content-Encoding")}
PAGES = [one for one in MIDDLE if one.url in sorted(CHOSEN)[:30]]


@pytest.mark.skipif(not INSTALLED, reason="needs pywb in its own environment (make .venv-pywb/.installed)")
def test_what_was_brought_in_is_played_as_it_was(tmp_path: Path) -> None:
    with serve_archive(PAGES) as serving:
        run = bring(tmp_path / "a", serving.url("/web/"))
    assert run.counts["revisits"] > 5
    by_place = {(one.url, one.timestamp): one for one in PAGES}
    with replaying(tmp_path / "pywb", sorted((tmp_path / "a" / "warc").iterdir())) as pywb:
        for row in captures(tmp_path / "a"):
            at = parse_moment(row["captured_at"])
            one, said = by_place[row["url"], at.strftime("%Y%m%d%H%M%S")], pywb.at(at, row["url"])
            assert (said.status, said.body) == (200, one.body), row
            assert said.played == at.strftime("%a, %d %b %Y %H:%M:%S GMT")
            assert said.headers.get("content-encoding", "") == one.header("Content-Encoding")
            assert said.headers["content-type"] == one.header("Content-Type")
