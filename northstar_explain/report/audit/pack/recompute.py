"""Recompute every figure of the performance and of the groups from the evidence of this audit pack.

    python recompute.py [PACK]

Needs Python 3.11 and NumPy, and nothing else: no part of the program that made the pack. It prints each figure as
stored in model/evaluation.json, as recomputed from the evidence, and the difference, and exits with 1 where one is more
than 1e-12. A figure that neither has, such as a rate of a group without rows, is counted and not printed. It also
deals the rows to train, validation and holdout again, from their labels and the seed alone.

The evidence is compressed CSV, which `bunzip2`, 7-Zip, R's read.csv and pandas.read_csv open as well:
model/holdout.csv.bz2, model/baselines.csv.bz2 (the same rows in the same order) and model/sets.csv.bz2 (the rows of the
table in its order), and beside them evidence/groups.csv and evidence/proxies.csv. The position of a row of the holdout
in its table is the running sum of 1 + skipped, the number of rows of the table that are left out just before it.
"""

from __future__ import annotations

import bz2
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = 1e-12
Z = 1.959964  # quantile of the normal distribution for 95%
Named = tuple[str, Any]  # a figure's path in evaluation.json, and its value

# The evidence.


def heads(path: Path) -> list[str]:
    """The names of the columns of a compressed CSV file."""
    with bz2.open(path, "rt", encoding="utf-8") as file:
        return file.readline().rstrip("\n").split(",")


