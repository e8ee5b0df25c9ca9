"""Golden rows: hard rows that a model folder holds with their scores, to prove on loading that it still gives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.features import Contract
from northstar_explain.errors import Fault, ModelError
from northstar_explain.model.learned_model import Model
from northstar_explain.model.reasons import REASONS, top_reasons
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import Scorecard, sigmoid
from northstar_explain.model.segments import Segmentation

EXPECTED = ("expected_segment", "expected_probability")
EXPECTED_REASONS = tuple(f"expected_reason_{rank}" for rank in range(1, REASONS + 1))
INTERPRET_PROBABILITY = "interpret_probability"  # of a golden row: interpret's own prediction at training
_TOLERANCE = 1e-12
_UNLIKE = "This version does not score as the one that made the model: do not use it; report this."


def with_expected(golden: pa.Table, contract: Contract, tree: Segmentation, card: Scorecard) -> pa.Table:
    """The golden rows with the reasons, segment and probability that every later version must give them."""
    columns = columns_of(golden, contract.features)
    for name, said in zip(EXPECTED_REASONS, top_reasons(card, *card.contributions(columns)), strict=True):
        golden = golden.append_column(name, pa.array(said, pa.string()))
    expected = (assign(tree.tree, columns), card.probability(columns))
    for name, values in zip(EXPECTED, expected, strict=True):
        golden = golden.append_column(name, pa.array(values))
    return golden


def require_golden(path: Path, model: Model) -> None:
    """Raise ModelError where a golden row of a loaded model does not score as at training."""
    columns = columns_of(model.golden, model.contract.features)
    # By the prepared lookup, as customers are scored; what is expected came from the plain scorecard. Both must agree.
    sums = model.lookup(columns, REASONS)
    segment, probability = assign(model.segmentation.tree, columns), sigmoid(sums.logit)
    wanted, wanted_probability = (model.golden[name].to_numpy(zero_copy_only=False) for name in EXPECTED)
    # Exponentials may differ between processors in the last bits: segments must be equal, probabilities nearly so.
    wrong = np.flatnonzero((segment != wanted) | (np.abs(probability - wanted_probability) > _TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        expected = f"segment {wanted[row]}, probability {wanted_probability[row]:.6f}"
        got = f"{segment[row]}, {probability[row]:.6f}"
        raise ModelError(str(path), [Fault(f"golden row {row + 1}", expected, got, _UNLIKE)])
    said = reasons_of(model.scorecard, sums.top)
    for rank, name in enumerate(EXPECTED_REASONS):
        asked = model.golden[name].to_pylist()
        unlike = next((row for row in range(len(asked)) if asked[row] != said[rank][row]), None)
        if unlike is not None:
            expected, got = (f"reason {rank + 1}: {text or 'none'}" for text in (asked[unlike], said[rank][unlike]))
            raise ModelError(str(path), [Fault(f"golden row {unlike + 1}", expected, got, _UNLIKE)])


def reasons_of(card: Scorecard, places: Sequence[np.ndarray]) -> list[list[str | None]]:
    """Reasons in words from the places that `Lookup` gives; None where there is none."""
    words = [None, *(reason for term in card.terms for reason in term.reasons)]
    return [[words[place] for place in rank] for rank in places]
