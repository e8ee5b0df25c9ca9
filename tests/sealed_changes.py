"""Single changes to a pack, each sealed again as somebody would who wants to hide it: who finds them.

    PYTHONPATH=tests python -m sealed_changes PACK 500

makes so many changes to copies of a pack and prints, by kind, how many are found with the sums kept elsewhere, and how
many without. `report/test_audit_proof.py` makes a few of them.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from helpers import reseal, reseal_pack

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.errors import NorthstarError
from northstar_explain.model.folder_format import DECIDING, identity
from northstar_explain.report.audit.pack import recompute
from northstar_explain.report.audit.pack.pack_tables import _segments, csv_bytes
from northstar_explain.verify import rebuild_pack

Change = Callable[[Path, np.random.Generator], None]


def point(pack: Path, rng: np.random.Generator) -> None:
    """The points of one bin or cell with customers, by a millionth to a whole."""
    path = pack / "model" / "scorecard.parquet"
    table = tables.read(path)
    values, customers = (table[name].to_numpy().copy() for name in ("points", "customers"))
    row = int(rng.choice(np.flatnonzero(customers > 0)))
    values[row] += float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-6, 0))
    path.write_bytes(tables.parquet_bytes(table.set_column(table.column_names.index("points"), "points", [values])))


def rule(pack: Path, rng: np.random.Generator) -> None:
    """A threshold in the segments' tree, with the same words as before."""
    path = pack / "model" / "segments.json"
    data = json.loads(path.read_bytes())
    bounds = [(test, key) for test in _tests(data["tree"]) for key in ("at_least", "below")
              if isinstance(test.get(key), int | float)]  # fmt: skip
    test, key = bounds[int(rng.integers(len(bounds)))]
    test[key] += float(rng.choice([-1, 1]) * rng.uniform(0.01, 3))
    _write(path, data)


def _tests(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "if" in node:
        yield node["if"]
        yield from _tests(node["then"])
        yield from _tests(node["else"])


def name(pack: Path, rng: np.random.Generator) -> None:
    """The name of a segment."""
    path = pack / "model" / "segments.json"
    data = json.loads(path.read_bytes())
    one = data["segments"][int(rng.integers(len(data["segments"])))]
    one["name"] += f" {rng.integers(1_000)}"
    _write(path, data)


def metric(pack: Path, rng: np.random.Generator) -> None:
    """One figure of the holdout, of a baseline, of a group, a decile or a threshold."""
    path = pack / "model" / "evaluation.json"
    data = json.loads(path.read_bytes())
    found = [(holder, key) for holder, key in _figures(data["purchase"])]
    holder, key = found[int(rng.integers(len(found)))]
    holder[key] = holder[key] + 1 if isinstance(holder[key], int) else holder[key] + 1e-6
    _write(path, data)


# What the holdout does not give: see `test_every_figure_of_the_purchase_facts_is_recomputed`.
_BESIDE = {"terms", "bootstrap_draws", "out_of_time", "group_split", "train_n", "validation_n", "decile", "chosen"}


def _figures(data: Any, of: str = "") -> Iterator[tuple[Any, Any]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if key in _BESIDE or (of == "baselines" and key == "threshold"):
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield data, key
        else:
            yield from _figures(value, str(key) if isinstance(key, str) else of)


def derived(pattern: str) -> Change:
    """One digit, letter or byte of a file that is made from the model."""

    def change(pack: Path, rng: np.random.Generator) -> None:
        files = sorted(path for path in pack.glob(pattern) if path.is_file())
        path = files[int(rng.integers(len(files)))]
        packed: Any = {".gz": gzip, ".bz2": bz2}.get(path.suffix)
        data = bytearray(packed.decompress(path.read_bytes()) if packed else path.read_bytes())
        place = int(rng.integers(len(data)))
        data[place] ^= 1 << int(rng.integers(7))
        path.write_bytes(packed.compress(bytes(data)) if packed else bytes(data))

    return change


KINDS: dict[str, Change] = {
    "points": point, "rules": rule, "names": name, "metrics": metric, "SQL": derived("sql/*.sql"),
    "cells": derived("tables/*.csv"), "evidence": derived("model/*.bz2"), "pages": derived("audit.*"),
    "programs": derived("*.py"),
}  # fmt: skip


def sealed(pack: Path, change: Change, rng: np.random.Generator) -> None:
    """Make a change, and every hash agree with it."""
    change(pack, rng)
    files = {one: (pack / "model" / one).read_bytes() for one in DECIDING}
    reseal(pack / "model", model_id=identity(files))
    reseal_pack(pack)


def found_with_sums(pack: Path, kept: str) -> bool:
    """Whether `verify --sums` has another checksum to compare with."""
    return hashlib.sha256((pack / "SHA256SUMS").read_bytes()).hexdigest() != kept


def found_without(pack: Path, kind: str, made: Path) -> bool:
    """Whether verifying finds it without: by golden rows, by figures recomputed, or by a file that is made again.

    `made` is the pack as it was: what making it again gives, as long as its model is the same.
    """
    if kind in ("points", "rules", "names"):
        try:
            model = models.load(pack / "model")
        except NorthstarError:
            return True
        # A sound model with another name: what is made from it is not the table beside it, which has the old one.
        return csv_bytes(_segments(model)) != (pack / "tables" / "segments.csv").read_bytes()
    if kind == "metrics":
        rows = recompute.compared(pack)
        return any(not recompute.apart(stored, value) <= recompute.TOLERANCE for _, stored, value in rows)
    names = [path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()]
    return any(
        not rebuild_pack._same_content(one, (pack / one).read_bytes(), (made / one).read_bytes())
        for one in names
        if (pack / one).read_bytes() != (made / one).read_bytes() and one not in ("manifest.json", "SHA256SUMS")
    )


def count(pack: Path, changes: int, seed: int = 0) -> dict[str, Counter[str]]:
    """Make so many changes, by turns of each kind, to copies of a pack; count what is found."""
    rng, counts = np.random.default_rng(seed), {kind: Counter[str]() for kind in KINDS}
    kept = hashlib.sha256((pack / "SHA256SUMS").read_bytes()).hexdigest()
    for number in range(changes):
        kind = list(KINDS)[number % len(KINDS)]
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copytree(pack, Path(folder) / "pack"))
            sealed(copy, KINDS[kind], rng)
            counts[kind] += Counter(
                made=1, with_sums=found_with_sums(copy, kept), without=found_without(copy, kind, pack)
            )
    return counts


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for kind, counted in count(Path(sys.argv[1]), int(sys.argv[2])).items():
        print(f"{kind:<10}{counted['made']:>5} made{counted['with_sums']:>5} with sums{counted['without']:>5} without")
