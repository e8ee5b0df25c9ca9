"""`explain score` beside what else would score the same customers, as whole processes, in one run.

Run it with ``python -m benchmarks.score``. The first time, it simulates the customers and trains on them, which takes
some minutes; what it makes is kept in outputs/bench.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

PEERS = Path(__file__).parent / "score_peers"
HINT = "LightGBM is not installed: pip install lightgbm"


@dataclass(frozen=True)
class Measured:
    """One whole process.

    Attributes
    ----------
    wall, cpu : float
        Seconds.
    memory : int
        Peak resident set in bytes.
    """

    wall: float
    cpu: float
    memory: int


def measure(command: Sequence[str | Path]) -> Measured:
    """Run a command to its end."""
    since = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - since
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[1]} failed with exit code {process.returncode}")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def typical(runs: Sequence[Measured]) -> Measured:
    """The median of several runs, of memory the highest."""
    return Measured(median(run.wall for run in runs), median(run.cpu for run in runs), max(run.memory for run in runs))


def prepare(folder: Path, customers: int) -> None:
    """Simulate customers, train on them, and pickle what the script of a data scientist would load."""
    from northstar_explain import model as models
    from northstar_explain import tables, training
    from northstar_explain.contract import northstar
    from northstar_explain.learn import fit_purchase_model
    from northstar_explain.simulate import simulate

    folder.mkdir(parents=True, exist_ok=True)
    table = simulate(customers, seed=7)[0]
    tables.write(table, folder / "customers.parquet", overwrite=True)
    fit, machines = fit_purchase_model.fit, []

    def kept(*args: Any, **named: Any) -> Any:
        machines.append(fit(*args, **named))
        return machines[-1]

    fit_purchase_model.fit = kept  # the very EBM that is compiled is pickled
    try:
        contract = northstar()
        trained = training.train(training.Source(table, "customers"), contract, training.TrainingOptions(seed=7), print)
    finally:
        fit_purchase_model.fit = fit
    features = [feature.name for feature in contract.model_features]
    likeness = [name for theme in trained.model.evaluation.segments.themes for name in theme.features]
    scaler, kmeans = _clusters(table, likeness, trained.model.evaluation.segments.k)
    (folder / "ebm.pickle").write_bytes(pickle.dumps((machines[0], scaler, kmeans, features, likeness)))
    if find_spec("lightgbm"):
        booster = _booster(table, features, contract.label)
        (folder / "lightgbm.pickle").write_bytes(pickle.dumps((booster, scaler, kmeans, features, likeness)))
    models.save(trained.model, folder / "model", overwrite=True)


def _clusters(table: Any, likeness: list[str], k: int) -> tuple[Any, Any]:
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    X = table.select(likeness).to_pandas()
    scaler = StandardScaler().fit(X)
    return scaler, KMeans(k, n_init=3, random_state=0).fit(scaler.transform(X))


def _booster(table: Any, features: list[str], label: str) -> Any:
    import lightgbm

    X = table.select(features).to_pandas()
    X = X.apply(lambda column: column if column.dtype.kind in "if" else column.astype("category"))
    data = lightgbm.Dataset(X, table[label].to_numpy())
    settings = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.05, "verbose": -1, "seed": 0}
    return lightgbm.train(settings, data, num_boost_round=300)


def largest_gap(folder: Path, names: dict[str, Path]) -> float:
    """The largest difference between our probability and the script's, over all customers."""
    import numpy as np
    from pyarrow import csv

    ours, theirs = (csv.read_csv(names[name])["probability"].to_numpy() for name in ("explain score", "script"))
    return float(np.abs(ours - theirs).max())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("outputs/bench"))
    parser.add_argument("--customers", type=int, default=240_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    folder: Path = args.folder
    if not (folder / "model" / "manifest.json").is_file():
        prepare(folder, args.customers)
    python, customers = sys.executable, folder / "customers.parquet"
    outs = {name: folder / f"{name.replace(' ', '-')}.csv" for name in ("floor", "script", "explain score", "lightgbm")}
    explain: list[str | Path] = [
        python,
        "-c",
        "from northstar_explain.cli import main; main()",
        "score",
        customers,
        "--quiet",
    ]
    commands: dict[str, list[str | Path]] = {
        "floor": [python, PEERS / "floor.py", customers, outs["floor"]],
        "explain score": [*explain, "--model", folder / "model", "--out", outs["explain score"], "--overwrite"],
    }
    if (folder / "ebm.pickle").is_file():  # a model that was put there may come without
        commands["script"] = [python, PEERS / "script.py", customers, folder / "ebm.pickle", outs["script"]]
    runs: dict[str, list[Measured]] = {name: [] for name in commands}
    for command in commands.values():
        measure(command)  # once for the files to be in memory
    for _ in range(args.rounds):  # in turns, so that other load meets all of them
        for name, command in commands.items():
            runs[name].append(measure(command))
    if (folder / "lightgbm.pickle").is_file():
        peer: list[str | Path] = [
            python,
            PEERS / "lightgbm_shap.py",
            customers,
            folder / "lightgbm.pickle",
            outs["lightgbm"],
        ]
        runs["lightgbm"] = [measure(peer)]
    else:
        print(HINT)
    show({name: typical(measured) for name, measured in runs.items()}, args.rounds)
    if "script" in commands:
        gap = largest_gap(folder, outs)
        print(f"largest difference between the probabilities of explain score and of the script: {gap:.1e}")
    cpu = median(ours.cpu / floor.cpu for floor, ours in zip(runs["floor"], runs["explain score"], strict=True))
    print(f"CPU of explain score relative to the floor's, median of {args.rounds} pairs: {cpu:.2f}")


def show(results: dict[str, Measured], rounds: int) -> None:
    """Write the table, and the ratios that matter."""
    titles = {
        "floor": "reading and writing alone, PyArrow",
        "explain score": "`explain score`: checked, scored, reported",
        "script": "pandas, pickled EBM and KMeans",
        "lightgbm": "pandas, LightGBM and its SHAP contributions",
    }
    print(f"| whole process, median of {rounds} | seconds | CPU seconds | peak MB | of the floor | of the script |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, one in results.items():
        ratios = [one.wall / results[other].wall if other in results else float("nan") for other in ("floor", "script")]
        cells = [titles[name], f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.memory / 1e6:.0f}"]
        print(f"| {' | '.join(cells + [f'{ratio:.2f}' for ratio in ratios])} |")


if __name__ == "__main__":
    main()
