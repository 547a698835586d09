"""The text of PDF, Word (.docx) and PowerPoint (.pptx) files, page by page. Pure, and the one door to pypdfium2, which is imported when a PDF comes.

What a file is, its bytes say. Any bytes give a `DocumentText`, but a native library may take the process with it, or all time and memory:
`archive.document_reader` reads in a process of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from rabat_crawler.extract.dates import date_line, find_dates, parse_date
from rabat_crawler.extract.html import normalise
from rabat_crawler.extract.office import OFFICE_TYPES, office_pages, office_type
from rabat_crawler.extract.unreadable import Unreadable, too_large
from rabat_crawler.models import DateRole, DocumentText, PartialDate, Problem

MAX_BYTES = 64_000_000
MAX_PAGES = 2000
MAX_PAGE = 100_000
"""Characters of a page."""
MAX_TEXT = 5_000_000
"""Characters of a document."""
MAX_BAD_PAGES = 20
"""So many pages that cannot be read, one after the other, end the reading: their number is only what the file claims."""
MAX_TITLE = 300
TITLE_LETTERS = 8
TITLE_LINES = 20
DATE_LINES = 40
DATE_LINE_LENGTH = 80

PDF = "application/pdf"
HEAD = 1024
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_KINDS = (
    ("EncryptedPackage", ""), ("WordDocument", "application/msword"), ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
)  # fmt: skip
"""Names of streams in old Office files, which stand there in UTF-16."""

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u2010": "-", "\u2011": "-"})
_SOFT = re.compile("[\u00ad\x02\ufffe][ \t]{0,9}\r?\n?")
_PARTED = re.compile(r"([^\W\d_]{2,40})-[ \t]{0,9}\n[ \t]{0,9}([^\W\d_]{1,40})")
_WORD = re.compile(r"[^\W\d_]{1,40}(?:-[^\W\d_]{1,40}){0,3}")
_LETTER = re.compile(r"[^\W\d_]")
_UNKNOWN_GLYPH = re.compile("[\ue000-\uf8ff\ufffd]")
_BULLET = re.compile(r"^(?:[•·▪‣◦–—*-]|\d{1,3}[.)]|[a-z]\))\s")
_PDF_DATE = re.compile(r"^(?:D:)?((?:19|20)\d\d)(0[1-9]|1[0-2])?(0[1-9]|[12]\d|3[01])?")
_NO_TITLE = re.compile(
    r"^(?:untitled|sans titre|\(?(?:anonymous|unspecified)\)?|document ?\d*|(?:powerpoint )?(?:presentation|présentation)(?: powerpoint)?|(?:slide|diapositive) ?\d*"
    r"|title|titre"
    r"|[^ ]{0,200}\.(?:docx?|pptx?|xlsx?|indd|qxd|odt|pdf|rtf|pub))$",
    re.I,
)
_PROGRAM = re.compile(r"^microsoft (?:office )?(?:word|powerpoint|publisher) ?- ?", re.I)
_WRONG_DASH, _WRONG_APOSTROPHE = re.compile("(?<= )Œ(?= )"), re.compile(r"(?<=\w)™(?=\w)")
"""Windows' dash and apostrophe, as they are read where a program wrote them into the metadata, which has an encoding of its own."""
_SUFFIX = re.compile(r"\.(?:docx?|pptx?|indd|odt|rtf|pdf)$", re.I)
KEEP_HYPHEN = frozenset(
    "sous non co socio euro afro ex peut celui celle ceux celles lui eux elle elles vice anti mi demi self well inter arrière avant".split()
)
"""Beginnings of compounds that keep their hyphen at a line's end, where the document itself does not show how it writes the word."""


def read_document(body: bytes) -> DocumentText:
    """Title, pages, dates and problems of a document's bytes (without content coding)."""
    try:
        media_type, title, raw, stamps, problems = _read(body)
    except Unreadable as found:
        return DocumentText(media_type=found.media_type, problems=(found.problem,))
    pages, bounds = _bounded(clean_pages(raw))
    problems = (*problems, *bounds)
    if (lack := _without_text(pages)) and not problems:
        problems = (lack,)
    dates = (*_printed(raw[0] if raw else ""), *_stamped(stamps))
    return DocumentText(media_type=media_type, title=_title(title, raw), pages=pages, dates=dates, problems=problems)


Raw = tuple[str, str, list[str], dict[DateRole, str], tuple[Problem, ...]]
"""Media type, title of the metadata, texts of the pages, stamps of the metadata by role, problems."""


