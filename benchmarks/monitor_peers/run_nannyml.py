"""NannyML beside us: a process with an environment of its own, asked for one estimate at a time."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.monitor_data import Month


def nannyml_auc(month: Month, rows: np.ndarray, python: Path) -> float:
    """The ROC-AUC that NannyML expects of some rows of a month, with the model's holdout as its reference."""
    process = _process(python)
    assert process.stdin is not None and process.stdout is not None
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(
            file, probability=month.run.probability[rows], holdout_probability=month.holdout_probability,
            holdout_label=month.holdout_label,
        )  # fmt: skip
        file.flush()
        process.stdin.write(f"{file.name}\n")
        process.stdin.flush()
        return float(process.stdout.readline())


@cache
def _process(python: Path) -> subprocess.Popen[str]:
    script = str(Path(__file__).with_name("cbpe.py"))
    return subprocess.Popen(
        [str(python), "-W", "ignore", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
