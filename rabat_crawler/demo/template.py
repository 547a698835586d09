"""A rendered page with holes: what changes from one answer to the next (origin, form token, hit counter) is filled in when it is served."""

from __future__ import annotations

import hashlib
import re

ORIGIN = "\x01O\x01"
CSRF = "\x01T\x01"
CLOAK = "\x01C\x01"
_HOLE = re.compile(rb"\x01(O|T|C|H\d+)\x01")


def hits(base: int) -> str:
    """The hole of a hit counter that starts at `base`."""
    return f"\x01H{base}\x01"


class Template:
    """Bytes with holes. `fill` is what makes two answers of one page differ, and nothing else does."""

    __slots__ = ("_pieces", "_plain")

    def __init__(self, text: str) -> None:
        self._pieces = _HOLE.split(text.encode("utf-8"))
        self._plain = len(self._pieces) == 1

    def fill(self, origin: str, serial: int) -> bytes:
        """The page as asked on `origin` (scheme, host, port) by the `serial`-th request: token and counters come from it."""
        if self._plain:
            return self._pieces[0]
        token = hashlib.md5(b"token%d" % serial, usedforsecurity=False).hexdigest().encode()
        values = {b"O": origin.encode(), b"T": token, b"C": token[::-1]}
        pieces = self._pieces.copy()
        for index in range(1, len(pieces), 2):
            hole = pieces[index]
            pieces[index] = values[hole] if hole in values else b"%d" % (int(hole[1:]) + serial)
        return b"".join(pieces)
