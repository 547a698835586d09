"""A real pywb that holds the sample site's three epochs: what a web archive of ten years is to a backfill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from rabat_crawler.archive.warc import WarcWriter
from rabat_crawler.demo.collection import HOST, Headers, Memento, of_epoch
from rabat_crawler.demo.epochs import EPOCHS
from rabat_crawler.models import Capture
from tests.replay import Replay, replaying

__all__ = ["EPOCHS", "HOST", "Captured", "captures", "mementos", "pywb_of_three_epochs", "write_epochs"]

COLLECTION = "nights"
"""The name that `tests.replay` gives the collection."""

Captured = tuple[str, datetime, int, Headers, bytes]


@cache
def mementos(epoch: str) -> tuple[Memento, ...]:
    """What was captured of an epoch, in the order of time; the middle one was visited twice, and half of its second visit are revisits."""
    return tuple(of_epoch(epoch))


def captures(epoch: str) -> list[Captured]:
    """The same as plain values: (url, captured_at, status, headers, body); body as sent, content-encoded."""
    return [(one.url, one.captured_at, one.status, one.headers, one.body) for one in mementos(epoch)]


def write_epochs(folder: Path) -> list[Path]:
    """One WARC file an epoch, revisits as revisit records; the files, the oldest first."""
    for epoch in EPOCHS:
        latest: dict[str, Capture] = {}
        with WarcWriter(folder, run_id=f"epoch-{epoch}", site="rabat-process", fields={}) as writer:
            for one in mementos(epoch):
                latest[one.url] = writer.write(
                    url=one.url,
                    captured_at=one.captured_at,
                    status=one.status,
                    response_headers=one.headers,
                    body=one.body,
                    previous=latest.get(one.url) if one.revisit else None,
                ).capture
    return [folder / f"epoch-{epoch}-00000.warc.gz" for epoch in EPOCHS]


@contextmanager
def pywb_of_three_epochs(folder: Path) -> Iterator[Replay]:
    """pywb with all three epochs in the collection `COLLECTION`: CDX at `<origin>/nights/cdx`, playback at `<origin>/nights/<time>id_/<url>`.

    `folder` must exist; WARC files and pywb's own copy are written below it.
    """
    with replaying(folder / "pywb", write_epochs(folder / "warc")) as replay:
        yield replay
