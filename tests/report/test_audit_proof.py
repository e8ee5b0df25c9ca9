"""A sample of `sealed_changes`: what is changed and sealed again is found."""

from __future__ import annotations

from pathlib import Path

from sealed_changes import KINDS, count


def test_single_changes_sealed_anew_are_found(pack: Path) -> None:
    counts = count(pack, len(KINDS) * 2, seed=1)
    for kind, counted in counts.items():
        assert (counted["with_sums"], counted["without"]) == (2, 2), kind
