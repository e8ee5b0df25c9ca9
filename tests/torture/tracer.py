"""Faults at single system calls of a process, by strace: which calls there are, and a kill or an error at one of them."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ROOM = ("write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range", "ftruncate", "fallocate",
         "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat")  # fmt: skip
_OTHER = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "fsync", "fdatasync")
CALLS = (*_ROOM, *_OTHER)
_ENTRY = re.compile(r"^(\d+) +(\w+)\((.*)$")


class Point(NamedTuple):
    """The `number`-th call of this name in a process that touches the output."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call} {self.number}"

    def kill(self) -> str:
        """For strace: SIGKILL as the call begins."""
        return f"inject={self.call}:signal=KILL:when={self.number}"

    def fail(self) -> str:
        """For strace: the call does nothing and fails, for want of room where it takes some."""
        return f"inject={self.call}:error={'ENOSPC' if self.call in _ROOM else 'EIO'}:when={self.number}"


def available() -> bool:
    """Whether strace is there and may trace."""
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


@contextlib.contextmanager
def attached(pid: int, log: Path, inject: str | None = None) -> Iterator[None]:
    """Trace a process that waits; what it does from then on is logged, and `inject` happens to it."""
    known = ",".join(f"?{call}" for call in CALLS)  # some machines have no rename, only renameat
    command = ["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={known}", "-p", str(pid)]
    command += ["-e", inject] if inject else []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        line = strace.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace: expected to trace a process; got {line.strip() or 'nothing'}")
        yield
        # It ends with the process that it traces.
        strace.communicate(timeout=60)


def points(log: Path, place: Path) -> list[Point]:
    """Every call in a log that touches something at or below a folder, in the order of time."""
    counts: Counter[tuple[str, str]] = Counter()
    found: dict[Point, None] = {}
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if entry := _ENTRY.match(line):
            thread, call, rest = entry.groups()
            counts[thread, call] += 1
            if f"{place}/" in rest or f"{place}>" in rest or f'{place}"' in rest:
                found[Point(call, counts[thread, call])] = None
    return list(found)
