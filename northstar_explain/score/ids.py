"""Ids that occur more than once in an input of any size, in memory that does not grow with it.

Of two rows with one id, which is right cannot be known, so neither is taken; and the second may come hours after the
first. So the ids are read by themselves before anything is scored. They are kept as 64-bit hashes, 8 bytes each, which
go to disk in sorted runs; equal hashes are then adjacent. Two ids may share a hash, so the ids behind those that
occur twice are read again and compared themselves. What is held in memory is one run, and the ids that do repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from northstar_explain.contract.check import text_ends
from northstar_explain.model.grid import distinct

RUN = 1 << 20  # hashes of a sorted run: 8 MB, and three times that while it is sorted
# By the first byte of the hash: equal hashes lie in the same range of every run, so one range at a time is merged.
_RANGES = 256
_EDGES = np.arange(1, _RANGES, dtype=np.uint64) << np.uint64(56)
# The constants of SplitMix64: see `mixed`.
_ODD = (np.uint64(0x9E37_79B9_7F4A_7C15), np.uint64(0xBF58_476D_1CE4_E5B9), np.uint64(0x94D0_49BB_1331_11EB))


class Hashes:
    """The hashes of all ids seen; at the end, those that repeat.

    Parameters
    ----------
    folder : Path
        Where sorted runs go that memory need not hold.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._held: list[np.ndarray] = []
        self._rows = 0
        self._runs: list[tuple[Path, np.ndarray]] = []

    def add(self, hashes: np.ndarray) -> None:
        """Add the hashes of more ids; 0 stands for a missing id and never repeats."""
        self._held.append(hashes[hashes != 0])
        self._rows += len(hashes)
        if self._rows >= RUN:
            self._spill()

    def repeated(self) -> np.ndarray:
        """Hashes that occur more than once, sorted."""
        if not self._runs:
            return _repeated(np.concatenate(self._held)) if self._held else np.empty(0, dtype=np.uint64)
        self._spill()
        repeated = [_repeated(np.concatenate(ranges)) for ranges in zip(*map(_ranges, self._runs), strict=True)]
        for path, _ in self._runs:
            path.unlink()
        return np.concatenate(repeated)

    def _spill(self) -> None:
        if not self._held:
            return
        run = np.sort(np.concatenate(self._held))
        self._held, self._rows = [], 0
        path = self._folder / f"ids-{len(self._runs):05d}.run"
        run.tofile(path)
        self._runs.append((path, np.concatenate([[0], np.searchsorted(run, _EDGES), [len(run)]])))


def _ranges(run: tuple[Path, np.ndarray]) -> Iterator[np.ndarray]:
    """A run's hashes, range after range, each read when it is needed."""
    path, ends = run
    for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        yield np.fromfile(path, dtype=np.uint64, count=end - start, offset=8 * start)


def _repeated(hashes: np.ndarray) -> np.ndarray:
    hashes = np.sort(hashes)
    return distinct(hashes[1:][hashes[1:] == hashes[:-1]])


def repeated(arrays: Sequence[pa.Array]) -> pa.Array:
    """The ids that occur more than once in some arrays that are all in memory."""
    hashes = np.concatenate([hash_of(array) for array in arrays])
    candidates = _repeated(hashes[hashes != 0])
    return exactly(candidates, arrays) if len(candidates) else pa.array([], pa.string())


def exactly(candidates: np.ndarray, ids: Iterable[pa.Array]) -> pa.Array:
    """The ids that do occur more than once, of those whose hash does.

    Parameters
    ----------
    candidates : ndarray of uint64
        Hashes that occur more than once, sorted.
    ids : iterable of pyarrow.Array of string
        All ids again.

    Returns
    -------
    pyarrow.Array of string
    """
    import pyarrow.compute as pc

    matches = [pa.array([], pa.string())]
    for batch in ids:
        hashes = hash_of(batch)
        place = np.searchsorted(candidates, hashes)
        place[place == len(candidates)] = 0
        # A candidate at the wrong place fails the comparison, so clipping the position above is harmless.
        matches.append(batch.filter(pa.array(candidates[place] == hashes)))
    counts = pa.chunked_array(matches).combine_chunks().value_counts()
    return counts.field("values").filter(pc.greater(counts.field("counts"), 1))


def hash_of(ids: pa.Array) -> np.ndarray:
    """A 64-bit hash of each text: shape (n,).

    Parameters
    ----------
    ids : pyarrow.Array of string

    Returns
    -------
    ndarray of uint64
        Words of eight bytes, mixed one after the other as by SplitMix64 (Steele, Lea and Flood 2014); 0 for a text
        without a letter.
    """
    ends = text_ends(ids).astype(np.int64)
    starts, lengths = ends[:-1], np.diff(ends)
    hashes = np.empty(len(ids), dtype=np.uint64)
    data = np.frombuffer(ids.buffers()[2] or b"", dtype=np.uint8)
    # One length at a time: such texts are a matrix of bytes, and need no loop over rows.
    for length in distinct(lengths).tolist():
        # Ids mostly have one length: a slice avoids an index array as large as the hashes.
        rows = slice(None) if len(ids) and (lengths == length).all() else np.flatnonzero(lengths == length)
        hashes[rows] = _mix_words(_words(data, starts[rows], length), length)
    return hashes


def _words(data: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Texts of one length as words of eight bytes, the last padded with zeros: shape (n, words)."""
    padded = np.zeros((len(starts), -(-length // 8) * 8), dtype=np.uint8)
    if length and len(starts) and starts[-1] - starts[0] == length * (len(starts) - 1):  # one after the other
        padded[:, :length] = data[starts[0] : starts[0] + length * len(starts)].reshape(-1, length)
    elif length:
        padded[:, :length] = data[starts[:, None] + np.arange(length)]
    return padded.view(np.uint64)


def _mix_words(words: np.ndarray, length: int) -> np.ndarray:
    if not length:
        return np.zeros(len(words), dtype=np.uint64)
    # The length starts the hash, as padding would make "a" and "a" with a zero byte alike.
    hashes = np.full(len(words), length, dtype=np.uint64)
    for word in words.T:
        hashes = mixed(hashes ^ word)
    # 0 is reserved for missing ids.
    return np.maximum(hashes, np.uint64(1))


def mixed(value: np.ndarray) -> np.ndarray:
    """The finisher of SplitMix64 (Steele, Lea and Flood 2014): every bit of the input moves every bit of the output."""
    value = value + _ODD[0]
    value = (value ^ (value >> np.uint64(30))) * _ODD[1]
    value = (value ^ (value >> np.uint64(27))) * _ODD[2]
    result: np.ndarray = value ^ (value >> np.uint64(31))
    return result
