"""CSL-JSON items, which citation processors (citeproc, Pandoc, Zotero) read. What the schema has no field for stands in `custom`."""

from __future__ import annotations

from typing import Any

from rabat_crawler.citations.citation import Citation
from rabat_crawler.date_text import parts_of


def csl_item(cited: Citation) -> dict[str, Any]:
    """One item of type `webpage`; keys without a value are left out."""
    accessed = cited.accessed
    values: dict[str, Any] = {
        "id": cited.key,
        "type": "webpage",
        "title": cited.title,
        "author": [{"literal": cited.organisation}] if cited.organisation else None,
        "publisher": cited.organisation,
        "container-title": cited.organisation,
        "issued": {"date-parts": [list(parts)]} if (parts := parts_of(cited.published)) else None,
        "accessed": {"date-parts": [[accessed.year, accessed.month, accessed.day]]} if accessed else None,
        "language": cited.language,
        "URL": cited.url or cited.archived_url,
        "archive_location": cited.archived_url,
        "call-number": cited.item_id,
        "abstract": cited.abstract,
        "keyword": ", ".join(word.replace(",", " ") for word in cited.keywords),
        "note": _note(cited),
        "custom": _custom(cited),
    }
    return {name: value for name, value in values.items() if value}


def _note(cited: Citation) -> str:
    when = f"Archived {_time(cited)}" if cited.archived_at else "Archived" if cited.archived_url else ""
    where = f" at {cited.archived_url}" if cited.archived_url else ""
    translated = f"Translated title: {cited.translated_title}" if cited.translated_title else ""
    return "; ".join(filter(None, (when + where, translated)))


def _custom(cited: Citation) -> dict[str, str]:
    values = {
        "item_id": cited.item_id,
        "site": cited.site,
        "kind": cited.kind,
        "permanent_url": cited.permanent_url,
        "archived_url": cited.archived_url,
        "archived_at": _time(cited),
        "translated_title": cited.translated_title,
        "translated_language": cited.translated_language,
    }
    return {name: value for name, value in values.items() if value}


def _time(cited: Citation) -> str:
    return cited.archived_at.strftime("%Y-%m-%dT%H:%M:%SZ") if cited.archived_at else ""
