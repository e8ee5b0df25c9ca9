"""No command destroys what it reads, a model, or one of its own outputs, by whatever name they are called."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import contents, explain, plain

from northstar_explain import tables
from northstar_explain.errors import OutputError
from northstar_explain.model.folder_format import FILES, MANIFEST
from northstar_explain.tables import output_clashes, require_apart

Spelling = Callable[[Path], Path]


def as_it_is(path: Path) -> Path:
    return path


def by_a_link(path: Path) -> Path:
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path)
    return link


def by_a_linked_folder(path: Path) -> Path:
    there = next(parent for parent in path.parents if parent.exists())
    link = there.with_name("linked")
    link.symlink_to(there)
    return link / path.relative_to(there)


def by_a_hard_link(path: Path) -> Path:
    link = path.with_name(f"hard{path.suffix}")
    os.link(path, link)
    return link


def by_dots(path: Path) -> Path:
    return path.parent / "nowhere" / ".." / ".." / path.parent.name / path.name


PLACES = ("--out", "--model", "--onnx", "--dbt", "--html")
SPELLINGS = [as_it_is, by_a_link, by_a_linked_folder, by_a_hard_link, by_dots]


@pytest.fixture
def home(tmp_path: Path, model_dir: Path, some_file: Path) -> Path:
    """A folder with a table, a model and what else commands read."""
    home = tmp_path / "home"
    shutil.copytree(model_dir, home / "model")
    shutil.copy(some_file, home / "customers.parquet")
    shutil.copy(some_file, home / "model" / "customers.parquet")
    (home / "data").mkdir()
    shutil.copy(some_file, home / "data" / "c.parquet")
    (home / "plan.toml").write_text('[playbook]\ntitle = "A"\n')
    (home / "about.toml").write_text('owner = "A"\n')
    (home / "key").write_bytes(bytes(32))
    for name in ("memo.pdf", "scorecard.onnx"):
        (home / "model" / name).write_text("")
    return home


def spared(home: Path, *args: object) -> str:
    """Run a command that must refuse in one line and leave every byte where it is; give the line."""
    before = contents(home.parent)
    result = explain(*args)
    assert result.exit_code == 1, result.output
    assert contents(home.parent) == before
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("explain: ")
    return plain(result.stderr)


DAY = "2026-03-08"
CONTACTS = ["--contacts", "../customers.parquet", "--consent", "email_ok", "--date", DAY]
PLAN = ["campaign", "plan", "--model", "model"]
MONITOR = ["monitor", "--model", "model"]
# What each command reads (R) and may be told to write to, in the folder above.
READ_AND_WRITE = {
    "init": ("customers.parquet", ["init", "R", "--out", "W"]),
    "train": ("customers.parquet", ["train", "R", "--model", "W"]),
    "train, contract": ("plan.toml", ["train", "data/c.parquet", "--contract", "R", "--model", "W"]),
    "train, holdout": ("customers.parquet", ["train", "data/c.parquet", "--holdout", "R", "--model", "W"]),
    "train, truth": ("customers.parquet", ["train", "data/c.parquet", "--truth", "R", "--model", "W"]),
    "train, since": (
        "customers.parquet", ["train", "data/c.parquet", "--update", "model", "--since", "R", "--model", "W"],
    ),
    "score": ("customers.parquet", ["score", "R", "--model", "model", "--out", "W"]),
    "playbook": ("plan.toml", ["playbook", "--model", "model", "--plan", "R", "--out", "W"]),
    "audit": ("about.toml", ["audit", "--model", "model", "--about", "R", "--out", "W"]),
    "audit, customers": ("customers.parquet", ["audit", "--model", "model", "--customers", "R", "--out", "W"]),
    "audit, key": ("key", ["audit", "--model", "model", "--customers", "data/c.parquet", "--key", "R", "--out", "W"]),
    "monitor": ("customers.parquet", [*MONITOR, "--scores", "data/c.parquet", "--scores", "R", "--out", "W"]),
    "monitor, page": ("customers.parquet", [*MONITOR, "--scores", "R", "--scores", "data/c.parquet", "--html", "W"]),
    "monitor, report": (
        "data/c.parquet.report.json",
        [*MONITOR, "--scores", "data/c.parquet", "--scores", "customers.parquet", "--out", "W"],
    ),
    "score, model": ("model/golden.parquet", ["score", "customers.parquet", "--model", "model", "--out", "W"]),
    "sql": ("model/segments.json", ["sql", "model", "--dialect", "duckdb", "--out", "W"]),
    "sql, scores": ("model/segments.json", ["sql", "model", "--dialect", "duckdb", "--scores", "--out", "W"]),
    "sql, dbt": ("model/segments.json", ["sql", "model", "--dialect", "duckdb", "--dbt", "W"]),
    "export": ("model/scorecard.onnx", ["export", "model", "--onnx", "W"]),
    "compare": ("model/memo.pdf", ["compare", "--model", "model", "--out", "W"]),
    "compare, uplift": ("data/r.pdf", ["compare", "--model", "model", "--uplift", "R", "--out", "W"]),
    "playbook, uplift": ("plan.toml", ["playbook", "--model", "model", "--uplift", "R", "--out", "W"]),
}  # fmt: skip


def command(home: Path, name: str, read: Path, write: Path) -> list[object]:
    words = []
    for word in READ_AND_WRITE[name][1]:
        path = {"R": read, "W": write}.get(word, home / word)
        words.append(path if word in ("R", "W") or path.exists() else word)
    return [*words, "--overwrite"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", READ_AND_WRITE)
def test_no_input_is_an_output(name: str, spelling: Spelling, home: Path) -> None:
    read = home / READ_AND_WRITE[name][0]
    if not read.exists():
        read.write_text("{}")
    message = spared(home, *command(home, name, read, spelling(read)))
    assert "output: expected " in message


@pytest.mark.parametrize("spelling", [as_it_is, by_a_linked_folder, by_dots])
@pytest.mark.parametrize("name", ["score", "train", "playbook", "audit", "train, contract", "train, holdout"])
def test_no_output_contains_an_input(name: str, spelling: Spelling, home: Path) -> None:
    folder = home / "data"
    read = folder / ("c.parquet" if "customers" in READ_AND_WRITE[name][0] else "plan.toml")
    if not read.exists():
        read.write_text('owner = "A"\n')
    message = spared(home, *command(home, name, read, spelling(folder)))
    assert f"got one that contains the input {folder}" in message or (
        name == "score" and "got c.parquet in it" in message
    )


@pytest.mark.parametrize("suffix", ["customers.parquet", "x.parquet", "deep/er/x.parquet"])
def test_no_output_lies_inside_an_input(suffix: str, home: Path) -> None:
    for out in (home / "data" / suffix, by_a_linked_folder(home / "data" / suffix)):
        message = spared(home, "score", home / "data", "--model", home / "model", "--out", out, "--overwrite")
        assert f"got one inside the input {home / 'data'}. Choose another path." in message


@pytest.mark.parametrize("spelling", [as_it_is, by_a_linked_folder, by_dots])
@pytest.mark.parametrize(
    "words",
    [
        ["simulate", "golden.parquet", "--customers", 10],
        ["simulate", "new.csv", "--customers", 10],
        ["init", "../customers.parquet", "--out", "contract.toml"],
        ["init", "../customers.parquet", "--out", "deep/contract.toml"],
        ["sql", "..", "--dialect", "duckdb", "--out", "x.sql"],
        ["score", "../customers.parquet", "--model", "..", "--out", "golden.parquet"],
        ["score", "../customers.parquet", "--model", "..", "--out", "scores"],
        ["playbook", "--model", "..", "--out", "playbook"],
        ["compare", "--model", "..", "--out", "memo.pdf"],
        ["audit", "--model", "..", "--out", "pack"],
        ["audit", "--model", "..", "--customers", "../customers.parquet", "--key", "../key", "--out", "pack"],
        ["export", "..", "--onnx", "x.onnx"],
        ["sql", "..", "--dialect", "duckdb", "--dbt", "package"],
        [*MONITOR[:2], "..", *["--scores", "../customers.parquet"] * 2, "--html", "f.html"],
        ["audience", "../customers.parquet", "--model", "..", *CONTACTS, "--out", "weeks"],
        [*PLAN[:3], "..", "--scores", "../customers.parquet", "--out", "campaign"],
        ["train", "../customers.parquet", "--model", "second"],
    ],
    ids=lambda words: " ".join(map(str, words)),
)
def test_nothing_is_written_into_a_model(words: list[object], spelling: Spelling, home: Path) -> None:
    """The model is not what the command reads: it is known by its files."""
    other = home / "other"
    shutil.copytree(home / "model", other)
    inside = {"golden.parquet", "new.csv", "contract.toml", "deep/contract.toml", "x.sql", "scores"}
    inside |= {"playbook", "memo.pdf", "pack", "second", "x.onnx", "package", "f.html", "weeks", "campaign"}
    known: dict[object, Path] = {f"../{name}": home / name for name in ("customers.parquet", "key")}
    known[".."] = home / "model"
    arguments = []
    for number, word in enumerate(words):
        is_place = word in inside and (number == 1 or words[number - 1] in PLACES)
        arguments.append(spelling(other / str(word)) if is_place else known.get(word, word))
    line = spared(home, *arguments, "--overwrite")
    assert f"expected a path outside models, audit packs and scores; got one inside a model folder, {other}" in line


# Every file and folder that audiences and campaigns read, as `I`, and where they write: the folder `W`.
INTO_A_FOLDER = {
    "audience, scores": ["audience", "I", "--contacts", "key"],
    "audience, contacts": ["audience", "customers.parquet", "--contacts", "I"],
    "audience, customers": ["audience", "customers.parquet", "--contacts", "key", "--customers", "I"],
    "audience, priority": ["audience", "customers.parquet", "--contacts", "key", "--priority", "I"],
    "audience, previous": ["audience", "customers.parquet", "--contacts", "key", "--previous", "I"],
    "campaign, contacts": ["--scores", "customers.parquet", "--contacts", "I"],
    "campaign, scores": ["--scores", "I", "--contacts", "key"],
    "campaign, uplift": ["--scores", "customers.parquet", "--uplift", "I", "--contacts", "key"],
    "campaign, previous": ["--scores", "customers.parquet", "--contacts", "key", "--previous", "I"],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", INTO_A_FOLDER)
def test_audiences_and_plans_spare_what_they_read(name: str, spelling: Spelling, home: Path) -> None:
    """Each input in turn is what stands at the dated folder, or at a file of the plan, by another name."""
    words: list[object] = [home / word if (home / str(word)).exists() else word for word in INTO_A_FOLDER[name]]
    words += ["--consent", "email_ok", "--date", DAY, "--overwrite"]
    folder = home / "out"
    folder.mkdir()
    places = [DAY]
    if name.startswith("campaign"):
        places = ["plan.json", "audience.parquet"]
        words = [*PLAN[:3], home / "model", *words, "--margin", 24, "--contact-cost", 0.5, "--audiences", home / "days"]
    else:
        words = [*words, "--model", home / "model"]
    for place in places:
        read = home / "read" / place
        read.parent.mkdir(exist_ok=True)
        read.write_text("[]")
        if spelling in (by_a_link, by_a_hard_link):
            out = folder
            spelling(read).rename(folder / place)
        else:
            out = spelling(read).parent
        line = spared(home, *(read if word == "I" else word for word in words), "--out", out)
        assert "output: expected a path apart from every input; got the input " in line
        for made in (folder / place, read, home / "linked"):
            made.unlink(missing_ok=True)


def test_what_audiences_read_is_not_inside_what_they_replace(home: Path) -> None:
    inside = home / "out" / DAY / "contacts.csv"
    inside.parent.mkdir(parents=True)
    inside.write_text("")
    words = ["audience", home / "customers.parquet", "--model", home / "model", "--contacts", inside]
    line = spared(home, *words, "--consent", "email_ok", "--date", DAY, "--out", home / "out", "--overwrite")
    assert f"got one that contains the input {inside}" in line


def test_the_table_a_model_would_be_written_over(home: Path) -> None:
    inside = home / "model" / "customers.parquet"
    message = spared(home, "train", inside, "--model", home / "model", "--overwrite")
    assert (
        f"{home / 'model'}: output: expected a path apart from every input; got one that contains the input" in message
    )
    rejects = home / "new.rejected.parquet"
    shutil.copy(inside, rejects)
    message = spared(home, "train", rejects, "--model", home / "new", "--overwrite")
    assert f"{rejects}: output: expected a path apart from every input; got the input {rejects}. Choose" in message
    later = home / "new.holdout.rejected.parquet"
    shutil.copy(inside, later)
    customers = home / "customers.parquet"
    message = spared(home, "train", customers, "--holdout", later, "--model", home / "new", "--overwrite")
    assert f"got the input {later}." in message


def test_a_table_that_its_own_contract_would_replace(home: Path) -> None:
    table = home / "io.csv"
    tables.write(tables.read(home / "customers.parquet"), table)
    assert f"got the input {table}." in spared(home, "init", table, "--out", table, "--overwrite")


def test_a_model_is_replaced_by_its_successor_and_by_nothing_else(home: Path) -> None:
    model = home / "model"
    require_apart([model], [home / "customers.parquet"], replaces=model)
    require_apart([model], [model, home / "customers.parquet"], replaces=model)
    require_apart([by_a_linked_folder(model / "x").parent], [model], replaces=model)
    for inputs in ([], [model]):
        with pytest.raises(OutputError, match="got (a model folder|the input)"):
            require_apart([model], inputs)
    with pytest.raises(OutputError, match=r"got one that contains the input .*golden\.parquet"):
        require_apart([model], [model / "golden.parquet"], replaces=model)
    with pytest.raises(OutputError, match="got one that contains"):
        require_apart([home], [model], replaces=home)


def test_outputs_do_not_destroy_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "a.pdf", tmp_path / "b.pdf"
    require_apart([one, other])
    with pytest.raises(OutputError, match="got the same path for two outputs"):
        require_apart([one, one])
    with pytest.raises(OutputError, match=f"got one inside the output {one}"):
        require_apart([one, one / "x"])
    with pytest.raises(OutputError, match=f"got one that contains the output {one / 'x'}"):
        require_apart([one / "x", one])
    other.symlink_to(one)
    with pytest.raises(OutputError, match=f"got the output {one}"):
        require_apart([one, other])


def test_packs_and_scores_are_left_whole(tmp_path: Path) -> None:
    (tmp_path / "pack" / "model").mkdir(parents=True)
    (tmp_path / "pack" / "SHA256SUMS").write_text("")
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "part-00000.parquet").write_text("")
    for folder in ("pack", "scores"):
        with pytest.raises(OutputError, match="got one inside an? (audit pack|folder of scores)"):
            require_apart([tmp_path / folder / "x.sql"])
    require_apart([tmp_path / "pack"], replaces=tmp_path / "pack")
    require_apart([tmp_path / "scores"])


def test_strangers_manifests_are_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "an app"}')
    (tmp_path / "SHA256SUMS").write_text("")
    require_apart([tmp_path / "s.parquet"], [tmp_path / "c.parquet"])


def test_a_disk_that_takes_capitals_for_small_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_apart([tmp_path / "S.sql", tmp_path / "s.sql"])
    monkeypatch.setattr(output_clashes, "_ignores_case", lambda folder: True)
    with pytest.raises(OutputError, match="got the output"):
        require_apart([tmp_path / "S.sql", tmp_path / "s.sql"])


def test_a_model_folder_is_known_by_the_files_it_has() -> None:
    _, mark, others = output_clashes._MODEL
    assert mark == MANIFEST
    assert set(others) <= set(FILES)


def test_names_of_inputs(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("")
    names = [f"{tmp_path}/*.csv", f"file:{tmp_path}/c.csv", f"file://{tmp_path}/d.csv", "hdfs://host/e.csv"]
    expected = ["*.csv", "a.csv", "b.csv", "c.csv", "d.csv"]
    assert tables.local_paths(names) == [tmp_path / name for name in expected]
    assert tables.local_paths("x") == [Path("x")]


def test_a_table_on_standard_input_is_an_input(some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.csv"
    tables.write(some, path)
    real = os.fstat
    with path.open("rb") as file:
        monkeypatch.setattr(os, "fstat", lambda number: real(file.fileno()) if number == 0 else real(number))
        with pytest.raises(OutputError, match="got the input -"):
            require_apart([path], [Path("-")])
