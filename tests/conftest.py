"""Fixtures for the whole suite: simulated customers, one small model, and its folder on disk."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# One process: starting workers takes longer than fitting machines as small as these.
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")

import pyarrow as pa
import pytest
from browser import chromium, running
from engines import ENGINES, Run, SparkRun, run_duckdb, run_sqlite
from helpers import OPTIONS, learn, less_work
from hypothesis import HealthCheck, settings
from postgres import Postgres, postgres
from programs import require
from spark_cluster import JAVA

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract, northstar
from northstar_explain.model import Model
from northstar_explain.simulate import simulate
from northstar_explain.training import Trained

# The same examples in each run, and no deadline: the machine is shared, and a slow moment is not a fault.
settings.register_profile(
    "northstar", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("northstar")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin first, so that none is still running alone at the end."""
    files = [item.nodeid.partition("::")[0] for item in items]
    slow = {file for item, file in zip(items, files, strict=True) if item.get_closest_marker("slow")}
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")  # counting lines takes a third longer, and quick tests reach them too
    items.sort(key=lambda item: item.nodeid.partition("::")[0] not in slow)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return northstar()


@pytest.fixture(scope="session")
def customers() -> pa.Table:
    """6,000 simulated customers with their label."""
    return simulate(6_000, seed=7)[0]


@pytest.fixture(scope="session")
def few(customers: pa.Table) -> pa.Table:
    """1,500 customers, enough to learn from in a second."""
    return customers.slice(0, 1_500)


@pytest.fixture(scope="session")
def some(customers: pa.Table) -> pa.Table:
    """300 customers, enough to score and quick to write."""
    return customers.slice(0, 300)


@pytest.fixture(scope="session")
def trained(customers: pa.Table, contract: Contract) -> Trained:
    return learn(customers, contract, OPTIONS)


@pytest.fixture(scope="session")
def model(trained: Trained) -> Model:
    return trained.model


@pytest.fixture(scope="session")
def model_dir(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's folder, for reading only."""
    path = tmp_path_factory.mktemp("session") / "model"
    models.save(model, path)
    return path


@pytest.fixture
def quick_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process train with `less_work`."""
    package = importlib.import_module("northstar_explain.training")
    real = package.train

    def quick(source: Any, contract: Any, options: Any, *others: Any, **named: Any) -> Any:
        return real(source, contract, less_work(options), *others, **named)

    monkeypatch.setattr(package, "train", quick)


@pytest.fixture
def model_copy(model_dir: Path, tmp_path: Path) -> Path:
    """A model folder that a test may spoil."""
    return Path(shutil.copytree(model_dir, tmp_path / "model"))


@pytest.fixture(scope="session")
def some_file(some: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 300 customers as a file, for reading only."""
    path = tmp_path_factory.mktemp("table") / "some.parquet"
    tables.write(some, path)
    return path


@pytest.fixture(scope="session")
def many_customers() -> pa.Table:
    """240,000 simulated customers, as many as Northstar has."""
    return simulate(240_000, seed=7)[0]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Spark session on two local cores, for the whole suite: it takes seconds to start. A task may fail thrice."""
    require(importlib.util.find_spec("pyspark"), "PySpark", "northstar-explain[spark]")
    require(os.environ.get("JAVA_HOME") or shutil.which("java"), "Java 17 or later", "openjdk-17-jre-headless")
    from pyspark import sql

    os.environ |= {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    place = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={place} {JAVA}",
        "spark.local.dir": str(place),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(place / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = sql.SparkSession.builder.master("local[2,4]").appName("tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a pandas that is newer than Spark has been tested with
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A running PostgreSQL, one for all tests."""
    with postgres() as server:
        yield server


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> tuple[str, Run]:
    """Each database with the name of its dialect."""
    if request.param == "spark":
        return "spark", SparkRun(request.getfixturevalue("spark"))
    if request.param == "postgres":
        return "postgres", request.getfixturevalue("postgres_server")
    return request.param, {"duckdb": run_duckdb, "sqlite": run_sqlite}[request.param]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium, one for all tests."""
    require(chromium(), "Chromium", "chromium")
    with running() as found:
        yield found
