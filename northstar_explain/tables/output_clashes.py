"""Outputs never overwrite an input, a file of a model, or another output of the same command.

Paths are compared by device and inode, so that links, hard links, ``..`` and, on a disk that ignores case, names in
other letters are recognized.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from northstar_explain.errors import Fault, OutputError

# A folder is recognized as ours by two files that no other folder has together.
_MODEL = ("a model folder", "manifest.json", ("segments.json", "scorecard.parquet", "purchase.json", "golden.parquet"))
_PACK = ("an audit pack", "SHA256SUMS", ("certificate.json", "model"))
_SCORES = ("a folder of scores", "part-00000.parquet", ("part-00000.parquet",))
_STDIN = Path("-")

_Key = tuple[object, ...]


def require_apart(outputs: Sequence[Path], inputs: Sequence[Path] = (), replaces: Path | None = None) -> None:
    """Raise OutputError unless outputs are apart from all inputs, from models, packs and scores, and from each other.

    Every command calls this before any work. An output may neither be an input, nor lie inside one, nor contain one;
    nor may it lie inside a model folder, an audit pack or a folder of scores, whether that is an input or not.

    Parameters
    ----------
    outputs : sequence of Path
        Everything that the command writes: also rejected rows, reports, tables and work folders.
    inputs : sequence of Path
        Files and folders it reads; ``-`` for standard input. A missing one is reported where it is read.
    replaces : Path, optional
        The one output that may be a model folder or an audit pack, to be replaced by its successor; that folder may be
        an input as a whole.

    Raises
    ------
    OutputError
        With the output, and what it would overwrite.
    """
    read = [(path, trail) for path in inputs if (trail := _input_trail(path))]
    own = _trail(replaces)[0] if replaces is not None else None
    written: list[tuple[Path, list[_Key]]] = []
    # Each output is compared with those before it, so two options that name one path are found too.
    for output in outputs:
        trail = _trail(output)
        may_be_replaced = trail[0] == own
        _require_outside_products(output, may_be_replaced)
        for path, other in read:
            if not (may_be_replaced and trail[0] == other[0] and _product(path)):
                _require_apart(output, trail, path, other, "input")
        for path, other in written:
            _require_apart(output, trail, path, other, "output")
        written.append((output, trail))


def local_paths(names: Path | str | Sequence[Path | str]) -> list[Path]:
    """The local paths of inputs or outputs, as `require_apart` takes them.

    Parameters
    ----------
    names : path or sequence of paths
        Files, folders, patterns such as ``week/*.parquet``, or URLs, of which only ``file:`` is local.
    """
    paths: list[Path] = []
    for name in [names] if isinstance(names, Path | str) else names:
        # As Spark takes them: a scheme before the path. A Windows drive has no `//` after its colon.
        scheme, colon, rest = str(name).partition(":")
        if colon and scheme == "file":
            name = "/" + rest.lstrip("/")
        elif colon and rest.startswith("//"):
            continue
        path = Path(name)
        paths.append(path)
        if any(sign in str(path) for sign in "*?["):
            with contextlib.suppress(OSError, ValueError):  # reported where it is read
                paths += sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    return paths


def same(one: Path, other: Path) -> bool:
    """Whether two paths are the same file or folder, or would be once created."""
    return _trail(one)[0] == _trail(other)[0]


def _require_apart(output: Path, trail: list[_Key], path: Path, other: list[_Key], what: str) -> None:
    if trail[0] == other[0] or trail[0] in _pieces(path):
        got = f"the {what} {path}" if what == "input" or output != path else f"the same path for two {what}s"
    elif other[0] in trail:
        got = f"one inside the {what} {path}"
    elif trail[0] in other:
        got = f"one that contains the {what} {path}"
    else:
        return
    raise _clash(output, f"a path apart from every {what}", got)


def _require_outside_products(output: Path, may_be_replaced: bool) -> None:
    place = Path(os.path.realpath(output))
    for folder in ([] if may_be_replaced else [place]) + list(place.parents):
        # Scores may replace a folder of scores; `require_only` keeps other outputs from it.
        if (product := _product(folder)) and not (folder == place and product == _SCORES[0]):
            got = product if folder == place else f"one inside {product}, {folder}"
            raise _clash(output, "a path outside models, audit packs and scores", got)


def _clash(output: Path, expected: str, got: str) -> OutputError:
    return OutputError(str(output), [Fault("output", expected, got, "Choose another path.")])


def _product(folder: Path) -> str | None:
    """What kind of output a folder is, if a command of ours wrote it."""
    for what, mark, others in (_MODEL, _PACK, _SCORES):
        # lexists, as a broken link still says what the folder was meant to be.
        if os.path.lexists(folder / mark) and any(os.path.lexists(folder / name) for name in others):
            return what
    return None


def _pieces(folder: Path) -> Iterator[_Key]:
    """The files of a model folder, which may have other names elsewhere (hard links)."""
    try:
        files = sorted(folder.iterdir()) if _product(folder) else []
    except OSError:
        files = []
    return (_trail(file)[0] for file in files)


def _input_trail(path: Path) -> list[_Key]:
    if path != _STDIN:
        return _trail(path)
    try:
        status = os.fstat(0)
    except OSError:  # closed
        return []
    # A pipe or a terminal on standard input is no file that an output could destroy.
    return [(status.st_dev, status.st_ino)] if stat.S_ISREG(status.st_mode) else []


def _trail(path: Path) -> list[_Key]:
    """The identity of a path, and of each folder above it, nearest first."""
    place = Path(os.path.realpath(path))
    missing: list[str] = []
    keys: list[_Key] = []
    for folder in (place, *place.parents):
        try:
            status = folder.stat()
        except (OSError, ValueError):
            missing.append(folder.name)
            continue
        if not keys:
            names = [name.casefold() for name in missing] if _ignores_case(folder) else missing
            # A path that does not exist is identified by its names below the nearest folder that does.
            keys = [(status.st_dev, status.st_ino, *names[start:][::-1]) for start in range(len(names))]
        keys.append((status.st_dev, status.st_ino))
    return keys


def _ignores_case(folder: Path) -> bool:
    """Whether the disk ignores the case of names, as far as the folder's own name shows."""
    other = folder.with_name(folder.name.swapcase()) if folder.name else folder
    try:
        return other != folder and other.samefile(folder)
    except OSError:
        return False
