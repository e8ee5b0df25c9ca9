"""Faults where there is no strace: at what Python itself does to files, by its audit events.

Arrow's writes are not seen; files cut off in their midst (`space`) stand in for them.
"""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CALLS = {
    "os.rename": "rename", "os.remove": "unlink", "os.rmdir": "rmdir", "os.mkdir": "mkdir", "os.link": "link",
    "os.symlink": "symlink", "os.truncate": "ftruncate",
}  # fmt: skip
_INJECT = re.compile(r"inject=(\w+):(signal|error)=(\w+):when=(\d+)")


def install(place: Path, log: Path, inject: str | None) -> Callable[[], None]:
    """What a process calls first, so that its calls are logged as strace would, and a fault comes where it is wanted."""

    def begin() -> None:
        wanted = _INJECT.fullmatch(inject) if inject else None
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        counts: Counter[str] = Counter()

        def note(call: str, paths: str) -> None:
            counts[call] += 1
            os.write(file, f"{os.getpid()} {call}({paths})\n".encode("utf-8", "surrogateescape"))
            if wanted and (wanted[1], int(wanted[4])) == (call, counts[call]):
                if wanted[2] == "signal":
                    os.kill(os.getpid(), signal.SIGKILL)
                code = getattr(errno, wanted[3])
                raise OSError(code, os.strerror(code), str(place))

        sync = os.fsync

        def fsync(fd: Any) -> None:
            note("fsync", f'"{Path(f"/proc/self/fd/{fd}").readlink()}"')
            sync(fd)

        os.fsync = fsync

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event in _CALLS:
                note(_CALLS[event], ", ".join(f'"{os.fsdecode(a)}"' for a in args if isinstance(a, str | bytes | Path)))
            elif event == "open" and isinstance(args[0], str | bytes) and args[2] & (os.O_WRONLY | os.O_RDWR):
                note("openat", f'"{os.fsdecode(args[0])}"')
            elif event == "ctypes.dlsym" and args[1] == "renameat2":
                note("renameat2", f'"{place}"')

        sys.addaudithook(hook)

    return begin
