"""On a real standalone cluster: the master that was named, workers with an environment of their own, and their deaths."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import ID, with_cells
from pyarrow import parquet
from spark_cluster import JAVA, ROOT, RUN_S, Cluster, build_wheel, cluster, environment, make_environment, spark_home

from northstar_explain import tables
from northstar_explain.model import Model
from northstar_explain.score import run

pytestmark = pytest.mark.slow

SMALL = {
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": JAVA,
    "spark.driver.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
}
ABSENT = ("sklearn", "interpret", "pandas", "scipy", "weasyprint", "jinja2", "click", "joblib", "sqlglot")

# A session of the caller's, and a scorer that ends two of the cluster's workers in the middle of their batches.
OWN_SESSION = """
import importlib.util, json, os, signal, sys
from pathlib import Path
from pyspark.sql import SparkSession
from northstar_explain import model as models
from northstar_explain.score import Scorer, spark

master, source, model, out, marks = sys.argv[1:]
plain_score, calls = Scorer.score, []

def ancestors():
    pid = os.getppid()
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

class Mortal(Scorer):
    def score(self, ids, columns):
        calls.append(1)
        about = f"{sys.prefix} {importlib.util.find_spec('sklearn')}"
        for name in ("first", "second") if len(calls) > 1 else ():
            try:
                with open(os.path.join(marks, name), "x") as mark:
                    mark.write(about)
            except FileExistsError:
                continue
            for pid in list(ancestors()):
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"deploy.worker.Worker" in words or b"ExecutorBackend" in words:
                    os.kill(pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return plain_score(self, ids, columns)

spark.Scorer = Mortal
builder = SparkSession.builder.master(master).appName("own")
for key, value in json.loads(os.environ["SETTINGS"]).items():
    builder = builder.config(key, value)
session = builder.getOrCreate()
session.sparkContext.setLogLevel("OFF")
facts = spark.run_spark(models.load(model), [source], out, session=session)
assert session.range(3).count() == 3, "a session that was given stays open"
session.stop()
print(json.dumps(facts))
"""


@dataclass(frozen=True)
class Place:
    """A running cluster, the Python of its workers, one without our package, and customers to score."""

    cluster: Cluster
    python: Path
    bare: Path
    source: Path
    rows: list[dict[str, Any]]


@pytest.fixture(scope="module")
def place(model: Model, customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two files, of which one holds a rejected row, and what this machine makes of them."""
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'northstar-explain[spark]'")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java 17 or later, which Spark runs on")
    folder = tmp_path_factory.mktemp("cluster")
    python = make_environment(folder / "workers", build_wheel(folder))
    week = with_cells(customers.slice(0, 2_000), "sessions_30d", {5: -1})
    tables.write(week.slice(0, 700), folder / "week" / "a.parquet")
    tables.write(week.slice(700), folder / "week" / "b.parquet")
    run(model, folder / "week", folder / "ours")
    with cluster(folder / "daemons") as running:
        bare = make_environment(folder / "bare", None)
        yield Place(running, python, bare, folder / "week", rows_of(folder / "ours"))


def rows_of(path: Path) -> list[dict[str, Any]]:
    return sorted(parquet.read_table(path).to_pylist(), key=lambda row: row[ID])


