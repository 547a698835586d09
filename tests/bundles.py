"""The exported reading room for tests: a fresh virtual environment from its requirements, and the server that the command of its README starts."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.building import environment
from tests.rooms import Served

COMMAND = "pip install -r requirements.txt && datasette serve ."


def clean_environment(virtual: Path) -> dict[str, str]:
    """The environment of somebody who has activated it, and knows nothing of this checkout."""
    kept = {name: value for name, value in environment(PIP_DISABLE_PIP_VERSION_CHECK="1").items() if not name.startswith("PYTHON")}
    return {**kept, "VIRTUAL_ENV": str(virtual), "PATH": f"{virtual / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def new_environment(folder: Path) -> Path:
    """An empty virtual environment with pip."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, env=environment(), cwd="/")
    return folder


@contextlib.contextmanager
def opened(bundle: Path, virtual: Path, command: str = "datasette serve .") -> Iterator[Served]:
    """The room as the command opens it in the folder, on a free port; at the end no line of it may tell of an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        ["bash", "-c", f"{command} --port {port}"], cwd=bundle, env=clean_environment(virtual), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    served = Served(f"http://127.0.0.1:{port}/", process)
    reading = threading.Thread(target=_read, args=(process, served.errors), daemon=True)
    reading.start()
    try:
        _wait(served)
        yield served
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=15)
        reading.join(timeout=5)
        if process.stdout is not None:
            process.stdout.close()
    wrong = [line for line in served.errors if re.search(r"Traceback|Internal Server Error|unexpected|defect", line)]
    assert not wrong, "".join(served.errors[-40:])


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    lines.extend(process.stdout)


def _wait(served: Served) -> None:
    """Until it listens."""
    for _ in range(1200):
        if served.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", served.port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("the room did not open: " + "".join(served.errors[-40:]))
