"""Words of a terminal for those of whom the label is true: buyers, or what the contract says that they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from northstar_explain.contract.outcomes import is_buying, those_with

if TYPE_CHECKING:
    from northstar_explain.contract.features import Contract


class OutcomeWords(NamedTuple):
    """Words for one contract.

    Attributes
    ----------
    title : str
        What the model predicts.
    head : str
        Of a column of rates.
    legend : str
        What that column holds.
    those : str
        Customers with label 1.
    likely : str
        Customers whose probability is at or above the threshold.
    step : str
        An example of one ordinary step; empty where orders are not known to be counted.
    """

    title: str
    head: str
    legend: str
    those: str
    likely: str
    step: str = ""


def outcome_words(contract: Contract) -> OutcomeWords:
    """The words of a contract: of buying only where its outcome is buying."""
    if is_buying(contract):
        return OutcomeWords(
            "Purchase model", "buy", "purchase rate on the holdout", "buyers", "likely buyers",
            ", such as one order,",
        )  # fmt: skip
    return OutcomeWords(
        f"Model of who {contract.outcome}", "rate", f"share that {contract.outcome}, on the holdout",
        those_with(contract), "at or above the threshold",
    )  # fmt: skip
