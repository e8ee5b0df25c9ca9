"""Reading a contract file; all faults are reported at once, each with its key."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from northstar_explain.contract import phrase_clashes
from northstar_explain.contract.features import ROLES, USES, Contract, Feature
from northstar_explain.contract.kinds import kind_named, kind_names
from northstar_explain.errors import ContractError, Fault

_LARGEST = sys.float_info.max
_TABLE_KEYS = ("title", "id", "label", "group", "horizon", "outcome", "currency", "noun", "ignore")
_FEATURE_KEYS = (
    "group", "kind", "words", "unit", "min", "max", "missing", "segments", "sensitive", "allow", "monotone",
    "order", "at_least", "below", "between", "some", "none", "high", "middle", "low", "role",
)  # fmt: skip


def load(path: Path | str) -> Contract:
    """Read a contract file.

    Parameters
    ----------
    path : path
        A TOML file as `parse` describes.

    Returns
    -------
    Contract

    Raises
    ------
    ContractError
        When the file is missing or does not describe a customer table; all faults at once.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        todo = "Check the path; `explain init` drafts a contract."
        raise ContractError(str(path), [Fault("file", "a contract in TOML", str(error), todo)]) from error
    return parse(text, str(path))


def northstar() -> Contract:
    """The contract of Northstar Retail's customer table: 31 features in four groups."""
    from importlib import resources  # slow to import, and not needed to score: a model folder has its contract

    file = resources.files("northstar_explain.contract").joinpath("northstar.toml")
    return parse(file.read_text(encoding="utf-8"), "northstar.toml")


