"""Environments beside ours, for programs that need other versions; kept in the repository's ignored folders."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from programs import require

ROOT = Path(__file__).parent.parent


def programs_of(name: str) -> Path:
    """The folder of an environment's programs, installed where its requirements have changed since.

    Parameters
    ----------
    name : str
        For example ``dbt``: the environment is ``.venv-dbt``, and ``tests/dbt-requirements.txt`` says what is in it.
        The test is skipped where that cannot be installed.
    """
    folder, requirements = ROOT / f".venv-{name}", Path(__file__).parent / f"{name}-requirements.txt"
    with (ROOT / f".venv-{name}.lock").open("w") as lock:
        # Tests of two workers may ask for it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(name, folder, requirements)
    return folder / "bin"


def _install(name: str, folder: Path, requirements: Path) -> None:
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Every package is pinned, so that none brings another.
        done = subprocess.run([*pip, "--no-deps", "-r", str(requirements)], check=False, capture_output=True, text=True)
        require(done.returncode == 0, f"{name} ({done.stderr.strip()[-200:]})", f"-r {requirements.name}")
        stamp.write_text(wanted, encoding="utf-8")
