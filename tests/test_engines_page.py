"""The examples of docs/guide/engines.md give the rows of `explain score`, and their exit codes are what they say."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import ID, with_cells
from pyarrow import parquet
from test_docs import DOCS, ROOT, code_blocks

from northstar_explain import api, tables
from northstar_explain.errors import TableError

sys.path.insert(0, str(ROOT))
from examples import object_storage, weekly_job

SPARK, RAY = code_blocks(DOCS / "guide" / "engines.md", "python")


@pytest.fixture
def place(model_dir: Path, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the examples read, as the current one."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model_dir, "model")
    tables.write(some, "customers.parquet")
    return tmp_path


def expected(model_dir: Path, some: pa.Table) -> list[dict[str, Any]]:
    return sorted(api.load(model_dir).score(some).table.to_pylist(), key=lambda row: str(row[ID]))


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: str(row[ID]))


def engines_python() -> str:
    """The interpreter of `make engines`, or one named by the variable; skips where there is none."""
    named = os.environ.get("NORTHSTAR_ENGINES_PYTHON", str(ROOT / ".venv-engines" / "bin" / "python"))
    if not Path(named).is_file():
        pytest.skip("no environment with Ray and moto: `make engines` makes it")
    return named


# Spark and Ray ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
def test_map_in_arrow_gives_the_same_rows(spark: Any, place: Path, model_dir: Path, some: pa.Table) -> None:
    # As a module: a function that Spark sends to workers needs the names it was defined among.
    names: dict[str, Any] = {"spark": spark, "__name__": "__main__"}
    code = SPARK.replace('"customers.parquet"', repr(f"file://{place / 'customers.parquet'}"))
    exec(compile(code, "engines.md", "exec"), names)
    names["scores"].write.parquet(f"file://{place / 'spark-scores'}")
    assert rows_of(parquet.read_table(place / "spark-scores")) == expected(model_dir, some)


@pytest.mark.slow
def test_map_batches_gives_the_same_rows(place: Path, model_dir: Path, some: pa.Table) -> None:
    python = engines_python()
    start = (
        "import ray\nray.init(num_cpus=2, include_dashboard=False, object_store_memory=10**8, log_to_driver=False)\n"
    )
    (place / "ray_scores.py").write_text(start + RAY.replace('"model"', repr(str(place / "model"))))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run([python, "ray_scores.py"], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows_of(parquet.read_table(place / "ray-scores")) == expected(model_dir, some)


# The weekly job -----------------------------------------------------------------------------------------------------


def call(place: Path, date: str, *more: str, customers: str = "customers.parquet") -> int:
    options = ["--customers", customers, "--model", "model", "--contacts", "contacts.parquet", "--consent", "ok"]
    return weekly_job.main([*options, "--weeks", str(place / "weeks"), "--date", date, *more])


def test_the_weekly_job_ends_with_the_exit_code_that_it_says(
    place: Path, some: pa.Table, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = some[ID].to_pylist()
    tables.write(pa.table({ID: ids, "ok": [True] * len(ids)}), "contacts.parquet")
    assert call(place, "2026-03-01") == weekly_job.DONE
    # The same customers a week later: nothing changed; and a scheduler may retry.
    for _ in range(2):
        assert call(place, "2026-03-08") == weekly_job.DONE
    facts = json.loads((place / "weeks/audiences/2026-03-08/audiences.json").read_text())
    assert facts["previous"] == "2026-03-01"
    assert all((one["added"], one["removed"]) == (0, 0) for one in facts["audiences"])
    assert (place / "weeks/2026-03-08/monitor.html").exists()
    tables.write(with_cells(some, "sessions_30d", dict.fromkeys(range(30), -1)), "bad.parquet")
    assert call(place, "2026-03-15", customers="bad.parquet") == weekly_job.TOO_MANY_REJECTED
    assert not (place / "weeks/2026-03-15/scores.parquet").exists()
    assert call(place, "2026-03-15", customers="none.parquet") == weekly_job.ERROR
    assert "none.parquet: file: expected a customer table; got no such file" in capsys.readouterr().err
    # One segment alone is left: the shares of segments have moved, and the audiences are written all the same.
    found = tables.read(place / "weeks/2026-03-08/scores.parquet")
    alone = pc.equal(found["segment_id"].cast(pa.string()), found["segment_id"][0].as_py())
    tables.write(some.filter(alone), "other.parquet")
    assert call(place, "2026-03-22", customers="other.parquet") == weekly_job.FIRED
    assert (place / "weeks/audiences/2026-03-22/audiences.json").exists()
    with pytest.raises(SystemExit) as usage:
        weekly_job.main(["--customers", "customers.parquet"])
    assert usage.value.code == 2


# Object storage -----------------------------------------------------------------------------------------------------


def check_storage(base: str, query: str, place: Path, model_dir: Path, some: pa.Table) -> None:
    """Write and read scores below a URL, and refuse them where they are not whole."""
    from pyarrow import fs

    model, week, scores = (f"{base}/{name}{query}" for name in ("model", "week", "scores"))
    files, root = fs.FileSystem.from_uri(f"{base}/{query}")
    root = root.rstrip("/")
    files.create_dir(f"{root}/model")
    fs.copy_files(str(model_dir), f"{root}/model", source_filesystem=fs.LocalFileSystem(), destination_filesystem=files)
    twice = with_cells(some, ID, {250: some[ID][3].as_py()})
    for number, piece in enumerate((twice.slice(0, 200), twice.slice(200))):
        tables.write(piece, place / f"{number}.parquet", overwrite=True)
        files.create_dir(f"{root}/week")
        with files.open_output_stream(f"{root}/week/{number}.parquet") as file:
            file.write((place / f"{number}.parquet").read_bytes())
    files.create_dir(f"{root}/scores")
    with pytest.raises(TableError, match=r"manifest\.json: expected the list of all files; got none"):
        object_storage.read_scores(scores)
    assert object_storage.main([model, week, scores]) == 0
    found = rows_of(object_storage.read_scores(scores))
    assert found == expected(model_dir, twice)
    assert len(found) == 298
    # A second run that ends before its manifest leaves scores that nobody takes for whole.
    with files.open_output_stream(f"{root}/scores/part-00001.parquet") as file:
        file.write(b"another run")
    with pytest.raises(TableError, match=r"part-00001\.parquet: expected the file of the manifest"):
        object_storage.read_scores(scores)
    files.delete_file(f"{root}/week/1.parquet")
    with files.open_output_stream(f"{root}/week/1.parquet") as file:
        file.write(b"no table")
    with pytest.raises(pa.ArrowInvalid):
        object_storage.score_there(model, week, scores)
    with pytest.raises(TableError, match=r"manifest\.json"):
        object_storage.read_scores(scores)


@pytest.mark.filterwarnings("ignore::northstar_explain.api.ScoringWarning")
def test_the_manifest_is_written_last_and_readers_check_it(place: Path, model_dir: Path, some: pa.Table) -> None:
    (place / "bucket").mkdir()
    check_storage(f"file://{place / 'bucket'}", "", place, model_dir, some)
    assert object_storage.main([]) == 2


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A local server that speaks S3, with one bucket: its address."""
    python = engines_python()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = subprocess.Popen(
        [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(urllib.request.Request(f"http://{address}/crm", method="PUT"), timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::northstar_explain.api.ScoringWarning")
def test_the_same_on_a_server_that_speaks_s3(s3: str, place: Path, model_dir: Path, some: pa.Table) -> None:
    check_storage("s3://crm", f"?endpoint_override={s3}&scheme=http&region=us-east-1", place, model_dir, some)
