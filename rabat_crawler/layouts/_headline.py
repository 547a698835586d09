"""Title and dates of a page of unknown markup: which line is the title, which date stands with it. Pure; used by the generic layout."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

from rabat_crawler.extract.blocks import MAX_TITLE, TITLE_BREAK, own_titles
from rabat_crawler.extract.dates import date_line, parse_date, parse_iso
from rabat_crawler.extract.density import TAIL_HEADING, is_prose
from rabat_crawler.extract.html import Document, fold
from rabat_crawler.extract.lines import Line, Lines
from rabat_crawler.layouts._evidence import Evidence
from rabat_crawler.models import DateRole, PartialDate

PUBLISHED_LABEL = re.compile(
    r"\b(?:publie|publication|mis en ligne|mise en ligne|paru|parution|poste|date de publication|soumis|cree le|creation|"
    r"published|posted|submitted|released|"
    r"release date|date posted|issued|created|online since|ecrit|written)\b"
)
MODIFIED_LABEL = re.compile(
    r"\b(?:mis a jour|mise a jour|modifie|modification|actualise|maj|updated?|modified|last change|last edited|revised|revision)\b"
)
BYLINE = re.compile(r"^(?:par|by|de|from|auteur|author)\b")
EVENT_LABEL = re.compile(r"^(?:date s|dates|quand|when|du|event date|date de (?:l )?evenement|start|debut|horaires?)\b")
DATE_LABEL = re.compile(r"^date\b")
PLACE_LABEL = re.compile(r"^(?:lieux?|place|venue|location|where|ou)\b")
NUMERIC_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b")
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
COPYRIGHT = re.compile(r"©|\(c\)|copyright|tous droits|all rights", re.I)
LETTER = re.compile(r"[^\W\d_]")
NEAR_BEFORE, NEAR_AFTER = 4, 6
AFTER_TEXT = 5
MAX_BYLINE = 110
NEIGHBOUR_WORDS = frozenset(("related", "similar", "connexes", "voisins", "latest", "recent", "sidebar", "widget"))


def find_title(doc: Document, page: Lines, evidence: Evidence, left_out: Container[int]) -> tuple[str, int | None]:
    """The page's title and the number of its line; the line is None where only the head names it, the title "" where nothing does."""
    site = site_names(doc)
    candidates = [line for line in page if line.index not in left_out and _may_head(line) and fold(line.text) not in site]
    said = {fold(evidence.headline)} if evidence.headline else own_titles(doc) - site
    best = _best(page, [line for line in candidates if fold(line.text) in said])
    if best is None:
        best = _only_heading(candidates) or max((line for line in candidates if _begins(line, said)), key=_title_weight, default=None)
    if best is not None:
        return _whole(page, best), best.index
    return evidence.headline or without_site(doc.meta("og:title") or doc.title, site), None


def site_names(doc: Document) -> frozenset[str]:
    """Names of the site, folded: as the definition and the page's meta say them, and its host."""
    host = doc.url.split("/")[2].split(":")[0] if "//" in doc.url else ""
    names = (
        *doc.site.title.split(" / "),
        doc.site.title,
        doc.meta("og:site_name") or "",
        doc.meta("application-name") or "",
        host,
        host.removeprefix("www."),
    )
    return frozenset(folded for name in names if (folded := fold(name)))


def without_site(title: str, site: Container[str]) -> str:
    """The title without the site's name at either end; the whole title if nothing else is left."""
    for match in TITLE_BREAK.finditer(title):
        before, after = title[: match.start()], title[match.end() :]
        if fold(after) in site and before:
            return before
        if fold(before) in site and after:
            return after
    return "" if fold(title) in site else title


def _may_head(line: Line) -> bool:
    return (
        3 <= len(line.text) <= MAX_TITLE
        and bool(LETTER.search(line.text))
        and (not line.furniture or bool(line.heading))
        and not line.element.comment
    )


def _title_weight(line: Line) -> tuple[int, int, int]:
    """Headings before bold lines before plain ones, larger before smaller, no furniture, longer, first."""
    rank = 10 - line.heading if line.heading else 3 if line.strong else 1
    return (rank - 8 * line.furniture, len(line.text), -line.index)


def _best(page: Lines, candidates: Sequence[Line]) -> Line | None:
    """The largest; of several as large (a site's name beside the title) the one that prose follows soonest, then the first."""
    if not candidates:
        return None
    rank = max(_title_weight(line)[0] for line in candidates)
    largest = [line for line in candidates if _title_weight(line)[0] == rank]
    return largest[0] if len(largest) == 1 else min(largest, key=lambda line: (_to_prose(page, line.index), line.index))


def _to_prose(page: Lines, index: int) -> int:
    return next((i - index for i in range(index + 1, min(index + 60, len(page))) if is_prose(page.lines[i]) and not page.lines[i].strong), 60)


def _only_heading(candidates: Sequence[Line]) -> Line | None:
    """The first h1; without one the page's only h2 that is no link (a page whose `<title>` names the site alone)."""
    heads = [line for line in candidates if line.heading in (1, 2) and not line.furniture]
    first = next((line for line in heads if line.heading == 1), None)
    plain = [line for line in heads if not line.links]
    return first or (plain[0] if len(plain) == 1 else None)


def _begins(line: Line, said: Container[str] | frozenset[str]) -> bool:
    folded = fold(line.text)
    return len(folded) >= 12 and any(title.startswith(folded) or (folded.startswith(title) and len(title) >= 12) for title in said)  # type: ignore[union-attr]


def _whole(page: Lines, line: Line) -> str:
    """The title's line and its further lines in the same heading (`<br>` in an h1), dates left out."""
    if not line.heading:
        return line.text
    parts = [line.text]
    for other in page.lines[line.index + 1 : line.index + 3]:
        if other.element is not line.element or date_line(other.text, language=None):
            break
        parts.append(other.text)
    return " ".join(parts)


