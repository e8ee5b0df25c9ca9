"""Hidden names beside an output, in which a run writes before it publishes, and what dead runs left under them.

Such a name says which process it belongs to (host, process id, when that process began), so that the next run can
tell what a killed run left from what a living run is writing.
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
    """A free hidden name of this process in the folder of an output."""
    name = os.fsencode(place.name)[:_LONGEST].decode(errors="ignore")
    pid = os.getpid()
    return place.with_name(f".{name}.{_host()}-{pid}-{_began(pid)}-{next(_NUMBERS)}{ending}")


def true_place(path: Path) -> Path:
    """The path from the root; of a link, what it leads to: the link stays, and that is replaced."""
    place = path.absolute()  # the path "." has no name of its own
    return place.resolve() if place.is_symlink() else place


def is_staged(path: Path) -> bool:
    """Whether a path has a hidden name as `beside` gives it, with the ending of something unpublished."""
    return bool(_NAME.fullmatch(path.name)) and not path.name.endswith(INTENT)


def remove_dead(folder: Path) -> None:
    """Remove what runs that ended on this machine left unpublished in a folder; never what a living run writes."""
    for path in _listed(folder):
        if is_staged(path) and not _lives(path.name):
            remove(path)


def intents(folder: Path) -> list[Path]:
    """Publications in a folder that have begun and not ended, in the order of their names."""
    return [path for path in _listed(folder) if path.name.endswith(INTENT) and _NAME.fullmatch(path.name)]


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there and may be removed."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for inside in path.iterdir():
                remove(inside)
            path.rmdir()
        else:
            path.unlink()


def _listed(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return sorted(Path(entry.path) for entry in found if entry.name.startswith("."))
    except OSError:  # not there, or not to be listed: then nothing can be cleared in it either
        return []


def _lives(name: str) -> bool:
    """Whether the process that a staged name belongs to may still run; of another machine, nobody can tell."""
    found = _NAME.fullmatch(name)
    if found is None or found["host"] != _host() or os.name == "nt":  # there, to ask for a process is to end it
        return True
    pid = int(found["pid"])
    if pid == os.getpid() and int(found["began"]) == _began(pid):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    # Another process may have the number by now, or the old one waits to be collected by its parent.
    return _state(pid) not in ("Z", "X") and _began(pid) in (0, int(found["began"]))


@functools.cache
def _host() -> str:
    """This machine; a container counts as one of its own, since its process ids are."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:8]


def _began(pid: int) -> int:
    """When a process began, in clock ticks since the machine did; 0 where the system does not tell."""
    fields = _fields(pid)
    return int(fields[19]) if fields else 0


def _state(pid: int) -> str:
    fields = _fields(pid)
    return fields[0] if fields else ""


def _fields(pid: int) -> list[str]:
    """What Linux says of a process, after its name, which may hold blanks and parentheses."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
