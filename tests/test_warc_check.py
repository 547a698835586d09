"""The closing record as the check sees it: what lacks it, what has it twice or elsewhere, and what other programs make of a file that has it."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.recompressor import Recompressor

from rabat_crawler.archive.members import walk
from rabat_crawler.archive.warc import check_file
from tests.test_warc import closed, codes, put, read, warcio_accepts, writer


def borders(path: Path) -> list[int]:
    """Where the records of a file begin."""
    return [found.offset for found in walk(path)]


def last_record(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The header of the last record and the fields in it, as warcio reads them."""
    with path.open("rb") as stream:
        header, block = [(dict(record.rec_headers.headers), record.content_stream().read()) for record in ArchiveIterator(stream)][-1]
    return header, dict(line.split(": ", 1) for line in block.decode().splitlines())


def test_every_file_of_a_run_ends_with_a_record_that_names_its_warcinfo_and_counts(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=1500) as target:
        for number in range(4):
            put(target, body=random.Random(number).randbytes(900))
        target.sync()
        assert check_file(target.path) == (), "still being written"
    paths = sorted(tmp_path.iterdir())
    assert len(paths) > 2
    for path in paths:
        header, fields = last_record(path)
        assert (header["WARC-Type"], header["Content-Type"]) == ("metadata", "application/warc-fields")
        assert header["WARC-Refers-To"] == header["WARC-Warcinfo-ID"] == f"<{header['WARC-Target-URI']}>"
        assert fields == {"records": str(len(borders(path)) - 1), "x-rabat-closing": "by the run"}
        assert codes(path) == [] and warcio_accepts(path)
        os.truncate(path, borders(path)[-1])
        assert codes(path) == ["cut"]


def test_a_file_without_any_answer_is_whole_too(tmp_path: Path) -> None:
    path, _ = closed(tmp_path)
    assert codes(path) == [] and read(path) == []
    os.truncate(path, borders(path)[-1])
    assert codes(path) == ["cut"]


def test_whole_records_gone_from_the_middle_or_there_twice_are_reported(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, {}, {"body": b"two"}, {"body": b"three"})
    content, at = path.read_bytes(), borders(path)
    path.write_bytes(content[: at[3]] + content[at[5] :])
    assert codes(path) == ["cut"]
    path.write_bytes(content[: at[3]] + content[at[1] :])
    assert codes(path) == ["cut"]


def test_what_another_program_packed_anew_is_sound(tmp_path: Path) -> None:
    path, records = closed(tmp_path, {}, {"body": b"two" * 900})
    again = tmp_path / "again.warc.gz"
    Recompressor(str(path), str(again)).recompress()
    assert again.read_bytes() != path.read_bytes()
    assert codes(again) == []
    assert [record.body for record in read(again)] == [record.body for record in records]
    os.truncate(again, borders(again)[-1])
    assert codes(again) == ["cut"]


@pytest.mark.parametrize("damaged", [False, True], ids=["sound", "a record of the first one damaged"])
def test_files_put_one_behind_another_are_judged_one_by_one(tmp_path: Path, damaged: bool) -> None:
    first, records = closed(tmp_path / "first", {})
    factory = (f"urn:uuid:33333333-0000-4000-8000-{number:012d}" for number in range(9))
    with writer(tmp_path / "second", new_id=factory.__next__) as target:
        put(target, body=b"two")
    behind, content, place = (tmp_path / "second" / first.name).read_bytes(), bytearray(first.read_bytes()), records[0].capture.offset
    if damaged:
        content[place + 40] ^= 1
    told = [("damaged", place)] if damaged else []
    both = tmp_path / "both.warc.gz"
    both.write_bytes(content + behind)
    assert [(found.code, found.offset) for found in check_file(both)] == told
    end = borders(first)[-1]
    both.write_bytes(content[:end] + behind)
    assert [(found.code, found.offset) for found in check_file(both)] == [*told, ("cut", end)]
    both.write_bytes(content[:end] + behind[: borders(tmp_path / "second" / first.name)[-1]])
    assert [found.code for found in check_file(both)] == [*(code for code, _ in told), "cut", "cut"]


def test_a_damaged_end_is_told_as_what_it_is(tmp_path: Path) -> None:
    path, _ = closed(tmp_path, {})
    content = path.read_bytes()
    path.write_bytes(content + b"x" * 40)
    assert codes(path) == ["damaged"]
    path.write_bytes(content[:-30] + b"\0" * 8 + content[-22:])
    assert codes(path) == ["damaged"]


def test_a_damaged_record_hides_no_cut_behind_it(tmp_path: Path) -> None:
    path, records = closed(tmp_path, {}, {"body": b"two"})
    content, place = bytearray(path.read_bytes()[: borders(path)[-1]]), records[0].capture.offset
    content[place + 40] ^= 1
    path.write_bytes(content)
    assert codes(path) == ["damaged", "cut"]


def test_neither_a_page_nor_another_metadata_record_passes_for_the_closing_record(tmp_path: Path) -> None:
    said = b"records: 3\r\nx-rabat-closing: by the run\r\n"
    path, _ = closed(tmp_path, {"body": said, "response_headers": (("WARC-Type", "metadata"), ("x-rabat-closing", "by the run"))})
    os.truncate(path, borders(path)[-1])
    assert codes(path) == ["cut"]
    head = f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:x>\r\nWARC-Refers-To: <urn:other>\r\nWARC-Date: 2026-03-14T02:30:15Z\r\nContent-Length: {len(said)}"
    with path.open("ab") as file:
        file.write(gzip.compress(f"{head}\r\n\r\n".encode() + said + b"\r\n\r\n"))
    assert codes(path) == ["cut"]


def test_a_file_that_was_not_announced_as_closed_is_sound_as_it_was(tmp_path: Path) -> None:
    """As a version before wrote it: nothing is announced, nothing stands at the end."""
    path, records = closed(tmp_path, {}, {"body": b"two"})
    info, *others = [gzip.decompress(path.read_bytes()[found.offset : found.offset + found.length]) for found in walk(path)]
    head, block = info.split(b"\r\n\r\n", 1)
    block = b"".join(line + b"\r\n" for line in block.split(b"\r\n") if line and not line.startswith(b"x-rabat-closing"))
    kept = [line for line in head.split(b"\r\n") if not line.startswith((b"WARC-Block-Digest", b"Content-Length"))]
    info = b"\r\n".join([*kept, b"Content-Length: %d" % len(block), b"", block + b"\r\n\r\n"])
    path.write_bytes(b"".join(gzip.compress(record) for record in [info, *others[:-1]]))
    assert codes(path) == []
    assert [record.body for record in read(path)] == [record.body for record in records]
