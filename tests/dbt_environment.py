"""dbt in an environment of its own, kept in the repository's ignored folder; and runs of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from programs import require

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-dbt"
REQUIREMENTS = Path(__file__).parent / "dbt-requirements.txt"
_RUN_S = 300  # a build takes 10 s, and several times as long where many programs share a core


def dbt_program() -> Path:
    """The program, installed where the requirements have changed since; skips the test where that fails."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    stamp = ENVIRONMENT / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True, capture_output=True)
        pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, "--no-deps", "-r", str(REQUIREMENTS)], check=False, capture_output=True, text=True)
        require(done.returncode == 0, f"dbt ({done.stderr.strip()[-200:]})", f"-r {REQUIREMENTS.name}")
        stamp.write_text(wanted, encoding="utf-8")
    return ENVIRONMENT / "bin" / "dbt"


def build(project: Path, profile: dict[str, Any], **variables: str) -> dict[str, str]:
    """Run ``dbt build``; gives the status of each node by its name, such as ``success``, ``pass`` or ``fail``.

    Parameters
    ----------
    project : Path
        The folder of the package.
    profile : dict
        How dbt reaches the database.
    **variables : str
    """
    beside = project.parent
    profiles = {"northstar": {"target": "test", "outputs": {"test": profile}}}
    (beside / "profiles.yml").write_text(json.dumps(profiles), encoding="utf-8")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "PYTHONPATH"))}
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_TARGET_PATH": str(beside / "target"), "DO_NOT_TRACK": "1"}
    call = [str(dbt_program()), "--no-version-check", "--log-path", str(beside / "logs"), "build"]
    done = subprocess.run(
        [*call, "--profiles-dir", str(beside), "--vars", json.dumps(variables)],
        cwd=project, env=plain | quiet, capture_output=True, text=True, timeout=_RUN_S, check=False,
    )  # fmt: skip
    results = beside / "target" / "run_results.json"
    assert results.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    assert "Deprecat" not in done.stdout, done.stdout
    found = json.loads(results.read_text(encoding="utf-8"))["results"]
    results.unlink()
    return {_name(one["unique_id"]): one["status"] for one in found}


def _name(id: str) -> str:
    """Of ``model.northstar.scores``, ``test.northstar.NAME.HASH`` and ``unit_test.northstar.MODEL.NAME``."""
    kind, _, *names = id.split(".")
    return names[1] if kind == "unit_test" else names[0]
