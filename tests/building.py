"""Builders of archives for tests: captures as values, the sample site crawled once, an archive's rows whatever the order they came in."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from rabat_crawler import registry
from rabat_crawler.archive import Archive, Filters, schema, store
from rabat_crawler.archive.ingest import Ingest
from rabat_crawler.archive.rebuild import warc_files
from rabat_crawler.archive.relating import write_relations
from rabat_crawler.archive.warc import WarcWriter, iter_records
from rabat_crawler.models import Capture, Draft, Item, Page, PartialDate, Record, Role, Site
from rabat_crawler.runner import crawl
from rabat_crawler.urls import url_key
from tests import warm
from tests.servers import serve_sample

START = datetime(2019, 5, 1, 6, 0, tzinfo=UTC)
BASE = "https://www.rabat-process.org"
RABAT = registry.site("rabat-process")
FAST = {"RABAT_BACKOFF": [0.01, 0.02, 0.03, 0.04], "RABAT_MIN_FREE": 0}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


PORT = _free_port()
"""The same for a whole test run, so that two nights of the sample site have the same addresses."""


def night(days: float) -> datetime:
    """So many days after the first capture."""
    return START + timedelta(days=days)


def day(value: str, source: str = "time[datePublished]") -> PartialDate:
    """A published date as a layout gives it."""
    precision = {4: "year", 7: "month", 10: "day"}[len(value)]
    return PartialDate(value=value, precision=precision, raw=value, rule="iso", role="published", source=source)  # type: ignore[arg-type]


# Captures as values ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One capture and what its page says."""

    name: str
    url: str
    days: float
    drafts: tuple[Draft, ...] = ()
    status: int = 200
    role: Role = "detail"
    again: str | None = None
    site: Site = RABAT

    def capture(self) -> Capture:
        """The capture; a revisit if it shows another one `again`."""
        return Capture(
            record_id=self.name,
            url=self.url,
            url_key=url_key(self.url),
            captured_at=night(self.days),
            status=self.status,
            media_type="text/html",
            digest=f"sha256:{self.again or self.name}",
            site=registry.reference(self.site),
            record_type="revisit" if self.again else "response",
            refers_to=self.again,
        )

    def page(self) -> Page:
        """What its page says."""
        role: Role = "gone" if self.status in (404, 410) else self.role
        return Page(layout="" if role == "gone" else "test", role=role, drafts=self.drafts)


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        connection = schema.connect(Path(folder) / "new.db", write=True, create=True)
        connection.execute("PRAGMA journal_mode = DELETE")
        blank = connection.serialize()
        connection.close()
    return blank


