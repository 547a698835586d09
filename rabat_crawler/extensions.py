"""Scrapy extensions of the crawl: a throttle that only slows down, the progress line of a terminal, the log file of a run."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from scrapy.extensions.throttle import AutoThrottle

from rabat_crawler.session import Progress

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

REDRAW_SECONDS = 0.2
URL_WIDTH = 48
LOGGERS = ("rabat_crawler", "scrapy", "twisted", "asyncio", "py.warnings")
LOG_BYTES = 10_000_000
LOG_COPIES = 10
LOG_FIELDS = ("url", "reason", "seconds")


class Throttle(AutoThrottle):
    """Scrapy's AutoThrottle, never faster than the delay asked for nor than the Crawl-delay of robots.txt."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.session = crawler.spider.session  # type: ignore[union-attr]

    def _start_delay(self) -> float:
        return self.mindelay

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        self.mindelay = max(self.mindelay, self.session.floor)
        self.maxdelay = max(self.maxdelay, self.mindelay)
        super()._adjust_delay(slot, latency, response)


def terminal_progress(stream: TextIO) -> Callable[[Progress], None] | None:
    """A `progress` callable that keeps one line on a terminal up to date; None if `stream` is no terminal."""
    if not stream.isatty():
        return None
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if progress.finished:
            stream.write("\r\x1b[K")
        elif now - last >= REDRAW_SECONDS:
            stream.write("\r\x1b[K" + progress_line(progress))
            last = now
        stream.flush()

    return show


def progress_line(progress: Progress) -> str:
    """One line: pages, items, pages a second, what waits, an estimate of the time left, the address just read."""
    rate = progress.pages / progress.seconds if progress.seconds > 0 else 0.0
    left = f", about {_duration(progress.left)} left" if progress.left is not None and progress.queued else ""
    url = "".join(c if c.isprintable() else "?" for c in progress.url.partition("//")[2])
    shown = url if len(url) <= URL_WIDTH else "…" + url[1 - URL_WIDTH :]
    return f"{progress.pages} pages, {progress.items} items, {rate:.1f}/s, {progress.queued} waiting{left}  {shown}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _JsonLines(logging.Formatter):
    """One JSON object a line; control characters are escaped by JSON itself."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "run": self.run_id,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:2000],
        }
        line |= {name: getattr(record, name) for name in LOG_FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)[-8000:]
        return json.dumps(line, ensure_ascii=False, default=str)


@contextmanager
def run_log(folder: Path | None, run_id: str, level: str) -> Iterator[None]:
    """Everything that is logged during the run goes to `crawl.log` in the folder (None: nowhere), nothing to the screen."""
    handler: logging.Handler = logging.NullHandler()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder / "crawl.log", maxBytes=LOG_BYTES, backupCount=LOG_COPIES, encoding="utf-8", delay=True)
    handler.setFormatter(_JsonLines(run_id))
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, old_level, propagate in before:
            logger.removeHandler(handler)
            logger.setLevel(old_level)
            logger.propagate = propagate
        handler.close()
