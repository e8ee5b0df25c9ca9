"""A sample of the rows that trained a model, kept as hashes: enough to know them again, too little to read them.

A row is known by the key of its id and its score. The rows whose ids have the lowest hashes are kept, so that whoever
looks for them knows which of his own rows would have been, and the share found is an estimate of the share of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

SIZE = 512  # rows: a share is then known to within four points or so
_DIGITS = 8  # of a row's hash
_BYTES = 8  # of an id's hash


@dataclass(frozen=True)
class RowSample:
    """The sample.

    Attributes
    ----------
    highest : int
        The highest id hash that is in it.
    rows : frozenset of str
        Hashes of id and score.
    """

    highest: int
    rows: frozenset[str]

    def share(self, ids: Sequence[str], probability: np.ndarray) -> float | None:
        """The share of rows that are of the training rows.

        Parameters
        ----------
        ids : sequence of str
            Keys of ids.
        probability : ndarray of float, shape (n,)

        Returns
        -------
        float or None
            None where none of the ids would be in the sample.
        """
        places = np.flatnonzero(_id_hashes(ids) <= self.highest)
        if not len(places):
            return None
        return sum(_row_hash(ids[place], float(probability[place])) in self.rows for place in places.tolist()) / len(
            places
        )

    def to_json(self) -> dict[str, Any]:
        """The sample as the manifest has it."""
        return {"highest": f"{self.highest:016x}", "hashes": "".join(sorted(self.rows))}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RowSample:
        """The sample of a manifest."""
        text = str(data["hashes"])
        rows = frozenset(text[start : start + _DIGITS] for start in range(0, len(text), _DIGITS))
        return cls(int(str(data["highest"]), 16), rows)


def sampled(ids: Sequence[str]) -> np.ndarray:
    """The positions of the rows to keep: at most `SIZE`, those with the lowest id hashes."""
    return np.sort(np.argsort(_id_hashes(ids), kind="stable")[:SIZE])


def sample_of(ids: Sequence[str], probability: np.ndarray) -> RowSample:
    """The sample that consists of some rows, as `sampled` chose them.

    Parameters
    ----------
    ids : sequence of str
    probability : ndarray of float, shape (n,)
    """
    rows = frozenset(_row_hash(id, float(score)) for id, score in zip(ids, probability, strict=True))
    return RowSample(int(_id_hashes(ids).max()), rows)


def _id_hashes(ids: Sequence[str]) -> np.ndarray:
    hashes = b"".join(hashlib.blake2b(_bytes(id), digest_size=_BYTES).digest() for id in ids)
    return np.frombuffer(hashes, dtype=">u8").astype(np.uint64)


def _row_hash(id: str, probability: float) -> str:
    # Rounded, as a score may come from a file that holds fewer digits.
    text = _bytes(id) + f"\0{probability:.6f}".encode()
    return hashlib.blake2b(text, digest_size=_DIGITS // 2).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
