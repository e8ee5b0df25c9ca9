"""How often `explain monitor` fires in sound months, and how often it finds what is wrong, at 20,000 customers.

Run it with ``python -m benchmarks.monitor_alarms``. Sound: two random halves of one population, and outcomes drawn from
the probabilities. Wrong: outcomes two points above every probability; log odds 0.8 times as far apart, with the mean
kept; and, for one numeric feature after the other, each value times 1.25, as an error in a pipeline would do.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.monitor_data import SMALL
from northstar_explain import api, metrics
from northstar_explain.contract import check, columns_of, northstar
from northstar_explain.evaluate.monitoring.calibration_fit import logit, of_rows, sigmoid
from northstar_explain.evaluate.monitoring.monitor import monitor_facts
from northstar_explain.evaluate.monitoring.run_drift import (
    decile_moves,
    feature_drift,
    migration,
    pairs,
    score_drift,
    segment_shares,
)
from northstar_explain.evaluate.monitoring.run_outcomes import calibration_alarms, cell_rates
from northstar_explain.evaluate.monitoring.triggers import triggers
from northstar_explain.evaluate.scored_runs import ScoredRun, read_run
from northstar_explain.metrics import wilson
from northstar_explain.model import Model, load
from northstar_explain.model.evaluation.limits import MONITOR_AUC_DROP
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.monitoring.monitor_facts import MonitorFacts, RunSizes, RunSummary
from northstar_explain.score.feature_drift import drift
from northstar_explain.simulate import simulate
from northstar_explain.training import Source, train

ROWS, TRAINED, MOST_FALSE = 20_000, 16_000, 0.05
DATE = datetime.date(2026, 6, 1)


@dataclass(frozen=True)
class Population:
    """Scored customers, and of each feature the fine bin of each customer: a run of some of them costs no scoring."""

    run: ScoredRun
    bins: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, model: Model, table: pa.Table, name: str) -> Population:
        """Score a table."""
        scores = api.Model(model).score(table)
        columns = columns_of(check(table, model.contract).accepted, model.contract.model_features)
        bins = {name: axis.index(columns[name]).astype(np.intp) for name, axis in model.lookup.axes.items()}
        return cls(read_run(scores.table, model, name, scores.report), bins)

    def half(self, rows: np.ndarray, model: Model) -> ScoredRun:
        """Some customers as a run with its report; ids are positions: two halves count as the same customers."""
        run, lookup = self.run, model.lookup
        counts = {name: np.bincount(bins[rows], minlength=lookup.axes[name].count) for name, bins in self.bins.items()}
        found = drift(model.scorecard, lookup, counts)
        assert run.report is not None
        report = {
            "rejected_share": run.report["rejected_share"],
            "drift": {name: {**vars(one), "shifted": one.shifted} for name, one in found.items()},
        }
        columns = {key: getattr(run, key)[rows] for key in ("segments", "deciles", "probability", "reasons")}
        ids = np.array([str(place) for place in range(len(rows))], dtype=object)
        return replace(run, ids=ids, report=report, **columns)


def drift_alarms(old: ScoredRun, new: ScoredRun, model: Model) -> tuple[str, ...]:
    """What fires before outcomes are known; the estimate of performance is left out, as it fires on drift only."""
    both, ids = pairs(old, new), [one.id for one in model.segmentation.segments]
    assert new.report is not None
    facts = MonitorFacts(
        model_id=model.id,
        runs=tuple(_bare(run, ids) for run in (old, new)),
        customers=RunSizes(len(old.ids), len(new.ids), len(both[0])),
        score_drift=score_drift(old, new),
        feature_drift=feature_drift(new.report),
        rejected_share=float(new.report["rejected_share"]),
        rejected_reasons=(),
        segments=segment_shares(old, new, ids),
        migration=migration(old.segments[both[0]], new.segments[both[1]]),
        deciles=decile_moves(old, new, both, model),
        outcomes=None,
        triggers=(),
    )  # fmt: skip
    return triggers(facts, model.contract, model.evaluation.purchase.holdout.figures[ROC_AUC])


def _bare(run: ScoredRun, ids: Sequence[str]) -> RunSummary:
    sizes = {id: int((run.segments == id).sum()) for id in ids}
    return RunSummary(run.name, len(run.ids), sizes, score_drift(run, run), None)


def outcome_alarms(run: ScoredRun, label: np.ndarray, model: Model) -> list[str]:
    """What fires once outcomes are known; without the bootstrap of the ROC-AUC, so that it fires more often."""
    p = run.probability
    spread = float(np.sqrt((p * (1 - p)).sum())) / len(p)
    fired = list(calibration_alarms(float(label.mean()), float(p.mean()), spread, of_rows(label, p)))
    fired += [one.name for one in cell_rates(label, p, {"decile": run.deciles, "segment": run.segments}) if one.off]
    low = model.evaluation.purchase.holdout.figures[ROC_AUC] - MONITOR_AUC_DROP
    return fired + ["ROC-AUC"] * (metrics.roc_auc(label, p) < low)


def share(title: str, fired: Sequence[bool]) -> float:
    """Print how often it fired, with the 95% interval of that."""
    hits, n = sum(fired), len(fired)
    low, high = wilson(hits, n)
    print(f"{title:<64}{hits:>4} of {n:<5}{hits / n:>7.1%}  [{low:.1%}, {high:.1%}]", flush=True)
    return hits / n


def flattened(p: np.ndarray) -> np.ndarray:
    """Rates whose log odds are 0.8 times as far apart, with the same mean."""
    low, high = -5.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sigmoid(middle + 0.8 * logit(p)).mean()) < p.mean() else (low, middle)
    return sigmoid(low + 0.8 * logit(p))


def scaled(table: pa.Table, model: Model) -> Iterator[tuple[str, pa.Table]]:
    """The table once for each numeric feature, its values times 1.25, within the bounds of the contract."""
    for name in sorted({name for term in model.scorecard.terms for name in term.features}):
        feature = model.contract[name]
        if not feature.kind.numeric:
            continue
        kind = table.schema.field(name).type
        values = pc.multiply(pc.cast(table[name], pa.float64()), 1.25)
        if feature.maximum is not None:
            values = pc.min_element_wise(values, feature.maximum, skip_nulls=False)
        if pa.types.is_integer(kind):
            values = pc.round(values)
        yield name, table.set_column(table.column_names.index(name), name, values.cast(kind))


def _scaled_run(model: Model, table: pa.Table) -> ScoredRun:
    everybody = Population.of(model, table, "scaled")
    return everybody.half(np.arange(len(everybody.run.ids)), model)


def main() -> None:
    """Measure, and end with 1 where false alarms are too many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200, help="sound months (default: 200)")
    parser.add_argument("--model", type=Path, help="a model folder of the shop (default: a small one is trained)")
    args = parser.parse_args()
    if args.model:
        model = load(args.model)
    else:
        model = train(Source(simulate(TRAINED, seed=1)[0], "shop"), northstar(), replace(SMALL, date=DATE)).model
    population, _ = simulate(2 * ROWS, seed=9)
    everybody = Population.of(model, population, "half")
    rng = np.random.default_rng(0)
    print(f"customers in a run: {ROWS:,}\n{'':<64}{'fired':>12}{'share':>9}  95% interval", flush=True)
    before, after, both = [], [], []
    for _ in range(args.draws):
        rows = rng.permutation(population.num_rows)
        old, new = (everybody.half(half, model) for half in (rows[:ROWS], rows[ROWS:]))
        before.append(bool(drift_alarms(old, new, model)))
        label = (rng.random(ROWS) < old.probability).astype(int)
        after.append(bool(outcome_alarms(old, label, model)))
        both.append(before[-1] or after[-1])
    share("sound: two halves of one population, before outcomes", before)
    share("sound: outcomes as predicted", after)
    false = share("sound, either of the two", both)
    p = old.probability
    for title, rate in (("every rate 2 points higher", np.clip(p + 0.02, 0, 1)), ("slope 0.8", flattened(p))):
        share(
            title, [bool(outcome_alarms(old, (rng.random(ROWS) < rate).astype(int), model)) for _ in range(args.draws)]
        )
    last = population.take(rows[ROWS:])
    found = {name: drift_alarms(old, _scaled_run(model, table), model) for name, table in scaled(last, model)}
    share("one feature x 1.25, over features", [bool(fired) for fired in found.values()])
    print("  found: " + ", ".join(name for name, fired in found.items() if fired))
    print("  not found: " + ", ".join(name for name, fired in found.items() if not fired))
    # The whole of the command once, so that what is measured here is what it does.
    assert not [one for one in monitor_facts(old, new, model).triggers if "drifted" in one] or before[-1]
    sys.exit(0 if false <= MOST_FALSE else 1)


if __name__ == "__main__":
    main()
