"""Kinds of features: each stands in the registry and nowhere else, and a new one runs from contract to SQL."""

from __future__ import annotations

import ast
import importlib
import pickle
import pkgutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from engines import run_duckdb
from helpers import TINY, learn
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import model as models
from northstar_explain.contract import Contract, Kind, check, columns_of, draft, kind_named, kind_names, kinds, parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.kinds import registry
from northstar_explain.contract.kinds.number_kind import NumberKind
from northstar_explain.contract.phrases import forms
from northstar_explain.errors import ContractError
from northstar_explain.export.sql import segments_sql
from northstar_explain.learn.round_numbers import thresholds
from northstar_explain.learn.space import TAIL, learn_space
from northstar_explain.model.parsing import parse_definition, parse_rule
from northstar_explain.model.wording import phrases
from northstar_explain.score import Scorer

PACKAGE = Path(kinds.__file__).parents[2]


def all_kinds() -> list[type[Kind]]:
    """Every class of a kind that a module of the package defines."""
    names = [module.name for module in pkgutil.iter_modules(kinds.__path__)]
    modules = [importlib.import_module(f"{kinds.__name__}.{name}") for name in names]
    found = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    return list(dict.fromkeys(one for one in found if issubclass(one, Kind) and hasattr(one, "name")))


def test_every_kind_stands_in_the_registry_under_its_own_name() -> None:
    assert {type(kind) for kind in registry.KINDS} == set(all_kinds())
    assert len(set(kind_names())) == len(registry.KINDS)
    for name in kind_names():
        assert str(kind_named(name)) == name == kind_named(name)
        assert Path(importlib.import_module(type(kind_named(name)).__module__).__file__ or "").stem == name
    with pytest.raises(KeyError):
        kind_named("sum")


def test_nothing_outside_the_package_asks_which_kind_a_feature_is() -> None:
    """Other packages ask a kind for what they need; one that compares names would not know a new kind."""
    names = {*kind_names()}
    asked = []
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "kinds":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                of_kind = any(isinstance(side, ast.Attribute) and side.attr == "kind" for side in sides)
                by_name = any(isinstance(side, ast.Constant) and side.value in names for side in sides)
                asked += [f"{path}:{node.lineno}"] if of_kind and by_name else []
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind":
                asked.append(f"{path}:{node.lineno}")
    assert not asked


def test_kinds_are_equal_by_class_and_to_their_name() -> None:
    assert kind_named("days") == pickle.loads(pickle.dumps(kind_named("days"))) == "days"
    assert kind_named("days") != kind_named("count") and kind_named("days") != "count"
    assert {kind_named("days"): 1}[pickle.loads(pickle.dumps(kind_named("days")))] == 1


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("margin", [-0.4, 0.7, 0.0], "ratio"),
        ("trend", [-3.0, 2.0, 5.0], "ratio"),
        ("coffee_trend", [-3.0, 2.0, 5.0], "ratio"),
        ("balance", [-3.5, 2.0], "amount"),
        ("late_fees", [-3.5, 2.0], "amount"),
        ("TotalSpend", [-3.0, 2.0], "amount"),
        ("orders", [0.0, 2.0], "count"),
        ("sales", [0.0, 2.0], "amount"),
        ("length", [0.5, 2.0], "amount"),
        ("share", [0.5, 1.0], "rate"),
        ("days_since_order", [-1.0, 40.0], "days"),
        ("orders_90d", [1.0, 40.0], "count"),
        ("call_mins", [1.5, 40.0], "duration"),
        ("country", ["DE", "FR"], "category"),
    ],
)
def test_a_draft_proposes_the_first_kind_that_fits(name: str, values: list[float] | list[str], kind: str) -> None:
    text = isinstance(values[0], str)
    assert registry.draft_kind(name, values if text else np.array(values)) == kind  # type: ignore[arg-type]


RATIO = parse("""
[table]
id = "id"
label = "y"
[features.margin]
kind = "ratio"
words = "margin"
[features.change]
kind = "ratio"
words = "change"
unit = "points"
""")


@pytest.mark.parametrize(
    ("name", "lower", "upper", "words"),
    [
        ("margin", -0.1, None, "margin of -0.1 or more"),
        ("margin", None, 0.25, "margin below 0.25"),
        ("margin", -0.4, -0.1, "margin of -0.4 to under -0.1"),
        ("change", -1.0, None, "change of -1 points or more"),
        ("change", None, 1.0, "change below 1 point"),
        ("change", -3.0, 2.0, "change of -3 to under 2 points"),
    ],
)
def test_a_ratio_has_a_sign_and_no_currency(name: str, lower: float, upper: float, words: str) -> None:
    condition = NumberCondition(name, lower, upper)
    assert phrases(condition, RATIO) == [words]
    assert parse_rule(words, RATIO) == (condition,)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_thresholds_of_a_ratio_are_round_on_both_sides_of_zero(low: float, high: float) -> None:
    grid = kind_named("ratio").threshold_grid(min(low, high), max(low, high), "")
    assert np.array_equal(grid, -grid[::-1])
    assert {0.0, 0.05, -0.05, 0.5, -1.0} <= set(grid)
    assert all(len(f"{abs(value):g}") <= 4 for value in grid)


def test_a_ratio_beyond_one_is_rounded_as_an_amount_is() -> None:
    assert {-150.0, -2.0, 0.0, 2.0, 150.0} <= set(kind_named("ratio").threshold_grid(-300, 200, ""))


