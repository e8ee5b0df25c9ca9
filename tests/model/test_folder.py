"""The model folder: the same model after saving and loading, and nothing else passes for it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers import contents, reseal

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract
from northstar_explain.errors import ModelError, OutputError
from northstar_explain.model import Model, segments
from northstar_explain.model.folder_format import FILES, FORMAT, MANIFEST, json_bytes
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.scorecard import CategoryBins, NumberBins


def test_a_loaded_model_is_the_saved_one(model: Model, model_dir: Path, tmp_path: Path) -> None:
    loaded = models.load(model_dir)
    assert (loaded.id, loaded.contract, loaded.purchase) == (model.id, model.contract, model.purchase)
    assert loaded.segmentation == model.segmentation
    assert loaded.golden.equals(model.golden)
    assert loaded.evaluation == model.evaluation
    models.save(loaded, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(model_dir)


def test_the_scorecard_is_the_same_to_the_last_bit(model: Model, model_dir: Path) -> None:
    loaded = models.load(model_dir).scorecard
    assert loaded.intercept == model.scorecard.intercept
    for old, new in zip(model.scorecard.terms, loaded.terms, strict=True):
        assert (old.name, old.reasons) == (new.name, new.reasons)
        for one, other in zip(old.axes, new.axes, strict=True):
            assert (one.feature, one.count, type(one)) == (other.feature, other.count, type(other))
            if isinstance(one, NumberBins) and isinstance(other, NumberBins):
                assert one.cuts.tobytes() == other.cuts.tobytes()
            if isinstance(one, CategoryBins) and isinstance(other, CategoryBins):
                assert dict(one.values) == dict(other.values)
        for name in ("points", "spread", "customers"):
            assert getattr(old, name).tobytes() == getattr(new, name).tobytes()
        if old.interval is None:
            assert len(old.axes) == 2 and new.interval is None
        else:
            assert new.interval is not None and old.interval.tobytes() == new.interval.tobytes()


def test_the_manifest_tells_each_files_hash_and_where_the_model_comes_from(model_dir: Path, contract: object) -> None:
    manifest = json.loads((model_dir / MANIFEST).read_bytes())
    assert {path.name for path in model_dir.iterdir()} == {*FILES, MANIFEST}
    for name, said in manifest["files"].items():
        assert hashlib.sha256((model_dir / name).read_bytes()).hexdigest() == said
    assert manifest["format"] == FORMAT
    assert manifest["data"]["rows"] == manifest["data"]["accepted"] + manifest["data"]["rejected"] == 6_000
    assert manifest["date"] == "2026-03-01"
    assert manifest["options"]["seed"] == 1
    assert {"numpy", "pyarrow", "scikit-learn", "interpret-core"} <= set(manifest["libraries"])


def test_the_folder_holds_json_toml_parquet_and_csv_alone(model_dir: Path) -> None:
    starts = {".json": b"{", ".toml": b"#", ".parquet": b"PAR1", ".bz2": b"BZh"}
    for path in model_dir.iterdir():
        assert path.read_bytes().startswith(starts[path.suffix])


@pytest.mark.parametrize("room", ["contract", "model", "score"])
def test_nothing_that_reads_a_model_can_unpickle(room: str) -> None:
    for path in (Path(models.__file__).parent.parent / room).rglob("*.py"):
        assert not re.search(r"\b(pickle|joblib|dill|cloudpickle|eval|exec)\b\(?", path.read_text()), path


def test_golden_rows_hold_the_hard_cases(model: Model) -> None:
    golden, contract = model.golden, model.contract
    assert golden.column_names[-2:] == list(EXPECTED)
    assert golden.num_rows > 200
    for feature in contract.model_features:
        values = golden[feature.name]
        if feature.missing is not None:
            assert values.null_count > 0
        if feature.kind.numeric:
            assert {1e12, -1e12} <= set(values.drop_null().to_pylist())
        elif not feature.kind.lists_values:
            seen = {v for t in model.scorecard.terms for a in t.axes if isinstance(a, CategoryBins) for v in a.values}
            assert set(values.drop_null().to_pylist()) - seen
    thresholds = [
        (c.feature, edge)
        for segment in model.segmentation.segments
        for rule in segment.rules
        for c in rule.conditions
        for edge in (getattr(c, "lower", None), getattr(c, "upper", None))
        if edge is not None
    ]
    assert thresholds
    for name, edge in thresholds:
        found = set(golden[name].drop_null().to_pylist())
        assert {float(np.nextafter(edge, -np.inf)), edge, float(np.nextafter(edge, np.inf))} <= found


def change_points(folder: Path, by: float) -> None:
    path = folder / "scorecard.parquet"
    table = tables.read(path)
    place = table.column_names.index("points")
    changed = pa.array(table["points"].to_numpy() + by)
    path.write_bytes(tables.parquet_bytes(table.set_column(place, "points", changed)))


def test_changed_points_are_caught_though_their_hash_was_mended(model_copy: Path) -> None:
    change_points(model_copy, 0.001)
    reseal(model_copy)
    with pytest.raises(ModelError, match=r"manifest\.json: expected model_id m-[0-9a-f]{12}; got m-[0-9a-f]{12}"):
        models.load(model_copy)


def real_id(folder: Path) -> str:
    """What the folder's content calls itself."""
    with pytest.raises(ModelError) as caught:
        models.load(folder)
    return caught.value.faults[0].expected.removeprefix("model_id ")