def find_dates(
    doc: Document, page: Lines, evidence: Evidence, title: int | None, text: Sequence[int], left_out: Container[int]
) -> tuple[PartialDate, ...]:
    """Published, event and modified dates in the order of their evidence: JSON-LD, meta, microdata, `<time>`, a printed date by the title."""
    printed = list(_printed(doc, page, title, text, left_out))
    published = next(iter(evidence.published), None) or next((date for date in printed if date.role == "published"), None)
    event = next(iter(evidence.event), None) or next((date for date in printed if date.role == "event"), None)
    modified = next(iter(evidence.modified), None) or next((date for date in printed if date.role == "modified"), None)
    return tuple(date for date in (published, event, modified) if date is not None)


def date_lines(doc: Document, page: Lines, title: int | None, text: Sequence[int], left_out: Container[int]) -> set[int]:
    """The lines that hold the item's dates or its author: not part of its text."""
    near = _near(page, title, text, left_out)
    return {line.index for line in near if _line_dates(doc, line, near) or _byline(line)}


def _byline(line: Line) -> bool:
    return len(line.text) < 60 and bool(BYLINE.match(fold(line.text))) and not line.text.rstrip().endswith((".", ":", ";"))


def _near(page: Lines, title: int | None, text: Sequence[int], left_out: Container[int]) -> list[Line]:
    """Short lines about the title and at both ends of the text, those by the title first."""
    wanted: list[int] = []
    if title is not None:
        wanted += [*_until_tail(page, title + 1, NEAR_AFTER), *range(title - 1, title - 1 - NEAR_BEFORE, -1)]
    if text:
        wanted += [*range(text[0] - 3, text[0] + 2), text[-1]]
        wanted += [i for i in _until_tail(page, text[-1] + 1, AFTER_TEXT) if i == text[-1] + 1 or _labelled(fold(page.lines[i].text))]
    lines = (page.lines[i] for i in dict.fromkeys(wanted) if 0 <= i < len(page) and i not in left_out)
    return [line for line in lines if len(line.text) <= MAX_BYLINE and not _excluded(line)]


def _until_tail(page: Lines, start: int, count: int) -> Iterator[int]:
    """Up to `count` lines from `start`, not beyond the heading of comments or neighbours nor into furniture."""
    for line in page.lines[start : start + count]:
        if line.element.comment or (len(line.text) <= 60 and (line.heading or line.strong) and TAIL_HEADING.match(fold(line.text))):
            return
        if not any(not NEIGHBOUR_WORDS.isdisjoint(element.words) for element in line.element.ancestors()):
            yield line.index


def _labelled(folded: str) -> bool:
    return bool(PUBLISHED_LABEL.search(folded) or MODIFIED_LABEL.search(folded))


def _excluded(line: Line) -> bool:
    return (
        line.element.comment
        or line.heading == 1
        or bool(COPYRIGHT.search(line.text))
        or (
            any(e.tag in ("nav", "form", "aside", "footer") and e.furniture for e in line.element.ancestors())
            and not (line.time and any(e.tag in ("article", "main") for e in line.element.ancestors()))
        )
    )


def _printed(doc: Document, page: Lines, title: int | None, text: Sequence[int], left_out: Container[int]) -> Iterator[PartialDate]:
    near = _near(page, title, text, left_out)
    for with_time in (True, False):
        for line in near:
            if bool(line.time) is with_time:
                yield from _line_dates(doc, line, near)


def _line_dates(doc: Document, line: Line, near: Sequence[Line]) -> tuple[PartialDate, ...]:
    folded = fold(line.text)
    role = _role(folded, near)
    if line.time:
        stamped = parse_iso(line.time, role=role, source="time")
        if stamped is not None and not (role == "published" and len(line.text) > 60 and not PUBLISHED_LABEL.search(folded)):
            return (stamped,)
    if not YEAR.search(line.text):
        return ()
    alone = date_line(line.text, language=doc.html_lang) or date_line(line.text, language=None)
    if alone is None:
        labelled = (
            PUBLISHED_LABEL.search(folded)
            or MODIFIED_LABEL.search(folded)
            or BYLINE.match(folded)
            or DATE_LABEL.match(folded)
            or EVENT_LABEL.match(folded)
        )
        alone = parse_date(line.text, language=doc.html_lang, role=role, source="text")
        if alone is None and labelled:
            alone = _cut_out(line.text, doc.html_lang, role)
        if alone is None or not (labelled or len(line.text) <= 60):
            return ()
    role = "event" if alone.end is not None and role == "published" and not PUBLISHED_LABEL.search(folded) else role
    return (replace(alone, role=role, source="text"),)


def _cut_out(text: str, language: str | None, role: DateRole) -> PartialDate | None:
    """The date within a byline ("Submitted by admin on Mon, 07/17/2017 - 10:20")."""
    from rabat_crawler.extract.dates import find_dates as expressions

    numeric = NUMERIC_DATE.search(text)
    if numeric:
        return parse_date(numeric.group(), language=language, role=role, source="text")
    found = expressions(text, language=language, role=role, source="text")
    return found[0].date if found else None


def _role(folded: str, near: Sequence[Line]) -> DateRole:
    if MODIFIED_LABEL.search(folded) and not PUBLISHED_LABEL.search(folded):
        return "modified"
    if PUBLISHED_LABEL.search(folded):
        return "published"
    if EVENT_LABEL.match(folded):
        return "event"
    if DATE_LABEL.match(folded) and any(PLACE_LABEL.match(fold(line.text)) for line in near):
        return "event"
    return "published"
