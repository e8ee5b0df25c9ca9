"""Facts to JSON and back: one writer and one reader for every dataclass of facts.

A field may be int, float, str, bool, None, a tuple, a named tuple, a mapping with str keys, another such dataclass, or
one of these or None. The reader accepts exactly what the types demand and names the place of every fault.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from northstar_explain.errors import Fault

T = TypeVar("T")
_LARGEST = sys.float_info.max
_TODO = "Restore the file, or train again: a changed model is not used."
_WORDS: dict[Any, str] = {
    int: "a whole number", float: "a number", str: "a text", bool: "true or false", tuple: "a list", dict: "an object",
}  # fmt: skip


class FactError(ValueError):
    """Facts that do not match their types.

    Attributes
    ----------
    faults : tuple of Fault
        One for each place, such as ``purchase.subgroups[3].recall``.
    """

    def __init__(self, faults: tuple[Fault, ...]):
        super().__init__("; ".join(f"{one.where}: expected {one.expected}, got {one.got}" for one in faults))
        self.faults = faults


def to_json(facts: Any) -> Any:
    """Plain JSON data of a dataclass of facts.

    Raises
    ------
    FactError
        When a value is not of its field's type, which is a bug in the code that measured it.
    """
    faults: list[Fault] = []
    data = _written(facts, type(facts), "", faults)
    if faults:
        raise FactError(tuple(faults))
    return data


def from_json(data: Any, kind: type[T]) -> T:
    """A dataclass of facts from JSON data.

    Parameters
    ----------
    data : JSON data
    kind : type
        The dataclass.

    Raises
    ------
    FactError
        With every wrong type, every missing and every unknown field.
    """
    faults: list[Fault] = []
    facts: T = _read(data, kind, "", faults)
    if faults:
        raise FactError(tuple(faults))
    return facts


def hints(kind: type) -> dict[str, Any]:
    """A dataclass's or named tuple's fields and their types, in order."""
    # A copy: what the cache holds must not be changed by a caller.
    return dict(_hints(kind))


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    types_by_name = get_type_hints(kind)
    names = getattr(kind, "_fields", None) or [one.name for one in dataclasses.fields(kind)]
    return tuple((name, types_by_name[name]) for name in names)


def optional(kind: Any) -> tuple[Any, bool]:
    """A type without its None, and whether it had one."""
    # `Optional[X]` and `X | None` are two types in Python.
    if get_origin(kind) not in (Union, types.UnionType):
        return kind, False
    rest = [one for one in get_args(kind) if one is not type(None)]
    assert len(rest) == 1, f"a fact is of one type, or None; got {kind}"
    return rest[0], True


def expected(kind: Any) -> str:
    """A type in words."""
    inner, may_be_none = optional(kind)
    words = _WORDS.get(_plain(inner), "")
    return words + (" or null" if may_be_none else "")


def _plain(kind: Any) -> Any:
    """The JSON type of a field: dict for an object, tuple for a list."""
    origin = get_origin(kind)
    if origin is tuple or _is_named_tuple(kind):
        return tuple
    if origin is not None or dataclasses.is_dataclass(kind):
        return dict
    return kind


def _is_named_tuple(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        # A whole number may be too large for a float: the comparison is exact where a conversion would fail.
        # A bool is an int in Python, and not in JSON. NaN and infinity, which JSON does not have, fail the comparison.
        return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _fault(where: str, kind: Any, got: str) -> Fault:
    return Fault(where or "the whole", expected(kind), got, _TODO)


def _shown(value: Any) -> str:
    """A stored value, short enough for an error."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _written(value: Any, kind: Any, where: str, faults: list[Fault]) -> Any:
    inner, may_be_none = optional(kind)
    if value is None and may_be_none:
        return None
    if dataclasses.is_dataclass(inner) and isinstance(value, inner):  # type: ignore[arg-type]
        return {name: _written(getattr(value, name), of, _join(where, name), faults) for name, of in _hints(inner)}  # type: ignore[arg-type]
    plain = _plain(inner)
    if plain is tuple and isinstance(value, tuple):
        return [_written(one, of, at, faults) for one, of, at in _items(value, inner, where)]
    if plain is dict and isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        of = get_args(inner)[1]
        return {name: _written(one, of, _join(where, name), faults) for name, one in value.items()}
    if plain in (tuple, dict) or not _fits(value, plain):
        faults.append(_fault(where, kind, repr(value)[:60]))
        return None
    # A whole number becomes the float that its type asks for, so that equal facts have equal bytes.
    return plain(value)


def _read(data: Any, kind: Any, where: str, faults: list[Fault]) -> Any:
    inner, may_be_none = optional(kind)
    if data is None and may_be_none:
        return None
    plain = _plain(inner)
    if not _fits(data, list if plain is tuple else plain):
        faults.append(_fault(where, kind, _shown(data)))
        return None
    if dataclasses.is_dataclass(inner):
        return _read_fields(data, inner, where, faults)  # type: ignore[arg-type]
    if plain is dict:
        of = get_args(inner)[1]
        return {name: _read(one, of, _join(where, name), faults) for name, one in data.items()}
    if plain is tuple:
        return _read_items(data, inner, where, faults)
    return plain(data)


def _read_fields(data: dict[str, Any], kind: type, where: str, faults: list[Fault]) -> Any:
    known = hints(kind)
    before = len(faults)
    missing = [(name, of) for name, of in known.items() if name not in data]
    faults += [_fault(_join(where, name), of, "nothing: the field is missing") for name, of in missing]
    # A field that this version does not know may change the meaning of others: refuse rather than guess.
    unknown = [name for name in data if name not in known]
    faults += [Fault(_join(where, name), "no such field", _shown(data[name]), _TODO) for name in unknown]
    values = {name: _read(data[name], of, _join(where, name), faults) for name, of in known.items() if name in data}
    # Constructed only from sound fields: checks of the dataclass would raise on anything else.
    if len(faults) > before:
        return None
    try:
        return kind(**values)
    except FactError as error:  # checks of the dataclass itself
        faults += [dataclasses.replace(one, where=_join(where, one.where)) for one in error.faults]
        return None


def _read_items(data: list[Any], kind: Any, where: str, faults: list[Fault]) -> Any:
    many = get_args(kind)
    wanted = len(hints(kind)) if _is_named_tuple(kind) else None if many[-1] is Ellipsis else len(many)
    if wanted is not None and len(data) != wanted:
        faults.append(Fault(where, f"a list of {wanted}", f"a list of {len(data)}", _TODO))
        return None
    items = [_read(one, of, at, faults) for one, of, at in _items(data, kind, where)]
    return kind(*items) if _is_named_tuple(kind) else tuple(items)


def _items(values: Any, kind: Any, where: str) -> Iterator[tuple[Any, Any, str]]:
    """Each item of a list with its type and its place."""
    if _is_named_tuple(kind):
        kinds = tuple(hints(kind).values())
    else:
        kinds = get_args(kind)
        kinds = kinds[:1] * len(values) if kinds[-1] is Ellipsis else kinds
    for place, (one, of) in enumerate(zip(values, kinds, strict=True)):
        yield one, of, f"{where}[{place}]"


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
