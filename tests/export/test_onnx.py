"""The model as ONNX: in ONNX Runtime each customer has the segment, probability, reasons and traits of Python."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pytest
from cards import NUMBER, card_of, cards, hard_values, scored_tables, with_card
from engines import as_scored, model_of
from helpers import around, contents, explain, refused, with_column
from hypothesis import assume, given, settings
from pyarrow import parquet
from strategies import CONTRACT, trees

from northstar_explain import tables
from northstar_explain.contract import Contract, check, columns_of
from northstar_explain.contract.columns import count_rows
from northstar_explain.contract.conditions import CategoryCondition, MissingCondition, NumberCondition, matches
from northstar_explain.contract.traits import ContractTrait
from northstar_explain.errors import ModelError, NorthstarError, OutputError
from northstar_explain.export.onnx import write_onnx
from northstar_explain.export.onnx.onnx_inputs import used_features
from northstar_explain.export.onnx.onnx_model import onnx_bytes
from northstar_explain.export.onnx.onnx_proof import feeds, prove
from northstar_explain.model import Model, Scorecard
from northstar_explain.model.borders import thresholds
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.reasons import top_reasons
from northstar_explain.model.rules import Leaf, Node, Split, assign
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Term, sigmoid
from northstar_explain.model.tree import split_tests
from northstar_explain.score import Scorer

RESULT = ["segment_id", "segment_name", "logit", "probability", "flag_f1", "flag_break_even", "likely_buyer"]
REASONS = ["reason_1", "reason_2", "reason_3"]


def scored(data: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What ONNX Runtime makes of the inputs, by output."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert {one.name for one in session.get_inputs()} == set(inputs)
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def require_same(model: Model, table: pa.Table) -> dict[str, np.ndarray]:
    """ONNX Runtime gives each row what Python's rules and scorecard give."""
    columns = columns_of(as_scored(table, model), model.contract.features)
    logit = model.scorecard.logit(model.scorecard.contributions(columns)[1])
    probability = sigmoid(logit)
    found = scored(onnx_bytes(model), feeds(model, as_scored(table, model)))
    assert found["segment_id"].tolist() == assign(model.segmentation.tree, columns).tolist()
    names = {segment.id: segment.name for segment in model.segmentation.segments}
    assert found["segment_name"].tolist() == [names[id] for id in found["segment_id"]]
    assert np.abs(found["logit"] - logit).max() < 1e-9
    assert np.abs(found["probability"] - probability).max() < 1e-9
    for name, threshold in model.purchase.flag_columns.items():
        assert found[name].tolist() == (probability >= threshold).tolist()
    if model.scorecard.terms[0].reasons:
        said = top_reasons(model.scorecard, *model.scorecard.contributions(columns))
        nobody = np.full(count_rows(columns), "")
        for name, asked in zip(REASONS, said, strict=True):
            assert found.get(name, nobody).tolist() == [reason or "" for reason in asked]
    for trait in model.contract.traits:
        assert found[trait.column].tolist() == matches(trait.conditions, columns).tolist()
    assert all(len(values) == count_rows(columns) for values in found.values())
    return found


def test_the_golden_rows(model: Model) -> None:
    data = onnx_bytes(model)
    found = scored(data, feeds(model, model.golden))
    assert found["segment_id"].tolist() == model.golden["expected_segment"].to_pylist()
    assert np.abs(found["probability"] - model.golden["expected_probability"].to_numpy()).max() < 1e-9
    assert any(len(term.axes) == 2 for term in model.scorecard.terms)
    proof = prove(model, data)
    assert proof.rows == model.golden.num_rows and proof.largest_difference < 1e-9


def test_each_hard_value(model: Model, customers: pa.Table) -> None:
    """One feature at a time on every cut, one float beside it, far out, missing and unseen; then all at once."""
    hard, rng, parts = hard_values(model), np.random.default_rng(8), []
    for name, values in hard.items():
        kind = pa.float64() if model.contract[name].kind.numeric else pa.string()
        parts.append(with_column(as_scored(customers.slice(0, len(values)), model), name, pa.array(values, kind)))
    mixed = as_scored(customers.slice(0, 2_000), model)
    for name, values in hard.items():
        picked = [values[i] for i in rng.integers(len(values), size=mixed.num_rows)]
        mixed = with_column(mixed, name, pa.array(picked, mixed[name].type))
    require_same(model, pa.concat_tables([*parts, mixed]))


