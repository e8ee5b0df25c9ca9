"""The tables of a pack: what is too long for a page, as CSV for spreadsheets and as Parquet for programs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain import tables
from northstar_explain.model.evaluation import Interval, to_json
from northstar_explain.model.evaluation.purchase_facts import Baseline, Holdout
from northstar_explain.model.learned_model import Model
from northstar_explain.model.parity import Certificate
from northstar_explain.report.audit.shapes.bin_tables import bin_tables
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.shape_words import direction, keeps_direction

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_STARTS = "=+-@\t\r"
_LARGE = ("scorecard", "pairs", "golden")
# As scorecard.parquet and shapes.parquet, golden.parquet and drift.parquet in `model/`: no table is in a pack twice.
_IN_MODEL = ("scorecard", "pairs", "golden", "drift")


def pack_tables(
    model: Model, shapes: Sequence[FeatureShape], certificate: Certificate
) -> dict[str, tuple[pa.Table, str]]:
    """Name to table and description."""
    purchase, segments = model.evaluation.purchase, model.evaluation.segments
    described: dict[str, tuple[pa.Table, str]] = {
        **bin_tables(model),
        "terms": (_terms(model, shapes), "every term by importance, with its direction"),
        "features": (_features(model), "the feature dictionary, from the contract"),
        "golden": (model.golden, "the golden rows with their expected scores"),
        "drift": (model.drift, "the drift baseline"),
        "performance": (_performance(purchase.holdout), "every figure on the holdout"),
        "baselines": (_baselines(purchase.baselines), "simpler models and the black box on the same rows"),
        "segments": (_segments(model), "the segments: rules, size, stability, outcomes"),
        "profiles": (_profiles(model), "mean of each feature in each segment"),
        "parity": (_of_dicts([_flat(check) for check in certificate.to_json()["checks"]]), "the parity certificate"),
    }
    lists: dict[str, tuple[Sequence[Any], str]] = {
        "splits": (model.evaluation.data.splits, "rows and outcomes of each split"),
        "missing": (model.evaluation.data.missing, "share of missing values"),
        "correlated": (model.evaluation.data.correlated, "correlated features, which share credit"),
        "range": (model.evaluation.robustness.out_of_range, "response to values out of range"),
        "shift": (model.evaluation.drift.holdout, "population stability indices of the holdout"),
        "candidates": (segments.frontier, "numbers of segments compared"),
        "curve": (segments.curve, "price of explainability by number of rules"),
        "reliability": (purchase.reliability, "predicted and actual rate by bin"),
        "gains": (purchase.gains, "share of all outcomes among the highest scored"),
        "subgroups": (purchase.subgroups, "figures by group of rows"),
        "deciles": (purchase.deciles, "predicted and actual rate by decile"),
        "thresholds": (purchase.operating, "the flag at a range of thresholds"),
        "proxies": (purchase.proxies, "how well features tell the groups of sensitive ones"),
    }
    described |= {
        name: (_of_dicts([_flat(to_json(row)) for row in rows]), words) for name, (rows, words) in lists.items() if rows
    }
    return described


def table_files(name: str, table: pa.Table) -> dict[str, bytes]:
    """Path in the pack to content: CSV, of the largest tables compressed, and Parquet where `model/` has none."""
    # Without a time, so that the same model gives the same bytes.
    files = {f"tables/{name}.csv": csv_bytes(table)} if name not in _LARGE else {
        f"tables/{name}.csv.gz": gzip.compress(csv_bytes(table), mtime=0)
    }  # fmt: skip
    if name not in _IN_MODEL:
        files[f"tables/{name}.parquet"] = tables.parquet_bytes(table)
    return files


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV in which no spreadsheet mistakes a text for a formula.

    Lists become JSON. A text that begins like a formula gets an apostrophe in front; the Parquet file has it unchanged.
    """
    # Column names can be hostile as well: those of golden.csv are the feature names of a contract.
    table = table.rename_columns([f"'{n}" if n.startswith(tuple(FORMULA_STARTS)) else n for n in table.column_names])
    for place, field in enumerate(table.schema):
        column = table.column(place)
        # CSV has no lists; JSON can be read back by any program.
        if pa.types.is_list(field.type):
            texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
            column = pa.array(texts, pa.string())
            table = table.set_column(place, field.name, column)
        if pa.types.is_string(table.schema[place].type):
            risky = pc.is_in(pc.utf8_slice_codeunits(column, 0, 1), value_set=pa.array(list(FORMULA_STARTS)))
            table = table.set_column(
                place, field.name, pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
            )
    return tables.csv_bytes(table)


