"""Golden rows: hard rows that a model folder holds with their scores, to prove on loading that it still gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.features import Contract
from northstar_explain.errors import Fault, ModelError
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import Scorecard, sigmoid
from northstar_explain.model.segments import Segmentation

EXPECTED = ("expected_segment", "expected_probability")
INTERPRET_PROBABILITY = "interpret_probability"  # of a golden row: interpret's own prediction at training
_TOLERANCE = 1e-12


def with_expected(golden: pa.Table, contract: Contract, tree: Segmentation, card: Scorecard) -> pa.Table:
    """The golden rows with the segment and the probability that every later version must give them."""
    columns = columns_of(golden, contract.features)
    expected = (assign(tree.tree, columns), card.probability(columns))
    for name, values in zip(EXPECTED, expected, strict=True):
        golden = golden.append_column(name, pa.array(values))
    return golden


def require_golden(path: Path, model: Model) -> None:
    """Raise ModelError where a golden row of a loaded model does not score as at training."""
    columns = columns_of(model.golden, model.contract.features)
    # By the prepared lookup, as customers are scored; what is expected came from the plain scorecard. Both must agree.
    segment, probability = assign(model.segmentation.tree, columns), sigmoid(model.lookup(columns).logit)
    wanted, wanted_probability = (model.golden[name].to_numpy(zero_copy_only=False) for name in EXPECTED)
    # Exponentials may differ between processors in the last bits: segments must be equal, probabilities nearly so.
    wrong = np.flatnonzero((segment != wanted) | (np.abs(probability - wanted_probability) > _TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        expected = f"segment {wanted[row]}, probability {wanted_probability[row]:.6f}"
        got = f"{segment[row]}, {probability[row]:.6f}"
        todo = "This version does not score as the one that made the model: do not use it; report this."
        raise ModelError(str(path), [Fault(f"golden row {row + 1}", expected, got, todo)])
