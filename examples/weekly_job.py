"""A weekly job as a plain script, for any scheduler: score, compare with the week before, write audiences.

    python examples/weekly_job.py --customers crm/week.parquet --model model/ --contacts crm/contacts.parquet \
        --consent email_ok --to klaviyo --weeks weeks/ --date 2026-03-08

Exit codes: 0 done; 1 an error, its message on stderr; 2 wrong usage; 3 too many rows were rejected, and nothing was
published; 4 done, and a trigger of monitoring fired, which a person should look at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from northstar_explain import api
from northstar_explain.errors import NorthstarError
from northstar_explain.options import PLATFORMS, AudienceOptions, ScoringOptions

DONE, ERROR, TOO_MANY_REJECTED, FIRED = 0, 1, 3, 4


def week(given: argparse.Namespace) -> int:
    """One week; what it wrote before an error is whole, and the same call again replaces it."""
    model = api.load(given.model)
    folder = given.weeks / given.date
    scores = folder / "scores.parquet"
    report = model.score_files(given.customers, scores, ScoringOptions(overwrite=True))
    if not report["published"]:
        print(f"weekly job: {report['rejected']:,} of {report['rows']:,} rows rejected", file=sys.stderr)
        return TOO_MANY_REJECTED
    fired: Sequence[object] = ()
    if last := _latest(given.weeks, given.date, "scores.parquet"):
        facts = model.monitor(last, scores, html=folder / "monitor.html", overwrite=True)
        fired = facts.triggers
    options = AudienceOptions(given.consent, given.to, region=given.region, date=given.date)
    before = _latest(given.weeks / "audiences", given.date, "audiences.json")
    model.audience(
        scores, given.weeks / "audiences", options, given.contacts,
        previous=before and before.parent, overwrite=True,
    )  # fmt: skip
    for one in fired:
        print(f"weekly job: {one}", file=sys.stderr)
    return FIRED if fired else DONE


def _latest(folder: Path, date: str, name: str) -> Path | None:
    """The file of this name in the latest folder of a day before; days are written so that they sort as texts."""
    found = [path for path in sorted(folder.glob(f"????-??-??/{name}")) if path.parent.name < date]
    return found[-1] if found else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("customers", "model", "contacts", "weeks"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("consent", "date"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--to", choices=PLATFORMS, default="csv")
    parser.add_argument("--region")
    given = parser.parse_args(arguments)
    try:
        return week(given)
    except (NorthstarError, ValueError) as error:
        print(f"weekly job: {error}", file=sys.stderr)
        return ERROR


if __name__ == "__main__":
    sys.exit(main())