def _terms(model: Model, shapes: Sequence[FeatureShape]) -> pa.Table:
    by_term = {shape.term: shape for shape in shapes}
    rows = []
    for rank, item in enumerate(model.evaluation.purchase.terms, start=1):
        shape = by_term.get(item.term)
        values = [bin.points for bin in shape.bins] if shape else []
        categories = shape is not None and shape.axis is None
        rows.append(
            {
                "rank": rank,
                "term": item.term,
                "mean_absolute_points": item.mean_absolute_points,
                "share": item.share,
                "bins": len(values) or None,
                "lowest": min(values, default=None),
                "highest": max(values, default=None),
                "direction": None if not values or categories else direction(values),
                "demanded": shape.feature.monotone if shape else None,
                "kept": keeps_direction(shape) if shape else None,
                "thin_bins": sum(bin.thin for bin in shape.bins) if shape else None,
                "missing_n": shape.missing.train_n if shape else None,
            }
        )
    return _of_dicts(rows)


def _features(model: Model) -> pa.Table:
    return _of_dicts([
        {
            "feature": f.name, "group": model.contract.groups.get(f.group, f.group), "words": f.words,
            "kind": str(f.kind), "unit": f.unit, "min": f.minimum, "max": f.maximum, "missing": f.missing,
            "order": list(f.order), "segments": f.may_serve("segments"), "model": f.may_serve("model"),
            "sensitive": f.sensitive, "monotone": f.monotone,
        }
        for f in model.contract.features
    ])  # fmt: skip


def _performance(holdout: Holdout) -> pa.Table:
    figures = holdout.figures
    rows: list[tuple[str, float, Interval | None]] = [("n", float(holdout.n), None)]
    rows += [(key, value, figures.intervals.get(key)) for key, value in figures.values.items()]
    rows += [(one.key, value, ends) for one, value, ends in holdout.references()]
    return _of_dicts([_figure_row(*row) for row in rows])


def _figure_row(name: str, value: float, ends: Interval | None) -> dict[str, Any]:
    low, high = ends or (None, None)
    return {"figure": name, "value": value, "low": low, "high": high}


def _baselines(baselines: Sequence[Baseline]) -> pa.Table:
    """A row per baseline, a column per metric, and its intervals as JSON."""
    rows = []
    for one in baselines:
        row = to_json(one)
        figures = row.pop("figures")
        rows.append({"name": row.pop("name"), **figures["values"], **_flat({**row, "intervals": figures["intervals"]})})
    return _of_dicts(rows)


def _segments(model: Model) -> pa.Table:
    facts = model.evaluation.segments
    rows = []
    for segment in model.segmentation.segments:
        outcome = facts.holdout_outcomes.get(segment.id)
        rows.append(
            {
                "segment_id": segment.id,
                "name": segment.name,
                "definition": segment.definition,
                "rules": len(segment.rules),
                "customers": segment.customers,
                "share": segment.share,
                "precision": segment.precision,
                "recall": segment.recall,
                "stability": facts.stability.get(segment.id),
                "holdout_n": outcome.n if outcome else None,
                "purchase_rate": outcome.purchase_rate if outcome else None,
                "predicted_rate": outcome.predicted_rate if outcome else None,
                "share_of_buyers": outcome.share_of_buyers if outcome else None,
            }
        )
    return _of_dicts(rows)


def _profiles(model: Model) -> pa.Table:
    return _of_dicts(
        [
            {"segment_id": segment.id, **profile.__dict__}
            for segment in model.segmentation.segments
            for profile in segment.profile
        ]
    )


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without nested tables: ``{"a": {"b": 1}}`` becomes ``{"a.b": 1}``; lists become JSON."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": x for inner, x in _flat(value).items()}
        elif isinstance(value, list | tuple):
            flat[key] = json.dumps(value, ensure_ascii=False)
        else:
            flat[key] = value
    return flat


def _of_dicts(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    # Rows of optional facts lack keys, so the columns are the union, in order of first use.
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[Any]) -> pa.Array:
    array = pa.array(values)
    # A column of nulls has Arrow's null type, which few readers of Parquet know, so it is written as text.
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
