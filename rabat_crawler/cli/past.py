"""Commands that look at the past: history, captures. They change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_json import capture_json, changed_words, diff_json, history_json, item_json
from rabat_crawler.archive.captured import Listed, as_address
from rabat_crawler.archive.past import History, Span
from rabat_crawler.cdxj import cdxj_lines
from rabat_crawler.cli.format import coloured, item_lines, json_line, plain, say, table, width
from rabat_crawler.cli.options import archive_option, json_option
from rabat_crawler.models import Version
from rabat_crawler.wording import MARKS, diff_lines, marked_diff, one_line, word_diff

SHORT = 8
_INDENT = "     "


# history -------------------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("item")
@click.option("--diff", nargs=2, metavar="FROM TO", help="The whole word diff of two versions: numbers, ids or their beginnings, or dates.")
@click.option("--as-of", metavar="DATE", help="The item as it stood at the end of that day, month or year (2017-07-20, 2017-07, 2017), or at a time.")
@json_option
@archive_option
def history(item: str, diff: tuple[str, str] | None, as_of: str | None, as_json: bool, archive_dir: str | None) -> None:
    """Show the versions of an ITEM (id, address or article number): when each stood, and what changed, word by word."""
    if diff and as_of:
        raise click.UsageError("--diff and --as-of exclude each other; --diff takes dates as well")
    with Archive.open(config.archive_path(archive_dir)) as archive:
        if as_of:
            then = archive.item_as_of(item, as_of)
            say(json_line({**item_json(then), "as_of": as_of}) if as_json else f"as it stood on {plain(as_of)}\n\n{item_lines(then)}")
            return
        found = archive.history(item)
    if diff:
        old, new = (found.version(wanted) for wanted in diff)
        named = {"item_id": found.item.item_id, "from": old.version_id, "to": new.version_id}
        say(json_line({**named, **diff_json(old, new)}) if as_json else coloured(plain(_whole_diff(found, old, new))))
        return
    say(json_line(history_json(found)) if as_json else coloured(plain("\n".join(_history_lines(found)))))


def _history_lines(found: History) -> Iterator[str]:
    """The item, then each version with its spans and what it changed."""
    item, order = found.item, [found.number(span.version_id) for span in found.spans]
    versions = f"{len(found.versions)} version{'s' * (len(found.versions) != 1)}"
    captures = f"{found.captures} capture{'s' * (found.captures != 1)}"
    yield one_line(item.title)
    yield "=" * min(len(item.title), width())
    yield f"item {item.item_id}, {item.kind}: {versions} in {captures}" + ("; gone from the site" if item.gone else "")
    yield f"{item.canonical_url or 'no address'}"
    if len(order) > len(found.versions):
        yield f"order in time: {', '.join(map(str, order))}"
    for number, version in enumerate(found.versions, 1):
        yield ""
        now = ", the current one" if version.version_id == item.current_version else ""
        intro = "" if version.complete else ", an intro only"
        yield f"{number}  {version.version_id}  {len(version.text.split()):,} words{intro}{now}"
        for place, span in enumerate(found.spans_of(version)):
            yield from _span_lines(span, again=place > 0)
        before = found.before(version)
        if before is not None:
            yield from _change_lines(before, version, found.number(before.version_id))


def _span_lines(span: Span, *, again: bool) -> Iterator[str]:
    """When captures showed the version, which, from where, and at which addresses."""
    times = f"{_time(span.first_seen)} to {_time(span.last_seen)}" if span.captures > 1 else _time(span.first_seen)
    ends = dict.fromkeys((short_id(span.first_capture), short_id(span.last_capture)))
    number = f"{span.captures} capture{'s' * (span.captures != 1)}"
    yield f"{_INDENT}{times}  {number} ({' … '.join(ends)})  {', '.join(span.sources)}{'  (came back)' if again else ''}"
    yield from (f"{_INDENT}  {url}" for url in span.addresses)


def _change_lines(old: Version, new: Version, number: int) -> Iterator[str]:
    """What a version changed against the one that stood before it, of that number; shortened."""
    if old.title != new.title:
        yield f"{_INDENT}title: {marked_diff(old.title, new.title)}"
    added, removed = changed_words(word_diff(old.text, new.text))
    yield (f"{_INDENT}against {number}: {_length(added, removed)}" if old.text != new.text else f"{_INDENT}the text is that of {number}")
    yield from (f"{_INDENT}  {line}" for line in diff_lines(old.text, new.text, width=min(width(), 100) - len(_INDENT) - 2))


def _length(added: int, removed: int) -> str:
    return f"{added:,} word{'s' * (added != 1)} added, {removed:,} removed"


def _whole_diff(found: History, old: Version, new: Version) -> str:
    """Both versions in one text with every removed and added word marked."""
    pieces = word_diff(old.text, new.text)
    added, removed = changed_words(pieces)
    lines = [f"{sign} {found.number(one.version_id)}  {one.version_id}  seen from {_time(one.first_seen)} to {_time(one.last_seen)}"
             for sign, one in (("-", old), ("+", new))]  # fmt: skip
    if old.version_id == new.version_id:
        return "\n".join([lines[0][2:], "both are the same version"])
    body = "".join(_marked(op, text) for op, text in pieces)
    return "\n".join([*lines, _length(added, removed), "", marked_diff(old.title, new.title), "", body])


def _marked(op: str, text: str) -> str:
    """A stretch between its marks, line by line; spaces stand outside them."""
    on, off = MARKS[op]
    if not text.strip() or not on:
        return text if op != "-" else ""
    lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    lines = [f"{on}{line}{off}" if line.strip() else line for line in text.strip().split("\n")]
    return lead + "\n".join(lines) + trail


def _time(moment: str) -> str:
    """A capture's time to the second."""
    return moment[:19] + "Z"


