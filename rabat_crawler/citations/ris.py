"""RIS records, which EndNote, Zotero, Mendeley and most libraries read: one line a value, CRLF at its end, `ER` last."""

from __future__ import annotations

from collections.abc import Iterator

from rabat_crawler.citations.citation import Citation
from rabat_crawler.date_text import parts_of

LINE_END = "\r\n"


def record(cited: Citation) -> str:
    """One record of type `ELEC` (a web page), ending with an empty line."""
    lines = [f"{tag}  - {value}" for tag, value in _values(cited) if value]
    return LINE_END.join((*lines, "ER  - ", "", ""))


def _values(cited: Citation) -> Iterator[tuple[str, str]]:
    parts = parts_of(cited.published)
    yield "TY", "ELEC"
    yield "ID", cited.key
    yield "AU", _name(cited.organisation)
    yield "TI", cited.title
    yield "TT", cited.translated_title
    yield "PY", str(parts[0]) if parts else ""
    yield "DA", _date(parts)
    yield "PB", cited.organisation.replace("*", "")
    yield "LA", cited.language or ""
    yield "UR", cited.url or ""
    yield "AV", cited.archived_url or ""
    yield "AN", cited.item_id
    yield "Y2", _date(parts_of(cited.accessed.isoformat())) if cited.accessed else ""
    yield "AB", cited.abstract
    for word in cited.keywords:
        yield "KW", word.replace("*", "")
    if cited.archived_at:
        yield "N1", f"Archived {cited.archived_at.strftime('%Y-%m-%dT%H:%M:%SZ')}" + (f" at {cited.archived_url}" if cited.archived_url else "")
    if cited.permanent_url:
        yield "N1", f"Archive item {cited.item_id}: {cited.permanent_url}"


def _date(parts: tuple[int, ...]) -> str:
    """YYYY/MM/DD/, the slashes also where month or day are not known."""
    if not parts:
        return ""
    month, day = (f"{part:02}" for part in (*parts, 0, 0)[1:3])
    return f"{parts[0]:04}/{month.replace('00', '')}/{day.replace('00', '')}/"


def _name(organisation: str) -> str:
    """A comma would part a family name from a first name, and an asterisk is the format's own."""
    return organisation.replace("*", "").replace(",", "")
