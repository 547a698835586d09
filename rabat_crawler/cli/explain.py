"""The command explain: reads one page, document or text, and says what it read and why."""

from __future__ import annotations

import dataclasses
import json
import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rabat_crawler import config
from rabat_crawler.archive import Archive
from rabat_crawler.cli.format import plain, say
from rabat_crawler.cli.options import archive_option
from rabat_crawler.errors import ConfigError
from rabat_crawler.models import Capture, DocumentText, Draft, PartialDate, Record

if TYPE_CHECKING:
    from rabat_crawler.extract.explaining import ExplainedDraft, Explanation

MAX_TEXT = 1_000_000
MAX_FILE = 64 * 1024 * 1024
SHOWN_TEXT, SHOWN_PAGES = 300, 3
OTHER_TYPES = ("application/xhtml+xml", "application/rss+xml", "application/atom+xml", "text/xml", "application/xml")
DOCUMENTS = (".pdf", ".docx", ".pptx", ".doc", ".ppt", ".xls", ".xlsx", ".odt", ".odp", ".ods", ".rtf")


@click.command()
@click.argument("page", metavar="[URL|FILE]", required=False)
@click.option("--text", help="Instead of a page: the dates in this text.")
@click.option("--lang", metavar="CODE", help="The language of --text (fr, en ...).")
@click.option("--year", type=click.IntRange(1000, 9999), help="The year of days in --text that have none.")
@click.option("--site", "site_name", metavar="NAME", help="Read a FILE with this site definition (default: the one that knows the address's host).")
@click.option("--url", metavar="ADDRESS", help="The address at which a FILE is read, as if it had been captured there.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object (of --text a list of dates).")
@archive_option
def explain(
    page: str | None, text: str | None, lang: str | None, year: int | None, site_name: str | None, url: str | None, as_json: bool,
    archive_dir: str | None,
) -> None:  # fmt: skip
    """Read one page and say why it was read so: every item in it, every date and why it is taken or not, the votes on the language.

    An address is read from its latest capture in the archive, nothing is fetched; a FILE is a saved page, or a PDF, Word or PowerPoint file.
    """
    if (page is None) == (text is None):
        raise click.UsageError("give a page (an address that the archive holds, or a saved file), or --text with --lang")
    if text is not None:
        _explain_text(text, lang, year, as_json)
        return
    assert page is not None
    if lang or year:
        raise click.UsageError("--lang and --year belong to --text; a page says its own")
    if "://" in page:
        if site_name or url:
            raise click.UsageError("--site and --url belong to a FILE; a capture knows its own")
        _say_page(_of_archive(page, archive_dir), as_json)
        return
    path = Path(page)
    content = _content(path)
    if path.suffix.lower() in DOCUMENTS or content.startswith(b"%PDF-"):
        _say_document(content, as_json)
    else:
        _say_page(_of_file(path, content, site_name, url), as_json)


def _explain_text(text: str, lang: str | None, year: int | None, as_json: bool) -> None:
    from rabat_crawler.extract.dates import explain_text

    if lang is None:
        raise click.UsageError("--text needs its language: --lang fr or --lang en")
    if len(text) > MAX_TEXT:
        raise ConfigError(f"--text has {len(text)} characters; at most {MAX_TEXT} are read")
    found = explain_text(text, language=lang.lower(), year=year)
    if as_json:
        say(json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        say(f"{one.start}{f' to {one.end}' if one.end else ''}  {one.precision}  «{plain(one.raw)}»  {one.rule}")
    say(f"{len(found)} date{'s' * (len(found) != 1)}" if found else "no date: none is written, or its year cannot be known (--year gives it)")


def _of_archive(address: str, archive_dir: str | None) -> Explanation:
    from rabat_crawler import registry
    from rabat_crawler.extract.explaining import explain_page

    with Archive.open(config.archive_path(archive_dir)) as archive:
        played = archive.play(archive.capture(address))
    capture = dataclasses.replace(played.capture, status=200) if played.original else played.capture
    record = Record(capture=capture, response_headers=played.headers, body=played.raw)
    return explain_page(record, registry.resolve(played.capture.site))


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; give a saved page, or an address such as https://www.example.org/page")
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path} has {path.stat().st_size:,} bytes; at most {MAX_FILE:,} are read")
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"there is no file {path}; an address begins with https:// or http://") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _of_file(path: Path, content: bytes, site_name: str | None, url: str | None) -> Explanation:
    from rabat_crawler import registry
    from rabat_crawler.extract.explaining import explain_page
    from rabat_crawler.urls import canonical, url_key

    chosen = registry.site(site_name) if site_name else None
    if url is not None and canonical(url) is None:
        raise ConfigError(f"--url {url!r} is no http or https address")
    start = chosen.starts[0] if chosen else "http://saved-page.invalid/"
    address = canonical(url or start) or start
    media_type = mimetypes.guess_type(path.name)[0]
    capture = Capture(
        record_id="urn:explain", url=address, url_key=url_key(address), captured_at=datetime.now(UTC), status=200,
        media_type=media_type if media_type in OTHER_TYPES else "text/html",
        digest="", site=site_name or registry.GENERIC,
    )  # fmt: skip
    return explain_page(Record(capture=capture, response_headers=(), body=content), registry.site_of(address, chosen))


