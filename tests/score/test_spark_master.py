"""Which master a run of its own goes to, and that one fault is one line, the whole of stderr."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet
from spark_cluster import RUN_S, environment

from northstar_explain.model import Model
from northstar_explain.score import run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (os.environ.get("JAVA_HOME") or shutil.which("java")), reason="needs Java 17 or later"),
]
NOBODY = "spark://127.0.0.1:1"


def score(source: Path, model: Path, out: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    words = ["score", source, "--model", model, "--out", out, "--engine", "spark", "--quiet", "--json"]
    program = [sys.executable, "-c", "from northstar_explain.cli import main; main()"]
    command = [str(word) for word in (*program, *words)]
    mine = environment(**variables)
    return subprocess.run(command, env=mine, capture_output=True, text=True, timeout=RUN_S, cwd=source.parent)


def test_a_run_that_nobody_gave_a_master_uses_this_machine_and_this_python(
    some_file: Path, model: Model, model_dir: Path, tmp_path: Path
) -> None:
    done = score(some_file, model_dir, tmp_path / "scores")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["engine"]["master"], facts["engine"]["python"]) == ("local[*]", sys.executable)
    ours = run(model, some_file, tmp_path / "ours.parquet")
    assert ours.facts["engine"] == {"name": "local"}
    assert parquet.read_table(tmp_path / "scores").to_pylist() == parquet.read_table(ours.scores).to_pylist()
    assert not [line for line in done.stderr.splitlines() if not line.startswith("explain: ")]


@pytest.mark.parametrize("name", ["MASTER", "SPARK_MASTER", "PYSPARK_SUBMIT_ARGS", "spark-defaults.conf"])
def test_a_master_that_is_named_anywhere_is_the_one_asked(
    name: str, some_file: Path, model_dir: Path, tmp_path: Path
) -> None:
    variables = {name: f"--master {NOBODY} pyspark-shell" if name.endswith("ARGS") else NOBODY}
    if name.endswith(".conf"):
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf" / name).write_text(f"spark.master {NOBODY}\n")
        variables = {"SPARK_CONF_DIR": str(tmp_path / "conf")}
    done = score(some_file, model_dir, tmp_path / "scores", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"explain: --engine spark: master {NOBODY}: expected a master that answers; got ")
    assert not (tmp_path / "scores").exists()


@pytest.mark.parametrize("fault", ["no worker", "broken file", "no room"])
def test_one_fault_is_one_line(fault: str, some_file: Path, model_dir: Path, tmp_path: Path) -> None:
    source, out, variables = tmp_path / "some.parquet", tmp_path / "scores", {}
    spoilt = bytearray(some_file.read_bytes())
    if fault == "no worker":
        variables["PYSPARK_PYTHON"] = "/nowhere/python"
        expected = f'{source}: scoring: expected workers that score every row; got Cannot run program "/nowhere/python"'
    elif fault == "broken file":
        spoilt[1_000:3_000] = b"x" * 2_000
        expected = f"{source}: rows: expected files that Spark can read to their end; got "
    else:
        out = Path("/proc/scores")
        expected = "/proc/scores: output: expected a place that can be written; got Mkdirs failed to create"
    source.write_bytes(spoilt)
    done = score(source, model_dir, out, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"explain: {expected}")
    assert fault != "broken file" or f"file:{source}" in line.replace("///", "/")
    assert not out.exists()
