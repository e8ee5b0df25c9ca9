"""The same with LightGBM and its SHAP contributions in place of the EBM.

Call: lightgbm_shap.py CUSTOMERS PICKLES OUT
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd

customers, pickles, out = sys.argv[1:]
with Path(pickles).open("rb") as file:
    booster, scaler, kmeans, features, likeness = pickle.load(file)

frame = pd.read_parquet(customers)
X = frame[features].apply(lambda column: column if column.dtype.kind in "if" else column.astype("category"))
probability = booster.predict(X)
contributions = booster.predict(X, pred_contrib=True)[:, :-1]
segment = kmeans.predict(scaler.transform(frame[likeness]))

top = np.argsort(-np.abs(contributions), axis=1)[:, :3]
names = np.array(features)
pushed = np.where(np.take_along_axis(contributions, top, axis=1) > 0, " raised it", " lowered it")
reasons = np.char.add(names[top], pushed)
scores = pd.DataFrame(
    {
        "customer_id": frame["customer_id"],
        "segment": segment,
        "probability": probability,
        "reason_1": reasons[:, 0],
        "reason_2": reasons[:, 1],
        "reason_3": reasons[:, 2],
    }
)
scores.to_csv(out, index=False)
