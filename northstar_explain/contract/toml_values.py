"""Values of a TOML file, checked as they are read; what is wrong is collected."""

from __future__ import annotations

import datetime
import sys
from typing import Any

from northstar_explain.errors import Fault

_LARGEST = sys.float_info.max


class TomlReader:
    """Reads values from the TOML and collects their faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, where: str, expected: str, got: object, todo: str = "") -> None:
        self.faults.append(Fault(where, expected, got if isinstance(got, str) else repr(got), todo))

    def section(self, data: dict[str, Any], key: str, needed: bool = True) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict) or (needed and not value):
            self.fault(key, f"a section [{key}]", value or "nothing", "Add it.")
            return {}
        return value

    def unknown(self, where: str, data: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in data:
            if key not in known:
                self.fault(f"{where}{key}", "one of " + ", ".join(known), "an unknown key", "Remove or rename it.")

    def text(self, where: str, data: dict[str, Any], key: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value
        got = "nothing" if value is None else repr(value)
        self.fault(f"{where}.{key}", "text", got, "Add this key." if value is None else "Put it in quotes.")
        return ""

    def flag(self, where: str, data: dict[str, Any], key: str, default: bool) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            self.fault(f"{where}.{key}", "true or false", value)
            return default
        return value

    def number(self, where: str, data: dict[str, Any], key: str) -> float | None:
        value = data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(f"{where}.{key}", "a number", value)
            return None
        # A TOML integer may be too large for a float: compare before converting.
        if not -_LARGEST <= value <= _LARGEST:
            self.fault(f"{where}.{key}", "a finite number", "one that is not", "Leave it out where there is no bound.")
            return None
        return float(value)

    def share(self, where: str, data: dict[str, Any], key: str) -> float:
        value = self.number(where, data, key)
        if value is not None and not 0.0 <= value <= 1.0:
            self.fault(f"{where}.{key}", "a number from 0 to 1", value)
        return value or 0.0

    def texts(self, where: str, data: dict[str, Any], key: str) -> tuple[str, ...]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault(f"{where}.{key}", "a list of texts", value)
            return ()
        return tuple(value)

    def day_or_text(self, where: str, data: dict[str, Any], key: str) -> str:
        value = data.get(key, "")
        # A time of day is a datetime, which is a date in Python.
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            return value.isoformat()
        return self.text(where, data, key, "")

    def choice(self, where: str, data: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
        value = self.text(where, data, key)
        if value and value not in allowed:
            self.fault(f"{where}.{key}", "one of " + ", ".join(allowed), value)
            return ""
        return value
