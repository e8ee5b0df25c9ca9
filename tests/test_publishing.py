"""What each command publishes, through its own publishing function: all of the old or all of the new, at every step."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from helpers import contents, explain

from northstar_explain import api, tables
from northstar_explain import model as models
from northstar_explain.errors import ModelError, NorthstarError
from northstar_explain.export.sql import SqlOptions, write_sql
from northstar_explain.export.sql.score_sql import KEYS
from northstar_explain.model import Model, load_folder
from northstar_explain.options import CampaignOptions
from northstar_explain.report.audit.pack import write_pack
from northstar_explain.report.memo import write_memo
from northstar_explain.score.output_places import Outputs
from northstar_explain.tables import journal, staging
from northstar_explain.training import Trained, save

write_playbook = import_module("northstar_explain.report.playbook.write_playbook")  # the package has the function

Write = Callable[[Path, str], object]


def uncertified(model: Model, book: Callable[[], bytes]) -> Any:
    """In place of the programs that score the golden rows."""
    raise AssertionError("the pack is made already")


class Killed(BaseException):
    """What is raised in place of a kill."""


@pytest.fixture
def publishers(model: Model, trained: Trained, monkeypatch: pytest.MonkeyPatch) -> dict[str, Write]:
    """Each command's publishing on content that takes no time to make."""
    content = {"now": ""}
    monkeypatch.setattr(os, "fsync", lambda file: None)
    monkeypatch.setattr(write_memo, "_made", lambda *args: (content["now"].encode(), content["now"].encode()))
    monkeypatch.setattr(write_playbook, "book_of", lambda *args: None)
    monkeypatch.setattr(write_playbook, "has_room", lambda: False)
    monkeypatch.setattr(write_playbook, "_files", lambda *args: (book(content["now"]), (), ""))
    monkeypatch.setattr(write_pack, "made_pack", lambda *args: (made(content["now"]), SimpleNamespace(passed=True)))

    monkeypatch.setattr(write_sql, "scores_sql", lambda *args: content["now"])
    monkeypatch.setattr(write_sql, "tables_sql", lambda *args: [content["now"]])
    monkeypatch.setattr(write_sql, "lookups", lambda *args: dict_of_tables(content["now"]))

    def writing(function: Callable[[Path], object]) -> Write:
        def publisher(home: Path, text: str) -> object:
            content["now"] = text
            return function(home)

        return publisher

    def train(home: Path) -> object:
        text = content["now"]
        rejected = pa.table({"row": [1], "reasons": [text]})
        other = dataclasses.replace(model, files={**model.files, "evaluation.json": text.encode()})
        later = rejected if text == "old" else None
        return save(Trained(other, rejected, (), later), home / "m", overwrite=True)

    def score(home: Path) -> object:
        outputs = Outputs(home / "s")
        shutil.rmtree(outputs.work, ignore_errors=True)
        (outputs.work / "scores").mkdir(parents=True)
        (outputs.work / "scores" / "part-00000.parquet").write_text(content["now"])
        for name in ("report", "rejects"):
            (outputs.work / name).write_text(content["now"])
        rejects = outputs.work / "rejects" if content["now"] == "old" else None
        outputs.publish(outputs.work / "scores", rejects, outputs.work / "report")
        return outputs

    def simulate(home: Path) -> object:
        batch = pa.record_batch({"customer_id": [content["now"]]})
        monkeypatch.setattr("northstar_explain.simulate.customers", lambda n, seed: [(batch, batch)])
        result = explain("simulate", home / "c.csv", "--customers", 1, "--quiet", "--overwrite")
        if result.exit_code:
            raise NorthstarError(result.stderr, [])
        return result

    return {
        "train": writing(train),
        "score": writing(score),
        "simulate": writing(simulate),
        "init, sql": writing(lambda home: tables.write_text(content["now"], home / "x.sql", overwrite=True)),
        "sql --scores": writing(
            lambda home: write_sql.write_sql(
                model, SqlOptions("duckdb", content["now"], scores=True), home / "x.sql", overwrite=True
            )
        ),
        "playbook": writing(lambda home: write_playbook.write_playbook(model, home / "pb", overwrite=True)),
        "compare": writing(lambda home: write_memo.write_memo(model, home / "memo.pdf", overwrite=True)),
        "audit": writing(lambda home: write_pack.write_pack(model, home / "pack", {}, uncertified, overwrite=True)),
    }


def dict_of_tables(text: str) -> SimpleNamespace:
    return SimpleNamespace(**{name: pa.table({"model": [text]}) for name in KEYS})


def book(text: str) -> dict[str, bytes]:
    names = ["playbook.pdf", "playbook.html", "playbook-S1.pdf"] + ["playbook-S2.pdf"] * (text == "old")
    return {name: text.encode() for name in names}


def made(text: str) -> Any:
    files = write_pack.PackFiles()
    files.add("audit.pdf", text.encode(), "the report")
    files.add(f"model/{text}", b"", "a part of the model")
    return files


