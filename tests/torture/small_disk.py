"""A full disk: no file may grow beyond a limit that grows from run to run, and a small disk that is full a little later each time.

System calls that fail as a whole are what `publishing` tries. Here a file is cut off in its midst, as Arrow's own
writers meet it too, and a disk without room for the new beside the old.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from torture import prepare, state
from torture.publishing import Result, Trial
from torture.scenarios import Scenario

_STEPS = 8
_BLOCK = 4096


def every_limit(scenario: Scenario, work: Path, home: Path, share: float = 1.0) -> Result:
    """Run a scenario with files cut off at growing sizes, and on a disk of growing size.

    Parameters
    ----------
    scenario : Scenario
    work : Path
        As `prepare` filled it.
    home : Path
        For this process alone; the small disk is mounted in it.
    share : float, default 1
        Of the limits, evenly spread.

    Returns
    -------
    Result
        Its points are limits.
    """
    began = time.monotonic()
    trial = Trial(scenario, work, home)
    trial.result.unit = "limits"
    new = prepare.folder(work, scenario, "new")
    sizes = sorted({path.stat().st_size for path in new.rglob("*") if path.is_file()})
    limits = sorted({0, 1, *(size // 2 for size in sizes), *(size - 1 for size in sizes)})
    limits = limits[:: round(1 / share)]
    for limit in limits:
        trial.reset()
        _judged(trial, f"no file above {limit:,} bytes", limit)
    trial.result.points += len(limits)
    with _small_disk(trial.place) as disk:
        if disk:
            _fill(trial, scenario, work)
    trial.result.seconds = time.monotonic() - began
    return trial.result


def _fill(trial: Trial, scenario: Scenario, work: Path) -> None:
    had, need = (_room(prepare.folder(work, scenario, which)) for which in ("old", "new"))
    _resize(trial.place, had + 4 * need + (1 << 24))
    for step in range(_STEPS):
        trial.reset_within()
        size = had + _BLOCK * 2 + need * 2 * step // _STEPS
        _resize(trial.place, size)
        ended = trial.run()
        _resize(trial.place, had + 4 * need + (1 << 24))
        trial.result.runs += 1
        trial.check(f"on a disk of {size:,} bytes", ended, trial.told(ended))
    trial.result.points += _STEPS


def _judged(trial: Trial, where: str, limit: int) -> None:
    ended = trial.run(most_bytes=limit)
    trial.result.runs += 1
    trial.check(where, ended, trial.told(ended))


def _room(folder: Path) -> int:
    """What a folder takes on a disk of blocks."""
    return sum(
        -(-path.stat().st_size // _BLOCK) * _BLOCK + _BLOCK if path.is_file() else _BLOCK for path in folder.rglob("*")
    )


@contextlib.contextmanager
def _small_disk(place: Path) -> Iterator[bool]:
    """Mount a disk in memory at a folder; False where this process may not."""
    state.reset(place, None)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(place)]
    try:
        may = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        may = False
    try:
        yield may
    finally:
        if may:
            subprocess.run(["umount", str(place)], check=True)


def _resize(place: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True, capture_output=True)
