"""A static site of the collection in French and English that any static host serves, with search in the browser: the reading room without a server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rabat_crawler.exports._export import Export, Options, Source


def write(source: Source, target: Path, options: Options) -> Mapping[str, int]:
    """The folder of the site. ConfigError for a `base_url` that is none."""
    from rabat_crawler.exports.site.build import build

    return build(source, target, options)


EXPORTS = (
    Export(
        name="site",
        title="A static site in French and English with search in the browser, for any static host.",
        suffix="",
        folder=True,
        takes=frozenset({"base_url", "title", "licence"}),
        write=write,
    ),
)
