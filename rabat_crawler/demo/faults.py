"""What goes wrong at the demo's web archive: by the number of the request or by its address, never by chance."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

from rabat_crawler.demo.site import Response


class ConnectionDropped(Exception):
    """Instead of an answer: the connection is to be reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong with requests whose path contains `path`, from the `first` of them to the `last` (None: for ever), counted from 1.

    `answer`: a status, "reset" for a connection reset, 0 for the true answer after a pause of `seconds`. `retry_after`: seconds, sent as they are or,
    with `as_date`, as the date that they lead to.
    """

    answer: int | Literal["reset"] = 0
    path: str = ""
    first: int = 1
    last: int | None = None
    seconds: float = 0.0
    retry_after: int | None = None
    as_date: bool = False


def too_many(first: int, *, count: int = 1, retry_after: int | None = 1, as_date: bool = False, path: str = "") -> Fault:
    """A 429 for `count` requests from the `first` on."""
    return Fault(answer=429, path=path, first=first, last=first + count - 1, retry_after=retry_after, as_date=as_date)


def block(after: int, *, answer: int | Literal["reset"] = "reset", retry_after: int | None = None) -> Fault:
    """After so many requests nothing is answered any more: every connection reset, or the same status for everything."""
    return Fault(answer=answer, first=after + 1, retry_after=retry_after)


def slow(path: str, seconds: float) -> Fault:
    """A pause before each answer to a path that contains `path`."""
    return Fault(path=path, seconds=seconds)


class Faults:
    """Faults with their counts; safe to use from several threads. Of two faults that meet, the first listed one counts; both go on counting."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        self._counts = [0] * len(self.faults)
        self._guard = threading.Lock()

    def strike(self, path: str) -> Response | None:
        """The wrong answer to a request, None if it is to be answered truly. Sleeps for a slow one; ConnectionDropped for a reset."""
        fault = self._due(path)
        if fault is None:
            return None
        if fault.seconds:
            time.sleep(fault.seconds)
        if fault.answer == "reset":
            raise ConnectionDropped
        return _refusal(fault, fault.answer) if fault.answer else None

    def _due(self, path: str) -> Fault | None:
        found = None
        with self._guard:
            for index, fault in enumerate(self.faults):
                if fault.path not in path:
                    continue
                self._counts[index] += 1
                number = self._counts[index]
                if found is None and fault.first <= number and (fault.last is None or number <= fault.last):
                    found = fault
        return found


def _refusal(fault: Fault, status: int) -> Response:
    headers = [("Content-Type", "text/html; charset=utf-8")]
    if fault.retry_after is not None:
        value = formatdate(time.time() + fault.retry_after, usegmt=True) if fault.as_date else str(fault.retry_after)
        headers.append(("Retry-After", value))
    return Response(status, tuple(headers), f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n".encode())
