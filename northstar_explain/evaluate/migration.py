"""Migration between segments from one model to the next: by changed rules, or by changed customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.model.evaluation.limits import JACCARD_SAME_SEGMENT
from northstar_explain.model.evaluation.update_facts import (
    AddedSegment,
    MatchedSegment,
    Moves,
    RetiredSegment,
    Update,
)
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import assign


@dataclass(frozen=True)
class Earlier:
    """The model that a new one updates.

    Attributes
    ----------
    model : Model
        Its segments keep their ids and names where the new model has them again.
    scores : mapping of str to str, optional
        Customer to segment at that model's last scoring, to count moves because the customer changed.
    """

    model: Model
    scores: Mapping[str, str] | None = None


def update_facts(learned: LearnedSegments, earlier: Earlier, customers: Customers) -> Update:
    """How the earlier model's segments and their customers map to the new ones.

    Parameters
    ----------
    learned : LearnedSegments
        With its continuity.
    earlier : Earlier
    customers : Customers
        Today's.

    Returns
    -------
    Update
    """
    assert learned.continuity is not None
    previous = earlier.model
    before, after = (assign(one.tree, customers.columns) for one in (previous.segmentation, learned.segmentation))
    moves = _moves(before, after)
    kept = {one.id for one in learned.continuity.matches}
    names = {one.id: one.name for one in (*previous.segmentation.segments, *learned.segmentation.segments)}
    retired = [one.id for one in previous.segmentation.segments if one.id not in kept]
    return Update(
        previous_model_id=previous.id,
        previous_date=previous.manifest["date"],
        same_above=JACCARD_SAME_SEGMENT,
        matched=tuple(
            MatchedSegment(one.id, names[one.id], one.jaccard, one.before, one.now)
            for one in learned.continuity.matches
        ),
        retired=tuple(RetiredSegment(id, names[id], moves.get(id, {})) for id in retired),
        added=tuple(
            AddedSegment(id, names[id], {old: to[id] for old, to in moves.items() if id in to})
            for id in learned.continuity.added
        ),
        customers=len(customers),
        moved_by_model=int((before != after).sum()),
        model_moves=moves,
        since_scores=None if earlier.scores is None else _since(customers, before, after, earlier.scores),
    )


def _since(customers: Customers, now: np.ndarray, after: np.ndarray, since: Mapping[str, str]) -> Moves:
    then = np.array([since.get(id, "") for id in customers.ids.to_pylist()])
    scored = then != ""
    then, now, after = then[scored], now[scored], after[scored]
    # By the old rules, a move is the customer's; by old and new rules on the same values, it is the model's.
    customer, model = then != now, now != after
    return Moves(
        customers=int(scored.sum()),
        new=int((~scored).sum()),
        gone=len(since) - int(scored.sum()),
        moved_by_customer=int(customer.sum()),
        moved_by_model=int(model.sum()),
        moved_by_both=int((customer & model).sum()),
        moved_back=int((customer & model & (then == after)).sum()),
        customer_moves=_moves(then, now),
    )


def _moves(old: np.ndarray, new: np.ndarray) -> dict[str, dict[str, int]]:
    """Customers by old and new segment, including those who stayed."""
    moves: dict[str, dict[str, int]] = {}
    # One pass over joined ids is faster than counting each pair of segments; ids never contain ">".
    pairs, counts = np.unique(np.char.add(np.char.add(old.astype(str), ">"), new.astype(str)), return_counts=True)
    for pair, count in zip(pairs, counts, strict=True):
        source, target = str(pair).split(">")
        moves.setdefault(source, {})[target] = int(count)
    return moves
