"""The commands history and captures: what an item said when, and what was had of an address."""

from __future__ import annotations

import dataclasses
from typing import Any

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.archive.as_of import last_moment
from rabat_crawler.archive.past import Captured, History
from rabat_crawler.cli.format import coloured, json_line, plain, say, table, width
from rabat_crawler.cli.options import archive_option, json_option
from rabat_crawler.errors import ConfigError, NotFound
from rabat_crawler.models import Item, Version
from rabat_crawler.surt import cdxj_line, surt
from rabat_crawler.wording import diff_lines, word_diff


@click.command()
@click.argument("item")
@click.option(
    "--diff", "pair", metavar="FROM TO", nargs=2, help="Word by word from one version to another: a number, an id, or a date (as it stood then)."
)
@click.option("--as-of", metavar="DATE", help="The version as it stood at the end of that day, month or year.")
@json_option
@archive_option
def history(item: str, pair: tuple[str, str] | None, as_of: str | None, archive_dir: str | None, as_json: bool) -> None:
    """Show the versions of an ITEM (id, address or article number), when each was seen, and what changed."""
    with Archive.open(config.archive_path(archive_dir)) as archive:
        found = archive.item(item)
        past = archive.history(found.item_id)
    if pair:
        _say_diff(_version(past, pair[0]), _version(past, pair[1]), as_json=as_json)
    elif as_of:
        _say_version(found, _version(past, as_of, date=True), as_json=as_json)
    elif as_json:
        say(json_line(history_json(found, past)))
    else:
        _say_history(found, past)


def history_json(item: Item, past: History) -> dict[str, Any]:
    """The history for programs: the versions without their sanitised HTML, the spans, and the change from each version to the next span's."""
    versions = [{name: value for name, value in dataclasses.asdict(version).items() if name != "html"} for version in past.versions]
    return {"item_id": item.item_id, "title": item.title, "versions": versions, "spans": [dataclasses.asdict(span) for span in past.spans]}


def _version(past: History, wanted: str, *, date: bool = False) -> Version:
    """The version that a number, an id or a date names; NotFound says which there are."""
    if not date and wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(past.versions):
        return past.versions[int(wanted) - 1]
    named = [] if date or len(wanted) < 4 else [v for v in past.versions if _own_id(v).startswith(wanted) or v.version_id.startswith(wanted)]
    if len(named) == 1:
        return named[0]
    try:
        version = past.at(last_moment(wanted))
    except ConfigError:
        ids = ", ".join(map(_own_id, past.versions))
        raise NotFound(f"{wanted!r} is no version of this item: give 1 to {len(past.versions)}, an id ({ids}) or a date") from None
    if version is None:
        raise NotFound(
            f"nothing of this item had been captured by {wanted}; the first capture is of {past.spans[0].first_seen[:10] if past.spans else '-'}"
        )
    return version


def _own_id(version: Version) -> str:
    """The part of a version's id that tells it from the item's others."""
    return version.version_id.rpartition("-")[2]


def _say_history(item: Item, past: History) -> None:
    number = {version.version_id: n for n, version in enumerate(past.versions, 1)}
    by_id = {version.version_id: version for version in past.versions}
    say(
        plain(
            f"{item.title}\nitem {item.item_id}: {len(past.versions)} version{'s' * (len(past.versions) != 1)}, {sum(s.captures for s in past.spans)} captures"
        )
    )
    before: Version | None = None
    for span in past.spans:
        version = by_id[span.version_id]
        again = "" if before is None or span.first_seen == version.first_seen else " again"
        captures = f"{span.captures} capture{'s' * (span.captures != 1)}"
        say()
        say(plain(f"version {number[span.version_id]} ({_own_id(version)}){again}: {_moments(span.first_seen, span.last_seen)}"))
        say(
            plain(
                f"    {captures} from {', '.join(span.sources)}; {len(version.text):,} characters; {', '.join(span.urls[:3])}{' …' * (len(span.urls) > 3)}"
            )
        )
        if before is not None:
            _say_change(before, version)
        before = version


def _say_change(before: Version, version: Version) -> None:
    if before.title != version.title:
        say(coloured(plain(f"    title: [-{before.title}-] {{+{version.title}+}}")))
    for line in diff_lines(before.text, version.text, width=max(40, width() - 4)):
        say(coloured(plain(f"    {line}")))


def _moments(first: str, last: str) -> str:
    return first[:19] + "Z" if first == last else f"{first[:19]}Z to {last[:19]}Z"


