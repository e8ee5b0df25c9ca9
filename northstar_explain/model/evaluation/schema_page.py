"""The schema of `evaluation.json` as Markdown, from the dataclasses: types from their hints, meanings from docstrings.

``python -m northstar_explain.model.evaluation.schema_page docs/model-folder.md`` updates it between the page's marks.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from northstar_explain.model.evaluation import Evaluation, Interval, metric_registry
from northstar_explain.model.evaluation.facts_codec import hints, optional

BEGIN, END = "<!-- evaluation.json: generated, do not edit -->", "<!-- end of evaluation.json -->"
_NAMES = {int: "integer", float: "number", str: "text", bool: "true or false", Interval: "[low, high]"}


def schema() -> str:
    """Every field of `evaluation.json` with its type and meaning, a table per section."""
    meanings = described(Evaluation)
    lines = []
    for name, kind in hints(Evaluation).items():
        section, may_be_none = optional(kind)
        lines += ["", f"### `{name}`", "", meanings[name] + (" Otherwise as follows." if may_be_none else "")]
        lines += ["", "| field | type | meaning |", "| --- | --- | --- |", *_rows(section, "")]
    return "\n".join([*lines, "", *_metrics()])


def described(kind: type) -> dict[str, str]:
    """The meaning of each field, from the docstring's section on attributes."""
    text = inspect.getdoc(kind) or ""
    # The section ends at the first empty line: numpydoc has none between attributes.
    entries = text.partition("Attributes\n----------\n")[2].partition("\n\n")[0]
    fields = re.findall(r"^(\w+) : [^\n]*\n((?:    [^\n]*\n?)+)", entries + "\n", re.M)
    return {name: " ".join(meaning.split()).replace("``", "`") for name, meaning in fields}


def updated(page: str) -> str:
    """A page with the section between its marks replaced."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{schema()}\n\n{END}{after}"


def _rows(kind: Any, path: str) -> Iterator[str]:
    meanings = described(kind)
    for name, field in hints(kind).items():
        inner, may_be_none = optional(field)
        words = _type_words(inner) + (" or null" if may_be_none else "")
        yield f"| `{path}{name}` | {words} | {meanings[name]} |"
        item, mark = _item(inner)
        if dataclasses.is_dataclass(item):
            yield from _rows(item, f"{path}{name}{mark}.")


def _item(kind: Any) -> tuple[Any, str]:
    """The item type of a list or an object by key, and its mark in a path."""
    if get_origin(kind) is tuple:
        return get_args(kind)[0], "[]"
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        return get_args(kind)[1], ".*"
    return kind, ""


def _type_words(kind: Any) -> str:
    item, mark = _item(kind)
    if mark:
        many = f"of {len(get_args(kind))} " if mark == "[]" and get_args(kind)[-1] is not Ellipsis else "of "
        return f"{'list' if mark == '[]' else 'by key'} {many}{_type_words(item)}"
    return "object" if dataclasses.is_dataclass(kind) else _NAMES[kind]


def _metrics() -> Iterator[str]:
    yield "### Metrics"
    yield ""
    yield "Each is a key of every `figures.values`; those with an interval are keys of `figures.intervals`, too."
    yield ""
    yield "| key | label | unit | interval | meaning |"
    yield "| --- | --- | --- | --- | --- |"
    for one in metric_registry.METRICS.values():
        yield f"| `{one.key}` | {one.label} | {one.unit} | {'yes' if one.interval else 'no'} | {one.meaning} |"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
