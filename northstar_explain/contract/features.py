"""The contract as objects: what each column means and how a person speaks of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from northstar_explain.contract.kinds import Kind

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
        How a person names it, for example ``"orders in the last 90 days"``.
    unit : str
        The unit of a value, empty where the kind says it already.
    minimum, maximum : float or None
        Bounds, both inclusive; a row outside them is rejected.
    missing : str or None
        What a missing value means; None where it may not be missing.
    segments : bool
        Whether it may define segments.
    sensitive : bool
        Kept out of segments and model, except for the uses in `allow`.
    allow : tuple of str
        Of ``"segments"`` and ``"model"``: what a sensitive feature may be used for all the same.
    monotone : str or None
        ``"up"`` or ``"down"``: the only direction in which it may push the probability.
    order : tuple of str
        The values of an ordered category, lowest first.
    at_least, below, between, some, none : str
        Phrases for conditions, with ``{value}`` where the number or the range goes; empty for the kind's own.
    high, middle, low : str
        Adjectives for the name of a segment that its rules, or its average, set above, between or below.
    role : str
        What it tells of a customer, one of `ROLES`; recommended actions are chosen by it. Empty for none.
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
        if self.sensitive and use not in self.allow:
            return False
        return self.segments if use == "segments" else True


@dataclass(frozen=True)
class Contract:
    """What a customer table holds.

    Attributes
    ----------
    title : str
        What the table is.
    id, label : str
        Names of the identifier and label columns.
    horizon, outcome : str
        The label's window and its meaning, in words.
    currency : str
        The sign before amounts.
    noun : str
        What the people are called, plural.
    groups : dict
        Key to the words of each group of features, in reading order.
    features : tuple of Feature
    ignore : tuple of str
        Columns that may be there and are not used.
    group : str
        Name of the column that says which rows belong together, such as several months of one household: no split
        divides them. Empty where each row stands by itself.
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
        return hashlib.sha256(self.text.encode()).hexdigest()