def test_on_each_threshold_of_the_rules_and_beside_it(model: Model, customers: pa.Table) -> None:
    table, rng = customers.slice(0, 1_000), np.random.default_rng(3)
    for name, edge in thresholds(model.segmentation.tree):
        hard = np.array([*around([edge]), math.inf, -math.inf])
        table = with_column(table, name, pa.array(hard[rng.integers(len(hard), size=table.num_rows)]))
    assert set(require_same(model, table)["segment_id"]) == {one.id for one in model.segmentation.segments}


@pytest.mark.slow
def test_240_000_customers(model: Model, many_customers: pa.Table) -> None:
    accepted = check(many_customers, with_known_values(model)).accepted
    assert accepted.num_rows == 240_000
    expected = Scorer(model)(accepted)
    found = scored(onnx_bytes(model), feeds(model, accepted))
    assert np.abs(found["probability"] - expected["probability"].to_numpy()).max() < 1e-9
    for name in ("segment_id", "segment_name", *REASONS):
        texts = expected[name].cast(pa.string()).fill_null("")
        assert texts.equals(pa.chunked_array([pa.array(found[name], pa.string())])), name
    for name in model.purchase.flag_columns:
        assert found[name].tolist() == expected[name].to_pylist()


@settings(max_examples=60)
@given(cards(), scored_tables())
def test_any_card_on_any_rows(model: Model, card: Scorecard, table: pa.Table) -> None:
    require_same(with_card(model, card), table)


@settings(max_examples=60)
@given(trees(), scored_tables())
def test_any_rules_on_any_rows(model: Model, tree: Node, table: pa.Table) -> None:
    assume(not any("" in test.values for test in split_tests(tree) if isinstance(test, CategoryCondition)))
    found = require_same(model_of(model, tree, CONTRACT, ["one", "two", "three", "four"], card_of((NUMBER,))), table)
    assert len(found["segment_id"]) == table.num_rows


SPELLED = {
    ("true", "false"): ["true", "TRUE", "True", "1", "1.0", "yes", "Y", "false", "0", "No", "f", "", "nan", "maybe"],
    ("N", "Y"): ["Y", "N", "y", "Yes", "TRUE", "1", "1.0", "f", "no", "2", "?", ""],
    ("N", "Y", "T"): ["Y", "N", "T", "y", "true", "1", ""],
    ("1", "300000", "10", "-3"): ["1", "1.0", "10", "10.0", "-3", "-3.0", "300000", "300000.0", "100", "NULL", ""],
    ("red", "Été", "1.50"): ["red", "Red", "Été", "1.50", "1.5", "#N/A", "<NA>", ""],
    ("nan", "a"): ["nan", "NaN", "a", "A", ""],
}  # fmt: skip


@pytest.mark.parametrize(("values", "texts"), SPELLED.items(), ids=str)
def test_texts_are_read_as_scoring_reads_them(model: Model, values: tuple[str, ...], texts: list[str]) -> None:
    """As they come: not brought to one spelling before."""
    category = CategoryBins("c", {value: i + 1 for i, value in enumerate(values)})
    ours = with_card(model, card_of((category,), (NUMBER,), (category, NUMBER)))
    n = len(texts)
    table = pa.table({"id": range(n), "c": texts, "m": [1.0] * n, "n": [0.0] * n, "d": ["x"] * n})
    expected = ours.scorecard.probability(columns_of(check(table, with_known_values(ours)).accepted, CONTRACT.features))
    found = scored(onnx_bytes(ours), {"c": np.array(texts, dtype=object), "m": np.ones(n)})
    assert found["probability"].tolist() == pytest.approx(expected.tolist(), abs=1e-9)
    assert len(set(expected)) > len(values)  # and missing, and mostly unseen


