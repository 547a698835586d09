"""A minimal PDF 1.4 writer for the sample documents: Helvetica, Latin-1, one column. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence

HEADER = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
LINE = 16
LINE_LENGTH = 84


def make_pdf(title: str, lines: Sequence[str]) -> bytes:
    """A one-page PDF (A4) with its title and text lines; characters outside Latin-1 become "?"."""
    shown = [part for line in (title, "", *lines) for part in _wrap(line)]
    text = b"BT /F1 12 Tf 56 780 Td %d TL\n" % LINE + b"".join(b"(%s) Tj T*\n" % _literal(line) for line in shown) + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Title (%s) /Producer (sample) >>" % _literal(title),
    )
    return _assemble(objects)


def _assemble(objects: Sequence[bytes]) -> bytes:
    body = bytearray(HEADER)
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(objects), start)
    return bytes(body)


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
