"""What several tests share: the command line as a function, folders compared byte for byte, tables with one fault."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pypdf
from click.testing import CliRunner, Result

from northstar_explain import tables
from northstar_explain.cli.main import group
from northstar_explain.contract import Contract
from northstar_explain.learn import fit_purchase_model, fit_segments
from northstar_explain.model.folder_format import MANIFEST, SEAL, json_bytes
from northstar_explain.model.pack_layout import SUMS
from northstar_explain.report.audit.pack import checksums
from northstar_explain.training import Earlier, Source, Trained, TrainingOptions, train

# Small, so that a model is learned in seconds; large enough to hold pairs, bags and segments of two rules.
OPTIONS = TrainingOptions(
    seed=1,
    date=datetime.date(2026, 3, 1),
    segments=fit_segments.SegmentOptions(k=4, rules=2, conditions=3, draws=2, tries=1, resample_tries=1, curve=2),
    purchase=fit_purchase_model.PurchaseModelOptions(interactions=3, outer_bags=2, max_bins=64),
    experiments=False,
    draws=20,
)
TINY = TrainingOptions(
    seed=1,
    date=datetime.date(2026, 3, 1),
    segments=fit_segments.SegmentOptions(k=3, rules=1, conditions=2, draws=2, tries=1, resample_tries=1, curve=1),
    purchase=fit_purchase_model.PurchaseModelOptions(interactions=1, outer_bags=1, max_bins=16),
    experiments=False,
    draws=10,
)
ID, LABEL = "customer_id", "purchased_next_30d"


def learn(
    table: pa.Table,
    contract: Contract,
    options: TrainingOptions,
    later: pa.Table | None = None,
    earlier: Earlier | None = None,
) -> Trained:
    """Train on a table."""
    after = Source(later, "later") if later is not None else None
    return train(Source(table, "customers"), contract, options, later=after, earlier=earlier)


def less_work(options: TrainingOptions) -> TrainingOptions:
    """The same options with as little evidence and as small a machine as `TINY` has, for commands that train."""
    asked = options.segments
    segments = replace(TINY.segments, k=asked.k or 4, rules=asked.rules, conditions=asked.conditions)
    return replace(options, segments=segments, purchase=TINY.purchase, draws=TINY.draws)


def explain(*args: object) -> Result:
    """Run the command; anything but a clean exit fails the test that called it."""
    return CliRunner().invoke(group, [str(arg) for arg in args], prog_name="explain", catch_exceptions=False)


def every_command() -> dict[str, click.Command]:
    """Every command by its name, such as ``train`` or ``campaign plan``, in the order of help."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        inner = command.commands if isinstance(command, click.Group) else None
        found |= {f"{name} {one}": below for one, below in inner.items()} if inner else {name: command}
    return found


def command_of(call: list[str]) -> tuple[str, click.Command, list[str]]:
    """The command that the words after `explain` call: its name, itself, and its own words."""
    names = 2 if isinstance(group.commands[call[0]], click.Group) else 1
    name = " ".join(call[:names])
    return name, every_command()[name], call[names:]


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder with its bytes; None for folders."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in paths}


def refused(folder: Path, *args: object, code: int = 1) -> str:
    """Run a command that must fail, leave the folder as it was, and say so on stderr alone; give what it said."""
    before = contents(folder)
    result = explain(*args)
    assert result.exit_code == code, result.output
    assert contents(folder) == before
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return plain(result.stderr)


def plain(text: str) -> str:
    """Text with every stretch of white space as one space, so that a line break does not hide a word."""
    return " ".join(text.split())


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with one column replaced."""
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    return table.set_column(table.column_names.index(name), name, column)


def with_cells(table: pa.Table, name: str, cells: Mapping[int, Any], type: pa.DataType | None = None) -> pa.Table:
    """The table with some cells of one column replaced; `type` where the column's own would not hold them."""
    values = table[name].to_pylist()
    for row, value in cells.items():
        values[row] = value
    return with_column(table, name, pa.array(values, type or table[name].type))


def write_csv(path: Path, rows: Iterable[Iterable[str]]) -> Path:
    """A CSV file whose cells are written as they are, quoted each."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def reseal(folder: Path, **changes: object) -> None:
    """Make a manifest agree with the files beside it again, as somebody would who wants to hide a change."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    manifest |= changes
    del manifest[SEAL]
    manifest[SEAL] = hashlib.sha256(json_bytes(manifest)).hexdigest()
    (folder / MANIFEST).write_bytes(json_bytes(manifest))


def reseal_pack(folder: Path) -> None:
    """Update manifest and checksums to match the files, as somebody would to hide a change."""
    old = json.loads((folder / MANIFEST).read_bytes())
    names = [name for name, data in contents(folder).items() if data is not None and name not in (MANIFEST, SUMS)]
    what = {name: old["files"].get(name, {}).get("what", "?") for name in names}
    rest = {key: old[key] for key in ("model_id", "date", "statements", "versions")}
    manifest = checksums.manifest_bytes({name: (folder / name).read_bytes() for name in names}, what, rest)
    (folder / MANIFEST).write_bytes(manifest)
    (folder / SUMS).write_bytes(checksums.sums_bytes(manifest))


def around(cuts: Iterable[float]) -> list[float]:
    """Each cut, and the next float to either side."""
    return [float(x) for cut in cuts for x in (np.nextafter(cut, -np.inf), cut, np.nextafter(cut, np.inf))]


def read(path: Path) -> pa.Table:
    """A table that a command wrote."""
    return tables.read(path)


def digits(text: str) -> list[str]:
    """The numbers in a text, without separators of thousands."""
    return re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))


def smallest_type(pdf: bytes) -> float:
    """The size of the smallest letters of a PDF, in points to one digit; those inside charts are not seen."""
    sizes = []

    def look(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip():
            sizes.append(round(abs(size * tm[3] * cm[3]), 1))

    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=look)
    return min(sizes)
