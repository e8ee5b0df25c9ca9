"""Facts with types: what is stored comes back the same, and anything else is refused by the name of its place."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from helpers import reseal

from northstar_explain import model as models
from northstar_explain.errors import ModelError
from northstar_explain.model import Model
from northstar_explain.model.evaluation import (
    Evaluation,
    FactError,
    Figures,
    Interval,
    from_json,
    metric_registry,
    schema_page,
    to_json,
)
from northstar_explain.model.evaluation.facts_codec import hints, optional
from northstar_explain.model.evaluation.metric_registry import METRICS, ROC_AUC, Metric
from northstar_explain.model.evaluation.rate_facts import Decile
from northstar_explain.model.folder_format import FORMAT, json_bytes

PAGE = Path(__file__).parents[2] / "docs" / "model-folder.md"
DELETE = object()


def stored(model: Model) -> Any:
    return json.loads(model.files["evaluation.json"])


def changed(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy with one value replaced, or taken out."""
    data = copy.deepcopy(data)
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    if value is DELETE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return data


def said(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def leaves(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    else:
        yield path


def test_facts_come_back_as_they_were(model: Model) -> None:
    data = stored(model)
    facts = from_json(data, Evaluation)
    assert facts == model.evaluation
    assert to_json(facts) == data


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("purchase", "subgroups", 3, "recall"),
            "x",
            'purchase.subgroups[3].recall: expected a number or null, got "x"',
        ),
        (("purchase", "holdout", "n"), 1.5, "purchase.holdout.n: expected a whole number, got 1.5"),
        (("purchase", "holdout", "n"), True, "purchase.holdout.n: expected a whole number, got true"),
        (("purchase", "out_of_time"), 1, "purchase.out_of_time: expected true or false, got 1"),
        (("purchase", "holdout", "threshold"), None, "purchase.holdout.threshold: expected a number, got null"),
        (("segments", "fidelity"), float("nan"), "segments.fidelity: expected a number, got NaN"),
        (("segments", "fidelity"), 10**400, "segments.fidelity: expected a number, got 1" + "0" * 58 + "…"),
        (("segments", "themes"), {}, "segments.themes: expected a list, got an object"),
        (("segments", "stability"), [], "segments.stability: expected an object, got a list"),
        (("data", "splits", 0, "split"), 7, "data.splits[0].split: expected a text, got 7"),
        (
            ("purchase", "reliability", 0, "purchase_rate_interval"),
            [0.1],
            "purchase.reliability[0].purchase_rate_interval: expected a list of 2, got a list of 1",
        ),
        (("segments", "knee"), DELETE, "segments.knee: expected a whole number, got nothing: the field is missing"),
        (("together", "more"), 0.5, "together.more: expected no such field, got 0.5"),
        (
            ("purchase", "holdout", "figures", "values", "roc_auc"),
            DELETE,
            "purchase.holdout.figures.values.roc_auc: expected a number, got nothing: the field is missing",
        ),
        (
            ("purchase", "holdout", "figures", "values", "accuracy"),
            0.9,
            "purchase.holdout.figures.values.accuracy: expected a metric, got an unknown key",
        ),
    ],
)
def test_what_is_not_as_it_should_be_is_named(
    path: tuple[str | int, ...], value: Any, message: str, model: Model
) -> None:
    with pytest.raises(FactError) as caught:
        from_json(changed(stored(model), path, value), Evaluation)
    assert str(caught.value) == message


def test_no_wrong_value_passes_anywhere(model: Model) -> None:
    """Every section, and places drawn from all of it."""
    facts = stored(model)
    every = list(leaves(facts))
    drawn = np.random.default_rng(0).choice(len(every), 80, replace=False)
    for path in [every[place] for place in drawn]:
        with pytest.raises(FactError) as caught:
            from_json(changed(facts, path, {"of": "another kind"}), Evaluation)
        assert [one.where for one in caught.value.faults] == [said(path)]