def test_changed_points_are_caught_by_the_golden_rows_though_everything_else_was_mended(model_copy: Path) -> None:
    change_points(model_copy, 1e-6)
    reseal(model_copy)
    reseal(model_copy, model_id=real_id(model_copy))
    with pytest.raises(ModelError, match=r"golden row 1: expected segment S\d, probability .* do not use it"):
        models.load(model_copy)


def change_segments(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change segments.json and mend every hash, as somebody would who wants to hide it."""
    path = folder / "segments.json"
    data = json.loads(path.read_bytes())
    change(data)
    path.write_bytes(json_bytes(data))
    reseal(folder)
    reseal(folder, model_id=real_id(folder))


def swap_rules(data: dict[str, Any]) -> None:
    node = data["tree"]
    node["then"], node["else"] = node["else"], node["then"]


def test_a_changed_rule_is_caught_by_the_words(model_copy: Path) -> None:
    change_segments(model_copy, swap_rules)
    with pytest.raises(ModelError, match=r"segment S1, definition: expected the words of its rules \("):
        models.load(model_copy)


def test_a_changed_rule_is_caught_by_the_golden_rows_though_its_words_were_changed_with_it(
    model_copy: Path, contract: Contract
) -> None:
    def swap_words_too(data: dict[str, Any]) -> None:
        swap_rules(data)
        changed = segments.to_json(segments.from_json(data, contract), contract)
        data["segments"] = changed["segments"]

    change_segments(model_copy, swap_words_too)
    with pytest.raises(ModelError, match=r"golden row \d+: expected segment"):
        models.load(model_copy)


@pytest.mark.parametrize("key", ["definition", "rules"])
@pytest.mark.parametrize("new", [" 30 or more times ", " often "])
def test_words_that_were_changed_are_caught(model_copy: Path, key: str, new: str) -> None:
    def reword(data: dict[str, Any]) -> None:
        said = json.dumps(data["segments"][2][key])
        changed = re.sub(r" \d+ or more times | fewer than \d+ times | at most once ", new, said, count=1)
        assert changed != said
        data["segments"][2][key] = json.loads(changed)

    change_segments(model_copy, reword)
    message = (
        rf"segments\.json, segment S3, {key}: expected the words of its rules .*got .*{new.strip()}.*Restore the file"
    )
    with pytest.raises(ModelError, match=message):
        models.load(model_copy)


def test_a_manifest_whose_own_lines_changed_is_not_believed(model_copy: Path) -> None:
    path = model_copy / MANIFEST
    path.write_text(path.read_text().replace('"date": "2026-03-01"', '"date": "2026-03-02"', 1))
    with pytest.raises(ModelError, match=r"manifest\.json: expected SHA-256 .*; got .*Restore the file"):
        models.load(model_copy)


def test_models_are_named_by_their_content(model: Model, model_copy: Path) -> None:
    path = model_copy / "evaluation.json"
    figures = json.loads(path.read_bytes())
    figures["segments"]["fidelity"] /= 2
    path.write_bytes(json_bytes(figures))
    reseal(model_copy)
    assert models.load(model_copy).id == model.id  # the figures do not decide a score
    change_points(model_copy, 0.5)
    reseal(model_copy)
    assert real_id(model_copy) != model.id


def test_a_figure_that_is_no_number_is_not_written(model: Model) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"roc_auc": float("nan")})


def test_saving_replaces_a_model_whole_and_only_when_asked(model: Model, model_copy: Path, tmp_path: Path) -> None:
    (model_copy / "names.toml").write_text("")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="expected a path that is free; got one that exists"):
        models.save(model, model_copy)
    assert contents(tmp_path) == before
    models.save(model, model_copy, overwrite=True)
    assert {path.name for path in model_copy.iterdir()} == {*FILES, MANIFEST}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_saving_never_removes_what_is_not_of_a_model(model: Model, model_copy: Path, tmp_path: Path) -> None:
    (model_copy / "notes.txt").write_text("precious")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"expected a model folder or a new folder; got notes\.txt in it"):
        models.save(model, model_copy, overwrite=True)
    assert contents(tmp_path) == before


def test_files_of_an_older_format_go_with_the_model(model: Model, model_copy: Path) -> None:
    (model_copy / "cards.parquet").write_text("of an older format")
    reseal(model_copy, format=2, files={"cards.parquet": ""})
    models.save(model, model_copy, overwrite=True)
    assert {path.name for path in model_copy.iterdir()} == {*FILES, MANIFEST}


def test_a_model_may_be_saved_into_the_folder_one_stands_in(
    model: Model, model_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model_copy)
    with pytest.raises(OutputError, match="got one that exists"):
        models.save(model, Path())
    models.save(model, Path(), overwrite=True)
    assert models.load(model_copy).id == model.id