def test_a_number_that_stands_for_a_missing_value_is_missing(model: Model) -> None:
    contract = dataclasses.replace(CONTRACT, missing_values=("-999", "n/a"))
    bins = NumberBins("n", np.array([0.0]))
    tree = Split(MissingCondition("n"), Leaf("S1"), Leaf("S2"))
    ours = model_of(model, tree, contract, ["unknown", "known"], card_of((bins,)))
    found = scored(onnx_bytes(ours), {"n": np.array([-999.0, math.nan, -998.0, 1.0])})
    assert found["segment_id"].tolist() == ["S1", "S1", "S2", "S2"]
    assert len(set(found["probability"].tolist())) == 3


def test_a_value_missing_against_the_contract_gives_nothing(model: Model) -> None:
    d = CategoryBins("d", {"x": 1})
    ours = with_card(model, card_of((NumberBins("n", np.array([0.0])),), (d,)))
    inputs = {
        "n": np.array([0.0, 0.0, 0.0, math.nan]),
        "m": np.array([1.0, math.nan, 1.0, 0.0]),
        "d": np.array(["x", "x", "", "y"], dtype=object),
    }
    found = scored(onnx_bytes(ours), inputs)
    # The rules ask for m and the card for d: each says what it can.
    assert found["segment_id"].tolist() == ["S1", "", "S1", "S2"]
    assert found["segment_name"].tolist() == ["high", "", "high", "low"]
    assert np.isnan(found["probability"]).tolist() == np.isnan(found["logit"]).tolist() == [False, False, True, False]
    assert not found["flag_f1"][2]


def test_traits_and_one_segment_for_all(model: Model) -> None:
    met = [(NumberCondition("n", upper=0.1), CategoryCondition("c", ("red",), inside=False)), (NumberCondition("c"),)]
    traits = tuple(ContractTrait(f"t{i}", f"trait {i}", one, "?") for i, one in enumerate(met))
    ours = model_of(model, Leaf("S1"), dataclasses.replace(CONTRACT, traits=traits), ["all"], card_of((NUMBER,)))
    values = [*around([0.1]), math.nan]
    table = pa.table({
        "id": range(12), "n": values * 3, "m": [0.0] * 12, "d": ["x"] * 12, "c": ["red"] * 4 + ["new"] * 4 + [None] * 4,
    })  # fmt: skip
    found = require_same(ours, table)
    assert found["trait_t0"].tolist() == [False] * 4 + [True] + [False] * 7
    assert found["trait_t1"].tolist() == [True] * 8 + [False] * 4


def test_the_tail_keeps_its_digits(model: Model) -> None:
    points = np.array([0.0, -800.0, -30.0, 30.0, 800.0, 0.0])
    bins = NumberBins("m", np.array([1.0, 2.0, 3.0]))
    ours = with_card(model, Scorecard(0.0, (Term((bins,), points, points, points),)))
    found = scored(onnx_bytes(ours), {"m": np.array([0.0, 1.0, 2.0, 3.0])})["probability"]
    assert found.tolist() == pytest.approx([0.0, math.exp(-30), 1.0, 1.0], rel=1e-12)
    assert found[1] > 0


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows(model: Model, rows: int) -> None:
    found = scored(onnx_bytes(model), feeds(model, model.golden.slice(0, rows)))
    assert {len(values) for values in found.values()} == {rows}
    assert set(found) == {*RESULT, *REASONS, *(trait.column for trait in model.contract.traits)}


def test_the_file_is_whole_says_what_it_is_and_is_the_same_each_time(model: Model) -> None:
    data = onnx_bytes(model)
    assert data == onnx_bytes(model)
    loaded = onnx.load_model_from_string(data)
    onnx.checker.check_model(loaded, full_check=True)
    assert {one.key: one.value for one in loaded.metadata_props}["model_id"] == model.id
    assert [one.name for one in loaded.graph.input] == [feature.name for feature in used_features(model)]
    assert all(one.doc_string for one in (*loaded.graph.input, *loaded.graph.output))
    # A float would round the cuts.
    kinds = {one.type.tensor_type.elem_type for one in loaded.graph.input}
    assert kinds == {onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING}