def short_id(record_id: str) -> str:
    """The beginning of a record id by which it can be asked for."""
    bare = record_id.removeprefix("urn:uuid:")
    return bare if bare == record_id else bare[:SHORT]


# captures ------------------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("wanted", metavar="URL|ITEM")
@click.option(
    "--exact",
    is_flag=True,
    help="Only this spelling of the address; else http and https, www, slash at the end and order of parameters do not matter.",
)
@click.option("--from", "first", metavar="DATE", help="Captured then or later (2017, 2017-05, 2017-05-14, or a time).")
@click.option("--to", "last", metavar="DATE", help="Captured then or earlier, the whole year, month or day included.")
@click.option("--limit", type=click.IntRange(1), help="At most so many, the first.")
@click.option("--cdxj", is_flag=True, help="The lines of a CDXJ index, by which pywb and others replay the WARC files.")
@json_option
@archive_option
def captures(
    wanted: str, exact: bool, first: str | None, last: str | None, limit: int | None, cdxj: bool, as_json: bool, archive_dir: str | None
) -> None:
    """List the captures of an address (with a * at its end: of all that begin so) or of an item, in order of time."""
    if cdxj and as_json:
        raise click.UsageError("--json and --cdxj exclude each other")
    with Archive.open(config.archive_path(archive_dir)) as archive:
        address = as_address(wanted)
        found = archive.captures(url=address, item=None if address else wanted, exact=exact, first=first, last=last)[:limit]
    if cdxj:
        lines = cdxj_lines(one.capture for one in found)
    elif as_json:
        lines = [json_line(capture_json(one)) for one in found]
    else:
        lines = (
            [_captures_table(found), "", f"{len(found)} capture{'s' * (len(found) != 1)}"]
            if found
            else ["no captures; a * at the end finds all addresses that begin so"]
        )
    for line in lines:
        say(line)


HEAD = ("captured (UTC)", "capture", "status", "type", "media type", "length", "digest", "source", "role", "badness", "WARC file @ offset", "address")


def _captures_table(found: Sequence[Listed]) -> str:
    """One line a capture; the address above them if all have one."""
    urls = {one.capture.url for one in found}
    rows = [_capture_row(one) for one in found]
    if len(urls) > 1:
        return table(rows, HEAD, cut=False)
    return f"{plain(*urls)}\n\n{table([row[:-1] for row in rows], HEAD[:-1], cut=False)}"


def _capture_row(listed: Listed) -> tuple[object, ...]:
    one = listed.capture
    role = ", ".join(word for word in (listed.role, "held" * listed.held, "cut" * bool(one.truncated)) if word)
    return (
        f"{one.captured_at:%Y-%m-%d %H:%M:%S}", short_id(one.record_id), one.status, one.record_type, one.media_type or "-", f"{one.length:,}",
        one.digest.partition(":")[2][:12] or "-", one.source, role or "-", f"{listed.badness:.1f}", f"{one.warc_file} @ {one.offset}", one.url,
    )  # fmt: skip
