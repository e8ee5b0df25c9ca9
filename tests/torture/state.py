"""What stands in a folder, as digests: to be compared with what stood there before and what should stand there after."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

State = dict[str, str]


def visible(place: Path) -> State:
    """Relative path to SHA-256 of everything below a folder that a user sees.

    Folders have an empty digest, and count if a file is in them: a killed run cannot remove one that it had made.
    """
    seen = {name: path for name, path in _below(place) if not _is_hidden(name.split("/"))}
    files = {name: path for name, path in seen.items() if not path.is_dir()}
    filled = {name for name in seen if any(file.startswith(f"{name}/") for file in files)}
    return {name: _digest(files[name]) if name in files else "" for name in seen if name in files or name in filled}


def hidden(place: Path) -> list[str]:
    """Names of hidden files and folders directly in a folder or in a folder of it."""
    return [name for name, _ in _below(place) if _is_hidden(name.split("/")[-1:])]


def reset(place: Path, to: Path | None) -> None:
    """Make a folder hold what another holds, and nothing else."""
    shutil.rmtree(place, ignore_errors=True)
    if to is None:
        place.mkdir(parents=True)
    else:
        shutil.copytree(to, place, symlinks=True)


def refill(place: Path, to: Path | None) -> None:
    """The same for a folder that must itself stay."""
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if to is not None:
        shutil.copytree(to, place, symlinks=True, dirs_exist_ok=True)


def changes(found: State, wanted: State) -> str:
    """In what a state differs from another, for people."""
    lines = [f"{name} missing" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"{name} too many" for name in sorted(found.keys() - wanted.keys())]
    lines += [f"{name} other bytes" for name in sorted(found.keys() & wanted.keys()) if found[name] != wanted[name]]
    return ", ".join(lines[:4]) + (f" and {len(lines) - 4} more" if len(lines) > 4 else "")


def _below(place: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(place.rglob("*")):
        yield str(path.relative_to(place)), path


def _is_hidden(parts: list[str]) -> bool:
    return any(part.startswith(".") for part in parts)


def _digest(path: Path) -> str:
    data = path.read_bytes()
    if path.name.endswith(".report.json"):
        data = _without_times(data)
    return hashlib.sha256(data).hexdigest()


def _without_times(data: bytes) -> bytes:
    """A run report without how long the run took, which no two runs share."""
    try:
        facts = json.loads(data)
    except ValueError:
        return data
    facts.pop("seconds", None)
    return json.dumps(facts, sort_keys=True).encode()
