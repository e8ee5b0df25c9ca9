"""A pack made again from its own model, and compared file by file with what lies in it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.errors import Fault, NorthstarError, PackError, reading_fault
from northstar_explain.export.sql.pack_sql import pack_sql
from northstar_explain.model.deciding_part import DecidingPart, part_of
from northstar_explain.model.evaluation import FactError, from_json
from northstar_explain.model.evaluation.move_facts import Moves
from northstar_explain.model.folder_format import DECIDING
from northstar_explain.model.learned_model import Model
from northstar_explain.model.pack_layout import AGAINST, CERTIFICATE, EVIDENCE, IDS, MODEL, MOVES
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.about import parse
from northstar_explain.report.audit.pack import recompute
from northstar_explain.report.audit.pack.evidence_files import PSEUDONYM, RowNames
from northstar_explain.report.audit.pack.made_with import versions
from northstar_explain.report.audit.pack.write_pack import made_pack
from northstar_explain.verify.pack_limits import LARGEST_MOVES, decoded_fault, decompressed, unreasonable, unzipped

# The bytes of these files depend on the libraries that write them; their content does not.
_TYPESET = (".pdf", ".html")


@dataclass(frozen=True)
class Rebuilt:
    """What came of making a pack again.

    Attributes
    ----------
    same : int
        Files that are as the model gives them.
    differ : tuple of str
        Files that are not.
    not_compared : tuple of (str, str)
        Files that could not be compared, with the reason.
    figures : int
        Figures of the evaluation that follow from the evidence.
    wrong_figures : tuple of str
        Those that do not, or sets of rows that the recipe deals otherwise.
    """

    same: int
    differ: tuple[str, ...]
    not_compared: tuple[tuple[str, str], ...]
    figures: int
    wrong_figures: tuple[str, ...]


def rebuild(model: Model, pack: Path, manifest: Mapping[str, Any], progress: Callable[[str], None]) -> Rebuilt:
    """Make a pack again from its model, and recompute its figures from its evidence.

    Parameters
    ----------
    model : Model
        That of the pack.
    pack : Path
        Its files are as the manifest lists them.
    manifest : mapping
    progress : callable

    Returns
    -------
    Rebuilt

    Raises
    ------
    PackError
        When what a pack is made from, beside its model, is not what `explain audit` writes.
    """
    certificate = _certificate(pack)
    about = parse(manifest.get("statements"), str(pack))
    with _making(pack):
        made, _ = made_pack(
            model, pack_sql(model), lambda *_: certificate, about, str(manifest.get("date")), progress, _names(pack),
            _against(pack, manifest), _moves(pack, model),
        )  # fmt: skip
    progress("comparing the files with those made again")
    other = {name for name, version in versions().items() if manifest.get("versions", {}).get(name) != version}
    same, differ, not_compared = 0, [], []
    for name, data in sorted(made.data.items()):
        found = (pack / name).read_bytes() if (pack / name).is_file() else b""
        if found == data or _same_content(name, found, data):
            same += 1
        elif other and name.endswith(_TYPESET):
            not_compared.append((name, f"made with another version of {', '.join(sorted(other))}"))
        else:
            differ.append(name)
    # What is listed and made by nobody was put there.
    differ += sorted(set(manifest["files"]) - set(made.data))
    progress("recomputing the figures from the evidence")
    # What differs from the model's own evidence has been found; it may be anything, and is not read.
    sound = not any(name.startswith(f"{EVIDENCE}/") for name in differ)
    figures, wrong = _figures(pack) if sound else (0, ())
    return Rebuilt(same, tuple(differ), tuple(not_compared), figures, wrong)


@contextlib.contextmanager
def _making(pack: Path) -> Iterator[None]:
    """Name the model where no pack can be made of it: evidence or facts that do not fit the rest."""
    try:
        yield
    except PackError:
        raise
    except NorthstarError as error:  # evidence that cannot be read
        raise PackError(str(pack), [replace(one, where=f"{MODEL}/{one.where}") for one in error.faults]) from error
    # Whatever a changed table of evidence, or a figure that cannot be, makes a report fail on.
    except (
        ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError,
        pa.ArrowException,
    ) as error:  # fmt: skip
        got = f"{type(error).__name__}: {str(error)[:100]}"
        raise PackError(str(pack), [Fault(MODEL, "a model that a pack can be made of", got)]) from error


def _figures(pack: Path) -> tuple[int, tuple[str, ...]]:
    try:
        rows, (moved, _), odd = recompute.compared(pack), recompute.other_sets(pack), recompute.odd_rows(pack)
    # Whatever a changed table of evidence makes the script fail on.
    except (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError, csv.Error) as error:
        return 0, (f"{EVIDENCE}: {type(error).__name__}: {str(error)[:100]}",)
    wrong = [path for path, stored, value in rows if not recompute.apart(stored, value) <= recompute.TOLERANCE]
    told = [f"the set of {moved:,} rows"] if moved else []
    told += [f"set, segment or groups of {odd:,} rows of the holdout"] if odd else []
    return len(rows), (*wrong, *told)


def _certificate(pack: Path) -> Certificate:
    try:
        return Certificate.from_json(json.loads((pack / CERTIFICATE).read_bytes()))
    except FactError as error:
        faults = [replace(one, where=f"{CERTIFICATE}, {one.where}") for one in error.faults]
        raise PackError(str(pack), faults) from error
    except (OSError, ValueError, RecursionError) as error:
        raise PackError(str(pack), [Fault(CERTIFICATE, "a parity certificate", str(error)[:100])]) from error


def _against(pack: Path, manifest: Mapping[str, Any]) -> DecidingPart | None:
    """What the pack holds of the model that it compares with; its id follows from these files."""
    if not any(str(name).startswith(f"{AGAINST}/") for name in manifest["files"]):
        return None
    if fault := unreasonable(pack / AGAINST):
        raise PackError(str(pack), [Fault(f"{AGAINST}/{fault.where}", fault.expected, fault.got)])
    try:
        return part_of({name: (pack / AGAINST / name).read_bytes() for name in DECIDING}, pack / AGAINST)
    except OSError as error:
        raise PackError(
            str(pack), [Fault(AGAINST, f"the files {', '.join(DECIDING)}", reading_fault(error))]
        ) from error
    except NorthstarError as error:
        raise PackError(str(pack), [replace(one, where=f"{AGAINST}/{one.where}") for one in error.faults]) from error


def _moves(pack: Path, model: Model) -> Moves | None:
    """The holdout scored by two models: its table is not in the pack, so that it is taken as it is, if it fits."""
    path, deciles = pack / MOVES, [one.n for one in model.evaluation.purchase.deciles]
    if not path.exists():
        return None
    try:
        if path.stat().st_size > LARGEST_MOVES:
            raise ValueError(f"{path.stat().st_size:,} bytes")
        found = from_json(json.loads(path.read_bytes()), Moves)
    except FactError as error:
        raise PackError(str(pack), [replace(one, where=f"{MOVES}, {one.where}") for one in error.faults]) from error
    except (OSError, ValueError, RecursionError) as error:
        raise PackError(str(pack), [Fault(MOVES, "who moved, as JSON", str(error)[:100])]) from error
    if not found.lacking and [sum(column) for column in zip(*found.counts, strict=True)] != deciles:
        raise PackError(str(pack), [Fault(f"{MOVES}, counts", "as many rows of each decile as the holdout", "others")])
    # The rows are not here to be scored again, but what is said of them must add up.
    if wrong := found.contradiction:
        raise PackError(str(pack), [Fault(MOVES, "moves that add up", wrong)])
    return found


def _names(pack: Path) -> RowNames | None:
    """The ids or pseudonyms in a pack: they come from a table that is not in it, and are taken as they are."""
    if not (pack / IDS).exists():
        return None
    try:
        text = decompressed((pack / IDS).read_bytes()).decode()
        (_, column), *rows = csv.reader(io.StringIO(text, newline=""))
        if column not in ("id", PSEUDONYM):
            raise ValueError(f"a column {column[:40]!r}")
        return RowNames(column, [name for _, name in rows])
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise PackError(str(pack), [Fault(IDS, "compressed CSV of skipped and id", str(error)[:100])]) from error


def _same_content(name: str, one: bytes, other: bytes) -> bool:
    """Whether two files say the same, where their bytes depend on who compressed them."""
    try:
        if name.endswith((".gz", ".bz2")) and not name.startswith(f"{MODEL}/"):
            content = decompressed(other)
            return decompressed(one, len(content)) == content
        if name.endswith(".parquet") and not name.startswith(f"{MODEL}/"):
            second = tables.read_parquet_bytes(other)
            # A table of unknown origin, which may be a bomb.
            if decoded_fault(one, second.num_rows):
                return False
            return bool(tables.read_parquet_bytes(one).equals(second, check_metadata=True))
        if name.endswith(".xlsx"):
            made = unzipped(other)
            return unzipped(one, sum(map(len, made.values()))) == made
    except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException, zipfile.BadZipFile, NotImplementedError):
        return False
    return False
