"""A shelf of documents that are broken, locked, empty, endless or of another kind, each with the problem that reading it must give."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from rabat_crawler.demo.pdf import assemble, make_long_pdf, make_pdf
from rabat_crawler.extract.documents import MAX_PAGES

LINES = ("Le comité de pilotage s'est réuni à Dakar.", "Il a adopté le plan d'action.")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CONTENT_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@dataclass(frozen=True, kw_only=True)
class Bad:
    """A file, the code of its problem, and whether some of its text is read all the same."""

    body: Callable[[], bytes]
    code: str
    text: bool = False


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2017, 7, 14, 9, 30, 0)), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def word_xml(*paragraphs: str) -> str:
    """The main part of a .docx; a paragraph "\\f" is a page break."""
    runs = ("<w:r><w:br w:type='page'/></w:r>" if text == "\f" else f"<w:r><w:t>{text}</w:t></w:r>" for text in paragraphs)
    return f"<?xml version='1.0'?><w:document xmlns:w='{W}'><w:body>{''.join(f'<w:p>{run}</w:p>' for run in runs)}</w:body></w:document>"


def core_xml(title: str, created: str) -> str:
    """The part with a document's title and date."""
    return (
        f"<cp:coreProperties xmlns:cp='{PACKAGE}/metadata/core-properties' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        f"xmlns:dcterms='http://purl.org/dc/terms/'><dc:title>{title}</dc:title><dcterms:created>{created}</dcterms:created></cp:coreProperties>"
    )


def docx(*paragraphs: str, title: str = "", created: str = "2017-07-14T09:30:00Z", **parts: str) -> bytes:
    """A Word file; further `parts` by name, a double underscore for each slash."""
    more = {name.replace("__", "/") + ".xml": content for name, content in parts.items()}
    return packed(
        {"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": word_xml(*paragraphs), "docProps/core.xml": core_xml(title, created), **more}
    )


def pptx(*slides: str) -> bytes:
    """A PowerPoint file with one text a slide; the files of the slides are numbered against their order."""
    count = len(slides)
    ids = "".join(f"<p:sldId id='{256 + n}' r:id='rId{n}'/>" for n in range(count))
    targets = "".join(f"<Relationship Id='rId{n}' Type='{R}/slide' Target='slides/slide{count - n}.xml'/>" for n in range(count))
    return packed(
        {
            "[Content_Types].xml": CONTENT_TYPES,
            "ppt/presentation.xml": f"<p:presentation xmlns:p='{P}' xmlns:r='{R}'><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships xmlns='{PACKAGE}/relationships'>{targets}</Relationships>",
            **{
                f"ppt/slides/slide{count - n}.xml": f"<p:sld xmlns:p='{P}' xmlns:a='{A}'><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>"
                for n, text in enumerate(slides)
            },
        }
    )


def locked_pdf() -> bytes:
    """A PDF that asks for a password which nobody knows."""
    body = make_pdf("Secret", LINES)
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<%s> <%s>]" % (b"5a" * 32, b"a5" * 32, b"01" * 16, b"01" * 16)
    return body.replace(b"trailer\n<< ", b"trailer\n<< " + lock + b" ")


def scanned_pdf() -> bytes:
    """Three pages that hold a picture each and not a letter."""
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream"
    )
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /I 3 0 R >> >> /Contents 4 0 R >>"
    return assemble(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [5 0 R 6 0 R 7 0 R] /Count 3 >>",
            picture,
            b"<< /Length 25 >>\nstream\n595 0 0 842 0 0 cm /I Do \nendstream",
            page,
            page,
            page,
            b"<< /Title (Scan_20170714.pdf) >>",
        )
    )


def looping_pdf() -> bytes:
    """A page tree that holds itself, and claims a million pages."""
    return assemble(
        (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000 /Parent 3 0 R >>",
         b"<< /Type /Pages /Kids [2 0 R] /Count 1000000 /Parent 2 0 R >>", b"<< >>")
    )  # fmt: skip


def laughing_pdf(depth: int = 12, width: int = 12) -> bytes:
    """A page that calls a form twelve times, which calls the next one twelve times, and so on: some kilobytes, and years of work."""
    forms = []
    for level in range(depth):
        calls = b"/F Do " * width
        forms.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /F %d 0 R >> /Font << /F1 3 0 R >> >> /Length %d >>\nstream\n%s\nendstream"
            % (7 + level if level + 1 < depth else 3, len(calls), calls)
        )
    return assemble(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /F 6 0 R >> >> /Contents 5 0 R >>",
            b"<< /Length 6 >>\nstream\n/F Do \nendstream",
            *forms,
            b"<< >>",
        )
    )


