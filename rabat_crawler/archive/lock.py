"""One writer at a time: an flock on `state/lock`, freed by the kernel when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from rabat_crawler.errors import ArchiveLocked


class WriteLock:
    """Holds the archive for writing until `release` or the end of the process. ArchiveLocked names the holder."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "lock"
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._handle, 32, 0).decode("ascii", "replace").strip()
            os.close(self._handle)
            pid = int(holder) if holder.isdigit() else None
            raise ArchiveLocked(
                f"another process{f' (pid {pid})' if pid else ''} is writing to {state_dir.parent}; wait until it ends, or stop it, and run the command again",
                pid=pid,
            ) from None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the archive free; a second call does nothing."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> WriteLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def lock_holder(state_dir: Path) -> int | None:
    """The process that holds the archive for writing, 0 if it is not known which; None if nobody does. Changes nothing."""
    try:
        handle = os.open(state_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        if not holder:  # given free: not to be tried, for a writer could begin at this moment
            return None
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(holder) if holder.isdigit() else 0
    except OSError:
        return None
    finally:
        os.close(handle)
    return None


def alive(pid: int) -> bool:
    """True if a process has that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
