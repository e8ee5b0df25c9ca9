"""The documents keep up with the code: links, paths, commands, tables and the glossary name what exists."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path

import click
import pyarrow as pa
import pytest
from helpers import command_of, every_command, explain
from pyarrow import csv
from test_structure import FLOORS

from northstar_explain.contract import parse
from northstar_explain.errors import ContractError
from northstar_explain.model import Model
from northstar_explain.score import Scorer

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDE = [
    DOCS / "guide" / f"{name}.md"
    for name in (
        "own-table",
        "scoring",
        "production",
        "warehouse",
        "onnx",
        "reports",
        "campaigns",
        "audiences",
        "privacy",
    )
]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
# Where a path in architecture.md or CONTRIBUTING.md may begin.
HOMES = (ROOT, ROOT / "northstar_explain")
# Customers that the commands are run on: few, but enough for a holdout of every segment.
ROWS = 2_500


def name_of(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)


def code_blocks(page: Path, language: str) -> list[str]:
    """The contents of a page's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def table_under(page: Path, header: str) -> list[list[str]]:
    """The rows of the table that begins with a header row."""
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines[lines.index(header) + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def code_words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def calls(page: Path) -> list[list[str]]:
    """Every call of `explain` in a page's shell blocks, `spark-submit`'s among them, without what stands before it."""
    found = []
    for line in "".join(code_blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        for start in ("explain", "scripts/explain.py"):
            if start in words:
                found.append(words[words.index(start) + 1 :])
    return found


# Links and paths ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose(page))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents], ids=name_of)
def test_links_of_the_site_stay_inside_it(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose(page))
    assert all(DOCS in (page.parent / link).resolve().parents for link in links if "://" not in link)


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    there = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    written = {"torture.md"}  # by `make torture`
    assert listed - written == there - written


def paths_named(text: str) -> list[str]:
    """What looks like a path of the repository: words in backquotes with a slash or a file's suffix."""
    return [word for word in code_words(text) if re.fullmatch(r"[\w./-]+(/|\.(py|md|toml|j2|css|ipynb))", word)]


def is_there(path: str, homes: tuple[Path, ...]) -> bool:
    return any((home / path).exists() for home in homes)


def test_the_architecture_names_paths_that_exist() -> None:
    missing = []
    for line in prose(DOCS / "architecture.md").splitlines():
        named = paths_named(line)
        # In the table of packages, files follow the folder that they are in.
        first = named[0] if line.startswith("| `") and named and named[0].endswith("/") else ""
        homes = (*HOMES, *(home / first for home in HOMES if first))
        missing += [path for path in named if not is_there(path, homes)]
    assert not missing


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", *sorted((DOCS / "internals").glob("*.md"))], ids=name_of)
def test_pages_for_contributors_name_paths_that_exist(page: Path) -> None:
    named = [path for path in paths_named(prose(page)) if "/" in path]
    assert named
    assert not [path for path in named if not is_there(path, HOMES)]


def test_the_picture_of_floors_is_the_tested_one() -> None:
    picture = code_blocks(DOCS / "architecture.md", "text")[0]
    rows = [re.findall(r"[a-z]+", line.split(":")[0]) for line in picture.splitlines()]
    floors = [sorted(FLOORS[name] for name in row) for row in rows if row]
    assert sorted(name for row in rows for name in row) == sorted(FLOORS.keys() - {"__init__"})
    assert all(above[0] >= below[-1] for above, below in pairwise(floors))


# Words --------------------------------------------------------------------------------------------------------------


def test_the_glossary_page_is_the_glossary_file() -> None:
    terms = tomllib.loads((DOCS / "glossary.toml").read_text(encoding="utf-8"))["term"]
    rows = table_under(DOCS / "glossary.md", "| word | meaning |")
    assert rows == [[term["word"], term["means"]] for term in terms]


def test_the_columns_of_scores_are_explained(model: Model) -> None:
    rows = table_under(DOCS / "guide" / "scoring.md", "| column | meaning |")
    named = [name for row in rows[1:] for name in code_words(row[0])]
    assert named == Scorer(model).schema.names[1:]  # the first is the contract's own


def keys_known(where: str, text: str) -> set[str]:
    """The keys that an unknown one is compared with in a contract's error."""
    with pytest.raises(ContractError) as error:
        parse(text)
    (fault,) = (fault for fault in error.value.faults if fault.where == where)
    return set(fault.expected.removeprefix("one of ").split(", "))


@pytest.mark.parametrize(
    ("header", "where"),
    [
        ("| key in `[table]` | meaning |", "table.new"),
        ("| key of a feature | meaning |", "features.x.new"),
        ("| key in `[economics]` | meaning |", "economics.new"),
    ],
)
def test_the_keys_of_a_contract_are_explained(header: str, where: str) -> None:
    rows = table_under(DOCS / "guide" / "own-table.md", header)
    named = {key for row in rows for key in code_words(row[0])}
    section, _, key = where.rpartition(".")
    assert named == keys_known(where, f"[{section}]\n{key} = 1")


def test_every_kind_of_feature_is_explained() -> None:
    from northstar_explain.contract import kind_names

    rows = table_under(DOCS / "guide" / "own-table.md", "| kind | values |")
    assert sorted(row[0].strip("`") for row in rows) == sorted(kind_names())


@pytest.mark.parametrize("page", sorted((DOCS / "reference").glob("*.md")), ids=name_of)
def test_the_reference_names_objects_that_exist(page: Path) -> None:
    names = re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert names
    for name in names:
        try:
            thing = importlib.import_module(name)
        except ModuleNotFoundError:
            home, _, last = name.rpartition(".")
            thing = getattr(importlib.import_module(home), last)
        assert thing.__doc__, name


# Commands -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDE], ids=name_of)
def test_commands_are_spoken_as_they_are(page: Path) -> None:
    assert calls(page)
    for call in calls(page):
        name, command, words = command_of(call)
        with click.Context(command, info_name=name) as context:
            command.parse_args(context, words)  # an option that is not known ends in a UsageError


def test_every_command_has_an_example() -> None:
    named = {command_of(call)[0] for page in (ROOT / "README.md", *GUIDE) for call in calls(page)}
    assert named | {"simulate"} == set(every_command())  # `make demo` simulates


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_options_in_prose_exist(page: Path) -> None:
    known = {option for command in every_command().values() for one in command.params for option in one.opts}
    known |= {option for command in every_command().values() for one in command.params for option in one.secondary_opts}
    others = {
        "--no-deps",
        "--only",
        "--peers",
        "--seeds",
        "--size",
        "--draws",
        "--reference",
    }  # pip's, and those of benchmarks
    text = " ".join(code_words(prose(page)))
    assert not set(re.findall(r"(?<!\S)--[a-z][a-z-]*", text)) - known - others


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_targets_and_modules_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE):
        assert f"\n{target}:" in makefile, target
    for module in re.findall(r"python -m (benchmarks\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


@pytest.mark.slow
@pytest.mark.usefixtures("quick_training")
def test_the_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, customers: pa.Table) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["customer_id", "sessions_30d", "orders_365d", "spend_365d", "email_open_rate", "country"]
    table = customers.slice(0, ROWS).select([*names, "purchased_next_30d"]).rename_columns([*names, "bought"])
    csv.write_csv(table, "customers.csv")
    csv.write_csv(table.drop_columns(["bought"]), "new.csv")
    emails = [f"{id}@example.com" for id in table["customer_id"].to_pylist()]
    contacts = {"customer_id": table["customer_id"], "email": emails, "email_ok": [True] * len(emails)}
    csv.write_csv(pa.table(contacts), "contacts.csv")
    (plan,) = (block for block in code_blocks(DOCS / "guide" / "reports.md", "toml"))
    Path("playbook.toml").write_text(plan.replace('logo = "logo.png"', ""), encoding="utf-8")
    run: list[list[str]] = []
    for page in (ROOT / "README.md", *GUIDE):
        for call in calls(page):
            if "--engine" in call or call in run:
                continue
            run.append(call)
            overwrites = any("--overwrite" in one.opts for one in command_of(call)[1].params)
            more = ["--overwrite"] if overwrites and "--check" not in call else []
            result = explain(*call, *more)
            # The plan of the example leaves something unassigned, which --check says by its exit code.
            assert result.exit_code == (1 if "--check" in call else 0), (call, result.stderr)
    assert Path("playbook/playbook.pdf").stat().st_size > 10_000
    assert Path("scores.csv").read_text(encoding="utf-8").count("\n") == ROWS + 1
    assert Path("segments.sql").read_text(encoding="utf-8").endswith("FROM assigned;\n")
    assert Path("scorecard.onnx").stat().st_size > 10_000
    assert Path("scores.points.parquet").stat().st_size > 1_000
    assert json.loads(explain("show", "model", "--json").stdout)["manifest"]["model_id"]
