"""The toolkit from Python: each command of `explain`, with the same options.

| command         | from Python                                              |
| --------------- | -------------------------------------------------------- |
| `simulate`      | `simulate_customers`, `simulate_months`                  |
| `init`          | `draft_contract`                                         |
| `train`         | `train`                                                  |
| `score`         | `Model.score`, `Model.score_files`                       |
| `playbook`      | `Model.playbook`, `Model.check_plan`, `Model.write_plan` |
| `compare`       | `Model.compare`                                          |
| `monitor`       | `Model.monitor`                                          |
| `campaign plan` | `Model.plan_campaign`                                    |
| `campaign read` | `read_campaign`                                          |
| `audience`      | `Model.audience`                                         |
| `locate`        | `locate`                                                 |
| `sql`           | `Model.sql`, `Model.write_sql`                           |
| `audit`         | `Model.audit`                                            |
| `verify`        | `Model.verify`, `verify`                                 |
| `show`          | `Model.facts`                                            |
"""

from northstar_explain.api.audience_calls import locate
from northstar_explain.api.campaign_calls import read_campaign
from northstar_explain.api.first_table import Simulation, draft_contract, simulate_customers
from northstar_explain.api.monthly_tables import simulate_months
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
    "locate",
    "read_campaign",
    "simulate_customers",
    "simulate_months",
    "train",
    "verify",
]
