"""The purchase model fitted again: how far shapes and ranks depend on the seed, on the rows, and on the month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Contract
from northstar_explain.contract.outcomes import model_words
from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import compile_ebm
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.model.evaluation.retraining_facts import PairAgain, RefitAgreement, Retraining
from northstar_explain.model.other_points import points_like
from northstar_explain.model.scorecard import Scorecard

# So many of each kind, on at most so many rows and with so few bags, that all take as long as two or three fits of the
# model; with more rows and bags, as the model has, they would differ less.
SEEDS, DRAWS, REFIT_ROWS, REFIT_BAGS = 5, 5, 50_000, 6
_SCORED = 20_000
SEEDS_KIND, DRAWS_KIND, LATER_KIND = "other seeds", "bootstrap draws", "the later table"


class Refits(NamedTuple):
    """What came of fitting the model again.

    Attributes
    ----------
    facts : Retraining
    low, high, later : ndarray of float, shape (rows of the scorecard's table,)
        Lowest and highest points of the refits to the training rows, and those of the refit to the later table; NaN for
        pairs, which each refit chooses itself, and where there is no later table.
    """

    facts: Retraining
    low: np.ndarray
    high: np.ndarray
    later: np.ndarray


def refits(
    contract: Contract,
    scorecard: Scorecard,
    train: Customers,
    holdout: Customers,
    out_of_time: bool,
    options: PurchaseModelOptions,
    seed: int,
    progress: Callable[[str], None],
) -> Refits:
    """Fit the purchase model again, to the training rows and, where there is one, to the later table.

    Parameters
    ----------
    contract : Contract
    scorecard : Scorecard
        The model.
    train, holdout : Customers
        Holdout rows are scored, not chosen by; those of a later table are fitted to as well, for this comparison alone.
    out_of_time : bool
        Whether the holdout is a later table.
    options : PurchaseModelOptions
        Of the model; refits have `REFIT_BAGS` bags.
    seed : int
    progress : callable
        Takes the name of each refit as it begins.
    """
    options = replace(options, outer_bags=min(options.outer_bags, REFIT_BAGS))
    rng = np.random.default_rng([seed, 31])
    kinds: list[tuple[str, list[Callable[[], Customers]]]] = [
        (SEEDS_KIND, [lambda: _some(train, rng)] * SEEDS), (DRAWS_KIND, [lambda: _drawn(train, rng)] * DRAWS)
    ]  # fmt: skip
    kinds += [(LATER_KIND, [lambda: _some(holdout, rng)])] if out_of_time else []
    sample = rows_of(holdout.columns, np.sort(rng.permutation(len(holdout))[:_SCORED]))
    found: dict[str, list[Scorecard]] = {}
    for kind, rows in kinds:
        for number, make in enumerate(rows, start=1):
            progress(f"fitting the {model_words(contract)} again, {kind}: {number} of {len(rows)}")
            again = make()
            ebm = fit_purchase_model.fit(
                again.columns, again.label, contract.model_features, options, seed + 1_000 + number, groups=again.groups
            )
            found.setdefault(kind, []).append(compile_ebm(ebm, contract))
    same_rows = [*found[SEEDS_KIND], *found[DRAWS_KIND]]
    points = np.stack([_points(one, scorecard, contract) for one in same_rows])
    later = [_points(one, scorecard, contract) for one in found.get(LATER_KIND, [])]
    facts = Retraining(
        rows=min(len(train), REFIT_ROWS),
        bags=options.outer_bags,
        agreement=tuple(_agreement(kind, cards, scorecard, sample) for kind, cards in found.items()),
        pairs=_pairs(scorecard, same_rows),
    )
    return Refits(
        facts, points.min(axis=0), points.max(axis=0), later[0] if later else np.full(points.shape[1], np.nan)
    )


def _some(rows: Customers, rng: np.random.Generator) -> Customers:
    """All rows; where there are more than `REFIT_ROWS`, so many of them."""
    return rows if len(rows) <= REFIT_ROWS else rows.take(np.sort(rng.permutation(len(rows))[:REFIT_ROWS]))


def _drawn(rows: Customers, rng: np.random.Generator) -> Customers:
    """As many rows drawn with replacement; rows that belong together are drawn together."""
    n = min(len(rows), REFIT_ROWS)
    names, member = (None, np.arange(len(rows))) if rows.groups is None else np.unique(rows.groups, return_inverse=True)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(len(rows) if names is None else len(names)))
    pieces = np.split(order, starts[1:])
    drawn = rng.integers(0, len(pieces), max(1, round(n * len(pieces) / len(rows))))
    taken = np.concatenate([pieces[piece] for piece in drawn.tolist()])
    # A row that is drawn twice must not be in both halves of a bag: one half decides when the other stops.
    return replace(rows.take(taken), groups=member[taken].astype(str))


def _points(again: Scorecard, scorecard: Scorecard, contract: Contract) -> np.ndarray:
    """The points of a refit in the bins of the scorecard, as its table has them; NaN for pairs."""
    terms = {term.name: term for term in again.terms}
    return np.concatenate([
        points_like(term, terms[term.name], contract)
        if len(term.axes) == 1 and term.name in terms
        else np.full(term.points.size, np.nan)
        for term in scorecard.terms
    ])  # fmt: skip


def _pairs(scorecard: Scorecard, again: Sequence[Scorecard]) -> tuple[PairAgain, ...]:
    chosen = [{frozenset(term.features) for term in one.terms} for one in again]
    return tuple(
        PairAgain(term.name, sum(frozenset(term.features) in one for one in chosen))
        for term in scorecard.terms if len(term.axes) == 2
    )  # fmt: skip


def _agreement(kind: str, again: Sequence[Scorecard], scorecard: Scorecard, sample: Columns) -> RefitAgreement:
    mine = scorecard.probability(sample)
    correlations, same, near = [], [], []
    for one in again:
        scores = one.probability(sample)
        correlations.append(float(spearmanr(mine, scores).statistic))
        moved = np.abs(_tenths(mine) - _tenths(scores))
        same.append(float((moved == 0).mean()))
        near.append(float((moved <= 1).mean()))
    return RefitAgreement(
        kind, len(again), count_rows(sample), float(np.mean(correlations)), min(correlations), float(np.mean(same)),
        float(np.mean(near)),
    )  # fmt: skip


def _tenths(scores: np.ndarray) -> np.ndarray:
    """The tenth of each row among these rows."""
    edges = np.quantile(scores, np.linspace(0.1, 0.9, 9))
    return np.searchsorted(edges, scores, "right")
