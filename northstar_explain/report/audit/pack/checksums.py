"""Checksums of a pack: a manifest that lists every file, and ``SHA256SUMS``, which any machine can check by itself.

Nothing in them is free to change: the manifest is written in one way only and carries its own seal, and the sums follow
from the manifest to the byte. So a change of any byte anywhere shows.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from northstar_explain.model.folder import SEAL, json_bytes
from northstar_explain.model.pack_layout import MANIFEST, SUMS

KIND = "northstar-explain audit pack"
FORMAT = 1


def sha256(data: bytes) -> str:
    """The hash, as ``sha256sum`` writes it."""
    return hashlib.sha256(data).hexdigest()


def manifest_bytes(files: Mapping[str, bytes], what: Mapping[str, str], about: Mapping[str, Any]) -> bytes:
    """The manifest of a pack.

    Parameters
    ----------
    files : mapping
        Path inside the pack, with slashes, to the file's bytes.
    what : mapping
        Path to what the file is, in words.
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
    """The files that a pack's manifest names, with manifest and sums; none where the folder is no pack."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return {*manifest["files"], MANIFEST, SUMS} if manifest["kind"] == KIND else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def seal(manifest: Mapping[str, Any]) -> str:
    """The hash of a manifest without its seal."""
    return sha256(json_bytes({key: value for key, value in manifest.items() if key != SEAL}))


def sums_bytes(manifest: bytes) -> bytes:
    """``SHA256SUMS`` as it follows from a manifest: a line a file, the manifest among them."""
    sums = {name: entry["sha256"] for name, entry in json.loads(manifest)["files"].items()}
    sums[MANIFEST] = sha256(manifest)
    return "".join(f"{digest}  {escaped(name)}\n" for name, digest in sorted(sums.items())).encode()


def escaped(name: str) -> str:
    """A path as ``sha256sum`` lists it; the paths of a pack hold nothing that it would have to escape."""
    assert "\\" not in name and "\n" not in name, name
    return name


@dataclass(frozen=True)
class Seen:
    """What stands at a path: the hash of a plain file, or else what there is in its place."""

    sha256: str = ""
    instead: str = ""


NOTHING = "no such file"


def seen(folder: Path, name: str) -> Seen:
    """Look at a path below a folder without following links and without waiting for what is no file.

    Parameters
    ----------
    folder : Path
    name : str
        As a manifest lists it.

    Returns
    -------
    Seen
        A link is no file, be its target ever so right: who follows it elsewhere reads something else.
    """
    path = folder / name
    try:
        if any(one.is_symlink() for one in (path, *path.parents) if one.is_relative_to(folder) and one != folder):
            return Seen(instead="a link")
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            return Seen(instead="a folder" if stat.S_ISDIR(mode) else "a thing that is no file")
        with path.open("rb") as file:
            return Seen(hashlib.file_digest(file, "sha256").hexdigest())
    except (FileNotFoundError, NotADirectoryError):
        return Seen(instead=NOTHING)
    except (OSError, ValueError) as error:  # the latter for a name that no file can have
        return Seen(instead=f"a file that cannot be read ({error})")


def is_inside(name: str) -> bool:
    """Whether a listed path stays inside its folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\n" not in name


def files_below(folder: Path) -> list[str]:
    """Every file and link below a folder, as paths with slashes, in order."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found)
