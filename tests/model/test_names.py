"""Names that people give: used everywhere, checked when read, never lost, and no part of what a model is."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import explain, plain, read, refused
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import api
from northstar_explain import model as models
from northstar_explain.errors import ModelError
from northstar_explain.model import Model, Names, Segment, Segmentation, names
from northstar_explain.model.rules import Leaf
from northstar_explain.report.playbook.playbook_facts import book_of


def name(folder: Path, text: str) -> Path:
    path = folder / names.FILE
    path.write_bytes(text.encode())
    return path


def test_given_names_are_used_everywhere_and_change_nothing_else(
    model: Model, model_copy: Path, some: pa.Table, some_file: Path, tmp_path: Path
) -> None:
    name(
        model_copy, '\ufeff# Agreed in May.\r\n[segments]\r\nS2 = "Window shoppers"\r\n'
    )  # as an editor on Windows may
    loaded = api.load(model_copy)
    called = {segment.id: segment.name for segment in loaded.segments}
    learned = {segment.id: segment.name for segment in model.segmentation.segments}
    assert called == {**learned, "S2": "Window shoppers"}
    assert loaded.id == model.id
    assert [replace(one, name="") for one in loaded.segments] == [
        replace(one, name="") for one in model.segmentation.segments
    ]
    assert book_of(loaded.data).segments[1].name == "Window shoppers"
    scores = loaded.score(some).table
    assert scores.drop_columns(["segment_name"]).equals(
        api.Model(model).score(some).table.drop_columns(["segment_name"])
    )
    pairs = set(zip(scores["segment_id"].to_pylist(), scores["segment_name"].to_pylist(), strict=True))
    assert pairs <= set(called.items())
    out = tmp_path / "scores.parquet"
    assert explain("score", some_file, "--model", model_copy, "--out", out).exit_code == 0
    assert read(out)["segment_name"].to_pylist() == scores["segment_name"].to_pylist()


def test_show_tells_which_names_were_given(model: Model, model_copy: Path) -> None:
    name(model_copy, '[segments]\nS1 = "Regulars"\n')
    shown = {one["id"]: one for one in json.loads(explain("show", model_copy, "--json").stdout)["segments"]}
    assert (shown["S1"]["name"], shown["S1"]["renamed"]) == ("Regulars", True)
    assert shown["S1"]["learned_name"] == model.segmentation["S1"].name
    assert not shown["S2"]["renamed"] and shown["S2"]["name"] == shown["S2"]["learned_name"]
    text = plain(explain("show", model_copy).stdout)
    assert "Regulars" in text and "names given by people: S1 (names.toml)" in text


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[segments]\n"])
def test_a_file_without_names_gives_none(model: Model, model_copy: Path, text: str) -> None:
    name(model_copy, text)
    assert models.load(model_copy).segmentation == model.segmentation


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[segments]\nS9 = "Nobody"\n', 'line 2, S9: expected the id of a segment: S1, S2, S3, S4; got "Nobody"'),
        ('[segments]\n"S1" = "A"\n\nS3 = "a"\n', 'line 4, S3: expected a name other than that of S1; got "a"'),
        ("[segments]\nS3 = '{S2}'\n", "line 2, S3: expected a name other than that of S2"),
        ('[segments]\nS1 = ""\n', "line 2, S1: expected a name of 1 to 60 characters; got 0 characters"),
        ('[segments]\nS1 = "  "\n', "line 2, S1: expected a name of 1 to 60 characters; got 0 characters"),
        (f'[segments]\nS1 = "{"x" * 61}"\n', "line 2, S1: expected a name of 1 to 60 characters; got 61 characters"),
        ('[segments]\nS1 = "a\\tb"\n', r"line 2, S1: expected a name without control characters or blanks around it; got 'a\tb'"),
        ('[segments]\nS1 = "a\\u202Eb"\n', "line 2, S1: expected a name without control characters"),
        ('[segments]\nS1 = " a"\n', "line 2, S1: expected a name without control characters or blanks around it; got ' a'"),
        ("[segments]\nS1 = 3\n", "line 2, S1: expected a name in quotes; got 3"),
        ('[names]\nS1 = "A"\n', "line 1, names: expected the one section [segments]; got another"),
        ('S1 = "A"\n', "line 1, S1: expected the one section [segments]; got another"),
        ('segments = "A"\n', "line 1, segments: expected a section [segments]; got 'A'"),
        ("[segments]\nS1 = Regulars\n", "file: expected names in TOML; got Invalid value (at line 2, column 6)."),
        ('[segments]\nS1 = "A"\nS1 = "B"\n', "file: expected names in TOML; got Cannot overwrite a value (at line 3"),
    ],
)  # fmt: skip
def test_each_fault_names_the_file_and_the_line(model: Model, model_copy: Path, text: str, fault: str) -> None:
    path = name(model_copy, text.replace("{S2}", model.segmentation["S2"].name))
    with pytest.raises(ModelError) as caught:
        models.load(model_copy)
    assert caught.value.source == str(path)
    assert str(caught.value.faults[0]).startswith(fault)
    assert refused(model_copy.parent, "show", model_copy).startswith(f"explain: {path}: ")


def test_all_faults_are_told_at_once_and_a_file_that_is_no_text_is_one(model_copy: Path) -> None:
    name(model_copy, '[segments]\nS8 = "A"\nS9 = "B"\n')
    with pytest.raises(ModelError) as caught:
        models.load(model_copy)
    assert len(caught.value.faults) == 2
    (model_copy / names.FILE).write_bytes(b"\xff\xfe[")
    with pytest.raises(ModelError, match="expected names in TOML; got .*can't decode"):
        models.load(model_copy)


def test_two_segments_may_change_names(model: Model, model_copy: Path) -> None:
    first, second = (model.segmentation[id].name for id in ("S1", "S2"))
    name(model_copy, f"[segments]\nS1 = {json.dumps(second)}\nS2 = {json.dumps(first)}\n")
    loaded = models.load(model_copy).segmentation
    assert (loaded["S1"].name, loaded["S2"].name) == (second, first)


COMMENTED = '# Agreed in May.\n[segments]\nS1 = "Regulars"  # with Ann\n'


def test_a_model_that_is_replaced_leaves_its_names(model: Model, model_copy: Path) -> None:
    path = name(model_copy, COMMENTED)
    kept = models.save(model, model_copy, overwrite=True)
    assert kept.given == {"S1": "Regulars"} and not kept.dropped
    assert path.read_text() == COMMENTED
    assert models.load(model_copy).segmentation["S1"].name == "Regulars"


def test_names_of_segments_that_are_gone_stay_as_comments(model: Model, model_copy: Path) -> None:
    path = name(model_copy, COMMENTED + 'S9 = "Sleepers"\n"S3" = "regulars "\n'.replace("regulars ", "Others"))
    kept = models.save(model, model_copy, overwrite=True)
    assert kept.given == {"S1": "Regulars", "S3": "Others"}
    assert kept.dropped == {"S9": "the id of a segment: S1, S2, S3, S4"}
    assert path.read_text() == COMMENTED + '# not used: S9 = "Sleepers"\n"S3" = "Others"\n'
    assert models.load(model_copy).segmentation["S3"].name == "Others"


def test_names_that_stand_on_one_line_are_kept_too(model: Model, model_copy: Path) -> None:
    path = name(model_copy, 'segments = { S1 = "Regulars", S9 = "Sleepers" }\n')
    models.save(model, model_copy, overwrite=True)
    assert path.read_text() == '[segments]\n"S1" = "Regulars"\n# not used: "S9" = "Sleepers"\n'
    assert models.load(model_copy).names.given == {"S1": "Regulars"}


def test_a_given_name_gives_way_to_a_learnt_one_when_a_model_is_replaced(model: Model, model_copy: Path) -> None:
    name(model_copy, f"[segments]\nS1 = {json.dumps(model.segmentation['S2'].name.upper())}\n")
    kept = models.save(model, model_copy, overwrite=True)
    assert not kept.given and kept.dropped == {"S1": "a name other than that of S2"}
    assert models.load(model_copy).segmentation == model.segmentation


def test_names_go_with_a_model_that_is_saved_elsewhere(model_copy: Path, tmp_path: Path) -> None:
    name(model_copy, COMMENTED)
    loaded = models.load(model_copy)
    models.save(loaded, tmp_path / "other")
    assert (tmp_path / "other" / names.FILE).read_text() == COMMENTED
    name(tmp_path / "other", '[segments]\nS1 = "Others"\nS2 = "Sleepers"\n')
    kept = models.save(loaded, tmp_path / "other", overwrite=True)
    assert kept.given == {"S1": "Regulars", "S2": "Sleepers"}
    assert kept.dropped == {"S1": "no name, as it is called Regulars"}
    text = (tmp_path / "other" / names.FILE).read_text()
    assert tomllib.loads(text)["segments"] == kept.given and '# not used: "S1" = "Others"' in text
    assert models.save(models.load(tmp_path / "other"), tmp_path / "other", overwrite=True).text == text


def test_a_model_that_follows_another_has_its_names(model: Model, model_copy: Path) -> None:
    name(model_copy, COMMENTED + 'S9 = "Sleepers"\n'.replace("S9", "S4"))
    earlier = models.load(model_copy)
    fewer = replace(model, segmentation=replace(model.segmentation, segments=model.segmentation.segments[:3]))
    follower = models.follow(fewer, earlier)
    assert follower.segmentation["S1"].name == "Regulars"
    assert follower.names.learned == {"S1": model.segmentation["S1"].name}
    assert follower.names.dropped == {"S4": "the id of a segment: S1, S2, S3"}
    assert follower.id == model.id and follower.files == model.files
    # In the same place the file is the one that was there, but for the name that is gone; and so once more.
    for _ in range(2):
        kept = models.save(follower, model_copy, overwrite=True)
        assert kept.text == COMMENTED + '# not used: S4 = "Sleepers"\n'
        assert (model_copy / names.FILE).read_text() == kept.text


def test_names_that_cannot_be_read_stop_before_anything_is_lost(
    model: Model, model_copy: Path, some_file: Path
) -> None:
    path = name(model_copy, "[segments\n")
    with pytest.raises(ModelError, match=r"names\.toml: file: expected names in TOML"):
        models.save(model, model_copy, overwrite=True)
    assert path.read_text() == "[segments\n"
    message = refused(model_copy.parent, "train", some_file, "--model", model_copy, "--overwrite", "--quiet")
    assert "names.toml: file: expected names in TOML" in message


SEGMENTS = Segmentation(
    Leaf("S1"),
    tuple(Segment(id, called, "", (), 1, 0.1, (), 1.0, 1.0) for id, called in [("S1", "A"), ("S2", "b"), ("S3", "c")]),
)
TEXTS = st.sampled_from(["a", "B", "x"]) | st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60
)
GIVEN = st.dictionaries(st.sampled_from(["S1", "S2", "S3", "S9", "S12"]), TEXTS, max_size=5)


@given(GIVEN, GIVEN)
def test_whatever_is_carried_over_can_be_read_and_used(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, str], own: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    first = names.carry(Names(own, names._written(own, {})), SEGMENTS)
    both = names.carry(Names(old, names._written(old, {})), SEGMENTS, first)
    assert first.given.items() <= both.given.items()
    assert {*old, *own} <= {*both.given, *both.dropped}
    (folder / names.FILE).write_bytes(both.text.encode())
    found = names.read(folder)
    assert found.given == both.given
    called = [one.name.casefold() for one in names.apply(found, SEGMENTS, folder)[0].segments]
    assert len(set(called)) == len(called)
    assert all(json.dumps(text, ensure_ascii=False) in both.text for text in (*old.values(), *own.values()))


def test_an_id_stands_beside_a_name_once() -> None:
    assert names.with_id("S1", "Regulars") == "S1 Regulars"
    assert names.with_id("S1", "Other clients (S1)") == "S1 Other clients"
    assert names.with_id("S1", "Clients (S12)") == "S1 Clients (S12)"
    assert names.without_id("S2", "Other clients (S2)") == "Other clients"
