"""A stricter check of a WACZ file than `wacz validate`: every digest, every place, every line of the index leads to its record, every page to a capture."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from rabat_crawler.cdxj import surt

MANIFESTS = {"datapackage.json", "datapackage-digest.json"}
INDEX, CONTENTS = "indexes/index.cdx.gz", "indexes/index.idx"


@dataclass(frozen=True)
class Line:
    """A line of the index."""

    key: str
    stamp: str
    values: dict[str, str]

    @property
    def place(self) -> tuple[str, str]:
        """What a page is looked up by."""
        return self.values["url"], self.stamp


def strict(path: Path) -> list[Line]:
    """Fails unless the file is sound in every part; the lines of its index."""
    with zipfile.ZipFile(path) as bundle:
        _check_entries(path, bundle)
        _check_manifest(bundle)
        lines = _index(bundle)
        places = {line.place for line in lines}
        records = {line.values["filename"] + ":" + line.values["offset"] for line in lines}
        assert len(records) == len(lines), "two lines lead to one place"
        originals = {line.place for line in lines if line.values["mime"] != "warc/revisit"}
        for line in lines:
            _check_line(bundle, line, originals)
        assert records == set(_captures(bundle)), "a capture has no line in the index, or a line no capture"
        for name in ("pages/pages.jsonl", "pages/extraPages.jsonl"):
            _check_pages(bundle.read(name), places)
    return lines


def _check_entries(path: Path, bundle: zipfile.ZipFile) -> None:
    assert bundle.testzip() is None
    names = bundle.namelist()
    assert len(set(names)) == len(names)
    with path.open("rb") as file:
        for entry in bundle.infolist():
            parts = PurePosixPath(entry.filename).parts
            assert ".." not in parts and not entry.filename.startswith("/") and entry.filename.isascii() and entry.filename.isprintable(), entry
            assert len(parts) == (1 if entry.filename in MANIFESTS else 2), entry
            if entry.filename.endswith(".gz"):
                assert entry.compress_type == zipfile.ZIP_STORED, entry
            assert entry.date_time == (1980, 1, 1, 0, 0, 0) and not entry.flag_bits & 0x9, entry
            file.seek(entry.header_offset)
            name_length, extra_length = struct.unpack("<HH", file.read(30)[26:])
            # ReplayWeb.page takes the bytes to begin right behind the name, unless the directory has an extra field too.
            assert name_length == len(entry.filename) and bool(extra_length) == bool(entry.extra), entry


def _check_manifest(bundle: zipfile.ZipFile) -> None:
    raw = bundle.read("datapackage.json")
    manifest = json.loads(raw)
    assert (manifest["profile"], manifest["wacz_version"]) == ("data-package", "1.1.1")
    assert manifest["title"] and manifest["created"].endswith("Z")
    stated = {one["path"]: one for one in manifest["resources"]}
    assert len(stated) == len(manifest["resources"]) == len({one["name"] for one in manifest["resources"]})
    assert set(stated) == set(bundle.namelist()) - MANIFESTS
    for name, one in stated.items():
        content = bundle.read(name)
        assert (one["bytes"], one["hash"]) == (len(content), "sha256:" + hashlib.sha256(content).hexdigest()), name
    digest = json.loads(bundle.read("datapackage-digest.json"))
    assert digest == {"path": "datapackage.json", "hash": "sha256:" + hashlib.sha256(raw).hexdigest()}


def _index(bundle: zipfile.ZipFile) -> list[Line]:
    packed = bundle.read(INDEX)
    lines = gzip.decompress(packed).split(b"\n")[:-1] if packed else []
    assert lines == sorted(set(lines))
    first, *blocks = bundle.read(CONTENTS).decode().splitlines()
    assert first.startswith("!meta 0 ") and json.loads(first[8:])["format"] == "cdxj-gzip-1.0"
    end = 0
    for block in blocks:
        key, stamp, place = block.split(" ", 2)
        stated = json.loads(place)
        piece = packed[stated["offset"] : stated["offset"] + stated["length"]]
        assert stated["offset"] == end and stated["digest"] == "sha256:" + hashlib.sha256(piece).hexdigest()
        assert gzip.decompress(piece).decode().startswith(f"{key} {stamp} ")
        end += stated["length"]
    assert end == len(packed)
    return [Line(key, stamp, json.loads(values)) for key, stamp, values in (line.decode().split(" ", 2) for line in lines)]


def _check_line(bundle: zipfile.ZipFile, line: Line, originals: set[tuple[str, str]]) -> None:
    values = line.values
    offset, length = int(values["offset"]), int(values["length"])
    with bundle.open("archive/" + values["filename"]) as stream:
        stream.seek(offset)
        packed = stream.read(length)
    decoder = zlib.decompressobj(zlib.MAX_WBITS + 16)
    decoder.decompress(packed)
    assert decoder.eof and not decoder.unused_data, (line, "no gzip member of that length")
    record = next(iter(ArchiveIterator(BytesIO(packed))))
    headers = record.rec_headers
    assert headers["WARC-Target-URI"] == values["url"] and line.key == surt(values["url"]), line
    assert _stamp(headers["WARC-Date"]) == line.stamp, line
    revisit = headers["WARC-Type"] == "revisit"
    assert revisit == (values["mime"] == "warc/revisit"), line
    if values.get("digest") and headers["WARC-Payload-Digest"]:
        assert headers["WARC-Payload-Digest"].removeprefix("sha1:") == values["digest"], line
    if values.get("digest", "").startswith("sha256:") and not revisit and headers["WARC-Type"] == "response":
        assert "sha256:" + hashlib.sha256(b"".join(iter(lambda: record.raw_stream.read(65536), b""))).hexdigest() == values["digest"], line
    if revisit:
        named = headers["WARC-Refers-To-Target-URI"], _stamp(headers["WARC-Refers-To-Date"])
        assert named in originals, (line, named)


def _stamp(date: str) -> str:
    return "".join(letter for letter in date[:19] if letter.isdigit())


def _captures(bundle: zipfile.ZipFile) -> Iterator[str]:
    """Where every capture lies in the WARC files, but for revisits that do not say what they show."""
    for name in bundle.namelist():
        if name.startswith("archive/"):
            with bundle.open(name) as stream:
                records = ArchiveIterator(stream)
                for record in records:
                    shown = record.rec_type != "revisit" or record.rec_headers["WARC-Refers-To-Date"]
                    if record.rec_type in ("response", "resource", "revisit") and shown:
                        yield f"{name.removeprefix('archive/')}:{records.get_record_offset()}"


def _check_pages(content: bytes, places: set[tuple[str, str]]) -> None:
    first, *lines = (json.loads(line) for line in content.decode().splitlines())
    assert first["format"] == "json-pages-1.0"
    assert len({one["id"] for one in lines}) == len(lines)
    for one in lines:
        assert one["title"] and (one["url"], _stamp(one["ts"])) in places, one


def pages_of(path: Path) -> dict[str, dict[str, Any]]:
    """The pages of items by their ids."""
    with zipfile.ZipFile(path) as bundle:
        return {one["id"]: one for one in map(json.loads, bundle.read("pages/pages.jsonl").decode().splitlines()[1:])}