@cache
def swollen_pdf(size: int = 300_000_000) -> bytes:
    """A page whose content is a thousandth of `size` as it is packed, and so many blanks unpacked."""
    packer = zlib.compressobj(1)
    block = b" " * 1_000_000
    content = b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()
    return assemble(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< >>",
        )
    )


def entity_docx() -> bytes:
    """A Word file whose text is a billion laughs."""
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10))
    text = word_xml("&e9;").replace("<w:document", f"<!DOCTYPE x [<!ENTITY e0 'ha'>{entities}]><w:document", 1)
    return packed({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": text})


def lying_docx() -> bytes:
    """A bomb that says of itself that it is small."""
    body = bytearray(bomb_docx(3_000_000))
    at = body.rindex(b"word/document.xml") - 46
    body[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    return bytes(body)


def bomb_docx(size: int = 60_000_000) -> bytes:
    """A Word file with so many blanks."""
    return packed({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": word_xml("x").replace("<w:body>", "<w:body>" + " " * size)})


def with_flag(body: bytes) -> bytes:
    """A ZIP file whose entries say that they are encrypted."""
    spoilt = bytearray(body)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = spoilt.find(mark)
        while at >= 0:
            spoilt[at + place] |= 1
            at = spoilt.find(mark, at + 4)
    return bytes(spoilt)


SHELF: Mapping[str, Bad] = {
    "PDF, locked": Bad(body=locked_pdf, code="document_encrypted"),
    "PDF, scanned": Bad(body=scanned_pdf, code="document_without_text"),
    "PDF, blank page": Bad(body=lambda: make_long_pdf("", [[""]]), code="document_without_text"),
    "PDF, first line only": Bad(body=lambda: make_pdf("Rapport", LINES)[:40], code="document_broken"),
    "PDF, cut in half": Bad(body=lambda: make_pdf("Rapport", LINES * 40)[:1400], code="document_broken"),
    "PDF, all zeros behind its head": Bad(body=lambda: b"%PDF-1.7\n" + bytes(5000), code="document_broken"),
    "PDF, a page tree in a loop": Bad(body=looping_pdf, code="document_broken"),
    "PDF, forms in forms": Bad(body=laughing_pdf, code="document_too_slow"),
    "PDF, too many pages": Bad(
        body=lambda: make_long_pdf("Registre", [[f"Ligne {n}"] for n in range(MAX_PAGES + 5)]), code="document_too_large", text=True
    ),
    "PDF, a page without end": Bad(body=lambda: make_long_pdf("Registre", [["abcd efgh ijkl " * 8000]]), code="document_too_large", text=True),
    "PDF, swollen": Bad(body=swollen_pdf, code="document_without_text"),
    "HTML called PDF": Bad(body=lambda: b"<!DOCTYPE html><html><body>Page introuvable</body></html>", code="document_format"),
    "nothing": Bad(body=lambda: b"", code="document_broken"),
    "Word 97": Bad(body=lambda: OLE + bytes(600) + "WordDocument".encode("utf-16-le"), code="document_format"),
    "PowerPoint 97": Bad(body=lambda: OLE + bytes(600) + "PowerPoint Document".encode("utf-16-le"), code="document_format"),
    "Word, locked": Bad(body=lambda: OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), code="document_encrypted"),
    "Word, entries locked": Bad(body=lambda: with_flag(docx(*LINES)), code="document_encrypted"),
    "Word, cut": Bad(body=lambda: docx(*LINES)[:-60], code="document_broken"),
    "Word, bytes changed": Bad(body=lambda: docx(*LINES * 40).replace(b"word/document.xml", b"word/documentxxml", 1), code="document_broken"),
    "Word, XML broken": Bad(body=lambda: packed({"word/document.xml": word_xml(*LINES)[:-40]}), code="document_broken"),
    "Word, entities": Bad(body=entity_docx, code="document_broken"),
    "Word, bomb": Bad(body=bomb_docx, code="document_too_large"),
    "Word, bomb that lies": Bad(body=lying_docx, code="document_broken"),
    "PowerPoint, a slide missing": Bad(
        body=lambda: pptx("Un", "Deux").replace(b"ppt/slides/slide2.xml", b"ppt/slides/slide9.xml"), code="document_broken"
    ),
    "PowerPoint, no words": Bad(body=lambda: pptx("", ""), code="document_without_text"),
    "Excel": Bad(body=lambda: packed({"xl/workbook.xml": "<workbook/>"}), code="document_format"),
    "ZIP": Bad(body=lambda: packed({"a.txt": "a"}), code="document_format"),
    "RTF": Bad(body=lambda: rb"{\rtf1 Bonjour}", code="document_format"),
}  # fmt: skip
