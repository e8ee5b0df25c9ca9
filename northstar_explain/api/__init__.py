"""The toolkit from Python: each command of `explain`, with the same options.

| command    | from Python                          |
| ---------- | ------------------------------------ |
| `simulate` | `simulate_customers`                 |
| `init`     | `draft_contract`                     |
| `train`    | `train`                              |
| `score`    | `Model.score`, `Model.score_files`   |
| `playbook` | `Model.playbook`, `Model.check_plan` |
| `compare`  | `Model.compare`                      |
| `monitor`  | `Model.monitor`                      |
| `sql`      | `Model.sql`, `Model.write_sql`       |
| `audit`    | `Model.audit`                        |
| `verify`   | `Model.verify`, `verify`             |
| `show`     | `Model.facts`                        |
"""

from northstar_explain.api.first_table import Simulation, draft_contract, simulate_customers
from northstar_explain.api.scores import Scores, ScoringWarning
from northstar_explain.api.train_model import train
from northstar_explain.api.trained_model import Model, load, verify

__all__ = [
    "Model",
    "Scores",
    "ScoringWarning",
    "Simulation",
    "draft_contract",
    "load",
    "simulate_customers",
    "train",
    "verify",
]
