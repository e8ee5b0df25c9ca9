"""A sample of `make torture`: killed and failed while they publish, commands leave the old outputs or the new ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def test_killed_or_failed_while_publishing_outputs_are_old_or_new(model_dir: Path, some_file: Path) -> None:
    # A process of its own, as it forks, which one with threads must not.
    command = [sys.executable, "-m", "torture.sample", str(model_dir), str(some_file)]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, capture_output=True, text=True, env=place, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    points = [int(found) for found in re.findall(r": (\d+) points, \d+ runs, all old or new whole", done.stdout)]
    assert len(points) == 5, done.stdout
    assert min(points) >= 2
