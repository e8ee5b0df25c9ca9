"""The contract as objects: what each column means, and its words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from northstar_explain.contract.conditions import Condition
from northstar_explain.contract.economics import Economics
from northstar_explain.contract.kinds.kind import Kind
from northstar_explain.contract.relations import Relation
from northstar_explain.contract.traits import ContractTrait
from northstar_explain.options import CsvOptions

# Roles are not names: an action for "recency" is chosen for any feature that a contract gives this role.
USES = ("segments", "model")
# As an id where the table has no column of this name: rows are numbered, from 1 on.
ROW_ID = "row"
ROLES = ("engagement", "frequency", "recency", "value", "discount", "email", "returns", "tenure")
# Of categories: where audiences are, where they came from, and what they use.
AUDIENCE_ROLES = ("place", "channel", "device")
# What the table is of; it decides the words of recommended actions. Empty for no kind in particular.
DOMAINS = ("shop", "bank", "visits", "subscription")


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
        Adjectives for the name of a segment of which most values are high, in between or low, by cuts over all
        customers.
    zero : str
        The adjective for a segment of which most have none at all.
    role : str
        What it measures, one of `ROLES`, or, of a category, one of `AUDIENCE_ROLES`; recommended actions are chosen by
        it, and audiences counted. Empty for none.
    defined_when : tuple of Condition
        When it has a meaning; elsewhere it is not applicable, whatever its value. Empty where it always has one.
    likeness : bool or None
        Whether customers are compared by it when segments are looked for; None for the default, see `Contract`.
    theme : str
        The theme it belongs to; empty where that follows from its correlations.
    known : tuple of str
        Of a category: the values that a model knows, whose spellings others are brought to. Not from the contract.
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
    zero: str = ""
    role: str = ""
    defined_when: tuple[Condition, ...] = ()
    likeness: bool | None = None
    theme: str = ""
    known: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def may_serve(self, use: str) -> bool:
        """Whether the feature may be used for ``"segments"`` or the ``"model"``."""
        if not self.is_open(use):
            return False
        return self.segments if use == "segments" else True

    @property
    def may_compare(self) -> bool:
        """Whether customers may be compared by it."""
        return self.is_open("segments") if self.likeness is None else self.likeness

    def is_open(self, use: str) -> bool:
        """Whether a use is not ruled out because the feature is sensitive."""
        # Sensitive features serve group checks only, unless the contract says otherwise in so many words.
        return not self.sensitive or use in self.allow


@dataclass(frozen=True)
class Contract:
    """The columns of a customer table and their meaning.

    Attributes
    ----------
    title : str
        What the table holds.
    id, label : str
        Names of the identifier and label columns. The id `ROW_ID` numbers the rows of a table without such a column.
    positive : str
        The value of the label that stands for 1, all others for 0; empty where the column holds 0 and 1 itself.
    known_after : tuple of str
        Columns that are known only after the outcome: the contract names them, and nothing uses them.
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
    traits : tuple of ContractTrait
        What cuts across segments.
    relations : tuple of Relation
        What holds between two numbers of every row; a row that breaks one is rejected.
    domain : str
        What the table is of, one of `DOMAINS`; empty for no kind in particular.
    as_of : str
        The day up to which the table looks, as ``2026-03-01``, or the column of `ignore` that has it; empty where
        the contract does not say.
    theme_weight : float
        What counts alike when segments are looked for: at 0 features do, at 1 themes, however many features they have.
    csv : CsvOptions
        How its CSV files are written; what it leaves open is found from each file.
    missing_values : tuple of str or None
        What stands for a missing value besides an empty cell; None for the usual marks.
    economics : Economics or None
        What a purchase earns and a contact costs; None where the contract does not say.
    wanted : bool
        Whether the outcome is to be brought about; false where it is to be prevented, such as leaving.
    drafted : bool
        Whether a program drafted it and nobody has confirmed it yet.
    population : int or None
        People that the customers of the table are among, such as all users of a month; None where it is not known.
    population_words : str
        What these people are, in words.
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
    traits: tuple[ContractTrait, ...] = ()
    relations: tuple[Relation, ...] = ()
    domain: str = ""
    as_of: str = ""
    theme_weight: float = 0.0
    csv: CsvOptions = field(default_factory=CsvOptions)
    missing_values: tuple[str, ...] | None = None
    economics: Economics | None = None
    positive: str = ""
    known_after: tuple[str, ...] = ()
    wanted: bool = True
    drafted: bool = False
    population: int | None = None
    population_words: str = ""
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
    def likeness_features(self) -> tuple[Feature, ...]:
        """The features that customers may be compared by, whether or not segments may be defined by them."""
        # Which of them vary, and which categories have few enough values, the data decide.
        return tuple(feature for feature in self.features if feature.may_compare)

    @property
    def model_features(self) -> tuple[Feature, ...]:
        """The features that the purchase model may use."""
        return tuple(feature for feature in self.features if feature.may_serve("model"))

    @property
    def sensitive_features(self) -> tuple[Feature, ...]:
        """The features used for group checks."""
        return tuple(feature for feature in self.features if feature.sensitive)

    @property
    def snapshot(self) -> str:
        """The column with the day that each row looks up to, where a feature is a date; else empty."""
        return self.as_of if any(feature.kind.dated for feature in self.features) else ""

    @property
    def sha256(self) -> str:
        """The hash of the contract's text."""
        # Of the text, not of the objects: comments in a contract record what people confirmed.
        return hashlib.sha256(self.text.encode()).hexdigest()
