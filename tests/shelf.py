"""A shelf of WARC, ARC and WACZ files as other programs leave them, whole, odd and broken; made by code, each with what an import must say of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DATE = "2014-06-17T09:30:00Z"
HOST = "http://archive-of-others.example"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file: its bytes, its name, the codes that an import must tell (each as often as listed), how many captures are kept, the exit code."""

    content: Callable[[], bytes]
    codes: tuple[str, ...] = ()
    kept: int = 3
    code: int = 0
    name: str = "x.warc.gz"


def page(number: int, *, chunked: bool = False, newline: str = "\r\n", head: str | None = None) -> bytes:
    """An HTTP answer with an article."""
    body = (
        f"<!DOCTYPE html><html lang='fr'><head><title>Article {number}</title></head><body><main><article><h1>Article {number}</h1>"
        f"<p>Texte de l'article numéro {number}, assez long pour être lu comme un article et non comme un menu.</p></article></main></body></html>"
    ).encode()
    lines = [head if head is not None else "HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8"]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return newline.join([*lines, "", ""]).encode() + body


def sha1_32(block: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode()


def record(
    number: int = 1, *, block: bytes | None = None, kind: str = "response", version: str = "1.0", newline: str = "\r\n", end: bytes = b"\r\n\r\n",
    length: int | None = None, drop: tuple[str, ...] = (), **fields: str,
) -> bytes:  # fmt: skip
    """A WARC record, not packed. `fields` with "_" for "-" replace or add header fields, `drop` leaves some out."""
    block = page(number) if block is None else block
    headers = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Target-URI": f"{HOST}/article-{number}",
        "WARC-Date": DATE,
        "Content-Type": "application/http; msgtype=response",
    }
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    headers["Content-Length"] = str(len(block) if length is None else length)
    lines = [f"WARC/{version}", *(f"{name}: {value}" for name, value in headers.items() if name not in drop), "", ""]
    return newline.join(lines).encode() + block + end


def info() -> bytes:
    """A warcinfo record of another program."""
    return record(0, kind="warcinfo", block=b"software: someone else/1.0\r\n", Content_Type="application/warc-fields", drop=("WARC-Target-URI",))


