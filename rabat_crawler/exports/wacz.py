"""The recorded answers themselves, for replay: one self-contained WACZ file, or a folder of WARC files with their index."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rabat_crawler import __version__
from rabat_crawler.archive.brought import DECISIONS, RUNS, carried
from rabat_crawler.archive.given import Shown
from rabat_crawler.archive.sorted_lines import SortedLines
from rabat_crawler.archive.warc_copy import Create, Sink, copy_captures
from rabat_crawler.cdxj import cdxj_line
from rabat_crawler.exports._collection import collection, readme
from rabat_crawler.exports._export import Export, Options, Source

PAGES, EXTRA_PAGES = "pages/pages.jsonl", "pages/extraPages.jsonl"

INDEX = "index.cdxj"
_CONTENTS = """`*.warc.gz`: the recorded answers of the server with their requests, WARC 1.1, one gzip member a record, each with its SHA-256 digest.
A file of the archive of which nothing was left out is here byte for byte. A revisit record (an answer that was the same as before) stands for a capture that
is here too.

`{index}`: where each capture lies, as CDXJ lines sorted by address and time. pywb replays the files with it: put them into the `archive` and `indexes`
folders of a collection.

{captures:,} captures in {files:,} files.
"""


def write_wacz(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The WACZ file."""
    from rabat_crawler.archive.wacz_write import WaczWriter

    told = collection(source.archive, source.moment, options)
    described = {
        "title": told.title,
        "description": f"{told.description}\n\n{told.licence}",
        "created": source.moment,
        "modified": source.moment,
        "software": f"rabat_crawler {__version__}",
    }
    with SortedLines(target.parent) as lines, WaczWriter(target, described) as wacz:
        counts, runs = _copy(source, lambda name: wacz.entry(f"archive/{name}"), lines)
        counts["indexed"] = wacz.index(lines)
        counts["items"] = len(source.item_ids)
        counts["pages"] = wacz.lines(PAGES, _item_pages(source))
        counts["pages"] += wacz.lines(EXTRA_PAGES, _extra_pages(source)) - 2  # each file begins with a line of its own
        wacz.lines(RUNS, _runs(source, None if source.selection.whole else runs))
        if source.selection.whole and (decisions := source.archive.decisions()):
            wacz.lines(DECISIONS, map(dataclasses.asdict, decisions))
    return counts


def write_warc(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of WARC files."""

    @contextlib.contextmanager
    def create(name: str) -> Iterator[Sink]:
        with open(target / name, "xb") as stream:
            yield stream

    with SortedLines(target) as lines:
        counts, _ = _copy(source, create, lines)
        with open(target / INDEX, "xb") as index:
            index.writelines(lines)
    said = _CONTENTS.format(index=INDEX, captures=counts["captures"], files=counts["files"])
    (target / "README.md").write_text(readme(source, options, said), encoding="utf-8", newline="\n")
    return counts | {"items": len(source.item_ids)}


def _copy(source: Source, create: Create, lines: SortedLines) -> tuple[dict[str, int], set[str]]:
    """Copy the captures and note a line of the index for each that can be replayed; counts, and the runs that made them."""
    counts = {"captures": 0, "files": 0}
    runs: set[str] = set()
    file = ""
    moment = datetime.fromisoformat(source.moment).astimezone(UTC)
    given = source.archive.iter_captures(None if source.selection.whole else source.item_ids)
    with contextlib.closing(copy_captures(source.archive.warc_dir, given, create, moment=moment)) as copied:
        for one in copied:
            counts["captures"] += 1
            counts["files"] += one.capture.warc_file != file
            file = one.capture.warc_file
            runs.add(one.capture.run_id or "")
            if one.playable:
                lines.add(cdxj_line(one.capture))
            source.tell("captures", counts["captures"])
    return counts, runs


def _page(shown: Shown, name: str, **more: str | None) -> dict[str, Any]:
    """A page as WACZ lists it."""
    stated = {key: value for key, value in more.items() if value}
    return {"id": name, "url": shown.url, "ts": f"{shown.captured_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", **stated}


def _item_pages(source: Source) -> Iterator[dict[str, Any]]:
    """Every item, with the capture that shows it."""
    yield {"format": "json-pages-1.0", "id": "pages", "title": "Items", "hasText": True}
    done = 0
    for part in source.parts():
        shown = source.archive.item_pages([item.item_id for item in part])
        for item in part:
            if item.item_id in shown:
                yield _page(shown[item.item_id], item.item_id, title=item.title, text=item.text, language=item.language, published=item.published)
        done += len(part)
        source.tell("pages", done, len(source.item_ids))


def _extra_pages(source: Source) -> Iterator[dict[str, Any]]:
    """The documents, and of a whole archive its lists and start pages."""
    yield {"format": "json-pages-1.0", "id": "extraPages", "title": "Documents and lists", "hasText": True}
    for one in source.archive.document_captures(None if source.selection.whole else source.item_ids):
        document = source.archive.document(one.name)
        text = "\n".join(source.archive.document_pages(one.name))
        yield _page(one, one.name, title=document.title or one.url.rpartition("/")[2], text=text, language=document.language)
    for one in source.archive.listings() if source.selection.whole else ():
        yield _page(one, hashlib.sha256(one.url.encode()).hexdigest()[:16], title=one.url)


def _runs(source: Source, only: set[str] | None) -> Iterator[dict[str, Any]]:
    """The runs, all or some."""
    yield from (carried(run) for run in source.archive.iter_runs() if only is None or run.run_id in only)


_TAKES = frozenset({"title", "licence"})
EXPORTS = (
    Export(
        name="wacz",
        title="The recorded pages as one WACZ file for ReplayWeb.page and pywb, with texts, which import takes back.",
        suffix=".wacz",
        write=write_wacz,
        takes=_TAKES,
    ),
    Export(
        name="warc",
        title="The recorded pages as WARC files with a CDXJ index, for pywb.",
        suffix="",
        folder=True,
        write=write_warc,
        takes=_TAKES,
    ),
)