def test_a_ratio_is_labelled_without_a_currency() -> None:
    ratio = kind_named("ratio")
    assert ratio.value_label(-0.123456, "", "$") == "-0.1235"
    assert ratio.range_label(None, -0.1, None, "", "$") == "below -0.1"
    assert ratio.average_label(-0.123, "", "$") == "-0.12"
    assert not ratio.money and kind_named("amount").average_label(2, "", "$") == "$2.0"


class TemperatureKind(NumberKind):
    """A made-up kind: degrees Celsius, in steps of five degrees, and none below absolute zero."""

    name = "temperature"
    default_unit = "degrees"
    at_least = "{words}: {value} or warmer"
    below = "{words}: colder than {value}"
    level_words = {"high": "warm", "middle": "mild", "low": "cold"}  # noqa: RUF012

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        return "celsius" in name

    def invalid_numbers(self, values: np.ndarray) -> tuple[np.ndarray, str] | None:
        return values < -273.15, "a temperature above absolute zero"

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return values + 273.15

    def round_steps(self, unit: str) -> Sequence[float]:
        return ()

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        return np.arange(np.floor(low / 5) * 5, high, 5.0)

    def value_label(self, value: float, unit: str, currency: str) -> str:
        return f"{value:.0f}°"


@pytest.fixture
def temperature(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """The registry with one more line."""
    monkeypatch.setattr(registry, "KINDS", (TemperatureKind(), *registry.KINDS))
    return kind_named("temperature")


@pytest.fixture
def weather() -> pa.Table:
    """Customers of an ice cream shop: cold, mild or warm days, and more visits and purchases on warm ones."""
    rng = np.random.default_rng(1)
    n = 1_200
    day = rng.integers(0, 3, n)
    return pa.table({
        "id": [f"c{i}" for i in range(n)],
        "celsius": np.round(np.array([-8.0, 11.0, 27.0])[day] + rng.normal(0, 2, n), 1),
        "visits": rng.poisson(np.array([1, 3, 9])[day]),
        "margin": np.round(rng.normal(0, 0.2, n), 3),
        "bought": (rng.random(n) < np.array([0.1, 0.3, 0.6])[day]).astype(int),
    })  # fmt: skip


def drafted(table: pa.Table) -> Contract:
    return parse(draft(table, "id", "bought"))


def test_a_kind_must_be_in_the_registry(weather: pa.Table) -> None:
    text = draft(weather, "id", "bought").replace('kind = "ratio"', 'kind = "temperature"')
    with pytest.raises(ContractError, match="expected one of amount, category, .*; got temperature"):
        parse(text)


def test_a_new_kind_is_drafted_and_checked(temperature: Kind, weather: pa.Table) -> None:
    contract = drafted(weather)
    assert [str(feature.kind) for feature in contract.features] == ["temperature", "count", "ratio"]
    broken = weather.slice(0, 3).set_column(1, "celsius", pa.array([12.0, -300.0, None]))
    reasons = check(broken, contract).rejected["reasons"].to_pylist()
    assert reasons[0] == "celsius: expected a temperature above absolute zero, got -300.0"
    assert "celsius: expected a value" in reasons[1]


def test_a_new_kind_has_a_space_thresholds_and_words(temperature: Kind, weather: pa.Table) -> None:
    contract = drafted(weather)
    columns = columns_of(check(weather, contract).accepted, contract.features)
    (axis,) = learn_space(columns, contract.features[:1]).axes
    celsius = np.asarray(columns["celsius"])
    kept = np.clip(celsius, *np.quantile(celsius, (TAIL, 1 - TAIL)))
    assert axis.centre == pytest.approx(np.mean(kept) + 273.15)
    edges = thresholds(contract["celsius"], columns["celsius"], 0.05)  # type: ignore[arg-type]
    assert len(edges) and set(edges % 5) == {0.0}
    for condition in (NumberCondition("celsius", -5.0), NumberCondition("celsius", -5.0, 20.0)):
        text = " and ".join(phrases(condition, contract))
        assert parse_rule(text, contract) == (condition,)
    assert phrases(NumberCondition("celsius", 20.0), contract) == ["celsius: 20 degrees or warmer"]
    assert len(forms(contract["celsius"])) == 4  # known, unknown, at least, below; a range is put into two phrases


def test_a_new_kind_runs_from_training_to_sql(temperature: Kind, weather: pa.Table, tmp_path: Path) -> None:
    contract = drafted(weather)
    trained = learn(weather, contract, TINY).model
    rules = trained.segmentation.rules
    assert "celsius" in {condition.feature for rule in rules for condition in rule.conditions}
    for segment in trained.segmentation.segments:
        assert parse_definition(segment.definition, contract) == tuple(rule.conditions for rule in segment.rules)
    assert any("celsius" in s.name for s in trained.segmentation.segments)
    models.save(trained, tmp_path / "model")
    model = models.load(tmp_path / "model")
    assert model.contract["celsius"].kind == temperature
    scores = Scorer(model)(check(weather, contract).accepted)
    in_sql = run_duckdb(segments_sql(model, "duckdb"), {"customers": weather}).to_pylist()
    by_id = {row["id"]: row["segment_id"] for row in in_sql}
    assert [by_id[id] for id in scores["id"].to_pylist()] == scores["segment_id"].to_pylist()
    assert len(set(by_id.values())) == 3
