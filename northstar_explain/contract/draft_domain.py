"""What a drafted table is of, by the words of its columns' names: it decides the words of recommended actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from northstar_explain.contract.draft_names import read_name

_FEWEST = 2  # columns that must speak of it; one word alone may mean anything
# Domain to the words that speak of it.
_WORDS = (
    ("shop", "order orders basket baskets cart carts purchase purchases purchased bought product products item items "
             "sku store stores checkout return returns refund refunds discount coupon coupons voucher shopping"),
    ("bank", "loan loans deposit deposits mortgage mortgages overdraft installment installments debt savings checking "
             "interest balance balances withdrawal withdrawals atm delinq inq lender borrower utilization bank "
             "banking"),
    ("visits", "appointment appointments booking bookings attendance attended checkin checkins stay stays patient "
               "patients doctor clinic museum library"),
    ("subscription", "subscription subscriptions subscriber contract plan plans renewal renewals renewed churn churned "
                     "billing streaming tariff"),
)  # fmt: skip


class DraftDomain(NamedTuple):
    """A domain of `features.DOMAINS`, and the columns whose names speak of it."""

    name: str
    columns: tuple[str, ...]


def domain_of(names: Sequence[str]) -> DraftDomain | None:
    """What a table seems to be of.

    Parameters
    ----------
    names : sequence of str
        Of its columns, the label too.

    Returns
    -------
    DraftDomain or None
        The domain that two columns or more speak of, and twice as many as of any other; None where there is none, as
        general words are true of every business.
    """
    found = [
        DraftDomain(domain, tuple(name for name in names if set(words.split()) & set(read_name(name).tokens)))
        for domain, words in _WORDS
    ]
    found.sort(key=lambda one: -len(one.columns))
    best, next_best = found[:2]
    return best if len(best.columns) >= max(_FEWEST, 2 * len(next_best.columns)) else None