def test_all_faults_are_named_at_once(model: Model) -> None:
    data = changed(changed(stored(model), ("segments", "k"), "4"), ("drift",), None)
    with pytest.raises(FactError) as caught:
        from_json(data, Evaluation)
    assert [one.where for one in caught.value.faults] == ["segments.k", "drift"]


def test_a_folder_with_other_figures_is_refused_by_name(model_copy: Path, model: Model) -> None:
    data = changed(stored(model), ("segments", "price_of_explainability"), DELETE)
    (model_copy / "evaluation.json").write_bytes(json_bytes(data))
    reseal(model_copy)
    with pytest.raises(
        ModelError, match=r"evaluation\.json, segments\.price_of_explainability: expected a number; got"
    ):
        models.load(model_copy)


@pytest.mark.parametrize("older", [3, 4])
def test_an_older_folder_is_refused_in_one_line(older: int, model_copy: Path) -> None:
    reseal(model_copy, format=older)
    with pytest.raises(ModelError) as caught:
        models.load(model_copy)
    text = str(caught.value)
    assert f"expected a manifest of format {FORMAT}; got format {older}. Train the model again" in text
    assert "\n" not in text


@pytest.mark.parametrize("value", [np.int64(3), 3.0, "3", None, True])
def test_what_was_measured_wrongly_is_not_written(value: Any) -> None:
    with pytest.raises(FactError, match="n: expected a whole number, got"):
        to_json(Decile(1, value, None, None, None))


def test_numbers_that_json_does_not_know_are_not_written() -> None:
    with pytest.raises(FactError, match="predicted_rate: expected a number or null, got nan"):
        to_json(Decile(1, 3, float("nan"), None, None))


# Metrics.


def test_a_metric_that_came_later_may_be_missing(monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    figures = model.evaluation.purchase.holdout.figures
    monkeypatch.setitem(METRICS, "later", Metric("later", "Later", "came after this folder was written"))
    assert from_json(stored(model), Evaluation) == model.evaluation
    for place in metric_registry.PLACES:
        assert "later" not in [one.key for one in figures.listed(place)]
    monkeypatch.setitem(METRICS, "core", dataclasses.replace(ROC_AUC, key="core"))
    with pytest.raises(FactError, match="values.core: expected a number"):
        from_json(stored(model), Evaluation)


def test_each_metric_is_described() -> None:
    for key, one in METRICS.items():
        assert one.key == key
        assert one.label and one.meaning and not one.meaning.endswith(".")
        assert one.format.format(0.5)
        assert set(one.places) <= set(metric_registry.PLACES)
    assert len({one.label for one in METRICS.values()}) == len(METRICS)


def test_figures_are_taken_by_their_metric() -> None:
    values = {key: place / 100 for place, key in enumerate(METRICS)}
    figures = Figures(values, {one.key: Interval(0, 1) for one in METRICS.values() if one.interval})
    assert figures[ROC_AUC] == values["roc_auc"]
    assert figures.interval(ROC_AUC) == (0, 1)


# The page.


def dataclasses_of(kind: Any, found: dict[str, type]) -> dict[str, type]:
    inner, _ = optional(kind)
    if dataclasses.is_dataclass(inner) and isinstance(inner, type):
        found[inner.__name__] = inner
        for of in hints(inner).values():
            dataclasses_of(of, found)
    for of in get_args(inner):
        dataclasses_of(of, found)
    return found


def test_each_fact_has_its_meaning() -> None:
    found = dataclasses_of(Evaluation, {})
    assert len(found) > 40
    for name, kind in found.items():
        assert list(schema_page.described(kind)) == list(hints(kind)), name
        assert kind.__dataclass_params__.frozen, name  # type: ignore[attr-defined]


def test_the_page_of_the_docs_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert schema_page.updated(text) == text, (
        "python -m northstar_explain.model.evaluation.schema_page docs/model-folder.md"
    )
    with pytest.raises(ValueError, match="expected the lines"):
        schema_page.updated("no marks")