def memory() -> sqlite3.Connection:
    """An empty archive database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(_empty())
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def stored(shots: Sequence[Shot], *, batch: int = 1) -> sqlite3.Connection:
    """A database in memory with these captures, so many in a transaction. The caller closes it."""
    connection = memory()
    ingest = Ingest(connection)
    for start in range(0, len(shots), batch):
        connection.execute("BEGIN")
        for shot in shots[start : start + batch]:
            ingest.store(shot.capture(), shot.page(), shot.site)
        ingest.settle()
        connection.execute("COMMIT")
    return connection


def rows_of(shots: Sequence[Shot], *, batch: int = 1) -> list[str]:
    """The dump of `stored`."""
    connection = stored(shots, batch=batch)
    try:
        return list(store.dump(connection))
    finally:
        connection.close()


def items_of(shots: Sequence[Shot]) -> list[Item]:
    """The items of `stored`, the oldest published first."""
    connection = stored(shots)
    try:
        write_relations(connection, [])
        return sorted(store.read_items(connection, Filters()), key=lambda item: (item.published or "", item.title, item.item_id))
    finally:
        connection.close()


# Pages through the real WARC writer ------------------------------------------------------------------------------------------


def article_html(title: str, text: str, *, date: str = "2017-07-17", head: str = "", language: str = "fr-fr") -> str:
    """An article in the markup of Joomla 3."""
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><title>{title}</title>{head}</head><body class='site com_content view-article itemid-101'>"
        f"<main id='content'><div class='item-page' itemscope itemtype='https://schema.org/Article'><div class='page-header'>"
        f"<h2 itemprop='headline'>{title}</h2></div><dl class='article-info muted'><dd class='published'>"
        f"<time datetime='{date}T10:00:00+00:00' itemprop='datePublished'>Publication : {date}</time></dd></dl>"
        f"<div itemprop='articleBody'><p>{text}</p></div></div></main></body></html>"
    )


def recorded(
    folder: Path, pages: Iterable[tuple[str, str | bytes]], *, site: Site = RABAT, run_id: str = "test-run", at: datetime = START
) -> list[Record]:
    """Write (address, HTML) into the WARC folder of an archive, a minute apart; the records as reading them back gives them."""
    (folder / "warc").mkdir(parents=True, exist_ok=True)
    with WarcWriter(folder / "warc", run_id=run_id, site=registry.reference(site), fields={}) as writer:
        for number, (url, html) in enumerate(pages):
            writer.write(
                url=url,
                captured_at=at + timedelta(minutes=number),
                status=200,
                response_headers=(("Content-Type", "text/html; charset=utf-8"),),
                body=html.encode() if isinstance(html, str) else html,
            )
        name = writer.path.name.removesuffix(".open")
    return list(iter_records(folder / "warc" / name, directory=folder / "warc"))


def small_archive(folder: Path, pages: Iterable[tuple[str, str | bytes]], *, site: Site = RABAT) -> Path:
    """An archive folder with these pages."""
    recorded(folder, pages, site=site)
    Archive.open(folder, write=True).close()
    return folder


def article_archive(folder: Path, **titles: str) -> Path:
    """An archive of articles `address part=title and text`."""
    return small_archive(
        folder, [(f"{BASE}/fr/{number}-{name}", article_html(title, title)) for number, (name, title) in enumerate(titles.items(), 101)]
    )


# The sample site, crawled ----------------------------------------------------------------------------------------------------


@cache
def _nights() -> Path:
    """The sample site's archive after one, two (unchanged) and three nights (second edition), crawled once for all tests."""
    folder = Path(mkdtemp(prefix="rabat-nights-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "now"
    for number, edition in ((1, 1), (2, 1), (3, 2)):
        with serve_sample(edition, port=PORT) as serving, Archive.open(path, write=True, create=True) as archive:
            crawl(archive, registry.at_origin(registry.site("sample"), serving.origin + "/"), delay=0.0, settings=FAST)
        shutil.copytree(path, folder / str(number))
    return folder


def sample_archive(nights: int) -> Path:
    """The sample's archive after so many nights; not to be changed."""
    return _nights() / str(nights)


def copy_of(archive: Path, folder: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(archive, folder / "copy"))


def records_of(archive: Path) -> list[Record]:
    """Every record of an archive in file order."""
    return [record for path in warc_files(archive / "warc") for record in iter_records(path, directory=archive / "warc")]


def dump_of(folder: Path) -> list[str]:
    """The rows of an archive."""
    with Archive.open(folder) as archive:
        return list(archive.dump())


PLACES = ("warc_file", "offset", "length")


def without_places(rows: Iterable[str]) -> list[str]:
    """Rows without what says where a record lies."""
    return sorted(json.dumps({name: value for name, value in json.loads(row).items() if name not in PLACES}, sort_keys=True) for row in rows)


def added(records: Sequence[Record], folder: Path, *, batch: int) -> list[str]:
    """The rows of a new archive to which these records were given, so many in a transaction."""
    with Archive.open(folder, write=True, create=True) as archive:
        archive.connection.execute("PRAGMA synchronous = OFF")
        for start in range(0, len(records), batch):
            archive.add_captures([(record, registry.resolve(record.capture.site)) for record in records[start : start + batch]])
        return list(archive.dump())


# The command line -------------------------------------------------------------------------------------------------------------


def program(*arguments: str) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-W", "error", "-m", "rabat_crawler", *arguments]


def environment(**more: str) -> dict[str, str]:
    """The environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RABAT_")} | {"PYTHONIOENCODING": "utf-8"} | more


def rabat(*arguments: str | Path, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end. Its exit code must be `code`, and no traceback may be shown."""
    done = warm.run([*map(str, arguments)], environment(**more), 60)
    said = f"{arguments}\nexit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr, said
    assert "a defect of" not in done.stderr, said
    assert done.returncode == code, said
    return done
