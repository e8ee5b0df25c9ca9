"""The column of scores that lists a customer's traits: their names, in the contract's order, joined by semicolons."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Columns, Contract
from northstar_explain.contract.conditions import matches

BETWEEN = ";"
_FEW = 8  # traits whose combinations, 256, are all listed in a dictionary; of more, only those that occur are


class TraitColumn:
    """Lists traits.

    Parameters
    ----------
    contract : Contract
        With at least one trait.

    Attributes
    ----------
    type : pyarrow.DataType
        Text, with a dictionary where traits are few.
    features : tuple of str
        The features that it needs.
    """

    def __init__(self, contract: Contract):
        self._traits = contract.traits
        self.features = tuple({c.feature: None for trait in self._traits for c in trait.conditions})
        self._words: pa.Array | None = None
        self.type = pa.string()
        if len(self._traits) <= _FEW:
            # The same dictionary in every batch, whatever occurs there: an Arrow file takes no other.
            self._words = self._listed(np.arange(1 << len(self._traits)))
            self.type = pa.dictionary(pa.int32(), pa.string())

    def codes(self, columns: Columns) -> np.ndarray:
        """Each row's traits as the bits of an integer."""
        codes = np.zeros((), dtype=np.int64)
        for place, trait in enumerate(self._traits):
            codes = codes | (matches(trait.conditions, columns).astype(np.int64) << place)
        return codes

    def __call__(self, codes: np.ndarray) -> pa.Array:
        """The column that rows with these codes get; a row without traits gets an empty text."""
        if self._words is not None:
            return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), self._words)
        distinct, places = np.unique(codes, return_inverse=True)
        return self._listed(distinct).take(pa.array(places))

    def _listed(self, codes: np.ndarray) -> pa.Array:
        names = [trait.name for trait in self._traits]
        texts = [BETWEEN.join(name for i, name in enumerate(names) if code >> i & 1) for code in codes.tolist()]
        return pa.array(texts, pa.string())
