"""A newsletter as one HTML file for browsers and mail clients: tables and inline styles, nothing from elsewhere, no script; dark, phone and paper. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from rabat_crawler.changes import Code
from rabat_crawler.citations import address
from rabat_crawler.digest import phrases
from rabat_crawler.digest.phrases import Row
from rabat_crawler.digest.pieces import shown_pieces
from rabat_crawler.digest.values import CODES, Coming, Digest, Entry, Twin
from rabat_crawler.digest.words import Language, clean, said
from rabat_crawler.wording import Piece

SERIF = "'Iowan Old Style','Palatino Linotype',Palatino,'URW Palladio L',P052,Georgia,'Liberation Serif',serif"
SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI','Noto Sans','Helvetica Neue','Liberation Sans',Arial,sans-serif"
STYLES = {
    "paper": "margin:0;padding:0;background:#f2efe8;",
    "outer": "padding:28px 12px;",
    "sheet": f"width:100%;max-width:640px;background:#ffffff;border:1px solid #ddd7cb;border-radius:6px;color:#1f1d1a;font:16px/1.55 {SANS};text-align:left;",
    "inside": "padding:36px 40px 28px;overflow-wrap:anywhere;",
    "kicker": "margin:0;color:#5f5a52;font-size:13px;letter-spacing:.08em;text-transform:uppercase;",
    "h1": f"margin:6px 0 2px;font:600 34px/1.15 {SERIF};color:#1f1d1a;",
    "period": f"margin:0;font:italic 18px/1.4 {SERIF};color:#5f5a52;",
    "numbers": "margin:18px 0 0;padding:12px 0 0;border-top:3px double #ddd7cb;font-size:15px;color:#1f1d1a;",
    "trouble": "margin:20px 0 0;padding:12px 16px;background:#fdf3e2;border-left:4px solid #8a5a00;color:#3a2a08;font-size:15px;",
    "remark": "margin:12px 0 0;color:#5f5a52;font-size:15px;",
    "h2": f"margin:34px 0 0;padding:0 0 6px;border-bottom:1px solid #ddd7cb;font:600 22px/1.25 {SERIF};color:#7d3220;",
    "entry": "padding:20px 0 0;",
    "h3": f"margin:0;font:600 18px/1.35 {SERIF};color:#1f1d1a;",
    "meta": "margin:3px 0 0;color:#5f5a52;font-size:14px;",
    "text": "margin:7px 0 0;",
    "row": "margin:7px 0 0;padding:0 0 0 12px;border-left:3px solid #ddd7cb;font-size:15px;",
    "label": "color:#5f5a52;font-size:13px;",
    "links": "margin:6px 0 0;font-size:14px;",
    "a": "color:#7d3220;text-decoration:underline;",
    "title": "color:#1f1d1a;text-decoration:underline;text-decoration-color:#c9b3aa;text-decoration-thickness:1px;",
    "ins": "background:#dff0df;color:#1c3a22;text-decoration:underline;",
    "del": "background:#f8dedb;color:#6d1a16;text-decoration:line-through;",
    "mark": "background:#7d3220;color:#ffffff;border-radius:3px;padding:1px 6px;font:600 12px/1.5 " + SANS + ";white-space:nowrap;",
    "days": "margin:0;color:#7d3220;font-weight:600;font-size:15px;",
    "foot": "margin:36px 0 0;padding:14px 0 0;border-top:1px solid #ddd7cb;color:#5f5a52;font-size:13px;line-height:1.5;",
}  # fmt: skip
"""Inline, for mail clients that read nothing else; the names are classes too, which the sheet below changes in the dark, on a phone, on paper."""

SHEET = """
@media (prefers-color-scheme: dark) {
  .paper { background: #17171a !important; }
  .sheet { background: #1e1e22 !important; border-color: #3a3a40 !important; color: #ebe7df !important; }
  .h1, .h3, .title, .numbers { color: #ebe7df !important; }
  .kicker, .period, .meta, .label, .remark, .foot { color: #aea89c !important; }
  .h2, .a, .days { color: #eaa88e !important; }
  .title { text-decoration-color: #7a5a4e !important; }
  .numbers, .h2, .row, .foot { border-color: #3a3a40 !important; }
  .trouble { background: #33291a !important; border-color: #e6bd6a !important; color: #f2e3c4 !important; }
  .ins { background: #1f3d26 !important; color: #c9efd1 !important; }
  .del { background: #4a2422 !important; color: #f6c9c5 !important; }
  .mark { background: #eaa88e !important; color: #1b0f0a !important; }
}
@media (max-width: 520px) {
  .outer { padding: 0 !important; }
  .sheet { border: 0 !important; border-radius: 0 !important; }
  .inside { padding: 24px 18px !important; }
  .h1 { font-size: 28px !important; }
  .links .a { display: inline-block; padding: 9px 0; }
}
@media print {
  .paper { background: #ffffff !important; }
  .outer { padding: 0 !important; }
  .sheet { border: 0 !important; max-width: none !important; }
  .inside { padding: 0 !important; }
  .entry, .trouble { break-inside: avoid; }
  .h2 { break-after: avoid; }
  .links .a::after { content: " <" attr(href) ">"; font-size: 11px; overflow-wrap: anywhere; }
}
"""


def page(digest: Digest) -> str:
    """The newsletter as a whole HTML document in UTF-8."""
    language = digest.language
    title = f"{digest.site} – {phrases.heading(digest)}, {phrases.period(digest)}"
    parts = [
        *_head(digest),
        *(_section(digest, code) for code in CODES[:1]),
        _coming(digest),
        *(_section(digest, code) for code in CODES[1:]),
        _foot(digest),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{SHEET}</style>\n</head>\n"
        f'<body{_style("paper")}>\n<table role="presentation" width="100%" cellpadding="0" cellspacing="0"{_style("paper")}>'
        f'<tr><td align="center"{_style("outer")}>\n<table role="presentation" cellpadding="0" cellspacing="0"{_style("sheet")}>'
        f"<tr><td{_style('inside')}>\n" + "\n".join(part for part in parts if part) + "\n</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n"
    )


def _style(name: str) -> str:
    return f' class="{name}" style="{STYLES[name]}"'


def _head(digest: Digest) -> Iterable[str]:
    yield f"<p{_style('kicker')}>{escape(digest.site)} · {escape(said('kicker', digest.language))}</p>"
    yield f"<h1{_style('h1')}>{escape(phrases.heading(digest))}</h1>"
    yield f"<p{_style('period')}>{escape(phrases.period(digest))}</p>"
    numbers = phrases.numbers(digest)
    if numbers:
        yield f"<p{_style('numbers')}>{escape(' · '.join(numbers))}</p>"
    troubles = phrases.troubles(digest)
    if troubles:
        yield f'<div role="note"{_style("trouble")}>{"<br>".join(map(escape, troubles))}</div>'
    remarks = phrases.remarks(digest)
    if remarks:
        yield f"<p{_style('remark')}>{' '.join(map(escape, remarks))}</p>"


# Items -------------------------------------------------------------------------------------------------------------------------


def _section(digest: Digest, code: Code) -> str:
    entries = digest.entries.get(code, ())
    if not entries:
        return ""
    more = digest.totals.get(code, 0) - len(entries)
    parts = [f"<h2{_style('h2')}>{escape(said(f'section.{code}', digest.language))}</h2>"]
    parts += [_entry(entry, code, digest.language) for entry in entries]
    if more > 0:
        parts.append(_paragraph("remark", said("more", digest.language, count=more)))
    return "\n".join(parts)


def _entry(entry: Entry, code: Code, language: Language) -> str:
    parts = [
        f"<h3{_style('h3')}>{_link(phrases.title_of(entry), _best(entry), 'title', entry.language, language)}</h3>",
        _paragraph("meta", " · ".join(phrases.particulars(entry, language, code))),
    ]
    if entry.beginning:
        text = clean(entry.beginning, entry.language, 1_000)
        parts.append(f"<p{_style('text')}{_lang(entry.language, language)}>{escape(text)}</p>")
    if code == "changed":
        parts += [_row(row, entry.language, language) for row in phrases.changes_of(entry, language)]
        if entry.more_places:
            parts.append(_paragraph("meta", said("more_places", language, count=entry.more_places)))
    if code == "moved" and entry.moved_from:
        parts.append(
            f"<p{_style('row')}>{_label(said('field.address', language))}"
            f"<del{_style('del')}>{escape(address(entry.moved_from) or clean(entry.moved_from, None, 300))}</del></p>"
        )
    if entry.twin is not None:
        link = _link(phrases.title_of(entry.twin), _best(entry.twin), "a", entry.twin.language, language)
        parts.append(f"<p{_style('meta')}>{escape(phrases.twin_label(entry, language))}{link}</p>")
    parts.append(_links(_own(entry), entry.room, language, entry.compare))
    return f"<div{_style('entry')}>\n" + "\n".join(part for part in parts if part) + "\n</div>"


def _own(entry: Entry) -> str | None:
    """The original address, unless it leads nowhere any more."""
    return None if entry.gone else entry.url


def _best(entry: Entry | Twin) -> str | None:
    return (entry.room or entry.url) if isinstance(entry, Entry) and entry.gone else entry.url or entry.room


def _row(row: Row, own: str | None, language: Language) -> str:
    if row.pieces:
        said_here = f"<span{_lang(own, language)}>{_pieces(row.pieces)}</span>"
    elif row.sentence:
        said_here = escape(row.sentence)
    else:
        said_here = f"<del{_style('del')}>{escape(row.old)}</del> → <ins{_style('ins')}>{escape(row.new)}</ins>"
    return f"<p{_style('row')}>{_label(row.label)}{said_here}</p>"


def _label(label: str) -> str:
    return f"<span{_style('label')}>{escape(label)}</span><br>" if label else ""


def _pieces(pieces: Sequence[Piece]) -> str:
    """The pieces of a word diff, spaces outside the marks."""
    marks = {" ": ("", ""), "-": (f"<del{_style('del')}>", "</del>"), "+": (f"<ins{_style('ins')}>", "</ins>")}
    return "".join(f"{before}{marks[op][0]}{escape(text)}{marks[op][1]}{after}" for op, before, text, after in shown_pieces(pieces))


# Meetings ----------------------------------------------------------------------------------------------------------------------


def _coming(digest: Digest) -> str:
    language = digest.language
    parts = [f"<h2{_style('h2')}>{escape(said('section.coming', language))}</h2>"]
    if not digest.coming:
        parts.append(_paragraph("remark", said("no_coming", language)))
    parts += [_meeting(one, language) for one in digest.coming]
    more = digest.totals.get("coming", 0) - len(digest.coming)
    if more > 0:
        parts.append(_paragraph("remark", said("more", language, count=more)))
    if digest.coming and digest.room:
        calendar = f"{digest.room}/{language}/agenda.ics?time=coming"
        parts.append(f"<p{_style('links')}>{_link(said('calendar', language), calendar, 'a', language, language)}</p>")
    return "\n".join(parts)


def _meeting(one: Coming, language: Language) -> str:
    fresh = f" <span{_style('mark')}>{escape(said('fresh', language))}</span>" if one.fresh else ""
    marks = phrases.marks_of(one, language)
    parts = [
        f"<p{_style('days')}>{escape(phrases.days_of(one, language))}{fresh}</p>",
        f"<h3{_style('h3')}>{_link(phrases.title_of(one), (one.room or one.url) if one.gone else one.url or one.room, 'title', one.language, language)}</h3>",
        _paragraph("meta", " · ".join(marks)) if marks else "",
        _links(None, one.room, language) if one.url else "",
    ]
    return f"<div{_style('entry')}>\n" + "\n".join(part for part in parts if part) + "\n</div>"


# Parts -------------------------------------------------------------------------------------------------------------------------


def _foot(digest: Digest) -> str:
    language = digest.language
    sentences = [escape(said("as_of", language, moment=phrases.moment(digest))), escape(said("rights", language))]
    if digest.room:
        sentences.append(_link(said("reading_room", language), f"{digest.room}/{language}/", "a", language, language))
    return f"<p{_style('foot')}>{'<br>'.join(sentences)}</p>"


def _links(own: str | None, room: str | None, language: Language, compare: str | None = None) -> str:
    named = ((said("original", language), own), (said("room", language), room), (said("compare", language), compare))
    links = [_link(name, url, "a", language, language) for name, url in named if address(url)]
    return f"<p{_style('links')}>{' · '.join(links)}</p>" if links else ""


def _link(text: str, url: str | None, name: str, own: str | None, language: Language) -> str:
    """A link, or the text alone where there is no address of the web."""
    safe = address(url)
    if safe is None:
        return f"<span{_lang(own, language)}>{escape(text)}</span>"
    return f'<a href="{escape(safe)}"{_lang(own, language)}{_style(name)}>{escape(text)}</a>'


def _lang(own: str | None, language: Language) -> str:
    return f' lang="{own}"' if own in ("en", "fr") and own != language else ""


def _paragraph(name: str, text: str) -> str:
    return f"<p{_style(name)}>{escape(text)}</p>"
