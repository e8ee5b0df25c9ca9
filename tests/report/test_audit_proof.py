"""Samples of `sealed_changes` and `hostile_inputs`: changes sealed again are found, hostile packs refused."""

from __future__ import annotations

from pathlib import Path

from hostile_inputs import WAYS, run
from sealed_changes import KINDS, count


def test_single_changes_sealed_anew_are_found(pack: Path) -> None:
    counts = count(pack, len(KINDS) * 2, seed=1)
    for kind, counted in counts.items():
        assert (counted["with_sums"], counted["without"]) == (2, 2), kind


def test_hostile_packs_end_soon_and_without_a_traceback(pack: Path) -> None:
    counts = run(pack, len(WAYS), seed=2)
    assert counts["refused"] > len(WAYS) / 2
    assert (counts["tracebacks"], counts["slow"], counts["unprintable"]) == (0, 0, 0)
