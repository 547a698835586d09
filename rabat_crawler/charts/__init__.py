"""Charts of counts over time or by class: SVG without scripts, text for a terminal, rows for a CSV file. Pure: the same numbers give the same bytes."""

from __future__ import annotations

from rabat_crawler.charts import gallery
from rabat_crawler.charts.chart import Chart, Series, bars, histogram, line, stacked_bars
from rabat_crawler.charts.svg import STYLE

__all__ = ["STYLE", "Chart", "Series", "bars", "gallery", "histogram", "line", "stacked_bars"]
