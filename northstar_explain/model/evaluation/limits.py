"""Every limit that a report states, once: code compares with these constants, and texts print them.

A limit that is written into a sentence by hand is forgotten when the constant changes, so a test looks for the
numbers of this module elsewhere in the package, in `cli` and in the templates.
"""

from __future__ import annotations

# Bootstrap Jaccard of a segment (Hennig 2008): below the first do not trust it, from the others on it is stable.
JACCARD_TRUSTED, JACCARD_STABLE, JACCARD_HIGHLY_STABLE = 0.60, 0.75, 0.85
# A segment of an updated model continues an earlier one above this Jaccard: else more than half is elsewhere.
JACCARD_SAME_SEGMENT = 0.5

# What a number of segments must reach to be taken on its merits.
PRICE_TARGET, FIDELITY_TARGET = 1.05, 0.90
# Drop of the price of explainability that makes another rule a segment worth reading.
PRICE_DROP_WORTH_A_RULE = 0.01

# The null test speaks of natural clusters only with both (Kaufman & Rousseeuw 1990 for the silhouette).
NULL_TEST_P_VALUE, NATURAL_SILHOUETTE = 0.05, 0.5

# Population stability index (Siddiqi 2006): worth a look; asks for a review.
PSI_LOOK, PSI_REVIEW = 0.1, 0.25

# Fewer customers than these: a bin is drawn as thin, a subgroup gets no figures, a cell is no audience of its own.
THIN_BIN_CUSTOMERS = 50
SUBGROUP_MIN_CUSTOMERS = 50
AUDIENCE_MIN_CUSTOMERS = 30

# `explain monitor` fires beyond these. A segment's share must move by more than this part of itself, and than chance.
MONITOR_SEGMENT_CHANGE = 1 / 3
MONITOR_AUC_DROP = 0.03
MONITOR_CALIBRATION_GAP = 0.03
REJECTED_SHARE = 0.01

# What makes the audit's first page name something as weak.
WEAK_CALIBRATION_ERROR, WEAK_FIDELITY, WEAK_THIN_SHARE, WEAK_SAME_REASON = 0.02, 0.8, 0.05, 0.9

# Correlation from which two features are named as sharing credit (Mukaka 2012 calls it high).
CORRELATED = 0.7

# Difference in ROC-AUC below which two ways to score are the same for a campaign.
AUC_DIFFERENCE_THAT_MATTERS = 0.005


def stability_words(jaccard: float) -> str:
    """How stable a segment is, in the words that every report uses."""
    if jaccard < JACCARD_TRUSTED:
        return "not reliable"
    if jaccard < JACCARD_STABLE:
        return "not stable"
    return "stable" if jaccard < JACCARD_HIGHLY_STABLE else "highly stable"


def stability_scale() -> str:
    """The scale of `stability_words`, for captions."""
    return (
        f"below {JACCARD_TRUSTED:.2f} do not trust, from {JACCARD_STABLE:.2f} stable, "
        f"from {JACCARD_HIGHLY_STABLE:.2f} highly stable"
    )
