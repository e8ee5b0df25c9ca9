"""Bands of deciles, in which uplifts are measured: single deciles of a segment have too few customers for that."""

from __future__ import annotations

import numpy as np

# The highest decile alone, since it is the one that people would contact first.
BANDS = ((1, 4), (5, 7), (8, 9), (10, 10))
BAND_NAMES = tuple(f"{low}-{high}" if low < high else f"{low}" for low, high in BANDS)
# There is no decile 0: its entry only puts the others at their own place.
_BAND_OF = np.array([-1, *(i for i, (low, high) in enumerate(BANDS) for _ in range(low, high + 1))])


def bands_of(decile: np.ndarray) -> np.ndarray:
    """The band of each decile, as a position in `BANDS`: shape (n,)."""
    bands: np.ndarray = _BAND_OF[decile]
    return bands
