"""Kauri and STreeD beside us: a process with an environment of its own, which works while we do."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType

import numpy as np


class Asked:
    """One question that the process has been asked; leave the context to delete its files."""

    def __init__(self, python: Path, X: np.ndarray, centres: np.ndarray, leaves: int, seconds: float) -> None:
        self._process = _process(python)
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "asked.npz"
        np.savez(self._file, X=X, centres=centres, leaves=leaves, seconds=seconds)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._file}\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, np.ndarray]:
        """Groups by peer, and ``<peer>_seconds`` with the seconds and whether it is proven; empty where it failed."""
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError("the peers' process has ended: does its Python have gemclus and pystreed?")
        with np.load(f"{self._file}.groups.npz") as found:
            return dict(found)

    def __enter__(self) -> Asked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()


@cache
def _process(python: Path) -> subprocess.Popen[str]:
    script = str(Path(__file__).with_name("price_of.py"))
    return subprocess.Popen(
        [str(python), "-W", "ignore", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
