"""What the command says of itself: help, defaults, exit codes; data on stdout, talk on stderr."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import explain, plain

from northstar_explain.cli.main import group
from northstar_explain.model import Model

NAMES = ["simulate", "init", "train", "score", "playbook", "compare", "monitor", "sql", "audit", "verify", "show"]
DEFAULTS = {
    "simulate": ["[default: 240000", "[default: 0"],
    "init": ["[default: contract.toml]", "[default: guessed]"],
    "train": ["[default: 0.01", "[default: 0", "[default: the updated model's, else Northstar Retail's]", "[default: a fifth of", "[default: today]"],
    "score": ["[default: 0.01", "[required]"],
    "playbook": ["[required]"],
    "compare": ["[required]"],
    "monitor": ["[required]"],
    "sql": ["[default: customers]", "[default: a query]", "[default: stdout]", "[default: northstar_ and the", "[required]"],
    "audit": ["[default: the model's]", "[required]"],
    "verify": [],
    "show": [],
}  # fmt: skip


def test_the_subcommands_are_listed_in_the_order_of_use() -> None:
    result = explain("--help")
    assert result.exit_code == 0
    assert [name for name in group.list_commands(None) if name in NAMES] == NAMES  # type: ignore[arg-type]
    places = [result.stdout.index(f"\n  {name} ") for name in NAMES]
    assert places == sorted(places)


@pytest.mark.parametrize("name", [*NAMES, ""])
def test_help_names_every_exit_code(name: str) -> None:
    result = explain(*([name] if name else []), "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    for code, words in enumerate(["done", "an error that you can fix", "wrong usage", "done, but too many rows"]):
        assert any(re.match(rf"{code}\s+{words}", line) for line in lines), (code, words)


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_it_does_and_shows_defaults(name: str) -> None:
    text = plain(explain(name, "--help").stdout)
    assert text.startswith(f"Usage: explain {name} [OPTIONS]")
    for words in DEFAULTS[name]:
        assert words in text
    command = group.commands[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", None), parameter.name
            assert f"{parameter.opts[0]} " in text


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"explain, version \d+\.\d+\.\d+\n", explain("--version").stdout)


def test_show_json_is_json_and_holds_every_figure(model: Model, model_dir: Path) -> None:
    result = explain("show", model_dir, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert facts["evaluation"] == json.loads(model.files["evaluation.json"])
    assert facts["manifest"]["model_id"] == model.id
    assert [segment["id"] for segment in facts["segments"]] == [s.id for s in model.segmentation.segments]


def test_show_tells_the_facts_that_the_json_holds(model: Model, model_dir: Path) -> None:
    text = plain(explain("show", model_dir).stdout)
    held = model.evaluation["purchase"]["holdout"]
    for shown in (model.id, f"{held['roc_auc']:.4f}", f"{held['f1']:.4f}", f"{held['n']:,}"):
        assert shown in text
    for segment in model.segmentation.segments:
        assert all(shown in text for shown in (segment.name, f"{segment.customers:,}", segment.definition))


def test_quiet_leaves_stderr_empty_and_without_it_progress_is_told_there(
    model_dir: Path, some_file: Path, tmp_path: Path
) -> None:
    command = ["score", some_file, "--model", model_dir, "--out"]
    loud = explain(*command, tmp_path / "loud.parquet")
    quiet = explain(*command, tmp_path / "quiet.parquet", "--quiet")
    assert quiet.stderr == ""
    stages = [line.split("s] ")[1].split(" ")[0] for line in loud.stderr.splitlines()]
    assert stages == ["reading", "scoring", "writing"]
    for result in (loud, quiet):
        assert json.loads(result.stdout)["scored"] == 300  # data on stdout, with or without talk
    simulated = explain("simulate", tmp_path / "c.parquet", "--customers", 10, "--quiet")
    assert (simulated.exit_code, simulated.stdout, simulated.stderr) == (0, "", "")
    assert "simulated 10 of 10 customers" in explain("simulate", tmp_path / "d.csv", "--customers", 10).stderr


def test_the_installed_command_starts_and_fails_as_the_function_does(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "show", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"explain: {tmp_path / 'none'}: manifest.json: expected a model's manifest; got ")
    assert "Traceback" not in done.stderr