def _read(body: bytes) -> Raw:
    if not body:
        raise Unreadable("document_broken", "the file is empty")
    if len(body) > MAX_BYTES:
        raise too_large(f"the file has {len(body)} bytes; at most {MAX_BYTES} are read")
    if b"%PDF-" in body[:HEAD]:
        return _pdf(body)
    if body.startswith(b"PK"):
        media_type = office_type(body)
        title, pages, stamps = office_pages(body, media_type, max_pages=MAX_PAGES, max_text=MAX_TEXT)
        return media_type, title, pages, stamps, ()
    if body.startswith(OLE):
        raise _old(body)
    known = "an RTF file" if body.startswith(b"{\\rtf") else "of no format that is known here"
    raise Unreadable("document_format", f"the file is {known}; PDF, .docx and .pptx are read")


def _old(body: bytes) -> Unreadable:
    """Why an OLE file is not read: an encrypted new file lies in one as well."""
    media_type = next((kind for name, kind in OLD_KINDS if name.encode("utf-16-le") in body), None)
    if media_type == "":
        return Unreadable("document_encrypted", "the file can be opened with a password only")
    return Unreadable("document_format", "an Office file of the kind before 2007 (.doc, .ppt, .xls), which is not read", media_type)


def _pdf(body: bytes) -> Raw:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (pypdfium2.raw.FPDF_ERR_PASSWORD, pypdfium2.raw.FPDF_ERR_SECURITY):
            raise Unreadable("document_encrypted", "the file can be opened with a password only", PDF) from error
        raise Unreadable("document_broken", f"the PDF reader cannot open the file: {error}", PDF) from error
    try:
        said = document.get_metadata_dict()
        pages, problems = _pdf_pages(document)
    finally:
        document.close()
    stamps: dict[DateRole, str] = {"published": said.get("CreationDate", ""), "modified": said.get("ModDate", "")}
    return PDF, said.get("Title", ""), pages, stamps, problems


def _pdf_pages(document: object) -> tuple[list[str], tuple[Problem, ...]]:
    """The texts of the pages as pdfium gives them, and what could not be read."""
    claimed = len(document)  # type: ignore[arg-type]
    pages: list[str] = []
    bad: list[int] = []
    long: list[int] = []
    room = MAX_TEXT
    for number in range(min(claimed, MAX_PAGES)):
        text = _pdf_page(document, number, min(room, MAX_PAGE))
        if text is None:
            bad.append(number + 1)
            if len(bad) >= MAX_BAD_PAGES and bad[-MAX_BAD_PAGES] == number + 2 - MAX_BAD_PAGES:
                break
        elif len(text) >= min(room, MAX_PAGE):
            long.append(number + 1)
        pages.append(text or "")
        room -= len(pages[-1])
        if room <= 0:
            break
    if not pages or len(bad) >= len(pages):
        raise Unreadable("document_broken", "none of the PDF's pages can be read", PDF)
    problems: list[Problem] = []
    if bad:
        problems.append(Problem(code="document_broken", message=f"{len(bad)} of {claimed} pages cannot be read, the first is page {bad[0]}"))
    if long:
        problems.append(too_large(f"page {long[0]} has more characters than are read; the rest of it was left out").problem)
    if len(pages) < claimed:
        problems.append(too_large(f"the file has {claimed} pages; the first {len(pages)} are read").problem)
    return pages, tuple(problems)


def _pdf_page(document: object, number: int, room: int) -> str | None:
    """One page's text, at most `room` characters; None if it cannot be read."""
    import pypdfium2

    try:
        page = document[number]  # type: ignore[index]
        try:
            text = page.get_textpage()
            try:
                count = text.count_chars()
                return str(text.get_text_range(0, room) if count > room else text.get_text_bounded())
            finally:
                text.close()
        finally:
            page.close()
    except pypdfium2.PdfiumError:
        return None


def clean_pages(raw: Iterable[str]) -> tuple[str, ...]:
    """Pages as the rest of the archive has text: NFC, plain spaces, words parted at line ends whole again, lines joined to paragraphs."""
    return tuple("\n".join(_paragraphs(lines)) for lines in clean_lines(raw))


