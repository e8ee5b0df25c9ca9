"""What the command says of itself: help, defaults, exit codes; data on stdout, progress on stderr."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from helpers import every_command, explain, plain

from northstar_explain import api
from northstar_explain.model import Model
from northstar_explain.model.evaluation.metric_registry import F1, ROC_AUC
from northstar_explain.options import (
    AudienceOptions,
    CampaignOptions,
    Control,
    CsvOptions,
    MoneyOptions,
    ScoringOptions,
    SqlOptions,
)
from northstar_explain.training import TrainingOptions

NAMES = [
    "simulate",
    "init",
    "train",
    "score",
    "playbook",
    "compare",
    "monitor",
    "campaign plan",
    "campaign read",
    "audience",
    "sql",
    "export",
    "audit",
    "verify",
    "show",
    "locate",
]
DEFAULTS = {
    "simulate": ["[default: 240000", "[default: 0", "[default: the last]"],
    "init": ["[default: contract.toml]", "[default: guessed]"],
    "train": ["[default: 0.01", "[default: 0", "[default: the updated model's, else Northstar Retail's]", "[default: a fifth of", "[default: today]"],
    "score": ["[default: 0.01", "[required]"],
    "playbook": ["[required]"],
    "compare": ["[required]"],
    "monitor": ["[required]"],
    "campaign plan": ["[required]", "[default: 0.03", "[default: 0.8", "[default: the contract's]"],
    "campaign read": ["[required]", "[default: as planned]", "[default: not known]"],
    "audience": ["[required]", "[default: csv]", "[default: audience]", "[default: today]", "[default: an audience per"],
    "sql": ["[default: customers]", "[default: a query]", "[default: stdout]", "[default: northstar_ and the", "[required]"],
    "export": ["[required]"],
    "audit": ["[default: the model's]", "[required]"],
    "verify": [],
    "show": [],
    "locate": ["[default: all texts]"],
}  # fmt: skip


def test_the_subcommands_are_listed_in_the_order_of_use() -> None:
    result = explain("--help")
    assert result.exit_code == 0
    assert list(every_command()) == NAMES
    shown = list(dict.fromkeys(name.split()[0] for name in NAMES))
    places = [result.stdout.index(f"\n  {name} ") for name in shown]
    assert places == sorted(places)


@pytest.mark.parametrize("name", [*NAMES, ""])
def test_help_names_every_exit_code(name: str) -> None:
    result = explain(*name.split(), "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    for code, words in enumerate(["done", "an error that you can fix", "wrong usage", "done, but too many rows"]):
        assert any(re.match(rf"{code}\s+{words}", line) for line in lines), (code, words)


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_it_does_and_shows_defaults(name: str) -> None:
    text = plain(explain(*name.split(), "--help").stdout)
    assert text.startswith(f"Usage: explain {name} [OPTIONS]")
    for words in DEFAULTS[name]:
        assert words in text
    command = every_command()[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", None), parameter.name
            assert f"{parameter.opts[0]} " in text


# What each command calls, and the objects that its options become.
COUNTERPARTS: dict[str, tuple[Any, ...]] = {
    "simulate": (api.simulate_customers, api.simulate_months),
    "init": (api.draft_contract, CsvOptions),
    "train": (api.train, api.Model.save, TrainingOptions, CsvOptions),
    "score": (api.Model.score_files, ScoringOptions, Control, CsvOptions),
    "playbook": (api.Model.playbook, api.Model.check_plan, api.Model.write_plan, MoneyOptions),
    "compare": (api.Model.compare, MoneyOptions),
    "monitor": (api.Model.monitor, CsvOptions),
    "campaign plan": (api.Model.plan_campaign, CampaignOptions, AudienceOptions),
    "campaign read": (api.read_campaign,),
    "audience": (api.Model.audience, AudienceOptions),
    "sql": (api.Model.sql, api.Model.write_sql, api.Model.write_dbt, SqlOptions),
    "export": (api.Model.write_onnx,),
    "audit": (api.Model.audit,),
    "verify": (api.verify, api.Model.verify),
    "show": (api.Model.facts,),
    "locate": (api.locate,),
}
IN_PYTHON = {
    "id_column": "id", "control_share": "share", "control_salt": "salt", "scores": "earlier",
    "customers": "frame", "write_plan": "out", "onnx": "out", "dbt": "out",
    "rules": "segments", "conditions": "segments",  # fields of the options of segments
}  # fmt: skip
# Progress and format are what a terminal shows; a model is the object itself; and `check_plan` is a method.
OF_THE_TERMINAL = {"quiet", "as_json", "model", "check"}


def _parameters(thing: Any) -> dict[str, Any]:
    """Name to default of what a function or a dataclass takes; `inspect.Parameter.empty` where there is none."""
    if dataclasses.is_dataclass(thing):
        missing = dataclasses.MISSING
        defaults = {one.name: one.default for one in dataclasses.fields(thing)}
        return {name: inspect.Parameter.empty if value is missing else value for name, value in defaults.items()}
    return {name: one.default for name, one in inspect.signature(thing).parameters.items()}


def _options(name: str) -> list[click.Parameter]:
    return [one for one in every_command()[name].params if one.name not in OF_THE_TERMINAL]


def test_every_command_has_a_counterpart_in_python() -> None:
    assert list(COUNTERPARTS) == list(every_command())
    assert set(api.__all__) <= set(dir(api))


def _in_python(name: str) -> dict[str, Any]:
    """Option to default in Python, of each option of a command; the options' own names for them."""
    parameters: dict[str, Any] = {}
    for thing in COUNTERPARTS[name]:
        parameters = {**_parameters(thing), **parameters}
    if name == "train":  # some of its defaults are made by a factory
        parameters = {**dataclasses.asdict(TrainingOptions()), **parameters}
    options = [one.name or "" for one in _options(name)]
    renamed = {option: option if option in parameters else IN_PYTHON.get(option, option) for option in options}
    missing = {option for option, known in renamed.items() if known not in parameters}
    assert not missing, f"explain {name}: no counterpart in Python"
    return {option: parameters[known] for option, known in renamed.items()}


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_python_takes_every_option_of_the_command(name: str) -> None:
    assert set(_in_python(name)) == {option.name for option in _options(name)}


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_an_option_that_both_default_has_one_default(name: str) -> None:
    for option, default in zip(_options(name), _in_python(name).values(), strict=True):
        if not isinstance(option, click.Option) or not isinstance(default, bool | int | float | str):
            continue
        given = option.default if isinstance(option.default, bool | int | float | str) else False
        assert given == default, option.name


