"""How fields of the data are shown: on an axis that ends where it is told to, as a colour, in a tooltip."""

from __future__ import annotations

from typing import Any

COLOR = {"field": "color", "type": "nominal", "scale": None}


def axis(field: str, title: str | None, low: float, high: float, **more: Any) -> dict[str, Any]:
    """A quantitative axis; `more` are its options, and without any it is not drawn."""
    scale = {"domain": [low, high], "zero": False, "nice": False}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": more or None}


def rows(field: str, **more: Any) -> dict[str, Any]:
    """A row for each value, in the order of the data."""
    look = {"ticks": False, "domain": False, **more}
    return {"field": field, "type": "nominal", "sort": None, "title": None, "axis": look}


def tips(**titles: str) -> list[dict[str, str]]:
    """Fields and their titles, as a value is announced."""
    return [{"field": field, "title": title} for field, title in titles.items()]