def packed(*records: bytes) -> bytes:
    """One gzip member a record."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def _cut(whole: bytes, *places: int) -> list[bytes]:
    """A record in pieces."""
    return [whole[start:end] for start, end in zip((0, *places), (*places, len(whole)), strict=True)]


def three(**fields: str) -> list[bytes]:
    """warcinfo and three articles; the fields go into the second."""
    return [info(), record(1), record(2, **fields), record(3)]


def with_extra(content: bytes) -> bytes:
    """A gzip member with an extra field, as some indexers write it."""
    member = gzip.compress(content, mtime=0)
    extra = b"sl\x08\x00" + struct.pack("<II", len(member), len(content))
    return member[:3] + b"\x04" + member[4:10] + struct.pack("<H", len(extra)) + extra + member[10:]


# ARC ---------------------------------------------------------------------------------------------------------------------------


def arc(*lengths: int | str | None, urls: Mapping[int, str] | None = None, gz: bool = True, blocks: Mapping[int, bytes] | None = None) -> bytes:
    """An ARC file with as many articles as `lengths`: None for the true length, or what stands there instead."""
    version = b"1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [b"filedesc://x.arc 0.0.0.0 20140617093000 text/plain %d\n%s\n" % (len(version), version)]
    for number, length in enumerate(lengths, 1):
        block = (blocks or {}).get(number, page(number))
        url = (urls or {}).get(number, f"{HOST}/article-{number}")
        stated = len(block) if length is None else length
        parts.append(f"{url} 192.0.2.7 20140617093000 text/html {stated}\n".encode() + block + b"\n")
    return packed(*parts) if gz else b"".join(parts)


# WACZ --------------------------------------------------------------------------------------------------------------------------

GOOD_WARC = packed(*three())
PAGES = b'{"format": "json-pages-1.0", "id": "pages", "title": "All"}\n{"url": "http://archive-of-others.example/article-1", "ts": "2014-06-17T09:30:00Z"}\n'


def wacz(
    *, files: Mapping[str, bytes] | None = None, without: tuple[str, ...] = (), more: Callable[[zipfile.ZipFile], None] | None = None,
    manifest: Callable[[dict[str, object]], None] | None = None, digest: str | None = None,
) -> bytes:  # fmt: skip
    """A WACZ file; `files` replace or add entries that the manifest names, `more` adds entries behind its back, `manifest` changes it."""
    entries = {"archive/data.warc.gz": GOOD_WARC, "indexes/index.cdx.gz": gzip.compress(b"", mtime=0), "pages/pages.jsonl": PAGES} | dict(files or {})
    entries = {name: content for name, content in entries.items() if name not in without}
    listed: dict[str, object] = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "resources": [
            {"name": name.rpartition("/")[2], "path": name, "hash": "sha256:" + hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in entries.items()
        ],
    }
    if manifest is not None:
        manifest(listed)
    raw = json.dumps(listed).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in entries.items():
            bundle.writestr(name, content)
        if "datapackage.json" not in without:
            bundle.writestr("datapackage.json", raw)
        if "datapackage-digest.json" not in without:
            stated = digest or "sha256:" + hashlib.sha256(raw).hexdigest()
            bundle.writestr("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": stated}))
        if more is not None:
            more(bundle)
    return out.getvalue()


def _resource(listed: dict[str, object], number: int) -> dict[str, object]:
    resources = listed["resources"]
    assert isinstance(resources, list)
    found: dict[str, object] = resources[number]
    return found


def _bomb(bundle: zipfile.ZipFile) -> None:
    bundle.writestr("archive/bomb.warc.gz", b"\0" * (65 << 20), zipfile.ZIP_DEFLATED)


def _link(bundle: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("archive/link.warc.gz")
    entry.external_attr = 0o120777 << 16
    bundle.writestr(entry, "/etc/hostname")


def _encrypted(content: bytes) -> bytes:
    """The first entry marked as encrypted, in its own head and in the directory."""
    raw = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        raw[at + offset] |= 1
    return bytes(raw)


def _overlapping(content: bytes) -> bytes:
    """The directory's second entry points at the first one's bytes."""
    raw = bytearray(content)
    first = raw.find(b"PK\x01\x02")
    second = raw.find(b"PK\x01\x02", first + 4)
    third = raw.find(b"PK\x01\x02", second + 4)
    raw[third + 42 : third + 46] = struct.pack("<I", struct.unpack_from("<I", raw, second + 42)[0] + 1)
    return bytes(raw)


def _wrong_sum(content: bytes) -> bytes:
    """The checksum of the first entry changed in its own head and in the directory; its bytes are sound."""
    raw = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        raw[raw.find(signature) + offset] ^= 0xFF
    return bytes(raw)


def _cut_member(content: bytes, number: int, keep: float) -> bytes:
    """The content with one of its gzip members cut short."""
    starts = [at for at in range(len(content)) if content.startswith(b"\x1f\x8b\x08\x00", at)] + [len(content)]
    start, end = starts[number], starts[number + 1]
    return content[: start + int((end - start) * keep)] + content[end:]


def _flipped(content: bytes, number: int) -> bytes:
    """The content with a byte in the middle of one of its gzip members changed."""
    starts = [at for at in range(len(content)) if content.startswith(b"\x1f\x8b\x08\x00", at)] + [len(content)]
    raw = bytearray(content)
    raw[(starts[number] + starts[number + 1]) // 2] ^= 0xFF
    return bytes(raw)


PLAIN = b"".join(three())
ODD = 7
SHELF: dict[str, Case] = {
    # whole, though not as we write them
    "packed": Case(content=lambda: packed(*three())),
    "not packed": Case(content=lambda: PLAIN, name="x.warc"),
    "not packed, under another name": Case(content=lambda: PLAIN, name="download"),
    "version 0.17": Case(content=lambda: packed(info(), *(record(n, version="0.17") for n in (1, 2, 3)))),
    "version 0.18": Case(content=lambda: packed(info(), *(record(n, version="0.18") for n in (1, 2, 3)))),
    "version 1.1 with fractions": Case(content=lambda: packed(info(), *(record(n, version="1.1", WARC_Date="2014-06-17T09:30:00.123456Z") for n in (1, 2, 3)))),
    "SHA-1 digests": Case(content=lambda: packed(*three(WARC_Block_Digest=sha1_32(page(2))))),
    "MD5 digests": Case(content=lambda: packed(*three(WARC_Block_Digest="md5:" + hashlib.md5(page(2)).hexdigest()))),
    "angle brackets around addresses": Case(content=lambda: packed(*three(WARC_Target_URI=f"<{HOST}/article-2>"))),
    "a scheme in capitals": Case(content=lambda: packed(*three(WARC_Target_URI=f"{HOST.replace('http', 'HTTP')}/article-2"))),
    "spaces in an address": Case(content=lambda: packed(*three(WARC_Target_URI=f"{HOST}/article 2"))),
    "chunked bodies": Case(content=lambda: packed(info(), record(1), record(2, block=page(2, chunked=True)), record(3))),
    "no reason in the status line": Case(content=lambda: packed(info(), record(1), record(2, block=page(2, head="HTTP/1.1 200")), record(3))),
    "line feeds only": Case(content=lambda: packed(info(), record(1), record(2, newline="\n", block=page(2, newline="\n")), record(3))),
    "header lines without a colon": Case(content=lambda: packed(*three(X_Strange="a\r\nthis is no field"))),
    "gzip with an extra field": Case(content=lambda: with_extra(info()) + packed(record(1)) + with_extra(record(2)) + packed(record(3))),
    "no warcinfo": Case(content=lambda: packed(record(3), record(1), record(2))),
    "other kinds of records": Case(
        content=lambda: packed(
            *three(), record(4, kind="metadata", block=b"a: b\r\n"), record(5, kind="conversion", block=b"text"), record(6, kind="strange", block=b"?"),
            record(7, WARC_Target_URI="dns:archive-of-others.example", block=b"20140617093000\n"),
        )
    ),
    "resource records": Case(content=lambda: packed(info(), *(record(n, kind="resource", block=page(n).split(b"\r\n\r\n", 1)[1], Content_Type="text/html") for n in (1, 2, 3)))),
    "a revisit that names its original by address and time": Case(
        content=lambda: packed(
            *three(), record(4, kind="revisit", block=page(1).split(b"\r\n\r\n")[0] + b"\r\n\r\n", WARC_Target_URI=f"{HOST}/article-1", WARC_Date="2015-01-01T00:00:00Z",
            WARC_Refers_To_Target_URI=f"{HOST}/article-1", WARC_Refers_To_Date=DATE, WARC_Profile="http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"),
        ), kept=4,
    ),
    "a revisit before its original": Case(
        content=lambda: packed(
            info(), record(4, kind="revisit", block=b"HTTP/1.1 200 OK\r\n\r\n", WARC_Target_URI=f"{HOST}/article-1", WARC_Date="2015-01-01T00:00:00Z",
            WARC_Refers_To="<urn:uuid:00000000-0000-4000-8000-000000000001>"), record(1), record(2), record(3),
        ), kept=4,
    ),
    "the same record twice": Case(content=lambda: packed(*three(), record(2))),
    # odd, but nothing is lost
    "the whole file in one gzip member": Case(content=lambda: packed(PLAIN), codes=("several", "several", "several")),
    "a record split over gzip members": Case(content=lambda: packed(info(), record(1), *_cut(record(2), 200, 300, 500), record(3))),
    "a record split in its head": Case(content=lambda: packed(info(), record(1), *_cut(record(2), 40, 120), record(3))),
    "a record split before a cut": Case(content=lambda: packed(info(), record(1), *_cut(record(2), 300, 500), record(3))[:-40], codes=("cut",), kept=2, code=ODD),
    "a record split, its rest missing": Case(content=lambda: packed(info(), record(1), _cut(record(2), 300)[0], record(3)), codes=("unreadable",), kept=2, code=ODD),
    "two records in one gzip member": Case(content=lambda: packed(info(), record(1) + record(2), record(3)), codes=("several",)),
    "a record without a name": Case(content=lambda: packed(info(), record(1), record(2, drop=("WARC-Record-ID",)), record(3)), codes=("no-record-id",)),
    "a digest of an unknown kind": Case(content=lambda: packed(*three(WARC_Block_Digest="crc32:00000000")), codes=("unknown-digest",)),
    # broken
    "a wrong block digest": Case(content=lambda: packed(*three(WARC_Block_Digest=sha1_32(b"other"))), codes=("block-digest",), code=ODD),
    "a wrong payload digest": Case(content=lambda: packed(*three(WARC_Payload_Digest=sha1_32(b"other"))), codes=("payload-digest",), code=ODD),
    "no time": Case(content=lambda: packed(info(), record(1), record(2, drop=("WARC-Date",)), record(3)), codes=("unreadable",), kept=2, code=ODD),
    "a time that is none": Case(content=lambda: packed(*three(WARC_Date="17 June 2014")), codes=("unreadable",), kept=2, code=ODD),
    "no HTTP head": Case(content=lambda: packed(info(), record(1), record(2, block=b"<html>only</html>"), record(3)), codes=("unreadable",), kept=2, code=ODD),
    "no length": Case(content=lambda: packed(info(), record(1), record(2, drop=("Content-Length",)), record(3)), codes=("length",), code=ODD),
    "a length that is too long": Case(content=lambda: packed(info(), record(1), record(2, length=99_999), record(3)), codes=("length",), code=ODD),
    "a length that is too short": Case(content=lambda: packed(info(), record(1), record(2, length=len(page(2)) - 20), record(3)), codes=("record-end", "unreadable"), kept=3, code=ODD),
    "a length that is too long, not packed": Case(content=lambda: b"".join([info(), record(1), record(2, length=len(page(2)) + 300), record(3)]), codes=("length",), code=ODD, name="x.warc"),
    "a length that is too short, not packed": Case(content=lambda: b"".join([info(), record(1), record(2, length=len(page(2)) - 20), record(3)]), codes=("record-end", "unreadable"), code=ODD, name="x.warc"),
    "a length that leads beyond the end of the file, not packed": Case(content=lambda: b"".join([info(), record(1), record(2, length=99_999), record(3)]), codes=("length",), code=ODD, name="x.warc"),
    "no end of the record": Case(content=lambda: packed(info(), record(1), record(2, end=b""), record(3)), codes=("record-end",), code=ODD),
    "a segment": Case(content=lambda: packed(*three(WARC_Segment_Number="1")), codes=("segmented",), code=ODD),
    "the last member cut": Case(content=lambda: packed(*three())[:-40], codes=("cut",), kept=2, code=ODD),
    "a member cut in the middle of the file": Case(content=lambda: _cut_member(packed(*three()), 2, 0.5), codes=("damaged",), kept=2, code=ODD),
    "a flipped byte": Case(content=lambda: _flipped(packed(*three()), 2), codes=("damaged",), kept=2, code=ODD),
    "garbage between members": Case(content=lambda: packed(info(), record(1)) + b"not a record at all" + packed(record(2), record(3)), codes=("damaged",), code=ODD),
    "zeros at the end": Case(content=lambda: packed(*three()) + b"\0" * 512, codes=("damaged",), code=ODD),
    "cut, not packed": Case(content=lambda: PLAIN[:-200], codes=("cut",), kept=2, code=ODD, name="x.warc"),
    "empty": Case(content=lambda: b"", codes=("empty",), kept=0, code=ODD),
    "a text by the name of a WARC file": Case(content=lambda: b"This is a letter.\n" * 40, codes=("damaged",), kept=0, code=ODD),
    "two records of one name": Case(content=lambda: packed(info(), record(1), record(2), record(3, WARC_Record_ID="<urn:uuid:00000000-0000-4000-8000-000000000002>")), kept=2),
    # ARC
    "ARC, packed": Case(content=lambda: arc(None, None, None), name="x.arc.gz"),
    "ARC, not packed": Case(content=lambda: arc(None, None, None, gz=False), name="x.arc"),
    "ARC with a space in an address": Case(content=lambda: arc(None, None, None, urls={2: f"{HOST}/article 2"}), name="x.arc.gz"),
    "ARC with a length of -1": Case(content=lambda: arc(None, -1, None), codes=("unreadable",), kept=2, code=ODD, name="x.arc.gz"),
    "ARC with a length that is no number, not packed": Case(content=lambda: arc(None, "many", None, gz=False), codes=("damaged",), kept=2, code=ODD, name="x.arc"),
    "ARC with a wrong length, not packed": Case(content=lambda: arc(None, 12, None, gz=False), codes=("damaged",), kept=2, code=ODD, name="x.arc"),
    "ARC without an HTTP head": Case(content=lambda: arc(None, None, None, blocks={2: b"plain"}), codes=("unreadable",), kept=2, code=ODD, name="x.arc.gz"),
    "ARC, cut": Case(content=lambda: arc(None, None, None)[:-30], codes=("cut",), kept=2, code=ODD, name="x.arc.gz"),
    # WACZ
    "WACZ": Case(content=wacz, name="x.wacz"),
    "WACZ with a compressed WARC entry": Case(content=lambda: wacz(files={"archive/more.warc": b"".join([info(), record(4)])}), kept=4, name="x.wacz"),
    "WACZ with a wrong hash": Case(content=lambda: wacz(manifest=lambda m: _resource(m, 0).update(hash="sha256:" + "0" * 64)), codes=("hash",), code=ODD, name="x.wacz"),
    "WACZ with a wrong size": Case(content=lambda: wacz(manifest=lambda m: _resource(m, 0).update(bytes=7)), codes=("size",), code=ODD, name="x.wacz"),
    "WACZ with a changed manifest": Case(content=lambda: wacz(digest="sha256:" + "1" * 64), codes=("hash",), code=ODD, name="x.wacz"),
    "WACZ without manifest": Case(content=lambda: wacz(without=("datapackage.json", "datapackage-digest.json")), codes=("no-manifest",), code=ODD, name="x.wacz"),
    "WACZ without digest, index and pages": Case(content=lambda: wacz(without=("datapackage-digest.json", "indexes/index.cdx.gz", "pages/pages.jsonl")), codes=("no-digest", "no-index", "no-pages"), name="x.wacz"),
    "WACZ with a missing resource": Case(content=lambda: wacz(manifest=lambda m: m["resources"].append({"path": "archive/gone.warc.gz", "hash": "sha256:0", "bytes": 1})), codes=("missing",), code=ODD, name="x.wacz"),  # type: ignore[attr-defined]
    "WACZ with an entry that the manifest does not name": Case(content=lambda: wacz(more=lambda z: z.writestr("notes.txt", "hello")), codes=("unlisted",), name="x.wacz"),
    "WACZ with a climbing name": Case(content=lambda: wacz(more=lambda z: z.writestr("archive/../../../evil.warc.gz", GOOD_WARC)), codes=("climbing",), code=ODD, name="x.wacz"),
    "WACZ with an absolute name": Case(content=lambda: wacz(more=lambda z: z.writestr("/etc/evil.warc.gz", GOOD_WARC)), codes=("climbing",), code=ODD, name="x.wacz"),
    "WACZ with a link": Case(content=lambda: wacz(more=_link), codes=("link",), code=ODD, name="x.wacz"),
    "WACZ with a bomb": Case(content=lambda: wacz(more=_bomb), codes=("bomb",), code=ODD, name="x.wacz"),
    "WACZ with an encrypted entry": Case(content=lambda: _encrypted(wacz()), codes=("encrypted", "missing", "no-warc"), kept=0, code=ODD, name="x.wacz"),
    "WACZ with overlapping entries": Case(content=lambda: _overlapping(wacz()), codes=("overlap", "missing", "no-pages"), code=ODD, name="x.wacz"),
    "WACZ in a WACZ": Case(content=lambda: wacz(files={"archive/inner.wacz": wacz()}), codes=("nested",), code=ODD, name="x.wacz"),
    "WACZ with no WARC": Case(content=lambda: wacz(without=("archive/data.warc.gz",)), codes=("no-warc",), kept=0, code=ODD, name="x.wacz"),
    "WACZ with a broken WARC": Case(content=lambda: wacz(files={"archive/data.warc.gz": packed(*three())[:-40]}), codes=("cut",), kept=2, code=ODD, name="x.wacz"),
    "WACZ cut in the middle": Case(content=lambda: wacz()[:900], codes=("cut", "no-manifest", "no-index", "no-pages", "cut", "damaged"), kept=1, code=ODD, name="x.wacz"),
    "WACZ without its directory": Case(content=lambda: wacz()[:-60], codes=("cut",), code=ODD, name="x.wacz"),
    "WACZ with an entry of a wrong checksum": Case(content=lambda: _wrong_sum(wacz()), codes=("damaged",), code=ODD, name="x.wacz"),
    "WACZ with a broken manifest": Case(content=lambda: wacz(without=("datapackage.json",), more=lambda z: z.writestr("datapackage.json", "{")), codes=("manifest",), code=ODD, name="x.wacz"),
}  # fmt: skip


def put(case: Case, folder: Path) -> Path:
    """The file on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / case.name
    path.write_bytes(case.content())
    return path
