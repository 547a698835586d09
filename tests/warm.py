"""The program in a process of its own that need not import its modules first: forked from one that has.

A test that runs the program to its end asks `run`; what it gets is a real process with its own arguments, environment, folder and exit code.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NOT_FORKED = ("PYTHON", "LANG", "LC_")
"""Python reads these before its first line: whoever changes one gets a process from the beginning."""
NOT_IMPORTED = ("rabat_crawler.web", "rabat_crawler.__main__", "rabat_crawler.demo.__main__")


def run(arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, its warnings errors; TimeoutExpired after so many seconds."""
    if any(name.startswith(NOT_FORKED) and environment[name] not in (os.environ.get(name), "utf-8") for name in environment):
        words = [sys.executable, "-W", "error", "-m", "rabat_crawler", *arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=seconds, env=dict(environment), encoding="utf-8", check=False)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        server = _server()
        asked = json.dumps({"arguments": list(arguments), "environment": dict(environment), "folder": os.getcwd()})
        socket.send_fds(server, [asked.encode()], [out.fileno(), said.fileno()])
        pid = int(server.recv(100))
        try:
            server.settimeout(seconds)
            status = int(server.recv(100))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            server.settimeout(None)
            server.recv(100)
            raise subprocess.TimeoutExpired(list(arguments), seconds) from None
        texts = []
        for file in (out, said):
            file.seek(0)
            texts.append(file.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(list(arguments), os.waitstatus_to_exitcode(status), *texts)


def run_program(command: Sequence[str], seconds: float, environment: Mapping[str, str] = os.environ) -> subprocess.CompletedProcess[str]:
    """The same for a whole command line as `subprocess.run` takes it; warnings are errors even where it does not say so."""
    return run(command[command.index("rabat_crawler") + 1 :], environment, seconds)


@functools.cache
def _server() -> socket.socket:
    """The end of a socket at which the warm process listens, started once in a process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        words = [sys.executable, "-W", "error", "-m", "tests.warm", str(theirs.fileno())]
        process = subprocess.Popen(words, pass_fds=[theirs.fileno()], cwd=Path(__file__).parent.parent, stdin=subprocess.DEVNULL)

    def end() -> None:
        ours.close()
        process.wait(10)

    atexit.register(end)
    return ours


def _import_all() -> None:
    import rabat_crawler

    for module in pkgutil.walk_packages(rabat_crawler.__path__, "rabat_crawler."):
        if not module.name.startswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    if "twisted.internet.reactor" in sys.modules:
        raise SystemExit("a reactor cannot be shared with forked processes; some module imports it too early")
    gc.collect()
    gc.freeze()


def _become_the_program(asked: dict[str, object], out: int, said: int) -> None:
    os.dup2(out, 1)
    os.dup2(said, 2)
    os.close(out)
    os.close(said)
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding="utf-8", write_through=True) for number in (1, 2))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    time.tzset()
    random.seed()
    os.chdir(str(asked["folder"]))
    sys.argv = ["rabat-crawler", *asked["arguments"]]  # type: ignore[misc]


def _serve(end: socket.socket) -> bool:
    """Fork a process for each request; True in the process that is to be the program, False once nobody asks any more."""
    while True:
        message, numbers, _, _ = socket.recv_fds(end, 1 << 20, 2)
        if not message:
            return False
        pid = os.fork()
        if pid == 0:
            end.close()
            _become_the_program(json.loads(message), *numbers)
            return True
        for number in numbers:
            os.close(number)
        with contextlib.suppress(OSError):
            end.send(str(pid).encode())
            end.send(str(os.waitpid(pid, 0)[1]).encode())


if __name__ == "__main__":
    _import_all()
    if _serve(socket.socket(fileno=int(sys.argv[1]))):
        from rabat_crawler.cli import main

        main()
