"""Figures over time: each agrees with the items themselves; the command stats shows, writes and prints them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from rabat_crawler.archive import Archive, Filters
from rabat_crawler.cli.exits import code_of
from rabat_crawler.cli.figures import stats as command
from rabat_crawler.errors import RabatError
from tests.building import BASE, article_html, rabat, sample_archive, small_archive


@pytest.fixture(scope="module")
def archive() -> Archive:
    with Archive.open(sample_archive(3)) as opened:
        yield opened  # type: ignore[misc]


def test_items_by_month_and_language_are_the_items(archive: Archive) -> None:
    found = archive.timeline("month", "language")
    wanted = Counter((one.published[:7], one.language or "unknown") for one in archive.items() if one.published and len(one.published) >= 7)
    assert {(period, name): number for period, there in found.counts.items() for name, number in there.items()} == dict(wanted)
    assert found.unplaced == sum(1 for one in archive.items() if not one.published or len(one.published) < 7) > 0
    assert found.names[:2] in (("en", "fr"), ("fr", "en"))


def test_filters_limit_what_is_counted(archive: Archive) -> None:
    found = archive.timeline("year", "kind", Filters(language="fr", since="2016"))
    wanted = Counter((one.published or "")[:4] for one in archive.items(Filters(language="fr", since="2016")))
    assert {period: sum(there.values()) for period, there in found.counts.items()} == dict(wanted)


@pytest.mark.parametrize("words", ["dialogue", "retour", '"voluntary return"', "Dakar"])
def test_a_trend_counts_what_the_search_finds(archive: Archive, words: str) -> None:
    trend = archive.trend(words, "year")
    hits = archive.search(words, limit=1000)
    dated = Counter(hit.item.published[:4] for hit in hits if hit.item.published)
    assert dated
    assert {period: sum(there.values()) for period, there in trend.holding.items()} == dict(dated)
    assert trend.unplaced == len(hits) - sum(dated.values())
    for year, there in trend.holding.items():
        for language, number in there.items():
            share = trend.share(year, language)
            assert share == pytest.approx(100 * number / trend.items[year][language])
    assert trend.share("1950", "fr") is None


def test_a_word_that_nobody_wrote_has_no_trend(archive: Archive) -> None:
    assert archive.trend("xyzzyx").holding == {}
    assert archive.trend(" ?! ").holding == {}


def test_the_lag_is_from_the_day_of_publication_to_the_first_capture(archive: Archive) -> None:
    found = archive.lags()
    days = [
        (date.fromisoformat(one.first_seen[:10]) - date.fromisoformat(one.published)).days
        for one in archive.items()
        if one.published and len(one.published) == 10
    ]
    assert sum(found.counts.values()) == len(days)
    assert found.counts["ten-years"] == sum(1827 < one <= 3653 for one in days)
    assert found.median == sorted(days)[(len(days) - 1) // 2]
    assert found.unplaced == archive.counts()["items"] - len(days)


def test_coverage_has_publications_and_captures_of_each_year(archive: Archive) -> None:
    found = archive.coverage()
    assert sum(one["captures"] for one in found.values()) == archive.counts()["captures"]
    assert sum(one["published"] for one in found.values()) == sum(1 for one in archive.items() if one.published)


def test_nights_add_up_what_the_runs_changed(archive: Archive) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    for run in archive.runs():
        for code, number in run.counts["change_counts"].items():
            wanted[run.started_at[:10], code] += number
    assert {(day, code): number for day, there in archive.nights().items() for code, number in there.items()} == {
        k: v for k, v in wanted.items() if v
    }
    assert archive.nights("9999-01-01") == {}
    assert archive.latest() == max(run.finished_at or run.started_at for run in archive.runs())
    assert [run.run_id for run in archive.runs(1)] == [archive.runs()[0].run_id]


def test_gaps_are_what_is_missing(archive: Archive) -> None:
    gaps, items = archive.gaps(), list(archive.items())
    assert gaps.items == len(items)
    assert gaps.undated == sum(one.published is None for one in items) > 0
    assert gaps.without_address == sum("no_address" in one.flags for one in items) > 0
    assert gaps.gone == sum(one.gone for one in items)
    assert gaps.without_translation == sum(one.twin is None and not archive.translations(one.item_id) for one in items)
    assert sum(number for _, number, _, _ in gaps.sources) == gaps.captures


# stats -------------------------------------------------------------------------------------------------------------------------


def stats(*options: str | Path, code: int = 0) -> str:
    """What the command prints, run in this process."""
    done = CliRunner().invoke(command, [*map(str, options), "--archive", str(sample_archive(3))], catch_exceptions=True)
    found = code_of(done.exception) if isinstance(done.exception, RabatError) else done.exit_code
    assert found == code, (options, done.output, done.exception)
    return done.stdout if code == 0 else f"{done.stderr}{done.exception}"


def test_stats_shows_counts_and_the_months_beneath() -> None:
    said = stats()
    assert "by kind" in said
    assert "Items per month of publication, by language" in said
    assert "█" in said
    assert json.loads(stats("--json"))["items"] > 40


@pytest.mark.parametrize("chart", ["month", "month-by-kind", "year", "year-by-kind", "kind", "language", "lag", "coverage", "nights"])
def test_each_chart_is_shown_in_both_languages_and_as_numbers(chart: str) -> None:
    assert stats("--chart", chart) != stats("--chart", chart, "--labels", "fr")
    values = json.loads(stats("--chart", chart, "--json"))
    rows = list(csv.DictReader(io.StringIO(stats("--chart", chart, "--csv"))))
    assert values["chart"] == chart
    assert [[str(cell) for cell in row.values()] for row in values["rows"]] == [list(row.values()) for row in rows]
    assert rows


def test_a_word_over_time_with_number_and_share() -> None:
    rows = list(csv.DictReader(io.StringIO(stats("--word", "dialogue", "--csv"))))
    assert all(int(row["fr"]) <= int(row["fr_items"]) for row in rows)
    assert any(row["fr_percent"] for row in rows)
    assert "“dialogue”: share of each language’s items, by year" in stats("--word", "dialogue")
    assert "by month" in stats("--word", "dialogue", "--chart", "month")
    assert "Nothing to show" in stats("--word", "xyzzyx")


def test_a_terminal_without_blocks_gets_letters() -> None:
    said = rabat("stats", "--chart", "year", "--labels", "fr", "--archive", sample_archive(3), PYTHONIOENCODING="ascii").stdout
    assert said.isascii()
    assert "##" in said


def test_svg_files_are_written_with_their_numbers_and_never_over_others(tmp_path: Path) -> None:
    written = stats("--svg", tmp_path / "new" / "charts").splitlines()
    assert len(written) == 18
    for name in written:
        if name.endswith(".svg"):
            assert ElementTree.parse(name).getroot().tag == "{http://www.w3.org/2000/svg}svg"
            assert Path(name).with_suffix(".csv").read_text().count("\n") > 1
    before = {path: path.read_bytes() for path in (tmp_path / "new" / "charts").iterdir()}
    assert "--force" in stats("--svg", tmp_path / "new" / "charts", code=2)
    stats("--svg", tmp_path / "new" / "charts", "--force")
    assert {path: path.read_bytes() for path in (tmp_path / "new" / "charts").iterdir()} == before
    stats("--svg", tmp_path / "word", "--word", "dialogue")
    assert sorted(path.name for path in (tmp_path / "word").iterdir()) == ["word-number.csv", "word-number.svg", "word.csv", "word.svg"]
    (tmp_path / "file").write_text("mine")
    assert "no folder" in stats("--svg", tmp_path / "file", code=2)
    assert "no folder that can be written to" in stats("--svg", Path("/proc/charts"), code=2)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("options", [["--csv", "--json"], ["--force"], ["--word", "x", "--chart", "lag"], ["--chart", "none"], ["--word", "x" * 600]])
def test_wrong_options_are_told(options: list[str]) -> None:
    assert stats(*options, code=2)


def test_an_archive_without_dates_has_charts_that_say_so(tmp_path: Path) -> None:
    folder = small_archive(tmp_path / "a", [(f"{BASE}/fr/actualites/1-un", article_html("Un", "Texte du dialogue.", date=""))])
    for options in ([], ["--word", "texte"], ["--svg", tmp_path / "svg"]):
        rabat("stats", *options, "--archive", folder)
