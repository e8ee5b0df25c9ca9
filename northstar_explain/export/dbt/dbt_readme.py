"""The README of a dbt package: who runs what."""

from __future__ import annotations

from northstar_explain.model.learned_model import Model


def readme(model: Model, to: str) -> str:
    """The text for one model and dialect."""
    day = (
        f"The rows of the latest day in the column `{model.contract.snapshot}` are scored, or those of `snapshot_date`."
        if model.contract.snapshot
        else "All rows are scored, as of the day of the run, or as of `snapshot_date`."
    )
    return f"""# Northstar in dbt

Model {model.id} of "{model.contract.title}", for {to}, as `explain sql --dbt` wrote it. Nothing here is edited by hand.

| who | what | when |
| --- | --- | --- |
| the data team | names this folder in `packages.yml` (`- local: northstar`), and runs `dbt deps` | once |
| the schedule | `dbt build --select package:northstar` | each week |
| who trains | `explain sql model/ --dialect {to} --dbt northstar --overwrite`, and a commit | with each new model |
| marketing | reads `segments` (now) and `scores` (each day that was scored) | when they need it |

{day} A day that is scored again is replaced, all others stay.

`dbt build` loads the seeds, makes the models and tests them. Golden rows of the model must have the segment that they
have in Python, and the probability within 1e-9, in this very database; an id is scored once a day; segments are known;
few customers have no score.

Variables of the package, in `dbt_project.yml` under `vars: northstar:` or by `--vars`:

| variable | meaning | default |
| --- | --- | --- |
| `customers_model` | a dbt model with the customers, in place of the table | none |
| `customers_database`, `customers_schema` | where the table is | what `--table` said, else the profile's |
| `snapshot_date` | the day to score, such as 2026-03-01 | see above |
| `most_without_score` | share of customers without a score, 0 to 1, above which a test fails | 0.01 |

Whether rows keep the contract is not looked at here, beyond values that must not be missing; `explain score` rejects
rows that do not.
"""
