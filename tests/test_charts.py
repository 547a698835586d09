"""Charts: what they show in SVG, on a terminal and as CSV is the same; accessible, the same bytes each time, bounded, safe."""

from __future__ import annotations

import csv
import io
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rabat_crawler.charts import Chart, bars, gallery, histogram, line, scale, stacked_bars
from rabat_crawler.charts.style import LIGHT
from rabat_crawler.charts.words import number, period

SVG = "{http://www.w3.org/2000/svg}"
TWO = (("fr", "French"), ("en", "English"))
COUNTS = {"2016-11": {"fr": 2, "en": 1}, "2017-02": {"fr": 1}}


def drawn(chart: Chart, **options: int) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg(standalone=True, **options))  # type: ignore[arg-type]


def one_of_each() -> list[Chart]:
    return [
        stacked_bars(COUNTS, TWO, title="Months"),
        bars({"2016": {"fr": 3}, "2019": {"fr": 1, "en": 900}}, TWO, title="Years", language="fr"),
        line({"2016": {"fr": 12.5, "en": None}, "2017": {"fr": 50.0, "en": 1.0}}, TWO, title="Line", percent=True),
        histogram([("a", "short", 3), ("b", "long", 5)], edges=("0", "1", ""), title="Edges", label="items"),
        histogram([("a", "news", 3), ("b", "event", 5)], title="Lying", label="items"),
        stacked_bars({}, TWO, title="Nothing"),
    ]


