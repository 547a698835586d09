"""Documents are read in a process of its own, for a native library may crash, and any file may ask for all time and memory there is.

One process reads many documents, with bounds on memory, processor time and files; what it answers is JSON, never a pickle. It ends with its parent.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, Any

from rabat_crawler.models import DocumentText, PartialDate, Problem

MAX_MEMORY = 1 << 30
"""Bytes of address space."""
MAX_SECONDS = 60
"""Seconds of processor time a document."""
MAX_WAIT = 600
"""Seconds of the clock a document, for one that only sleeps, or a machine with other work."""
CRASHED = "document_broken"
LARGEST_ANSWER = 64_000_000
PACKAGE_FOLDER = Path(__file__).resolve().parents[2]
_LENGTH = struct.Struct(">Q")


class DocumentReader:
    """Reads documents one after the other; its process starts with the first. `close` ends it, and so does the end of this object."""

    def __init__(self, *, seconds: float = MAX_SECONDS, memory: int = MAX_MEMORY, wait: float = MAX_WAIT) -> None:
        self._bounds = (str(seconds), str(memory))
        self._wait = wait
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[..., Any] | None = None
        self._read = 0

    def read(self, body: bytes) -> DocumentText:
        """What the bytes say; a crash, too much time or memory is a problem of the document."""
        from rabat_crawler.extract.documents import MAX_BYTES

        if len(body) > MAX_BYTES:
            return failed("document_too_large", f"the file has {len(body)} bytes; at most {MAX_BYTES} are read")
        before = self._read
        found = self._ask(body) or self._crashed()
        if before and found.problems and found.problems[0].code == CRASHED and self._process is None:
            found = self._ask(body) or self._crashed()  # perhaps a document before this one had left the process sick
        self._read += 1
        return found

    def _ask(self, body: bytes) -> DocumentText | None:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        alarm = threading.Timer(self._wait, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            process.stdin.write(_LENGTH.pack(len(body)))
            process.stdin.write(body)
            process.stdin.flush()
            return text_from_json(_receive(process.stdout, LARGEST_ANSWER))
        except (OSError, EOFError, ValueError, TypeError, KeyError):
            return None
        finally:
            alarm.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            paths = [str(PACKAGE_FOLDER), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rabat_crawler.archive.document_reader", *self._bounds],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )  # fmt: skip
            self._ending = weakref.finalize(self, _end, self._process)
            self._read = 0
        return self._process

    def _crashed(self) -> DocumentText:
        """Why the process gave no answer."""
        assert self._process is not None
        self._process.kill()
        code = self._process.wait()
        self.close()
        if code in (-signal.SIGPROF, -signal.SIGXCPU, -signal.SIGKILL):
            return failed("document_too_slow", f"its reading took more than {self._bounds[0]} seconds of processor time, or was killed")
        name = signal.Signals(-code).name if code < 0 and -code in set(signal.Signals) else f"exit code {code}"
        return failed(CRASHED, f"the reader of documents crashed on it, or took more than {int(self._bounds[1]) >> 20} MiB of memory ({name})")

    def close(self) -> None:
        """End the process, if there is one."""
        if self._ending is not None:
            self._ending()
        self._process = self._ending = None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()  # it keeps nothing
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def failed(code: str, message: str) -> DocumentText:
    """A document that gave nothing but a problem."""
    return DocumentText(problems=(Problem(code=code, message=message),))


def text_to_json(text: DocumentText) -> str:
    """The value as JSON."""
    return json.dumps(dataclasses.asdict(text), ensure_ascii=False)


def text_from_json(content: bytes | str) -> DocumentText:
    """The value of `text_to_json`; ValueError, TypeError or KeyError if it is none."""
    values = json.loads(content)
    dates = tuple(PartialDate(**one) for one in values.pop("dates"))
    problems = tuple(Problem(**one) for one in values.pop("problems"))
    return DocumentText(**{**values, "pages": tuple(map(str, values["pages"]))}, dates=dates, problems=problems)


def _receive(stream: IO[bytes], largest: int) -> bytes:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    size = _LENGTH.unpack(head)[0]
    if size > largest:
        raise ValueError(size)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _limit(memory: int) -> None:
    """Bounds that only the kernel can hold: memory, no core file, no written byte, few open files."""
    for name, most in (("RLIMIT_AS", memory), ("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 0), ("RLIMIT_NOFILE", 64)):
        with contextlib.suppress(ValueError, OSError, AttributeError):  # what a system does not know, it does not bound
            resource.setrlimit(getattr(resource, name), (most, most))


def main(seconds: float, memory: int) -> None:
    """Answer documents until the parent closes the pipe."""
    from rabat_crawler.extract.documents import read_document

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    bodies, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints may reach the answers
    _limit(memory)
    while True:
        try:
            body = _receive(bodies, 1 << 40)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, seconds)  # ends the process, also inside a native library
        try:
            answer = text_to_json(read_document(body)).encode("utf-8", "replace")
        except MemoryError:
            answer = text_to_json(failed("document_too_large", f"its reading takes more than {memory >> 20} MiB of memory")).encode()
        except Exception as error:  # a defect of a reader costs one document's text, never the capture
            answer = text_to_json(failed("document_broken", f"{type(error).__name__}: {error}"[:300])).encode("utf-8", "replace")
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
