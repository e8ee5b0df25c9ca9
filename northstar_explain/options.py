"""Options of the runs that apply a model: what Python takes, and what the command line parses its options into.

They stand by themselves, as `--help` shows their defaults and must not wait for NumPy or sqlglot. Those of training
are in `northstar_explain.training`.
"""

from __future__ import annotations

import codecs
import datetime
from dataclasses import dataclass, field, fields

# As sqlglot calls them; export/sql/sql_dialects.py knows what is particular to each.
DIALECTS = ("duckdb", "sqlite", "postgres", "spark", "bigquery", "snowflake")
ENGINES = ("local", "spark")
# As export/audiences/platforms.py knows them.
PLATFORMS = ("csv", "klaviyo", "braze", "google", "meta")


_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
DECIMALS = (".", ",")
THOUSANDS = (",", ".", " ", "'")


@dataclass(frozen=True)
class CsvOptions:
    """How CSV files are written, where a person says so; what is None is found from each file.

    Attributes
    ----------
    delimiter : str or None
        The character between cells; ``"tab"`` too.
    encoding : str or None
        A codec of Python, such as ``"utf-8"``, ``"cp1252"`` or ``"utf-16"``.
    decimal : str or None
        The decimal mark, one of `DECIMALS`.
    thousands : str or None
        The mark between thousands, one of `THOUSANDS`; ``""`` for none.

    Raises
    ------
    ValueError
        When one of them is something else; the message begins with its name.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _NAMED_DELIMITERS.get(self.delimiter, self.delimiter))
            if len(self.delimiter) != 1 or self.delimiter in '"\r\n' or not self.delimiter.isascii():
                raise ValueError(f"delimiter: expected one character, or tab; got {self.delimiter!r}")
        if self.encoding is not None:
            try:
                object.__setattr__(self, "encoding", codecs.lookup(self.encoding).name.replace("utf-8-sig", "utf-8"))
            except (LookupError, ValueError):
                expected = "the name of an encoding, such as utf-8, cp1252 or utf-16"
                raise ValueError(f"encoding: expected {expected}; got {self.encoding!r}") from None
        for name, allowed in (("decimal", DECIMALS), ("thousands", ("", *THOUSANDS))):
            if (mark := getattr(self, name)) is not None and mark not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(map(repr, allowed))}; got {mark!r}")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"thousands: expected another mark than decimal; got {self.thousands!r}")

    def over(self, other: CsvOptions) -> CsvOptions:
        """These, and what they leave open from others."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return CsvOptions(**{name: getattr(other, name) if own is None else own for name, own in values.items()})


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
    csv : CsvOptions
        How CSV files are written; what it leaves open, the contract says, or the files show.
    accept_unseen : tuple of str
        Columns most of whose values may be unseen in training; any other such column stops the run.
    """

    overwrite: bool = False
    max_rejected: float = 0.01
    publish_anyway: bool = False
    resume: bool = False
    control: Control = field(default_factory=Control)
    csv: CsvOptions = field(default_factory=CsvOptions)
    accept_unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class MoneyOptions:
    """What a purchase earns and a contact costs, in the contract's currency; from its ``[economics]`` where not given.

    Attributes
    ----------
    budget : float or None
        Most that the contacts may cost, vouchers expected to be redeemed included.
    margin, contact_cost, voucher : float or None
        Earned per purchase; spent per contact; taken off a purchase of a customer who was contacted.
    """

    budget: float | None = None
    margin: float | None = None
    contact_cost: float | None = None
    voucher: float | None = None


@dataclass(frozen=True)
class CampaignOptions(MoneyOptions):
    """Options of a campaign plan: its money, and the power of its control group.

    Attributes
    ----------
    power_uplift, power : float
        The campaign's control group is so large that an uplift of this size, in the same unit as rates, is detected
        with this probability. Without measured uplifts, every contact is taken to add this uplift.
    """

    power_uplift: float = 0.03
    power: float = 0.8

    def __post_init__(self) -> None:
        for name in ("power_uplift", "power"):
            if not 0 < (value := getattr(self, name)) < 1:
                raise ValueError(f"{name}: expected a number above 0 and below 1; got {value}")


@dataclass(frozen=True)
class AudienceOptions:
    """Options of audiences.

    Attributes
    ----------
    consent : str
        The column of contacts that says who agreed to be contacted.
    to : str
        One of `PLATFORMS`.
    where : str or None
        Whom one audience is meant for; without it, there is one for each segment and band of deciles.
    name : str
        Of that one audience.
    region : str or None
        Two letters of the country whose phone numbers are written without a country code; those are left out where
        it is not given, and a column ``country`` of contacts does not say it either.
    date : str or None
        The day of the folder, ISO 8601; today where not given.

    Raises
    ------
    ValueError
        When one of them is something else; the message begins with its name.
    """

    consent: str
    to: str = "csv"
    where: str | None = None
    name: str = "audience"
    region: str | None = None
    date: str | None = None

    def __post_init__(self) -> None:
        if self.to not in PLATFORMS:
            raise ValueError(f"to: expected one of {', '.join(PLATFORMS)}; got {self.to!r}")
        if self.region is not None and not (len(self.region) == 2 and self.region.isascii() and self.region.isalpha()):
            raise ValueError(f"region: expected two letters of a country, such as DE; got {self.region!r}")
        if self.date is not None and not _is_day(self.date):
            raise ValueError(f"date: expected a day such as 2026-03-01; got {self.date!r}")


def _is_day(text: str) -> bool:
    # Not by fromisoformat alone, which takes 20260301 too: the day is the name of a folder.
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


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
        The whole scorecard (logit, probability, flag_f1) and not the segments alone. It looks values up in
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
