"""Runs of dbt, which has an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from second_environment import programs_of

_RUN_S = 300  # a build takes 10 s, and several times as long where many programs share a core


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
    call = [str(programs_of("dbt") / "dbt"), "--no-version-check", "--log-path", str(beside / "logs"), "build"]
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
