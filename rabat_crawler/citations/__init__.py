"""Citations of items in the formats that reference managers read, and as sentences. Pure: what is not in the item, the caller gives.

`cite` makes the value, `write` a file of one or many; each format has its own module, which knows that format's escapes and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from rabat_crawler.citations.bibtex import entry
from rabat_crawler.citations.citation import Citation, address, cite, one_line, organisation
from rabat_crawler.citations.csl import csl_item
from rabat_crawler.citations.kept import ARCHIVED, cite_kept
from rabat_crawler.citations.plain import sentence
from rabat_crawler.citations.ris import record
from rabat_crawler.errors import ConfigError

__all__ = [
    "ARCHIVED",
    "MEDIA_TYPES",
    "Citation",
    "address",
    "cite",
    "cite_kept",
    "csl_item",
    "entry",
    "iter_text",
    "one_line",
    "organisation",
    "record",
    "sentence",
    "write",
]

MEDIA_TYPES = {
    "bib": "application/x-bibtex; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "csl.json": "application/vnd.citationstyles.csl+json",
    "txt": "text/plain; charset=utf-8",
}
"""The formats by the suffix of their files."""


def write(form: str, cited: Iterable[Citation], language: str = "en") -> str:
    """A whole file of citations in a format of MEDIA_TYPES; `language` is that of sentences. ConfigError for any other format."""
    return "".join(iter_text(form, cited, language))


def iter_text(form: str, cited: Iterable[Citation], language: str = "en") -> Iterator[str]:
    """The pieces of such a file, one citation after the other, so that any number of them takes no memory."""
    if form == "bib":
        return (("\n" if number else "") + entry(one) for number, one in enumerate(cited))
    if form == "ris":
        return (record(one) for one in cited)
    if form == "csl.json":
        return _json_list(cited)
    if form == "txt":
        return (sentence(one, language) + "\n" for one in cited)
    raise ConfigError(f"{form!r} is no format of citations; there are {', '.join(MEDIA_TYPES)}")


def _json_list(cited: Iterable[Citation]) -> Iterator[str]:
    number = -1
    for number, one in enumerate(cited):
        yield (",\n" if number else "[\n") + json.dumps(csl_item(one), ensure_ascii=False, indent=1)
    yield "[]\n" if number < 0 else "\n]\n"