@pytest.mark.parametrize("chart", one_of_each(), ids=lambda chart: chart.title)
def test_a_chart_says_what_it_is_and_stays_within_its_frame(chart: Chart) -> None:
    root = drawn(chart)
    named = {one.get("id"): one.text for one in root if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert root.get("role") == "img"
    assert [named[name] for name in (root.get("aria-labelledby") or "").split()] == [chart.title, chart.description]
    width, height = (float(value) for value in (root.get("viewBox") or "").split()[2:])
    for rect in root.iter(f"{SVG}rect"):
        x, y = float(rect.get("x") or 0), float(rect.get("y") or 0)
        assert 0 <= x <= x + float(rect.get("width") or 0) <= width + 0.1
        assert 0 <= y <= y + float(rect.get("height") or 0) <= height + 0.1
    for text in root.iter(f"{SVG}text"):
        assert -8 <= float(text.get("x") or 0) <= width
        assert 0 < float(text.get("y") or 0) <= height


@pytest.mark.parametrize("chart", one_of_each(), ids=lambda chart: chart.title)
def test_inline_there_is_no_style_and_no_script_and_the_bytes_are_the_same_each_time(chart: Chart) -> None:
    inline = chart.svg()
    assert "style" not in inline
    assert "<script" not in inline
    assert "<style>" in chart.svg(standalone=True)
    assert inline == chart.svg()
    ids = re.findall(r' id="([^"]+)"', inline)
    assert len(ids) == len(set(ids))
    assert not set(ids) & set(re.findall(r' id="([^"]+)"', chart.svg(ident="other")))


def test_months_without_items_are_gaps_and_count_as_zero() -> None:
    chart = stacked_bars(COUNTS, TWO, title="Months")
    assert chart.positions == ("2016-11", "2016-12", "2017-01", "2017-02")
    assert list(csv.reader(io.StringIO(chart.csv()))) == [
        ["month", "fr", "en"],
        ["2016-11", "2", "1"],
        ["2016-12", "0", "0"],
        ["2017-01", "0", "0"],
        ["2017-02", "1", "0"],
    ]
    tips = [one.findtext(f"{SVG}title") for one in drawn(chart).iter(f"{SVG}g") if one.get("class") == "chart-bar"]
    assert tips == ["November 2016: French 2, English 1", "February 2017: French 1"]
    assert "2 of 4 have none" in chart.description


def test_the_heights_are_the_numbers() -> None:
    root = drawn(stacked_bars({"2016": {"fr": 10, "en": 5}, "2017": {"fr": 20}}, TWO, title="Years"))
    heights = [[float(rect.get("height") or 0) for rect in one.iter(f"{SVG}rect")] for one in root.iter(f"{SVG}g") if one.get("class") == "chart-bar"]
    assert heights[1][0] == pytest.approx(2 * heights[0][0], rel=0.02)
    assert heights[0][0] == pytest.approx(2 * heights[0][1], rel=0.05)


def test_colour_is_never_the_only_sign() -> None:
    root = drawn(stacked_bars(COUNTS, [(str(n), str(n)) for n in range(8)], title="Many"))
    patterns = [ElementTree.tostring(one) for one in root.iter(f"{SVG}pattern")]
    assert len(patterns) == 7
    shapes = [re.sub(rb' id="[^"]+"|' + rb"|".join(colour.encode() for colour in LIGHT), b"", one) for one in patterns]
    assert len(set(shapes[:5])) == 5
    marks = drawn(line({"2016": {"a": 1, "b": 2, "c": 3}}, [("a", "A"), ("b", "B"), ("c", "C")], title="Marks"))
    assert {one.get("stroke-dasharray") for one in marks.iter(f"{SVG}path") if (one.get("class") or "").startswith("chart-line")} == {
        None,
        "7 3",
        "2 3",
    }


def test_thousands_of_months_are_drawn_by_years_and_the_file_still_has_the_months() -> None:
    counts = {f"{year}-{month:02d}": {"fr": 1} for year in range(1700, 2020) for month in range(1, 13)}
    chart = stacked_bars(counts, TWO, title="Long")
    assert len(chart.svg()) < 100_000
    assert len(chart.text().splitlines()) < 70
    assert len(chart.rows()) == 1 + 320 * 12
    assert "grouped by" in chart.bounded(50).note
    assert sum(chart.bounded(50).total(one) for one in chart.bounded(50).positions) == 320 * 12


def test_two_dates_a_whole_calendar_apart_are_no_trouble() -> None:
    chart = stacked_bars({"0001-01": {"fr": 1}, "9999-12": {"fr": 1}}, TWO, title="Ends")
    assert len(chart.rows()) < 6_100
    assert len(chart.svg()) < 60_000
    days = stacked_bars({"2026-01-01": {"fr": 1}, "2026-12-31": {"fr": 4}}, TWO, title="Days")
    assert len(days.positions) == 365


@pytest.mark.parametrize("key", ["2017-13", "201", "2017-5", "0000", "x", "２０１７"])
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no period"):
        stacked_bars({key: {"fr": 1}}, TWO, title="x")


def test_a_line_is_interrupted_where_there_is_no_value() -> None:
    chart = line({"2014": {"a": 1.0}, "2015": {"a": None}, "2016": {"a": 3.0}, "2017": {"a": 4.0}}, [("a", "A")], title="x")
    path = next(
        one.get("d") or "" for one in drawn(chart).iter(f"{SVG}path") if one.get("class") == "chart-line-1" and "h16" not in (one.get("d") or "")
    )
    assert (path.count("M"), path.count("L")) == (2, 1)
    assert chart.rows()[2] == ("2015", "")


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", '"><img src=x>', "a\x00b\ud800", "</title></svg>", "]]>&amp;"])
def test_hostile_labels_are_text(attack: str) -> None:
    for chart in (stacked_bars(COUNTS, [("fr", attack)], title=attack, note=attack), histogram([("a", attack, 3)], title=attack, label=attack)):
        root = drawn(chart)
        assert {one.tag for one in root.iter()} <= {
            SVG + name for name in ("svg", "title", "desc", "style", "g", "rect", "path", "text", "defs", "pattern", "circle")
        }
        chart.text().encode("utf-8", "replace")


@given(st.floats(0.001, 1e9), st.integers(2, 8), st.booleans())
def test_ticks_are_round_and_reach_the_highest(highest: float, most: int, whole: bool) -> None:
    marks = scale.ticks(highest, most=most, whole=whole)
    assert marks[0] == 0
    assert marks[-1] >= highest * (1 - 1e-6) or whole
    assert len(marks) <= most + 1
    assert not whole or all(mark == int(mark) for mark in marks)


def test_the_terminal_gets_lines_that_fit() -> None:
    for chart in one_of_each():
        for width in (40, 80, 140):
            assert all(len(text) <= max(width, len(chart.title), len(chart.note)) for text in chart.text(width=width).splitlines()), chart.title
            assert chart.text(width=width, ascii_only=True).isascii()
    shown = stacked_bars(COUNTS, TWO, title="Months").text()
    assert "█ French  ▒ English" in shown
    assert re.search(r"^2016\s+█ ·\s+3  █+▒+$", shown, re.M), shown


def test_numbers_and_periods_are_written_as_people_do() -> None:
    assert (number(12345, "en"), number(12345, "fr")) == ("12,345", "12\u202f345")
    assert (number(12.5, "en", percent=True), number(12.5, "fr", percent=True)) == ("12.5%", "12,5\u00a0%")
    assert (period("2017-08", "fr"), period("2017-08-01", "fr"), period("2017-08", "en", short=True)) == ("août 2017", "1er août 2017", "Aug")


def test_rare_languages_are_put_together_and_none_is_lost() -> None:
    counts = {"2017": dict.fromkeys(("fr", "en", "aa", "bb", "cc", "dd", "ee", "ff"), 1)}
    chart = gallery.items_over_time(counts, step="year", split="language", unplaced=0, language="en")
    assert [one.key for one in chart.series][:2] == ["fr", "en"]
    assert chart.series[-1].key == "other"
    assert chart.total("2017") == 8


def test_what_is_not_counted_is_said_in_both_languages() -> None:
    notes = [
        gallery.items_over_time({"2017-01": {"fr": 1}}, step="month", split="kind", unplaced=n, language=code).note
        for n, code in ((1, "en"), (4, "fr"))
    ]
    assert notes == ["1 item without a month of publication is not counted", "4 notices sans mois de publication ne sont pas comptées"]
