"""Reading a contract file; all faults are reported at once, each with its key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from northstar_explain.contract import phrase_clashes
from northstar_explain.contract.consistency import require_consistent
from northstar_explain.contract.economics import SECTION, read_economics
from northstar_explain.contract.features import AUDIENCE_ROLES, DOMAINS, ROLES, Contract, Feature
from northstar_explain.contract.kinds.registry import kind_named, kind_names
from northstar_explain.contract.load_conditions import read_relations, read_traits, with_defined_when
from northstar_explain.contract.toml_values import TomlReader
from northstar_explain.errors import ContractError, Fault, reading_fault
from northstar_explain.options import CsvOptions

_TABLE_KEYS = (
    "title", "id", "label", "group", "horizon", "outcome", "currency", "noun", "ignore", "domain", "as_of",
    "theme_weight", "missing_values", "positive", "drafted", "wanted", "population", "population_words", "relations",
)  # fmt: skip
_CSV_KEYS = ("delimiter", "encoding", "decimal", "thousands")
_FEATURE_KEYS = (
    "group", "kind", "words", "unit", "min", "max", "missing", "segments", "sensitive", "allow", "monotone",
    "order", "at_least", "below", "between", "some", "none", "high", "middle", "low", "zero", "role",
    "defined_when", "likeness", "theme", "known_after",
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
        raise ContractError(str(path), [Fault("file", "a contract in TOML", reading_fault(error), todo)]) from error
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
        TOML with the tables ``[table]``, ``[csv]``, ``[groups]``, one ``[features.NAME]`` per feature, one
        ``[traits.NAME]`` per trait, and ``[economics]``.
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
    reader = TomlReader()
    table = reader.section(data, "table")
    groups = {str(key): str(value) for key, value in reader.section(data, "groups", needed=False).items()}
    features = reader.section(data, "features")
    traits = reader.section(data, "traits", needed=False)
    contract = _contract(reader, table, groups, features, traits, text)
    contract = replace(
        contract,
        csv=_csv(reader, reader.section(data, "csv", needed=False)),
        economics=read_economics(reader, data),
    )
    reader.unknown("", data, ("table", "csv", "groups", "features", "traits", SECTION))
    require_consistent(reader, contract)
    if not reader.faults and not sealed:  # templates with faults would only give further ones
        reader.faults += phrase_clashes.faults(contract)
    if reader.faults:
        raise ContractError(source, reader.faults)
    return contract


def _contract(
    reader: TomlReader,
    table: dict[str, Any],
    groups: dict[str, str],
    features: dict[str, Any],
    traits: dict[str, Any],
    text: str,
) -> Contract:
    reader.unknown("table.", table, _TABLE_KEYS)
    # What is known only after the outcome cannot be known when customers are scored: nothing may use it.
    after = tuple(name for name, data in features.items() if _is_known_after(reader, name, data))
    features = {name: data for name, data in features.items() if name not in after}
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
        ignore=reader.texts("table", table, "ignore") + after,
        group=reader.text("table", table, "group") if "group" in table else "",
        domain=reader.choice("table", table, "domain", DOMAINS) if "domain" in table else "",
        as_of=reader.day_or_text("table", table, "as_of"),
        theme_weight=reader.share("table", table, "theme_weight"),
        missing_values=reader.texts("table", table, "missing_values") if "missing_values" in table else None,
        positive=reader.text("table", table, "positive") if "positive" in table else "",
        known_after=after,
        wanted=reader.flag("table", table, "wanted", True),
        drafted=reader.flag("table", table, "drafted", False),
        **_population(reader, table),
        text=text,
    )
    # A condition may name a feature that stands further down: all features are read before any condition.
    whole = with_defined_when(reader, contract.features, features)
    relations = read_relations(reader, reader.texts("table", table, "relations"), whole)
    return replace(contract, features=whole, traits=read_traits(reader, traits, whole), relations=relations)


def _population(reader: TomlReader, table: dict[str, Any]) -> dict[str, Any]:
    """How many people the customers of the table are among, and what they are called: both keys or neither."""
    words = reader.text("table", table, "population_words", "")
    number = reader.number("table", table, "population")
    if number is not None and not (number >= 1 and number == int(number)):
        reader.fault("table.population", "a whole number above 0", table["population"])
    if (number is None) != (not words):
        reader.fault("table", "population and population_words together", "one of them", "Add the other key.")
    return {"population": None if number is None else int(number), "population_words": words}


def _csv(reader: TomlReader, data: dict[str, Any]) -> CsvOptions:
    reader.unknown("csv.", data, _CSV_KEYS)
    known = {key: value for key, value in data.items() if key in _CSV_KEYS}
    for key, value in known.items():
        if not isinstance(value, str):
            reader.fault(f"csv.{key}", "text", value)
            return CsvOptions()
    try:
        return CsvOptions(**known)
    except ValueError as error:
        key, _, text = str(error).partition(": expected ")
        expected, _, got = text.rpartition("; got ")
        reader.fault(f"csv.{key}", expected, got)
        return CsvOptions()


def _is_known_after(reader: TomlReader, name: str, data: Any) -> bool:
    return isinstance(data, dict) and reader.flag(f"features.{name}", data, "known_after", False)


def _feature(reader: TomlReader, name: str, data: Any) -> Feature:
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
        zero=read(where, data, "zero", ""),
        role=reader.choice(where, data, "role", ROLES + AUDIENCE_ROLES) if "role" in data else "",
        likeness=reader.flag(where, data, "likeness", False) if "likeness" in data else None,
        theme=read(where, data, "theme") if "theme" in data else "",
    )
