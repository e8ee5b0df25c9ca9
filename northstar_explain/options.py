"""Options of the runs that apply a model: what Python takes, and what the command line parses its options into.

They stand by themselves, as `--help` shows their defaults and must not wait for NumPy or sqlglot. Those of training
are in `northstar_explain.training`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# As sqlglot calls them; export/sql/dialects.py knows what is particular to each.
DIALECTS = ("duckdb", "sqlite", "postgres", "spark", "bigquery", "snowflake")
ENGINES = ("local", "spark")


@dataclass(frozen=True)
class Control:
    """How the control group is selected.

    Attributes
    ----------
    share : float
        Share of the customers, 0 to 1.
    salt : str
        Another salt selects another group, for a campaign that shall not share its group with the others.
    """

    share: float = 0.1
    salt: str = "northstar"


@dataclass(frozen=True)
class ScoringOptions:
    """Options of a scoring run.

    Attributes
    ----------
    overwrite : bool
        Replace existing results.
    max_rejected : float
        Share of rejected rows, 0 to 1, above which nothing is published.
    publish_anyway : bool
        Publish however many rows were rejected.
    resume : bool
        Continue a run that was killed, where its input, model and output are the same. Of no use to Spark, which runs
        lost tasks again by itself.
    control : Control
        Who is kept out of campaigns.
    """

    overwrite: bool = False
    max_rejected: float = 0.01
    publish_anyway: bool = False
    resume: bool = False
    control: Control = field(default_factory=Control)


@dataclass(frozen=True)
class CampaignOptions:
    """Options of a campaign plan; amounts in the contract's currency, and from its ``[economics]`` where not given.

    Attributes
    ----------
    budget : float or None
        Most that the contacts may cost, vouchers expected to be redeemed included.
    margin, contact_cost, voucher : float or None
        Earned per purchase; spent per contact; taken off a purchase of a customer who was contacted.
    power_uplift, power : float
        The campaign's control group is so large that an uplift of this size, in the same unit as rates, is detected
        with this probability. Without measured uplifts, every contact is taken to add this uplift.
    """

    budget: float | None = None
    margin: float | None = None
    contact_cost: float | None = None
    voucher: float | None = None
    power_uplift: float = 0.03
    power: float = 0.8

    def __post_init__(self) -> None:
        for name in ("power_uplift", "power"):
            if not 0 < (value := getattr(self, name)) < 1:
                raise ValueError(f"{name}: expected a number above 0 and below 1; got {value}")


@dataclass(frozen=True)
class SqlOptions:
    """Options of the model as SQL.

    Attributes
    ----------
    dialect : str
        One of `DIALECTS`.
    table : str
        The table of customers, with the columns of the contract; ``schema.table`` and ``catalog.schema.table`` too.
    view : str or None
        Make a view of this name rather than a query.
    scores : bool
        The whole scorecard (logit, probability, likely_buyer) and not the segments alone. It looks values up in
        tables: see `prefix`.
    prefix : str or None
        How the names of those tables begin, schema included; by default ``northstar_`` and the model's id.

    Raises
    ------
    ValueError
        When the dialect is unknown, or a prefix is given for tables that segments do not have.
    """

    dialect: str
    table: str = "customers"
    view: str | None = None
    scores: bool = False
    prefix: str | None = None

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: expected one of {', '.join(DIALECTS)}; got {self.dialect!r}")
        if self.prefix and not self.scores:
            raise ValueError("prefix: expected none without scores, as segments need no tables; give scores=True")