def test_every_function_of_the_api_has_a_docstring_in_sections() -> None:
    methods = [one for _, one in inspect.getmembers(api.Model, inspect.isfunction) if not one.__name__.startswith("_")]
    functions = (
        api.train,
        api.load,
        api.verify,
        api.simulate_customers,
        api.simulate_months,
        api.read_campaign,
        api.locate,
        api.draft_contract,
    )
    things: list[Callable[..., Any]] = [*methods, *functions]
    for thing in things:
        text = inspect.getdoc(thing) or ""
        wanted = set(inspect.signature(thing).parameters) - {"self"}
        assert text.splitlines()[0].endswith((".", "in memory.")), thing
        if wanted and "Parameters" in text and "Parameters and" not in text:
            assert "\nParameters\n-----" in text, thing
            assert all(re.search(rf"\b{name}\b", text) for name in wanted), (thing, wanted)


def test_the_version_is_printed() -> None:
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
    held = model.evaluation.purchase.holdout
    for shown in (model.id, f"{held.figures[ROC_AUC]:.4f}", f"{held.figures[F1]:.4f}", f"{held.n:,}"):
        assert shown in text
    for segment in model.segmentation.segments:
        assert all(shown in text for shown in (segment.name, f"{segment.customers:,}", segment.definition))


def test_quiet_leaves_stderr_empty_and_without_it_progress_goes_there(
    model_dir: Path, some_file: Path, tmp_path: Path
) -> None:
    command = ["score", some_file, "--model", model_dir, "--out"]
    loud = explain(*command, tmp_path / "loud.parquet")
    quiet = explain(*command, tmp_path / "quiet.parquet", "--quiet")
    assert quiet.stderr == ""
    stages = [line.split("s] ")[1].split(" ")[0] for line in loud.stderr.splitlines()]
    assert stages == ["reading", "scoring", "writing"]
    for result in (loud, quiet):
        summary = r".*parquet: 300 of 300 rows scored, \d+ likely buyers\n"
        assert re.fullmatch(summary, result.stdout)  # on stdout, with or without progress
    report = explain(*command, tmp_path / "json.parquet", "--quiet", "--json")
    assert json.loads(report.stdout) == json.loads((tmp_path / "json.parquet.report.json").read_bytes())
    simulated = explain("simulate", tmp_path / "c.parquet", "--customers", 10, "--quiet")
    assert (simulated.exit_code, simulated.stdout, simulated.stderr) == (0, "", "")
    assert "simulated 10 of 10 customers" in explain("simulate", tmp_path / "d.csv", "--customers", 10).stderr


def test_the_installed_command_starts_and_fails_as_the_function_does(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from northstar_explain.cli import main; main()", "show", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"explain: {tmp_path / 'none'}: manifest.json: expected a model's manifest; got ")
    assert "Traceback" not in done.stderr