def numbers(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Columns of numbers; without names, all."""
    found = heads(path)
    places = [found.index(name) for name in names] if names else list(range(len(found)))
    columns = np.loadtxt(path, delimiter=",", skiprows=1, usecols=places, ndmin=2, unpack=True, encoding="utf-8")
    return {found[place]: column for place, column in zip(places, columns, strict=True)}


def texts(path: Path, name: str) -> tuple[list[str], np.ndarray]:
    """A column of texts: those that occur, and for each row which of them it is."""
    place, kinds, rows = heads(path).index(name), dict[str, int](), []
    with bz2.open(path, "rt", encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)  # the names of the columns
        for row in lines:
            rows.append(kinds.setdefault(row[place], len(kinds)))
    return list(kinds), np.array(rows, dtype=int)


def positions(path: Path) -> np.ndarray:
    """The position of each row of the holdout in its table, the first 1; older files say it themselves."""
    if "row" in heads(path):
        return numbers(path, "row")["row"]
    found: np.ndarray = np.cumsum(1 + numbers(path, "skipped")["skipped"])
    return found


# The sets: who was fitted to, who chose the threshold, who is in the holdout.


def split(label: np.ndarray, validation: float, holdout: float, seed: int) -> np.ndarray:
    """0 train, 1 validation, 2 holdout: of each label the same shares, by a shuffle of its rows in table order."""
    rng, set_of = np.random.default_rng([seed, 2]), np.zeros(len(label), int)
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(label == value))
        first, second = round(len(rows) * holdout), round(len(rows) * (holdout + validation))
        set_of[rows[:first]], set_of[rows[first:second]] = 2, 1
    return set_of


def split_together(label: np.ndarray, together: np.ndarray, shares: tuple[float, ...], seed: int) -> np.ndarray:
    """The same where rows belong together: groups, sorted by their rate and shuffled in blocks of 20, go one by one to
    the set that lacks most rows."""
    rng = np.random.default_rng([seed, 2])
    names, member, rows = np.unique(together, return_inverse=True, return_counts=True)
    order = np.lexsort((rng.random(len(names)), np.bincount(member, label) / rows))
    order = order[np.lexsort((rng.random(len(names)), np.arange(len(names)) // 20))]
    set_of, lacks = np.zeros(len(names), int), [0.0] * len(shares)
    for group in order:
        lacks = [lack + share * int(rows[group]) for lack, share in zip(lacks, shares, strict=True)]
        best = max(range(len(shares)), key=lacks.__getitem__)
        lacks[best] -= int(rows[group])
        set_of[group] = best
    return set_of[member]


def other_sets(pack: Path) -> tuple[int, int]:
    """How many rows the recipe puts into another set than the pack says, and of how many."""
    options, sets = json.loads((pack / "model" / "manifest.json").read_text())["options"], Sets(pack)
    validation, holdout, seed = options["validation"], options["holdout"], options["seed"]
    # With a later table, which is then the holdout, all rows of this one are fitted to unless they belong together.
    holdout = holdout if (sets.set_of == 2).any() else 0.0
    if sets.together is not None:
        shares = (1 - validation - holdout, validation, holdout)
        again = split_together(sets.label, sets.together, shares, seed)
    else:
        again = split(sets.label, validation, holdout, seed)
    return int((again != sets.set_of).sum()), len(again)


class Sets:
    """The valid rows of the table: position, label, set, and what they belong to."""

    def __init__(self, pack: Path):
        path = pack / "model" / "sets.csv.bz2"
        kinds, kind = texts(path, "set")
        number = {"train": 0, "validation": 1, "holdout": 2, "rejected": -1}
        set_of = np.array([number[one] for one in kinds])[kind]
        valid = set_of >= 0  # rejected rows are in no set
        self.row, self.set_of = np.flatnonzero(valid) + 1, set_of[valid]
        self.label = self._numbers(path, "label", valid)
        self.together = self._numbers(path, "together", valid) if "together" in heads(path) else None

    @staticmethod
    def _numbers(path: Path, name: str, valid: np.ndarray) -> np.ndarray:
        kinds, kind = texts(path, name)
        found: np.ndarray = np.array([float(one or "nan") for one in kinds])[kind][valid]
        return found


def odd_rows(pack: Path) -> int:
    """How many rows of the holdout are not what the sets, the segments or the groups beside them say."""
    path, later = pack / "model" / "holdout.csv.bz2", json.loads((pack / "model" / "manifest.json").read_text())["data"]
    row, label, sets = positions(path), numbers(path, "label")["label"], Sets(pack)
    wrong = np.diff(row, prepend=0) < 1  # positions ascend
    # With a later table, the holdout is of that one, which is not in the pack.
    if not later["holdout_sha256"]:
        held = sets.set_of == 2
        if held.sum() != len(wrong):
            return len(wrong)
        wrong |= (row != sets.row[held]) | (label != sets.label[held])
    groups = json.loads((pack / "model" / "evaluation.json").read_text(encoding="utf-8"))["purchase"]["subgroups"]
    segments = {one["name"]: str(number) for number, one in enumerate(groups, start=1) if one["by"] == "segment"}
    (kinds, segment), (cells, groups_of) = texts(path, "segment"), texts(path, "groups")
    own = np.array([[segments.get(kind) in cell.split() for cell in cells] for kind in kinds])
    return int((wrong | ~own[segment, groups_of]).sum())


# Metrics, each on rows that count as often as `times` says: once each, or as often as a bootstrap drew them.


class Score:
    """One score of the holdout."""

    def __init__(self, label: np.ndarray, probability: np.ndarray, threshold: float):
        self.order = np.argsort(-probability, kind="stable")
        self.label, self.probability = label[self.order], probability[self.order]
        self.flagged = self.probability >= threshold
        self.bins = tenths(self.probability)
        self.ends = np.append(np.flatnonzero(np.diff(self.probability)), len(label) - 1)  # of runs of equal scores

    def metrics(self, times: np.ndarray | None = None) -> dict[str, float]:
        """Every metric, by its key in evaluation.json."""
        w = np.ones(len(self.label)) if times is None else times[self.order].astype(float)
        y, p, n, buyers = self.label, self.probability, w.sum(), float((w * self.label).sum())
        seen, hits = np.cumsum(w)[self.ends], np.cumsum(w * y)[self.ends]
        misses = seen - hits
        run_hits, run_misses = np.diff(hits, prepend=0.0), np.diff(misses, prepend=0.0)
        pairs = buyers * (n - buyers)
        # A buyer beats each non-buyer of a lower score, and half of those of the same.
        auc = float((run_hits * (misses[-1] - misses + run_misses / 2)).sum() / pairs) if pairs else 0.5
        flagged, flagged_hits = float(w[self.flagged].sum()), float((w * y)[self.flagged].sum())
        rate, brier = buyers / n, float((w * (p - y) ** 2).sum() / n)
        captured = np.interp(
            np.array([0.1, 0.2, 0.3]) * n, np.append(0.0, seen), np.append(0.0, hits)
        ) / max(buyers, 1.0)  # fmt: skip
        variance = rate * (1 - rate)
        return {
            "roc_auc": auc,
            "average_precision": float((run_hits * hits / np.maximum(seen, 1)).sum() / buyers) if pairs else rate > 0,
            "f1": 2 * flagged_hits / (flagged + buyers) if flagged + buyers else 0.0,
            "precision": flagged_hits / flagged if flagged else 0.0,
            "recall": flagged_hits / buyers if buyers else 0.0,
            "brier": brier,
            "brier_skill": 1 - brier / variance if variance else 0.0,
            "ece": float(np.abs(np.bincount(self.bins, w * (p - y))).sum() / n),
            "lift_quality": 2 * auc - 1,
            **{f"lift_{10 * i}": float(captured[i - 1]) / (i / 10) for i in (1, 2, 3)},
            **{f"capture_{10 * i}": float(captured[i - 1]) for i in (1, 2, 3)},
        }

    def gains(self, shares: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
        """The share of all buyers among each best-scored share of the rows."""
        w = np.ones(len(self.label)) if times is None else times[self.order].astype(float)
        seen, hits = np.cumsum(w)[self.ends], np.cumsum(w * self.label)[self.ends]
        found: np.ndarray = np.interp(shares * seen[-1], np.append(0.0, seen), np.append(0.0, hits)) / max(
            hits[-1], 1.0
        )
        return found


def tenths(probability: np.ndarray, bins: int = 10) -> np.ndarray:
    """The bin of each row by rank, 0 the lowest; equal probabilities share the bin of their middle rank."""
    ranked = np.sort(probability)
    below, upto = np.searchsorted(ranked, probability, "left"), np.searchsorted(ranked, probability, "right")
    return (below + upto) * bins // (2 * len(probability))


def rates(values: np.ndarray, group: np.ndarray, count: int, times: np.ndarray) -> np.ndarray:
    """The mean of each group; what `values` gives without a row is not a number."""
    with np.errstate(invalid="ignore"):
        mean: np.ndarray = np.bincount(group, times * values, count) / np.bincount(group, times, count)
    return mean


# Intervals.


def interval(draws: Any, around: float | None = None) -> list[float]:
    """The middle 95% of the draws; taken off their bias where each overstates the figure `around`."""
    low, high = np.quantile(np.asarray(draws), (0.025, 0.975))
    if around is None:
        return [float(low), float(high)]
    bias = float(np.mean(draws)) - around
    return [max(0.0, float(low) - bias), max(0.0, float(high) - bias)]


def wilson(hits: float, n: float) -> list[float]:
    """The interval of a share (Wilson 1927)."""
    share, extra = hits / n, Z * Z / n
    middle, half = (share + extra / 2) / (1 + extra), Z / (1 + extra) * (share * (1 - share) / n + extra / n / 4) ** 0.5
    return [max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))]


def delong(label: np.ndarray, probability: np.ndarray) -> list[float] | None:
    """The interval of a ROC-AUC (DeLong et al. 1988)."""
    ones, others = np.sort(probability[label == 1]), np.sort(probability[label == 0])
    if min(len(ones), len(others)) < 2:
        return None

    def placed(these: np.ndarray, those: np.ndarray) -> Any:
        return (np.searchsorted(those, these, "left") + np.searchsorted(those, these, "right")) / (2 * len(those))

    above, below = placed(ones, others), placed(others, ones)
    half = Z * (above.var(ddof=1) / len(ones) + below.var(ddof=1) / len(others)) ** 0.5
    auc = float(above.mean())
    return [max(0.0, auc - half), min(1.0, auc + half)]


# The figures.


class Holdout:
    """The rows that the model was evaluated on."""

    def __init__(self, pack: Path):
        path, scores = pack / "model" / "holdout.csv.bz2", numbers(pack / "model" / "baselines.csv.bz2")
        rows = numbers(path, *(name for name in heads(path) if name not in ("segment", "groups")))
        with (pack / "evidence" / "proxies.csv").open(encoding="utf-8", newline="") as file:
            self.proxies = list(csv.reader(file))[1:]
        self.stored = json.loads((pack / "model" / "evaluation.json").read_text(encoding="utf-8"))["purchase"]
        self.purchase = json.loads((pack / "model" / "purchase.json").read_text(encoding="utf-8"))
        self.seed = json.loads((pack / "model" / "manifest.json").read_text(encoding="utf-8"))["options"]["seed"]
        self.label, self.probability = rows["label"], rows["probability"]
        self.threshold = self.purchase["threshold"]
        self.group_cells, self.group_cell = texts(path, "groups")
        self.together = rows.get("together")
        quantiles = np.array(self.purchase["percentiles"])
        percentile = np.maximum(np.searchsorted(quantiles, self.probability, "right") - 1, 0) / 10
        self.decile = np.minimum(percentile // 10, 9).astype(int)
        # The model under the name "", then each baseline with the threshold of its flag.
        self.scores = {"": Score(self.label, self.probability, self.threshold)}
        for one in self.stored["baselines"]:
            self.scores[one["name"]] = Score(self.label, scores[one["name"]], one["threshold"])
        if "truth" in scores:
            self.scores["truth"] = Score(self.label, scores["truth"], 0.5)

    def draws(self) -> Iterator[np.ndarray]:
        """How often each row is drawn, in each bootstrap draw; rows that belong together are drawn together."""
        n = len(self.label)
        named = np.arange(n) if self.together is None else self.together
        names, member = np.unique(named, return_inverse=True)
        rng = np.random.default_rng([self.seed, 12])
        for _ in range(self.stored["bootstrap_draws"]):
            yield np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[member]


class Draws:
    """What the bootstrap draws give, for the intervals."""

    def __init__(self, held: Holdout, shares: np.ndarray):
        self.metrics: dict[str, dict[str, list[float]]] = {name: {} for name in held.scores}
        curves: dict[str, list[Any]] = {"reliability": [], "deciles": [], "gains": [], "base_rate": []}
        tenth, once = tenths(held.probability), np.ones(len(held.label))
        for times in held.draws():
            for name, score in held.scores.items():
                for key, value in score.metrics(times).items():
                    self.metrics[name].setdefault(key, []).append(value)
            for curve, group in (("reliability", tenth), ("deciles", held.decile)):
                drawn = rates(held.label, group, 10, times)
                # A group without rows in a draw keeps its rate.
                curves[curve].append(np.where(np.isnan(drawn), rates(held.label, group, 10, once), drawn))
            curves["gains"].append(held.scores[""].gains(shares, times))
            curves["base_rate"].append(float(times @ held.label / times.sum()))
        self.curves = {name: np.array(values) for name, values in curves.items()}

    def behind(self, key: str, name: str) -> list[float]:
        """The interval of how far a score is behind the model, on the same draws."""
        return interval(np.array(self.metrics[""][key]) - np.array(self.metrics[name][key]))


def figures_of(name: str, held: Holdout, draws: Draws) -> dict[str, Any]:
    """Every metric of a score, and its interval."""
    values = held.scores[name].metrics()
    drawn = draws.metrics[name]
    # A draw's calibration error overstates, as a mean of absolute gaps does.
    ends = {key: interval(drawn[key], value if key == "ece" else None) for key, value in values.items()}
    return {"values": values, "intervals": ends}


def everyone(rate: float) -> float:
    """F1 of flagging every row."""
    return 2 * rate / (1 + rate)


def recomputed(held: Holdout) -> dict[str, Any]:
    """The figures, in the form in which evaluation.json holds them."""
    shares = np.round(np.linspace(0, 1, 41), 3)
    draws, label = Draws(held, shares), held.label
    base, ends = float(label.mean()), interval(draws.curves["base_rate"])
    mine = held.scores[""].metrics()
    holdout = {
        "n": len(label), "base_rate": base, "base_rate_interval": ends, "threshold": held.threshold,
        "f1_everyone": everyone(base), "f1_everyone_interval": [everyone(one) for one in ends],
        "brier_base_rate": base * (1 - base), "figures": figures_of("", held, draws),
    }  # fmt: skip
    baselines = []
    for one in held.stored["baselines"]:
        other = held.scores[one["name"]].metrics()
        baselines.append({
            "figures": figures_of(one["name"], held, draws),
            "roc_auc_behind": mine["roc_auc"] - other["roc_auc"],
            "roc_auc_behind_interval": draws.behind("roc_auc", one["name"]),
            "captured_behind": mine["capture_20"] - other["capture_20"],
            "captured_behind_interval": draws.behind("capture_20", one["name"]),
        })  # fmt: skip
    gained = held.scores[""].gains(shares)
    gains = [
        {"share": float(share), "captured": float(found), "captured_interval": interval(draws.curves["gains"][:, i])}
        for i, (share, found) in enumerate(zip(shares, gained, strict=True))
    ]
    return {
        "holdout": holdout, "baselines": baselines, "subgroups": groups(held), "gains": gains,
        "reliability": [one for one in curve(held, tenths(held.probability), draws, "reliability") if one["n"]],
        "deciles": curve(held, held.decile, draws, "deciles"),
        "operating": [operating(held, one) for one in thresholds(held)],
        "flags": [{"at": operating(held, one["at"]["threshold"])} for one in held.stored["flags"]],
        "proxies": proxies(held),
        "gaps": {"black_box": gap(held, draws, "black_box"), "true_probability": gap(held, draws, "truth")},
    }  # fmt: skip


def gap(held: Holdout, draws: Draws, name: str) -> dict[str, Any] | None:
    """How far the model is behind a better score."""
    if name not in held.scores:
        return None
    better = held.scores[name].metrics()["roc_auc"]
    low, high = draws.behind("roc_auc", name)
    return {
        "roc_auc": better, "behind": better - held.scores[""].metrics()["roc_auc"], "behind_interval": [-high, -low]
    }  # fmt: skip


def curve(held: Holdout, group: np.ndarray, draws: Draws, name: str) -> list[dict[str, Any]]:
    """Predicted and actual rate of each of ten groups."""
    once, counts = np.ones(len(held.label)), np.bincount(group, minlength=10)
    predicted, actual = (rates(of, group, 10, once) for of in (held.probability, held.label))
    return [
        {"n": int(counts[i]), "predicted_rate": float(predicted[i]), "purchase_rate": float(actual[i]),
         "purchase_rate_interval": interval(draws.curves[name][:, i])} if counts[i]
        else {"n": 0, "predicted_rate": None, "purchase_rate": None, "purchase_rate_interval": None}
        for i in range(10)
    ]  # fmt: skip


def thresholds(held: Holdout) -> list[float]:
    """The model's threshold, and those that flag given shares of the training population; the highest first."""
    shares = (0.01, 0.02, *(round(0.05 * step, 2) for step in range(1, 20)))
    others = {held.purchase["percentiles"][round(1000 * (1 - share))] for share in shares}
    return sorted(others | {held.threshold}, reverse=True)


def operating(held: Holdout, threshold: float) -> dict[str, Any]:
    """The flag at one threshold."""
    flag, buyers = held.probability >= threshold, held.label.sum()
    hits, flagged = held.label[flag].sum(), flag.sum()
    return {
        "threshold": threshold, "flagged": int(flagged), "precision": float(hits / flagged) if flagged else None,
        "recall": float(hits / buyers), "f1": float(2 * hits / (flagged + buyers)),
        "false_positive_rate": float((flagged - hits) / (len(flag) - buyers)),
    }  # fmt: skip


def groups(held: Holdout) -> list[dict[str, Any]]:
    """The figures of each group of customers that is large enough to have them."""
    found: list[dict[str, Any]] = []
    for number, stored in enumerate(held.stored["subgroups"], start=1):
        inside = np.array([str(number) in one.split() for one in held.group_cells])[held.group_cell]
        found.append({"n": int(inside.sum())} if stored["base_rate"] is None else group(held, inside))
    for one, stored in zip(found, held.stored["subgroups"], strict=True):
        if stored["flag_ratio"] is None:
            continue
        alike = [other for other, its in zip(found, held.stored["subgroups"], strict=True) if its["by"] == stored["by"]]
        best = max(alike, key=lambda other: other.get("flag_rate", 0.0))
        ratio = one["flag_rate"] / best["flag_rate"]
        one["flag_ratio"], one["flag_ratio_interval"] = ratio, None
        if one is not best and one["flagged"]:
            # By the logarithm (Katz et al. 1978).
            spread = sum(1 / it["flagged"] - 1 / it["n"] for it in (one, best)) ** 0.5
            one["flag_ratio_interval"] = [ratio * float(np.exp(sign * Z * spread)) for sign in (-1, 1)]
    return found


def group(held: Holdout, inside: np.ndarray) -> dict[str, Any]:
    """The figures of one group."""
    y, p = held.label[inside], held.probability[inside]
    n, buyers, flag = len(y), int(y.sum()), p >= held.threshold
    hits, bins, variance = int(y[flag].sum()), min(10, n // 50), p * (1 - p)
    mean, spread = float(p.mean()), float(np.sqrt(variance.sum()) / n)
    return {
        "n": n, "base_rate": buyers / n, "base_rate_interval": wilson(buyers, n), "predicted_rate": mean,
        "ece": float(np.abs(np.bincount(tenths(p, bins), p - y)).sum() / n), "flag_rate": float(flag.mean()),
        "flagged": int(flag.sum()), "recall": hits / buyers if buyers else None,
        "recall_interval": wilson(hits, buyers) if buyers else None,
        "roc_auc": Score(y, p, held.threshold).metrics()["roc_auc"] if 0 < buyers < n else None,
        "roc_auc_interval": delong(y, p),
        "rate_by_chance": [max(0.0, mean - Z * spread), min(1.0, mean + Z * spread)],
        "calibration_z": (buyers / n - mean) / spread if spread else None,
        "ece_by_chance": float(np.sqrt(2 * np.bincount(tenths(p, bins), variance) / np.pi).sum() / n),
    }  # fmt: skip


def proxies(held: Holdout) -> list[dict[str, Any]]:
    """How well features tell the groups of a sensitive one, by all of the model's and by the best one alone."""
    counts: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for group, feature, *both in held.proxies:
        counts.setdefault((group, feature), []).append((int(both[0]), int(both[1])))
    scores = []
    for levels in counts.values():
        inside, outside = (np.array(one) for one in zip(*levels, strict=True))
        label = np.repeat([1.0, 0.0], [inside.sum(), outside.sum()])
        level = np.concatenate([np.repeat(np.arange(len(one)), one) for one in (inside, outside)]).astype(float)
        auc = Score(label, level, 0.5).metrics()["roc_auc"]
        scores.append({
            "roc_auc": auc, "roc_auc_interval": delong(label, level), "inside": inside.tolist(),
            "outside": outside.tolist(),
        })  # fmt: skip
    return [{"together": scores[i], "alone": scores[i + 1]} for i in range(0, len(scores), 2)]


# Comparing.


def leaves(data: Any, path: str = "") -> Iterator[Named]:
    """Every number with its path."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from leaves(value, f"{path}[{place}]")
    else:
        yield path, data


def compared(pack: Path) -> list[tuple[str, float, float]]:
    """Each figure that the evidence gives: its path, as stored, and as recomputed; NaN where there is none."""
    held = Holdout(pack)
    stored = dict(leaves(held.stored))
    return [(path, number(stored.get(path)), number(value)) for path, value in leaves(recomputed(held))]


def number(value: Any) -> float:
    """A figure as a number; NaN for none."""
    return float("nan") if value is None else float(value)


def apart(stored: float, value: float) -> float:
    """The difference; infinite where only one of the two is a number."""
    if np.isnan(stored) and np.isnan(value):
        return 0.0
    return float("inf") if np.isnan(stored) or np.isnan(value) else abs(stored - value)


def shown(value: float) -> str:
    """A figure with all of its digits."""
    return "not available" if np.isnan(value) else f"{value:.17g}"


def main(pack: Path) -> int:
    """Print the comparison."""
    rows = compared(pack)
    known = [row for row in rows if not np.isnan(row[1:]).all()]
    print(f"{'figure':<64}{'stored':>24}{'recomputed':>24}{'difference':>12}")
    for path, stored, value in known:
        print(f"{path:<64}{shown(stored):>24}{shown(value):>24}{apart(stored, value):>12.1e}")
    worst, (moved, dealt) = max(apart(stored, value) for _, stored, value in known), other_sets(pack)
    print(f"{len(known):,} figures; largest difference {worst:.1e} (NumPy {np.__version__})")
    if len(known) < len(rows):
        print(f"{len(rows) - len(known):,} figures are not available in either, as there are too few rows for them")
    print(f"{dealt:,} rows dealt to train, validation and holdout again: {moved:,} in another set")
    odd = odd_rows(pack)
    print(f"{odd:,} rows of the holdout are not where their set, segment and groups say")
    return int(worst > TOLERANCE or moved > 0 or odd > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
