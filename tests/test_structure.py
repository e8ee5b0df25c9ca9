"""The house stays as designed: imports point down, wings stay apart, and the scorer loads nothing that learns."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "errors": 0, "version": 0, "options": 0, "tables": 1, "metrics": 1, "simulate": 1, "contract": 2, "model": 3, "learn": 4, "score": 4,
    "export": 4, "report": 4, "templates": 4, "evaluate": 5, "training": 6, "verify": 6, "api": 7, "__init__": 8, "cli": 8,
}  # fmt: skip
HOMES = {
    "sklearn": {"learn", "evaluate", "metrics"}, "interpret": {"learn", "evaluate"}, "scipy": {"learn", "evaluate"},
    "pandas": {"learn", "evaluate"}, "threadpoolctl": {"learn", "evaluate"}, "joblib": {"learn", "evaluate"},
    "jinja2": {"report"}, "weasyprint": {"report"}, "pikepdf": {"report"}, "xlsxwriter": {"report"}, "duckdb": {"verify"},
    "pyspark": {"score"}, "py4j": {"score"}, "matplotlib": {"report"}, "sqlglot": {"export"}, "phonenumbers": {"export"}, "onnx": {"export"}, "click": {"cli"},
}  # fmt: skip
HEAVY = ("sklearn", "interpret", "pandas", "scipy", "joblib", "matplotlib", "weasyprint", "jinja2", "sqlglot", "onnx")


def sources() -> list[tuple[str, Path]]:
    """Every module of the package with the room it stands in."""
    package = ROOT / "northstar_explain"
    found = [(path.relative_to(package).parts[0].removesuffix(".py"), path) for path in package.rglob("*.py")]
    return sorted(found + [("cli", path) for path in (ROOT / "cli").rglob("*.py")])


def imported(path: Path) -> set[str]:
    """Every dotted name a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(("room", "path"), sources(), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_imports_point_down(room: str, path: Path) -> None:
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "northstar_explain" and len(parts) > 1 and parts[1] != room:
            assert FLOORS[parts[1]] < FLOORS[room], f"{path} imports {name}"
        elif parts[0] in HOMES:
            assert room in HOMES[parts[0]], f"{path} imports {name}"


@pytest.mark.parametrize(("room", "path"), sources(), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_sql_is_written_in_one_place(room: str, path: Path) -> None:
    if any(name.split(".")[0] == "sqlglot" for name in imported(path)):
        assert path.parent.relative_to(ROOT) == Path("northstar_explain/export/sql")


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after some code."""
    tail = "\nimport sys\nprint(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_no_learning_library_and_no_arrow() -> None:
    code = "from click.testing import CliRunner\nfrom northstar_explain.cli.main import group\n"
    loaded = loaded_by(code + "assert CliRunner().invoke(group, ['train', '--help']).exit_code == 0")
    assert not loaded & {*HEAVY, "pyarrow", "numpy"}


def test_scoring_loads_no_learning_library(model_dir: Path, some_file: Path, tmp_path: Path) -> None:
    call = ["score", str(some_file), "--model", str(model_dir), "--out", str(tmp_path / "s.parquet")]
    code = "from click.testing import CliRunner\nfrom northstar_explain.cli.main import group\n"
    loaded = loaded_by(code + f"assert CliRunner().invoke(group, {call!r}).exit_code == 0")
    assert (tmp_path / "s.parquet").exists()
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(("room", "path"), sources(), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_relative_imports_stay_in_their_folder(room: str, path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{path} imports from {'.' * node.level}{node.module}"
            # One dot at the top of the package would reach every room.
            assert not node.level or path.parent.name != "northstar_explain", path


LONGEST_CHAIN = 22  # modules, each of which imports the next


def imports_on_loading(body: Iterable[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """What a module imports as it is loaded: nothing inside functions, nothing for the type checker alone."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING":
            yield from imports_on_loading([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from imports_on_loading(node.body)


def import_graph() -> dict[str, set[str]]:
    """The modules of the package, packages included, and which of them each one imports."""
    files = {}
    for room, path in sources():
        base = ROOT / "cli" if room == "cli" else ROOT / "northstar_explain"
        inside = path.relative_to(base).with_suffix("").parts
        home = ("northstar_explain", "cli") if room == "cli" else ("northstar_explain",)
        files[".".join(home + (inside[:-1] if inside[-1] == "__init__" else inside))] = path
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        graph[module] = set()
        for node in imports_on_loading(ast.parse(path.read_text(encoding="utf-8")).body):
            if isinstance(node, ast.Import):
                graph[module] |= {alias.name for alias in node.names} & files.keys()
                continue
            source = ".".join(filter(None, [package if node.level else "", node.module]))
            for alias in node.names:
                graph[module] |= {next((name for name in (f"{source}.{alias.name}", source) if name in files), module)}
        graph[module].discard(module)
    return graph


def test_a_base_name_says_what_a_file_holds() -> None:
    # A listing, a traceback and a search show base names alone.
    names = Counter(path.name for _, path in sources() if path.name != "__init__.py")
    assert not [name for name, files in names.items() if files > 1]


def test_no_chain_of_imports_is_long() -> None:
    graph = import_graph()

    @functools.cache
    def chain(module: str) -> tuple[str, ...]:
        return (module, *max((chain(one) for one in graph[module]), key=len, default=()))

    longest = max((chain(module) for module in graph), key=len)
    # Import a name from the module that holds it, not from its package: that loads everything there.
    assert len(longest) <= LONGEST_CHAIN, " -> ".join(longest)
    assert len(longest) > 10  # otherwise imports are no longer recognised
