"""What takes a command long, done once and kept: its later runs only publish, through the functions that always do."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# By command: the functions whose results are kept, in the order of their calls.
SLOW = {
    "simulate": ("simulate:customers",),
    "simulate --months": ("simulate:monthly",),
    "train": ("training:train",),
    "playbook": ("report.playbook.write_playbook:_files",),
    "compare": ("report.memo.write_memo:_made",),
    "sql": ("export.sql:segments_sql",),
    "sql --scores": ("export.sql.write_sql:scores_sql", "export.sql.write_sql:tables_sql"),
    "sql --dbt": ("export.dbt.dbt_folder:sql_files",),
    "export": ("export.onnx.onnx_model:onnx_bytes", "export.onnx.onnx_proof:prove"),
    "audit": ("report.audit.pack.write_pack:made_pack",),
}
# Typesetting in another process would only have to be stopped again.
ALWAYS = {
    "northstar_explain.report.playbook.write_playbook:has_room": lambda: False,
    "northstar_explain.report.memo.write_memo:has_room": lambda: False,
}


def recording(command: str, kept: Path) -> dict[str, Any]:
    """Patches with which a command keeps what its slow functions give."""
    names = [f"northstar_explain.{name}" for name in SLOW.get(command, ())]
    return ALWAYS | {name: _Recorder(name, kept) for name in names}


def replaying(kept: Path) -> dict[str, Any]:
    """Patches with which a command takes what was kept instead of calling its slow functions."""
    found = [pickle.loads(path.read_bytes()) for path in sorted(kept.glob("*.pickle"))]
    by_name: dict[str, list[Any]] = {}
    for name, value in found:
        by_name.setdefault(name, []).append(value)
    return ALWAYS | {name: _replayer(values) for name, values in by_name.items()}


def keep(kept: Path, name: str, value: Any) -> None:
    """Keep what a function of the package gives."""
    kept.mkdir(parents=True, exist_ok=True)
    number = len(list(kept.glob("*.pickle")))
    (kept / f"{number:03d}.pickle").write_bytes(pickle.dumps((name, value)))


class _Recorder:
    """Calls a function and keeps its result."""

    def __init__(self, name: str, kept: Path):
        module, attribute = name.split(":")
        self._name, self._kept = name, kept
        self._function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)

    def __call__(self, *args: Any, **more: Any) -> Any:
        result = self._function(*args, **more)
        result = list(result) if isinstance(result, Iterator) else result
        keep(self._kept, self._name, result)
        return result


def _replayer(values: list[Any]) -> Callable[..., Any]:
    left = iter(values)  # each forked process begins with all of them
    return lambda *args, **more: next(left)
