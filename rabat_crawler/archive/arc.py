"""Records of ARC files, the web archives' format before WARC (version 1): one line of five fields, then the answer as the server sent it.

Reads one record that lies in memory; where records begin is `members`' matter. Such a record has no name, so it gets one from what it holds.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from rabat_crawler.errors import RecordError

LINE = re.compile(rb"\A(?P<url>(?:https?|dns|ftp|filedesc|whois)[:][^\r\n]{1,20000}) (?P<ip>[^ \r\n]{1,60}) (?P<date>[0-9]{8,17}) "
                  rb"(?P<type>[^ \r\n]{1,200}) (?P<length>-?[0-9]{1,15}|[^ \r\n]{1,20})\r?\n")  # fmt: skip
"""Address (which may hold spaces), IP, time, media type, length in bytes; the last one is wrong in some files."""

START = re.compile(rb"\n(?=(?:https?|dns|filedesc)://?[^\r\n]{1,2000} [0-9a-fA-F.:]{2,45} [0-9]{14} [^ \r\n]{1,100} -?[0-9]{1,15}\r?\n)")
ARC = "ARC/1"


@dataclass(frozen=True, slots=True)
class ArcRecord:
    """A record of an ARC file: WARC header fields that say the same, its block, and how much of the content follows the block."""

    headers: dict[str, str]
    block: bytes
    ending: bytes


def derived_id(url: str, date: str, block: bytes) -> str:
    """The name of a record that has none: the same for the same address, time and bytes."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{url} {date} {hashlib.sha256(block).hexdigest()}')}"


def parse_arc(content: bytes, *, file: str, offset: int) -> ArcRecord:
    """The record whose line `content` begins with. RecordError if its line or its length cannot be right."""
    found = LINE.match(content)
    if found is None:
        raise RecordError(f"{file}: no WARC or ARC header at byte {offset}", file=file, offset=offset)
    rest = content[found.end() :]
    stated = found["length"]
    if not stated.isdigit() or int(stated) > len(rest):
        raise RecordError(
            f"{file}: the ARC record at byte {offset} does not have the length that it says ({stated[:20]!r})", file=file, offset=offset
        )
    url, block = found["url"].decode("utf-8", "replace"), rest[: int(stated)]
    date = _warc_date(found["date"].decode("ascii"))
    kind = "warcinfo" if url.startswith("filedesc:") else "response"
    headers = {
        "warc-version": ARC,
        "warc-type": kind,
        "warc-target-uri": url,
        "warc-date": date,
        "warc-record-id": f"<{derived_id(url, date, block)}>",
        "content-length": str(len(block)),
        "content-type": "application/warc-fields" if kind == "warcinfo" else "application/http; msgtype=response",
    }
    return ArcRecord(headers, block, rest[int(stated) :])


def _warc_date(digits: str) -> str:
    """The 14 digits of an ARC time as WARC writes it; fewer are less exact, more are fractions."""
    day = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return f"{day}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}Z" if len(digits) >= 14 else day
