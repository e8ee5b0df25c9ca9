"""Hidden temporary names beside an output, and removal of those that killed runs left.

A name contains its process (host, process id, start time), so that the next run can tell the files of a killed run from
those of a running one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import re
import socket
from pathlib import Path

PART, INTENT = ".part", ".intent"
_NAME = re.compile(r"\..*\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<began>\d+)-\d+\.(part|part\.old|intent)", re.DOTALL)
_LONGEST = 100  # bytes kept of the output's own name: the file system has room for 255
_NUMBERS = itertools.count()


def beside(place: Path, ending: str = PART) -> Path:
    """A new hidden name of this process in the folder of an output."""
    # Cut in bytes, as the limit of file systems is in bytes; half a character is dropped.
    name = os.fsencode(place.name)[:_LONGEST].decode(errors="ignore")
    pid = os.getpid()
    return place.with_name(f".{name}.{_host()}-{pid}-{_began(pid)}-{next(_NUMBERS)}{ending}")


def true_place(path: Path) -> Path:
    """The absolute path; of a link, its target, so that the link stays and its target is replaced."""
    place = path.absolute()  # "." has no name
    return place.resolve() if place.is_symlink() else place


def is_staged(path: Path) -> bool:
    """Whether a path has a name that `beside` gave, for something not published yet."""
    return bool(_NAME.fullmatch(path.name)) and not path.name.endswith(INTENT)


def remove_dead(folder: Path) -> None:
    """Remove from a folder what ended runs of this machine left unpublished; never the files of a running one."""
    for path in _listed(folder):
        if is_staged(path) and not _is_running(path.name):
            remove(path)


def intents(folder: Path) -> list[Path]:
    """Unfinished publications in a folder, sorted by name."""
    return [path for path in _listed(folder) if path.name.endswith(INTENT) and _NAME.fullmatch(path.name)]


def remove_dead_link(path: Path) -> None:
    """Remove a link to an intent that is completed, once the run that made the link has ended."""
    if path.is_symlink() and not path.exists() and not _is_running(path.name):
        remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder with its content, if it exists and permissions allow it."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for inside in path.iterdir():
                remove(inside)
            path.rmdir()
        else:
            path.unlink()


def _listed(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.startswith("."))
    except OSError:  # missing, or not listable: then nothing can be removed from it either
        return []


def _is_running(name: str) -> bool:
    """Whether the process of a staged name may still run; True where it is of another machine, as that is unknown."""
    match = _NAME.fullmatch(name)
    if match is None or match["host"] != _host() or os.name == "nt":  # on Windows, os.kill(pid, 0) ends the process
        return True
    pid = int(match["pid"])
    if pid == os.getpid() and int(match["began"]) == _began(pid):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    # The id may be reused by now, or the process may be a zombie.
    return _state(pid) not in ("Z", "X") and _began(pid) in (0, int(match["began"]))


@functools.cache
def _host() -> str:
    """Identifies this machine; a container counts as one, since it has process ids of its own."""
    try:
        # Two containers may have one host name, but a process id means something only in its own namespace.
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]


def _began(pid: int) -> int:
    """Start time of a process in clock ticks since boot; 0 where the system does not provide it."""
    fields = _fields(pid)
    return int(fields[19]) if fields else 0


def _state(pid: int) -> str:
    fields = _fields(pid)
    return fields[0] if fields else ""


def _fields(pid: int) -> list[str]:
    """Fields of a process in Linux' /proc after its name, which may contain blanks and parentheses."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
