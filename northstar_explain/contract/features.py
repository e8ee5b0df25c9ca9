"""The contract as objects: what each column means, and its words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from northstar_explain.contract.kinds.kind import Kind

# Roles are not names: an action for "recency" is chosen for any feature that a contract gives this role.
USES = ("segments", "model")
ROLES = ("engagement", "frequency", "recency", "value", "discount", "email", "returns", "tenure")


@dataclass(frozen=True)
class Feature:
    """One column of a customer table.

    Attributes
    ----------
    name, group : str
        The column's name, and the key of the group it belongs to.
    kind : Kind
        What sort of quantity it is; it decides bounds, transform, rounding and wording.
    words : str
        Its name in sentences, for example ``"orders in the last 90 days"``.
    unit : str
        The unit of a value; empty where the kind implies it.
    minimum, maximum : float or None
        Inclusive bounds; a row outside them is rejected.
    missing : str or None
        What a missing value means; None where it may not be missing.
    segments : bool
        Whether segments may be defined by it.
    sensitive : bool
        Kept out of segments and model, except for the uses in `allow`.
    allow : tuple of str
        Of ``"segments"`` and ``"model"``: uses that are allowed although the feature is sensitive.
    monotone : str or None
        ``"up"`` or ``"down"``: the only direction in which it may change the probability.
    order : tuple of str
        The values of an ordered category, lowest first.
    at_least, below, between, some, none : str
        Phrases for conditions, with ``{value}`` where the number or the range goes; empty for the kind's own.
    high, middle, low : str
        Adjectives for the name of a segment whose values are high, in between or low, by its rules or its average.
    role : str
        What it measures, one of `ROLES`; recommended actions are chosen by it. Empty for none.
    """

    name: str
    group: str
    kind: Kind
    words: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    missing: str | None = None
    segments: bool = False
    sensitive: bool = False
    allow: tuple[str, ...] = ()
    monotone: str | None = None
    order: tuple[str, ...] = ()
    at_least: str = ""
    below: str = ""
    between: str = ""
    some: str = ""
    none: str = ""
    high: str = ""
    middle: str = ""
    low: str = ""
    role: str = ""

    def may_serve(self, use: str) -> bool:
        """Whether the feature may be used for ``"segments"`` or the ``"model"``."""
        # Sensitive features serve group checks only, unless the contract says otherwise in so many words.
        if self.sensitive and use not in self.allow:
            return False
        return self.segments if use == "segments" else True


@dataclass(frozen=True)
class Contract:
    """The columns of a customer table and their meaning.

    Attributes
    ----------
    title : str
        What the table holds.
    id, label : str
        Names of the identifier and label columns.
    horizon, outcome : str
        The label's window and its meaning, in words.
    currency : str
        The sign in front of amounts.
    noun : str
        What customers are called, plural.
    groups : dict
        Key to the words of each group of features, in reading order.
    features : tuple of Feature
    ignore : tuple of str
        Columns that are allowed and not used.
    group : str
        The column that identifies rows of one group, such as several months of one household: a split never divides
        a group. Empty where rows are independent.
    text : str
        The TOML it was read from.
    """

    title: str
    id: str
    label: str
    horizon: str
    outcome: str
    currency: str
    noun: str
    groups: dict[str, str]
    features: tuple[Feature, ...]
    ignore: tuple[str, ...] = ()
    group: str = ""
    text: str = field(default="", repr=False)

    def __getitem__(self, name: str) -> Feature:
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    @property
    def segment_features(self) -> tuple[Feature, ...]:
        """The features that may define segments."""
        return tuple(feature for feature in self.features if feature.may_serve("segments"))

    @property
    def model_features(self) -> tuple[Feature, ...]:
        """The features that the purchase model may use."""
        return tuple(feature for feature in self.features if feature.may_serve("model"))

    @property
    def sensitive_features(self) -> tuple[Feature, ...]:
        """The features used for group checks."""
        return tuple(feature for feature in self.features if feature.sensitive)

    @property
    def sha256(self) -> str:
        """The hash of the contract's text."""
        # Of the text, not of the objects: comments in a contract record what people confirmed.
        return hashlib.sha256(self.text.encode()).hexdigest()
