"""Checksums of a pack: a manifest that lists every file, and ``SHA256SUMS`` for the standard program ``sha256sum``.

A change of any byte is detected, in these two files as well: the manifest has one canonical form and holds its own
hash, and ``SHA256SUMS`` is derived from the manifest byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from northstar_explain.model.folder_format import SEAL, json_bytes
from northstar_explain.model.pack_layout import MANIFEST, SIGNATURE, SUMS

KIND = "northstar-explain audit pack"
FORMAT = 1


def sha256(data: bytes) -> str:
    """The SHA-256 in hexadecimal, as ``sha256sum`` prints it."""
    return hashlib.sha256(data).hexdigest()


def manifest_bytes(files: Mapping[str, bytes], what: Mapping[str, str], about: Mapping[str, Any]) -> bytes:
    """Write the manifest of a pack.

    Parameters
    ----------
    files : mapping
        Path inside the pack, with slashes, to the file's bytes.
    what : mapping
        Path to a description of the file.
    about : mapping
        What else the manifest holds: the model and the date.

    Returns
    -------
    bytes
    """
    listed = {
        name: {"sha256": sha256(data), "bytes": len(data), "what": what[name]} for name, data in sorted(files.items())
    }
    manifest: dict[str, Any] = {"kind": KIND, "format": FORMAT, **about, "files": listed}
    return json_bytes({**manifest, SEAL: seal(manifest)})


def listed(folder: Path) -> set[str]:
    """The files of the pack in a folder, as its manifest lists them; empty if the folder is not a pack."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        # A manifest cannot list itself, nor the sums that are derived from it.
        return {*manifest["files"], MANIFEST, SUMS, SIGNATURE} if manifest["kind"] == KIND else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def seal(manifest: Mapping[str, Any]) -> str:
    """The hash of a manifest without its own seal."""
    return sha256(json_bytes({key: value for key, value in manifest.items() if key != SEAL}))


def sums_bytes(manifest: bytes) -> bytes:
    """``SHA256SUMS`` as derived from a manifest: one line per file, including the manifest."""
    # Derived from the manifest's bytes, not from the files: a verifier can recompute it without reading them.
    sums = {name: entry["sha256"] for name, entry in json.loads(manifest)["files"].items()}
    sums[MANIFEST] = sha256(manifest)
    return "".join(f"{digest}  {escaped(name)}\n" for name, digest in sorted(sums.items())).encode()


def escaped(name: str) -> str:
    """A path as ``sha256sum`` lists it; the paths of a pack hold no character that it would escape."""
    assert "\\" not in name and "\n" not in name, name
    return name


@dataclass(frozen=True)
class FileState:
    """What is at a path: the hash of a regular file, or what there is instead of one."""

    sha256: str = ""
    instead: str = ""


NOTHING = "no such file"


def seen(folder: Path, name: str) -> FileState:
    """Hash the file at a path below a folder, without following links or blocking on pipes and devices.

    Parameters
    ----------
    folder : Path
    name : str
        As a manifest lists it.

    Returns
    -------
    FileState
        A link is not accepted even if its target is correct: elsewhere it would lead to another file.
    """
    path = folder / name
    try:
        # The folders between as well, as a link among them leads elsewhere just the same.
        if any(one.is_symlink() for one in (path, *path.parents) if one.is_relative_to(folder) and one != folder):
            return FileState(instead="a link")
        # `lstat` before opening: opening a named pipe would block until somebody writes to it.
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            return FileState(instead="a folder" if stat.S_ISDIR(mode) else "not a regular file")
        with path.open("rb") as file:
            return FileState(hashlib.file_digest(file, "sha256").hexdigest())
    except (FileNotFoundError, NotADirectoryError):
        return FileState(instead=NOTHING)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have, such as one with a null byte
        return FileState(instead=f"a file that cannot be read ({error})")


def is_inside(name: str) -> bool:
    """Whether a listed path stays inside its folder."""
    path = PurePosixPath(name)
    # A manifest comes from somebody else: it must not make a verifier read files outside of the pack.
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\n" not in name


def files_below(folder: Path) -> list[str]:
    """Every file and link below a folder, as sorted paths with slashes."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in paths)
