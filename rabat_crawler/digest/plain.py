"""A newsletter as plain text, fit for a terminal and for mail: lines of at most 76 columns but for addresses, no control characters. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rabat_crawler.changes import Code
from rabat_crawler.citations import address
from rabat_crawler.digest import phrases
from rabat_crawler.digest.phrases import Row
from rabat_crawler.digest.pieces import marked
from rabat_crawler.digest.values import CODES, Coming, Digest, Entry
from rabat_crawler.digest.words import Language, clean, said

WIDTH = 76


def plain_text(digest: Digest) -> str:
    """The newsletter, lines ended by a line feed."""
    lines = [*_head(digest), *_section(digest, CODES[0]), *_coming(digest)]
    for code in CODES[1:]:
        lines += _section(digest, code)
    return "\n".join([*lines, *_foot(digest)]) + "\n"


def _wrapped(text: str, first: str = "", further: str | None = None) -> list[str]:
    further = " " * len(first) if further is None else further
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def _head(digest: Digest) -> Iterator[str]:
    yield f"{digest.site} · {said('kicker', digest.language)}"
    title = f"{phrases.heading(digest)}, {phrases.period(digest)}"
    yield title
    yield "=" * min(len(title), WIDTH)
    numbers = phrases.numbers(digest)
    if numbers:
        yield ""
        yield from _wrapped(" · ".join(numbers))
    for sentence in phrases.troubles(digest):
        yield ""
        yield from _wrapped(sentence, "! ")
    remarks = phrases.remarks(digest)
    if remarks:
        yield ""
        yield from _wrapped(" ".join(remarks))


def _title(name: str) -> list[str]:
    return ["", "", name, "-" * len(name)]


def _section(digest: Digest, code: Code) -> Iterator[str]:
    entries = digest.entries.get(code, ())
    if not entries:
        return
    yield from _title(said(f"section.{code}", digest.language))
    if code == "changed" and any(entry.fields or entry.places for entry in entries):
        yield said("legend", digest.language)
    for entry in entries:
        yield ""
        yield from _entry(entry, code, digest.language)
    more = digest.totals.get(code, 0) - len(entries)
    if more > 0:
        yield ""
        yield said("more", digest.language, count=more)


def _entry(entry: Entry, code: Code, language: Language) -> Iterator[str]:
    yield from _wrapped(phrases.title_of(entry), "* ")
    yield from _wrapped(" · ".join(phrases.particulars(entry, language, code)), "  ")
    if entry.beginning:
        yield from _wrapped(clean(entry.beginning, entry.language, 1_000), "  ")
    if code == "changed":
        for row in phrases.changes_of(entry, language):
            yield from _row(row, language)
        if entry.more_places:
            yield "    " + said("more_places", language, count=entry.more_places)
    if code == "moved" and entry.moved_from:
        yield f"  {said('field.address', language)}{said('separator', language)}{address(entry.moved_from) or clean(entry.moved_from, None, 300)}"
    yield from _addresses(None if entry.gone else entry.url, entry.room)
    if entry.twin is not None:
        yield from _wrapped(phrases.twin_label(entry, language) + phrases.title_of(entry.twin), "  ", "    ")
        yield from _addresses(entry.twin.url, entry.twin.room, "    ")


def _row(row: Row, language: Language) -> list[str]:
    said_here = marked(row.pieces) if row.pieces else row.sentence or f"{row.old} → {row.new}"
    label = f"{row.label}{said('separator', language)}" if row.label else ""
    return _wrapped(label + said_here, "  ", "    ") if label else _wrapped(said_here, "    ")


def _addresses(own: str | None, room: str | None, indent: str = "  ") -> Iterator[str]:
    for url in (own, room):
        safe = address(url)
        if safe:
            yield indent + safe


def _coming(digest: Digest) -> Iterator[str]:
    language = digest.language
    yield from _title(said("section.coming", language))
    if not digest.coming:
        yield said("no_coming", language)
    for one in digest.coming:
        yield ""
        yield from _meeting(one, language)
    more = digest.totals.get("coming", 0) - len(digest.coming)
    if more > 0:
        yield ""
        yield said("more", language, count=more)
    if digest.coming and digest.room:
        yield ""
        yield said("calendar", language)
        yield f"  {digest.room}/{language}/agenda.ics?time=coming"


def _meeting(one: Coming, language: Language) -> Iterator[str]:
    fresh = f" ({said('fresh', language)})" if one.fresh else ""
    yield from _wrapped(phrases.days_of(one, language) + fresh, "* ")
    yield from _wrapped(phrases.title_of(one), "  ")
    marks = phrases.marks_of(one, language)
    if marks:
        yield from _wrapped(" · ".join(marks), "  ")
    yield from _addresses(one.url, one.room)


def _foot(digest: Digest) -> Iterator[str]:
    language = digest.language
    yield ""
    yield "-" * WIDTH
    yield from _wrapped(said("as_of", language, moment=phrases.moment(digest)))
    yield from _wrapped(said("rights", language))
    if digest.room:
        yield f"{said('reading_room', language)}{said('separator', language)}{digest.room}/{language}/"
