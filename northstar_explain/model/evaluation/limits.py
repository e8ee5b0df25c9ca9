"""Every limit that a report states, in one place: code compares with these constants, and texts print them.

A limit typed into a sentence would be forgotten when the constant changes, so a test searches the package, `cli` and
the templates for the numbers of this module.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

# Bootstrap Jaccard of a segment (Hennig 2008): trusted from the first, stable from the second, highly from the third.
JACCARD_TRUSTED, JACCARD_STABLE, JACCARD_HIGHLY_STABLE = 0.60, 0.75, 0.85
# A segment of an updated model continues an earlier one above this Jaccard; below it, they share too few customers.
JACCARD_SAME_SEGMENT = 0.5

# What a number of segments must meet to be eligible, beside stability: the smallest share of the customers, the least
# difference between two segments in standard deviations, and behavior explained above column-shuffled data.
LEAST_SEGMENT_SHARE, LEAST_DIFFERENCE, BEHAVIOR_ABOVE_SHUFFLED = 0.03, 0.8, 0.15
# Numbers of segments that explain so nearly the same are alike: the smallest is taken.
BEHAVIOR_ALIKE = 0.02
# Drop of the price of explainability that justifies one more rule per segment.
PRICE_DROP_WORTH_A_RULE = 0.01

# The null test reports natural clusters only if both hold (Kaufman & Rousseeuw 1990 for the silhouette).
NULL_TEST_P_VALUE, NATURAL_SILHOUETTE = 0.05, 0.5

# Population stability index (Siddiqi 2006): worth a look; needs a review.
PSI_LOOK, PSI_REVIEW = 0.1, 0.25

# With fewer customers, a bin is marked as thin, a subgroup gets no metrics, a cell is no audience of its own.
THIN_BIN_CUSTOMERS = 50
SUBGROUP_MIN_CUSTOMERS = 50
AUDIENCE_MIN_CUSTOMERS = 30

# Triggers of `explain monitor`. Each needs both: more than its limit, and more than chance allows. A single figure is
# beyond chance where it lies more standard errors away than a normal variable does once in 1,000; all cells of deciles
# and segments together, where one of them does so once in 100 sound months.
CHANCE_Z, MONITOR_CELLS_CHANCE = 3.29, 0.01
# A segment's share must change by more than this fraction of itself.
MONITOR_SEGMENT_CHANGE = 1 / 3
MONITOR_AUC_DROP = 0.03
# Predicted against actual rate: overall, and in a decile or a segment. Slope of the calibration: 1 is right.
MONITOR_CALIBRATION_GAP, MONITOR_CELL_GAP, MONITOR_SLOPE_GAP = 0.01, 0.02, 0.1
REJECTED_SHARE = 0.01
# Two runs that share fewer customers, of the smaller of the two, are hardly of the same customers.
MONITOR_SHARED_CUSTOMERS = 0.5
# Outcomes of rows that trained the model say nothing about it: refused from this share of the rows with an outcome on.
MONITOR_TRAINED_ROWS = 0.9
# Of the importance of all terms: if so much lies in features that drifted by `PSI_REVIEW`, no performance is estimated.
MONITOR_DRIFTED_IMPORTANCE = 0.5

# Beyond these, the first page of the audit report lists a weakness.
WEAK_CALIBRATION_ERROR, WEAK_FIDELITY, WEAK_THIN_SHARE, WEAK_SAME_REASON = 0.02, 0.8, 0.05, 0.9

# The same page names a group whose actual rate is so many standard deviations of chance from the predicted one (a sound
# group is once in 370), whose share of flagged customers is below four fifths of the highest (EEOC 1978), and a jump of
# points to or from a thin bin.
WEAK_GROUP_Z, FOUR_FIFTHS, WEAK_THIN_JUMP = 3.0, 0.8, 1.0

# And a group that the features of the model tell from all others: a ROC-AUC of which the whole interval is above this.
WEAK_PROXY_AUC = 0.6

# Likewise a cell of a pair that takes back so many of the points that its two features give by themselves.
WEAK_COMPENSATION = 0.5

# Correlation from which two features are reported as sharing their effect (Mukaka 2012 calls it high).
CORRELATED = 0.7

# Difference in ROC-AUC below which two scores are equally good for a campaign.
AUC_DIFFERENCE_THAT_MATTERS = 0.005

# A group that takes more rules than these is a list of cases, not a sentence.
SENTENCE_RULES = 2


# Deciles that are treated alike, best first: contacted first, contacted as far as the budget goes, not contacted.
CONTACT_BANDS = {"first": (10, 9), "next": (8, 7, 6), "rest": (5, 4, 3, 2, 1)}

# Stages of a customer's life. Lapsing and lost: the last order is so many times as long ago as orders were apart (if
# they came at random, one customer in twenty and one in four hundred would be quiet so long). New: within this share of
# the time that orders are counted over. Loyal: this share of those with two or more orders.
LAPSING_FROM, LOST_FROM, NEW_SHARE_OF_WINDOW, LOYAL_SHARE = 3.0, 6.0, 0.25, 1 / 3

# From this share of a segment on, a report says "most of them".
MOST = 0.5


def stability_words(jaccard: float) -> str:
    """How stable a segment is, in the words of every report."""
    if jaccard < JACCARD_TRUSTED:
        return "not reliable"
    if jaccard < JACCARD_STABLE:
        return "not stable"
    return "stable" if jaccard < JACCARD_HIGHLY_STABLE else "highly stable"


def stability_figure(jaccard: float) -> str:
    """A stability with two digits, rounded down: what is below a limit must not look as if it met it."""
    return str(Decimal(repr(float(jaccard))).quantize(Decimal("0.01"), ROUND_FLOOR))


def stability_scale() -> str:
    """The scale of `stability_words`, for captions."""
    return (
        f"below {JACCARD_TRUSTED:.2f} not reliable, below {JACCARD_STABLE:.2f} not stable, "
        f"from {JACCARD_HIGHLY_STABLE:.2f} highly stable"
    )


def points(share: float) -> str:
    """A difference of shares in percentage points, as texts state a limit: "1 point", "0.5 points"."""
    number = f"{100 * share:g}"
    return f"{number} point{'' if number == '1' else 's'}"
