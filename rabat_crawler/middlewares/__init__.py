"""Downloader middlewares, from the spider to the wire: guard, robots gate, patience, recorder. None of them reads a page."""

from __future__ import annotations

from rabat_crawler.middlewares.guard import OriginGuard
from rabat_crawler.middlewares.patience import Patience
from rabat_crawler.middlewares.recorder import Recorder
from rabat_crawler.middlewares.robots import RobotsGate

__all__ = ["OriginGuard", "Patience", "Recorder", "RobotsGate"]
