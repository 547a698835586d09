"""What a document's page shows, asked of the archive. Values only; no page, no Datasette."""

from __future__ import annotations

from dataclasses import dataclass

from rabat_crawler.alignment import paragraphs
from rabat_crawler.archive.captured import Listed
from rabat_crawler.archive.reader import Reader
from rabat_crawler.errors import NotFound
from rabat_crawler.models import DocumentVersion, Item

MAX_CHARACTERS = 400_000
"""So much of a document's text stands on one address; the next pages follow at `?page=`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A document with its pages from `first` on; `following` is the number of the page after the last one shown, None at the end."""

    document: DocumentVersion
    items: tuple[Item, ...]
    pages: tuple[tuple[int, tuple[str, ...]], ...]
    first: int
    following: int | None
    versions: tuple[DocumentVersion, ...]
    capture: Listed | None
    playable: bool


def read(archive: Reader, document_id: str, first: int) -> Shown:
    """What the page shows. NotFound for an unknown document."""
    document = archive.document(document_id)
    texts = archive.document_pages(document_id)
    shown: list[tuple[int, tuple[str, ...]]] = []
    length = 0
    for number in range(first, len(texts) + 1):
        length += len(texts[number - 1])
        if shown and length > MAX_CHARACTERS:
            break
        shown.append((number, paragraphs(texts[number - 1][:MAX_CHARACTERS])))
    last = shown[-1][0] if shown else first
    try:
        capture: Listed | None = archive.capture(document.last_capture)
    except NotFound:
        capture = None
    return Shown(
        document=document,
        items=tuple(archive.items_of(document.items)),
        pages=tuple(shown),
        first=first,
        following=last + 1 if last < len(texts) else None,
        versions=tuple(one for one in archive.documents(document.url, every=True) if one.document_id != document_id),
        capture=capture,
        playable=archive.warc_dir.is_dir(),
    )
