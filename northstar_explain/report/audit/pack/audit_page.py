"""``audit.html``: one file that holds the model's tables and scores with them, without a server or a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.conditions import to_json
from northstar_explain.contract.features import Feature
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.golden_scores import EXPECTED, EXPECTED_REASONS
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import Leaf, Node, tree_to_json
from northstar_explain.model.scorecard import Bins, CategoryBins, NumberBins, Term
from northstar_explain.model.wording import capital, phrases
from northstar_explain.report.audit.about_intervals import INTERVALS, NOT_COVERED
from northstar_explain.report.audit.pack.page_charts import page_charts
from northstar_explain.report.audit.pack.page_checks import page_checks
from northstar_explain.report.audit.shapes.bin_labels import bin_label, unit_words
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape, counts_by_term
from northstar_explain.report.audit.shapes.pair_shapes import PairShape, describe_pair
from northstar_explain.report.audit.shapes.refit_words import later_key, refits_key
from northstar_explain.report.audit.shapes.shape_words import describe_shape
from northstar_explain.report.audit.workbook.workbook_parts import model_inputs
from northstar_explain.report.document.fonts import embedded
from northstar_explain.report.document.render import html, stylesheet
from northstar_explain.report.document.runtime import drawing, inlined, packed, runtime

# Stands for any unseen category: the replacement character keeps it apart from every value of a table.
OTHER = "\ufffdother"
_STOPS = 200  # positions of a slider; it is about as many pixels wide
_STARTS = 12
# One module: what a file defines, the files after it use.
_SCRIPTS = (
    "audit-score.js", "audit-contract.js", "audit-parts.js", "audit-shapes.js", "audit-form.js", "audit-paste.js",
    "audit-reach.js", "audit-result.js", "audit-views.js",
)  # fmt: skip


def audit_page(model: Model, shapes: Sequence[FeatureShape], pairs: Sequence[PairShape]) -> str:
    """Render the audit page.

    Parameters
    ----------
    model : Model
    shapes, pairs : sequence
        The shapes of all terms, to be plotted.

    Returns
    -------
    str
        HTML with a content security policy that blocks every request and every other script.
    """
    # Charts are laid out by the widths of its letters; other characters are left to the system.
    style = inlined(embedded("\n".join(map(stylesheet, ("charts.css", "audit-page.css"))), ""))
    return html(
        "audit.html.j2",
        page=_words(model),
        checks=page_checks(model),
        data=packed(_payload(model, shapes, pairs)),
        style=style,
        scripts=(runtime(), drawing(), inlined("\n".join(map(stylesheet, _SCRIPTS)))),
    )


def _words(model: Model) -> dict[str, Any]:
    return {
        "title": model.contract.title,
        "model_id": model.id,
        "date": str(model.manifest["date"]),
        "outcome": model.contract.outcome,
        "thin": THIN_BIN_CUSTOMERS,
        "refits": refits_key(model),
        "later": later_key(model),
        "golden": f"{model.golden.num_rows:,}",
        "method": (
            "A score is a sum: the log-odds where everything is average plus the points of the bins that a row falls "
            "in, one for each term. The probability is 1 / (1 + exp(-sum)). A value on a cut belongs to the bin above.",
            f"Points are those of an Explainable Boosting Machine, compiled bin by bin. {INTERVALS} {NOT_COVERED}",
            "The spread of a cell of a pair is the standard deviation of its points over the bags that were averaged; "
            "it is not a confidence interval.",
            "A bin's actual rate is that of its rows, which may differ from others in more than this feature; "
            "points are the contribution of this feature alone. The two need not agree.",
            "In the browser's console, audit.score({...}) scores any row, and audit.checkGolden() scores the "
            "golden rows as the button does.",
        ),
    }


def _payload(model: Model, shapes: Sequence[FeatureShape], pairs: Sequence[PairShape]) -> dict[str, Any]:
    # Points keep every digit, as the page computes with them; intervals and spreads are only shown, and are rounded.
    counts = counts_by_term(model)
    by_term: dict[str, FeatureShape | PairShape] = {shape.term: shape for shape in shapes}
    by_term |= {pair.term: pair for pair in pairs}
    charts = page_charts(model, shapes, pairs)
    features = model_inputs(model)
    return {
        "model": {
            "intercept": model.purchase.intercept,
            "threshold": model.purchase.threshold,
            "break_even": model.purchase.break_even,
        },
        "thin": THIN_BIN_CUSTOMERS,
        "refits": refits_key(model),
        "later": later_key(model),
        "other": OTHER,
        "columns": [feature.name for feature in model.contract.features],
        "id": model.contract.id,
        "label": model.contract.label,
        "snapshot": model.contract.snapshot,
        "relations": _relations(model, features),
        "features": [_feature(place, feature, model) for place, feature in enumerate(features)],
        "terms": [
            {**_term(term, counts[term.name], by_term[term.name], model), "chart": charts[term.name]}
            for term in model.scorecard.terms
        ],
        "tree": _tree(model.segmentation.tree, model),
        "segments": [{"id": s.id, "name": s.name} for s in model.segmentation.segments],
        "percentiles": list(model.purchase.percentiles),
        "golden": _golden(model, features),
    }


def _relations(model: Model, features: Sequence[Feature]) -> list[dict[str, Any]]:
    """The relations of what the page asks for; others are of columns that no score depends on."""
    asked = {feature.name for feature in features}
    return [asdict(one) for one in model.contract.relations if asked.issuperset(one.columns)]


def _feature(place: int, feature: Feature, model: Model) -> dict[str, Any]:
    return {
        "place": place,
        "name": feature.name,
        "words": feature.words,
        "group": model.contract.groups.get(feature.group, feature.group),
        "unit": feature.kind.entry_hint or unit_words(feature),
        "share": feature.kind.entry_hint == "0 to 1",
        "sign": unit_words(feature) if unit_words(feature) == model.contract.currency else "",
        "after": unit_words(feature),
        "numeric": feature.kind.numeric,
        "whole": feature.kind.whole,
        "min": feature.minimum,
        "max": feature.maximum,
        "may_miss": feature.missing is not None,
        "missing": feature.missing,
        "marks": list(marks_of(model.contract, feature.kind.numeric)),
        "dated": feature.kind.dated,
        "percent": feature.kind.numeric and "%" not in feature.unit and "percent" not in feature.unit,
        "defined_when": [to_json(condition) for condition in feature.defined_when],
        "may_be_new": not feature.kind.numeric and not feature.kind.lists_values,
        **({"stops": _stops(feature, model)} if feature.kind.numeric else {"values": _values(feature, model)}),
    }


def _axes(name: str, model: Model) -> list[Bins]:
    return [axis for term in model.scorecard.terms for axis in term.axes if axis.feature == name]


def _stops(feature: Feature, model: Model) -> list[float]:
    """The values of a slider: one per bin, or one per few bins if there are many."""
    cuts = sorted({float(c) for axis in _axes(feature.name, model) if isinstance(axis, NumberBins) for c in axis.cuts})
    seen = {item.feature: item for item in model.evaluation.robustness.out_of_range}.get(feature.name)
    ends = [seen.seen_low, seen.seen_high] if seen else [x for x in (feature.minimum, feature.maximum) if x is not None]
    # A step of a slider moves by one bin, or by a few where there are more bins than pixels.
    every = max(1, math.ceil(len(cuts) / _STOPS))
    values = [*ends, *(_rounded(feature, cut) for cut in cuts[::every])]
    low, high = feature.minimum, feature.maximum
    # Rounding may have moved a value out of the bounds, where the contract would reject it.
    inside = {v for v in values if (low is None or v >= low) and (high is None or v <= high)}
    return sorted(inside) or [0.0]


def _rounded(feature: Feature, value: float) -> float:
    # Up, as a value on a cut belongs to the bin above: the stop is then inside that bin.
    return float(math.ceil(value)) if feature.kind.whole else float(f"{value:.4g}")


def _values(feature: Feature, model: Model) -> list[str]:
    known = {v for axis in _axes(feature.name, model) if isinstance(axis, CategoryBins) for v in axis.values}
    return list(feature.order) if feature.kind.lists_values else sorted(known)


def _term(term: Term, counts: dict[str, np.ndarray], shape: FeatureShape | PairShape, model: Model) -> dict[str, Any]:
    if isinstance(shape, FeatureShape):
        axes = [{**_axis(term.axes[0], model), "order": _order(term.axes[0], shape)}]
        sentences = describe_shape(shape, model.contract)
    else:
        sides = (shape.first, shape.second)
        axes = [{**_axis(axis, model), "order": list(side.order)} for axis, side in zip(term.axes, sides, strict=True)]
        sentences = describe_pair(shape)
    return {
        "name": term.name,
        "words": " with ".join(model.contract[name].words for name in term.features),
        "theme": term.theme,
        "rank": shape.rank,
        "share": shape.share,
        "importance": shape.importance,
        "sentences": sentences,
        "axes": axes,
        "points": term.points.ravel().tolist(),
        **_uncertainty(term),
        **{name: counts[name].tolist() for name in ("train_n", "train_buyers", "holdout_n", "holdout_buyers")},
        "reasons": list(term.reasons),
    }


def _uncertainty(term: Term) -> dict[str, Any]:
    """Bounds of the interval of each bin, null where it has none; of a pair, the spread of each cell."""
    if len(term.axes) == 2:
        return {"spread": [float(f"{value:.6g}") for value in term.spread.ravel()]}
    bounds = np.full((2, term.points.size), np.nan) if term.interval is None else term.interval
    low, high = ([None if math.isnan(one) else float(f"{one:.6g}") for one in side] for side in bounds.tolist())
    return {"low": low, "high": high}


def _axis(axis: Bins, model: Model) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "feature": axis.feature,
        "count": axis.count,
        "labels": [bin_label(axis, bin, model.contract) for bin in range(axis.count)],
    }
    if isinstance(axis, NumberBins):
        return {**payload, "cuts": axis.cuts.tolist()}
    return {**payload, "values": list(axis.values.items())}


def _order(axis: Bins, shape: FeatureShape) -> list[int]:
    """The bins in the order of the chart."""
    if shape.axis is None:
        return [bin.number for bin in (*shape.bins, shape.missing, shape.unseen)]
    return list(range(axis.count))


def _tree(node: Node, model: Model) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"segment": node.segment}
    contract = model.contract
    may_miss = contract[node.test.feature].missing is not None
    return {
        "if": tree_to_json(node)["if"],
        "yes_words": capital(" and ".join(phrases(node.test, contract))),
        "no_words": capital(" and ".join(phrases(node.test.opposite(may_miss), contract))),
        "then": _tree(node.yes, model),
        "else": _tree(node.no, model),
    }


def _golden(model: Model, features: Sequence[Feature]) -> dict[str, Any]:
    # Probabilities are stored with every digit: the page must agree with them within 1e-9.
    columns = columns_of(model.golden, features)
    segment, probability = (model.golden[name].to_pylist() for name in EXPECTED)
    # The first hundred golden rows are ordinary customers; edge cases would be odd to begin with.
    starts = _starts(np.array(probability[:100]))
    return {
        "features": [feature.name for feature in features],
        "rows": [[_cell(columns[f.name], row) for f in features] for row in range(model.golden.num_rows)],
        "probability": probability,
        "reasons": list(zip(*(model.golden[name].to_pylist() for name in EXPECTED_REASONS), strict=True)),
        "segment": segment,
        "starts": starts,
        "start_words": [
            f"an ordinary row of {segment[row]}, {probability[row]:.1%} (golden row {row + 1})" for row in starts
        ],
    }


def _starts(probability: np.ndarray) -> list[int]:
    """Golden rows to start from: the one of median probability, then from the least to the most likely."""
    # A stable sort, so that equal probabilities give the same page on every machine.
    order = np.argsort(probability, kind="stable")
    # Unique, as a small table has fewer rows than starts.
    spaced = [int(order[i]) for i in np.unique(np.linspace(0, len(order) - 1, _STARTS).astype(int))]
    middle = int(order[len(order) // 2])
    return [middle, *(row for row in spaced if row != middle)]


def _cell(column: np.ndarray | Category, row: int) -> float | str | None:
    if isinstance(column, Category):
        code = int(column.codes[row])
        return None if code < 0 else column.values[code]
    value = float(column[row])
    return None if math.isnan(value) else value