def _say_diff(old: Version, new: Version, *, as_json: bool) -> None:
    if as_json:
        pieces = word_diff(old.text, new.text)
        say(json_line({"from": old.version_id, "to": new.version_id, "title": word_diff(old.title, new.title), "text": pieces}))
        return
    say(plain(f"from {old.version_id} ({old.first_seen[:10]}) to {new.version_id} ({new.first_seen[:10]})\n"))
    for one, other in ((old.title, new.title), (old.text, new.text)):
        say(coloured(plain("".join(_marked(op, words) for op, words in word_diff(one, other)))) + "\n")


def _marked(op: str, words: str) -> str:
    """A piece of a diff with its marks close to the words; what is only space stays as it is."""
    inner = words.strip()
    if op == " " or not inner:
        return words
    start = words.index(inner)
    marked = f"[-{inner}-]" if op == "-" else f"{{+{inner}+}}"
    return words[:start] + marked + words[start + len(inner) :]


def _say_version(item: Item, version: Version, *, as_json: bool) -> None:
    if as_json:
        say(json_line({"item_id": item.item_id, **{name: value for name, value in dataclasses.asdict(version).items() if name != "html"}}))
        return
    seen = _moments(version.first_seen, version.last_seen)
    say(plain(f"{version.title}\n{'=' * min(len(version.title), width())}\n{version.version_id}, seen {seen}\n\n{version.text}"))


# captures ----------------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("address", metavar="URL|ITEM")
@click.option("--exact", is_flag=True, help="Only this spelling of the address, not those with or without www, https or a last slash.")
@click.option("--from", "first", metavar="DATE", help="Captured then or later (2017, 2017-05, 2017-05-14).")
@click.option("--to", "last", metavar="DATE", help="Captured then or earlier, the whole year or month included.")
@click.option("--limit", type=click.IntRange(1, 10_000_000), help="At most so many.")
@click.option("--cdxj", is_flag=True, help="Lines of a CDXJ index, sorted, as pywb reads them.")
@json_option
@archive_option
def captures(
    address: str, exact: bool, first: str | None, last: str | None, limit: int | None, cdxj: bool, archive_dir: str | None, as_json: bool
) -> None:
    """List the captures of a URL (a * at its end: of all addresses that begin so), or of all addresses of an item."""
    since = f"{first}-01-01"[:10] if first else ""
    if first:
        last_moment(first)
    until = last_moment(last) if last else "~"
    with Archive.open(config.archive_path(archive_dir)) as archive:
        urls = (address.rstrip("*"),) if "://" in address else archive.item(address).addresses
        found = archive.captures(*urls, exact=exact, prefix="://" in address and address.endswith("*"), since=since[: len(first or "")], until=until)
    if not found and not (as_json or cdxj):
        raise NotFound(f"nothing of {address} has been captured" + (" in that time" if first or last else ""))
    found = found[:limit] if limit else found
    if cdxj:
        for _, line in sorted(
            (f"{surt(one.capture.url)} {one.capture.captured_at:%Y%m%d%H%M%S%f}", cdxj_line(one.capture, one.capture.warc_file)) for one in found
        ):
            say(line)
    elif as_json:
        for one in found:
            say(json_line(captured_json(one)))
    else:
        _say_captures(found)


def captured_json(one: Captured) -> dict[str, Any]:
    """A capture for programs: its row's fields, times as ISO 8601 and as 14 digits."""
    values = {name: value for name, value in dataclasses.asdict(one.capture).items() if name not in ("captured_at", "refers_at")}
    moment = one.capture.captured_at
    more = {"role": one.role, "layout": one.layout, "badness": one.badness, "held": one.held, "original": one.original}
    return {"captured_at": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "timestamp": f"{moment:%Y%m%d%H%M%S}", **values, **more}


def _say_captures(found: list[Captured]) -> None:
    several = len({one.capture.url for one in found}) > 1
    rows = []
    for one in found:
        capture = one.capture
        state = one.role if one.badness < 0.5 else f"{one.role} ({one.badness:.2f} bad)"
        place = capture.url if several else f"{capture.warc_file}:{capture.offset}"
        kind = (capture.media_type or "-")[:24]
        digest = capture.digest.removeprefix("sha256:")[:10] or "-"
        rows.append(
            (
                f"{capture.captured_at:%Y%m%d%H%M%S}",
                capture.status,
                kind,
                digest,
                capture.length,
                capture.record_type,
                capture.source[:20],
                state,
                place,
            )
        )
    say(table(rows, ("time", "status", "type", "sha256", "bytes", "record", "source", "read as", "address" if several else "place")))
    say(f"\n{len(found)} capture{'s' * (len(found) != 1)}" + ("" if several else plain(f" of {found[0].capture.url}")))
