"""Facts of the certificate: how far the rules are proven to be from the best rules of as many."""

from __future__ import annotations

from dataclasses import dataclass

# What reports say of a model that was trained without it.
NOT_RUN = "not run (--deep in training)"


@dataclass(frozen=True)
class RulesCertificate:
    """The k-means cost of the rules beside the least that a tree of as many rules and segments can cost.

    Attributes
    ----------
    gap : float or None
        Cost of the rules over a lower bound on the cost of every tree of at most as many rules over the thresholds
        that rules may use, less 1: 0 where no tree costs less. Null where the lower bound is 0.
    proven : bool
        Whether ``gap`` is the distance to the best tree; else it is the most that the distance can be.
    reason : str
        How the bound was found, and why it is not exact where it is not.
    customers : int
        On how many the costs were compared: a sample of those that the segments were learned from.
    divisions : int
        Thresholds and divisions of categories that were compared.
    rules : int
        Rules of the tree.
    """

    gap: float | None
    proven: bool
    reason: str
    customers: int
    divisions: int
    rules: int


def certificate_words(certificate: RulesCertificate | None, noun: str) -> str:
    """What is proven of the rules, in a sentence without its full stop.

    Parameters
    ----------
    certificate : RulesCertificate or None
        None where it was not run.
    noun : str
        What the contract calls its rows.
    """
    if certificate is None:
        return NOT_RUN
    of = (
        f"tree of {certificate.rules} rules over the {certificate.divisions:,} thresholds that rules may use, on "
        f"{certificate.customers:,} {noun}"
    )
    gap = certificate.gap
    if certificate.proven and gap is not None:
        return f"proven best: no {of}, costs less" if gap == 0.0 else f"proven within {gap:.2%} of the best {of}"
    most = "nothing is proven about" if gap is None else f"at most {gap:.1%} above"
    return f"{most} the best {of}; {certificate.reason}"