def clean_lines(raw: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each page, clean; a word that was parted at a line's end stands whole on the line where it began."""
    pages = [_SOFT.sub("-\n", text.translate(_LIGATURES)).replace("\r\n", "\n").replace("\r", "\n") for text in raw]
    written = {word.lower() for text in pages for word in _WORD.findall(text)}

    def joined(found: re.Match[str]) -> str:
        return _whole(found[1], found[2], written)

    for text in pages:
        yield [normalise(line) for line in _PARTED.sub(joined, text).split("\n")]


def _whole(first: str, second: str, written: set[str]) -> str:
    """A word that was parted at a hyphen: without it, unless the document, or usage, writes it with one."""
    compound, plain = f"{first}-{second}", first + second
    if second[:1].isupper() or (compound.lower() in written and plain.lower() not in written):
        return compound
    return compound if first.lower() in KEEP_HYPHEN and plain.lower() not in written else plain


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines that run on are joined; a line well short of the longest, a list's entry and an empty line end a paragraph."""
    full = max(map(len, lines), default=0)
    gathered: list[str] = []
    for line in lines:
        if gathered and (not line or _BULLET.match(line) or (_ends(gathered[-1], full) and not line[:1].islower())):
            yield " ".join(gathered)
            gathered = []
        if line:
            gathered.append(line)
    if gathered:
        yield " ".join(gathered)


def _ends(line: str, full: int) -> bool:
    """True if a paragraph may end with this line, where full lines have so many characters."""
    return len(line) < (0.9 if line.endswith((".", ":", ";", "!", "?")) else 0.7) * full


def _bounded(pages: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The pages within MAX_PAGE characters each."""
    long = [number for number, text in enumerate(pages, 1) if len(text) > MAX_PAGE]
    if not long:
        return pages, ()
    said = f"page {long[0]} has more than {MAX_PAGE} characters; the rest of it was not read"
    return tuple(text[:MAX_PAGE] for text in pages), (too_large(said).problem,)


def _without_text(pages: tuple[str, ...]) -> Problem | None:
    """The problem of a document in which hardly a letter stands, or only ones that a font alone can show."""
    if not any(_LETTER.search(text) for text in pages):
        return Problem(
            code="document_without_text",
            message=f"no letter on {len(pages)} page{'s' * (len(pages) != 1)}, probably scanned; it has to be read by OCR",
        )
    unknown = sum(len(_UNKNOWN_GLYPH.findall(text)) for text in pages)
    if 2 * unknown > sum(map(len, pages)):
        return Problem(code="document_without_text", message="its font does not say which letters it shows; it has to be read by OCR")
    return None


def _title(stated: str, raw: list[str]) -> str:
    """The metadata's title if a person gave it, else the first line that can be one with the lines that carry it on, else ""."""
    title = _WRONG_APOSTROPHE.sub("’", _WRONG_DASH.sub("–", _PROGRAM.sub("", normalise(stated)[:MAX_TITLE])))
    if len(_LETTER.findall(title)) >= 3 and not _NO_TITLE.match(title):
        return _SUFFIX.sub("", title)
    lines = [line for text in clean_lines(raw[:2]) for line in text[:TITLE_LINES] if line]
    for number, line in enumerate(lines):
        if len(_LETTER.findall(line)) >= TITLE_LETTERS:
            more = itertools.takewhile(lambda other: other[:1].islower(), lines[number + 1 : number + 3])
            return " ".join((line, *more))[:MAX_TITLE]
    return ""


def _printed(page: str) -> Iterator[PartialDate]:
    """The first date that stands on a line of its own on the first page, perhaps after a place; a range of days is that of an event."""
    for line in map(normalise, page[:MAX_PAGE].splitlines()[:DATE_LINES]):
        if len(line) > DATE_LINE_LENGTH or not any(map(line.__contains__, "0123456789")):
            continue
        found = date_line(line, language=None) or (parse_date(line, language=None) if find_dates(line, language=None) else None)
        if found is not None and found.precision != "year":
            role: DateRole = "event" if found.end else "published"
            yield PartialDate(
                value=found.value, end=found.end, precision=found.precision, raw=found.raw, rule=found.rule, role=role, source="page 1"
            )  # fmt: skip
            return


def _stamped(stamps: dict[DateRole, str]) -> Iterator[PartialDate]:
    """The dates of the file's metadata."""
    for role, stamp in stamps.items():
        found = _PDF_DATE.match(stamp.strip().replace("-", ""))
        if found:
            value = "-".join(part for part in found.groups() if part)
            precision = {4: "year", 7: "month"}.get(len(value), "day")
            yield PartialDate(value=value, precision=precision, raw=stamp.strip()[:40], rule="stamp", role=role, source="metadata")  # type: ignore[arg-type]


DOCUMENT_TYPES = frozenset((PDF, *OFFICE_TYPES))
"""The media types of what is read."""