def test_a_feature_that_the_model_does_not_use_is_no_input(model: Model) -> None:
    ours = with_card(model, card_of((NUMBER,)))
    assert [feature.name for feature in used_features(ours)] == ["m"]
    assert set(feeds(ours, pa.table({"m": [1.0]}))) == {"m"}


def test_the_empty_text_is_no_value(model: Model) -> None:
    ours = with_card(model, card_of((CategoryBins("c", {"": 1, "a": 2}),)))
    with pytest.raises(
        ModelError, match="column c: expected values that are not empty texts, which in ONNX are missing"
    ):
        onnx_bytes(ours)


def test_a_feature_called_like_an_output_is_refused(model: Model) -> None:
    features = tuple(
        dataclasses.replace(one, name="probability") if one.name == "m" else one for one in CONTRACT.features
    )
    contract: Contract = dataclasses.replace(CONTRACT, features=features)
    card = card_of((NumberBins("probability", np.array([1.0])),))
    with pytest.raises(ModelError, match="column probability: expected names that are not those of outputs"):
        onnx_bytes(model_of(model, Leaf("S1"), contract, card=card))


def test_a_file_that_scores_otherwise_is_not_written(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = model.scorecard.terms[0]
    other = dataclasses.replace(purchase, points=purchase.points + 1e-6)
    changed = dataclasses.replace(
        model, scorecard=dataclasses.replace(model.scorecard, terms=(other, *model.scorecard.terms[1:]))
    )
    data = onnx_bytes(changed)
    monkeypatch.setattr("northstar_explain.export.onnx.onnx_model.onnx_bytes", lambda _: data)
    with pytest.raises(ModelError, match="golden row 1 in ONNX: expected segment"):
        write_onnx(model, tmp_path / "s.onnx")
    assert not contents(tmp_path)


def test_the_command_writes_the_file(model: Model, model_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "scorecard.onnx"
    result = explain("export", model_dir, "--onnx", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(
        rf"{out}: \d+ inputs, [\d,]+ bytes; {model.golden.num_rows} golden rows scored the same", result.stdout
    )
    assert out.read_bytes() == onnx_bytes(model)
    assert "expected a path that is free" in refused(tmp_path, "export", model_dir, "--onnx", out)
    assert explain("export", model_dir, "--onnx", out, "--overwrite").exit_code == 0
    assert "a file whose name ends in .onnx" in refused(tmp_path, "export", model_dir, "--onnx", tmp_path / "s.bin")
    with pytest.raises(OutputError, match="expected a path"):
        write_onnx(dataclasses.replace(model, folder=model_dir), model_dir / "s.onnx")


def test_without_the_package_it_says_what_to_install(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "northstar_explain.export.onnx.onnx_file.find_spec", lambda name: None if name == "onnx" else found(name)
    )
    with pytest.raises(NorthstarError, match=re.escape("pip install 'northstar-explain[onnx]'")):
        write_onnx(model, tmp_path / "s.onnx")


def test_the_guide_scores_a_table(
    model: Model, model_dir: Path, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of the guide, run as it stands, gives what scoring gives."""
    page = Path(__file__).parent.parent.parent / "docs" / "guide" / "onnx.md"
    (example,) = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    parquet.write_table(some, "customers.parquet")
    write_onnx(model, Path("scorecard.onnx"))
    names: dict[str, Any] = {}
    exec(compile(example, str(page), "exec"), names)
    expected = Scorer(model)(check(tables.read(Path("customers.parquet")), with_known_values(model)).accepted)
    assert names["scores"]["segment_id"].tolist() == expected["segment_id"].to_pylist()
    assert np.abs(names["scores"]["probability"] - expected["probability"].to_numpy()).max() < 1e-9
    # Booleans and texts with blanks too, which this table does not have: a false that got lost is a missing value.
    names["table"] = pa.table({"flag": [True, False, None], "text": [" x", "y ", None]})
    read = {
        name: names["column"](SimpleNamespace(name=name, type="tensor(string)")).tolist() for name in ("flag", "text")
    }
    assert read == {"flag": ["true", "false", ""], "text": ["x", "y", ""]}
