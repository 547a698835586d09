"""A minimal PDF 1.4 writer for the sample documents: Helvetica, Latin-1, one column, any number of pages. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence

HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
LINE = 16
LINE_LENGTH = 84
PAGES, FONT, FIRST_PAGE = 2, 3, 4
"""Numbers of objects: 1 is the catalogue; a page is an object and its content the next one."""


def make_pdf(title: str, lines: Sequence[str]) -> bytes:
    """A one-page PDF (A4) with its title and text lines; characters outside Latin-1 become "?"."""
    return make_long_pdf(title, [(title, "", *lines)])


def make_long_pdf(title: str, pages: Sequence[Sequence[str]], *, created: str = "", modified: str = "") -> bytes:
    """A PDF with these lines on each page. `created` and `modified` are dates as PDF writes them (`D:20170714093000Z`), "" for none."""
    objects = [
        b"<< /Type /Catalog /Pages %d 0 R >>" % PAGES,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % (FIRST_PAGE + 2 * n) for n in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        text = _content([part for line in lines for part in _wrap(line)])
        objects.append(
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 %d 0 R >> >> /Contents %d 0 R >>"
            % (PAGES, FONT, FIRST_PAGE + 2 * number + 1)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text))
    dates = b"".join(b" /%s (%s)" % (name, _literal(date)) for name, date in ((b"CreationDate", created), (b"ModDate", modified)) if date)
    objects.append(b"<< /Title (%s) /Producer (sample)%s >>" % (_literal(title), dates))
    return assemble(objects)


def _content(lines: Sequence[str]) -> bytes:
    return b"BT /F1 12 Tf 56 780 Td %d TL\n" % LINE + b"".join(b"(%s) Tj T*\n" % _literal(line) for line in lines) + b"ET"


def assemble(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A file of these objects, the first being the catalogue and the last the information; `trailer` holds further entries of the trailer."""
    body = bytearray(HEADER)
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R%s >>\nstartxref\n%d\n%%%%EOF\n"
    return bytes(body + end % (len(objects) + 1, len(objects), trailer and b" " + trailer, start))


def _literal(text: str) -> bytes:
    raw = text.replace("œ", "oe").replace("’", "'").encode("latin-1", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _wrap(line: str) -> list[str]:
    rows = [""]
    for word in line.split():
        if len(rows[-1]) + len(word) >= LINE_LENGTH:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows
