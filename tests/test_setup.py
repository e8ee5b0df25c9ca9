"""The set-up keeps its promise: the lock holds what setup.cfg asks for, the package is whole, the Makefile's commands exist."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from northstar_explain.cli.main import group

ROOT = Path(__file__).parent.parent
LOCKED_EXTRAS = ("test", "cdnow")
# Top folders whose files install as a part of the package.
HOMES = {
    "northstar_explain": "northstar_explain",
    "cli": "northstar_explain/cli",
    "templates": "northstar_explain/templates",
}
SETTINGS = ("requirements.lock", "setup.cfg", "pyproject.toml", "Makefile", "scripts/setup", ".ci/run")
DATA = {".toml", ".j2", ".css", ".js", ".typed", ".ttf", ".gz", ".txt"}


def setup_cfg() -> configparser.ConfigParser:
    """The package's own settings."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def asked_for() -> list[Requirement]:
    """What must be installed to run and to test."""
    config = setup_cfg()
    texts = [config["options"]["install_requires"], *(config["options.extras_require"][name] for name in LOCKED_EXTRAS)]
    return [Requirement(line) for text in texts for line in text.split("\n") if line.strip()]


def lock_lines() -> list[str]:
    """The lock, one requirement a line, without comments."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def installed_files() -> set[str]:
    """Where each of our files must stand once it is installed."""
    return {
        f"{home}/{path.relative_to(ROOT / top).as_posix()}"
        for top, home in HOMES.items()
        for path in (ROOT / top).rglob("*")
        if path.suffix in DATA | {".py"} and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("wanted", asked_for(), ids=lambda wanted: wanted.name)
def test_the_lock_holds_what_is_asked_for(wanted: Requirement) -> None:
    locked = {
        canonicalize_name(one.name): one for one in (Requirement(line.split("--hash")[0]) for line in lock_lines())
    }
    one = locked[canonicalize_name(wanted.name)]
    version = re.fullmatch(r"==([^,*]+)", str(one.specifier))
    assert version, f"{one} is not exact"
    assert wanted.specifier.contains(Version(version[1])), f"{one} is not {wanted}"


def test_every_locked_package_is_exact_and_has_its_hashes() -> None:
    for line in lock_lines():
        assert re.match(r"[a-z0-9.-]+==[^ *]+ ", line), line.split(" ")[0]
        assert "--hash=sha256:" in line, line.split(" ")[0]


@pytest.mark.parametrize("name", SETTINGS)
def test_no_place_of_one_machine_is_written_down(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for words in ("://", "--index", "--extra-index", "--find-links", "--trusted-host", "/home/", "/root/"):
        assert words not in text, words


def test_the_folders_listed_are_the_folders_there_are() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    there = {path.rpartition("/")[0].replace("/", ".") for path in installed_files() if path.endswith("/__init__.py")}
    assert listed == there


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.rpartition("/")[0] for path in installed_files() if path.endswith(".py")}
    assert all(f"{folder}/__init__.py" in installed_files() for folder in folders)


def recipe(target: str) -> list[str]:
    """The command lines of one target of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found, target
    return [line.strip() for line in found[1].splitlines()]


def makefile_calls() -> list[list[str]]:
    """Every call of `explain` in the demo, in words."""
    filled = (
        re.sub(r"\$\((CUSTOMERS|SEED|UPDATE_ROWS)\)", "7000", line).replace("$(OUT)", "outputs")
        for target in ("demo", "demo-reports", "demo-update")
        for line in recipe(target)
    )
    calls = (line.removeprefix("$(RUN)explain ") for line in filled if line.startswith("$(RUN)explain "))
    return [shlex.split(re.split(r">|\|\|", call)[0]) for call in calls]


def test_the_demo_runs_the_whole_way() -> None:
    names = [call[0] for call in makefile_calls()]
    assert names == [
        "simulate", "train", "score", "score", "monitor", "playbook", "compare", "audit", "campaign", "simulate",
        "campaign", "train",
    ]  # fmt: skip
    # What each command reads, an earlier one has written.
    written: set[str] = set()
    for call in makefile_calls():
        places = {word for word in call[1:] if word.startswith("outputs/")}
        new = {call[call.index(option) + 1] for option in ("--out", "--model", "--html") if option in call}
        for shop in ("outputs/shop", "outputs/contacted"):
            new |= {f"{shop}/month-{n}{kind}.parquet" for n in (1, 2) for kind in ("", ".truth")} | {shop}
        new |= {f"outputs/campaign/{name}" for name in ("plan.json", "audience.parquet")}
        linked = {call[call.index(option) + 1] for option in ("--audit",) if option in call}
        assert places <= written | new | linked, call
        written |= new


@pytest.mark.parametrize("call", makefile_calls(), ids=lambda call: call[0])
def test_the_demo_speaks_as_the_command_does(call: list[str]) -> None:
    command, words = group.commands[call[0]], call[1:]
    if isinstance(command, click.Group):
        command, words = command.commands[words[0]], words[1:]
    with click.Context(command, info_name=call[0]) as context:
        command.parse_args(context, words)  # an option that is not known ends in a UsageError


def test_every_target_is_in_the_help() -> None:
    phony, _steps = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == set(phony.split())


@pytest.mark.parametrize("path", [".ci/run", "scripts/setup"])
def test_the_scripts_are_bash(path: str) -> None:
    subprocess.run(["bash", "-n", str(ROOT / path)], check=True)


def refused_setup(folder: Path, python: str) -> str:
    """Ask for a set-up, in a folder of its own, that must stop before it makes anything; give the line it says."""
    script = folder / "scripts" / "setup"
    script.parent.mkdir()
    shutil.copy(ROOT / "scripts" / "setup", script)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", str(script), python], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert not (folder / ".venv").exists()
    return done.stderr


def command(folder: Path, name: str, script: str) -> None:
    """Put a stand-in for a command into a folder."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_a_python_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "Python 3.11 or later" in refused_setup(tmp_path, "python-that-is-not-there")


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        ("version_info", "is Python 3.9.2; Python 3.11 or later"),
        ("ensurepip", "apt-get install python3-venv"),
        ("libpango", "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
    ],
)
def test_what_is_missing_and_may_not_be_installed_is_one_line(tmp_path: Path, lacks: str, words: str) -> None:
    command(tmp_path, "its-python", f'case "$*" in *{lacks}*) exit 1;; *--version) echo Python 3.9.2;; esac')
    command(tmp_path, "id", "echo 1000")
    command(tmp_path, "sudo", "exit 1")
    assert words in refused_setup(tmp_path, "its-python")


def test_a_wheel_holds_every_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in HOMES:
        shutil.copytree(ROOT / name, source / name, ignore=skipped)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = f"-m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w {tmp_path} {source}"
    subprocess.run([sys.executable, *build.split()], check=True, capture_output=True, text=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == installed_files()


CHECKED = ("northstar_explain", "cli", "templates", "tests", "examples", "benchmarks", "scripts")


def mypy_settings() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return dict(tomllib.load(file)["tool"]["mypy"])


def test_mypy_checks_every_module_strictly() -> None:
    settings = mypy_settings()
    assert settings["strict"]
    # cli/ and templates/ are named by links, which stand where they install.
    roots = [(ROOT / name).resolve(strict=True) for name in settings["files"]]
    modules = [path for top in CHECKED for path in (ROOT / top).rglob("*.py")]
    assert {path.relative_to(ROOT).parts[0] for path in modules} == set(CHECKED)
    assert [path for path in modules if not any(path.is_relative_to(root) for root in roots)] == []


@pytest.mark.slow
def test_a_wrong_type_in_the_command_is_found(tmp_path: Path) -> None:
    (module,) = [f"{name}/monitoring.py" for name in mypy_settings()["files"] if name.endswith("/cli")]
    planted = tmp_path / "monitoring.py"
    text = (ROOT / module).read_text(encoding="utf-8")
    planted.write_text(f'{text}\n\ndef planted() -> int:\n    return "text"\n', encoding="utf-8")
    call = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--shadow-file", module, str(planted)]
    done = subprocess.run([*call, module], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[0].endswith(
        'error: Incompatible return value type (got "str", expected "int")  [return-value]'
    ), done.stdout + done.stderr
    assert "Found 1 error in 1 file (checked 1 source file)" in done.stdout