def parse(text: str, source: str = "contract", sealed: bool = False) -> Contract:
    """Read a contract from text.

    Parameters
    ----------
    text : str
        TOML with the tables ``[table]``, ``[groups]`` and one ``[features.NAME]`` per feature.
    source : str
        What to call it in errors.
    sealed : bool, default False
        Whether it is from a model folder, whose hashes show that it was checked at training. The search for ambiguous
        phrases, which takes longest, is then skipped.

    Returns
    -------
    Contract

    Raises
    ------
    ContractError
        With all faults.

    Examples
    --------
    >>> parse('[table]\\nid = "id"\\n[features.orders]\\nkind = "count"').features
    Traceback (most recent call last):
    ...
    northstar_explain.errors.ContractError: contract: 2 faults
      table.label: expected text; got nothing. Add this key.
      features.orders.words: expected text; got nothing. Add this key.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number too long for Python, lists too deep for it
        todo = "Correct the file at this place."
        raise ContractError(source, [Fault("file", "valid TOML", str(error), todo)]) from error
    reader = _Reader()
    table = reader.section(data, "table")
    groups = {str(key): str(value) for key, value in reader.section(data, "groups", needed=False).items()}
    features = reader.section(data, "features")
    contract = _contract(reader, table, groups, features, text)
    reader.unknown("", data, ("table", "groups", "features"))
    _require_consistent(reader, contract)
    if not reader.faults and not sealed:  # templates with faults would only give further ones
        reader.faults += phrase_clashes.faults(contract)
    if reader.faults:
        raise ContractError(source, reader.faults)
    return contract


class _Reader:
    """Reads values from the TOML and collects their faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, where: str, expected: str, got: object, todo: str = "") -> None:
        self.faults.append(Fault(where, expected, got if isinstance(got, str) else repr(got), todo))

    def section(self, data: dict[str, Any], key: str, needed: bool = True) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict) or (needed and not value):
            self.fault(key, f"a section [{key}]", value or "nothing", "Add it.")
            return {}
        return value

    def unknown(self, where: str, data: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in data:
            if key not in known:
                self.fault(f"{where}{key}", "one of " + ", ".join(known), "an unknown key", "Remove or rename it.")

    def text(self, where: str, data: dict[str, Any], key: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value
        got = "nothing" if value is None else repr(value)
        self.fault(f"{where}.{key}", "text", got, "Add this key." if value is None else "Put it in quotes.")
        return ""

    def flag(self, where: str, data: dict[str, Any], key: str, default: bool) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            self.fault(f"{where}.{key}", "true or false", value)
            return default
        return value

    def number(self, where: str, data: dict[str, Any], key: str) -> float | None:
        value = data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(f"{where}.{key}", "a number", value)
            return None
        # A TOML integer may be too large for a float: compare before converting.
        if not -_LARGEST <= value <= _LARGEST:
            self.fault(f"{where}.{key}", "a finite number", "one that is not", "Leave it out where there is no bound.")
            return None
        return float(value)

    def texts(self, where: str, data: dict[str, Any], key: str) -> tuple[str, ...]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(f"{where}.{key}", "a list of texts", value)
            return ()
        return tuple(value)

    def choice(self, where: str, data: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
        value = self.text(where, data, key)
        if value and value not in allowed:
            self.fault(f"{where}.{key}", "one of " + ", ".join(allowed), value)
            return ""
        return value


def _contract(
    reader: _Reader, table: dict[str, Any], groups: dict[str, str], features: dict[str, Any], text: str
) -> Contract:
    reader.unknown("table.", table, _TABLE_KEYS)
    contract = Contract(
        title=reader.text("table", table, "title", "Customers"),
        id=reader.text("table", table, "id"),
        label=reader.text("table", table, "label"),
        horizon=reader.text("table", table, "horizon", ""),
        outcome=reader.text("table", table, "outcome", "buys"),
        currency=reader.text("table", table, "currency", "$"),
        noun=reader.text("table", table, "noun", "customers"),
        groups=groups,
        features=tuple(_feature(reader, name, data) for name, data in features.items()),
        ignore=reader.texts("table", table, "ignore"),
        group=reader.text("table", table, "group") if "group" in table else "",
        text=text,
    )
    return contract


def _feature(reader: _Reader, name: str, data: Any) -> Feature:
    where = f"features.{name}"
    if not isinstance(data, dict):
        reader.fault(where, f"a section [features.{name}]", data)
        data = {}
    reader.unknown(f"{where}.", data, _FEATURE_KEYS)
    # With an unknown kind, go on with some kind of number to report further faults.
    kind = kind_named(reader.choice(where, data, "kind", kind_names()) or "amount")
    read: Callable[..., str] = reader.text
    return Feature(
        name=name,
        group=read(where, data, "group", ""),
        kind=kind,
        words=read(where, data, "words"),
        unit=read(where, data, "unit", ""),
        minimum=reader.number(where, data, "min"),
        maximum=reader.number(where, data, "max"),
        missing=read(where, data, "missing") if "missing" in data else None,
        segments=reader.flag(where, data, "segments", kind.numeric),
        sensitive=reader.flag(where, data, "sensitive", False),
        allow=reader.texts(where, data, "allow"),
        monotone=reader.choice(where, data, "monotone", ("up", "down")) if "monotone" in data else None,
        order=reader.texts(where, data, "order"),
        at_least=read(where, data, "at_least", ""),
        below=read(where, data, "below", ""),
        between=read(where, data, "between", ""),
        some=read(where, data, "some", ""),
        none=read(where, data, "none", ""),
        high=read(where, data, "high", ""),
        middle=read(where, data, "middle", ""),
        low=read(where, data, "low", ""),
        role=reader.choice(where, data, "role", ROLES) if "role" in data else "",
    )


def _require_consistent(reader: _Reader, contract: Contract) -> None:
    names = {feature.name for feature in contract.features}
    for key in ("id", "label", "group"):
        if (name := getattr(contract, key)) and name in names:
            reader.fault(f"table.{key}", "a column that is no feature", name, "Remove the feature or rename.")
    if contract.id and contract.id == contract.label:
        reader.fault("table.label", "a column other than the id", contract.label)
    if contract.group and contract.group in (contract.id, contract.label):
        todo = "Remove it where rows are independent."
        reader.fault("table.group", "a column other than id and label", contract.group, todo)
    if contract.group and contract.group in contract.ignore:
        reader.fault("table.group", "a column that is not ignored", contract.group, "Take it out of ignore.")
    for feature in contract.features:
        _require_sound(reader, contract, feature)


def _require_sound(reader: _Reader, contract: Contract, feature: Feature) -> None:
    where = f"features.{feature.name}"
    if feature.group and feature.group not in contract.groups:
        reader.fault(f"{where}.group", "one of " + ", ".join(contract.groups), feature.group)
    low, high = feature.minimum, feature.maximum
    if low is not None and high is not None and low >= high:
        reader.fault(f"{where}.min", f"less than max ({high:g})", f"{low:g}")
    if feature.kind.lists_values != bool(feature.order):
        got = "a list" if feature.order else "nothing"
        reader.fault(f"{where}.order", "a list of values for kind 'ordered', and only there", got)
    if len(set(feature.order)) != len(feature.order):
        reader.fault(f"{where}.order", "each value once", list(feature.order))
    if not feature.kind.numeric and (low is not None or high is not None):
        reader.fault(f"{where}.min", "bounds on numbers only", f"a {feature.kind}")
    if feature.monotone and not feature.kind.has_order:
        reader.fault(f"{where}.monotone", "a direction for numbers and ordered categories only", "a category")
    for use in feature.allow:
        if use not in USES:
            reader.fault(f"{where}.allow", "of " + ", ".join(USES), use)
    for key in ("at_least", "below", "between"):
        phrase = getattr(feature, key)
        if phrase and phrase.count("{value}") != 1:
            reader.fault(f"{where}.{key}", "a phrase with one {value}", phrase)