@pytest.mark.parametrize("name", ["train", "audit", "playbook", "sql --scores"])
def test_what_a_killed_run_began_where_nothing_stood_is_replaced_when_it_may_be(
    name: str, publishers: dict[str, Write], tmp_path: Path
) -> None:
    publisher, number, step = publishers[name], 0, 1
    while step >= number:
        number += 1
        home = tmp_path / str(number)
        home.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            count = failing(patch, killed_from(number))
            with contextlib.suppress(Killed):
                publisher(home, "old")
            step = count[0]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(staging, "_is_running", lambda name: False)
            publisher(home, "new")  # with overwrite: whatever the killed run left must not stand in the way
        assert [path for path in contents(home) if path.startswith(".")] == []
    assert number > 3


def visible(folder: Path) -> dict[str, bytes | None]:
    return {name: data for name, data in contents(folder).items() if not name.startswith(".")}


def killed_from(number: int) -> Callable[[int], BaseException | None]:
    return lambda at: Killed() if at >= number else None


def failed_at(number: int) -> Callable[[int], BaseException | None]:
    return lambda at: OSError(errno.EIO, "Input/output error") if at == number else None


def failing(patch: pytest.MonkeyPatch, fails: Callable[[int], BaseException | None]) -> list[int]:
    """Have changes of names and syncs fail by their number; give the count, kept up to date."""
    count = [0]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            count[0] += 1
            if error := fails(count[0]):
                raise error
            return real(*args, **options)

        return step

    for name in ("rename", "replace", "unlink", "rmdir", "mkdir", "fsync"):
        patch.setattr(os, name, counted(getattr(os, name)))
    patch.setattr(journal, "exchange", counted(journal.exchange))
    return count


@pytest.mark.parametrize("how", ["killed", "an error"])
@pytest.mark.parametrize(
    "name", ["train", "score", "simulate", "init, sql", "sql --scores", "playbook", "compare", "audit"]
)
def test_old_or_new_whole(name: str, how: str, publishers: dict[str, Write], tmp_path: Path) -> None:
    publisher, home = publishers[name], tmp_path / "home"
    states: list[bool] = []
    number = step = 0
    while True:
        number += 1
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        publisher(home, "old")
        old = visible(home)
        with pytest.MonkeyPatch.context() as patch:
            count = failing(patch, killed_from(number) if how == "killed" else failed_at(number))
            with contextlib.suppress(Killed, NorthstarError, OSError):
                publisher(home, "new")
            step = count[0]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(staging, "_is_running", lambda name: False)
            journal.settle(home / "any")
            found = visible(home)
            publisher(home, "new")
        new = visible(home)
        assert old != new
        assert found in (old, new), (number, sorted(found))
        assert [path for path in contents(home) if path.startswith(".")] == []
        states.append(found == new)
        if step < number:
            break
    assert len(states) > 3
    assert states[-1]


def test_a_plan_is_read_with_its_own_audience_whenever_its_run_was_killed(
    model_dir: Path, some: pa.Table, tmp_path: Path
) -> None:
    model = api.load(model_dir)
    scores, out = model.score(some), tmp_path / "campaign"
    plans = [
        model.plan_campaign(scores, CampaignOptions(margin=24.0, contact_cost=cost), out=out, overwrite=True).plan.id
        for cost in (0.5, 0.4)
    ]
    read, step, number = set[str](), 0, 0
    while step >= number:
        number += 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", lambda file: None)
            count = failing(patch, killed_from(number))
            with contextlib.suppress(Killed):
                cost = 0.5 if number % 2 else 0.4
                options = CampaignOptions(margin=24.0, contact_cost=cost)
                model.plan_campaign(scores, options, out=out, overwrite=True)
            step = count[0]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(staging, "_is_running", lambda name: False)
            read.add(api.read_campaign(out / "plan.json", some).plan_id)
    assert read == set(plans)
    assert number > 5


@pytest.fixture
def swapped(model_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have another process replace the model, by its own copy, when a file of it is first read."""

    def when(name: str) -> None:
        real, done = Path.read_bytes, [False]

        def read(path: Path) -> bytes:
            if path.name == name and not done[0]:
                done[0] = True
                other = model_copy.with_name("other")
                shutil.copytree(model_copy, other)
                (other / "shapes.parquet").write_bytes(real(other / "shapes.parquet"))
                journal.exchange(model_copy, other)
                (other / "segments.json").unlink()
            return real(path)

        monkeypatch.setattr(Path, "read_bytes", read)

    yield when


def test_a_model_swapped_while_it_is_read_is_read_once_more(
    swapped: Callable[[str], None], model_copy: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    real = load_folder._load

    def load(path: Path) -> Model:
        reads.append(path)
        return real(path)

    monkeypatch.setattr(load_folder, "_load", load)
    swapped("scorecard.parquet")
    assert models.load(model_copy).id == model.id
    assert len(reads) == 2


def test_a_broken_model_is_still_called_broken(model_copy: Path) -> None:
    (model_copy / "scorecard.parquet").write_bytes(b"")
    with pytest.raises(ModelError, match=r"scorecard\.parquet: expected SHA-256"):
        models.load(model_copy)