def _say_document(content: bytes, as_json: bool) -> None:
    from rabat_crawler.archive.document_reader import DocumentReader

    text: DocumentText = DocumentReader().read(content)
    if as_json:
        say(json.dumps({"document": dataclasses.asdict(text)}, ensure_ascii=False))
        return
    say(f"document: {text.media_type or 'of an unknown format'}, {len(text.pages)} pages, title {plain(text.title) or '(none)'}")
    for date in text.dates:
        say(f"  {_date_line(date)}")
    for problem in text.problems:
        say(f"  problem {problem.code}: {plain(problem.message)}")
    for number, content_of_page in enumerate(text.pages[:SHOWN_PAGES], 1):
        say(f"  page {number}: {_shortened(content_of_page)}")


def _say_page(found: Explanation, as_json: bool) -> None:
    if as_json:
        say(json.dumps(_page_json(found), ensure_ascii=False))
        return
    page = found.page
    said = f", badness {page.badness:.2f}" if page.badness else ""
    say(f"site {found.site.name}; layout {page.layout or '(none)'}; role {page.role}{said}; {len(page.drafts)} items, {len(page.links)} links")
    for one in found.layouts:
        what = "chosen" if one.chosen else "fits" if one.matches else "does not fit"
        gave = f", gave {one.drafts} items" if one.drafts else ""
        say(f"  layout {one.name} ({'block' if one.block else 'page'}, rank {one.rank}): {what}{gave}")
    for problem in page.problems:
        say(f"  problem {problem.code}: {plain(problem.message)}")
    for number, each in enumerate(found.drafts, 1):
        say()
        say(_draft_lines(number, each))


def _draft_lines(number: int, found: ExplainedDraft) -> str:
    draft = found.draft
    whole = "whole" if draft.complete else "cut" if draft.truncated else "in part"
    lines = [
        f"item {number}: {draft.title}",
        f"  {draft.kind}, {whole}, read by {draft.layout}; number {draft.article_id if draft.article_id is not None else '-'}; section {draft.section or '-'}",
        f"  address: {draft.url or '(none of its own)'}",
        f"  language: {draft.language or 'unknown'} ({draft.language_method or 'no evidence'}, {draft.language_confidence:.2f})",
        *(f"    {'+' if vote.used else '-'} {vote.source}: {vote.language or '-'} ({vote.confidence:.2f}) {vote.why}" for vote in found.votes),
        "  dates:" if draft.dates else "  dates: none",
        *(f"    {_date_line(date)}" for date in draft.dates),
        *_meeting_lines(found),
        *(
            ["  project: " + "; ".join(f"{name} {value}" for name, value in dataclasses.asdict(draft.project).items() if value)]
            if draft.project
            else []
        ),
        *(f"  document: {one.url} ({one.text})" for one in draft.attachments),
        *(f"  translation declared: {one.hreflang} {one.url}" for one in draft.alternates),
        f"  tags: {', '.join(draft.tags)}" if draft.tags else "",
        f"  text, {len(draft.text):,} characters: {_shortened(draft.text)}",
    ]
    return plain("\n".join(line for line in lines if line))


def _meeting_lines(found: ExplainedDraft) -> list[str]:
    meeting = found.meeting
    if meeting is None:
        return []
    said = [
        f"{name} {value} («{raw}»{f', {rule}' if rule else ''})"
        for name, value, raw, rule in (
            ("place", " ".join(filter(None, (meeting.town, meeting.country))), meeting.place_raw, meeting.place_rule),
            ("format", meeting.format, meeting.format_raw, ""),
            ("type", meeting.meeting_type, meeting.type_raw, ""),
        )
        if value
    ]
    return [f"  meeting: {'; '.join(said) or 'neither place, format nor type is said'}"]


def _date_line(date: PartialDate) -> str:
    """One date: + taken, - refused and why."""
    days = date.value + (f" to {date.end}" if date.end else "")
    why = f", refused: {date.refused}" if date.refused else ""
    return f"{'-' if date.refused else '+'} {date.role} {days}  «{plain(date.raw)}», {date.rule}, {date.source}, {date.confidence:.2f}{why}"


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return plain(flat if len(flat) <= SHOWN_TEXT else flat[:SHOWN_TEXT] + " …")


def _page_json(found: Explanation) -> dict[str, Any]:
    page = found.page
    return {
        "site": found.site.name,
        "layout": page.layout,
        "role": page.role,
        "badness": page.badness,
        "problems": [dataclasses.asdict(one) for one in page.problems],
        "layouts": [dataclasses.asdict(one) for one in found.layouts],
        "links": [dataclasses.asdict(one) for one in page.links],
        "items": [_draft_json(one) for one in found.drafts],
    }


def _draft_json(found: ExplainedDraft) -> dict[str, Any]:
    draft: Draft = found.draft
    meeting = dataclasses.asdict(found.meeting) if found.meeting else None
    return {**dataclasses.asdict(draft), "language_votes": [dataclasses.asdict(vote) for vote in found.votes], "meeting": meeting}
