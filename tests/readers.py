"""Libraries and programs of others that read our exports back, in an environment of their own (`make .venv-readers/.installed`, or RABAT_READERS)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

BIN = Path(os.environ.get("RABAT_READERS") or Path(__file__).resolve().parents[1] / ".venv-readers" / "bin").absolute()
INSTALLED = (BIN / "python").is_file()
needs_readers = pytest.mark.skipif(not INSTALLED, reason="the readers are not installed: make .venv-readers/.installed")


def ask(script: str, *arguments: str | Path) -> Any:
    """What a script in that environment prints as JSON; its arguments are `sys.argv[1:]`. A failure shows what it said."""
    done = run("python", "-W", "ignore", "-c", f"import json, sys\n{script}", *arguments)
    return json.loads(done.stdout)


def run(program: str, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run one of the programs; its exit code must be `code`."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_PROXY": "*"}
    done = subprocess.run([BIN / program, *map(str, arguments)], capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == code, f"{program} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done
