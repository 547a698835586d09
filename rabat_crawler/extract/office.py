"""Word (.docx) and PowerPoint (.pptx) files: a ZIP of XML parts, read with zipfile and lxml. Pure.

Only the parts that hold text are unpacked, up to a bound, whatever they claim to be; entities and DTDs, which these formats forbid, are refused.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from rabat_crawler.extract.unreadable import Unreadable, too_large
from rabat_crawler.models import DateRole

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
OFFICE_TYPES = (WORD, SLIDES)
MAIN_PARTS = {"word/document.xml": WORD, "ppt/presentation.xml": SLIDES}
MAX_PART = 32_000_000
"""Bytes of an unpacked part."""
MAX_UNPACKED = 100_000_000
"""Bytes of all unpacked parts together."""
MAX_ENTRIES = 20_000
MAX_RATIO = 300
"""A part of a document shrinks to a fifth or a twentieth; one that is so many times larger unpacked, and over a megabyte, is a bomb."""
BOMB_FLOOR = 1_000_000

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DC = "{http://purl.org/dc/elements/1.1/}"
DCTERMS = "{http://purl.org/dc/terms/}"
_STRICT = re.compile(r"\{http://purl\.oclc\.org/ooxml/(wordprocessingml|drawingml|presentationml|officeDocument)/(main|relationships)\}")
DEFECTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError, etree.XMLSyntaxError, KeyError)
"""What zipfile and lxml raise for damaged files; RuntimeError for an encrypted entry."""


def office_type(body: bytes) -> str:
    """WORD or SLIDES; Unreadable for any other ZIP file, or one whose directory is lost."""
    try:
        names = set(_opened(body).namelist())
    except DEFECTS as error:
        raise Unreadable("document_broken", f"the file begins like an Office file, but its directory cannot be read: {error}") from error
    for part, media_type in MAIN_PARTS.items():
        if part in names:
            return media_type
    raise Unreadable("document_format", "a ZIP file that is neither .docx nor .pptx; PDF, .docx and .pptx are read")


def _opened(body: bytes) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(body))
    if len(found.filelist) > MAX_ENTRIES:
        raise too_large(f"the file holds {len(found.filelist)} parts; at most {MAX_ENTRIES} are looked at")
    return found


def office_pages(body: bytes, media_type: str, *, max_pages: int, max_text: int) -> tuple[str, list[str], dict[DateRole, str]]:
    """(title, texts of pages or slides, dates of the metadata) of a .docx or .pptx. Unreadable if it is broken, encrypted or too large."""
    try:
        package = _Package(_opened(body), media_type)
        pages: list[str] = []
        room = max_text
        for text in _word_pages(package) if media_type == WORD else _slides(package):
            pages.append(text)
            room -= len(text)
            if room < 0 or len(pages) > max_pages:
                raise too_large(f"the document has more than {max_pages} pages or {max_text} characters", media_type)
        return (*_properties(package)[:1], pages, _properties(package)[1])
    except DEFECTS as error:
        raise Unreadable("document_broken", f"the Office file is damaged: {type(error).__name__}: {error}"[:300], media_type) from error


class _Package:
    """The parts of an open file; counts what was unpacked."""

    def __init__(self, file: zipfile.ZipFile, media_type: str) -> None:
        self.names = set(file.namelist())
        self._file = file
        self._media_type = media_type
        self._room = MAX_UNPACKED

    def part(self, name: str) -> etree._Element:
        """The root of a part. KeyError if it is not there."""
        entry = self._file.getinfo(name)
        if entry.flag_bits & 1:
            raise Unreadable("document_encrypted", "the file can be opened with a password only", self._media_type)
        limit = min(MAX_PART, self._room)
        if entry.file_size > limit or entry.file_size > max(BOMB_FLOOR, MAX_RATIO * entry.compress_size):
            raise too_large(f"its part {name[:80]} would have {entry.file_size} bytes unpacked", self._media_type)
        with self._file.open(entry) as stream:
            content = stream.read(limit + 1)
        self._room -= len(content)
        if len(content) > limit:
            raise too_large(f"its part {name[:80]} has more than {limit} bytes unpacked", self._media_type)
        root = etree.fromstring(content, _parser())
        if root.getroottree().docinfo.doctype:
            raise Unreadable("document_broken", f"its part {name[:80]} declares entities, which these files must not", self._media_type)
        return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)


def _tag(element: etree._Element) -> str:
    """The element's name, that of the strict form of the format (ISO 29500) as that of the usual one."""
    name = str(element.tag)
    found = _STRICT.match(name)
    return f"{{http://schemas.openxmlformats.org/{found[1]}/2006/{found[2]}}}{name[found.end() :]}" if found else name


def _word_pages(package: _Package) -> Iterator[str]:
    """The body's text, parted where Word last broke the page; footnotes follow as a last page of their own."""
    yield from _paged(package.part("word/document.xml"))
    if "word/footnotes.xml" in package.names:
        notes = "\n".join(_paged(package.part("word/footnotes.xml"))).strip()
        if notes:
            yield notes


def _paged(root: etree._Element) -> Iterator[str]:
    gathered: list[str] = []
    hidden = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = _tag(element)
        if name in (f"{W}del", f"{W}instrText", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"):
            hidden += 1 if event == "start" else -1
        elif hidden:
            continue
        elif event == "end":
            gathered.append({f"{W}p": "\n\n", f"{W}tc": " "}.get(name, ""))
        elif name == f"{W}t":
            gathered.append(element.text or "")
        elif name == f"{W}lastRenderedPageBreak" or (name == f"{W}br" and element.get(f"{W}type") == "page"):
            if any(piece.strip() for piece in gathered):
                yield "".join(gathered)
                gathered = []
        elif name in (f"{W}tab", f"{W}br", f"{W}cr"):
            gathered.append(" " if name == f"{W}tab" else "\n")
        elif name == f"{W}noBreakHyphen":
            gathered.append("-")
    yield "".join(gathered)


def _slides(package: _Package) -> Iterator[str]:
    """The text of each slide, in the order of the presentation."""
    targets = {one.get("Id"): one.get("Target") or "" for one in package.part("ppt/_rels/presentation.xml.rels")}
    for element in package.part("ppt/presentation.xml").iter():
        if _tag(element) == f"{P}sldId":
            target = targets[next(value for name, value in element.attrib.items() if str(name).endswith("/relationships}id"))]
            yield _slide_text(package.part(posixpath.normpath(posixpath.join("ppt", target)).lstrip("/")))


def _slide_text(root: etree._Element) -> str:
    gathered: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        name = _tag(element)
        if event == "end":
            gathered.append("\n\n" if name == f"{A}p" else "")
        elif name == f"{A}t":
            gathered.append(element.text or "")
        elif name == f"{A}br":
            gathered.append("\n")
    return "".join(gathered)


def _properties(package: _Package) -> tuple[str, dict[DateRole, str]]:
    """Title and dates of the core properties."""
    if "docProps/core.xml" not in package.names:
        return "", {}
    said = {str(element.tag): (element.text or "") for element in package.part("docProps/core.xml")}
    return said.get(f"{DC}title", ""), {"published": said.get(f"{DCTERMS}created", ""), "modified": said.get(f"{DCTERMS}modified", "")}