def submit(place: Place, model: Path, out: Path, python: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Score by spark-submit, as the README says it."""
    settings = [word for key, value in SMALL.items() for word in ("--conf", f"{key}={value}")]
    program = [spark_home() / "bin" / "spark-submit", "--master", more.get("master", place.cluster.master), *settings]
    command = ["score", place.source, "--model", model, "--out", out, "--engine", "spark", "--quiet", "--json"]
    words = [str(word) for word in (*program, ROOT / "scripts" / "explain.py", *command)]
    pythons = environment(PYSPARK_PYTHON=str(python), PYSPARK_DRIVER_PYTHON=sys.executable)
    return subprocess.run(words, env=pythons, capture_output=True, text=True, timeout=RUN_S, cwd=out.parent)


def test_the_workers_can_import_the_scorer_and_nothing_that_learns(place: Place) -> None:
    def stderr_of(python: Path, code: str) -> str:
        return subprocess.run([python, "-P", "-c", code], capture_output=True, text=True).stderr

    script = "import importlib.util as u, sys; sys.exit(' '.join(n for n in {} if u.find_spec(n)))"
    assert stderr_of(place.python, script.format(ABSENT)).strip() == ""
    where = "import {}, northstar_explain, sys; sys.exit(northstar_explain.__file__)"
    for module in ("northstar_explain.score.spark", "pyspark.worker"):
        assert stderr_of(place.python, where.format(module)).startswith(str(place.python.parent.parent))
    assert "No module named 'northstar_explain'" in stderr_of(place.bare, "import northstar_explain")


def test_spark_submit_scores_on_the_master_it_was_given(place: Place, model_dir: Path, tmp_path: Path) -> None:
    done = submit(place, model_dir, tmp_path / "scores", place.python)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["engine"]["master"] == place.cluster.master
    assert facts["engine"]["application_id"].startswith("app-")  # as a standalone master numbers them
    assert facts["engine"]["python"] == str(place.python)
    assert facts == json.loads((tmp_path / "scores.report.json").read_text())
    assert rows_of(tmp_path / "scores") == place.rows


def test_two_workers_killed_in_the_middle_of_a_run_change_no_row(place: Place, model_dir: Path, tmp_path: Path) -> None:
    started = place.cluster.started
    script, marks, out = tmp_path / "own.py", tmp_path / "marks", tmp_path / "scores"
    script.write_text(OWN_SESSION)
    marks.mkdir()
    settings = SMALL | {"spark.sql.execution.arrow.maxRecordsPerBatch": "100", "spark.ui.enabled": "false"}
    words = [sys.executable, script, place.cluster.master, place.source, model_dir, out, marks]
    mine = environment(PYSPARK_PYTHON=str(place.python), SETTINGS=json.dumps(settings))
    done = subprocess.run([str(w) for w in words], env=mine, capture_output=True, text=True, timeout=RUN_S)
    assert done.returncode == 0, done.stderr
    for name in ("first", "second"):
        assert (marks / name).read_text() == f"{place.python.parent.parent} None"  # their environment, no sklearn
    assert place.cluster.started >= started + 2
    facts = json.loads(done.stdout)
    assert facts["engine"]["master"] == place.cluster.master
    assert (facts["rows"], facts["scored"], facts["rejected"]) == (2_000, 1_999, 1)
    assert rows_of(out) == place.rows


def test_a_task_that_fails_on_the_cluster_is_one_line(place: Place, model_dir: Path, tmp_path: Path) -> None:
    done = submit(place, model_dir, tmp_path / "scores", place.bare)
    assert done.returncode == 1
    assert done.stdout == ""
    (ours,) = [line for line in done.stderr.splitlines() if line.startswith("explain: ")]
    assert "scoring: expected workers that score every row; got ModuleNotFoundError: No module named" in ours
    assert "PYSPARK_PYTHON" in ours
    # The rest is the banner that spark-submit prints before any Python of ours runs.
    assert done.stderr.splitlines()[-1] == ours
    assert not [line for line in done.stderr.splitlines() if "Traceback" in line or "ERROR" in line or "\tat " in line]
    assert not list(tmp_path.iterdir())


def test_a_master_that_nobody_is_is_refused(place: Place, model_dir: Path, tmp_path: Path) -> None:
    done = submit(place, model_dir, tmp_path / "scores", place.python, master="spark://127.0.0.1:1")
    assert done.returncode == 1
    (ours,) = [line for line in done.stderr.splitlines() if line.startswith("explain: ")]
    assert "master spark://127.0.0.1:1: expected a master that answers; got 127.0.0.1:1: " in ours
    assert not list(tmp_path.iterdir())
