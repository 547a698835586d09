"""Citations of the items for reference managers: BibTeX, RIS, CSL-JSON; one streaming file each, accessed on the day of the archive's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from rabat_crawler.citations import Citation, cite_kept, iter_text
from rabat_crawler.exports._addresses import base
from rabat_crawler.exports._export import Export, Options, Source


def write(form: str, source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The file, in a format of `citations.MEDIA_TYPES`."""
    here = base(options)
    with open(target, "w", encoding="utf-8", newline="") as file:
        for text in iter_text(form, cited(source, here)):
            file.write(text)
    return {"items": len(source.item_ids)}


def cited(source: Source, here: str | None) -> Iterator[Citation]:
    """The citations of the items in their order; `here` is where a reading room stands on the web."""
    archive, done = source.archive, 0
    latest = archive.latest()
    accessed = date.fromisoformat(latest[:10]) if latest else None
    playable = archive.warc_dir.is_dir()
    for part in source.parts():
        twins = {item.item_id: item for item in archive.items_of(item.twin for item in part if item.twin)}
        shown = archive.shown(item.item_id for item in part)
        for item in part:
            listed = shown.get(item.item_id)
            yield cite_kept(
                item,
                twin=twins.get(item.twin or ""),
                capture=listed.capture if listed else None,
                here=here,
                playable=playable,
                accessed=accessed,
            )
        done += len(part)
        source.tell("citations", done, len(source.item_ids))


def _export(form: str, name: str, title: str) -> Export:
    return Export(name=name, title=title, suffix=f".{form}", write=partial(write, form), takes=frozenset({"base_url"}))


EXPORTS = (
    _export("bib", "bibtex", "Citations in BibTeX, for LaTeX and reference managers."),
    _export("ris", "ris", "Citations in RIS, for EndNote, Zotero, Mendeley and libraries."),
    _export("csl.json", "csl-json", "Citations in CSL-JSON, for Zotero, Pandoc and citation processors."),
)
