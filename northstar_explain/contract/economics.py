"""What a purchase earns and a contact costs: the optional section ``[economics]`` of a contract."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

from northstar_explain.contract.toml_values import TomlReader

_AMOUNTS = ("margin", "contact_cost", "voucher", "budget")
_KEYS = (*_AMOUNTS, "assumed")
SECTION = "economics"


@dataclass(frozen=True)
class Economics:
    """The money of a campaign, in the currency of the contract.

    Attributes
    ----------
    margin : float
        Earned per purchase, before a voucher is taken off.
    contact_cost : float
        Spent per customer contacted, whatever they do.
    voucher : float
        Taken off a purchase of a customer who was contacted; 0 for none. Everybody who buys is taken to redeem it.
    budget : float or None
        Most that a campaign may spend, vouchers expected to be redeemed included; None for no limit.
    assumed : bool
        Whether the amounts are assumptions that nobody has confirmed; reports say so.

    Raises
    ------
    ValueError
        When an amount is out of range.
    """

    margin: float
    contact_cost: float
    voucher: float = 0.0
    budget: float | None = None
    _: KW_ONLY
    assumed: bool = False

    def __post_init__(self) -> None:
        for name, expected, within in _bounds(self.margin, self.contact_cost, self.voucher, self.budget):
            if not within:
                raise ValueError(f"{name}: expected {expected}; got {getattr(self, name)}")


def _bounds(
    margin: float | None, contact_cost: float | None, voucher: float, budget: float | None
) -> list[tuple[str, str, bool]]:
    """Key, what is expected, and whether it is met; NaN meets nothing."""
    largest = 1e15  # cents of a sum of this size are still exact
    return [
        ("margin", "a number above 0", margin is not None and 0 < margin <= largest),
        ("contact_cost", "a number of 0 or more", contact_cost is not None and 0 <= contact_cost <= largest),
        ("voucher", "a number of 0 or more", 0 <= voucher <= largest),
        ("budget", "a number above 0", budget is None or 0 < budget <= largest),
    ]


def read_economics(reader: TomlReader, data: dict[str, Any]) -> Economics | None:
    """The section of a contract, None where there is none; faults go to the reader."""
    if SECTION not in data:
        return None
    before = len(reader.faults)
    section = reader.section(data, SECTION)
    reader.unknown(f"{SECTION}.", section, _KEYS)
    margin, cost, voucher, budget = (reader.number(SECTION, section, key) for key in _AMOUNTS)
    assumed = reader.flag(SECTION, section, "assumed", False)
    if len(reader.faults) > before:
        return None
    for key, expected, within in _bounds(margin, cost, voucher or 0.0, budget):
        if not within:
            got = section.get(key, "nothing")
            reader.fault(f"{SECTION}.{key}", expected, got, "Add this key." if key not in section else "")
    if len(reader.faults) > before or margin is None or cost is None:
        return None
    return Economics(margin, cost, voucher or 0.0, budget, assumed=assumed)
