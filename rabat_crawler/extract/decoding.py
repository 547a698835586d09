"""Bytes to text: content codings undone within a limit, the character set found out. Pure; a defect is named, what can be read is kept."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import brotli

from rabat_crawler.models import Problem

MAX_BODY = 16 * 1024 * 1024
MAX_TEXT = 3 * 1024 * 1024
MAX_TAGS = 100_000
"""No page that somebody wrote has so many characters or tags; what comes after them is not read."""
MAX_CODINGS = 3
MAX_MEMBERS = 100

_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.I)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.I)


def decode_body(body: bytes, headers: Sequence[tuple[str, str]]) -> tuple[bytes, tuple[Problem, ...]]:
    """The body without its Content-Encoding, at most MAX_BODY bytes; what could be decoded before a defect is kept and the defect named."""
    codings = [value for key, value in headers if key.lower() == "content-encoding"]
    problems: list[Problem] = []
    named = [c.strip().lower() for value in codings for c in value.split(",") if c.strip()]
    layers = [coding for coding in reversed(named) if coding not in ("identity", "none")]
    if len(layers) > MAX_CODINGS:
        return b"", (Problem(code="unknown_coding", message=f"the body is coded {len(layers)} times over, more than {MAX_CODINGS}"),)
    for coding in layers:
        body, problem = _decode_one(body, coding)
        if problem:
            problems.append(problem)
    return body, tuple(problems)


def _decode_one(body: bytes, coding: str) -> tuple[bytes, Problem | None]:
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, 31, coding)
    if coding == "deflate":
        wbits = 15 if body[:1] and (body[0] & 0x0F) == 8 and len(body) > 1 and (body[0] * 256 + body[1]) % 31 == 0 else -15
        return _inflate(body, wbits, coding)
    if coding == "br":
        return _unbrotli(body)
    return b"", Problem(code="unknown_coding", message=f"the body is coded as {coding!r}, which this program cannot decode")


def _inflate(body: bytes, wbits: int, coding: str) -> tuple[bytes, Problem | None]:
    parts: list[bytes] = []
    left = MAX_BODY
    for _ in range(MAX_MEMBERS):
        decoder = zlib.decompressobj(wbits)
        try:
            parts.append(decoder.decompress(body, left))
        except zlib.error as error:
            parts.append(_salvaged(body, wbits)[:left])
            return b"".join(parts), Problem(code="bad_coding", message=f"the {coding} body is damaged: {error}")
        left -= len(parts[-1])
        body = decoder.unused_data
        more = wbits == 31 and body.startswith(b"\x1f\x8b")  # gzip may have several members; anything else after the end is padding
        if decoder.unconsumed_tail or (more and not left):
            break
        if not decoder.eof:
            return b"".join(parts), Problem(code="truncated", message=f"the {coding} body ends before its end")
        if not more:
            return b"".join(parts), None
    said = f"the body is larger than {MAX_BODY} bytes when decoded, or has more than {MAX_MEMBERS} gzip members; the rest was not read"
    return b"".join(parts), Problem(code="too_large", message=said)


def _salvaged(body: bytes, wbits: int) -> bytes:
    """What can be decoded before the defect."""
    decoder, out = zlib.decompressobj(wbits), bytearray()
    for start in range(0, len(body), 512):
        try:
            out += decoder.decompress(body[start : start + 512], MAX_BODY)
        except zlib.error:
            break
        if len(out) >= MAX_BODY:
            break
    return bytes(out)


def _unbrotli(body: bytes) -> tuple[bytes, Problem | None]:
    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    try:
        parts.append(decoder.process(body, output_buffer_limit=1 << 20))
        while not decoder.is_finished():
            size += len(parts[-1])
            if size > MAX_BODY:
                return b"".join(parts)[:MAX_BODY], Problem(code="too_large", message=f"the body is larger than {MAX_BODY} bytes when decoded")
            if decoder.can_accept_more_data():
                return b"".join(parts), Problem(code="truncated", message="the br body ends before its end")
            parts.append(decoder.process(b"", output_buffer_limit=1 << 20))
    except brotli.error as error:
        return b"".join(parts), Problem(code="bad_coding", message=f"the br body is damaged: {error}")
    return b"".join(parts), None


def lacking(status: int, headers: Sequence[tuple[str, str]], problems: Sequence[Problem]) -> tuple[str, str]:
    """Why a 2xx answer whose framing was right is not the whole body, in words, and the value of WARC-Truncated; ("", "") if it is whole.

    `problems` are those of `decode_body`.
    """
    if not 200 <= status < 300:
        return "", ""
    if status == 206 or any(key.lower() == "content-range" for key, _ in headers):
        return "only a part was sent (206)", "unspecified"
    for problem in problems:
        if problem.code in DEFECTS:
            return DEFECTS[problem.code], "length" if problem.code == "too_large" else "unspecified"
    return "", ""


DEFECTS = {
    "truncated": "body ends before its end",
    "bad_coding": "damaged body",
    "too_large": "larger than the size limit",
    "unknown_coding": "coding that cannot be decoded",
}
"""Codes of problems that mean: this is not the whole body."""


def has_end(body: bytes) -> bool | None:
    """Whether decoded HTML is closed as a whole page is (`</body>` or `</html>`); None if it is no page with a beginning."""
    head = body[:65536].lower()
    if b"<html" not in head or b"<body" not in head:
        return None
    return re.search(rb"</(?:body|html)\s{0,20}>", body, re.I) is not None


def _limited(text: str) -> tuple[str, tuple[Problem, ...]]:
    """As much of the text as is read."""
    if len(text) <= MAX_TEXT and text.count("<") <= MAX_TAGS:
        return text, ()
    kept = "<".join(text[:MAX_TEXT].split("<", MAX_TAGS)[:MAX_TAGS])
    said = f"of {len(text)} characters only {len(kept)} were read: more than {MAX_TEXT} characters or {MAX_TAGS} tags"
    return kept, (Problem(code="too_large", message=said),)


def decode_text(body: bytes, content_type: str | None) -> tuple[str, str, tuple[Problem, ...]]:
    """Text, encoding used, problems; an enormous text is cut. Order: byte order mark, header, meta, UTF-8, windows-1252."""
    text, used, problems = _decode_text(body, content_type)
    text, cut = _limited(text)
    return text, used, (*problems, *cut)


def _decode_text(body: bytes, content_type: str | None) -> tuple[str, str, tuple[Problem, ...]]:
    """`decode_text` of any length; a wrong UTF-8 label is found out."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace"), name, ()
    label = _declared_encoding(body, content_type)
    if label in ("utf-8", "utf8", None):
        try:
            return body.decode("utf-8"), "utf-8", ()
        except UnicodeDecodeError:
            return _decode_broken_utf8(body, label)
    if label in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"):
        return _decode_western(body, label or "")
    try:
        return body.decode(label, "replace"), label, ()
    except (LookupError, UnicodeError):
        text, used, _ = _decode_text(body, None) if label else (body.decode("cp1252", "replace"), "windows-1252", ())
        return text, used, (Problem(code="unknown_charset", message=f"the page names the unknown character set {label!r}"),)


