"""Who a condition selects: ``segment = 'S3' and decile >= 9 and country = 'DE'``, in the language of contracts.

It may name columns of scores, traits and features. The values of features are those of the contract's check, so a
customer who would be rejected in scoring is selected by none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.conditions import CategoryCondition, Condition, matches, simplify
from northstar_explain.contract.expressions import ExpressionError, parse_condition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.count import CountKind
from northstar_explain.contract.kinds.ordered import OrderedKind
from northstar_explain.contract.kinds.rate import RateKind
from northstar_explain.contract.kinds.ratio import RatioKind
from northstar_explain.errors import Fault
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.learned_model import Model

_SEGMENT = "segment"  # as people say it; the column of scores is called segment_id


@dataclass(frozen=True)
class Where:
    """A condition, ready to be applied.

    Attributes
    ----------
    text : str
        As it was written.
    conditions : tuple of Condition
        All must be met; those that define the features it asks for are among them.
    features : tuple of str
        The features of the contract that it needs.
    """

    text: str
    conditions: tuple[Condition, ...]
    features: tuple[str, ...]

    def selects(self, columns: Mapping[str, np.ndarray | Category]) -> np.ndarray:
        """Customers who meet it, as a mask.

        Parameters
        ----------
        columns : mapping
            Name to float64 array or `Category`, each of length n, of scores and of `features`.
        """
        return matches(self.conditions, columns)


def parse_where(text: str, model: Model, where: str) -> Where | Fault:
    """Read a condition on customers.

    Parameters
    ----------
    text : str
        See `contract.expressions.parse_condition`. Beside the features of the contract it may name ``segment``,
        ``decile``, ``probability``, ``percentile``, ``flag_f1`` and ``borderline`` (0 or 1), and ``trait_x``
        (0 or 1) for each trait x.
    model : Model
        That made the scores.
    where : str
        The place of the text in a fault.

    Returns
    -------
    Where or Fault
        A fault where it cannot be read, or asks for a feature that is not allowed to serve segments.
    """
    contract = with_known_values(model)
    own = {feature.name: feature for feature in contract.features}
    of_scores = {feature.name: feature for feature in _score_features(model)}
    try:
        found = parse_condition(text, [*own.values(), *(one for name, one in of_scores.items() if name not in own)])
    except ExpressionError as error:
        return Fault(where, error.expected, error.got, error.todo)
    for condition in found:
        if fault := _fault(condition, own, of_scores, where):
            return fault
    used = [own[condition.feature] for condition in found if condition.feature in own]
    # Where a feature has no meaning, its value selects nobody.
    whole = simplify((*found, *(condition for feature in used for condition in feature.defined_when)))
    if whole is None:
        return Fault(where, "conditions that a row can meet together", text, "Correct the condition.")
    needed = dict.fromkeys(condition.feature for condition in whole if condition.feature in own)
    return Where(text, whole, tuple(needed))


def score_columns(
    segment: np.ndarray, numbers: Mapping[str, np.ndarray], traits: list[str], contract: Contract
) -> dict[str, np.ndarray | Category]:
    """Columns of scores by the names that conditions have for them.

    Parameters
    ----------
    segment : ndarray of str, shape (n,)
    numbers : mapping
        Name to n numbers; flags as 0 and 1.
    traits : list of str
        The traits of each customer, joined by semicolons.
    contract : Contract
    """
    values, codes = np.unique(segment, return_inverse=True)
    ids = Category(codes.astype(np.int32), tuple(map(str, values)))
    columns: dict[str, np.ndarray | Category] = {_SEGMENT: ids, "segment_id": ids}
    columns |= {name: np.asarray(column, dtype=np.float64) for name, column in numbers.items()}
    held = [set(text.split(";")) for text in traits]
    for trait in contract.traits:
        columns[trait.column] = np.array([trait.name in names for names in held], dtype=np.float64)
    return columns


def _score_features(model: Model) -> list[Feature]:
    ids = tuple(segment.id for segment in model.segmentation.segments)
    flags = [*model.purchase.flag_columns, "borderline", *(trait.column for trait in model.contract.traits)]
    return [
        # Ordered, as only then every value is listed: a segment that is not there shall be refused.
        *(Feature(name, "", OrderedKind(), name, order=ids) for name in (_SEGMENT, "segment_id")),
        Feature("decile", "", CountKind(), "decile", minimum=1.0, maximum=10.0),
        Feature("probability", "", RateKind(), "probability", minimum=0.0, maximum=1.0),
        Feature("percentile", "", RatioKind(), "percentile", minimum=0.0, maximum=100.0),
        *(Feature(name, "", CountKind(), name, minimum=0.0, maximum=1.0) for name in flags),
    ]


def _fault(
    condition: Condition, own: Mapping[str, Feature], of_scores: Mapping[str, Feature], where: str
) -> Fault | None:
    name = condition.feature
    if name in own and name in of_scores:
        todo = "Rename the feature in the contract: scores have a column of this name too."
        return Fault(where, "names of one column", name, todo)
    if name not in own:
        return None
    # An audience follows from its condition, as a segment does from its rule.
    if not own[name].is_open("segments"):
        todo = f'Allow it with allow = ["segments"] in features.{name}, or leave it out.'
        return Fault(where, "features that are not sensitive", name, todo)
    known = own[name].known
    if isinstance(condition, CategoryCondition) and known:
        unseen = [value for value in condition.values if value not in known]
        if unseen:
            some = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
            return Fault(where, f"values of {name} that training saw, such as {some}", unseen[0], "Correct it.")
    return None
