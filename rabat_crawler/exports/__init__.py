"""Forms in which the archive leaves: one file a format, found by looking into this package; all read through `Reader` alone and write through `_placing`."""

from __future__ import annotations

from rabat_crawler.exports._export import Export, Options, Selection, Source, Written, export, formats

__all__ = ["Export", "Options", "Selection", "Source", "Written", "export", "formats"]
