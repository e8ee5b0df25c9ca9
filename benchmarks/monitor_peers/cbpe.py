"""ROC-AUC as NannyML expects it: reads names of files from stdin, one a line, and writes a number for each.

Run by `run_nannyml` in an environment of its own, with NannyML and a Python below 3.13.
"""

import sys

import numpy as np
import pandas as pd
from nannyml import CBPE


def frame(probability: np.ndarray, label: np.ndarray | None = None) -> pd.DataFrame:
    """Probabilities as NannyML takes them, one chunk for all."""
    table = pd.DataFrame({"probability": probability, "prediction": (probability >= 0.5).astype(int)})
    if label is not None:
        table["label"] = label
    return table


for line in sys.stdin:
    data = np.load(line.strip())
    estimator = CBPE(
        problem_type="classification_binary", y_true="label", y_pred="prediction", y_pred_proba="probability",
        metrics=["roc_auc"], chunk_number=1,
    )  # fmt: skip
    estimator.fit(frame(data["holdout_probability"], data["holdout_label"]))
    found = estimator.estimate(frame(data["probability"])).filter(period="analysis").to_df()
    print(float(found["roc_auc"]["value"].iloc[0]), flush=True)
