"""`python -m torture.sample MODEL CUSTOMERS`: a few scenarios at some of their points, in seconds and without strace."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from torture import prepare, publishing

SHARE = 0.03


def main(model: Path, customers: Path) -> int:
    """Run the sample; exit code 1 when something was found."""
    found = 0
    with tempfile.TemporaryDirectory(prefix="torture-") as made:
        work = Path(made)
        for scenario in prepare.prepare_sample(work, model, customers):
            result = publishing.every_point(scenario, work, work / "home", by_strace=False, share=SHARE)
            print(result, *result.problems, sep="\n  ")
            found += len(result.problems)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
