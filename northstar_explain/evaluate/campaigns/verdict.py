"""What a readout says in a sentence, and no more than its figures bear."""

from __future__ import annotations

from dataclasses import replace

from northstar_explain.model.campaign.money_words import amount, in_points
from northstar_explain.model.campaign.readout_facts import MeasuredUplift, Readout


def verdict_of(readout: Readout, currency: str) -> Readout:
    """The readout with its verdict.

    Parameters
    ----------
    readout : Readout
    currency : str
        The sign in front of amounts.
    """
    if readout.overall is None:
        return replace(readout, verdict=_stopped(readout))
    return replace(readout, verdict=f"{_effect(readout.overall)} {_money(readout.overall, currency)}")


def _stopped(readout: Readout) -> str:
    alike = readout.alike
    if alike.missing_p_value <= alike.probability_p_value:
        shares = [1.0 - one.known / max(1, one.planned - one.overlapping) for one in (readout.treated, readout.control)]
        what = f"outcomes are missing for {shares[0]:.1%} of the treated and {shares[1]:.1%} of the control"
        p_value = alike.missing_p_value
    else:
        means = [one.probability or 0.0 for one in (readout.treated, readout.control)]
        what = (
            f"the probability before the campaign was {means[0]:.1%} for the treated and {means[1]:.1%} for the control"
        )
        p_value = alike.probability_p_value
    # A p-value may be too small for a float, and then is 0.
    return f"Nothing is concluded: {what}, which chance does in one of {1 / max(p_value, 1e-12):,.0f} campaigns."


def _effect(overall: MeasuredUplift) -> str:
    assert overall.uplift is not None
    assert overall.interval is not None
    low, high = overall.interval
    range_ = f"95% interval {in_points(low)} to {in_points(high)}"
    points = f"{100 * abs(overall.uplift):.1f} points"
    if low > 0:
        return f"The contacts added {points} to the outcome rate ({range_})."
    if high < 0:
        return f"The contacts took {points} from the outcome rate ({range_})."
    return f"Whether the contacts changed the outcome is not known ({in_points(overall.uplift)} points, {range_})."


def _money(overall: MeasuredUplift, currency: str) -> str:
    assert overall.earned is not None
    assert overall.earned_interval is not None
    low, high = overall.earned_interval
    range_ = f"95% interval {amount(low, currency)} to {amount(high, currency)}"
    if low > 0:
        return f"They earned {amount(overall.earned, currency)} after their cost ({range_}): worth repeating."
    if high < 0:
        return f"They lost {amount(-overall.earned, currency)} ({range_}): not worth repeating as it is."
    return f"Whether they earned more than they cost is not known ({amount(overall.earned, currency)}, {range_})."