def _declared_encoding(body: bytes, content_type: str | None) -> str | None:
    in_header = _HEADER_CHARSET.search(content_type or "")
    if in_header:
        label = in_header.group(1)
    else:
        in_meta = _META_CHARSET.search(body[:4096])
        label = in_meta.group(1).decode("ascii") if in_meta else ""
    label = label.lower().replace("_", "-")
    return None if not label or label in ("utf-7", "utf-16", "utf-16le", "utf-16be", "idna", "punycode", "unicode-escape", "undefined") else label


def _decode_broken_utf8(body: bytes, label: str | None) -> tuple[str, str, tuple[Problem, ...]]:
    text = body.decode("utf-8", "replace")
    damaged, whole = text.count("\ufffd"), len(re.findall(r"[\u0080-\ufffc]", text))
    if not whole or damaged > max(1, whole // 10):
        said = (Problem(code="wrong_charset", message="the page says UTF-8 but is windows-1252; read as that"),) if label else ()
        return _cp1252(body), "windows-1252", said
    return text, "utf-8", (Problem(code="broken_utf8", message=f"{damaged} broken UTF-8 sequences were replaced"),)


def _decode_western(body: bytes, label: str) -> tuple[str, str, tuple[Problem, ...]]:
    if not body.isascii():
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return _cp1252(body), "windows-1252", ()
        return text, "utf-8", (Problem(code="wrong_charset", message=f"the page says {label} but is UTF-8; read as that"),)
    return body.decode("ascii"), "windows-1252", ()


def _cp1252(body: bytes) -> str:
    """windows-1252 as browsers read it: the five undefined bytes are control characters, not errors."""
    return (
        body.decode("cp1252", "replace")
        if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", body)
        else re.sub("[\x80-\x9f]", lambda m: bytes([ord(m.group())]).decode("cp1252", "ignore") or m.group(), body.decode("latin-1"))
    )
